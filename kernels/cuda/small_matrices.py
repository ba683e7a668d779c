"""Factors, solutions and determinants of many small square matrices: a thread a matrix, or a right side of one.

a is (count, n * n) everywhere; ``workspace`` is (n * n, count), where threads that are neighbours write to neighbouring places.
"""
import math

import numpy as np

from .block import a_thread_an_element
from .launch import BLOCKS, THREADS, cuda, kernel


def a_thread_a_matrix(*args):
    """Geometry with a thread for each row of the first argument."""
    return (min(BLOCKS, -(-args[0].shape[0] // THREADS)), 1, 1), (THREADS, 1, 1)


def factor(x, m, n, pivots):
    """LU factors of matrix m in place in x (n * n, count); pivots (count, n) says with which row each was exchanged, from 1."""
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(x[i * n + k, m]) > abs(x[best * n + k, m]):
                best = i
        pivots[m, k] = best + 1
        for j in range(n if best != k else 0):
            x[k * n + j, m], x[best * n + j, m] = x[best * n + j, m], x[k * n + j, m]
        pivot = x[k * n + k, m]
        for i in range(k + 1, n if pivot != 0 else 0):
            part = x[i * n + k, m] / pivot
            x[i * n + k, m] = part
            for j in range(k + 1, n):
                x[i * n + j, m] -= part * x[k * n + j, m]


def solve_factored(x, m, n, pivots, b, column, out):
    """One right side, column ``column`` of b (count, columns * n) or of the identity, solved in ``out``."""
    first = column * n
    for i in range(n):
        if b.size > 0:
            out[m, first + i] = b[m, first + i]
        else:
            out[m, first + i] = out.dtype.type(1 if i == column else 0)
    for k in range(n):
        other = pivots[m, k] - 1
        if other != k:
            out[m, first + k], out[m, first + other] = out[m, first + other], out[m, first + k]
    for i in range(n):
        total = out[m, first + i]
        for j in range(i):
            total -= x[i * n + j, m] * out[m, first + j]
        out[m, first + i] = total
    for i in range(n - 1, -1, -1):
        total = out[m, first + i]
        for j in range(i + 1, n):
            total -= x[i * n + j, m] * out[m, first + j]
        out[m, first + i] = total / x[i * n + i, m]


@kernel(geometry=a_thread_a_matrix)
def small_determinants(a, workspace, pivots, diagonals, out):
    """Determinants of matrices a (count, n * n) into out (count,); they are the products of ``diagonals`` (count, n)."""
    n = pivots.shape[1]
    for m in range(cuda.grid(1), a.shape[0], cuda.gridsize(1)):
        for k in range(n * n):
            workspace[k, m] = a[m, k]
        factor(workspace, m, n, pivots)
        product = out.dtype.type(1)
        for k in range(n):
            value = workspace[k * n + k, m]
            diagonals[m, k] = value if pivots[m, k] == k + 1 else -value
            product *= diagonals[m, k]
        out[m] = product


@kernel(geometry=a_thread_a_matrix)
def small_solve(a, b, columns, factored, workspace, orders, pivots, info, lu, out):
    """Solutions of A X = B: b and out are (count, columns * n), the transposes of B and X, flattened.

    The LU factors of A, as `factor` has them, go into lu (count, n * n), transposed, and pivots (count, n); info (count,) is the first
    pivot that is zero, from 1. If ``factored``, a is such an lu and pivots are given. b of size 0 stands for the identity, lu
    of size 0 is not written, and no ``columns`` means no solutions.
    """
    n = pivots.shape[1]
    for m in range(cuda.grid(1), a.shape[0], cuda.gridsize(1)):
        for k in range(n * n):
            workspace[k, m] = a[m, k % n * n + k // n] if factored else a[m, k]
        if not factored:
            factor(workspace, m, n, pivots)
            info[m] = 0
            for k in range(n - 1, -1, -1):
                if workspace[k * n + k, m] == 0:
                    info[m] = k + 1
        for k in range(n * n if lu.size > 0 else 0):
            lu[m, k % n * n + k // n] = workspace[k, m]
        for column in range(columns):
            solve_factored(workspace, m, n, pivots, b, column, out)


@kernel(geometry=a_thread_a_matrix)
def small_cholesky(a, n, workspace, info, out):
    """Lower Cholesky factors of matrices a (count, n * n), of which the lower triangle is read.

    info (count,) says which leading minor is the first that is not positive, counted from 1; 0 if all are.
    """
    for m in range(cuda.grid(1), a.shape[0], cuda.gridsize(1)):
        info[m] = 0
        for k in range(n):
            for i in range(k, n):
                total = a[m, i * n + k]
                for j in range(k):
                    total -= workspace[i * n + j, m] * workspace[k * n + j, m]
                if i == k:
                    if not total > 0 and info[m] == 0:
                        info[m] = k + 1
                    total = out.dtype.type(math.sqrt(total) if total >= 0 else math.nan)
                else:
                    total = total / workspace[k * n + k, m]
                workspace[i * n + k, m] = total
                out[m, i * n + k] = total
                if i > k:
                    out[m, k * n + i] = out.dtype.type(0)


@kernel(geometry=a_thread_an_element(7))
def small_triangular(a, b, n, transposed, upper, unit, workspace, out):
    """Solutions of A X = B for triangular A (count, n * n), or its transpose, of which one triangle is read.

    b (count, columns * n) has the transposes of B, out those of X, flattened. ``upper`` speaks of what is solved for. If
    ``unit``, the diagonal counts as ones.
    """
    columns = b.shape[1] // n
    for task in range(cuda.grid(1), a.shape[0] * columns, cuda.gridsize(1)):
        m, first = task // columns, task % columns * n
        for step in range(n):
            i = n - 1 - step if upper else step
            total = b[m, first + i]
            for j in range(i + 1 if upper else 0, n if upper else i):
                total -= a[m, j * n + i if transposed else i * n + j] * out[m, first + j]
            out[m, first + i] = total if unit else total / a[m, i * n + i]


def workspace(count, n, dtype, empty):
    """Room for a matrix a thread, made by ``empty``, and none for orders of rows."""
    return empty((n * n, count), dtype), empty((1, 1), np.dtype(np.int64))
