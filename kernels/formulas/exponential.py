"""Exponentials without branches, so that loops over them vectorize.

``exp(x) = 2**n exp(r)`` with ``n`` the integer nearest ``x / ln 2`` and ``|r| <= ln(2) / 2``. Clamps are written
``limit if x > limit else x``, which keeps NaN. The polynomials are minimax on their interval.
"""
import numpy as np

from ..bits import bits_to_float32, bits_to_float64, float32_to_bits, float64_to_bits
from .by_dtype import fma, part, polynomial

f4, f8, i4, i8 = np.float32, np.float64, np.int32, np.int64
ZERO, HALF, ONE = f4(0), f4(0.5), f4(1)

LOG2_E = 1.4426950408889634
LN2 = 0.6931471805599453
# ln 2 as a sum; the first part has so few bits that n times it is exact
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
LN2_HIGH_32, LN2_LOW_32 = f4(0.693359375), f4(-2.12194440e-4)
# added to a number, it leaves the nearest integer in the lowest bits
ROUND, ROUND_32 = 1.5 * 2.0**52, f4(1.5 * 2.0**23)
ROUND_BITS, ROUND_BITS_32 = i8(0x4338000000000000), i4(0x4B400000)
# (exp(r) - 1 - r) / r**2
EXP = (0.5, 0.16666666666666682, 0.04166666666666672, 0.008333333333317053, 0.0013888888888859197, 0.00019841269896437658,
       2.4801587372655558e-05, 2.755723474867971e-06, 2.755723408633851e-07, 2.5112089521340364e-08, 2.092675912406901e-09)
EXP_32 = (0.5, 0.16666515171527863, 0.04166658595204353, 0.008369343355298042, 0.0013921062927693129)
# (sinh(x) - x) / x**3 in powers of x**2, |x| < 1
SINH = (0.16666666666666669, 0.008333333333333148, 0.00019841269841431753, 2.755731915710433e-06, 2.5052123132186864e-08,
        1.6057260085693517e-10, 7.758740042273349e-13)
SINH_32 = (0.1666666716337204, 0.008333349600434303, 0.00019836160936392844, 2.816947244355106e-06)


@part
def power_of_two_float32(n):
    """2**n for -126 <= n <= 127."""
    return bits_to_float32(i4(i4(n + i4(127)) << i4(23)))


@part
def power_of_two_float64(n):
    """2**n for -1022 <= n <= 1023."""
    return bits_to_float64((n + i8(1023)) << i8(52))


@part
def scaled_float32(y, n):
    """y * 2**n, rounded once; in two steps, so that neither factor overflows."""
    half = i4(n >> i4(1))
    return y * power_of_two_float32(half) * power_of_two_float32(i4(n - half))


@part
def scaled_float64(y, n):
    half = n >> i8(1)
    return y * power_of_two_float64(half) * power_of_two_float64(n - half)


@part
def reduced_float32(x):
    """n, r and exp(r) - 1 - r, where x = n ln 2 + r."""
    shifted = fma(x, f4(LOG2_E), ROUND_32)
    n = shifted - ROUND_32
    r = fma(n, -LN2_LOW_32, fma(n, -LN2_HIGH_32, x))
    return i4(float32_to_bits(shifted) - ROUND_BITS_32), r, polynomial(r, EXP_32) * (r * r)


@part
def reduced_float64(x):
    shifted = fma(x, LOG2_E, ROUND)
    n = shifted - ROUND
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, x))
    return float64_to_bits(shifted) - ROUND_BITS, r, polynomial(r, EXP) * (r * r)


def exp_float32(x):
    x = f4(89) if x > f4(89) else x
    x = f4(-104) if x < f4(-104) else x
    n, r, bend = reduced_float32(x)
    return scaled_float32((bend + r) + ONE, n)


def exp_float64(x):
    x = 710.0 if x > 710.0 else x
    x = -746.0 if x < -746.0 else x
    n, r, bend = reduced_float64(x)
    return scaled_float64((bend + r) + 1.0, n)


def exp2_float32(x):
    x = f4(128) if x > f4(128) else x
    x = f4(-150) if x < f4(-150) else x
    shifted = x + ROUND_32
    r = (x - (shifted - ROUND_32)) * f4(LN2)
    p = fma(polynomial(r, EXP_32), r * r, r)
    return scaled_float32(p + ONE, i4(float32_to_bits(shifted) - ROUND_BITS_32))


def exp2_float64(x):
    x = 1024.0 if x > 1024.0 else x
    x = -1075.0 if x < -1075.0 else x
    shifted = x + ROUND
    r = (x - (shifted - ROUND)) * LN2
    p = fma(polynomial(r, EXP), r * r, r)
    return scaled_float64(p + 1.0, float64_to_bits(shifted) - ROUND_BITS)


@part
def half_expm1_float32(x):
    """(exp(x) - 1) / 2 for -30 <= x <= 88.8; half, since 2**128 is no float32."""
    n, r, bend = reduced_float32(x)
    half = power_of_two_float32(i4(n - i4(1)))
    return fma(bend, half, fma(r, half, half - HALF))


@part
def half_expm1_float64(x):
    n, r, bend = reduced_float64(x)
    half = power_of_two_float64(n - i8(1))
    return fma(bend, half, fma(r, half, half - 0.5))


def expm1_float32(x):
    y = f4(88.8) if x > f4(88.8) else x
    y = f4(-30) if y < f4(-30) else y
    y = half_expm1_float32(y)
    return x if abs(x) < f4(1e-9) else y + y            # keeps the sign of zero, and what half of a subnormal number would lose


def expm1_float64(x):
    y = 709.8 if x > 709.8 else x
    y = -60.0 if y < -60.0 else y
    y = half_expm1_float64(y)
    return x if abs(x) < 1e-17 else y + y


@part
def half_exp_float32(x):
    """exp(x) / 2 for 0 <= x <= 90, which overflows no sooner than cosh."""
    n, r, bend = reduced_float32(x)
    return scaled_float32((bend + r) + ONE, i4(n - i4(1)))


@part
def half_exp_float64(x):
    n, r, bend = reduced_float64(x)
    return scaled_float64((bend + r) + 1.0, n - i8(1))


def cosh_float32(x):
    y = half_exp_float32(f4(90) if abs(x) > f4(90) else abs(x))
    return y + f4(0.25) / y


def cosh_float64(x):
    y = half_exp_float64(711.0 if abs(x) > 711.0 else abs(x))
    return y + 0.25 / y


def sinh_float32(x):
    y = half_exp_float32(f4(90) if abs(x) > f4(90) else abs(x))
    y = y - f4(0.25) / y
    z = x * x
    return fma(polynomial(z, SINH_32), x * z, x) if z < ONE else (-y if x < ZERO else y)


def sinh_float64(x):
    y = half_exp_float64(711.0 if abs(x) > 711.0 else abs(x))
    y = y - 0.25 / y
    z = x * x
    return fma(polynomial(z, SINH), x * z, x) if z < 1.0 else (-y if x < 0.0 else y)


def tanh_float32(x):
    """h / (h + 1) with h = (exp(2 x) - 1) / 2; for small h with the rounding errors of sum and quotient put right."""
    size = f4(10) if abs(x) > f4(10) else abs(x)
    h = half_expm1_float32(size + size)
    bottom = h + ONE
    y = h / bottom
    residue = fma(-y, bottom, h) - y * (h - (bottom - ONE))
    y = fma(residue, ONE - y, y) if h < ONE else y          # 1 - y = 1 / bottom
    y = -y if x < ZERO else y
    return x if x == ZERO else y


def tanh_float64(x):
    size = 20.0 if abs(x) > 20.0 else abs(x)
    h = half_expm1_float64(size + size)
    bottom = h + 1.0
    y = h / bottom
    residue = fma(-y, bottom, h) - y * (h - (bottom - 1.0))
    y = fma(residue, 1.0 - y, y) if h < 1.0 else y
    y = -y if x < 0.0 else y
    return x if x == 0.0 else y


def sigmoid_float32(x):
    """y / (1 + y) with y = exp(x) for negative x, else 1 / (1 + y) with y = exp(-x); y = (1 + p) 2**n may be subnormal."""
    n, r, bend = reduced_float32(f4(-104) if abs(x) > f4(104) else -abs(x))
    p = bend + r
    half = i4(n >> i4(1))
    first, second = power_of_two_float32(half), power_of_two_float32(i4(n - half))
    scale = first * second
    bottom = fma(p, scale, scale + ONE)
    y = (first if x < ZERO else ONE) / bottom
    p = fma(fma(p, scale, (scale + ONE) - bottom), f4(-0.75), p)        # most of the rounding error of bottom
    return fma(p, y, y) * second if x < ZERO else y


def sigmoid_float64(x):
    n, r, bend = reduced_float64(-746.0 if abs(x) > 746.0 else -abs(x))
    p = bend + r
    half = n >> i8(1)
    first, second = power_of_two_float64(half), power_of_two_float64(n - half)
    scale = first * second
    bottom = fma(p, scale, scale + 1.0)
    y = (first if x < 0.0 else 1.0) / bottom
    p = fma(fma(p, scale, (scale + 1.0) - bottom), -0.75, p)
    return fma(p, y, y) * second if x < 0.0 else y
