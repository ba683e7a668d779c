"""Linear algebra gives what torch gives: values, types, strides, gradients and words of refusal."""
import numpy as np
import pytest
from oracle import numbers

import nb_nn

torch = pytest.importorskip("torch")

SAME_NAME = [
    ("inverse", {}), ("det", {}), ("slogdet", {}), ("logdet", {}), ("cholesky", {}), ("cholesky", {"upper": True}), ("qr", {}),
    ("qr", {"some": False}), ("geqrf", {}), ("pinverse", {}), ("cholesky_inverse", {}), ("lu", {}), ("lu", {"get_infos": True}),
    ("matrix_power", {"n": 3}), ("matrix_power", {"n": -1}), ("matrix_power", {"n": 0}), ("matrix_exp", {}),
]
IN_LINALG = [
    ("cholesky", {}), ("cholesky", {"upper": True}), ("cholesky_ex", {}), ("inv", {}), ("inv_ex", {}), ("det", {}), ("slogdet", {}),
    ("eigvalsh", {}), ("eigvalsh", {"UPLO": "U"}), ("svdvals", {}), ("qr", {}), ("qr", {"mode": "r"}), ("qr", {"mode": "complete"}),
    ("pinv", {}), ("pinv", {"rtol": 0.3}), ("pinv", {"hermitian": True}), ("matrix_rank", {}), ("matrix_rank", {"atol": 1.0}),
    ("matrix_rank", {"hermitian": True}), ("cond", {}), ("cond", {"p": -2}), ("cond", {"p": 1}), ("cond", {"p": "fro"}), ("lu", {}),
    ("lu_factor", {}), ("lu_factor_ex", {}), ("matrix_exp", {}), ("matrix_power", {"n": 2}), ("matrix_norm", {}),
    ("matrix_norm", {"ord": "nuc"}), ("matrix_norm", {"ord": -1, "keepdim": True}), ("norm", {}), ("vector_norm", {"ord": 3}),
    ("diagonal", {"offset": 1}), ("vander", {}),
]
TWO = [
    ("triangular_solve", {}), ("triangular_solve", {"upper": False, "transpose": True, "unitriangular": True}), ("cholesky_solve", {}),
    ("cholesky_solve", {"upper": True}),
]
TWO_IN_LINALG = [("solve", {}), ("solve_ex", {}), ("lstsq", {}), ("lstsq", {"driver": "gelsd"}), ("solve_triangular", {"upper": True}),
                 ("vecdot", {})]
COLUMN_ORDER = {"inverse", "inv", "geqrf", "lu", "lu_factor", "solve", "triangular_solve"}


def matrices(shape, kind="float64", seed=0):
    a = numbers(kind, shape, seed=seed)
    return a + a.swapaxes(-1, -2) + 2 * shape[-1] * np.eye(shape[-1], dtype=kind)


def pair(array, grad=False):
    return nb_nn.tensor(array, requires_grad=grad), torch.tensor(array, requires_grad=grad)


def several(made):
    return made if isinstance(made, tuple) else (made,)


def compare(ours, theirs, strides=False, tolerance=1e-8):
    ours, theirs = several(ours), several(theirs)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs):
        assert str(one.dtype) == str(other.dtype)
        assert tuple(one.shape) == tuple(other.shape)
        if strides:
            assert one.stride() == other.stride()
        np.testing.assert_allclose(one.detach().numpy(), other.detach().numpy(), tolerance, tolerance)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4), (30, 5, 5), (40, 40)])
@pytest.mark.parametrize(("name", "options"), SAME_NAME)
def test_functions(name, options, shape):
    ours, theirs = pair(matrices(shape))
    compare(getattr(nb_nn, name)(ours, **options), getattr(torch, name)(theirs, **options), name in COLUMN_ORDER and shape != (40, 40))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4)])
@pytest.mark.parametrize(("name", "options"), IN_LINALG)
def test_linalg(name, options, shape):
    ours, theirs = pair(matrices(shape))
    mine, its = getattr(nb_nn.linalg, name)(ours, **options), getattr(torch.linalg, name)(theirs, **options)
    compare(mine, its)
    if isinstance(its, tuple):
        assert repr(mine).splitlines()[0] == repr(its).splitlines()[0]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "options"), TWO)
def test_functions_of_two(name, options):
    (a, x), (b, y) = pair(matrices((2, 4, 4))), pair(numbers("float64", (2, 4, 3), seed=4))
    compare(getattr(nb_nn, name)(b, a, **options), getattr(torch, name)(y, x, **options), name in COLUMN_ORDER)


@pytest.mark.parametrize(("name", "options"), TWO_IN_LINALG)
def test_linalg_of_two(name, options):
    (a, x), (b, y) = pair(matrices((2, 4, 4))), pair(numbers("float64", (2, 4, 4), seed=4))
    compare(getattr(nb_nn.linalg, name)(a, b, **options), getattr(torch.linalg, name)(x, y, **options), name in COLUMN_ORDER)


@pytest.mark.filterwarnings("ignore")
def test_tall_and_wide():
    for shape in ((5, 3), (3, 5), (2, 4, 3)):
        ours, theirs = pair(numbers("float64", shape))
        compare(nb_nn.svd(ours).S, torch.svd(theirs).S)
        assert nb_nn.svd(ours).U.stride() == torch.svd(theirs).U.stride()
        assert nb_nn.qr(ours).Q.stride() == torch.qr(theirs).Q.stride()
        assert nb_nn.svd(ours).V.stride() == torch.svd(theirs).V.stride()
        compare(nb_nn.pinverse(ours), torch.pinverse(theirs))
        compare(nb_nn.linalg.lu(ours), torch.linalg.lu(theirs))
        compare(nb_nn.geqrf(ours), torch.geqrf(theirs))
        right = numbers("float64", (*shape[:-1], 2), seed=3)
        compare(nb_nn.linalg.lstsq(ours, nb_nn.tensor(right))[0], torch.linalg.lstsq(theirs, torch.tensor(right))[0])
        if shape[-2] >= shape[-1]:
            compare(nb_nn.orgqr(*nb_nn.geqrf(ours)), torch.orgqr(*torch.geqrf(theirs)), True)
            compare(nb_nn.ormqr(*nb_nn.geqrf(ours), nb_nn.tensor(right)), torch.ormqr(*torch.geqrf(theirs), torch.tensor(right)), True)


GRADIENTS = [
    ("inverse", lambda m, a: m.inverse(a)),
    ("det", lambda m, a: m.det(a)),
    ("logdet", lambda m, a: m.logdet(a)),
    ("cholesky", lambda m, a: m.linalg.cholesky(a)),
    ("eigenvalues", lambda m, a: m.linalg.eigh(a)[0] ** 2),
    ("eigenvectors", lambda m, a: m.linalg.eigh(a)[1].abs()),
    ("svd", lambda m, a: m.linalg.svd(a)[0].abs()),
    ("right svd", lambda m, a: m.linalg.svd(a)[2].abs()),
    ("qr", lambda m, a: m.linalg.qr(a)[0]),
    ("triangle of qr", lambda m, a: m.linalg.qr(a)[1]),
    ("lu", lambda m, a: m.linalg.lu_factor(a)[0]),
    ("pinv", lambda m, a: m.linalg.pinv(a)),
    ("matrix_exp", lambda m, a: m.linalg.matrix_exp(a / 4)),
    ("solve", lambda m, a: m.linalg.solve(a, a[..., :2])),
    ("cond", lambda m, a: m.linalg.cond(a)),
]


@pytest.mark.parametrize(("name", "function"), GRADIENTS)
def test_gradients(name, function):
    array = matrices((2, 3, 3))
    (ours, theirs), found = pair(array, True), []
    for module, x in ((nb_nn, ours), (torch, theirs)):
        made = function(module, x)
        weights = module.arange(1.0, made.numel() + 1, dtype=module.float64).reshape(made.shape)
        (grad,) = module.autograd.grad((made * weights).sum(), x, create_graph=True)
        (second,) = module.autograd.grad((grad ** 2).sum(), x)
        found.append((grad, second))
    compare(*found, tolerance=1e-6)


def test_names_of_nodes():
    ours, theirs = pair(matrices((3, 3)), True)
    for function in (lambda m, a: m.inverse(a), lambda m, a: m.det(a), lambda m, a: m.cholesky(a), lambda m, a: m.linalg.eigh(a)[0],
                     lambda m, a: m.linalg.svd(a)[1], lambda m, a: m.linalg.qr(a)[0], lambda m, a: m.linalg.solve(a, a),
                     lambda m, a: m.linalg.lu_factor(a)[0], lambda m, a: m.pinverse(a), lambda m, a: m.slogdet(a)[1]):
        assert function(nb_nn, ours).grad_fn.name() == function(torch, theirs).grad_fn.name()


REFUSED = [
    ("vector", lambda m: m.ones(3)),
    ("not square", lambda m: m.ones(3, 4)),
    ("singular", lambda m: m.zeros(3, 3)),
    ("one singular", lambda m: m.stack([m.eye(3), m.zeros(3, 3)])),
    ("integers", lambda m: m.ones(3, 3, dtype=m.int64)),
    ("half", lambda m: m.ones(3, 3, dtype=m.float16)),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("what", "make"), REFUSED)
def test_refusals(what, make):
    names = [(m.inverse, m.det, m.slogdet, m.logdet, m.cholesky, m.qr, m.geqrf, m.cholesky_inverse, m.lu, m.trace, m.linalg.cholesky, m.linalg.inv,
              m.linalg.eigh, m.linalg.svd, m.linalg.qr, m.svd, m.pinverse, lambda a, m=m: m.linalg.solve(a, m.ones(3, 1).to(a.dtype)))
             for m in (nb_nn, torch)]
    for ours, theirs in zip(*names):
        try:
            theirs(make(torch))
        except Exception as error:
            expected = error
        else:
            ours(make(nb_nn))
            continue
        with pytest.raises(Exception) as caught:        # noqa: B017, PT011  the type is torch's, whatever it is
            ours(make(nb_nn))
        assert issubclass(caught.type, RuntimeError)
        assert isinstance(expected, RuntimeError)
        assert isinstance(caught.value, NotImplementedError) == isinstance(expected, NotImplementedError)
        assert str(caught.value) == str(expected)


def test_other_refusals():
    a = "m.eye(3)"
    for text in [f"m.linalg.solve({a}, m.ones(5, 2))", f"m.linalg.solve({a}, m.ones(3, 2).double())", "m.chain_matmul()",
                 "m.chain_matmul(m.ones(3, 2), m.ones(3, 2))", "m.linalg.multi_dot([m.ones(3, 2)])", f"m.linalg.qr({a}, mode='x')",
                 f"m.linalg.eigh({a}, 'X')", "m.orgqr(m.ones(3, 4), m.ones(3))", "m.orgqr(m.ones(4, 3), m.ones(4))",
                 "m.orgqr(m.ones(4, 3), m.ones(3).double())", "m.ormqr(m.ones(4, 3), m.ones(3), m.ones(3, 2))",
                 f"m.cholesky_solve(m.ones(5, 2), {a})", f"m.cholesky_solve(m.ones(3), {a})", "m.linalg.lu_factor(m.zeros(3, 3))",
                 f"m.linalg.solve_triangular({a}, m.ones(3), upper=True)", f"m.matrix_power({a}, 0.5)", "m.matrix_power(m.ones(3, 4), 2)",
                 "m.linalg.eig(m.full((3, 3), float('nan')))", "m.linalg.svd(m.full((3, 3), float('nan')))", "m.trace(m.ones(3))",
                 f"m.linalg.matrix_norm({a}, 5)", "m.linalg.norm(m.ones(2, 2, 2), 1)", "m.linalg.cholesky(m.full((3, 3), float('nan')))"]:
        if "eig(" in text:
            expected = RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")     # (torch may crash)
        else:
            with pytest.raises((RuntimeError, TypeError)) as caught:
                eval(text, {"m": torch})
            expected = caught.value
        with pytest.raises((RuntimeError, TypeError)) as caught:
            eval(text, {"m": nb_nn})
        assert isinstance(caught.value, TypeError) == isinstance(expected, TypeError)
        assert str(caught.value) == str(expected), text
