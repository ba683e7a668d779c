"""Optimizers and modules beside torch's: the same numbers, and state dicts that either reads."""
import io
import warnings

import numpy as np
import pytest

import nb_nn
from nb_nn import nn, optim

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch = pytest.importorskip("torch")

OPTIONS = [("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.2, "weight_decay": 0.1}),
           ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}), ("Adam", {"lr": 0.1}),
           ("Adam", {"lr": 0.1, "weight_decay": 0.1, "amsgrad": True, "betas": (0.8, 0.9)}), ("AdamW", {"lr": 0.1})]


def steps(library, param, optimizer, count, seed):
    random = np.random.default_rng(seed)
    for _ in range(count):
        param.grad = library.tensor(random.normal(size=(4, 3)))
        optimizer.step()


def moved(state, into):
    """A state dict by way of a file."""
    buffer = io.BytesIO()
    (nb_nn if into is torch else torch).save(state, buffer)
    buffer.seek(0)
    return into.load(buffer)


@pytest.mark.parametrize("name, options", OPTIONS)
def test_same_numbers_and_state_goes_both_ways(name, options):
    ours, theirs = (library.nn.Parameter(library.tensor(np.linspace(-1, 1, 12).reshape(4, 3))) for library in (nb_nn, torch))
    our_optimizer, their_optimizer = getattr(optim, name)([ours], **options), getattr(torch.optim, name)([theirs], **options)
    for round_ in range(3):
        steps(nb_nn, ours, our_optimizer, 3, round_)
        steps(torch, theirs, their_optimizer, 3, round_)
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-9, atol=1e-12)
        if round_ == 0:         # both go on from the other's state
            ours_saved, theirs_saved = our_optimizer.state_dict(), their_optimizer.state_dict()
            our_optimizer, their_optimizer = getattr(optim, name)([ours], **options), getattr(torch.optim, name)([theirs], **options)
            our_optimizer.load_state_dict(moved(theirs_saved, nb_nn))
            their_optimizer.load_state_dict(moved(ours_saved, torch))


def test_modules_read_the_other_s_state():
    def network(library):
        return library.nn.Sequential(library.nn.Linear(3, 4), library.nn.ReLU(), library.nn.Linear(4, 2, bias=False))

    ours, theirs = network(nb_nn), network(torch)
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    ours.load_state_dict(moved(theirs.state_dict(), nb_nn))
    np.testing.assert_allclose(ours(nb_nn.tensor(x)).detach().numpy(), theirs(torch.tensor(x)).detach().numpy(), rtol=1e-5, atol=1e-6)
    other = network(torch)
    other.load_state_dict(moved(ours.state_dict(), torch))
    assert torch.equal(other[0].weight, theirs[0].weight)
    assert repr(ours) == repr(theirs)


def test_reprs():
    makers = [lambda n: n.Linear(2, 3), lambda n: n.ModuleList([n.ReLU(), n.ReLU(), n.Tanh()]), lambda n: n.Dropout(0.1),
              lambda n: n.GELU(), lambda n: n.Softplus(), lambda n: n.Hardtanh(inplace=True),
              lambda n: n.PReLU(), lambda n: n.Bilinear(1, 2, 3),
              lambda n: n.ModuleDict({"a": n.Sequential(n.ELU(), n.Flatten())}), lambda n: n.Softmax(dim=-1), lambda n: n.RReLU(),
              lambda n: n.Threshold(1, 2), lambda n: n.Unflatten(1, (2, 3)), lambda n: n.CELU(inplace=True), lambda n: n.Softshrink(1.0)]
    for make in makers:
        assert repr(make(nn)) == repr(make(torch.nn))
