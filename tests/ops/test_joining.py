"""Joining, repeating and rearranging, against NumPy."""
import itertools

import numpy as np
import pytest
from layouts import LAYOUTS, laid_out
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck


def pieces(*sizes, kind="float32"):
    arrays = [numbers(kind, size, seed=place) for place, size in enumerate(sizes)]
    return arrays, [tensor(array, kind) for array in arrays]


@pytest.mark.parametrize("sizes, dim", [
    ([(2, 3), (1, 3)], 0), ([(2, 3), (2, 1), (2, 0)], 1), ([(2, 3)], -1), ([(3,), (1,)], 0), ([(2, 2, 2, 2, 2)] * 2, 3),
    ([(300, 200), (300, 100)], 1), ([(300, 200), (100, 200)], 0)])
def test_cat(sizes, dim):
    arrays, made = pieces(*sizes)
    check(torch.cat(made, dim), np.concatenate(arrays, dim))
    check(torch.cat(tuple(made), dim=dim), np.concatenate(arrays, dim))


@pytest.mark.parametrize("kind", ["bool", "uint8", "float16", "bfloat16", "complex64", "complex128"])
def test_cat_and_stack_keep_the_type(kind):
    arrays, made = pieces((2, 3), (2, 3), kind=kind)
    check(torch.cat(made, 1), np.concatenate(arrays, 1), kind)
    check(torch.stack(made, -1), np.stack(arrays, -1), kind)


@pytest.mark.parametrize("size", [(4, 3), (200, 300)])
def test_cat_promotes_and_reads_any_layout(size):
    x, y = numbers("int32", size), numbers("float16", size[::-1], seed=1)
    check(torch.cat([torch.tensor(x), torch.tensor(y).t()]), np.concatenate([x.astype(np.float16), y.T]), "float16")
    check(torch.stack([torch.tensor(x), torch.tensor(y).t()], 1), np.stack([x.astype(np.float16), y.T], 1), "float16")


def test_cat_skips_empty_vectors():
    x = torch.ones(2, 3)
    assert torch.equal(torch.cat([torch.zeros(0), x, torch.zeros(0)], 1), x)
    assert torch.cat([torch.zeros(0), torch.zeros(0)]).shape == (0,)
    assert torch.cat([torch.zeros(0), torch.ones(2).long()]).dtype is torch.float32


def test_cat_into_out():
    x, out = torch.arange(3.0), torch.zeros(6)
    assert torch.cat([x, x], out=out) is out
    assert out.tolist() == [0, 1, 2, 0, 1, 2]
    torch.cat([out[3:], out[:3] + 1], out=out)              # a part of out is read
    assert out.tolist() == [0, 1, 2, 1, 2, 3]
    torch.stack([x, x + 5], out=out.view(2, 3))
    assert out.tolist() == [0, 1, 2, 5, 6, 7]


@pytest.mark.parametrize("dim", [0, 1, 2, -1, -3])
def test_stack(dim):
    arrays, made = pieces((2, 3), (2, 3), (2, 3))
    check(torch.stack(made, dim), np.stack(arrays, dim))


ONE, TWO = torch.ones(2), torch.ones(2, 3)


@pytest.mark.parametrize("call, error, message", [
    (lambda: torch.cat([]), ValueError, "non-empty"),
    (lambda: torch.cat(ONE), TypeError, "tuple of Tensors, not Tensor"),
    (lambda: torch.cat([ONE, 1]), TypeError, "expected Tensor as element 1"),
    (lambda: torch.cat([TWO, torch.tensor(1.0)]), RuntimeError, r"zero-dimensional tensor \(at position 1\)"),
    (lambda: torch.cat([TWO, ONE]), RuntimeError, "same number of dimensions: got 2 and 1"),
    (lambda: torch.cat([TWO, torch.ones(2, 2)]), RuntimeError, "Expected size 3 but got size 2 for tensor number 1"),
    (lambda: torch.cat([TWO, TWO], 2), IndexError, "Dimension out of range"),
    (lambda: torch.cat([TWO, TWO], out=torch.zeros(4, 3).long()), TypeError, "can't be cast"),
    (lambda: torch.stack([]), RuntimeError, "non-empty"),
    (lambda: torch.stack([ONE, TWO]), RuntimeError, "equal size"),
    (lambda: torch.stack([ONE, ONE], 2), IndexError, "Dimension out of range"),
    (lambda: TWO.repeat(2), RuntimeError, "can not be smaller"),
    (lambda: ONE.repeat(-1), RuntimeError, "negative"),
    (lambda: ONE.repeat_interleave(-1), RuntimeError, "non-negative"),
    (lambda: ONE.repeat_interleave(torch.tensor([1, -1])), RuntimeError, "negative"),
    (lambda: ONE.repeat_interleave(torch.tensor([1, 2, 3])), RuntimeError, "same size as input"),
    (lambda: TWO.flip(2), IndexError, "Dimension out of range"),
    (lambda: TWO.flip(0, 0), RuntimeError, "multiple times"),
    (lambda: TWO.roll((1, 2), 0), RuntimeError, "must align"),
    (lambda: TWO.roll((1, 2)), RuntimeError, "must align"),
    (lambda: ONE.rot90(), RuntimeError, "total dims >= 2"),
    (lambda: TWO.rot90(1, (0, 0)), RuntimeError, "to be different"),
    (lambda: ONE.tril(), RuntimeError, "at least 2 dimensions"),
    (lambda: torch.tensor(1.0).diag(), RuntimeError, "1D or 2D"),
    (lambda: torch.diag_embed(ONE, 0, 0, 0), RuntimeError, "identical"),
    (lambda: torch.meshgrid(TWO), RuntimeError, "0D or 1D"),
    (lambda: torch.meshgrid(ONE, indexing="ji"), RuntimeError, "indexing must be"),
    (lambda: torch.broadcast_tensors(ONE, torch.ones(3)), RuntimeError, "must match the size"),
    (lambda: torch.cartesian_prod(TWO), RuntimeError, "1D vector"),
])
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("size", [(), (3,), (2, 3), (2, 3, 4)])
def test_stacks_along_a_named_direction(size):
    arrays, made = pieces(size, size)
    for name in ("hstack", "vstack", "dstack"):
        check(getattr(torch, name)(made), getattr(np, name)(arrays))
    for count in (1, 2, 3):
        check(getattr(torch, f"atleast_{count}d")(made[0]), getattr(np, f"atleast_{count}d")(arrays[0]))
    assert len(torch.atleast_2d(*made)) == len(torch.atleast_2d(made)) == 2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rearranging_any_layout(layout):
    made, x = laid_out(layout)
    ndim = x.ndim
    check(made.repeat(2, *[1] * ndim), np.tile(x, (2, *[1] * ndim)))
    check(made.tile(2), np.tile(x, 2))
    check(made.flip(tuple(range(ndim))), np.flip(x))
    for dim in range(ndim):
        check(made.flip(dim), np.flip(x, dim))
        check(made.roll(2, dim), np.roll(x, 2, dim))
        check(made.repeat_interleave(2, dim), np.repeat(x, 2, dim))
    check(made.roll(-3), np.roll(x, -3))
    check(made.repeat_interleave(3), np.repeat(x, 3))
    if ndim > 1:
        check(made.roll((1, -1), (0, 1)), np.roll(x, (1, -1), (0, 1)))
        for diagonal in (-1, 0, 2, 9, -9):
            check(made.tril(diagonal), np.tril(x, diagonal))
            check(made.triu(diagonal), np.triu(x, diagonal))
        for k in range(-1, 5):
            check(made.rot90(k, (0, 1)), np.rot90(x, k))
            check(made.rot90(k, (1, 0)), np.rot90(x, k, (1, 0)))
        check(made.fliplr(), np.fliplr(x))
        check(made.flipud(), np.flipud(x))


@pytest.mark.parametrize("kind", ["bool", "int16", "bfloat16", "float64", "complex64", "complex128"])
def test_rearranging_any_type(kind):
    x = numbers(kind, (5, 8))
    made = tensor(x, kind)
    check(made.flip(1), x[:, ::-1], kind)
    check(made.roll(3), np.roll(x, 3), kind)
    check(made.tril(), np.tril(x), kind)
    check(made.repeat(2, 2), np.tile(x, (2, 2)), kind)
    check(torch.diag(made[0]), np.diag(x[0]), kind)


@pytest.mark.parametrize("size, dims", [((60000,), (0,)), ((250, 200), (0,)), ((250, 200), (0, 1)), ((8, 9, 10, 11, 12), (0, 2, 4))])
def test_large_flips_are_made_by_all_threads(size, dims):
    x = numbers("float32", size)
    check(torch.tensor(x).flip(dims), np.flip(x, dims))


def test_repeat_copies():
    x = torch.zeros(2)
    x.repeat(1)[0] = 1
    x.repeat(1, 1)[0] = 1
    x.flip(0)[0] = 1
    x.roll(0)[0] = 1
    assert not x.any()


def test_repeat_interleave_by_a_tensor():
    x = numbers("float32", (3, 4))
    for many in ([2, 0, 1], [1, 1, 1], [0, 0, 0]):
        check(torch.tensor(x).repeat_interleave(torch.tensor(many), 0), np.repeat(x, many, 0))
    check(torch.tensor(x).repeat_interleave(torch.tensor([2])), np.repeat(x, 2))
    check(torch.repeat_interleave(torch.tensor([2, 0, 3])), np.array([0, 0, 2, 2, 2]))


def test_triangles_in_place_write_to_the_view():
    x = torch.ones(3, 4)
    assert x.t().triu_(1).shape == (4, 3)
    assert x.tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0]]
    assert x.tril_(-2).tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]


@pytest.mark.parametrize("row, col, offset", list(itertools.product((0, 1, 3), (2, 4), (-1, 0, 2))))
def test_triangle_indices(row, col, offset):
    found = torch.tril_indices(row, col, offset)
    check(found, np.array(np.nonzero(np.tri(row, col, offset))).reshape(2, -1))
    expected = np.array(np.nonzero(1 - np.tri(row, col, offset - 1))).reshape(2, -1)
    check(torch.triu_indices(row, col, offset, dtype=torch.int32), expected.astype(np.int32))


@pytest.mark.parametrize("offset", [-2, 0, 1])
def test_diagonals(offset):
    x = numbers("float32", (3, 4))
    made = torch.tensor(x)
    check(torch.diag(made, offset), np.diag(x, offset))
    check(torch.diag(made[0], offset), np.diag(x[0], offset))
    check(torch.diagflat(made, offset), np.diagflat(x, offset))
    embedded = torch.diag_embed(made, offset, 0, 2)
    check(embedded.diagonal(offset, 0, 2), x)
    assert embedded.shape == (4 + abs(offset), 3, 4 + abs(offset))
    assert embedded.count_nonzero().item() == np.count_nonzero(x)
    made.diag()[0] = 100
    assert made.max().item() < 100


def test_meshgrid_and_products():
    arrays, made = pieces((2,), (3,), (1,), kind="int64")
    for indexing in ("ij", "xy"):
        for one, expected in zip(torch.meshgrid(*made, indexing=indexing), np.meshgrid(*arrays, indexing=indexing)):
            check(one, expected)
    check(torch.meshgrid(made)[1], np.meshgrid(*arrays, indexing="ij")[1])
    check(torch.meshgrid(made[0], torch.tensor(3))[1], np.array([[3], [3]]))
    assert torch.cartesian_prod(*made).tolist() == [list(row) for row in itertools.product(*[one.tolist() for one in made])]
    x = torch.arange(4)
    for r in (1, 3, 4):
        assert torch.combinations(x, r).tolist() == [list(row) for row in itertools.combinations(range(4), r)]
    assert (tuple(torch.combinations(x, 5).shape), tuple(torch.combinations(x, 0).shape)) == ((0, 5), (0,))
    assert torch.combinations(x, 2, True).tolist() == [list(row) for row in itertools.combinations_with_replacement(range(4), 2)]


GRADIENTS = {
    "cat": (lambda x, y: torch.cat([x, y, x], 1), (2, 3), (2, 1)),
    "cat with an empty vector": (lambda x, y: torch.cat([x, y]), (2, 3), (0,)),
    "cat of one that needs none": (lambda x: torch.cat([x, torch.ones(1, 3).double()]), (2, 3)),
    "stack": (lambda x, y: torch.stack([x, y * y], -1), (2, 3), (2, 3)),
    "repeat": (lambda x: x.repeat(2, 1, 2), (2, 3)),
    "repeat_interleave": (lambda x: x.repeat_interleave(torch.tensor([1, 0, 2]), 1) * x.repeat_interleave(1, 0).sum(), (2, 3)),
    "flip": (lambda x: x.flip(0, 1), (2, 3)),
    "roll": (lambda x: x.roll((1, 2), (0, 1)), (2, 3)),
    "rot90": (lambda x: x.rot90(), (2, 3)),
    "tril": (lambda x: x.tril(1), (3, 3)),
    "triu, in place": (lambda x: (x * x).triu_(), (2, 2, 3)),
    "diag of a matrix": (lambda x: x.diag(1), (3, 3)),
    "diag_embed": (lambda x: torch.diag_embed(x, 1, 0, 2), (2, 3)),
    "meshgrid": (lambda x, y: torch.meshgrid(x, y)[0] * torch.meshgrid(x, y)[1], (2,), (3,)),
    "broadcast_tensors": (lambda x, y: torch.broadcast_tensors(x, y), (2, 1), (3,)),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    function, *shapes = GRADIENTS[name]
    inputs = [tensor(numbers("float64", shape, seed=place), requires_grad=True) for place, shape in enumerate(shapes)]
    assert gradcheck(function, inputs, fast_mode=True)
    assert gradgradcheck(function, inputs, fast_mode=True)


def test_gradients_are_cast_to_the_types_that_were_joined():
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, dtype=torch.float64, requires_grad=True)
    torch.cat((x, y)).sum().backward()
    assert x.grad.dtype is torch.float32
    assert y.grad.dtype is torch.float64
