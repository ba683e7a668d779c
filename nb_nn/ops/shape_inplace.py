"""Changes of a tensor's own size, strides and storage; the memory itself is not written to."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd import views
from ..core import memory
from ..core import storage as storages
from ..core.geometry import contiguous_strides, sizes_of
from ..core.state import state
from ..core.storage import Storage, storage_of, strided
from ..core.tensor_base import TensorBase
from . import as_strided, view

Tensor = TensorBase


def become(input: Tensor, function: Callable, *args: Any) -> Tensor:
    """Make ``input`` the view that ``function`` has of it.

    The view's history is the operation on what ``input`` was; if that was a view itself, it stays one of the same base.
    """
    check_free(input, function.__name__ + "_")
    if state.grad:
        views.check_writable(input)
    made = function(input, *args)
    storage = storage_of(input)
    input._array = made._array
    storage.version += 1
    if made._requires_grad:
        input._node, input._output_number, input._requires_grad = made._node, made._output_number, True
    if input._base is not None:
        input._view_version = storage.version
    return input


def check_free(input: Tensor, name: str) -> None:
    """RuntimeError for a result of ``detach``, which stays the size it was."""
    if input._detached:
        raise RuntimeError(f"{name} is not allowed on a Tensor created from .data or .detach(): its size, strides and storage are those "
                           "of the tensor it came from. Make the change on a copy, or on that tensor under no_grad.")


def squeeze_(input: Tensor, dim: Any = None) -> Tensor:
    """In-place form of `squeeze`.

    >>> torch.ones(1, 2).squeeze_().shape
    torch.Size([2])
    """
    return become(input, view.squeeze, dim)


def unsqueeze_(input: Tensor, dim: int) -> Tensor:
    """In-place form of `unsqueeze`.

    >>> tensor([1, 2]).unsqueeze_(0).shape
    torch.Size([1, 2])
    """
    return become(input, view.unsqueeze, dim)


def t_(input: Tensor) -> Tensor:
    """In-place form of `t`.

    >>> tensor([[1, 2]]).t_()
    tensor([[1],
            [2]])
    """
    return become(input, view.t)


def transpose_(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """In-place form of `transpose`.

    >>> zeros(2, 3).transpose_(0, 1).shape
    torch.Size([3, 2])
    """
    return become(input, view.transpose, dim0, dim1)


def as_strided_(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """In-place form of `as_strided`.

    >>> tensor([1, 2, 3, 4]).as_strided_((2,), (2,))
    tensor([1, 3])
    """
    return become(input, as_strided.as_strided, size, stride, storage_offset)


def set_(input: Tensor, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None) -> Tensor:
    """Let the tensor be a view of another tensor's memory, or of a storage, with any size and strides (default: all, flat).

    Without a source the tensor becomes empty. A storage that is too small for the geometry grows.

    >>> tensor([0.0]).set_(torch.FloatStorage([1, 2, 3, 4]), 1, (2,), (2,))
    tensor([2., 4.])
    """
    check_free(input, "set_")
    if state.grad:
        views.check_writable(input)
    if isinstance(source, TensorBase):
        held, kind = storage_of(source), source._dtype
        if size is None:
            size, stride, storage_offset = source._array.shape, as_strided.strides_of(source), storages.storage_offset(source)
    elif source is None:
        held, kind, size, stride = Storage(memory.empty((0,), input._dtype.numpy)), input._dtype, (0,), (1,)
    elif hasattr(source, "memory"):
        held, kind = source.memory, source.dtype
    else:
        raise TypeError(f"set_(): expected a tensor or a storage, got {type(source).__name__}")
    if kind is not input._dtype:
        raise RuntimeError(f"set_(): a tensor of type {input._dtype.name} cannot view memory of type {kind.name}")
    size = (held.root.nbytes // kind.itemsize - storage_offset,) if size is None else sizes_of((size,))
    stride = contiguous_strides(size) if stride is None else sizes_of((stride,))
    _check_geometry(size, stride, storage_offset)
    needed = 0 if 0 in size else storage_offset + 1 + sum((n - 1) * step for n, step in zip(size, stride))
    if needed * kind.itemsize > held.root.nbytes:
        _grow(held, kind, needed)
    input._array = strided(held.root, size, stride, storage_offset, kind.numpy)
    input._storage, input._base, input._node, input._requires_grad = held, None, None, False
    held.version += 1
    return input


def _check_geometry(size: tuple, stride: tuple, offset: int) -> None:
    if len(size) != len(stride):
        raise RuntimeError(f"set_(): unequal size length ({len(size)}) and stride length ({len(stride)})")
    if offset < 0:
        raise RuntimeError(f"set_(): invalid storage offset {offset}")
    if any(one < 0 for one in (*size, *stride)):
        raise RuntimeError(f"set_(): sizes and strides must not be negative, got {list(size)} and {list(stride)}")


def _grow(held: Storage, kind: Any, needed: int) -> None:
    from ..storage import over

    over(held, kind).resize_(needed)


def is_set_to(input: Tensor, tensor: Tensor) -> bool:
    """Whether both are the same view of the same memory: storage, offset, size and strides.

    >>> x = ones(2, 2)
    >>> x.is_set_to(x.view(2, 2)), x.is_set_to(x.clone())
    (True, False)
    """
    mine, other = storage_of(input).root, storage_of(tensor).root
    return (input._dtype is tensor._dtype and memory.pointer(mine) == memory.pointer(other) and mine.size == other.size
            and views.geometry(input) == views.geometry(tensor))
