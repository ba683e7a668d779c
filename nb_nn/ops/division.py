"""Quotients and remainders."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core.elementwise import FLOAT, binary
from ..core.op import derivative, holomorphic, inplace, op, zero_slope
from ..core.scalars import wrapped
from ..core.tensor_base import TensorBase

Tensor = TensorBase


@op
def true_divide(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """``input / other`` in floats.

    >>> true_divide(tensor([1, 2]), 2)
    tensor([0.5000, 1.0000])
    """
    return binary("div", input, other, out, FLOAT)


true_divide_ = inplace(true_divide)
true_divide.declaration.node_name = "DivBackward0"
derivative(true_divide, input=lambda grad, other: grad / other,
           other=lambda grad, input, other: -grad * ((input / other) / other))


@op
def floor_divide(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """The quotient rounded down.

    >>> floor_divide(tensor([7, -7]), 2)
    tensor([ 3, -4])
    """
    return _integer_or_float("int_floor_divide", "floor_divide", input, other, out)


floor_divide_ = inplace(floor_divide)
derivative(floor_divide, input=zero_slope, other=zero_slope)


@op
def trunc_divide(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """The quotient rounded toward zero.

    >>> trunc_divide(tensor([7, -7]), 2)
    tensor([ 3, -3])
    """
    return _integer_or_float("int_trunc_divide", "trunc_divide", input, other, out)


trunc_divide_ = inplace(trunc_divide)
derivative(trunc_divide, input=zero_slope, other=zero_slope)

ROUNDINGS = {None: (true_divide, true_divide_), "floor": (floor_divide, floor_divide_), "trunc": (trunc_divide, trunc_divide_)}


def div(input: Tensor, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """``input / other``; ``rounding_mode`` None divides in floats, "floor" rounds down, "trunc" toward zero.

    >>> div(tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    return rounded(rounding_mode)[0](input, other, out=out)


def div_(input: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """In-place form of :func:`div`.

    >>> tensor([3.0, 5.0]).div_(2)
    tensor([1.5000, 2.5000])
    """
    return rounded(rounding_mode)[1](input, other)


def rounded(mode: str | None) -> tuple:
    """The division for a rounding mode, and its in-place form."""
    if mode not in ROUNDINGS:
        raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{mode}'")
    return ROUNDINGS[mode]


def _integer_or_float(integer: str, floating: str, input: Any, other: Any, out: Tensor | None) -> Tensor:
    """Run the formula for integers, which refuses zero divisors, or the one for floats."""
    kind = dtypes.promote_operands((input, other))
    if kind.category == 0:
        raise RuntimeError(f"{floating}: not implemented for two bool operands")
    if kind.category == 1:
        if bool((other._array == 0).any()) if isinstance(other, TensorBase) else wrapped(other, kind) == 0 and input._array.size:
            raise RuntimeError("ZeroDivisionError")
        return binary(integer, input, other, out)
    return binary(floating, input, other, out)


@op
def remainder(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """What whole multiples of ``other`` leave of ``input``, with the divisor's sign, as Python's ``%``.

    >>> remainder(tensor([-3.0, 3.0]), 2)
    tensor([1., 1.])
    """
    return _integer_or_float("int_remainder", "remainder", input, other, out)


remainder_ = inplace(remainder)
derivative(remainder, input=lambda grad: grad, other=lambda grad, input, other: -grad * floor_divide(input, other))


@op
def fmod(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """What whole multiples of ``other`` leave of ``input``, with the dividend's sign, as C's fmod.

    >>> fmod(tensor([-3.0, 3.0]), 2)
    tensor([-1.,  1.])
    """
    return _integer_or_float("int_fmod", "fmod", input, other, out)


fmod_ = inplace(fmod)
derivative(fmod, input=lambda grad: grad, other=lambda grad, input, other: -grad * trunc_divide(input, other))
holomorphic(true_divide)
