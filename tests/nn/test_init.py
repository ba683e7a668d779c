import math

import numpy as np
import pytest

import nb_nn as torch
from nb_nn import nn
from nb_nn.nn import init


def weights(*size):
    return nn.Parameter(torch.empty(*size))


def moments(tensor):
    values = tensor.detach().numpy()
    return values.mean(), values.std()


@pytest.mark.parametrize("name, param, gain", [
    ("linear", None, 1), ("conv2d", None, 1), ("conv_transpose3d", None, 1), ("sigmoid", None, 1), ("tanh", None, 5 / 3),
    ("relu", None, math.sqrt(2)), ("leaky_relu", None, math.sqrt(2 / 1.0001)), ("leaky_relu", 0.5, math.sqrt(1.6)), ("selu", None, 0.75)])
def test_calculate_gain(name, param, gain):
    assert init.calculate_gain(name, param) == pytest.approx(gain)


def test_bad_gains():
    with pytest.raises(ValueError, match="Unsupported nonlinearity what"):
        init.calculate_gain("what")
    with pytest.raises(ValueError, match="not a valid number"):
        init.calculate_gain("leaky_relu", True)


@pytest.mark.parametrize("fill, mean, std, bound", [
    (lambda t: init.uniform_(t, -1, 3), 1, 4 / math.sqrt(12), 3),
    (lambda t: init.normal_(t, 2, 0.5), 2, 0.5, None),
    (lambda t: init.trunc_normal_(t, 0, 1, -1, 1), 0, 0.5396, 1),
    (init.xavier_uniform_, 0, math.sqrt(2 / 300), math.sqrt(6 / 300)),
    (lambda t: init.xavier_normal_(t, 2), 0, 2 * math.sqrt(2 / 300), None),
    (init.kaiming_uniform_, 0, math.sqrt(2 / 100), math.sqrt(6 / 100)),
    (lambda t: init.kaiming_uniform_(t, math.sqrt(5), "fan_out"), 0, math.sqrt(1 / 3 / 200), 1 / math.sqrt(200)),
    (lambda t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"), 0, math.sqrt(2 / 200), None),
])
def test_distributions(fill, mean, std, bound):
    tensor = weights(200, 100)
    assert fill(tensor) is tensor and tensor.is_leaf and tensor.requires_grad
    found_mean, found_std = moments(tensor)
    assert found_mean == pytest.approx(mean, abs=4 * std / math.sqrt(20000)) and found_std == pytest.approx(std, rel=0.03)
    if bound is not None:
        assert 0.99 * bound < tensor.detach().abs().max().item() <= bound * (1 + 1e-6)


def test_fans_count_the_receptive_field():
    assert init._calculate_fan_in_and_fan_out(torch.empty(8, 4, 3, 5)) == (60, 120)
    assert init._calculate_fan_in_and_fan_out(torch.empty(8, 4)) == (4, 8)
    with pytest.raises(ValueError, match="fewer than 2 dimensions"):
        init.xavier_normal_(torch.empty(3))
    with pytest.raises(ValueError, match="Mode fan not supported"):
        init.kaiming_normal_(torch.empty(3, 3), mode="fan")


def test_constants():
    assert init.constant_(weights(2), 0.5).tolist() == [0.5, 0.5]
    assert init.ones_(weights(2)).tolist() == [1, 1] and init.zeros_(weights(2)).tolist() == [0, 0]
    assert np.array_equal(init.eye_(weights(2, 3)).detach().numpy(), np.eye(2, 3))
    with pytest.raises(ValueError, match="2 dimensions"):
        init.eye_(torch.empty(3))


@pytest.mark.parametrize("size, groups", [((3, 3, 5), 1), ((4, 2, 3), 1), ((4, 2, 3, 3), 2), ((2, 4, 1, 3, 3), 1)])
def test_dirac_hands_channels_through(size, groups):
    weight = init.dirac_(weights(*size), groups).detach().numpy()
    center = tuple(length // 2 for length in size[2:])
    assert weight.sum() == groups * min(size[0] // groups, size[1])
    for channel in range(size[0]):
        row = weight[(channel, slice(None), *center)]
        inner = channel % (size[0] // groups)
        assert np.array_equal(row, np.arange(size[1]) == inner)


def test_dirac_errors():
    with pytest.raises(ValueError, match="3, 4, or 5 dimensions"):
        init.dirac_(torch.empty(2, 2))
    with pytest.raises(ValueError, match="divisible by groups"):
        init.dirac_(torch.empty(3, 2, 1), 2)


@pytest.mark.parametrize("size", [(3, 5), (5, 3), (4, 2, 3), (4, 4)])
def test_orthogonal(size):
    matrix = init.orthogonal_(weights(*size), gain=2).detach().numpy().reshape(size[0], -1)
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)


def test_orthogonal_in_other_types():
    assert init.orthogonal_(torch.empty(3, 3, dtype=torch.float64)).dtype is torch.float64
    assert init.orthogonal_(torch.empty(0, 3)).shape == (0, 3)
    with pytest.raises(ValueError, match="2 or more dimensions"):
        init.orthogonal_(torch.empty(3))


def test_sparse_drops_a_fraction_of_each_column():
    values = init.sparse_(weights(10, 50), 0.25, std=2).detach().numpy()
    assert ((values == 0).sum(0) == 3).all() and len(set(map(tuple, (values == 0).T))) > 10
    assert values[values != 0].std() == pytest.approx(2, rel=0.2)
    with pytest.raises(ValueError, match="2 dimensions"):
        init.sparse_(torch.empty(3), 0.1)


def test_empty_weights_warn():
    with pytest.warns(UserWarning, match="zero-element"):
        init.kaiming_uniform_(torch.empty(0, 3))


def test_trunc_normal_far_from_its_interval_warns():
    with pytest.warns(UserWarning, match="more than 2 std"):
        init.trunc_normal_(torch.empty(3), 10)


def test_old_names_warn():
    for name in ("uniform", "normal", "xavier_uniform", "kaiming_normal", "orthogonal", "eye"):
        with pytest.warns(FutureWarning, match=f"deprecated in favor of `nn.init.{name}_`"):
            getattr(init, name)(torch.empty(3, 3))


def test_generator_decides():
    def draw():
        return init.kaiming_uniform_(torch.empty(3, 3), generator=torch.Generator().manual_seed(3))

    assert torch.equal(draw(), draw())
