"""Convolution layers."""
from __future__ import annotations

import math
from typing import Any

from ...ops.convolution import each
from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What all convolutions share: their geometry and their weights. ``transposed`` ones map from outputs to inputs."""

    dims: int
    transposed = False
    weight: Parameter
    bias: Parameter | None

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
                 output_padding: Any, groups: int, bias: bool, padding_mode: str, device: Any, dtype: Any):
        super().__init__()
        name = type(self).__name__
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError(f"in_channels must be divisible by groups: {name} got in_channels={in_channels}, groups={groups}")
        if out_channels % groups:
            raise ValueError(f"out_channels must be divisible by groups: {name} got out_channels={out_channels}, groups={groups}")
        if padding_mode not in MODES:
            raise ValueError(f"padding_mode must be one of {MODES}, but got padding_mode='{padding_mode}'")
        self.in_channels, self.out_channels, self.groups, self.padding_mode = in_channels, out_channels, groups, padding_mode
        self.kernel_size = each(name, "kernel_size", kernel_size, self.dims)
        self.stride, self.dilation = each(name, "stride", stride, self.dims), each(name, "dilation", dilation, self.dims)
        self.output_padding = each(name, "output_padding", output_padding, self.dims)
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string '{padding}', should be one of 'same', 'valid'")
            if padding == "same" and max(self.stride) > 1:
                raise ValueError("padding='same' is not supported for strided convolutions")
            self.padding = padding
        else:
            self.padding = each(name, "padding", padding, self.dims)
        outer, inner = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = Parameter(empty(outer, inner // groups, *self.kernel_size, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights, uniform within 1 / sqrt(elements of ``weight[0]``) of zero."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        inputs = math.prod(self.weight.shape[1:])
        if self.bias is not None and inputs:
            init.uniform_(self.bias, -1 / math.sqrt(inputs), 1 / math.sqrt(inputs))

    def extra_repr(self) -> str:
        nothing = (0,) * self.dims
        shown = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding != nothing:
            shown.append(f"padding={self.padding}")
        if self.dilation != (1,) * self.dims:
            shown.append(f"dilation={self.dilation}")
        if self.output_padding != nothing:
            shown.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            shown.append(f"groups={self.groups}")
        if self.bias is None:
            shown.append("bias=False")
        if self.padding_mode != "zeros":
            shown.append(f"padding_mode={self.padding_mode}")
        return ", ".join(shown)

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self.__dict__.setdefault("padding_mode", "zeros")


class _Convolution(_ConvNd):
    """A convolution of 1, 2 or 3 dimensions."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
                 groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None):
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode, device, dtype)

    def geometry(self) -> tuple:
        """The arguments of the function behind weight and bias."""
        return self.stride, self.padding, self.dilation, self.groups, self.padding_mode


class Conv1d(_Convolution):
    """Convolves signals; see `Conv2d`.

    Shape: (N, in_channels, L) or (in_channels, L) to (N, out_channels, L_out) or (out_channels, L_out).

    >>> torch.nn.Conv1d(16, 33, 3, stride=2)(torch.zeros(20, 16, 50)).shape
    torch.Size([20, 33, 24])
    """

    dims = 1

    def forward(self, input: Tensor) -> Tensor:
        return F.conv1d(input, self.weight, self.bias, *self.geometry())


class Conv2d(_Convolution):
    """Convolves images with ``out_channels`` learned windows of ``kernel_size``, plus a bias.

    Windows move by ``stride``; their elements lie ``dilation`` apart. ``padding`` elements are put on either side (or as many as
    "same" or "valid" say): zeros, or by ``padding_mode`` "reflect", "replicate" or "circular". With ``groups`` an output sees only
    its own share of the input's channels.

    Shape: (N, in_channels, H, W) or (in_channels, H, W) to (N, out_channels, Ho, Wo) or (out_channels, Ho, Wo), where
    Ho = (H + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1; weight (out_channels, in_channels / groups, kh, kw).

    >>> torch.nn.Conv2d(16, 33, (3, 5), stride=(2, 1), padding=(4, 2))(torch.zeros(2, 16, 50, 100)).shape
    torch.Size([2, 33, 28, 100])
    """

    dims = 2

    def forward(self, input: Tensor) -> Tensor:
        return F.conv2d(input, self.weight, self.bias, *self.geometry())


class Conv3d(_Convolution):
    """Convolves volumes; see `Conv2d`.

    Shape: (N, in_channels, D, H, W) or (in_channels, D, H, W) to (N, out_channels, Do, Ho, Wo) or (out_channels, Do, Ho, Wo).

    >>> torch.nn.Conv3d(3, 8, (3, 5, 2), stride=(2, 1, 1), padding=(4, 2, 0))(torch.zeros(2, 3, 5, 6, 7)).shape
    torch.Size([2, 8, 6, 6, 6])
    """

    dims = 3

    def forward(self, input: Tensor) -> Tensor:
        return F.conv3d(input, self.weight, self.bias, *self.geometry())


class _ConvTranspose(_ConvNd):
    """A transposed convolution of 1, 2 or 3 dimensions."""

    transposed = True

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
                 groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros", device: Any = None,
                 dtype: Any = None):
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}, not {padding_mode!r}')
        if isinstance(padding, str):
            raise TypeError(f"{type(self).__name__}: padding must be an int or a tuple of ints, not {padding!r}")
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias, padding_mode,
                         device, dtype)

    def padding_for(self, input: Tensor, output_size: Any) -> tuple[int, ...]:
        """The output padding that gives ``output_size``, with or without the dimensions before it; ValueError if none does."""
        if output_size is None:
            return self.output_padding
        wanted, sizes = tuple([int(one) for one in output_size]), input.shape[-self.dims:]
        if len(wanted) == input.dim():
            wanted = wanted[-self.dims:]
        if len(wanted) != self.dims:
            raise ValueError(f"{type(self).__name__}: for {input.dim()}D input, output_size must have {self.dims} or {input.dim()} "
                             f"elements (got {len(output_size)})")
        least = [(size - 1) * step - 2 * pad + apart * (window - 1) + 1 for size, step, pad, apart, window in zip(
            sizes, self.stride, self.padding, self.dilation, self.kernel_size)]
        most = [size + step - 1 for size, step in zip(least, self.stride)]
        if any(not low <= size <= high for low, size, high in zip(least, wanted, most)):
            raise ValueError(f"requested an output size of {list(wanted)}, but valid sizes range from {least} to {most} (for an input of "
                             f"{list(sizes)})")
        return tuple([size - low for size, low in zip(wanted, least)])

    def geometry(self, input: Tensor, output_size: Any) -> tuple:
        """The arguments of the function behind weight and bias."""
        if self.padding_mode != "zeros":
            raise ValueError(f"Only `zeros` padding mode is supported for {type(self).__name__}, not {self.padding_mode!r}")
        return self.stride, self.padding, self.padding_for(input, output_size), self.groups, self.dilation


class ConvTranspose1d(_ConvTranspose):
    """The transpose of `Conv1d`; see `ConvTranspose2d`.

    Shape: (N, in_channels, L) or (in_channels, L) to (N, out_channels, L_out) or (out_channels, L_out).

    >>> torch.nn.ConvTranspose1d(2, 3, 4, stride=2, padding=1)(torch.zeros(5, 2, 7)).shape
    torch.Size([5, 3, 14])
    """

    dims = 1

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        """Also with ``output_size``, one of the ``stride`` sizes that a convolution would have brought to the input's."""
        return F.conv_transpose1d(input, self.weight, self.bias, *self.geometry(input, output_size))


class ConvTranspose2d(_ConvTranspose):
    """The transpose of `Conv2d` (its gradient for the input), plus a bias: each element of an image adds learned windows to the result.

    Windows lie ``stride`` apart; ``padding`` elements are cut off on either side of the result, and ``output_padding`` more are made
    at its end. Instead of the latter the ``output_size`` may be given to the call: without or with the dimensions before it.

    Shape: (N, in_channels, H, W) or (in_channels, H, W) to (N, out_channels, Ho, Wo) or (out_channels, Ho, Wo), where
    Ho = (H - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1; weight (in_channels, out_channels / groups,
    kh, kw).

    >>> down, up = torch.nn.Conv2d(16, 16, 3, stride=2, padding=1), torch.nn.ConvTranspose2d(16, 16, 3, stride=2, padding=1)
    >>> image = torch.zeros(1, 16, 12, 12)
    >>> up(down(image), output_size=image.size()).shape
    torch.Size([1, 16, 12, 12])
    """

    dims = 2

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        """Also with ``output_size``, one of the ``stride`` sizes that a convolution would have brought to the input's."""
        return F.conv_transpose2d(input, self.weight, self.bias, *self.geometry(input, output_size))


class ConvTranspose3d(_ConvTranspose):
    """The transpose of `Conv3d`; see `ConvTranspose2d`.

    Shape: (N, in_channels, D, H, W) or (in_channels, D, H, W) to (N, out_channels, Do, Ho, Wo) or (out_channels, Do, Ho, Wo).

    >>> torch.nn.ConvTranspose3d(2, 3, 2, stride=2)(torch.zeros(1, 2, 3, 4, 5)).shape
    torch.Size([1, 3, 6, 8, 10])
    """

    dims = 3

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        """Also with ``output_size``, one of the ``stride`` sizes that a convolution would have brought to the input's."""
        return F.conv_transpose3d(input, self.weight, self.bias, *self.geometry(input, output_size))
