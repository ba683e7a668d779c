"""What stands in a sparse tensor where a strided one has its memory: coordinates and values.

A sparse tensor is a Tensor whose ``_array`` is a `SparseArray`. It knows its shape, so that the engine and whatever asks for sizes
alone need no second way; anything that wants memory raises `SparseAccess`, which the choke point (op.py) takes as the question
whether the operation has a form for sparse tensors. Strided tensors never pay for it.
"""
from __future__ import annotations

import math
from typing import Any

TEXT = "a sparse tensor has no strided memory, which this would need; to_dense() gives a strided one"


class SparseAccess(AttributeError, NotImplementedError):
    """Something wanted the strided memory of a sparse tensor (a RuntimeError to the user)."""


class SparseArray:
    """COO coordinates (sparse_dim, nnz) of int64 and values (nnz, *dense sizes), as strided tensors without history."""

    __slots__ = ("shape", "ndim", "size", "indices", "values", "coalesced")

    def __init__(self, shape: tuple[int, ...], indices: Any, values: Any, coalesced: bool):
        self.shape = shape
        self.ndim = len(shape)
        self.size = math.prod(shape)
        self.indices = indices
        self.values = values
        self.coalesced = coalesced          # sorted, and each place at most once

    def __len__(self) -> int:
        return self.shape[0]

    def __getattr__(self, name: str) -> Any:
        raise SparseAccess(TEXT)

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise SparseAccess(TEXT)

    __array__ = __array_ufunc__ = __array_function__ = __getitem__ = __setitem__ = __iter__ = _refuse


def is_sparse(tensor: Any) -> bool:
    """Whether a tensor is sparse."""
    return tensor._array.__class__ is SparseArray
