"""The whole path once, in seconds: a network learns to tell two clouds of points apart, and is saved and loaded."""
import io

import numpy as np

import nb_nn as torch


def clouds(count=200):
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, count)
    points = random.standard_normal((count, 2)) + 3 * labels[:, None]
    return torch.tensor(points.astype("float32")), torch.tensor(labels.astype("float32"))


def test_a_small_network_learns():
    torch.manual_seed(1)
    x, y = clouds()
    w1, b1, w2 = (torch.randn(2, 8) * 0.5).requires_grad_(), torch.zeros(8, requires_grad=True), (torch.randn(8) * 0.5).requires_grad_()
    losses = []
    for _ in range(60):
        logits = torch.tanh(x @ w1 + b1) @ w2
        loss = -(y * torch.sigmoid(logits).log() + (1 - y) * torch.sigmoid(-logits).log()).mean()
        loss.backward()
        with torch.no_grad():
            for p in (w1, b1, w2):
                p -= 0.5 * p.grad
                p.grad.zero_()
        losses.append(loss.item())
    assert losses[-1] < 0.2 < losses[0]
    assert ((torch.tanh(x @ w1 + b1) @ w2 > 0).float() == y).float().mean() > 0.95
    memory = io.BytesIO()
    torch.save({"w1": w1, "loss": losses[-1]}, memory)
    memory.seek(0)
    loaded = torch.load(memory)
    assert torch.equal(loaded["w1"], w1.detach()) and loaded["loss"] == losses[-1]


def test_views_and_writes_have_gradients():
    x = torch.ones(2, 3, requires_grad=True)
    y = x * 2
    y[:, 0].mul_(5)
    y[1] += 1
    y.t().sum().backward()
    assert x.grad.tolist() == [[10, 2, 2]] * 2


def test_second_derivatives():
    x = torch.tensor(2.0, requires_grad=True)
    (slope,) = torch.autograd.grad(x ** 3, x, create_graph=True)
    slope.backward()
    assert x.grad.item() == 12


def test_a_tensor_prints():
    assert repr(torch.tensor([[1.0, 2.5]])) == "tensor([[1.0000, 2.5000]])"
