"""Reading and writing by index.

Arrays are C-contiguous. x is (outer, n, inner) and the index, int64, runs over n. Where an index comes twice, "set" leaves any
one of the values. Additions are atomic, in no certain order; types that have no atomic addition are added by one thread a column.
"""
from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..cpu.indexing import BLOCK, block_count  # noqa: F401  operations ask for it here
from ..formulas.indexing import WRITES
from .block import a_block_for_each_but_one, a_thread_an_element, composed, one_block, row_max, row_sum, sums_before
from .launch import BLOCKS, THREADS, Kernel, Shape, cuda, kernel

ATOMIC = "fdlqiLQI"             # types whose addition may be atomic


@kernel(geometry=one_block)
def first_out_of_range(index, lower, upper, found):
    """index (m,) -> found (1,): the first position where not lower <= index < upper, or -1."""
    shared = cuda.shared.array(THREADS, np.int64)
    place = -index.size
    for i in range(cuda.threadIdx.x, index.size, cuda.blockDim.x):
        if index[i] < lower or index[i] >= upper:
            place = -i
            break
    nearest = row_max(shared, place)
    if cuda.threadIdx.x == 0:
        found[0] = -nearest if nearest > -index.size else -1


@kernel
def add_positions(index, size, stride, positions):
    """positions (m,) += stride times index (m,), negative ones counted from ``size``: one dimension's part of the
    place in a flat array."""
    for i in range(cuda.grid(1), positions.size, cuda.gridsize(1)):
        positions[i] += stride * (index[i] + size if index[i] < 0 else index[i])


@kernel
def index_select(x, index, out):
    """x (outer, n, inner), index (m,) -> out (outer, m, inner): out[o, i] = x[o, index[i]]."""
    m, inner, n = out.shape[1], out.shape[2], x.shape[1]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        o, i, j = place // (m * inner), place // inner % m, place % inner
        out[o, i, j] = x[o, index[i] + n if index[i] < 0 else index[i], j]


@kernel
def gather(x, index, out):
    """x (outer, n, inner), index (outer, m, inner) -> out (outer, m, inner): out[o, i, j] = x[o, index[o, i, j], j]."""
    m, inner = out.shape[1], out.shape[2]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        o, i, j = place // (m * inner), place // inner % m, place % inner
        out[o, i, j] = x[o, index[o, i, j], j]


def a_thread_a_column(*args: Any) -> tuple[Shape, Shape]:
    """Geometry with a thread for each column (outer, inner) of the last argument."""
    outer, _, inner = args[-1].shape
    return (min(BLOCKS, -(-outer * inner // THREADS)), 1, 1), (THREADS, 1, 1)


class Write:
    """A write by index: a loop over the elements where their order does not matter or additions are atomic, else by columns."""

    def __init__(self, name: str, kind: str, elements: Any, columns: Any, position: int):
        self.name, self.kind, self.function = f"{kind}_{name}", name, columns
        self.by_elements = Kernel(elements, f"{self.name}_elements", a_thread_an_element(position))
        self.by_columns = Kernel(columns, self.name, a_thread_a_column)

    def __call__(self, index: Any, source: Any, out: Any, work: int | None = None) -> None:
        single = self.kind == "set" or self.kind == "add" and out.dtype.char in ATOMIC
        (self.by_elements if single else self.by_columns)(index, source, out)


def put_set(out, o, i, j, value):
    out[o, i, j] = value


def put_add(out, o, i, j, value):
    cuda.atomic.add(out, (o, i, j), value)


PUTS = {"set": put_set, "add": put_add}     # (all else is made by columns)


@functools.cache
def scatter(name: str) -> Write:
    """index, source (outer, m, inner), out (outer, n, inner): "set", "add", "multiply", ... out[o, index[o, i, j], j] with
    source[o, i, j]."""
    write, put = WRITES[name], PUTS.get(name, put_set)

    def elements(index, source, out):
        m, inner = source.shape[1], source.shape[2]
        for place in range(cuda.grid(1), source.size, cuda.gridsize(1)):
            o, i, j = place // (m * inner), place // inner % m, place % inner
            put(out, o, index[o, i, j], j, source[o, i, j])

    def columns(index, source, out):
        inner = source.shape[2]
        for place in range(cuda.grid(1), source.shape[0] * inner, cuda.gridsize(1)):
            o, j = place // inner, place % inner
            for i in range(source.shape[1]):
                at = index[o, i, j]
                out[o, at, j] = write(out[o, at, j], source[o, i, j])
    return Write(name, "scatter", elements, columns, 1)


@functools.cache
def scatter_value(name: str) -> Write:
    """index (outer, m, inner), value, out (outer, n, inner): as `scatter` of one value."""
    write, put = WRITES[name], PUTS.get(name, put_set)

    def elements(index, value, out):
        m, inner = index.shape[1], index.shape[2]
        for place in range(cuda.grid(1), index.size, cuda.gridsize(1)):
            o, i, j = place // (m * inner), place // inner % m, place % inner
            put(out, o, index[o, i, j], j, value)

    def columns(index, value, out):
        inner = index.shape[2]
        for place in range(cuda.grid(1), index.shape[0] * inner, cuda.gridsize(1)):
            o, j = place // inner, place % inner
            for i in range(index.shape[1]):
                at = index[o, i, j]
                out[o, at, j] = write(out[o, at, j], value)
    return Write(name, "scatter_value", elements, columns, 0)


@functools.cache
def index_write(name: str) -> Write:
    """index (m,), source (outer, m, inner), out (outer, n, inner): "set", "add" or "multiply" out[o, index[i]] with
    source[o, i]. With outer = 1 and an index of flat positions, it is also index_put and put."""
    write, put = WRITES[name], PUTS.get(name, put_set)

    def elements(index, source, out):
        m, inner, n = source.shape[1], source.shape[2], out.shape[1]
        for place in range(cuda.grid(1), source.size, cuda.gridsize(1)):
            o, i, j = place // (m * inner), place // inner % m, place % inner
            put(out, o, index[i] + n if index[i] < 0 else index[i], j, source[o, i, j])

    def columns(index, source, out):
        inner, n = source.shape[2], out.shape[1]
        for place in range(cuda.grid(1), source.shape[0] * inner, cuda.gridsize(1)):
            o, j = place // inner, place % inner
            for i in range(source.shape[1]):
                at = index[i] + n if index[i] < 0 else index[i]
                out[o, at, j] = write(out[o, at, j], source[o, i, j])
    return Write(name, "index", elements, columns, 1)


@kernel(geometry=a_thread_an_element(2))
def index_fill(index, value, out):
    """index (m,), value, out (outer, n, inner): out[o, index[i]] = value."""
    m, n, inner = index.size, out.shape[1], out.shape[2]
    for place in range(cuda.grid(1), out.shape[0] * m * inner, cuda.gridsize(1)):
        i = index[place // inner % m]
        out[place // (m * inner), i + n if i < 0 else i, place % inner] = value


def add_rows(grad, index, padding, out):
    width = out.shape[1]
    for place in range(cuda.grid(1), grad.size, cuda.gridsize(1)):
        i, j = place // width, place % width
        if index[i] != padding:
            cuda.atomic.add(out, (index[i], j), grad[i, j])


def divide_rows(counts, out):
    width = out.shape[1]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        out[place // width, place % width] /= out.dtype.type(max(1, counts[place // width]))


row_sums, row_means = Kernel(add_rows, "embedding_sums", a_thread_an_element(0)), Kernel(divide_rows, "embedding_means")


@composed
def embedding_backward(grad, index, counts, padding, out):
    """grad (m, width), index (m,), counts (rows,) or (0,), padding -> out (rows, width): out[r] is the sum of grad[i] over
    index[i] == r, except for r == padding, over counts[r] if counts are given."""
    out.fill(0)
    row_sums(grad, index, padding, out)
    if counts.size:
        row_means(counts, out)


def count_true(x, offsets):
    """How many elements of each part of x are not zero, behind the place of the part in ``offsets``."""
    shared = cuda.shared.array(THREADS, np.int64)
    for part in range(cuda.blockIdx.x, offsets.size - 1, cuda.gridDim.x):
        count = 0
        for i in range(part * BLOCK + cuda.threadIdx.x, min((part + 1) * BLOCK, x.size), cuda.blockDim.x):
            if x[i] != 0:
                count += 1
        total = row_sum(shared, count)
        if cuda.threadIdx.x == 0:
            offsets[part + 1] = total


def running_sums(offsets):
    """0, and the sums of the other elements up to each."""
    shared = cuda.shared.array(THREADS, np.int64)
    carried = 0
    for start in range(1, offsets.size, cuda.blockDim.x):
        i = start + cuda.threadIdx.x
        value = offsets[i] if i < offsets.size else 0
        before, total = sums_before(shared, value)
        if i < offsets.size:
            offsets[i] = carried + before + value
        carried += total
    if cuda.threadIdx.x == 0:
        offsets[0] = 0


counts_of_parts = Kernel(count_true, "count_true", a_block_for_each_but_one(1))
add_up = Kernel(running_sums, "running_sums", one_block)


@composed
def true_offsets(x, offsets):
    """x (size,) -> offsets (block_count(size),): how many elements before each block are not zero; the last is the total."""
    counts_of_parts(x, offsets)
    add_up(offsets)


@kernel(geometry=a_block_for_each_but_one(2))
def masked_select(x, mask, offsets, out):
    """x (size,), mask (size,), offsets of the mask -> out (total,): the elements of x where the mask is true."""
    shared = cuda.shared.array(THREADS, np.int64)
    for part in range(cuda.blockIdx.x, offsets.size - 1, cuda.gridDim.x):
        to = offsets[part]
        for first in range(part * BLOCK, min((part + 1) * BLOCK, x.size), cuda.blockDim.x):
            i = first + cuda.threadIdx.x
            taken = 1 if i < x.size and mask[i] != 0 else 0
            before, total = sums_before(shared, taken)
            if taken:
                out[to + before] = x[i]
            to += total


@kernel(geometry=a_block_for_each_but_one(2))
def masked_scatter(mask, source, offsets, out):
    """mask (size,), source (at least total,), offsets of the mask, out (size,): where the mask is true, out takes the next
    element of the source."""
    shared = cuda.shared.array(THREADS, np.int64)
    for part in range(cuda.blockIdx.x, offsets.size - 1, cuda.gridDim.x):
        at = offsets[part]
        for first in range(part * BLOCK, min((part + 1) * BLOCK, out.size), cuda.blockDim.x):
            i = first + cuda.threadIdx.x
            taken = 1 if i < out.size and mask[i] != 0 else 0
            before, total = sums_before(shared, taken)
            if taken:
                out[i] = source[at + before]
            at += total


@kernel(geometry=a_block_for_each_but_one(2))
def nonzero(x, sizes, offsets, out):
    """x (size,) of the shape ``sizes`` (dims,), offsets of x -> out (total, dims): coordinates of elements not zero."""
    shared = cuda.shared.array(THREADS, np.int64)
    for part in range(cuda.blockIdx.x, offsets.size - 1, cuda.gridDim.x):
        to = offsets[part]
        for first in range(part * BLOCK, min((part + 1) * BLOCK, x.size), cuda.blockDim.x):
            i = first + cuda.threadIdx.x
            taken = 1 if i < x.size and x[i] != 0 else 0
            before, total = sums_before(shared, taken)
            if taken:
                rest = i
                for dim in range(sizes.size - 1, -1, -1):
                    out[to + before, dim] = rest % sizes[dim]
                    rest //= sizes[dim]
            to += total
