"""Loops for any reduction, over rows or over columns; the variance; the extremes with their places.

Arrays are C-contiguous: x is (outer, n) or (outer, n, inner), n goes away. Whatever is longer than a block is reduced
block by block, and the blocks' partial results are combined in their order: the shape alone decides, so the bits do not
depend on the number of threads.
"""
from __future__ import annotations

import functools
import math

import numpy as np

from ..compile import REASSOCIATE, Kernel, inlined, kernel, prange
from ..formulas import half, order
from ..formulas.reduction import reduction

BLOCK = 1 << 13                 # elements of a row reduced at once
LANES = 64                      # accumulators at least, where a column loop can have them
WIDTH = 1 << 10                 # columns of a tile: their float64 accumulators stay in the L1 cache
PART = 1 << 9                   # elements compared without looking for the place
SHORT = 64                      # fewer elements are compared one by one
TASK = 1 << 14                  # elements at least, for a thread to take


@functools.cache
def reduce_rows(name: str, dtype: str) -> Kernel:
    """x (outer, n), numbers -> out (outer,): the reduction ``name`` of elements of the dtype with this character."""
    made, wide = reduction(name, dtype), accumulator(name, dtype)
    start, map_, combine, finish = made.start, made.map, made.combine, made.finish

    @inlined(fastmath=REASSOCIATE)
    def block_total(block, numbers):
        total = start
        for i in range(block.size):
            total = combine(total, map_(block[i], *numbers))
        return total

    @inlined(fastmath=REASSOCIATE)
    def block_total_in_pairs(block, numbers):
        total, pairs = start, block.size // 2
        left, right = block[:pairs], block[pairs:2 * pairs]
        for i in range(left.size):
            total = combine(total, combine(map_(left[i], *numbers), map_(right[i], *numbers)))
        return combine(total, map_(block[block.size - 1], *numbers)) if block.size % 2 else total

    total_of = block_total_in_pairs if made.in_pairs else block_total

    @inlined(fastmath=REASSOCIATE)
    def combined(partials):
        total = start
        for i in range(partials.size):
            total = combine(total, partials[i])
        return total

    def loop(x, numbers, out):
        outer, n = x.shape
        blocks = max(1, (n + BLOCK - 1) // BLOCK)
        if blocks == 1:
            for row in prange(outer):
                out[row] = finish(total_of(x[row], numbers), n, *numbers)
        else:
            partials = np.empty(outer * blocks, wide)
            for task in prange(outer * blocks):
                row, block = divided(task, blocks)
                partials[task] = total_of(x[row, block * BLOCK:min(n, (block + 1) * BLOCK)], numbers)
            for row in range(outer):
                out[row] = finish(combined(partials[row * blocks:(row + 1) * blocks]), n, *numbers)
    return Kernel(loop, f"{name}_rows")


@functools.cache
def reduce_columns(name: str, dtype: str) -> Kernel:
    """x (outer, n, inner), numbers -> out (outer, inner): the reduction ``name`` over the middle dimension."""
    made, wide = reduction(name, dtype), accumulator(name, dtype)
    start, map_, combine, finish = made.start, made.map, made.combine, made.finish

    @inlined
    def tile_total(x, first, last, step, width, lanes, numbers, totals):
        """Reduce runs of ``lanes`` elements, ``step`` apart, and then the lanes of the same column."""
        for lane in range(lanes):
            totals[lane] = start
        left = first
        while left + 3 * step + lanes <= last:          # four runs at once: fewer loads and stores of the totals
            a, b = x[left:left + lanes], x[left + step:left + step + lanes]
            c, d = x[left + 2 * step:left + 2 * step + lanes], x[left + 3 * step:left + 3 * step + lanes]
            for lane in range(lanes):
                ab = combine(combine(totals[lane], map_(a[lane], *numbers)), map_(b[lane], *numbers))
                totals[lane] = combine(combine(ab, map_(c[lane], *numbers)), map_(d[lane], *numbers))
            left += 4 * step
        for rest in range(left, last, step):
            run = x[rest:min(rest + lanes, last)]
            for lane in range(run.size):
                totals[lane] = combine(totals[lane], map_(run[lane], *numbers))
        for lane in range(width, lanes):
            totals[lane % width] = combine(totals[lane % width], totals[lane])

    def loop(x, numbers, out):
        outer, n, inner = x.shape
        flat = x.reshape(-1)
        width, height, lanes, step = tile_of_columns(n, inner)
        across, down = (inner + width - 1) // width, max(1, (n + height - 1) // height)
        partials = np.empty((down if down > 1 else 0, outer, inner), wide)
        together = max(1, TASK // (width * min(n, height) + 1))
        tasks = outer * down * across
        for group in prange((tasks + together - 1) // together):
            totals = np.empty(lanes, wide)
            for task in range(np.int64(group) * together, min(tasks, (np.int64(group) + 1) * together)):
                row, tile = divided(task // across, down)
                left = (task % across) * width
                here, rows = min(width, inner - left), min(height, n - tile * height)
                first = (row * n + tile * height) * inner + left
                run = here if across > 1 else lanes
                last = first + ((rows - 1) * inner + here if rows > 0 else 0)
                tile_total(flat, first, last, step, here, run, numbers, totals)
                if down == 1:
                    for i in range(here):
                        out[row, left + i] = finish(totals[i], n, *numbers)
                else:
                    for i in range(here):
                        partials[tile, row, left + i] = totals[i]
        if down > 1:
            for row in range(outer):
                for i in range(inner):
                    total = partials[0, row, i]
                    for tile in range(1, down):
                        total = combine(total, partials[tile, row, i])
                    out[row, i] = finish(total, n, *numbers)
    return Kernel(loop, f"{name}_columns")


def accumulator(name: str, dtype: str) -> type:
    """What holds a reduction's partial results: int64 for integers, flags and keys, complex128 for complex numbers, else float64."""
    if dtype in "FD" and isinstance(reduction(name, dtype).start, complex):
        return np.complex128
    return np.float64 if dtype in "eEfd" and not isinstance(reduction(name, dtype).start, np.integer) else np.int64


@inlined
def divided(task, parts):
    """Quotient and remainder of a task's number."""
    task = np.int64(task)
    return task // parts, task % parts


@inlined
def tile_of_columns(n, inner):
    """Columns and rows of a tile, accumulators for it, and the step from one run of elements to the next.

    Few columns are walked as one run over several rows, so that the loop over accumulators is long enough to vectorize.
    """
    width = max(1, min(inner, WIDTH))
    height = max(128, 2 * TASK // width)
    if inner > WIDTH:
        return width, height, width, inner
    lanes = width * max(1, min(LANES // width, n))
    return width, height, lanes, lanes


@inlined(fastmath=REASSOCIATE)
def moments(block):
    """The mean of a block and the sum of squared distances from it; two passes over what the cache holds."""
    total, spread = 0.0, 0.0
    for i in range(block.size):
        total += block[i]
    mean = total / max(1, block.size)
    for i in range(block.size):
        spread += (block[i] - mean) * (block[i] - mean)
    return mean, spread


@inlined
def joined(count, mean, spread, more, its_mean, its_spread):
    """Mean and spread of two samples together (Chan, Golub and LeVeque 1979)."""
    apart, both = its_mean - mean, count + more
    return mean + apart * (more / both), spread + its_spread + apart * apart * (count / both * more)


@inlined
def variance(spread, degrees, as_deviation):
    """Of a spread and its degrees of freedom: the variance, or its root; 0/0 where nothing is left to divide by."""
    value = spread / max(degrees, 0.0)
    return math.sqrt(value) if as_deviation else value


@kernel
def var_mean_rows(x, correction, as_deviation, out, means):
    """x (outer, n) -> out (outer,): sum of squared distances from the mean over n - correction, or the root of it if
    ``as_deviation``; and means (outer,)."""
    outer, n = x.shape
    blocks = max(1, (n + BLOCK - 1) // BLOCK)
    partials = np.empty((outer if blocks > 1 else 0, blocks, 2))
    for task in prange(outer * blocks):
        row, block = divided(task, blocks)
        mean, spread = moments(x[row, block * BLOCK:min(n, (block + 1) * BLOCK)])
        if blocks > 1:
            partials[row, block, 0], partials[row, block, 1] = mean, spread
        else:
            means[row] = mean if n > 0 else np.nan
            out[row] = variance(spread, n - correction, as_deviation)
    if blocks > 1:
        for row in range(outer):
            mean, spread = partials[row, 0]
            for block in range(1, blocks):
                more = min(BLOCK, n - block * BLOCK)
                mean, spread = joined(block * BLOCK, mean, spread, more, partials[row, block, 0], partials[row, block, 1])
            means[row], out[row] = mean, variance(spread, n - correction, as_deviation)


@inlined
def tile_moments(x, first, rows, step, means, spreads):
    """`moments` of each column of a tile of ``rows`` runs, ``step`` apart."""
    means[:] = 0.0
    spreads[:] = 0.0
    for row in range(rows):
        run = x[first + row * step:first + row * step + means.size]
        for i in range(means.size):
            means[i] += run[i]
    for i in range(means.size):
        means[i] = means[i] / max(1, rows)
    for row in range(rows):
        run = x[first + row * step:first + row * step + means.size]
        for i in range(means.size):
            spreads[i] += (run[i] - means[i]) * (run[i] - means[i])


@kernel
def var_mean_columns(x, correction, as_deviation, out, means):
    """x (outer, n, inner) -> out and means (outer, inner), as `var_mean_rows` over the middle dimension."""
    outer, n, inner = x.shape
    flat = x.reshape(-1)
    width, height = max(1, min(inner, WIDTH)), max(128, 2 * TASK // max(1, min(inner, WIDTH)))
    across, down = (inner + width - 1) // width, max(1, (n + height - 1) // height)
    partials = np.empty((2, outer if inner else 0, down, inner))
    for task in prange(outer * down * across):
        row, tile = divided(task // across, down)
        left, rows = (task % across) * width, min(height, n - tile * height)
        right = min(left + width, inner)
        tile_moments(flat, (row * n + tile * height) * inner + left, rows, inner,
                     partials[0, row, tile, left:right], partials[1, row, tile, left:right])
    for row in range(outer):
        for i in range(inner):
            mean, spread = partials[0, row, 0, i], partials[1, row, 0, i]
            for tile in range(1, down):
                more = min(height, n - tile * height)
                mean, spread = joined(tile * height, mean, spread, more, partials[0, row, tile, i], partials[1, row, tile, i])
            means[row, i] = mean if n > 0 else np.nan
            out[row, i] = variance(spread, n - correction, as_deviation)


def key_of(name: str, dtype: str) -> tuple:
    """What makes of an element of a dtype a key that is larger for what is further towards "max" or "min", and the least key."""
    of_half = half.OF_CHARACTER.get(dtype, "")
    by = (order.ascending if name == "max" else order.descending)("f" if of_half else dtype)
    return half.loading(order.tied(by), of_half), by.least


@functools.cache
def extreme_rows(name: str, dtype: str) -> Kernel:
    """x (outer, n) -> values (outer,), places (outer,): the "max" or "min" of elements of a dtype and where it comes first."""
    key, least = key_of(name, dtype)

    @inlined
    def first_best(row):
        """The largest key and its first place: the maximum of each part, then a search in the first best part."""
        best, start = least, 0
        if row.size < SHORT:
            best, place = key(row[0]), 0
            for i in range(1, row.size):
                here = key(row[i])
                place = i if here > best else place
                best = here if here > best else best
            return best, place
        for left in range(0, row.size, PART):
            part, top = row[left:min(left + PART, row.size)], least
            for i in range(part.size):
                here = key(part[i])
                top = here if here > top else top
            if top > best:
                best, start = top, left
        for i in range(start, row.size):
            if key(row[i]) == best:
                return best, i
        return best, 0

    def loop(x, values, places):
        outer, n = x.shape
        blocks = (n + BLOCK - 1) // BLOCK
        keys, found = np.empty((outer if blocks > 1 else 0, blocks), np.int64), places.reshape(outer, 1)
        if blocks > 1:
            found = np.empty((outer, blocks), np.int64)
        for task in prange(outer * blocks):
            row, block = divided(task, blocks)
            best, at = first_best(x[row, block * BLOCK:min(n, (block + 1) * BLOCK)])
            found[row, block] = at
            if blocks > 1:
                keys[row, block] = best
            else:
                values[row] = x[row, at]
        if blocks > 1:
            for row in range(outer):
                best = 0
                for block in range(1, blocks):
                    best = block if keys[row, block] > keys[row, best] else best
                places[row] = best * BLOCK + found[row, best]
                values[row] = x[row, places[row]]
    return Kernel(loop, f"{name}_rows")


@functools.cache
def extreme_columns(name: str, dtype: str) -> Kernel:
    """x (outer, n, inner) -> values, places (outer, inner): as `extreme_rows` over the middle dimension."""
    key, least = key_of(name, dtype)
    word = type(least)

    @inlined
    def tile_best(x, first, rows, step, keys, places):
        for i in range(keys.size):
            keys[i], places[i] = least, 0
        for row in range(rows):
            run, at = x[first + row * step:first + row * step + keys.size], word(row)
            for i in range(keys.size):
                here = key(run[i])
                places[i] = at if here > keys[i] else places[i]
                keys[i] = here if here > keys[i] else keys[i]

    def loop(x, values, places):
        outer, n, inner = x.shape
        flat = x.reshape(-1)
        width, height = max(1, min(inner, WIDTH)), max(128, 2 * TASK // max(1, min(inner, WIDTH)))
        across, down = (inner + width - 1) // width, (n + height - 1) // height
        keys, found = np.empty((outer, down, inner), word), np.empty((outer, down, inner), word)
        for task in prange(outer * down * across):
            row, tile = divided(task // across, down)
            left, rows = (task % across) * width, min(height, n - tile * height)
            right = min(left + width, inner)
            tile_best(flat, (row * n + tile * height) * inner + left, rows, inner,
                      keys[row, tile, left:right], found[row, tile, left:right])
        for row in range(outer):
            for i in range(inner):
                best = 0
                for tile in range(1, down):
                    best = tile if keys[row, tile, i] > keys[row, best, i] else best
                places[row, i] = best * height + found[row, best, i]
                values[row, i] = x[row, places[row, i], i]
    return Kernel(loop, f"{name}_columns")
