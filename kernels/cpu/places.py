"""Elements taken from and put to places of planes: pixels shuffled, volumes padded by their own elements."""
from __future__ import annotations

import numpy as np

from ..compile import kernel, prange
from .reduction import divided


@kernel
def triangle(x, diagonal, lower, out):
    """x -> out (planes, rows, columns): the elements where column - row <= diagonal, or >= diagonal if not ``lower``; else zero."""
    rows, columns = out.shape[1], out.shape[2]
    for task in prange(out.shape[0] * rows):
        plane, row = divided(task, rows)
        edge = min(max(row + diagonal + lower, 0), columns)
        first, end = (0, edge) if lower else (edge, columns)
        made, zero = out[plane, row], out.dtype.type(0)
        for i in range(np.uint64(first)):
            made[i] = zero
        source, target = x[plane, row, first:end], made[first:end]
        for i in range(target.size):
            target[i] = source[i]
        rest = made[end:]
        for i in range(rest.size):
            rest[i] = zero


@kernel
def shuffle_pixels(x, out):
    """out[n, h r + i, w r + j] = x[n, i, j, h, w]; x is (planes, r, r, H, W), out (planes, H r, W r)."""
    r, high = x.shape[1], x.shape[3]
    for task in prange(x.shape[0] * high):
        n, h = np.int64(task) // high, np.int64(task) % high
        for i in range(r):
            made = out[n, h * r + i]
            for j in range(r):
                row = x[n, i, j, h]
                for w in range(np.uint64(row.size)):
                    made[w * np.uint64(r) + np.uint64(j)] = row[w]


@kernel
def unshuffle_pixels(x, out):
    """The other way round: out[n, i, j, h, w] = x[n, h r + i, w r + j]."""
    r, high = out.shape[1], out.shape[3]
    for task in prange(out.shape[0] * high):
        n, h = np.int64(task) // high, np.int64(task) % high
        for i in range(r):
            row = x[n, h * r + i]
            for j in range(r):
                made = out[n, i, j, h]
                for w in range(np.uint64(made.size)):
                    made[w] = row[w * np.uint64(r) + np.uint64(j)]


@kernel
def take_places(x, d, h, w, first, end, out):
    """out[n, i, j, k] = x[n, d[i], h[j], w[k]]; the places of w from ``first`` to ``end`` are adjacent."""
    for task in prange(out.shape[0] * out.shape[1]):
        n, i = np.int64(task) // out.shape[1], np.int64(task) % out.shape[1]
        for j in range(out.shape[2]):
            row, made = x[n, d[i], h[j]], out[n, i, j]
            for k in range(first):
                made[k] = row[w[k]]
            inner, source = made[first:end], row[w[first]:w[first] + end - first]
            for k in range(inner.size):
                inner[k] = source[k]
            for k in range(end, made.size):
                made[k] = row[w[k]]


@kernel
def add_at_places(grad, d, h, w, first, end, out):
    """The gradient of `take_places` for x: zeros, and out[n, d[i], h[j], w[k]] += grad[n, i, j, k]."""
    for task in prange(out.shape[0]):
        n = np.int64(task)
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                out[n, i, j][:] = 0
        for i in range(grad.shape[1]):
            for j in range(grad.shape[2]):
                row, given = out[n, d[i], h[j]], grad[n, i, j]
                for k in range(first):
                    row[w[k]] += given[k]
                inner, source = row[w[first]:w[first] + end - first], given[first:end]
                for k in range(inner.size):
                    inner[k] += source[k]
                for k in range(end, given.size):
                    row[w[k]] += given[k]
