"""Functional derivatives beside torch's: values, sizes, history, and what is refused."""
import numpy as np
import pytest
from oracle import numbers

import nb_nn

torch = pytest.importorskip("torch")
X, Y = numbers("float64", (3, 2), seed=1), numbers("float64", (2,), seed=2)
ONE = [lambda x: x.exp() @ x.new_ones(2), lambda x: ((x ** 3).sum(), x[0] * 2), lambda x: (x ** 2).sum(0), lambda x: x.new_ones(2)]
TWO = [lambda x, y: (x @ y).exp().sum(), lambda x, y: (x ** 3).sum(), lambda x, y: x.sum() + y.sum(), lambda x, y: x @ y,
       lambda x, y: ((x @ y).sum(),)]


def flat(made):
    return [leaf for one in made for leaf in flat(one)] if isinstance(made, tuple) else [made]


def outcome(library, run):
    try:
        return run(library.autograd.functional, library.tensor)
    except Exception as error:
        return error


def compare(run):
    theirs, ours = outcome(torch, run), outcome(nb_nn, run)
    if isinstance(theirs, Exception):
        assert type(ours) is type(theirs), (ours, theirs)
        return
    for one, other in zip(flat(ours), flat(theirs), strict=True):
        assert one.requires_grad == other.requires_grad
        np.testing.assert_allclose(one.detach().numpy(), other.detach().numpy(), 1e-12, 1e-12)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("history", [False, True])
@pytest.mark.parametrize("function", ONE)
def test_functions_of_one(function, history, strict):
    options = {"create_graph": history, "strict": strict}
    compare(lambda F, t: F.jacobian(function, t(X), **options))
    compare(lambda F, t: F.jacobian(function, (t(X),), **options))
    compare(lambda F, t: F.jvp(function, t(X), t(X * 2), **options))
    compare(lambda F, t: F.vjp(function, t(X), function(t(X)), **options))
    compare(lambda F, t: F.vjp(function, (t(X),), None, **options))


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("history", [False, True])
@pytest.mark.parametrize("function", TWO)
def test_functions_of_two(function, history, strict):
    options = {"create_graph": history, "strict": strict}
    compare(lambda F, t: F.hessian(function, (t(X), t(Y)), **options))
    compare(lambda F, t: F.jacobian(function, (t(X), t(Y)), **options))
    compare(lambda F, t: F.hvp(function, (t(X), t(Y)), (t(X * 2), t(Y)), **options))
    compare(lambda F, t: F.vhp(function, (t(X), t(Y)), (t(X * 2), t(Y)), **options))
    compare(lambda F, t: F.jvp(function, (t(X), t(Y)), (t(X * 2), t(Y)), **options))


@pytest.mark.parametrize("mode", ["all", "any"])
def test_hooks_of_several_gradients(mode):
    def calls(library):
        a, b = (library.tensor(X, requires_grad=True) for _ in range(2))
        c, d, seen = a * b, a + b, []

        def hook(grads):
            seen.append([one is not None for one in grads] if mode == "all" else grads.tolist())

        library.autograd.graph.register_multi_grad_hook((a, b, c, d), hook, mode=mode)
        c.sum().backward(retain_graph=True)
        c.sum().backward(inputs=(a,), retain_graph=True)
        return seen

    assert calls(nb_nn) == calls(torch)
