"""The common type of operands."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core.scalars import NUMBERS
from ..core.tensor_base import TensorBase
from ..ops import creation

Tensor = TensorBase


def same_type(x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
    """Two arrays in their common type. The standard's arrays without dimensions count like any others, tensors' do not."""
    own, other = x1._dtype, x2._dtype
    if own is other:
        return x1, x2
    kind = dtypes.promote_types(own, other)
    return x1.to(kind), x2.to(kind)


def as_array(value: Any, beside: Any) -> Tensor:
    """An array, or a number as one of the type in which it is computed with beside another."""
    if not isinstance(value, NUMBERS):
        return value
    if not isinstance(beside, TensorBase):
        raise TypeError("one of the two must be an array")
    kind = beside._dtype
    category = (bool, int, float, complex).index(type(value)) if type(value) in (bool, int, float, complex) else 0
    if category == 3 and kind.category == 2:
        kind = kind.to_complex()
    if category > kind.category:
        raise TypeError(f"a {type(value).__name__} does not go with an array of {kind}")
    return creation.full((), value, dtype=kind, device=beside._device)
