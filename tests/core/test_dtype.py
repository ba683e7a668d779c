"""Types, and what a mixture of them promotes to."""
import pickle

import numpy as np
import pytest

import nb_nn as torch

NAMES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128")
b1, u1, i1, i2, i4, i8, f2, bf, f4, f8, c4, c8 = NAMES
PROMOTED = {    # PyTorch's table, a row each in the order of NAMES
    b1: (b1, u1, i1, i2, i4, i8, f2, bf, f4, f8, c4, c8),
    u1: (u1, u1, i2, i2, i4, i8, f2, bf, f4, f8, c4, c8),
    i1: (i1, i2, i1, i2, i4, i8, f2, bf, f4, f8, c4, c8),
    i2: (i2, i2, i2, i2, i4, i8, f2, bf, f4, f8, c4, c8),
    i4: (i4, i4, i4, i4, i4, i8, f2, bf, f4, f8, c4, c8),
    i8: (i8, i8, i8, i8, i8, i8, f2, bf, f4, f8, c4, c8),
    f2: (f2, f2, f2, f2, f2, f2, f2, f4, f4, f8, c4, c8),
    bf: (bf, bf, bf, bf, bf, bf, f4, bf, f4, f8, c4, c8),
    f4: (f4, f4, f4, f4, f4, f4, f4, f4, f4, f8, c4, c8),
    f8: (f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, c8, c8),
    c4: (c4, c4, c4, c4, c4, c4, c4, c4, c4, c8, c4, c8),
    c8: (c8, c8, c8, c8, c8, c8, c8, c8, c8, c8, c8, c8),
}


def kind(name):
    return getattr(torch, name)


def test_the_promotion_table():
    for first, row in PROMOTED.items():
        for second, expected in zip(NAMES, row):
            assert torch.promote_types(kind(first), kind(second)) is kind(expected)


def test_results_have_the_promoted_type():
    for first in NAMES[:10]:
        for second in NAMES[:10]:
            x, y = torch.ones(2, dtype=kind(first)), torch.ones(2, dtype=kind(second))
            assert torch.result_type(x, y) is kind(PROMOTED[first][NAMES.index(second)])
    assert (torch.ones(2, dtype=torch.uint8) + torch.ones(2, dtype=torch.int8)).dtype is torch.int16
    assert (torch.ones(2).half() + torch.ones(2).bfloat16()).dtype is torch.float32


@pytest.mark.parametrize("operands, expected", [
    (lambda t: (t([1, 2]), 1), "int64"), (lambda t: (t([1, 2]), 1.0), "float32"), (lambda t: (t([1.0]), 1), "float32"),
    (lambda t: (t([1], dtype=torch.int8), 1000), "int8"), (lambda t: (t([1], dtype=torch.uint8), -1), "uint8"),
    (lambda t: (t([1.0]).half(), 1.0), "float16"), (lambda t: (t([1.0]).half(), t(1.0, dtype=torch.float64)), "float16"),
    (lambda t: (t([1]), t(1.0, dtype=torch.float64)), "float64"), (lambda t: (t([1], dtype=torch.int8), t(1)), "int8"),
    (lambda t: (t(1, dtype=torch.int8), t(1)), "int64"), (lambda t: (t([True]), 1), "int64"), (lambda t: (t([True]), 1.5), "float32"),
    (lambda t: (t([True]), True), "bool"), (lambda t: (t(1), 1.5), "float32"), (lambda t: (t([1.0]), 1j), "complex64"),
    (lambda t: (t([1.0], dtype=torch.float64), 1j), "complex128"), (lambda t: (t([1]), t(1j)), "complex64"), (lambda t: (1, 2.5), "float32"),
    (lambda t: (t([1.0]).bfloat16(), 2), "bfloat16"), (lambda t: (t([1.0]).bfloat16(), np.float64(2)), "bfloat16"),
])
def test_tensors_count_before_scalars_and_scalars_before_numbers(operands, expected):
    pair = operands(torch.tensor)
    assert torch.result_type(*pair) is kind(expected) and torch.result_type(*pair[::-1]) is kind(expected)


def test_names_and_properties():
    assert repr(torch.float32) == str(torch.float32) == "torch.float32"
    for name, synonyms in {"float32": ("float",), "float64": ("double",), "float16": ("half",), "int16": ("short",), "int32": ("int",),
                           "int64": ("long",)}.items():
        assert all(getattr(torch, synonym) is kind(name) for synonym in synonyms)
    assert [name for name in NAMES if kind(name).is_floating_point] == ["float16", "bfloat16", "float32", "float64"]
    assert [name for name in NAMES if kind(name).is_complex] == ["complex64", "complex128"]
    assert [name for name in NAMES if not kind(name).is_signed] == ["bool", "uint8"]
    assert [kind(name).itemsize for name in NAMES] == [1, 1, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16]
    for name in NAMES:
        assert pickle.loads(pickle.dumps(kind(name))) is kind(name)


def test_what_may_be_cast_in_place():
    assert torch.can_cast(torch.float64, torch.float16) and torch.can_cast(torch.int64, torch.float32) and torch.can_cast(torch.bool, torch.int8)
    assert not torch.can_cast(torch.float32, torch.int64) and not torch.can_cast(torch.int8, torch.bool)
    assert not torch.can_cast(torch.complex64, torch.float64)
