"""Systems of linear equations."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import cuda_memory, launch
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.geometry import broadcast_shapes
from ..core.op import derivative, op
from ..core.results import result_type
from ..core.state import state
from ..core.tensor_base import TensorBase, wrap
from . import matrices
from .decompositions import row_orders
from .diagonals import tril, triu
from .matrices import adjoint
from .sequences import eye

Tensor = TensorBase
TriangularSolve = result_type("triangular_solve", "solution", "cloned_coefficient")
NOT_SQUARE = "{name}: Incompatible shapes of A and B for the equation {equation} ({a[0]}x{a[1]} and {b[0]}x{b[1]})"


@op
def inverse_ex(input: Tensor) -> tuple[Tensor, Tensor]:
    """`inverse`, and for each matrix 0 or which pivot is the first that is zero."""
    info, made_t = matrices.codes(input), matrices.room(input, *input._array.shape[-2:])
    if made_t.size:
        launch.launch("inverse", matrices.stack(input), info, made_t, device=input._device)
    return matrices.turned(input, made_t), matrices.tensor_of(input, info)


def inverse_gradient(grads: list, results: list) -> Tensor | None:
    """-X^H grad X^H, where X is the inverse."""
    turned = adjoint(results[0])
    return None if grads[0] is None else -(turned @ grads[0] @ turned)


inverse_ex.declaration.node_name = "LinalgInvExBackward0"
derivative(inverse_ex, input=inverse_gradient)


def inverse(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of square matrices; LinAlgError if one has none.

    Shape: (\\*, n, n), as the result, which is in column order.

    >>> inverse(tensor([[2.0, 2.0], [1.0, 2.0]]))
    tensor([[ 1.0000, -1.0000],
            [-0.5000,  1.0000]])
    """
    matrices.check_square("linalg.inv", input)
    matrices.check_floating("linalg.inv", input)
    result, info = inverse_ex(input)
    check_pivots("linalg.inv", info)
    return launch.into_out("inverse", result, out)


def check_pivots(name: str, info: Any) -> None:
    """LinAlgError if a pivot is zero."""
    place, where = matrices.failure(info)
    if place:
        raise matrices.LinAlgError(f"{name}: {where}The diagonal element {place} is zero, the inversion could not be completed because "
                                   "the input matrix is singular.")


@op
def solve_ex(A: Tensor, B: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The solution of A X = B, the LU factors and pivots of A, and for each matrix 0 or which pivot is the first that is zero."""
    rows = A._array.shape[-1]
    info, made_t = matrices.codes(A), matrices.room(A, B._array.shape[-1], rows)
    lu_t, pivots = matrices.room(A, rows, rows), matrices.pivots_of(A)
    if lu_t.size:
        launch.launch("solve_matrices", matrices.stack(A), matrices.stack_t(B), pivots, info, lu_t, made_t, device=A._device)
    return (matrices.turned(A, made_t), matrices.turned(A, lu_t), matrices.tensor_of(A, pivots), matrices.tensor_of(A, info))


def solve_gradient(grads: list, results: list, A: Tensor) -> tuple:
    """Of B: A^-H grad; of A: minus that, times X^H."""
    if grads[0] is None:
        return None, None
    if state.grad:
        grad = solve_ex(adjoint(A), grads[0])[0]
    else:
        grad = lu_solve(results[1], results[2], grads[0], adjoint=True)
    return -(grad @ adjoint(results[0])), grad


solve_ex.declaration.node_name = "LinalgSolveExBackward0"
derivative(solve_ex, joint=solve_gradient, of=("A", "B"))


def is_vector(A: Tensor, B: Tensor) -> bool:
    """Whether B is one right side a matrix of A, without a dimension for more."""
    return B._array.ndim == 1 or A._array.ndim - 1 == B._array.ndim and B._array.shape == A._array.shape[:-1]


def check_sizes(name: str, A: Tensor, B: Tensor, left: bool) -> None:
    """RuntimeError unless A X = B (not ``left``: X A = B) has rows and columns that fit."""
    a, b = A._array.shape[-2:], B._array.shape[-2:]
    if a[0] != b[0 if left else 1]:
        raise RuntimeError(NOT_SQUARE.format(name=name, equation="AX = B" if left else "XA = B", a=a, b=b))


def solve(A: Tensor, B: Tensor, *, left: bool = True, out: Tensor | None = None) -> Tensor:
    """X of A X = B, or of X A = B if not ``left``; LinAlgError if A is singular.

    Shape: A is (\\*, n, n); B and X are (\\*, n, k), or (\\*, n) for one right side a matrix. Batch dimensions broadcast.

    >>> torch.linalg.solve(tensor([[2.0, 0.0], [1.0, 4.0]]), tensor([2.0, 5.0]))
    tensor([1., 1.])
    """
    result, info = solve_with_info("linalg.solve", A, B, left)
    place, where = matrices.failure(info)
    if place:
        raise matrices.LinAlgError(f"torch.linalg.solve: {where}The solver failed because the input matrix is singular.")
    return launch.into_out("solve", result, out)


def solve_with_info(name: str, A: Tensor, B: Tensor, left: bool) -> tuple[Tensor, Tensor]:
    """`solve`, and for each matrix 0 or which pivot is the first that is zero."""
    matrices.check_square(name, A)
    matrices.check_floating(name, A, "lu_cpu")
    matrices.check_same_kind(name, A, B)
    vector = is_vector(A, B)
    if vector:
        if not left:
            raise RuntimeError(f"{name}: Vector broadcasting of the left hand side is not supported for left=False.")
        B = B.unsqueeze(-1)
    check_sizes(name, A, B, left)
    A, B = matrices.broadcast_batches(A, B)
    if left:
        result, _, _, info = solve_ex(A, B)
    else:
        result, _, _, info = solve_ex(A.transpose(-1, -2), B.transpose(-1, -2))
        result = result.transpose(-1, -2)
    return result.squeeze(-1) if vector else result, info


@op
def solve_triangular_op(A: Tensor, B: Tensor, upper: bool, unitriangular: bool) -> Tensor:
    """X of A X = B for triangular A."""
    made_t, array = matrices.room(A, *B._array.shape[:-3:-1]), A._array
    if made_t.size:
        across = not array.flags.c_contiguous and array.swapaxes(-1, -2).flags.c_contiguous
        a = matrices.stack_t(A) if across else matrices.stack(A)
        launch.launch("triangular", a, matrices.stack_t(B), across, upper, unitriangular, made_t, device=A._device)
    return matrices.turned(A, made_t)


def triangular_gradient(grad: Tensor, result: Tensor, A: Tensor, upper: bool, unitriangular: bool, needs: tuple) -> tuple:
    """Of B: A^-H grad; of A: the triangle of minus that, times X^H."""
    of_b = solve_triangular_op(adjoint(A), grad, not upper, unitriangular)
    if not needs[0]:
        return None, of_b
    whole = -(of_b @ adjoint(result))
    return triu(whole, int(unitriangular)) if upper else tril(whole, -int(unitriangular)), of_b


solve_triangular_op.declaration.node_name = "LinalgSolveTriangularBackward0"
derivative(solve_triangular_op, joint=triangular_gradient, of=("A", "B"))


def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False,
                     out: Tensor | None = None) -> Tensor:
    """X of A X = B, or of X A = B if not ``left``, for triangular A, of which the other triangle is not read.

    With ``unitriangular`` the diagonal of A counts as ones. Batch dimensions broadcast.

    >>> torch.linalg.solve_triangular(tensor([[2.0, 0.0], [1.0, 4.0]]), tensor([[2.0], [5.0]]), upper=False)
    tensor([[1.],
            [1.]])
    """
    name = "linalg.solve_triangular"
    matrices.check_square(name, A)
    matrices.check_matrix(name, B, "B")
    check_sizes(name, A, B, left)
    matrices.check_implemented("triangular_solve_cpu", A)
    matrices.check_same_kind(name, A, B)
    A, B = matrices.broadcast_batches(A, B)
    if left:
        result = solve_triangular_op(A, B, upper, unitriangular)
    else:
        result = solve_triangular_op(A.transpose(-1, -2), B.transpose(-1, -2), not upper, unitriangular).transpose(-1, -2)
    return launch.into_out("solve_triangular", result, out)


def triangular_solve(b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False, *,
                     out: Any = None) -> TriangularSolve:
    """X of A X = b for upper (or lower) triangular A, or of A^T X = b with ``transpose``, and a copy of A.

    >>> triangular_solve(tensor([[5.0], [4.0]]), tensor([[2.0, 1.0], [0.0, 4.0]])).solution
    tensor([[2.],
            [1.]])
    """
    check_right_side("triangular_solve", b, A)
    matrices.check_implemented("triangular_solve_cpu", A)
    A, b = matrices.broadcast_batches(A, b)
    matrix, triangle = (A.transpose(-1, -2), not upper) if transpose else (A, upper)
    result = TriangularSolve(solve_triangular_op(matrix, b, triangle, unitriangular), copied_in_columns(A))
    return launch.into_out("triangular_solve", result, out)


def copied_in_columns(input: Tensor) -> Tensor:
    """A copy in column order."""
    turned = input.transpose(-1, -2)
    return input.clone() if turned.is_contiguous() else turned.contiguous().transpose(-1, -2)


def check_right_side(name: str, b: Tensor, A: Tensor) -> None:
    """What the older functions, which take the right side first, ask of it and of a square matrix."""
    if not isinstance(A, TensorBase):
        raise TypeError(f"{name}(): argument 'A' must be Tensor, not {type(A).__name__}")
    for label, one in (("b", b), ("A", A)):
        if one._array.ndim < 2:
            raise RuntimeError(f"{label} should have at least 2 dimensions, but has {one._array.ndim} dimensions instead")
    rows, columns = A._array.shape[-2:]
    if rows != columns:
        raise RuntimeError(f"A must be batches of square matrices, but they are {rows} by {columns} matrices")
    if b._array.shape[-2] != rows:
        raise RuntimeError(f"Incompatible matrix sizes for {name}: each A matrix is {rows} by {rows} but each b matrix is "
                           f"{b._array.shape[-2]} by {b._array.shape[-1]}")
    if b._dtype is not A._dtype:
        raise RuntimeError(f"Expected b and A to have the same dtype, but found b of type {matrices.kind_name(b)} and A of type "
                           f"{matrices.kind_name(A)} instead.")


def cholesky_solve(input: Tensor, input2: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """X of L L^T X = ``input``, where ``input2`` is the lower factor L; or of U^T U X if it is the ``upper`` one.

    Shape: input (\\*, n, k), input2 (\\*, n, n). Batch dimensions broadcast.

    >>> L = cholesky(tensor([[4.0, 2.0], [2.0, 5.0]]))
    >>> cholesky_solve(tensor([[6.0], [7.0]]), L)
    tensor([[1.],
            [1.]])
    """
    check_right_side("cholesky_solve", input, input2)
    matrices.check_implemented("cholesky_solve_cpu", input2)
    factor, b = matrices.broadcast_batches(input2, input)
    across = adjoint(factor)
    lower, above = (across, factor) if upper else (factor, across)
    result = solve_triangular_op(above, solve_triangular_op(lower, b, False, False), True, False)
    return launch.into_out("cholesky_solve", result, out)


def cholesky_inverse(input: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The inverse of L L^T, where ``input`` is the lower factor L; or of U^T U if it is the ``upper`` one.

    >>> cholesky_inverse(tensor([[2.0, 0.0], [1.0, 2.0]]))
    tensor([[ 0.3125, -0.1250],
            [-0.1250,  0.2500]])
    """
    matrices.check_square("cholesky_inverse", input)
    matrices.check_implemented("cholesky_inverse_out_cpu", input)
    zero = cuda_memory.moved(input._array.diagonal(0, -2, -1), CPU) == 0
    check_pivots("cholesky_inverse", np.where(zero.any(-1), zero.argmax(-1) + 1, 0) if zero.size else zero.any(-1))
    identity = eye(input._array.shape[-1], dtype=input._dtype, device=input._device)
    return launch.into_out("cholesky_inverse", cholesky_solve(identity, input, upper), out)


@op
def lu_solve_op(LU: Tensor, pivots: Tensor, B: Tensor) -> Tensor:
    """X of A X = B from the factors of A."""
    made_t = matrices.room(LU, *B._array.shape[:-3:-1])
    if made_t.size:
        order = launch.contiguous_array(pivots).reshape(len(made_t), pivots._array.shape[-1])
        launch.launch("lu_solve", matrices.stack_t(LU), order, matrices.stack_t(B), made_t, device=LU._device)
    return matrices.turned(LU, made_t)


lu_solve_op.declaration.node_name = "LinalgLuSolveBackward0"
derivative(lu_solve_op, B=lambda grad, LU, pivots: lu_solve(LU, pivots, grad, adjoint=True))


def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False, out: Tensor | None = None) -> Tensor:
    """X of A X = B from the factors and pivots of A that `lu_factor` gives; of X A = B if not ``left``, of A^H X = B if ``adjoint``.

    >>> LU, pivots = lu(tensor([[2.0, 0.0], [1.0, 4.0]]))
    >>> torch.linalg.lu_solve(LU, pivots, tensor([[2.0], [5.0]]))
    tensor([[1.],
            [1.]])
    """
    name = "linalg.lu_solve"
    matrices.check_square(name, LU, "LU")
    matrices.check_matrix(name, B, "B")
    matrices.check_floating(name, LU, "lu_solve_cpu")
    matrices.check_same_kind(name, LU, B, ("LU", "B"))
    if pivots._dtype is not dtypes.int32:
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type torch.int32")
    if pivots._array.shape != LU._array.shape[:-1]:
        raise RuntimeError(f"{name}: Number of pivots per batch should be same as the dimension of the matrix")
    check_sizes(name, LU, B, left)
    if not left:
        turned = matrices.adjoint(lu_solve(LU, pivots, matrices.adjoint(B), adjoint=not adjoint))
        return launch.into_out("lu_solve", turned, out)
    batch = broadcast_shapes(LU._array.shape[:-2], B._array.shape[:-2])
    LU, B = matrices.broadcast_batches(LU, B)
    pivots = pivots.expand(*batch, pivots._array.shape[-1])
    if adjoint or state.grad and LU.requires_grad:
        return launch.into_out("lu_solve", lu_solve_steps(LU, pivots, B, adjoint), out)
    return launch.into_out("lu_solve", lu_solve_op(LU, pivots, B), out)


def lu_solve_steps(LU: Tensor, pivots: Tensor, B: Tensor, adjoint: bool) -> Tensor:
    """`lu_solve` by operations that have derivatives for the factors, too."""
    order = row_orders(pivots, LU.shape[-1]).reshape(pivots.shape)
    if adjoint:
        half = solve_triangular_op(matrices.adjoint(LU), B, False, False)
        return rows_taken(solve_triangular_op(matrices.adjoint(LU), half, True, True), order.argsort(-1))
    return solve_triangular_op(LU, solve_triangular_op(LU, rows_taken(B, order), False, True), True, False)


def rows_taken(input: Tensor, order: np.ndarray) -> Tensor:
    """The rows of each matrix in an order of its own."""
    index = wrap(cuda_memory.moved(order, input._device), dtypes.int64).unsqueeze(-1).expand(input.shape)
    return input.gather(-2, index)
