"""Convolution against a slow loop over windows."""
import itertools

import numpy as np
import pytest
from nb_nn.kernels import table

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
