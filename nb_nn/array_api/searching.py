"""Where elements are, their order, and which there are."""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core import dtype as dtypes
from ..core.scalars import NUMBERS
from ..core.tensor_base import TensorBase, wrap
from ..ops import choosing, counting, extremes, indexing, masking, reduction, scatter, slicing, sorting, view
from .promotion import as_array, same_type
from .statistics import over_axes

Tensor = TensorBase


def argmax(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Where the largest element first is."""
    return kept(extremes.argmax(x, axis, keepdims), x, axis, keepdims)


def argmin(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Where the smallest element first is."""
    return kept(extremes.argmin(x, axis, keepdims), x, axis, keepdims)


def kept(places: Tensor, x: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    """A place in the flattened array with as many dimensions as the array."""
    return view.reshape(places, (1,) * x.dim()) if axis is None and keepdims else places


def count_nonzero(x: Tensor, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """How many elements are not zero."""
    return over_axes((x != 0).long(), axis, keepdims, reduction.sum)


def nonzero(x: Tensor, /) -> tuple[Tensor, ...]:
    """The places of the elements that are not zero, an array a dimension."""
    if not x.dim():
        raise ValueError("nonzero: an array without dimensions has no places")
    return tuple(slicing.unbind(masking.nonzero(x), 1))


def searchsorted(x1: Tensor, x2: Tensor, /, *, side: str = "left", sorter: Tensor | None = None) -> Tensor:
    """Where elements would have to be put into a sorted array."""
    ordered = x1 if sorter is None else indexing.take(x1, sorter)
    kind = dtypes.promote_types(ordered._dtype, x2._dtype)
    return counting.searchsorted(ordered.to(kind).contiguous(), x2.to(kind).contiguous(), right=side == "right")


def where(condition: Tensor, x1: Any, x2: Any, /) -> Tensor:
    """Elements of ``x1`` where the condition holds, else of ``x2``."""
    if isinstance(x1, NUMBERS) and isinstance(x2, NUMBERS):
        return choosing.where(condition, x1, x2)
    return choosing.where(condition, *same_type(as_array(x1, x2), as_array(x2, x1)))


def sort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The elements in order."""
    return sorting.sort(x, dim=axis, descending=descending, stable=stable)[0]


def argsort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The places of the elements in order."""
    return sorting.sort(x, dim=axis, descending=descending, stable=stable)[1]


def take(x: Tensor, indices: Tensor, /, *, axis: int | None = None) -> Tensor:
    """The parts of an array at places along an axis."""
    if axis is None and x.dim() != 1:
        raise ValueError("take: an axis is needed unless the array has one dimension")
    axis = view.wrap_dim(0 if axis is None else axis, x.dim())
    size = x.shape[axis]
    return indexing.index_select(x, axis, choosing.where(indices < 0, indices + size, indices))


def take_along_axis(x: Tensor, indices: Tensor, /, *, axis: int = -1) -> Tensor:
    """For each index, the element there along an axis."""
    size = x.shape[axis]
    return scatter.take_along_dim(x, choosing.where(indices < 0, indices + size, indices), axis)


class UniqueAllResult(NamedTuple):
    """What `unique_all` finds."""
    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCountsResult(NamedTuple):
    """What `unique_counts` finds."""
    values: Tensor
    counts: Tensor


class UniqueInverseResult(NamedTuple):
    """What `unique_inverse` finds."""
    values: Tensor
    inverse_indices: Tensor


def distinct(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Values in order, where each first is, of each element which it is, and how often each is; each NaN is one of its own."""
    found = np.unique(x.detach().numpy(), return_index=True, return_inverse=True, return_counts=True, equal_nan=False)
    places = [wrap(np.asarray(one, np.int64), dtypes.int64) for one in found[1:]]
    return wrap(found[0], x._dtype), places[0], view.reshape(places[1], tuple(x.shape)), places[2]


def unique_all(x: Tensor, /) -> UniqueAllResult:
    """The different elements in order, where each first is, which each element is, and how often each is."""
    return UniqueAllResult(*distinct(x))


def unique_counts(x: Tensor, /) -> UniqueCountsResult:
    """The different elements in order, and how often each is."""
    found = distinct(x)
    return UniqueCountsResult(found[0], found[3])


def unique_inverse(x: Tensor, /) -> UniqueInverseResult:
    """The different elements in order, and which each element is."""
    found = distinct(x)
    return UniqueInverseResult(found[0], found[2])


def unique_values(x: Tensor, /) -> Tensor:
    """The different elements in order."""
    return distinct(x)[0]
