"""Activations of pieces: one formula on either side of a bound. Each backward is an operation of its own."""
from __future__ import annotations

from ..core import dtype as dtypes
from ..core.elementwise import binary, elementwise, unary
from ..core.op import derivative, inplace, op, zero_slope
from ..core.tensor_base import TensorBase
from .activation import check_floating

Tensor = TensorBase


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
    return binary("threshold_backward", grad_output, self, numbers=(threshold,))


derivative(threshold_backward, grad_output=lambda grad, self, threshold: threshold_backward(grad, self, threshold),
           self=zero_slope)


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
    return binary("leaky_relu_backward", grad_output, input, numbers=(negative_slope,))


derivative(leaky_relu_backward, grad_output=lambda grad, input, negative_slope: leaky_relu_backward(grad, input, negative_slope),
           input=zero_slope)


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
    return binary("elu_backward", grad_output, input, numbers=(alpha, scale, input_scale))


derivative(elu_backward,
           grad_output=lambda grad, input, alpha, scale, input_scale: elu_backward(grad, input, alpha, scale, input_scale),
           input=lambda grad, grad_output, input, alpha, scale, input_scale:
           elu_backward(grad * grad_output * input_scale, input, alpha, scale, input_scale).masked_fill(input >= 0, 0))

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
    """In-place form of :func:`selu`.

    >>> torch.selu_(tensor([0.0, 1.0]))
    tensor([0.0000, 1.0507])
    """
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
    """In-place form of :func:`celu`.

    >>> torch.celu_(tensor([-1.0, 1.0]))
    tensor([-0.6321,  1.0000])
    """
    return celu(input, alpha, True)


@op
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, *, out: Tensor | None = None) -> Tensor:
    """Each element kept between ``min_val`` and ``max_val``.

    >>> hardtanh(tensor([-2.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val ({min_val}) cannot be greater than max_val ({max_val})")
    if input._dtype is dtypes.bool_:
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if not input._dtype.is_signed and int(min(min_val, max_val)) < 0:
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return unary("hardtanh", input, (min_val, max_val), out)


hardtanh_ = inplace(hardtanh)
derivative(hardtanh, input=lambda grad, input, min_val, max_val: hardtanh_backward(grad, input, min_val, max_val))


@op
def hardtanh_backward(grad_output: Tensor, input: Tensor, min_val: float, max_val: float) -> Tensor:
    """The gradient where ``input`` lies strictly between the bounds."""
    return binary("hardtanh_backward", grad_output, input, numbers=(min_val, max_val))


derivative(hardtanh_backward, grad_output=lambda grad, input, min_val, max_val: hardtanh_backward(grad, input, min_val, max_val),
           input=zero_slope)


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


derivative(hardsigmoid_backward, grad_output=lambda grad, input: hardsigmoid_backward(grad, input), input=zero_slope)


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
    if isinstance(lambd, complex) or lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return unary("softshrink", input, (lambd,), out)


derivative(softshrink, input=lambda grad, input, lambd: shrink_backward(grad, input, lambd))


@op
def shrink_backward(grad_output: Tensor, input: Tensor, lambd: float) -> Tensor:
    """The gradient where the magnitude of ``input`` is above ``lambd``."""
    return binary("shrink_backward", grad_output, input, numbers=(lambd,))


derivative(shrink_backward, grad_output=lambda grad, input, lambd: shrink_backward(grad, input, lambd),
           input=zero_slope)


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


derivative(prelu, input=lambda grad, input, weight: prelu_backward(grad, input, weight),
           weight=lambda grad, input, weight: to_slopes(prelu_weight_backward(grad, input), input, weight))


def to_slopes(grad: Tensor, input: Tensor, weight: Tensor) -> Tensor:
    """A gradient of the size of ``input``, summed to that of the slopes."""
    return grad.sum_to_size(slopes(input, weight).shape).reshape(weight.shape)


@op
def prelu_backward(grad_output: Tensor, input: Tensor, weight: Tensor) -> Tensor:
    """Gradient of `prelu` for its input."""
    return elementwise("leaky_relu_backward", (grad_output, input, slopes(input, weight)))


@op
def prelu_weight_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """Gradient of `prelu` for its slopes, an element each."""
    return elementwise("prelu_weight_backward", (grad_output, input))


derivative(prelu_backward, grad_output=lambda grad, input, weight: prelu_backward(grad, input, weight), input=zero_slope,
           weight=lambda grad, grad_output, input, weight: to_slopes(grad * grad_output * (input <= 0), input, weight))
derivative(prelu_weight_backward, grad_output=lambda grad, input: prelu_weight_backward(grad, input),
           input=lambda grad, grad_output, input: grad * grad_output * (input <= 0))
