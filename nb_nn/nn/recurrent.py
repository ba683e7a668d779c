"""Recurrent layers and cells as functions of their weights: ``torch.lstm``, ``torch.gru_cell``, ..."""
from __future__ import annotations

from typing import Any

from ..core.tensor_base import TensorBase
from .modules.rnn import direction, through_layers

Tensor = TensorBase


def layers(mode: str, first: Tensor, second: Any, third: Any, fourth: Any, *rest: Any) -> tuple:
    """Both forms of call: (input, hx, params, has_biases, ..., batch_first) of padded sequences, and
    (data, batch_sizes, hx, params, has_biases, ...) of packed ones."""
    packed = isinstance(fourth, (list, tuple))
    hx, params = (third, fourth) if packed else (second, third)
    has_biases, num_layers, dropout, train, bidirectional, *batch_first = rest if packed or fourth is None else (fourth, *rest)
    states = tuple(hx) if mode == "LSTM" else (hx,)
    each, directions = 4 if has_biases else 2, 1 + bool(bidirectional)
    if len(params) != each * directions * num_layers:
        raise RuntimeError(f"{mode.lower()}: {len(params)} weights were given, but {num_layers} layers of {directions} directions "
                           f"{'with' if has_biases else 'without'} biases have {each * directions * num_layers}")
    weights = [list(params[start:start + each]) for start in range(0, len(params), each)]
    if packed:
        data, last = through_layers(mode, first, states, tuple(second.tolist()), weights, directions, dropout, train)
        return data, *last
    turned = bool(batch_first and batch_first[0])
    if first.dim() != 3:
        raise RuntimeError(f"{mode.lower()}: input must have 3 dimensions, got {first.dim()}")
    steps, batch = (first.transpose(0, 1) if turned else first).shape[:2]
    if not steps:
        raise RuntimeError(f"{mode.lower()}: Expected sequence length to be larger than 0 in RNN")
    rows = (first.transpose(0, 1) if turned else first).reshape(steps * batch, -1)
    data, last = through_layers(mode, rows, states, (batch,) * steps, weights, directions, dropout, train)
    data = data.reshape(steps, batch, -1)
    return (data.transpose(0, 1) if turned else data), *last


def lstm(data: Tensor, batch_sizes: Any, hx: Any, params: Any = None, *rest: Any, **options: Any) -> tuple[Tensor, Tensor, Tensor]:
    """`nn.LSTM` as a function: hidden states of all steps, last hidden states, last cells.

    Either lstm(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional) of a packed sequence, or
    lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first); ``hx`` is (h, c).

    >>> net = torch.nn.LSTM(2, 3)
    >>> zero = torch.zeros(1, 4, 3)
    >>> output, h, c = torch.lstm(torch.ones(5, 4, 2), (zero, zero), net.all_weights[0], True, 1, 0.0, False, False, False)
    >>> output.shape, h.shape
    (torch.Size([5, 4, 3]), torch.Size([1, 4, 3]))
    """
    return layers("LSTM", data, batch_sizes, hx, params, *rest, *named(options))


def gru(data: Tensor, batch_sizes: Any, hx: Any, params: Any = None, *rest: Any, **options: Any) -> tuple[Tensor, Tensor]:
    """`nn.GRU` as a function: hidden states of all steps, and the last ones. Called as `lstm`, with one state.

    >>> net = torch.nn.GRU(2, 3)
    >>> output, h = torch.gru(torch.ones(5, 4, 2), torch.zeros(1, 4, 3), net.all_weights[0], True, 1, 0.0, False, False, False)
    >>> output.shape
    torch.Size([5, 4, 3])
    """
    return layers("GRU", data, batch_sizes, hx, params, *rest, *named(options))


def rnn_tanh(data: Tensor, batch_sizes: Any, hx: Any, params: Any = None, *rest: Any, **options: Any) -> tuple[Tensor, Tensor]:
    """`nn.RNN` as a function: hidden states of all steps, and the last ones. Called as `lstm`, with one state."""
    return layers("RNN_TANH", data, batch_sizes, hx, params, *rest, *named(options))


def rnn_relu(data: Tensor, batch_sizes: Any, hx: Any, params: Any = None, *rest: Any, **options: Any) -> tuple[Tensor, Tensor]:
    """`nn.RNN` with relu as a function: hidden states of all steps, and the last ones. Called as `lstm`, with one state."""
    return layers("RNN_RELU", data, batch_sizes, hx, params, *rest, *named(options))


ORDER = ("has_biases", "num_layers", "dropout", "train", "bidirectional", "batch_first")


def named(options: dict) -> list:
    """The last arguments, given by name."""
    expected = [name for name in ORDER if name in options]
    if len(expected) < len(options):
        raise TypeError(f"unexpected argument {next(iter(set(options) - set(ORDER)))!r}; a recurrent function takes {', '.join(ORDER)}")
    return [options[name] for name in expected]


def cell(mode: str, input: Tensor, states: tuple, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None) -> list[Tensor]:
    """The states after one step."""
    name = mode.lower()
    if input.dim() not in (1, 2):
        raise RuntimeError(f"{name}_cell: input must have 1 or 2 dimensions, got {input.dim()}")
    single = input.dim() == 1
    if single:
        input, states = input.unsqueeze(0), tuple([state.unsqueeze(0) for state in states])
    if input.shape[1] != w_ih.shape[1]:
        raise RuntimeError(f"input has inconsistent input_size: got {input.shape[1]} expected {w_ih.shape[1]}")
    for state in states:
        if state.shape != (input.shape[0], w_hh.shape[1]):
            raise RuntimeError(f"{name}_cell: a state has size {list(state.shape)}, expected [{input.shape[0]}, {w_hh.shape[1]}] for input "
                               f"of size {list(input.shape)}")
    biases = [] if b_ih is None and b_hh is None else [w_ih.new_zeros(w_ih.shape[0]) if one is None else one for one in (b_ih, b_hh)]
    _, *last = direction(mode, input, states, [w_ih, w_hh, *biases], (input.shape[0],), False)
    return [state.squeeze(0) for state in last] if single else last


def lstm_cell(input: Tensor, hx: Any, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
              b_hh: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """`nn.LSTMCell` as a function of (h, c) and weights.

    >>> h, c = torch.lstm_cell(torch.ones(4, 2), (torch.zeros(4, 3), torch.zeros(4, 3)), torch.ones(12, 2), torch.ones(12, 3))
    >>> h.shape
    torch.Size([4, 3])
    """
    return tuple(cell("LSTM", input, tuple(hx), w_ih, w_hh, b_ih, b_hh))


def gru_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> Tensor:
    """`nn.GRUCell` as a function of state and weights.

    >>> torch.gru_cell(torch.ones(4, 2), torch.zeros(4, 3), torch.zeros(9, 2), torch.zeros(9, 3)).sum()
    tensor(0.)
    """
    return cell("GRU", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def rnn_tanh_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> Tensor:
    """`nn.RNNCell` as a function of state and weights.

    >>> torch.rnn_tanh_cell(torch.ones(1, 1), torch.zeros(1, 1), torch.ones(1, 1), torch.ones(1, 1))
    tensor([[0.7616]])
    """
    return cell("RNN_TANH", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def rnn_relu_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None) -> Tensor:
    """`nn.RNNCell` with relu as a function of state and weights.

    >>> torch.rnn_relu_cell(torch.ones(1, 1), torch.zeros(1, 1), torch.ones(1, 1), torch.ones(1, 1))
    tensor([[1.]])
    """
    return cell("RNN_RELU", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]
