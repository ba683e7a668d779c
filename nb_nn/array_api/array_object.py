"""The arrays of the namespace: tensors whose operators, indices and attributes are the standard's."""
from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType
from typing import Any

import numpy as np

from .. import interop, printing
from ..core.scalars import NUMBERS
from ..core.size import Size
from ..core.tensor_base import TensorBase
from ..ops import arithmetic, comparison, complex, conversion, copies, division, exponential, logic, slicing, view
from ..ops import matmul as matmul_ops
from ..tensor import Tensor
from . import division as standard
from . import subscript
from .promotion import same_type

NUMBERS_AND_ARRAYS = (*NUMBERS, np.ndarray)


class Count(int):
    """The number of elements of an array, which answers as `Tensor.size` does when it is called."""

    shape: tuple

    def __call__(self, dim: int | None = None) -> Any:
        return Size(self.shape) if dim is None else self.shape[view.wrap_dim(dim, len(self.shape))]

    def __reduce__(self) -> tuple:
        return int, (int(self),)


def arrays_of(made: Any, given: Iterable) -> Any:
    """What a function answered, tensors as arrays. Only one that it made becomes an array itself: what was given is seen by a new one."""
    if made.__class__ is Tensor:
        if is_given(made, given):
            made = copies.alias(made)
        made.__class__ = Array
    elif isinstance(made, TensorBase):
        return made if isinstance(made, Array) else arrays_of(copies.alias(made), ())
    elif isinstance(made, (list, tuple)) and any(isinstance(one, TensorBase) for one in made):
        parts = [arrays_of(one, given) if isinstance(one, TensorBase) else one for one in made]
        return type(made)(*parts) if hasattr(made, "_fields") else type(made)(parts)
    return made


def is_given(made: Any, given: Iterable) -> bool:
    """Whether a tensor is one of the arguments of a call, or in a list that is one."""
    for one in given:
        if one is made:
            return True
        if one.__class__ in (list, tuple) and is_given(made, one):
            return True
    return False


@functools.cache
def answering(function: Callable) -> Callable:
    """A function whose results are arrays."""
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        made = function(*args, **kwargs)
        return made if made.__class__ is Array else arrays_of(made, (*args, *kwargs.values()) if kwargs else args)

    return call


def answer_with_arrays(namespace: dict) -> None:
    """Make the public functions of a module of the standard answer with arrays; those that ``answers`` marks do already."""
    module = namespace["__name__"]
    for name, value in list(namespace.items()):
        if isinstance(value, FunctionType) and value.__module__.startswith(module):
            namespace[name] = call = value if hasattr(value, "answers") else answering(value)
            call.__name__ = call.__qualname__ = name
            call.__module__ = module


def summary(function: Callable) -> str:
    """The beginning of a docstring: its examples are of tensors."""
    return (function.__doc__ or "").partition("\n\n")[0]


def described_by(function: Callable) -> Callable:
    """`functools.wraps` with the beginning of the docstring."""
    def describe(call: Callable) -> Callable:
        functools.update_wrapper(call, function).__doc__ = summary(function)
        return call

    return describe


def method(function: Callable) -> Callable:
    """A tensor's method as an array's: what it makes are arrays."""
    @described_by(function)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = function(self, *args, **kwargs)
        if made.__class__ is Array or kwargs and kwargs.get("out") is not None:
            return made
        return arrays_of(made, args)

    return call


def with_methods_of(cls: type) -> Callable[[type], type]:
    """Give a subclass the public methods that a class binds, as methods that make arrays."""
    def decorate(own: type) -> type:
        for name, function in vars(cls).items():
            if isinstance(function, FunctionType) and not name.startswith("_") and name not in vars(own):
                setattr(own, name, method(function))
        return own

    return decorate


def operator(function: Callable, name: str) -> Callable:
    """An operator of arrays: both are promoted, one without dimensions as any other; beside a number it is the tensor's."""
    def call(self: Any, other: Any, /) -> Any:
        if isinstance(other, TensorBase):
            if other._dtype is not self._dtype:
                self, other = same_type(self, other)
        elif not isinstance(other, NUMBERS_AND_ARRAYS):
            return NotImplemented
        made = function(self, other)
        made.__class__ = Array
        return made

    call.__name__, call.__qualname__, call.__doc__ = name, f"Array.{name}", summary(function)
    return call


def reflected(function: Callable, name: str) -> Callable:
    """An operator whose left operand is not an array of the namespace."""
    def swapped(self: Any, other: Any) -> Any:
        return function(other, self)

    swapped.__doc__ = function.__doc__
    return operator(swapped, name)


def matrix_product(a: Any, b: Any) -> Any:
    """The product of two arrays; of anything else there is none."""
    if not isinstance(b, TensorBase) or not isinstance(a, TensorBase):
        raise TypeError("matmul: both operands must be arrays")
    return matmul_ops.matmul(a, b)


@with_methods_of(Tensor)
class Array(Tensor):
    """An array of the array-API standard. It is a tensor: layers, functions and autograd take it as any other.

    >>> xp = torch.ones(1).__array_namespace__()
    >>> x = xp.asarray([1.0, 2.0, 3.0])
    >>> x[::-1], x.size, x * xp.asarray(2.0, dtype=xp.float64)
    (Array([3., 2., 1.], dtype=float32), 3, Array([2., 4., 6.], dtype=float64))
    """

    __add__, __radd__ = operator(arithmetic.plus, "__add__"), reflected(arithmetic.plus, "__radd__")
    __sub__, __rsub__ = operator(arithmetic.minus, "__sub__"), reflected(arithmetic.minus, "__rsub__")
    __mul__, __rmul__ = operator(arithmetic.mul, "__mul__"), reflected(arithmetic.mul, "__rmul__")
    __truediv__, __rtruediv__ = operator(division.true_divide, "__truediv__"), reflected(division.true_divide, "__rtruediv__")
    __floordiv__, __rfloordiv__ = operator(standard.floor_quotient, "__floordiv__"), reflected(standard.floor_quotient, "__rfloordiv__")
    __mod__, __rmod__ = operator(standard.signed_remainder, "__mod__"), reflected(standard.signed_remainder, "__rmod__")
    __pow__, __rpow__ = operator(exponential.pow, "__pow__"), reflected(exponential.pow, "__rpow__")
    __matmul__, __rmatmul__ = operator(matrix_product, "__matmul__"), reflected(matrix_product, "__rmatmul__")
    __and__, __rand__ = operator(logic.bitwise_and, "__and__"), reflected(logic.bitwise_and, "__rand__")
    __or__, __ror__ = operator(logic.bitwise_or, "__or__"), reflected(logic.bitwise_or, "__ror__")
    __xor__, __rxor__ = operator(logic.bitwise_xor, "__xor__"), reflected(logic.bitwise_xor, "__rxor__")
    __lshift__, __rlshift__ = operator(logic.bitwise_left_shift, "__lshift__"), reflected(logic.bitwise_left_shift, "__rlshift__")
    __rshift__, __rrshift__ = operator(logic.bitwise_right_shift, "__rshift__"), reflected(logic.bitwise_right_shift, "__rrshift__")
    __eq__, __ne__ = operator(comparison.eq, "__eq__"), operator(comparison.ne, "__ne__")
    __lt__, __le__ = operator(comparison.lt, "__lt__"), operator(comparison.le, "__le__")
    __gt__, __ge__ = operator(comparison.gt, "__gt__"), operator(comparison.ge, "__ge__")
    __ifloordiv__, __imod__ = standard.floor_quotient_, standard.signed_remainder_
    __neg__, __abs__, __invert__ = method(arithmetic.neg), method(arithmetic.abs), method(logic.bitwise_not)
    __array_wrap__, to_device = method(interop.array_wrap), method(interop.to_device)
    __hash__ = object.__hash__

    def __imatmul__(self, other: Any) -> Any:
        made = self.clone() @ other
        if made._dtype is not self._dtype or made._array.shape != self._array.shape:
            raise ValueError(f"@=: a product of size {list(made._array.shape)} and type {made._dtype} does not fit into an array of "
                             f"size {list(self._array.shape)} and type {self._dtype}")
        return copies.copy_(self, made)

    # indexing
    def __getitem__(self, key: Any, /) -> Any:
        made = subscript.getitem(self, key)
        made.__class__ = Array
        return made

    def __setitem__(self, key: Any, value: Any, /) -> None:
        subscript.setitem(self, key, value)

    def __iter__(self) -> Iterator[Any]:
        if self._array.ndim == 0:
            raise TypeError("iteration over an array without dimensions")
        return iter(arrays_of(slicing.unbind(self, 0), ()))

    # attributes
    @property
    def size(self) -> Count:
        """Number of elements, an int; called as a tensor's method, ``size()`` and ``size(dim)``, it gives the sizes."""
        made = Count(self._array.size)
        made.shape = self._array.shape
        return made

    @property
    def T(self) -> Any:
        """A matrix transposed."""
        if self._array.ndim != 2:
            raise ValueError(f"T: an array of two dimensions is needed, not {self._array.ndim}; permute_dims and mT take others")
        return self.transpose(0, 1)

    @property
    def mT(self) -> Any:
        """The last two dimensions swapped."""
        if self._array.ndim < 2:
            raise ValueError(f"mT: an array of at least two dimensions is needed, not {self._array.ndim}")
        return self.transpose(-2, -1)

    H = property(method(complex.hermitian), doc="A matrix transposed and conjugated.")
    mH = property(method(complex.adjoint), doc="The last two dimensions swapped, and conjugated.")
    real = property(method(complex.real), complex.set_real, doc="Real parts, a view; a real array itself.")
    imag = property(method(complex.imag), complex.set_imag, doc="Imaginary parts of a complex array, a view.")
    data = property(method(Tensor.data.fget), Tensor.data.fset, doc=Tensor.data.__doc__)

    @property
    def grad(self) -> Any:
        """The gradient that backward has added up, an array; None before."""
        held = self._grad
        if held is not None and held.__class__ is Tensor:
            held = self._grad = arrays_of(held, (held,)) if held.requires_grad else arrays_of(copies.alias_of(held), ())
        return held

    grad = grad.setter(Tensor.grad.fset).deleter(Tensor.grad.fdel)

    # Python
    def __int__(self) -> int:
        return int(self.real_number("int"))

    def __float__(self) -> float:
        return float(self.real_number("float"))

    def real_number(self, kind: str) -> Any:
        """The only element; TypeError if it is complex."""
        if self._dtype.category == 3:
            raise TypeError(f"a complex array cannot be converted to {kind}; take real(x)")
        return conversion.only(self)

    def __complex__(self) -> Any:
        value = conversion.only(self)
        if self._dtype.category == 3:
            return value
        return builtins.complex(value, 0 if value == value else value)      # of NaN the standard wants NaN + NaN j

    def __repr__(self) -> str:
        return printing.array_str(self)
