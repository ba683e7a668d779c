"""The only door to CUDA: compiles kernels, keeps them on disk, and launches them. Nothing of CUDA is imported before.

A kernel is compiled by numba-cuda to PTX and by nvJitLink to machine code (a cubin), neither of which needs a GPU or a
driver; CuPy loads it. It is launched with its parameters packed as one C structure: a launch by Numba's dispatcher takes
some 88 us with three arrays, such a one 2 to 4.
"""
from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import math
import os
import re
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from .. import bits, cache, table
from .rebind import Target, cuda

__all__ = ["THREADS", "Kernel", "cuda", "kernel"]

THREADS = 256                   # threads of a block
BLOCKS = 1 << 12                # blocks of a launch at most; more elements are taken by strides of the whole grid
Shape = tuple[int, int, int]


def one_thread_an_element(*args: Any) -> tuple[Shape, Shape]:
    """Grid and block for kernels whose threads stride over the elements of the last argument."""
    return (min(BLOCKS, -(-args[-1].size // THREADS)), 1, 1), (THREADS, 1, 1)


class Kernel:
    """A function that many threads run; ``geometry`` tells grid and block from the arguments."""

    def __init__(self, function: Callable, name: str = "", geometry: Callable = one_thread_an_element, layout: str = "C"):
        self.function = function
        self.name = name or function.__name__
        self.geometry = geometry
        self.layout = layout
        self.loaded: dict[tuple, int] = {}
        self.__doc__ = function.__doc__

    def __repr__(self) -> str:
        return f"<kernel {self.name} of CUDA>"

    def __call__(self, *args: Any, work: int | None = None) -> None:
        """Run on ``args``, with as many threads as these ask for (so ``work`` tells nothing new)."""
        grid, block = self.geometry(*args)
        if 0 not in grid:
            with current(args[-1]):
                enqueue(self, grid, block, args)


def kernel(function: Callable | None = None, *, geometry: Callable = one_thread_an_element) -> Any:
    """Make a function of many threads a `Kernel`, and enter it into the table of CUDA under its name."""
    if function is None:
        return functools.partial(kernel, geometry=geometry)
    made = Kernel(function, geometry=geometry)
    table.enter("cuda", made.name, made)
    return made


def current(array: Any) -> contextlib.AbstractContextManager:
    """A block of code in which the device of an array is the current one."""
    home = getattr(array.device, "id", None)        # NumPy's arrays, which the simulator takes, have a device in name only
    if home is None:
        return NOWHERE
    import cupy

    return NOWHERE if home == cupy.cuda.runtime.getDevice() else cupy.cuda.Device(home)


NOWHERE = contextlib.nullcontext()


def enqueue(kernel: Kernel, grid: Shape, block: Shape, args: tuple) -> None:
    """Launch on CuPy's current device and stream."""
    import cupy

    layout, values = packed(args, lambda array: array.data.ptr)
    key = (cupy.cuda.runtime.getDevice(), layout, descriptions(args))
    function = kernel.loaded.get(key)
    if function is None:
        function = kernel.loaded[key] = _load(kernel, args)
    parameters = ctypes.create_string_buffer(struct.pack(layout, *values))
    size = ctypes.c_size_t(len(parameters) - 1)     # without the string's closing zero
    extra = (ctypes.c_void_p * 5)(1, ctypes.addressof(parameters), 2, ctypes.addressof(size), 0)
    cupy.cuda.driver.launchKernel(function, *grid, *block, 0, cupy.cuda.get_current_stream().ptr, 0, ctypes.addressof(extra))


def _load(kernel: Kernel, args: tuple) -> int:
    """Address of the kernel on the current device."""
    import cupy

    capability = cupy.cuda.Device().compute_capability
    entry, cubin = compiled(kernel, args, (int(capability[:-1]), int(capability[-1])))
    module = cupy.cuda.function.Module()
    module.load(cubin)
    function = module.get_function(entry)
    _kept.append(function)      # it unloads its module when it dies
    return function.ptr


_kept: list[Any] = []


def packed(args: tuple, address: Callable[[Any], int]) -> tuple[str, list]:
    """Layout (for `struct`) and values of the parameters, as compiled kernels take them: an array as two owners that a
    device has not, its size, item size, address, shape and strides; a tuple as its elements."""
    layout, values = "@", []
    for arg in args:
        if hasattr(arg, "strides") and arg.ndim:
            layout += "PPqqP" + "q" * (2 * arg.ndim)
            values += [0, 0, arg.size, arg.itemsize, address(arg), *arg.shape, *arg.strides]
        elif isinstance(arg, tuple):
            inner, numbers = packed(arg, address)
            layout, values = layout + inner[1:], values + numbers
        else:
            layout += scalar_dtype(arg).char
            values.append(arg)
    return layout, values


def scalar_dtype(number: Any) -> np.dtype:
    """What a number is to a kernel: itself for NumPy's scalars; bool, int64 or float64 for Python's."""
    return number.dtype if hasattr(number, "dtype") else np.dtype({bool: "?", int: "q"}.get(type(number), "d"))


def descriptions(args: tuple) -> tuple:
    """What of the arguments decides how a kernel is compiled."""
    return tuple([descriptions(arg) if isinstance(arg, tuple) else (scalar_dtype(arg).char, getattr(arg, "ndim", 0))
                  for arg in args])


def compiled(kernel: Kernel, args: tuple, capability: tuple[int, int]) -> tuple[str, bytes]:
    """Entry name and machine code of a kernel for arguments such as ``args``, from the disk if it is there."""
    told = (kernel.name, kernel.layout, descriptions(args), capability)
    digest = hashlib.sha256(_toolchain() + cache.function_digest(kernel.function) + repr(told).encode()).hexdigest()
    path = cache.directory() and cache.directory() / f"{kernel.name}-sm{capability[0]}{capability[1]}-{digest[:32]}.nbc"
    with contextlib.suppress(OSError, ValueError):
        if path:
            entry, cubin = path.read_bytes().split(b"\n", 1)
            return entry.decode(), cubin
    code = ptx(kernel, args, written_for(capability))
    entry, cubin = entry_name(code), linked(code, capability)
    if path:
        _keep(path, entry.encode() + b"\n" + cubin)
    return entry, cubin


def _keep(path: Path, data: bytes) -> None:
    """Write a file beside its name and move it there; a full or read-only disk is no error."""
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(name, path)
        except OSError:
            Path(name).unlink(missing_ok=True)


@functools.cache
def _toolchain() -> bytes:
    """Digest of all kernel sources and of the versions that compile them."""
    from importlib import metadata

    digest = hashlib.sha256(repr([metadata.version(name) for name in ("numba-cuda", "numba", "cuda-bindings")]).encode())
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.digest()


def written_for(capability: tuple[int, int]) -> tuple[int, int]:
    """The capability whose PTX is linked for one: at most 9.0, for NVVM refuses numba-cuda's atomic additions of floats above."""
    return min(capability, (9, 0))


def ptx(kernel: Kernel, args: tuple, capability: tuple[int, int]) -> str:
    """PTX of a kernel for arguments such as ``args`` and a compute capability such as (8, 0)."""
    from numba import cuda as compiler

    with _pretended(capability):
        signature = compiler.types.void(*[_type(arg, kernel.layout) for arg in args])
        code, _ = compiler.compile(_target(capability).rebound(kernel.function), signature, cc=capability, device=False,
                                   abi="numba", output="ptx")
    return code


@contextlib.contextmanager
def _pretended(capability: tuple[int, int]) -> Iterator[None]:
    """Let device functions, which ask the current device what to compile for, find one of this capability."""
    from numba.cuda import dispatcher

    asked, dispatcher.get_current_device = dispatcher.get_current_device, lambda: SimpleNamespace(compute_capability=capability)
    try:
        yield
    finally:
        dispatcher.get_current_device = asked


@functools.cache
def _target(capability: tuple[int, int]) -> Target:
    """numba-cuda; its device functions hold code for one capability."""
    from numba import cuda as compiler
    from numba.cuda import libdevice

    _teach_typed()
    mark = compiler.jit(device=True)
    return Target(compiler, mark, {
        bits.typed: bits.typed,
        bits.float32_to_bits: mark(lambda x: libdevice.float_as_int(x)),
        bits.bits_to_float32: mark(lambda n: libdevice.int_as_float(n)),
        bits.float64_to_bits: mark(lambda x: libdevice.double_as_longlong(x)),
        bits.bits_to_float64: mark(lambda n: libdevice.longlong_as_double(n)),
        bits.float32_to_half: mark(lambda x: np.uint16(libdevice.float2half_rn(x))),
        bits.half_to_float32: mark(lambda n: libdevice.half2float(np.int16(n))),
        bits.fmod: mark(lambda x, y: math.fmod(x, y)),
        bits.floor: mark(lambda x: math.floor(x)),
        bits.ceil: mark(lambda x: math.ceil(x)),
        bits.trunc: mark(lambda x: math.trunc(x)),
        bits.rint: mark(lambda x: libdevice.rint(x)),
    })


@functools.cache
def _teach_typed() -> None:
    """Tell numba-cuda what `kernels.bits.typed` is."""
    from numba.cuda.extending import overload

    @overload(bits.typed)
    def typed(value, x):
        to = x
        return lambda value, x: to(value)


def _type(arg: Any, layout: str) -> Any:
    """Numba's type of an argument."""
    from numba.cuda import types
    from numba.cuda.np.numpy_support import from_dtype

    if isinstance(arg, tuple):
        return types.Tuple([_type(each, layout) for each in arg])
    kind = from_dtype(scalar_dtype(arg))
    return types.Array(kind, arg.ndim, layout) if getattr(arg, "ndim", 0) else kind


def entry_name(code: str) -> str:
    """Name of the kernel in its PTX."""
    return re.search(r"\.entry\s+(\w+)", code)[1]


def linked(code: str, capability: tuple[int, int]) -> bytes:
    """Machine code of PTX for one capability. (PTX itself would ask for a driver as new as the compiler.)"""
    from cuda.bindings import nvjitlink

    source = code.encode()
    handle = nvjitlink.create(2, [f"-arch=sm_{capability[0]}{capability[1]}", "-O3"])
    try:
        nvjitlink.add_data(handle, nvjitlink.InputType.PTX, source, len(source), "kernel")
        nvjitlink.complete(handle)
        cubin = bytearray(nvjitlink.get_linked_cubin_size(handle))
        nvjitlink.get_linked_cubin(handle, cubin)
    finally:
        nvjitlink.destroy(handle)
    return bytes(cubin)
