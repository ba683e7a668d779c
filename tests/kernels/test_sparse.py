"""Kernels on coordinates: both twins against loops of a few lines."""
import numpy as np
import pytest

from nb_nn.kernels.cpu import sparse

TWINS = [pytest.param(name, id=name) for name in ("serial", "parallel")]
random = np.random.default_rng(0)


@pytest.mark.parametrize("twin", TWINS)
def test_sum_segments(twin):
    values, places, starts = random.random((6, 3)), np.array([5, 0, 2, 2, 1, 4]), np.array([0, 1, 4, 6])
    out = np.empty((3, 3))
    getattr(sparse.sum_segments, twin)(values, places, starts, out)
    np.testing.assert_allclose(out, [values[places[a:b]].sum(0) for a, b in zip(starts, starts[1:])])


def test_group_rows_is_a_stable_order():
    rows = random.integers(0, 5, 40)
    offsets, order = np.zeros(8, np.int64), np.empty(40, np.int64)
    sparse.group_rows.serial(rows, offsets, order)
    np.testing.assert_array_equal(order, np.argsort(rows, kind="stable"))
    np.testing.assert_array_equal(offsets, np.searchsorted(np.sort(rows), np.arange(8)))


@pytest.mark.parametrize("twin", TWINS)
def test_products(twin):
    dense = random.random((7, 4)) * (random.random((7, 4)) < 0.5)
    rows, columns = np.nonzero(dense)
    right, left, out = random.random((4, 3)), random.random((7, 3)), np.empty((7, 3))
    getattr(sparse.sparse_times_dense, twin)(np.searchsorted(rows, np.arange(8)), columns, dense[rows, columns], right, out)
    np.testing.assert_allclose(out, dense @ right)
    found = np.empty(rows.size)
    getattr(sparse.sampled_products, twin)(left, right, rows, columns, found)
    np.testing.assert_allclose(found, (left @ right.T)[rows, columns])


@pytest.mark.parametrize("twin", TWINS)
def test_add_rows_with_repeated_places(twin):
    values, places, out = random.random((9, 2)), random.integers(0, 50, 9) % 4 * 12, np.ones((50, 2))
    wanted = out.copy()
    np.add.at(wanted, places, 3 * values)
    again = out.copy()
    getattr(sparse.add_rows, twin)(values, places, 3, 4, out)
    np.testing.assert_allclose(out, wanted)
    getattr(sparse.add_rows, twin)(values, places, 3, 1, again)
    np.testing.assert_array_equal(out, again)


@pytest.mark.parametrize("twin", TWINS)
def test_optimizer_rows(twin):
    g, places = random.random((2, 3)), np.array([3, 1])
    m, v, p = (random.random((5, 3)) for _ in "mvp")
    wanted_m, wanted_v, wanted = m.copy(), v.copy(), p.copy()
    for row, place in zip(g, places):
        wanted_m[place] = 0.9 * m[place] + 0.1 * row
        wanted_v[place] = 0.99 * v[place] + 0.01 * row * row
        size = 0.1 * np.sqrt(1 - 0.99 ** 2) / (1 - 0.9 ** 2)
        wanted[place] -= size * wanted_m[place] / (np.sqrt(wanted_v[place]) + 1e-8)
    getattr(sparse.sparse_adam, twin)(g, places, 0.1, 0.9, 0.99, 1e-8, False, 2.0, m, v, p)
    for found, expected in ((m, wanted_m), (v, wanted_v), (p, wanted)):
        np.testing.assert_allclose(found, expected)
    total, wanted_total = v.copy(), v.copy()
    for row, place in zip(g, places):
        slope = -row + 0.5 * p[place]
        wanted_total[place] += slope ** 2
        wanted[place] = p[place] - 0.1 / 1.2 * slope / (np.sqrt(wanted_total[place]) + 1e-10)
    getattr(sparse.adagrad, twin)(g, places, 0.1, 0.2, 0.5, 1e-10, True, 2.0, total, p)
    np.testing.assert_allclose(total, wanted_total)
    np.testing.assert_allclose(p, wanted)
