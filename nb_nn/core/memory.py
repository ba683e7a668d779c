"""Memory for large results, kept for reuse: fresh pages cost more than most arithmetic on them.

A block of 256 KiB or more returns here when the last view of it dies, and serves the next request that fits it.
`set_limit(0)`, or the environment variable ``NB_NN_MEMORY_CACHE=0`` (in MiB), turns the cache off.
"""
from __future__ import annotations

import contextlib
import functools
import math
import mmap
import os
import threading
from typing import Any

import numpy as np

from . import cuda_memory
from .device import CPU

SMALLEST = 1 << 18
HUGE = 1 << 21               # bytes of a huge page
new_array, ndarray = np.empty, np.ndarray
_free: dict[int, list[Any]] = {}
_lock = threading.RLock()       # re-entrant: a block may die while another is being asked for
_limit = int(os.environ.get("NB_NN_MEMORY_CACHE", 2048)) << 20
_held = _in_use = _peak = _hits = _misses = 0


class _Block(np.ndarray):
    """A view of a whole block (a buffer, not an array: NumPy would skip over a chain of two arrays). Whatever views it
    keeps it alive, and its end gives the block back."""

    def __del__(self) -> None:
        if not isinstance(self.base, np.ndarray):
            _give_back(self.base)


def empty(shape: tuple[int, ...], dtype: np.dtype, where: Any = CPU) -> Any:
    """An uninitialised C-contiguous array on a device."""
    if where is not CPU:
        return cuda_memory.empty(shape, dtype, where)
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes < SMALLEST:
        return new_array(shape, dtype)
    block = _block(nbytes)
    return np.ndarray(shape, dtype, _Block(len(block), np.uint8, block))


@functools.cache
def nothing(dtype: np.dtype, where: Any = CPU) -> Any:
    """An array of size 0: to kernels, a parameter that is not there."""
    return empty((0,), dtype, where)


def beside(array: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """An uninitialised C-contiguous array on the device where ``array`` is."""
    return empty(shape, dtype) if array.__class__ is ndarray else empty(shape, dtype, cuda_memory.device_of(array))


def may_share(a: Any, b: Any) -> bool:
    """Whether two arrays, of any devices, may have memory in common."""
    return np.may_share_memory(a, b) if a.__class__ is b.__class__ is ndarray else cuda_memory.may_share(a, b)


def zeros(shape: tuple[int, ...], dtype: np.dtype, where: Any = CPU) -> Any:
    """A C-contiguous array of zeros on a device."""
    if where is CPU and math.prod(shape) * dtype.itemsize < SMALLEST:
        return np.zeros(shape, dtype)
    array = empty(shape, dtype, where)
    if where is not CPU:
        cuda_memory.fill(array, 0)
        return array
    array.fill(0)
    return array


def _rounded(nbytes: int) -> int:
    """Sizes come in eight steps an octave, so that similar requests share blocks and at most an eighth is wasted."""
    step = 1 << max(12, nbytes.bit_length() - 4)
    return -(-nbytes // step) * step


def _block(nbytes: int) -> Any:
    global _held, _in_use, _peak, _hits, _misses
    size = _rounded(nbytes)
    with _lock:
        waiting = _free.get(size)
        block = waiting.pop() if waiting else None
        if block is not None:
            _held -= size
            _hits += 1
        else:
            _misses += 1
        _in_use += size
        if _in_use > _peak:
            _peak = _in_use
            if block is None:                   # more is in use than ever before, and what waits would come on top
                empty_cache()
    if block is not None:
        return block
    try:
        return _map(size, nbytes)
    except (MemoryError, OSError):
        empty_cache()
    try:
        return _map(size, nbytes)
    except (MemoryError, OSError):
        _in_use -= size
        raise RuntimeError(f"not enough memory: you tried to allocate {nbytes} bytes") from None


def _map(size: int, used: int) -> Any:
    """A new block of zeros, in huge pages where the system has them: as far as it is used at first, since they come whole."""
    if not hasattr(mmap, "MAP_PRIVATE"):
        return bytearray(size)
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    whole = used // HUGE * HUGE
    if whole and hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):
            block.madvise(mmap.MADV_HUGEPAGE, 0, whole)
    return block


def _give_back(block: Any) -> None:
    global _held, _in_use
    size = len(block)
    with _lock:
        _in_use -= size
        if _held + size <= _limit:
            _held += size
            _free.setdefault(size, []).append(block)


def empty_cache() -> None:
    """Give all memory that waits for reuse back to the system."""
    global _held
    with _lock:
        _free.clear()
        _held = 0


def set_limit(nbytes: int) -> None:
    """Keep at most so many bytes for reuse; 0 turns the cache off."""
    global _limit
    _limit = nbytes
    if _held > nbytes:
        empty_cache()


def stats() -> dict[str, int]:
    """Bytes in use by large tensors, their peak, bytes waiting for reuse, and how often a request was served from these.

    >>> sorted(stats())
    ['held', 'hits', 'in_use', 'limit', 'misses', 'peak']
    """
    return {"in_use": _in_use, "peak": _peak, "held": _held, "limit": _limit, "hits": _hits, "misses": _misses}


def reset_peak() -> None:
    """Let the peak begin anew from what is in use."""
    global _peak
    _peak = _in_use


def pointer(array: Any) -> int:
    """Address of an array's first element."""
    return array.__array_interface__["data"][0] if array.__class__ is ndarray else address(array)


def address(array: Any) -> int:
    """`pointer` of an array that may be CuPy's."""
    return array.__array_interface__["data"][0] if isinstance(array, ndarray) else array.data.ptr
