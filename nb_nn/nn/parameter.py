"""The tensors of a module: parameters, which it learns, and buffers; and both before their size is known."""
from __future__ import annotations

from typing import Any

from .. import copying
from ..core.tensor_base import alias_of, wrap
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


class Buffer(Tensor):
    """A tensor that, given to a module as an attribute, becomes one of its buffers: part of its state, but not learnt.

    One that is not ``persistent`` is left out of the module's ``state_dict``.

    >>> module = torch.nn.Module()
    >>> module.count = torch.nn.Buffer(torch.zeros(1))
    >>> list(module.state_dict())
    ['count']
    """

    persistent = True

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Any:
        made = alias_of(empty(0) if data is None else data)
        made.__class__ = cls
        made.persistent = persistent
        return made


REMEDY = "call the lazy module once, or load a state, to initialize it"


class Uninitialized:
    """A tensor whose size is not known yet: it has a type and a device, and refuses everything but to change them.

    `materialize` gives it a size and makes it an ordinary one.
    """

    cls_to_become: type

    @property
    def _array(self) -> Any:
        raise ValueError("Attempted to use an uninitialized parameter or buffer: " + REMEDY)

    @_array.setter
    def _array(self, array: Any) -> None:
        self.__dict__["_array"] = array     # seen again when the class has changed

    @property
    def shape(self) -> Any:
        """Not known yet: RuntimeError."""
        raise RuntimeError("Can't access the shape of an uninitialized parameter or buffer: " + REMEDY)

    def share_memory_(self) -> Any:
        """Not possible yet: RuntimeError."""
        raise RuntimeError("Can't share memory on an uninitialized parameter or buffer: " + REMEDY)

    @property
    def data(self) -> Tensor:
        """A tensor without elements, of the same type and device."""
        return wrap(self.__dict__["_array"], self._dtype)

    @data.setter
    def data(self, data: Tensor) -> None:
        self._array, self._dtype, self._device = data._array, data._dtype, data._device

    def detach(self) -> Any:
        """Itself."""
        return self

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Take uninitialised memory of a size, and become an ordinary parameter or buffer."""
        made = empty(shape, device=device or self._device, dtype=dtype or self._dtype)
        self.__class__ = self.cls_to_become
        self.data = made

    def __deepcopy__(self, memo: dict) -> Any:
        made = memo[id(self)] = rebuilt(type(self), self._dtype, self.requires_grad)
        return made

    def __reduce_ex__(self, protocol: Any) -> tuple:
        return rebuilt, (type(self), self._dtype, self.requires_grad)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def rebuilt(cls: type, dtype: Any, requires_grad: bool) -> Any:
    """An uninitialised tensor, out of a file or copied."""
    made = cls(dtype=dtype)
    made.requires_grad = requires_grad
    return made


class UninitializedParameter(Uninitialized, Parameter):
    """A parameter whose size is not known yet.

    >>> parameter = torch.nn.UninitializedParameter()
    >>> parameter.materialize((2, 3))
    >>> parameter.shape
    torch.Size([2, 3])
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        return Parameter.__new__(cls, empty(0, device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(Uninitialized, Tensor):
    """A buffer whose size is not known yet."""

    cls_to_become = Tensor

    def __new__(cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True) -> Any:
        made = alias_of(empty(0, device=device, dtype=dtype))
        made.__class__ = cls
        made.persistent = persistent
        return made


def is_lazy(param: Any) -> bool:
    """Whether a parameter or buffer is an uninitialised one."""
    return isinstance(param, Uninitialized)
