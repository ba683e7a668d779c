"""Convolution against a slow loop over windows."""
import itertools

import numpy as np
import pytest

from nb_nn.kernels import table, threads

CASES = [  # batch, channels, size, channels out, window, stride, padding, dilation, groups
    (2, 3, (1, 7, 9), 4, (1, 3, 3), (1, 1, 1), (0, 1, 1), (1, 1, 1), 1),
    (1, 1, (1, 5, 5), 1, (1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 1, 1), 1),
    (3, 4, (1, 8, 8), 6, (1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 1, 1), 2),
    (2, 4, (1, 9, 8), 6, (1, 3, 2), (1, 2, 3), (0, 2, 1), (1, 1, 2), 2),
    (2, 2, (1, 16, 16), 9, (1, 3, 3), (1, 1, 1), (0, 1, 1), (1, 1, 1), 1),
    (1, 3, (1, 12, 40), 5, (1, 7, 7), (1, 2, 2), (0, 3, 3), (1, 1, 1), 1),
    (2, 5, (1, 11, 10), 5, (1, 3, 3), (1, 1, 1), (0, 1, 1), (1, 1, 1), 5),
    (2, 5, (1, 11, 10), 10, (1, 3, 3), (1, 2, 2), (0, 1, 1), (1, 1, 1), 5),
    (2, 3, (1, 4, 33), 17, (1, 1, 1), (1, 2, 2), (0, 0, 0), (1, 1, 1), 1),
    (1, 2, (1, 6, 6), 3, (1, 2, 2), (1, 3, 3), (0, 0, 0), (1, 1, 1), 1),
    (1, 2, (1, 10, 6), 3, (1, 3, 3), (1, 1, 1), (0, 4, 3), (1, 2, 1), 1),
    (5, 1, (1, 30, 1), 3, (1, 5, 1), (1, 2, 1), (0, 2, 0), (1, 1, 1), 1),
    (2, 3, (1, 40, 1), 20, (1, 4, 1), (1, 3, 1), (0, 1, 0), (1, 2, 1), 1),
    (1, 20, (1, 4, 4), 34, (1, 3, 3), (1, 1, 1), (0, 1, 1), (1, 1, 1), 1),
    (20, 20, (1, 4, 4), 34, (1, 3, 3), (1, 1, 1), (0, 1, 1), (1, 1, 1), 1),        # several images a task
    (19, 24, (1, 2, 2), 40, (1, 3, 3), (1, 1, 1), (0, 1, 1), (1, 1, 1), 1),        # a sheet for each tap
    (18, 6, (1, 4, 4), 9, (1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 1, 1), 1),
    (3, 2, (1, 6, 16), 1, (1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 1, 1), 1),
    (2, 3, (4, 5, 6), 4, (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1), 1),
    (2, 4, (5, 6, 16), 6, (2, 3, 1), (2, 1, 1), (1, 0, 0), (1, 2, 1), 2),
    (1, 2, (4, 6, 5), 9, (4, 2, 3), (2, 3, 2), (1, 1, 2), (1, 1, 2), 1),
    (3, 3, (4, 4, 4), 3, (2, 2, 2), (1, 1, 1), (0, 0, 0), (1, 1, 1), 3),
    (3, 3, (4, 4, 4), 17, (1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 1, 1), 1),
    (0, 3, (1, 7, 9), 4, (1, 3, 3), (1, 1, 1), (0, 1, 1), (1, 1, 1), 1),
]


def result_size(case):
    _, _, size, _, window, stride, padding, dilation, _ = case
    return tuple((s + 2 * p - d * (k - 1) - 1) // t + 1 for s, k, t, p, d in zip(size, window, stride, padding, dilation))


def pairs(case):
    """Every (output, weight, input) index triple of a convolution without its batch index."""
    _, c, size, co, window, stride, padding, dilation, g = case
    for o, ci, *tap in itertools.product(range(co), range(c // g), *map(range, window)):
        for place in itertools.product(*map(range, result_size(case))):
            at = tuple(y * s - p + i * d for y, s, p, i, d in zip(place, stride, padding, tap, dilation))
            if all(0 <= one < most for one, most in zip(at, size)):
                yield (o, *place), (o, ci, *tap), (o // (co // g) * (c // g) + ci, *at)


def arrays(case, dtype):
    n, c, size, co, window, *_, g = case
    shapes = (n, c, *size), (co, c // g, *window), (co,), (n, co, *result_size(case)), (c,)
    rng = np.random.default_rng(0)
    return [rng.integers(-4, 5, shape).astype(dtype) for shape in shapes]     # small integers: every sum is exact


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_convolution_and_its_gradients(case, dtype):
    x, weight, bias, grad, shift = arrays(case, dtype)
    out, grad_x, grad_weight = np.zeros_like(grad), np.zeros_like(x), np.zeros_like(weight)
    for a, b, c in pairs(case):
        a, c = (slice(None), *a), (slice(None), *c)
        out[a] += x[c] * weight[b]
        grad_x[c] += grad[a] * weight[b]
        grad_weight[b] += grad[a] @ x[c]
    geometry, channels = case[5:], (slice(None), None, None, None)
    convolution, backward_input, backward_weight = KERNELS

    got = np.full_like(out, 99)
    convolution(x, weight, None, *geometry, got)
    np.testing.assert_array_equal(got, out)
    convolution(x, weight, bias, *geometry, got)
    np.testing.assert_array_equal(got, out + bias[channels])
    got = np.full_like(x, 99)
    backward_input(grad, weight, None, *geometry, got)
    np.testing.assert_array_equal(got, grad_x)
    backward_input(grad, weight, shift, *geometry, got)
    np.testing.assert_array_equal(got, grad_x + shift[channels])
    got, got_bias = np.full_like(weight, 99), np.full_like(bias, 99)
    backward_weight(grad, x, *geometry, got, got_bias)
    np.testing.assert_array_equal(got, grad_weight)
    np.testing.assert_array_equal(got_bias, grad.sum((0, 2, 3, 4)))


KERNELS = [table.find("cpu", name) for name in ("convolution", "convolution_backward_input", "convolution_backward_weight")]
LARGER = [  # these are divided among threads
    ((9, 6, 1, 20, 20), (16, 6, 1, 3, 3), (1, 1, 1), (0, 1, 1), 1),
    ((3, 12, 1, 16, 16), (8, 3, 1, 5, 5), (1, 2, 2), (0, 2, 2), 4),
    ((1, 24, 1, 32, 32), (24, 1, 1, 3, 3), (1, 1, 1), (0, 1, 1), 24),
    ((2, 40, 1, 16, 16), (34, 40, 1, 1, 1), (1, 1, 1), (0, 0, 0), 1),
    ((1, 60, 1, 7, 7), (70, 60, 1, 3, 3), (1, 1, 1), (0, 1, 1), 1),
    ((2, 9, 8, 10, 16), (20, 9, 3, 3, 3), (1, 1, 1), (1, 1, 1), 1),
    ((1, 3, 1, 4000, 1), (17, 3, 1, 9, 1), (1, 2, 1), (0, 4, 0), 1),
]


@pytest.mark.parametrize("shape, weight_shape, stride, padding, groups", LARGER)
def test_one_and_two_threads_give_the_same_bits(shape, weight_shape, stride, padding, groups):
    rng = np.random.default_rng(0)
    x, weight, bias = [rng.standard_normal(size).astype("f4") for size in (shape, weight_shape, weight_shape[:1])]
    padded = np.pad(x, ((0, 0), (0, 0), *[(p, p) for p in padding]))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weight_shape[2:], (2, 3, 4))
    windows = windows[:, :, ::stride[0], ::stride[1], ::stride[2]].astype("f8")
    n, c, *size = windows.shape[:5]
    windows = windows.reshape(n, groups, c // groups, *size, *weight_shape[2:])
    by_group = weight.astype("f8").reshape(groups, -1, *weight_shape[1:])
    channels = (slice(None), None, None, None)
    out = np.einsum("ngcdhwkij,gockij->ngodhw", windows, by_group, optimize=True).reshape(n, -1, *size) + bias[channels]
    grad = rng.standard_normal(out.shape).astype("f4")
    in_groups = grad.reshape(n, groups, -1, *size)
    grad_weight = np.einsum("ngcdhwkij,ngodhw->gockij", windows, in_groups, optimize=True).reshape(weight_shape)
    geometry, before, results = (stride, padding, (1, 1, 1), groups), threads.count, []
    convolution, backward_input, backward_weight = KERNELS
    try:
        for count in (1, 2):
            threads.set_count(count)
            got = [np.empty(size, "f4") for size in (out.shape, shape, weight_shape, weight_shape[:1])]
            convolution(x, weight, bias, *geometry, got[0])
            backward_input(grad, weight, None, *geometry, got[1])
            backward_weight(grad, x, *geometry, got[2], got[3])
            results.append(got)
    finally:
        threads.set_count(before)
    for one, two in zip(*results):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(results[0][0], out, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(results[0][2], grad_weight, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(results[0][3], grad.sum((0, 2, 3, 4)), rtol=1e-4, atol=1e-3)
    # the gradient of the input is the adjoint of the convolution
    assert np.isclose((results[0][1].astype("f8") * x).sum(), (grad * (out - bias[channels])).sum(), rtol=1e-4)


def test_nan_reaches_the_windows_that_hold_it_and_no_others():
    x, weight, out = np.zeros((1, 1, 1, 6, 40), "f4"), np.ones((1, 1, 1, 3, 3), "f4"), np.empty((1, 1, 1, 6, 40), "f4")
    x[0, 0, 0, 2, 30] = np.nan
    KERNELS[0](x, weight, None, (1, 1, 1), (0, 1, 1), (1, 1, 1), 1, out)
    expected = np.zeros((6, 40), bool)
    expected[1:4, 29:32] = True
    np.testing.assert_array_equal(np.isnan(out[0, 0, 0]), expected)


def test_arrays_that_may_not_be_written_are_read():
    x, weight, out = np.ones((1, 1, 1, 4, 4), "f4"), np.ones((1, 1, 1, 1, 1), "f4"), np.empty((1, 1, 1, 4, 4), "f4")
    x.flags.writeable = weight.flags.writeable = False
    KERNELS[0](x, weight, None, (1, 1, 1), (0, 0, 0), (1, 1, 1), 1, out)
    np.testing.assert_array_equal(out, x)
