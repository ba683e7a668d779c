"""The named tuples that operations with several results return, such as ``return_types.max``.

>>> import nb_nn
>>> isinstance(nb_nn.ones(2).max(0), nb_nn.return_types.max)
True
"""
from __future__ import annotations

from .core.results import TYPES


def __getattr__(name: str) -> type:
    if name in TYPES:
        return TYPES[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(TYPES)
