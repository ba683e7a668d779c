import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd import grad
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.nn import functional as F

INDEX = np.array([[0, 2, 2], [4, 0, 2]])


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(2, 3), (6,), (), (0,)])
def test_rows_are_looked_up(kind, shape):
    weight, index = numbers(kind, (5, 3)), INDEX.reshape(-1)[:int(np.prod(shape))].reshape(shape)
    check(F.embedding(tensor(index), tensor(weight, kind)), weight[index], kind)
    check(F.embedding(tensor(index).int(), tensor(weight, kind)), weight[index], kind)


def test_derivatives():
    weight = tensor(numbers("float64", (5, 3)), requires_grad=True)
    assert gradcheck(lambda weight: F.embedding(tensor(INDEX), weight), (weight,))
    assert gradgradcheck(lambda weight: F.embedding(tensor(INDEX), weight), (weight,))


def test_padding_takes_no_gradient_and_frequent_rows_the_mean():
    weight, given = tensor(numbers("float32", (5, 3)), requires_grad=True), numbers("float32", (2, 3, 3))
    expected = np.zeros((5, 3), np.float32)
    np.add.at(expected, INDEX, given)
    for padding in (None, 2, -3):
        for by_freq in (False, True):
            made = F.embedding(tensor(INDEX), weight, padding, scale_grad_by_freq=by_freq)
            wanted = expected / np.maximum(np.bincount(INDEX.ravel(), minlength=5), 1)[:, None] if by_freq else expected.copy()
            if padding is not None:
                wanted[padding] = 0
            check(grad(made, weight, tensor(given))[0], wanted.astype(np.float32))


def test_second_derivative_with_padding_and_frequencies():
    weight = tensor(numbers("float64", (5, 3)), requires_grad=True)
    given = tensor(numbers("float64", (2, 3, 3)), requires_grad=True)
    assert gradcheck(lambda given: grad(F.embedding(tensor(INDEX), weight, 2, scale_grad_by_freq=True), weight, given,
                                        create_graph=True)[0], (given,))


def test_max_norm_shortens_the_rows_named_in_place():
    rows = numbers("float32", (5, 3))
    weight = tensor(rows.copy())
    F.embedding(tensor(INDEX), weight, max_norm=1.0)
    lengths = np.linalg.norm(rows, axis=1)
    expected = rows * np.where(np.isin(np.arange(5), INDEX), np.minimum(1, 1 / lengths), 1)[:, None]
    check(weight, expected.astype(np.float32), rtol=1e-5)


@pytest.mark.parametrize("call, error, message", [
    (lambda: F.embedding(torch.tensor([3]), torch.zeros(3, 2)), IndexError, "index out of range in self.*index 3.*3 rows"),
    (lambda: F.embedding(torch.tensor([-1]), torch.zeros(3, 2)), IndexError, "index out of range in self"),
    (lambda: F.embedding(torch.tensor([5]), torch.zeros(3, 2), max_norm=1.0), IndexError, "index out of range in self"),
    (lambda: F.embedding(torch.tensor([1.0]), torch.zeros(3, 2)), RuntimeError, "Long, Int; but got FloatTensor"),
    (lambda: F.embedding(torch.tensor([1]), torch.zeros(3)), RuntimeError, "must be 2-D"),
    (lambda: F.embedding(torch.tensor([1]), torch.zeros(3, 2), padding_idx=3), AssertionError, "Padding_idx"),
    (lambda: nn.Embedding(3, 2, padding_idx=-4), AssertionError, "Padding_idx"),
    (lambda: nn.Embedding(3, 2, _weight=torch.zeros(2, 2)), AssertionError, "does not match"),
    (lambda: F.one_hot(torch.tensor([3]), 2), RuntimeError, "smaller than num_classes"),
    (lambda: F.one_hot(torch.tensor([-3])), RuntimeError, "non-negative"),
    (lambda: F.one_hot(torch.tensor([], dtype=torch.int64)), RuntimeError, "empty tensor"),
    (lambda: F.one_hot(torch.tensor([1.0])), RuntimeError, "LongTensor"),
])
def test_errors_say_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_one_hot():
    check(F.one_hot(tensor(INDEX)), np.eye(5, dtype=np.int64)[INDEX])
    check(F.one_hot(tensor(INDEX), 7), np.eye(7, dtype=np.int64)[INDEX])
    assert F.one_hot(torch.zeros(0, dtype=torch.int64), 3).shape == (0, 3)


def test_layer():
    layer = nn.Embedding(5, 3, padding_idx=-1)
    assert layer.padding_idx == 4
    assert layer.weight[4].eq(0).all()
    assert repr(layer) == "Embedding(5, 3, padding_idx=4)"
    layer(tensor(INDEX)).sum().backward()
    assert layer.weight.grad[:, 0].tolist() == [2, 0, 3, 0, 0]
    fixed = nn.Embedding.from_pretrained(torch.ones(2, 3))
    assert not fixed.weight.requires_grad
    assert fixed(torch.tensor(1)).tolist() == [1, 1, 1]
