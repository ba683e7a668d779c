"""Running totals and running extremes: a thread a row or a column, from its beginning to its end.

Long single rows are therefore slow: they want a scan of blocks.
"""
from __future__ import annotations

import functools

from ..cpu.scan import SCANS
from ..formulas import order
from ..formulas.reduction import reduction
from .block import a_thread_an_element
from .launch import BLOCKS, THREADS, Kernel, cuda
from .reduction import accumulator


def a_thread_a_row(*args):
    """Geometry with a thread for each row of the first argument."""
    return (min(BLOCKS, -(-args[0].shape[0] // THREADS)), 1, 1), (THREADS, 1, 1)


@functools.cache
def scan_rows(name: str, dtype: str) -> Kernel:
    """x (outer, n) -> out (outer, n): "cumsum" or "cumprod" of elements of the dtype with this character."""
    whole, combine = SCANS[name]
    start, wide = reduction(whole, dtype).start, accumulator(whole, dtype)

    def loop(x, out):
        for row in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
            total = wide(start)
            for i in range(x.shape[1]):
                total = combine(total, wide(x[row, i]))
                out[row, i] = total
    return Kernel(loop, f"{name}_rows", a_thread_a_row)


@functools.cache
def scan_columns(name: str, dtype: str) -> Kernel:
    """x (outer, n, inner) -> out of the same shape: "cumsum" or "cumprod" along the middle dimension."""
    whole, combine = SCANS[name]
    start, wide = reduction(whole, dtype).start, accumulator(whole, dtype)

    def loop(x, out):
        outer, n, inner = x.shape
        for place in range(cuda.grid(1), outer * inner, cuda.gridsize(1)):
            row, j, total = place // inner, place % inner, wide(start)
            for i in range(n):
                total = combine(total, wide(x[row, i, j]))
                out[row, i, j] = total
    return Kernel(loop, f"{name}_columns", a_thread_an_element(0))


@functools.cache
def extreme_scan_rows(name: str, dtype: str) -> Kernel:
    """x (outer, n) -> values, places (outer, n): "cummax" or "cummin" so far and its latest place. NaN stays."""
    by = order.ascending(dtype) if name == "cummax" else order.descending(dtype)
    key = by.key

    def loop(x, values, places):
        for row in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
            place = 0
            for i in range(x.shape[1]):
                if key(order.canonical(x[row, i])) >= key(order.canonical(x[row, place])):
                    place = i
                values[row, i], places[row, i] = x[row, place], place
    return Kernel(loop, f"{name}_rows", a_thread_a_row)


@functools.cache
def extreme_scan_columns(name: str, dtype: str) -> Kernel:
    """x (outer, n, inner) -> values, places of the same shape: as `extreme_scan_rows` along the middle dimension."""
    by = order.ascending(dtype) if name == "cummax" else order.descending(dtype)
    key = by.key

    def loop(x, values, places):
        outer, n, inner = x.shape
        for at in range(cuda.grid(1), outer * inner, cuda.gridsize(1)):
            row, j, place = at // inner, at % inner, 0
            for i in range(n):
                if key(order.canonical(x[row, i, j])) >= key(order.canonical(x[row, place, j])):
                    place = i
                values[row, i, j], places[row, i, j] = x[row, place, j], place
    return Kernel(loop, f"{name}_columns", a_thread_an_element(0))
