"""Batches of a dataset, one epoch an iteration."""
from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...core.generator import Generator
from ...ops.from_data import tensor
from ...ops.indexing import index_select
from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset, Subset, TensorDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler

FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset")


class DataLoader:
    """The batches of a dataset; each iteration over it is one epoch.

    Batches are made in this process: ``num_workers`` above 0 raises RuntimeError until worker processes are there, and
    ``timeout`` and ``worker_init_fn``, which concern these, have no effect.

    Args:
        dataset: samples by index, or an `IterableDataset`.
        batch_size: samples a batch; None for samples one by one, unbatched.
        shuffle: whether each epoch has an order of its own.
        sampler: gives the indices instead; excludes ``shuffle``.
        batch_sampler: gives lists of indices, one a batch; excludes ``batch_size``, ``shuffle``, ``sampler``, ``drop_last``.
        collate_fn: makes a batch of a list of samples.
        pin_memory: whether to put batches in memory from which CUDA copies faster.
        drop_last: whether to leave out a last batch that is not full.
        generator: gives the random order.

    >>> data = torch.utils.data.TensorDataset(torch.arange(5))
    >>> [batch for (batch,) in torch.utils.data.DataLoader(data, batch_size=2)]
    [tensor([0, 1]), tensor([2, 3]), tensor([4])]
    """

    def __init__(self, dataset: Dataset, batch_size: int | None = 1, shuffle: bool = False, sampler: Any = None, batch_sampler: Any = None,
                 num_workers: int = 0, collate_fn: Callable | None = None, pin_memory: bool = False, drop_last: bool = False,
                 timeout: float = 0, worker_init_fn: Callable | None = None, *, generator: Generator | None = None):
        check_options(dataset, batch_size, shuffle, sampler, batch_sampler, num_workers, drop_last, timeout)
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        elif isinstance(dataset, IterableDataset):
            sampler = None
        elif sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and sampler is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        if collate_fn is None:
            collate_fn = default_convert if batch_size is None and batch_sampler is None else default_collate
        self.dataset, self.batch_size, self.drop_last, self.generator = dataset, batch_size, drop_last, generator
        self.sampler, self.batch_sampler, self.collate_fn = sampler, batch_sampler, collate_fn
        self.num_workers, self.timeout, self.worker_init_fn = num_workers, timeout, worker_init_fn
        self.pin_memory = pin_memory and can_pin()
        self.__dict__["_made"] = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in FIXED and "_made" in self.__dict__:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[Any]:
        batches = self._batches()
        return map(pinned, batches) if self.pin_memory else batches

    def _batches(self) -> Iterator[Any]:
        if isinstance(self.dataset, IterableDataset):
            return self._batches_in_turn()
        if self.batch_sampler is None:
            return (self.collate_fn(self.dataset[index]) for index in self.sampler)
        return (fetch(self.dataset, indices, self.collate_fn) for indices in self.batch_sampler)

    def _batches_in_turn(self) -> Iterator[Any]:
        """Batches of an iterable dataset."""
        samples = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self.collate_fn, samples)
            return
        while batch := list(itertools.islice(samples, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield self.collate_fn(batch)

    def __len__(self) -> int:
        if self.batch_sampler is not None:
            return len(self.batch_sampler)
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler)
        count, size = len(self.dataset), self.batch_size or 1
        return count // size if self.drop_last else -(-count // size)

    def __class_getitem__(cls, kind: Any) -> type:
        return cls                      # DataLoader[int] in annotations


def check_options(dataset: Any, batch_size: Any, shuffle: bool, sampler: Any, batch_sampler: Any, num_workers: int, drop_last: bool,
                  timeout: float) -> None:
    """Refuse options that do not go together."""
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if num_workers > 0:
        raise RuntimeError(f"DataLoader: num_workers={num_workers}, but worker processes are not there yet; use num_workers=0")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if isinstance(dataset, IterableDataset):
        for name, value in (("shuffle", shuffle), ("sampler", sampler), ("batch_sampler", batch_sampler)):
            if value not in (None, False):
                raise ValueError(f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}")
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last")
    if batch_size is None and drop_last:
        raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")


def fetch(dataset: Any, indices: list[int], collate: Callable) -> Any:
    """The batch of some samples. What would stack rows of a `TensorDataset` takes them from its tensors at once."""
    if collate is default_collate:
        whole, places = dataset, indices
        while type(whole) is Subset:
            whole, places = whole.dataset, [whole.indices[place] for place in places]
        if type(whole) is TensorDataset and places and all(type(place) is int for place in places):
            length = len(whole)
            rows = tensor([place + length if place < 0 else place for place in places])
            return [index_select(one, 0, rows.to(one.device)) for one in whole.tensors]
    return collate([dataset[index] for index in indices])


def can_pin() -> bool:
    """Whether there is a CUDA device to pin memory for; warns if not."""
    from ... import cuda

    if not cuda.is_available():
        warnings.warn("'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used.",
                      stacklevel=3)
        return False
    return True


def pinned(batch: Any) -> Any:
    """A batch with its tensors, and what else has a method ``pin_memory``, in pinned memory."""
    if hasattr(batch, "pin_memory"):
        return batch.pin_memory()
    if isinstance(batch, Mapping):
        return {key: pinned(one) for key, one in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*[pinned(one) for one in batch])
    if isinstance(batch, Sequence) and not isinstance(batch, (str, bytes)):
        return [pinned(one) for one in batch]
    return batch
