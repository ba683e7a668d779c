"""Linear algebra under the names and with the arguments of today's ``torch.linalg``.

>>> import nb_nn as torch
>>> torch.linalg.inv(torch.tensor([[2.0]]))
tensor([[0.5000]])
"""
from __future__ import annotations

import math
from typing import Any

from .core import launch
from .core.geometry import broadcast_shapes
from .core.results import result_type
from .core.state import state
from .core.tensor_base import TensorBase
from .ops import decompositions, determinants, matrices, reflectors, slicing, solving, spectra, vector, view
from .ops.ldl import ldl_factor, ldl_factor_ex, ldl_solve
from .ops.matmul import matmul
from .ops.matrices import LinAlgError
from .ops.matrix_functions import matrix_exp, matrix_power, multi_dot, vander
from .ops.matrix_norms import cond, matrix_norm, norm, vector_norm
from .ops.solving import lu_solve, solve, solve_triangular

Tensor = TensorBase
__all__ = ["LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals",
           "eigvalsh", "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex", "ldl_solve", "lstsq", "lu",
           "lu_factor", "lu_factor_ex", "lu_solve", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank",
           "multi_dot", "norm", "pinv", "qr", "slogdet", "solve", "solve_ex", "solve_triangular", "svd", "svdvals",
           "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm"]

CholeskyEx = result_type("linalg_cholesky_ex", "L", "info")
InvEx = result_type("linalg_inv_ex", "inverse", "info")
SolveEx = result_type("linalg_solve_ex", "result", "info")
LUFactor = result_type("linalg_lu_factor", "LU", "pivots")
LUFactorEx = result_type("linalg_lu_factor_ex", "LU", "pivots", "info")
LU = result_type("linalg_lu", "P", "L", "U")
QR = result_type("linalg_qr", "Q", "R")
SVD = result_type("linalg_svd", "U", "S", "Vh")
Eigh = result_type("linalg_eigh", "eigenvalues", "eigenvectors")
Eig = result_type("linalg_eig", "eigenvalues", "eigenvectors")
SlogDet = result_type("linalg_slogdet", "sign", "logabsdet")
Lstsq = result_type("linalg_lstsq", "solution", "residuals", "rank", "singular_values")


def cholesky(A: Tensor, *, upper: bool = False, out: Tensor | None = None) -> Tensor:
    """The triangle L of symmetric positive matrices A = L L^H, or U of A = U^H U if ``upper``; see `nb_nn.cholesky`."""
    matrices.check_square("linalg.cholesky", A)
    matrices.check_floating("linalg.cholesky", A, "cholesky_cpu")
    return launch.into_out("cholesky", decompositions.checked_cholesky("linalg.cholesky", A, upper), out)


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False, out: Any = None) -> CholeskyEx:
    """`cholesky`, and for each matrix 0 or the order of the first leading minor that is not positive."""
    if check_errors:
        cholesky(A, upper=upper)
    matrices.check_square("linalg.cholesky_ex", A)
    matrices.check_floating("linalg.cholesky_ex", A, "cholesky_cpu")
    return launch.into_out("cholesky_ex", CholeskyEx(*decompositions.cholesky_ex(A, upper)), out)


def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of square matrices; see `nb_nn.inverse`."""
    return solving.inverse(A, out=out)


def inv_ex(A: Tensor, *, check_errors: bool = False, out: Any = None) -> InvEx:
    """`inv`, and for each matrix 0 or which pivot is the first that is zero."""
    matrices.check_square("linalg.inv_ex", A)
    matrices.check_floating("linalg.inv_ex", A)
    made = InvEx(*solving.inverse_ex(A))
    if check_errors:
        solving.check_pivots("linalg.inv_ex", made.info)
    return launch.into_out("inv_ex", made, out)


def det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Determinants of square matrices; see `nb_nn.det`."""
    return determinants.det(A, out=out)


def slogdet(A: Tensor, *, out: Any = None) -> SlogDet:
    """Sign of the determinant and logarithm of its size; see `nb_nn.slogdet`."""
    return launch.into_out("slogdet", SlogDet(*determinants.slogdet(A)), out)


def eigh(A: Tensor, UPLO: str = "L", *, out: Any = None) -> Eigh:
    """Eigenvalues in ascending order and eigenvectors, in columns, of symmetric matrices of which one triangle is read.

    >>> torch.linalg.eigh(tensor([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    tensor([1., 3.])
    """
    return launch.into_out("eigh", Eigh(*checked_eigh("linalg.eigh", A, UPLO)), out)


def checked_eigh(name: str, A: Tensor, UPLO: str) -> tuple[Tensor, Tensor]:
    matrices.check_square(name, A)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    matrices.check_implemented("linalg_eigh_cpu", A)
    return spectra.eigh_op(A, UPLO.upper() == "U")


def eigvalsh(A: Tensor, UPLO: str = "L", *, out: Tensor | None = None) -> Tensor:
    """Eigenvalues of symmetric matrices in ascending order."""
    return launch.into_out("eigvalsh", checked_eigh("linalg.eigvalsh", A, UPLO)[0], out)


def eig(A: Tensor, *, out: Any = None) -> Eig:
    """Complex eigenvalues and eigenvectors, in columns, of any square matrices.

    >>> torch.linalg.eig(tensor([[0.0, 1.0], [-1.0, 0.0]])).eigenvalues
    tensor([0.+1.j, 0.-1.j])
    """
    matrices.check_square("linalg.eig", A)
    matrices.check_implemented("linalg_eig_out_cpu", A)
    return launch.into_out("eig", Eig(*spectra.eig_op(A)), out)


def eigvals(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Complex eigenvalues of any square matrices."""
    matrices.check_square("linalg.eigvals", A)
    matrices.check_implemented("linalg_eig_out_cpu", A)
    return launch.into_out("eigvals", spectra.eig_op(A)[0], out)


def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None, out: Any = None) -> SVD:
    """U, singular values S in descending order and V^H, such that each matrix is U diag(S) V^H.

    >>> torch.linalg.svd(tensor([[0.0, 3.0], [4.0, 0.0]])).S
    tensor([4., 3.])
    """
    matrices.check_matrix("linalg.svd", A)
    matrices.check_floating("linalg.svd", A, "linalg_svd_cpu")
    return launch.into_out("svd", SVD(*spectra.svd_op(A, full_matrices)), out)


def svdvals(A: Tensor, *, driver: str | None = None, out: Tensor | None = None) -> Tensor:
    """Singular values in descending order."""
    matrices.check_matrix("linalg.svdvals", A)
    matrices.check_floating("linalg.svdvals", A, "linalg_svd_cpu")
    recorded = state.grad and A.requires_grad
    return launch.into_out("svdvals", spectra.svd_op(A, False)[1] if recorded else spectra.singular_values_only(A), out)


def qr(A: Tensor, mode: str = "reduced", *, out: Any = None) -> QR:
    """Q and R, with min(m, n) columns ("reduced") or all ("complete"), or R alone ("r").

    >>> torch.linalg.qr(tensor([[3.0, 5.0], [4.0, 0.0]])).R
    tensor([[-5., -3.],
            [ 0., -4.]])
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'")
    matrices.check_matrix("linalg.qr", A)
    matrices.check_floating("linalg.qr", A, "geqrf_cpu")
    if mode == "r" and state.grad and A.requires_grad:
        raise RuntimeError("The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
                           "linalg.qr(A, mode='reduced') if you are going to require gradients.")
    q, r = decompositions.qr_op(A, mode == "complete")
    return launch.into_out("qr", QR(A.new_empty(0) if mode == "r" else q, r), out)


def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None,
         out: Tensor | None = None) -> Tensor:
    """The pseudo-inverse, without singular values up to ``atol`` or ``rtol`` times the largest.

    Either may be a tensor with a number for each matrix, whose size and the batch's broadcast.

    >>> torch.linalg.pinv(tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    spectra.check_pinverse(A)
    limits = tolerances("pinv", A, atol, rcond if rtol is None else rtol)
    sizes = [one.shape for one in limits if isinstance(one, TensorBase)]
    if sizes:
        size = broadcast_shapes(A.shape[:-2], *sizes)
        A = A.expand(*size, *A.shape[-2:])
        limits = [one.detach().expand(size) if isinstance(one, TensorBase) else one for one in limits]
    absolute, relative = (one if isinstance(one, TensorBase) else float(one) for one in limits)
    return launch.into_out("pinv", spectra.pinverse_op(A, absolute, relative, hermitian), out)


def tolerances(name: str, A: Tensor, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """Absolute and relative tolerance; the relative one is what rounding asks for if neither is given."""
    for word, one in (("atol", atol), ("rtol", rtol)):
        if isinstance(one, TensorBase) and one._dtype.is_complex:
            raise RuntimeError(f"torch.linalg.{name}: {word} tensor of complex type is not supported. Got {matrices.kind_name(one)}")
    if rtol is None:
        rtol = spectra.smallest_part(A) if atol is None else 0.0
    return 0.0 if atol is None else atol, rtol


def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None,
                out: Tensor | None = None) -> Tensor:
    """How many singular values are larger than ``atol`` and than ``rtol`` times the largest.

    >>> torch.linalg.matrix_rank(tensor([[1.0, 2.0], [2.0, 4.0]]))
    tensor(1)
    """
    matrices.check_matrix("linalg.matrix_rank", A)
    matrices.check_floating("linalg.matrix_rank", A, "linalg_svd_cpu")
    absolute, relative = tolerances("matrix_rank", A, tol if atol is None else atol, rtol)
    return launch.into_out("matrix_rank", spectra.rank(A, hermitian, absolute, relative), out)


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False, out: Any = None) -> SolveEx:
    """`solve`, and for each matrix 0 or which pivot is the first that is zero."""
    if check_errors:
        solve(A, B, left=left)
    return launch.into_out("solve_ex", SolveEx(*solving.solve_with_info("linalg.solve_ex", A, B, left)), out)


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False, out: Any = None) -> LUFactorEx:
    """LU factors of matrices in one matrix, pivots, and for each matrix 0 or which pivot is the first that is zero."""
    if check_errors:
        lu_factor(A, pivot=pivot)
    matrices.check_matrix("linalg.lu_factor_ex", A)
    matrices.check_implemented("lu_cpu", A)
    return launch.into_out("lu_factor_ex", LUFactorEx(*decompositions.lu_factor_ex(A, pivot)), out)


def lu_factor(A: Tensor, *, pivot: bool = True, out: Any = None) -> LUFactor:
    """LU factors of matrices in one matrix, and pivots counted from 1, for `lu_solve`.

    >>> torch.linalg.lu_factor(tensor([[1.0, 2.0], [2.0, 8.0]])).pivots
    tensor([2, 2], dtype=torch.int32)
    """
    matrices.check_matrix("linalg.lu_factor", A)
    matrices.check_implemented("lu_cpu", A)
    factors, pivots, info = decompositions.lu_factor_ex(A, pivot)
    place, where = matrices.failure(info)
    if place:
        raise RuntimeError(f"torch.linalg.lu_factor: {where}U[{place},{place}] is zero and using it on lu_solve would result in a "
                           "division by zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
                           "linalg.lu_factor_ex(A, pivot)")
    return launch.into_out("lu_factor", LUFactor(factors, pivots), out)


def lu(A: Tensor, *, pivot: bool = True, out: Any = None) -> LU:
    """P, L and U of A = P L U.

    >>> torch.linalg.lu(tensor([[1.0, 2.0], [2.0, 8.0]])).U
    tensor([[ 2.,  8.],
            [ 0., -2.]])
    """
    matrices.check_matrix("linalg.lu", A)
    matrices.check_implemented("lu_cpu", A)
    factors, pivots, _ = decompositions.lu_factor_ex(A, pivot)
    return launch.into_out("lu", LU(*decompositions.lu_unpack(factors, pivots)), out)


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None, out: Any = None) -> Lstsq:
    """X that makes A X - B smallest, and among these is smallest itself; residuals, rank and singular values as the driver has them.

    "gelsy" (the default) gives the rank, "gelsd" and "gelss" also residuals and singular values, "gels" residuals.

    >>> torch.linalg.lstsq(tensor([[1.0], [3.0]]), tensor([[1.0], [1.0]])).solution
    tensor([[0.4000]])
    """
    name = "torch.linalg.lstsq"
    driver = driver or "gelsy"
    if driver not in ("gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    if A._array.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if A._dtype.category < 2 or A._dtype.half:
        raise RuntimeError("This function doesn't handle types other than float and double")
    if A._dtype is not B._dtype:
        raise RuntimeError(f"{name}: Expected input and other to have the same dtype, but got input's dtype {matrices.kind_name(A)} and "
                           f"other's dtype {matrices.kind_name(B)}")
    vector = solving.is_vector(A, B)
    right = B.unsqueeze(-1) if vector else B
    if right._array.shape[-2] != A._array.shape[-2]:
        raise RuntimeError(f"{name}: input.size(-2) should match other.size({'-1' if vector else '-2'})")
    relative = spectra.smallest_part(A) if rcond is None else float(rcond)
    solution = matmul(spectra.pinverse_op(A, 0.0, relative, False), right)
    nothing, ranks = A.new_empty(0, dtype=A._dtype.to_real()), spectra.rank(A, False, 0.0, relative)
    residuals = nothing
    if driver != "gelsy" and A._array.shape[-2] > A._array.shape[-1] and bool((ranks == A._array.shape[-1]).all()):
        rest = matmul(A, solution) - right
        residuals = (rest.abs() ** 2).sum(-2)
    made = Lstsq(solution.squeeze(-1) if vector else solution, residuals, nothing.long() if driver == "gels" else ranks,
                 svdvals(A.detach()) if driver in ("gelsd", "gelss") else nothing)
    return launch.into_out("lstsq", made, out)


def cross(input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """Vector products along a dimension of size 3.

    >>> torch.linalg.cross(tensor([1, 0, 0]), tensor([0, 1, 0]))
    tensor([0, 0, 1])
    """
    return vector.cross(input, other, dim, out=out)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, a view.

    >>> torch.linalg.diagonal(tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    return slicing.diagonal(A, offset, dim1, dim2)


def householder_product(A: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The first columns of the product of reflectors; see `nb_nn.orgqr`."""
    return reflectors.orgqr(A, tau, out=out)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """Sums of products along a dimension, the first factors conjugated; batch dimensions broadcast.

    >>> torch.linalg.vecdot(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    if x._dtype is not y._dtype:
        raise RuntimeError(f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type {matrices.kind_name(x)} and y of "
                           f"type {matrices.kind_name(y)} instead")
    if x._dtype.category < 2:
        raise RuntimeError(f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {matrices.kind_name(x)}")
    return launch.into_out("vecdot", ((x.conj() if x.is_complex() else x) * y).sum(dim), out)


def tensorinv(A: Tensor, ind: int = 2, *, out: Tensor | None = None) -> Tensor:
    """The inverse of a tensor taken as a map from its last dimensions to the first ``ind``, for `tensordot`.

    >>> torch.linalg.tensorinv(torch.eye(4).reshape(4, 2, 2), 1).shape
    torch.Size([2, 2, 4])
    """
    shape = A._array.shape
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind'")
    rows, columns = math.prod(shape[:ind]), math.prod(shape[ind:])
    if rows != columns:
        raise RuntimeError(f"Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
                           f"{columns} != {rows}")
    result = inv(A.reshape(rows, columns)).reshape(shape[ind:] + shape[:ind])
    return launch.into_out("tensorinv", result, out)


def tensorsolve(A: Tensor, B: Tensor, dims: Any = None, *, out: Tensor | None = None) -> Tensor:
    """X whose `tensordot` with A is B; ``dims`` of A are moved to its end before.

    >>> torch.linalg.tensorsolve(torch.eye(4).reshape(4, 2, 2), tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([[1., 2.],
            [3., 4.]])
    """
    if dims is not None:
        A = view.movedim(A, tuple(dims), tuple(range(A._array.ndim - len(dims), A._array.ndim)))
    shape = A._array.shape[B._array.ndim:]
    size = math.prod(shape)
    if size != B._array.size:
        raise RuntimeError(f"Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), "
                           f"but got {size} != {B._array.size}")
    return launch.into_out("tensorsolve", solve(A.reshape(size, size), B.reshape(-1)).reshape(shape), out)
