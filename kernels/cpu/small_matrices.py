"""Factors, solutions and determinants of many small square matrices.

Matrices are taken in groups of up to LANES, side by side: element (i, j) of all of a group is adjacent in memory, so that
each step of the algorithm for one matrix is a loop over the group, which the compiler vectorizes however small the
matrices are. Every matrix is computed by itself: its result does not depend on its neighbours or on the threads.
"""
from __future__ import annotations

import math

import numpy as np

from ..compile import inlined, kernel, prange

LANES = 32                      # matrices side by side; also how many rows of working numbers a group may have


@inlined
def gather(a, first, x):
    """Put matrices a[first], a[first + 1], ... side by side: x is (elements of a matrix, group)."""
    for lane in range(x.shape[1]):
        matrix = a[first + lane]
        for e in range(x.shape[0]):
            x[e, lane] = matrix[e]


@inlined
def spread(x, first, out):
    """The inverse of `gather`."""
    for lane in range(x.shape[1]):
        matrix = out[first + lane]
        for e in range(x.shape[0]):
            matrix[e] = x[e, lane]


@inlined
def factor(x, best, place, pivots, first):
    """LU factors of a group x (n, n, group) in place, with the largest pivot of each column.

    Row k was exchanged with row ``pivots[first + lane, k]``, counted from 1. A zero pivot leaves its column.
    """
    n, group = x.shape[0], x.shape[2]
    for k in range(n):
        for lane in range(group):
            best[lane] = abs(x[k, k, lane])
            place[lane] = k
        for i in range(k + 1, n):
            for lane in range(group):
                size = abs(x[i, k, lane])
                if size > best[lane]:
                    best[lane] = size
                    place[lane] = i
        for lane in range(group):
            i = np.int64(place[lane])
            pivots[first + lane, k] = i + 1
            if i != k:
                for j in range(n):
                    held = x[i, j, lane]
                    x[i, j, lane] = x[k, j, lane]
                    x[k, j, lane] = held
        for i in range(k + 1, n):
            for lane in range(group):
                pivot = x[k, k, lane]
                x[i, k, lane] /= pivot if pivot != 0 else pivot + 1
            for j in range(k + 1, n):
                for lane in range(group):
                    x[i, j, lane] -= x[i, k, lane] * x[k, j, lane]


@kernel
def small_lu(a, workspace, places, pivots, lu):
    count, n = a.shape[0], a.shape[2]
    groups, workers = (count + LANES - 1) // LANES, workspace.shape[0]
    for worker in prange(workers):
        w = np.int64(worker)
        for g in range(w * groups // workers, (w + 1) * groups // workers):
            first = g * LANES
            group = min(LANES, count - first)
            x = workspace[w, :n * n * group].reshape(n * n, group)
            gather(a.reshape(count, n * n), first, x)
            factor(x.reshape(n, n, group), workspace[w, n * n * group:], places[w], pivots, first)
            spread(x, first, lu.reshape(count, n * n))
