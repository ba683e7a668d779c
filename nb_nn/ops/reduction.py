"""Reductions. Sums of floats are exact to about half an ulp of a float64 sum, and the same bits for any number of threads."""
from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from nb_nn.kernels import table

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.geometry import wrap_dim, wrap_dims
from ..core.op import derivative, no_derivative, op
from ..core.results import result_type
from ..core.tensor_base import TensorBase, wrap
from . import view

Tensor = TensorBase


def arranged(array: Any, dims: tuple[int, ...]) -> tuple[Any, int, int, int]:
    """``array`` as contiguous (outer, n, inner) memory whose middle is reduced, without a copy where the dims allow it."""
    shape = array.shape
    if array.flags.c_contiguous:
        if len(dims) == len(shape):
            return array, 1, array.size, 1
        low, high = builtins.min(dims), builtins.max(dims)
        if high - low + 1 == len(dims):
            return array, math.prod(shape[:low]), math.prod(shape[low:high + 1]), math.prod(shape[high + 1:])
    elif len(dims) == len(shape):               # order is free: read memory as it lies
        order = sorted(range(len(shape)), key=lambda d: -array.strides[d])
        transposed = array.transpose(order)
        if transposed.flags.c_contiguous:
            return transposed, 1, array.size, 1
    kept = [d for d in range(len(shape)) if d not in dims]
    moved = array.transpose(kept + list(dims))
    return packed(moved), math.prod(shape[d] for d in kept), math.prod(shape[d] for d in dims), 1


def packed(array: Any) -> Any:
    """A C-contiguous array of the same elements."""
    if array.flags.c_contiguous:
        return array
    kind = dtypes.from_numpy(array.dtype)
    out = launch.empty(array.shape, kind)
    launch.copy_array(array, kind, out)
    return out._array


def reduced_shape(shape: tuple[int, ...], dims: tuple[int, ...], keepdim: bool) -> tuple[int, ...]:
    """Size without the reduced dims, or with 1 in their place."""
    return tuple([1 if d in dims else size for d, size in enumerate(shape) if keepdim or d not in dims])


def reduce(name: str, input: Tensor, dims: tuple[int, ...], keepdim: bool, kind: Any, answer: Any, out: Any = None,
           numbers: tuple = ()) -> Tensor:
    """Reduce ``dims`` with the named reduction over elements of type ``kind``, and answer in type ``answer``."""
    array = launch.computing_array(input, kind)
    shape = array.shape
    if not dims:                                # reducing no dimension still maps each element
        array, outer, count, inner = packed(array), array.size, 1, 1
    else:
        array, outer, count, inner = arranged(array, dims)
    made = memory.empty(reduced_shape(shape, dims, keepdim), answer.compute)
    kernels = table.loops_of(input._device.type, "reduction")
    if inner == 1:
        kernel = kernels.reduce_rows(name, array.dtype.char)
        kernel(array.reshape(outer, count), numbers, made.reshape(outer), work=array.size)
    else:
        kernel = kernels.reduce_columns(name, array.dtype.char)
        kernel(array.reshape(outer, count, inner), numbers, made.reshape(outer, inner), work=array.size)
    return launch.deliver(name, made, answer, out)


def summing_type(input: Tensor, dtype: Any, out: Any) -> Any:
    """The type a sum answers in: the one asked for, else int64 for integers, else the input's own."""
    if dtype is not None:
        return dtype
    if out is not None:
        return out._dtype
    return dtypes.int64 if input._dtype.category < 2 else input._dtype


@op
def sum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """Sum of the elements, over all dimensions or over ``dim`` (one or several).

    Integers are summed in int64; ``dtype`` casts the input first.

    >>> sum(tensor([[1.0, 2.0], [3.0, 4.0]]), 0)
    tensor([4., 6.])
    """
    kind = summing_type(input, dtype, out)
    dims = all_if_empty(wrap_dims(dim, input._array.ndim), input._array.ndim)
    return reduce("sum", input, dims, keepdim, kind, kind, out)


def all_if_empty(dims: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """All dimensions for an empty list of them, as torch reads it."""
    return dims if dims else tuple(range(ndim))


def spread(grad: Tensor, size: tuple[int, ...], dim: Any, keepdim: bool) -> Tensor:
    """A reduced tensor expanded back over the reduced dims."""
    if not keepdim and grad._array.ndim:
        dims = all_if_empty(wrap_dims(dim, len(size)), len(size))
        grad = view.reshape(grad, reduced_shape(size, dims, True))
    return view.expand(grad, size)


derivative(sum, input=lambda grad, input_size, dim, keepdim: spread(grad, input_size, dim, keepdim))


def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """Sum over the dimensions that broadcasting ``size`` to ``input``'s size would repeat.

    >>> sum_to_size(tensor([[1.0, 2.0], [3.0, 4.0]]), 1, 2)
    tensor([[4., 6.]])
    """
    size, shape = view.sizes_of(size), input._array.shape
    missing = len(shape) - len(size)
    dims = [d for d in range(len(shape)) if d < missing or size[d - missing] == 1 != shape[d]]
    if missing < 0 or builtins.any(own not in (1, shape[d + missing]) for d, own in enumerate(size)):
        raise RuntimeError(f"size {{{list(size)}}} is not expandable to size {{{list(shape)}}}.")
    if not dims:
        return input
    total = sum(input, dims, True)
    return view.reshape(total, size) if missing else total


@op
def mean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """Average of floating elements, over all dimensions or over ``dim``.

    >>> mean(tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
    tensor([1.5000, 3.5000])
    """
    kind = dtype or input._dtype
    if kind.category < 2:
        raise RuntimeError("mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
                           f"Got: {input._dtype.tensor_name[:-6]}")
    dims = all_if_empty(wrap_dims(dim, input._array.ndim), input._array.ndim)
    return reduce("mean", input, dims, keepdim, kind, kind, out)


def count_of(size: tuple[int, ...], dim: Any) -> int:
    """How many elements are reduced into one."""
    return math.prod(size[d] for d in all_if_empty(wrap_dims(dim, len(size)), len(size)))


derivative(mean, input=lambda grad, input_size, dim, keepdim:
           spread(grad / count_of(input_size, dim), input_size, dim, keepdim))


@op
def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """`sum` that counts NaN as zero.

    >>> nansum(tensor([1.0, float("nan")]))
    tensor(1.)
    """
    kind = summing_type(input, dtype, out)
    dims = all_if_empty(wrap_dims(dim, input._array.ndim), input._array.ndim)
    return reduce("nansum" if kind.category == 2 else "sum", input, dims, keepdim, kind, kind, out)


derivative(nansum, input=lambda grad, input, dim, keepdim: spread(grad, input.shape, dim, keepdim) * (input == input))


def prod(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """Product of the elements, over all dimensions or over one.

    >>> prod(tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
    tensor([ 2., 12.])
    """
    if dim is not None:
        dim = wrap_dim(dim, input._array.ndim)
    return prod_dim(input, dim, keepdim, dtype=dtype, out=out)


@op
def prod_dim(input: Tensor, dim: int | None, keepdim: bool, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """`prod` over a checked dim."""
    kind = summing_type(input, dtype, out)
    return reduce("prod", input, wrap_dims(dim, input._array.ndim), keepdim, kind, kind, out)


prod_dim.declaration.node_name = "ProdBackward0"


def prod_gradient(grad: Tensor, input: Tensor, result: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    """Of each element, the product of the others: result / input, or products of what is before and behind where one is 0."""
    size = input.shape
    if not bool((input == 0).any()):
        return spread(grad * result, size, dim, keepdim) / input
    flat = input.reshape(-1) if dim is None else input.transpose(dim, -1) if input.dim() else input.reshape(1)
    one = flat.new_ones((*flat.shape[:-1], 1))
    before = flat.narrow(-1, 0, flat.size(-1) - 1)
    behind = flat.flip(-1).narrow(-1, 0, flat.size(-1) - 1)
    left = view_cat((one, before)).cumprod(-1)
    right = view_cat((one, behind)).cumprod(-1).flip(-1)
    others = left * right
    others = others.reshape(size) if dim is None or not input.dim() else others.transpose(dim, -1)
    return spread(grad, size, dim, keepdim) * others


def view_cat(parts: tuple) -> Tensor:
    """Parts joined along the last dimension."""
    from .joining import cat

    return cat(parts, -1)


derivative(prod_dim, input=prod_gradient)


@op
def all(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Whether every element is nonzero, over all dimensions or over ``dim``.

    >>> all(tensor([True, False]))
    tensor(False)
    """
    answer = dtypes.uint8 if input._dtype is dtypes.uint8 else dtypes.bool_
    return reduce("all", input, wrap_dims(dim, input._array.ndim), keepdim, input._dtype, answer, out)


@op
def any(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Whether some element is nonzero, over all dimensions or over ``dim``.

    >>> any(tensor([True, False]))
    tensor(True)
    """
    answer = dtypes.uint8 if input._dtype is dtypes.uint8 else dtypes.bool_
    return reduce("any", input, wrap_dims(dim, input._array.ndim), keepdim, input._dtype, answer, out)


@op
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero.

    >>> count_nonzero(tensor([0, 1, 2]))
    tensor(2)
    """
    return reduce("count_nonzero", input, wrap_dims(dim, input._array.ndim), False, input._dtype, dtypes.int64)


no_derivative(all, any, count_nonzero)


def check_not_empty(name: str, size: tuple[int, ...], dims: tuple[int, ...]) -> None:
    """Extremes need an element."""
    if 0 in [size[d] for d in dims]:
        raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0, or to have a non-zero size; "
                         f"got size {list(size)}")


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
    dims = all_if_empty(wrap_dims(dim, input._array.ndim), input._array.ndim)
    if input._array.size == 0:
        check_not_empty(name, input._array.shape or (0,), dims or (0,))
    return reduce(name, input, dims, keepdim, input._dtype, input._dtype, out)


def _extreme_gradient(grad: Tensor, input: Tensor, result: Tensor, dim: Any, keepdim: bool) -> Tensor:
    """The gradient, shared equally between the places where the extreme stands."""
    size = input.shape
    chosen = (input == spread(result, size, dim, keepdim)) | (input != input)
    shares = chosen.to(grad.dtype).sum(dim if dim != () else None, keepdim)
    return spread(grad / shares, size, dim, keepdim).masked_fill(~chosen, 0)


derivative(amax, input=_extreme_gradient)
derivative(amin, input=_extreme_gradient)

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
    array = launch.computing_array(input, kind)
    dims = wrap_dims(dim, array.ndim)
    if array.size == 0:
        check_not_empty(name, array.shape or (0,), dims or (0,))
    shape = reduced_shape(array.shape, dims, keepdim)
    array, outer, count, inner = (packed(array), 1, array.size, 1) if dim is None or not dims else arranged(array, dims)
    values, places = memory.empty(shape, kind.compute), memory.empty(shape, np.dtype(np.int64))
    kernels = table.loops_of(input._device.type, "reduction")
    if array.size == 0:
        pass
    elif inner == 1:
        kernel = kernels.extreme_rows(name, array.dtype.char)
        kernel(array.reshape(outer, count), values.reshape(outer), places.reshape(outer), work=array.size)
    else:
        kernel = kernels.extreme_columns(name, array.dtype.char)
        kernel(array.reshape(outer, count, inner), values.reshape(outer, inner), places.reshape(outer, inner), work=array.size)
    return launch.deliver(name, values, kind, None), wrap(places, dtypes.int64)


def place_gradient(grad: Tensor, input_size: tuple[int, ...], results: list, dim: int, keepdim: bool) -> Tensor:
    """Zeros but for the chosen places, which take the gradient."""
    places = results[1]
    if not keepdim and input_size:
        grad, places = grad.unsqueeze(dim), places.unsqueeze(dim)
    return grad.new_zeros(input_size).scatter(dim, places, grad)


max_dim.declaration.node_name, min_dim.declaration.node_name = "MaxBackward0", "MinBackward0"
derivative(max_dim, input=place_gradient)
derivative(min_dim, input=place_gradient)


def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The largest element; with ``dim``, the largest along it and their first places; with a tensor, the larger of two.

    NaN is larger than everything.

    >>> max(tensor([[1, 5], [3, 2]]), 1)
    torch.return_types.max(
    values=tensor([5, 3]),
    indices=tensor([1, 0]))
    """
    return _max_or_min(input, dim, keepdim, out, amax, max_dim, "maximum")


def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The smallest element; with ``dim``, the smallest along it and their first places; with a tensor, the smaller of two.

    NaN is smaller than everything.

    >>> min(tensor([4, 2, 3]))
    tensor(2)
    """
    return _max_or_min(input, dim, keepdim, out, amin, min_dim, "minimum")


def _max_or_min(input: Tensor, dim: Any, keepdim: bool, out: Any, whole: Any, along: Any, pairwise: str) -> Any:
    from . import comparison

    if isinstance(dim, TensorBase):
        return getattr(comparison, pairwise)(input, dim, out=out)
    if dim is None:
        if input._array.size == 0:
            raise RuntimeError(f"{whole.__name__[1:]}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
                               "reduction dim with the 'dim' argument.")
        return whole(input, (), keepdim, out=out)
    found = along(input, wrap_dim(dim, input._array.ndim), keepdim)
    return found if out is None else into(out, found)


def into(out: Any, results: tuple) -> Any:
    """Several results written into several given tensors."""
    for target, result in zip(out, results):
        launch.check_out("out", target, result._array.shape, result._dtype)
        launch.copy_array(result._array, result._dtype, target)
    return type(results)(*out)


@op
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Place of the first largest element, along ``dim`` or in the flattened tensor.

    >>> argmax(tensor([[1, 5], [3, 2]]), 1)
    tensor([1, 0])
    """
    return _place("max", input, dim, keepdim)


@op
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Place of the first smallest element, along ``dim`` or in the flattened tensor.

    >>> argmin(tensor([[1, 5], [3, 2]]), 1)
    tensor([0, 1])
    """
    return _place("min", input, dim, keepdim)


def _place(name: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if dim is not None:
        return _with_places(name, input, wrap_dim(dim, input._array.ndim), keepdim)[1]
    if input._array.size == 0:
        raise IndexError(f"arg{name}(): Expected reduction dim to be specified for input.numel() == 0.")
    place = _with_places(name, view.reshape(input, (-1,)), 0, False)[1]
    return view.reshape(place, (1,) * input._array.ndim) if keepdim else place


no_derivative(argmax, argmin)


@op
def var_mean_dims(input: Tensor, dims: tuple[int, ...], correction: float, keepdim: bool, deviation: bool) -> tuple:
    """Variance (or standard deviation) and mean over ``dims``."""
    kind = input._dtype
    if kind.category < 2:
        raise RuntimeError("std and var only support floating point and complex dtypes")
    array = launch.computing_array(input, kind)
    shape = reduced_shape(array.shape, dims, keepdim)
    array, outer, count, inner = arranged(array, dims) if dims else (packed(array), array.size, 1, 1)
    spreads, means = memory.empty(shape, kind.compute), memory.empty(shape, kind.compute)
    if inner == 1:
        launch.launch("var_mean_rows", array.reshape(outer, count), float(correction), deviation, spreads.reshape(outer),
                      means.reshape(outer), work=array.size)
    else:
        launch.launch("var_mean_columns", array.reshape(outer, count, inner), float(correction), deviation,
                      spreads.reshape(outer, inner), means.reshape(outer, inner), work=array.size)
    return launch.deliver("var", spreads, kind, None), launch.deliver("var", means, kind, None)


def _var_gradient(grads: list, input: Tensor, results: list, dims: tuple, correction: float, keepdim: bool,
                  deviation: bool) -> Tensor:
    size, count = input.shape, math.prod(input.shape[d] for d in dims)
    total = None
    if grads[0] is not None:
        grad = grads[0] / (results[0] * 2) if deviation else grads[0]
        if deviation:
            grad = grad.masked_fill(results[0] == 0, 0)
        apart = input - spread_dims(results[1], size, dims, keepdim)
        degrees = count - correction
        total = apart * (2.0 / degrees if degrees > 0 else math.nan) * spread_dims(grad, size, dims, keepdim)
    if grads[1] is not None:
        of_mean = spread_dims(grads[1] / count, size, dims, keepdim)
        total = of_mean if total is None else total + of_mean
    return total


def spread_dims(grad: Tensor, size: tuple, dims: tuple, keepdim: bool) -> Tensor:
    """`spread` over exactly ``dims``."""
    return view.expand(grad if keepdim or not size else view.reshape(grad, reduced_shape(size, dims, True)), size)


var_mean_dims.declaration.node_name = "VarMeanBackward0"
derivative(var_mean_dims, input=_var_gradient)


def _variance(input: Tensor, dim: Any, unbiased: Any, keepdim: bool, correction: Any, deviation: bool) -> tuple:
    if isinstance(dim, bool):                   # var(input, unbiased)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    dims = all_if_empty(wrap_dims(dim, input._array.ndim), input._array.ndim)
    return var_mean_dims(input, dims, correction, keepdim, deviation)


def var(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None,
        out: Tensor | None = None) -> Tensor:
    """Variance over all dimensions or over ``dim``; divides by n - 1 unless ``unbiased`` is False (or by n - ``correction``).

    >>> var(tensor([1.0, 2.0, 3.0, 4.0]))
    tensor(1.6667)
    """
    result = _variance(input, dim, unbiased, keepdim, correction, False)[0]
    return result if out is None else launch.deliver("var", result._array, result._dtype, out)


def std(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None,
        out: Tensor | None = None) -> Tensor:
    """Standard deviation, the root of `var`.

    >>> std(tensor([1.0, 2.0, 3.0, 4.0]))
    tensor(1.2910)
    """
    result = _variance(input, dim, unbiased, keepdim, correction, True)[0]
    return result if out is None else launch.deliver("std", result._array, result._dtype, out)


def var_mean(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: Any = None) -> tuple[Tensor, Tensor]:
    """`var` and `mean` at once."""
    return _variance(input, dim, unbiased, keepdim, correction, False)


def std_mean(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: Any = None) -> tuple[Tensor, Tensor]:
    """`std` and `mean` at once."""
    return _variance(input, dim, unbiased, keepdim, correction, True)


def logsumexp(input: Tensor, dim: Any, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Logarithm of the sum of exponentials along ``dim``, without overflow.

    >>> logsumexp(tensor([1000.0, 1000.0]), 0)
    tensor(1000.6932)
    """
    if input._dtype.category < 2:
        input = input.to(dtypes.get_default_dtype())
    dim = all_if_empty(wrap_dims(dim, input._array.ndim), input._array.ndim)
    top = amax(input.detach(), dim, True) if input._array.size else sum(input.detach(), dim, True)
    top = top.masked_fill(top.abs() == math.inf, 0)
    total = (input - top).exp().sum(dim, True).log() + top
    result = total if keepdim else view.squeeze(total, dim)
    return result if out is None else launch.deliver("logsumexp", result._array, result._dtype, out)


def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: Tensor | None = None,
         dtype: Any = None) -> Tensor:
    """The p-norm of all elements, or along ``dim``: "fro" and 2 the root of the sum of squares, "nuc" the sum of singular
    values, infinity the largest magnitude, -infinity the smallest, 0 the number of nonzero elements.

    >>> norm(tensor([3.0, -4.0]))
    tensor(5.)
    """
    if dtype is not None:
        input = input.to(dtype)
    if input._dtype.category < 2:
        raise RuntimeError(f"norm(): Can only calculate the norm of floating point and complex dtypes. Got {input.dtype} instead.")
    if p == "nuc":
        from .linalg import svd

        if dim is not None and input.dim() != 2:
            input = view.movedim(input, dim, (-2, -1))
        result = svd(input)[1].sum(-1)
        if keepdim:
            result = view.reshape(result, reduced_shape(input.shape, (input.dim() - 2, input.dim() - 1), True))
    else:
        p = 2.0 if p in ("fro", None) else float(p)
        dims = all_if_empty(wrap_dims(dim, input._array.ndim), input._array.ndim)
        result = norm_dims(input, p, dims, keepdim)
    return result if out is None else launch.deliver("norm", result._array, result._dtype, out)


@op
def norm_dims(input: Tensor, p: float, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    """`norm` with checked arguments."""
    kind = input._dtype
    if math.isinf(p):
        magnitude = input.abs()
        return (amax if p > 0 else amin)(magnitude, dims, keepdim)
    if p == 0:
        return count_nonzero_dims(input, dims, keepdim).to(kind)
    name, numbers = ("norm2", ()) if p == 2 else ("norm1", ()) if p == 1 else ("norm", (p,))
    return reduce(name, input, dims, keepdim, kind, kind, None, numbers)


def count_nonzero_dims(input: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    """`count_nonzero` that can keep dims."""
    return reduce("count_nonzero", input, dims, keepdim, input._dtype, dtypes.int64)


def _norm_gradient(grad: Tensor, input: Tensor, result: Tensor, p: float, dims: tuple, keepdim: bool) -> Tensor:
    size = input.shape
    grad, result = spread_dims(grad, size, dims, keepdim), spread_dims(result, size, dims, keepdim)
    if p == 0:
        return grad * 0
    if p == 1:
        return grad * input.sign()
    if math.isinf(p):
        chosen = input.abs() == result
        shares = spread_dims(chosen.to(grad.dtype).sum(dims, keepdim), size, dims, keepdim)
        return input.sign() * (grad / shares).masked_fill(~chosen, 0)
    if p == 2:
        return input * (grad / result).masked_fill(result == 0, 0)
    powered = input.abs().pow(p - 1) * input.sign() / result.pow(p - 1)
    return grad * powered.masked_fill((result == 0) | (input == 0), 0)


norm_dims.declaration.node_name = "NormBackward0"
derivative(norm_dims, input=_norm_gradient)


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of ``input - other``.

    >>> dist(tensor([3.0, 0.0]), tensor([0.0, 4.0]))
    tensor(5.)
    """
    return norm(input - other, p)
