import collections

import numpy as np
import pytest

import nb_nn as torch
from nb_nn.utils import data
from nb_nn.utils.data import DataLoader, TensorDataset

Point = collections.namedtuple("Point", "x y")


class Squares(data.Dataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return index * index


class Stream(data.IterableDataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __iter__(self):
        return iter(range(self.count))


def lists(loader):
    return [batch.tolist() for batch in loader]


# ---- datasets ----------------------------------------------------------------------------------------------------------

def test_tensor_dataset():
    x, y = torch.arange(6).view(3, 2), torch.arange(3)
    dataset = TensorDataset(x, y)
    assert len(dataset) == 3 and dataset[1][0].tolist() == [2, 3] and dataset[-1][1].item() == 2 and dataset[:2][1].tolist() == [0, 1]
    with pytest.raises(ValueError, match=r"equally many rows, got \[3, 2\]"):
        TensorDataset(x, y[:2])


def test_concat_dataset():
    whole = Squares(2) + Squares(3)
    assert isinstance(whole, data.ConcatDataset) and len(whole) == 5 and whole.cumulative_sizes == [2, 5]
    assert [whole[place] for place in range(-5, 5)] == [0, 1, 0, 1, 4] * 2
    for index, error in ((-6, ValueError), (5, IndexError)):
        with pytest.raises(error):
            whole[index]
    with pytest.raises(ValueError, match="empty"):
        data.ConcatDataset([])
    with pytest.raises(TypeError, match="does not support IterableDataset"):
        data.ConcatDataset([Stream(3)])


def test_chain_dataset():
    chain = Stream(2) + Stream(3)
    assert list(chain) == [0, 1, 0, 1, 2] and len(chain) == 5
    with pytest.raises(TypeError, match="only supports IterableDataset"):
        list(data.ChainDataset([Squares(2)]))


def test_subset_and_random_split():
    subset = data.Subset(Squares(5), [4, 2])
    assert len(subset) == 2 and [subset[0], subset[1]] == [16, 4]
    assert data.Subset(TensorDataset(torch.arange(5)), [4, 2])[[1, 0]][0].tolist() == [2, 4]
    parts = data.random_split(range(10), [3, 7])
    assert [len(part) for part in parts] == [3, 7]
    assert sorted(value for part in parts for value in part) == list(range(10))
    assert [len(part) for part in data.random_split(range(11), [0.5, 0.3, 0.2])] == [6, 3, 2]
    assert [len(part) for part in data.random_split(range(3), [3])] == [3]
    for lengths in ([3, 3], [1.5, -0.5]):
        with pytest.raises(ValueError):
            data.random_split(range(10), lengths)
    assert [data.random_split(range(9), [4, 5], torch.Generator().manual_seed(1))[0].indices for _ in range(2)][0] == (
        data.random_split(range(9), [4, 5], torch.Generator().manual_seed(1))[0].indices)


def test_what_a_dataset_must_define():
    for act in (lambda: data.Dataset()[0], lambda: iter(data.IterableDataset()), lambda: iter(data.Sampler())):
        with pytest.raises(NotImplementedError, match="must define"):
            act()


# ---- samplers ----------------------------------------------------------------------------------------------------------

def test_orders():
    assert list(data.SequentialSampler(Squares(3))) == [0, 1, 2] and len(data.SequentialSampler(Squares(3))) == 3
    drawn = data.RandomSampler(Squares(100))
    first, second = list(drawn), list(drawn)
    assert first != second and sorted(first) == sorted(second) == list(range(100)) and len(drawn) == 100
    assert sorted(data.SubsetRandomSampler([3, 5, 9])) == [3, 5, 9]
    assert list(data.RandomSampler([])) == [] and list(data.RandomSampler([], replacement=True)) == []


def test_random_sampler_counts():
    assert len(list(data.RandomSampler(Squares(3), num_samples=2))) == 2
    several = list(data.RandomSampler(Squares(3), num_samples=7))
    assert sorted(several[:3]) == sorted(several[3:6]) == [0, 1, 2] and len(several) == 7
    replaced = list(data.RandomSampler(Squares(3), replacement=True, num_samples=100))
    assert set(replaced) == {0, 1, 2} and len(replaced) == 100


def test_weights():
    assert set(data.WeightedRandomSampler([0.0, 3.0, 1.0, 0.0], 50)) == {1, 2}
    assert sorted(data.WeightedRandomSampler([1.0, 3.0, 1.0], 3, replacement=False)) == [0, 1, 2]
    counts = np.bincount(list(data.WeightedRandomSampler([1.0, 3.0], 4000)))
    assert counts[1] / counts[0] == pytest.approx(3, rel=0.15)


def test_seeds():
    for make in (lambda g: data.RandomSampler(Squares(50), generator=g), lambda g: data.SubsetRandomSampler(range(50), g),
                 lambda g: data.RandomSampler(Squares(50), replacement=True, generator=g),
                 lambda g: data.WeightedRandomSampler(np.ones(50), 50, generator=g),
                 lambda g: (int(one) for (one,) in DataLoader(Squares(50), shuffle=True, generator=g))):
        assert list(make(torch.Generator().manual_seed(7))) == list(make(torch.Generator().manual_seed(7)))
    torch.manual_seed(3)
    first = list(data.RandomSampler(Squares(50)))
    torch.manual_seed(3)
    assert list(data.RandomSampler(Squares(50))) == first


def test_batches_of_indices():
    assert list(data.BatchSampler(range(5), 2, False)) == [[0, 1], [2, 3], [4]] and len(data.BatchSampler(range(5), 2, False)) == 3
    assert list(data.BatchSampler(range(5), 2, True)) == [[0, 1], [2, 3]] and len(data.BatchSampler(range(5), 2, True)) == 2


@pytest.mark.parametrize("act, error", [
    (lambda: data.BatchSampler(range(5), 0, False), ValueError), (lambda: data.BatchSampler(range(5), True, False), ValueError),
    (lambda: data.BatchSampler(range(5), 2, 1), TypeError), (lambda: data.RandomSampler(range(5), 1), TypeError),
    (lambda: data.RandomSampler(range(5), True, 0), ValueError), (lambda: data.WeightedRandomSampler([1.0], 0), ValueError),
    (lambda: data.WeightedRandomSampler([[1.0]], 1), ValueError), (lambda: data.WeightedRandomSampler([1.0], 1, 1), TypeError)])
def test_sampler_errors(act, error):
    with pytest.raises(error):
        act()


# ---- collate -----------------------------------------------------------------------------------------------------------

def same(found, expected):
    assert type(found) is type(expected)
    if isinstance(found, torch.Tensor):
        assert found.dtype is expected.dtype and torch.equal(found, expected)
    elif isinstance(found, dict):
        assert list(found) == list(expected)
        for key in found:
            same(found[key], expected[key])
    elif isinstance(found, (list, tuple)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            same(one, other)
    else:
        assert found == expected


@pytest.mark.parametrize("batch, expected", [
    ([torch.tensor([1, 2]), torch.tensor([3, 4])], torch.tensor([[1, 2], [3, 4]])),
    ([np.ones(2, np.float32), np.zeros(2, np.float32)], torch.tensor([[1.0, 1], [0, 0]])),
    ([np.float32(1), np.float32(2)], torch.tensor([1.0, 2.0])),
    ([np.bool_(True), np.bool_(False)], torch.tensor([True, False])),
    ([1, 2], torch.tensor([1, 2])),
    ([True, False], torch.tensor([True, False])),
    ([1.0, 2.0], torch.tensor([1, 2], dtype=torch.float64)),
    (["a", "b"], ["a", "b"]),
    ([(1, 2.0), (3, 4.0)], [torch.tensor([1, 3]), torch.tensor([2, 4], dtype=torch.float64)]),
    ([[1, [2]], [3, [4]]], [torch.tensor([1, 3]), [torch.tensor([2, 4])]]),
    ([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], {"a": torch.tensor([1, 2]), "b": ["x", "y"]}),
    ([Point(1, 2), Point(3, 4)], Point(torch.tensor([1, 3]), torch.tensor([2, 4]))),
])
def test_default_collate(batch, expected):
    same(data.default_collate(batch), expected)


def test_what_does_not_collate():
    for batch, error, match in (([None, None], TypeError, "found <class 'NoneType'>"), ([np.array("a")] * 2, TypeError, "found <U1"),
                                ([[1], [2, 3]], RuntimeError, "equal size"), ([torch.ones(1), torch.ones(2)], RuntimeError, "equal size")):
        with pytest.raises(error, match=match):
            data.default_collate(batch)


def test_default_convert():
    same(data.default_convert({"a": np.ones(1), "b": (1, "x"), "c": Point(np.float32(1), 2), "d": [np.zeros(1)], "e": np.array("x")}["c"]),
         Point(torch.tensor(1.0), 2))
    same(data.default_convert((np.ones(1), "x", 3, [np.zeros(1)])),
         [torch.ones(1, dtype=torch.float64), "x", 3, [torch.zeros(1, dtype=torch.float64)]])
    same(data.default_convert({"a": np.int64(1), "t": torch.ones(1)}), {"a": torch.tensor(1), "t": torch.ones(1)})


# ---- loader ------------------------------------------------------------------------------------------------------------

def test_batches():
    loader = DataLoader(Squares(5), batch_size=2)
    assert lists(loader) == lists(loader) == [[0, 1], [4, 9], [16]] and len(loader) == 3
    assert lists(DataLoader(Squares(5), 2, drop_last=True)) == [[0, 1], [4, 9]]
    assert lists(DataLoader(Squares(3))) == [[0], [1], [4]]
    assert lists(DataLoader(Squares(5), sampler=[3, 1, 0], batch_size=2)) == [[9, 1], [0]]
    assert lists(DataLoader(Squares(5), batch_sampler=[[3, 1], [0]])) == [[9, 1], [0]]
    assert list(DataLoader(Squares(3), 3, collate_fn=lambda batch: batch)) == [[0, 1, 4]]
    assert list(DataLoader([], 3)) == []


def test_shuffling_differs_from_epoch_to_epoch():
    loader = DataLoader(Squares(50), 50, shuffle=True)
    (first,), (second,) = lists(loader), lists(loader)
    assert first != second and sorted(first) == sorted(second)


def test_without_batches():
    loader = DataLoader([np.ones(1), np.zeros(1)], batch_size=None)
    assert lists(loader) == [[1], [0]] and len(loader) == 2
    assert list(DataLoader(Stream(3), batch_size=None)) == [0, 1, 2]


def test_iterable_datasets():
    assert lists(DataLoader(Stream(5), 2)) == [[0, 1], [2, 3], [4]] and len(DataLoader(Stream(5), 2)) == 3
    assert lists(DataLoader(Stream(5), 2, drop_last=True)) == [[0, 1], [2, 3]] and len(DataLoader(Stream(5), 2, drop_last=True)) == 2
    assert len(DataLoader(Stream(5), None)) == 5


@pytest.mark.parametrize("wrap", [lambda d: d, lambda d: data.Subset(d, [4, 1, 3, 0]),
                                  lambda d: data.Subset(data.Subset(d, [4, 1, 3]), [2, 0])])
def test_rows_of_tensors_at_once_equal_stacked_samples(wrap):
    x, y = torch.randn(5, 2, 3), torch.arange(5)
    dataset = wrap(TensorDataset(x[:, :, ::2], y))
    for found, expected in zip(DataLoader(dataset, 2), DataLoader(dataset, 2, collate_fn=lambda batch: data.default_collate(batch))):
        same(found, expected)
        assert all(one.is_contiguous() for one in found)


def test_rows_of_tensors_by_unusual_indices():
    dataset = TensorDataset(torch.arange(5))
    assert [one.tolist() for (one,) in DataLoader(dataset, batch_sampler=[[-1, 0], [torch.tensor(2)]])] == [[4, 0], [2]]
    with pytest.raises(IndexError):
        list(DataLoader(dataset, sampler=[7]))

    class Doubled(TensorDataset):
        def __getitem__(self, index):
            return super().__getitem__(index)[0] * 2

    assert lists(DataLoader(Doubled(torch.arange(3)), 3)) == [[0, 2, 4]]


def test_rows_of_tensors_keep_their_history():
    x = torch.ones(3, 2, requires_grad=True)
    (batch,) = next(iter(DataLoader(TensorDataset(x), 2)))
    batch.sum().backward()
    assert x.grad.tolist() == [[1, 1], [1, 1], [0, 0]]


@pytest.mark.parametrize("options, error, match", [
    ({"num_workers": -1}, ValueError, "non-negative"),
    ({"num_workers": 2}, RuntimeError, "num_workers=2, but worker processes are not there yet; use num_workers=0"),
    ({"timeout": -1}, ValueError, "timeout option should be non-negative"),
    ({"sampler": [1], "shuffle": True}, ValueError, "mutually exclusive with shuffle"),
    ({"batch_sampler": [[1]], "batch_size": 2}, ValueError, "mutually exclusive with batch_size"),
    ({"batch_sampler": [[1]], "drop_last": True}, ValueError, "mutually exclusive with batch_size"),
    ({"batch_size": None, "drop_last": True}, ValueError, "mutually exclusive with drop_last"),
    ({"batch_size": 0}, ValueError, "positive integer"),
])
def test_loader_errors(options, error, match):
    with pytest.raises(error, match=match):
        DataLoader(Squares(3), **options)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}])
def test_iterable_datasets_have_their_own_order(options):
    with pytest.raises(ValueError, match="with IterableDataset: expected unspecified"):
        DataLoader(Stream(3), **options)


def test_a_loader_stays_as_it_was_made():
    loader = DataLoader(Squares(3))
    with pytest.raises(ValueError, match="batch_size attribute should not be set after DataLoader is initialized"):
        loader.batch_size = 5
    loader.collate_fn = sum
    assert list(loader) == [0, 1, 4]


def test_pinning_without_cuda_warns(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.warns(UserWarning, match="no accelerator is found"):
        assert lists(DataLoader(Squares(2), pin_memory=True)) == [[0], [1]]


def test_pinning_asks_everything_that_can():
    class Pins:
        def pin_memory(self):
            return "pinned"

    from nb_nn.utils.data.dataloader import pinned

    found = pinned({"a": [Pins(), "text"], "b": (3, Pins()), "c": Point(Pins(), 1)})
    assert found == {"a": ["pinned", "text"], "b": [3, "pinned"], "c": Point("pinned", 1)}
