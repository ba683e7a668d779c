"""Loops over coordinates: sums of what stands in one place, products, rows written by number.

Values are (n, width), a row a coordinate. What is written by several threads is parted by rows of the result, and each row adds in
the order of the coordinates, so that the bits do not depend on the number of threads.
"""
from __future__ import annotations

import math

import numpy as np

from ..compile import inlined, kernel, prange

ROWS = 64                       # rows of a product that a thread takes at once


@inlined
def add_row(values, out):
    for j in range(out.size):
        out[j] += values[j]


@inlined
def add_scaled_row(values, factor, out):
    for j in range(out.size):
        out[j] += factor * values[j]


@inlined
def fill_row(value, out):
    for j in range(out.size):
        out[j] = value


@kernel
def sum_segments(values, places, starts, out):
    """values (n, width), places (n,), starts (m + 1,) -> out (m, width): row i sums the rows places[starts[i]:starts[i + 1]]."""
    width = out.shape[1]
    for i in prange(out.shape[0]):
        for j in range(width):
            out[i, j] = values[places[starts[i]], j]
        for k in range(starts[i] + 1, starts[i + 1]):
            add_row(values[places[k]], out[i])


@kernel
def group_rows(rows, offsets, order):
    """rows (n,), offsets (m + 1,) of zeros -> where each row begins among coordinates ordered by row, and that order, stable."""
    for i in range(rows.size):
        offsets[rows[i] + 1] += 1
    for row in range(offsets.size - 1):
        offsets[row + 1] += offsets[row]
    for i in range(rows.size):              # here offsets[row] runs to the row's end, which is the start of the next
        order[offsets[rows[i]]] = i
        offsets[rows[i]] += 1
    for row in range(offsets.size - 1, 0, -1):
        offsets[row] = offsets[row - 1]
    offsets[0] = 0


@inlined
def product_rows(offsets, columns, values, dense, begin, end, out):
    for row in range(begin, end):
        target = out[row]
        fill_row(0, target)
        for k in range(offsets[row], offsets[row + 1]):
            add_scaled_row(dense[columns[k]], values[k], target)


@kernel
def sparse_times_dense(offsets, columns, values, dense, out):
    """offsets (n + 1,), columns and values (nnz,) by row, dense (m, p) -> out (n, p)."""
    n = out.shape[0]
    for block in prange((n + ROWS - 1) // ROWS):
        begin = np.int64(block) * ROWS
        product_rows(offsets, columns, values, dense, begin, min(n, begin + ROWS), out)


@inlined
def dot_row(a, b):
    total = a[0] * 0
    for j in range(a.size):
        total += a[j] * b[j]
    return total


@kernel
def sampled_products(a, b, rows, columns, out):
    """a (n, p), b (m, p), p > 0, rows and columns (nnz,) -> out (nnz,): the inner products of the rows named."""
    for k in prange(out.size):
        out[k] = dot_row(a[rows[k]], b[columns[k]])


@inlined
def add_part(values, places, factor, left, right, out):
    for i in range(places.size):
        if left <= places[i] < right:
            add_scaled_row(values[i], factor, out[places[i]])


@kernel
def add_rows(values, places, factor, parts, out):
    """values (n, width), places (n,), out (rows, width): out[places[i]] += factor * values[i].

    The rows are parted for the threads, which all look at all places; the bits do not depend on how many parts there are.
    """
    rows = out.shape[0]
    step = (rows + parts - 1) // parts
    factor = out.dtype.type(factor)
    for part in prange(parts):
        left = np.int64(part) * step
        add_part(values, places, factor, left, min(rows, left + step), out)


@kernel
def sparse_adam(values, places, lr, beta1, beta2, eps, maximize, step, exp_avg, exp_avg_sq, param):
    """One step of Adam, number ``step`` (from 1), on the rows of a gradient (n, width) whose ``places`` are distinct."""
    one = param.dtype.type(1)
    kept1, kept2 = param.dtype.type(1 - beta1), param.dtype.type(1 - beta2)
    size = param.dtype.type(lr * math.sqrt(1 - beta2 ** step) / (1 - beta1 ** step))
    eps = param.dtype.type(eps)
    sign = -one if maximize else one
    for i in prange(places.size):
        g, m, v, p = values[i], exp_avg[places[i]], exp_avg_sq[places[i]], param[places[i]]
        for j in range(g.size):
            slope = sign * g[j]
            m[j] += (slope - m[j]) * kept1
            v[j] += (slope * slope - v[j]) * kept2
            p[j] -= size * (m[j] / (np.sqrt(v[j]) + eps))


@kernel
def adagrad(values, places, lr, lr_decay, weight_decay, eps, maximize, step, total, param):
    """One step of Adagrad, number ``step`` (from 1), on the rows of a gradient (n, width) whose ``places`` are distinct."""
    size, decay = param.dtype.type(lr / (1 + (step - 1) * lr_decay)), param.dtype.type(weight_decay)
    decays = weight_decay != 0
    eps = param.dtype.type(eps)
    for i in prange(places.size):
        g, s, p = values[i], total[places[i]], param[places[i]]
        for j in range(g.size):
            slope = -g[j] if maximize else g[j]
            slope = slope + decay * p[j] if decays else slope
            s[j] += slope * slope
            p[j] -= size * (slope / (np.sqrt(s[j]) + eps))
