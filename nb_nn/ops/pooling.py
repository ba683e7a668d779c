"""Maximum and mean over windows."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.geometry import window_count
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from .convolution import each

Tensor = TensorBase


def pooled_size(name: str, given: tuple[int, ...], window: tuple, stride: tuple, padding: tuple, dilation: tuple,
                ceil: bool) -> tuple[int, ...]:
    """Sizes of the pooled dimensions, the last of ``given``; RuntimeError where the arguments do not fit."""
    dims = len(window)
    if len(given) not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}: Expected {dims + 1}D or {dims + 2}D (batch mode) tensor, but got input of size: {list(given)}")
    if min(window) < 1 or min(stride) < 1 or min(dilation) < 1:
        what, wrong = next((what, numbers) for what, numbers in (("kernel size", window), ("stride", stride), ("dilation", dilation))
                           if min(numbers) < 1)
        raise RuntimeError(f"{name}: {what} should be greater than zero, but got {wrong}")
    if any(pad < 0 or 2 * pad > reach for pad, reach in zip(padding, window)):
        raise RuntimeError(f"{name}: pad should be at least zero and at most half of kernel size, but got pad={padding}, "
                           f"kernel_size={window}")
    size = tuple([window_count(length, window[d], stride[d], padding[d], dilation[d], ceil)
                  for d, length in enumerate(given[-dims:])])
    if min(size) < 1 or 0 in given[-dims - 1:]:
        raise RuntimeError(f"{name}: Given input size: {list(given)}. Calculated output size: {[*given[:-dims], *size]}. Output size is "
                           f"too small for kernel_size={window}, stride={stride}, padding={padding}, dilation={dilation}")
    return size


def planes(array: Any, dims: int) -> Any:
    """An array as (planes, H, W), where H is 1 for signals."""
    shape = array.shape
    return array.reshape(math.prod(shape[:-dims]), shape[-2] if dims == 2 else 1, shape[-1])


def in_plane(dims: int, *pairs: tuple) -> list[int]:
    """Geometry as the kernels take it: height and width of each; signals have windows, strides, ... of 1 (and padding 0)."""
    if dims == 2:
        return [number for pair in pairs for number in pair]
    return [number for fill, one in zip((1, 1, 0, 1), pairs) for number in (fill, *one)]


@op
def max_pool(input: Tensor, window: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...], dilation: tuple[int, ...],
             ceil: bool) -> tuple[Tensor, Tensor]:
    """The place in its plane of the largest element of each window of the last dimensions, and that element.

    The places come first, for backward keeps the first result; the elements are free to be written to.
    """
    dims, given, kind = len(window), input._array.shape, input._dtype
    shape = (*given[:-dims], *pooled_size(f"max_pool{dims}d", given, window, stride, padding, dilation, ceil))
    if kind.category != 2:
        raise NotImplementedError(f'"max_pool{dims}d" not implemented for \'{kind.tensor_name[:-6]}\'; it takes floating-point elements')
    made, places = memory.empty(shape, kind.compute, input._device), memory.empty(shape, np.dtype(np.int64), input._device)
    if made.size:
        launch.launch("max_pool2d", planes(launch.contiguous_array(input), dims), *in_plane(dims, window, stride, padding, dilation),
                      planes(made, dims), planes(places, dims), device=input._device, work=made.size * math.prod(window))
    return wrap(places, dtypes.int64), launch.deliver("max_pool", made, kind, None)


@op
def max_pool_backward(grad_output: Tensor, places: Tensor, size: tuple[int, ...], dims: int) -> Tensor:
    """The gradients of windows, added to the places that their maxima came from."""
    kind = grad_output._dtype
    made = memory.empty(size, kind.compute, grad_output._device)
    if made.size:
        outer = math.prod(size[:-dims])
        launch.launch("max_pool2d_backward", launch.contiguous_array(grad_output).reshape(outer, -1),
                      launch.contiguous_array(places).reshape(outer, -1), made.reshape(outer, -1), device=grad_output._device)
    return launch.deliver("max_pool_backward", made, kind, None)


def at_places(grad: Tensor, places: Tensor, dims: int) -> Tensor:
    """The elements of planes that windows took."""
    return grad.flatten(-dims).gather(-1, places.flatten(-dims)).reshape(places.shape)


max_pool.declaration.node_name = "MaxPool2DWithIndicesBackward0"
derivative(max_pool, input=lambda grads, input_size, result, window: max_pool_backward(grads[1], result, input_size, len(window)))
derivative(max_pool_backward, grad_output=lambda grad, places, dims: at_places(grad, places, dims))


@op
def avg_pool(input: Tensor, window: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...], ceil: bool,
             count_include_pad: bool, divisor: int) -> Tensor:
    """The mean of each window of the last dimensions; ``divisor`` is what sums are divided by, 0 the number of elements."""
    dims, given, kind = len(window), input._array.shape, input._dtype
    shape = (*given[:-dims], *pooled_size(f"avg_pool{dims}d", given, window, stride, padding, (1,) * dims, ceil))
    if kind.category != 2:
        raise NotImplementedError(f'"avg_pool{dims}d" not implemented for \'{kind.tensor_name[:-6]}\'; it takes floating-point elements')
    made = memory.empty(shape, kind.compute, input._device)
    if made.size:
        launch.launch("avg_pool2d", planes(launch.contiguous_array(input), dims), *in_plane(dims, window, stride, padding),
                      count_include_pad, divisor, planes(made, dims), device=input._device, work=made.size * math.prod(window))
    return launch.deliver("avg_pool", made, kind, None)


@op
def avg_pool_backward(grad_output: Tensor, size: tuple[int, ...], window: tuple[int, ...], stride: tuple[int, ...],
                      padding: tuple[int, ...], ceil: bool, count_include_pad: bool, divisor: int) -> Tensor:
    """The gradients of windows, shared by their elements."""
    dims, kind = len(window), grad_output._dtype
    made = memory.empty(size, kind.compute, grad_output._device)
    if made.size:
        launch.launch("avg_pool2d_backward", planes(launch.contiguous_array(grad_output), dims),
                      *in_plane(dims, window, stride, padding), count_include_pad, divisor, planes(made, dims),
                      device=grad_output._device, work=grad_output._array.size * math.prod(window))
    return launch.deliver("avg_pool_backward", made, kind, None)


avg_pool.declaration.node_name = "AvgPool2DBackward0"
derivative(avg_pool, input=lambda grad, input_size, window, stride, padding, ceil, count_include_pad, divisor:
           avg_pool_backward(grad, input_size, window, stride, padding, ceil, count_include_pad, divisor))
derivative(avg_pool_backward, grad_output=lambda grad, window, stride, padding, ceil, count_include_pad, divisor:
           avg_pool(grad, window, stride, padding, ceil, count_include_pad, divisor))


def max_pool_given(name: str, dims: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
                   return_indices: bool) -> Any:
    """`max_pool` with arguments as users give them."""
    window = each(name, "kernel_size", kernel_size, dims)
    places, values = max_pool(input, window, window if stride is None or stride == [] else each(name, "stride", stride, dims),
                              each(name, "padding", padding, dims), each(name, "dilation", dilation, dims), bool(ceil_mode))
    return (values, places) if return_indices else values


def max_pool2d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
               return_indices: bool = False) -> Any:
    """The largest element of each window, which moves by ``stride`` (by default the window's size).

    Padding never wins. With ``ceil_mode`` a last window may reach over the edge; with ``return_indices`` the place of each
    element in its plane, ``row * W + column``, is returned, too.

    Shape: input (N, C, H, W) or (C, H, W), result (N, C, Ho, Wo).

    >>> max_pool2d(tensor([[[1.0, 5.0], [3.0, 2.0]]]), 2)
    tensor([[[5.]]])
    """
    return max_pool_given("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool1d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
               return_indices: bool = False) -> Any:
    """The largest element of each window of signals; see `max_pool2d`.

    >>> max_pool1d(tensor([[1.0, 5.0, 3.0, 2.0]]), 2)
    tensor([[5., 3.]])
    """
    return max_pool_given("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def avg_pool_given(name: str, dims: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
                   count_include_pad: bool, divisor_override: int | None) -> Tensor:
    """`avg_pool` with arguments as users give them."""
    if divisor_override == 0:
        raise RuntimeError(f"{name}: divisor must be not zero")
    if divisor_override is not None and divisor_override < 0:       # the kernel's 0 and less mean the window's own size
        return -avg_pool_given(name, dims, input, kernel_size, stride, padding, ceil_mode, count_include_pad, -divisor_override)
    window = each(name, "kernel_size", kernel_size, dims)
    return avg_pool(input, window, window if stride is None or stride == [] else each(name, "stride", stride, dims),
                    each(name, "padding", padding, dims), bool(ceil_mode), bool(count_include_pad), divisor_override or 0)


def avg_pool2d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True, divisor_override: int | None = None) -> Tensor:
    """The mean of each window, which moves by ``stride`` (by default the window's size).

    Padding counts as zeros unless ``count_include_pad`` is False. ``divisor_override`` divides the sums in place of the number
    of elements.

    Shape: input (N, C, H, W) or (C, H, W), result (N, C, Ho, Wo).

    >>> avg_pool2d(tensor([[[1.0, 5.0], [3.0, 3.0]]]), 2)
    tensor([[[3.]]])
    """
    return avg_pool_given("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool1d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True) -> Tensor:
    """The mean of each window of signals; see `avg_pool2d`.

    >>> avg_pool1d(tensor([[1.0, 5.0, 3.0, 2.0]]), 2)
    tensor([[3.0000, 2.5000]])
    """
    return avg_pool_given("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def adaptive_size(name: str, given: tuple[int, ...], output_size: Any, dims: int) -> tuple[int, ...]:
    """The pooled sizes asked for, where None keeps a size."""
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * dims
    if len(wanted) == 1:
        wanted = tuple(wanted) * dims
    if len(given) not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}: Expected {dims + 1}D or {dims + 2}D tensor, but got input of size {list(given)}")
    if len(wanted) != dims or any(one is not None and one < 0 for one in wanted):
        raise RuntimeError(f"{name}: expected output_size of {dims} sizes, not negative, but got {output_size}")
    if 0 in given[-dims - 1:]:
        raise RuntimeError(f"{name}: Expected input to have non-zero size for non-batch dimensions, but input has sizes {list(given)}")
    return tuple([size if one is None else int(one) for one, size in zip(wanted, given[-dims:])])


def edges(size: int, count: int) -> list[tuple[int, int]]:
    """First and one past the last element of ``count`` windows that cover ``size`` elements evenly."""
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def even(given: tuple[int, ...], size: tuple[int, ...]) -> tuple[int, ...] | None:
    """The window that pools evenly to ``size``, or None if windows would differ."""
    if all(count and length % count == 0 for length, count in zip(given[-len(size):], size)):
        return tuple([length // count for length, count in zip(given[-len(size):], size)])
    return None


def adaptive_avg(name: str, input: Tensor, output_size: Any, dims: int) -> Tensor:
    """Means of windows that cover the input evenly: one pooling if all have one size, else dimension by dimension."""
    given = input._array.shape
    size = adaptive_size(name, given, output_size, dims)
    if size == given[-dims:]:
        return input.clone()
    window = even(given, size)
    if window is not None and 0 not in given:
        if size == (1,) * dims:
            return input.mean(list(range(-dims, 0)), True)
        return avg_pool(input, window, window, (0,) * dims, False, True, 0)
    for d, count in zip(range(-dims, 0), size):
        input = input @ shares_of_windows(input, d, count) if d == -1 else (
            input.transpose(d, -1) @ shares_of_windows(input, d, count)).transpose(d, -1)
    return input


def shares_of_windows(input: Tensor, dim: int, count: int) -> Tensor:
    """A matrix (size, count) that takes the means of windows."""
    shares = np.zeros((input._array.shape[dim], count), input._dtype.compute)
    for i, (first, end) in enumerate(edges(len(shares), count)):
        shares[first:end, i] = 1 / (end - first)
    return wrap(shares, dtypes.from_numpy(shares.dtype)).to(input._dtype)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means of as many windows as ``output_size`` says, which cover the input evenly; None keeps a size.

    >>> adaptive_avg_pool2d(tensor([[[1.0, 5.0], [3.0, 3.0]]]), 1)
    tensor([[[3.]]])
    """
    return adaptive_avg("adaptive_avg_pool2d", input, output_size, 2)


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Means of ``output_size`` windows that cover the signal evenly.

    >>> adaptive_avg_pool1d(tensor([[1.0, 5.0, 3.0]]), 2)
    tensor([[3., 4.]])
    """
    return adaptive_avg("adaptive_avg_pool1d", input, output_size, 1)


def adaptive_max(name: str, input: Tensor, output_size: Any, dims: int, return_indices: bool) -> Any:
    """Largest elements of windows that cover the input evenly, and their places."""
    given = input._array.shape
    size = adaptive_size(name, given, output_size, dims)
    window = even(given, size)
    if window is not None:
        places, values = max_pool(input, window, window, (0,) * dims, (1,) * dims, False)
    else:
        places = places_of_largest(input, size, dims)
        values = at_places(input, places, dims)
    return (values, places) if return_indices else values


def places_of_largest(input: Tensor, size: tuple[int, ...], dims: int) -> Tensor:
    """The place in its plane of each window's largest element."""
    array = planes(launch.computing_array(input, input._dtype), dims)
    rows = edges(array.shape[1], size[0] if dims == 2 else 1)
    columns = edges(array.shape[2], size[-1])
    found = np.empty((len(array), len(rows), len(columns)), np.int64)
    for i, (top, bottom) in enumerate(rows):
        for j, (left, right) in enumerate(columns):
            place = array[:, top:bottom, left:right].reshape(len(array), (bottom - top) * (right - left)).argmax(1)
            found[:, i, j] = (top + place // (right - left)) * array.shape[2] + left + place % (right - left)
    return wrap(found.reshape(*input._array.shape[:-dims], *size), dtypes.int64)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Largest elements of as many windows as ``output_size`` says, which cover the input evenly; None keeps a size.

    >>> adaptive_max_pool2d(tensor([[[1.0, 5.0], [3.0, 2.0]]]), (1, 2))
    tensor([[[3., 5.]]])
    """
    return adaptive_max("adaptive_max_pool2d", input, output_size, 2, return_indices)


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Largest elements of ``output_size`` windows that cover the signal evenly.

    >>> adaptive_max_pool1d(tensor([[1.0, 5.0, 3.0]]), 2)
    tensor([[5., 5.]])
    """
    return adaptive_max("adaptive_max_pool1d", input, output_size, 1, return_indices)
