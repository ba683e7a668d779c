"""Rows for pools, interpolation and grid sampling, forward and backward: ``for row in zoo(): ...``."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from compare import Row, compare

import nb_nn


def row(name: str, function: Callable, *arrays: np.ndarray) -> Row:
    """Forward and backward of a function of (library, tensors); gradients of all floating arguments are compared."""
    runs = []
    for library in (nb_nn, torch):
        leaves = [library.tensor(array).requires_grad_(array.dtype == np.float32) for array in arrays]
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        runs.append(lambda library=library, leaves=leaves, wanted=wanted: library.autograd.grad(
            function(library, *leaves).pow(2).sum(), wanted))
    return compare("zoo", name, *runs, agree=5e-3)


def zoo() -> Iterator[Row]:
    """Pooling of all kinds, interpolation, sampling."""
    random = np.random.default_rng(0)

    def image(*size: int) -> np.ndarray:
        return random.standard_normal(size, np.float32)

    signal, plane, volume = image(16, 64, 1024), image(16, 32, 56, 56), image(4, 16, 16, 32, 32)
    for name, call, array in (
            ("max_pool1d 2", lambda f, x: f.max_pool1d(x, 2), signal), ("max_pool2d 3 by 2", lambda f, x: f.max_pool2d(x, 3, 2, 1), plane),
            ("max_pool3d 2", lambda f, x: f.max_pool3d(x, 2), volume), ("max_pool3d 3 by 2", lambda f, x: f.max_pool3d(x, 3, 2, 1), volume),
            ("avg_pool1d 2", lambda f, x: f.avg_pool1d(x, 2), signal), ("avg_pool2d 3 by 2", lambda f, x: f.avg_pool2d(x, 3, 2, 1), plane),
            ("avg_pool3d 2", lambda f, x: f.avg_pool3d(x, 2), volume), ("lp_pool2d 2", lambda f, x: f.lp_pool2d(x, 2, 2), plane),
            ("adaptive_avg_pool2d 1", lambda f, x: f.adaptive_avg_pool2d(x, 1), plane),
            ("adaptive_avg_pool2d 5", lambda f, x: f.adaptive_avg_pool2d(x, 5), plane),
            ("adaptive_max_pool2d 5", lambda f, x: f.adaptive_max_pool2d(x, 5), plane),
            ("adaptive_avg_pool3d 5", lambda f, x: f.adaptive_avg_pool3d(x, 5), volume),
            ("adaptive_max_pool3d 5", lambda f, x: f.adaptive_max_pool3d(x, 5), volume),
            ("nearest x2", lambda f, x: f.interpolate(x, scale_factor=2), plane),
            ("bilinear x2", lambda f, x: f.interpolate(x, scale_factor=2, mode="bilinear"), plane),
            ("bicubic x2", lambda f, x: f.interpolate(x, scale_factor=2, mode="bicubic"), plane),
            ("trilinear x2", lambda f, x: f.interpolate(x, scale_factor=2, mode="trilinear"), volume),
            ("bilinear antialiased to 24", lambda f, x: f.interpolate(x, 24, mode="bilinear", antialias=True), plane)):
        yield row(name, lambda library, x, call=call: call(library.nn.functional, x), array)
    for mode in ("bilinear", "nearest", "bicubic"):
        yield row(f"grid_sample {mode} 8x32x32x32", lambda library, x, g, mode=mode: library.nn.functional.grid_sample(
            x, g, mode, align_corners=False), image(8, 32, 32, 32), random.uniform(-1, 1, (8, 32, 32, 2)).astype(np.float32))
    yield row("grid_sample volume 4x8x16", lambda library, x, g: library.nn.functional.grid_sample(x, g, align_corners=False),
              image(4, 8, 16, 16, 16), random.uniform(-1, 1, (4, 16, 16, 16, 3)).astype(np.float32))


GROUPS = (zoo,)
LIMITS = {"zoo": (0.8, 2.0)}
