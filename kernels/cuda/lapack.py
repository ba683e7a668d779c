"""Linear algebra of stacks of matrices: small ones by our own kernels, the others by cuBLAS and cuSOLVER, one by one where CuPy takes
no stacks. Arguments and results are those of ``cpu/lapack.py``.
"""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import table
from ..cpu.lapack import ours
from . import small_matrices as small
from .block import composed
from .launch import Kernel, cuda
from .reduction import empty_beside


def solve_small(a: Any, b_t: Any, columns: int, pivots: Any, info: Any, lu_t: Any, out_t: Any, factored: bool = False) -> None:
    """Call `small_solve` with flat arrays."""
    count, n = pivots.shape
    space, orders = room(a)
    small.small_solve(a.reshape(count, n * n), b_t.reshape(-1, max(1, columns * n)), columns, factored, space, orders, pivots, info,
                      lu_t.reshape(-1, n * n), out_t.reshape(count, -1))


def room(a: Any) -> tuple[Any, Any]:
    """What the kernels of small matrices write to besides their results."""
    return small.workspace(len(a), a.shape[1], a.dtype, lambda shape, dtype: empty_beside(a, shape, dtype))


def zero_pivots(lu_t, info):
    for m in range(cuda.grid(1), info.size, cuda.gridsize(1)):
        info[m] = 0
        for k in range(min(lu_t.shape[1], lu_t.shape[2]) - 1, -1, -1):
            if lu_t[m, k, k] == 0:
                info[m] = k + 1


def eliminate(lu_t, pivots):
    """LU factors in place, no row exchanged."""
    columns, rows = lu_t.shape[1], lu_t.shape[2]
    for m in range(cuda.grid(1), pivots.shape[0], cuda.gridsize(1)):
        for k in range(pivots.shape[1]):
            pivots[m, k] = k + 1
            pivot = lu_t[m, k, k]
            for i in range(k + 1, rows):
                if pivot != 0:
                    lu_t[m, k, i] /= pivot
                for j in range(k + 1, columns):
                    lu_t[m, j, i] -= lu_t[m, k, i] * lu_t[m, j, k]


def products(lu_t, pivots, diagonals, out):
    for m in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        out[m] = out.dtype.type(1)
        for k in range(pivots.shape[1]):
            value = lu_t[m, k, k]
            diagonals[m, k] = value if pivots[m, k] == k + 1 else -value
            out[m] *= diagonals[m, k]


def not_positive(out, failed, info):
    """Where a factorization has failed, the first number on the diagonal that is not positive, or the last."""
    n = out.shape[1]
    for m in range(cuda.grid(1), info.size, cuda.gridsize(1)):
        info[m] = n if failed[m] else 0
        for k in range(n - 1, -1, -1):
            if not out[m, k, k].real > 0:
                info[m] = k + 1


find_zeros, without_pivots = Kernel(zero_pivots), Kernel(eliminate, "eliminate", small.a_thread_a_matrix)
products_of_diagonals, find_not_positive = Kernel(products, "products_of_diagonals"), Kernel(not_positive)


@composed
def lu(a, pivot, pivots, info, lu_t):
    """LU factors of a (count, m, n) with the largest pivots, or those at hand if not ``pivot``.

    pivots (count, min(m, n)) says with which row each was exchanged, info (count,) the first pivot that is zero, both counted from 1.
    """
    count, m, n = a.shape
    if pivot and m == n and ours(a):
        solve_small(a, a[:0], 0, pivots, info, lu_t, lu_t)
        return
    lu_t[...] = a.swapaxes(1, 2)
    if not pivot:
        without_pivots(lu_t, pivots)
    else:
        from cupyx.scipy.linalg import lu_factor

        for i in range(count):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)      # of zero pivots
                factors, order = lu_factor(a[i], check_finite=False)
            lu_t[i], pivots[i] = factors.T, order + 1
    find_zeros(lu_t, info)


@composed
def determinants(a, diagonals, out):
    """Determinants of a (count, n, n); they are the products of ``diagonals`` (count, n)."""
    count, n = a.shape[:2]
    pivots = empty_beside(a, (count, n), np.int32)
    if ours(a):
        small.small_determinants(a.reshape(count, n * n), room(a)[0], pivots, diagonals, out)
        return
    lu_t = empty_beside(a, a.shape, a.dtype)
    table.find("cuda", "lu")(a, True, pivots, empty_beside(a, (count,), np.int32), lu_t)
    products_of_diagonals(lu_t, pivots, diagonals, out)


@composed
def inverse(a, info, out_t):
    """Inverses of a (count, n, n); info (count,) is that of `lu`, and where it is not 0 there is no inverse."""
    import cupy

    count, n = a.shape[:2]
    pivots = empty_beside(a, (count, n), np.int32)
    if ours(a, n):
        solve_small(a, a[:0], n, pivots, info, a[:0], out_t)
        return
    identity = cupy.eye(n, dtype=a.dtype)
    table.find("cuda", "solve_matrices")(a, cupy.ascontiguousarray(cupy.broadcast_to(identity, a.shape)), pivots, info, a[:0], out_t)


@composed
def solve_matrices(a, b_t, pivots, info, lu_t, x_t):
    """Solutions of A X = B: a is (count, n, n), b_t and x_t are (count, columns, n); pivots, info and lu_t are those of `lu`.

    lu_t may be of size 0 if it is not wanted.
    """
    columns = b_t.shape[1]
    if ours(a, columns):
        solve_small(a, b_t, columns, pivots, info, lu_t, x_t)
        return
    if lu_t.size == 0:
        lu_t = empty_beside(a, a.shape, a.dtype)
    table.find("cuda", "lu")(a, True, pivots, info, lu_t)
    table.find("cuda", "lu_solve")(lu_t, pivots, b_t, x_t)


@composed
def lu_solve(lu_t, pivots, b_t, x_t):
    """Solutions of A X = B from what `lu` made of A."""
    columns = b_t.shape[1]
    if ours(lu_t, columns):
        solve_small(lu_t, b_t, columns, pivots, empty_beside(pivots, (1,), np.int32), lu_t[:0], x_t, factored=True)
        return
    from cupyx.scipy import linalg

    for i in range(len(lu_t)):
        x_t[i] = linalg.lu_solve((lu_t[i].T, pivots[i] - 1), b_t[i].T, check_finite=False).T


@composed
def cholesky(a, info, out):
    """Lower factors of positive a (count, n, n), of which the lower triangles are read.

    info (count,) says which leading minor is the first that is not positive, counted from 1; 0 if all are.
    """
    import cupy
    import cupyx

    count, n = a.shape[:2]
    if ours(a):
        small.small_cholesky(a.reshape(count, n * n), n, room(a)[0], info, out.reshape(count, n * n))
        return
    failed = np.zeros(count, np.bool_)
    for i in range(count):
        try:
            with cupyx.errstate(linalg="raise"):
                out[i] = cupy.linalg.cholesky(a[i])
        except np.linalg.LinAlgError:
            failed[i] = True
            with cupyx.errstate(linalg="ignore"):
                out[i] = cupy.linalg.cholesky(a[i])
    find_not_positive(out, cupy.asarray(failed), info)


@composed
def triangular(a, b_t, transposed, upper, unit, x_t):
    """Solutions of A X = B for triangular A (count, n, n), or its transpose, of which one triangle is read.

    ``upper`` speaks of what is solved for: of the transpose, if ``transposed``. With ``unit`` the diagonal counts as ones.
    """
    count, columns, n = b_t.shape
    if ours(a, columns):
        small.small_triangular(a.reshape(count, n * n), b_t.reshape(count, columns * n), n, transposed, upper, unit, room(a)[0],
                               x_t.reshape(count, columns * n))
        return
    from cupyx.scipy.linalg import solve_triangular

    how = "T" if transposed else "N", upper == transposed, unit
    if count > 1:
        x_t[...] = solve_triangular(a, b_t.swapaxes(1, 2), *how).swapaxes(1, 2)
    else:
        x_t[0] = solve_triangular(a[0], b_t[0].T, *how).T


def alone(function: Any, a: Any, *options: Any) -> Any:
    """A decomposition of a stack; of a single matrix by the routine for one, which takes matrices of any size in its best way."""
    if len(a) > 1:
        return function(a, *options)
    found = function(a[0], *options)
    return tuple([one.reshape(1, *one.shape) for one in found]) if isinstance(found, tuple) else found.reshape(1, *found.shape)


@composed
def eigh(a, upper):
    """Eigenvalues in ascending order and eigenvectors, in columns, of symmetric matrices of which one triangle is read."""
    import cupy

    return alone(cupy.linalg.eigh, a, "U" if upper else "L")


@composed
def eig(a):
    """Complex eigenvalues and eigenvectors, in columns."""
    import cupy

    kind = np.result_type(a.dtype, np.complex64)
    values, vectors = cupy.linalg.eig(a)
    return values.astype(kind), vectors.astype(kind)


@composed
def svd(a, full):
    """U, singular values in descending order, and V^H, with all columns or those that have a singular value."""
    import cupy

    return alone(cupy.linalg.svd, a, full)


@composed
def singular_values(a):
    import cupy

    return alone(cupy.linalg.svd, a, False, False)


@composed
def qr(a, complete):
    """Q, with all columns or with as many as R needs, and R."""
    import cupy

    return alone(cupy.linalg.qr, a, "complete" if complete else "reduced")


@composed
def householder(a):
    """Reflectors below the diagonal of R and their factors, as geqrf has them; the first transposed."""
    import cupy

    return alone(cupy.linalg.qr, a, "raw")


@composed
def least_squares(a_t, b_t):
    """Solutions of least squares or least norm in place of B, whose rows are max(m, n), and A's factors in place of A.

    A = Q R: the solution is R^-1 Q^H B; of A^H = Q R, where there are fewer rows than columns, Q R^-H B.
    """
    import cupy
    from cupyx.scipy.linalg import solve_triangular

    for i in range(len(a_t)):
        columns, rows = a_t[i].shape
        if rows >= columns:
            q, r = cupy.linalg.qr(a_t[i].T, "complete")
            turned = cupy.matmul(q.T.conj(), b_t[i].T)
            turned[:columns] = solve_triangular(r[:columns], turned[:columns])
            b_t[i] = turned.T
        else:
            q, r = cupy.linalg.qr(a_t[i].conj())
            b_t[i] = cupy.matmul(q, solve_triangular(r, b_t[i, :, :rows].T, "C")).T
        a_t[i] = cupy.linalg.qr(a_t[i].T, "raw")[0]


@composed
def matrix_exponential(a):
    from cupyx.scipy.linalg import expm

    made = empty_beside(a, a.shape, a.dtype)
    for i in range(len(a)):
        made[i] = expm(a[i])
    return made
