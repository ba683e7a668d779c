"""Batch normalization, and the means and variances that all normalizations take.

Means and variances are taken block by block, each block around its own mean, and joined by Chan's formula, so that a
mean far from zero costs no digits. Blocks depend on the shape alone and are joined in their order, in float64: the result
does not depend on the number of threads.
"""
from __future__ import annotations

import numpy as np

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
        rounded = row.dtype.type(center)
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
    offset = x.dtype.type(total / samples if training else 0.0)
    slope = x.dtype.type(dot * scale * scale / samples if training else 0.0)
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
            total[:] = 0
            for n in range(first, end):
                for c in range(channels):
                    total[c] += x[n, c]
            for c in range(channels):
                total[c] /= x.dtype.type(count)
            spread[:] = 0
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
