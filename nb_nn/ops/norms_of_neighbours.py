"""Normalization without a mean: of rows by their root mean square, of channels by their neighbours."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.geometry import sizes_of
from ..core.op import derivative, op
from ..core.state import state
from ..core.tensor_base import TensorBase, wrap
from .normalization import check_floating, or_nothing
from .padding import constant_pad

Tensor = TensorBase
STEPS = {"float16": 2.0 ** -10, "bfloat16": 2.0 ** -7}


@op
def rms_norm_dims(input: Tensor, count: int, weight: Tensor | None, eps: float) -> tuple[Tensor, Tensor]:
    """What the rows of the last ``count`` dimensions were multiplied by, which backward keeps; and their `rms_norm`."""
    kind, shape = input._dtype, input._array.shape
    array = launch.contiguous_array(input).reshape(math.prod(shape[:-count]), math.prod(shape[-count:]))
    made = memory.empty(array.shape, kind.compute, input._device)
    scales = memory.beside(made, (array.shape[0],), made.dtype)
    if made.size:
        launch.launch("rms_norm", array, or_nothing(weight, input), eps, made, scales, device=input._device, work=made.size)
    return wrap(scales, dtypes.from_numpy(scales.dtype)), launch.deliver("rms_norm", made.reshape(shape), kind, None)


def _rms_norm(grads: list, input: Tensor, count: int, weight: Tensor | None, result: Tensor, eps: float, needs: tuple) -> list:
    grad = grads[1]
    if state.grad:
        dims = list(range(input.dim() - count, input.dim()))
        scale = ((input * input).mean(dims, True) + eps).rsqrt()
        given = grad if weight is None else grad * weight
        for_input = scale * (given - input * scale * scale * (given * input).mean(dims, True)) if needs[0] else None
        return [for_input, grad * input * scale if needs[1] else None]
    kind, shape = input._dtype, input._array.shape
    array = launch.contiguous_array(input).reshape(math.prod(shape[:-count]), math.prod(shape[-count:]))
    made = memory.empty(array.shape, kind.compute, input._device)
    for_weight = memory.beside(made, (array.shape[1] if needs[1] else 0,), made.dtype)
    if made.size:
        launch.launch("rms_norm_backward", launch.contiguous_array(grad, kind).reshape(array.shape), array, result._array,
                      or_nothing(weight, input), made, for_weight, device=input._device, work=made.size)
    else:
        for_weight.fill(0)
    return [launch.deliver("rms_norm", made.reshape(shape), kind, None) if needs[0] else None,
            wrap(for_weight.reshape(shape[-count:]), dtypes.from_numpy(made.dtype)) if needs[1] else None]


rms_norm_dims.declaration.node_name = "RmsNormBackward0"
derivative(rms_norm_dims, _rms_norm, ("input", "weight"))


def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """The last dimensions, of sizes ``normalized_shape``, over the root of their mean square plus ``eps``, times ``weight``
    (Zhang and Sennrich 2019). ``eps`` None is the smallest step of the type at 1.

    >>> rms_norm(tensor([3.0, 4.0]), (2,))
    tensor([0.8485, 1.1314])
    """
    size = (normalized_shape,) if normalized_shape.__class__ is int else sizes_of((normalized_shape,))
    shape = input._array.shape
    if not size or shape[-len(size):] != size:
        raise RuntimeError(f"Given normalized_shape={list(size)}, expected input with shape [*, {str(list(size))[1:-1]}], but got input "
                           f"of size{list(shape)}")
    if weight is not None and weight._array.shape != size:
        raise RuntimeError(f"Expected weight to be of same shape as normalized_shape, but got weight of shape {list(weight._array.shape)} "
                           f"and normalized_shape = {list(size)}")
    if input._dtype.category < 2:
        check_floating("rms_norm", input)
    if eps is None:
        eps = STEPS.get(input._dtype.name) or float(np.finfo(input._dtype.numpy).eps)
    if input._dtype.category == 3 or weight is not None and weight._dtype is not input._dtype:
        return composed_rms_norm(input, len(size), weight, float(eps))
    return rms_norm_dims(input, len(size), weight, float(eps))[1]


def composed_rms_norm(input: Tensor, count: int, weight: Tensor | None, eps: float) -> Tensor:
    """`rms_norm` of complex numbers (over the root of their mean square, not of the squares of their sizes), or with a weight of
    another type, which does not change the result's."""
    wide = input.float() if input._dtype.half else input
    made = wide * ((wide * wide).mean(list(range(-count, 0)), True) + eps).rsqrt()
    return (made if weight is None else made * weight).to(input._dtype)


@op
def local_response_norm_op(input: Tensor, size: int, alpha: float, beta: float, k: float) -> tuple[Tensor, Tensor]:
    """What is raised to ``-beta``, which backward keeps; and `local_response_norm` with checked arguments."""
    array = channels_of(input)
    made, bases = (memory.empty(array.shape, array.dtype, input._device) for _ in range(2))
    if made.size:
        launch.launch("local_response_norm", array, size, alpha, beta, k, made, bases, device=input._device)
    return (wrap(bases, dtypes.from_numpy(bases.dtype)),
            launch.deliver("local_response_norm", made.reshape(input._array.shape), input._dtype, None))


def channels_of(input: Tensor) -> Any:
    """An (N, C, \\*) tensor's elements as (N, C, inner)."""
    shape = input._array.shape
    return launch.contiguous_array(input).reshape(*shape[:2], math.prod(shape[2:]))


def _local_response_norm(grads: list, input: Tensor, size: int, alpha: float, beta: float, result: Tensor, k: float) -> Tensor:
    if state.grad:
        base = sum_of_neighbours(input * input, size // 2, (size - 1) // 2) * (alpha / size) + k
        scaled = grads[1] * base.pow(-beta)
        return scaled - input * sum_of_neighbours(scaled * input / base, (size - 1) // 2, size // 2) * (2 * alpha * beta / size)
    array = channels_of(input)
    made = memory.empty(array.shape, array.dtype, input._device)
    if made.size:
        grad = launch.contiguous_array(grads[1], input._dtype).reshape(array.shape)
        launch.launch("local_response_norm_backward", grad, array, result._array, size, alpha, beta, made, device=input._device)
    return launch.deliver("local_response_norm", made.reshape(input._array.shape), input._dtype, None)


def sum_of_neighbours(x: Tensor, before: int, behind: int) -> Tensor:
    """Sums over channels from ``before`` each one to ``behind`` it, in operations."""
    wide = constant_pad(x, (0, 0) * (x.dim() - 2) + (before, behind), 0.0)
    total = wide.narrow(1, 0, x.shape[1])
    for shift in range(1, before + behind + 1):
        total = total + wide.narrow(1, shift, x.shape[1])
    return total


local_response_norm_op.declaration.node_name = "LocalResponseNormBackward0"
derivative(local_response_norm_op, input=_local_response_norm)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Elements over ``(k + alpha * mean of squares of size neighbouring channels) ** beta``; outside are zeros.

    >>> local_response_norm(tensor([[[3.0], [4.0]]]), 1, alpha=1.0, beta=1.0)
    tensor([[[0.3000],
             [0.2353]]])
    """
    if input.dim() < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input.dim()} dimensions)")
    if size < 1:
        raise RuntimeError(f"local_response_norm: size must be at least 1, got {size}")
    check_floating("local_response_norm", input)
    return local_response_norm_op(input, size, float(alpha), float(beta), float(k))[1] if input._array.size else input
