"""Rows made of weighted sums of other rows: interpolation along one dimension, a thread an element."""
from .block import a_thread_an_element, composed
from .launch import Kernel, cuda, kernel


@kernel
def resample_last(x, places, weights, out):
    """`resample` with inner = 1; x is (outer, size), out (outer, count)."""
    count = out.shape[1]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        o, i, total = place // count, place % count, out.dtype.type(0)
        for k in range(places.shape[1]):
            total += weights[i, k] * x[o, places[i, k]]
        out[o, i] = total


@kernel
def resample(x, places, weights, out):
    """``out[o, i] = sum over k of weights[i, k] * x[o, places[i, k]]``; x is (outer, size, inner), places and weights (count, taps)."""
    count, inner = out.shape[1], out.shape[2]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        o, i, j, total = place // (count * inner), place // inner % count, place % inner, out.dtype.type(0)
        for k in range(places.shape[1]):
            total += weights[i, k] * x[o, places[i, k], j]
        out[o, i, j] = total


def add_taps(grad, places, weights, out):
    count, inner = grad.shape[1], grad.shape[2]
    for place in range(cuda.grid(1), grad.size, cuda.gridsize(1)):
        o, i, j = place // (count * inner), place // inner % count, place % inner
        for k in range(places.shape[1]):
            cuda.atomic.add(out, (o, places[i, k], j), weights[i, k] * grad[o, i, j])


to_taps = Kernel(add_taps, "add_taps", a_thread_an_element(0))


@composed
def resample_backward(grad, places, weights, out):
    """The transpose of `resample`: out (outer, size, inner) of grad (outer, count, inner)."""
    out.fill(0)
    to_taps(grad, places, weights, out)
