import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.nn import functional as F

SIZES = {1: (2, 3, 7), 2: (2, 3, 5, 7), 3: (2, 3, 5, 4, 6)}


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("affine", [False, True])
def test_instances_are_normalized(dims, affine):
    module = getattr(nn, f"InstanceNorm{dims}d")(3, affine=affine, dtype=torch.float64)
    x, axes = numbers("float64", SIZES[dims]), tuple(range(2, dims + 2))
    expected = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)
    check(module(tensor(x)).detach(), expected, rtol=1e-11)
    check(module(tensor(x[0])).detach(), expected[0], rtol=1e-11)
    assert repr(module) == f"InstanceNorm{dims}d(3, eps=1e-05, momentum=0.1, affine={affine}, bias={affine}, track_running_stats=False)"
    assert list(module.state_dict()) == (["weight", "bias"] if affine else [])


def test_running_statistics():
    module, x = nn.InstanceNorm2d(3, momentum=0.5, track_running_stats=True, dtype=torch.float64), numbers("float64", SIZES[2])
    module(tensor(x))
    mean, var = x.mean((2, 3)).mean(0) / 2, 0.5 + x.var((2, 3), ddof=1).mean(0) / 2
    check(module.running_mean, mean, rtol=1e-11)
    check(module.running_var, var, rtol=1e-11)
    expected = (x - mean[:, None, None]) / np.sqrt(var[:, None, None] + 1e-5)
    check(module.eval()(tensor(x)), expected, rtol=1e-11)


def test_gradients_of_instances():
    x, weight, bias = (tensor(numbers("float64", shape), requires_grad=True) for shape in ((2, 2, 5), (2,), (2,)))
    run = lambda x, weight, bias: F.instance_norm(x, weight=weight, bias=bias)
    assert gradcheck(run, (x, weight, bias))
    assert gradgradcheck(run, (x, weight, bias))


def test_errors():
    with pytest.raises(ValueError, match="expected 3D or 4D input"):
        nn.InstanceNorm2d(3)(torch.zeros(3, 4))
    with pytest.raises(ValueError, match=r"num_features \(3\), but got: 4"):
        nn.InstanceNorm1d(3, affine=True)(torch.zeros(2, 4, 5))
    with pytest.warns(UserWarning, match="does not match num_features"):
        nn.InstanceNorm1d(3)(torch.zeros(2, 4, 5))
    with pytest.raises(ValueError, match="more than 1 spatial element"):
        nn.InstanceNorm1d(3)(torch.zeros(2, 3, 1))


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("shape", [(2, 6, 3), (2, 6, 3, 2)])
def test_local_response(size, shape):
    x, expected = numbers("float64", shape), np.empty(shape)
    for c in range(6):
        near = x[:, max(0, c - size // 2):c + (size - 1) // 2 + 1]
        expected[:, c] = x[:, c] / (2 + 0.5 * (near ** 2).sum(1) / size) ** 0.75
    module = nn.LocalResponseNorm(size, 0.5, 0.75, 2.0)
    check(module(tensor(x)), expected, rtol=1e-11)
    assert repr(module) == f"LocalResponseNorm({size}, alpha=0.5, beta=0.75, k=2.0)"
    x = tensor(x[:1, :3], requires_grad=True)
    assert gradcheck(module, (x,))
    assert gradgradcheck(module, (x,))
    with pytest.raises(ValueError, match="3D or higher"):
        module(torch.zeros(2, 3))
