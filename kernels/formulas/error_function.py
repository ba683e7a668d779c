"""The error function and its complement without branches, so that loops over them vectorize."""
from ..bits import float64_to_bits
from .by_dtype import fma, polynomial
from .exponential import (
    LN2,
    LOG2_E,
    ONE,
    ROUND,
    ROUND_BITS,
    ZERO,
    f4,
    f8,
    power_of_two_float32,
    power_of_two_float64,
    reduced_float32,
    reduced_float64,
    scaled_float64,
)

# erf(x) / x - 1 in powers of x**2, |x| < 1
ERF = (0.1283791670955126, -0.3761263890318375, 0.11283791670954857, -0.026866170645072893, 0.005223977624780861,
       -0.0008548326978741853, 0.00012055331036886446, -1.4925593506565451e-05, 1.6460972811716624e-06, -1.63500251657774e-07,
       1.4657879458583124e-08, -1.136566448471933e-09, 5.945259273827061e-11)
ERF_32 = (0.12837916612625122, -0.3761262595653534, 0.1128358542919159, -0.026853812858462334, 0.005188327748328447,
          -0.0008010193705558777, 7.853861461626366e-05)
# -log(1 - erf(x)), 1 <= x <= 6 (4 for float32, where it has reached 1)
LOG_ERFC = (5.027964709494634e-07, 1.1283740899967254, 0.6366436257291994, 0.10270344610042141, -0.018990191509601767,
            -0.0004106101429722154, 0.0019159245386911321, -0.0007706278876527913, 0.00013504062811743896,
            2.0271529088711404e-05, -2.282441927560134e-05, 8.667755441127273e-06, -2.1358184299423773e-06,
            3.733282693619786e-07, -4.6426221973468545e-08, 3.934561835511238e-09, -2.0451317027160704e-10,
            4.929062324769616e-12)
LOG_ERFC_32 = (0.0003415232931729406, 1.1270891427993774, 0.638144850730896, 0.10310675203800201, -0.02183806337416172,
               0.0029476580675691366, -0.00018637916946318)
# exp(x**2) erfc(x) (1 + 2 x) in powers of (x - 3.75) / (x + 3.75), 1/2 <= x <= 27.5 (for float32 1 and 10.5)
ERFC = (1.2375126308378275, -0.1402405985855468, 0.003585415485466794, 0.08227673849012397, -0.10880393014190956,
        0.09230432116124168, -0.05869339858538531, 0.028362277403121756, -0.00974657961564426, 0.0017556260103726363,
        0.00029371412106278365, -0.0002901550142076249, 5.164685107260317e-05, 2.238769347816089e-05,
        -1.1436998281274956e-05, -9.816290652552578e-07, 1.7369408502974108e-06, -4.558162604258595e-08,
        -2.3966048398913783e-07, 1.3645620146379512e-08, 2.4355263401817504e-08)
# ERF, ERFC and EXP with as many terms as float32 needs when it is computed in float64
ERF_SHORT = (0.12837916591375143, -0.3761262713596642, 0.11283600176260698, -0.026854444591974114, 0.005189535339391816,
             -0.0008020841279839592, 7.889119531284435e-05)
ERFC_SHORT = (1.2375126313295812, -0.140240627681916, 0.0035853269999863795, 0.08227848339007321, -0.1088011374562006,
              0.0922757729828013, -0.05872659210127918, 0.028542883074500848, -0.00957871017211848, 0.0013108087976951232)
EXP_SHORT = (0.5000000014280842, 0.16666666761859203, 0.041666456876031745, 0.008333284127924986, 0.0013934533946591743,
             0.00019908889045437792)


def erf_float32(x):
    size = f4(4) if abs(x) > f4(4) else abs(x)
    n, r, bend = reduced_float32(-polynomial(size, LOG_ERFC_32))
    scale = power_of_two_float32(n)
    y = (ONE - scale) - scale * (r + bend)
    y = -y if x < ZERO else y
    return fma(x, polynomial(x * x, ERF_32), x) if size < ONE else y


def erf_float64(x):
    size = 6.0 if abs(x) > 6.0 else abs(x)
    n, r, bend = reduced_float64(-polynomial(size, LOG_ERFC))
    scale = power_of_two_float64(n)
    y = (1.0 - scale) - scale * (r + bend)
    y = -y if x < 0.0 else y
    return fma(x, polynomial(x * x, ERF), x) if size < 1.0 else y


def erfc_float32(x):
    """In float64, where exp(-x**2) needs no care; one reciprocal serves both quotients of `erfc_float64`."""
    x = f8(x)
    size = 10.5 if abs(x) > 10.5 else abs(x)
    square = size * size
    shifted = fma(square, -LOG2_E, ROUND)
    r = fma(shifted - ROUND, -LN2, -square)
    scale = power_of_two_float64(float64_to_bits(shifted) - ROUND_BITS)
    slope, shift = fma(2.0, size, 1.0), size + 3.75
    inverse = 1.0 / (slope * shift)
    tail = polynomial((size - 3.75) * slope * inverse, ERFC_SHORT) * (shift * inverse)
    y = fma(polynomial(r, EXP_SHORT), r * r, 1.0 + r) * scale * tail
    y = 2.0 - y if x < 0.0 else y
    return f4(1.0 - fma(x, polynomial(square, ERF_SHORT), x) if size < 1.0 else y)


def erfc_float64(x):
    """exp(-x**2) times a polynomial; x**2 as a sum, since its rounding error counts in the exponent."""
    size = 27.5 if abs(x) > 27.5 else abs(x)
    square = size * size
    rest = fma(size, size, -square)
    n, r, bend = reduced_float64(-square)
    tail = polynomial((size - 3.75) / (size + 3.75), ERFC) / fma(2.0, size, 1.0)
    p = r + bend
    y = scaled_float64(fma(tail, p - fma(rest, p, rest), tail), n)
    y = 2.0 - y if x < 0.0 else y
    return 1.0 - fma(x, polynomial(x * x, ERF), x) if size < 0.5 else y
