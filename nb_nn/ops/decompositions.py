"""Matrices taken apart into triangles and orthogonal factors.

The letters in formulas are the usual ones: L and U for the triangles of `lu`, Q and R for the factors of `qr`, H for a
transpose that is conjugated where numbers are complex.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import cuda_memory, launch
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.op import derivative, op
from ..core.results import result_type
from ..core.tensor_base import TensorBase, wrap
from . import matrices
from .diagonals import diag_embed, tril, triu
from .joining import cat
from .matrices import adjoint
from .sequences import eye

Tensor = TensorBase
QR = result_type("qr", "Q", "R")
LU = result_type("lu_unpack", "P", "L", "U")
LUWithInfo = result_type("_lu_with_info", "LU", "pivots", "info")


def halved_diagonal(input: Tensor) -> Tensor:
    """Matrices whose diagonal is halved."""
    return input - diag_embed(input.diagonal(0, -2, -1)) * 0.5


@op
def cholesky_ex(input: Tensor, upper: bool) -> tuple[Tensor, Tensor]:
    """`cholesky`, and for each matrix 0 or the order of the first leading minor that is not positive."""
    info, made = matrices.codes(input), matrices.room(input, *input._array.shape[-2:])
    if made.size:
        a = matrices.stack_t(input) if upper else matrices.stack(input)
        if upper and input._dtype.category == 3:
            a = a.conj()
        launch.launch("cholesky", a, info, made, device=input._device)
    if upper and input._dtype.category == 3:
        made[...] = made.conj()
    return (matrices.turned if upper else matrices.tensor_of)(input, made), matrices.tensor_of(input, info)


def cholesky_gradient(grads: list, results: list, upper: bool) -> Tensor | None:
    """L^-H S L^-1 / 2, where S is the matrix with the lower triangle of L^H grad and its mirror image above."""
    from .solving import solve_triangular

    grad, lower = grads[0], results[0]
    if grad is None:
        return None
    if upper:
        grad, lower = adjoint(grad), adjoint(lower)
    low = tril(adjoint(lower) @ grad)
    inner = solve_triangular(adjoint(lower), low + adjoint(tril(low, -1)), upper=True)
    return solve_triangular(lower, inner, upper=False, left=False) * 0.5


cholesky_ex.declaration.node_name = "CholeskyBackward0"
derivative(cholesky_ex, input=cholesky_gradient)


def checked_cholesky(name: str, input: Tensor, upper: bool) -> Tensor:
    """The Cholesky factor; LinAlgError where there is none."""
    matrices.check_square(name, input)
    matrices.check_implemented("cholesky_cpu", input)
    result, info = cholesky_ex(input, upper)
    order, where = matrices.failure(info)
    if order:
        raise matrices.LinAlgError(f"{name}: {where}The factorization could not be completed because the input is not "
                                   f"positive-definite (the leading minor of order {order} is not positive-definite).")
    return result


def cholesky(input: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The triangle L of symmetric positive matrices A = L L^T, or U of A = U^T U if ``upper``.

    Shape: (\\*, n, n), as the result. Of A only the triangle asked for is read.

    >>> cholesky(tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    return launch.into_out("cholesky", checked_cholesky("cholesky", input, upper), out)


@op
def lu_factor_ex(input: Tensor, pivot: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    """LU factors in one matrix, pivots, and for each matrix 0 or which pivot is the first that is zero."""
    rows, columns = input._array.shape[-2:]
    info, made_t = matrices.codes(input), matrices.room(input, columns, rows)
    pivots = matrices.pivots_of(input)
    if made_t.size:
        launch.launch("lu", matrices.stack(input), pivot, pivots, info, made_t, device=input._device)
    return matrices.turned(input, made_t), matrices.tensor_of(input, pivots), matrices.tensor_of(input, info)


def lu_gradient(grads: list, results: list) -> Tensor | None:
    """Of the square part P L^-H (low(L^H dL) + up(dU U^H)) U^-H; what is below or beside it is solved for."""
    from .solving import solve_triangular

    grad, factors, pivots = grads[0], results[0], results[1]
    if grad is None:
        return None
    rows, columns = factors.shape[-2:]
    size = min(rows, columns)
    lower, upper = lu_triangles(factors)
    low, up = tril(grad.narrow(-1, 0, size), -1), triu(grad.narrow(-2, 0, size))
    low_square, up_square = low.narrow(-2, 0, size), up.narrow(-1, 0, size)
    square_l, square_u = lower.narrow(-2, 0, size), upper.narrow(-1, 0, size)
    below = beside = None
    if rows > size:
        low_rest, rest = low.narrow(-2, size, rows - size), lower.narrow(-2, size, rows - size)
        below = solve_triangular(adjoint(square_u), low_rest, upper=False, left=False)
    if columns > size:
        up_rest, rest = up.narrow(-1, size, columns - size), upper.narrow(-1, size, columns - size)
        beside = solve_triangular(adjoint(square_l), up_rest, upper=True, unitriangular=True)
    first, second = adjoint(square_l) @ low_square, up_square @ adjoint(square_u)
    if below is not None:
        second = second - adjoint(rest) @ low_rest
    if beside is not None:
        first = first - up_rest @ adjoint(rest)
    inner = solve_triangular(adjoint(square_l), tril(first, -1) + triu(second), upper=True, unitriangular=True)
    made = solve_triangular(adjoint(square_u), inner, upper=False, left=False)
    if below is not None:
        made = cat((made, below), -2)
    if beside is not None:
        made = cat((made, beside), -1)
    return permutation(pivots, rows, made) @ made


lu_factor_ex.declaration.node_name = "LinalgLuFactorExBackward0"
derivative(lu_factor_ex, input=lu_gradient)


def lu_triangles(factors: Tensor) -> tuple[Tensor, Tensor]:
    """L, with ones on its diagonal, and U of the matrix that holds both."""
    rows, columns = factors.shape[-2:]
    size = min(rows, columns)
    lower = tril(factors.narrow(-1, 0, size), -1) + eye(rows, size, dtype=factors.dtype, device=factors.device)
    return lower, triu(factors.narrow(-2, 0, size))


def row_orders(pivots: Tensor, rows: int) -> np.ndarray:
    """Which row of A each row of L U is: (count, rows), from pivots counted from 1."""
    given = cuda_memory.moved(pivots._array, CPU).reshape(math.prod(pivots._array.shape[:-1]), pivots._array.shape[-1])
    order = np.tile(np.arange(rows), (len(given), 1))
    every = np.arange(len(given))
    for k in range(given.shape[1]):
        other = given[:, k] - 1
        order[every, k], order[every, other] = order[every, other], order[every, k].copy()
    return order


def permutation(pivots: Tensor, rows: int, like: Tensor) -> Tensor:
    """The matrix P of A = P L U, in ``like``'s type."""
    order = row_orders(pivots, rows)
    made = np.zeros((len(order), rows, rows), like._array.dtype)
    np.put_along_axis(made, order[:, None, :], 1, 1)
    made = cuda_memory.moved(made.reshape(*pivots._array.shape[:-1], rows, rows), like._device)
    return wrap(made, like._dtype)


def lu(input: Tensor, pivot: bool = True, get_infos: bool = False, *, out: Any = None) -> tuple:
    """LU factors of matrices in one matrix, and pivots: row i was exchanged with row ``pivots[i]``, counted from 1.

    With ``get_infos`` comes, for each matrix, which pivot is the first that is zero, 0 if none is. Without ``pivot`` no rows
    are exchanged.

    >>> lu(tensor([[1.0, 2.0], [2.0, 8.0]]))
    (tensor([[ 2.0000,  8.0000],
            [ 0.5000, -2.0000]]), tensor([2, 2], dtype=torch.int32))
    """
    if input._array.ndim < 2:
        raise RuntimeError(f"torch.lu_factor: Expected tensor with 2 or more dimensions. Got size: {list(input._array.shape)} instead")
    matrices.check_implemented("lu_cpu", input)
    made = lu_factor_ex(input, pivot)
    return launch.into_out("lu", LUWithInfo(*made) if get_infos else made[:2], out)


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True, *, out: Any = None) -> LU:
    """P, L and U of A = P L U from what `lu` gives.

    >>> P, L, U = lu_unpack(*lu(tensor([[1.0, 2.0], [2.0, 8.0]])))
    >>> P @ L @ U
    tensor([[1., 2.],
            [2., 8.]])
    """
    if unpack_pivots and LU_pivots.dtype is not dtypes.int32:
        raise RuntimeError("torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype. Note: this function is "
                           "intended to be used with the output produced by torch.linalg.lu_factor")
    nothing = LU_data.new_empty(0)
    lower, upper = lu_triangles(LU_data) if unpack_data else (nothing, nothing)
    exchanged = permutation(LU_pivots, LU_data._array.shape[-2], LU_data) if unpack_pivots else nothing
    return launch.into_out("lu_unpack", LU(exchanged, lower, upper), out)


@op
def qr_op(input: Tensor, complete: bool) -> tuple[Tensor, Tensor]:
    """`qr` with checked arguments."""
    q, r = launch.launch("qr", matrices.stack(input), complete, device=input._device)
    return matrices.in_columns(input, q), matrices.tensor_of(input, r)


def qr_gradient(grads: list, results: list, complete: bool) -> Tensor | None:
    """(dQ + Q sym(up(dR R^H - Q^H dQ))) R^-H of tall matrices; columns beyond the square part are Q dR, and add to dQ."""
    from .solving import solve_triangular

    (grad_q, grad_r), (q, r) = grads, results
    rows, columns = q.shape[-2], r.shape[-1]
    size = min(rows, columns)
    if complete and rows > columns:
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols.")
    beside = None
    if grad_r is not None and columns > size:
        grad_rest, rest = grad_r.narrow(-1, size, columns - size), r.narrow(-1, size, columns - size)
        beside, more = q @ grad_rest, q @ rest @ adjoint(grad_rest)
        grad_q = more if grad_q is None else grad_q + more
        grad_r = grad_r.narrow(-1, 0, size)
    elif columns > size:
        beside = q.new_zeros((*q.shape[:-1], columns - size))
    square = r.narrow(-1, 0, size)
    inner = None if grad_r is None else grad_r @ adjoint(square)
    if grad_q is not None:
        inner = -adjoint(q) @ grad_q if inner is None else inner - adjoint(q) @ grad_q
    upper = halved_diagonal(triu(inner))
    total = q @ (upper + adjoint(upper))
    if grad_q is not None:
        total = total + grad_q
    made = solve_triangular(adjoint(square), total, upper=False, left=False)
    return made if beside is None else cat((made, beside), -1)


qr_op.declaration.node_name = "LinalgQrBackward0"
derivative(qr_op, input=qr_gradient)


def qr(input: Tensor, some: bool = True, *, out: Any = None) -> QR:
    """Orthogonal Q and upper triangular R whose product is each matrix; not ``some``, but all columns of Q if so asked.

    Shape: (\\*, m, n); Q is (\\*, m, k) and R (\\*, k, n), where k is min(m, n), or m. Q is in column order.

    >>> qr(tensor([[3.0, 5.0], [4.0, 0.0]])).R
    tensor([[-5., -3.],
            [ 0., -4.]])
    """
    matrices.check_matrix("linalg.qr", input)
    matrices.check_floating("linalg.qr", input, "geqrf_cpu")
    return launch.into_out("qr", QR(*qr_op(input, not some)), out)
