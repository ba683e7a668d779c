"""Arithmetic. Integer division by zero is the op's to refuse; here it gives 0."""
import math

import numpy as np

from .. import bits
from ..compile import formula
from .vector import fmod


@formula
def copy(x):
    return x


@formula
def to_bool(x):
    return x != 0


@formula
def to_integer(x):
    """A float as an integer, from which narrower ones take their lower bits."""
    return np.int64(x)


@formula
def add(x, y):
    return x + y


@formula
def add_scaled(x, y, alpha):
    return x + y * alpha


@formula
def sub(x, y):
    return x - y


@formula
def rsub(x, y):
    return y - x


@formula
def sub_scaled(x, y, alpha):
    return x - y * alpha


@formula
def mul(x, y):
    return x * y


@formula
def div(x, y):
    return x / y


@formula
def floor_divide(x, y):
    """Quotient rounded down (Python's rule; the remainder takes the divisor's sign)."""
    rest = fmod(x, y)
    quotient = (x - rest) / y
    quotient = quotient - 1 if rest != 0 and (rest < 0) != (y < 0) else quotient
    whole = bits.floor(quotient)
    whole = whole + 1 if quotient - whole > 0.5 else whole
    return x / y if y == 0 else whole if quotient != 0 else x / y * 0


@formula
def floor_quotient(x, y):
    """The floor of the quotient: as `floor_divide`, but infinities of infinite x, and a zero or -0 of infinite y."""
    return bits.floor(x / y) if abs(x) == math.inf or abs(y) == math.inf else floor_divide(x, y)


@formula
def over_count(x, count):
    """The mean of so many numbers with the sum x; of none it is x."""
    return x / max(count, 1)


@formula
def trunc_divide(x, y):
    """Quotient rounded toward zero."""
    return bits.trunc(x / y)


@formula
def int_floor_divide(x, y):
    return x // y if y != 0 else bits.typed(0, x)


@formula
def int_trunc_divide(x, y):
    if y == 0:
        return bits.typed(0, x)
    quotient = bits.typed(x // y, x)
    return bits.typed(quotient + bits.typed(1, x), x) if quotient < 0 and quotient * y != x else quotient


@formula
def remainder(x, y):
    """What is left of x after whole multiples of y, with y's sign."""
    rest = fmod(x, y)
    return rest + y if rest != 0 and (rest < 0) != (y < 0) else rest


@formula
def signed_remainder(x, y):
    """As `remainder`, and a zero has y's sign, too."""
    rest = remainder(x, y)
    return bits.typed(math.copysign(0.0, y), x) if rest == 0 else rest


@formula
def int_remainder(x, y):
    return x % y if y != 0 else bits.typed(0, x)


@formula
def int_fmod(x, y):
    if y == 0:
        return bits.typed(0, x)
    rest = x % y
    return rest - y if rest != 0 and (rest < 0) != (x < 0) else rest


@formula
def neg(x):
    return -x


@formula
def absolute(x):
    return abs(x)


@formula
def sign(x):
    """-1, 0 or 1, and 0 for NaN."""
    return bits.typed((x > 0) - (x < 0), x)


@formula
def square(x):
    return x * x


@formula
def reciprocal(x):
    return bits.typed(1, x) / x


@formula
def int_pow(x, y):
    """Integer power by squaring; a negative exponent leaves only 1 and -1."""
    if y < 0:
        return bits.typed(1 if x == 1 else (-1 if y % 2 else 1) if x == -1 else 0, x)
    one = bits.typed(1, y)
    result, base = bits.typed(1, x), x
    while y > 0:
        if y & one:
            result = bits.typed(result * base, x)
        base = bits.typed(base * base, x)
        y = bits.typed(y >> one, one)
    return result


@formula
def cube(x):
    return x * x * x


@formula
def floor(x):
    return bits.floor(x)


@formula
def ceil(x):
    return bits.ceil(x)


@formula
def trunc(x):
    return bits.trunc(x)


@formula
def frac(x):
    """What is behind the point, with x's sign."""
    return x - bits.trunc(x)


@formula
def maximum(x, y):
    """The larger one; NaN if either is."""
    return x if x > y or x != x else y


@formula
def minimum(x, y):
    """The smaller one; NaN if either is."""
    return x if x < y or x != x else y


@formula
def clamp(x, low, high):
    """x kept between low and high; NaN stays, and a bound that is NaN wins."""
    raised = low if x < low or low != low else x
    return high if raised > high or high != high else raised


@formula
def clamp_min(x, low):
    return low if x < low or low != low else x


@formula
def clamp_max(x, high):
    return high if x > high or high != high else x


@formula
def lerp(x, y, weight):
    """From x to y by ``weight``, exact at both ends."""
    return x + weight * (y - x) if abs(weight) < 0.5 else y - (y - x) * (1 - weight)


@formula
def addcmul(x, y, z, value):
    return x + y * z * value


@formula
def addcdiv(x, y, z, value):
    return x + y / z * value


@formula
def where(condition, x, y):
    return x if condition else y

