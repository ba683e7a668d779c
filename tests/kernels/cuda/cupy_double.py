"""Plays CuPy on machines without a GPU: device memory is NumPy's, and kernels run in the simulator.

It has the part of CuPy that nb_nn uses, and is as strict as a device: memory begins as garbage, NumPy cannot read an array, arrays
are used on the device that is current, and kernels get arrays of dimensions and layout they were compiled for.

>>> with playing():
...     torch.ones(3, device="cuda") + 1                    # doctest: +SKIP
"""
from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import cupy_libraries
import numpy as np
import simulator

from nb_nn.core import cuda_memory
from nb_nn.kernels.cuda import launch

DEVICES, BYTES = 2, 1 << 30
state = SimpleNamespace(current=0, used=[0] * DEVICES, streams=[], launches=[], hooks=[])


class CUDARuntimeError(RuntimeError):
    """An error of the CUDA runtime."""


class Device:
    """A device; in a ``with`` block, the current one."""

    def __init__(self, device: int | None = None):
        self.id = state.current if device is None else int(device)
        self.before: list[int] = []

    def use(self) -> None:
        runtime.setDevice(self.id)

    def __enter__(self) -> Device:
        self.before.append(state.current)
        self.use()
        return self

    def __exit__(self, *error: Any) -> None:
        runtime.setDevice(self.before.pop())

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Device) and self.id == other.id

    __hash__ = None
    compute_capability = "90"

    def synchronize(self) -> None:
        """Everything is done at once here."""


class MemoryPointer:
    """A place in device memory."""

    def __init__(self, buffer: np.ndarray, offset: int, device: int):
        self.buffer, self.offset, self.device = buffer, offset, Device(device)
        self.ptr = buffer.ctypes.data + offset

    def __add__(self, offset: int) -> MemoryPointer:
        return MemoryPointer(self.buffer, self.offset + offset, self.device.id)


class Block(np.ndarray):
    """Device memory that counts itself."""

    def __del__(self) -> None:
        if self.base is None and getattr(self, "home", None) is not None and state is not None:      # (None at the interpreter's end)
            state.used[self.home] -= self.nbytes
            for hook in state.hooks:
                hook.free_postprocess(device_id=self.home, mem_size=self.nbytes, mem_ptr=0, pmem_id=id(self))


def allocated(nbytes: int) -> MemoryPointer:
    """New memory on the current device: garbage, whose bits are NaN and -1."""
    buffer = Block(max(nbytes, 1), np.uint8)
    buffer.fill(255)
    buffer.home = state.current
    state.used[state.current] += buffer.nbytes
    for hook in state.hooks:
        hook.malloc_postprocess(device_id=state.current, size=nbytes, mem_size=buffer.nbytes, mem_ptr=0, pmem_id=id(buffer))
    return MemoryPointer(buffer, 0, state.current)


class ndarray:
    """An array in device memory, which NumPy cannot see."""

    __array_ufunc__ = None

    def __init__(self, shape: tuple, dtype: Any = float, memptr: MemoryPointer | None = None, strides: tuple | None = None):
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        dtype = np.dtype(dtype)
        if memptr is None:
            memptr = allocated(int(np.prod(shape, dtype=np.int64)) * dtype.itemsize)
        self.buffer, self.device = memptr.buffer, memptr.device
        self.host = np.ndarray(shape, dtype, memptr.buffer if np.prod(shape) else None,
                               memptr.offset if np.prod(shape) else 0, strides if np.prod(shape) else None)
        if not np.prod(shape):
            self.empty_at = memptr

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array explicitly.")

    @property
    def __cuda_array_interface__(self) -> dict:
        return {"shape": self.shape, "typestr": self.dtype.str, "data": (self.data.ptr, False), "version": 3, "strides": self.strides}

    @property
    def data(self) -> MemoryPointer:
        if not self.host.size:
            return getattr(self, "empty_at", MemoryPointer(self.buffer, 0, self.device.id))
        return MemoryPointer(self.buffer, self.host.ctypes.data - self.buffer.ctypes.data, self.device.id)

    shape = property(lambda self: self.host.shape)
    strides = property(lambda self: self.host.strides)
    dtype = property(lambda self: self.host.dtype)
    size = property(lambda self: self.host.size)
    ndim = property(lambda self: self.host.ndim)
    itemsize = property(lambda self: self.host.itemsize)
    nbytes = property(lambda self: self.host.nbytes)
    flags = property(lambda self: SimpleNamespace(c_contiguous=self.host.flags.c_contiguous, f_contiguous=self.host.flags.f_contiguous))
    T = property(lambda self: self.transpose())
    real = property(lambda self: self._view(self.host.real))

    # views
    def _view(self, host: np.ndarray) -> ndarray:
        made = object.__new__(ndarray)
        made.buffer, made.device, made.host = self.buffer, self.device, host
        return made

    def reshape(self, *shape: Any) -> ndarray:
        host = self.host.reshape(*shape)
        return self._view(host) if np.shares_memory(host, self.host) or not host.size else new(host)

    def ravel(self) -> ndarray:
        return self.reshape(-1)

    def transpose(self, *axes: Any) -> ndarray:
        return self._view(self.host.transpose(*axes))

    def swapaxes(self, a: int, b: int) -> ndarray:
        return self._view(self.host.swapaxes(a, b))

    def squeeze(self, axis: Any = None) -> ndarray:
        return self._view(self.host.squeeze(axis))

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> ndarray:
        host = self.host.diagonal(offset, axis1, axis2)
        host.flags.writeable = True                     # as in CuPy, where no array is read-only
        return self._view(host)

    def view(self, dtype: Any = None) -> ndarray:
        return self._view(self.host.view() if dtype is None else self.host.view(dtype))

    def __getitem__(self, index: Any) -> ndarray:
        for one in index if isinstance(index, tuple) else (index,):
            if not (one is None or one is Ellipsis or isinstance(one, slice) or hasattr(one, "__index__")):
                raise NotImplementedError("the double has no advanced indexing")
        host = self.host[index]
        if not isinstance(host, np.ndarray):            # an element is a 0-d view, as in CuPy
            host = self.host[(*(index if isinstance(index, tuple) else (index,)), ...)]
        return self._view(host)

    def __len__(self) -> int:
        return len(self.host)

    # contents
    def _here(self) -> np.ndarray:
        if self.device.id != state.current:
            raise CUDARuntimeError(f"an array of device {self.device.id} is used where device {state.current} is current")
        return self.host

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(value, np.ndarray) and value.ndim:
            raise TypeError("Unsupported type <class 'numpy.ndarray'>")
        with np.errstate(all="ignore"):
            self._here()[index] = value._here() if isinstance(value, ndarray) else value

    def fill(self, value: Any) -> None:
        self._here().fill(value)

    def astype(self, dtype: Any, order: str = "K", copy: bool = True) -> ndarray:
        with np.errstate(all="ignore"):
            return new(self._here().astype(dtype, order)) if copy or self.dtype != dtype else self

    def copy(self, order: str = "C") -> ndarray:
        return new(self._here().copy(order))

    def get(self) -> np.ndarray:
        return self.host.copy()

    def conj(self) -> ndarray:
        return new(self._here().conj())

    def __add__(self, other: Any) -> ndarray:
        return new(self._here() + other)

    def __sub__(self, other: Any) -> ndarray:
        return new(self._here() - other)

    def item(self) -> Any:
        return self.host.item()

    def tolist(self) -> list:
        return self.host.tolist()


def new(host: np.ndarray) -> ndarray:
    """An array on the current device with elements and order of one here."""
    order = np.argsort([-step for step in host.strides], kind="stable")
    made = ndarray(tuple(np.array(host.shape, int)[order]), host.dtype)
    made = made.transpose(tuple(np.argsort(order))) if host.ndim else made
    made.host[...] = host
    return made


def empty(shape: Any, dtype: Any = float) -> ndarray:
    return ndarray(shape, dtype)


def zeros(shape: Any, dtype: Any = float) -> ndarray:
    made = ndarray(shape, dtype)
    made.fill(0)
    return made


def asarray(array: Any) -> ndarray:
    if isinstance(array, ndarray):
        return array if array.device.id == state.current else new(array.host)
    return new(np.asarray(array))


def asnumpy(array: Any) -> np.ndarray:
    return array.get() if isinstance(array, ndarray) else np.asarray(array)


def matmul(a: ndarray, b: ndarray, out: ndarray | None = None) -> ndarray:
    """cuBLAS's part."""
    product = np.matmul(a._here(), b._here())
    if out is None:
        return new(product)
    out[...] = new(product)
    return out


class Stream:
    """Work in order; in a ``with`` block, the current one. All work is done at once here."""

    def __init__(self, null: bool = False, non_blocking: bool = False, ptds: bool = False):
        self.ptr, self.device_id = 0 if null else id(self), state.current

    def __enter__(self) -> Stream:
        state.streams.append(self)
        return self

    def __exit__(self, *error: Any) -> None:
        state.streams.pop()

    def use(self) -> Stream:
        state.streams[-1:] = [self]
        return self

    def synchronize(self) -> None:
        """All is done."""

    def wait_event(self, event: Any) -> None:
        """What the event waits for is done."""

    def record(self, event: Any = None) -> Any:
        event = event or Event()
        event.record(self)
        return event

    done = True


Stream.null = Stream(null=True)


class Event:
    """A moment in the work of a stream."""

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False):
        self.timed, self.moment, self.ptr = not disable_timing, None, id(self)

    def record(self, stream: Any = None) -> None:
        self.moment = time.perf_counter()

    def synchronize(self) -> None:
        """The moment has passed."""

    done = True


def get_elapsed_time(start: Event, end: Event) -> float:
    if start.moment is None or end.moment is None:
        raise CUDARuntimeError("cudaErrorInvalidResourceHandle: invalid resource handle")
    return (end.moment - start.moment) * 1e3


class MemoryHook:
    """Is told of memory given out and taken back, once entered."""

    def __enter__(self) -> MemoryHook:
        state.hooks.append(self)
        return self


class MemoryPool:
    """The pool that memory comes from."""

    def used_bytes(self) -> int:
        return state.used[state.current]

    total_bytes = used_bytes

    def free_all_blocks(self, stream: Any = None) -> None:
        """Nothing is kept here."""

    def free_bytes(self) -> int:
        return 0


class Runtime:
    """``cupy.cuda.runtime``."""

    CUDARuntimeError = CUDARuntimeError

    def getDeviceCount(self) -> int:
        return DEVICES

    def getDevice(self) -> int:
        return state.current

    def setDevice(self, index: int) -> None:
        if not 0 <= index < DEVICES:
            raise CUDARuntimeError("cudaErrorInvalidDevice: invalid device ordinal")
        state.current = index

    def deviceSynchronize(self) -> None:
        """All is done."""

    def getDeviceProperties(self, index: int) -> dict:
        return {"name": b"Simulated device", "major": 9, "minor": 0, "totalGlobalMem": BYTES, "multiProcessorCount": 1}

    def memGetInfo(self) -> tuple:
        return BYTES - state.used[state.current], BYTES

    def deviceCanAccessPeer(self, device: int, peer: int) -> int:
        return 1

    def runtimeGetVersion(self) -> int:
        return 12080

    driverGetVersion = runtimeGetVersion


runtime = Runtime()
pool = MemoryPool()


def enqueue(kernel: launch.Kernel, grid: tuple, block: tuple, args: tuple) -> None:
    """A launch, after the checks that a device would not make."""
    launch.packed(args, lambda array: array.data.ptr)
    for arg in args:
        if isinstance(arg, np.ndarray):
            raise TypeError(f"{kernel.name} was given an array of NumPy")
        if isinstance(arg, ndarray):
            if arg.ndim == 0 or kernel.layout == "C" and not arg.flags.c_contiguous:
                raise TypeError(f"{kernel.name} takes contiguous arrays of one dimension at least, not {arg.shape} by {arg.strides}")
            arg._here()
    if max(grid[1:]) > 65535 or block[0] * block[1] * block[2] > 1024:
        raise CUDARuntimeError(f"cudaErrorInvalidConfiguration: {grid}, {block}")
    state.launches.append(kernel.name)
    state.simulate(kernel, grid, block, tuple([arg.host if isinstance(arg, ndarray) else arg for arg in args]))


def module() -> ModuleType:
    """The double as a module of the name of what it plays."""
    made = ModuleType("cupy")
    for one in (ndarray, empty, zeros, asarray, asnumpy, matmul, *cupy_libraries.FUNCTIONS):
        setattr(made, one.__name__, one)
    made.fft = SimpleNamespace(**{one.__name__: one for one in cupy_libraries.TRANSFORMS})
    made.linalg = SimpleNamespace(**{one.__name__: one for one in cupy_libraries.DECOMPOSITIONS})
    made.get_default_memory_pool = made.get_default_pinned_memory_pool = lambda: pool
    made.cuda = SimpleNamespace(
        Device=Device, Stream=Stream, Event=Event, runtime=runtime, get_elapsed_time=get_elapsed_time, MemoryPointer=MemoryPointer, MemoryHook=MemoryHook,
        get_current_stream=lambda: state.streams[-1] if state.streams else Stream.null,
        profiler=SimpleNamespace(start=lambda: None, stop=lambda: None),
        nvtx=SimpleNamespace(RangePush=lambda message: None, RangePop=lambda: None, Mark=lambda message: None))
    return made


@contextlib.contextmanager
def playing(seed: int = 0) -> Iterator[ModuleType]:
    """Let the double be CuPy, and the simulator run kernels; the seed decides the order of threads."""
    state.current, state.streams, state.launches = 0, [], []
    simulate: Callable
    with simulator.simulated(seed):
        simulate = launch.enqueue
    state.simulate = simulate
    played = {"cupy": module(), **cupy_libraries.modules()}
    made, before = played["cupy"], {name: sys.modules.get(name) for name in played}
    sys.modules.update(played)          # (mock.patch.dict would forget the modules imported meanwhile)
    cuda_memory.cupy_or_reason.cache_clear()
    try:
        with mock.patch.object(launch, "enqueue", enqueue):
            yield made
    finally:
        for name, module_before in before.items():
            del sys.modules[name]
            if module_before is not None:
                sys.modules[name] = module_before
        cuda_memory.cupy_or_reason.cache_clear()
        cuda_memory.meter.cache_clear()
        state.current, state.hooks = 0, []


def names_used() -> list[str]:
    """What of CuPy is played here, for comparison with CuPy itself."""
    functions = [name for name in vars(module()) if not name.startswith("__")]
    arrays = [f"ndarray.{name}" for name in vars(ndarray) if not name.startswith("_") and name not in ("host", "buffer")]
    return [*functions, *arrays, *[f"cuda.{name}" for name in vars(module().cuda)], *[f"fft.{name}" for name in vars(module().fft)],
            *[f"linalg.{name}" for name in vars(module().linalg)],
            *[f"cuda.runtime.{name}" for name in vars(Runtime) if not name.startswith("_")]]


