"""Elements back at the places that maxima came from."""
from __future__ import annotations

import math
from typing import Any

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase
from .convolution import each
from .indexing import first_wrong
from .pooling import at_places, check_type, steps

Tensor = TensorBase


@op
def max_unpool(input: Tensor, indices: Tensor, size: tuple[int, ...]) -> Tensor:
    """Zeros of ``size`` in the last dimensions, and elements at their places in the plane."""
    dims, given, kind = len(size), input._array.shape, input._dtype
    made, places = memory.empty(given[:-dims] + size, kind.compute, input._device), launch.contiguous_array(indices)
    wrong = first_wrong(places, 0, math.prod(size))
    if wrong is not None:
        raise RuntimeError(f"max_unpool{dims}d: Found an invalid max index: {wrong} (output volumes are of size "
                           f"{'x'.join(map(str, size))})")
    if made.size:
        outer = math.prod(given[:-dims])
        launch.launch("put_at_places", launch.contiguous_array(input).reshape(outer, -1), places.reshape(outer, -1),
                      made.reshape(outer, -1), device=input._device)
    return launch.deliver("max_unpool", made, kind, None)


max_unpool.declaration.node_name = "MaxUnpool2DBackward0"
derivative(max_unpool, input=lambda grad, indices, size: at_places(grad, indices, len(size)))


def unpooled_size(input: Tensor, window: tuple, stride: tuple, padding: tuple, output_size: Any) -> tuple[int, ...]:
    """Sizes of the last dimensions before pooling: the smallest, or ``output_size`` if that is near enough."""
    dims = len(window)
    default = [(count - 1) * step - 2 * pad + one
               for count, step, pad, one in zip(input.shape[-dims:], stride, padding, window)]
    if output_size is None:
        return tuple(default)
    size = list(output_size)[2:] if len(output_size) == dims + 2 else list(output_size)
    if len(size) != dims:
        raise ValueError(f"output_size should be a sequence containing {dims} or {dims + 2} elements, but it has a length of "
                         f"'{len(output_size)}'")
    for d, (one, middle, step) in enumerate(zip(size, default, stride)):
        if not middle - step < one < middle + step:
            raise ValueError(f'invalid output_size "{tuple(size)}" (dim {d} must be between {middle - step} and {middle + step})')
    return tuple(map(int, size))


def max_unpool_given(name: str, dims: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any,
                     output_size: Any) -> Tensor:
    """`max_unpool` with arguments as users give them."""
    window = each(name, "kernel_size", kernel_size, dims)
    step = steps(name, stride, window)
    if input.dim() not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}: expected a {dims + 1}D or {dims + 2}D tensor, but got input of size {list(input.shape)}")
    if indices._dtype is not dtypes.int64:
        raise RuntimeError(f"{name}: elements in indices should be type int64 but got: {indices._dtype.tensor_name[:-6]}")
    if indices.shape != input.shape:
        raise RuntimeError(f"{name}: Expected shape of indices to be same as that of the input tensor ({list(input.shape)}) but got "
                           f"indices tensor with shape: {list(indices.shape)}")
    if 0 in input.shape[-dims - 1:]:
        raise RuntimeError(f"{name}: Expected input to have non-zero size for non-batch dimensions, but got {list(input.shape)}")
    if min(step) < 1:
        raise RuntimeError(f"{name}: strides should be greater than zero, but got stride: {list(step)}")
    check_type(name, input._dtype)
    size = unpooled_size(input, window, step, each(name, "padding", padding, dims), output_size)
    if min(size) < 1:
        raise RuntimeError(f"{name}: the unpooled size {list(size)} of input {list(input.shape)} is too small")
    return max_unpool(input, indices, size)


def max_unpool1d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Tensor:
    """Each element at its place of a longer signal of zeros; see `max_unpool2d`.

    >>> max_unpool1d(tensor([[5.0, 3.0]]), tensor([[1, 2]]), 2)
    tensor([[0., 5., 3., 0.]])
    """
    return max_unpool_given("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Tensor:
    """Each element at the place that ``indices`` say, as `max_pool2d` returns them, in a larger image of zeros.

    ``output_size`` chooses among the sizes that pooling makes equal; it may be given with the batch's and channels' sizes.

    Shape: input and indices (N, C, H, W) or (C, H, W), result (N, C, Ho, Wo).

    >>> max_unpool2d(tensor([[[5.0]]]), tensor([[[1]]]), 2)
    tensor([[[0., 5.],
             [0., 0.]]])
    """
    return max_unpool_given("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Tensor:
    """Each element at its place in a larger volume of zeros; see `max_unpool2d`.

    >>> max_unpool3d(tensor([[[[5.0]]]]), tensor([[[[3]]]]), (1, 2, 2)).flatten()
    tensor([0., 0., 0., 5.])
    """
    return max_unpool_given("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)
