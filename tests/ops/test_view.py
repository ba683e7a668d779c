"""Views against NumPy's: elements, sharing, strides, offsets; what cannot be viewed is refused."""
import numpy as np
import pytest
from oracle import check, numbers, tensor, values

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

A = numbers("float32", (2, 3, 4))
VIEWS = {
    "view": (lambda x: x.view(6, 4), lambda a: a.reshape(6, 4)),
    "view -1": (lambda x: x.view(-1, 2), lambda a: a.reshape(-1, 2)),
    "view a list": (lambda x: x.view([4, 6]), lambda a: a.reshape(4, 6)),
    "view of a transpose": (lambda x: x.transpose(0, 2).view(2, 2, 3, 2), lambda a: a.transpose(2, 1, 0).reshape(2, 2, 3, 2)),
    "view_as": (lambda x: x.view_as(torch.empty(3, 8)), lambda a: a.reshape(3, 8)),
    "reshape": (lambda x: x.reshape(8, 3), lambda a: a.reshape(8, 3)),
    "flatten": (lambda x: x.flatten(1), lambda a: a.reshape(2, 12)),
    "flatten inside": (lambda x: torch.flatten(x, 0, 1), lambda a: a.reshape(6, 4)),
    "unflatten": (lambda x: x.unflatten(2, (2, -1)), lambda a: a.reshape(2, 3, 2, 2)),
    "transpose": (lambda x: x.transpose(0, -1), lambda a: a.transpose(2, 1, 0)),
    "permute": (lambda x: x.permute(2, 0, 1), lambda a: a.transpose(2, 0, 1)),
    "permute a tuple": (lambda x: torch.permute(x, (1, -1, 0)), lambda a: a.transpose(1, 2, 0)),
    "movedim": (lambda x: torch.movedim(x, 0, 2), lambda a: np.moveaxis(a, 0, 2)),
    "movedim of two": (lambda x: x.movedim((0, 1), (2, 0)), lambda a: np.moveaxis(a, (0, 1), (2, 0))),
    "T": (lambda x: x[0].T, lambda a: a[0].T),
    "mT": (lambda x: x.mT, lambda a: a.swapaxes(-1, -2)),
    "t": (lambda x: x[1].t(), lambda a: a[1].T),
    "select": (lambda x: x.select(1, -1), lambda a: a[:, -1]),
    "narrow": (lambda x: x.narrow(2, 1, 2), lambda a: a[:, :, 1:3]),
    "narrow from the end": (lambda x: x.narrow(-1, -3, 2), lambda a: a[:, :, 1:3]),
    "unsqueeze": (lambda x: x.unsqueeze(1), lambda a: a[:, None]),
    "unsqueeze last": (lambda x: x.unsqueeze(-1), lambda a: a[..., None]),
    "squeeze": (lambda x: x.view(2, 1, 12, 1).squeeze(), lambda a: a.reshape(2, 12)),
    "squeeze one": (lambda x: x.view(2, 1, 12, 1).squeeze(1), lambda a: a.reshape(2, 12, 1)),
    "squeeze none": (lambda x: x.squeeze(0), lambda a: a),
    "expand": (lambda x: x.unsqueeze(1).expand(2, 5, -1, 4), lambda a: np.broadcast_to(a[:, None], (2, 5, 3, 4))),
    "expand in front": (lambda x: x.expand(6, 2, 3, 4), lambda a: np.broadcast_to(a, (6, 2, 3, 4))),
    "expand_as": (lambda x: x[:1].expand_as(torch.empty(5, 3, 4)), lambda a: np.broadcast_to(a[:1], (5, 3, 4))),
    "broadcast_to": (lambda x: torch.broadcast_to(x[..., :1], (2, 3, 7)), lambda a: np.broadcast_to(a[..., :1], (2, 3, 7))),
    "diagonal": (lambda x: x.diagonal(0, 1, 2), lambda a: a.diagonal(0, 1, 2)),
    "diagonal above": (lambda x: torch.diagonal(x, 1, 0, 2), lambda a: a.diagonal(1, 0, 2)),
    "diagonal below": (lambda x: x.diagonal(-1, 2, 1), lambda a: a.diagonal(-1, 2, 1)),
    "unfold": (lambda x: x.unfold(2, 3, 1), lambda a: np.lib.stride_tricks.sliding_window_view(a, 3, 2)),
    "unfold apart": (lambda x: x.unfold(2, 2, 2), lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, 2)[:, :, ::2]),
    "as_strided": (lambda x: x.as_strided((2, 2), (12, 5), 3), lambda a: np.lib.stride_tricks.as_strided(a.ravel()[3:], (2, 2), (48, 20))),
    "index": (lambda x: x[1], lambda a: a[1]),
    "slice": (lambda x: x[:, 1:, ::2], lambda a: a[:, 1:, ::2]),
    "alias": (lambda x: x.view(2, 3, 4), lambda a: a),
    "detach": (lambda x: x.detach(), lambda a: a),
}


def steps(a):
    return tuple(step // a.itemsize for step in a.strides)


@pytest.mark.parametrize("name", VIEWS)
def test_elements_strides_and_shared_memory(name):
    view, oracle = VIEWS[name]
    base = A.copy()
    x = tensor(base)
    made, expected = view(x), oracle(base)
    check(made, expected)
    assert [step for step, n in zip(made.stride(), made.shape) if n > 1] == [
        step for step, n in zip(steps(expected), expected.shape) if n > 1]
    assert made.storage_offset() == (values(made).__array_interface__["data"][0] - x.data_ptr()) // 4
    with torch.no_grad():
        x.mul_(2)
    check(made, expected * 2)
    assert made._version == x._version


@pytest.mark.parametrize("name", [name for name in VIEWS if name != "detach"])
def test_gradient(name):
    x = tensor(numbers("float64", (2, 3, 4)), requires_grad=True)
    assert gradcheck(VIEWS[name][0], (x,)) and gradgradcheck(VIEWS[name][0], (x,), fast_mode=True)


@pytest.mark.parametrize("name", [name for name in VIEWS if name not in ("detach", "squeeze none")])
def test_gradient_of_a_write_to_the_view(name):
    x = tensor(numbers("float64", (2, 3, 4)), requires_grad=True)

    def function(x):
        base = x * 1
        view = VIEWS[name][0](base)
        if 0 in view.stride() or name == "unfold":
            return base
        view.mul_(view.clone())
        return base

    assert gradcheck(function, (x,), fast_mode=True)


def test_a_reshape_copies_only_where_it_must():
    x = torch.arange(6).view(2, 3)
    assert x.reshape(3, 2).data_ptr() == x.data_ptr()
    turned = x.t().reshape(6)
    assert turned.data_ptr() != x.data_ptr() and turned.tolist() == [0, 3, 1, 4, 2, 5]
    assert x.contiguous() is x and x.t().contiguous().stride() == (2, 1)
    assert x.t().clone().stride() == (1, 3)


def test_pieces():
    a = np.arange(10).reshape(5, 2)
    x = tensor(a)
    for parts, expected in [(x.split(2), [2, 2, 1]), (x.split([1, 4]), [1, 4]), (x.chunk(2), [3, 2]), (x.chunk(4), [2, 2, 1]), (x.unbind(), [1] * 5)]:
        assert isinstance(parts, tuple)
        assert [part.numel() // 2 for part in parts] == expected
        assert np.concatenate([values(part).reshape(-1, 2) for part in parts]).tolist() == a.tolist()
        assert all(part.storage_offset() == start * 2 for part, start in zip(parts, np.cumsum([0, *expected])))
    assert [part.tolist() for part in x.split(1, 1)] == [a[:, :1].tolist(), a[:, 1:].tolist()]
    assert [tuple(part.shape) for part in torch.ones(0, 3).chunk(2)] == [(0, 3)] * 2
    assert torch.split_with_sizes(x, (2, 3))[1].tolist() == a[2:].tolist()


def test_numbers_have_views_too():
    x = torch.tensor(3.0)
    assert x.view(1).shape == (1,) and x.view(1, 1).shape == (1, 1) and x.reshape(()).shape == () and x.squeeze().shape == ()
    assert x.unsqueeze(0).shape == (1,) and x.expand(2, 3).stride() == (0, 0) and x.t().shape == () and x.permute().shape == ()
    assert x.flatten().shape == (1,) and x.transpose(0, -1).shape == () and x.unfold(0, 1, 1).shape == (1,) and x.T.shape == ()


def test_sizes_without_elements():
    x = torch.empty(0, 3)
    assert x.view(3, 0).shape == (3, 0) and x.view(-1, 3).shape == (0, 3) and x.t().shape == (3, 0) and x.unfold(1, 2, 1).shape == (0, 2, 2)
    assert x.expand(5, 0, 3).shape == (5, 0, 3) and x.diagonal().shape == (0,) and x[:, 1:].shape == (0, 2) and x.flatten().shape == (0,)
    assert x.stride() == (3, 1)
    with pytest.raises(RuntimeError, match="ambiguous"):
        x.view(0, -1)


def test_bits_read_as_another_type():
    x = torch.tensor([1.0, -2.0])
    assert x.view(torch.int32).tolist() == np.array([1, -2], "float32").view("int32").tolist()
    assert x.view(torch.uint8).shape == (8,) and x.view(torch.float64).shape == (1,)
    with pytest.raises(RuntimeError, match="divisible"):
        torch.ones(3).view(torch.float64)


def test_resize_keeps_what_is_in_memory():
    x = torch.arange(6).view(2, 3)
    assert x.resize_(2, 2) is x and x.tolist() == [[0, 1], [2, 3]]
    assert x.resize_(6).tolist() == [0, 1, 2, 3, 4, 5]
    assert x.resize_(3, 3).view(-1)[:6].tolist() == [0, 1, 2, 3, 4, 5]
    assert x.resize_as_(torch.empty(2)).tolist() == [0, 1]
    with pytest.raises(RuntimeError, match="not resizable"):
        torch.from_numpy(np.arange(3)).resize_(4)
    with pytest.raises(RuntimeError, match="require grad"):
        torch.ones(2, requires_grad=True).resize_(3)


@pytest.mark.parametrize("error, text, function", [
    (RuntimeError, "invalid for input of size 24", lambda x: x.view(5, 5)),
    (RuntimeError, "only one dimension can be inferred", lambda x: x.view(-1, -1)),
    (RuntimeError, "invalid shape dimension -2", lambda x: x.view(-2)),
    (RuntimeError, "Use .reshape", lambda x: x.transpose(0, 1).view(-1)),
    (TypeError, "float", lambda x: x.view(2.5)),
    (TypeError, "str", lambda x: x.view("a")),
    (IndexError, r"\[-3, 2\], but got 3", lambda x: x.transpose(0, 3)),
    (IndexError, r"\[-3, 2\], but got -4", lambda x: x.select(-4, 0)),
    (IndexError, "out of range", lambda x: x.select(1, 3)),
    (IndexError, "0-dim", lambda x: torch.tensor(1).select(0, 0)),
    (RuntimeError, "exceeds dimension size", lambda x: x.narrow(1, 2, 2)),
    (RuntimeError, "non-negative", lambda x: x.narrow(1, 0, -1)),
    (IndexError, "out of range", lambda x: x.narrow(1, 4, 0)),
    (RuntimeError, "number of dimensions", lambda x: x.permute(0, 1)),
    (RuntimeError, "duplicate dims", lambda x: x.permute(0, 1, 1)),
    (RuntimeError, "must match the existing size", lambda x: x.expand(2, 5, 4)),
    (RuntimeError, "greater or equal to the number of dimensions", lambda x: x.expand(3, 4)),
    (RuntimeError, "leading, non-existing dimension", lambda x: x.expand(-1, 2, 3, 4)),
    (IndexError, "but got 5", lambda x: x.unsqueeze(5)),
    (IndexError, "but got 3", lambda x: x.squeeze(3)),
    (RuntimeError, "cannot be identical", lambda x: x.diagonal(0, 1, 1)),
    (RuntimeError, "maximum size", lambda x: x.unfold(1, 4, 1)),
    (RuntimeError, "must be > 0", lambda x: x.unfold(1, 2, 0)),
    (RuntimeError, "<= 2 dimensions", lambda x: x.t()),
    (RuntimeError, "out of bounds for storage", lambda x: x.as_strided((3, 9), (9, 1))),
    (RuntimeError, "Negative strides", lambda x: x.as_strided((2,), (-1,), 5)),
    (RuntimeError, "mismatch in length", lambda x: x.as_strided((2,), (1, 1))),
    (RuntimeError, "sum exactly to 3", lambda x: x.split([1, 1], 1)),
    (RuntimeError, "split_size", lambda x: x.split(-1)),
    (RuntimeError, "greater than 0", lambda x: x.chunk(0)),
    (RuntimeError, "start_dim cannot come after end_dim", lambda x: x.flatten(2, 1)),
])
def test_what_cannot_be_viewed_is_refused(error, text, function):
    with pytest.raises(error, match=text):
        function(tensor(A))


# ---- copies


@pytest.mark.parametrize("kind", ["float64", "int64", "bool", "float16", "bfloat16", "uint8"])
def test_copy_casts_and_broadcasts(kind):
    a = numbers("float32", (3,), 0, 3)
    x = torch.zeros(2, 3, dtype=getattr(torch, kind))
    assert x.copy_(tensor(a)) is x
    check(x, np.broadcast_to(values(tensor(a).to(x.dtype)), (2, 3)), kind)


def test_copy_between_overlapping_views():
    x = torch.arange(6)
    x[1:].copy_(x[:-1].clone())
    assert x.tolist() == [0, 0, 1, 2, 3, 4]
    y = torch.arange(6)
    y[1:].copy_(y[:-1])
    assert y.tolist() == [0, 0, 1, 2, 3, 4]
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        torch.zeros(3).copy_(torch.zeros(2, 3))
    with pytest.raises(TypeError):
        torch.zeros(3).copy_([1, 2, 3])


def test_copies_have_gradients_on_both_sides():
    x, y = (tensor(numbers("float64", (2, 3), seed=seed), requires_grad=True) for seed in range(2))
    assert gradcheck(lambda x, y: (x * 1).copy_(y * 2), (x, y))
    assert gradcheck(lambda x: x.clone() * x.contiguous(), (x,))


def test_a_large_transposed_copy():
    a = numbers("float32", (300, 200))
    check(tensor(a).t().contiguous(), np.ascontiguousarray(a.T))
