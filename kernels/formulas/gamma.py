"""The logarithm of the gamma function and its derivative without branches, so that loops over them vectorize.

From 8 on, Stirling's series. Below, recurrence to the interval [1, 2), and there a polynomial that has the function's
zeros as factors. Below 0, reflection.
"""
import math

from ..bits import float64_to_bits
from .by_dtype import floor, fma, part, polynomial
from .exponential import ROUND, f4, f8, i8
from .logarithmic import log_float64
from .trigonometric import sin_of_turns_float64

HALF_LOG_TWO_PI, LOG_PI = 0.9189385332046728, 1.1447298858494002
# Stirling: B(2 n) / (2 n (2 n - 1)) and B(2 n) / (2 n) for n = 1, 2, ...
LGAMMA_SERIES = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400, 43867 / 244188)
DIGAMMA_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160, 43867 / 14364)
# lgamma(t) / ((t - 1) (t - 2)) and digamma(t) / (t - root) in powers of t - 3/2
LGAMMA = (0.4831289505409809, -0.14595989591430591, 0.0629114010745821, -0.03130848750105614, 0.016797098628938575,
          -0.00942562244462701, 0.0054464579586711425, -0.003212074227114651, 0.0019229132054324836,
          -0.0011644112640876282, 0.0007115654602753417, -0.00043803631617353006, 0.0002708920688382583,
          -0.00016856467191953364, 0.00010772718898933191, -6.796342937119103e-05, 3.4963888582669e-05,
          -2.1435414484458143e-05, 2.8362869661182637e-05, -1.8571903416984575e-05)
DIGAMMA = (0.9510558760318328, -0.4236274212814572, 0.24054248424077768, -0.14840492305487385, 0.09498872445448373,
           -0.06192213318961155, 0.04076083383590294, -0.026975800065080425, 0.017907251827607107,
           -0.01190814589105515, 0.007926953800106093, -0.005280909425459069, 0.003518923052720989,
           -0.0023375134219752697, 0.0015571013580933015, -0.001077830139633349, 0.0007217279661460436,
           -0.000354475519244196, 0.0002302457456043313, -0.00037863370423670884, 0.00025727236406424106)
DIGAMMA_ROOT, DIGAMMA_ROOT_REST = 1.4616321449683622, 9.549995429965697e-17

log = part(log_float64)


@part
def half_turns(x):
    """sin(pi x) and cos(pi x) for positive x."""
    x = x - 2.0 * floor(x * 0.5)
    shifted = x + x + ROUND
    r = (x - (shifted - ROUND) * 0.5) * math.pi
    quadrant = float64_to_bits(shifted)
    return sin_of_turns_float64(quadrant, r), sin_of_turns_float64(quadrant + i8(1), r)


@part
def lgamma_float64(x):
    z = 1.0 - x if x < 0.0 else x
    large = z >= 8.0
    below = floor(z)
    d = 0.5 if large else z - below                     # z = t + k, where t = 1 + d and k = below - 1
    product = 1.0
    for i in range(1, 7):
        product = product * (d + i if below > i else 1.0)
    logarithm = log(z if large | (z < 1.0) else product)
    small = d * (d - 1.0) * polynomial(d - 0.5, LGAMMA)
    small = small - logarithm if z < 1.0 else small + logarithm
    inverse = 1.0 / z
    rest = fma(polynomial(inverse * inverse, LGAMMA_SERIES), inverse, HALF_LOG_TWO_PI - 0.5)
    y = fma(z - 0.5, logarithm - 1.0, rest) if large else small
    sine, _ = half_turns(abs(x))
    tiny = x > -1e-300          # where pi x would be subnormal
    y = (0.0 if tiny else LOG_PI) - log(-x if tiny else abs(sine)) - y if x < 0.0 else y
    return abs(x) if abs(x) == math.inf else y


def lgamma_float32(x):
    return f4(lgamma_float64(f8(x)))


@part
def digamma_float64(x):
    z = 1.0 - x if x < 0.0 else x
    large = z >= 8.0
    below = floor(z)
    d = 0.5 if large else z - below
    top, bottom = (-1.0 if z < 1.0 else 0.0), (z if z < 1.0 else 1.0)      # of the sum of 1 / (t + i), i < k
    for i in range(1, 7):
        top = top * (d + i) + bottom if below > i else top
        bottom = bottom * (d + i) if below > i else bottom
    t = d + 1.0
    small = fma(t - DIGAMMA_ROOT - DIGAMMA_ROOT_REST, polynomial(d - 0.5, DIGAMMA), top / bottom)
    inverse = 1.0 / z
    square = inverse * inverse
    y = log(z) - fma(polynomial(square, DIGAMMA_SERIES), square, 0.5 * inverse) if large else small
    y = z if z == math.inf else y
    sine, cosine = half_turns(abs(x))
    y = y + math.pi * cosine / sine if x < 0.0 else y
    y = math.nan if (x < 0.0) & (floor(x) == x) else y       # a pole, of either sign
    return -1.0 / x if x == 0.0 else y


def digamma_float32(x):
    return f4(digamma_float64(f8(x)))
