import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.kernels import table
from nb_nn.nn import functional as F

# kernel_size, dilation, padding, stride
OPTIONS = [(2, 1, 0, 1), ((2, 3), 1, (1, 2), (2, 1)), (3, (1, 2), 2, (3, 2)), ((1, 1), 1, 3, 2), ((4, 2), 1, 0, 5)]


def pair(value):
    return (value, value) if isinstance(value, int) else value


def slow_places(size, options):
    """Where in padded images the elements of each window lie: lists [window element][window] of (row, column)."""
    window, dilation, padding, stride = map(pair, options)
    count = [(size[d] + 2 * padding[d] - dilation[d] * (window[d] - 1) - 1) // stride[d] + 1 for d in (0, 1)]
    return [[(top * stride[0] + i * dilation[0], left * stride[1] + j * dilation[1]) for top in range(count[0]) for left in range(count[1])]
            for i in range(window[0]) for j in range(window[1])]


def slow_unfold(x, options):
    high, wide = pair(options[2])
    padded = np.pad(x, [(0, 0), (0, 0), (high, high), (wide, wide)])
    return np.array([[[padded[n, c, row, column] for row, column in places] for c in range(x.shape[1])
                      for places in slow_places(x.shape[2:], options)] for n in range(x.shape[0])])


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_unfold_and_fold(options, kind):
    x = numbers(kind, (2, 3, 6, 5))
    columns = slow_unfold(x, options)
    check(nn.Unfold(*options)(tensor(x)), columns)
    check(F.unfold(tensor(x[1]), *options), columns[1])
    # fold is the transpose: a sum with y of what one makes of x is the sum with x of what the other makes of y
    y = numbers(kind, columns.shape, seed=1)
    folded = nn.Fold((6, 5), *options)(tensor(y))
    np.testing.assert_allclose((folded.numpy() * x).sum(dtype=np.float64), (columns * y).sum(dtype=np.float64), rtol=1e-4)
    check(F.fold(tensor(y[1]), (6, 5), *options), folded[1].numpy())


def test_fold_adds_up_overlaps():
    x = numbers("float64", (1, 2, 5, 4))
    counts = F.fold(F.unfold(torch.ones(1, 2, 5, 4).double(), 3, padding=1), (5, 4), 3, padding=1)
    check(F.fold(F.unfold(tensor(x), 3, padding=1), (5, 4), 3, padding=1), x * counts.numpy(), rtol=1e-12)


@pytest.mark.parametrize("options", OPTIONS[1:3])
def test_gradients(options):
    x = tensor(numbers("float64", (2, 1, 4, 5)), requires_grad=True)
    columns = F.unfold(x, *options).detach().requires_grad_()
    for run, given in ((lambda x: F.unfold(x, *options), x), (lambda y: F.fold(y, (4, 5), *options), columns)):
        assert gradcheck(run, (given,))
        assert gradgradcheck(run, (given,))


def test_parallel_twins_make_the_same():
    x, numbers_of = numbers("float32", (3, 7, 6)), ((2, 3), (2, 1), (1, 1), (1, 2), (4, 4))
    found = []
    for twin in ("serial", "parallel"):
        columns, images = np.empty((3, 2, 3, 4, 4), np.float32), np.empty_like(x)
        getattr(table.find("cpu", "unfold_windows"), twin)(x, *numbers_of, columns)
        getattr(table.find("cpu", "fold_windows"), twin)(columns, *numbers_of, images)
        found.append((columns, images))
    for one, other in zip(*found):
        np.testing.assert_array_equal(one, other)


def test_how_they_print_and_errors():
    assert repr(nn.Unfold((2, 3), 1, 2)) == "Unfold(kernel_size=(2, 3), dilation=1, padding=2, stride=1)"
    assert repr(nn.Fold((4, 5), 2)) == "Fold(output_size=(4, 5), kernel_size=2, dilation=1, padding=0, stride=1)"
    with pytest.raises(RuntimeError, match="3D or 4D"):
        F.unfold(torch.zeros(2, 3), 1)
    with pytest.raises(RuntimeError, match="too small"):
        F.unfold(torch.zeros(1, 1, 2, 2), 3)
    with pytest.raises(RuntimeError, match="divisible by the product of kernel_size"):
        F.fold(torch.zeros(1, 5, 4), 3, 2)
    with pytest.raises(RuntimeError, match=r"2 \* 2 = 4, but got input.size\(2\)=5"):
        F.fold(torch.zeros(1, 4, 5), 3, 2)
