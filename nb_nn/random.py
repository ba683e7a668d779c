"""The default random stream."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .core.generator import Generator, begin_all, default_generator


def manual_seed(seed: int) -> Generator:
    """Begin the default stream of every device anew from ``seed``.

    >>> _ = manual_seed(0)
    >>> a = torch.rand(2)
    >>> _ = manual_seed(0)
    >>> bool((a == torch.rand(2)).all())
    True
    """
    return begin_all(seed)


def seed() -> int:
    """Begin the default stream with an unpredictable seed, which is returned."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the default stream.

    >>> generator = torch.manual_seed(3)
    >>> torch.initial_seed()
    3
    """
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """State of the default stream as a byte tensor.

    >>> torch.get_rng_state().dtype
    torch.uint8
    """
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Go on from a state that `get_rng_state` told.

    >>> state = torch.get_rng_state()
    >>> x = torch.rand(2)
    >>> torch.set_rng_state(state)
    >>> torch.equal(torch.rand(2), x)
    True
    """
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True) -> Iterator[None]:
    """Within the block random numbers are drawn as usual; after it the streams go on as if they had not been.

    ``devices`` are the CUDA devices whose streams are kept, too.
    """
    if not enabled:
        yield
        return
    before = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(before)
