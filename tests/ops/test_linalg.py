"""Linear algebra: values as NumPy and SciPy have them, layouts, named results, and what is refused."""
import numpy as np
import pytest
import scipy.linalg
from oracle import tensor

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck
from ops.matrices import positive, random, same

SHAPES = [(1, 1), (3, 3), (4, 4), (20, 20), (40, 40), (2, 3, 3), (2, 1, 4, 4), (20, 5, 5)]


@pytest.mark.parametrize("shape", SHAPES)
def test_square_matrices_as_numpy(shape):
    a, b = random(shape), random((*shape[:-1], 2), 1)
    x, y = tensor(a), tensor(b)
    same(torch.inverse(x), np.linalg.inv(a))
    same(torch.det(x), np.linalg.det(a))
    same(torch.linalg.slogdet(x)[1], np.linalg.slogdet(a)[1])
    same(torch.slogdet(x).sign, np.linalg.slogdet(a)[0])
    same(torch.linalg.solve(x, y), np.linalg.solve(a, b))
    same(torch.matrix_power(x, 5), np.linalg.matrix_power(a, 5))
    same(torch.matrix_power(x, -2), np.linalg.matrix_power(np.linalg.inv(a), 2), 1e-6)
    same(torch.matrix_exp(x / 4), scipy.linalg.expm(a / 4))
    same(torch.pinverse(x), np.linalg.pinv(a), 1e-6)
    assert (torch.matrix_rank(x).numpy() == shape[-1]).all()
    solution, factors = torch.solve(y, x)
    same(solution, np.linalg.solve(a, b))
    pivots, lower, upper = torch.btriunpack(*torch.btrifact(x))
    same(pivots @ lower @ upper, a)
    same(torch.lu(x)[0], factors.numpy())
    same(torch.lu_solve(y, *torch.lu(x)), np.linalg.solve(a, b))
    same(torch.btrisolve(y, *torch.btrifact(x)), np.linalg.solve(a, b))


@pytest.mark.parametrize("shape", SHAPES)
def test_positive_matrices_as_numpy(shape):
    a, b = positive(shape), random((*shape[:-1], 2), 1)
    x, y = tensor(a), tensor(b)
    lower = np.linalg.cholesky(a)
    same(torch.cholesky(x), lower)
    same(torch.cholesky(x, upper=True), lower.swapaxes(-1, -2))
    same(torch.potrf(x), lower.swapaxes(-1, -2))
    same(torch.cholesky_solve(y, tensor(lower)), np.linalg.solve(a, b), 1e-6)
    same(torch.potrs(y, torch.potrf(x)), np.linalg.solve(a, b), 1e-6)
    same(torch.cholesky_inverse(tensor(lower)), np.linalg.inv(a), 1e-6)
    same(torch.potri(torch.potrf(x)), np.linalg.inv(a), 1e-6)
    values, vectors = torch.symeig(x, eigenvectors=True)
    same(values, np.linalg.eigvalsh(a))
    same(vectors * values.unsqueeze(-2) @ vectors.transpose(-1, -2), a)
    same(torch.linalg.cond(x), np.linalg.cond(a), 1e-6)


def test_cholesky_and_symeig_read_only_the_triangle_asked_for():
    a = positive((4, 4))
    low, high = tensor(np.tril(a)), tensor(np.triu(a))
    same(torch.cholesky(low), np.linalg.cholesky(a))
    same(torch.cholesky(high, True).t(), np.linalg.cholesky(a))
    same(torch.symeig(high)[0], np.linalg.eigvalsh(a))
    same(torch.symeig(low, upper=False)[0], np.linalg.eigvalsh(a))
    same(torch.linalg.eigvalsh(low), np.linalg.eigvalsh(a))


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3), (2, 5, 2), (2, 2, 5), (40, 30)])
def test_orthogonal_factors_multiply_back(shape):
    a = random(shape)
    x = tensor(a)
    for some in (True, False):
        q, r = torch.qr(x, some)
        same(q @ r, a)
        assert q.shape[-1] == (min(shape[-2:]) if some else shape[-2])
        same(q.transpose(-1, -2) @ q, np.broadcast_to(np.eye(q.shape[-1]), (*shape[:-2], *q.shape[-1:] * 2)))
        assert (r.tril(-1) == 0).all()
        u, s, v = torch.svd(x, some)
        same(s, np.linalg.svd(a, compute_uv=False))
        count = s.shape[-1]
        same(u[..., :count] * s.unsqueeze(-2) @ v[..., :count].transpose(-1, -2), a)
        same(v.transpose(-1, -2) @ v, np.broadcast_to(np.eye(v.shape[-1]), (*shape[:-2], *v.shape[-1:] * 2)))
    p, lower, upper = torch.linalg.lu(x)
    same(p @ lower @ upper, a)
    same(torch.pinverse(x), np.linalg.pinv(a))
    if shape[-2] >= shape[-1]:
        reflectors, tau = torch.geqrf(x)
        q, r = torch.qr(x)
        same(torch.orgqr(reflectors, tau), q.numpy())
        same(torch.ormqr(reflectors, tau, x, True, True)[..., :shape[-1], :], r.numpy())
        other = x.transpose(-1, -2)
        whole = torch.qr(x, False).Q
        same(torch.ormqr(reflectors, tau, other, left=False), (other @ whole).numpy())


def test_triangles_are_solved_for_in_all_four_ways():
    a, b = positive((5, 5)), random((5, 2), 1)
    for upper in (True, False):
        for transpose in (True, False):
            for unit in (True, False):
                found, copied = torch.triangular_solve(tensor(b), tensor(a), upper, transpose, unit)
                expected = scipy.linalg.solve_triangular(a, b, trans=int(transpose), lower=not upper, unit_diagonal=unit)
                same(found, expected)
                same(copied, a)
    same(torch.trtrs(tensor(b), tensor(a)).solution, scipy.linalg.solve_triangular(a, b))
    same(torch.linalg.solve_triangular(tensor(a), tensor(b.T), upper=False, left=False),
         scipy.linalg.solve_triangular(a, b, trans=1, lower=True).T)


def test_batches_broadcast():
    a, b = positive((3, 1, 4, 4)), random((2, 4, 2), 1)
    expected = np.linalg.solve(a, b)
    same(torch.linalg.solve(tensor(a), tensor(b)), expected)
    same(torch.solve(tensor(b), tensor(a)).solution, expected)
    same(torch.cholesky_solve(tensor(b), torch.cholesky(tensor(a))), expected)
    same(torch.linalg.lu_solve(*torch.linalg.lu_factor(tensor(a)), tensor(b)), expected)
    same(torch.linalg.solve(tensor(a), tensor(b[0, :, :1])), np.linalg.solve(a, b[0, :, :1]))


def test_solve_takes_vectors_and_the_other_side():
    a, b = random((3, 4, 4)), random((3, 4), 1)
    same(torch.linalg.solve(tensor(a), tensor(b)), np.linalg.solve(a, b[..., None])[..., 0])
    same(torch.linalg.solve(tensor(a[0]), tensor(b[0])), np.linalg.solve(a[0], b[0]))
    right = random((3, 2, 4), 2)
    found = torch.linalg.solve(tensor(a), tensor(right), left=False)
    same(found @ tensor(a), right)
    factors = torch.linalg.lu_factor(tensor(a))
    same(torch.linalg.lu_solve(*factors, tensor(right), left=False) @ tensor(a), right)
    back = torch.linalg.lu_solve(*factors, tensor(b).unsqueeze(-1), adjoint=True)
    same(tensor(a).transpose(-1, -2) @ back, b[..., None])


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
def test_gels_and_lstsq(shape):
    a, b = random(shape), random((shape[0], 2), 1)
    expected = np.linalg.lstsq(a, b, rcond=None)[0]
    solution, factors = torch.gels(tensor(b), tensor(a))
    assert tuple(solution.shape) == (max(shape), 2)
    assert solution.stride() == (1, max(shape))
    same(solution[:shape[1]], expected)
    if shape[0] > shape[1]:
        same((solution[shape[1]:] ** 2).sum(0), ((a @ expected - b) ** 2).sum(0))
    same(abs(factors.triu())[:min(shape), :min(shape)] if shape[0] >= shape[1] else abs(factors)[:0],
         abs(np.linalg.qr(a)[1])[:min(shape), :min(shape)] if shape[0] >= shape[1] else np.empty((0, 5)))
    found = torch.linalg.lstsq(tensor(a), tensor(b))
    same(found.solution, expected)
    assert found.rank == min(shape)
    same(torch.linalg.lstsq(tensor(a), tensor(b[:, 0])).solution, expected[:, 0])
    same(torch.gels(tensor(b[:, 0]), tensor(a)).solution[:shape[1], 0], expected[:, 0])


def test_lstsq_residuals_are_those_of_the_driver():
    a, b = random((5, 2)), random((5, 1), 1)
    found = torch.linalg.lstsq(tensor(a), tensor(b), driver="gelsd")
    same(found.residuals, np.linalg.lstsq(a, b, rcond=None)[1])
    same(found.singular_values, np.linalg.svd(a, compute_uv=False))


def test_eig_packs_complex_vectors_into_columns():
    a = random((5, 5), 3)
    values, vectors = torch.eig(tensor(a), eigenvectors=True)
    values, vectors = values.numpy(), vectors.numpy()
    j = 0
    while j < 5:
        pair = values[j, 1] != 0
        vector = vectors[:, j] + (1j * vectors[:, j + 1] if pair else 0)
        np.testing.assert_allclose(a @ vector, complex(*values[j]) * vector, 1e-9, 1e-9)
        np.testing.assert_allclose(np.linalg.norm(vector), 1)
        if pair:
            assert values[j + 1].tolist() == [values[j, 0], -values[j, 1]]
        j += 1 + pair
    assert (values[:, 1] != 0).any()
    assert torch.eig(tensor(a)).eigenvectors.shape == (0,)
    found = torch.linalg.eig(tensor(a))
    assert found.eigenvalues.dtype is torch.complex128
    np.testing.assert_allclose(a @ found.eigenvectors.numpy(), found.eigenvectors.numpy() * found.eigenvalues.numpy(), 1e-9, 1e-9)


def test_pstrf_orders_the_largest_first():
    a = positive((4, 4))
    for upper in (True, False):
        u, pivot = torch.pstrf(tensor(a), upper)
        assert pivot.dtype is torch.int32
        order = pivot.numpy()
        product = u.t() @ u if upper else u @ u.t()
        same(product, a[order][:, order])
        assert (u == (u.triu() if upper else u.tril())).all()
    with pytest.raises(RuntimeError, match="rank deficient or not positive semidefinite"):
        torch.pstrf(tensor(np.zeros((2, 2))))


def test_singular_values_below_the_tolerance_do_not_count():
    a = np.diag([1.0, 1e-3, 0.0])
    assert torch.matrix_rank(tensor(a)) == 2
    assert torch.matrix_rank(tensor(a), tol=0.1) == 1
    assert torch.matrix_rank(tensor(-a), symmetric=True) == 2
    assert torch.linalg.matrix_rank(tensor(a), rtol=0.01) == 1
    assert torch.linalg.matrix_rank(tensor(a), atol=1e-4, rtol=0.0) == 2
    assert torch.matrix_rank(tensor(np.zeros((2, 3)))) == 0
    same(torch.pinverse(tensor(a), 0.01), np.diag([1.0, 0.0, 0.0]))
    same(torch.linalg.pinv(tensor(a), hermitian=True), np.diag([1.0, 1e3, 0.0]))


def test_pseudo_inverses_with_tolerances_that_are_tensors():
    a = np.random.default_rng(1).normal(size=(3, 4, 3))
    limit = np.array([0.5, 0.1, 0.9])
    x = tensor(a)
    same(torch.linalg.pinv(x, rtol=tensor(limit)), np.linalg.pinv(a, rcond=limit))
    same(torch.linalg.pinv(x, atol=tensor(limit * np.linalg.norm(a, 2, axis=(1, 2)))), np.linalg.pinv(a, rcond=limit))
    same(torch.linalg.pinv(x[0], rtol=tensor(limit)), np.linalg.pinv(np.stack([a[0]] * 3), rcond=limit))
    assert torch.linalg.pinv(x[:0], rtol=tensor(limit[:0])).shape == (0, 3, 4)
    assert gradcheck(lambda x: torch.linalg.pinv(x, rtol=tensor([0.01, 0.02, 0.03])), (tensor(a, requires_grad=True),))
    with pytest.raises(RuntimeError, match="size of tensor"):
        torch.linalg.pinv(x, rtol=tensor(limit[:2]))
    for function in (torch.linalg.pinv, torch.linalg.matrix_rank):
        with pytest.raises(RuntimeError, match="complex"):
            function(x, rtol=tensor(limit * 1j))



def test_chain_matmul_takes_the_cheapest_order():
    sizes = [(10, 2), (2, 30), (30, 3), (3, 1)]
    factors = [random(size, seed) for seed, size in enumerate(sizes)]
    same(torch.chain_matmul(*map(tensor, factors)), np.linalg.multi_dot(factors))
    one = tensor(factors[0])
    assert torch.chain_matmul(one) is one
    same(torch.linalg.multi_dot([tensor(factors[0][0]), tensor(factors[1]), tensor(factors[2][:, 0])]),
         np.linalg.multi_dot([factors[0][0], factors[1], factors[2][:, 0]]))
    from nb_nn.ops.matrix_functions import best_order

    def cost(i, j, cut, dims):
        if i == j:
            return 0
        k = cut[i][j]
        return cost(i, k, cut, dims) + cost(k + 1, j, cut, dims) + dims[i] * dims[k + 1] * dims[j + 1]

    dims = [30, 35, 15, 5, 10, 20, 25]          # the example of Cormen et al.
    assert cost(0, 5, best_order(dims), dims) == 15125


def test_norms():
    a = random((2, 4, 3))
    for order in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
        same(torch.linalg.matrix_norm(tensor(a), order), np.linalg.norm(a, order, (-2, -1)))
        same(torch.linalg.matrix_norm(tensor(a), order, (0, 2), True), np.linalg.norm(a, order, (0, 2), True))
    for order in (0, 1, 2, 3.5, np.inf, -np.inf):
        same(torch.linalg.vector_norm(tensor(a), order, 1), np.linalg.norm(a, order, 1))
    same(torch.linalg.norm(tensor(a)), np.linalg.norm(a))
    same(torch.linalg.norm(tensor(a[0]), 1), np.linalg.norm(a[0], 1))
    square = random((3, 4, 4))
    for order in (None, 2, -2, "fro", "nuc", 1, np.inf):
        same(torch.linalg.cond(tensor(square), order), np.linalg.cond(square, order), 1e-6)
    assert torch.linalg.cond(torch.zeros(2, 2), 1) == np.inf


def test_products_and_tensors():
    a, b = random((2, 3)), random((2, 3), 1)
    same(torch.linalg.cross(tensor(a), tensor(b)), np.cross(a, b))
    same(torch.linalg.vecdot(tensor(a), tensor(b)), (a * b).sum(-1))
    same(torch.linalg.vander(tensor(a)), np.stack([np.vander(row, increasing=True) for row in a]))
    same(torch.linalg.vander(tensor(a[0]), N=5), np.vander(a[0], 5, increasing=True))
    same(torch.linalg.diagonal(tensor(a)), np.diagonal(a))
    big = random((6, 2, 3))
    same(torch.linalg.tensorinv(tensor(big), 1), np.linalg.tensorinv(big, 1))
    same(torch.linalg.tensorsolve(tensor(big), tensor(big[:, 0, 0])), np.linalg.tensorsolve(big, big[:, 0, 0]))


def test_logarithms_of_determinants():
    assert torch.logdet(torch.zeros(2, 2)) == -np.inf
    assert torch.logdet(tensor(np.diag([1.0, -1.0]))).isnan()
    sign, size = torch.slogdet(torch.zeros(2, 2))
    assert (sign.item(), size.item()) == (0, -np.inf)
    big = torch.eye(100, dtype=torch.float64) * 1e10
    assert torch.det(big) == np.inf
    same(torch.logdet(big), 100 * np.log(1e10))
    assert torch.slogdet(-torch.eye(3) * 1e-30).sign == -1
