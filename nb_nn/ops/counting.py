"""Different elements, and how many of them lie where."""
from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from ..core import cuda_memory, elementwise, launch, loops, memory
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.geometry import wrap_dim
from ..core.op import no_derivative, op
from ..core.scalars import NUMBERS, wrapped
from ..core.tensor_base import TensorBase, wrap
from . import copies, extremes, reduction, slicing, view
from .indexing import index_select
from .joining import cat
from .masking import nonzero_places
from .scan import cumsum
from .scatter import gather
from .sorting import INT64, Rows, kernels

Tensor = TensorBase


@op
def unique_of(input: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Different elements in order, which of them each element is, and how often each comes."""
    size = input._array.shape
    rows = Rows("unique", view.reshape(input, (-1,)), 0)
    ordered, came_from = rows.empty(rows.n)
    total, inverse = (memory.beside(rows.x, (size,), np.dtype(np.int64)) for size in (1, rows.n))
    if rows.n:
        kernels(input._device).sort(rows.x, False, ordered, came_from)
        launch.launch("count_distinct", ordered.reshape(-1), total, work=0)
    different = total[0].item() if rows.n else 0
    values, counts = (memory.beside(rows.x, (different,), kind) for kind in (rows.x.dtype, np.dtype(np.int64)))
    if rows.n:
        launch.launch("unique_of_sorted", ordered.reshape(-1), came_from.reshape(-1), values, inverse, counts, work=0)  # serial
    values = values.view(np.bool_) if rows.kind is dtypes.bool_ else values
    return launch.deliver("unique", values, rows.kind, None), wrap(inverse.reshape(size), INT64), wrap(counts, INT64)


@op
def unique_slices(input: Tensor, dim: int) -> tuple[Tensor, Tensor, Tensor]:
    """`unique_of` the slices of ``dim``, in the order of their elements."""
    array = launch.contiguous_array(input)
    if not array.shape[dim]:
        nothing = input.new_empty((0,), dtype=INT64)
        return copies.clone(input), nothing, nothing
    if not array.size:
        raise RuntimeError(f"unique: there are no slices to compare along dim {dim} of a tensor of size {list(array.shape)}")
    found = np.unique(cuda_memory.moved(array, CPU), return_inverse=True, return_counts=True, axis=dim)
    values, inverse, counts = [cuda_memory.moved(np.ascontiguousarray(one), input._device) for one in found]
    return launch.deliver("unique", values, input._dtype, None), wrap(inverse.reshape(-1), INT64), wrap(counts, INT64)


TRUE = np.ones(1, np.bool_)


@op
def runs_of(input: Tensor, dim: int | None, inverse: bool) -> tuple[Tensor, Any, Tensor]:
    """Slices of ``dim`` (elements of the flattened tensor, if None) that differ from the one before, which of them each slice
    belongs to (if ``inverse``), and how long each run is."""
    size = input._array.shape
    if dim is None and 0 < input._array.size < loops.SMALL and input._device is CPU and not input._dtype.half:
        flat = input._array.reshape(-1)
        bounds = np.flatnonzero(np.concatenate((TRUE, flat[1:] != flat[:-1], TRUE)))
        starts, lengths = bounds[:-1], bounds[1:] - bounds[:-1]
        belongs = wrap(np.repeat(np.arange(starts.size), lengths).reshape(size), INT64) if inverse else None
        return wrap(flat.take(starts), input._dtype), belongs, wrap(lengths, INT64)
    rows = view.reshape(input, (-1, 1)) if dim is None else view.flatten(view.unsqueeze(view.transpose(input, 0, dim), -1), 1)
    count = rows._array.shape[0]
    if not count:
        none = input.new_empty((0,), dtype=INT64)
        return copies.clone(input if dim is not None else view.reshape(input, (-1,))), none, none
    changes = slicing.narrow(rows, 0, 1, count - 1) != slicing.narrow(rows, 0, 0, count - 1)
    changes = view.reshape(changes, (-1,)) if rows._array.shape[1] == 1 else reduction.any(changes, 1)
    first = input.new_zeros((1,), dtype=INT64)
    starts = cat((first, view.reshape(nonzero_places(changes), (-1,)) + 1))
    lengths = cat((slicing.narrow(starts, 0, 1, starts._array.size - 1), first + count)) - starts
    belongs = cat((first, cumsum(changes, 0))) if inverse else None
    if dim is None:
        return index_select(view.reshape(input, (-1,)), 0, starts), view.reshape(belongs, size) if inverse else None, lengths
    return index_select(input, dim, starts), belongs, lengths


no_derivative(unique_of, unique_slices, runs_of)


def chosen(found: tuple, return_inverse: bool, return_counts: bool) -> Any:
    """The values, with what else was asked for."""
    answer = [found[0]] + [found[1]] * bool(return_inverse) + [found[2]] * bool(return_counts)
    return tuple(answer) if len(answer) > 1 else answer[0]


def unique(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None) -> Any:
    """The different elements in order, or the different slices of ``dim``.

    With ``return_inverse`` also which of them each element is; with ``return_counts`` how often each comes.

    >>> unique(tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    found = unique_of(input) if dim is None else unique_slices(input, wrap_dim(dim, input._array.ndim))
    return chosen(found, return_inverse, return_counts)


def unique_consecutive(input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None) -> Any:
    """The elements (or slices of ``dim``) that differ from the one before.

    >>> unique_consecutive(tensor([1, 1, 2, 1]), return_counts=True)
    (tensor([1, 2, 1]), tensor([2, 1, 1]))
    """
    found = runs_of(input, None if dim is None else wrap_dim(dim, input._array.ndim), return_inverse)
    return chosen(found, return_inverse, return_counts)


@op
def searchsorted_rows(sorted_sequence: Tensor, input: Tensor, right: bool) -> Tensor:
    """`searchsorted` with checked arguments."""
    kind = dtypes.promote_types(sorted_sequence._dtype, input._dtype)
    if kind.category == 3:
        raise launch.not_implemented("searchsorted", kind, "numbers that have an order")
    ordered, values = launch.contiguous_array(sorted_sequence, kind), launch.contiguous_array(input, kind)
    made = memory.beside(values, values.shape, np.dtype(np.int64))
    if made.size:
        outer = 1 if ordered.ndim == 1 else math.prod(ordered.shape[:-1])
        launch.launch("searchsorted", ordered.reshape(outer, -1), values.reshape(outer, -1), right, made.reshape(outer, -1))
    return wrap(made, INT64)


no_derivative(searchsorted_rows)


def searchsorted(sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False, side: str | None = None,
                 out: Tensor | None = None, sorter: Tensor | None = None) -> Tensor:
    """Where each value would be put into a sorted row to keep it in order: before equal elements, or behind them if ``right``
    (or ``side`` is "right").

    Shape: the sequence is a vector, or has the dimensions of the values but for the last.

    >>> searchsorted(tensor([1, 3, 5]), tensor([3, 6]))
    tensor([1, 3])
    """
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError("torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True")
    if isinstance(input, NUMBERS):
        input = elementwise.scalar_like(wrapped(input, sorted_sequence._dtype), sorted_sequence)
    own, given = sorted_sequence._array.shape, input._array.shape
    if len(own) == 0 or len(own) > 1 and own[:-1] != given[:-1]:
        raise RuntimeError("torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
                           f"tensor and input value tensor must match, but we got boundaries tensor {list(own)} and input value tensor "
                           f"{list(given)}")
    if isinstance(out, TensorBase) and out._dtype is not (dtypes.int32 if out_int32 else INT64):
        raise RuntimeError("torch.searchsorted(): output tensor's dtype is wrong, it can only be int32 or int64, depending on whether "
                           f"out_int32 is True, but got {out.dtype} and out_int32={out_int32}")
    if sorter is not None:
        if sorter._dtype is not INT64:
            raise RuntimeError(f"torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {sorter.dtype}")
        if sorter._array.shape != own:
            raise RuntimeError("torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
                               f"{list(own)} and got sorter tensor {list(sorter._array.shape)}")
        sorted_sequence = gather(sorted_sequence, -1, sorter)
    found = searchsorted_rows(sorted_sequence, input, right or side == "right")
    found = found.int() if out_int32 else found
    return launch.into_out("searchsorted", found, out)


def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None) -> Tensor:
    """Between which of the sorted ``boundaries`` each value lies: the number of those below it, or not above it if ``right``.

    >>> bucketize(tensor([[0, 3], [6, 9]]), tensor([1, 3, 5]))
    tensor([[0, 1],
            [3, 3]])
    """
    if boundaries._array.ndim != 1:
        raise RuntimeError(f"bucketize: boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


@op
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of the numbers 0, 1, 2, ... comes in a vector of integers, or the sum of its weights.

    >>> bincount(tensor([1, 1, 3]), minlength=5)
    tensor([0, 2, 0, 1, 0])
    """
    if input._dtype.category != 1 or input._array.ndim != 1:
        raise RuntimeError(f"bincount only supports 1-d non-negative integral inputs, got {input.dtype} of size "
                           f"{list(input._array.shape)}")
    if minlength < 0:
        raise RuntimeError(f"minlength should be >= 0, got {minlength}")
    if weights is not None and weights._array.shape != input._array.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    x = launch.contiguous_array(input, INT64)
    low, high = (int(extremes.amin(input).item()), int(extremes.amax(input).item())) if x.size else (0, -1)
    if low < 0:
        raise RuntimeError(f"bincount only supports 1-d non-negative integral inputs, got {low}")
    kind = INT64 if weights is None or not x.size else dtypes.float32 if weights._dtype is dtypes.float32 else dtypes.float64
    made = memory.zeros((builtins.max(high + 1, minlength),), kind.numpy, input._device)
    if x.size and weights is None:
        launch.launch("bincount", x, made, work=x.size)
    elif x.size:
        launch.launch("bincount_weighted", x, launch.contiguous_array(weights, kind), made, work=0)     # serial
    return wrap(made, kind)


@op
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0, *, out: Tensor | None = None) -> Tensor:
    """How many elements lie in each of ``bins`` equal parts of the range from ``min`` to ``max``, by default that of the data;
    others are left out.

    >>> histc(tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    kind = input._dtype
    if kind.category != 2:
        raise RuntimeError(f"histc: the elements must be floating, got {input.dtype}")
    if bins <= 0:
        raise RuntimeError(f"torch.histc(): bins must be > 0, but got {bins}")
    x = launch.contiguous_array(input).reshape(-1)
    low, high = float(min), float(max)
    if low == high and x.size:
        low, high = extremes.amin(input).item(), extremes.amax(input).item()
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError(f"torch.histc: max must be larger than min, got {max} and {min}")
    made = memory.zeros((bins,), kind.compute, input._device)
    if x.size:
        launch.launch("histc", x, low, high, made, work=x.size)
    return launch.deliver("histc", made, kind, out)


no_derivative(bincount, histc)
