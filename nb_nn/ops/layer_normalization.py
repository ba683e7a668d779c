"""Normalization of each sample: of its last dimensions, of groups of its channels, or of single ones."""
from __future__ import annotations

import math
from typing import Any

from nb_nn.kernels import table

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.geometry import sizes_of
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from .normalization import batch_norm, check_channels, check_count, check_floating, move, or_nothing, second_derivative, stats_of

Tensor = TensorBase


@op
def layer_norm_dims(input: Tensor, count: int, weight: Tensor | None, bias: Tensor | None,
                    eps: float) -> tuple[Tensor, Tensor]:
    """Mean and 1 / deviation (2, rows) of the last ``count`` dimensions, which backward keeps; and their `layer_norm`."""
    kind, shape = input._dtype, input._array.shape
    rows = math.prod(shape[:-count]), math.prod(shape[-count:])
    bits = launch.are_bits(kind, (input,))
    made = memory.empty(rows, kind.numpy if bits else kind.compute, input._device)
    stats = memory.beside(made, (2, rows[0]), kind.compute)
    if made.size and bits:
        kernel = table.loops_of("cpu", "halves").layer_norm(kind.name)
        kernel(launch.contiguous_bits(input).reshape(rows), or_nothing(weight, input), or_nothing(bias, input), eps,
               launch.contiguous_bits(wrap(made, kind)), stats[0], stats[1], work=made.size)
    elif made.size:
        launch.launch("layer_norm", launch.contiguous_array(input).reshape(rows), or_nothing(weight, input), or_nothing(bias, input),
                      eps, made, stats[0], stats[1], device=input._device, work=made.size)
    return wrap(stats, dtypes.from_numpy(stats.dtype)), launch.deliver("layer_norm", made.reshape(shape), kind, None)


@op
def layer_norm_backward(grad_output: Tensor, input: Tensor, count: int, weight: Tensor | None, stats: Tensor, eps: float,
                        with_weight: bool) -> tuple:
    """Gradients of input, weight and bias of `layer_norm_dims`; the latter two None if not wanted."""
    kind, shape = input._dtype, input._array.shape
    array = launch.contiguous_array(input).reshape(math.prod(shape[:-count]), math.prod(shape[-count:]))
    made = memory.empty(array.shape, kind.compute, input._device)
    for_weight, for_bias = (memory.beside(made, (array.shape[1] if with_weight else 0,), made.dtype) for _ in range(2))
    if made.size:
        launch.launch("layer_norm_backward", launch.contiguous_array(grad_output, kind).reshape(array.shape), array,
                      stats._array[0], stats._array[1], or_nothing(weight, input), made, for_weight, for_bias,
                      device=input._device, work=made.size)
    else:
        for_weight.fill(0)
        for_bias.fill(0)
    result = launch.deliver("layer_norm_backward", made.reshape(shape), kind, None)
    if not with_weight:
        return result, None, None
    small = dtypes.from_numpy(made.dtype)
    return result, wrap(for_weight.reshape(shape[-count:]), small), wrap(for_bias.reshape(shape[-count:]), small)


def _layer_norm_gradients(grads: list, input: Tensor, count: int, weight: Tensor | None, result: Tensor, eps: float,
                          needs: tuple) -> list:
    found = layer_norm_backward(grads[1], input, count, weight, result, eps, needs[1] or needs[2])
    return [one if need else None for one, need in zip(found, needs)]


def _layer_norm_second(grads: list, grad_output: Tensor, input: Tensor, count: int, weight: Tensor | None, eps: float) -> list:
    dims = list(range(input.dim() - count, input.dim()))
    to_grad, to_input, to_weight = second_derivative(grads, grad_output, input, weight, *stats_of(input, dims, eps), dims)
    return [to_grad, to_input, None if weight is None else to_weight]       # summed over the rows by the engine


layer_norm_dims.declaration.node_name = "NativeLayerNormBackward0"
derivative(layer_norm_dims, _layer_norm_gradients, ("input", "weight", "bias"))
derivative(layer_norm_backward, _layer_norm_second, ("grad_output", "input", "weight"))


def layer_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-5) -> Tensor:
    """The last dimensions, of sizes ``normalized_shape``, around their mean, over their deviation, times ``weight`` plus ``bias``.

    >>> layer_norm(tensor([1.0, 3.0]), (2,))
    tensor([-1.0000,  1.0000])
    """
    size = (normalized_shape,) if normalized_shape.__class__ is int else sizes_of((normalized_shape,))
    shape = input._array.shape
    if not size or shape[-len(size):] != size:
        raise RuntimeError(f"Given normalized_shape={list(size)}, expected input with shape [*, {str(list(size))[1:-1]}], but got input "
                           f"of size{list(shape)}")
    for what, value in (("weight", weight), ("bias", bias)):
        if value is not None and value._array.shape != size:
            raise RuntimeError(f"Expected {what} to be of same shape as normalized_shape, but got {what} of shape "
                               f"{list(value._array.shape)} and normalized_shape = {list(size)}")
    check_floating("layer_norm", input, weight=weight, bias=bias)
    return layer_norm_dims(input, len(size), weight, bias, float(eps))[1]


@op
def group_norm_op(input: Tensor, groups: int, weight: Tensor | None, bias: Tensor | None, eps: float) -> tuple[Tensor, Tensor]:
    """Mean and 1 / deviation (2, N * groups), which backward keeps; and `group_norm` with checked arguments."""
    kind, shape = input._dtype, input._array.shape
    array = launch.contiguous_array(input).reshape(*shape[:2], math.prod(shape[2:]))
    made = memory.empty(array.shape, kind.compute, input._device)
    stats = memory.beside(made, (2, shape[0] * groups), made.dtype)
    if made.size:
        launch.launch("group_norm", array, groups, or_nothing(weight, input), or_nothing(bias, input), eps, made, stats[0], stats[1],
                      device=input._device, work=made.size)
    return wrap(stats, dtypes.from_numpy(stats.dtype)), launch.deliver("group_norm", made.reshape(shape), kind, None)


@op
def group_norm_backward(grad_output: Tensor, input: Tensor, groups: int, weight: Tensor | None, stats: Tensor,
                        eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of input, weight and bias of `group_norm_op`."""
    kind, shape = input._dtype, input._array.shape
    array = launch.contiguous_array(input).reshape(*shape[:2], math.prod(shape[2:]))
    made = memory.empty(array.shape, kind.compute, input._device)
    for_weight, for_bias = (memory.beside(made, (shape[1],), made.dtype) for _ in range(2))
    for_weight.fill(0)
    for_bias.fill(0)
    if made.size:
        launch.launch("group_norm_backward", launch.contiguous_array(grad_output, kind).reshape(array.shape), array,
                      stats._array[0], stats._array[1], or_nothing(weight, input), groups, made, for_weight, for_bias,
                      device=input._device, work=made.size)
    small = dtypes.from_numpy(made.dtype)
    return launch.deliver("group_norm_backward", made.reshape(shape), kind, None), wrap(for_weight, small), wrap(for_bias, small)


def _group_norm_gradients(grads: list, input: Tensor, groups: int, weight: Tensor | None, result: Tensor, eps: float,
                          needs: tuple) -> list:
    found = group_norm_backward(grads[1], input, groups, weight, result, eps)
    return [one if need else None for one, need in zip(found, needs)]


def _group_norm_second(grads: list, grad_output: Tensor, input: Tensor, groups: int, weight: Tensor | None, eps: float) -> list:
    batch, channels = input.shape[:2]
    apart, shape = (batch, groups, channels // groups, -1), (1, groups, channels // groups, 1)
    x = input.reshape(apart)
    grads = [one if one is None else one.reshape(apart if number == 0 else shape) for number, one in enumerate(grads)]
    to_grad, to_input, to_weight = second_derivative(
        grads, grad_output.reshape(apart), x, None if weight is None else weight.reshape(shape), *stats_of(x, [2, 3], eps), [2, 3])
    return [to_grad.reshape(input.shape), to_input.reshape(input.shape),
            None if weight is None else to_weight.sum([0, 3]).reshape(channels)]


group_norm_op.declaration.node_name = "NativeGroupNormBackward0"
derivative(group_norm_op, _group_norm_gradients, ("input", "weight", "bias"))
derivative(group_norm_backward, _group_norm_second, ("grad_output", "input", "weight"))


def group_norm(input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """Groups of channels of each sample around their mean, over their deviation, times ``weight`` plus ``bias`` (C).

    >>> group_norm(tensor([[1.0, 3.0, 4.0, 8.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {len(shape)}: group_norm takes (N, C, ...)")
    if num_groups < 1 or shape[1] % num_groups:
        raise RuntimeError(f"Expected number of channels in input to be divisible by num_groups, but got input of shape {list(shape)} "
                           f"and num_groups={num_groups}")
    for what, value in (("weight", weight), ("bias", bias)):
        if value is not None and value._array.shape != shape[1:2]:
            raise RuntimeError(f"Expected {what} to be a vector of size equal to the number of channels in input, but got {what} of "
                               f"shape {list(value._array.shape)} and input of shape {list(shape)}")
    check_floating("group_norm", input, weight=weight, bias=bias)
    check_count(input, input._array.size // num_groups)
    return group_norm_op(input, num_groups, weight, bias, float(eps))[1]


def instance_norm(input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Tensor | None = None,
                  bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5) -> Tensor:
    """Each channel of each sample around its mean, over its deviation, times ``weight`` plus ``bias`` (C).

    >>> torch.nn.functional.instance_norm(tensor([[[1.0, 3.0], [4.0, 8.0]]]))
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])
    """
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    if math.prod(input._array.shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    check_floating("instance_norm", input)
    if running_mean is not None or running_var is not None:
        check_channels("instance_norm", input._array.shape, running_mean=running_mean, running_var=running_var)
        mean, spread = input.detach().flatten(2).mean(-1).mean(0), input.detach().flatten(2).var(-1).mean(0)
        move(running_mean, launch.contiguous_array(mean), momentum)
        move(running_var, launch.contiguous_array(spread), momentum)
    return group_norm(input, input.shape[1], weight, bias, eps)
