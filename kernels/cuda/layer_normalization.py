"""Layer and group normalization: a row of threads for each row."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from .block import WARP, a_block_for_each, a_row_of_threads, column_sum, composed, first_task, next_task, row_moments, row_sum
from .launch import BLOCKS, THREADS, Kernel, Shape, cuda


def channel_of(row, j, n, groups, inner):
    """Where the weight of an element is; without the division, which takes longer than the rest, if there is nothing to divide."""
    place = row % groups * n + j if groups > 1 else j
    return place // inner if inner > 1 else place


def normalized_rows(x, weight, bias, groups, inner, eps, out, mean, rstd):
    """Each row of x (rows, n) around its mean, over its standard deviation, times weight plus bias.

    The deviation is the root of the biased variance plus ``eps``. weight and bias, which may be of size 0, have an element for each
    ``inner`` adjacent ones of ``groups`` rows.
    """
    shared = cuda.shared.array(THREADS, np.float64)
    n = x.shape[1]
    for task in range(first_task(), x.shape[0], next_task()):
        row = task + cuda.threadIdx.y
        center, squares = row_moments(shared, x, row)
        scale = 1 / math.sqrt(squares / n + eps)
        if row < x.shape[0]:
            middle, factor = x.dtype.type(center), x.dtype.type(scale)
            if cuda.threadIdx.x == 0:
                mean[row], rstd[row] = middle, factor
            for j in range(cuda.threadIdx.x, n, cuda.blockDim.x):
                channel = channel_of(row, j, n, groups, inner)
                value = (x[row, j] - middle) * factor
                if weight.size > 0:
                    value = value * weight[channel]
                if bias.size > 0:
                    value = value + bias[channel]
                out[row, j] = value


def input_rows(grad, x, mean, rstd, weight, groups, inner, grad_input):
    """Gradient of the input of `normalized_rows`."""
    shared = cuda.shared.array(THREADS, np.float64)
    n = x.shape[1]
    for task in range(first_task(), x.shape[0], next_task()):
        row, total, dot = task + cuda.threadIdx.y, 0.0, 0.0
        if row < x.shape[0]:
            for j in range(cuda.threadIdx.x, n, cuda.blockDim.x):
                given = grad[row, j] * weight[channel_of(row, j, n, groups, inner)] if weight.size > 0 else grad[row, j]
                total += given
                dot += given * (x[row, j] - mean[row])
        whole = row_sum(shared, total)
        product = row_sum(shared, dot)
        if row < x.shape[0]:
            offset, slope = x.dtype.type(whole / n), x.dtype.type(product * rstd[row] * rstd[row] / n)
            for j in range(cuda.threadIdx.x, n, cuda.blockDim.x):
                given = grad[row, j] * weight[channel_of(row, j, n, groups, inner)] if weight.size > 0 else grad[row, j]
                grad_input[row, j] = (given - offset - (x[row, j] - mean[row]) * slope) * rstd[row]


def weight_columns(grad, x, mean, rstd, grad_weight, grad_bias):
    """Gradients of weight and bias of `layer_norm`: a column of threads for each."""
    shared = cuda.shared.array(THREADS, np.float64)
    for base in range(cuda.blockIdx.x * cuda.blockDim.x, x.shape[1], cuda.gridDim.x * cuda.blockDim.x):
        j, total, dot = base + cuda.threadIdx.x, 0.0, 0.0
        if j < x.shape[1]:
            for row in range(cuda.threadIdx.y, x.shape[0], cuda.blockDim.y):
                total += grad[row, j]
                dot += grad[row, j] * ((x[row, j] - mean[row]) * rstd[row])
        whole = column_sum(shared, total)
        product = column_sum(shared, dot)
        if j < x.shape[1] and cuda.threadIdx.y == 0:
            grad_weight[j], grad_bias[j] = product, whole


def a_column_of_threads(*args: Any) -> tuple[Shape, Shape]:
    """Geometry of blocks a warp wide over the last argument."""
    return (min(BLOCKS, -(-args[-1].size // WARP)), 1, 1), (WARP, THREADS // WARP, 1)


forward = Kernel(normalized_rows, "layer_norm_rows", a_row_of_threads(0))
gradient = Kernel(input_rows, "layer_norm_input_gradient", a_row_of_threads(0))
weight_sums = Kernel(weight_columns, "layer_norm_weight_gradient", a_column_of_threads)


@composed
def layer_norm(x, weight, bias, eps, out, mean, rstd):
    """`normalized_rows` with a weight and a bias, (n,) or of size 0, for each column."""
    forward(x, weight, bias, 1, 1, eps, out, mean, rstd)


@composed
def layer_norm_backward(grad, x, mean, rstd, weight, grad_input, grad_weight, grad_bias):
    """Gradients of `layer_norm`; grad_weight and grad_bias may be of size 0 if they are not wanted."""
    gradient(grad, x, mean, rstd, weight, 1, 1, grad_input)
    if grad_weight.size:
        weight_sums(grad, x, mean, rstd, grad_weight, grad_bias)


def channel_sums(grad, x, mean, rstd, groups, grad_weight, grad_bias):
    """Gradients of weight and bias of `group_norm`: a block for each channel of x (N, C, inner)."""
    shared = cuda.shared.array(THREADS, np.float64)
    channels, inner = x.shape[1], x.shape[2]
    for c in range(cuda.blockIdx.x, channels, cuda.gridDim.x):
        total, dot = 0.0, 0.0
        for place in range(cuda.threadIdx.x, x.shape[0] * inner, cuda.blockDim.x):
            n, j = place // inner, place % inner
            at = n * groups + c // (channels // groups)
            total += grad[n, c, j]
            dot += grad[n, c, j] * ((x[n, c, j] - mean[at]) * rstd[at])
        whole = row_sum(shared, total)
        product = row_sum(shared, dot)
        if cuda.threadIdx.x == 0:
            grad_weight[c], grad_bias[c] = product, whole


group_sums = Kernel(channel_sums, "group_norm_weight_gradient", a_block_for_each(5))


@composed
def group_norm(x, groups, weight, bias, eps, out, mean, rstd):
    """`normalized_rows` of groups of adjacent channels of x (N, C, inner); mean and rstd are (N * groups,).

    weight and bias are (C,) or of size 0.
    """
    shape = x.shape[0] * groups, x.shape[1] // groups * x.shape[2]
    forward(x.reshape(shape), weight, bias, groups, x.shape[2], eps, out.reshape(shape), mean, rstd)


@composed
def group_norm_backward(grad, x, mean, rstd, weight, groups, grad_input, grad_weight, grad_bias):
    """Gradients of `group_norm`; grad_weight and grad_bias are (C,)."""
    shape = x.shape[0] * groups, x.shape[1] // groups * x.shape[2]
    gradient(grad.reshape(shape), x.reshape(shape), mean, rstd, weight, groups, x.shape[2], grad_input.reshape(shape))
    group_sums(grad, x, mean, rstd, groups, grad_weight, grad_bias)
