"""Losses of class indices: negative log-likelihood, and cross entropy fused with its log-softmax.

``weight`` has one number a class, or size 0 if all classes weigh 1. Targets equal to ``ignore_index`` cost nothing; all
others must be in range (`first_bad_target` looks for one that is not). ``reduction`` is `NONE`, `MEAN` or `SUM`; for the
latter two ``out`` has one element, and a mean divides by the sum of the weights of the targets.
"""
from __future__ import annotations

import math

import numpy as np

from ..compile import inlined, kernel, prange
from ..formulas.vector import exp
from .softmax import LANES, largest_of, rows_together, sum_of_exponentials

NONE, MEAN, SUM = 0, 1, 2
BLOCK = 1 << 12                 # targets a thread takes at once


@kernel
def first_bad_target(target, classes, ignore_index, first):
    """The index of the first target (1-d) outside [0, classes) that is not to be ignored, or -1, in ``first`` (1,)."""
    blocks = (target.size + BLOCK - 1) // BLOCK
    found = np.full(blocks, -1)
    for block in prange(blocks):
        start = np.int64(block) * BLOCK
        for i in range(start, min(start + BLOCK, target.size)):
            if (target[i] < 0 or target[i] >= classes) and target[i] != ignore_index:
                found[block] = i
                break
    first[0] = -1
    for block in range(blocks):
        if found[block] >= 0:
            first[0] = found[block]
            break


@inlined
def weight_of(target, weight, ignore_index, one):
    """What a target weighs; ``one`` is 1 in the wanted dtype."""
    if target == ignore_index:
        return one - one
    return weight[target] if weight.size > 0 else one


@inlined
def finish(partial, reduction, out, total_weight):
    """Sum the blocks' (loss, weight) in their order into ``out`` and ``total_weight``."""
    loss, weight = 0.0, 0.0
    for block in range(partial.shape[0]):
        loss += partial[block, 0]
        weight += partial[block, 1]
    total_weight[0] = weight
    if reduction == MEAN:
        out[0] = loss / weight
    elif reduction == SUM:
        out[0] = loss


@kernel
def nll_loss(x, target, weight, ignore_index, reduction, out, total_weight):
    """Minus the weighted log-probability of each target; x is (N, C, inner), target (N, inner), out (N * inner) or (1,)."""
    inner, one = x.shape[2], x.dtype.type(1)
    blocks = (target.size + BLOCK - 1) // BLOCK
    partial = np.zeros((blocks, 2))
    for block in prange(blocks):
        start = np.int64(block) * BLOCK
        losses, weights = 0.0, 0.0
        n, i = start // inner, start % inner
        for k in range(start, min(start + BLOCK, target.size)):
            wanted = target[n, i]
            scale = weight_of(wanted, weight, ignore_index, one)
            loss = -scale * x[n, wanted, i] if wanted != ignore_index else one - one
            losses += loss
            weights += scale
            if reduction == NONE:
                out[k] = loss
            i += 1
            if i == inner:
                n, i = n + 1, 0
        partial[block, 0], partial[block, 1] = losses, weights
    finish(partial, reduction, out, total_weight)


@inlined
def share(grad, k, scale, reduction, total_weight):
    """The gradient of the loss of target ``k``, which weighs ``scale``."""
    if reduction == NONE:
        return scale * grad[k]
    return scale * grad[0] / total_weight[0] if reduction == MEAN else scale * grad[0]


@kernel
def nll_loss_backward(grad, target, weight, total_weight, ignore_index, reduction, out):
    """Gradient of `nll_loss` for its x; grad is (N * inner) or (1,), target (N, inner), out (N, C, inner)."""
    inner, one, zero = out.shape[2], out.dtype.type(1), out.dtype.type(0)
    columns = min(inner, BLOCK)
    blocks = (inner + columns - 1) // max(1, columns)
    for task in prange(out.shape[0] * blocks):
        n, first = np.int64(task) // blocks, np.int64(task) % blocks * columns
        end = min(first + columns, inner)
        if blocks == 1:
            out[n] = zero
        else:
            for c in range(out.shape[1]):
                out[n, c, first:end] = zero
        for i in range(first, end):
            wanted = target[n, i]
            if wanted != ignore_index:
                scale = weight_of(wanted, weight, ignore_index, one)
                out[n, wanted, i] = -share(grad, n * inner + i, scale, reduction, total_weight)


@kernel
def cross_entropy(x, target, weight, ignore_index, reduction, out, total_weight, normalizers):
    """`nll_loss` of the log-softmax of the rows of x (N, C); target is (N,), out (N,) or (1,).

    ``normalizers`` (N, 2) keeps what `cross_entropy_backward` needs: the largest number of each row, and the logarithm of
    the sum of exp(x - largest). Their sum alone would not do: it is rounded.
    """
    one = x.dtype.type(1)
    together, blocks = rows_together(x.shape[0], x.shape[1])
    partial = np.zeros((blocks, 2))
    for block in prange(blocks):
        lanes = np.empty(LANES, x.dtype)
        start = np.int64(block) * together
        losses, weights = 0.0, 0.0
        for n in range(start, min(start + together, x.shape[0])):
            row, wanted = x[n], target[n]
            largest = largest_of(row, lanes)
            rest = math.log(sum_of_exponentials(row, largest))
            normalizers[n, 0], normalizers[n, 1] = largest, rest
            scale = weight_of(wanted, weight, ignore_index, one)
            loss = scale * (rest - (row[wanted] - largest)) if wanted != ignore_index else one - one
            losses += loss
            weights += scale
            if reduction == NONE:
                out[n] = loss
        partial[block, 0], partial[block, 1] = losses, weights
    finish(partial, reduction, out, total_weight)


@kernel
def cross_entropy_backward(grad, x, target, weight, total_weight, normalizers, ignore_index, reduction, out):
    """Gradient of `cross_entropy` for its x; grad is (N,) or (1,), out (N, C)."""
    one = x.dtype.type(1)
    together, blocks = rows_together(x.shape[0], x.shape[1])
    for block in prange(blocks):
        start = np.int64(block) * together
        for n in range(start, min(start + together, x.shape[0])):
            row, result, wanted = x[n], out[n], target[n]
            if wanted == ignore_index:
                result[:] = one - one
                continue
            scale = share(grad, n, weight_of(wanted, weight, ignore_index, one), reduction, total_weight)
            largest, rest = normalizers[n, 0], normalizers[n, 1]
            for j in range(row.size):
                result[j] = scale * exp((row[j] - largest) - rest)
            result[wanted] -= scale
