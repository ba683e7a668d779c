"""Training steps of whole models: a transformer of two layers, a small ResNet, an LSTM language model; and attention alone.

``python benchmarks/models_cases.py`` also prints the peak memory of each step in new processes.
"""
from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def transformer(library: Any, dropout: float) -> tuple:
    """Batch 16, 64 elements, 256 features, 4 heads."""
    nn = library.nn
    layer = nn.TransformerEncoderLayer(256, 4, 1024, dropout, batch_first=True)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), np.random.default_rng(0).standard_normal((16, 64, 256), np.float32)


def resnet(library: Any) -> tuple:
    """Three stages of two blocks, 16 to 64 channels, on sixteen 32 x 32 images."""
    nn = library.nn

    class Block(nn.Module):
        def __init__(self, channels, filters):
            super().__init__()
            stride = 1 if channels == filters else 2
            self.conv1, self.norm1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters)
            self.conv2, self.norm2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters)
            self.shortcut = nn.Sequential() if stride == 1 else nn.Conv2d(channels, filters, 1, 2, bias=False)

        def forward(self, x):
            y = self.norm2(self.conv2(self.norm1(self.conv1(x)).relu()))
            return (y + self.shortcut(x)).relu()

    blocks = [Block(a, b) for a, b in ((16, 16), (16, 16), (16, 32), (32, 32), (32, 64), (64, 64))]
    model = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks,
                          nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    return model, np.random.default_rng(0).standard_normal((16, 3, 32, 32), np.float32)


def language(library: Any) -> tuple:
    """An LSTM of 256 on 32 texts of 50 tokens out of 1000."""
    nn = library.nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.lstm, self.scores = nn.Embedding(1000, 128), nn.LSTM(128, 256), nn.Linear(256, 1000)

        def forward(self, x):
            return self.scores(self.lstm(self.embedding(x))[0])
    return Model(), np.random.default_rng(0).integers(0, 1000, (50, 32))


MODELS = {"transformer 16x64x256": lambda library: transformer(library, 0.0),
          "transformer 16x64x256, dropout": lambda library: transformer(library, 0.1),
          "ResNet 16x3x32x32": resnet, "LSTM language model 50x32": language}


def step_of(library: Any, build: Callable) -> Callable:
    """A training step with Adam."""
    model, array = build(library)
    inputs = library.tensor(array)
    optimizer = library.optim.Adam(model.parameters(), lr=1e-4)

    def step():
        optimizer.zero_grad()
        model(inputs).square().mean().backward()
        optimizer.step()
    return step


def models() -> Iterator:
    """Whole training steps."""
    import torch
    from compare import compare

    import nb_nn

    for name, build in MODELS.items():
        yield compare("models", name, step_of(nb_nn, build), step_of(torch, build), agree=None, rounds=15)


def attention() -> Iterator:
    """Attention alone, forward and backward: (batch, heads, length, features)."""
    import torch
    from compare import compare

    import nb_nn

    for size in ((16, 4, 64, 64), (4, 8, 512, 64)):
        for causal in (False, True):
            arrays, runs = np.random.default_rng(0).standard_normal((3, *size), np.float32), []
            for library in (nb_nn, torch):
                tensors = [library.tensor(array).requires_grad_() for array in arrays]

                def run(library=library, tensors=tensors, causal=causal):
                    for one in tensors:
                        one.grad = None
                    result = library.nn.functional.scaled_dot_product_attention(*tensors, is_causal=causal)
                    (result * result).sum().backward()
                    return [result, *[one.grad for one in tensors]]
                runs.append(run)
            yield compare("attention", "x".join(map(str, size)) + (" causal" if causal else ""), *runs)


GROUPS = (models, attention)
LIMITS = {"models": (1.0, 1.1), "attention": (1.0, 2.0)}


def peak(name: str, which: str) -> float:
    """Most MiB a process ever has that does three steps."""
    if which == "torch":
        import torch as library
        library.set_num_threads(2)
    else:
        import nb_nn as library
    step = step_of(library, MODELS[name])
    for _ in range(3):
        step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print times and peaks."""
    if len(sys.argv) > 1:
        print(f"{peak(sys.argv[1], sys.argv[2]):.0f}")
        return
    for name in MODELS:
        found = [subprocess.run([sys.executable, __file__, name, which], capture_output=True, text=True, check=True).stdout.strip()
                 for which in ("nb_nn", "torch")]
        print(f"{name:34} peak of the process: nb_nn {found[0]} MiB, PyTorch {found[1]} MiB", flush=True)
    import torch
    from compare import report

    import nb_nn

    torch.set_num_threads(2)
    nb_nn.set_num_threads(2)
    report([*models(), *attention()], LIMITS, None)


if __name__ == "__main__":
    main()
