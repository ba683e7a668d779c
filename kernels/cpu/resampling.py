"""Rows made of weighted sums of other rows: interpolation along one dimension."""
from __future__ import annotations

import numpy as np

from ..compile import inlined, kernel, prange


@inlined
def resample_row(row, places, weights, made):
    """A row's weighted sums, where elements, not rows, are summed."""
    for i in range(made.size):
        total = weights[i, 0] * row[np.uint64(places[i, 0])]
        for k in range(1, places.shape[1]):
            total += weights[i, k] * row[np.uint64(places[i, k])]
        made[i] = total


@kernel
def resample_last(x, places, weights, out):
    """`resample` with inner = 1; x is (outer, size), out (outer, count)."""
    for outer in prange(out.shape[0]):
        resample_row(x[outer], places, weights, out[outer])


@kernel
def resample(x, places, weights, out):
    """``out[o, i] = sum over k of weights[i, k] * x[o, places[i, k]]``; x is (outer, size, inner), places and weights (count, taps)."""
    count, taps = places.shape
    for task in prange(out.shape[0] * count):
        outer, i = np.int64(task) // count, np.int64(task) % count
        made = out[outer, i]
        source, weight = x[outer, places[i, 0]], weights[i, 0]
        for j in range(made.size):
            made[j] = weight * source[j]
        for k in range(1, taps):
            source, weight = x[outer, places[i, k]], weights[i, k]
            for j in range(made.size):
                made[j] += weight * source[j]


@kernel
def resample_backward(grad, places, weights, out):
    """The transpose of `resample`: out (outer, size, inner) of grad (outer, count, inner)."""
    count, taps = places.shape
    for outer in prange(out.shape[0]):
        image = out[outer]
        image[:] = 0
        for i in range(count):
            for k in range(taps):
                target, source, weight = image[places[i, k]], grad[outer, i], weights[i, k]
                for j in range(target.size):
                    target[j] += weight * source[j]
