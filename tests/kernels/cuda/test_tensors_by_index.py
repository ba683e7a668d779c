"""Tensors on CUDA devices: masks, order, counts and places; the double of CuPy and the simulator stand in for a GPU."""
import numpy as np
import pytest

pytest.importorskip("greenlet", reason="the simulator of CUDA needs greenlet")

import cupy_double  # noqa: E402
from both import both_places  # noqa: E402

import nb_nn as torch  # noqa: E402
from nb_nn.nn import functional as F  # noqa: E402

X = torch.tensor([[3.0, -1.0, float("nan"), 2.0], [0.0, 2.0, 2.0, -0.0], [5.0, -7.0, 1.0, 1.0]])
Y = torch.tensor([[3.0, -1.0, 2.5, 2.0], [0.0, 2.0, 2.0, -0.5]])


@pytest.fixture(autouse=True)
def device():
    with cupy_double.playing() as cupy:
        yield cupy


def test_masks():
    y = Y.clone().requires_grad_()
    both_places(lambda x: x[x > 0.5], y)
    both_places(lambda x: torch.masked_select(x, torch.tensor([True, False, True, False]).to(x.device)), y)
    both_places(lambda x, source: x.masked_scatter(x > 0, source), y, torch.arange(8.0).requires_grad_())
    both_places(lambda x: (torch.nonzero(x > 1), torch.nonzero(x[0, 0]), *torch.nonzero(x, as_tuple=True)), Y)
    both_places(lambda x: torch.nonzero_static(x > 1, size=7), Y)
    both_places(lambda x: torch.where(x > 1), Y)

    def written(x):
        x = x.clone()
        x[x < 0] = 9.0
        x[:, torch.tensor([True, False, False, True]).to(x.device)] += 1
        return x
    both_places(written, Y)
    assert torch.ones(3, device="cuda")[torch.zeros(3, dtype=torch.bool, device="cuda")].shape == (0,)


@pytest.mark.parametrize("descending", [False, True])
def test_sorting(descending):
    both_places(lambda x: tuple(x.sort(1, descending)), X)
    both_places(lambda x: tuple(x.sort(0, descending)), Y.clone().requires_grad_())
    both_places(lambda x: tuple(x.topk(2, 1, descending)), Y.clone().requires_grad_())
    both_places(lambda x: x.argsort(0, descending), X.half())
    both_places(lambda x: tuple(x.sort(0, descending)), torch.tensor([True, False, True]))


def test_selections_and_unique_elements():
    y = Y.clone().requires_grad_()
    both_places(lambda x: tuple(x.kthvalue(2, 1)), y)
    both_places(lambda x: tuple(x.median(1)), X)
    both_places(lambda x: x.median(), y)
    both_places(lambda x: tuple(x.mode(1)), Y)
    both_places(lambda x: torch.unique(x, return_inverse=True, return_counts=True), Y)
    both_places(lambda x: torch.unique(x, dim=1, return_inverse=True, return_counts=True), torch.tensor([[1, 0, 1], [2, 2, 2]]))
    both_places(lambda x: torch.unique_consecutive(x, return_counts=True), torch.tensor([1, 1, 2, 1]))
    both_places(lambda x: torch.unique(x), torch.empty(0))


def test_counts():
    both_places(lambda x, v: (torch.searchsorted(x, v), torch.bucketize(v, x, right=True)), torch.tensor([1.0, 3.0, 5.0]), Y)
    both_places(lambda x: torch.bincount(x, minlength=6), torch.tensor([1, 1, 3, 0]))
    both_places(lambda x, w: torch.bincount(x, w), torch.tensor([1, 1, 3, 0]), torch.tensor([0.5, 1.0, 2.0, 4.0]))
    both_places(lambda x: torch.histc(x, 4), Y)


def test_triangles_pixels_and_padding():
    y = torch.arange(48.0).reshape(1, 4, 3, 4).requires_grad_()
    both_places(lambda x: x.tril(1), y)
    both_places(lambda x: x.triu(-1), y.detach().to(torch.int64))
    both_places(lambda x: F.pixel_shuffle(x, 2), y)
    both_places(lambda x: F.pixel_unshuffle(x[:, :, :2], 2), y)
    for mode in ("reflect", "replicate", "circular"):
        both_places(lambda x, mode=mode: F.pad(x, (1, 2, 0, 1), mode), y)


def test_draws_are_those_of_the_cpu():
    torch.manual_seed(4)
    weights, chances = torch.rand(2, 5), torch.rand(3, 4)
    calls = [lambda where: torch.randint(-3, 9, (7,), device=where), lambda where: torch.randperm(6, device=where).to(where),
             lambda where: torch.bernoulli(chances.to(where)), lambda where: torch.multinomial(weights.to(where), 3),
             lambda where: torch.multinomial(weights.to(where), 9, replacement=True)]
    for call in calls:
        found = []
        for where in ("cpu", "cuda"):
            torch.manual_seed(11)
            found.append(call(where))
        assert found[1].is_cuda and (found[0].numpy() == found[1].cpu().numpy()).all()
    with pytest.raises(RuntimeError, match="element < 0"):
        torch.multinomial(torch.tensor([1.0, -1.0]).cuda(), 1)
    with pytest.raises(RuntimeError, match="sum of probabilities"):
        torch.multinomial(torch.zeros(2).cuda(), 1, replacement=True)
    assert np.isfinite(torch.multinomial(weights.cuda(), 1).cpu().numpy()).all()
