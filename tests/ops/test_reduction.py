"""Reductions over all sets of dimensions, in all types; ties, NaN, nothing at all; gradients."""
import itertools
import math

import numpy as np
import pytest
from layouts import LAYOUTS, laid_out
from oracle import FLOATS, INTEGERS, check, numbers, tensor, values
from scipy import special

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

SHAPE = (2, 3, 4)
DIMS = [(), 0, 1, 2, -1, -3, (0,), (0, 1), (1, 2), (0, 2), (-1, 0), (0, 1, 2)]


def axes(dim, ndim):
    """A dim argument as NumPy takes it: no dimension named means all."""
    return tuple(range(ndim)) if dim in ((), None) else dim


SUMMING = {"sum": np.sum, "prod": np.prod, "nansum": np.nansum}
FLOATING = {
    "mean": np.mean,
    "var": lambda x, axis, keepdims: np.var(x, axis, ddof=1, keepdims=keepdims),
    "std": lambda x, axis, keepdims: np.std(x, axis, ddof=1, keepdims=keepdims),
    "logsumexp": lambda x, axis, keepdims: special.logsumexp(x, axis, keepdims=keepdims),
}
LOGICAL = {"all": np.all, "any": np.any}
EXTREME = {"amax": np.max, "amin": np.min}
SEVERAL = {**SUMMING, **FLOATING, **EXTREME}        # take several dims


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", DIMS, ids=str)
@pytest.mark.parametrize("name", [name for name in SEVERAL if name != "prod"])
def test_over_any_dims(name, dim, keepdim):
    a = numbers("float64", SHAPE)
    x = tensor(a)
    expected = SEVERAL[name](a, axis=axes(dim, 3), keepdims=keepdim)
    check(getattr(torch, name)(x, dim, keepdim=keepdim), expected, "float64")
    check(getattr(x, name)(dim=dim, keepdim=keepdim), expected, "float64")


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [0, 1, 2, -1])
@pytest.mark.parametrize("name", ["prod", "all", "any"])
def test_over_one_dim(name, dim, keepdim):
    a = numbers("float64", SHAPE) if name == "prod" else numbers("bool", SHAPE)
    oracle = {**SUMMING, **LOGICAL}[name]
    check(getattr(tensor(a), name)(dim, keepdim), oracle(a, axis=dim, keepdims=keepdim))
    check(getattr(torch, name)(tensor(a)), oracle(a))


@pytest.mark.parametrize("kind", [*FLOATS, *INTEGERS, "bool"])
@pytest.mark.parametrize("name", SUMMING)
def test_sums_of_every_type(name, kind):
    a = numbers(kind, (3, 4), 1, 3)
    answer = kind if kind in FLOATS else "int64"
    wide = a.astype("float64" if kind in FLOATS else "int64")
    for dim in (None, 0, 1) if kind in ("float32", "float64", "int64") else (None,):
        check(getattr(torch, name)(tensor(a, kind), dim), SUMMING[name](wide, axis=dim), answer)


@pytest.mark.parametrize("kind", [*FLOATS, "uint8", "int64"])
@pytest.mark.parametrize("name", ["max", "min"])
def test_extremes_of_every_type(name, kind):
    a, x = numbers(kind, (3, 4)), tensor(numbers(kind, (3, 4)), kind)
    check(getattr(torch, name)(x), getattr(np, name)(a), kind)
    for dim in (0, 1, -1):
        found = getattr(torch, name)(x, dim)
        assert type(found).__name__ == name and found._fields == ("values", "indices")
        check(found.values, getattr(np, name)(a, dim), kind)
        check(found.indices, getattr(np, f"arg{name}")(a, dim))
        check(getattr(torch, f"arg{name}")(x, dim), getattr(np, f"arg{name}")(a, dim))
        check(getattr(x, name)(dim, keepdim=True)[0], getattr(np, name)(a, dim, keepdims=True), kind)
    check(getattr(torch, f"arg{name}")(x), np.array(getattr(np, f"arg{name}")(a)))
    check(getattr(torch, f"arg{name}")(x, keepdim=True), np.full((1, 1), getattr(np, f"arg{name}")(a)))


@pytest.mark.parametrize("kind", ["bool", "uint8", "int64", "float32", "bfloat16"])
def test_all_and_any_ask_for_nonzero_elements_and_answer_bool_but_for_bytes(kind):
    a = np.array([[0, 1], [2, 3]]).astype("float32" if kind == "bfloat16" else kind)
    x = tensor(a, kind)
    answer = "uint8" if kind == "uint8" else "bool"
    check(x.all(0), np.array([False, True]).astype(answer))
    check(x.any(1), np.array([True, True]).astype(answer))
    check(x.all(), np.array(False).astype(answer))
    check(torch.count_nonzero(x), np.array(3))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["sum", "amax", "var"])
def test_any_layout(name, layout):
    x, a = laid_out(layout, "float64")
    if a.size > 1:
        check(getattr(torch, name)(x), SEVERAL[name](a, axis=axes(None, a.ndim), keepdims=False), "float64")
    for dim in range(a.ndim):
        if a.shape[dim] > 1 and a.size:
            check(getattr(torch, name)(x, dim), SEVERAL[name](a, axis=dim, keepdims=False), "float64")


# ---- sizes without elements


def test_of_nothing():
    x = torch.ones(0, 3)
    assert x.sum().item() == 0 and x.prod().item() == 1 and math.isnan(x.mean().item()) and x.all().item() and not x.any().item()
    check(x.sum(0), np.zeros(3, "float32"))
    check(x.sum(1), np.zeros(0, "float32"))
    check(x.prod(0), np.ones(3, "float32"))
    assert x.mean(0).isnan().all() and x.var(0).isnan().all()
    check(x.amax(1), np.zeros(0, "float32"))
    assert x.max(1).values.shape == (0,) and x.argmax(1).shape == (0,)
    check(torch.logsumexp(x, 0), np.full(3, -np.inf, "float32"))
    for function in (lambda: x.max(), lambda: x.min(0), lambda: x.argmax(), lambda: x.argmin(0), lambda: x.amax(), lambda: x.amin(0)):
        with pytest.raises((RuntimeError, IndexError), match="Expected reduction dim"):
            function()


def test_of_a_number():
    x = torch.tensor(3.0)
    for name in ("sum", "mean", "prod", "amax", "max", "min"):
        assert getattr(x, name)().item() == 3
    check(x.sum(0), np.array(3, "float32"))
    check(x.sum(-1, keepdim=True), np.array(3, "float32"))
    assert x.max(0).indices.item() == 0 and x.argmax().item() == 0
    assert math.isnan(x.var().item()) and x.var(unbiased=False).item() == 0


# ---- NaN and ties


def test_nan_wins_and_is_found_where_it_is():
    x = torch.tensor([[1.0, math.nan, 3.0], [4.0, 5.0, 6.0]])
    for name in ("max", "min"):
        assert math.isnan(getattr(x, name)().item())
        found = getattr(x, name)(1)
        assert math.isnan(found.values[0].item()) and found.indices[0].item() == 1
        found = getattr(x, name)(0)
        assert found.indices[1].item() == 0 and found.values[0].item() == (4 if name == "max" else 1)
    assert math.isnan(x.sum().item()) and torch.nansum(x).item() == 19
    check(torch.nansum(x, 0), np.array([5, 5, 9], "float32"))


def test_the_first_of_equal_extremes_is_told():
    x = torch.tensor([[1, 3, 3], [0, 0, 2]])
    assert x.argmax(1).tolist() == [1, 2] and x.argmin(1).tolist() == [0, 0] and x.max(0).indices.tolist() == [0, 0, 0]


def test_amax_shares_the_gradient_between_equal_elements_and_max_along_a_dim_gives_it_to_one():
    x = torch.tensor([[1.0, 3.0, 3.0]], requires_grad=True)
    x.amax(1).sum().backward()
    assert x.grad.tolist() == [[0, 0.5, 0.5]]
    x.grad = None
    x.max(1).values.sum().backward()
    assert x.grad.tolist() == [[0, 1, 0]]
    x.grad = None
    x.max().backward()
    assert x.grad.tolist() == [[0, 0.5, 0.5]]


# ---- types


def test_dtype_casts_before_the_sum():
    x = torch.tensor([100, 100, 100], dtype=torch.int8)
    check(x.sum(), np.array(300))
    check(x.sum(dtype=torch.float64), np.array(300.0))
    check(x.sum(dtype=torch.int8), np.array(44, "int8"))
    check(x.float().mean(dtype=torch.float64), np.array(100.0))
    check(x.prod(dtype=torch.float32), np.array(1e6, "float32"))
    half = torch.full((1 << 12,), 100.0, dtype=torch.float16)
    assert half.sum().item() == math.inf and half.sum(dtype=torch.float32).item() == 409600 and half.mean().item() == 100


def test_sums_keep_what_small_numbers_add():
    x = torch.full((1 << 20,), 0.1)
    assert abs(x.sum().item() - 0.1 * (1 << 20)) < 0.02
    assert abs(x.mean().item() - 0.1) < 1e-8
    y = torch.cat([torch.full((1,), 1e8), torch.full((1000,), 1.0), torch.full((1,), -1e8)])
    assert y.sum().item() == 1000


def test_types_that_do_not_fit_are_refused():
    x = torch.tensor([1, 2])
    for name in ("mean", "var", "std", "norm"):
        with pytest.raises(RuntimeError, match="float"):
            getattr(x, name)()
    check(torch.logsumexp(x, 0), np.log(np.exp(1) + np.exp(2)).astype("float32"))


@pytest.mark.parametrize("function", [lambda x: x.sum(2), lambda x: x.sum(-3), lambda x: x.max(2), lambda x: x.argmin(5), lambda x: x.var(7),
                                      lambda x: x.norm(2, 3), lambda x: x.sum((0, 4))])
def test_dims_out_of_range_are_refused(function):
    with pytest.raises(IndexError, match=r"Dimension out of range \(expected to be in range of \[-2, 1\]"):
        function(torch.ones(2, 3))


def test_a_dim_is_named_once():
    with pytest.raises(RuntimeError, match="appears multiple times"):
        torch.ones(2, 3).sum((0, -2))


# ---- out


def test_out():
    a = numbers("float32", (3, 4))
    x = tensor(a)
    for name in ("sum", "mean", "amax", "prod", "std", "logsumexp"):
        out = torch.empty(0)
        function = getattr(torch, name)
        assert function(x, 1, out=out) is out
        check(out, values(function(x, 1)))
    top, places = torch.empty(0), torch.empty(0, dtype=torch.int64)
    found = torch.max(x, 1, out=(top, places))
    assert found.values is top and found.indices is places
    check(top, a.max(1))
    check(places, a.argmax(1))


# ---- variance and norms


@pytest.mark.parametrize("dim", [None, 0, (0, 2)], ids=str)
def test_variance_in_its_forms(dim):
    a = numbers("float64", SHAPE)
    x, axis = tensor(a), dim
    check(torch.var(x, dim, False), np.var(a, axis), "float64")
    check(torch.var(x, dim, unbiased=True, keepdim=True), np.var(a, axis, ddof=1, keepdims=True), "float64")
    check(torch.std(x, dim, correction=0.5), np.std(a, axis, ddof=0.5), "float64")
    for function, deviation in ((torch.var_mean, np.var), (torch.std_mean, np.std)):
        spread, mean = function(x, dim)
        check(spread, deviation(a, axis, ddof=1), "float64")
        check(mean, np.mean(a, axis), "float64")
    check(x.var(False), np.var(a), "float64")


def test_variance_far_from_zero_loses_nothing():
    a = 1e8 + np.arange(10.0)
    check(tensor(a).var(), np.var(a, ddof=1), "float64")
    assert torch.full((1000,), 1.1).var().item() == 0


@pytest.mark.parametrize("p", [2, 1, 3, 0.5, 0, math.inf, -math.inf, "fro"], ids=str)
@pytest.mark.parametrize("dim", [None, 1, (0, 1)], ids=str)
def test_norms(p, dim):
    a = numbers("float64", (3, 4))
    order = 2 if p == "fro" else p
    axis = (0, 1) if dim is None else dim
    expected = {0: lambda: np.count_nonzero(a, axis).astype(float), math.inf: lambda: abs(a).max(axis),
                -math.inf: lambda: abs(a).min(axis)}.get(order, lambda: (abs(a) ** order).sum(axis) ** (1 / order))()
    check(torch.norm(tensor(a), p, dim), expected, "float64", rtol=1e-12)
    assert torch.norm(tensor(a), p, dim, keepdim=True).shape == ((1, 1) if dim != 1 else (3, 1))


def test_norms_of_small_and_large_numbers():
    check(torch.norm(torch.tensor([3e-30, 4e-30], dtype=torch.float64)), np.array(5e-30), atol=0)
    check(torch.dist(torch.tensor([1.0, 5.0]), torch.tensor([4.0, 1.0])), np.array(5.0, "float32"))
    assert torch.norm(torch.tensor([3.0, 4.0]).half()).item() == 5


def test_logsumexp_neither_overflows_nor_loses_infinities():
    x = torch.tensor([[1000.0, 1000.0], [-1000.0, -1000.0], [-math.inf, -math.inf], [math.inf, 1.0]])
    check(torch.logsumexp(x, 1), np.array([1000 + math.log(2), -1000 + math.log(2), -math.inf, math.inf], "float32"))


def test_sum_to_size_undoes_broadcasting():
    a = numbers("float64", SHAPE)
    check(tensor(a).sum_to_size(3, 1), a.sum((0, 2))[:, None])
    check(tensor(a).sum_to_size(SHAPE), a)
    with pytest.raises(RuntimeError, match="not expandable"):
        tensor(a).sum_to_size(2, 2)


# ---- gradients

GRADIENTS = {
    "sum": lambda x: x.sum(1), "sum all": lambda x: x.sum(), "mean": lambda x: x.mean((0, 2), True), "prod": lambda x: x.prod(1),
    "prod all": lambda x: x.prod(), "nansum": lambda x: torch.nansum(x, 0), "amax": lambda x: x.amax((0, 1)), "amin": lambda x: x.amin(),
    "max": lambda x: x.max(1)[0], "min": lambda x: x.min(-1, True)[0], "max all": lambda x: x.max(), "var": lambda x: x.var(1),
    "std": lambda x: x.std((0, 2)), "var all": lambda x: x.var(unbiased=False), "var and mean": lambda x: torch.var_mean(x, 1),
    "logsumexp": lambda x: torch.logsumexp(x, (0, 1)), "norm": lambda x: x.norm(), "norm along": lambda x: x.norm(2, 1),
    "norm 1": lambda x: x.norm(1, 1), "norm 3": lambda x: x.norm(3, (0, 1)), "norm inf": lambda x: x.norm(math.inf, 2),
    "norm 0": lambda x: x.norm(0), "sum_to_size": lambda x: x.sum_to_size(3, 1), "dist": lambda x: torch.dist(x, x[:1, :1] * 2, 3),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_first_and_second_derivative(name):
    x = tensor(numbers("float64", (2, 3, 2), 0.5, 2), requires_grad=True)
    assert gradcheck(GRADIENTS[name], (x,))
    if name != "norm 0":
        assert gradgradcheck(GRADIENTS[name], (x,), atol=1e-4)


@pytest.mark.parametrize("zeros", [1, 2])
def test_gradient_of_a_product_with_zeros(zeros):
    a = numbers("float64", (4,), 1, 2)
    a[:zeros] = 0
    for function in (torch.prod, lambda x: torch.prod(x, 0)):
        x = tensor(a, requires_grad=True)
        function(x).backward()
        check(x.grad, np.array([np.prod(np.delete(a, place)) for place in range(4)]))


def test_gradient_of_a_norm_at_zero_is_zero():
    x = torch.zeros(3, requires_grad=True)
    x.norm().backward()
    assert x.grad.tolist() == [0, 0, 0]


# ---- large tensors: the parallel twins, and the same bits for any number of threads


@pytest.mark.parametrize("name, dim", list(itertools.product(["sum", "amax"], [None, 0, 1])))
def test_large_tensors(name, dim):
    a = numbers("float64", (300, 200))
    check(getattr(torch, name)(tensor(a), axes(dim, 2)), SEVERAL[name](a, axis=dim, keepdims=False), "float64", rtol=1e-12)


def test_the_number_of_threads_does_not_change_a_bit():
    x = tensor(numbers("float32", (301, 211)))
    results = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        results.append([values(one).tobytes() for one in (x.sum(), x.sum(0), x.sum(1), x.var(), x.norm(), x.mean(0))])
    assert results[0] == results[1]
