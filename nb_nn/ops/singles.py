"""Functions of one number that came later: inverse hyperbolic functions, parts of a number, angles, what replaces NaN."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch, scalars
from ..core.elementwise import FLOAT, unary
from ..core.op import derivative, holomorphic, inplace, no_derivative, op
from ..core.results import result_type
from ..core.tensor_base import TensorBase, wrap
from . import arithmetic, choosing, comparison, trigonometry

Tensor = TensorBase


@op
def asinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Inverse hyperbolic sine.

    >>> asinh(tensor([0.0, 1.0]))
    tensor([0.0000, 0.8814])
    """
    return unary("asinh", input, (), out, FLOAT)


@op
def acosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Inverse hyperbolic cosine; NaN below 1.

    >>> acosh(tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """
    return unary("acosh", input, (), out, FLOAT)


def acosh_slope(x: Tensor) -> Tensor:
    """1 / sqrt(x^2 - 1), of complex numbers on the branch that `acosh` takes."""
    return (x + 1).rsqrt() * (x - 1).rsqrt() if x._dtype.is_complex else (x * x - 1).rsqrt()


@op
def atanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Inverse hyperbolic tangent; infinite at 1 and -1, NaN beyond.

    >>> atanh(tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """
    return unary("atanh", input, (), out, FLOAT)


asinh_, acosh_, atanh_ = inplace(asinh), inplace(acosh), inplace(atanh)
derivative(asinh, input=lambda grad, input: grad * (input * input + 1).rsqrt())
derivative(acosh, input=lambda grad, input: grad * acosh_slope(input))
derivative(atanh, input=lambda grad, input: grad / (1 - input * input))
holomorphic(asinh, acosh, atanh)


@op
def nan_to_num(input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None, *,
               out: Tensor | None = None) -> Tensor:
    """The elements, with ``nan`` (0) instead of NaN, ``posinf`` and ``neginf`` (the largest numbers of the type) instead of infinities.

    >>> nan_to_num(tensor([1.0, float("nan"), -float("inf")]), neginf=-9.0)
    tensor([ 1.,  0., -9.])
    """
    kind = input._dtype
    for one in (nan, posinf, neginf):
        if isinstance(one, TensorBase):
            raise TypeError("nan_to_num(): arguments 'nan', 'posinf' and 'neginf' must be float, not Tensor")
    if kind.category != 2:
        return unary("copy", input, (), out)
    largest = scalars.LARGEST.get(kind, float(np.finfo(np.float64).max))
    top, bottom = largest if posinf is None else float(posinf), -largest if neginf is None else float(neginf)
    return unary("nan_to_num", input, (0.0 if nan is None else float(nan), top, bottom), out)


nan_to_num_ = inplace(nan_to_num)
derivative(nan_to_num, input=lambda grad, input: grad * comparison.isfinite(input))


@op
def signbit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether the sign bit is set: for negative numbers and -0.

    >>> signbit(tensor([1.0, -1.0, -0.0]))
    tensor([False,  True,  True])
    """
    kind = input._dtype
    if kind.category == 3:
        raise NotImplementedError("signbit is not implemented for complex tensors.")
    array = launch.computing_array(input, kind)
    made = np.signbit(array) if kind.category == 2 else array < 0 if kind.category == 1 else np.zeros(array.shape, bool)
    return launch.deliver("signbit", np.asarray(made), dtypes.bool_, out)


no_derivative(signbit)


def check_real(name: str, input: Tensor) -> None:
    """RuntimeError for complex numbers."""
    if input._dtype.category == 3:
        raise RuntimeError(f"{name} is not supported for complex tensors.")


def isposinf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Which elements are positive infinity.

    >>> isposinf(tensor([float("inf"), -float("inf"), 1.0]))
    tensor([ True, False, False])
    """
    check_real("isposinf", input)
    return comparison.eq(input, math.inf, out=out)


def isneginf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Which elements are negative infinity.

    >>> isneginf(tensor([float("inf"), -float("inf"), 1.0]))
    tensor([False,  True, False])
    """
    check_real("isneginf", input)
    return comparison.eq(input, -math.inf, out=out)


def positive(input: Tensor) -> Tensor:
    """The input itself; RuntimeError for bool.

    >>> positive(tensor([-1]))
    tensor([-1])
    """
    if input._dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Degrees as radians.

    >>> deg2rad(tensor([180.0]))
    tensor([3.1416])
    """
    check_real("deg2rad", input)
    return arithmetic.mul(input, math.pi / 180, out=out)


def deg2rad_(input: Tensor) -> Tensor:
    """In-place form of :func:`deg2rad`."""
    check_real("deg2rad", input)
    return arithmetic.mul_(input, math.pi / 180)


def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Radians as degrees.

    >>> rad2deg(tensor([3.1415927]))
    tensor([180.])
    """
    check_real("rad2deg", input)
    return arithmetic.mul(input, 180 / math.pi, out=out)


def rad2deg_(input: Tensor) -> Tensor:
    """In-place form of :func:`rad2deg`."""
    check_real("rad2deg", input)
    return arithmetic.mul_(input, 180 / math.pi)


@op
def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``sin(pi x) / (pi x)``, and 1 at 0.

    >>> sinc(tensor([0.0, 0.5]))
    tensor([1.0000, 0.6366])
    """
    kind = input._dtype if input._dtype.category >= 2 else dtypes.get_default_dtype()
    angle = arithmetic.mul(input, math.pi)
    zero = angle == 0
    safe = angle.masked_fill_(zero, 1)
    made = (trigonometry.sin(safe) / safe).masked_fill_(zero, 1)
    return launch.deliver("sinc", made._array, kind, out)


def _sinc_gradient(grad: Tensor, input: Tensor) -> Tensor:
    zero = input == 0
    safe = input.masked_fill(zero, 1)
    angle = safe * math.pi
    slope = (angle * trigonometry.cos(angle) - trigonometry.sin(angle)) / (angle * safe)
    return grad * choosing.where(zero, input * (-math.pi ** 2 / 3), slope)


sinc_ = inplace(sinc)
derivative(sinc, input=_sinc_gradient)
holomorphic(sinc)


@op
def logit(input: Tensor, eps: float | None = None, *, out: Tensor | None = None) -> Tensor:
    """``log(x / (1 - x))``, of elements first kept between ``eps`` and 1 - ``eps`` if that is given.

    >>> logit(tensor([0.5, 0.75]))
    tensor([0.0000, 1.0986])
    """
    if isinstance(eps, TensorBase):
        raise TypeError("logit(): argument 'eps' must be float, not Tensor")
    kept = input if eps is None else choosing.clamp(input, eps, 1 - eps)
    return unary("log", kept / (1 - kept), (), out, FLOAT)


def _logit_gradient(grad: Tensor, input: Tensor, eps: float | None) -> Tensor:
    slope = grad / (input * (1 - input))
    if eps is None:
        return slope.masked_fill((input < 0) | (input > 1), math.nan)
    return slope.masked_fill((input < eps) | (input > 1 - eps), 0)


logit_ = inplace(logit)
derivative(logit, input=_logit_gradient)

FrexpResult = result_type("frexp", "mantissa", "exponent")


@op
def frexp_parts(input: Tensor) -> tuple[Tensor, Tensor]:
    """`frexp` into new tensors."""
    kind = input._dtype
    if kind.category != 2:
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    mantissa, exponent = np.frexp(launch.contiguous_array(input))
    return FrexpResult(launch.deliver("frexp", np.asarray(mantissa), kind, None), wrap(np.asarray(exponent, np.int32), dtypes.int32))


frexp_parts.declaration.node_name = "FrexpBackward0"
derivative(frexp_parts, input=lambda grad, results: grad / (2.0 ** results[1].to(grad._dtype)))


def frexp(input: Tensor, *, out: Any = None) -> Any:
    """Mantissas between 1/2 and 1 and exponents (int32), so that ``input = mantissa * 2 ** exponent``.

    >>> frexp(tensor([3.0])).mantissa, frexp(tensor([3.0])).exponent
    (tensor([0.7500]), tensor([2], dtype=torch.int32))
    """
    found = frexp_parts(input)
    return launch.into_out("frexp", found, out)
