"""Sine, cosine and tangent without branches, so that loops over them vectorize.

``x = n pi/2 + r`` with ``|r| <= pi/4``; n tells the quadrant. pi/2 is subtracted in parts (Cody and Waite), each product
being exact inside the fused multiply-add. That holds up to a limit; a huge x goes to the C library (``settle_...``).
"""
from ..bits import bits_to_float32, bits_to_float64, float32_to_bits, float64_to_bits
from .by_dtype import fma, part, polynomial, settle_cos, settle_sin, settle_tan
from .exponential import ONE, ROUND, ROUND_32, ZERO, f4, f8, i4, i8

TWO_OVER_PI = 0.6366197723675814
# pi/2 as sums
PI_1, PI_2, PI_3 = 1.5707963267948966, 6.123233995736765e-17, 1.0828566739219139e-32
PI_1_32, PI_2_32, PI_3_32 = f4(1.570796251296997), f4(7.549789415861596e-08), f4(5.390302529957765e-15)
# (sin(r) - r) / r**3 and (cos(r) - 1 + r**2 / 2) / r**4 in powers of r**2
SIN = (-0.16666666666666632, 0.008333333333322219, -0.00019841269829642039, 2.7557313631437687e-06, -2.5050748231274597e-08,
       1.5896200871778642e-10)
COS = (0.0416666666666666, -0.0013888888888873962, 2.4801587289362045e-05, -2.7557314313225413e-07, 2.0875717448407134e-09,
       -1.1359323156794804e-11)
SIN_32 = (-0.16666655242443085, 0.008332169614732265, -0.00019516040629241616)
COS_32 = (0.04166664555668831, -0.0013887356035411358, 2.4437109459540807e-05)


@part
def quarter_turns_float32(x):
    """The quadrant (as an integer of which the lowest two bits count) and r."""
    shifted = fma(x, f4(TWO_OVER_PI), ROUND_32)
    n = shifted - ROUND_32
    return float32_to_bits(shifted), fma(n, -PI_3_32, fma(n, -PI_2_32, fma(n, -PI_1_32, x)))


@part
def quarter_turns_float64(x):
    shifted = fma(x, TWO_OVER_PI, ROUND)
    n = shifted - ROUND
    return float64_to_bits(shifted), fma(n, -PI_3, fma(n, -PI_2, fma(n, -PI_1, x)))


@part
def sin_of_turns_float32(quadrant, r):
    z = r * r
    s = fma(polynomial(z, SIN_32), r * z, r)
    c = fma(fma(z, polynomial(z, COS_32), f4(-0.5)), z, ONE)
    y = float32_to_bits(c if i4(quadrant & i4(1)) else s)
    return bits_to_float32(i4(y ^ i4(i4(quadrant & i4(2)) << i4(30))))


@part
def sin_of_turns_float64(quadrant, r):
    z = r * r
    s = fma(polynomial(z, SIN), r * z, r)
    c = fma(fma(z, polynomial(z, COS), -0.5), z, 1.0)
    y = float64_to_bits(c if quadrant & i8(1) else s)
    return bits_to_float64(y ^ ((quadrant & i8(2)) << i8(62)))


def sin_float32(x):
    quadrant, r = quarter_turns_float32(x)
    return settle_sin(x, x if x == ZERO else sin_of_turns_float32(quadrant, r))


def sin_float64(x):
    quadrant, r = quarter_turns_float64(x)
    return settle_sin(x, x if x == 0.0 else sin_of_turns_float64(quadrant, r))


def cos_float32(x):
    quadrant, r = quarter_turns_float32(x)
    return settle_cos(x, sin_of_turns_float32(i4(quadrant + i4(1)), r))


def cos_float64(x):
    quadrant, r = quarter_turns_float64(x)
    return settle_cos(x, sin_of_turns_float64(quadrant + i8(1), r))


def tan_float32(x):
    """In float64, whose sine and cosine need no care."""
    quadrant, r = quarter_turns_float64(f8(x))
    z = r * r
    s = fma(polynomial(z, SIN), r * z, r)
    c = fma(fma(z, polynomial(z, COS), -0.5), z, 1.0)
    odd = quadrant & i8(1)
    y = f4((-c if odd else s) / (s if odd else c))
    return settle_tan(x, x if x == ZERO else y)


def tan_float64(x):
    """s / c (in odd quadrants -c / s), with the rounding errors of r, s and c carried along."""
    shifted = fma(x, TWO_OVER_PI, ROUND)
    n = shifted - ROUND
    exact = fma(n, -PI_1, x)
    r = fma(n, -PI_2, exact)
    r_rest = fma(n, -PI_3, fma(n, -PI_2, exact - r))
    z = r * r
    bend = polynomial(z, SIN) * (r * z)
    s = r + bend
    s_rest = bend - (s - r) + r_rest
    bend = fma(z, polynomial(z, COS), -0.5) * z
    c = 1.0 + bend
    c_rest = bend - (c - 1.0) - r_rest * s
    odd = float64_to_bits(shifted) & i8(1)
    y = (-c if odd else s) / (s if odd else c)
    residue = fma(-y, s_rest, -c_rest) if odd else fma(-y, c_rest, s_rest)
    y = fma(residue * (2.0 - c), -y if odd else 1.0, y)        # 2 - c is near enough to 1 / c
    return settle_tan(x, x if x == 0.0 else y)
