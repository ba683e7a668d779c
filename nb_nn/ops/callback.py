"""A Python function on each element: slow, for what has no operation of its own."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core import launch, memory
from ..core.device import CPU
from ..core.storage import storage_of
from ..core.tensor_base import TensorBase
from . import view

Tensor = TensorBase


def apply_(input: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace each element by ``callable`` of it. Slow; CPU tensors only.

    >>> tensor([1, 2, 3]).apply_(lambda x: x * x)
    tensor([1, 4, 9])
    """
    return _write(input, "apply_", callable, ())


def map_(input: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace each element by ``callable`` of it and the one of ``tensor``, which is of the same type and broadcasts. Slow.

    >>> tensor([1, 2, 3]).map_(tensor([10]), lambda x, y: x + y)
    tensor([11, 12, 13])
    """
    return _write(input, "map_", callable, (tensor,))


def map2_(input: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """`map_` with two further tensors."""
    return _write(input, "map2_", callable, (x, y))


def _write(input: Tensor, name: str, function: Callable, others: tuple) -> Tensor:
    for one in (input, *others):
        if not isinstance(one, TensorBase):
            raise TypeError(f"{name}(): expected a Tensor, got {type(one).__name__}")
        if one.requires_grad:
            raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")
        if one._device is not CPU:
            raise TypeError(f"{name} is only implemented on CPU tensors")
        if one._dtype is not input._dtype:
            raise TypeError(f"{name}: expected {input.type()} for 'other' (got {one.type()})")
    columns = [view.expand(one, input._array.shape).flatten().tolist() for one in (input, *others)]
    target = launch.check_out(name, input, input._array.shape, input._dtype)
    results = memory.empty((target.size,), input._dtype.compute)
    for place, values in enumerate(zip(*columns)):
        results[place] = function(*values)
    if input._dtype.half:
        results = launch.to_half(results, input._dtype)
    target[...] = results.reshape(target.shape)
    storage_of(input).version += 1
    return input
