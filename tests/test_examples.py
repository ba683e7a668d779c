"""Each example learns a little, and leaves a picture or a text."""
import importlib
import pathlib

import numpy as np
import pytest

from nb_nn import nn
from nb_nn.nn import functional as F

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"
CASES = [
    ("resnet_digits", [], "resnet_mistakes.png", None), ("vae_digits", [], "vae_digits.png", None),
    ("char_lstm", ["--size", "32", "--length", "20", "--learning-rate", "0.01"], "char_lstm.txt", None),
    ("gpt", ["--size", "16", "--heads", "2", "--layers", "1", "--length", "20", "--learning-rate", "0.01"], "gpt.txt", None),
    ("dcgan_digits", [], "dcgan_digits.png", (nn, "ConvTranspose2d")),
    ("spatial_transformer", ["--learning-rate", "0.003"], "spatial_transformer.png", (F, "grid_sample")),
]


@pytest.mark.parametrize("name, words, made, needs", CASES, ids=[case[0] for case in CASES])
def test_example_learns(name, words, made, needs, tmp_path, monkeypatch, capsys):
    if needs is not None and not hasattr(*needs):
        pytest.skip(f"{needs[1]} is not there yet")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    losses = importlib.import_module(name).main(["--quick", "--out", str(tmp_path), *words])
    assert len(losses) == 12 and np.mean(losses[-3:]) < np.mean(losses[:3])
    content = (tmp_path / made).read_bytes()
    assert content.startswith(b"\x89PNG") if made.endswith("png") else len(content) > 45
    assert "loss" in capsys.readouterr().out
