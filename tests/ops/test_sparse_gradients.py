"""Gradients of sparse tensors, and what they share with others: printing, files, threads."""
import copy
import io
import pickle

import numpy as np
import pytest

import nb_nn as torch
from nb_nn.autograd import gradcheck, gradgradcheck
from ops.sparse_tensors import BOTH, _same_numbers_in_any_order, array, close, dense, random, sparse  # noqa: F401  the fixture is for all

# gradients
GRADIENTS = {
    "mm": (torch.sparse.mm, "sd"), "sum": (torch.sparse.sum, "s"), "sum of a dimension": (lambda s: torch.sparse.sum(s, 0), "s"),
    "addmm": (lambda s, d: torch.sparse.addmm(d.sum(1)[:3, None] * d[:1], s, d, beta=0.5, alpha=2), "sd"),
    "to_dense": (lambda s: s.to_dense() ** 2, "s"), "product": (lambda s, u: s * u, "ss"), "product with strided": (lambda s, d: s * d.t()[:1].expand(3, 4), "sd"),
    "sum of two": (lambda s, u: s + 2 * u, "ss"), "strided plus sparse": (lambda s, u: torch.add(u.to_dense(), s, alpha=3), "ss"),
    "sqrt": (lambda s: s.sqrt(), "s"), "pow": (lambda s: s ** -1, "s"), "transpose": (lambda s: s.t(), "s"), "select": (lambda s: s.select(0, 1) ** 2, "s"),
    "index_select": (lambda s: s.index_select(1, torch.tensor([1, 1, 0])), "s"), "cat": (lambda s: torch.cat([s, s], 1), "s"),
    "norm": (lambda s: s.norm(), "s"), "values": (lambda s: s.coalesce().values() ** 2, "s"), "hspmm": (torch.hspmm, "sd"),
    "sparse_mask": (lambda s: s.sparse_mask(torch.sparse_coo_tensor([[0, 1, 1], [0, 2, 2]], torch.ones(3), (3, 4))), "s"),
    "in place": (lambda s: s.clone().mul_(2).add_(s), "s"), "unsqueeze": (lambda s: s.unsqueeze(1), "s"),
}


@BOTH
@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name, coalesced):
    function, kinds = GRADIENTS[name]
    inputs = [sparse(3, 4, coalesced=coalesced, requires_grad=True) if kind == "s" else dense(4, 2) for kind in kinds]
    assert gradcheck(function, inputs, check_sparse_nnz=True)
    assert gradgradcheck(function, inputs)


def test_gradients_of_strided_inputs():
    places = torch.tensor([[0, 1, 1], [0, 2, 2]])
    mask = torch.sparse_coo_tensor(places, torch.ones(3), (3, 4))
    for function, x in ((lambda v: torch.sparse_coo_tensor(places, v, (3, 4)) ** 2, dense(3)), (lambda x: x.sparse_mask(mask) * 2, dense(3, 4)),
                        (lambda x: x.to_sparse() ** 2, dense(3, 4)), (lambda x: x.to_sparse(1) ** 2, dense(3, 4)),
                        (lambda x: torch.nn.functional.embedding(torch.tensor([[1, 0, 1]]), x, sparse=True) ** 2, dense(3, 2)),
                        (lambda x: torch.gather(x, 1, torch.tensor([[0, 0], [1, 2]]), sparse_grad=True) ** 2, dense(3, 4))):
        assert gradcheck(function, (x,)) and gradgradcheck(function, (x,))


def test_gradients_of_sparse_matrices_are_coalesced_and_sparse():
    s, d = sparse(3, 4, coalesced=False, requires_grad=True), dense(4, 2)
    torch.sparse.mm(s, d).sum().backward()
    assert s.grad.is_sparse and s.grad.is_coalesced() and s.grad._nnz() == s.coalesce()._nnz()
    s.grad = None
    torch.sparse.sum(s, 1).to_dense().sum().backward()
    assert s.grad.is_coalesced() and set(s.grad.values().tolist()) == {1}


def test_gradcheck_wants_to_be_told_of_sparse_inputs():
    with pytest.raises(RuntimeError, match="check_sparse_nnz"):
        gradcheck(torch.sparse.sum, (sparse(3, 4, requires_grad=True),))
    assert not gradcheck(torch.sparse.sum, (sparse(3, 4, requires_grad=True),), raise_exception=False)


@pytest.mark.parametrize("order", ["ds", "sd", "ss", "sds"])
def test_gradients_add_up_whatever_they_are(order):
    weight = torch.zeros(3, 2, requires_grad=True)
    for kind in order:
        (weight.sum() if kind == "d" else torch.nn.functional.embedding(torch.tensor([1, 1]), weight, sparse=True).sum()).backward()
    assert weight.grad.is_sparse == ("d" not in order)
    wanted = np.array([[0], [2], [0]]) * order.count("s") + order.count("d")
    close(weight.grad, np.broadcast_to(wanted, (3, 2)))
    both = torch.zeros(3, 2, requires_grad=True)
    (torch.nn.functional.embedding(torch.tensor([2]), both, sparse=True).sum() + (both * 2).sum()).backward()
    assert both.grad.tolist() == [[2, 2], [2, 2], [3, 3]]


def test_sparse_gradients_of_look_ups():
    weight = torch.arange(10.0).view(5, 2).requires_grad_()
    layer = torch.nn.Embedding(5, 2, padding_idx=3, sparse=True, _weight=weight.detach())
    (layer(torch.tensor([[1, 3], [1, 0]])) ** 2).sum().backward()
    grad = layer.weight.grad
    assert grad.is_sparse and grad.sparse_dim() == 1 and grad._indices().tolist() == [[1, 1, 0]]
    close(grad, [[0, 2], [8, 12], [0, 0], [0, 0], [0, 0]])
    with pytest.raises(RuntimeError, match="scale_grad_by_freq"):
        torch.nn.functional.embedding(torch.tensor([1]), weight, scale_grad_by_freq=True, sparse=True).sum().backward()
    total = torch.nn.utils.clip_grad_norm_([layer.weight], 1.0)
    np.testing.assert_allclose(total, np.sqrt(4 + 64 + 144), rtol=1e-6)
    np.testing.assert_allclose(grad.norm(), 1, rtol=1e-5)
    x = dense(3, 4)
    torch.gather(x, 1, torch.tensor([[0, 0]]), sparse_grad=True).sum().backward()
    assert x.grad.is_sparse and x.grad.to_dense()[0, 0] == 2


# what tensors do everywhere
def test_printing():
    i, v = torch.tensor([[0, 1, 1], [2, 0, 2]]), torch.tensor([3, 4, 5], dtype=torch.float32)
    assert repr(torch.sparse_coo_tensor(i, v, [2, 4], dtype=torch.float64, requires_grad=True)) == (
        "tensor(indices=tensor([[0, 1, 1],\n                       [2, 0, 2]]),\n       values=tensor([3., 4., 5.]),\n"
        "       size=(2, 4), nnz=3, dtype=torch.float64, layout=torch.sparse_coo,\n       requires_grad=True)")
    assert repr(torch.sparse.FloatTensor(2, 3)) == (
        "tensor(indices=tensor([], size=(2, 0)),\n       values=tensor([], size=(0,)),\n       size=(2, 3), nnz=0, layout=torch.sparse_coo)")


def test_copies_and_files():
    s = sparse(3, 4, coalesced=False).requires_grad_()
    buffer = io.BytesIO()
    torch.save({"s": s, "p": torch.nn.Parameter(sparse(2, 2))}, buffer)
    for made in (copy.deepcopy(s), pickle.loads(pickle.dumps(s)), torch.load(buffer)["s"]):
        close(made, array(s))
        assert made.is_sparse and made.is_coalesced() == s.is_coalesced() and made._values().data_ptr() != s._values().data_ptr()
    assert copy.deepcopy(s).requires_grad
    parameter = torch.load(buffer)["p"]
    assert isinstance(parameter, torch.nn.Parameter) and parameter.is_sparse and parameter.requires_grad


def test_same_bits_for_any_number_of_threads():
    places = random.integers(0, 300, (2, 40000))
    values = random.random(40000).astype(np.float32)
    right = torch.tensor(random.random((300, 32)).astype(np.float32))
    results, before = [], torch.get_num_threads()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            s = torch.sparse_coo_tensor(places, values, (300, 300))
            results.append([s.coalesce().values().numpy().copy(), torch.sparse.mm(s, right).numpy().copy(), s.to_dense().numpy().copy()])
    finally:
        torch.set_num_threads(before)
    for one, other in zip(*results):
        np.testing.assert_array_equal(one, other)


def test_saved_tensors_notice_writes():
    s = sparse(3, 4, requires_grad=True)
    u = s * 1
    y = u * u
    u.mul_(2)
    y.to_dense().sum().backward()       # the parts that y needs are kept, since a write replaces parts where it is recorded
    close(s.grad, 2 * array(s))
