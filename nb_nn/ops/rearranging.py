"""Elements repeated, turned round, and combined."""
from __future__ import annotations

import itertools
import math
import operator
from typing import Any

import numpy as np

from nb_nn.kernels import table

from ..core import dtype as dtypes
from ..core import launch, loops, memory
from ..core.device import CPU
from ..core.geometry import broadcast_shapes, sizes_of, wrap_dim, wrap_dims
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from . import copies, reduction, view
from .indexing import bits, index_select, packed
from .joining import SMALL, joined, stack

Tensor = TensorBase


def repeat(input: Tensor, *sizes: Any) -> Tensor:
    """``input`` copied so often along each dimension; new dimensions come in front.

    >>> repeat(tensor([1, 2]), 2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    times = sizes_of(sizes or ((),))
    shape = input._array.shape
    missing = len(times) - len(shape)
    if missing < 0:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    if any(one < 0 for one in times):
        raise RuntimeError(f"Trying to create tensor with negative dimension: repeat got {list(times)}")
    return repeat_times(input, times)


@op
def repeat_times(input: Tensor, times: tuple[int, ...]) -> Tensor:
    """`repeat` with checked numbers, of which there are at least as many as dimensions."""
    shape = (1,) * (len(times) - input._array.ndim) + input._array.shape
    made = launch.empty(tuple([many * size for many, size in zip(times, shape)]), input._dtype, input._device)
    if made._array.size == 0:
        return made
    array, target = input._array.reshape(shape), made._array
    if target.size < loops.SMALL or input._device is not CPU:
        apart = target.reshape([one for pair in zip(times, shape) for one in pair])
        apart[...] = array.reshape([one for size in shape for one in (1, size)])
        return made
    launch.copy_apart(array, target[tuple(map(slice, shape))])
    for dim in reversed(range(len(shape))):     # the further out, the longer what lies side by side
        before, filled, whole = tuple(map(slice, shape[:dim])), shape[dim], target.shape[dim]
        while filled < whole:
            end = min(2 * filled, whole)
            launch.copy_apart(target[(*before, slice(0, end - filled))], target[(*before, slice(filled, end))])
            filled = end
    return made


def repeated_gradient(grad: Tensor, input_size: tuple[int, ...], times: tuple[int, ...]) -> Tensor:
    """The sum of the gradients of all copies of an element."""
    shape = (1,) * (len(times) - len(input_size)) + input_size
    if 0 in grad._array.shape:
        return grad.new_zeros(input_size)
    apart = view.reshape(grad, [one for pair in zip(times, shape) for one in pair])
    return view.reshape(reduction.sum(apart, list(range(0, 2 * len(times), 2))), input_size) if times else grad


repeat_times.declaration.node_name = "RepeatBackward0"
derivative(repeat_times, input=repeated_gradient)


def tile(input: Tensor, *dims: Any) -> Tensor:
    """`repeat`, with ones in front if there are fewer numbers than dimensions.

    >>> tile(tensor([[1], [2]]), 2)
    tensor([[1, 1],
            [2, 2]])
    """
    times = sizes_of(dims)
    return repeat(input, (1,) * (input._array.ndim - len(times)) + times)


def repeat_interleave(input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None) -> Tensor:
    """Each slice of ``dim`` repeated: all equally often, or as often as ``repeats`` says of each. Without ``dim`` the elements
    of the flattened tensor. With a tensor of repeats alone: each position as often as it says.

    >>> repeat_interleave(tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    >>> repeat_interleave(tensor([1, 2]), tensor([1, 3]))
    tensor([1, 2, 2, 2])
    """
    if repeats is None:
        return wrap(positions_repeated(input), dtypes.int64)
    if dim is None:
        input, dim = view.flatten(input), 0
    dim = wrap_dim(dim, input._array.ndim)
    if isinstance(repeats, (tuple, list)):
        from .from_data import tensor

        repeats = tensor(repeats)
    if not isinstance(repeats, TensorBase):
        many = operator.index(repeats)
        if many < 0:
            raise RuntimeError("repeats has to be non-negative")
        if input._array.ndim == 0:
            input = view.reshape(input, (1,))
        wide = view.unsqueeze(input, dim + 1)
        wide = view.expand(wide, [many if d == dim + 1 else -1 for d in range(wide._array.ndim)])
        return view.contiguous(view.flatten(wide, dim, dim + 1))
    if repeats._array.size == 1:
        return repeat_interleave(input, int(repeats.item()), dim)
    if repeats._array.ndim != 1 or repeats._array.size != input._array.shape[dim]:
        raise RuntimeError(f"repeats must have the same size as input along dim, but got repeats.size(0) = {repeats._array.size} and "
                           f"input.size({dim}) = {input._array.shape[dim]}")
    return index_select(input, dim, wrap(positions_repeated(repeats), dtypes.int64))


def positions_repeated(repeats: Tensor) -> Any:
    """Positions 0, 1, ... each as often as ``repeats`` says."""
    if repeats._dtype not in (dtypes.int64, dtypes.int32) or repeats._array.ndim > 1:
        raise RuntimeError("repeats has to be a 1-D tensor of int64 or int32")
    if repeats._array.size and repeats._array.min() < 0:
        raise RuntimeError("repeats can not be negative")
    return np.repeat(np.arange(repeats._array.size), repeats._array.reshape(-1))


def flip(input: Tensor, *dims: Any, **given: Any) -> Tensor:
    """A copy with the order of the elements along ``dims`` reversed.

    >>> flip(tensor([[1, 2], [3, 4]]), [0, 1])
    tensor([[4, 3],
            [2, 1]])
    """
    dims = sizes_of(dims or (given.pop("dims", ()),))
    if given:
        raise TypeError(f"flip() got an unexpected keyword argument {sorted(given)[0]!r}")
    return flip_dims(input, wrap_dims(dims, input._array.ndim))


@op
def flip_dims(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    """`flip` of checked dims."""
    array = input._array
    if array.ndim == 0:
        return copies.clone(input)
    backwards = array[tuple([slice(None, None, -1 if d in dims else 1) for d in range(array.ndim)])]
    made = memory.beside(array, array.shape, array.dtype)
    if array.size < SMALL or not isinstance(array, np.ndarray):
        made[...] = backwards
    elif tuple(sorted(dims)) == tuple(range(array.ndim - len(dims), array.ndim)) != ():      # the last ones together are one row
        row = math.prod(array.shape[array.ndim - len(dims):])
        launch.launch("reverse_rows", bits(packed(array, input._dtype)).reshape(-1, row), bits(made).reshape(-1, row))
    else:
        copy_any_strides(bits(backwards), bits(made))
    return wrap(made, input._dtype)


def copy_any_strides(source: Any, target: Any) -> None:
    """Copy between arrays of unsigned integers, also where strides are negative."""
    rows = table.loops_of("cpu").rows("copy", 1)
    if source.ndim <= 4:
        new = (None,) * (4 - source.ndim)
        rows(source[new], (), target[new])
        return
    for index in itertools.product(*map(range, source.shape[:-4])):
        rows(source[index], (), target[index])


flip_dims.declaration.node_name = "FlipBackward0"
derivative(flip_dims, input=lambda grad, dims: flip_dims(grad, dims))


def fliplr(input: Tensor) -> Tensor:
    """Columns in reverse order.

    >>> fliplr(tensor([[1, 2], [3, 4]]))
    tensor([[2, 1],
            [4, 3]])
    """
    if input._array.ndim < 2:
        raise RuntimeError("fliplr: Input must be >= 2-d.")
    return flip(input, 1)


def flipud(input: Tensor) -> Tensor:
    """Rows in reverse order.

    >>> flipud(tensor([1, 2]))
    tensor([2, 1])
    """
    if not input._array.ndim:
        raise RuntimeError("flipud: Input must be >= 1-d.")
    return flip(input, 0)


def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Elements moved on along ``dims``, those that leave at the end coming in at the start; without dims, in the flattened
    tensor.

    >>> roll(tensor([1, 2, 3, 4]), 1)
    tensor([4, 1, 2, 3])
    """
    shifts = sizes_of((shifts,))
    if dims is None or dims == () or dims == []:
        if len(shifts) != 1:
            raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:0")
        if input._array.ndim == 1:
            return roll_dims(input, shifts, (0,))
        return view.reshape(roll_dims(view.reshape(input, (-1,)), shifts, (0,)), input._array.shape)
    if not input._array.ndim:
        raise IndexError(f"Dimension specified as {dims} but tensor has no dimensions")
    dims = tuple([wrap_dim(dim, input._array.ndim) for dim in sizes_of((dims,))])
    if not shifts:
        raise RuntimeError("`shifts` required")
    if len(shifts) != len(dims):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    return roll_dims(input, shifts, dims)


@op
def roll_dims(input: Tensor, shifts: tuple[int, ...], dims: tuple[int, ...]) -> Tensor:
    """`roll` along checked dims."""
    if input._array.size == 0 or input._array.ndim == 0:
        return copies.clone(input)
    for shift, dim in zip(shifts, dims):
        size = input._array.shape[dim]
        cut = -shift % size
        array, before = input._array, (slice(None),) * dim
        parts = [array[(*before, slice(cut, size))], array[(*before, slice(0, cut))]]
        input = joined("roll", (input, input), parts, dim, input._dtype, None)
    return input


roll_dims.declaration.node_name = "RollBackward0"
derivative(roll_dims, input=lambda grad, shifts, dims: roll_dims(grad, tuple([-shift for shift in shifts]), dims))


def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """``input`` turned by ``k`` quarter turns in the plane of two dims, from the first towards the second.

    >>> rot90(tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    dims = sizes_of((dims,))
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if input._array.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {input._array.ndim}")
    first, second = [wrap_dim(dim, input._array.ndim) for dim in dims]
    if first == second:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    if k % 4 == 2:
        return flip(input, first, second)
    if k % 4 == 1:
        return view.transpose(flip(input, second), first, second)
    if k % 4 == 3:
        return view.transpose(flip(input, first), first, second)
    return copies.clone(input)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple:
    """For vectors (or 0-d tensors), a tensor each that repeats it over the grid of all: the first runs along the first
    dimension with "ij", along the second with "xy".

    >>> meshgrid(tensor([1, 2]), tensor([3, 4, 5]))[0]
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for one in tensors:
        if one._array.ndim > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {one!r}")
        if one._dtype is not tensors[0]._dtype:
            raise RuntimeError(f"meshgrid expects all tensors to have the same dtype, got {tensors[0].dtype} and {one.dtype}")
    size = [one._array.size for one in tensors]
    made = [view.expand(view.reshape(one, [-1 if d == place else 1 for d in range(len(size))]), size)
            for place, one in enumerate(tensors)]
    if indexing == "xy" and len(size) > 1:
        made = [view.transpose(one, 0, 1) for one in made]
    return tuple(made)


def broadcast_tensors(*tensors: Any) -> tuple:
    """Views of all tensors in the size that they broadcast to.

    >>> broadcast_tensors(tensor([1, 2]), tensor([[3], [4]]))[0]
    tensor([[1, 2],
            [1, 2]])
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    size = broadcast_shapes(*[one._array.shape for one in tensors])
    return tuple([view.expand(one, size) for one in tensors])


def cartesian_prod(*tensors: Any) -> Tensor:
    """All ways to take one element of each vector, a row each; of one vector, the vector itself.

    >>> cartesian_prod(tensor([1, 2]), tensor([3, 4]))
    tensor([[1, 3],
            [1, 4],
            [2, 3],
            [2, 4]])
    """
    for one in tensors:
        if one._array.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(one._array.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([view.flatten(one) for one in meshgrid(*tensors)], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All ways to take ``r`` elements of a vector in their order, a row each.

    >>> combinations(tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if input._array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input._array.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return input.new_empty((0,))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(input._array.size), r)), np.int64).reshape(-1, r)
    return view.reshape(index_select(input, 0, wrap(places.reshape(-1), dtypes.int64)), places.shape)
