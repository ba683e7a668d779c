"""A module's hooks, state and conversions."""
from collections import OrderedDict

import numpy as np
import pytest
from small_net import Net

import nb_nn as torch
from nb_nn import nn

# ---- hooks -------------------------------------------------------------------------------------------------------------

def test_forward_hooks():
    seen = []
    module = nn.Linear(2, 2)
    x = torch.ones(1, 2)
    plain = module(x)
    first = module.register_forward_pre_hook(lambda m, args: seen.append(("pre", m is module, len(args))))
    second = module.register_forward_hook(lambda m, args, result: seen.append(("post", args[0] is x, result.shape)))
    assert torch.equal(module(x), plain) and seen == [("pre", True, 1), ("post", True, (1, 2))]
    first.remove()
    second.remove()
    module(x)
    assert len(seen) == 2 and not module._forward_hooks


def test_forward_hooks_may_replace():
    module = nn.Identity()
    x = torch.ones(1)
    with module.register_forward_pre_hook(lambda m, args: args[0] + 1):
        assert module(x).item() == 2
    with module.register_forward_pre_hook(lambda m, args: (args[0] + 2,)):
        assert module(x).item() == 3
    with module.register_forward_hook(lambda m, args, result: result * 5):
        assert module(x).item() == 5
    assert module(x).item() == 1


def test_forward_hooks_with_kwargs_and_order():
    class Scale(nn.Module):
        def forward(self, x, by=1):
            return x * by

    module, order = Scale(), []
    module.register_forward_pre_hook(lambda m, args, kwargs: (args, {"by": kwargs["by"] + 1}), with_kwargs=True)
    module.register_forward_pre_hook(lambda m, args: order.append("second"))
    module.register_forward_pre_hook(lambda m, args: order.append("first"), prepend=True)
    module.register_forward_hook(lambda m, args, kwargs, result: result + kwargs["by"], with_kwargs=True)
    assert module(torch.ones(1), by=2).item() == 6 and order == ["first", "second"]


@pytest.mark.parametrize("register", ["register_backward_hook", "register_full_backward_hook"])
def test_backward_hook_sees_gradients_of_arguments_and_results(register):
    module, seen = Net(), []
    x = torch.ones(2, 3, requires_grad=True)
    plain = torch.autograd.grad(module(x).sum(), x)[0]
    getattr(module, register)(lambda m, grad_input, grad_output: seen.append((grad_input, grad_output)))
    module(x).sum().backward()
    ((grad_input, grad_output),) = seen
    assert torch.equal(grad_input[0], plain) and torch.equal(x.grad, plain)
    assert torch.equal(grad_output[0], torch.ones(2, 2))


def test_backward_hooks_may_replace():
    module = nn.Linear(2, 1)
    x = torch.ones(1, 2, requires_grad=True)
    module.register_full_backward_pre_hook(lambda m, grad_output: (grad_output[0] * 10,))
    module.register_full_backward_hook(lambda m, grad_input, grad_output: (grad_input[0] * 2,))
    module(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 20 * module.weight.detach().numpy(), rtol=1e-6)
    assert module.bias.grad.item() == 10


def test_backward_hook_without_gradient_of_arguments():
    module, seen = nn.Linear(2, 1), []
    module.register_full_backward_hook(lambda m, grad_input, grad_output: seen.append((grad_input, grad_output[0].shape)))
    module(torch.ones(1, 2)).sum().backward()
    assert seen == [((None,), (1, 1))]
    with torch.no_grad():
        module(torch.ones(1, 2))
    assert len(seen) == 1


def test_backward_hook_with_several_arguments_and_results():
    class Pair(nn.Module):
        def forward(self, x, number, y):
            return [x * number, y * number]

    module, seen = Pair(), []
    module.register_full_backward_hook(lambda m, grad_input, grad_output: seen.append((grad_input, grad_output)))
    x, y = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    result = module(x, 3, y)
    assert type(result) is list
    (result[0] + 2 * result[1]).backward()
    ((grad_input, grad_output),) = seen
    assert [g and g.item() for g in grad_input] == [3, None, 6] and [g.item() for g in grad_output] == [1, 2]


def test_backward_hook_in_a_second_backward():
    module = nn.Tanh()
    module.register_full_backward_hook(lambda m, grad_input, grad_output: None)
    x = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(module, x)


# ---- state -------------------------------------------------------------------------------------------------------------

def test_state_dict_round_trip():
    one, two = Net(), Net()
    state = one.state_dict()
    assert isinstance(state, OrderedDict) and state._metadata["first"] == {"version": 1} and state._metadata[""] == {"version": 1}
    assert not state["first.weight"].requires_grad and state["first.weight"].data_ptr() == one.first.weight.data_ptr()
    assert one.state_dict(keep_vars=True)["first.weight"] is one.first.weight
    assert list(one.state_dict(prefix="net."))[0] == "net.count"
    pointers = [p.data_ptr() for p in two.parameters()]
    result = two.load_state_dict(state)
    assert result == ([], []) and repr(result) == "<All keys matched successfully>"
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters()))
    assert pointers == [p.data_ptr() for p in two.parameters()]


def test_strict_loading_names_all_that_does_not_fit_and_changes_nothing():
    net = Net()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state = OrderedDict((name, value + 1) for name, value in before.items())
    del state["count"]
    state["extra"] = state["second.extra.deep"] = torch.ones(1)
    state["first.weight"] = torch.ones(4, 5)
    state["first.bias"] = 3
    with pytest.raises(RuntimeError) as error:
        net.load_state_dict(state)
    lines = str(error.value).split("\n\t")
    assert lines[0] == "Error(s) in loading state_dict for Net:"
    assert lines[1] == 'Missing key(s) in state_dict: "count". '
    assert lines[2] == 'Unexpected key(s) in state_dict: "extra", "second.extra.deep". '
    assert lines[3].startswith("size mismatch for first.weight: copying a param with shape torch.Size([4, 5]) from checkpoint, the shape "
                               "in current model is torch.Size([4, 3]).")
    assert lines[4].startswith('While copying the parameter named "first.bias", expected torch.Tensor')
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_loading_with_missing_and_unexpected_names():
    net = Net()
    result = net.load_state_dict({"first.weight": torch.ones(4, 3), "other": torch.ones(1)}, strict=False)
    assert result.missing_keys == ["count", "first.bias", "second.weight"] and result.unexpected_keys == ["other"]
    assert net.first.weight.min() == 1 and "_IncompatibleKeys(missing_keys=" in repr(result)
    with pytest.raises(RuntimeError, match="size mismatch"):
        net.load_state_dict({"first.weight": torch.ones(1)}, strict=False)
    with pytest.raises(TypeError, match="dict-like"):
        net.load_state_dict([1])


def test_loading_casts_and_reads_old_scalars():
    net = Net()
    state = {name: value.double() for name, value in net.state_dict().items()}
    state["count"] = torch.ones(1)
    net.load_state_dict(state)
    assert net.first.weight.dtype is torch.float32 and net.count.shape == () and net.count == 1


def test_modules_may_load_older_versions():
    class Renamed(nn.Module):
        _version = 2

        def __init__(self):
            super().__init__()
            self.new = nn.Parameter(torch.zeros(2))

        def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest):
            if local_metadata.get("version", 1) < 2:
                state_dict[prefix + "new"] = state_dict.pop(prefix + "old")
            super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    net = nn.Sequential(Renamed())
    net.load_state_dict({"0.old": torch.ones(2)})
    assert net[0].new.tolist() == [1, 1]
    net.load_state_dict(net.state_dict())
    net[0]._load_from_state_dict({"new": torch.full((2,), 3.0)}, "", {"version": 2}, True, [], [], [])
    assert net[0].new.tolist() == [3, 3]


def test_state_dict_hooks_and_extra_state():
    class Extra(nn.Module):
        extra = 3

        def get_extra_state(self):
            return self.extra

        def set_extra_state(self, state):
            self.extra = state

    net, seen = nn.Sequential(Extra()), []
    state = net.state_dict()
    assert state == {"0._extra_state": 3}
    net[0].extra = 5
    net[0]._register_load_state_dict_pre_hook(lambda *args: seen.append(args[1]))
    net[0]._register_load_state_dict_pre_hook(lambda module, *args: seen.append(module), with_module=True)
    net.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    net.load_state_dict(state)
    assert net[0].extra == 3 and seen == ["0.", net[0]]
    net.load_state_dict({})
    net._register_state_dict_hook(lambda module, state, prefix, metadata: state.update(hooked=True))
    assert net.state_dict()["hooked"]


# ---- all at once -------------------------------------------------------------------------------------------------------

def test_conversion_keeps_parameters_the_same_objects():
    net = Net()
    net.register_buffer("places", torch.arange(3))
    net(torch.ones(1, 3)).sum().backward()
    weight, buffer = net.first.weight, net.scratch
    assert net.double() is net
    assert net.first.weight is weight and weight.dtype is torch.float64 and weight.grad.dtype is torch.float64
    assert weight.requires_grad and weight.is_leaf
    assert net.scratch.dtype is torch.float64 and net.scratch is not buffer and net.places.dtype is torch.int64
    net(torch.ones(1, 3, dtype=torch.float64)).sum().backward()
    for convert, kind in ((net.half, torch.float16), (net.bfloat16, torch.bfloat16), (net.float, torch.float32)):
        assert convert().first.weight.dtype is kind
    assert net.to(torch.float64).first.bias.dtype is torch.float64
    assert net.to(torch.ones(1)).first.bias.dtype is torch.float32
    assert net.to("cpu", torch.float64, True).cpu().first.bias.dtype is torch.float64
    assert net.places.dtype is torch.int64
    assert net.type(torch.float32).places.dtype is torch.float32
    assert net.type("torch.DoubleTensor").places.dtype is torch.float64
    with pytest.raises(TypeError, match="only accepts floating point"):
        net.to(torch.int64)


def test_conversion_to_the_same_type_keeps_the_memory():
    net = Net()
    pointer, alias = net.first.weight.data_ptr(), net.first.weight.detach()
    net.float().to("cpu")
    assert net.first.weight.data_ptr() == pointer
    with torch.no_grad():
        net.first.weight.zero_()
    assert alias._version == net.first.weight._version
