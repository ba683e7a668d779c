"""Runs kernels of CUDA as plain Python, to find on any machine what a GPU would get wrong.

Each thread is a greenlet. Threads run in random order and stop at barriers and warp operations; shared and local memory
begins with garbage; threads that disagree about a barrier, and indices outside an array, are errors.

>>> with simulated(seed=1):
...     kernel(x, out)                                      # doctest: +SKIP
"""
from __future__ import annotations

import contextlib
import itertools
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from unittest import mock

import greenlet
import numpy as np

from nb_nn.kernels.compile import FORMULAS
from nb_nn.kernels.cuda import launch
from nb_nn.kernels.cuda.rebind import Target
from nb_nn.kernels.formulas import vector

WARP = 32
FULL_MASK = 0xFFFFFFFF


class Index(NamedTuple):
    x: int
    y: int
    z: int


class BarrierError(RuntimeError):
    """Threads of a block wait for each other in vain."""


class Guarded:
    """An array that takes no index outside its shape, negative ones included: on a device nothing would stop them."""

    def __init__(self, array: np.ndarray):
        self.array = array
        self.shape, self.size, self.ndim, self.strides = array.shape, array.size, array.ndim, array.strides
        self.dtype, self.itemsize = array.dtype, array.itemsize

    def _checked(self, index: Any) -> Any:
        for position, length in zip(index if isinstance(index, tuple) else (index,), self.shape):
            if not isinstance(position, slice) and not 0 <= position < length:
                raise IndexError(f"index {index} is outside an array of shape {self.shape}")
        return index

    def __getitem__(self, index: Any) -> Any:
        found = self.array[self._checked(index)]
        return Guarded(found) if isinstance(found, np.ndarray) else found

    def __setitem__(self, index: Any, value: Any) -> None:
        self.array[self._checked(index)] = value


class Thread(greenlet.greenlet):
    """A thread of a block: where it is, and what it waits for."""

    def __init__(self, run: Callable, index: Index, number: int):
        super().__init__(run)
        self.index, self.number = index, number
        self.arrays = 0                     # shared arrays declared so far
        self.waits: tuple | None = None     # (operation, mask, line)
        self.given: Any = None
        self.received: Any = None

    @property
    def lane(self) -> int:
        return self.number % WARP

    @property
    def warp(self) -> int:
        return self.number // WARP

    def wait(self, operation: str, mask: int | None = None, value: Any = None) -> Any:
        """Stop until the others of the block, or of the warp's mask, have come to the same line."""
        frame = sys._getframe()
        while frame.f_code.co_filename == __file__:
            frame = frame.f_back
        self.waits, self.given = (operation, mask, frame.f_lineno), value
        self.parent.switch()
        return self.received


class Device:
    """What ``cuda`` means in a simulated kernel."""

    warpsize = WARP

    def __init__(self, grid: Index, block: Index, chance: random.Random):
        self.gridDim, self.blockDim, self.chance = grid, block, chance
        self.blockIdx = Index(0, 0, 0)
        self.thread: Thread = None
        self.memory: list[tuple[tuple, np.ndarray]] = []
        self.shared, self.local, self.atomic = Shared(self), Local(self), Atomic()

    def run(self, function: Callable, args: tuple) -> None:
        """Run all blocks, in random order."""
        blocks = [Index(*place) for place in itertools.product(*map(range, self.gridDim))]
        self.chance.shuffle(blocks)
        for self.blockIdx in blocks:
            self.memory = []
            self._run_block(function, args)

    def _run_block(self, function: Callable, args: tuple) -> None:
        width, height, depth = self.blockDim
        def quietly():
            with np.errstate(all="ignore"):     # overflow and invalid numbers are no errors on a device
                function(*args)

        threads = [Thread(quietly, Index(x, y, z), x + width * (y + height * z))
                   for z in range(depth) for y in range(height) for x in range(width)]
        ready, living = list(threads), list(threads)
        while living:
            self.chance.shuffle(ready)
            for self.thread in ready:
                self.thread.waits = None
                self.thread.switch()
            living = [thread for thread in living if not thread.dead]
            ready = self._released(living, len(threads)) if living else []

    def _released(self, waiting: list[Thread], size: int) -> list[Thread]:
        """The threads that may go on: warps whose operation is complete, else the whole block at its barrier."""
        released = []
        for _, members in itertools.groupby(sorted(waiting, key=lambda t: t.number), key=lambda t: t.warp):
            lanes = {thread.lane: thread for thread in members if thread.waits[1] is not None}
            for thread in list(lanes.values()):
                present = min(WARP, size - thread.warp * WARP)
                partners = [lane for lane in range(present) if thread.waits[1] >> lane & 1]
                if all(lane in lanes and lanes[lane].waits == thread.waits for lane in partners):
                    thread.received = {lane: lanes[lane].given for lane in partners}
                    released.append(thread)
        if released:
            return released
        if len({thread.waits for thread in waiting}) > 1 or waiting[0].waits[1] is not None or len(waiting) < size:
            told = sorted({f"{thread.waits[0]} in line {thread.waits[2]}" for thread in waiting})
            raise BarrierError(f"threads disagree about a barrier: {len(waiting)} wait at {' or '.join(told)}, "
                               f"{size - len(waiting)} have ended")
        everyone = {thread.number: thread.given for thread in waiting}
        for thread in waiting:
            thread.received = everyone
        return waiting

    # where a thread is

    @property
    def threadIdx(self) -> Index:
        return self.thread.index

    @property
    def laneid(self) -> int:
        return self.thread.lane

    def grid(self, dimensions: int) -> Any:
        places = [b * size + t for b, size, t in zip(self.blockIdx, self.blockDim, self.thread.index)]
        return places[0] if dimensions == 1 else tuple(places[:dimensions])

    def gridsize(self, dimensions: int) -> Any:
        sizes = [g * size for g, size in zip(self.gridDim, self.blockDim)]
        return sizes[0] if dimensions == 1 else tuple(sizes[:dimensions])

    # barriers of a block

    def syncthreads(self) -> None:
        self.thread.wait("syncthreads")

    def syncthreads_count(self, value: Any) -> int:
        return sum(map(bool, self.thread.wait("syncthreads_count", value=value).values()))

    def syncthreads_and(self, value: Any) -> int:
        return int(all(self.thread.wait("syncthreads_and", value=value).values()))

    def syncthreads_or(self, value: Any) -> int:
        return int(any(self.thread.wait("syncthreads_or", value=value).values()))

    def threadfence(self) -> None:
        """Writes are seen at once here."""

    threadfence_block = threadfence

    # operations of a warp

    def syncwarp(self, mask: int = FULL_MASK) -> None:
        self.thread.wait("syncwarp", mask)

    def shfl_sync(self, mask: int, value: Any, lane: int) -> Any:
        return self._from("shfl_sync", mask, value, lane)

    def shfl_up_sync(self, mask: int, value: Any, distance: int) -> Any:
        return self._from("shfl_up_sync", mask, value, self.laneid - distance)

    def shfl_down_sync(self, mask: int, value: Any, distance: int) -> Any:
        return self._from("shfl_down_sync", mask, value, self.laneid + distance)

    def shfl_xor_sync(self, mask: int, value: Any, pattern: int) -> Any:
        return self._from("shfl_xor_sync", mask, value, self.laneid ^ pattern)

    def _from(self, operation: str, mask: int, value: Any, lane: int) -> Any:
        return self.thread.wait(operation, mask, value).get(lane, value)

    def ballot_sync(self, mask: int, predicate: Any) -> int:
        return sum(1 << lane for lane, value in self.thread.wait("ballot_sync", mask, predicate).items() if value)

    def any_sync(self, mask: int, predicate: Any) -> bool:
        return any(self.thread.wait("any_sync", mask, predicate).values())

    def all_sync(self, mask: int, predicate: Any) -> bool:
        return all(self.thread.wait("all_sync", mask, predicate).values())


def garbage(shape: Any, dtype: Any) -> np.ndarray:
    """What memory holds before anything is written: NaN, or a large number."""
    return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max - 7, dtype)


class Shared:
    """``cuda.shared``: the n-th array a thread declares is the n-th of every other thread of the block."""

    def __init__(self, device: Device):
        self.device = device

    def array(self, shape: Any, dtype: Any) -> Guarded:
        device, told = self.device, (shape, np.dtype(dtype))
        number = device.thread.arrays
        device.thread.arrays += 1
        if number == len(device.memory):
            device.memory.append((told, garbage(shape, dtype)))
        if device.memory[number][0] != told:
            raise RuntimeError(f"threads disagree about shared array {number}: {told} and {device.memory[number][0]}")
        return Guarded(device.memory[number][1])


class Local(Shared):
    """``cuda.local``: an array for each thread."""

    def array(self, shape: Any, dtype: Any) -> Guarded:
        return Guarded(garbage(shape, dtype))


class Atomic:
    """``cuda.atomic``: between two barriers nothing interrupts a greenlet, so plain code is atomic. The old value is returned."""

    @staticmethod
    def _changed(array: Guarded, index: Any, change: Callable) -> Any:
        old = array[index]
        array[index] = change(old)
        return old

    def add(self, array: Guarded, index: Any, value: Any) -> Any:
        return self._changed(array, index, lambda old: old + value)

    def max(self, array: Guarded, index: Any, value: Any) -> Any:
        return self._changed(array, index, lambda old: max(old, value))

    def min(self, array: Guarded, index: Any, value: Any) -> Any:
        return self._changed(array, index, lambda old: min(old, value))

    def cas(self, array: Guarded, index: Any, expected: Any, value: Any) -> Any:
        return self._changed(array, index, lambda old: value if old == expected else old)


# where Python raises an error, and a device gives an infinity, or takes a truth value for a number
LIKE_A_DEVICE = {getattr(vector.log, "__wrapped__", vector.log): lambda x: np.log(x), FORMULAS["sign"]: lambda x: np.sign(x)}


def seen_inside(arg: Any) -> Any:
    """An argument as a kernel sees it: arrays with a guard, and Python's numbers with the 64 bits they have there."""
    if isinstance(arg, np.ndarray) and arg.ndim:
        return Guarded(arg)
    return np.int64(arg) if type(arg) is int else np.float64(arg) if type(arg) is float else arg


@contextlib.contextmanager
def simulated(seed: int = 0) -> Iterator[None]:
    """Let kernels of CUDA run here, on NumPy arrays; the seed decides the order of threads."""
    chance = random.Random(seed)

    def enqueue(kernel: launch.Kernel, grid: tuple, block: tuple, args: tuple) -> None:
        device = Device(Index(*grid), Index(*block), chance)
        target = Target(device, lambda function: function, LIKE_A_DEVICE)
        inside = tuple([seen_inside(arg) for arg in args])
        device.run(target.rebound(kernel.function), inside)

    with mock.patch.object(launch, "enqueue", enqueue):
        yield
