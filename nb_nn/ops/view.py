"""Views: other sizes and strides over the same memory. A write to a view is a write to its base."""
from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from ..core import launch
from ..core.device import CPU
from ..core.geometry import infer_size, sizes_of, view_strides, wrap_dim, wrap_dims
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, view_of
from . import memory_format as formats
from .as_strided import restride, strides_of

Tensor = TensorBase


def view(input: Tensor, *size: Any, dtype: Any = None) -> Tensor:
    """The same elements in another size; one size may be -1.

    Each new dimension must lie inside an old one, or span old ones that are adjacent in memory; otherwise use `reshape`.
    With a dtype instead of sizes, the bits are read as that type.

    >>> view(tensor([[1, 2], [3, 4]]), -1)
    tensor([1, 2, 3, 4])
    """
    if dtype is not None:
        return view_dtype(input, dtype)
    if len(size) == 1 and size[0].__class__ is not int:
        if hasattr(size[0], "tensor_name"):
            return view_dtype(input, size[0])
        size = sizes_of(size)
    return view_size(input, size)


@op
def view_size(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """`view` with checked sizes."""
    array = input._array
    if array.flags.c_contiguous:
        try:
            return view_of(input, array.reshape(infer_size(size, array.size) if size and min(size) < -1 else size))
        except (ValueError, TypeError):
            size = infer_size(sizes_of((size,)), array.size)
    size = infer_size(sizes_of((size,)), array.size)
    stride = view_strides(array.shape, strides_of(input), size)
    if stride is None:
        raise RuntimeError("view size is not compatible with input tensor's size and stride (at least one dimension spans across "
                           "two contiguous subspaces). Use .reshape(...) instead.")
    return restride(input, size, stride)


view_size.declaration.node_name = "ViewBackward0"
derivative(view_size, input=lambda grad, input_size: reshape(grad, input_size))


@op
def view_dtype(input: Tensor, dtype: Any) -> Tensor:
    """The bits of the elements, read as another type; the last dimension grows or shrinks with the width."""
    array, old = input._array, input._dtype
    if dtype.itemsize != old.itemsize and (array.ndim == 0 or array.strides[-1] != old.itemsize):
        raise RuntimeError("self.stride(-1) must be 1 to view with a different element size, and self must not be 0-dimensional")
    if array.ndim and array.shape[-1] * old.itemsize % dtype.itemsize:
        raise RuntimeError(f"self.size(-1) must be divisible by {dtype.itemsize // old.itemsize} to view {old} as {dtype}, "
                           f"but got {array.shape[-1]}")
    made = view_of(input, array.view(dtype.numpy))
    made._dtype = dtype
    return made


derivative(view_dtype, input=lambda grad, input_dtype: grad.view(input_dtype))


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """``input`` viewed in the size of ``other``.

    >>> tensor([1, 2, 3, 4]).view_as(torch.ones(2, 2))
    tensor([[1, 2],
            [3, 4]])
    """
    return view(input, other._array.shape)


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements in another size: a view where strides allow, else a copy.

    >>> reshape(tensor([[1, 2], [3, 4]]).t(), (4,))
    tensor([1, 3, 2, 4])
    """
    array, size = input._array, sizes_of(shape)
    if array.flags.c_contiguous or view_strides(array.shape, strides_of(input), infer_size(size, array.size)) is not None:
        return view_size(input, size)
    made = view_size(contiguous(input), size)
    made._base = None           # the copy is known to nobody else, so it is no view of it
    return made


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """``input`` reshaped to the size of ``other``.

    >>> tensor([[1, 2], [3, 4]]).t().reshape_as(torch.ones(4))
    tensor([1, 3, 2, 4])
    """
    return reshape(input, other._array.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions ``start_dim`` to ``end_dim`` as one.

    >>> flatten(tensor([[[1, 2]], [[3, 4]]]), 1).shape
    torch.Size([2, 2])
    """
    size = input._array.shape
    start, end = wrap_dim(start_dim, len(size)), wrap_dim(end_dim, len(size))
    if not size:
        return reshape(input, (1,))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    return reshape(input, (*size[:start], math.prod(size[start:end + 1]), *size[end + 1:])) if start != end else input


def unflatten(input: Tensor, dim: int, sizes: Any) -> Tensor:
    """Dimension ``dim`` as several, of the given sizes, of which one may be -1.

    >>> unflatten(tensor([1, 2, 3, 4]), 0, (2, -1)).shape
    torch.Size([2, 2])
    """
    dim = wrap_dim(dim, input.dim())
    size = input._array.shape
    return view(input, (*size[:dim], *infer_size(sizes_of((sizes,)), size[dim]), *size[dim + 1:]))


@op
def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` itself if it lies in C order (or in that of ``memory_format``), else a copy that does.

    >>> contiguous(torch.zeros(1, 2, 3, 3), memory_format=torch.channels_last).stride()
    (18, 1, 6, 2)
    """
    chosen = "contiguous_format" if memory_format is None else formats.checked("contiguous", memory_format)
    if chosen in formats.RANKS:
        formats.strides_of_format("contiguous", input._array.shape, chosen)
        return input if formats.is_in_format(input._array, chosen) else formats.copied("contiguous", input, chosen)
    if input._array.flags.c_contiguous:
        return input
    if chosen == "preserve_format":
        raise RuntimeError("contiguous: preserve_format would keep the order of a tensor that is not contiguous; give another format")
    out = launch.empty(input._array.shape, input._dtype, input._device)
    launch.copy_array(input._array, input._dtype, out)
    return out


contiguous.declaration.node_name = "CloneBackward0"
derivative(contiguous, input=lambda grad: grad)


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """A view with two dimensions swapped.

    >>> transpose(tensor([[1, 2], [3, 4]]), 0, 1)
    tensor([[1, 3],
            [2, 4]])
    """
    ndim = input._array.ndim
    return transpose_dims(input, wrap_dim(dim0, ndim), wrap_dim(dim1, ndim))


@op
def transpose_dims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`transpose` with checked dims."""
    return view_of(input, input._array.swapaxes(dim0, dim1) if input._array.ndim else input._array.view())


transpose_dims.declaration.node_name = "TransposeBackward0"
derivative(transpose_dims, input=lambda grad, dim0, dim1: transpose_dims(grad, dim0, dim1))


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose` under NumPy's name.

    >>> swapaxes(tensor([[1, 2], [3, 4]]), axis0=0, axis1=1)
    tensor([[1, 3],
            [2, 4]])
    """
    return transpose(input, axis0, axis1)


def t(input: Tensor) -> Tensor:
    """A matrix transposed; tensors of fewer dimensions as they are.

    >>> t(tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])
    """
    if input._array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._array.ndim}D")
    return transpose_dims(input, 0, 1) if input._array.ndim == 2 else view_as(input, input)


def permute(input: Tensor, *dims: Any) -> Tensor:
    """A view with the dimensions in the given order.

    >>> permute(tensor([[[1, 2, 3]]]), (2, 0, 1)).shape
    torch.Size([3, 1, 1])
    """
    dims = sizes_of(dims)
    if len(dims) != input._array.ndim:
        raise RuntimeError(f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
                           f"ordering of dimensions i.e. input.dim() = {input._array.ndim} is not equal to len(dims) = {len(dims)}")
    return permute_dims(input, wrapped_order(dims))


@functools.lru_cache(1024)
def wrapped_order(dims: tuple[int, ...]) -> tuple[int, ...]:
    """All dims in some order, counted from the front; RuntimeError if one comes twice."""
    wrapped = tuple([wrap_dim(dim, len(dims)) for dim in dims])
    if len(set(wrapped)) != len(wrapped):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return wrapped


@op
def permute_dims(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    """`permute` with checked dims."""
    return view_of(input, input._array.transpose(dims))


permute_dims.declaration.node_name = "PermuteBackward0"
derivative(permute_dims, input=lambda grad, dims: permute_dims(grad, tuple(np.argsort(dims).tolist())))


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """A view with dims ``source`` moved to the places ``destination``.

    >>> movedim(tensor([[[1, 2, 3]]]), 2, 0).shape
    torch.Size([3, 1, 1])
    """
    source, destination = wrap_dims(source, input.dim()), wrap_dims(destination, input.dim())
    if len(source) != len(destination):
        raise RuntimeError(f"movedim: Invalid source or destination dims: source ({list(source)} dims) should contain the same number of "
                           f"dims as destination ({list(destination)} dims)")
    return permute_dims(input, moved_order(source, destination, input.dim()))


@functools.lru_cache(1024)
def moved_order(source: tuple[int, ...], destination: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """The order of dimensions after those of ``source`` have moved to ``destination``."""
    order = [dim for dim in range(ndim) if dim not in source]
    for place, dim in sorted(zip(destination, source)):
        order.insert(place, dim)
    return tuple(order)


@op
def expand_size(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """`expand` with checked sizes."""
    array = input._array
    missing = len(size) - array.ndim
    stride = (0,) * missing + tuple([0 if own == 1 != new else step for own, new, step in zip(array.shape, size[missing:], array.strides)])
    if array.flags.c_contiguous and array.size and input._device is CPU:
        return view_of(input, np.ndarray(size, array.dtype, array, 0, stride))
    return restride(input, size, tuple([step // array.itemsize for step in stride]))


expand_size.declaration.node_name = "ExpandBackward0"
derivative(expand_size, input=lambda grad: grad)


def expand(input: Tensor, *sizes: Any) -> Tensor:
    """A view in which dimensions of size 1 are repeated without a copy; -1 keeps a size, new dimensions come in front.

    >>> expand(tensor([[1], [2]]), 2, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    sizes, shape = sizes_of(sizes), input._array.shape
    missing = len(sizes) - len(shape)
    if missing < 0:
        raise RuntimeError(f"expand({input.type()}{{{list(shape)}}}, size={list(sizes)}): the number of sizes provided "
                           f"({len(sizes)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})")
    result = list(sizes)
    for place, size in enumerate(sizes):
        own = shape[place - missing] if place >= missing else None
        if size == -1:
            if own is None:
                raise RuntimeError(f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {place}")
            result[place] = own
        elif own not in (None, 1, size) or size < 0:
            raise RuntimeError(f"The expanded size of the tensor ({size}) must match the existing size ({own}) at non-singleton "
                               f"dimension {place}.  Target sizes: {list(sizes)}.  Tensor sizes: {list(shape)}")
    return expand_size(input, tuple(result))


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """``input`` expanded to the size of ``other``.

    >>> tensor([1, 2]).expand_as(torch.ones(2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return expand(input, other._array.shape)


def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """``input`` expanded to ``size``.

    >>> broadcast_to(tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return expand(input, size)




def squeeze(input: Tensor, dim: Any = None, *, out: Tensor | None = None) -> Tensor:
    """A view without dimensions of size 1: all of them, or those in ``dim``. With ``out``, a copy of that view.

    >>> squeeze(tensor([[[1], [2]]])).shape
    torch.Size([2])
    """
    shape = input._array.shape
    wanted = wrap_dims(dim, len(shape))
    made = squeeze_dims(input, tuple(d for d in wanted if shape and shape[d] == 1))
    return launch.into_out("squeeze", made, out)


@op
def squeeze_dims(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    """A view without ``dims``, all of size 1."""
    return view_of(input, input._array.squeeze(dims))


squeeze_dims.declaration.node_name = "SqueezeBackward0"
derivative(squeeze_dims, input=lambda grad, input_size: reshape(grad, input_size))


@op
def unsqueeze_dim(input: Tensor, dim: int) -> Tensor:
    """`unsqueeze` with a checked dim."""
    array = input._array
    shape = array.shape
    size = (*shape[:dim], 1, *shape[dim:])
    if array.flags.c_contiguous:
        return view_of(input, array.reshape(size))
    stride = strides_of(input)
    return restride(input, size, (*stride[:dim], shape[dim] * stride[dim] if dim < len(shape) else 1, *stride[dim:]))


unsqueeze_dim.declaration.node_name = "UnsqueezeBackward0"
derivative(unsqueeze_dim, input=lambda grad, dim: squeeze_dims(grad, (dim,)))


def unsqueeze(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """A view with a dimension of size 1 at ``dim``. With ``out``, a copy of that view.

    >>> unsqueeze(tensor([1, 2]), 1).shape
    torch.Size([2, 1])
    """
    made = unsqueeze_dim(input, wrap_dim(dim, input._array.ndim + 1))
    return launch.into_out("unsqueeze", made, out)
