"""Maximum and mean over any boxes of volumes, and what goes back to where it came from: a thread an element.

``along_d`` and its like are (2, sets, count): the first and one past the last place of each range, in one set for all planes or in one
set for each.
"""
from .block import a_thread_an_element, composed
from .launch import Kernel, cuda, kernel


@kernel
def max_of_windows(x, along_d, along_h, along_w, step_d, step_h, step_w, out, indices):
    """Largest element of each box and its place in the plane; x is (planes, D, H, W), out and indices (planes, Do, Ho, Wo).

    Boxes hold every ``step``-th place of their ranges. Among equal elements the first is taken, and a NaN before any number.
    """
    height, width, deep, high, wide = x.shape[2], x.shape[3], out.shape[1], out.shape[2], out.shape[3]
    for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        plane, d, h, w = i // (deep * high * wide), i // (high * wide) % deep, i // wide % high, i % wide
        ds, hs, ws = min(plane, along_d.shape[1] - 1), min(plane, along_h.shape[1] - 1), min(plane, along_w.shape[1] - 1)
        best, place = x[plane, along_d[0, ds, d], along_h[0, hs, h], along_w[0, ws, w]], -1
        for a in range(along_d[0, ds, d], along_d[1, ds, d], step_d):
            for b in range(along_h[0, hs, h], along_h[1, hs, h], step_h):
                for c in range(along_w[0, ws, w], along_w[1, ws, w], step_w):
                    value = x[plane, a, b, c]
                    if place < 0 or value > best or value != value:
                        best, place = value, (a * height + b) * width + c
        out[plane, d, h, w], indices[plane, d, h, w] = best, place


def elements_of(d, h, w, count_d, count_h, count_w, divisor):
    """What the sum of a box is divided by."""
    return divisor if divisor > 0 else max(1, count_d[d] * count_h[h] * count_w[w])


@kernel
def mean_of_windows(x, along_d, along_h, along_w, count_d, count_h, count_w, divisor, out):
    """Sum of each box over ``divisor``, or if that is 0 over ``count_d[d] * count_h[h] * count_w[w]``.

    x is (planes, D, H, W), out is (planes, Do, Ho, Wo).
    """
    deep, high, wide = out.shape[1], out.shape[2], out.shape[3]
    for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        plane, d, h, w = i // (deep * high * wide), i // (high * wide) % deep, i // wide % high, i % wide
        total = out.dtype.type(0)
        for a in range(along_d[0, 0, d], along_d[1, 0, d]):
            for b in range(along_h[0, 0, h], along_h[1, 0, h]):
                for c in range(along_w[0, 0, w], along_w[1, 0, w]):
                    total += x[plane, a, b, c]
        out[plane, d, h, w] = total / out.dtype.type(elements_of(d, h, w, count_d, count_h, count_w, divisor))


@kernel
def mean_of_windows_backward(grad, along_d, along_h, along_w, count_d, count_h, count_w, divisor, out):
    """Each box's gradient, shared by its elements; grad is (planes, Do, Ho, Wo), out is (planes, D, H, W)."""
    deep, high, wide = out.shape[1], out.shape[2], out.shape[3]
    for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        plane, a, b, c = i // (deep * high * wide), i // (high * wide) % deep, i // wide % high, i % wide
        total = out.dtype.type(0)
        for d in range(grad.shape[1]):
            if along_d[0, 0, d] <= a < along_d[1, 0, d]:
                for h in range(grad.shape[2]):
                    if along_h[0, 0, h] <= b < along_h[1, 0, h]:
                        for w in range(grad.shape[3]):
                            if along_w[0, 0, w] <= c < along_w[1, 0, w]:
                                count = elements_of(d, h, w, count_d, count_h, count_w, divisor)
                                total += grad[plane, d, h, w] / out.dtype.type(count)
        out[plane, a, b, c] = total


def put_elements(x, places, out):
    windows = x.shape[1]
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        out[i // windows, places[i // windows, i % windows]] = x[i // windows, i % windows]


put = Kernel(put_elements, "put_elements", a_thread_an_element(0))


@composed
def put_at_places(x, places, out):
    """Zeros, and elements at the places of their plane that are theirs; x and places are (planes, windows), out (planes, size)."""
    out.fill(0)
    put(x, places, out)
