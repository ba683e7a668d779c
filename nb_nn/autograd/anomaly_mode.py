"""Anomaly mode: backward tells which forward call is to blame when it fails, and fails when it makes a NaN."""
from __future__ import annotations

import os
import threading
import traceback
import warnings
from typing import Any

from ..core.state import state
from .grad_mode import _Mode
from .node import Node

MACHINERY = tuple(os.path.join(os.path.dirname(os.path.dirname(__file__)), part, "") for part in ("core", "autograd"))


class _Running(threading.local):
    node: Node | None = None        # whose backward runs: what it records is its child


running = _Running()


class set_detect_anomaly(_Mode):
    """Switch anomaly mode on or off: at once as a statement, or for a block or function. See `detect_anomaly`.

    >>> with set_detect_anomaly(True):
    ...     is_anomaly_enabled()
    True
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__()
        self.wanted = bool(mode), bool(check_nan)
        self.first = state.anomaly, state.check_nan         # a with-block restores what was before the statement
        state.anomaly, state.check_nan = self.wanted

    def __enter__(self) -> None:
        self.before.append(self.__dict__.pop("first", (state.anomaly, state.check_nan)))
        state.anomaly, state.check_nan = self.wanted

    def __exit__(self, *exception: Any) -> None:
        state.anomaly, state.check_nan = self.before.pop()

    def __call__(self, function: Any) -> Any:
        state.anomaly, state.check_nan = self.__dict__.pop("first", (state.anomaly, state.check_nan))
        return super().__call__(function)


class detect_anomaly(set_detect_anomaly):
    """Record where operations are called, so that a failing backward can tell; a NaN in backward is such a failure.

    The traceback of the forward call comes as a warning before the error. With ``check_nan`` False, NaNs pass. Meant for
    debugging: recording tracebacks takes time.

    >>> x = tensor([0.0], requires_grad=True)
    >>> with detect_anomaly(check_nan=False):
    ...     (x.sqrt() * 0).sum().backward()
    >>> x.grad
    tensor([nan])
    """

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)
        state.anomaly, state.check_nan = self.first         # nothing happens before the block


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on in this thread."""
    return state.anomaly


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly mode looks for NaNs."""
    return state.check_nan


def remember(node: Node) -> None:
    """Note where a node was recorded, and in whose backward."""
    frames = traceback.extract_stack()
    while frames and frames[-1].filename.startswith(MACHINERY):         # below the call that the user knows
        frames.pop()
    node.traceback = "".join(traceback.format_list(frames))
    node.parent = running.node


def checked(node: Node, received: list) -> list:
    """Run backward of a node; on failure, or a NaN, tell where it was recorded."""
    outer, running.node = running.node, node
    try:
        results = node.backward(received)
        if state.check_nan:
            for number, one in enumerate(results):
                if one is not None and one._dtype.category >= 2 and bool(one.detach().isnan().any()):
                    raise RuntimeError(f"Function '{node.name()}' returned nan values in its {number}th output.")
        return results
    except Exception:
        running.node = outer
        tell(node)
        raise
    finally:
        running.node = outer


def tell(node: Node) -> None:
    """Warn with the traceback of the call that recorded a node, and of those whose backward recorded it."""
    if node.traceback is None:
        warnings.warn(f"Error detected in {node.name()}. No forward pass information available. Enable detect anomaly during forward "
                      "pass for more information.", stacklevel=2)
        return
    warnings.warn(f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{node.traceback}", stacklevel=2)
    parent = node.parent
    while parent is not None:
        where = f"Traceback of forward call that induced the previous calculation:\n{parent.traceback}" if parent.traceback else (
            "No forward pass information available.")
        warnings.warn(f"\n\nPrevious calculation was induced by {parent.name()}. {where}", stacklevel=2)
        parent = parent.parent
