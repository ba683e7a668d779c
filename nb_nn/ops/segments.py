"""Reductions of segments: pieces of a dimension that follow one another, of different lengths."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch
from ..core.geometry import wrap_dim
from ..core.tensor_base import TensorBase, wrap
from .choosing import where
from .creation import full
from .scatter_reduce import scatter_reduce, start_of

Tensor = TensorBase
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
    index = places(starts, sizes, data._array.shape[axis])
    shape = (*data._array.shape[:axis], sizes.shape[-1] + 1, *data._array.shape[axis + 1:])     # one more, for what is in no segment
    index = wrap(index.reshape(*index.shape, *[1] * (data._array.ndim - axis - 1)), dtypes.int64).to(data._device).expand(data._array.shape)
    how = REDUCTIONS[reduce]
    start = full(shape, float(start_of(how, np.dtype(np.float32))), dtype=data._dtype, device=data._device)
    made = scatter_reduce(start, axis, index, data, how).narrow(axis, 0, sizes.shape[-1])
    count = wrap(sizes.reshape(*sizes.shape, *[1] * (data._array.ndim - axis - 1)), dtypes.int64).to(data._device)
    return with_initial(made, reduce, count, initial)


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
