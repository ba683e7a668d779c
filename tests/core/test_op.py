"""Declaring operations, and what is refused of them when they are declared or called."""
import inspect

import pytest

import nb_nn as torch
from nb_nn.core import elementwise
from nb_nn.core.op import DECLARED, derivative, inplace, no_derivative, op
from nb_nn.core.state import recorders


@pytest.fixture
def declared():
    """Operations declared in a test are forgotten after it."""
    before = dict(DECLARED)
    yield
    DECLARED.clear()
    DECLARED.update(before)


def test_an_operation_is_a_function_with_its_own_signature(declared):
    @op
    def twice(input: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
        """Two of it."""
        return elementwise.binary("mul", input, 2, out)

    twice_ = inplace(twice)
    derivative(twice, input=lambda grad: grad * 2)
    assert twice.__doc__ == "Two of it." and list(inspect.signature(twice).parameters) == ["input", "out"]
    x = torch.ones(2, requires_grad=True)
    y = twice(x)
    assert type(y.grad_fn).__name__ == "TwiceBackward0" or y.grad_fn.name() == "TwiceBackward0"
    y.sum().backward()
    assert x.grad.tolist() == [2, 2]
    z = torch.ones(2)
    assert twice_(z) is z and z.tolist() == [2, 2] and z._version == 1


def test_a_name_is_declared_once(declared):
    @op
    def only_here(input):
        return input

    with pytest.raises(ValueError, match="only_here is declared twice"):
        @op
        def only_here(input):  # noqa: F811
            return input


def test_formulas_name_what_there_is(declared):
    @op
    def some(input, power):
        return input

    with pytest.raises(TypeError, match="some"):
        derivative(some, input=lambda grad, exponent: grad)
    with pytest.raises(TypeError, match="no argument other"):
        derivative(some, other=lambda grad: grad)


def test_results_of_operations_without_derivative_need_no_gradient(declared):
    @op
    def places(input):
        return elementwise.binary("gt", input, 0, None, elementwise.BOOL)

    no_derivative(places)
    assert not places(torch.ones(2, requires_grad=True)).requires_grad


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_every_operation_has_a_derivative_or_says_that_it_has_none(name):
    assert DECLARED[name].decided


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_every_operation_says_what_it_does(name):
    assert (DECLARED[name].body.__doc__ or "").strip().endswith((".", ")", "]")) or ">>>" in DECLARED[name].body.__doc__


def test_recorders_see_canonical_calls():
    class Recorder:
        seen = []

        def call(self, declaration, body, args, kwargs):
            self.seen.append(declaration.name)
            return body(*args, **kwargs)

        def call_inplace(self, declaration, input, args, kwargs):
            self.seen.append(declaration.name + "_")
            return declaration.body(input, *args, out=input, **kwargs)

    recorder = Recorder()
    recorders.append(recorder)
    try:
        x = torch.ones(2, 3)
        (x.view(-1) + 1).sum(0)
        x.mul_(2)
    finally:
        recorders.remove(recorder)
    assert [name for name in recorder.seen if name in ("view_size", "add", "sum", "mul_")] == ["view_size", "add", "sum", "mul_"]


def test_something_else_in_place_of_a_tensor_is_a_type_error_with_the_argument_named():
    for function, text in [(lambda: torch.exp(3), "exp.*'input' must be Tensor, not int"), (lambda: torch.mm(torch.ones(2, 2), [1]), "'mat2' must be Tensor"),
                           (lambda: torch.sum("a"), "sum.*'input' must be Tensor, not str"), (lambda: torch.relu_(3), "must be Tensor")]:
        with pytest.raises(TypeError, match=text):
            function()
