"""Softmax of sparse tensors: strided softmax in which what is not stored is minus infinity."""
import numpy as np
import pytest
from oracle import numbers, tensor
from scipy import special

import nb_nn as torch


def sparse(shape, dense=0, seed=0, count=7):
    """A sparse tensor with values that stand in one place, and the array whose other elements are minus infinity."""
    dims = len(shape) - dense
    draw = np.random.default_rng(seed)
    places = np.stack([draw.integers(0, size, count) for size in shape[:dims]])
    values = numbers("float64", (count, *shape[dims:]), seed=seed)
    array = np.full(shape, -np.inf)
    for place, value in zip(places.T, values):
        array[tuple(place)] = np.where(np.isinf(array[tuple(place)]), 0, array[tuple(place)]) + value
    return torch.sparse_coo_tensor(tensor(places), tensor(values), shape), array


CASES = [((3, 4), 0), ((3, 4, 2), 1), ((4,), 0), ((3, 2), 1), ((2, 3, 2), 0), ((3, 2, 2), 2)]


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(("shape", "dense"), CASES)
def test_along_any_dimension(shape, dense):
    x, array = sparse(shape, dense)
    stored = array != -np.inf
    for dim in range(-len(shape), len(shape)):
        for name in ("softmax", "log_softmax"):
            found = getattr(torch.sparse, name)(x, dim)
            assert found.is_coalesced() and torch.equal(found.indices(), x.coalesce().indices())
            expected = getattr(special, name)(array, dim)
            np.testing.assert_allclose(found.to_dense().numpy()[stored], expected[stored], 1e-9, 1e-12)
            assert not found.to_dense().numpy()[~stored].any()


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(("shape", "dense"), CASES[:3])
def test_derivatives(name, shape, dense):
    x, _ = sparse(shape, dense, 3)
    x = x.coalesce()

    def function(values):
        return getattr(torch.sparse, name)(torch.sparse_coo_tensor(x.indices(), values, shape), 0).to_dense()

    values = x.values().clone().requires_grad_()
    assert torch.autograd.gradcheck(function, values) and torch.autograd.gradgradcheck(function, values)


def test_the_gradient_of_a_sparse_tensor_adds_up_to_nothing_along_the_dimension():
    x = sparse((3, 4), 0, 5)[0].requires_grad_()
    (torch.sparse.softmax(x, 1).to_dense() * torch.arange(12.0).view(3, 4)).sum().backward()
    assert torch.allclose(x.grad.to_dense().sum(1), torch.zeros(3, dtype=torch.float64), atol=1e-12) and x.grad.is_sparse


def test_types_and_particular_values():
    inf, x = float("inf"), torch.sparse_coo_tensor([[0, 0], [0, 1]], [1, 1], (1, 2))
    assert torch.sparse.softmax(x, 1, torch.float64).values().tolist() == [0.5, 0.5]
    assert torch.sparse.softmax(x, 1, dtype=torch.float32).dtype is torch.float32
    assert torch.sparse.softmax(torch.sparse_coo_tensor([[0, 0], [0, 1]], [-inf, 1.0], (1, 2)), 1).values().tolist() == [0, 1]
    assert torch.isnan(torch.sparse.softmax(torch.sparse_coo_tensor([[0, 0], [0, 1]], [-inf, -inf], (1, 2)), 1).values()).all()
    assert torch.sparse.softmax(torch.sparse_coo_tensor([[0, 0], [0, 1]], [1e30, 1.0], (1, 2)), 1).values().tolist() == [1, 0]
    empty = torch.sparse_coo_tensor(torch.zeros(2, 0, dtype=torch.int64), torch.zeros(0), (2, 3))
    assert torch.sparse.softmax(empty, 1)._nnz() == 0 and torch.sparse.log_softmax(empty, 0).shape == (2, 3)


def test_refusals():
    x = torch.sparse_coo_tensor([[0, 0], [0, 1]], [1, 1], (1, 2))
    with pytest.raises(NotImplementedError, match="'Long'"):
        torch.sparse.softmax(x, 1)
    with pytest.raises(RuntimeError, match="expected sparse"):
        torch.sparse.softmax(torch.ones(2), 0)
    with pytest.raises(IndexError, match="out of range"):
        torch.sparse.softmax(x, 2, torch.float32)


def test_invariants_are_asked_for_by_a_switch():
    switch = torch.sparse.check_sparse_tensor_invariants
    assert not switch.is_enabled()
    with switch():
        assert switch.is_enabled()
        with switch(False):
            assert not switch.is_enabled()
        assert switch.is_enabled()
    decorated = switch()(switch.is_enabled)
    assert decorated() and not switch.is_enabled()
    switch.enable()
    assert switch.is_enabled()
    switch.disable()
    for check in (None, False, True):
        with pytest.raises(RuntimeError, match="size is inconsistent with indices"):
            torch.sparse_coo_tensor([[5]], [1.0], (2,), check_invariants=check)


def test_resize_as_sparse_takes_the_size_and_the_split_of_dimensions():
    hybrid = torch.sparse_coo_tensor([[0]], torch.ones(1, 2), (3, 2))
    made = torch.sparse_coo_tensor(size=(1, 1))
    assert made.resize_as_sparse_(hybrid) is made
    assert made.shape == (3, 2) and (made.sparse_dim(), made.dense_dim(), made._nnz()) == (1, 1, 0)
    for one, other in ((torch.ones(2), hybrid), (hybrid, torch.ones(2))):
        with pytest.raises(RuntimeError, match="resize_as_sparse_ expected sparse"):
            one.resize_as_sparse_(other)
