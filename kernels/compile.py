"""The only door to Numba: marks formulas and kernels, and compiles them when they are first called.

A kernel is one Python loop with two compiled twins: a serial one for little work, and a parallel one whose ``prange``
loops share the threads. Numba is imported at the first call, not before.
"""
from __future__ import annotations

import functools
import sys
import time
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from . import cache, threads

SERIAL_BELOW = 1 << 15          # elements; less work than this does not pay for waking threads
FASTMATH = frozenset({"contract"})   # fused multiply-add; never True, which makes isnan return False
REASSOCIATE = frozenset({"reassoc", "contract", "nsz", "arcp", "afn"})
prange = range                  # in a parallel twin this name becomes numba.prange

FORMULAS: dict[str, Callable] = {}
_unregistered: list[tuple[Callable, frozenset]] = []


def inlined(function: Callable | None = None, *, fastmath: frozenset = FASTMATH) -> Any:
    """Mark a plain function as callable from kernels, where it is compiled into its caller.

    It stays a plain function for Python, CUDA and the simulator.
    """
    if function is None:
        return functools.partial(inlined, fastmath=fastmath)
    _unregistered.append((function, fastmath))
    return function


def formula(function: Callable | None = None, *, fastmath: frozenset = FASTMATH) -> Any:
    """Mark a scalar function as the mathematics of an elementwise op, under its own name, on every device.

    >>> @formula
    ... def twice_plus_one(x):
    ...     return 2 * x + 1
    >>> FORMULAS["twice_plus_one"](3)
    7
    """
    if function is None:
        return functools.partial(formula, fastmath=fastmath)
    FORMULAS[function.__name__] = function
    return inlined(function, fastmath=fastmath)


class Kernel:
    """A loop and its compiled twins; calling it picks one by the amount of work."""

    def __init__(self, function: Callable, name: str = "", fastmath: frozenset = FASTMATH, any_strides: bool = False):
        self.function = function
        self.name = name or function.__name__
        self.fastmath = fastmath
        self.any_strides = any_strides
        self.__doc__ = function.__doc__

    def __repr__(self) -> str:
        return f"<kernel {self.name}>"

    @functools.cached_property
    def serial(self) -> Callable:
        """The compiled loop for one thread."""
        return _jit(self, parallel=False)

    @functools.cached_property
    def parallel(self) -> Callable:
        """The compiled loop for all threads."""
        return threads.guarded(_jit(self, parallel=True))

    def compiled_for(self, *args: Any) -> Callable:
        """The serial loop for arguments of these types, without Numba's look at the types of each call, which takes as long
        as a short loop does. The caller sees to it that they stay the same."""
        return _timed(functools.partial(_specialised, self.serial, {}), *args)

    def __call__(self, *args: Any, work: int | None = None) -> None:
        """Run on ``args``, in parallel if ``work`` (by default the size of the last argument) pays for it."""
        if (args[-1].size if work is None else work) < SERIAL_BELOW or threads.serial_only():
            self.serial(*args)
        else:
            self.parallel(*args)


def kernel(function: Callable | None = None, *, fastmath: frozenset = FASTMATH) -> Any:
    """Make a loop over arrays a `Kernel`, and enter it into the table of the CPU under its name.

    Its parameters come in the order inputs, numbers, outputs; it allocates nothing and trusts its arguments.
    """
    if function is None:
        return functools.partial(kernel, fastmath=fastmath)
    from . import table

    made = Kernel(function, fastmath=fastmath)
    table.enter("cpu", made.name, made)
    return made


def _jit(kernel: Kernel, parallel: bool) -> Callable:
    numba = _numba()
    function = kernel.function
    namespace = dict(function.__globals__, prange=numba.prange) if parallel else function.__globals__
    copy = types.FunctionType(function.__code__, namespace, function.__name__, function.__defaults__, function.__closure__)
    copy.__qualname__, copy.__module__ = function.__qualname__, function.__module__
    dispatcher = numba.njit(nogil=True, error_model="numpy", fastmath=set(kernel.fastmath), parallel=parallel)(copy)
    dispatcher._cache = cache.DiskCache(kernel.name, function, (parallel, sorted(kernel.fastmath)))
    dispatcher._compile_for_args = functools.partial(_timed, dispatcher._compile_for_args)
    return _strided(dispatcher) if kernel.any_strides else dispatcher


def _specialised(dispatcher: Any, changes: dict, *args: Any) -> Callable:
    """The compiled loop for arguments like these, with ``changes`` to the types of arrays. (Whether an array may be written to makes no
    difference to it.)"""
    import numba

    types_ = [numba.typeof(arg) for arg in args]
    return dispatcher.compile(tuple([type_.copy(readonly=False, **changes) if isinstance(type_, numba.types.Array) else type_
                                     for type_ in types_]))


def _strided(dispatcher: Any) -> Callable:
    """``dispatcher`` with one specialisation for arrays of any layout, where Numba would compile one for each mixture
    of contiguous and other arrays. (The compiled entry reads strides from the array and does not ask for its layout.)"""
    entries: dict[tuple, Callable] = {}

    def run(*args: Any) -> Any:
        key = tuple([arg.dtype.char if hasattr(arg, "dtype") else tuple(map(type, arg)) for arg in args])
        entry = entries.get(key)
        if entry is None:
            entry = entries[key] = _timed(functools.partial(_specialised, dispatcher, {"layout": "A"}), *args)
        return entry(*args)

    return run


def _numba() -> types.ModuleType:
    """Numba, with every marked function made known to it."""
    import numba
    from numba.extending import register_jitable

    _prefer_wide_vectors(numba)
    from .cpu import copy_code, intrinsics, tile_code  # noqa: F401  their import registers the CPU's bit casts and tiles

    while _unregistered:
        function, fastmath = _unregistered.pop()
        register_jitable(error_model="numpy", fastmath=set(fastmath), forceinline=True)(function)
    return numba


@functools.cache
def _prefer_wide_vectors(numba: types.ModuleType) -> None:
    """Let LLVM use all 512 bits of AVX-512, which it avoids for the sake of processors that slow down under them; those
    with VBMI2 (from Ice Lake on) do not. A setting of the user's, or code he has compiled before, stays as it is."""
    from llvmlite import binding

    if numba.config.CPU_FEATURES is None and binding.get_host_cpu_features().get("avx512vbmi2"):
        numba.config.CPU_FEATURES = binding.get_host_cpu_features().flatten() + ",-prefer-256-bit"


def check_arguments(args: tuple) -> None:
    """TypeError where kernels, which take arrays of the CPU and numbers, were given something else; asked only when one has failed."""
    for arg in args:
        if isinstance(arg, tuple):
            check_arguments(arg)
        elif hasattr(type(arg), "__cuda_array_interface__") and not isinstance(arg, np.ndarray):
            raise TypeError("a kernel of the CPU was given an array of a CUDA device") from None
        elif not isinstance(arg, (np.ndarray, np.generic, int, float, complex)):
            raise TypeError(f"a kernel takes arrays and numbers, not {type(arg).__name__}") from None


_compiling = [0.0, False]       # seconds spent; whether the user was told


def _timed(compile_: Callable, *args: Any, **kwargs: Any) -> Any:
    """Compile (or load) one specialisation, and tell an interactive user when this begins to take long."""
    start = time.perf_counter()
    _numba()
    try:
        return compile_(*args, **kwargs)
    except Exception:
        check_arguments(args)
        raise
    finally:
        _compiling[0] += time.perf_counter() - start
        if _compiling[0] > 5 and not _compiling[1] and sys.stderr.isatty():
            _compiling[1] = True
            print(f"nb_nn: compiling kernels for their first use; they are kept in {cache.directory()}", file=sys.stderr)
