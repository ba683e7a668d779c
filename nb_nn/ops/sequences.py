"""Tensors of evenly spaced numbers, and the identity."""
from __future__ import annotations

import math
import operator
import warnings
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch
from ..core.device import CPU
from ..core.dtype import dtype
from ..core.state import state
from ..core.storage import storage_of
from ..core.tensor_base import TensorBase, wrap
from .creation import filled
from .options import check_options, finish, resolve

Tensor = TensorBase


def arange(start: Any = 0, end: Any = None, step: Any = 1, *, out: Any = None, dtype: dtype | None = None, layout: Any = None,
           device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """Numbers from ``start`` (0 if one number is given) up to, not including, ``end``, by ``step``.

    There are ceil((end - start) / step) of them; the type is int64 if all three are integers.

    >>> arange(1, 4)
    tensor([1, 2, 3])
    """
    check_options(layout, pin_memory=pin_memory)
    start, end = (0, start) if end is None else (start, end)
    whole = start.__class__ is end.__class__ is step.__class__ is int
    if not whole:
        start, end, step = (one.item() if isinstance(one, TensorBase) else one for one in (start, end, step))
        for one in (start, end, step):
            if isinstance(one, (complex, np.complexfloating)):
                raise RuntimeError(f"arange: value {one} cannot be converted to type double without overflow")
        whole = all(isinstance(one, (int, np.integer)) for one in (start, end, step))
    kind = dtype if out is None else out._dtype
    if kind is not None and kind.category in (0, 3):
        raise launch.not_implemented("arange_cpu", kind)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not whole and not all(math.isfinite(one) for one in (start, end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if dtype is None and out is None:
        floats = not whole and any(isinstance(one, (float, np.floating)) for one in (start, end, step))
        dtype = dtypes.get_default_dtype() if floats else dtypes.int64
    if whole and max(abs(start), abs(end)) < 1 << 52:
        values = np.arange(start, end, step, np.int64)
    elif whole:
        count = -(-(end - start) // step)
        values = np.arange(count, dtype=np.int64) * step + start
    elif kind is not None and kind.category == 1:           # the numbers are cut, and for int64 their count is that of cut ones
        whole = int(start), int(end), int(step)
        if kind is dtypes.int64 and whole[2] == 0:
            raise ValueError("arange: step must be nonzero, also as an integer")
        count = -(-(whole[1] - whole[0]) // whole[2]) if kind is dtypes.int64 else math.ceil((end - start) / step)
        values = np.arange(count, dtype=np.int64) * whole[2] + whole[0]
    else:
        values = np.arange(math.ceil((end - start) / step)) * step + start
    if out is not None and out._array.size not in (0, values.size):
        warnings.warn(f"The number of elements in the out tensor of shape {list(out._array.shape)} is {out._array.size} which does not "
                      f"match the computed number of elements {values.size}; out is resized", UserWarning, stacklevel=2)
    return delivered(values, out, dtype, device, requires_grad)


def range(start: Any = 0, end: Any = None, step: Any = 1, *, out: Any = None, dtype: dtype | None = None, layout: Any = None,
          device: Any = None, requires_grad: bool = False) -> Tensor:
    """Numbers from ``start`` to ``end``, both included, by ``step``. Deprecated: `arange` leaves ``end`` out, as Python does.

    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     torch.range(1, 2, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    check_options(layout)
    import warnings

    warnings.warn("torch.range is deprecated because its behavior is inconsistent with Python's range builtin. Instead, use "
                  "torch.arange, which produces values in [start, end).", UserWarning, stacklevel=2)
    start, end = (0, start) if end is None else (start, end)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    kind = out._dtype if out is not None else dtype
    if kind is not None and kind.category in (0, 3):
        raise launch.not_implemented("range_cpu", kind)
    values = np.arange(math.floor((end - start) / step) + 1) * step + start
    return delivered(values, out, dtype or dtypes.get_default_dtype(), device, requires_grad)


def linspace(start: float, end: float, steps: int = 100, *, out: Any = None, dtype: dtype | None = None, layout: Any = None,
             device: Any = None, requires_grad: bool = False) -> Tensor:
    """``steps`` evenly spaced numbers from ``start`` to ``end``, both included.

    >>> linspace(3, 10, steps=5)
    tensor([ 3.0000,  4.7500,  6.5000,  8.2500, 10.0000])
    """
    check_options(layout)
    kind = dtype if out is None else out._dtype
    return delivered(_spaced(start, end, steps, kind), out, dtype, device, requires_grad)


def logspace(start: float, end: float, steps: int = 100, base: float = 10.0, *, out: Any = None, dtype: dtype | None = None,
             layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """``base`` to the powers of `linspace`.

    >>> logspace(0, 2, steps=3)
    tensor([  1.,  10., 100.])
    """
    check_options(layout)
    kind = dtype if out is None else out._dtype
    return delivered(np.power(float(base), _spaced(start, end, steps, kind, True)), out, dtype, device, requires_grad)


def _spaced(start: float, end: float, steps: int, kind: dtype | None, exponents: bool = False) -> np.ndarray:
    """Evenly spaced numbers; of an integer type between whole ends, from both of which they are cut towards zero."""
    steps = operator.index(steps)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    for one in (start, end):
        if isinstance(one, TensorBase) and one._array.ndim:
            raise RuntimeError(f"linspace and logspace take 0-dimensional tensors as start and end, but got {one._array.ndim} dimension(s)")
    start, end = (complex(one) if isinstance(one, (complex, np.complexfloating)) else float(one) for one in (start, end))
    if kind is None or kind.category != 1:
        return np.linspace(start, end, steps)
    first, last = int(start.real), int(end.real)
    for one in (first, last):
        if not (exponents or np.iinfo(kind.numpy).min <= one <= np.iinfo(kind.numpy).max):
            raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow: {one}")
    step, places = (last - first) / max(steps - 1, 1), np.arange(steps)
    found = np.where(places < max(steps // 2, 1), first + step * places, last - step * (steps - 1 - places))
    return found if exponents else np.trunc(found).astype(np.int64)


def delivered(values: np.ndarray, out: Any, kind: dtype | None, where: Any, requires_grad: bool) -> Tensor:
    if out is not None:
        launch.check_no_history("arange", out)
        out.resize_(values.shape)
        launch.copy_array(values, dtypes.from_numpy(values.dtype), out)
        storage_of(out).version += 1
        return out
    if kind is None and values.dtype.kind == "c":
        kind = dtypes.get_default_dtype().to_complex()
    kind, where = resolve(kind, where, requires_grad)
    made = wrap(launch.convert(values, dtypes.from_numpy(values.dtype), kind), kind)
    return finish(made if where is CPU else made.to(where), requires_grad)


def eye(n: int, m: int | None = None, *, out: Any = None, dtype: dtype | None = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal of an (n, m) matrix, zeros elsewhere.

    >>> eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    check_options(layout)
    m = n if m is None else m
    if n < 0 or m < 0:
        raise RuntimeError(f"n must be greater or equal to 0, got {min(n, m)}")
    made = filled(0, (n, m), out, dtype, device, False)
    if out is None and made._device is CPU and not made._dtype.half:
        made._array.reshape(-1)[:m * min(n, m):m + 1] = 1
        return finish(made, requires_grad)
    with_ones = made.diagonal() if min(n, m) else None
    before, state.grad = state.grad, False
    try:
        if with_ones is not None:
            with_ones.fill_(1)
    finally:
        state.grad = before
    return finish(made, requires_grad)
