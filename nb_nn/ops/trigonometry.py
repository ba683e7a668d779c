"""Trigonometric and hyperbolic functions. Angles are in radians; integers give floats."""
from __future__ import annotations

import math
from typing import Any

from ..core.elementwise import FLOAT, binary, unary
from ..core.op import derivative, holomorphic, inplace, op
from ..core.tensor_base import TensorBase

Tensor = TensorBase


@op
def sin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Sine.

    >>> sin(tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """
    return unary("sin", input, (), out, FLOAT)


@op
def cos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Cosine.

    >>> cos(tensor([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """
    return unary("cos", input, (), out, FLOAT)


@op
def tan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Tangent.

    >>> tan(tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """
    return unary("tan", input, (), out, FLOAT)


@op
def asin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Arc sine; NaN outside of [-1, 1].

    >>> asin(tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """
    return unary("asin", input, (), out, FLOAT)


@op
def acos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Arc cosine; NaN outside of [-1, 1].

    >>> acos(tensor([0.0, 1.0]))
    tensor([1.5708, 0.0000])
    """
    return unary("acos", input, (), out, FLOAT)


@op
def atan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Arc tangent.

    >>> atan(tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """
    return unary("atan", input, (), out, FLOAT)


@op
def sinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Hyperbolic sine.

    >>> sinh(tensor([0.0, 1.0]))
    tensor([0.0000, 1.1752])
    """
    return unary("sinh", input, (), out, FLOAT)


@op
def cosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Hyperbolic cosine.

    >>> cosh(tensor([0.0, 1.0]))
    tensor([1.0000, 1.5431])
    """
    return unary("cosh", input, (), out, FLOAT)


@op
def atan2(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """The angle of the point (``other``, ``input``), between -pi and pi.

    >>> atan2(tensor([1.0, -1.0]), tensor([0.0, -1.0]))
    tensor([ 1.5708, -2.3562])
    """
    return binary("atan2", input, other, out, FLOAT)


@op
def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Error function.

    >>> erf(tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """
    return unary("erf", input, (), out, FLOAT)


@op
def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``1 - erf(x)``, exact where it is small.

    >>> erfc(tensor([0.0, 1.0]))
    tensor([1.0000, 0.1573])
    """
    return unary("erfc", input, (), out, FLOAT)


@op
def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Inverse of `erf`; infinite at -1 and 1, NaN outside.

    >>> erfinv(tensor([0.0, 0.5]))
    tensor([0.0000, 0.4769])
    """
    return unary("erfinv", input, (), out, FLOAT)


def squared_distance(input: Tensor, other: Tensor) -> Tensor:
    """From (0, 0); 1 at (0, 0) itself, where the angle has no slope."""
    squares = input * input + other * other
    return squares.masked_fill(squares == 0, 1)


sin_, cos_, tan_, asin_, acos_, atan_ = map(inplace, (sin, cos, tan, asin, acos, atan))
sinh_, cosh_, atan2_, erf_, erfc_, erfinv_ = map(inplace, (sinh, cosh, atan2, erf, erfc, erfinv))
derivative(sin, input=lambda grad, input: grad * cos(input))
derivative(cos, input=lambda grad, input: -grad * sin(input))
derivative(tan, input=lambda grad, result: grad * (result * result + 1))
derivative(asin, input=lambda grad, input: grad * (1 - input * input).rsqrt())
derivative(acos, input=lambda grad, input: -grad * (1 - input * input).rsqrt())
derivative(atan, input=lambda grad, input: grad / (input * input + 1))
derivative(sinh, input=lambda grad, input: grad * cosh(input))
derivative(cosh, input=lambda grad, input: grad * sinh(input))
derivative(atan2, input=lambda grad, input, other: grad * (other / squared_distance(input, other)),
           other=lambda grad, input, other: grad * (-input / squared_distance(input, other)))
derivative(erf, input=lambda grad, input: grad * ((-input * input).exp() * (2 / math.sqrt(math.pi))))
derivative(erfc, input=lambda grad, input: grad * ((-input * input).exp() * (-2 / math.sqrt(math.pi))))
derivative(erfinv, input=lambda grad, result: grad * ((result * result).exp() * (math.sqrt(math.pi) / 2)))
holomorphic(sin, cos, tan, asin, acos, atan, sinh, cosh)
