"""Convolution of volumes, and transposed convolution, against loops over windows."""
import copy
import itertools

import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.nn import functional as F


def three(value, dims):
    return (value,) * dims if isinstance(value, int) else value


def triples(window, places, stride, dilation):
    """Each tap with each place: (tap, place, where they meet)."""
    for tap, place in itertools.product(np.ndindex(*window), np.ndindex(*places)):
        yield tap, place, tuple(y * s + i * d for y, s, i, d in zip(place, stride, tap, dilation))


def slow_conv(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation, tap by tap and place by place."""
    dims = x.ndim - 2
    stride, padding, dilation = (three(one, dims) for one in (stride, padding, dilation))
    x = np.pad(x, ((0, 0), (0, 0), *[(one, one) for one in padding]))
    size = [(n - d * (k - 1) - 1) // s + 1 for n, d, k, s in zip(x.shape[2:], dilation, weight.shape[2:], stride)]
    out = np.zeros((len(x), len(weight), *size), x.dtype)
    for inputs, outputs in shares(x.shape[1], len(weight), groups):
        for tap, place, at in triples(weight.shape[2:], size, stride, dilation):
            out[(slice(None), outputs, *place)] += x[(slice(None), inputs, *at)] @ weight[(outputs, slice(None), *tap)].T
    return out + bias.reshape(-1, *(1,) * dims)


def slow_conv_transpose(x, weight, bias, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Each element adds the weights to a window."""
    dims = x.ndim - 2
    stride, padding, more, dilation = (three(one, dims) for one in (stride, padding, output_padding, dilation))
    size = [(n - 1) * s + d * (k - 1) + 1 + p for n, s, d, k, p in zip(x.shape[2:], stride, dilation, weight.shape[2:], more)]
    out = np.zeros((len(x), weight.shape[1] * groups, *size), x.dtype)
    for inputs, outputs in shares(x.shape[1], out.shape[1], groups):
        for tap, place, at in triples(weight.shape[2:], x.shape[2:], stride, dilation):
            out[(slice(None), outputs, *at)] += x[(slice(None), inputs, *place)] @ weight[(inputs, slice(None), *tap)]
    out = out[(..., *[slice(p, n - p) for p, n in zip(padding, size)])]
    return out + bias.reshape(-1, *(1,) * dims)


def shares(inputs, outputs, groups):
    for group in range(groups):
        yield (slice(group * inputs // groups, (group + 1) * inputs // groups),
               slice(group * outputs // groups, (group + 1) * outputs // groups))


FORWARD = [(conv, options) for conv in (F.conv1d, F.conv3d) for options in (
    {}, {"stride": 2, "padding": 1}, {"groups": 2, "dilation": 2, "padding": 2})]
TRANSPOSED = [(conv, options) for conv in (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d) for options in (
    {}, {"stride": 2, "padding": 1, "output_padding": 1}, {"groups": 2, "dilation": 2, "padding": 1, "output_padding": 1},
    {"stride": 3, "groups": 4})]


def arrays(function, options, kind):
    dims, groups, transposed = int(function.__name__[-2]), options.get("groups", 1), "transpose" in function.__name__
    size, window = ((7,), (3,)) if dims == 1 else ((5, 4), (3, 2)) if dims == 2 else ((3, 5, 4), (2, 3, 1))
    if dims == 3 and "dilation" in options:
        size, window = (3, 3, 4), (2, 1, 2)
    weight = (4, 8 // groups, *window) if transposed else (8, 4 // groups, *window)
    return [numbers(kind, shape, seed=seed) for seed, shape in enumerate([(2, 4, *size), weight, (8,)])]


@pytest.mark.parametrize("function, options", FORWARD + TRANSPOSED, ids=lambda one: getattr(one, "__name__", str(one)))
def test_values_are_sums_over_windows(function, options):
    given = arrays(function, options, "float64")
    slow = slow_conv_transpose if "transpose" in function.__name__ else slow_conv
    expected = slow(*given, **options)
    check(function(*map(tensor, given), **options), expected, rtol=1e-9)
    single = [array.astype("float32") for array in given]
    check(function(*map(tensor, single), **options), expected.astype("float32"), rtol=1e-4)
    check(function(tensor(given[0][0]), *map(tensor, given[1:]), **options), expected[0], rtol=1e-9)
    assert function(tensor(given[0][:0]), *map(tensor, given[1:]), **options).shape == (0, *expected.shape[1:])
    whole = [np.round(array * 5).astype("int64") for array in given]
    check(function(*map(tensor, whole), **options), slow(*whole, **options))
    twisted = tensor(given[0]).transpose(0, -1).contiguous().transpose(0, -1)
    check(function(twisted, tensor(given[1]), **options), slow(*given[:2], np.zeros(1), **options), rtol=1e-9)


@pytest.mark.parametrize("function, options", FORWARD + TRANSPOSED, ids=lambda one: getattr(one, "__name__", str(one)))
def test_first_and_second_derivatives(function, options):
    given = arrays(function, options, "float64")
    given[0] = given[0][:, :, ..., :3] if given[0].ndim == 5 else given[0]
    inputs = [tensor(array, requires_grad=True) for array in given]
    assert gradcheck(lambda *given: function(*given, **options), inputs)
    assert gradgradcheck(lambda *given: function(*given, **options), inputs)


def test_output_padding_beyond_the_stride_has_second_derivatives():
    x, weight = tensor(numbers("float64", (1, 2, 4)), requires_grad=True), tensor(numbers("float64", (2, 1, 2)), requires_grad=True)
    options = {"dilation": 3, "output_padding": 2}
    assert F.conv_transpose1d(x, weight, **options).shape == (1, 1, 9)
    assert gradcheck(lambda *given: F.conv_transpose1d(*given, **options), (x, weight))
    assert gradgradcheck(lambda *given: F.conv_transpose1d(*given, **options), (x, weight))


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_half_types_are_computed_in_float32(kind):
    for function in (F.conv3d, F.conv_transpose3d):
        x, weight = (tensor(numbers("float32", (2, 2, 3, 3, 3), seed=seed)).to(getattr(torch, kind)) for seed in (0, 1))
        made = function(x, weight)
        assert made.dtype is getattr(torch, kind)
        assert torch.equal(made, function(x.float(), weight.float()).to(made.dtype))


def test_transposed_convolution_is_the_gradient_of_convolution():
    x, weight = numbers("float64", (2, 4, 9, 8)), numbers("float64", (6, 4, 3, 2), seed=1)
    image = tensor(x, requires_grad=True)
    made = F.conv2d(image, tensor(weight), stride=2, padding=1)
    made.backward(made.detach())
    up = F.conv_transpose2d(made.detach(), tensor(weight), stride=2, padding=1, output_padding=(0, 0))
    check(up, image.grad.numpy()[:, :, :up.shape[2], :up.shape[3]], rtol=1e-9)


@pytest.mark.parametrize("mode, numpy_mode", [("zeros", "constant"), ("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")])
def test_every_layer_and_function_pads_in_every_mode(mode, numpy_mode):
    for dims in (1, 2, 3):
        layer = getattr(nn, f"Conv{dims}d")(2, 3, 3, padding=2, padding_mode=mode)
        x = numbers("float32", (2, 2, *(4, 5, 6)[:dims]))
        padded = np.pad(x, ((0, 0), (0, 0), *[(2, 2)] * dims), mode=numpy_mode)
        function = getattr(F, f"conv{dims}d")
        expected = function(tensor(padded), layer.weight, layer.bias).detach().numpy()
        check(layer(tensor(x)), expected, rtol=1e-5)
        check(function(tensor(x), layer.weight, layer.bias, padding=2, padding_mode=mode), expected, rtol=1e-5)
    same = F.conv3d(tensor(x), torch.ones(1, 2, 2, 3, 4), padding="same", padding_mode=mode)
    assert same.shape[2:] == x.shape[2:]


def test_other_names_of_convolution():
    x, weight, bias = tensor(numbers("float32", (7, 2, 3))), tensor(numbers("float32", (4, 3, 5))), tensor(numbers("float32", (5,)))
    made = torch.conv_tbc(x, weight, bias, 1)
    expected = slow_conv(x.numpy().transpose(1, 2, 0), weight.numpy().transpose(2, 1, 0), bias.numpy(), padding=1)
    check(made, expected.transpose(2, 0, 1), rtol=1e-5)
    image, kernel = torch.randn(1, 2, 5, 5), torch.randn(2, 3, 2, 2)
    assert torch.equal(torch.convolution(image, kernel, None, [2], [1], [1], True, [1], 1), torch.conv_transpose2d(image, kernel, None, 2, 1, 1))
    assert torch.equal(torch.convolution(image, kernel.transpose(0, 1), None, [2, 1], [1], [1], False, [0], 1),
                       torch.conv2d(image, kernel.transpose(0, 1), stride=(2, 1), padding=1))


def test_output_size_chooses_among_those_a_convolution_brings_to_one():
    up = nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1)
    x = torch.randn(2, 4, 5, 5)
    assert up(x).shape == (2, 6, 9, 9)
    for size in ([10, 9], (2, 6, 10, 9), torch.Size([10, 9])):
        assert up(x, output_size=size).shape == (2, 6, 10, 9)
    assert up(x[0], (6, 10, 9)).shape == (6, 10, 9)
    with pytest.raises(ValueError, match=r"\[11, 9\], but valid sizes range from \[9, 9\] to \[10, 10\]"):
        up(x, output_size=(11, 9))
    with pytest.raises(ValueError, match="must have 2 or 4 elements"):
        up(x, output_size=(9,))
    assert nn.ConvTranspose1d(2, 3, 4, 3, dilation=2)(torch.zeros(1, 2, 5), output_size=(21,)).shape == (1, 3, 21)


def zeros(*shapes):
    return [torch.zeros(*shape) for shape in shapes]


@pytest.mark.parametrize("call, error, message", [
    (lambda: F.conv_transpose2d(*zeros((1, 3, 5, 5), (4, 2, 3, 3))), RuntimeError,
     r"conv_transpose2d: Given transposed=1, weight of size \[4, 2, 3, 3\], expected input\[1, 3, 5, 5\] to have 4 channels, but got 3"),
    (lambda: F.conv_transpose2d(*zeros((3, 5), (4, 2, 3, 3))), RuntimeError, r"3D \(unbatched\) or 4D"),
    (lambda: F.conv_transpose2d(*zeros((1, 4, 5, 5), (4, 2, 3, 3), (3,))), RuntimeError, "bias .* 2 elements"),
    (lambda: F.conv_transpose2d(*zeros((1, 4, 5, 5), (4, 2, 3, 3)), groups=3), RuntimeError, "groups=3"),
    (lambda: F.conv_transpose2d(*zeros((1, 4, 5, 5), (4, 2, 3, 3)), groups=0), RuntimeError, "non-positive groups"),
    (lambda: F.conv_transpose2d(*zeros((1, 4, 1, 1), (4, 2, 3, 3)), padding=3), RuntimeError, r"\(-3 x -3\). Output size is too small"),
    (lambda: F.conv_transpose2d(*zeros((1, 4, 2, 2), (4, 2, 3, 3)), output_padding=1), RuntimeError, "smaller than either stride or"),
    (lambda: F.conv_transpose2d(*zeros((1, 4, 2, 2), (4, 2, 3, 3)), stride=2, output_padding=-1), RuntimeError, "negative output_padding"),
    (lambda: F.conv_transpose2d(*zeros((1, 4, 2, 2), (4, 2, 3, 3)), padding=-1), RuntimeError, "negative padding"),
    (lambda: F.conv_transpose2d(*zeros((1, 4, 2, 2), (4, 2, 3, 3)), padding="same"), TypeError, "must be tuple of ints, not str"),
    (lambda: F.conv_transpose1d(*zeros((1, 4, 0), (4, 2, 3))), RuntimeError, "Only zero batch or zero channel inputs"),
    (lambda: F.conv_transpose1d(torch.ones(1, 4, 3).int(), torch.ones(4, 2, 3).int()), NotImplementedError, "'Int'"),
    (lambda: F.conv_transpose1d(torch.ones(1, 4, 3), torch.ones(4, 2, 3).double()), RuntimeError, "Float.*Double"),
    (lambda: F.conv3d(torch.ones(1, 1, 3, 3, 3).bool(), torch.ones(1, 1, 1, 1, 1).bool()), NotImplementedError, "'Bool'"),
    (lambda: F.conv3d(*zeros((1, 2, 2, 5, 5), (3, 2, 3, 3, 3))), RuntimeError, r"\(2 x 5 x 5\). Kernel size: \(3 x 3 x 3\)"),
    (lambda: F.conv3d(*zeros((1, 3, 5, 5, 5), (3, 2, 3, 3, 3))), RuntimeError, "conv3d: .* 2 channels, but got 3"),
    (lambda: F.conv3d(*zeros((1, 2, 5, 5), (3, 2, 3, 3))), RuntimeError, "5D"),
    (lambda: F.conv2d(*zeros((1, 2, 5, 5), (3, 2, 3, 3)), padding_mode="mirror"), ValueError, "padding_mode"),
    (lambda: torch.conv_tbc(*zeros((4, 2), (3, 2, 2), (2,))), RuntimeError, "3 dims"),
    (lambda: nn.ConvTranspose3d(2, 2, 3, padding_mode="circular"), ValueError, "Only \"zeros\""),
    (lambda: nn.ConvTranspose2d(4, 6, 3, groups=4), ValueError, "out_channels"),
])
def test_errors_say_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_layers_say_what_they_are():
    assert repr(nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2, False, 2)) == (
        "ConvTranspose2d(4, 6, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2), output_padding=(1, 1), groups=2, bias=False)")
    layer = nn.ConvTranspose3d(4, 6, (1, 2, 3), groups=2)
    assert layer.weight.shape == (4, 3, 1, 2, 3)
    assert list(layer.state_dict()) == ["weight", "bias"]
    assert float(layer.weight.abs().max()) <= 1 / np.sqrt(18)
    assert nn.Conv3d(2, 4, 3).weight.shape == (4, 2, 3, 3, 3)


def test_batch_normalization_is_fused_into_transposed_convolution():
    conv, norm = nn.ConvTranspose2d(2, 3, 3).eval(), nn.BatchNorm2d(3).eval()
    norm.running_mean.uniform_()
    norm.running_var.uniform_(1, 2)
    x = torch.randn(2, 2, 4, 5)
    fused = nn.utils.fuse_conv_bn_eval(copy.deepcopy(conv), norm, transpose=True)
    check(fused(x), norm(conv(x)).detach().numpy(), rtol=1e-4)


def test_sizes_for_own_layers():
    from nb_nn.nn.modules.utils import _pair, _quadruple, _reverse_repeat_tuple, _single, _triple

    assert (_single(2), _pair(3), _triple(1), _quadruple(0)) == ((2,), (3, 3), (1, 1, 1), (0, 0, 0, 0))
    assert _pair([4, 5]) == (4, 5)
    assert _reverse_repeat_tuple((1, 2), 2) == (2, 2, 1, 1)
