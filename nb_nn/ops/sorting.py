"""Order: sorting, selection, and what follows from it. NaN is larger than every number; equal elements keep their order."""
from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from nb_nn.kernels import table

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.geometry import wrap_dim
from ..core.launch import NUMBERS
from ..core.op import derivative, no_derivative, op
from ..core.results import result_type
from ..core.tensor_base import TensorBase, wrap
from . import reduction, view
from .indexing import gather, index_select, packed
from .joining import cat
from .masking import nonzero_places
from .reduction import into
from .scan import cumsum

Tensor = TensorBase
INT64 = dtypes.int64


def kernels() -> Any:
    """The module with the kernels that are made for a type."""
    return table.loops_of("cpu", "sorting")


class Rows:
    """A tensor's elements as contiguous rows (outer, n) along ``dim``, and arrays of rows back in the tensor's layout."""

    def __init__(self, name: str, input: Tensor, dim: int):
        if input._dtype.category == 3:
            raise RuntimeError(f"{name}: complex numbers have no order, got {input.dtype}")
        self.kind, self.ndim = input._dtype, input._array.ndim
        array = launch.computing_array(input, self.kind)
        self.swapped = array.swapaxes(dim, -1) if array.ndim else array.reshape(1)
        self.dim, self.n = dim, self.swapped.shape[-1]
        array = packed(self.swapped, dtypes.from_numpy(self.swapped.dtype))
        array = array.view(np.uint8) if array.dtype == np.bool_ else array
        self.x = array.reshape(math.prod(array.shape[:-1]), self.n)

    def empty(self, length: int | None = None) -> tuple[Any, Any]:
        """Memory for values and places, in rows of ``length``, or one of each for a row."""
        size = self.x.shape[:1] if length is None else (self.x.shape[0], length)
        return memory.empty(size, self.x.dtype), memory.empty(size, np.dtype(np.int64))

    def tensors(self, values: Any, places: Any, keepdim: bool = True) -> tuple[Tensor, Tensor]:
        """Values and places as tensors; those with one element for a row have ``dim`` of size 1, or go without it."""
        values = values.view(np.bool_) if self.kind is dtypes.bool_ else values
        arranged = [self._arranged(values, keepdim), self._arranged(places, keepdim)]
        return launch.deliver("sort", arranged[0], self.kind, None), wrap(arranged[1], INT64)

    def _arranged(self, array: Any, keepdim: bool) -> Any:
        if self.ndim == 0:
            return array.reshape(()) if array.size == 1 else array.reshape(-1)
        before = self.swapped.shape[:-1]
        array = array.reshape(*before, array.shape[1] if array.ndim == 2 else 1).swapaxes(self.dim, -1)
        array = packed(array, dtypes.from_numpy(array.dtype))
        return array if keepdim else array.reshape([size for d, size in enumerate(array.shape) if d != self.dim])


def placed_gradient(grad: Tensor, input_size: tuple, results: list, dim: int) -> Tensor:
    """Zeros but for the chosen places, which take the gradient."""
    return grad.new_zeros(input_size).scatter_(dim, results[1], grad)


def reduced_gradient(grad: Tensor, input_size: tuple, results: list, dim: int, keepdim: bool) -> Tensor:
    """`placed_gradient` of one element a row."""
    places = results[1]
    if not keepdim and input_size:
        grad, places = view.unsqueeze(grad, dim), view.unsqueeze(places, dim)
    return grad.new_zeros(input_size).scatter_(dim, places, grad)


SortResult, TopkResult = result_type("sort", "values", "indices"), result_type("topk", "values", "indices")
KthvalueResult, MedianResult = result_type("kthvalue", "values", "indices"), result_type("median", "values", "indices")
ModeResult = result_type("mode", "values", "indices")


@op
def sort_dim(input: Tensor, dim: int, descending: bool) -> tuple[Tensor, Tensor]:
    """`sort` with checked arguments."""
    rows = Rows("sort", input, dim)
    values, places = rows.empty(rows.n)
    if values.size:
        kernels().sort(rows.x, descending, values, places)
    return SortResult(*rows.tensors(values, places))


sort_dim.declaration.node_name = "SortBackward0"
derivative(sort_dim, input=placed_gradient)


def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True, out: Any = None) -> Any:
    """The elements in order along ``dim``, and where each was. Equal elements keep their order.

    >>> sort(tensor([3, 1, 2]))
    torch.return_types.sort(
    values=tensor([1, 2, 3]),
    indices=tensor([1, 2, 0]))
    """
    found = sort_dim(input, wrap_dim(dim, input._array.ndim), bool(descending))
    return found if out is None else into(out, found)


def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True) -> Tensor:
    """Where the elements of the sorted tensor were.

    >>> argsort(tensor([3, 1, 2]))
    tensor([1, 2, 0])
    """
    return sort_dim(view.detach(input), wrap_dim(dim, input._array.ndim), bool(descending))[1]


def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements in order along the first dimension.

    >>> msort(tensor([[3, 1], [2, 4]]))
    tensor([[2, 1],
            [3, 4]])
    """
    result = sort(input, 0)[0]
    return result if out is None else launch.deliver("msort", result._array, result._dtype, out)


@op
def topk_dim(input: Tensor, k: int, dim: int, largest: bool) -> tuple[Tensor, Tensor]:
    """`topk` with checked arguments."""
    rows = Rows("topk", input, dim)
    if not 0 <= k <= rows.n:
        raise RuntimeError(f"topk(): selected index k out of range: k is {k}, dimension {dim} has {rows.n} elements")
    values, places = rows.empty(k)
    if values.size:
        kernels().topk_rows(rows.x.dtype.char, largest)(rows.x, values, places, work=rows.x.size)
    return TopkResult(*rows.tensors(values, places))


topk_dim.declaration.node_name = "TopkBackward0"
derivative(topk_dim, input=placed_gradient)


def topk(input: Tensor, k: int, dim: int | None = None, largest: bool = True, sorted: bool = True, *, out: Any = None) -> Any:
    """The ``k`` largest (or smallest) elements along ``dim``, by default the last, best first, and where they are.

    >>> topk(tensor([3, 1, 2, 5]), 2)
    torch.return_types.topk(
    values=tensor([5, 3]),
    indices=tensor([3, 0]))
    """
    found = topk_dim(input, int(k), wrap_dim(-1 if dim is None else dim, input._array.ndim), bool(largest))
    return found if out is None else into(out, found)


def kth(name: str, input: Tensor, k: int, dim: int, keepdim: bool, nan_wins: bool) -> tuple[Tensor, Tensor]:
    """The k-th smallest element of each row, counted from 1, and its place; NaN, if ``nan_wins``, where a row has one."""
    rows = Rows(name, input, dim)
    check_rows(name, rows)
    values, places = rows.empty()
    if values.size:
        kernels().kth_rows(rows.x.dtype.char)(rows.x, k, nan_wins, values, places, work=rows.x.size)
    return rows.tensors(values, places, keepdim)


def check_rows(name: str, rows: Rows) -> None:
    """A row must have an element to select."""
    if rows.n == 0:
        raise IndexError(f"{name}(): Expected reduction dim {rows.dim} to have non-zero size.")


@op
def kthvalue_dim(input: Tensor, k: int, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """`kthvalue` with checked arguments."""
    size = (input._array.shape or (1,))[dim]
    if size and not 1 <= k <= size:
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    return KthvalueResult(*kth("kthvalue", input, k, dim, keepdim, False))


@op
def median_dim(input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """`median` with checked arguments."""
    return MedianResult(*kth("median", input, ((input._array.shape or (1,))[dim] + 1) // 2, dim, keepdim, True))


@op
def mode_dim(input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """`mode` with checked arguments."""
    rows = Rows("mode", input, dim)
    check_rows("mode", rows)
    values, places = rows.empty()
    if values.size:
        ordered, came_from = rows.empty(rows.n)
        kernels().sort(rows.x, False, ordered, came_from)
        launch.launch("mode_of_sorted", ordered, came_from, values, places, work=rows.x.size)
    return ModeResult(*rows.tensors(values, places, keepdim))


kthvalue_dim.declaration.node_name, mode_dim.declaration.node_name = "KthvalueBackward0", "ModeBackward0"
median_dim.declaration.node_name = "MedianBackward0"
derivative(kthvalue_dim, input=reduced_gradient)
derivative(median_dim, input=reduced_gradient)
derivative(mode_dim, input=reduced_gradient)


def kthvalue(input: Tensor, k: int, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The ``k``-th smallest element along ``dim``, by default the last, counted from 1, and where it is.

    >>> kthvalue(tensor([3, 1, 2]), 2)
    torch.return_types.kthvalue(
    values=tensor(2),
    indices=tensor(2))
    """
    found = kthvalue_dim(input, int(k), wrap_dim(-1 if dim is None else dim, input._array.ndim), keepdim)
    return found if out is None else into(out, found)


def median(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The median of all elements, or along ``dim`` with its place; of an even number the lower one, NaN if there is any.

    >>> median(tensor([4, 1, 3, 2]))
    tensor(2)
    """
    if dim is None:
        if not input._array.size:
            return input.new_full((), math.nan)
        result = median_dim(view.reshape(input, (-1,)), 0, False)[0]
        return result if out is None else launch.deliver("median", result._array, result._dtype, out)
    found = median_dim(input, wrap_dim(dim, input._array.ndim), keepdim)
    return found if out is None else into(out, found)


def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The most frequent element along ``dim``, the smallest of several, and its last place.

    >>> mode(tensor([2, 1, 2, 3])).values
    tensor(2)
    """
    found = mode_dim(input, wrap_dim(dim, input._array.ndim), keepdim)
    return found if out is None else into(out, found)


@op
def unique_of(input: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Different elements in order, which of them each element is, and how often each comes."""
    size = input._array.shape
    rows = Rows("unique", view.reshape(input, (-1,)), 0)
    ordered, came_from = rows.empty(rows.n)
    total, inverse = np.zeros(1, np.int64), memory.empty((rows.n,), np.dtype(np.int64))
    if rows.n:
        kernels().sort(rows.x, False, ordered, came_from)
        launch.launch("count_distinct", ordered.reshape(-1), total, work=0)
    values, counts = np.empty(int(total[0]), rows.x.dtype), np.empty(int(total[0]), np.int64)
    if rows.n:
        launch.launch("unique_of_sorted", ordered.reshape(-1), came_from.reshape(-1), values, inverse, counts, work=0)  # serial
    values = values.view(np.bool_) if rows.kind is dtypes.bool_ else values
    return launch.deliver("unique", values, rows.kind, None), wrap(inverse.reshape(size), INT64), wrap(counts, INT64)


@op
def unique_slices(input: Tensor, dim: int) -> tuple[Tensor, Tensor, Tensor]:
    """`unique_of` the slices of ``dim``, in the order of their elements."""
    array = launch.contiguous_array(input)
    if not array.size:
        raise RuntimeError(f"unique: there are no slices to compare along dim {dim} of a tensor of size {list(array.shape)}")
    values, inverse, counts = np.unique(array, return_inverse=True, return_counts=True, axis=dim)
    return (launch.deliver("unique", np.ascontiguousarray(values), input._dtype, None), wrap(inverse.reshape(-1), INT64),
            wrap(counts, INT64))


@op
def runs_of(input: Tensor, dim: int | None) -> tuple[Tensor, Tensor, Tensor]:
    """Slices of ``dim`` (elements of the flattened tensor, if None) that differ from the one before, which of them each slice
    belongs to, and how long each run is."""
    size = input._array.shape
    rows = view.reshape(input, (-1, 1)) if dim is None else view.flatten(view.unsqueeze(view.transpose(input, 0, dim), -1), 1)
    count = rows._array.shape[0]
    if not count:
        none = input.new_empty((0,), dtype=INT64)
        return view.clone(input if dim is not None else view.reshape(input, (-1,))), none, none
    changes = view.narrow(rows, 0, 1, count - 1) != view.narrow(rows, 0, 0, count - 1)
    changes = view.reshape(changes, (-1,)) if rows._array.shape[1] == 1 else reduction.any(changes, 1)
    first = input.new_zeros((1,), dtype=INT64)
    starts = cat((first, view.reshape(nonzero_places(changes), (-1,)) + 1))
    lengths = cat((view.narrow(starts, 0, 1, starts._array.size - 1), first + count)) - starts
    inverse = cat((first, cumsum(changes, 0)))
    if dim is None:
        return index_select(view.reshape(input, (-1,)), 0, starts), view.reshape(inverse, size), lengths
    return index_select(input, dim, starts), inverse, lengths


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
    found = runs_of(input, None if dim is None else wrap_dim(dim, input._array.ndim))
    return chosen(found, return_inverse, return_counts)


@op
def searchsorted_rows(sorted_sequence: Tensor, input: Tensor, right: bool) -> Tensor:
    """`searchsorted` with checked arguments."""
    kind = dtypes.promote_types(sorted_sequence._dtype, input._dtype)
    ordered, values = launch.contiguous_array(sorted_sequence, kind), launch.contiguous_array(input, kind)
    made = memory.empty(values.shape, np.dtype(np.int64))
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
        input = launch.scalar_like(input, sorted_sequence)
    own, given = sorted_sequence._array.shape, input._array.shape
    if len(own) == 0 or len(own) > 1 and own[:-1] != given[:-1]:
        raise RuntimeError("torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
                           f"tensor and input value tensor must match, but we got boundaries tensor {list(own)} and input value tensor "
                           f"{list(given)}")
    if sorter is not None:
        if sorter._array.shape != own:
            raise RuntimeError("torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
                               f"{list(own)} and got sorter tensor {list(sorter._array.shape)}")
        sorted_sequence = gather(sorted_sequence, -1, sorter)
    found = searchsorted_rows(sorted_sequence, input, right or side == "right")
    found = found.int() if out_int32 else found
    return found if out is None else launch.deliver("searchsorted", found._array, found._dtype, out)


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
    low, high = (int(reduction.amin(input).item()), int(reduction.amax(input).item())) if x.size else (0, -1)
    if low < 0:
        raise RuntimeError(f"bincount only supports 1-d non-negative integral inputs, got {low}")
    kind = INT64 if weights is None or not x.size else dtypes.float32 if weights._dtype is dtypes.float32 else dtypes.float64
    made = np.zeros(builtins.max(high + 1, minlength), kind.numpy)
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
        low, high = reduction.amin(input).item(), reduction.amax(input).item()
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError(f"torch.histc: max must be larger than min, got {max} and {min}")
    made = np.zeros(bins, kind.compute)
    if x.size:
        launch.launch("histc", x, low, high, made, work=x.size)
    return launch.deliver("histc", made, kind, out)


no_derivative(bincount, histc)
