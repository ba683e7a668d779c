"""Calls of the array-API standard on few elements, beside array-api-compat's namespace of torch (nothing where that is not installed)."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from compare import Row, compare

from nb_nn import array_api

try:
    from array_api_compat import torch as compat
except ImportError:
    compat = None

CALLS = {
    "add": lambda p, x, i: p.add(x, x),
    "add of two types": lambda p, x, i: p.add(x, p.astype(i, p.float32)),
    "sin": lambda p, x, i: p.sin(x),
    "less": lambda p, x, i: p.less(x, 0.5),
    "where": lambda p, x, i: p.where(p.greater(x, x[0, 0]), x, x),
    "sum": lambda p, x, i: p.sum(x, axis=1),
    "sum of integers": lambda p, x, i: p.sum(i),
    "mean": lambda p, x, i: p.mean(x, axis=(0, 1)),
    "std": lambda p, x, i: p.std(x, axis=0),
    "max": lambda p, x, i: p.max(x, axis=1),
    "all": lambda p, x, i: p.all(p.isfinite(x)),
    "matmul": lambda p, x, i: p.matmul(x, x),
    "reshape": lambda p, x, i: p.reshape(x, (-1,)),
    "permute_dims": lambda p, x, i: p.permute_dims(x, (1, 0)),
    "concat": lambda p, x, i: p.concat([x, x], axis=1),
    "take": lambda p, x, i: p.take(x, i[0, :], axis=0),
    "sort": lambda p, x, i: p.sort(x, axis=1),
    "unique_values": lambda p, x, i: p.unique_values(i),
    "clip": lambda p, x, i: p.clip(x, -0.5, 0.5),
    "astype": lambda p, x, i: p.astype(x, p.float64),
    "x + x": lambda p, x, i: x + x,
    "x * number": lambda p, x, i: x * 2.5,
    "x // x": lambda p, x, i: x // x,
    "x < x": lambda p, x, i: x < x,
    "-x": lambda p, x, i: -x,
    "x[2, 1:4]": lambda p, x, i: x[2, 1:4],
    "x[::-1]": lambda p, x, i: p.flip(x, axis=0) if p is compat else x[::-1],
    "zeros": lambda p, x, i: p.zeros((8, 8)),
    "linalg.inv": lambda p, x, i: p.linalg.inv(x),
    "fft.rfft": lambda p, x, i: p.fft.rfft(x),
}


def standard() -> Iterator[Row]:
    """8 by 8 elements: what a call costs."""
    if compat is None:
        return
    random = np.random.default_rng(0)
    arrays = random.standard_normal((8, 8), np.float32), random.integers(0, 8, (8, 8))
    own, other = ([p.asarray(a) for a in arrays] for p in (array_api, compat))
    assert isinstance(other[0], torch.Tensor)
    for name, call in CALLS.items():
        yield compare("standard", name, lambda: call(array_api, *own), lambda: call(compat, *other))


GROUPS = (standard,)
LIMITS = {"standard": (2.0, 6.0)}
