"""cuDNN is not used. Its settings may be read and written, and change nothing: results are deterministic without them."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

enabled = False
benchmark = False
deterministic = False
allow_tf32 = False
benchmark_limit = 10


def is_available() -> bool:
    """Whether cuDNN is used: never.

    >>> torch.backends.cudnn.is_available()
    False
    """
    return False


def version() -> None:
    """The version of cuDNN: there is none."""


def is_acceptable(tensor: Any) -> bool:
    """Whether cuDNN would compute with a tensor: never."""
    return False


def set_flags(**given: Any) -> dict[str, Any]:
    """Set some of enabled, benchmark, benchmark_limit, deterministic and allow_tf32; what they were before is returned."""
    own = globals()
    unknown = given.keys() - {"enabled", "benchmark", "benchmark_limit", "deterministic", "allow_tf32"}
    if unknown:
        raise TypeError(f"set_flags() got an unexpected argument {next(iter(unknown))!r}")
    before = {name: own[name] for name in given}
    own.update(given)
    return before


@contextmanager
def flags(**given: Any) -> Iterator[None]:
    """`set_flags` for the body of a ``with`` statement.

    >>> with torch.backends.cudnn.flags(benchmark=True):
    ...     torch.backends.cudnn.benchmark
    True
    """
    before = set_flags(**given)
    try:
        yield
    finally:
        set_flags(**before)
