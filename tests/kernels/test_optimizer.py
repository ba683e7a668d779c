import numpy as np
import pytest

from nb_nn.kernels.cpu import optimizer

TWINS = [("serial", np.float32), ("parallel", np.float32), ("serial", np.float64)]
SIZES = (0, 1, 20000)


def tolerance(dtype):
    return {"rtol": 20 * np.finfo(dtype).eps, "atol": 20 * np.finfo(dtype).eps}


@pytest.mark.parametrize("twin, dtype", TWINS)
@pytest.mark.parametrize("momentum, dampening, decay, nesterov, maximize", [
    (0.0, 0.0, 0.0, False, False), (0.0, 0.0, 0.1, False, True), (0.9, 0.3, 0.1, False, False), (0.9, 0.0, 0.0, True, False)])
def test_sgd(momentum, dampening, decay, nesterov, maximize, twin, dtype):
    random = np.random.default_rng(0)
    for size in SIZES:
        param = random.normal(size=size).astype(dtype)
        expected, kept, velocity = param.astype(float), 0, np.full(size if momentum else 0, np.nan, dtype)
        for step in range(3):
            grad = random.normal(size=size).astype(dtype)
            slope = (-grad if maximize else grad) + decay * expected
            if momentum:
                kept = slope if step == 0 else momentum * kept + (1 - dampening) * slope
                slope = slope + momentum * kept if nesterov else kept
            expected = expected - 0.1 * slope
            getattr(optimizer.sgd, twin)(grad, 0.1, momentum, dampening, decay, nesterov, maximize, step == 0, velocity, param)
        np.testing.assert_allclose(param, expected, **tolerance(dtype))


@pytest.mark.parametrize("twin, dtype", TWINS)
@pytest.mark.parametrize("decay, decoupled, amsgrad, maximize", [
    (0.0, False, False, False), (0.1, False, True, False), (0.1, True, False, True)])
def test_adam(decay, decoupled, amsgrad, maximize, twin, dtype):
    random = np.random.default_rng(1)
    for size in SIZES:
        param = random.normal(size=size).astype(dtype)
        exp_avg, exp_avg_sq = np.zeros_like(param), np.zeros_like(param)
        largest_sq = np.zeros(size if amsgrad else 0, dtype)
        expected, m, v, largest = param.astype(float), 0, 0, 0
        for step in range(1, 4):
            grad = (random.normal(size=size) / step).astype(dtype)
            if decoupled:
                expected = expected * (1 - 0.01 * decay)
            slope = (-grad if maximize else grad) + (0 if decoupled else decay) * expected
            m, v = 0.9 * m + 0.1 * slope, 0.99 * v + 0.01 * slope ** 2
            largest = np.maximum(largest, v)
            root = np.sqrt((largest if amsgrad else v) / (1 - 0.99 ** step))
            expected = expected - 0.01 * (m / (1 - 0.9 ** step)) / (root + 1e-8)
            getattr(optimizer.adam, twin)(grad, 0.01, 0.9, 0.99, 1e-8, decay, decoupled, amsgrad, maximize, step,
                                          exp_avg, exp_avg_sq, largest_sq, param)
        np.testing.assert_allclose(param, expected, **tolerance(dtype))
        np.testing.assert_allclose(exp_avg_sq, v, **tolerance(dtype))


def test_no_weight_decay_leaves_an_infinite_parameter_infinite():
    param, grad = np.full(3, np.inf, np.float32), np.ones(3, np.float32)
    optimizer.sgd.serial(grad, 0.1, 0.0, 0.0, 0.0, False, False, True, grad[:0], param)
    np.testing.assert_array_equal(param, np.inf)


def test_a_nan_in_the_gradient_stays_in_amsgrad():
    param, m, v, largest = np.zeros((4, 2), np.float32)
    for step, slope in ((1, np.nan), (2, 1)):
        optimizer.adam.serial(np.array([slope, 1], np.float32), 0.1, 0.9, 0.99, 1e-8, 0.0, False, True, False, step,
                              m, v, largest, param)
    assert np.isnan(param[0]) and np.isnan(largest[0]) and np.isfinite(param[1])
