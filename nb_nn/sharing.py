"""The storage of a tensor: its memory as a typed storage, from a file, shared between processes."""
from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .autograd.views import geometry
from .core import dtype as dtypes
from .core.device import CPU
from .core.sparse_array import is_sparse
from .core.storage import storage_of, strided
from .core.tensor_base import wrap
from .storage import OF_DTYPE, over
from .storage_memory import shared_copy
from .storage_types import UntypedStorage


def _references(input: Any) -> tuple[int, int]:
    """How often a tensor's storage and its memory are referred to."""
    held = storage_of(input)
    return sys.getrefcount(held), sys.getrefcount(held.root)


def storage(input: Any) -> Any:
    """The memory of a tensor, shared with it, as a storage of its type.

    >>> tensor([[1, 2], [3, 4]])[1].storage().tolist()
    [1, 2, 3, 4]
    """
    if is_sparse(input):
        raise NotImplementedError("storage(): a sparse tensor has none; its parts _indices() and _values() have")
    if input._device is not CPU:
        raise RuntimeError("storage(): storages on CUDA devices are not supported")
    return over(storage_of(input), input._dtype)


def storage_type(input: Any) -> type:
    """The class of the tensor's storage.

    >>> tensor([1.0]).storage_type() is torch.FloatStorage
    True
    """
    return type(storage(input))


def untyped_storage(input: Any) -> UntypedStorage:
    """The memory of a tensor, shared with it, in bytes."""
    made = object.__new__(UntypedStorage)
    made.memory = storage(input).memory
    return made


def from_file(filename: Any, shared: bool = False, size: int = 0, *, dtype: Any = None, requires_grad: bool = False) -> Any:
    """A 1-d tensor over the first ``size`` elements of a file; with ``shared`` what is written goes to the file."""
    from .ops.creation import empty

    kind = dtype or dtypes.get_default_dtype()
    return empty(0, dtype=kind).set_(OF_DTYPE[kind].from_file(filename, shared, size)).requires_grad_(requires_grad)


def share_memory_(input: Any) -> Any:
    """Move the tensor's storage to memory that forked processes share, if it is not there yet; views of it move along."""
    if _references(input) != _references(wrap(np.empty(1, np.uint8), dtypes.uint8)):
        storage(input).share_memory_()
    elif not is_shared(input):                          # nobody else's, which is known at once
        held, (size, stride, offset) = storage_of(input), geometry(input)
        held.root, held.resizable = shared_copy(held.root), False
        input._array = strided(held.root, size, stride, offset, input._array.dtype)
    return input


def is_shared(input: Any) -> bool:
    """Whether other processes see what is written to the tensor."""
    return storage(input).is_shared()


def is_pinned(input: Any, device: Any = None) -> bool:
    """Whether the tensor's memory is pinned for CUDA.

    >>> torch.ones(2).is_pinned()
    False
    """
    return False


def pin_memory(input: Any, device: Any = None) -> Any:
    """A copy in memory that CUDA can read directly; RuntimeError without CUDA.

    >>> torch.ones(2).pin_memory().is_pinned()              # doctest: +SKIP
    True
    """
    return storage(input).pin_memory()
