"""Memory shared with NumPy and other libraries, and NumPy's functions of tensors."""
import ctypes

import numpy as np
import pytest

import nb_nn as torch
from nb_nn.utils import dlpack

TYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("name", TYPES)
def test_numpy_reads_and_writes_the_tensor(name):
    x = torch.zeros(2, 3, dtype=getattr(torch, name)).t()
    array = np.from_dlpack(x)
    assert array.dtype == name and array.shape == (3, 2) and array.ctypes.data == x.data_ptr()
    x[2, 1] = 1
    assert array[2, 1] == 1


@pytest.mark.parametrize("name", TYPES)
def test_a_tensor_over_a_numpy_array(name):
    array = np.zeros((2, 3), name).T
    x = torch.from_dlpack(array)
    assert x.dtype is getattr(torch, name) and x.stride() == (1, 3) and x.data_ptr() == array.ctypes.data
    x[2, 1] = 1
    assert array[2, 1] == 1


def test_bfloat16_goes_through():
    x = torch.tensor([1.5, 2.0], dtype=torch.bfloat16)
    y = torch.from_dlpack(x)
    assert y.dtype is torch.bfloat16 and y.data_ptr() == x.data_ptr() and y.tolist() == [1.5, 2.0]


@pytest.mark.parametrize("x", [torch.zeros(0, 3), torch.tensor(2.0), torch.ones(1, 3).expand(2, 3), torch.arange(6)[1::2]],
                         ids=["empty", "0-d", "expanded", "sliced"])
def test_any_layout_goes_through(x):
    y = torch.from_dlpack(x)
    assert y.shape == x.shape and y.tolist() == x.tolist()


def test_a_capsule_is_consumed_once_and_keeps_the_memory():
    capsule = dlpack.to_dlpack(torch.arange(3))
    x = dlpack.from_dlpack(capsule)
    assert x.tolist() == [0, 1, 2]
    with pytest.raises(RuntimeError, match="consumed only once"):
        dlpack.from_dlpack(capsule)
    with pytest.raises(RuntimeError, match="invalid capsule"):
        dlpack.from_dlpack(3)


def test_dlpack_limits():
    x = torch.ones(1, requires_grad=True)
    with pytest.raises(BufferError, match="require gradient"):
        x.__dlpack__()
    assert x.__dlpack_device__() == (1, 0)
    y = torch.ones(2)
    with pytest.raises(BufferError, match="device"):
        y.__dlpack__(dl_device=(2, 0))
    assert torch.from_dlpack(y.__dlpack__(copy=True)).data_ptr() != y.data_ptr()


VERSIONED = torch.interop.VERSION is not None
IS_COPIED = 1 << 1


def header(capsule):
    """Major version and flags of a versioned capsule."""
    address = torch.interop._pointer(capsule, b"dltensor_versioned")
    return ctypes.c_uint32.from_address(address).value, ctypes.c_uint64.from_address(address + 24).value


@pytest.mark.skipif(not VERSIONED, reason="NumPy before 2.1 knows no versions")
def test_versioned_capsules():
    x = torch.arange(6.0).reshape(2, 3).t()
    for given in ((1, 0), (1, 3), (2, 0)):
        capsule = x.__dlpack__(max_version=given)
        assert '"dltensor_versioned"' in repr(capsule) and header(capsule) == (1, 0)
        y = torch.from_dlpack(capsule)
        assert y.stride() == (1, 3) and y.data_ptr() == x.data_ptr() and '"used_dltensor_versioned"' in repr(capsule)
    assert header(x.__dlpack__(max_version=(1, 0), copy=True)) == (1, IS_COPIED) and header(x.__dlpack__(max_version=(1, 0), copy=False)) == (1, 0)
    for given in (None, (0, 8)):
        assert '"dltensor"' in repr(x.__dlpack__(max_version=given))
    with pytest.raises(RuntimeError, match="consumed only once"):
        torch.from_dlpack(capsule)
    half = torch.tensor([1.5], dtype=torch.bfloat16)
    assert torch.from_dlpack(half.__dlpack__(max_version=(1, 0))).dtype is torch.bfloat16


class Old:
    """An array of a library that knows no keyword but ``stream``."""

    def __init__(self, x):
        self.x = x

    def __dlpack__(self, stream=None):
        return self.x.__dlpack__()

    def __dlpack_device__(self):
        return 1, 0


@pytest.mark.parametrize("wrapped", [lambda x: x, Old, lambda x: x.numpy()], ids=["tensor", "old", "numpy"])
def test_copies_are_made_where_asked_for(wrapped):
    x = torch.arange(3.0)
    for copy, shares in ((None, True), (False, True), (True, False)):
        for device in (None, "cpu", torch.device("cpu")):
            y = torch.from_dlpack(wrapped(x), device=device, copy=copy)
            assert (y.data_ptr() == x.data_ptr()) is shares and y.tolist() == [0, 1, 2]
            y += 0                  # it may be written to
    assert torch.from_dlpack(x.__dlpack__(), copy=True).data_ptr() != x.data_ptr()
    frozen = np.arange(2.0)
    frozen.flags.writeable = False
    assert torch.from_dlpack(frozen).tolist() == [0, 1]


def test_devices_and_streams_that_there_are_not():
    x = torch.ones(2)
    with pytest.raises(AssertionError, match="stream"):
        x.__dlpack__(stream=3)
    with pytest.raises(TypeError, match="stream"):
        x.__dlpack__(stream="default")
    assert x.__dlpack__(stream=-1)
    with pytest.raises(BufferError, match="layout"):
        x.to_sparse().__dlpack__()

    class Elsewhere(Old):
        def __dlpack__(self, **options):
            assert options.pop("dl_device") == (1, 0)
            return self.x.__dlpack__(**options)

        def __dlpack_device__(self):
            return 2, 0

    for copy in (None, True, False):
        with pytest.raises(RuntimeError, match="cannot be viewed"):
            torch.from_dlpack(Elsewhere(x), copy=copy)
    assert torch.from_dlpack(Elsewhere(x), device="cpu").tolist() == [1, 1]


def test_torch_shares_memory_both_ways():
    other = pytest.importorskip("torch")
    theirs = other.arange(3.0)
    ours = torch.from_dlpack(theirs)
    ours[0] = 5
    assert theirs[0] == 5
    back = other.from_dlpack(ours)
    back[1] = 6
    assert ours.tolist() == [5, 6, 2]
    half = torch.from_dlpack(other.ones(2, dtype=other.bfloat16))
    assert half.dtype is torch.bfloat16 and half.tolist() == [1, 1]
    assert other.from_dlpack(half).dtype is other.bfloat16
    assert dlpack.from_dlpack(other.utils.dlpack.to_dlpack(theirs)).data_ptr() == theirs.data_ptr()


def test_numpy_functions_give_tensors():
    x = torch.tensor([0.0, 1.0])
    y = np.sin(x)
    assert isinstance(y, torch.Tensor) and y.dtype is torch.float32
    np.testing.assert_allclose(y.numpy(), np.sin([0, 1]), rtol=1e-6)
    assert np.exp(torch.tensor(0.0)).item() == 1
    assert np.isnan(x).dtype is torch.bool
    assert np.add(x, np.ones(2)).tolist() == [1, 2]
    with pytest.raises(RuntimeError, match="requires grad"):
        np.sin(torch.ones(1, requires_grad=True))


def test_operators_between_arrays_and_tensors_are_ours():
    x = torch.ones(2)
    for result in (np.float32(2) * x, x * np.float32(2), x * np.ones(2, np.float32), np.ones(2, np.float32) + x):
        assert isinstance(result, torch.Tensor) and result.dtype is torch.float32


def test_asarray_shares_memory():
    x = torch.zeros(3)
    np.asarray(x)[1] = 4
    assert x.tolist() == [0, 4, 0]
    array = np.zeros(3)
    torch.as_tensor(array)[0] = 1
    assert array[0] == 1


def test_assert_close_accepts_rounding_and_names_what_is_wrong():
    torch.testing.assert_close(torch.ones(2), torch.ones(2) + 1e-6)
    torch.testing.assert_close({"a": [1.0, torch.ones(1)]}, {"a": (1.0, torch.ones(1))})
    torch.testing.assert_close(torch.tensor([np.nan]), torch.tensor([np.nan]), equal_nan=True)
    torch.testing.assert_close(torch.tensor([np.inf]), torch.tensor([np.inf]))
    torch.testing.assert_close(torch.ones(1), torch.ones(1).double(), check_dtype=False)
    torch.testing.assert_close(torch.ones(2) * 1.5, torch.ones(2), rtol=0, atol=1)
    for actual, expected, message in (
            (torch.tensor([1.0, 2, 3]), torch.tensor([1.0, 2.5, 3]), r"not close!\n\nMismatched elements: 1 / 3 \(33.3%\)\nGreatest absolute "
             r"difference: 0.5 at index \(1,\) \(up to 1e-05 allowed\)\nGreatest relative difference: 0.2 at index \(1,\)"),
            (torch.tensor([1, 2]), torch.tensor([1, 3]), "not equal!"),
            (torch.tensor([np.nan]), torch.tensor([np.nan]), "not close!"),
            (1.0, 1.1, "Scalars are not close!\n\nExpected 1.1 but got 1.0."),
            (torch.ones(2), torch.ones(3), "'shape' do not match"),
            (torch.ones(2), torch.ones(2).double(), "'dtype' do not match"),
            ([torch.ones(1)], [torch.zeros(1)], r"for item \[0\]"),
            ([1], [1, 2], "length of the sequences mismatch: 1 != 2"),
            ({"a": 1}, {"b": 1}, r"Missing keys in the actual mapping: \['b'\]"),
            (True, False, "Booleans mismatch")):
        with pytest.raises(AssertionError, match=message):
            torch.testing.assert_close(actual, expected)
    with pytest.raises(AssertionError, match="^mine$"):
        torch.testing.assert_close(1, 2, msg="mine")
    with pytest.raises(AssertionError, match="^<Scalars"):
        torch.testing.assert_close(1, 2, msg=lambda text: "<" + text)
    with pytest.raises(ValueError, match="no atol"):
        torch.testing.assert_close(1, 1, rtol=0.1)
    with pytest.raises(TypeError, match="No comparison pair"):
        torch.testing.assert_close("a", 1)
    with pytest.raises(AssertionError, match=r"stride\(\)"):
        torch.testing.assert_close(torch.ones(2, 3).t(), torch.ones(3, 2), check_stride=True)


def test_assert_allclose_takes_any_types():
    torch.testing.assert_allclose(torch.tensor([np.nan, 1]), [np.nan, 1])
    torch.testing.assert_allclose(torch.ones(2), torch.ones(2).double())
    with pytest.raises(AssertionError):
        torch.testing.assert_allclose(torch.ones(2), torch.zeros(2))


def test_return_types():
    import pickle

    result = torch.ones(2, 2).max(0)
    assert isinstance(result, torch.return_types.max)
    assert pickle.loads(pickle.dumps(result)).indices.tolist() == [0, 0]
    assert {"max", "median", "mode", "kthvalue"} <= set(dir(torch.return_types))
    with pytest.raises(AttributeError, match="nothing"):
        torch.return_types.nothing  # noqa: B018


def test_variable_is_a_tensor():
    x = torch.ones(2)
    y = torch.autograd.Variable(x, requires_grad=True)
    assert isinstance(y, torch.Tensor) and isinstance(x, torch.autograd.Variable) and not isinstance(3, torch.autograd.Variable)
    assert y.requires_grad and y.is_leaf and y.data_ptr() == x.data_ptr() and not x.requires_grad
    with pytest.warns(UserWarning, match="volatile was removed"):
        assert not torch.autograd.Variable(x, volatile=True).requires_grad
    with pytest.raises(TypeError, match="has to be a tensor"):
        torch.autograd.Variable([1])


def test_types_answer():
    assert torch.is_complex(torch.zeros(1, dtype=torch.complex64)) and not torch.is_complex(torch.zeros(1))
    assert torch.FloatTensor.add is torch.Tensor.add
    assert hasattr(torch.finfo, "eps") and torch.finfo(torch.float16).bits == 16
