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


class _Convolution(Module):
    """What convolutions of 1 and 2 dimensions share: their geometry and their weights."""

    dims: int
    weight: Parameter
    bias: Parameter | None

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
                 groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None):
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
        self.transposed, self.output_padding = False, (0,) * self.dims
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string '{padding}', should be one of 'same', 'valid'")
            if padding == "same" and max(self.stride) > 1:
                raise ValueError("padding='same' is not supported for strided convolutions")
            self.padding = padding
        else:
            self.padding = each(name, "padding", padding, self.dims)
        self.weight = Parameter(empty(out_channels, in_channels // groups, *self.kernel_size, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights, uniform within 1 / sqrt(inputs of an output) of zero."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        inputs = self.weight[0].numel() if self.out_channels else 0
        if self.bias is not None and inputs:
            init.uniform_(self.bias, -1 / math.sqrt(inputs), 1 / math.sqrt(inputs))

    def padded(self, input: Tensor) -> Tensor:
        """The input with its own elements around it, and no padding left to do."""
        if isinstance(self.padding, str):
            totals = [step * (window - 1) if self.padding == "same" else 0 for step, window in zip(self.dilation, self.kernel_size)]
            sides = [(total // 2, total - total // 2) for total in totals]
        else:
            sides = [(one, one) for one in self.padding]
        return F.pad(input, [number for side in reversed(sides) for number in side], self.padding_mode)

    def extra_repr(self) -> str:
        shown = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding not in ((0,) * self.dims, "valid"):
            shown.append(f"padding={self.padding}")
        if self.dilation != (1,) * self.dims:
            shown.append(f"dilation={self.dilation}")
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


class Conv1d(_Convolution):
    """Convolves signals; see `Conv2d`.

    Shape: (N, in_channels, L) or (in_channels, L) to (N, out_channels, L_out) or (out_channels, L_out).

    >>> torch.nn.Conv1d(16, 33, 3, stride=2)(torch.zeros(20, 16, 50)).shape
    torch.Size([20, 33, 24])
    """

    dims = 1

    def forward(self, input: Tensor) -> Tensor:
        if self.padding_mode != "zeros":
            return F.conv1d(self.padded(input), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
        return F.conv1d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


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
        if self.padding_mode != "zeros":
            return F.conv2d(self.padded(input), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
        return F.conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
