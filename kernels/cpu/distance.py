"""p-norms of the differences of rows, and what goes back to the rows. ``p`` is at least 0, and may be infinite."""
from __future__ import annotations

import math

import numpy as np

from ..compile import REASSOCIATE, inlined, kernel, prange
from ..formulas.vector import pow


@inlined(fastmath=REASSOCIATE)
def sum_of_powers(a, b, p):
    """Sum of abs(a - b)**p of two rows; for p = 0 how many elements differ."""
    total = a[0] - a[0]
    if p == 1:
        for k in range(a.size):
            total += abs(a[k] - b[k])
    elif p == 2:
        for k in range(a.size):
            total += (a[k] - b[k]) * (a[k] - b[k])
    elif p == 0:
        for k in range(a.size):
            total += a.dtype.type(1) if a[k] != b[k] else a.dtype.type(0)
    else:
        for k in range(a.size):
            total += pow(abs(a[k] - b[k]), p)
    return total


@inlined
def distance(a, b, p):
    """The p-norm of the difference of two rows."""
    if p == math.inf:
        largest = a[0] - a[0]
        for k in range(a.size):
            apart = abs(a[k] - b[k])
            largest = apart if apart > largest or apart != apart else largest
        return largest
    total = sum_of_powers(a, b, p)
    if p == 2:
        return a.dtype.type(math.sqrt(total))
    return total if p < 2 and (p == 1 or p == 0) else pow(total, a.dtype.type(1) / p)


@kernel
def distances(x, y, p, out):
    """Of each row of x (batch, P, M) to each of y (batch, R, M); out is (batch, P, R)."""
    exponent, rows = x.dtype.type(p), x.shape[1]
    for task in prange(x.shape[0] * rows):
        batch, i = np.int64(task) // rows, np.int64(task) % rows
        row, made = x[batch, i], out[batch, i]
        for j in range(made.size):
            made[j] = distance(row, y[batch, j], exponent)


@kernel
def distances_of_pairs(x, p, out):
    """Of row 0 of x (N, M) to rows 1, 2, ..., of row 1 to rows 2, ... and so on; out is (N (N - 1) / 2,)."""
    exponent, rows = x.dtype.type(p), x.shape[0]
    for task in prange(rows // 2):
        first = np.int64(task)
        for i in (first, rows - 2 - first):                 # a long row and a short one, so that tasks are alike
            start = i * rows - i * (i + 1) // 2
            for j in range(i + 1, rows):
                out[start + j - i - 1] = distance(x[i], x[j], exponent)


@inlined
def add_slopes(a, b, p, given, length, made):
    """Add ``given`` times the slope of the p-norm ``length`` of a - b for a."""
    if length == 0 or p == 0:
        return
    zero = a.dtype.type(0)
    if p == 2:
        scale = given / length
        for k in range(a.size):
            made[k] += (a[k] - b[k]) * scale
    elif p == 1:
        for k in range(a.size):
            made[k] += given if a[k] > b[k] else -given if a[k] < b[k] else zero
    elif p == math.inf:
        for k in range(a.size):
            apart = a[k] - b[k]
            made[k] += zero if abs(apart) != length else given if apart > 0 else -given
    else:
        for k in range(a.size):
            apart = a[k] - b[k]
            slope = given * pow(abs(apart) / length, p - a.dtype.type(1))
            made[k] += slope if apart > 0 else -slope if apart < 0 else zero


@kernel
def distances_backward(grad, lengths, x, y, p, out):
    """Gradient of `distances` for x; grad and lengths are (batch, P, R), out is (batch, P, M)."""
    exponent, rows = x.dtype.type(p), x.shape[1]
    for task in prange(x.shape[0] * rows):
        batch, i = np.int64(task) // rows, np.int64(task) % rows
        made = out[batch, i]
        made[:] = 0
        for j in range(y.shape[1]):
            add_slopes(x[batch, i], y[batch, j], exponent, grad[batch, i, j], lengths[batch, i, j], made)


@kernel
def distances_of_pairs_backward(grad, lengths, x, p, out):
    """Gradient of `distances_of_pairs`; out is (N, M)."""
    exponent, rows = x.dtype.type(p), x.shape[0]
    for task in prange(rows):
        i = np.int64(task)
        made = out[i]
        made[:] = 0
        for j in range(rows):
            low, high = min(i, j), max(i, j)
            if low < high:
                at = low * rows - low * (low + 1) // 2 + high - low - 1
                add_slopes(x[i], x[j], exponent, grad[at], lengths[at], made)
