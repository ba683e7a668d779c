"""Convolution of signals and images."""
from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..core import launch, memory
from ..core.geometry import window_count
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase

Tensor = TensorBase


def each(name: str, what: str, value: Any, dims: int) -> tuple[int, ...]:
    """One number for each dimension, given as one for all or as a sequence."""
    if value.__class__ is int:
        return (value,) * dims
    if value.__class__ is tuple and len(value) == dims and all(one.__class__ is int for one in value):
        return value
    try:
        numbers = tuple([operator.index(one) for one in value]) if hasattr(value, "__len__") else (operator.index(value),)
    except TypeError:
        raise TypeError(f"{name}(): argument '{what}' must be an int or a tuple of {dims} ints, not {value!r}") from None
    if len(numbers) == 1:
        return numbers * dims
    if len(numbers) != dims:
        raise RuntimeError(f"{name}: expected {what} to be a single integer value or a list of {dims} values to match the convolution "
                           f"dimensions, but got {what}={list(numbers)}")
    return numbers


def as_image(array: Any, dims: int) -> Any:
    """An input or a result as (N, C, H, W)."""
    if array.ndim == 4 and dims == 2:
        return array
    shape = array.shape if array.ndim == dims + 2 else (1, *array.shape)
    return array.reshape(*shape[:2], *(1,) * (2 - dims), *shape[2:])


def as_window(array: Any) -> Any:
    """A weight as (C_out, C / groups, kh, kw)."""
    return array if array.ndim == 4 else array.reshape(*array.shape[:2], 1, *array.shape[2:])


def in_plane(stride: tuple, padding: tuple, dilation: tuple) -> tuple[tuple, tuple, tuple]:
    """The geometry of a convolution as that of one of images."""
    if len(stride) == 2:
        return stride, padding, dilation
    return (1, *stride), (0, *padding), (1, *dilation)


@op
def convolution(input: Tensor, weight: Tensor, bias: Tensor | None, stride: tuple[int, ...], padding: tuple[int, ...],
                dilation: tuple[int, ...], groups: int) -> Tensor:
    """Cross-correlation over the dimensions behind the channels, of which there are as many as numbers in ``stride``.

    Shape: input (N, C, \\*) or (C, \\*), weight (C_out, C / groups, \\*), bias (C_out).
    """
    dims = len(stride)
    given, window = input._array.shape, weight._array.shape
    size = output_size(given, window, bias, stride, padding, dilation, groups)
    kind = input._dtype
    check_types(kind, weight, bias)
    made = memory.empty((*given[:-dims - 1], window[0], *size), kind.compute)
    launch.launch("conv2d", as_image(launch.contiguous_array(input), dims), as_window(launch.contiguous_array(weight)),
                  None if bias is None else launch.contiguous_array(bias), *in_plane(stride, padding, dilation), groups,
                  as_image(made, dims), device=input._device)
    return launch.deliver("convolution", made, kind, None)


def check_types(kind: Any, weight: Tensor, bias: Tensor | None) -> None:
    for what, other in (("weight", weight), ("bias", bias)):
        if other is not None and other._dtype is not kind:
            raise RuntimeError(f"Input type ({kind.tensor_name[:-6]}) and {what} type ({other._dtype.tensor_name[:-6]}) should be the "
                               "same")
    if kind.category != 2:
        raise NotImplementedError(f'"conv" not implemented for \'{kind.tensor_name[:-6]}\'; it takes floating-point elements')


def output_size(given: tuple, window: tuple, bias: Any, stride: tuple, padding: tuple, dilation: tuple,
                groups: int) -> tuple[int, ...]:
    """Sizes of the result behind the channels; RuntimeError where the arguments do not fit each other."""
    dims = len(stride)
    name = f"conv{dims}d"
    if len(window) != dims + 2 or len(given) not in (dims + 1, dims + 2):
        raise RuntimeError(f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name} with weight of {dims + 2} "
                           f"dimensions, but got input of size: {list(given)} and weight of size: {list(window)}")
    channels = given[-dims - 1]
    if groups < 1 or window[0] % groups:
        raise RuntimeError(f"{name}: Given groups={groups}, expected weight to be at least {max(groups, 1)} at dimension 0 and divisible "
                           f"by groups, but got weight of size {list(window)}")
    if channels != window[1] * groups:
        raise RuntimeError(f"{name}: Given groups={groups}, weight of size {list(window)}, expected input{list(given)} to have "
                           f"{window[1] * groups} channels, but got {channels} channels instead")
    if bias is not None and bias._array.shape != window[:1]:
        raise RuntimeError(f"{name}: Given weight of size {list(window)}, expected bias to be 1-dimensional with {window[0]} elements, "
                           f"but got bias of size {list(bias._array.shape)} instead")
    if min(stride) < 1 or min(dilation) < 1 or min(padding) < 0:
        wrong = "non-positive stride" if min(stride) < 1 else "negative padding" if min(padding) < 0 else "non-positive dilation"
        raise RuntimeError(f"{name}: {wrong} is not supported, got stride={stride}, padding={padding}, dilation={dilation}")
    size = tuple([window_count(length, window[d + 2], stride[d], padding[d], dilation[d])
                  for d, length in enumerate(given[-dims:])])
    if min(size) < 1 or 0 in window[1:]:
        padded = " x ".join(str(length + 2 * pad) for length, pad in zip(given[-dims:], padding))
        reach = " x ".join(str(dilation[d] * (window[d + 2] - 1) + 1) for d in range(dims))
        raise RuntimeError(f"{name}: Calculated padded input size per channel: ({padded}). Kernel size: ({reach}). Kernel size can't be "
                           f"greater than actual input size; input has size {list(given)}, weight has size {list(window)}")
    return size


@op
def convolution_input_grad(grad_output: Tensor, weight: Tensor, size: tuple[int, ...], stride: tuple[int, ...],
                           padding: tuple[int, ...], dilation: tuple[int, ...], groups: int) -> Tensor:
    """Gradient of the input of `convolution`, whose size is ``size``."""
    dims, kind = len(stride), grad_output._dtype
    made = memory.empty(size, kind.compute)
    launch.launch("conv2d_backward_input", as_image(launch.contiguous_array(grad_output), dims),
                  as_window(launch.contiguous_array(weight)), *in_plane(stride, padding, dilation), groups, as_image(made, dims),
                  device=grad_output._device)
    return launch.deliver("convolution_input_grad", made, kind, None)


@op
def convolution_weight_grad(grad_output: Tensor, input: Tensor, size: tuple[int, ...], stride: tuple[int, ...],
                            padding: tuple[int, ...], dilation: tuple[int, ...], groups: int, with_bias: bool) -> tuple:
    """Gradient of the weight of `convolution`, whose size is ``size``; and that of the bias, or None if not wanted."""
    dims, kind = len(stride), grad_output._dtype
    made = memory.empty(size, kind.compute)
    bias = np.empty(size[0], kind.compute) if with_bias else None
    launch.launch("conv2d_backward_weight", as_image(launch.contiguous_array(grad_output), dims),
                  as_image(launch.contiguous_array(input), dims), *in_plane(stride, padding, dilation), groups, as_window(made), bias,
                  device=grad_output._device)
    return (launch.deliver("convolution_weight_grad", made, kind, None),
            launch.deliver("convolution_weight_grad", bias, kind, None) if with_bias else None)


def _gradients(grad: Tensor, input: Tensor, weight: Tensor, stride: tuple, padding: tuple, dilation: tuple, groups: int,
               needs: tuple) -> list:
    for_input = for_weight = for_bias = None
    if needs[0]:
        for_input = convolution_input_grad(grad, weight, input._array.shape, stride, padding, dilation, groups)
    if needs[1]:
        for_weight, for_bias = convolution_weight_grad(grad, input, weight._array.shape, stride, padding, dilation, groups, needs[2])
    elif needs[2]:
        channels = grad._array.ndim - len(stride) - 1
        for_bias = grad.sum([d for d in range(grad._array.ndim) if d != channels])
    return [for_input, for_weight, for_bias]


def _input_grad_gradients(grad: Tensor, grad_output: Tensor, weight: Tensor, stride: tuple, padding: tuple, dilation: tuple,
                          groups: int, needs: tuple) -> list:
    """Convolution is linear in either argument, so each of the three is the other two's gradient."""
    geometry = stride, padding, dilation, groups
    return [convolution(grad, weight, None, *geometry) if needs[0] else None,
            convolution_weight_grad(grad_output, grad, weight._array.shape, *geometry, False)[0] if needs[1] else None]


def _weight_grad_gradients(grads: list, grad_output: Tensor, input: Tensor, stride: tuple, padding: tuple, dilation: tuple,
                           groups: int, needs: tuple) -> list:
    geometry, (grad, bias) = (stride, padding, dilation, groups), grads
    if grad is None:
        return [bias.reshape(-1, *(1,) * len(stride)).expand(grad_output.shape), None]
    return [convolution(input, grad, bias, *geometry) if needs[0] else None,
            convolution_input_grad(grad_output, grad, input._array.shape, *geometry) if needs[1] else None]


derivative(convolution, _gradients, ("input", "weight", "bias"))
derivative(convolution_input_grad, _input_grad_gradients, ("grad_output", "weight"))
derivative(convolution_weight_grad, _weight_grad_gradients, ("grad_output", "input"))


def conv(name: str, dims: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
         groups: int) -> Tensor:
    """`convolution` with arguments as users give them."""
    stride, dilation = each(name, "stride", stride, dims), each(name, "dilation", dilation, dims)
    if padding.__class__ is str:
        input, padding = padded_by_name(name, dims, input, weight, stride, padding, dilation)
    else:
        padding = each(name, "padding", padding, dims)
    return convolution(input, weight, bias, stride, padding, dilation, groups)


def padded_by_name(name: str, dims: int, input: Tensor, weight: Tensor, stride: tuple, padding: str, dilation: tuple) -> tuple:
    """Padding ``"valid"`` (none) or ``"same"`` as numbers; an odd element is padded to the input's end beforehand."""
    if padding == "valid":
        return input, (0,) * dims
    if padding != "same":
        raise RuntimeError(f"{name}: Invalid padding string: '{padding}'; expected 'valid' or 'same'")
    if max(stride) > 1:
        raise RuntimeError(f"padding='same' is not supported for strided convolutions, got stride={stride}")
    totals = [step * (window - 1) for step, window in zip(dilation, weight._array.shape[2:])]
    if any(total % 2 for total in totals):
        from .padding import constant_pad

        input = constant_pad(input, tuple(number for total in reversed(totals) for number in (0, total % 2)), 0.0)
    return input, tuple(total // 2 for total in totals)


def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1) -> Tensor:
    """Cross-correlation of images with a window of weights that moves by ``stride``.

    ``padding`` zeros are put on either side, or as many as keep the size ("same") or none ("valid"). Weights lie ``dilation``
    apart. Channels are convolved in ``groups`` that see only their own share of the input's.

    Shape: input (N, C, H, W) or (C, H, W), weight (C_out, C / groups, kh, kw), bias (C_out), result (N, C_out, Ho, Wo) where
    Ho = (H + 2 padding - dilation (kh - 1) - 1) // stride + 1, and Wo likewise.

    >>> conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1) -> Tensor:
    """Cross-correlation of signals with a window of weights; see `conv2d`.

    Shape: input (N, C, L) or (C, L), weight (C_out, C / groups, k), bias (C_out), result (N, C_out, L_out).

    >>> conv1d(torch.ones(1, 1, 4), torch.ones(1, 1, 2))
    tensor([[[2., 2., 2.]]])
    """
    return conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)
