"""float16 and bfloat16, 4 M elements, and layers whose weights are of these types."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from compare import Row, compare

import nb_nn

ELEMENTS = {
    "add": lambda p, F, x, y, wide: x + y,
    "mul": lambda p, F, x, y, wide: x * y,
    "mul by a number": lambda p, F, x, y, wide: x * 0.3,
    "add a row": lambda p, F, x, y, wide: x + y[0],
    "exp": lambda p, F, x, y, wide: x.exp(),
    "relu": lambda p, F, x, y, wide: F.relu(x),
    "gelu": lambda p, F, x, y, wide: F.gelu(x),
    "less": lambda p, F, x, y, wide: x < y,
    "sum": lambda p, F, x, y, wide: x.sum(),
    "sum of rows": lambda p, F, x, y, wide: x.sum(1),
    "sum of columns": lambda p, F, x, y, wide: x.sum(0),
    "mean": lambda p, F, x, y, wide: x.mean(),
    "max": lambda p, F, x, y, wide: x.max(),
    "max of rows, places": lambda p, F, x, y, wide: x.max(1)[1],
    "norm": lambda p, F, x, y, wide: x.norm(),
    "softmax": lambda p, F, x, y, wide: F.softmax(x, 1),
    "layer_norm": lambda p, F, x, y, wide: F.layer_norm(x, (1024,)),
    "to float32": lambda p, F, x, y, wide: x.float(),
    "from float32": lambda p, F, x, y, wide: wide.to(x.dtype),
}
LAYERS = {
    "linear 256x1024x1024": lambda p, F, x: F.linear(x[:256], x[:1024]),
    "matmul 512x1024x512": lambda p, F, x: x[:512] @ x[:512].t(),
    "conv2d 4x32x32x32, 3x3": lambda p, F, x: F.conv2d(x[:128].view(4, 32, 32, 32), x[:9].view(32, 32, 3, 3)),
}


def drawn(library: Any, kind: str) -> list[Any]:
    """Two tensors of a half type, and one of float32."""
    arrays = np.random.default_rng(0).standard_normal((2, 4096, 1024)).astype(np.float32)
    tensors = [library.from_numpy(one) for one in arrays]
    return [one.to(getattr(library, kind)) for one in tensors] + tensors[:1]


def halves() -> Iterator[Row]:
    """Elementwise, reduced, by rows and cast."""
    yield from both("halves", ELEMENTS, 0.02)


def half_layers() -> Iterator[Row]:
    """What computes in float32 between casts of its operands, beside PyTorch's kernels for these types."""
    yield from both("half_layers", LAYERS, 0.05)


def both(group: str, calls: dict, agree: float) -> Iterator[Row]:
    for kind in ("float16", "bfloat16"):
        ours, theirs = drawn(nb_nn, kind), drawn(torch, kind)
        for name, call in calls.items():
            count = call.__code__.co_argcount - 2

            def run(library: Any, tensors: list, call: Any = call, count: int = count) -> Any:
                return call(library, library.nn.functional, *tensors[:count])

            difference = float(np.abs(run(nb_nn, ours).double().numpy() - run(torch, theirs).double().numpy()).max())
            scale = float(run(torch, theirs).double().abs().max())
            if difference > agree * scale:
                raise AssertionError(f"{group} {name}: the results differ by {difference:.2g}")
            yield compare(group, f"{name}, {kind}", lambda: run(nb_nn, ours), lambda: run(torch, theirs), agree=None)


GROUPS = (halves, half_layers)
LIMITS = {"halves": (1.0, 2.0)}
