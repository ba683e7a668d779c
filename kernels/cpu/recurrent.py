"""What recurrent layers do between the matrix products of a step: gates, cells and hidden states, and their gradients.

Gates are (rows, gates * hidden): the parts of the input (``projected``, for all steps computed at once) and of the state
before the step (``recurrent``) come in sums still to be activated.

Where weights fit into a cache, `lstm_sequences` and its like take all steps in one call. Each worker has sequences of its own, worker w
those with the numbers w, w + workers, ..., so that none waits for another. Sequence n has its row of step t at ``starts[t] + n``, for
``lengths[n]`` steps, never more than the sequence before it; ``reverse`` begins with the last. ``weights`` come from
`recurrent_weights`.
"""
from __future__ import annotations

import numpy as np

from .. import table
from ..compile import inlined, kernel, prange
from ..formulas.vector import sigmoid, tanh
from .tiles import lanes, memory, multiply, vector_length, vector_table
from .workspace import scratch


def recurrent_weights(matrix):
    """A matrix that states are multiplied with, in rows of whole vectors, and where its rows and vectors are."""
    (rows, columns), length = matrix.shape, lanes(matrix.dtype)
    vectors = -(-columns // length)
    width = (vectors + (vectors * matrix.itemsize * length % 4096 == 0)) * length     # a page apart, rows would displace each other
    made = scratch("recurrent weights", matrix.dtype, (rows, width))
    made[:, :columns], made[:, columns:] = matrix, 0
    return made, np.arange(rows) * width, vector_table(vectors, length), np.arange(rows)


table.enter("cpu", "recurrent_weights", recurrent_weights)


@inlined
def own_rows(first, step, batch, width):
    """Where the rows ``first``, ``first + step``, ... of a matrix begin."""
    places = np.empty((batch - first + step - 1) // step, np.int64)
    for i in range(places.size):
        places[i] = (first + i * step) * width
    return places


@inlined
def zeros_of(x, count):
    """``count`` zeros of the type of x."""
    made = np.empty(count, x.dtype)
    for i in range(count):
        made[i] = 0
    return made


@inlined
def multiply_rows(x, x_row, count, weights, zeros, add, out, start, step, columns):
    """Products of ``count`` rows of x and weights, as rows of out from ``start`` on, ``step`` apart."""
    matrix, b_row, b_column, x_column = weights
    length = vector_length(x)
    multiply(memory(x), 0, x_row, x_column, 0, count, memory(matrix), 0, b_row, b_column, (columns + length - 1) // length, x_column.size,
             zeros, add, memory(out), start, step, columns)


@inlined
def row_of(step, n, starts, lengths, reverse):
    """Where sequence n has the row of the step it takes as number ``step``."""
    return starts[lengths[n] - 1 - step if reverse else step] + n


@inlined
def add_given(given, at, total):
    """Add what comes from outside to the hidden state's gradient; given may have no rows."""
    if given.shape[0] > 0:
        row = given[at]
        for j in range(total.size):
            total[j] += row[j]


# ---- LSTM --------------------------------------------------------------------------------------------------------------

@inlined
def lstm_row(x, h, before, row, after, result):
    """One step of one sequence: ``c' = f c + i g`` and ``h' = o tanh(c')``; row (4 H) becomes i, f, g, o activated."""
    size = before.size
    for j in range(2 * size):
        row[j] = sigmoid(x[j] + h[j])
    for j in range(2 * size, 3 * size):
        row[j] = tanh(x[j] + h[j])
    for j in range(3 * size, 4 * size):
        row[j] = sigmoid(x[j] + h[j])
    i, f, g, o = row[:size], row[size:2 * size], row[2 * size:3 * size], row[3 * size:]
    for j in range(size):
        after[j] = f[j] * before[j] + i[j] * g[j]
        result[j] = o[j] * tanh(after[j])


@inlined
def lstm_row_backward(total, along, row, before, after, made):
    """Gradients of one `lstm_row`: of its sums, in made (4 H), and of the cell before, in place of that after, ``along``; ``total``
    is the gradient of the hidden state."""
    size = before.size
    one = total.dtype.type(1)
    i, f, g, o = row[:size], row[size:2 * size], row[2 * size:3 * size], row[3 * size:]
    to_i, to_f, to_g, to_o = made[:size], made[size:2 * size], made[2 * size:3 * size], made[3 * size:]
    for j in range(size):
        squashed = tanh(after[j])
        to_o[j] = total[j] * squashed * o[j] * (one - o[j])
        dc = along[j] + total[j] * o[j] * (one - squashed * squashed)
        to_i[j] = dc * g[j] * i[j] * (one - i[j])
        to_f[j] = dc * before[j] * f[j] * (one - f[j])
        to_g[j] = dc * i[j] * (one - g[j] * g[j])
        along[j] = dc * f[j]


@kernel
def lstm_cell(projected, recurrent, cell, gates, new_cell, hidden):
    """`lstm_row` of all sequences; gates (rows, 4 H), the others (rows, H)."""
    for n in prange(cell.shape[0]):
        lstm_row(projected[n], recurrent[n], cell[n], gates[n], new_cell[n], hidden[n])


@kernel
def lstm_cell_backward(grad_output, gates, cell, new_cell, grad_hidden, grad_cell, grad_gates):
    """`lstm_row_backward` of all sequences. The hidden state's gradient is ``grad_output + grad_hidden``; grad_output may have no
    rows."""
    for n in prange(cell.shape[0]):
        add_given(grad_output, n, grad_hidden[n])
        lstm_row_backward(grad_hidden[n], grad_cell[n], gates[n], cell[n], new_cell[n], grad_gates[n])


@kernel
def lstm_sequences(projected, weights, starts, lengths, reverse, workers, gates, cells, outputs, hidden, cell):
    """All steps; hidden and cell (batch, H) are the first states and become the last ones."""
    batch, size = hidden.shape
    for worker in prange(workers):
        w, width = np.int64(worker), 4 * size
        rows = own_rows(w, workers, batch, size)
        active, zeros, recurrent = rows.size, zeros_of(hidden, rows.size), np.empty((rows.size, width), hidden.dtype)
        for step in range(lengths[w]):
            while lengths[w + (active - 1) * workers] <= step:
                active -= 1
            multiply_rows(hidden, rows, active, weights, zeros, False, recurrent, 0, width, width)
            for i in range(active):
                n = w + i * workers
                at = row_of(step, n, starts, lengths, reverse)
                lstm_row(projected[at], recurrent[i], cell[n], gates[at], cells[at], outputs[at])
                for j in range(size):
                    hidden[n, j], cell[n, j] = outputs[at, j], cells[at, j]


@kernel
def lstm_sequences_backward(grad_output, gates, cell, cells, weights, starts, lengths, reverse, workers, grad_hidden, grad_cell,
                            grad_gates):
    """Gradients of all steps; grad_hidden and grad_cell are those of the last states and become those of the first."""
    batch, size = cell.shape
    for worker in prange(workers):
        w, width, active = np.int64(worker), 4 * size, 0
        rows = own_rows(w, workers, batch, size)
        zeros = zeros_of(cell, rows.size)
        for step in range(lengths[w] - 1, -1, -1):
            while active < rows.size and lengths[w + active * workers] > step:
                active += 1
            for i in range(active):
                n = w + i * workers
                at = row_of(step, n, starts, lengths, reverse)
                before = cell[n] if step == 0 else cells[row_of(step - 1, n, starts, lengths, reverse)]
                add_given(grad_output, at, grad_hidden[n])
                lstm_row_backward(grad_hidden[n], grad_cell[n], gates[at], before, cells[at], grad_gates[at])
                rows[i] = at * width
            multiply_rows(grad_gates, rows, active, weights, zeros, False, grad_hidden, w * size, workers * size, size)


# ---- GRU ---------------------------------------------------------------------------------------------------------------

@inlined
def gru_row(x, h, state, row, result):
    """One step of one sequence: ``h' = n + z (h - n)`` with ``n = tanh(x + r u)``; row (4 H) becomes r, z, n activated, and u, the
    part of n that comes from the state before."""
    size = state.size
    for j in range(2 * size):
        row[j] = sigmoid(x[j] + h[j])
    r, z, n, u = row[:size], row[size:2 * size], row[2 * size:3 * size], row[3 * size:]
    for j in range(size):
        u[j] = h[2 * size + j]
        n[j] = tanh(x[2 * size + j] + r[j] * u[j])
        result[j] = n[j] + z[j] * (state[j] - n[j])


@inlined
def gru_row_backward(total, row, state, x, h):
    """Gradients of one `gru_row`: of its sums (3 H) each, and, in place of ``total``, the hidden state's, what of it passes the gates."""
    size = state.size
    one = total.dtype.type(1)
    r, z, n, u = row[:size], row[size:2 * size], row[2 * size:3 * size], row[3 * size:]
    for j in range(size):
        to_n = total[j] * (one - z[j]) * (one - n[j] * n[j])
        x[j] = to_n * u[j] * r[j] * (one - r[j])
        x[size + j] = total[j] * (state[j] - n[j]) * z[j] * (one - z[j])
        x[2 * size + j] = to_n
        h[2 * size + j] = to_n * r[j]
        total[j] *= z[j]
    for j in range(2 * size):
        h[j] = x[j]


@kernel
def gru_cell(projected, recurrent, bias, before, gates, hidden):
    """`gru_row` of all sequences; gates (rows, 4 H). ``bias`` (3 H), of the recurrent part, may be empty."""
    for m in prange(before.shape[0]):
        h = recurrent[m]
        for j in range(bias.size):
            h[j] += bias[j]
        gru_row(projected[m], h, before[m], gates[m], hidden[m])


@kernel
def gru_cell_backward(grad_output, gates, before, grad_hidden, grad_projected, grad_recurrent):
    """`gru_row_backward` of all sequences. The hidden state's gradient is ``grad_output + grad_hidden``; grad_output may have no
    rows."""
    for m in prange(before.shape[0]):
        add_given(grad_output, m, grad_hidden[m])
        gru_row_backward(grad_hidden[m], gates[m], before[m], grad_projected[m], grad_recurrent[m])


@kernel
def gru_sequences(projected, weights, bias, starts, lengths, reverse, workers, gates, outputs, hidden):
    """All steps; hidden (batch, H) are the first states and become the last ones."""
    batch, size = hidden.shape
    for worker in prange(workers):
        w, width = np.int64(worker), 3 * size
        rows = own_rows(w, workers, batch, size)
        active, zeros, recurrent = rows.size, zeros_of(hidden, rows.size), np.empty((rows.size, width), hidden.dtype)
        for step in range(lengths[w]):
            while lengths[w + (active - 1) * workers] <= step:
                active -= 1
            multiply_rows(hidden, rows, active, weights, zeros, False, recurrent, 0, width, width)
            for i in range(active):
                n, h = w + i * workers, recurrent[i]
                at = row_of(step, n, starts, lengths, reverse)
                for j in range(bias.size):
                    h[j] += bias[j]
                gru_row(projected[at], h, hidden[n], gates[at], outputs[at])
                for j in range(size):
                    hidden[n, j] = outputs[at, j]


@kernel
def gru_sequences_backward(grad_output, gates, hidden, outputs, weights, starts, lengths, reverse, workers, grad_hidden, grad_projected,
                           grad_recurrent):
    """Gradients of all steps; grad_hidden is that of the last states and becomes that of the first."""
    batch, size = hidden.shape
    for worker in prange(workers):
        w, width, active = np.int64(worker), 3 * size, 0
        rows = own_rows(w, workers, batch, size)
        zeros = zeros_of(hidden, rows.size)
        for step in range(lengths[w] - 1, -1, -1):
            while active < rows.size and lengths[w + active * workers] > step:
                active += 1
            for i in range(active):
                n = w + i * workers
                at = row_of(step, n, starts, lengths, reverse)
                before = hidden[n] if step == 0 else outputs[row_of(step - 1, n, starts, lengths, reverse)]
                add_given(grad_output, at, grad_hidden[n])
                gru_row_backward(grad_hidden[n], gates[at], before, grad_projected[at], grad_recurrent[at])
                rows[i] = at * width
            multiply_rows(grad_recurrent, rows, active, weights, zeros, True, grad_hidden, w * size, workers * size, size)


# ---- plain -------------------------------------------------------------------------------------------------------------

@inlined
def rnn_row(x, h, relu, result):
    """One step of one sequence: ``tanh(x + h)``, or the positive part of the sum if ``relu``."""
    zero = result.dtype.type(0)
    if relu:
        for j in range(x.size):
            total = x[j] + h[j]
            result[j] = zero if total < zero else total         # keeps NaN
    else:
        for j in range(x.size):
            result[j] = tanh(x[j] + h[j])


@inlined
def rnn_row_backward(total, result, relu, made):
    """Gradient of the sum in one `rnn_row`, of that of its result."""
    one = total.dtype.type(1)
    for j in range(result.size):
        if relu:
            made[j] = total[j] if result[j] > 0 else total[j] - total[j]
        else:
            made[j] = total[j] * (one - result[j] * result[j])


@kernel
def rnn_cell(projected, recurrent, relu, hidden):
    """`rnn_row` of all sequences; all (rows, H)."""
    for n in prange(hidden.shape[0]):
        rnn_row(projected[n], recurrent[n], relu, hidden[n])


@kernel
def rnn_cell_backward(grad_output, hidden, relu, grad_hidden, grad_sum):
    """Gradient of the sum in one `rnn_cell`, of the hidden state's gradient ``grad_output + grad_hidden``; grad_output may have no rows."""
    for n in prange(hidden.shape[0]):
        add_given(grad_output, n, grad_hidden[n])
        rnn_row_backward(grad_hidden[n], hidden[n], relu, grad_sum[n])


@kernel
def rnn_sequences(projected, weights, relu, starts, lengths, reverse, workers, outputs, hidden):
    """All steps; hidden (batch, H) are the first states and become the last ones."""
    batch, size = hidden.shape
    for worker in prange(workers):
        w = np.int64(worker)
        rows = own_rows(w, workers, batch, size)
        active, zeros, recurrent = rows.size, zeros_of(hidden, rows.size), np.empty((rows.size, size), hidden.dtype)
        for step in range(lengths[w]):
            while lengths[w + (active - 1) * workers] <= step:
                active -= 1
            multiply_rows(hidden, rows, active, weights, zeros, False, recurrent, 0, size, size)
            for i in range(active):
                n = w + i * workers
                at = row_of(step, n, starts, lengths, reverse)
                rnn_row(projected[at], recurrent[i], relu, outputs[at])
                for j in range(size):
                    hidden[n, j] = outputs[at, j]


@kernel
def rnn_sequences_backward(grad_output, outputs, weights, relu, starts, lengths, reverse, workers, grad_hidden, grad_sum):
    """Gradients of all steps; grad_hidden is that of the last states and becomes that of the first."""
    batch, size = grad_hidden.shape
    for worker in prange(workers):
        w, active = np.int64(worker), 0
        rows = own_rows(w, workers, batch, size)
        zeros = zeros_of(grad_hidden, rows.size)
        for step in range(lengths[w] - 1, -1, -1):
            while active < rows.size and lengths[w + active * workers] > step:
                active += 1
            for i in range(active):
                n = w + i * workers
                at = row_of(step, n, starts, lengths, reverse)
                add_given(grad_output, at, grad_hidden[n])
                rnn_row_backward(grad_hidden[n], outputs[at], relu, grad_sum[at])
                rows[i] = at * size
            multiply_rows(grad_sum, rows, active, weights, zeros, False, grad_hidden, w * size, workers * size, size)
