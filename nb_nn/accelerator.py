"""The accelerator, whatever it is: a CUDA device if there is one. Without one, what needs it is a RuntimeError.

>>> torch.accelerator.is_available() == torch.cuda.is_available()
True
"""
from __future__ import annotations

from collections import OrderedDict
from typing import Any

from . import cuda
from .core import dtype as dtypes
from .core.device import device

__all__ = ["current_accelerator", "current_device_idx", "current_device_index", "current_stream", "device_count",
           "device_index", "empty_cache", "empty_host_cache", "get_device_capability", "get_memory_info", "is_available",
           "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved", "memory_stats",
           "reset_accumulated_memory_stats", "reset_peak_memory_stats", "set_device_idx", "set_device_index", "set_stream",
           "synchronize"]


def is_available() -> bool:
    """Whether there is an accelerator."""
    return cuda.is_available()


def current_accelerator(check_available: bool = False) -> device | None:
    """The accelerator's type of device, None if there is none."""
    return device("cuda") if is_available() else None


def device_count() -> int:
    """How many accelerators there are.

    >>> torch.accelerator.device_count() == torch.cuda.device_count()
    True
    """
    return cuda.device_count()


def check_there(what: str) -> None:
    """RuntimeError, with the reason, if there is no accelerator."""
    if not is_available():
        raise RuntimeError(f"accelerator.{what}: Cannot access accelerator device when none is available. ({cuda.why_unavailable()})")


def index_of(what: str, where: Any) -> int:
    """The index of a device that is an accelerator, the current one for None."""
    check_there(what)
    if where is None:
        return cuda.current_device()
    where = device("cuda", where) if isinstance(where, int) else device(where)
    if where.type != "cuda":
        raise ValueError(f"{where.type} doesn't match the current accelerator {current_accelerator()}.")
    return cuda.checked(where).index


def current_device_index() -> int:
    """The accelerator that is used when none is named."""
    check_there("current_device_index")
    return cuda.current_device()


def set_device_index(device: Any) -> None:
    """Make an accelerator the current one, given as a device, its name or its index; None and a negative index change nothing."""
    if not (device is None or isinstance(device, int) and device < 0):
        cuda.set_device(index_of("set_device_index", device))


current_device_idx, set_device_idx = current_device_index, set_device_index


class device_index:
    """In a ``with`` block, the current accelerator; None changes nothing.

    >>> with torch.accelerator.device_index(1):             # doctest: +SKIP
    ...     x = torch.ones(2, device="cuda")                # on the second accelerator
    """

    def __init__(self, device: int | None):
        self.index = device

    def __enter__(self) -> None:
        if self.index is not None:
            self.before = current_device_index()
            set_device_index(self.index)

    def __exit__(self, *error: Any) -> None:
        if self.index is not None:
            set_device_index(self.before)


def get_device_capability(device: Any = None) -> dict[str, Any]:
    """What an accelerator can do: the types that tensors on it may have, under "supported_dtypes"."""
    index_of("get_device_capability", device)
    return {"supported_dtypes": set(dtypes.ALL)}


def synchronize(device: Any = None) -> None:
    """Wait until an accelerator has done all work."""
    cuda.synchronize(index_of("synchronize", device))


def current_stream(device: Any = None) -> cuda.Stream:
    """The stream that work on an accelerator goes to."""
    return cuda.current_stream(index_of("current_stream", device))


def set_stream(stream: cuda.Stream) -> None:
    """Let work go to a stream, and so to its device, from now on."""
    if not isinstance(stream, cuda.Stream):
        raise TypeError(f"set_stream(): expected a Stream, got {type(stream).__name__}")
    cuda.set_stream(stream)


def empty_cache() -> None:
    """Give memory that is kept for reuse back to the accelerators."""
    check_there("empty_cache")
    cuda.empty_cache()


def empty_host_cache() -> None:
    """Give pinned memory of the host that is kept for reuse back."""
    check_there("empty_host_cache")
    cuda.check_available("empty_host_cache").get_default_pinned_memory_pool().free_all_blocks()


def get_memory_info(device_index: Any = None) -> tuple[int, int]:
    """Bytes of an accelerator that are free, for any process, and all its bytes."""
    return cuda.mem_get_info(index_of("get_memory_info", device_index))


def memory_allocated(device_index: Any = None) -> int:
    """Bytes of all tensors on an accelerator."""
    return cuda.memory_allocated(index_of("memory_allocated", device_index))


def max_memory_allocated(device_index: Any = None) -> int:
    """The largest `memory_allocated` since the start, or the last reset."""
    return cuda.max_memory_allocated(index_of("max_memory_allocated", device_index))


def memory_reserved(device_index: Any = None) -> int:
    """Bytes held on an accelerator, in use or kept for reuse."""
    return cuda.memory_reserved(index_of("memory_reserved", device_index))


def max_memory_reserved(device_index: Any = None) -> int:
    """The largest `memory_reserved` since the start, or the last reset."""
    return cuda.max_memory_reserved(index_of("max_memory_reserved", device_index))


def memory_stats(device_index: Any = None) -> OrderedDict[str, int]:
    """Bytes of tensors and bytes held, now and at most: "allocated_bytes.all.current" and so on."""
    return cuda.memory_stats(index_of("memory_stats", device_index))


def reset_peak_memory_stats(device_index: Any = None) -> None:
    """Let the peaks begin anew from what is there."""
    cuda.reset_peak_memory_stats(index_of("reset_peak_memory_stats", device_index))


def reset_accumulated_memory_stats(device_index: Any = None) -> None:
    """Let sums over time begin anew: `memory_stats` has none, so that this only asks whether the device is there."""
    index_of("reset_accumulated_memory_stats", device_index)
