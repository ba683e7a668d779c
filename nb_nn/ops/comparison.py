"""Comparison. Results are bool; nothing here has a gradient."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core.elementwise import BOOL, binary, elementwise, few, unary
from ..core.op import derivative, inplace, no_derivative, op
from ..core.tensor_base import TensorBase

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


for comparison in (eq, ne, lt, le, gt, ge):
    # a mask has no history, but the in-place form of a tensor that has one ends it
    derivative(comparison, input=lambda grad: grad.new_zeros(grad.size()))
no_derivative(isnan, isinf, isfinite, isclose)
