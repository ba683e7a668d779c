import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.nn import functional as F


def slow_conv2d(x, weight, bias, stride, padding, dilation, groups):
    """Cross-correlation, a loop for each dimension of the result."""
    x = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    outputs, channels, high, wide = weight.shape
    rows = (x.shape[2] - dilation[0] * (high - 1) - 1) // stride[0] + 1
    columns = (x.shape[3] - dilation[1] * (wide - 1) - 1) // stride[1] + 1
    out = np.zeros((len(x), outputs, rows, columns))
    for n, o, i, j in np.ndindex(out.shape):
        first = o // (outputs // groups) * channels
        top, left = i * stride[0], j * stride[1]
        window = x[n, first:first + channels, top:top + dilation[0] * high:dilation[0], left:left + dilation[1] * wide:dilation[1]]
        out[n, o, i, j] = (window * weight[o]).sum() + (0 if bias is None else bias[o])
    return out


GEOMETRIES = [
    {}, {"stride": 2}, {"padding": 1}, {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)}, {"groups": 2},
    {"groups": 4, "padding": 1}, {"dilation": 2, "padding": 2, "stride": 3},
]


@pytest.mark.parametrize("options", GEOMETRIES, ids=str)
def test_conv2d_is_a_sum_over_windows(options):
    groups = options.get("groups", 1)
    x, weight = numbers("float32", (2, 4, 7, 8)), numbers("float32", (4, 4 // groups, 3, 2), seed=1)
    bias = numbers("float32", (4,), seed=2)
    pairs = [(value, value) if isinstance(value, int) else value
             for value in (options.get("stride", 1), options.get("padding", 0), options.get("dilation", 1))]
    for given in (bias, None):
        expected = slow_conv2d(x, weight, given, *pairs, groups)
        made = F.conv2d(tensor(x), tensor(weight), None if given is None else tensor(given), **options)
        check(made, expected.astype(np.float32), rtol=1e-5)


@pytest.mark.parametrize("options", GEOMETRIES, ids=str)
def test_conv2d_first_and_second_derivatives(options):
    groups = options.get("groups", 1)
    inputs = [tensor(numbers("float64", shape, seed=seed), requires_grad=True)
              for seed, shape in enumerate([(2, 4, 5, 6), (4, 4 // groups, 2, 2), (4,)])]
    assert gradcheck(lambda x, weight, bias: F.conv2d(x, weight, bias, **options), inputs)
    assert gradgradcheck(lambda x, weight, bias: F.conv2d(x, weight, bias, **options), inputs)


def test_only_gradients_that_are_wanted_are_computed():
    x, weight, bias = (tensor(numbers("float64", shape)) for shape in [(1, 2, 4, 4), (3, 2, 2, 2), (3,)])
    for chosen in (x, weight, bias):
        chosen.requires_grad_()
        assert gradcheck(lambda one, chosen=chosen: F.conv2d(*[one if given is chosen else given for given in (x, weight, bias)]),
                         (chosen,))
        chosen.requires_grad_(False)


def test_one_image_needs_no_batch():
    x, weight, bias = (tensor(numbers("float64", shape), requires_grad=True) for shape in [(2, 5, 6), (3, 2, 2, 3), (3,)])
    check(F.conv2d(x, weight, bias), F.conv2d(x.unsqueeze(0), weight, bias)[0].detach().numpy())
    assert gradcheck(F.conv2d, (x, weight, bias))


@pytest.mark.parametrize("images", [1, 2, 9])
def test_gradient_of_the_bias_is_the_sum_for_any_number_of_images(images):
    bias = torch.zeros(5, requires_grad=True)
    weight = tensor(numbers("float32", (5, 7, 3, 2)), requires_grad=True)
    made = F.conv2d(tensor(numbers("float32", (images, 7, 6, 5))), weight, bias)
    direction = numbers("float32", tuple(made.shape))
    made.backward(tensor(direction))
    check(bias.grad, direction.sum((0, 2, 3)), rtol=1e-5)


def test_conv1d_is_conv2d_of_height_one():
    x, weight, bias = (tensor(numbers("float64", shape), requires_grad=True) for shape in [(2, 4, 9), (6, 2, 3), (6,)])
    made = F.conv1d(x, weight, bias, 2, 1, 2, 2)
    expected = F.conv2d(x.unsqueeze(2), weight.unsqueeze(2), bias, (1, 2), (0, 1), (1, 2), 2).squeeze(2)
    check(made, expected.detach().numpy())
    assert gradcheck(lambda *args: F.conv1d(*args, 2, 1, 2, 2), (x, weight, bias))
    assert gradgradcheck(lambda *args: F.conv1d(*args, 2, 1, 2, 2), (x, weight, bias))
    check(F.conv1d(x[0], weight, bias, groups=2), F.conv1d(x, weight, bias, groups=2)[0].detach().numpy())


@pytest.mark.parametrize("window", [(3, 3), (2, 5), (4, 1)])
def test_padding_same_keeps_the_size(window):
    x, weight = numbers("float32", (1, 2, 6, 7)), numbers("float32", (3, 2, *window))
    for dilation in (1, 2):
        totals = [dilation * (one - 1) for one in window]
        padded = np.pad(x, ((0, 0), (0, 0), *[(total // 2, total - total // 2) for total in totals]))
        expected = slow_conv2d(padded, weight, None, (1, 1), (0, 0), (dilation, dilation), 1)
        made = F.conv2d(tensor(x), tensor(weight), padding="same", dilation=dilation)
        assert made.shape[2:] == (6, 7)
        check(made, expected.astype(np.float32), rtol=1e-5)
    assert torch.equal(F.conv2d(tensor(x), tensor(weight), padding="valid"), F.conv2d(tensor(x), tensor(weight)))


def test_memory_layout_does_not_matter():
    x, weight = numbers("float32", (2, 5, 6, 3)), numbers("float32", (2, 2, 3, 4))
    made = F.conv2d(tensor(x).permute(0, 3, 1, 2), tensor(weight).permute(3, 2, 0, 1))
    expected = slow_conv2d(x.transpose(0, 3, 1, 2), weight.transpose(3, 2, 0, 1), None, (1, 1), (0, 0), (1, 1), 1)
    check(made, expected.astype(np.float32), rtol=1e-5)
    assert made.is_contiguous()


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_half_types_compute_in_float32(kind):
    x, weight, bias = (numbers(kind, shape) for shape in [(1, 2, 5, 5), (3, 2, 3, 3), (3,)])
    leaves = [tensor(value, kind, requires_grad=True) for value in (x, weight, bias)]
    made = F.conv2d(*leaves)
    check(made, slow_conv2d(x.astype(np.float32), weight, bias, (1, 1), (0, 0), (1, 1), 1), kind)
    made.float().sum().backward()
    assert all(leaf.grad.dtype is leaf.dtype for leaf in leaves)


def test_empty_batch():
    x, weight, bias = torch.zeros(0, 3, 5, 5, requires_grad=True), torch.ones(2, 3, 3, 3, requires_grad=True), torch.ones(2)
    made = F.conv2d(x, weight, bias.requires_grad_())
    assert made.shape == (0, 2, 3, 3)
    made.sum().backward()
    assert x.grad.shape == x.shape
    assert weight.grad.eq(0).all()
    assert bias.grad.eq(0).all()


@pytest.mark.parametrize("call, error, message", [
    (lambda: F.conv2d(torch.zeros(1, 3, 5, 5), torch.zeros(2, 4, 3, 3)), RuntimeError,
     r"conv2d: .*weight of size \[2, 4, 3, 3\], expected input\[1, 3, 5, 5\] to have 4 channels, but got 3"),
    (lambda: F.conv2d(torch.zeros(1, 3, 2, 5), torch.zeros(2, 3, 3, 3)), RuntimeError, r"\(2 x 5\). Kernel size: \(3 x 3\)"),
    (lambda: F.conv2d(torch.zeros(3, 5), torch.zeros(2, 3, 3, 3)), RuntimeError, r"3D \(unbatched\) or 4D .*\[3, 5\]"),
    (lambda: F.conv2d(torch.zeros(1, 3, 5, 5), torch.zeros(2, 3, 3, 3), torch.zeros(3)), RuntimeError, "bias .* 2 elements"),
    (lambda: F.conv2d(torch.zeros(1, 3, 5, 5).double(), torch.zeros(2, 3, 3, 3)), RuntimeError, "Double.*Float"),
    (lambda: F.conv2d(torch.zeros(1, 4, 5, 5), torch.zeros(3, 2, 3, 3), groups=2), RuntimeError, "groups=2"),
    (lambda: F.conv2d(torch.zeros(1, 3, 5, 5), torch.zeros(2, 3, 3, 3), stride=0), RuntimeError, "non-positive stride"),
    (lambda: F.conv2d(torch.zeros(1, 3, 5, 5), torch.zeros(2, 3, 3, 3), padding=-1), RuntimeError, "negative padding"),
    (lambda: F.conv2d(torch.zeros(1, 3, 5, 5), torch.zeros(2, 3, 3, 3), stride=(1, 1, 1)), RuntimeError, "list of 2 values"),
    (lambda: F.conv2d(torch.zeros(1, 3, 5, 5), torch.zeros(2, 3, 3, 3), stride=1.5), TypeError, "stride"),
    (lambda: F.conv2d(torch.zeros(1, 3, 5, 5), torch.zeros(2, 3, 3, 3), stride=2, padding="same"), RuntimeError, "strided"),
    (lambda: F.conv2d(torch.zeros(1, 3, 5, 5), torch.zeros(2, 3, 3, 3), padding="full"), RuntimeError, "'valid' or 'same'"),
    (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "in_channels"),
    (lambda: nn.Conv2d(4, 3, 3, groups=2), ValueError, "out_channels"),
    (lambda: nn.Conv2d(4, 4, 3, padding_mode="mirror"), ValueError, "padding_mode"),
    (lambda: nn.Conv2d(4, 4, 3, stride=2, padding="same"), ValueError, "strided"),
])
def test_errors_say_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("mode, numpy_mode", [("zeros", "constant"), ("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")])
@pytest.mark.parametrize("padding, sides", [((1, 2), ((1, 1), (2, 2))), ("same", ((1, 1), (0, 1)))])
def test_layer_pads_in_every_mode(mode, numpy_mode, padding, sides):
    layer = nn.Conv2d(2, 3, (3, 2), padding=padding, padding_mode=mode)
    x = numbers("float32", (2, 2, 5, 6))
    expected = F.conv2d(tensor(np.pad(x, ((0, 0), (0, 0), *sides), mode=numpy_mode)), layer.weight, layer.bias)
    check(layer(tensor(x)), expected.detach().numpy(), rtol=1e-5)


def test_layers_say_what_they_are():
    assert repr(nn.Conv2d(1, 16, 3, padding=1)) == "Conv2d(1, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))"
    assert repr(nn.Conv1d(4, 8, 3, 2, dilation=2, groups=2, bias=False, padding_mode="circular")) == (
        "Conv1d(4, 8, kernel_size=(3,), stride=(2,), dilation=(2,), groups=2, bias=False, padding_mode=circular)")


def test_layer_starts_within_its_bound():
    layer = nn.Conv2d(6, 20, (3, 5), groups=2)
    bound = 1 / np.sqrt(3 * 15)
    for parameter in (layer.weight, layer.bias):
        assert float(parameter.abs().max()) <= bound
        assert float(parameter.abs().max()) > bound / 2
    assert list(layer.state_dict()) == ["weight", "bias"]
    assert nn.Conv1d(3, 4, 5)(torch.zeros(2, 3, 9)).shape == (2, 4, 5)
