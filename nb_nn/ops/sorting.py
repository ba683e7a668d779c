"""Order: sorting, selection, and what follows from it. NaN is larger than every number; equal elements keep their order."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from nb_nn.kernels import table

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.geometry import wrap_dim
from ..core.op import derivative, op
from ..core.results import result_type
from ..core.tensor_base import TensorBase, wrap
from . import copies, view
from .extremes import extreme_gradient
from .indexing import packed

Tensor = TensorBase
INT64 = dtypes.int64


def kernels(where: Any) -> Any:
    """The module with the kernels that are made for a type."""
    return table.loops_of(where.type, "sorting")


class Rows:
    """A tensor's elements as contiguous rows (outer, n) along ``dim``, and arrays of rows back in the tensor's layout."""

    def __init__(self, name: str, input: Tensor, dim: int):
        if input._dtype.category == 3:
            raise launch.not_implemented(name, input._dtype, "numbers that have an order")
        self.kind, self.ndim = input._dtype, input._array.ndim
        array = launch.computing_array(input, self.kind)
        self.swapped = array if dim == array.ndim - 1 else array.swapaxes(dim, -1) if array.ndim else array.reshape(1)
        self.dim, self.n = dim, self.swapped.shape[-1]
        array = self.swapped if self.swapped.flags.c_contiguous else packed(self.swapped, dtypes.from_numpy(self.swapped.dtype))
        array = array.view(np.uint8) if array.dtype == np.bool_ else array
        self.x = array.reshape(math.prod(array.shape[:-1]), self.n)

    def empty(self, length: int | None = None) -> tuple[Any, Any]:
        """Memory for values and places, in rows of ``length``, or one of each for a row."""
        size = self.x.shape[:1] if length is None else (self.x.shape[0], length)
        return memory.beside(self.x, size, self.x.dtype), memory.beside(self.x, size, np.dtype(np.int64))

    def tensors(self, values: Any, places: Any, keepdim: bool = True) -> tuple[Tensor, Tensor]:
        """Values and places as tensors; those with one element for a row have ``dim`` of size 1, or go without it."""
        values = values.view(np.bool_) if self.kind is dtypes.bool_ else values
        arranged = [self._arranged(values, keepdim), self._arranged(places, keepdim)]
        return launch.deliver("sort", arranged[0], self.kind, None), wrap(arranged[1], INT64)

    def _arranged(self, array: Any, keepdim: bool) -> Any:
        if self.ndim == 0:
            return array.reshape(()) if array.size == 1 else array.reshape(-1)
        before = self.swapped.shape[:-1]
        array = array.reshape(*before, array.shape[1] if array.ndim == 2 else 1)
        if self.dim != self.ndim - 1:
            array = packed(array.swapaxes(self.dim, -1), dtypes.from_numpy(array.dtype))
        return array if keepdim else array.squeeze(self.dim)


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
        kernels(input._device).sort(rows.x, descending, values, places)
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
    return launch.into_out("sort", found, out)


def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True, out: Tensor | None = None) -> Tensor:
    """Where the elements of the sorted tensor were.

    >>> argsort(tensor([3, 1, 2]))
    tensor([1, 2, 0])
    """
    found = sort_dim(copies.detach(input), wrap_dim(dim, input._array.ndim), bool(descending))[1]
    return launch.into_out("argsort", found, out)


def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements in order along the first dimension.

    >>> msort(tensor([[3, 1], [2, 4]]))
    tensor([[2, 1],
            [3, 4]])
    """
    result = sort(input, 0)[0]
    return launch.into_out("msort", result, out)


@op
def topk_dim(input: Tensor, k: int, dim: int, largest: bool) -> tuple[Tensor, Tensor]:
    """`topk` with checked arguments."""
    if input._dtype is dtypes.bool_:
        raise RuntimeError("topk does not support bool dtypes")
    rows = Rows("topk", input, dim)
    if not 0 <= k <= rows.n:
        raise RuntimeError(f"topk(): selected index k out of range: k is {k}, dimension {dim} has {rows.n} elements")
    values, places = rows.empty(k)
    if values.size:
        kernels(input._device).topk_rows(rows.x.dtype.char, largest)(rows.x, values, places, work=rows.x.size)
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
    return launch.into_out("topk", found, out)


def kth(name: str, input: Tensor, k: int, dim: int, keepdim: bool, nan_wins: bool) -> tuple[Tensor, Tensor]:
    """The k-th smallest element of each row, counted from 1, and its place; NaN, if ``nan_wins``, where a row has one."""
    rows = Rows(name, input, dim)
    check_rows(name, rows)
    values, places = rows.empty()
    if values.size:
        kernels(input._device).kth_rows(rows.x.dtype.char)(rows.x, k, nan_wins, values, places, work=rows.x.size)
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
def median_all(input: Tensor) -> Tensor:
    """`median` of all elements."""
    return median_dim(view.reshape(input, (-1,)), 0, False)[0]


@op
def mode_dim(input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """`mode` with checked arguments."""
    rows = Rows("mode", input, dim)
    check_rows("mode", rows)
    values, places = rows.empty()
    if values.size:
        ordered, came_from = rows.empty(rows.n)
        kernels(input._device).sort(rows.x, False, ordered, came_from)
        launch.launch("mode_of_sorted", ordered, came_from, values, places, work=rows.x.size)
    return ModeResult(*rows.tensors(values, places, keepdim))


kthvalue_dim.declaration.node_name, mode_dim.declaration.node_name = "KthvalueBackward0", "ModeBackward0"
median_dim.declaration.node_name = "MedianBackward0"
derivative(kthvalue_dim, input=reduced_gradient)
derivative(median_dim, input=reduced_gradient)
median_all.declaration.node_name = "MedianBackward1"
derivative(median_all, input=lambda grad, input, result: extreme_gradient(grad, input, result, (), False))
derivative(mode_dim, input=reduced_gradient)


def kthvalue(input: Tensor, k: int, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The ``k``-th smallest element along ``dim``, by default the last, counted from 1, and where it is.

    >>> kthvalue(tensor([3, 1, 2]), 2)
    torch.return_types.kthvalue(
    values=tensor(2),
    indices=tensor(2))
    """
    found = kthvalue_dim(input, int(k), wrap_dim(-1 if dim is None else dim, input._array.ndim), keepdim)
    return launch.into_out("kthvalue", found, out)


def median(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The median of all elements, or along ``dim`` with its place; of an even number the lower one, NaN if there is any.

    >>> median(tensor([4, 1, 3, 2]))
    tensor(2)
    """
    if dim is None:
        if not input._array.size:
            return input.new_full((), math.nan if input._dtype.category >= 2 else np.iinfo(input._dtype.numpy).min)
        result = median_all(input)
        return launch.into_out("median", result, out)
    found = median_dim(input, wrap_dim(dim, input._array.ndim), keepdim)
    return launch.into_out("median", found, out)


def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, values: Tensor | None = None, indices: Tensor | None = None,
         out: Any = None) -> Any:
    """The most frequent element along ``dim``, the smallest of several, and its last place.

    ``values`` and ``indices``, given together, are written to like ``out``.

    >>> mode(tensor([2, 1, 2, 3])).values
    tensor(2)
    """
    if (values is None) != (indices is None) or (values is not None and out is not None):
        raise TypeError("mode() takes both of values and indices, or out, or none of the three")
    out = (values, indices) if values is not None else out
    found = mode_dim(input, wrap_dim(dim, input._array.ndim), keepdim)
    return launch.into_out("mode", found, out)
