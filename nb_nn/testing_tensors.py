"""Random tensors for tests."""
from __future__ import annotations

import math
import warnings
from typing import Any

from .core import dtype as dtypes
from .core.dtype import dtype
from .core.geometry import sizes_of
from .ops.complex import complex as from_parts
from .ops.creation import full
from .ops.random import rand, randint
from .types import finfo, iinfo

DEFAULTS = {"bool": (0, 2), "unsigned": (0, 10), "signed": (-9, 10), "floating": (-9, 9)}       # low and high


def make_tensor(*shape: Any, dtype: dtype, device: Any, low: float | None = None, high: float | None = None, requires_grad: bool = False,
                noncontiguous: bool = False, exclude_zero: bool = False, memory_format: Any = None) -> Any:
    """A tensor of random numbers, each as likely, from ``low`` to below ``high``; both are cut to what the type holds.

    By default from -9 to 9, of unsigned types from 0, of bool either. Parts of complex numbers are drawn one by one. With
    ``noncontiguous`` every second element of a larger tensor is taken; with ``exclude_zero`` zeros become the smallest
    positive (normal) number.

    >>> made = torch.testing.make_tensor(2, 3, dtype=torch.int64, device="cpu", low=4, high=6)
    >>> made.shape, bool(((made == 4) | (made == 5)).all())
    (torch.Size([2, 3]), True)
    """
    if not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"The requested dtype '{dtype}' is not supported by torch.testing.make_tensor()")
    if noncontiguous and memory_format is not None:
        raise ValueError("The parameters `noncontiguous` and `memory_format` are mutually exclusive, but got "
                         f"noncontiguous={noncontiguous} and memory_format={memory_format}")
    if requires_grad and dtype.category < 2:
        raise ValueError(f"`requires_grad=True` is not supported for boolean and integral dtypes, but got dtype={dtype}")
    size = sizes_of(shape)
    low, high = limits(dtype, low, high)
    if noncontiguous and math.prod(size) > 1:
        made = drawn((*size, 2), dtype, device, low, high)[..., 0]
    else:
        made = drawn(size, dtype, device, low, high)
    if memory_format is not None:
        made = made.clone(memory_format=memory_format)
    if exclude_zero:
        tiny = finfo(dtype).tiny if dtype.category >= 2 else 1
        made[made == 0] = complex(tiny, tiny) if dtype.category == 3 else tiny
    return made.requires_grad_() if requires_grad else made


def limits(kind: dtype, low: float | None, high: float | None) -> tuple[float, float]:
    """Bounds of random numbers, within those of the type; ValueError unless one is below the other."""
    name = "bool" if kind.category == 0 else "floating" if kind.category >= 2 else "signed" if kind.is_signed else "unsigned"
    low, high = (given if given is not None else default for given, default in zip((low, high), DEFAULTS[name]))
    if low != low or high != high:
        raise ValueError(f"`low` and `high` cannot be NaN, but got low={low} and high={high}")
    if low == high and kind.category >= 2:
        warnings.warn("Passing `low==high` to `torch.testing.make_tensor` for floating or complex types is deprecated. Use "
                      "`torch.full(...)` instead.", FutureWarning, stacklevel=4)
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    if kind.category >= 2:
        bounds = finfo(kind)
        return max(low, bounds.min), min(high, bounds.max)
    least, most = (0, 2) if kind.category == 0 else (iinfo(kind).min, iinfo(kind).max + 1)
    return max(math.ceil(max(low, least)), least), min(math.ceil(min(high, most)), most)


def drawn(size: tuple, kind: dtype, device: Any, low: float, high: float) -> Any:
    """Random numbers between bounds that the type holds."""
    if kind.category == 3:
        part = kind.to_real()
        return from_parts(drawn(size, part, device, low, high), drawn(size, part, device, low, high))
    if kind.category < 2:
        if high - low >= 1 << 63:               # all numbers of a type of 64 bits
            return (randint(-(1 << 62), 1 << 62, size, device=device) * 2 + randint(0, 2, size, device=device)).to(kind)
        return (randint(0, high - low, size, device=device) + low).to(kind)
    if low == high:
        return full(size, low, dtype=kind, device=device)
    wide = kind if kind is dtypes.float64 else dtypes.float32
    share = rand(size, dtype=wide, device=device)
    made = (low * (1 - share) + high * share).to(kind)          # not high - low, which may be too large for the type
    return made.masked_fill(made >= high, low)                  # rounded up
