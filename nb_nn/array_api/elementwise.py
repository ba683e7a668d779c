"""Functions of each element."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.tensor_base import TensorBase, tensor_class
from ..ops import (
    activation,
    arithmetic,
    choosing,
    comparison,
    division,
    exponential,
    logic,
    pairs,
    singles,
    special,
    trigonometry,
)
from ..ops import complex as complexes
from .array_object import Array, arrays_of, summary
from .division import floor_quotient, signed_remainder
from .promotion import as_array, same_type

Tensor = TensorBase


def unary(function: Callable) -> Callable:
    """A function of one array, which is given by position."""
    def call(x: Tensor, /) -> Tensor:
        made = function(x)
        if made is x or made.__class__ is not tensor_class:
            return arrays_of(made, (x,))
        made.__class__ = Array
        return made

    call.__name__, call.__doc__, call.answers = function.__name__, summary(function), True
    return call


def binary(function: Callable) -> Callable:
    """A function of two arrays, or of an array and a number."""
    def call(x1: Any, x2: Any, /) -> Tensor:
        if not (isinstance(x1, TensorBase) and isinstance(x2, TensorBase) and x1._dtype is x2._dtype):
            x1, x2 = same_type(as_array(x1, x2), as_array(x2, x1))
        made = function(x1, x2)
        made.__class__ = Array
        return made

    call.__name__, call.__doc__, call.answers = function.__name__, summary(function), True
    return call


abs, acos, acosh, asin, asinh = map(unary, (arithmetic.abs, trigonometry.acos, singles.acosh, trigonometry.asin, singles.asinh))
atan, atanh, cos, cosh, exp = map(unary, (trigonometry.atan, singles.atanh, trigonometry.cos, trigonometry.cosh, exponential.exp))
log, log1p, log2, log10, sin, sinh = map(unary, (exponential.log, exponential.log1p, exponential.log2, exponential.log10,
                                                 trigonometry.sin, trigonometry.sinh))
tan, tanh, sqrt, square, negative, positive = map(unary, (trigonometry.tan, activation.tanh, exponential.sqrt, arithmetic.square,
                                                          arithmetic.neg, singles.positive))
ceil, floor, trunc, reciprocal, signbit = map(unary, (arithmetic.ceil, arithmetic.floor, arithmetic.trunc, arithmetic.reciprocal,
                                                      singles.signbit))
isfinite, isinf, isnan, logical_not, bitwise_invert = map(unary, (
    comparison.isfinite, comparison.isinf, comparison.isnan, logic.logical_not, logic.bitwise_not))
add, subtract, multiply, divide, pow = map(binary, (
    arithmetic.add, arithmetic.sub, arithmetic.mul, division.true_divide, exponential.pow))
atan2, hypot, copysign = map(binary, (trigonometry.atan2, pairs.hypot, pairs.copysign))
logaddexp, nextafter, maximum, minimum = map(binary, (exponential.logaddexp, pairs.nextafter, choosing.maximum, choosing.minimum))
equal, not_equal, less, less_equal, greater, greater_equal = map(binary, (
    comparison.eq, comparison.ne, comparison.lt, comparison.le, comparison.gt, comparison.ge))
logical_and, logical_or, logical_xor = map(binary, (logic.logical_and, logic.logical_or, logic.logical_xor))
bitwise_and, bitwise_or, bitwise_xor = map(binary, (logic.bitwise_and, logic.bitwise_or, logic.bitwise_xor))
bitwise_left_shift, bitwise_right_shift = map(binary, (logic.bitwise_left_shift, logic.bitwise_right_shift))


@binary
def floor_divide(x1: Any, x2: Any, /) -> Tensor:
    """The quotient rounded down, of infinity and by infinity, too."""
    return floor_quotient(x1, x2)


@binary
def remainder(x1: Any, x2: Any, /) -> Tensor:
    """What is left of ``x1`` after whole multiples of ``x2``, with the sign of ``x2``, of 0 too."""
    return signed_remainder(x1, x2)


def expm1(x: Tensor, /) -> Tensor:
    """The exponential less 1; of a complex zero, 0 with the sign of its imaginary part."""
    made = exponential.expm1(x)
    return complexes.complex(made.real + 0, made.imag) if x._dtype.is_complex else made


def sign(x: Tensor, /) -> Tensor:
    """-1, 0 or 1, and NaN of NaN; of complex numbers ``x / abs(x)``."""
    if x._dtype.is_complex:
        return (x / arithmetic.abs(x)).masked_fill(x == 0, 0)
    made = arithmetic.sign(x)
    return choosing.where(comparison.isnan(x), x, made) if x._dtype.category == 2 else made


def round(x: Tensor, /) -> Tensor:
    """The nearest whole number, of two the even one; of complex numbers, both parts of each."""
    return complexes.complex(special.round(x.real), special.round(x.imag)) if x._dtype.is_complex else special.round(x)


def conj(x: Tensor, /) -> Tensor:
    """The complex conjugate."""
    return x.conj() if x._dtype.is_complex else x


def real(x: Tensor, /) -> Tensor:
    """The real part."""
    return x.real if x._dtype.is_complex else x


def imag(x: Tensor, /) -> Tensor:
    """The imaginary part of complex numbers."""
    return x.imag


def clip(x: Tensor, /, min: Any = None, max: Any = None) -> Tensor:
    """Each element kept between two bounds, in the type of ``x``."""
    if min is None and max is None:
        return x.clone()
    return choosing.clamp(x, bound_for(x._dtype, min), bound_for(x._dtype, max))


def bound_for(kind: Any, bound: Any) -> Any:
    """A bound as one of a type; a number beyond the type's range is the range's end."""
    if isinstance(bound, TensorBase):
        return bound.to(kind)
    if bound is None or kind.category != 1:
        return bound
    if not isinstance(bound, int):
        raise TypeError(f"clip: a {type(bound).__name__} is no bound for {kind}")
    limits = np.iinfo(kind.numpy)
    return bound if limits.min <= bound <= limits.max else limits.min if bound < 0 else limits.max
