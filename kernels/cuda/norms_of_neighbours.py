"""Normalization without a mean: a row of threads for each row, a thread for each element among its neighbours."""
from __future__ import annotations

import math

import numpy as np

from ..formulas.vector import pow
from .block import a_row_of_threads, column_sum, composed, first_task, next_task, row_sum
from .launch import THREADS, Kernel, cuda, kernel
from .layer_normalization import a_column_of_threads


@kernel(geometry=a_row_of_threads(0))
def rms_norm(x, weight, eps, out, scales):
    """Each row of x (rows, n) over the root of its mean square plus ``eps``, times weight (n,), which may be of size 0.

    ``scales`` (rows,) keeps what the rows were multiplied by.
    """
    shared = cuda.shared.array(THREADS, np.float64)
    n = x.shape[1]
    for task in range(first_task(), x.shape[0], next_task()):
        row, squares = task + cuda.threadIdx.y, 0.0
        if row < x.shape[0]:
            for j in range(cuda.threadIdx.x, n, cuda.blockDim.x):
                squares += x[row, j] * x[row, j]
        scale = x.dtype.type(1 / math.sqrt(row_sum(shared, squares) / n + eps))
        if row < x.shape[0]:
            if cuda.threadIdx.x == 0:
                scales[row] = scale
            for j in range(cuda.threadIdx.x, n, cuda.blockDim.x):
                value = x[row, j] * scale
                out[row, j] = value * weight[j] if weight.size > 0 else value


def input_rows(grad, x, scales, weight, grad_input):
    """Gradient of the input of `rms_norm`."""
    shared = cuda.shared.array(THREADS, np.float64)
    n = x.shape[1]
    for task in range(first_task(), x.shape[0], next_task()):
        row, dot = task + cuda.threadIdx.y, 0.0
        if row < x.shape[0]:
            for j in range(cuda.threadIdx.x, n, cuda.blockDim.x):
                given = grad[row, j] * weight[j] if weight.size > 0 else grad[row, j]
                dot += given * x[row, j]
        whole = row_sum(shared, dot)
        if row < x.shape[0]:
            scale = scales[row]
            turn = x.dtype.type(whole / n) * scale * scale * scale
            for j in range(cuda.threadIdx.x, n, cuda.blockDim.x):
                given = grad[row, j] * weight[j] if weight.size > 0 else grad[row, j]
                grad_input[row, j] = given * scale - x[row, j] * turn


def weight_columns(grad, x, scales, grad_weight):
    """Gradient of the weight of `rms_norm`: a column of threads for each."""
    shared = cuda.shared.array(THREADS, np.float64)
    for base in range(cuda.blockIdx.x * cuda.blockDim.x, x.shape[1], cuda.gridDim.x * cuda.blockDim.x):
        j, total = base + cuda.threadIdx.x, 0.0
        if j < x.shape[1]:
            for row in range(cuda.threadIdx.y, x.shape[0], cuda.blockDim.y):
                total += grad[row, j] * (x[row, j] * scales[row])
        whole = column_sum(shared, total)
        if j < x.shape[1] and cuda.threadIdx.y == 0:
            grad_weight[j] = whole


gradient = Kernel(input_rows, "rms_norm_input_gradient", a_row_of_threads(0))
weight_sums = Kernel(weight_columns, "rms_norm_weight_gradient", a_column_of_threads)


@composed
def rms_norm_backward(grad, x, scales, weight, grad_input, grad_weight):
    """Gradients of `rms_norm`; grad_weight may be of size 0 if it is not wanted."""
    gradient(grad, x, scales, weight, grad_input)
    if grad_weight.size:
        weight_sums(grad, x, scales, grad_weight)


@kernel
def local_response_norm(x, size, alpha, beta, k, out, bases):
    """x over (k + alpha / size * sum of squares of ``size`` neighbouring channels) ** beta; all are (N, C, inner).

    ``bases`` keeps the numbers in parentheses.
    """
    channels, inner, before = x.shape[1], x.shape[2], size // 2
    scale, start, power = x.dtype.type(alpha / size), x.dtype.type(k), x.dtype.type(-beta)
    for place in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        n, c, j = place // (channels * inner), place // inner % channels, place % inner
        total = x.dtype.type(0)
        for other in range(max(0, c - before), min(channels, c - before + size)):
            total += x[n, other, j] * x[n, other, j]
        base = start + scale * total
        bases[n, c, j], out[n, c, j] = base, x[n, c, j] * pow(base, power)


@kernel
def local_response_norm_backward(grad, x, bases, size, alpha, beta, out):
    """Gradient of `local_response_norm`."""
    channels, inner, behind = x.shape[1], x.shape[2], (size - 1) // 2
    scale, power = x.dtype.type(2 * alpha * beta / size), x.dtype.type(-beta)
    for place in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        n, c, j = place // (channels * inner), place // inner % channels, place % inner
        total = x.dtype.type(0)
        for other in range(max(0, c - behind), min(channels, c - behind + size)):
            base = bases[n, other, j]
            total += grad[n, other, j] * pow(base, power) * x[n, other, j] / base
        out[n, c, j] = grad[n, c, j] * pow(bases[n, c, j], power) - scale * x[n, c, j] * total
