"""Softmax and log-softmax along the middle dimension of (outer, n, inner), and their derivatives.

If inner is 1, that dimension is a row of adjacent numbers. Otherwise `COLUMNS` neighbouring columns are walked together,
so that every pass still reads adjacent numbers. The sums of a row or a column are one thread's, in an order that depends
on its size alone.
"""
from __future__ import annotations

import math

import numpy as np

from ..compile import REASSOCIATE, inlined, kernel, prange
from ..formulas.vector import exp

LANES = 64                      # running maxima side by side, for the compiler does not vectorize a single one
SHORT = 16                      # the same for rows shorter than that
COLUMNS = 128                   # columns walked together
RUN = 64                        # numbers of a column summed before their sum is added to the column's: fewer roundings
TOGETHER = 1 << 13              # elements of the rows that a thread takes at once


@inlined
def rows_together(rows, n):
    """How many rows a thread takes at once, and how often."""
    together = max(1, TOGETHER // max(1, n))
    return together, (rows + together - 1) // together


@inlined
def largest_of(row, lanes):
    """Largest number of a row; a NaN may be missed. ``lanes`` is scratch for `LANES` numbers."""
    largest, whole = row.dtype.type(-np.inf), row.size - row.size % LANES
    if whole > 0:
        for k in range(LANES):
            lanes[k] = row[k]
        for start in range(np.uint64(LANES), np.uint64(whole), np.uint64(LANES)):
            for k in range(np.uint64(LANES)):
                lanes[k] = row[start + k] if row[start + k] > lanes[k] else lanes[k]
        for half in (32, 16, 8, 4):
            for k in range(half):
                lanes[k] = lanes[k + half] if lanes[k + half] > lanes[k] else lanes[k]
        for k in range(4):
            largest = lanes[k] if lanes[k] > largest else largest
    elif row.size >= SHORT:
        whole = row.size - row.size % SHORT
        for k in range(SHORT):
            lanes[k] = row[k]
        for start in range(np.uint64(SHORT), np.uint64(whole), np.uint64(SHORT)):
            for k in range(np.uint64(SHORT)):
                lanes[k] = row[start + k] if row[start + k] > lanes[k] else lanes[k]
        for k in range(SHORT):
            largest = lanes[k] if lanes[k] > largest else largest
    for j in range(whole, row.size):
        largest = row[j] if row[j] > largest else largest
    return largest


@inlined(fastmath=REASSOCIATE)
def exponentials(row, largest, out):
    """Fill ``out`` with exp(row - largest) and return its sum."""
    total = row.dtype.type(0)
    for j in range(row.size):
        out[j] = exp(row[j] - largest)
        total += out[j]
    return total


@inlined(fastmath=REASSOCIATE)
def sum_of_exponentials(row, largest):
    """Sum of exp(row - largest)."""
    total = row.dtype.type(0)
    for j in range(row.size):
        total += exp(row[j] - largest)
    return total


@inlined(fastmath=REASSOCIATE)
def dot(a, b):
    """Sum of the products of two rows."""
    total = a.dtype.type(0)
    for j in range(a.size):
        total += a[j] * b[j]
    return total


@inlined(fastmath=REASSOCIATE)
def total_of(row):
    """Sum of a row."""
    total = row.dtype.type(0)
    for j in range(row.size):
        total += row[j]
    return total


@kernel
def softmax_rows(x, out):
    """exp(x) over its sum, for each row of x (rows, n)."""
    together, blocks = rows_together(x.shape[0], x.shape[1])
    for block in prange(blocks):
        lanes = np.empty(LANES, x.dtype)
        first = np.int64(block) * together
        for i in range(first, min(first + together, x.shape[0])):
            result = out[i]
            scale = x.dtype.type(1) / exponentials(x[i], largest_of(x[i], lanes), result)
            for j in range(result.size):
                result[j] *= scale


@kernel
def logsumexp_rows(x, out):
    """Logarithm of the sum of exp(x), for each row of x (rows, n)."""
    together, blocks = rows_together(x.shape[0], x.shape[1])
    for block in prange(blocks):
        lanes = np.empty(LANES, x.dtype)
        first = np.int64(block) * together
        for i in range(first, min(first + together, x.shape[0])):
            largest = largest_of(x[i], lanes)
            largest = largest if abs(largest) < np.inf else x.dtype.type(0)
            out[i] = largest + math.log(sum_of_exponentials(x[i], largest))


@kernel
def log_softmax_rows(x, out):
    """x minus the logarithm of the sum of exp(x), for each row of x (rows, n)."""
    together, blocks = rows_together(x.shape[0], x.shape[1])
    for block in prange(blocks):
        lanes = np.empty(LANES, x.dtype)
        first = np.int64(block) * together
        for i in range(first, min(first + together, x.shape[0])):
            row, result = x[i], out[i]
            largest = largest_of(row, lanes)
            rest = math.log(sum_of_exponentials(row, largest))
            for j in range(row.size):
                result[j] = (row[j] - largest) - rest


@kernel
def softmax_rows_backward(grad, result, out):
    """(grad - sum of grad * result) * result, for each row; all are (rows, n)."""
    together, blocks = rows_together(out.shape[0], out.shape[1])
    for block in prange(blocks):
        first = np.int64(block) * together
        for i in range(first, min(first + together, out.shape[0])):
            given, y, wanted = grad[i], result[i], out[i]
            mean = dot(given, y)
            for j in range(y.size):
                wanted[j] = (given[j] - mean) * y[j]


@kernel
def log_softmax_rows_backward(grad, result, out):
    """grad - exp(result) * sum of grad, for each row; all are (rows, n)."""
    together, blocks = rows_together(out.shape[0], out.shape[1])
    for block in prange(blocks):
        first = np.int64(block) * together
        for i in range(first, min(first + together, out.shape[0])):
            given, y, wanted = grad[i], result[i], out[i]
            total = total_of(given)
            for j in range(y.size):
                wanted[j] = given[j] - exp(y[j]) * total


@inlined
def columns(task, inner):
    """Outer index and first and one past the last column of a task."""
    blocks = (inner + COLUMNS - 1) // COLUMNS
    t = np.int64(task)
    first = t % blocks * COLUMNS
    return t // blocks, first, min(first + COLUMNS, inner)


@inlined
def largest_of_columns(x, first, end, largest):
    """Fill ``largest`` with the largest numbers of columns of x (n, inner); a NaN may be missed."""
    largest[:] = -np.inf
    for i in range(x.shape[0]):
        row = x[i, first:end]
        for j in range(row.size):
            largest[j] = row[j] if row[j] > largest[j] else largest[j]


@kernel
def softmax_columns(x, out):
    """exp(x) over its sum along the middle dimension of x (outer, n, inner)."""
    for task in prange(x.shape[0] * ((x.shape[2] + COLUMNS - 1) // COLUMNS)):
        o, first, end = columns(task, x.shape[2])
        largest, total = np.empty(end - first, x.dtype), np.zeros(end - first, x.dtype)
        largest_of_columns(x[o], first, end, largest)
        part = np.empty_like(total)
        for start in range(0, x.shape[1], RUN):
            part[:] = 0
            for i in range(start, min(start + RUN, x.shape[1])):
                row, result = x[o, i, first:end], out[o, i, first:end]
                for j in range(row.size):
                    result[j] = exp(row[j] - largest[j])
                    part[j] += result[j]
            for j in range(total.size):
                total[j] += part[j]
        for j in range(total.size):
            total[j] = x.dtype.type(1) / total[j]
        for i in range(x.shape[1]):
            result = out[o, i, first:end]
            for j in range(result.size):
                result[j] *= total[j]


@kernel
def log_softmax_columns(x, out):
    """x minus the logarithm of the sum of exp(x), along the middle dimension of x (outer, n, inner)."""
    for task in prange(x.shape[0] * ((x.shape[2] + COLUMNS - 1) // COLUMNS)):
        o, first, end = columns(task, x.shape[2])
        largest, total = np.empty(end - first, x.dtype), np.zeros(end - first, x.dtype)
        largest_of_columns(x[o], first, end, largest)
        part = np.empty_like(total)
        for start in range(0, x.shape[1], RUN):
            part[:] = 0
            for i in range(start, min(start + RUN, x.shape[1])):
                row = x[o, i, first:end]
                for j in range(row.size):
                    part[j] += exp(row[j] - largest[j])
            for j in range(total.size):
                total[j] += part[j]
        for j in range(total.size):
            total[j] = math.log(total[j])
        for i in range(x.shape[1]):
            row, result = x[o, i, first:end], out[o, i, first:end]
            for j in range(row.size):
                result[j] = (row[j] - largest[j]) - total[j]


@kernel
def softmax_columns_backward(grad, result, out):
    """(grad - sum of grad * result) * result along the middle dimension; all are (outer, n, inner)."""
    for task in prange(out.shape[0] * ((out.shape[2] + COLUMNS - 1) // COLUMNS)):
        o, first, end = columns(task, out.shape[2])
        total = np.zeros(end - first, out.dtype)
        for i in range(out.shape[1]):
            given, y = grad[o, i, first:end], result[o, i, first:end]
            for j in range(y.size):
                total[j] += given[j] * y[j]
        for i in range(out.shape[1]):
            given, y, wanted = grad[o, i, first:end], result[o, i, first:end], out[o, i, first:end]
            for j in range(y.size):
                wanted[j] = (given[j] - total[j]) * y[j]


@kernel
def log_softmax_columns_backward(grad, result, out):
    """grad - exp(result) * sum of grad along the middle dimension; all are (outer, n, inner)."""
    for task in prange(out.shape[0] * ((out.shape[2] + COLUMNS - 1) // COLUMNS)):
        o, first, end = columns(task, out.shape[2])
        total = np.zeros(end - first, out.dtype)
        for i in range(out.shape[1]):
            given = grad[o, i, first:end]
            for j in range(total.size):
                total[j] += given[j]
        for i in range(out.shape[1]):
            given, y, wanted = grad[o, i, first:end], result[o, i, first:end], out[o, i, first:end]
            for j in range(y.size):
                wanted[j] = given[j] - exp(y[j]) * total[j]
