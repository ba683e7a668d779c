"""Sums and maxima of bags of rows; the rows of bag b are those at index[bounds[b]:bounds[b + 1]].

``scale`` has a factor for each row named, or size 0. With ``mean``, sums are over the number of rows in the bag.
"""
from __future__ import annotations

import numpy as np

from ..compile import REASSOCIATE, inlined, kernel, prange
from .indexing import columns_of_task

BAGS = 8                        # bags, or rows, a thread takes at once


@inlined
def share_of(bag, bounds, mean, like):
    """What a row counts in its bag, but for its own factor; the number of rows may be 0 only where none asks."""
    return like.dtype.type(1) / like.dtype.type(max(1, bounds[bag + 1] - bounds[bag])) if mean else like.dtype.type(1)


@kernel
def bag_sums(weight, index, bounds, scale, mean, out):
    """weight (rows, width), index (m,), bounds (bags + 1,) -> out (bags, width)."""
    one, bags = out.dtype.type(1), out.shape[0]
    for block in prange((bags + BAGS - 1) // BAGS):
        for bag in range(np.int64(block) * BAGS, min((np.int64(block) + 1) * BAGS, bags)):
            target, share = out[bag], share_of(bag, bounds, mean, out)
            for j in range(target.size):
                target[j] = one - one
            for i in range(bounds[bag], bounds[bag + 1]):
                row = weight[index[i]]
                factor = share * scale[i] if scale.size > 0 else share
                for j in range(target.size):
                    target[j] += factor * row[j]


@kernel
def bag_sums_backward(grad, index, bounds, scale, mean, out):
    """Gradient of the weight of `bag_sums`; grad (bags, width), out (rows, width)."""
    width, one = out.shape[1], out.dtype.type(1)
    own = columns_of_task(width)
    for task in prange((width + own - 1) // own):
        left = np.int64(task) * own
        right = min(left + own, width)
        out[:, left:right] = one - one
        for bag in range(grad.shape[0]):
            values, share = grad[bag, left:right], share_of(bag, bounds, mean, out)
            for i in range(bounds[bag], bounds[bag + 1]):
                target = out[index[i], left:right]
                factor = share * scale[i] if scale.size > 0 else share
                for j in range(target.size):
                    target[j] += factor * values[j]


@inlined(fastmath=REASSOCIATE)
def inner(x, y):
    total = x.dtype.type(0)
    for j in range(x.size):
        total += x[j] * y[j]
    return total


@kernel
def bag_products(grad, weight, index, bounds, mean, out):
    """Gradient of the factors of `bag_sums`; grad (bags, width), weight (rows, width), out (m,)."""
    bags = grad.shape[0]
    for block in prange((bags + BAGS - 1) // BAGS):
        for bag in range(np.int64(block) * BAGS, min((np.int64(block) + 1) * BAGS, bags)):
            share = share_of(bag, bounds, mean, out)
            for i in range(bounds[bag], bounds[bag + 1]):
                out[i] = share * inner(grad[bag], weight[index[i]])


@kernel
def bag_maxima(weight, index, bounds, places, out):
    """The largest of each column of a bag, 0 if it is empty, in out (bags, width), and the row where it is first met, in places."""
    zero, bags = out.dtype.type(0), out.shape[0]
    for block in prange((bags + BAGS - 1) // BAGS):
        for bag in range(np.int64(block) * BAGS, min((np.int64(block) + 1) * BAGS, bags)):
            target, met, first = out[bag], places[bag], bounds[bag]
            for j in range(target.size):
                target[j], met[j] = zero, 0
            for i in range(first, bounds[bag + 1]):
                row, place = weight[index[i]], index[i]
                for j in range(target.size):
                    if i == first or row[j] > target[j]:
                        target[j], met[j] = row[j], place


@kernel
def bag_maxima_backward(grad, places, bounds, out):
    """Gradient of the weight of `bag_maxima`; grad and places (bags, width), out (rows, width)."""
    width, zero = out.shape[1], out.dtype.type(0)
    own = columns_of_task(width)
    for task in prange((width + own - 1) // own):
        left = np.int64(task) * own
        right = min(left + own, width)
        out[:, left:right] = zero
        for bag in range(grad.shape[0]):
            if bounds[bag + 1] > bounds[bag]:
                for j in range(left, right):
                    out[places[bag, j], j] += grad[bag, j]
