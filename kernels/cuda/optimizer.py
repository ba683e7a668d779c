"""Steps of optimizers: one thread an element."""
from __future__ import annotations

import math

from .block import composed
from .launch import Kernel, cuda, kernel


@kernel
def sgd(grad, lr, momentum, dampening, weight_decay, nesterov, maximize, first, velocity, param):
    """One step of gradient descent.

    ``velocity`` is read and written if ``momentum`` is not 0, and only written if this is the ``first`` step; without
    momentum it may be of size 0.
    """
    rate, decay = param.dtype.type(lr), param.dtype.type(weight_decay)
    kept, added = param.dtype.type(momentum), param.dtype.type(1 - dampening)
    for i in range(cuda.grid(1), param.size, cuda.gridsize(1)):
        slope = -grad[i] if maximize else grad[i]
        if weight_decay != 0:
            slope = slope + decay * param[i]
        if momentum != 0:
            speed = slope if first else kept * velocity[i] + added * slope
            velocity[i] = speed
            slope = slope + kept * speed if nesterov else speed
        param[i] = param[i] - rate * slope


def adam_elements(grad, size, root, shrink, decay, decays, new1, kept2, new2, eps, amsgrad, maximize, exp_avg, exp_avg_sq,
                  max_exp_avg_sq, param):
    """`adam`, with what is the same for all elements as numbers of the parameter's type."""
    for i in range(cuda.grid(1), param.size, cuda.gridsize(1)):
        value = param[i] * shrink
        slope = -grad[i] if maximize else grad[i]
        if decays:
            slope = slope + decay * value
        mean = exp_avg[i] + new1 * (slope - exp_avg[i])
        square = exp_avg_sq[i] * kept2 + new2 * slope * slope
        exp_avg[i], exp_avg_sq[i] = mean, square
        if amsgrad:
            square = max_exp_avg_sq[i] if max_exp_avg_sq[i] >= square else square       # a NaN goes on
            max_exp_avg_sq[i] = square
        param[i] = value - size * mean / (param.dtype.type(math.sqrt(square)) / root + eps)


update = Kernel(adam_elements, "adam_elements")


@composed
def adam(grad, lr, beta1, beta2, eps, weight_decay, decoupled, amsgrad, maximize, step, exp_avg, exp_avg_sq, max_exp_avg_sq, param):
    """Step number ``step`` (from 1) of Adam, or of AdamW if the weight decay is ``decoupled`` from the gradient.

    ``max_exp_avg_sq`` may be of size 0 unless ``amsgrad``.
    """
    kind = param.dtype.type
    update(grad, kind(lr / (1 - beta1 ** step)), kind(math.sqrt(1 - beta2 ** step)), kind(1 - lr * weight_decay if decoupled else 1),
           kind(weight_decay), weight_decay != 0 and not decoupled, kind(1 - beta1), kind(beta2), kind(1 - beta2), kind(eps),
           amsgrad, maximize, exp_avg, exp_avg_sq, max_exp_avg_sq, param)
