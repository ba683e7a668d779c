import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd import grad
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.kernels import table
from nb_nn.nn import functional as F

INDEX, OFFSETS = np.array([0, 2, 2, 4, 1, 2, 4]), np.array([0, 3, 3, 5])
REDUCE = {"sum": np.sum, "mean": np.mean, "max": np.max}


def slow_bags(weight, mode, factors=None, padding=None, last=None):
    made = []
    for first, end in zip(OFFSETS, [*OFFSETS[1:], INDEX.size if last is None else last]):
        kept = [i for i in range(first, end) if INDEX[i] != padding]
        rows = np.array([weight[INDEX[i]] * (1 if factors is None else factors[i]) for i in kept], weight.dtype)
        made.append(REDUCE[mode](rows, 0) if kept else np.zeros(weight.shape[1], weight.dtype))
    return np.array(made, weight.dtype)


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("mode", REDUCE)
@pytest.mark.parametrize("padding", [None, 2, -1])
def test_bags_of_rows(kind, mode, padding):
    weight = numbers(kind, (5, 3))
    expected = slow_bags(weight.astype(np.float64), mode, padding=None if padding is None else padding % 5)
    for index, offsets in ((INDEX, OFFSETS), (INDEX.astype(np.int32), OFFSETS.astype(np.int32))):
        found = F.embedding_bag(tensor(index), tensor(weight, kind), tensor(offsets), mode=mode, padding_idx=padding)
        check(found.double(), expected, rtol={"float16": 2e-3, "bfloat16": 2e-2}.get(kind, 1e-6), atol=1e-2 if "16" in kind else 1e-6)


@pytest.mark.parametrize("mode", REDUCE)
def test_each_row_of_a_2d_input_is_a_bag(mode):
    weight, index = numbers("float32", (5, 3)), INDEX[:6].reshape(2, 3)
    check(F.embedding_bag(tensor(index), tensor(weight), mode=mode), REDUCE[mode](weight[index], 1), rtol=1e-6)
    check(F.embedding_bag(tensor(index[:, :0]), tensor(weight), mode=mode), np.zeros((2, 3), np.float32))
    assert F.embedding_bag(tensor(index[:0]), tensor(weight), mode=mode).shape == (0, 3)


def test_the_last_offset_may_be_the_end():
    weight = numbers("float32", (5, 3))
    for end in (7, 6, 5):
        found = F.embedding_bag(tensor(INDEX), tensor(weight), tensor(np.append(OFFSETS, end)), mode="sum", include_last_offset=True)
        check(found, slow_bags(weight, "sum", last=end), rtol=1e-6)


def test_each_row_may_have_a_factor():
    weight, factors = numbers("float32", (5, 3)), numbers("float32", (7,), seed=1)
    for padding in (None, 2):
        found = F.embedding_bag(tensor(INDEX), tensor(weight), tensor(OFFSETS), mode="sum", per_sample_weights=tensor(factors),
                                padding_idx=padding)
        check(found, slow_bags(weight, "sum", factors, padding), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", REDUCE)
@pytest.mark.parametrize("padding", [None, 2])
def test_derivatives(mode, padding):
    weight = tensor(numbers("float64", (5, 3)), requires_grad=True)
    factors = tensor(numbers("float64", (7,), seed=1), requires_grad=True) if mode == "sum" else None

    def run(weight, factors=None):
        return F.embedding_bag(tensor(INDEX), weight, tensor(OFFSETS), mode=mode, per_sample_weights=factors, padding_idx=padding)

    given = (weight,) if factors is None else (weight, factors)
    assert gradcheck(run, given) and gradgradcheck(run, given)


def test_frequent_rows_take_the_mean_of_gradients():
    weight, given = tensor(numbers("float64", (5, 3)), requires_grad=True), numbers("float64", (4, 3))
    bag_of = np.array([0, 0, 0, 2, 2, 3, 3])
    for factors in (None, numbers("float64", (7,))):
        scale = 1 / np.bincount(INDEX)[INDEX] * (1 if factors is None else factors)
        expected = np.zeros((5, 3))
        np.add.at(expected, INDEX, scale[:, None] * given[bag_of])
        made = F.embedding_bag(tensor(INDEX), weight, tensor(OFFSETS), mode="sum", scale_grad_by_freq=True,
                               per_sample_weights=None if factors is None else tensor(factors))
        check(grad(made, weight, tensor(given))[0], expected)
    assert gradcheck(lambda given: grad(F.embedding_bag(tensor(INDEX), weight, tensor(OFFSETS), scale_grad_by_freq=True), weight, given,
                                        create_graph=True)[0], (tensor(given, requires_grad=True),))


def test_max_norm_shortens_the_rows_named_in_place():
    rows = numbers("float32", (5, 3))
    first, second = tensor(rows.copy()), tensor(rows.copy())
    F.embedding_bag(tensor(INDEX), first, tensor(OFFSETS), max_norm=1.0)
    assert torch.embedding_renorm_(second, tensor(INDEX), 1.0, 2.0) is second and torch.equal(first, second)
    assert (np.linalg.norm(first.numpy(), axis=1)[[0, 1, 2, 4]] <= 1 + 1e-5).all()
    check(first[3], rows[3])
    with pytest.raises(RuntimeError, match="leaf"):
        torch.embedding_renorm_(tensor(rows, requires_grad=True), tensor(INDEX), 1.0, 2.0)


def test_the_built_in_functions():
    weight = tensor(numbers("float32", (5, 3)))
    result, owner, sizes, places = torch.embedding_bag(weight, tensor(INDEX), tensor(OFFSETS), False, 2, padding_idx=1)
    assert owner.tolist() == [0, 0, 0, 2, 2, 3, 3] and sizes.tolist() == [3, 0, 1, 2]
    check(weight.gather(0, places)[[0, 2, 3]], result[[0, 2, 3]].numpy())
    assert torch.equal(torch.embedding_bag(weight, tensor(INDEX), tensor(OFFSETS), False, 1)[0],
                       F.embedding_bag(tensor(INDEX), weight, tensor(OFFSETS)))
    assert torch.equal(torch.embedding(weight, tensor(INDEX)), F.embedding(tensor(INDEX), weight))


def test_a_module():
    module = nn.EmbeddingBag(5, 3, padding_idx=-1, mode="sum")
    assert module.padding_idx == 4 and (module.weight[4] == 0).all() and list(module.state_dict()) == ["weight"]
    assert repr(module) == "EmbeddingBag(5, 3, mode='sum', padding_idx=4)"
    assert repr(nn.EmbeddingBag(5, 3, 1.0, 1.0, True)) == "EmbeddingBag(5, 3, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True, mode='mean')"
    rows = tensor(numbers("float32", (5, 3)))
    fixed = nn.EmbeddingBag.from_pretrained(rows, mode="max")
    assert not fixed.weight.requires_grad and nn.EmbeddingBag.from_pretrained(rows, False).weight.requires_grad
    check(fixed(tensor(INDEX), tensor(OFFSETS)), slow_bags(rows.numpy(), "max"))
    check(module(tensor(INDEX), tensor(OFFSETS), torch.ones(7)), slow_bags(module.weight.detach().numpy(), "sum", padding=4), rtol=1e-5)


def test_kernels_alone_and_together():
    random = np.random.default_rng(0)
    weight, index, bounds = random.standard_normal((20, 40)), random.integers(0, 20, 90), np.sort(random.integers(0, 91, 31))
    given, scale, places = random.standard_normal((30, 40)), random.standard_normal(90), random.integers(0, 20, (30, 40))
    empty = np.empty(0)
    for name, arguments, shape in (
            ("bag_sums", (weight, index, bounds, scale, False), (30, 40)), ("bag_sums", (weight, index, bounds, empty, True), (30, 40)),
            ("bag_sums_backward", (given, index, bounds, scale, False), (20, 40)),
            ("bag_products", (given, weight, index, bounds, False), (90,)), ("bag_maxima", (weight, index, bounds, places), (30, 40)),
            ("bag_maxima_backward", (given, places, bounds), (20, 40))):
        outs = [np.zeros(shape) for _ in range(2)]
        kernel = table.find("cpu", name)
        kernel.serial(*arguments, outs[0])
        kernel.parallel(*arguments, outs[1])
        np.testing.assert_array_equal(*outs)


PLACES, TABLE, STARTS = torch.tensor([1, 2, 0]), torch.zeros(3, 2), torch.tensor([0, 1])


@pytest.mark.parametrize("options", [{"mode": "sum"}, {"mode": "mean"}, {"mode": "sum", "padding_idx": 2},
                                     {"mode": "sum", "scale_grad_by_freq": True}, {"mode": "sum", "scaled": True}])
def test_sparse_gradient_is_the_dense_one(options):
    options = dict(options)
    places, starts = torch.tensor([1, 2, 0, 1, 3, 2]), torch.tensor([0, 2, 2, 5])
    scale = torch.arange(6.0) if options.pop("scaled", False) else None
    found = []
    for sparse in (True, False):
        table = torch.arange(12.0).reshape(4, 3).requires_grad_()
        result = F.embedding_bag(places, table, starts, sparse=sparse, per_sample_weights=scale, **options)
        (result * torch.arange(12.0).reshape(4, 3)).sum().backward()
        assert table.grad.is_sparse == sparse
        found.append(table.grad.to_dense())
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("call, error, message", [
    (lambda: F.embedding_bag(PLACES, TABLE), ValueError, "offsets has to be a 1D Tensor"),
    (lambda: F.embedding_bag(PLACES, TABLE, STARTS[None]), ValueError, "offsets has to be a 1D Tensor"),
    (lambda: F.embedding_bag(PLACES[None], TABLE, STARTS), ValueError, "offsets has to be None"),
    (lambda: F.embedding_bag(PLACES[None, None], TABLE), ValueError, "1D or 2D"),
    (lambda: F.embedding_bag(PLACES, TABLE[0], STARTS), ValueError, "2D Tensor"),
    (lambda: F.embedding_bag(PLACES, TABLE, STARTS + 1), RuntimeError, r"offsets\[0\] has to be 0"),
    (lambda: F.embedding_bag(PLACES, TABLE, STARTS * 4), RuntimeError, r"offsets\[-1\] can not be greater"),
    (lambda: F.embedding_bag(PLACES, TABLE, torch.tensor([0, 2, 1])), RuntimeError, "must not decrease"),
    (lambda: F.embedding_bag(PLACES, TABLE, STARTS[:0], include_last_offset=True), RuntimeError, "at least 1"),
    (lambda: F.embedding_bag(PLACES + 1, TABLE, STARTS), RuntimeError, "index 3, which is not in the valid range"),
    (lambda: F.embedding_bag(PLACES.float(), TABLE, STARTS), RuntimeError, "Long, Int"),
    (lambda: F.embedding_bag(PLACES, TABLE.long(), STARTS), RuntimeError, "Float, Double"),
    (lambda: F.embedding_bag(PLACES, TABLE, STARTS, padding_idx=3), RuntimeError, "padding_idx must be within"),
    (lambda: F.embedding_bag(PLACES, TABLE, STARTS, mode="prod"), ValueError, "sum, mean or max"),
    (lambda: F.embedding_bag(PLACES, TABLE, STARTS, mode="max", scale_grad_by_freq=True), ValueError, "frequency"),
    (lambda: F.embedding_bag(PLACES, TABLE, STARTS, mode="max", sparse=True), ValueError, "sparse"),
    (lambda: F.embedding_bag(PLACES, TABLE, STARTS, per_sample_weights=torch.ones(3)), NotImplementedError, "mode='sum'"),
    (lambda: F.embedding_bag(PLACES, TABLE, STARTS, mode="sum", per_sample_weights=torch.ones(2)), ValueError, "same shape"),
    (lambda: F.embedding_bag(PLACES, TABLE, STARTS, mode="sum", per_sample_weights=torch.ones(3).double()), RuntimeError, "same type"),
    (lambda: torch.embedding_bag(TABLE, PLACES, STARTS, mode=3), ValueError, "mode has to be 0"),
    (lambda: nn.EmbeddingBag(3, 2, padding_idx=3), AssertionError, "padding_idx"),
    (lambda: nn.EmbeddingBag(3, 2, _weight=TABLE[:2]), AssertionError, "Shape of weight"),
])
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
