"""Running sums, products and extremes, against NumPy."""
import numpy as np
import pytest
from layouts import LAYOUTS, laid_out
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck


@pytest.mark.parametrize("size", [(1,), (9,), (3, 5), (2, 3, 4), (40000,), (200, 300), (0, 3), (3, 0)])
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_cumsum_and_cumprod(size, kind):
    x = numbers(kind, size, 0.5, 1.5)
    for dim in range(len(size)):
        wide = x.astype(np.float64)
        check(torch.tensor(x).cumsum(dim), np.cumsum(wide, dim).astype(kind), rtol=1e-6 if kind == "float32" else 1e-12)
        if x.size < 1000:
            check(torch.tensor(x).cumprod(dim - len(size)), np.cumprod(wide, dim).astype(kind))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout(layout):
    made, x = laid_out(layout, "float64")
    for dim in range(x.ndim):
        check(made.cumsum(dim), np.cumsum(x, dim))
        check(made.cumprod(dim), np.cumprod(x, dim))
        check(made.diff(dim=dim), np.diff(x, axis=dim))


def test_integers_are_scanned_in_int64():
    x = torch.tensor([100, 100, 100], dtype=torch.int8)
    assert x.cumsum(0).tolist() == [100, 200, 300]
    assert x.cumprod(0).dtype is torch.int64
    assert torch.tensor([True, True]).cumsum(0).tolist() == [1, 2]
    assert x.cumsum(0, dtype=torch.float32).dtype is torch.float32
    y = torch.tensor([1, 2], dtype=torch.int8)
    assert y.cumsum_(0) is y
    assert (y.tolist(), y.dtype) == ([1, 3], torch.int8)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_halves_are_added_in_full_precision(kind):
    x = tensor(np.full(3000, 1.0), kind)
    assert x.cumsum(0)[-1].item() == tensor(np.array(3000.0), kind).item()


def test_out_and_0d():
    out = torch.zeros(3, dtype=torch.float64)
    assert torch.cumsum(torch.tensor([1.0, 2, 3]), 0, out=out) is out
    assert out.tolist() == [1, 3, 6]
    x = torch.tensor(3.0)
    assert [x.cumsum(0).item(), x.cumprod(-1).item(), x.cummax(0)[0].item(), x.logcumsumexp(0).item()] == [3, 3, 3, 3]
    with pytest.raises(IndexError, match="Dimension out of range"):
        x.cumsum(1)


@pytest.mark.parametrize("name, better", [("cummax", np.maximum), ("cummin", np.minimum)])
@pytest.mark.parametrize("kind", ["bool", "uint8", "int64", "float32", "bfloat16"])
def test_running_extremes(name, better, kind):
    x = numbers(kind, (4, 7), -3, 3)
    for dim in range(2):
        values, places = getattr(tensor(x, kind), name)(dim)
        expected = better.accumulate(x, dim)
        check(values, expected, kind)
        reached = np.where(x == expected, np.arange(x.shape[dim]).reshape(-1, 1) if dim == 0 else np.arange(x.shape[dim]), 0)
        check(places, np.maximum.accumulate(reached, dim))


def test_nan_stays_an_extreme():
    x = torch.tensor([1.0, float("nan"), 3.0])
    for name in ("cummax", "cummin"):
        values, places = getattr(x, name)(0)
        assert np.isnan(values.numpy()).tolist() == [False, True, True]
        assert places.tolist() == [0, 1, 1]
    assert repr(torch.tensor([1]).cummax(0)) == "torch.return_types.cummax(\nvalues=tensor([1]),\nindices=tensor([0]))"


def test_extremes_into_out():
    values, places = torch.zeros(2), torch.zeros(2).long()
    assert torch.cummin(torch.tensor([2.0, 1.0]), 0, out=(values, places)).values is values
    assert (values.tolist(), places.tolist()) == ([2, 1], [0, 1])


@pytest.mark.parametrize("spread", [1, 30, 1000])
def test_logcumsumexp(spread):
    x = numbers("float64", (3, 40)) * spread
    for dim in range(2):
        check(torch.tensor(x).logcumsumexp(dim), np.logaddexp.accumulate(x, dim))


def test_logcumsumexp_of_infinities():
    x = torch.tensor([-float("inf"), -float("inf"), 1.0, float("inf"), 1.0])
    assert x.logcumsumexp(0).tolist() == [-float("inf"), -float("inf"), 1, float("inf"), float("inf")]
    assert np.isnan(torch.tensor([float("nan"), 1.0]).logcumsumexp(0).numpy()).all()
    with pytest.raises(RuntimeError, match="must be floating"):
        torch.tensor([1]).logcumsumexp(0)


def test_diff():
    x = numbers("int64", (3, 4), -9, 9)
    made = torch.tensor(x)
    for n in range(6):
        check(made.diff(n), np.diff(x, n))
    check(made.diff(prepend=made[:, :1], append=made[:, :2]), np.diff(x, prepend=x[:, :1], append=x[:, :2]))
    check(torch.tensor([True, False, False]).diff(), np.array([True, False]))
    with pytest.raises(RuntimeError, match="at least one-dimensional"):
        torch.tensor(1).diff()
    with pytest.raises(RuntimeError, match="non-negative"):
        made.diff(-1)
    made.diff(0)[0] = 100
    assert made.max().item() < 100


def with_zeros(x):
    return x * torch.tensor([[1.0, 0, 1, 0], [1, 1, 1, 1]], dtype=torch.float64)


GRADIENTS = {
    "cumsum": lambda x: x.cumsum(1), "cumsum in place": lambda x: (x * 2).cumsum_(0), "cumsum of 0-d": lambda x: x[0, 0].cumsum(0),
    "cumprod": lambda x: x.cumprod(1), "cumprod with zeros": lambda x: with_zeros(x).cumprod(1),
    "cumprod with a zero first": lambda x: with_zeros(x.flip(1)).flip(1).cumprod(1), "cumprod in place": lambda x: (x * 2).cumprod_(0),
    "cummax": lambda x: x.cummax(1)[0], "cummin": lambda x: x.cummin(0)[0],
    "logcumsumexp": lambda x: x.logcumsumexp(1), "logcumsumexp of numbers far apart": lambda x: (x * 1000).logcumsumexp(1) / 1000,
    "diff": lambda x: x.diff(2, append=x[:, :1]),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    x = tensor(np.random.default_rng(0).permutation(8).reshape(2, 4) * 0.4 - 1.3, "float64", requires_grad=True)
    assert gradcheck(GRADIENTS[name], (x,), fast_mode=True)
    assert gradgradcheck(GRADIENTS[name], (x,), fast_mode=True)
