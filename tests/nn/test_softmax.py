import numpy as np
import pytest
from oracle import check, numbers, tensor
from scipy import special

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.nn import functional as F

FUNCTIONS = [(F.softmax, special.softmax), (F.log_softmax, special.log_softmax), (F.softmin, lambda x, axis: special.softmax(-x, axis))]


SHAPES = [((3, 4), 0), ((3, 4), 1), ((2, 3, 4), 1), ((2, 3, 4), -1), ((5,), 0), ((), 0), ((), -1), ((0, 3), 1)]


@pytest.mark.parametrize("shape, dim", SHAPES, ids=str)
@pytest.mark.parametrize("function, oracle", FUNCTIONS)
def test_values(function, oracle, shape, dim):
    x = numbers("float32", shape, -5, 5)
    check(function(tensor(x), dim), oracle(x.astype(np.float64), axis=dim if shape else None).astype(np.float32), rtol=2e-6)


@pytest.mark.parametrize("function", [F.softmax, F.log_softmax, F.softmin])
@pytest.mark.parametrize("shape, dim", [((3, 4), 1), ((2, 3, 2), 1), ((), 0)], ids=str)
def test_first_and_second_derivatives(function, shape, dim):
    x = tensor(numbers("float64", shape), requires_grad=True)
    assert gradcheck(lambda x: function(x, dim), (x,))
    assert gradgradcheck(lambda x: function(x, dim), (x,))


def test_large_numbers_do_not_overflow():
    x = tensor(np.array([1e4, 0.0, -np.inf], np.float32))
    assert F.softmax(x, 0).tolist() == [1, 0, 0]
    assert F.log_softmax(x, 0).tolist() == [0, -1e4, -np.inf]
    assert F.softmax(tensor(np.array([np.nan, 1.0], np.float32)), 0).isnan().all()


def test_layout_does_not_matter():
    x = numbers("float32", (4, 3))
    check(F.softmax(tensor(x).t(), 1), special.softmax(x.T, axis=1))


def test_dtype_casts_first():
    made = F.softmax(torch.tensor([1, 2]), 0, dtype=torch.float64)
    check(made, special.softmax(np.array([1.0, 2.0])))
    with pytest.raises(RuntimeError, match="not implemented for 'Long'"):
        F.softmax(torch.tensor([1, 2]), 0)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_half_types(kind):
    x = numbers(kind, (3, 4))
    leaf = tensor(x, kind, requires_grad=True)
    made = F.log_softmax(leaf, 1)
    check(made, special.log_softmax(x.astype(np.float64), axis=1), kind)
    made.float().sum().backward()
    assert leaf.grad.dtype is leaf.dtype


@pytest.mark.parametrize("ndim, dim", [(1, 0), (2, 1), (3, 0), (4, 1)])
def test_implicit_dim_warns_and_is_the_old_one(ndim, dim):
    x = tensor(numbers("float32", (2,) * ndim))
    for function in (F.softmax, F.log_softmax, F.softmin):
        with pytest.warns(UserWarning, match=f"Implicit dimension choice for {function.__name__}") as caught:
            made = function(x)
        assert caught[0].filename == __file__
        assert torch.equal(made, function(x, dim))


def test_dim_out_of_range():
    with pytest.raises(IndexError, match=r"range of \[-2, 1\], but got 2"):
        F.softmax(torch.zeros(2, 3), 2)
