"""Quotients and remainders with the standard's infinities and zeros, where a tensor's ``//`` and ``%`` follow Python and PyTorch."""
from __future__ import annotations

from typing import Any

from ..core.op import derivative, inplace, op, zero_slope
from ..core.tensor_base import TensorBase
from ..ops.division import _integer_or_float

Tensor = TensorBase


@op
def floor_quotient(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """The quotient rounded down, of infinity and by infinity, too.

    >>> floor_quotient(tensor([7.0, float("inf"), -1.0]), tensor([-2.0, 2.0, float("inf")]))
    tensor([-4., inf, -0.])
    """
    return _integer_or_float("int_floor_divide", "floor_quotient", input, other, out)


floor_quotient_ = inplace(floor_quotient)
derivative(floor_quotient, input=zero_slope, other=zero_slope)


@op
def signed_remainder(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """What whole multiples of ``other`` leave of ``input``, with the divisor's sign, also where that is 0.

    >>> signed_remainder(tensor([4.0, -1.0]), tensor([-2.0, 3.0]))
    tensor([-0., 2.])
    """
    return _integer_or_float("int_remainder", "signed_remainder", input, other, out)


signed_remainder_ = inplace(signed_remainder)
derivative(signed_remainder, input=lambda grad: grad, other=lambda grad, input, other: -grad * floor_quotient(input, other))
