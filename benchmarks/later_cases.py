"""Later functions on 4 M float32, and scatter_reduce and quantile."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from compare import Row, compare

import nb_nn


def later() -> Iterator[Row]:
    """Functions that came after torch 1.1."""
    random = np.random.default_rng(0)
    x, y = (random.standard_normal((2048, 2048), np.float32) for _ in range(2))
    own, other = (nb_nn.tensor(x), nb_nn.tensor(y)), (torch.tensor(x), torch.tensor(y))
    for name in ("asinh", "sinc", "nan_to_num", "deg2rad", "signbit"):
        yield compare("later", name, lambda: getattr(nb_nn, name)(own[0]), lambda: getattr(torch, name)(other[0]))
    for name in ("hypot", "copysign", "fmax", "heaviside", "xlogy", "logaddexp2"):
        yield compare("later", name, lambda: getattr(nb_nn, name)(*own), lambda: getattr(torch, name)(*other))
    yield compare("later", "i0", lambda: nb_nn.i0(own[0]), lambda: torch.i0(other[0]))
    rows = x[:, :512].copy()
    given = nb_nn.tensor(rows), torch.tensor(rows)
    yield compare("later", "quantile of rows", lambda: nb_nn.quantile(given[0], 0.3, 1), lambda: torch.quantile(given[1], 0.3, 1))
    yield compare("later", "cov 512x2048", lambda: nb_nn.cov(own[0][:512]), lambda: torch.cov(other[0][:512]))
    places = random.integers(0, 512, rows.shape)
    where = nb_nn.tensor(places), torch.tensor(places)
    for how in ("sum", "amax"):
        yield compare("later", f"scatter_reduce {how}", lambda: nb_nn.scatter_reduce(given[0], 1, where[0], given[0], how),
                      lambda: torch.scatter_reduce(given[1], 1, where[1], given[1], how))


GROUPS = (later,)
LIMITS = {"later": (1.0, 3.0)}
