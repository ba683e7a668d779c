"""Largest and smallest elements and their places."""
from __future__ import annotations

from typing import Any

import numpy as np

from nb_nn.kernels import table

from ..core import dtype as dtypes
from ..core import elementwise, launch, memory
from ..core.geometry import wrap_dim, wrap_dims
from ..core.op import derivative, no_derivative, op
from ..core.results import result_type
from ..core.tensor_base import TensorBase, wrap
from . import choosing
from .reduction import all_if_empty, arranged, packed, reduce, reduced_shape, spread, whole

Tensor = TensorBase


def check_not_empty(name: str, size: tuple[int, ...], dims: tuple[int, ...]) -> None:
    """Extremes need an element."""
    if 0 in [size[d] for d in dims]:
        raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0, or to have a non-zero size; "
                         f"got size {list(size)}")


def check_ordered(name: str, input: Tensor) -> None:
    """Complex numbers have no largest one."""
    if input._dtype.category == 3:
        raise launch.not_implemented(name, input._dtype)


@op
def amax(input: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The largest element over ``dim`` (one or several, all by default). Equal largest elements share the gradient.

    >>> amax(tensor([[1, 5], [3, 2]]), 1)
    tensor([5, 3])
    """
    return _extreme("amax", input, dim, keepdim, out)


@op
def amin(input: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The smallest element over ``dim`` (one or several, all by default). Equal smallest elements share the gradient.

    >>> amin(tensor([[1, 5], [3, 2]]), 1)
    tensor([1, 2])
    """
    return _extreme("amin", input, dim, keepdim, out)


def _extreme(name: str, input: Tensor, dim: Any, keepdim: bool, out: Any) -> Tensor:
    if dim == () and not keepdim and out is None:
        made = whole(name, input)
        if made is not None:
            return made
    dims = all_if_empty(wrap_dims(dim, input._array.ndim), input._array.ndim)
    if input._array.size == 0:
        if dim == ():
            raise RuntimeError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with "
                               "the 'dim' argument.")
        check_not_empty(name, input._array.shape or (0,), dims or (0,))
    check_ordered("max_values_cpu" if name == "amax" else "min_values_cpu", input)
    return reduce(name, input, dims, keepdim, input._dtype, input._dtype, out)


def extreme_gradient(grad: Tensor, input: Tensor, result: Tensor, dim: Any, keepdim: bool) -> Tensor:
    """The gradient, shared equally between the places where the extreme stands."""
    size = input.shape
    chosen = (input == spread(result, size, dim, keepdim)) | (input != input)
    shares = chosen.to(grad.dtype).sum(dim if dim != () else None, keepdim)
    return spread(grad / shares, size, dim, keepdim).masked_fill(~chosen, 0)


derivative(amax, input=extreme_gradient)
derivative(amin, input=extreme_gradient)

MaxResult, MinResult = result_type("max", "values", "indices"), result_type("min", "values", "indices")


@op
def max_dim(input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """Largest elements along a dimension and their first places."""
    return MaxResult(*_with_places("max", input, dim, keepdim))


@op
def min_dim(input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    """Smallest elements along a dimension and their first places."""
    return MinResult(*_with_places("min", input, dim, keepdim))


def _with_places(name: str, input: Tensor, dim: int | None, keepdim: bool) -> tuple[Tensor, Tensor]:
    kind = input._dtype
    check_ordered(name, input)
    array, char = launch.loop_array(input, kind)
    dims = wrap_dims(dim, array.ndim)
    if array.size == 0:
        check_not_empty(name, array.shape or (0,), dims or (0,))
    shape = reduced_shape(array.shape, dims, keepdim)
    array, outer, count, inner = (packed(array), 1, array.size, 1) if dim is None or not dims else arranged(array, dims)
    values, places = memory.empty(shape, array.dtype, input._device), memory.empty(shape, np.dtype(np.int64), input._device)
    kernels = table.loops_of(input._device.type, "reduction")
    if array.size == 0:
        pass
    elif inner == 1:
        kernel = kernels.extreme_rows(name, char)
        kernel(array.reshape(outer, count), values.reshape(outer), places.reshape(outer), work=array.size)
    else:
        kernel = kernels.extreme_columns(name, char)
        kernel(array.reshape(outer, count, inner), values.reshape(outer, inner), places.reshape(outer, inner), work=array.size)
    return launch.deliver(name, values.view(kind.numpy) if char in "eE" else values, kind, None), wrap(places, dtypes.int64)


def place_gradient(grad: Tensor, input_size: tuple[int, ...], results: list, dim: int, keepdim: bool) -> Tensor:
    """Zeros but for the chosen places, which take the gradient."""
    places = results[1]
    if not keepdim and input_size:
        grad, places = grad.unsqueeze(dim), places.unsqueeze(dim)
    return grad.new_zeros(input_size).scatter(dim, places, grad)


max_dim.declaration.node_name, min_dim.declaration.node_name = "MaxBackward0", "MinBackward0"
derivative(max_dim, input=place_gradient)
derivative(min_dim, input=place_gradient)


def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, out: Any = None) -> Any:
    """The largest element; with ``dim``, the largest along it and their first places; with a tensor, the larger of two.

    NaN is larger than everything.

    >>> max(tensor([[1, 5], [3, 2]]), 1)
    torch.return_types.max(
    values=tensor([5, 3]),
    indices=tensor([1, 0]))
    """
    return _max_or_min(input, dim if other is None else other, keepdim, out, amax, max_dim, "maximum")


def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, out: Any = None) -> Any:
    """The smallest element; with ``dim``, the smallest along it and their first places; with a tensor, the smaller of two.

    NaN is smaller than everything.

    >>> min(tensor([4, 2, 3]))
    tensor(2)
    """
    return _max_or_min(input, dim if other is None else other, keepdim, out, amin, min_dim, "minimum")


def _max_or_min(input: Tensor, dim: Any, keepdim: bool, out: Any, whole: Any, along: Any, pairwise: str) -> Any:
    if not isinstance(input, TensorBase):
        raise TypeError(f"{pairwise[:3]}(): argument 'input' must be Tensor, not {type(input).__name__}")
    if isinstance(dim, TensorBase):
        return getattr(choosing, pairwise)(input, dim, out=out)
    if dim is None:
        if input._array.size == 0:
            raise RuntimeError(f"{whole.__name__[1:]}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
                               "reduction dim with the 'dim' argument.")
        return whole(input, (), keepdim) if out is None else whole(input, (), keepdim, out=out)
    found = along(input, wrap_dim(dim, input._array.ndim), keepdim)
    return launch.into_out(pairwise[:3], found, out)


@op
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Place of the first largest element, along ``dim`` or in the flattened tensor.

    >>> argmax(tensor([[1, 5], [3, 2]]), 1)
    tensor([1, 0])
    """
    return _place("max", input, dim, keepdim, out)


@op
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Place of the first smallest element, along ``dim`` or in the flattened tensor.

    >>> argmin(tensor([[1, 5], [3, 2]]), 1)
    tensor([0, 1])
    """
    return _place("min", input, dim, keepdim, out)


def _place(name: str, input: Tensor, dim: int | None, keepdim: bool, out: Any) -> Tensor:
    if input._dtype.category == 3:
        raise RuntimeError(f"arg{name}(): does not support complex input")
    if dim is not None:
        dim = wrap_dim(dim, input._array.ndim)
    elif input._array.size == 0:
        raise IndexError(f"arg{name}(): Expected reduction dim to be specified for input.numel() == 0.")
    if elementwise.few((input,)) and input._array.size and not input._dtype.half:
        find = input._array.argmax if name == "max" else input._array.argmin
        places = wrap(np.asarray(find(dim, keepdims=keepdim)), dtypes.int64)
    else:
        places = _with_places(name, input, dim, keepdim)[1]
    return places if out is None else launch.deliver(f"arg{name}", places._array, places._dtype, out)


no_derivative(argmax, argmin)
