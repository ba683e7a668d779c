import itertools

import numpy as np
import pytest

from nb_nn.kernels.cpu import pooling

TWINS = [("serial", np.float32), ("parallel", np.float32), ("serial", np.float64)]
# kernel, stride, padding, dilation, each by rows and columns
WINDOWS = [((2, 2), (2, 2), (0, 0), (1, 1)), ((3, 3), (2, 2), (1, 1), (1, 1)), ((1, 4), (1, 3), (0, 2), (1, 1)),
           ((3, 2), (1, 1), (1, 0), (2, 3)), ((2, 3), (5, 1), (1, 1), (3, 2)), ((5, 1), (3, 4), (2, 0), (1, 1))]


def counts(size, window):
    """Windows by rows and columns, those that would only start within the padding on the right left out."""
    return [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(size, *window)]


def elements(i, j, size, window):
    """Places of a window's elements that are inside the plane, in their order."""
    rows, columns = [[c * s - p + a * d for a in range(k)] for c, k, s, p, d in zip((i, j), *window)]
    return [(r, c) for r, c in itertools.product(rows, columns) if 0 <= r < size[0] and 0 <= c < size[1]]


def max_pooled(x, window):
    out = np.empty((len(x), *counts(x.shape[1:], window)), x.dtype)
    indices = np.empty(out.shape, np.int64)
    for plane, i, j in np.ndindex(out.shape):
        places = elements(i, j, x.shape[1:], window)
        values = [x[plane][place] for place in places]
        nans = [k for k, value in enumerate(values) if np.isnan(value)]
        best = nans[-1] if nans else int(np.argmax(values))
        out[plane, i, j], indices[plane, i, j] = values[best], places[best][0] * x.shape[2] + places[best][1]
    return out, indices


def run(kernel, twin, *args):
    getattr(kernel, twin)(*args)


def flat(window, dilation=True):
    return [number for pair in window[:4 if dilation else 3] for number in pair]


@pytest.mark.parametrize("twin, dtype", TWINS)
@pytest.mark.parametrize("window", WINDOWS)
def test_max_pool2d_takes_the_first_largest(window, twin, dtype):
    random = np.random.default_rng(0)
    for size in ((8, 8), (11, 37)):
        x = random.integers(-3, 3, (3, *size)).astype(dtype)        # full of ties
        expected, places = max_pooled(x, window)
        out, indices = np.full_like(expected, 9), np.full_like(places, -9)
        run(pooling.max_pool2d, twin, x, *flat(window), out, indices)
        np.testing.assert_array_equal(out, expected)
        np.testing.assert_array_equal(indices, places)


@pytest.mark.parametrize("window", WINDOWS[:2])
def test_max_pool2d_of_nan_and_infinity(window):
    x = np.random.default_rng(1).choice([np.nan, np.inf, -np.inf, 1], (2, 40, 10), p=[.05, .05, .8, .1]).astype(np.float32)
    expected, places = max_pooled(x, window)
    out, indices = np.empty_like(expected), np.empty_like(places)
    pooling.max_pool2d.serial(x, *flat(window), out, indices)
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(indices, places)


@pytest.mark.parametrize("twin, dtype", TWINS)
def test_max_pool2d_backward_adds_where_windows_share_a_maximum(twin, dtype):
    random = np.random.default_rng(2)
    grad, indices = random.normal(size=(3, 20)).astype(dtype), random.integers(0, 15, (3, 20))
    expected = np.zeros((3, 15), dtype)
    for plane, k in np.ndindex(grad.shape):
        expected[plane, indices[plane, k]] += grad[plane, k]
    out = np.full_like(expected, np.nan)
    run(pooling.max_pool2d_backward, twin, grad, indices, out)
    np.testing.assert_array_equal(out, expected)


def mean_matrix(size, window, out_size, include_pad, divisor):
    """The linear map from a flat plane to its flat averages."""
    (height, width), (kernel, stride, pad, _) = size, window
    matrix = np.zeros((out_size[0] * out_size[1], height * width))
    for row, (i, j) in enumerate(np.ndindex(*out_size)):
        places = elements(i, j, size, window)
        padded = np.prod([min(c * s - p + k, n + p) - (c * s - p) for c, n, k, s, p in zip((i, j), size, kernel, stride, pad)])
        for r, c in places:
            matrix[row, r * width + c] = 1 / (divisor or (padded if include_pad else len(places)))
    return matrix


@pytest.mark.parametrize("twin, dtype", TWINS)
@pytest.mark.parametrize("include_pad, divisor", [(True, 0), (False, 0), (True, 3)])
@pytest.mark.parametrize("window", [w for w in WINDOWS if w[3] == (1, 1)])
def test_avg_pool2d_and_its_backward(window, include_pad, divisor, twin, dtype):
    random = np.random.default_rng(3)
    for size, ceil in itertools.product([(8, 8), (11, 36)], (0, 1)):
        x = random.normal(size=(2, *size)).astype(dtype)
        out_size = [min(n + ceil, (m + p - 1) // s + 1)         # as ceil_mode: one more, if it begins before the right padding
                    for n, m, s, p in zip(counts(size, window), size, window[1], window[2])]
        matrix = mean_matrix(size, window, out_size, include_pad, divisor)
        out = np.full((2, *out_size), np.nan, dtype)
        numbers = (*flat(window, dilation=False), include_pad, divisor)
        run(pooling.avg_pool2d, twin, x, *numbers, out)
        tolerance = 20 * np.finfo(dtype).eps
        np.testing.assert_allclose(out.reshape(2, -1), x.reshape(2, -1) @ matrix.T, atol=tolerance)
        grad, back = random.normal(size=out.shape).astype(dtype), np.full_like(x, np.nan)
        run(pooling.avg_pool2d_backward, twin, grad, *numbers, back)
        np.testing.assert_allclose(back.reshape(2, -1), grad.reshape(2, -1) @ matrix, atol=tolerance)


def test_no_planes():
    x, out = np.empty((0, 4, 4), np.float32), np.empty((0, 2, 2), np.float32)
    pooling.max_pool2d.serial(x, 2, 2, 2, 2, 0, 0, 1, 1, out, np.empty((0, 2, 2), np.int64))
    pooling.avg_pool2d.serial(x, 2, 2, 2, 2, 0, 0, True, 0, out)
