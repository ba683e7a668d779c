"""The CPU as a device among others, for programs that ask `get_device_module`. Its work is done when a call returns.

>>> torch.cpu.device_count()
1
"""
from __future__ import annotations

from typing import Any

__all__ = ["Stream", "current_device", "current_stream", "device_count", "is_available", "is_initialized", "set_device", "stream",
           "synchronize"]


def is_available() -> bool:
    """True."""
    return True


def is_initialized() -> bool:
    """True."""
    return True


def device_count() -> int:
    """1, whatever the number of processors."""
    return 1


def current_device() -> str:
    """The name "cpu"."""
    return "cpu"


def set_device(device: Any) -> None:
    """Nothing: there is one CPU."""


def synchronize(device: Any = None) -> None:
    """Nothing: all work is done."""


class Stream:
    """The order of work on the CPU, which is that of the calls."""

    def __init__(self, priority: int = -1) -> None:
        self.priority = priority

    def wait_stream(self, stream: Stream) -> None:
        """Nothing: what was given before is done."""


_current = [Stream()]


def current_stream(device: Any = None) -> Stream:
    """The stream of the innermost `stream` block."""
    return _current[-1]


class stream:
    """In a ``with`` block, the current stream; work is done as without it."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        _current.append(self.stream or _current[-1])

    def __exit__(self, *error: Any) -> None:
        _current.pop()
