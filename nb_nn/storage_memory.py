"""Memory that processes share, and memory that moves beneath its tensors."""
from __future__ import annotations

import gc
import mmap
from typing import Any

import numpy as np

from .autograd.views import geometry
from .core.storage import Storage as Memory
from .core.storage import strided
from .core.tensor_base import TensorBase


class SharedMap(mmap.mmap):
    """Memory that processes share: of a file, or anonymous and inherited by forked children."""


def shared_copy(root: np.ndarray) -> np.ndarray:
    """The elements in memory that forked processes share."""
    made = np.frombuffer(SharedMap(-1, max(root.nbytes, 1)), root.dtype, root.size)
    made[:] = root
    return made


def move(held: Memory, root: np.ndarray, resizable: bool = True) -> None:
    """Let ``root`` be the memory, with the elements that were there; all tensors over it follow.

    Only the collector knows which these are: a tensor knows its memory, not the other way round.
    """
    old = held.root
    root[:old.size] = old
    holders = [one for one in gc.get_referrers(old) if isinstance(one, Memory)]         # ``tensor.data`` has one of its own
    places = [(tensor, *geometry(tensor)) for tensor in map(_owner, gc.get_referrers(*holders)) if tensor is not None]
    for one in holders:
        one.root, one.resizable = root, resizable
    for tensor, size, stride, offset in places:
        tensor._array = strided(root.view(tensor._array.dtype), size, stride, offset)


def _owner(referrer: Any) -> Any:
    """The tensor that refers to memory, itself or by its dictionary."""
    if isinstance(referrer, TensorBase):
        return referrer
    if isinstance(referrer, dict) and "_array" in referrer:
        return next((one for one in gc.get_referrers(referrer) if isinstance(one, TensorBase) and one.__dict__ is referrer), None)
    return None
