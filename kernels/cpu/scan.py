"""Running totals and running extremes, over rows or over columns.

Arrays are C-contiguous: x and the results are (outer, n) or (outer, n, inner), and run over n. Floats are added up in
float64, integers in int64. Long rows are scanned block by block, each from the total of those before it.
"""
from __future__ import annotations

import functools

import numpy as np

from ..compile import REASSOCIATE, Kernel, inlined, prange
from ..formulas import order
from ..formulas.reduction import reduction
from .reduction import accumulator, divided

BLOCK = 1 << 13                 # elements of a row scanned at once
WIDTH = 1 << 10                 # columns a thread scans at once


@inlined
def plus(a, b):
    return a + b


@inlined
def times(a, b):
    return a * b


SCANS = {"cumsum": ("sum", plus), "cumprod": ("prod", times)}


@functools.cache
def scan_rows(name: str, dtype: str) -> Kernel:
    """x (outer, n) -> out (outer, n): "cumsum" or "cumprod" of elements of the dtype with this character."""
    whole, combine = SCANS[name]
    start, combine_any_way, wide = reduction(whole, dtype).start, reduction(whole, dtype).combine, accumulator(whole, dtype)

    @inlined(fastmath=REASSOCIATE)
    def block_total(block):
        total = wide(start)
        for i in range(block.size):
            total = combine_any_way(total, block[i])
        return total

    @inlined
    def scan_block(block, before, out):
        """Four elements a step, so that the additions that wait for one another are one in four."""
        fours = block.size // 4
        for four in range(fours):
            i = 4 * four
            a, b, c, d = wide(block[i]), wide(block[i + 1]), wide(block[i + 2]), wide(block[i + 3])
            ab = combine(a, b)
            out[i] = combine(before, a)
            out[i + 1] = combine(before, ab)
            out[i + 2] = combine(before, combine(ab, c))
            before = combine(before, combine(ab, combine(c, d)))
            out[i + 3] = before
        for i in range(4 * fours, block.size):
            before = combine(before, wide(block[i]))
            out[i] = before

    def loop(x, out):
        outer, n = x.shape
        blocks = (n + BLOCK - 1) // BLOCK
        before = np.empty((outer if blocks > 1 else 0, blocks), wide)
        if blocks > 1:
            for task in prange(outer * blocks):
                row, block = divided(task, blocks)
                before[row, block] = block_total(x[row, block * BLOCK:min(n, (block + 1) * BLOCK)])
            for row in range(outer):
                total = wide(start)
                for block in range(blocks):
                    total, before[row, block] = combine(total, before[row, block]), total
        for task in prange(outer * blocks):
            row, block = divided(task, blocks)
            left, right = block * BLOCK, min(n, (block + 1) * BLOCK)
            scan_block(x[row, left:right], before[row, block] if blocks > 1 else wide(start), out[row, left:right])
    return Kernel(loop, f"{name}_rows")


@functools.cache
def scan_columns(name: str, dtype: str) -> Kernel:
    """x (outer, n, inner) -> out of the same shape: "cumsum" or "cumprod" along the middle dimension."""
    whole, combine = SCANS[name]
    start, wide = reduction(whole, dtype).start, accumulator(whole, dtype)

    @inlined
    def scan_run(totals, run, out):
        for i in range(totals.size):
            totals[i] = combine(totals[i], run[i])
            out[i] = totals[i]

    def loop(x, out):
        outer, n, inner = x.shape
        across = (inner + WIDTH - 1) // WIDTH
        for task in prange(outer * across):
            row, tile = divided(task, across)
            left, right = tile * WIDTH, min(inner, (tile + 1) * WIDTH)
            totals = np.full(right - left, start, wide)
            for i in range(n):
                scan_run(totals, x[row, i, left:right], out[row, i, left:right])
    return Kernel(loop, f"{name}_columns")


@functools.cache
def extreme_scan_rows(name: str, dtype: str) -> Kernel:
    """x (outer, n) -> values, places (outer, n): "cummax" or "cummin" so far and its latest place. NaN stays."""
    by = order.ascending(dtype) if name == "cummax" else order.descending(dtype)
    key, least = by.key, by.least

    @inlined
    def scan(x, values, places):
        best, place = least, 0
        for i in range(x.size):
            here = key(order.canonical(x[i]))
            place = i if here >= best else place
            best = here if here >= best else best
            values[i], places[i] = x[place], place

    def loop(x, values, places):
        for row in prange(x.shape[0]):
            scan(x[row], values[row], places[row])
    return Kernel(loop, f"{name}_rows")


@functools.cache
def extreme_scan_columns(name: str, dtype: str) -> Kernel:
    """x (outer, n, inner) -> values, places of the same shape: as `extreme_scan_rows` along the middle dimension."""
    by = order.ascending(dtype) if name == "cummax" else order.descending(dtype)
    key = by.key

    @inlined
    def scan_run(x, place, values, places, before, places_before):
        for i in range(x.size):
            later = key(order.canonical(x[i])) >= key(order.canonical(before[i]))
            values[i] = x[i] if later else before[i]
            places[i] = place if later else places_before[i]

    def loop(x, values, places):
        outer, n, inner = x.shape
        across = (inner + WIDTH - 1) // WIDTH if n > 0 else 0
        for task in prange(outer * across):
            row, tile = divided(task, across)
            left, right = tile * WIDTH, min(inner, (tile + 1) * WIDTH)
            values[row, 0, left:right] = x[row, 0, left:right]
            places[row, 0, left:right] = 0
            for i in range(1, n):
                scan_run(x[row, i, left:right], i, values[row, i, left:right], places[row, i, left:right],
                         values[row, i - 1, left:right], places[row, i - 1, left:right])
    return Kernel(loop, f"{name}_columns")
