"""Layers' functions in the torch namespace: what differs from `nn.functional` is how they are called."""
import numpy as np
import pytest

import nb_nn as torch
from nb_nn.nn import functional as F

x = torch.randn(4, 3, 5)


def same(a, b):
    np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def test_normalizations_take_weight_and_bias_first():
    weight, bias, mean, var = torch.rand(3), torch.rand(3), torch.rand(3), torch.rand(3) + 1
    same(torch.batch_norm(x, weight, bias, mean, var, False, 0.1, 1e-5, True), F.batch_norm(x, mean, var, weight, bias, False))
    same(torch.instance_norm(x, weight, bias, None, None, True, 0.1, 1e-5, True), F.instance_norm(x, weight=weight, bias=bias))
    same(torch.layer_norm(x, (5,), cudnn_enable=False), F.layer_norm(x, (5,)))
    same(torch.group_norm(x, 3, weight, bias, cudnn_enabled=False), F.group_norm(x, 3, weight, bias))
    result, center, scale = torch.native_batch_norm(x, weight, bias, None, None, True, 0.1, 1e-5)
    a = x.numpy()
    np.testing.assert_allclose(center.numpy(), a.mean((0, 2)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(scale.numpy(), 1 / np.sqrt(a.var((0, 2)) + 1e-5), rtol=1e-5)
    same(result, F.batch_norm(x, None, None, weight, bias, True))


def test_dropouts_take_train_by_position():
    assert torch.dropout(x, 0.5, False) is x and (torch.dropout(x, 1.0, True) == 0).all()
    made = torch.feature_dropout(torch.ones(50, 40, 3), 0.5, True)
    assert ((made == 0).all(2) | (made == 2).all(2)).all()
    y = x.clone()
    assert torch.dropout_(y, 1.0, train=True) is y and (y == 0).all()
    for name in ("alpha_dropout_", "feature_alpha_dropout_", "feature_dropout_"):
        y = x.clone()
        assert getattr(torch, name)(y, 0.5, False) is y and torch.equal(x, y)
    with pytest.raises(TypeError):
        torch.dropout(x, 0.5)


def test_random_slopes_come_from_the_generator():
    first, second = (torch.rrelu(x, 0.1, 0.3, True, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second) and not torch.equal(first, torch.rrelu(x, 0.1, 0.3, True))
    y = x.clone()
    assert torch.equal(torch.rrelu_(y, 0.1, 0.3, True, torch.Generator().manual_seed(3)), first) and y is not x
    same(torch.rrelu(x), F.leaky_relu(x, (0.125 + 1 / 3) / 2))


@pytest.mark.parametrize("number, name", [(0, "none"), (1, "mean"), (2, "sum")])
def test_losses_are_reduced_by_number(number, name):
    a, b, sign = torch.randn(4, 3), torch.rand(4, 3), torch.tensor([1.0, -1.0, 1.0, -1.0])
    same(torch.kl_div(a, b, number), F.kl_div(a, b, reduction=name))
    same(torch.binary_cross_entropy_with_logits(a, b, None, None, number), F.binary_cross_entropy_with_logits(a, b, reduction=name))
    same(torch.hinge_embedding_loss(a[:, 0], sign, 1.0, number), F.hinge_embedding_loss(a[:, 0], sign, reduction=name))
    same(torch.margin_ranking_loss(a[:, 0], b[:, 0], sign, 0.1, number), F.margin_ranking_loss(a[:, 0], b[:, 0], sign, 0.1, reduction=name))
    same(torch.cosine_embedding_loss(a, b, sign, 0.1, number), F.cosine_embedding_loss(a, b, sign, 0.1, reduction=name))
    same(torch.triplet_margin_loss(a, b, a + 1, reduction=number), F.triplet_margin_loss(a, b, a + 1, reduction=name))
    same(torch.poisson_nll_loss(a, b, True, True, 1e-8, number), F.poisson_nll_loss(a, b, full=True, reduction=name))


def test_a_wrong_reduction_is_refused():
    with pytest.raises(ValueError, match="reduction"):
        torch.kl_div(x, x, 3)


def test_embedding_and_pooling():
    weight = torch.randn(5, 2, requires_grad=True)
    places = torch.tensor([[0, 4], [1, 4]])
    same(torch.embedding(weight, places), weight[places])
    torch.embedding(weight, places, 4).sum().backward()
    assert weight.grad.tolist() == [[1, 1], [1, 1], [0, 0], [0, 0], [0, 0]]
    assert torch.embedding_renorm_(weight.detach(), places, 0.1, 2.0).norm(2, 1)[[0, 1, 4]].max() <= 0.1001
    values, where = torch.max_pool1d_with_indices(x, (2,), (), (0,))
    same(values, F.max_pool1d(x, 2))
    same(torch.adaptive_max_pool1d(x, (2,))[1], F.adaptive_max_pool1d(x, 2, True)[1])
    same(torch.constant_pad_nd(x, (1, 2), 7.0), F.pad(x, (1, 2), value=7.0))
    with pytest.raises(RuntimeError, match="pad"):
        torch.constant_pad_nd(x, (1,))


def test_norms():
    a = torch.arange(6.0).view(2, 3)
    assert torch.frobenius_norm(a).item() == pytest.approx(np.sqrt(55))
    same(torch.frobenius_norm(a, 1, True), a.norm(2, 1, True))
    assert torch.nuclear_norm(a).item() == pytest.approx(np.linalg.norm(a.numpy(), "nuc"))
    assert torch.nuclear_norm(a, True).shape == (1, 1) and torch.nuclear_norm(a[None], (1, 2)).shape == (1,)
    with pytest.raises(RuntimeError, match="2 dimensions"):
        torch.nuclear_norm(a[0])
    with pytest.raises(RuntimeError, match="at most 2"):
        torch.frobenius_norm(a, (0, 1, 0))


def test_counts_have_their_distributions():
    torch.manual_seed(0)
    made = torch.poisson(torch.full((20000,), 3.5)).numpy()
    assert abs(made.mean() - 3.5) < 0.06 and abs(made.var() - 3.5) < 0.15 and made.dtype == np.float32
    made = torch.binomial(torch.full((20000,), 10.0), torch.tensor(0.3)).numpy()
    assert abs(made.mean() - 3) < 0.05 and abs(made.var() - 2.1) < 0.1
    assert torch.poisson(torch.tensor([1e30], dtype=torch.float64)).item() == pytest.approx(1e30, rel=1e-6)
    first, second = (torch.poisson(torch.full((9,), 5.0), torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, second)
    rates = torch.ones(3, requires_grad=True)
    torch.poisson(rates).sum().backward()
    assert (rates.grad == 0).all()
    for bad in (torch.tensor([-1.0]), torch.tensor([float("nan")]), torch.tensor([1])):
        with pytest.raises(RuntimeError):
            torch.poisson(bad)
    with pytest.raises(RuntimeError, match="probabilities"):
        torch.binomial(torch.ones(1), torch.tensor([2.0]))


def test_methods_that_are_functions():
    a = torch.zeros(2)
    assert torch.fill_(a, 3).tolist() == [3, 3] and torch.zero_(a) is a and not torch.is_nonzero(a[:1])
    assert torch.is_same_size(a, a + 1) and torch.is_signed(a) and torch.get_device(a) == -1
    assert torch.resize_as_(a, torch.zeros(3)).shape == (3,) and torch.detach_(a) is a
    assert torch.addmv_(torch.zeros(2), torch.eye(2), torch.ones(2)).tolist() == [1, 1]


def test_late_additions_to_old_signatures():
    values, indices = torch.empty(0), torch.empty(0, dtype=torch.int64)
    torch.mode(torch.tensor([1.0, 1, 2]), values=values, indices=indices)
    assert values.item() == 1 and indices.item() == 1
    with pytest.raises(TypeError):
        torch.mode(x, values=values)
    out = torch.empty(0)
    assert torch.squeeze(torch.ones(1, 2), out=out) is out and out.tolist() == [1, 1]
    assert torch.unsqueeze(torch.ones(2), 0, out=out.resize_(0)) is out and out.shape == (1, 2)
    assert (torch.randint(high=3, size=(9,)) < 3).all() and (torch.randint_like(x, high=2) < 2).all()
