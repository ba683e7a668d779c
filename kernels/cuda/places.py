"""Elements taken from and put to places of planes: a thread an element."""
from .block import a_thread_an_element, composed
from .launch import Kernel, cuda, kernel


@kernel
def triangle(x, diagonal, lower, out):
    """x -> out (planes, rows, columns): the elements where column - row <= diagonal, or >= diagonal if not ``lower``; else zero."""
    rows, columns = out.shape[1], out.shape[2]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        plane, row, column = place // (rows * columns), place // columns % rows, place % columns
        kept = column - row <= diagonal if lower else column - row >= diagonal
        value = out.dtype.type(0)
        if kept:
            value = x[plane, row, column]
        out[plane, row, column] = value


@kernel
def shuffle_pixels(x, out):
    """out[n, h r + i, w r + j] = x[n, i, j, h, w]; x is (planes, r, r, H, W), out (planes, H r, W r)."""
    r, high, wide = x.shape[1], out.shape[1], out.shape[2]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        n, y, z = place // (high * wide), place // wide % high, place % wide
        out[n, y, z] = x[n, y % r, z % r, y // r, z // r]


@kernel
def unshuffle_pixels(x, out):
    """The other way round: out[n, i, j, h, w] = x[n, h r + i, w r + j]."""
    r, high, wide = out.shape[1], x.shape[1], x.shape[2]
    for place in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        n, y, z = place // (high * wide), place // wide % high, place % wide
        out[n, y % r, z % r, y // r, z // r] = x[n, y, z]


@kernel
def take_places(x, d, h, w, first, end, out):
    """out[n, i, j, k] = x[n, d[i], h[j], w[k]]; the places of w from ``first`` to ``end`` are adjacent."""
    deep, high, wide = out.shape[1], out.shape[2], out.shape[3]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        n, i = place // (deep * high * wide), place // (high * wide) % deep
        j, k = place // wide % high, place % wide
        out[n, i, j, k] = x[n, d[i], h[j], w[k]]


def add_elements(grad, d, h, w, out):
    deep, high, wide = grad.shape[1], grad.shape[2], grad.shape[3]
    for place in range(cuda.grid(1), grad.size, cuda.gridsize(1)):
        n, i = place // (deep * high * wide), place // (high * wide) % deep
        j, k = place // wide % high, place % wide
        cuda.atomic.add(out, (n, d[i], h[j], w[k]), grad[n, i, j, k])


additions = Kernel(add_elements, "add_elements_at_places", a_thread_an_element(0))


@composed
def add_at_places(grad, d, h, w, first, end, out):
    """The gradient of `take_places` for x: zeros, and out[n, d[i], h[j], w[k]] += grad[n, i, j, k]."""
    out.fill(0)
    additions(grad, d, h, w, out)
