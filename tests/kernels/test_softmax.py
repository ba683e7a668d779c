import numpy as np
import pytest
from scipy import special

from nb_nn.kernels.cpu import softmax

TWINS = [("serial", np.float32), ("parallel", np.float32), ("serial", np.float64)]
SHAPES = [(0, 5), (3, 0), (1, 1), (7, 3), (5, 64), (300, 65), (2, 5000)]


def draw(shape, dtype, scale=5):
    return (scale * np.random.default_rng(sum(shape)).normal(size=shape)).astype(dtype)


def both(name, twin, *arrays):
    """The results of the rows kernel, and of the columns kernel on the transposed arrays."""
    rows, columns = np.full_like(arrays[0], np.nan), np.full_like(arrays[0].T, np.nan, order="C")
    getattr(getattr(softmax, name.format("rows")), twin)(*arrays, rows)
    transposed = [np.ascontiguousarray(array.T)[None] for array in arrays]
    getattr(getattr(softmax, name.format("columns")), twin)(*transposed, columns[None])
    return rows, columns.T


@pytest.mark.parametrize("twin, dtype", TWINS)
@pytest.mark.parametrize("name, oracle", [("softmax_{}", special.softmax), ("log_softmax_{}", special.log_softmax)])
def test_forward(name, oracle, twin, dtype):
    eps = np.finfo(dtype).eps
    for shape in SHAPES:
        x = draw(shape, dtype)
        expected = oracle(x.astype(float), axis=1) if x.size else x
        for result in both(name, twin, x):
            np.testing.assert_allclose(result, expected, rtol=100 * eps, atol=4 * eps)


@pytest.mark.parametrize("twin, dtype", TWINS)
def test_logsumexp(twin, dtype):
    for shape in SHAPES[2:]:
        x, out = draw(shape, dtype), np.empty(shape[0], dtype)
        getattr(softmax.logsumexp_rows, twin)(x, out)
        np.testing.assert_allclose(out, special.logsumexp(x.astype(float), axis=1), rtol=100 * np.finfo(dtype).eps)


@pytest.mark.parametrize("twin, dtype", TWINS)
def test_backward(twin, dtype):
    eps = np.finfo(dtype).eps
    for shape in SHAPES:
        if 0 in shape:
            continue
        grad, y = draw(shape, dtype, 1), special.softmax(draw(shape, dtype), axis=1)
        g, p = grad.astype(float), y.astype(float)
        for result in both("softmax_{}_backward", twin, grad, y):
            np.testing.assert_allclose(result, p * (g - (g * p).sum(1, keepdims=True)), rtol=1e-3, atol=20 * eps)
        for result in both("log_softmax_{}_backward", twin, grad, np.log(y)):
            np.testing.assert_allclose(result, g - p * g.sum(1, keepdims=True), rtol=1e-3, atol=500 * eps)


@pytest.mark.parametrize("name", ["softmax_{}", "log_softmax_{}"])
def test_middle_dimension(name):
    x = draw((3, 4, 130), np.float32)
    out = np.empty_like(x)
    getattr(softmax, name.format("columns")).serial(x, out)
    oracle = special.log_softmax if name.startswith("log") else special.softmax
    np.testing.assert_allclose(out, oracle(x.astype(float), axis=1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n", [3, 100])
def test_rows_with_infinities_and_nan(n):
    x = np.zeros((5, n), np.float32)
    x[0] = -np.inf                      # nothing to share: NaN
    x[1, 1:] = -np.inf                  # all to one
    x[2, 1] = np.nan
    x[3, 1] = np.inf
    x[4] = 3e38                         # no overflow
    for result in both("softmax_{}", "serial", x):
        assert np.isnan(result[[0, 2, 3]]).all()
        np.testing.assert_array_equal(result[1], np.arange(n) == 0)
        np.testing.assert_allclose(result[4], 1 / n, rtol=1e-6)
    for result in both("log_softmax_{}", "serial", x):
        assert np.isnan(result[[0, 2, 3]]).all()
        np.testing.assert_array_equal(result[1], np.where(np.arange(n) == 0, 0, -np.inf))
        np.testing.assert_allclose(result[4], -np.log(n), rtol=1e-6)


@pytest.mark.parametrize("name", ["softmax_rows", "log_softmax_rows", "softmax_columns", "log_softmax_columns"])
def test_both_twins_give_the_same_bits(name):
    for shape in SHAPES:
        x = draw(shape, np.float32) if name.endswith("rows") else draw(shape, np.float32)[None]
        one, two = np.zeros_like(x), np.zeros_like(x)
        getattr(softmax, name).serial(x, one)
        getattr(softmax, name).parallel(x, two)
        np.testing.assert_array_equal(one, two)
