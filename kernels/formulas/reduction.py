"""Reductions as four scalar functions: start, map, combine, finish."""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..compile import REASSOCIATE, inlined
from . import half, order
from .vector import pow


@inlined
def identity(x):
    return x


@inlined
def square(x):
    return np.float64(x) * np.float64(x)


@inlined
def zero_for_nan(x):
    return np.float64(x) if x == x else 0.0


@inlined
def is_true(x):
    return np.uint8(x != 0)


@inlined
def one_if_true(x):
    return np.int64(x != 0)


@inlined
def power_of_magnitude(x, exponent):
    return pow(abs(np.float64(x)), exponent)


@inlined(fastmath=REASSOCIATE)
def add(a, b):
    return a + b


@inlined(fastmath=REASSOCIATE)
def multiply(a, b):
    return a * b


@inlined
def larger(a, b):
    return b if b > a else a


@inlined
def both(a, b):
    return np.uint8(a & b)


@inlined
def either(a, b):
    return np.uint8(a | b)


@inlined
def total(value, count):
    return value


@inlined
def average(value, count):
    return value / count


@inlined
def is_nonzero(value, count):
    return value != 0


@inlined
def root(value, count):
    return math.sqrt(value)


@inlined
def root_of_degree(value, count, exponent):
    return pow(value, 1 / exponent)


def number_of(back):
    """The finish of a reduction over keys: the number that has the key."""
    @inlined
    def finish(key, count):
        return back(key)
    return finish


@dataclass(frozen=True)
class Reduction:
    """``finish(combine(start, map(x0), map(x1), ...), count)``; map and finish also take the call's numbers.

    ``combine`` is associative up to rounding. Floats are combined in float64, integers in int64, so that float32 sums
    lose nothing; where ``start`` has an integer type of its own, partial results are integers too. With ``in_pairs`` elements of a row
    may be combined by twos before that, as float32.
    """
    start: Any = 0
    map: Callable = identity
    combine: Callable = add
    finish: Callable = total
    in_pairs: bool = False


REDUCTIONS = {
    "sum": Reduction(),
    "mean": Reduction(finish=average),
    "prod": Reduction(start=1, combine=multiply),
    "nansum": Reduction(map=zero_for_nan),
    "sum_of_squares": Reduction(map=square),
    "count_nonzero": Reduction(np.int64(0), one_if_true),
    "all": Reduction(np.uint8(1), is_true, both, is_nonzero),
    "any": Reduction(np.uint8(0), is_true, either, is_nonzero),
    "norm": Reduction(map=power_of_magnitude, finish=root_of_degree),
    "norm1": Reduction(map=abs),
    "norm2": Reduction(map=square, finish=root),
}


def reduction(name: str, dtype: str) -> Reduction:
    """The reduction ``name`` over elements of a dtype, given by its character; of the half types, bits are given and float32 is made."""
    if dtype in half.OF_CHARACTER:
        made = reduction(name, "f")
        # a pair of float16 fits a float32 (but for bits far below its last), and half as many become float64
        return replace(made, map=half.loading(made.map, half.OF_CHARACTER[dtype]), in_pairs=dtype == "e" and name in ("sum", "mean"))
    if name in ("amax", "amin"):
        by = order.ascending(dtype) if name == "amax" else order.descending(dtype)
        return Reduction(by.least, by.key, larger, number_of(by.number))
    if dtype in "FD" and name == "prod":
        return Reduction(complex(1), combine=multiply)
    return REDUCTIONS[name]
