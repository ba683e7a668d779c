"""Activations, element by element. Each backward is an operation of its own, with a derivative."""
from __future__ import annotations

from ..core import dtype as dtypes
from ..core.launch import FLOAT, binary, elementwise, empty, unary
from ..core.op import derivative, holomorphic, inplace, op
from ..core.tensor_base import TensorBase
from .joining import cat

Tensor = TensorBase


def check_floating(name: str, input: Tensor) -> None:
    """Activations with fractions are for floating types."""
    if input._dtype.category < 2:
        raise RuntimeError(f'"{name}" not implemented for \'{input._dtype.tensor_name[:-6]}\'; it takes floating-point elements')


@op
def relu(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of each element and zero.

    >>> relu(tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if input._dtype is dtypes.bool_:
        raise RuntimeError("Boolean inputs not supported for relu")
    return unary("relu", input, (), out)


relu_ = inplace(relu)
derivative(relu, input=lambda grad, result: threshold_backward(grad, result, 0))


@op
def threshold_backward(grad_output: Tensor, self: Tensor, threshold: float) -> Tensor:
    """The gradient where ``self`` is above ``threshold``, zero elsewhere."""
    return elementwise("threshold_backward", (grad_output, self), (threshold,))


derivative(threshold_backward, grad_output=lambda grad, self, threshold: threshold_backward(grad, self, threshold),
           self=lambda grad: grad * 0)


@op
def threshold(input: Tensor, threshold: float, value: float, *, out: Tensor | None = None) -> Tensor:
    """Each element above ``threshold``; ``value`` in place of the others.

    >>> threshold(tensor([-1.0, 2.0]), 0.5, 7)
    tensor([7., 2.])
    """
    return unary("threshold", input, (threshold, value), out)


threshold_ = inplace(threshold)
derivative(threshold, input=lambda grad, input, threshold: threshold_backward(grad, input, threshold))


@op
def leaky_relu(input: Tensor, negative_slope: float = 0.01, *, out: Tensor | None = None) -> Tensor:
    """Each element, with negative ones multiplied by ``negative_slope``.

    >>> leaky_relu(tensor([-2.0, 3.0]), 0.1)
    tensor([-0.2000,  3.0000])
    """
    check_floating("leaky_relu", input)
    return unary("leaky_relu", input, (negative_slope,), out)


leaky_relu_ = inplace(leaky_relu)
# input, not result: a negative slope would flip the sign we test
derivative(leaky_relu, input=lambda grad, input, negative_slope: leaky_relu_backward(grad, input, negative_slope))


@op
def leaky_relu_backward(grad_output: Tensor, input: Tensor, negative_slope: float) -> Tensor:
    """The gradient, multiplied by the slope where ``input`` is not positive."""
    return elementwise("leaky_relu_backward", (grad_output, input), (negative_slope,))


derivative(leaky_relu_backward, grad_output=lambda grad, input, negative_slope: leaky_relu_backward(grad, input, negative_slope),
           input=lambda grad: grad * 0)


@op
def elu_scaled(input: Tensor, alpha: float, scale: float, input_scale: float, *, out: Tensor | None = None) -> Tensor:
    """``scale * x`` above zero and ``scale * alpha * (exp(input_scale * x) - 1)`` below: `elu`, `selu` and `celu` in one."""
    check_floating("elu", input)
    return unary("elu", input, (alpha, scale, input_scale), out)


elu_scaled_ = inplace(elu_scaled)
elu_scaled.declaration.node_name = "EluBackward0"
derivative(elu_scaled, input=lambda grad, input, alpha, scale, input_scale: elu_backward(grad, input, alpha, scale, input_scale))


@op
def elu_backward(grad_output: Tensor, input: Tensor, alpha: float, scale: float, input_scale: float) -> Tensor:
    """Gradient of `elu_scaled`."""
    return elementwise("elu_backward", (grad_output, input), (alpha, scale, input_scale))


derivative(elu_backward,
           grad_output=lambda grad, input, alpha, scale, input_scale: elu_backward(grad, input, alpha, scale, input_scale),
           input=lambda grad, grad_output, input, alpha, scale, input_scale:
           elu_backward(grad * grad_output * input_scale, input, alpha, scale, input_scale).masked_fill(input > 0, 0))

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above zero, ``alpha * (exp(x) - 1)`` below (Clevert et al. 2015).

    >>> elu(tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return (elu_scaled_ if inplace else elu_scaled)(input, alpha, 1.0, 1.0)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place form of :func:`elu`."""
    return elu_scaled_(input, alpha, 1.0, 1.0)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`elu` with the scale and alpha that keep mean 0 and variance 1 (Klambauer et al. 2017).

    >>> selu(tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    return (elu_scaled_ if inplace else elu_scaled)(input, SELU_ALPHA, SELU_SCALE, 1.0)


def selu_(input: Tensor) -> Tensor:
    """In-place form of :func:`selu`."""
    return elu_scaled_(input, SELU_ALPHA, SELU_SCALE, 1.0)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above zero, ``alpha * (exp(x / alpha) - 1)`` below (Barron 2017).

    >>> celu(tensor([-1.0, 2.0]), 2.0)
    tensor([-0.7869,  2.0000])
    """
    if alpha == 0:
        raise RuntimeError("celu: alpha cannot be 0")
    return (elu_scaled_ if inplace else elu_scaled)(input, alpha, 1.0, 1.0 / alpha)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place form of :func:`celu`."""
    return celu(input, alpha, True)


@op
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, *, out: Tensor | None = None) -> Tensor:
    """Each element kept between ``min_val`` and ``max_val``.

    >>> hardtanh(tensor([-2.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val ({min_val}) cannot be greater than max_val ({max_val})")
    return unary("hardtanh", input, (min_val, max_val), out)


hardtanh_ = inplace(hardtanh)
derivative(hardtanh, input=lambda grad, input, min_val, max_val: hardtanh_backward(grad, input, min_val, max_val))


@op
def hardtanh_backward(grad_output: Tensor, input: Tensor, min_val: float, max_val: float) -> Tensor:
    """The gradient where ``input`` lies strictly between the bounds."""
    return elementwise("hardtanh_backward", (grad_output, input), (min_val, max_val))


derivative(hardtanh_backward, grad_output=lambda grad, input, min_val, max_val: hardtanh_backward(grad, input, min_val, max_val),
           input=lambda grad: grad * 0)


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
    return elementwise("softplus_backward", (grad_output, input), (beta, threshold))


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
    return unary("silu", input, (), out)


silu_ = inplace(silu)
derivative(silu, input=lambda grad, input: silu_backward(grad, input))


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


@op
def hardsigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``x / 6 + 1 / 2`` kept between 0 and 1.

    >>> hardsigmoid(tensor([-4.0, 0.0]))
    tensor([0.0000, 0.5000])
    """
    check_floating("hardsigmoid", input)
    return unary("hardsigmoid", input, (), out)


hardsigmoid_ = inplace(hardsigmoid)
derivative(hardsigmoid, input=lambda grad, input: hardsigmoid_backward(grad, input))


@op
def hardsigmoid_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """A sixth of the gradient where ``input`` lies between -3 and 3."""
    return binary("hardsigmoid_backward", grad_output, input)


derivative(hardsigmoid_backward, grad_output=lambda grad, input: hardsigmoid_backward(grad, input), input=lambda grad: grad * 0)


@op
def hardswish(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``x * hardsigmoid(x)``.

    >>> hardswish(tensor([-4.0, 1.0]))
    tensor([-0.0000,  0.6667])
    """
    check_floating("hardswish", input)
    return unary("hardswish", input, (), out)


hardswish_ = inplace(hardswish)
derivative(hardswish, input=lambda grad, input: hardswish_backward(grad, input))


@op
def hardswish_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """Gradient of `hardswish`."""
    return binary("hardswish_backward", grad_output, input)


derivative(hardswish_backward, grad_output=lambda grad, input: hardswish_backward(grad, input),
           input=lambda grad, grad_output, input: (grad * grad_output / 3).masked_fill((input <= -3) | (input >= 3), 0))


@op
def hardshrink(input: Tensor, lambd: float = 0.5, *, out: Tensor | None = None) -> Tensor:
    """Zero where the magnitude is at most ``lambd``, the element elsewhere.

    >>> hardshrink(tensor([-0.3, 2.0]))
    tensor([0., 2.])
    """
    return unary("hardshrink", input, (lambd,), out)


derivative(hardshrink, input=lambda grad, input, lambd: shrink_backward(grad, input, lambd))


@op
def softshrink(input: Tensor, lambd: float = 0.5, *, out: Tensor | None = None) -> Tensor:
    """Each element moved by ``lambd`` toward zero, and zero where it would pass it.

    >>> softshrink(tensor([-0.3, 2.0]))
    tensor([-0.0000,  1.5000])
    """
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return unary("softshrink", input, (lambd,), out)


derivative(softshrink, input=lambda grad, input, lambd: shrink_backward(grad, input, lambd))


@op
def shrink_backward(grad_output: Tensor, input: Tensor, lambd: float) -> Tensor:
    """The gradient where the magnitude of ``input`` is above ``lambd``."""
    return elementwise("shrink_backward", (grad_output, input), (lambd,))


derivative(shrink_backward, grad_output=lambda grad, input, lambd: shrink_backward(grad, input, lambd),
           input=lambda grad: grad * 0)
holomorphic(sigmoid, tanh, sigmoid_backward, tanh_backward)
derivative(sigmoid_backward, grad_output=lambda grad, result: sigmoid_backward(grad, result),
           result=lambda grad, grad_output, result: grad * grad_output * (1 - 2 * result))
derivative(tanh_backward, grad_output=lambda grad, result: tanh_backward(grad, result),
           result=lambda grad, grad_output, result: grad * grad_output * -2 * result)


@op
def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``.

    >>> softsign(tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    return unary("softsign", input, (), None, FLOAT)


derivative(softsign, input=lambda grad, input: softsign_backward(grad, input))


@op
def softsign_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """``grad / (1 + |input|) ** 2``."""
    return binary("softsign_backward", grad_output, input)


derivative(softsign_backward, grad_output=lambda grad, input: softsign_backward(grad, input),
           input=lambda grad, grad_output, input: softsign_backward(grad * grad_output * -2, input) * input.sign() / (input.abs() + 1))


@op
def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``.

    >>> tanhshrink(tensor([0.0, 1.0]))
    tensor([0.0000, 0.2384])
    """
    return unary("tanhshrink", input, (), None, FLOAT)


derivative(tanhshrink, input=lambda grad, input: tanhshrink_backward(grad, input))


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


@op
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Each element, with negative ones multiplied by a learned slope: one for all, or one a channel (dimension 1).

    >>> prelu(tensor([[-1.0, 2.0]]), tensor([0.5, 0.1]))
    tensor([[-0.5000,  2.0000]])
    """
    return elementwise("leaky_relu_each", (input, slopes(input, weight)))


def slopes(input: Tensor, weight: Tensor) -> Tensor:
    """The slopes in a size that broadcasts to ``input``."""
    if weight.numel() == 1:
        return weight.reshape(())
    channels = input.shape[1] if input.dim() > 1 else 1
    if weight.dim() != 1 or weight.numel() != channels:
        raise RuntimeError(f"prelu: weight must have 1 or as many elements as input has channels ({channels}), got "
                           f"{list(weight.shape)}")
    return weight.reshape((1, channels) + (1,) * (input.dim() - 2))


derivative(prelu, input=lambda grad, input, weight: grad * (slopes(input, weight) * (input <= 0) + (input > 0)),
           weight=lambda grad, input, weight: (grad * input * (input <= 0)).sum_to_size(slopes(input, weight).shape).reshape(weight.shape))
