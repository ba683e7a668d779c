"""Linear algebra: layouts, named results, out, methods, and what is refused."""
import numpy as np
import pytest
from oracle import tensor

import nb_nn as torch
from ops.matrices import in_columns, positive, random, same


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
