"""Convolution against a slow loop over windows."""
import itertools

import numpy as np
import pytest

from nb_nn.kernels import table, threads

CASES = [  # batch, channels, height, width, channels out, kernel, stride, padding, dilation, groups
    (2, 3, 7, 9, 4, (3, 3), (1, 1), (1, 1), (1, 1), 1),
    (1, 1, 5, 5, 1, (1, 1), (1, 1), (0, 0), (1, 1), 1),
    (3, 4, 8, 8, 6, (1, 1), (1, 1), (0, 0), (1, 1), 2),
    (2, 4, 9, 8, 6, (3, 2), (2, 3), (2, 1), (1, 2), 2),
    (2, 2, 16, 16, 9, (3, 3), (1, 1), (1, 1), (1, 1), 1),
    (1, 3, 12, 40, 5, (7, 7), (2, 2), (3, 3), (1, 1), 1),
    (2, 5, 11, 10, 5, (3, 3), (1, 1), (1, 1), (1, 1), 5),
    (2, 5, 11, 10, 10, (3, 3), (2, 2), (1, 1), (1, 1), 5),
    (2, 3, 4, 33, 17, (1, 1), (2, 2), (0, 0), (1, 1), 1),
    (1, 2, 6, 6, 3, (2, 2), (3, 3), (0, 0), (1, 1), 1),
    (1, 2, 10, 6, 3, (3, 3), (1, 1), (4, 3), (2, 1), 1),
    (5, 1, 1, 30, 3, (1, 5), (1, 2), (0, 2), (1, 1), 1),
    (1, 20, 4, 4, 34, (3, 3), (1, 1), (1, 1), (1, 1), 1),
    (0, 3, 7, 9, 4, (3, 3), (1, 1), (1, 1), (1, 1), 1),
]


def pairs(case):
    """Every (output, weight, input) index triple of a convolution without its batch index."""
    n, c, h, w, co, (kh, kw), (sh, sw), (ph, pw), (dh, dw), g = case
    ho, wo = (h + 2 * ph - dh * (kh - 1) - 1) // sh + 1, (w + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    for o, ci, i, j in itertools.product(range(co), range(c // g), range(kh), range(kw)):
        for y, x in itertools.product(range(ho), range(wo)):
            row, column = y * sh - ph + i * dh, x * sw - pw + j * dw
            if 0 <= row < h and 0 <= column < w:
                yield (o, y, x), (o, ci, i, j), (o // (co // g) * (c // g) + ci, row, column)


def arrays(case, dtype):
    n, c, h, w, co, (kh, kw), (sh, sw), (ph, pw), (dh, dw), g = case
    ho, wo = (h + 2 * ph - dh * (kh - 1) - 1) // sh + 1, (w + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    shapes = (n, c, h, w), (co, c // g, kh, kw), (co,), (n, co, ho, wo)
    rng = np.random.default_rng(0)
    return [rng.integers(-4, 5, shape).astype(dtype) for shape in shapes]     # small integers: every sum is exact


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_convolution_and_its_gradients(case, dtype):
    x, weight, bias, grad = arrays(case, dtype)
    out, grad_x, grad_weight = np.zeros_like(grad), np.zeros_like(x), np.zeros_like(weight)
    for a, b, c in pairs(case):
        a, c = (slice(None), *a), (slice(None), *c)
        out[a] += x[c] * weight[b]
        grad_x[c] += grad[a] * weight[b]
        grad_weight[b] += grad[a] @ x[c]
    geometry = case[6:]

    got = np.full_like(out, np.nan)
    table.find("cpu", "conv2d")(x, weight, None, *geometry, got)
    np.testing.assert_array_equal(got, out)
    table.find("cpu", "conv2d")(x, weight, bias, *geometry, got)
    np.testing.assert_array_equal(got, out + bias[:, None, None])
    got = np.full_like(x, np.nan)
    table.find("cpu", "conv2d_backward_input")(grad, weight, *geometry, got)
    np.testing.assert_array_equal(got, grad_x)
    got = np.full_like(weight, np.nan)
    table.find("cpu", "conv2d_backward_weight")(grad, x, *geometry, got)
    np.testing.assert_array_equal(got, grad_weight)
    got = np.full_like(bias, np.nan)
    table.find("cpu", "conv2d_backward_bias")(grad, got)
    np.testing.assert_array_equal(got, grad.sum((0, 2, 3)))


LARGER = [  # these are divided among threads
    ((9, 6, 20, 20), (16, 6, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    ((3, 12, 16, 16), (8, 3, 5, 5), (2, 2), (2, 2), (1, 1), 4),
    ((1, 24, 32, 32), (24, 1, 3, 3), (1, 1), (1, 1), (1, 1), 24),
    ((2, 40, 16, 16), (34, 40, 1, 1), (1, 1), (0, 0), (1, 1), 1),
]


@pytest.mark.parametrize("shape, weight_shape, stride, padding, dilation, groups", LARGER)
def test_one_and_two_threads_give_the_same_bits(shape, weight_shape, stride, padding, dilation, groups):
    rng = np.random.default_rng(0)
    x, weight, bias = [rng.standard_normal(size).astype("f4") for size in (shape, weight_shape, weight_shape[:1])]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 0), (0, 0), *[(p, p) for p in padding])), weight_shape[2:], (2, 3))
    windows = windows[:, :, ::stride[0], ::stride[1]].astype("f8")
    n, c, h, w = windows.shape[:4]
    windows = windows.reshape(n, groups, c // groups, h, w, *weight_shape[2:])
    by_group = weight.astype("f8").reshape(groups, -1, *weight_shape[1:])
    out = np.einsum("ngchwij,gocij->ngohw", windows, by_group).reshape(n, -1, h, w) + bias[:, None, None]
    grad = rng.standard_normal(out.shape).astype("f4")
    grad_weight = np.einsum("ngchwij,ngohw->gocij", windows, grad.reshape(n, groups, -1, h, w)).reshape(weight_shape)
    geometry, before, results = (stride, padding, dilation, groups), threads.count, []
    try:
        for count in (1, 2):
            threads.set_count(count)
            got = [np.empty(size, "f4") for size in (out.shape, shape, weight_shape, weight_shape[:1])]
            table.find("cpu", "conv2d")(x, weight, bias, *geometry, got[0])
            table.find("cpu", "conv2d_backward_input")(grad, weight, *geometry, got[1])
            table.find("cpu", "conv2d_backward_weight")(grad, x, *geometry, got[2], got[3])
            results.append(got)
    finally:
        threads.set_count(before)
    for one, two in zip(*results):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(results[0][0], out, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(results[0][2], grad_weight, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(results[0][3], grad.sum((0, 2, 3)), rtol=1e-4, atol=1e-3)
    # the gradient of the input is the adjoint of the convolution
    assert np.isclose((results[0][1].astype("f8") * x).sum(), (grad * (out - bias[:, None, None])).sum(), rtol=1e-4)


def test_nan_reaches_the_windows_that_hold_it_and_no_others():
    x, weight, out = np.zeros((1, 1, 6, 40), "f4"), np.ones((1, 1, 3, 3), "f4"), np.empty((1, 1, 6, 40), "f4")
    x[0, 0, 2, 30] = np.nan
    table.find("cpu", "conv2d")(x, weight, None, (1, 1), (1, 1), (1, 1), 1, out)
    expected = np.zeros((6, 40), bool)
    expected[1:4, 29:32] = True
    np.testing.assert_array_equal(np.isnan(out[0, 0]), expected)


def test_arrays_that_may_not_be_written_are_read():
    x, weight, out = np.ones((1, 1, 4, 4), "f4"), np.ones((1, 1, 1, 1), "f4"), np.empty((1, 1, 4, 4), "f4")
    x.flags.writeable = weight.flags.writeable = False
    table.find("cpu", "conv2d")(x, weight, None, (1, 1), (0, 0), (1, 1), 1, out)
    np.testing.assert_array_equal(out, x)
