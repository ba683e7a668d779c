"""Types, devices, and the way to and from Python and NumPy."""
import copy
import math
import operator
import pickle

import numpy as np
import pytest
from oracle import COMPLEX, FLOATS, INTEGERS, check, dtype, numbers, rounded, tensor, values

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck

KINDS = (*FLOATS, *INTEGERS, "bool")


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_type_casts_to_every_other(kind, target):
    a = numbers(kind, (3, 5), -5, 100)
    made = tensor(a, kind).to(dtype(target))
    expected = a != 0 if target == "bool" else rounded(a.astype("int64") if target in INTEGERS else a, target)
    check(made, expected, target)


def test_casts_round_and_wrap():
    x = torch.tensor([1.9, -1.9, 300.0, -1.0])
    assert x.long().tolist() == [1, -1, 300, -1] and x.byte().tolist() == [1, 255, 44, 255] and x.char().tolist() == [1, -1, 44, -1]
    assert torch.tensor([math.nan, 0.0, -0.0, 1e-40]).bool().tolist() == [True, False, False, True]
    a = np.array([65519.0, 65520.0, 1e-8, 2049.0, math.nan, -math.inf], "float32")
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(values(tensor(a).half()), a.astype("float16"))
    np.testing.assert_array_equal(values(tensor(a).bfloat16()), rounded(a, "bfloat16"))
    b = np.random.default_rng(0).integers(0, 1 << 32, 5000, np.uint64).astype(np.uint32).view(np.float32)
    np.testing.assert_array_equal(values(tensor(b).bfloat16()), rounded(b, "bfloat16"))
    with np.errstate(over="ignore", invalid="ignore"):
        np.testing.assert_array_equal(values(tensor(b).half()), b.astype("float16"))


@pytest.mark.parametrize("name, kind", [("bool", "bool"), ("byte", "uint8"), ("char", "int8"), ("short", "int16"), ("int", "int32"),
                                        ("long", "int64"), ("half", "float16"), ("bfloat16", "bfloat16"), ("float", "float32"), ("double", "float64")])
def test_casting_methods_and_names_of_types(name, kind):
    x = torch.tensor([0, 1, 2])
    made = getattr(x, name)()
    assert made.dtype is dtype(kind) and made.tolist() == ([False, True, True] if kind == "bool" else [0, 1, 2])
    assert getattr(made, name)() is made
    legacy = f"torch.{made.dtype.tensor_name}"
    assert made.type() == legacy and x.type(legacy).dtype is dtype(kind) and x.type(dtype(kind)).dtype is dtype(kind)
    assert x.type_as(made).dtype is dtype(kind)


def test_to_in_all_its_forms():
    x = torch.ones(2)
    assert x.to(torch.float32) is x and x.to("cpu") is x and x.to(torch.device("cpu")) is x and x.to(x) is x
    assert x.to(torch.float32, copy=True) is not x and x.to("cpu", torch.float64).dtype is torch.float64
    assert x.to(torch.tensor(1)).dtype is torch.int64 and x.to(dtype=torch.int8, non_blocking=True).dtype is torch.int8
    assert x.to("cpu", torch.float64, True, True).dtype is torch.float64 and x.cpu() is x
    assert x.t().to(torch.float64).stride() == x.t().stride()
    for error, args in [(RuntimeError, ("abc",)), (TypeError, (2.5,))]:
        with pytest.raises(error):
            x.to(*args)
    with pytest.raises(ValueError, match="invalid type"):
        x.type("torch.Nothing")


def test_casts_have_gradients_in_the_type_of_the_input():
    x = torch.ones(3, requires_grad=True)
    (x.double() * 2).sum().backward()
    assert x.grad.dtype is torch.float32 and x.grad.tolist() == [2, 2, 2]
    assert not x.long().requires_grad
    y = tensor(numbers("float64", (3,)), requires_grad=True)
    assert gradcheck(lambda y: y.to(torch.float64, copy=True), (y,))


# ---- Python


@pytest.mark.parametrize("kind", [*KINDS, *COMPLEX])
def test_items_and_lists_are_python_numbers(kind):
    a = numbers(kind, (2, 3), 0, 9)
    x = tensor(a, kind)
    assert x.tolist() == a.tolist() and x[1, 2].item() == a[1, 2].item() and x[0, 0].tolist() == a[0, 0].item()
    assert type(x[0, 0].item()) is {"b": bool, "f": float, "c": complex}.get(a.dtype.kind, int)


def test_numbers_from_tensors():
    x = torch.tensor(2.75)
    assert float(x) == 2.75 and int(x) == 2 and complex(x) == 2.75 and bool(x) and f"{x:.1f}" == "2.8"
    assert [10, 20, 30][torch.tensor(1)] == 20 and operator.index(torch.tensor([3])) == 3 and round(float(x)) == 3
    assert bool(torch.tensor([[0]])) is False and list(range(torch.tensor(2))) == [0, 1]
    for wrong in (torch.ones(2), torch.ones(0)):
        with pytest.raises(RuntimeError, match="cannot be converted to Scalar"):
            wrong.item()
        with pytest.raises(RuntimeError, match="ambiguous"):
            bool(wrong)
    with pytest.raises(TypeError, match="index"):
        operator.index(torch.tensor(1.5))


def test_containers():
    x = torch.arange(6).view(2, 3)
    assert len(x) == 2 and [row.tolist() for row in x] == [[0, 1, 2], [3, 4, 5]] and 4 in x and 9 not in x
    for function in (len, iter):
        with pytest.raises(TypeError, match="0-d tensor"):
            function(torch.tensor(1))
    assert {x: 1}[x] == 1 and hash(x) == hash(x)


# ---- NumPy


def test_numpy_shares_memory():
    x = torch.ones(2, 3)
    a = x.numpy()
    a[0, 0] = 5
    assert x[0, 0].item() == 5 and np.asarray(x).__array_interface__["data"][0] == x.data_ptr()
    assert x.t().numpy().strides == (4, 12) and np.array(x).__array_interface__["data"][0] != x.data_ptr()
    assert np.asarray(x, "float64").dtype == np.float64
    with pytest.raises(RuntimeError, match="not resizable"):
        x.resize_(7)


def test_numpy_refuses_what_it_cannot_share():
    with pytest.raises(RuntimeError, match=r"Use tensor.detach\(\).numpy\(\)"):
        torch.ones(2, requires_grad=True).numpy()
    with pytest.raises(RuntimeError, match="detach"):
        np.asarray(torch.ones(2, requires_grad=True))
    with pytest.raises(TypeError, match="BFloat16"):
        torch.ones(2).bfloat16().numpy()
    assert torch.ones(2, requires_grad=True).numpy(force=True).tolist() == [1, 1]


def test_numpy_functions_and_operators_on_either_side():
    x = torch.tensor([1.0, 4.0])
    a = np.array([10.0, 20.0], "float32")
    np.testing.assert_array_equal(np.sqrt(x), np.array([1, 2], "float32"))
    for made, expected in [(x * a, [10, 80]), (a * x, [10, 80]), (x - a, [-9, -16]), (a - x, [9, 16]), (a / x, [10, 5]), (x ** a, [1, 4.0 ** 20])]:
        assert isinstance(made, torch.Tensor) and made.dtype is torch.float32 and made.tolist() == expected
    assert (x > a).tolist() == [False, False] and (a > x).tolist() == [True, True]
    assert (np.float32(2) * x).tolist() == [2, 8] and (x == a).tolist() == [False, False]


# ---- copies


def test_copies_and_pickles_keep_values_types_and_sharing():
    base = torch.arange(6.0)
    both = {"a": base, "b": base[2:4], "c": torch.ones(2).bfloat16(), "d": torch.ones(2, requires_grad=True)}
    for duplicate in (copy.deepcopy(both), pickle.loads(pickle.dumps(both))):
        assert duplicate["a"].tolist() == base.tolist() and duplicate["b"].tolist() == [2, 3] and duplicate["c"].dtype is torch.bfloat16
        assert duplicate["d"].requires_grad and duplicate["d"].is_leaf
    twin = copy.deepcopy(both)
    twin["a"][2] = 9
    assert twin["b"][0].item() == 9 and base[2].item() == 2
    with pytest.raises(RuntimeError, match="leaves"):
        copy.deepcopy(both["d"] * 2)


def test_limits_of_types():
    assert torch.finfo(torch.float32).eps == np.finfo("float32").eps and torch.finfo(torch.float16).max == 65504
    assert torch.finfo(torch.bfloat16).max == float(rounded(np.float32(3.39e38), "bfloat16")) and torch.finfo().bits == 32
    assert torch.iinfo(torch.int8).min == -128 and torch.iinfo(torch.uint8).max == 255 and torch.iinfo(torch.int64).bits == 64
    for function, kind in ((torch.finfo, torch.int32), (torch.iinfo, torch.float32), (torch.iinfo, torch.bool)):
        with pytest.raises(TypeError, match="torch"):
            function(kind)
