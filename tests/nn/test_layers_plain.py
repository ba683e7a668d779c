"""Layers of one line: linear, bilinear, activations, dropout."""
import numpy as np
import pytest

import nb_nn as torch
from nb_nn import nn


def test_linear():
    layer = nn.Linear(3, 4)
    x = torch.randn(2, 5, 3)
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x).detach().numpy(), x.numpy() @ weight.T + bias, rtol=1e-5, atol=1e-6)
    assert nn.Linear(3, 4, bias=False).bias is None
    bound = 1 / np.sqrt(1000)
    wide = nn.Linear(1000, 100)
    for value in (wide.weight, wide.bias):
        assert 0.9 * bound < value.abs().max().item() <= bound
    assert nn.Linear(3, 4, dtype=torch.float64).weight.dtype is torch.float64


def test_bilinear():
    layer = nn.Bilinear(2, 3, 4)
    x, y = torch.randn(5, 2), torch.randn(5, 3)
    expected = np.einsum("ni,oij,nj->no", x.numpy(), layer.weight.detach().numpy(), y.numpy()) + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x, y).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="in1_features must be > 0"):
        nn.Bilinear(0, 1, 1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("layer, oracle, text", [
    (nn.Identity(1, 2, three=3), lambda x: x, "Identity()"),
    (nn.ReLU(), lambda x: np.maximum(x, 0), "ReLU()"),
    (nn.ReLU(inplace=True), lambda x: np.maximum(x, 0), "ReLU(inplace=True)"),
    (nn.ReLU6(), lambda x: np.clip(x, 0, 6), "ReLU6()"),
    (nn.LeakyReLU(0.1), lambda x: np.where(x > 0, x, 0.1 * x), "LeakyReLU(negative_slope=0.1)"),
    (nn.ELU(2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(x)), "ELU(alpha=2.0)"),
    (nn.CELU(2.0, True), lambda x: np.where(x > 0, x, 2 * np.expm1(x / 2)), "CELU(alpha=2.0, inplace=True)"),
    (nn.SELU(), lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)), "SELU()"),
    (nn.SiLU(), lambda x: x * sigmoid(x), "SiLU()"),
    (nn.Mish(), lambda x: x * np.tanh(np.log1p(np.exp(x))), "Mish()"),
    (nn.Hardsigmoid(), lambda x: np.clip(x / 6 + 0.5, 0, 1), "Hardsigmoid()"),
    (nn.Hardswish(), lambda x: x * np.clip(x / 6 + 0.5, 0, 1), "Hardswish()"),
    (nn.Sigmoid(), sigmoid, "Sigmoid()"),
    (nn.Tanh(), np.tanh, "Tanh()"),
    (nn.LogSigmoid(), lambda x: np.log(sigmoid(x)), "LogSigmoid()"),
    (nn.Softsign(), lambda x: x / (1 + abs(x)), "Softsign()"),
    (nn.Tanhshrink(), lambda x: x - np.tanh(x), "Tanhshrink()"),
    (nn.Threshold(0.5, 20.0), lambda x: np.where(x > 0.5, x, 20), "Threshold(threshold=0.5, value=20.0)"),
    (nn.Hardtanh(-2.0, 1.0), lambda x: np.clip(x, -2, 1), "Hardtanh(min_val=-2.0, max_val=1.0)"),
    (nn.RReLU(0.2, 0.2), lambda x: np.where(x > 0, x, 0.2 * x), "RReLU(lower=0.2, upper=0.2)"),
    (nn.GELU("tanh"), lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3))), "GELU(approximate='tanh')"),
    (nn.GLU(0), lambda x: x[:2] * sigmoid(x[2:]), "GLU(dim=0)"),
    (nn.Softplus(2.0), lambda x: np.log1p(np.exp(2 * x)) / 2, "Softplus(beta=2.0, threshold=20.0)"),
    (nn.Hardshrink(), lambda x: np.where(abs(x) > 0.5, x, 0), "Hardshrink(0.5)"),
    (nn.Softshrink(), lambda x: np.sign(x) * np.maximum(abs(x) - 0.5, 0), "Softshrink(0.5)"),
    (nn.PReLU(3, 0.3), lambda x: np.where(x > 0, x, 0.3 * x), "PReLU(num_parameters=3)"),
    (nn.Softmax(1), lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True), "Softmax(dim=1)"),
    (nn.LogSoftmax(0), lambda x: x - np.log(np.exp(x).sum(0)), "LogSoftmax(dim=0)"),
    (nn.Softmin(dim=0), lambda x: np.exp(-x) / np.exp(-x).sum(0), "Softmin(dim=0)"),
    (nn.Dropout(0.3).eval(), lambda x: x, "Dropout(p=0.3, inplace=False)"),
    (nn.Flatten(0), lambda x: x.reshape(12), "Flatten(start_dim=0, end_dim=-1)"),
    (nn.Unflatten(0, (2, -1)), lambda x: x.reshape(2, 2, 3), "Unflatten(dim=0, unflattened_size=(2, -1))"),
], ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "")
def test_layers_without_state(layer, oracle, text):
    x = np.linspace(-3.1, 7, 12).reshape(4, 3)
    result = layer(torch.tensor(x))
    np.testing.assert_allclose(result.detach().numpy(), oracle(x), rtol=1e-6, atol=1e-7)
    assert repr(layer) == text


def test_softmax2d():
    assert torch.allclose(nn.Softmax2d()(torch.randn(2, 3, 4, 5)).sum(1), torch.ones(2, 4, 5))
    with pytest.raises(ValueError, match="3D or 4D"):
        nn.Softmax2d()(torch.ones(2))


def test_dropout_layers():
    x = torch.ones(50, 20)
    y = nn.Dropout(0.25)(x)
    assert sorted(set(y.reshape(-1).tolist())) == pytest.approx([0, 4 / 3]) and 0.15 < (y == 0).float().mean().item() < 0.35
    channels = nn.Dropout2d(0.5)(torch.ones(50, 20, 2, 2)).reshape(50, 20, 4)
    assert torch.equal(channels[:, :, 0], channels[:, :, 3]) and 0.4 < (channels[:, :, 0] == 0).float().mean().item() < 0.6
    for layer, shape in ((nn.Dropout1d, (2, 3, 4)), (nn.Dropout3d, (2, 3, 1, 1, 1)), (nn.AlphaDropout, (4, 5)),
                         (nn.FeatureAlphaDropout, (2, 3, 4))):
        assert layer()(torch.ones(shape)).shape == shape
    with pytest.raises(ValueError, match="between 0 and 1, but got 1.5"):
        nn.Dropout(1.5)


def test_hardtanh_and_unflatten_check_their_arguments():
    assert nn.Hardtanh(min_value=-3.0, max_value=3.0).max_val == 3
    with pytest.raises(ValueError, match="max_val must be larger"):
        nn.Hardtanh(1.0, 0.0)
    with pytest.raises(TypeError, match="tuple of ints"):
        nn.Unflatten(1, 2.5)
