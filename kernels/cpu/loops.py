"""Loops for any formula: map over one to four arrays.

Each factory takes a scalar formula and returns a `Kernel`. The flat loops want 1-d contiguous arrays of one size; the
row loops take 4-d arrays of any strides, zero strides (broadcasting) included, and are the only ones that know strides.
``numbers`` is a tuple of Python numbers handed to the formula after the elements, in the dtype of the first array.
Inner loops run over slices from 0 up: an index that begins elsewhere may be negative to Numba, which stops vectorization.
"""
from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from .. import formulas  # noqa: F401  enters the formulas
from ..bits import cast_all, floats, unit
from ..compile import FORMULAS, Kernel, inlined, prange

BLOCK = 1 << 13                 # elements a thread takes at once
TILE = 64                       # rows and columns of a tile; a tile of a transposed array stays in the L1 cache
LONG = 1 << 12                  # columns of a tile of adjacent elements


def flat1(formula, cast_all):
    def loop(x, numbers, out):
        values = cast_all(numbers, x)
        for block in prange((out.size + BLOCK - 1) // BLOCK):
            start = np.int64(block) * BLOCK
            a, result = x[start:start + BLOCK], out[start:start + BLOCK]
            for i in range(result.size):
                result[i] = formula(a[i], *values)
    return loop


def flat2(formula, cast_all):
    def loop(x, y, numbers, out):
        values = cast_all(numbers, x)
        for block in prange((out.size + BLOCK - 1) // BLOCK):
            start = np.int64(block) * BLOCK
            a, b, result = x[start:start + BLOCK], y[start:start + BLOCK], out[start:start + BLOCK]
            for i in range(result.size):
                result[i] = formula(a[i], b[i], *values)
    return loop


def flat3(formula, cast_all):
    def loop(x, y, z, numbers, out):
        values = cast_all(numbers, x)
        for block in prange((out.size + BLOCK - 1) // BLOCK):
            start = np.int64(block) * BLOCK
            a, b, c, result = x[start:start + BLOCK], y[start:start + BLOCK], z[start:start + BLOCK], out[start:start + BLOCK]
            for i in range(result.size):
                result[i] = formula(a[i], b[i], c[i], *values)
    return loop


def flat4(formula, cast_all):
    def loop(x, y, z, w, numbers, out):
        values = cast_all(numbers, x)
        for block in prange((out.size + BLOCK - 1) // BLOCK):
            start = np.int64(block) * BLOCK
            a, b, c = x[start:start + BLOCK], y[start:start + BLOCK], z[start:start + BLOCK]
            d, result = w[start:start + BLOCK], out[start:start + BLOCK]
            for i in range(result.size):
                result[i] = formula(a[i], b[i], c[i], d[i], *values)
    return loop


@inlined
def tile_bounds(tile, shape, adjacent):
    """Outer indices, first and last row, and first and last column of a tile of a 4-d array, counted in C order."""
    high, wide = size_of_tile(shape, adjacent)
    columns = (shape[3] + wide - 1) // wide
    rows = (shape[2] + high - 1) // high
    t = np.int64(tile)
    column, t = t % columns, t // columns
    row, t = t % rows, t // rows
    left, first = column * wide, row * high
    return t // shape[1], t % shape[1], first, min(first + high, shape[2]), left, min(left + wide, shape[3])


@inlined
def size_of_tile(shape, adjacent):
    """Rows and columns of a tile: long rows where elements are adjacent in all arrays, else what of a transposed one the cache holds."""
    if adjacent:
        wide = max(1, min(shape[3], LONG))
        return max(1, min(TILE, LONG // wide)), wide
    return TILE, max(TILE, min(shape[3], LONG)) if shape[2] < TILE // 4 else TILE * 4


@inlined
def tiles(shape, adjacent):
    """How many tiles cover a 4-d array."""
    high, wide = size_of_tile(shape, adjacent)
    return shape[0] * shape[1] * ((shape[2] + high - 1) // high) * ((shape[3] + wide - 1) // wide)


def rows1(formula, cast_all):
    def loop(x, numbers, out):
        values = cast_all(numbers, x)
        adjacent = out.strides[3] == out.itemsize and x.strides[3] == x.itemsize
        for tile in prange(tiles(out.shape, adjacent)):
            a, b, first, last, left, right = tile_bounds(tile, out.shape, adjacent)
            for c in range(first, last):
                p, q = x[a, b, c, left:right], out[a, b, c, left:right]
                if adjacent:
                    u, v = unit(p), unit(q)
                    for i in range(v.size):
                        v[i] = formula(u[i], *values)
                else:
                    for i in range(q.size):
                        q[i] = formula(p[i], *values)
    return loop


def rows2(formula, cast_all):
    def loop(x, y, numbers, out):
        values = cast_all(numbers, x)
        to_out = out.strides[3] == out.itemsize
        adjacent = to_out and x.strides[3] == x.itemsize and y.strides[3] == y.itemsize
        left_fixed = to_out and x.strides[3] == 0 and y.strides[3] == y.itemsize
        right_fixed = to_out and x.strides[3] == x.itemsize and y.strides[3] == 0
        long = adjacent or left_fixed or right_fixed
        for tile in prange(tiles(out.shape, long)):
            a, b, first, last, left, right = tile_bounds(tile, out.shape, long)
            for c in range(first, last):
                p, q, r = x[a, b, c, left:right], y[a, b, c, left:right], out[a, b, c, left:right]
                if adjacent:
                    u, v, w = unit(p), unit(q), unit(r)
                    for i in range(w.size):
                        w[i] = formula(u[i], v[i], *values)
                elif left_fixed:
                    fixed, v, w = p[0], unit(q), unit(r)
                    for i in range(w.size):
                        w[i] = formula(fixed, v[i], *values)
                elif right_fixed:
                    u, fixed_right, w = unit(p), q[0], unit(r)
                    for i in range(w.size):
                        w[i] = formula(u[i], fixed_right, *values)
                else:
                    for i in range(r.size):
                        r[i] = formula(p[i], q[i], *values)
    return loop


def rows3(formula, cast_all):
    def loop(x, y, z, numbers, out):
        values = cast_all(numbers, x)
        adjacent = (out.strides[3] == out.itemsize and x.strides[3] == x.itemsize and y.strides[3] == y.itemsize
                    and z.strides[3] == z.itemsize)
        for tile in prange(tiles(out.shape, adjacent)):
            a, b, first, last, left, right = tile_bounds(tile, out.shape, adjacent)
            for c in range(first, last):
                p, q, r, result = x[a, b, c, left:right], y[a, b, c, left:right], z[a, b, c, left:right], out[a, b, c, left:right]
                if adjacent:
                    s, t, u, v = unit(p), unit(q), unit(r), unit(result)
                    for i in range(v.size):
                        v[i] = formula(s[i], t[i], u[i], *values)
                else:
                    for i in range(result.size):
                        result[i] = formula(p[i], q[i], r[i], *values)
    return loop


def rows4(formula, cast_all):
    def loop(x, y, z, w, numbers, out):
        values = cast_all(numbers, x)
        for tile in prange(tiles(out.shape, False)):
            a, b, first, last, left, right = tile_bounds(tile, out.shape, False)
            for c in range(first, last):
                p, q, r = x[a, b, c, left:right], y[a, b, c, left:right], z[a, b, c, left:right]
                s, result = w[a, b, c, left:right], out[a, b, c, left:right]
                for i in range(result.size):
                    result[i] = formula(p[i], q[i], r[i], s[i], *values)
    return loop


FLAT, ROWS = (flat1, flat2, flat3, flat4), (rows1, rows2, rows3, rows4)


@functools.cache
def flat(formula: Callable | str, inputs: int) -> Kernel:
    """The flat loop of a formula (or of its name) over ``inputs`` arrays."""
    formula = FORMULAS[formula] if isinstance(formula, str) else formula
    return Kernel(FLAT[inputs - 1](formula, casting(formula)), f"{formula.__name__}_flat{inputs}")


@functools.cache
def rows(formula: Callable | str, inputs: int) -> Kernel:
    """The row loop of a formula (or of its name) over ``inputs`` arrays."""
    formula = FORMULAS[formula] if isinstance(formula, str) else formula
    return Kernel(ROWS[inputs - 1](formula, casting(formula)), f"{formula.__name__}_rows{inputs}", any_strides=True)


def casting(formula: Callable) -> Callable:
    """What casts a formula's numbers: to the dtype of the first array, but where that holds the bits of a half type."""
    return floats if getattr(formula, "first_is_half", False) else cast_all
