"""Devices and sizes."""
import pickle

import pytest

import nb_nn as torch


@pytest.mark.parametrize("args, kind, index, text", [
    (("cpu",), "cpu", None, "cpu"), (("cuda",), "cuda", None, "cuda"), (("cuda:1",), "cuda", 1, "cuda:1"), (("cuda", 0), "cuda", 0, "cuda:0"),
    ((1,), "cuda", 1, "cuda:1"), (("cpu", 0), "cpu", 0, "cpu:0")])
def test_devices(args, kind, index, text):
    made = torch.device(*args)
    assert made.type == kind and made.index == index and str(made) == text
    assert torch.device(made) == made and hash(torch.device(*args)) == hash(made) and pickle.loads(pickle.dumps(made)) == made
    assert repr(made) == (f"device(type='{kind}')" if index is None else f"device(type='{kind}', index={index})")


def test_devices_differ_by_type_and_index():
    assert torch.device("cuda") != torch.device("cuda:0") and torch.device("cpu") != "cpu" and torch.ones(1).device == torch.device("cpu")
    with pytest.raises(AttributeError):
        torch.device("cpu").index = 1


@pytest.mark.parametrize("error, args", [(RuntimeError, ("gpu",)), (RuntimeError, ("cuda:x",)), (RuntimeError, ("cuda:-1",)), (RuntimeError, ("cuda:0", 1)),
                                         (RuntimeError, ("cuda", -1)), (TypeError, (2.5,)), (TypeError, (None,)), (RuntimeError, ("",))])
def test_what_is_no_device_is_refused(error, args):
    with pytest.raises(error):
        torch.device(*args)


def test_sizes_are_tuples_that_count():
    size = torch.ones(2, 3, 4).size()
    assert isinstance(size, torch.Size) and isinstance(size, tuple) and size == (2, 3, 4) and size.numel() == 24 and torch.Size([]).numel() == 1
    assert repr(size) == "torch.Size([2, 3, 4])" and size[0] == 2 and isinstance(size[1:], torch.Size) and isinstance(size + (5,), torch.Size)
    assert isinstance((5,) + size, torch.Size) and (5,) + size == (5, 2, 3, 4) and isinstance(size * 2, torch.Size) and len(2 * size) == 6
    assert pickle.loads(pickle.dumps(size)) == size and {size: 1}[(2, 3, 4)] == 1
    assert torch.ones(2, 3).size(-1) == 3 and torch.ones(2, 3).shape[0] == 2
    with pytest.raises(IndexError, match="out of range"):
        torch.ones(2, 3).size(2)
