"""Sums, means, extremes, and what holds of all elements."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core.tensor_base import TensorBase
from ..ops import creation, extremes, joining, moments, reduction, scan, view
from .manipulation import axes_of

Tensor = TensorBase


def summed_type(x: Tensor, dtype: Any) -> Any:
    """The type sums are taken in: the widest integer of the same sign, or its own floating type."""
    kind = x._dtype
    return dtype or (kind if kind.category > 1 else dtypes.int64 if kind.is_signed or kind is dtypes.bool_ else dtypes.uint64)


def over_axes(x: Tensor, axis: Any, keepdims: bool, function: Any, **options: Any) -> Tensor:
    """A reduction of one axis, several, all or none."""
    if axis is None or isinstance(axis, int):
        return function(x, axis, keepdims, **options)
    axes = axes_of(axis, x.dim())
    if not axes and x.dim():        # nothing to reduce: of a size 1 axis
        return function(view.unsqueeze(x, 0), (0,), False, **options)
    return function(x, axes, keepdims, **options)


def sum(x: Tensor, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """The sum of the elements."""
    if dtype is None and x._dtype.category == 1 and not x._dtype.is_signed:
        dtype = dtypes.uint64
    return over_axes(x, axis, keepdims, reduction.sum, dtype=dtype)


def prod(x: Tensor, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """The product of the elements."""
    kind = summed_type(x, dtype)
    made = x.to(kind)
    for one in sorted(axes_of(axis, x.dim()), reverse=True):
        made = reduction.prod(made, one, keepdims, dtype=kind)
    return made if made is not x else x.clone()


def mean(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean of the elements."""
    return over_axes(x, axis, keepdims, reduction.mean)


def var(x: Tensor, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The mean square distance from the mean."""
    return over_axes(x, axis, keepdims, lambda a, dims, keep: moments.var(a, dims, None, keep, correction=correction))


def std(x: Tensor, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The root of `var`."""
    return over_axes(x, axis, keepdims, lambda a, dims, keep: moments.std(a, dims, None, keep, correction=correction))


def max(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The largest element; NaN if one is."""
    return over_axes(x, axis, keepdims, extremes.amax)


def min(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The smallest element; NaN if one is."""
    return over_axes(x, axis, keepdims, extremes.amin)


def all(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether all elements are true."""
    made = x != 0 if x._dtype is not dtypes.bool_ else x
    for one in sorted(axes_of(axis, x.dim()), reverse=True):
        made = reduction.all(made, one, keepdims)
    return made


def any(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether any element is true."""
    made = x != 0 if x._dtype is not dtypes.bool_ else x
    for one in sorted(axes_of(axis, x.dim()), reverse=True):
        made = reduction.any(made, one, keepdims)
    return made


def running(x: Tensor, axis: int | None, dtype: Any, include_initial: bool, function: Any, first: int) -> Tensor:
    """A scan, perhaps with what it starts from in front."""
    if axis is None and x.dim() != 1:
        raise ValueError("a scan needs an axis unless the array has one dimension")
    axis = view.wrap_dim(0 if axis is None else axis, x.dim())
    kind = summed_type(x, dtype)
    made = function(x, axis, dtype=kind)
    if not include_initial:
        return made
    start = creation.full(tuple(1 if d == axis else size for d, size in enumerate(x.shape)), first, dtype=kind, device=x.device)
    return joining.cat((start, made), axis)


def cumulative_sum(x: Tensor, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Tensor:
    """Sums of all elements up to each one."""
    return running(x, axis, dtype, include_initial, scan.cumsum, 0)


def cumulative_prod(x: Tensor, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Tensor:
    """Products of all elements up to each one."""
    return running(x, axis, dtype, include_initial, scan.cumprod, 1)


def diff(x: Tensor, /, *, axis: int = -1, n: int = 1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
    """Differences of neighbours."""
    return scan.diff(x, n, axis, prepend, append)
