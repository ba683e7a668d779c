import numpy as np
import pytest
from scipy import special

from nb_nn.kernels.cpu import loss

TWINS = [("serial", np.float32), ("parallel", np.float32), ("serial", np.float64)]
IGNORED = -100


def case(shape, dtype, weighted):
    """Log-probabilities (N, C, inner), targets of which some are ignored, weights, and the weight of each target."""
    random = np.random.default_rng(sum(shape))
    x = (3 * random.normal(size=shape)).astype(dtype)
    target = random.integers(0, shape[1], (shape[0], shape[2]))
    target[random.random(target.shape) < 0.2] = IGNORED
    target[0, 0] = shape[1] - 1
    weight = random.random(shape[1] if weighted else 0).astype(dtype)
    weights = np.where(target == IGNORED, 0, weight[target % shape[1]].astype(float) if weighted else 1.0)
    return x, target, weight, weights


def reduced(losses, weights, reduction):
    return {loss.NONE: losses.ravel(), loss.MEAN: losses.sum(keepdims=True).ravel() / weights.sum(),
            loss.SUM: losses.sum(keepdims=True).ravel()}[reduction]


def share(grad, weights, reduction):
    """The gradient of each loss before its weight."""
    return grad.reshape(weights.shape) if reduction == loss.NONE else np.full(
        weights.shape, grad[0] / (weights.sum() if reduction == loss.MEAN else 1))


def one_hot(target, classes):
    return target[:, None, :] == np.arange(classes)[:, None]


@pytest.mark.parametrize("twin, dtype", TWINS)
@pytest.mark.parametrize("reduction", [loss.NONE, loss.MEAN, loss.SUM])
@pytest.mark.parametrize("weighted", [False, True])
def test_nll_loss(weighted, reduction, twin, dtype):
    for shape in ((1, 1, 1), (5000, 3, 1), (3, 4, 5), (2, 3, 4500)):
        x, target, weight, weights = case(shape, dtype, weighted)
        picked = np.where(target == IGNORED, 0, np.take_along_axis(x, target[:, None] % shape[1], 1)[:, 0])
        expected = reduced(-picked.astype(float) * weights, weights, reduction)
        out, total = np.full(expected.shape, np.nan, dtype), np.empty(1, dtype)
        getattr(loss.nll_loss, twin)(x, target, weight, IGNORED, reduction, out, total)
        np.testing.assert_allclose(out, expected, rtol=1e-5)
        np.testing.assert_allclose(total, weights.sum(), rtol=1e-6)

        grad = np.random.default_rng(0).normal(size=expected.shape).astype(dtype)
        wanted = one_hot(target, shape[1]) * -(share(grad, weights, reduction) * weights)[:, None]
        back = np.full_like(x, np.nan)
        getattr(loss.nll_loss_backward, twin)(grad, target, weight, total, IGNORED, reduction, back)
        np.testing.assert_allclose(back, wanted, rtol=1e-5)


@pytest.mark.parametrize("twin, dtype", TWINS)
@pytest.mark.parametrize("reduction", [loss.NONE, loss.MEAN, loss.SUM])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy(weighted, reduction, twin, dtype):
    eps = np.finfo(dtype).eps
    for shape in ((1, 1, 1), (900, 10, 1), (3, 70, 1), (2, 9000, 1)):
        x, target, weight, weights = case(shape, dtype, weighted)
        x += 1000                           # far from zero, which must not cost digits
        log_p = special.log_softmax(x.astype(float), axis=1)
        picked = np.take_along_axis(log_p, target[:, None] % shape[1], 1)[:, 0]
        expected = reduced(-picked * weights, weights, reduction)
        out, total, normalizers = np.full(expected.shape, np.nan, dtype), np.empty(1, dtype), np.empty((shape[0], 2), dtype)
        getattr(loss.cross_entropy, twin)(x[:, :, 0], target[:, 0], weight, IGNORED, reduction, out, total, normalizers)
        np.testing.assert_allclose(out, expected, rtol=50 * eps, atol=10 * eps)

        grad = np.random.default_rng(0).normal(size=expected.shape).astype(dtype)
        wanted = (np.exp(log_p) - one_hot(target, shape[1])) * (share(grad, weights, reduction) * weights)[:, None]
        back = np.full_like(x[:, :, 0], np.nan)
        getattr(loss.cross_entropy_backward, twin)(grad, x[:, :, 0], target[:, 0], weight, total, normalizers, IGNORED,
                                                   reduction, back)
        np.testing.assert_allclose(back, wanted[:, :, 0], rtol=100 * eps, atol=10 * eps)


def test_all_targets_ignored_means_nan_and_no_gradient():
    x, target, none = np.ones((2, 3), np.float32), np.full(2, IGNORED), np.empty(0, np.float32)
    out, total, normalizers, back = np.empty(1, np.float32), np.empty(1, np.float32), np.empty_like(x[:, :2]), np.empty_like(x)
    loss.cross_entropy.serial(x, target, none, IGNORED, loss.MEAN, out, total, normalizers)
    loss.cross_entropy_backward.serial(np.ones(1, np.float32), x, target, none, total, normalizers, IGNORED, loss.MEAN, back)
    assert np.isnan(out[0]) and total[0] == 0
    np.testing.assert_array_equal(back, 0)


@pytest.mark.parametrize("twin", ["serial", "parallel"])
def test_first_bad_target(twin):
    first = np.empty(1, np.int64)
    for bad, expected in (({}, -1), ({7: 3}, 7), ({9000: -1, 5000: 99, 12: IGNORED}, 5000)):
        target = np.arange(10000) % 3
        target[list(bad)] = list(bad.values())
        getattr(loss.first_bad_target, twin)(target, 3, IGNORED, first)
        assert first[0] == expected
    getattr(loss.first_bad_target, twin)(target[:0], 3, IGNORED, first)
    assert first[0] == -1
