"""Normalization without a mean: of rows by their root mean square, of channels by their neighbours."""
from __future__ import annotations

import math

import numpy as np

from ..compile import REASSOCIATE, inlined, kernel, prange
from ..formulas.vector import pow
from .normalization import PARTS

COLUMNS = 1 << 9                # columns of all channels that a thread takes at once


@inlined(fastmath=REASSOCIATE)
def sum_of_squares(row):
    total = row[0] - row[0]
    for j in range(row.size):
        total += row[j] * row[j]
    return total


@inlined(fastmath=REASSOCIATE)
def weighted_dot(grad, row, weight):
    """Sum of grad * weight * row; weight may be of size 0."""
    total = row[0] - row[0]
    if weight.size > 0:
        for j in range(row.size):
            total += grad[j] * weight[j] * row[j]
    else:
        for j in range(row.size):
            total += grad[j] * row[j]
    return total


@kernel
def rms_norm(x, weight, eps, out, scales):
    """Each row of x (rows, n) over the root of its mean square plus ``eps``, times weight (n,), which may be of size 0.

    ``scales`` (rows,) keeps what the rows were multiplied by.
    """
    for r in prange(x.shape[0]):
        i = np.int64(r)
        row, result = x[i], out[i]
        scale = x.dtype.type(1 / math.sqrt(np.float64(sum_of_squares(row)) / row.size + eps))
        scales[i] = scale
        if weight.size > 0:
            for j in range(row.size):
                result[j] = row[j] * scale * weight[j]
        else:
            for j in range(row.size):
                result[j] = row[j] * scale


@kernel
def rms_norm_backward(grad, x, scales, weight, grad_input, grad_weight):
    """Gradients of `rms_norm`; grad_weight may be of size 0 if it is not wanted."""
    rows, n = x.shape
    parts = max(1, min(PARTS, rows // 4))
    totals = np.zeros((parts, grad_weight.size), x.dtype)
    for p in prange(parts):
        part = np.int64(p)
        total = totals[part]
        for i in range(part * rows // parts, (part + 1) * rows // parts):
            given, row, result, scale = grad[i], x[i], grad_input[i], scales[i]
            turn = weighted_dot(given, row, weight) * scale * scale * scale / x.dtype.type(n)
            if weight.size > 0:
                for j in range(n):
                    result[j] = given[j] * weight[j] * scale - row[j] * turn
            else:
                for j in range(n):
                    result[j] = given[j] * scale - row[j] * turn
            for j in range(total.size):
                total[j] += given[j] * (row[j] * scale)
    for j in range(grad_weight.size):
        grad_weight[j] = totals[0, j]
        for part in range(1, parts):
            grad_weight[j] += totals[part, j]


@inlined
def add_squares(row, total):
    for j in range(total.size):
        total[j] += row[j] * row[j]


@kernel
def local_response_norm(x, size, alpha, beta, k, out, bases):
    """x over (k + alpha / size * sum of squares of ``size`` neighbouring channels) ** beta; all are (N, C, inner).

    ``bases`` keeps the numbers in parentheses.
    """
    channels, inner = x.shape[1], x.shape[2]
    before, scale = size // 2, x.dtype.type(alpha / size)
    start, power = x.dtype.type(k), x.dtype.type(-beta)
    blocks = (inner + COLUMNS - 1) // COLUMNS
    for task in prange(x.shape[0] * blocks):
        n, left = np.int64(task) // blocks, np.int64(task) % blocks * COLUMNS
        right = min(left + COLUMNS, inner)
        total = np.empty(right - left, x.dtype)
        for c in range(channels):
            total[:] = 0
            for other in range(max(0, c - before), min(channels, c - before + size)):
                add_squares(x[n, other, left:right], total)
            row, base, result = x[n, c, left:right], bases[n, c, left:right], out[n, c, left:right]
            for j in range(result.size):
                value = start + scale * total[j]
                base[j] = value
                result[j] = row[j] * pow(value, power)


@kernel
def local_response_norm_backward(grad, x, bases, size, alpha, beta, out):
    """Gradient of `local_response_norm`."""
    channels, inner = x.shape[1], x.shape[2]
    behind, scale = (size - 1) // 2, x.dtype.type(2 * alpha * beta / size)
    power = x.dtype.type(-beta)
    blocks = (inner + COLUMNS - 1) // COLUMNS
    for task in prange(x.shape[0] * blocks):
        n, left = np.int64(task) // blocks, np.int64(task) % blocks * COLUMNS
        right = min(left + COLUMNS, inner)
        turns = np.empty((channels, right - left), x.dtype)
        for c in range(channels):
            given, row, base = grad[n, c, left:right], x[n, c, left:right], bases[n, c, left:right]
            turn, result = turns[c], out[n, c, left:right]
            for j in range(turn.size):
                result[j] = given[j] * pow(base[j], power)
                turn[j] = result[j] * row[j] / base[j]
        for c in range(channels):
            row, result = x[n, c, left:right], out[n, c, left:right]
            for other in range(max(0, c - behind), min(channels, c - behind + size)):
                turn = turns[other]
                for j in range(result.size):
                    result[j] -= scale * row[j] * turn[j]
