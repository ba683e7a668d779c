"""Sparse tensors in other sizes. Unlike those of strided tensors, the results are copies."""
from __future__ import annotations

from typing import Any

import numpy as np

from ...core import dtype as dtypes
from ...core import launch
from ...core.geometry import wrap_dim
from ...core.op import sparse_form
from ...core.sparse_array import is_sparse
from ...core.tensor_base import TensorBase, wrap
from .. import copies, indexing, joining, slicing, view
from .parts import check_sparse, parts, sparse_of

Tensor = TensorBase


def longs(array: Any) -> Tensor:
    """An array of int64 as a tensor."""
    return wrap(np.ascontiguousarray(array), dtypes.int64)


def with_row(indices: Tensor, dim: int, row: Any) -> Tensor:
    """Indices with another row for ``dim``, or with one less if it is None."""
    array = launch.contiguous_array(indices)
    rest = [array[:dim], array[dim + 1:]] if row is None else [array[:dim], np.reshape(row, (1, -1)), array[dim + 1:]]
    return longs(np.concatenate(rest))


def permute_dims(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Dimensions in another order; sparse ones come first and stay so."""
    indices, values, _ = parts(input)
    count, size = input.sparse_dim(), input._array.shape
    if dims == tuple(range(len(size))):
        return copies.clone(input)
    if any(dim >= count for dim in dims[:count]):
        raise RuntimeError(f"permute: sparse and dense dimensions must not be mixed: the first {count} are sparse, got dims={dims}")
    moved = values.permute(0, *[dim - count + 1 for dim in dims[count:]]).clone()
    coalesced = input._array.coalesced and dims[:count] == tuple(range(count))
    return sparse_of(moved, longs(indices._array[list(dims[:count])]), tuple([size[dim] for dim in dims]), coalesced)


def transpose_dims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two sparse dimensions swapped."""
    count = input.sparse_dim()
    if dim0 != dim1 and max(dim0, dim1) >= count:
        raise RuntimeError(f"sparse transpose: transposed dimensions must be sparse Got sparse_dim: {count}, d0: {dim0}, d1: {dim1}")
    dims = list(range(input._array.ndim))
    dims[dim0], dims[dim1] = dims[dim1], dims[dim0]
    return permute_dims(input, tuple(dims))


def unsqueeze_dim(input: Tensor, dim: int) -> Tensor:
    """A dimension of size 1 more: sparse if a sparse one stands behind it or all are sparse before it, else dense."""
    indices, values, coalesced = parts(input)
    count, size = input.sparse_dim(), input._array.shape
    size = (*size[:dim], 1, *size[dim:])
    if dim <= count:
        row = np.zeros((1, indices._array.shape[1]), np.int64)
        array = launch.contiguous_array(indices)
        return sparse_of(values.clone(), longs(np.concatenate([array[:dim], row, array[dim:]])), size, coalesced)
    return sparse_of(values.unsqueeze(dim - count + 1).clone(), indices, size, coalesced)


def squeeze_dims(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Without dimensions of size 1."""
    for dim in sorted(dims, reverse=True):
        input = select_index(input, dim, 0)
    return input


def taken(indices: Tensor, values: Tensor, kept: Any) -> tuple[Tensor, Tensor]:
    """The places and values with the numbers ``kept``."""
    kept = longs(kept)
    return indices.index_select(1, kept), values.index_select(0, kept)


def select_index(input: Tensor, dim: int, index: int) -> Tensor:
    """One slice of a dimension; strided if no sparse dimension is left."""
    indices, values, coalesced = parts(input)
    count, size = input.sparse_dim(), input._array.shape
    rest = size[:dim] + size[dim + 1:]
    if dim >= count:
        return sparse_of(values.select(dim - count + 1, index).clone(), indices, rest, coalesced)
    places, chosen = taken(indices, values, np.flatnonzero(indices._array[dim] == index))
    if count == 1:
        return chosen.sum(0, dtype=chosen.dtype) if chosen.dtype is not dtypes.bool_ else chosen.any(0)
    return sparse_of(chosen, with_row(places, dim, None), rest, coalesced)


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of ``dim`` at the positions in ``index``."""
    dim = wrap_dim(dim, input._array.ndim)
    if is_sparse(index):
        raise RuntimeError("index_select: the index must be strided")
    asked = indexing.places_of("index_select", index)
    if asked.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    asked, size, count = asked.ravel(), input._array.shape, input.sparse_dim()
    if indexing.first_wrong(asked, 0, size[dim]) is not None:
        raise IndexError(f"index_select(): index contains {indexing.first_wrong(asked, 0, size[dim])}, which is out of range for dimension "
                         f"{dim} of size {size[dim]}")
    indices, values, coalesced = parts(input)
    size = (*size[:dim], asked.size, *size[dim + 1:])
    if dim >= count:
        return sparse_of(values.index_select(dim - count + 1, longs(asked)), indices, size, coalesced)
    row = indices._array[dim]
    order = np.argsort(row, kind="stable")
    ordered = row[order]
    begin, end = np.searchsorted(ordered, asked, "left"), np.searchsorted(ordered, asked, "right")
    counts = end - begin
    starts = np.repeat(begin - np.cumsum(counts) + counts, counts)
    kept = order[starts + np.arange(starts.size)]
    places, chosen = taken(indices, values, kept)
    return sparse_of(chosen, with_row(places, dim, np.repeat(np.arange(asked.size), counts)), size, coalesced and dim == 0)


def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """A copy of ``length`` slices of ``dim`` from ``start`` on, of a sparse or a strided tensor.

    >>> torch.sparse_coo_tensor([[0, 2]], [1.0, 2.0]).narrow_copy(0, 1, 2).to_dense()
    tensor([0., 2.])
    """
    if not is_sparse(input):
        return slicing.narrow(input, dim, start, length).clone()
    dim = wrap_dim(dim, input._array.ndim)
    size, count = input._array.shape, input.sparse_dim()
    start = start + size[dim] if start < 0 else start
    if length < 0 or not 0 <= start <= size[dim] - length:
        raise RuntimeError(f"Invalid range to narrow. range(start, start+length) must be a subset of range(0, {size[dim]}), got start "
                           f"{start} and length {length}")
    indices, values, coalesced = parts(input)
    size = (*size[:dim], length, *size[dim + 1:])
    if dim >= count:
        return sparse_of(values.narrow(dim - count + 1, start, length).clone(), indices, size, coalesced)
    row = indices._array[dim]
    kept = np.flatnonzero((row >= start) & (row < start + length))
    places, chosen = taken(indices, values, kept)
    return sparse_of(chosen, with_row(places, dim, row[kept] - start), size, coalesced)


def cat_dim(tensors: tuple, dim: int, *, out: Any = None) -> Tensor:
    """Sparse tensors one after the other along ``dim``."""
    for place, one in enumerate(tensors):
        if not is_sparse(one):
            raise RuntimeError(f"Concatenating sparse tensors, but a dense tensor was found at position {place}.")
    if out is not None:
        raise RuntimeError("cat: out= is not supported for sparse tensors")
    first = tensors[0]
    dim, count, size = wrap_dim(dim, first._array.ndim), first.sparse_dim(), first._array.shape
    for place, one in enumerate(tensors):
        own = one._array.shape
        if len(own) != len(size) or one.sparse_dim() != count or any(a != b for d, (a, b) in enumerate(zip(size, own)) if d != dim):
            raise RuntimeError(f"All tensors must have the same shape except in dimension {dim}, and as many sparse dimensions: got "
                               f"{list(size)} with {count} of them and, at position {place}, {list(own)} with {one.sparse_dim()}")
    kind = joining.common_type(tensors)
    given = [parts(one.to(kind)) for one in tensors]
    lengths = [one._array.shape[dim] for one in tensors]
    starts = np.cumsum([0, *lengths]).tolist()
    total = (*size[:dim], starts[-1], *size[dim + 1:])
    coalesced = all(one[2] for one in given) and (dim == 0 < count or len(tensors) == 1)
    if dim < count:
        indices = np.concatenate([with_row(one[0], dim, one[0]._array[dim] + start)._array for one, start in zip(given, starts)], 1)
        return sparse_of(joining.cat([one[1] for one in given]), longs(indices), total, coalesced)
    wide = []
    for (_, values, _), start, length in zip(given, starts, lengths):
        shape = list(values.shape)
        around = []
        for missing in (start, starts[-1] - start - length):
            shape[dim - count + 1] = missing
            around.append(values.new_zeros(shape))
        wide.append(joining.cat([around[0], values, around[1]], dim - count + 1))
    return sparse_of(joining.cat(wide), joining.cat([one[0] for one in given], 1), total, coalesced)


def resize_as_(input: Tensor, the_template: Tensor) -> Tensor:
    """Give ``input`` the size of another tensor.

    >>> tensor([[1, 2], [3, 4]]).resize_as_(torch.ones(3))
    tensor([1, 2, 3])
    """
    if is_sparse(input) and input._array.shape == the_template._array.shape:
        return input
    if is_sparse(input):
        return input.sparse_resize_(the_template._array.shape, the_template.sparse_dim(), the_template.dense_dim())
    return copies.resize_as_(input, the_template)


def resize_as_sparse_(input: Tensor, the_template: Tensor) -> Tensor:
    """Give a sparse tensor the size of another, with as many sparse dimensions; values must stay inside, or there must be none.

    >>> s = torch.sparse_coo_tensor(size=(2,))
    >>> s.resize_as_sparse_(torch.sparse_coo_tensor(size=(3, 4))).shape
    torch.Size([3, 4])
    """
    for one in (input, the_template):
        check_sparse("resize_as_sparse_", one)
    return input.sparse_resize_(the_template._array.shape, the_template.sparse_dim(), the_template.dense_dim())


sparse_form(view.transpose_dims, transpose_dims)
sparse_form(view.permute_dims, permute_dims)
sparse_form(view.unsqueeze_dim, unsqueeze_dim)
sparse_form(view.squeeze_dims, squeeze_dims)
sparse_form(slicing.select_index, select_index)
sparse_form(indexing.index_select, index_select)
sparse_form(joining.cat_dim, cat_dim)
