"""Normalization by channel: elements around their mean, over their deviation, in a batch."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.op import derivative, no_derivative, op
from ..core.storage import storage_of
from ..core.tensor_base import TensorBase, wrap
from . import view

Tensor = TensorBase


def check_floating(name: str, input: Tensor, **parameters: Tensor | None) -> None:
    """Input must be floating; parameters of its type, or float32 beside a half type."""
    kind = input._dtype
    if kind.category != 2:
        raise launch.not_implemented(name, kind, "floating-point elements")
    for what, value in parameters.items():
        if value is not None and value._dtype is not kind and not (kind.half and value._dtype is dtypes.float32):
            raise RuntimeError(f"{name}: expected {what} to have type {kind.tensor_name[:-6]} as input has, but got "
                               f"{value._dtype.tensor_name[:-6]}")


def or_nothing(value: Tensor | None, like: Tensor) -> Any:
    """A parameter's contiguous elements in the type in which ``like`` is computed with, an empty array for None."""
    kind = like._dtype
    return memory.nothing(kind.compute, like._device) if value is None else launch.contiguous_array(value, kind).reshape(-1)


def by_channel(array: Any) -> tuple[Any, str]:
    """(N, C) as it is or (N, C, \\*) as (N, C, inner), and the name of the kernels for it."""
    if array.ndim == 2:
        return array, "batch_norm_columns_"
    shape = array.shape
    return array.reshape(shape[0], shape[1], math.prod(shape[2:])), "batch_norm_"


@op
def batch_norm_stats(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, momentum: float,
                     eps: float) -> tuple[Tensor, Tensor]:
    """Mean and 1 / sqrt(biased variance + eps) of each channel; running statistics move by ``momentum`` toward the batch's mean
    and unbiased variance."""
    array = launch.contiguous_array(input)
    channels = array.shape[1]
    mean, var = memory.beside(array, (channels,), array.dtype), memory.beside(array, (channels,), array.dtype)
    if not array.size:
        mean.fill(0)
        var.fill(0)
    else:
        array, name = by_channel(array)
        launch.launch(name + "stats", array, mean, var, device=input._device, work=array.size)
        count = array.size // channels
        move(running_mean, mean, momentum)
        move(running_var, var, momentum, count / max(count - 1, 1))
    kind = dtypes.from_numpy(mean.dtype)
    return wrap(mean, kind), wrap(inverse_root(var, eps), kind)


def inverse_root(var: Any, eps: float) -> Any:
    """1 / sqrt(var + eps), rounded once: a float32 would drop half the digits of a small eps."""
    if not isinstance(var, np.ndarray):
        return (wrap(var, dtypes.from_numpy(var.dtype)).double() + eps).rsqrt().to(dtypes.from_numpy(var.dtype))._array
    return (1.0 / np.sqrt(var.astype(np.float64) + eps)).astype(var.dtype)


def move(running: Tensor | None, value: Any, momentum: float, scale: float = 1.0) -> None:
    """Take one step of an exponential average toward ``value * scale``, in place."""
    if running is None:
        return
    if not isinstance(value, np.ndarray):
        running.mul_(1 - momentum).add_(wrap(value, dtypes.from_numpy(value.dtype)) * (momentum * scale))
        return
    value = value * scale
    if running._dtype.half:
        launch.copy_array(launch.contiguous_array(running) * (1 - momentum) + value * momentum, dtypes.float32, running)
    else:
        running._array *= 1 - momentum
        running._array += value * momentum
    storage_of(running).version += 1


no_derivative(batch_norm_stats)


@op
def batch_norm_apply(input: Tensor, weight: Tensor | None, bias: Tensor | None, mean: Tensor, invstd: Tensor, eps: float,
                     training: bool) -> Tensor:
    """``(input - mean) * invstd * weight + bias``; if ``training``, mean and invstd are the batch's own."""
    kind = input._dtype
    array, name = by_channel(launch.contiguous_array(input))
    made = memory.empty(input._array.shape, kind.compute, input._device)
    if made.size:
        launch.launch(name + "apply", array, or_nothing(mean, input), or_nothing(invstd, input), or_nothing(weight, input),
                      or_nothing(bias, input), made.reshape(array.shape), device=input._device)
    return launch.deliver("batch_norm", made, kind, None)


@op
def batch_norm_backward(grad_output: Tensor, input: Tensor, weight: Tensor | None, mean: Tensor, invstd: Tensor, eps: float,
                        training: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of input, weight and bias of `batch_norm_apply`."""
    kind = input._dtype
    array, name = by_channel(launch.contiguous_array(input))
    made = memory.empty(input._array.shape, kind.compute, input._device)
    for_weight, for_bias = (memory.beside(array, (array.shape[1],), made.dtype) for _ in range(2))
    if made.size:
        launch.launch(name + "backward", launch.contiguous_array(grad_output, kind).reshape(array.shape), array,
                      or_nothing(mean, input), or_nothing(invstd, input), or_nothing(weight, input), training,
                      made.reshape(array.shape), for_weight, for_bias, device=input._device, work=made.size)
    else:
        for_weight.fill(0)
        for_bias.fill(0)
    small = dtypes.from_numpy(made.dtype)
    return launch.deliver("batch_norm_backward", made, kind, None), wrap(for_weight, small), wrap(for_bias, small)


def _batch_norm_gradients(grad: Tensor, input: Tensor, weight: Tensor | None, mean: Tensor, invstd: Tensor, eps: float,
                          training: bool, needs: tuple) -> list:
    found = batch_norm_backward(grad, input, weight, mean, invstd, eps, training)
    return [one if need else None for one, need in zip(found, needs)]


def second_derivative(grads: list, grad: Tensor, input: Tensor, weight: Tensor | None, mean: Tensor, invstd: Tensor,
                      dims: list[int] | None) -> tuple:
    """Gradients of the gradients (input's, weight's, bias') of ``(input - mean) * invstd * weight``, for grad, input and weight.

    ``mean`` and ``invstd`` are of ``dims`` and broadcast to input, as ``weight`` does; or constants, if ``dims`` is None.
    With x the normalized input, u = grad * weight, and P(t) = invstd * (t - mean(t) - x mean(t x)), the first gradient is P(u);
    P is symmetric, and dx / dinput is P, too.
    """
    v, for_weight, for_bias = [None if one is None else one.to(input._dtype) for one in grads]
    x = (input - mean) * invstd
    u = grad if weight is None else grad * weight

    def project(t: Tensor) -> Tensor:
        return t * invstd if dims is None else invstd * (t - t.mean(dims, True) - x * (t * x).mean(dims, True))

    to_grad = to_input = to_weight = grad.new_zeros(()).expand(grad.shape)
    if for_weight is not None:
        to_grad = to_grad + for_weight * x
        to_input = project(grad * for_weight)
    if for_bias is not None:
        to_grad = to_grad + for_bias
    if v is not None:
        projected = project(v)
        to_grad = to_grad + (projected if weight is None else projected * weight)
        to_weight = projected * grad
        if dims is not None:
            slope = invstd * (v * (u * x).mean(dims, True) + u * (v * x).mean(dims, True))
            change = (v * (u - u.mean(dims, True) - x * (u * x).mean(dims, True))).mean(dims, True)
            to_input = to_input - project(slope) - x * change * invstd * invstd
    return to_grad, to_input, to_weight


def stats_of(input: Tensor, dims: list[int], eps: float) -> tuple[Tensor, Tensor]:
    """Mean and 1 / deviation along dims, in ops: the saved ones would be constants to third derivatives."""
    mean = input.mean(dims, True)
    apart = input - mean
    return mean, ((apart * apart).mean(dims, True) + eps).rsqrt()


def _batch_norm_second(grads: list, grad_output: Tensor, input: Tensor, weight: Tensor | None, mean: Tensor, invstd: Tensor,
                       eps: float, training: bool) -> list:
    shape = (1, -1) + (1,) * (input.dim() - 2)
    dims = [0, *range(2, input.dim())]
    mean, invstd = stats_of(input, dims, eps) if training else (mean.reshape(shape), invstd.reshape(shape))
    grads = [grads[0], *[None if one is None else one.reshape(shape) for one in grads[1:]]]
    to_grad, to_input, to_weight = second_derivative(grads, grad_output, input, None if weight is None else weight.reshape(shape),
                                                     mean, invstd, dims if training else None)
    return [to_grad, to_input, None if weight is None else to_weight.sum(dims)]


batch_norm_apply.declaration.node_name = "NativeBatchNormBackward0"
derivative(batch_norm_apply, _batch_norm_gradients, ("input", "weight", "bias"))
derivative(batch_norm_backward, _batch_norm_second, ("grad_output", "input", "weight"))


def check_count(input: Tensor, count: int) -> None:
    """One value alone has no deviation."""
    if count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {input.shape}")


def check_channels(name: str, shape: tuple[int, ...], **values: Tensor | None) -> None:
    """What has an element a channel."""
    for what, value in values.items():
        if value is not None and value._array.shape != shape[1:2]:
            raise RuntimeError(f"{what} should contain {shape[1]} elements not {value._array.size}: {name} got input of size {list(shape)}")


def batch_norm(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
               bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5) -> Tensor:
    """Each channel around its mean, over its standard deviation, times ``weight`` plus ``bias``.

    In training, mean and variance are the batch's, and the running ones (where given) take a step of ``momentum`` toward them;
    otherwise the running ones are used. (Ioffe and Szegedy 2015)

    Shape: input (N, C) or (N, C, \\*), the others (C).

    >>> torch.nn.functional.batch_norm(tensor([[1.0], [3.0]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    shape = input._array.shape
    if shape == (0,):
        columns = view.reshape(input, (0, 0))
        return view.reshape(batch_norm(columns, running_mean, running_var, weight, bias, training, momentum, eps), (0,))
    if len(shape) < 2:
        raise RuntimeError(f"batch_norm: expected input of size (N, C, ...), got {list(shape)}")
    if training:
        check_count(input, input._array.size // max(shape[1], 1))
    check_channels("batch_norm", shape, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    check_floating("batch_norm", input, weight=weight, bias=bias)
    if training:
        mean, invstd = batch_norm_stats(input, running_mean, running_var, momentum, eps)
    else:
        if running_mean is None or running_var is None:
            raise RuntimeError(f"Expected running_mean and running_var to be defined when training={training}: batch_norm has no "
                               "statistics to use")
        mean = running_mean.detach()
        invstd = wrap(inverse_root(launch.contiguous_array(running_var), eps), dtypes.from_numpy(running_var._dtype.compute))
    return batch_norm_apply(input, weight, bias, mean, invstd, eps, training)
