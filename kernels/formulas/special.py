"""Rounding to whole numbers, derivatives of the digamma function, and products whose difference counts."""
import math

from ..compile import formula
from .by_dtype import by_dtype, floor, fma, part, polynomial
from .exponential import f4, f8
from .gamma import half_turns

# B(2 j) / (2 j)! for j = 1, 2, ...: the Euler-Maclaurin formula
EULER_MACLAURIN = (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600,
                   -3617 / 10670622842880000)
TRIGAMMA_SERIES = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)      # B(2 j)


def round_float32(x):
    """Added to a number of which one is the last bit, x loses what is behind its point, to the nearest even."""
    shift = math.copysign(f4(8388608.0), x)
    rounded = math.copysign((x + shift) - shift, x)
    return rounded if abs(x) < f4(8388608.0) else x


def round_float64(x):
    shift = math.copysign(4503599627370496.0, x)
    rounded = math.copysign((x + shift) - shift, x)
    return rounded if abs(x) < 4503599627370496.0 else x


@by_dtype(round_float32, round_float64)
def round(x):
    return round_float64(x)


@part
def zeta(s, q):
    """Hurwitz zeta: the sum of (q + k)**-s over k = 0, 1, ..., for positive q and s of 2 or more."""
    total = 0.0
    while q < 10.0 + s:
        total += math.pow(q, -s)
        q += 1.0
    power = math.pow(q, -s)
    total += power * q / (s - 1.0) + 0.5 * power
    inverse = 1.0 / (q * q)
    factor = s * power / q
    for j in range(8):
        total += EULER_MACLAURIN[j] * factor
        factor *= (s + (2 * j + 1)) * (s + (2 * j + 2)) * inverse
    return total


@part
def zeta_everywhere(s, x):
    """`zeta`, below zero by what its terms on either side of zero sum to."""
    if x > 0.0:
        return zeta(s, x) if x < math.inf else 0.0
    if not x > -math.inf:
        return math.nan
    below = floor(x)
    if below == x:
        return math.inf
    above = x - below if x - below <= 0.5 else 1.0 - (below + 1.0 - x)
    rest = 1.0 - above if x - below <= 0.5 else below + 1.0 - x
    sign = 1.0 if s - 2.0 * floor(s * 0.5) == 0.0 else -1.0
    return zeta(s, above) + sign * (zeta(s, rest) - zeta(s, 1.0 - x))


@part
def trigamma_float64(x):
    """Without branches: ten terms of the sum, then its Euler-Maclaurin series; below zero by reflection."""
    z = 1.0 - x if x < 0.0 else x
    total = 0.0
    for i in range(0, 10, 2):
        a, b = z + i, z + (i + 1)
        product = a * b
        total += (a * a + b * b) / (product * product)
    small = (z < 10.0) & (z > 1e-150)
    total = total if small else 0.0
    w = z + 10.0 if small else z
    inverse = 1.0 / w
    square = inverse * inverse
    y = fma(polynomial(square, TRIGAMMA_SERIES), square * inverse, fma(0.5, square, inverse)) + total
    y = square if z <= 1e-150 else y
    sine, _ = half_turns(abs(x))
    ratio = math.pi / sine
    y = ratio * ratio - y if x < 0.0 else y
    return math.inf if (x < 0.0) & (floor(x) == x) & (x > -math.inf) else y


def trigamma_float32(x):
    return f4(trigamma_float64(f8(x)))


@by_dtype(trigamma_float32, trigamma_float64)
def trigamma(x):
    return trigamma_float64(x)


def polygamma_float64(x, order, factor):
    return factor * zeta_everywhere(order + 1.0, x)


def polygamma_float32(x, order, factor):
    return f4(factor * zeta_everywhere(order + 1.0, f8(x)))


@by_dtype(polygamma_float32, polygamma_float64)
def polygamma(x, order, factor):
    """Derivative ``order`` of digamma; ``factor`` is (-1)**(order + 1) order!."""
    return polygamma_float64(x, order, factor)


@formula
def difference_of_products(a, b, c, d):
    return a * b - c * d
