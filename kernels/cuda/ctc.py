"""Connectionist temporal classification: a block a sequence, a thread a state. Arrays are those of ``cpu/ctc.py``."""
import math

from ..cpu.ctc import log_sum
from ..formulas.vector import exp
from .block import a_block_for_each, composed
from .launch import Kernel, cuda, kernel
from .reduction import empty_beside


@kernel(geometry=a_block_for_each(6))
def ctc_loss(log_probs, labels, hop, input_lengths, target_lengths, alpha, loss):
    """Minus the log-probability of each target; log_probs (T, N, C), labels (N, 2 S + 1), alpha (N, T, 2 + 2 S + 1), loss (N,)."""
    nothing, least = loss.dtype.type(-math.inf), loss.dtype.type(-3e38)
    for n in range(cuda.blockIdx.x, loss.size, cuda.gridDim.x):
        states, steps = 2 * target_lengths[n] + 1, input_lengths[n]
        for t in range(steps):
            cuda.syncthreads()
            for s in range(cuda.threadIdx.x, states + 2, cuda.blockDim.x):
                value = nothing
                if s >= 2 and t > 0:
                    value = log_probs[t, n, labels[n, s - 2]] + log_sum(alpha[n, t - 1, s], alpha[n, t - 1, s - 1],
                                                                        alpha[n, t - 1, s - 2] + hop[n, s], least)
                elif 2 <= s < 4:
                    value = log_probs[t, n, labels[n, s - 2]]
                alpha[n, t, s] = value
        cuda.syncthreads()
        if cuda.threadIdx.x == 0:
            if steps == 0:
                loss[n] = -nothing if target_lengths[n] > 0 else loss.dtype.type(0)
            else:
                before = alpha[n, steps - 1, states] if states > 1 else nothing
                loss[n] = -log_sum(alpha[n, steps - 1, states + 1], before, nothing, least)


def gradients(grad, log_probs, labels, hop, input_lengths, target_lengths, alpha, loss, zero_infinity, beta, out):
    """`ctc_loss_backward`; beta (N, 2, 2 S + 3) holds sums over alignments that end, of this step and the one after."""
    nothing, least = loss.dtype.type(-math.inf), loss.dtype.type(-3e38)
    zero, classes = loss.dtype.type(0), out.shape[2]
    for n in range(cuda.blockIdx.x, loss.size, cuda.gridDim.x):
        states, steps = 2 * target_lengths[n] + 1, input_lengths[n]
        lost = loss[n] == -nothing
        for place in range(cuda.threadIdx.x, out.shape[0] * classes, cuda.blockDim.x):
            if lost or place // classes >= steps:
                kept = place // classes >= steps or zero_infinity
                out[place // classes, n, place % classes] = zero if kept else loss.dtype.type(math.nan)
        for t in range(-1 if lost else steps - 1, -1, -1):
            now, after = t % 2, (t + 1) % 2
            for c in range(cuda.threadIdx.x, classes, cuda.blockDim.x):
                out[t, n, c] = exp(log_probs[t, n, c])
            cuda.syncthreads()
            for s in range(cuda.threadIdx.x, states + 2, cuda.blockDim.x):
                value = nothing
                if s < states:
                    score = log_probs[t, n, labels[n, s]]
                    if t < steps - 1:
                        value = score + log_sum(beta[n, after, s], beta[n, after, s + 1], beta[n, after, s + 2] + hop[n, s + 4], least)
                    elif s >= states - 2:
                        value = score
                    both = alpha[n, t, s + 2] + value
                    if both != nothing:
                        cuda.atomic.add(out, (t, n, labels[n, s]), -exp(both + loss[n] - score))
                beta[n, now, s] = value
            cuda.syncthreads()
            for c in range(cuda.threadIdx.x, classes, cuda.blockDim.x):
                out[t, n, c] *= grad[n]


backward = Kernel(gradients, "ctc_gradients", a_block_for_each(7))


@composed
def ctc_loss_backward(grad, log_probs, labels, hop, input_lengths, target_lengths, alpha, loss, zero_infinity, out):
    """Gradient of `ctc_loss` for the scores whose log_softmax log_probs is; grad (N,), out like log_probs.

    It is the probability of each class less that of an alignment which passes it.
    """
    beta = empty_beside(alpha, (alpha.shape[0], 2, alpha.shape[2]), alpha.dtype)
    backward(grad, log_probs, labels, hop, input_lengths, target_lengths, alpha, loss, zero_infinity, beta, out)
