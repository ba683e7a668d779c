"""The switch that asks for checks of sparse tensors."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

_enabled = [False]


class check_sparse_tensor_invariants:
    """Ask for checks of the parts of sparse tensors: in a ``with`` block, in a decorated function, or by `enable` and `disable`.

    Here parts are always checked when a tensor is made of them, so that the switch only remembers what it was told.

    >>> with torch.sparse.check_sparse_tensor_invariants():
    ...     torch.sparse.check_sparse_tensor_invariants.is_enabled()
    True
    """

    def __init__(self, enable: bool = True) -> None:
        self.wanted, self.before = bool(enable), []

    @staticmethod
    def is_enabled() -> bool:
        """Whether checks were asked for."""
        return _enabled[0]

    @staticmethod
    def enable() -> None:
        """Ask for checks from now on."""
        _enabled[0] = True

    @staticmethod
    def disable() -> None:
        """Ask for checks no longer."""
        _enabled[0] = False

    def __enter__(self) -> None:
        self.before.append(_enabled[0])
        _enabled[0] = self.wanted

    def __exit__(self, *error: Any) -> None:
        _enabled[0] = self.before.pop()

    def __call__(self, function: Callable) -> Callable:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with check_sparse_tensor_invariants(self.wanted):
                return function(*args, **kwargs)

        return call
