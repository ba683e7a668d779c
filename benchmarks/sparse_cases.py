"""Sparse tensors: rows for run.py."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from compare import Row, compare

import nb_nn


def sparse() -> Iterator[Row]:
    """1 M coordinates, and a step of training a table of rows."""
    random = np.random.default_rng(0)
    n, nnz = 100_000, 1_000_000
    places, values = random.integers(0, n, (2, nnz)), random.standard_normal(nnz, np.float32)
    right = random.standard_normal((n, 64), np.float32)
    pair = [(library, library.sparse_coo_tensor(library.tensor(places), library.tensor(values), (n, n)), library.tensor(right))
            for library in (nb_nn, torch)]

    def parts(tensor):
        return tensor.indices(), tensor.values()

    yield compare("sparse", "coalesce, 1 M", *[lambda s=s: parts(s.coalesce()) for _, s, _ in pair])
    sorted_pair = [(library, s.coalesce(), d) for library, s, d in pair]
    yield compare("sparse", "sparse.mm 100k x 100k, 1 M, 64 columns", *[
        lambda library=library, s=s, d=d: library.sparse.mm(s, d) for library, s, d in sorted_pair], agree=1e-3)
    yield compare("sparse", "transposed sparse.mm", *[
        lambda library=library, s=s.t().coalesce(), d=d: library.sparse.mm(s, d) for library, s, d in sorted_pair], agree=1e-3)
    yield compare("sparse", "to_dense 2000 x 2000, 1 M", *[
        lambda s=library.sparse_coo_tensor(library.tensor(places % 2000), library.tensor(values), (2000, 2000)): s.to_dense()
        for library, _, _ in pair], agree=1e-3)
    index = random.integers(0, n, (64, 64))
    for name in ("SGD", "SparseAdam", "Adagrad"):
        steps = []
        for library, _, table in pair:
            layer = library.nn.Embedding(n, 64, sparse=True, _weight=table.clone())
            optimizer = getattr(library.optim, name)(layer.parameters(), lr=0.01)

            def step(layer=layer, optimizer=optimizer, index=library.tensor(index)):
                optimizer.zero_grad()
                layer(index).sum().backward()
                optimizer.step()
            steps.append(step)
        yield compare("sparse", f"embedding step, {name}", *steps, agree=None)


GROUPS = (sparse,)
LIMITS = {"sparse": (1.0, 2.0)}
