"""Few elements take shorter ways: the same values, sizes and strides as many."""
import gc
import itertools
import weakref

import numpy as np
import pytest

import nb_nn as torch
from nb_nn.core import loops
from nb_nn.core.geometry import memory_order

SHAPES = [(), (1,), (4,), (3, 1), (1, 4), (3, 4), (2, 3, 4), (2, 1, 1), (0, 4)]


def layouts(shape):
    """Tensors of one size that lie in different ways."""
    array = np.arange(1, 1 + np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
    yield torch.tensor(array)
    if len(shape) > 1:
        yield torch.tensor(np.ascontiguousarray(array.transpose())).permute(*range(len(shape))[::-1])
        yield torch.tensor(np.repeat(array, 2, -1))[..., ::2]
    if len(shape) == 3:
        yield torch.tensor(np.ascontiguousarray(array.transpose(0, 2, 1))).transpose(1, 2)


@pytest.mark.parametrize("left, right", list(itertools.product(SHAPES, SHAPES)))
def test_sums_of_all_layouts_have_the_values_and_the_order_of_large_ones(left, right, monkeypatch):
    try:
        wanted = np.broadcast_shapes(left, right)
    except ValueError:
        with pytest.raises(RuntimeError, match="must match the size"):
            torch.ones(left) + torch.ones(right)
        return
    for a, b in itertools.product(layouts(left), layouts(right)):
        made = a + b
        assert made.shape == wanted
        np.testing.assert_array_equal(made.numpy(), a.numpy() + b.numpy())
        if made.numel() > 1 and not (a.is_contiguous() and b.is_contiguous()):
            strides = [loops.broadcast_strides(one._array, wanted) for one in (a, b)]
            order = memory_order(wanted, strides)
            assert made._array.transpose(order).flags.c_contiguous
        else:
            assert made.is_contiguous()
        np.testing.assert_array_equal(torch.addcmul(a, b, a, value=2).numpy(), a.numpy() + 2 * b.numpy() * a.numpy())
        np.testing.assert_array_equal(torch.where(a > b, a, b).numpy(), np.maximum(a.numpy(), b.numpy()))


def test_writes_at_once_see_memory_that_operands_share():
    x = torch.arange(6.0)
    torch.add(x[:5], x[1:], out=x[:5])
    assert x.tolist() == [1, 3, 5, 7, 9, 5]
    x = torch.arange(6.0)
    x[1:].add_(x[:5])
    assert x.tolist() == [0, 1, 3, 5, 7, 9]
    x = torch.arange(4.0).view(2, 2)
    x.add_(x.t(), alpha=2)
    assert x.tolist() == [[0, 5], [4, 9]]
    x = torch.arange(3.0)
    y = x.exp_()
    assert y is x and x._version == 1


@pytest.mark.parametrize("kind", ["float32", "float64", "int64", "int32", "uint8", "bool"])
def test_reductions_of_few_elements(kind):
    array = (np.arange(24).reshape(2, 3, 4) % 3).astype(kind)
    x = torch.tensor(array)
    for dim in (0, 1, 2, -1, None, (0, 1, 2)):
        for name, oracle in (("sum", np.sum), ("amax", np.max), ("any", np.any), ("all", np.all)):
            if kind == "bool" and name == "amax" and dim is None:
                continue
            given = () if dim is None else (dim,)
            made = getattr(x, name)(*given) if name != "all" and name != "any" or not isinstance(dim, tuple) else getattr(x, name)()
            np.testing.assert_array_equal(made.numpy(), oracle(array, axis=dim))
    kept = x.sum(1, keepdim=True)
    assert kept.shape == (2, 1, 4) and kept.dtype is (x.dtype if x.dtype.is_floating_point else torch.int64)


@pytest.mark.parametrize("size", [3, 5000])
@pytest.mark.parametrize("times", [(2,), (3, 2), (1, 1), (0, 2), (2, 5, 3)])
def test_repeat_copies_and_its_gradient_adds_up(size, times):
    array = np.random.default_rng(0).standard_normal((2, size)) if len(times) > 1 else np.random.default_rng(0).standard_normal(size)
    x = torch.tensor(array).requires_grad_()
    made = x.repeat(times)
    np.testing.assert_array_equal(made.detach().numpy(), np.tile(array, times))
    made.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.full(array.shape, np.prod(times)))
    if size == 3 and 0 not in times:
        assert torch.autograd.gradcheck(lambda one: one.repeat(times), (x.detach().requires_grad_(),))
        assert torch.autograd.gradgradcheck(lambda one: one.repeat(times), (x.detach().requires_grad_(),))
    np.testing.assert_array_equal(torch.tensor(array).t().repeat(times).numpy() if array.ndim == 2 else array,
                                  np.tile(array.T, times) if array.ndim == 2 else array)


def test_trace_and_its_gradients():
    for shape in ((3, 3), (2, 4), (4, 2)):
        x = torch.tensor(np.random.default_rng(0).standard_normal(shape)).requires_grad_()
        assert x.trace().item() == pytest.approx(np.trace(x.detach().numpy()))
        assert torch.autograd.gradcheck(torch.trace, (x,)) and torch.autograd.gradgradcheck(torch.trace, (x,))
    assert torch.zeros(0, 3).trace().item() == 0 and torch.tensor([[1, 2], [3, 4]]).trace().item() == 5


def test_runs_of_few_and_of_many_are_the_same(monkeypatch):
    x = torch.tensor([[1, 1, 2], [2, 2, 1]])
    few = torch.unique_consecutive(x, return_inverse=True, return_counts=True)
    monkeypatch.setattr("nb_nn.ops.counting.loops.SMALL", 0)
    many = torch.unique_consecutive(x, return_inverse=True, return_counts=True)
    for a, b in zip(few, many):
        assert torch.equal(a, b)
    assert [one.tolist() for one in few] == [[1, 2, 1], [[0, 0, 1], [1, 1, 2]], [2, 3, 1]]


def test_a_graph_keeps_its_leaves_and_a_leaf_its_node():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    node = y.grad_fn.next_functions[0][0]
    assert node.variable is x and (x * 3).grad_fn.next_functions[0][0] is node
    alive = weakref.ref(x)
    hooked = []
    x.register_hook(hooked.append)
    del x
    gc.collect()
    assert alive() is not None
    y.sum().backward()
    assert alive().grad.tolist() == [2, 2, 2] and len(hooked) == 1
    del y, node, hooked
    assert alive() is None              # without the help of the collector


def test_constants_beside_leaves_are_not_kept():
    x, big = torch.ones(3, requires_grad=True), torch.ones(3)
    y = x + big
    gone = weakref.ref(big)
    del big
    assert gone() is None and y.requires_grad
