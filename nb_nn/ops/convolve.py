"""The operations of convolution: it, its transpose, and the gradient of its weight, each the other two's gradient."""
from __future__ import annotations

from typing import Any

from ..core import launch, memory
from ..core.geometry import window_count
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase
from .slicing import narrow

Tensor = TensorBase


def as_volume(array: Any, dims: int) -> Any:
    """An input or a result as (N, C, D, H, W): images have one plane, signals one plane of rows of one number."""
    if array.ndim == 5:
        return array
    shape = array.shape if array.ndim == dims + 2 else (1, *array.shape)
    return array.reshape((*shape[:2], *in_volume(shape[2:], 1)))


def in_volume(numbers: tuple, other: int) -> tuple[int, ...]:
    """Three numbers for planes, rows and columns, ``other`` for those that there are not."""
    if len(numbers) == 1:
        return other, numbers[0], other
    return numbers if len(numbers) == 3 else (other, *numbers)


def geometry(stride: tuple, padding: tuple, dilation: tuple, groups: int) -> tuple:
    """The numbers of a convolution of volumes."""
    return in_volume(stride, 1), in_volume(padding, 0), in_volume(dilation, 1), groups


def array_or_none(tensor: Tensor | None) -> Any:
    return None if tensor is None else launch.contiguous_array(tensor)


@op
def convolve(input: Tensor, weight: Tensor, bias: Tensor | None, stride: tuple[int, ...], padding: tuple[int, ...],
             dilation: tuple[int, ...], groups: int) -> Tensor:
    """Cross-correlation over the dimensions behind the channels, of which there are as many as numbers in ``stride``.

    Shape: input (N, C, \\*) or (C, \\*), weight (C_out, C / groups, \\*), bias (C_out).
    """
    dims, kind, given, window = len(stride), input._dtype, input._array.shape, weight._array.shape
    size = output_size(given, window, bias, stride, padding, dilation, groups)
    check_types(kind, weight, bias)
    if kind.category == 0:
        raise launch.not_implemented(f"conv{dims}d", kind, "numbers")
    made = memory.empty((*given[:-dims - 1], window[0], *size), kind.compute, launch.same_device("conv", (input, weight)))
    launch.launch("convolution", as_volume(launch.contiguous_array(input), dims), as_volume(launch.contiguous_array(weight), dims),
                  array_or_none(bias), *geometry(stride, padding, dilation, groups), as_volume(made, dims), device=input._device)
    return launch.deliver("convolution", made, kind, None)


def check_types(kind: Any, weight: Tensor, bias: Tensor | None) -> None:
    for what, other in (("weight", weight), ("bias", bias)):
        if other is not None and other._dtype is not kind:
            raise RuntimeError(f"Input type ({kind.tensor_name[:-6]}) and {what} type ({other._dtype.tensor_name[:-6]}) should be the "
                               "same")


def check_sizes(name: str, given: tuple, window: tuple, bias: Any, stride: tuple, padding: tuple, dilation: tuple, groups: int,
                transposed: bool) -> None:
    """RuntimeError where sizes of input and weight do not fit each other, or numbers are out of range."""
    dims = len(stride)
    if len(window) != dims + 2 or len(given) not in (dims + 1, dims + 2):
        raise RuntimeError(f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name} with weight of {dims + 2} "
                           f"dimensions, but got input of size: {list(given)} and weight of size: {list(window)}")
    if min(stride) < 1 or min(dilation) < 1 or min(padding) < 0:
        wrong = "non-positive stride" if min(stride) < 1 else "negative padding" if min(padding) < 0 else "non-positive dilation"
        raise RuntimeError(f"{name}: {wrong} is not supported, got stride={stride}, padding={padding}, dilation={dilation}")
    if groups < 1:
        raise RuntimeError(f"{name}: non-positive groups is not supported, got groups={groups}")
    if window[0] < groups or window[0] % groups:
        raise RuntimeError(f"{name}: Given groups={groups}, expected weight to be at least {groups} at dimension 0 and divisible "
                           f"by groups, but got weight of size {list(window)}")
    if 0 in window[2:]:
        raise RuntimeError(f"{name}: kernel size should be greater than zero, but got weight of size {list(window)}")
    channels, wanted = given[-dims - 1], window[0] if transposed else window[1] * groups
    what = "transposed=1" if transposed else f"groups={groups}"
    if channels != wanted:
        raise RuntimeError(f"{name}: Given {what}, weight of size {list(window)}, expected input{list(given)} to have "
                           f"{wanted} channels, but got {channels} channels instead")
    outputs = window[1] * groups if transposed else window[0]
    if bias is not None and bias._array.shape != (outputs,):
        raise RuntimeError(f"{name}: Given {what}, weight of size {list(window)}, expected bias to be 1-dimensional with {outputs} "
                           f"elements, but got bias of size {list(bias._array.shape)} instead")
    if 0 in given[-dims:]:
        raise RuntimeError(f"{name}: Only zero batch or zero channel inputs are supported, but got input shape: {list(given)}")


def output_size(given: tuple, window: tuple, bias: Any, stride: tuple, padding: tuple, dilation: tuple,
                groups: int) -> tuple[int, ...]:
    """Sizes of the result behind the channels; RuntimeError where the arguments do not fit each other."""
    dims = len(stride)
    check_sizes(f"conv{dims}d", given, window, bias, stride, padding, dilation, groups, False)
    size = tuple([window_count(length, window[d + 2], stride[d], padding[d], dilation[d])
                  for d, length in enumerate(given[-dims:])])
    if min(size) < 1:
        padded = " x ".join(str(length + 2 * pad) for length, pad in zip(given[-dims:], padding))
        reach = " x ".join(str(dilation[d] * (window[d + 2] - 1) + 1) for d in range(dims))
        raise RuntimeError(f"conv{dims}d: Calculated padded input size per channel: ({padded}). Kernel size: ({reach}). Kernel size can't "
                           f"be greater than actual input size; input has size {list(given)}, weight has size {list(window)}")
    return size


@op
def convolve_transposed(input: Tensor, weight: Tensor, bias: Tensor | None, size: tuple[int, ...], stride: tuple[int, ...],
                        padding: tuple[int, ...], dilation: tuple[int, ...], groups: int) -> Tensor:
    """The transpose of `convolve`, plus a bias: each element of the input adds the weights, times itself, to a window of the result.

    It is `convolve`'s gradient for an input whose size behind the channels is ``size``.

    Shape: input (N, C, \\*) or (C, \\*), weight (C, C_out / groups, \\*), bias (C_out), result (N, C_out, \\*size).
    """
    dims, kind = len(stride), input._dtype
    shape = (*input._array.shape[:-dims - 1], weight._array.shape[1] * groups, *size)
    made = memory.empty(shape, kind.compute, launch.same_device("conv", (input, weight)))
    launch.launch("convolution_backward_input", as_volume(launch.contiguous_array(input), dims),
                  as_volume(launch.contiguous_array(weight), dims), array_or_none(bias),
                  *geometry(stride, padding, dilation, groups), as_volume(made, dims), device=input._device)
    return launch.deliver("convolution_transposed", made, kind, None)


@op
def convolve_weight_grad(grad_output: Tensor, input: Tensor, size: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...],
                         dilation: tuple[int, ...], groups: int, with_bias: bool) -> tuple:
    """Gradient of the weight of `convolve`, whose size is ``size``; and that of the bias, or None if not wanted."""
    dims, kind = len(stride), grad_output._dtype
    made = memory.empty(size, kind.compute, grad_output._device)
    bias = memory.empty((size[0],), kind.compute, grad_output._device) if with_bias else None
    launch.launch("convolution_backward_weight", as_volume(launch.contiguous_array(grad_output), dims),
                  as_volume(launch.contiguous_array(input), dims), *geometry(stride, padding, dilation, groups),
                  as_volume(made, dims), bias, device=grad_output._device)
    return (launch.deliver("convolution_weight_grad", made, kind, None),
            launch.deliver("convolution_weight_grad", bias, kind, None) if with_bias else None)


def convolve_to(size: tuple[int, ...], input: Tensor, weight: Tensor, bias: Tensor | None, *numbers: Any) -> Tensor:
    """The first ``size`` elements of `convolve`'s dimensions; an output padding beyond the stride may have made room for more."""
    result = convolve(input, weight, bias, *numbers)
    for d, length in enumerate(size[2 - weight._array.ndim:], 2 - weight._array.ndim):
        if result._array.shape[d] > length:
            result = narrow(result, d, 0, length)
    return result


def bias_grad(grad: Tensor, dims: int) -> Tensor:
    """Sum of the gradient over all but the channels."""
    return grad.sum([d for d in range(grad._array.ndim) if d != grad._array.ndim - dims - 1])


# Convolution is linear in input and in weight: of result, input and weight each is a function of the other two, and the three ops
# are each other's gradients.

def conj(input: Tensor) -> Tensor:
    """The conjugate of complex numbers, by which the gradient of a product goes."""
    if input._dtype.category != 3:
        return input
    from .complex import conj

    return conj(input)


def _gradients(grad: Tensor, input: Tensor, weight: Tensor, stride: tuple, padding: tuple, dilation: tuple, groups: int,
               needs: tuple) -> list:
    numbers, dims = (stride, padding, dilation, groups), len(stride)
    for_input = for_weight = for_bias = None
    if needs[0]:
        for_input = convolve_transposed(grad, conj(weight), None, input._array.shape[-dims:], *numbers)
    if needs[1]:
        for_weight, for_bias = convolve_weight_grad(grad, conj(input), weight._array.shape, *numbers, needs[2])
    elif needs[2]:
        for_bias = bias_grad(grad, dims)
    return [for_input, for_weight, for_bias]


def _transposed_gradients(grad: Tensor, input: Tensor, weight: Tensor, stride: tuple, padding: tuple, dilation: tuple, groups: int,
                          needs: tuple) -> list:
    numbers = stride, padding, dilation, groups
    return [convolve_to(input._array.shape, grad, conj(weight), None, *numbers) if needs[0] else None,
            convolve_weight_grad(conj(input), grad, weight._array.shape, *numbers, False)[0] if needs[1] else None,
            bias_grad(grad, len(stride)) if needs[2] else None]


def _weight_grad_gradients(grads: list, grad_output: Tensor, input: Tensor, stride: tuple, padding: tuple, dilation: tuple, groups: int,
                           needs: tuple) -> list:
    numbers, (for_weight, for_bias) = (stride, padding, dilation, groups), grads
    if for_weight is None:
        return [for_bias.reshape(-1, *(1,) * len(stride)).expand(grad_output.shape), None]
    return [convolve_to(grad_output._array.shape, conj(input), for_weight, for_bias, *numbers) if needs[0] else None,
            convolve_transposed(conj(grad_output), for_weight, None, input._array.shape[-len(stride):], *numbers) if needs[1] else None]


convolve.declaration.node_name = convolve_transposed.declaration.node_name = "ConvolutionBackward0"
derivative(convolve, _gradients, ("input", "weight", "bias"))
derivative(convolve_transposed, _transposed_gradients, ("input", "weight", "bias"))
derivative(convolve_weight_grad, _weight_grad_gradients, ("grad_output", "input"))
