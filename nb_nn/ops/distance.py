"""Distances of all pairs of rows."""
from __future__ import annotations

import math

from ..core import elementwise, launch, memory
from ..core.geometry import broadcast_shapes
from ..core.op import derivative, op
from ..core.state import state
from ..core.tensor_base import TensorBase
from .diagonals import triu_indices
from .indexing import index_select
from .joining import cat
from .matmul import matmul

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
    check_floating("pdist", input)
    return distances_of_pairs(input, float(p))


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-norms of differences of each row of ``x1`` with each of ``x2``.

    With more than 25 rows, p = 2 is computed by a matrix product, which loses digits of distances that are small beside the
    rows' norms; ``compute_mode`` "use_mm_for_euclid_dist" asks for it always and "donot_use_mm_for_euclid_dist" never.

    Shape: (\\*, P, M) and (\\*, R, M), whose leading dimensions broadcast, to (\\*, P, R).

    >>> cdist(tensor([[0.0, 0.0]]), tensor([[3.0, 4.0], [0.0, 2.0]]))
    tensor([[5., 2.]])
    """
    if x1.dim() < 2 or x2.dim() < 2 or x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(f"cdist: rows must have the same number of columns, got inputs of sizes {list(x1.shape)} and {list(x2.shape)}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if compute_mode is not None and compute_mode not in MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode; expected one of {', '.join(MODES)}")
    check_floating("cdist", x1)
    check_floating("cdist", x2)
    if x1._dtype is not x2._dtype:
        raise RuntimeError(f"cdist: expected x1 and x2 of one type, got {x1._dtype} and {x2._dtype}")
    many = x1.shape[-2] > 25 or x2.shape[-2] > 25
    if p == 2 and x1.shape[-1] and (compute_mode == MODES[1] or many and compute_mode != MODES[2]):
        return distances_by_product(x1, x2)
    lead = broadcast_shapes(tuple(x1.shape[:-2]), tuple(x2.shape[:-2]))
    first, second = (x.expand(*lead, *x.shape[-2:]).reshape(math.prod(lead), *x.shape[-2:]) for x in (x1, x2))
    return distances(first, second, float(p)).reshape(*lead, x1.shape[-2], x2.shape[-2])


MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


def check_floating(name: str, input: Tensor) -> None:
    if input._dtype.category != 2:
        raise RuntimeError(f"{name}: only supports floating-point types, got {input._dtype.tensor_name[:-6]}")


@op
def distances_by_product(x1: Tensor, x2: Tensor) -> Tensor:
    """Euclidean distances as the roots of \\|x\\|^2 + \\|y\\|^2 - 2 x y, in one matrix product."""
    ones = [x.new_ones((*x.shape[:-1], 1)) for x in (x1, x2)]
    squares = [(x * x).sum(-1, keepdim=True) for x in (x1, x2)]
    return matmul(cat([x1 * -2, squares[0], ones[0]], -1), cat([x2, ones[1], squares[1]], -1).transpose(-1, -2)).clamp_(min=0).sqrt_()


def _by_product(grad: Tensor, x1: Tensor, x2: Tensor, result: Tensor, needs: tuple) -> list:
    shares = (grad / result).masked_fill(result == 0, 0)
    return [x1 * shares.sum(-1, keepdim=True) - matmul(shares, x2) if needs[0] else None,
            x2 * shares.sum(-2).unsqueeze(-1) - matmul(shares.transpose(-1, -2), x1) if needs[1] else None]


distances_by_product.declaration.node_name = "EuclideanDistBackward0"
derivative(distances_by_product, _by_product, ("x1", "x2"))


@op
def distances(x1: Tensor, x2: Tensor, p: float) -> Tensor:
    """`cdist` of (batch, P, M) and (batch, R, M)."""
    x, y = launch.contiguous_array(x1), launch.contiguous_array(x2)
    made = memory.empty((*x.shape[:2], y.shape[1]), x.dtype, x1._device)
    if x.shape[2]:
        launch.launch("distances", x, y, p, made, device=x1._device, work=made.size * x.shape[2])
    else:
        made.fill(0)
    return launch.deliver("cdist", made, x1._dtype, None)


@op
def distances_of_pairs(input: Tensor, p: float) -> Tensor:
    """`pdist` with checked arguments."""
    x = launch.contiguous_array(input)
    made = memory.empty((x.shape[0] * (x.shape[0] - 1) // 2,), x.dtype, input._device)
    if x.shape[1]:
        launch.launch("distances_of_pairs", x, p, made, device=input._device, work=made.size * x.shape[1])
    else:
        made.fill(0)
    return launch.deliver("pdist", made, input._dtype, None)


def slopes(grad: Tensor, apart: Tensor, lengths: Tensor, p: float) -> Tensor:
    """Gradients of the p-norms ``lengths`` of differences (\\*, M), in operations, for second derivatives."""
    grad, lengths = grad.unsqueeze(-1), lengths.unsqueeze(-1)
    if p == 0:
        return apart * 0
    if p == 1 or math.isinf(p):
        return grad * apart.sign() * (1 if p == 1 else apart.abs() == lengths)
    nothing = (lengths == 0) | (apart == 0)
    shares = (apart.abs() / lengths.masked_fill(lengths == 0, 1)).masked_fill(nothing, 1).pow(p - 1)
    return (grad * apart.sign() * shares).masked_fill(nothing, 0)


def _distances(grad: Tensor, x1: Tensor, x2: Tensor, p: float, result: Tensor, needs: tuple) -> list:
    if state.grad:
        every = slopes(grad, x1.unsqueeze(-2) - x2.unsqueeze(-3), result, p)
        return [every.sum(-2) if needs[0] else None, -every.sum(-3) if needs[1] else None]
    return [to_first(grad, x1, x2, p, result) if needs[0] else None,
            to_first(grad.transpose(1, 2), x2, x1, p, result.transpose(1, 2)) if needs[1] else None]


def to_first(grad: Tensor, x1: Tensor, x2: Tensor, p: float, lengths: Tensor) -> Tensor:
    """Gradient of `distances` for its first argument."""
    x, kind = launch.contiguous_array(x1), x1._dtype
    made = memory.empty(x.shape, x.dtype, x1._device)
    launch.launch("distances_backward", launch.contiguous_array(grad, kind), launch.contiguous_array(lengths, kind), x,
                  launch.contiguous_array(x2), p, made, device=x1._device, work=lengths._array.size * x.shape[2])
    return launch.deliver("cdist", made, kind, None)


def _of_pairs(grad: Tensor, input: Tensor, p: float, result: Tensor) -> Tensor:
    if state.grad:
        first, second = triu_indices(input.shape[0], input.shape[0], 1, device=input.device).unbind(0)
        every = slopes(grad, index_select(input, 0, first) - index_select(input, 0, second), result, p)
        return every.new_zeros(input.shape).index_add(0, first, every).index_add(0, second, -every)
    x, kind = launch.contiguous_array(input), input._dtype
    made = memory.empty(x.shape, x.dtype, input._device)
    launch.launch("distances_of_pairs_backward", launch.contiguous_array(grad, kind), launch.contiguous_array(result, kind), x, p, made,
                  device=input._device, work=2 * result._array.size * x.shape[1])
    return launch.deliver("pdist", made, kind, None)


distances.declaration.node_name = "CdistBackward0"
distances_of_pairs.declaration.node_name = "PdistBackward0"
derivative(distances, _distances, ("x1", "x2"))
derivative(distances_of_pairs, input=_of_pairs)


@op
def difference_plus(x1: Tensor, x2: Tensor, eps: float) -> Tensor:
    """``x1 - x2 + eps``."""
    return elementwise.binary("difference_plus", x1, x2, numbers=(eps,))


derivative(difference_plus, x1=lambda grad: grad, x2=lambda grad: -grad)
