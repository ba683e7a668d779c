"""Arithmetic between tensors and numbers. Operands broadcast and promote; integers divide to floats."""
from __future__ import annotations

import numbers
from typing import Any

from ..core import dtype as dtypes
from ..core.elementwise import FLOAT, REAL, binary, elementwise, scalar_like, unary
from ..core.legacy_order import factor_first
from ..core.op import derivative, holomorphic, inplace, op, zero_slope
from ..core.scalars import NUMBERS, check_number, number_as
from ..core.tensor_base import TensorBase

Tensor = TensorBase


def check_alpha(name: str, alpha: Any, input: Any, other: Any) -> None:
    """``alpha`` must not be of a higher category than the operands."""
    kind = dtypes.promote_operands([one for one in (input, other) if isinstance(one, (TensorBase, *NUMBERS))])
    if isinstance(alpha, bool) and kind is not dtypes.bool_:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if kind.category < 3 and isinstance(alpha, complex):
        raise RuntimeError(f"{name}: For non-complex input tensors, argument alpha must not be a complex number.")
    if kind.category < 2 and not isinstance(alpha, numbers.Integral):
        raise RuntimeError(f"{name}: for integral input tensors, argument alpha must not be a floating point number.")


@op
def add(input: Tensor, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """``input + alpha * other``.

    Shape: the two broadcast. Integer and float operands give floats.

    >>> add(tensor([1.0, 2.0]), tensor([[10.0], [20.0]]), alpha=2)
    tensor([[21., 22.],
            [41., 42.]])
    """
    if alpha == 1:
        return binary("add", input, other, out)
    check_alpha("add", alpha, input, other)
    if not isinstance(other, TensorBase):
        return binary("add", input, other * alpha, out)
    return binary("add_scaled", as_operand(input, other), other, out, numbers=(alpha,))


def as_operand(value: Any, like: Tensor) -> Tensor:
    """A tensor as it is, a number as a 0-d tensor beside ``like``."""
    return value if isinstance(value, TensorBase) else scalar_like(value, like)


add_ = inplace(add)
derivative(add, input=lambda grad: grad,
           other=lambda grad, alpha: grad if alpha == 1 else grad * alpha.conjugate())


@op
def sub(input: Tensor, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """``input - alpha * other``; a bool mask on the right of a 1 is inverted, as old code expects of ``1 - mask``.

    >>> sub(tensor([3, 4]), 1)
    tensor([2, 3])
    """
    if getattr(input, "_dtype", None) is dtypes.bool_ or getattr(other, "_dtype", None) is dtypes.bool_:
        return _sub_bool(input, other, out)
    if alpha == 1:
        return binary("sub", input, other, out)
    check_alpha("sub", alpha, input, other)
    if not isinstance(other, TensorBase):
        return binary("sub", input, other * alpha, out)
    return binary("sub_scaled", as_operand(input, other), other, out, numbers=(alpha,))


def _sub_bool(input: Any, other: Any, out: Tensor | None) -> Tensor:
    if not isinstance(input, TensorBase) and input == 1:
        return unary("logical_not", other, (), out)
    if isinstance(input, TensorBase) and isinstance(other, TensorBase) and input._dtype is not other._dtype:
        return binary("sub", input, other, out)
    if not isinstance(input, TensorBase) or not isinstance(other, TensorBase):
        return binary("sub", input, other, out)
    raise RuntimeError("Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
                       "operator instead.")


sub_ = inplace(sub)
derivative(sub, input=lambda grad: grad, other=lambda grad, alpha: -grad if alpha == 1 else grad * -alpha.conjugate())


def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """``other - alpha * input``.

    >>> rsub(tensor([1, 2]), 10)
    tensor([9, 8])
    """
    return sub(other, input, alpha=alpha)


@op
def mul(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """``input * other``, element by element.

    >>> mul(tensor([1.0, 2.0]), 3)
    tensor([3., 6.])
    """
    return binary("mul", input, other, out)


mul_ = inplace(mul)
derivative(mul, input=lambda grad, other: mul(grad, other), other=lambda grad, input: mul(grad, input))


@op
def neg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``-input``.

    >>> neg(tensor([1, -2]))
    tensor([-1,  2])
    """
    if input._dtype is dtypes.bool_:
        raise RuntimeError("Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
                           "the `~` or `logical_not()` operator instead.")
    return unary("neg", input, (), out)


neg_ = inplace(neg)
derivative(neg, input=lambda grad: -grad)


@op
def abs(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Magnitude of each element; of complex ones it is real.

    >>> abs(tensor([-1.5, 2]))
    tensor([1.5000, 2.0000])
    """
    if out is input and input._dtype.category == 3:
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    return unary("absolute", input, (), out, REAL)


abs_ = inplace(abs)
derivative(abs, input=lambda grad, input: grad * input.sgn())


@op
def sign(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """-1, 0 or 1 by each element's sign; 0 for NaN.

    >>> sign(tensor([-1.5, 0, 2]))
    tensor([-1.,  0.,  1.])
    """
    return unary("sign", input, (), out)


sign_ = inplace(sign)
derivative(sign, input=zero_slope)


@op
def square(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element times itself.

    >>> square(tensor([-2.0, 3.0]))
    tensor([4., 9.])
    """
    return unary("square", input.long() if input._dtype is dtypes.bool_ else input, (), out)


square_ = inplace(square)
derivative(square, input=lambda grad, input: grad * (input * 2))


@op
def reciprocal(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """One over each element.

    >>> reciprocal(tensor([2.0, 4.0]))
    tensor([0.5000, 0.2500])
    """
    return unary("reciprocal", input, (), out, FLOAT)


reciprocal_ = inplace(reciprocal)
derivative(reciprocal, input=lambda grad, result: -grad * result * result)


@op
def floor(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Largest integer not above each element, in its own type.

    >>> floor(tensor([-1.5, 1.5]))
    tensor([-2.,  1.])
    """
    return _round("floor", input, out)


def _round(name: str, input: Tensor, out: Tensor | None) -> Tensor:
    """Round floats; integers are round already."""
    return unary(name if input._dtype.category >= 2 else "copy", input, (), out)


floor_ = inplace(floor)
derivative(floor, input=zero_slope)


@op
def ceil(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Smallest integer not below each element, in its own type.

    >>> ceil(tensor([-1.5, 1.5]))
    tensor([-1.,  2.])
    """
    return _round("ceil", input, out)


ceil_ = inplace(ceil)
derivative(ceil, input=zero_slope)


@op
def trunc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element without what is behind its point.

    >>> trunc(tensor([-1.5, 1.5]))
    tensor([-1.,  1.])
    """
    return _round("trunc", input, out)


trunc_ = inplace(trunc)
derivative(trunc, input=zero_slope)


@op
def frac(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """What is behind the point of each element, with its sign (``input - trunc(input)``).

    >>> frac(tensor([1.0, 2.5, -3.2]))
    tensor([ 0.0000,  0.5000, -0.2000])
    """
    if input._dtype.category < 2:
        raise RuntimeError(f"frac: only floating point elements have a fraction, got {input._dtype}")
    return unary("frac", input, (), out)


frac_ = inplace(frac)
derivative(frac, input=lambda grad: grad)


@op
def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Tensor | None = None) -> Tensor:
    """``input + weight * (end - input)``; ``weight`` is a number or a tensor that broadcasts.

    >>> lerp(tensor([1.0, 2.0]), tensor([10.0, 10.0]), 0.5)
    tensor([5.5000, 6.0000])
    """
    if input._dtype is not end._dtype:
        raise RuntimeError(f"expected dtype {input._dtype.name} for `end` but got dtype {end._dtype.name}")
    if isinstance(weight, TensorBase):
        if weight._dtype is not input._dtype and weight._array.ndim:
            raise RuntimeError(f"expected dtype {input._dtype.name} for `weight` but got dtype {weight._dtype.name}")
        return elementwise("lerp", (input, end, weight), (), out)
    return elementwise("lerp", (input, end), (number_as(weight, input._dtype) if isinstance(weight, complex) else weight,), out)


lerp_ = inplace(lerp)
derivative(lerp, input=lambda grad, weight: grad * (1 - weight), end=lambda grad, weight: grad * weight,
           weight=lambda grad, input, end: grad * (end - input))


@op
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """``input + value * tensor1 * tensor2``.

    >>> addcmul(tensor([1.0]), tensor([2.0]), tensor([3.0]), value=10)
    tensor([61.])
    """
    check_number(value, input._dtype)
    return elementwise("addcmul", (input, tensor1, tensor2), (value,), out)


addcmul_ = inplace(addcmul)
derivative(addcmul, input=lambda grad: grad, tensor1=lambda grad, tensor2, value: grad * tensor2 * value,
           tensor2=lambda grad, tensor1, value: grad * tensor1 * value)


@op
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """``input + value * tensor1 / tensor2``.

    >>> addcdiv(tensor([1.0]), tensor([6.0]), tensor([3.0]), value=10)
    tensor([21.])
    """
    if tensor1._dtype.category < 2 and tensor2._dtype.category < 2:
        raise RuntimeError("Integer division with addcdiv is no longer supported, and in a future release addcdiv will perform a "
                           "true division of tensor1 and tensor2. Divide with floor_divide or true_divide and add.")
    return elementwise("addcdiv", (input, tensor1, tensor2), (value,), out)


addcdiv_ = inplace(addcdiv)
derivative(addcdiv, input=lambda grad: grad, tensor1=lambda grad, tensor2, value: grad * value / tensor2,
           tensor2=lambda grad, tensor1, tensor2, value: -grad * value * tensor1 / (tensor2 * tensor2))

holomorphic(mul, square, reciprocal, lerp, addcmul, addcdiv)

# the operators take no old argument order and need no look for one
plus, minus, plus_, minus_ = add, sub, add_, sub_
add, add_, sub, sub_ = (factor_first(function, 1, "alpha") for function in (add, add_, sub, sub_))
addcmul, addcmul_, addcdiv, addcdiv_ = (factor_first(function, 2, "value") for function in (addcmul, addcmul_, addcdiv, addcdiv_))
