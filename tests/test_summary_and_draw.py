"""Tables and pictures of models."""
import re
import shutil

import pytest

import nb_nn as torch
from nb_nn import nn
from nb_nn.utils import draw, summary


def test_counts_are_right():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16, 10, bias=False))
    model.train()
    model[2].eval()
    found = summary(model, (2, 1, 6, 6))
    assert [one.kind for one in found.layers] == ["Sequential", "Conv2d", "BatchNorm2d", "ReLU", "Flatten", "Linear"]
    assert [one.output for one in found.layers[1:]] == [(2, 4, 4, 4)] * 3 + [(2, 64), (2, 10)]
    assert found.parameters == found.trainable == 4 * 9 + 4 + 8 + 640
    assert found.multiply_adds == 2 * 16 * 36 + 2 * 640
    assert found.input_bytes == 2 * 36 * 4 and found.buffer_bytes == 4 * 4 * 2 + 8 and found.parameter_bytes == found.parameters * 4
    assert model.training and not model[2].training and not model[0]._forward_hooks and model[1].num_batches_tracked.item() == 0
    assert "Conv2d" in str(found) and "688 to be learnt" in str(found)


def test_shared_frozen_and_nested_modules():
    layer = nn.Linear(3, 3)
    model = nn.Sequential(layer, nn.Sequential(layer, nn.Tanh()))
    layer.bias.requires_grad_(False)
    found = summary(model, input_data=torch.zeros(5, 3))
    assert found.parameters == 12 and found.trainable == 9 and found.multiply_adds == 2 * 5 * 9
    assert [one.depth for one in summary(model, torch.zeros(5, 3), depth=1).layers] == [0, 1, 1]


@pytest.mark.parametrize("build, sizes, expected", [
    (lambda: nn.LSTM(3, 4), [(7, 2, 3)], 14 * 16 * 7), (lambda: nn.GRUCell(3, 4), [(2, 3)], 2 * 12 * 7),
    (lambda: nn.Bilinear(2, 3, 4), [(5, 2), (5, 3)], 5 * 24),
    (lambda: nn.MultiheadAttention(8, 2), [(5, 3, 8), (4, 3, 8), (4, 3, 8)], 15 * 128 + 12 * 128 + 2 * 15 * 4 * 8),
])
def test_multiply_adds(build, sizes, expected):
    assert summary(build(), sizes).multiply_adds == expected


def test_summary_says_what_it_needs():
    with pytest.raises(TypeError, match="either"):
        summary(nn.Identity())


def arrows(text):
    labels = dict(re.findall(r'(n\d+) \[label="([^"]*)"', text))
    return {(labels[a], labels[b]) for a, b in re.findall(r"(n\d+) -> (n\d+)", text)}


def test_history_names_leaves_and_draws_each_node_once():
    model = nn.Linear(2, 1)
    made = model(torch.ones(3, 2)) * model.bias
    text = draw((made, made.sum()), names=model)
    assert {("weight (1, 2)", "AddmmBackward0"), ("bias (1)", "AddmmBackward0"), ("bias (1)", "MulBackward0"),
            ("MulBackward0", "result 0 (3, 1)"), ("SumBackward0", "result 1 ()")} <= arrows(text)
    assert text.count("AddmmBackward0") == 1
    assert "result (2)" in draw(torch.ones(2)) and ("leaf (1)", "result (1)") in arrows(draw(torch.ones(1, requires_grad=True)))


def test_models_are_trees():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU()))
    assert (("1: Sequential", "0: ReLU") in arrows(draw(model))) and "9 parameters" in draw(model)
    with pytest.raises(TypeError, match="int"):
        draw(3)


def test_files(tmp_path):
    draw(nn.ReLU(), tmp_path / "model.dot")
    assert (tmp_path / "model.dot").read_text().startswith("digraph {")
    if shutil.which("dot"):
        draw(nn.ReLU(), tmp_path / "model.svg")
        assert "<svg" in (tmp_path / "model.svg").read_text()
    else:
        with pytest.raises(RuntimeError, match="Graphviz"):
            draw(nn.ReLU(), tmp_path / "model.svg")
