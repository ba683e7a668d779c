"""Matrix products: square, tall and flat ones, weight gradients, batches, and products with vectors."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from compare import Row, compare

import nb_nn

SHAPES = {
    "64": ((64, 64), (64, 64)), "128": ((128, 128), (128, 128)), "256": ((256, 256), (256, 256)), "512": ((512, 512), (512, 512)),
    "1024": ((1024, 1024), (1024, 1024)), "4096x64x64": ((4096, 64), (64, 64)), "64x4096x64": ((64, 4096), (4096, 64)),
    "64x64x4096": ((64, 64), (64, 4096)), "8x1024x1024": ((8, 1024), (1024, 1024)), "1x1024x1024": ((1, 1024), (1024, 1024)),
    "matrix and vector 1024": ((1024, 1024), (1024,)), "dot 100,000": ((100000,), (100000,)),
    "batch 64x32x32": ((64, 32, 32), (64, 32, 32)), "batch 256x8x8": ((256, 8, 8), (256, 8, 8)),
}
TURNED = {                      # operands whose last two dimensions are swapped, and which of them
    "256x1600x64, gradient of a weight": ((1600, 256), (1600, 64), "a"), "1024x1600x256, gradient of a weight": (
        (1600, 1024), (1600, 256), "a"),
    "512, turned left": ((512, 512), (512, 512), "a"), "512, turned right": ((512, 512), (512, 512), "b"),
    "32x256x1024, linear": ((32, 256), (1024, 256), "b"), "batch 16x128x64, turned right": ((16, 128, 64), (16, 128, 64), "b"),
    "matrix and vector 1024, turned": ((1024, 1024), (1024,), "a"),
}


def products() -> Iterator[Row]:
    """``a @ b`` in float32, and two in float64."""
    random = np.random.default_rng(0)
    cases = [(name, *sizes, "", np.float32) for name, sizes in SHAPES.items()]
    cases += [(name, *case, np.float32) for name, case in TURNED.items()]
    cases += [(f"{size} float64", (size, size), (size, size), "", np.float64) for size in (256, 512)]
    for name, left, right, turned, kind in cases:
        arrays, runs = [random.standard_normal(size).astype(kind) for size in (left, right)], []
        for library in (nb_nn, torch):
            a, b = map(library.tensor, arrays)
            a, b = a.transpose(-1, -2) if turned == "a" else a, b.transpose(-1, -2) if turned == "b" else b
            runs.append(lambda a=a, b=b: a @ b)
        yield compare("products", name, *runs)


GROUPS = (products,)
LIMITS = {"products": (1.0, 2.5)}
