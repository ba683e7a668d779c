"""Segments, factors of symmetric matrices, sparse softmax, LOBPCG and functional derivatives."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from compare import Row, compare

import nb_nn


def names() -> Iterator[Row]:
    """Names that came late and compute something."""
    random = np.random.default_rng(0)
    for shape, count in (((1000000,), 1000), ((10000, 100), 1000)):
        data, lengths = random.standard_normal(shape, np.float32), np.full(count, shape[0] // count)
        own, other = (nb_nn.tensor(data), nb_nn.tensor(lengths)), (torch.tensor(data), torch.tensor(lengths))
        for how in ("sum", "max"):
            yield compare("names", f"segment_reduce {how} {shape}", lambda: nb_nn.segment_reduce(own[0], how, lengths=own[1]),
                          lambda: torch.segment_reduce(other[0], how, lengths=other[1]))
    for shape in ((1000, 4, 4), (100, 16, 16), (200, 200)):
        a, b = random.standard_normal(shape), random.standard_normal((*shape[:-1], 2))
        a = a + a.swapaxes(-1, -2)
        own, other = (nb_nn.tensor(a), nb_nn.tensor(b)), (torch.tensor(a), torch.tensor(b))
        yield compare("names", f"ldl_factor {shape}", lambda: nb_nn.linalg.ldl_factor(own[0]), lambda: torch.linalg.ldl_factor(other[0]))
        made, theirs = nb_nn.linalg.ldl_factor(own[0]), torch.linalg.ldl_factor(other[0])
        yield compare("names", f"ldl_solve {shape}", lambda: nb_nn.linalg.ldl_solve(*made, own[1]),
                      lambda: torch.linalg.ldl_solve(*theirs, other[1]))
    a = random.standard_normal((300, 300))
    symmetric = nb_nn.tensor(a @ a.T), torch.tensor(a @ a.T)
    yield compare("names", "lobpcg 300, k=3", lambda: nb_nn.lobpcg(symmetric[0], 3)[0],
                  lambda: torch.lobpcg(symmetric[1], 3)[0])
    places, values = random.integers(0, 1000, (2, 100000)), random.standard_normal(100000, np.float32)
    own, other = (library.sparse_coo_tensor(library.tensor(places), library.tensor(values), (1000, 1000)).coalesce()
                  for library in (nb_nn, torch))
    yield compare("names", "sparse.softmax of 100,000", lambda: nb_nn.sparse.softmax(own, 1).values(),
                  lambda: torch.sparse.softmax(other, 1).values())
    vectors = nb_nn.tensor(values[:50]), torch.tensor(values[:50])
    for name in ("jacobian", "hessian"):
        function = (lambda x: x.exp() * x.roll(1, 0)) if name == "jacobian" else (lambda x: (x.exp() * x.roll(1, 0)).sum())
        yield compare("names", f"functional.{name} of 50", lambda: getattr(nb_nn.autograd.functional, name)(function, vectors[0]),
                      lambda: getattr(torch.autograd.functional, name)(function, vectors[1]))


GROUPS = (names,)
LIMITS = {"names": (1.5, 7.5)}
