"""Convolution of signals, images and volumes, and its transpose, with arguments as users give them."""
from __future__ import annotations

import operator
from typing import Any

from ..core import launch
from ..core.tensor_base import TensorBase
from .convolve import check_sizes, check_types, convolve, convolve_transposed

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


def conv(dims: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, groups: int,
         padding_mode: str = "zeros") -> Tensor:
    """`convolve` with arguments as users give them."""
    name = f"conv{dims}d"
    stride, dilation = each(name, "stride", stride, dims), each(name, "dilation", dilation, dims)
    if padding_mode != "zeros":
        input, padding = padded_by_mode(name, input, weight, stride, padding, dilation, padding_mode), (0,) * dims
    elif padding.__class__ is str:
        input, padding = padded_by_name(name, input, weight, stride, padding, dilation)
    else:
        padding = each(name, "padding", padding, dims)
    return convolve(input, weight, bias, stride, padding, dilation, groups)


def padding_sides(name: str, padding: Any, window: tuple, stride: tuple, dilation: tuple) -> list[tuple[int, int]]:
    """How many elements to put before and behind each dimension; ``"valid"`` is none, ``"same"`` as many as keep the size."""
    if padding.__class__ is not str:
        return [(one, one) for one in each(name, "padding", padding, len(stride))]
    if padding not in ("same", "valid"):
        raise RuntimeError(f"{name}: Invalid padding string: '{padding}'; expected 'valid' or 'same'")
    if padding == "same" and max(stride) > 1:
        raise RuntimeError(f"padding='same' is not supported for strided convolutions, got stride={stride}")
    totals = [step * (one - 1) if padding == "same" else 0 for step, one in zip(dilation, window)]
    return [(total // 2, total - total // 2) for total in totals]


def padded_by_mode(name: str, input: Tensor, weight: Tensor, stride: tuple, padding: Any, dilation: tuple, mode: str) -> Tensor:
    """The input with elements of its own around it."""
    from .padding import pad

    if mode not in ("reflect", "replicate", "circular"):
        raise ValueError(f"{name}: padding_mode must be one of ('zeros', 'reflect', 'replicate', 'circular'), but got '{mode}'")
    sides = padding_sides(name, padding, weight._array.shape[2:], stride, dilation)
    return pad(input, [number for side in reversed(sides) for number in side], mode)


def padded_by_name(name: str, input: Tensor, weight: Tensor, stride: tuple, padding: str, dilation: tuple) -> tuple:
    """A padding string as numbers; an odd element is padded to the input's end beforehand."""
    sides = padding_sides(name, padding, weight._array.shape[2:], stride, dilation)
    if any(before != behind for before, behind in sides):
        from .padding import constant_pad

        input = constant_pad(input, tuple([number for before, behind in reversed(sides) for number in (0, behind - before)]), 0.0)
    return input, tuple([before for before, _ in sides])


def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1, padding_mode: str = "zeros") -> Tensor:
    """Cross-correlation of images with a window of weights that moves by ``stride``.

    ``padding`` elements are put on either side, or as many as keep the size ("same") or none ("valid"): zeros, or by
    ``padding_mode`` "reflect", "replicate" or "circular" elements of the image. Weights lie ``dilation`` apart. Channels are
    convolved in ``groups`` that see only their own share of the input's.

    Shape: input (N, C, H, W) or (C, H, W), weight (C_out, C / groups, kh, kw), bias (C_out), result (N, C_out, Ho, Wo) where
    Ho = (H + 2 padding - dilation (kh - 1) - 1) // stride + 1, and Wo likewise.

    >>> conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return conv(2, input, weight, bias, stride, padding, dilation, groups, padding_mode)


def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1, padding_mode: str = "zeros") -> Tensor:
    """Cross-correlation of signals with a window of weights; see `conv2d`.

    Shape: input (N, C, L) or (C, L), weight (C_out, C / groups, k), bias (C_out), result (N, C_out, L_out).

    >>> conv1d(torch.ones(1, 1, 4), torch.ones(1, 1, 2))
    tensor([[[2., 2., 2.]]])
    """
    return conv(1, input, weight, bias, stride, padding, dilation, groups, padding_mode)


def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1, padding_mode: str = "zeros") -> Tensor:
    """Cross-correlation of volumes with a window of weights; see `conv2d`.

    Shape: input (N, C, D, H, W) or (C, D, H, W), weight (C_out, C / groups, kd, kh, kw), bias (C_out), result
    (N, C_out, Do, Ho, Wo).

    >>> conv3d(torch.ones(1, 1, 2, 3, 3), torch.ones(1, 1, 2, 2, 3))
    tensor([[[[[12.],
               [12.]]]]])
    """
    return conv(3, input, weight, bias, stride, padding, dilation, groups, padding_mode)


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """Cross-correlation of signals whose channels come last: time, batch, channels.

    Shape: input (T, N, C), weight (k, C, C_out), bias (C_out), result (T + 2 pad - k + 1, N, C_out).

    >>> conv_tbc(torch.ones(4, 1, 1), torch.ones(3, 1, 1), torch.zeros(1), 1).flatten()
    tensor([2., 3., 3., 2.])
    """
    if input.dim() != 3 or weight.dim() != 3 or bias.dim() != 1:
        raise RuntimeError(f"conv_tbc: Input must have 3 dims (time, batch, in_channel), weight 3 (kernel, in_channel, out_channel) and "
                           f"bias 1, but got sizes {list(input.shape)}, {list(weight.shape)} and {list(bias.shape)}")
    return convolve(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, (1,), (pad,), (1,), 1).permute(2, 0, 1).contiguous()


def convolution(input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, transposed: bool,
                output_padding: Any, groups: int) -> Tensor:
    """`conv1d`, `conv2d` or `conv3d`, or with ``transposed`` their transposes, by the weight's number of dimensions.

    >>> convolution(torch.ones(1, 1, 4), torch.ones(1, 1, 2), None, [1], [0], [1], False, [0], 1)
    tensor([[[2., 2., 2.]]])
    """
    dims = weight.dim() - 2
    if dims not in (1, 2, 3):
        raise RuntimeError(f"convolution: weight should have at least three dimensions and at most five, but got size {list(weight.shape)}")
    if transposed:
        return conv_transpose(dims, input, weight, bias, stride, padding, output_padding, groups, dilation)
    return conv(dims, input, weight, bias, stride, padding, dilation, groups)


def transposed_size(given: tuple, window: tuple, bias: Any, stride: tuple, padding: tuple, output_padding: tuple, groups: int,
                    dilation: tuple) -> tuple[int, ...]:
    """Sizes of a transposed convolution's result; RuntimeError where the arguments do not fit each other."""
    dims, name = len(stride), f"conv_transpose{len(stride)}d"
    check_sizes(name, given, window, bias, stride, padding, dilation, groups, True)
    if window[1] == 0:
        raise RuntimeError(f"{name}: non-empty weight expected, but got size {list(window)}")
    if min(output_padding) < 0:
        raise RuntimeError(f"{name}: negative output_padding is not supported, got output_padding={output_padding}")
    if any(more >= step and more >= apart for more, step, apart in zip(output_padding, stride, dilation)):
        raise RuntimeError(f"{name}: output padding must be smaller than either stride or dilation, but got output_padding="
                           f"{output_padding}, stride={stride} and dilation={dilation}")
    size = tuple([(length - 1) * step - 2 * pad + apart * (one - 1) + 1 + more for length, step, pad, apart, one, more in zip(
        given[-dims:], stride, padding, dilation, window[2:], output_padding)])
    if min(size) < 1:
        raise RuntimeError(f"{name}: Given input size per channel: ({' x '.join(map(str, given[-dims:]))}). Calculated output size per "
                           f"channel: ({' x '.join(map(str, size))}). Output size is too small")
    return size


def conv_transpose(dims: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, output_padding: Any,
                   groups: int, dilation: Any) -> Tensor:
    """`convolve_transposed` with arguments as users give them."""
    name = f"conv_transpose{dims}d"
    if padding.__class__ is str:
        raise TypeError(f"{name}(): argument 'padding' must be tuple of ints, not str")
    stride, dilation, padding, output_padding = [each(name, what, given, dims) for what, given in (
        ("stride", stride), ("dilation", dilation), ("padding", padding), ("output_padding", output_padding))]
    size = transposed_size(input.shape, weight.shape, bias, stride, padding, output_padding, groups, dilation)
    check_types(input._dtype, weight, bias)
    if input._dtype.category < 2 and input._dtype.name != "int64":
        raise launch.not_implemented(name, input._dtype, "floats, complex numbers and int64")
    return convolve_transposed(input, weight, bias, size, stride, padding, dilation, groups)


def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
                     groups: int = 1, dilation: Any = 1) -> Tensor:
    """The transpose of `conv2d`: each element of the image adds the weights, times itself, to a window of the result.

    Windows lie ``stride`` apart; ``padding`` elements are cut off on either side of the result and ``output_padding`` more of them
    are made at its end. With the same arguments it has the size that `conv2d` takes its input from, and it is its gradient.

    Shape: input (N, C, H, W) or (C, H, W), weight (C, C_out / groups, kh, kw), bias (C_out), result (N, C_out, Ho, Wo) where
    Ho = (H - 1) stride - 2 padding + dilation (kh - 1) + output_padding + 1, and Wo likewise.

    >>> conv_transpose2d(tensor([[[1.0, 2.0]]]), torch.ones(1, 1, 1, 2), stride=(1, 2))
    tensor([[[1., 1., 2., 2.]]])
    """
    return conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
                     groups: int = 1, dilation: Any = 1) -> Tensor:
    """The transpose of `conv1d`; see `conv_transpose2d`.

    Shape: input (N, C, L) or (C, L), weight (C, C_out / groups, k), bias (C_out), result (N, C_out, L_out).

    >>> conv_transpose1d(tensor([[1.0, 2.0]]), torch.ones(1, 1, 3))
    tensor([[1., 3., 3., 2.]])
    """
    return conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
                     groups: int = 1, dilation: Any = 1) -> Tensor:
    """The transpose of `conv3d`; see `conv_transpose2d`.

    Shape: input (N, C, D, H, W) or (C, D, H, W), weight (C, C_out / groups, kd, kh, kw), bias (C_out), result
    (N, C_out, Do, Ho, Wo).

    >>> conv_transpose3d(torch.ones(1, 1, 1, 1), torch.ones(1, 1, 2, 1, 2)).shape
    torch.Size([1, 2, 1, 2])
    """
    return conv_transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation)
