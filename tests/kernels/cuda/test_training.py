"""Networks learn on a CUDA device as on the CPU: the double of CuPy and the simulator stand in for the device."""
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("greenlet", reason="the simulator of CUDA needs greenlet")

import cupy_double  # noqa: E402

import nb_nn as torch  # noqa: E402
import nb_nn.nn.functional as F  # noqa: E402
from nb_nn import nn  # noqa: E402

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(autouse=True)
def device():
    with cupy_double.playing() as cupy:
        yield cupy


def learnt(where, make, inputs, targets, optimizer, steps=2):
    """Losses of some steps, and the parameters after them."""
    torch.manual_seed(0)
    model = make().to(where)
    steps_of, losses = optimizer(model.parameters()), []
    inputs, targets = inputs.to(where), targets.to(where)
    for _ in range(steps):
        steps_of.zero_grad()
        loss = F.cross_entropy(model(inputs), targets)
        loss.backward()
        steps_of.step()
        losses.append(loss.item())
    assert all(value.device.type == where for value in model.state_dict().values())
    return losses, {name: value.cpu().numpy() for name, value in model.state_dict().items()}


def same(make, inputs, targets, optimizer):
    losses, state = learnt("cuda", make, inputs, targets, optimizer)
    expected_losses, expected = learnt("cpu", make, inputs, targets, optimizer)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
    assert losses[1] < losses[0]
    for name, value in expected.items():
        np.testing.assert_allclose(state[name], value, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("optimizer", [
    lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
    lambda parameters: torch.optim.Adam(parameters, 0.01, amsgrad=True)], ids=["sgd", "adam"])
def test_a_perceptron(optimizer):
    torch.manual_seed(1)
    same(lambda: nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5), nn.ReLU(), nn.Linear(5, 3)), torch.randn(4, 6), torch.tensor([0, 1, 2, 1]),
         optimizer)


def test_the_network_of_the_digits_example(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    sys.modules.pop("digits", None)
    import digits

    def narrow():
        """Its first layers, with fewer filters, and without the biases that batch normalization takes away again."""
        layers = [*digits.convolution(1, 2), nn.MaxPool2d(2), *digits.convolution(2, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 10)]
        for layer in layers:
            if isinstance(layer, nn.Conv2d):
                layer.bias = None
        return nn.Sequential(*layers)

    learn, _ = digits.included_digits()
    same(narrow, learn.tensors[0][:3], learn.tensors[1][:3], lambda parameters: torch.optim.SGD(parameters, 0.05))


def test_dropout_draws_on_the_device():
    torch.manual_seed(3)
    x = torch.ones(100, device="cuda", requires_grad=True)
    y = F.dropout(x, 0.25)
    y.sum().backward()
    assert y.device == x.device and torch.equal(x.grad, y.detach())
    assert 10 < (y == 0).sum().item() < 45


def test_an_embedding_and_its_gradient():
    weight, index = torch.randn(5, 3), torch.tensor([[1, 4], [1, 0]])
    results = []
    for where in ("cpu", "cuda"):
        rows = weight.clone().to(where).requires_grad_()
        (F.embedding(index.to(where), rows, padding_idx=0) ** 2).sum().backward()
        results.append(rows.grad.cpu())
    np.testing.assert_allclose(*[result.numpy() for result in results], rtol=1e-6)
