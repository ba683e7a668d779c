"""Assertions for tests: whether two results are the same but for rounding."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .core import dtype as dtypes
from .core.scalars import NUMBERS
from .core.tensor_base import TensorBase
from .ops.as_strided import strides_of
from .ops.from_data import as_tensor
from .testing_tensors import make_tensor

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

# relative and absolute tolerance; a type that is not named compares exactly
TOLERANCES = {dtypes.float16: (1e-3, 1e-5), dtypes.bfloat16: (1.6e-2, 1e-5), dtypes.float32: (1.3e-6, 1e-5), dtypes.float64: (1e-7, 1e-7),
              dtypes.complex64: (1.3e-6, 1e-5), dtypes.complex128: (1e-7, 1e-7)}
Message = str | Callable[[str], str] | None


def assert_close(actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None, atol: float | None = None,
                 equal_nan: bool = False, check_device: bool = True, check_dtype: bool = True, check_layout: bool = True,
                 check_stride: bool = False, msg: Message = None) -> None:
    """AssertionError unless ``abs(actual - expected) <= atol + rtol * abs(expected)`` everywhere.

    Takes tensors, arrays, numbers, and sequences and mappings of such. Tolerances are given both or neither; by default they suit
    the type: 1.3e-6 and 1e-5 for float32, and integers are equal. Sizes must be the same, and so must types, devices and strides
    if checked. ``msg`` replaces the message, or makes one of it.

    >>> assert_close(tensor([1.0]), tensor([1.0 + 1e-7]))
    """
    if (rtol is None) != (atol is None):
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {'rtol' if rtol is None else 'atol'}.")
    for path, one, other in pairs(actual, expected, msg, ()):
        text = compare(one, other, rtol, atol, equal_nan, (check_device, check_dtype, check_layout, check_stride), allow_subclasses)
        if text:
            fail(text + (f"\n\nThe failure occurred for item {''.join(f'[{step!r}]' for step in path)}" if path else ""), msg)


def assert_allclose(actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None, equal_nan: bool = True,
                    msg: Message = None) -> None:
    """`assert_close` of tensors of any types, with NaN equal to NaN. Deprecated.

    >>> assert_allclose(tensor([1.0, 2.0]), [1, 2])
    """
    actual = as_tensor(actual)
    expected = as_tensor(expected, dtype=None if isinstance(expected, TensorBase) else actual.dtype)
    if rtol is None and atol is None:
        rtol, atol = tolerances((actual._dtype, expected._dtype))
    assert_close(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan, check_device=True, check_dtype=False, msg=msg or None)


def fail(text: str, msg: Message) -> None:
    raise AssertionError(text if msg is None else msg(text) if callable(msg) else msg)


def pairs(actual: Any, expected: Any, msg: Message, path: tuple) -> Iterator[tuple]:
    """The leaves to compare, with the way to each."""
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        missing, more = [key for key in expected if key not in actual], [key for key in actual if key not in expected]
        if missing or more:
            fail(f"The keys of the mappings do not match:\nMissing keys in the actual mapping: {missing}\n"
                 f"Additional keys in the actual mapping: {more}", msg)
        for key in actual:
            yield from pairs(actual[key], expected[key], msg, (*path, key))
    elif all(isinstance(one, Sequence) and not isinstance(one, str) for one in (actual, expected)):
        if len(actual) != len(expected):
            fail(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", msg)
        for place, both in enumerate(zip(actual, expected)):
            yield from pairs(*both, msg, (*path, place))
    else:
        yield path, actual, expected


def compare(actual: Any, expected: Any, rtol: float | None, atol: float | None, equal_nan: bool, checks: tuple, subclasses: bool) -> str:
    """What is wrong between two tensors or numbers, or nothing."""
    if actual is None and expected is None:
        return ""
    if isinstance(actual, (*NUMBERS, np.generic)) and isinstance(expected, (*NUMBERS, np.generic)):
        if isinstance(actual, (bool, np.bool_)) and isinstance(expected, (bool, np.bool_)):
            return "" if actual == expected else f"Booleans mismatch: {actual} is not {expected}"
        kinds = tuple(dtypes.float64 if kind is dtypes.get_default_dtype() else kind for kind in map(dtypes.of_number, (actual, expected)))
        rtol, atol = tolerances(kinds) if rtol is None else (rtol, atol)
        return compare_numbers(np.asarray(actual), np.asarray(expected), rtol, atol, equal_nan)
    if not (is_tensor_like(actual) and is_tensor_like(expected)) or not (
            subclasses or type(actual) is type(expected)):
        raise TypeError(f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}.")
    one, other = as_tensor(actual), as_tensor(expected)
    device, dtype, layout, stride = checks
    for name, wanted, mine, theirs in (("shape", True, one.shape, other.shape), ("device", device, one.device, other.device),
                                       ("dtype", dtype, one.dtype, other.dtype), ("layout", layout, one.layout, other.layout),
                                       ("stride()", stride, strides_of(one), strides_of(other))):
        if wanted and mine != theirs:
            return f"The values for attribute '{name}' do not match: {mine} != {theirs}."
    rtol, atol = tolerances((one._dtype, other._dtype)) if rtol is None else (rtol, atol)
    return compare_numbers(wide(one), wide(other), rtol, atol, equal_nan)


def is_tensor_like(value: Any) -> bool:
    return isinstance(value, (TensorBase, np.ndarray, *NUMBERS))


def tolerances(kinds: tuple) -> tuple[float, float]:
    """The larger tolerances of two types."""
    both = [TOLERANCES.get(kind, (0.0, 0.0)) for kind in kinds]
    return max(both)[0], max(one[1] for one in both)


def wide(tensor: Any) -> np.ndarray:
    """A tensor's numbers in the widest type of their kind."""
    tensor = tensor.detach().cpu()
    kind = tensor._dtype
    target = {0: dtypes.bool_, 1: dtypes.int64, 2: dtypes.float64, 3: dtypes.complex128}[kind.category]
    return tensor.to(target)._array


def compare_numbers(actual: np.ndarray, expected: np.ndarray, rtol: float, atol: float, equal_nan: bool) -> str:
    """What is wrong between two arrays of one size, or nothing."""
    if actual.dtype == bool or expected.dtype == bool:
        actual, expected = actual.astype(int), expected.astype(int)
    with np.errstate(all="ignore"):
        same = np.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan) if rtol or atol else (
            (actual == expected) | (equal_nan & (actual != actual) & (expected != expected)))
        if same.all():
            return ""
        absolute = np.where(same, 0, abs(actual - expected))
        relative = np.where(same, 0, absolute / abs(expected))
    exact = not (rtol or atol)
    allowed = {"absolute": "" if exact else f" (up to {atol} allowed)", "relative": "" if exact else f" (up to {rtol} allowed)"}
    what = "equal" if exact else "close"
    if actual.ndim == 0:
        return (f"Scalars are not {what}!\n\nExpected {expected.item()} but got {actual.item()}.\nAbsolute difference: "
                f"{absolute.item()}{allowed['absolute']}\nRelative difference: {relative.item()}{allowed['relative']}")
    count = int((~same).sum())
    lines = [f"Tensor-likes are not {what}!\n", f"Mismatched elements: {count} / {same.size} ({count / same.size:.1%})"]
    for name, differences in (("absolute", absolute), ("relative", relative)):
        worst = np.nanargmax(differences) if not np.isnan(differences).all() else 0
        place = tuple(int(i) for i in np.unravel_index(worst, differences.shape))
        lines.append(f"Greatest {name} difference: {differences[place].item()} at index {place}{allowed[name]}")
    return "\n".join(lines)
