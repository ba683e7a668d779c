"""Reductions of segments: pieces of a dimension that follow one another, of different lengths."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.device import CPU
from ..core.geometry import wrap_dim
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from .choosing import where
from .creation import full
from .joining import cat
from .scatter_reduce import gradients, scatter_reduce, start_of

Tensor = TensorBase
KERNEL_NUMBERS = {"sum": 0, "prod": 1, "amax": 2, "amin": 3}
REDUCTIONS = {"sum": "sum", "mean": "sum", "prod": "prod", "max": "amax", "min": "amin", "amax": "amax", "amin": "amin"}


def segment_reduce(data: Tensor, reduce: str, *, lengths: Tensor | None = None, indices: Tensor | None = None,
                   offsets: Tensor | None = None, axis: int = 0, unsafe: bool = False, initial: Any = None) -> Tensor:
    """The "sum", "mean", "max", "min" or "prod" of each segment of dimension ``axis``.

    Segments are given by their ``lengths``, or by ``offsets``: where each begins and, last, where the last one ends. If they are not the
    same for all, they have the dimensions of ``data`` before ``axis``, too. What an empty segment gives is ``initial``, or else 0, nan,
    minus infinity, infinity and 1; ``initial`` takes part in all segments, but does not count as an element of a mean.

    Shape: data (\\*batch, n, \\*rest), lengths (\\*batch, segments) or, where it is not batched, (segments,); the result is
    (\\*batch, segments, \\*rest). Lengths must add up to n unless ``unsafe``.

    >>> segment_reduce(tensor([1.0, 2.0, 3.0, 4.0]), "sum", lengths=tensor([1, 0, 3]))
    tensor([1., 0., 9.])
    >>> segment_reduce(tensor([1.0, 2.0, 3.0, 4.0]), "max", offsets=tensor([0, 2, 4]))
    tensor([2., 4.])
    """
    if reduce not in REDUCTIONS:
        raise RuntimeError(f"segment_reduce(): reduce argument must be either sum, prod, mean, max or min, got {reduce}")
    if indices is not None:
        raise RuntimeError("segment_reduce(): indices based reduction is not supported: give lengths or offsets")
    axis = wrap_dim(axis, data._array.ndim)
    if data._dtype.category != 2:
        raise launch.not_implemented("segment_reduce", data._dtype)
    starts, sizes = segments(data, lengths, offsets, axis, unsafe)
    made = segments_reduced(data, starts, sizes, REDUCTIONS[reduce], axis)
    count = wrap(sizes.reshape(*sizes.shape, *[1] * (data._array.ndim - axis - 1)), dtypes.int64).to(data._device)
    return with_initial(made, reduce, count, initial)


@op
def segments_reduced(data: Tensor, starts: np.ndarray, sizes: np.ndarray, how: str, axis: int) -> Tensor:
    """The sum, product, largest or smallest of each segment, or what these are of nothing."""
    size = data._array.shape
    if data._device is not CPU:
        return by_index(data, starts, sizes, how, axis)
    array = launch.contiguous_array(data)
    shape = (*size[:axis], sizes.shape[-1], *size[axis + 1:])
    made = memory.empty(shape, array.dtype)
    if made.size:
        outer, inner = math.prod(size[:axis]), math.prod(size[axis + 1:])
        begins, lengths = (np.ascontiguousarray(one).reshape(outer, -1) for one in (starts, sizes))
        launch.launch("reduce_segments", array.reshape(outer, size[axis], inner), begins, lengths, KERNEL_NUMBERS[how],
                      made.reshape(outer, -1, inner), work=array.size)
    return launch.deliver("segment_reduce", made, data._dtype, None)


def index_of(data: Tensor, starts: np.ndarray, sizes: np.ndarray, axis: int) -> Tensor:
    """The segment of each element; of those in none, the number of segments."""
    index = places(starts, sizes, data._array.shape[axis])
    index = index.reshape(*index.shape, *[1] * (data._array.ndim - axis - 1))
    return wrap(index, dtypes.int64).to(data._device).expand(data._array.shape)


def room(data: Tensor, count: int, how: str, axis: int) -> Tensor:
    """What ``count`` reductions begin with."""
    shape = (*data._array.shape[:axis], count, *data._array.shape[axis + 1:])
    return full(shape, float(start_of(how, np.dtype(np.float32))), dtype=data._dtype, device=data._device)


def by_index(data: Tensor, starts: np.ndarray, sizes: np.ndarray, how: str, axis: int) -> Tensor:
    """`segments_reduced` by the segment that each element is in."""
    made = scatter_reduce(room(data, sizes.shape[-1] + 1, how, axis), axis, index_of(data, starts, sizes, axis), data, how)
    return made.narrow(axis, 0, sizes.shape[-1])


def segment_gradient(grad: Tensor, data: Tensor, starts: np.ndarray, sizes: np.ndarray, how: str, axis: int, result: Tensor) -> Tensor:
    """That of writes by index, with one more place, which has no gradient, for what is in no segment."""
    index, start = index_of(data, starts, sizes, axis), room(data, sizes.shape[-1] + 1, how, axis)
    more = room(data, 1, how, axis)
    grad, result = cat((grad, more.new_zeros(more.shape)), axis), cat((result, more), axis)
    return gradients(grad, start, axis, index, data, how, False, result)[1]


segments_reduced.declaration.node_name = "SegmentReduceBackward0"
derivative(segments_reduced, data=segment_gradient)


def segments(data: Tensor, lengths: Tensor | None, offsets: Tensor | None, axis: int, unsafe: bool) -> tuple[np.ndarray, np.ndarray]:
    """Where segments begin and how long they are, checked."""
    name, given = ("lengths", lengths) if offsets is None else ("offsets", offsets)
    if given is None:
        raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined.")
    if not isinstance(given, TensorBase):
        raise TypeError(f"segment_reduce(): argument '{name}' must be Tensor, not {type(given).__name__}")
    if given._dtype not in (dtypes.int64, dtypes.int32):
        raise launch.not_implemented(f"segment_reduce with {name}", given._dtype)
    array, size = np.asarray(given.cpu()._array, np.int64), data._array.shape
    if array.ndim - 1 != axis or array.shape[:-1] != size[:axis]:
        raise RuntimeError(f"segment_reduce(): Expected axis to be the last dimension of {name}, whose others are those of data before it, "
                           f"but got axis {axis}, {name} of size {list(array.shape)} and data of size {list(size)}.")
    if offsets is None:
        starts, sizes = np.cumsum(array, -1) - array, array
    else:
        starts, sizes = array[..., :-1], np.diff(array, axis=-1)
    if (sizes < 0).any() or (starts < 0).any():
        raise RuntimeError(f"segment_reduce(): {name} contains negative value!" if offsets is None else
                           "segment_reduce(): offsets must not be negative and must not decrease")
    total = sizes.sum(-1)
    if offsets is None and not unsafe and (total != size[axis]).any() or ((starts + sizes) > size[axis]).any():
        raise RuntimeError(f"segment_reduce(): Expected all rows of {name} along axis to sum to data.size({axis}), which is "
                           f"{size[axis]}, but got {list(np.ravel(total))}.")
    return starts, sizes


def places(starts: np.ndarray, sizes: np.ndarray, n: int) -> np.ndarray:
    """For each element the segment it is in, or the number of segments for one that is in none."""
    made = np.full((*starts.shape[:-1], n), sizes.shape[-1], np.int64)
    for batch in np.ndindex(starts.shape[:-1]):
        begin, length = starts[batch], sizes[batch]
        covered = np.repeat(begin - (np.cumsum(length) - length), length) + np.arange(length.sum())
        made[batch][covered] = np.repeat(np.arange(len(length)), length)
    return made


def with_initial(made: Tensor, reduce: str, count: Tensor, initial: Any) -> Tensor:
    """Reductions with the initial value taken in, as means where these are wanted."""
    if reduce in ("sum", "mean") and initial is not None:
        made = made + initial
    elif reduce == "prod" and initial is not None:
        made = made * initial
    elif initial is not None:                   # where they are equal, the elements have the gradient
        made = where((made < initial) if reduce in ("max", "amax") else (made > initial), initial, made)
    if reduce != "mean":
        return made
    return where(count > 0, made / count.clamp(min=1), float("nan") if initial is None else initial)
