"""Gather and scatter: an index for each element."""
from __future__ import annotations

import builtins
import functools
import math
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.device import CPU
from ..core.geometry import broadcast_shapes, wrap_dim
from ..core.op import derivative, holomorphic, inplace, op
from ..core.scalars import NUMBERS
from ..core.tensor_base import TensorBase, wrap, wrap_host
from . import slicing, view
from .extremes import amin
from .indexing import SMALL, bits, check_range, corner, folded, kernels, packed, places_of, rewritten, scalar_of, source_array
from .sparse.parts import sparse_of

Tensor = TensorBase


@op
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False, out: Tensor | None = None) -> Tensor:
    """For each element of ``index``, the element of ``input`` that stands there along ``dim``, at the same place in the
    other dimensions.

    With ``sparse_grad`` the gradient of ``input`` is a sparse tensor.

    Shape: ``index`` has as many dimensions as ``input`` and is nowhere larger, but for ``dim``; the result has its size.

    >>> gather(tensor([[1, 2], [3, 4]]), 1, tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    array, kind, places = input._array, input._dtype, places_of("gather", index, empty=True)
    dim = wrap_dim(dim, array.ndim)
    size = places.shape or (1,)
    own = array.shape or (1,)
    if len(size) != len(own) and places.size:
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    if out is None and 0 < places.size < SMALL and input._device is CPU and size[:dim] == own[:dim] and size[dim + 1:] == own[dim + 1:]:
        check_range(places, own[dim], dim)
        stride = math.prod(own[dim + 1:])
        flat = (places if stride == 1 else places * stride) + origins(places.shape, own, dim)
        return wrap_host(array.take(flat), kind)
    made = memory.empty(places.shape, kind.numpy, input._device)
    if made.size:
        if size[:dim] != own[:dim] or size[dim + 1:] != own[dim + 1:]:
            if builtins.any(a > b for d, (a, b) in enumerate(zip(size, own)) if d != dim):
                raise RuntimeError(f"Size does not match at dimension {first_larger(size, own, dim)} expected index {list(size)} to be no "
                                   f"larger than self {list(own)} apart from dimension {dim}")
            array = array[corner(size, dim)]
        check_range(places, own[dim], dim)
        outer, inner = math.prod(size[:dim]), math.prod(size[dim + 1:])
        folds = outer, size[dim], inner
        launch.launch("gather", bits(packed(array, kind)).reshape(outer, own[dim], inner), places.reshape(folds),
                      bits(made).reshape(folds))
    return launch.deliver("gather", made, kind, out)


@functools.lru_cache(256)
def origins(size: tuple[int, ...], own: tuple[int, ...], dim: int) -> np.ndarray:
    """For each element of an index of this size, where its row along ``dim`` begins in a flat array of the size ``own``."""
    rows = np.zeros(size or (1,), np.int64)
    for d, places in enumerate(np.indices(rows.shape, sparse=True)):
        if d != dim:
            rows += places * math.prod(own[d + 1:])
    return rows.reshape(size)


def first_larger(size: tuple, own: tuple, dim: int) -> int:
    """The first dimension but ``dim`` in which ``size`` is larger."""
    return next(d for d, (a, b) in enumerate(zip(size, own)) if d != dim and a > b)


def _gather_gradient(grad: Tensor, input_size: tuple[int, ...], dim: int, index: Tensor, sparse_grad: bool) -> Tensor:
    if not index._array.size:
        return grad.new_zeros(input_size)
    if not sparse_grad or not input_size:
        made = grad.new_zeros(input_size)
        return made.scatter_add_(dim, index, grad) if index._array.size else made
    places = np.indices(index._array.shape).reshape(len(input_size), -1)
    places[wrap_dim(dim, len(input_size))] = index._array.reshape(-1)
    return sparse_of(view.reshape(grad, (-1,)), wrap(places, dtypes.int64), input_size)


derivative(gather, input=_gather_gradient)


def scatter_into(name: str, input: Tensor, dim: int, index: Tensor, src: Any, write: str, out: Any) -> Tensor:
    """Check a scatter's arguments and run it; ``write`` is "set", "add" or "multiply"."""
    array, kind, places = input._array, input._dtype, places_of(name, index, empty=True)
    dim, own = wrap_dim(dim, array.ndim), array.shape or (1,)
    size = places.shape or (1,)
    if len(size) != len(own):
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
    number = isinstance(src, NUMBERS)
    given = () if number else src._array.shape or (1,)
    if not number:
        if src._dtype is not kind:
            raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
        if len(given) != len(size):
            raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    if places.size == 0:
        return rewritten(input, out, lambda target: None)
    same = size[:dim] == own[:dim] and size[dim + 1:] == own[dim + 1:]
    if not same and builtins.any(a > b for d, (a, b) in enumerate(zip(size, own)) if d != dim) or (
            given != size and builtins.any(a > b for a, b in zip(size, given))):
        beside = f" and to be no larger size than src {list(given)}" if not number else ""
        raise RuntimeError(f"Expected index {list(size)} to be no larger than self {list(own)} apart from dimension {dim}{beside}")
    check_range(places, own[dim], dim)
    compute = write != "set"
    if number:
        kernel, source = kernels(input._device).scatter_value(write), scalar_of(src, kind, compute)
    else:
        if given != size:
            src = wrap(src._array[corner(size)], kind)
        kernel, source = kernels(input._device).scatter(write), folded(source_array(src, out, compute).reshape(size), dim)

    def run(target: Any) -> None:
        outer, inner = math.prod(size[:dim]), math.prod(size[dim + 1:])
        kernel(places.reshape(outer, size[dim], inner), source, target.reshape(outer, own[dim], inner), work=places.size)

    return rewritten(input, out, run, None if same else (lambda whole: whole[corner(size, dim)]), compute)


@op
def scatter_set(input: Tensor, dim: int, index: Tensor, src: Any, *, out: Tensor | None = None) -> Tensor:
    """`scatter` without ``reduce``."""
    return scatter_into("scatter", input, dim, index, src, "set", out)


@op
def scatter_multiply(input: Tensor, dim: int, index: Tensor, src: Any, *, out: Tensor | None = None) -> Tensor:
    """`scatter` with ``reduce="multiply"``."""
    return scatter_into("scatter", input, dim, index, src, "multiply", out)


@op
def scatter_add_number(input: Tensor, dim: int, index: Tensor, src: Any, *, out: Tensor | None = None) -> Tensor:
    """`scatter` of a number with ``reduce="add"``."""
    return scatter_into("scatter", input, dim, index, src, "add", out)


@op
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``input``, with each element of ``src`` added where `scatter` would put it.

    >>> scatter_add(tensor([0, 0, 0]), 0, tensor([2, 2]), tensor([5, 6]))
    tensor([ 0,  0, 11])
    """
    if not isinstance(src, TensorBase):
        raise TypeError(f"scatter_add(): argument 'src' (position 3) must be Tensor, not {type(src).__name__}")
    return scatter_into("scatter_add", input, dim, index, src, "add", out)


scatter_set_, scatter_multiply_, scatter_add_ = inplace(scatter_set), inplace(scatter_multiply), inplace(scatter_add)
scatter_add_number_ = inplace(scatter_add_number)
scatter_set.declaration.node_name = scatter_multiply.declaration.node_name = "ScatterBackward0"
scatter_add_number.declaration.node_name = "ScatterBackward0"


def padded(grad: Tensor, size: tuple[int, ...]) -> Tensor:
    """A gradient of a corner as one of the whole, which has ``size``."""
    if grad._array.shape == tuple(size):
        return grad
    whole = grad.new_zeros(size)
    part = whole
    for dim, length in enumerate(grad._array.shape):
        part = slicing.narrow(part, dim, 0, length)
    part.copy_(grad)
    return whole


def _product_gradient(grad: Tensor, input: Tensor, dim: int, index: Tensor, src: Any) -> Tensor:
    return grad * scatter_multiply(view.expand(input.new_ones(()), input.shape), dim, index, src)


def _no_product_gradient(grad: Tensor) -> Tensor:
    raise RuntimeError("scatter(): the derivative for src is not implemented with reduce='multiply'")


derivative(scatter_set, input=lambda grad, dim, index: scatter_set(grad, dim, index, 0),
           src=lambda grad, dim, index, src_size: padded(gather(grad, dim, index), src_size))
derivative(scatter_add, input=lambda grad: grad,
           src=lambda grad, dim, index, src_size: padded(gather(grad, dim, index), src_size))
derivative(scatter_add_number, input=lambda grad: grad)
derivative(scatter_multiply, input=_product_gradient, src=_no_product_gradient)
holomorphic(scatter_multiply)


def scatter_of(src: Any, reduce: str | None) -> tuple:
    """The scatter that a call asks for, and its in-place form."""
    if not isinstance(src, (TensorBase, *NUMBERS)):
        raise TypeError(f"scatter(): argument 'src' must be Tensor or Number, not {type(src).__name__}")
    if reduce is None:
        return scatter_set, scatter_set_
    if reduce == "multiply":
        return scatter_multiply, scatter_multiply_
    if reduce != "add":
        raise RuntimeError("reduce argument must be either add or multiply.")
    return (scatter_add, scatter_add_) if isinstance(src, TensorBase) else (scatter_add_number, scatter_add_number_)


def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, value: Any = None, *, reduce: str | None = None,
            out: Tensor | None = None) -> Tensor:
    """``input``, with each element of ``src`` (or a number) written to the position along ``dim`` that ``index`` has in the
    same place.

    Where an index comes twice, the later element is what stays. With ``reduce`` "add" or "multiply", elements are added or
    multiplied to what is there.

    >>> scatter(tensor([0, 0, 0]), 0, tensor([2, 0]), tensor([5, 6]))
    tensor([6, 0, 5])
    """
    src = value if src is None else src
    return scatter_of(src, reduce)[0](input, dim, index, src, out=out)


def scatter_(input: Tensor, dim: int, index: Tensor, src: Any = None, value: Any = None, *, reduce: str | None = None) -> Tensor:
    """In-place form of :func:`scatter`.

    >>> torch.zeros(4).scatter_(0, tensor([3, 1]), 5.0)
    tensor([0., 5., 0., 5.])
    """
    src = value if src is None else src
    return scatter_of(src, reduce)[1](input, dim, index, src)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """`gather` of operands that broadcast in all dimensions but ``dim``; without ``dim`` both are read as one row.

    >>> take_along_dim(tensor([[3, 1], [2, 4]]), tensor([[1], [0]]), 1)
    tensor([[1],
            [2]])
    """
    if not isinstance(indices, TensorBase):
        raise TypeError(f"take_along_dim(): argument 'indices' must be Tensor, not {type(indices).__name__}")
    if dim is None:
        input, indices, dim = view.reshape(input, (-1,)), view.reshape(indices, (-1,)), 0
    if input._array.ndim != indices._array.ndim:
        raise RuntimeError("torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
                           f"{input._array.ndim} dimensions for input, and {indices._array.ndim} dimensions for indices")
    dim = wrap_dim(dim, input._array.ndim)
    if indices._array.size and amin(indices).item() < 0:            # counted from the end
        indices = indices + (indices < 0) * input._array.shape[dim]
    own, other = list(input._array.shape), list(indices._array.shape)
    own[dim] = other[dim] = 1
    if own == other:
        return gather(input, dim, indices, out=out)
    size = list(broadcast_shapes(tuple(own), tuple(other)))
    return gather(view.expand(input, [-1 if d == dim else one for d, one in enumerate(size)]), dim,
                  view.expand(indices, [-1 if d == dim else one for d, one in enumerate(size)]), out=out)
