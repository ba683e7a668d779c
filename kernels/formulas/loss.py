"""Losses of an element and its target, and their slopes for the element; ``grad`` is the gradient that arrives."""
from ..bits import typed
from ..compile import formula
from .vector import exp, log, log1p, sigmoid


@formula
def mse_loss(x, y):
    return (x - y) * (x - y)


@formula
def mse_loss_backward(grad, x, y):
    return grad * (x - y) * typed(2, x)


@formula
def l1_loss(x, y):
    return abs(x - y)


@formula
def l1_loss_backward(grad, x, y):
    return grad if x > y else -grad if x < y else (x - y) * typed(0, x)


@formula
def smooth_l1_loss(x, y, beta):
    apart = abs(x - y)
    return apart * apart * typed(0.5, x) / beta if apart < beta else apart - typed(0.5, x) * beta


@formula
def smooth_l1_loss_backward(grad, x, y, beta):
    apart = x - y
    return grad if apart >= beta else -grad if apart <= -beta else grad * apart / beta


@formula
def huber_loss(x, y, delta):
    apart = abs(x - y)
    return apart * apart * typed(0.5, x) if apart <= delta else delta * (apart - typed(0.5, x) * delta)


@formula
def huber_loss_backward(grad, x, y, delta):
    apart = x - y
    return grad * (delta if apart > delta else -delta if apart < -delta else apart)


@formula
def kl_div(x, y):
    """y (log(y) - x), where y log(y) goes to 0 with y."""
    return (typed(0, y) if y == 0 else y * log(y)) - y * x


@formula
def kl_div_backward(grad, x, y):
    return -grad * y


@formula
def kl_div_of_logarithms(x, y):
    return exp(y) * (y - x)


@formula
def kl_div_of_logarithms_backward(grad, x, y):
    return -grad * exp(y)


@formula
def binary_cross_entropy(x, y):
    """-y log(x) - (1 - y) log(1 - x), the logarithms at least -100."""
    least, yes, no = typed(-100, x), log(x), log1p(-x)
    return (y - typed(1, y)) * (least if no < least else no) - y * (least if yes < least else yes)


@formula
def binary_cross_entropy_backward(grad, x, y):
    spread, least = (typed(1, x) - x) * x, typed(1e-12, x)
    return grad * (x - y) / (least if spread < least else spread)


@formula
def binary_cross_entropy_with_logits(x, y):
    """(1 - y) x - log(sigmoid(x)), without overflow."""
    return (typed(1, x) - y) * x + ((-x if x < 0 else x * 0) + log1p(exp(-abs(x))))


@formula
def binary_cross_entropy_with_logits_backward(grad, x, y):
    return grad * (sigmoid(x) - y)


@formula
def poisson_nll_loss(x, y):
    return exp(x) - y * x


@formula
def poisson_nll_loss_backward(grad, x, y):
    return grad * (exp(x) - y)


@formula
def poisson_nll_loss_of_rates(x, y, eps):
    return x - y * log(x + eps)


@formula
def poisson_nll_loss_of_rates_backward(grad, x, y, eps):
    return grad * (typed(1, x) - y / (x + eps))


@formula
def hinge_embedding_loss(x, y, margin):
    """x unless y is -1, plus what x lacks to the margin unless y is 1."""
    lack, zero = margin - x, typed(0, x)
    return (zero if y == 1 else zero if lack < 0 else lack) + (zero if y == -1 else x)


@formula
def hinge_embedding_loss_backward(grad, x, y, margin):
    zero = typed(0, x)
    return (zero if y == -1 else grad) - (zero if y == 1 or margin - x < 0 else grad)


@formula
def soft_margin_loss(x, y):
    """log(1 + exp(-y x)), without overflow."""
    z = -y * x
    return (z * 0 if z < 0 else z) + log1p(exp(-abs(z)))


@formula
def soft_margin_loss_backward(grad, x, y):
    return -grad * y * sigmoid(-y * x)


@formula
def margin_ranking_loss(x, y, margin):
    """What y x lacks to the margin."""
    lack = margin - y * x
    return typed(0, x) if lack < 0 else lack


@formula
def margin_ranking_loss_backward(grad, x, y, margin):
    return typed(0, x) if margin - y * x < 0 else -grad * y


@formula
def difference_plus(x, y, eps):
    return x - y + eps
