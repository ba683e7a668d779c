"""CUDA devices. Kernels for them stand in kernels/cuda/; arrays are CuPy's."""
from __future__ import annotations

import functools
from typing import Any

from ..core.device import CPU, device
from ..core.tensor_base import wrap


@functools.cache
def _cupy() -> tuple[Any, str]:
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


def is_available() -> bool:
    """Whether a CUDA device can be used.

    >>> isinstance(torch.cuda.is_available(), bool)
    True
    """
    return _cupy()[0] is not None


def why_unavailable() -> str:
    """Why `is_available` is False, in words; empty if it is True."""
    return _cupy()[1]


def device_count() -> int:
    """How many CUDA devices there are."""
    cupy = _cupy()[0]
    return cupy.cuda.runtime.getDeviceCount() if cupy else 0


def check_available(what: str) -> Any:
    """CuPy; RuntimeError that tells what was asked for and why it cannot be."""
    cupy, reason = _cupy()
    if cupy is None:
        raise RuntimeError(f"{what} needs CUDA, which cannot be used here: {reason}")
    return cupy


def current_device() -> int:
    """Index of the CUDA device that ``"cuda"`` means."""
    return check_available("current_device").cuda.runtime.getDevice()


def checked(where: device) -> device:
    """A CUDA device with its index, after a check that it is there."""
    check_available(f"device {str(where)!r}")
    index = current_device() if where.index is None else where.index
    if index >= device_count():
        raise RuntimeError(f"CUDA error: invalid device ordinal: device {index} of {device_count()}")
    return device("cuda", index)


def empty(shape: tuple[int, ...], kind: Any, where: device) -> Any:
    """A new tensor in the memory of a CUDA device."""
    cupy = check_available("empty")
    with cupy.cuda.Device(where.index):
        tensor = wrap(cupy.empty(shape, kind.numpy), kind)
    tensor._device = where
    return tensor


def move(input: Any, kind: Any, where: device, non_blocking: bool) -> Any:
    """``input`` in another device's memory and in another type."""
    from ..core.launch import convert

    cupy = check_available("to")
    array = input._array
    if input._device is not CPU:
        array = cupy.asnumpy(array)
    array = convert(array, input._dtype, kind)
    if where.type == "cpu":
        return wrap(array, kind)
    with cupy.cuda.Device(where.index):
        tensor = wrap(cupy.asarray(array), kind)
    tensor._device = where
    return tensor


__all__ = ["check_available", "checked", "current_device", "device_count", "empty", "is_available", "move",
           "why_unavailable"]
