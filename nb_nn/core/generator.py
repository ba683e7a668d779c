"""Seeds and positions of random streams.

Numbers come from a counter-based generator (Philox 4x32-10): a stream is a seed, and a place in it is a number. So a seed gives
the same numbers for any number of threads.
"""
from __future__ import annotations

import secrets
import threading
from typing import Any

import numpy as np

from . import dtype as dtypes
from .device import CPU
from .tensor_base import wrap

MASK = (1 << 64) - 1


class Generator:
    """A random stream of its own.

    >>> g = Generator().manual_seed(1)
    >>> g.initial_seed()
    1
    """

    def __init__(self, device: Any = None):
        self.device = CPU if device is None else device
        self._lock = threading.Lock()
        self._seed, self._offset = 67280421310721, 0

    def manual_seed(self, seed: int) -> Generator:
        """Begin the stream of ``seed`` anew; negative seeds count from 2**64."""
        seed = int(seed)
        if not -(1 << 63) <= seed <= MASK:
            raise RuntimeError(f"Overflow when unpacking long: seed {seed} is outside of [-2**63, 2**64)")
        with self._lock:
            self._seed, self._offset = seed & MASK, 0
        return self

    def seed(self) -> int:
        """Begin a stream with an unpredictable seed, which is returned."""
        seed = secrets.randbits(53)
        self.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        """The seed of the stream."""
        return self._seed

    def get_state(self) -> Any:
        """Seed and place as a byte tensor, for `set_state`."""
        return wrap(np.array([self._seed, self._offset], np.uint64).view(np.uint8), dtypes.uint8)

    def set_state(self, new_state: Any) -> Generator:
        """Go on from a place that `get_state` told."""
        if getattr(new_state, "_dtype", None) is not dtypes.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if new_state._array.size != 16:
            raise RuntimeError(f"RNG state is wrong size: expected 16 bytes, got {new_state._array.size}")
        seed, offset = np.ascontiguousarray(new_state._array).view(np.uint64).tolist()
        with self._lock:
            self._seed, self._offset = seed, offset
        return self

    def place(self, count: int) -> tuple[int, int]:
        """Seed and place of the next ``count`` numbers, which are used up."""
        with self._lock:
            offset = self._offset
            self._offset = (offset + count + 1) & MASK
            return self._seed, offset

    def take(self, count: int) -> tuple[np.uint64, np.uint64]:
        """`place`, as kernels want it."""
        seed, offset = self.place(count)
        return np.uint64(seed), np.uint64(offset)

    def __getstate__(self) -> dict:
        return {"device": self.device, "state": (self._seed, self._offset)}

    def __setstate__(self, state: dict) -> None:
        self.__init__(state["device"])
        self._seed, self._offset = state["state"]

    def __repr__(self) -> str:
        return f"<torch.Generator of seed {self._seed} on {self.device}>"


default_generator = Generator()
_of_devices: dict[Any, Generator] = {}      # the default streams of CUDA devices that have been asked for


def generator_of(where: Any) -> Generator:
    """The default stream of a device; one of CUDA begins with the seed of the CPU's."""
    if where is CPU:
        return default_generator
    if where not in _of_devices:
        _of_devices[where] = Generator(where).manual_seed(default_generator.initial_seed())
    return _of_devices[where]


def begin_all(seed: int) -> Generator:
    """Begin the default streams of all devices anew; the CPU's is returned."""
    for generator in _of_devices.values():
        generator.manual_seed(seed)
    return default_generator.manual_seed(seed)
