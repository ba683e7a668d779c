"""Reading and writing by index along a dimension: select, gather, scatter, and their kin.

Elements that only move are moved as bits, so that one kernel serves all types of a width.
"""
from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from nb_nn.kernels import table

from ..core import cuda_memory, launch, loops, memory, scalars
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.geometry import overlaps_itself, wrap_dim
from ..core.op import derivative, inplace, op
from ..core.scalars import NUMBERS
from ..core.tensor_base import TensorBase, wrap, wrap_host
from . import view

Tensor = TensorBase
LISTED = 32                     # so few indices are looked at in Python
SMALL = 1 << 10                 # so few elements are picked by NumPy, which begins sooner
BITS = {size: np.dtype(f"u{size}") for size in (1, 2, 4, 8)}


def kernels(where: Any = CPU) -> Any:
    """The module with the kernels that are made for a kind of write, on a device."""
    return table.loops_of(where.type, "indexing")


def bits(array: Any) -> Any:
    """An array as unsigned integers of its width, for kernels that move elements and do not compute."""
    return array if array.dtype.kind == "c" else array.view(BITS[array.itemsize])


def packed(array: Any, kind: Any) -> Any:
    """A C-contiguous array with the elements of one that stores the type ``kind``."""
    if array.flags.c_contiguous:
        return array
    if array.size < loops.SMALL and isinstance(array, np.ndarray):
        return array.copy()
    out = wrap(memory.beside(array, array.shape, array.dtype), kind)
    launch.copy_array(array, kind, out)
    return out._array


def broadcast(array: Any, shape: tuple[int, ...]) -> Any:
    """An array as if it had ``shape``; ValueError if it cannot."""
    if array.shape == shape:
        return array
    if not isinstance(array, np.ndarray):
        return cuda_memory.broadcast(array, shape)
    wide = np.broadcast_to(array, shape)        # which is read-only, and would be compiled for anew if it were used as it is
    return wide if not wide.flags.c_contiguous else array.reshape(shape) if wide.size else wide.copy()


def folded(array: Any, dim: int) -> Any:
    """A C-contiguous array as (outer, n, inner) around ``dim``."""
    shape = array.shape or (1,)
    return array.reshape(math.prod(shape[:dim]), shape[dim], math.prod(shape[dim + 1:]))


def places_of(name: str, index: Any, error: type = RuntimeError, kinds: tuple = (dtypes.int32, dtypes.int64), empty: bool = False) -> Any:
    """An index tensor as a C-contiguous int64 array; ``empty``: one without elements may have any type."""
    if not isinstance(index, TensorBase):
        raise TypeError(f"{name}(): argument 'index' must be Tensor, not {type(index).__name__}")
    if index._dtype not in kinds and (index._array.size or not empty):
        raise error(f"{name}(): Expected dtype {'/'.join(kind.name for kind in kinds)} for index, got {index._dtype.name}")
    if index._dtype is dtypes.int64 and index._array.flags.c_contiguous:
        return index._array
    return launch.contiguous_array(index, dtypes.int64)


def first_wrong(places: Any, lower: int, upper: int) -> int | None:
    """The first index that is not in [lower, upper), if there is one."""
    flat = places.ravel()
    if not flat.size:
        return None
    if flat.size <= LISTED and isinstance(flat, np.ndarray):
        listed = flat.tolist()
        return None if lower <= min(listed) and max(listed) < upper else next(one for one in listed if not lower <= one < upper)
    found = memory.beside(flat, (1,), np.dtype(np.int64))
    launch.launch("first_out_of_range", flat, lower, upper, found, work=flat.size)
    place = found[0].item()
    return None if place < 0 else int(flat[place].item())


def check_range(places: Any, size: int, dim: int, error: type = RuntimeError, lower: int = 0, prefix: str = "") -> None:
    """Indices must lie in [lower, size)."""
    wrong = first_wrong(places, lower, size)
    if wrong is not None:
        raise error(f"{prefix}index {wrong} is out of bounds for dimension {dim} with size {size}")


def rewritten(input: Tensor, out: Any, write: Callable, part: Callable | None = None, compute: bool = False,
              shared: bool = False) -> Tensor:
    """``out``, or a new tensor, with the elements of ``input``, after ``write`` has changed a C-contiguous array of a ``part``
    of them: of their bits, or with ``compute`` of their values. Elements that share places are refused, unless ``shared``."""
    kind = input._dtype
    if out is None:
        if input._array.size < SMALL and input._device is CPU:
            out = wrap_host(input._array.copy(), kind)
        else:
            out = launch.empty(input._array.shape, kind, input._device)
            launch.copy_array(input._array, kind, out)
    elif out is not input:
        launch.check_out("out", out, input._array.shape, kind)
        launch.copy_array(input._array, kind, out)
    elif not out._array.flags.c_contiguous and overlaps_itself(out._array.shape, out._array.strides):
        if not shared:
            raise RuntimeError("unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
                               "Please clone() the tensor before performing the operation.")
        write_changes(out._array if part is None else part(out._array), write, kind)
        return out
    own = out._array if part is None else part(out._array)
    kind = out._dtype
    if compute and kind.half:
        values = launch.contiguous_array(wrap(own, kind))
        write(values)
        launch.copy_array(values, dtypes.float32, wrap(own, kind))
    elif own.flags.c_contiguous:
        write(own if compute else bits(own))
    else:
        values = packed(own, kind)
        write(values if compute else bits(values))
        launch.copy_array(values, kind, wrap(own, kind))
    return out


def write_changes(array: Any, write: Callable, kind: Any) -> None:
    """Write what differs after ``write`` to an array whose elements share places, as PyTorch does in a few operations."""
    warnings.warn("an in-place operation writes to an expanded tensor, whose elements share places in memory: clone() it before",
                  UserWarning, stacklevel=4)
    before = bits(packed(array, kind))
    after = before.copy()
    write(after)
    changed = before != after
    array.view(after.dtype)[changed] = after[changed]


def scalar_of(value: Any, kind: Any, compute: bool = False) -> Any:
    """A number as one of a tensor's type: its bits, or with ``compute`` its value."""
    scalar = scalars.full_scalar(scalars.number_as(value, kind), kind, CPU)._array
    return (launch.from_half(scalar, kind) if kind.half else scalar)[()] if compute else bits(scalar)[()]


def source_array(source: Tensor, out: Any, compute: bool) -> Any:
    """The C-contiguous array to read a write's elements from: a copy if it shares memory with the tensor written to (None: a new one)."""
    array = launch.contiguous_array(source) if compute else bits(packed(source._array, source._dtype))
    return array.copy() if out is not None and memory.may_share(array, out._array) else array


def corner(size: tuple[int, ...], dim: int | None = None) -> tuple:
    """The part of an array that has its first ``size`` elements, in all dimensions but ``dim``."""
    if dim is None:
        return (*map(slice, size), ...)
    return (*[slice(None) if d == dim else slice(0, one) for d, one in enumerate(size)], ...)


@op
def index_select(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The slices of ``dim`` at the positions in ``index``, a vector.

    >>> index_select(tensor([[1, 2, 3], [4, 5, 6]]), 1, tensor([2, 0]))
    tensor([[3, 1],
            [6, 4]])
    """
    array, kind = input._array, input._dtype
    dim, places = wrap_dim(dim, array.ndim), places_of("index_select", index)
    if places.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if array.ndim == 0 and places.size != 1:
        raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {places.size} value(s)")
    if first_wrong(places, 0, array.shape[dim] if array.ndim else 1) is not None:
        raise IndexError("index out of range in self")
    made = selected(array, kind, dim, places.ravel(), array.shape and (*array.shape[:dim], places.size, *array.shape[dim + 1:]))
    return launch.deliver("index_select", made, kind, out)


def selected(array: Any, kind: Any, dim: int, places: Any, shape: tuple[int, ...]) -> Any:
    """Slices of ``dim`` at checked ``places``, in a new array of ``shape``."""
    few = not array.flags.c_contiguous and places.size * 4 < array.shape[dim]
    if array.ndim and math.prod(shape) < SMALL and isinstance(array, np.ndarray):
        return array.take(places, dim).reshape(shape)
    if few and isinstance(array, np.ndarray):           # do not copy all for the sake of a few
        return np.ascontiguousarray(array[(slice(None),) * dim + (places,)]).reshape(shape)
    made = memory.beside(array, shape, kind.numpy)
    source = folded(bits(packed(array, kind)), dim)
    if made.size:
        launch.launch("index_select", source, places, bits(made).reshape(source.shape[0], places.size, source.shape[2]))
    return made


derivative(index_select, input=lambda grad, input_size, dim, index: grad.new_zeros(input_size).index_add_(dim, index, grad))


def check_vector(name: str, places: Any, error: type = IndexError) -> Any:
    """Indices must come in a vector, or be one."""
    if places.ndim > 1:
        raise error(f"{name}(): Index is supposed to be a vector, but got dim: {places.ndim}")
    return places.ravel()


@op
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """``input``, with the slices of ``source`` along ``dim`` (times ``alpha``) added to those at the positions in ``index``.

    >>> index_add(tensor([1, 1, 1]), 0, tensor([0, 2, 0]), tensor([10, 20, 30]))
    tensor([41,  1, 21])
    """
    array, kind = input._array, input._dtype
    dim, places = wrap_dim(dim, array.ndim), check_vector("index_add_", places_of("index_add_", index))
    if source._dtype is not kind:
        raise RuntimeError(f"index_add_(): self ({kind.tensor_name[:-6]}) and source ({source._dtype.tensor_name[:-6]}) must have the "
                           "same scalar type")
    _check_slices(array.shape, source._array.shape, dim, places.size, RuntimeError, "index_add_", ":", f", for dim: {dim}")
    check_range(places, (array.shape or (1,))[dim], dim)
    alpha = alpha if input._dtype.category >= 2 else int(alpha)
    values = folded(source_array(source if alpha == 1 else source * alpha, out, True), dim)

    def run(target: Any) -> None:
        if values.size:
            kernels(input._device).index_write("add")(places, values, folded(target, dim), work=values.size)

    return rewritten(input, out, run, compute=True)


def _check_slices(size: tuple, given: tuple, dim: int, count: int, error: type, name: str, colon: str, where: str) -> None:
    """A source must have as many slices as there are indices, each of the destination's size."""
    own, rest = size[:dim] + size[dim + 1:], given[:dim] + given[dim + 1:]
    if own != rest or len(given) != len(size):
        raise RuntimeError(f"{name}(): source tensor shape must match self tensor shape, excluding the specified dimension. Got "
                           f"self.shape = {list(size)} source.shape = {list(given)}")
    if count != (given[dim] if given else 1):
        raise error(f"{name}(): Number of indices ({count}) should be equal to source.size(dim){colon} "
                    f"({given[dim] if given else 1}){where}")


index_add_ = inplace(index_add)
derivative(index_add, input=lambda grad: grad,
           source=lambda grad, dim, index, alpha, source_size:
           view.reshape(index_select(grad, dim, index) * alpha.conjugate() if alpha != 1 else index_select(grad, dim, index), source_size))


@op
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``input``, with the slices of ``source`` along ``dim`` in place of those at the positions in ``index``.

    >>> index_copy(tensor([1, 2, 3]), 0, tensor([2, 0]), tensor([10, 20]))
    tensor([20,  2, 10])
    """
    array, kind = input._array, input._dtype
    dim, places = wrap_dim(dim, array.ndim), check_vector("index_copy_", places_of("index_copy_", index, kinds=(dtypes.int64,)))
    if source._dtype is not kind:
        raise RuntimeError(f"index_copy_(): self and source expected to have the same dtype, but got (self) {kind.name} and (source) "
                           f"{source._dtype.name}")
    _check_slices(array.shape, source._array.shape, dim, places.size, IndexError, "index_copy_", "", "")
    check_range(places, (array.shape or (1,))[dim], dim, IndexError, prefix="index_copy_(): ")
    values = folded(source_array(source, out, False), dim)

    def run(target: Any) -> None:
        if values.size:
            kernels(input._device).index_write("set")(places, values, folded(target, dim), work=values.size)

    return rewritten(input, out, run)


index_copy_ = inplace(index_copy)
derivative(index_copy, input=lambda grad, dim, index: index_fill(grad, dim, index, 0),
           source=lambda grad, dim, index, source_size: view.reshape(index_select(grad, dim, index), source_size))


@op
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any, *, out: Tensor | None = None) -> Tensor:
    """``input``, with ``value`` (a number or a 0-d tensor) in the slices of ``dim`` at the positions in ``index``.

    >>> index_fill(tensor([1, 2, 3]), 0, tensor([0, 2]), -1)
    tensor([-1,  2, -1])
    """
    array = input._array
    dim = wrap_dim(dim, array.ndim)
    places = check_vector("index_fill_", places_of("index_fill_", index, IndexError, (dtypes.int64,)))
    size = (array.shape or (1,))[dim]
    check_range(places, size, dim, IndexError, -size)
    filling = scalar_of(number_of("index_fill_", value), input._dtype)

    def run(target: Any) -> None:
        if target.size and places.size:
            launch.launch("index_fill", places, filling, folded(target, dim), work=target.size // size * places.size)

    return rewritten(input, out, run, shared=True)


def number_of(name: str, value: Any) -> Any:
    """A number, or that of a 0-d tensor."""
    if not isinstance(value, TensorBase):
        if not isinstance(value, NUMBERS):
            raise TypeError(f"{name}(): argument 'value' must be Number or 0-d Tensor, not {type(value).__name__}")
        return value
    if value._array.ndim:
        raise RuntimeError(f"{name} only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} dimension(s).")
    return value.item()


index_fill_ = inplace(index_fill)
derivative(index_fill, input=lambda grad, dim, index: index_fill(grad, dim, index, 0),
           value=lambda grad, dim, index: index_select(grad, dim, index.unique()).sum())


@op
def take(input: Tensor, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements at the positions in ``index``, with ``input`` read as one row; negative ones count from the end.

    >>> take(tensor([[4, 3], [5, 6]]), tensor([[0, -1]]))
    tensor([[4, 6]])
    """
    places = flat_places("take", input, index)
    made = selected(packed(input._array, input._dtype).reshape(-1), input._dtype, 0, places.ravel(), places.shape)
    return launch.deliver("take", made, input._dtype, out)


def flat_places(name: str, input: Tensor, index: Tensor) -> Any:
    """Checked positions in a tensor read as one row."""
    if not isinstance(index, TensorBase) or index._dtype is not dtypes.int64:
        got = index._dtype.tensor_name[:-6] if isinstance(index, TensorBase) else type(index).__name__
        raise RuntimeError(f"{name}(): Expected a long tensor for index, but got {got}")
    places, count = launch.contiguous_array(index), input._array.size
    if not count and places.size:
        raise IndexError(f"{name}(): tried to {name} from an empty tensor")
    wrong = first_wrong(places, -count, count)
    if wrong is not None:
        raise IndexError(f"out of range: tried to access index {wrong} on a tensor of {count} elements.")
    return places


derivative(take, input=lambda grad, input_size, index: grad.new_zeros(input_size).put_(index, grad, True))


@op
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False, *, out: Tensor | None = None) -> Tensor:
    """``input``, with the elements of ``source`` at the positions in ``index``, with ``input`` read as one row; added to what
    is there if ``accumulate``.

    >>> put(tensor([[4, 3], [5, 6]]), tensor([1, -1]), tensor([9, 10]))
    tensor([[ 4,  9],
            [ 5, 10]])
    """
    if source._dtype is not input._dtype:
        raise RuntimeError(f"put_(): Expected source and self to have the same dtype, got source {source._dtype.name} and self "
                           f"{input._dtype.name}")
    places = flat_places("put_", input, index)
    if places.size != source._array.size:
        raise IndexError("put_(): Expected source and index to have the same number of elements, but got source.numel() = "
                         f"{source._array.size}, index.numel() = {places.size}")
    values = source_array(source, out, accumulate)

    def run(target: Any) -> None:
        if places.size:
            write = kernels(input._device).index_write("add" if accumulate else "set")
            write(places.ravel(), values.reshape(1, -1, 1), target.reshape(1, -1, 1), work=places.size)

    return rewritten(input, out, run, compute=accumulate)


put_ = inplace(put)
derivative(put, input=lambda grad, index, accumulate: grad if accumulate else put(grad, index, grad.new_zeros(index.shape)),
           source=lambda grad, index, source_size: view.reshape(take(grad, index), source_size))
