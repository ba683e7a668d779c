"""Smooth activations, element by element, and `glu`. Each backward is an operation of its own, with a derivative."""
from __future__ import annotations

from ..core.elementwise import FLOAT, binary, elementwise, unary
from ..core.launch import empty, not_implemented
from ..core.op import derivative, holomorphic, inplace, op
from ..core.tensor_base import TensorBase
from . import arithmetic
from .joining import cat

Tensor = TensorBase


def check_floating(name: str, input: Tensor) -> None:
    """Activations with fractions are for floating types."""
    if input._dtype.category < 2:
        raise not_implemented(name, input._dtype, "floating-point elements")


@op
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0, *, out: Tensor | None = None) -> Tensor:
    """``log(1 + exp(beta x)) / beta``; x itself where ``beta x`` is above ``threshold``.

    >>> softplus(tensor([0.0, 30.0]))
    tensor([ 0.6931, 30.0000])
    """
    check_floating("softplus", input)
    return unary("softplus", input, (beta, threshold), out)


derivative(softplus, input=lambda grad, input, beta, threshold: softplus_backward(grad, input, beta, threshold))


@op
def softplus_backward(grad_output: Tensor, input: Tensor, beta: float, threshold: float) -> Tensor:
    """Gradient of `softplus`."""
    return binary("softplus_backward", grad_output, input, numbers=(beta, threshold))


def _softplus_second(grad: Tensor, grad_output: Tensor, input: Tensor, beta: float, threshold: float) -> Tensor:
    s = sigmoid(input * beta)
    return (grad * grad_output * beta * s * (1 - s)).masked_fill(input * beta > threshold, 0)


derivative(softplus_backward, grad_output=lambda grad, input, beta, threshold: softplus_backward(grad, input, beta, threshold),
           input=_softplus_second)


@op
def sigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``1 / (1 + exp(-x))``.

    >>> sigmoid(tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
    return unary("sigmoid", input, (), out, FLOAT)


sigmoid_ = inplace(sigmoid)
derivative(sigmoid, input=lambda grad, result: sigmoid_backward(grad, result))


@op
def sigmoid_backward(grad_output: Tensor, result: Tensor) -> Tensor:
    """``grad * result * (1 - result)``."""
    return binary("sigmoid_backward", grad_output, result)


sigmoid_backward.declaration.node_name = "SigmoidBackwardBackward0"


@op
def tanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Hyperbolic tangent.

    >>> tanh(tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    return unary("tanh", input, (), out, FLOAT)


tanh_ = inplace(tanh)
derivative(tanh, input=lambda grad, result: tanh_backward(grad, result))


@op
def tanh_backward(grad_output: Tensor, result: Tensor) -> Tensor:
    """``grad * (1 - result ** 2)``."""
    return binary("tanh_backward", grad_output, result)


@op
def gelu_op(input: Tensor, approximate: str, *, out: Tensor | None = None) -> Tensor:
    """`gelu` with checked arguments."""
    check_floating("gelu", input)
    return unary("gelu" if approximate == "none" else "gelu_tanh", input, (), out)


gelu_op.declaration.node_name = "GeluBackward0"
derivative(gelu_op, input=lambda grad, input, approximate: gelu_backward(grad, input, approximate))


@op
def gelu_backward(grad_output: Tensor, input: Tensor, approximate: str) -> Tensor:
    """Gradient of `gelu`."""
    return binary("gelu_backward" if approximate == "none" else "gelu_tanh_backward", grad_output, input)


def _gelu_slope(input: Tensor, approximate: str) -> Tensor:
    """Second derivative of `gelu`."""
    if approximate == "none":
        return (2 - input * input) * (input * input * -0.5).exp() * 0.3989422804014327
    scale, cubic = 0.7978845608028654, 0.044715
    t = tanh(scale * (input + cubic * input ** 3))
    inner = scale * (1 + 3 * cubic * input * input)
    s = 1 - t * t
    return s * inner + 0.5 * input * s * (6 * scale * cubic * input - 2 * t * inner * inner)


derivative(gelu_backward, grad_output=lambda grad, input, approximate: gelu_backward(grad, input, approximate),
           input=lambda grad, grad_output, input, approximate: grad * grad_output * _gelu_slope(input, approximate))


def gelu(input: Tensor, approximate: str = "none", *, out: Tensor | None = None) -> Tensor:
    """x times the standard normal distribution function of x; ``approximate="tanh"`` takes the formula with tanh.

    >>> gelu(tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate argument must be either none or tanh, got {approximate!r}")
    return gelu_op(input, approximate, out=out)


@op
def silu(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``x * sigmoid(x)``.

    >>> silu(tensor([0.0, 2.0]))
    tensor([0.0000, 1.7616])
    """
    check_floating("silu", input)
    if input._dtype.category == 3:
        return arithmetic.mul(input, sigmoid(input), out=out)
    return unary("silu", input, (), out)


silu_ = inplace(silu)
derivative(silu, input=lambda grad, input: (silu_backward if input._dtype.category == 2 else complex_silu_backward)(grad, input))


def complex_silu_backward(grad: Tensor, input: Tensor) -> Tensor:
    """Gradient of `silu` of complex numbers, in operations."""
    s = sigmoid(input)
    return grad * (s * (1 + input * (1 - s))).conj()


@op
def silu_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """Gradient of `silu`."""
    return binary("silu_backward", grad_output, input)


def _silu_slope(input: Tensor) -> Tensor:
    s = sigmoid(input)
    return s * (1 - s) * (2 + input * (1 - 2 * s))


derivative(silu_backward, grad_output=lambda grad, input: silu_backward(grad, input),
           input=lambda grad, grad_output, input: grad * grad_output * _silu_slope(input))


@op
def mish(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``x * tanh(softplus(x))``.

    >>> mish(tensor([0.0, 2.0]))
    tensor([0.0000, 1.9440])
    """
    check_floating("mish", input)
    return unary("mish", input, (), out)


mish_ = inplace(mish)
derivative(mish, input=lambda grad, input: mish_backward(grad, input))


@op
def mish_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """Gradient of `mish`."""
    return binary("mish_backward", grad_output, input)


def _mish_slope(input: Tensor) -> Tensor:
    s, t = sigmoid(input), tanh(softplus(input))
    u = 1 - t * t
    return u * (2 * s + input * s * (1 - s) - 2 * input * t * s * s)


derivative(mish_backward, grad_output=lambda grad, input: mish_backward(grad, input),
           input=lambda grad, grad_output, input: grad * grad_output * _mish_slope(input))


@op
def logsigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``log(sigmoid(x))``, exact on both sides.

    >>> logsigmoid(tensor([0.0, -200.0]))
    tensor([  -0.6931, -200.0000])
    """
    check_floating("logsigmoid", input)
    return unary("logsigmoid", input, (), out)


logsigmoid.declaration.node_name = "LogSigmoidBackward0"
derivative(logsigmoid, input=lambda grad, input: logsigmoid_backward(grad, input))


@op
def logsigmoid_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """``grad * sigmoid(-input)``."""
    return binary("logsigmoid_backward", grad_output, input)


def _logsigmoid_second(grad: Tensor, grad_output: Tensor, input: Tensor) -> Tensor:
    s = sigmoid(input)
    return grad * grad_output * s * (s - 1)


derivative(logsigmoid_backward, grad_output=lambda grad, input: logsigmoid_backward(grad, input), input=_logsigmoid_second)
holomorphic(sigmoid, tanh, sigmoid_backward, tanh_backward)
derivative(sigmoid_backward, grad_output=lambda grad, result: sigmoid_backward(grad, result),
           result=lambda grad, grad_output, result: grad * grad_output * (1 - 2 * result))
derivative(tanh_backward, grad_output=lambda grad, result: tanh_backward(grad, result),
           result=lambda grad, grad_output, result: grad * grad_output * -2 * result)


def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``.

    >>> softsign(tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    return softsign_of_reals(input) if input._dtype.category < 3 else input / (input.abs() + 1)


@op
def softsign_of_reals(input: Tensor) -> Tensor:
    """`softsign` of numbers that are not complex."""
    return unary("softsign", input, (), None, FLOAT)


softsign_of_reals.declaration.node_name = "SoftsignBackward0"
derivative(softsign_of_reals, input=lambda grad, input: softsign_backward(grad, input))


@op
def softsign_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """``grad / (1 + |input|) ** 2``."""
    return binary("softsign_backward", grad_output, input)


derivative(softsign_backward, grad_output=lambda grad, input: softsign_backward(grad, input),
           input=lambda grad, grad_output, input: softsign_backward(grad * grad_output * -2, input) * input.sign() / (input.abs() + 1))


def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``.

    >>> tanhshrink(tensor([0.0, 1.0]))
    tensor([0.0000, 0.2384])
    """
    if input._dtype.category == 0:
        raise RuntimeError("tanhshrink: subtraction, the `-` operator, with a bool tensor is not supported")
    return tanhshrink_of_reals(input) if input._dtype.category < 3 else input - tanh(input)


@op
def tanhshrink_of_reals(input: Tensor) -> Tensor:
    """`tanhshrink` of numbers that are not complex."""
    return unary("tanhshrink", input, (), None, FLOAT)


tanhshrink_of_reals.declaration.node_name = "TanhshrinkBackward0"
derivative(tanhshrink_of_reals, input=lambda grad, input: tanhshrink_backward(grad, input))


@op
def tanhshrink_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """``grad * tanh(input) ** 2``."""
    return binary("tanhshrink_backward", grad_output, input)


def _tanhshrink_second(grad: Tensor, grad_output: Tensor, input: Tensor) -> Tensor:
    t = tanh(input)
    return grad * grad_output * 2 * t * (1 - t * t)


derivative(tanhshrink_backward, grad_output=lambda grad, input: tanhshrink_backward(grad, input), input=_tanhshrink_second)


@op
def glu_dim(input: Tensor, dim: int) -> Tensor:
    """`glu` along a checked dim."""
    values, gates = input.chunk(2, dim)
    return binary("glu", values, gates)


@op
def glu_backward(grad_output: Tensor, input: Tensor, dim: int) -> Tensor:
    """Gradient of `glu_dim`."""
    made = empty(input._array.shape, input._dtype, input._device)
    (values, gates), (for_values, for_gates) = input.chunk(2, dim), made.chunk(2, dim)
    elementwise("glu", (grad_output, gates), (), for_values)
    elementwise("glu_gate_backward", (grad_output, values, gates), (), for_gates)
    return made


def _glu_second(grad: Tensor, grad_output: Tensor, input: Tensor, dim: int) -> list:
    (values, gates), (for_values, for_gates) = input.chunk(2, dim), grad.chunk(2, dim)
    s = sigmoid(gates)
    slope = s * (1 - s)
    shared = grad_output * slope
    return [for_values * s + for_gates * values * slope,
            cat([for_gates * shared, for_values * shared + for_gates * values * shared * (1 - 2 * s)], dim)]


glu_dim.declaration.node_name = "GluBackward0"
derivative(glu_dim, input=lambda grad, input, dim: glu_backward(grad, input, dim))
derivative(glu_backward, _glu_second, ("grad_output", "input"))
