"""The way between a sparse tensor and its parts: the operations that all others on sparse tensors are made of."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from nb_nn.kernels import table, threads
from nb_nn.kernels.compile import SERIAL_BELOW

from ...core import cuda_memory, launch, memory
from ...core import dtype as dtypes
from ...core.device import CPU
from ...core.op import derivative, op
from ...core.sparse_array import SparseArray, is_sparse
from ...core.state import state
from ...core.storage import Storage
from ...core.tensor_base import TensorBase, alias_of, wrap
from .. import copies, view

Tensor = TensorBase
NO_MEMORY = np.empty(0, np.uint8)


def wrap_sparse(indices: Tensor, values: Tensor, size: tuple[int, ...], coalesced: bool) -> Tensor:
    """A new sparse tensor over parts, trusted, that it shares but for their history."""
    made = wrap(SparseArray(tuple(size), alias_of(indices), alias_of(values), coalesced), values._dtype)
    made._storage = Storage(NO_MEMORY, False)           # for its version; the parts have memory of their own
    if values._device is not CPU:
        made._device = values._device
    return made


@op
def sparse_of(values: Tensor, indices: Tensor, size: tuple[int, ...], coalesced: bool = False) -> Tensor:
    """The sparse tensor of checked parts, which it shares."""
    return wrap_sparse(indices, values, size, coalesced)


@op
def values_of(input: Tensor, indices: Tensor, coalesced: bool) -> Tensor:
    """The values of a sparse tensor with these (its own) indices, which has each place once where this is recorded."""
    return alias_of(input._array.values)


@op
def coalesce_op(input: Tensor) -> Tensor:
    """`coalesce` of what is not yet."""
    array, kind = input._array, input._dtype
    rest = array.values._array.shape[1:]
    keys = keys_of(array.indices, array.shape)
    if bool((keys[1:] > keys[:-1]).all()):
        return wrap_sparse(array.indices, array.values, array.shape, True)
    ordered, places = np.empty((1, keys.size), np.int64), np.empty((1, keys.size), np.int64)
    sorting(keys.reshape(1, -1), False, ordered, places)
    first = np.flatnonzero(np.concatenate([[True], ordered[0, 1:] != ordered[0, :-1]]))
    values, where = launch.contiguous_array(array.values).reshape(keys.size, math.prod(rest)), array.values._device
    made = memory.beside(values, (first.size, values.shape[1]), kind.compute)
    if kind is dtypes.bool_:
        made[...] = cuda_memory.moved(np.logical_or.reduceat(cuda_memory.moved(values, CPU)[places[0]], first, 0), where)
    elif made.size:
        tables = cuda_memory.all_moved((places[0], np.append(first, keys.size)), where)
        launch.launch("sum_segments", values, *tables, made, work=values.size)
    indices = cuda_memory.moved(launch.contiguous_array(array.indices), CPU)[:, places[0, first]]
    return wrap_sparse(wrap(cuda_memory.moved(indices, where), dtypes.int64),
                       launch.deliver("coalesce", made.reshape(first.size, *rest), kind, None), array.shape, True)


@op
def strided_of(values: Tensor, indices: Tensor, size: tuple[int, ...]) -> Tensor:
    """The strided tensor with the sums of values that stand in one place."""
    sparse_dim, kind = indices._array.shape[0], values._dtype
    rows, width = math.prod(size[:sparse_dim]), math.prod(size[sparse_dim:])
    made = memory.zeros((rows, width), kind.compute, values._device)
    source = launch.contiguous_array(values).reshape(-1, width) if width else made[:0]
    keys = keys_of(indices, size)
    if kind is dtypes.bool_:
        trues = np.zeros((rows, width), kind.compute)
        np.logical_or.at(trues, keys, cuda_memory.moved(source, CPU))
        made[...] = cuda_memory.moved(trues, values._device)
    elif source.size:
        launch_add_rows(source, keys, 1, made)
    return launch.deliver("to_dense", made.reshape(size), kind, None)


@op
def lookup_strided(input: Tensor, indices: Tensor) -> Tensor:
    """The values of a strided tensor at these places."""
    sparse_dim = indices._array.shape[0]
    size = input._array.shape
    flat = view.reshape(input, (math.prod(size[:sparse_dim]), *size[sparse_dim:]))
    return flat.index_select(0, wrap(cuda_memory.moved(keys_of(indices, size), input._device), dtypes.int64))


@op
def lookup_sparse(input: Tensor, indices: Tensor) -> Tensor:
    """The values of a coalesced sparse tensor at these places, zero where it has none."""
    array = input._array
    own, keys = keys_of(array.indices, array.shape), keys_of(indices, array.shape)
    if own.size == keys.size and bool((own == keys).all()):
        return copies.clone(array.values)
    if not own.size:
        return array.values.new_zeros((keys.size, *array.values.shape[1:]))
    places = np.minimum(np.searchsorted(own, keys), own.size - 1)
    missing = own[places] != keys
    places, missing = cuda_memory.all_moved((places, missing), array.values._device)
    found = array.values.index_select(0, wrap(places, dtypes.int64))
    missing = wrap(missing.reshape(-1, *[1] * (found.dim() - 1)), dtypes.bool_)
    return found.masked_fill(missing, 0)


def launch_add_rows(source: np.ndarray, keys: np.ndarray, factor: Any, out: np.ndarray) -> None:
    """The kernel that adds rows at places in any order, by as many parts as there are threads to work on them."""
    parted = threads.count if source.size >= SERIAL_BELOW else 1
    launch.launch("add_rows", source, cuda_memory.moved(keys, cuda_memory.device_of(out)), factor, parted, out, work=source.size)


def sorting(*args: Any) -> None:
    """The kernel that sorts rows."""
    table.loops_of("cpu", "sorting").sort(*args)


def keys_of(indices: Tensor, size: tuple[int, ...]) -> np.ndarray:
    """One number a coordinate, in the order of coordinates: its place among the sparse dimensions. Always on the CPU."""
    array = cuda_memory.moved(launch.contiguous_array(indices), CPU)
    if len(array) == 1:
        return array[0]
    keys = np.zeros(array.shape[1], np.int64)
    for row, length in zip(array, size):
        keys *= length
        keys += row
    return keys


def coalesce(input: Tensor) -> Tensor:
    """The same sparse tensor with its places in order and each at most once: values that stand in one place are added.

    >>> s = torch.sparse_coo_tensor([[1, 0, 1]], [1.0, 2.0, 3.0])
    >>> s.coalesce().values()
    tensor([2., 4.])
    """
    check_sparse("coalesce", input)
    return input if input._array.coalesced else coalesce_op(input)


def parts(input: Tensor) -> tuple[Tensor, Tensor, bool]:
    """Indices, values and whether they are coalesced, which they are made where the values' gradient will be asked for."""
    array = input._array
    if not (state.grad and input._requires_grad):
        return array.indices, array.values, array.coalesced
    if not array.coalesced:
        input = coalesce_op(input)
        array = input._array
    return array.indices, values_of(input, array.indices, array.coalesced), array.coalesced


def coalesced_parts(input: Tensor) -> tuple[Tensor, Tensor]:
    """Indices and values, each place once."""
    return parts(input if input._array.coalesced else coalesce_op(input))[:2]


def lookup(input: Tensor, indices: Tensor) -> Tensor:
    """The values of a tensor, sparse or not, at these places."""
    return lookup_sparse(coalesce(input), indices) if is_sparse(input) else lookup_strided(input, indices)


def check_sparse(name: str, input: Tensor) -> SparseArray:
    """The sparse array of a tensor; RuntimeError if it is strided."""
    if not isinstance(input, TensorBase):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")
    if not is_sparse(input):
        raise RuntimeError(f"{name} expected sparse coordinate tensor layout but got Strided")
    return input._array


sparse_of.declaration.node_name = "SparseCooTensorBackward0"
coalesce_op.declaration.node_name = "CoalesceBackward0"
values_of.declaration.node_name = "ValuesBackward0"
strided_of.declaration.node_name = "ToDenseBackward0"
derivative(sparse_of, values=lambda grad, indices: lookup(grad, indices))
derivative(values_of, input=lambda grad, input_size, indices, coalesced: sparse_of(grad, indices, input_size, coalesced))
derivative(coalesce_op, input=lambda grad: grad)
derivative(strided_of, values=lambda grad, indices: lookup(grad, indices))
derivative(lookup_strided, input=lambda grad, input_size, indices: strided_of(grad, indices, input_size))
derivative(lookup_sparse, input=lambda grad, input_size, indices: coalesce(sparse_of(grad, indices, input_size)))
