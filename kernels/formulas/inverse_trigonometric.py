"""Arcus functions without branches, so that loops over them vectorize."""
import math

import numpy as np

from ..bits import float64_to_bits
from .by_dtype import fma, part, polynomial
from .exponential import ONE, ZERO, f4, f8, i8

# pi and pi/2 as sums
PI, PI_REST = math.pi, 1.2246467991473532e-16
HALF_PI, HALF_PI_REST = math.pi / 2, 6.123233995736766e-17
HALF_PI_32, HALF_PI_REST_32 = f4(1.57079637050628662109375), f4(-4.37113900018624283e-8)
# (asin(x) - x) / x**3 in powers of x**2, |x| <= 1/2
ASIN = (0.16666666666665406, 0.07500000000339752, 0.044642856825334774, 0.03038195927851259, 0.02237175437902081,
        0.017359762914416533, 0.013884642305902311, 0.01217319172186935, 0.006510502608787882, 0.01957658096095825,
        -0.01630062000711825, 0.03196487751093241)
ASIN_32 = (0.16666753590106964, 0.07495243102312088, 0.045477256178855896, 0.024145716801285744, 0.04222329705953598)
# (atan(x) - x) / x**3 in powers of x**2, |x| <= 1
ATAN = (-0.3333333333333307, 0.1999999999995146, -0.14285714282575102, 0.11111111007025992, -0.09090907002989165,
        0.07692279839269912, -0.06666404057408795, 0.05880527813798742, -0.052535185504663594, 0.04722322213643717,
        -0.04219178961469901, 0.0366419113211194, -0.029903859593071458, 0.02198485528620997, -0.013900562505888236,
        0.007196505344879972, -0.00288491980694949, 0.0008313224112726985, -0.00015216100607460062, 1.322509147569889e-05)
ATAN_32 = (-0.33333298563957214, 0.19998548924922943, -0.14264242351055145, 0.10952185839414597, -0.0840345099568367,
           0.05795760452747345, -0.031177856028079987, 0.010914611630141735, -0.0017936229705810547)


@part
def half_angle_float32(x):
    """asin(sqrt((1 - |x|) / 2)) for |x| > 1/2; NaN beyond 1. Also the rounding error of the root."""
    z = fma(abs(x), f4(-0.5), f4(0.5))
    s = math.sqrt(z)
    return fma(polynomial(z, ASIN_32), s * z, s), fma(-s, s, z) / (s + s + f4(1e-30))


@part
def half_angle_float64(x):
    z = fma(abs(x), -0.5, 0.5)
    s = math.sqrt(z)
    return fma(polynomial(z, ASIN), s * z, s), fma(-s, s, z) / (s + s + 1e-300)


def asin_float32(x):
    """pi/2 - 2 asin(sqrt((1 - x) / 2)) for x > 1/2."""
    half, rest = half_angle_float32(x)
    y = fma(f4(-2), half, HALF_PI_32) - (rest + rest - HALF_PI_REST_32)
    y = -y if x < ZERO else y
    return fma(polynomial(x * x, ASIN_32), x * x * x, x) if abs(x) <= f4(0.5) else y


def asin_float64(x):
    half, rest = half_angle_float64(x)
    y = fma(-2.0, half, HALF_PI) - (rest + rest - HALF_PI_REST)
    y = -y if x < 0.0 else y
    return fma(polynomial(x * x, ASIN), x * x * x, x) if abs(x) <= 0.5 else y


def acos_float32(x):
    half, rest = half_angle_float32(x)
    y = half + half + (rest + rest)
    y = f4(PI) - (y - (HALF_PI_REST_32 + HALF_PI_REST_32)) if x < ZERO else y
    small = fma(polynomial(x * x, ASIN_32), x * x * x, x)
    return HALF_PI_32 - (small - HALF_PI_REST_32) if abs(x) <= f4(0.5) else y


def acos_float64(x):
    half, rest = half_angle_float64(x)
    y = half + half + (rest + rest)
    y = PI - (y - PI_REST) if x < 0.0 else y
    small = fma(polynomial(x * x, ASIN), x * x * x, x)
    return HALF_PI - (small - HALF_PI_REST) if abs(x) <= 0.5 else y


def atan_float32(x):
    """pi/2 - atan(1 / x) for x > 1."""
    size = abs(x)
    far = size > ONE
    t = ONE / size if far else size
    y = fma(polynomial(t * t, ATAN_32), t * t * t, t)
    y = HALF_PI_32 - (y - HALF_PI_REST_32) if far else y
    y = -y if x < ZERO else y
    return x if x == ZERO else y


def atan_float64(x):
    size = abs(x)
    far = size > 1.0
    t = 1.0 / size if far else size
    y = fma(polynomial(t * t, ATAN), t * t * t, t)
    y = HALF_PI - (y - HALF_PI_REST) if far else y
    y = -y if x < 0.0 else y
    return x if x == 0.0 else y


@part
def atan2_float64(y, x):
    """The angle of the point (x, y), from that of the smaller over the larger of |x| and |y|."""
    steep = abs(y) > abs(x)
    low, high = (abs(x) if steep else abs(y)), (abs(y) if steep else abs(x))
    t = 1.0 if (low == np.inf) & (high == np.inf) else low / high
    t = 0.0 if high == 0.0 else t
    angle = fma(polynomial(t * t, ATAN), t * t * t, t)
    angle = HALF_PI - (angle - HALF_PI_REST) if steep else angle
    angle = PI - (angle - PI_REST) if float64_to_bits(x) < i8(0) else angle
    angle = -angle if float64_to_bits(y) < i8(0) else angle
    return x + y if (x != x) | (y != y) else angle


def atan2_float32(y, x):
    return f4(atan2_float64(f8(y), f8(x)))
