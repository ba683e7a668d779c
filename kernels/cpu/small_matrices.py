"""Factors, solutions and determinants of many small square matrices.

Matrices are taken in groups of up to LANES, side by side: element (i, j) of all of a group is adjacent in memory, so that
each step for one matrix is a loop over the group, which the compiler vectorizes however small the matrices are. Every
matrix is computed by itself: its result depends neither on its neighbours nor on the threads.
"""
from __future__ import annotations

import math

import numpy as np

from ..compile import inlined, kernel, prange
from .tiles import memory, turn, vector_length

LANES = 32                      # matrices side by side; a constant loop length would make the compiler unroll, not vectorize


@inlined
def gather(a, first, group, x):
    """Put matrices a[first], a[first + 1], ... side by side: a is (count, size), x (size, LANES)."""
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
def subtract_products(target, t, left, l, right, r, step, count, group):
    """Subtract from target[t] the sum over k < count of left[l + k] * right[r + k * step], for each matrix."""
    many = count - count % 4
    for k in range(0, many, 4):
        l0, r0, r1, r2, r3 = l + k, r + k * step, r + (k + 1) * step, r + (k + 2) * step, r + (k + 3) * step
        for lane in range(group):           # four at once: the target is read and written less often
            target[t, lane] -= (left[l0, lane] * right[r0, lane] + left[l0 + 1, lane] * right[r1, lane]
                                + left[l0 + 2, lane] * right[r2, lane] + left[l0 + 3, lane] * right[r3, lane])
    for k in range(many, count):
        for lane in range(group):
            target[t, lane] -= left[l + k, lane] * right[r + k * step, lane]


@inlined
def factor(x, group, largest, chosen, pivots, first):
    """LU factors of a group x (n, n, LANES) in place, column by column.

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
    """Solve L Z = Y in place for a lower triangle; y (columns * n, LANES) has the columns of Y, one after the other.

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
    w, workers, lanes = np.int64(worker), workspace.shape[0], workspace.shape[2]
    groups = (count + lanes - 1) // lanes
    return range(w * groups // workers * lanes, min((w + 1) * groups // workers * lanes, count), lanes)


@inlined
def lu_of_group(a, first, group, workspace, pivots, info, lu):
    n = pivots.shape[1]
    x, rest = workspace[:n * n], workspace[n * n:]
    square = x.reshape(n, n, x.shape[-1])
    gather(a, first, group, x)
    factor(square, group, rest[0], rest[1], pivots, first)
    find_zeros(square, group, info, first)
    turn_over(square, group)
    spread(x, group, first, lu)


@kernel
def small_lu(a, workspace, pivots, info, lu):
    """LU factors, as `factor` has them, of matrices a (count, n * n) into lu, transposed.

    pivots is (count, n); info (count,) is what `find_zeros` finds.
    """
    for worker in prange(workspace.shape[0]):
        w, count, lanes = np.int64(worker), a.shape[0], workspace.shape[2]
        for first in share(w, workspace, count):
            lu_of_group(a, first, min(lanes, count - first), workspace[w], pivots, info, lu)


@inlined
def determinants_of_group(a, first, group, workspace, pivots, diagonals, out):
    n = pivots.shape[1]
    x, rest = workspace[:n * n], workspace[n * n:]
    square = x.reshape(n, n, x.shape[-1])
    gather(a, first, group, x)
    factor(square, group, rest[0], rest[1], pivots, first)
    for lane in range(group):
        for k in range(n):
            value = square[k, k, lane]
            diagonals[first + lane, k] = value if pivots[first + lane, k] == k + 1 else -value
        product = diagonals[first + lane, 0]
        for k in range(1, n):
            product *= diagonals[first + lane, k]
        out[first + lane] = product


@kernel
def small_determinants(a, workspace, pivots, diagonals, out):
    """Determinants of matrices a (count, n * n) into out (count,); they are the products of ``diagonals`` (count, n)."""
    for worker in prange(workspace.shape[0]):
        w, count, lanes = np.int64(worker), a.shape[0], workspace.shape[2]
        for first in share(w, workspace, count):
            determinants_of_group(a, first, min(lanes, count - first), workspace[w], pivots, diagonals, out)


@inlined
def solve_group(a, b, factored, first, group, workspace, order, pivots, info, lu, out):
    n, columns = b.shape[2], b.shape[1]
    x, y, rest = workspace[:n * n], workspace[n * n:n * n + n * columns], workspace[n * n + n * columns:]
    square = x.reshape(n, n, x.shape[-1])
    gather(a, first, group, x)
    if factored:
        turn_over(square, group)
    else:
        factor(square, group, rest[0], rest[1], pivots, first)
        find_zeros(square, group, info, first)
        if lu.size > 0:
            turn_over(square, group)
            spread(x, group, first, lu)
            turn_over(square, group)
    invert_diagonal(square, group)
    for lane in range(group):
        order_rows(pivots[first + lane], order)
        for column in range(columns):
            for i in range(n):
                y[column * n + i, lane] = b[first + lane, column, order[i]]
    eliminate_below(square, y, columns, group, True, False)
    eliminate_above(square, y, columns, group)
    spread(y, group, first, out)


@kernel
def small_solve(a, b, factored, workspace, orders, pivots, info, lu, out):
    """Solutions of A X = B: a is (count, n * n), b (count, columns, n) the transposes of B, out that of X, flattened.

    If ``factored``, a and pivots are what `small_lu` made. lu may be of size 0 if it is not wanted.
    """
    for worker in prange(workspace.shape[0]):
        w, count, lanes = np.int64(worker), a.shape[0], workspace.shape[2]
        for first in share(w, workspace, count):
            solve_group(a, b, factored, first, min(lanes, count - first), workspace[w], orders[w], pivots, info, lu, out)


@inlined
def invert_group(a, first, group, workspace, order, pivots, info, out):
    n = pivots.shape[1]
    x, y, rest = workspace[:n * n], workspace[n * n:2 * n * n], workspace[2 * n * n:]
    square, columns = x.reshape(n, n, x.shape[-1]), y.reshape(n, n, x.shape[-1])
    gather(a, first, group, x)
    factor(square, group, rest[0], rest[1], pivots, first)
    find_zeros(square, group, info, first)
    invert_diagonal(square, group)
    for column in range(n):
        for i in range(n):
            for lane in range(group):
                columns[column, i, lane] = i == column
    eliminate_below(square, y, n, group, True, True)
    eliminate_above(square, y, n, group)
    for lane in range(group):
        order_rows(pivots[first + lane], order)
        for column in range(n):
            place = order[column] * n
            for i in range(n):
                out[first + lane, place + i] = columns[column, i, lane]


@kernel
def small_inverse(a, workspace, orders, pivots, info, out):
    """Inverses of matrices a (count, n * n) into out, transposed."""
    for worker in prange(workspace.shape[0]):
        w, count, lanes = np.int64(worker), a.shape[0], workspace.shape[2]
        for first in share(w, workspace, count):
            invert_group(a, first, min(lanes, count - first), workspace[w], orders[w], pivots, info, out)


@inlined
def cholesky_of_group(a, first, group, x, info, out):
    n = round(math.sqrt(a.shape[1]))
    rows = x[:n * n]
    square = rows.reshape(n, n, x.shape[-1])
    gather(a, first, group, rows)
    info[first:first + group] = 0
    for k in range(n):
        for i in range(k, n):
            subtract_products(rows, i * n + k, rows, i * n, rows, k * n, 1, k, group)
        for lane in range(group):
            if not square[k, k, lane] > 0 and info[first + lane] == 0:
                info[first + lane] = k + 1
        for lane in range(group):
            square[k, k, lane] = math.sqrt(square[k, k, lane])
        for i in range(k + 1, n):
            for lane in range(group):
                square[i, k, lane] /= square[k, k, lane]
                square[k, i, lane] = 0
    spread(rows, group, first, out)


@kernel
def small_cholesky(a, workspace, info, out):
    """Lower Cholesky factors of matrices a (count, n * n), of which the lower triangle is read.

    info (count,) says which leading minor is the first that is not positive, counted from 1; 0 if all are.
    """
    for worker in prange(workspace.shape[0]):
        w, count, lanes = np.int64(worker), a.shape[0], workspace.shape[2]
        for first in share(w, workspace, count):
            cholesky_of_group(a, first, min(lanes, count - first), workspace[w], info, out)


@inlined
def triangular_group(a, b, transposed, upper, unit, first, group, workspace, out):
    n, columns = b.shape[2], b.shape[1]
    x, y = workspace[:n * n], workspace[n * n:n * n + n * columns]
    square = x.reshape(n, n, x.shape[-1])
    gather(a, first, group, x)
    gather(b.reshape(b.shape[0], columns * n), first, group, y)
    if transposed:
        turn_over(square, group)
    if unit:
        for i in range(n):
            square[i, i] = 1
    invert_diagonal(square, group)
    if upper:
        eliminate_above(square, y, columns, group)
    else:
        eliminate_below(square, y, columns, group, unit, False)
    spread(y, group, first, out)


@kernel
def small_triangular(a, b, transposed, upper, unit, workspace, out):
    """Solutions of A X = B for triangular A (count, n * n), or its transpose, of which one triangle is read.

    b (count, columns, n) has the transposes of B, out those of X, flattened. ``upper`` speaks of what is solved for. If
    ``unit``, the diagonal counts as ones.
    """
    for worker in prange(workspace.shape[0]):
        w, count, lanes = np.int64(worker), a.shape[0], workspace.shape[2]
        for first in share(w, workspace, count):
            triangular_group(a, b, transposed, upper, unit, first, min(lanes, count - first), workspace[w], out)
