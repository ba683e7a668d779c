"""What recurrent layers do between the matrix products of their inputs and of their gradients: steps, one after the other.

Rows lie step after step: row ``bounds[t] + n`` is sequence n at time t, and no sequence is longer than the one before it. Kernels take the
times from ``begin`` to ``end``, in reverse if so told; ``projected`` is the part of the sums that comes from the input, at these times
only. Worker w has the sequences w, w + workers, ..., so that none waits for another.

``weights``, from `recurrent_weights`, are multiplied with the state of each step. If they are empty there is only one step, and
``recurrent`` (sequences, sums) holds the products; of the gradients, those are left to the caller.
"""
from __future__ import annotations

import functools

import numpy as np

from .. import table
from ..compile import inlined, kernel, prange
from ..formulas.vector import sigmoid, tanh
from .matmul import copy_panels, panel_bounds, panel_count
from .tiles import ONE_ROW, PANEL, lanes, memory, multiply, vector_length
from .workspace import scratch


@kernel
def pack_panels(b, b_step, depth, columns, panels):
    """Copy a matrix into panels (panels, depth, vectors of a panel); ``b_step`` are its steps from row to row and column to column."""
    vectors = (columns + vector_length(b) - 1) // vector_length(b)
    for panel in prange(panels.shape[0]):
        p = np.int64(panel)
        copy_panels(memory(b), 0, b_step[0], b_step[1], depth, columns, vectors, p, p + 1, panels[p].reshape(panels[p].size))


@functools.lru_cache(64)
def panel_tables(depth: int, columns: int, length: int) -> tuple:
    """The shape of panels, where they have their rows and vectors, and the columns of what is multiplied with them."""
    vectors, whole = -(-columns // length), -(-depth // length) * length       # transposing writes whole squares
    places = np.zeros(vectors + ONE_ROW, np.int64)
    for panel in range(panel_count(vectors)):
        first, wide = panel_bounds(panel, vectors)
        places[first:first + wide] = panel * whole * PANEL * length + np.arange(wide) * length
    places[vectors:] = places[vectors - 1]                  # for tiles that reach beyond the last vector
    return (panel_count(vectors), whole, PANEL * length), np.arange(depth) * (PANEL * length), places, np.arange(depth)


def recurrent_weights(matrix):
    """A matrix that states are multiplied with, in panels, and where these have their rows and vectors."""
    (depth, columns), size = matrix.shape, matrix.itemsize
    if not matrix.flags.writeable:                          # compiled code would take it for another type
        matrix = matrix.copy()
    shape, *tables = panel_tables(depth, columns, lanes(matrix.dtype))
    made = scratch("recurrent weights", matrix.dtype, shape)
    steps = tuple(step // size for step in matrix.strides)
    pack_panels(matrix[:1, :1].reshape(1), steps, depth, columns, made, work=matrix.size)
    return made.reshape(-1), *tables


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
def time_of(step, begin, end, reverse):
    """The time of a step of those from begin to end."""
    return end - 1 - step if reverse else begin + step


@inlined
def own_count(t, bounds, first, workers):
    """How many of a worker's sequences have time t."""
    return (bounds[t + 1] - bounds[t] - first + workers - 1) // workers


@inlined
def row_before(t, n, bounds, reverse):
    """The row of the step that sequence n takes before time t; -1 if it begins there."""
    if reverse:
        return bounds[t + 1] + n if t + 2 < bounds.size and n < bounds[t + 2] - bounds[t + 1] else -1
    return bounds[t - 1] + n if t > 0 else -1


@inlined
def multiply_rows(x, x_row, count, weights, zeros, add, out, start, step, columns):
    """Products of ``count`` rows of x and weights, as rows of out from ``start`` on, ``step`` apart."""
    panels, b_row, b_column, x_column = weights
    length = vector_length(x)
    if panels.size > 0:
        multiply(memory(x), 0, x_row, x_column, 0, count, panels, 0, b_row, b_column, (columns + length - 1) // length, x_column.size,
                 zeros, add, memory(out), start, step, columns)


@inlined
def add_given(given, at, total):
    """Add what comes from outside to the hidden state's gradient; given may have no rows."""
    if given.shape[0] > 0:
        row = given[at]
        for j in range(total.size):
            total[j] += row[j]


@inlined
def sigmoids(x, h, bias, out):
    """Of sums. (Loops that write one array are those that the compiler vectorizes: it checks each pair of arrays for overlaps.)"""
    for j in range(out.size):
        out[j] = sigmoid(x[j] + h[j] + bias[j])


@inlined
def tanhs(x, h, bias, out):
    for j in range(out.size):
        out[j] = tanh(x[j] + h[j] + bias[j])


@inlined
def copy(x, out):
    for j in range(out.size):
        out[j] = x[j]


# ---- LSTM --------------------------------------------------------------------------------------------------------------

@inlined
def lstm_row(x, h, bias, row, cell, after, hidden, result):
    """One step of one sequence: ``c' = f c + i g`` and ``h' = o tanh(c')``; row (4 H) becomes i, f, g, o activated."""
    size = cell.size
    i, f, g, o = row[:size], row[size:2 * size], row[2 * size:3 * size], row[3 * size:]
    sigmoids(x[:2 * size], h[:2 * size], bias[:2 * size], row[:2 * size])
    tanhs(x[2 * size:3 * size], h[2 * size:3 * size], bias[2 * size:3 * size], g)
    sigmoids(x[3 * size:], h[3 * size:], bias[3 * size:], o)
    for j in range(size):
        cell[j] = f[j] * cell[j] + i[j] * g[j]
    for j in range(size):
        result[j] = o[j] * tanh(cell[j])
    copy(cell, after)
    copy(result, hidden)


@inlined
def lstm_row_backward(total, along, row, before, after, made):
    """Gradients of one `lstm_row`: of its sums, in made (4 H), and of the cell before, in place of that after, ``along``; ``total``,
    that of the hidden state, becomes zero: all of it passes the sums."""
    size = before.size
    one = total.dtype.type(1)
    i, f, g, o = row[:size], row[size:2 * size], row[2 * size:3 * size], row[3 * size:]
    to_i, to_f, to_g, to_o = made[:size], made[size:2 * size], made[2 * size:3 * size], made[3 * size:]
    for j in range(size):
        to_g[j] = tanh(after[j])                # for the next two
    for j in range(size):
        along[j] += total[j] * o[j] * (one - to_g[j] * to_g[j])
    for j in range(size):
        to_o[j] = total[j] * to_g[j] * o[j] * (one - o[j])
    for j in range(size):
        to_i[j] = along[j] * g[j] * i[j] * (one - i[j])
    for j in range(size):
        to_f[j] = along[j] * before[j] * f[j] * (one - f[j])
    for j in range(size):
        to_g[j] = along[j] * i[j] * (one - g[j] * g[j])
    for j in range(size):
        along[j] *= f[j]
    for j in range(size):
        total[j] = one - one


@kernel
def lstm_steps(projected, recurrent, weights, bias, bounds, begin, end, reverse, workers, gates, cells, outputs, hidden, cell):
    """Gates (rows, 4 H), cells and hidden states (rows, H) of some steps; hidden and cell (batch, H) are the states before them and
    become those after."""
    batch, size = hidden.shape
    for worker in prange(workers):
        w, width = np.int64(worker), 4 * size
        rows = own_rows(w, workers, batch, size)
        zeros = zeros_of(hidden, rows.size)
        for step in range(end - begin):
            t = time_of(step, begin, end, reverse)
            active = own_count(t, bounds, w, workers)
            multiply_rows(hidden, rows, active, weights, zeros, False, recurrent, w * width, workers * width, width)
            for k in range(active):
                n = w + k * workers
                at = bounds[t] + n
                lstm_row(projected[at - bounds[begin]], recurrent[n], bias, gates[at], cell[n], cells[at], hidden[n], outputs[at])


@kernel
def lstm_steps_backward(grad_output, gates, cell, cells, weights, bounds, begin, end, reverse, workers, grad_hidden, grad_cell, grad_sums):
    """Gradients of the sums of some steps; grad_hidden and grad_cell are those of the states after them and become those before.
    grad_output may have no rows."""
    batch, size = cell.shape
    for worker in prange(workers):
        w, width = np.int64(worker), 4 * size
        rows = own_rows(w, workers, batch, size)
        zeros = zeros_of(cell, rows.size)
        for step in range(end - begin):
            t = time_of(step, begin, end, not reverse)
            active = own_count(t, bounds, w, workers)
            for k in range(active):
                n = w + k * workers
                at, last = bounds[t] + n, row_before(t, n, bounds, reverse)
                rows[k] = (at - bounds[begin]) * width
                add_given(grad_output, at, grad_hidden[n])
                lstm_row_backward(grad_hidden[n], grad_cell[n], gates[at], cell[n] if last < 0 else cells[last], cells[at],
                                  grad_sums[at - bounds[begin]])
            multiply_rows(grad_sums, rows, active, weights, zeros, True, grad_hidden, w * size, workers * size, size)


# ---- GRU ---------------------------------------------------------------------------------------------------------------

@inlined
def gru_row(x, h, bias, shift, row, hidden, result):
    """One step of one sequence: ``h' = n + z (h - n)`` with ``n = tanh(x + r u)``; row (4 H) becomes r, z, n activated, and u, the
    part of n that comes from the state before, with the bias ``shift`` (H) of its own."""
    size = hidden.size
    r, z, n, u = row[:size], row[size:2 * size], row[2 * size:3 * size], row[3 * size:]
    sigmoids(x[:2 * size], h[:2 * size], bias[:2 * size], row[:2 * size])
    of_input, of_state, own = x[2 * size:], h[2 * size:], bias[2 * size:]
    for j in range(size):
        u[j] = of_state[j] + shift[j]
    for j in range(size):
        n[j] = tanh(of_input[j] + own[j] + r[j] * u[j])
    for j in range(size):
        hidden[j] = n[j] + z[j] * (hidden[j] - n[j])
    copy(hidden, result)


@inlined
def gru_row_backward(total, row, before, x, h):
    """Gradients of one `gru_row`: of its sums (3 H) each, and, in place of ``total``, the hidden state's, what of it passes the gates."""
    size = before.size
    one = total.dtype.type(1)
    r, z, n, u = row[:size], row[size:2 * size], row[2 * size:3 * size], row[3 * size:]
    to_r, to_z, to_n, to_u = x[:size], x[size:2 * size], x[2 * size:], h[2 * size:]
    for j in range(size):
        to_n[j] = total[j] * (one - z[j]) * (one - n[j] * n[j])
    for j in range(size):
        to_r[j] = to_n[j] * u[j] * r[j] * (one - r[j])
    for j in range(size):
        to_z[j] = total[j] * (before[j] - n[j]) * z[j] * (one - z[j])
    for j in range(size):
        to_u[j] = to_n[j] * r[j]
    for j in range(size):
        total[j] *= z[j]
    copy(x[:2 * size], h[:2 * size])


@kernel
def gru_steps(projected, recurrent, weights, bias, shift, bounds, begin, end, reverse, workers, gates, outputs, hidden):
    """Gates (rows, 4 H) and hidden states (rows, H) of some steps; hidden (batch, H) is the state before them and becomes that after."""
    batch, size = hidden.shape
    for worker in prange(workers):
        w, width = np.int64(worker), 3 * size
        rows = own_rows(w, workers, batch, size)
        zeros = zeros_of(hidden, rows.size)
        for step in range(end - begin):
            t = time_of(step, begin, end, reverse)
            active = own_count(t, bounds, w, workers)
            multiply_rows(hidden, rows, active, weights, zeros, False, recurrent, w * width, workers * width, width)
            for k in range(active):
                n = w + k * workers
                at = bounds[t] + n
                gru_row(projected[at - bounds[begin]], recurrent[n], bias, shift, gates[at], hidden[n], outputs[at])


@kernel
def gru_steps_backward(grad_output, gates, hidden, outputs, weights, bounds, begin, end, reverse, workers, grad_hidden, grad_sums,
                       grad_recurrent):
    """Gradients of both parts of the sums of some steps; grad_hidden is that of the state after them and becomes that before."""
    batch, size = hidden.shape
    for worker in prange(workers):
        w, width = np.int64(worker), 3 * size
        rows = own_rows(w, workers, batch, size)
        zeros = zeros_of(hidden, rows.size)
        for step in range(end - begin):
            t = time_of(step, begin, end, not reverse)
            active = own_count(t, bounds, w, workers)
            for k in range(active):
                n = w + k * workers
                at, last = bounds[t] + n, row_before(t, n, bounds, reverse)
                place = at - bounds[begin]
                rows[k] = place * width
                add_given(grad_output, at, grad_hidden[n])
                gru_row_backward(grad_hidden[n], gates[at], hidden[n] if last < 0 else outputs[last], grad_sums[place],
                                 grad_recurrent[place])
            multiply_rows(grad_recurrent, rows, active, weights, zeros, True, grad_hidden, w * size, workers * size, size)


# ---- plain -------------------------------------------------------------------------------------------------------------

@inlined
def rnn_row(x, h, bias, relu, hidden, result):
    """One step of one sequence: tanh of the sum, or its positive part if ``relu``."""
    zero = result.dtype.type(0)
    if relu:
        for j in range(x.size):
            total = x[j] + h[j] + bias[j]
            result[j] = zero if total < zero else total         # keeps NaN
    else:
        tanhs(x, h, bias, result)
    copy(result, hidden)


@inlined
def rnn_row_backward(total, result, relu, made):
    """Gradient of the sum in one `rnn_row`, of that of its result, which becomes zero."""
    one = total.dtype.type(1)
    if relu:
        for j in range(result.size):
            made[j] = total[j] if result[j] > 0 else total[j] - total[j]
    else:
        for j in range(result.size):
            made[j] = total[j] * (one - result[j] * result[j])
    for j in range(result.size):
        total[j] = one - one


@kernel
def rnn_steps(projected, recurrent, weights, bias, relu, bounds, begin, end, reverse, workers, outputs, hidden):
    """Hidden states (rows, H) of some steps; hidden (batch, H) is the state before them and becomes that after."""
    batch, size = hidden.shape
    for worker in prange(workers):
        w = np.int64(worker)
        rows = own_rows(w, workers, batch, size)
        zeros = zeros_of(hidden, rows.size)
        for step in range(end - begin):
            t = time_of(step, begin, end, reverse)
            active = own_count(t, bounds, w, workers)
            multiply_rows(hidden, rows, active, weights, zeros, False, recurrent, w * size, workers * size, size)
            for k in range(active):
                n = w + k * workers
                at = bounds[t] + n
                rnn_row(projected[at - bounds[begin]], recurrent[n], bias, relu, hidden[n], outputs[at])


@kernel
def rnn_steps_backward(grad_output, outputs, weights, relu, bounds, begin, end, reverse, workers, grad_hidden, grad_sums):
    """Gradients of the sums of some steps; grad_hidden is that of the state after them and becomes that before."""
    batch, size = grad_hidden.shape
    for worker in prange(workers):
        w = np.int64(worker)
        rows = own_rows(w, workers, batch, size)
        zeros = zeros_of(grad_hidden, rows.size)
        for step in range(end - begin):
            t = time_of(step, begin, end, not reverse)
            active = own_count(t, bounds, w, workers)
            for k in range(active):
                n = w + k * workers
                at, place = bounds[t] + n, bounds[t] + n - bounds[begin]
                rows[k] = place * size
                add_given(grad_output, at, grad_hidden[n])
                rnn_row_backward(grad_hidden[n], outputs[at], relu, grad_sums[place])
            multiply_rows(grad_sums, rows, active, weights, zeros, True, grad_hidden, w * size, workers * size, size)
