"""Reductions. Sums of floats are exact to about half an ulp of a float64 sum, and the same bits for any number of threads."""
from __future__ import annotations

import builtins
import functools
import math
from typing import Any

import numpy as np

from nb_nn.kernels import table

from ..core import dtype as dtypes
from ..core import launch, loops, memory
from ..core.device import CPU
from ..core.geometry import wrap_dim, wrap_dims
from ..core.op import derivative, holomorphic, no_derivative, op
from ..core.tensor_base import TensorBase, wrap, wrap_host
from . import view

Tensor = TensorBase
PLAIN = (dtypes.float32, dtypes.float64)        # types that are summed as they are
TWICE = ("sum", "mean", "amax", "amin", "all", "any")       # reductions whose results may be reduced in turn
BOOL = np.dtype(np.bool_)
new_array = np.empty
cpu_loops = functools.partial(table.loops_of, "cpu", "reduction")


def arranged(array: Any, dims: tuple[int, ...]) -> tuple[Any, int, int, int]:
    """``array`` as contiguous (outer, n, inner) memory whose middle is reduced, without a copy where the dims allow it."""
    shape = array.shape
    if array.flags.c_contiguous:
        if len(dims) == len(shape):
            return array, 1, array.size, 1
        if len(dims) == 1 and shape:
            return array, math.prod(shape[:dims[0]]), shape[dims[0]], math.prod(shape[dims[0] + 1:])
        low, high = min(dims), max(dims)
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
    if array.size < loops.SMALL and isinstance(array, np.ndarray):
        return array.copy()
    kind = dtypes.from_numpy(array.dtype)
    out = wrap(memory.beside(array, array.shape, array.dtype), kind)
    launch.copy_array(array, kind, out)
    return out._array


def as_parts(array: Any) -> Any:
    """A contiguous complex array as real and imaginary parts side by side in the last dimension."""
    return array.view(array.real.dtype)


def reduced_shape(shape: tuple[int, ...], dims: tuple[int, ...], keepdim: bool) -> tuple[int, ...]:
    """Size without the reduced dims, or with 1 in their place."""
    if len(dims) == 1 and shape:
        return (*shape[:dims[0]], 1, *shape[dims[0] + 1:]) if keepdim else shape[:dims[0]] + shape[dims[0] + 1:]
    return tuple([1 if d in dims else size for d, size in enumerate(shape) if keepdim or d not in dims])


def reduce(name: str, input: Tensor, dims: tuple[int, ...], keepdim: bool, kind: Any, answer: Any, out: Any = None,
           numbers: tuple = ()) -> Tensor:
    """Reduce ``dims`` with the named reduction over elements of type ``kind``, and answer in type ``answer``."""
    array = input._array
    if out is None and not numbers and kind is input._dtype and kind.category < 3 and not kind.half and input._device is CPU and (
            0 < array.size < loops.SMALL and array.flags.c_contiguous and (len(dims) == 1 or len(dims) == array.ndim)):
        return reduce_few(name, array, dims, keepdim, answer)
    array, char = launch.loop_array(input, kind)
    size = reduced_shape(array.shape, dims, keepdim)
    if not dims:                                # reducing no dimension still maps each element
        array, outer, count, inner = packed(array), array.size, 1, 1
    else:
        if name in TWICE and array.size >= loops.SMALL and kind.category != 3:
            array, char, dims = last_dims_first(name, array, char, dims)
        array, outer, count, inner = arranged(array, dims)
    made = memory.empty(size, answer.compute, input._device)
    kernels = table.loops_of(input._device.type, "reduction")
    if kind.category == 3 and answer is kind and name in ("sum", "mean"):       # the parts are summed side by side
        array, inner, target = as_parts(array.reshape(outer, count, inner)), 2 * inner, as_parts(made.reshape(outer, inner))
        kernels.reduce_columns(name, array.dtype.char)(array, numbers, target, work=array.size)
    elif inner == 1:
        kernel = kernels.reduce_rows(name, char)
        kernel(array.reshape(outer, count), numbers, made.reshape(outer), work=array.size)
    else:
        kernel = kernels.reduce_columns(name, char)
        kernel(array.reshape(outer, count, inner), numbers, made.reshape(outer, inner), work=array.size)
    return launch.deliver(name, made, answer, out)


FEW: dict[tuple, Any] = {}      # loops for few elements, compiled for the types of their arguments


def reduce_few(name: str, array: np.ndarray, dims: tuple[int, ...], keepdim: bool, answer: Any) -> Tensor:
    """`reduce` of one dim or of all, of few elements in C order."""
    shape = array.shape
    made = new_array(reduced_shape(shape, dims, keepdim), answer.numpy)
    outer, inner = 1, 1
    if len(dims) < len(shape):
        outer, inner = math.prod(shape[:dims[0]]), math.prod(shape[dims[0] + 1:])
    if inner == 1:
        array, target = array.reshape(outer, -1), made.ravel()
    else:
        array, target = array.reshape(outer, -1, inner), made.reshape(outer, inner)
    key = name, array.dtype.char, answer, array.ndim
    loop = FEW.get(key)
    if loop is None:
        kernel = (cpu_loops().reduce_rows if inner == 1 else cpu_loops().reduce_columns)(name, array.dtype.char)
        loop = FEW[key] = kernel.compiled_for(array, (), target)
    loop(array, (), target)
    return wrap_host(made, answer)


def last_dims_first(name: str, array: Any, char: str, dims: tuple[int, ...]) -> tuple[Any, str, tuple[int, ...]]:
    """Where dims that do not lie side by side are reduced: the array without the last run of them, sums in float64, the character
    of its dtype, and the dims left."""
    first = end = max(dims) + 1
    while first - 1 in dims:
        first -= 1
    rest = tuple([d for d in dims if d < first])
    if not rest or array.__class__ is not np.ndarray or not array.flags.c_contiguous:
        return array, char, dims
    own = launch.FLOAT32 if char in "eE" else array.dtype
    summed = np.dtype(np.float64 if own.kind == "f" else np.int64)
    kind = {"sum": summed, "mean": summed, "amax": own, "amin": own}.get(name, BOOL)
    made = memory.empty(array.shape[:first] + array.shape[end:], kind)
    outer, inner = math.prod(array.shape[:first]), math.prod(array.shape[end:])
    if inner == 1:
        cpu_loops().reduce_rows(name, char)(array.reshape(outer, -1), (), made.reshape(outer), work=array.size)
    else:
        cpu_loops().reduce_columns(name, char)(array.reshape(outer, -1, inner), (), made.reshape(outer, inner), work=array.size)
    return made, made.dtype.char, rest


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
    if dim is None and not keepdim and dtype is None and out is None:
        made = whole("sum", input)
        if made is not None:
            return made
    kind = summing_type(input, dtype, out)
    dims = all_if_empty(wrap_dims(dim, input._array.ndim), input._array.ndim)
    return reduce("sum", input, dims, keepdim, kind, kind, out)


def whole(name: str, input: Tensor) -> Tensor | None:
    """A reduction of all elements where nothing is to be done but to run it; None where something is."""
    array, kind = input._array, input._dtype
    if kind not in PLAIN or input._device is not CPU or not array.size:
        return None
    if not array.flags.c_contiguous:
        if array.size >= loops.SMALL:
            return None
        array = array.ravel("K")                # the order is free
    if array.size < loops.SMALL:
        return reduce_few(name, array, tuple(range(array.ndim)), False, kind)
    made = new_array((), kind.numpy)
    kernel = cpu_loops().reduce_rows(name, array.dtype.char)
    kernel(array.reshape(1, -1), (), made.reshape(1), work=array.size)
    return wrap_host(made, kind)


def all_if_empty(dims: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """All dimensions for an empty list of them, as torch reads it."""
    return dims if dims else tuple(range(ndim))


def spread(grad: Tensor, size: tuple[int, ...], dim: Any, keepdim: bool) -> Tensor:
    """A reduced tensor expanded back over the reduced dims."""
    if not grad._array.ndim and grad._device is CPU and math.prod(size) < loops.SMALL:
        return repeated(grad, size)
    if not keepdim and grad._array.ndim:
        dims = all_if_empty(wrap_dims(dim, len(size)), len(size))
        grad = view.reshape(grad, reduced_shape(size, dims, True))
    return view.expand(grad, size)


@op
def repeated(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """A 0-d tensor's element in each place of a new tensor: for few of them cheaper than a view, which the next operation would
    copy."""
    return wrap(input._array.repeat(math.prod(size)).reshape(size), input._dtype)


derivative(repeated, input=lambda grad: sum(grad))
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
        return input if size else sum(input)
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
    return math.prod(size[d] for d in all_if_empty(wrap_dims(dim, len(size)), len(size))) if size else 1


derivative(mean, input=lambda grad, input_size, dim, keepdim:
           spread(grad / count_of(input_size, dim), input_size, dim, keepdim))


@op
def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """`sum` that counts NaN as zero.

    >>> nansum(tensor([1.0, float("nan")]))
    tensor(1.)
    """
    kind = summing_type(input, dtype, out)
    if input._dtype.category == 3:
        raise RuntimeError("nansum on CPU does not support complex inputs")
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
    before = flat.narrow(-1, 0, flat._array.shape[-1] - 1)
    behind = flat.flip(-1).narrow(-1, 0, flat._array.shape[-1] - 1)
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
holomorphic(prod_dim)


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
