"""Sums, means and maxima of bags of rows, which are never made one by one."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..core import cuda_memory, launch, memory
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from . import indexing
from .embedding import check_integral, shorten_rows
from .sparse.construction import sparse_rows

Tensor = TensorBase
MODES = {"sum": 0, "mean": 1, "max": 2}


def factors(scale: Tensor | None, index: Any, by_frequency: bool, kind: Any) -> Any:
    """A factor for each row named, as an array; of size 0 if all are 1."""
    home = cuda_memory.device_of(index)
    own = memory.nothing(kind.compute, home) if scale is None else launch.contiguous_array(scale, kind)
    if not by_frequency:
        return own
    often = cuda_memory.moved(frequencies(index).astype(kind.compute), home)
    return own / often if own.size else 1 / often


def frequencies(index: Any) -> Any:
    """How often each index is named, as an array on the host."""
    known = cuda_memory.moved(index, CPU)
    return np.bincount(known)[known]


def sizes_of_bags(bounds: Tensor) -> Any:
    """The numbers of rows in the bags, as an array on the host."""
    return np.diff(cuda_memory.moved(bounds._array, CPU))


@op
def bag_sums(weight: Tensor, index: Tensor, bounds: Tensor, scale: Tensor | None, mean: bool, by_frequency: bool,
             sparse: bool = False) -> Tensor:
    """Sums or means of rows, each times its ``scale``; arguments are checked.

    ``by_frequency`` says that in the weight's gradient each row counts as if it had been named once, ``sparse`` that it is sparse.

    Shape: weight (rows, width), index (m), bounds (bags + 1), scale (m), result (bags, width).
    """
    kind, rows = weight._dtype, launch.contiguous_array(weight)
    places, ends = index._array, bounds._array
    made = memory.beside(rows, (ends.size - 1, rows.shape[1]), rows.dtype)
    launch.launch("bag_sums", rows, places, ends, factors(scale, places, False, kind), mean, made, device=weight._device,
                  work=(places.size + ends.size) * rows.shape[1])
    return launch.deliver("embedding_bag", made, kind, None)


@op
def bag_sums_backward(grad_output: Tensor, rows: int, index: Tensor, bounds: Tensor, scale: Tensor | None, mean: bool,
                      by_frequency: bool) -> Tensor:
    """Gradient of the weight of `bag_sums` (rows, width)."""
    kind, given = grad_output._dtype, launch.contiguous_array(grad_output)
    places = index._array
    made = memory.beside(given, (rows, given.shape[1]), given.dtype)
    launch.launch("bag_sums_backward", given, places, bounds._array, factors(scale, places, by_frequency, kind), mean, made,
                  device=grad_output._device, work=made.size + places.size * given.shape[1])
    return launch.deliver("embedding_bag_backward", made, kind, None)


def sparse_bag_sums_backward(grad: Tensor, size: tuple[int, ...], index: Tensor, bounds: Tensor, scale: Tensor | None,
                             mean: bool) -> Tensor:
    """The same as a sparse tensor: each row named with its bag's gradient."""
    counts = sizes_of_bags(bounds)
    owner = wrap(cuda_memory.moved(np.repeat(np.arange(counts.size), counts), grad._device), dtypes.int64)
    index = index.narrow(0, 0, owner._array.size)           # what lies behind the last bag is in none
    if mean:
        grad = grad / grad.new_tensor(np.maximum(counts, 1)).unsqueeze(1)
    values = grad.index_select(0, owner)
    if scale is not None:
        values = values * scale.narrow(0, 0, owner._array.size).unsqueeze(1)
    return sparse_rows(index, values, size)


@op
def bag_products(grad_output: Tensor, weight: Tensor, index: Tensor, bounds: Tensor, mean: bool) -> Tensor:
    """Gradient of the scale of `bag_sums` (m): products of rows and their bag's gradient."""
    kind, rows = weight._dtype, launch.contiguous_array(weight)
    made = memory.beside(rows, index._array.shape, rows.dtype)
    made.fill(0)                                            # what lies behind the last bag is in none
    launch.launch("bag_products", launch.contiguous_array(grad_output, kind), rows, index._array, bounds._array, mean, made,
                  device=weight._device, work=made.size * rows.shape[1])
    return launch.deliver("embedding_bag_backward", made, kind, None)


def _evened(scale: Tensor | None, index: Tensor, by_frequency: bool, like: Tensor) -> Tensor | None:
    """The factors with which gradients of rows were added up."""
    if not by_frequency:
        return scale
    often = like.new_tensor(frequencies(index._array))
    return 1 / often if scale is None else scale / often


bag_sums.declaration.node_name = "EmbeddingBagBackward0"
derivative(bag_sums, weight=lambda grad, weight_size, index, bounds, scale, mean, by_frequency, sparse:
           sparse_bag_sums_backward(grad, weight_size, index, bounds, _evened(scale, index, by_frequency, grad), mean) if sparse else
           bag_sums_backward(grad, weight_size[0], index, bounds, scale, mean, by_frequency),
           scale=lambda grad, weight, index, bounds, mean: bag_products(grad, weight, index, bounds, mean))
derivative(bag_sums_backward, grad_output=lambda grad, index, bounds, scale, mean, by_frequency:
           bag_sums(grad, index, bounds, _evened(scale, index, by_frequency, grad), mean, False),
           scale=lambda grad, grad_output, index, bounds, mean, by_frequency:
           _evened(bag_products(grad_output, grad, index, bounds, mean), index, by_frequency, grad))
derivative(bag_products, grad_output=lambda grad, weight, index, bounds, mean: bag_sums(weight, index, bounds, grad, mean, False),
           weight=lambda grad, grad_output, weight_size, index, bounds, mean:
           bag_sums_backward(grad_output, weight_size[0], index, bounds, grad, mean, False))


@op
def bag_maxima(weight: Tensor, index: Tensor, bounds: Tensor) -> tuple[Tensor, Tensor]:
    """The largest numbers of each bag's columns (bags, width), and the rows in which they stand."""
    kind, rows = weight._dtype, launch.contiguous_array(weight)
    shape = bounds._array.size - 1, rows.shape[1]
    made, places = memory.beside(rows, shape, rows.dtype), memory.beside(rows, shape, np.dtype(np.int64))
    launch.launch("bag_maxima", rows, index._array, bounds._array, places, made, device=weight._device,
                  work=(index._array.size + shape[0]) * shape[1])
    return launch.deliver("embedding_bag", made, kind, None), wrap(places, dtypes.int64)


@op
def bag_maxima_backward(grad_output: Tensor, rows: int, places: Tensor, bounds: Tensor) -> Tensor:
    """Gradient of the weight of `bag_maxima`."""
    kind, given = grad_output._dtype, launch.contiguous_array(grad_output)
    made = memory.beside(given, (rows, given.shape[1]), given.dtype)
    launch.launch("bag_maxima_backward", given, places._array, bounds._array, made, device=grad_output._device,
                  work=made.size + given.size)
    return launch.deliver("embedding_bag_backward", made, kind, None)


def _at_maxima(grad: Tensor, places: Tensor, bounds: Tensor) -> Tensor:
    """What gradients of rows contribute to those of the maxima; an empty bag has none."""
    empty = wrap(cuda_memory.moved((sizes_of_bags(bounds) == 0)[:, None], grad._device), dtypes.bool_)
    return grad.gather(0, places).masked_fill(empty, 0) if grad.shape[0] else grad.new_zeros(places.shape)


bag_maxima.declaration.node_name = "EmbeddingBagBackward0"
derivative(bag_maxima, weight=lambda grad, weight_size, results, bounds: bag_maxima_backward(grad, weight_size[0], results[1], bounds))
derivative(bag_maxima_backward, grad_output=lambda grad, places, bounds: _at_maxima(grad, places, bounds))


def bounds_of(offsets: Tensor, count: int, include_last_offset: bool) -> Any:
    """Where the bags of ``count`` rows begin, and behind them where the last ends."""
    check_integral("embedding_bag", "offsets", offsets)
    starts = cuda_memory.moved(launch.contiguous_array(offsets, dtypes.int64), CPU)
    if include_last_offset and not starts.size:
        raise RuntimeError("embedding_bag: include_last_offset: number of offset should be at least 1, got none")
    if starts.size and starts[0] != 0:
        raise RuntimeError("embedding_bag: offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position "
                           f"0. However, got {starts[0]}")
    if starts.size and starts[-1] > count:
        raise RuntimeError(f"embedding_bag: offsets[-1] can not be greater than input's length {count} but got offsets[-1] of {starts[-1]}")
    if (starts[1:] < starts[:-1]).any():
        raise RuntimeError(f"embedding_bag: offsets must not decrease, got {starts.tolist()}")
    return starts if include_last_offset else np.append(starts, count if starts.size else 0)


def bags(weight: Tensor, index: Tensor, bounds: Any, mode: int, scale: Tensor | None, by_frequency: bool,
         padding_idx: int | None, sparse: bool) -> tuple[Tensor, Tensor | None]:
    """The result of `embedding_bag` of rows ``index`` (m), and where its maxima are."""
    rows, places = weight._array.shape[0], launch.contiguous_array(index, dtypes.int64)
    wrong = indexing.first_wrong(places, 0, rows)
    if wrong is not None:
        raise RuntimeError(f"embedding_bag: input has index {wrong}, which is not in the valid range [0, {rows})")
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise RuntimeError(f"embedding_bag: padding_idx must be within the number of embeddings, -{rows} through {rows - 1}, but got "
                           f"{padding_idx}")
    if padding_idx is not None:
        kept = cuda_memory.moved(places, CPU) != padding_idx % rows
        if not kept.all():
            bounds = np.append(0, np.cumsum(kept))[bounds]
            left = wrap(cuda_memory.moved(np.flatnonzero(kept), weight._device), dtypes.int64)
            scale = None if scale is None else scale.index_select(0, left)
            places = wrap(places, dtypes.int64).index_select(0, left)._array
    places, ends = wrap(places, dtypes.int64), wrap(cuda_memory.moved(bounds, weight._device), dtypes.int64)
    if mode == 2:
        return bag_maxima(weight, places, ends)
    return bag_sums(weight, places, ends, scale, mode == 1, by_frequency, sparse), None


def check_options(mode: Any, sparse: bool, by_frequency: bool, scaled: bool) -> None:
    """Refuse options that do not go together."""
    if mode not in MODES:
        raise ValueError(f"embedding_bag: mode has to be one of sum, mean or max, got {mode!r}")
    if mode == "max" and by_frequency:
        raise ValueError("embedding_bag: max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("embedding_bag: max mode does not support sparse weights")
    if scaled and mode != "sum":
        raise NotImplementedError("embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
                                  f"(got mode='{mode}').")


def check_weights(weight: Tensor, input: Tensor, scale: Tensor | None) -> None:
    """weight must be a table of floats, and scale one of them for each row named."""
    if weight._array.ndim != 2:
        raise ValueError(f"embedding_bag: weight has to be a 2D Tensor, but got Tensor of dimension {weight._array.ndim}")
    if weight._dtype.category != 2:
        raise RuntimeError("Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, BFloat16, Float, "
                           f"Double; but got {weight._dtype.tensor_name} instead (embedding_bag)")
    if scale is not None and scale._array.shape != input._array.shape:
        raise ValueError(f"embedding_bag: If per_sample_weights ({list(scale._array.shape)}) is not None, then it must have the same shape "
                         f"as the input ({list(input._array.shape)})")
    if scale is not None and scale._dtype is not weight._dtype:
        raise RuntimeError("embedding_bag: Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 "
                           f"'per_sample_weights'; but type {weight._dtype.tensor_name} does not equal {scale._dtype.tensor_name}")


def embedding_bag(input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None, norm_type: float = 2,
                  scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
                  per_sample_weights: Tensor | None = None, include_last_offset: bool = False, padding_idx: int | None = None) -> Tensor:
    """Sums, means or maxima (``mode``) of the rows of ``weight`` that each bag of ``input`` names; zeros for an empty bag.

    Each row of a 2-D input is a bag. A 1-D input holds the bags behind each other, which begin at ``offsets``; with
    ``include_last_offset`` the last of these is the end of the last bag. In sums each row may have a factor, ``per_sample_weights``.
    The row ``padding_idx`` is left out, and takes no gradient. With ``sparse`` the gradient of ``weight`` is a sparse tensor.
    For ``max_norm``, which shortens rows of ``weight`` in place, and ``scale_grad_by_freq`` see `embedding`.

    Shape: input (bags, size), or (m) with offsets (bags); weight (rows, width); result (bags, width).

    >>> torch.nn.functional.embedding_bag(tensor([1, 0, 1]), tensor([[1.0, 2.0], [3.0, 5.0]]), tensor([0, 2]), mode="sum")
    tensor([[4., 7.],
            [3., 5.]])
    """
    if weight._dtype in (dtypes.int64, dtypes.int32) and input._dtype.category == 2:
        warnings.warn("Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is "
                      "deprecated, and should now be `embedding_bag(input, weight, ...)`.", stacklevel=2)
        input, weight = weight, input
    check_options(mode, sparse, scale_grad_by_freq, per_sample_weights is not None)
    check_weights(weight, input, per_sample_weights)
    check_integral("embedding_bag", "indices", input)
    if input._array.ndim == 2:
        if offsets is not None:
            raise ValueError("embedding_bag: if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed "
                             f"length sequences. However, found offsets of type {type(offsets)}")
        count, size = input._array.shape
        bounds = np.arange(count + 1) * size
    elif input._array.ndim == 1:
        if not isinstance(offsets, TensorBase) or offsets._array.ndim != 1:
            raise ValueError("embedding_bag: offsets has to be a 1D Tensor for 1D input" + ("" if offsets is not None else " but got None"))
        bounds = bounds_of(offsets, input._array.size, include_last_offset)
    else:
        raise ValueError(f"embedding_bag: input has to be 1D or 2D Tensor, but got Tensor of dimension {input._array.ndim}")
    if max_norm is not None:
        shorten_rows(weight, input, float(max_norm), float(norm_type))
    scale = None if per_sample_weights is None else per_sample_weights.reshape(-1)
    return bags(weight, input.reshape(-1), bounds, MODES[mode], scale, scale_grad_by_freq, padding_idx, sparse)[0]


def embedding_bag_with_places(weight: Tensor, indices: Tensor, offsets: Tensor, scale_grad_by_freq: bool = False, mode: int = 0,
                              sparse: bool = False, per_sample_weights: Tensor | None = None, include_last_offset: bool = False,
                              padding_idx: int | None = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """`functional.embedding_bag` of 1-D ``indices`` for ``mode`` 0 (sum), 1 (mean) or 2 (max).

    Behind the result come the bag of each index, the numbers of rows in the bags, and the rows that hold the maxima; of the last two
    torch fills in what the mode needs, and so does this.

    >>> torch.embedding_bag(tensor([[1.0], [2.0]]), tensor([0, 1, 1]), tensor([0, 2]))[:2]
    (tensor([[3.],
            [2.]]), tensor([0, 0, 1]))
    """
    if mode not in (0, 1, 2):
        raise ValueError(f"embedding_bag: mode has to be 0 (sum), 1 (mean) or 2 (max), got {mode}")
    check_options(list(MODES)[mode], sparse, scale_grad_by_freq, per_sample_weights is not None)
    check_weights(weight, indices, per_sample_weights)
    check_integral("embedding_bag", "indices", indices)
    if indices._array.ndim != 1:
        raise RuntimeError(f"embedding_bag: indices must be 1-D, got {indices._array.ndim}-D")
    bounds = bounds_of(offsets, indices._array.size, include_last_offset)
    result, places = bags(weight, indices, bounds, mode, per_sample_weights, scale_grad_by_freq, padding_idx, sparse)
    owner, named = np.searchsorted(bounds[1:-1], np.arange(indices._array.size), "right"), cuda_memory.moved(indices._array, CPU)
    kept = np.ones(owner.size, bool) if padding_idx is None else named != padding_idx % weight._array.shape[0]
    sizes = np.bincount(owner[kept], minlength=bounds.size - 1)[:bounds.size - 1] if mode else np.zeros(bounds.size - 1, np.int64)
    owner, sizes = (wrap(cuda_memory.moved(one, weight._device), dtypes.int64) for one in (owner, sizes))
    return result, owner, sizes, sizes.clone() if places is None else places
