"""Functions with one implementation for float32 and one for float64, and the parts those are made of.

A call of such a function in a compiled CPU loop becomes the implementation for the dtype of its arguments. Everywhere
else (plain Python, the simulator, a CUDA kernel compiled from ``exp.__wrapped__``) it is the body under its name, which
uses `math` alone.
"""
from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

from ..compile import FORMULAS


class ByDtype:
    """A scalar function that compiled CPU code takes from ``float32`` or ``float64``, by the dtype of its arguments."""

    def __init__(self, function: Callable, float32: Callable, float64: Callable):
        functools.update_wrapper(self, function)
        self.float32, self.float64 = inspect.unwrap(float32), inspect.unwrap(float64)

    def __call__(self, *args: Any) -> Any:
        return self.__wrapped__(*args)

    def __repr__(self) -> str:
        return f"<function {self.__name__} by dtype>"

    @functools.cached_property
    def _numba_type_(self) -> Any:
        """What Numba asks of a global it does not know; only then is there a need for Numba."""
        from ..cpu import by_dtype

        return by_dtype.compiled(self)


def by_dtype(float32: Callable, float64: Callable) -> Callable:
    """Enter the decorated function as a formula with these implementations on the CPU."""
    def enter(function: Callable) -> ByDtype:
        FORMULAS[function.__name__] = made = ByDtype(function, float32, float64)
        return made
    return enter


def part(function: Callable) -> ByDtype:
    """Mark a function as a part of such implementations: always compiled into its caller, for either dtype."""
    return ByDtype(function, function, function)


class Primitive(ByDtype):
    """A function that compiled CPU code takes from the intrinsic of the same name in `kernels.cpu.by_dtype`."""

    @functools.cached_property
    def _numba_type_(self) -> Any:
        from ..cpu import by_dtype

        return by_dtype.primitive(self.__name__)


def primitive(function: Callable) -> Primitive:
    return Primitive(function, function, function)


@primitive
def fma(x, y, z):
    """``x * y + z``, rounded once in compiled code."""
    return x * y + z


@primitive
def floor(x):
    """The largest whole number not above x, as a float."""
    return float(math.floor(x))


@primitive
def polynomial(x, coefficients):
    """The sum of ``coefficients[i] * x**i``, in the dtype of x; the coefficients are a tuple of Python numbers."""
    total = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return type(x)(total)


@primitive
def settle_sin(x, y):
    """``y``, but the C library's sine of x where x is huge."""
    return math.sin(x)


@primitive
def settle_cos(x, y):
    return math.cos(x)


@primitive
def settle_tan(x, y):
    return math.tan(x)


@primitive
def settle_fmod(x, y, rest):
    """``rest``, but the C library's fmod of x and y where x is huge beside y."""
    return math.fmod(x, y)
