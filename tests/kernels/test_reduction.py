import itertools

import numpy as np
import pytest

from nb_nn.kernels.cpu import reduction
from nb_nn.kernels.cpu.reduction import BLOCK, extreme_columns, extreme_rows, reduce_columns, reduce_rows

TWINS = ["serial", "parallel"]
ROWS = [(0, 3), (2, 0), (1, 1), (7, 5), (3, 1000), (1, 3 * BLOCK + 7)]
COLUMNS = [(2, 0, 3), (2, 3, 0), (1, 1, 1), (2, 5, 3), (1, 400, 1), (2, 9, 70), (1, 260, 1100), (1, 20000, 3)]
ORACLES = {
    "sum": np.sum, "mean": np.mean, "prod": np.prod, "nansum": np.nansum, "all": np.all, "any": np.any,
    "sum_of_squares": lambda x, axis: (x * x).sum(axis), "count_nonzero": np.count_nonzero,
    "norm1": lambda x, axis: abs(x).sum(axis), "norm2": lambda x, axis: np.sqrt((x * x).sum(axis)),
    "amax": np.max, "amin": np.min,
}
THOROUGH = [("sum", "f"), ("sum", "?"), ("amin", "f"), ("amax", "d"), ("any", "?")]      # all loops; the others' parts are tried on rows
KINDS = THOROUGH + [(name, "f") for name in ORACLES if name not in ("sum", "amin")]
KINDS += [("sum", "d"), ("prod", "i"), ("amin", "l"), ("amax", "B")]


def draw(shape, dtype):
    generator = np.random.default_rng(sum(shape))
    if dtype in "fd":
        x = generator.normal(size=shape).astype(dtype)
        return x if x.size < 100 else np.exp(x / 100).astype(dtype)         # so that long products stay finite
    return generator.integers(0, 2 if dtype == "?" else 4, shape).astype(dtype)


def run(made, twin, x, *numbers):
    logical = made.name.startswith(("all", "any"))
    out = np.empty(x.shape[:1] + x.shape[2:], "?" if logical else "d" if x.dtype.kind == "f" else "l")
    getattr(made, twin)(np.ascontiguousarray(x), numbers, out)
    return out


@pytest.mark.filterwarnings("ignore:.*(empty slice|divide)")
@pytest.mark.parametrize("name, dtype", KINDS)
def test_values_and_the_same_bits_from_both_twins(name, dtype):
    thorough = (name, dtype) in THOROUGH
    loops = [(reduce_rows(name, dtype), ROWS)] + [(reduce_columns(name, dtype), COLUMNS)] * thorough
    for made, shapes in loops:
        for shape in shapes:
            if shape[1] == 0 and name in ("amax", "amin", "mean"):
                continue
            x = draw(shape, dtype)
            expected = ORACLES[name](x.astype(float if dtype in "fd" else int), axis=1)
            results = [run(made, twin, x) for twin in (TWINS if thorough else TWINS[1:])]
            np.testing.assert_array_equal(results[0], results[-1])
            exact = name in ("amax", "amin") or dtype not in "fd"
            np.testing.assert_allclose(results[0], expected, rtol=0 if exact else 1e-11, atol=0 if exact else 1e-12)


@pytest.mark.parametrize("exponent", [0.5, 3.0])
def test_norm_of_any_degree(exponent):
    x = draw((3, 50), "d")
    expected = (abs(x) ** exponent).sum(1) ** (1 / exponent)
    np.testing.assert_allclose(run(reduce_rows("norm", "d"), "serial", x, exponent), expected, rtol=1e-14)


@pytest.mark.parametrize("twin", TWINS)
def test_nan_and_infinity(twin):
    x = np.array([[1, np.nan, 3], [-np.inf, 0, np.inf], [-np.inf, -np.inf, -np.inf], [-np.nan, -1, 2]], "f")
    np.testing.assert_array_equal(run(reduce_rows("amax", "f"), twin, x), [np.nan, np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(run(reduce_rows("amin", "f"), twin, x), [np.nan, -np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(run(reduce_rows("sum", "f"), twin, x), [np.nan, np.nan, -np.inf, np.nan])
    np.testing.assert_array_equal(run(reduce_columns("amax", "f"), twin, x.T[None]), [[np.nan, np.inf, -np.inf, np.nan]])


def test_a_float32_sum_loses_nothing():
    x = np.full((1, 3_000_000), 0.1, "f")
    out = np.empty(1, "f")
    reduce_rows("sum", "f").parallel(x, (), out)
    assert out[0] == np.float32(3_000_000 * float(np.float32(0.1)))


@pytest.mark.parametrize("twin, dtype", list(itertools.product(TWINS, "fd")))
def test_variance(twin, dtype):
    for shape in ROWS + COLUMNS:
        if shape[1] < 2:
            continue
        x = draw(shape, dtype) + 1000                       # a mean far from zero
        name = "var_mean_rows" if x.ndim == 2 else "var_mean_columns"
        for deviation, oracle in ((False, np.var), (True, np.std)):
            out, means = np.empty((2, *x.shape[:1], *x.shape[2:]))
            getattr(getattr(reduction, name), twin)(x, 1.0, deviation, out, means)
            np.testing.assert_allclose(out, oracle(x.astype(float), axis=1, ddof=1), rtol=1e-8)
            np.testing.assert_allclose(means, x.astype(float).mean(1), rtol=1e-13)


def test_variance_of_too_few():
    out, means = np.empty((2, 1))
    for n, correction, expected, mean in ((1, 1.0, np.nan, 2), (0, 0.0, np.nan, np.nan), (1, 0.0, 0, 2)):
        reduction.var_mean_rows.serial(np.full((1, n), 2.0), correction, False, out, means)
        np.testing.assert_array_equal([out[0], means[0]], [expected, mean])
        reduction.var_mean_columns.serial(np.full((1, n, 1), 2.0), correction, False, out[None], means[None])
        np.testing.assert_array_equal([out[0], means[0]], [expected, mean])


@pytest.mark.parametrize("name, dtype", [("max", "f"), ("min", "d"), ("max", "B")])
def test_extremes_come_with_their_first_place(name, dtype):
    oracle = np.argmax if name == "max" else np.argmin
    for made, shapes in ((extreme_rows(name, dtype), ROWS), (extreme_columns(name, dtype), COLUMNS)):
        for shape, twin in itertools.product(shapes, TWINS):
            if shape[1] == 0:
                continue
            x = np.random.default_rng(0).integers(0, 30, shape).astype(dtype)
            if dtype in "fd":
                x[x == 0] = -0.0
                x = np.where(np.random.default_rng(1).random(shape) < 0.5, -x, x)
            values, places = np.zeros((2, *shape[:1], *shape[2:]))
            places = places.astype("l")
            getattr(made, twin)(x, values, places)
            np.testing.assert_array_equal(places, oracle(x, axis=1))
            np.testing.assert_array_equal(values, np.take_along_axis(x, np.expand_dims(places, 1), 1)[:, 0])


@pytest.mark.parametrize("twin, name", list(itertools.product(TWINS, ["max", "min"])))
def test_the_first_nan_is_the_extreme(twin, name):
    for n in (5, 3 * BLOCK):
        x = np.arange(2 * n, dtype="f").reshape(2, n)
        x[0, n // 2] = x[0, n - 1] = np.nan
        values, places = np.empty(2, "f"), np.empty(2, "l")
        getattr(extreme_rows(name, "f"), twin)(x, values, places)
        assert places.tolist() == [n // 2, n - 1 if name == "max" else 0] and np.isnan(values[0])
        getattr(extreme_columns(name, "f"), twin)(np.ascontiguousarray(x.T)[None], values[None], places[None])
        assert places.tolist() == [n // 2, n - 1 if name == "max" else 0] and np.isnan(values[0])
