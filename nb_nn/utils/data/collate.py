"""Batches from samples."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.dtype import float64
from ...ops.from_data import as_tensor, tensor
from ...ops.joining import stack
from ...tensor import Tensor


def default_collate(batch: Sequence[Any]) -> Any:
    """One batch from a list of samples: tensors and arrays are stacked, numbers become a tensor (floats in float64), text a list;
    in tuples, lists and dictionaries each place is treated so.

    >>> default_collate([(torch.ones(2), 0), (torch.zeros(2), 1)])
    [tensor([[1., 1.],
            [0., 0.]]), tensor([0, 1])]
    """
    first = batch[0]
    kind = type(first)
    if isinstance(first, Tensor):
        return stack(list(batch), 0)
    if isinstance(first, np.ndarray):
        check_numeric(first)
        return stack([as_tensor(one) for one in batch], 0)
    if isinstance(first, np.generic) and not isinstance(first, (np.str_, np.bytes_)):
        check_numeric(first)
        return as_tensor(np.array(batch))
    if isinstance(first, float):
        return tensor(batch, dtype=float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        found = {key: default_collate([one[key] for one in batch]) for key in first}
        return found if kind is dict else rebuilt(kind, found)
    if isinstance(first, Sequence):
        if any(len(one) != len(first) for one in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [default_collate(column) for column in zip(*batch)]
        if hasattr(first, "_fields"):
            return kind(*columns)
        return columns if kind in (tuple, list) else rebuilt(kind, columns)
    raise TypeError(f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}")


def check_numeric(array: Any) -> None:
    """Arrays of text or objects make no batch."""
    if array.dtype.kind not in "biufc":
        raise TypeError(f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {array.dtype}")


def rebuilt(kind: type, found: Any) -> Any:
    """A container in the type of the samples, where that can be made of one."""
    try:
        return kind(found)
    except TypeError:
        return found


def default_convert(data: Any) -> Any:
    """A sample with its NumPy arrays and numbers as tensors: what a loader without batches returns."""
    kind = type(data)
    if isinstance(data, Tensor):
        return data
    if isinstance(data, (np.ndarray, np.generic)):
        return as_tensor(data) if data.dtype.kind in "biufc" else data
    if isinstance(data, Mapping):
        return rebuilt(kind, {key: default_convert(one) for key, one in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return kind(*[default_convert(one) for one in data])
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        found = [default_convert(one) for one in data]
        return found if isinstance(data, tuple) else rebuilt(kind, found)
    return data
