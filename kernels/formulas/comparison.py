"""Comparison and logic; all answer bool, or bits."""
import math

from ..bits import typed
from ..compile import formula


@formula
def eq(x, y):
    return x == y


@formula
def ne(x, y):
    return x != y


@formula
def lt(x, y):
    return x < y


@formula
def le(x, y):
    return x <= y


@formula
def gt(x, y):
    return x > y


@formula
def ge(x, y):
    return x >= y


@formula
def isnan(x):
    return x != x


@formula
def isinf(x):
    return abs(x) == math.inf


@formula
def isfinite(x):
    return abs(x) < math.inf


@formula
def isclose(x, y, rtol, atol):
    """Equal, or finite and within atol + rtol |y|."""
    return x == y or (abs(x) < math.inf and abs(y) < math.inf and abs(x - y) <= atol + rtol * abs(y))


@formula
def logical_not(x):
    return x == 0


@formula
def logical_and(x, y):
    return x != 0 and y != 0


@formula
def logical_or(x, y):
    return x != 0 or y != 0


@formula
def logical_xor(x, y):
    return (x != 0) != (y != 0)


@formula
def bitwise_not(x):
    return ~x


@formula
def bitwise_and(x, y):
    return x & y


@formula
def bitwise_or(x, y):
    return x | y


@formula
def bitwise_xor(x, y):
    return x ^ y


@formula
def shift_left(x, y):
    """x times 2 to the y; 0 where no bit is left, and for a negative y."""
    return x << y if 0 <= y < 64 else typed(0, x)


@formula
def shift_right(x, y):
    """x over 2 to the y, rounded down; what the sign leaves where no bit is left, and for a negative y."""
    return x >> y if 0 <= y < 64 else typed(-1 if x < 0 else 0, x)


@formula
def masked_fill(x, mask, value):
    return value if mask else x


@formula
def masked_scale(x, mask, scale):
    """x times ``scale`` where the mask holds, zero elsewhere (not x times zero, which would keep NaN)."""
    return x * scale if mask else typed(0, x)
