"""The tensor that a module learns."""
from __future__ import annotations

from typing import Any

from .. import copying
from ..core.tensor_base import alias_of
from ..ops.creation import empty
from ..tensor import Tensor


class Parameter(Tensor):
    """A tensor that, given to a module as an attribute, becomes one of its parameters.

    It shares the memory of ``data`` and is a leaf; it requires grad unless told otherwise, also when made in `no_grad`.

    >>> Parameter(torch.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Any:
        made = alias_of(empty(0) if data is None else data)
        made.__class__ = cls
        made.requires_grad = requires_grad
        return made

    def __deepcopy__(self, memo: dict) -> Parameter:
        made = copying.deepcopy(self, memo)
        made._grad = None               # a copied module starts without gradients
        return made

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()
