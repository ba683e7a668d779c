"""p-norms of the differences of rows: a thread a pair of rows, and on the way back a thread an element."""
from __future__ import annotations

from ..cpu.distance import add_slopes, distance
from .launch import cuda, kernel


@kernel
def distances(x, y, p, out):
    """Of each row of x (batch, P, M) to each of y (batch, R, M); out is (batch, P, R)."""
    exponent, rows, columns = x.dtype.type(p), out.shape[1], out.shape[2]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        batch, i, j = place // (rows * columns), place // columns % rows, place % columns
        out[batch, i, j] = distance(x[batch, i], y[batch, j], exponent)


@kernel
def distances_of_pairs(x, p, out):
    """Of row 0 of x (N, M) to rows 1, 2, ..., of row 1 to rows 2, ... and so on; out is (N (N - 1) / 2,)."""
    exponent, rows = x.dtype.type(p), x.shape[0]
    for place in range(cuda.grid(1), rows * rows, cuda.gridsize(1)):
        i, j = place // rows, place % rows
        if i < j:
            out[i * rows - i * (i + 1) // 2 + j - i - 1] = distance(x[i], x[j], exponent)


@kernel
def distances_backward(grad, lengths, x, y, p, out):
    """Gradient of `distances` for x; grad and lengths are (batch, P, R), out is (batch, P, M)."""
    exponent, rows, columns = x.dtype.type(p), out.shape[1], out.shape[2]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        batch, i, k = place // (rows * columns), place // columns % rows, place % columns
        out[batch, i, k] = x.dtype.type(0)
        for j in range(y.shape[1]):
            add_slopes(x[batch, i, k:k + 1], y[batch, j, k:k + 1], exponent, grad[batch, i, j], lengths[batch, i, j],
                       out[batch, i, k:k + 1])


@kernel
def distances_of_pairs_backward(grad, lengths, x, p, out):
    """Gradient of `distances_of_pairs`; out is (N, M)."""
    exponent, rows, columns = x.dtype.type(p), out.shape[0], out.shape[1]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        i, k = place // columns, place % columns
        out[i, k] = x.dtype.type(0)
        for j in range(rows):
            low, high = min(i, j), max(i, j)
            if low < high:
                at = low * rows - low * (low + 1) // 2 + high - low - 1
                add_slopes(x[i, k:k + 1], x[j, k:k + 1], exponent, grad[at], lengths[at], out[i, k:k + 1])
