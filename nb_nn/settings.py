"""Settings of the whole program that PyTorch has: kept, and answered truthfully."""
from __future__ import annotations

import warnings
from typing import Any

_settings: dict[str, Any] = {"deterministic": False, "warn only": False, "precision": "highest", "warn always": False, "interop": 1}


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for deterministic results. All results are: this only sets what `are_deterministic_algorithms_enabled` says.

    >>> torch.use_deterministic_algorithms(True); torch.are_deterministic_algorithms_enabled()
    True
    >>> torch.use_deterministic_algorithms(False)
    """
    _settings["deterministic"], _settings["warn only"] = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was told."""
    return _settings["deterministic"]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What `use_deterministic_algorithms` was told of ``warn_only``."""
    return _settings["warn only"]


def set_deterministic_debug_mode(debug_mode: Any) -> None:
    """`use_deterministic_algorithms` by a number or name: 0 "default", 1 "warn", 2 "error".

    >>> torch.set_deterministic_debug_mode("default"); torch.get_deterministic_debug_mode()
    0
    """
    modes = {"default": 0, "warn": 1, "error": 2}
    number = modes.get(debug_mode, debug_mode)
    if number not in (0, 1, 2):
        raise RuntimeError(f"invalid value of debug_mode, expected 0, 1, 2 or one of {', '.join(modes)}, but got {debug_mode}")
    use_deterministic_algorithms(number > 0, warn_only=number == 1)


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2; see `set_deterministic_debug_mode`."""
    return 0 if not _settings["deterministic"] else 1 if _settings["warn only"] else 2


def set_float32_matmul_precision(precision: str) -> None:
    """Allow matrix products of float32 to be less exact: "highest", "high" or "medium". They never are.

    >>> torch.set_float32_matmul_precision("highest"); torch.get_float32_matmul_precision()
    'highest'
    """
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(f"set_float32_matmul_precision expects highest, high or medium, got {precision!r}")
    _settings["precision"] = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was told."""
    return _settings["precision"]


def set_warn_always(b: bool) -> None:
    """Show a warning each time, not only the first.

    >>> torch.set_warn_always(False); torch.is_warn_always_enabled()
    False
    """
    _settings["warn always"] = bool(b)
    if b:
        warnings.simplefilter("always")


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` was told."""
    return _settings["warn always"]


def set_num_interop_threads(num: int) -> None:
    """How many operations run beside each other: one, whatever is set.

    >>> torch.get_num_interop_threads()
    1
    """
    if not isinstance(num, int) or num < 1:
        raise RuntimeError(f"set_num_interop_threads expects a positive integer, got {num}")


def get_num_interop_threads() -> int:
    """How many operations run beside each other: one."""
    return 1


def typename(obj: Any) -> str:
    """The name of an object's type, of a tensor's with its element type.

    >>> torch.typename(zeros(1)), torch.typename(1)
    ('torch.FloatTensor', 'int')
    """
    from .core.tensor_base import TensorBase

    if isinstance(obj, TensorBase):
        return obj.type()
    kind = obj if isinstance(obj, type) else type(obj)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def is_vulkan_available() -> bool:
    """Whether Vulkan is used: never."""
    return False


def is_distributed(self: Any) -> bool:
    """Whether a tensor is spread over processes: never."""
    return False


def get_device_module(device: Any = None) -> Any:
    """The module of a device's kind, ``nb_nn.cpu`` or ``nb_nn.cuda``: by default of the accelerator, or of the CPU if there is none.

    >>> torch.get_device_module("cpu").device_count()
    1
    """
    from . import cpu, cuda
    from .core.device import device as Device

    if device is None:
        return cuda if cuda.is_available() else cpu
    return {"cpu": cpu, "cuda": cuda}[Device(device).type]
