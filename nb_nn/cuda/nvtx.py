"""Marks that NVIDIA's profilers show on their time lines."""
from __future__ import annotations

from typing import Any

from .devices import check_available

_depth = [0]


def _nvtx(what: str) -> Any:
    return check_available(f"nvtx.{what}").cuda.nvtx


def mark(msg: str) -> None:
    """Mark a moment."""
    _nvtx("mark").Mark(msg)


def range_push(msg: str) -> int:
    """Begin a range inside those that are open; how many these are."""
    _nvtx("range_push").RangePush(msg)
    _depth[0] += 1
    return _depth[0] - 1


def range_pop() -> int:
    """End the innermost range; how many are open around it."""
    _nvtx("range_pop").RangePop()
    _depth[0] -= 1
    return _depth[0]
