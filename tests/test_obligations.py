"""Behaviours the documentation promises, one short test each, named by the code of its line in the list of obligations (C creation,
V views, B broadcasting, D types, R reductions, P pointwise, I writers, L linear algebra, N random, O printing, S files, G storages)."""
import io
import math
import pickle

import numpy as np
import pytest

import nb_nn as torch
from nb_nn import tensor

DOUBLE = torch.float64


def same_memory(a, b):
    return a.storage().data_ptr() == b.storage().data_ptr()


def test_C1_tensor_copies_and_as_tensor_does_not():
    x = torch.ones(2, requires_grad=True)
    copy = tensor((x * 2).detach())
    assert copy.is_leaf and not copy.requires_grad and not same_memory(copy, x)
    y = x * 2
    assert torch.as_tensor(y) is y and torch.as_tensor(y, dtype=DOUBLE).grad_fn is not None
    array = np.ones(2)
    shared = torch.from_numpy(array)
    shared[0], array[1] = 5, 7
    assert array[0] == 5 and shared[1] == 7 and torch.as_tensor(array).numpy() is not None
    assert np.shares_memory(torch.as_tensor(array).numpy(), array) and not np.shares_memory(tensor(array).numpy(), array)
    with pytest.raises(RuntimeError):
        shared.resize_(5)


def test_C2_types_are_inferred():
    assert tensor([1.2, 3]).dtype is torch.float32 and tensor([1, 3]).dtype is torch.int64 and tensor([True]).dtype is torch.bool
    assert tensor(3).shape == () and tensor([]).shape == (0,) and tensor([]).dtype is torch.float32
    torch.set_default_dtype(DOUBLE)
    assert tensor([1.2]).dtype is DOUBLE and torch.zeros(1).dtype is DOUBLE


def test_C3_default_type_and_default_tensor_type_are_one():
    torch.set_default_tensor_type(torch.DoubleTensor)
    assert torch.get_default_dtype() is DOUBLE and torch.Tensor(1).dtype is DOUBLE
    torch.set_default_dtype(torch.float32)
    assert torch.Tensor(1).dtype is torch.float32 and torch.tensor(1.5).dtype is torch.float32
    for wrong in (torch.int64, torch.uint8):
        with pytest.raises(TypeError):
            torch.set_default_dtype(wrong)
    with pytest.raises(TypeError):
        torch.set_default_tensor_type("torch.LongTensor")


def test_C4_sizes_and_like():
    assert torch.zeros(2, 3).shape == torch.zeros([2, 3]).shape == torch.zeros((2, 3)).shape == torch.zeros(torch.Size([2, 3])).shape
    x = torch.ones(2, dtype=torch.int16)
    assert torch.zeros_like(x).dtype is torch.int16 and torch.full_like(x, 3).tolist() == [3, 3]
    assert torch.ones_like(x, dtype=torch.float64).dtype is DOUBLE and torch.rand_like(x, dtype=torch.float32).shape == (2,)
    out = torch.empty(0)
    assert torch.zeros(2, 3, out=out) is out and out.shape == (2, 3)


def test_C5_devices():
    assert torch.zeros(1, device="cpu").device == torch.zeros(1, device=torch.device("cpu")).device
    assert torch.device(1) == torch.device("cuda:1") == torch.device("cuda", 1)
    assert torch.device("cuda").index is None and torch.device("cuda").type == "cuda"


def test_C6_arange_length():
    assert len(torch.arange(1, 2.5, 0.5)) == 3 and len(torch.arange(0, 1, 0.3)) == 4 and torch.arange(5).dtype is torch.int64
    assert torch.linspace(3, 10, steps=1).tolist() == [3] and torch.logspace(1, 2, steps=1).tolist() == [10]
    with pytest.warns(UserWarning):
        assert torch.range(1, 4).tolist() == [1, 2, 3, 4]


def test_C7_new_takes_the_receivers_type():
    x = torch.ones(1, dtype=torch.int8)
    made = (x.new_zeros(2), x.new_ones(2), x.new_full((2,), 3), x.new_empty(2), x.new_tensor([1, 2]))
    assert all(one.dtype is torch.int8 and one.shape == (2,) for one in made)
    array = np.ones(2)
    assert not np.shares_memory(torch.ones(1, dtype=DOUBLE).new_tensor(array).numpy(), array)


def test_C8_legacy_constructors():
    assert torch.FloatTensor([1, 2]).dtype is torch.float32 and torch.LongTensor([1, 2]).tolist() == [1, 2]
    assert torch.Tensor([1, 2]).dtype is torch.float32 and torch.Tensor(2, 3).shape == (2, 3)
    assert torch.ByteTensor([[1], [2]]).type() == "torch.ByteTensor" and isinstance(torch.ones(1), torch.FloatTensor)


def test_C9_sparse_construction():
    made = torch.sparse_coo_tensor([[0, 2]], [1.0, 2.0])
    assert made.shape == (3,) and made._indices().dtype is torch.int64
    assert torch.sparse_coo_tensor(torch.ones(1, 1, dtype=torch.int32), [1.0])._indices().dtype is torch.int64
    assert torch.sparse.FloatTensor(2, 3).shape == (2, 3) and torch.sparse.FloatTensor(2, 3)._nnz() == 0


def test_V1_views_share_and_copies_do_not():
    x = torch.randn(3, 1, 4)
    views = (x.narrow(0, 0, 2), x.squeeze(), x.transpose(0, 2), x[0].t(), x.unsqueeze(0), x.diagonal(), x.expand(2, 3, 1, 4), x.select(0, 1),
             x.view(-1), x.detach(), x[1:], x.permute(2, 0, 1), x.unfold(2, 2, 1), *x.split(1), *x.chunk(2), *x.unbind())
    assert all(same_memory(one, x) for one in views)
    index = tensor([0, 1])
    copies = (x.index_select(0, index), x.masked_select(x > 0), x.repeat(2, 1, 1), x.flip(0), x.roll(1, 0), x[index], x.clone())
    assert not any(same_memory(one, x) for one in copies)


def test_V2_view_needs_fitting_strides():
    x = torch.arange(24).view(2, 3, 4)
    assert x.transpose(0, 1).contiguous().view(-1).shape == (24,) and x.view(-1, 4).shape == (6, 4) and x[:, :, :2].view(2, 3, 1, 2).shape
    with pytest.raises(RuntimeError):
        x.transpose(0, 1).view(-1)
    with pytest.raises(RuntimeError):
        x.view(-1, -1)
    assert not torch.equal(x.view(3, 2, 4), x.transpose(0, 1))


def test_V3_reshape_views_when_it_can():
    x = torch.zeros(2, 3)
    assert same_memory(x.reshape(3, 2), x) and not same_memory(x.t().reshape(-1), x) and x.reshape_as(torch.zeros(6)).shape == (6,)


def test_V4_expand():
    x = torch.tensor([[1], [2], [3]])
    assert x.expand(3, 4).stride() == (1, 0) and x.expand(-1, 4).shape == (3, 4) and x.expand(2, -1, 1).shape == (2, 3, 1)
    with pytest.raises(RuntimeError):
        x.expand(-1, 3, 4)


def test_V5_contiguous_returns_itself():
    x = torch.zeros(2, 3)
    assert x.contiguous() is x and not x.t().is_contiguous() and x.t().contiguous().is_contiguous()


def test_V6_resize_and_set():
    x = tensor([[1, 2], [3, 4], [5, 6]])
    size = x.storage().size()
    assert x.resize_(2, 2).tolist() == [[1, 2], [3, 4]] and x.storage().size() == size
    assert x.resize_(3, 3).view(-1)[:6].tolist() == [1, 2, 3, 4, 5, 6] and x.storage().size() == 9
    y = tensor([[1, 2], [3, 4]]).t()
    assert y.resize_(2, 2).stride() == (1, 2) and y.resize_(4).tolist() == [1, 2, 3, 4]
    z = torch.zeros(0, dtype=torch.int64).set_(x)
    assert z.is_set_to(x)
    z.set_(x.storage(), 1, (2, 2), (1, 2))
    assert z.storage_offset() == 1 and z.tolist() == [[2, 4], [3, 5]]


def test_V7_strides_and_sizes():
    x = torch.zeros(4, 5)[1:, 2:]
    assert x.storage_offset() == 7 and x.stride() == (5, 1) and x.stride(0) == 5 and isinstance(x.stride(), tuple)
    assert isinstance(x.size(), tuple) and isinstance(x.size(), torch.Size) and x.size(-1) == 3


def test_V8_underscore_returns_itself_and_out_is_resized():
    x = torch.ones(2)
    assert x.add_(1) is x and x.tolist() == [2, 2]
    out = torch.empty(0)
    torch.index_select(torch.eye(3), 0, tensor([0, 2]), out=out)
    assert out.shape == (2, 3)


def test_V9_unfold():
    assert torch.arange(1, 8).unfold(0, 2, 1).shape == (6, 2) and torch.arange(1, 8).unfold(0, 2, 2).tolist() == [[1, 2], [3, 4], [5, 6]]


def test_V10_column_major_results():
    a = torch.randn(3, 3) + 3 * torch.eye(3)
    assert a.inverse().stride() == (1, 3) and torch.qr(a)[0].stride() == (1, 3) and torch.svd(a)[0].stride() == (1, 3)
    assert torch.symeig(a, eigenvectors=True)[1].stride() == (1, 3) and torch.solve(torch.ones(3, 2), a)[0].stride() == (1, 3)


def test_V11_indexing_writes():
    x, y = torch.zeros(3, 3), torch.zeros(3, 3)
    x[tensor([0, 2]), tensor([1, 1])] = tensor([5.0, 6.0])
    y.index_put_((tensor([0, 2]), tensor([1, 1])), tensor([5.0, 6.0]))
    assert torch.equal(x, y)
    x[x > 5] = 0
    x[tensor([1, 0, 0], dtype=torch.uint8)] = 9
    assert x.tolist() == [[9, 9, 9], [0, 0, 0], [0, 0, 0]]


def test_I1_index_writers_check_sizes():
    x, index = torch.zeros(3, 2), tensor([0, 2])
    assert x.index_add(0, index, torch.ones(2, 2)).sum().item() == 4 and x.index_fill(1, tensor([1]), 5).tolist() == [[0, 5]] * 3
    for name in ("index_add_", "index_copy_"):
        for wrong in (torch.ones(3, 2), torch.ones(2, 3)):
            with pytest.raises((RuntimeError, IndexError)):
                getattr(x, name)(0, index, wrong)
        with pytest.raises((RuntimeError, IndexError)):
            getattr(x, name)(0, torch.zeros(2), torch.ones(2, 2))
    assert x.tolist() == [[0, 0]] * 3


def test_I2_scatter_and_gather():
    x = torch.zeros(3, 5)
    assert x.scatter(0, tensor([[2, 0]]), 7.0)[2, 0].item() == 7 and x.scatter_(0, torch.zeros(0, 2, dtype=torch.int64), x) is x
    assert x.scatter_add(1, tensor([[1, 1]]), torch.ones(3, 5))[0, 1].item() == 2
    assert torch.gather(tensor([[1, 2], [3, 4]]), 1, tensor([[0, 0], [1, 0]])).tolist() == [[1, 1], [4, 3]]
    for wrong in (tensor([[3]]), tensor([[-1]])):
        with pytest.raises((RuntimeError, IndexError)):
            x.scatter_(0, wrong, 1.0)


def test_I3_put_and_take():
    x = tensor([[4, 3, 5], [6, 7, 8]])
    assert x.take(tensor([0, 5])).tolist() == [4, 8] and x.put_(tensor([1, 3]), tensor([9, 10])).tolist() == [[4, 9, 5], [10, 7, 8]]
    assert torch.zeros(2).put_(tensor([1, 1]), torch.ones(2), accumulate=True).tolist() == [0, 2]


def test_I4_masked_scatter_needs_elements():
    with pytest.raises(RuntimeError):
        torch.zeros(3).masked_scatter_(tensor([True, True, True]), torch.ones(2))


def test_N1_seeds_and_states():
    assert isinstance(torch.manual_seed(3), torch.Generator) and torch.initial_seed() == 3
    state = torch.get_rng_state()
    first = torch.rand(3)
    torch.set_rng_state(state)
    assert torch.equal(torch.rand(3), first) and state.dtype is torch.uint8


def test_N3_multinomial_checks():
    with pytest.raises(RuntimeError):
        torch.multinomial(tensor([0.0, 10.0, 3.0, 0.0]), 4)
    for wrong in ([-1.0, 2.0], [math.inf, 1.0], [math.nan, 1.0], [0.0, 0.0]):
        with pytest.raises(RuntimeError):
            torch.multinomial(tensor(wrong), 1)
    assert torch.multinomial(tensor([0.0, 1.0]), 5, replacement=True).tolist() == [1] * 5


def test_N5_randint_gives_integers():
    assert torch.randint(3, 5, (3,)).dtype is torch.int64 and torch.randint(10, (2, 2)).shape == (2, 2)


def test_O1_print_options():
    x = tensor([1.123456])
    torch.set_printoptions(precision=2)
    assert str(x) == "tensor([1.12])"
    torch.set_printoptions(sci_mode=True)
    assert "e+00" in str(x)
    torch.set_printoptions(profile="default")
    torch.set_printoptions(sci_mode=None)
    assert str(x) == "tensor([1.1235])" and str(torch.ones(1, dtype=DOUBLE)) == "tensor([1.], dtype=torch.float64)"
    assert str(torch.ones(1, requires_grad=True)) == "tensor([1.], requires_grad=True)" and "..." in str(torch.zeros(2000))
    assert str(torch.ones(1, requires_grad=True) * 2) == "tensor([2.], grad_fn=<MulBackward0>)"


def test_O2_modules_print_nested():
    text = repr(torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU()))
    assert text == "Sequential(\n  (0): Linear(in_features=1, out_features=2, bias=True)\n  (1): ReLU()\n)"


def test_S1_and_S4_files_and_shared_storages():
    x = torch.arange(4)
    buffer = io.BytesIO()
    torch.save({"x": x, "view": x[1:], "other": [1, "a"]}, buffer)
    buffer.seek(0)
    found = torch.load(buffer)
    found["x"][1] = 9
    assert found["view"][0].item() == 9 and found["other"] == [1, "a"]


def test_S2_map_location():
    seen = []

    def here(storage, location):
        seen.append(location)

    for where in (here, torch.device("cpu"), "cpu", {"cuda:0": "cpu"}):
        buffer = io.BytesIO()
        torch.save(torch.ones(2), buffer)
        buffer.seek(0)
        assert torch.load(buffer, map_location=where).tolist() == [1, 1]
    assert seen == ["cpu"]


def test_S6_state_has_metadata():
    state = torch.nn.BatchNorm1d(2).state_dict()
    assert state._metadata[""]["version"] == 2


def test_G1_storages():
    storage = torch.FloatStorage([1, 2, 3])
    assert storage.tolist() == [1, 2, 3] and len(storage) == storage.size() == 3 and storage.element_size() == 4
    assert [storage.double().tolist(), storage.int().tolist(), storage.byte().tolist()] == [[1, 2, 3]] * 3
    assert storage.clone().fill_(5).tolist() == [5, 5, 5] and storage.copy_(torch.FloatStorage([4, 5, 6])).tolist() == [4, 5, 6]
    assert isinstance(torch.ones(1).long().storage(), torch.LongStorage) and not storage.is_cuda and storage.cpu() is storage
    assert pickle.loads(pickle.dumps(storage)).tolist() == [4, 5, 6]
    shared = torch.FloatStorage(3).share_memory_()
    assert shared.is_shared()
    with pytest.raises(RuntimeError):
        shared.resize_(10)


def test_G2_storages_over_files(tmp_path):
    path = str(tmp_path / "numbers")
    torch.IntStorage.from_file(path, shared=True, size=3).fill_(7)
    private = torch.IntStorage.from_file(path, shared=False, size=3)
    assert private.tolist() == [7, 7, 7]
    private[0] = 1
    assert torch.IntStorage.from_file(path, shared=True, size=3).tolist() == [7, 7, 7]
    with pytest.raises((RuntimeError, OSError)):
        torch.IntStorage.from_file(str(tmp_path / "missing"), shared=False, size=3)
    with pytest.raises((RuntimeError, OSError)):
        torch.IntStorage.from_file(path, shared=False, size=300)


def test_comparisons_in_place_end_a_history():
    x = torch.ones(3, requires_grad=True)
    y = x * 1
    y.eq_(1)
    assert torch.autograd.grad(y.sum(), x)[0].tolist() == [0, 0, 0] and not (x == 1).requires_grad


def test_median_of_all_shares_its_gradient():
    x = tensor([1.0, 2.0, 2.0, 3.0], requires_grad=True)
    x.median().backward()
    assert x.grad.tolist() == [0, 0.5, 0.5, 0] and torch.empty(0, dtype=torch.int32).median().item() == -2 ** 31


def test_integers_wrap_beside_tensors():
    x = torch.ones(2, dtype=torch.uint8)
    assert [(-1 - x).tolist(), (300 + x).tolist(), (300 // x).tolist(), (x + 300).tolist()] == [[254] * 2, [45] * 2, [44] * 2, [45] * 2]
    with pytest.raises(RuntimeError):
        torch.full((2,), 300, dtype=torch.uint8)
    assert torch.full((2,), -1, dtype=torch.uint8).tolist() == [255, 255]


def test_python_numbers_need_one_element():
    for call in (int, float, complex):
        with pytest.raises(ValueError):
            call(torch.ones(2))
    with pytest.raises(RuntimeError):
        torch.ones(2).item()
    assert torch.cosine_similarity(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([[[1.0], [4.0]]])).shape == (1, 2)
