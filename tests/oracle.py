"""From arrays to tensors and back, and when a tensor equals what NumPy says."""
import numpy as np

import nb_nn as torch

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
COMPLEX = ("complex64", "complex128")
# relative error allowed for a value that is rounded once or twice on the way
TOLERANCE = {"float16": 2e-3, "bfloat16": 1.6e-2, "float32": 2e-6, "float64": 1e-13, "complex64": 2e-6, "complex128": 1e-13}


def dtype(kind):
    """The dtype of a name."""
    return getattr(torch, kind)


def round_bfloat16(array):
    """float32 numbers with the lower half of their bits rounded away, half to even; NaN stays."""
    array = np.array(array, np.float32, order="C")
    bits = array.view(np.uint32).astype(np.uint64)
    rounded = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << 16).astype(np.uint32).view(np.float32)
    return np.where(np.isnan(array), array, rounded)


def rounded(array, kind):
    """Numbers as the type ``kind`` stores them, in a NumPy type that holds them."""
    if kind == "bfloat16":
        return round_bfloat16(array)
    return np.asarray(array).astype(kind)


def numbers(kind, shape, low=-2.0, high=2.0, seed=0):
    """Random numbers of a type between two bounds, in the NumPy type of `rounded`."""
    random = np.random.default_rng([seed, len(shape), *shape])
    if kind == "bool":
        return random.random(shape) < 0.5
    if kind in INTEGERS:
        bottom = max(0, int(np.ceil(low))) if kind == "uint8" else int(np.ceil(low))
        return random.integers(bottom, int(np.floor(high)) + 1, shape).astype(kind)
    values = random.uniform(low, high, shape)
    return rounded(values + 1j * random.uniform(low, high, shape) if kind in COMPLEX else values, kind)


def tensor(array, kind=None, requires_grad=False):
    """A tensor with the elements of an array (of a `rounded` array, for bfloat16)."""
    made = torch.tensor(np.asarray(array))
    return (made if kind is None else made.to(dtype(kind))).requires_grad_(requires_grad)


def values(made):
    """A tensor's elements as an array."""
    made = made.detach()
    return (made.float() if made.dtype is torch.bfloat16 else made).numpy()


def check(made, expected, kind=None, rtol=None, atol=None):
    """A tensor has the size and type expected, and its elements to within the rounding of that type."""
    expected = np.asarray(expected)
    assert isinstance(made, torch.Tensor)
    assert tuple(made.shape) == expected.shape
    kind = kind or str(expected.dtype)
    assert made.dtype is dtype(kind), f"{made.dtype}, not {kind}"
    found = values(made)
    if kind in TOLERANCE:
        rtol = TOLERANCE[kind] if rtol is None else rtol
        with np.errstate(over="ignore"):
            expected = rounded(expected, kind)
        np.testing.assert_allclose(found, expected, rtol, rtol if atol is None else atol)
    else:
        np.testing.assert_array_equal(found, expected)
