"""A tensor in Python's syntax: operators, conversions, ``len``, iteration, printing and copying."""
from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import copying, interop, printing
from .core.scalars import NUMBERS
from .core.tensor_base import TensorBase
from .ops import arithmetic, comparison, conversion, division, exponential, logic, slicing
from .ops import matmul as matmul_ops

Tensor = TensorBase
OPERANDS = (TensorBase, *NUMBERS, np.ndarray)


class Operators(TensorBase):
    """A tensor in Python's syntax."""

    def __add__(self, other: Any) -> Any:
        return arithmetic.plus(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return arithmetic.plus(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __sub__(self, other: Any) -> Any:
        return arithmetic.minus(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return arithmetic.minus(other, self) if isinstance(other, OPERANDS) else NotImplemented

    def __mul__(self, other: Any) -> Any:
        return arithmetic.mul(self, other) if isinstance(other, OPERANDS) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return division.true_divide(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __rtruediv__(self, other: Any) -> Any:
        return division.true_divide(other, self) if isinstance(other, OPERANDS) else NotImplemented

    __div__, __rdiv__ = __truediv__, __rtruediv__

    def __floordiv__(self, other: Any) -> Any:
        return division.floor_divide(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __rfloordiv__(self, other: Any) -> Any:
        return division.floor_divide(other, self) if isinstance(other, OPERANDS) else NotImplemented

    def __mod__(self, other: Any) -> Any:
        return division.remainder(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __rmod__(self, other: Any) -> Any:
        return division.remainder(other, self) if isinstance(other, OPERANDS) else NotImplemented

    def __eq__(self, other: Any) -> Any:
        return comparison.eq(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __ne__(self, other: Any) -> Any:
        return comparison.ne(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __lt__(self, other: Any) -> Any:
        return comparison.lt(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __le__(self, other: Any) -> Any:
        return comparison.le(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __gt__(self, other: Any) -> Any:
        return comparison.gt(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __ge__(self, other: Any) -> Any:
        return comparison.ge(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __and__(self, other: Any) -> Any:
        return logic.bitwise_and(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __or__(self, other: Any) -> Any:
        return logic.bitwise_or(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __xor__(self, other: Any) -> Any:
        return logic.bitwise_xor(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __lshift__(self, other: Any) -> Any:
        return logic.bitwise_left_shift(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __rshift__(self, other: Any) -> Any:
        return logic.bitwise_right_shift(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def __rlshift__(self, other: Any) -> Any:
        return logic.bitwise_left_shift(other, self) if isinstance(other, OPERANDS) else NotImplemented

    def __rrshift__(self, other: Any) -> Any:
        return logic.bitwise_right_shift(other, self) if isinstance(other, OPERANDS) else NotImplemented

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__
    __iadd__, __isub__, __imul__ = arithmetic.plus_, arithmetic.minus_, arithmetic.mul_
    __itruediv__ = __idiv__ = division.true_divide_
    __ifloordiv__, __imod__ = division.floor_divide_, division.remainder_
    __iand__, __ior__, __ixor__ = logic.bitwise_and_, logic.bitwise_or_, logic.bitwise_xor_
    __ilshift__, __irshift__ = logic.bitwise_left_shift_, logic.bitwise_right_shift_
    __neg__, __abs__, __invert__ = arithmetic.neg, arithmetic.abs, logic.bitwise_not
    __hash__ = object.__hash__

    def __pos__(self) -> Tensor:
        return self

    def __matmul__(self, other: Any) -> Any:
        return matmul_ops.matmul(self, other) if isinstance(other, TensorBase) else NotImplemented

    def __rpow__(self, other: Any) -> Any:
        return exponential.pow(other, self)

    # Python
    def __bool__(self) -> bool:
        if self._array.size != 1:
            kind = "is ambiguous" if self._array.size else "with no values is ambiguous"
            many = "with more than one value " if self._array.size else ""
            raise RuntimeError(f"Boolean value of Tensor {many}{kind}")
        return bool(self.item())

    def __int__(self) -> int:
        return int(self.real_item("int64_t"))

    def __float__(self) -> float:
        return float(self.real_item("double"))

    def real_item(self, name: str) -> Any:
        """The only element as a real number; RuntimeError if it is not one."""
        value = conversion.only(self)
        if self._dtype.category < 3:
            return value
        if value.imag:
            raise RuntimeError(f"value cannot be converted to type {name} without overflow")
        return value.real

    def __complex__(self) -> Any:
        return builtins.complex(conversion.only(self))

    def __index__(self) -> int:
        if self._dtype.category >= 2 or self._array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(slicing.unbind(self, 0))

    def __contains__(self, value: Any) -> bool:
        if not isinstance(value, (TensorBase, *NUMBERS)):
            raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(value)}.")
        return bool((self == value).any())

    def __repr__(self) -> str:
        return printing.tensor_str(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self._array.ndim == 0 else object.__format__(self, spec)

    def __dir__(self) -> list[str]:
        return sorted({*dir(type(self)), *self.__dict__})

    def __deepcopy__(self, memo: dict) -> Tensor:
        return copying.deepcopy(self, memo)

    def __reduce_ex__(self, protocol: int) -> Any:
        return copying.reduce(self)

    __array__, __array_wrap__ = conversion.array, interop.array_wrap
    __dlpack__, __dlpack_device__ = interop.dlpack, interop.dlpack_device
    __array_namespace__, to_device = interop.array_namespace, interop.to_device
