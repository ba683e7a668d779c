"""Numbers as integers in the same order, so that max, argmax and sort compare integers and vectorize.

NaN is the largest of all, as in torch. -0 comes just before +0; ``canonical`` joins them where equal numbers must tie.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..bits import bits_to_float32, bits_to_float64, float32_to_bits, float64_to_bits
from ..compile import inlined

SMALLEST32, LARGEST32 = np.int32(-(1 << 31)), np.int32((1 << 31) - 1)
SMALLEST64, LARGEST64 = np.int64(-(1 << 63)), np.int64((1 << 63) - 1)
ALL32, ALL64 = np.int32(31), np.int64(63)       # a shift by this leaves copies of the sign


@inlined
def ascending32(x):
    """The key of a float32: larger for larger numbers, largest for NaN."""
    bits = float32_to_bits(x)
    key = np.int32(bits ^ np.int32(np.int32(bits >> ALL32) & LARGEST32))
    return key if x == x else LARGEST32


@inlined
def from_ascending32(key):
    bits = np.int32(key)
    return bits_to_float32(np.int32(bits ^ np.int32(np.int32(bits >> ALL32) & LARGEST32)))


@inlined
def descending32(x):
    """The key of a float32: larger for smaller numbers, largest for NaN."""
    bits = float32_to_bits(x)
    key = np.int32(~np.int32(bits ^ np.int32(np.int32(bits >> ALL32) & LARGEST32)))
    return key if x == x else LARGEST32


@inlined
def from_descending32(key):
    bits = np.int32(~np.int32(key)) if key != LARGEST32 else LARGEST32
    return bits_to_float32(np.int32(bits ^ np.int32(np.int32(bits >> ALL32) & LARGEST32)))


@inlined
def ascending64(x):
    bits = float64_to_bits(x)
    key = bits ^ ((bits >> ALL64) & LARGEST64)
    return key if x == x else LARGEST64


@inlined
def from_ascending64(key):
    bits = np.int64(key)
    return bits_to_float64(bits ^ ((bits >> ALL64) & LARGEST64))


@inlined
def descending64(x):
    bits = float64_to_bits(x)
    key = ~(bits ^ ((bits >> ALL64) & LARGEST64))
    return key if x == x else LARGEST64


@inlined
def from_descending64(key):
    bits = ~np.int64(key) if key != LARGEST64 else LARGEST64
    return bits_to_float64(bits ^ ((bits >> ALL64) & LARGEST64))


@inlined
def ascending_integer(x):
    return np.int64(x)


@inlined
def descending_integer(x):
    return ~np.int64(x)


@inlined
def ascending_uint32(x):
    """The key of a uint32, whose upper half is above what an int32 holds."""
    return np.int32(np.int32(x) ^ SMALLEST32)


@inlined
def from_ascending_uint32(key):
    return np.uint32(np.int32(key) ^ SMALLEST32)


@inlined
def descending_uint32(x):
    return np.int32(~np.int32(np.int32(x) ^ SMALLEST32))


@inlined
def from_descending_uint32(key):
    return np.uint32(np.int32(~np.int32(key)) ^ SMALLEST32)


@inlined
def ascending_uint64(x):
    """The key of a uint64, likewise."""
    return np.int64(x) ^ SMALLEST64


@inlined
def from_ascending_uint64(key):
    return np.uint64(np.int64(key) ^ SMALLEST64)


@inlined
def descending_uint64(x):
    return ~(np.int64(x) ^ SMALLEST64)


@inlined
def from_descending_uint64(key):
    return np.uint64(~np.int64(key) ^ SMALLEST64)


@inlined
def canonical(x):
    """``x``, with +0 for -0."""
    return x if x != 0 else x * x


@dataclass(frozen=True)
class Order:
    """A key for a number (larger keys are wanted first), the number of a key, and a key not above any other."""
    key: Callable
    number: Callable
    least: np.integer


ASCENDING = {
    "f": Order(ascending32, from_ascending32, SMALLEST32),
    "d": Order(ascending64, from_ascending64, SMALLEST64),
    "I": Order(ascending_uint32, from_ascending_uint32, SMALLEST32),
    **dict.fromkeys("LQ", Order(ascending_uint64, from_ascending_uint64, SMALLEST64)),
}
DESCENDING = {
    "f": Order(descending32, from_descending32, SMALLEST32),
    "d": Order(descending64, from_descending64, SMALLEST64),
    "I": Order(descending_uint32, from_descending_uint32, SMALLEST32),
    **dict.fromkeys("LQ", Order(descending_uint64, from_descending_uint64, SMALLEST64)),
}
INTEGER_ASCENDING = Order(ascending_integer, ascending_integer, SMALLEST64)
INTEGER_DESCENDING = Order(descending_integer, descending_integer, SMALLEST64)


def tied(order: Order) -> Callable:
    """The key of an order, the same for -0 and +0."""
    key = order.key

    @inlined
    def tied_key(x):
        return key(canonical(x))
    return tied_key


def ascending(dtype: str) -> Order:
    """The order by size of a dtype, given by its character."""
    return ASCENDING.get(dtype, INTEGER_ASCENDING)


def descending(dtype: str) -> Order:
    """The reverse order of a dtype, NaN still with the largest keys."""
    return DESCENDING.get(dtype, INTEGER_DESCENDING)
