"""Linear algebra: values as NumPy and SciPy have them, layouts, named results, and what is refused."""
import numpy as np
import pytest
import scipy.linalg
from oracle import numbers, tensor

import nb_nn as torch

SHAPES = [(1, 1), (3, 3), (4, 4), (20, 20), (40, 40), (2, 3, 3), (2, 1, 4, 4), (20, 5, 5)]


def random(shape, seed=0, kind="float64"):
    return numbers(kind, shape, seed=seed)


def positive(shape, kind="float64"):
    a = random(shape)
    return (a @ a.swapaxes(-1, -2) + np.eye(shape[-1])).astype(kind)


def same(made, expected, tolerance=1e-9):
    assert tuple(made.shape) == np.shape(expected)
    np.testing.assert_allclose(made.numpy(), expected, tolerance, tolerance * (abs(np.asarray(expected)).max() if np.size(expected) else 1))


def in_columns(made):
    return made.transpose(-1, -2).is_contiguous()


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


def test_results_are_in_column_order_where_documented():
    x, b = tensor(random((2, 4, 3))), tensor(random((2, 4, 2), 1))
    square = x @ x.transpose(-1, -2) + torch.eye(4, dtype=torch.float64)
    assert in_columns(torch.inverse(square))
    assert torch.inverse(square).stride() == (16, 1, 4)
    assert torch.qr(x).Q.stride() == (12, 1, 4)
    assert torch.svd(x).U.stride() == (12, 1, 4)
    assert all(map(in_columns, torch.solve(b, square)))
    assert in_columns(torch.symeig(square, eigenvectors=True).eigenvectors)
    assert all(map(in_columns, torch.gels(b[0], x[0])))


@pytest.mark.parametrize("layout", ["transposed", "stepped", "expanded"])
def test_any_strides_may_be_given(layout):
    a = positive((6, 6))
    x = tensor(a)
    if layout == "transposed":
        x, a = x.t(), a.T
    elif layout == "stepped":
        x, a = x[::2, ::2], a[::2, ::2]
    else:
        x, a = x.expand(3, 6, 6), np.broadcast_to(a, (3, 6, 6))
    b = x[..., :2]
    same(torch.inverse(x), np.linalg.inv(a))
    same(torch.cholesky(x), np.linalg.cholesky(a))
    same(torch.linalg.solve(x, b), np.linalg.solve(a, a[..., :2]))
    same(torch.det(x), np.linalg.det(a))
    same(torch.triangular_solve(b, x)[0], np.linalg.solve(np.triu(a), a[..., :2]))
    same(torch.svd(x)[1], np.linalg.svd(a, compute_uv=False))
    same(torch.qr(x)[0] @ torch.qr(x)[1], a)


def test_float32_stays_float32():
    x = tensor(positive((3, 3), "float32"))
    results = [torch.inverse(x), torch.det(x), torch.logdet(x), torch.cholesky(x), *torch.qr(x), *torch.svd(x), *torch.symeig(x),
               *torch.eig(x, True), torch.pinverse(x), *torch.solve(x, x), torch.matrix_exp(x), *torch.geqrf(x), *torch.gels(x, x)]
    assert {made.dtype for made in results} == {torch.float32}
    assert torch.linalg.eig(x)[0].dtype is torch.complex64


def test_logarithms_of_determinants():
    assert torch.logdet(torch.zeros(2, 2)) == -np.inf
    assert torch.logdet(tensor(np.diag([1.0, -1.0]))).isnan()
    sign, size = torch.slogdet(torch.zeros(2, 2))
    assert (sign.item(), size.item()) == (0, -np.inf)
    big = torch.eye(100, dtype=torch.float64) * 1e10
    assert torch.det(big) == np.inf
    same(torch.logdet(big), 100 * np.log(1e10))
    assert torch.slogdet(-torch.eye(3) * 1e-30).sign == -1


def test_empty_matrices():
    for shape in ((0, 0), (0, 3, 3), (2, 0, 0)):
        x = torch.zeros(shape)
        assert torch.inverse(x).shape == torch.cholesky(x).shape == torch.matrix_exp(x).shape == shape
        assert torch.det(x).shape == shape[:-2]
        assert torch.svd(x).S.shape == shape[:-1]
        assert torch.linalg.solve(x, torch.zeros(*shape[:-1], 2)).shape == (*shape[:-1], 2)
        assert torch.linalg.eigvalsh(x).shape == shape[:-1]
        assert torch.lu(x)[1].shape == shape[:-1]
        assert torch.matrix_rank(x).shape == shape[:-2]
        assert torch.pinverse(x).shape == shape
    assert torch.det(torch.zeros(0, 0)) == 1
    assert torch.slogdet(torch.zeros(0, 0)) == (1, 0)
    assert torch.linalg.solve(torch.eye(3), torch.zeros(3, 0)).shape == (3, 0)
    assert torch.qr(torch.zeros(3, 0)).Q.shape == (3, 0)
    assert torch.pinverse(torch.zeros(3, 0)).shape == (0, 3)


def test_named_results():
    x = tensor(positive((2, 2)))
    assert torch.svd(x)._fields == ("U", "S", "V")
    assert torch.symeig(x)._fields == torch.eig(x)._fields == ("eigenvalues", "eigenvectors")
    assert torch.qr(x)._fields == ("Q", "R")
    assert torch.geqrf(x)._fields == ("a", "tau")
    assert torch.pstrf(x)._fields == ("u", "pivot")
    assert torch.solve(x, x)._fields == ("solution", "LU")
    assert repr(torch.slogdet(torch.eye(1))) == "torch.return_types.slogdet(\nsign=tensor(1.),\nlogabsdet=tensor(0.))"
    assert isinstance(torch.gels(x, x), tuple)
    assert (torch.symeig(x).eigenvectors == 0).all()
    u, _, v = torch.svd(torch.zeros(3, 2), compute_uv=False)
    assert u.shape == (3, 3)
    assert v.shape == (2, 2)


def test_methods_are_the_functions():
    x, b = tensor(positive((3, 3))), tensor(random((3, 1)))
    for name in ("inverse", "det", "logdet", "cholesky", "pinverse", "trace", "matrix_exp", "cholesky_inverse", "potrf", "potri"):
        same(getattr(x, name)(), getattr(torch, name)(x).numpy())
    for name in ("slogdet", "qr", "svd", "symeig", "eig", "geqrf", "pstrf", "lu", "btrifact", "btrifact_with_info"):
        for one, other in zip(getattr(x, name)(), getattr(torch, name)(x)):
            same(one, other.numpy())
    for name in ("solve", "gesv", "trtrs", "triangular_solve", "gels", "lstsq"):
        same(getattr(b, name)(x)[0], getattr(torch, name)(b, x)[0].numpy())
    for name in ("potrs", "cholesky_solve"):
        same(getattr(b, name)(x), getattr(torch, name)(b, x).numpy())
    same(b.btrisolve(*x.btrifact()), torch.solve(b, x)[0].numpy())
    same(x.matrix_power(3), (x @ x @ x).numpy())
    reflectors, tau = x.geqrf()
    same(reflectors.orgqr(tau), x.qr()[0].numpy())
    same(reflectors.ormqr(tau, b), (x.qr()[0] @ b).numpy())


def test_out():
    x, b = tensor(positive((3, 3))), tensor(random((3, 2)))
    for name, args in [("inverse", (x,)), ("cholesky", (x,)), ("det", (x,)), ("cholesky_solve", (b, x)), ("potri", (x,)),
                       ("matrix_power", (x, 2)), ("cholesky_inverse", (x,)), ("chain_matmul", (x, x))]:
        out = torch.empty(0, dtype=torch.float64)
        made = getattr(torch, name)(*args, out=out)
        assert made is out
        same(out, getattr(torch, name)(*args).numpy())
    for name, args in [("qr", (x,)), ("symeig", (x,)), ("eig", (x, True)), ("geqrf", (x,)), ("solve", (b, x)), ("gels", (b, x)), ("svd", (x,)),
                       ("triangular_solve", (b, x)), ("lu", (x,)), ("pstrf", (x,))]:
        expected = getattr(torch, name)(*args)
        out = tuple(torch.empty(0, dtype=one.dtype) for one in expected)
        made = getattr(torch, name)(*args, out=out)
        for one, given, value in zip(made, out, expected):
            assert one is given
            same(one, value.numpy())
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        torch.inverse(x.clone().requires_grad_(), out=torch.empty(0, dtype=torch.float64))


SINGULAR = [
    ("inverse", "linalg.inv: {}The diagonal element 2 is zero, the inversion could not be completed because the input matrix is singular."),
    ("cholesky", "cholesky: {}The factorization could not be completed because the input is not positive-definite (the leading minor of "
                 "order 2 is not positive-definite)."),
    ("cholesky_inverse", "cholesky_inverse: {}The diagonal element 2 is zero, the inversion could not be completed because the input "
                         "matrix is singular."),
]


@pytest.mark.parametrize(("name", "message"), SINGULAR)
def test_matrices_without_an_answer(name, message):
    good, bad = torch.eye(3), torch.eye(3)
    bad[1, 1] = 0
    with pytest.raises(torch.linalg.LinAlgError) as caught:
        getattr(torch, name)(bad)
    assert str(caught.value) == message.format("")
    with pytest.raises(RuntimeError) as caught:
        getattr(torch, name)(torch.stack([good, bad]))
    assert str(caught.value) == message.format("(Batch element 1): ")


def test_singular_systems():
    good, bad = torch.eye(3), torch.eye(3)
    bad[1, 1] = 0
    with pytest.raises(torch.linalg.LinAlgError, match="torch.linalg.solve: The solver failed because the input matrix is singular."):
        torch.linalg.solve(bad, torch.ones(3))
    with pytest.raises(RuntimeError, match=r"solve_cpu: U\(2,2\) is zero, singular U."):
        torch.solve(torch.ones(3, 1), bad)
    with pytest.raises(RuntimeError, match=r"lu: For batch 1: U\(2,2\) is zero, singular U."):
        torch.btrifact(torch.stack([good, bad]))
    assert torch.btrifact_with_info(torch.stack([good, bad]))[2].tolist() == [0, 2]
    assert torch.lu(bad, get_infos=True)[2] == 2
    assert torch.linalg.inv_ex(bad).info == 2
    assert torch.linalg.cholesky_ex(bad).info == 2
    assert torch.linalg.solve_ex(bad, torch.ones(3)).info == 2
    with pytest.raises(RuntimeError, match=r"U\[2,2\] is zero"):
        torch.linalg.lu_factor(bad)
    assert torch.triangular_solve(torch.ones(3, 1), bad)[0].isinf().any()
    nan = torch.full((2, 2), np.nan)
    for name in ("svd", "pinverse"):
        with pytest.raises(RuntimeError, match="because the input matrix contained non-finite values"):
            getattr(torch, name)(nan)
    with pytest.raises(RuntimeError, match="should not contain infs or NaNs"):
        torch.linalg.eig(nan)
    assert torch.inverse(nan).isnan().all()


@pytest.mark.parametrize("name", ["inverse", "det", "slogdet", "logdet", "cholesky", "symeig", "eig", "cholesky_inverse", "matrix_exp"])
def test_only_square_matrices_of_floats_are_taken(name):
    function = getattr(torch, name)
    with pytest.raises(RuntimeError, match=r"must be batches of square matrices, but they are 2 by 3 matrices"):
        function(torch.ones(2, 3))
    with pytest.raises(RuntimeError, match="at least 2 dimensions|2 dimensional"):
        function(torch.ones(2))
    for kind in (torch.int64, torch.float16, torch.bfloat16):
        with pytest.raises(RuntimeError, match="floating point|not implemented|Low precision"):
            function(torch.ones(2, 2).to(kind))


def test_sizes_that_do_not_fit():
    a = torch.eye(3)
    for function, message in [
        (lambda: torch.solve(torch.ones(2, 1), a), "Incompatible matrix sizes for solve: each A matrix is 3 by 3 but each b matrix is 2 by 1"),
        (lambda: torch.linalg.solve(a, torch.ones(2, 1)), "linalg.solve: Incompatible shapes of A and B for the equation AX = B (3x3 and 2x1)"),
        (lambda: torch.solve(torch.ones(3), a), "B should have at least 2 dimensions, but has 1 dimensions instead"),
        (lambda: torch.triangular_solve(torch.ones(3), a),
         "b should have at least 2 dimensions, but has 1 dimensions instead"),
        (lambda: torch.gels(torch.ones(2, 1), a), "Expected A and b to have same size at dim 0, but A has 3 rows and B has 2 rows"),
        (lambda: torch.cholesky_solve(torch.ones(3, 1).double(), a),
         "Expected b and A to have the same dtype, but found b of type Double and A of type Float instead."),
        (lambda: torch.chain_matmul(), "chain_matmul(): Expected one or more matrices"),
        (lambda: torch.chain_matmul(torch.ones(3, 2), torch.ones(3, 2)),
         "multi_dot(): tensors 0 and 1 with shapes [3, 2] and [3, 2] cannot be multiplied"),
        (lambda: torch.linalg.qr(a, "x"), "qr received unrecognized mode 'x' but expected one of 'reduced' (default), 'r', or 'complete'"),
        (lambda: torch.linalg.eigh(a, "X"), "Expected UPLO argument to be 'L' or 'U', but got X"),
        (lambda: torch.orgqr(torch.ones(2, 3), torch.ones(2)),
         "torch.linalg.householder_product: input.shape[-2] must be greater than or equal to input.shape[-1]"),
        (lambda: torch.ormqr(torch.ones(4, 3), torch.ones(3), torch.ones(3, 2)),
         "torch.ormqr: other.shape[-2] must be equal to input.shape[-2]"),
        (lambda: torch.lu_solve(torch.ones(3, 1), a, torch.ones(3)), "linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32"),
    ]:
        with pytest.raises(RuntimeError) as caught:
            function()
        assert str(caught.value) == message
    with pytest.raises(TypeError, match="must be int, not float"):
        torch.matrix_power(a, 0.5)


@pytest.mark.parametrize("kind", ["complex64", "complex128"])
def test_complex_matrices(kind):
    a, b = random((2, 3, 3), kind=kind), random((2, 3, 1), 1, kind)
    tolerance = 1e-4 if kind == "complex64" else 1e-9
    same(torch.inverse(tensor(a)), np.linalg.inv(a), tolerance)
    same(torch.det(tensor(a)), np.linalg.det(a), tolerance)
    same(torch.linalg.solve(tensor(a), tensor(b)), np.linalg.solve(a, b), tolerance)
    same(torch.linalg.svdvals(tensor(a)), np.linalg.svd(a, compute_uv=False), tolerance)
    hermitian = (a @ a.conj().swapaxes(-1, -2) + np.eye(3)).astype(kind)
    same(torch.cholesky(tensor(hermitian)), np.linalg.cholesky(hermitian), tolerance)
    same(torch.cholesky(tensor(hermitian), upper=True), np.linalg.cholesky(hermitian).conj().swapaxes(-1, -2), tolerance)
    same(torch.linalg.eigvalsh(tensor(hermitian)), np.linalg.eigvalsh(hermitian), tolerance)
    q, r = torch.qr(tensor(a))
    same(q @ r, a, tolerance)
