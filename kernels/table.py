"""Which kernel a device has for a name."""
from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

_kernels: dict[tuple[str, str], Any] = {}
_loaded: set[str] = set()


def enter(device: str, name: str, kernel: Callable) -> None:
    """Put a kernel into the table; a name is entered once."""
    if (device, name) in _kernels:
        raise ValueError(f"kernel {name!r} is entered twice for {device}")
    _kernels[device, name] = kernel


def find(device: str, name: str) -> Any:
    """The kernel ``name`` of ``device``; a missing one raises and says which devices have it."""
    found = _kernels.get((device, name))
    if found is None and device not in _loaded:
        _loaded.add(device)
        importlib.import_module(f"{__package__}.{device}").load()
        found = _kernels.get((device, name))
    if found is None:
        have = [each for each in ("cpu", "cuda") if name in names(each)]
        raise RuntimeError(f"{name} has no kernel for {device}; devices that have one: {', '.join(have) or 'none'}")
    return found


def names(device: str) -> set[str]:
    """Names of all structured kernels of a device."""
    if device not in _loaded:
        _loaded.add(device)
        importlib.import_module(f"{__package__}.{device}").load()
    return {n for d, n in _kernels if d == device}


@functools.cache
def loops_of(device: str, topic: str = "loops") -> Any:
    """The module of a device that makes loops for formulas: ``loops`` for maps, ``reduction`` for reductions."""
    try:
        return importlib.import_module(f"{__package__}.{device}.{topic}")
    except ModuleNotFoundError:
        raise RuntimeError(f"{topic} has no kernel for {device}; devices that have one: cpu") from None
