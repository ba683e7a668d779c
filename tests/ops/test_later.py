"""Functions that came after torch 1.1, beside NumPy; gradients by finite differences."""
import numpy as np
import pytest
from oracle import check, tensor

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

RANDOM = np.random.default_rng(3)
A, B, V = RANDOM.normal(size=(3, 4)), RANDOM.normal(size=(2, 3)), RANDOM.normal(size=6)
GAPS = np.where(RANDOM.random((3, 5)) < 0.3, np.nan, RANDOM.normal(size=(3, 5)))
Q = np.array([0.0, 0.21, 0.5, 1.0])
PLACES = np.array([[0, 0, 2], [1, 1, 1]])

VALUES = {
    **{f"quantile {how}": (lambda a, how=how: torch.quantile(a, tensor(Q), 1, interpolation=how),
                           lambda a, how=how: np.quantile(a, Q, 1, method=how), A) for how in ("linear", "lower", "higher", "midpoint", "nearest")},
    "quantile of all": (lambda a: torch.quantile(a, 0.3, keepdim=True), lambda a: np.quantile(a, 0.3, keepdims=True), A),
    "nanquantile": (lambda a: torch.nanquantile(a, 0.4, 1), lambda a: np.nanquantile(a, 0.4, 1), GAPS),
    "nanmean": (lambda a: torch.nanmean(a, 1), lambda a: np.nanmean(a, 1), GAPS),
    "nanmean of all": (torch.nanmean, np.nanmean, GAPS),
    "aminmax": (lambda a: torch.aminmax(a, dim=1).max, lambda a: a.max(1), A),
    "cov": (torch.cov, np.cov, A), "corrcoef": (torch.corrcoef, np.corrcoef, A),
    "trapezoid": (lambda a: torch.trapezoid(a, dx=0.5), lambda a: np.trapezoid(a, dx=0.5) if hasattr(np, "trapezoid") else np.trapz(a, dx=0.5), A),
    "gradient": (lambda a: torch.gradient(a, edge_order=2)[1], lambda a: np.gradient(a, edge_order=2)[1], A),
    "gradient at places": (lambda a: torch.gradient(a, spacing=(tensor(np.array([0.0, 1, 4, 5])),), dim=1)[0],
                           lambda a: np.gradient(a, np.array([0.0, 1, 4, 5]), axis=1), A),
    "tensor_split": (lambda a: torch.tensor_split(a, 3, 1)[0], lambda a: np.array_split(a, 3, 1)[0], A),
    "tensor_split at": (lambda a: torch.tensor_split(a, (1, -1), 1)[1], lambda a: np.split(a, (1, 3), 1)[1], A),
    "hsplit": (lambda a: torch.hsplit(a, 2)[1], lambda a: np.hsplit(a, 2)[1], A),
    "column_stack": (lambda a: torch.column_stack((a, a[:, 0])), lambda a: np.column_stack((a, a[:, 0])), A),
    "kron": (lambda a: torch.kron(a, tensor(B)), lambda a: np.kron(a, B), A), "kron of vector": (lambda v: torch.kron(v, tensor(B)), lambda v: np.kron(v, B), V),
    "vander": (lambda v: torch.vander(v, 3), lambda v: np.vander(v, 3), V), "inner": (lambda a: torch.inner(a, a[:2]), lambda a: np.inner(a, a[:2]), A),
    "ravel": (lambda a: a.T.ravel(), lambda a: a.T.ravel(), A), "sinc": (torch.sinc, np.sinc, A), "hypot": (lambda a: torch.hypot(a, a + 1), lambda a: np.hypot(a, a + 1), A),
    "frexp": (lambda a: torch.frexp(a).mantissa, lambda a: np.frexp(a)[0], A),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_and_gradients(name):
    function, oracle, array = VALUES[name]
    check(function(tensor(array)), oracle(array), rtol=1e-11)
    x = tensor(np.nan_to_num(array, nan=0.7) + np.arange(array.size).reshape(array.shape) * 1e-3, requires_grad=True)
    assert gradcheck(function, (x,))
    if name != "frexp":
        assert gradgradcheck(function, (x,))


def slow_scatter(a, src, how, own):
    made = a.copy()
    for row in range(len(a)):
        for place in set(PLACES[row]):
            given = [src[row, i] for i in range(3) if PLACES[row, i] == place] + ([a[row, place]] if own else [])
            made[row, place] = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "amax": np.max, "amin": np.min}[how](given)
    return made


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("how", ["sum", "prod", "mean", "amax", "amin"])
def test_scatter_reduce(how, own):
    function = lambda a, b: torch.scatter_reduce(a, 1, tensor(PLACES), b, how, include_self=own)
    a, b = tensor(A[:2], requires_grad=True), tensor(B, requires_grad=True)
    check(function(a, b).detach(), slow_scatter(A[:2], B, how, own), rtol=1e-12)
    assert gradcheck(function, (a, b)) and gradgradcheck(function, (a, b))
    whole = tensor(A[:2])
    assert whole.scatter_reduce_(1, tensor(PLACES), tensor(B), how, include_self=own) is whole
    check(whole, slow_scatter(A[:2], B, how, own), rtol=1e-12)


def test_products_with_zeros_have_gradients():
    a = tensor(np.array([0.0, 2.0, 3.0]), requires_grad=True)
    b = tensor(np.array([0.0, 4.0, 0.0, 5.0]), requires_grad=True)
    function = lambda a, b: torch.scatter_reduce(a, 0, tensor(np.array([0, 1, 1, 2])), b, "prod")
    assert gradcheck(function, (a, b))


def test_index_reduce():
    made = torch.index_reduce(tensor(A), 1, tensor(np.array([0, 3, 0])), tensor(A[:, :3]), "amax")
    expected = A.copy()
    np.maximum.at(expected, (slice(None), np.array([0, 3, 0])), A[:, :3])
    check(made, expected)
    with pytest.raises(RuntimeError, match="prod, mean"):
        torch.index_reduce(tensor(A), 1, tensor(np.array([0])), tensor(A[:, :1]), "sum")


@pytest.mark.parametrize("call", [
    lambda x: torch.scatter_reduce(x, 0, x.long(), x, "max"), lambda x: torch.scatter_reduce(x, 0, x.long(), x.double(), "sum"),
    lambda x: torch.scatter_reduce(x, 0, torch.tensor([9]), x, "sum"), lambda x: torch.scatter_reduce(x, 0, torch.tensor([[0]]), x, "sum"),
    lambda x: torch.quantile(x, 2.0), lambda x: torch.quantile(x, 0.5, interpolation="up"), lambda x: torch.cov(x.view(1, 1, 2)),
    lambda x: torch.hsplit(x, 3), lambda x: torch.tensor_split(x, 0), lambda x: torch.block_diag(x.view(1, 1, 2)), lambda x: torch.gcd(x, x),
    lambda x: torch.gradient(x[:1]), lambda x: x.fill_diagonal_(1), lambda x: torch.select_scatter(x, x, 0, 0)])
def test_what_does_not_fit_is_refused(call):
    with pytest.raises((RuntimeError, IndexError)):
        call(torch.ones(2))


def test_other_rearrangements():
    assert torch.block_diag(torch.ones(1, 2), torch.tensor(3.0), torch.ones(0, 1)).tolist() == [[1, 1, 0, 0], [0, 0, 3, 0]]
    assert [one.tolist() for one in torch.unravel_index(torch.tensor([5, 0]), (2, 3))] == [[1, 0], [2, 0]]
    assert torch.broadcast_shapes((2, 1), 3, ()) == (2, 3) and torch.isin(torch.tensor([1, 2]), 2).tolist() == [False, True]
    assert torch.diagonal_scatter(torch.zeros(2, 2), torch.ones(1), 1).tolist() == [[0, 1], [0, 0]]
    assert torch.slice_scatter(torch.zeros(4), torch.ones(2), 0, 1, 3).tolist() == [0, 1, 1, 0]
    assert torch.zeros(7, 3).fill_diagonal_(1, wrap=True).sum(1).tolist() == [1, 1, 1, 0, 1, 1, 1]
    assert torch.zeros(2, 3).swapaxes_(0, 1).shape == (3, 2) and torch.zeros(1).new_empty_strided((2, 2), (1, 2)).stride() == (1, 2)
    values, indices = torch.nanmedian(tensor(GAPS), 1)
    check(values, [np.sort(row[~np.isnan(row)])[(np.sum(~np.isnan(row)) - 1) // 2] for row in GAPS])
    check(torch.gather(tensor(GAPS), 1, indices[:, None])[:, 0], values.numpy())
    counts, edges = torch.histogram(tensor(A), 4, weight=tensor(A * A))
    expected = np.histogram(A, 4, weights=A * A)
    check(counts, expected[0], rtol=1e-12)
    check(edges, expected[1], rtol=1e-12)


def test_special_functions_have_gradients():
    x = tensor(np.array([0.2, 0.5, 0.7]), requires_grad=True)
    for name in ["i0", "i1", "i0e", "i1e", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "modified_bessel_k0", "modified_bessel_k1", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "entr", "erfcx", "ndtr", "log_ndtr", "ndtri"]:
        assert gradcheck(getattr(torch.special, name), (x,)) and gradgradcheck(getattr(torch.special, name), (x,))
    two = tensor(np.array(2.0))
    for function in (lambda x: torch.special.zeta(2.0, x), lambda x: torch.special.gammainc(two, x), lambda x: torch.special.gammaincc(two, x),
                     lambda x: torch.special.xlog1py(x, x)):
        assert gradcheck(function, (x,)) and gradgradcheck(function, (x,))
    with pytest.raises(RuntimeError, match="first argument"):
        torch.special.gammainc(x, x).sum().backward()


def test_special_functions_beside_mpmath():
    mpmath = pytest.importorskip("mpmath")
    points = [0.1, 0.9, 2.5, 7.0]
    x = tensor(np.array(points))
    for name, exact in {"i0": lambda p: mpmath.besseli(0, p), "bessel_j1": lambda p: mpmath.besselj(1, p), "airy_ai": mpmath.airyai,
                        "bessel_y0": lambda p: mpmath.bessely(0, p), "modified_bessel_k1": lambda p: mpmath.besselk(1, p),
                        "ndtr": mpmath.ncdf, "erfcx": lambda p: mpmath.exp(p * p) * mpmath.erfc(p)}.items():
        check(getattr(torch.special, name)(x), [float(exact(p)) for p in points], rtol=1e-12, atol=1e-15)
    for name, exact in {"chebyshev_polynomial_t": mpmath.chebyt, "chebyshev_polynomial_u": mpmath.chebyu, "hermite_polynomial_h": mpmath.hermite,
                        "legendre_polynomial_p": mpmath.legendre, "laguerre_polynomial_l": lambda n, p: mpmath.laguerre(n, 0, p)}.items():
        for n in (0, 1, 4):
            check(getattr(torch.special, name)(x, n), [float(exact(n, p)) for p in points], rtol=1e-11)
    check(torch.special.chebyshev_polynomial_v(x, 3), [float(mpmath.chebyu(3, p) - mpmath.chebyu(2, p)) for p in points], rtol=1e-11)
    assert torch.special.legendre_polynomial_p(x, -1).tolist() == [0] * 4
