"""Memory of devices: what CuPy's pool has given out and what it holds."""
from __future__ import annotations

from collections import OrderedDict
from typing import Any

from ..core import cuda_memory
from .devices import check_available, index_of

_held: dict[int, int] = {}              # of each device: the most bytes held that were seen, for `max_memory_cached`


def memory_allocated(device: Any = None) -> int:
    """Bytes of all tensors on a device."""
    return cuda_memory.used.get(index_of("memory_allocated", device), 0)


def max_memory_allocated(device: Any = None) -> int:
    """The largest `memory_allocated` since the start, or the last reset."""
    return cuda_memory.peaks.get(index_of("max_memory_allocated", device), 0)


def reset_max_memory_allocated(device: Any = None) -> None:
    """Let `max_memory_allocated` begin anew from what is allocated."""
    index = index_of("reset_max_memory_allocated", device)
    cuda_memory.peaks[index] = cuda_memory.used.get(index, 0)


def memory_cached(device: Any = None) -> int:
    """Bytes that the pool of a device holds, in use or kept for reuse."""
    index = index_of("memory_cached", device)
    cupy = check_available("memory_cached")
    with cupy.cuda.Device(index):
        held = cupy.get_default_memory_pool().total_bytes()
    _held[index] = max(held, _held.get(index, 0))
    return held


def max_memory_cached(device: Any = None) -> int:
    """The largest `memory_cached` since the start, or the last reset. (It falls in `empty_cache` only.)"""
    memory_cached(device)
    return _held[index_of("max_memory_cached", device)]


def reset_max_memory_cached(device: Any = None) -> None:
    """Let `max_memory_cached` begin anew from what is held."""
    _held[index_of("reset_max_memory_cached", device)] = 0
    memory_cached(device)


def reset_peak_memory_stats(device: Any = None) -> None:
    """Let both peaks begin anew."""
    reset_max_memory_allocated(device)
    reset_max_memory_cached(device)


memory_reserved, max_memory_reserved = memory_cached, max_memory_cached


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """Bytes of a device that are free, for any process, and all its bytes."""
    index = index_of("mem_get_info", device)
    cupy = check_available("mem_get_info")
    with cupy.cuda.Device(index):
        free, total = cupy.cuda.runtime.memGetInfo()
    return int(free), int(total)


def memory_stats(device: Any = None) -> OrderedDict[str, int]:
    """Bytes of tensors and bytes held, now and at most, by PyTorch's names: "allocated_bytes.all.current" and so on."""
    named = {"allocated_bytes.all.current": memory_allocated, "allocated_bytes.all.peak": max_memory_allocated,
             "reserved_bytes.all.current": memory_cached, "reserved_bytes.all.peak": max_memory_cached}
    return OrderedDict((name, function(device)) for name, function in named.items())


def empty_cache() -> None:
    """Give memory that is kept for reuse back to the device. Does nothing where CUDA is not used."""
    cupy = cuda_memory.cupy_or_reason()[0]
    if cupy:
        for index in range(cupy.cuda.runtime.getDeviceCount()):
            memory_cached(index)                # for the peak
        cupy.get_default_memory_pool().free_all_blocks()
