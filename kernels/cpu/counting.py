"""Places in sorted rows, and counts of whole numbers and of intervals."""
from __future__ import annotations

import numpy as np

from ..compile import inlined, kernel, prange
from .reduction import divided


@inlined
def place_in(row, value, right):
    """How many elements of a sorted row come before ``value``, those equal to it included if ``right``; NaN is past all."""
    left, size = 0, row.size
    while size > 0:
        half = size // 2
        middle = row[left + half]
        before = not (middle > value) if right else not (middle >= value)
        left = left + half + 1 if before else left
        size = size - half - 1 if before else half
    return left


@kernel
def searchsorted(ordered, values, right, out):
    """ordered (outer or 1, n) rows in order, values (outer, m) -> out (outer, m): where each value would be put in."""
    outer, m = values.shape
    pieces = (m + 1023) // 1024
    for task in prange(outer * pieces):
        row, piece = divided(task, pieces)
        among = ordered[row if ordered.shape[0] > 1 else 0]
        for i in range(piece * 1024, min(m, (piece + 1) * 1024)):
            out[row, i] = place_in(among, values[row, i], right)


@inlined
def parts_for(size, bins):
    """Into how many parts a count splits: the shape alone decides."""
    return 8 if size > 16 * bins and size > 1 << 15 else 1


@inlined
def add_rows(counts, out):
    for i in range(out.size):
        total = 0
        for part in range(counts.shape[0]):
            total += counts[part, i]
        out[i] = total


@inlined
def count_into(part, counts):
    for i in range(part.size):
        counts[part[i]] += 1


@kernel
def bincount(x, out):
    """x (size,) of integers in [0, bins) -> out (bins,): how often each comes."""
    parts = parts_for(x.size, out.size)
    counts, long = np.zeros((parts, out.size), np.int64), (x.size + parts - 1) // parts
    for part in prange(parts):
        left = np.int64(part) * long
        count_into(x[left:min(left + long, x.size)], counts[part])
    add_rows(counts, out)


@kernel
def bincount_weighted(x, weights, out):
    """x (size,) of integers in [0, bins), weights (size,) -> out (bins,): the sum of the weights of each."""
    out[:] = 0
    for i in range(x.size):
        out[x[i]] += weights[i]


@inlined
def bin_of(x, lower, scale, bins):
    """The interval in which x lies; the last one holds its end, too."""
    return min(bins - 1, np.int64((x - lower) * scale))


@inlined
def count_between(part, lower, upper, counts):
    scale = counts.size / (upper - lower)
    for i in range(part.size):
        x = np.float64(part[i])
        if lower <= x and x <= upper:
            counts[bin_of(x, lower, scale, counts.size)] += 1


@kernel
def histc(x, lower, upper, out):
    """x (size,) -> out (bins,): how many elements lie in each of equal parts of [lower, upper]; others are left out."""
    parts = parts_for(x.size, out.size)
    counts, long = np.zeros((parts, out.size), np.int64), (x.size + parts - 1) // parts
    for part in prange(parts):
        left = np.int64(part) * long
        count_between(x[left:min(left + long, x.size)], lower, upper, counts[part])
    add_rows(counts, out)
