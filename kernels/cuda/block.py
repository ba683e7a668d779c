"""Threads of a block together: a row of threads for each row of an array, and sums and maxima over them.

A kernel of rows goes over ``range(first_task(), rows, next_task())`` with all threads of a block at once, for `row_sum` and
`row_max` are barriers; a thread's own row is the task plus its threadIdx.y, and may be behind the last.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import table
from .launch import BLOCKS, THREADS, Shape, cuda, current

WARP = 32


def power_of_two(n: int) -> int:
    """The smallest power of two that is at least n."""
    return 1 << max(0, n - 1).bit_length()


def for_rows(rows: int, length: int) -> tuple[Shape, Shape]:
    """Blocks of several short rows, or of one long row."""
    width = min(THREADS, power_of_two(length if length < WARP else max(WARP, length // 4)))
    height = THREADS // width
    return (min(BLOCKS, -(-rows // height)), 1, 1), (width, height, 1)


def a_row_of_threads(position: int) -> Callable:
    """Geometry for the rows of the argument at ``position``, a matrix."""
    return lambda *args: for_rows(*args[position].shape)


def a_block_for_each(position: int) -> Callable:
    """Geometry with a block for each element of the argument at ``position``."""
    return lambda *args: ((min(BLOCKS, args[position].size), 1, 1), (THREADS, 1, 1))


def a_thread_an_element(position: int) -> Callable:
    """Geometry with a thread for each element of the argument at ``position``."""
    return lambda *args: ((min(BLOCKS, -(-args[position].size // THREADS)), 1, 1), (THREADS, 1, 1))


def a_block_for_each_but_one(position: int) -> Callable:
    """Geometry with a block for each element, except one, of the argument at ``position``."""
    return lambda *args: ((min(BLOCKS, args[position].size - 1), 1, 1), (THREADS, 1, 1))


def one_block(*args: Any) -> tuple[Shape, Shape]:
    """Geometry of a single block."""
    return (1, 1, 1), (THREADS, 1, 1)


def composed(function: Callable) -> Callable:
    """Enter a function of several launches, of which the last argument is on the device for all, into the table of CUDA."""
    def run(*args: Any, work: int | None = None) -> Any:
        with current(next(arg for arg in reversed(args) if hasattr(arg, "strides"))):
            return function(*args)

    run.function, run.name, run.__name__, run.__doc__ = function, function.__name__, function.__name__, function.__doc__
    table.enter("cuda", function.__name__, run)
    return run


def first_task():
    return cuda.blockIdx.x * cuda.blockDim.y


def next_task():
    return cuda.gridDim.x * cuda.blockDim.y


def row_sum(shared, value):
    """Sum of the values of all threads with the same threadIdx.y; ``shared`` has a place for each thread of the block."""
    lane, slot = cuda.threadIdx.x, cuda.threadIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    shared[slot] = value
    half = cuda.blockDim.x // 2
    while half > 0:
        cuda.syncthreads()
        if lane < half:
            shared[slot] = shared[slot] + shared[slot + half]
        half //= 2
    cuda.syncthreads()
    found = shared[slot - lane]
    cuda.syncthreads()
    return found


def row_moments(shared, x, row):
    """Mean of a row of x (rows, n) and sum of the squared distances from it; NaN of an empty row."""
    n, total, squares = x.shape[1], 0.0, 0.0
    if row < x.shape[0]:
        for j in range(cuda.threadIdx.x, n, cuda.blockDim.x):
            total += x[row, j]
    mean = row_sum(shared, total) / n if n > 0 else math.nan
    if row < x.shape[0]:
        for j in range(cuda.threadIdx.x, n, cuda.blockDim.x):
            apart = x[row, j] - mean
            squares += apart * apart
    return mean, row_sum(shared, squares)


def row_max(shared, value):
    """The largest value of all threads with the same threadIdx.y."""
    lane, slot = cuda.threadIdx.x, cuda.threadIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    shared[slot] = value
    half = cuda.blockDim.x // 2
    while half > 0:
        cuda.syncthreads()
        if lane < half and shared[slot + half] > shared[slot]:
            shared[slot] = shared[slot + half]
        half //= 2
    cuda.syncthreads()
    found = shared[slot - lane]
    cuda.syncthreads()
    return found


def sums_before(shared, value):
    """In a block of one row of threads: the sum of the values of the threads before this one, and that of all."""
    lane, step = cuda.threadIdx.x, 1
    shared[lane] = value
    while step < cuda.blockDim.x:
        cuda.syncthreads()
        more = shared[lane - step] if lane >= step else value - value
        cuda.syncthreads()
        shared[lane] = shared[lane] + more
        step *= 2
    cuda.syncthreads()
    before, total = shared[lane] - value, shared[cuda.blockDim.x - 1]
    cuda.syncthreads()
    return before, total


def column_sum(shared, value):
    """Sum of the values of all threads with the same threadIdx.x."""
    across, slot = cuda.blockDim.x, cuda.threadIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    shared[slot] = value
    half = cuda.blockDim.y // 2
    while half > 0:
        cuda.syncthreads()
        if cuda.threadIdx.y < half:
            shared[slot] = shared[slot] + shared[slot + half * across]
        half //= 2
    cuda.syncthreads()
    found = shared[cuda.threadIdx.x]
    cuda.syncthreads()
    return found
