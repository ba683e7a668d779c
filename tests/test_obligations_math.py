"""Behaviours of mathematics the documentation promises, one short test each, named by their number in the list of obligations."""
import math

import numpy as np
import pytest

import nb_nn as torch
from nb_nn import tensor

DOUBLE = torch.float64


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


def test_D7_finfo_and_iinfo():
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
