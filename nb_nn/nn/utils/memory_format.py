"""The order of convolution weights in memory."""
from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from ..modules.conv import _ConvNd
from ..modules.module import Module


def convert_conv2d_weight_memory_format(module: Module, memory_format: Any) -> Module:
    """Put the weights of all two-dimensional convolutions in a module into a memory format; returns the module.

    >>> layer = convert_conv2d_weight_memory_format(torch.nn.Conv2d(2, 4, 3), torch.channels_last)
    >>> layer.weight.stride()
    (18, 1, 6, 2)
    """
    return converted(module, memory_format, 2)


def convert_conv3d_weight_memory_format(module: Module, memory_format: Any) -> Module:
    """The same as `convert_conv2d_weight_memory_format` for three-dimensional convolutions."""
    return converted(module, memory_format, 3)


def converted(module: Module, memory_format: Any, dims: int) -> Module:
    """A module whose convolutions of so many dimensions have weights in a memory format."""
    for one in module.modules():
        if isinstance(one, _ConvNd) and one.dims == dims:
            weight: Tensor = one.weight
            weight.data = weight.detach().clone(memory_format=memory_format)
    return module
