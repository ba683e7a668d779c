"""Maximum and mean over any boxes of volumes, and what goes back to where it came from.

The boxes of a plane are all combinations of ranges along its three axes. ``along_d`` and its like are (2, sets, count): the first
and one past the last place of each range, in one set for all planes or in one set for each.
"""
from __future__ import annotations

import numpy as np

from ..compile import inlined, kernel, prange


@inlined
def keep_larger(row, place, largest, places):
    """Let every column see one more row, whose first element is at ``place``; a NaN is larger than any number."""
    for k in range(np.uint64(largest.size)):
        value = row[k]
        larger = (value > largest[k]) | (value != value)
        largest[k] = value if larger else largest[k]
        places[k] = place + np.int64(k) if larger else places[k]


@inlined
def largest_in_row(largest, places, first, end, step):
    """The largest of a row's elements and its place: the smallest place among equal ones, the largest among NaN."""
    best, where = largest[first], places[first]
    for k in range(np.uint64(first + step), np.uint64(end), np.uint64(step)):
        value, place = largest[k], places[k]
        if value > best or value == best and place < where or value != value and (best == best or place > where):
            best, where = value, place
    return best, where


@kernel
def max_of_windows(x, along_d, along_h, along_w, step_d, step_h, step_w, out, indices):
    """Largest element of each box and its place in the plane; x is (planes, D, H, W), out and indices (planes, Do, Ho, Wo).

    Boxes hold every ``step``-th place of their ranges. Among equal elements the first is taken, and a NaN before any number.
    The rows of a row of boxes are first made one, which reads adjacent numbers.
    """
    height, width, deep = x.shape[2], x.shape[3], out.shape[1]
    for task in prange(out.shape[0] * deep):
        plane, d = np.int64(task) // deep, np.int64(task) % deep
        ds, hs, ws = min(plane, along_d.shape[1] - 1), min(plane, along_h.shape[1] - 1), min(plane, along_w.shape[1] - 1)
        largest, places = np.empty(width, x.dtype), np.empty(width, np.int64)
        for h in range(out.shape[2]):
            first_d, first_h = along_d[0, ds, d], along_h[0, hs, h]
            for k in range(np.uint64(width)):
                largest[k] = x[plane, first_d, first_h, k]
                places[k] = (first_d * height + first_h) * width + np.int64(k)
            for a in range(first_d, along_d[1, ds, d], step_d):
                for b in range(first_h, along_h[1, hs, h], step_h):
                    if a > first_d or b > first_h:
                        keep_larger(x[plane, a, b], (a * height + b) * width, largest, places)
            made, found = out[plane, d, h], indices[plane, d, h]
            for w in range(made.size):
                made[w], found[w] = largest_in_row(largest, places, along_w[0, ws, w], along_w[1, ws, w], step_w)


@kernel
def mean_of_windows(x, along_d, along_h, along_w, count_d, count_h, count_w, divisor, out):
    """Sum of each box over ``divisor``, or if that is 0 over ``count_d[d] * count_h[h] * count_w[w]``.

    x is (planes, D, H, W), out is (planes, Do, Ho, Wo).
    """
    deep = out.shape[1]
    for task in prange(out.shape[0] * deep):
        plane, d = np.int64(task) // deep, np.int64(task) % deep
        for h in range(out.shape[2]):
            made = out[plane, d, h]
            made[:] = 0
            for a in range(along_d[0, 0, d], along_d[1, 0, d]):
                for b in range(along_h[0, 0, h], along_h[1, 0, h]):
                    row = x[plane, a, b]
                    for w in range(made.size):
                        total = made[w]
                        for k in range(np.uint64(along_w[0, 0, w]), np.uint64(along_w[1, 0, w])):
                            total += row[k]
                        made[w] = total
            for w in range(made.size):
                made[w] = made[w] / (divisor if divisor > 0 else max(1, count_d[d] * count_h[h] * count_w[w]))


@kernel
def mean_of_windows_backward(grad, along_d, along_h, along_w, count_d, count_h, count_w, divisor, out):
    """Each box's gradient, shared by its elements; grad is (planes, Do, Ho, Wo), out is (planes, D, H, W)."""
    for p in prange(out.shape[0]):
        plane = np.int64(p)
        volume = out[plane]
        volume[:] = 0
        share = np.empty(grad.shape[3], out.dtype)
        for d in range(grad.shape[1]):
            for h in range(grad.shape[2]):
                for w in range(share.size):
                    share[w] = grad[plane, d, h, w] / (divisor if divisor > 0 else max(1, count_d[d] * count_h[h] * count_w[w]))
                for a in range(along_d[0, 0, d], along_d[1, 0, d]):
                    for b in range(along_h[0, 0, h], along_h[1, 0, h]):
                        row = volume[a, b]
                        for w in range(share.size):
                            for k in range(np.uint64(along_w[0, 0, w]), np.uint64(along_w[1, 0, w])):
                                row[k] += share[w]


@kernel
def put_at_places(x, places, out):
    """Zeros, and elements at the places of their plane that are theirs; x and places are (planes, windows), out (planes, size)."""
    for p in prange(out.shape[0]):
        plane = np.int64(p)
        given, place, wanted = x[plane], places[plane], out[plane]
        wanted[:] = 0
        for i in range(given.size):
            wanted[np.uint64(place[i])] = given[i]
