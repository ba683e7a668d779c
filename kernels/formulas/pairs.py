"""Formulas of two numbers, and the inverse hyperbolic functions."""
import math

from ..bits import typed
from ..compile import formula
from .vector import exp2, log, log1p

LN2, INVERSE_LN2 = 0.6931471805599453, 1.4426950408889634


@formula
def asinh(x):
    """log(|x| + sqrt(x**2 + 1)) with x's sign, by what exceeds 1 in the logarithm."""
    size = abs(x)
    large = size > typed(1e4, x)
    square = typed(0, x) if large else size * size
    rest = size if large else size + square / (typed(1, x) + math.sqrt(typed(1, x) + square))
    y = log1p(rest) + (typed(LN2, x) if large else typed(0, x))
    return x if x == 0 else (-y if x < 0 else y)


@formula
def acosh(x):
    """log(x + sqrt(x**2 - 1)), by what exceeds 1 in the logarithm; NaN below 1."""
    over = x - typed(1, x)
    large = x > typed(1e8, x)
    rest = x if large else over + math.sqrt(over) * math.sqrt(x + typed(1, x))
    y = log1p(rest) + (typed(LN2, x) if large else typed(0, x))
    return y if x >= typed(1, x) else typed(math.nan, x)


@formula
def atanh(x):
    size = abs(x)
    y = typed(0.5, x) * log1p((size + size) / (typed(1, x) - size))
    return x if x == 0 else (-y if x < 0 else y)


@formula
def hypot(x, y):
    """sqrt(x**2 + y**2) without overflow on the way; infinite if either is."""
    a, b = abs(x), abs(y)
    larger, smaller = (a, b) if a > b else (b, a)
    ratio = smaller / larger
    length = larger * math.sqrt(typed(1, x) + ratio * ratio)
    if a == typed(math.inf, x) or b == typed(math.inf, x):
        return typed(math.inf, x)
    return a + b if larger == 0 else length


@formula
def logaddexp2(x, y):
    """log2(2**x + 2**y), from the larger one down; two equal infinities have no difference."""
    larger, smaller = (x, y) if x > y else (y, x)
    if abs(larger) == math.inf and larger == smaller:
        return larger
    return larger + log1p(exp2(smaller - larger)) * typed(INVERSE_LN2, x)


@formula
def copysign(x, y):
    return typed(math.copysign(x, y), x)


@formula
def heaviside(x, value):
    """0 below zero, 1 above, ``value`` at zero."""
    return value if x == 0 else typed(x > 0, x)


@formula
def fmax(x, y):
    """The larger one; of a number and NaN the number."""
    return x if x >= y or y != y else y


@formula
def fmin(x, y):
    return x if x <= y or y != y else y


@formula
def gcd(x, y):
    """The greatest common divisor, by Euclid."""
    a, b = abs(x), abs(y)
    while b != 0:
        a, b = b, a % b
    return a


@formula
def xlogy(x, y):
    """x log(y), and 0 where x is, unless y is NaN."""
    return y if y != y else typed(0, x) if x == 0 else x * log(y)


@formula
def xlog1py(x, y):
    return y if y != y else typed(0, x) if x == 0 else x * log1p(y)


@formula
def nan_to_num(x, nan, top, bottom):
    """x, with replacements for NaN and the infinities."""
    return typed(nan, x) if x != x else typed(top, x) if x == math.inf else typed(bottom, x) if x == -math.inf else x
