"""Modules that take the number of features or channels from their first input."""
from __future__ import annotations

from itertools import chain
from typing import Any

from ...core import dtype as dtypes
from ...ops.from_data import tensor
from ...tensor import Tensor
from ..parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .linear import Linear
from .module import Module


class LazyModuleMixin:
    """For modules whose parameters get their sizes from the first input.

    A class names the one it becomes in ``cls_to_become``, makes its parameters as `UninitializedParameter`, and gives them sizes in
    `initialize_parameters`, which is called with the arguments of the first call. Until then the module can be moved, cast, copied,
    saved and loaded; a state that is loaded gives its sizes.
    """

    cls_to_become: type | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.__dict__.get("_inferred"):
            self.initialize_parameters(*args, **kwargs)
            if self.has_uninitialized_params():
                raise RuntimeError(f"module {type(self).__name__} has not been fully initialized")
            if self.cls_to_become is None:
                self.__dict__["_inferred"] = True
            else:
                self.__class__ = self.cls_to_become
        return Module.__call__(self, *args, **kwargs)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters the sizes that fit the first input; each lazy module defines its own."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a size of this module's own parameters or buffers is not known yet."""
        return any(is_lazy(one) for one in chain(self._parameters.values(), self._buffers.values()))

    def reset_parameters(self) -> None:
        """Draw new weights, if they have a size."""
        if not self.has_uninitialized_params() and all(one.numel() for one in self._parameters.values() if one is not None):
            super().reset_parameters()


def lazy_parameter(wanted: bool, device: Any, dtype: Any) -> UninitializedParameter | None:
    """A parameter without a size, if one is ``wanted``."""
    return UninitializedParameter(device=device, dtype=dtype) if wanted else None


class LazyLinear(LazyModuleMixin, Linear):
    """A `Linear` whose ``in_features`` is the last size of its first input; it becomes one when first called.

    >>> layer = torch.nn.LazyLinear(3)
    >>> layer(torch.zeros(2, 5)).shape
    torch.Size([2, 3])
    >>> layer
    Linear(in_features=5, out_features=3, bias=True)
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None):
        super().__init__(0, 0, False)
        self.out_features = out_features
        self.weight = lazy_parameter(True, device, dtype)
        self.bias = lazy_parameter(bias, device, dtype)

    def initialize_parameters(self, input: Tensor) -> None:
        """Take ``in_features`` from the input."""
        lazy, self.in_features = self.has_uninitialized_params(), input.shape[-1]
        if lazy:
            self.weight.materialize((self.out_features, self.in_features))
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()
        elif self.weight.shape[-1] != self.in_features:
            raise AssertionError(f"The in_features inferred from input: {self.in_features} is not equal to in_features from self.weight: "
                                 f"{self.weight.shape[-1]}")


class LazyConvolution(LazyModuleMixin):
    """A convolution whose ``in_channels`` is that of its first input; it becomes an ordinary one when first called."""

    def of_outputs(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        """Parameters without sizes, for a number of output channels."""
        if out_channels % self.groups:
            raise ValueError(f"out_channels must be divisible by groups: got out_channels={out_channels}, groups={self.groups}")
        self.out_channels = out_channels
        self.weight = lazy_parameter(True, device, dtype)
        self.bias = lazy_parameter(bias, device, dtype)

    def initialize_parameters(self, input: Tensor, *args: Any) -> None:
        """Take ``in_channels`` from the input."""
        single, batched = self.dims + 1, self.dims + 2
        if input.dim() not in (single, batched):
            raise RuntimeError(f"Expected {single}D (unbatched) or {batched}D (batched) input to {type(self).__name__}, but got input of "
                               f"size: {input.shape}")
        channels = input.shape[-single]
        if channels % self.groups:
            raise ValueError(f"in_channels must be divisible by groups: the input has {channels}, groups={self.groups}")
        self.in_channels = channels
        if self.has_uninitialized_params():
            outer, inner = (channels, self.out_channels) if self.transposed else (self.out_channels, channels)
            self.weight.materialize((outer, inner // self.groups, *self.kernel_size))
            if self.bias is not None:
                self.bias.materialize((self.out_channels,))
            self.reset_parameters()


class _LazyConv(LazyConvolution):
    """A lazy convolution of 1, 2 or 3 dimensions."""

    def __init__(self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
                 bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None):
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device, dtype)
        self.of_outputs(out_channels, bias, device, dtype)


class _LazyConvTranspose(LazyConvolution):
    """A lazy transposed convolution of 1, 2 or 3 dimensions."""

    def __init__(self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1,
                 bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros", device: Any = None, dtype: Any = None):
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode, device, dtype)
        self.of_outputs(out_channels, bias, device, dtype)


class _LazyNorm(LazyModuleMixin):
    """A normalization whose ``num_features`` is the channels of its first input; it becomes an ordinary one when first called."""

    def __init__(self, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True, track_running_stats: bool = True,
                 device: Any = None, dtype: Any = None, *, bias: bool = True):
        super().__init__(0, eps, momentum, False, False, device, dtype, bias=False)
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = lazy_parameter(affine, device, dtype)
        self.bias = lazy_parameter(affine and bias, device, dtype)
        if track_running_stats:
            self.running_mean, self.running_var = (UninitializedBuffer(device=device, dtype=dtype) for _ in range(2))
            self.num_batches_tracked = tensor(0, dtype=dtypes.int64, device=device)

    def initialize_parameters(self, input: Tensor) -> None:
        """Take ``num_features`` from the input."""
        self.num_features = input.shape[1]
        if self.has_uninitialized_params():
            for one in (*self._parameters.values(), *self._buffers.values()):
                if is_lazy(one):
                    one.materialize((self.num_features,))
            self.reset_parameters()


class LazyConv1d(_LazyConv, Conv1d):
    """A `Conv1d` whose ``in_channels`` is that of its first input; it becomes one when first called.

    >>> torch.nn.LazyConv1d(4, 3)(torch.zeros(2, 5, 6)).shape
    torch.Size([2, 4, 4])
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A `Conv2d` whose ``in_channels`` is that of its first input; it becomes one when first called.

    >>> torch.nn.LazyConv2d(4, 3)(torch.zeros(2, 5, 6, 6)).shape
    torch.Size([2, 4, 4, 4])
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A `Conv3d` whose ``in_channels`` is that of its first input; it becomes one when first called.

    >>> torch.nn.LazyConv3d(4, 3)(torch.zeros(2, 5, 6, 6, 6)).shape
    torch.Size([2, 4, 4, 4, 4])
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A `ConvTranspose1d` whose ``in_channels`` is that of its first input; it becomes one when first called."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A `ConvTranspose2d` whose ``in_channels`` is that of its first input; it becomes one when first called."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A `ConvTranspose3d` whose ``in_channels`` is that of its first input; it becomes one when first called."""

    cls_to_become = ConvTranspose3d


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A `BatchNorm1d` whose ``num_features`` is the channels of its first input; it becomes one when first called."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A `BatchNorm2d` whose ``num_features`` is the channels of its first input; it becomes one when first called."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A `BatchNorm3d` whose ``num_features`` is the channels of its first input; it becomes one when first called."""

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """A `InstanceNorm1d` whose ``num_features`` is the channels of its first input; it becomes one when first called.

    Unlike there, ``affine`` and ``track_running_stats`` are on by default.
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """A `InstanceNorm2d` whose ``num_features`` is the channels of its first input; it becomes one when first called.

    Unlike there, ``affine`` and ``track_running_stats`` are on by default.
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """A `InstanceNorm3d` whose ``num_features`` is the channels of its first input; it becomes one when first called.

    Unlike there, ``affine`` and ``track_running_stats`` are on by default.
    """

    cls_to_become = InstanceNorm3d
