"""Convolutions of all kinds beside torch, forward and backward, as layers of known networks use them."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from compare import Row, compare

CASES: dict[str, tuple[Callable, tuple[int, ...]]] = {
    "LeNet 5x5, 1 to 6": (lambda nn: nn.Conv2d(1, 6, 5, padding=2), (64, 1, 28, 28)),
    "LeNet 5x5, 6 to 16": (lambda nn: nn.Conv2d(6, 16, 5), (64, 6, 14, 14)),
    "ResNet 7x7 stride 2": (lambda nn: nn.Conv2d(3, 64, 7, 2, 3, bias=False), (4, 3, 112, 112)),
    "ResNet 3x3, 64 of 32x32": (lambda nn: nn.Conv2d(64, 64, 3, padding=1, bias=False), (8, 64, 32, 32)),
    "ResNet 3x3 stride 2, 64 to 128": (lambda nn: nn.Conv2d(64, 128, 3, 2, 1, bias=False), (8, 64, 32, 32)),
    "ResNet 1x1 stride 2, 64 to 128": (lambda nn: nn.Conv2d(64, 128, 1, 2, bias=False), (8, 64, 32, 32)),
    "ResNet 3x3, 256 of 8x8": (lambda nn: nn.Conv2d(256, 256, 3, padding=1, bias=False), (16, 256, 8, 8)),
    "ResNet 3x3, 512 of 4x4": (lambda nn: nn.Conv2d(512, 512, 3, padding=1, bias=False), (16, 512, 4, 4)),
    "ResNet 3x3, 512 of 7x7": (lambda nn: nn.Conv2d(512, 512, 3, padding=1, bias=False), (2, 512, 7, 7)),
    "depthwise 3x3, 96 of 28x28": (lambda nn: nn.Conv2d(96, 96, 3, padding=1, groups=96), (16, 96, 28, 28)),
    "dilated 3x3, 32 of 40x40": (lambda nn: nn.Conv2d(32, 32, 3, padding=3, dilation=3), (4, 32, 40, 40)),
    "U-Net 3x3, 32 of 64x64": (lambda nn: nn.Conv2d(32, 32, 3, padding=1), (4, 32, 64, 64)),
    "U-Net transposed 2x2 stride 2": (lambda nn: nn.ConvTranspose2d(64, 32, 2, 2), (4, 64, 32, 32)),
    "DCGAN transposed 4x4 of 1x1": (lambda nn: nn.ConvTranspose2d(100, 256, 4, bias=False), (32, 100, 1, 1)),
    "DCGAN transposed 4x4 stride 2": (lambda nn: nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False), (32, 128, 8, 8)),
    "DCGAN transposed 4x4 to 1": (lambda nn: nn.ConvTranspose2d(32, 1, 4, 2, 1), (32, 32, 16, 16)),
    "audio k 80 stride 4": (lambda nn: nn.Conv1d(1, 32, 80, 4), (8, 1, 8000)),
    "audio k 3, 64 of 500": (lambda nn: nn.Conv1d(64, 64, 3), (8, 64, 500)),
    "audio k 2 dilation 64": (lambda nn: nn.Conv1d(32, 32, 2, dilation=64), (4, 32, 4000)),
    "audio transposed k 16 stride 8": (lambda nn: nn.ConvTranspose1d(64, 32, 16, 8, 4), (4, 64, 250)),
    "3-d 3x3x3, 3 to 32": (lambda nn: nn.Conv3d(3, 32, 3, padding=1), (2, 3, 8, 32, 32)),
    "3-d 3x3x3, 32 of 8x16x16": (lambda nn: nn.Conv3d(32, 32, 3, padding=1), (4, 32, 8, 16, 16)),
    "3-d 3x3x3 stride 2": (lambda nn: nn.Conv3d(32, 64, 3, 2, 1), (4, 32, 8, 16, 16)),
    "3-d transposed 2x2x2 stride 2": (lambda nn: nn.ConvTranspose3d(32, 16, 2, 2), (2, 32, 8, 16, 16)),
}


def step(library, make: Callable, x: np.ndarray, direction: np.ndarray | None, state: dict) -> Callable:
    """Forward and backward of a layer; returns the result and the gradients of input and weight."""
    module, input = make(library.nn), library.tensor(x).requires_grad_()
    module.load_state_dict({key: library.tensor(value) for key, value in state.items()})
    direction = library.tensor(direction)

    def run():
        result = module(input)
        module.zero_grad()
        input.grad = None
        result.backward(direction)
        return result, input.grad, module.weight.grad
    return run


def convolutions() -> Iterator[Row]:
    """Forward and backward of the layers in `CASES`."""
    import torch

    import nb_nn

    random = np.random.default_rng(0)
    for name, (make, size) in CASES.items():
        layer = make(torch.nn)
        state = {key: value.numpy() for key, value in layer.state_dict().items()}
        x = random.standard_normal(size, np.float32)
        direction = random.standard_normal(tuple(layer(torch.tensor(x)).shape), np.float32)
        runs = [step(library, make, x, direction, state) for library in (nb_nn, torch)]
        yield compare("convolutions", name, *runs)


GROUPS = (convolutions,)
LIMITS = {"convolutions": (0.9, 1.7)}
