"""Views of a part of a tensor: an index, a slice, a diagonal, windows, pieces."""
from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ..core import cuda_memory
from ..core.device import CPU
from ..core.geometry import contiguous_strides, sizes_of, wrap_dim
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, view_of
from .as_strided import as_strided, as_strided_backward, restride, strides_of

Tensor = TensorBase


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


def place_in(out: Tensor, index: tuple, grad: Tensor) -> None:
    """Write ``grad`` to the part of ``out`` at an index."""
    if out._device is CPU:
        out._array[index] = grad._array
    else:
        cuda_memory.copy(grad._array, out._array[index])


@op
def select_backward(grad: Tensor, size: tuple[int, ...], dim: int, index: int) -> Tensor:
    """Zeros of ``size`` with ``grad`` at ``index`` of ``dim``."""
    out = grad.new_zeros(size)
    place_in(out, (slice(None),) * dim + (index,), grad)
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
    place_in(out, (slice(None),) * dim + (slice(start, end, step),), grad)
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
    if isinstance(start, TensorBase) and (start._array.ndim or start._dtype.category != 1):
        raise RuntimeError("narrow: start must be an 0-dim integral Tensor.")
    size, start = input._array.shape[dim], operator.index(start)
    if not -size <= start <= size:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-size}, {size}], but got {start})")
    start = start + size if start < 0 else start
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return slice_dim(input, dim, start, start + length, 1)
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A view of the diagonal between two dimensions, which go away; it becomes the last dimension.

    >>> diagonal(tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    ndim = input._array.ndim
    dim1, dim2 = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return diagonal_view(input, offset, dim1, dim2)


def diagonal_geometry(shape: tuple, stride: tuple, offset: int, dim1: int, dim2: int) -> tuple[tuple, tuple, int]:
    """Size, strides and first place of the diagonal of a tensor of ``shape`` and ``stride``."""
    rows, columns = shape[dim1] - max(-offset, 0), shape[dim2] - max(offset, 0)
    length = max(min(rows, columns), 0)
    rest = [d for d in range(len(shape)) if d not in (dim1, dim2)] if len(shape) > 2 else []
    shift = (offset * stride[dim2] if offset >= 0 else -offset * stride[dim1]) if length else 0
    return tuple([shape[d] for d in rest] + [length]), tuple([stride[d] for d in rest] + [stride[dim1] + stride[dim2]]), shift


@op
def diagonal_view(input: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
    """`diagonal` with checked arguments."""
    return restride(input, *diagonal_geometry(input._array.shape, strides_of(input), offset, dim1, dim2))


def into_zeros(grad: Tensor, size: tuple, geometry: Callable, *arguments: int) -> Tensor:
    """The gradient of a tensor of ``size`` from that of its view; places in memory of its own, for its elements may share theirs."""
    stride = contiguous_strides(size)
    return as_strided_backward(grad, (size, stride, 0), *geometry(size, stride, *arguments))


diagonal_view.declaration.node_name = "DiagonalBackward0"
derivative(diagonal_view, input=lambda grad, input_size, offset, dim1, dim2:
           into_zeros(grad, input_size, diagonal_geometry, offset, dim1, dim2))


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """A view of all windows of ``size`` elements along ``dimension``, ``step`` apart; the window is the last dimension.

    >>> unfold(tensor([1, 2, 3, 4]), 0, 2, 1)
    tensor([[1, 2],
            [2, 3],
            [3, 4]])
    """
    ndim = input._array.ndim
    dim = wrap_dim(dimension, ndim)
    shape = input._array.shape or (1,)
    if size > shape[dim]:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {shape[dim]} but size is {size}")
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if ndim == 0:
        return as_strided(input, (size,), (1,))
    return unfold_view(input, dim, size, step)


def unfold_geometry(shape: tuple, stride: tuple, dim: int, size: int, step: int) -> tuple[tuple, tuple, int]:
    """Size, strides and first place of the windows of a tensor of ``shape`` and ``stride``."""
    count = (shape[dim] - size) // step + 1
    return (*shape[:dim], count, *shape[dim + 1:], size), (*stride[:dim], stride[dim] * step, *stride[dim + 1:], stride[dim]), 0


@op
def unfold_view(input: Tensor, dim: int, size: int, step: int) -> Tensor:
    """`unfold` with checked arguments."""
    return restride(input, *unfold_geometry(input._array.shape, strides_of(input), dim, size, step))


unfold_view.declaration.node_name = "UnfoldBackward0"
derivative(unfold_view, input=lambda grad, input_size, dim, size, step: into_zeros(grad, input_size, unfold_geometry, dim, size, step))


def unbind(input: Tensor, dim: int = 0) -> tuple:
    """All slices along ``dim``, as views.

    >>> unbind(tensor([[1, 2], [3, 4]]))
    (tensor([1, 2]), tensor([3, 4]))
    """
    if input._array.ndim == 0:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    dim = wrap_dim(dim, input._array.ndim)
    return tuple([select_index(input, dim, index) for index in range(input._array.shape[dim])])


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple:
    """Views of consecutive parts along ``dim``: each of one size (the last may be smaller), or of the given sizes.

    >>> split(tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    dim = wrap_dim(dim, tensor._array.ndim)
    if tensor._array.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    length, sections = tensor._array.shape[dim], split_size_or_sections
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
        parts.append(slice_dim(tensor, dim, start, start + size, 1))
        start += size
    return tuple(parts)


def split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple:
    """`split` into parts of the given sizes.

    >>> split_with_sizes(tensor([1, 2, 3]), [1, 2])
    (tensor([1]), tensor([2, 3]))
    """
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
