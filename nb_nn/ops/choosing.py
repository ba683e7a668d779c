"""Choosing among elements: the larger, the smaller, those within bounds, those of a mask."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core.elementwise import MASKED, binary, elementwise, few, in_order, scalar_like, unary
from ..core.geometry import broadcast_shapes
from ..core.loops import few_shape
from ..core.op import derivative, inplace, op
from ..core.scalars import NUMBERS, full_scalar, number_as
from ..core.tensor_base import TensorBase, wrap_host

Tensor = TensorBase


def check_real(name: str, *operands: Any) -> None:
    """Complex numbers have no larger one."""
    if any(one._dtype.category == 3 for one in operands):
        raise RuntimeError(f"{name} not implemented for complex tensors.")


@op
def maximum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of two elements; NaN if either is.

    >>> maximum(tensor([1, 5]), tensor([3, 2]))
    tensor([3, 5])
    """
    check_real("maximum", input, other)
    return binary("maximum", input, other, out)


@op
def minimum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of two elements; NaN if either is.

    >>> minimum(tensor([1, 5]), tensor([3, 2]))
    tensor([1, 2])
    """
    check_real("minimum", input, other)
    return binary("minimum", input, other, out)


def _share(grad: Tensor, mine: Tensor, other: Tensor, lost: Tensor) -> Tensor:
    """The gradient but where ``mine`` ``lost``; half of it where the two are equal, and where one is NaN, for each of them."""
    return where_select(mine == other, grad * 0.5, grad).masked_fill(lost, 0)


derivative(maximum, input=lambda grad, input, other: _share(grad, input, other, input < other),
           other=lambda grad, input, other: _share(grad, other, input, other < input))
derivative(minimum, input=lambda grad, input, other: _share(grad, input, other, input > other),
           other=lambda grad, input, other: _share(grad, other, input, other > input))


@op
def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Elements kept between ``min`` and ``max`` (numbers or tensors), of which one may be missing; NaN stays NaN.

    >>> clamp(tensor([-2.0, 0.5, 3.0]), min=-1, max=1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, TensorBase) or isinstance(max, TensorBase) or input._dtype is dtypes.uint64:     # numbers too large for kernels
        if out is input:
            check_fits("clamp_", input, min, max)
        raised = input if min is None else _bound("clamp_min", input, min, None if max is not None else out)
        return raised if max is None else _bound("clamp_max", raised, max, out)
    for bound in (min, max):
        if bound is not None and not isinstance(bound, NUMBERS):
            raise TypeError(f"clamp(): argument 'min' and 'max' must be Number or Tensor, not {type(bound).__name__}")
    kind = dtypes.promote_operands([one for one in (input, min, max) if one is not None])
    operand = input if kind is input._dtype else input.to(kind)
    if max is None:
        return unary("clamp_min", operand, (_typed(min, kind),), out) if operand is input else _bound("clamp_min", input, min, out)
    if min is None:
        return unary("clamp_max", operand, (_typed(max, kind),), out) if operand is input else _bound("clamp_max", input, max, out)
    return unary("clamp", operand, (_typed(min, kind), _typed(max, kind)), out)


def check_fits(name: str, input: Tensor, *others: Any) -> None:
    """Others must broadcast to the size of what is written in place."""
    shape = tuple(input._array.shape)
    wanted = broadcast_shapes(shape, *[one._array.shape for one in others if isinstance(one, TensorBase)])
    if wanted != shape:
        raise RuntimeError(f"{name}: output with shape {list(shape)} doesn't match the broadcast shape {list(wanted)}")


def _typed(value: Any, kind: Any) -> Any:
    if kind.category == 2:
        return float(value)
    return int(value) if kind.category == 0 or -128 <= value <= 127 else number_as(value, kind)


def _bound(name: str, input: Tensor, bound: Any, out: Tensor | None) -> Tensor:
    bound = bound if isinstance(bound, TensorBase) else scalar_like(bound, input)
    return binary(name, input, bound, out)


clamp_ = inplace(clamp)
derivative(clamp, input=lambda grad, input, min, max: grad.masked_fill(~_inside(input, min, max), 0),
           min=lambda grad, input, min, max: grad.masked_fill(~((input < min) & (min < max if max is not None else True)), 0),
           max=lambda grad, input, min, max: grad.masked_fill(~((input > max) | (max < min if min is not None else False)), 0))


def _inside(input: Tensor, min: Any, max: Any) -> Tensor:
    """Where clamping changed nothing."""
    if min is None:
        return input <= max
    return input >= min if max is None else (input >= min) & (input <= max)


def clamp_min(input: Tensor, min: Any, *, out: Tensor | None = None) -> Tensor:
    """Elements raised to ``min`` where they are below.

    >>> clamp_min(tensor([-1.0, 2.0]), 0)
    tensor([0., 2.])
    """
    return clamp(input, min=min, out=out)


def clamp_max(input: Tensor, max: Any, *, out: Tensor | None = None) -> Tensor:
    """Elements lowered to ``max`` where they are above.

    >>> clamp_max(tensor([-1.0, 2.0]), 0)
    tensor([-1.,  0.])
    """
    return clamp(input, max=max, out=out)


def clamp_min_(input: Tensor, min: Any) -> Tensor:
    """In-place form of :func:`clamp_min`.

    >>> tensor([1, 5]).clamp_min_(3)
    tensor([3, 5])
    """
    return clamp_(input, min=min)


def clamp_max_(input: Tensor, max: Any) -> Tensor:
    """In-place form of :func:`clamp_max`.

    >>> tensor([1, 5]).clamp_max_(3)
    tensor([1, 3])
    """
    return clamp_(input, max=max)


@op
def where_select(condition: Tensor, input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`where` on three tensors."""
    if input._dtype is not other._dtype:
        kind = dtypes.promote_operands((input, other))
        input, other = input.to(kind), other.to(kind)
    if out is None and (few((condition, input, other)) or in_order((condition, input, other)) and few_shape(
            condition._array.shape, input._array.shape, other._array.shape) is not None):
        return wrap_host(np.where(condition._array, input._array, other._array), input._dtype)
    return elementwise("where", (condition, input, other), (), out, MASKED)


where_select.declaration.node_name = "WhereBackward0"
derivative(where_select, input=lambda grad, condition: grad.masked_fill(~condition, 0),
           other=lambda grad, condition: grad.masked_fill(condition, 0))


def as_mask(mask: Tensor, name: str) -> Tensor:
    """A mask as a bool tensor; uint8 masks are those of old code."""
    if not isinstance(mask, TensorBase):
        raise TypeError(f"{name}(): the mask must be Tensor, not {type(mask).__name__}")
    if mask._dtype is dtypes.bool_:
        return mask
    if mask._dtype is dtypes.uint8:
        return mask.to(dtypes.bool_)
    raise RuntimeError(f"{name}: the mask must be a bool or uint8 tensor, got {mask.dtype}")


def where(condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None) -> Any:
    """``input`` where ``condition`` holds, ``other`` elsewhere; with the condition alone, the places where it holds, as
    ``nonzero(condition, as_tuple=True)``.

    Shape: the three broadcast.

    >>> where(tensor([True, False]), tensor([1, 2]), tensor([10, 20]))
    tensor([ 1, 20])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    condition = as_mask(condition, "where")
    if not isinstance(input, TensorBase) or not isinstance(other, TensorBase):
        kind = dtypes.promote_operands((input, other))
        input, other = (one if isinstance(one, TensorBase) else full_scalar(one, kind, condition._device) for one in (input, other))
    return where_select(condition, input, other, out=out)


def where_method(input: Tensor, condition: Tensor, other: Any) -> Tensor:
    """Elements of this tensor where ``condition`` holds, of ``other`` elsewhere."""
    return where(condition, input, other)
