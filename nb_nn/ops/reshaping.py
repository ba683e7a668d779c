"""Later functions that only rearrange: splits at places, columns and blocks, views written into a copy."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import geometry, launch
from ..core.geometry import sizes_of, wrap_dim
from ..core.op import no_derivative, op
from ..core.size import Size
from ..core.tensor_base import TensorBase, wrap
from . import as_strided, copies, creation, from_data, joining, masking, sequences, slicing, view

Tensor = TensorBase


def swapaxes_(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """In-place form of :func:`swapaxes`."""
    return input.transpose_(axis0, axis1)


def swapdims_(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """In-place form of :func:`swapdims`."""
    return input.transpose_(dim0, dim1)


def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension, adjacent in memory: a view where that is possible.

    >>> ravel(tensor([[1, 2], [3, 4]]))
    tensor([1, 2, 3, 4])
    """
    return view.contiguous(view.reshape(input, (-1,)))


def narrow_copy(input: Tensor, dim: int, start: int, length: int, *, out: Tensor | None = None) -> Tensor:
    """A copy of `narrow`.

    >>> torch.narrow_copy(tensor([1, 2, 3]), 0, 1, 2)
    tensor([2, 3])
    """
    return launch.into_out("narrow_copy", copies.clone(slicing.narrow(input, dim, start, length)).contiguous(), out)


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of nearly equal parts (a number of them), or of the parts between given indices.

    >>> torch.tensor_split(tensor([1, 2, 3, 4]), 3)
    (tensor([1, 2]), tensor([3]), tensor([4]))
    >>> torch.tensor_split(tensor([1, 2, 3, 4]), (1, 3))
    (tensor([1]), tensor([2, 3]), tensor([4]))
    """
    if not input._array.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim = wrap_dim(dim, input._array.ndim)
    size = input._array.shape[dim]
    if isinstance(indices_or_sections, TensorBase):
        if indices_or_sections._array.ndim > 1 or indices_or_sections._dtype is not dtypes.int64:
            raise RuntimeError("tensor_split expected tensor_indices_or_sections to be a 0- or 1-dimensional tensor of type torch.int64")
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        if indices_or_sections <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {indices_or_sections}")
        small, more = divmod(size, indices_or_sections)
        ends = [number * small + min(number, more) for number in range(indices_or_sections + 1)]
        return tuple([slicing.narrow(input, dim, start, end - start) for start, end in zip(ends, ends[1:])])
    edges = [slice(None, index).indices(size)[1] for index in indices_or_sections]
    return tuple([slicing.narrow(input, dim, start, max(end - start, 0)) for start, end in zip([0, *edges], [*edges, size])])


def _split(name: str, least: int, dim: int, input: Tensor, parts: Any) -> tuple[Tensor, ...]:
    if input._array.ndim < least:
        raise RuntimeError(f"torch.{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, but got a tensor with "
                           f"{input._array.ndim} dimensions!")
    size = input._array.shape[dim]
    if isinstance(parts, int) and (parts <= 0 or size % parts):
        raise RuntimeError(f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {size} is not divisible "
                           f"by the split_size {parts}!")
    return tensor_split(input, parts, dim)


def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along dimension 1 (0 of a vector) into equal parts, or at indices.

    >>> torch.hsplit(tensor([1, 2, 3, 4]), 2)
    (tensor([1, 2]), tensor([3, 4]))
    """
    return _split("hsplit", 1, min(input._array.ndim - 1, 1), input, indices_or_sections)


def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along dimension 0 into equal parts, or at indices.

    >>> torch.vsplit(tensor([[1], [2]]), 2)
    (tensor([[1]]), tensor([[2]]))
    """
    return _split("vsplit", 2, 0, input, indices_or_sections)


def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along dimension 2 into equal parts, or at indices.

    >>> torch.dsplit(tensor([[[1, 2]]]), 2)
    (tensor([[[1]]]), tensor([[[2]]]))
    """
    return _split("dsplit", 3, 2, input, indices_or_sections)


def column_stack(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """Vectors as columns, and matrices, beside each other.

    >>> torch.column_stack((tensor([1, 2]), tensor([3, 4])))
    tensor([[1, 3],
            [2, 4]])
    """
    columns = [view.reshape(one, (one._array.size, 1)) if one._array.ndim <= 1 else one for one in tensors]
    return joining.hstack(columns, out=out)


def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices (vectors are rows) along the diagonal of a matrix that is zero elsewhere.

    >>> torch.block_diag(tensor([[1]]), tensor([2, 3]))
    tensor([[1, 0, 0],
            [0, 2, 3]])
    """
    if any(one._array.ndim > 2 for one in tensors):
        raise RuntimeError("torch.block_diag(): Input tensors must have 2 or fewer dimensions. Input "
                           f"{next(i for i, one in enumerate(tensors) if one._array.ndim > 2)} has more")
    blocks = [view.reshape(one, (1, -1)) if one._array.ndim < 2 else one for one in tensors]
    kind = joining.common_type(tuple(blocks)) if blocks else dtypes.get_default_dtype()
    width = sum(block._array.shape[1] for block in blocks)
    rows, before = [], 0
    for block in blocks:
        height, own = block._array.shape
        left = creation.zeros(height, before, dtype=kind, device=block._device)
        right = creation.zeros(height, width - before - own, dtype=kind, device=block._device)
        rows.append(joining.cat((left, block.to(kind), right), 1))
        before += own
    return joining.cat(rows) if rows else creation.empty(1, 0)


def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Kronecker product: ``other`` times each element of ``input``, laid out where the element is.

    >>> torch.kron(tensor([1, 10]), tensor([1, 2]))
    tensor([ 1,  2, 10, 20])
    """
    ndim = max(input._array.ndim, other._array.ndim)
    a, b = ((1,) * (ndim - one._array.ndim) + one._array.shape for one in (input, other))
    first = view.reshape(input, tuple([size for pair in zip(a, (1,) * ndim) for size in pair]))
    second = view.reshape(other, tuple([size for pair in zip((1,) * ndim, b) for size in pair]))
    made = view.reshape(first * second, tuple([p * q for p, q in zip(a, b)]))
    return launch.into_out("kron", made, out)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The Vandermonde matrix: powers of each element in a row, falling unless ``increasing``.

    >>> torch.vander(tensor([2, 3]))
    tensor([[2, 1],
            [3, 1]])
    """
    if x._array.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    count = x._array.shape[0] if N is None else N
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    powers = sequences.arange(count, device=x._device)
    return view.unsqueeze(x, -1) ** (powers if increasing else (count - 1) - powers)


def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """The places in each dimension of a tensor of size ``shape`` of places in the flattened tensor.

    >>> torch.unravel_index(tensor([5]), (2, 3))
    (tensor([1]), tensor([2]))
    """
    if indices._dtype.category != 1:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices._dtype}")
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(size < 0 for size in shape):
        raise ValueError(f"'shape' cannot have negative values, but got {shape}")
    indices, places = indices.to(dtypes.int64), []
    for d in range(len(shape)):
        step = math.prod(shape[d + 1:])
        places.append((indices // max(step, 1)) % max(shape[d], 1))
    return tuple(places)


def broadcast_shapes(*shapes: Any) -> Size:
    """The size of a result of tensors of these sizes.

    >>> torch.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    return Size(geometry.broadcast_shapes(*[(one,) if isinstance(one, int) else tuple(one) for one in shapes]))


def argwhere(input: Tensor) -> Tensor:
    """The places of the elements that are not zero, a row each.

    >>> torch.argwhere(tensor([0, 5, 6]))
    tensor([[1],
            [2]])
    """
    return masking.nonzero(input)


def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Sums of products along the last dimensions; a 0-d tensor multiplies.

    >>> torch.inner(tensor([1, 2]), tensor([3, 4]))
    tensor(11)
    """
    if not input._array.ndim or not other._array.ndim:
        made = input * other
    elif input._array.shape[-1] != other._array.shape[-1]:
        raise RuntimeError(f"inner() the last dimension must match on both input tensors but got shapes {list(input._array.shape)} and "
                           f"{list(other._array.shape)}")
    else:
        rows = view.reshape(input, (-1, input._array.shape[-1])) @ view.reshape(other, (-1, other._array.shape[-1])).t()
        made = view.reshape(rows, input._array.shape[:-1] + other._array.shape[:-1])
    return launch.into_out("inner", made, out)


def with_part(input: Tensor, part: Any, src: Tensor) -> Tensor:
    made = copies.clone(input)
    return written(made, part(made), src)


def written(made: Tensor, target: Tensor, src: Tensor) -> Tensor:
    """``made``, after ``src`` was written to its part ``target``."""
    if target.shape != src.shape:
        raise RuntimeError(f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = "
                           f"{list(target.shape)}")
    target.copy_(src)
    return made


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of ``input`` in which ``src`` stands where `select` looks.

    >>> torch.select_scatter(zeros(2, 2), torch.ones(2), 0, 0)
    tensor([[1., 1.],
            [0., 0.]])
    """
    return with_part(input, lambda made: slicing.select(made, dim, index), src)


def slice_scatter(input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1, *,
                  out: Tensor | None = None) -> Tensor:
    """A copy of ``input`` in which ``src`` stands in a slice of ``dim``.

    >>> torch.slice_scatter(zeros(4), torch.ones(2), 0, 0, 4, 2)
    tensor([1., 0., 1., 0.])
    """
    where = (slice(None),) * wrap_dim(dim, input._array.ndim) + (slice(start, end, step),)
    return launch.into_out("slice_scatter", with_part(input, lambda made: made[where], src), out)


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of ``input`` with ``src`` in a diagonal.

    >>> torch.diagonal_scatter(zeros(2, 2), torch.ones(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    return with_part(input, lambda made: slicing.diagonal(made, offset, dim1, dim2), src)


def fill_diagonal_(input: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Write a number to the diagonal, in place; of a tall matrix with ``wrap`` to the diagonals of its square blocks, too.

    >>> zeros(2, 2).fill_diagonal_(5)
    tensor([[5., 0.],
            [0., 5.]])
    """
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    strides = input.stride()
    count = min(shape)
    if wrap and len(shape) == 2 and shape[0] > shape[1] + 1:
        steps = np.arange(0, shape[0] * shape[1], shape[1] + 1)
        for row, column in zip(steps // shape[1], steps % shape[1]):
            input[int(row), int(column)] = fill_value
        return input
    as_strided.as_strided(input, (count,), (sum(strides),), input.storage_offset()).fill_(fill_value)
    return input


@op
def isin_elements(elements: Tensor, test_elements: Tensor, invert: bool) -> Tensor:
    """`isin` of tensors."""
    kind = dtypes.promote_operands((elements, test_elements))
    found = np.isin(launch.computing_array(elements, kind), launch.computing_array(test_elements, kind), invert=invert)
    return wrap(np.asarray(found), dtypes.bool_)


no_derivative(isin_elements)


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False,
         out: Tensor | None = None) -> Tensor:
    """Which elements are among ``test_elements`` (with ``invert``, which are not). One of the two may be a number.

    >>> torch.isin(tensor([1, 2, 3]), tensor([3, 1]))
    tensor([ True, False,  True])
    """
    if not isinstance(elements, TensorBase) and not isinstance(test_elements, TensorBase):
        raise TypeError("isin(): elements and test_elements cannot both be numbers")
    first, second = (one if isinstance(one, TensorBase) else from_data.tensor(one) for one in (elements, test_elements))
    return launch.into_out("isin", isin_elements(first, second, invert), out)


def new_empty_strided(input: Tensor, size: Any, stride: Any, dtype: Any = None, layout: Any = None, device: Any = None,
                      requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """`empty_strided` in ``input``'s type.

    >>> zeros(1).new_empty_strided((2, 2), (1, 2)).stride()
    (1, 2)
    """
    return creation.empty_strided(sizes_of((size,)), sizes_of((stride,)), dtype=dtype or input._dtype, layout=layout,
                                  device=device or input._device, requires_grad=requires_grad, pin_memory=pin_memory)
