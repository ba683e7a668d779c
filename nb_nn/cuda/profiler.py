"""What an outside profiler of NVIDIA's records: all between `start` and `stop`."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator

from .devices import check_available


def start() -> None:
    """Let the profiler that this process runs under begin to record; RuntimeError without a CUDA device."""
    check_available("profiler.start").cuda.profiler.start()


def stop() -> None:
    """Let the profiler that this process runs under stop recording."""
    check_available("profiler.stop").cuda.profiler.stop()


@contextlib.contextmanager
def profile() -> Iterator[None]:
    """A block of code which the profiler that this process runs under records.

    >>> with torch.cuda.profiler.profile():      # doctest: +SKIP
    ...     model(x)
    """
    start()
    try:
        yield
    finally:
        stop()
