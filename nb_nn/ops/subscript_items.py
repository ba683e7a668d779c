"""What stands between the brackets of tensor[...]: its items, and the view and the index tensors that they ask for."""
from __future__ import annotations

import builtins
import operator
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core.tensor_base import TensorBase
from . import from_data, slicing, view
from .masking import nonzero_places

Tensor = TensorBase


def masks(index: Tensor, input: Tensor) -> bool:
    """Whether an index is a mask of all elements."""
    return index._dtype in MASKS and index._array.shape == input._array.shape and index._array.ndim > 0


def masks_all(part: Tensor, picks: list) -> bool:
    """Whether what remains of an index is a mask of all elements."""
    return len(picks) == 1 and picks[0][1]._dtype in MASKS and picks[0][1]._array.shape == part._array.shape


def plain_index(index: Any) -> Any:
    """An index of integers, slices, None and Ellipsis alone, so that NumPy makes a view; None for any other."""
    kind = index.__class__
    if kind is int or index is None:
        return index, ...
    if kind is slice:
        return index if index.step is None or index.step.__class__ is int and index.step > 0 else None
    if kind is not tuple:
        return None
    ellipses = 0
    for one in index:
        kind = one.__class__
        if kind is slice:
            if one.step is not None and not (one.step.__class__ is int and one.step > 0):
                return None
        elif one is Ellipsis:
            ellipses += 1
        elif kind is not int and one is not None:
            return None
    return (*index, ...) if ellipses == 0 else index if ellipses == 1 else None


MASKS = (dtypes.bool_, dtypes.uint8)


def items_of(index: Any) -> tuple:
    """An index as a tuple of its parts; a list that holds more than numbers is one, too."""
    if isinstance(index, tuple):
        return index
    if isinstance(index, list) and len(index) < 32 and builtins.any(
            one is None or one is Ellipsis or isinstance(one, (slice, TensorBase, list, tuple, np.ndarray, range)) for one in index):
        return tuple(index)
    return (index,)


def as_index(item: Any) -> Any:
    """A part of an index as an int, a bool, a slice, None, Ellipsis, or a tensor of int64 or a mask."""
    if isinstance(item, (bool, np.bool_)):
        return bool(item)
    if item is None or item is Ellipsis or isinstance(item, (int, slice)):
        return item
    if isinstance(item, TensorBase):
        made = item
    elif isinstance(item, (np.ndarray, list, tuple, range)):
        made = from_data.tensor(list(item) if isinstance(item, range) else item)
        if not made._array.size:
            made = made.long()
    elif hasattr(type(item), "__index__"):
        return operator.index(item)
    elif isinstance(item, str):
        raise TypeError("an index must be an int, a slice, an ellipsis, None or a tensor, not a str")
    else:
        raise IndexError("only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
                         f"{type(item).__name__})")
    if made._dtype in MASKS:
        return made
    if made._dtype.category == 1 and made._array.ndim == 0:
        return made.item()
    if made._dtype not in (dtypes.int64, dtypes.int32):
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    return made if made._dtype is dtypes.int64 else made.long()


def walk(input: Tensor, index: Any) -> tuple[Tensor, list]:
    """Apply what makes views; answer the view, and what remains to be applied to it: pairs of a dimension and a tensor."""
    items = [as_index(item) for item in items_of(index)]
    wanted, ndim = sum(map(dims_of, items)), input._array.ndim
    if wanted > ndim:
        refuse(items, ndim)
    rest, dim, gone, part, picks = ndim - wanted, 0, 0, input, []
    for item in items:
        if item is None:
            part, dim = view.unsqueeze_dim(part, dim), dim + 1
        elif item is Ellipsis:
            dim, rest = dim + rest, 0
        elif item.__class__ is slice:
            part, dim = sliced(part, dim, item), dim + 1
        elif isinstance(item, (bool, TensorBase)):
            if isinstance(item, bool) or item._array.ndim == 0:
                part, item = view.unsqueeze_dim(part, dim), from_data.tensor([bool(item)])
            picks.append((dim, item))
            dim += item._array.ndim if item._dtype in MASKS else 1
        else:
            part, gone = picked(part, dim, item, gone), gone + 1
    for dim, item in picks:
        if item._dtype in MASKS:
            check_mask(item, part, dim)
    return part, picks


def dims_of(item: Any) -> int:
    """How many dimensions a part of an index takes up."""
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    return item._array.ndim if isinstance(item, TensorBase) and item._dtype in MASKS else 1


def refuse(items: list, ndim: int) -> None:
    """Say what is wrong with an index of more than ``ndim`` dimensions."""
    if ndim == 0 and len(items) == 1 and isinstance(items[0], slice):
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if ndim == 0 and len(items) == 1 and isinstance(items[0], int):
        raise IndexError("invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a "
                         "0-dim tensor to a number")
    raise IndexError(f"too many indices for tensor of dimension {ndim}")


def sliced(part: Tensor, dim: int, item: slice) -> Tensor:
    """The slice of a dimension; as it is for ``:``."""
    size = part._array.shape[dim]
    start, stop, step = item.indices(size)
    if step < 0:
        raise ValueError("step must be greater than zero")
    if start == 0 and stop == size and step == 1:
        return part
    return slicing.slice_dim(part, dim, start, max(start, stop), step)


def picked(part: Tensor, dim: int, place: int, gone: int) -> Tensor:
    """The slice at one place, without the dimension; ``gone`` counts those that went before, for the message."""
    size = part._array.shape[dim]
    if not -size <= place < size:
        raise IndexError(f"index {place} is out of bounds for dimension {dim + gone} with size {size}")
    return slicing.select_index(part, dim, place % size)


def check_mask(mask: Tensor, part: Tensor, dim: int) -> None:
    """A mask must have the sizes of the dimensions it stands for."""
    shape = part._array.shape
    for place, size in enumerate(mask._array.shape):
        if size != shape[dim + place]:
            raise IndexError(f"The shape of the mask {list(mask._array.shape)} at index {place} does not match the shape of the indexed "
                             f"tensor {list(shape)} at index {dim + place}")


def by_dim(picks: list) -> tuple:
    """Index tensors in the place of their dimensions, None for the others; a mask as the places where it is true."""
    found: list = [None] * (1 + max(dim + dims_of(item) - 1 for dim, item in picks))
    for dim, item in picks:
        if item._dtype in MASKS:
            places = nonzero_places(item)
            for column in range(item._array.ndim):
                found[dim + column] = view.contiguous(slicing.select_index(places, 1, column))
        else:
            found[dim] = item
    return tuple(found)
