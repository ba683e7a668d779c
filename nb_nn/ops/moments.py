"""Variance and standard deviation, norms and logsumexp."""
from __future__ import annotations

import math
from typing import Any

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.device import CPU
from ..core.geometry import wrap_dims
from ..core.op import derivative, no_derivative, op
from ..core.sparse_array import is_sparse
from ..core.tensor_base import TensorBase, wrap
from . import view
from .extremes import amax, amin
from .joining import stack
from .reduction import PLAIN, all_if_empty, arranged, cpu_loops, mean, packed, reduce, reduced_shape, spread, whole

Tensor = TensorBase


@op
def var_mean_dims(input: Tensor, dims: tuple[int, ...], correction: float, keepdim: bool, deviation: bool) -> tuple:
    """Variance (or standard deviation) and mean over ``dims``."""
    kind = input._dtype
    if kind.category < 2:
        raise RuntimeError("std and var only support floating point and complex dtypes")
    array = launch.computing_array(input, kind)
    shape = reduced_shape(array.shape, dims, keepdim)
    array, outer, count, inner = arranged(array, dims) if dims else (packed(array), array.size, 1, 1)
    spreads, means = memory.empty(shape, kind.compute, input._device), memory.empty(shape, kind.compute, input._device)
    if inner == 1:
        launch.launch("var_mean_rows", array.reshape(outer, count), float(correction), deviation, spreads.reshape(outer),
                      means.reshape(outer), work=array.size)
    else:
        launch.launch("var_mean_columns", array.reshape(outer, count, inner), float(correction), deviation,
                      spreads.reshape(outer, inner), means.reshape(outer, inner), work=array.size)
    return launch.deliver("var", spreads, kind, None), launch.deliver("var", means, kind, None)


def _var_gradient(grads: list, input: Tensor, results: list, dims: tuple, correction: float, keepdim: bool,
                  deviation: bool) -> Tensor:
    size, count = input.shape, math.prod(input.shape[d] for d in dims) if input.dim() else 1
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
    if input._dtype.category == 3:
        return complex_variance(input, dims, correction, keepdim, deviation)
    return var_mean_dims(input, dims, correction, keepdim, deviation)


def complex_variance(input: Tensor, dims: tuple[int, ...], correction: float, keepdim: bool, deviation: bool) -> tuple:
    """The sum of the variances of the parts, and the mean."""
    total = sum(var_mean_dims(part, dims, correction, keepdim, False)[0] for part in (input.real, input.imag))
    return total.sqrt() if deviation else total, mean(input, dims, keepdim)


def var(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None,
        out: Tensor | None = None) -> Tensor:
    """Variance over all dimensions or over ``dim``; divides by n - 1 unless ``unbiased`` is False (or by n - ``correction``).

    >>> var(tensor([1.0, 2.0, 3.0, 4.0]))
    tensor(1.6667)
    """
    result = _variance(input, dim, unbiased, keepdim, correction, False)[0]
    return launch.into_out("var", result, out)


def std(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None,
        out: Tensor | None = None) -> Tensor:
    """Standard deviation, the root of `var`.

    >>> std(tensor([1.0, 2.0, 3.0, 4.0]))
    tensor(1.2910)
    """
    result = _variance(input, dim, unbiased, keepdim, correction, True)[0]
    return launch.into_out("std", result, out)


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
    if input._dtype.category == 3:
        return launch.into_out("logsumexp", logsumexp_of_complex(input, dim, keepdim), out)
    return logsumexp_dims(input, all_if_empty(wrap_dims(dim, input._array.ndim), input._array.ndim), keepdim, out=out)


def logsumexp_of_complex(input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    """`logsumexp` of complex numbers, where the largest real part is taken out."""
    largest = amax(input.detach().real, dim, True)
    largest = largest.masked_fill(largest.abs() == math.inf, 0)
    total = (input - largest).exp().sum(dim, keepdim).log()
    return total + (largest if keepdim or not input._array.ndim else largest.reshape(total.shape))


@op
def logsumexp_dims(input: Tensor, dims: tuple[int, ...], keepdim: bool, *, out: Tensor | None = None) -> Tensor:
    """`logsumexp` of floating-point elements along checked dims."""
    kind = input._dtype
    array = launch.computing_array(input, kind)
    made = memory.empty(reduced_shape(array.shape, dims, keepdim), kind.compute, input._device)
    if made.size:
        order = [d for d in range(array.ndim) if d not in dims] + (list(dims) if array.ndim else [])
        rows = packed(array.transpose(order)).reshape(made.size, -1) if array.size else memory.beside(array, (made.size, 0), kind.compute)
        launch.launch("logsumexp_rows", rows, made.reshape(-1), work=array.size)
    return launch.deliver("logsumexp", made, kind, out)


logsumexp_dims.declaration.node_name = "LogsumexpBackward0"
derivative(logsumexp_dims, input=lambda grad, input, result, dims, keepdim: (
    spread(grad, input._array.shape, dims, keepdim) * (input - spread(result, input._array.shape, dims, keepdim)).exp()))


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
        if isinstance(p, str) and p != "fro":
            raise RuntimeError(f"norm(): p must be a number, 'fro' or 'nuc', got {p!r}")
        p = 2.0 if p in ("fro", None) else float(p)
        dims = all_if_empty(wrap_dims(dim, input._array.ndim), input._array.ndim)
        if (p < 0 or p == math.inf) and input._array.ndim and 0 in [input._array.shape[d] for d in dims]:
            raise RuntimeError(f"norm(): the {p} norm of no elements is not defined; got size {list(input._array.shape)}")
        result = norm_dims(input if input._dtype.category < 3 else input.abs(), p, dims, keepdim)
    return launch.into_out("norm", result, out)


NORMS: dict[float, tuple] = {1.0: ("norm1", ()), 2.0: ("norm2", ())}        # names of reductions, and what they take besides elements


@op
def norm_dims(input: Tensor, p: float, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    """`norm` with checked arguments."""
    kind = input._dtype
    if math.isinf(p):
        magnitude = input.abs()
        return (amax if p > 0 else amin)(magnitude, dims, keepdim)
    if p == 0:
        return count_nonzero_dims(input, dims, keepdim).to(kind)
    name, numbers = NORMS.get(p, ("norm", (p,)))
    if not numbers and not keepdim and len(dims) == input._array.ndim:
        made = whole(name, input)
        if made is not None:
            return made
    return reduce(name, input, dims, keepdim, kind, kind, None, numbers)


def count_nonzero_dims(input: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    """`count_nonzero` that can keep dims."""
    return reduce("count_nonzero", input, dims, keepdim, input._dtype, dtypes.int64)


def _norm_gradient(grad: Tensor, input: Tensor, result: Tensor, p: float, dims: tuple, keepdim: bool) -> Tensor | None:
    if p == 0:
        return None
    size = input.shape
    if p == 2:
        none = result == 0
        quotient = (grad / result.masked_fill(none, 1)).masked_fill(none, 0)
        if quotient.isfinite().all():
            return input * spread_dims(quotient, size, dims, keepdim)
    grad, result = spread_dims(grad, size, dims, keepdim), spread_dims(result, size, dims, keepdim)
    if p == 1:
        return grad * input.sign()
    if math.isinf(p):
        chosen = input.abs() == result
        shares = spread_dims(chosen.to(grad.dtype).sum(dims, keepdim), size, dims, keepdim)
        return input.sign() * (grad / shares).masked_fill(~chosen, 0)
    if p == 2:      # the norm is so near to zero that the quotient overflows, or something is no number
        return grad * (input / result).masked_fill(result == 0, 0)
    none = (result == 0) | (input == 0)         # masked before the powers, too, whose own slopes may be infinite there
    powered = input.masked_fill(none, 1).abs().pow(p - 1) * input.sign() / result.masked_fill(none, 1).pow(p - 1)
    return grad * powered.masked_fill(none, 0)


@op
def norms(tensors: tuple, p: float) -> Tensor:
    """The norms of some tensors, each of all elements of one, as a vector on the device of the first."""
    first, (name, numbers) = tensors[0], NORMS.get(p, ("norm", (p,)))
    alike = all(not is_sparse(one) and one._dtype is first._dtype and one._device is CPU and one._array.flags.c_contiguous
                and one._array.size for one in tensors)
    if numbers or not alike or first._dtype not in PLAIN:
        return stack([norm(one, p).to(first._device) for one in tensors])
    made = memory.empty((len(tensors),), first._dtype.numpy)
    kernel = cpu_loops().reduce_rows(name, made.dtype.char)
    for place, one in enumerate(tensors):
        kernel(one._array.reshape(1, -1), (), made[place:place + 1], work=one._array.size)
    return wrap(made, first._dtype)


no_derivative(norms)
norm_dims.declaration.node_name = "NormBackward0"
derivative(norm_dims, input=_norm_gradient)


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of ``input - other``.

    >>> dist(tensor([3.0, 0.0]), tensor([0.0, 4.0]))
    tensor(5.)
    """
    return norm(input - other, p)
