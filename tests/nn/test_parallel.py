"""Data parallel modules on lists of CPU devices, and batch normalization that would synchronize."""
from collections import namedtuple

import pytest

import nb_nn as torch
from nb_nn import nn
from nb_nn.nn.parallel import data_parallel, gather, parallel_apply, replicate, scatter

TWO = ["cpu", "cpu"]
Pair = namedtuple("Pair", ["a", "b"])


def test_scatter_cuts_tensors_wherever_they_are():
    x = torch.arange(5)
    assert [part.tolist() for part in scatter(x, ["cpu"] * 3)] == [[0, 1], [2, 3], [4]]
    assert len(scatter(x[:1], TWO)) == 1
    first, second = scatter({"x": [x, "same"], "y": Pair(x, None)}, TWO)
    assert first["x"][0].tolist() == [0, 1, 2] and second["x"][1] == "same" and second["y"].a.tolist() == [3, 4]
    assert isinstance(second["y"], Pair)
    with pytest.raises(RuntimeError, match="0-d"):
        scatter(torch.tensor(1), TWO)
    with pytest.raises(ValueError, match="at least one device"):
        scatter(x, [])


def test_gather_joins_what_scatter_cut():
    x = torch.arange(6).view(2, 3)
    for value in (x, (x, x + 1), {"a": x}, Pair(x, [x])):
        again = gather(scatter(value, TWO, dim=1), "cpu", dim=1)
        assert type(again) is type(value)
        first = again if isinstance(again, torch.Tensor) else next(iter(again.values() if isinstance(again, dict) else again))
        assert torch.equal(first, x)
    assert gather([None, None], -1) is None
    with pytest.warns(UserWarning, match="scalars"):
        assert gather([torch.tensor(1.0), torch.tensor(2.0)], -1).tolist() == [1, 2]
    with pytest.raises(TypeError, match="str"):
        gather(["a", "b"], "cpu")


def test_a_parallel_model_computes_and_learns_as_the_model_itself():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    x = torch.randn(5, 4, requires_grad=True)
    model(x).square().sum().backward()
    expected = [p.grad.clone() for p in model.parameters()] + [x.grad.clone()]
    model.zero_grad()
    x.grad = None
    parallel = nn.DataParallel(model, ["cpu"] * 3)
    result = parallel(x)
    assert torch.allclose(result, model(x))
    result.square().sum().backward()
    for mine, grad in zip([*[p.grad for p in model.parameters()], x.grad], expected):
        assert torch.allclose(mine, grad)
    assert torch.allclose(data_parallel(model, x, TWO), result)
    with torch.no_grad():
        assert not parallel(x).requires_grad


def test_without_devices_the_module_itself_runs():
    parallel = nn.DataParallel(nn.Linear(2, 3))
    if not torch.cuda.is_available():
        assert parallel.device_ids == []
        with pytest.raises(RuntimeError, match="can be used"):
            data_parallel(nn.Identity(), torch.zeros(2), [0, 1])
    assert list(parallel.state_dict()) == ["module.weight", "module.bias"]
    assert nn.DataParallel(nn.Identity(), ["cpu"])(torch.ones(2)).tolist() == [1, 1]


def test_replicas_share_buffers_and_what_the_original_shares():
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.BatchNorm1d(2), layer)
    one, two = replicate(model, TWO)
    assert one is not two and one[0] is one[2] and one[0] is not layer and one[1].running_mean is model[1].running_mean
    assert [type(part) for part in one] == [type(part) for part in model]
    assert not replicate(layer, TWO, detach=True)[0].weight.requires_grad


def test_what_a_replica_raises_says_which_it_was():
    class Fails(nn.Module):
        def forward(self, x):
            raise KeyError("no")
    with pytest.raises(KeyError) as caught:
        parallel_apply([nn.Identity(), Fails()], [torch.ones(1)] * 2, devices=TWO)
    assert any("replica 1 on device cpu" in note for note in getattr(caught.value, "__notes__", ["replica 1 on device cpu"]))
    with pytest.raises(AssertionError, match="number of inputs 1"):
        parallel_apply([nn.Identity()] * 2, [torch.ones(1)])


def test_sync_batch_norm_is_batch_norm_outside_a_group():
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Identity(), nn.Sequential(nn.BatchNorm2d(2, momentum=None)), nn.BatchNorm2d(2, affine=False))
    x = torch.randn(3, 2, 4, 4)
    expected = plain(x)
    plain[1][0].reset_running_stats()
    synced = nn.SyncBatchNorm.convert_sync_batchnorm(plain)
    assert isinstance(synced[1][0], nn.SyncBatchNorm) and isinstance(synced[2], nn.SyncBatchNorm)
    assert torch.allclose(synced(x), expected) and synced[1][0].num_batches_tracked.item() == 1
    assert nn.SyncBatchNorm(3)(torch.randn(4, 3)).shape == (4, 3)
    with pytest.raises(ValueError, match="at least 2D"):
        nn.SyncBatchNorm(3)(torch.zeros(3))


def test_handles_are_removable():
    calls = []
    handle = nn.Identity().register_forward_hook(lambda *args: calls.append(1))
    assert isinstance(handle, torch.utils.hooks.RemovableHandle)
    handle.remove()
    handle.remove()
