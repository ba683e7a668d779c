"""NumPy's names of arguments: axis for dim, keepdims for keepdim, x, a and x1 for input, x2 for other."""
import inspect
import pickle

import numpy as np
import pytest

import nb_nn as torch

x = torch.arange(6.0).reshape(2, 3)
array = x.numpy()
CALLS = {
    "operation": (lambda: x.sum(axis=0, keepdims=True), lambda: array.sum(axis=0, keepdims=True)),
    "function": (lambda: torch.stack([x, x], axis=1), lambda: np.stack([array, array], axis=1)),
    "method": (lambda: x.unsqueeze(axis=1), lambda: np.expand_dims(array, 1)),
    "several results": (lambda: x.max(axis=1).values, lambda: array.max(axis=1)),
    "both operands": (lambda: torch.atan2(x1=x, x2=x + 1), lambda: np.arctan2(array, array + 1)),
    "an operand": (lambda: torch.sin(a=x), lambda: np.sin(array)),
    "a method's operand": (lambda: x.mul(x2=2), lambda: array * 2),
    "written in place": (lambda: x.clone().add_(x2=x), lambda: array + array),
    "written to places": (lambda: x.clone().index_fill_(axis=0, index=torch.tensor([0]), value=9.0), lambda: np.array([[9] * 3, array[1]])),
    "linalg": (lambda: torch.linalg.vector_norm(x, axis=0, keepdims=True), lambda: np.linalg.norm(array, axis=0, keepdims=True)),
    "fft": (lambda: torch.fft.fft(x, axis=0), lambda: np.fft.fft(array, axis=0)),
    "special": (lambda: torch.special.softmax(x * 0, axis=0), lambda: np.full((2, 3), 0.5)),
    "swapaxes": (lambda: torch.swapaxes(x, axis0=0, axis1=1), lambda: array.swapaxes(0, 1)),
}


@pytest.mark.parametrize("case", CALLS)
def test_same_as_numpy(case):
    ours, theirs = CALLS[case]
    np.testing.assert_allclose(ours().numpy(), theirs(), rtol=1e-6)


def test_gradients_pass():
    y = x.clone().requires_grad_()
    y.sum(axis=0).pow(2).sum().backward()
    np.testing.assert_allclose(y.grad.numpy(), np.broadcast_to(2 * array.sum(0), (2, 3)))


@pytest.mark.parametrize("call", [
    lambda: x.sum(axis=0, dim=1), lambda: x.sum(axes=0), lambda: torch.squeeze(x, axis=0, dim=1), lambda: torch.sin(x2=x),
    lambda: torch.max(x, axes=0), lambda: x.sin_(axis=0), lambda: torch.add(x, x1=x, x2=x)])
def test_other_names_are_refused(call):
    with pytest.raises(TypeError):
        call()


@pytest.mark.parametrize("function", [torch.squeeze, torch.concat, torch.zeros, torch.Tensor.view, torch.linalg.norm, torch.fft.fftn, torch.exp])
def test_functions_are_pickled_by_name(function):
    assert pickle.loads(pickle.dumps(function)) is function


def test_signatures_show_torchs_names_alone():
    assert "axis" not in inspect.signature(torch.squeeze).parameters
    assert torch.squeeze.__name__ == "squeeze" and "size 1" in torch.squeeze.__doc__


NUMBERS = {
    "alpha": lambda two, one: torch.add(x, x, alpha=two),
    "value, in place": lambda two, one: x.clone().addcmul_(x, x, value=two),
    "a layer's slope": lambda two, one: torch.nn.functional.leaky_relu(-x, two),
    "two of them": lambda two, one: torch.nn.functional.threshold(x, two, two),
    "tolerance": lambda two, one: torch.isclose(x, x + 1, rtol=two),
    "diagonal": lambda two, one: torch.tril(x, one),
    "bound": lambda two, one: torch.randint(one + 4, (3,), generator=torch.Generator().manual_seed(0)),
    "count": lambda two, one: torch.randperm(one + 4, generator=torch.Generator().manual_seed(0)),
    "order": lambda two, one: torch.polygamma(one, x + 1),
    "power": lambda two, one: torch.matrix_power(x[:, :2], one + 1),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_tensors_of_one_number_are_numbers(case):
    assert torch.equal(NUMBERS[case](torch.tensor(2.0), torch.tensor(1)), NUMBERS[case](2.0, 1))


@pytest.mark.parametrize("value", [torch.ones(2), torch.ones(()).requires_grad_(), "2", None])
def test_what_is_no_number_is_refused(value):
    with pytest.raises((TypeError, RuntimeError)):
        torch.nn.functional.leaky_relu(x, value)


@pytest.mark.parametrize("call, shape", [
    (lambda: torch.zeros(size=(2, 3)), (2, 3)), (lambda: torch.randn(size=[2]), (2,)), (lambda: torch.empty(size=(0,), dtype=torch.int8), (0,)),
    (lambda: x.new_ones(size=(4,)), (4,)), (lambda: x.view(size=(3, 2)), (3, 2)), (lambda: x.reshape(shape=(6,)), (6,)),
    (lambda: x.permute(dims=(1, 0)), (3, 2)), (lambda: x[:1].expand(size=(5, 3)), (5, 3)), (lambda: x.repeat(repeats=(2, 2)), (4, 6)),
    (lambda: torch.tile(x, dims=(1, 2)), (2, 6)), (lambda: x.clone().resize_(size=(1, 2)), (1, 2)),
    (lambda: x.split(split_size=2, axis=1)[1], (2, 1)), (lambda: torch.split(tensor=x, split_size_or_sections=2)[0], (2, 3))])
def test_lists_by_name(call, shape):
    assert call().shape == shape


def test_all_by_name():
    assert torch.reshape(input=x, shape=(6,)).shape == (6,) and torch.permute(input=x, dims=(1, 0)).shape == (3, 2)


@pytest.mark.parametrize("call", [
    lambda y: torch.sin(input=y), lambda y: torch.add(input=y, other=y), lambda y: torch.sin(a=y), lambda y: torch.sum(input=y, dim=0),
    lambda y: torch.cat(tensors=[y, y]), lambda y: torch.matmul(input=y, other=y.t()), lambda y: torch.reshape(input=y, shape=(6,))])
def test_recorded_with_all_arguments_by_name(call):
    y = x.clone().requires_grad_()
    call(y).sum().backward()
    assert y.grad.shape == y.shape


def test_a_list_is_given_once():
    with pytest.raises((TypeError, RuntimeError)):
        torch.zeros(2, size=(2,))


def test_extremes_of_pairs_and_bits_by_name():
    assert torch.equal(torch.max(x, other=x + 1), x + 1) and torch.equal(x.min(other=x - 1), x - 1)
    assert x.view(dtype=torch.int32).dtype is torch.int32
