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


@pytest.fixture
def defaults():
    """Restores the default type."""
    yield
    torch.set_default_dtype(torch.float32)


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


def test_C2_types_are_inferred(defaults):
    assert tensor([1.2, 3]).dtype is torch.float32 and tensor([1, 3]).dtype is torch.int64 and tensor([True]).dtype is torch.bool
    assert tensor(3).shape == () and tensor([]).shape == (0,) and tensor([]).dtype is torch.float32
    torch.set_default_dtype(DOUBLE)
    assert tensor([1.2]).dtype is DOUBLE and torch.zeros(1).dtype is DOUBLE


def test_C3_default_type_and_default_tensor_type_are_one(defaults):
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


def test_B1_broadcasting():
    a, b = torch.arange(3.0), torch.arange(2.0).view(2, 1) + 1
    for name in ("add", "sub", "mul", "div", "atan2", "fmod", "remainder", "pow", "eq", "lt", "max", "min"):
        assert getattr(torch, name)(a, b).shape == (2, 3)
    assert torch.where(b > 1, a, b).shape == torch.lerp(a.expand(2, 3), b, 0.5).shape == torch.addcmul(a, b, a).shape == (2, 3)
    assert a.masked_select(b > 1).tolist() == [0, 1, 2] and torch.dist(a, b).item() == pytest.approx(math.sqrt(1 + 0 + 1 + 4 + 1 + 0))
    x = torch.zeros(2, 3)
    x.copy_(a).masked_fill_(b > 1, 7).masked_scatter_(b < 2, torch.ones(3)).map_(a, lambda p, q: p + q)
    assert x.tolist() == [[1, 2, 3], [7, 8, 9]]
    assert torch.addmm(a, torch.ones(2, 2), torch.ones(2, 3)).shape == (2, 3) and torch.addr(a, b.view(-1), a).shape == (2, 3)


def test_B2_products_do_not_broadcast():
    m, v = torch.ones(2, 2), torch.ones(2)
    for call in (lambda: torch.mm(m, v), lambda: torch.mv(v, v), lambda: torch.bmm(m, m), lambda: torch.dot(m, m), lambda: torch.ger(m, v)):
        with pytest.raises(RuntimeError):
            call()
    assert torch.matmul(torch.ones(5, 1, 2, 3), torch.ones(4, 3, 2)).shape == (5, 4, 2, 2) and torch.matmul(v, m).shape == (2,)


def test_B3_normal_takes_the_shape_of_mean():
    assert torch.normal(torch.zeros(2, 3), torch.ones(6)).shape == (2, 3) and torch.normal(torch.zeros(6), torch.ones(3, 2)).shape == (6,)
    assert torch.normal(torch.zeros(2, 3), torch.ones(2, 3)).shape == (2, 3) and torch.normal(torch.zeros(4)).shape == (4,)


def test_B4_in_place_keeps_the_size():
    for call in (lambda x, y: x.add_(y), lambda x, y: x.copy_(y), lambda x, y: x.clamp_(y, y), lambda x, y: x.lerp_(y, 0.5)):
        x = torch.ones(3, 1)
        with pytest.raises(RuntimeError):
            call(x, torch.zeros(2, 3, 1))
        assert x.tolist() == [[1], [1], [1]]
    with pytest.raises(RuntimeError):
        torch.ones(2, 0) + torch.ones(2, 3)
    assert (torch.ones(2, 0) + torch.ones(2, 1)).shape == (2, 0)


def test_B5_tensordot_contracts_dimensions_of_one():
    assert torch.tensordot(torch.ones(2, 3), torch.ones(1, 4), 1).tolist() == [[3.0] * 4] * 2


def test_D1_masks_are_bool_and_uint8_is_accepted():
    x = tensor([1.0, 2.0])
    assert (x > 1).dtype is torch.bool and torch.isnan(x).dtype is torch.bool
    out = torch.empty(2, dtype=torch.uint8)
    assert torch.gt(x, 1, out=out).tolist() == [0, 1] and x[out].tolist() == [2] and torch.where(out, x, -x).tolist() == [-1, 2]
    assert (1 - (x > 1)).tolist() == [True, False] and x.storage().bool().tolist() == [True, True]


def test_D2_scalars_of_integer_operands_are_integers():
    with pytest.raises(RuntimeError):
        torch.add(tensor([1]), tensor([1]), alpha=0.5)
    with pytest.raises(RuntimeError):
        torch.addmm(torch.ones(1, 1).long(), torch.ones(1, 1).long(), torch.ones(1, 1).long(), beta=0.5)
    assert torch.add(tensor([1]), tensor([1]), alpha=3).tolist() == [4]


def test_D3_results_promote():
    assert (tensor([1]) + tensor([1.5])).dtype is torch.float32 and (tensor([1], dtype=torch.uint8) + tensor([1])).dtype is torch.int64
    assert (tensor([1]) + 1.5).dtype is torch.float32 and (tensor([1.0]) * tensor(2.0, dtype=DOUBLE)).dtype is torch.float32
    with pytest.raises(RuntimeError):
        tensor([1]).add_(1.5)


def test_D4_dtype_casts_first():
    big = torch.full((4,), 200, dtype=torch.uint8)
    assert big.sum(dtype=torch.uint8).item() == 800 % 256 and big.sum().item() == 800 and big.prod(dtype=DOUBLE).item() == 200 ** 4
    assert big.cumsum(0, dtype=torch.float32).dtype is torch.float32 and big.cumprod(0, dtype=DOUBLE)[-1].item() == 200 ** 4
    assert torch.ones(2).norm(dtype=DOUBLE).dtype is DOUBLE and tensor([1, 2]).softmax(0, dtype=DOUBLE).dtype is DOUBLE


def test_D5_bernoulli_and_random_bounds():
    assert torch.empty(5, dtype=torch.int64).bernoulli_(0.5).dtype is torch.int64
    with pytest.raises(RuntimeError):
        torch.bernoulli(tensor([0, 1]))
    for kind, bits in ((torch.float32, 24), (DOUBLE, 53), (torch.float16, 11), (torch.uint8, 8), (torch.int64, 63)):
        drawn = torch.empty(1000, dtype=kind).random_().double()
        assert drawn.min() >= 0 and 2.0 ** (bits - 1) < drawn.max() <= 2.0 ** bits


def test_D6_conversions_return_itself():
    x = torch.ones(2)
    assert x.to("cpu") is x and x.to(torch.float32) is x and x.cpu() is x and x.type(torch.FloatTensor) is x and x.float() is x
    assert x.to(torch.float32, copy=True) is not x and x.type("torch.DoubleTensor").dtype is DOUBLE and x.type() == "torch.FloatTensor"


def test_D7_finfo_and_iinfo(defaults):
    for kind, like in ((torch.float16, np.float16), (torch.float32, np.float32), (DOUBLE, np.float64)):
        mine, his = torch.finfo(kind), np.finfo(like)
        assert (mine.bits, mine.eps, mine.max, mine.tiny) == (his.bits, float(his.eps), float(his.max), float(his.tiny))
    assert torch.iinfo(torch.int16).max == 2 ** 15 - 1 and torch.iinfo(torch.uint8).bits == 8 and torch.iinfo(torch.int8).min == -128
    torch.set_default_dtype(DOUBLE)
    assert torch.finfo().bits == 64


def test_R1_lists_of_dims():
    x = torch.randn(2, 3, 4)
    for name in ("sum", "mean", "std", "var", "logsumexp"):
        function = getattr(torch, name)
        assert function(x, (0, 2)).shape == (3,) and function(x, [0, -1], keepdim=True).shape == (1, 3, 1) and function(x, 1).shape == (2, 4)


def test_R2_named_results():
    x = torch.randn(3, 3)
    for found in (x.max(0), x.min(0), x.median(0), x.mode(0), x.kthvalue(1), x.sort(), x.topk(2)):
        assert found.values is found[0] and found.indices is found[1]
    assert repr(tensor([1, 2]).max(0)) == "torch.return_types.max(\nvalues=tensor(2),\nindices=tensor(1))"
    u, s, v = torch.svd(x)
    assert torch.allclose(u @ torch.diag(s) @ v.t(), x, atol=1e-5) and torch.svd(x).U.shape == (3, 3)
    assert torch.qr(x).Q.shape == torch.symeig(x, True).eigenvectors.shape == torch.eig(x, True).eigenvectors.shape == (3, 3)
    assert torch.geqrf(x).tau.shape == (3,) and torch.pstrf(x @ x.t() + torch.eye(3)).pivot.shape == (3,)


def test_R3_spreads_are_unbiased():
    x = tensor([1.0, 2.0, 4.0])
    assert x.var().item() == pytest.approx(np.var([1, 2, 4], ddof=1)) and x.std(unbiased=False).item() == pytest.approx(np.std([1, 2, 4]))


def test_R4_argmax_flattens():
    assert tensor([[1, 5], [7, 2]]).argmax().item() == 2 and tensor([[1, 5], [7, 2]]).argmin(1).tolist() == [0, 1]


def test_R5_norms():
    x = torch.arange(8.0).view(2, 2, 2)
    assert x.norm().item() == pytest.approx(math.sqrt(140)) and x.norm(math.inf).item() == 7 and x.norm(-math.inf).item() == 0
    assert torch.norm(x, dim=(1, 2)).tolist() == pytest.approx([math.sqrt(14), math.sqrt(126)]) and x.norm(0).item() == 7
    assert torch.norm(x[0], "nuc").item() == pytest.approx(np.linalg.norm(x[0].numpy(), "nuc"), rel=1e-5)
    with pytest.raises(RuntimeError):
        x.norm("other")
    with pytest.raises(RuntimeError):
        torch.norm(torch.ones(0), -1)


def test_R6_unique():
    found, inverse = torch.unique(tensor([3, 1, 3]), return_inverse=True)
    assert found.tolist() == [1, 3] and inverse.tolist() == [1, 0, 1]
    assert torch.unique(tensor([[1, 2], [1, 2]]), dim=0).tolist() == [[1, 2]]


def test_R7_last_dimension_by_default():
    x = torch.randn(2, 5)
    for found in (x.kthvalue(2), x.median(-1), x.topk(1), x.sort(), x.mode()):
        assert found[0].shape[0] == 2


def test_R8_allclose_all_and_any():
    nan = float("nan")
    assert not torch.allclose(tensor([10000.0, 1e-07]), tensor([10000.1, 1e-08]))
    assert torch.allclose(tensor([10000.0, 1e-08]), tensor([10000.1, 1e-09])) and not torch.allclose(tensor([nan]), tensor([nan]))
    assert torch.allclose(tensor([nan]), tensor([nan]), equal_nan=True) and not torch.allclose(tensor([1.0]), tensor([1.1]))
    mask = tensor([1, 0], dtype=torch.uint8)
    assert not mask.all() and mask.any() and mask.all().dtype is torch.uint8 and (mask > 0).any().dtype is torch.bool


def test_R9_mvlgamma_checks_its_domain():
    with pytest.raises(RuntimeError):
        torch.mvlgamma(tensor([0.4]), 2)


def test_P1_scalars_first():
    one, m = torch.ones(2, 2), torch.eye(2)
    assert torch.add(one, 10, m)[0, 0].item() == 11 and one.sub(10, m)[0, 0].item() == -9
    assert torch.addcdiv(one, 0.5, m, one)[0, 0].item() == 1.5 and torch.addcmul(one, 2, one, one)[0, 0].item() == 3
    assert torch.addmm(2, one, 3, m, m)[0, 0].item() == 5 and torch.baddbmm(2, one[None], 3, m[None], m[None])[0, 0, 0].item() == 5
    assert one[0].addmv(2, 3, m, one[0]).tolist() == [5, 5] and one.clone().addr_(2, 3, m[0], m[0])[0, 0].item() == 5
    assert torch.add(one, m, alpha=10)[0, 0].item() == 11 and torch.addmm(one, m, m, beta=2, alpha=3)[0, 0].item() == 5


def test_P2_signs_of_remainders():
    x = tensor([-3.0, -2.0, 3.0])
    assert x.fmod(2).tolist() == [-1, 0, 1] and x.remainder(2).tolist() == [1, 0, 1] and x.remainder(-2).tolist() == [-1, 0, -1]


def test_P3_frac_truncates():
    assert torch.frac(tensor([1, 2.5, -3.2])).tolist() == pytest.approx([0, 0.5, -0.2], abs=1e-6)
    assert torch.ceil(tensor([1.0, -0.5, 1.2])).tolist() == [1, 0, 2]
    with pytest.raises(RuntimeError, match="frac"):
        torch.frac(tensor([1]))


def test_P4_clamp_and_log():
    x, nan = tensor([-2.0, 0.5, 3.0]), float("nan")
    assert x.clamp(0, 1).tolist() == [0, 0.5, 1] and x.clamp(min=0).tolist() == [0, 0.5, 3] and x.clamp(max=0).tolist() == [-2, 0, 0]
    assert torch.isnan(tensor([-1.0]).log()).all() and torch.isnan(x.clamp(nan, 1)).all() and torch.isnan(x.clamp(0, nan)).all()
    assert torch.isnan(tensor([nan]).clamp(0, 1)).all()


def test_P5_where_selects():
    assert torch.where(tensor([1, 0], dtype=torch.uint8), tensor([1.0, 2.0]), tensor([3.0, 4.0])).tolist() == [1, 4]


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


def test_L1_batches():
    a = torch.randn(2, 3, 3, dtype=DOUBLE)
    a = a @ a.transpose(1, 2) + torch.eye(3, dtype=DOUBLE)
    b = torch.randn(2, 3, 2, dtype=DOUBLE)
    root = torch.cholesky(a)
    assert torch.allclose(root @ root.transpose(1, 2), a) and torch.allclose(a @ torch.cholesky_solve(b, root), b)
    assert torch.allclose(a @ torch.solve(b, a)[0], b) and torch.allclose(a @ a.inverse(), torch.eye(3, dtype=DOUBLE).expand(2, 3, 3))
    assert torch.allclose(torch.matrix_power(a, 3), a @ a @ a) and torch.equal(a.tril() + a.triu(1), a)


def test_L2_and_L3_upper_and_deprecated_spellings():
    a = tensor([[4.0, 2.0], [2.0, 3.0]])
    lower = torch.cholesky(a)
    assert lower[0, 1].item() == 0 and torch.allclose(torch.potrf(a), lower.t()) and torch.allclose(torch.potri(torch.potrf(a)), a.inverse())
    b = torch.ones(2, 1)
    for found in (torch.cholesky_solve(b, lower), torch.potrs(b, torch.potrf(a)), torch.gesv(b, a)[0], torch.solve(b, a)[0],
                  torch.btrisolve(b.t(), *torch.btrifact(a[None])).t()):
        assert torch.allclose(a @ found, b, atol=1e-6)
    upper, pivot = torch.pstrf(a)
    assert torch.allclose(upper.t() @ upper, a[pivot.long()][:, pivot.long()], atol=1e-6)


def test_L5_determinants():
    flipped, singular = tensor([[0.0, 1.0], [1.0, 0.0]]), torch.ones(2, 2)
    assert torch.isnan(torch.logdet(flipped)) and torch.logdet(singular).item() == -math.inf
    assert [one.item() for one in torch.slogdet(singular)] == [0, -math.inf] and torch.slogdet(flipped)[0].item() == -1
    x = torch.ones(2, 2, dtype=DOUBLE, requires_grad=True)
    torch.det(x).backward()
    assert torch.allclose(x.grad, tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=DOUBLE))


def test_L6_svd_without_vectors():
    u, s, v = torch.svd(torch.randn(2, 3), compute_uv=False)
    assert not u.any() and not v.any() and s.shape == (2,) and torch.svd(torch.randn(2, 3), some=False)[2].shape == (3, 3)


def test_L7_eig_packs_complex_pairs():
    values, vectors = torch.eig(tensor([[0.0, -1.0], [1.0, 0.0]]), eigenvectors=True)
    assert values.shape == (2, 2) and sorted(values[:, 1].tolist()) == pytest.approx([-1, 1]) and vectors.shape == (2, 2)


def test_L8_gels():
    a = torch.randn(5, 3)
    x = torch.randn(3, 2)
    assert torch.allclose(torch.gels(a @ x, a)[0][:3], x, atol=1e-4) and torch.allclose(a.t() @ torch.gels(x, a.t())[0], x, atol=1e-4)


def test_L9_chains_ranks_and_pseudoinverses():
    a, b, c = torch.randn(3, 4), torch.randn(4, 5), torch.randn(5, 2)
    assert torch.allclose(torch.chain_matmul(a, b, c), a @ b @ c, atol=1e-5) and torch.matrix_rank(torch.ones(3, 3)).item() == 1
    assert torch.allclose(a @ torch.pinverse(a) @ a, a, atol=1e-4)


def test_L10_einsum():
    x, y = torch.randn(2, 3), torch.randn(3, 4)
    assert torch.allclose(torch.einsum("ba,ac", x, y), (x @ y)) and torch.einsum("ba", x).shape == (3, 2)
    assert torch.equal(torch.einsum("ii->i", torch.eye(3)), torch.ones(3)) and torch.einsum("...ij", torch.ones(5, 2, 3)).shape == (5, 2, 3)
    with pytest.raises(RuntimeError):
        torch.einsum("ii", torch.ones(3, 1))


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
