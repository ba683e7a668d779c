"""Windows of images as columns, and their sums back in place."""
from __future__ import annotations

import numpy as np

from ..compile import inlined, kernel, prange


@inlined
def inside(offset, stride, pad, size, count):
    """First and one past the last of the windows whose element at ``offset`` lies within ``size`` elements."""
    first = max(0, (pad - offset + stride - 1) // stride)
    end = min(count, (size - 1 + pad - offset) // stride + 1)
    return first, max(first, end)


@kernel
def unfold_windows(x, window, stride, pad, dilation, count, out):
    """Elements of all windows of x (planes, H, W); out is (planes, window[0], window[1], count[0], count[1]).

    The other arguments are pairs, of rows and of columns; ``count`` says how many windows there are.
    """
    places = window[0] * window[1]
    for task in prange(x.shape[0] * places):
        plane, i, j = np.int64(task) // places, np.int64(task) % places // window[1], np.int64(task) % window[1]
        made, image = out[plane, i, j], x[plane]
        made[:] = 0
        top, left = i * dilation[0] - pad[0], j * dilation[1] - pad[1]
        first, end = inside(top + pad[0], stride[0], pad[0], x.shape[1], count[0])
        start, stop = inside(left + pad[1], stride[1], pad[1], x.shape[2], count[1])
        for row in range(first, end):
            for column in range(start, stop):
                made[row, column] = image[row * stride[0] + top, column * stride[1] + left]


@kernel
def fold_windows(x, window, stride, pad, dilation, count, out):
    """The transpose of `unfold_windows`: elements of all windows x added up in out (planes, H, W)."""
    for plane in prange(out.shape[0]):
        image = out[plane]
        image[:] = 0
        for i in range(window[0]):
            for j in range(window[1]):
                part = x[plane, i, j]
                top, left = i * dilation[0] - pad[0], j * dilation[1] - pad[1]
                first, end = inside(top + pad[0], stride[0], pad[0], out.shape[1], count[0])
                start, stop = inside(left + pad[1], stride[1], pad[1], out.shape[2], count[1])
                for row in range(first, end):
                    for column in range(start, stop):
                        image[row * stride[0] + top, column * stride[1] + left] += part[row, column]
