import numpy as np
import pytest
from oracle import check, numbers, tensor
from scipy.spatial import distance

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.nn import functional as F
from nb_nn.ops.distance import cdist

METRICS = {1.0: "cityblock", 2.0: "euclidean", float("inf"): "chebyshev"}


def test_cosine_similarity():
    x, y = numbers("float64", (3, 5, 2)), numbers("float64", (3, 5, 2), seed=1)
    expected = (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
    check(nn.CosineSimilarity()(tensor(x), tensor(y)), expected, rtol=1e-11)
    inputs = tensor(x, requires_grad=True), tensor(y, requires_grad=True)
    assert gradcheck(nn.CosineSimilarity(0), inputs)
    assert gradgradcheck(nn.CosineSimilarity(-1), inputs)
    assert repr(nn.CosineSimilarity()) == "CosineSimilarity()"


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("keepdim", [False, True])
def test_pairwise_distance(p, keepdim):
    x, y = numbers("float64", (4, 3)), numbers("float64", (4, 3), seed=1)
    expected = (np.abs(x - y + 1e-6) ** p).sum(1, keepdims=keepdim) ** (1 / p)
    module = nn.PairwiseDistance(p, keepdim=keepdim)
    check(module(tensor(x), tensor(y)), expected, rtol=1e-11)
    assert gradcheck(module, (tensor(x, requires_grad=True), tensor(y, requires_grad=True)))


@pytest.mark.parametrize("p", METRICS)
def test_distances_of_all_pairs(p):
    x, y = numbers("float64", (5, 3)), numbers("float64", (4, 3), seed=1)
    check(F.pdist(tensor(x), p), distance.pdist(x, METRICS[p]), rtol=1e-11)
    check(cdist(tensor(x), tensor(y), p), distance.cdist(x, y, METRICS[p]), rtol=1e-11)
    assert gradcheck(lambda x: F.pdist(x, p), (tensor(x, requires_grad=True),))
    assert gradcheck(lambda x, y: cdist(x, y, p), (tensor(x, requires_grad=True), tensor(y, requires_grad=True)))


def test_equal_rows_have_a_finite_gradient():
    x = torch.zeros(2, 3, requires_grad=True)
    F.pdist(x).sum().backward()
    assert not x.grad.any()
    assert F.pdist(torch.zeros(1, 3)).shape == (0,)


def test_errors():
    with pytest.raises(RuntimeError, match="only supports 2D"):
        F.pdist(torch.zeros(2, 3, 4))
    with pytest.raises(RuntimeError, match="non-negative"):
        F.pdist(torch.zeros(2, 3), -1)
    with pytest.raises(RuntimeError, match="same number of columns"):
        cdist(torch.zeros(2, 3), torch.zeros(2, 4))


@pytest.mark.parametrize("p", [0.0, 1.0, 1.5, 2.0, 3.0, float("inf")])
def test_second_derivatives_of_distances(p):
    x, y = tensor(numbers("float64", (2, 5, 3)), requires_grad=True), tensor(numbers("float64", (4, 3), seed=1), requires_grad=True)
    assert cdist(x, y, p).shape == (2, 5, 4)
    for run, inputs in ((lambda x, y: cdist(x, y, p), (x, y)), (lambda x: F.pdist(x[0], p), (x,))):
        assert gradcheck(run, inputs)
        assert gradgradcheck(run, inputs)


def test_many_rows_take_a_matrix_product_unless_told_not_to():
    x, y = numbers("float64", (30, 3)), numbers("float64", (4, 3), seed=1)
    expected = distance.cdist(x, y)
    for mode in ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist", None):
        check(cdist(tensor(x), tensor(y), compute_mode=mode), expected, rtol=1e-9)
    inputs = tensor(x, requires_grad=True), tensor(y, requires_grad=True)
    assert gradcheck(cdist, inputs)
    assert gradgradcheck(lambda x, y: cdist(x, y, 2.0, "use_mm_for_euclid_dist"), (inputs[0][:3].detach().requires_grad_(), inputs[1]))
    with pytest.raises(ValueError, match="compute_mode"):
        cdist(tensor(x), tensor(y), compute_mode="fast")


@pytest.mark.parametrize("twin", ["serial", "parallel"])
@pytest.mark.parametrize("p", [1.0, 2.0, 2.5, np.inf])
def test_kernels_of_distances(p, twin):
    from nb_nn.kernels.cpu import distance as kernels

    x, y = (numbers("float32", (2, rows, 5), seed=rows) for rows in (7, 3))
    metric = {"metric": "chebyshev"} if p == np.inf else {"metric": "minkowski", "p": p}
    out, pairs = np.empty((2, 7, 3), np.float32), np.empty(21, np.float32)
    getattr(kernels.distances, twin)(x, y, p, out)
    getattr(kernels.distances_of_pairs, twin)(x[0], p, pairs)
    for batch in range(2):
        np.testing.assert_allclose(out[batch], distance.cdist(x[batch], y[batch], **metric), rtol=2e-6)
    np.testing.assert_allclose(pairs, distance.pdist(x[0], **metric), rtol=2e-6)
    made = []
    for run in (kernels.distances_backward.serial, getattr(kernels.distances_backward, twin)):
        made.append(np.full_like(x, np.nan))
        run(np.ones_like(out), out, x, y, p, made[-1])
    np.testing.assert_array_equal(*made)
    back = np.full_like(x[0], np.nan)
    getattr(kernels.distances_of_pairs_backward, twin)(np.ones_like(pairs), pairs, x[0], p, back)
    np.testing.assert_allclose(back.sum(0), 0, atol=1e-5)


def test_rows_without_elements():
    assert cdist(torch.zeros(2, 0), torch.zeros(3, 0)).tolist() == [[0.0] * 3] * 2
    assert cdist(torch.zeros(0, 3), torch.zeros(2, 3)).shape == (0, 2)
    assert cdist(torch.zeros(30, 3, requires_grad=True), torch.zeros(2, 3)).sum().item() == 0
