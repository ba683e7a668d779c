"""Functions of two numbers that came later: signs, distances, divisors, products with logarithms."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import elementwise, launch
from ..core.elementwise import FLOAT, binary
from ..core.op import derivative, inplace, no_derivative, op, zero_slope
from ..core.scalars import NUMBERS, full_scalar
from ..core.tensor_base import TensorBase
from . import arithmetic, division, exponential

Tensor = TensorBase


@op
def copysign(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """The magnitude of each element with the sign of ``other``.

    >>> copysign(tensor([1.0, -2.0]), -0.0)
    tensor([-1., -2.])
    """
    return binary("copysign", input, other, out, FLOAT)


copysign_ = inplace(copysign)
derivative(copysign, input=lambda grad, input, result: grad * (input.sign() * result.sign()), other=zero_slope)


@op
def hypot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``sqrt(input ** 2 + other ** 2)`` without overflow.

    >>> hypot(tensor([3.0]), tensor([4.0]))
    tensor([5.])
    """
    check_floating("hypot", input, other)
    return binary("hypot", input, other, out)


hypot_ = inplace(hypot)
derivative(hypot, input=lambda grad, input, result: grad * (input / result), other=lambda grad, other, result: grad * (other / result))


def check_floating(name: str, *operands: Tensor) -> None:
    """NotImplementedError unless the operands' common type is floating."""
    kind = dtypes.promote_operands(operands)
    if kind.category != 2:
        raise launch.not_implemented(name, kind, "floating tensors")


@op
def logaddexp2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``log2(2 ** input + 2 ** other)``, without overflow.

    >>> logaddexp2(tensor([1000.0]), tensor([1000.0]))
    tensor([1001.])
    """
    return binary("logaddexp2", input, other, out, FLOAT)


derivative(logaddexp2, input=lambda grad, input, other: grad * ((input - other) * math.log(2)).sigmoid(),
           other=lambda grad, input, other: grad * ((other - input) * math.log(2)).sigmoid())


@op
def heaviside(input: Tensor, values: Any, *, out: Tensor | None = None) -> Tensor:
    """0 where ``input`` is negative, 1 where it is positive, and ``values`` where it is 0.

    >>> heaviside(tensor([-2.0, 0.0, 3.0]), tensor(0.5))
    tensor([0.0000, 0.5000, 1.0000])
    """
    if isinstance(values, TensorBase) and input._dtype is not values._dtype:
        raise RuntimeError(f"heaviside is not yet implemented for tensors with different dtypes: {input._dtype} and {values._dtype}")
    return binary("heaviside", input, values, out)


heaviside_ = inplace(heaviside)
no_derivative(heaviside)


@op
def fmax(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of two; where one is NaN, the other.

    >>> fmax(tensor([1.0, float("nan")]), tensor([2.0, 3.0]))
    tensor([2., 3.])
    """
    return binary("fmax", input, other, out)


@op
def fmin(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of two; where one is NaN, the other.

    >>> fmin(tensor([1.0, float("nan")]), tensor([2.0, 3.0]))
    tensor([1., 3.])
    """
    return binary("fmin", input, other, out)


def is_nan(other: Any) -> Any:
    return other != other


derivative(fmax, input=lambda grad, input, other: grad.masked_fill(~((input >= other) | is_nan(other)), 0),
           other=lambda grad, input, other: grad.masked_fill((input >= other) | is_nan(other), 0))
derivative(fmin, input=lambda grad, input, other: grad.masked_fill(~((input <= other) | is_nan(other)), 0),
           other=lambda grad, input, other: grad.masked_fill((input <= other) | is_nan(other), 0))


def check_integers(name: str, *operands: Any) -> None:
    """NotImplementedError unless the operands' common type is an integer type."""
    kind = dtypes.promote_operands(operands)
    if kind.category != 1:
        raise launch.not_implemented(f"{name}_cpu", kind, "integers")


@op
def gcd(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Greatest common divisors of integers, 0 of two zeros.

    >>> gcd(tensor([12, 0]), tensor([-18, 5]))
    tensor([6, 5])
    """
    check_integers("gcd", input, other)
    return binary("gcd", input, other, out)


@op
def lcm(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Least common multiples of integers, 0 if one is 0.

    >>> lcm(tensor([4, 0]), tensor([6, 5]))
    tensor([12,  0])
    """
    check_integers("lcm", input, other)
    common = binary("gcd", input, other)
    parts = division.floor_divide(input, common.masked_fill(common == 0, 1))
    product = binary("mul", parts, other)
    if out is input:
        launch.check_out("lcm_", out, product._array.shape, product._dtype, (input,))
    return elementwise.unary("absolute", product, (), out)


gcd_, lcm_ = inplace(gcd), inplace(lcm)
no_derivative(gcd, lcm)


@op
def nextafter(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The next floating-point number after each element toward ``other``.

    >>> bool(nextafter(tensor(1.0), tensor(2.0)) == 1 + torch.finfo(torch.float32).eps)
    True
    """
    kind = dtypes.promote_operands((input, other))
    if kind.category != 2:
        raise launch.not_implemented("nextafter_cpu", kind, "floating-point types")
    if kind.half:
        return launch.deliver("nextafter", next_half(input, other, kind), kind, out, (input,))
    target = launch.computing_array(other, kind) if isinstance(other, TensorBase) else kind.numpy.type(other)
    with np.errstate(all="ignore"):
        made = np.nextafter(launch.computing_array(input, kind), target)
    return launch.deliver("nextafter", np.asarray(made), kind, out, (input,))


def next_half(input: Tensor, other: Any, kind: dtypes.dtype) -> np.ndarray:
    """`nextafter` of half types: among numbers of one sign, the next one has the next pattern of bits."""
    x, y = (one.to(kind) if isinstance(one, TensorBase) else full_scalar(one, kind, input._device) for one in (input, other))
    x_bits, y_bits = np.broadcast_arrays(x._array.view(np.uint16), y._array.view(np.uint16))
    sizes, toward = np.broadcast_arrays(launch.computing_array(x, kind), launch.computing_array(y, kind))
    away = (toward > sizes) == (sizes > 0)
    made = np.where(sizes == 0, (y_bits & 0x8000) | 1, np.where(away, x_bits + 1, x_bits - 1))
    made = np.where(sizes == toward, y_bits, np.where(np.isnan(sizes), x_bits, np.where(np.isnan(toward), y_bits, made)))
    return made.astype(np.uint16).view(kind.numpy)


nextafter_ = inplace(nextafter)
derivative(nextafter, input=lambda grad, input, other: grad.masked_fill(input == other, 0), other=zero_slope)


def _logarithmic(name: str, input: Any, other: Any, out: Any) -> Tensor:
    if isinstance(input, NUMBERS) and isinstance(other, NUMBERS):
        raise TypeError(f"{name}(): one of input and other must be a Tensor")
    return binary(name, input, other, out, FLOAT)


@op
def xlogy(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """``input * log(other)``, and 0 where ``input`` is 0 (NaN where ``other`` is NaN). One of the two may be a number.

    >>> xlogy(tensor([0.0, 2.0]), tensor([0.0, 1.0]))
    tensor([0., 0.])
    """
    return _logarithmic("xlogy", input, other, out)


@op
def xlog1py(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """``input * log1p(other)``, and 0 where ``input`` is 0 (NaN where ``other`` is NaN). One of the two may be a number."""
    return _logarithmic("xlog1py", input, other, out)


def _factor_gradient(grad: Tensor, input: Tensor, other: Any, logarithm: Any, edge: float) -> Tensor:
    if not isinstance(other, TensorBase):
        other = input.new_full((), other)
    return (grad * logarithm(other)).masked_fill((input == 0) & (other <= edge), 0)


xlogy_ = inplace(xlogy)
derivative(xlogy, input=lambda grad, input, other: _factor_gradient(grad, input, other, exponential.log, 0),
           other=lambda grad, input, other: grad * (input / other))
derivative(xlog1py, input=lambda grad, input, other: _factor_gradient(grad, input, other, exponential.log1p, -1),
           other=lambda grad, input, other: grad * (input / (other + 1)))


def power_of_two(exponent: Any) -> Any:
    return exponential.pow(2.0, exponent) if isinstance(exponent, TensorBase) else 2.0 ** exponent


def ldexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``input * 2 ** other``.

    >>> ldexp(tensor([1.0, 3.0]), tensor([2, -1]))
    tensor([4.0000, 1.5000])
    """
    return arithmetic.mul(input, power_of_two(other), out=out)


def ldexp_(input: Tensor, other: Tensor) -> Tensor:
    """In-place form of :func:`ldexp`."""
    return arithmetic.mul_(input, power_of_two(other))


def float_power_(input: Tensor, exponent: Any) -> Tensor:
    """In-place form of :func:`float_power`; ``input`` must be float64."""
    if input._dtype is not dtypes.float64:
        raise RuntimeError(f"the base given to float_power_ has dtype {input._dtype.tensor_name[:-6]} but the operation's result requires "
                           "dtype Double")
    return exponential.pow_(input, exponent)
