"""Triangles and diagonals of matrices."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import cuda_memory, launch, memory
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.geometry import wrap_dim
from ..core.op import derivative, inplace, op
from ..core.tensor_base import TensorBase, wrap
from . import copies, slicing, view
from .indexing import bits, packed, rewritten

Tensor = TensorBase


@op
def tril(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Matrices with zeros above a diagonal: the main one, or one so many places above it.

    >>> tril(tensor([[1, 2], [3, 4]]))
    tensor([[1, 0],
            [3, 4]])
    """
    return triangle("tril", input, diagonal, out)


@op
def triu(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Matrices with zeros below a diagonal: the main one, or one so many places above it.

    >>> triu(tensor([[1, 2], [3, 4]]))
    tensor([[1, 2],
            [0, 4]])
    """
    return triangle("triu", input, diagonal, out)


def triangle(name: str, input: Tensor, diagonal: int, out: Any) -> Tensor:
    """Matrices with zeros on one side of a diagonal."""
    if input._array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    rows, columns = input._array.shape[-2:]
    if out is None and rows:
        made = memory.empty(input._array.shape, input._dtype.numpy, input._device)
        source, target = (bits(array).reshape(-1, rows, columns) for array in (packed(input._array, input._dtype), made))
        if made.size:
            launch.launch("triangle", source, diagonal, int(name == "tril"), target, work=made.size)
        return wrap(made, input._dtype)

    def clear(target: Any) -> None:
        target = target.reshape(math.prod(target.shape[:-2]), rows, columns)
        for row in range(rows):
            edge = min(max(row + diagonal + (name == "tril"), 0), columns)
            if name == "tril":
                target[:, row, edge:] = 0
            else:
                target[:, row, :edge] = 0

    return rewritten(input, out, clear, shared=True)


tril_, triu_ = inplace(tril), inplace(triu)
derivative(tril, input=lambda grad, diagonal: tril(grad, diagonal))
derivative(triu, input=lambda grad, diagonal: triu(grad, diagonal))


@op
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the rows of ``input`` on a diagonal, ``offset`` places above the main one, and zeros elsewhere.

    >>> diag_embed(tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    array = input._array
    if not array.ndim:
        raise RuntimeError("diag_embed: input must have at least 1 dimension")
    dim1, dim2 = wrap_dim(dim1, array.ndim + 1), wrap_dim(dim2, array.ndim + 1)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    length = array.shape[-1] + abs(offset)
    if array.ndim == 1 and dim1 < dim2 and input._device is CPU:
        made = memory.zeros((length, length), array.dtype)
        made.reshape(-1)[offset if offset >= 0 else -offset * length::length + 1][:array.size] = array
        return wrap(made, input._dtype)
    shape = list(array.shape[:-1])
    for dim in sorted((dim1, dim2)):
        shape.insert(dim, length)
    made = memory.zeros(tuple(shape), array.dtype, input._device)
    if input._device is not CPU:
        cuda_memory.copy(array, made.diagonal(offset, dim1, dim2))
        return wrap(made, input._dtype)
    row = np.arange(array.shape[-1]) + max(-offset, 0)
    made.transpose([d for d in range(len(shape)) if d not in (dim1, dim2)] + [dim1, dim2])[..., row, row + offset] = array
    return wrap(made, input._dtype)


derivative(diag_embed, input=lambda grad, offset, dim1, dim2: slicing.diagonal(grad, offset, dim1, dim2))


def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Of a vector, the matrix with it on a diagonal; of a matrix, a copy of its diagonal.

    >>> diag(tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    >>> diag(tensor([[1, 2], [3, 4]]), 1)
    tensor([2])
    """
    ndim = input._array.ndim
    if ndim not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    result = diag_embed(input, diagonal) if ndim == 1 else copies.clone(slicing.diagonal(input, diagonal))
    return result if out is None else copies.copy_result("diag", result, out)


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix with all elements of ``input`` on a diagonal.

    >>> diagflat(tensor([[1], [2]]))
    tensor([[1, 0],
            [0, 2]])
    """
    return diag_embed(view.reshape(input, (-1,)), offset)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64, device: Any = None, layout: Any = None) -> Tensor:
    """Rows and columns of the elements of a matrix that are not above a diagonal, row after row.

    >>> tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return triangle_indices(row, col, lambda rows, columns: columns - rows <= offset, dtype, device)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64, device: Any = None, layout: Any = None) -> Tensor:
    """Rows and columns of the elements of a matrix that are not below a diagonal, row after row.

    >>> triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    return triangle_indices(row, col, lambda rows, columns: columns - rows >= offset, dtype, device)


def triangle_indices(row: int, col: int, inside: Any, dtype: Any, device: Any) -> Tensor:
    """Rows and columns of the elements of a matrix that are ``inside``."""
    if dtype not in (dtypes.int64, dtypes.int32):
        raise NotImplementedError(f'"tril_indices" not implemented for {dtype}; an index is of type int64 or int32')
    if row < 0 or col < 0:
        raise RuntimeError(f"row and col must be non-negative, got {row} and {col}")
    found = np.array(np.nonzero(inside(np.arange(row)[:, None], np.arange(col)))).reshape(2, -1)
    return wrap(found, dtypes.int64).to(dtype=dtype, device=device)
