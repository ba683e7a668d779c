"""The orders that elements may lie in: C order, or with the channels last.

A tensor keeps its sizes in any order; only the strides differ. Elementwise functions and copies keep the order of what they are given,
layers such as convolutions answer in C order.
"""
from __future__ import annotations

from typing import Any

from ..core import launch, loops, memory
from ..core.geometry import contiguous_strides
from ..core.storage import Storage, strided
from ..core.tensor_base import wrap

RANKS = {"channels_last": 4, "channels_last_3d": 5}


def checked(name: str, memory_format: Any) -> str:
    """The name of a memory format, "preserve_format" for None; TypeError if it is none."""
    if memory_format is None:
        return "preserve_format"
    chosen = getattr(memory_format, "name", None)
    if chosen not in ("contiguous_format", "preserve_format", *RANKS):
        raise TypeError(f"{name}(): argument 'memory_format' must be torch.memory_format, not {type(memory_format).__name__}")
    return chosen


def strides_of_format(name: str, size: tuple[int, ...], chosen: str) -> tuple[int, ...]:
    """Strides, in elements, of a dense tensor in a named format; RuntimeError if it has not that many dimensions."""
    if chosen == "preserve_format":
        raise RuntimeError(f"{name}: preserve_format says no order here; give contiguous_format or channels_last")
    if chosen == "contiguous_format":
        return contiguous_strides(size)
    if len(size) != RANKS[chosen]:
        raise RuntimeError(f"required rank {RANKS[chosen]} tensor to use {chosen} format: {name} got size {list(size)}")
    batch, channels, *places = size
    first, *steps = contiguous_strides((batch, *places, channels))
    return (first, steps[-1], *steps[:-1])


def is_in_format(array: Any, chosen: str) -> bool:
    """Whether elements lie in a format (dimensions of size 1 may have any stride)."""
    if chosen not in RANKS:
        return bool(array.flags.c_contiguous)
    return array.ndim == RANKS[chosen] and bool(array.transpose(0, *range(2, array.ndim), 1).flags.c_contiguous)


def has_strides(array: Any, strides: tuple[int, ...]) -> bool:
    """Whether an array's strides are these, in elements."""
    return all(own == step * array.itemsize for own, step in zip(array.strides, strides))


def copied(name: str, input: Any, chosen: str) -> Any:
    """A copy of the elements in a format, without history."""
    array = input._array
    if chosen in RANKS:
        root = memory.beside(array, (array.size,), array.dtype)
        out = wrap(strided(root, array.shape, strides_of_format(name, array.shape, chosen), 0), input._dtype)
        out._storage = Storage(root)
    elif chosen == "contiguous_format":
        out = wrap(memory.beside(array, array.shape, array.dtype), input._dtype)
    else:
        out = wrap(loops.like_inputs((array,), array.shape, array.dtype), input._dtype)
    launch.copy_array(array, input._dtype, out)
    return out
