"""Layers that pool to a given size."""
from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .module import Module


class _Adaptive(Module):
    """What pooling to a given size shares."""

    def __init__(self, output_size: Any, return_indices: bool = False):
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_Adaptive):
    """Means of ``output_size`` windows that cover the signal evenly."""

    def __init__(self, output_size: Any):
        super().__init__(output_size)

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(AdaptiveAvgPool1d):
    """Means of as many windows as ``output_size`` says, which cover the image evenly; None keeps a size.

    >>> torch.nn.AdaptiveAvgPool2d((5, None))(torch.zeros(1, 64, 8, 9)).shape
    torch.Size([1, 64, 5, 9])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(AdaptiveAvgPool1d):
    """Means of as many windows as ``output_size`` says, which cover the volume evenly; None keeps a size.

    >>> torch.nn.AdaptiveAvgPool3d((2, None, 1))(torch.zeros(1, 4, 5, 8, 9)).shape
    torch.Size([1, 4, 2, 8, 1])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)


class AdaptiveMaxPool1d(_Adaptive):
    """Largest elements of ``output_size`` windows that cover the signal evenly."""

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_Adaptive):
    """Largest elements of as many windows as ``output_size`` says, which cover the image evenly; None keeps a size.

    >>> torch.nn.AdaptiveMaxPool2d(5)(torch.zeros(1, 64, 8, 9)).shape
    torch.Size([1, 64, 5, 5])
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_Adaptive):
    """Largest elements of as many windows as ``output_size`` says, which cover the volume evenly; None keeps a size.

    >>> torch.nn.AdaptiveMaxPool3d((2, None, 1))(torch.zeros(1, 4, 5, 8, 9)).shape
    torch.Size([1, 4, 2, 8, 1])
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)


class FractionalMaxPool2d(Module):
    """Largest elements of windows that lie at random, as many as ``output_size`` says or ``output_ratio`` times the image's size.

    (Graham 2014: Fractional Max-Pooling). ``_random_samples`` (N, C, dimensions), numbers in [0, 1), take the place of chance.

    >>> torch.nn.FractionalMaxPool2d(3, output_ratio=(0.5, 0.25))(torch.zeros(2, 4, 16, 16)).shape
    torch.Size([2, 4, 8, 4])
    """

    dims = 2

    def __init__(self, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
                 _random_samples: Tensor | None = None):
        super().__init__()
        name = type(self).__name__
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError(f"{name}: only one of output_size and output_ratio may be specified")
        self.kernel_size, self.output_size, self.output_ratio = (
            one if one is None or isinstance(one, (tuple, list)) else (one,) * self.dims
            for one in (kernel_size, output_size, output_ratio))
        if output_ratio is not None and not all(0 < one < 1 for one in self.output_ratio):
            raise ValueError(f"{name}: output_ratio must be between 0 and 1 (got {output_ratio})")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)

    def forward(self, input: Tensor) -> Any:
        return F.fractional_max_pool2d(input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
                                       self._random_samples)


class FractionalMaxPool3d(FractionalMaxPool2d):
    """`FractionalMaxPool2d` of volumes (N, C, D, H, W) or (C, D, H, W)."""

    dims = 3

    def forward(self, input: Tensor) -> Any:
        return F.fractional_max_pool3d(input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
                                       self._random_samples)
