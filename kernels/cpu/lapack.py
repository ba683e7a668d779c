"""Linear algebra of stacks of matrices: small ones by our own kernels, the others by LAPACK.

A matrix argument ``a`` is (count, rows, columns) and contiguous; arguments and results whose name ends in ``_t`` hold
transposes, which is to say matrices in LAPACK's column order. Results are written where they are called outputs in the
signature, otherwise returned.
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import table, threads
from . import small_matrices as small

SMALL, MANY = 32, 8             # rows up to which our kernels are better, for at least so many matrices
WIDE = 64                       # right sides for which they have room


def ours(a: np.ndarray, columns: int = 0) -> bool:
    """Whether a stack of square matrices, and right sides of so many columns, is for our kernels."""
    return a.dtype.kind == "f" and len(a) >= MANY and a.shape[1] <= SMALL and columns <= WIDE


def solve_small(a, b_t, columns, pivots, info, lu_t, out_t, factored=False):
    """Call `small_solve` with flat arrays."""
    count, n = pivots.shape
    space, orders = small.workspace(count, n, columns, a.dtype)
    small.small_solve(a.reshape(count, n * n), b_t.reshape(-1, max(1, columns * n)), columns, factored, space, orders, pivots, info,
                      lu_t.reshape(-1, n * n), out_t.reshape(count, -1), work=count * n * n * (n + columns) // 16)


@functools.cache
def routine(name: str, kind: str) -> Callable:
    """LAPACK's or BLAS's routine for elements of a type, by its name without the letter of the type."""
    from scipy.linalg import blas, lapack

    if threads.source == "set_num_threads":     # the number was set before this BLAS was loaded
        threads.set_count(threads.count)
    full = {"f": "s", "d": "d", "F": "c", "D": "z"}[kind] + name
    return getattr(lapack, full, None) or getattr(blas, full)


@functools.cache
def room(name: str, kind: str, *sizes: Any) -> int:
    """How much workspace a routine wants."""
    return int(routine(name + "_lwork", kind)(*sizes)[0].real)


def each(*stacks: np.ndarray) -> Iterator[tuple]:
    """The matrices of stacks of transposes, one of each, as LAPACK sees them."""
    return zip(*[[matrix.T for matrix in stack] for stack in stacks])


def copied(out: np.ndarray, a: np.ndarray) -> np.ndarray:
    """``out`` with the transposes of a in it."""
    out[...] = a.swapaxes(1, 2)
    return out


def lu(a, pivot, pivots, info, lu_t):
    """LU factors of a (count, m, n) with the largest pivots, or those at hand if not ``pivot``.

    pivots (count, min(m, n)) says with which row each was exchanged, info (count,) the first pivot that is zero, both counted from 1.
    """
    count, m, n = a.shape
    if not pivot:
        without_pivots(copied(lu_t, a), pivots, info)
    elif m == n and ours(a):
        solve_small(a, a[:0], 0, pivots, info, lu_t, lu_t)
    else:
        getrf = routine("getrf", a.dtype.char)
        for i, (matrix,) in enumerate(each(copied(lu_t, a))):
            _, order, info[i] = getrf(matrix, overwrite_a=True)
            pivots[i] = order + 1


def without_pivots(lu_t, pivots, info):
    """LU factors in place, no row exchanged."""
    pivots[...] = np.arange(1, pivots.shape[1] + 1)
    info[...] = 0
    with np.errstate(all="ignore"):
        for k in range(pivots.shape[1]):
            row, pivot = lu_t[:, k + 1:, k], lu_t[:, k, k]
            info[(pivot == 0) & (info == 0)] = k + 1
            lu_t[:, k, k + 1:] /= np.where(pivot == 0, 1, pivot)[:, None]
            lu_t[:, k + 1:, k + 1:] -= row[:, :, None] * lu_t[:, k, None, k + 1:]


def determinants(a, diagonals, out):
    """Determinants of a (count, n, n); they are the products of ``diagonals`` (count, n)."""
    count, n = a.shape[:2]
    pivots = np.empty((count, n), np.int32)
    if ours(a):
        space, _ = small.workspace(count, n, 0, a.dtype)
        small.small_determinants(a.reshape(count, n * n), space, pivots, diagonals, out, work=a.size * n // 16)
        return
    lu_t = np.empty_like(a)
    lu(a, True, pivots, np.empty(count, np.int32), lu_t)
    np.copyto(diagonals, np.einsum("kii->ki", lu_t))
    diagonals[pivots != np.arange(1, n + 1)] *= -1
    with np.errstate(all="ignore"):
        np.prod(diagonals, 1, out=out)


def inverse(a, info, out_t):
    """Inverses of a (count, n, n); info (count,) is that of `lu`, and where it is not 0 there is no inverse."""
    count, n = a.shape[:2]
    pivots = np.empty((count, n), np.int32)
    if ours(a, n):
        solve_small(a, a[:0], n, pivots, info, a[:0], out_t)
        return
    lu(a, True, pivots, info, out_t)
    getri, getrs, size = routine("getri", a.dtype.char), routine("getrs", a.dtype.char), room("getri", a.dtype.char, n)
    for matrix, order, bad in zip([matrix.T for matrix in out_t], pivots - 1, info):
        if bad:                                         # what divisions by zero give, which getri refuses
            matrix[...] = getrs(matrix, order, np.eye(n, dtype=a.dtype))[0]
        else:
            getri(matrix, order, lwork=size, overwrite_lu=True)


def solve_matrices(a, b_t, pivots, info, lu_t, x_t):
    """Solutions of A X = B: a is (count, n, n), b_t and x_t are (count, columns, n); pivots, info and lu_t are those of `lu`.

    lu_t may be of size 0 if it is not wanted.
    """
    count, columns, n = b_t.shape
    if ours(a, columns):
        solve_small(a, b_t, columns, pivots, info, lu_t, x_t)
        return
    if lu_t.size == 0:
        lu_t = np.empty_like(a)
    lu(a, True, pivots, info, lu_t)
    lu_solve(lu_t, pivots, b_t, x_t)


def lu_solve(lu_t, pivots, b_t, x_t):
    """Solutions of A X = B from what `lu` made of A."""
    count, columns, n = b_t.shape
    if ours(lu_t, columns):
        solve_small(lu_t, b_t, columns, pivots, np.empty(0, np.int32), lu_t[:0], x_t, factored=True)
        return
    getrs = routine("getrs", lu_t.dtype.char)
    x_t[...] = b_t
    for (factors, x), order in zip(each(lu_t, x_t), pivots - 1):
        getrs(factors, order, x, overwrite_b=True)


def cholesky(a, info, out):
    """Lower factors of positive a (count, n, n), of which the lower triangles are read.

    info (count,) says which leading minor is the first that is not positive, counted from 1; 0 if all are.
    """
    count, n = a.shape[:2]
    if ours(a):
        space, _ = small.workspace(count, n, 0, a.dtype)
        small.small_cholesky(a.reshape(count, n * n), n, space, info, out.reshape(count, n * n), work=a.size * n // 32)
        return
    potrf = routine("potrf", a.dtype.char)
    np.conjugate(a, out=out)
    for i, (matrix,) in enumerate(each(out)):           # the conjugate transposed of A: A again, its triangles exchanged
        _, info[i] = potrf(matrix, lower=False, clean=True, overwrite_a=True)
    bad = ~(np.einsum("kii->ki", out).real > 0)         # OpenBLAS takes NaN for a positive number
    info[...] = np.where((info == 0) & bad.any(1), bad.argmax(1) + 1, info)
    np.conjugate(out, out=out)


def ldl(a, hermitian, pivots, info, out_t):
    """Factors L and D of symmetric, or hermitian, a (count, n, n), of which the lower triangles are read, in one matrix.

    pivots (count, n) and info (count,) are those of LAPACK's sytrf: blocks of D with two rows have negative pivots.
    """
    n, kind = a.shape[1], a.dtype
    name = "hetrf" if hermitian and kind.kind == "c" else "sytrf"
    sytrf, size = routine(name, kind.char), room(name, kind.char, n)
    for i, (matrix,) in enumerate(each(copied(out_t, a))):
        _, pivots[i], info[i] = sytrf(matrix, lower=True, lwork=size, overwrite_a=True)
    out_t[:, ~np.tri(n, dtype=bool).T] = 0


def triangular(a, b_t, transposed, upper, unit, x_t):
    """Solutions of A X = B for triangular A (count, n, n), or its transpose, of which one triangle is read.

    ``upper`` speaks of what is solved for: of the transpose, if ``transposed``. With ``unit`` the diagonal counts as ones.
    """
    count, columns, n = b_t.shape
    if ours(a, columns):
        space, _ = small.workspace(count, n, columns, a.dtype)
        small.small_triangular(a.reshape(count, n * n), b_t.reshape(count, columns * n), n, transposed, upper, unit, space,
                               x_t.reshape(count, columns * n), work=x_t.size * n // 16)
        return
    trsm = routine("trsm", a.dtype.char)
    x_t[...] = b_t
    for matrix, x in each(a, x_t):                      # LAPACK sees the transpose of each matrix of a
        trsm(1, matrix, x, lower=upper ^ transposed, trans_a=not transposed, diag=unit, overwrite_b=True)


def eigh(a, upper):
    """Eigenvalues in ascending order and eigenvectors, in columns, of symmetric matrices of which one triangle is read."""
    return np.linalg.eigh(a, "U" if upper else "L")


def eig(a):
    """Complex eigenvalues and eigenvectors, in columns."""
    values, vectors = np.linalg.eig(a)
    kind = np.result_type(a, np.complex64)
    return values.astype(kind), vectors.astype(kind)


def svd(a, full):
    """U, singular values in descending order, and V^H, with all columns or those that have a singular value."""
    return np.linalg.svd(a, full)


def singular_values(a):
    return np.linalg.svd(a, compute_uv=False)


def qr(a, complete):
    """Q, with all columns or with as many as R needs, and R."""
    return np.linalg.qr(a, "complete" if complete else "reduced")


def householder(a):
    """Reflectors below the diagonal of R and their factors, as geqrf has them; the first transposed."""
    return np.linalg.qr(a, "raw")


def orthogonal(a_t, tau, out_t):
    """The first columns of the product of the reflectors that `householder` makes."""
    name = "orgqr" if a_t.dtype.kind == "f" else "ungqr"
    orgqr = routine(name, a_t.dtype.char)
    out_t[...] = a_t
    for (matrix,), factors in zip(each(out_t), tau):
        orgqr(matrix, factors, lwork=64 * max(1, matrix.shape[1]), overwrite_a=True)


def multiply_orthogonal(a_t, tau, c_t, left, transposed):
    """C, in place, times the product of the reflectors that `householder` makes, or its transpose, from the left or right."""
    name, way = ("ormqr", "T") if a_t.dtype.kind == "f" else ("unmqr", "C")
    ormqr = routine(name, a_t.dtype.char)
    for (matrix, c), factors in zip(each(a_t, c_t), tau):
        ormqr("L" if left else "R", way if transposed else "N", matrix, factors, c, 64 * max(1, *c.shape), overwrite_c=True)


def least_squares(a_t, b_t):
    """Solutions of least squares or least norm in place of B, whose rows are max(m, n), and A's factors in place of A."""
    gels = routine("gels", a_t.dtype.char)
    for matrix, b in each(a_t, b_t):
        size = room("gels", a_t.dtype.char, *matrix.shape, b.shape[1])
        gels(matrix, b, lwork=size, overwrite_a=True, overwrite_b=True)


def pivoted_cholesky(a_t, tol, upper):
    """Factor of a positive matrix, its pivots counted from 1, its rank, and what LAPACK says of it."""
    return routine("pstrf", a_t.dtype.char)(a_t.T, tol=tol, lower=not upper, overwrite_a=True)


def matrix_exponential(a):
    from scipy.linalg import expm

    return np.stack([expm(matrix) for matrix in a]).astype(a.dtype, copy=False)


for _function in (lu, determinants, inverse, solve_matrices, lu_solve, cholesky, ldl, triangular, eigh, eig, svd, singular_values, qr,
                  householder, orthogonal, multiply_orthogonal, least_squares, pivoted_cholesky, matrix_exponential):
    table.enter("cpu", _function.__name__, _function)
