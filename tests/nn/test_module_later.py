"""What later versions of torch added to Module, to containers and to ``nn.utils``."""
import numpy as np
import pytest

import nb_nn as torch
from nb_nn import nn


def net():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def test_assigned_state_takes_the_place_of_the_tensors():
    target, source = net(), net().double()
    target[0].weight.requires_grad_(False)
    assert target.load_state_dict(source.state_dict(), assign=True) == ([], [])
    for (name, one), (_, other) in zip(target.named_parameters(), source.named_parameters()):
        assert isinstance(one, nn.Parameter)
        assert one.dtype is torch.float64
        assert one.data_ptr() == other.data_ptr()
        assert one.requires_grad == (name != "0.weight")
    assert target[1].running_mean.data_ptr() == source[1].running_mean.data_ptr()


def test_hooks_around_the_state():
    seen, module = [], net()
    module.register_state_dict_pre_hook(lambda module, prefix, keep_vars: seen.append(("before", prefix, keep_vars)))
    module.register_state_dict_post_hook(lambda module, state, prefix, metadata: seen.append(("after", len(state))))
    module.register_load_state_dict_pre_hook(lambda module, state, prefix, *rest: seen.append(("loading", prefix, len(rest))))
    module.register_load_state_dict_post_hook(lambda module, keys: seen.append(("loaded", keys)))
    module.load_state_dict(module.state_dict())
    assert seen == [("before", "", False), ("after", 7), ("loading", "", 5), ("loaded", ([], []))]
    handle = module.register_state_dict_post_hook(lambda *args: {})
    with pytest.raises(RuntimeError, match="None"):
        module.state_dict()
    handle.remove()
    module.register_load_state_dict_post_hook(lambda *args: 3)
    with pytest.raises(AssertionError, match="None"):
        module.load_state_dict(module.state_dict())


def test_a_forward_hook_that_is_always_called():
    seen, module = [], nn.Linear(2, 3)
    module.register_forward_hook(lambda module, args, result: seen.append(("usual", result is None)))
    module.register_forward_hook(lambda module, args, result: seen.append(("always", result is None)), always_call=True)
    with pytest.raises(RuntimeError):
        module(torch.ones(1, 5))
    module(torch.ones(1, 2))
    assert seen == [("always", True), ("usual", False), ("always", False)]
    module.register_forward_hook(lambda *args: 1 / 0, always_call=True)
    with pytest.raises(RuntimeError), pytest.warns(UserWarning, match="division by zero"):
        module(torch.ones(1, 5))


def test_modules_are_replaced_by_name():
    module = nn.Sequential(net(), nn.ReLU())
    module.set_submodule("0.1", nn.Tanh())
    assert repr(module[0][1]) == "Tanh()"
    module.set_submodule("0.2", nn.Identity())
    assert len(module[0]) == 3
    for target, new, strict, error in (("", nn.ReLU(), False, ValueError), ("0", 3, False, ValueError), ("7.x", nn.ReLU(), False, AttributeError),
                                       ("7", nn.ReLU(), True, AttributeError), ("0.0.weight", nn.ReLU(), False, AttributeError)):
        with pytest.raises(error):
            module.set_submodule(target, new, strict)


def test_shared_modules_are_listed_as_often_as_they_are_used():
    relu = nn.ReLU()
    module = nn.Sequential(relu, relu)
    assert len(list(module.modules())) == 2
    assert len(list(module.modules(remove_duplicate=False))) == 3


def test_memory_without_values():
    module = net().to_empty(device="cpu")
    assert [tuple(one.shape) for one in module.parameters()] == [(3, 2), (3,), (3,), (3,)]
    assert all(one.requires_grad for one in module.parameters())
    state = torch.get_rng_state()
    made = nn.utils.skip_init(nn.Conv2d, 64, 64, 3)
    assert np.array_equal(torch.get_rng_state().numpy(), state.numpy())
    assert made.weight.requires_grad
    assert float(nn.init.ones_(torch.empty(2)).sum()) == 2          # functions of nn.init work again
    for wrong in (nn.ReLU, dict):
        with pytest.raises(RuntimeError):
            nn.utils.skip_init(wrong)


def test_chains_are_multiplied():
    chain = nn.Sequential(nn.ReLU(), nn.Tanh())
    assert [type(one).__name__ for one in chain * 2] == ["ReLU", "Tanh"] * 2
    assert len(3 * chain) == 6
    assert (chain * 2)[0] is chain[0]
    twice = chain
    twice *= 2
    assert twice is chain
    assert len(chain) == 4
    for times, error in ((0, ValueError), ("a", TypeError)):
        with pytest.raises(error):
            chain * times


def test_parameters_in_a_dictionary():
    held = nn.ParameterDict({"a": nn.Parameter(torch.ones(1)), "b": nn.Parameter(torch.ones(2))})
    assert list(reversed(held)) == ["b", "a"]
    assert held.get("c", 3) == 3
    assert list(held | {"c": nn.Parameter(torch.ones(3))}) == ["a", "b", "c"]
    assert held.copy()["a"] is held["a"]
    assert held.setdefault("a") is held["a"]
    assert list(held.fromkeys(["x", "y"], held["a"])) == ["x", "y"]
    assert held.popitem()[0] == "b"
    held |= {"z": nn.Parameter(torch.ones(1))}
    assert list(held) == ["a", "z"]


@pytest.mark.parametrize("make", [
    *(lambda bias, kind=kind: getattr(nn, kind)(4, affine=True, bias=bias) for kind in (
        "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d")),
    lambda bias: nn.GroupNorm(2, 4, bias=bias)])
def test_normalizations_without_bias(make):
    without, full = make(False), make(True)
    without.reset_parameters()
    assert list(without.state_dict())[:1] == ["weight"]
    assert "bias" not in without.state_dict()
    assert "bias=False" in repr(without)
    x = torch.rand(2, 4, *(5,) * (int(repr(full).split("d(")[0][-1]) if "d(" in repr(full) else 1))
    assert np.array_equal(without(x).detach().numpy(), full(x).detach().numpy())


def test_weights_of_losses_of_differences():
    x, y, w = (np.random.default_rng(seed).uniform(0, 1, (3, 4)) for seed in range(3))
    for name, loss in (("mse_loss", (x - y) ** 2), ("l1_loss", abs(x - y))):
        for reduction, expected in (("none", loss * w), ("sum", (loss * w).sum()), ("mean", (loss * w).sum() / w.sum())):
            found = getattr(nn.functional, name)(*map(torch.from_numpy, (x, y)), weight=torch.from_numpy(w), reduction=reduction)
            np.testing.assert_allclose(found.numpy(), expected)
        with pytest.raises(ValueError, match="same size"):
            getattr(nn.functional, name)(torch.ones(2), torch.ones(2), weight=torch.ones(1))


def test_norm_of_a_tiny_vector_has_a_finite_gradient():
    x = torch.full((4,), 9.5e-7, dtype=torch.float16).requires_grad_()
    x.norm(2).backward()
    assert x.grad.tolist() == [0.5] * 4


def test_one_value_alone_cannot_be_normalized():
    for call in (lambda: nn.functional.group_norm(torch.ones(1, 2), 2), lambda: nn.functional.instance_norm(torch.ones(2, 4)),
                 lambda: nn.functional.batch_norm(torch.ones(1, 4), None, None, training=True)):
        with pytest.raises(ValueError, match="more than 1"):
            call()
    with pytest.raises(RuntimeError, match=r"4 elements not 3"):
        nn.functional.instance_norm(torch.ones(2, 4, 3), torch.zeros(3), torch.ones(3))
    assert np.isnan(nn.functional.cross_entropy(torch.ones(0, 4), torch.ones(0, 4)).item())
    assert nn.functional.channel_shuffle(torch.zeros(0, 6, 2), 3).shape == (0, 6, 2)
    with pytest.raises(IndexError):
        torch.flatten(torch.tensor(1.0), 1)
