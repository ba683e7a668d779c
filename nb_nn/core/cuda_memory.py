"""Memory of CUDA devices: all that the core knows of CuPy, whose arrays CUDA tensors hold.

An array is NumPy's or CuPy's, and `device_of` tells which. The functions here do for CuPy's what NumPy's constructor and
`memory` do for NumPy's; everything else (slices, `reshape`, `transpose`, `view`) the two kinds have in common.
"""
from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .device import CPU, device


class OutOfMemoryError(RuntimeError):
    """The memory of a CUDA device does not suffice for a new tensor."""


@functools.cache
def cupy_or_reason() -> tuple[Any, str]:
    """CuPy, or None and the reason why CUDA cannot be used."""
    try:
        import cupy
    except ImportError:
        return None, "CuPy is not installed: pip install 'nb_nn[cuda12]' or 'nb_nn[cuda13]'"
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:          # no driver, or one too old
        return None, f"no CUDA driver: {error}"
    return (cupy, "") if count else (None, "no CUDA device is visible")


def cupy(what: str) -> Any:
    """CuPy; RuntimeError that tells what was asked for and why it cannot be."""
    module, reason = cupy_or_reason()
    if module is None:
        raise RuntimeError(f"{what} needs CUDA, which cannot be used here: {reason}")
    return module


@functools.cache
def numbered(index: int) -> device:
    """The CUDA device with this index: one object for all tensors there, so that devices are compared by identity."""
    return device("cuda", index)


def device_of(array: Any) -> device:
    """Where an array's memory is."""
    if array.__class__ is np.ndarray or not hasattr(type(array), "__cuda_array_interface__"):
        return CPU
    return numbered(array.device.id)


def empty(shape: tuple[int, ...], dtype: np.dtype, where: device) -> Any:
    """An uninitialised C-contiguous array on a CUDA device."""
    module = cupy("empty")
    meter()
    with module.cuda.Device(where.index):
        try:
            return module.empty(shape, dtype)
        except MemoryError as error:
            raise OutOfMemoryError(f"CUDA out of memory: {error}") from error


used: dict[int, int] = {}               # of each device: bytes that CuPy's pool has given out,
peaks: dict[int, int] = {}              # and the most there ever were


@functools.cache
def meter() -> Any:
    """Count what CuPy's pool gives out and takes back. (CuPy tells the thread that asked first.)"""
    class Meter(cupy("a meter").cuda.MemoryHook):
        name = "nb_nn"

        def malloc_postprocess(self, **told: int) -> None:
            index = told["device_id"]
            used[index] = used.get(index, 0) + told["mem_size"]
            peaks[index] = max(peaks.get(index, 0), used[index])

        def free_postprocess(self, **told: int) -> None:
            used[told["device_id"]] = used.get(told["device_id"], 0) - told["mem_size"]

    module, hook = cupy("a meter"), Meter()
    for index in range(module.cuda.runtime.getDeviceCount()):
        with module.cuda.Device(index):
            used[index] = peaks[index] = module.get_default_memory_pool().used_bytes()
    hook.__enter__()
    return hook


def moved(array: Any, where: device) -> Any:
    """An array with the same elements on another device, or the array itself if it is there."""
    if device_of(array) is where:
        return array
    module = cupy("to")
    if where.type == "cpu":
        return module.asnumpy(array)
    with module.cuda.Device(where.index):
        return module.asarray(array)


def all_moved(arrays: Any, where: device) -> Any:
    """Arrays of the CPU on another device; where that is the CPU, as they are."""
    return arrays if where is CPU else [moved(array, where) for array in arrays]


def copy(array: Any, target: Any) -> None:
    """Write an array, broadcast, over one of the same type; one or both are on CUDA devices."""
    where = device_of(target)
    array = moved(array, where)
    if where is CPU:
        target[...] = array
        return
    with cupy("copy").cuda.Device(where.index):
        target[...] = array.copy() if array is not target and may_share(array, target) else array


def strided(root: Any, size: tuple[int, ...], stride: tuple[int, ...], offset: int, kind: Any) -> Any:
    """The view of the flat array ``root`` with this geometry, in elements of type ``kind``."""
    itemsize = kind.itemsize
    return cupy("a view").ndarray(size, kind, root.data + offset * itemsize, tuple([step * itemsize for step in stride]))


def broadcast(array: Any, size: tuple[int, ...]) -> Any:
    """The view of an array that repeats it to ``size``; ValueError if that cannot be."""
    own = (1,) * (len(size) - array.ndim) + array.shape
    if len(own) != len(size) or any(n not in (1, wanted) for n, wanted in zip(own, size)):
        raise ValueError(f"an array of shape {array.shape} cannot be broadcast to {size}")
    steps = (0,) * (len(size) - array.ndim) + array.strides
    return cupy("a view").ndarray(size, array.dtype, array.data, tuple([step if n > 1 else 0 for n, step in zip(own, steps)]))


def bounds(array: Any) -> tuple[int, int]:
    """Distances in bytes from the first element to the first byte and behind the last that an array touches."""
    low = sum((n - 1) * step for n, step in zip(array.shape, array.strides) if step < 0)
    high = sum((n - 1) * step for n, step in zip(array.shape, array.strides) if step > 0)
    return (low, high + array.itemsize) if array.size else (0, 0)


def flat_root(array: Any) -> Any:
    """A flat array over all memory between an array's first and last element."""
    low, high = bounds(array)
    return cupy("a view").ndarray(((high - low) // array.itemsize,), array.dtype, array.data + low)


def may_share(a: Any, b: Any) -> bool:
    """Whether the memory between two arrays' first and last elements overlaps."""
    where = device_of(a)
    if where is not device_of(b):
        return False
    if where is CPU:
        return np.may_share_memory(a, b)
    (low, high), (its_low, its_high) = bounds(a), bounds(b)
    return a.data.ptr + low < b.data.ptr + its_high and b.data.ptr + its_low < a.data.ptr + high


def cast(array: Any, dtype: np.dtype) -> Any:
    """An array's elements in another type, on the array's device."""
    with cupy("a cast").cuda.Device(array.device.id):
        return array.astype(dtype)


def fill(array: Any, value: Any) -> None:
    """Set all elements."""
    with cupy("fill").cuda.Device(array.device.id):
        array.fill(value)
