import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

TARGET = np.array([0, 3, 4, 9, 10, 19])


def slow_log_prob(layer, x):
    def log_softmax(scores):
        return scores - np.log(np.exp(scores).sum(1, keepdims=True))

    state = {name: value.numpy() for name, value in layer.state_dict().items()}
    head = log_softmax(x @ state["head.weight"].T + state.get("head.bias", 0))
    parts = [head[:, :layer.cutoffs[0]]]
    for i in range(len(layer.cutoffs) - 1):
        tail = x @ state[f"tail.{i}.0.weight"].T @ state[f"tail.{i}.1.weight"].T
        parts.append(log_softmax(tail) + head[:, layer.cutoffs[0] + i:layer.cutoffs[0] + i + 1])
    return np.concatenate(parts, 1)


@pytest.mark.parametrize("head_bias", [False, True])
def test_it_is_a_softmax_over_all_classes(head_bias):
    layer = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], 2.0, head_bias, dtype=torch.float64)
    x = numbers("float64", (6, 8))
    expected = slow_log_prob(layer, x)
    np.testing.assert_allclose(np.exp(expected).sum(1), 1)
    check(layer.log_prob(tensor(x)), expected)
    output, loss = result = layer(tensor(x), tensor(TARGET))
    assert result.output is output and result.loss is loss
    check(output, expected[np.arange(6), TARGET])
    check(loss, -expected[np.arange(6), TARGET].mean())
    single = layer(tensor(x[3]), torch.tensor(9))
    assert single.output.shape == () and abs(single.loss.item() + expected[3, 9]) < 1e-12
    check(layer(tensor(x[:2]), tensor(TARGET[:2])).output, expected[np.arange(2), TARGET[:2]])        # no cluster is asked


def test_the_most_probable_class_is_predicted():
    layer = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], 2.0, dtype=torch.float64)
    with torch.no_grad():
        for number, tail in enumerate(layer.tail):
            layer.head.weight[4 + number] *= 20
            tail[1].weight.mul_(20)
    x = numbers("float64", (50, 8))
    expected = slow_log_prob(layer, x).argmax(1)
    assert (expected < 4).any() and (expected >= 10).any()
    assert layer.predict(tensor(x)).tolist() == expected.tolist()


def test_derivatives():
    layer = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], 2.0, dtype=torch.float64)
    x = tensor(numbers("float64", (6, 8)), requires_grad=True)
    for check_ in (gradcheck, gradgradcheck):
        assert check_(lambda x: layer(x, tensor(TARGET)), (x,))
    layer(x, tensor(TARGET)).loss.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in layer.parameters())


def test_sizes_of_clusters():
    layer = nn.AdaptiveLogSoftmaxWithLoss(64, 1000, [10, 100, 500])
    assert [[one.weight.shape[0] for one in tail] for tail in layer.tail] == [[16, 90], [4, 400], [1, 500]]
    assert layer.cutoffs == [10, 100, 500, 1000] and layer.head.weight.shape == (13, 64) and layer.head.bias is None
    before = layer.head.weight.detach().clone()
    layer.reset_parameters()
    assert not torch.equal(before, layer.head.weight)


LAYER, X = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], 2.0), torch.zeros(3, 8)


@pytest.mark.parametrize("call, error, message", [
    (lambda: LAYER(X, torch.tensor([0, 5, 20])), RuntimeError, r"in \[0, 19\], but values in range \[0, 20\]"),
    (lambda: LAYER(X, torch.tensor([0, 5, -1])), RuntimeError, r"values in range \[-1, 5\]"),
    (lambda: LAYER(X, torch.tensor([0, 5])), RuntimeError, "same size in the batch"),
    (lambda: LAYER(X, torch.tensor([[0, 5, 1]])), RuntimeError, "multi-target"),
    (lambda: LAYER(X, torch.tensor(3)), RuntimeError, "0D target tensor expects 1D input"),
    (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, []), ValueError, "larger than 0"),
    (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [10, 4]), ValueError, "increasing"),
    (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 20]), ValueError, "between 1 and n_classes-1"),
    (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 4]), ValueError, "unique"),
    (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [0, 4]), ValueError, "positive"),
    (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4.5]), ValueError, "integers"),
])
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
