"""First and second derivatives of linear algebra, against differences of the functions themselves."""
import numpy as np
import pytest
from oracle import numbers, tensor

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

# directions of eigenvectors and signs of singular vectors are free: functions of them that do not depend on that
SQUARE = {
    "inverse": torch.inverse,
    "det": torch.det,
    "slogdet": lambda a: torch.slogdet(a)[1],
    "logdet": lambda a: torch.logdet(a @ a.transpose(-1, -2)),
    "matrix_power": lambda a: torch.matrix_power(a, 3),
    "negative matrix_power": lambda a: torch.matrix_power(a, -2),
    "matrix_exp": lambda a: torch.matrix_exp(a / 3),
    "pinverse": torch.pinverse,
    "eigenvalues": lambda a: torch.symeig(a + a.transpose(-1, -2), eigenvectors=True)[0],
    "eigenvectors": lambda a: torch.symeig(a + a.transpose(-1, -2), eigenvectors=True, upper=False)[1].abs(),
    "cond": torch.linalg.cond,
    "cond 1": lambda a: torch.linalg.cond(a, 1),
    "trace": lambda a: a.trace() if a.dim() == 2 else a[0].trace(),
    "lu": lambda a: torch.lu(a)[0],
    "linalg.lu": lambda a: torch.linalg.lu(a)[1:],
}
POSITIVE = {
    "cholesky": torch.cholesky,
    "upper cholesky": lambda a: torch.potrf(a),
    "cholesky_inverse": lambda a: torch.cholesky_inverse(torch.cholesky(a)),
}
ANY = {
    "singular values": lambda a: torch.svd(a)[1],
    "svd": lambda a: [made.abs() for made in torch.svd(a)],
    "whole svd": lambda a: (lambda u, s, v: (u[..., :2].abs(), s, v[..., :2].abs()))(*torch.svd(a, some=False)),
    "svdvals": torch.linalg.svdvals,
    "nuclear norm": lambda a: torch.linalg.matrix_norm(a, "nuc"),
    "spectral norm": lambda a: torch.linalg.matrix_norm(a, 2),
    "qr": torch.qr,
    "pinverse": torch.pinverse,
    "lu": lambda a: torch.lu(a)[0],
}
TWO = {
    "linalg.solve": torch.linalg.solve,
    "right": lambda a, b: torch.linalg.solve(a, b.transpose(-1, -2), left=False),
    "solve": lambda a, b: torch.solve(b, a)[0],
    "vector": lambda a, b: torch.linalg.solve(a, b[..., 0]),
    "upper": lambda a, b: torch.triangular_solve(b, a)[0],
    "lower transposed": lambda a, b: torch.triangular_solve(b, a, False, True)[0],
    "lower unit": lambda a, b: torch.triangular_solve(b, a, False, False, True)[0],
    "cholesky_solve": lambda a, b: torch.cholesky_solve(b, a),
    "upper cholesky_solve": lambda a, b: torch.cholesky_solve(b, a, upper=True),
    "lu_solve": lambda a, b: torch.lu_solve(b, *torch.lu(a)),
    "adjoint lu_solve": lambda a, b: torch.linalg.lu_solve(*torch.lu(a), b, adjoint=True),
    "lstsq": lambda a, b: torch.linalg.lstsq(a, b)[0],
    "chain_matmul": lambda a, b: torch.linalg.multi_dot([a.reshape(-1, 3), b.reshape(-1, 2)[:3], a.reshape(-1, 3)[:2]]),
}


def square(shape=(3, 3), seed=0):
    return tensor(numbers("float64", shape, seed=seed) + 2 * np.eye(shape[-1]), requires_grad=True)


def check(function, *inputs):
    gradcheck(function, inputs)
    gradgradcheck(function, inputs, atol=1e-4)


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3)])
@pytest.mark.parametrize("name", SQUARE)
def test_square(name, shape):
    check(SQUARE[name], square(shape))


@pytest.mark.parametrize("name", POSITIVE)
def test_positive(name):
    check(lambda a: POSITIVE[name](a @ a.transpose(-1, -2) + torch.eye(3).double()), square((2, 3, 3)))


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (2, 3, 2)])
@pytest.mark.parametrize("name", ANY)
def test_any_shape(name, shape):
    check(ANY[name], tensor(numbers("float64", shape), requires_grad=True))


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3)])
@pytest.mark.parametrize("name", TWO)
def test_two_inputs(name, shape):
    check(TWO[name], square(shape), tensor(numbers("float64", (*shape[:-1], 2), seed=5), requires_grad=True))


def test_batches_that_broadcast():
    check(torch.linalg.solve, square((2, 1, 3, 3)), tensor(numbers("float64", (2, 3, 1)), requires_grad=True))
    check(lambda a, b: torch.cholesky_solve(b, a), square((3, 3)), tensor(numbers("float64", (2, 3, 1)), requires_grad=True))


def test_reflectors():
    a, tau = tensor(numbers("float64", (4, 3)), requires_grad=True), tensor(numbers("float64", (3,), 0.5, 1), requires_grad=True)
    check(torch.orgqr, a, tau)
    c = tensor(numbers("float64", (4, 2), seed=2), requires_grad=True)
    for transpose in (False, True):
        check(lambda a, tau, c, way=transpose: torch.ormqr(a, tau, c, True, way), a, tau, c)
        check(lambda a, tau, c, way=transpose: torch.ormqr(a, tau, c.t(), False, way), a, tau, c)
    same = torch.ormqr(a.detach(), tau.detach(), c.detach(), True, True)
    assert torch.allclose(torch.ormqr(a, tau, c, True, True), same)
    assert torch.allclose(torch.orgqr(a, tau), torch.orgqr(a.detach(), tau.detach()))


def test_det_of_singular_matrices_has_the_cofactors_as_gradient():
    a = numbers("float64", (3, 3))
    a[:, 2] = a[:, 0] + a[:, 1]
    x = tensor(np.stack([a, np.eye(3), np.diag([1.0, 2.0, 0.0])]), requires_grad=True)
    assert gradcheck(torch.det, x)
    torch.det(x).sum().backward()
    cofactors = np.array([[(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(3)] for i in range(3)])
    np.testing.assert_allclose(x.grad[0].numpy(), cofactors, 1e-9, 1e-9)
    np.testing.assert_allclose(x.grad[1].numpy(), np.eye(3), 1e-9, 1e-9)
    np.testing.assert_allclose(x.grad[2].numpy(), np.diag([0, 0, 2.0]), 1e-9, 1e-9)
    single = tensor(a, requires_grad=True)
    assert gradgradcheck(torch.det, single, atol=1e-4)


def test_logarithms_of_singular_determinants_have_no_finite_gradient():
    x = tensor(np.diag([1.0, 2.0, 0.0]), requires_grad=True)
    for made in (torch.logdet(x), torch.slogdet(x)[1]):
        (grad,) = torch.autograd.grad(made, x)
        assert grad[2, 2] == np.inf


def test_large_matrices_use_the_factors_they_have():
    a, b = square((40, 40)), tensor(numbers("float64", (40, 2)), requires_grad=True)
    torch.linalg.solve(a, b).sum().backward()
    first = a.grad.clone(), b.grad.clone()
    a.grad = b.grad = None
    torch.linalg.solve(a, b).sum().backward(create_graph=True)
    assert torch.allclose(a.grad, first[0])
    assert torch.allclose(b.grad, first[1])


def test_what_has_no_derivative_says_so():
    x = square()
    for made, message in [
        (torch.eig(x)[0], "the derivative for 'eig' is not implemented"),
        (torch.gels(x, x)[0], "the derivative for 'gels' is not implemented"),
        (torch.geqrf(x)[0], "the derivative for 'geqrf' is not implemented"),
        (torch.pstrf(x @ x.t())[0], "the derivative for 'pstrf' is not implemented"),
        (torch.svd(x, compute_uv=False)[1], "svd_backward: Setting compute_uv to false in torch.svd doesn't compute singular matrices"),
        (torch.symeig(x)[0], "symeig_backward: Setting eigenvectors to false in torch.symeig doesn't compute eigenvectors"),
        (torch.qr(tensor(numbers("float64", (3, 2)), requires_grad=True), some=False)[0],
         "The QR decomposition is not differentiable when mode='complete' and nrows > ncols."),
    ]:
        with pytest.raises(RuntimeError, match=message):
            made.sum().backward()
    assert not torch.matrix_rank(x).requires_grad
    with pytest.raises(RuntimeError, match="which is not computed when mode='r'"):
        torch.linalg.qr(x, "r")


@pytest.mark.parametrize("function", [
    torch.inverse, torch.det, torch.linalg.svdvals, torch.matrix_exp, torch.pinverse,
    lambda a: torch.cholesky(a @ a.transpose(-1, -2).conj() + torch.eye(2).to(a.dtype)),
    lambda a: torch.linalg.eigvalsh(a + a.transpose(-1, -2).conj()),
    lambda a: torch.linalg.solve(a, a.transpose(-1, -2)),
    lambda a: torch.linalg.eigvals(a).abs(),
])
def test_complex(function):
    a = tensor(numbers("complex128", (2, 2)), requires_grad=True)
    assert gradcheck(function, a)
