"""Optimizer steps in place, one pass over the parameter and its state.

Arrays are flat. Each operation is rounded to the dtype of the parameter in the order of the formulas, as if it were an
op of its own; only multiplications and additions next to each other may fuse.
"""
from __future__ import annotations

import math

import numpy as np

from ..compile import kernel, prange

BLOCK = 1 << 13                 # elements a thread takes at once


@kernel
def sgd(grad, lr, momentum, dampening, weight_decay, nesterov, maximize, first, velocity, param):
    """One step of gradient descent.

    ``velocity`` is read and written if ``momentum`` is not 0, and only written if this is the ``first`` step; without
    momentum it may be of size 0.
    """
    lr, decay = param.dtype.type(lr), param.dtype.type(weight_decay)
    kept, added = param.dtype.type(momentum), param.dtype.type(1 - dampening)
    decays = weight_decay != 0          # asked, not multiplied away: 0 * inf is NaN
    for block in prange((param.size + BLOCK - 1) // BLOCK):
        begin = np.int64(block) * BLOCK
        end = min(begin + BLOCK, param.size)
        p, g = param[begin:end], grad[begin:end]
        if momentum == 0:
            for i in range(p.size):
                slope = -g[i] if maximize else g[i]
                slope = slope + decay * p[i] if decays else slope
                p[i] -= lr * slope
        else:
            v = velocity[begin:end]
            for i in range(p.size):
                slope = -g[i] if maximize else g[i]
                slope = slope + decay * p[i] if decays else slope
                v[i] = slope if first else kept * v[i] + added * slope
                p[i] -= lr * (slope + kept * v[i] if nesterov else v[i])


@kernel
def adam(grad, lr, beta1, beta2, eps, weight_decay, decoupled, amsgrad, maximize, step, exp_avg, exp_avg_sq, max_exp_avg_sq, param):
    """Step number ``step`` (from 1) of Adam, or of AdamW if the weight decay is ``decoupled`` from the gradient.

    ``max_exp_avg_sq`` may be of size 0 unless ``amsgrad``.
    """
    size = param.dtype.type(lr / (1 - beta1 ** step))
    root = param.dtype.type(math.sqrt(1 - beta2 ** step))
    shrink, decay = param.dtype.type(1 - lr * weight_decay if decoupled else 1), param.dtype.type(weight_decay)
    decays = weight_decay != 0 and not decoupled
    new1, kept2, new2, eps = param.dtype.type(1 - beta1), param.dtype.type(beta2), param.dtype.type(1 - beta2), param.dtype.type(eps)
    for block in prange((param.size + BLOCK - 1) // BLOCK):
        begin = np.int64(block) * BLOCK
        end = min(begin + BLOCK, param.size)
        p, g, m, v = param[begin:end], grad[begin:end], exp_avg[begin:end], exp_avg_sq[begin:end]
        largest = max_exp_avg_sq[begin:end] if amsgrad else v
        for i in range(p.size):
            value = p[i] * shrink
            slope = -g[i] if maximize else g[i]
            slope = slope + decay * value if decays else slope
            m[i] += new1 * (slope - m[i])
            v[i] = v[i] * kept2 + new2 * slope * slope
            if amsgrad:
                largest[i] = largest[i] if largest[i] >= v[i] else v[i]     # a NaN goes on
            p[i] = value - size * m[i] / (math.sqrt(largest[i]) / root + eps)
