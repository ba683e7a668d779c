"""Hooks for saved tensors, edges of the graph, and hooks of several gradients."""
import gc
import threading
import weakref

import numpy as np
import pytest
from oracle import numbers, tensor

import nb_nn as torch
from nb_nn.autograd import graph


def leaf(shape, seed=1):
    return tensor(numbers("float64", shape, 0.3, 2.0, seed=seed)).requires_grad_()


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        result = x ** 3
        ctx.save_for_backward(x, result)
        return result

    @staticmethod
    def backward(ctx, grad):
        x, result = ctx.saved_tensors
        return grad * 3 * result / x


PROGRAMS = [
    lambda x, y: (x @ y).tanh().exp().sum(),                            # results and arguments
    lambda x, y: torch.cat([x, y.t()]).prod(0).sum() + x.sort(1)[0].cumsum(0).var(),        # lists of tensors, several results
    lambda x, y: torch.linalg.svd(x @ y)[1].prod() + torch.qr(x @ y).R.sum(),           # gradients of several results
    lambda x, y: Cube.apply(x).sum() * y.sum(),
    lambda x, y: (x * 2).mul_(y.t()).exp_().sum(),                              # written in place
    lambda x, y: x[:, 1:].exp().sum() * y[0].prod(),                    # views
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_gradients_are_the_same_with_hooks(program):
    x, y = leaf((2, 3)), leaf((3, 2), 2)
    expected = torch.autograd.grad(program(x, y), (x, y))
    packed = []

    def pack(one):
        assert not torch.is_grad_enabled()
        packed.append(one)
        return one.numpy(force=True).copy()

    with graph.saved_tensors_hooks(pack, torch.from_numpy):
        result = program(x, y)
    assert packed
    for one, other in zip(torch.autograd.grad(result, (x, y)), expected):
        np.testing.assert_allclose(one.numpy(), other.numpy(), 1e-12)


@pytest.mark.parametrize("program", PROGRAMS[:4])
def test_second_derivatives_with_hooks(program):
    x, y = leaf((2, 3)), leaf((3, 2), 2)

    def hooked(x, y):
        with graph.saved_tensors_hooks(lambda one: one.detach().clone(), lambda one: one):
            return program(x, y)

    assert torch.autograd.gradcheck(hooked, (x, y)) and torch.autograd.gradgradcheck(hooked, (x, y))


def test_only_what_is_computed_in_the_block_and_in_its_thread_is_packed():
    x, packed = leaf((2,)), []
    x.exp()
    with graph.saved_tensors_hooks(packed.append, lambda one: one):
        other = threading.Thread(target=x.exp)
        other.start()
        other.join()
        with torch.no_grad():
            x.exp()
        x.detach().exp()
        x + 1
    x.exp()
    assert packed == []


def test_the_innermost_hooks_count():
    x, outer, inner = leaf((2,)), [], []
    with graph.saved_tensors_hooks(outer.append, lambda one: one):
        with graph.saved_tensors_hooks(inner.append, lambda one: one):
            x.exp()
        x.sin()
    assert (len(outer), len(inner)) == (1, 1)


def test_packing_may_not_write_and_unpacking_gives_a_tensor():
    x = leaf((2,))
    with pytest.raises(RuntimeError, match="pack hook is modifying its input in place"), graph.saved_tensors_hooks(
            lambda one: one.add_(1), lambda one: one):
        (x * 1).sin()
    with graph.saved_tensors_hooks(lambda one: one, lambda one: 3):
        y = x.sin()
    with pytest.raises(TypeError, match="unpack_hook expected to be a Tensor but got result of type int"):
        y.sum().backward()
    with pytest.raises(TypeError, match="expected two functions"):
        graph.saved_tensors_hooks(1, 2)


def test_a_graph_with_packed_tensors_is_freed():
    x = leaf((3,))
    with graph.saved_tensors_hooks(lambda one: one, lambda one: one):
        y = x.exp()
        z = y.sum()
    z.backward()
    with pytest.raises(RuntimeError, match="second time"):
        z.backward()
    ref = weakref.ref(y)
    gc.disable()
    try:
        del y, z
        assert ref() is None
    finally:
        gc.enable()


def test_save_on_cpu_keeps_copies_of_nothing_that_is_there_already():
    x = leaf((2, 2))
    with graph.save_on_cpu():
        y = (x @ x).exp()
    y.sum().backward()
    expected = torch.autograd.grad((x @ x).exp().sum(), x)[0]
    assert torch.allclose(x.grad, expected)


def test_hooks_may_be_forbidden():
    with graph.disable_saved_tensors_hooks("not in here"), pytest.raises(RuntimeError, match="not in here"), graph.save_on_cpu():
        pass
    with graph.save_on_cpu(), pytest.raises(RuntimeError, match="now what"), graph.disable_saved_tensors_hooks("now what"):
        pass


def test_edges_stand_for_tensors():
    x = leaf((3,))
    y = x * 2
    edge = graph.get_gradient_edge(y)
    assert edge.node is y.grad_fn and edge.output_nr == 0 and edge == (y.grad_fn, 0)
    z = (y * y).sum()
    (found,) = torch.autograd.grad(z, edge, retain_graph=True)
    assert torch.equal(found, 2 * y)
    assert torch.equal(torch.autograd.grad(z, (x, edge), retain_graph=True)[0], 4 * y)
    z.backward(inputs=[graph.get_gradient_edge(x)], retain_graph=True)
    assert torch.equal(x.grad, 4 * y)
    assert torch.equal(torch.autograd.grad(edge, x, torch.ones(3, dtype=torch.float64))[0], torch.full((3,), 2.0).double())
    with pytest.raises(RuntimeError, match="does not require gradients"):
        graph.get_gradient_edge(torch.ones(2))
    with pytest.raises(RuntimeError, match="that of a leaf"):
        z.backward(inputs=[edge])
    with pytest.raises(RuntimeError, match="give its gradient"):
        torch.autograd.grad(edge, x)


def test_a_hook_waits_for_the_gradients_that_come():
    a, b = leaf((2,)), leaf((2,), 2)
    c, d = a * b, a * b
    calls = []
    handle = graph.register_multi_grad_hook((a, b, c, d), lambda grads: calls.append([one is not None for one in grads]))
    c.sum().backward(retain_graph=True)
    c.sum().backward(inputs=(a,), retain_graph=True)
    (c + d).sum().backward(retain_graph=True)
    assert calls == [[True, True, True, False], [True, False, True, False], [True] * 4]
    handle.remove()
    c.sum().backward()
    assert len(calls) == 3


def test_a_hook_takes_the_first_gradient():
    a, b, calls = leaf((2,)), leaf((2,), 2), []
    with graph.register_multi_grad_hook((a, b, torch.ones(1)), calls.append, mode="any"):
        (a * 2 + b * 3).sum().backward()
        (a * 2).sum().backward()
    (a * 2).sum().backward()
    assert len(calls) == 2 and calls[1].tolist() == [2, 2]
    with pytest.raises(ValueError, match="'all', 'any'"):
        graph.register_multi_grad_hook((a,), print, mode="some")


def test_a_write_that_nobody_saw_may_be_counted():
    x = leaf((2,))
    y = x.exp()
    graph.increment_version([y])
    assert y._version == 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
