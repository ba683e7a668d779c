"""Reading and writing by index, and by mask.

Arrays are C-contiguous. x is (outer, n, inner) and the index, int64, runs over n; negative ones count from the end.
Writes to the same element happen in the order of the index, whatever the number of threads: a thread owns outer indices
and columns, never a part of the index.
"""
from __future__ import annotations

import functools

import numpy as np

from ..compile import Kernel, inlined, kernel, prange
from ..formulas.indexing import WRITES
from .reduction import divided

BLOCK = 1 << 13                 # elements a thread takes at once
LINE = 32                       # columns at least for a thread that writes: two cache lines of float32


@inlined
def columns_of_task(inner):
    """Columns a writing thread owns at once: whole cache lines, and tasks enough for some threads."""
    return max(LINE, (inner // 8 + LINE - 1) // LINE * LINE)


@kernel
def first_out_of_range(index, lower, upper, found):
    """index (m,) -> found (1,): the first position where not lower <= index < upper, or -1."""
    blocks = (index.size + BLOCK - 1) // BLOCK
    bad = np.zeros(blocks, np.int64)
    span = np.uint64(max(np.int64(0), upper - lower))
    for block in prange(blocks):
        start = np.int64(block) * BLOCK
        part, count = index[start:min(start + BLOCK, index.size)], 0
        for i in range(part.size):
            count += np.uint64(part[i] - lower) >= span
        bad[block] = count
    found[0] = -1
    for block in range(blocks):
        if bad[block]:
            for i in range(block * BLOCK, index.size):
                if index[i] < lower or index[i] >= upper:
                    found[0] = i
                    return


@kernel
def add_positions(index, size, stride, positions):
    """positions (m,) += stride times index (m,), negative ones counted from ``size``: one dimension's part of the
    place in a flat array."""
    for block in prange((index.size + BLOCK - 1) // BLOCK):
        start = np.int64(block) * BLOCK
        part, places = index[start:min(start + BLOCK, index.size)], positions[start:min(start + BLOCK, index.size)]
        for i in range(part.size):
            places[i] += stride * (part[i] + size if part[i] < 0 else part[i])


@kernel
def index_select(x, index, out):
    """x (outer, n, inner), index (m,) -> out (outer, m, inner): out[o, i] = x[o, index[i]]."""
    outer, m, inner = out.shape
    few = max(1, BLOCK // max(1, inner))
    pieces = (m + few - 1) // few
    for task in prange(outer * pieces):
        row, piece = divided(task, pieces)
        left, right = piece * few, min(m, (piece + 1) * few)
        if inner == 1:
            source, target, places = x[row, :, 0], out[row, left:right, 0], index[left:right]
            for i in range(places.size):
                target[i] = source[places[i]]
        else:
            for i in range(left, right):
                source, target = x[row, index[i]], out[row, i]
                for j in range(inner):
                    target[j] = source[j]


@kernel
def reverse_rows(x, out):
    """x, out (rows, n): out[r, i] = x[r, n - 1 - i]."""
    rows, n = x.shape
    pieces = (n + BLOCK - 1) // BLOCK
    for task in prange(rows * pieces):
        row, piece = divided(task, pieces)
        left = piece * BLOCK
        target = out[row, left:min(left + BLOCK, n)]
        source, last = x[row, n - left - target.size:n - left], np.uint64(target.size - 1)
        for i in range(target.size):
            target[i] = source[last - np.uint64(i)]


@kernel
def gather(x, index, out):
    """x (outer, n, inner), index (outer, m, inner) -> out (outer, m, inner): out[o, i, j] = x[o, index[o, i, j], j]."""
    outer, m, inner = out.shape
    few = max(1, BLOCK // max(1, inner))
    pieces = (m + few - 1) // few
    for task in prange(outer * pieces):
        row, piece = divided(task, pieces)
        left, right = piece * few, min(m, (piece + 1) * few)
        if inner == 1:
            source, target, places = x[row, :, 0], out[row, left:right, 0], index[row, left:right, 0]
            for i in range(places.size):
                target[i] = source[places[i]]
        else:
            source = x[row]
            for i in range(left, right):
                target, places = out[row, i], index[row, i]
                for j in range(inner):
                    target[j] = source[places[j], j]


@functools.cache
def scatter(name: str) -> Kernel:
    """index, source (outer, m, inner), out (outer, n, inner): "set", "add" or "multiply" out[o, index[o, i, j], j] with
    source[o, i, j]."""
    write = WRITES[name]

    def loop(index, source, out):
        outer, m, inner = source.shape
        width = columns_of_task(inner)
        across = (inner + width - 1) // width
        for task in prange(outer * across):
            row, tile = divided(task, across)
            target = out[row]
            if inner == 1:
                column, places, values = out[row, :, 0], index[row, :, 0], source[row, :, 0]
                for i in range(m):
                    column[places[i]] = write(column[places[i]], values[i])
            else:
                for i in range(m):
                    for j in range(tile * width, min(inner, (tile + 1) * width)):
                        target[index[row, i, j], j] = write(target[index[row, i, j], j], source[row, i, j])
    return Kernel(loop, f"scatter_{name}")


@functools.cache
def scatter_value(name: str) -> Kernel:
    """index (outer, m, inner), value, out (outer, n, inner): as `scatter` of one value."""
    write = WRITES[name]

    def loop(index, value, out):
        outer, m, inner = index.shape
        width = columns_of_task(inner)
        across = (inner + width - 1) // width
        for task in prange(outer * across):
            row, tile = divided(task, across)
            target = out[row]
            for i in range(m):
                for j in range(tile * width, min(inner, (tile + 1) * width)):
                    target[index[row, i, j], j] = write(target[index[row, i, j], j], value)
    return Kernel(loop, f"scatter_value_{name}")


@functools.cache
def index_write(name: str) -> Kernel:
    """index (m,), source (outer, m, inner), out (outer, n, inner): "set", "add" or "multiply" out[o, index[i]] with
    source[o, i]. With outer = 1 and an index of flat positions, it is also index_put and put."""
    write = WRITES[name]

    def loop(index, source, out):
        outer, m, inner = source.shape
        width = columns_of_task(inner)
        across = (inner + width - 1) // width
        for task in prange(outer * across):
            row, tile = divided(task, across)
            if inner == 1:
                target, values = out[row, :, 0], source[row, :, 0]
                for i in range(m):
                    target[index[i]] = write(target[index[i]], values[i])
            else:
                left, right = tile * width, min(inner, (tile + 1) * width)
                for i in range(m):
                    target, values = out[row, index[i], left:right], source[row, i, left:right]
                    for j in range(target.size):
                        target[j] = write(target[j], values[j])
    return Kernel(loop, f"index_{name}")


@kernel
def index_fill(index, value, out):
    """index (m,), value, out (outer, n, inner): out[o, index[i]] = value."""
    outer, inner, m = out.shape[0], out.shape[2], index.size
    few = max(1, BLOCK // max(1, inner))
    pieces = (m + few - 1) // few
    for task in prange(outer * pieces):         # where an index comes twice, two threads write the same value
        row, piece = divided(task, pieces)
        places = index[piece * few:min(m, (piece + 1) * few)]
        if inner == 1:
            column = out[row, :, 0]
            for i in range(places.size):
                column[places[i]] = value
        else:
            for i in range(places.size):
                target = out[row, places[i]]
                for j in range(target.size):
                    target[j] = value


@kernel
def embedding_backward(grad, index, counts, padding, out):
    """grad (m, width), index (m,), counts (rows,) or (0,), padding -> out (rows, width): out[r] is the sum of grad[i] over
    index[i] == r, except for r == padding, over counts[r] if counts are given."""
    rows, width = out.shape
    own = columns_of_task(width)
    for task in prange((width + own - 1) // own):
        left = np.int64(task) * own
        right = min(left + own, width)
        out[:, left:right] = 0
        for i in range(index.size):
            if index[i] != padding:
                target, values = out[index[i], left:right], grad[i, left:right]
                for j in range(target.size):
                    target[j] += values[j]
        if counts.size:
            for row in range(rows):
                target, count = out[row, left:right], out.dtype.type(max(1, counts[row]))
                for j in range(target.size):
                    target[j] /= count


def block_count(size: int) -> int:
    """Length of the offsets of `true_offsets` for an array of ``size`` elements."""
    return (size + BLOCK - 1) // BLOCK + 1


@kernel
def true_offsets(x, offsets):
    """x (size,) -> offsets (block_count(size),): how many elements before each block are not zero; the last is the total."""
    for block in prange(offsets.size - 1):
        start = np.int64(block) * BLOCK
        part, count = x[start:min(start + BLOCK, x.size)], np.int32(0)
        for i in range(part.size):
            count = np.int32(count + np.int32(part[i] != 0))
        offsets[np.int64(block) + 1] = count
    offsets[0] = 0
    for block in range(1, offsets.size):
        offsets[block] += offsets[block - 1]


@inlined
def positions_of_true(x, found):
    """Write the positions of elements not zero into ``found`` (longer than x) and return how many they are."""
    count = 0
    for i in range(x.size):         # every position is written and the next one over it: a branch would be guessed wrong
        found[count] = i
        count += x[i] != 0
    return count


@kernel
def masked_select(x, mask, offsets, out):
    """x (size,), mask (size,), offsets of the mask -> out (total,): the elements of x where the mask is true."""
    for block in prange(offsets.size - 1):
        start = np.int64(block) * BLOCK
        part, target, found = x[start:min(start + BLOCK, x.size)], out[offsets[block]:], np.empty(BLOCK + 1, np.int32)
        for k in range(positions_of_true(mask[start:start + part.size], found)):
            target[k] = part[found[k]]


@kernel
def masked_scatter(mask, source, offsets, out):
    """mask (size,), source (at least total,), offsets of the mask, out (size,): where the mask is true, out takes the next
    element of the source."""
    for block in prange(offsets.size - 1):
        start = np.int64(block) * BLOCK
        target, taken = out[start:min(start + BLOCK, out.size)], source[offsets[block]:]
        found = np.empty(BLOCK + 1, np.int32)
        for k in range(positions_of_true(mask[start:start + target.size], found)):
            target[found[k]] = taken[k]


@kernel
def nonzero(x, sizes, offsets, out):
    """x (size,) of the shape ``sizes`` (dims,), offsets of x -> out (total, dims): coordinates of elements not zero."""
    dims = sizes.size
    for block in prange(offsets.size - 1):
        start, to = np.int64(block) * BLOCK, offsets[block]
        found = np.empty(BLOCK + 1, np.int32)
        count = positions_of_true(x[start:min(start + BLOCK, x.size)], found)
        at, rest = np.empty(max(1, dims), np.int64), start
        for dim in range(dims - 1, -1, -1):
            at[dim], rest = rest % sizes[dim], rest // sizes[dim]
        row = -at[dims - 1]                      # where the current row of the last dimension begins in the block
        for k in range(count if dims else 0):
            while found[k] - row >= sizes[dims - 1]:
                row += sizes[dims - 1]
                dim = dims - 2
                at[dim] += 1
                while at[dim] == sizes[dim]:
                    at[dim] = 0
                    dim -= 1
                    at[dim] += 1
            for dim in range(dims - 1):
                out[to + k, dim] = at[dim]
            out[to + k, dims - 1] = found[k] - row
