"""Linear algebra, Fourier transforms and sparse tensors on CUDA devices: the double of CuPy and the simulator stand in for a GPU."""
import numpy as np
import pytest

pytest.importorskip("greenlet", reason="the simulator of CUDA needs greenlet")

import cupy_double  # noqa: E402
from both import both_places  # noqa: E402

import nb_nn as torch  # noqa: E402

torch.manual_seed(0)
A, MANY = torch.randn(2, 3, 3), torch.randn(9, 3, 3)
POSITIVE = [a @ a.transpose(1, 2) + torch.eye(3) for a in (A, MANY)]
B = torch.randn(3, 2)


@pytest.fixture(autouse=True)
def device():
    with cupy_double.playing() as cupy:
        yield cupy


@pytest.mark.parametrize("a", POSITIVE, ids=["few", "many"])
def test_solutions(a):
    a = a.clone().requires_grad_()
    both_places(lambda a, b: torch.linalg.solve(a, b), a, B.expand(len(a), 3, 2).clone().requires_grad_())
    both_places(lambda a: torch.inverse(a), a)
    both_places(lambda a: torch.cholesky(a), a)
    both_places(lambda a: torch.cholesky(a, upper=True), a)
    both_places(lambda a: torch.det(a), a)
    both_places(lambda a: torch.slogdet(a)[1], a)
    both_places(lambda a, b: torch.triangular_solve(b, a)[0], a, B.expand(len(a), 3, 2).clone().requires_grad_())
    both_places(lambda a: tuple(torch.lu(a)), a)
    both_places(lambda a, b: torch.lu_solve(b, *torch.lu(a)), a.detach(), B.expand(len(a), 3, 2).clone())
    both_places(lambda a: torch.matrix_power(a, -2), a)


def test_decompositions():
    both_places(lambda a: torch.svd(a)[1], A.clone().requires_grad_())
    both_places(lambda a: torch.svd(a, some=False)[1], torch.randn(4, 2))
    both_places(lambda a: torch.qr(a)[1], A.clone().requires_grad_())
    both_places(lambda a: torch.symeig(a)[0], POSITIVE[0])
    both_places(lambda a: torch.symeig(a, eigenvectors=True)[0], POSITIVE[0].clone().requires_grad_())
    both_places(lambda a: torch.linalg.eigvals(a).abs().sort()[0], A)
    both_places(lambda a: torch.pinverse(a), torch.randn(4, 2).requires_grad_())
    both_places(lambda a: torch.matrix_exp(a), A.clone().requires_grad_())
    both_places(lambda a: torch.orgqr(*torch.geqrf(a)), torch.randn(4, 2))
    both_places(lambda a, c: torch.ormqr(*torch.geqrf(a), c, transpose=True), torch.randn(4, 2), torch.randn(4, 3))
    both_places(lambda a: torch.norm(a, p="nuc"), A[0].clone().requires_grad_())
    both_places(lambda a: torch.matrix_rank(a), A[0])
    both_places(lambda b, a: torch.gels(b, a)[0], torch.randn(4, 2), torch.randn(4, 3))
    both_places(lambda b, a: torch.gels(b, a)[0], torch.randn(2, 2), torch.randn(2, 3))


def test_failures_are_told():
    singular = torch.ones(2, 2, device="cuda")
    with pytest.raises(RuntimeError, match="diagonal element 2 is zero"):
        singular.inverse()
    with pytest.raises(RuntimeError, match="leading minor of order 2"):
        (singular - torch.eye(2, device="cuda") * 2).add(torch.eye(2, device="cuda") * 1.5).cholesky()
    with pytest.raises(RuntimeError, match="singular"):
        torch.linalg.solve(singular, torch.ones(2, device="cuda"))
    assert torch.det(singular).item() == 0


def test_complex_matrices():
    a = torch.complex(POSITIVE[0], torch.zeros(2, 3, 3)) + 1j * torch.complex(A - A.transpose(1, 2), torch.zeros(2, 3, 3)) / 4
    for call in (torch.inverse, torch.det, torch.cholesky, lambda a: torch.slogdet(a)[0]):
        np.testing.assert_allclose(call(a.cuda()).cpu().numpy(), call(a).numpy(), rtol=1e-4, atol=1e-5)


def test_transforms():
    x = torch.randn(2, 4, 6).requires_grad_()
    both_places(lambda x: torch.rfft(x, 2), x)
    both_places(lambda x: torch.fft(x.reshape(2, 4, 3, 2), 1, normalized=True), x)
    both_places(lambda x: torch.irfft(torch.rfft(x, 1), 1, signal_sizes=(6,)), x)
    both_places(lambda x: torch.stft(x.reshape(-1), 8, 4), x)


def test_sparse_tensors():
    places, values = torch.tensor([[2, 0, 2, 1], [1, 3, 1, 0]]), torch.randn(4).requires_grad_()

    def sparse(places, values):
        return torch.sparse_coo_tensor(places, values, (3, 4))

    both_places(lambda places, values: sparse(places, values).to_dense(), places, values)
    both_places(lambda places, values: sparse(places, values).coalesce().values(), places, values)
    both_places(lambda places, values, dense: torch.sparse.mm(sparse(places, values), dense), places, values, torch.randn(4, 2).requires_grad_())
    both_places(lambda places, values: torch.sparse.sum(sparse(places, values)), places, values)
    assert sparse(places.cuda(), values.detach().cuda()).coalesce().indices().is_cuda


@pytest.mark.parametrize("optimizer, sparse", [(torch.optim.SparseAdam, True), (torch.optim.Adagrad, True), (torch.optim.Adagrad, False), (torch.optim.SGD, True)])
def test_steps_on_the_rows_of_an_embedding(optimizer, sparse):
    weights = []
    for where in ("cpu", "cuda"):
        torch.manual_seed(1)
        layer = torch.nn.Embedding(5, 3, sparse=sparse).to(where)
        steps = optimizer(layer.parameters(), lr=0.1)
        for _ in range(2):
            steps.zero_grad()
            layer(torch.tensor([[1, 4], [1, 0]]).to(where)).pow(2).sum().backward()
            steps.step()
        weights.append(layer.weight.detach().cpu().numpy())
    np.testing.assert_allclose(*weights, rtol=1e-4, atol=1e-5)
