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
    (lambda: F.multilabel_margin_loss(tensor([1j]), tensor([0])), "ComplexFloat"),
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
])
@pytest.mark.filterwarnings("ignore")
def test_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


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
