"""Making arrays."""
from __future__ import annotations

from typing import Any

from .. import interop
from ..core.tensor_base import TensorBase
from ..ops import conversion, creation, diagonals, from_data, rearranging, sequences

Tensor = TensorBase


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Tensor:
    """An array of numbers, nested sequences, an object with memory, or a tensor, whose history it shares."""
    if not isinstance(obj, TensorBase):
        return from_data.asarray(obj, dtype=dtype, device=device, copy=copy)
    made = conversion.to(obj, dtype=dtype, device=device, copy=bool(copy))
    if copy is False and made is not obj:
        raise ValueError("asarray: another type or device needs a copy, which copy=False forbids")
    return made


def arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Numbers from ``start`` (0 if only one is given) up to ``stop``, which is left out."""
    start, stop = (0, start) if stop is None else (start, stop)
    if step > 0 and stop <= start or step < 0 and stop >= start:
        kind = dtype or sequences.arange(0, type(sum((start, stop, step)))(1)).dtype
        return creation.empty(0, dtype=kind, device=device)
    return sequences.arange(start, stop, step, dtype=dtype, device=device)


def empty(shape: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """An array with whatever the memory holds."""
    return creation.empty(shape, dtype=dtype, device=device)


def zeros(shape: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """An array of zeros."""
    return creation.zeros(shape, dtype=dtype, device=device)


def ones(shape: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """An array of ones."""
    return creation.ones(shape, dtype=dtype, device=device)


def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """An array of one number."""
    return creation.full((shape,) if isinstance(shape, int) else shape, fill_value, dtype=dtype, device=device)


def empty_like(x: Tensor, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """An array of ``x``'s size with whatever the memory holds."""
    return creation.empty_like(x, dtype=dtype, device=device)


def zeros_like(x: Tensor, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Zeros in ``x``'s size."""
    return creation.zeros_like(x, dtype=dtype, device=device)


def ones_like(x: Tensor, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Ones in ``x``'s size."""
    return creation.ones_like(x, dtype=dtype, device=device)


def full_like(x: Tensor, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """One number in ``x``'s size."""
    return creation.full_like(x, fill_value, dtype=dtype, device=device)


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None) -> Tensor:
    """Ones along diagonal ``k``, zeros elsewhere."""
    columns = n_rows if n_cols is None else n_cols
    made = creation.zeros(n_rows, columns, dtype=dtype, device=device)
    if -n_rows < k < columns:
        made.diagonal(k).fill_(1)
    return made


def linspace(start: Any, stop: Any, /, num: int, *, dtype: Any = None, device: Any = None, endpoint: bool = True) -> Tensor:
    """``num`` evenly spaced numbers."""
    if endpoint:
        return sequences.linspace(start, stop, num, dtype=dtype, device=device)
    return sequences.linspace(start, stop, num + 1, dtype=dtype, device=device)[:-1]


def meshgrid(*arrays: Tensor, indexing: str = "xy") -> list[Tensor]:
    """Coordinates of the points of a grid."""
    return list(rearranging.meshgrid(*arrays, indexing=indexing)) if arrays else []


def tril(x: Tensor, /, *, k: int = 0) -> Tensor:
    """What is on and below diagonal ``k``, zeros elsewhere."""
    return diagonals.tril(x, k)


def triu(x: Tensor, /, *, k: int = 0) -> Tensor:
    """What is on and above diagonal ``k``, zeros elsewhere."""
    return diagonals.triu(x, k)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """An array over the memory of another library's."""
    return interop.from_dlpack(x, device=device, copy=copy)
