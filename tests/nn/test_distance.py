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
