"""Logic of masks and of bits. Nothing here has a gradient."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core.elementwise import BOOL, binary, unary
from ..core.op import derivative, inplace, no_derivative, op
from ..core.tensor_base import TensorBase

Tensor = TensorBase


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
for connective in (logical_not, logical_and, logical_or, logical_xor):
    derivative(connective, input=lambda grad: grad.new_zeros(grad.size()))      # as in comparison.py
no_derivative(bitwise_not, bitwise_and, bitwise_or, bitwise_xor, bitwise_left_shift, bitwise_right_shift)
