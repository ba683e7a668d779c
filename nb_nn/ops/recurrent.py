"""Recurrent layers: one direction of one layer over whole sequences.

Sequences lie step after step: first the rows of all sequences at step 0, then those at step 1, ... ``sizes`` says how many
sequences have each step, which are the first ones; so packed sequences need no more than padded ones. ``reverse`` begins with
the last step. ``projected`` is the part of the gates that comes from the input, for all steps at once.

Second derivatives are those of the same steps written in ops.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nb_nn.kernels import threads

from ..autograd.engine import grad as gradients
from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.op import derivative, op
from ..core.state import state
from ..core.tensor_base import TensorBase, wrap
from .activation import relu, sigmoid, tanh
from .copies import alias
from .joining import cat
from .matmul import linear

Tensor = TensorBase
IN_CACHE = 1 << 19              # weights each worker keeps to itself, while it takes its sequences through all steps;
AT_ONCE = 1 << 20               # or multiplications in a step, too few to share


def spans(sizes: tuple[int, ...], reverse: bool) -> list[tuple[int, int]]:
    """First and one past the last row of each step, in the order in which steps are taken."""
    ends, end = [], 0
    for size in sizes:
        ends.append((end, end + size))
        end += size
    return ends[::-1] if reverse else ends


def sequences(sizes: tuple[int, ...], reverse: bool) -> tuple[Any, Any, bool, int]:
    """First row of each step, the number of steps of each sequence, the direction, and how many workers share the sequences."""
    counts = np.array(sizes)
    lengths = (counts[:, None] > np.arange(counts.max())).sum(0)
    return np.append(0, np.cumsum(counts[:-1])), lengths, reverse, 1 if threads.serial_only() else min(lengths.size, threads.count)


def in_vectors(matrix: Any) -> tuple:
    """Weights as kernels take them that go through whole sequences."""
    return launch.launch("recurrent_weights", matrix)


def apart(weight: Any, batch: int) -> bool:
    """Whether to take all steps of a sequence at once; otherwise all sequences take a step together, and share large weights."""
    return weight.size <= IN_CACHE or weight.size * batch <= AT_ONCE


def states_before(initial: Any, states: Any, steps: list[tuple[int, int]]) -> Any:
    """The states with which all rows begin their step, of those with which they end it."""
    made, last, known = np.empty_like(states), 0, 0
    for first, end in steps:
        size = end - first
        common = min(size, known)
        made[first:first + common] = states[last:last + common]
        made[first + common:end] = initial[common:size]     # sequences that begin here, in reverse
        last, known = first, size
    return made


def product(left: Any, right: Any, out: Any) -> Any:
    """``left @ right`` into ``out``."""
    if out.size:
        launch.launch("matmul", left, right, out)
    return out


def transposed_product(left: Any, right: Any) -> Any:
    """``left.T @ right``: a weight's gradient, of gradients and inputs in rows."""
    made = memory.zeros((left.shape[1], right.shape[1]), left.dtype)
    return product(left.T, right, made) if left.shape[0] else made


def gradient_of(grad: Tensor | None, kind: Any, shape: tuple[int, ...]) -> Any:
    """A gradient's elements to be written over; zeros if there is none."""
    return np.zeros(shape, kind.compute) if grad is None else np.array(launch.contiguous_array(grad, kind))


def finished(arrays: tuple, needs: tuple, kind: Any) -> list:
    """Gradients as tensors, where they are needed."""
    return [launch.deliver("recurrent", array, kind, None) if need else None for array, need in zip(arrays, needs)]


def own(array: Any) -> Tensor:
    """What is kept for backward, in the type computed in."""
    return wrap(array, dtypes.from_numpy(array.dtype))


def through_ops(function: Callable, arguments: list, grads: list, needs: tuple) -> list:
    """The gradients of ``function``, which is written in ops, with a history of their own."""
    known = [alias(one) if need else one for one, need in zip(arguments, needs)]
    pairs = [(result, grad) for result, grad in zip(function(*known), grads) if grad is not None]
    wanted = [one for one, need in zip(known, needs) if need]
    found = iter(gradients([result for result, _ in pairs], wanted, [grad for _, grad in pairs], create_graph=True, allow_unused=True))
    return [next(found) if need else None for need in needs]


def taken(projected: Tensor, states: tuple, steps: list[tuple[int, int]], step: Callable) -> tuple:
    """Take all steps, written in ops: the first state after each, in the order of rows, and the last states."""
    made = []
    for first, end in steps:
        size = end - first
        before = [one[:size] for one in states]
        after = step(projected[first:end], *before)
        states = [new if size == one.shape[0] else cat([new, one[size:]]) for new, one in zip(after, states)]
        made.append((first, after[0]))
    return (cat([one for _, one in sorted(made, key=lambda pair: pair[0])]), *states)


def empty_like_rows(count: int, rows: Any) -> Any:
    return memory.empty((count, rows.shape[1]), rows.dtype)


# ---- LSTM --------------------------------------------------------------------------------------------------------------

@op
def lstm_sequence(projected: Tensor, weight: Tensor, hidden: Tensor, cell: Tensor, sizes: tuple[int, ...],
                  reverse: bool) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Hidden states of all steps (rows, H), the last hidden and cell states (batch, H); gates and cells are kept for backward.

    Shape: projected (rows, 4 H) with both biases, weight (4 H, H), hidden and cell (batch, H).
    """
    kind = projected._dtype
    inputs, matrix = launch.contiguous_array(projected), launch.contiguous_array(weight, kind).T
    h, c = gradient_of(hidden, kind, ()), gradient_of(cell, kind, ())
    gates, outputs, cells = (memory.empty((inputs.shape[0], width), inputs.dtype) for width in (inputs.shape[1], *(h.shape[1],) * 2))
    if apart(matrix, max(sizes)):
        launch.launch("lstm_sequences", inputs, in_vectors(matrix), *sequences(sizes, reverse), gates, cells, outputs, h, c,
                      work=inputs.shape[0] * matrix.size)
        return (*finished((outputs, h, c), (True,) * 3, kind), own(gates), own(cells))
    recurrent = empty_like_rows(max(sizes), inputs)
    for first, end in spans(sizes, reverse):
        size = end - first
        own_gates = gates[first:end]
        launch.launch("lstm_cell", inputs[first:end], product(h[:size], matrix, recurrent[:size]), c[:size], own_gates,
                      cells[first:end], outputs[first:end], work=own_gates.size)
        h[:size], c[:size] = outputs[first:end], cells[first:end]
    return (*finished((outputs, h, c), (True,) * 3, kind), own(gates), own(cells))


def lstm_in_ops(projected: Tensor, weight: Tensor, hidden: Tensor, cell: Tensor, sizes: tuple[int, ...], reverse: bool) -> tuple:
    """`lstm_sequence` written in ops."""
    def step(x: Tensor, h: Tensor, c: Tensor) -> tuple:
        i, f, g, o = (x + linear(h, weight)).chunk(4, 1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(c), c

    return taken(projected, (hidden, cell), spans(sizes, reverse), step)


def _lstm_gradients(grads: list, results: list, projected: Tensor, weight: Tensor, hidden: Tensor, cell: Tensor,
                    sizes: tuple[int, ...], reverse: bool, needs: tuple) -> list:
    if state.grad:
        return through_ops(lambda *given: lstm_in_ops(*given, sizes, reverse), [projected, weight, hidden, cell], grads, needs)
    kind, steps = projected._dtype, spans(sizes, reverse)
    matrix, gates, cells = launch.contiguous_array(weight, kind), results[3]._array, results[4]._array
    shape = hidden._array.shape
    begin = launch.contiguous_array(cell, kind)
    given = np.empty((0, shape[1]), gates.dtype) if grads[0] is None else launch.contiguous_array(grads[0], kind)
    dh, dc = gradient_of(grads[1], kind, shape), gradient_of(grads[2], kind, shape)
    made = memory.empty(gates.shape, gates.dtype)
    if apart(matrix, max(sizes)):
        launch.launch("lstm_sequences_backward", given, gates, begin, cells, in_vectors(matrix), *sequences(sizes, reverse), dh, dc,
                      made, work=gates.shape[0] * matrix.size)
    else:
        before = states_before(begin, cells, steps)
    for first, end in () if apart(matrix, max(sizes)) else reversed(steps):
        size = end - first
        launch.launch("lstm_cell_backward", given[first:end], gates[first:end], before[first:end], cells[first:end], dh[:size],
                      dc[:size], made[first:end], work=(end - first) * gates.shape[1])
        product(made[first:end], matrix, dh[:size])
    outputs = launch.contiguous_array(results[0], kind)
    to_weight = transposed_product(made, states_before(launch.contiguous_array(hidden, kind), outputs, steps)) if needs[1] else None
    return finished((made, to_weight, dh, dc), needs, kind)


derivative(lstm_sequence, _lstm_gradients, ("projected", "weight", "hidden", "cell"))


def projected_lstm(projected: Tensor, weight: Tensor, projection: Tensor, hidden: Tensor, cell: Tensor, sizes: tuple[int, ...],
                   reverse: bool) -> tuple:
    """`lstm_sequence` whose hidden states are ``projection`` (P, H) times what they would be; weight is (4 H, P). (Sak et al. 2014)"""
    def step(x: Tensor, h: Tensor, c: Tensor) -> tuple:
        i, f, g, o = (x + linear(h, weight)).chunk(4, 1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return linear(sigmoid(o) * tanh(c), projection), c

    return taken(projected, (hidden, cell), spans(sizes, reverse), step)


# ---- GRU ---------------------------------------------------------------------------------------------------------------

@op
def gru_sequence(projected: Tensor, weight: Tensor, bias: Tensor | None, hidden: Tensor, sizes: tuple[int, ...],
                 reverse: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Hidden states of all steps (rows, H), the last ones (batch, H); gates are kept for backward.

    Shape: projected (rows, 3 H), weight (3 H, H) and bias (3 H) of the recurrent part, hidden (batch, H).
    """
    kind = projected._dtype
    inputs, matrix = launch.contiguous_array(projected), launch.contiguous_array(weight, kind).T
    h = gradient_of(hidden, kind, ())
    shift = np.empty(0, inputs.dtype) if bias is None else launch.contiguous_array(bias, kind)
    rows = inputs.shape[0]
    gates, outputs = memory.empty((rows, 4 * h.shape[1]), inputs.dtype), empty_like_rows(rows, h)
    if apart(matrix, max(sizes)):
        launch.launch("gru_sequences", inputs, in_vectors(matrix), shift, *sequences(sizes, reverse), gates, outputs, h,
                      work=rows * matrix.size)
        return (*finished((outputs, h), (True, True), kind), own(gates))
    recurrent = empty_like_rows(max(sizes), inputs)
    for first, end in spans(sizes, reverse):
        size = end - first
        launch.launch("gru_cell", inputs[first:end], product(h[:size], matrix, recurrent[:size]), shift, h[:size],
                      gates[first:end], outputs[first:end], work=size * gates.shape[1])
        h[:size] = outputs[first:end]
    return (*finished((outputs, h), (True, True), kind), own(gates))


def gru_in_ops(projected: Tensor, weight: Tensor, bias: Tensor | None, hidden: Tensor, sizes: tuple[int, ...], reverse: bool) -> tuple:
    """`gru_sequence` written in ops."""
    def step(x: Tensor, h: Tensor) -> tuple:
        of_r, of_z, of_n = x.chunk(3, 1)
        r, z, n = linear(h, weight, bias).chunk(3, 1)
        n = tanh(of_n + sigmoid(of_r + r) * n)
        return (n + sigmoid(of_z + z) * (h - n),)

    return taken(projected, (hidden,), spans(sizes, reverse), step)


def _gru_gradients(grads: list, results: list, projected: Tensor, weight: Tensor, bias: Tensor | None, hidden: Tensor,
                   sizes: tuple[int, ...], reverse: bool, needs: tuple) -> list:
    if state.grad:
        return through_ops(lambda *given: gru_in_ops(*given, sizes, reverse), [projected, weight, bias, hidden], grads, needs)
    kind, steps = projected._dtype, spans(sizes, reverse)
    matrix, gates, shape = launch.contiguous_array(weight, kind), results[2]._array, hidden._array.shape
    begin, outputs = launch.contiguous_array(hidden, kind), launch.contiguous_array(results[0], kind)
    before = states_before(begin, outputs, steps)
    given = np.empty((0, shape[1]), gates.dtype) if grads[0] is None else launch.contiguous_array(grads[0], kind)
    dh, through = gradient_of(grads[1], kind, shape), memory.empty(shape, gates.dtype)
    made, recurrent = (memory.empty((gates.shape[0], 3 * shape[1]), gates.dtype) for _ in range(2))
    if apart(matrix, max(sizes)):
        launch.launch("gru_sequences_backward", given, gates, begin, outputs, in_vectors(matrix), *sequences(sizes, reverse), dh, made,
                      recurrent, work=gates.shape[0] * matrix.size)
    for first, end in () if apart(matrix, max(sizes)) else reversed(steps):
        size = end - first
        launch.launch("gru_cell_backward", given[first:end], gates[first:end], before[first:end], dh[:size], made[first:end],
                      recurrent[first:end], work=size * gates.shape[1])
        dh[:size] += product(recurrent[first:end], matrix, through[:size])
    to_weight = transposed_product(recurrent, before) if needs[1] else None
    to_bias = launch.contiguous_array(own(recurrent).sum(0)) if needs[2] else None
    return finished((made, to_weight, to_bias, dh), needs, kind)


derivative(gru_sequence, _gru_gradients, ("projected", "weight", "bias", "hidden"))


# ---- plain -------------------------------------------------------------------------------------------------------------

@op
def rnn_sequence(projected: Tensor, weight: Tensor, hidden: Tensor, nonlinearity: str, sizes: tuple[int, ...],
                 reverse: bool) -> tuple[Tensor, Tensor]:
    """Hidden states ``tanh(projected + h @ weight.T)`` of all steps (rows, H), and the last ones (batch, H).

    Shape: projected (rows, H) with both biases, weight (H, H), hidden (batch, H); ``nonlinearity`` is "tanh" or "relu".
    """
    kind = projected._dtype
    inputs, matrix = launch.contiguous_array(projected), launch.contiguous_array(weight, kind).T
    h = gradient_of(hidden, kind, ())
    outputs = memory.empty(inputs.shape, inputs.dtype)
    if apart(matrix, max(sizes)):
        launch.launch("rnn_sequences", inputs, in_vectors(matrix), nonlinearity == "relu", *sequences(sizes, reverse), outputs,
                      h, work=inputs.shape[0] * matrix.size)
        return tuple(finished((outputs, h), (True, True), kind))
    recurrent = empty_like_rows(max(sizes), inputs)
    for first, end in spans(sizes, reverse):
        size = end - first
        launch.launch("rnn_cell", inputs[first:end], product(h[:size], matrix, recurrent[:size]), nonlinearity == "relu",
                      outputs[first:end])
        h[:size] = outputs[first:end]
    return tuple(finished((outputs, h), (True, True), kind))


def rnn_in_ops(projected: Tensor, weight: Tensor, hidden: Tensor, nonlinearity: str, sizes: tuple[int, ...], reverse: bool) -> tuple:
    """`rnn_sequence` written in ops."""
    squash = relu if nonlinearity == "relu" else tanh
    return taken(projected, (hidden,), spans(sizes, reverse), lambda x, h: (squash(x + linear(h, weight)),))


def _rnn_gradients(grads: list, results: list, projected: Tensor, weight: Tensor, hidden: Tensor, nonlinearity: str,
                   sizes: tuple[int, ...], reverse: bool, needs: tuple) -> list:
    if state.grad:
        return through_ops(lambda *given: rnn_in_ops(*given, nonlinearity, sizes, reverse), [projected, weight, hidden], grads, needs)
    kind, steps, shape = projected._dtype, spans(sizes, reverse), hidden._array.shape
    matrix, outputs = launch.contiguous_array(weight, kind), launch.contiguous_array(results[0], kind)
    given = np.empty((0, shape[1]), outputs.dtype) if grads[0] is None else launch.contiguous_array(grads[0], kind)
    dh, made = gradient_of(grads[1], kind, shape), memory.empty(outputs.shape, outputs.dtype)
    if apart(matrix, max(sizes)):
        launch.launch("rnn_sequences_backward", given, outputs, in_vectors(matrix), nonlinearity == "relu", *sequences(sizes, reverse), dh,
                      made, work=outputs.shape[0] * matrix.size)
    for first, end in () if apart(matrix, max(sizes)) else reversed(steps):
        size = end - first
        launch.launch("rnn_cell_backward", given[first:end], outputs[first:end], nonlinearity == "relu", dh[:size], made[first:end])
        product(made[first:end], matrix, dh[:size])
    to_weight = transposed_product(made, states_before(launch.contiguous_array(hidden, kind), outputs, steps)) if needs[1] else None
    return finished((made, to_weight, dh), needs, kind)


derivative(rnn_sequence, _rnn_gradients, ("projected", "weight", "hidden"))
