"""Scatter and index writes that reduce: sums, products, means and extremes of all elements written to one place."""
from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from nb_nn.kernels import table

from ..core import cuda_memory, launch, memory
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.geometry import wrap_dim
from ..core.op import derivative, holomorphic, inplace, op
from ..core.state import state
from ..core.tensor_base import TensorBase, wrap
from . import copies, scatter
from .choosing import where
from .indexing import check_range, corner, folded, kernels, places_of, rewritten, source_array

Tensor = TensorBase
WRITES = {"sum": "add", "mean": "add", "prod": "multiply", "amax": "larger", "amin": "smaller"}


def start_of(reduce: str, kind: np.dtype) -> Any:
    """What a reduction of nothing is."""
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if kind.kind == "f":
        return -np.inf if reduce == "amax" else np.inf
    if kind.kind == "b":
        return reduce == "amin"
    return np.iinfo(kind).min if reduce == "amax" else np.iinfo(kind).max


@op
def scatter_reduced(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool, *,
                    out: Tensor | None = None) -> Tensor:
    """`scatter_reduce` with checked arguments."""
    kind, places = input._dtype, places_of("scatter_reduce", index, empty=True)
    if kind.category == 3 and reduce in ("amax", "amin"):
        raise launch.not_implemented(f"scatter_reduce_{reduce}", kind, "numbers that have an order")
    own, size = input._array.shape or (1,), places.shape or (1,)
    if not places.size:
        return rewritten(input, out, lambda target: None)
    check_range(places, own[dim], dim)
    given = src if (src._array.shape or (1,)) == size else wrap(src._array[corner(size)], kind)
    source, where = folded(source_array(given, out, True).reshape(size), dim), folded(places, dim)
    write = kernels(input._device)

    def run(target: Any) -> None:
        whole = target.reshape(where.shape[0], own[dim], where.shape[2])
        if not include_self:
            write.scatter_value("set")(where, whole.dtype.type(start_of(reduce, whole.dtype)), whole, work=places.size)
        write.scatter(WRITES[reduce])(where, source, whole, work=places.size)
        if reduce == "mean":
            count = memory.beside(whole, whole.shape, np.dtype(np.int64))
            (count.fill if input._device is CPU else partial(cuda_memory.fill, count))(int(include_self))
            write.scatter_value("add")(where, np.int64(1), count, work=places.size)
            if whole.dtype.kind == "f":
                table.loops_of(input._device.type).flat("over_count", 2)(whole.ravel(), count.ravel(), (), whole.ravel())
            else:
                np.maximum(count, 1, out=count)
                whole[...] = whole / count if whole.dtype.kind == "c" else whole // count

    same = size[:dim] == own[:dim] and size[dim + 1:] == own[dim + 1:]
    return rewritten(input, out, run, None if same else (lambda whole: whole[corner(size, dim)]), True)


def gradients(grad: Tensor, input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool, result: Tensor) -> list:
    """Of ``input`` and ``src``."""
    def spread(values: Tensor) -> Tensor:
        return scatter.gather(values, dim, index)

    def in_corner(values: Tensor) -> Tensor:
        return scatter.padded(values, src._array.shape)

    if reduce == "sum":
        own, given = grad, in_corner(spread(grad))
    elif reduce == "mean":
        ones = input.new_full(input.shape, 1 if include_self else 0)
        count = scatter.scatter_add(ones, dim, index, src.new_ones(src.shape))
        shared = grad / count.masked_fill(count == 0, 1)
        own, given = shared, in_corner(spread(shared))
    elif reduce == "prod":
        used = copies.alias(src) if src._array.shape == index._array.shape else src[corner(index._array.shape)]
        own, parts = _product_gradients(grad, input, dim, index, used, include_self)
        given = in_corner(parts)
    else:
        used = src if src._array.shape == index._array.shape else src[corner(index._array.shape)]
        kept = (input == result).to(grad._dtype)
        chosen = (used == spread(result)).to(grad._dtype)
        ties = scatter.scatter_add(kept if include_self else scatter.scatter_set(kept, dim, index, 0), dim, index, chosen)
        shared = grad / ties.masked_fill(ties == 0, 1)
        own, given = shared * kept, in_corner(chosen * spread(shared))
    if not include_self:
        own = scatter.scatter_set(own, dim, index, 0)
    return [own, given]


def _product_gradients(grad: Tensor, input: Tensor, dim: int, index: Tensor, src: Tensor, include_self: bool) -> tuple[Tensor, Tensor]:
    """Products without each factor: those over it, but where it is zero those of the others, unless two are."""
    first = input if include_self else scatter.scatter_set(input, dim, index, 1)
    if state.grad:
        return _recorded_product_gradients(grad, first, dim, index, src)
    real = grad._dtype.to_real()
    zeros = scatter.scatter_add((first == 0).to(real), dim, index, (src == 0).to(real))
    whole = scatter_reduced(first.masked_fill(first == 0, 1), dim, index, src.masked_fill(src == 0, 1), "prod", True)

    def without(values: Tensor, products: Tensor, count: Tensor) -> Tensor:
        zero = values == 0
        quotient = products / values.masked_fill(zero, 1)
        return quotient.masked_fill(count > zero.to(count._dtype), 0)

    own = grad * without(first, whole, zeros)
    given = scatter.gather(grad, dim, index) * without(src, scatter.gather(whole, dim, index), scatter.gather(zeros, dim, index))
    return own, given


def _recorded_product_gradients(grad: Tensor, first: Tensor, dim: int, index: Tensor, src: Tensor) -> tuple[Tensor, Tensor]:
    """The same for second derivatives: those of a product with a zero are derivatives for that zero, so it must stay a factor."""
    def product(first: Tensor, src: Tensor) -> Tensor:
        return scatter_reduced(first, dim, index, src, "prod", True)

    filled, zero = first.masked_fill(first == 0, 1), src == 0
    count = scatter.scatter_add(first.new_zeros(first.shape), dim, index, zero.to(grad._dtype))
    alone = zero & (scatter.gather(count, dim, index) == 1)
    of_alone = scatter.gather(grad * product(first, src.masked_fill(alone, 1)), dim, index)
    of_others = scatter.gather(grad * product(first, src), dim, index) / src.masked_fill(zero, 1)
    return grad * product(filled, src) / filled, where(alone, of_alone, of_others)


scatter_reduced_ = inplace(scatter_reduced)
scatter_reduced.declaration.node_name = "ScatterReduceBackward0"
derivative(scatter_reduced, gradients, ("input", "src"))
holomorphic(scatter_reduced)            # extremes, which are not, are not those of complex numbers


def checked(name: str, input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str) -> int:
    """The dim, after a check of sizes and types."""
    if reduce not in WRITES:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}.")
    if input._dtype is not src._dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    own, size, given = input._array.shape or (1,), index._array.shape or (1,), src._array.shape or (1,)
    dim = wrap_dim(dim, input._array.ndim)
    if len(own) != len(size) or len(own) != len(given):
        raise RuntimeError(f"{name}(): input, index and src must have the same number of dimensions, got {len(own)}, "
                           f"{len(size)} and {len(given)}")
    beyond = index._array.size and any(a > b for d, (a, b) in enumerate(zip(size, own)) if d != dim)
    if beyond or any(a > b for a, b in zip(size, given)):
        raise RuntimeError(f"Expected index {list(size)} to be no larger than self {list(own)} apart from dimension {dim} and to be no "
                           f"larger size than src {list(given)}")
    return dim


def scatter_reduce(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True,
                   out: Tensor | None = None) -> Tensor:
    """``input``, each element of it reduced with those elements of ``src`` that `scatter` would write to its place.

    ``reduce`` is "sum", "prod", "mean", "amax" or "amin"; without ``include_self`` the element itself does not count where any is written.

    >>> torch.scatter_reduce(tensor([1.0, 2.0]), 0, tensor([0, 0]), tensor([5.0, 3.0]), "amax")
    tensor([5., 2.])
    """
    dim = checked("scatter_reduce", input, dim, index, src, reduce)
    if reduce == "sum" and include_self:
        return scatter.scatter_add(input, dim, index, src, out=out)
    return scatter_reduced(input, dim, index, src, reduce, include_self, out=out)


def scatter_reduce_(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True) -> Tensor:
    """In-place form of :func:`scatter_reduce`."""
    dim = checked("scatter_reduce_", input, dim, index, src, reduce)
    if reduce == "sum" and include_self:
        return scatter.scatter_add_(input, dim, index, src)
    return scatter_reduced_(input, dim, index, src, reduce, include_self)


def _everywhere(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str) -> tuple[int, Tensor]:
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    if index._array.ndim > 1 or index._dtype not in (dtypes.int32, dtypes.int64):
        raise RuntimeError("index_reduce_(): Index is supposed to be a vector of int32 or int64")
    dim = wrap_dim(dim, input._array.ndim)
    own, given = list(input._array.shape), list(source._array.shape)
    if input._array.ndim:
        own[dim] = index._array.size
    if own != given:
        raise RuntimeError(f"index_reduce_(): source of size {given} does not fit: expected {own}")
    shape = [-1 if d == dim else 1 for d in range(max(len(given), 1))]
    places = np.broadcast_to(launch.contiguous_array(index, dtypes.int64).reshape(shape), given or (1,)).reshape(given)
    return dim, wrap(np.asarray(places, order="C"), dtypes.int64)


def index_reduce(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True,
                 out: Tensor | None = None) -> Tensor:
    """``input``, its slices that ``index`` names reduced with those of ``source``: "prod", "mean", "amax" or "amin".

    >>> torch.index_reduce(tensor([1.0, 2.0]), 0, tensor([0, 0]), tensor([5.0, 3.0]), "prod")
    tensor([15.,  2.])
    """
    dim, places = _everywhere(input, dim, index, source, reduce)
    return scatter_reduce(input, dim, places, source, reduce, include_self=include_self, out=out)


def index_reduce_(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True) -> Tensor:
    """In-place form of :func:`index_reduce`."""
    dim, places = _everywhere(input, dim, index, source, reduce)
    return scatter_reduce_(input, dim, places, source, reduce, include_self=include_self)
