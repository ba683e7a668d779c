"""Arithmetic where an operand is sparse. A product or a scalar acts on stored values; what is not linear coalesces first."""
from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import dtype as dtypes
from ...core import launch
from ...core.op import derivative, inplace, no_sparse_form, op, sparse_form
from ...core.scalars import NUMBERS
from ...core.sparse_array import is_sparse
from ...core.state import state
from ...core.storage import storage_of
from ...core.tensor_base import TensorBase
from .. import (
    activation,
    arithmetic,
    comparison,
    copies,
    creation,
    division,
    exponential,
    from_data,
    joining,
    logic,
    piecewise,
    special,
    trigonometry,
)
from .construction import become, empty_sparse
from .parts import coalesced_parts, keys_of, launch_add_rows, lookup, parts, sparse_of, strided_of

Tensor = TensorBase
MIXED = "add(sparse, dense) is not supported. Use add(dense, sparse) instead."


def in_place(function: Callable) -> Callable:
    """The form that gives the result's parts to its first argument, which must be sparse and fit in size and type."""
    name = function.__name__ + "_"

    def call(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if not is_sparse(input):
            raise RuntimeError(f"{name}: is not implemented for a strided tensor and sparse operands; the result would be sparse")
        made = function(input, *args, **kwargs)
        if made._array.shape != input._array.shape:
            raise RuntimeError(f"{name}: the result has size {list(made._array.shape)}, the tensor to write to "
                               f"{list(input._array.shape)}")
        if made._dtype is not input._dtype:
            if not dtypes.can_cast(made._dtype, input._dtype):
                raise RuntimeError(f"result type {made._dtype.tensor_name[:-6]} can't be cast to the desired output type "
                                   f"{input._dtype.tensor_name[:-6]}")
            made = made.to(input._dtype)
        return become(name, input, made)
    return call


def stated(function: Callable, form: Callable, inplace_form: Callable | None = None) -> None:
    """Let ``form`` stand for an operation on sparse tensors, and ``out=`` of it raise; in place it is `in_place` of it if not given."""
    @functools.wraps(form)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Tensor:
        if out is not None:
            no_sparse_form(f"{form.__name__} with out=")
        return form(*args, **kwargs)
    sparse_form(function, call, inplace_form or in_place(form))


def same_size(name: str, input: Tensor, other: Tensor) -> None:
    """Sparse operands do not broadcast."""
    if input._array.shape != other._array.shape:
        raise RuntimeError(f"{name}: expected sizes of 'self' and 'other' to match, but {list(input._array.shape)} != "
                           f"{list(other._array.shape)}")
    if is_sparse(input) and is_sparse(other) and input.sparse_dim() != other.sparse_dim():
        raise RuntimeError(f"{name}: expected 'self' and 'other' to have same number of sparse dimensions, but {input.sparse_dim()} != "
                           f"{other.sparse_dim()}")


def same_places(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors store the same places in the same order."""
    a, b = input._array.indices._array, other._array.indices._array
    return a is b or a.shape == b.shape and bool((a == b).all())


def add(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """``input + alpha * other``: sparse and sparse, or strided and sparse, which is strided."""
    if not isinstance(other, TensorBase) or not is_sparse(other) or not isinstance(input, TensorBase):
        raise RuntimeError(MIXED)
    arithmetic.check_alpha("add", alpha, input, other)
    if not is_sparse(input):
        return add_to_strided(input, other, alpha)
    same_size("add", input, other)
    if alpha != 1:
        other = mul(other, alpha)
    kind = dtypes.promote_operands((input, other))
    input, other = input.to(kind), other.to(kind)
    a, first, sorted_a = parts(input)
    b, second, sorted_b = parts(other)
    size = input._array.shape
    if same_places(input, other) and sorted_a == input._array.coalesced and sorted_b == other._array.coalesced:
        return sparse_of(first + second, a, size, sorted_a)
    made = sparse_of(joining.cat([first, second]), joining.cat([a, b], 1), size)
    return made.coalesce() if sorted_a and sorted_b else made


@op
def add_sparse(input: Tensor, values: Tensor, indices: Tensor, alpha: Any, *, out: Tensor | None = None) -> Tensor:
    """A strided tensor with ``alpha`` times values added at these places."""
    target = copies.clone(input).contiguous() if out is None else out
    count = indices._array.shape[0]
    shape = target._array.shape
    flat = launch.contiguous_array(target)
    rows = flat.reshape(math.prod(shape[:count]), -1) if flat.size else flat.reshape(0, 0)
    source = launch.contiguous_array(values, target._dtype)
    if source.size:
        launch_add_rows(source.reshape(len(source), -1), keys_of(indices, shape), alpha, rows)
    if flat is not target._array:
        launch.copy_array(rows.reshape(shape), dtypes.from_numpy(flat.dtype), target)
    return target


add_sparse_ = inplace(add_sparse)
add_sparse.declaration.node_name = "AddBackward0"
derivative(add_sparse, input=lambda grad: grad, values=lambda grad, indices, alpha: lookup(grad, indices) * alpha)


def add_to_strided(input: Tensor, other: Tensor, alpha: Any) -> Tensor:
    """A strided tensor plus ``alpha`` times a sparse one."""
    kind = dtypes.promote_operands((input, other))
    same_size("add", input, other)
    indices, values, _ = parts(other)
    if kind is dtypes.bool_:
        return logic.logical_or(input, strided_of(values, indices, other._array.shape))
    return add_sparse(input.to(kind), values.to(kind), indices, alpha)


def add_(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """In-place form of `add`."""
    if is_sparse(input) or not isinstance(other, TensorBase) or input._dtype is dtypes.bool_:
        return in_place(add)(input, other, alpha=alpha)
    if not dtypes.can_cast(other._dtype, input._dtype):
        raise RuntimeError(f"result type {other._dtype.tensor_name[:-6]} can't be cast to the desired output type "
                           f"{input._dtype.tensor_name[:-6]}")
    arithmetic.check_alpha("add", alpha, input, other)
    same_size("add_", input, other)
    indices, values, _ = parts(other)
    return add_sparse_(input, values, indices, alpha)


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """``input - alpha * other`` as `add`."""
    arithmetic.check_alpha("sub", alpha, input, other)
    return add(input, other, alpha=-alpha)


def sub_(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """In-place form of `sub`."""
    arithmetic.check_alpha("sub", alpha, input, other)
    return add_(input, other, alpha=-alpha)


def is_scalar(value: Any) -> bool:
    """Whether a value is a number or a strided tensor without dimensions."""
    return isinstance(value, NUMBERS) or isinstance(value, TensorBase) and value._array.ndim == 0 and not is_sparse(value)


def mul(input: Any, other: Any) -> Tensor:
    """Products of a sparse tensor and a number, a sparse tensor, or a strided one that broadcasts to its size; the result is sparse."""
    if not isinstance(input, TensorBase) or not is_sparse(input):
        input, other = other, input
    if is_scalar(other):
        indices, values, coalesced = parts(input)
        return sparse_of(values * other, indices, input._array.shape, coalesced)
    if not isinstance(other, TensorBase):
        raise TypeError(f"mul(): argument 'other' must be Tensor or a number, not {type(other).__name__}")
    if not is_sparse(other):
        other = other.expand(input._array.shape)
        indices, values, coalesced = parts(input)
        return sparse_of(values * lookup(other, indices), indices, input._array.shape, coalesced)
    same_size("mul", input, other)
    return product_of_sparse(input, other)


def product_of_sparse(input: Tensor, other: Tensor) -> Tensor:
    """The product at the places that both store."""
    input, other = input.coalesce(), other.coalesce()
    a, first = coalesced_parts(input)
    size = input._array.shape
    if same_places(input, other):
        return sparse_of(first * coalesced_parts(other)[1], a, size, True)
    mine, theirs = keys_of(a, size), keys_of(other._array.indices, size)
    both = from_data.from_numpy(np.flatnonzero(np.isin(mine, theirs, assume_unique=True)))
    indices = a.index_select(1, both)
    return sparse_of(first.index_select(0, both) * lookup(other, indices), indices, size, True)


def mul_(input: Tensor, other: Any) -> Tensor:
    """In-place form of `mul`; a number is multiplied to the values where they are."""
    return on_values(input, other, mul, "mul_")


def on_values(input: Tensor, other: Any, function: Callable, name: str) -> Tensor:
    """An in-place form by a number on the values themselves where nothing is recorded."""
    if is_sparse(input) and is_scalar(other) and not (state.grad and (input._requires_grad or getattr(other, "_requires_grad", False))):
        getattr(input._array.values, name)(other)
        storage_of(input).version += 1
        return input
    return in_place(function)(input, other)


def divisor(input: Any, other: Any) -> None:
    """Only numbers divide a sparse tensor."""
    if not isinstance(input, TensorBase) or not is_sparse(input) or not is_scalar(other):
        given = list(other._array.shape) if isinstance(other, TensorBase) else type(other).__name__
        raise RuntimeError(f"Sparse division requires a scalar or zero-dim dense tensor divisor (got shape {given} for divisor)")


def true_divide(input: Any, other: Any) -> Tensor:
    """A sparse tensor divided by a number."""
    divisor(input, other)
    indices, values, coalesced = parts(input)
    return sparse_of(values / other, indices, input._array.shape, coalesced)


def true_divide_(input: Tensor, other: Any) -> Tensor:
    """In-place form of `true_divide`."""
    divisor(input, other)
    return on_values(input, other, true_divide, "div_")


def floor_divide(input: Any, other: Any) -> Tensor:
    """A sparse tensor divided by a number and rounded down."""
    divisor(input, other)
    indices, values = coalesced_parts(input)
    return sparse_of(division.floor_divide(values, other), indices, input._array.shape, True)


def neg(input: Tensor) -> Tensor:
    """The negative of each value."""
    indices, values, coalesced = parts(input)
    return sparse_of(-values, indices, input._array.shape, coalesced)


def pow(input: Any, exponent: Any) -> Tensor:
    """Each element to the power of a number other than 0."""
    if not isinstance(exponent, NUMBERS):
        raise RuntimeError("pow: for sparse tensors the exponent must be a number and the base the sparse tensor")
    if exponent == 0:
        raise RuntimeError("pow: cannot raise to zeroth power on sparse tensor; it would make the result tensor dense")
    indices, values = coalesced_parts(input)
    return sparse_of(values ** exponent, indices, input._array.shape, True)


def elementwise(function: Callable) -> Callable:
    """The form of a function of each element with f(0) = 0."""
    def form(input: Tensor) -> Tensor:
        indices, values = coalesced_parts(input)
        return sparse_of(function(values), indices, input._array.shape, True)

    form.__name__ = function.__name__
    return form


def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy with parts of its own."""
    indices, values, coalesced = parts(input)
    return sparse_of(values.clone(), indices.clone(), input._array.shape, coalesced)


def cast(input: Tensor, dtype: Any) -> Tensor:
    """The values in another type."""
    indices, values, coalesced = parts(input)
    return sparse_of(values.to(dtype), indices, input._array.shape, coalesced)


def copy_(input: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Take over the elements of another sparse tensor of this size."""
    if not isinstance(src, TensorBase):
        raise TypeError(f"copy_(): argument 'other' must be Tensor, not {type(src).__name__}")
    if not is_sparse(input) or not is_sparse(src):
        raise RuntimeError("copy_() between dense and sparse Tensors is not implemented! Found self type = "
                           f"{input.type()} and src type = {src.type()}")
    if input is src:
        return input
    same_size("copy_", input, src)
    return become("copy_", input, clone(src).to(input._dtype))


def fill_(input: Tensor, value: Any) -> Tensor:
    """Zero alone can fill a sparse tensor, which then stores nothing."""
    if not isinstance(value, NUMBERS) or value != 0:
        raise RuntimeError(f"fill_: is not implemented for sparse tensors and other numbers than 0, got {value}")
    made = empty_sparse(input._array.shape, input._dtype, input._device, input.sparse_dim())
    return become("zero_", input, made + input * 0 if state.grad and input._requires_grad else made)


stated(arithmetic.mul, mul, mul_)
stated(division.true_divide, true_divide, true_divide_)
stated(division.floor_divide, floor_divide)
stated(arithmetic.neg, neg)
stated(exponential.pow, pow)
stated(arithmetic.add, add, add_)
stated(arithmetic.sub, sub, sub_)
for function in (
    arithmetic.abs, arithmetic.sign, arithmetic.square, arithmetic.floor, arithmetic.ceil, arithmetic.trunc, arithmetic.frac,
    exponential.sqrt, exponential.expm1, exponential.log1p, trigonometry.sin, trigonometry.tan, trigonometry.asin, trigonometry.atan,
    trigonometry.sinh, trigonometry.erf, trigonometry.erfinv, activation.tanh, piecewise.relu, special.round,
    comparison.isnan, comparison.isinf,
):
    stated(function, elementwise(function))
sparse_form(copies.clone, clone)
sparse_form(copies.cast, cast)
sparse_form(copies.copy, None, copy_)
sparse_form(creation.fill, None, fill_)
