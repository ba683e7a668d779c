"""The order of elements in memory: what is asked for is what strides say, and the elements stay the same."""
import numpy as np
import pytest

import nb_nn as torch

IMAGES, VOLUMES = (2, 3, 4, 5), (2, 3, 4, 5, 6)
LAST = {IMAGES: (60, 1, 15, 3), VOLUMES: (360, 1, 90, 18, 3)}
FORMATS = {IMAGES: torch.channels_last, VOLUMES: torch.channels_last_3d}
WAYS = {
    "contiguous": lambda x, order: x.contiguous(memory_format=order), "to": lambda x, order: x.to(memory_format=order),
    "to a type": lambda x, order: x.to(torch.float64, memory_format=order), "copy": lambda x, order: x.to(memory_format=order, copy=True),
    "clone": lambda x, order: x.clone(memory_format=order), "double": lambda x, order: x.double(memory_format=order),
    "cpu": lambda x, order: x.cpu(memory_format=order),
}
MADE = {
    "empty": lambda x, order: torch.empty(x.shape, memory_format=order), "empty_like": lambda x, order: torch.empty_like(x, memory_format=order),
    "zeros_like": lambda x, order: torch.zeros_like(x, memory_format=order), "ones_like": lambda x, order: torch.ones_like(x, memory_format=order),
    "full_like": lambda x, order: torch.full_like(x, 2, memory_format=order), "rand_like": lambda x, order: torch.rand_like(x, memory_format=order),
    "randn_like": lambda x, order: torch.randn_like(x, memory_format=order),
    "randint_like": lambda x, order: torch.randint_like(x, 3, memory_format=order),
    "resize_": lambda x, order: torch.empty(0).resize_(*x.shape, memory_format=order),
}


def images(size=IMAGES):
    return torch.arange(float(np.prod(size))).reshape(size)


@pytest.mark.parametrize("size", LAST)
@pytest.mark.parametrize("way", WAYS)
def test_channels_last_and_back(way, size):
    x = images(size)
    last = WAYS[way](x, FORMATS[size])
    assert last.stride() == LAST[size]
    assert last.is_contiguous(memory_format=FORMATS[size])
    assert not last.is_contiguous()
    assert np.array_equal(last.numpy(), x.numpy())
    assert last.clone().stride() == last.stride() == torch.empty_like(last).stride() == last.float().stride() == (last + 1).stride()
    back = WAYS[way](last, torch.contiguous_format)
    assert back.is_contiguous()
    assert np.array_equal(back.numpy(), x.numpy())


@pytest.mark.parametrize("size", LAST)
@pytest.mark.parametrize("way", MADE)
def test_new_tensors(way, size):
    assert MADE[way](images(size), FORMATS[size]).stride() == LAST[size]
    assert MADE[way](images(size), torch.contiguous_format).is_contiguous()


def test_nothing_is_copied_that_lies_right():
    x = images()
    last = x.to(memory_format=torch.channels_last)
    assert last.contiguous(memory_format=torch.channels_last) is last
    assert last.to(memory_format=torch.channels_last) is last
    assert last.to(memory_format=torch.preserve_format) is last
    assert x.contiguous(memory_format=torch.preserve_format) is x
    assert x.to(memory_format=torch.contiguous_format) is x
    one = torch.ones(2, 1, 4, 5)            # with one channel both orders are the same
    assert one.contiguous(memory_format=torch.channels_last) is one


def test_gradients_and_layers():
    x = images().requires_grad_()
    (x.contiguous(memory_format=torch.channels_last) * x.clone(memory_format=torch.channels_last)).sum().backward()
    assert np.allclose(x.grad.numpy(), 2 * x.detach().numpy())
    layer = torch.nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    assert layer.weight.stride() == (27, 1, 9, 3)
    assert layer.bias.stride() == (1,)
    same = torch.nn.Conv2d(3, 4, 3)
    same.load_state_dict(layer.state_dict())
    assert np.array_equal(layer(x.detach().to(memory_format=torch.channels_last)).detach().numpy(), same(x.detach()).detach().numpy())
    converted = torch.nn.utils.convert_conv2d_weight_memory_format(torch.nn.Sequential(same, torch.nn.ReLU()), torch.channels_last)
    assert converted[0].weight.stride() == (27, 1, 9, 3)
    assert torch.nn.utils.convert_conv3d_weight_memory_format(converted, torch.channels_last_3d) is converted


@pytest.mark.parametrize(("error", "function"), [
    (RuntimeError, lambda: torch.ones(2, 3).to(memory_format=torch.channels_last)), (RuntimeError, lambda: torch.empty(2, memory_format=torch.preserve_format)),
    (RuntimeError, lambda: images().contiguous(memory_format=torch.channels_last_3d)), (TypeError, lambda: images().contiguous(memory_format=3)),
    (RuntimeError, lambda: images().transpose(1, 2).contiguous(memory_format=torch.preserve_format)), (TypeError, lambda: images().to(memory_format="last")),
    (RuntimeError, lambda: torch.empty(*IMAGES, out=torch.empty(0), memory_format=torch.channels_last)),
    (RuntimeError, lambda: torch.nn.Conv3d(2, 3, 3).to(memory_format=torch.channels_last)),
])
def test_formats_that_do_not_fit_are_refused(error, function):
    with pytest.raises(error):
        function()
