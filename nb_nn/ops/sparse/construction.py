"""Sparse tensors made from parts, from strided ones, and taken apart again."""
from __future__ import annotations

from typing import Any

import numpy as np

from ...core import cuda_memory, launch
from ...core import dtype as dtypes
from ...core.device import CPU
from ...core.geometry import sizes_of
from ...core.size import Size
from ...core.sparse_array import is_sparse
from ...core.tensor_base import TensorBase, alias_of, wrap
from .. import copies, creation, from_data, masking, options, view
from . import parts
from .parts import check_sparse, coalesced_parts, keys_of, lookup, sparse_of, strided_of

Tensor = TensorBase


def sparse_coo_tensor(indices: Any = None, values: Any = None, size: Any = None, *, dtype: Any = None, device: Any = None,
                      requires_grad: bool = False, pin_memory: bool = False, layout: Any = None, check_invariants: bool | None = None,
                      is_coalesced: bool | None = None) -> Tensor:
    """A sparse tensor with ``values`` at ``indices``; those that stand in one place are added. All other elements are zero.

    Values that are a tensor of the type wanted are shared, and keep their history. A size alone gives a tensor of zeros.

    Shape: indices (sparse_dim, nnz), cast to int64; values (nnz, \\*dense sizes); ``size`` has sparse_dim + dense_dim numbers, by default
    the smallest that hold all places.

    >>> sparse_coo_tensor([[0, 1, 1], [2, 0, 2]], [3.0, 4.0, 5.0], (2, 4))
    tensor(indices=tensor([[0, 1, 1],
                           [2, 0, 2]]),
           values=tensor([3., 4., 5.]),
           size=(2, 4), nnz=3, layout=torch.sparse_coo)
    """
    if layout is not None and layout.name != "sparse_coo":
        raise RuntimeError(f"sparse_coo_tensor: makes tensors of the layout torch.sparse_coo, not {layout}")
    options.check_options(pin_memory=pin_memory)
    if values is None and (size is None) == (indices is None):
        raise TypeError("sparse_coo_tensor(): expected indices and values, or a size alone")
    if values is None:
        made = empty_sparse(sizes_of((size if indices is None else indices,)), dtype, device)
    else:
        held = values if isinstance(values, TensorBase) and device is None else None
        places = from_data.as_tensor(indices, device=device or (held._device if held is not None else None))
        values = from_data.as_tensor(values, dtype=dtype, device=device)
        values = view.reshape(values, (1,)) if values._array.ndim == 0 else values
        places = places.to(dtypes.int64) if places._array.ndim == 2 or places._array.size else places
        size = checked_size(places, values, None if size is None else sizes_of((size,)))
        if is_coalesced:
            check_order(places, size)
        made = sparse_of(values, places, size, bool(is_coalesced) or places._array.shape[1] < 2)
    if requires_grad:
        made.requires_grad = True
    return made


def checked_size(indices: Tensor, values: Tensor, size: tuple[int, ...] | None) -> tuple[int, ...]:
    """The size of a sparse tensor with these parts, or RuntimeError if they do not fit."""
    places, given = cuda_memory.moved(indices._array, CPU), values._array.shape
    if places.ndim != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but got: {list(places.shape)}")
    if places.shape[1] != given[0]:
        raise RuntimeError(f"indices and values must have same nnz, but got nnz from indices: {places.shape[1]}, nnz from values: "
                           f"{given[0]}")
    if size is not None:
        check_lengths(size)
    sparse_dim, some = places.shape[0], places.size > 0
    if size is not None and len(size) != sparse_dim + len(given) - 1:
        raise RuntimeError(f"number of dimensions must be sparse_dim ({sparse_dim}) + dense_dim ({len(given) - 1}), but got {len(size)}")
    low, high = (places.min(1).tolist(), places.max(1).tolist()) if some else ([0] * sparse_dim, [-1] * sparse_dim)
    for dim, lowest in enumerate(low):
        if lowest < 0:
            raise RuntimeError(f"found negative index {lowest} for dim {dim}")
    if size is None:
        return (*[highest + 1 for highest in high], *given[1:])
    for dim, (length, highest) in enumerate(zip(size, high)):
        if highest >= length and some:
            raise RuntimeError(f"size is inconsistent with indices: for dim {dim}, size is {length} but found index {highest}")
    if tuple(given[1:]) != tuple(size[sparse_dim:]):
        raise RuntimeError(f"values has incorrect size, expected {[given[0], *size[sparse_dim:]]}, got {list(given)}")
    return tuple(size)


def check_lengths(size: tuple[int, ...]) -> None:
    """A size has no negative number, and places that can be counted."""
    count = 1
    for length in size:
        if length < 0:
            raise RuntimeError(f"sparse tensor: sizes must not be negative, got {list(size)}")
        count *= length or 1
    if count >= 1 << 63:
        raise RuntimeError(f"numel: integer multiplication overflow: a sparse tensor of size {list(size)} has 2**63 elements or more")


def check_order(indices: Tensor, size: tuple[int, ...]) -> None:
    """RuntimeError for places that are said to be coalesced and are not."""
    keys = keys_of(indices, size)
    if not bool((keys[1:] > keys[:-1]).all()):
        raise RuntimeError("sparse_coo_tensor: cannot set is_coalesced to true if indices correspond to uncoalesced COO tensor")


def empty_sparse(size: tuple[int, ...], dtype: Any = None, device: Any = None, sparse_dim: int | None = None) -> Tensor:
    """A sparse tensor without values; all dimensions are sparse unless ``sparse_dim`` says how many."""
    sparse_dim = len(size) if sparse_dim is None else sparse_dim
    check_lengths(size)
    indices = creation.zeros((sparse_dim, 0), dtype=dtypes.int64, device=device)
    return sparse_of(creation.zeros((0, *size[sparse_dim:]), dtype=dtype, device=device), indices, tuple(size), True)


def sparse_rows(indices: Tensor, values: Tensor, size: Any) -> Tensor:
    """A sparse tensor of ``size`` whose rows at ``indices``, a vector, are ``values`` (n, \\*size[1:]): what gradients of look-ups are.

    >>> sparse_rows(tensor([2, 0]), tensor([[1.0], [2.0]]), (3, 1)).to_dense()
    tensor([[2.],
            [0.],
            [1.]])
    """
    return sparse_of(values, view.reshape(indices.to(dtypes.int64), (1, -1)), tuple(size))


def legacy_sparse(args: tuple, dtype: Any = None, device: Any = None) -> Tensor:
    """What ``torch.sparse.FloatTensor(...)`` makes: of sizes, a size, or indices, values and perhaps a size."""
    kind = dtype or dtypes.get_default_dtype()
    if args and isinstance(args[0], TensorBase):
        if len(args) == 1:
            check_sparse("new", args[0])
            return alias_of(args[0])
        if len(args) > 3 or not isinstance(args[1], TensorBase):
            raise TypeError("sparse tensor: expected (indices, values), (indices, values, size) or sizes")
        if args[1]._dtype is not kind:
            raise TypeError(f"expected {kind.tensor_name} (got {args[1]._dtype.tensor_name})")
        return sparse_coo_tensor(*args, device=device)
    return empty_sparse(sizes_of(args) if args else (0,), kind, device)


def to_dense(input: Tensor, dtype: Any = None, *, masked_grad: bool | None = None) -> Tensor:
    """The strided tensor with the same elements; a strided tensor is returned as it is. Gradients reach the places that are stored.

    >>> sparse_coo_tensor([[0, 2, 2]], [1, 2, 3]).to_dense()
    tensor([1, 0, 5])
    """
    if is_sparse(input):
        indices, values, _ = parts.parts(input)
        input = strided_of(values, indices, input._array.shape)
    return input if dtype is None else input.to(dtype)


def to_sparse(input: Tensor, sparseDims: Any = None, *, sparse_dim: int | None = None, layout: Any = None) -> Tensor:
    """A sparse tensor with the nonzero elements, or with ``sparseDims`` sparse dimensions: the slices that hold any.

    >>> tensor([[0, 0], [9, 0]]).to_sparse(1)
    tensor(indices=tensor([[1]]),
           values=tensor([[9, 0]]),
           size=(2, 2), nnz=1, layout=torch.sparse_coo)
    """
    count = sparseDims if sparseDims is not None else sparse_dim
    if getattr(layout or count, "name", "sparse_coo") != "sparse_coo":
        raise RuntimeError(f"to_sparse: the layout {layout or count} is not supported; there is torch.sparse_coo")
    count = None if getattr(count, "name", None) else count
    ndim = input._array.ndim
    if is_sparse(input):
        if count is not None and count != input.sparse_dim():
            raise RuntimeError("to_sparse: conversion from Sparse to Sparse with sparse_dim argument !=self.sparse_dim() is not supported")
        return input
    count = ndim if count is None else count
    if not (0 < count <= ndim or count == ndim == 0):
        raise RuntimeError(f"sparse_dim must be between 1 and {ndim} for a tensor of {ndim} dimensions, got {count}")
    nonzero = copies.detach(input) != 0
    if count < ndim:
        nonzero = view.flatten(nonzero, count).any(-1)
    places = masking.nonzero(nonzero)
    indices = wrap(np.ascontiguousarray(places._array.T), dtypes.int64) if input._device is CPU else places.t().contiguous()
    return sparse_of(lookup(input, indices), indices, tuple(input._array.shape), True)


def sparse_mask(input: Tensor, mask: Tensor) -> Tensor:
    """The elements of ``input`` at the places of the sparse ``mask``, whose values do not matter.

    >>> mask = sparse_coo_tensor([[0, 1], [1, 0]], [1.0, 1.0]).coalesce()
    >>> tensor([[1.0, 2.0], [3.0, 4.0]]).sparse_mask(mask).values()
    tensor([2., 3.])
    """
    if not isinstance(mask, TensorBase) or not is_sparse(mask):
        raise TypeError("sparse_mask(): argument 'mask' must be a sparse tensor")
    array = mask._array
    if input._array.shape != array.shape:
        raise RuntimeError(f"sparse_mask(): operands have incompatible sizes; self has size {list(input._array.shape)} but mask has size "
                           f"{list(array.shape)}")
    if is_sparse(input) and input.sparse_dim() != mask.sparse_dim():
        raise RuntimeError(f"sparse_mask(): self has {input.sparse_dim()} sparse dimensions, but mask has {mask.sparse_dim()}")
    return sparse_of(lookup(input, array.indices), array.indices, array.shape, array.coalesced)


def indices(input: Tensor) -> Tensor:
    """The places of a coalesced sparse tensor: (sparse_dim, nnz), in order.

    >>> torch.sparse_coo_tensor([[2, 0]], [1.0, 3.0]).coalesce().indices()
    tensor([[0, 2]])
    """
    if not check_sparse("indices", input).coalesced:
        raise RuntimeError("Cannot get indices on an uncoalesced tensor, please call .coalesce() first")
    return alias_of(input._array.indices)


def values(input: Tensor) -> Tensor:
    """The values of a coalesced sparse tensor: (nnz, \\*dense sizes). Gradients go through them.

    >>> torch.sparse_coo_tensor([[2, 0]], [1.0, 3.0]).coalesce().values()
    tensor([3., 1.])
    """
    if not check_sparse("values", input).coalesced:
        raise RuntimeError("Cannot get values on an uncoalesced tensor, please call .coalesce() first")
    found = coalesced_parts(input)[1]
    return alias_of(found) if found is input._array.values else found


def indices_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of `Tensor.indices`.

    >>> torch.indices_copy(torch.sparse_coo_tensor([[2, 0]], [1.0, 3.0]).coalesce())
    tensor([[0, 2]])
    """
    return launch.into_out("indices_copy", copies.clone(indices(input)), out)


def values_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of `Tensor.values`, with its history.

    >>> torch.values_copy(torch.sparse_coo_tensor([[2, 0]], [1.0, 3.0]).coalesce())
    tensor([3., 1.])
    """
    return launch.into_out("values_copy", copies.clone(values(input)), out)


def raw_indices(input: Tensor) -> Tensor:
    """The places as they are stored: (sparse_dim, nnz).

    >>> torch.sparse_coo_tensor([[2, 0]], [1.0, 3.0])._indices()
    tensor([[2, 0]])
    """
    return alias_of(check_sparse("_indices", input).indices)


def raw_values(input: Tensor) -> Tensor:
    """The values as they are stored: (nnz, \\*dense sizes). They have no history.

    >>> torch.sparse_coo_tensor([[2, 0]], [1.0, 3.0])._values()
    tensor([1., 3.])
    """
    return alias_of(check_sparse("_values", input).values)


def nnz(input: Tensor) -> int:
    """How many values are stored.

    >>> torch.sparse_coo_tensor([[0, 0]], [1.0, 3.0])._nnz()
    2
    """
    return check_sparse("_nnz", input).indices._array.shape[1]


def is_coalesced(input: Tensor) -> bool:
    """Whether the places of a sparse tensor are in order and each is there once.

    >>> torch.sparse_coo_tensor([[0, 0]], [1.0, 3.0]).is_coalesced()
    False
    """
    return check_sparse("is_coalesced", input).coalesced


def set_coalesced_(input: Tensor, coalesced: bool) -> Tensor:
    """Say whether the places are in order and each is there once, which is believed."""
    check_sparse("_coalesced_", input).coalesced = bool(coalesced)
    return input


def sparse_dim(input: Tensor) -> int:
    """How many dimensions are sparse: 0 of a strided tensor.

    >>> torch.sparse_coo_tensor([[0, 1]], torch.ones(2, 3)).sparse_dim()
    1
    """
    return input._array.indices._array.shape[0] if is_sparse(input) else 0


def dense_dim(input: Tensor) -> int:
    """How many dimensions are dense: all of a strided tensor.

    >>> torch.sparse_coo_tensor([[0, 1]], torch.ones(2, 3)).dense_dim()
    1
    """
    return input._array.ndim - sparse_dim(input)


def sparse_resize_(input: Tensor, size: Any, sparse_dim: int, dense_dim: int) -> Tensor:
    """Give a sparse tensor another size in place. Where it stores values, dimensions may only be kept in number, and grow."""
    array, size = check_resize("sparse_resize_", input, size, sparse_dim, dense_dim)
    if array.indices._array.shape[1] == 0:
        return become("sparse_resize_", input, empty_sparse(size, input._dtype, input._device, sparse_dim))
    own = input.sparse_dim()
    if own != sparse_dim or array.ndim != len(size):
        raise RuntimeError(f"sparse_resize_: changing the number of sparse dimensions ({own} to {sparse_dim}) or dense dimensions "
                           f"({array.ndim - own} to {dense_dim}) of a tensor that stores values is not supported")
    if any(new < old for new, old in zip(size, array.shape)):
        raise RuntimeError(f"sparse_resize_: shrinking a tensor that stores values is not supported: from {list(array.shape)} to "
                           f"{list(size)}")
    values = array.values
    if size[own:] != array.shape[own:]:
        wide = values.new_zeros((values.shape[0], *size[own:]))
        wide[tuple([slice(0, length) for length in values.shape])] = values
        values = wide
    return become("sparse_resize_", input, parts.wrap_sparse(array.indices, values, size, array.coalesced))


def sparse_resize_and_clear_(input: Tensor, size: Any, sparse_dim: int, dense_dim: int) -> Tensor:
    """Give a sparse tensor another size in place, and no values."""
    _, size = check_resize("sparse_resize_and_clear_", input, size, sparse_dim, dense_dim)
    return become("sparse_resize_and_clear_", input, empty_sparse(size, input._dtype, input._device, sparse_dim))


def check_resize(name: str, input: Tensor, size: Any, sparse_dim: int, dense_dim: int) -> tuple:
    """The sparse array and the new size, checked."""
    array, size = check_sparse(name, input), sizes_of((size,))
    if len(size) != sparse_dim + dense_dim:
        raise RuntimeError(f"number of dimensions must be sparse_dim ({sparse_dim}) + dense_dim ({dense_dim}), but got {len(size)}")
    check_lengths(size)
    return array, tuple(size)


def become(name: str, input: Tensor, made: Tensor) -> Tensor:
    """Give ``input`` the parts and the history of a sparse tensor that was made of it, in the name of an in-place operation."""
    from .. import shape_inplace

    shape_inplace.check_free(input, name)
    return shape_inplace.become(input, lambda input: made)


def from_scipy(matrix: Any) -> Tensor:
    """A sparse tensor with the entries of a SciPy sparse matrix or array of any format.

    >>> import scipy.sparse
    >>> torch.sparse.from_scipy(scipy.sparse.csr_array([[0.0, 2.0]])).to_dense()
    tensor([[0., 2.]], dtype=torch.float64)
    """
    if not hasattr(matrix, "tocoo"):
        raise TypeError(f"from_scipy(): expected a SciPy sparse matrix or array, not {type(matrix).__name__}")
    coo = matrix.tocoo()
    places = coo.coords if hasattr(coo, "coords") else (coo.row, coo.col)
    indices = np.array(np.stack(places), np.int64).reshape(len(coo.shape), -1)
    return sparse_coo_tensor(from_data.from_numpy(indices), from_data.from_numpy(np.array(coo.data)), Size(coo.shape))


def to_scipy(input: Tensor) -> Any:
    """A ``scipy.sparse.coo_array`` with the entries of a sparse matrix (or a strided one), in memory of its own.

    >>> tensor([[0.0, 2.0]]).to_sparse().to_scipy().toarray()
    array([[0., 2.]], dtype=float32)
    """
    from scipy.sparse import coo_array

    input = to_sparse(copies.detach(input)).cpu()
    if input._array.ndim != 2 or input.sparse_dim() != 2:
        raise RuntimeError(f"to_scipy: expected a matrix with two sparse dimensions, got {input.sparse_dim()} sparse and "
                           f"{input.dense_dim()} dense ones")
    if input._dtype.half:
        raise TypeError(f"to_scipy: SciPy has no sparse matrices of {input._dtype}; to(torch.float32) first")
    rows, columns = input._array.indices._array.copy()
    return coo_array((input._array.values._array.copy(), (rows, columns)), shape=input._array.shape)


def like_sparse(value: Any, input: Tensor, kind: Any, where: Any, requires_grad: bool, out: Any) -> Tensor:
    """What ``zeros_like`` and ``empty_like`` make of a sparse tensor: one that stores nothing."""
    if out is not None or value not in (None, 0):
        raise RuntimeError("full_like: is not implemented for sparse tensors but to fill with zeros; to_dense() gives a strided one")
    return options.finish(empty_sparse(input._array.shape, kind, where, input.sparse_dim()), requires_grad)


def moved(input: Tensor, dtype: Any, device: Any, non_blocking: bool) -> Tensor:
    """``input`` on another device."""
    indices, values, coalesced = parts.parts(input)
    return sparse_of(values.to(device, dtype, non_blocking), indices.to(device, non_blocking=non_blocking), input._array.shape, coalesced)
