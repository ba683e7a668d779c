"""Reductions of runs of rows."""
from __future__ import annotations

import numpy as np

from ..compile import inlined, kernel, prange


@inlined
def reduced(data, begin, end, column, how):
    """The sum (0), product (1), largest (2) or smallest (3) of rows of one column; NaN if one is NaN."""
    if how == 0:
        total = 0.0
        for i in range(begin, end):
            total += data[i, column]
        return total
    if how == 1:
        product = 1.0
        for i in range(begin, end):
            product *= data[i, column]
        return product
    best = -np.inf if how == 2 else np.inf
    for i in range(begin, end):
        value = float(data[i, column])
        if value != value:
            return value
        if (how == 2) == (value > best):
            best = value
    return best


@kernel
def reduce_segments(data, starts, sizes, how, out):
    """Of data (batch, n, width) the rows from starts (batch, segments), so many as sizes say; out is (batch, segments, width)."""
    segments = starts.shape[1]
    for task in prange(data.shape[0] * segments):
        batch, segment = np.int64(task) // segments, np.int64(task) % segments
        rows, begin = data[batch], starts[batch, segment]
        for column in range(data.shape[2]):
            out[batch, segment, column] = reduced(rows, begin, begin + sizes[batch, segment], column, how)
