"""``x[key]`` of the standard: as a tensor's, and with negative steps, masks of size 0 and indices of any integer type."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core.tensor_base import TensorBase
from ..ops import copies, creation, subscript
from ..ops.rearranging import flip_dims
from ..ops.subscript_items import as_index, dims_of, refuse

Tensor = TensorBase


def getitem(x: Tensor, key: Any) -> Tensor:
    """The elements that a key names: a view where no step is negative and no array is an index, else a copy."""
    form = form_of(key)
    if form is REVERSED:
        ranges, rest, dims = parts(x, key)
        made = flip_dims(subscript.getitem(x, ranges), dims)
        return made if all(item.__class__ is slice for item in rest) else subscript.getitem(made, rest)
    return subscript.getitem(x, key if form is PLAIN else usual(x, key))


def setitem(x: Tensor, key: Any, value: Any) -> None:
    """Write a number or an array, broadcast, to the elements that a key names."""
    form = form_of(key)
    if form is not REVERSED:
        subscript.setitem(x, key if form is PLAIN else usual(x, key), value)
        return
    ranges, rest, dims = parts(x, key)
    region = subscript.getitem(x, ranges)
    made = flip_dims(region, dims)
    subscript.setitem(made, rest, value)
    copies.copy_(region, flip_dims(made, dims))


PLAIN, WITH_ARRAYS, REVERSED = "plain", "with arrays", "reversed"


def form_of(key: Any) -> str:
    """Whether a key holds arrays or a slice with a negative step; IndexError for a second Ellipsis, which the standard refuses."""
    if key.__class__ is slice:
        return REVERSED if key.step is not None and key.step < 0 else PLAIN
    if key.__class__ is not tuple:
        return WITH_ARRAYS if isinstance(key, TensorBase) else PLAIN
    form, dots = PLAIN, 0
    for one in key:
        if one.__class__ is slice:
            if one.step is not None and one.step < 0:
                form = REVERSED
        elif one is Ellipsis:
            dots += 1
        elif form is PLAIN and isinstance(one, TensorBase):
            form = WITH_ARRAYS
    if dots > 1:
        raise IndexError("an index may hold one Ellipsis (`...`) only")
    return form


def usual(x: Tensor, key: Any) -> Any:
    """A key with arrays as a tensor takes it: indices as int64, masks of the sizes of what they stand for."""
    if isinstance(key, TensorBase):
        return usual_index(x, key, 0)
    return tuple([usual_index(x, item, dim) if isinstance(item, TensorBase) else item for item, dim in placed(x, key)])


def usual_index(x: Tensor, index: Tensor, dim: int) -> Tensor:
    """An index array as int64; a mask that is empty, whatever the sizes, as one of the right sizes that is false."""
    if index._dtype.category == 1:
        return index if index._dtype is dtypes.int64 else index.long()
    shape, sizes = index._array.shape, x._array.shape[dim:dim + index._array.ndim]
    if index._dtype is dtypes.bool_ and 0 in shape and shape != sizes and len(shape) == len(sizes) and all(
            own in (0, size) for own, size in zip(shape, sizes)):
        return creation.zeros(sizes, dtype=dtypes.bool_, device=x._device)
    return index


def placed(x: Tensor, key: tuple) -> list[tuple[Any, int]]:
    """The parts of a key, each with its first dimension; IndexError if they are too many."""
    items = [one if isinstance(one, TensorBase) else as_index(one) for one in key]
    counts = [dims_of(one) if not isinstance(one, TensorBase) else one._array.ndim if one._dtype is dtypes.bool_ else 1 for one in items]
    rest = x._array.ndim - sum(counts)
    if rest < 0:
        refuse(items, x._array.ndim)
    found, dim = [], 0
    for item, count in zip(items, counts):
        found.append((item, dim))
        if item is Ellipsis:
            dim, rest = dim + rest, 0
        dim += count
    return found


def parts(x: Tensor, key: Any) -> tuple[tuple, tuple, list[int]]:
    """A key in two: slices with positive steps, which make a view as small as may be, and what is to be applied to that once the
    given dimensions are reversed."""
    ranges, rest, dims = [slice(None)] * x._array.ndim, [], []
    for item, dim in placed(x, key if key.__class__ is tuple else (key,)):
        size = x._array.shape[dim] if dim < x._array.ndim else 0
        if item.__class__ is slice:
            run = range(size)[item]
            if run.step < 0:
                dims.append(dim)
                run = run[::-1]
            ranges[dim] = slice(run.start, run.stop, run.step) if len(run) else slice(0, 0)
            item = slice(None)
        elif item.__class__ is int and -size <= item < size:
            ranges[dim], item = slice(item % size, item % size + 1), 0
        rest.append(usual_index(x, item, dim) if isinstance(item, TensorBase) else item)
    return tuple(ranges), tuple(rest), dims
