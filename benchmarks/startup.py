"""Time to import, time to the first training step with and without cached kernels, and peak memory: each in new processes.

``python benchmarks/startup.py``. Needs ``pip install torch`` beside nb_nn.
"""
from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

STEP = """
import resource, sys, time
start = time.perf_counter()
import {library} as torch
torch.set_num_threads(2)
nn = torch.nn
model = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                      nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
optimizer = torch.optim.Adam(model.parameters())
def step():
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(torch.rand(64, 1, 28, 28)), torch.randint(10, (64,))).backward()
    optimizer.step()
step()
first = time.perf_counter() - start
for _ in range(50):
    step()
print(first, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def run(code: str, **environment: str) -> tuple[float, list[float]]:
    """Seconds of a new process, and the numbers it printed."""
    start = time.perf_counter()
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                             env={**os.environ, **environment}).stdout
    return time.perf_counter() - start, [float(word) for word in printed.split()]


def main() -> None:
    """Print a table."""
    pairs = [(run("import nb_nn")[0], run("import torch")[0]) for _ in range(7)]
    ours, theirs = (statistics.median(side) for side in zip(*pairs))
    print(f"import                 nb_nn {ours:6.2f} s   torch {theirs:6.2f} s   ratio {statistics.median(a / b for a, b in pairs):.2f}")
    with tempfile.TemporaryDirectory() as folder:
        cold = run(STEP.format(library="nb_nn"), NB_NN_CACHE_DIR=folder)[1]
        cached = [run(STEP.format(library="nb_nn"), NB_NN_CACHE_DIR=folder)[1] for _ in range(3)]
    rival = [run(STEP.format(library="torch"))[1] for _ in range(3)]
    print(f"first LeNet step       nb_nn {cold[0]:6.2f} s cold, {statistics.median(first for first, _ in cached):.2f} s cached   "
          f"torch {statistics.median(first for first, _ in rival):6.2f} s")
    memory, other = (statistics.median(peak for _, peak in side) for side in (cached, rival))
    print(f"peak memory, LeNet     nb_nn {memory:6.0f} MiB   torch {other:6.0f} MiB   ratio {memory / other:.2f}")


if __name__ == "__main__":
    main()
