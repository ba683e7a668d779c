"""What recurrent layers do between matrix products: a thread an element of the hidden state, one step a launch.

Here ``weights`` are always empty: the products of a step are cuBLAS's, and ``recurrent`` holds them. See the CPU's file for what the
parameters are.
"""
from __future__ import annotations

from ..cpu.recurrent import row_before
from ..formulas.vector import sigmoid, tanh
from .block import a_thread_an_element
from .launch import cuda, kernel


@kernel
def lstm_steps(projected, recurrent, weights, bias, bounds, begin, end, reverse, workers, gates, cells, outputs, hidden, cell):
    """Gates (rows, 4 H), cells and hidden states (rows, H) of a step; hidden and cell (batch, H) become those after it."""
    size = hidden.shape[1]
    for place in range(cuda.grid(1), (bounds[end] - bounds[begin]) * size, cuda.gridsize(1)):
        n, j = place // size, place % size
        at = bounds[begin] + n
        i = sigmoid(projected[n, j] + recurrent[n, j] + bias[j])
        f = sigmoid(projected[n, size + j] + recurrent[n, size + j] + bias[size + j])
        g = tanh(projected[n, 2 * size + j] + recurrent[n, 2 * size + j] + bias[2 * size + j])
        o = sigmoid(projected[n, 3 * size + j] + recurrent[n, 3 * size + j] + bias[3 * size + j])
        gates[at, j], gates[at, size + j], gates[at, 2 * size + j], gates[at, 3 * size + j] = i, f, g, o
        new = f * cell[n, j] + i * g
        shown = o * tanh(new)
        cells[at, j], cell[n, j], outputs[at, j], hidden[n, j] = new, new, shown, shown


@kernel(geometry=a_thread_an_element(1))
def lstm_steps_backward(grad_output, gates, cell, cells, weights, bounds, begin, end, reverse, workers, grad_hidden, grad_cell, grad_sums):
    """Gradients of the sums of a step; grad_cell becomes that before it, grad_hidden what does not pass the sums: nothing."""
    size = cell.shape[1]
    for place in range(cuda.grid(1), (bounds[end] - bounds[begin]) * size, cuda.gridsize(1)):
        n, j = place // size, place % size
        at, last = bounds[begin] + n, row_before(begin, n, bounds, reverse)
        i, f, g, o = gates[at, j], gates[at, size + j], gates[at, 2 * size + j], gates[at, 3 * size + j]
        total, squashed, one = grad_hidden[n, j], tanh(cells[at, j]), gates.dtype.type(1)
        if grad_output.shape[0] > 0:
            total += grad_output[at, j]
        before = cells[last, j] if last >= 0 else cell[n, j]
        along = grad_cell[n, j] + total * o * (one - squashed * squashed)
        grad_sums[n, j] = along * g * i * (one - i)
        grad_sums[n, size + j] = along * before * f * (one - f)
        grad_sums[n, 2 * size + j] = along * i * (one - g * g)
        grad_sums[n, 3 * size + j] = total * squashed * o * (one - o)
        grad_cell[n, j], grad_hidden[n, j] = along * f, one - one


@kernel
def gru_steps(projected, recurrent, weights, bias, shift, bounds, begin, end, reverse, workers, gates, outputs, hidden):
    """Gates (rows, 4 H) and hidden states (rows, H) of a step; hidden (batch, H) becomes that after it."""
    size = hidden.shape[1]
    for place in range(cuda.grid(1), (bounds[end] - bounds[begin]) * size, cuda.gridsize(1)):
        n, j = place // size, place % size
        at = bounds[begin] + n
        r = sigmoid(projected[n, j] + recurrent[n, j] + bias[j])
        z = sigmoid(projected[n, size + j] + recurrent[n, size + j] + bias[size + j])
        u = recurrent[n, 2 * size + j] + shift[j]
        new = tanh(projected[n, 2 * size + j] + bias[2 * size + j] + r * u)
        gates[at, j], gates[at, size + j], gates[at, 2 * size + j], gates[at, 3 * size + j] = r, z, new, u
        shown = new + z * (hidden[n, j] - new)
        outputs[at, j], hidden[n, j] = shown, shown


@kernel(geometry=a_thread_an_element(1))
def gru_steps_backward(grad_output, gates, hidden, outputs, weights, bounds, begin, end, reverse, workers, grad_hidden, grad_sums,
                       grad_recurrent):
    """Gradients of both parts of the sums of a step; grad_hidden becomes what of it passes the gates."""
    size = hidden.shape[1]
    for place in range(cuda.grid(1), (bounds[end] - bounds[begin]) * size, cuda.gridsize(1)):
        n, j = place // size, place % size
        at, last = bounds[begin] + n, row_before(begin, n, bounds, reverse)
        r, z, new, u = gates[at, j], gates[at, size + j], gates[at, 2 * size + j], gates[at, 3 * size + j]
        total, one = grad_hidden[n, j], gates.dtype.type(1)
        if grad_output.shape[0] > 0:
            total += grad_output[at, j]
        before = outputs[last, j] if last >= 0 else hidden[n, j]
        to_new = total * (one - z) * (one - new * new)
        to_r = to_new * u * r * (one - r)
        to_z = total * (before - new) * z * (one - z)
        grad_sums[n, j], grad_sums[n, size + j], grad_sums[n, 2 * size + j] = to_r, to_z, to_new
        grad_recurrent[n, j], grad_recurrent[n, size + j], grad_recurrent[n, 2 * size + j] = to_r, to_z, to_new * r
        grad_hidden[n, j] = total * z


@kernel
def rnn_steps(projected, recurrent, weights, bias, relu, bounds, begin, end, reverse, workers, outputs, hidden):
    """Hidden states (rows, H) of a step; hidden (batch, H) becomes that after it."""
    size = hidden.shape[1]
    for place in range(cuda.grid(1), (bounds[end] - bounds[begin]) * size, cuda.gridsize(1)):
        n, j = place // size, place % size
        total = projected[n, j] + recurrent[n, j] + bias[j]
        if relu:
            shown = total - total if total < 0 else total       # keeps NaN
        else:
            shown = tanh(total)
        outputs[bounds[begin] + n, j], hidden[n, j] = shown, shown


@kernel(geometry=a_thread_an_element(1))
def rnn_steps_backward(grad_output, outputs, weights, relu, bounds, begin, end, reverse, workers, grad_hidden, grad_sums):
    """Gradients of the sums of a step; all of grad_hidden passes them."""
    size = grad_hidden.shape[1]
    for place in range(cuda.grid(1), (bounds[end] - bounds[begin]) * size, cuda.gridsize(1)):
        n, j = place // size, place % size
        at, total = bounds[begin] + n, grad_hidden[n, j]
        if grad_output.shape[0] > 0:
            total += grad_output[at, j]
        shown, none = outputs[at, j], total - total
        if relu:
            grad_sums[n, j] = total if shown > 0 else none
        else:
            grad_sums[n, j] = total * (outputs.dtype.type(1) - shown * shown)
        grad_hidden[n, j] = outputs.dtype.type(0)
