"""Layers that put elements around those of their input."""
from __future__ import annotations

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .module import Module


class _Pad(Module):
    """Pads the last dimensions: by one number all around, or by (before, behind) of the last one, then of the one before it.

    Negative numbers cut elements off.
    """

    mode: str
    dims: int

    def __init__(self, padding: Any):
        super().__init__()
        self.padding = (padding,) * (2 * self.dims) if isinstance(padding, int) else tuple(padding)
        if len(self.padding) != 2 * self.dims:
            raise ValueError(f"{type(self).__name__}: padding must be a number or {2 * self.dims} numbers, got {len(self.padding)}")

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(_Pad):
    """Puts ``value`` before and behind the last dimension.

    >>> torch.nn.ConstantPad1d((1, 2), 7)(tensor([[1.0, 2.0]]))
    tensor([[7., 1., 2., 7., 7.]])
    """

    mode, dims = "constant", 1

    def __init__(self, padding: Any, value: float):
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad2d(ConstantPad1d):
    """Puts ``value`` around images: (left, right, top, bottom) elements, or one number on all sides.

    >>> torch.nn.ConstantPad2d((1, 0, 0, 1), 7)(tensor([[[1.0, 2.0]]]))
    tensor([[[7., 1., 2.],
             [7., 7., 7.]]])
    """

    dims = 2


class ConstantPad3d(ConstantPad1d):
    """Puts ``value`` around volumes: (left, right, top, bottom, front, back) elements, or one number on all sides."""

    dims = 3


class ZeroPad1d(ConstantPad1d):
    """Puts zeros before and behind the last dimension."""

    def __init__(self, padding: Any):
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ZeroPad1d):
    """Puts zeros around images.

    >>> torch.nn.ZeroPad2d(1)(tensor([[[1.0]]])).sum(-1)
    tensor([[0., 1., 0.]])
    """

    dims = 2


class ZeroPad3d(ZeroPad1d):
    """Puts zeros around volumes."""

    dims = 3


class ReflectionPad1d(_Pad):
    """Mirrors signals (N, C, L) or (C, L) at their ends, which are not repeated.

    >>> torch.nn.ReflectionPad1d(2)(tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 2., 1., 2., 3., 2., 1.]])
    """

    mode, dims = "reflect", 1


class ReflectionPad2d(ReflectionPad1d):
    """Mirrors images (N, C, H, W) or (C, H, W) at their edges, which are not repeated."""

    dims = 2


class ReflectionPad3d(ReflectionPad1d):
    """Mirrors volumes (N, C, D, H, W) or (C, D, H, W) at their faces, which are not repeated."""

    dims = 3


class ReplicationPad1d(_Pad):
    """Repeats the ends of signals (N, C, L) or (C, L).

    >>> torch.nn.ReplicationPad1d((2, 1))(tensor([[1.0, 2.0, 3.0]]))
    tensor([[1., 1., 1., 2., 3., 3.]])
    """

    mode, dims = "replicate", 1


class ReplicationPad2d(ReplicationPad1d):
    """Repeats the edges of images (N, C, H, W) or (C, H, W)."""

    dims = 2


class ReplicationPad3d(ReplicationPad1d):
    """Repeats the faces of volumes (N, C, D, H, W) or (C, D, H, W)."""

    dims = 3


class CircularPad1d(_Pad):
    """Continues signals (N, C, L) or (C, L) from their other end.

    >>> torch.nn.CircularPad1d((1, 2))(tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 1., 2., 3., 1., 2.]])
    """

    mode, dims = "circular", 1


class CircularPad2d(CircularPad1d):
    """Continues images (N, C, H, W) or (C, H, W) from their other side."""

    dims = 2


class CircularPad3d(CircularPad1d):
    """Continues volumes (N, C, D, H, W) or (C, D, H, W) from their other side."""

    dims = 3
