"""Small calls, memory bandwidth, layers and training steps: what everything else stands on."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from compare import Row, compare

import nb_nn


def overhead() -> Iterator[Row]:
    """Calls on 10 elements, not recorded and recorded."""
    for mode, needs in (("", False), (", recorded", True)):
        a, b = (nb_nn.ones(10), nb_nn.ones(10)), (torch.ones(10), torch.ones(10))
        for pair in (a, b):
            pair[0].requires_grad_(needs)
        for name, call in (("a + b", lambda x, y: x + y), ("relu", lambda x, y: x.relu()), ("sum", lambda x, y: x.sum()),
                           ("a[3]", lambda x, y: x[3]), ("view", lambda x, y: x.view(2, 5))):
            yield compare("overhead", name + mode, lambda: call(*a), lambda: call(*b))


def chain() -> Iterator[Row]:
    """Ten small operations forward and backward."""
    def step(library):
        x = library.linspace(0.1, 1, 10).requires_grad_()
        w = library.linspace(1, 2, 10)

        def run():
            y = x
            for i in range(10):
                y = (y * w).relu() if i % 2 else y + w
            x.grad = None
            y.sum().backward()
            return x.grad
        return run
    yield compare("chain", "ten operations and backward", step(nb_nn), step(torch))


def both(*arrays: np.ndarray) -> tuple[list, list]:
    """Arrays as tensors of both libraries, each with its own memory."""
    return [nb_nn.tensor(array) for array in arrays], [torch.tensor(array) for array in arrays]


def bandwidth() -> Iterator[Row]:
    """4 M float32."""
    random = np.random.default_rng(0)
    x, y = (random.standard_normal((2048, 2048), np.float32) for _ in range(2))
    row, mask = random.standard_normal(2048, np.float32), random.random((2048, 2048)) < 0.3
    places = random.integers(0, 2048, 2048)
    index = random.integers(0, 2048, (2048, 2048))
    ours, theirs = both(x, y, row, mask, places, index, np.abs(x))
    for name, call in {
        "add": lambda x, y, row, mask, places, index, positive: x + y,
        "broadcast add": lambda x, y, row, mask, places, index, positive: x + row,
        "transposed add": lambda x, y, row, mask, places, index, positive: x + y.t(),
        "exp": lambda x, y, row, mask, places, index, positive: x.exp(),
        "tanh": lambda x, y, row, mask, places, index, positive: x.tanh(),
        "sigmoid": lambda x, y, row, mask, places, index, positive: x.sigmoid(),
        "log1p": lambda x, y, row, mask, places, index, positive: positive.log1p(),
        "sum": lambda x, y, row, mask, places, index, positive: positive.sum(),
        "sum dim 0": lambda x, y, row, mask, places, index, positive: x.sum(0),
        "sum dim 1": lambda x, y, row, mask, places, index, positive: x.sum(1),
        "max dim 1": lambda x, y, row, mask, places, index, positive: tuple(x.max(1)),
        "var": lambda x, y, row, mask, places, index, positive: x.var(),
        "softmax": lambda x, y, row, mask, places, index, positive: x.softmax(1),
        "copy of a transpose": lambda x, y, row, mask, places, index, positive: x.t().contiguous(),
        "masked_fill": lambda x, y, row, mask, places, index, positive: x.masked_fill(mask, 1.5),
        "cat": lambda x, y, row, mask, places, index, positive: cat_of(x)((x, y)),
        "index_select": lambda x, y, row, mask, places, index, positive: x.index_select(0, places),
        "gather": lambda x, y, row, mask, places, index, positive: x.gather(1, index),
    }.items():
        yield compare("bandwidth", name, lambda: call(*ours), lambda: call(*theirs))


def cat_of(tensor) -> Callable:
    """``cat`` of the tensor's library."""
    return nb_nn.cat if isinstance(tensor, nb_nn.Tensor) else torch.cat


def layer(name: str, make: Callable, *arrays: np.ndarray, agree: float = 2e-3) -> Row:
    """Forward and backward of a layer; the gradient of the first input (if floating) is compared."""
    runs = []
    state = {key: value.numpy() for key, value in make(torch).state_dict().items()} if hasattr(make(torch), "state_dict") else {}
    for library in (nb_nn, torch):
        module = make(library)
        if state:
            module.load_state_dict({key: library.tensor(value) for key, value in state.items()})
        inputs = [library.tensor(array) for array in arrays]
        inputs[0] = inputs[0].requires_grad_(arrays[0].dtype == np.float32)

        def run(module=module, inputs=inputs):
            result = module(*inputs)
            if hasattr(module, "zero_grad"):
                module.zero_grad()
            inputs[0].grad = None
            (result if result.dim() == 0 else result.sum()).backward()
            return result, inputs[0].grad if inputs[0].requires_grad else next(module.parameters()).grad
        runs.append(run)
    return compare("layers", name, *runs, agree=agree)


def layers() -> Iterator[Row]:
    """Layers forward and backward."""
    random = np.random.default_rng(0)

    def image(*size):
        return random.standard_normal(size, np.float32)

    yield layer("linear 128x784x512", lambda lib: lib.nn.Linear(784, 512), image(128, 784))
    yield layer("conv 3x3 16x64x32x32", lambda lib: lib.nn.Conv2d(64, 64, 3, padding=1), image(16, 64, 32, 32))
    yield layer("conv 1x1 16x64x32x32 to 256", lambda lib: lib.nn.Conv2d(64, 256, 1), image(16, 64, 32, 32))
    yield layer("conv 7x7 stride 2 8x3x112x112", lambda lib: lib.nn.Conv2d(3, 64, 7, 2, 3), image(8, 3, 112, 112))
    yield layer("conv depthwise 16x64x56x56", lambda lib: lib.nn.Conv2d(64, 64, 3, padding=1, groups=64), image(16, 64, 56, 56))
    yield layer("max pool 2 64x64x32x32", lambda lib: lib.nn.MaxPool2d(2), image(64, 64, 32, 32))
    yield layer("avg pool 2 64x64x32x32", lambda lib: lib.nn.AvgPool2d(2), image(64, 64, 32, 32))
    yield layer("batch norm 32x64x32x32", lambda lib: lib.nn.BatchNorm2d(64), image(32, 64, 32, 32), agree=None)
    yield layer("layer norm 4096x768", lambda lib: lib.nn.LayerNorm(768), image(4096, 768), agree=None)
    yield layer("cross entropy 4096x1000", lambda lib: lib.nn.CrossEntropyLoss(), image(4096, 1000), random.integers(0, 1000, 4096))
    yield layer("embedding 10000x128, 64x100", lambda lib: lib.nn.Embedding(10000, 128), random.integers(0, 10000, (64, 100)))


def mlp(library) -> tuple:
    """784-512-512-10 with Adam, batch 128."""
    nn = library.nn
    model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    return model, (128, 784)


def lenet(library) -> tuple:
    """LeNet-5 on 28x28, batch 64."""
    nn = library.nn
    model = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                          nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    return model, (64, 1, 28, 28)


def training() -> Iterator[Row]:
    """A whole step: zero_grad, forward, backward, optimizer."""
    random = np.random.default_rng(0)
    for name, build in (("MLP", mlp), ("LeNet", lenet)):
        for optimizer_name in ("SGD", "Adam"):
            runs = []
            for library in (nb_nn, torch):
                model, size = build(library)
                inputs = library.tensor(random.standard_normal(size, np.float32))
                targets = library.tensor(random.integers(0, 10, size[0]))
                optimizer = getattr(library.optim, optimizer_name)(model.parameters(), lr=1e-3)

                def step(library=library, model=model, inputs=inputs, targets=targets, optimizer=optimizer):
                    optimizer.zero_grad()
                    loss = library.nn.functional.cross_entropy(model(inputs), targets)
                    loss.backward()
                    optimizer.step()
                runs.append(step)
            yield compare("training", f"{name} with {optimizer_name}", *runs, agree=None, rounds=25)


GROUPS = (overhead, chain, bandwidth, layers, training)
LIMITS = {"overhead": (3.0, 9.0), "chain": (2.0, 2.0), "bandwidth": (1.0, 2.0), "layers": (1.0, 2.0), "training": (1.1, 1.1)}
