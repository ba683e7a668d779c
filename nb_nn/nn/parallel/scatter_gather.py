"""Batches cut into a part for each device, and results put together again."""
from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from ...core.device import device
from ...ops.joining import cat
from ...tensor import Tensor


def device_of(given: Any) -> device:
    """A device, its index (-1: the CPU) or its name as a device."""
    return device("cpu") if isinstance(given, int) and given == -1 else device(given)


def scatter(inputs: Any, target_gpus: Sequence[Any], dim: int = 0) -> Any:
    """A part of ``inputs`` for each device: tensors are cut along ``dim``, in tuples, lists and dicts too; other things go to all.

    There are fewer parts than devices if the batch is smaller. The parts take part in the history of the whole.

    >>> torch.nn.parallel.scatter(tensor([1, 2, 3]), ["cpu", "cpu"])
    (tensor([1, 2]), tensor([3]))
    """
    devices = [device_of(one) for one in target_gpus]
    if not devices:
        raise ValueError("scatter: expected at least one device")
    return _scatter(inputs, devices, dim)


def _scatter(value: Any, devices: list[device], dim: int) -> Any:
    if isinstance(value, Tensor):
        if value.dim() == 0:
            raise RuntimeError("scatter: a 0-d tensor can not be cut into parts")
        return tuple(part.to(where) for part, where in zip(value.chunk(len(devices), dim), devices))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [type(value)(*parts) for parts in zip(*[_scatter(one, devices, dim) for one in value])]
    if isinstance(value, (tuple, list)) and value:
        return [type(value)(parts) for parts in zip(*[_scatter(one, devices, dim) for one in value])]
    if isinstance(value, dict) and value:
        return [type(value)(zip(value, parts)) for parts in zip(*[_scatter(one, devices, dim) for one in value.values()])]
    return [value for _ in devices]


def scatter_kwargs(inputs: Any, kwargs: dict | None, target_gpus: Sequence[Any], dim: int = 0) -> tuple[tuple, tuple]:
    """Positional and keyword arguments for each device."""
    parts = list(scatter(inputs, target_gpus, dim)) if inputs else []
    named = list(scatter(kwargs, target_gpus, dim)) if kwargs else []
    count = max(len(parts), len(named))
    parts += [() for _ in range(count - len(parts))]
    named += [{} for _ in range(count - len(named))]
    return tuple(parts), tuple(named)


def gather(outputs: Sequence[Any], target_device: Any, dim: int = 0) -> Any:
    """Results of several devices as one, on ``target_device`` (-1: the CPU): tensors joined along ``dim``, in tuples, lists and dicts
    too. 0-d tensors become a vector, with a warning.

    >>> torch.nn.parallel.gather([tensor([1, 2]), tensor([3])], "cpu")
    tensor([1, 2, 3])
    """
    where, first = device_of(target_device), outputs[0]
    if isinstance(first, Tensor):
        if all(one.dim() == 0 for one in outputs) and dim == 0:
            warnings.warn("Was asked to gather along dimension 0, but all input tensors were scalars; will instead unsqueeze and return a "
                          "vector.", stacklevel=2)
            outputs = [one.unsqueeze(0) for one in outputs]
        return cat([one.to(where) for one in outputs], dim)
    if first is None:
        return None
    if isinstance(first, dict):
        if any(len(one) != len(first) for one in outputs):
            raise ValueError("All dicts must have the same number of keys")
        return type(first)((key, gather([one[key] for one in outputs], where, dim)) for key in first)
    if not isinstance(first, (tuple, list)):
        raise TypeError(f"gather: expected tensors, or tuples, lists or dicts of them, but got {type(first).__name__}")
    joined = [gather(parts, where, dim) for parts in zip(*outputs)]
    return type(first)(*joined) if hasattr(first, "_fields") else type(first)(joined)
