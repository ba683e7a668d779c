"""Views: other sizes and strides over the same memory. A write to a view is a write to its base."""
from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..core import launch, memory
from ..core.geometry import contiguous_strides, infer_size, overlaps_itself, sizes_of, view_strides, wrap_dim, wrap_dims
from ..core.op import derivative, inplace, op
from ..core.storage import Storage, storage_of, storage_offset, strided
from ..core.tensor_base import TensorBase, alias_of, view_of

Tensor = TensorBase


def strides_of(tensor: Tensor) -> tuple[int, ...]:
    """Strides in elements."""
    array = tensor._array
    if array.size == 0:                         # NumPy's are 0
        return contiguous_strides(array.shape)
    itemsize = array.itemsize
    return tuple([step // itemsize for step in array.strides])


def restride(input: Tensor, size: tuple[int, ...], stride: tuple[int, ...], shift: int = 0) -> Tensor:
    """A view with its own size and strides, beginning ``shift`` elements after ``input``."""
    storage = storage_of(input)
    return view_of(input, strided(storage.root, size, stride, storage_offset(input) + shift))


def view(input: Tensor, *size: Any) -> Tensor:
    """The same elements in another size; one size may be -1.

    Each new dimension must lie inside an old one, or span old ones that are adjacent in memory; otherwise use `reshape`.
    With a dtype instead of sizes, the bits are read as that type.

    >>> view(tensor([[1, 2], [3, 4]]), -1)
    tensor([1, 2, 3, 4])
    """
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
            return view_of(input, array.reshape(infer_size(size, array.size) if min(size, default=0) < 0 else size))
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
    """``input`` viewed in the size of ``other``."""
    return view(input, other.size())


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements in another size: a view where strides allow, else a copy.

    >>> reshape(tensor([[1, 2], [3, 4]]).t(), (4,))
    tensor([1, 3, 2, 4])
    """
    array = input._array
    size = infer_size(sizes_of(shape), array.size)
    if array.flags.c_contiguous or view_strides(array.shape, strides_of(input), size) is not None:
        return view_size(input, size)
    return view_size(contiguous(input), size)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """``input`` reshaped to the size of ``other``."""
    return reshape(input, other.size())


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions ``start_dim`` to ``end_dim`` as one.

    >>> flatten(tensor([[[1, 2]], [[3, 4]]]), 1).shape
    torch.Size([2, 2])
    """
    size = input._array.shape
    if not size:
        return reshape(input, (1,))
    start, end = wrap_dim(start_dim, len(size)), wrap_dim(end_dim, len(size))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    return reshape(input, (*size[:start], int(np.prod(size[start:end + 1])), *size[end + 1:])) if start != end else input


def unflatten(input: Tensor, dim: int, sizes: Any) -> Tensor:
    """Dimension ``dim`` as several, of the given sizes, of which one may be -1.

    >>> unflatten(tensor([1, 2, 3, 4]), 0, (2, -1)).shape
    torch.Size([2, 2])
    """
    dim = wrap_dim(dim, input.dim())
    size = input._array.shape
    return view(input, (*size[:dim], *infer_size(sizes_of((sizes,)), size[dim]), *size[dim + 1:]))


def check_memory_format(memory_format: Any) -> None:
    """Refuse memory formats by channels."""
    if memory_format is not None and memory_format.name not in ("contiguous_format", "preserve_format"):
        raise RuntimeError(f"memory format {memory_format} is not supported; tensors are made contiguous")


@op
def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` itself if it lies in C order, else a copy that does."""
    check_memory_format(memory_format)
    if input._array.flags.c_contiguous:
        return input
    out = launch.empty(input._array.shape, input._dtype, input._device)
    launch.copy_array(input._array, input._dtype, out)
    return out


contiguous.declaration.node_name = "CloneBackward0"
derivative(contiguous, input=lambda grad: grad)


@op
def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view of ``input``'s storage with any size, strides and offset.

    >>> as_strided(tensor([1, 2, 3, 4]), (2, 2), (1, 2))
    tensor([[1, 3],
            [2, 4]])
    """
    size, stride = sizes_of((size,)), sizes_of((stride,))
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(step < 0 for step in stride):
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    storage = storage_of(input)
    offset = _offset(input) if storage_offset is None else storage_offset
    reach = offset + sum((n - 1) * step for n, step in zip(size, stride))
    if 0 not in size and (offset < 0 or reach >= storage.root.size):
        raise RuntimeError(f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset} requiring a storage "
                           f"size of {(reach + 1) * input._array.itemsize} are out of bounds for storage of size "
                           f"{storage.root.nbytes}")
    return view_of(input, strided(storage.root, size, stride, offset))


_offset = storage_offset


def _as_strided_grad(grad: Tensor, input_geometry: tuple, size: Any, stride: Any, storage_offset: int | None) -> Tensor:
    offset = input_geometry[2] if storage_offset is None else storage_offset
    return as_strided_backward(grad, input_geometry, sizes_of((size,)), sizes_of((stride,)), offset)


derivative(as_strided, input=_as_strided_grad)


@op
def as_strided_backward(grad: Tensor, geometry: tuple, size: tuple, stride: tuple, offset: int) -> Tensor:
    """Gradient of a tensor of ``geometry`` (size, stride, offset) from that of its view: elements of the view that share a place
    are added, elements of the tensor that share one divide what is there."""
    own_size, own_stride, own_offset = geometry
    first = min(own_offset, offset)
    last = max([first] + [start + sum((n - 1) * step for n, step in zip(sizes, strides)) for sizes, strides, start in (
        (own_size, own_stride, own_offset), (size, stride, offset)) if 0 not in sizes])
    buffer = np.zeros(last - first + 1, grad._dtype.compute)
    added = launch.computing_array(grad, grad._dtype)
    target = strided(buffer, size, stride, offset - first)
    if overlaps_itself(size, stride):
        positions = strided(np.arange(buffer.size), size, stride, offset - first)
        np.add.at(buffer, positions.reshape(-1), added.reshape(-1))
    elif 0 not in size:
        target[...] = added
    if overlaps_itself(own_size, own_stride):
        positions = strided(np.arange(buffer.size), own_size, own_stride, own_offset - first)
        buffer /= np.maximum(np.bincount(positions.reshape(-1), minlength=buffer.size), 1)
    return launch.deliver("as_strided_backward", np.ascontiguousarray(strided(buffer, own_size, own_stride, own_offset - first)),
                          grad._dtype, None)


derivative(as_strided_backward, grad=lambda grad, geometry, size, stride, offset:
           restored(grad, geometry).as_strided(size, stride, offset - geometry[2]))


def restored(grad: Tensor, geometry: tuple) -> Tensor:
    """A gradient laid out with the strides of the tensor it belongs to."""
    from .creation import empty_strided

    return empty_strided(*geometry[:2], dtype=grad.dtype, device=grad.device).copy_(grad)


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
    wrapped = tuple(wrap_dim(dim, input._array.ndim) for dim in dims)
    if len(set(wrapped)) != len(wrapped):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return permute_dims(input, wrapped)


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
    order = [dim for dim in range(input.dim()) if dim not in source]
    for place, dim in sorted(zip(destination, source)):
        order.insert(place, dim)
    return permute(input, order)


@op
def expand_size(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """`expand` with checked sizes."""
    array = input._array
    missing = len(size) - array.ndim
    itemsize = array.itemsize
    stride = (0,) * missing + tuple([0 if own == 1 and new != 1 else step // itemsize for own, new, step in zip(
        array.shape, size[missing:], array.strides)])
    return restride(input, size, stride)


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
    """``input`` expanded to the size of ``other``."""
    return expand(input, other.size())


def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """``input`` expanded to ``size``.

    >>> broadcast_to(tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return expand(input, size)


@op
def select_index(input: Tensor, dim: int, index: int) -> Tensor:
    """`select` with checked arguments."""
    array = input._array
    return view_of(input, array[index, ...] if dim == 0 else array[(slice(None),) * dim + (index, ...)])


select_index.declaration.node_name = "SelectBackward0"
derivative(select_index, input=lambda grad, input_size, dim, index: select_backward(grad, input_size, dim, index))


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at ``index`` of dimension ``dim``, which goes away.

    >>> select(tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    if input._array.ndim == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim, index = wrap_dim(dim, input._array.ndim), operator.index(index)
    size = input._array.shape[dim]
    if not -size <= index < size:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(input._array.shape)} at dimension {dim}")
    return select_index(input, dim, index % size)


@op
def select_backward(grad: Tensor, size: tuple[int, ...], dim: int, index: int) -> Tensor:
    """Zeros of ``size`` with ``grad`` at ``index`` of ``dim``."""
    out = grad.new_zeros(size)
    out._array[(slice(None),) * dim + (index,)] = grad._array
    return out


derivative(select_backward, grad=lambda grad, dim, index: select_index(grad, dim, index))


@op
def slice_dim(input: Tensor, dim: int, start: int, end: int, step: int) -> Tensor:
    """Every ``step``-th element of ``dim`` from ``start`` up to, not including, ``end``; all counted from the front."""
    return view_of(input, input._array[(slice(None),) * dim + (slice(start, end, step),)])


slice_dim.declaration.node_name = "SliceBackward0"
derivative(slice_dim, input=lambda grad, input_size, dim, start, end, step: slice_backward(grad, input_size, dim, start, end, step))


@op
def slice_backward(grad: Tensor, size: tuple[int, ...], dim: int, start: int, end: int, step: int) -> Tensor:
    """Zeros of ``size`` with ``grad`` in the slice."""
    out = grad.new_zeros(size)
    out._array[(slice(None),) * dim + (slice(start, end, step),)] = grad._array
    return out


derivative(slice_backward, grad=lambda grad, dim, start, end, step: slice_dim(grad, dim, start, end, step))


def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """``length`` slices of dimension ``dim`` from ``start``.

    >>> narrow(tensor([1, 2, 3, 4]), 0, 1, 2)
    tensor([2, 3])
    """
    if input._array.ndim == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, input._array.ndim)
    size, start = input._array.shape[dim], operator.index(start)
    if not -size <= start <= size:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-size}, {size}], but got {start})")
    start = start + size if start < 0 else start
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return slice_dim(input, dim, start, start + length, 1)


def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """A view without dimensions of size 1: all of them, or those in ``dim``.

    >>> squeeze(tensor([[[1], [2]]])).shape
    torch.Size([2])
    """
    shape = input._array.shape
    wanted = wrap_dims(dim, len(shape))
    return squeeze_dims(input, tuple(d for d in wanted if shape and shape[d] == 1))


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


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A view with a dimension of size 1 at ``dim``.

    >>> unsqueeze(tensor([1, 2]), 1).shape
    torch.Size([2, 1])
    """
    return unsqueeze_dim(input, wrap_dim(dim, input._array.ndim + 1))


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A view of the diagonal between two dimensions, which go away; it becomes the last dimension.

    >>> diagonal(tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    ndim = input._array.ndim
    dim1, dim2 = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    shape, stride = input._array.shape, strides_of(input)
    rows, columns = shape[dim1] - max(-offset, 0), shape[dim2] - max(offset, 0)
    length = max(min(rows, columns), 0)
    rest = [d for d in range(ndim) if d not in (dim1, dim2)]
    shift = (offset * stride[dim2] if offset >= 0 else -offset * stride[dim1]) if length else 0
    return diagonal_view(input, tuple([shape[d] for d in rest] + [length]),
                         tuple([stride[d] for d in rest] + [stride[dim1] + stride[dim2]]), shift)


@op
def diagonal_view(input: Tensor, size: tuple, stride: tuple, shift: int) -> Tensor:
    """A view with its own strides, ``shift`` elements on."""
    return restride(input, size, stride, shift)


diagonal_view.declaration.node_name = "DiagonalBackward0"
derivative(diagonal_view, input=lambda grad, input_geometry, size, stride, shift:
           as_strided_backward(grad, (*input_geometry[:2], 0), size, stride, shift))


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """A view of all windows of ``size`` elements along ``dimension``, ``step`` apart; the window is the last dimension.

    >>> unfold(tensor([1, 2, 3, 4]), 0, 2, 1)
    tensor([[1, 2],
            [2, 3],
            [3, 4]])
    """
    ndim = input._array.ndim
    dim = wrap_dim(dimension, ndim)
    shape, stride = input._array.shape or (1,), strides_of(input) or (1,)
    if size > shape[dim]:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {shape[dim]} but size is {size}")
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    count = (shape[dim] - size) // step + 1
    if ndim == 0:
        return as_strided(input, (size,), (1,))
    return diagonal_view(input, (*shape[:dim], count, *shape[dim + 1:], size),
                         (*stride[:dim], stride[dim] * step, *stride[dim + 1:], stride[dim]), 0)


def unbind(input: Tensor, dim: int = 0) -> tuple:
    """All slices along ``dim``, as views.

    >>> unbind(tensor([[1, 2], [3, 4]]))
    (tensor([1, 2]), tensor([3, 4]))
    """
    if input._array.ndim == 0:
        raise RuntimeError("Dimension specified as 0 but tensor has no dimensions")
    dim = wrap_dim(dim, input._array.ndim)
    return tuple([select_index(input, dim, index) for index in range(input._array.shape[dim])])


def split(input: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple:
    """Views of consecutive parts along ``dim``: each of one size (the last may be smaller), or of the given sizes.

    >>> split(tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    dim = wrap_dim(dim, input._array.ndim)
    if input._array.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    length, sections = input._array.shape[dim], split_size_or_sections
    if isinstance(sections, (tuple, list)):
        sections = sizes_of((sections,))
        if sum(sections) != length or any(one < 0 for one in sections):
            raise RuntimeError(f"split_with_sizes expects split_sizes to sum exactly to {length} (input tensor's size at dimension "
                               f"{dim}), but got split_sizes={list(sections)}")
    else:
        size = operator.index(sections)
        if size < 0 or size == 0 and length:
            raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}" if size < 0 else
                               f"split_size can only be 0 if dimension size is 0, but got dimension size of {length}")
        sections = [min(size, length - start) for start in range(0, length, size)] if length else [0]
    parts, start = [], 0
    for size in sections:
        parts.append(slice_dim(input, dim, start, start + size, 1))
        start += size
    return tuple(parts)


def split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple:
    """`split` into parts of the given sizes."""
    return split(input, tuple(split_sizes), dim)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple:
    """At most ``chunks`` views of consecutive parts along ``dim``, of equal size but for the last.

    >>> chunk(tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = wrap_dim(dim, input._array.ndim)
    if input._array.ndim == 0:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    length = input._array.shape[dim]
    if length == 0:
        return tuple([slice_dim(input, dim, 0, 0, 1) for _ in range(chunks)])
    return split(input, -(-length // chunks), dim)


def resize_(input: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Change the size in place; the elements in memory stay, in C order, and further ones are uninitialised.

    Where the storage is too small the tensor gets a larger one of its own; views that share the old one keep that.

    >>> tensor([[1, 2], [3, 4]]).resize_(3)
    tensor([1, 2, 3])
    """
    check_memory_format(memory_format)
    size = sizes_of(sizes)
    if any(one < 0 for one in size):
        raise RuntimeError(f"resize_(): sizes must not be negative, got {list(size)}")
    if input._array.shape == size:
        return input
    if input.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    if input._detached:
        raise RuntimeError("resize_ is not allowed on a Tensor created from .data or .detach(): make the change on a copy")
    storage, offset, needed = storage_of(input), storage_offset(input), math.prod(size)
    if offset + needed > storage.root.size:
        if not storage.resizable:
            raise RuntimeError("Trying to resize storage that is not resizable: it belongs to a NumPy array")
        root = memory.empty((needed,), storage.root.dtype)
        kept = min(storage.root.size - offset, needed)
        root[:kept] = storage.root[offset:offset + kept]
        input._storage, input._base, offset = Storage(root), None, 0
    input._array = strided(input._storage.root, size, contiguous_strides(size), offset)
    return input


def resize_as_(input: Tensor, the_template: Tensor) -> Tensor:
    """`resize_` to the size of another tensor."""
    return resize_(input, the_template.size())


@op
def alias(input: Tensor) -> Tensor:
    """A view of everything."""
    return view_of(input, input._array.view())


derivative(alias, input=lambda grad: grad)


def detach(input: Tensor) -> Tensor:
    """A tensor that shares ``input``'s memory but not its history; it never requires a gradient.

    Its size, strides and storage cannot be changed in place.
    """
    made = alias_of(input)
    made._detached = True
    return made


@op
def copy(input: Tensor, src: Any, non_blocking: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The elements of ``src``, broadcast and cast to the size and type of ``input``."""
    target = launch.empty(input._array.shape, input._dtype, input._device) if out is None else out
    if not isinstance(src, TensorBase):
        raise TypeError(f"copy_(): argument 'other' must be Tensor, not {type(src).__name__}")
    launch.check_out("copy_", target, target._array.shape, target._dtype, (input,))
    missing = len(target._array.shape) - src._array.ndim
    if missing < 0 or any(own not in (1, new) for own, new in zip(src._array.shape, target._array.shape[missing:])):
        raise RuntimeError(f"output with shape {list(target._array.shape)} doesn't match the broadcast shape "
                           f"{list(launch.broadcast_shapes(target._array.shape, src._array.shape))}")
    launch.copy_array(src._array, src._dtype, target)
    return target


copy_ = inplace(copy)
copy.declaration.node_name = "CopyBackwards"
derivative(copy, input=lambda grad: grad * 0, src=lambda grad: grad)


@op
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy in memory of its own, with ``input`` as its history.

    >>> clone(tensor([1, 2]))
    tensor([1, 2])
    """
    check_memory_format(memory_format)
    array = input._array
    out = launch.wrap(launch.like_inputs((array,), array.shape, array.dtype), input._dtype)
    launch.copy_array(array, input._dtype, out)
    return out


derivative(clone, input=lambda grad: grad)


@op
def cast(input: Tensor, dtype: Any) -> Tensor:
    """A copy of the elements in another type."""
    return launch.wrap(launch.convert(input._array, input._dtype, dtype), dtype)


cast.declaration.node_name = "ToCopyBackward0"
derivative(cast, input=lambda grad, input_dtype: grad.to(input_dtype))

