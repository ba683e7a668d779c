"""Views of any strides, and their derivatives."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import launch, storage
from ..core.device import CPU
from ..core.geometry import contiguous_strides, overlaps_itself, sizes_of
from ..core.op import derivative, op
from ..core.storage import root_of, strided
from ..core.tensor_base import TensorBase, view_of

Tensor = TensorBase


def strides_of(tensor: Tensor) -> tuple[int, ...]:
    """Strides in elements."""
    array = tensor._array
    if array.size == 0:                         # NumPy's are 0
        return contiguous_strides(array.shape)
    itemsize = array.itemsize
    return tuple([step // itemsize for step in array.strides])


def restride(input: Tensor, size: tuple[int, ...], stride: tuple[int, ...], shift: int = 0) -> Tensor:
    """A view with its own size and strides, beginning ``shift`` elements after ``input``, of elements of ``input`` alone."""
    array = input._array
    if array.flags.c_contiguous and array.size and input._device is CPU:
        return view_of(input, strided(array, size, stride, shift))
    return view_of(input, strided(root_of(input), size, stride, storage.storage_offset(input) + shift))


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
    root = root_of(input)
    offset = storage.storage_offset(input) if storage_offset is None else storage_offset
    if offset < 0:
        raise RuntimeError(f"as_strided: Tensor: invalid storage offset {offset}")
    reach = offset + sum((n - 1) * step for n, step in zip(size, stride))
    if 0 not in size and reach >= root.size:
        raise RuntimeError(f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset} requiring a storage "
                           f"size of {(reach + 1) * input._array.itemsize} are out of bounds for storage of size "
                           f"{root.nbytes}")
    return view_of(input, strided(root, size, stride, offset))


def _as_strided_grad(grad: Tensor, input_geometry: tuple, size: Any, stride: Any, storage_offset: int | None) -> Tensor:
    offset = input_geometry[2] if storage_offset is None else storage_offset
    return as_strided_backward(grad, input_geometry, sizes_of((size,)), sizes_of((stride,)), offset)


derivative(as_strided, input=_as_strided_grad)


@op
def as_strided_backward(grad: Tensor, geometry: tuple, size: tuple, stride: tuple, offset: int) -> Tensor:
    """Gradient of a tensor of ``geometry`` (size, stride, offset) from that of its view: elements of the view that share a place
    are added, elements of the tensor that share one divide what is there."""
    return through_memory(grad, (size, stride, offset), geometry, geometry)


@op
def as_strided_again(grad: Tensor, geometry: tuple, size: tuple, stride: tuple, offset: int) -> Tensor:
    """What a view reads of a gradient of a tensor of ``geometry``; zero where the view reaches between the tensor's elements."""
    return through_memory(grad, geometry, (size, stride, offset), geometry)


def through_memory(grad: Tensor, written: tuple, read: tuple, divided: tuple) -> Tensor:
    """A tensor added to zeros by the geometry ``written``, divided by how many elements of ``divided`` share a place, read by ``read``."""
    if grad._device is not CPU:         # rare, and not worth kernels: a write through a view, or elements that share a place
        return through_memory(grad.cpu(), written, read, divided).to(grad._device)
    first = min(written[2], read[2])
    last = max([first] + [start + sum((n - 1) * step for n, step in zip(sizes, strides)) for sizes, strides, start in (written, read)
                          if 0 not in sizes])
    buffer = np.zeros(last - first + 1, grad._dtype.compute)
    places = np.arange(buffer.size)
    added = launch.computing_array(grad, grad._dtype)
    size, stride, offset = written
    if overlaps_itself(size, stride):
        np.add.at(buffer, strided(places, size, stride, offset - first).reshape(-1), added.reshape(-1))
    elif 0 not in size:
        strided(buffer, size, stride, offset - first)[...] = added
    size, stride, offset = divided
    if overlaps_itself(size, stride):
        buffer /= np.maximum(np.bincount(strided(places, size, stride, offset - first).reshape(-1), minlength=buffer.size), 1)
    size, stride, offset = read
    made = np.ascontiguousarray(strided(buffer, size, stride, offset - first)).reshape(size)
    return launch.deliver("as_strided", made, grad._dtype, None)


derivative(as_strided_backward, grad=lambda grad, geometry, size, stride, offset: as_strided_again(grad, geometry, size, stride, offset))
derivative(as_strided_again, grad=lambda grad, geometry, size, stride, offset: as_strided_backward(grad, geometry, size, stride, offset))
