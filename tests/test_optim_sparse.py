"""Optimizers with sparse gradients, and Adagrad, against formulas on whole arrays."""
import copy

import numpy as np
import pytest

import nb_nn as torch


def train(optimizer, sparse, steps=4, rows=6):
    """The weight after some steps on look-ups of changing rows, and the gradients as arrays."""
    weight = torch.nn.Parameter(torch.arange(float(rows * 2)).view(rows, 2) / 7)
    made = optimizer([weight])
    grads = []
    for step in range(steps):
        made.zero_grad()
        index = torch.tensor([step % rows, (step * 2) % rows, step % rows])
        (torch.nn.functional.embedding(index, weight, sparse=sparse) ** 2).sum().backward()
        grads.append(weight.grad.to_dense().numpy().copy())
        made.step()
    return weight.detach().numpy(), grads, made


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"momentum": 0.5, "dampening": 0.3},
                                     {"momentum": 0.9, "maximize": True}])
def test_sgd_is_the_same_with_sparse_gradients(options):
    found, wanted = (train(lambda p: torch.optim.SGD(p, lr=0.1, **options), sparse)[0] for sparse in (True, False))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


@pytest.mark.parametrize("options", [{}, {"lr_decay": 0.3}, {"initial_accumulator_value": 0.5, "eps": 0.1}, {"maximize": True}])
def test_adagrad_is_the_same_with_sparse_gradients(options):
    found, wanted = (train(lambda p: torch.optim.Adagrad(p, lr=0.1, **options), sparse)[0] for sparse in (True, False))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_adagrad_formula():
    p = torch.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=torch.float64, requires_grad=True)
    made = torch.optim.Adagrad([p], lr=0.1, lr_decay=0.2, weight_decay=0.3, initial_accumulator_value=0.4)
    wanted, total = p.detach().numpy().copy(), np.full((2, 2), 0.4)
    for t in range(3):
        made.zero_grad()
        (p ** 3).sum().backward()
        made.step()
        g = 3 * wanted ** 2 + 0.3 * wanted
        total += g * g
        wanted -= 0.1 / (1 + 0.2 * t) * g / (np.sqrt(total) + 1e-10)
    np.testing.assert_allclose(p.detach(), wanted)
    np.testing.assert_allclose(made.state[p]["sum"], total)
    assert made.state[p]["step"] == 3


def test_sparse_adam_changes_the_rows_that_are_there():
    found, grads, made = train(lambda p: torch.optim.SparseAdam(p, lr=0.1), True)
    p = np.arange(12, dtype=np.float32).reshape(6, 2) / 7
    m, v = np.zeros_like(p), np.zeros_like(p)
    for t, g in enumerate(grads, 1):
        rows = sorted({(t - 1) % 6, (t - 1) * 2 % 6})
        m[rows] += 0.1 * (g[rows] - m[rows])
        v[rows] += 0.001 * (g[rows] ** 2 - v[rows])
        p[rows] -= 0.1 * np.sqrt(1 - 0.999 ** t) / (1 - 0.9 ** t) * m[rows] / (np.sqrt(v[rows]) + 1e-8)
    np.testing.assert_allclose(found, p, rtol=1e-4)


@pytest.mark.parametrize("make", [lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), lambda p: torch.optim.SparseAdam(p),
                                  lambda p: torch.optim.Adagrad(p)])
def test_state_is_saved_and_loaded(make):
    weight, _, made = train(make, True)
    other = make([torch.nn.Parameter(torch.tensor(weight))])
    other.load_state_dict(copy.deepcopy(made.state_dict()))
    for one in (made, other):
        p = one.param_groups[0]["params"][0]
        p.grad = torch.sparse_coo_tensor([[1, 1]], [[1.0, 2.0], [3.0, 4.0]], (6, 2))
        one.step()
    np.testing.assert_allclose(other.param_groups[0]["params"][0].detach(), made.param_groups[0]["params"][0].detach())


def test_wrong_arguments():
    with pytest.raises(RuntimeError, match="Adam does not support sparse gradients, please consider SparseAdam instead"):
        train(lambda p: torch.optim.Adam(p), True)
    with pytest.raises(RuntimeError, match="SparseAdam does not support dense gradients, please consider Adam instead"):
        train(lambda p: torch.optim.SparseAdam(p), False)
    with pytest.raises(RuntimeError, match="weight_decay option is not compatible with sparse gradients"):
        train(lambda p: torch.optim.Adagrad(p, weight_decay=0.1), True)
    with pytest.raises(RuntimeError, match="weight_decay"):
        train(lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.1), True)
    for options in ({"lr": -1}, {"lr_decay": -1}, {"weight_decay": -1}, {"initial_accumulator_value": -1}, {"eps": -1}):
        with pytest.raises(ValueError, match="Invalid"):
            torch.optim.Adagrad([torch.ones(1)], **options)
    for options in ({"lr": 0}, {"eps": 0}, {"betas": (1, 0.5)}, {"betas": (0.5, -1)}):
        with pytest.raises(ValueError, match="Invalid"):
            torch.optim.SparseAdam([torch.ones(1)], **options)
    with pytest.raises(ValueError, match="dense parameter tensors"):
        torch.optim.SparseAdam([torch.ones(1).to_sparse()])
