"""Batch normalization: a block of threads for each channel takes sums, in float64, and then a thread an element."""
from __future__ import annotations

from typing import Any

import numpy as np

from .block import a_block_for_each, composed, row_sum
from .launch import THREADS, Kernel, cuda, kernel
from .reduction import empty_beside


@kernel(geometry=a_block_for_each(1))
def batch_norm_stats(x, mean, var):
    """Mean and biased variance of each channel of x (N, C, inner)."""
    shared = cuda.shared.array(THREADS, np.float64)
    inner, count = x.shape[2], x.shape[0] * x.shape[2]
    for channel in range(cuda.blockIdx.x, mean.size, cuda.gridDim.x):
        total, squares = 0.0, 0.0
        for k in range(cuda.threadIdx.x, count, cuda.blockDim.x):
            total += x[k // inner, channel, k % inner]
        center = row_sum(shared, total) / count
        for k in range(cuda.threadIdx.x, count, cuda.blockDim.x):
            apart = x[k // inner, channel, k % inner] - center
            squares += apart * apart
        spread = row_sum(shared, squares)
        if cuda.threadIdx.x == 0:
            mean[channel], var[channel] = center, spread / count


@kernel
def batch_norm_apply(x, mean, invstd, weight, bias, out):
    """(x - mean) * invstd * weight + bias, for each channel of x (N, C, inner); weight and bias may be of size 0."""
    channels, inner = out.shape[1], out.shape[2]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        n, c, i = place // (channels * inner), place // inner % channels, place % inner
        scale = invstd[c] * weight[c] if weight.size > 0 else invstd[c]
        shift = bias[c] if bias.size > 0 else invstd.dtype.type(0)
        out[n, c, i] = (x[n, c, i] - mean[c]) * scale + shift


def channel_sums(grad, x, mean, invstd, weight, training, factors, grad_weight, grad_bias):
    """Gradients of weight and bias; and of each channel what the input's takes: offset, slope and factor, (C, 3)."""
    shared = cuda.shared.array(THREADS, np.float64)
    inner, count = x.shape[2], x.shape[0] * x.shape[2]
    for channel in range(cuda.blockIdx.x, grad_bias.size, cuda.gridDim.x):
        total, dot, center = 0.0, 0.0, np.float64(mean[channel])
        for k in range(cuda.threadIdx.x, count, cuda.blockDim.x):
            given = grad[k // inner, channel, k % inner]
            total += given
            dot += given * (x[k // inner, channel, k % inner] - center)
        whole = row_sum(shared, total)
        product = row_sum(shared, dot)
        if cuda.threadIdx.x == 0:
            scale = np.float64(invstd[channel])
            grad_weight[channel], grad_bias[channel] = product * scale, whole
            factors[channel, 0] = whole / count if training else 0.0
            factors[channel, 1] = product * scale * scale / count if training else 0.0
            factors[channel, 2] = scale * weight[channel] if weight.size > 0 else scale


def input_gradient(grad, x, mean, factors, grad_input):
    """(grad - offset - (x - mean) * slope) * factor."""
    channels, inner = x.shape[1], x.shape[2]
    for place in range(cuda.grid(1), grad_input.size, cuda.gridsize(1)):
        n, c, i = place // (channels * inner), place // inner % channels, place % inner
        grad_input[n, c, i] = (grad[n, c, i] - factors[c, 0] - (x[n, c, i] - mean[c]) * factors[c, 1]) * factors[c, 2]


sums, gradient = Kernel(channel_sums, "batch_norm_sums", a_block_for_each(8)), Kernel(input_gradient, "batch_norm_input_gradient")


@composed
def batch_norm_backward(grad, x, mean, invstd, weight, training, grad_input, grad_weight, grad_bias):
    """Gradients of `batch_norm_apply`; mean and invstd are those of the batch if ``training``, otherwise constants."""
    factors = empty_beside(x, (x.shape[1], 3), x.dtype)
    sums(grad, x, mean, invstd, weight, training, factors, grad_weight, grad_bias)
    gradient(grad, x, mean, factors, grad_input)


def by_channel(array: Any) -> Any:
    """(N, C) as (N, C, 1)."""
    return array.reshape(*array.shape, 1)


@composed
def batch_norm_columns_stats(x, mean, var):
    """`batch_norm_stats` of x (N, C)."""
    batch_norm_stats(by_channel(x), mean, var)


@composed
def batch_norm_columns_apply(x, mean, invstd, weight, bias, out):
    """`batch_norm_apply` of x (N, C)."""
    batch_norm_apply(by_channel(x), mean, invstd, weight, bias, by_channel(out))


@composed
def batch_norm_columns_backward(grad, x, mean, invstd, weight, training, grad_input, grad_weight, grad_bias):
    """`batch_norm_backward` of x (N, C)."""
    batch_norm_backward(by_channel(grad), by_channel(x), mean, invstd, weight, training, by_channel(grad_input), grad_weight, grad_bias)
