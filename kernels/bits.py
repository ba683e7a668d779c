"""Bit patterns of floats, and the other things that formulas need of a machine: each device compiles these names to its own instructions.

The bodies here are what plain Python and the simulator run.
"""
import math

import numpy as np


def float32_to_bits(x):
    """The int32 with the bits of a float32."""
    return np.float32(x).view(np.int32)


def bits_to_float32(n):
    """The float32 with the bits of an int32."""
    return np.int32(n).view(np.float32)


def float64_to_bits(x):
    """The int64 with the bits of a float64."""
    return np.float64(x).view(np.int64)


def bits_to_float64(n):
    """The float64 with the bits of an int64."""
    return np.int64(n).view(np.float64)


def float32_to_half(x):
    """The uint16 with the bits of a float32 rounded to float16."""
    return np.float32(x).astype(np.float16).view(np.uint16)


def half_to_float32(n):
    """The float32 equal to a float16 given by its bits."""
    return np.float32(np.uint16(n).view(np.float16))


def cast(x, like):
    """``x`` in the dtype of the array ``like``."""
    return like.dtype.type(x)


def typed(value, x):
    """A number in the dtype of x, so that float32 formulas stay float32."""
    return type(x)(value)


def cast_all(numbers, like):
    """A tuple of numbers, each in the dtype of the array ``like``."""
    return tuple([like.dtype.type(number) for number in numbers])


def floats(numbers, like):
    """A tuple of numbers, each as a float32, whatever the array ``like``."""
    return tuple([np.float32(number) for number in numbers])


def unit(row):
    """A 1-d array whose elements are adjacent, as an array the compiler knows to be contiguous."""
    return row


def fmod(x, y):
    """What is left of a float x after whole multiples of y, with x's sign (C's fmod)."""
    return type(x)(math.fmod(x, y)) if math.isfinite(x) and y != 0 else x * math.nan


def floor(x):
    """The largest whole number not above a float x, as a float (`math.floor` of compiled code is an int64, which overflows)."""
    return type(x)(np.floor(x))


def ceil(x):
    """The smallest whole number not below a float x, as a float."""
    return type(x)(np.ceil(x))


def trunc(x):
    """A float x without what is behind its point, as a float."""
    return type(x)(np.trunc(x))


def rint(x):
    """The whole number nearest to a float x, the even one of two, as a float."""
    return type(x)(np.rint(x))


def set_flush(flush):
    """Let this thread's processor take subnormal numbers as zero (1) or as they are (0); whether it now does."""
    return 0


def add_at_once(counter, number):
    """Add to the first element of an int64 array that other threads count in, too; what it was before."""
    before = counter[0]
    counter[0] += number
    return before
