"""Vectors along a dimension, and the trace of a matrix."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core import elementwise, launch, loops
from ..core.device import CPU
from ..core.geometry import wrap_dim
from ..core.op import derivative, holomorphic, op
from ..core.tensor_base import TensorBase, wrap, wrap_host
from . import choosing, copies, moments, rearranging, reduction, sequences, slicing

Tensor = TensorBase
AFTER, BEFORE = (1, 2, 0), (2, 0, 1)        # of each of three dimensions, the next one and the one before
EPSILON = 1e-7                  # keeps the scale of `renorm` finite; torch's


@op
def trace(input: Tensor) -> Tensor:
    """Sum of a matrix's diagonal.

    >>> trace(tensor([[1, 2], [3, 4]]))
    tensor(5)
    """
    if input._array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input._array.ndim}")
    made = reduction.whole("sum", wrap_host(input._array.diagonal(), input._dtype)) if input._device is CPU else None
    return slicing.diagonal(input).sum() if made is None else made


derivative(trace, input=lambda grad, input_size: sequences.eye(*input_size, dtype=grad._dtype, device=grad._device) * grad)


def cross(input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """Cross products of the vectors of three elements along ``dim``, by default the first dimension of size 3.

    >>> cross(tensor([1, 0, 0]), tensor([0, 1, 0]))
    tensor([0, 0, 1])
    """
    if input._array.ndim != other._array.ndim:
        raise RuntimeError(f"cross: inputs must have the same number of dimensions, got {input._array.ndim} and {other._array.ndim}")
    if input._dtype is not other._dtype:
        raise RuntimeError(f"cross: inputs must have the same dtype, got {input._dtype} and {other._dtype}")
    left, right = input._array.shape, other._array.shape
    if dim is None:
        dim = next((place for place, size in enumerate(left) if size == 3), None)
        if dim is None:
            raise RuntimeError(f"cross: no dimension of size 3 in input of size {list(left)}")
    dim = wrap_dim(dim, len(left))
    if left[dim] != 3 or right[dim] != 3:
        raise RuntimeError(f"cross: inputs must have 3 elements along dimension {dim}, got {left[dim]} and {right[dim]}")
    if left != right:
        input, other = rearranging.broadcast_tensors(input, other)
    return cross_along(input, other, dim, out=out)


@op
def cross_along(input: Tensor, other: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """`cross` of tensors of one size and type."""
    if input._dtype is dtypes.bool_:
        raise launch.not_implemented("cross", input._dtype)
    if input._device is other._device is CPU and input._array.size < loops.SMALL:        # all at once, of copies
        a, b = input._array, other._array
        parts = a.take(AFTER, dim), b.take(BEFORE, dim), a.take(BEFORE, dim), b.take(AFTER, dim)
        made = elementwise.elementwise("difference_of_products", tuple([wrap(part, input._dtype) for part in parts]))
        return launch.into_out("cross", made, out)
    a, b = slicing.unbind(input, dim), slicing.unbind(other, dim)
    made = launch.empty(input._array.shape, input._dtype, input._device)
    for place, part in enumerate(slicing.unbind(made, dim)):
        i, j = (place + 1) % 3, (place + 2) % 3
        elementwise.elementwise("difference_of_products", (a[i], b[j], a[j], b[i]), (), part)
    return launch.into_out("cross", made, out)


cross_along.declaration.node_name = "LinalgCrossBackward0"
holomorphic(cross_along)
derivative(cross_along, input=lambda grad, other, dim: cross_along(other, grad, dim),
           other=lambda grad, input, dim: cross_along(grad, input, dim))


def renorm(input: Tensor, p: Any, dim: int, maxnorm: Any, *, out: Tensor | None = None) -> Tensor:
    """``input`` with each slice of dimension ``dim`` whose ``p``-norm is above ``maxnorm`` scaled down to it.

    >>> renorm(tensor([[3.0, 4.0], [0.1, 0.2]]), 2, 0, 1)
    tensor([[0.6000, 0.8000],
            [0.1000, 0.2000]])
    """
    if not p > 0:
        raise RuntimeError(f"renorm: expected p to be positive, got {p}: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    if input._array.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input._array.ndim} dimensions")
    if input._dtype.category < 2:
        raise RuntimeError(f"renorm: expected a floating type, got {input._dtype}")
    dim = wrap_dim(dim, input._array.ndim)
    others = [place for place in range(input._array.ndim) if place != dim]
    lengths = moments.norm(input, p, others, True)
    scale = choosing.where(lengths > maxnorm, maxnorm / (lengths + EPSILON), lengths.new_ones(()))
    scaled = input * scale
    return launch.into_out("renorm", scaled, out)


def renorm_(input: Tensor, p: Any, dim: int, maxnorm: Any) -> Tensor:
    """In-place form of :func:`renorm`.

    >>> tensor([[3.0, 4.0]]).renorm_(2, 0, 1)
    tensor([[0.6000, 0.8000]])
    """
    return copies.copy_(input, renorm(copies.clone(input), p, dim, maxnorm))
