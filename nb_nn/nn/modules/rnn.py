"""Recurrent layers and their cells."""
from __future__ import annotations

import math
import warnings
from typing import Any

from ...ops.creation import empty, zeros
from ...ops.recurrent_layers import GATES, direction, through_layers
from ...tensor import Tensor
from .. import init
from ..parameter import Parameter
from ..utils.rnn import PackedSequence
from .module import Module


class RNNBase(Module):
    """What recurrent layers share: weights, layers, directions, and padded and packed sequences.

    Each layer has, for each direction, ``weight_ih_l0`` (gates * hidden_size, input size), ``weight_hh_l0``, and with ``bias``
    ``bias_ih_l0`` and ``bias_hh_l0``; the number is the layer's, and names of the second direction end in ``_reverse``. All start
    uniform within 1 / sqrt(hidden_size) of zero.

    Shape: input (steps, batch, input_size), or (batch, steps, input_size) if ``batch_first``, or one sequence
    (steps, input_size), or a `PackedSequence`. States are (layers * directions, batch, hidden_size), zeros if not given. The result
    is the last layer's hidden states of all steps (..., directions * hidden_size), and the last states of all layers.
    """

    mode: str

    def __init__(self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
                 dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, device: Any = None, dtype: Any = None):
        super().__init__()
        if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
            raise ValueError("dropout should be a number in range [0, 1] representing the probability of an element being zeroed")
        if dropout > 0 and num_layers == 1:
            warnings.warn("dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater "
                          f"than 1, but got dropout={dropout} and num_layers={num_layers}", stacklevel=3)
        if not isinstance(hidden_size, int):
            raise TypeError(f"hidden_size should be of type int, got: {type(hidden_size).__name__}")
        if hidden_size <= 0:
            raise ValueError("hidden_size must be greater than zero")
        if num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if proj_size and mode != "LSTM":
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if proj_size < 0:
            raise ValueError(f"proj_size should be a positive integer or zero to disable projections, got {proj_size}")
        if proj_size >= hidden_size:
            raise ValueError(f"proj_size has to be smaller than hidden_size, got {proj_size} and {hidden_size}")
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, float(dropout), bidirectional
        self.proj_size = proj_size
        gates, shown, names = GATES[mode] * hidden_size, proj_size or hidden_size, []
        for layer in range(num_layers):
            features = shown * (1 + bidirectional) if layer else input_size
            sizes = [("weight_ih", (gates, features)), ("weight_hh", (gates, shown))]
            sizes += [("bias_ih", (gates,)), ("bias_hh", (gates,))] if bias else []
            sizes += [("weight_hr", (proj_size, hidden_size))] if proj_size else []
            for end in ("", "_reverse")[:1 + bidirectional]:
                for name, size in sizes:
                    self.register_parameter(f"{name}_l{layer}{end}", Parameter(empty(*size, device=device, dtype=dtype)))
                names.append([f"{name}_l{layer}{end}" for name, _ in sizes])
        self._all_weights = names
        self.reset_parameters()

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The weights of each direction of each layer."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def reset_parameters(self) -> None:
        """Draw new weights."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: weights need not lie behind each other."""

    def check_input(self, input: Tensor) -> None:
        """Refuse input of the wrong type or size."""
        weight = getattr(self, self._all_weights[0][0])
        if input.dtype is not weight.dtype:
            raise ValueError(f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). Convert input: "
                             f"input.to({weight.dtype}), or convert model: model.to({input.dtype})")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}")

    def state_size(self, number: int, batch: int) -> tuple[int, int, int]:
        """The size of the hidden (0) or cell (1) state."""
        return self.num_layers * (1 + self.bidirectional), batch, self.hidden_size if number else self.proj_size or self.hidden_size

    def through_layers(self, data: Tensor, states: tuple, sizes: tuple[int, ...]) -> tuple[Tensor, list[Tensor]]:
        """Rows of all steps through all layers: the last layer's hidden states, and the last states of all, a tensor a kind."""
        return through_layers(self.mode, data, states, self.all_weights, sizes, 1 + self.bidirectional,
                              self.dropout if self.training else 0.0)

    def run(self, input: Any, states: tuple | None, said: tuple[str, ...]) -> tuple[Any, list[Tensor]]:
        """The result and the last states, in the form in which input and states came; ``said`` is how errors call the states."""
        if isinstance(input, PackedSequence):
            return self.run_packed(input, states, said)
        if input.dim() not in (2, 3):
            raise ValueError(f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        single, dims = input.dim() == 2, input.dim()
        for state in states or ():
            if state.dim() != dims:
                kind = "unbatched 2-D" if single else "batched 3-D"
                raise RuntimeError(f"For {kind} input, hx should also be {dims}-D but got {state.dim()}-D tensor")
        self.check_input(input)
        if single:
            input = input.unsqueeze(1)
            states = states and tuple([state.unsqueeze(1) for state in states])
        elif self.batch_first:
            input = input.transpose(0, 1)
        steps, batch = input.shape[:2]
        if steps == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        states = self.checked_states(input, batch, states, said)
        data, last = self.through_layers(input.reshape(steps * batch, -1), states, (batch,) * steps)
        data = data.reshape(steps, batch, -1)
        if single:
            return data.squeeze(1), [state.squeeze(1) for state in last]
        return (data.transpose(0, 1) if self.batch_first else data), last

    def run_packed(self, input: PackedSequence, states: tuple | None, said: tuple[str, ...]) -> tuple[PackedSequence, list[Tensor]]:
        """`run` of packed sequences."""
        data, batch_sizes, order, back = input
        self.check_input(data)
        sizes = tuple(batch_sizes.tolist())
        if states is not None and order is not None:
            states = tuple([state.index_select(1, order) for state in states])
        data, last = self.through_layers(data, self.checked_states(data, sizes[0], states, said), sizes)
        if back is not None:
            last = [state.index_select(1, back) for state in last]
        return PackedSequence(data, batch_sizes, order, back), last

    def checked_states(self, input: Tensor, batch: int, states: tuple | None, said: tuple[str, ...]) -> tuple:
        """The states to begin with."""
        if states is None:
            return tuple([zeros(*self.state_size(number, batch), dtype=input.dtype, device=input.device) for number in range(len(said))])
        for number, (name, state) in enumerate(zip(said, states)):
            expected = self.state_size(number, batch)
            if state.shape != expected:
                raise RuntimeError(f"Expected {name} size {expected}, got {list(state.shape)}")
        return states

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        result, (last,) = self.run(input, None if hx is None else (hx,), ("hidden",))
        return result, last

    def extra_repr(self) -> str:
        said = f"{self.input_size}, {self.hidden_size}"
        for name, default in (("proj_size", 0), ("num_layers", 1), ("bias", True), ("batch_first", False), ("dropout", 0),
                              ("bidirectional", False)):
            value = getattr(self, name)
            said += "" if value == default else f", {name}={value}"
        return said


class RNN(RNNBase):
    """``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`` step by step; `nonlinearity` "relu" takes the positive part instead of tanh.

    RNN(input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True, batch_first=False, dropout=0.0, bidirectional=False).
    Several layers stand on each other, with ``dropout`` between them. See `RNNBase` for shapes and weights.

    >>> output, h = torch.nn.RNN(10, 20, 2)(torch.zeros(5, 3, 10), torch.zeros(2, 3, 20))
    >>> output.shape, h.shape
    (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, *args: Any, nonlinearity: str = "tanh", **kwargs: Any):
        if args and isinstance(args[0], str):       # it stands there today; in torch 1.0 it had to be named
            nonlinearity, *args = args
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, *args, **kwargs)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory: gates decide what a cell keeps, takes in, and shows. (Hochreiter and Schmidhuber 1997)

    ``c' = f c + i g`` and ``h' = o tanh(c')``, with i, f, o the sigmoids and g the tanh of the four parts, in the order i, f, g, o,
    of ``W_ih x + b_ih + W_hh h + b_hh``. LSTM(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
    bidirectional=False, proj_size=0); called with input and perhaps (h, c), it returns the hidden states of all steps and (h, c). With
    ``proj_size`` hidden states are multiplied by ``weight_hr_l0`` (proj_size, hidden_size) and have that size. See `RNNBase`.

    >>> output, (h, c) = torch.nn.LSTM(10, 20, 2)(torch.zeros(5, 3, 10))
    >>> output.shape, h.shape, c.shape
    (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__("LSTM", *args, **kwargs)

    def forward(self, input: Any, hx: tuple | None = None) -> tuple[Any, tuple[Tensor, Tensor]]:
        result, last = self.run(input, hx, ("hidden[0]", "hidden[1]"))
        return result, tuple(last)


class GRU(RNNBase):
    """Gated recurrent unit: gates decide what of a state is reset and what is kept. (Cho et al. 2014)

    ``h' = (1 - z) n + z h`` with ``n = tanh(W_in x + b_in + r (W_hn h + b_hn))``; r and z are sigmoids, and weights stand in the order
    r, z, n. GRU(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False); see `RNNBase`.

    >>> output, h = torch.nn.GRU(10, 20, bidirectional=True)(torch.zeros(5, 3, 10))
    >>> output.shape, h.shape
    (torch.Size([5, 3, 40]), torch.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__("GRU", *args, **kwargs)


class RNNCellBase(Module):
    """One step of a recurrent layer: weights ``weight_ih``, ``weight_hh``, and perhaps ``bias_ih`` and ``bias_hh``.

    Shape: input (batch, input_size) or (input_size), states (batch, hidden_size) or (hidden_size), zeros if not given.
    """

    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        gates, where = num_chunks * hidden_size, {"device": device, "dtype": dtype}
        self.weight_ih = Parameter(empty(gates, input_size, **where))
        self.weight_hh = Parameter(empty(gates, hidden_size, **where))
        self.register_parameter("bias_ih", Parameter(empty(gates, **where)) if bias else None)
        self.register_parameter("bias_hh", Parameter(empty(gates, **where)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def run(self, mode: str, input: Tensor, states: tuple | None, kinds: int = 1) -> list[Tensor]:
        """The states after the step."""
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        for state in states or ():
            if state.dim() not in (1, 2):
                raise ValueError(f"{name}: Expected hidden to be 1D or 2D, got {state.dim()}D instead")
        single = input.dim() == 1
        if single:
            input, states = input.unsqueeze(0), states and tuple([state.unsqueeze(0) for state in states])
        if input.shape[1] != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {input.shape[1]} expected {self.input_size}")
        if states is None:
            states = (zeros(input.shape[0], self.hidden_size, dtype=input.dtype, device=input.device),) * kinds
        for state in states:
            if state.shape != (input.shape[0], self.hidden_size):
                raise RuntimeError(f"{name}: a state has size {list(state.shape)}, expected [{input.shape[0]}, {self.hidden_size}] for "
                                   f"input of size {list(input.shape)}")
        weights = [self.weight_ih, self.weight_hh, *([self.bias_ih, self.bias_hh] if self.bias else [])]
        _, *last = direction(mode, input, states, weights, (input.shape[0],), False)
        return [state.squeeze(0) for state in last] if single else last

    def extra_repr(self) -> str:
        said = f"{self.input_size}, {self.hidden_size}"
        said += "" if self.bias else f", bias={self.bias}"
        return said + (f", nonlinearity={self.nonlinearity}" if getattr(self, "nonlinearity", "tanh") != "tanh" else "")


class RNNCell(RNNCellBase):
    """One step of an `RNN`.

    >>> torch.nn.RNNCell(10, 20)(torch.zeros(3, 10), torch.zeros(3, 20)).shape
    torch.Size([3, 20])
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None,
                 dtype: Any = None):
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self.run(f"RNN_{self.nonlinearity.upper()}", input, None if hx is None else (hx,))[0]


class LSTMCell(RNNCellBase):
    """One step of an `LSTM`; called with input and perhaps (h, c), it returns the new (h, c).

    >>> h, c = torch.nn.LSTMCell(10, 20)(torch.zeros(3, 10))
    >>> h.shape, c.shape
    (torch.Size([3, 20]), torch.Size([3, 20]))
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None):
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple | None = None) -> tuple[Tensor, Tensor]:
        return tuple(self.run("LSTM", input, hx, 2))


class GRUCell(RNNCellBase):
    """One step of a `GRU`.

    >>> torch.nn.GRUCell(10, 20)(torch.zeros(3, 10)).shape
    torch.Size([3, 20])
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None):
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self.run("GRU", input, None if hx is None else (hx,))[0]
