"""What types and tensors are: the legacy tensor types, limits of number types, and questions about tensors."""
from __future__ import annotations

from typing import Any

import numpy as np

from nb_nn.kernels import threads

from .core import dtype as dtypes
from .core.dtype import dtype
from .core.storage import Storage as Memory
from .core.tensor_base import TensorBase
from .storage import Storage
from .tensor import Tensor, legacy_new


class _TensorType(type):
    """Type of the legacy tensor types: ``isinstance(t, FloatTensor)`` asks for t's dtype."""

    dtype: dtype

    def __instancecheck__(cls, instance: Any) -> bool:
        return (isinstance(instance, Tensor) and instance._dtype is cls.dtype and instance._device.type == "cpu"
                and not instance.is_sparse)

    def __call__(cls, *args: Any, **kwargs: Any) -> Tensor:
        return legacy_new(Tensor, args, dtype=cls.dtype, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        """Methods of all tensors, as in ``FloatTensor.add``."""
        return getattr(Tensor, name)

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


class BoolTensor(metaclass=_TensorType):
    """Legacy constructor of bool tensors."""

    dtype = dtypes.bool_


class ByteTensor(metaclass=_TensorType):
    """Legacy constructor of uint8 tensors.

    >>> torch.ByteTensor([1, 255])
    tensor([  1, 255], dtype=torch.uint8)
    """

    dtype = dtypes.uint8


class CharTensor(metaclass=_TensorType):
    """Legacy constructor of int8 tensors.

    >>> torch.CharTensor([1, -1])
    tensor([ 1, -1], dtype=torch.int8)
    """

    dtype = dtypes.int8


class ShortTensor(metaclass=_TensorType):
    """Legacy constructor of int16 tensors.

    >>> torch.ShortTensor([1, 2])
    tensor([1, 2], dtype=torch.int16)
    """

    dtype = dtypes.int16


class IntTensor(metaclass=_TensorType):
    """Legacy constructor of int32 tensors.

    >>> torch.IntTensor([1, 2])
    tensor([1, 2], dtype=torch.int32)
    """

    dtype = dtypes.int32


class LongTensor(metaclass=_TensorType):
    """Legacy constructor of int64 tensors.

    >>> torch.LongTensor([[1, 2]]).shape
    torch.Size([1, 2])
    """

    dtype = dtypes.int64


class HalfTensor(metaclass=_TensorType):
    """Legacy constructor of float16 tensors.

    >>> torch.HalfTensor([1.5])
    tensor([1.5000], dtype=torch.float16)
    """

    dtype = dtypes.float16


class BFloat16Tensor(metaclass=_TensorType):
    """Legacy constructor of bfloat16 tensors."""

    dtype = dtypes.bfloat16


class FloatTensor(metaclass=_TensorType):
    """Legacy constructor of float32 tensors.

    >>> FloatTensor([1, 2])
    tensor([1., 2.])
    """

    dtype = dtypes.float32


class DoubleTensor(metaclass=_TensorType):
    """Legacy constructor of float64 tensors.

    >>> torch.DoubleTensor([1, 2])
    tensor([1., 2.], dtype=torch.float64)
    """

    dtype = dtypes.float64


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype, and the device of new tensors, by a legacy tensor type or its name.

    >>> set_default_tensor_type("torch.FloatTensor")
    """
    from .ops.conversion import as_dtype, device_type
    from .ops.options import set_default_device

    if not isinstance(t, dtypes.dtype):
        set_default_device(device_type(t))
    dtypes.set_default_dtype(as_dtype(t))


class finfo:
    """Limits of a floating type, the default one unless given.

    >>> finfo(torch.float32).eps
    1.1920928955078125e-07
    """

    __slots__ = ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny")

    def __init__(self, type: dtype | None = None):
        kind = type or dtypes.get_default_dtype()
        if not (kind.is_floating_point or kind.is_complex):
            raise TypeError(f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{kind}'")
        if kind is dtypes.bfloat16:
            self.bits, self.eps, self.tiny, self.max = 16, 2.0**-7, 2.0**-126, (2 - 2.0**-7) * 2.0**127
            self.smallest_normal, self.resolution, self.min = self.tiny, 0.01, -self.max
        else:
            info = np.finfo(kind.numpy)
            self.bits, self.eps, self.max, self.min = info.bits, float(info.eps), float(info.max), float(info.min)
            self.tiny, self.resolution = float(info.tiny), float(info.resolution)
            self.smallest_normal = self.tiny
        self.dtype = kind.name

    def __repr__(self) -> str:
        return (f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
                f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})")


class iinfo:
    """Limits of an integer type.

    >>> iinfo(torch.int8).max
    127
    """

    __slots__ = ("bits", "dtype", "max", "min")

    def __init__(self, type: dtype):
        if type.category != 1:
            raise TypeError(f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{type}'")
        info = np.iinfo(type.numpy)
        self.bits, self.min, self.max, self.dtype = info.bits, int(info.min), int(info.max), type.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def is_tensor(obj: Any) -> bool:
    """Whether an object is a tensor.

    >>> is_tensor([1, 2])
    False
    """
    return isinstance(obj, TensorBase)


def is_storage(obj: Any) -> bool:
    """Whether an object is a storage.

    >>> is_storage(torch.FloatStorage(2)), is_storage(zeros(2))
    (True, False)
    """
    return isinstance(obj, (Storage, Memory))


def is_floating_point(input: Tensor) -> bool:
    """Whether a tensor's type is a floating type.

    >>> torch.is_floating_point(tensor([1.0]))
    True
    """
    return input._dtype.is_floating_point


def is_complex(input: Tensor) -> bool:
    """Whether a tensor's type is complex.

    >>> torch.is_complex(tensor([1.0]))
    False
    """
    return input._dtype.is_complex


def numel(input: Tensor) -> int:
    """Number of elements of a tensor.

    >>> torch.numel(torch.ones(2, 3))
    6
    """
    return input._array.size


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The type of a result of two tensors or numbers.

    >>> result_type(tensor([1, 2]), 1.0)
    torch.float32
    """
    return dtypes.promote_operands((tensor1, tensor2))


def get_num_threads() -> int:
    """How many threads kernels and BLAS use.

    >>> torch.get_num_threads() >= 1
    True
    """
    return threads.count


def set_num_threads(num: int) -> None:
    """Let kernels and BLAS use ``num`` threads. Results do not depend on it.

    >>> torch.set_num_threads(torch.get_num_threads())
    """
    if not isinstance(num, int):
        raise TypeError(f"set_num_threads expects an int, but got {type(num).__name__}")
    if num <= 0:
        raise RuntimeError(f"set_num_threads expects a positive integer, but got {num}")
    threads.set_count(num)


def set_flush_denormal(mode: bool) -> bool:
    """Take numbers too small for the normal range as zero, which is faster, or (False) as they are; whether the processor can.

    It holds for the calling thread, the threads that kernels run on, and NumPy in the calling thread.

    >>> tiny = tensor([1e-310], dtype=torch.float64)
    >>> set_flush_denormal(True), tiny * 1
    (True, tensor([0.], dtype=torch.float64))
    >>> set_flush_denormal(False), tiny * 1
    (True, tensor([1.0000e-310], dtype=torch.float64))
    """
    from nb_nn.kernels.cpu import subnormals

    if not isinstance(mode, bool):
        raise RuntimeError(f"set_flush_denormal expects a bool, but got {type(mode).__name__}")
    return subnormals.set_mode(mode)
