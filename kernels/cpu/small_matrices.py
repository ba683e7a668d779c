"""Factors, solutions and determinants of many small square matrices.

Matrices are taken in groups of LANES, see `side_by_side`. Every matrix is computed by itself: its result depends neither
on its neighbours nor on the threads. a is (count, n * n) everywhere.
"""
from __future__ import annotations

import math

import numpy as np

from .. import threads
from ..compile import inlined, kernel, prange
from .side_by_side import (
    eliminate_above,
    eliminate_below,
    exchange,
    factor,
    find_zeros,
    gather,
    invert_diagonal,
    order_rows,
    share,
    spread,
    subtract_products,
    turn_over,
)
from .tiles import lanes
from .workspace import scratch

LANES = 32                      # matrices side by side: a multiple of every vector's length


@inlined
def determinants_of_group(a, first, group, workspace, pivots, diagonals, out):
    n = pivots.shape[1]
    x, rest = workspace[:n * n], workspace[n * n:]
    square = x.reshape(n, n, x.shape[-1])
    gather(a, first, group, x)
    factor(square, group, rest[0], rest[1], pivots, first)
    for lane in range(group):
        for k in range(n):
            value = square[k, k, lane]
            diagonals[first + lane, k] = value if pivots[first + lane, k] == k + 1 else -value
        product = diagonals[first + lane, 0]
        for k in range(1, n):
            product *= diagonals[first + lane, k]
        out[first + lane] = product


@kernel
def small_determinants(a, workspace, pivots, diagonals, out):
    """Determinants of matrices a (count, n * n) into out (count,); they are the products of ``diagonals`` (count, n)."""
    for worker in prange(workspace.shape[0]):
        w, count, width = np.int64(worker), a.shape[0], workspace.shape[2]
        for first in share(w, workspace, count):
            determinants_of_group(a, first, min(width, count - first), workspace[w], pivots, diagonals, out)


@inlined
def solve_group(a, b, columns, factored, first, group, workspace, order, pivots, info, lu, out):
    n = pivots.shape[1]
    x, y, rest = workspace[:n * n], workspace[n * n:n * (n + columns)], workspace[n * (n + columns):]
    square, identity = x.reshape(n, n, x.shape[-1]), b.size == 0
    gather(a, first, group, x)
    if factored:
        turn_over(square, group)
    else:
        factor(square, group, rest[0], rest[1], pivots, first)
        find_zeros(square, group, info, first)
    if lu.size > 0:
        turn_over(square, group)
        spread(x, group, first, lu)
        turn_over(square, group)
    if columns == 0:
        return
    invert_diagonal(square, group)
    if identity:
        for place in range(n * n):
            y[place, :group] = place % (n + 1) == 0
    else:
        for lane in range(group):
            order_rows(pivots[first + lane], order)
            for column in range(columns):
                for i in range(n):
                    y[column * n + i, lane] = b[first + lane, column * n + order[i]]
    eliminate_below(square, y, columns, group, True, identity)
    eliminate_above(square, y, columns, group)
    if identity:                    # L U was inverted: exchanged columns instead of exchanged rows make it the inverse of A
        solutions = y.reshape(n, n, y.shape[-1])
        for k in range(n - 1, -1, -1):
            for lane in range(group):
                rest[1, lane] = pivots[first + lane, k] - 1
            exchange(solutions, k, group, rest[1])
    spread(y, group, first, out)


@kernel
def small_solve(a, b, columns, factored, workspace, orders, pivots, info, lu, out):
    """Solutions of A X = B: b and out are (count, columns * n), the transposes of B and X, flattened.

    The LU factors of A, as `factor` has them, go into lu (count, n * n), transposed, and pivots (count, n); info (count,) is
    what `find_zeros` finds. If ``factored``, a is such an lu and pivots are given. b of size 0 stands for the identity, lu
    of size 0 is not written, and no ``columns`` means no solutions.
    """
    for worker in prange(workspace.shape[0]):
        w, count, width = np.int64(worker), a.shape[0], workspace.shape[2]
        for first in share(w, workspace, count):
            solve_group(a, b, columns, factored, first, min(width, count - first), workspace[w], orders[w], pivots, info, lu, out)


@inlined
def cholesky_of_group(a, n, first, group, x, info, out):
    rows = x[:n * n]
    square = rows.reshape(n, n, x.shape[-1])
    gather(a, first, group, rows)
    info[first:first + group] = 0
    for k in range(n):
        for i in range(k, n):
            subtract_products(rows, i * n + k, rows, i * n, rows, k * n, 1, k, group)
        for lane in range(group):
            if not square[k, k, lane] > 0 and info[first + lane] == 0:
                info[first + lane] = k + 1
        for lane in range(group):
            square[k, k, lane] = math.sqrt(square[k, k, lane])
        for i in range(k + 1, n):
            for lane in range(group):
                square[i, k, lane] /= square[k, k, lane]
                square[k, i, lane] = 0
    spread(rows, group, first, out)


@kernel
def small_cholesky(a, n, workspace, info, out):
    """Lower Cholesky factors of matrices a (count, n * n), of which the lower triangle is read.

    info (count,) says which leading minor is the first that is not positive, counted from 1; 0 if all are.
    """
    for worker in prange(workspace.shape[0]):
        w, count, width = np.int64(worker), a.shape[0], workspace.shape[2]
        for first in share(w, workspace, count):
            cholesky_of_group(a, n, first, min(width, count - first), workspace[w], info, out)


@inlined
def triangular_group(a, b, n, transposed, upper, unit, first, group, workspace, out):
    columns = b.shape[1] // n
    x, y = workspace[:n * n], workspace[n * n:n * n + n * columns]
    square = x.reshape(n, n, x.shape[-1])
    gather(a, first, group, x)
    gather(b, first, group, y)
    if transposed:
        turn_over(square, group)
    if unit:
        for i in range(n):
            square[i, i] = 1
    invert_diagonal(square, group)
    if upper:
        eliminate_above(square, y, columns, group)
    else:
        eliminate_below(square, y, columns, group, unit, False)
    spread(y, group, first, out)


@kernel
def small_triangular(a, b, n, transposed, upper, unit, workspace, out):
    """Solutions of A X = B for triangular A (count, n * n), or its transpose, of which one triangle is read.

    b (count, columns * n) has the transposes of B, out those of X, flattened. ``upper`` speaks of what is solved for. If
    ``unit``, the diagonal counts as ones.
    """
    for worker in prange(workspace.shape[0]):
        w, count, width = np.int64(worker), a.shape[0], workspace.shape[2]
        for first in share(w, workspace, count):
            triangular_group(a, b, n, transposed, upper, unit, first, min(width, count - first), workspace[w], out)


def workspace(count: int, n: int, columns: int, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Room for the groups that workers take: n rows of n, ``columns`` more, and a few of numbers; and for orders of rows."""
    workers = 1 if threads.serial_only() else min(threads.count, -(-count // LANES))
    rows = n * (n + columns) + 2 + lanes(dtype)         # what turns a group over writes whole vectors
    return scratch("small_matrices", dtype, (workers, rows, LANES)), np.empty((workers, n), np.int64)
