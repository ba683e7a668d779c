"""The memory that a tensor and all its views share, and its version."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import cuda_memory
from .memory import pointer

ndarray = np.ndarray


class Storage:
    """A flat run of elements and the number of in-place writes to it.

    ``root`` is a 1-d contiguous array over the whole memory; every view's array lies inside it. Given as ``shown``, an array over
    all of the memory, it is made when first asked for: most storages are there for their version alone.
    """

    __slots__ = ("_root", "shown", "version", "resizable", "__weakref__")

    def __init__(self, root: np.ndarray | None, resizable: bool = True, shown: Any = None):
        self._root = root
        self.shown = shown
        self.version = 0
        self.resizable = resizable

    @property
    def root(self) -> np.ndarray:
        """All memory, flat."""
        if self._root is None:
            self._root, self.shown = flat_root(self.shown), None
        return self._root

    @root.setter
    def root(self, root: np.ndarray) -> None:
        self._root, self.shown = root, None


def storage_of(tensor: Any) -> Storage:
    """The storage of a tensor, made when first asked for."""
    storage = tensor._storage
    if storage is None:
        storage = tensor._storage = Storage(None, True, tensor._array)
    return storage


def flat_root(array: np.ndarray) -> np.ndarray:
    """A 1-d array over all memory between an array's first and last element."""
    if array.flags.c_contiguous:
        return array.ravel()
    if not isinstance(array, np.ndarray):
        return cuda_memory.flat_root(array)
    low, high = np.lib.array_utils.byte_bounds(array)
    interface = {"data": (low, not array.flags.writeable), "shape": ((high - low) // array.itemsize,),
                 "typestr": array.dtype.str, "version": 3}
    return np.asarray(_Holder(interface, array))


class _Holder:
    """Presents memory to NumPy and keeps its owner alive."""

    def __init__(self, interface: dict, owner: np.ndarray):
        self.__array_interface__ = interface
        self.owner = owner


def root_of(tensor: Any) -> np.ndarray:
    """All memory of a tensor's storage, as elements of its type (which a view as another type changes)."""
    root, kind = storage_of(tensor).root, tensor._array.dtype
    if root.dtype == kind:
        return root
    return root.view(np.uint8)[:root.nbytes // kind.itemsize * kind.itemsize].view(kind)


def storage_offset(tensor: Any) -> int:
    """Position of a tensor's first element in its storage, in elements."""
    storage = tensor._storage
    if storage is None or not tensor._array.size or tensor._array.nbytes == storage.root.nbytes:
        return 0
    return (pointer(tensor._array) - pointer(storage.root)) // tensor._array.itemsize


def strided(root: np.ndarray, size: tuple[int, ...], stride: tuple[int, ...], offset: int, kind: Any = None) -> np.ndarray:
    """The view of ``root`` (as elements of type ``kind``, by default its own) with this geometry, all in elements; the caller has
    checked that it lies inside."""
    kind = root.dtype if kind is None else kind
    itemsize = kind.itemsize
    if root.__class__ is not ndarray and not isinstance(root, ndarray):
        return cuda_memory.strided(root, size, stride, offset if 0 not in size else 0, kind)
    if 0 in size:
        return ndarray(size, kind)
    return ndarray(size, kind, root, offset * itemsize, tuple([s * itemsize for s in stride]))
