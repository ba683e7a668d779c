"""Functions that rearrange."""
from __future__ import annotations

import functools
from typing import Any

from ..core import dtype as dtypes
from ..core.tensor_base import TensorBase
from ..ops import joining, rearranging, slicing, view

Tensor = TensorBase


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """One axis, several, or all."""
    axes = range(ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    found = tuple(view.wrap_dim(one, ndim) for one in axes)
    if len(set(found)) != len(found):
        raise ValueError(f"each axis counts once; got {tuple(axes)} of {ndim} dimensions")
    return found


def of_one_type(arrays: list[Tensor]) -> list[Tensor]:
    """Arrays in their common type."""
    kind = functools.reduce(dtypes.promote_types, [one._dtype for one in arrays])
    return [one if one._dtype is kind else one.to(kind) for one in arrays]


def broadcast_arrays(*arrays: Tensor) -> list[Tensor]:
    """Views of one size."""
    return list(rearranging.broadcast_tensors(*arrays)) if arrays else []


def broadcast_to(x: Tensor, /, shape: Any) -> Tensor:
    """A view in a larger size."""
    return view.broadcast_to(x, tuple(shape))


def concat(arrays: Any, /, *, axis: int | None = 0) -> Tensor:
    """Arrays joined along an axis, or flattened and joined."""
    parts = [view.reshape(one, (-1,)) for one in arrays] if axis is None else list(arrays)
    if axis is not None and not all(one.dim() for one in parts):
        raise ValueError("concat: arrays without dimensions cannot be joined along an axis")
    return joining.cat(of_one_type(parts), 0 if axis is None else axis)


def expand_dims(x: Tensor, /, axis: int = 0) -> Tensor:
    """A view with an axis of size 1."""
    return view.unsqueeze(x, axis)


def flip(x: Tensor, /, *, axis: Any = None) -> Tensor:
    """The elements in reverse order along axes, by default all."""
    return rearranging.flip(x, axes_of(axis, x.dim()))


def moveaxis(x: Tensor, source: Any, destination: Any, /) -> Tensor:
    """A view with axes in other places."""
    return view.movedim(x, source, destination)


def permute_dims(x: Tensor, /, axes: Any) -> Tensor:
    """A view with axes in another order."""
    return view.permute(x, tuple(axes))


def repeat(x: Tensor, repeats: Any, /, *, axis: int | None = None) -> Tensor:
    """Each element as often as said."""
    return rearranging.repeat_interleave(x, repeats, axis)


def reshape(x: Tensor, /, shape: Any, *, copy: bool | None = None) -> Tensor:
    """The elements in another size."""
    if copy is False:
        return view.view(x, tuple(shape))
    made = view.reshape(x, tuple(shape))
    return made.clone() if copy else made


def roll(x: Tensor, /, shift: Any, *, axis: Any = None) -> Tensor:
    """Elements moved along axes, from the end to the beginning."""
    if axis is not None and isinstance(shift, int) and not isinstance(axis, int):
        shift = (shift,) * len(axis)
    return x.clone() if shift == axis == () else rearranging.roll(x, shift, axis)


def squeeze(x: Tensor, /, axis: Any) -> Tensor:
    """A view without axes of size 1."""
    axes = axes_of(axis, x.dim())
    if any(x.shape[one] != 1 for one in axes):
        raise ValueError(f"squeeze: axes {axes} of an array of size {list(x.shape)} are not all of size 1")
    return view.squeeze(x, axes) if axes else x


def stack(arrays: Any, /, *, axis: int = 0) -> Tensor:
    """Arrays along a new axis."""
    return joining.stack(of_one_type(list(arrays)), axis)


def tile(x: Tensor, repetitions: Any, /) -> Tensor:
    """Copies beside each other."""
    return rearranging.tile(x, tuple(repetitions))


def unstack(x: Tensor, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """Views of the parts along an axis."""
    return tuple(slicing.unbind(x, axis))
