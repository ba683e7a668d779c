"""`nb_nn.array_api.Array`: operators, indices, attributes and conversions of the standard, and that it is a tensor."""
import copy
import math
import operator
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import nb_nn as torch
from nb_nn import array_api as xp
from nb_nn.autograd import gradcheck, gradgradcheck

NAN, INF = float("nan"), float("inf")
INTEGERS = ("int8", "uint8", "uint32", "int64")
FLOATS = ("float32", "float64", "complex64", "complex128")
ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
BITS, SHIFTS = ("and_", "or_", "xor"), ("lshift", "rshift")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


def kind_of(name):
    return getattr(xp, name)


def is_array(x, kind=None, shape=None):
    return type(x) is xp.Array and (kind is None or x.dtype is kind) and (shape is None or tuple(x.shape) == shape)


# ---- operators ---------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ARITHMETIC + BITS + SHIFTS + COMPARISONS)
@pytest.mark.parametrize("kinds", [INTEGERS, FLOATS, ("bool",)])
def test_operators_promote_arrays_of_any_number_of_dimensions(name, kinds):
    if kinds is FLOATS and name in BITS + SHIFTS or kinds == ("bool",) and name not in BITS + COMPARISONS:
        return
    function = getattr(operator, name)
    for first in kinds:
        for second in kinds:
            if "complex" in first + second and name in ("floordiv", "mod", "lt", "le", "gt", "ge"):
                continue
            expected = xp.result_type(kind_of(first), kind_of(second))
            if name == "truediv" and kinds is INTEGERS:
                expected = torch.get_default_dtype()
            expected = xp.bool if name in COMPARISONS else expected
            for a, b in (((), ()), ((), (2,)), ((2,), ()), ((2,), (2,)), ((2, 1), (2,))):
                x, y = xp.ones(a, dtype=kind_of(first)), xp.ones(b, dtype=kind_of(second))
                assert is_array(function(x, y), expected, np.broadcast_shapes(a, b)), (first, second, a, b)


@pytest.mark.parametrize("kind, number", [("int8", 3), ("uint32", 2), ("float32", 3), ("float32", 3.5), ("float64", 3.5), ("complex64", 3.5),
                                          ("complex128", 3 + 1j), ("int64", True)])
@pytest.mark.parametrize("name", ARITHMETIC)
def test_numbers_take_the_type_of_the_array(kind, number, name):
    if kind.startswith("complex") and name in ("floordiv", "mod"):
        return
    function, kind = getattr(operator, name), kind_of(kind)
    expected = torch.get_default_dtype() if name == "truediv" and xp.isdtype(kind, "integral") else kind
    for shape in ((), (2,)):
        x = xp.full(shape, 2, dtype=kind)
        there, back = function(x, number), function(number, x)
        assert is_array(there, expected, shape) and is_array(back, expected, shape)
        assert complex(xp.reshape(there, (-1,))[0]) == pytest.approx(function(2, number))
        assert complex(xp.reshape(back, (-1,))[0]) == pytest.approx(function(number, 2))


def test_complex_numbers_beside_real_arrays():
    for kind, expected in ((xp.float32, xp.complex64), (xp.float64, xp.complex128)):
        x = xp.asarray([1.0, 2.0], dtype=kind)
        for made in (x * 1j, 1j * x, xp.multiply(x, 1j), xp.multiply(1j, x)):
            assert is_array(made, expected) and made.tolist() == [1j, 2j]


def test_operators_leave_other_operands_alone():
    x = xp.ones(2)
    assert (x == None) is False and (x != "a") is True                           # noqa: E711
    for wrong in ("a", None, [1, 2], object()):
        with pytest.raises(TypeError):
            x + wrong
        with pytest.raises(TypeError):
            wrong @ x
    with pytest.raises(TypeError, match="arrays"):
        x @ 2.0
    with pytest.raises(RuntimeError):
        xp.asarray(1.0) @ xp.asarray(2.0)


def test_products_of_matrices_promote():
    a, b = xp.ones((2, 3), dtype=xp.float32), xp.ones((3, 4), dtype=xp.float64)
    assert is_array(a @ b, xp.float64, (2, 4)) and is_array(a @ b[:, 0], xp.float64, (2,))
    square = xp.asarray([[1.0, 2.0], [3.0, 4.0]])
    same, other = square, xp.asarray([[0.0, 1.0], [1.0, 0.0]])
    square @= other
    assert square is same and square.tolist() == [[2.0, 1.0], [4.0, 3.0]]
    for wrong in (xp.ones((2, 3)), xp.ones((2, 2), dtype=xp.float64), xp.ones(2)):
        with pytest.raises(ValueError, match="does not fit"):
            square @= wrong


@pytest.mark.parametrize("name", ["iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow"])
def test_in_place_operators_keep_the_array(name):
    function, plain = getattr(operator, name), getattr(operator, name[1:])
    x = same = xp.asarray([5.0, -7.0, 2.0])
    expected = plain(x, xp.asarray([2.0, 2.0, 3.0]))
    made = function(x, xp.asarray([2.0, 2.0, 3.0]))
    assert made is same and is_array(made, xp.float32) and made.tolist() == expected.tolist()
    assert function(x, 2) is same and function(x, xp.asarray(2.0, dtype=xp.float64)).dtype is xp.float32
    for wrong in (xp.ones((2, 3)), xp.asarray([1j, 1j, 1j])):          # sizes and types that cannot be stored
        with pytest.raises(RuntimeError):
            function(x, wrong)


@pytest.mark.parametrize("name", ["iand", "ior", "ixor", "ilshift", "irshift"])
def test_in_place_operators_of_bits(name):
    x = same = xp.asarray([5, 7], dtype=xp.int16)
    expected = getattr(operator, name[1:] + ("_" if name in ("iand", "ior") else ""))(x, xp.asarray([2, 1], dtype=xp.int8))
    made = getattr(operator, name)(x, xp.asarray([2, 1], dtype=xp.int8))
    assert made is same and made.dtype is xp.int16 and made.tolist() == expected.tolist()


QUOTIENTS = [(INF, 2.0, INF), (INF, -2.0, -INF), (-INF, 2.0, -INF), (-INF, -2.0, INF), (3.0, INF, 0.0), (3.0, -INF, -0.0), (-3.0, INF, -0.0),
             (-3.0, -INF, 0.0), (INF, INF, NAN), (-INF, INF, NAN), (0.0, INF, 0.0), (-0.0, INF, -0.0), (0.0, -2.0, -0.0), (-0.0, -2.0, 0.0),
             (1.0, 0.0, INF), (1.0, -0.0, -INF), (-1.0, 0.0, -INF), (0.0, 0.0, NAN), (NAN, 1.0, NAN), (1.0, NAN, NAN), (NAN, INF, NAN),
             (5e-324, -INF, -0.0), (7.0, 2.0, 3.0), (-7.0, 2.0, -4.0)]
REMAINDERS = [(0.0, 5.0, 0.0), (-0.0, 5.0, 0.0), (0.0, -5.0, -0.0), (-0.0, -5.0, -0.0), (6.0, -3.0, -0.0), (-6.0, 3.0, 0.0), (3.0, INF, 3.0),
              (3.0, -INF, -INF), (-3.0, INF, INF), (-3.0, -INF, -3.0), (INF, 2.0, NAN), (2.0, 0.0, NAN), (0.0, 0.0, NAN), (NAN, 2.0, NAN),
              (7.0, 3.0, 1.0), (-7.0, 3.0, 2.0)]


@pytest.mark.parametrize("kind", [xp.float32, xp.float64])
@pytest.mark.parametrize("name, function, cases", [("floordiv", xp.floor_divide, QUOTIENTS), ("mod", xp.remainder, REMAINDERS)])
def test_quotients_and_remainders_of_infinities_and_zeros(name, function, cases, kind):
    cases = [case for case in cases if kind is xp.float64 or case[0] != 5e-324]
    x, y, expected = (xp.asarray(column, dtype=kind) for column in zip(*cases))
    changed = xp.asarray(x, copy=True)
    getattr(operator, "i" + name)(changed, y)
    single = xp.stack([getattr(operator, name)(xp.asarray(a, dtype=kind), b) for a, b, _ in cases])
    left = xp.stack([getattr(operator, name)(a, xp.asarray(b, dtype=kind)) for a, b, _ in cases])
    for made in (getattr(operator, name)(x, y), function(x, y), changed, single, left):
        assert is_array(made, kind)
        np.testing.assert_array_equal(np.asarray(made), np.asarray(expected))
        known = ~np.isnan(np.asarray(expected))
        np.testing.assert_array_equal(np.signbit(np.asarray(made))[known], np.signbit(np.asarray(expected))[known])


def test_finite_quotients_are_exact():
    random = np.random.default_rng(0)
    a, b = random.normal(size=500) * 10.0 ** random.integers(-5, 6, 500), random.normal(size=500)
    b[:50] = a[:50] / random.integers(1, 9, 50)
    x, y = xp.asarray(a), xp.asarray(b)
    assert (x // y).tolist() == [p // q for p, q in zip(a.tolist(), b.tolist())]
    assert (x % y).tolist() == [p % q for p, q in zip(a.tolist(), b.tolist())]
    for kind in (xp.int8, xp.uint8, xp.int64):
        m, n = xp.asarray([7, 100, 0, 5], dtype=kind), xp.asarray([2, 7, 3, 5], dtype=kind)
        assert (m // n).tolist() == [3, 14, 0, 1] and (m % n).tolist() == [1, 2, 0, 0] and (m // n).dtype is kind
    assert (torch.tensor(INF) // 2).isnan() and not torch.signbit(torch.tensor(0.0) % -5)       # a tensor's are PyTorch's
    half = xp.asarray(torch.tensor([INF, 5.0], dtype=torch.float16))
    assert (half // 2).tolist() == [INF, 2.0]


def test_gradients_of_quotients_and_remainders():
    x = torch.tensor([3.3, -4.6], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([1.5, 2.1], dtype=torch.float64, requires_grad=True)
    for function in (xp.remainder, xp.floor_divide):
        assert gradcheck(function, (x, y)) and gradgradcheck(function, (x, y))
    z = xp.asarray(x) * 1.0
    z %= y
    z.sum().backward()
    assert x.grad.tolist() == [1, 1] and y.grad.tolist() == [-2, 3]


# ---- it is a tensor ----------------------------------------------------------------------------------------------------------

def test_results_are_arrays():
    x = xp.asarray([[1.0, 2.0], [3.0, 4.0]])
    for made in (-x, +x, abs(x), x.sum(), x.reshape(4), x.to(xp.float64), x.t(), x[0], x[x > 1], x.clone(), x.detach(), x.data, x.real, x.T,
                 x.mT, x.H, x.mH, (x * 1j).imag, x.to_device("cpu"), xp.sin(x), xp.linalg.inv(x), xp.fft.rfft(x), np.sin(x), x.add(1), x.eq(1),
                 ~(x > 1), x.new_zeros(2), *x, *x.split(1), *x.max(0), *xp.unstack(x), *xp.linalg.svd(x), *xp.unique_all(x),
                 *xp.broadcast_arrays(x, x), *xp.meshgrid(x[0], x[1]), x.add_(1), x.zero_()):
        assert is_array(made)
    assert type(x.max(0)).__name__ == "max" and type(xp.meshgrid(x[0])) is list and isinstance(x.shape, tuple) and x.tolist() == [[0, 0], [0, 0]]
    target = torch.zeros(2, 2)
    assert x.add(1, out=target) is target and type(target) is torch.Tensor


def test_what_is_given_keeps_its_class_and_shares_memory_and_history():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    for function in (xp.asarray, xp.real, xp.conj, xp.positive, lambda t: xp.broadcast_arrays(t)[0], lambda t: xp.astype(t, t.dtype, copy=False)):
        made = function(x)
        assert is_array(made) and type(x) is torch.Tensor and made.data_ptr() == x.data_ptr() and made.requires_grad
        x.grad = None
        (made * made).sum().backward()
        assert x.grad.tolist() == [2, 4]
    weight = torch.nn.Parameter(torch.ones(2))
    assert is_array(xp.asarray(weight)) and type(weight) is torch.nn.Parameter
    y = xp.asarray(x.detach())
    y[0] = 7
    assert x[0] == 7 and xp.asarray(y) is y and xp.asarray(y, copy=True) is not y
    with pytest.raises(ValueError, match="copy"):
        xp.asarray(y, dtype=xp.float64, copy=False)
    assert is_array(torch.ones(2) + y) and is_array(y + torch.ones(2)) and type(torch.add(y, 1)) is torch.Tensor


def test_histories_are_those_of_tensors():
    t = torch.tensor([1.0, 2.0], requires_grad=True)
    x = xp.asarray([1.0, 2.0]).requires_grad_()
    for function in (lambda a: a * a, lambda a: a[0], lambda a: -a, lambda a: a.sum(), lambda a: 2 / a, lambda a: a ** 3, lambda a: a @ a):
        ours, theirs = function(x), function(t)
        assert ours.grad_fn.name() == theirs.grad_fn.name() and ours.grad_fn.next_functions[0][0].name() == "AccumulateGrad"
    loss = (x[::-1] * xp.asarray([3.0, 5.0])).sum() + (x ** 2).sum()
    assert x.grad is None
    (first,) = torch.autograd.grad(loss, x, create_graph=True)
    loss.backward()
    assert is_array(x.grad) and x.grad.tolist() == [7, 7] and x.grad is x.grad and first.tolist() == [7, 7]
    first.sum().backward()
    assert x.grad.tolist() == [9, 9]
    x.grad = None
    assert x.grad is None
    given = torch.ones(2)
    x.grad = given
    x.grad.mul_(2)
    assert type(given) is torch.Tensor and given.tolist() == [2, 2]


def test_recorded_writes():
    x = xp.asarray([1.0, 2.0, 3.0, 4.0]).requires_grad_()
    y = x * 1
    y[::-2] = y[:2] * 10
    y[0] *= 3
    y.sum().backward()
    assert y.tolist() == [3, 20, 3, 10] and x.grad.tolist() == [13, 10, 1, 0]
    assert gradcheck(lambda a: xp.asarray(a)[::-1, 1, ::2], torch.rand(2, 3, 4, dtype=torch.float64, requires_grad=True))


class OldStyle(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(12, 2)

    def forward(self, x):
        batch, width = x.size(0), x.size()[1]
        return self.fc(x.view(batch, -1)) * width + x.view(x.size(0), -1).mean(dim=1, keepdim=True)


@pytest.mark.parametrize("module, shape", [
    (OldStyle(), (2, 3, 4)), (torch.nn.Conv2d(1, 2, 3), (2, 1, 5, 5)), (torch.nn.LSTM(4, 3), (5, 2, 4)), (torch.nn.BatchNorm1d(4), (3, 4)),
    (torch.nn.MaxPool1d(2), (1, 2, 6)), (torch.nn.MultiheadAttention(4, 2), None), (torch.nn.GroupNorm(2, 4), (2, 4, 3)),
    (torch.nn.Bilinear(3, 3, 2), None), (torch.nn.Softmax(1), (2, 3)), (torch.nn.PReLU(), (2, 3)), (torch.nn.Upsample(scale_factor=2), (1, 1, 4))],
    ids=lambda value: type(value).__name__ if isinstance(value, torch.nn.Module) else "")
def test_layers_take_arrays(module, shape):
    shapes = {"MultiheadAttention": [(3, 2, 4)] * 3, "Bilinear": [(2, 3)] * 2}.get(type(module).__name__) or [shape]
    module.eval()
    given = [torch.rand(*one) for one in shapes]
    ours, theirs = module(*map(xp.asarray, given)), module(*given)
    ours, theirs = (one[0] if isinstance(one, tuple) else one for one in (ours, theirs))
    assert torch.equal(ours, theirs)


def test_losses_take_arrays():
    random = torch.manual_seed(0)
    assert random is not None
    scores, labels = torch.rand(4, 3), torch.tensor([0, 2, 1, 1])
    for loss in (torch.nn.CrossEntropyLoss(), torch.nn.NLLLoss(), torch.nn.MultiMarginLoss()):
        assert torch.equal(loss(xp.asarray(scores), xp.asarray(labels)), loss(scores, labels))
    for loss in (torch.nn.MSELoss(), torch.nn.L1Loss(), torch.nn.SmoothL1Loss(), torch.nn.KLDivLoss(reduction="sum"), torch.nn.BCEWithLogitsLoss()):
        assert torch.equal(loss(xp.asarray(scores), xp.asarray(scores * scores)), loss(scores, scores * scores))


def test_copies_and_pickles_are_arrays():
    x = xp.asarray([1.0, 2.0]).requires_grad_()
    for made in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert is_array(made, xp.float32) and made.requires_grad and made.tolist() == [1, 2]
    assert pickle.loads(pickle.dumps(xp.add)) is xp.add and pickle.loads(pickle.dumps(xp.linalg.inv)) is xp.linalg.inv
    assert len({x, copy.deepcopy(x)}) == 2


# ---- attributes and conversions ----------------------------------------------------------------------------------------------

def test_attributes():
    x = xp.ones((2, 3), dtype=xp.float64)
    assert x.size == 6 and isinstance(x.size, int) and x.size() == (2, 3) and x.size(-1) == 3 and pickle.loads(pickle.dumps(x.size)) == 6
    assert xp.asarray(3).size == 1 and xp.ones((0, 4)).size == 0 and x.ndim == 2 and x.shape == (2, 3) and x.dtype is xp.float64
    assert x.device in xp.__array_namespace_info__().devices() and x.__array_namespace__() is xp and len(x) == 2
    assert x.T.shape == (3, 2) and xp.ones((4, 2, 3)).mT.shape == (4, 3, 2)
    for wrong in (xp.asarray(1.0), xp.ones(3), xp.ones((2, 2, 2))):
        with pytest.raises(ValueError, match="T: an array of two dimensions"):
            wrong.T
    for wrong in (xp.asarray(1.0), xp.ones(3)):
        with pytest.raises(ValueError, match="mT: an array of at least two"):
            wrong.mT
    with pytest.raises(TypeError, match="iteration"):
        iter(xp.asarray(1.0))
    x.real = 2.0
    assert x[0, 0] == 2 and repr(xp.Array.__add__).startswith("<function Array.__add__")


def test_conversions():
    assert bool(xp.asarray(NAN)) and not bool(xp.asarray(-0.0)) and bool(xp.asarray(1j)) and int(xp.asarray(-2.7)) == -2 and int(xp.asarray(True)) == 1
    assert float(xp.asarray(2)) == 2.0 and complex(xp.asarray(True)) == 1 and complex(xp.asarray(1 - 2j)) == 1 - 2j and [5, 6, 7][xp.asarray(1)] == 6
    both = complex(xp.asarray(NAN))
    assert math.isnan(both.real) and math.isnan(both.imag) and complex(xp.asarray(INF)) == complex(INF, 0)
    for wrong, call, error in ((1j, int, TypeError), (1j, float, TypeError), (INF, int, OverflowError), (NAN, int, ValueError),
                               (1.0, operator.index, TypeError)):
        with pytest.raises(error):
            call(xp.asarray(wrong))


def test_what_is_printed():
    assert repr(xp.asarray([1.0, 2.5])) == "Array([1.0000, 2.5000], dtype=float32)"
    assert repr(xp.asarray([[1], [2]], dtype=xp.uint8)) == "Array([[1],\n       [2]], dtype=uint8)"
    assert repr(xp.asarray(1.0).requires_grad_() * 2) == "Array(2., dtype=float32, grad_fn=<MulBackward0>)"
    assert repr(xp.ones((0, 2), dtype=xp.bool)) == "Array([], size=(0, 2), dtype=bool)" and f"{xp.asarray(1.5):.2f}" == "1.50"


SCIPY = """
import nb_nn as torch
from nb_nn import array_api as xp
from scipy import cluster, fft, signal, special, stats

def differences(function, x):
    eye = xp.eye(x.size, dtype=x.dtype) * 1e-6
    return xp.stack([(function(x + step) - function(x - step)) / 2e-6 for step in eye])

x = xp.asarray([0.3, 0.9, 0.2, 0.7, 0.5], dtype=xp.float64)
for function in (special.logsumexp, stats.skew, stats.kurtosis, lambda v: xp.sum(stats.zscore(v) ** 3), lambda v: xp.sum(special.softmax(v) ** 2)):
    y = x.clone().requires_grad_()
    made = function(y)
    made.backward()
    assert type(made) is xp.Array and torch.allclose(y.grad, differences(function, x), atol=1e-7)
for made in (fft.dct(x), signal.detrend(x), cluster.vq.whiten(xp.reshape(x, (5, 1)))):
    assert type(made) is xp.Array and made.dtype is xp.float64
"""


def test_scipy_computes_on_arrays_and_has_gradients():
    made = subprocess.run([sys.executable, "-W", "ignore", "-c", SCIPY], env={**os.environ, "SCIPY_ARRAY_API": "1"}, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
