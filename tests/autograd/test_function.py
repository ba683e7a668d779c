import gc
import weakref

import numpy as np
import pytest

import nb_nn as torch
from nb_nn.autograd import Function, gradcheck, gradgradcheck
from nb_nn.autograd.function import once_differentiable


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        result = x.exp()
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, grad):
        (result,) = ctx.saved_tensors
        return grad * result


class Scale(Function):
    """x * number, with an argument that is no tensor."""

    @staticmethod
    def forward(ctx, x, number):
        ctx.number = number
        return x * number

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.number, None


class Both(Function):
    """Sum and difference."""

    @staticmethod
    def forward(ctx, x, y):
        return x + y, x - y

    @staticmethod
    def backward(ctx, grad_sum, grad_difference):
        return grad_sum + grad_difference, grad_sum - grad_difference


def double(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_first_and_second_gradient():
    assert gradcheck(Exp.apply, double(0.5, -1.0))
    assert gradgradcheck(Exp.apply, double(0.5, -1.0))
    assert gradcheck(lambda x: Scale.apply(x, 3), double(0.5, -1.0))
    assert gradcheck(Both.apply, (double(0.5, -1.0), double(2.0, 3.0)))
    assert gradgradcheck(Both.apply, (double(0.5, -1.0), double(2.0, 3.0)))


def test_graph_knows_the_function():
    x = double(1.0)
    y = Exp.apply(x)
    assert y.requires_grad and not y.is_leaf
    assert y.grad_fn.name() == "ExpBackward" and "ExpBackward" in repr(y)
    assert torch.equal(y.grad_fn.saved_tensors[0], y)
    assert y.grad_fn.next_functions[0][0].variable is x


def test_needs_input_grad_has_a_flag_an_argument():
    seen = []

    class Look(Function):
        @staticmethod
        def forward(ctx, x, y, number):
            seen.append(ctx.needs_input_grad)
            return x + y

        @staticmethod
        def backward(ctx, grad):
            seen.append(ctx.needs_input_grad)
            return grad, None, None

    Look.apply(double(1.0), torch.ones(1, dtype=torch.float64), 3).backward()
    assert seen == [(True, False, False)] * 2


def test_not_recorded_without_need():
    assert not Exp.apply(torch.ones(2)).requires_grad
    with torch.no_grad():
        assert not Exp.apply(double(1.0)).requires_grad


def test_forward_is_not_recorded():
    class Look(Function):
        @staticmethod
        def forward(ctx, x):
            assert not torch.is_grad_enabled()
            return (x * 2).detach()

        @staticmethod
        def backward(ctx, grad):
            assert not torch.is_grad_enabled()
            return grad * 2

    Look.apply(double(1.0)).backward()
    assert torch.is_grad_enabled()


def test_recording_goes_on_after_an_error_in_forward():
    class Bad(Function):
        @staticmethod
        def forward(ctx, x):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Bad.apply(double(1.0))
    assert torch.is_grad_enabled()


def test_unused_results_give_zeros_or_none():
    seen = []

    class Two(Function):
        materialize = True

        @classmethod
        def forward(cls, ctx, x):
            ctx.set_materialize_grads(cls.materialize)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, first, second):
            seen.append(second)
            return first * 2 if second is None else first * 2 + second * 3

    x = double(1.0, 2.0)
    Two.apply(x)[0].sum().backward()
    Two.materialize = False
    Two.apply(x)[0].sum().backward()
    assert torch.equal(seen[0], torch.zeros(2, dtype=torch.float64)) and seen[1] is None
    assert torch.equal(x.grad, torch.full((2,), 4, dtype=torch.float64))


def test_mark_non_differentiable():
    class Sorted(Function):
        @staticmethod
        def forward(ctx, x):
            order = x > 0
            kept = x * 1
            ctx.mark_non_differentiable(order, kept)
            return x * 2, order, kept

        @staticmethod
        def backward(ctx, grad, *others):
            assert len(others) == 2
            return grad * 2

    values, order, kept = Sorted.apply(double(1.0, -2.0))
    assert values.requires_grad and not order.requires_grad and not kept.requires_grad
    values.sum().backward()


class DoubleInPlace(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)

    @staticmethod
    def backward(ctx, grad):
        return grad * 2


def test_mark_dirty_makes_the_function_the_history_of_its_argument():
    x = double(1.0, 2.0)
    y = x * 3
    version = y._version
    z = DoubleInPlace.apply(y)
    assert z is y and y.grad_fn.name() == "DoubleInPlaceBackward" and y._version > version
    y.sum().backward()
    assert x.grad.tolist() == [6, 6]


def test_mark_dirty_on_a_view_changes_the_history_of_its_base():
    x = double(1.0, 2.0, 3.0)
    y = x * 3
    DoubleInPlace.apply(y[1:])
    y.sum().backward()
    assert x.grad.tolist() == [3, 6, 6]


def test_mark_dirty_errors():
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        DoubleInPlace.apply(double(1.0))

    class Forgets(DoubleInPlace):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x * 2

    with pytest.raises(RuntimeError, match="not returned as output"):
        Forgets.apply(double(1.0) * 1)


def test_argument_handed_through_has_a_new_history():
    class Reverse(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad):
            return -grad

    x = double(1.0)
    y = Reverse.apply(x)
    assert y is not x and y.data_ptr() == x.data_ptr() and x.is_leaf
    y.backward()
    assert x.grad.tolist() == [-1]


def test_a_view_made_in_forward():
    class Half(Function):
        @staticmethod
        def forward(ctx, x):
            return x[:1]

        @staticmethod
        def backward(ctx, grad):
            return torch.cat([grad, grad * 0])

    assert gradcheck(Half.apply, double(1.0, 2.0))


def test_saved_tensor_that_was_changed_raises():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad * ctx.saved_tensors[0]

    y = double(1.0) * 1
    z = Square.apply(y)
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


def test_saved_tensors_are_freed_by_backward():
    y = Exp.apply(double(1.0))
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
    y = Exp.apply(double(1.0))
    y.backward(retain_graph=True)
    y.backward()


def test_none_may_be_saved_but_nothing_else():
    class Saves(Function):
        @staticmethod
        def forward(ctx, x, what):
            ctx.save_for_backward(x, what)
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            assert ctx.saved_tensors[1] is None
            return grad * 2, None

    Saves.apply(double(1.0), None).backward()
    with pytest.raises(TypeError, match="can only save"):
        Saves.apply(double(1.0), 3)


@pytest.mark.parametrize("answer, error, match", [
    (lambda grad: (grad, grad), RuntimeError, r"incorrect number of gradients \(expected 1, got 2\)"),
    (lambda grad: (), RuntimeError, r"incorrect number of gradients \(expected 1, got 0\)"),
    (lambda grad: 3.0, TypeError, "is no Tensor but float"),
    (lambda grad: torch.ones(5, dtype=torch.float64), RuntimeError, "invalid gradient at index 0"),
])
def test_bad_gradients(answer, error, match):
    class Bad(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return answer(grad)

    with pytest.raises(error, match=match):
        Bad.apply(double(1.0, 2.0)).sum().backward()


def test_gradient_of_something_that_is_no_tensor():
    class Bad(Scale):
        @staticmethod
        def backward(ctx, grad):
            return grad, grad

    with pytest.raises(RuntimeError, match="different from None at position 2"):
        Bad.apply(double(1.0), 3).backward()


def test_further_nones_are_ignored():
    class More(Scale):
        @staticmethod
        def backward(ctx, grad):
            return grad, None, None, None

    More.apply(double(1.0), 3).backward()


def test_broadcast_gradients_are_summed():
    class Add(Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, grad):
            return grad, grad

    assert gradcheck(Add.apply, (double([1.0, 2.0]), double(1.0)))


def test_once_differentiable():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return torch.from_numpy(2 * grad.detach().numpy() * x.detach().numpy())

    x = double(1.0, 2.0)
    assert gradcheck(Square.apply, x)
    (grad,) = torch.autograd.grad(Square.apply(x).sum(), x, create_graph=True)
    assert not grad.requires_grad
    weight = double(3.0, 4.0)
    (grad,) = torch.autograd.grad((Square.apply(x) * weight).sum(), x, create_graph=True)
    assert grad.requires_grad
    with pytest.raises(RuntimeError, match="differentiate twice"):
        grad.sum().backward()


def test_results_do_not_keep_themselves_alive():
    gc.disable()
    try:
        y = Exp.apply(double(*np.ones(10)))
        node, result = weakref.ref(y.grad_fn), weakref.ref(y)
        del y
        assert result() is None and node() is None
    finally:
        gc.enable()


def test_legacy_functions_are_refused():
    class Old(Function):
        def forward(self, x):
            return x

    with pytest.raises(RuntimeError, match="static forward method"):
        Old()(double(1.0))


def test_forward_and_backward_must_be_there():
    class Nothing(Function):
        pass

    with pytest.raises(NotImplementedError, match="forward"):
        Nothing.apply(double(1.0))
