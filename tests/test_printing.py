"""Tensors print as torch prints them; the expected texts were written by torch 2.13."""
import numpy as np
import pytest

from nb_nn import printing
from nb_nn.core import dtype as dtypes
from nb_nn.core.device import CPU, device

nan, inf = float("nan"), float("inf")


class History:
    def name(self):
        return "AddBackward0"


class Printed:
    """What printing looks at in a tensor."""

    def __init__(self, values, dtype=None, device=CPU, grad_fn=None, requires_grad=False):
        self._array = np.asarray(values, None if dtype is None else dtype.numpy)
        self.dtype = dtype or dtypes.from_numpy(self._array.dtype)
        self.device, self.grad_fn, self.requires_grad = device, grad_fn, requires_grad


def shown(values, dtype=None, **more):
    return printing.tensor_str(Printed(values, dtype, **more))


@pytest.fixture(autouse=True)
def default_options():
    with printing.printoptions(profile="default"):
        yield


f32 = dtypes.float32
CASES = [
    # one element and none
    ("tensor(3.5000)", 3.5, f32),
    ("tensor(-2)", -2, None),
    ("tensor(nan)", nan, f32),
    ("tensor([])", [], f32),
    ("tensor([], dtype=torch.int64)", [], dtypes.int64),
    ("tensor([], size=(0, 3))", np.zeros((0, 3)), f32),
    ("tensor([], size=(2, 0), dtype=torch.bool)", np.zeros((2, 0)), dtypes.bool_),
    # whole floats keep a point; zeros and non-finite values alone count as whole
    ("tensor([1., 2., 3.])", [1, 2, 3], f32),
    ("tensor([ 1., -2., 30.])", [1, -2, 30], f32),
    ("tensor([0., 0.])", [0, 0], f32),
    ("tensor([0., -0.])", [0, -0.0], f32),
    ("tensor([nan, inf, -inf, 0.])", [nan, inf, -inf, 0], f32),
    ("tensor([1., nan, inf])", [1, nan, inf], f32),
    # fixed point, aligned
    ("tensor([ 0.5000, 10.2500, -3.0000])", [0.5, 10.25, -3], f32),
    ("tensor([0.1000,    nan,   -inf])", [0.1, nan, -inf], f32),
    ("tensor([0.3333], dtype=torch.float64)", [1 / 3], dtypes.float64),
    ("tensor([0.3333], dtype=torch.float16)", [1 / 3], dtypes.float16),
    # scientific: a wide range, large, or small
    ("tensor([1.0000e+00, 1.0000e+04])", [1, 1e4], f32),
    ("tensor([   1., 1000.])", [1, 1000], f32),
    ("tensor([1.0000e-05, 2.0000e-05])", [1e-5, 2e-5], f32),
    ("tensor([1.0000e+09])", [1e9], f32),
    ("tensor([0.0000e+00, 1.5000e+00, 2.0000e+03,        inf])", [0, 1.5, 2000, inf], f32),
    # integers and bools
    ("tensor([  1, -20, 300])", [1, -20, 300], dtypes.int64),
    ("tensor([255,   0], dtype=torch.uint8)", [255, 0], dtypes.uint8),
    ("tensor([ True, False])", [True, False], dtypes.bool_),
    ("tensor([True])", [True], dtypes.bool_),
    # complex
    ("tensor([1.0000+2.j, 0.5000-1.j])", [1 + 2j, 0.5 - 1j], dtypes.complex64),
    ("tensor([1.+nanj], dtype=torch.complex128)", [complex(1, nan)], dtypes.complex128),
    ("tensor(1.+2.j)", 1 + 2j, dtypes.complex64),
    # dimensions
    ("tensor([[1, 2],\n        [3, 4]])", [[1, 2], [3, 4]], dtypes.int64),
    ("tensor([[[1.],\n         [2.]],\n\n        [[3.],\n         [4.]]])", [[[1], [2]], [[3], [4]]], f32),
]


@pytest.mark.parametrize("expected, values, dtype", CASES)
def test_prints_as_torch(expected, values, dtype):
    assert shown(values, dtype) == expected


def test_bfloat16_is_read_from_its_bits():
    bits = (np.array([1.5, -2.0], np.float32).view(np.uint32) >> 16).astype(np.uint16)
    assert shown(bits, dtypes.bfloat16) == "tensor([ 1.5000, -2.0000], dtype=torch.bfloat16)"


def test_long_vectors_wrap_at_the_line_width():
    assert shown(np.arange(30)) == (
        "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
        "        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29])")


def test_more_than_a_thousand_elements_are_summarized():
    assert shown(np.arange(1001)) == "tensor([   0,    1,    2,  ...,  998,  999, 1000])"
    assert shown(np.arange(2000).reshape(50, 40)) == (
        "tensor([[   0,    1,    2,  ...,   37,   38,   39],\n"
        "        [  40,   41,   42,  ...,   77,   78,   79],\n"
        "        [  80,   81,   82,  ...,  117,  118,  119],\n"
        "        ...,\n"
        "        [1880, 1881, 1882,  ..., 1917, 1918, 1919],\n"
        "        [1920, 1921, 1922,  ..., 1957, 1958, 1959],\n"
        "        [1960, 1961, 1962,  ..., 1997, 1998, 1999]])")


def test_style_of_a_summary_comes_from_what_is_shown():
    values = np.ones(1001, np.float32)
    values[500] = 1e20
    assert shown(values) == "tensor([1., 1., 1.,  ..., 1., 1., 1.])"


def test_history_follows_the_elements():
    assert shown([1.0], f32, requires_grad=True) == "tensor([1.], requires_grad=True)"
    assert shown([1.0], f32, requires_grad=True, grad_fn=History()) == "tensor([1.], grad_fn=<AddBackward0>)"
    assert shown([1.0], dtypes.float64, requires_grad=True) == "tensor([1.], dtype=torch.float64, requires_grad=True)"


def test_device_is_shown_unless_it_is_the_cpu():
    assert shown([1], device=device("cuda:0")) == "tensor([1], device='cuda:0')"


def test_notes_that_do_not_fit_start_a_line():
    assert shown(np.arange(17), dtypes.int32) == (
        "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16],\n       dtype=torch.int32)")


def test_default_dtype_goes_unmentioned():
    before = dtypes.get_default_dtype()
    dtypes.set_default_dtype(dtypes.float64)
    try:
        assert shown([1.0], dtypes.float64) == "tensor([1.])"
        assert shown([1.0], f32) == "tensor([1.], dtype=torch.float32)"
        assert shown([1j], dtypes.complex128) == "tensor([0.+1.j])"
    finally:
        dtypes.set_default_dtype(before)


def test_options():
    values = np.array([1 / 3, 123.0], np.float32)
    with printing.printoptions(precision=2):
        assert shown(values) == "tensor([  0.33, 123.00])"
    with printing.printoptions(sci_mode=True, precision=1):
        assert shown(values) == "tensor([3.3e-01, 1.2e+02])"
    with printing.printoptions(sci_mode=False):
        assert shown([1e-6, 1.0], f32) == "tensor([0.0000, 1.0000])"
    with printing.printoptions(threshold=5, edgeitems=1):
        assert shown(np.arange(6)) == "tensor([0,  ..., 5])"
    with printing.printoptions(linewidth=20):
        assert shown(np.arange(6)) == "tensor([0, 1, 2, 3,\n        4, 5])"
    with printing.printoptions(profile="full"):
        assert "..." not in shown(np.arange(1500))
    with printing.printoptions(profile="short"):
        assert shown(np.arange(1500)) == "tensor([   0,    1,  ..., 1498, 1499])"


def test_sci_mode_returns_to_automatic_and_the_others_stay():
    printing.set_printoptions(precision=2, sci_mode=True)
    printing.set_printoptions(edgeitems=1)
    options = printing.get_printoptions()
    assert (options["precision"], options["edgeitems"], options["sci_mode"]) == (2, 1, None)


def test_unknown_profile_is_named():
    with pytest.raises(ValueError, match="'tiny'.*default, short, full"):
        printing.set_printoptions(profile="tiny")
