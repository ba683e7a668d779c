"""The legacy tensor types of CUDA devices."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core.sparse_array import is_sparse
from ..tensor import Tensor, legacy_new
from ..types import _TensorType
from .devices import check_available


class _CudaType(_TensorType):
    """Type of the legacy CUDA types: ``isinstance(t, FloatTensor)`` asks for t's dtype and whether t is on a CUDA device."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance._dtype is cls.dtype and instance.is_cuda and not is_sparse(instance)

    def __call__(cls, *args: Any, **kwargs: Any) -> Tensor:
        check_available(f"torch.cuda.{cls.__name__}")
        return legacy_new(Tensor, args, **{"device": "cuda", **kwargs}, dtype=cls.dtype)

    def __repr__(cls) -> str:
        return f"<class 'torch.cuda.{cls.__name__}'>"


class BoolTensor(metaclass=_CudaType):
    """Legacy constructor of bool tensors on the current CUDA device; RuntimeError where there is none."""

    dtype = dtypes.bool_


class ByteTensor(metaclass=_CudaType):
    """Legacy constructor of uint8 tensors on the current CUDA device; RuntimeError where there is none."""

    dtype = dtypes.uint8


class CharTensor(metaclass=_CudaType):
    """Legacy constructor of int8 tensors on the current CUDA device; RuntimeError where there is none."""

    dtype = dtypes.int8


class ShortTensor(metaclass=_CudaType):
    """Legacy constructor of int16 tensors on the current CUDA device; RuntimeError where there is none."""

    dtype = dtypes.int16


class IntTensor(metaclass=_CudaType):
    """Legacy constructor of int32 tensors on the current CUDA device; RuntimeError where there is none."""

    dtype = dtypes.int32


class LongTensor(metaclass=_CudaType):
    """Legacy constructor of int64 tensors on the current CUDA device; RuntimeError where there is none."""

    dtype = dtypes.int64


class HalfTensor(metaclass=_CudaType):
    """Legacy constructor of float16 tensors on the current CUDA device; RuntimeError where there is none."""

    dtype = dtypes.float16


class BFloat16Tensor(metaclass=_CudaType):
    """Legacy constructor of bfloat16 tensors on the current CUDA device; RuntimeError where there is none."""

    dtype = dtypes.bfloat16


class FloatTensor(metaclass=_CudaType):
    """Legacy constructor of float32 tensors on the current CUDA device; RuntimeError where there is none."""

    dtype = dtypes.float32


class DoubleTensor(metaclass=_CudaType):
    """Legacy constructor of float64 tensors on the current CUDA device; RuntimeError where there is none."""

    dtype = dtypes.float64
