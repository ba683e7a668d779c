"""Python's numbers beside tensors: the types they take, and tensors of one number."""
from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from nb_nn.kernels.formulas import half

from . import cuda_memory
from . import dtype as dtypes
from .device import CPU
from .dtype import dtype
from .launch import empty, to_half
from .tensor_base import wrap

NUMBERS = (int, float, complex, np.number, np.bool_)


def wrapped(value: Any, kind: dtype) -> Any:
    """An integer beside a tensor of integers as it is in their type: what does not fit wraps around, as in C."""
    if kind.category != 1 or not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        return value
    bits = 8 * kind.itemsize
    value = int(value) & ((1 << bits) - 1)
    return value - (1 << bits) if kind.numpy.kind == "i" and value >> (bits - 1) else value


def as_tensor(array: Any) -> Any:
    """An array as a tensor, copied."""
    return wrap(np.array(array, order="C"), dtypes.from_numpy(array.dtype))


def number_as(value: Any, kind: Any) -> Any:
    """A number as a Python number that fits a type; RuntimeError if it does not."""
    fits = True
    if kind.category == 0:
        return bool(value)
    if isinstance(value, (complex, np.complexfloating)) and kind.category < 3:
        fits, value = value.imag == 0, value.real
    if kind.category == 2:
        made = float(value)
        fits = fits and (not math.isfinite(made) or kind is dtypes.float64 or abs(made) <= LARGEST[kind])
    elif kind.category == 1:
        fits = fits and math.isfinite(value)
        made, limits = int(value) if fits else 0, np.iinfo(kind.numpy)
        if not kind.is_signed and -limits.max <= made < 0:
            made += limits.max + 1
        fits = fits and limits.min <= made <= limits.max
    else:
        made = complex(value)
    if not fits:
        raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow: {value}")
    return made


def whole_number(where: str, value: Any) -> int:
    """An integer, or a tensor of one, as Python's; TypeError for something else."""
    if not isinstance(value, bool):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise TypeError(f"{where} must be int, not {type(value).__name__}")


def check_number(value: Any, kind: dtype) -> None:
    """RuntimeError if an operand is a number that an integer type does not hold."""
    if isinstance(value, NUMBERS) and kind.category == 1 and not -128 <= value <= 127:
        number_as(value, kind)


LARGEST = {dtypes.float16: 65504.0, dtypes.bfloat16: 3.3895313892515355e38, dtypes.float32: float(np.finfo(np.float32).max)}


def rounded(value: float, kind: dtype) -> float:
    """A number as the nearest one of a half type."""
    with np.errstate(over="ignore"):
        if kind is dtypes.float16:
            return float(np.float16(value))
        return float(half.bfloat16_to_float32(half.float32_to_bfloat16(np.float32(value))))


def full_scalar(value: Any, kind: dtype, device: Any) -> Any:
    """A 0-d tensor."""
    if device is not CPU:
        return wrap(cuda_memory.moved(full_scalar(value, kind, CPU)._array, device), kind)
    tensor = empty((), kind)
    if kind is dtypes.bfloat16:
        tensor._array[...] = to_half(np.array(value, np.float32), kind)
    else:
        try:
            tensor._array[...] = value
        except OverflowError:
            if kind.category >= 2:
                raise
            tensor._array[...] = number_as(value, kind)         # a negative one wraps around in an unsigned type
    return tensor
