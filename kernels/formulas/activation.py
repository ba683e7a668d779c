"""Activations and their slopes. ``grad`` is the gradient that arrives; NaN stays NaN."""
import math

from ..bits import typed
from ..compile import formula
from .vector import erf, exp, expm1, log1p, sigmoid, tanh


@formula
def relu(x):
    return x if x > 0 or x != x else typed(0, x)


@formula
def threshold(x, limit, value):
    return value if x <= limit else x


@formula
def threshold_backward(grad, x, limit):
    return typed(0, x) if x <= limit else grad


@formula
def leaky_relu(x, slope):
    return x if x > 0 else x * slope


@formula
def leaky_relu_backward(grad, x, slope):
    return grad if x > 0 else grad * slope


@formula
def elu(x, alpha, scale, input_scale):
    """scale * x above zero, scale * alpha * (exp(input_scale * x) - 1) below."""
    below = alpha * expm1(x * input_scale if x < 0 else x * 0)
    return scale * (x if x > 0 else below if x == x else x)


@formula
def elu_backward(grad, x, alpha, scale, input_scale):
    below = alpha * input_scale * exp(x * input_scale if x < 0 else typed(0, x))
    return grad * scale * (typed(1, x) if x > 0 else below if x == x else x)


@formula
def hardtanh(x, low, high):
    raised = low if x < low else x
    return high if raised > high else raised


@formula
def hardtanh_backward(grad, x, low, high):
    return typed(0, x) if x <= low or x >= high else grad


@formula
def softplus(x, beta, limit):
    """log(1 + exp(beta x)) / beta, and x itself where beta x is above ``limit``."""
    scaled = x * beta
    return x if scaled > limit else log1p(exp(scaled)) / beta


@formula
def softplus_backward(grad, x, beta, limit):
    scaled = x * beta
    return grad if scaled > limit else grad * sigmoid(scaled)


@formula
def gelu(x):
    """x times the standard normal distribution function of x (Hendrycks and Gimpel 2016)."""
    return x * typed(0.5, x) * (typed(1, x) + erf(x * typed(math.sqrt(0.5), x)))


@formula
def gelu_backward(grad, x):
    distribution = typed(0.5, x) * (typed(1, x) + erf(x * typed(math.sqrt(0.5), x)))
    density = exp(x * x * typed(-0.5, x)) * typed(1 / math.sqrt(2 * math.pi), x)
    return grad * (distribution + x * density)


@formula
def gelu_tanh(x):
    """`gelu` by its approximation x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))."""
    inner = typed(math.sqrt(2 / math.pi), x) * (x + typed(0.044715, x) * x * x * x)
    return x * typed(0.5, x) * (typed(1, x) + tanh(inner))


@formula
def gelu_tanh_backward(grad, x):
    scale, cubic = typed(math.sqrt(2 / math.pi), x), typed(0.044715, x)
    t = tanh(scale * (x + cubic * x * x * x))
    slope = (typed(1, x) - t * t) * scale * (typed(1, x) + typed(3, x) * cubic * x * x)
    return grad * typed(0.5, x) * (typed(1, x) + t + x * slope)


@formula
def silu(x):
    return x * sigmoid(x)


@formula
def silu_backward(grad, x):
    s = sigmoid(x)
    return grad * s * (typed(1, x) + x * (typed(1, x) - s))


@formula
def mish(x):
    """x tanh(log(1 + exp(x)))."""
    return x * tanh(x if x > 20 else log1p(exp(x)))


@formula
def mish_backward(grad, x):
    t, s = tanh(x if x > 20 else log1p(exp(x))), sigmoid(x)
    return grad * (t + x * s * (typed(1, x) - t * t))


@formula
def logsigmoid(x):
    """log(1 / (1 + exp(-x))), without overflow on either side."""
    return (x if x < 0 else x * 0) - log1p(exp(-abs(x)))


@formula
def logsigmoid_backward(grad, x):
    return grad * sigmoid(-x)


@formula
def softsign(x):
    return x / (typed(1, x) + abs(x))


@formula
def softsign_backward(grad, x):
    return grad / ((typed(1, x) + abs(x)) * (typed(1, x) + abs(x)))


@formula
def tanhshrink(x):
    return x - tanh(x)


@formula
def tanhshrink_backward(grad, x):
    return grad * tanh(x) * tanh(x)


@formula
def glu(x, gate):
    """x times the sigmoid of its gate."""
    return x * sigmoid(gate)


@formula
def glu_gate_backward(grad, x, gate):
    """The gradient of `glu` for the gate."""
    s = sigmoid(gate)
    return grad * x * s * (typed(1, s) - s)


@formula
def hardsigmoid(x):
    """Clamped x / 6 + 1 / 2."""
    value = x / typed(6, x) + typed(0.5, x)
    return typed(0, x) if value < 0 else typed(1, x) if value > 1 else value


@formula
def hardsigmoid_backward(grad, x):
    return grad / typed(6, x) if -3 < x < 3 else typed(0, x)


@formula
def hardswish(x):
    """x times the hard sigmoid of x."""
    return x * hardsigmoid(x)


@formula
def hardswish_backward(grad, x):
    return typed(0, x) if x <= -3 else grad if x >= 3 else grad * (x / typed(3, x) + typed(0.5, x))


@formula
def hardshrink(x, limit):
    return typed(0, x) if -limit <= x <= limit else x


@formula
def shrink_backward(grad, x, limit):
    return typed(0, x) if -limit <= x <= limit else grad


@formula
def softshrink(x, limit):
    return x - limit if x > limit else x + limit if x < -limit else x * 0


@formula
def sigmoid_backward(grad, result):
    return grad * result * (typed(1, result) - result)


@formula
def tanh_backward(grad, result):
    return grad * (typed(1, result) - result * result)


@formula
def leaky_relu_each(x, slope):
    return x if x > 0 else x * slope


@formula
def prelu_weight_backward(grad, x):
    return typed(0.0, x) if x > 0 else grad * x
