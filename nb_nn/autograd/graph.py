"""The graph of what was computed: nodes, what they saved, and how a call becomes one."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.state import state
from ..core.storage import storage_of
from ..core.tensor_base import TensorBase
from . import saved_tensors, views
from .edges import get_gradient_edge, increment_version, register_multi_grad_hook  # noqa: F401  names of torch.autograd.graph
from .node import FREED, GradientEdge, Node, count  # noqa: F401
from .saved_tensors import (  # noqa: F401
    Saved,
    SavedResults,
    UnpackedResults,
    disable_saved_tensors_hooks,
    in_use,
    save_on_cpu,
    saved_tensors_hooks,
)
from .views import edge_of

GRADIENT, ARGUMENT, RESULT, GRADIENTS, RESULTS, NEEDS, SIZE, DTYPE, GEOMETRY = range(9)
SUFFIXES = {"_size": SIZE, "_dtype": DTYPE, "_geometry": GEOMETRY}
OWN = {"grad": GRADIENT, "grads": GRADIENTS, "result": RESULT, "results": RESULTS, "needs": NEEDS}
GRAD, GRADS = object(), object()        # stand for the gradients among what a node has saved
GRAD_ALONE = [GRAD]             # what is saved for a formula of the gradient alone


class Formula:
    """A gradient formula, the names it wants, and where what is to be saved for it comes from."""

    __slots__ = ("function", "wanted", "sources", "of_grad", "of_grad_alone")

    def __init__(self, declaration: Any, function: Callable):
        code = function.__code__
        self.function = function
        self.wanted = code.co_varnames[:code.co_argcount]
        self.sources = [self._source(declaration, name) for name in self.wanted]
        self.of_grad = "grad" in self.wanted
        self.of_grad_alone = self.wanted == ("grad",)

    @staticmethod
    def _source(declaration: Any, name: str) -> tuple:
        """(kind, position of the argument, its name, its default)"""
        if name in ("grad", "grads") or name in OWN and name not in declaration.parameters:
            return OWN[name], 0, name, None
        kind, argument = ARGUMENT, name
        for suffix, meaning in SUFFIXES.items():
            if name.endswith(suffix) and name not in declaration.parameters:
                kind, argument = meaning, name.removesuffix(suffix)
        if argument not in declaration.parameters:
            raise TypeError(f"derivative of {declaration.name} asks for {name}, which is no argument of it")
        return kind, declaration.positions.get(argument, 1 << 30), argument, declaration.defaults.get(argument)


class OpNode(Node):
    """A recorded operation with a derivative: what its formulas named is saved, a list for each formula."""

    saved: list | None = None
    holds = False                   # whether a tensor is among what is saved: backward frees it
    packed = False                  # whether it went through hooks of the user

    def __init__(self, declaration: Any, formulas: list, edges: list, shapes: list):
        self.edges = edges
        self.shapes = shapes
        self.sequence = next(count)
        self.declaration = declaration
        self.formulas = formulas
        self.hooks = self.keepers = self.post_hooks = None      # asked for in backward
        if state.anomaly:
            from .anomaly_mode import remember

            remember(self)

    def name(self) -> str:
        return self.declaration.node_name

    def backward(self, grads: list) -> list:
        if self.saved is None:
            raise RuntimeError(FREED)
        grad = grads[0]
        conjugate = grad is not None and grad._dtype.category == 3 and self.declaration.holomorphic
        if conjugate:
            grads = [None if one is None else one.conj() for one in grads]
            grad = grads[0]
        found: list = [None] * len(self.edges)
        saved = saved_tensors.unpacked(self) if self.packed else self.saved
        for (formula, start, number), items in zip(self.formulas, saved):
            if grad is None and formula.of_grad:
                continue
            if items is GRAD_ALONE:
                found[start] = formula.function(grad)
                continue
            values = []
            for item in items:
                if item is GRAD:
                    values.append(grad)
                elif item.__class__ is Saved:
                    values.append(item.unpack(self))
                elif item.__class__ is list:
                    values.append([one.unpack(self) if one.__class__ is Saved else one for one in item])
                elif item.__class__ is SavedResults:
                    values.append(UnpackedResults(item.results, self))
                else:
                    values.append(grads if item is GRADS else item)
            if number is None:
                found[start] = formula.function(*values)
            else:
                found[start:start + number] = formula.function(*values)
        return [None if one is None else one.conj() for one in found] if conjugate else found

    def release(self) -> None:
        if self.holds:
            self.saved = None


def record(declaration: Any, args: tuple, kwargs: dict) -> Any:
    """Run an operation unrecorded, then make its results know how they came about."""
    first = declaration.parameters[0]
    if not args and first in kwargs:
        args, kwargs = (kwargs[first],), {name: value for name, value in kwargs.items() if name != first}
    out = kwargs.get("out") if kwargs else None
    if out is not None and declaration.formulas and differentiable(out):
        raise RuntimeError(f"{declaration.name}(): functions with out=... arguments don't support automatic differentiation, "
                           "but one of the arguments requires grad.")
    state.grad = False
    try:
        result = declaration.body(*args, **kwargs) if kwargs else declaration.body(*args)
    finally:
        state.grad = True
    if out is not None:
        views.count_write(out)
    is_tensor = isinstance(result, TensorBase)
    if is_tensor:
        if result._base is not None:        # the body ran unrecorded, the call did not; a view of such a view stays one
            result._made_unrecorded = isinstance(args[0], TensorBase) and args[0]._made_unrecorded
        if result._dtype.category < 2:      # what is cast to integers, or a mask, has no gradient
            return result
    elif result.__class__ is tuple or result.__class__ is list:
        for one in result:
            if isinstance(one, TensorBase) and one._base is not None:
                one._made_unrecorded = isinstance(args[0], TensorBase) and args[0]._made_unrecorded
    if not declaration.formulas or result is args[0]:
        return result
    node = build(declaration, args, kwargs)
    if node is None:
        return result
    if is_tensor:
        result._node, result._requires_grad = node, True
    else:
        node.outputs = len(result)
        for number, one in enumerate(result):
            if isinstance(one, TensorBase) and one._dtype.category >= 2:
                one._node, one._output_number, one._requires_grad = node, number, True
    save(node, args, kwargs, result)
    return result


def differentiable(out: Any) -> bool:
    """Whether a tensor to write into is of a type that could have a gradient."""
    return not isinstance(out, TensorBase) or out._dtype.category >= 2


def build(declaration: Any, args: tuple, kwargs: dict) -> OpNode | None:
    """A node with the edges of a call, or None if no argument wants a gradient."""
    edges, shapes, formulas = [], [], []
    joint, given, wanted = declaration.joint, len(args), False
    for formula, position, argument, default in declaration.plan:
        value = args[position] if position < given else kwargs.get(argument, default)
        if isinstance(value, TensorBase):
            leaf = None
            if value._base is not None:
                edge = edge_of(value)
                wanted = wanted or value._base._requires_grad       # made in no_grad: no gradient comes
            elif not value._requires_grad:
                edge = None
            elif value._node is not None:
                edge = value._node, value._output_number
            else:
                edge, leaf = value._leaf_edge or edge_of(value), value
            if edge is not None:
                wanted = True
            elif joint is None:
                continue
            formulas.append((formula, len(edges), None))
            edges.append(edge)
            shapes.append((value._array.shape, value._dtype, leaf))
        elif value.__class__ in (tuple, list):
            own = [edge_of(one) if isinstance(one, TensorBase) else None for one in value]
            wanted = wanted or any(own) or any_view_of_recorded(value)
            formulas.append((formula, len(edges), len(own)))
            edges += own
            shapes += [views.fit_of(one) if isinstance(one, TensorBase) else None for one in value]
        elif joint is not None:
            edges.append(None)
            shapes.append(None)
    if not wanted:
        return None
    return OpNode(declaration, formulas if joint is None else [(joint, 0, len(edges))], edges, shapes)


def any_view_of_recorded(values: Any) -> bool:
    """Whether a view of a tensor that requires a gradient is among ``values``."""
    return any(isinstance(one, TensorBase) and one._base is not None and one._base._requires_grad for one in values)


def save(node: OpNode, args: tuple, kwargs: dict, result: Any) -> None:
    """Keep what the node's formulas name."""
    node.saved, holds, given = [], False, len(args)
    for formula, _, number in node.formulas:
        if number is None and formula.of_grad_alone:
            node.saved.append(GRAD_ALONE)
            continue
        items = []
        for kind, position, argument, default in formula.sources:
            if kind == GRADIENT:
                items.append(GRAD)
            elif kind == ARGUMENT:
                value = args[position] if position < given else kwargs.get(argument, default)
                if isinstance(value, TensorBase):
                    items.append(Saved(value, False))
                    holds = True
                elif value.__class__ is tuple or value.__class__ is list:
                    items.append(pack(value))
                    holds = holds or items[-1].__class__ is list
                else:
                    items.append(value)
            elif kind == RESULT:
                items.append(Saved(result if isinstance(result, TensorBase) else result[0], True))
                holds = True
            elif kind == GRADIENTS:
                items.append(GRADS)
            elif kind == RESULTS:
                items.append(SavedResults(result))
                holds = True
            elif kind == NEEDS:
                items.append(tuple([edge is not None for edge in node.edges]))
            else:
                value = args[position] if position < given else kwargs.get(argument, default)
                if kind == SIZE:
                    items.append(value._array.shape if isinstance(value, TensorBase) else sizes(value))
                else:
                    items.append(value._dtype if kind == DTYPE else views.geometry(value))
        node.saved.append(items)
    node.holds = holds
    if in_use and holds:
        saved_tensors.pack(node)


def sizes(value: Any) -> Any:
    """Shapes of a list of tensors; of a number, that of a 0-d tensor."""
    return [one._array.shape for one in value] if isinstance(value, (list, tuple)) else ()


def pack(value: Any, is_result: bool = False) -> Any:
    """A value as a node keeps it."""
    if isinstance(value, TensorBase):
        return Saved(value, is_result)
    if value.__class__ in (list, tuple) and value and value[0].__class__ is not int and (
            any(isinstance(one, TensorBase) for one in value)):
        return [pack(one, is_result) for one in value]
    return tuple(value) if value.__class__ is list else value


def as_it_was(tensor: Any) -> Any:
    """A copy of a tensor that is about to be overwritten, with the tensor's history."""
    state.grad = False
    try:
        copy = tensor.clone()
    finally:
        state.grad = True
    copy._requires_grad, copy._node, copy._output_number = tensor._requires_grad, tensor._node, tensor._output_number
    return copy


def record_inplace(declaration: Any, input: Any, args: tuple, kwargs: dict) -> Any:
    """Run an in-place operation and make it the history of its first argument."""
    given = (input, *args)
    node = build(declaration, given, kwargs) if declaration.formulas else None
    views.check_writable(input, node is not None)
    if node is not None:                        # a formula may need what the operation is about to overwrite
        storage, original = storage_of(input), input
        if any("input" in formula.wanted for formula, _, _ in node.formulas):
            original = as_it_was(input)
        given = (original, *[as_it_was(one) if isinstance(one, TensorBase) and one._storage is storage else one for one in args])
    version = storage_of(input).version + 1
    state.grad = False
    try:
        declaration.body(input, *args, out=input, **kwargs)
    finally:
        state.grad = True
    storage_of(input).version = version
    if node is not None:
        first = node.formulas[0][0] if node.formulas else None      # of none, where only views made in no_grad were read
        views.rebase(input, node, "input" in declaration.formulas, first is not None and first is declaration.formulas.get("input"))
        save(node, given, kwargs, input)
    elif declaration.formulas:                  # nothing that was read wants a gradient, but others may share the memory
        views.refresh(input)
    return input
