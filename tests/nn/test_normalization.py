import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd import grad
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.nn import functional as F


def normalized(x, axes, eps=1e-5):
    x = x.astype(np.float64)
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def channels(values, ndim):
    return values.reshape(1, -1, *(1,) * (ndim - 2))


SIZES = [(6, 3), (4, 3, 5), (2, 3, 4, 5), (2, 3, 2, 2, 3)]


@pytest.mark.parametrize("shape", SIZES, ids=str)
def test_batch_norm_uses_the_batch_in_training_and_running_statistics_otherwise(shape):
    x, weight, bias = numbers("float32", shape), numbers("float32", (3,), seed=1), numbers("float32", (3,), seed=2)
    axes = (0, *range(2, len(shape)))
    mean, var = torch.ones(3), torch.full((3,), 2.0)
    made = F.batch_norm(tensor(x), mean, var, tensor(weight), tensor(bias), True, 0.2)
    check(made, (normalized(x, axes) * channels(weight, x.ndim) + channels(bias, x.ndim)).astype(np.float32), rtol=1e-5)
    check(mean, (0.8 + 0.2 * x.mean(axes, dtype=np.float64)).astype(np.float32), rtol=1e-5)
    check(var, (1.6 + 0.2 * x.var(axes, ddof=1, dtype=np.float64)).astype(np.float32), rtol=1e-5)

    expected = (x - channels(mean.numpy(), x.ndim)) / np.sqrt(channels(var.numpy(), x.ndim) + 1e-5)
    before = mean.clone()
    check(F.batch_norm(tensor(x), mean, var), expected, rtol=1e-5)
    assert torch.equal(mean, before)


@pytest.mark.parametrize("shape", [(5, 2), (3, 2, 2, 2)], ids=str)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_derivatives(shape, training, affine):
    inputs = [tensor(numbers("float64", size, seed=seed), requires_grad=True) for seed, size in enumerate([shape, (2,), (2,)])]
    mean, var = torch.tensor([0.5, -1.0]).double(), torch.tensor([0.7, 2.0]).double()

    def run(x, weight=None, bias=None):
        return F.batch_norm(x, None if training else mean, None if training else var, weight, bias, training)

    inputs = inputs if affine else inputs[:1]
    assert gradcheck(run, inputs)
    assert gradgradcheck(run, inputs)


def test_third_derivative_of_batch_norm():
    x = tensor(numbers("float64", (4, 2)), requires_grad=True)
    directions = [tensor(numbers("float64", (4, 2), seed=seed)) for seed in (1, 2, 3)]

    def second(x):
        (first,) = grad((F.batch_norm(x, None, None, training=True) * directions[0]).sum(), x, create_graph=True)
        return grad((first * directions[1]).sum(), x, create_graph=True)[0]

    assert gradcheck(second, (x,))


@pytest.mark.parametrize("make, shape", [
    (lambda x, *rest: F.layer_norm(x, x.shape[1:], *rest), (3, 2, 3)), (lambda x, *rest: F.layer_norm(x, (3,), *rest), (2, 2, 3)),
], ids=["two dimensions", "one dimension"])
def test_layer_norm_derivatives(make, shape):
    size = shape[1:] if shape[0] == 3 else shape[2:]
    inputs = [tensor(numbers("float64", one, seed=seed), requires_grad=True) for seed, one in enumerate([shape, size, size])]
    for count in (1, 2, 3):
        assert gradcheck(make, inputs[:count])
        assert gradgradcheck(make, inputs[:count])


def test_group_norm_derivatives():
    inputs = [tensor(numbers("float64", one, seed=seed), requires_grad=True) for seed, one in enumerate([(3, 4, 2), (4,), (4,)])]
    for count in (1, 3):
        assert gradcheck(lambda x, *rest: F.group_norm(x, 2, *rest), inputs[:count])
        assert gradgradcheck(lambda x, *rest: F.group_norm(x, 2, *rest), inputs[:count])


def test_layer_and_group_norm_values():
    x = numbers("float32", (4, 6, 5))
    weight, bias = numbers("float32", (6, 5), seed=1), numbers("float32", (6, 5), seed=2)
    check(F.layer_norm(tensor(x), (6, 5), tensor(weight), tensor(bias)), (normalized(x, (1, 2)) * weight + bias).astype(np.float32),
          rtol=1e-5)
    check(F.layer_norm(tensor(x), 5), normalized(x, 2).astype(np.float32), rtol=1e-5)
    grouped = normalized(x.reshape(4, 3, 10), 2).reshape(x.shape)
    expected = (grouped * weight[None, :, :1] + bias[None, :, :1]).astype(np.float32)
    check(F.group_norm(tensor(x), 3, tensor(weight[:, 0]), tensor(bias[:, 0])), expected, rtol=1e-5)
    check(F.instance_norm(tensor(x)), normalized(x, 2).astype(np.float32), rtol=1e-5)


def test_a_large_mean_costs_no_digits():
    x = numbers("float32", (64, 3)).astype(np.float32)
    check(F.batch_norm(tensor(x + np.float32(1e4)), None, None, training=True),
          normalized((x + np.float32(1e4)), 0).astype(np.float32), rtol=1e-3)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_half_types(kind):
    x = numbers(kind, (4, 3, 2))
    for function in (lambda x: F.batch_norm(x, torch.zeros(3), torch.ones(3), torch.ones(3), torch.zeros(3), True),
                     lambda x: F.layer_norm(x, (2,), torch.ones(2)), lambda x: F.group_norm(x, 3)):
        leaf = tensor(x, kind, requires_grad=True)
        made = function(leaf)
        check(made, function(leaf.detach().float()).numpy(), kind)
        made.float().square().sum().backward()
        assert leaf.grad.dtype is leaf.dtype


def test_empty_batch():
    for function in (lambda x: F.batch_norm(x, torch.zeros(3), torch.ones(3), training=True),
                     lambda x: F.layer_norm(x, (3, 2), torch.ones(3, 2)), lambda x: F.group_norm(x, 3)):
        x = torch.zeros(0, 3, 2, requires_grad=True)
        function(x).sum().backward()
        assert x.grad.shape == x.shape


@pytest.mark.parametrize("call, error, message", [
    (lambda: F.batch_norm(torch.zeros(2, 3), torch.zeros(2), torch.ones(3)), RuntimeError, "running_mean should contain 3 elements not 2"),
    (lambda: F.batch_norm(torch.zeros(1, 3), None, None, training=True), ValueError, "more than 1 value per channel"),
    (lambda: F.batch_norm(torch.zeros(2, 3), None, None), RuntimeError, "running_mean and running_var"),
    (lambda: F.batch_norm(torch.zeros(3), None, None, training=True), RuntimeError, r"\[3\]"),
    (lambda: F.batch_norm(torch.zeros(2, 3), None, None, torch.ones(3).double(), training=True), RuntimeError, "Float .*Double"),
    (lambda: F.batch_norm(torch.zeros(2, 3).long(), None, None, training=True), RuntimeError, "'Long'"),
    (lambda: F.layer_norm(torch.zeros(2, 3), (2,)), RuntimeError, r"normalized_shape=\[2\].*size\[2, 3\]"),
    (lambda: F.layer_norm(torch.zeros(2, 3), (3,), torch.zeros(2)), RuntimeError, "weight of shape"),
    (lambda: F.group_norm(torch.zeros(2, 3), 2), RuntimeError, "num_groups=2"),
    (lambda: nn.GroupNorm(2, 3), ValueError, "multiple"),
    (lambda: nn.BatchNorm2d(3)(torch.zeros(2, 3)), ValueError, r"expected 4D input \(got 2D input\)"),
    (lambda: nn.BatchNorm1d(3)(torch.zeros(2, 3, 1, 1)), ValueError, r"expected 2D or 3D input \(got 4D input\)"),
])
def test_errors_say_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_failed_call_leaves_running_statistics_alone():
    mean, var = torch.zeros(3), torch.ones(3)
    with pytest.raises(RuntimeError):
        F.batch_norm(torch.zeros(2, 3), mean, var, torch.ones(2), None, True)
    assert mean.eq(0).all()
    assert var.eq(1).all()


# ---- layers ------------------------------------------------------------------------------------------------------------

def test_batch_norm_layer_learns_running_statistics():
    layer, x = nn.BatchNorm2d(3), numbers("float32", (8, 3, 4, 4))
    for _ in range(3):
        layer(tensor(x))
    assert layer.num_batches_tracked.item() == 3
    expected = x.mean((0, 2, 3), dtype=np.float64) * (1 - 0.9 ** 3)
    check(layer.running_mean, expected.astype(np.float32), rtol=1e-5)
    layer.eval()
    version = layer.running_mean._version
    layer(tensor(x))
    assert layer.num_batches_tracked.item() == 3
    assert layer.running_mean._version == version
    assert list(layer.state_dict()) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    layer.reset_running_stats()
    assert layer.running_mean.eq(0).all()
    assert layer.num_batches_tracked.item() == 0


def test_momentum_none_takes_the_mean_of_all_batches():
    layer = nn.BatchNorm1d(2, momentum=None)
    batches = [numbers("float32", (5, 2), seed=seed) for seed in range(4)]
    for batch in batches:
        layer(tensor(batch))
    check(layer.running_mean, np.mean([batch.mean(0) for batch in batches], 0), rtol=1e-5)
    check(layer.running_var, np.mean([batch.var(0, ddof=1) for batch in batches], 0), rtol=1e-5)


def test_without_running_statistics_the_batch_is_always_used():
    layer, x = nn.BatchNorm1d(2, track_running_stats=False, affine=False).eval(), numbers("float32", (5, 2))
    check(layer(tensor(x)), normalized(x, 0).astype(np.float32), rtol=1e-5)
    assert list(layer.state_dict()) == []


def test_old_state_without_a_batch_count_loads():
    old = nn.BatchNorm1d(2).state_dict()
    del old["num_batches_tracked"]
    del old._metadata
    layer = nn.BatchNorm1d(2)
    layer(torch.randn(3, 2))
    layer.load_state_dict(old)
    assert layer.num_batches_tracked.item() == 0


def test_running_statistics_count_as_written():
    x = torch.randn(4, 2, requires_grad=True)
    layer = nn.BatchNorm1d(2).eval()
    made = layer(x)
    layer.train()(x)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        made.sum().backward()


def test_results_may_be_written_to():
    for layer in (nn.BatchNorm1d(3), nn.LayerNorm(3), nn.GroupNorm(1, 3)):
        x = torch.randn(4, 3, requires_grad=True)
        expected = grad(layer(x).relu().sum(), x)[0]
        assert torch.equal(grad(layer(x).relu_().sum(), x)[0], expected)


def test_layers_say_what_they_are():
    assert repr(nn.BatchNorm2d(3)) == "BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)"
    assert repr(nn.LayerNorm([5, 10])) == "LayerNorm((5, 10), eps=1e-05, elementwise_affine=True, bias=True)"
    assert repr(nn.GroupNorm(3, 6)) == "GroupNorm(3, 6, eps=1e-05, affine=True, bias=True)"
    assert list(nn.LayerNorm(3, bias=False).state_dict()) == ["weight"]


@pytest.mark.parametrize("kind", ["float32", "float64", "bfloat16"])
def test_rms_norm(kind):
    x, weight = numbers(kind, (3, 4, 5)), numbers(kind, (4, 5), seed=1)
    for eps in (1e-3, None):
        step = eps or {"float32": 2.0 ** -23, "float64": 2.0 ** -52, "bfloat16": 2.0 ** -7}[kind]
        expected = x / np.sqrt((x.astype(np.float64) ** 2).mean((1, 2), keepdims=True) + step) * weight
        check(F.rms_norm(tensor(x, kind), (4, 5), tensor(weight, kind), eps), expected.astype(x.dtype),
              kind, rtol=1e-2 if kind == "bfloat16" else 1e-6)


def test_gradients_of_rms_norm():
    x, weight = tensor(numbers("float64", (6, 5)), requires_grad=True), tensor(numbers("float64", (5,), seed=1), requires_grad=True)
    for run, inputs in ((lambda x, w: F.rms_norm(x, [5], w), (x, weight)), (lambda x: F.rms_norm(x, 5, eps=0.1), (x,)),
                        (lambda x: F.rms_norm(x, (6, 5)), (x,))):
        assert gradcheck(run, inputs)
        assert gradgradcheck(run, inputs)
    for rows in (1, 40):                    # the kernels sum the weight's gradient over parts
        x, weight = torch.randn(rows, 3).double(), torch.randn(3).double().requires_grad_()
        made = grad(F.rms_norm(x, 3, weight, 0.0).sum(), weight)[0]
        check(made, (x.numpy() / np.sqrt((x.numpy() ** 2).mean(1, keepdims=True))).sum(0), rtol=1e-10)


def test_rms_norm_as_a_module():
    module = nn.RMSNorm((4, 5), eps=0.5)
    assert repr(module) == "RMSNorm((4, 5), eps=0.5, elementwise_affine=True)"
    assert list(module.state_dict()) == ["weight"]
    assert nn.RMSNorm(3, elementwise_affine=False).weight is None
    with pytest.raises(RuntimeError, match="expected input with shape"):
        module(torch.zeros(4, 3))
    assert module(torch.zeros(0, 4, 5)).shape == (0, 4, 5)


@pytest.mark.parametrize("size", [1, 2, 3, 8])
@pytest.mark.parametrize("shape", [(2, 5, 3), (2, 4, 2, 3)], ids=str)
def test_local_response_norm(shape, size):
    x = numbers("float64", shape)
    squares = np.pad(x * x, [(0, 0), (size // 2, (size - 1) // 2)] + [(0, 0)] * (len(shape) - 2))
    base = 2 + 0.3 / size * sum(squares[:, i:i + shape[1]] for i in range(size))
    leaf = tensor(x, requires_grad=True)
    check(F.local_response_norm(leaf, size, 0.3, 0.6, 2.0), x / base ** 0.6, rtol=1e-11)
    assert gradcheck(lambda x: F.local_response_norm(x, size, 0.3, 0.6, 2.0), (leaf,))
    assert gradgradcheck(lambda x: F.local_response_norm(x, size, 0.3, 0.6, 2.0), (leaf,))


@pytest.mark.parametrize("name", ["rms_norm", "rms_norm_backward", "local_response_norm", "local_response_norm_backward"])
def test_twins_of_norms_without_a_mean_give_the_same_bits(name):
    from nb_nn.kernels.cpu import norms_of_neighbours as kernels

    kernel = getattr(kernels, name)
    x, grad_output = numbers("float32", (9, 7, 600)), numbers("float32", (9, 7, 600), seed=1)
    found = []
    for run in (kernel.serial, kernel.parallel):
        out = np.full_like(x, np.nan)
        if name.startswith("rms"):
            rows, weight, kept = x.reshape(63, 600), numbers("float32", (600,)), np.ones(63, np.float32)
            small = np.full(600, np.nan, np.float32)
            args = (rows, weight, 1e-6, out.reshape(63, 600), kept) if name == "rms_norm" else (
                grad_output.reshape(63, 600), rows, kept, weight, out.reshape(63, 600), small)
        else:
            bases = np.ones_like(x)
            args = (x, 5, 0.1, 0.75, 1.0, out, bases) if name == "local_response_norm" else (grad_output, x, bases, 5, 0.1, 0.75, out)
        run(*args)
        found.append([array.copy() for array in args if isinstance(array, np.ndarray)])
    for one, other in zip(*found):
        np.testing.assert_array_equal(one, other)
