"""Functions of `math` whose loops vectorize on the CPU, for float32 and float64; other formulas take them from here."""
import math

from . import error_function, power
from . import exponential as e
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
