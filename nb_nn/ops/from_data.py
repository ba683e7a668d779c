"""Tensors of given data: of numbers, sequences, arrays and buffers."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch, scalars
from ..core.device import CPU
from ..core.dtype import dtype
from ..core.scalars import NUMBERS
from ..core.storage import Storage, flat_root
from ..core.tensor_base import TensorBase, alias_of, wrap
from .options import check_options, finish, place, resolve

Tensor = TensorBase


def tensor(data: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False,
           pin_memory: bool = False) -> Tensor:
    """A new tensor with a copy of ``data``: a number, (nested) sequences of numbers, an array, or a tensor.

    Python floats take the default dtype, integers int64.

    >>> tensor([[1, 2], [3, 4.5]])
    tensor([[1.0000, 2.0000],
            [3.0000, 4.5000]])
    """
    check_options(pin_memory=pin_memory)
    if dtype is not None:
        resolve(dtype, device, requires_grad)
    made = _from_data(data, dtype, True)
    kind, where = resolve(made._dtype, device, requires_grad)
    return finish(made if where is CPU else made.to(where), requires_grad)


def _from_data(data: Any, kind: dtype | None, copy: bool) -> Any:
    """A CPU tensor of ``data``; shares an array's or tensor's memory where it can unless ``copy``."""
    if isinstance(data, TensorBase):
        made = alias_of(data)
        converted = made.to(kind) if kind is not None else made
        return converted.clone() if copy and converted is made else converted
    if hasattr(data, "__array__") and not isinstance(data, np.generic):
        array = np.asarray(data)
        own = dtypes.from_numpy(array.dtype)
        if copy or (kind is not None and kind is not own):
            return wrap(_stored(launch.convert(np.array(array, order="C"), own, kind or own)), kind or own)
        return from_numpy(array)
    if isinstance(data, np.generic):
        data = data.item() if not isinstance(data, np.number) or kind else np.asarray(data)
        if isinstance(data, np.ndarray):
            return wrap(data.copy(), dtypes.from_numpy(data.dtype))
    array, own = _array_of(data, kind)
    kind = kind or own
    if kind.category == 1 and own.category in (1, 2) and kind is not own and array.size:
        check_range(array, kind)
    return wrap(_stored(launch.convert(array, dtypes.from_numpy(array.dtype), kind)), kind)


def check_range(array: np.ndarray, kind: dtype) -> None:
    """Refuse numbers that an integer type does not hold; negative ones count from the end of an unsigned type."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow")
    limits = np.iinfo(kind.numpy)
    lowest = limits.min or -limits.max
    for value in (int(array.min()), int(array.max())):
        if not lowest <= value <= limits.max:
            raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow: {value}")


def _stored(array: np.ndarray) -> np.ndarray:
    return array if array.flags.writeable else array.copy()


def _array_of(data: Any, wanted: dtype | None = None) -> tuple[np.ndarray, dtype]:
    """Nested Python numbers as a wide array, and the type they mean (uint64 only where it is wanted)."""
    flat: list = []
    shape = _shape_of(data)
    _flatten(data, shape, 0, flat)
    own = None
    for found in set(map(type, flat)):
        kind = dtypes.from_numpy(found) if issubclass(found, np.generic) else dtypes.of_number(found())
        own = kind if own is None else dtypes.promote_types(own, kind)
    own = own or dtypes.get_default_dtype()
    if wanted is dtypes.uint64 and own.category == 1:
        own, flat = wanted, [scalars.wrapped(one, wanted) if -1 << 63 <= one < 0 else one for one in flat]
    try:
        return np.array(flat, {2: np.float64, 3: np.complex128}.get(own.category, own.numpy)).reshape(shape), own
    except OverflowError:
        raise RuntimeError("Overflow when unpacking long") from None


def _shape_of(data: Any) -> tuple[int, ...]:
    shape = []
    while not isinstance(data, NUMBERS):
        if isinstance(data, TensorBase) or hasattr(data, "__array__"):
            return (*shape, *np.shape(data))
        if isinstance(data, str) or not hasattr(data, "__len__"):
            if isinstance(data, str):
                raise TypeError("new(): invalid data type 'str'")
            raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
        shape.append(len(data))
        if not len(data):
            break
        data = data[0]
    return tuple(shape)


def _flatten(data: Any, shape: tuple, depth: int, flat: list) -> None:
    if depth == len(shape):
        if isinstance(data, TensorBase):
            data = data.item()
        elif not isinstance(data, NUMBERS):
            if hasattr(data, "__len__"):
                raise TypeError(f"expected a number at dimension {depth}, got a sequence of length {len(data)}")
            raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
        flat.append(data)
        return
    if isinstance(data, TensorBase) or hasattr(data, "__array__") and not isinstance(data, np.generic):
        data = data.tolist()
    if not hasattr(data, "__len__") or len(data) != shape[depth]:
        got = len(data) if hasattr(data, "__len__") else 0
        raise ValueError(f"expected sequence of length {shape[depth]} at dim {depth} (got {got})")
    for one in data:
        _flatten(one, shape, depth + 1, flat)


def as_tensor(data: Any, dtype: dtype | None = None, device: Any = None) -> Tensor:
    """``data`` as a tensor, without a copy where its type and device already fit; a tensor keeps its history.

    >>> a = np.array([1.0, 2.0])
    >>> as_tensor(a)[0] = 5
    >>> a[0]
    np.float64(5.0)
    """
    if isinstance(data, TensorBase):
        return data.to(dtype=dtype or data.dtype, device=device if device is not None else data.device)
    made = _from_data(data, dtype, False)
    where = place(device)
    return made if where is CPU else made.to(where)


def asarray(obj: Any, *, dtype: dtype | None = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False) -> Tensor:
    """A tensor of a tensor, an array, a buffer, a number or nested sequences; ``copy`` says whether memory must (True) or may not
    (False) be new, and None that it is where needed.

    >>> torch.asarray([1, 2], dtype=torch.float32)
    tensor([1., 2.])
    """
    if isinstance(obj, TensorBase):
        made = as_tensor(obj, dtype, device)
        shares = made is obj
        made = made.detach() if shares and requires_grad != obj.requires_grad else made
    else:
        shares = isinstance(obj, np.ndarray) or hasattr(obj, "__dlpack__") or isinstance(obj, (bytearray, memoryview))
        given = np.asarray(obj) if isinstance(obj, (bytearray, memoryview)) else obj
        made = as_tensor(given, dtype, device)
        shares = shares and isinstance(given, np.ndarray) and np.shares_memory(made._array, given)
    if copy is False and not shares:
        raise ValueError("asarray: can't alias the object given, its elements have to be copied; leave copy=False out")
    made = made.clone() if copy and shares else made
    return finish(made, requires_grad)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the memory of an array; it cannot be resized.

    >>> from_numpy(np.arange(3))
    tensor([0, 1, 2])
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    kind = dtypes.from_numpy(ndarray.dtype)
    if any(stride < 0 for stride in ndarray.strides):
        raise ValueError("At least one stride in the given numpy array is negative, and tensors with negative strides are not "
                         "currently supported. (You can probably work around this by making a copy of your array with "
                         "array.copy().)")
    if any(stride % ndarray.itemsize for stride in ndarray.strides):
        raise ValueError("given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate "
                         "the memory.")
    if not ndarray.flags.writeable:
        import warnings

        warnings.warn("The given NumPy array is not writable, and PyTorch does not support non-writable tensors. A copy is made.",
                      stacklevel=2)
        ndarray = ndarray.copy()
    made = wrap(ndarray.view(np.ndarray), kind)
    made._storage = Storage(flat_root(made._array), resizable=False)
    return made


def frombuffer(buffer: Any, *, dtype: dtype, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A 1-d tensor over the memory of an object that offers a buffer, such as a ``bytearray``."""
    kind, _ = resolve(dtype, None, requires_grad)
    array = np.frombuffer(buffer, kind.numpy, count, offset)
    made = wrap(array if array.flags.writeable else array.copy(), kind)
    return finish(made, requires_grad)
