"""Tensors joined, repeated, and rearranged."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.device import CPU
from ..core.geometry import wrap_dim
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap, wrap_host
from . import slicing, view

Tensor = TensorBase
SMALL = 1 << 15                 # fewer elements are joined by NumPy, which begins sooner


def tensors_of(name: str, tensors: Any) -> tuple:
    """A sequence of tensors, checked."""
    if isinstance(tensors, TensorBase) or not isinstance(tensors, (tuple, list)):
        raise TypeError(f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}")
    for place, one in enumerate(tensors):
        if not isinstance(one, TensorBase):
            raise TypeError(f"{name}(): expected Tensor as element {place} in argument 0, but got {type(one).__name__}")
    return tuple(tensors)


def common_type(tensors: tuple) -> Any:
    """The type that holds the elements of all tensors."""
    kind = tensors[0]._dtype
    for one in tensors:
        if one._dtype is not kind:
            return dtypes.promote_operands(tensors)
    return kind


def few_alike(tensors: tuple, of_one_size: bool = True) -> list | None:
    """The arrays of tensors on the CPU that have one type and size (or only as many dimensions), lie in C order, and hold few
    elements; None of others."""
    first, count, arrays = tensors[0], 0, []
    kind, shape = first._dtype, first._array.shape
    for one in tensors:
        array = one._array
        unlike = array.shape != shape and (of_one_size or array.ndim != len(shape))
        if unlike or one._dtype is not kind or one._device is not CPU or not array.flags.c_contiguous:
            return None
        count += array.size
        arrays.append(array)
    return arrays if count < SMALL else None


def in_channels_last(arrays: list) -> bool:
    """Whether images or volumes all lie with their channels last."""
    return arrays[0].ndim in (4, 5) and not arrays[0].flags.c_contiguous and all(
        np.moveaxis(array, 1, -1).flags.c_contiguous for array in arrays)


def joined(name: str, tensors: tuple, arrays: list, dim: int, kind: Any, out: Any) -> Tensor:
    """The arrays of tensors, of which each has the size of the first but in ``dim``, one after the other along it."""
    if out is None and in_channels_last(arrays):
        last = {0: 0, 1: arrays[0].ndim - 1}.get(dim, dim - 1)
        made = joined(name, tensors, [np.moveaxis(array, 1, -1) for array in arrays], last, kind, None)
        return wrap(np.moveaxis(made._array, -1, 1), kind)
    count = length = 0
    same = out is None
    for one, array in zip(tensors, arrays):
        count, length, same = count + array.size, length + array.shape[dim], same and one._dtype is kind
    shape = arrays[0].shape
    size = (*shape[:dim], length, *shape[dim + 1:])
    if same and count < SMALL and tensors[0]._device is CPU:
        return wrap(np.concatenate(arrays, dim, np.empty(size, kind.numpy)), kind)
    if out is None:
        made = memory.empty(size, kind.numpy, launch.same_device(name, tensors))
    else:
        if not dtypes.can_cast(kind, out._dtype):
            raise TypeError(f"torch.{name}(): input types can't be cast to the desired output type {out._dtype.tensor_name[:-6]}")
        launch.check_out(name, out, size, kind)
        if any(memory.may_share(array, out._array) for array in arrays):
            return launch.deliver(name, joined(name, tensors, arrays, dim, kind, None)._array, kind, out)
        made, kind = out._array, out._dtype
    start, before = 0, (slice(None),) * dim
    for one, array in zip(tensors, arrays):
        stop = start + array.shape[dim]
        launch.copy_array(array, one._dtype, wrap(made[(*before, slice(start, stop))], kind))
        start = stop
    return wrap(made, kind) if out is None else out


def cat(tensors: Any, dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors one after the other along ``dim``.

    Shape: all of one size, but in ``dim``; empty vectors are skipped, whatever the others are. Types promote.

    >>> cat([tensor([[1, 2]]), tensor([[3, 4], [5, 6]])])
    tensor([[1, 2],
            [3, 4],
            [5, 6]])
    """
    tensors = tensors_of("cat", tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    return cat_dim(tensors, dim, out=out)


@op
def cat_dim(tensors: tuple, dim: int, *, out: Tensor | None = None) -> Tensor:
    """`cat` of a tuple."""
    arrays = few_alike(tensors, False) if out is None else None
    if arrays is not None and arrays[0].shape not in ((), (0,)):
        try:
            return wrap_host(np.concatenate(arrays, wrap_dim(dim, arrays[0].ndim)), tensors[0]._dtype)
        except ValueError:
            pass                # sizes that do not fit: told below
    kind = common_type(tensors)
    arrays = [one._array for one in tensors]
    shapes = {array.shape for array in arrays}
    if len(shapes) == 1 and () not in shapes and (0,) not in shapes:
        return joined("cat", tensors, arrays, wrap_dim(dim, arrays[0].ndim), kind, out)
    kept = [one for one in tensors if one._array.shape != (0,)]
    if not kept:
        return launch.deliver("cat", memory.empty((0,), kind.numpy, tensors[0]._device), kind, out)
    first = kept[0]._array.shape
    for place, one in enumerate(tensors):
        if one._array.ndim == 0:
            raise RuntimeError(f"zero-dimensional tensor (at position {place}) cannot be concatenated")
    dim = wrap_dim(dim, len(first))
    for place, one in enumerate(tensors):
        shape = one._array.shape
        if shape == first or shape == (0,):
            continue
        if len(shape) != len(first):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}")
        for d, (size, own) in enumerate(zip(first, shape)):
            if d != dim and size != own:
                raise RuntimeError(f"Sizes of tensors must match except in dimension {dim}. Expected size {size} but got size {own} for "
                                   f"tensor number {place} in the list.")
    return joined("cat", kept, [one._array for one in kept], dim, kind, out)


def parted(grad: Tensor, sizes: list, dim: int) -> list:
    """The gradients of what was joined."""
    dim, start, parts = wrap_dim(dim, grad._array.ndim), 0, []
    for size in sizes:
        length = 0 if size == (0,) else size[dim]
        part = slicing.narrow(grad, dim, start, length)
        parts.append(part if size != (0,) else grad.new_zeros((0,)))
        start += length
    return parts


cat_dim.declaration.node_name = "CatBackward0"
derivative(cat_dim, tensors=lambda grad, tensors_size, dim: parted(grad, tensors_size, dim))


def stack(tensors: Any, dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors of one size, one after the other along a new dimension.

    >>> stack([tensor([1, 2]), tensor([3, 4])], 1)
    tensor([[1, 3],
            [2, 4]])
    """
    tensors = tensors_of("stack", tensors)
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    return stack_dim(tensors, dim, out=out)


@op
def stack_dim(tensors: tuple, dim: int, *, out: Tensor | None = None) -> Tensor:
    """`stack` of a tuple."""
    first = tensors[0]._array.shape
    dim = wrap_dim(dim, len(first) + 1)
    arrays = few_alike(tensors) if out is None and (dim == 0 or dim == len(first)) else None
    if arrays is not None:
        if dim == 0:
            return wrap_host(np.concatenate(arrays, None).reshape(len(arrays), *first), tensors[0]._dtype)
        return wrap_host(np.concatenate([array[..., None] for array in arrays], dim), tensors[0]._dtype)
    for place, one in enumerate(tensors):
        if one._array.shape != first:
            raise RuntimeError(f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                               f"{list(one._array.shape)} at entry {place}")
    new = (slice(None),) * dim + (None,)
    return joined("stack", tensors, [one._array[new] for one in tensors], dim, common_type(tensors), out)


stack_dim.declaration.node_name = "StackBackward0"
derivative(stack_dim, tensors=lambda grad, dim: list(slicing.unbind(grad, dim)))


def atleast(count: int, tensors: tuple) -> Any:
    """Each tensor with the dimensions that it lacks; one by itself, several as a tuple."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        return tuple([_atleast(count, one) for one in tensors[0]])
    made = tuple([_atleast(count, one) for one in tensors])
    return made[0] if len(made) == 1 else made


def _atleast(count: int, input: Tensor) -> Tensor:
    if input._array.ndim == 0:
        input = view.unsqueeze(input, 0)
    if count >= 2 and input._array.ndim == 1:
        input = view.unsqueeze(input, 0)
    if count == 3 and input._array.ndim == 2:
        input = view.unsqueeze(input, 2)
    return input


def atleast_1d(*tensors: Any) -> Any:
    """Views of one dimension at least.

    >>> atleast_1d(tensor(5))
    tensor([5])
    """
    return atleast(1, tensors)


def atleast_2d(*tensors: Any) -> Any:
    """Views of two dimensions at least; new ones come in front.

    >>> atleast_2d(tensor([5, 6]))
    tensor([[5, 6]])
    """
    return atleast(2, tensors)


def atleast_3d(*tensors: Any) -> Any:
    """Views of three dimensions at least; a matrix gets its third at the end.

    >>> atleast_3d(tensor([5, 6])).shape
    torch.Size([1, 2, 1])
    """
    return atleast(3, tensors)


def some_tensors(name: str, tensors: Any) -> tuple:
    """A sequence of tensors, checked, that is not empty."""
    tensors = tensors_of(name, tensors)
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return tensors


def hstack(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """Tensors side by side: joined along the second dimension, vectors along the first.

    >>> hstack([tensor([1, 2]), tensor([3])])
    tensor([1, 2, 3])
    """
    tensors = atleast_1d(some_tensors("hstack", tensors))
    return cat(tensors, 0 if tensors[0]._array.ndim == 1 else 1, out=out)


def vstack(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """Tensors below one another: joined along the first dimension, vectors as rows.

    >>> vstack([tensor([1, 2]), tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    return cat(atleast_2d(some_tensors("vstack", tensors)), 0, out=out)


def dstack(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """Tensors behind one another: joined along the third dimension.

    >>> dstack([tensor([1, 2]), tensor([3, 4])])
    tensor([[[1, 3],
             [2, 4]]])
    """
    return cat(atleast_3d(some_tensors("dstack", tensors)), 2, out=out)
