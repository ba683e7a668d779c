"""The processor."""
from __future__ import annotations

import platform


def get_cpu_capability() -> str:
    """The processor's family; kernels are compiled for the very processor they run on.

    >>> isinstance(torch.backends.cpu.get_cpu_capability(), str)
    True
    """
    return platform.machine()
