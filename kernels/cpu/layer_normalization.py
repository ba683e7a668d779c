"""Layer and group normalization: each sample by itself."""
from __future__ import annotations

import math

import numpy as np

from ..compile import REASSOCIATE, inlined, kernel, prange
from .normalization import PARTS, gradient_moments, input_gradient, moments, sums_of_gradient


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
            offset, slope = total / x.dtype.type(n), dot * scale * scale / x.dtype.type(n)
            if weight.size > 0:
                for j in range(n):
                    result[j] = (given[j] * weight[j] - offset - (row[j] - center) * slope) * scale
            else:
                input_gradient(given, row, center, scale, offset, slope, result)
            if wanted:
                add_weight_gradient(given, row, center, scale, weight_totals[part], bias_totals[part])
    if wanted:
        grad_weight[:] = 0
        grad_bias[:] = 0
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
            center, up, down, turn = mean[i], x.dtype.type(factor * scale), x.dtype.type(offset * scale), x.dtype.type(slope * scale)
            for j in range(row.size):
                result[j] = given[j] * up - down - (row[j] - center) * turn
    for channel in range(channels):
        total, dot = 0.0, 0.0
        for n in range(batch):
            total += sums[n, channel, 0]
            dot += sums[n, channel, 1]
        grad_weight[channel], grad_bias[channel] = dot, total
