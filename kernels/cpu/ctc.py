"""Connectionist temporal classification: the probability of a labelling, summed over all of its alignments, in log space.

A target of S labels stands in ``labels`` with blanks around and between them (2 S + 1). ``hop`` (2 + 2 S + 1 + 2), from its third
number on, is 0 where an alignment may come from two labels before, and -inf where not. Sums over alignments that begin are kept in
``alpha`` (steps, 2 + 2 S + 1): its first two numbers are -inf, so that each state has two before it. (Graves et al. 2006)
"""
from __future__ import annotations

import math

import numpy as np

from ..compile import inlined, kernel, prange
from ..formulas.vector import exp, log


@inlined
def log_sum(a, b, c, least):
    """log(exp(a) + exp(b) + exp(c)) of numbers that may be -inf; ``least`` is the smallest finite one."""
    largest = max(max(a, b), max(c, least))
    return largest + log(exp(a - largest) + exp(b - largest) + exp(c - largest))


@inlined
def step(same, near, far, hop, scores, labels, out, least):
    """One step of a recursion: each state follows the ``same``, its neighbour ``near``, or, past ``hop``, the one behind that."""
    for s in range(out.size):
        out[s] = scores[labels[s]]
    for s in range(out.size):
        out[s] += log_sum(same[s], near[s], far[s] + hop[s], least)


@kernel
def ctc_loss(log_probs, labels, hop, input_lengths, target_lengths, alpha, loss):
    """Minus the log-probability of each target; log_probs (T, N, C), labels (N, 2 S + 1), alpha (N, T, 2 + 2 S + 1), loss (N,)."""
    nothing, least = loss.dtype.type(-math.inf), loss.dtype.type(-3e38)
    for n in prange(loss.size):
        states, steps = 2 * target_lengths[n] + 1, input_lengths[n]
        own, jump, sums = labels[n, :states], hop[n, 2:2 + states], alpha[n]
        if steps == 0:
            loss[n] = -nothing if target_lengths[n] else loss.dtype.type(0)
            continue
        sums[0] = nothing
        for s in range(min(2, states)):
            sums[0, 2 + s] = log_probs[0, n, own[s]]
        for t in range(1, steps):
            sums[t, :2] = nothing
            before = sums[t - 1]
            step(before[2:], before[1:], before, jump, log_probs[t, n], own, sums[t, 2:2 + states], least)
        last = sums[steps - 1, :2 + states]
        loss[n] = -log_sum(last[states + 1], last[states] if states > 1 else nothing, nothing, least)


@kernel
def ctc_loss_backward(grad, log_probs, labels, hop, input_lengths, target_lengths, alpha, loss, zero_infinity, out):
    """Gradient of `ctc_loss` for the scores whose log_softmax log_probs is; grad (N,), out like log_probs.

    It is the probability of each class less that of an alignment which passes it.
    """
    nothing, least = loss.dtype.type(-math.inf), loss.dtype.type(-3e38)
    zero = loss.dtype.type(0)
    for n in prange(loss.size):
        states, steps = 2 * target_lengths[n] + 1, input_lengths[n]
        if loss[n] == -nothing:
            for t in range(out.shape[0]):
                out[t, n] = zero if t >= steps or zero_infinity else loss.dtype.type(math.nan)
            continue
        for t in range(steps, out.shape[0]):
            out[t, n] = zero
        own, jump, sums = labels[n, :states], hop[n, 4:4 + states], alpha[n]
        beta, after, passing = np.full(states + 2, nothing), np.full(states + 2, nothing), np.empty(states, alpha.dtype)
        for t in range(steps - 1, -1, -1):
            scores, made = log_probs[t, n], out[t, n]
            if t == steps - 1:
                for s in range(max(0, states - 2), states):
                    beta[s] = scores[own[s]]
            else:
                beta, after = after, beta
                step(after, after[1:], after[2:], jump, scores, own, beta[:states], least)
            begun = sums[t, 2:2 + states]
            for s in range(states):
                passing[s] = scores[own[s]]
            for s in range(states):
                both = begun[s] + beta[s]
                passing[s] = zero if both == nothing else exp(both + loss[n] - passing[s])
            for c in range(made.size):
                made[c] = exp(scores[c])
            for s in range(states):
                made[own[s]] -= passing[s]
            for c in range(made.size):
                made[c] *= grad[n]
