"""Loops for any reduction, over rows or over columns, of the same four functions as on the CPU.

x is (outer, n) or (outer, n, inner), and n goes away. Where there are few results of many elements each, n is cut into
chunks (by the shape alone, so the bits are the same on any device), and a second launch reduces the chunks' results.
"""
from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..cpu.reduction import accumulator, variance
from ..formulas import order
from ..formulas.reduction import reduction
from .block import WARP, a_row_of_threads, first_task, for_rows, next_task, power_of_two, row_moments
from .launch import BLOCKS, THREADS, Kernel, Shape, cuda, kernel

CHUNK = 1 << 12                 # elements of a chunk at least
TASKS = 1 << 10                 # chunks in all at most, and enough to occupy a device


def unchanged(value, *others):
    return value


def chunks_of(n: int, results: int) -> int:
    """Into how many chunks n elements are cut where there are so many results."""
    return max(1, min(n // CHUNK, TASKS // max(1, results)))


class Reduce:
    """A reduction in one launch, or in two where x is cut into chunks."""

    def __init__(self, name: str, dtype: str, loop: Callable, geometry: Callable):
        made, self.wide = reduction(name, dtype), accumulator(name, dtype)
        self.name = f"{name}_{'rows' if loop is rows_loop else 'columns'}"
        self.partial = Kernel(loop(made.start, made.map, made.combine, unchanged, self.wide), f"{self.name}_part", geometry)
        self.last = Kernel(loop(made.start, unchanged, made.combine, made.finish, self.wide), f"{self.name}_last", geometry)
        self.whole = Kernel(loop(made.start, made.map, made.combine, made.finish, self.wide), self.name, geometry)

    def __repr__(self) -> str:
        return f"<kernel {self.name} of CUDA>"

    def __call__(self, x: Any, numbers: tuple, out: Any, work: int | None = None) -> None:
        outer, n, *inner = x.shape
        chunks = chunks_of(n, out.size)
        results = out.reshape(outer, *inner)
        if chunks == 1:
            self.whole(x, 1, n, numbers, results)
            return
        partials = empty_beside(x, (outer * chunks, *inner), self.wide)
        self.partial(x, chunks, n, numbers, partials)
        self.last(partials.reshape(outer, chunks, *inner), 1, n, numbers, results)


def empty_beside(x: Any, shape: tuple[int, ...], dtype: type) -> Any:
    """An array of the same kind as x, on the same device."""
    if isinstance(x, np.ndarray):
        return np.empty(shape, dtype)
    import cupy

    return cupy.empty(shape, dtype)


def rows_loop(start, map_, combine, finish, wide):
    def loop(x, chunks, count, numbers, out):
        """x (outer, n) -> out (outer * chunks,); neighbouring threads take neighbouring elements of a chunk."""
        shared = cuda.shared.array(THREADS, wide)
        n, lane, across = x.shape[1], cuda.threadIdx.x, cuda.blockDim.x
        slot = cuda.threadIdx.y * across + lane
        length = (n + chunks - 1) // chunks
        for base in range(cuda.blockIdx.x * cuda.blockDim.y, out.size, cuda.gridDim.x * cuda.blockDim.y):
            task = base + cuda.threadIdx.y
            row, first, total = task // chunks, task % chunks * length, start
            if task < out.size:
                for i in range(first + lane, min(n, first + length), across):
                    total = combine(total, map_(x[row, i], *numbers))
            shared[slot] = total
            half = across // 2
            while half > 0:
                cuda.syncthreads()
                if lane < half:
                    shared[slot] = combine(shared[slot], shared[slot + half])
                half //= 2
            if lane == 0 and task < out.size:
                out[task] = finish(shared[slot], count, *numbers)
            cuda.syncthreads()
    return loop


def rows_geometry(x: Any, chunks: int, count: int, numbers: tuple, out: Any) -> tuple[Shape, Shape]:
    """Blocks of several short chunks, or of one long chunk."""
    return for_rows(out.size, -(-x.shape[1] // chunks))


def columns_loop(start, map_, combine, finish, wide):
    def loop(x, chunks, count, numbers, out):
        """x (outer, n, inner) -> out (outer * chunks, inner); neighbouring threads take neighbouring columns."""
        shared = cuda.shared.array(THREADS, wide)
        n, inner, across, down = x.shape[1], x.shape[2], cuda.blockDim.x, cuda.blockDim.y
        slot = cuda.threadIdx.y * across + cuda.threadIdx.x
        length, tiles = (n + chunks - 1) // chunks, (inner + across - 1) // across
        for tile in range(cuda.blockIdx.x, out.shape[0] * tiles, cuda.gridDim.x):
            task, column = tile // tiles, tile % tiles * across + cuda.threadIdx.x
            row, first, total = task // chunks, task % chunks * length, start
            if column < inner:
                for i in range(first + cuda.threadIdx.y, min(n, first + length), down):
                    total = combine(total, map_(x[row, i, column], *numbers))
            shared[slot] = total
            half = down // 2
            while half > 0:
                cuda.syncthreads()
                if cuda.threadIdx.y < half:
                    shared[slot] = combine(shared[slot], shared[slot + half * across])
                half //= 2
            if cuda.threadIdx.y == 0 and column < inner:
                out[task, column] = finish(shared[slot], count, *numbers)
            cuda.syncthreads()
    return loop


def columns_geometry(x: Any, chunks: int, count: int, numbers: tuple, out: Any) -> tuple[Shape, Shape]:
    """Blocks of up to a warp of columns."""
    width = min(WARP, power_of_two(x.shape[2]))
    tiles = -(-x.shape[2] // width)
    return (min(BLOCKS, out.shape[0] * tiles), 1, 1), (width, THREADS // width, 1)


@functools.cache
def reduce_rows(name: str, dtype: str) -> Reduce:
    """x (outer, n), numbers -> out (outer,): the reduction ``name`` of elements of the dtype with this character."""
    return Reduce(name, dtype, rows_loop, rows_geometry)


@functools.cache
def reduce_columns(name: str, dtype: str) -> Reduce:
    """x (outer, n, inner), numbers -> out (outer, inner): the reduction ``name`` over the middle dimension."""
    return Reduce(name, dtype, columns_loop, columns_geometry)


@functools.cache
def extreme_rows(name: str, dtype: str) -> Kernel:
    """x (outer, n) -> values (outer,), places (outer,): the "max" or "min" of elements of a dtype and where it comes first."""
    by = order.ascending(dtype) if name == "max" else order.descending(dtype)
    key, canonical, least = by.key, order.canonical, np.int64(by.least)

    def loop(x, values, places):
        keys, found = cuda.shared.array(THREADS, np.int64), cuda.shared.array(THREADS, np.int64)
        n, lane = x.shape[1], cuda.threadIdx.x
        slot = cuda.threadIdx.y * cuda.blockDim.x + lane
        for task in range(cuda.blockIdx.x * cuda.blockDim.y, x.shape[0], cuda.gridDim.x * cuda.blockDim.y):
            row, best, place = task + cuda.threadIdx.y, least, n
            if row < x.shape[0]:
                for i in range(lane, n, cuda.blockDim.x):
                    here = np.int64(key(canonical(x[row, i])))
                    if here > best or place == n:
                        best, place = here, i
            keys[slot], found[slot] = best, place
            half = cuda.blockDim.x // 2
            while half > 0:
                cuda.syncthreads()
                if lane < half and (keys[slot + half] > keys[slot] or
                                    keys[slot + half] == keys[slot] and found[slot + half] < found[slot]):
                    keys[slot], found[slot] = keys[slot + half], found[slot + half]
                half //= 2
            if lane == 0 and row < x.shape[0]:
                places[row] = found[slot]
                values[row] = x[row, found[slot]]
            cuda.syncthreads()
    return Kernel(loop, f"{name}_rows", lambda x, values, places: for_rows(*x.shape))


@functools.cache
def extreme_columns(name: str, dtype: str) -> Kernel:
    """x (outer, n, inner) -> values, places (outer, inner): as `extreme_rows` over the middle dimension."""
    by = order.ascending(dtype) if name == "max" else order.descending(dtype)
    key, canonical = by.key, order.canonical

    def loop(x, values, places):
        inner = x.shape[2]
        for task in range(cuda.grid(1), places.size, cuda.gridsize(1)):
            row, column, place = task // inner, task % inner, 0
            best = key(canonical(x[row, 0, column]))
            for i in range(1, x.shape[1]):
                here = key(canonical(x[row, i, column]))
                if here > best:
                    best, place = here, i
            places[row, column] = place
            values[row, column] = x[row, place, column]
    return Kernel(loop, f"{name}_columns")


@kernel(geometry=a_row_of_threads(0))
def var_mean_rows(x, correction, as_deviation, out, means):
    """x (outer, n) -> out (outer,): sum of squared distances from the mean over n - correction, or the root of it if
    ``as_deviation``; and means (outer,)."""
    shared = cuda.shared.array(THREADS, np.float64)
    for task in range(first_task(), x.shape[0], next_task()):
        row = task + cuda.threadIdx.y
        mean, spread = row_moments(shared, x, row)
        if row < x.shape[0] and cuda.threadIdx.x == 0:
            means[row], out[row] = mean, variance(spread, x.shape[1] - correction, as_deviation)


@kernel
def var_mean_columns(x, correction, as_deviation, out, means):
    """x (outer, n, inner) -> out and means (outer, inner), as `var_mean_rows` over the middle dimension."""
    n, inner = x.shape[1], x.shape[2]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        row, j, total, squares = place // inner, place % inner, 0.0, 0.0
        for i in range(n):
            total += x[row, i, j]
        mean = total / n if n > 0 else math.nan
        for i in range(n):
            apart = x[row, i, j] - mean
            squares += apart * apart
        means[row, j], out[row, j] = mean, variance(squares, n - correction, as_deviation)
