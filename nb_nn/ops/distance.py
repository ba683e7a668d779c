"""Distances of all pairs of rows, and normalization by neighbours."""
from __future__ import annotations

from ..core.tensor_base import TensorBase
from .diagonals import triu_indices
from .indexing import index_select
from .padding import constant_pad

Tensor = TensorBase


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norms of differences of all pairs of rows: row 0 with 1, 2, ..., row 1 with 2, ..., ...

    >>> pdist(tensor([[0.0, 0.0], [3.0, 4.0], [3.0, 0.0]]))
    tensor([5., 3., 4.])
    """
    if input.dim() != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.dim()}D")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = triu_indices(input.shape[0], input.shape[0], 1, device=input.device).unbind(0)
    return (index_select(input, 0, first) - index_select(input, 0, second)).norm(p, 1)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0) -> Tensor:
    """The p-norms of differences of each row of ``x1`` with each of ``x2``.

    Shape: (\\*, P, M) and (\\*, R, M) to (\\*, P, R).

    >>> cdist(tensor([[0.0, 0.0]]), tensor([[3.0, 4.0], [0.0, 2.0]]))
    tensor([[5., 2.]])
    """
    if x1.dim() < 2 or x2.dim() < 2 or x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(f"cdist: rows must have the same number of columns, got inputs of sizes {list(x1.shape)} and {list(x2.shape)}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3)).norm(p, -1)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Elements over ``(k + alpha * mean of squares of size neighbouring channels) ** beta``; outside are zeros.

    >>> local_response_norm(tensor([[[3.0], [4.0]]]), 1, alpha=1.0, beta=1.0)
    tensor([[[0.3000],
             [0.2353]]])
    """
    if input.dim() < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input.dim()} dimensions)")
    if not input.numel():
        return input
    around = (0, 0) * (input.dim() - 2) + (size // 2, (size - 1) // 2)
    squares, channels = constant_pad(input * input, around, 0.0), input.shape[1]
    total = squares.narrow(1, 0, channels)
    for shift in range(1, size):
        total = total + squares.narrow(1, shift, channels)
    return input / (total * (alpha / size) + k).pow(beta)
