"""Order, against NumPy's stable sort."""
import numpy as np
import pytest
from layouts import laid_out
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

KINDS = ["bool", "int64", "bfloat16", "float64"]
SIZES = [(7,), (3, 50), (2, 3, 4), (200, 300), (40000,), (0, 3), ()]


def order(x, dim, descending=False):
    """Where the elements in order were: NaN last (first if descending), equal ones in their old order."""
    x = np.atleast_1d(x)
    if not descending:
        return np.argsort(x, dim, kind="stable")
    return x.shape[dim] - 1 - np.flip(np.argsort(np.flip(x, dim), dim, kind="stable"), dim)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_sort(size, descending):
    x = numbers("float32", size) if size else np.float32(3)
    for dim in range(max(1, len(size))):
        found = torch.tensor(x).sort(dim, descending)
        places = order(x, dim, descending).reshape(size)
        check(found.indices, places)
        check(found.values, np.take_along_axis(np.atleast_1d(x), np.atleast_1d(places), dim).reshape(size))
        assert found.values.is_contiguous()
        check(torch.argsort(torch.tensor(x), dim, descending), places)


@pytest.mark.parametrize("kind", KINDS)
def test_sort_any_type_and_keep_ties_in_order(kind):
    x = numbers(kind, (6, 9), -2, 3)
    for descending in (False, True):
        values, places = tensor(x, kind).sort(0, descending)
        expected = order(x, 0, descending)
        check(places, expected)
        check(values, np.take_along_axis(x, expected, 0), kind)


@pytest.mark.parametrize("layout", ["transposed", "stepped", "expanded rows", "permuted", "five dimensions"])
def test_sort_any_layout(layout):
    made, x = laid_out(layout, "float64")
    for dim in range(x.ndim):
        check(made.sort(dim)[0], np.sort(x, dim))
        check(made.topk(1, dim)[0], np.max(x, dim, keepdims=True))
        check(made.median(dim)[0], np.sort(x, dim).take((x.shape[dim] - 1) // 2, dim))
    check(torch.msort(made), np.sort(x, 0))


def test_nan_is_largest_and_negative_zero_equals_zero():
    x = torch.tensor([float("nan"), 1, -float("inf"), 0.0, -0.0, float("inf")])
    assert x.sort().indices.tolist() == [2, 3, 4, 1, 5, 0]
    assert x.sort(descending=True).indices.tolist() == [0, 5, 1, 3, 4, 2]
    assert np.signbit(x.sort().values.numpy()).tolist() == [True, False, True, False, False, False]
    assert x.topk(2).indices.tolist() == [0, 5]
    assert x.topk(2, largest=False).indices.tolist() == [2, 3]
    assert x.kthvalue(5).values.item() == float("inf")
    assert np.isnan(x.median().item())
    assert x.median(0).indices.item() == 0


@pytest.mark.parametrize("k", [0, 1, 5, 50])
@pytest.mark.parametrize("largest", [True, False])
def test_topk(k, largest):
    x = numbers("float32", (4, 50))
    for dim, array in [(1, x), (0, np.ascontiguousarray(x.T))]:
        found = torch.tensor(array).topk(k, dim, largest)
        places = np.take(order(array, dim, largest), np.arange(k), dim)
        check(found.indices, places)
        check(found.values, np.take_along_axis(array, places, dim))


@pytest.mark.parametrize("k", [1, 3, 9])
@pytest.mark.parametrize("keepdim", [False, True])
def test_kthvalue_and_median(k, keepdim):
    x = numbers("float64", (4, 9, 3))
    for dim in range(3):
        k = min(k, x.shape[dim])
        found = torch.tensor(x).kthvalue(k, dim, keepdim)
        expected = np.sort(x, dim).take([k - 1], dim)
        check(found.values, expected if keepdim else expected.squeeze(dim))
        places = found.indices if keepdim else found.indices.unsqueeze(dim)
        check(torch.tensor(x).gather(dim, places), expected)
        expected = np.sort(x, dim).take([(x.shape[dim] - 1) // 2], dim)
        check(torch.tensor(x).median(dim, keepdim).values, expected if keepdim else expected.squeeze(dim))
    check(torch.tensor(x).median(), np.sort(x.ravel())[(x.size - 1) // 2])
    assert torch.tensor([4, 1, 3, 2]).median().item() == 2
    assert np.isnan(torch.zeros(0).median().item())


def test_mode_takes_the_smallest_of_the_most_frequent():
    x = torch.tensor([[3, 1, 2, 1], [0, 5, 5, 0], [2, 2, 7, 2]])
    assert x.mode().values.tolist() == [1, 0, 2]
    assert x.mode().indices.tolist() == [3, 3, 3]
    assert x.mode(0, True).values.tolist() == [[0, 1, 2, 0]]
    assert torch.tensor(3.0).mode().values.item() == 3


def test_results_have_names_and_can_be_written_to_out():
    x = torch.tensor([3, 1, 2])
    assert repr(x.sort()) == "torch.return_types.sort(\nvalues=tensor([1, 2, 3]),\nindices=tensor([1, 2, 0]))"
    values, indices = torch.zeros(3).long(), torch.zeros(3).long()
    found = torch.sort(x, out=(values, indices))
    assert found.values is values
    assert (values.tolist(), indices.tolist()) == ([1, 2, 3], [1, 2, 0])
    for name, args in [("topk", (2,)), ("kthvalue", (2,)), ("median", (0,)), ("mode", (0,))]:
        assert type(getattr(x, name)(*args)).__name__ == name


@pytest.mark.parametrize("kind", ["bool", "int64", "float32", "bfloat16"])
@pytest.mark.parametrize("size", [(6, 7), (0,), (50000,)])
def test_unique(kind, size):
    x = numbers(kind, size, -3, 3)
    x = x if kind in ("bool", "int64") else np.round(x)
    made = tensor(x, kind)
    values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    found = made.unique(return_inverse=True, return_counts=True)
    check(found[0], values, kind)
    check(found[1], inverse.reshape(size))
    check(found[2], counts)
    check(made.unique(), values, kind)
    check(made.unique(return_counts=True)[1], counts)


def test_unique_slices():
    x = np.array([[1, 2, 1], [0, 5, 0], [1, 2, 1]])
    for dim in (0, 1):
        for one, expected in zip(torch.tensor(x).unique(True, True, True, dim), np.unique(x, False, True, True, dim)):
            check(one, expected.reshape(-1) if expected.ndim == 1 else expected)


def test_each_nan_is_unique():
    assert torch.tensor([1.0, float("nan"), float("nan")]).unique(return_counts=True)[1].tolist() == [1, 1, 1]


def test_unique_consecutive():
    x = torch.tensor([1, 1, 2, 2, 3, 1, 1, 2])
    values, inverse, counts = x.unique_consecutive(True, True)
    assert values.tolist() == [1, 2, 3, 1, 2]
    assert inverse.tolist() == [0, 0, 1, 1, 2, 3, 3, 4]
    assert counts.tolist() == [2, 2, 1, 2, 1]
    assert x.view(2, 4).unique_consecutive(True)[1].tolist() == [[0, 0, 1, 1], [2, 3, 3, 4]]
    rows = torch.tensor([[1, 2], [1, 2], [0, 5], [1, 2]])
    assert torch.unique_consecutive(rows, dim=0).tolist() == [[1, 2], [0, 5], [1, 2]]
    assert torch.unique_consecutive(rows.t(), True, True, 1)[2].tolist() == [2, 1, 1]
    assert torch.zeros(0).unique_consecutive().tolist() == []


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("size", [(5,), (3, 4), (30000,)])
def test_searchsorted(size, right):
    row = np.sort(numbers("float32", (9,)))
    values = numbers("float32", size, seed=1)
    values.reshape(-1)[:2] = row[:2]
    expected = np.searchsorted(row, values, "right" if right else "left")
    check(torch.searchsorted(torch.tensor(row), torch.tensor(values), right=right), expected)
    check(torch.bucketize(torch.tensor(values), torch.tensor(row), right=right, out_int32=True), expected.astype(np.int32))
    check(torch.searchsorted(torch.tensor(row), torch.tensor(values), side="right" if right else "left"), expected)


def test_searchsorted_in_rows_of_their_own_and_by_a_sorter():
    rows = torch.tensor([[1.0, 3, 5], [2, 4, 6]])
    assert torch.searchsorted(rows, torch.tensor([[3.0], [3.0]])).tolist() == [[1], [1]]
    assert torch.searchsorted(rows[0], 4).item() == 2
    assert torch.searchsorted(torch.tensor([3, 1, 2]), torch.tensor([2.5]), sorter=torch.tensor([1, 2, 0])).tolist() == [2]
    assert torch.searchsorted(torch.tensor([1.0, 2]), torch.tensor([float("nan")])).tolist() == [2]


@pytest.mark.parametrize("size, bins", [(20, 6), (60000, 10), (60000, 50000), (0, 1)])
def test_bincount(size, bins):
    x, weights = np.random.default_rng(0).integers(0, bins, size), numbers("float64", (size,))
    check(torch.bincount(torch.tensor(x), minlength=9), np.bincount(x, minlength=9))
    check(torch.bincount(torch.tensor(x), torch.tensor(weights)), np.bincount(x, weights))
    if size:
        found = torch.bincount(torch.tensor(x), torch.tensor(weights.astype("float32")))
        check(found, np.bincount(x, weights).astype("float32"), rtol=1e-4)
    assert torch.bincount(torch.tensor(x), torch.tensor(x)).dtype is (torch.float64 if size else torch.int64)


@pytest.mark.parametrize("size", [(10,), (5, 4), (200, 300)])
@pytest.mark.parametrize("kind", ["float32", "float64", "float16"])
def test_histc(size, kind):
    x = numbers(kind, size)
    made = tensor(x, kind)
    wide = x.astype(np.float64)
    check(torch.histc(made, 7, -1, 1.5), np.histogram(wide, 7, (-1, 1.5))[0], kind)
    check(torch.histc(made, 4), np.histogram(wide, 4, (wide.min(), wide.max()))[0], kind)


def test_histc_of_one_value_and_of_none():
    assert torch.histc(torch.ones(3), 4).tolist() == [0, 0, 3, 0]
    assert torch.histc(torch.zeros(0), 2).tolist() == [0, 0]
    assert torch.histc(torch.tensor([float("nan"), 1.0, 9.0]), 2, 0, 4).tolist() == [1, 0]


@pytest.mark.parametrize("call, error, message", [
    (lambda x: x.sort(2), IndexError, "Dimension out of range"),
    (lambda x: x.topk(4), RuntimeError, "selected index k out of range"),
    (lambda x: x.topk(-1), RuntimeError, "selected index k out of range"),
    (lambda x: x.kthvalue(0), RuntimeError, "selected number k out of range for dimension 1"),
    (lambda x: x.kthvalue(4), RuntimeError, "selected number k out of range for dimension 1"),
    (lambda x: x[:, :0].median(1), IndexError, "Expected reduction dim 1 to have non-zero size"),
    (lambda x: x[:, :0].mode(), IndexError, "Expected reduction dim 1 to have non-zero size"),
    (lambda x: x[:, :0].kthvalue(1), IndexError, "Expected reduction dim 1 to have non-zero size"),
    (lambda x: x.to(torch.complex64).sort(), NotImplementedError, "numbers that have an order"),
    (lambda x: torch.searchsorted(x, x[0]), RuntimeError, "first N-1 dimensions"),
    (lambda x: torch.searchsorted(x[0], x, right=True, side="left"), RuntimeError, "opposites"),
    (lambda x: torch.searchsorted(x[0], x, side="middle"), RuntimeError, "side can only be"),
    (lambda x: torch.bucketize(x, x), RuntimeError, "must be 1 dimension"),
    (lambda x: torch.bincount(x[0]), RuntimeError, "non-negative integral"),
    (lambda x: torch.bincount(torch.tensor([1, -1])), RuntimeError, "non-negative integral"),
    (lambda x: torch.bincount(torch.tensor([1]), x[0]), RuntimeError, "same length"),
    (lambda x: torch.bincount(torch.tensor([1]), minlength=-1), RuntimeError, "minlength"),
    (lambda x: torch.histc(x.long()), RuntimeError, "must be floating"),
    (lambda x: torch.histc(x, 0), RuntimeError, "bins must be > 0"),
    (lambda x: torch.histc(x, 2, 3, 1), RuntimeError, "larger than min"),
    (lambda x: torch.histc(x / 0), RuntimeError, "is not finite"),
])
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(torch.arange(6.0).reshape(2, 3))


GRADIENTS = {
    "sort": lambda x: x.sort(0, True)[0], "topk": lambda x: x.topk(2)[0], "kthvalue": lambda x: x.kthvalue(2, 1)[0],
    "median": lambda x: x.median(), "median of a dim": lambda x: x.median(0, True)[0], "mode": lambda x: x.mode(0)[0],
    "sort of 0-d": lambda x: x[0, 0].sort()[0], "kthvalue of 0-d": lambda x: x[0, 0].kthvalue(1)[0],
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    x = tensor(np.random.default_rng(0).permutation(6).reshape(2, 3), "float64", requires_grad=True)
    assert gradcheck(GRADIENTS[name], (x,), fast_mode=True)
    assert gradgradcheck(GRADIENTS[name], (x,), fast_mode=True)
    assert not x.sort()[1].requires_grad
