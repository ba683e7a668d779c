"""Data types, their order, and what a mixture of them promotes to."""
from __future__ import annotations

import functools
from typing import Any

import numpy as np

TENSOR_NAMES = {"bool": "BoolTensor", "uint8": "ByteTensor", "int8": "CharTensor", "int16": "ShortTensor", "int32": "IntTensor",
                "int64": "LongTensor", "uint16": "UInt16Tensor", "uint32": "UInt32Tensor", "uint64": "UInt64Tensor",
                "float16": "HalfTensor", "bfloat16": "BFloat16Tensor", "float32": "FloatTensor",
                "float64": "DoubleTensor", "complex64": "ComplexFloatTensor", "complex128": "ComplexDoubleTensor"}


class dtype:
    """Type of a tensor's elements, such as ``nb_nn.float32``.

    ``numpy`` is the NumPy type the elements are stored in (bfloat16 is stored as uint16 bits), ``compute`` the one they are
    computed in (float32 for the two half types).

    >>> torch.float32.is_floating_point, torch.int8.itemsize
    (True, 1)
    >>> tensor([1.5]).dtype is torch.float32
    True
    """

    __slots__ = ("name", "numpy", "compute", "itemsize", "is_floating_point", "is_complex", "is_signed", "category", "half",
                 "tensor_name")

    def __init__(self, name: str, numpy_name: str, category: int, compute: str | None = None):
        self.name = name
        self.numpy = np.dtype(numpy_name)
        self.compute = np.dtype(compute or numpy_name)
        self.itemsize = self.numpy.itemsize
        self.category = category                # 0 bool, 1 integer, 2 floating, 3 complex
        self.is_floating_point = category == 2
        self.is_complex = category == 3
        self.is_signed = name != "bool" and not name.startswith("uint")
        self.half = compute is not None
        self.tensor_name = TENSOR_NAMES[name]

    def to_real(self) -> dtype:
        """The type of the parts of a complex type; any other type is its own."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    def to_complex(self) -> dtype:
        """The complex type whose parts are of this floating type; RuntimeError where there is none."""
        found = self if self.is_complex else {"float32": complex64, "float64": complex128}.get(self.name)
        if found is None:
            raise RuntimeError(f"no complex type has parts of type {self}; use torch.float32 or torch.float64")
        return found

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return "bool_" if self.name == "bool" else self.name


bool_ = dtype("bool", "bool", 0)
uint8 = dtype("uint8", "uint8", 1)
int8 = dtype("int8", "int8", 1)
int16 = short = dtype("int16", "int16", 1)
int32 = int_ = dtype("int32", "int32", 1)
int64 = long = dtype("int64", "int64", 1)
uint16 = dtype("uint16", "uint16", 1)
uint32 = dtype("uint32", "uint32", 1)
uint64 = dtype("uint64", "uint64", 1)
float16 = half = dtype("float16", "float16", 2, "float32")
bfloat16 = dtype("bfloat16", "uint16", 2, "float32")
float32 = float_ = dtype("float32", "float32", 2)
float64 = double = dtype("float64", "float64", 2)
complex64 = cfloat = dtype("complex64", "complex64", 3)
complex128 = cdouble = dtype("complex128", "complex128", 3)
ALL = (bool_, uint8, int8, int16, uint16, int32, uint32, int64, uint64, float16, bfloat16, float32, float64, complex64, complex128)
_rank = {kind: rank for rank, kind in enumerate(ALL)}
_by_numpy = {kind.numpy: kind for kind in ALL if kind is not bfloat16}

_default = float32


def get_default_dtype() -> dtype:
    """The floating type that Python floats become, float32 unless changed.

    >>> get_default_dtype()
    torch.float32
    """
    return _default


def set_default_dtype(d: dtype) -> None:
    """Let Python floats become ``d``, which must be a floating type.

    >>> torch.set_default_dtype(torch.float64)
    >>> tensor(1.5).dtype
    torch.float64
    >>> torch.set_default_dtype(torch.float32)
    """
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"set_default_dtype: only floating-point types are supported as the default type, got {d}")
    _default = d


def from_numpy(kind: Any) -> dtype:
    """The type for a NumPy dtype; TypeError if there is none."""
    found = _by_numpy.get(np.dtype(kind))
    if found is None:
        native = np.dtype(kind).newbyteorder("=")
        if native in _by_numpy and native != np.dtype(kind):
            raise ValueError("given numpy array has byte order different from the native byte order")
        raise TypeError(f"can't convert np.ndarray of type {np.dtype(kind)}. The only supported types are: float64, float32, "
                        "float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool")
    return found


def of_number(value: Any) -> dtype:
    """The type a Python or NumPy number takes as a tensor."""
    if isinstance(value, (bool, np.bool_)):
        return bool_
    if isinstance(value, (int, np.integer)):
        return int64
    if isinstance(value, (float, np.floating)):
        return _default
    return complex128 if _default is float64 else complex64


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest type that holds both: of the higher category, wide enough; RuntimeError for uint64 and a signed integer.

    >>> promote_types(int32, float16)
    torch.float16
    """
    if type1 is type2:
        return type1
    low, high = sorted((type1, type2), key=_rank.__getitem__)
    if low.category != high.category:
        return high if not (high is complex64 and low is float64) else complex128
    if low.category == 1 and low.is_signed is not high.is_signed:
        return _of_both_signs(low, high)
    if low is float16 and high is bfloat16:
        return float32
    return high


def _of_both_signs(type1: dtype, type2: dtype) -> dtype:
    """The signed integer type that holds a signed and an unsigned one."""
    signed, unsigned = (type1, type2) if type1.is_signed else (type2, type1)
    if unsigned is uint64:
        raise RuntimeError("Promotion for uint64 and signed integer types is not supported, attempted to promote "
                           f"{type1.tensor_name[:-6]} and {type2.tensor_name[:-6]}")
    return signed if signed.itemsize > unsigned.itemsize else {1: int16, 2: int32, 4: int64}[unsigned.itemsize]


def promote_operands(operands: Any) -> dtype:
    """The type of a result of tensors and numbers: tensors with dimensions count first, then 0-d tensors, then numbers;
    a lower group matters only if its category is higher."""
    found = []
    for operand in operands:
        kind = getattr(operand, "_dtype", None)
        found.append((2, of_number(operand)) if kind is None else (0 if operand._array.ndim else 1, kind))
    return promote_groups(tuple(found))


@functools.cache
def promote_groups(found: tuple) -> dtype:
    """The type of a result of operands, each the number of its group and its type."""
    groups: list[dtype | None] = [None, None, None]
    for group, kind in found:
        groups[group] = kind if groups[group] is None else promote_types(groups[group], kind)
    result = None
    for kind in groups:
        if kind is not None and (result is None or kind.category > result.category):
            result = kind if result is None else _raise_category(result, kind)
    return result


def _raise_category(result: dtype, kind: dtype) -> dtype:
    if kind.is_complex and result.is_floating_point:
        return complex128 if result is float64 else complex64
    return kind


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether values may be stored as ``to`` without leaving their category downwards.

    >>> can_cast(float32, int32)
    False
    """
    if from_.category == 1 and from_.is_signed and to is uint8:
        return True
    return from_.category <= to.category
