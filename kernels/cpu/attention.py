"""Softmax of masked products of queries and keys, and its derivative, in place where the products are."""
import numpy as np

from ..bits import cast
from ..compile import inlined, kernel, prange
from .softmax import LANES, dot, exponentials, largest_of, rows_together


@inlined
def attention_row(x, added, scale, seen, lanes, out):
    """Weights of one query: softmax of ``x * scale + added`` over the first ``seen`` keys, zero where nothing may be seen."""
    if added.size:
        for j in range(seen):
            out[j] = x[j] * scale + added[j]
    else:
        for j in range(seen):
            out[j] = x[j] * scale
    row = out[:seen]
    largest = largest_of(row, lanes)
    total = exponentials(row, largest if largest > -np.inf else cast(0, out), row)
    factor = cast(1, out) / total if total != 0 else cast(0, out)
    for j in range(seen):
        row[j] *= factor
    out[seen:] = 0


@kernel
def attention_softmax(x, bias, which, scale, first, causal, out):
    """Softmax of ``x * scale + bias`` along the last dimension of (planes, queries, keys); x may be out.

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
            if bias.size:
                added = bias[which[plane], first + query if bias.shape[1] > 1 else 0]
            else:
                added = out[plane, query, :0]
            attention_row(x[plane, query], added, cast(scale, out), seen, lanes, out[plane, query])


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
