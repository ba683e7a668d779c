"""Copies of views hold the elements of the view, in memory of their own, with its gradient; and low-rank decompositions."""
import numpy as np
import pytest

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

X = torch.arange(12, dtype=torch.float64).reshape(3, 4)
PAIRS = {       # name: (arguments, the view)
    "alias": ((), lambda x: x), "as_strided": (((2, 2), (4, 1)), lambda x: x.as_strided((2, 2), (4, 1))), "diagonal": ((1,), lambda x: x.diagonal(1)),
    "expand": (((2, 3, 4),), lambda x: x.expand(2, 3, 4)), "permute": (((1, 0),), lambda x: x.permute(1, 0)), "t": ((), lambda x: x.t()),
    "transpose": ((0, 1), lambda x: x.transpose(0, 1)), "select": ((1, 2), lambda x: x.select(1, 2)), "slice": ((1, 1, 4, 2), lambda x: x[:, 1:4:2]),
    "squeeze": ((), lambda x: x.squeeze()), "unsqueeze": ((1,), lambda x: x.unsqueeze(1)), "view": (((4, 3),), lambda x: x.view(4, 3)),
    "unfold": ((1, 2, 1), lambda x: x.unfold(1, 2, 1)), "view_as_complex": ((), torch.view_as_complex), "view_as_real": ((), torch.view_as_real),
}
SEVERAL = {"unbind": ((1,), lambda x: x.unbind(1)), "split": ((2, 1), lambda x: x.split(2, 1)),
           "split_with_sizes": (((1, 3), 1), lambda x: x.split_with_sizes((1, 3), 1))}


@pytest.mark.parametrize("name", PAIRS)
def test_copy_of_a_view(name):
    args, view = PAIRS[name]
    x = X.reshape(6, 2).clone() if name == "view_as_complex" else torch.complex(X, X + 1) if name == "view_as_real" else X.clone()
    copy = getattr(torch, f"{name}_copy")
    made, expected = copy(x, *args), view(x)
    assert made.is_contiguous() and made.shape == expected.shape and made.dtype is expected.dtype
    assert torch.equal(made, expected.clone())
    made.zero_()
    assert x.abs().sum() > 0
    assert gradcheck(lambda x: copy(x, *args), [x.requires_grad_()])


@pytest.mark.parametrize("name", SEVERAL)
def test_copies_of_several_views(name):
    args, view = SEVERAL[name]
    made, expected = getattr(torch, f"{name}_copy")(X, *args), view(X)
    assert len(made) == len(expected) and all(torch.equal(one, other) for one, other in zip(made, expected))
    out = [torch.empty_like(one) for one in expected]
    assert getattr(torch, f"{name}_copy")(X, *args, out=out) is None
    assert all(torch.equal(one, other) for one, other in zip(out, expected))


def test_detach_copy_and_as_strided_scatter():
    x = X.clone().requires_grad_()
    assert not torch.detach_copy(x).requires_grad
    made = torch.as_strided_scatter(X, torch.zeros(2, dtype=torch.float64), (2,), (5,), 1)
    assert made.flatten().tolist() == [0, 0, 2, 3, 4, 5, 0, 7, 8, 9, 10, 11]
    assert gradcheck(lambda x, y: x.as_strided_scatter(y, (2,), (5,), 1), [x, torch.ones(2, dtype=torch.float64).requires_grad_()])


@pytest.mark.parametrize(("size", "stride", "offset"), [((2, 2), (1, 2), 0), ((3, 2), (1, 1), 1), ((2,), (0,), 5), ((2, 2), (4, 1), 0)])
def test_second_derivative_of_as_strided_beyond_the_tensors_own_elements(size, stride, offset):
    storage = torch.arange(12, dtype=torch.float64)
    for own in (storage[4:8], storage[::2], storage.reshape(3, 4)[:, :2], storage[:1].expand(3)):
        x = own.detach().requires_grad_()
        y = x.as_strided(size, stride, offset)
        cotangent = torch.ones_like(y).requires_grad_()
        (grad,) = torch.autograd.grad(y, x, cotangent, create_graph=True)
        (again,) = torch.autograd.grad(grad, cotangent, torch.ones_like(grad))
        places = np.zeros(12)                   # the adjoint by a loop: ones at the tensor's own places, shared ones divided
        start, steps = own.storage_offset(), own.stride()
        where = [start + sum(i * s for i, s in zip(index, steps)) for index in np.ndindex(*own.shape)]
        for place in where:
            places[place] += 1 / where.count(place)
        expected = [places[offset + sum(i * s for i, s in zip(index, stride))] for index in np.ndindex(*size)]
        np.testing.assert_allclose(again.numpy().reshape(-1), expected)


def test_empty_permuted_and_nonzero_static():
    assert torch.empty_permuted((2, 3, 4), (2, 0, 1)).stride() == (3, 1, 6)
    with pytest.raises(RuntimeError, match="order"):
        torch.empty_permuted((2, 3), (0, 0))
    assert torch.nonzero_static(torch.tensor([[0, 1], [2, 3]]), size=2, fill_value=7).tolist() == [[0, 1], [1, 0]]
    assert torch.nonzero_static(torch.tensor(3), size=2).shape == (2, 0)
    with pytest.raises(RuntimeError, match="non-negative"):
        torch.nonzero_static(torch.ones(2), size=-1)


@pytest.mark.parametrize("size", [(7, 5), (5, 7), (2, 6, 4)])
def test_low_rank_decompositions(size):
    A = np.random.default_rng(1).standard_normal(size)
    q = min(size[-2:])
    U, S, V = torch.svd_lowrank(torch.tensor(A), q)
    np.testing.assert_allclose(S.numpy(), np.linalg.svd(A, compute_uv=False), rtol=1e-9)
    np.testing.assert_allclose(((U * S.unsqueeze(-2)) @ V.transpose(-1, -2)).numpy(), A, atol=1e-9)
    centred = A - A.mean(-2, keepdims=True)
    np.testing.assert_allclose(torch.pca_lowrank(torch.tensor(A), q)[1].numpy(), np.linalg.svd(centred, compute_uv=False), atol=1e-9)
    np.testing.assert_allclose(torch.svd_lowrank(torch.tensor(A), q, M=torch.tensor(A / 2))[1].numpy(), S.numpy() / 2, rtol=1e-9)
    with pytest.raises(ValueError, match="must be"):
        torch.pca_lowrank(torch.tensor(A), 9)


def test_gradients_of_low_rank_decompositions():
    A = torch.tensor(np.random.default_rng(2).standard_normal((4, 3))).requires_grad_()

    def sizes(A):
        torch.manual_seed(0)
        return torch.svd_lowrank(A, 3)[1]

    assert gradcheck(sizes, [A])


@pytest.mark.parametrize("name", ["asinh", "acosh", "atanh", "sinc"])
def test_inverse_hyperbolic_functions_of_complex_numbers(name):
    z = np.array([1 + 2j, -0.5 + 0.1j, -2 - 1j, 0.3 - 0.7j])
    expected = np.sin(np.pi * z) / (np.pi * z) if name == "sinc" else getattr(np, name.replace("a", "arc", 1))(z)
    x = torch.tensor(z)
    np.testing.assert_allclose(getattr(torch, name)(x).numpy(), expected, rtol=1e-12)
    assert gradcheck(getattr(torch, name), [x.requires_grad_()]) and gradgradcheck(getattr(torch, name), [x])
