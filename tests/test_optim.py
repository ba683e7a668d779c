import copy
import pickle
import warnings

import numpy as np
import pytest

import nb_nn as torch
from nb_nn import nn, optim

START = np.linspace(-1, 2, 12).reshape(3, 4)


def gradients(count):
    random = np.random.default_rng(0)
    return [random.normal(size=START.shape) for _ in range(count)]


def trained(make, steps=5, param=None):
    """A parameter after some steps with the gradients above."""
    param = nn.Parameter(torch.tensor(START)) if param is None else param
    optimizer = make([param])
    for grad in gradients(steps):
        param.grad = torch.tensor(grad).to(param.dtype)
        optimizer.step()
    return param, optimizer


def sgd(p, grads, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False):
    v = None
    for g in grads:
        g = (-g if maximize else g) + weight_decay * p
        if momentum:
            v = g if v is None else momentum * v + (1 - dampening) * g
            g = g + momentum * v if nesterov else v
        p = p - lr * g
    return p


def adam(p, grads, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False, decoupled=False):
    m = v = top = np.zeros_like(p)
    for t, g in enumerate(grads, 1):
        g = -g if maximize else g
        p = p * (1 - lr * weight_decay) if decoupled else p
        g = g if decoupled else g + weight_decay * p
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
        top = np.maximum(top, v)
        p = p - lr * (m / (1 - betas[0] ** t)) / (np.sqrt((top if amsgrad else v) / (1 - betas[1] ** t)) + eps)
    return p


@pytest.mark.parametrize("options", [
    {"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.2, "maximize": True}, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3},
    {"lr": 1, "momentum": 0.5, "nesterov": True, "weight_decay": 0.1}])
def test_sgd(options):
    param, optimizer = trained(lambda params: optim.SGD(params, **options))
    np.testing.assert_allclose(param.detach().numpy(), sgd(START, gradients(5), **options), rtol=1e-10)
    assert bool(optimizer.state) == ("momentum" in options)


@pytest.mark.parametrize("options", [
    {}, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3}, {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True}, {"lr": 0.1, "maximize": True}])
def test_adam(options):
    param, _ = trained(lambda params: optim.Adam(params, **options))
    np.testing.assert_allclose(param.detach().numpy(), adam(START, gradients(5), **options), rtol=1e-10)


def test_adamw():
    expected = adam(START, gradients(5), 0.1, weight_decay=0.3, decoupled=True)
    param, _ = trained(lambda params: optim.AdamW(params, 0.1, weight_decay=0.3))
    np.testing.assert_allclose(param.detach().numpy(), expected, rtol=1e-10)
    param, _ = trained(lambda params: optim.Adam(params, 0.1, weight_decay=0.3, decoupled_weight_decay=True))
    np.testing.assert_allclose(param.detach().numpy(), expected, rtol=1e-10)


MAKERS = [lambda params: optim.SGD(params, 0.1), lambda params: optim.SGD(params, 0.1, momentum=0.9),
          lambda params: optim.Adam(params, 0.1), lambda params: optim.AdamW(params, 0.1, amsgrad=True)]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16])
def test_types(make, kind):
    expected, _ = trained(make)
    param, optimizer = trained(make, param=nn.Parameter(torch.tensor(START).to(kind)))
    tolerance = {torch.float32: 1e-5, torch.float16: 0.02, torch.bfloat16: 0.15}[kind]
    np.testing.assert_allclose(param.detach().double().numpy(), expected.detach().numpy(), atol=tolerance)
    assert all(value.dtype is kind for state in optimizer.state.values() for name, value in state.items() if name != "step")


@pytest.mark.parametrize("make", MAKERS)
def test_layouts(make):
    expected, _ = trained(make)
    wide = torch.zeros(4, 6, dtype=torch.float64)
    strided = wide[:, ::2].t()
    strided.copy_(torch.tensor(START))
    param, _ = trained(make, param=nn.Parameter(strided))
    assert param.stride() == (2, 6) and np.array_equal(param.detach().numpy(), expected.detach().numpy())
    assert not wide[:, 1::2].any()
    for empty in (torch.zeros(0), torch.zeros(())):
        param = nn.Parameter(empty)
        param.grad = torch.ones_like(empty)
        make([param]).step()


def test_many_elements_give_the_same_bits_in_parallel():
    values = np.random.default_rng(1).normal(size=100_000).astype(np.float32)
    results = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        param = nn.Parameter(torch.tensor(values))
        optimizer = optim.Adam([param], 0.1)
        for _ in range(2):
            param.grad = torch.tensor(values)
            optimizer.step()
        results.append(param.detach().numpy().copy())
    assert np.array_equal(*results)


def test_step_counts_a_version_and_records_nothing():
    param = nn.Parameter(torch.ones(3))
    loss = (param * param).sum()
    loss.backward(retain_graph=True)
    version = param._version
    optim.SGD([param], 0.1).step()
    assert param._version == version + 1 and param.is_leaf and param.requires_grad
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_parameters_without_gradient_stay():
    first, second = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    first.grad = torch.ones(1)
    optimizer = optim.Adam([first, second], 0.5)
    optimizer.step()
    assert first.item() == pytest.approx(0.5) and second.item() == 1 and len(optimizer.state) == 1


def test_closure_is_recorded_and_its_loss_returned():
    param = nn.Parameter(torch.ones(1))
    optimizer = optim.SGD([param], 0.25)

    def closure():
        assert torch.is_grad_enabled()
        optimizer.zero_grad()
        loss = (param * param).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        assert optimizer.step(closure).item() == 1
    assert param.item() == 0.5 and optimizer.step() is None


def test_training_reaches_the_minimum():
    torch.manual_seed(0)
    x = torch.randn(64, 3)
    y = x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 3
    for make in (lambda params: optim.SGD(params, 0.1, momentum=0.9), lambda params: optim.Adam(params, 0.1)):
        net = nn.Linear(3, 1)
        optimizer = make(net.parameters())
        for _ in range(200):
            optimizer.zero_grad()
            loss = ((net(x) - y) ** 2).mean()
            loss.backward()
            optimizer.step()
        assert loss.item() < 1e-3 and net.bias.item() == pytest.approx(3, abs=0.05)


# ---- groups ------------------------------------------------------------------------------------------------------------

def test_groups_have_options_of_their_own():
    one, two, three = (nn.Parameter(torch.ones(1)) for _ in range(3))
    optimizer = optim.SGD([{"params": [one]}, {"params": two, "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": iter([three]), "lr": 0.25})
    for param in (one, two, three):
        param.grad = torch.ones(1)
    optimizer.step()
    assert [param.item() for param in (one, two, three)] == pytest.approx([0.9, 0.5, 0.75])
    optimizer.param_groups[0]["lr"] = 0.5
    optimizer.step()
    assert one.item() == pytest.approx(0.4)
    assert [group["momentum"] for group in optimizer.param_groups] == [0, 0, 0]


@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad(set_to_none):
    param = nn.Parameter(torch.ones(1))
    param.grad = torch.ones(1)
    optim.SGD([param, nn.Parameter(torch.ones(1))], 0.1).zero_grad(set_to_none)
    assert param.grad is None if set_to_none else param.grad.item() == 0


def test_repr():
    assert repr(optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.1\n    maximize: False\n    momentum: 0\n    nesterov: False\n"
        "    weight_decay: 0\n)")


PARAM = nn.Parameter(torch.ones(1))


@pytest.mark.parametrize("act, error, match", [
    (lambda: optim.SGD([PARAM]), ValueError, "didn't specify a value of required optimization parameter lr"),
    (lambda: optim.SGD([PARAM], -1), ValueError, "Invalid learning rate: -1"),
    (lambda: optim.SGD([PARAM], 1, -1), ValueError, "Invalid momentum value: -1"),
    (lambda: optim.SGD([PARAM], 1, weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
    (lambda: optim.SGD([PARAM], 1, nesterov=True), ValueError, "Nesterov momentum requires a momentum and zero dampening"),
    (lambda: optim.Adam([PARAM], -1), ValueError, "Invalid learning rate: -1"),
    (lambda: optim.Adam([PARAM], eps=-1), ValueError, "Invalid epsilon value: -1"),
    (lambda: optim.Adam([PARAM], betas=(0.9, 1.0)), ValueError, "Invalid beta parameter at index 1: 1.0"),
    (lambda: optim.Adam([PARAM], weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
    (lambda: optim.SGD(PARAM, 1), TypeError, "should be an iterable of Tensors or dicts, but got torch.FloatTensor"),
    (lambda: optim.SGD([], 1), ValueError, "empty parameter list"),
    (lambda: optim.SGD([3], 1), TypeError, "can only optimize Tensors, but one of the params is int"),
    (lambda: optim.SGD([PARAM * 2], 1), ValueError, "non-leaf Tensor"),
    (lambda: optim.SGD([{"params": {PARAM}}], 1), TypeError, "ordered collections"),
    (lambda: optim.SGD([{"params": [PARAM]}, {"params": [PARAM]}], 1), ValueError, "more than one parameter group"),
    (lambda: optim.SGD([PARAM], 1).add_param_group([PARAM]), TypeError, "must be a dict"),
    (lambda: optim.Optimizer([PARAM], {}).step(), NotImplementedError, "must define update, or step"),
])
def test_errors(act, error, match):
    with pytest.raises(error, match=match):
        act()


def test_repeated_parameters_warn():
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optim.SGD([PARAM, PARAM], 1)


def test_kernels_are_kept_from_state_that_does_not_fit():
    param = nn.Parameter(torch.ones(3))
    optimizer = optim.Adam([param], 0.1)
    param.grad = torch.ones(3)
    optimizer.step()
    optimizer.state[param]["exp_avg"] = torch.ones(2)
    before = param.tolist()
    with pytest.raises(RuntimeError, match=r"adam: the parameter has size \[3\].*has \[2\]"):
        optimizer.step()
    assert param.tolist() == before


def test_own_optimizers():
    class SignDescent(optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            with torch.no_grad():
                for group in self.param_groups:
                    for param in group["params"]:
                        param.add_(param.grad.sign(), alpha=-group["lr"])

    param = nn.Parameter(torch.ones(1))
    param.grad = torch.full((1,), 7.0)
    SignDescent([param], 0.5).step()
    assert param.item() == 0.5


# ---- state -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("copied", [lambda state: state, copy.deepcopy, lambda state: pickle.loads(pickle.dumps(state))])
def test_loading_goes_on_where_it_was(make, copied):
    expected, _ = trained(make, steps=5)
    param, before = trained(make, steps=3)
    state = copied(before.state_dict())
    after = make([param])
    after.load_state_dict(state)
    frozen = copy.deepcopy(state)
    for grad in gradients(5)[3:]:
        param.grad = torch.tensor(grad)
        after.step()
    assert np.array_equal(param.detach().numpy(), expected.detach().numpy())
    for one, other in zip(state["state"].values(), frozen["state"].values()):     # what was loaded from is left alone
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_state_dict_has_torch_s_format():
    _, optimizer = trained(lambda params: optim.Adam(params, 0.1, amsgrad=True), steps=2)
    state = optimizer.state_dict()
    assert list(state) == ["state", "param_groups"] and state["param_groups"][0]["params"] == [0]
    assert list(state["state"][0]) == ["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"]
    step = state["state"][0]["step"]
    assert step.item() == 2 and step.shape == () and step.dtype is torch.float32


def test_older_state_dicts():
    """Up to 1.x the step was a number, parameters went by their id, and groups had fewer options."""
    param = nn.Parameter(torch.tensor(START))
    optimizer = optim.AdamW([param], 0.1)
    moments = {"exp_avg": torch.ones(3, 4), "exp_avg_sq": torch.ones(3, 4)}
    optimizer.load_state_dict({"state": {140123: {"step": 7, **moments}}, "param_groups": [{"lr": 0.5, "params": [140123]}]})
    state = optimizer.state[param]
    assert state["step"].item() == 7 and state["exp_avg"].dtype is torch.float64
    group = optimizer.param_groups[0]
    assert group["lr"] == 0.5 and group["decoupled_weight_decay"] and group["params"][0] is param
    param.grad = torch.tensor(START)
    optimizer.step()
    assert state["step"].item() == 8


def test_state_that_does_not_fit_changes_nothing():
    one, two = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    optimizer = optim.SGD([one], 0.1)
    for other, match in ((optim.SGD([{"params": [one]}, {"params": [two]}], 5), "different number of parameter groups"),
                         (optim.SGD([one, two], 5), "doesn't match the size of optimizer's group")):
        with pytest.raises(ValueError, match=match):
            optimizer.load_state_dict(other.state_dict())
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_copies_of_optimizers():
    param, optimizer = trained(MAKERS[2], steps=2)
    for other in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        (copied,) = other.param_groups[0]["params"]
        assert copied is not param and other.state[copied]["step"].item() == 2
        copied.grad = torch.ones_like(copied)
        other.step()
    required = pickle.loads(pickle.dumps(optim.SGD([{"params": [PARAM], "lr": 1}])))
    with pytest.raises(ValueError, match="required"), warnings.catch_warnings():
        required.add_param_group({"params": [nn.Parameter(torch.ones(1))]})
