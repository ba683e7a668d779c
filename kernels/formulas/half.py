"""float16 and bfloat16 as their bits (uint16), to and from float32; every op on them computes in float32 between."""
from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from ..bits import bits_to_float32, float32_to_bits, float32_to_half, half_to_float32
from ..compile import FORMULAS, formula, inlined


@formula
def float16_to_float32(bits):
    return half_to_float32(bits)


@formula
def float32_to_float16(x):
    return float32_to_half(x)


@formula
def bfloat16_to_float32(bits):
    return bits_to_float32(np.int32(bits) << np.int32(16))


@formula
def float32_to_bfloat16(x):
    """Rounds to nearest, ties to even. (Integers of other widths than 32 bits would take more vectors.)"""
    bits = float32_to_bits(x)
    odd = np.int32(np.int32(bits >> np.int32(16)) & np.int32(1))
    rounded = np.int32(np.int32(bits + np.int32(0x7FFF)) + odd)
    return np.uint16(np.int32(rounded >> np.int32(16))) if x == x else np.uint16(0x7FC0)


@inlined
def as_it_is(x):
    return x


OF_CHARACTER = {"e": "float16", "E": "bfloat16"}      # the characters of these dtypes, of NumPy and of ml_dtypes
LOAD = {"float16": float16_to_float32, "bfloat16": bfloat16_to_float32, "": as_it_is}
STORE = {"float16": float32_to_float16, "bfloat16": float32_to_bfloat16, "": as_it_is}


def loading(function: Callable, kind: str) -> Callable:
    """A function of a float32 as one of the bits of a half type (of no half type, as it is)."""
    if not kind:
        return function
    load = LOAD[kind]

    @inlined
    def loaded(x, *numbers):
        return function(load(x), *numbers)
    return loaded


@functools.cache
def on_bits(name: Callable | str, stored: tuple[str, ...]) -> Callable:
    """The formula (or that of this name) for elements as they lie in memory: ``stored`` names the half type of each operand and of
    the result, with "" for what is of none."""
    formula = FORMULAS[name] if isinstance(name, str) else name
    *operands, result = stored
    made = (on_bits1, on_bits2, on_bits3, on_bits4)[len(operands) - 1](formula, STORE[result], *[LOAD[one] for one in operands])
    made.__name__ = "_".join([formula.__name__, *[one or "other" for one in dict.fromkeys(stored)]])
    made.first_is_half = bool(operands[0])
    return inlined(made)


def on_bits1(formula, store, load):
    def on_bits(x, *numbers):
        return store(formula(load(x), *numbers))
    return on_bits


def on_bits2(formula, store, first, second):
    def on_bits(x, y, *numbers):
        return store(formula(first(x), second(y), *numbers))
    return on_bits


def on_bits3(formula, store, first, second, third):
    def on_bits(x, y, z, *numbers):
        return store(formula(first(x), second(y), third(z), *numbers))
    return on_bits


def on_bits4(formula, store, first, second, third, fourth):
    def on_bits(x, y, z, w, *numbers):
        return store(formula(first(x), second(y), third(z), fourth(w), *numbers))
    return on_bits
