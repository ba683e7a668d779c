"""Batches of sequences of different lengths: padded to the longest, or packed step by step without padding."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...core import dtype as dtypes
from ...ops.from_data import tensor
from ...ops.joining import cat, stack
from ...tensor import Tensor
from .. import functional as F


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """Sequences, longest first, as their rows at step 0, those at step 1, ...; recurrent layers take and return them.

    ``data`` holds the rows, ``batch_sizes`` (int64, on the CPU) how many sequences have each step, ``sorted_indices`` where the
    sequences stood before they were sorted, ``unsorted_indices`` where each has gone. To be made by `pack_padded_sequence` and
    `pack_sequence`.
    """

    __slots__ = ()

    def __new__(cls, data: Any, batch_sizes: Tensor | None = None, sorted_indices: Tensor | None = None,
                unsorted_indices: Tensor | None = None) -> PackedSequence:
        if batch_sizes is None:         # as it was called in torch 0.4
            data, batch_sizes = data
        if batch_sizes.device.type != "cpu":
            raise ValueError(f"batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. "
                             f"They should be instantiated by functions like pack_sequence and pack_padded_sequences in "
                             f"nn.utils.rnn. Got a tensor on {batch_sizes.device}.")
        if unsorted_indices is None and sorted_indices is not None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def _with(self, data: Tensor) -> PackedSequence:
        """The same sequences with other elements."""
        if data is self.data:
            return self
        return type(self)(data, self.batch_sizes, *[None if one is None else one.to(data.device)
                                                    for one in (self.sorted_indices, self.unsorted_indices)])

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Sequences with their data moved or cast; see `Tensor.to`."""
        return self._with(self.data.to(*args, **kwargs))

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Sequences on a CUDA device."""
        return self._with(self.data.cuda(*args, **kwargs))

    def cpu(self) -> PackedSequence:
        """Sequences on the CPU."""
        return self._with(self.data.cpu())

    def double(self) -> PackedSequence:
        """Sequences of float64."""
        return self._with(self.data.double())

    def float(self) -> PackedSequence:
        """Sequences of float32."""
        return self._with(self.data.float())

    def half(self) -> PackedSequence:
        """Sequences of float16."""
        return self._with(self.data.half())

    def long(self) -> PackedSequence:
        """Sequences of int64."""
        return self._with(self.data.long())

    def int(self) -> PackedSequence:
        """Sequences of int32."""
        return self._with(self.data.int())

    def short(self) -> PackedSequence:
        """Sequences of int16."""
        return self._with(self.data.short())

    def char(self) -> PackedSequence:
        """Sequences of int8."""
        return self._with(self.data.char())

    def byte(self) -> PackedSequence:
        """Sequences of uint8."""
        return self._with(self.data.byte())

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a CUDA device."""
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        """Whether the data is in page-locked memory."""
        return self.data.is_pinned()


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """Where each place has gone.

    >>> invert_permutation(tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    return None if permutation is None else permutation.argsort()


def spans_of(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """First and one past the last row of each step."""
    found, end = [], 0
    for size in sizes:
        found.append((end, end + size))
        end += size
    return found


def pack_padded_sequence(input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True) -> PackedSequence:
    """Pack the sequences of a padded batch: (steps, batch, \\*), or (batch, steps, \\*) if ``batch_first``.

    ``lengths`` are those of the sequences, a list or a tensor; they must decrease unless ``enforce_sorted`` is False.

    >>> pack_padded_sequence(tensor([[1, 2, 3], [4, 0, 0]]), [3, 1], batch_first=True).data
    tensor([1, 4, 2, 3])
    """
    if isinstance(lengths, Tensor) and lengths.device.type != "cpu":
        raise RuntimeError(f"'lengths' argument should be a 1D CPU int64 tensor, but got {lengths.dim()}D {lengths.device} tensor")
    counts = [int(one) for one in (lengths.tolist() if isinstance(lengths, Tensor) else lengths)]
    if batch_first:
        input = input.transpose(0, 1)
    if input.dim() < 2 or len(counts) != input.shape[1]:
        raise RuntimeError(f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} (batch_size="
                           f"{input.shape[1] if input.dim() > 1 else 'none'})")
    if not input.numel():
        raise RuntimeError("Cannot pack empty tensors.")
    if min(counts) <= 0:
        raise RuntimeError("Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0")
    order = None
    if not enforce_sorted:
        places = sorted(range(len(counts)), key=lambda place: -counts[place])
        order = tensor(places, dtype=dtypes.int64, device=input.device)
        input, counts = input.index_select(1, order), [counts[place] for place in places]
    elif any(before < after for before, after in zip(counts, counts[1:])):
        raise RuntimeError("`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
                           "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you "
                           "do not need ONNX exportability.")
    if counts[0] > input.shape[0]:
        raise RuntimeError(f"Expected `len(lengths)` to be equal to batch_size: the longest sequence is of {counts[0]} steps, but "
                           f"input has {input.shape[0]}")
    sizes = [sum(count > step for count in counts) for step in range(counts[0])]
    data = input[:counts[0]].flatten(0, 1) if sizes[-1] == len(counts) else cat([input[step, :size] for step, size in enumerate(sizes)])
    return PackedSequence(data, tensor(sizes, dtype=dtypes.int64), order)


def pad_packed_sequence(sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0,
                        total_length: int | None = None) -> tuple[Tensor, Tensor]:
    """The padded batch (steps, batch, \\*) of packed sequences, in their first order, and their lengths.

    ``total_length`` pads to more steps than the longest has.

    >>> pad_packed_sequence(pack_sequence([tensor([1, 2, 3]), tensor([4])]), batch_first=True)
    (tensor([[1, 2, 3],
            [4, 0, 0]]), tensor([3, 1]))
    """
    data, batch_sizes, _, back = sequence
    sizes = batch_sizes.tolist()
    steps, batch = len(sizes), sizes[0]
    if total_length is not None:
        if total_length < steps:
            raise ValueError(f"Expected total_length to be at least the length of the longest sequence in input, but got "
                             f"total_length={total_length} and max sequence length being {steps}")
        steps = total_length
    if sizes[-1] == batch:
        padded = data.unflatten(0, (len(sizes), batch))
    else:
        rest = [0, 0] * (data.dim() - 1)
        padded = stack([F.pad(data[first:end], [*rest, 0, batch - (end - first)], value=padding_value) for first, end in spans_of(sizes)])
    if steps > len(sizes):
        padded = F.pad(padded, [0, 0] * (padded.dim() - 1) + [0, steps - len(sizes)], value=padding_value)
    lengths = tensor([sum(size > place for size in sizes) for place in range(batch)], dtype=dtypes.int64)
    if back is not None:
        padded, lengths = padded.index_select(1, back), lengths[back.cpu()]
    return padded.transpose(0, 1) if batch_first else padded, lengths


def pad_sequence(sequences: Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right") -> Tensor:
    """Tensors of lengths L x \\*, padded to the longest: (steps, batch, \\*), or (batch, steps, \\*) if ``batch_first``.

    >>> pad_sequence([tensor([1, 2]), tensor([3])], padding_value=-1)
    tensor([[ 1,  3],
            [ 2, -1]])
    """
    if padding_side not in ("left", "right"):
        raise ValueError(f"expected padding_side to be 'left' or 'right', got '{padding_side}'")
    if isinstance(sequences, Tensor):
        sequences = sequences.unbind(0)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    steps = max(one.shape[0] for one in sequences)
    padded = []
    for one in sequences:
        lack = steps - one.shape[0]
        if lack:
            one = F.pad(one, [0, 0] * (one.dim() - 1) + ([lack, 0] if padding_side == "left" else [0, lack]), value=padding_value)
        padded.append(one)
    return stack(padded, 0 if batch_first else 1)


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack tensors of lengths L x \\*, which must decrease unless ``enforce_sorted`` is False.

    >>> pack_sequence([tensor([1, 2, 3]), tensor([4, 5]), tensor([6])])
    PackedSequence(data=tensor([1, 4, 6, 2, 5, 3]), batch_sizes=tensor([3, 2, 1]), sorted_indices=None, unsorted_indices=None)
    """
    return pack_padded_sequence(pad_sequence(sequences), [one.shape[0] for one in sequences], enforce_sorted=enforce_sorted)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch, a list of tensors.

    >>> unpad_sequence(tensor([[1, 2], [3, 0]]), tensor([2, 1]), batch_first=True)
    [tensor([1, 2]), tensor([3])]
    """
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [one[:length] for one, length in zip(padded_sequences.unbind(0), lengths.tolist())]


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences that `pack_sequence` packed."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
