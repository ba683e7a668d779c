"""Batch, layer and group normalization.

Means and variances are taken block by block, each block around its own mean, and joined by Chan's formula, so that a
mean far from zero costs no digits. Blocks depend on the shape alone and are joined in their order, in float64: the result
does not depend on the number of threads.
"""
from __future__ import annotations

import math

import numpy as np

from ..bits import cast
from ..compile import REASSOCIATE, inlined, kernel, prange

BLOCK = 1 << 12                 # elements of a row summed in its own dtype before they are joined in float64
PARTS = 64                      # parts of a batch, or channels, whose sums are taken apart
SAMPLES = 64                    # samples of all channels summed in their own dtype before they are joined in float64


@inlined(fastmath=REASSOCIATE)
def total_of(row):
    total = row[0] - row[0]
    for i in range(row.size):
        total += row[i]
    return total


@inlined(fastmath=REASSOCIATE)
def squares_around(row, mean):
    """Sum of (row - mean)**2."""
    total = mean - mean
    for i in range(row.size):
        total += (row[i] - mean) * (row[i] - mean)
    return total


@inlined
def join(count, mean, squares, other_count, other_mean, other_squares):
    """Count, mean and sum of squares around the mean of two samples together, of those of each."""
    total = count + other_count
    if total == 0:
        return count, mean, squares
    step = other_mean - mean
    return total, mean + step * (other_count / total), squares + other_squares + step * step * (count * other_count / total)


@inlined
def moments(row, count, mean, squares):
    """`join` of what is given and the elements of a row."""
    for start in range(0, row.size, BLOCK):
        part = row[start:start + BLOCK]
        center = np.float64(total_of(part)) / part.size
        # around the mean as rounded, whose error is then known
        rounded = cast(center, row)
        count, mean, squares = join(count, mean, squares, np.float64(part.size), center,
                                    squares_around(part, rounded) - part.size * (center - rounded) ** 2)
    return count, mean, squares


@inlined(fastmath=REASSOCIATE)
def sums_of_gradient(grad, row, mean):
    """Sum of grad and sum of grad * (row - mean)."""
    total, dot = mean - mean, mean - mean
    for i in range(row.size):
        total += grad[i]
        dot += grad[i] * (row[i] - mean)
    return total, dot


@inlined
def gradient_moments(grad, row, mean):
    """`sums_of_gradient` of a row of any size, in float64."""
    total, dot = 0.0, 0.0
    for start in range(0, row.size, BLOCK):
        a, b = sums_of_gradient(grad[start:start + BLOCK], row[start:start + BLOCK], mean)
        total += a
        dot += b
    return total, dot


@inlined
def parts_of(batch, channels):
    """Into how many parts a batch is split: enough for threads to share few channels."""
    return max(1, min(batch, PARTS // max(1, channels)))


@inlined
def task_of(task, parts, batch):
    """Channel, and first and one past the last sample of a task."""
    t = np.int64(task)
    return t // parts, t % parts * batch // parts, (t % parts + 1) * batch // parts


@kernel
def batch_norm_stats(x, mean, var):
    """Mean and biased variance of each channel of x (N, C, inner)."""
    batch, channels = x.shape[0], x.shape[1]
    parts = parts_of(batch, channels)
    partial = np.empty((channels * parts, 3))
    for task in prange(channels * parts):
        channel, first, end = task_of(task, parts, batch)
        count, center, squares = 0.0, 0.0, 0.0
        for n in range(first, end):
            count, center, squares = moments(x[n, channel], count, center, squares)
        partial[task, 0], partial[task, 1], partial[task, 2] = count, center, squares
    for channel in range(channels):
        count, center, squares = 0.0, 0.0, 0.0
        for part in range(channel * parts, (channel + 1) * parts):
            count, center, squares = join(count, center, squares, partial[part, 0], partial[part, 1], partial[part, 2])
        mean[channel], var[channel] = center, squares / count


@kernel
def batch_norm_apply(x, mean, invstd, weight, bias, out):
    """(x - mean) * invstd * weight + bias, for each channel of x (N, C, inner); weight and bias may be of size 0."""
    channels = x.shape[1]
    for line in prange(x.shape[0] * channels):
        n, channel = np.int64(line) // channels, np.int64(line) % channels
        row, result, center = x[n, channel], out[n, channel], mean[channel]
        scale = invstd[channel] * weight[channel] if weight.size > 0 else invstd[channel]
        shift = bias[channel] if bias.size > 0 else center - center
        for i in range(row.size):
            result[i] = (row[i] - center) * scale + shift


@inlined
def input_gradient(grad, row, mean, scale, offset, slope, out):
    """(grad - offset - (row - mean) * slope) * scale."""
    for i in range(out.size):
        out[i] = (grad[i] - offset - (row[i] - mean) * slope) * scale


@inlined
def give_back(grad, x, mean, invstd, weight, training, partial, channel, first, end, grad_input, grad_weight, grad_bias):
    """Gradients of a channel of samples ``first`` to ``end``, of the sums in ``partial`` (parts, channels, 2)."""
    total, dot, scale, samples = 0.0, 0.0, np.float64(invstd[channel]), x.shape[0] * x.shape[2]
    for part in range(partial.shape[0]):
        total += partial[part, channel, 0]
        dot += partial[part, channel, 1]
    if first == 0:
        grad_weight[channel], grad_bias[channel] = dot * scale, total
    # what the gradient loses for moving the mean and the variance
    offset = cast(total / samples if training else 0.0, x)
    slope = cast(dot * scale * scale / samples if training else 0.0, x)
    factor = invstd[channel] * weight[channel] if weight.size > 0 else invstd[channel]
    for n in range(first, end):
        input_gradient(grad[n, channel], x[n, channel], mean[channel], factor, offset, slope, grad_input[n, channel])


@kernel
def batch_norm_backward(grad, x, mean, invstd, weight, training, grad_input, grad_weight, grad_bias):
    """Gradients of `batch_norm_apply`; mean and invstd are those of the batch if ``training``, otherwise constants."""
    batch, channels = x.shape[0], x.shape[1]
    parts = parts_of(batch, channels)
    partial = np.empty((parts, channels, 2))
    # a channel that is one task stays in the cache from its sums to its gradient
    for task in prange(channels * parts):
        channel, first, end = task_of(task, parts, batch)
        part = np.int64(task) % parts
        total, dot = 0.0, 0.0
        for n in range(first, end):
            a, b = gradient_moments(grad[n, channel], x[n, channel], mean[channel])
            total += a
            dot += b
        partial[part, channel, 0], partial[part, channel, 1] = total, dot
        if parts == 1:
            give_back(grad, x, mean, invstd, weight, training, partial, channel, 0, batch, grad_input, grad_weight, grad_bias)
    if parts > 1:
        for task in prange(channels * parts):
            channel, first, end = task_of(task, parts, batch)
            give_back(grad, x, mean, invstd, weight, training, partial, channel, first, end, grad_input, grad_weight, grad_bias)


@kernel
def batch_norm_columns_stats(x, mean, var):
    """`batch_norm_stats` of x (N, C)."""
    batch, channels = x.shape
    blocks = (batch + SAMPLES - 1) // SAMPLES
    parts = max(1, min(PARTS, blocks))
    centers, squares = np.zeros((parts, channels)), np.zeros((parts, channels))
    for p in prange(parts):
        part = np.int64(p)
        total, spread = np.empty(channels, x.dtype), np.empty(channels, x.dtype)
        center, square = centers[part], squares[part]
        for block in range(part * blocks // parts, (part + 1) * blocks // parts):
            first, end = block * SAMPLES, min((block + 1) * SAMPLES, batch)
            before, count = np.float64(first - part * blocks // parts * SAMPLES), np.float64(end - first)
            total[:] = cast(0, x)
            for n in range(first, end):
                for c in range(channels):
                    total[c] += x[n, c]
            for c in range(channels):
                total[c] /= cast(count, x)
            spread[:] = cast(0, x)
            for n in range(first, end):
                for c in range(channels):
                    spread[c] += (x[n, c] - total[c]) * (x[n, c] - total[c])
            for c in range(channels):
                _, center[c], square[c] = join(before, center[c], square[c], count, np.float64(total[c]), np.float64(spread[c]))
    for c in range(channels):
        count, center, square = 0.0, 0.0, 0.0
        for part in range(parts):
            size = min((part + 1) * blocks // parts * SAMPLES, batch) - part * blocks // parts * SAMPLES
            count, center, square = join(count, center, square, np.float64(size), centers[part, c], squares[part, c])
        mean[c], var[c] = center, square / count


@kernel
def batch_norm_columns_apply(x, mean, invstd, weight, bias, out):
    """`batch_norm_apply` of x (N, C)."""
    channels = x.shape[1]
    scale, shift = invstd.copy(), np.zeros_like(invstd)
    for c in range(weight.size):
        scale[c] *= weight[c]
    for c in range(bias.size):
        shift[c] = bias[c]
    for n in prange(x.shape[0]):
        row, result = x[n], out[n]
        for c in range(channels):
            result[c] = (row[c] - mean[c]) * scale[c] + shift[c]


@kernel
def batch_norm_columns_backward(grad, x, mean, invstd, weight, training, grad_input, grad_weight, grad_bias):
    """`batch_norm_backward` of x (N, C)."""
    batch, channels = x.shape
    parts = max(1, min(PARTS, batch // 4))
    totals, dots = np.zeros((parts, channels), x.dtype), np.zeros((parts, channels), x.dtype)
    for p in prange(parts):
        part = np.int64(p)
        total, dot = totals[part], dots[part]
        for n in range(part * batch // parts, (part + 1) * batch // parts):
            given, row = grad[n], x[n]
            for c in range(channels):
                total[c] += given[c]
                dot[c] += given[c] * (row[c] - mean[c])
    offset, slope, factor = np.zeros_like(mean), np.zeros_like(mean), invstd.copy()
    for c in range(channels):
        total, dot = 0.0, 0.0
        for part in range(parts):
            total += totals[part, c]
            dot += dots[part, c]
        grad_weight[c], grad_bias[c] = dot * invstd[c], total
        if training:
            offset[c], slope[c] = total / batch, dot * invstd[c] * invstd[c] / batch
        if weight.size > 0:
            factor[c] *= weight[c]
    for n in prange(batch):
        given, row, wanted = grad[n], x[n], grad_input[n]
        for c in range(channels):
            wanted[c] = (given[c] - offset[c] - (row[c] - mean[c]) * slope[c]) * factor[c]


@kernel
def layer_norm(x, weight, bias, eps, out, mean, rstd):
    """Each row of x (rows, n) around its mean, over its standard deviation, times weight plus bias (n,).

    The deviation is the root of the biased variance plus ``eps``. weight and bias may be of size 0.
    """
    for r in prange(x.shape[0]):
        i = np.int64(r)
        row, result = x[i], out[i]
        count, center, squares = moments(row, 0.0, 0.0, 0.0)
        mean[i], rstd[i] = center, 1 / math.sqrt(squares / count + eps)
        center_, scale = mean[i], rstd[i]
        if weight.size > 0 and bias.size > 0:
            for j in range(row.size):
                result[j] = (row[j] - center_) * scale * weight[j] + bias[j]
        else:
            for j in range(row.size):
                result[j] = (row[j] - center_) * scale
            for j in range(weight.size):
                result[j] *= weight[j]
            for j in range(bias.size):
                result[j] += bias[j]


@inlined(fastmath=REASSOCIATE)
def weighted_sums(grad, row, weight, mean):
    """Sum of grad * weight and sum of grad * weight * (row - mean)."""
    total, dot = mean - mean, mean - mean
    for i in range(row.size):
        given = grad[i] * weight[i]
        total += given
        dot += given * (row[i] - mean)
    return total, dot


@inlined
def add_weight_gradient(grad, row, mean, scale, weight_total, bias_total):
    for j in range(row.size):
        weight_total[j] += grad[j] * ((row[j] - mean) * scale)
        bias_total[j] += grad[j]


@kernel
def layer_norm_backward(grad, x, mean, rstd, weight, grad_input, grad_weight, grad_bias):
    """Gradients of `layer_norm`; grad_weight and grad_bias may be of size 0 if they are not wanted."""
    rows, n = x.shape
    parts = max(1, min(PARTS, rows // 4))
    wanted = grad_weight.size > 0
    weight_totals = np.zeros((parts, n if wanted else 0), x.dtype)
    bias_totals = np.zeros_like(weight_totals)
    for p in prange(parts):
        part = np.int64(p)
        for i in range(part * rows // parts, (part + 1) * rows // parts):
            given, row, result, center, scale = grad[i], x[i], grad_input[i], mean[i], rstd[i]
            if weight.size > 0:
                total, dot = weighted_sums(given, row, weight, center)
            else:
                total, dot = sums_of_gradient(given, row, center)
            offset, slope = total / cast(n, x), dot * scale * scale / cast(n, x)
            if weight.size > 0:
                for j in range(n):
                    result[j] = (given[j] * weight[j] - offset - (row[j] - center) * slope) * scale
            else:
                input_gradient(given, row, center, scale, offset, slope, result)
            if wanted:
                add_weight_gradient(given, row, center, scale, weight_totals[part], bias_totals[part])
    if wanted:
        grad_weight[:] = cast(0, x)
        grad_bias[:] = cast(0, x)
        for part in range(parts):
            for j in range(n):
                grad_weight[j] += weight_totals[part, j]
                grad_bias[j] += bias_totals[part, j]


@kernel
def group_norm(x, groups, weight, bias, eps, out, mean, rstd):
    """`layer_norm` of groups of adjacent channels of x (N, C, inner); mean and rstd are (N * groups,).

    weight and bias are (C,) or of size 0.
    """
    channels = x.shape[1] // groups
    for r in prange(x.shape[0] * groups):
        i = np.int64(r)
        n, first = i // groups, i % groups * channels
        count, center, squares = 0.0, 0.0, 0.0
        for channel in range(first, first + channels):
            count, center, squares = moments(x[n, channel], count, center, squares)
        mean[i], rstd[i] = center, 1 / math.sqrt(squares / count + eps)
        for channel in range(first, first + channels):
            row, result, middle = x[n, channel], out[n, channel], mean[i]
            scale = rstd[i] * weight[channel] if weight.size > 0 else rstd[i]
            shift = bias[channel] if bias.size > 0 else middle - middle
            for j in range(row.size):
                result[j] = (row[j] - middle) * scale + shift


@kernel
def group_norm_backward(grad, x, mean, rstd, weight, groups, grad_input, grad_weight, grad_bias):
    """Gradients of `group_norm`; grad_weight and grad_bias are (C,)."""
    batch, channels, inner = x.shape
    size = channels // groups
    sums = np.empty((batch, channels, 2))
    for r in prange(batch * groups):
        i = np.int64(r)
        n, first = i // groups, i % groups * size
        total, dot, scale = 0.0, 0.0, np.float64(rstd[i])
        for channel in range(first, first + size):
            a, b = gradient_moments(grad[n, channel], x[n, channel], mean[i])
            sums[n, channel, 0], sums[n, channel, 1] = a, b * scale
            factor = np.float64(weight[channel]) if weight.size > 0 else 1.0
            total += a * factor
            dot += b * factor
        offset, slope = total / (size * inner), dot * scale * scale / (size * inner)
        for channel in range(first, first + size):
            factor = np.float64(weight[channel]) if weight.size > 0 else 1.0
            given, row, result = grad[n, channel], x[n, channel], grad_input[n, channel]
            center, up, down, turn = mean[i], cast(factor * scale, x), cast(offset * scale, x), cast(slope * scale, x)
            for j in range(row.size):
                result[j] = given[j] * up - down - (row[j] - center) * turn
    for channel in range(channels):
        total, dot = 0.0, 0.0
        for n in range(batch):
            total += sums[n, channel, 0]
            dot += sums[n, channel, 1]
        grad_weight[channel], grad_bias[channel] = dot, total
