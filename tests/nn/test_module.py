import copy
import pickle

import pytest
from small_net import Net

import nb_nn as torch
from nb_nn import nn

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
