"""Functions with a gradient of your own."""
from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

from ..core.state import state
from ..core.storage import storage_of
from ..core.tensor_base import TensorBase, alias_of
from . import saved_tensors, views
from .graph import pack
from .node import FREED, Node


class FunctionCtx:
    """What ``forward`` hands to ``backward``: tensors by `save_for_backward`, anything else as attributes."""

    def __init__(self, needs_input_grad: tuple[bool, ...]):
        self.needs_input_grad = needs_input_grad    # one flag an argument of forward
        self._kept: Any = ()            # tensors; once forward has returned, as the graph keeps them
        self._without_gradient: tuple = ()
        self._dirty: tuple = ()
        self._materialize = True
        self._owner: Any = None         # weak reference to the node

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep arguments or results (or None) for ``backward``, which finds them in `saved_tensors`."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, TensorBase):
                raise TypeError(f"save_for_backward can only save variables, but argument is of type {type(tensor).__name__}")
        self._kept = tensors

    @property
    def saved_tensors(self) -> tuple:
        """What was saved; RuntimeError if it has been written to since, or was freed by an earlier backward."""
        owner = self._owner and self._owner()
        if self._kept is None or self._owner is not None and owner is None:
            raise RuntimeError(FREED)
        if owner is None:
            return self._kept
        return tuple(None if one is None else one.unpack(owner) for one in self._kept)

    saved_variables = saved_tensors

    def mark_dirty(self, *tensors: Any) -> None:
        """Say which arguments ``forward`` wrote to; it must return them."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say which results have no gradient; ``backward`` gets zeros or None for them."""
        self._without_gradient = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether ``backward`` gets zeros (the default) or None for results that nothing depends on."""
        self._materialize = value


class FunctionNode(Node):
    """A use of a `Function` in the graph. ``places`` are the arguments the edges belong to, ``count`` is how many there were,
    ``made`` what zeros for each result look like."""

    def name(self) -> str:
        return f"{self.function.__name__}Backward"

    def backward(self, grads: list) -> list:
        if self.context._materialize:
            grads = [made and zeros(*made) if grad is None else grad for grad, made in zip(grads, self.made)]
        found = self.function.backward(self.context, *grads)
        found = list(found) if isinstance(found, (tuple, list)) else [found]
        extra = found[self.count:]
        if len(found) < self.count or any(one is not None for one in extra):
            raise RuntimeError(f"function {self.name()} returned an incorrect number of gradients (expected {self.count}, got "
                               f"{len(found)})")
        for place, one in enumerate(found):
            if one is not None:
                self._check(place, one)
        return [found[place] for place in self.places]

    def _check(self, place: int, grad: Any) -> None:
        if not isinstance(grad, TensorBase):
            raise TypeError(f"function {self.name()} returned a gradient at position {place} that is no Tensor but "
                            f"{type(grad).__name__}")
        if place not in self.places:
            raise RuntimeError(f"function {self.name()} returned a gradient different from None at position {place + 1}, but the "
                               "corresponding forward input was not a Variable")
        shape = self.shapes[self.places.index(place)]
        if shape is not None and grad._array.shape != shape[0] and not reduces(grad._array.shape, shape[0]):
            raise RuntimeError(f"Function {self.name()} returned an invalid gradient at index {place} - got "
                               f"{list(grad._array.shape)} but expected shape compatible with {list(shape[0])}")

    def release(self) -> None:
        self.context._kept = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.context, name)


def zeros(shape: tuple, dtype: Any, device: Any) -> Any:
    """A gradient of zeros."""
    from ..ops.creation import zeros

    return zeros(shape, dtype=dtype, device=device)


def reduces(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether sums over dimensions lead from one shape to the other."""
    extra = len(shape) - len(target)
    return extra >= 0 and all(want in (1, have) for have, want in zip(shape[extra:], target))


class Function:
    """A step of the graph with a gradient of your own.

    A subclass has two static methods: ``forward(ctx, *args)`` computes the results, ``backward(ctx, *grads)`` returns one gradient
    (or None) an argument of ``forward`` from one an element of its results. It is called by ``apply``. What backward does is
    recorded, too, so that second derivatives follow from it, unless it is decorated by `once_differentiable`.

    >>> class Exp(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         result = x.exp()
    ...         ctx.save_for_backward(result)
    ...         return result
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (result,) = ctx.saved_tensors
    ...         return grad * result
    >>> Exp.apply(tensor([0.0], requires_grad=True))
    tensor([1.], grad_fn=<ExpBackward>)
    """

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        """Compute the results; ``ctx`` takes what backward will need."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of the arguments, from those of the results."""
        raise NotImplementedError("You must implement the backward function for custom autograd.Function.")

    def __call__(self, *args: Any) -> Any:
        raise RuntimeError("Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
                           f"function with static forward method: {type(self).__name__}.apply(...)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Call ``forward`` and let the graph know of ``backward``."""
        context = FunctionCtx(tuple(isinstance(one, TensorBase) and one.requires_grad for one in args))
        recording = state.grad
        state.grad = False
        try:
            result = cls.forward(context, *args)
        finally:
            state.grad = recording
        results = result if isinstance(result, tuple) else (result,)
        for one in context._dirty:
            if not any(one is other for other in results):
                raise RuntimeError("Some elements marked as dirty during the forward method were not returned as output. The inputs "
                                   "that are modified inplace must all be outputs of the Function.")
        if not recording or not any(context.needs_input_grad):
            context._kept = ()
            return result
        results = connect(cls, context, args, list(results))
        return tuple(results) if isinstance(result, tuple) else results[0]


def connect(function: type, context: FunctionCtx, args: tuple, results: list) -> list:
    """The results of a function with their history."""
    dirty = {id(one) for one in context._dirty}
    for one in context._dirty:
        views.check_writable(one)
    places = [place for place, one in enumerate(args) if isinstance(one, TensorBase)]
    places.sort(key=lambda place: id(args[place]) not in dirty)         # what is written comes first, as `views.rebase` wants it
    given = [args[place] for place in places]
    edges = [views.edge_of(one) if one._dtype.category >= 2 else None for one in given]
    node = FunctionNode(edges, [edge and views.fit_of(one) for one, edge in zip(given, edges)], len(results))
    node.function, node.context, node.places, node.count = function, context, places, len(args)
    node.made = [(one._array.shape, one._dtype, one._device) if isinstance(one, TensorBase) else None for one in results]
    untouched = {id(one) for one in args} - dirty
    without = {id(one) for one in context._without_gradient}
    own = set()
    for number, one in enumerate(results):
        if not isinstance(one, TensorBase):
            continue
        if id(one) in untouched:
            results[number] = alias_of(one)         # an argument handed through is a new tensor with a new history
        else:
            own.add(id(one))
        give_history(results[number], node, number, id(one) in dirty, id(one) not in without)
    context._kept = tuple([None if one is None else pack(one, id(one) in own) for one in context._kept])
    if saved_tensors.hooks.pairs:
        context._kept = tuple(map(saved_tensors.repack, context._kept))
    context._owner = weakref.ref(node)
    return results


def give_history(result: Any, node: FunctionNode, number: int, written: bool, differentiable: bool) -> None:
    """Make ``node`` the history of its result ``number``."""
    if written:
        storage_of(result).version += 1
    if not differentiable or result._dtype.category < 2:
        result._node, result._requires_grad = None, False
    elif written and result._base is not None:
        if node.outputs > 1:
            raise RuntimeError(f"{node.name()}: a function that writes to a view must return nothing else")
        views.rebase(result, node, True, True)
    else:
        result._base = None             # what forward made of its arguments by views has this history alone
        result._node, result._output_number, result._requires_grad = node, number, True


class DelayedError(Node):
    """The history of a gradient that was computed without recording."""

    message = ""

    def backward(self, grads: list) -> list:
        raise RuntimeError(self.message)


def once_differentiable(function: Callable) -> Callable:
    """Decorates a ``backward`` that is not recorded: to differentiate through it is an error.

    It may then use NumPy or write in place.
    """

    @functools.wraps(function)
    def backward(ctx: Any, *grads: Any) -> Any:
        recording = state.grad
        state.grad = False
        try:
            found = function(ctx, *grads)
        finally:
            state.grad = recording
        given = [one for one in grads if isinstance(one, TensorBase) and one.requires_grad]
        if not recording or not given:
            return found
        several = isinstance(found, tuple)
        results = [alias_of(one) if isinstance(one, TensorBase) else one for one in (found if several else (found,))]
        node = DelayedError([views.edge_of(one) for one in given], [(one._array.shape, one._dtype) for one in given], len(results))
        node.message = "trying to differentiate twice a function that was marked with @once_differentiable"
        for number, one in enumerate(results):
            if isinstance(one, TensorBase):
                one._node, one._output_number, one._requires_grad = node, number, True
        return tuple(results) if several else results[0]

    return backward
