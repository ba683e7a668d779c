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
from ..compile import REASSOCIATE, inlined, kernel, prange
from .linear import add_row
from .tiles import DEPTH, PANEL, copy_rows, dot, lanes, memory, multiply_panel, tile_height, tile_rows, turn, vector_length
from .workspace import scratch

WHOLE_DEPTH = 1024              # rows of b copied at once, if these are all; otherwise
PART_DEPTH = 512                # at most so many
NEAR = 1 << 14                  # numbers of a that stay in the L1 cache anyway; where a has more,
PANELS = 4096                   # rows of panels are kept in the L2 cache while its tiles, read once, pass by
SMALL = 1 << 18                 # multiplications that OpenBLAS makes on one thread in any case,
SMALL_VECTOR = 1 << 13          # and with a vector
TINY = 1 << 8                   # those of a matrix, one of many, for which a plain loop is best
FAR = 1 << 18                   # numbers of a from which on it is copied too, a few rows at a time
FEW = 4                         # rows of a for which b is not worth copying
CHUNK = 512                     # columns made together for few rows
BAND = 256                      # rows of b for a thread to take, where b, of at least
BANDS = 1 << 19                 # numbers
NARROW, WIDE = 64, 1 << 13      # and so many columns, is read row by row
MORE = 8                        # for so many rows of a
START = np.zeros(1, np.int64)   # where a single matrix begins
EMPTY = {kind: np.empty(0, kind) for kind in "fd"}


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
def copy_panels(b, start, row_step, column_step, depth, columns, vectors, begin, end, panels):
    """Copy panels ``begin`` to ``end`` of ``depth`` rows, of which either the rows or the columns are adjacent."""
    length = vector_length(b)
    for panel in range(begin, end):
        first, wide = panel_bounds(panel, vectors)
        place, width = (panel - begin) * depth * (PANEL * length), min(wide * length, columns - first * length)
        if column_step != 1:
            turn(b, start + first * length * column_step, column_step, width, depth, panels[place:], PANEL * length)
        elif wide == 3:
            copy_rows(3, b, start + first * length, row_step, depth, width, panels, place, PANEL * length)
        else:
            copy_rows(2, b, start + first * length, row_step, depth, width, panels, place, PANEL * length)


@inlined
def copy_strip(a, start, row_step, column_step, rows, depth, copy, place, side):
    """Copy up to ``side`` rows of a so that the columns are adjacent; one of the steps is 1."""
    length = vector_length(a)
    if row_step == 1:
        for i in range(0, rows, length):
            copy_rows(1, a, start + i, column_step, depth, rows - i, copy, place + i, side)
    else:
        turn(a, start, row_step, rows, depth, copy[place:], side)


@inlined
def share_start(share, shares, matrices, vectors, tiles):
    """Which tile is the first of a share, if the tiles of all matrices are counted panel by panel. Shares are equal in vectors."""
    unit = share * (matrices * vectors * tiles) // shares
    matrix, vector = unit // (vectors * tiles), unit // tiles % vectors
    threes = (vectors - 2 * ((3 - vectors % 3) % 3)) // 3
    panel = vector // 3 if vector < 3 * threes else threes + (vector - 3 * threes) // 2
    first, wide = panel_bounds(panel, vectors)
    return (matrix * panel_count(vectors) + panel) * tiles + (unit - (matrix * vectors + first) * tiles) // wide


@inlined
def multiply_by_panel(a, a_start, a_step, rows, panels, place, wide, depth, add, old, old_start, old_step, c, c_start, columns):
    """Products of one tile and a panel as those of `tiles.multiply_panel`, in blocks of k whose numbers of a stay in the L1 cache."""
    half, count = tile_rows(panels) // 2, columns - c_start % columns
    for k in range(0, depth, DEPTH):
        left, right, deep = a_start + k * a_step[1], place + k * (PANEL * vector_length(panels)), min(DEPTH, depth - k)
        if k > 0:
            add, old, old_start, old_step = True, c, c_start, columns
        if wide == 3 and rows <= half:
            multiply_panel(True, 3, a, left, a_step, rows, panels, right, deep, add, old, old_start, old_step, c, c_start, columns, count)
        elif wide == 3:
            multiply_panel(False, 3, a, left, a_step, rows, panels, right, deep, add, old, old_start, old_step, c, c_start, columns, count)
        elif wide == 2:
            multiply_panel(False, 2, a, left, a_step, rows, panels, right, deep, add, old, old_start, old_step, c, c_start, columns, count)
        else:
            multiply_panel(False, 1, a, left, a_step, rows, panels, right, deep, add, old, old_start, old_step, c, c_start, columns, count)


@kernel
def matrix_products(a, a_start, a_step, side, b, b_start, b_step, bias, bands, group, part, copies, out):
    """Products of matrices a and b that begin at a_start[i] and b_start[i]; out is (batch, rows, columns). To each row the bias
    is added, unless that is empty.

    a_step and b_step are the steps from row to row and from column to column; one of b's is 1. Unless ``side`` is 0, so many
    rows of a are copied at once, and one of a's is 1 too. The rows of a are taken as ``bands`` matrices. Up to ``group`` panels
    are copied at once, part[0] rows of them of part[1] in all; copies has a row for each worker.
    """
    (batch, rows, columns), (deepest, depth), workers = out.shape, part, copies.shape[0]
    length, height = vector_length(out), tile_rows(out)
    vectors, tiles = (columns + length - 1) // length, ((rows + height - 1) // height + bands - 1) // bands
    count, strip_place = panel_count(vectors), (deepest * group + length) * PANEL * length
    for worker in prange(workers):
        w = np.int64(worker)
        panels, left, right, c = copies[w], memory(a), memory(b), out.reshape(out.size)
        now = share_start(w, workers, batch * bands, vectors, tiles)
        stop = share_start(w + 1, workers, batch * bands, vectors, tiles)
        while now < stop:
            item, band, begin, tile = now // (tiles * count * bands), now // (tiles * count) % bands, now // tiles % count, now % tiles
            whole = min(count - begin, (stop - now) // tiles) if tile == 0 else 0
            if whole > 0:
                whole = (whole + (whole + group - 1) // group - 1) // ((whole + group - 1) // group)
                count_of_tiles, end = tiles, begin + whole
            else:
                count_of_tiles, end = min(stop - now, tiles - tile), begin + 1
            now += count_of_tiles * (end - begin)
            top = (band * tiles + tile) * height
            bottom = min(top + count_of_tiles * height, rows)
            for k in range(0, depth if top < bottom else 0, deepest):
                deep = min(deepest, depth - k)
                copy_panels(right, b_start[item] + k * b_step[0], b_step[0], b_step[1], deep, columns, vectors, begin, end, panels)
                for row in range(top, bottom, height):
                    if side == 0:
                        source, start, step = left, a_start[item] + row * a_step[0] + k * a_step[1], a_step
                    else:
                        if (row - top) % side == 0:
                            copy_strip(left, a_start[item] + row * a_step[0] + k * a_step[1], a_step[0], a_step[1],
                                       min(side, bottom - row), deep, panels, strip_place, side)
                        source, start, step = panels, strip_place + (row - top) % side, (1, side)
                    for panel in range(begin, end):
                        first, wide = panel_bounds(panel, vectors)
                        place = (item * rows + row) * columns + first * length
                        old, old_start, old_step = (c, place, columns) if k > 0 else (bias, first * length, 0)
                        multiply_by_panel(source, start, step, min(height, bottom - row), panels,
                                          (panel - begin) * deep * PANEL * length, wide, deep, k > 0 or bias.size > 0,
                                          old, old_start, old_step, c, place, columns)


@inlined
def four_rows(y, place, step, count):
    """Four rows of ``count`` adjacent numbers, ``step`` apart."""
    b, c, d = place + step, place + 2 * step, place + 3 * step
    return y[place:place + count], y[b:b + count], y[c:c + count], y[d:d + count]


@inlined(fastmath=REASSOCIATE)
def four_dots(x, y, place, step, out):
    """Products of x with four rows of y, ``step`` apart."""
    a, b, c, d = four_rows(y, place, step, x.size)
    first, second, third, fourth = x[0] * a[0], x[0] * b[0], x[0] * c[0], x[0] * d[0]
    for k in range(1, x.size):
        first += x[k] * a[k]
        second += x[k] * b[k]
        third += x[k] * c[k]
        fourth += x[k] * d[k]
    out[0], out[1], out[2], out[3] = first, second, third, fourth


@inlined
def add_four(x, y, place, step, out):
    """Add to out x[0] times a row of y, x[1] times the next, and so on up to x[3]."""
    a, b, c, d = four_rows(y, place, step, out.size)
    first, second, third, fourth = x[0], x[1], x[2], x[3]
    for j in range(out.size):
        out[j] += (first * a[j] + second * b[j]) + (third * c[j] + fourth * d[j])


@inlined
def add_eight(x, y, place, step, out):
    """`add_four` for eight rows: half the passes over out, and twice as many rows that the processor reads ahead in."""
    a, b, c, d = four_rows(y, place, step, out.size)
    e, f, g, h = four_rows(y, place + 4 * step, step, out.size)
    p, q, r, s, t, u, v, w = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
    for j in range(out.size):
        out[j] += ((p * a[j] + q * b[j]) + (r * c[j] + s * d[j])) + ((t * e[j] + u * f[j]) + (v * g[j] + w * h[j]))


@inlined
def add_one(factor, row, out):
    for j in range(out.size):
        out[j] += factor * row[j]


@inlined
def clear(part):
    part[:] = 0


@inlined
def add_parts(parts, out):
    """Sums of all parts (parts, rows, columns) in their order."""
    for i in range(out.shape[0]):
        row = out[i]
        row[:] = parts[0, i]
        for part in range(1, parts.shape[0]):
            add_one(parts.dtype.type(1), parts[part, i], row)


@kernel
def few_rows_products(a, b, b_start, b_step, out):
    """Products as those of `matrix_products`, for a (batch, few rows, depth), contiguous; b is read once."""
    batch, rows, columns = out.shape
    depth = a.shape[2]
    chunks = (columns + CHUNK - 1) // CHUNK
    for task in prange(batch * chunks):
        item, begin = np.int64(task) // chunks, np.int64(task) % chunks * CHUNK
        end = min(begin + CHUNK, columns)
        right, start = memory(b), b_start[item]
        if b_step[0] == 1:
            fours = begin + (end - begin) // 4 * 4
            for j in range(begin, fours, 4):
                for i in range(rows):
                    four_dots(a[item, i], right, start + j * b_step[1], b_step[1], out[item, i, j:j + 4])
            for j in range(fours, end):
                for i in range(rows):
                    out[item, i, j] = dot(a[item, i], right[start + j * b_step[1]:start + j * b_step[1] + depth])
        else:
            out[item, :, begin:end] = 0
            eights, fours = depth // 8 * 8, depth // 4 * 4
            for k in range(0, eights, 8):
                for i in range(rows):
                    add_eight(a[item, i, k:k + 8], right, start + k * b_step[0] + begin, b_step[0], out[item, i, begin:end])
            for k in range(eights, fours, 4):
                for i in range(rows):
                    add_four(a[item, i, k:k + 4], right, start + k * b_step[0] + begin, b_step[0], out[item, i, begin:end])
            for k in range(fours, depth):
                for i in range(rows):
                    factor, place = a[item, i, k], start + k * b_step[0]
                    for j in range(begin, end):
                        out[item, i, j] += factor * right[place + j]


@kernel
def few_rows_by_depth(a, b, step, out):
    """Product of a (few rows, depth), contiguous, and b, whose rows are ``step`` apart, by `BAND` rows of b: each is read from
    its first number to its last, as the processor foresees it, and the bands' products are added in their order."""
    rows, columns = out.shape
    depth = a.shape[1]
    bands = (depth + BAND - 1) // BAND
    parts = np.empty((bands, rows, columns), out.dtype)
    for task in prange(bands):
        band = np.int64(task)
        part, right, last = parts[band], memory(b), min((band + 1) * BAND, depth)
        clear(part)
        eights = band * BAND + (last - band * BAND) // 8 * 8
        for k in range(band * BAND, eights, 8):
            for begin in range(0, columns, CHUNK):
                end = min(begin + CHUNK, columns)
                for i in range(rows):
                    add_eight(a[i, k:k + 8], right, k * step + begin, step, part[i, begin:end])
        for k in range(eights, last):
            for i in range(rows):
                add_one(a[i, k], right[k * step:k * step + columns], part[i])
    add_parts(parts, out)


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
    """What `matmul` needs to know of two layouts: see `matrix_products`."""

    a_start: np.ndarray
    a_step: tuple[int, int]
    side: int
    b_start: np.ndarray
    b_step: tuple[int, int]
    bands: int
    group: int
    part: tuple[int, int]
    copies: tuple[int, int]


@functools.lru_cache(512)
def plan(a_shape, a_strides, b_shape, b_strides, batch, dtype, sharers) -> Plan:
    (rows, depth), columns, items = a_shape[-2:], b_shape[-1], math.prod(batch)
    length, height, size = lanes(dtype), tile_height(dtype), dtype.itemsize
    a_steps, b_steps = tuple(step // size for step in a_strides), tuple(step // size for step in b_strides)
    b_step = (b_steps[-2], 1) if b_steps[-1] == 1 or columns == 1 else (1, b_steps[-1])
    copied = columns > 6 * length and (a_steps[-2] == 1 < a_steps[-1] or a_steps[-1] == 1 and rows * depth > FAR)
    side = max(length, height) if copied else 0
    part = depth if depth <= WHOLE_DEPTH else -(-depth // -(-depth // PART_DEPTH))
    bands = max(1, min(sharers // items, rows // height)) if rows > (1 if copied else 3) * columns else 1
    group = max(1, min(PANELS // part, -(-columns // (PANEL * length)))) if rows * part > NEAR else 1
    room = PANEL * length * (part * group + length) + side * (part + length)
    return Plan(starts(a_shape, a_steps, batch), a_steps[-2:], side, starts(b_shape, b_steps, batch), b_step, bands, group, (part, depth),
                (sharers, -(-room // length) * length))


def matmul(a, b, out):
    """Product of matrices: a is (..., M, K), b is (..., K, N) of any strides, out is (..., M, N) and contiguous."""
    linear(a, b, None, out)


def linear(a, b, bias, out):
    """`matmul`, to each row of which ``bias``, contiguous, is added, if there is one."""
    batch, rows, columns, depth, dtype = out.shape[:-2], *out.shape[-2:], a.shape[-1], out.dtype
    items, work, single = math.prod(batch), rows * columns * depth, rows == 1 or columns == 1
    if dtype.kind not in "fiu" or depth < 2 or items <= 4 and work <= (SMALL_VECTOR if single else SMALL) and dtype.kind == "f":
        np.matmul(a, b, out=out) if depth != 1 else np.multiply(a, b, out=out)
    elif dtype.kind != "f" or work <= TINY:
        small_products(whole(a, batch), whole(b, batch), out.reshape(items, rows, columns), work=items * work // 16)
    elif columns == 1 and rows > 1 and a.ndim == 2 and a.flags.c_contiguous and b.flags.c_contiguous and (
            a.flags.writeable and b.flags.writeable):       # the usual case of the next, with less to be asked
        few_rows_products(b.reshape(1, 1, depth), a.reshape(-1), START, (1, depth), out.reshape(1, 1, rows), work=work // 4)
    elif columns == 1 and rows > 1:
        matmul(b.swapaxes(-1, -2), a.swapaxes(-1, -2), out.reshape(*batch, 1, rows))
    elif out.size:
        a, b, made = readable(a, False), readable(b, True), out.reshape(items, rows, columns)
        p = plan(a.shape, a.strides, b.shape, b.strides, batch, dtype, 1 if threads.serial_only() else threads.count)
        if rows <= MORE and items == 1 and p.b_step[1] == 1 and NARROW <= columns <= WIDE and depth >= 2 * BAND and (
                depth * columns >= BANDS):
            few_rows_by_depth(whole(a, batch)[0], origin(b), p.b_step[0], made[0], work=work // 4)
        elif rows > FEW:
            bias = EMPTY[dtype.char] if bias is None else bias
            matrix_products(origin(a), p.a_start, p.a_step, p.side, origin(b), p.b_start, p.b_step, bias, p.bands, p.group, p.part,
                            scratch("panels", dtype, p.copies), made, work=items * work // 16)
            return
        else:
            few_rows_products(whole(a, batch), origin(b), p.b_start, p.b_step, made, work=items * work // 4)
    if bias is not None:
        add_row(bias, out.reshape(-1, columns))


table.enter("cpu", "matmul", matmul)
table.enter("cpu", "linear", linear)
