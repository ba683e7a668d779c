"""Reductions of segments, against a slow loop."""
import numpy as np
import pytest
from oracle import numbers, tensor

import nb_nn as torch
from nb_nn.kernels.cpu import segments as kernels

START = {"sum": 0.0, "mean": np.nan, "prod": 1.0, "max": -np.inf, "min": np.inf}
JOIN = {"sum": np.sum, "mean": np.sum, "prod": np.prod, "max": np.max, "min": np.min}


def slow(data, reduce, pieces, initial=None):
    """The reduction of each slice of the first dimension."""
    made = []
    for piece in pieces:
        part = data[piece]
        if initial is not None:
            joined = JOIN[reduce](np.concatenate([np.full((1, *data.shape[1:]), float(initial)), part]), 0)
            made.append(joined / max(len(part), 1) if reduce == "mean" else joined)
        else:
            found = JOIN[reduce](part, 0) if len(part) else np.full(data.shape[1:], START[reduce])
            made.append(found / len(part) if reduce == "mean" and len(part) else found)
    return np.stack(made)


@pytest.mark.parametrize("initial", [None, 0.25, 3])
@pytest.mark.parametrize("reduce", START)
@pytest.mark.parametrize("shape", [(6,), (6, 2), (6, 2, 3)])
def test_lengths_and_offsets(shape, reduce, initial):
    data = numbers("float64", shape, seed=1)
    lengths, offsets = torch.tensor([2, 0, 3, 1]), torch.tensor([0, 2, 2, 5, 6])
    expected = slow(data, reduce, [slice(0, 2), slice(2, 2), slice(2, 5), slice(5, 6)], initial)
    for given in ({"lengths": lengths}, {"offsets": offsets}, {"lengths": lengths.int()}):
        found = torch.segment_reduce(tensor(data), reduce, initial=initial, **given)
        np.testing.assert_allclose(found.numpy(), expected)


@pytest.mark.parametrize("reduce", START)
def test_segments_of_their_own_for_each_row(reduce):
    data = numbers("float64", (2, 5, 2), seed=2)
    found = torch.segment_reduce(tensor(data), reduce, lengths=torch.tensor([[1, 4, 0], [2, 2, 1]]), axis=1)
    for row, pieces in enumerate([(slice(0, 1), slice(1, 5), slice(5, 5)), (slice(0, 2), slice(2, 4), slice(4, 5))]):
        np.testing.assert_allclose(found[row].numpy(), slow(data[row], reduce, pieces))
    found = torch.segment_reduce(tensor(data), reduce, offsets=torch.tensor([[1, 3], [0, 5]]), axis=-2)
    np.testing.assert_allclose(found[0].numpy(), slow(data[0], reduce, [slice(1, 3)]))


def test_what_is_in_no_segment_does_not_count():
    data = torch.tensor([1.0, 2.0, 4.0])
    assert torch.segment_reduce(data, "sum", lengths=torch.tensor([2]), unsafe=True).tolist() == [3]
    assert torch.segment_reduce(data, "sum", offsets=torch.tensor([1, 2])).tolist() == [2]
    assert torch.segment_reduce(data[:0], "sum", lengths=torch.tensor([0, 0])).tolist() == [0, 0]


def test_nan_goes_through_and_types_stay():
    nan = float("nan")
    for reduce in ("max", "min", "sum"):
        found = torch.segment_reduce(torch.tensor([1.0, nan, 2.0, 3.0]), reduce, lengths=torch.tensor([2, 2])).tolist()
        assert found[0] != found[0] and found[1] == found[1]
    for kind in (torch.float16, torch.bfloat16, torch.float32):
        found = torch.segment_reduce(torch.arange(4, dtype=kind), "mean", lengths=torch.tensor([1, 3]))
        assert found.dtype is kind and found.tolist() == [0, 2]


@pytest.mark.parametrize("initial", [None, 0.3])
@pytest.mark.parametrize("reduce", START)
def test_derivatives(reduce, initial):
    data = tensor(numbers("float64", (5, 2), 0.2, 1.5, seed=3)).requires_grad_()

    def function(data):
        return torch.segment_reduce(data, reduce, lengths=torch.tensor([2, 3]), initial=initial)

    assert torch.autograd.gradcheck(function, data) and torch.autograd.gradgradcheck(function, data)


def test_equal_elements_share_the_gradient():
    x = torch.tensor([3.0, 3.0, 1.0, 0.0], requires_grad=True)
    torch.segment_reduce(x, "max", lengths=torch.tensor([3, 1])).sum().backward()
    assert x.grad.tolist() == [0.5, 0.5, 0, 1]


DATA, TWO = torch.ones(3), torch.tensor([2, 1])


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: torch.segment_reduce(DATA, "median", lengths=TWO), RuntimeError, "got median"),
    (lambda: torch.segment_reduce(DATA, "sum"), RuntimeError, "lengths or offsets must be defined"),
    (lambda: torch.segment_reduce(DATA, "sum", indices=TWO), RuntimeError, "not supported"),
    (lambda: torch.segment_reduce(DATA, "sum", lengths=[2, 1]), TypeError, "not list"),
    (lambda: torch.segment_reduce(DATA, "sum", lengths=TWO.float()), NotImplementedError, "Float"),
    (lambda: torch.segment_reduce(DATA, "sum", lengths=TWO * 2), RuntimeError, "sum to data.size"),
    (lambda: torch.segment_reduce(DATA, "sum", lengths=TWO - 3), RuntimeError, "negative"),
    (lambda: torch.segment_reduce(DATA, "sum", offsets=torch.tensor([0, 9])), RuntimeError, "sum to data.size"),
    (lambda: torch.segment_reduce(DATA, "sum", offsets=torch.tensor([2, 1])), RuntimeError, "must not decrease"),
    (lambda: torch.segment_reduce(DATA, "sum", lengths=TWO[None]), RuntimeError, "last dimension of lengths"),
    (lambda: torch.segment_reduce(DATA, "sum", lengths=TWO, axis=1), IndexError, "out of range"),
    (lambda: torch.segment_reduce(DATA.long(), "sum", lengths=TWO), NotImplementedError, "Long"),
])
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("twin", ["serial", "parallel"])
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_both_twins_of_the_kernel(kind, twin):
    data = numbers(kind, (2, 6, 3), seed=1)
    starts, sizes = np.array([[0, 2, 2], [1, 1, 4]]), np.array([[2, 0, 4], [0, 3, 1]])
    for how, reduce in enumerate(("sum", "prod", "max", "min")):
        out = np.empty((2, 3, 3), kind)
        getattr(kernels.reduce_segments, twin)(data, starts, sizes, how, out)
        for batch in range(2):
            pieces = [slice(a, a + b) for a, b in zip(starts[batch], sizes[batch])]
            np.testing.assert_allclose(out[batch], slow(data[batch], reduce, pieces), 1e-6)
