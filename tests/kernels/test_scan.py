import itertools

import numpy as np
import pytest

from nb_nn.kernels.cpu.scan import BLOCK, extreme_scan_columns, extreme_scan_rows, scan_columns, scan_rows

TWINS = ["serial", "parallel"]
SHAPES = [(0, 3), (2, 0), (1, 1), (3, 7), (2, 2 * BLOCK + 5), (1, 4, 3), (2, 5, 1030), (1, 0, 2)]


@pytest.mark.parametrize("name, dtype", [("cumsum", "f"), ("cumsum", "d"), ("cumprod", "d"), ("cumsum", "B"), ("cumprod", "l")])
def test_running_totals(name, dtype):
    for shape in SHAPES:
        x = np.random.default_rng(sum(shape)).normal(size=shape)
        x = np.exp(x / 200).astype(dtype) if dtype in "fd" else (abs(x) > 0.5).astype(dtype)
        results = np.empty((2, *shape), "d" if dtype in "fd" else "l")
        for twin, out in zip(TWINS, results):
            getattr((scan_rows if x.ndim == 2 else scan_columns)(name, dtype), twin)(x, out)
        np.testing.assert_array_equal(*results)
        expected = getattr(np, name)(x.astype("d" if dtype in "fd" else "l"), axis=1)
        np.testing.assert_allclose(results[0], expected, rtol=1e-11)


def slow_scan(x, better):
    """Values and latest places of the best so far in each row."""
    values, places = np.empty_like(x), np.empty(x.shape, int)
    for row, line in enumerate(x):
        best = 0
        for i, value in enumerate(line):
            if np.isnan(value) or not np.isnan(line[best]) and better(value, line[best]):
                best = i
            values[row, i], places[row, i] = line[best], best
    return values, places


@pytest.mark.parametrize("name, twin, dtype", list(itertools.product(["cummax", "cummin"], TWINS, "fl")))
def test_running_extremes(name, twin, dtype):
    better = np.greater_equal if name == "cummax" else np.less_equal
    for shape in [(1, 1), (3, 0), (4, 50), (0, 2)]:
        x = np.random.default_rng(0).integers(-9, 9, shape).astype(dtype)
        if dtype == "f":
            x[x == 0] = -0.0
            x[:2, 20:30:3] = np.nan
        expected = slow_scan(x, better)
        values, places = np.empty_like(x), np.empty(shape, "l")
        getattr(extreme_scan_rows(name, dtype), twin)(x, values, places)
        np.testing.assert_array_equal(values, expected[0])
        np.testing.assert_array_equal(places, expected[1])
        values, places = np.empty((1, *shape[::-1]), dtype), np.empty((1, *shape[::-1]), "l")
        getattr(extreme_scan_columns(name, dtype), twin)(np.ascontiguousarray(x.T)[None], values, places)
        np.testing.assert_array_equal(values[0].T, expected[0])
        np.testing.assert_array_equal(places[0].T, expected[1])
