"""Losses that want one score of a row above others by a margin.

Sums over a row go in its order, in the scores' dtype; ``out`` and ``grad`` have one number a row.
"""
from __future__ import annotations

import numpy as np

from ..compile import inlined, kernel, prange


@kernel
def multilabel_margin(x, target, out):
    """Sum of max(0, 1 - x[t] + x[j]) over targets t (ended by -1) and other classes j, over C; x and target are (N, C)."""
    classes, zero, one = x.shape[1], x.dtype.type(0), x.dtype.type(1)
    for r in prange(x.shape[0]):
        n = np.int64(r)
        row, wanted = x[n], target[n]
        others = np.ones(classes, x.dtype)
        count = 0
        while count < classes and wanted[count] >= 0:
            others[wanted[count]] = zero
            count += 1
        lacks = np.zeros(classes, x.dtype)
        for t in range(count):
            least = one - row[wanted[t]]
            for j in range(classes):
                lack = least + row[j]
                lacks[j] += lack if lack > 0 or lack != lack else zero
        total = 0.0
        for j in range(classes):
            total += np.float64(lacks[j]) if others[j] != 0 else 0.0
        out[n] = total / classes


@kernel
def multilabel_margin_backward(grad, x, target, out):
    """Gradient of `multilabel_margin` for its x; grad is (N,)."""
    classes, zero, one = x.shape[1], x.dtype.type(0), x.dtype.type(1)
    for r in prange(x.shape[0]):
        n = np.int64(r)
        row, wanted, made, share = x[n], target[n], out[n], grad[n] / x.dtype.type(classes)
        others = np.ones(classes, x.dtype)
        count = 0
        while count < classes and wanted[count] >= 0:
            others[wanted[count]] = zero
            count += 1
        made[:] = zero
        short = np.zeros(classes, np.int32)
        for t in range(count):
            least, lacking = one - row[wanted[t]], np.int32(0)
            for j in range(classes):
                lacks = np.int32(1 if least + row[j] > 0 and others[j] != 0 else 0)
                short[j] += lacks
                lacking += lacks
            made[wanted[t]] -= share * x.dtype.type(lacking)
        for j in range(classes):
            made[j] += share * x.dtype.type(short[j])


@inlined
def lacks_of_row(row, wanted, p, margin):
    """`multi_margin` of a row, not yet over C."""
    own, total = row[wanted], 0.0
    for j in range(row.size):
        lack = row[j] - own + margin
        if (lack > 0 or lack != lack) and j != wanted:
            total += np.float64(lack if p == 1 else lack * lack)
    return total


@inlined
def spread_over_row(share, row, wanted, p, margin, made):
    """`multi_margin_backward` of a row."""
    own, total = row[wanted], 0.0
    for j in range(row.size):
        lack, given = row[j] - own + margin, share * 0
        if lack > 0 and j != wanted:
            given = share if p == 1 else share * (lack + lack)
        made[j] = given
        total += np.float64(given)
    made[wanted] = -total


@kernel
def multi_margin(x, target, p, margin, out):
    """Sum of max(0, margin - x[t] + x[j]) ** p over classes j other than the target t, over C; x is (N, C), p 1 or 2."""
    for r in prange(x.shape[0]):
        n = np.int64(r)
        out[n] = lacks_of_row(x[n], target[n], p, x.dtype.type(margin)) / x.shape[1]


@kernel
def multi_margin_backward(grad, x, target, p, margin, out):
    """Gradient of `multi_margin` for its x; grad is (N,)."""
    for r in prange(x.shape[0]):
        n = np.int64(r)
        spread_over_row(grad[n] / x.dtype.type(x.shape[1]), x[n], target[n], p, x.dtype.type(margin), out[n])
