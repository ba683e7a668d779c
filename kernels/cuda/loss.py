"""Losses of class indices; ``weight``, ``ignore_index`` and ``reduction`` are those of ``cpu/loss.py``."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..formulas.vector import exp
from .block import a_row_of_threads, composed, first_task, next_task, one_block, row_max, row_sum
from .launch import THREADS, Kernel, Shape, cuda, kernel
from .reduction import empty_beside
from .softmax import exponentials, largest_of

NONE, MEAN, SUM = 0, 1, 2
PARTS = 64                      # blocks that sum losses apart


@kernel(geometry=one_block)
def first_bad_target(target, classes, ignore_index, first):
    """The index of the first target (1-d) outside [0, classes) that is not to be ignored, or -1, in ``first`` (1,)."""
    shared = cuda.shared.array(THREADS, np.int64)
    place = -target.size
    for i in range(cuda.threadIdx.x, target.size, cuda.blockDim.x):
        if (target[i] < 0 or target[i] >= classes) and target[i] != ignore_index:
            place = -i
            break
    nearest = row_max(shared, place)
    if cuda.threadIdx.x == 0:
        first[0] = -nearest if nearest > -target.size else -1


def weight_of(target, weight, ignore_index, one):
    """What a target weighs; ``one`` is 1 in the wanted dtype."""
    if target == ignore_index:
        return one - one
    return weight[target] if weight.size > 0 else one


def sum_parts(partial, reduction, out, total_weight):
    """Sum losses and weights (parts, 2) into ``out`` and ``total_weight``."""
    shared = cuda.shared.array(THREADS, np.float64)
    losses, weights = 0.0, 0.0
    for i in range(cuda.threadIdx.x, partial.shape[0], cuda.blockDim.x):
        losses += partial[i, 0]
        weights += partial[i, 1]
    loss = row_sum(shared, losses)
    weight = row_sum(shared, weights)
    if cuda.threadIdx.x == 0:
        total_weight[0] = weight
        if reduction == MEAN:
            out[0] = loss / weight
        elif reduction == SUM:
            out[0] = loss


def nll_parts(x, target, weight, ignore_index, reduction, out, partial):
    """Losses of all targets, or their sums and their weights' for each block, in ``partial`` (blocks, 2)."""
    shared = cuda.shared.array(THREADS, np.float64)
    inner, one = x.shape[2], x.dtype.type(1)
    losses, weights = 0.0, 0.0
    for k in range(cuda.grid(1), target.size, cuda.gridsize(1)):
        n, i = k // inner, k % inner
        wanted = target[n, i]
        scale = weight_of(wanted, weight, ignore_index, one)
        loss = one - one
        if wanted != ignore_index:
            loss = -scale * x[n, wanted, i]
        losses += loss
        weights += scale
        if reduction == NONE:
            out[k] = loss
    loss_sum = row_sum(shared, losses)
    weight_sum = row_sum(shared, weights)
    if cuda.threadIdx.x == 0:
        partial[cuda.blockIdx.x, 0], partial[cuda.blockIdx.x, 1] = loss_sum, weight_sum


def a_block_a_part(*args: Any) -> tuple[Shape, Shape]:
    return (args[-1].shape[0], 1, 1), (THREADS, 1, 1)


loss_parts, loss_sum = Kernel(nll_parts, "nll_parts", a_block_a_part), Kernel(sum_parts, "loss_sum", one_block)


@composed
def nll_loss(x, target, weight, ignore_index, reduction, out, total_weight):
    """Minus the weighted log-probability of each target; x is (N, C, inner), target (N, inner), out (N * inner) or (1,)."""
    partial = empty_beside(x, (max(1, min(PARTS, -(-target.size // THREADS))), 2), np.float64)
    loss_parts(x, target, weight, ignore_index, reduction, out, partial)
    loss_sum(partial, reduction, out, total_weight)


def share(grad, k, scale, reduction, total_weight):
    """The gradient of the loss of target ``k``, which weighs ``scale``."""
    if reduction == NONE:
        return scale * grad[k]
    return scale * grad[0] / total_weight[0] if reduction == MEAN else scale * grad[0]


@kernel
def nll_loss_backward(grad, target, weight, total_weight, ignore_index, reduction, out):
    """Gradient of `nll_loss` for its x; grad is (N * inner) or (1,), target (N, inner), out (N, C, inner)."""
    classes, inner, one = out.shape[1], out.shape[2], out.dtype.type(1)
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        n, c, i = place // (classes * inner), place // inner % classes, place % inner
        wanted, value = target[n, i], one - one
        if wanted == c and wanted != ignore_index:
            value = -share(grad, n * inner + i, weight_of(wanted, weight, ignore_index, one), reduction, total_weight)
        out[n, c, i] = value


def cross_entropy_rows(x, target, weight, ignore_index, reduction, out, normalizers, partial):
    """The normalizers, loss and weight of each row."""
    shared = cuda.shared.array(THREADS, np.float64)
    one = x.dtype.type(1)
    for task in range(first_task(), x.shape[0], next_task()):
        row = task + cuda.threadIdx.y
        largest = x.dtype.type(row_max(shared, largest_of(x, row)))
        total = row_sum(shared, exponentials(x, row, largest))
        if row < x.shape[0] and cuda.threadIdx.x == 0:
            rest = x.dtype.type(math.log(total))
            wanted, loss = target[row], one - one
            scale = weight_of(wanted, weight, ignore_index, one)
            if wanted != ignore_index:
                loss = scale * (rest - (x[row, wanted] - largest))
            normalizers[row, 0], normalizers[row, 1] = largest, rest
            partial[row, 0], partial[row, 1] = loss, scale
            if reduction == NONE:
                out[row] = loss


entropy_rows = Kernel(cross_entropy_rows, "cross_entropy_rows", a_row_of_threads(0))


@composed
def cross_entropy(x, target, weight, ignore_index, reduction, out, total_weight, normalizers):
    """`nll_loss` of the log-softmax of the rows of x (N, C); target is (N,), out (N,) or (1,).

    ``normalizers`` (N, 2) keeps what `cross_entropy_backward` needs: the largest number of each row, and the logarithm of
    the sum of exp(x - largest).
    """
    partial = empty_beside(x, (x.shape[0], 2), np.float64)
    entropy_rows(x, target, weight, ignore_index, reduction, out, normalizers, partial)
    loss_sum(partial, reduction, out, total_weight)


@kernel
def cross_entropy_backward(grad, x, target, weight, total_weight, normalizers, ignore_index, reduction, out):
    """Gradient of `cross_entropy` for its x; grad is (N,) or (1,), out (N, C)."""
    classes, one = x.shape[1], x.dtype.type(1)
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        n, j = place // classes, place % classes
        wanted, value = target[n], one - one
        if wanted != ignore_index:
            scale = share(grad, n, weight_of(wanted, weight, ignore_index, one), reduction, total_weight)
            value = scale * exp((x[n, j] - normalizers[n, 0]) - normalizers[n, 1])
            if wanted == j:
                value -= scale
        out[n, j] = value
