"""Pooling to a given size: windows that cover the input evenly, or that lie at random."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import cuda_memory, launch, memory
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from . import view
from .convolution import each
from .pooling import ONE_RANGE, avg_pool, check_type, in_volume, max_pool, max_pool_backward, volumes
from .samplers import uniform

Tensor = TensorBase


def adaptive_size(name: str, given: tuple[int, ...], output_size: Any, dims: int) -> tuple[int, ...]:
    """The pooled sizes asked for, where None keeps a size."""
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * dims
    if len(wanted) == 1:
        wanted = tuple(wanted) * dims
    if len(given) not in (dims + 1, dims + 2):
        listed = isinstance(output_size, (tuple, list)) and dims > 1
        error = ValueError if len(given) <= dims and (listed or None in wanted) else RuntimeError
        raise error(f"{name}: Expected {dims + 1}D or {dims + 2}D tensor, but got input of size {list(given)}")
    if len(wanted) != dims or any(one is not None and one < 0 for one in wanted):
        raise RuntimeError(f"{name}: expected output_size of {dims} sizes, not negative, but got {output_size}")
    if 0 in given[-dims - 1:]:
        raise RuntimeError(f"{name}: Expected input to have non-zero size for non-batch dimensions, but input has sizes {list(given)}")
    return tuple([size if one is None else int(one) for one, size in zip(wanted, given[-dims:])])


def even(given: tuple[int, ...], size: tuple[int, ...]) -> tuple[int, ...] | None:
    """The window that pools evenly to ``size``, or None if windows would differ."""
    if all(count and length % count == 0 for length, count in zip(given[-len(size):], size)):
        return tuple([length // count for length, count in zip(given[-len(size):], size)])
    return None


def covering(given: tuple[int, ...], size: tuple[int, ...]) -> list[np.ndarray]:
    """First and one past the last place of windows that cover each of three dimensions evenly, as (2, 1, count)."""
    return in_volume([np.stack([np.arange(count) * length // count, -(-np.arange(1, count + 1) * length // count)])[:, None]
                      for length, count in zip(given[-len(size):], size)], ONE_RANGE)


def covering_and_counts(given: tuple[int, ...], size: tuple[int, ...], where: Any) -> list[Any]:
    """`covering`, and how many elements each window has along each dimension, on a device."""
    along = covering(given, size)
    return cuda_memory.all_moved([*along, *[one[1, 0] - one[0, 0] for one in along]], where)


# ---- means -------------------------------------------------------------------------------------------------------------

@op
def adaptive_avg(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """Means of windows that cover the last dimensions evenly."""
    dims, given, kind = len(size), input._array.shape, input._dtype
    made = memory.empty(given[:-dims] + size, kind.compute, input._device)
    if made.size:
        launch.launch("mean_of_windows", volumes(launch.contiguous_array(input), dims), *covering_and_counts(given, size, input._device),
                      0, volumes(made, dims), device=input._device, work=input._array.size)
    return launch.deliver("adaptive_avg_pool", made, kind, None)


@op
def adaptive_avg_backward(grad_output: Tensor, given: tuple[int, ...], size: tuple[int, ...]) -> Tensor:
    """The gradients of windows, shared by their elements."""
    dims, kind = len(size), grad_output._dtype
    made = memory.empty(given, kind.compute, grad_output._device)
    if made.size:
        launch.launch("mean_of_windows_backward", volumes(launch.contiguous_array(grad_output), dims),
                      *covering_and_counts(given, size, grad_output._device), 0, volumes(made, dims), device=grad_output._device,
                      work=made.size)
    return launch.deliver("adaptive_avg_pool_backward", made, kind, None)


adaptive_avg.declaration.node_name = "AdaptiveAvgPool2DBackward0"
derivative(adaptive_avg, input=lambda grad, input_size, size: adaptive_avg_backward(grad, input_size, size))
derivative(adaptive_avg_backward, grad_output=lambda grad, size: adaptive_avg(grad, size))


def adaptive_avg_given(name: str, input: Tensor, output_size: Any, dims: int) -> Tensor:
    """`adaptive_avg`, or the pooling or mean that it is if all windows have one size."""
    given = input._array.shape
    size = adaptive_size(name, given, output_size, dims)
    one = size == (1,) * dims and 0 not in given
    if not (one and input._dtype.category == 3):
        check_type(name, input._dtype)
    window = even(given, size)
    if size == given[-dims:]:
        return input.clone()
    if one:
        return input.mean(list(range(-dims, 0)), True)
    if window is not None and dims == 1:
        return view.reshape(input, (*given[:-1], *size, *window)).mean(-1)
    return adaptive_avg(input, size) if window is None else avg_pool(input, window, window, (0,) * dims, False, True, 0)


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Means of ``output_size`` windows that cover the signal evenly.

    >>> adaptive_avg_pool1d(tensor([[1.0, 5.0, 3.0]]), 2)
    tensor([[3., 4.]])
    """
    return adaptive_avg_given("adaptive_avg_pool1d", input, output_size, 1)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means of as many windows as ``output_size`` says, which cover the image evenly; None keeps a size.

    >>> adaptive_avg_pool2d(tensor([[[1.0, 5.0], [3.0, 3.0]]]), 1)
    tensor([[[3.]]])
    """
    return adaptive_avg_given("adaptive_avg_pool2d", input, output_size, 2)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Means of as many windows as ``output_size`` says, which cover the volume evenly; None keeps a size.

    >>> adaptive_avg_pool3d(tensor([[[[1.0, 5.0], [3.0, 3.0]]]]), (None, 1, 2))
    tensor([[[[2., 4.]]]])
    """
    return adaptive_avg_given("adaptive_avg_pool3d", input, output_size, 3)


# ---- maxima ------------------------------------------------------------------------------------------------------------

def max_of(input: Tensor, size: tuple[int, ...], along: list[np.ndarray]) -> tuple[Tensor, Tensor]:
    """The places and values of the largest elements of windows."""
    dims, given, kind = len(size), input._array.shape, input._dtype
    made, places = (memory.empty(given[:-dims] + size, one, input._device) for one in (kind.compute, np.dtype(np.int64)))
    if made.size:
        along = cuda_memory.all_moved(along, input._device)
        launch.launch("max_of_windows", volumes(launch.contiguous_array(input), dims), *along, 1, 1, 1,
                      volumes(made, dims), volumes(places, dims), device=input._device, work=input._array.size)
    return wrap(places, dtypes.int64), launch.deliver("max_pool", made, kind, None)


@op
def adaptive_max(input: Tensor, size: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Places and values of the largest elements of windows that cover the last dimensions evenly."""
    return max_of(input, size, covering(input._array.shape, size))


adaptive_max.declaration.node_name = "AdaptiveMaxPool2DBackward0"
derivative(adaptive_max, input=lambda grads, input_size, result, size: max_pool_backward(grads[1], result, input_size, len(size)))


def adaptive_max_given(name: str, input: Tensor, output_size: Any, dims: int, return_indices: bool) -> Any:
    """`adaptive_max`, or the pooling that it is if all windows have one size."""
    given = input._array.shape
    size = adaptive_size(name, given, output_size, dims)
    check_type(name, input._dtype)
    window = even(given, size)
    places, values = adaptive_max(input, size) if window is None else max_pool(input, window, window, (0,) * dims, (1,) * dims, False)
    return (values, places) if return_indices else values


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Largest elements of ``output_size`` windows that cover the signal evenly, and with ``return_indices`` their places.

    >>> torch.nn.functional.adaptive_max_pool1d(tensor([[1.0, 5.0, 3.0]]), 2)
    tensor([[5., 5.]])
    """
    return adaptive_max_given("adaptive_max_pool1d", input, output_size, 1, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Largest elements of as many windows as ``output_size`` says, which cover the image evenly; None keeps a size.

    >>> adaptive_max_pool2d(tensor([[[1.0, 5.0], [3.0, 2.0]]]), (1, 2))
    tensor([[[3., 5.]]])
    """
    return adaptive_max_given("adaptive_max_pool2d", input, output_size, 2, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Largest elements of as many windows as ``output_size`` says, which cover the volume evenly; None keeps a size.

    >>> adaptive_max_pool3d(tensor([[[[1.0, 5.0], [3.0, 2.0]]]]), (None, 1, 2))
    tensor([[[[3., 5.]]]])
    """
    return adaptive_max_given("adaptive_max_pool3d", input, output_size, 3, return_indices)


# ---- windows at random -------------------------------------------------------------------------------------------------

def random_ranges(samples: np.ndarray, length: int, count: int, window: int) -> np.ndarray:
    """Windows of one size whose starts are pseudorandom (Graham 2014, equation 3), one set of ``count`` for each sample."""
    starts = np.full((samples.size, count), length - window)
    if count > 1:
        alpha = samples.dtype.type((length - window) / (count - 1))
        starts[:, :-1] = ((np.arange(count - 1, dtype=samples.dtype) + samples[:, None]) * alpha).astype(np.int64) - (
            samples[:, None] * alpha).astype(np.int64)
    return np.stack([starts, starts + window])


@op
def fractional_max(input: Tensor, window: tuple[int, ...], size: tuple[int, ...], samples: Tensor) -> tuple[Tensor, Tensor]:
    """Places and values of the largest elements of windows that lie as ``samples`` (N, C, dims) say; the last one is of the first
    dimension of a volume, as in torch: width, height of an image, but depth, height, width of a volume."""
    dims, given = len(size), input._array.shape
    drawn = cuda_memory.moved(launch.contiguous_array(samples), CPU).reshape(-1, dims).T
    if dims == 2:
        drawn = drawn[::-1]
    along = [random_ranges(np.ascontiguousarray(sample), *one) for sample, one in zip(drawn, zip(given[-dims:], size, window))]
    return max_of(input, size, in_volume(along, ONE_RANGE))


fractional_max.declaration.node_name = "FractionalMaxPool2DBackward0"
derivative(fractional_max, input=lambda grads, input_size, result, size: max_pool_backward(grads[1], result, input_size, len(size)))


def fractional_max_given(name: str, dims: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any,
                         return_indices: bool, samples: Tensor | None) -> Any:
    """`fractional_max` with arguments as users give them."""
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    given = input._array.shape
    if len(given) not in (dims + 1, dims + 2):
        raise (RuntimeError if len(given) > dims else IndexError)(f"{name}: Expected {dims + 1}D or {dims + 2}D tensor, but got input of "
                                                                  f"size {list(given)}")
    if 0 in given[-dims - 1:]:
        raise RuntimeError(f"{name}: Expected input to have non-zero size for non-batch dimensions, but got {list(given)}")
    check_type(name, input._dtype)
    window = each(name, "kernel_size", kernel_size, dims)
    if output_size is None:
        ratio = tuple(output_ratio) if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * dims
        output_size = tuple([int(length * one) for length, one in zip(given[-dims:], ratio)])
    size = each(name, "output_size", output_size, dims)
    if min(window) < 1 or min(size) < 1:
        raise RuntimeError(f"{name}: kernel_size and output_size should be greater than zero, but got {window} and {size}")
    if any(count + reach - 1 > length for length, reach, count in zip(given[-dims:], window, size)):
        raise RuntimeError(f"{name}: kernel_size {window} is too large relative to input of size {list(given)} for output_size {size}")
    batch = given[:-dims] if len(given) == dims + 2 else (1, *given[:-dims])
    if samples is None:
        samples = uniform(input.detach().new_empty((*batch, dims)), 0.0, 1.0)
    elif samples._dtype is not input._dtype:
        raise RuntimeError(f"{name}: Expect _random_samples to have the same dtype as input, {input.dtype}, but got {samples.dtype}")
    elif tuple(samples.shape) != (*batch, dims):
        raise RuntimeError(f"{name}: Expect _random_samples to have size {[*batch, dims]}, but got {list(samples.shape)}")
    places, values = fractional_max(input, window, size, samples)
    return (values, places) if return_indices else values


def fractional_max_pool2d(input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
                          return_indices: bool = False, _random_samples: Tensor | None = None) -> Any:
    """Largest elements of windows that lie at random, as many as ``output_size`` says or ``output_ratio`` times the input's size.

    ``_random_samples`` (N, C, 2), numbers in [0, 1), say where windows lie (Graham 2014: Fractional Max-Pooling).

    Shape: input (N, C, H, W) or (C, H, W), result (N, C, Ho, Wo).

    >>> fractional_max_pool2d(torch.arange(25.0).reshape(1, 5, 5), 2, output_size=1)
    tensor([[[24.]]])
    """
    return fractional_max_given("fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


def fractional_max_pool3d(input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
                          return_indices: bool = False, _random_samples: Tensor | None = None) -> Any:
    """`fractional_max_pool2d` of volumes (N, C, D, H, W) or (C, D, H, W), with samples (N, C, 3).

    >>> fractional_max_pool3d(torch.zeros(1, 8, 8, 8), 2, output_ratio=0.5).shape
    torch.Size([1, 4, 4, 4])
    """
    return fractional_max_given("fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)
