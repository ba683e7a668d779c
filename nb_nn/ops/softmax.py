"""Softmax and its relatives: elements along a dimension as probabilities."""
from __future__ import annotations

import math
from typing import Any

from nb_nn.kernels import table

from ..core import launch, memory
from ..core.geometry import wrap_dim
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from . import copies

Tensor = TensorBase


def along(name: str, inputs: tuple, dim: int) -> Tensor:
    """What the kernel ``name`` for rows or for columns makes of tensors of one shape and type."""
    kind, device, shape = inputs[0]._dtype, inputs[0]._device, inputs[0]._array.shape
    inner, count = math.prod(shape[dim + 1:]), shape[dim] if shape else 1
    if inner == 1 and launch.are_bits(kind, inputs):
        made = memory.empty(shape, kind.numpy)
        if made.size:
            kernel = table.loops_of("cpu", "halves").rows(name.replace("softmax", "softmax_rows", 1), len(inputs), kind.name)
            kernel(*[launch.contiguous_bits(one).reshape(-1, count) for one in (*inputs, wrap(made, kind))], work=made.size)
        return wrap(made, kind)
    made = memory.empty(shape, kind.compute, device)
    if made.size:
        rows = (-1, count) if inner == 1 else (-1, count, inner)
        launch.launch(name.replace("softmax", "softmax_rows" if inner == 1 else "softmax_columns", 1),
                      *[launch.contiguous_array(one).reshape(rows) for one in inputs], made.reshape(rows), device=device)
    return launch.deliver(name, made, kind, None)


def normalized(name: str, input: Tensor, dim: int) -> Tensor:
    if input._dtype.category != 2:
        raise launch.not_implemented(name, input._dtype, "floating-point types; dtype= gives one")
    return along(name, (input,), dim)


@op
def softmax_dim(input: Tensor, dim: int) -> Tensor:
    """`softmax` with a checked dim."""
    return normalized("softmax", input, dim)


@op
def log_softmax_dim(input: Tensor, dim: int) -> Tensor:
    """`log_softmax` with a checked dim."""
    return normalized("log_softmax", input, dim)


@op
def softmax_backward(grad_output: Tensor, result: Tensor, dim: int) -> Tensor:
    """``(grad - sum(grad * result)) * result``, the sum being along ``dim``."""
    return along("softmax_backward", (grad_output.to(result._dtype), result), dim)


@op
def log_softmax_backward(grad_output: Tensor, result: Tensor, dim: int) -> Tensor:
    """``grad - exp(result) * sum(grad)``, the sum being along ``dim``."""
    return along("log_softmax_backward", (grad_output.to(result._dtype), result), dim)


softmax_dim.declaration.node_name, log_softmax_dim.declaration.node_name = "SoftmaxBackward0", "LogSoftmaxBackward0"
derivative(softmax_dim, input=lambda grad, result, dim: softmax_backward(grad, result, dim))
derivative(log_softmax_dim, input=lambda grad, result, dim: log_softmax_backward(grad, result, dim))
derivative(softmax_backward, grad_output=lambda grad, result, dim: softmax_backward(grad, result, dim),
           result=lambda grad, grad_output, result, dim:
           grad * (grad_output - (grad_output * result).sum(dim, True)) - grad_output * (grad * result).sum(dim, True))
derivative(log_softmax_backward, grad_output=lambda grad, result, dim: grad - (grad * result.exp()).sum(dim, True),
           result=lambda grad, grad_output, result, dim: -grad * result.exp() * grad_output.sum(dim, True))


def softmax(input: Tensor, dim: int, dtype: Any = None, *, out: Tensor | None = None) -> Tensor:
    """exp(x) over its sum along ``dim``: positive numbers that sum to 1. ``dtype`` casts the input first.

    >>> softmax(tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    result = softmax_dim(input if dtype is None else input.to(dtype), wrap_dim(dim, input._array.ndim))
    return result if out is None else copies.copy_result("softmax", result, out)


def log_softmax(input: Tensor, dim: int, dtype: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Logarithm of `softmax`, computed without its underflow. ``dtype`` casts the input first.

    >>> log_softmax(tensor([0.0, -1000.0]), 0)
    tensor([    0., -1000.])
    """
    result = log_softmax_dim(input if dtype is None else input.to(dtype), wrap_dim(dim, input._array.ndim))
    return result if out is None else copies.copy_result("log_softmax", result, out)
