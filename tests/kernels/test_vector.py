"""Each function against mpmath, in units in the last place, over random bit patterns, usual numbers and edges."""
import itertools
import math

import mpmath
import numpy as np
import pytest
import scipy.special

from nb_nn.kernels.compile import FORMULAS
from nb_nn.kernels.cpu import loops

# what mpmath says; None stands for NaN
ORACLES = {
    "exp": mpmath.exp,
    "exp2": lambda x: mpmath.mpf(2) ** x,
    "expm1": mpmath.expm1,
    "log": mpmath.log,
    "log2": lambda x: mpmath.log(x, 2),
    "log10": mpmath.log10,
    "log1p": mpmath.log1p,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "sqrt": mpmath.sqrt,
    "rsqrt": lambda x: 1 / mpmath.sqrt(x),
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "asin": mpmath.asin,
    "acos": mpmath.acos,
    "atan": mpmath.atan,
    "erf": mpmath.erf,
    "erfc": lambda x: mpmath.erfc(x) if x < 1e3 else mpmath.mpf(0),
}
# at 0, at infinity and at minus infinity, for which mpmath raises or forgets the sign
AT_EDGES = {
    "exp": (1, math.inf, 0), "exp2": (1, math.inf, 0), "expm1": (0, math.inf, -1),
    "log": (-math.inf, math.inf, math.nan), "log2": (-math.inf, math.inf, math.nan), "log10": (-math.inf, math.inf, math.nan),
    "log1p": (0, math.inf, math.nan),
    "sinh": (0, math.inf, -math.inf), "cosh": (1, math.inf, math.inf), "tanh": (0, 1, -1), "sigmoid": (0.5, 1, 0),
    "sqrt": (0, math.inf, math.nan), "rsqrt": (math.inf, 0, math.nan),
    "sin": (0, math.nan, math.nan), "cos": (1, math.nan, math.nan), "tan": (0, math.nan, math.nan),
    "asin": (0, math.nan, math.nan), "acos": (math.acos(0), math.nan, math.nan), "atan": (0, math.atan(math.inf), -math.atan(math.inf)),
    "erf": (0, 1, -1), "erfc": (1, 0, 2), "erfinv": (0, math.nan, math.nan),
    "lgamma": (math.inf, math.inf, math.inf), "digamma": (-math.inf, math.inf, math.nan),
}
# f(-0) = -f(0)
ODD = {"expm1", "log1p", "sinh", "tanh", "sqrt", "rsqrt", "sin", "tan", "asin", "atan", "erf", "erfinv", "digamma"}
BOUNDS = dict.fromkeys(ORACLES, 2.0) | {"erfc": 3.0}
# where overflow, subnormal results and changes of method lie
SPECIAL = [1.0, 0.5, 2.0, 10.0, 0.70710678, 1.41421356, 0.34657359, 1e-8, 1e-20, 30.0, 88.0, 88.722, 88.723, 88.8, 89.41, 89.42,
           87.4, 103.9, 104.1, 127.9, 128.1, 149.5, 708.5, 709.78, 709.79, 710.47, 710.48, 745.1, 745.2, 1023.9, 1074.9, 3.99, 5.9,
           22.0, 355.0, 99999.0, 100001.0, 1e9, 9e14, 2e15, 1e22, 1e30, 3.4e38]
HARDEST = 5.319372648326541e255       # of all numbers the nearest to a multiple of pi/2


def numbers(dtype, count=400):
    """Random bit patterns, random numbers of usual sizes, and the numbers above with both signs and neighbours."""
    random = np.random.default_rng(0)
    whole = np.uint32 if dtype == np.float32 else np.uint64
    bits = random.integers(0, np.iinfo(whole).max, 2 * count, whole, endpoint=True).view(dtype)
    usual = np.concatenate([random.normal(0, scale, count).astype(dtype) for scale in (0.1, 1, 10, 100)])
    with np.errstate(over="ignore"):
        special = np.array(SPECIAL).astype(dtype)
    limits = np.finfo(dtype)
    special = np.concatenate([special, np.array([limits.max, limits.tiny, limits.smallest_subnormal], dtype)])
    with np.errstate(over="ignore", under="ignore"):
        special = np.concatenate([special, np.nextafter(special, dtype(0)), np.nextafter(special, dtype(math.inf))])
    x = np.concatenate([bits, usual, special, -special])
    return x[np.isfinite(x) & (x != 0)]


def value_of(oracle, x):
    """The function of a float, as an mpmath number or infinity, or None for NaN."""
    if abs(x) > 1e5 and oracle in (mpmath.exp, mpmath.expm1, mpmath.sinh, mpmath.cosh, ORACLES["exp2"], ORACLES["sigmoid"]):
        x = math.copysign(1e5, x)       # beyond all floats already
    try:
        value = oracle(mpmath.mpf(float(x)))
    except (ValueError, ZeroDivisionError):
        return None
    return None if isinstance(value, mpmath.mpc) or mpmath.isnan(value) else value


def rounded(value, dtype):
    """An mpmath number in a dtype. (float() rounds once; to float32 the second rounding is harmless here.)"""
    with np.errstate(over="ignore", under="ignore"):
        return dtype(math.nan if value is None else float(value))


def distance(got, value):
    """|got - value| in units in the last place of value."""
    expected = rounded(value, type(got))
    if not np.isfinite(expected) or not np.isfinite(got):
        return 0.0 if got == expected or (np.isnan(got) and np.isnan(expected)) else math.inf
    return float(abs(mpmath.mpf(float(got)) - value) / mpmath.mpf(float(np.spacing(abs(expected)))))


def run(name, *inputs, twin="serial"):
    out = np.empty_like(inputs[0])
    getattr(loops.flat(name, len(inputs)), twin)(*inputs, (), out)
    return out


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ORACLES)
def test_is_within_its_bound_of_the_true_value(name, dtype):
    x = numbers(dtype)
    with mpmath.workprec(120):
        errors = [distance(got, value_of(ORACLES[name], each)) for each, got in zip(x, run(name, x))]
    worst = int(np.argmax(errors))
    assert errors[worst] <= BOUNDS[name], f"{errors[worst]} ulp at {x[worst]!r}"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", AT_EDGES)
def test_zero_infinity_and_nan(name, dtype):
    at_zero, at_infinity, at_minus_infinity = AT_EDGES[name]
    x = np.array([0.0, -0.0, math.inf, -math.inf, math.nan], dtype)
    expected = np.array([at_zero, -at_zero if name in ODD else at_zero, at_infinity, at_minus_infinity, math.nan], dtype)
    got = run(name, x)
    np.testing.assert_array_equal(got, expected)
    assert np.signbit(got[0]) == (at_zero < 0)
    assert np.signbit(got[1]) != np.signbit(got[0]) or name not in ODD


def close(got, expected, rtol):
    """Equal up to rtol, or up to as much near the zeros of functions that oscillate."""
    rtol = rtol if got.dtype == np.float64 else np.finfo(np.float32).eps
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(got, expected.astype(got.dtype), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_erfinv(dtype):
    random = np.random.default_rng(3)
    near_one = 1 - np.float64(10) ** random.uniform(-15.9, -1, 500)
    x = np.concatenate([random.uniform(-1, 1, 500), near_one, -near_one, [1, -1, 0.1, 1.5, -2]]).astype(dtype)
    close(run("erfinv", x), scipy.special.erfinv(x.astype(np.float64)), 2e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["lgamma", "digamma"])
def test_gamma_family(name, dtype):
    x = np.concatenate([numbers(dtype, 200), np.linspace(0.9, 2.1, 101, dtype=dtype), np.linspace(-9.9, 12.1, 101, dtype=dtype)])
    x = x[(x > -1e3) & ((x > 0) | (x != np.floor(x)))]
    oracle = mpmath.digamma if name == "digamma" else lambda each: mpmath.re(mpmath.loggamma(each))
    close(run(name, x), np.array([rounded(oracle(mpmath.mpf(float(each))), np.float64) for each in x]), 2e-14)


def test_gamma_family_at_its_poles():
    x = -np.arange(1.0, 9.0)
    assert (run("lgamma", x) == math.inf).all() and np.isnan(run("digamma", x)).all()


def test_lgamma_keeps_its_digits_near_its_zeros():
    x = np.array([1 - 1e-9, 1 + 1e-12, 2 - 1e-7, 2 + 1e-10])
    expected = [float(mpmath.loggamma(mpmath.mpf(each))) for each in x]
    np.testing.assert_allclose(run("lgamma", x), expected, rtol=2e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_atan2(dtype):
    random = np.random.default_rng(4)
    edges = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e-40, -1e-40, 3e38, -3e38]
    y, x = (np.array(each, dtype) for each in zip(*itertools.product(edges, edges)))
    y, x = (np.concatenate([each, random.normal(0, 10, 1000).astype(dtype)]) for each in (y, x))
    got, expected = run("atan2", y, x), np.arctan2(y, x)
    np.testing.assert_allclose(got, expected, rtol=3 * np.finfo(dtype).eps, atol=np.finfo(dtype).smallest_subnormal)
    np.testing.assert_array_equal(np.signbit(got[got == 0]), np.signbit(expected[got == 0]))


@pytest.mark.parametrize("name", ["exp", "log1p", "sin"])
def test_parallel_twin_gives_the_same_bits(name):
    x = np.random.default_rng(1).normal(0, 1e4, 100_003).astype(np.float32)
    x[::1000] = 1e20
    np.testing.assert_array_equal(run(name, x), run(name, x, twin="parallel"))


@pytest.mark.parametrize("name", ["sin", "exp", "log"])
@pytest.mark.parametrize("size", [0, 1, 3, 17])
def test_size_does_not_matter(name, size):
    x = np.linspace(1, 1e6, 17, dtype=np.float32)
    np.testing.assert_array_equal(run(name, x[:size].copy()), run(name, x)[:size])


def test_huge_arguments_among_small_ones():
    x = np.linspace(-3, 3, 64)
    x[[5, 40, 41]] = 1e300, -1e22, HARDEST
    np.testing.assert_allclose(run("cos", x), [float(mpmath.cos(each)) for each in x], rtol=1e-14)    # glibc: 8 ulp at HARDEST


POWER_EDGES = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1e30, -1e30, 1e-40, 0.99999994,
               2.5, -2.5, 4503599627370497.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pow_at_edges_is_what_c_says(dtype):
    x, y = (np.array(each, dtype) for each in zip(*itertools.product(POWER_EDGES, POWER_EDGES)))
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    got = run("pow", x, y)
    np.testing.assert_allclose(got, expected, rtol=4 * np.finfo(dtype).eps, atol=np.finfo(dtype).smallest_subnormal)
    zero = expected == 0
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(expected[zero]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pow_is_within_its_bound_of_the_true_value(dtype):
    random = np.random.default_rng(2)
    x = np.concatenate([np.abs(numbers(dtype)), 1 + random.normal(0, 0.01, 300).astype(dtype)])
    largest = np.log(np.finfo(dtype).max) + 5       # so that most results are finite, some are subnormal
    with np.errstate(divide="ignore", over="ignore"):
        y = (random.uniform(-1.1, 1.1, x.size) * largest / np.abs(np.log(x.astype(np.float64)))).astype(dtype)
    y = np.where(np.isfinite(y), y, dtype(1))
    got = run("pow", x, y)
    with mpmath.workprec(160):
        values = [mpmath.mpf(float(a)) ** mpmath.mpf(float(b)) for a, b in zip(x, y)]
        errors = [distance(each, value) for each, value in zip(got, values)]
    worst = int(np.argmax(errors))
    assert errors[worst] <= 2, f"{errors[worst]} ulp at {x[worst]!r}, {y[worst]!r}"


def test_plain_python_gives_the_same():
    for name, x in [("exp", 1.5), ("log1p", 0.3), ("tanh", -0.7), ("sigmoid", 2.0), ("erf", 0.2), ("rsqrt", 4.0), ("exp2", 0.5),
                 ("erfinv", 0.3), ("digamma", 2.5), ("lgamma", 5.0), ("acos", 0.4)]:
        np.testing.assert_allclose(FORMULAS[name](x), run(name, np.array([x]))[0], rtol=1e-15)


def test_integers_and_mixed_dtypes_compute_in_float64():
    from nb_nn.kernels.compile import inlined
    from nb_nn.kernels.formulas.vector import exp, pow

    def both(x):
        return exp(2) + pow(x, 2.0)

    inlined(both)
    out = np.empty(1)
    loops.flat(both, 1).serial(np.array([3.0], np.float32), (), out)
    np.testing.assert_allclose(out, math.exp(2) + 9, rtol=1e-15)
