"""Reading and writing along a dimension, against loops over all elements; masks, against NumPy."""
import numpy as np
import pytest
from layouts import laid_out
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

KINDS = ["float32", "float64", "int64", "bfloat16"]


def long(*rows):
    return torch.tensor(rows[0] if len(rows) == 1 else rows, dtype=torch.int64)


def along(index, dim):
    """All places of an index array, each with the place it names along ``dim``."""
    for place in np.ndindex(index.shape):
        yield place, (*place[:dim], index[place], *place[dim + 1:])


def gathered(x, dim, index):
    out = np.empty(index.shape, x.dtype)
    for place, named in along(index, dim):
        out[place] = x[named]
    return out


def scattered(x, dim, index, src, write):
    out = x.copy()
    for place, named in along(index, dim):
        new = src[place] if isinstance(src, np.ndarray) else src
        out[named] = {"set": lambda old, new: new, "add": np.add, "multiply": np.multiply}[write](out[named], new)
    return out


def index_of(shape, bound, seed=0):
    return np.random.default_rng(seed).integers(0, bound, shape)


# size of the tensor, dim, size of the index
SIZES = [((5,), 0, (3,)), ((4, 3), 0, (2, 3)), ((4, 3), 1, (4, 5)), ((4, 3), -2, (6, 2)), ((2, 3, 4), 1, (2, 5, 3)), ((3, 2), 0, (0, 2)),
         ((40, 30, 50), 1, (40, 30, 50)), ((300, 200), 1, (300, 200)), ((70000,), 0, (70000,))]


@pytest.mark.parametrize("size, dim, index_size", SIZES)
def test_gather_and_scatter_do_what_a_loop_over_the_index_does(size, dim, index_size):
    x, index = numbers("float32", size), index_of(index_size, size[dim])
    src = numbers("float32", index_size, seed=1)
    made, places, source = torch.tensor(x), torch.tensor(index), torch.tensor(src)
    axis = dim % len(size)
    check(made.gather(dim, places), gathered(x, axis, index))
    check(made.scatter(dim, places, source), scattered(x, axis, index, src, "set"))
    check(made.scatter(dim, places, 2.5), scattered(x, axis, index, np.float32(2.5), "set"))
    check(made.scatter_add(dim, places, source), scattered(x, axis, index, src, "add"), rtol=1e-4)
    if index.size < 100:
        check(made.scatter(dim, places, source, reduce="multiply"), scattered(x, axis, index, src, "multiply"), rtol=1e-5)
        check(made.scatter(dim, places, 3, reduce="add"), scattered(x, axis, index, np.float32(3), "add"), rtol=1e-5)
    check(made, x)


@pytest.mark.parametrize("layout", ["transposed", "stepped", "expanded rows", "permuted", "five dimensions, mixed"])
@pytest.mark.parametrize("kind", KINDS)
def test_any_layout_and_type(layout, kind):
    made, x = laid_out(layout, kind)
    index = index_of((2, *x.shape[1:]), x.shape[0])
    check(made.gather(0, torch.tensor(index)), gathered(x, 0, index), kind)
    src = numbers(kind, index.shape, seed=2)
    check(made.scatter(0, torch.tensor(index), tensor(src, kind)), scattered(x, 0, index, src, "set"), kind)
    rows = torch.tensor([1, 0, 1])
    check(made.index_select(0, rows), x[[1, 0, 1]], kind)
    check(made.index_fill(0, rows, 3), np.where(np.arange(len(x)).reshape(-1, *[1] * (x.ndim - 1)) < 2, x.dtype.type(3), x), kind)
    check(made.take(torch.tensor([[0, -1]])), x.reshape(-1)[[[0, -1]]], kind)
    ends, two = torch.tensor([0, -1]), src.reshape(-1)[:2]
    check(made.clone().put_(ends, tensor(two, kind)).take(ends), two, kind)


def test_scatter_writes_through_a_view_in_place():
    whole = torch.zeros(3, 4)
    view = whole.t()[1:3]
    assert view.scatter_(1, long([0], [2]), 5.0) is view
    assert whole.tolist() == [[0, 5, 0, 0], [0, 0, 0, 0], [0, 0, 5, 0]]
    whole.scatter_add_(0, long([[1, 1, 1, 1]]), torch.ones(2, 4))
    assert whole[1].tolist() == [1, 1, 1, 1]
    whole.scatter_(1, long([[1], [0], [3]]), whole)         # the source is the tensor itself
    assert whole.tolist() == [[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 5, 0]]


@pytest.mark.parametrize("count", [3, 5000])
def test_index_add_and_index_copy(count):
    x, source = numbers("float64", (4, 7, 2)), numbers("float64", (4, count, 2), seed=1)
    index = index_of((count,), 7)
    expected = x.copy()
    np.add.at(expected, (slice(None), index), 2 * source)
    check(torch.tensor(x).index_add(1, torch.tensor(index), torch.tensor(source), alpha=2), expected)
    expected = x.copy()
    for place, new in enumerate(index):
        expected[:, new] = source[:, place]
    check(torch.tensor(x).index_copy(1, torch.tensor(index), torch.tensor(source)), expected)
    made = torch.tensor(x)
    assert made.index_copy_(1, torch.tensor(index), torch.tensor(source)) is made
    check(made, expected)


def test_0d_tensors_count_as_vectors():
    x, zero = torch.tensor(3.0), torch.tensor(0)
    assert x.gather(0, zero).item() == 3
    assert x.gather(0, torch.tensor([0, 0])).tolist() == [3, 3]
    assert x.index_select(0, zero).item() == 3
    assert x.scatter(0, zero, 5.0).item() == 5
    assert x.index_add(0, zero, torch.tensor(2.0)).item() == 5
    assert x.index_copy(0, zero, torch.tensor(2.0)).item() == 2
    assert x.index_fill(0, zero, 7).item() == 7
    assert x.take(torch.tensor([0, -1])).tolist() == [3, 3]


def test_out_takes_the_result():
    x, out = torch.arange(6.0).reshape(2, 3), torch.zeros(2, 1)
    assert torch.gather(x, 1, long([[2], [0]]), out=out) is out
    assert out.tolist() == [[2], [3]]
    torch.index_select(x, 1, long([1]), out=out)
    assert out.tolist() == [[1], [4]]


def test_take_along_dim_broadcasts():
    x = numbers("float32", (3, 4))
    check(torch.tensor(x).take_along_dim(long([[1, 0]]), 1), np.take_along_axis(x, np.array([[1, 0]]), 1))
    check(torch.tensor(x).take_along_dim(long([5, 7])), x.reshape(-1)[[5, 7]])


@pytest.mark.parametrize("call, error, message", [
    (lambda x: x.gather(0, long([[3, 0]])), RuntimeError, "index 3 is out of bounds for dimension 0 with size 2"),
    (lambda x: x.gather(0, long([[-1]])), RuntimeError, "index -1 is out of bounds"),
    (lambda x: x.gather(0, long([0])), RuntimeError, "same number of dimensions"),
    (lambda x: x.gather(0, long([[0, 0, 0, 0]])), RuntimeError, "Size does not match at dimension 1"),
    (lambda x: x.gather(0, torch.zeros(1, 1)), RuntimeError, "Expected dtype int32/int64 for index"),
    (lambda x: x.gather(0, [[0]]), TypeError, "must be Tensor"),
    (lambda x: x.scatter(0, long([[2]]), 1.0), RuntimeError, "index 2 is out of bounds for dimension 0 with size 2"),
    (lambda x: x.scatter(0, long([[0]]), torch.ones(1, 1).double()), RuntimeError, "self.dtype to be equal to src.dtype"),
    (lambda x: x.scatter(1, long([[0, 1]]), torch.ones(1, 1)), RuntimeError, "no larger size than src"),
    (lambda x: x.scatter(0, long([[0]]), 1.0, reduce="mean"), RuntimeError, "add or multiply"),
    (lambda x: x.scatter(0, long([[0]])), TypeError, "'src' must be Tensor or Number"),
    (lambda x: x.scatter_add(0, long([[0]]), 1.0), TypeError, "'src'"),
    (lambda x: x.index_select(0, long([2])), IndexError, "index out of range in self"),
    (lambda x: x.index_select(0, long([[0]])), IndexError, "supposed to be a vector"),
    (lambda x: x.index_select(2, long([0])), IndexError, "Dimension out of range"),
    (lambda x: x.index_add(0, long([0]), torch.ones(2, 3)), RuntimeError, "Number of indices"),
    (lambda x: x.index_add(0, long([2]), torch.ones(1, 3)), RuntimeError, "index 2 is out of bounds"),
    (lambda x: x.index_copy(0, long([0]), torch.ones(1, 2)), RuntimeError, "shape must match"),
    (lambda x: x.index_copy(0, long([2]), torch.ones(1, 3)), IndexError, "index 2 is out of bounds"),
    (lambda x: x.index_fill(0, long([0]), torch.ones(1)), RuntimeError, "0-dimensional value"),
    (lambda x: x.index_fill(0, long([2]), 1), IndexError, "index 2 is out of bounds"),
    (lambda x: x.take(long([6])), IndexError, "tried to access index 6 on a tensor of 6 elements"),
    (lambda x: x.put_(long([0, 1]), torch.ones(1)), IndexError, "same number of elements"),
    (lambda x: x.masked_fill(x, 1), RuntimeError, "bool or uint8"),
    (lambda x: x.masked_fill(x > 0, torch.ones(2)), RuntimeError, "0-dimensional value"),
    (lambda x: x.masked_fill(x > 0, 1e60), RuntimeError, "without overflow"),
    (lambda x: x.masked_fill_(torch.ones(2, 2, 3) > 0, 1), RuntimeError, "doesn't match the broadcast shape"),
    (lambda x: x.masked_select(torch.ones(2) > 0), RuntimeError, "must match the size"),
    (lambda x: x.masked_scatter(x > -1, torch.ones(2)), RuntimeError, "Number of elements of source"),
    (lambda x: x.masked_scatter(x > 0, torch.ones(9).double()), RuntimeError, "same dtypes"),
])
def test_errors(call, error, message):
    x = torch.zeros(2, 3)
    with pytest.raises(error, match=message):
        call(x)
    assert not x.any()


MASK = np.array([[True, False, True, True], [False, False, True, False], [True, True, False, False]])


@pytest.mark.parametrize("layout", ["contiguous", "transposed", "stepped", "expanded rows"])
@pytest.mark.parametrize("kind", ["float32", "int64", "bfloat16", "bool"])
def test_masks(layout, kind):
    made, x = laid_out(layout, kind)
    mask = MASK.T if x.shape == (4, 3) else MASK
    for truth in (torch.tensor(mask), torch.tensor(mask.astype(np.uint8)), torch.tensor(np.ascontiguousarray(mask.T)).t()):
        check(made.masked_select(truth), x[mask], kind)
        check(made.masked_fill(truth, 1), np.where(mask, x.dtype.type(1), x), kind)
        source = numbers(kind, (12,), seed=5)
        expected = x.copy()
        expected[mask] = source[:mask.sum()]
        check(made.masked_scatter(truth, tensor(source, kind)), expected, kind)
        copy = made.clone()
        check(copy.masked_fill_(truth, 0), np.where(mask, x.dtype.type(0), x), kind)


def test_masks_broadcast_both_ways():
    x, mask = torch.arange(3.0), torch.tensor([[True], [False]])
    assert x.masked_fill(mask, 9).tolist() == [[9, 9, 9], [0, 1, 2]]
    assert x.masked_select(mask).tolist() == [0, 1, 2]
    assert torch.zeros(2, 3).masked_scatter(mask, x).tolist() == [[0, 1, 2], [0, 0, 0]]
    assert torch.tensor([1, 2]).masked_fill(torch.tensor([True, False]), 1.9).tolist() == [1, 2]
    assert torch.tensor([1, 2]).masked_fill(torch.tensor([True, False]), torch.tensor(7)).tolist() == [7, 2]


@pytest.mark.parametrize("size", [(7,), (3, 5), (2, 3, 4), (50000,), (300, 400), (0, 3), (3, 0), (1, 1, 1, 1, 2)])
@pytest.mark.parametrize("kind", ["bool", "float32"])
def test_nonzero(size, kind):
    x = numbers(kind, size) * numbers("bool", size, seed=1)
    found = torch.tensor(x).nonzero()
    assert tuple(found.shape) == (np.count_nonzero(x), len(size))
    check(found, np.argwhere(x))
    for one, expected in zip(torch.nonzero(torch.tensor(x), as_tuple=True), np.nonzero(x)):
        check(one, expected)


def test_nonzero_of_a_number_and_of_negative_zero():
    assert tuple(torch.tensor(5).nonzero().shape) == (1, 0)
    assert tuple(torch.tensor(0).nonzero().shape) == (0, 0)
    assert torch.tensor(5).nonzero(as_tuple=True)[0].tolist() == [0]
    assert torch.tensor([-0.0, float("nan")]).nonzero().tolist() == [[1]]


def test_large_masks_are_read_by_all_threads():
    x, mask = numbers("float32", (400, 300)), numbers("bool", (400, 300), seed=1)
    made, truth = torch.tensor(x), torch.tensor(mask)
    check(made.masked_select(truth), x[mask])
    check(made.masked_fill(truth, 2), np.where(mask, np.float32(2), x))
    expected = x.copy()
    expected[mask] = x.reshape(-1)[:mask.sum()]
    check(made.masked_scatter(truth, made), expected)
    check(made.masked_scatter_(truth, made), expected)


TRUTH = torch.tensor([[True, False, True], [False, True, True]])
GRADIENTS = {
    "gather": (lambda x: x.gather(1, long([[0, 0], [2, 1]])), (2, 3)),
    "gather of a corner": (lambda x: x.gather(0, long([[0, 1]])), (2, 3)),
    "scatter": (lambda x, s: x.scatter(1, long([[0, 2], [2, 1]]), s), (2, 3), (2, 2)),
    "scatter of a corner": (lambda x, s: x.scatter(1, long([[0], [2]]), s), (2, 3), (3, 2)),
    "scatter of a number": (lambda x: x.scatter(1, long([[0, 2]]), 2.0), (2, 3)),
    "scatter_add": (lambda x, s: x.scatter_add(0, long([[0, 0], [0, 1]]), s), (2, 3), (2, 2)),
    "scatter add of a number": (lambda x: x.scatter(0, long([[0, 0], [0, 1]]), 2.0, reduce="add"), (2, 3)),
    "scatter multiply": (lambda x: x.scatter(0, long([[0, 0], [0, 1]]), 2.0, reduce="multiply"), (2, 3)),
    "index_select": (lambda x: x.index_select(1, long([2, 0, 2])), (2, 3)),
    "index_add": (lambda x, s: x.index_add(1, long([2, 0, 2]), s, alpha=3), (2, 3), (2, 3)),
    "index_copy": (lambda x, s: x.index_copy(1, long([2, 0]), s), (2, 3), (2, 2)),
    "index_fill": (lambda x, v: x.index_fill(1, long([2, 0, 2]), v), (2, 3), ()),
    "take": (lambda x: x.take(long([[0, -1, 0]])), (2, 3)),
    "put": (lambda x, s: x.put(long([0, -1]), s), (2, 3), (2,)),
    "put accumulating": (lambda x, s: x.put(long([0, 0]), s, True), (2, 3), (2,)),
    "take_along_dim": (lambda x: x.take_along_dim(long([[1]]), 1), (2, 3)),
    "masked_fill": (lambda x, v: x.masked_fill(TRUTH, v), (2, 3), ()),
    "masked_fill, broadcast": (lambda x: x.masked_fill(TRUTH, 2.0), (3,)),
    "masked_select": (lambda x: x.masked_select(TRUTH), (2, 3)),
    "masked_select, broadcast": (lambda x: x.masked_select(TRUTH), (3,)),
    "masked_scatter": (lambda x, s: x.masked_scatter(TRUTH, s), (2, 3), (6,)),
    "in place": (lambda x, s: (x * 2).scatter_(1, long([[0], [2]]), s).masked_fill_(TRUTH, s[0, 0]), (2, 3), (2, 1)),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    function, *shapes = GRADIENTS[name]
    inputs = [tensor(numbers("float64", shape, seed=place), requires_grad=True) for place, shape in enumerate(shapes)]
    assert gradcheck(function, inputs, fast_mode=True)
    assert gradgradcheck(function, inputs, fast_mode=True)


def test_scatter_multiply_has_no_derivative_for_its_source():
    source = torch.ones(1, 1, requires_grad=True)
    with pytest.raises(RuntimeError, match="multiply"):
        torch.zeros(2, 2).scatter(0, long([[0]]), source, reduce="multiply").sum().backward()
