"""Tiles of a matrix product: sums of products kept in vector registers, over operands that lie anywhere in memory.

One tile serves matrix products, convolution and its gradients, because its operands are found through tables of
positions: ``c[i, j] = sum over k of a[a_row[i] + a_column[k]] * b[b_row[k] + b_column[j]]``. An image's windows are never
written out as a matrix; a table says where they are. Each sum is taken in the order of k and belongs to one thread, so it
has the same bits for any division of the work.

The Python bodies below say what a tile computes; `kernels.cpu.tile_code` and `kernels.cpu.copy_code` replace them in compiled code.
"""
from __future__ import annotations

import functools

import numpy as np

from ..compile import REASSOCIATE, inlined

ONE_ROW = 8                     # vectors in a tile of one row
DEPTH = 384                     # products taken at once
PANEL = 3                       # vectors in a row of a panel


@functools.cache
def lanes(dtype: np.dtype) -> int:
    """How many numbers of ``dtype`` a vector register of this machine holds."""
    from . import vector_code

    return vector_code.VECTOR_BYTES // dtype.itemsize


def tile_height(dtype: np.dtype) -> int:
    """How many rows a tile has."""
    from . import vector_code

    return vector_code.ROWS


def tile_rows(a):
    """`tile_height`, in compiled code."""
    return tile_height(a.dtype)


def vector_length(a):
    """`lanes`, in compiled code."""
    return lanes(a.dtype)


def memory(x):
    """All memory from the first element of x on, as a 1-d array."""
    return np.lib.stride_tricks.as_strided(x, (1 << 40,), (x.itemsize,))


def multiply_tile(one_row, vectors, a, a_start, a_row, a_column, first_row, rows, b, b_start, b_row, b_column, first_vector,
                  begin, end, bias, add, c, c_start, c_step, columns):
    """Write the products of one tile of ``rows`` rows and ``vectors`` vectors plus bias, or ``add`` the products to c.

    Row i of the tile is row ``first_row + i`` of the tables and ``c[c_start + i * c_step:]``; vector j has consecutive
    elements of b from ``b_column[first_vector + j]`` on. k goes from begin to end; ``columns`` columns are written.
    """
    length = lanes(b.dtype)
    for i in range(rows):
        for j in range(min(columns, vectors * length)):
            place = b_start + b_column[first_vector + j // length] + j % length
            total = c[c_start + i * c_step + j] if add else bias[first_row + i]
            for k in range(begin, end):
                total += a[a_start + a_row[first_row + i] + a_column[k]] * b[b_row[k] + place]
            c[c_start + i * c_step + j] = total


@inlined
def multiply(a, a_start, a_row, a_column, row_begin, row_end, b, b_start, b_row, b_column, vectors, depth,
             bias, add, c, c_start, c_step, columns):
    """Products of rows ``row_begin`` to ``row_end`` and the first ``vectors`` vectors, tile by tile.

    c_start is where c has row 0 and vector 0; columns counts the numbers c has from vector 0 on. The products are taken
    in blocks of depth, so that what tiles above each other share of b stays in the L1 cache. A single row has tiles of
    more vectors, to keep the processor busy; b_column has places for whole tiles, see `vector_table`.
    """
    length, height = vector_length(b), tile_rows(b)
    if row_end - row_begin == 1:
        for vector in range(0, vectors, ONE_ROW):
            multiply_tile(True, ONE_ROW, a, a_start, a_row, a_column, row_begin, 1, b, b_start, b_row, b_column, vector,
                          0, depth, bias, add, c, c_start + row_begin * c_step + vector * length, c_step,
                          columns - vector * length)
        return
    for begin in range(0, depth, DEPTH):
        end, adding, vector = min(begin + DEPTH, depth), add or begin > 0, 0
        while vector < vectors:
            left = vectors - vector
            wide = 3 if left == 3 or left > 4 else min(left, 2)
            right = columns - vector * length
            for row in range(row_begin, row_end, height):
                rows = min(height, row_end - row)
                place = c_start + row * c_step + vector * length
                if wide == 3:
                    multiply_tile(False, 3, a, a_start, a_row, a_column, row, rows, b, b_start, b_row, b_column, vector,
                                  begin, end, bias, adding, c, place, c_step, right)
                elif wide == 2:
                    multiply_tile(False, 2, a, a_start, a_row, a_column, row, rows, b, b_start, b_row, b_column, vector,
                                  begin, end, bias, adding, c, place, c_step, right)
                else:
                    multiply_tile(False, 1, a, a_start, a_row, a_column, row, rows, b, b_start, b_row, b_column, vector,
                                  begin, end, bias, adding, c, place, c_step, right)
            vector += wide


def multiply_panel(half, vectors, a, a_start, a_step, rows, panel, place, depth, add, old, old_start, old_step, c, c_start, c_step,
                   columns):
    """Write the products of up to `tile_rows` rows of a (of half as many, if ``half``) and a panel to c, with ``add`` plus old.

    a_step are the steps of a from row to row and from column to column. The panel has ``depth`` rows of `PANEL` vectors from
    ``panel[place]`` on, of which the first ``vectors`` are taken.
    """
    width = PANEL * lanes(panel.dtype)
    for i in range(rows):
        for j in range(min(columns, vectors * lanes(panel.dtype))):
            total = old[old_start + i * old_step + j] if add else 0
            for k in range(depth):
                total += a[a_start + i * a_step[0] + k * a_step[1]] * panel[place + k * width + j]
            c[c_start + i * c_step + j] = total


def vector_table(count: int, length: int) -> np.ndarray:
    """Where ``count`` adjacent vectors of ``length`` begin; with so many places more that any tile may be read."""
    return np.minimum(np.arange(count + ONE_ROW), count - 1) * length


def copy(source, start, target, place, count):
    """Copy ``count`` adjacent numbers."""
    for i in range(count):
        target[place + i] = source[start + i]


def gather(source, start, step, target, place, count):
    """Copy ``count`` numbers that lie ``step`` apart to where they are adjacent."""
    for i in range(count):
        target[place + i] = source[start + i * step]


def scatter(source, start, target, place, step, count):
    """Copy ``count`` adjacent numbers to where they lie ``step`` apart."""
    for i in range(count):
        target[place + i * step] = source[start + i]


def copy_rows(vectors, source, start, step, rows, width, target, place, target_step):
    """Copy rows of ``width`` numbers, as ``vectors`` whole vectors; what has no number becomes zero.

    What lies beside a matrix must be numbers of ordinary size: the processor is slow with those near zero.
    """
    wide = vectors * lanes(source.dtype)
    for i in range(rows):
        for j in range(wide):
            target[place + i * target_step + j] = source[start + i * step + j] if j < width else 0


def turn_square(source, start, step, height, width, target, place, target_step):
    """Transpose a square with a vector's length as its side; only ``height`` rows and ``width`` columns of it are read.

    The target has room for the whole square; what was not read is arbitrary there.
    """
    for i in range(height):
        for j in range(width):
            target[place + j * target_step + i] = source[start + i * step + j]


@inlined
def turn(source, start, step, height, width, target, target_step):
    """Transpose ``height`` rows of ``width`` numbers into ``width`` rows of ``target_step``, rounded up to whole squares."""
    length = vector_length(source)
    for j in range(0, width, length):
        for i in range(0, height, length):
            turn_square(source, start + i * step + j, step, height - i, width - j, target, j * target_step + i, target_step)


@inlined(fastmath=REASSOCIATE)
def dot(x, y):
    """Sum of the products of adjacent numbers."""
    total = x[0] * y[0]
    for i in range(1, x.size):
        total += x[i] * y[i]
    return total
