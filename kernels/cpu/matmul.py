"""Matrix products of any strides, the same bits for any number of threads.

OpenBLAS gives other bits with two threads than with one (it divides matrices where that suits the threads), so all but
the smallest products are made here, by `tiles`. Panels of b, a few vectors wide, are copied so that their rows are
adjacent; a is read where it lies.
"""
from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from .. import table, threads
from ..compile import inlined, kernel, prange
from .tiles import copy, copy_vectors, dot, lanes, memory, multiply, tile_height, tile_rows, turn, vector_length, vector_table
from .workspace import scratch

WHOLE_DEPTH = 1024              # rows of b copied at once, if these are all; otherwise
PART_DEPTH = 512                # at most so many
NEAR = 1 << 14                  # numbers of a that stay in the L1 cache anyway; where a has more,
PANELS = 4096                   # rows of panels are kept in the L2 cache while its tiles, read once, pass by
SMALL = 1 << 18                 # multiplications that OpenBLAS makes on one thread in any case,
SMALL_VECTOR = 1 << 13          # and with a vector
TINY = 1 << 8                   # those of a matrix, one of many, for which a plain loop is best
COPIED = 1 << 24                # multiplications for which a is copied too, if its columns are adjacent
FEW = 4                         # rows of a for which b is not worth copying
CHUNK = 256                     # columns made together for few rows
STRIPS, STRIP_DEPTH = 64, 64    # strips and columns of a copied together


@inlined
def panel_count(vectors):
    return (vectors + 2) // 3


@inlined
def panel_bounds(panel, vectors):
    """First vector and width of a panel: three vectors, or two where threes would leave a single one."""
    twos = (3 - vectors % 3) % 3
    threes = (vectors - 2 * twos) // 3
    if vectors == 1:
        return 0, 1
    if panel < threes:
        return 3 * panel, 3
    return 3 * threes + 2 * (panel - threes), 2


@inlined
def copy_panels(b, start, row_step, column_step, depth, columns, vectors, begin, end, panels, panel_width):
    """Copy panels ``begin`` to ``end`` of ``depth`` rows, of which either the rows or the columns are adjacent."""
    length = vector_length(b)
    if column_step == 1:
        for k in range(depth):          # whole rows, since they may come from far
            for panel in range(begin, end):
                first, wide = panel_bounds(panel, vectors)
                copy_vectors(b, start + k * row_step + first * length, panels, ((panel - begin) * depth + k) * panel_width,
                             min(wide * length, columns - first * length))
    else:
        for panel in range(begin, end):
            first, wide = panel_bounds(panel, vectors)
            turn(b, start + first * length * column_step, column_step, min(wide * length, columns - first * length), depth,
                 panels[(panel - begin) * depth * panel_width:], panel_width)


@kernel
def copy_strips(a, a_start, step, rows, strips):
    """Copy matrices whose columns are adjacent as (batch, strips, depth, rows of a tile), many strips of a row at once."""
    batch, count, depth, height = strips.shape
    parts, blocks = (depth + STRIP_DEPTH - 1) // STRIP_DEPTH, (count + STRIPS - 1) // STRIPS
    for task in prange(batch * parts * blocks):
        item, part, block = np.int64(task) // (parts * blocks), np.int64(task) // blocks % parts, np.int64(task) % blocks
        source, target = memory(a), strips.reshape(strips.size)
        for k in range(part * STRIP_DEPTH, min((part + 1) * STRIP_DEPTH, depth)):
            for strip in range(block * STRIPS, min((block + 1) * STRIPS, count)):
                copy(source, a_start[item] + strip * height + k * step, target, ((item * count + strip) * depth + k) * height,
                     min(height, rows - strip * height))


@kernel
def matrix_products(a, a_start, a_row, a_column, b, b_start, b_step, b_row, b_column, zeros, groups, part, copies, out):
    """Products of matrices a and b that begin at a_start[i] and b_start[i]; out is (batch, rows, columns).

    Element (row, k) of a is at ``a_row[row] + a_column[k]``. b_step are the steps of b from row to row and from column
    to column; one of them is 1. Panels are copied a group at once, ``part`` rows of them; copies has a row for each worker, and
    b_row and b_column say where a panel has its rows and vectors. Workers share the tiles of all panels evenly.
    """
    batch, rows, columns = out.shape
    length, height, depth, workers = vector_length(out), tile_rows(out), a_column.size, copies.shape[0]
    vectors, tiles = (columns + length - 1) // length, (rows + height - 1) // height
    count = panel_count(vectors)
    for worker in prange(workers):
        w = np.int64(worker)
        panels, left, right, c = copies[w], memory(a), memory(b), out.reshape(out.size)
        now, stop = w * (batch * count * tiles) // workers, (w + 1) * (batch * count * tiles) // workers
        while now < stop:
            item, panel = now // tiles // count, now // tiles % count
            group = ((panel + 1) * groups - 1) // count
            begin, end = group * count // groups, (group + 1) * count // groups
            start = (item * count + begin) * tiles
            until = min(stop, start + (end - begin) * tiles)
            top, bottom = (now - start) // (end - begin) * height, min((until - start) // (end - begin) * height, rows)
            now = until
            for k in range(0, depth if top < bottom else 0, part):
                deep = min(part, depth - k)
                copy_panels(right, b_start[item] + k * b_step[0], b_step[0], b_step[1], deep, columns, vectors, begin, end,
                            panels, 3 * length)
                for row in range(top, bottom, height):
                    for panel in range(begin, end):
                        first, wide = panel_bounds(panel, vectors)
                        multiply(left, a_start[item], a_row, a_column[k:k + deep], row, min(row + height, bottom),
                                 panels, (panel - begin) * deep * 3 * length, b_row, b_column, wide, deep, zeros, k > 0, c,
                                 item * rows * columns + first * length, columns, columns - first * length)


@kernel
def few_rows_products(a, b, b_start, b_step, out):
    """Products as those of `matrix_products`, for a (batch, few rows, depth), contiguous."""
    batch, rows, columns = out.shape
    depth = a.shape[2]
    chunks = (columns + CHUNK - 1) // CHUNK
    for task in prange(batch * chunks):
        item, begin = np.int64(task) // chunks, np.int64(task) % chunks * CHUNK
        end = min(begin + CHUNK, columns)
        right, start = memory(b), b_start[item]
        for i in range(rows):
            if b_step[0] == 1:
                for j in range(begin, end):
                    place = start + j * b_step[1]
                    out[item, i, j] = dot(a[item, i], right[place:place + depth])
            else:
                row = out[item, i, begin:end]
                row[:] = 0
                for k in range(depth):
                    factor, place = a[item, i, k], start + k * b_step[0] + begin
                    adjacent = right[place:place + row.size]
                    for j in range(row.size):
                        row[j] += factor * adjacent[j]


@kernel
def small_products(a, b, out):
    """Products of many small matrices, or of integers; a is (batch, rows, depth), b (batch, depth, columns)."""
    batch, rows, columns = out.shape
    for task in prange(batch * rows):
        item, i = np.int64(task) // rows, np.int64(task) % rows
        if columns <= 8:        # too few to fill a vector
            for j in range(columns):
                total = a[item, i, 0] * b[item, 0, j]
                for k in range(1, a.shape[2]):
                    total += a[item, i, k] * b[item, k, j]
                out[item, i, j] = total
        else:
            row = out[item, i]
            row[:] = 0
            for k in range(a.shape[2]):
                factor, adjacent = a[item, i, k], b[item, k]
                for j in range(columns):
                    row[j] += factor * adjacent[j]


def starts(shape: tuple[int, ...], steps: tuple[int, ...], batch: tuple[int, ...]) -> np.ndarray:
    """Where each matrix of an array begins, the array broadcast to ``batch``."""
    total = np.zeros(batch, np.int64)
    for dim in range(-len(shape), -2):
        if shape[dim] > 1:
            total += (np.arange(shape[dim]) * steps[dim]).reshape((-1,) + (1,) * (-3 - dim))
    return total.reshape(-1)


def readable(x: np.ndarray, unit: bool) -> np.ndarray:
    """x, or a copy: with forward strides of whole elements and, if ``unit``, with adjacent rows or adjacent columns.

    What may not be written is copied too: compiled code would take it for another type of array.
    """
    if x.flags.c_contiguous and x.flags.writeable:
        return x
    odd = any(step < 0 or step % x.itemsize for size, step in zip(x.shape, x.strides) if size > 1)
    odd = odd or not x.flags.writeable or unit and x.itemsize not in x.strides[-2:]
    return np.array(x, order="C") if odd else x


def origin(x: np.ndarray) -> np.ndarray:
    """The first element of x, as an array from which `memory` goes on."""
    return x[(0,) * (x.ndim - 2)][:1, :1].reshape(1)


def whole(x: np.ndarray, batch: tuple[int, ...]) -> np.ndarray:
    """x broadcast to ``batch`` and contiguous, as (batch, rows, columns)."""
    if x.shape[:-2] != batch or not x.flags.c_contiguous or not x.flags.writeable:
        x = np.array(np.broadcast_to(x, batch + x.shape[-2:]), order="C")
    return x.reshape(-1, *x.shape[-2:])


class Plan(NamedTuple):
    """What `matmul` needs to know of two layouts: see `matrix_products` and `copy_strips`."""

    a_start: np.ndarray
    a_row: np.ndarray
    a_column: np.ndarray
    b_start: np.ndarray
    b_step: tuple[int, int]
    b_row: np.ndarray
    b_column: np.ndarray
    zeros: np.ndarray
    groups: int
    part: int
    panels: tuple[int, int]
    strips: tuple[int, ...] | None
    a_step: int


@functools.lru_cache(512)
def plan(a_shape, a_strides, b_shape, b_strides, batch, dtype, sharers) -> Plan:
    (rows, depth), columns, items = a_shape[-2:], b_shape[-1], math.prod(batch)
    length, height, size = lanes(dtype), tile_height(dtype), dtype.itemsize
    a_steps, b_steps = tuple(step // size for step in a_strides), tuple(step // size for step in b_strides)
    b_step = (b_steps[-2], 1) if b_steps[-1] == 1 or columns == 1 else (1, b_steps[-1])
    a_start, a_row, a_column = starts(a_shape, a_steps, batch), np.arange(rows) * a_steps[-2], np.arange(depth) * a_steps[-1]
    strips = None
    if a_steps[-2] == 1 < a_steps[-1] and columns > 6 * length and rows * columns * depth > COPIED:
        strips = items, -(-rows // height), depth, height
    count = -(-columns // (3 * length))
    part = depth if depth <= WHOLE_DEPTH else -(-depth // -(-depth // PART_DEPTH))
    group = max(1, min(PANELS // part, count if rows > 3 * columns else items * count // sharers)) if rows * part > NEAR else 1
    panels = sharers, 3 * length * (part * min(group, count) + length)
    return Plan(a_start, a_row, a_column, starts(b_shape, b_steps, batch), b_step,
                np.arange(part) * (3 * length), vector_table(3, length), np.zeros(rows, dtype), -(-count // group), part, panels,
                strips, a_steps[-1])


@functools.lru_cache(64)
def strip_tables(rows: int, strips: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each matrix, row and column is in strips."""
    items, count, depth, height = strips
    index = np.arange(rows)
    return (np.arange(items) * (count * depth * height), index // height * (height * depth) + index % height,
            np.arange(depth) * height)


def matmul(a, b, out):
    """Product of matrices: a is (..., M, K), b is (..., K, N) of any strides, out is (..., M, N) and contiguous."""
    batch, rows, columns, depth, dtype = out.shape[:-2], *out.shape[-2:], a.shape[-1], out.dtype
    items, work, single = math.prod(batch), rows * columns * depth, rows == 1 or columns == 1
    if dtype.kind not in "fiu" or depth < 2 or items <= 4 and work <= (SMALL_VECTOR if single else SMALL) and dtype.kind == "f":
        np.matmul(a, b, out=out) if depth != 1 else np.multiply(a, b, out=out)
    elif dtype.kind != "f" or work <= TINY:
        small_products(whole(a, batch), whole(b, batch), out.reshape(items, rows, columns), work=items * work // 16)
    elif columns == 1 and rows > 1:
        matmul(b.swapaxes(-1, -2), a.swapaxes(-1, -2), out.reshape(*batch, 1, rows))
    elif out.size:
        a, b, out = readable(a, False), readable(b, True), out.reshape(items, rows, columns)
        p = plan(a.shape, a.strides, b.shape, b.strides, batch, dtype, 1 if threads.serial_only() else threads.count)
        if rows <= FEW:
            few_rows_products(whole(a, batch), origin(b), p.b_start, p.b_step, out, work=items * work // 4)
            return
        start = origin(a)
        a_tables = p.a_start, p.a_row, p.a_column
        if p.strips:
            strips = scratch("strips", dtype, p.strips)
            copy_strips(start, p.a_start, p.a_step, rows, strips, work=items * rows * depth)
            start, a_tables = strips.reshape(-1), strip_tables(rows, p.strips)
        matrix_products(start, *a_tables, origin(b), p.b_start, p.b_step, p.b_row, p.b_column, p.zeros, p.groups, p.part,
                        scratch("panels", dtype, p.panels), out, work=items * work // 16)


table.enter("cpu", "matmul", matmul)
