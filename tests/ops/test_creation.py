"""Making tensors: inferred types, lengths, shared memory, options, and what is refused."""
import math

import numpy as np
import pytest
from oracle import FLOATS, INTEGERS, check, dtype, numbers, tensor, values

import nb_nn as torch

# ---- from Python and NumPy


@pytest.mark.parametrize("data, kind", [
    (3, "int64"), (2.5, "float32"), (True, "bool"), (1j, "complex64"), ([1, 2], "int64"), ([1, 2.5], "float32"), ([True, False], "bool"),
    ([True, 2], "int64"), ([True, 2.5], "float32"), ([[1, 2], [3, 4]], "int64"), ((1, 2), "int64"), (range(3), "int64"), ([], "float32"),
    ([[], []], "float32"), (np.float64(2.5), "float64"), (np.int8(3), "int8"), ([np.float64(2.5)], "float64"), ([np.float16(2.5), 1], "float16"),
    (np.array([1, 2], "int16"), "int16"), (np.array(2.5), "float64"), ([np.array([1, 2]), np.array([3, 4])], "int64"), ([2.5, 1j], "complex64"),
], ids=repr)
def test_types_are_inferred(data, kind):
    made = torch.tensor(data)
    check(made, np.array(data, kind if kind != "complex64" else None).astype(kind))


def test_the_default_dtype_is_what_floats_become():
    torch.set_default_dtype(torch.float64)
    assert torch.tensor(1.5).dtype is torch.zeros(2).dtype is torch.arange(2.0).dtype is torch.rand(2).dtype is torch.float64
    assert torch.tensor(1j).dtype is torch.complex128 and (torch.tensor([1]) / 2).dtype is torch.float64 and torch.tensor(1).dtype is torch.int64
    torch.set_default_dtype(torch.float16)
    assert torch.tensor([1.5]).dtype is torch.float16 and torch.tensor([1.5]).tolist() == [1.5]
    for wrong in (torch.int64, "float32", None):
        with pytest.raises(TypeError, match="floating"):
            torch.set_default_dtype(wrong)


@pytest.mark.parametrize("kind", [*FLOATS, *INTEGERS, "bool"])
def test_a_type_may_be_given(kind):
    check(torch.tensor([[0, 1], [2, 3]], dtype=dtype(kind)), np.array([[0, 1], [2, 3]]).astype("float32" if kind == "bfloat16" else kind), kind)
    assert torch.tensor([0.1], dtype=torch.float64).item() == 0.1


@pytest.mark.parametrize("error, text, data, options", [
    (ValueError, "expected sequence of length 2 at dim 1", [[1, 2], [3]], {}),
    (TypeError, "sequence|interpreted|number", [1, [2]], {}),
    (TypeError, "invalid data type 'str'", "abc", {}),
    ((RuntimeError, TypeError), "infer dtype|'NoneType'", [None], {}),
    ((RuntimeError, TypeError), "infer dtype", object(), {}),
    (RuntimeError, "Overflow", 2 ** 64, {}),
    (RuntimeError, "without overflow: 300", [1, 300], {"dtype": torch.uint8}),
    (RuntimeError, "without overflow: -129", [-129], {"dtype": torch.int8}),
    (TypeError, "numpy.ndarray of type|np.ndarray of type", np.array(["a"]), {}),
    (TypeError, "np.ndarray of type", np.array([1], "M8[s]"), {}),
    (RuntimeError, "floating point", [1, 2], {"requires_grad": True}),
    (TypeError, "dtype", [1.5], {"dtype": "float32"}),
    (RuntimeError, "device", [1.5], {"device": "gpu"}),
])
def test_what_is_no_tensor_is_refused(error, text, data, options):
    with pytest.raises(error, match=text):
        torch.tensor(data, **options)


def test_a_tensor_of_data_is_a_copy_and_a_leaf():
    a = np.arange(3.0)
    x = torch.tensor(a)
    a[0] = 7
    assert x.tolist() == [0, 1, 2]
    y = torch.tensor([1.5], requires_grad=True)
    assert y.is_leaf and y.requires_grad
    z = (y * 2).detach()
    assert torch.tensor(z).data_ptr() != z.data_ptr() and not torch.tensor(y.detach()).requires_grad
    assert torch.tensor([torch.tensor(1.5), torch.tensor(2)]).tolist() == [1.5, 2]


def test_as_tensor_and_from_numpy_share_memory():
    a = np.arange(6.0).reshape(2, 3)
    for make in (torch.as_tensor, torch.from_numpy):
        x = make(a)
        x[0, 0] = 9
        assert a[0, 0] == 9 and x.data_ptr() == a.__array_interface__["data"][0]
        a[0, 0] = 0
        assert x[0, 0].item() == 0
    x = torch.from_numpy(a.T[1:])
    assert x.stride() == (1, 3) and x.tolist() == a.T[1:].tolist()
    assert torch.as_tensor(a, dtype=torch.float32).data_ptr() != a.__array_interface__["data"][0]
    y = torch.ones(2, requires_grad=True)
    assert torch.as_tensor(y) is y and torch.as_tensor(y, dtype=torch.float64).requires_grad
    assert torch.as_tensor([1, 2]).tolist() == [1, 2]


@pytest.mark.parametrize("error, data", [(ValueError, np.arange(4)[::-1]), (TypeError, [1, 2]), (TypeError, np.array([object()])),
                                         (ValueError, np.arange(4, dtype=">i4"))])
def test_arrays_that_cannot_be_shared_are_refused(error, data):
    with pytest.raises(error):
        torch.from_numpy(data)


def test_frombuffer_reads_bytes():
    memory = bytearray(np.array([1, 2, 3], "float32").tobytes())
    x = torch.frombuffer(memory, dtype=torch.float32)
    assert x.tolist() == [1, 2, 3]
    assert torch.frombuffer(memory, dtype=torch.float32, count=1, offset=4).tolist() == [2]


# ---- of one value


@pytest.mark.parametrize("size", [(), (0,), (3,), (2, 3), (2, 0, 3)], ids=str)
def test_of_one_value(size):
    check(torch.zeros(size), np.zeros(size, "float32"))
    check(torch.ones(*size) if size else torch.ones(()), np.ones(size, "float32"))
    check(torch.full(size, 7), np.full(size, 7))
    check(torch.full(size, 2.5), np.full(size, 2.5, "float32"))
    check(torch.full(size, True), np.full(size, True))
    check(torch.full(size, 7, dtype=torch.float16), np.full(size, 7, "float16"))
    assert torch.empty(size).shape == size and torch.empty(list(size)).shape == size and torch.zeros(torch.Size(size)).shape == size


def test_like_another():
    x = torch.ones(2, 3, dtype=torch.int16).t()
    for made, value in [(torch.zeros_like(x), 0), (torch.ones_like(x), 1), (torch.full_like(x, 5), 5), (torch.empty_like(x).fill_(3), 3)]:
        check(made, np.full((3, 2), value, "int16"))
        assert made.stride() == (1, 3)
    check(torch.zeros_like(x, dtype=torch.float64), np.zeros((3, 2)))
    assert torch.zeros_like(x[:, :1].expand(3, 4)).is_contiguous()
    assert torch.ones_like(torch.ones(2), requires_grad=True).requires_grad


def test_from_a_tensor():
    x = torch.ones(2, dtype=torch.float64)
    for made, expected in [(x.new_zeros(2, 3), np.zeros((2, 3))), (x.new_ones((2,)), np.ones(2)), (x.new_full((2,), 3), np.full(2, 3.0)),
                           (x.new_tensor([1, 2]), np.array([1.0, 2.0])), (x.new([1, 2]), np.array([1.0, 2.0]))]:
        check(made, expected)
    assert x.new_empty(3).shape == x.new(3).shape == (3,) and x.new_zeros(2, dtype=torch.int8).dtype is torch.int8


def test_out_and_strides():
    out = torch.empty(0)
    assert torch.zeros(2, 2, out=out) is out and out.tolist() == [[0, 0], [0, 0]]
    whole = torch.empty(0, dtype=torch.int64)
    assert torch.arange(4, out=whole).tolist() == [0, 1, 2, 3] and torch.full((2,), 3, out=whole).tolist() == [3, 3]
    assert torch.eye(2, out=torch.ones(5)).tolist() == [[1, 0], [0, 1]]
    x = torch.empty_strided((2, 3), (1, 4))
    assert x.stride() == (1, 4) and x.shape == (2, 3) and x.fill_(2).tolist() == [[2] * 3] * 2


def test_fill_and_zero():
    x = torch.ones(2, 3)
    assert x.fill_(2.5) is x and x.tolist() == [[2.5] * 3] * 2 and x.zero_().tolist() == [[0] * 3] * 2
    assert x.fill_(torch.tensor(4)).tolist() == [[4] * 3] * 2
    x[:, ::2].fill_(9)
    assert x.tolist() == [[9, 4, 9]] * 2
    with pytest.raises(RuntimeError, match="0-dimension"):
        x.fill_(torch.ones(2))
    with pytest.raises(TypeError, match="Number"):
        x.fill_("a")
    y = torch.ones(2, requires_grad=True)
    value = torch.tensor(3.0, requires_grad=True)
    (y * 2).fill_(value).sum().backward()
    assert y.grad.tolist() == [0, 0] and value.grad.item() == 2


# ---- sequences


@pytest.mark.parametrize("args", [(5,), (1, 4), (0, 10, 3), (5, 0, -2), (0,), (3, 3), (2.5,), (0, 1, 0.1), (1, 2.05, 0.35), (1.5, -1.5, -0.5), (-3, 3)])
def test_arange(args):
    kind = "float32" if any(isinstance(one, float) for one in args) else "int64"
    expected = np.arange(*args).astype(kind)
    check(torch.arange(*args), expected)
    assert len(torch.arange(*args)) == max(0, math.ceil((args[1] - args[0] if len(args) > 1 else args[0]) / (args[2] if len(args) > 2 else 1)))


def test_arange_in_other_types():
    check(torch.arange(3, dtype=torch.float64), np.arange(3.0))
    check(torch.arange(5, dtype=torch.uint8), np.arange(5).astype("uint8"))
    check(torch.arange(0, 1, 0.25, dtype=torch.bfloat16), np.arange(0, 1, 0.25).astype("float32"), "bfloat16")
    check(torch.arange(end=3), np.arange(3))
    check(torch.arange(torch.tensor(1), torch.tensor(4)), np.arange(1, 4))
    check(torch.arange(2 ** 53, 2 ** 53 + 3), np.arange(2 ** 53, 2 ** 53 + 3))


@pytest.mark.parametrize("args", [(1, 0), (0, 1, -1), (0, 1, 0), (0, math.inf), (math.nan, 1)])
def test_ranges_that_do_not_end_are_refused(args):
    with pytest.raises(RuntimeError):
        torch.arange(*args)


def test_range_includes_its_end_and_warns():
    with pytest.warns(UserWarning, match="deprecated"):
        check(torch.range(1, 4), np.arange(1, 5).astype("float32"))
    with pytest.warns(UserWarning, match="deprecated"):
        check(torch.range(0, 1, 0.3), np.arange(0, 1, 0.3).astype("float32"))


@pytest.mark.parametrize("start, end, steps", [(0, 1, 5), (1, -1, 4), (3, 3, 3), (0, 1, 1), (0, 1, 0), (-2.5, 7, 100)])
def test_linspace_and_logspace(start, end, steps):
    check(torch.linspace(start, end, steps), np.linspace(start, end, steps).astype("float32"))
    check(torch.linspace(start, end, steps, dtype=torch.float64), np.linspace(start, end, steps))
    check(torch.logspace(start, end, steps), np.logspace(start, end, steps).astype("float32"))
    check(torch.logspace(start, end, steps, 2, dtype=torch.float64), np.logspace(start, end, steps, base=2))


def test_spacing_defaults_and_errors():
    assert len(torch.linspace(0, 1)) == 100
    for function in (torch.linspace, torch.logspace):
        with pytest.raises(RuntimeError, match="non-negative"):
            function(0, 1, -1)


@pytest.mark.parametrize("size", [(3,), (2, 4), (4, 2), (0,), (2, 0)], ids=str)
def test_eye(size):
    check(torch.eye(*size), np.eye(*size, dtype="float32"))
    check(torch.eye(*size, dtype=torch.int64), np.eye(*size, dtype="int64"))


# ---- options


@pytest.mark.parametrize("error, function", [
    (RuntimeError, lambda: torch.zeros(-1)), (RuntimeError, lambda: torch.ones(2, -3)), (TypeError, lambda: torch.zeros("a")),
    (TypeError, lambda: torch.zeros(2.5)), (TypeError, lambda: torch.full((2,), "a")), (RuntimeError, lambda: torch.eye(-1)),
    (RuntimeError, lambda: torch.empty_strided((2,), (1, 2))), (RuntimeError, lambda: torch.eye(2, layout=torch.sparse_coo)),
    (RuntimeError, lambda: torch.zeros(2, dtype=torch.int64, requires_grad=True)), (TypeError, lambda: torch.zeros(2, dtype="float32")),
    (RuntimeError, lambda: torch.zeros(2, device="abc")), (RuntimeError, lambda: torch.zeros(2, device="cuda:999")),
    (RuntimeError, lambda: torch.ones(2, 2).contiguous(memory_format=torch.channels_last)), (TypeError, lambda: torch.zeros_like([1])),
    (TypeError, lambda: torch.zeros(2, unknown=1)), (RuntimeError, lambda: torch.full((2,), 300, dtype=torch.uint8)),
])
def test_options_that_cannot_be_honoured_are_refused(error, function):
    with pytest.raises(error):
        function()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_says_so():
    for function in (lambda: torch.zeros(2, device="cuda"), lambda: torch.zeros(2).cuda(), lambda: torch.zeros(2).to("cuda:0")):
        with pytest.raises((RuntimeError, AssertionError), match="(?i)cuda"):
            function()


def test_the_legacy_constructors():
    assert torch.Tensor(2, 3).shape == (2, 3) and torch.Tensor([1, 2]).dtype is torch.float32 and torch.Tensor().shape == (0,)
    assert torch.LongTensor([1, 2]).tolist() == [1, 2] and torch.ByteTensor(3).dtype is torch.uint8
    assert isinstance(torch.ones(2), torch.FloatTensor) and not isinstance(torch.ones(2), torch.LongTensor)
    assert torch.Tensor(torch.Size([2, 1])).shape == (2, 1)
    with pytest.raises(TypeError):
        torch.FloatTensor(torch.ones(2).long())


@pytest.mark.parametrize("size", [(1 << 17,), (300, 400)])
def test_large_tensors_of_one_value_are_clean(size):
    for _ in range(3):
        assert not torch.zeros(size).bool().any()
        x = torch.ones(size)
        assert x.bool().all()
        x.fill_(math.nan)
        del x


def test_values_survive_numpy_and_back():
    for kind in ("float32", "int64", "bool", "float16", "complex64"):
        a = numbers(kind, (2, 3))
        np.testing.assert_array_equal(values(tensor(a)), a)
