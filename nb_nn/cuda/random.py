"""Default random streams of devices. Seeds are ignored where CUDA cannot be used, so that programs need not ask."""
from __future__ import annotations

import secrets
from typing import Any

from ..core.cuda_memory import numbered
from ..core.generator import Generator, generator_of
from .devices import device_count, index_of, is_available


def _of(what: str, device: Any) -> Generator:
    return generator_of(numbered(index_of(what, None if device == "cuda" else device)))


def manual_seed(seed: int) -> None:
    """Begin the current device's stream anew from ``seed``; ignored without CUDA."""
    if is_available():
        _of("manual_seed", None).manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """Begin the streams of all devices anew from ``seed``; ignored without CUDA."""
    for index in range(device_count()):
        generator_of(numbered(index)).manual_seed(seed)


def seed() -> None:
    """Begin the current device's stream with an unpredictable seed; ignored without CUDA."""
    manual_seed(secrets.randbits(53))


def seed_all() -> None:
    """Begin the streams of all devices with one unpredictable seed; ignored without CUDA."""
    manual_seed_all(secrets.randbits(53))


def initial_seed() -> int:
    """The seed of the current device's stream."""
    return _of("initial_seed", None).initial_seed()


def get_rng_state(device: Any = "cuda") -> Any:
    """State of a device's stream as a byte tensor."""
    return _of("get_rng_state", device).get_state()


def get_rng_state_all() -> list:
    """States of all devices' streams; none without CUDA."""
    return [get_rng_state(index) for index in range(device_count())]


def set_rng_state(new_state: Any, device: Any = "cuda") -> None:
    """Go on from a state that `get_rng_state` told."""
    _of("set_rng_state", device).set_state(new_state)


def set_rng_state_all(new_states: Any) -> None:
    """Go on from what `get_rng_state_all` told."""
    for index, state in enumerate(new_states):
        set_rng_state(state, index)
