"""Peak memory beside PyTorch's: by how much a process grows in a large run after a small one.

``python benchmarks/peaks.py [GROUP ...]``. Both runs do the same forward and backward, so that what a library, its compiled code
and its threads need is not counted, but only what the larger tensors do. A row counts the lesser of two measurements, so that neither
the first compilation nor what a system allocator happens to keep is counted. Models and layers are measured each in processes of its
own, the groups of `peaks_cases` each in one, whose peak is reset before a row. Needs ``pip install torch`` beside nb_nn, and Linux.
"""
from __future__ import annotations

import argparse
import ctypes
import gc
import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import convolution_cases
import peaks_cases
from models_cases import MODELS

LIMIT = 1.01        # of the ratio to PyTorch's: a hundredth is less than two runs of the same differ by


def layer(build: Callable, *size: int, times: int = 6) -> Callable:
    """Forward and backward of a module on ``times`` as much along the first dimension as in the small run."""
    def run(library: Any, large: bool) -> None:
        x = library.randn(size[0] * (times if large else 1), *size[1:]).requires_grad_()
        result = build(library.nn)(x)
        result = result[0] if isinstance(result, tuple) else result
        result.backward(library.randn(result.shape))
    return run


def ctc(library: Any, large: bool) -> None:
    """200 or 1200 steps of 32 sequences, 80 classes."""
    steps = 1200 if large else 200
    x = library.randn(steps, 32, 80).requires_grad_()
    lengths = [library.full((32,), value, dtype=library.long) for value in (steps, 50)]
    library.nn.functional.ctc_loss(x.log_softmax(2), library.randint(1, 80, (32, 50)), *lengths).backward()


def embedding_bag(mode: str) -> Callable:
    """1,000 bags of 20 rows of 50,000 or 300,000."""
    def run(library: Any, large: bool) -> None:
        rows = 300000 if large else 50000
        weight = library.randn(rows, 64).requires_grad_()
        library.nn.functional.embedding_bag(library.randint(0, rows, (1000, 20)), weight, mode=mode).sum().backward()
    return run


def training(name: str) -> Callable:
    """Three training steps of a model of `models_cases`, after one with an eighth of the data."""
    def run(library: Any, large: bool) -> None:
        model, array = {**MODELS, **peaks_cases.MODELS}[name](library)
        axis = 1 if "language" in name else 0
        inputs = library.tensor(array if large else array.take(range(max(1, array.shape[axis] // 8)), axis))
        optimizer = library.optim.Adam(model.parameters(), lr=1e-4)
        for _ in range(3):
            optimizer.zero_grad()
            model(inputs).square().mean().backward()
            optimizer.step()
    return run


ROWS = {
    "LSTM 1200 steps, batch 32, hidden 128": layer(lambda nn: nn.LSTM(128, 128), 200, 32, 128),
    "GRU 1200 steps, batch 32, hidden 128": layer(lambda nn: nn.GRU(128, 128), 200, 32, 128),
    "RNN 1200 steps, batch 32, hidden 128": layer(lambda nn: nn.RNN(128, 128), 200, 32, 128),
    "LSTM both ways, 2 layers, 600 steps": layer(lambda nn: nn.LSTM(128, 128, 2, bidirectional=True), 100, 32, 128),
    "ctc 1200x32x80, targets of 50": ctc,
    "embedding_bag sum 300000x64": embedding_bag("sum"),
    "embedding_bag mean 300000x64": embedding_bag("mean"),
    "embedding_bag max 300000x64": embedding_bag("max"),
    "conv 3x3 48x64x64x64": layer(lambda nn: nn.Conv2d(64, 64, 3, padding=1), 8, 64, 64, 64),
    "conv 1x1 48x64x64x64 to 128": layer(lambda nn: nn.Conv2d(64, 128, 1), 8, 64, 64, 64),
    "conv transposed 48x32x32x32": layer(lambda nn: nn.ConvTranspose2d(32, 32, 4, 2, 1), 8, 32, 32, 32),
    "conv1d 48x64x4096": layer(lambda nn: nn.Conv1d(64, 64, 9, padding=4), 8, 64, 4096),
    **{f"training {name}": training(name) for name in (*MODELS, *peaks_cases.MODELS)},
}
CONVOLUTIONS = {name: layer(make, *size, times=24) for name, (make, size) in convolution_cases.CASES.items()}
GROUPS = {**{name: {name: row} for name, row in ROWS.items()}, "convolutions": CONVOLUTIONS, **peaks_cases.GROUPS}


def status(key: str) -> float:
    """What the system says of this process, in MiB."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key)) / 1024


def release(library: Any) -> None:
    """Give back all memory that is not in use."""
    gc.collect()
    if library.__name__ == "nb_nn":
        memory = importlib.import_module("nb_nn.core.memory")
        memory.empty_cache()
        memory.reset_peak()
    ctypes.CDLL(None).malloc_trim(0)


def growth(group: str, which: str) -> dict[str, float]:
    """MiB that a process with this library grows by, for each row."""
    library, found = importlib.import_module(which), {}
    library.set_num_threads(2)
    for name, row in GROUPS[group].items():
        row(library, False)
        release(library)
        before = status("VmRSS")
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")                     # the peak begins anew
        row(library, True)
        found[name] = status("VmHWM") - before
    return found


def measured(group: str, which: str) -> dict[str, float]:
    """`growth` in two new processes, of each row the lesser."""
    runs = [json.loads(subprocess.run([sys.executable, __file__, group, which], capture_output=True, text=True, check=True).stdout)
            for _ in range(2)]
    return {name: min(run[name] for run in runs) for name in runs[0]}


def main() -> int:
    """Print a table; answer 1 if a row needs more than PyTorch's."""
    if len(sys.argv) == 3 and sys.argv[2] in ("nb_nn", "torch"):
        print(json.dumps(growth(*sys.argv[1:])))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("group", nargs="*", help="which to measure; all, if none is named: " + "; ".join(GROUPS))
    options, above = parser.parse_args(), 0
    for group in options.group:
        if group not in GROUPS:
            parser.error(f"there is no group {group!r}; see --help")
    for group in options.group or GROUPS:
        ours, theirs = measured(group, "nb_nn"), measured(group, "torch")
        if len(ours) > 1:
            print(f"\n{group}")
        for name in ours:
            ratio = ours[name] / max(theirs[name], 0.1)
            above += ratio >= LIMIT
            print(f"{name:42} nb_nn {ours[name]:7.1f} MiB   PyTorch {theirs[name]:7.1f} MiB   {ratio:6.2f}"
                  + (" <-- above" if ratio >= LIMIT else ""), flush=True)
    return int(above > 0)


if __name__ == "__main__":
    sys.exit(main())
