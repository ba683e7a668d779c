import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

MODES = {"Reflection": "reflect", "Replication": "edge", "Circular": "wrap"}
SIZES = {1: (2, 3, 7), 2: (2, 3, 5, 7), 3: (2, 3, 5, 4, 6)}


def numpy_pad(x, padding, mode, **options):
    """What `numpy.pad` makes of (before, behind) of the last dimension first."""
    pairs = [(padding[i], padding[i + 1]) for i in range(0, len(padding), 2)][::-1]
    return np.pad(x, [(0, 0)] * (x.ndim - len(pairs)) + pairs, mode, **options)


@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_pads_by_own_elements(name, dims):
    padding = (2, 1, 0, 3, 1, 2)[:2 * dims]
    x, module = numbers("float64", SIZES[dims]), getattr(nn, f"{name}Pad{dims}d")
    check(module(padding)(tensor(x)), numpy_pad(x, padding, MODES[name]))
    check(module(1)(tensor(x[0])), numpy_pad(x[0], (1, 1) * dims, MODES[name]))
    assert repr(module(2)) == f"{name}Pad{dims}d({(2,) * (2 * dims)})"


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_pads_with_a_constant(dims):
    padding = (2, 1, 0, 3, 1, 2)[:2 * dims]
    x = numbers("float32", SIZES[dims])
    check(getattr(nn, f"ConstantPad{dims}d")(padding, 3.5)(tensor(x)), numpy_pad(x, padding, "constant", constant_values=3.5))
    check(getattr(nn, f"ZeroPad{dims}d")(padding)(tensor(x)), numpy_pad(x, padding, "constant"))
    assert repr(getattr(nn, f"ConstantPad{dims}d")(1, 2.0)) == f"ConstantPad{dims}d(padding={(1,) * (2 * dims)}, value=2.0)"


def test_negative_numbers_cut():
    x = numbers("float32", (1, 2, 4, 5))
    check(nn.ZeroPad2d((-1, 0, -1, -2))(tensor(x)), x[:, :, 1:-2, 1:])


@pytest.mark.parametrize("make", [lambda: nn.ReflectionPad2d(1), lambda: nn.ReplicationPad2d((1, 2, 0, 3)), lambda: nn.CircularPad2d(2),
                                  lambda: nn.ConstantPad2d((1, -1, 2, 0), 4.0)])
def test_gradients(make):
    x = tensor(numbers("float64", (2, 1, 3, 4)), requires_grad=True)
    assert gradcheck(make(), (x,))
    assert gradgradcheck(make(), (x,))


def test_errors():
    with pytest.raises(RuntimeError, match="less than the corresponding input dimension"):
        nn.ReflectionPad1d(4)(torch.zeros(1, 2, 4))
    with pytest.raises(RuntimeError, match="more than once"):
        nn.CircularPad1d(5)(torch.zeros(1, 2, 4))
    with pytest.raises(ValueError, match="4 numbers, got 3"):
        nn.ZeroPad2d((1, 2, 3))


@pytest.mark.parametrize("twin", ["serial", "parallel"])
def test_kernels_of_places(twin):
    from nb_nn.kernels.cpu import places as kernels

    x, random = np.arange(2 * 2 * 3 * 5.0).reshape(2, 2, 3, 5), np.random.default_rng(0)
    d, h, w = np.array([1, 0, 1]), np.array([2, 0, 1, 1]), np.array([1, 0, 1, 2, 3, 3])
    out, back = np.empty((2, 3, 4, 6)), np.full_like(x, np.nan)
    getattr(kernels.take_places, twin)(x, d, h, w, 1, 5, out)
    np.testing.assert_array_equal(out, x[:, d][:, :, h][:, :, :, w])
    given, wanted = random.standard_normal(out.shape), np.zeros_like(x)
    np.add.at(wanted, np.ix_(range(2), d, h, w), given)
    getattr(kernels.add_at_places, twin)(given, d, h, w, 1, 5, back)
    np.testing.assert_allclose(back, wanted)
    x, out = random.standard_normal((2, 3, 3, 2, 4)), np.empty((2, 6, 12))
    getattr(kernels.shuffle_pixels, twin)(x, out)
    np.testing.assert_array_equal(out, x.transpose(0, 3, 1, 4, 2).reshape(2, 6, 12))
    back = np.empty_like(x)
    getattr(kernels.unshuffle_pixels, twin)(out, back)
    np.testing.assert_array_equal(back, x)
