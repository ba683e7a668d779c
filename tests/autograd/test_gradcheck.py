import numpy as np
import pytest

import nb_nn as torch
from nb_nn.autograd import Function, gradcheck, gradgradcheck
from nb_nn.autograd.gradcheck import GradcheckError


def double(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def pair():
    return double([0.5, 2.0], [3.0, -4.0]), double(1.5, -2.0)


class WrongCube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0] * 2


@pytest.mark.parametrize("fast_mode", [False, True])
def test_right_gradients_pass(fast_mode):
    def func(x, y):
        return x * y, (x / y).sum(0), x.t()

    assert gradcheck(func, pair(), fast_mode=fast_mode)
    assert gradgradcheck(func, pair(), fast_mode=fast_mode)
    assert gradgradcheck(func, pair(), gen_non_contig_grad_outputs=True, fast_mode=fast_mode)


@pytest.mark.parametrize("fast_mode", [False, True])
def test_wrong_gradient_is_shown_beside_the_right_one(fast_mode):
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0"):
        gradcheck(WrongCube.apply, double(1.0, 2.0), fast_mode=fast_mode)
    assert not gradcheck(WrongCube.apply, double(1.0, 2.0), raise_exception=False, fast_mode=fast_mode)


def test_matrices_in_the_error_have_a_row_an_input_element():
    with pytest.raises(GradcheckError) as error:
        gradcheck(lambda x: (x.detach() * x).sum(), double(1.0, 2.0))
    assert "numerical:[[2." in str(error.value) and "analytical:[[1.]\n [2.]]" in str(error.value)


def test_wrong_second_gradient_fails():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            return grad * 2 * ctx.saved_tensors[0].detach()

    assert gradcheck(Square.apply, double(1.0, 2.0))
    with pytest.raises(GradcheckError):
        gradgradcheck(Square.apply, double(1.0, 2.0))


def test_inputs_without_gradient_and_other_arguments_are_left_alone():
    fixed = torch.tensor([1.0, 2.0], dtype=torch.float64)
    assert gradcheck(lambda x, y, number: x * y * number, (double(3.0, 4.0), fixed, 2))


def test_strided_inputs():
    wide = torch.arange(12, dtype=torch.float64).view(3, 4)
    x = wide.t()[::2].detach().requires_grad_()
    assert not x.is_contiguous()
    before = x.detach().clone()
    assert gradcheck(lambda x: x * x, x)
    assert torch.equal(x.detach(), before)


def test_overlapping_input_is_refused():
    x = torch.ones(1, dtype=torch.float64).expand(3).detach().requires_grad_()
    with pytest.raises(RuntimeError, match="stride 0"):
        gradcheck(lambda x: x * 2, x)


def test_needs_an_input_that_requires_grad():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(lambda x: x * 2, torch.ones(2, dtype=torch.float64))


def test_float32_input_warns():
    with pytest.warns(UserWarning, match="not a double precision"):
        gradcheck(lambda x: x * 2, torch.ones(2, requires_grad=True), eps=0.1)


def test_result_without_gradient_must_be_constant():
    assert gradcheck(lambda x: x.detach() * 0, double(1.0, 2.0))
    with pytest.raises(GradcheckError, match="expected to be zero"):
        gradcheck(lambda x: x.detach(), double(1.0, 2.0))


def test_changing_backward_is_noticed():
    random = np.random.default_rng(0)

    class Noisy(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * (2 + 1e-7 * random.normal())

    with pytest.raises(GradcheckError, match="not reentrant"):
        gradcheck(Noisy.apply, double(1.0, 2.0))
    assert gradcheck(Noisy.apply, double(1.0, 2.0), nondet_tol=1e-5)


def test_empty_input():
    assert gradcheck(lambda x: x * 2, torch.zeros(0, dtype=torch.float64, requires_grad=True))
