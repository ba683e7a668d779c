"""Recurrent layers with all their weights as arguments, and single steps of them."""
from __future__ import annotations

from typing import Any

from ..core import launch
from ..core.tensor_base import TensorBase
from .dropout import dropout_mask
from .joining import cat, stack
from .matmul import linear
from .recurrent import both, gru_layer, lstm_in_ops, lstm_layer, rnn_layer

Tensor = TensorBase
GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def direction(mode: str, input: Tensor, states: tuple, weights: list, sizes: tuple[int, ...], reverse: bool) -> tuple:
    """One direction of one layer: hidden states of all steps, then the last states.

    Input is (rows, features); weights are weight_ih, weight_hh and perhaps the two biases, and last, if the hidden states of an LSTM are
    projections, weight_hr.
    """
    weight_ih, weight_hh, *rest = weights
    biases = rest[:2] if len(rest) > 1 else (None, None)
    check_weights(mode, input, states, weights)
    if mode == "GRU":
        return gru_layer(input, weight_ih, weight_hh, *biases, *states, sizes, reverse)[:2]
    if mode == "LSTM" and len(rest) % 2:
        return lstm_in_ops(linear(input, weight_ih, both(*biases)), weight_hh, rest[-1], *states, sizes, reverse)
    if mode == "LSTM":
        return lstm_layer(input, weight_ih, weight_hh, *biases, *states, sizes, reverse)[:3]
    return rnn_layer(input, weight_ih, weight_hh, *biases, *states, mode[4:].lower(), sizes, reverse)


def check_weights(mode: str, input: Tensor, states: tuple, weights: list) -> None:
    """Refuse weights and states that are not of the input's type and device, and weights of the wrong size."""
    kind, width = input._dtype, weights[0]._array.shape[0]
    for one in (*weights, *states):
        if one is not None and one._dtype is not kind:
            raise RuntimeError(f"{mode.lower()}: mat1 and mat2 must have the same dtype, but got {kind.tensor_name[:-6]} and "
                               f"{one._dtype.tensor_name[:-6]}")
    launch.same_device(mode.lower(), [input, *[one for one in (*weights, *states) if one is not None]])
    expected = [(width, input._array.shape[1]), (width, states[0]._array.shape[1]), (width,), (width,)]
    named = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    for name, one, size in zip(named, weights if len(weights) > 3 else weights[:2], expected):
        if one is not None and one._array.shape != size:
            raise RuntimeError(f"{mode.lower()}: {name} must have size {list(size)}, got {list(one._array.shape)}")
    if width != GATES[mode] * states[-1]._array.shape[1]:
        raise RuntimeError(f"{mode.lower()}: weights must have {GATES[mode]} * {states[-1]._array.shape[1]} rows, got {width}")


def through_layers(mode: str, data: Tensor, states: tuple, weights: list, sizes: tuple[int, ...], directions: int,
                   dropout: float) -> tuple[Tensor, list[Tensor]]:
    """Rows of all steps through all layers: the last layer's hidden states, and the last states of all, a tensor a kind.

    ``weights`` has a list for each direction of each layer; ``dropout`` acts between layers.
    """
    last = []
    for number in range(0, len(weights), directions):
        made = []
        for own in range(number, number + directions):
            result, *after = direction(mode, data, tuple([state[own] for state in states]), weights[own], sizes, own > number)
            made.append(result)
            last.append(after)
        data = made[0] if directions == 1 else cat(made, 1)
        if dropout and number + directions < len(weights):
            data = dropout_mask(data, dropout)[0]
    return data, [stack(kind) for kind in zip(*last)]


def run_layers(mode: str, input: Tensor, states: tuple, params: list, sizes: tuple[int, ...] | None, has_biases: bool, num_layers: int,
               dropout: float, train: bool, bidirectional: bool, batch_first: bool) -> tuple[Tensor, list[Tensor]]:
    """The layers of ``params``, on padded sequences or, with ``sizes``, on rows of packed ones."""
    name, directions = mode.lower(), 1 + bool(bidirectional)
    projects = mode == "LSTM" and states[0].shape[-1] != states[1].shape[-1]
    each = (4 if has_biases else 2) + projects
    if len(params) != each * num_layers * directions:
        raise RuntimeError(f"{name}: got an incorrect number of RNN parameters: {num_layers} layers of {directions} directions need "
                           f"{each * num_layers * directions}, got {len(params)}")
    weights = [list(params[first:first + each]) for first in range(0, len(params), each)]
    dims = 3 if sizes is None else 2
    if input.dim() != dims:
        raise RuntimeError(f"{name}: expected input of {dims} dimensions, got {input.dim()}")
    if input.shape[-1] != weights[0][0].shape[1]:
        raise RuntimeError(f"{name}: input.size(-1) must be equal to input_size. Expected {weights[0][0].shape[1]}, got {input.shape[-1]}")
    if sizes is None and batch_first:
        input = input.transpose(0, 1)
    steps, batch = input.shape[:2] if sizes is None else (len(sizes), sizes[0])
    widths = [weights[0][1].shape[1], weights[0][1].shape[0] // GATES[mode]]
    for state, width in zip(states, widths):
        if tuple(state.shape) != (num_layers * directions, batch, width):
            raise RuntimeError(f"{name}: Expected hidden size {(num_layers * directions, batch, width)}, got {list(state.shape)}")
    if steps == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    data = input.reshape(steps * batch, -1) if sizes is None else input
    data, last = through_layers(mode, data, states, weights, sizes or (batch,) * steps, directions, dropout if train else 0.0)
    if sizes is None:
        data = data.reshape(steps, batch, -1)
        data = data.transpose(0, 1) if batch_first else data
    return data, last


FORMS = (("input", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional", "batch_first"),
         ("data", "batch_sizes", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional"))


def either_form(mode: str, args: tuple, kwargs: dict) -> tuple:
    """Tell padded sequences (input, hx, ...) from packed ones (data, batch_sizes, hx, ...), and run the layers."""
    packed = "batch_sizes" in kwargs or len(args) > 1 and isinstance(args[1], TensorBase) and args[1]._dtype.category == 1
    names = FORMS[packed]
    given = {**dict(zip(names, args)), **kwargs}
    if len(args) > len(names) or given.keys() != set(names):
        raise TypeError(f"{mode.lower()}() takes ({', '.join(FORMS[0])}) or ({', '.join(FORMS[1])}), got {len(args)} arguments"
                        + (f" and {', '.join(kwargs)}" if kwargs else ""))
    states = given.pop("hx")
    if mode == "LSTM" and len(states) != 2:
        raise RuntimeError(f"lstm expects two hidden states, got {len(states)}")
    sizes = tuple(given.pop("batch_sizes").tolist()) if packed else None
    data, last = run_layers(mode, given.pop("data" if packed else "input"), tuple(states) if mode == "LSTM" else (states,),
                            sizes=sizes, **{"batch_first": False, **given})
    return (data, *last)


def lstm(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor, Tensor]:
    """`nn.LSTM` with its weights as arguments: hidden states of all steps, and the last hidden and cell states.

    lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first), or for the data of a `PackedSequence`
    lstm(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional); ``hx`` is (h, c), and ``params`` has
    the weights of each direction of each layer in the order of `nn.LSTM.parameters`.

    >>> layer, h = torch.nn.LSTM(2, 3), torch.zeros(1, 1, 3)
    >>> [one.shape for one in torch.lstm(torch.zeros(4, 1, 2), (h, h), list(layer.parameters()), True, 1, 0.0, False, False, False)]
    [torch.Size([4, 1, 3]), torch.Size([1, 1, 3]), torch.Size([1, 1, 3])]
    """
    return either_form("LSTM", args, kwargs)


def gru(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """`nn.GRU` with its weights as arguments, as in `lstm`, but ``hx`` is one tensor: hidden states of all steps, and the last ones.

    >>> layer, h = torch.nn.GRU(2, 3), torch.zeros(1, 1, 3)
    >>> [one.shape for one in torch.gru(torch.zeros(4, 1, 2), h, list(layer.parameters()), True, 1, 0.0, False, False, False)]
    [torch.Size([4, 1, 3]), torch.Size([1, 1, 3])]
    """
    return either_form("GRU", args, kwargs)


def rnn_tanh(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """`nn.RNN` with its weights as arguments, as in `gru`: hidden states of all steps, and the last ones.

    >>> layer, h = torch.nn.RNN(2, 3), torch.zeros(1, 1, 3)
    >>> [one.shape for one in torch.rnn_tanh(torch.zeros(4, 1, 2), h, list(layer.parameters()), True, 1, 0.0, False, False, False)]
    [torch.Size([4, 1, 3]), torch.Size([1, 1, 3])]
    """
    return either_form("RNN_TANH", args, kwargs)


def rnn_relu(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """`rnn_tanh` with the positive part in place of tanh.

    >>> layer, h = torch.nn.RNN(2, 3, nonlinearity="relu"), torch.zeros(1, 1, 3)
    >>> [one.shape for one in torch.rnn_relu(torch.zeros(4, 1, 2), h, list(layer.parameters()), True, 1, 0.0, False, False, False)]
    [torch.Size([4, 1, 3]), torch.Size([1, 1, 3])]
    """
    return either_form("RNN_RELU", args, kwargs)


def one_step(mode: str, input: Tensor, states: tuple, weights: tuple) -> tuple:
    """The states (batch, H) after one step of input (batch, features)."""
    name = f"{mode.lower()}_cell"
    gates, features = weights[0].shape
    if input.dim() != 2 or input.shape[1] != features:
        raise RuntimeError(f"{name}: input has inconsistent input_size: got {list(input.shape)} expected (batch, {features})")
    for number, state in enumerate(states):
        if state.shape[0] != input.shape[0]:
            raise RuntimeError(f"{name}: Input batch size {input.shape[0]} doesn't match hidden{number} batch size {state.shape[0]}")
        if tuple(state.shape[1:]) != (gates // GATES[mode],):
            raise RuntimeError(f"{name}: hidden{number} has inconsistent hidden_size: got {list(state.shape)}, expected "
                               f"(batch, {gates // GATES[mode]})")
    _, *last = direction(mode, input, states, weights, (input.shape[0],), False)
    return tuple(last)


def lstm_cell(input: Tensor, hx: Any, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
              b_hh: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """One step of an LSTM with its weights as arguments; ``hx`` is (h, c), and so is the result.

    >>> h, c = torch.lstm_cell(torch.zeros(1, 2), (torch.zeros(1, 1), torch.ones(1, 1)), torch.zeros(4, 2), torch.zeros(4, 1))
    >>> c
    tensor([[0.5000]])
    """
    if len(hx) != 2:
        raise RuntimeError(f"lstm_cell expects two hidden states, got {len(hx)}")
    return one_step("LSTM", input, tuple(hx), (w_ih, w_hh, b_ih, b_hh))


def gru_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> Tensor:
    """One step of a GRU with its weights as arguments.

    >>> torch.gru_cell(torch.zeros(1, 2), torch.ones(1, 1), torch.zeros(3, 2), torch.zeros(3, 1))
    tensor([[0.5000]])
    """
    return one_step("GRU", input, (hx,), (w_ih, w_hh, b_ih, b_hh))[0]


def rnn_tanh_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> Tensor:
    """``tanh(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh)``: one step of an RNN.

    >>> torch.rnn_tanh_cell(torch.zeros(1, 2), torch.ones(1, 1), torch.zeros(1, 2), torch.ones(1, 1))
    tensor([[0.7616]])
    """
    return one_step("RNN_TANH", input, (hx,), (w_ih, w_hh, b_ih, b_hh))[0]


def rnn_relu_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> Tensor:
    """`rnn_tanh_cell` with the positive part in place of tanh.

    >>> torch.rnn_relu_cell(torch.zeros(1, 2), torch.ones(1, 1), torch.zeros(1, 2), torch.ones(1, 1))
    tensor([[1.]])
    """
    return one_step("RNN_RELU", input, (hx,), (w_ih, w_hh, b_ih, b_hh))[0]
