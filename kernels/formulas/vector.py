"""Functions of `math` whose loops vectorize on the CPU, for float32 and float64; other formulas take them from here."""
import math

from .. import bits
from . import division, error_function, gamma, inverse_error_function, power
from . import exponential as e
from . import inverse_trigonometric as a
from . import logarithmic as l
from . import trigonometric as t
from .by_dtype import by_dtype


@by_dtype(e.exp_float32, e.exp_float64)
def exp(x):
    return math.exp(x)


@by_dtype(e.exp2_float32, e.exp2_float64)
def exp2(x):
    return math.pow(2.0, x)


@by_dtype(e.expm1_float32, e.expm1_float64)
def expm1(x):
    return math.expm1(x)


@by_dtype(e.sinh_float32, e.sinh_float64)
def sinh(x):
    return math.sinh(x)


@by_dtype(e.cosh_float32, e.cosh_float64)
def cosh(x):
    return math.cosh(x)


@by_dtype(e.tanh_float32, e.tanh_float64)
def tanh(x):
    return math.tanh(x)


@by_dtype(e.sigmoid_float32, e.sigmoid_float64)
def sigmoid(x):
    """1 / (1 + exp(-x))"""
    return 1 / (1 + math.exp(-x))


@by_dtype(l.log_float32, l.log_float64)
def log(x):
    return math.log(x)


@by_dtype(l.log2_float32, l.log2_float64)
def log2(x):
    return math.log2(x)


@by_dtype(l.log10_float32, l.log10_float64)
def log10(x):
    return math.log10(x)


@by_dtype(l.log1p_float32, l.log1p_float64)
def log1p(x):
    return math.log1p(x)


@by_dtype(t.sin_float32, t.sin_float64)
def sin(x):
    return math.sin(x)


@by_dtype(t.cos_float32, t.cos_float64)
def cos(x):
    return math.cos(x)


@by_dtype(t.tan_float32, t.tan_float64)
def tan(x):
    return math.tan(x)


@by_dtype(error_function.erf_float32, error_function.erf_float64)
def erf(x):
    return math.erf(x)


@by_dtype(power.sqrt_float32, power.sqrt_float64)
def sqrt(x):
    return math.sqrt(x)


@by_dtype(power.rsqrt_float32, power.rsqrt_float64)
def rsqrt(x):
    """1 / sqrt(x)"""
    return 1 / math.sqrt(x)


@by_dtype(power.pow_float32, power.pow_float64)
def pow(x, y):
    return math.pow(x, y)


@by_dtype(a.asin_float32, a.asin_float64)
def asin(x):
    return math.asin(x)


@by_dtype(a.acos_float32, a.acos_float64)
def acos(x):
    return math.acos(x)


@by_dtype(a.atan_float32, a.atan_float64)
def atan(x):
    return math.atan(x)


@by_dtype(a.atan2_float32, a.atan2_float64)
def atan2(y, x):
    return math.atan2(y, x)


@by_dtype(error_function.erfc_float32, error_function.erfc_float64)
def erfc(x):
    return math.erfc(x)


@by_dtype(inverse_error_function.erfinv_float32, inverse_error_function.erfinv_float64)
def erfinv(x):
    return inverse_error_function.erfinv_float64(x)


@by_dtype(gamma.lgamma_float32, gamma.lgamma_float64)
def lgamma(x):
    return math.lgamma(x)


@by_dtype(gamma.digamma_float32, gamma.digamma_float64)
def digamma(x):
    return gamma.digamma_float64(x)


@by_dtype(division.fmod_any, division.fmod_any)
def fmod(x, y):
    """What is left of x after whole multiples of y, with x's sign."""
    return bits.fmod(x, y)
