"""Losses that want one score of a row above others by a margin: a thread a row, and on the way back a thread an element."""
from __future__ import annotations

import numpy as np

from .block import a_thread_an_element
from .launch import cuda, kernel


def target_count(target, n):
    """How many targets a row has before the first -1."""
    count = 0
    while count < target.shape[1] and target[n, count] >= 0:
        count += 1
    return count


def is_target(target, n, count, j):
    """Whether class j is among the targets of a row."""
    found = False
    for t in range(count):
        found = found or target[n, t] == j
    return found


@kernel
def multilabel_margin(x, target, out):
    """Sum of max(0, 1 - x[t] + x[j]) over targets t (ended by -1) and other classes j, over C; x and target are (N, C)."""
    classes, zero, one = x.shape[1], x.dtype.type(0), x.dtype.type(1)
    for n in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
        count, total = target_count(target, n), 0.0
        for j in range(classes):
            if not is_target(target, n, count, j):
                lacks = zero
                for t in range(count):
                    lack = one - x[n, target[n, t]] + x[n, j]
                    lacks += lack if lack > 0 or lack != lack else zero
                total += np.float64(lacks)
        out[n] = total / classes


@kernel(geometry=a_thread_an_element(1))
def multilabel_margin_backward(grad, x, target, out):
    """Gradient of `multilabel_margin` for its x; grad is (N,)."""
    classes, one = x.shape[1], x.dtype.type(1)
    for place in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        n, j = place // classes, place % classes
        count, lacking = target_count(target, n), 0
        if is_target(target, n, count, j):
            named = 0
            for t in range(count):
                named += 1 if target[n, t] == j else 0
            for other in range(classes):
                if one - x[n, j] + x[n, other] > 0 and not is_target(target, n, count, other):
                    lacking -= named
        else:
            for t in range(count):
                lacking += 1 if one - x[n, target[n, t]] + x[n, j] > 0 else 0
        out[n, j] = grad[n] / x.dtype.type(classes) * x.dtype.type(lacking)


@kernel
def multi_margin(x, target, p, margin, out):
    """Sum of max(0, margin - x[t] + x[j]) ** p over classes j other than the target t, over C; x is (N, C), p 1 or 2."""
    classes, zero, wide = x.shape[1], x.dtype.type(0), x.dtype.type(margin)
    for n in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
        wanted, total = target[n], 0.0
        for j in range(classes):
            lack = x[n, j] - x[n, wanted] + wide
            if (lack > zero or lack != lack) and j != wanted:
                total += np.float64(lack if p == 1 else lack * lack)
        out[n] = total / classes


@kernel
def multi_margin_backward(grad, x, target, p, margin, out):
    """Gradient of `multi_margin` for its x; grad is (N,)."""
    classes, zero, wide = x.shape[1], x.dtype.type(0), x.dtype.type(margin)
    for n in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
        wanted, share, total = target[n], grad[n] / x.dtype.type(classes), 0.0
        for j in range(classes):
            lack = x[n, j] - x[n, wanted] + wide
            if lack > zero and j != wanted:
                made = share if p == 1 else share * (lack + lack)
                total += np.float64(made)
                out[n, j] = made
            else:
                out[n, j] = zero
        out[n, wanted] = -total
