"""What checkpoint files call to make tensors again, under the names that torch gave these functions and types.

Files carry names such as ``torch._utils._rebuild_tensor_v2``; ``TORCH_NAMES`` says what each is here.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .core import dtype as dtypes
from .core.device import device
from .core.dtype import dtype
from .core.size import Size
from .core.storage import Storage, strided
from .core.tensor_base import wrap


class StorageType:
    """The type of a storage in a file, which gives its elements their dtype."""

    def __init__(self, name: str, kind: dtype):
        self.name, self.dtype = name, kind

    def __reduce__(self) -> str:
        return self.name


BoolStorage = StorageType("BoolStorage", dtypes.bool_)
ByteStorage = StorageType("ByteStorage", dtypes.uint8)
CharStorage = StorageType("CharStorage", dtypes.int8)
ShortStorage = StorageType("ShortStorage", dtypes.int16)
IntStorage = StorageType("IntStorage", dtypes.int32)
LongStorage = StorageType("LongStorage", dtypes.int64)
HalfStorage = StorageType("HalfStorage", dtypes.float16)
BFloat16Storage = StorageType("BFloat16Storage", dtypes.bfloat16)
FloatStorage = StorageType("FloatStorage", dtypes.float32)
DoubleStorage = StorageType("DoubleStorage", dtypes.float64)
ComplexFloatStorage = StorageType("ComplexFloatStorage", dtypes.complex64)
ComplexDoubleStorage = StorageType("ComplexDoubleStorage", dtypes.complex128)
STORAGE_TYPES = {kind.dtype: kind for kind in (
    BoolStorage, ByteStorage, CharStorage, ShortStorage, IntStorage, LongStorage, HalfStorage, BFloat16Storage,
    FloatStorage, DoubleStorage, ComplexFloatStorage, ComplexDoubleStorage)}


UntypedStorage = StorageType("UntypedStorage", dtypes.uint8)       # of types that have no storage type: the tensor says which


class TypedStorage(NamedTuple):
    """A storage with what the file says of it: its elements' dtype and its device."""
    storage: Storage
    dtype: dtype
    device: device

    def part(self, offset: int, size: Sequence[int], stride: Sequence[int]) -> np.ndarray:
        """The view with this geometry; RuntimeError if it does not lie inside the storage."""
        numbers = (offset, *size, *stride)
        if len(size) != len(stride) or not all(type(number) is int and 0 <= number < 1 << 62 for number in numbers):
            raise RuntimeError(f"load: a tensor of size {size}, stride {stride} and offset {offset} cannot be")
        root, kind = self.storage.root, self.dtype.numpy
        count = len(root) if root.dtype == kind else root.nbytes // kind.itemsize
        last = offset + sum((length - 1) * step for length, step in zip(size, stride))
        if 0 not in size and last >= count:
            raise RuntimeError(f"load: a tensor of size {size}, stride {stride} and offset {offset} needs {last + 1} "
                               f"elements, its storage has {count}")
        return strided(root, size, stride, offset, kind)


def _rebuild_tensor(storage: TypedStorage, offset: int, size: tuple, stride: tuple) -> Any:
    """A tensor that views a storage."""
    if not isinstance(storage, TypedStorage):
        raise RuntimeError(f"load: a tensor needs a storage, got {type(storage).__name__}")
    tensor = wrap(storage.part(offset, tuple(size), tuple(stride)), storage.dtype)
    tensor._storage = storage.storage
    if storage.device.type != "cpu":
        tensor._device = storage.device
    return tensor


def _rebuild_tensor_v2(storage: TypedStorage, offset: int, size: tuple, stride: tuple, requires_grad: bool,
                       backward_hooks: Any, metadata: Any = None) -> Any:
    """A tensor that views a storage and may require a gradient."""
    if metadata:
        raise RuntimeError(f"load: tensors that are marked as {', '.join(map(str, metadata))} are not supported")
    tensor = _rebuild_tensor(storage, offset, size, stride)
    tensor.requires_grad = bool(requires_grad)
    return tensor


def _rebuild_tensor_v3(storage: TypedStorage, offset: int, size: tuple, stride: tuple, requires_grad: bool,
                       backward_hooks: Any, kind: dtype, metadata: Any = None) -> Any:
    """A tensor of a type that has no storage type, over bytes."""
    if not isinstance(storage, TypedStorage) or not isinstance(kind, dtype):
        raise RuntimeError(f"load: a tensor needs a storage and a type, got {type(storage).__name__} and {kind!r}")
    return _rebuild_tensor_v2(storage._replace(dtype=kind), offset, size, stride, requires_grad, backward_hooks, metadata)


def _rebuild_parameter(data: Any, requires_grad: bool, backward_hooks: Any) -> Any:
    """A parameter over a tensor."""
    from .nn.parameter import Parameter
    return Parameter(data, bool(requires_grad))


def _rebuild_parameter_with_state(data: Any, requires_grad: bool, backward_hooks: Any, state: Any) -> Any:
    """A parameter with attributes that its owner gave it."""
    return with_attributes(_rebuild_parameter(data, requires_grad, backward_hooks), state)


def _rebuild_from_type_v2(function: Any, kind: Any, arguments: tuple, state: Any) -> Any:
    """A tensor with attributes that its owner gave it."""
    if function not in (_rebuild_tensor_v2, _rebuild_tensor_v3, _rebuild_parameter):
        raise RuntimeError(f"load: cannot rebuild a tensor by {function!r}")
    return with_attributes(function(*arguments), state)


def _uninitialized_parameter(requires_grad: bool = True) -> Any:
    """A parameter whose size is not known yet."""
    from .nn.parameter import UninitializedParameter
    return UninitializedParameter(bool(requires_grad))


def _uninitialized_buffer(requires_grad: bool = False) -> Any:
    """A buffer whose size is not known yet."""
    from .nn.parameter import UninitializedBuffer
    return UninitializedBuffer(bool(requires_grad))


class LayoutName(str):
    """A layout as files name it."""

    def __reduce__(self) -> tuple:
        return _get_layout, (str(self),)


SPARSE_COO = LayoutName("torch.sparse_coo")


def _get_layout(name: str) -> LayoutName:
    """A layout by its name."""
    return LayoutName(name)


def _rebuild_sparse_tensor(layout: Any, data: tuple) -> Any:
    """A sparse tensor of indices, values, size and, in newer files, whether it is coalesced."""
    if layout != SPARSE_COO:
        raise RuntimeError(f"load: tensors of the layout {layout} are not supported, of sparse ones only {SPARSE_COO}")
    from .ops.sparse.construction import sparse_coo_tensor
    indices, values, size, *coalesced = data
    return sparse_coo_tensor(indices, values, tuple(size), is_coalesced=bool(coalesced and coalesced[0]))


def with_attributes(tensor: Any, state: Any) -> Any:
    for name, value in state.items():
        if name.startswith("_") or hasattr(type(tensor), name):
            raise RuntimeError(f"load: the file gives a tensor an attribute {name!r} that may be one of every tensor's own")
        tensor.__dict__[name] = value
    return tensor


FUNCTIONS = (_rebuild_tensor, _rebuild_tensor_v2, _rebuild_tensor_v3, _rebuild_parameter, _rebuild_parameter_with_state,
             _rebuild_sparse_tensor)
TORCH_NAMES: dict[str, Any] = {
    "torch Size": Size,
    "torch device": device,
    "torch Tensor": None,                       # as a mere argument of _rebuild_from_type_v2
    "torch.nn.parameter Parameter": None,
    "torch.nn.parameter UninitializedParameter": _uninitialized_parameter,
    "torch.nn.parameter UninitializedBuffer": _uninitialized_buffer,
    "torch.serialization _get_layout": _get_layout,
    "torch.storage UntypedStorage": UntypedStorage,
    "torch._tensor _rebuild_from_type_v2": _rebuild_from_type_v2,
    **{f"torch._utils {function.__name__}": function for function in FUNCTIONS},
    **{f"torch {kind.name}": kind for kind in dtypes.ALL},
    **{f"torch {kind.name}": kind for kind in STORAGE_TYPES.values()},
}
