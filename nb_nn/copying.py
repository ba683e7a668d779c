"""Copies and pickles of tensors: those that shared memory share it afterwards, too."""
from __future__ import annotations

from typing import Any

import numpy as np

from .core.storage import Storage, storage_of, storage_offset, strided
from .core.tensor_base import wrap
from .ops.view import strides_of


def deepcopy(tensor: Any, memo: dict) -> Any:
    """A copy of a leaf with a storage of its own, shared by the copies of what shares the original's."""
    if id(tensor) in memo:
        return memo[id(tensor)]
    if not tensor.is_leaf:
        raise RuntimeError("Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.")
    storage = storage_of(tensor)
    copied = memo.get(id(storage))
    if copied is None:
        copied = memo[id(storage)] = Storage(storage.root.copy())
        memo.setdefault(id(memo), []).append(storage)
    made = _rebuild(copied.root, tensor._array.shape, strides_of(tensor), storage_offset(tensor), tensor._dtype,
                    tensor._requires_grad, type(tensor))
    made._storage = copied
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
    storage = storage_of(tensor)
    return _rebuild, (storage.root, tuple(tensor._array.shape), strides_of(tensor), storage_offset(tensor), tensor._dtype,
                      tensor._requires_grad, type(tensor))


def _rebuild(root: np.ndarray, size: tuple, stride: tuple, offset: int, dtype: Any, requires_grad: bool, cls: type) -> Any:
    made = wrap(strided(root, size, stride, offset), dtype)
    made._storage = Storage(root)
    made._requires_grad = requires_grad
    made.__class__ = cls
    return made
