"""Stable sort, selection, and what stands on sorted rows.

A number becomes its *word*, an unsigned integer in the wanted order (that of ``cpu/sorting.py``: NaN is the largest number, -0 equals
+0), and CuPy sorts the words with Thrust, which keeps equal ones in their order. Selections sort whole rows.
"""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..cpu.sorting import words
from .block import a_thread_an_element, composed, one_block, row_sum
from .launch import THREADS, Kernel, cuda, current, kernel
from .reduction import empty_beside
from .scan import a_thread_a_row


def take_sorted(x, order, values, places):
    k = values.shape[1]
    for place in range(cuda.grid(1), values.size, cuda.gridsize(1)):
        row, i = place // k, place % k
        at = order[row, i]
        values[row, i], places[row, i] = x[row, at], at


def first_equals(x, order, ordered, k, nan_wins, values, places):
    """Of each row, the first place of the k-th number: words are equal where numbers are."""
    n = x.shape[1]
    for row in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
        rank, largest = k - 1, x[row, order[row, n - 1]]
        if nan_wins and largest != largest:
            rank = n - 1
        wanted, low, high = ordered[row, rank], 0, rank
        while low < high:
            middle = (low + high) // 2
            if ordered[row, middle] < wanted:
                low = middle + 1
            else:
                high = middle
        values[row], places[row] = x[row, order[row, low]], order[row, low]


def take_words(source, order, out):
    n = out.shape[1]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        out[place // n, place % n] = source[place // n, order[place // n, place % n]]


taken, first_of_equals = Kernel(take_sorted), Kernel(first_equals, "first_equals", a_thread_a_row)
words_taken = Kernel(take_words)


class Sort:
    """Words of rows, their order by CuPy, and what ``finish`` makes of these."""

    def __init__(self, name: str, dtype: str, descending: bool, finish: Callable):
        self.name, self.function = name, finish
        self.word, word_of, _ = words(dtype, descending)

        def loop(x, out):
            n = x.shape[1]
            for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
                out[place // n, place % n] = word_of(x[place // n, place % n])
        self.to_words = Kernel(loop, f"words_{'descending' if descending else 'ascending'}")

    def __repr__(self) -> str:
        return f"<kernel {self.name} of CUDA>"

    def __call__(self, x: Any, *args: Any, work: int | None = None) -> None:
        import cupy

        with current(x):
            made = empty_beside(x, x.shape, self.word)
            self.to_words(x, made)
            self.function(x, made, cupy.argsort(made, axis=1), *args)


def arranged(x: Any, made: Any, order: Any, values: Any, places: Any) -> None:
    """As many of the first numbers of each row as there is room for."""
    taken(x, order, values, places)


def selected(x: Any, made: Any, order: Any, k: int, nan_wins: bool, values: Any, places: Any) -> None:
    """The k-th number of each row."""
    ordered = empty_beside(x, x.shape, made.dtype)
    words_taken(made, order, ordered)
    first_of_equals(x, order, ordered, k, nan_wins, values, places)


@functools.cache
def sort_rows(dtype: str, descending: bool) -> Sort:
    """x (outer, n) -> values, places (outer, n): each row in order, equal elements in their old one; where each was."""
    return Sort(f"sort_rows_{'descending' if descending else 'ascending'}", dtype, descending, arranged)


def sort(x: Any, descending: bool, values: Any, places: Any) -> None:
    """x (outer, n) -> values, places (outer, n), sorted along n."""
    sort_rows(x.dtype.char, descending)(x, values, places)


@functools.cache
def topk_rows(dtype: str, largest: bool) -> Sort:
    """x (outer, n) -> values, places (outer, k): the k largest or smallest, best first, equal ones in their order."""
    return Sort(f"topk_rows_{'largest' if largest else 'smallest'}", dtype, largest, arranged)


@functools.cache
def kth_rows(dtype: str) -> Sort:
    """x (outer, n), k, nan_wins -> values, places (outer,): the k-th smallest (from 1) and where it comes first; if
    ``nan_wins``, NaN where the row has one."""
    return Sort("kth_rows", dtype, False, selected)


@kernel(geometry=a_thread_a_row)
def mode_of_sorted(ordered, came_from, values, places):
    """Rows of `sort_rows` (outer, n) -> values, places (outer,): the most frequent element, the smallest of several, and
    its last place."""
    for row in range(cuda.grid(1), ordered.shape[0], cuda.gridsize(1)):
        most, run, best = 0, 0, 0
        for i in range(ordered.shape[1]):
            run = run + 1 if i > 0 and ordered[row, i] == ordered[row, i - 1] else 1
            if run > most:
                most, best = run, i
        values[row], places[row] = ordered[row, best], came_from[row, best]


@kernel(geometry=one_block)
def count_distinct(ordered, total):
    """A sorted row (n,) -> total (1,): how many different elements it has; each NaN counts."""
    shared = cuda.shared.array(THREADS, np.int64)
    count = 0
    for i in range(cuda.threadIdx.x, ordered.size, cuda.blockDim.x):
        if i == 0 or ordered[i] != ordered[i - 1]:
            count += 1
    found = row_sum(shared, count)
    if cuda.threadIdx.x == 0:
        total[0] = found


def mark_starts(ordered, starts):
    for i in range(cuda.grid(1), ordered.size, cuda.gridsize(1)):
        starts[i] = 1 if i == 0 or ordered[i] != ordered[i - 1] else 0


def enter_runs(ordered, came_from, number, values, inverse, counts):
    """What is known of each run: its number counts the starts up to each element."""
    for i in range(cuda.grid(1), ordered.size, cuda.gridsize(1)):
        run = number[i] - 1
        inverse[came_from[i]] = run
        cuda.atomic.add(counts, run, 1)
        if i == 0 or number[i - 1] != number[i]:
            values[run] = ordered[i]


starts_of_runs, runs = Kernel(mark_starts), Kernel(enter_runs, "enter_runs", a_thread_an_element(0))


@composed
def unique_of_sorted(ordered, came_from, values, inverse, counts):
    """A sorted row (n,) -> values, counts (total,): its different elements and how often each comes; inverse (n,): which of
    them each element of the unsorted row is."""
    import cupy

    starts = empty_beside(ordered, ordered.shape, np.int64)
    starts_of_runs(ordered, starts)
    counts.fill(0)
    runs(ordered, came_from, cupy.cumsum(starts), values, inverse, counts)
