"""What recurrent layers do between the matrix products of a step: gates, cells and hidden states, and their gradients.

Gates are (rows, gates * hidden): the parts of the input (``projected``, for all steps computed at once) and of the state
before the step (``recurrent``) come in sums still to be activated.
"""
from __future__ import annotations

from ..compile import kernel, prange
from ..formulas.vector import sigmoid, tanh


@kernel
def lstm_cell(projected, recurrent, cell, gates, new_cell, hidden):
    """``c' = f c + i g`` and ``h' = o tanh(c')``; gates (rows, 4 H) are i, f, g, o activated, the others (rows, H)."""
    size = cell.shape[1]
    for n in prange(cell.shape[0]):
        row, x, h = gates[n], projected[n], recurrent[n]
        for j in range(2 * size):
            row[j] = sigmoid(x[j] + h[j])
        for j in range(2 * size, 3 * size):
            row[j] = tanh(x[j] + h[j])
        for j in range(3 * size, 4 * size):
            row[j] = sigmoid(x[j] + h[j])
        i, f, g, o = row[:size], row[size:2 * size], row[2 * size:3 * size], row[3 * size:]
        before, after, result = cell[n], new_cell[n], hidden[n]
        for j in range(size):
            after[j] = f[j] * before[j] + i[j] * g[j]
            result[j] = o[j] * tanh(after[j])


@kernel
def lstm_cell_backward(grad_output, gates, cell, new_cell, grad_hidden, grad_cell, grad_gates):
    """Gradients of one `lstm_cell`: of the sums ``grad_gates`` (rows, 4 H), and of the cell before, in ``grad_cell``'s place.

    The hidden state's gradient is ``grad_output + grad_hidden``; grad_output may have no rows.
    """
    size = cell.shape[1]
    one = grad_cell.dtype.type(1)
    for n in prange(cell.shape[0]):
        row, made, before, after, along = gates[n], grad_gates[n], cell[n], new_cell[n], grad_cell[n]
        total = grad_hidden[n]
        if grad_output.shape[0] > 0:
            given = grad_output[n]
            for j in range(size):
                total[j] += given[j]
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
def gru_cell(projected, recurrent, bias, before, gates, hidden):
    """``h' = n + z (h - n)`` with ``n = tanh(x + r u)``; gates (rows, 4 H) are r, z, n activated, and u, the part of n that comes
    from the state before. ``bias`` (3 H), of the recurrent part, may be empty."""
    size = before.shape[1]
    for m in prange(before.shape[0]):
        row, x, h, state, result = gates[m], projected[m], recurrent[m], before[m], hidden[m]
        if bias.size > 0:
            for j in range(3 * size):
                h[j] += bias[j]
        for j in range(2 * size):
            row[j] = sigmoid(x[j] + h[j])
        r, z, n, u = row[:size], row[size:2 * size], row[2 * size:3 * size], row[3 * size:]
        for j in range(size):
            u[j] = h[2 * size + j]
            n[j] = tanh(x[2 * size + j] + r[j] * u[j])
            result[j] = n[j] + z[j] * (state[j] - n[j])


@kernel
def gru_cell_backward(grad_output, gates, before, grad_hidden, grad_projected, grad_recurrent):
    """Gradients of one `gru_cell`: of its sums (rows, 3 H) each, and, in ``grad_hidden``'s place, what of it passes the gates.

    The hidden state's gradient is ``grad_output + grad_hidden``; grad_output may have no rows.
    """
    size = before.shape[1]
    one = grad_hidden.dtype.type(1)
    for m in prange(before.shape[0]):
        row, state, total = gates[m], before[m], grad_hidden[m]
        if grad_output.shape[0] > 0:
            given = grad_output[m]
            for j in range(size):
                total[j] += given[j]
        r, z, n, u = row[:size], row[size:2 * size], row[2 * size:3 * size], row[3 * size:]
        x, h = grad_projected[m], grad_recurrent[m]
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
def rnn_cell(projected, recurrent, relu, hidden):
    """``tanh(projected + recurrent)``, or its positive part if ``relu``; all (rows, H)."""
    zero = hidden.dtype.type(0)
    for n in prange(hidden.shape[0]):
        x, h, result = projected[n], recurrent[n], hidden[n]
        if relu:
            for j in range(x.size):
                total = x[j] + h[j]
                result[j] = zero if total < zero else total         # keeps NaN
        else:
            for j in range(x.size):
                result[j] = tanh(x[j] + h[j])


@kernel
def rnn_cell_backward(grad_output, hidden, relu, grad_hidden, grad_sum):
    """Gradient of the sum in one `rnn_cell`, of the hidden state's gradient ``grad_output + grad_hidden``; grad_output may have no rows."""
    one = grad_hidden.dtype.type(1)
    for n in prange(hidden.shape[0]):
        result, total, made = hidden[n], grad_hidden[n], grad_sum[n]
        if grad_output.shape[0] > 0:
            given = grad_output[n]
            for j in range(result.size):
                total[j] += given[j]
        for j in range(result.size):
            if relu:
                made[j] = total[j] if result[j] > 0 else total[j] - total[j]
            else:
                made[j] = total[j] * (one - result[j] * result[j])
