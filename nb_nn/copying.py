"""Copies and pickles of tensors: those that shared memory share it afterwards, too."""
from __future__ import annotations

from typing import Any

import numpy as np

from .core.sparse_array import is_sparse
from .core.storage import Storage, storage_of, storage_offset, strided
from .core.tensor_base import wrap
from .ops.as_strided import strides_of
from .ops.sparse.parts import wrap_sparse


def deepcopy(tensor: Any, memo: dict) -> Any:
    """A copy of a leaf with a storage of its own, shared by the copies of what shares the original's."""
    if id(tensor) in memo:
        return memo[id(tensor)]
    if not tensor.is_leaf:
        raise RuntimeError("Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.")
    if is_sparse(tensor):
        return sparse_copy(tensor, memo)
    storage = storage_of(tensor)
    copied = memo.get(id(storage))
    if copied is None:
        copied = memo[id(storage)] = Storage(storage.root.copy())
        memo.setdefault(id(memo), []).append(storage)
    made = _rebuild(copied.root, tensor._array.shape, strides_of(tensor), storage_offset(tensor), tensor._dtype,
                    tensor._requires_grad, type(tensor))
    made._storage = copied
    return with_attributes(made, tensor, memo)


def with_attributes(made: Any, tensor: Any, memo: dict) -> Any:
    """A copy with copies of the gradient and of what else hangs on the original."""
    memo[id(tensor)] = made
    if tensor._grad is not None:
        made._grad = deepcopy(tensor._grad, memo)
    for name, value in tensor.__dict__.items():
        if not name.startswith("_"):
            import copy

            made.__dict__[name] = copy.deepcopy(value, memo)
    return made


def reduce(tensor: Any) -> tuple:
    """What pickle keeps of a tensor: the part of the storage it can see, and its geometry."""
    if not tensor.is_leaf:
        raise RuntimeError("Only Tensors created explicitly by the user (graph leaves) can be pickled; detach() this one first.")
    if is_sparse(tensor):
        return _rebuild_sparse, (*own_parts(tensor), tensor._requires_grad, type(tensor))
    storage = storage_of(tensor)
    return _rebuild, (storage.root, tuple(tensor._array.shape), strides_of(tensor), storage_offset(tensor), tensor._dtype,
                      tensor._requires_grad, type(tensor))


def _rebuild(root: np.ndarray, size: tuple, stride: tuple, offset: int, dtype: Any, requires_grad: bool, cls: type) -> Any:
    made = wrap(strided(root, size, stride, offset, dtype.numpy), dtype)
    made._storage = Storage(root)
    made._requires_grad = requires_grad
    made.__class__ = cls
    return made


def own_parts(tensor: Any) -> tuple:
    """Indices, values, size and state of a sparse tensor."""
    array = tensor._array
    return array.indices, array.values, tuple(array.shape), array.coalesced


def sparse_copy(tensor: Any, memo: dict) -> Any:
    """A copy of a sparse leaf."""
    indices, values, size, coalesced = own_parts(tensor)
    return with_attributes(_rebuild_sparse(deepcopy(indices, memo), deepcopy(values, memo), size, coalesced, tensor._requires_grad,
                                           type(tensor)), tensor, memo)


def _rebuild_sparse(indices: Any, values: Any, size: tuple, coalesced: bool, requires_grad: bool, cls: type) -> Any:
    made = wrap_sparse(indices, values, size, coalesced)
    made._requires_grad = requires_grad
    made.__class__ = cls
    return made
