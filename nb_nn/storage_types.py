"""Typed storages: a class a type."""
from __future__ import annotations

from .core import dtype as dtypes
from .storage import NAMED, OF_DTYPE, Storage


class BoolStorage(Storage):
    """Memory of bool elements."""

    dtype = dtypes.bool_


class ByteStorage(Storage):
    """Memory of uint8 elements.

    >>> torch.ByteStorage([1, 255]).tolist()
    [1, 255]
    """

    dtype = dtypes.uint8


class CharStorage(Storage):
    """Memory of int8 elements.

    >>> torch.CharStorage([1, -1]).tolist()
    [1, -1]
    """

    dtype = dtypes.int8


class ShortStorage(Storage):
    """Memory of int16 elements.

    >>> torch.ShortStorage([1, -300]).tolist()
    [1, -300]
    """

    dtype = dtypes.int16


class IntStorage(Storage):
    """Memory of int32 elements.

    >>> torch.IntStorage([1, 2]).element_size()
    4
    """

    dtype = dtypes.int32


class LongStorage(Storage):
    """Memory of int64 elements.

    >>> torch.LongStorage([1, 2]).element_size()
    8
    """

    dtype = dtypes.int64


class UInt16Storage(Storage):
    """Memory of uint16 elements."""

    dtype = dtypes.uint16


class UInt32Storage(Storage):
    """Memory of uint32 elements."""

    dtype = dtypes.uint32


class UInt64Storage(Storage):
    """Memory of uint64 elements."""

    dtype = dtypes.uint64


class HalfStorage(Storage):
    """Memory of float16 elements.

    >>> torch.HalfStorage([1.5]).tolist()
    [1.5]
    """

    dtype = dtypes.float16


class BFloat16Storage(Storage):
    """Memory of bfloat16 elements."""

    dtype = dtypes.bfloat16


class FloatStorage(Storage):
    """Memory of float32 elements.

    >>> FloatStorage([1, 2])
     1.0
     2.0
    [torch.FloatStorage of size 2]
    """

    dtype = dtypes.float32


class DoubleStorage(Storage):
    """Memory of float64 elements.

    >>> torch.DoubleStorage([0.1]).tolist()
    [0.1]
    """

    dtype = dtypes.float64


class ComplexFloatStorage(Storage):
    """Memory of complex64 elements."""

    dtype = dtypes.complex64


class ComplexDoubleStorage(Storage):
    """Memory of complex128 elements."""

    dtype = dtypes.complex128


class UntypedStorage(ByteStorage):
    """Memory in bytes, whatever a tensor takes them for."""


OF_DTYPE.update({kind.dtype: kind for kind in (
    BoolStorage, ByteStorage, CharStorage, ShortStorage, IntStorage, LongStorage, UInt16Storage, UInt32Storage, UInt64Storage,
    HalfStorage, BFloat16Storage, FloatStorage, DoubleStorage, ComplexFloatStorage, ComplexDoubleStorage)})
NAMED.update({kind.__name__: kind for kind in (*OF_DTYPE.values(), UntypedStorage)})
