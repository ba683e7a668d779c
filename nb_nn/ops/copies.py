"""Copies: into another tensor, of a tensor, in another type; sharing without history; other sizes."""
from __future__ import annotations

import math
import warnings
from typing import Any

from ..core import cuda_memory, launch, memory, tensor_base
from ..core.device import CPU
from ..core.geometry import broadcast_shapes, contiguous_strides, sizes_of
from ..core.op import derivative, inplace, op, zero_slope
from ..core.storage import Storage, root_of, storage_of, storage_offset, strided
from ..core.tensor_base import TensorBase, alias_of, view_of, wrap
from . import memory_format as formats

Tensor = TensorBase


def resize_(input: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Change the size in place; the elements in memory stay, in C order, and further ones are uninitialised.

    Where the storage is too small the tensor gets a larger one of its own; views that share the old one keep that.

    >>> tensor([[1, 2], [3, 4]]).resize_(3)
    tensor([1, 2, 3])
    """
    size = sizes_of(sizes)
    strides = contiguous_strides(size) if memory_format is None else formats.strides_of_format(
        "resize_", size, formats.checked("resize_", memory_format))
    if any(one < 0 for one in size):
        raise RuntimeError(f"resize_(): sizes must not be negative, got {list(size)}")
    if input._array.shape == size and (memory_format is None or formats.has_strides(input._array, strides)):
        return input
    if input.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    if input._detached:
        raise RuntimeError("resize_ is not allowed on a Tensor created from .data or .detach(): make the change on a copy")
    storage, offset, needed = storage_of(input), storage_offset(input), math.prod(size)
    held = root_of(input)
    if offset + needed > held.size:
        if not storage.resizable:
            raise RuntimeError("Trying to resize storage that is not resizable: it belongs to a NumPy array")
        root = memory.empty((needed,), held.dtype, input._device)
        kept = min(held.size - offset, needed)
        if input._device is CPU:
            root[:kept] = held[offset:offset + kept]
        elif kept:
            cuda_memory.copy(held[offset:offset + kept], root[:kept])
        input._storage, input._base, offset, held = Storage(root), None, 0, root
    input._array = strided(held, size, strides, offset)
    return input


def resize(input: Tensor, *sizes: Any) -> Tensor:
    """The elements in another size with as many of them. Deprecated: `reshape`, or `resize_` in place.

    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     tensor([[1, 2], [3, 4]]).resize(4)
    tensor([1, 2, 3, 4])
    """
    return resized("resize", input, sizes_of(sizes))


def resize_as(input: Tensor, tensor: Tensor) -> Tensor:
    """`resize` to the size of another tensor. Deprecated: `reshape_as`, or `resize_as_` in place."""
    return resized("resize_as", input, tensor._array.shape)


def resized(name: str, input: Tensor, size: tuple[int, ...]) -> Tensor:
    """The elements in another size, with their history."""
    warnings.warn(f"non-inplace {name} is deprecated", UserWarning, stacklevel=3)
    if math.prod(size) != input._array.size:
        raise RuntimeError(f"{name}: requested resize to {list(size)} ({math.prod(size)} elements in total), but the given tensor has a "
                           f"size of {list(input._array.shape)} ({input._array.size} elements); only the shape may change.")
    return input.contiguous().view(size)


def as_subclass(input: Tensor, cls: type) -> Any:
    """The tensor as an instance of a subclass of Tensor: a view, whose history is the tensor's.

    >>> class Mine(torch.Tensor):
    ...     pass
    >>> type(torch.ones(2).as_subclass(Mine)).__name__
    'Mine'
    """
    if not (isinstance(cls, type) and issubclass(cls, tensor_base.tensor_class)):
        raise TypeError(f"as_subclass(): cls must be a type that inherits from Tensor, got {cls!r}")
    made = alias(input)
    made.__class__ = cls
    return made


def resize_as_(input: Tensor, the_template: Tensor) -> Tensor:
    """`resize_` to the size of another tensor."""
    return resize_(input, the_template._array.shape)


@op
def alias(input: Tensor) -> Tensor:
    """A view of everything."""
    return view_of(input, input._array.view())


derivative(alias, input=lambda grad: grad)


def detach(input: Tensor) -> Tensor:
    """A tensor that shares ``input``'s memory but not its history; it never requires a gradient.

    Its size, strides and storage cannot be changed in place.

    >>> x = tensor([1.0], requires_grad=True)
    >>> detach(x * 2)
    tensor([2.])
    """
    made = alias_of(input)
    made._detached = True
    return made


@op
def copy(input: Tensor, src: Any, non_blocking: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The elements of ``src``, broadcast and cast to the size and type of ``input``.

    >>> torch.zeros(2).copy_(tensor(3))
    tensor([3., 3.])
    """
    target = launch.empty(input._array.shape, input._dtype, input._device) if out is None else out
    if not isinstance(src, TensorBase):
        raise TypeError(f"copy_(): argument 'other' must be Tensor, not {type(src).__name__}")
    if src is target:
        return target
    launch.check_out("copy_", target, target._array.shape, target._dtype, (input,))
    if src._dtype.category == 3:
        warn_of_imaginary_parts(src._dtype, target._dtype)
    missing = len(target._array.shape) - src._array.ndim
    if missing < 0 or any(own not in (1, new) for own, new in zip(src._array.shape, target._array.shape[missing:])):
        raise RuntimeError(f"output with shape {list(target._array.shape)} doesn't match the broadcast shape "
                           f"{list(broadcast_shapes(target._array.shape, src._array.shape))}")
    launch.copy_array(src._array if src._device is target._device else cuda_memory.moved(src._array, target._device), src._dtype, target)
    return target


copy_ = inplace(copy)
copy.declaration.node_name = "CopyBackwards"
derivative(copy, input=zero_slope, src=lambda grad: grad)


def copy_result(name: str, result: Tensor, out: Tensor) -> Tensor:
    """A result copied into ``out`` with its history, as PyTorch does where a function has no kernel that writes there."""
    launch.check_out(name, out, result._array.shape, result._dtype)
    return copy_(out, result)


@op
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy in memory of its own, with ``input`` as its history; in the order of ``memory_format``, or else in that of ``input``.

    >>> clone(tensor([1, 2]))
    tensor([1, 2])
    """
    return formats.copied("clone", input, formats.checked("clone", memory_format))


derivative(clone, input=lambda grad: grad)


@op
def cast(input: Tensor, dtype: Any) -> Tensor:
    """A copy of the elements in another type."""
    return wrap(launch.convert(input._array, input._dtype, dtype), dtype)


cast.declaration.node_name = "ToCopyBackward0"
derivative(cast, input=lambda grad, input_dtype: (grad.real if grad.is_complex() and not input_dtype.is_complex else grad).to(input_dtype))

_told = [False]


def warn_of_imaginary_parts(kind: Any, new: Any) -> None:
    """Say once in a process that a cast from complex to real numbers keeps the real parts."""
    if kind.category == 3 and 0 < new.category < 3 and not _told[0]:
        _told[0] = True
        warnings.warn("Casting complex values to real discards the imaginary part", UserWarning, stacklevel=4)

