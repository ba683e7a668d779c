"""Each differentiable operation of the registry is named by a row whose first and second derivatives are checked."""
import numpy as np
import pytest
from derivative_rows import ROWS

import nb_nn as torch
from nb_nn.autograd import gradcheck, gradgradcheck, graph
from nb_nn.core.op import DECLARED


def gradient_of_ctc(x):
    loss = torch.nn.functional.ctc_loss(x[:, None], torch.tensor([[1]]), (2,), (1,))
    return torch.autograd.grad(loss, x, create_graph=True)


ONCE = {"ctc_loss_op"}              # as in PyTorch, the second derivative is refused
REFUSED = {"gels_op": lambda a: torch.gels(a, a), "geqrf_op": torch.geqrf, "pstrf_op": torch.pstrf, "ldl_factor_op": torch.linalg.ldl_factor, "legacy_eig_op": torch.eig,
           "ctc_loss_backward": gradient_of_ctc, "singular_values_only": lambda a: torch.svd(a, compute_uv=False)[1], "symmetric_eigenvalues_only": lambda a: torch.symeig(a)[0]}
CONSTANT = {"normal_around"}        # its numbers move with the mean, but the gradient of what was drawn is zero
ELSEWHERE = {"moved"}               # between devices: tests/kernels/cuda/test_training.py


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_first_and_second_derivatives(row, monkeypatch):
    names, function, arrays = row
    recorded, build = set(), graph.build

    def seen(declaration, args, kwargs):
        made = build(declaration, args, kwargs)
        if made is not None:
            recorded.add(declaration.name)
        return made

    monkeypatch.setattr(graph, "build", seen)
    inputs = tuple(torch.tensor(np.array(array), requires_grad=True) for array in arrays)
    assert gradcheck(function, inputs, fast_mode=True)
    assert names in ONCE or gradgradcheck(function, inputs, fast_mode=True, atol=1e-4)
    assert set(names.split()) <= recorded


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_derivative_says_so(name):
    x = torch.eye(2, dtype=torch.float64, requires_grad=True)
    found = REFUSED[name](x)
    with pytest.raises(RuntimeError, match="not implemented|has no derivative|eigenvectors|compute_uv"):
        (found[0] if isinstance(found, tuple) else found).sum().backward()


def test_the_gradient_of_normal_numbers_is_zero():
    mean, std = (torch.ones(2, dtype=torch.float64, requires_grad=True) for _ in range(2))
    for made, wanted in ((torch.normal(mean, std), (mean, std)), (torch.normal(0.0, std), (std,)), (torch.normal(mean, 1.0), (mean,))):
        assert all(one.tolist() == [0, 0] for one in torch.autograd.grad(made.sum(), wanted))


def test_every_differentiable_operation_has_a_row():
    named = {name for row in ROWS for name in row[0].split()} | set(REFUSED) | CONSTANT | ELSEWHERE
    differentiable = {name for name, declaration in DECLARED.items() if declaration.formulas}
    assert named == differentiable
