"""Comparison and logic. Results are bool; nothing here has a gradient, but for `where`, `maximum`, `minimum` and `clamp`."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core.geometry import broadcast_shapes
from ..core.launch import BOOL, MASKED, NUMBERS, binary, elementwise, few, full_scalar, scalar_like, unary
from ..core.op import derivative, inplace, no_derivative, op
from ..core.tensor_base import TensorBase, wrap_host

Tensor = TensorBase


@op
def eq(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Where ``input == other``.

    >>> eq(tensor([1, 2]), tensor([1, 3]))
    tensor([ True, False])
    """
    return binary("eq", input, other, out, BOOL)


@op
def ne(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Where ``input != other``; NaN differs from everything.

    >>> ne(tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return binary("ne", input, other, out, BOOL)


@op
def lt(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Where ``input < other``.

    >>> lt(tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return binary("lt", input, other, out, BOOL)


@op
def le(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Where ``input <= other``.

    >>> le(tensor([1, 2]), 1)
    tensor([ True, False])
    """
    return binary("le", input, other, out, BOOL)


@op
def gt(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Where ``input > other``.

    >>> gt(tensor([1, 2]), 1)
    tensor([False,  True])
    """
    return binary("gt", input, other, out, BOOL)


@op
def ge(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Where ``input >= other``.

    >>> ge(tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return binary("ge", input, other, out, BOOL)


eq_, ne_, lt_, le_, gt_, ge_ = inplace(eq), inplace(ne), inplace(lt), inplace(le), inplace(gt), inplace(ge)


@op
def isnan(input: Tensor) -> Tensor:
    """Where an element is not a number.

    >>> isnan(tensor([1.0, float("nan")]))
    tensor([False,  True])
    """
    return unary("isnan", input, (), None, BOOL)


@op
def isinf(input: Tensor) -> Tensor:
    """Where an element is plus or minus infinity.

    >>> isinf(tensor([1.0, float("-inf")]))
    tensor([False,  True])
    """
    return unary("isinf", input, (), None, BOOL)


@op
def isfinite(input: Tensor) -> Tensor:
    """Where an element is neither infinite nor NaN.

    >>> isfinite(tensor([1.0, float("nan")]))
    tensor([ True, False])
    """
    return unary("isfinite", input, (), None, BOOL)


@op
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Where ``|input - other| <= atol + rtol * |other|``; with ``equal_nan`` two NaNs are close.

    >>> isclose(tensor([1.0, 2.0]), tensor([1.0 + 1e-9, 2.1]))
    tensor([ True, False])
    """
    if input._dtype is not other._dtype:
        raise RuntimeError(f"{input._dtype.tensor_name[:-6]} did not match {other._dtype.tensor_name[:-6]}")
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if tolerance < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {tolerance}")
    wide = dtypes.complex128 if input._dtype.category == 3 else dtypes.float64
    close = elementwise("isclose", (input.to(wide), other.to(wide)), (rtol, atol), None, BOOL)
    return close | (isnan(input) & isnan(other)) if equal_nan else close


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether every element is close to its partner (see `isclose`).

    >>> allclose(tensor([1.0]), tensor([1.0 + 1e-9]))
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same size and elements.

    >>> equal(tensor([1, 2]), tensor([1, 2]))
    True
    """
    if input._array.shape != other._array.shape:
        return False
    if input._dtype is other._dtype and not input._dtype.half and few((input, other)):
        return not np.count_nonzero(input._array != other._array)
    return bool(eq(input, other).all())


@op
def logical_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where an element is zero.

    >>> logical_not(tensor([0, 5]))
    tensor([ True, False])
    """
    return unary("logical_not", input, (), out, BOOL)


@op
def logical_and(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where both elements are nonzero.

    >>> logical_and(tensor([0, 5]), tensor([1, 1]))
    tensor([False,  True])
    """
    return binary("logical_and", input, other, out, BOOL)


@op
def logical_or(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where one element or both are nonzero.

    >>> logical_or(tensor([0, 5]), tensor([0, 1]))
    tensor([False,  True])
    """
    return binary("logical_or", input, other, out, BOOL)


@op
def logical_xor(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where exactly one element is nonzero.

    >>> logical_xor(tensor([0, 5]), tensor([1, 1]))
    tensor([ True, False])
    """
    return binary("logical_xor", input, other, out, BOOL)


logical_not_, logical_and_, logical_or_, logical_xor_ = map(inplace, (logical_not, logical_and, logical_or, logical_xor))


@op
def bitwise_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element's bits inverted; of a bool tensor, its opposite.

    >>> bitwise_not(tensor([True, False]))
    tensor([False,  True])
    """
    _refuse_floats("bitwise_not", input)
    return unary("logical_not" if input._dtype is dtypes.bool_ else "bitwise_not", input, (), out)


def _refuse_floats(name: str, *operands: Any) -> None:
    for one in operands:
        if dtypes.promote_operands((one,)).category >= 2:
            raise RuntimeError(f"{name}: only integer and bool operands have bits, got {getattr(one, 'dtype', type(one).__name__)}")


@op
def bitwise_and(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Bits set in both.

    >>> bitwise_and(tensor([6]), 3)
    tensor([2])
    """
    _refuse_floats("bitwise_and", input, other)
    return binary("bitwise_and", input, other, out)


@op
def bitwise_or(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Bits set in one or both.

    >>> bitwise_or(tensor([6]), 3)
    tensor([7])
    """
    _refuse_floats("bitwise_or", input, other)
    return binary("bitwise_or", input, other, out)


@op
def bitwise_xor(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Bits set in exactly one.

    >>> bitwise_xor(tensor([6]), 3)
    tensor([5])
    """
    _refuse_floats("bitwise_xor", input, other)
    return binary("bitwise_xor", input, other, out)


@op
def bitwise_left_shift(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Bits moved to the left.

    >>> bitwise_left_shift(tensor([3]), 2)
    tensor([12])
    """
    _refuse_floats("bitwise_left_shift", input, other)
    return binary("shift_left", input, other, out)


@op
def bitwise_right_shift(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Bits moved to the right; the sign is kept.

    >>> bitwise_right_shift(tensor([-8]), 1)
    tensor([-4])
    """
    _refuse_floats("bitwise_right_shift", input, other)
    return binary("shift_right", input, other, out)


bitwise_not_, bitwise_and_, bitwise_or_, bitwise_xor_ = map(inplace, (bitwise_not, bitwise_and, bitwise_or, bitwise_xor))
bitwise_left_shift_, bitwise_right_shift_ = inplace(bitwise_left_shift), inplace(bitwise_right_shift)
for comparison in (eq, ne, lt, le, gt, ge, logical_not, logical_and, logical_or, logical_xor):
    # a mask has no history, but the in-place form of a tensor that has one ends it
    derivative(comparison, input=lambda grad: grad.new_zeros(grad.size()))
no_derivative(isnan, isinf, isfinite, isclose, bitwise_not, bitwise_and, bitwise_or, bitwise_xor, bitwise_left_shift, bitwise_right_shift)


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


def _share(grad: Tensor, mine: Tensor, other: Tensor, result: Tensor) -> Tensor:
    """The gradient where ``mine`` was chosen; half of it where the two are equal."""
    chosen = (mine == result) | isnan(mine)
    return (grad * 0.5).masked_fill(~(mine == other), 0) + grad.masked_fill(~chosen | (mine == other), 0)


derivative(maximum, input=lambda grad, input, other, result: _share(grad, input, other, result),
           other=lambda grad, input, other, result: _share(grad, other, input, result))
derivative(minimum, input=lambda grad, input, other, result: _share(grad, input, other, result),
           other=lambda grad, input, other, result: _share(grad, other, input, result))


@op
def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Elements kept between ``min`` and ``max`` (numbers or tensors), of which one may be missing; NaN stays NaN.

    >>> clamp(tensor([-2.0, 0.5, 3.0]), min=-1, max=1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, TensorBase) or isinstance(max, TensorBase):
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
    return elementwise("clamp", (operand,), (_typed(min, kind), _typed(max, kind)), out)


def check_fits(name: str, input: Tensor, *others: Any) -> None:
    """Others must broadcast to the size of what is written in place."""
    shape = tuple(input._array.shape)
    wanted = broadcast_shapes(shape, *[one._array.shape for one in others if isinstance(one, TensorBase)])
    if wanted != shape:
        raise RuntimeError(f"{name}: output with shape {list(shape)} doesn't match the broadcast shape {list(wanted)}")


def _typed(value: Any, kind: Any) -> Any:
    return float(value) if kind.category == 2 else int(value)


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
    """In-place form of :func:`clamp_min`."""
    return clamp_(input, min=min)


def clamp_max_(input: Tensor, max: Any) -> Tensor:
    """In-place form of :func:`clamp_max`."""
    return clamp_(input, max=max)


@op
def where_select(condition: Tensor, input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`where` on three tensors."""
    if input._dtype is not other._dtype:
        kind = dtypes.promote_operands((input, other))
        input, other = input.to(kind), other.to(kind)
    if out is None and few((condition, input, other)):
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
