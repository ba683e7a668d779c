"""More calls on few elements, more ways of moving 4 M elements, and pieces of networks on small sizes, forward and backward."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from compare import Row, compare
from library_cases import SIDE, arrays, rows

import nb_nn


def more_small_calls() -> Iterator[Row]:
    """Calls on few elements that `small_calls` leaves out."""
    random = np.random.default_rng(0)
    ours, theirs = arrays(np.arange(10, dtype=np.float32), np.arange(12, dtype=np.float32).reshape(3, 4), np.array([1, 0, 2]),
                          np.array([[0, 1, 2, 0], [1, 0, 3, 1], [2, 2, 1, 3]]), random.standard_normal((1, 3, 8, 8)).astype(np.float32))
    yield from rows("more small calls", {
        "m + row": lambda lib, x, m, i, j, image: m + m[0], "m * column": lambda lib, x, m, i, j, image: m * m[:, :1],
        "1 - x": lambda lib, x, m, i, j, image: 1 - x, "x == x": lambda lib, x, m, i, j, image: x == x,
        "max": lambda lib, x, m, i, j, image: m.max(), "sum(0)": lambda lib, x, m, i, j, image: m.sum(0),
        "any": lambda lib, x, m, i, j, image: (m > 3).any(), "var": lambda lib, x, m, i, j, image: m.var(1),
        "norm": lambda lib, x, m, i, j, image: x.norm(), "argmax(1)": lambda lib, x, m, i, j, image: m.argmax(1),
        "topk": lambda lib, x, m, i, j, image: x.topk(3)[0], "nonzero": lambda lib, x, m, i, j, image: m.nonzero(),
        "equal": lambda lib, x, m, i, j, image: lib.tensor(lib.equal(x, x)), "m[i, i]": lambda lib, x, m, i, j, image: m[i, i],
        "m[mask] = 0": lambda lib, x, m, i, j, image: m.clone().__setitem__(m > 5, 0.0) or m,
        "scatter_add": lambda lib, x, m, i, j, image: m.scatter_add(1, j, m),
        "index_add": lambda lib, x, m, i, j, image: m.index_add(0, i, m), "view": lambda lib, x, m, i, j, image: m.view(-1),
        "flatten": lambda lib, x, m, i, j, image: m.flatten(), "permute": lambda lib, x, m, i, j, image: m.permute(1, 0),
        "expand": lambda lib, x, m, i, j, image: x[None].expand(3, 10), "diag": lambda lib, x, m, i, j, image: m.diag(),
        "roll": lambda lib, x, m, i, j, image: x.roll(1), "eye": lambda lib, x, m, i, j, image: lib.eye(3),
        "full": lambda lib, x, m, i, j, image: lib.full((3, 4), 2.0), "zeros_like": lambda lib, x, m, i, j, image: lib.zeros_like(m),
        "one_hot": lambda lib, x, m, i, j, image: lib.nn.functional.one_hot(i, 3),
        "cross_entropy": lambda lib, x, m, i, j, image: lib.nn.functional.cross_entropy(m, i),
        "mse_loss": lambda lib, x, m, i, j, image: lib.nn.functional.mse_loss(m, m * 2),
        "layer_norm": lambda lib, x, m, i, j, image: lib.nn.functional.layer_norm(m, (4,)),
        "max_pool2d": lambda lib, x, m, i, j, image: lib.nn.functional.max_pool2d(image, 2),
        "pad": lambda lib, x, m, i, j, image: lib.nn.functional.pad(image, (1, 1, 1, 1)),
    }, ours, theirs)


def more_data() -> Iterator[Row]:
    """Casts, copies and rearrangements of 4 M elements."""
    random = np.random.default_rng(0)
    x, index = random.standard_normal((SIDE, SIDE), np.float32), random.integers(0, SIDE, (SIDE, SIDE))
    images = random.standard_normal((32, 64, 32, 32), np.float32)
    ours, theirs = arrays(np.abs(x) * 10, index, images, x > 0)
    yield from rows("more data", {
        "float32 to uint8": lambda lib, x, index, v, mask: x.byte(), "float32 to int64": lambda lib, x, index, v, mask: x.long(),
        "float32 to bool": lambda lib, x, index, v, mask: x.bool(), "int64 to float32": lambda lib, x, index, v, mask: index.float(),
        "bool to float32": lambda lib, x, index, v, mask: mask.float(), "x // 2": lambda lib, x, index, v, mask: x // 2,
        "index_fill columns": lambda lib, x, index, v, mask: x.index_fill(1, index[0], 0),
        "index_copy": lambda lib, x, index, v, mask: x.index_copy(0, index[0].unique(), x[:len(index[0].unique())]),
        "scatter_reduce amax": lambda lib, x, index, v, mask: x.scatter_reduce(1, index, x, "amax"),
        "scatter_reduce mean": lambda lib, x, index, v, mask: x.scatter_reduce(1, index, x, "mean"),
        "triu": lambda lib, x, index, v, mask: x.triu(), "flip of both": lambda lib, x, index, v, mask: x.flip(0, 1),
        "roll of both": lambda lib, x, index, v, mask: x.roll((5, 7), (0, 1)),
        "x[:, ::2] copied": lambda lib, x, index, v, mask: x[:, ::2].contiguous(),
        "channels last": lambda lib, x, index, v, mask: v.permute(0, 2, 3, 1).contiguous(),
        "cat of columns": lambda lib, x, index, v, mask: lib.cat((x, x), 1),
        "repeat 2x2": lambda lib, x, index, v, mask: v[:, :16].repeat(1, 1, 2, 2),
        "sum over (0, 2, 3)": lambda lib, x, index, v, mask: v.sum((0, 2, 3)),
        "mean over (2, 3)": lambda lib, x, index, v, mask: v.mean((2, 3)), "mask.sum(1)": lambda lib, x, index, v, mask: mask.sum(1),
        "int64 max(1)": lambda lib, x, index, v, mask: index.max(1)[0], "row factors": lambda lib, x, index, v, mask: x * x[:, :1],
    }, ours, theirs, budget=0.05, rounds=9)


def passes(lib: Any, function: Callable, given: list[np.ndarray]) -> Callable:
    """Forward and backward of a function of tensors, with ones as the gradient."""
    leaves = [lib.tensor(array).requires_grad_() for array in given]

    def run() -> Any:
        for leaf in leaves:
            leaf.grad = None
        made = function(lib, *leaves)
        made.backward(lib.ones_like(made))
        return made
    return run


def pieces() -> Iterator[Row]:
    """Pieces of networks, forward and backward."""
    random = np.random.default_rng(0)

    def normal(*size: int) -> np.ndarray:
        return random.standard_normal(size, np.float32)

    images, points = normal(16, 32, 32, 32), np.clip(normal(16, 32, 32, 2), -1, 1)
    cases = {
        "softmax 100,000x10": (lambda lib, a: a.softmax(1), normal(100000, 10)), "softmax of images": (lambda lib, a: a.softmax(1), images),
        "layer_norm 64": (lambda lib, a: lib.nn.functional.layer_norm(a, (64,)), normal(16384, 64)),
        "normalize": (lambda lib, a: lib.nn.functional.normalize(a), normal(4096, 256)),
        "norm of 1 M": (lambda lib, a: a.norm(), normal(1024, 1024)),
        "cosine_similarity": (lambda lib, a, b: lib.nn.functional.cosine_similarity(a, b), normal(4096, 256), normal(4096, 256)),
        "max_pool1d": (lambda lib, a: lib.nn.functional.max_pool1d(a, 2), normal(32, 64, 512)),
        "avg_pool3d": (lambda lib, a: lib.nn.functional.avg_pool3d(a, 2), normal(4, 16, 16, 32, 32)),
        "adaptive_avg_pool1d": (lambda lib, a: lib.nn.functional.adaptive_avg_pool1d(a, 4), normal(16, 64, 512)),
        "adaptive_avg_pool2d": (lambda lib, a: lib.nn.functional.adaptive_avg_pool2d(a, 7), normal(8, 64, 28, 28)),
        "grid_sample, 3 channels": (lambda lib, a, b: lib.nn.functional.grid_sample(a, b, align_corners=False), images[:, :3], points),
        "bicubic, 3 channels": (lambda lib, a: lib.nn.functional.interpolate(a, scale_factor=2, mode="bicubic"), images[:, :3]),
        "pad": (lambda lib, a: lib.nn.functional.pad(a, (1, 1, 1, 1)), images),
        "unfold": (lambda lib, a: lib.nn.functional.unfold(a, 3, padding=1), normal(8, 16, 32, 32)),
        "cat": (lambda lib, a, b: lib.cat((a, b), 1), images, images),
    }
    for name, (function, *given) in cases.items():
        yield compare("pieces", name, passes(nb_nn, function, given), passes(torch, function, given))
    sizes = [(16,)] * 40 + [(16, 16)] * 40
    parameters = [[lib.nn.Parameter(lib.zeros(size)) for size in sizes] for lib in (nb_nn, torch)]
    for lib, own in zip((nb_nn, torch), parameters):
        for one in own:
            one.grad = lib.ones_like(one).detach()
    yield compare("pieces", "clip_grad_norm_ of 80", lambda: nb_nn.nn.utils.clip_grad_norm_(parameters[0], 1.0),
                  lambda: torch.nn.utils.clip_grad_norm_(parameters[1], 1.0))
    for name, options in (("SGD", {}), ("SGD", {"momentum": 0.9}), ("Adam", {})):
        steps = [getattr(lib.optim, name)(own, lr=1e-3, **options).step for lib, own in zip((nb_nn, torch), parameters)]
        yield compare("pieces", f"{name}{' with momentum' if options else ''} of 80 parameters", *steps, agree=None)


GROUPS = (more_small_calls, more_data, pieces)
LIMITS = {"more small calls": (3.0, 6.0), "more data": (1.0, 2.0), "pieces": (1.0, 2.5)}
