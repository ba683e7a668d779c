"""Rounding, the gamma family, vectors, Python functions on elements, and in-place changes of size."""
import math

import numpy as np
import pytest
from scipy import special

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def leaf(values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize("size", [5, 40000], ids=["serial", "parallel"])
def test_round_goes_to_the_nearest_even(kind, size):
    x = torch.linspace(-20, 20, size, dtype=torch.float64).to(kind)
    wide = x.double().numpy()
    np.testing.assert_array_equal(x.round().double().numpy(), np.round(wide))
    np.testing.assert_array_equal(torch.round(x.view(5, -1).t()).double().numpy(), np.round(wide.reshape(5, -1).T))


def test_round_at_the_edges():
    x = torch.tensor([0.5, 1.5, 2.5, -0.5, -0.0, 8388607.5, 1e30, math.inf, -math.inf, math.nan])
    got = x.round().numpy()
    np.testing.assert_array_equal(got, np.round(x.numpy()))
    assert np.signbit(got[[3, 4]]).all()
    wide = torch.tensor([4503599627370495.5, 0.49999999999999994, -4503599627370496.0])
    np.testing.assert_array_equal(wide.double().round().numpy(), np.round(wide.double().numpy()))
    assert torch.tensor([3, -2]).round().tolist() == [3, -2]
    assert torch.zeros(0).round().shape == (0,)


def test_round_to_decimals():
    x = torch.tensor([1.25, -1.35, 1234.5], dtype=torch.float64)
    assert x.round(decimals=1).tolist() == pytest.approx([1.2, -1.4, 1234.5])
    assert torch.round(x, decimals=-2).tolist() == [0, 0, 1200]
    with pytest.raises(RuntimeError, match="decimals"):
        torch.ones(1, dtype=torch.int64).round(decimals=1)
    with pytest.raises(RuntimeError, match="Bool"):
        torch.ones(1, dtype=torch.bool).round()


def test_round_forms_and_gradient():
    x = leaf([0.4, 1.6])
    y = x.round()
    y.sum().backward()
    assert x.grad.tolist() == [0, 0]
    out = torch.empty(2)
    assert torch.round(torch.tensor([0.6, 1.4]), out=out) is out and out.tolist() == [1, 1]
    assert torch.tensor([0.6]).round_().tolist() == [1]


POINTS = np.concatenate([np.linspace(-6.93, 6.1, 57), np.geomspace(1e-8, 1e8, 30)])


@pytest.mark.parametrize("name, oracle", [("lgamma", special.gammaln), ("digamma", special.digamma)])
@pytest.mark.parametrize("kind", FLOATS)
def test_gamma_functions(name, oracle, kind):
    x = torch.tensor(POINTS).to(kind)
    with np.errstate(all="ignore"):
        expected = oracle(x.double().numpy())
    rtol, atol = {torch.float64: (1e-12, 1e-12), torch.float32: (1e-6, 1e-6)}.get(kind, (1e-2, 1e-2))
    if kind is torch.float16:
        expected = np.where(abs(expected) > 65000, np.inf * np.sign(expected), expected)
    for got in (getattr(torch, name)(x), getattr(x, name)(), getattr(x.clone(), name + "_")()):
        assert got.dtype is kind
        np.testing.assert_allclose(got.double().numpy(), expected, rtol=rtol, atol=atol)
    assert getattr(torch, name)(torch.tensor([3, 4])).dtype is torch.float32


def test_poles():
    assert torch.lgamma(torch.tensor([0.0, -1.0])).tolist() == [math.inf] * 2
    got = torch.digamma(torch.tensor([0.0, -0.0, -1.0])).tolist()
    assert got[:2] == [-math.inf, math.inf] and math.isnan(got[2])
    edges = torch.tensor([0.0, -2.0, math.inf, -math.inf, math.nan])
    np.testing.assert_array_equal(torch.polygamma(1, edges).numpy(), [math.inf, math.inf, 0, math.nan, math.nan])
    np.testing.assert_array_equal(torch.polygamma(2, edges).numpy(), [-math.inf, -math.inf, 0, math.nan, math.nan])


@pytest.mark.parametrize("order", [0, 1, 2, 3, 7, 20])
def test_polygamma(order):
    import mpmath

    points = [-3.7, -1.0001, -0.45, -1e-9, 1e-9, 0.1, 1.0, 1.5, 9.99, 30.0, 1e5]
    expected = [float(mpmath.psi(order, point)) for point in points]
    x = torch.tensor(points, dtype=torch.float64)
    np.testing.assert_allclose(torch.polygamma(order, x).numpy(), expected, rtol=1e-11)
    assert x.polygamma(order).tolist() == x.clone().polygamma_(order).tolist() == torch.polygamma(order, x).tolist()
    if order < 4:
        np.testing.assert_allclose(torch.polygamma(order, x.float()[4:]).double().numpy(), special.polygamma(order, x.float()[4:].double()),
                                   rtol=1e-6)


def test_polygamma_far_below_zero_takes_no_time():
    assert torch.polygamma(1, torch.tensor([-1e9 - 0.5], dtype=torch.float64)).item() == pytest.approx(math.pi ** 2)


def test_polygamma_errors():
    with pytest.raises(RuntimeError, match="negative n"):
        torch.polygamma(-1, torch.ones(1))
    with pytest.raises(TypeError, match="'n' must be int"):
        torch.polygamma(1.5, torch.ones(1))


def test_gradients_of_the_gamma_family():
    x = leaf([0.3, 1.2, 4.5, -0.6])
    for function in (torch.lgamma, torch.digamma, lambda t: torch.polygamma(1, t), lambda t: torch.polygamma(2, t)):
        assert gradcheck(function, (x,)) and gradgradcheck(function, (x,), rtol=1e-2)
    above = leaf([1.6, 2.5])
    assert gradcheck(lambda t: torch.mvlgamma(t, 3), (above,)) and gradgradcheck(lambda t: torch.mvlgamma(t, 3), (above,))


@pytest.mark.parametrize("p", [1, 2, 5])
def test_mvlgamma(p):
    x = torch.tensor([[2.5, 3.0], [10.0, 55.5]], dtype=torch.float64)
    expected = np.vectorize(lambda one: special.multigammaln(one, p))(x.numpy())
    for got in (torch.mvlgamma(x, p), x.mvlgamma(p), x.clone().mvlgamma_(p), torch.mvlgamma(x, p, out=torch.empty(0).double())):
        np.testing.assert_allclose(got.numpy(), expected, rtol=1e-12)
    assert torch.mvlgamma(torch.tensor([3, 4]), p).dtype is torch.float32


def test_mvlgamma_errors():
    for value in (0.5, 0.2):
        with pytest.raises(RuntimeError, match=r"greater than \(p - 1\) / 2 = 0.5"):
            torch.mvlgamma(torch.tensor([3.0, value]), 2)
    with pytest.raises(RuntimeError, match="greater than or equal to 1"):
        torch.mvlgamma(torch.ones(1), 0)
    with pytest.raises(TypeError, match="'p' must be int"):
        torch.mvlgamma(torch.ones(1), 1.5)


@pytest.mark.parametrize("kind", [torch.int64, *FLOATS])
def test_cross(kind):
    rng = np.random.default_rng(0)
    a, b = rng.integers(-4, 5, (2, 4, 3, 2))
    x, y = torch.tensor(a).to(kind), torch.tensor(b).to(kind)
    expected = np.cross(a, b, axis=1)
    for got in (torch.cross(x, y), x.cross(y, 1), torch.cross(x, y, dim=-2, out=torch.empty(0).to(kind))):
        assert got.dtype is kind and (got.double().numpy() == expected).all()
    moved = torch.cross(x.transpose(1, 2), y.transpose(1, 2))
    assert (moved.double().numpy() == expected.transpose(0, 2, 1)).all()
    assert torch.cross(x[:1], y).tolist() == torch.cross(x[:1].expand_as(y), y).tolist()
    assert torch.cross(torch.zeros(0, 3), torch.zeros(0, 3)).shape == (0, 3)


def test_cross_gradients_and_errors():
    x, y = leaf([[1.0, 2.0, 3.0]]), leaf([[0.5, -1.0, 2.0], [1.0, 0.0, 1.0]])
    assert gradcheck(lambda a, b: torch.cross(a, b, 1), (x, y)) and gradgradcheck(lambda a, b: torch.cross(a, b, 1), (x, y))
    for arguments, message in (((torch.ones(2), torch.ones(2)), "no dimension of size 3"), ((torch.ones(3, 2), torch.ones(3, 2), 1), "got 2"),
                               ((torch.ones(3), torch.ones(2, 3)), "number of dimensions"),
                               ((torch.ones(3), torch.ones(3).long()), "same dtype")):
        with pytest.raises(RuntimeError, match=message):
            torch.cross(*arguments)


def test_trace():
    x = torch.arange(6).view(2, 3)
    assert torch.trace(x).item() == x.t().trace().item() == 4
    y = leaf([[1.0, 2.0], [3.0, 4.0]])
    y.trace().backward()
    assert y.grad.tolist() == [[1, 0], [0, 1]]
    with pytest.raises(RuntimeError, match="expected a matrix"):
        torch.trace(torch.ones(2))


@pytest.mark.parametrize("p", [1, 1.5, 2, math.inf])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_renorm(p, dim):
    array = np.random.default_rng(1).normal(size=(3, 4, 2))
    moved = np.moveaxis(array, dim, 0).copy()
    for part in moved:
        length = np.linalg.norm(part.ravel(), p)
        if length > 2:
            part *= 2 / (length + 1e-7)
    x = torch.tensor(array)
    for got in (torch.renorm(x, p, dim, 2), x.clone().renorm_(p, dim, 2), torch.renorm(x, p, dim, 2, out=torch.empty(0).double())):
        np.testing.assert_allclose(got.numpy(), np.moveaxis(moved, 0, dim), rtol=1e-12)


def test_renorm_gradients_and_errors():
    x = leaf([[3.0, 4.0], [0.1, 0.2]])
    assert gradcheck(lambda t: torch.renorm(t, 2, 0, 1), (x,)) and gradgradcheck(lambda t: torch.renorm(t, 2, 0, 1), (x,))
    assert gradcheck(lambda t: (t * 1).renorm_(2, 0, 1), (x,))
    for arguments, message in (((-1, 0, 1), "non-positive-norm"), ((2, 0, -1), "maxnorm to be >= 0")):
        with pytest.raises(RuntimeError, match=message):
            x.renorm(*arguments)
    with pytest.raises(RuntimeError, match="at least 2 dimensions"):
        torch.ones(2).renorm(2, 0, 1)
    with pytest.raises(RuntimeError, match="floating"):
        torch.ones(2, 2).long().renorm(2, 0, 1)


def test_apply_and_map():
    x = torch.arange(6).view(2, 3).t()
    assert x.apply_(lambda value: value * value) is x and x.tolist() == [[0, 9], [1, 16], [4, 25]]
    assert x.map_(torch.tensor([[1, 2]]), lambda a, b: a - b).tolist() == [[-1, 7], [0, 14], [3, 23]]
    assert torch.zeros(2).map2_(torch.ones(2), torch.ones(1), lambda a, b, c: b + c).tolist() == [2, 2]
    assert torch.ones(2, dtype=torch.bfloat16).apply_(lambda value: value / 2).tolist() == [0.5, 0.5]
    y = torch.ones(1, requires_grad=True)
    for call in (lambda: y.apply_(abs), lambda: y.map_(torch.ones(1), max), lambda: torch.ones(1).map_(y, max)):
        with pytest.raises(RuntimeError, match="on Variable that requires grad"):
            call()
    with pytest.raises(TypeError, match="expected torch.FloatTensor for 'other'"):
        torch.ones(1).map_(torch.ones(1).long(), max)
    with pytest.raises(RuntimeError, match="must match the existing size"):
        torch.ones(2).map_(torch.ones(3), max)


CHANGES = [("t_", (), "t"), ("transpose_", (0, -1), "transpose"), ("squeeze_", (), "squeeze"), ("squeeze_", (0,), "squeeze"),
           ("unsqueeze_", (-1,), "unsqueeze"), ("as_strided_", ((2, 2), (1, 2)), "as_strided")]


@pytest.mark.parametrize("name, arguments, view", CHANGES)
def test_changes_of_size_in_place(name, arguments, view):
    x = torch.arange(4.0).view(1, 4)
    expected = getattr(x, view)(*arguments)
    y = x.clone()
    assert getattr(y, name)(*arguments) is y
    assert y.tolist() == expected.tolist() and y.stride() == expected.stride() and y._version == 1
    z = leaf([[1.0, 2.0, 3.0, 4.0]])
    weight = torch.arange(1.0, 5.0, dtype=torch.float64)

    def changed(t):
        made = t * 1
        return (getattr(made, name)(*arguments).reshape(-1)) * weight

    assert gradcheck(changed, (z,))
    with pytest.raises(RuntimeError, match="leaf Variable"):
        getattr(z, name)(*arguments)


def test_a_view_changed_in_place_leaves_its_base():
    x = leaf([[1.0, 2.0, 3.0]])
    base = x * 2
    view = base.view(3, 1)
    view.t_()
    assert base.shape == (1, 3) and view.shape == (1, 3) and not view.is_leaf
    view.mul_(torch.tensor([[1.0, 10.0, 100.0]], dtype=torch.float64))
    assert base.tolist() == [[2, 40, 600]]
    base.sum().backward()
    assert x.grad.tolist() == [[2, 20, 200]]


def test_views_of_a_tensor_changed_in_place_keep_their_gradient():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    y = x * 1
    row = y[0]
    y.t_()
    (row * torch.tensor([1.0, 5.0], dtype=torch.float64)).sum().backward()
    assert x.grad.tolist() == [[1, 5], [0, 0]]
