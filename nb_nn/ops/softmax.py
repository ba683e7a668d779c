"""Softmax and its relatives: elements along a dimension as probabilities."""
from __future__ import annotations

import math
from typing import Any

from ..core import launch, memory
from ..core.geometry import wrap_dim
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase
from . import copies

Tensor = TensorBase


def along(name: str, arrays: tuple, dim: int, out: Any, device: Any) -> None:
    """Call the kernel ``name`` for rows or for columns, on C-contiguous arrays of one shape."""
    shape = out.shape
    if out.size == 0:
        return
    inner = math.prod(shape[dim + 1:])
    count = shape[dim] if shape else 1
    if inner == 1:
        launch.launch(name.replace("softmax", "softmax_rows", 1), *[array.reshape(-1, count) for array in arrays],
                      out.reshape(-1, count), device=device)
    else:
        launch.launch(name.replace("softmax", "softmax_columns", 1), *[array.reshape(-1, count, inner) for array in arrays],
                      out.reshape(-1, count, inner), device=device)


def normalized(name: str, input: Tensor, dim: int) -> Tensor:
    kind = input._dtype
    if kind.category != 2:
        raise launch.not_implemented(name, kind, "floating-point types; dtype= gives one")
    array = launch.contiguous_array(input)
    made = memory.empty(array.shape, kind.compute, input._device)
    along(name, (array,), dim, made, input._device)
    return launch.deliver(name, made, kind, None)


@op
def softmax_dim(input: Tensor, dim: int) -> Tensor:
    """`softmax` with a checked dim."""
    return normalized("softmax", input, dim)


@op
def log_softmax_dim(input: Tensor, dim: int) -> Tensor:
    """`log_softmax` with a checked dim."""
    return normalized("log_softmax", input, dim)


def _backward(name: str, grad_output: Tensor, result: Tensor, dim: int) -> Tensor:
    kind = result._dtype
    array = launch.contiguous_array(result)
    made = memory.empty(array.shape, kind.compute, result._device)
    along(name, (launch.contiguous_array(grad_output), array), dim, made, result._device)
    return launch.deliver(name, made, kind, None)


@op
def softmax_backward(grad_output: Tensor, result: Tensor, dim: int) -> Tensor:
    """``(grad - sum(grad * result)) * result``, the sum being along ``dim``."""
    return _backward("softmax_backward", grad_output, result, dim)


@op
def log_softmax_backward(grad_output: Tensor, result: Tensor, dim: int) -> Tensor:
    """``grad - exp(result) * sum(grad)``, the sum being along ``dim``."""
    return _backward("log_softmax_backward", grad_output, result, dim)


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
