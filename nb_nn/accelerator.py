"""The accelerator, whatever it is: a CUDA device if there is one.

>>> torch.accelerator.is_available() == torch.cuda.is_available()
True
"""
from __future__ import annotations

from typing import Any

from . import cuda
from .core.device import device


def is_available() -> bool:
    """Whether there is an accelerator."""
    return cuda.is_available()


def current_accelerator(check_available: bool = False) -> device | None:
    """The accelerator's type of device, None if there is none."""
    return device("cuda") if is_available() else None


def device_count() -> int:
    """How many accelerators there are."""
    return cuda.device_count()


def current_device_index() -> int:
    """The accelerator that is used when none is named."""
    return cuda.current_device()


def synchronize(where: Any = None) -> None:
    """Wait until the accelerator has done all work."""
    cuda.check_available("synchronize").cuda.Device(device(where).index if where is not None else None).synchronize()
