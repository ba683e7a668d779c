"""Systems solved from the factors of symmetric matrices that need not be positive, as LAPACK's sytrs and hetrs do."""
from __future__ import annotations

import numpy as np

from ..compile import REASSOCIATE, inlined, kernel, prange


@inlined
def exchange(x, i, j):
    """Exchange two rows of all right sides (columns, n)."""
    if i != j:
        for c in range(x.shape[0]):
            x[c, i], x[c, j] = x[c, j], x[c, i]


@inlined
def subtract(x, c, k, column, begin):
    """Take row k times a column of L, from ``begin`` on, from the rows below."""
    value = x[c, k]
    for i in range(begin, x.shape[1]):
        x[c, i] -= column[i] * value


@inlined(fastmath=REASSOCIATE)
def gather(x, c, k, column, begin, hermitian):
    """Take the product of a column of L with the rows below from row k."""
    total = x[c, k]
    for i in range(begin, x.shape[1]):
        total -= (np.conj(column[i]) if hermitian else column[i]) * x[c, i]
    x[c, k] = total


@inlined
def solve_pair(x, k, factors, hermitian):
    """Two rows of D X = B; divided by what is beside the diagonal first, so that products keep their size."""
    beside = factors[k, k + 1]
    above = np.conj(beside) if hermitian else beside
    first, second = factors[k, k] / above, factors[k + 1, k + 1] / beside
    below_one = first * second - beside / beside
    for c in range(x.shape[0]):
        one, other = x[c, k] / above, x[c, k + 1] / beside
        x[c, k], x[c, k + 1] = (second * one - other) / below_one, (first * other - one) / below_one


@inlined
def solve_factored(factors, pivots, hermitian, x):
    """X in place of B: factors (n, n) are L and D transposed, x is (columns, n)."""
    n = pivots.size
    k = 0
    while k < n:
        rows = 1 if pivots[k] > 0 else 2
        exchange(x, k + rows - 1, abs(pivots[k]) - 1)
        for c in range(x.shape[0]):
            for step in range(rows):
                subtract(x, c, k + step, factors[k + step], k + rows)
        if rows == 2:
            solve_pair(x, k, factors, hermitian)
        else:
            for c in range(x.shape[0]):
                x[c, k] /= factors[k, k]
        k += rows
    k = n - 1
    while k >= 0:
        rows = 1 if pivots[k] > 0 else 2
        for c in range(x.shape[0]):
            for step in range(rows):
                gather(x, c, k - step, factors[k - step], k + 1, hermitian)
        exchange(x, k, abs(pivots[k]) - 1)
        k -= rows


@kernel
def ldl_solve(factors_t, pivots, hermitian, x_t):
    """X in place of B of A X = B: factors_t (count, n, n) and x_t (count, columns, n) hold transposes, pivots (count, n) are LAPACK's."""
    for task in prange(x_t.shape[0]):
        matrix = np.int64(task)
        solve_factored(factors_t[matrix], pivots[matrix], hermitian, x_t[matrix])
