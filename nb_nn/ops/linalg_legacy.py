"""Linear algebra under its names of torch 1.0 and 1.1, with their defaults and orders of arguments."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.op import derivative, op
from ..core.results import result_type
from ..core.tensor_base import TensorBase, wrap
from . import matrices
from .decompositions import cholesky, lu_factor_ex, lu_unpack
from .solving import check_right_side, cholesky_inverse, cholesky_solve, lu_solve, solve_ex, triangular_solve

Tensor = TensorBase
Solve = result_type("solve", "solution", "LU")
Eig = result_type("eig", "eigenvalues", "eigenvectors")
Gels = result_type("gels", "solution", "QR")
Pstrf = result_type("pstrf", "u", "pivot")


def check_singular(name: str, info: Any) -> None:
    """LinAlgError if a pivot is zero, in the words of torch 1.1."""
    place, where = matrices.failure(info)
    if place:
        where = where.replace("(Batch element ", "For batch ").replace(")", "")
        raise matrices.LinAlgError(f"{name}: {where}U({place},{place}) is zero, singular U.")


def solve(input: Tensor, A: Tensor, *, out: Any = None) -> Solve:
    """X of A X = ``input``, and the LU factors of A in one matrix; LinAlgError if A is singular.

    Shape: input and X are (\\*, n, k), A and the factors (\\*, n, n), all results in column order. Batch dimensions broadcast.

    >>> solve(tensor([[2.0], [5.0]]), tensor([[2.0, 0.0], [1.0, 4.0]])).solution
    tensor([[1.],
            [1.]])
    """
    if input._array.ndim < 2:
        raise RuntimeError(f"B should have at least 2 dimensions, but has {input._array.ndim} dimensions instead")
    check_right_side("solve", input, A)
    matrices.check_implemented("solve_cpu", A)
    result, factors, _, info = solve_ex(*matrices.broadcast_batches(A, input))
    check_singular("solve_cpu", info)
    return launch.into_out("solve", Solve(result, factors.detach()), out)


def gesv(input: Tensor, A: Tensor, *, out: Any = None) -> Solve:
    """The older name of `solve`.

    >>> gesv(tensor([[2.0]]), tensor([[4.0]])).solution
    tensor([[0.5000]])
    """
    return solve(input, A, out=out)


def trtrs(b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False, *, out: Any = None) -> Any:
    """The older name of `triangular_solve`.

    >>> trtrs(tensor([[2.0]]), tensor([[4.0]])).solution
    tensor([[0.5000]])
    """
    return triangular_solve(b, A, upper, transpose, unitriangular, out=out)


def potrf(input: Tensor, upper: bool = True, *, out: Tensor | None = None) -> Tensor:
    """The older name of `cholesky`, with the upper triangle by default.

    >>> potrf(tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 1.],
            [0., 2.]])
    """
    return cholesky(input, upper, out=out)


def potrs(input: Tensor, input2: Tensor, upper: bool = True, *, out: Tensor | None = None) -> Tensor:
    """The older name of `cholesky_solve`, with an upper triangle by default.

    >>> potrs(tensor([[6.0], [7.0]]), tensor([[2.0, 1.0], [0.0, 2.0]]))
    tensor([[1.],
            [1.]])
    """
    return cholesky_solve(input, input2, upper, out=out)


def potri(input: Tensor, upper: bool = True, *, out: Tensor | None = None) -> Tensor:
    """The older name of `cholesky_inverse`, with an upper triangle by default.

    >>> potri(tensor([[2.0, 1.0], [0.0, 2.0]]))
    tensor([[ 0.3125, -0.1250],
            [-0.1250,  0.2500]])
    """
    return cholesky_inverse(input, upper, out=out)


@op
def pstrf_op(input: Tensor, upper: bool, tol: float) -> tuple[Tensor, Tensor]:
    """`pstrf` with checked arguments."""
    made_t = matrices.stack_t(input).copy()
    factor, pivots, _, info = launch.launch("pivoted_cholesky", made_t[0], tol, upper, device=input._device)
    if info > 0:
        raise matrices.LinAlgError("Lapack Error pstrf : matrix is rank deficient or not positive semidefinite")
    factor = np.triu(factor) if upper else np.tril(factor)
    return matrices.in_columns(input, factor[None]), wrap(pivots.astype(np.int32) - 1, dtypes.int32)


pstrf_op.declaration.node_name = "PstrfBackward0"
derivative(pstrf_op, input=matrices.refuse("pstrf"))


def pstrf(input: Tensor, upper: bool = True, tol: float = -1, *, out: Any = None) -> Pstrf:
    """The Cholesky factor u of a positive matrix whose rows and columns were put into the order ``pivot``, largest first.

    >>> pstrf(tensor([[1.0, 0.0], [0.0, 4.0]]))
    torch.return_types.pstrf(
    u=tensor([[2., 0.],
            [0., 1.]]),
    pivot=tensor([1, 0], dtype=torch.int32))
    """
    check_two_dimensions("pstrf", input)
    matrices.check_square("pstrf", input)
    matrices.check_implemented("pstrf_cpu", input)
    return launch.into_out("pstrf", Pstrf(*pstrf_op(input, upper, tol)), out)


def check_two_dimensions(name: str, input: Tensor) -> None:
    """RuntimeError unless the tensor is one matrix."""
    if input._array.ndim != 2:
        raise RuntimeError(f"{name}: A should be 2 dimensional, but has {input._array.ndim} dimensions")


def btrifact(A: Tensor, pivot: bool = True, *, out: Any = None) -> tuple[Tensor, Tensor]:
    """LU factors of matrices in one matrix, and pivots counted from 1; LinAlgError if a matrix is singular.

    >>> btrifact(tensor([[[1.0, 2.0], [2.0, 8.0]]]))[1]
    tensor([[2, 2]], dtype=torch.int32)
    """
    factors, pivots, info = btrifact_with_info(A, pivot)
    check_singular("lu", info)
    return launch.into_out("btrifact", (factors, pivots), out)


def btrifact_with_info(A: Tensor, pivot: bool = True, *, out: Any = None) -> tuple[Tensor, Tensor, Tensor]:
    """LU factors, pivots, and for each matrix 0 or which pivot is the first that is zero.

    >>> btrifact_with_info(tensor([[[0.0, 0.0], [0.0, 0.0]]]))[2]
    tensor([1], dtype=torch.int32)
    """
    if A._array.ndim < 2:
        raise RuntimeError(f"expected tensor with 2 or more dimensions, got size: {list(A._array.shape)} instead")
    matrices.check_square("btrifact", A)
    matrices.check_implemented("lu_cpu", A)
    return launch.into_out("btrifact_with_info", lu_factor_ex(A, pivot), out)


def btrisolve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None) -> Tensor:
    """X of A X = b from what `btrifact` gives; b has one right side a matrix, (\\*, n), or more, (\\*, n, k).

    >>> btrisolve(tensor([[2.0, 5.0]]), *btrifact(tensor([[[2.0, 0.0], [1.0, 4.0]]])))
    tensor([[1., 1.]])
    """
    vector = b._array.ndim == LU_data._array.ndim - 1
    result = lu_solve(LU_data, LU_pivots, b.unsqueeze(-1) if vector else b)
    return launch.into_out("btrisolve", result.squeeze(-1) if vector else result, out)


def btriunpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> tuple:
    """P, L and U of A = P L U from what `btrifact` gives; None for what is not unpacked.

    >>> btriunpack(*btrifact(tensor([[[1.0, 2.0], [2.0, 8.0]]])))[0]
    tensor([[[0., 1.],
             [1., 0.]]])
    """
    exchanged, lower, upper = lu_unpack(LU_data, LU_pivots, unpack_data, unpack_pivots)
    return exchanged if unpack_pivots else None, lower if unpack_data else None, upper if unpack_data else None


@op
def legacy_eig_op(input: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues as pairs of real numbers, and eigenvectors, of which those of a complex pair share two columns."""
    array = matrices.stack(input)
    if not np.isfinite(array).all():
        raise RuntimeError("eig: input tensor should not contain infs or NaNs.")
    values, vectors = launch.launch("eig", array, device=input._device)
    packed = np.where(values.imag[:, None, :] < 0, -vectors.imag, vectors.real)    # conjugates follow each other
    pairs = np.stack((values.real, values.imag), -1)
    kind = array.dtype
    return matrices.tensor_of(input, pairs.astype(kind)), matrices.in_columns(input, packed.astype(kind))


legacy_eig_op.declaration.node_name = "EigBackward0"
derivative(legacy_eig_op, input=matrices.refuse("eig"))


def eig(input: Tensor, eigenvectors: bool = False, *, out: Any = None) -> Eig:
    """Eigenvalues of a real square matrix, (n, 2) with real and imaginary parts, and if asked for eigenvectors in columns.

    Where eigenvalues j and j + 1 are a conjugate pair, the eigenvectors are columns j plus and minus i times columns j + 1.
    There is no derivative.

    >>> eig(tensor([[0.0, 1.0], [-1.0, 0.0]])).eigenvalues
    tensor([[ 0.,  1.],
            [ 0., -1.]])
    """
    check_two_dimensions("eig", input)
    matrices.check_square("eig", input)
    matrices.check_implemented("eig_cpu", input)
    values, vectors = legacy_eig_op(input)
    return launch.into_out("eig", Eig(values, vectors if eigenvectors else input.new_empty(0)), out)


@op
def gels_op(input: Tensor, A: Tensor) -> tuple[Tensor, Tensor]:
    """`gels` with checked arguments."""
    rows, columns = A._array.shape
    factors, solution = matrices.stack_t(A).copy(), memory.zeros((1, input._array.shape[1], max(rows, columns)), A._array.dtype, A._device)
    solution[:, :, :rows] = matrices.stack_t(input)
    if factors.size and solution.size:
        launch.launch("least_squares", factors, solution, device=A._device)
    return matrices.turned(input, solution), matrices.turned(A, factors)


gels_op.declaration.node_name = "GelsBackward0"
derivative(gels_op, input=matrices.refuse("gels"), A=matrices.refuse("gels"))


def gels(input: Tensor, A: Tensor, *, out: Any = None) -> Gels:
    """X that makes A X - ``input`` smallest, or the smallest X of A X = ``input`` where A has fewer rows than columns.

    Shape: input (m, k), A (m, n) of full rank; X is (max(m, n), k): n rows of the solution, then rows the squares of whose
    elements add up to the residuals. Results are in column order; the second is LAPACK's QR factorization.

    >>> gels(tensor([[1.0], [1.0]]), tensor([[1.0], [3.0]])).solution[:1]
    tensor([[0.4000]])
    """
    if A._array.ndim != 2:
        raise RuntimeError(f"gels: A should have 2 dimensions, but has {A._array.ndim}")
    if input._array.ndim == 1:
        input = input.unsqueeze(1)
    if input._array.ndim != 2:
        raise RuntimeError(f"gels: B should have 1 or 2 dimensions, but has {input._array.ndim}")
    if input._array.shape[0] != A._array.shape[0]:
        raise RuntimeError(f"Expected A and b to have same size at dim 0, but A has {A._array.shape[0]} rows and B has "
                           f"{input._array.shape[0]} rows")
    matrices.check_implemented("gels_cpu", A)
    matrices.check_same_kind("gels", input, A, ("B", "A"))
    return launch.into_out("gels", Gels(*gels_op(input, A)), out)


def lstsq(input: Tensor, A: Tensor, *, out: Any = None) -> Gels:
    """The later name of `gels`.

    >>> lstsq(tensor([[1.0], [1.0]]), tensor([[1.0], [3.0]])).solution[:1]
    tensor([[0.4000]])
    """
    return gels(input, A, out=out)
