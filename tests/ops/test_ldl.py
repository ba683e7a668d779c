"""Factors of matrices that are symmetric and not positive: what they multiply to, and systems solved with them."""
import numpy as np
import pytest
from oracle import tensor
from scipy.linalg import ldl

import nb_nn as torch
from nb_nn.kernels.cpu import symmetric as kernels
from ops.matrices import in_columns, random, same

KINDS = ("float32", "float64", "complex64", "complex128")


def symmetric(shape, kind="float64", hermitian=False, seed=0, indefinite=True):
    a = random(shape, seed)
    if "complex" in kind:
        a = a + 1j * random(shape, seed + 1)
    a = (a + (a.conj() if hermitian else a).swapaxes(-1, -2)).astype(kind)
    if indefinite:                                              # zeros on the diagonal make blocks of two rows
        a[..., range(0, shape[-1], 2), range(0, shape[-1], 2)] = 0
    return a


@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (5, 5), (2, 3, 7, 7)])
def test_solutions_solve(kind, hermitian, shape):
    a = symmetric(shape, kind, hermitian, indefinite=shape[-1] > 1)
    b = random((*shape[:-1], 3), 5).astype(kind)
    LD, pivots = torch.linalg.ldl_factor(tensor(a), hermitian=hermitian)
    assert LD.dtype is getattr(torch, kind) and pivots.dtype is torch.int32 and in_columns(LD)
    found = torch.linalg.ldl_solve(LD, pivots, tensor(b), hermitian=hermitian)
    assert in_columns(found)
    same(found, np.linalg.solve(a, b), 1e-3 if kind in ("float32", "complex64") else 1e-9)


@pytest.mark.parametrize("hermitian", [False, True])
def test_factors_are_those_of_scipy(hermitian):
    a = symmetric((6, 6), "complex128", hermitian, seed=3)
    LD, pivots = (one.numpy() for one in torch.linalg.ldl_factor(tensor(a), hermitian=hermitian))
    lower, d, order = ldl(a, hermitian=hermitian)
    assert sorted(abs(np.diag(d, -1))[abs(np.diag(d, -1)) > 0]) == pytest.approx(
        sorted(abs(LD[k + 1, k]) for k in range(5) if pivots[k] < 0 and pivots[k] == pivots[k + 1]))
    np.testing.assert_allclose(np.diag(LD), np.diag(d), atol=1e-12)
    assert not np.triu(LD, 1).any() and (pivots < 0).any()


def test_only_the_lower_triangle_is_read():
    a = symmetric((2, 4, 4))
    for one, other in zip(torch.linalg.ldl_factor(tensor(a)), torch.linalg.ldl_factor(tensor(np.tril(a)))):
        assert torch.equal(one, other)


def test_tiny_and_huge_numbers_do_not_leave_the_range():
    for scale in (1e-30, 1e30):
        a = (symmetric((4, 4)) * scale).astype("float32")
        b = random((4, 1), 7).astype("float32")
        found = torch.linalg.ldl_solve(*torch.linalg.ldl_factor(tensor(a)), tensor(b))
        same(found, np.linalg.solve(a.astype("float64"), b), 1e-4)


def test_batches_broadcast_and_may_be_empty():
    a, b = symmetric((2, 4, 4)), random((3, 1, 4, 2), 5)
    same(torch.linalg.ldl_solve(*torch.linalg.ldl_factor(tensor(a)), tensor(b)), np.linalg.solve(a, b))
    for shape in ((0, 0), (0, 3, 3), (2, 0, 0)):
        LD, pivots = torch.linalg.ldl_factor(torch.zeros(shape))
        assert LD.shape == shape and pivots.shape == shape[:-1]
        assert torch.linalg.ldl_solve(LD, pivots, torch.zeros(*shape[:-1], 2)).shape == (*shape[:-1], 2)


@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("kind", ["float64", "complex128"])
def test_derivatives_of_solutions(kind, hermitian):
    a = symmetric((4, 4), kind, hermitian)
    np.fill_diagonal(a, 0)
    LD, pivots = torch.linalg.ldl_factor(tensor(a), hermitian=hermitian)
    assert (pivots < 0).any()
    b = tensor(random((4, 2), 3).astype(kind)).requires_grad_()

    def solve(LD, b):
        return torch.linalg.ldl_solve(LD, pivots, b, hermitian=hermitian)

    assert torch.autograd.gradcheck(lambda b: solve(LD, b), b) and torch.autograd.gradgradcheck(lambda b: solve(LD, b), b)
    by_kernel = solve(LD, b.detach())
    assert torch.autograd.gradcheck(solve, (LD.requires_grad_(), b))
    same(solve(LD, b).detach(), by_kernel.numpy())
    assert torch.autograd.gradgradcheck(solve, (LD, b))


def test_the_factorization_has_no_derivative_as_in_torch():
    x = tensor(symmetric((3, 3))).requires_grad_()
    with pytest.raises(RuntimeError, match="derivative for 'linalg_ldl_factor_ex' is not implemented"):
        torch.linalg.ldl_factor(x).LD.sum().backward()


def test_singular_matrices():
    zeros = torch.stack((torch.eye(2), torch.zeros(2, 2)))
    assert torch.linalg.ldl_factor_ex(zeros).info.tolist() == [0, 1]
    with pytest.raises(torch.linalg.LinAlgError, match=r"Batch element 1.*row 1 of D is zero"):
        torch.linalg.ldl_factor(zeros)
    with pytest.raises(torch.linalg.LinAlgError):
        torch.linalg.ldl_factor_ex(zeros, check_errors=True)


def test_out_and_printing():
    a = tensor(symmetric((3, 3)))
    outs = torch.empty(0, dtype=torch.float64), torch.empty(0, dtype=torch.int32)
    made = torch.linalg.ldl_factor(a, out=outs)
    assert made.LD is outs[0] and torch.equal(made.pivots, torch.linalg.ldl_factor(a)[1])
    assert repr(made).startswith("torch.return_types.linalg_ldl_factor(\nLD=")
    found = torch.empty(0, dtype=torch.float64)
    assert torch.linalg.ldl_solve(*made, a, out=found) is found
    same(found, np.eye(3))


LDS, PIVOTS = torch.eye(3), torch.tensor([1, 2, 3])


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: torch.linalg.ldl_factor(torch.ones(2, 3)), RuntimeError, "2 by 3"),
    (lambda: torch.linalg.ldl_factor(torch.ones(3)), RuntimeError, "at least 2 dimensions"),
    (lambda: torch.linalg.ldl_factor(torch.ones(2, 2).long()), RuntimeError, "Got Long"),
    (lambda: torch.linalg.ldl_factor(torch.ones(2, 2).half()), NotImplementedError, "Half"),
    (lambda: torch.linalg.ldl_factor(3), TypeError, "must be Tensor"),
    (lambda: torch.linalg.ldl_solve(LDS, PIVOTS.double(), LDS), RuntimeError, "pivots to be integers"),
    (lambda: torch.linalg.ldl_solve(LDS, PIVOTS[:2], LDS), RuntimeError, "pivots with shape"),
    (lambda: torch.linalg.ldl_solve(LDS, PIVOTS, LDS.double()), RuntimeError, "same dtype"),
    (lambda: torch.linalg.ldl_solve(LDS, PIVOTS, LDS[:2]), RuntimeError, "2 by 3"),
    (lambda: torch.linalg.ldl_solve(LDS, PIVOTS, LDS[0]), RuntimeError, "2 dimensions"),
])
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("twin", ["serial", "parallel"])
@pytest.mark.parametrize("kind", KINDS)
def test_both_twins_of_the_kernel(kind, twin):
    for hermitian in (False, True):
        a, b = symmetric((3, 5, 5), kind, hermitian), random((3, 5, 2), 4).astype(kind)
        LD, pivots = torch.linalg.ldl_factor(tensor(a), hermitian=hermitian)
        x_t = np.ascontiguousarray(b.swapaxes(1, 2))
        factors_t = np.ascontiguousarray(LD.numpy().swapaxes(1, 2))
        getattr(kernels.ldl_solve, twin)(factors_t, pivots.numpy().astype(np.int64), hermitian and "complex" in kind, x_t)
        np.testing.assert_allclose(x_t.swapaxes(1, 2), np.linalg.solve(a, b), 1e-3 if kind in ("float32", "complex64") else 1e-9)
