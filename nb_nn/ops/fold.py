"""Windows of images as columns, and the other way round."""
from __future__ import annotations

import math
from typing import Any

from ..core import launch, memory
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase

Tensor = TensorBase
Pair = tuple[int, int]


@op
def unfold_windows(input: Tensor, window: Pair, stride: Pair, pad: Pair, dilation: Pair, count: Pair) -> Tensor:
    """(N, C, H, W) to (N, C * window, number of windows)."""
    batch, channels, high, wide = input._array.shape
    array = launch.contiguous_array(input).reshape(batch * channels, high, wide)
    made = memory.empty((batch * channels, *window, *count), array.dtype)
    launch.launch("unfold_windows", array, window, stride, pad, dilation, count, made, device=input._device)
    return launch.deliver("unfold", made.reshape(batch, channels * math.prod(window), math.prod(count)), input._dtype, None)


@op
def fold_windows(input: Tensor, size: Pair, window: Pair, stride: Pair, pad: Pair, dilation: Pair, count: Pair) -> Tensor:
    """(N, C * window, number of windows) to (N, C, \\*size): elements that come from one place are added up."""
    batch, columns, _ = input._array.shape
    channels = columns // math.prod(window)
    array = launch.contiguous_array(input).reshape(batch * channels, *window, *count)
    made = memory.empty((batch * channels, *size), array.dtype)
    launch.launch("fold_windows", array, window, stride, pad, dilation, count, made, device=input._device, work=array.size)
    return launch.deliver("fold", made.reshape(batch, channels, *size), input._dtype, None)


unfold_windows.declaration.node_name, fold_windows.declaration.node_name = "Im2ColBackward0", "Col2ImBackward0"
derivative(unfold_windows, input=lambda grad, input_size, window, stride, pad, dilation, count:
           fold_windows(grad, input_size[2:], window, stride, pad, dilation, count))
derivative(fold_windows, input=lambda grad, window, stride, pad, dilation, count:
           unfold_windows(grad, window, stride, pad, dilation, count))


def pair(name: str, what: str, value: Any, smallest: int) -> Pair:
    """One or two numbers as two."""
    numbers = (value, value) if isinstance(value, int) else tuple(value)
    if len(numbers) == 1:
        numbers *= 2
    if len(numbers) != 2 or min(numbers) < smallest:
        raise RuntimeError(f"{name}: {what} should be one or two numbers not less than {smallest}, but got {value}")
    return tuple([int(one) for one in numbers])


def geometry(name: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> tuple[Pair, Pair, Pair, Pair]:
    """Window, stride, padding and dilation, two numbers each."""
    return (pair(name, "kernel_size", kernel_size, 1), pair(name, "stride", stride, 1), pair(name, "padding", padding, 0),
            pair(name, "dilation", dilation, 1))


def window_counts(name: str, size: Pair, window: Pair, stride: Pair, pad: Pair, dilation: Pair) -> Pair:
    """How many windows fit, above and beside each other."""
    count = tuple([(size[d] + 2 * pad[d] - dilation[d] * (window[d] - 1) - 1) // stride[d] + 1 for d in (0, 1)])
    if min(count) < 1:
        raise RuntimeError(f"{name}: images of size {list(size)} with kernel_size {window}, dilation {dilation}, padding {pad} and stride "
                           f"{stride} have {count} windows, which is too small (non-positive)")
    return count


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """All windows of images as columns.

    Shape: (N, C, H, W) to (N, C * window, number of windows), or (C, H, W) to (C * window, number of windows).

    >>> unfold(tensor([[[1.0, 2.0, 3.0]]]), (1, 2))
    tensor([[1., 2.],
            [2., 3.]])
    """
    if input.dim() not in (3, 4):
        raise RuntimeError(f"unfold: Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for "
                           f"input, but got: {list(input.shape)}")
    if input.dim() == 3:
        return unfold(input.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0)
    window, stride, pad, dilation = geometry("unfold", kernel_size, dilation, padding, stride)
    return unfold_windows(input, window, stride, pad, dilation, window_counts("unfold", input.shape[2:], window, stride, pad, dilation))


def fold(input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Images of ``output_size`` whose windows are the columns; where windows overlap they are added up.

    Shape: (N, C * window, number of windows) to (N, C, H, W), or without N.

    >>> fold(tensor([[1.0, 2.0], [2.0, 3.0]]), (1, 3), (1, 2))
    tensor([[[1., 4., 3.]]])
    """
    if input.dim() not in (2, 3):
        raise RuntimeError(f"fold: Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions, "
                           f"but got: {list(input.shape)}")
    if input.dim() == 2:
        return fold(input.unsqueeze(0), output_size, kernel_size, dilation, padding, stride).squeeze(0)
    window, stride, pad, dilation = geometry("fold", kernel_size, dilation, padding, stride)
    size = pair("fold", "output_size", output_size, 1)
    count = window_counts("fold", size, window, stride, pad, dilation)
    if input.shape[1] % math.prod(window):
        raise RuntimeError(f"Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
                           f"input.size(1)={input.shape[1]} and kernel_size={window}.")
    if input.shape[2] != math.prod(count):
        raise RuntimeError(f"Given output_size={size}, kernel_size={window}, dilation={dilation}, padding={pad}, stride={stride}, expected "
                           f"size of input's dimension 2 to match the calculated number of sliding blocks {count[0]} * {count[1]} = "
                           f"{math.prod(count)}, but got input.size(2)={input.shape[2]}.")
    return fold_windows(input, size, window, stride, pad, dilation, count)
