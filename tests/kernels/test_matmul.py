"""Matrix products against NumPy's on whole numbers, where every order of summation gives the same sum."""
import itertools

import numpy as np
import pytest

from nb_nn.kernels import table, threads

SIZES = [(1, 1, 1), (3, 0, 4), (0, 3, 4), (1, 300, 700), (2, 300, 300), (700, 300, 1), (5, 7, 33), (70, 1100, 50), (9, 65, 257),
         (130, 33, 64), (64, 300, 16), (3, 1031, 600), (8, 513, 1200)]


def made(rng, shape, dtype, layout):
    """Random whole numbers as a matrix that lies in memory as ``layout`` says."""
    *batch, rows, columns = shape
    if layout == "plain":
        return rng.integers(-4, 5, shape).astype(dtype)
    if layout == "transposed":
        return rng.integers(-4, 5, (*batch, columns, rows)).astype(dtype).swapaxes(-1, -2)
    if layout == "sliced":
        return rng.integers(-4, 5, (*batch, rows + 2, columns + 3)).astype(dtype)[..., 1:rows + 1, 2:columns + 2]
    if layout == "stepped":
        return rng.integers(-4, 5, (*batch, 2 * rows, 3 * columns)).astype(dtype)[..., ::2, ::-3]
    return np.broadcast_to(rng.integers(-4, 5, (*batch, rows, 1)).astype(dtype), shape)     # "expanded"


LAYOUTS = "plain", "transposed", "sliced", "stepped", "expanded"


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_products_of_matrices_in_any_layout(sizes, dtype):
    rows, depth, columns = sizes
    rng = np.random.default_rng(0)
    for left, right in itertools.product(LAYOUTS, LAYOUTS):
        a, b = made(rng, (rows, depth), dtype, left), made(rng, (depth, columns), dtype, right)
        out = np.full((rows, columns), np.nan, dtype)
        table.find("cpu", "matmul")(a, b, out)
        np.testing.assert_array_equal(out, (a.astype("i8") @ b.astype("i8")), err_msg=f"{left} {right}")


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "i8", "u1"])
@pytest.mark.parametrize("batch", [((6,), (6,)), ((6,), ()), ((2, 1), (1, 3)), ((0,), (0,)), ((300,), (300,)), ((300,), (1,))], ids=str)
@pytest.mark.parametrize("sizes", [(4, 4, 4), (20, 30, 40), (1, 40, 50), (50, 40, 1)], ids=str)
def test_products_of_batches(sizes, batch, dtype):
    rows, depth, columns = sizes
    rng = np.random.default_rng(0)
    for left, right in [("plain", "plain"), ("transposed", "transposed"), ("expanded", "sliced")]:
        a, b = made(rng, (*batch[0], rows, depth), dtype, left), made(rng, (*batch[1], depth, columns), dtype, right)
        expected = np.matmul(a.astype("i8"), b.astype("i8"))
        out = np.zeros(expected.shape, dtype)
        table.find("cpu", "matmul")(a, b, out)
        np.testing.assert_array_equal(out, expected.astype(dtype))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("sizes", [(128, 784, 512), (37, 1000, 61), (200, 10, 3000), (64, 784, 300), (1, 500, 900)], ids=str)
def test_one_and_two_threads_give_the_same_bits(sizes, dtype):
    rows, depth, columns = sizes
    rng = np.random.default_rng(0)
    before, results = threads.count, []
    a, b = rng.standard_normal((rows, depth)).astype(dtype), rng.standard_normal((columns, depth)).astype(dtype).T
    try:
        for count in (1, 2):
            threads.set_count(count)
            results.append(np.empty((rows, columns), dtype))
            table.find("cpu", "matmul")(a, b, results[-1])
    finally:
        threads.set_count(before)
    np.testing.assert_array_equal(*results)
    np.testing.assert_allclose(results[0], a.astype("f8") @ b.astype("f8"), rtol=1e-4, atol=1e-4 if dtype == "f4" else 1e-11)


def test_a_product_with_nan_and_infinity_keeps_them():
    a, b = np.ones((40, 50), "f4"), np.ones((50, 60), "f4")
    a[3, 4], b[7, 8] = np.nan, np.inf
    out = np.empty((40, 60), "f4")
    table.find("cpu", "matmul")(a, b, out)
    assert np.isnan(out[3]).all() and np.isposinf(out[np.arange(40) != 3, 8]).all()
    assert np.isfinite(out[np.arange(40) != 3][:, np.arange(60) != 8]).all()


@pytest.mark.parametrize("twin", ["serial", "parallel"])
def test_few_rows_are_made_by_bands_of_the_depth(twin):
    rng = np.random.default_rng(0)
    a, b = rng.integers(-4, 5, (3, 1031)).astype("f4"), rng.integers(-4, 5, (1031, 605)).astype("f4")
    out = np.full((3, 600), np.nan, "f4")
    getattr(table.find("cpu", "few_rows_by_depth"), twin)(a, b.reshape(-1)[5:6], 605, out)
    np.testing.assert_array_equal(out, a.astype("i8") @ b[:, 5:].astype("i8"))
