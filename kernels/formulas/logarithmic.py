"""Logarithms without branches, so that loops over them vectorize.

``log(x) = k ln 2 + log(1 + f)`` with ``sqrt(1/2) <= 1 + f < sqrt(2)``.
"""
import numpy as np

from ..bits import bits_to_float32, bits_to_float64, float32_to_bits, float64_to_bits
from .by_dtype import fma, part, polynomial
from .exponential import LN2_HIGH, LN2_HIGH_32, LN2_LOW, LN2_LOW_32, LOG2_E, ONE, ZERO, f4, i4, i8

SQRT_HALF_BITS, SQRT_HALF_BITS_32 = i8(0x3FE6A09E667F3BCD), i4(0x3F3504F3)
TINY, TINY_32 = 2.2250738585072014e-308, f4(1.1754943508222875e-38)     # smallest normal numbers
INF, INF_32, NAN, NAN_32 = np.inf, f4(np.inf), np.nan, f4(np.nan)
# (log(1 + f) - f + f**2 / 2) / f**3
LOG_32 = (0.3333333134651184, -0.250008225440979, 0.20001228153705597, -0.16623355448246002, 0.14201733469963074,
          -0.13160179555416107, 0.12761756777763367, -0.07634719461202621)
# (log(1 + f) - 2 s) / s**3 in powers of s**2, where s = f / (2 + f)
LOG = (0.6666666666666735, 0.3999999999940748, 0.28571428744142674, 0.22222198378350133, 0.18183575171968247,
       0.15313755595455164, 0.14799067742622227)
LOG2_E_LOW, LOG2_E_LOW_32 = 2.0355273740931033e-17, f4(1.4426950408889634 - float(f4(1.4426950408889634)))
LOG10_E, LOG10_E_LOW = 0.4342944819032518, 1.098319650216765e-17
LOG10_E_32, LOG10_E_LOW_32 = f4(LOG10_E), f4(LOG10_E - float(f4(LOG10_E)))
LOG10_2_HIGH, LOG10_2_LOW = 0.30102999560767785, 5.630334806675098e-11          # few bits first, as for ln 2
LOG10_2_HIGH_32, LOG10_2_LOW_32 = f4(0.301025390625), f4(4.605039066518657e-06)


@part
def split_float32(x):
    """k and f for positive x."""
    small = x < TINY_32
    bits = float32_to_bits(x * f4(2.0**24) if small else x)
    k = i4(i4(bits - SQRT_HALF_BITS_32) >> i4(23))
    f = bits_to_float32(i4(bits - i4(k << i4(23)))) - ONE
    return f4(k) - (f4(24) if small else ZERO), f


@part
def split_float64(x):
    small = x < TINY
    bits = float64_to_bits(x * 2.0**54 if small else x)
    k = (bits - SQRT_HALF_BITS) >> i8(52)
    f = bits_to_float64(bits - (k << i8(52))) - 1.0
    return float(k) - (54.0 if small else 0.0), f


@part
def bend_float32(f):
    """log(1 + f) - f."""
    return f * f * fma(f, polynomial(f, LOG_32), f4(-0.5))


@part
def bend_float64(f):
    s = f / (f + 2.0)
    half = 0.5 * f * f
    z = s * s
    return fma(s, fma(z, polynomial(z, LOG), half), -half)


@part
def edges_float32(x, y):
    """y, the logarithm of x, but for x that is not a positive number."""
    y = y if x < INF_32 else x
    y = -INF_32 if x == ZERO else y
    return NAN_32 if x < ZERO else y


@part
def edges_float64(x, y):
    y = y if x < INF else x
    y = -INF if x == 0.0 else y
    return NAN if x < 0.0 else y


def log_float32(x):
    k, f = split_float32(x)
    return edges_float32(x, fma(k, LN2_HIGH_32, f + fma(k, LN2_LOW_32, bend_float32(f))))


def log_float64(x):
    k, f = split_float64(x)
    return edges_float64(x, fma(k, LN2_HIGH, f + fma(k, LN2_LOW, bend_float64(f))))


def log2_float32(x):
    k, f = split_float32(x)
    low = fma(f, LOG2_E_LOW_32, bend_float32(f) * f4(LOG2_E))
    return edges_float32(x, k + fma(f, f4(LOG2_E), low))


def log2_float64(x):
    k, f = split_float64(x)
    low = fma(f, LOG2_E_LOW, bend_float64(f) * LOG2_E)
    return edges_float64(x, k + fma(f, LOG2_E, low))


def log10_float32(x):
    k, f = split_float32(x)
    low = fma(k, LOG10_2_LOW_32, fma(f, LOG10_E_LOW_32, bend_float32(f) * LOG10_E_32))
    return edges_float32(x, fma(k, LOG10_2_HIGH_32, fma(f, LOG10_E_32, low)))


def log10_float64(x):
    k, f = split_float64(x)
    low = fma(k, LOG10_2_LOW, fma(f, LOG10_E_LOW, bend_float64(f) * LOG10_E))
    return edges_float64(x, fma(k, LOG10_2_HIGH, fma(f, LOG10_E, low)))


def log1p_float32(x):
    """As log(1 + x), but f = x 2**-k + (2**-k - 1) is rounded once, from x itself."""
    k = i4(i4(float32_to_bits(ONE + x) - SQRT_HALF_BITS_32) >> i4(23))
    scale = bits_to_float32(i4(i4(i4(129) - k) << i4(23)))              # 4 * 2**-k, which is normal for all k
    f = fma(x * f4(0.25), scale, fma(scale, f4(0.25), -ONE))
    y = fma(f4(k), LN2_HIGH_32, f + fma(f4(k), LN2_LOW_32, bend_float32(f)))
    return x if abs(x) < f4(1e-8) else edges_float32(ONE + x, y)


def log1p_float64(x):
    k = (float64_to_bits(1.0 + x) - SQRT_HALF_BITS) >> i8(52)
    scale = bits_to_float64((i8(1025) - k) << i8(52))
    f = fma(x * 0.25, scale, fma(scale, 0.25, -1.0))
    y = fma(float(k), LN2_HIGH, f + fma(float(k), LN2_LOW, bend_float64(f)))
    return x if abs(x) < 1e-17 else edges_float64(x + 1.0, y)
