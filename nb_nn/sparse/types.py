"""The legacy constructors of sparse tensors."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core.sparse_array import is_sparse
from ..ops.sparse.construction import legacy_sparse
from ..tensor import Tensor
from ..types import _TensorType


class _SparseType(_TensorType):
    """Type of the legacy sparse types: ``isinstance(t, FloatTensor)`` asks whether t is sparse and for its dtype."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance._dtype is cls.dtype and is_sparse(instance) and instance._device.type == "cpu"

    def __call__(cls, *args: Any, **kwargs: Any) -> Tensor:
        return legacy_sparse(args, cls.dtype, **kwargs)

    def __repr__(cls) -> str:
        return f"<class 'torch.sparse.{cls.__name__}'>"


class BoolTensor(metaclass=_SparseType):
    """Legacy constructor of sparse bool tensors."""

    dtype = dtypes.bool_


class ByteTensor(metaclass=_SparseType):
    """Legacy constructor of sparse uint8 tensors."""

    dtype = dtypes.uint8


class CharTensor(metaclass=_SparseType):
    """Legacy constructor of sparse int8 tensors."""

    dtype = dtypes.int8


class ShortTensor(metaclass=_SparseType):
    """Legacy constructor of sparse int16 tensors."""

    dtype = dtypes.int16


class IntTensor(metaclass=_SparseType):
    """Legacy constructor of sparse int32 tensors."""

    dtype = dtypes.int32


class LongTensor(metaclass=_SparseType):
    """Legacy constructor of sparse int64 tensors."""

    dtype = dtypes.int64


class HalfTensor(metaclass=_SparseType):
    """Legacy constructor of sparse float16 tensors."""

    dtype = dtypes.float16


class BFloat16Tensor(metaclass=_SparseType):
    """Legacy constructor of sparse bfloat16 tensors."""

    dtype = dtypes.bfloat16


class DoubleTensor(metaclass=_SparseType):
    """Legacy constructor of sparse float64 tensors."""

    dtype = dtypes.float64


class FloatTensor(metaclass=_SparseType):
    """Legacy constructor of sparse float32 tensors: of indices, values and perhaps a size, or of sizes alone.

    >>> torch.sparse.FloatTensor(tensor([[0, 2]]), tensor([1.0, 2.0])).to_dense()
    tensor([1., 0., 2.])
    """

    dtype = dtypes.float32
