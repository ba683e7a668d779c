"""What operations answer for types they are seldom given, and at the edges of sizes, beside NumPy."""
import numpy as np
import pytest

import nb_nn as torch
from nb_nn import tensor

F = torch.nn.functional


@pytest.mark.parametrize("call, name", [
    (lambda: F.gelu(torch.ones(2).long()), "Long"), (lambda: torch.hypot(tensor([1]), tensor([1])), "Long"),
    (lambda: torch.gcd(torch.ones(2), torch.ones(2)), "Float"), (lambda: torch.nextafter(tensor([1]), tensor([2])), "Long"),
    (lambda: tensor([1j]).sort(), "ComplexFloat"), (lambda: torch.digamma(tensor([1j])), "ComplexFloat"),
    (lambda: torch.round(tensor([True])), "Bool"), (lambda: F.mse_loss(tensor([1]), tensor([1])), "Long"),
    (lambda: torch.histogram(tensor([1]), 2), "Long"), (lambda: torch.histogramdd(torch.ones(2, 2).bfloat16(), 2), "BFloat16"),
    (lambda: tensor([0j]).scatter_reduce(0, tensor([0]), tensor([1j]), "amax"), "ComplexFloat"),
    (lambda: tensor([0j]).index_reduce(0, tensor([0]), tensor([1j]), "amin"), "ComplexFloat"),
    (lambda: F.multilabel_margin_loss(tensor([1j]), tensor([0])), "ComplexFloat"), (lambda: F.multi_margin_loss(tensor([1j]), tensor([0])), "ComplexFloat"),
    (lambda: F.binary_cross_entropy(tensor([1j]), tensor([1j])), "ComplexFloat"), (lambda: torch.searchsorted(tensor([1.0]), 1j), "ComplexFloat"),
    (lambda: F.instance_norm(torch.ones(1, 2, 3) * 1j, torch.zeros(2), torch.ones(2)), "ComplexFloat"),
    (lambda: torch.zeros(2).long().normal_(), "Long"), (lambda: torch.cross(torch.ones(3).bool(), torch.ones(3).bool(), dim=0), "Bool"),
])
def test_a_type_without_meaning_is_not_implemented(call, name):
    with pytest.raises(NotImplementedError, match=f"not implemented for '{name}'"):
        call()


@pytest.mark.parametrize("call, error, words", [
    (lambda: F.dropout(tensor([1, 2])), RuntimeError, "can't be cast to the desired output type Long"),
    (lambda: F.hardtanh(torch.ones(2).byte()), RuntimeError, "unsigned type with negative limits"),
    (lambda: torch.stft(torch.ones(20).long(), 4), RuntimeError, "floating point or complex"),
    (lambda: torch.gradient(torch.ones(4).byte()), RuntimeError, "does not support uint8"),
    (lambda: torch.randint(3, (2,), dtype=torch.complex64), RuntimeError, "not for complex"),
    (lambda: torch.zeros(2, dtype=torch.complex64).cauchy_(), RuntimeError, "must be a floating point"),
    (lambda: torch.range(0, 2, dtype=torch.complex64), NotImplementedError, "range_cpu"),
    (lambda: F.triplet_margin_loss(torch.ones(2, 2), torch.ones(2, 2), torch.ones(2, 2), margin=-1), ValueError, "margin must be greater"),
    (lambda: F.adaptive_avg_pool2d(torch.ones(2, 2), [2, 2]), ValueError, "Expected 3D or 4D"),
    (lambda: torch.histogramdd(torch.ones(3, 2), [2, 2, 2]), RuntimeError, "size of bins"),
    (lambda: torch.histogramdd(torch.ones(3, 2), 2, range=(0.0, 1.0)), RuntimeError, "should have 4 elements"),
    (lambda: torch.histogram(torch.ones(3), tensor([1.0])), RuntimeError, "2 elements or more"),
    (lambda: F.relu6(torch.ones(2).bool()), RuntimeError, "Bool inputs not supported"), (lambda: torch.topk(torch.ones(2).bool(), 1), RuntimeError, "does not support bool"),
    (lambda: torch.gradient(torch.ones(4).bool()), RuntimeError, "does not support bool"), (lambda: torch.mvlgamma(torch.ones(2).bool(), 1), RuntimeError, "boolean"),
    (lambda: torch.trapezoid(torch.ones(2).bool()), RuntimeError, "bool is not supported"), (lambda: F.tanhshrink(torch.ones(2).bool()), RuntimeError, "bool"),
    (lambda: torch.linalg.vander(torch.ones(2).bool()), RuntimeError, "supports floating"), (lambda: torch.linalg.vecdot(tensor([1]), tensor([1])), RuntimeError, "Got Long"),
    (lambda: torch.linalg.vecdot(tensor([1.0]), tensor([1j])), RuntimeError, "same dtype"), (lambda: torch.meshgrid(tensor([1]), tensor([1.0])), RuntimeError, "same dtype"),
    (lambda: F.bilinear(torch.ones(2), torch.ones(2), torch.ones(1, 2, 2).double()), RuntimeError, "same dtype"),
    (lambda: torch.lerp(torch.ones(2), torch.ones(2), torch.ones(2).double()), RuntimeError, "for `weight`"),
    (lambda: F.binary_cross_entropy(torch.ones(2), torch.ones(2).double()), RuntimeError, "Found target of dtype"),
    (lambda: F.multi_margin_loss(torch.ones(1, 2), tensor([0]), weight=torch.ones(2).double()), RuntimeError, "expected weight"),
    (lambda: torch.histogramdd(torch.ones(3, 2), 2, weight=torch.ones(3).double()), RuntimeError, "same dtype"),
    (lambda: torch.linalg.vector_norm(tensor([1j]), dtype=torch.float32), RuntimeError, "should be complex"),
    (lambda: torch.istft(torch.ones(3, 4) * 1j, 4, window=torch.ones(4) * 1j), RuntimeError, "Complex windows"),
    (lambda: torch.searchsorted(tensor([1]), tensor([1]), out=torch.zeros(1)), RuntimeError, "dtype is wrong"),
    (lambda: torch.searchsorted(tensor([1]), tensor([1]), sorter=tensor([0]).int()), RuntimeError, "long dtype"),
    (lambda: torch.randint(0, 257, (2,), dtype=torch.uint8), RuntimeError, "out of bounds for uint8"), (lambda: torch.zeros(2).half().random_(1 << 17), RuntimeError, "float16"),
    (lambda: torch.randint(3, (2,), dtype=torch.bool), RuntimeError, "out of bounds for bool"), (lambda: torch.arange(0.5, 2, 0.5, dtype=torch.int64), ValueError, "nonzero"),
    (lambda: tensor([7]).int().fmod(1 << 40), RuntimeError, "ZeroDivisionError"), (lambda: tensor([7]).byte() % 256, RuntimeError, "ZeroDivisionError"),
    (lambda: torch.amax(torch.zeros(0, 2)), RuntimeError, "Specify the reduction dim"), (lambda: torch.amax(torch.zeros(0, 2), 0), IndexError, "non-zero size"),
    (lambda: torch.hstack([]), RuntimeError, "non-empty"), (lambda: torch.unbind(tensor(1)), IndexError, "no dimensions"), (lambda: torch.roll(tensor(1), 0, 0), IndexError, "no dim"),
    (lambda: torch.movedim(torch.ones(2, 2), (0, 1), (0,)), RuntimeError, "same number of"), (lambda: torch.polar(1, torch.ones(2)), TypeError, "two tensors"),
    (lambda: torch.linspace(torch.ones(2), 1, 3), RuntimeError, "0-dimensional"), (lambda: torch.logcumsumexp(torch.zeros(0, 2), 3), IndexError, "out of range"),
])
@pytest.mark.filterwarnings("ignore")
def test_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("call", [
    lambda x: torch.add(x, x, alpha=1j), lambda x: torch.addcmul(x, x, x, value=1j), lambda x: x.addcdiv_(x, x, value=1j), lambda x: torch.lerp(x, x, 1j),
    lambda x: torch.addmv(x, torch.ones(2, 2), x, beta=1j), lambda x: x.index_add(0, tensor([0]), x[:1], alpha=1j), lambda x: F.elu(x, 1j), lambda x: F.leaky_relu_(x, 1j),
    lambda x: F.softplus(x, 1j), lambda x: F.threshold(x, 1j, 1), lambda x: F.softshrink(x, 1j), lambda x: F.hardshrink(x, 1j),
])
def test_complex_factors_of_real_numbers_are_refused(call):
    x = torch.ones(2)
    for one in (x, x.clone().requires_grad_() * 1):
        with pytest.raises(RuntimeError, match="complex|overflow|greater"):
            call(one)
        assert one.tolist() == [1, 1]


def test_operands_of_several_types_promote():
    made = torch.addr(torch.ones(2, 2), tensor([1j, 2]), tensor([1, 2]), beta=3)
    np.testing.assert_allclose(made.numpy(), 3 + np.outer([1j, 2], [1, 2]))
    mask = tensor([True, False])
    assert torch.equal(torch.addr(torch.ones(2, 2).bool() ^ True, mask, mask, beta=3), torch.outer(mask.int(), mask.int()).bool())
    assert torch.equal(torch.einsum("i,j->ij", tensor([1, 2]), tensor([1j, 3])), tensor([[1j, 3], [2j, 6]]))
    assert torch.where(mask, tensor([7, 7]).byte(), -1).tolist() == [7, 255]
    assert torch.gradient(tensor([1.0, 2.0]), spacing=(tensor([0, 1j]),))[0].tolist() == [-1j, -1j]
    assert torch.searchsorted(tensor([1, 2]).int(), 1 << 40).item() == 0
    assert torch.add(2, 3.5).item() == 5.5 and torch.mul(2, 3).dtype is torch.int64 and torch.div(1, 2).item() == 0.5
    for name, decides in (("huber_loss", 0), ("soft_margin_loss", 0), ("hinge_embedding_loss", 0), ("binary_cross_entropy_with_logits", 1)):
        pair = torch.ones(2), torch.ones(2).double()
        assert getattr(F, name)(*pair).dtype is pair[decides].dtype and getattr(F, name)(*pair[::-1]).dtype is pair[1 - decides].dtype
    assert F.rms_norm(torch.ones(2), (2,), torch.ones(2).double(), 1.0).dtype is torch.float32
    z = np.array([1 + 2j, -0.5j])
    np.testing.assert_allclose(F.rms_norm(torch.from_numpy(z), (2,), eps=0.5).numpy(), z / np.sqrt((z * z).mean() + 0.5))
    np.testing.assert_allclose(F.adaptive_avg_pool1d(torch.from_numpy(z).view(1, 2), 1).numpy(), [[z.mean()]])


def test_ranges_of_integers_cut_their_bounds():
    assert torch.arange(0.5, 8.7, 2.5, dtype=torch.int64).tolist() == [0, 2, 4, 6] and torch.arange(-1.5, 3, 1.9, dtype=torch.int32).tolist() == [-1, 0, 1]
    assert torch.arange(0.0, -8.000001, -4.0, dtype=torch.int64).tolist() == [0, -4] and torch.arange(0.9, 3.1, 0.5, dtype=torch.int32).tolist() == [0] * 5


def test_logarithms_of_sums_turn_with_their_largest_term():
    z = np.array([1 + 3j, 0.9 + 3j, 1.2 - 3j, 0.5 + 9j, 1.1 + 2.9j, 1 - 8j])
    total, expected = z[0], [z[0]]
    for one in z[1:]:                           # as adding one after the other does: log(1 + small / large) + log(large)
        small, large = (one, total) if one.real < total.real else (total, one)
        total = np.log1p(np.exp(small - large)) + large
        expected.append(total)
    np.testing.assert_allclose(torch.logcumsumexp(torch.from_numpy(z), 0).numpy(), expected)
    np.testing.assert_allclose(torch.logcumsumexp(torch.from_numpy(np.stack([z, z])), 1).numpy(), [expected, expected])


def test_what_nothing_leaves():
    x = torch.ones(2, requires_grad=True)
    (grad,) = torch.autograd.grad(x.gather(0, torch.zeros(2, 0).long()).sum(), x)
    assert grad.tolist() == [0, 0]
    assert torch.diff(tensor([1, 2]), n=0, prepend=tensor([5])).tolist() == [1, 2]
    a = torch.eye(2).requires_grad_()
    (grad,) = torch.autograd.grad(torch.linalg.matrix_power(a, 0).sum() + torch.linalg.householder_product(a, torch.zeros(0)).sum(), a)
    assert not grad.any()
    for ord in (2, "nuc", float("inf")):
        assert torch.linalg.norm(torch.zeros(0, 5), ord).item() == 0
    with pytest.raises(RuntimeError, match="not defined"):
        torch.linalg.vector_norm(torch.zeros(0), float("inf"))
    weight = torch.ones(2, 2, requires_grad=True)
    made = F.embedding(tensor([0, 0]), weight, sparse=True, scale_grad_by_freq=True)
    with pytest.raises(RuntimeError, match="not supported with sparse"):
        made.sum().backward()
    counts = torch.histogram(torch.ones(3).half(), tensor([0.0, 1, 2]).half())
    assert counts.hist.dtype is torch.float16 and counts.hist.tolist() == [0, 3]


@pytest.mark.parametrize("name, kind", [("lcm_", torch.int64), ("gcd_", torch.int64), ("nextafter_", torch.float32), ("nextafter_", torch.float16), ("igamma_", torch.float32),
                                        ("igammac_", torch.float64), ("hypot_", torch.float32), ("xlogy_", torch.float32), ("add_", torch.float32)])
def test_a_tensor_does_not_grow_in_place(name, kind):
    x = torch.ones(5, 1, dtype=kind)
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        getattr(x, name)(torch.ones(5, dtype=kind))
    assert x.shape == (5, 1) and (x == 1).all()


def test_images_with_channels_last_are_joined_so():
    x = torch.arange(48.0).view(2, 3, 2, 4).contiguous(memory_format=torch.channels_last)
    for dim in range(4):
        made = torch.cat([x, x + 1], dim)
        assert made.is_contiguous(memory_format=torch.channels_last)
        np.testing.assert_array_equal(made.numpy(), np.concatenate([x.numpy(), x.numpy() + 1], dim))
    large = torch.ones(2, 3, 80, 80).contiguous(memory_format=torch.channels_last)
    assert torch.cat([large, large], 1).is_contiguous(memory_format=torch.channels_last) and torch.cat([large, large.contiguous()], 1).is_contiguous()


def test_losses_and_sums_of_integers():
    x, y = np.array([1, 5, 2]), np.array([3, 3, 3])
    a, b = tensor(x.tolist()), tensor(y.tolist())
    assert F.l1_loss(a, b, reduction="sum").item() == np.abs(x - y).sum()
    assert F.margin_ranking_loss(a, b, tensor([1, 1, -1]), 1).item() == np.maximum(1 - np.array([1, 1, -1]) * (x - y), 0).mean()
    assert F.poisson_nll_loss(a, b).item() == pytest.approx((np.exp(x) - y * x).mean(), rel=1e-6)
    assert F.pairwise_distance(a.view(1, 3), b.view(1, 3), eps=0).item() == pytest.approx(np.linalg.norm(x - y))
    m, n = np.arange(12).reshape(3, 2, 2), np.arange(12).reshape(3, 2, 2) % 5
    total = torch.addbmm(torch.ones(2, 2).int(), torch.from_numpy(m).int(), torch.from_numpy(n).int())
    assert total.dtype is torch.int32 and np.array_equal(total.numpy(), 1 + (m @ n).sum(0))


def test_activations_and_norms_of_complex_numbers():
    z = np.array([1 + 2j, -0.5j, 3 - 4j, 0.25])
    t = torch.from_numpy(z).requires_grad_()
    for ours, theirs in ((F.silu, lambda z: z / (1 + np.exp(-z))), (F.softsign, lambda z: z / (1 + abs(z))),
                         (F.tanhshrink, lambda z: z - np.tanh(z)), (lambda z: torch.logsumexp(z, 0), lambda z: np.log(np.exp(z).sum()))):
        np.testing.assert_allclose(ours(t).detach().numpy(), theirs(z), rtol=1e-12)
        assert torch.autograd.gradcheck(ours, (t,))
        assert torch.autograd.gradgradcheck(ours, (t,))
    large = torch.logsumexp(tensor([[1000 + 1j, 1000 + 1j]], dtype=torch.complex128), 1, True)
    np.testing.assert_allclose(large.numpy(), [[1000 + np.log(2) + 1j]])


@pytest.mark.parametrize("kind, unit", [(torch.float16, np.float16), (torch.bfloat16, None)])
def test_nextafter_of_halves_is_the_next_pattern(kind, unit):
    x = tensor([1.0, 1, 0, 0, -1, -1, 2, 3, -0.0], dtype=kind)
    y = tensor([2.0, 0, 1, -1, 0, -2, 2, float("inf"), -1], dtype=kind)
    found = torch.nextafter(x, y)
    steps = found.view(torch.int16).int() - x.view(torch.int16).int()
    assert steps[[0, 1, 4, 5, 6, 7]].tolist() == [1, -1, -1, 1, 0, 1]
    assert found[2].item() > 0 > found[3].item() and found[8].item() < 0
    if unit is not None:
        np.testing.assert_array_equal(found.numpy(), np.nextafter(x.numpy(), y.numpy()))
    assert torch.nextafter(tensor(float("nan"), dtype=kind), y[0]).isnan() and torch.nextafter(y[0], tensor(float("nan"), dtype=kind)).isnan()


def test_histogramdd_is_numpys():
    x = np.random.default_rng(0).standard_normal((40, 3))
    weights = np.random.default_rng(1).random(40)
    for density in (False, True):
        counts, edges = torch.histogramdd(torch.from_numpy(x), [2, 3, 4], weight=torch.from_numpy(weights), density=density)
        expected, limits = np.histogramdd(x, [2, 3, 4], weights=weights, density=density)
        np.testing.assert_allclose(counts.numpy(), expected)
        for one, other in zip(edges, limits):
            np.testing.assert_allclose(one.numpy(), other)
    inside = torch.histogramdd(torch.from_numpy(x), 2, range=(-1.0, 1.0) * 3)[0]
    np.testing.assert_array_equal(inside.numpy(), np.histogramdd(x, 2, [(-1, 1)] * 3)[0])
    falling = torch.histogramdd(torch.ones(3, 2), [tensor([2.0, 0.0]), tensor([0.0, 2.0])])
    assert falling.hist.tolist() == [[0.0]]
    assert torch.histogram(tensor([1.0, 2.0]), tensor([3.0, 1.0])).hist.tolist() == [0.0]


def test_sizes_of_nothing_and_of_one_number():
    for shape, r in (((1, 1, 0, 1), 1), ((0, 4, 2, 2), 2), ((1, 0, 1, 1), 2)):
        for kind in (torch.float32, torch.int64):
            made = F.pixel_shuffle(torch.zeros(shape, dtype=kind), r)
            assert made.shape == (*shape[:1], shape[1] // r ** 2, shape[2] * r, shape[3] * r)
            assert F.pixel_unshuffle(made, r).shape == (shape[0], made.shape[1] * r * r, *shape[2:])
    pixels = torch.arange(16).view(1, 1, 4, 4)
    assert torch.equal(F.pixel_shuffle(F.pixel_unshuffle(pixels, 2), 2), pixels)
    assert torch.equal(F.pixel_unshuffle(pixels, 2), F.pixel_unshuffle(pixels.double(), 2).long())
    assert torch.gather(torch.ones(2), 0, torch.zeros(0).byte()).shape == (0,)
    assert tensor([1.0]).scatter(0, torch.zeros(0).byte(), 2.0).tolist() == [1.0]
    assert torch.linalg.vander(tensor(2.0), N=3).tolist() == [[1.0, 2.0, 4.0]]
    total = tensor(3, dtype=torch.int32).sum_to_size(())
    assert total.item() == 3 and total.dtype is torch.int64
    empty = torch.zeros(0, 0, dtype=torch.float64, requires_grad=True)
    grad, = torch.autograd.grad(torch.linalg.eigvals(empty).abs().sum(), empty, create_graph=True)
    assert torch.autograd.grad(grad.sum(), empty)[0].shape == (0, 0)


def test_results_keep_the_order_that_is_asked_for():
    assert torch.ones(2, 3).t().masked_fill(tensor([True, False]), 3).is_contiguous()
    spread = torch.arange(18.0).view(3, 6)[:, ::2]
    made = torch.as_strided_scatter(spread, -torch.ones(2, 2), (2, 2), (6, 2), 0)
    expected = spread.numpy().copy()
    expected[:2, :2] = -1
    assert np.array_equal(made.numpy(), expected) and made.stride() == spread.stride()
    x = torch.arange(9.0, dtype=torch.float64)[::2].requires_grad_()
    assert torch.autograd.gradcheck(lambda x, y: torch.as_strided_scatter(x, y, (2,), (4,), 0), (x, torch.ones(2).double().requires_grad_()))
    factors = torch.lu(torch.eye(2), get_infos=True)
    assert type(factors).__name__ == "_lu_with_info" and factors.info.item() == 0 and torch.equal(factors.LU, torch.eye(2))


@pytest.mark.parametrize("include", [True, False])
def test_second_derivatives_of_products_with_a_zero(include):
    x = tensor([[0.5, -1.0], [2.0, 0.0], [1.5, 3.0]], dtype=torch.float64, requires_grad=True)
    y = tensor([[0.0, 2.0], [1.5, 0.0], [-1.0, 2.5], [0.7, 1.1]], dtype=torch.float64, requires_grad=True)
    index = tensor([0, 1, 2, 0])
    reduced = lambda x, y: x.index_reduce(0, index, y, "prod", include_self=include)
    assert torch.autograd.gradcheck(reduced, (x, y)) and torch.autograd.gradgradcheck(reduced, (x, y))


def test_polynomials_cut_their_degree():
    x, n = np.array([0.3, 0.3, 0.3, 2.0]), np.array([-0.5, -1.0, 2.9, np.nan])
    assert torch.special.chebyshev_polynomial_t(torch.from_numpy(x), torch.from_numpy(n)).tolist() == pytest.approx([1, 0, 2 * 0.09 - 1, 0])
