import numpy as np
import pytest
from oracle import check, numbers, tensor
from scipy import special

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.nn import functional as F

# ---- activations in their functional form ------------------------------------------------------------------------------

INPLACE = [("relu", ()), ("relu6", ()), ("threshold", (0.5, 7.0)), ("hardtanh", (-0.5, 1.5)), ("leaky_relu", (0.2,)), ("elu", (0.7,)),
           ("selu", ()), ("celu", (0.7,)), ("silu", ()), ("mish", ()), ("hardsigmoid", ()), ("hardswish", ()), ("rrelu", (0.1, 0.3))]


@pytest.mark.parametrize("name, arguments", INPLACE)
def test_inplace_form_writes_the_same_over_its_input(name, arguments):
    function = getattr(F, name)
    x = tensor(numbers("float32", (3, 4)))
    expected = function(x, *arguments)
    made = function(x, *arguments, inplace=True)
    assert made is x
    assert torch.equal(x, expected)


@pytest.mark.parametrize("function, oracle", [
    (F.relu6, lambda x: np.clip(x, 0, 6)), (F.hardtanh, lambda x: np.clip(x, -1, 1)), (F.sigmoid, special.expit), (F.tanh, np.tanh),
    (F.softplus, lambda x: np.logaddexp(0, x)), (F.softsign, lambda x: x / (1 + np.abs(x))), (F.tanhshrink, lambda x: x - np.tanh(x)),
    (F.logsigmoid, special.log_expit), (F.gelu, lambda x: x * special.ndtr(x)), (F.rrelu, lambda x: np.where(x > 0, x, x * 11 / 48)),
    (F.hardshrink, lambda x: np.where(np.abs(x) > 0.5, x, 0)), (F.glu, lambda x: x[..., :2] * special.expit(x[..., 2:])),
])
def test_activations(function, oracle):
    x = numbers("float64", (3, 4), -3, 3)
    check(function(tensor(x)), oracle(x), rtol=1e-12)


def test_rrelu_draws_slopes_in_training():
    x = -torch.ones(1000, requires_grad=True)
    made = F.rrelu(x, 0.2, 0.4, True)
    assert 0.2 <= float((-made).min()) < float((-made).max()) <= 0.4
    (slope,) = torch.autograd.grad(made.sum(), x)
    assert torch.allclose(slope, -made)


def test_gumbel_softmax_samples():
    logits = torch.tensor([[0.5, 0.25, 0.25]]).log().expand(4000, 3).clone().requires_grad_()
    hard = F.gumbel_softmax(logits, hard=True)
    assert ((hard == 0) | ((hard - 1).abs() < 1e-6)).all()
    np.testing.assert_allclose(hard.detach().mean(0).numpy(), [0.5, 0.25, 0.25], atol=0.04)
    (hard * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert logits.grad.abs().sum() > 0
    np.testing.assert_allclose(F.gumbel_softmax(logits, 0.1).sum(1).detach().numpy(), 1, rtol=1e-5)


# ---- dropout -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("inplace", [False, True])
def test_dropout_keeps_the_mean(inplace):
    x = torch.ones(100, 100)
    made = F.dropout(x, 0.3, inplace=inplace)
    assert (made is x) is inplace
    kept = made.numpy() != 0
    np.testing.assert_allclose(made.numpy()[kept], 1 / 0.7, rtol=1e-6)
    assert 0.67 < kept.mean() < 0.73


def test_dropout_without_training_or_chance_does_nothing():
    x = torch.ones(3)
    for function in (F.dropout, F.alpha_dropout):
        assert function(x, 0.5, False) is x
        assert function(x, 0.0, True) is x
    assert F.dropout(x, 1.0).eq(0).all()


def test_dropout_gradient_is_zero_where_dropped():
    x = torch.ones(50, requires_grad=True)
    made = F.dropout(x, 0.5)
    made.sum().backward()
    assert torch.equal(x.grad, made.detach())
    y = torch.ones(50, requires_grad=True)
    made = F.dropout(y * 1, 0.5, inplace=True)
    made.sum().backward()
    assert torch.equal(y.grad, made.detach())


@pytest.mark.parametrize("function, shape, mask", [(F.dropout1d, (8, 6, 5), (8, 6)), (F.dropout2d, (8, 6, 5, 4), (8, 6)),
                                                   (F.dropout3d, (8, 6, 5, 4, 3), (8, 6)), (F.feature_alpha_dropout, (8, 6, 5), (8, 6))])
def test_channels_are_dropped_whole(function, shape, mask):
    made = function(torch.ones(shape), 0.5, True).numpy().reshape(*mask, -1)
    assert (made == made[..., :1]).all()
    assert len(np.unique(made)) == 2
    function(torch.ones(shape, requires_grad=True), 0.5, True).sum().backward()


def test_alpha_dropout_keeps_mean_and_variance():
    made = F.alpha_dropout(torch.randn(300, 300), 0.2, True)
    assert abs(float(made.mean())) < 0.02
    assert abs(float(made.var()) - 1) < 0.03


@pytest.mark.parametrize("function", [F.dropout, F.dropout1d, F.dropout2d, F.alpha_dropout, F.feature_alpha_dropout])
def test_probability_must_be_one(function):
    with pytest.raises(ValueError, match="between 0 and 1, but got 1.5"):
        function(torch.ones(2, 3, 4), 1.5)


# ---- padding -----------------------------------------------------------------------------------------------------------

MODES = [("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")]


@pytest.mark.parametrize("mode, numpy_mode", MODES)
def test_padding_by_own_elements(mode, numpy_mode):
    for shape, pad in (((2, 5), (2, 1)), ((2, 3, 5), (0, 4)), ((1, 2, 3, 4), (3, 1, 0, 2)), ((1, 1, 2, 3, 4), (1, 2, 2, 0, 1, 1))):
        x = numbers("float32", shape)
        sides = [(0, 0)] * (len(shape) - len(pad) // 2) + [pad[i:i + 2] for i in range(len(pad) - 2, -1, -2)]
        check(F.pad(tensor(x), pad, mode), np.pad(x, sides, mode=numpy_mode))


@pytest.mark.parametrize("kind", ["bool", "int32", "float16", "bfloat16", "float32"])
def test_constant_padding(kind):
    x = numbers(kind, (2, 3, 4))
    check(F.pad(tensor(x, kind), (1, 2)), np.pad(x, ((0, 0), (0, 0), (1, 2))), kind)
    check(F.pad(tensor(x, kind), (1, 2, 0, 1, 3, 0), value=1), np.pad(x, ((3, 0), (0, 1), (1, 2)), constant_values=1), kind)
    check(F.pad(tensor(x, kind), (-1, -2)), x[:, :, 1:2], kind)
    check(F.pad(tensor(x, kind), (-1, 2)), np.pad(x[:, :, 1:], ((0, 0), (0, 0), (0, 2))), kind)
    check(F.pad(tensor(x, kind), ()), x, kind)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("pad", [(1, 2, 2, 0), (-1, 2, 0, -1)])
def test_padding_derivatives(mode, pad):
    x = tensor(numbers("float64", (1, 2, 4, 4)), requires_grad=True)
    assert gradcheck(lambda x: F.pad(x, pad, mode), (x,))
    assert gradgradcheck(lambda x: F.pad(x, pad, mode), (x,))


@pytest.mark.parametrize("call, error, message", [
    (lambda: F.pad(torch.zeros(2, 3), (1,)), RuntimeError, "divisible by 2"),
    (lambda: F.pad(torch.zeros(3), (1, 1, 1, 1)), RuntimeError, "two times the input dimension"),
    (lambda: F.pad(torch.zeros(3), (-2, -2)), RuntimeError, "negative output size"),
    (lambda: F.pad(torch.zeros(1, 3), (1, 1), "mirror"), NotImplementedError, "mirror"),
    (lambda: F.pad(torch.zeros(1, 3), (3, 1), "reflect"), RuntimeError, r"padding \(3, 1\) at dimension 1 of input \[1, 3\]"),
    (lambda: F.pad(torch.zeros(1, 3), (4, 1), "circular"), RuntimeError, "more than once"),
    (lambda: F.pad(torch.zeros(1, 1, 3, 3), (1, 1), "reflect"), NotImplementedError, "got 4"),
    (lambda: F.pad(torch.zeros(1, 3), (1, 1), "reflect", 3.0), RuntimeError, "value"),
])
def test_padding_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


# ---- linear and distances ----------------------------------------------------------------------------------------------

def test_bilinear():
    a, b, weight, bias = (numbers("float64", shape, seed=seed) for seed, shape in enumerate([(2, 3, 4), (2, 3, 5), (6, 4, 5), (6,)]))
    check(F.bilinear(*map(tensor, (a, b, weight, bias))), np.einsum("nmi,kij,nmj->nmk", a, weight, b) + bias)
    with pytest.raises(RuntimeError, match=r"\[2, 3, 4\] and \[2, 3, 4\] do not fit weight"):
        F.bilinear(tensor(a), tensor(a), tensor(weight))


def test_normalize_and_distances():
    a, b = numbers("float64", (3, 4)), numbers("float64", (3, 4), seed=1)
    for p in (1.0, 2.0, 3.0):
        check(F.normalize(tensor(a), p), a / np.linalg.norm(a, p, axis=1, keepdims=True))
        check(F.pairwise_distance(tensor(a), tensor(b), p), np.linalg.norm(a - b + 1e-6, p, axis=1))
    check(F.normalize(torch.zeros(2, 3)), np.zeros((2, 3), np.float32))
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    check(F.cosine_similarity(tensor(a), tensor(b)), cosine)
    check(F.cosine_similarity(tensor(a.T.copy()), tensor(b.T.copy()), 0), cosine)
    check(F.pairwise_distance(tensor(a), tensor(b), keepdim=True), np.linalg.norm(a - b + 1e-6, axis=1, keepdims=True))
    for function in (F.cosine_similarity, F.pairwise_distance):
        inputs = tensor(a, requires_grad=True), tensor(b, requires_grad=True)
        assert gradcheck(function, inputs)
        assert gradgradcheck(function, inputs)


# ---- all together ------------------------------------------------------------------------------------------------------

def test_a_small_network_learns():
    x = torch.randn(64, 1, 8, 8)
    target = (x[:, 0, :4].sum((1, 2)) > x[:, 0, 4:].sum((1, 2))).long()
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten(),
                          nn.LayerNorm(64), nn.Linear(64, 2))
    first = None
    for _ in range(40):
        loss = nn.CrossEntropyLoss()(model(x), target)
        first = loss.item() if first is None else first
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
                parameter.grad = None
    assert loss.item() < 0.3 * first
