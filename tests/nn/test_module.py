import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import nb_nn as torch
from nb_nn import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.act = nn.ReLU()
        self.second = nn.Linear(4, 2, bias=False)
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("scratch", torch.ones(2), persistent=False)

    def forward(self, x):
        return self.second(self.act(self.first(x)))


NAMES = ["first.weight", "first.bias", "second.weight"]


# ---- registration ------------------------------------------------------------------------------------------------------

def test_attributes_are_registered():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert list(net.state_dict()) == ["count", *NAMES]
    assert [name for name, _ in net.named_buffers()] == ["count", "scratch"]
    assert [name for name, _ in net.named_children()] == ["first", "act", "second"]
    assert [name for name, _ in net.named_modules()] == ["", "first", "act", "second"]
    assert net.first.weight is net._modules["first"]._parameters["weight"]
    assert {"first", "count", "forward"} <= set(dir(net))


def test_shared_members_are_listed_once():
    net = nn.Module()
    net.one = nn.Linear(2, 2)
    net.two = net.one
    net.third = nn.Linear(2, 2)
    net.third.weight = net.one.weight
    assert len(list(net.children())) == 2 and len(list(net.modules())) == 3
    assert [name for name, _ in net.named_parameters()] == ["one.weight", "one.bias", "third.bias"]
    assert len(list(net.named_parameters(remove_duplicate=False))) == 6
    assert len(net.state_dict()) == 6


def test_names_move_between_kinds():
    module = nn.Module()
    module.thing = 3
    module.thing = nn.Parameter(torch.ones(1))
    assert "thing" not in module.__dict__ and "thing" in module._parameters
    module.thing = None
    assert module.thing is None and list(module.parameters()) == []
    del module.thing
    module.thing = nn.ReLU()
    assert list(module._modules) == ["thing"]
    module.thing = nn.Parameter(torch.ones(1))
    assert not module._modules and list(module._parameters) == ["thing"]


def test_buffers_take_tensors_and_keep_their_persistence():
    net = Net()
    net.scratch = torch.zeros(2)
    net.count = torch.ones(())
    assert net._buffers["scratch"].tolist() == [0, 0] and "scratch" not in net.state_dict() and net.state_dict()["count"] == 1
    net.plain = torch.ones(1)
    assert "plain" not in net._buffers
    net.count = None
    assert "count" not in net.state_dict()


def test_deletion():
    net = Net()
    del net.first, net.scratch, net.training
    assert not hasattr(net, "first") and not hasattr(net, "scratch")
    with pytest.raises(AttributeError):
        del net.first


@pytest.mark.parametrize("act, error, match", [
    (lambda m: m.nothing, AttributeError, "'Net' object has no attribute 'nothing'"),
    (lambda m: setattr(m.first, "weight", torch.ones(2)), TypeError, r"cannot assign 'torch.FloatTensor' as parameter 'weight'"),
    (lambda m: setattr(m, "first", 3), TypeError, "cannot assign 'int' as child module 'first'"),
    (lambda m: setattr(m, "count", 3), TypeError, "cannot assign 'int' as buffer 'count'"),
    (lambda m: m.register_parameter("x", torch.ones(2)), TypeError, "torch.nn.Parameter or None required"),
    (lambda m: m.register_parameter("a.b", None), KeyError, "parameter name can.*t contain"),
    (lambda m: m.register_parameter("", None), KeyError, "can.*t be empty string"),
    (lambda m: m.register_parameter(3, None), TypeError, "parameter name should be a string. Got int"),
    (lambda m: m.register_parameter("forward", None), KeyError, "attribute 'forward' already exists"),
    (lambda m: m.register_buffer("first", torch.ones(1)), KeyError, "attribute 'first' already exists"),
    (lambda m: m.register_buffer("x", 3), TypeError, "cannot assign 'int' object to buffer 'x'"),
    (lambda m: m.add_module("x", 3), TypeError, "int is not a Module subclass"),
    (lambda m: m.add_module("a.b", None), KeyError, "module name can.*t contain"),
    (lambda m: nn.Module()(1), NotImplementedError, 'missing the required "forward"'),
    (lambda m: m.get_submodule("first.x"), AttributeError, "has no module 'first.x'"),
    (lambda m: m.get_parameter("first.x"), AttributeError, "has no parameter 'first.x'"),
    (lambda m: m.train(1), ValueError, "expected to be boolean"),
])
def test_errors(act, error, match):
    with pytest.raises(error, match=match):
        act(Net())


def test_parameter_must_be_a_leaf():
    module = nn.Module()
    with pytest.raises(ValueError, match="non-leaf"):
        computed = nn.Parameter(torch.ones(1))
        computed._node = (computed * 2).grad_fn
        module.register_parameter("x", computed)


def test_assignment_before_init():
    class Early(nn.Module):
        def __init__(self, value):
            self.thing = value

    for value in (nn.Parameter(torch.ones(1)), nn.ReLU()):
        with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
            Early(value)


def test_get_by_dotted_name():
    net = Net()
    assert net.get_submodule("") is net and net.get_submodule("first") is net.first
    assert net.get_parameter("first.weight") is net.first.weight and net.get_buffer("count") is net.count


# ---- parameters --------------------------------------------------------------------------------------------------------

def test_parameter():
    data = torch.ones(2)
    parameter = nn.Parameter(data)
    assert parameter.requires_grad and parameter.is_leaf and parameter.data_ptr() == data.data_ptr()
    assert isinstance(parameter, torch.Tensor) and type(parameter * 2) is torch.Tensor
    with torch.no_grad():
        assert nn.Parameter(data).requires_grad
    assert not nn.Parameter(torch.ones(2, dtype=torch.int64), requires_grad=False).requires_grad
    assert nn.Parameter().shape == (0,)
    assert repr(parameter) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    with pytest.raises(RuntimeError, match="floating point"):
        nn.Parameter(torch.ones(2, dtype=torch.int64))


def test_parameter_of_a_computed_tensor_is_a_leaf():
    x = torch.ones(2, requires_grad=True)
    assert nn.Parameter(x * 2).is_leaf


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies(copied):
    net = Net()
    net(torch.ones(1, 3)).sum().backward()
    other = copied(net)
    assert [name for name, _ in other.named_parameters()] == NAMES
    for mine, theirs in zip(net.parameters(), other.parameters()):
        assert type(theirs) is nn.Parameter and theirs.requires_grad and torch.equal(mine, theirs) and theirs.grad is None
        assert mine.data_ptr() != theirs.data_ptr()
    assert torch.equal(net(torch.ones(1, 3)), other(torch.ones(1, 3)))


def test_state_of_older_pickles_is_completed():
    net = nn.ReLU()
    state = dict(net.__dict__)
    del state["_backward_pre_hooks"], state["_hooks_with_kwargs"]
    other = nn.ReLU.__new__(nn.ReLU)
    other.__setstate__(state)
    assert other(torch.tensor([-1.0])).item() == 0


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


def test_train_eval_apply_and_gradients():
    net, seen = Net(), []
    assert net.training and net.first.training
    assert net.eval() is net and not net.first.training and net.train().first.training
    assert net.apply(lambda module: seen.append(module)) is net and seen == [net.first, net.act, net.second, net]
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    net.requires_grad_()
    net(torch.ones(1, 3)).sum().backward(create_graph=True)
    net.zero_grad(set_to_none=False)
    assert all(p.grad is not None and not p.grad.requires_grad and not p.grad.any() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_repr():
    assert repr(Net()) == """Net(
  (first): Linear(in_features=3, out_features=4, bias=True)
  (act): ReLU()
  (second): Linear(in_features=4, out_features=2, bias=False)
)"""

    class Said(nn.Module):
        def extra_repr(self):
            return "one=1\ntwo=2"

    net = Said()
    assert repr(net) == "Said(\n  one=1\n  two=2\n)"
    net.inner = nn.Sequential(nn.ReLU())
    assert repr(net) == "Said(\n  one=1\n  two=2\n  (inner): Sequential(\n    (0): ReLU()\n  )\n)"
    assert repr(nn.Module()) == "Module()"


# ---- simple layers -----------------------------------------------------------------------------------------------------

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
