"""Softmax of what a sparse tensor stores: elements that it does not store count as minus infinity."""
from __future__ import annotations

from typing import Any

import numpy as np

from ...core import dtype as dtypes
from ...core import launch
from ...core.geometry import wrap_dim
from ...core.tensor_base import TensorBase, wrap
from .. import exponential, scatter_reduce
from .. import softmax as strided
from .parts import check_sparse, coalesced_parts, keys_of, sparse_of

Tensor = TensorBase


def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """exp of the values, divided by the sums of exp along ``dim``, which may be a sparse or a dense dimension.

    ``dtype`` is the type to compute in. The result is coalesced and stores the places that ``input`` does.

    >>> s = torch.sparse_coo_tensor([[0, 0, 1], [0, 2, 1]], [1.0, 1.0, 5.0], (2, 3))
    >>> torch.sparse.softmax(s, 1).to_dense()
    tensor([[0.5000, 0.0000, 0.5000],
            [0.0000, 1.0000, 0.0000]])
    """
    return normalized("softmax", input, dim, dtype)


def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """Logarithm of `softmax`, computed without its roundings.

    >>> s = torch.sparse_coo_tensor([[0, 0, 1], [0, 2, 1]], [1.0, 1.0, 5.0], (2, 3))
    >>> torch.sparse.log_softmax(s, 1).values()
    tensor([-0.6931, -0.6931,  0.0000])
    """
    return normalized("log_softmax", input, dim, dtype)


def normalized(name: str, input: Tensor, dim: int, dtype: Any) -> Tensor:
    """Either, along a dense dimension in each row of values, along a sparse one among the values that differ there alone."""
    check_sparse(name, input)
    if dtype is not None:
        input = input.to(dtype)
    if input._dtype.category != 2:
        raise launch.not_implemented(name, input._dtype)
    dim = wrap_dim(dim, len(input._array.shape))
    indices, values = coalesced_parts(input)
    sparse_dim = indices._array.shape[0]
    if dim >= sparse_dim:
        made = getattr(strided, name)(values, dim - sparse_dim + 1)
    else:
        made = along_sparse(name, values, groups(indices, input._array.shape, dim))
    return sparse_of(made, indices, input._array.shape, True)


def groups(indices: Tensor, size: tuple[int, ...], dim: int) -> np.ndarray:
    """A number from 0 for each place, the same for places that differ in one dimension alone."""
    rest = [one for one in range(indices._array.shape[0]) if one != dim]
    if not rest:
        return np.zeros(indices._array.shape[1], np.int64)
    keys = keys_of(indices.cpu()[rest], [size[one] for one in rest])
    if keys.size and bool((keys[1:] >= keys[:-1]).all()):           # as where the last sparse dimension is meant
        return np.concatenate(([0], np.cumsum(keys[1:] != keys[:-1])))
    return np.unique(keys, return_inverse=True)[1].reshape(-1)


def along_sparse(name: str, values: Tensor, group: np.ndarray) -> Tensor:
    """Either, of rows of values, among the rows of one group."""
    count, index = int(group.max(initial=-1)) + 1, wrap(group, dtypes.int64).to(values._device)
    none = values.new_full((count, *values.shape[1:]), -np.inf)
    highest = scatter_reduce.index_reduce(none, 0, index, values.detach(), "amax", include_self=False)
    shifted = values - highest.index_select(0, index)
    scaled = exponential.exp(shifted)
    total = scaled.new_zeros(none.shape).index_add(0, index, scaled).index_select(0, index)
    return scaled / total if name == "softmax" else shifted - exponential.log(total)
