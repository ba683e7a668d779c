"""Tensors copied to, collected from, and added up over several devices."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.cuda_memory import numbered
from ..core.device import CPU
from ..core.device import device as Device
from .devices import check_available, index_of


def _places(what: str, devices: Sequence) -> list:
    if not devices:
        raise RuntimeError(f"{what}: expected at least one device")
    return [numbered(index_of(what, one, optional=False)) for one in devices]


def broadcast(tensor: Any, devices: Sequence) -> tuple:
    """Copies of a tensor on all ``devices``; on its own device, itself."""
    return tuple([tensor.to(place) for place in _places("broadcast", devices)])


def broadcast_coalesced(tensors: Sequence, devices: Sequence, buffer_size: int = 10485760) -> tuple:
    """For each device, copies of all tensors there. (Tensors are copied one by one, whatever ``buffer_size``.)"""
    return tuple([tuple([tensor.to(place) for tensor in tensors]) for place in _places("broadcast_coalesced", devices)])


def reduce_add(inputs: Sequence, destination: Any = None) -> Any:
    """The sum of tensors of one size from several devices, on ``destination`` (the current device)."""
    where = numbered(index_of("reduce_add", destination))
    sizes = {tuple(one.shape) for one in inputs}
    if len(sizes) != 1:
        raise ValueError(f"reduce_add: expected tensors of one size, got {sorted(sizes)}")
    total, *others = [one.to(where) for one in inputs]
    for one in others:
        total = total + one
    return total


def scatter(tensor: Any, devices: Sequence, chunk_sizes: Sequence | None = None, dim: int = 0, streams: Sequence | None = None) -> tuple:
    """Parts of a tensor along ``dim``, one on each device: of ``chunk_sizes``, or about as large as each other."""
    places = _places("scatter", devices)
    if chunk_sizes is not None and (len(chunk_sizes) != len(places) or sum(chunk_sizes) != tensor.shape[dim]):
        raise ValueError(f"scatter: expected {len(places)} chunk sizes that sum up to {tensor.shape[dim]}, got {list(chunk_sizes)}")
    parts = tensor.chunk(len(places), dim) if chunk_sizes is None else tensor.split(list(chunk_sizes), dim)
    return tuple([part.contiguous().to(place) for part, place in zip(parts, places)])


def gather(tensors: Sequence, dim: int = 0, destination: Any = None) -> Any:
    """Tensors joined along ``dim``, on ``destination`` (the current device; -1 or "cpu" is the CPU)."""
    from ..ops.joining import cat

    check_available("gather")
    to_cpu = destination == -1 or isinstance(destination, (str, Device)) and Device(destination).type == "cpu"
    where = CPU if to_cpu else numbered(index_of("gather", destination))
    return cat([one.to(where) for one in tensors], dim)
