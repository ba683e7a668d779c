import itertools

import numpy as np
import pytest

from nb_nn.kernels.cpu import sorting

TWINS = ["serial", "parallel"]
SHAPES = [(0, 3), (2, 0), (1, 1), (5, 8), (3, 700)]


def draw(shape, dtype, spread=30):
    x = np.random.default_rng(sum(shape)).integers(-spread, spread, shape)
    if dtype in "fd":
        x = np.where(x % 7 == 0, np.nan, np.where(x % 5 == 0, np.inf * np.sign(x + 0.5), x * 0.5))
        x[x == 1] = -0.0
    return x.astype(dtype)


def ranks(x):
    """Integers in the order of the elements of rows, NaN largest."""
    return np.stack([np.unique(row, return_inverse=True)[1] for row in x]).reshape(x.shape) if x.size else x.astype(int)


def order(x, descending):
    return np.argsort(-ranks(x) if descending else ranks(x), axis=1, kind="stable")


@pytest.mark.parametrize("dtype, descending", list(itertools.product("fdlB", [False, True])))
def test_sort_is_stable_and_puts_nan_last(dtype, descending):
    for shape, twin in itertools.product(SHAPES, TWINS):
        x = draw(shape, dtype)
        values, places = np.empty_like(x), np.empty(shape, "l")
        getattr(sorting.sort_rows(dtype, descending), twin)(x, values, places)
        np.testing.assert_array_equal(places, order(x, descending))
        np.testing.assert_array_equal(values, np.take_along_axis(x, places, 1))
        if dtype in "fd":
            expected = np.take_along_axis(x, places, 1)
            np.testing.assert_array_equal(np.signbit(values[values == 0]), np.signbit(expected[values == 0]))


@pytest.mark.parametrize("dtype, descending", [("f", False), ("f", True), ("l", False)])
def test_long_rows_are_sorted_by_all_threads(dtype, descending):
    x = draw((1, 2 * sorting.CHUNK + 9), dtype, 100_000)
    for twin in TWINS:
        values, places = np.empty_like(x), np.empty(x.shape, "l")
        getattr(sorting.sort_long(dtype, descending), twin)(x[0], values[0], places[0])
        np.testing.assert_array_equal(places, order(x, descending))
        np.testing.assert_array_equal(values, np.take_along_axis(x, places, 1))


def test_sort_chooses_a_kernel():
    for shape in ((2, sorting.LONG), (4, 3)):
        x = np.random.default_rng(0).normal(size=shape)
        values, places = np.empty_like(x), np.empty(shape, "l")
        sorting.sort(x, False, values, places)
        np.testing.assert_array_equal(values, np.sort(x, axis=1))


@pytest.mark.parametrize("dtype, largest", list(itertools.product("fdl", [False, True])))
def test_topk_is_the_start_of_the_sorted_row(dtype, largest):
    for (shape, k), twin in itertools.product([((2, 5), 3), ((3, 700), 1), ((3, 700), 50), ((2, 700), 700), ((2, 4), 0)], TWINS):
        drawn = draw(shape, dtype)
        for x in (drawn, np.sort(drawn, axis=1), np.sort(drawn, axis=1)[:, ::-1].copy()):   # ordered rows refill the buffer most
            values, places = np.empty((shape[0], k), dtype), np.empty((shape[0], k), "l")
            getattr(sorting.topk_rows(dtype, largest), twin)(x, values, places)
            np.testing.assert_array_equal(places, order(x, largest)[:, :k])
            np.testing.assert_array_equal(values, np.take_along_axis(x, places, 1))


@pytest.mark.parametrize("dtype, twin", list(itertools.product("fdl", TWINS)))
def test_kth_smallest(dtype, twin):
    for shape, k in [((4, 1), 1), ((3, 9), 5), ((3, 700), 1), ((3, 700), 350), ((3, 700), 700)]:
        x = draw(shape, dtype)
        values, places = np.empty(shape[0], dtype), np.empty(shape[0], "l")
        getattr(sorting.kth_rows(dtype), twin)(x, k, False, values, places)
        expected = np.sort(x, axis=1)[:, k - 1]
        np.testing.assert_array_equal(values, expected)
        same = (x == expected[:, None]) | (np.isnan(x) & np.isnan(expected)[:, None]) if dtype != "l" else x == expected[:, None]
        np.testing.assert_array_equal(places, same.argmax(1))


def test_a_median_may_be_nan():
    x = np.array([[1, np.nan, 2, np.nan], [4, 3, 2, 1]], "f")
    values, places = np.empty(2, "f"), np.empty(2, "l")
    sorting.kth_rows("f").serial(x, 2, True, values, places)
    np.testing.assert_array_equal(values, [np.nan, 2])
    assert places.tolist() == [1, 2]


@pytest.mark.parametrize("twin", TWINS)
def test_mode_and_unique(twin):
    x = np.random.default_rng(0).integers(0, 5, (6, 40)).astype("f")
    values, places = np.empty_like(x), np.empty(x.shape, "l")
    sorting.sort(x, False, values, places)
    most, where = np.empty(6, "f"), np.empty(6, "l")
    getattr(sorting.mode_of_sorted, twin)(values, places, most, where)
    for row, value, place in zip(x, most, where):
        distinct, counts = np.unique(row, return_counts=True)
        assert value == distinct[counts.argmax()] and place == np.flatnonzero(row == value)[-1]
    total = np.empty(1, "l")
    for line in (0, 0, 3):
        sorting.count_distinct.serial(values[line], total)
        distinct, inverse, counts = np.empty(total[0], "f"), np.empty(40, "l"), np.empty(total[0], "l")
        sorting.unique_of_sorted.serial(values[line], places[line], distinct, inverse, counts)
        for result, expected in zip((distinct, inverse, counts), np.unique(x[line], return_inverse=True, return_counts=True)):
            np.testing.assert_array_equal(result, expected)
    sorting.count_distinct.serial(values[0, :0], total)
    assert total == 0
