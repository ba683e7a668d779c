"""Storages: the memory of tensors as typed runs of elements, shared with views, files and other processes."""
import copy
import os
import pickle

import numpy as np
import pytest

import nb_nn as torch

STORAGES = [torch.BoolStorage, torch.ByteStorage, torch.CharStorage, torch.ShortStorage, torch.IntStorage, torch.LongStorage,
            torch.HalfStorage, torch.BFloat16Storage, torch.FloatStorage, torch.DoubleStorage]


@pytest.mark.parametrize("kind", STORAGES, ids=lambda kind: kind.__name__)
def test_every_type_holds_its_elements(kind):
    storage = kind([1, 0, 1])
    assert storage.tolist() == [1, 0, 1]
    assert storage.size() == len(storage) == 3
    assert storage.element_size() * 3 == storage.nbytes()
    assert storage.type() == f"torch.{kind.__name__}"
    assert storage.fill_(1).tolist() == [1, 1, 1]
    assert not storage.is_cuda and not storage.is_sparse and not storage.is_pinned() and not storage.is_shared()
    assert torch.is_storage(storage) and isinstance(storage, torch.Storage)
    assert type(torch.zeros(2, dtype=storage.dtype).storage()) is kind
    assert pickle.loads(pickle.dumps(storage)).tolist() == [1, 1, 1]


def test_storage_of_a_tensor_is_its_memory():
    x = torch.arange(6.0).view(2, 3)
    storage = x[1].storage()
    assert storage.tolist() == [0, 1, 2, 3, 4, 5]
    assert storage.data_ptr() == x.data_ptr()
    storage[4] = 40
    storage[:2] = 7
    assert x.tolist() == [[7, 7, 2], [3, 40, 5]]
    assert storage[-1] == 5 and storage[1:3].tolist() == [7, 2]
    storage[1:3][1] = -2
    assert x[0, 2].item() == -2
    assert x.untyped_storage().nbytes() == 24


def test_construction():
    assert torch.FloatStorage().size() == 0
    assert torch.FloatStorage(5).size() == 5
    assert type(torch.Storage(2)) is torch.FloatStorage
    assert torch.IntStorage(3).new([1, 2]).tolist() == [1, 2]
    for wrong in ("ab", 1.5, [[1]]):
        with pytest.raises(TypeError):
            torch.FloatStorage(wrong)
    with pytest.raises(RuntimeError, match="negative"):
        torch.FloatStorage(-1)
    assert repr(torch.IntStorage([1, 2])) == " 1\n 2\n[torch.IntStorage of size 2]"


def test_index_and_slice_errors():
    storage = torch.FloatStorage([1, 2])
    with pytest.raises(IndexError, match="out of range for storage of size 2"):
        storage[2]
    with pytest.raises(RuntimeError, match="step 1"):
        storage[::2]
    assert list(storage) == [1, 2]


def test_casts_copy_unless_the_type_is_the_same():
    storage = torch.FloatStorage([1.5, -2.5])
    assert storage.float() is storage and storage.type("torch.FloatStorage") is storage
    assert storage.int().tolist() == storage.type(torch.IntStorage).tolist() == [1, -2]
    for name in ("bool", "byte", "char", "short", "int", "long", "half", "bfloat16", "float", "double"):
        assert getattr(torch.FloatStorage([1, 0]), name)().tolist() == [1, 0]
    with pytest.raises(ValueError, match="invalid type"):
        storage.type("torch.StringStorage")


def test_copy_and_clone():
    storage = torch.DoubleStorage([0, 0])
    assert storage.copy_(torch.HalfStorage([1, 2])).tolist() == [1, 2]
    clone = storage.clone()
    clone[0] = 9
    assert storage[0] == 1 and copy.copy(storage).tolist() == copy.deepcopy(storage).tolist() == [1, 2]
    with pytest.raises(RuntimeError, match="size does not match"):
        storage.copy_(torch.DoubleStorage(3))


def test_deepcopy_keeps_tensor_and_storage_apart_from_the_original_but_together():
    x = torch.zeros(2)
    y, storage = copy.deepcopy([x, x.storage()])
    storage[0] = 1
    assert y.tolist() == [1, 0] and x.tolist() == [0, 0]


def test_resize_keeps_elements_and_tensors_follow():
    x = torch.arange(4.0)
    view, alias, storage = x[2:], x.data, x.storage()
    assert storage.resize_(1000).size() == 1000
    assert storage.tolist()[:4] == [0, 1, 2, 3]
    storage[3] = 30
    assert view.tolist() == [2, 30] and x[3].item() == 30 and alias[3].item() == 30
    assert storage.resize_(2).tolist() == [0, 1]
    with pytest.raises(RuntimeError, match="not resizable"):
        torch.from_numpy(np.zeros(2)).storage().resize_(5)


def test_cuda_and_pinned_memory_need_cuda():
    if torch.cuda.is_available():
        pytest.skip("there is CUDA")
    for call in (torch.FloatStorage(1).cuda, torch.FloatStorage(1).pin_memory, torch.zeros(1).pin_memory):
        with pytest.raises(RuntimeError, match="CUDA"):
            call()
    assert not torch.zeros(1).is_pinned()


@pytest.mark.parametrize("make", [lambda: torch.ones(4), lambda: torch.ones(2, 3).t(), lambda: torch.ones(6)[1:4], lambda: torch.ones(0),
                                  lambda: torch.tensor(1.0, requires_grad=True)])
def test_share_memory_keeps_the_tensor(make):
    x = make()
    before, stride = x.tolist(), x.stride()
    assert not x.is_shared()
    assert x.share_memory_() is x and x.is_shared()
    assert x.tolist() == before and x.stride() == stride
    assert x.share_memory_().is_shared()


def test_shared_memory_is_shared_by_all_tensors_over_it():
    x = torch.zeros(4)
    view, alias = x[1:], x.data
    more = alias[2:]
    alias.share_memory_()
    x[3] = 5
    assert view.is_shared() and view.tolist() == [0, 0, 5] and more.tolist() == [0, 5]
    with pytest.raises(RuntimeError, match="not resizable"):
        x.storage().resize_(9)
    with pytest.raises(RuntimeError, match="not resizable"):
        x.resize_(9)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_writes_to_shared_memory():
    x, own = torch.zeros(3).share_memory_(), torch.zeros(3)
    child = os.fork()
    if child == 0:
        x.storage()[1] = own.storage()[1] = 8
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert x.tolist() == [0, 8, 0] and own.tolist() == [0, 0, 0]


def test_module_share_memory():
    layer = torch.nn.Linear(2, 2)
    weight = layer.weight
    assert layer.share_memory() is layer and layer.weight is weight and weight.is_shared() and layer.bias.is_shared()


def test_from_file_shared_makes_and_writes_the_file(tmp_path):
    path = tmp_path / "numbers"
    storage = torch.IntStorage.from_file(str(path), shared=True, size=4)
    assert storage.is_shared() and storage.size() == 4
    storage.fill_(7)
    assert np.fromfile(path, np.int32).tolist() == [7] * 4
    private = torch.IntStorage.from_file(path, size=2)
    private[0] = 1
    assert private.tolist() == [1, 7] and not private.is_shared()
    assert np.fromfile(path, np.int32).tolist() == [7] * 4
    assert torch.IntStorage.from_file(path).size() == 4
    with pytest.raises(RuntimeError, match="16 bytes, 5 elements need 20"):
        torch.IntStorage.from_file(path, size=5)
    with pytest.raises(FileNotFoundError):
        torch.IntStorage.from_file(tmp_path / "missing", size=1)
    x = torch.from_file(str(path), shared=True, size=4, dtype=torch.int32)
    x[2] = 9
    assert np.fromfile(path, np.int32).tolist() == [7, 7, 9, 7]
    (tmp_path / "empty").touch()
    assert torch.FloatStorage.from_file(tmp_path / "empty").size() == 0


def test_from_buffer():
    content = np.arange(3, dtype=">i4").tobytes()
    assert torch.IntStorage.from_buffer(content, "big").tolist() == [0, 1, 2]
    assert torch.IntStorage.from_buffer(content, "big", 1, 4).tolist() == [1]
    assert torch.ByteStorage.from_buffer(b"ab").tolist() == [97, 98]
    for arguments, message in ((("middle",), "invalid byte_order"), ((None,), "invalid byte_order"), (("big", -1, 1), "multiple"),
                               (("big", 4), "12 bytes after offset 0"), (("big", -1, 13), "offset")):
        with pytest.raises(ValueError, match=message):
            torch.IntStorage.from_buffer(content, *arguments)


def test_set_views_other_memory():
    x, source = torch.zeros(1), torch.arange(6.0)
    assert x.set_(source) is x and x.is_set_to(source)
    assert x.set_(source.storage(), 1, (2, 2), (3, 1)).tolist() == [[1, 2], [4, 5]]
    x[0, 0] = 10
    assert source[1].item() == 10
    assert x.set_(source.storage()).shape == (6,)
    assert x.set_(source, 2, (2,), (1,)).tolist() == [2, 3]
    assert x.set_().shape == (0,) and source.numel() == 6
    storage = torch.FloatStorage([1, 2])
    assert x.set_(storage, 1, (3,)).shape == (3,) and storage.size() == 4 and x[0].item() == 2


def test_legacy_constructor_views_a_storage():
    storage = torch.FloatStorage([1, 2])
    x = torch.FloatTensor(storage)
    x[0] = 5
    assert storage.tolist() == [5, 2] and torch.Tensor(storage).data_ptr() == storage.data_ptr()
    with pytest.raises(RuntimeError, match="type"):
        torch.IntTensor(storage)


def test_set_errors():
    x = torch.zeros(1)
    for arguments, message in (((torch.zeros(1).long(),), "type"), ((torch.LongStorage(1),), "type"),
                               ((torch.FloatStorage(3), -1, (1,), (1,)), "offset"), ((torch.FloatStorage(3), 0, (1,), (1, 1)), "unequal"),
                               ((torch.FloatStorage(3), 0, (2,), (-1,)), "negative")):
        with pytest.raises(RuntimeError, match=message):
            x.set_(*arguments)
    with pytest.raises(TypeError, match="tensor or a storage"):
        x.set_([1])
    with pytest.raises(RuntimeError, match="leaf"):
        torch.zeros(1, requires_grad=True).set_(x)


def test_is_set_to_compares_memory_and_geometry():
    x = torch.zeros(2, 2)
    assert x.is_set_to(x.data) and x.is_set_to(x.view(2, 2))
    assert not x.is_set_to(x.t()) and not x.is_set_to(x[0]) and not x.is_set_to(x.clone())


def test_detached_tensors_keep_their_geometry():
    x = torch.zeros(1, 4)
    for change in (lambda t: t.resize_(2), lambda t: t.set_(torch.zeros(1)), lambda t: t.t_(), lambda t: t.squeeze_()):
        with pytest.raises(RuntimeError, match="detach"):
            change(x.detach())
        change(x.clone())
