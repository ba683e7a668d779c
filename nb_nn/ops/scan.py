"""Running sums, products and extremes along a dimension."""
from __future__ import annotations

from typing import Any

import numpy as np

from nb_nn.kernels import table

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.geometry import wrap_dim
from ..core.op import derivative, holomorphic, inplace, op
from ..core.results import result_type
from ..core.tensor_base import TensorBase, wrap
from . import copies, slicing, view
from .choosing import where_select
from .comparison import isinf
from .exponential import logaddexp
from .extremes import amax, amin
from .indexing import folded
from .joining import cat, stack
from .rearranging import flip_dims
from .reduction import as_parts

Tensor = TensorBase


def scan(name: str, input: Tensor, dim: int, kind: Any, out: Any) -> Tensor:
    """Run the named scan along ``dim``, over elements of type ``kind``."""
    dim = wrap_dim(dim, input._array.ndim)
    array = launch.contiguous_array(input, kind)
    made = memory.empty(array.shape, kind.compute, input._device)
    if made.size:
        x, result = folded(array, dim), folded(made, dim)
        if kind.category == 3 and name == "cumsum":         # the parts are added up side by side
            array, x, result = array.reshape(-1).view(kind.to_real().numpy), as_parts(x), as_parts(result)
        kernels = table.loops_of(input._device.type, "scan")
        if x.shape[2] == 1:
            kernels.scan_rows(name, array.dtype.char)(x[:, :, 0], result[:, :, 0])
        else:
            kernels.scan_columns(name, array.dtype.char)(x, result)
    return launch.deliver(name, made, kind, out)


def scanned_type(input: Tensor, dtype: Any, out: Any) -> Any:
    """The type a scan answers in: the one asked for, else int64 for integers, else the input's own."""
    if dtype is not None:
        return dtype
    if out is input:
        return out._dtype
    return dtypes.int64 if input._dtype.category < 2 else input._dtype


@op
def cumsum(input: Tensor, dim: int, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """Sums of all elements up to each one along ``dim``. Integers are summed in int64; ``dtype`` casts the input first.

    >>> cumsum(tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])
    """
    return scan("cumsum", input, dim, scanned_type(input, dtype, out), out)


def summed_from_behind(grad: Tensor, dim: int) -> Tensor:
    """Sums of all elements from each one to the end."""
    if grad._array.ndim == 0:
        return grad
    dims = (wrap_dim(dim, grad._array.ndim),)
    return flip_dims(cumsum(flip_dims(grad, dims), dim), dims)


cumsum_ = inplace(cumsum)
derivative(cumsum, input=lambda grad, dim: summed_from_behind(grad, dim))


@op
def cumprod(input: Tensor, dim: int, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """Products of all elements up to each one along ``dim``. Integers are multiplied in int64; ``dtype`` casts the input first.

    >>> cumprod(tensor([1, 2, 3]), 0)
    tensor([1, 2, 6])
    """
    return scan("cumprod", input, dim, scanned_type(input, dtype, out), out)


def cumprod_gradient(grad: Tensor, input: Tensor, result: Tensor, dim: int) -> Tensor:
    """Of each element, the later gradients times the products without it: what they are with it, over it; or where one is zero,
    the product before it times a sum that is built up from behind."""
    if not input._array.ndim or input._array.shape[dim] == 1:
        return grad
    input = input.to(grad._dtype)
    if not bool((input == 0).any()):
        return summed_from_behind(grad * result, dim) / input
    grads, inputs, behind = slicing.unbind(grad, dim), slicing.unbind(input, dim), []
    for own, factor in zip(reversed(grads), (None, *reversed(inputs))):
        behind.append(own if factor is None else own + factor * behind[-1])
    count = input._array.shape[wrap_dim(dim, input._array.ndim)]
    before = cumprod(slicing.narrow(input, dim, 0, count - 1), dim)
    first = slicing.narrow(input, dim, 0, 1)
    return cat((view.expand(first.new_ones(()), first._array.shape), before), dim) * stack(behind[::-1], dim)


cumprod_ = inplace(cumprod)
derivative(cumprod, input=cumprod_gradient)
holomorphic(cumprod)

CummaxResult, CumminResult = result_type("cummax", "values", "indices"), result_type("cummin", "values", "indices")


def extreme_scan(name: str, input: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Running extremes and their places."""
    kind, dim = input._dtype, wrap_dim(dim, input._array.ndim)
    if kind.category == 3:
        raise launch.not_implemented(f"{name}_cpu", kind)
    array = launch.contiguous_array(input)
    values, places = (memory.empty(array.shape, own, input._device) for own in (array.dtype, np.dtype(np.int64)))
    if values.size:
        numbers = array.view(np.uint8) if array.dtype == np.bool_ else array
        x, best, found = folded(numbers, dim), folded(values.view(numbers.dtype), dim), folded(places, dim)
        kernels = table.loops_of(input._device.type, "scan")
        if x.shape[2] == 1:
            kernels.extreme_scan_rows(name, numbers.dtype.char)(x[:, :, 0], best[:, :, 0], found[:, :, 0])
        else:
            kernels.extreme_scan_columns(name, numbers.dtype.char)(x, best, found)
    return launch.deliver(name, values, kind, None), wrap(places, dtypes.int64)


@op
def cummax_dim(input: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """`cummax` into new tensors."""
    return CummaxResult(*extreme_scan("cummax", input, dim))


@op
def cummin_dim(input: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """`cummin` into new tensors."""
    return CumminResult(*extreme_scan("cummin", input, dim))


def placed_gradient(grad: Tensor, input_size: tuple, results: list, dim: int) -> Tensor:
    """Each gradient added to the element that was chosen."""
    return grad.new_zeros(input_size).scatter_add_(dim, results[1], grad)


cummax_dim.declaration.node_name, cummin_dim.declaration.node_name = "CummaxBackward0", "CumminBackward0"
derivative(cummax_dim, input=placed_gradient)
derivative(cummin_dim, input=placed_gradient)


def cummax(input: Tensor, dim: int, *, out: Any = None) -> Any:
    """The largest of all elements up to each one along ``dim``, and its latest place. NaN is larger than everything.

    >>> cummax(tensor([1, 3, 2]), 0).values
    tensor([1, 3, 3])
    """
    found = cummax_dim(input, dim)
    return launch.into_out("cummax", found, out)


def cummin(input: Tensor, dim: int, *, out: Any = None) -> Any:
    """The smallest of all elements up to each one along ``dim``, and its latest place. NaN is smaller than everything.

    >>> cummin(tensor([3, 1, 2]), 0).indices
    tensor([0, 1, 1])
    """
    found = cummin_dim(input, dim)
    return launch.into_out("cummin", found, out)


def logcumsumexp(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """Logarithms of the sums of the exponentials of all elements up to each one along ``dim``, without overflow.

    >>> logcumsumexp(tensor([1000.0, 1000.0]), 0)
    tensor([1000.0000, 1000.6932])
    """
    if input._dtype.category < 2:
        raise RuntimeError(f"logcumsumexp: the elements must be floating, got {input.dtype}")
    wrap_dim(dim, input._array.ndim)
    if not input._array.size:
        result = copies.clone(input)
    elif input._dtype.category == 3:
        result = doubled_logsumexp(input, dim)
        result = result + turns(copies.detach(input), copies.detach(result), dim)
    else:
        top = amax(copies.detach(input), dim, True)
        near = bool((top - amin(copies.detach(input), dim, True) < NEAR.get(input._dtype, 10)).all())
        result = cumsum((input - top).exp(), dim).log() + top if near else doubled_logsumexp(input, dim)
    return launch.into_out("logcumsumexp", result, out)


def turns(input: Tensor, result: Tensor, dim: int) -> Tensor:
    """Multiples of 2 pi i, of which a logarithm has any, that make the result that of adding one element after the other."""
    if not input._array.ndim:
        return result * 0
    own, found = np.moveaxis(input.cpu()._array, dim, 0), np.moveaxis(result.cpu()._array, dim, 0)
    whole = np.zeros(found.shape, found.real.dtype)
    for k in range(1, len(own)):
        turned = found[k - 1].imag + 2 * np.pi * whole[k - 1]
        near = np.where(own[k].real < found[k - 1].real, turned, own[k].imag)           # what lies within pi of the sum
        with np.errstate(invalid="ignore"):
            whole[k] = np.nan_to_num(np.round((near - found[k].imag) / (2 * np.pi)), nan=0, posinf=0, neginf=0)
    made = np.ascontiguousarray(np.moveaxis(whole * (2j * np.pi), 0, dim), found.dtype)
    return wrap(made, result._dtype).to(result._device)


NEAR = {dtypes.float32: 60, dtypes.float64: 600}       # exponentials of numbers so far apart are still normal numbers


def doubled_logsumexp(input: Tensor, dim: int) -> Tensor:
    """`logcumsumexp` of any numbers: of 1, 2, 4, ... elements up to each one."""
    result, reach = input, 1
    size = input._array.shape[wrap_dim(dim, input._array.ndim)] if input._array.ndim else 1
    while reach < size:
        done, rest = slicing.narrow(result, dim, 0, reach), slicing.narrow(result, dim, reach, size - reach)
        before = slicing.narrow(result, dim, 0, size - reach)
        if input._dtype.category == 3:
            both = logaddexp(rest, before)
        else:                           # the sum of two equal infinities is that infinity, but their difference is no number
            same = (rest == before) & isinf(rest)
            both = where_select(same, rest, logaddexp(rest.masked_fill(same, 0), before.masked_fill(same, 0)))
        result = cat((done, both), dim)
        reach *= 2
    return copies.clone(result) if result is input else result


def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None, *,
         out: Tensor | None = None) -> Tensor:
    """Differences of neighbours along ``dim``, taken ``n`` times; ``prepend`` and ``append`` are joined to the input first.

    >>> diff(tensor([1, 3, 2]))
    tensor([ 2, -1])
    """
    if not input._array.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    parts = [one for one in (prepend, input, append) if one is not None]
    result = cat(parts, dim) if len(parts) > 1 else input
    if n == 0:
        result = input                  # nothing is joined, as in PyTorch, but has to fit
    dim = wrap_dim(dim, input._array.ndim)
    for _ in range(n):
        size = result._array.shape[dim]
        later, earlier = slicing.narrow(result, dim, min(1, size), max(size - 1, 0)), slicing.narrow(result, dim, 0, max(size - 1, 0))
        result = later.logical_xor(earlier) if result._dtype is dtypes.bool_ else later - earlier
    result = copies.clone(result) if result is input else result
    return launch.into_out("diff", result, out)
