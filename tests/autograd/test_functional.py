"""Jacobians, Hessians and their products with vectors, against differences and each other."""
import numpy as np
import pytest
from oracle import numbers, tensor

import nb_nn as torch
from nb_nn.autograd import functional

X, Y = numbers("float64", (3, 2), seed=1), numbers("float64", (2,), seed=2)


def differences(function, x, step=1e-6):
    """The Jacobian of a function of an array by central differences, a row a number of the result."""
    columns = []
    for place in np.ndindex(x.shape):
        move = np.zeros_like(x)
        move[place] = step
        columns.append((function(x + move) - function(x - move)) / (2 * step))
    return np.stack(columns, -1).reshape(*np.shape(columns[0]), *x.shape)


def numeric(function):
    return lambda x: function(tensor(x)).numpy()


def curved(x):
    return (x ** 3).sum(0) * x[0]


def number(x):
    return (x.exp() * x.roll(1, 0)).sum()


def test_jacobian_and_its_products():
    expected = differences(numeric(curved), X)
    found = functional.jacobian(curved, tensor(X))
    np.testing.assert_allclose(found.numpy(), expected, 1e-6, 1e-8)
    assert not found.requires_grad
    result, right = functional.jvp(curved, tensor(X), tensor(X * 2))
    np.testing.assert_allclose(right.numpy(), np.einsum("iab,ab->i", expected, X * 2), 1e-6)
    result, left = functional.vjp(curved, tensor(X), tensor(Y))
    np.testing.assert_allclose(left.numpy(), np.einsum("iab,i->ab", expected, Y), 1e-6)
    assert torch.equal(result, curved(tensor(X)))


def test_hessian_and_its_products():
    expected = differences(lambda x: functional.jacobian(number, tensor(x)).numpy(), X)
    np.testing.assert_allclose(functional.hessian(number, tensor(X)).numpy(), expected, 1e-5, 1e-7)
    for product in (functional.hvp, functional.vhp):
        result, found = product(number, tensor(X), tensor(X * 3))
        np.testing.assert_allclose(found.numpy(), np.einsum("abcd,cd->ab", expected, X * 3), 1e-5)
        assert torch.equal(result, number(tensor(X)))


def test_several_arguments_and_results():
    def function(x, y):
        return x @ y, y * 2

    found = functional.jacobian(function, (tensor(X), tensor(Y)))
    assert [[tuple(one.shape) for one in row] for row in found] == [[(3, 3, 2), (3, 2)], [(2, 3, 2), (2, 2)]]
    assert torch.equal(found[0][1], tensor(X)) and not found[1][0].any()
    found = functional.hessian(lambda x, y: (x @ y).sum(), (tensor(X), tensor(Y)))
    assert not found[0][0].any() and not found[1][1].any() and torch.equal(found[0][1][1], torch.eye(2, dtype=torch.float64))
    assert torch.equal(found[1][0], found[0][1].permute(2, 0, 1))
    (first, second), found = functional.jvp(function, (tensor(X), tensor(Y)), (tensor(X), tensor(Y)))
    assert torch.allclose(found[0], 2 * first) and torch.equal(found[1], second)


def test_a_single_number_needs_no_vector():
    assert functional.vjp(number, tensor(X))[1].shape == X.shape
    assert functional.jvp(torch.exp, tensor(np.zeros(1)))[1].tolist() == [1]
    for product in (functional.jvp, functional.hvp, functional.vhp):
        with pytest.raises(RuntimeError, match="v can only be None"):
            product(number, tensor(X))


def test_answers_may_have_a_history():
    x = tensor(X).requires_grad_()
    functional.jacobian(lambda x: x ** 3, x, create_graph=True).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 6 * X)
    x.grad = None
    functional.hvp(lambda x: (x ** 4).sum(), x, torch.ones(3, 2).double(), create_graph=True)[1].sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 24 * X)
    assert functional.jacobian(lambda x: x ** 3, x).requires_grad is False


def test_no_dependence_is_zero_or_refused():
    constant, one = (lambda x: torch.ones(2)), tensor(X)
    assert functional.jacobian(constant, one).shape == (2, 3, 2) and not functional.jacobian(constant, one).any()
    assert not functional.hessian(torch.sum, one).any()
    for call, words in [
            (lambda: functional.jacobian(constant, one, strict=True), "Output 0 of the user-provided function does not require"),
            (lambda: functional.jacobian(lambda x, y: x * 2, (one, one), strict=True), "independent of input 1"),
            (lambda: functional.vjp(lambda x, y: x.sum(), (one, one), strict=True), "independent of input 1"),
            (lambda: functional.jvp(lambda x, y: x.sum(), (one, one), (one, one), strict=True), "independent of input 1"),
            (lambda: functional.hessian(torch.sum, one, strict=True), "jacobian of the user-provided function with respect to input 0"),
            (lambda: functional.hvp(torch.sum, one, one, strict=True), "jacobian of the user-provided function with respect to input 0"),
            (lambda: functional.jacobian(lambda x: x * 2, one, create_graph=True, strict=True), "strict mode when create_graph=True")]:
        with pytest.raises(RuntimeError, match=words):
            call()


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda x: functional.jacobian(torch.exp, 3), TypeError, "inputs given to jacobian"),
    (lambda x: functional.jacobian(torch.exp, (x, 3)), TypeError, "value at index 1"),
    (lambda x: functional.jacobian(lambda x: 3, x), TypeError, "outputs of the user-provided function"),
    (lambda x: functional.jacobian(torch.exp, x, strategy="sideways"), AssertionError, "sideways"),
    (lambda x: functional.hessian(number, x, outer_jacobian_strategy="up"), AssertionError, "'up'"),
    (lambda x: functional.jacobian(torch.exp, x, strategy="forward-mode"), NotImplementedError, "vectorize=True"),
    (lambda x: functional.jacobian(torch.exp, x, True, vectorize=True, strategy="forward-mode"), NotImplementedError, "create_graph"),
    (lambda x: functional.jacobian(torch.exp, x, strict=True, vectorize=True), RuntimeError, "not supported together"),
    (lambda x: functional.hessian(torch.exp, x), RuntimeError, "single element"),
    (lambda x: functional.vhp(lambda x: (x.sum(), x.sum()), x, x), RuntimeError, "single Tensor"),
    (lambda x: functional.vjp(torch.exp, x, x[0]), RuntimeError, r"v has invalid size: should be torch.Size\(\[3, 2\]\)"),
    (lambda x: functional.vjp(torch.exp, x, (x, x)), RuntimeError, "should contain a single Tensor"),
    (lambda x: functional.jvp(torch.add, (x, x), x), RuntimeError, "a tuple of 2 Tensors"),
])
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call(tensor(X))
