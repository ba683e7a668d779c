"""Softmax of masked products of queries and keys, and its derivative, in place where the products are."""
import numpy as np

from ..bits import cast
from ..compile import REASSOCIATE, inlined, kernel, prange
from ..formulas.vector import exp
from .softmax import LANES, dot, largest_of, rows_together


@inlined
def add_scaled(row, scale, added):
    """Replace a row by ``row * scale + added``."""
    if added.size:
        for j in range(row.size):
            row[j] = row[j] * scale + added[j]
    else:
        for j in range(row.size):
            row[j] *= scale


@inlined(fastmath=REASSOCIATE)
def exponentiate(row, largest):
    """Replace a row by exp(row - largest) and return its sum. (Two arrays that are the same would not be vectorized.)"""
    total = row.dtype.type(0)
    for j in range(row.size):
        row[j] = exp(row[j] - largest)
        total += row[j]
    return total


@inlined
def attention_row(row, lanes):
    """Replace the products of one query by its weights; zeros where all are -inf."""
    largest = largest_of(row, lanes)
    total = exponentiate(row, largest if largest > -np.inf else cast(0, row))
    factor = cast(1, row) / total if total != 0 else cast(0, row)
    for j in range(row.size):
        row[j] *= factor


@inlined
def clear(row):
    for j in range(row.size):
        row[j] = 0


@kernel
def attention_softmax(bias, which, scale, first, causal, out):
    """Replace out (planes, queries, keys) by the softmax of ``out * scale + bias`` along the last dimension.

    bias is (matrices, queries or 1, keys or more), or empty; plane i takes matrix ``which[i]``. The first query here is
    number ``first``; if ``causal``, query q sees keys 0 to q only.
    """
    planes, queries, keys = out.shape
    together, blocks = rows_together(planes * queries, keys)
    for block in prange(blocks):
        lanes = np.empty(LANES, out.dtype)
        start = np.int64(block) * together
        for i in range(start, min(start + together, planes * queries)):
            plane, query = i // queries, i % queries
            seen = min(keys, first + query + 1) if causal else keys
            row, added = out[plane, query, :seen], out[plane, query, :0]
            if bias.size:
                added = bias[which[plane], first + query if bias.shape[1] > 1 else 0, :seen]
            add_scaled(row, cast(scale, out), added)
            attention_row(row, lanes)
            clear(out[plane, query, seen:])


@kernel
def attention_softmax_backward(weights, scale, grad):
    """Replace grad, of the weights, by ``scale`` times the gradient of what they are the softmax of; both are (rows, keys)."""
    together, blocks = rows_together(grad.shape[0], grad.shape[1])
    for block in prange(blocks):
        start = np.int64(block) * together
        for i in range(start, min(start + together, grad.shape[0])):
            row, given = weights[i], grad[i]
            mean, factor = dot(given, row), cast(scale, grad)
            for j in range(row.size):
                given[j] = (given[j] - mean) * row[j] * factor
