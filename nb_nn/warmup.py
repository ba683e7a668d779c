"""``python -m nb_nn.warmup``: compiles the usual kernels into the cache, so that no program waits for them later."""
from __future__ import annotations

import sys
import time
from collections.abc import Callable

import nb_nn as torch
from nb_nn.kernels import cache, threads
from nb_nn.kernels.compile import SERIAL_BELOW


def _pointwise(size: int) -> None:
    x, y = torch.rand(size) + 0.5, torch.rand(size) + 0.5
    for function in (torch.add, torch.sub, torch.mul, torch.div, torch.maximum, torch.eq, torch.gt):
        function(x, y)
        function(x, 2.0)
    for function in (torch.exp, torch.log, torch.sqrt, torch.tanh, torch.sigmoid, torch.relu, torch.neg, torch.abs, torch.square):
        function(x)


def _broadcast(size: int) -> None:
    side = int(size**0.5) + 1
    x = torch.rand(side, side)
    for function in (torch.add, torch.sub, torch.mul, torch.div):
        function(x, x[0])
    x.t().contiguous()


def _reductions(size: int) -> None:
    side = int(size**0.5) + 1
    x = torch.rand(side, side)
    for function in (torch.sum, torch.mean, torch.amax, torch.argmax):
        function(x)
        function(x, 0)
        function(x, 1)


def _training(size: int) -> None:
    batch = 64 if size >= SERIAL_BELOW else 2
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 16, 3, padding=1), torch.nn.BatchNorm2d(16), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
                                torch.nn.Conv2d(16, 32, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Dropout(0.5),
                                torch.nn.Linear(32 * 14 * 14, 10))
    for make in (torch.optim.Adam, lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9)):
        optimizer = make(model.parameters())
        loss = torch.nn.functional.cross_entropy(model(torch.rand(batch, 1, 28, 28)), torch.randint(10, (batch,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


STEPS: list[tuple[str, Callable[[int], None]]] = [
    ("pointwise", _pointwise), ("broadcasting", _broadcast), ("reductions", _reductions), ("training a small network", _training)]


def main() -> int:
    """Run each group of operations on small and on large tensors; show how far it is."""
    start = time.perf_counter()
    state = torch.get_rng_state()
    sizes = [16] if threads.serial_only() else [16, 4 * SERIAL_BELOW]
    for number, (name, step) in enumerate(STEPS):
        for size in sizes:
            print(f"[{number + 1}/{len(STEPS)}] {name}, {'serial' if size == 16 else 'parallel'} kernels", file=sys.stderr, flush=True)
            step(size)
    torch.set_rng_state(state)
    files, _ = cache.size()
    print(f"{files} kernels in {cache.directory()}, after {time.perf_counter() - start:.1f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
