"""A tensor's part in the graph: its history, its gradient and its hooks."""
from __future__ import annotations

import warnings
from typing import Any

from .autograd import engine, hooks, views
from .core import storage, tensor_base
from .core.tensor_base import TensorBase, alias_of

Tensor = TensorBase


class Recorded(TensorBase):
    """A tensor's part in the graph."""

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return self._requires_grad or self._base is not None and self._base._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not value and not self.is_leaf:
            raise RuntimeError("you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
                               "subgraph that doesn't require differentiation use var_no_grad = var.detach().")
        if value and self._dtype.category < 2:
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        self._requires_grad = bool(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set whether operations on this tensor are recorded.

        >>> torch.ones(1).requires_grad_()
        tensor([1.], requires_grad=True)
        """
        self.requires_grad = requires_grad
        return self

    @property
    def grad_fn(self) -> Any:
        """The node of the graph that computed this tensor, None for a leaf."""
        if self._base is not None:
            views.refresh(self)
        return self._node

    @property
    def is_leaf(self) -> bool:
        """Whether gradients stop here: not computed by a recorded operation."""
        return self.grad_fn is None

    @property
    def grad(self) -> Any:
        """The gradient that backward has added up, None before."""
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, TensorBase):
                raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}")
            if value is self:
                raise RuntimeError("can't assign Tensor as its own grad")
            if value._array.shape != self._array.shape:
                raise RuntimeError(f"assigned grad has data of a different size: expected {list(self._array.shape)}, got "
                                   f"{list(value._array.shape)}")
            if value._dtype is not self._dtype or value._device != self._device:
                raise RuntimeError(f"assigned grad has data of a different type: expected {self.type()}, got {value.type()}")
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def data(self) -> Tensor:
        """The same elements without history; writing to them is not noticed by backward."""
        made = alias_of(self)
        made._storage = storage.Storage(self._storage.root, self._storage.resizable)
        return made

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, TensorBase):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        self._array, self._dtype, self._storage = value._array, value._dtype, tensor_base.storage_of(value)
        self._device = value._device

    @property
    def _version(self) -> int:
        return tensor_base.storage_of(self).version

    @property
    def output_nr(self) -> int:
        """Which result of its node this tensor is."""
        return self._output_number

    @property
    def volatile(self) -> bool:
        """Always False: in torch before 0.4 whether nothing was recorded; `no_grad` took its place. Asking warns."""
        warnings.warn("volatile was removed (Variable.volatile is always False)", UserWarning, stacklevel=2)
        return False

    @volatile.setter
    def volatile(self, value: bool) -> None:
        warnings.warn("volatile was removed and now has no effect. Use `with torch.no_grad():` instead.", UserWarning, stacklevel=2)

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called."""
        return self._retains_grad

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None) -> None:
        """Add to the ``grad`` of every leaf the gradient of this tensor; see `autograd.backward`."""
        engine.backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def register_hook(self, hook: Any) -> hooks.Handle:
        """Call ``hook(grad)`` when the gradient of this tensor is computed; a tensor it returns replaces the gradient."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        node = self.grad_fn
        if node is None:
            if self._hooks is None:
                self._hooks = {}
            return hooks.Handle(self._hooks, hook)
        if node.hooks is None:
            node.hooks = {}
        return hooks.Handle(node.hooks.setdefault(self._output_number, {}), hook)

    def register_post_accumulate_grad_hook(self, hook: Any) -> hooks.Handle:
        """Call ``hook(tensor)`` each time backward has added to the ``grad`` of this leaf."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.grad_fn is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        if self._after_hooks is None:
            self._after_hooks = {}
        return hooks.Handle(self._after_hooks, hook)

    def retain_grad(self) -> None:
        """Let backward keep the gradient of a tensor that is not a leaf in ``grad``, too."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.is_leaf or self._retains_grad:
            return
        self._retains_grad = True
        kept = hooks.weakref.ref(self)

        def keep(grad: Tensor) -> None:
            if kept() is not None:
                held = kept()._grad
                kept()._grad = grad.detach().clone() if held is None else held + grad

        node = self.grad_fn
        if node.keepers is None:
            node.keepers = {}
        node.keepers[self._output_number] = keep

    def detach_(self) -> Tensor:
        """Make this tensor a leaf.

        >>> x = tensor([1.0], requires_grad=True) * 2
        >>> x.detach_()
        tensor([2.])
        """
        if self._base is not None:
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        if self._node is not None and self._node.hooks:         # hooks on this tensor stay
            self._hooks = self._node.hooks.get(self._output_number)
        self._node, self._requires_grad, self._output_number = None, False, 0
        return self
