"""Exponentials, logarithms, powers and roots. Integers give floats, except integer powers."""
from __future__ import annotations

import cmath
import math
from typing import Any

from ..core import dtype as dtypes
from ..core.elementwise import FLOAT, binary, unary
from ..core.op import derivative, holomorphic, inplace, op, zero_slope
from ..core.scalars import NUMBERS, check_number
from ..core.tensor_base import TensorBase
from . import arithmetic

Tensor = TensorBase


@op
def exp(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """e to the power of each element.

    >>> exp(tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return unary("exp", input, (), out, FLOAT)


exp_ = inplace(exp)
derivative(exp, input=lambda grad, result: grad * result)


@op
def exp2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """2 to the power of each element.

    >>> exp2(tensor([3.0]))
    tensor([8.])
    """
    return unary("exp2", input, (), out, FLOAT)


exp2_ = inplace(exp2)
derivative(exp2, input=lambda grad, result: grad * result * math.log(2))


@op
def expm1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``exp(x) - 1``, exact near zero.

    >>> expm1(tensor([0.0, 1.0]))
    tensor([0.0000, 1.7183])
    """
    return unary("expm1", input, (), out, FLOAT)


expm1_ = inplace(expm1)
derivative(expm1, input=lambda grad, result: grad * (result + 1))


@op
def log(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Natural logarithm; NaN for negative elements.

    >>> log(tensor([1.0, 10.0]))
    tensor([0.0000, 2.3026])
    """
    return unary("log", input, (), out, FLOAT)


log_ = inplace(log)
derivative(log, input=lambda grad, input: grad / input)


@op
def log2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Logarithm to the base 2.

    >>> log2(tensor([8.0]))
    tensor([3.])
    """
    return unary("log2", input, (), out, FLOAT)


log2_ = inplace(log2)
derivative(log2, input=lambda grad, input: grad / (input * math.log(2)))


@op
def log10(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Logarithm to the base 10.

    >>> log10(tensor([100.0]))
    tensor([2.])
    """
    return unary("log10", input, (), out, FLOAT)


log10_ = inplace(log10)
derivative(log10, input=lambda grad, input: grad / (input * math.log(10)))


@op
def log1p(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``log(1 + x)``, exact near zero.

    >>> log1p(tensor([0.0, 1.0]))
    tensor([0.0000, 0.6931])
    """
    return unary("log1p", input, (), out, FLOAT)


log1p_ = inplace(log1p)
derivative(log1p, input=lambda grad, input: grad / (input + 1))


@op
def sqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Square root; NaN for negative elements.

    >>> sqrt(tensor([4.0, 9.0]))
    tensor([2., 3.])
    """
    return unary("sqrt", input, (), out, FLOAT)


sqrt_ = inplace(sqrt)
derivative(sqrt, input=lambda grad, result: grad / (result * 2))


@op
def rsqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """One over the square root.

    >>> rsqrt(tensor([4.0]))
    tensor([0.5000])
    """
    return unary("rsqrt", input, (), out, FLOAT)


rsqrt_ = inplace(rsqrt)
derivative(rsqrt, input=lambda grad, result: grad * -0.5 * result * result * result)

SIMPLE_POWERS = {2: arithmetic.square, -1: arithmetic.reciprocal, 0.5: sqrt, -0.5: rsqrt}


@op
def pow(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """``input`` to the power of ``exponent``; one of the two may be a number.

    Integer tensors to integer powers stay integers; a negative integer exponent (as a number) is refused.

    >>> pow(tensor([2.0, 3.0]), 2)
    tensor([4., 9.])
    """
    if not isinstance(input, TensorBase) and not isinstance(exponent, TensorBase):
        raise TypeError(f"pow(): one of input and exponent must be a Tensor, got {type(input).__name__} and {type(exponent).__name__}")
    kind = dtypes.promote_operands((input, exponent))
    if kind.category < 2:
        if isinstance(exponent, NUMBERS) and exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        check_number(exponent, kind)
        return binary("int_pow", input, exponent, out)
    if isinstance(exponent, NUMBERS) and isinstance(input, TensorBase) and kind is input._dtype:
        simple = SIMPLE_POWERS.get(exponent)
        if simple is not None:
            return simple(input, out=out)
        if exponent == 1:
            return unary("copy", input, (), out)
        if exponent == 3:
            return unary("cube", input, (), out)
    return binary("pow", input, exponent, out)


pow_ = inplace(pow)


def _base_gradient(grad: Tensor, input: Any, exponent: Any) -> Tensor:
    if isinstance(exponent, TensorBase):
        return (grad * exponent * pow(input, exponent - 1)).masked_fill(exponent == 0, 0)
    return zero_slope(grad) if exponent == 0 else grad * (pow(input, exponent - 1) * exponent)


def _exponent_gradient(grad: Tensor, input: Any, exponent: Tensor, result: Tensor) -> Tensor:
    if not isinstance(input, TensorBase):
        if grad._dtype.category == 3 and input != 0:
            return grad * (result * cmath.log(input))
        if input == 0:
            return (grad * (result * -math.inf)).masked_fill(exponent >= 0, 0)
        return grad * (result * math.log(input)) if input > 0 else grad * math.nan
    constant = input == 0
    if exponent._dtype.category < 3:
        constant = constant & (exponent >= 0)
    return (grad * (result * log(input))).masked_fill(constant, 0)


derivative(pow, input=_base_gradient, exponent=_exponent_gradient)


def float_power(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """`pow` in float64, or complex128.

    >>> float_power(tensor([2]), -1)
    tensor([0.5000], dtype=torch.float64)
    """
    kind = dtypes.complex128 if dtypes.promote_operands((input, exponent)).category == 3 else dtypes.float64
    if out is not None and out._dtype is not kind:
        raise RuntimeError(f"the output given to float_power has dtype {out._dtype.tensor_name[:-6]} but the operation's result requires "
                           f"dtype {kind.tensor_name[:-6]}")
    return pow(*(one.to(kind) if isinstance(one, TensorBase) else one for one in (input, exponent)), out=out)


@op
def logaddexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``log(exp(x) + exp(y))``, without overflow.

    >>> logaddexp(tensor([1000.0]), tensor([1000.0]))
    tensor([1000.6932])
    """
    return binary("logaddexp", input, other, out, FLOAT)


def _part_of_sum(grad: Tensor, mine: Tensor, other: Tensor) -> Tensor:
    """``grad * exp(mine) / (exp(mine) + exp(other))``."""
    return grad * (exp(mine - logaddexp(mine, other)) if grad._dtype.category == 3 else (mine - other).sigmoid())


derivative(logaddexp, input=lambda grad, input, other: _part_of_sum(grad, input, other),
           other=lambda grad, input, other: _part_of_sum(grad, other, input))
holomorphic(exp, exp2, expm1, log, log2, log10, log1p, sqrt, rsqrt, pow, logaddexp)
