"""Where samples come from."""
from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ...core.generator import Generator
from ...ops.random import randperm
from ...tensor import Tensor


class Dataset:
    """Samples by index: a subclass defines ``__getitem__`` and, for most samplers, ``__len__``."""

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__")

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])

    def __class_getitem__(cls, kind: Any) -> type:
        return cls                      # Dataset[int] in annotations


class IterableDataset(Dataset):
    """Samples one after the other: a subclass defines ``__iter__``."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__")

    def __add__(self, other: Dataset) -> ChainDataset:
        return ChainDataset([self, other])


class TensorDataset(Dataset):
    """Sample i is the tuple of the i-th rows of some tensors.

    >>> torch.utils.data.TensorDataset(torch.arange(3), torch.ones(3))[2]
    (tensor(2), tensor(1.))
    """

    def __init__(self, *tensors: Tensor):
        if any(len(tensor) != len(tensors[0]) for tensor in tensors):
            raise ValueError(f"TensorDataset: tensors must have equally many rows, got {[len(tensor) for tensor in tensors]}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class StackDataset(Dataset):
    """Datasets of one length side by side: sample i is the tuple, or by keywords the dictionary, of their samples i.

    >>> torch.utils.data.StackDataset(x=[1, 2], y=[3, 4])[1]
    {'x': 2, 'y': 4}
    """

    def __init__(self, *args: Any, **kwargs: Any):
        if args and kwargs:
            raise ValueError("StackDataset: datasets are given by position or by keywords, not both")
        self.datasets = args or kwargs
        parts = self.parts()
        if not parts:
            raise ValueError("StackDataset: At least one dataset should be passed")
        self._length = len(parts[0])
        if any(len(one) != self._length for one in parts):
            raise ValueError(f"StackDataset: Size mismatch between datasets: {[len(one) for one in parts]}")

    def parts(self) -> list:
        """The datasets, without their names."""
        return list(self.datasets.values() if isinstance(self.datasets, dict) else self.datasets)

    def joined(self, samples: Iterable) -> Any:
        """Samples, one a dataset, as a sample of all."""
        return dict(zip(self.datasets, samples)) if isinstance(self.datasets, dict) else tuple(samples)

    def __getitem__(self, index: Any) -> Any:
        return self.joined([one[index] for one in self.parts()])

    def __getitems__(self, indices: list) -> list:
        """Several samples, from datasets that can by one call each."""
        columns = []
        for one in self.parts():
            columns.append(one.__getitems__(indices) if callable(getattr(one, "__getitems__", None)) else [one[i] for i in indices])
            if len(columns[-1]) != len(indices):
                raise ValueError(f"StackDataset: Nested dataset's output size mismatch. Expected {len(indices)}, got {len(columns[-1])}")
        return [self.joined(samples) for samples in zip(*columns)]

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset):
    """Datasets one after the other, as one."""

    def __init__(self, datasets: Iterable[Dataset]):
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("datasets should not be an empty iterable")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise TypeError("ConcatDataset does not support IterableDataset; use ChainDataset")
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    cummulative_sizes = property(lambda self: self.cumulative_sizes, doc="Old spelling of ``cumulative_sizes``.")

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if index < 0:
            if -index > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            index += len(self)
        number = bisect.bisect_right(self.cumulative_sizes, index)
        if number == len(self.datasets):
            raise IndexError(f"index {index} is out of range for a dataset of {len(self)} samples")
        return self.datasets[number][index - (self.cumulative_sizes[number - 1] if number else 0)]


class ChainDataset(IterableDataset):
    """Iterable datasets one after the other."""

    def __init__(self, datasets: Iterable[Dataset]):
        self.datasets = list(datasets)

    def __iter__(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise TypeError("ChainDataset only supports IterableDataset")
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self.datasets)


class Subset(Dataset):
    """The samples of a dataset at some indices."""

    def __init__(self, dataset: Dataset, indices: Sequence[int]):
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[one] for one in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Dataset, lengths: Sequence[float], generator: Generator | None = None) -> list[Subset]:
    """Split a dataset at random into parts of some ``lengths``, given as numbers of samples or as fractions that sum to 1.

    >>> [len(part) for part in torch.utils.data.random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    total = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1 and total > 1:
        if not all(0 <= length <= 1 for length in lengths):
            raise ValueError(f"random_split: fractions must lie between 0 and 1, got {lengths}")
        lengths = [math.floor(total * length) for length in lengths]
        for place in range(total - sum(lengths)):       # what rounding left over goes to the first parts
            lengths[place % len(lengths)] += 1
    if sum(lengths) != total:
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    order = randperm(total, generator=generator).tolist()
    ends = list(itertools.accumulate(lengths))
    return [Subset(dataset, order[end - length:end]) for end, length in zip(ends, lengths)]
