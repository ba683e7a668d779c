"""Special functions computed by SciPy: Bessel, error, gamma and zeta functions, and orthogonal polynomials."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch
from ..core.op import derivative, inplace, no_derivative, op
from ..core.scalars import NUMBERS
from ..core.tensor_base import TensorBase
from . import exponential
from . import special as gamma_functions

Tensor = TensorBase
ROOT_TWO_PI, TWO_OVER_ROOT_PI = math.sqrt(2 * math.pi), 2 / math.sqrt(math.pi)


def functions() -> Any:
    """scipy.special, which is loaded when first used."""
    from scipy import special

    return special


def scipys(name: str, function: str | Callable, *operands: Any, out: Any = None) -> Tensor:
    """A SciPy function of tensors and numbers; integers become the default floating type."""
    if all(isinstance(one, NUMBERS) for one in operands):
        raise TypeError(f"{name}(): one of the arguments must be a Tensor")
    kind = dtypes.promote_operands(operands)
    kind = kind if kind.category == 2 else dtypes.get_default_dtype() if kind.category < 2 else kind
    if kind.category != 2:
        raise launch.not_implemented(name, kind)
    arrays = [launch.computing_array(one, kind) if isinstance(one, TensorBase) else kind.compute.type(one) for one in operands]
    with np.errstate(all="ignore"):
        made = np.asarray((getattr(functions(), function) if isinstance(function, str) else function)(*arrays), kind.compute)
    return launch.deliver(name, made, kind, out, operands)


@op
def i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Modified Bessel function of the first kind, of order 0.

    >>> torch.i0(tensor([0.0, 1.0]))
    tensor([1.0000, 1.2661])
    """
    return scipys("i0", "i0", input, out=out)


@op
def i1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Modified Bessel function of the first kind, of order 1.

    >>> torch.special.i1(tensor([1.0]))
    tensor([0.5652])
    """
    return scipys("i1", "i1", input, out=out)


@op
def i0e(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``exp(-|x|) i0(x)``.

    >>> torch.special.i0e(tensor([1.0]))
    tensor([0.4658])
    """
    return scipys("i0e", "i0e", input, out=out)


@op
def i1e(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``exp(-|x|) i1(x)``.

    >>> torch.special.i1e(tensor([1.0]))
    tensor([0.2079])
    """
    return scipys("i1e", "i1e", input, out=out)


def over(value: Tensor, input: Tensor) -> Tensor:
    """``i1(x) / x`` of ``i1(x)``, which is 1/2 at 0."""
    zero = input == 0
    return (value / input.masked_fill(zero, 1)).masked_fill(zero, 0.5)


i0_ = inplace(i0)
derivative(i0, input=lambda grad, input: grad * i1(input))
derivative(i1, input=lambda grad, input, result: grad * (i0(input) - over(result, input)))
derivative(i0e, input=lambda grad, input, result: grad * (i1e(input) - input.sign() * result))
derivative(i1e, input=lambda grad, input, result: grad * (i0e(input) - over(result, input) - result * input.sign()))


@op
def bessel_j0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Bessel function of the first kind, of order 0."""
    return scipys("bessel_j0", "j0", input, out=out)


@op
def bessel_j1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Bessel function of the first kind, of order 1."""
    return scipys("bessel_j1", "j1", input, out=out)


@op
def bessel_y0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Bessel function of the second kind, of order 0."""
    return scipys("bessel_y0", "y0", input, out=out)


@op
def bessel_y1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Bessel function of the second kind, of order 1."""
    return scipys("bessel_y1", "y1", input, out=out)


@op
def modified_bessel_k0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Modified Bessel function of the second kind, of order 0."""
    return scipys("modified_bessel_k0", "k0", input, out=out)


@op
def modified_bessel_k1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Modified Bessel function of the second kind, of order 1."""
    return scipys("modified_bessel_k1", "k1", input, out=out)


@op
def scaled_modified_bessel_k0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``exp(x) modified_bessel_k0(x)``."""
    return scipys("scaled_modified_bessel_k0", "k0e", input, out=out)


@op
def scaled_modified_bessel_k1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``exp(x) modified_bessel_k1(x)``."""
    return scipys("scaled_modified_bessel_k1", "k1e", input, out=out)


derivative(bessel_j0, input=lambda grad, input: -grad * bessel_j1(input))
derivative(bessel_j1, input=lambda grad, input, result: grad * (bessel_j0(input) - over(result, input)))
derivative(bessel_y0, input=lambda grad, input: -grad * bessel_y1(input))
derivative(bessel_y1, input=lambda grad, input, result: grad * (bessel_y0(input) - result / input))
derivative(modified_bessel_k0, input=lambda grad, input: -grad * modified_bessel_k1(input))
derivative(modified_bessel_k1, input=lambda grad, input, result: -grad * (modified_bessel_k0(input) + result / input))
derivative(scaled_modified_bessel_k0, input=lambda grad, input, result: grad * (result - scaled_modified_bessel_k1(input)))
derivative(scaled_modified_bessel_k1, input=lambda grad, input, result:
           grad * (result - scaled_modified_bessel_k0(input) - result / input))


@op
def spherical_bessel_j0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``sin(x) / x``, and 1 at 0.

    >>> torch.special.spherical_bessel_j0(tensor([0.0, 1.0]))
    tensor([1.0000, 0.8415])
    """
    return scipys("spherical_bessel_j0", lambda x: np.where(np.isinf(x), 0, np.sinc(x / np.pi)), input, out=out)


@op
def airy_ai(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Airy's function Ai.

    >>> torch.special.airy_ai(tensor([0.0]))
    tensor([0.3550])
    """
    return scipys("airy_ai", lambda x: functions().airy(x)[0], input, out=out)


no_derivative(spherical_bessel_j0, airy_ai)


@op
def entr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``-x log(x)``: 0 at 0, minus infinity below.

    >>> torch.special.entr(tensor([0.0, 0.5, -1.0]))
    tensor([0.0000, 0.3466,   -inf])
    """
    return scipys("entr", "entr", input, out=out)


@op
def erfcx(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``exp(x ** 2) erfc(x)``.

    >>> torch.special.erfcx(tensor([0.0, 10.0]))
    tensor([1.0000, 0.0561])
    """
    return scipys("erfcx", "erfcx", input, out=out)


@op
def ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The part of a standard normal distribution below each element.

    >>> torch.special.ndtr(tensor([0.0, 1.0]))
    tensor([0.5000, 0.8413])
    """
    return scipys("ndtr", "ndtr", input, out=out)


@op
def log_ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Logarithm of `ndtr`.

    >>> torch.special.log_ndtr(tensor([-20.0]))
    tensor([-203.9172])
    """
    return scipys("log_ndtr", "log_ndtr", input, out=out)


@op
def ndtri(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number below which such a part of a standard normal distribution lies: the inverse of `ndtr`.

    >>> torch.special.ndtri(tensor([0.5]))
    tensor([0.])
    """
    return scipys("ndtri", "ndtri", input, out=out)


derivative(entr, input=lambda grad, input: grad * (-exponential.log(input) - 1))
derivative(erfcx, input=lambda grad, input, result: grad * (2 * input * result - TWO_OVER_ROOT_PI))
derivative(ndtr, input=lambda grad, input: grad * (exponential.exp(input * input * -0.5) / ROOT_TWO_PI))
derivative(log_ndtr, input=lambda grad, input, result: grad * (exponential.exp(input * input * -0.5 - result) / ROOT_TWO_PI))
derivative(ndtri, input=lambda grad, result: grad * (exponential.exp(result * result * 0.5) * ROOT_TWO_PI))


@op
def zeta(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Hurwitz' zeta function: the sum of ``(other + k) ** -input`` over k = 0, 1, ... One of the two may be a number.

    >>> torch.special.zeta(tensor([2.0]), 1)
    tensor([1.6449])
    """
    return scipys("zeta", "zeta", input, other, out=out)


def _no_order_gradient(name: str) -> Callable:
    def refuse(grad: Tensor) -> Tensor:
        raise RuntimeError(f"{name}: the derivative with respect to its first argument is not known")
    return refuse


derivative(zeta, input=_no_order_gradient("zeta"), other=lambda grad, input, other: grad * -input * zeta(input + 1, other))


@op
def gammainc(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Regularized lower incomplete gamma function: of order ``input`` at ``other``.

    >>> torch.special.gammainc(tensor([1.0]), tensor([1.0]))
    tensor([0.6321])
    """
    return scipys("gammainc", "gammainc", input, other, out=out)


@op
def gammaincc(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Regularized upper incomplete gamma function, 1 - `gammainc`.

    >>> torch.special.gammaincc(tensor([1.0]), tensor([1.0]))
    tensor([0.3679])
    """
    return scipys("gammaincc", "gammaincc", input, other, out=out)


def _density(input: Tensor, other: Tensor) -> Tensor:
    return exponential.exp((input - 1) * exponential.log(other) - other - gamma_functions.lgamma(input))


gammainc_, gammaincc_ = inplace(gammainc), inplace(gammaincc)
derivative(gammainc, input=_no_order_gradient("igamma"), other=lambda grad, input, other: grad * _density(input, other))
derivative(gammaincc, input=_no_order_gradient("igammac"), other=lambda grad, input, other: -grad * _density(input, other))


def polynomial(name: str, function: str | Callable, input: Any, n: Any, out: Any) -> Tensor:
    """An orthogonal polynomial of degree ``n``, cut to a whole number; 0 for negative degrees."""
    evaluate = getattr(functions(), function) if isinstance(function, str) else function
    return scipys(name, lambda x, n: np.where(np.trunc(n) >= 0, evaluate(np.trunc(n), x), 0), input, n, out=out)


def chebyshev_polynomial_t(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
    """Chebyshev's polynomial of the first kind, of degree ``n``.

    >>> torch.special.chebyshev_polynomial_t(tensor([0.5]), 2)
    tensor([-0.5000])
    """
    return polynomial("chebyshev_polynomial_t", "eval_chebyt", input, n, out)


def chebyshev_polynomial_u(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
    """Chebyshev's polynomial of the second kind, of degree ``n``."""
    return polynomial("chebyshev_polynomial_u", "eval_chebyu", input, n, out)


def third_kind(n: Any, x: Any) -> Any:
    return functions().eval_chebyu(n, x) - np.where(n < 1, 0, functions().eval_chebyu(np.maximum(n - 1, 0), x))


def fourth_kind(n: Any, x: Any) -> Any:
    return functions().eval_chebyu(n, x) + np.where(n < 1, 0, functions().eval_chebyu(np.maximum(n - 1, 0), x))


def chebyshev_polynomial_v(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
    """Chebyshev's polynomial of the third kind, of degree ``n``."""
    return polynomial("chebyshev_polynomial_v", third_kind, input, n, out)


def chebyshev_polynomial_w(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
    """Chebyshev's polynomial of the fourth kind, of degree ``n``."""
    return polynomial("chebyshev_polynomial_w", fourth_kind, input, n, out)


def shifted_chebyshev_polynomial_t(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
    """Chebyshev's polynomial of the first kind at ``2 x - 1``."""
    return polynomial("shifted_chebyshev_polynomial_t", lambda n, x: functions().eval_chebyt(n, 2 * x - 1), input, n, out)


def shifted_chebyshev_polynomial_u(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
    """Chebyshev's polynomial of the second kind at ``2 x - 1``."""
    return polynomial("shifted_chebyshev_polynomial_u", lambda n, x: functions().eval_chebyu(n, 2 * x - 1), input, n, out)


def shifted_chebyshev_polynomial_v(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
    """Chebyshev's polynomial of the third kind at ``2 x - 1``."""
    return polynomial("shifted_chebyshev_polynomial_v", lambda n, x: third_kind(n, 2 * x - 1), input, n, out)


def shifted_chebyshev_polynomial_w(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
    """Chebyshev's polynomial of the fourth kind at ``2 x - 1``."""
    return polynomial("shifted_chebyshev_polynomial_w", lambda n, x: fourth_kind(n, 2 * x - 1), input, n, out)


def hermite_polynomial_h(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
    """The physicists' Hermite polynomial of degree ``n``."""
    return polynomial("hermite_polynomial_h", hermite(2), input, n, out)


def hermite_polynomial_he(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
    """The probabilists' Hermite polynomial of degree ``n``."""
    return polynomial("hermite_polynomial_he", hermite(1), input, n, out)


def hermite(factor: int) -> Callable:
    """Hermite polynomials, ``H(1) = factor * x``; SciPy takes whole numbers only as integers."""
    function = functions().eval_hermite if factor == 2 else functions().eval_hermitenorm
    return lambda n, x: function(np.maximum(n, 0).astype(np.int64), x)


def laguerre_polynomial_l(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
    """Laguerre's polynomial of degree ``n``."""
    return polynomial("laguerre_polynomial_l", "eval_laguerre", input, n, out)


def legendre_polynomial_p(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
    """Legendre's polynomial of degree ``n``."""
    return polynomial("legendre_polynomial_p", "eval_legendre", input, n, out)
