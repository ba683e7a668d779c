"""Checkpoints go both ways between torch and nb_nn."""
import io
from collections import OrderedDict

import pytest

import nb_nn
from nb_nn import load, save

torch = pytest.importorskip("torch")


def state(library):
    weight = library.arange(12.0).view(3, 4)
    found = OrderedDict(weight=weight, part=weight.t()[1:3],
                        frozen=library.nn.Parameter(weight.double(), requires_grad=False),
                        scale=library.nn.Parameter(weight[0].clone()), half=weight.half(), brain=weight.bfloat16(),
                        mask=weight > 3, count=library.tensor(7), none=library.zeros(0, 2), size=weight.size(),
                        kind=(library.int8, library.bool), steps=[1, 2.5, None, "x", b"y", (True,), {3}])
    found._metadata = OrderedDict([("", {"version": 1})])
    return found


def assert_same(left, right):
    assert list(left) == list(right) and left._metadata == right._metadata
    for a, b in zip(left.values(), right.values()):
        if hasattr(a, "stride"):
            assert repr(a) == repr(b) and a.storage_offset() == b.storage_offset()
            assert a.stride() == b.stride() or a.numel() == 0
        else:
            assert str(a) == str(b)
    left["weight"][1, 2] = right["weight"][1, 2] = -1.0
    assert left["part"].tolist() == right["part"].tolist()


@pytest.mark.parametrize("protocol", [2, 3])
def test_torch_reads_ours(protocol):
    buffer = io.BytesIO()
    save(state(nb_nn), buffer, pickle_protocol=protocol)
    buffer.seek(0)
    assert_same(state(nb_nn), torch.load(buffer, weights_only=protocol == 2))


def test_torch_maps_ours_into_memory(tmp_path):
    save(state(nb_nn), tmp_path / "ours.pt")
    assert_same(state(nb_nn), torch.load(tmp_path / "ours.pt", mmap=True))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("zipped", [True, False])
def test_we_read_torchs(protocol, zipped):
    buffer = io.BytesIO()
    torch.save(state(torch), buffer, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    assert_same(load(buffer), state(torch))


def test_we_read_torchs_optimizer_state():
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(2, 1, 5, 5)).sum().backward()
    optimizer.step()
    buffer = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, buffer)
    found = load(buffer)
    assert found["model"]["1.num_batches_tracked"].item() == 1
    assert found["optimizer"]["param_groups"] == optimizer.state_dict()["param_groups"]
