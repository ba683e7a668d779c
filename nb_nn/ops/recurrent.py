"""Recurrent layers: one direction of one layer over whole sequences.

Sequences lie step after step: first the rows of all sequences at step 0, then those at step 1, ... ``sizes`` says how many
sequences have each step, which are the first ones; so packed sequences need no more than padded ones. ``reverse`` begins with
the last step.

Steps are taken in chunks: one matrix product for the inputs of a chunk, its steps, and on the way back one product for each gradient.
What is kept for backward is the activated gates and the cells; sums and their gradients exist for a chunk at a time.

Second derivatives are those of the same steps written in ops.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nb_nn.kernels import threads

from ..autograd.engine import grad as gradients
from ..core import cuda_memory, elementwise, launch, memory
from ..core import dtype as dtypes
from ..core.op import derivative, op
from ..core.state import state
from ..core.tensor_base import TensorBase, wrap
from .activation import sigmoid, tanh
from .copies import alias
from .joining import cat
from .matmul import linear
from .piecewise import relu

Tensor = TensorBase
IN_CACHE = 1 << 19              # weights each worker keeps to itself, while it takes its sequences through all steps;
AT_ONCE = 1 << 20               # or multiplications in a step, too few to share
CHUNK = 1 << 21                 # sums of a chunk


def product(left: Any, right: Any, out: Any) -> Any:
    """``left @ right`` into ``out``."""
    if left.shape[1] == 0:
        out[...] = 0
    elif out.size:
        launch.launch("matmul", left, right, out)
    return out


def copied(tensor: Tensor, kind: Any) -> Any:
    """A tensor's elements, to be written over."""
    array = launch.contiguous_array(tensor, kind)
    made = memory.beside(array, array.shape, array.dtype)
    made[...] = array
    return made


def filled(like: Any, shape: tuple[int, ...], value: float = 0) -> Any:
    """An array beside another, all of one number."""
    made = memory.beside(like, shape, like.dtype)
    made[...] = value
    return made


def add(total: Any, more: Any) -> Any:
    """Add an array to another, in place."""
    if total.__class__ is np.ndarray:
        total += more
    else:
        elementwise.elementwise("add", (own(total), own(more)), out=own(total))
    return total


def own(array: Any) -> Tensor:
    """What is kept for backward, in the type computed in."""
    return wrap(array, dtypes.from_numpy(array.dtype))


class Steps:
    """How the steps of one direction are taken: where rows are, in which chunks and turns, with which weights."""

    def __init__(self, sizes: tuple[int, ...], reverse: bool, like: Any, matrix: Any, width: int):
        self.sizes, self.reverse, self.batch, self.width = sizes, reverse, sizes[0], width
        self.ends = [0, *np.cumsum(sizes).tolist()]
        self.home = like.__class__ is np.ndarray
        bounds = np.array(self.ends)
        self.bounds = bounds if self.home else cuda_memory.moved(bounds, cuda_memory.device_of(like))
        self.workers = 1 if not self.home or threads.serial_only() else min(self.batch, threads.count)
        # all steps of a sequence at once; otherwise all sequences take a step together, and share large weights
        self.together = self.home and len(sizes) > 1 and (matrix.size <= IN_CACHE or matrix.size * self.batch <= AT_ONCE)
        self.matrix = matrix
        self.weights = launch.launch("recurrent_weights", matrix) if self.together else (
            memory.nothing(like.dtype, cuda_memory.device_of(like)), *(self.bounds[:0],) * 3)
        self.chunks = list(self.divided())
        longest = max([self.ends[end] - self.ends[begin] for begin, end in self.chunks])
        self.sums = memory.beside(like, (longest, width), like.dtype)

    def divided(self) -> Iterator[tuple[int, int]]:
        """First and one past the last step of each chunk, in the order of time."""
        begin, enough = 0, CHUNK // max(1, self.width)
        for t in range(1, len(self.sizes) + 1):
            if t == len(self.sizes) or self.ends[t + 1] - self.ends[begin] > enough:
                yield begin, t
                begin = t

    def turns(self, begin: int, end: int) -> list[tuple[int, int]]:
        """The parts of a chunk that one call of a kernel takes, in the order of time."""
        return [(begin, end)] if self.together else [(t, t + 1) for t in range(begin, end)]

    def before(self, initial: Any, states: Any, begin: int, end: int) -> Any:
        """The states with which the rows of a chunk begin their step, of those with which all rows end it."""
        first, ends = self.ends[begin], self.ends
        made = memory.beside(states, (ends[end] - first, states.shape[1]), states.dtype)
        even = self.sizes[0] == self.sizes[-1]
        for a, b in [(begin, end)] if even else [(t, t + 1) for t in range(begin, end)]:
            rows = made[ends[a] - first:ends[b] - first]
            if self.reverse:
                known = states[ends[a + 1]:ends[min(b + 1, len(self.sizes))]]
                count = rows.shape[0] - known.shape[0]              # sequences that begin here
                rows[:known.shape[0]] = known
                rows[known.shape[0]:] = initial[self.sizes[a] - count:self.sizes[a]]
            else:
                count = self.sizes[0] if a == 0 else 0
                start = ends[max(a - 1, 0)]
                rows[:count] = initial[:count]
                rows[count:] = states[start:start + rows.shape[0] - count]
        return made


def forward(name: str, input: Tensor, into: Tensor, again: Tensor, numbers: tuple, sizes: tuple[int, ...], reverse: bool,
            results: tuple, states: tuple) -> None:
    """All steps of a direction by the kernel ``name``, which writes ``results``, in rows, and ``states``."""
    kind = input._dtype
    data, matrix = launch.contiguous_array(input), launch.contiguous_array(into, kind).T
    steps = Steps(sizes, reverse, data, launch.contiguous_array(again, kind).T, matrix.shape[1])
    recurrent = memory.beside(data, (steps.batch, steps.width), data.dtype)
    for begin, end in sorted(steps.chunks, reverse=reverse):
        first, last = steps.ends[begin], steps.ends[end]
        projected = product(data[first:last], matrix, steps.sums[:last - first])
        for a, b in sorted(steps.turns(begin, end), reverse=reverse):
            if not steps.together:
                product(states[0][:sizes[a]], steps.matrix, recurrent[:sizes[a]])
            launch.launch(name, projected[steps.ends[a] - first:], recurrent, steps.weights, *numbers, steps.bounds, a, b, reverse,
                          steps.workers, *results, *states, work=(steps.ends[b] - steps.ends[a]) * steps.matrix.size)


def backward(name: str, grad: Tensor | None, input: Tensor, into: Tensor, again: Tensor, initial: Tensor, outputs: Tensor, saved: tuple,
             numbers: tuple, sizes: tuple[int, ...], reverse: bool, states: tuple, parts: int, needs: tuple) -> list:
    """Gradients of input, both weights and both biases, by the kernel ``name``; ``states`` become those of the first states.

    The kernel takes ``saved`` and writes gradients of sums: of those that come from the input and, if ``parts`` is 2, of those that
    come from the state.
    """
    kind = input._dtype
    data, matrix, results = (launch.contiguous_array(one, kind) for one in (input, into, outputs))
    given = memory.beside(data, (0, 1), data.dtype) if grad is None else launch.contiguous_array(grad, kind)
    steps = Steps(sizes, reverse, data, launch.contiguous_array(again, kind), matrix.shape[0])
    sums = [steps.sums, memory.beside(data, steps.sums.shape, data.dtype)][:parts]
    through, start = memory.beside(data, states[0].shape, data.dtype), launch.contiguous_array(initial, kind)
    totals: list = [memory.beside(data, data.shape, data.dtype) if needs[0] else None, None, None, None, None]
    for begin, end in sorted(steps.chunks, reverse=not reverse):
        first, last = steps.ends[begin], steps.ends[end]
        of_input, of_state = sums[0][:last - first], sums[-1][:last - first]
        for a, b in sorted(steps.turns(begin, end), reverse=not reverse):
            place, size = steps.ends[a] - first, sizes[a]
            launch.launch(name, given, *saved, steps.weights, *numbers, steps.bounds, a, b, reverse, steps.workers, *states,
                          *[one[place:last - first] for one in sums], work=(steps.ends[b] - steps.ends[a]) * steps.matrix.size)
            if not steps.together:
                add(states[0][:size], product(of_state[place:place + size], steps.matrix, through[:size]))
        if needs[0]:
            product(of_input, matrix, totals[0][first:last])
        if needs[1]:
            add_product(totals, 1, of_input, data[first:last])
        if needs[2]:
            add_product(totals, 2, of_state, steps.before(start, results, begin, end))
        for place, one in ((3, of_input), (4, of_state)):
            if needs[place] and (place == 3 or parts == 2 or not needs[3]):
                total = launch.contiguous_array(own(one).sum(0))
                totals[place] = total if totals[place] is None else add(totals[place], total)
    if needs[4] and totals[4] is None:          # the same, where both parts are of one sum
        totals[4] = totals[3].copy()
    return totals


def add_product(totals: list, place: int, left: Any, right: Any) -> None:
    """Add ``left.T @ right``, a weight's gradient of the gradients and inputs in rows, to a total that may not have begun."""
    made = product(left.T, right, memory.beside(left, (left.shape[1], right.shape[1]), left.dtype))
    totals[place] = made if totals[place] is None else add(totals[place], made)


def finished(arrays: list, needs: tuple, kind: Any) -> list:
    """Gradients as tensors, where they are needed."""
    return [launch.deliver("recurrent", array, kind, None) if need else None for array, need in zip(arrays, needs)]


def results_of(kind: Any, arrays: tuple) -> list:
    """Results as tensors."""
    return finished(list(arrays), (True,) * len(arrays), kind)


def sum_of_biases(first: Tensor | None, second: Tensor | None, kind: Any, like: Any, width: int) -> Any:
    """One bias for both parts of the sums; either may be missing."""
    known = [one for one in (first, second) if one is not None]
    if len(known) < 2:
        return launch.contiguous_array(known[0], kind) if known else filled(like, (width,))
    return add(copied(first, kind), launch.contiguous_array(second, kind))


def gradients_of_states(grads: list, states: tuple, kind: Any) -> tuple:
    """Gradients of the last states, to be written over; zeros where there is none."""
    arrays = [launch.contiguous_array(one, kind) for one in states]
    return tuple([filled(array, array.shape) if grad is None else copied(grad, kind) for grad, array in zip(grads, arrays)])


def through_ops(function: Callable, arguments: list, grads: list, needs: tuple) -> list:
    """The gradients of ``function``, which is written in ops, with a history of their own."""
    known = [alias(one) if need else one for one, need in zip(arguments, needs)]
    pairs = [(result, grad) for result, grad in zip(function(*known), grads) if grad is not None]
    wanted = [one for one, need in zip(known, needs) if need]
    found = iter(gradients([result for result, _ in pairs], wanted, [grad for _, grad in pairs], create_graph=True, allow_unused=True))
    return [next(found) if need else None for need in needs]


def taken(projected: Tensor, states: tuple, sizes: tuple[int, ...], reverse: bool, step: Callable) -> tuple:
    """Take all steps, written in ops: the first state after each, in the order of rows, and the last states."""
    made, ends = [], [0, *np.cumsum(sizes).tolist()]
    for t in sorted(range(len(sizes)), reverse=reverse):
        size = sizes[t]
        after = step(projected[ends[t]:ends[t + 1]], *[one[:size] for one in states])
        states = [new if size == one.shape[0] else cat([new, one[size:]]) for new, one in zip(after, states)]
        made.append((t, after[0]))
    return (cat([one for _, one in sorted(made, key=lambda pair: pair[0])]), *states)


# ---- LSTM --------------------------------------------------------------------------------------------------------------

@op
def lstm_layer(input: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor | None, bias_hh: Tensor | None, hidden: Tensor,
               cell: Tensor, sizes: tuple[int, ...], reverse: bool) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Hidden states of all steps (rows, H), the last hidden and cell states (batch, H); gates and cells are kept for backward.

    Shape: input (rows, I), weights (4 H, I) and (4 H, H), biases (4 H), hidden and cell (batch, H).
    """
    kind, (rows, size) = input._dtype, (input._array.shape[0], hidden._array.shape[1])
    h, c = copied(hidden, kind), copied(cell, kind)
    gates, cells, outputs = (memory.beside(h, (rows, width), h.dtype) for width in (4 * size, size, size))
    forward("lstm_steps", input, weight_ih, weight_hh, (sum_of_biases(bias_ih, bias_hh, kind, h, 4 * size),), sizes, reverse,
            (gates, cells, outputs), (h, c))
    return (*results_of(kind, (outputs, h, c)), own(gates), own(cells))


def lstm_in_ops(projected: Tensor, weight: Tensor, projection: Tensor | None, hidden: Tensor, cell: Tensor, sizes: tuple[int, ...],
                reverse: bool) -> tuple:
    """`lstm_layer` written in ops, of the part of the sums that comes from the input.

    With a ``projection`` (P, H), hidden states are it times what they would be; weight is (4 H, P). (Sak et al. 2014)
    """
    def step(x: Tensor, h: Tensor, c: Tensor) -> tuple:
        i, f, g, o = (x + linear(h, weight)).chunk(4, 1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        shown = sigmoid(o) * tanh(c)
        return shown if projection is None else linear(shown, projection), c

    return taken(projected, (hidden, cell), sizes, reverse, step)


def both(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    """The sum of two biases, of which either may be missing."""
    return second if first is None else first if second is None else first + second


def _lstm_gradients(grads: list, results: list, input: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor | None,
                    bias_hh: Tensor | None, hidden: Tensor, cell: Tensor, sizes: tuple[int, ...], reverse: bool, needs: tuple) -> list:
    if state.grad:
        return through_ops(lambda x, w, u, a, b, h, c: lstm_in_ops(linear(x, w, both(a, b)), u, None, h, c, sizes, reverse),
                           [input, weight_ih, weight_hh, bias_ih, bias_hh, hidden, cell], grads, needs)
    kind = input._dtype
    states = gradients_of_states(grads[1:], (hidden, cell), kind)
    saved = results[3]._array, launch.contiguous_array(cell, kind), results[4]._array
    found = backward("lstm_steps_backward", grads[0], input, weight_ih, weight_hh, hidden, results[0], saved, (), sizes, reverse, states,
                     1, needs)
    return finished([*found, *states], needs, kind)


derivative(lstm_layer, _lstm_gradients, ("input", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "hidden", "cell"))


# ---- GRU ---------------------------------------------------------------------------------------------------------------

@op
def gru_layer(input: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor | None, bias_hh: Tensor | None, hidden: Tensor,
              sizes: tuple[int, ...], reverse: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Hidden states of all steps (rows, H), the last ones (batch, H); gates are kept for backward.

    Shape: input (rows, I), weights (3 H, I) and (3 H, H), biases (3 H), hidden (batch, H).
    """
    kind, (rows, size) = input._dtype, (input._array.shape[0], hidden._array.shape[1])
    h = copied(hidden, kind)
    gates, outputs = memory.beside(h, (rows, 4 * size), h.dtype), memory.beside(h, (rows, size), h.dtype)
    bias, shift = filled(h, (3 * size,)), filled(h, (size,))
    if bias_ih is not None:
        add(bias, launch.contiguous_array(bias_ih, kind))
    if bias_hh is not None:                     # in the part n it is within what the gate r acts on
        of_state = launch.contiguous_array(bias_hh, kind)
        add(bias[:2 * size], of_state[:2 * size])
        shift[...] = of_state[2 * size:]
    forward("gru_steps", input, weight_ih, weight_hh, (bias, shift), sizes, reverse, (gates, outputs), (h,))
    return (*results_of(kind, (outputs, h)), own(gates))


def gru_in_ops(projected: Tensor, weight: Tensor, bias: Tensor | None, hidden: Tensor, sizes: tuple[int, ...], reverse: bool) -> tuple:
    """`gru_layer` written in ops, of the part of the sums that comes from the input."""
    def step(x: Tensor, h: Tensor) -> tuple:
        of_r, of_z, of_n = x.chunk(3, 1)
        r, z, n = linear(h, weight, bias).chunk(3, 1)
        n = tanh(of_n + sigmoid(of_r + r) * n)
        return (n + sigmoid(of_z + z) * (h - n),)

    return taken(projected, (hidden,), sizes, reverse, step)


def _gru_gradients(grads: list, results: list, input: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor | None,
                   bias_hh: Tensor | None, hidden: Tensor, sizes: tuple[int, ...], reverse: bool, needs: tuple) -> list:
    if state.grad:
        return through_ops(lambda x, w, u, a, b, h: gru_in_ops(linear(x, w, a), u, b, h, sizes, reverse),
                           [input, weight_ih, weight_hh, bias_ih, bias_hh, hidden], grads, needs)
    kind = input._dtype
    states = gradients_of_states(grads[1:], (hidden,), kind)
    saved = results[2]._array, launch.contiguous_array(hidden, kind), launch.contiguous_array(results[0], kind)
    found = backward("gru_steps_backward", grads[0], input, weight_ih, weight_hh, hidden, results[0], saved, (), sizes, reverse, states,
                     2, needs)
    return finished([*found, *states], needs, kind)


derivative(gru_layer, _gru_gradients, ("input", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "hidden"))


# ---- plain -------------------------------------------------------------------------------------------------------------

@op
def rnn_layer(input: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor | None, bias_hh: Tensor | None, hidden: Tensor,
              nonlinearity: str, sizes: tuple[int, ...], reverse: bool) -> tuple[Tensor, Tensor]:
    """Hidden states of all steps (rows, H), and the last ones (batch, H): tanh of the sums, or their positive part.

    Shape: input (rows, I), weights (H, I) and (H, H), biases (H), hidden (batch, H); ``nonlinearity`` is "tanh" or "relu".
    """
    kind, size = input._dtype, hidden._array.shape[1]
    h = copied(hidden, kind)
    outputs = memory.beside(h, (input._array.shape[0], size), h.dtype)
    forward("rnn_steps", input, weight_ih, weight_hh, (sum_of_biases(bias_ih, bias_hh, kind, h, size), nonlinearity == "relu"), sizes,
            reverse, (outputs,), (h,))
    return tuple(results_of(kind, (outputs, h)))


def rnn_in_ops(projected: Tensor, weight: Tensor, hidden: Tensor, nonlinearity: str, sizes: tuple[int, ...], reverse: bool) -> tuple:
    """`rnn_layer` written in ops, of the part of the sums that comes from the input."""
    squash = relu if nonlinearity == "relu" else tanh
    return taken(projected, (hidden,), sizes, reverse, lambda x, h: (squash(x + linear(h, weight)),))


def _rnn_gradients(grads: list, results: list, input: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor | None,
                   bias_hh: Tensor | None, hidden: Tensor, nonlinearity: str, sizes: tuple[int, ...], reverse: bool, needs: tuple) -> list:
    if state.grad:
        return through_ops(lambda x, w, u, a, b, h: rnn_in_ops(linear(x, w, both(a, b)), u, h, nonlinearity, sizes, reverse),
                           [input, weight_ih, weight_hh, bias_ih, bias_hh, hidden], grads, needs)
    kind = input._dtype
    states, saved = gradients_of_states(grads[1:], (hidden,), kind), (launch.contiguous_array(results[0], kind),)
    found = backward("rnn_steps_backward", grads[0], input, weight_ih, weight_hh, hidden, results[0], saved, (nonlinearity == "relu",),
                     sizes, reverse, states, 1, needs)
    return finished([*found, *states], needs, kind)


derivative(rnn_layer, _rnn_gradients, ("input", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "hidden"))
