"""The same bits for any number of threads."""
import pytest

import nb_nn as torch
from nb_nn import nn


def networks():
    """An MLP and a LeNet with batch normalization, each with a batch large enough for parallel kernels."""
    mlp = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
    lenet = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                          nn.AvgPool2d(2), nn.Flatten(), nn.Linear(400, 84), nn.LayerNorm(84), nn.Tanh(), nn.Linear(84, 10))
    return {"mlp": (mlp, (128, 784)), "lenet": (lenet, (64, 1, 28, 28))}


def losses(name, threads, steps):
    """Losses of some training steps as exact numbers."""
    torch.set_num_threads(threads)
    torch.manual_seed(3)
    model, size = networks()[name]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(torch.rand(size)), torch.randint(10, size[:1]))
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


@pytest.mark.parametrize("name", ["mlp", "lenet"])
def test_a_hundred_steps_give_the_same_bits_with_one_and_two_threads(name):
    assert losses(name, 1, 100) == losses(name, 2, 100)
