"""Roots and powers without branches, so that loops over them vectorize."""
import math

import numpy as np

from ..bits import float64_to_bits
from .by_dtype import floor, fma, part, polynomial
from .exponential import (
    LN2_HIGH,
    LN2_LOW,
    LOG2_E,
    ONE,
    ROUND,
    ROUND_BITS,
    f4,
    f8,
    i8,
    power_of_two_float64,
    reduced_float64,
    scaled_float64,
)
from .logarithmic import edges_float64, split_float64

INF, NAN = np.inf, np.nan
TWO_THIRDS, TWO_THIRDS_LOW = 0.6666666666666666, 3.700743415417188e-17
# (log(1 + f) - 2 s) / s**3 in powers of s**2, where s = f / (2 + f); less 2/3, divided by s**2
LOG_SHORT = (0.6666666564461986, 0.4000033539817146, 0.28537294390138096, 0.23582436874321633)
LOG_BEYOND_THIRD = (0.4000000000000224, 0.28571428570106583, 0.22222222518870688, 0.1818178444641603, 0.15386754132357675,
                    0.1325688378061532, 0.13195780410549085)
# 2**r for |r| <= 1/2, to float32's precision
EXP2_SHORT = (0.9999999999615, 0.6931471807292547, 0.24022651199951636, 0.055504103516028774, 0.009618027010668984,
              0.0013333923437296136, 0.0001546936969824022, 1.5201860695362248e-05)


def sqrt_float32(x):
    return math.sqrt(x)


def sqrt_float64(x):
    return math.sqrt(x)


def rsqrt_float32(x):
    return ONE / math.sqrt(x)


def rsqrt_float64(x):
    return 1.0 / math.sqrt(x)


@part
def with_sign(x, y, power):
    """x**y as C defines it for each of zero, one, infinity, NaN and negative x, where power is |x|**y."""
    whole = floor(y) == y
    odd = whole & (floor(y * 0.5) != y * 0.5)
    power = -power if odd & (float64_to_bits(x) < i8(0)) else power
    power = NAN if (x < 0.0) & (x > -INF) & (not whole) else power
    return 1.0 if (y == 0.0) | (x == 1.0) | ((x == -1.0) & (abs(y) == INF)) else power


def pow_float32(x, y):
    """2**(y log2(x)) in float64."""
    x, y = f8(x), f8(y)
    k, f = split_float64(abs(x))
    s = f / (f + 2.0)
    z = s * s
    p = y * edges_float64(abs(x), fma(fma(polynomial(z, LOG_SHORT), z, 2.0), s * LOG2_E, k))
    p = 200.0 if p > 200.0 else p
    p = -200.0 if p < -200.0 else p
    shifted = p + ROUND
    power = polynomial(p - (shifted - ROUND), EXP2_SHORT) * power_of_two_float64(float64_to_bits(shifted) - ROUND_BITS)
    return f4(with_sign(x, y, power))


@part
def log_in_two(x):
    """log(x) for positive x as a sum; each of the steps below keeps its rounding error."""
    k, f = split_float64(x)
    bottom = f + 2.0
    s = f / bottom
    s_rest = (fma(-s, bottom, f) - s * (f - (bottom - 2.0))) * (0.5 - 0.5 * s)      # 1 / bottom = (1 - s) / 2
    z = s * s
    z_rest = fma(s, s, -z) + (s + s) * s_rest
    high = polynomial(z, LOG_BEYOND_THIRD) * z
    q = TWO_THIRDS + high
    q_rest = (TWO_THIRDS - q) + high + TWO_THIRDS_LOW
    w = z * q
    w_rest = fma(z, q, -w) + z * q_rest + z_rest * q
    v = 2.0 + w
    v_rest = (2.0 - v) + w + w_rest
    g = s * v
    g_rest = fma(s, v, -g) + s * v_rest + s_rest * v
    whole = k * LN2_HIGH
    total = whole + g
    rest = (whole - total) + g + fma(k, LN2_LOW, g_rest)
    log = total + rest
    return log, rest - (log - total)


def pow_float64(x, y):
    """exp(y log(x)), the logarithm to 64 bits or more."""
    log, log_rest = log_in_two(abs(x))
    p = y * log
    p_rest = fma(y, log, -p) + y * log_rest
    p = y * edges_float64(abs(x), log)
    p_rest = p_rest if abs(p) < 800.0 else 0.0
    p = 710.0 if p > 710.0 else p
    p = -750.0 if p < -750.0 else p
    n, r, bend = reduced_float64(p)
    power = scaled_float64((bend + fma(p_rest, r + bend, p_rest)) + r + 1.0, n)
    return with_sign(x, y, power)
