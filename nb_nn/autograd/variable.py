"""The legacy ``Variable``: tensors are variables now."""
from __future__ import annotations

import warnings
from typing import Any

from ..core import tensor_base
from ..core.tensor_base import TensorBase, alias_of


class _VariableType(type):
    """Type of `Variable`: every tensor is an instance of it."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, TensorBase)

    def __getattr__(cls, name: str) -> Any:
        return getattr(tensor_base.tensor_class, name)


class Variable(metaclass=_VariableType):
    """A tensor over the memory of another, without history. Deprecated: a tensor needs no wrapper to require a gradient.

    ``volatile`` has no effect any more but a warning; use `no_grad`.

    >>> Variable(ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: bool | None = None) -> Any:
        if volatile is not None:
            warnings.warn("volatile was removed and now has no effect. Use `with torch.no_grad():` instead.", UserWarning, stacklevel=2)
        if data is None:
            made = tensor_base.tensor_class()
        elif isinstance(data, TensorBase):
            made = alias_of(data)
        else:
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return made.requires_grad_(requires_grad)
