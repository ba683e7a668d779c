"""Which device is current, and what devices are."""
from __future__ import annotations

from typing import Any

from ..core import cuda_memory
from ..core.device import device as Device


def is_available() -> bool:
    """Whether a CUDA device can be used.

    >>> isinstance(torch.cuda.is_available(), bool)
    True
    """
    return cuda_memory.cupy_or_reason()[0] is not None


def why_unavailable() -> str:
    """Why `is_available` is False, in words; empty if it is True."""
    return cuda_memory.cupy_or_reason()[1]


def device_count() -> int:
    """How many CUDA devices there are."""
    cupy = cuda_memory.cupy_or_reason()[0]
    return cupy.cuda.runtime.getDeviceCount() if cupy else 0


def check_available(what: str) -> Any:
    """CuPy; RuntimeError that tells what was asked for and why it cannot be."""
    return cuda_memory.cupy(what)


def init() -> None:
    """Begin to use CUDA, which otherwise happens at its first use; RuntimeError where it cannot be used."""
    check_available("init").cuda.runtime.getDevice()


def current_device() -> int:
    """Index of the CUDA device that ``"cuda"`` means."""
    return check_available("current_device").cuda.runtime.getDevice()


def checked(where: Device) -> Device:
    """A CUDA device with its index, after a check that it is there."""
    check_available(f"device {str(where)!r}")
    index = current_device() if where.index is None else where.index
    if index >= device_count():
        raise RuntimeError(f"CUDA error: invalid device ordinal: device {index} of {device_count()}")
    return cuda_memory.numbered(index)


def index_of(what: str, where: Any, optional: bool = True) -> int:
    """Index of a CUDA device given as an index, a device or its name; of the current one for None."""
    check_available(what)
    if where is None and optional:
        return current_device()
    if not isinstance(where, (int, str, Device)) or isinstance(where, bool):
        raise TypeError(f"{what}(): expected a device, its name or its index, not {type(where).__name__}")
    where = Device(where)
    if where.type != "cuda":
        raise ValueError(f"{what}(): expected a cuda device, but got: {where}")
    return checked(where).index


def set_device(device: Any) -> None:
    """Make a device the current one; a negative index changes nothing. `device` as a context is mostly better."""
    if isinstance(device, int) and device < 0:
        return
    index = index_of("set_device", device, optional=False)
    check_available("set_device").cuda.runtime.setDevice(index)


class device:
    """In a ``with`` block, the current device; None and negative indices change nothing.

    >>> with torch.cuda.device(1):                          # doctest: +SKIP
    ...     x = torch.ones(2, device="cuda")                # on the second device
    """

    def __init__(self, device: Any):
        self.idx = -1 if device is None or isinstance(device, int) and device < 0 else index_of("device", device)
        self.prev_idx = -1

    def __enter__(self) -> None:
        if self.idx >= 0:
            self.prev_idx = current_device()
            set_device(self.idx)

    def __exit__(self, *error: Any) -> None:
        if self.idx >= 0:
            set_device(self.prev_idx)


class device_of(device):
    """In a ``with`` block, the device of a tensor is the current one; a CPU tensor changes nothing."""

    def __init__(self, obj: Any):
        super().__init__(obj.get_device() if obj.is_cuda else -1)


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """Compute capability, such as (8, 0)."""
    index = index_of("get_device_capability", device)
    made = check_available("get_device_capability").cuda.runtime.getDeviceProperties(index)
    return made["major"], made["minor"]


def get_device_name(device: Any = None) -> str:
    """Name of a device."""
    index = index_of("get_device_name", device)
    name = check_available("get_device_name").cuda.runtime.getDeviceProperties(index)["name"]
    return name.decode() if isinstance(name, bytes) else name


def synchronize(device: Any = None) -> None:
    """Wait until all work on a device is done."""
    index = index_of("synchronize", device)
    check_available("synchronize").cuda.Device(index).synchronize()


def current_blas_handle() -> int:
    """Handle of cuBLAS on the current device."""
    return check_available("current_blas_handle").cuda.device.get_cublas_handle()
