"""Steps of linear algebra on groups of small square matrices that lie side by side.

Element (i, j) of all matrices of a group is adjacent in memory, so that each step for one matrix is a loop over the group,
which the compiler vectorizes however small the matrices are. ``x`` is a group everywhere: (n, n, lanes), of which the
first ``group`` lanes are in use. The number of lanes is read from it: loops of a constant length would be unrolled before
they are vectorized.
"""
from __future__ import annotations

import numpy as np

from ..compile import inlined
from .tiles import memory, turn, vector_length


@inlined
def gather(a, first, group, x):
    """Put matrices a[first], a[first + 1], ... side by side: a is (count, size), x (size, lanes)."""
    size = a.shape[1]
    turn(memory(a), first * size, size, group, size, x.reshape(x.size), x.shape[1])


@inlined
def spread(x, group, first, out):
    """The inverse of `gather`."""
    size = out.shape[1]
    if group == x.shape[1] and size % vector_length(x) == 0:
        turn(memory(x), 0, group, size, group, memory(out)[first * size:], size)
        return
    for lane in range(group):
        matrix = out[first + lane]
        for place in range(size):
            matrix[place] = x[place, lane]


@inlined
def exchange(x, k, group, chosen):
    """Exchange row k with row ``chosen[lane]`` (not above it) in each matrix of a group, all rows looked at: a jump for
    each matrix costs more than the masks do."""
    for i in range(k + 1, x.shape[0]):
        row = x.dtype.type(i)
        for j in range(x.shape[1]):
            for lane in range(group):
                here, upper, lower = chosen[lane] == row, x[k, j, lane], x[i, j, lane]
                x[k, j, lane] = lower if here else upper
                x[i, j, lane] = upper if here else lower


@inlined
def find_pivots(x, k, group, largest, chosen):
    """Row at or below the diagonal of column k, whose element has the largest size, for each matrix."""
    row = x.dtype.type(k)
    for lane in range(group):
        largest[lane] = abs(x[k, k, lane])
        chosen[lane] = row
    for i in range(k + 1, x.shape[0]):
        row = x.dtype.type(i)
        for lane in range(group):
            size = abs(x[i, k, lane])
            chosen[lane] = row if size > largest[lane] else chosen[lane]
            largest[lane] = size if size > largest[lane] else largest[lane]


@inlined
def subtract_products(target, t, left, a, right, b, step, count, group):
    """Subtract from target[t] the sum over k < count of left[a + k] * right[b + k * step], for each matrix."""
    many = count - count % 4
    for k in range(0, many, 4):
        i, j = a + k, b + k * step
        for lane in range(group):           # four at once: the target is read and written less often
            target[t, lane] -= (left[i, lane] * right[j, lane] + left[i + 1, lane] * right[j + step, lane]
                                + left[i + 2, lane] * right[j + 2 * step, lane] + left[i + 3, lane] * right[j + 3 * step, lane])
    for k in range(many, count):
        for lane in range(group):
            target[t, lane] -= left[a + k, lane] * right[b + k * step, lane]


@inlined
def factor(x, group, largest, chosen, pivots, first):
    """LU factors of a group in place, column by column.

    Row k was exchanged with row ``pivots[first + lane, k]``, counted from 1. A pivot of zero leaves its column as it is.
    """
    n, one, rows = x.shape[0], x.dtype.type(1), x.reshape(x.shape[0] * x.shape[1], x.shape[-1])
    for k in range(n):
        for i in range(1, n):
            subtract_products(rows, i * n + k, rows, i * n, rows, k, n, min(i, k), group)
        find_pivots(x, k, group, largest, chosen)
        for lane in range(group):
            pivots[first + lane, k] = np.int32(chosen[lane]) + 1
        exchange(x, k, group, chosen)
        for lane in range(group):
            pivot = x[k, k, lane]
            largest[lane] = pivot if pivot != 0 else one
        for i in range(k + 1, n):
            for lane in range(group):
                x[i, k, lane] /= largest[lane]


@inlined
def invert_diagonal(x, group):
    one = x.dtype.type(1)
    for k in range(x.shape[0]):
        for lane in range(group):
            x[k, k, lane] = one / x[k, k, lane]


@inlined
def eliminate_below(x, y, columns, group, unit, identity):
    """Solve L Z = Y in place for a lower triangle; y (columns * n, lanes) has the columns of Y, one after the other.

    The diagonal is that of ones if ``unit``, else the inverse of L's stands in its place. Where Y is the ``identity``, what
    is known to be zero is left out.
    """
    n, rows = x.shape[0], x.reshape(x.shape[0] * x.shape[1], x.shape[-1])
    for column in range(columns):
        begin = column if identity else 0
        for i in range(begin, n):
            place = column * n + i
            subtract_products(y, place, rows, i * n + begin, y, column * n + begin, 1, i - begin, group)
            if not unit:
                for lane in range(group):
                    y[place, lane] *= x[i, i, lane]


@inlined
def eliminate_above(x, y, columns, group):
    """Solve U Z = Y in place for an upper triangle, which has the inverse of its diagonal in the diagonal's place."""
    n, rows = x.shape[0], x.reshape(x.shape[0] * x.shape[1], x.shape[-1])
    for column in range(columns):
        for i in range(n - 1, -1, -1):
            place = column * n + i
            subtract_products(y, place, rows, i * n + i + 1, y, place + 1, 1, n - 1 - i, group)
            for lane in range(group):
                y[place, lane] *= x[i, i, lane]


@inlined
def order_rows(pivots, order):
    """Where each row of a matrix went: row i of the exchanged matrix is row ``order[i]`` of the given one."""
    for i in range(order.size):
        order[i] = i
    for i in range(order.size):
        j = pivots[i] - 1
        held = order[i]
        order[i] = order[j]
        order[j] = held


@inlined
def turn_over(x, group):
    """Transpose each matrix of a group in place."""
    for i in range(x.shape[0]):
        for j in range(i):
            for lane in range(group):
                held = x[i, j, lane]
                x[i, j, lane] = x[j, i, lane]
                x[j, i, lane] = held


@inlined
def find_zeros(x, group, info, first):
    """Write for each matrix which element of the diagonal is the first that is zero, counted from 1; 0 if none is."""
    for lane in range(group):
        info[first + lane] = 0
    for k in range(x.shape[0] - 1, -1, -1):
        for lane in range(group):
            if x[k, k, lane] == 0:
                info[first + lane] = k + 1


@inlined
def share(worker, workspace, count):
    """Where the groups begin that a worker takes."""
    workers, width = workspace.shape[0], workspace.shape[2]
    groups = (count + width - 1) // width
    return range(worker * groups // workers * width, min((worker + 1) * groups // workers * width, count), width)
