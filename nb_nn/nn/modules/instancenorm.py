"""Normalization of each channel of each sample, and by neighbouring channels."""
from __future__ import annotations

import warnings
from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .batchnorm import _BatchNorm
from .module import Module


class _InstanceNorm(_BatchNorm):
    """Normalizes each channel of each sample around its own mean, over its own deviation.

    Unlike in batch normalization, ``affine`` and ``track_running_stats`` are off by default. With the latter, running averages are
    kept while training and used in evaluation. A sample without a batch dimension is taken, too.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False,
                 track_running_stats: bool = False, device: Any = None, dtype: Any = None, *, bias: bool = True):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        single, batched = self.expected
        if input.dim() not in self.expected:
            raise ValueError(f"expected {single}D or {batched}D input (got {input.dim()}D input)")
        channels = input.shape[-batched + 1]
        if channels != self.num_features:
            if self.affine:
                raise ValueError(f"expected input's size at dim={input.dim() - batched + 1} to match num_features ({self.num_features}), "
                                 f"but got: {channels}.")
            warnings.warn(f"input's size at dim={input.dim() - batched + 1} does not match num_features. You can silence this warning by "
                          "not passing in num_features, which is not used because affine=False", stacklevel=2)
        if input.dim() == single:
            return self.normalized(input.unsqueeze(0)).squeeze(0)
        return self.normalized(input)

    def normalized(self, input: Tensor) -> Tensor:
        """The normalized batch."""
        own = self.training or not self.track_running_stats
        if own and input.numel() and input.shape[2:].numel() == 1:
            raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
        return F.instance_norm(input, self.running_mean, self.running_var, self.weight, self.bias, own,
                               0.0 if self.momentum is None else self.momentum, self.eps)


class InstanceNorm1d(_InstanceNorm):
    """Normalizes each channel of signals (N, C, L) or (C, L); see `InstanceNorm2d`."""

    expected = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Normalizes each channel of each image (N, C, H, W) or (C, H, W) around its mean, over its deviation. (Ulyanov et al. 2016)

    >>> torch.nn.InstanceNorm2d(100)(torch.randn(20, 100, 3, 4)).shape
    torch.Size([20, 100, 3, 4])
    """

    expected = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Normalizes each channel of volumes (N, C, D, H, W) or (C, D, H, W); see `InstanceNorm2d`."""

    expected = (4, 5)


class LocalResponseNorm(Module):
    """Elements over ``(k + alpha * mean of squares of size neighbouring channels) ** beta``. (Krizhevsky et al. 2012)

    >>> torch.nn.LocalResponseNorm(2)(torch.randn(32, 5, 24, 24)).shape
    torch.Size([32, 5, 24, 24])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0):
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(LocalResponseNorm):
    """`LocalResponseNorm` under an older name."""

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1):
        super().__init__(size, alpha, beta, k)
