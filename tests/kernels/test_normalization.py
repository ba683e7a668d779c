import numpy as np
import pytest

from nb_nn.kernels import threads
from nb_nn.kernels.cpu import layer_normalization as layer
from nb_nn.kernels.cpu import normalization as batch

TWINS = [("serial", np.float32), ("parallel", np.float32), ("serial", np.float64)]
SHAPES = [(1, 1, 2), (3, 2, 5), (70, 3, 4), (2, 100, 33), (2, 1, 9000)]
EPS = 1e-5


def draw(shape, dtype, seed=0):
    return np.random.default_rng(seed + sum(shape)).normal(size=shape).astype(dtype)


def close(actual, expected, dtype, size=1):
    """Whether two arrays agree up to the rounding of sums of ``size`` numbers of the order of 1."""
    np.testing.assert_allclose(actual, expected, rtol=1e-4 if dtype == np.float32 else 1e-10,
                               atol=np.finfo(dtype).eps * (20 + 4 * np.sqrt(size) * np.log2(size + 1)))


def normalized(x, axes, eps=EPS):
    """x with mean 0 and variance 1 along axes, and the inverse of the deviation."""
    x = x.astype(float)
    scale = 1 / np.sqrt(x.var(axes, keepdims=True) + eps)
    return (x - x.mean(axes, keepdims=True)) * scale, scale


def normalized_backward(grad, y, scale, axes):
    """Gradient of `normalized`."""
    return scale * (grad - grad.mean(axes, keepdims=True) - y * (grad * y).mean(axes, keepdims=True))


@pytest.mark.parametrize("twin, dtype", TWINS)
@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm(affine, twin, dtype):
    for shape in SHAPES:
        x, grad, channels = draw(shape, dtype), draw(shape, dtype, 1), shape[1]
        weight, bias = draw((channels if affine else 0,), dtype, 2), draw((channels if affine else 0,), dtype, 3)
        w, b = (weight[:, None], bias[:, None]) if affine else (1, 0)
        y, scale = normalized(x, (0, 2))
        mean, var = np.empty(channels, dtype), np.empty(channels, dtype)
        getattr(batch.batch_norm_stats, twin)(x, mean, var)
        close(mean, x.mean((0, 2), dtype=float), dtype)
        close(var, x.var((0, 2), dtype=float), dtype)
        invstd, out = (1 / np.sqrt(var + EPS)).astype(dtype), np.empty_like(x)
        getattr(batch.batch_norm_apply, twin)(x, mean, invstd, weight, bias, out)
        close(out, y * w + b, dtype)
        for training in (True, False):
            grad_input, grad_weight, grad_bias = np.empty_like(x), np.empty_like(mean), np.empty_like(mean)
            getattr(batch.batch_norm_backward, twin)(grad, x, mean, invstd, weight, training, grad_input, grad_weight, grad_bias)
            close(grad_input, normalized_backward(grad * w, y, scale, (0, 2)) if training else grad * w * scale, dtype)
            close(grad_weight, (grad * y).sum((0, 2)), dtype, grad.size / channels)
            close(grad_bias, grad.sum((0, 2), dtype=float), dtype, grad.size / channels)


@pytest.mark.parametrize("twin, dtype", TWINS)
@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_of_columns(affine, twin, dtype):
    for shape in ((2, 1), (3, 70), (64, 5), (65, 5), (5000, 3)):
        x, grad, channels = draw(shape, dtype), draw(shape, dtype, 1), shape[1]
        weight, bias = draw((channels if affine else 0,), dtype, 2), draw((channels if affine else 0,), dtype, 3)
        w, b = (weight, bias) if affine else (1, 0)
        y, scale = normalized(x, 0)
        mean, var = np.empty(channels, dtype), np.empty(channels, dtype)
        getattr(batch.batch_norm_columns_stats, twin)(x, mean, var)
        close(mean, x.mean(0, dtype=float), dtype)
        close(var, x.var(0, dtype=float), dtype)
        invstd, out = (1 / np.sqrt(var + EPS)).astype(dtype), np.empty_like(x)
        getattr(batch.batch_norm_columns_apply, twin)(x, mean, invstd, weight, bias, out)
        close(out, y * w + b, dtype)
        for training in (True, False):
            grad_input, grad_weight, grad_bias = np.empty_like(x), np.empty_like(mean), np.empty_like(mean)
            getattr(batch.batch_norm_columns_backward, twin)(grad, x, mean, invstd, weight, training,
                                                             grad_input, grad_weight, grad_bias)
            close(grad_input, normalized_backward(grad * w, y, scale, 0) if training else grad * w * scale, dtype)
            close(grad_weight, (grad * y).sum(0), dtype, shape[0])
            close(grad_bias, grad.sum(0, dtype=float), dtype, shape[0])


@pytest.mark.parametrize("stats, shape", [(batch.batch_norm_stats, (70, 2, 300)), (batch.batch_norm_columns_stats, (9000, 2))])
def test_a_mean_far_from_zero_costs_the_variance_no_digits(stats, shape):
    x = (1000 + draw(shape, np.float32)).astype(np.float32)
    mean, var = np.empty(2, np.float32), np.empty(2, np.float32)
    stats.parallel(x, mean, var)
    axes = (0, 2)[:len(shape) - 1]
    np.testing.assert_allclose(mean, x.mean(axes, dtype=float), rtol=1e-7)
    np.testing.assert_allclose(var, x.var(axes, dtype=float), rtol=1e-5)


@pytest.mark.parametrize("twin, dtype", TWINS)
@pytest.mark.parametrize("affine", [True, False])
def test_layer_norm(affine, twin, dtype):
    for shape in ((1, 2), (3, 5), (300, 70), (2, 9000)):
        x, grad = draw(shape, dtype), draw(shape, dtype, 1)
        rows, n = shape
        weight, bias = draw((n if affine else 0,), dtype, 2), draw((n if affine else 0,), dtype, 3)
        w, b = (weight, bias) if affine else (1, 0)
        y, scale = normalized(x, 1)
        out, mean, rstd = np.empty_like(x), np.empty(rows, dtype), np.empty(rows, dtype)
        getattr(layer.layer_norm, twin)(x, weight, bias, EPS, out, mean, rstd)
        close(out, y * w + b, dtype)
        grad_input, grad_weight, grad_bias = np.empty_like(x), np.empty_like(weight), np.empty_like(bias)
        getattr(layer.layer_norm_backward, twin)(grad, x, mean, rstd, weight, grad_input, grad_weight, grad_bias)
        close(grad_input, normalized_backward(grad * w, y, scale, 1), dtype)
        if affine:
            close(grad_weight, (grad * y).sum(0), dtype, rows)
            close(grad_bias, grad.sum(0, dtype=float), dtype, rows)


@pytest.mark.parametrize("twin, dtype", TWINS)
@pytest.mark.parametrize("affine", [True, False])
def test_group_norm(affine, twin, dtype):
    for (n, channels, inner), groups in (((3, 4, 5), 2), ((2, 6, 50), 6), ((2, 6, 50), 1), ((5, 6, 1), 2)):
        x, grad = draw((n, channels, inner), dtype), draw((n, channels, inner), dtype, 1)
        weight, bias = draw((channels if affine else 0,), dtype, 2), draw((channels if affine else 0,), dtype, 3)
        w, b = (weight[:, None], bias[:, None]) if affine else (1, 0)
        grouped = (n, groups, -1)
        y, scale = normalized(x.reshape(grouped), 2)
        out, mean, rstd = np.empty_like(x), np.empty(n * groups, dtype), np.empty(n * groups, dtype)
        getattr(layer.group_norm, twin)(x, groups, weight, bias, EPS, out, mean, rstd)
        close(out, y.reshape(x.shape) * w + b, dtype)
        grad_input, grad_weight, grad_bias = np.empty_like(x), np.empty(channels, dtype), np.empty(channels, dtype)
        getattr(layer.group_norm_backward, twin)(grad, x, mean, rstd, weight, groups, grad_input, grad_weight, grad_bias)
        close(grad_input, normalized_backward((grad * w).reshape(grouped), y, scale, 2).reshape(x.shape), dtype)
        close(grad_weight, (grad * y.reshape(x.shape)).sum((0, 2)), dtype, n * inner)
        close(grad_bias, grad.sum((0, 2), dtype=float), dtype, n * inner)


def test_weight_gradients_have_the_same_bits_for_any_number_of_threads():
    x, grad, ones = draw((500, 33), np.float32), draw((500, 33), np.float32, 1), np.ones(500, np.float32)
    results = []
    before = threads.count
    try:
        for threads.count in (1, 2):
            out, weight_bias = np.empty_like(x), np.empty((2, 33), np.float32)
            layer.layer_norm_backward(grad, x, ones, ones, ones[:33], out, *weight_bias, work=1 << 20)
            sums = np.empty((2, 500), np.float32)
            batch.batch_norm_stats(x.reshape(3, 500, 11), *sums, work=1 << 20)
            results.append([out, weight_bias, sums])
    finally:
        threads.count = before
    for one, two in zip(*results):
        np.testing.assert_array_equal(one, two)
