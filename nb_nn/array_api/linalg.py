"""Linear algebra."""
from __future__ import annotations

from typing import Any, NamedTuple

from .. import linalg
from ..core import dtype as dtypes
from ..core.tensor_base import TensorBase
from ..ops import extremes, rearranging, reduction, slicing, view
from ..ops import matmul as products
from ..ops.einsum import tensordot as _tensordot
from .promotion import same_type
from .statistics import over_axes, summed_type

Tensor = TensorBase


class EighResult(NamedTuple):
    """What `eigh` finds."""
    eigenvalues: Tensor
    eigenvectors: Tensor


class QRResult(NamedTuple):
    """What `qr` finds."""
    Q: Tensor
    R: Tensor


class SlogdetResult(NamedTuple):
    """What `slogdet` finds."""
    sign: Tensor
    logabsdet: Tensor


class SVDResult(NamedTuple):
    """What `svd` finds."""
    U: Tensor
    S: Tensor
    Vh: Tensor


def matmul(x1: Tensor, x2: Tensor, /) -> Tensor:
    """Matrix product."""
    return products.matmul(*same_type(x1, x2))


def matrix_transpose(x: Tensor, /) -> Tensor:
    """A view with the last two axes swapped."""
    return view.transpose(x, -2, -1)


def tensordot(x1: Tensor, x2: Tensor, /, *, axes: Any = 2) -> Tensor:
    """Sums of products over axes of both."""
    return _tensordot(*same_type(x1, x2), axes)


def vecdot(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """Sums of products along an axis, the first conjugated."""
    x1, x2 = same_type(x1, x2)
    x1 = x1.conj() if x1._dtype.is_complex else x1
    a, b = view.movedim(x1, axis, -1), view.movedim(x2, axis, -1)
    if a.shape[-1] != b.shape[-1]:
        raise ValueError(f"vecdot: axis {axis} has {a.shape[-1]} elements in the first array and {b.shape[-1]} in the second")
    return reduction.sum(a * b, -1, dtype=a._dtype)


def cholesky(x: Tensor, /, *, upper: bool = False) -> Tensor:
    """The triangular factor of positive definite matrices."""
    return linalg.cholesky(x, upper=upper)


def cross(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """Cross products of vectors of three elements."""
    if not (x1.shape[axis] == x2.shape[axis] == 3):
        raise ValueError(f"cross: axis {axis} must have 3 elements in both arrays, got {x1.shape[axis]} and {x2.shape[axis]}")
    return linalg.cross(*rearranging.broadcast_tensors(*same_type(x1, x2)), dim=axis)


def det(x: Tensor, /) -> Tensor:
    """Determinants."""
    return linalg.det(x)


def diagonal(x: Tensor, /, *, offset: int = 0) -> Tensor:
    """A view of the diagonals."""
    return slicing.diagonal(x, offset, -2, -1)


def eigh(x: Tensor, /) -> EighResult:
    """Eigenvalues and eigenvectors of symmetric matrices."""
    return EighResult(*linalg.eigh(x))


def eigvalsh(x: Tensor, /) -> Tensor:
    """Eigenvalues of symmetric matrices."""
    return linalg.eigvalsh(x)


def inv(x: Tensor, /) -> Tensor:
    """Inverses."""
    return linalg.inv(x)


def matrix_norm(x: Tensor, /, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """Norms of matrices."""
    return linalg.matrix_norm(x, ord, keepdim=keepdims)


def matrix_power(x: Tensor, n: int, /) -> Tensor:
    """Powers of square matrices."""
    return linalg.matrix_power(x, n)


def matrix_rank(x: Tensor, /, *, rtol: Any = None) -> Tensor:
    """How many singular values are larger than ``rtol`` times the largest."""
    values = svdvals(x)
    kind = values._dtype
    tolerance = max(x.shape[-2:]) * (2.0 ** -52 if kind is dtypes.float64 else 2.0 ** -23) if rtol is None else rtol
    limit = extremes.amax(values, (-1,), True) * (tolerance if not isinstance(tolerance, TensorBase) else tolerance.unsqueeze(-1))
    return reduction.sum((values > limit).long(), (-1,))


def outer(x1: Tensor, x2: Tensor, /) -> Tensor:
    """Products of all pairs of elements of two vectors."""
    return products.ger(*same_type(x1, x2))


def pinv(x: Tensor, /, *, rtol: Any = None) -> Tensor:
    """Pseudo-inverses."""
    return linalg.pinv(x) if rtol is None else linalg.pinv(x, rtol=rtol)


def qr(x: Tensor, /, *, mode: str = "reduced") -> QRResult:
    """Factors with orthonormal columns, and upper triangular."""
    return QRResult(*linalg.qr(x, mode))


def slogdet(x: Tensor, /) -> SlogdetResult:
    """Signs and logarithms of the magnitudes of determinants."""
    return SlogdetResult(*linalg.slogdet(x))


def solve(x1: Tensor, x2: Tensor, /) -> Tensor:
    """Solutions of linear systems; only ``x2`` of one dimension is a vector."""
    x1, x2 = same_type(x1, x2)
    if x2.dim() == 1:
        return view.squeeze(linalg.solve(x1, view.unsqueeze(x2, -1)), -1)
    missing = x1.dim() - x2.dim()           # of as many dimensions, it cannot be taken for vectors
    return linalg.solve(x1, view.reshape(x2, (1,) * missing + tuple(x2.shape)) if missing > 0 else x2)


def svd(x: Tensor, /, *, full_matrices: bool = True) -> SVDResult:
    """Singular value decompositions."""
    return SVDResult(*linalg.svd(x, full_matrices=full_matrices))


def svdvals(x: Tensor, /) -> Tensor:
    """Singular values."""
    return linalg.svdvals(x)


def trace(x: Tensor, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """Sums of the diagonals."""
    return reduction.sum(diagonal(x, offset=offset), -1, dtype=summed_type(x, dtype))


def vector_norm(x: Tensor, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Tensor:
    """Norms of vectors, or of all elements."""
    return over_axes(x, axis, keepdims, lambda a, dims, keep: linalg.vector_norm(a, ord, dims, keep))
