"""Softmax and log-softmax along the middle dimension of (outer, n, inner), and their derivatives.

If inner is 1, that dimension is a row, which a row of threads shares. Otherwise a thread takes a column, and neighbouring
threads read neighbouring columns.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..formulas.vector import exp
from .block import a_row_of_threads, first_task, next_task, row_max, row_sum
from .launch import BLOCKS, THREADS, Shape, cuda, kernel


def one_thread_a_column(*args: Any) -> tuple[Shape, Shape]:
    outer, _, inner = args[-1].shape
    return (min(BLOCKS, -(-outer * inner // THREADS)), 1, 1), (THREADS, 1, 1)


def largest_of(x, row):
    """What a thread's share of a row is at most; NaN may be missed."""
    largest = x.dtype.type(-math.inf)
    if row < x.shape[0]:
        for j in range(cuda.threadIdx.x, x.shape[1], cuda.blockDim.x):
            largest = x[row, j] if x[row, j] > largest else largest
    return largest


def exponentials(x, row, largest):
    """Sum of exp(x - largest) over a thread's share of a row."""
    total = 0.0
    if row < x.shape[0]:
        for j in range(cuda.threadIdx.x, x.shape[1], cuda.blockDim.x):
            total += exp(x[row, j] - largest)
    return total


@kernel(geometry=a_row_of_threads(0))
def softmax_rows(x, out):
    """exp(x) over its sum, for each row of x (rows, n)."""
    shared = cuda.shared.array(THREADS, np.float64)
    for task in range(first_task(), x.shape[0], next_task()):
        row = task + cuda.threadIdx.y
        largest = x.dtype.type(row_max(shared, largest_of(x, row)))
        total = row_sum(shared, exponentials(x, row, largest))
        if row < x.shape[0]:
            scale = x.dtype.type(1 / total)
            for j in range(cuda.threadIdx.x, x.shape[1], cuda.blockDim.x):
                out[row, j] = exp(x[row, j] - largest) * scale


@kernel(geometry=a_row_of_threads(0))
def logsumexp_rows(x, out):
    """Logarithm of the sum of exp(x), for each row of x (rows, n)."""
    shared = cuda.shared.array(THREADS, np.float64)
    for task in range(first_task(), x.shape[0], next_task()):
        row = task + cuda.threadIdx.y
        largest = x.dtype.type(row_max(shared, largest_of(x, row)))
        largest = largest if abs(largest) < math.inf else x.dtype.type(0)
        total = row_sum(shared, exponentials(x, row, largest))
        if row < x.shape[0] and cuda.threadIdx.x == 0:
            out[row] = x.dtype.type(-math.inf if total == 0 else largest + math.log(total))


@kernel(geometry=a_row_of_threads(0))
def log_softmax_rows(x, out):
    """x minus the logarithm of the sum of exp(x), for each row of x (rows, n)."""
    shared = cuda.shared.array(THREADS, np.float64)
    for task in range(first_task(), x.shape[0], next_task()):
        row = task + cuda.threadIdx.y
        largest = x.dtype.type(row_max(shared, largest_of(x, row)))
        total = row_sum(shared, exponentials(x, row, largest))
        if row < x.shape[0]:
            rest = x.dtype.type(math.log(total))
            for j in range(cuda.threadIdx.x, x.shape[1], cuda.blockDim.x):
                out[row, j] = (x[row, j] - largest) - rest


@kernel(geometry=a_row_of_threads(0))
def softmax_rows_backward(grad, result, out):
    """(grad - sum of grad * result) * result, for each row; all are (rows, n)."""
    shared = cuda.shared.array(THREADS, np.float64)
    for task in range(first_task(), out.shape[0], next_task()):
        row, total = task + cuda.threadIdx.y, 0.0
        if row < out.shape[0]:
            for j in range(cuda.threadIdx.x, out.shape[1], cuda.blockDim.x):
                total += grad[row, j] * result[row, j]
        mean = out.dtype.type(row_sum(shared, total))
        if row < out.shape[0]:
            for j in range(cuda.threadIdx.x, out.shape[1], cuda.blockDim.x):
                out[row, j] = (grad[row, j] - mean) * result[row, j]


@kernel(geometry=a_row_of_threads(0))
def log_softmax_rows_backward(grad, result, out):
    """grad - exp(result) * sum of grad, for each row; all are (rows, n)."""
    shared = cuda.shared.array(THREADS, np.float64)
    for task in range(first_task(), out.shape[0], next_task()):
        row, total = task + cuda.threadIdx.y, 0.0
        if row < out.shape[0]:
            for j in range(cuda.threadIdx.x, out.shape[1], cuda.blockDim.x):
                total += grad[row, j]
        whole = out.dtype.type(row_sum(shared, total))
        if row < out.shape[0]:
            for j in range(cuda.threadIdx.x, out.shape[1], cuda.blockDim.x):
                out[row, j] = grad[row, j] - exp(result[row, j]) * whole


def column_largest(x, o, c):
    largest = x.dtype.type(-math.inf)
    for i in range(x.shape[1]):
        largest = x[o, i, c] if x[o, i, c] > largest else largest
    return largest


def column_exponentials(x, o, c, largest):
    total = 0.0
    for i in range(x.shape[1]):
        total += exp(x[o, i, c] - largest)
    return total


@kernel(geometry=one_thread_a_column)
def softmax_columns(x, out):
    """exp(x) over its sum along the middle dimension of x (outer, n, inner)."""
    for task in range(cuda.grid(1), x.shape[0] * x.shape[2], cuda.gridsize(1)):
        o, c = task // x.shape[2], task % x.shape[2]
        largest = column_largest(x, o, c)
        scale = x.dtype.type(1 / column_exponentials(x, o, c, largest))
        for i in range(x.shape[1]):
            out[o, i, c] = exp(x[o, i, c] - largest) * scale


@kernel(geometry=one_thread_a_column)
def log_softmax_columns(x, out):
    """x minus the logarithm of the sum of exp(x), along the middle dimension of x (outer, n, inner)."""
    for task in range(cuda.grid(1), x.shape[0] * x.shape[2], cuda.gridsize(1)):
        o, c = task // x.shape[2], task % x.shape[2]
        largest = column_largest(x, o, c)
        rest = x.dtype.type(math.log(column_exponentials(x, o, c, largest)))
        for i in range(x.shape[1]):
            out[o, i, c] = (x[o, i, c] - largest) - rest


@kernel(geometry=one_thread_a_column)
def softmax_columns_backward(grad, result, out):
    """(grad - sum of grad * result) * result along the middle dimension; all are (outer, n, inner)."""
    for task in range(cuda.grid(1), out.shape[0] * out.shape[2], cuda.gridsize(1)):
        o, c, total = task // out.shape[2], task % out.shape[2], 0.0
        for i in range(out.shape[1]):
            total += grad[o, i, c] * result[o, i, c]
        mean = out.dtype.type(total)
        for i in range(out.shape[1]):
            out[o, i, c] = (grad[o, i, c] - mean) * result[o, i, c]


@kernel(geometry=one_thread_a_column)
def log_softmax_columns_backward(grad, result, out):
    """grad - exp(result) * sum of grad along the middle dimension; all are (outer, n, inner)."""
    for task in range(cuda.grid(1), out.shape[0] * out.shape[2], cuda.gridsize(1)):
        o, c, total = task // out.shape[2], task % out.shape[2], 0.0
        for i in range(out.shape[1]):
            total += grad[o, i, c]
        whole = out.dtype.type(total)
        for i in range(out.shape[1]):
            out[o, i, c] = grad[o, i, c] - exp(result[o, i, c]) * whole
