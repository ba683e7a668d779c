"""Norms of vectors and matrices, and how far a matrix is from being singular."""
from __future__ import annotations

import math
from typing import Any

from ..core import launch
from ..core.geometry import wrap_dims
from ..core.tensor_base import TensorBase
from . import matrices, moments, view
from .choosing import where
from .solving import inverse_ex
from .spectra import svd_op

Tensor = TensorBase


def check_norm(name: str, input: Tensor) -> None:
    """RuntimeError for integers."""
    if input._dtype.category < 2:
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {matrices.kind_name(input)}")


def vector_norm(x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None,
                out: Tensor | None = None) -> Tensor:
    """The ``ord``-norm of all elements, or along ``dim``, as of a vector.

    >>> torch.linalg.vector_norm(tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor(5.)
    """
    check_norm("linalg.vector_norm", x)
    if dtype is not None and x._dtype.category == 3 != dtype.category:
        raise RuntimeError(f"linalg.vector_norm: dtype should be complex for complex inputs, but got {dtype}")
    return moments.norm(x, float(ord), dim, keepdim, out, dtype)


def matrix_norm(A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None,
                out: Tensor | None = None) -> Tensor:
    """Norms of matrices: "fro" the root of the sum of squares, "nuc" the sum of singular values, 2 the largest and -2 the
    smallest of these, 1 and -1 the largest and smallest sum of sizes down a column, inf and -inf along a row.

    >>> torch.linalg.matrix_norm(tensor([[1.0, -2.0], [3.0, 4.0]]), 1)
    tensor(6.)
    """
    matrices.check_matrix("linalg.matrix_norm", A)
    check_norm("linalg.matrix_norm", A)
    dims = wrap_dims(tuple(dim), A._array.ndim)
    if len(dims) != 2 or dims[0] == dims[1]:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple of two dimensions. Got {tuple(dim)}")
    if dtype is not None:
        A = A.to(dtype)
    if ord == "fro":
        return vector_norm(A, 2, dims, keepdim, out=out)
    if ord not in ("nuc", 1, -1, 2, -2, math.inf, -math.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    moved = view.movedim(A, dims, (-2, -1))
    if ord in ("nuc", 2, -2):
        matrices.check_implemented("linalg_svd_cpu", A)
        values = svd_op(moved, False)[1]
        result = values.sum(-1) if ord == "nuc" else extreme(values, ord)
    else:
        result = extreme(moved.abs().sum(-2 if abs(ord) == 1 else -1), ord)
    if keepdim:
        for d in sorted(dims):
            result = result.unsqueeze(d)
    return launch.into_out("matrix_norm", result, out)


def extreme(values: Tensor, ord: float) -> Tensor:
    """The largest along the last dimension, 0 of none, or the smallest for a negative order."""
    if ord > 0 and not values._array.shape[-1]:
        return values.sum(-1)
    return values.amax(-1) if ord > 0 else values.amin(-1)


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None, dtype: Any = None) -> Tensor:
    """`vector_norm` along one dimension, `matrix_norm` along two; with neither ``ord`` nor ``dim``, that of all elements.

    >>> torch.linalg.norm(tensor([3.0, 4.0]))
    tensor(5.)
    """
    if dim is not None:
        dim = (dim,) if isinstance(dim, int) else tuple(dim)
        if len(dim) not in (1, 2):
            raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}")
    elif ord is not None and A._array.ndim not in (1, 2):
        raise RuntimeError("linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
                           f"{A._array.ndim}D.")
    if ord is not None and (len(dim) == 2 if dim is not None else A._array.ndim == 2):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype, out=out)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype, out=out)


def cond(A: Tensor, p: Any = None, *, out: Tensor | None = None) -> Tensor:
    """How much an error of the right side may grow in the solution: the norm of A times that of its inverse.

    ``p`` is an order of `matrix_norm`, 2 unless given.

    >>> torch.linalg.cond(tensor([[4.0, 0.0], [0.0, 1.0]]))
    tensor(4.)
    """
    matrices.check_matrix("linalg.cond", A)
    matrices.check_floating("linalg.cond", A, "linalg_svd_cpu")
    if p in (None, 2, -2):
        values = svd_op(A, False)[1]
        high, low = values.amax(-1), values.amin(-1)
        return launch.into_out("cond", high / low if p != -2 else low / high, out)
    matrices.check_square(f"linalg.cond({p})", A)
    inverted, info = inverse_ex(A)
    result = where(info == 0, matrix_norm(A, p) * matrix_norm(where((info == 0)[..., None, None], inverted, 0.0), p), math.inf)
    return launch.into_out("cond", result, out)
