"""Maximum and mean over windows of signals, images and volumes."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import cuda_memory, launch, memory
from ..core import dtype as dtypes
from ..core.geometry import window_count
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from .convolution import each
from .piecewise import relu

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
    if any(not 0 <= 2 * pad <= reach for pad, reach in zip(padding, window)):
        raise RuntimeError(f"{name}: pad should be at least zero and at most half of kernel size, but got pad={padding}, "
                           f"kernel_size={window}")
    size = tuple([window_count(length, window[d], stride[d], padding[d], dilation[d], ceil)
                  for d, length in enumerate(given[-dims:])])
    if min(size) < 1 or 0 in given[-dims - 1:]:
        raise RuntimeError(f"{name}: Given input size: {list(given)}. Calculated output size: {[*given[:-dims], *size]}. Output size is "
                           f"too small for kernel_size={window}, stride={stride}, padding={padding}, dilation={dilation}")
    return size


def planes(array: Any, dims: int) -> Any:
    """An array as (planes, H, W), where H is 1 for signals, or as (planes, D, H, W)."""
    shape = array.shape
    return array.reshape(math.prod(shape[:-dims]), *(1,) * (2 - dims), *shape[-dims:])


def volumes(array: Any, dims: int) -> Any:
    """An array as (planes, D, H, W), where D and H may be 1."""
    shape = array.shape
    return array.reshape(math.prod(shape[:-dims]), *(1,) * (3 - dims), *shape[-dims:])


def in_plane(dims: int, *pairs: tuple) -> list[int]:
    """Geometry as the kernels of planes take it: height and width of each; signals have windows, strides, ... of 1 (and padding 0)."""
    if dims == 2:
        return [number for pair in pairs for number in pair]
    return [number for fill, one in zip((1, 1, 0, 1), pairs) for number in (fill, *one)]


def in_volume(pieces: list[Any], fill: Any) -> list[Any]:
    """One for each of three dimensions; signals and images have ``fill`` in front."""
    return [fill] * (3 - len(pieces)) + pieces


ONE_RANGE = np.array([[[0]], [[1]]])        # the windows along a dimension that is not there


def ranges(length: int, count: int, window: int, stride: int, pad: int, dilation: int) -> np.ndarray:
    """First and one past the last place of ``count`` windows as (2, 1, count), without those outside of ``length``."""
    start = np.arange(count) * stride - pad
    first = np.where(start < 0, start + -(start // dilation) * dilation, start)
    end = np.minimum(start + (window - 1) * dilation + 1, length)
    if (first >= end).any():
        raise RuntimeError(f"pooling: a window of {window} elements with dilation={dilation} and padding={pad} holds no element of an "
                           f"input of size {length}")
    return np.stack([first, end])[:, None]


def ranges_of(given: tuple[int, ...], size: tuple[int, ...], window: tuple, stride: tuple, padding: tuple,
              dilation: tuple) -> list[Any]:
    """`ranges` of each of three dimensions."""
    return in_volume([ranges(*one) for one in zip(given[-len(window):], size, window, stride, padding, dilation)], ONE_RANGE)


def check_type(name: str, kind: Any, *others: Any) -> None:
    """Pooling is for floating types, and for ``others``."""
    if kind.category != 2 and kind not in others:
        raise launch.not_implemented(name, kind, "floating-point elements")


INTEGERS = (dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64)


@op
def max_pool(input: Tensor, window: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...], dilation: tuple[int, ...],
             ceil: bool) -> tuple[Tensor, Tensor]:
    """The place in its plane of the largest element of each window of the last dimensions, and that element.

    The places come first, for backward keeps the first result; the elements are free to be written to.
    """
    dims, given, kind = len(window), input._array.shape, input._dtype
    size = pooled_size(f"max_pool{dims}d", given, window, stride, padding, dilation, ceil)
    check_type(f"max_pool{dims}d", kind, *INTEGERS)
    made, places = (memory.empty(given[:-dims] + size, one, input._device) for one in (kind.compute, np.dtype(np.int64)))
    fast = dims < 3 and kind.category == 2 and all(step <= length for step, length in zip(dilation, given[-dims:]))
    if made.size and fast:
        launch.launch("max_pool2d", planes(launch.contiguous_array(input), dims), *in_plane(dims, window, stride, padding, dilation),
                      planes(made, dims), planes(places, dims), device=input._device, work=made.size * math.prod(window))
    elif made.size:
        along = cuda_memory.all_moved(ranges_of(given, size, window, stride, padding, dilation), input._device)
        launch.launch("max_of_windows", volumes(launch.contiguous_array(input), dims), *along, *in_volume(list(dilation), 1),
                      volumes(made, dims), volumes(places, dims), device=input._device, work=made.size * math.prod(window))
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
    size = pooled_size(f"avg_pool{dims}d", given, window, stride, padding, (1,) * dims, ceil)
    check_type(f"avg_pool{dims}d", kind, dtypes.int64)
    made = memory.empty(given[:-dims] + size, kind.compute, input._device)
    if made.size and dims < 3 and kind.category == 2:
        launch.launch("avg_pool2d", planes(launch.contiguous_array(input), dims), *in_plane(dims, window, stride, padding),
                      count_include_pad, divisor, planes(made, dims), device=input._device, work=made.size * math.prod(window))
    elif made.size:
        launch.launch("mean_of_windows", volumes(launch.contiguous_array(input), dims),
                      *ranges_and_counts(given, size, window, stride, padding, count_include_pad, input._device), divisor,
                      volumes(made, dims), device=input._device, work=made.size * math.prod(window))
    return launch.deliver("avg_pool", made, kind, None)


def ranges_and_counts(given: tuple[int, ...], size: tuple[int, ...], window: tuple, stride: tuple, padding: tuple,
                      count_include_pad: bool, where: Any) -> list[Any]:
    """`ranges_of` windows, and how many elements each has along each dimension, where padding may count."""
    along = ranges_of(given, size, window, stride, padding, (1,) * len(window))
    counts = [one[1, 0] - one[0, 0] for one in along]
    if count_include_pad:
        wide = zip(given[-len(window):], size, window, stride, padding)
        counts = in_volume([np.minimum(step * np.arange(count) - pad + one, length + pad) - step * np.arange(count) + pad
                            for length, count, one, step, pad in wide], np.ones(1, np.int64))
    return cuda_memory.all_moved(along + counts, where)


@op
def avg_pool_backward(grad_output: Tensor, size: tuple[int, ...], window: tuple[int, ...], stride: tuple[int, ...],
                      padding: tuple[int, ...], ceil: bool, count_include_pad: bool, divisor: int) -> Tensor:
    """The gradients of windows, shared by their elements."""
    dims, kind = len(window), grad_output._dtype
    made, grad = memory.empty(size, kind.compute, grad_output._device), launch.contiguous_array(grad_output)
    if made.size and dims < 3:
        launch.launch("avg_pool2d_backward", planes(grad, dims), *in_plane(dims, window, stride, padding), count_include_pad, divisor,
                      planes(made, dims), device=grad_output._device, work=grad.size * math.prod(window))
    elif made.size:
        launch.launch("mean_of_windows_backward", volumes(grad, dims),
                      *ranges_and_counts(size, grad.shape[-dims:], window, stride, padding, count_include_pad, grad_output._device),
                      divisor, volumes(made, dims), device=grad_output._device, work=grad.size * math.prod(window))
    return launch.deliver("avg_pool_backward", made, kind, None)


avg_pool.declaration.node_name = "AvgPool2DBackward0"
derivative(avg_pool, input=lambda grad, input_size, window, stride, padding, ceil, count_include_pad, divisor:
           avg_pool_backward(grad, input_size, window, stride, padding, ceil, count_include_pad, divisor))
derivative(avg_pool_backward, grad_output=lambda grad, window, stride, padding, ceil, count_include_pad, divisor:
           avg_pool(grad, window, stride, padding, ceil, count_include_pad, divisor))


def steps(name: str, stride: Any, window: tuple[int, ...]) -> tuple[int, ...]:
    """The strides, by default the window's size."""
    return window if stride is None or stride == [] or stride == () else each(name, "stride", stride, len(window))


def max_pool_given(name: str, dims: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
                   return_indices: bool) -> Any:
    """`max_pool` with arguments as users give them."""
    window = each(name, "kernel_size", kernel_size, dims)
    places, values = max_pool(input, window, steps(name, stride, window),
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


def max_pool3d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
               return_indices: bool = False) -> Any:
    """The largest element of each window of volumes; see `max_pool2d`.

    Places are ``(depth * H + row) * W + column``.

    Shape: input (N, C, D, H, W) or (C, D, H, W), result (N, C, Do, Ho, Wo).

    >>> max_pool3d(tensor([[[[1.0, 5.0]], [[3.0, 2.0]]]]), (2, 1, 1))
    tensor([[[[3., 5.]]]])
    """
    return max_pool_given("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


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
    return avg_pool(input, window, steps(name, stride, window),
                    each(name, "padding", padding, dims), bool(ceil_mode), bool(count_include_pad), divisor_override or 0)


def avg_pool2d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True, divisor_override: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """The mean of each window, which moves by ``stride`` (by default the window's size).

    Padding counts as zeros unless ``count_include_pad`` is False. ``divisor_override`` divides the sums in place of the number
    of elements.

    Shape: input (N, C, H, W) or (C, H, W), result (N, C, Ho, Wo).

    >>> avg_pool2d(tensor([[[1.0, 5.0], [3.0, 3.0]]]), 2)
    tensor([[[3.]]])
    """
    made = avg_pool_given("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return launch.into_out("avg_pool2d", made, out)


def avg_pool3d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True, divisor_override: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """The mean of each window of volumes; see `avg_pool2d`.

    Shape: input (N, C, D, H, W) or (C, D, H, W), result (N, C, Do, Ho, Wo).

    >>> avg_pool3d(tensor([[[[1.0, 5.0]], [[3.0, 3.0]]]]), (2, 1, 2))
    tensor([[[[3.]]]])
    """
    made = avg_pool_given("avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return launch.into_out("avg_pool3d", made, out)


def avg_pool1d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True) -> Tensor:
    """The mean of each window of signals; see `avg_pool2d`.

    >>> avg_pool1d(tensor([[1.0, 5.0, 3.0, 2.0]]), 2)
    tensor([[3.0000, 2.5000]])
    """
    return avg_pool_given("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


# ---- norms -------------------------------------------------------------------------------------------------------------

def lp_pool(name: str, dims: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool) -> Tensor:
    """The ``norm_type``-norm of each window, by way of a mean (whose window may be smaller at the edge) times the window's size."""
    window = each(name, "kernel_size", kernel_size, dims)
    if norm_type == math.inf:
        return max_pool_given(name, dims, input.abs(), window, stride, 0, 1, ceil_mode, False)
    mean = avg_pool_given(name, dims, input.pow(norm_type), window, stride, 0, ceil_mode, True, None)
    return (mean.detach().sign() * relu(mean.abs()) * math.prod(window)).pow(1.0 / norm_type)


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The ``norm_type``-norm of each window of signals; see `lp_pool2d`.

    >>> lp_pool1d(tensor([[3.0, 4.0]]), 2, 2)
    tensor([[5.]])
    """
    return lp_pool("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The ``norm_type``-th root of the sum of powers of each window; with ``inf`` the largest magnitude.

    Where the sum of powers is zero the gradient is zero; the root of a negative sum is NaN.

    Shape: input (N, C, H, W) or (C, H, W), result (N, C, Ho, Wo).

    >>> lp_pool2d(tensor([[[3.0, 4.0]]]), 2, (1, 2))
    tensor([[[5.]]])
    """
    return lp_pool("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The ``norm_type``-norm of each window of volumes; see `lp_pool2d`.

    >>> lp_pool3d(tensor([[[[3.0, 4.0]]]]), 2, (1, 1, 2))
    tensor([[[[5.]]]])
    """
    return lp_pool("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)
