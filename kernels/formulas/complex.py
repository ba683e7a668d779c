"""The formulas that complex elements have one of their own for; ``complex_x`` is what ``x`` means for them.

Those of `AS_THEY_ARE` take complex numbers like any others. A name that is neither here nor there has no complex meaning.
"""
import cmath
import math

from ..bits import typed
from ..compile import FORMULAS, formula
from .vector import atan2, cos, cosh, exp, log, log1p, sin, sinh, sqrt

AS_THEY_ARE = frozenset((
    "add", "add_scaled", "sub", "rsub", "sub_scaled", "mul", "neg", "square", "cube", "copy", "lerp", "addcmul", "where",
    "masked_fill", "masked_scale", "eq", "ne", "logical_not", "logical_and", "logical_or", "logical_xor",
    "complex_from_parts", "complex_from_polar", "difference_of_products", "sigmoid_backward", "tanh_backward"))
LN2, LN10 = 0.6931471805599453, 2.302585092994046


def complex_name(name: str) -> str | None:
    """The name of the formula that is ``name`` for complex elements, or None where there is none."""
    own = f"complex_{name}"
    return own if own in FORMULAS else name if name in AS_THEY_ARE else None


@formula
def complex_from_parts(x, y):
    return complex(x, y)


@formula
def complex_from_polar(size, angle):
    return complex(size * cos(angle), size * sin(angle))


@formula
def complex_conj(z):
    return complex(z.real, -z.imag)


@formula
def complex_absolute(z):
    """The root of the sum of squares, of numbers made so small that these do not overflow."""
    x, y = abs(z.real), abs(z.imag)
    large, small = (x, y) if x > y else (y, x)
    part = small / large if large > 0 else large * 0
    size = large * sqrt(part * part + 1)
    size = x + y if (x != x) | (y != y) else size
    size = y if y == math.inf else size
    return x if x == math.inf else size


@formula
def complex_angle(z):
    return atan2(z.imag, z.real)


@formula
def angle(x):
    """Of a real number: 0, pi where it is negative, NaN where it is none."""
    return x if x != x else x * 0 + math.pi if x < 0 else abs(x * 0)


@formula
def complex_sgn(z):
    """The number of size 1 with the same angle; 0 for 0."""
    size = complex_absolute(z)
    return complex(size, size) if size == 0 else complex(z.real / size, z.imag / size)


@formula
def complex_div(a, b):
    """Numerator and divisor over the larger part of the divisor (Smith 1962), without branches; over 0, part by part."""
    steep = abs(b.imag) > abs(b.real)
    large, small = (b.imag, b.real) if steep else (b.real, b.imag)
    p, q = (a.imag, a.real) if steep else (a.real, a.imag)
    part = small / large
    real, imag = p + q * part, p * part - q if steep else q - p * part
    scale, zero = large + small * part, (large == 0) & (small == 0)
    scale = abs(large) if zero else scale
    return complex((p if zero else real) / scale, (q if zero else imag) / scale)


@formula
def complex_reciprocal(z):
    return complex_div(complex(typed(1, z.real), typed(0, z.imag)), z)


@formula
def complex_addcdiv(x, y, z, value):
    return x + complex_div(y, z) * value


@formula
def complex_isnan(z):
    return (z.real != z.real) | (z.imag != z.imag)


@formula
def complex_isinf(z):
    return (abs(z.real) == math.inf) | (abs(z.imag) == math.inf)


@formula
def complex_isfinite(z):
    return (abs(z.real) < math.inf) & (abs(z.imag) < math.inf)


@formula
def complex_isreal(z):
    return z.imag == 0


@formula
def complex_isclose(x, y, rtol, atol):
    """Equal, or finite and within atol + rtol |y|."""
    size = complex_absolute(y)
    return x == y or (complex_absolute(x) < math.inf and size < math.inf and
                      complex_absolute(x - y) <= atol.real + rtol.real * size)


@formula
def complex_exp(z):
    size = exp(z.real)
    lost = (abs(z.real) == math.inf) & (z.imag - z.imag != 0)       # 0 or infinite, in no direction (C99, annex G)
    real, imag = size * cos(z.imag), z.imag if z.imag == 0 else size * sin(z.imag)
    return complex(size if lost else real, typed(0, size) if lost & (size == 0) else imag)


@formula
def complex_exp2(z):
    return complex_exp(complex(z.real * LN2, z.imag * LN2))


@formula
def complex_expm1(z):
    """exp(x) cos y - 1 as (exp(x) - 1) cos y - 2 sin(y / 2)^2, which keeps small numbers."""
    half, less = sin(z.imag / 2), math.expm1(z.real)
    lost = (abs(z.real) == math.inf) & (z.imag - z.imag != 0)
    imag = z.imag if z.imag == 0 else exp(z.real) * sin(z.imag)
    return complex(less if lost else less * cos(z.imag) - 2 * half * half, typed(0, half) if lost & (z.real < 0) else imag)


@formula
def complex_log(z):
    """Where the size is near 1, its logarithm is that of 1 plus a small number."""
    x, y = abs(z.real), abs(z.imag)
    large, small = (x, y) if x > y else (y, x)
    near = log1p((large - 1) * (large + 1) + small * small) / 2
    far = log(complex_absolute(z))
    huge = log(complex_absolute(complex(z.real / 4, z.imag / 4))) + 2 * LN2       # the size itself would overflow
    size = huge if large > 1e30 else far
    return complex(near if (large > 0.7) & (large < 1.4) else size, complex_angle(z))


@formula
def complex_log2(z):
    found = complex_log(z)
    return complex(found.real / LN2, found.imag / LN2)


@formula
def complex_log10(z):
    found = complex_log(z)
    return complex(found.real / LN10, found.imag / LN10)


@formula
def complex_log1p(z):
    """Half the logarithm of |1 + z|^2 = 1 + x (2 + x) + y^2; without y's share where that is 0, to keep a -0."""
    x, y = z.real, z.imag
    found, along = complex_log(complex(x + 1, y)), x * (2 + x)
    return complex(log1p(along if y == 0 else along + y * y) / 2 if (abs(x) < 0.5) & (abs(y) < 0.5) else found.real, found.imag)


@formula
def complex_sqrt(z):
    return cmath.sqrt(z)


@formula
def complex_rsqrt(z):
    return complex_reciprocal(cmath.sqrt(z))


@formula
def complex_pow(x, y):
    if x == 0:
        return complex(x.real * 0 + 1, x.imag * 0) if y == 0 else x * 0 if y.real > 0 else complex_reciprocal(x)
    return complex_exp(y * complex_log(x))


@formula
def complex_acos(z):
    found = cmath.acos(z)
    return complex(typed(math.pi / 2, z.real) if (z.real == 0) & (z.imag != z.imag) else found.real, found.imag)


@formula
def complex_asinh(z):
    found = cmath.asinh(z)
    return complex(found.real, z.imag if (z.imag == 0) & (z.real != z.real) else found.imag)


@formula
def complex_asin(z):
    turned = complex_asinh(complex(-z.imag, z.real))
    return complex(turned.imag, -turned.real)


@formula
def complex_acosh(z):
    found = cmath.acosh(z)
    return complex(found.real, typed(math.pi / 2, z.imag) if (z.real == 0) & (z.imag != z.imag) else found.imag)


@formula
def complex_atanh(z):
    found = cmath.atanh(z)
    imag = z.real if (z.real != z.real) & (z.imag - z.imag == 0) else found.imag
    return complex(z.real if (z.real == 0) & (z.imag != z.imag) else found.real, imag)


@formula
def complex_atan(z):
    turned = complex_atanh(complex(-z.imag, z.real))
    return complex(turned.imag, -turned.real)


@formula
def complex_sinh(z):
    """Where y is no number, x is kept if it is 0 or infinite; where y is 0, it is (C99, annex G)."""
    kept = ((z.real == 0) | (abs(z.real) == math.inf)) & (z.imag - z.imag != 0)
    return complex(z.real if kept else sinh(z.real) * cos(z.imag), z.imag if z.imag == 0 else cosh(z.real) * sin(z.imag))


@formula
def complex_cosh(z):
    """Likewise: infinite where x is, whatever y; and 0 times a number that is none is 0."""
    endless, nowhere = abs(z.real) == math.inf, z.imag - z.imag != 0
    imag = sinh(z.real) * sin(z.imag)
    imag = z.real if (z.real == 0) & nowhere else imag
    imag = (z.imag if z.real > 0 else -z.imag) if (z.imag == 0) & (z.real - z.real != 0) else imag
    return complex(abs(z.real) if endless & nowhere else cosh(z.real) * cos(z.imag), imag)


@formula
def complex_sin(z):
    turned = complex_sinh(complex(-z.imag, z.real))
    return complex(turned.imag, -turned.real)


@formula
def complex_cos(z):
    return complex_cosh(complex(-z.imag, z.real))


@formula
def complex_tanh(z):
    """Of an infinite x, 1 with a 0 that has y's sign; 0 and NaN are kept where the other part is no number (C99, annex G)."""
    found, nowhere = cmath.tanh(z), z.imag - z.imag != 0
    imag = z.imag if (z.imag == 0) & (z.real != z.real) else found.imag
    zero = typed(0, z.imag) if nowhere else z.imag * typed(0, z.imag)
    return complex(z.real if (z.real == 0) & nowhere else found.real, zero if abs(z.real) == math.inf else imag)


@formula
def complex_tan(z):
    turned = complex_tanh(complex(-z.imag, z.real))
    return complex(turned.imag, -turned.real)


@formula
def complex_sigmoid(z):
    """Of the two forms, the one whose exponential does not overflow."""
    small = complex_exp(complex(-abs(z.real), -z.imag if z.real > 0 else z.imag))
    return complex_div(complex(z.real * 0 + 1, z.imag * 0) if z.real > 0 else small, small + 1)


@formula
def complex_logaddexp(x, y):
    """log(exp(x) + exp(y)), from the larger one down."""
    larger, smaller = (x, y) if x.real > y.real else (y, x)
    return larger + complex_log1p(complex_exp(smaller - larger))
