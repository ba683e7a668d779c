"""Layers that pool windows."""
from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .module import Module


class _MaxPool(Module):
    """What max pooling of 1, 2 and 3 dimensions share."""

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, return_indices: bool = False,
                 ceil_mode: bool = False):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def extra_repr(self) -> str:
        return (f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
                f"ceil_mode={self.ceil_mode}")


class MaxPool1d(_MaxPool):
    """The largest element of each window of signals; see `MaxPool2d`.

    >>> torch.nn.MaxPool1d(3, stride=2)(torch.zeros(20, 16, 50)).shape
    torch.Size([20, 16, 24])
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool1d(input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices)


class MaxPool2d(_MaxPool):
    """The largest element of each window of images, which moves by ``stride`` (by default ``kernel_size``).

    Padding never wins. With ``ceil_mode`` a last window may reach over the edge; with ``return_indices`` the places of the elements
    are returned, too.

    Shape: (N, C, H, W) or (C, H, W) to (N, C, Ho, Wo) or (C, Ho, Wo).

    >>> torch.nn.MaxPool2d((3, 2), stride=(2, 1))(torch.zeros(20, 16, 50, 32)).shape
    torch.Size([20, 16, 24, 31])
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool2d(input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices)


class MaxPool3d(_MaxPool):
    """The largest element of each window of volumes (N, C, D, H, W) or (C, D, H, W); see `MaxPool2d`.

    >>> torch.nn.MaxPool3d((3, 2, 2), stride=(2, 1, 2))(torch.zeros(2, 4, 9, 8, 6)).shape
    torch.Size([2, 4, 4, 7, 3])
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool3d(input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices)


class _MaxUnpool(Module):
    """What the ways back from max pooling share."""

    dims: int

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = (
            one if isinstance(one, tuple) else (one,) * self.dims
            for one in (kernel_size, kernel_size if stride is None else stride, padding))

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Each element at its place of a longer signal of zeros; see `MaxUnpool2d`."""

    dims = 1

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpool):
    """The way back from `MaxPool2d`: each element at the place that ``indices`` say in a larger image of zeros.

    ``output_size``, given to the call, chooses among the sizes that pooling makes equal.

    >>> pooled, places = torch.nn.MaxPool2d(2, return_indices=True)(tensor([[[1.0, 4.0], [3.0, 2.0]]]))
    >>> torch.nn.MaxUnpool2d(2)(pooled, places)
    tensor([[[0., 4.],
             [0., 0.]]])
    """

    dims = 2

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpool):
    """Each element at its place in a larger volume of zeros; see `MaxUnpool2d`."""

    dims = 3

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class _AvgPool(Module):
    """What taking means of windows shares."""

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPool):
    """The mean of each window of signals; see `AvgPool2d`.

    >>> torch.nn.AvgPool1d(3, stride=2)(tensor([[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]]]))
    tensor([[[2., 4., 6.]]])
    """

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True):
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        self.kernel_size, self.stride, self.padding = (
            tuple(one) if isinstance(one, (tuple, list)) else (one,) for one in (self.kernel_size, self.stride, self.padding))

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class AvgPool2d(_AvgPool):
    """The mean of each window of images, which moves by ``stride`` (by default ``kernel_size``).

    Padding counts as zeros unless ``count_include_pad`` is False; ``divisor_override`` divides the sums in place of the number of
    elements.

    Shape: (N, C, H, W) or (C, H, W) to (N, C, Ho, Wo) or (C, Ho, Wo).

    >>> torch.nn.AvgPool2d(3, stride=2)(torch.zeros(20, 16, 50, 32)).shape
    torch.Size([20, 16, 24, 15])
    """

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True,
                 divisor_override: int | None = None):
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
                            self.divisor_override)


class AvgPool3d(AvgPool2d):
    """The mean of each window of volumes (N, C, D, H, W) or (C, D, H, W); see `AvgPool2d`.

    >>> torch.nn.AvgPool3d((3, 2, 2), stride=(2, 1, 2))(torch.zeros(2, 4, 9, 8, 6)).shape
    torch.Size([2, 4, 4, 7, 3])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
                            self.divisor_override)


class _LPPool(Module):
    """What pooling by norms shares."""

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False):
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def extra_repr(self) -> str:
        return f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, ceil_mode={self.ceil_mode}"


class LPPool1d(_LPPool):
    """The ``norm_type``-norm of each window of signals; see `LPPool2d`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPool):
    """The ``norm_type``-th root of the sum of powers of each window; 1 gives sums, infinity largest magnitudes.

    Where the sum of powers is zero, so is the gradient.

    >>> torch.nn.LPPool2d(2, (1, 2))(tensor([[[3.0, 4.0]]]))
    tensor([[[5.]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPool):
    """The ``norm_type``-norm of each window of volumes; see `LPPool2d`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)
