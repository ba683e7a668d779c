"""The same answers and errors as torch where it is installed: rounding, the gamma family, vectors, storages."""
import numpy as np
import pytest

import nb_nn

torch = pytest.importorskip("torch")
NUMBERS = np.random.default_rng(3).normal(size=(3, 4)) * 3

CALLS = {
    "round": lambda t, x: t.round(x),
    "round decimals": lambda t, x: t.round(x, decimals=1),
    "lgamma": lambda t, x: t.lgamma(x),
    "digamma": lambda t, x: t.digamma(x),
    "polygamma": lambda t, x: t.polygamma(2, x.abs()),
    "mvlgamma": lambda t, x: t.mvlgamma(x.abs() + 1, 2),
    "cross": lambda t, x: t.cross(x, x.flip(0), 0),
    "trace": lambda t, x: t.trace(x),
    "renorm": lambda t, x: t.renorm(x, 2, 1, 1.5),
    "set_": lambda t, x: t.empty(0, dtype=x.dtype).set_(x.storage(), 1, (2, 2), (3, 1)),
    "t_": lambda t, x: x.clone().t_(),
    "unsqueeze_": lambda t, x: x.clone().unsqueeze_(1),
    "apply_": lambda t, x: x.clone().apply_(lambda one: one + 1),
    "map_": lambda t, x: x.clone().map_(x[0], lambda one, other: one * other),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("name", CALLS)
def test_same_as_torch(name, kind):
    array = NUMBERS.astype(kind)
    ours = CALLS[name](nb_nn, nb_nn.tensor(array))
    theirs = CALLS[name](torch, torch.tensor(array))
    assert tuple(ours.shape) == tuple(theirs.shape) and ours.stride() == theirs.stride() and str(ours.dtype) == str(theirs.dtype)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-5)


FAILING = {
    "renorm p": lambda t: t.renorm(t.ones(2, 2), -1, 0, 1),
    "renorm maxnorm": lambda t: t.renorm(t.ones(2, 2), 2, 0, -1),
    "renorm dims": lambda t: t.renorm(t.ones(2), 2, 0, 1),
    "cross": lambda t: t.cross(t.ones(2), t.ones(2), 0),
    "trace": lambda t: t.trace(t.ones(2)),
    "polygamma": lambda t: t.polygamma(-1, t.ones(1)),
    "mvlgamma": lambda t: t.mvlgamma(t.ones(1), 0),
    "apply_": lambda t: t.ones(1, requires_grad=True).apply_(abs),
    "map_": lambda t: t.ones(1).map_(t.ones(1).long(), max),
    "t_": lambda t: t.ones(1, requires_grad=True).t_(),
    "set_": lambda t: t.ones(1).set_(t.ones(1).long()),
    "dlpack": lambda t: t.ones(1, requires_grad=True).__dlpack__(),
    "capsule": lambda t: t.utils.dlpack.from_dlpack(3),
    "assert_close": lambda t: t.testing.assert_close(t.ones(1), t.zeros(1)),
    "assert_close types": lambda t: t.testing.assert_close("a", 1),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", FAILING)
def test_same_type_of_error_as_torch(name):
    with pytest.raises(Exception) as theirs:  # noqa: B017
        FAILING[name](torch)
    with pytest.raises(Exception) as ours:  # noqa: B017
        FAILING[name](nb_nn)
    assert ours.type is theirs.type
