"""Rounding to whole numbers, and the gamma function's relatives."""
from __future__ import annotations

import math
from typing import Any

from ..core.dtype import get_default_dtype
from ..core.elementwise import FLOAT, unary
from ..core.launch import into_out, not_implemented
from ..core.op import derivative, inplace, op, zero_slope
from ..core.scalars import whole_number
from ..core.tensor_base import TensorBase
from . import arithmetic, copies, division, view

Tensor = TensorBase


@op
def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """The nearest whole number to each element, of two the even one; or the nearest with so many ``decimals``.

    >>> round(tensor([0.5, 1.5, -2.6]))
    tensor([ 0.,  2., -3.])
    """
    kind = input._dtype
    if kind.category in (0, 3) or kind.category == 1 and decimals:
        raise not_implemented("round_cpu", kind, "whole numbers without decimals" if kind.category == 1 else "")
    if kind.category == 1:
        return unary("copy", input, (), out)
    if not decimals:
        return unary("round", input, (), out)
    scale = 10.0 ** abs(decimals)
    there, back = (arithmetic.mul, division.div) if decimals > 0 else (division.div, arithmetic.mul)
    return back(unary("round", there(input, scale)), scale, out=out)


round_ = inplace(round)
derivative(round, input=zero_slope)


@op
def lgamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Logarithm of the magnitude of the gamma function.

    >>> lgamma(tensor([1.0, 4.0]))
    tensor([0.0000, 1.7918])
    """
    return unary("lgamma", input, (), out, FLOAT)


lgamma_ = inplace(lgamma)
derivative(lgamma, input=lambda grad, input: grad * digamma(input))


@op
def digamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Derivative of `lgamma`.

    >>> digamma(tensor([1.0, 0.5]))
    tensor([-0.5772, -1.9635])
    """
    return unary("digamma", input, (), out, FLOAT)


digamma_ = inplace(digamma)
derivative(digamma, input=lambda grad, input: grad * polygamma_order(input, 1))


def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Derivative ``n`` of `digamma`; ``n`` is 0 or more.

    >>> polygamma(1, tensor([1.0, 0.5]))
    tensor([1.6449, 4.9348])
    """
    n = checked_order(n)
    return polygamma_order(input, n, out=out) if n else digamma(input, out=out)


def polygamma_(input: Tensor, n: int) -> Tensor:
    """In-place form of :func:`polygamma`.

    >>> tensor([1.0]).polygamma_(1)
    tensor([1.6449])
    """
    n = checked_order(n)
    return polygamma_order_(input, n) if n else digamma_(input)


def polygamma_method(input: Tensor, n: int) -> Tensor:
    """Derivative ``n`` of `digamma` at each element."""
    return polygamma(n, input)


def checked_order(n: Any) -> int:
    """The order of a derivative."""
    n = whole_number("polygamma(): argument 'n'", n)
    if n < 0:
        raise RuntimeError(f"polygamma(n, x) does not support negative n, got {n}")
    return n


@op
def polygamma_order(input: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """`polygamma` with a checked positive order."""
    if n == 1:
        return unary("trigamma", input, (), out, FLOAT)
    factor = float(math.factorial(n)) if n < 171 else math.inf
    return unary("polygamma", input, (float(n), factor if n % 2 else -factor), out, FLOAT)


polygamma_order_ = inplace(polygamma_order)
polygamma_order.declaration.node_name = "PolygammaBackward0"
derivative(polygamma_order, input=lambda grad, input, n: grad * polygamma_order(input, n + 1))


def mvlgamma(input: Tensor, p: int, *, out: Tensor | None = None) -> Tensor:
    """Logarithm of the multivariate gamma function of dimension ``p``; each element must be greater than (p - 1) / 2.

    >>> mvlgamma(tensor([2.0, 3.0]), 2)
    tensor([0.4516, 1.5502])
    """
    p = whole_number("mvlgamma(): argument 'p'", p)
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    if input._dtype.category == 0:
        raise RuntimeError("mvlgamma: The input tensor may not be a boolean tensor.")
    if bool((input <= (p - 1) / 2).any()):
        raise RuntimeError(f"mvlgamma: all elements must be greater than (p - 1) / 2 = {(p - 1) / 2}, but one is {input.min().item()}")
    kind = input.dtype if input.is_floating_point() else get_default_dtype()
    half_steps = input.new_tensor([-step / 2 for step in range(p)], dtype=kind)
    total = lgamma(view.unsqueeze(input, -1) + half_steps).sum(-1) + p * (p - 1) / 4 * math.log(math.pi)
    return into_out("mvlgamma", total, out)


def mvlgamma_(input: Tensor, p: int) -> Tensor:
    """In-place form of :func:`mvlgamma`.

    >>> tensor([2.0]).mvlgamma_(2)
    tensor([0.4516])
    """
    if input._dtype.category < 2:
        raise RuntimeError(f"mvlgamma_: result type {get_default_dtype()} can't be cast to the desired output type {input.dtype}")
    return copies.copy_(input, mvlgamma(copies.clone(input), p))
