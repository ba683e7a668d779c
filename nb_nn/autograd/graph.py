"""The graph of what was computed: nodes, what they saved, and how a call becomes one."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.device import CPU
from ..core.state import state
from ..core.storage import storage_of
from ..core.tensor_base import TensorBase, wrap
from . import views
from .node import Node, count
from .views import edge_of


ARGUMENT, RESULT, RESULTS, NEEDS, SIZE, DTYPE, GEOMETRY = range(7)
SUFFIXES = {"_size": SIZE, "_dtype": DTYPE, "_geometry": GEOMETRY}
OWN = {"result": RESULT, "results": RESULTS, "needs": NEEDS}


class Formula:
    """A gradient formula, the names it wants, and where what is to be saved for it comes from."""

    __slots__ = ("function", "wanted", "sources")

    def __init__(self, declaration: Any, function: Callable):
        code = function.__code__
        self.function = function
        self.wanted = code.co_varnames[:code.co_argcount]
        self.sources = [self._source(declaration, name) for name in self.wanted if name not in ("grad", "grads")]

    @staticmethod
    def _source(declaration: Any, name: str) -> tuple:
        """(name, kind, position of the argument, its name, its default)"""
        if name in OWN and name not in declaration.parameters:
            return name, OWN[name], 0, name, None
        kind, argument = ARGUMENT, name
        for suffix, meaning in SUFFIXES.items():
            if name.endswith(suffix) and name not in declaration.parameters:
                kind, argument = meaning, name.removesuffix(suffix)
        if argument not in declaration.parameters:
            raise TypeError(f"derivative of {declaration.name} asks for {name}, which is no argument of it")
        return name, kind, declaration.positions.get(argument, 1 << 30), argument, declaration.defaults.get(argument)


class OpNode(Node):
    """A recorded operation with a derivative: what its formulas named is saved."""

    def __init__(self, declaration: Any, formulas: list, edges: list, shapes: list):
        self.edges = edges
        self.shapes = shapes
        self.sequence = next(count)
        self.declaration = declaration
        self.formulas = formulas

    def name(self) -> str:
        return self.declaration.node_name

    def backward(self, grads: list) -> list:
        if self.saved is None:
            raise RuntimeError("Trying to backward through the graph a second time (or directly access saved tensors after they "
                               "have already been freed). Saved intermediate values of the graph are freed when you call "
                               ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
                               "graph a second time or if you need to access saved tensors after calling backward.")
        values = {name: self._unpack(name, item) for name, item in self.saved.items()}
        values["grad"], values["grads"] = grads[0], grads
        found: list = [None] * len(self.edges)
        for formula, start, count in self.formulas:
            if "grad" in formula.wanted and grads[0] is None:
                continue
            answer = formula.function(*[values[name] for name in formula.wanted])
            if count is None:
                found[start] = answer
            else:
                found[start:start + count] = answer
        return found

    def release(self) -> None:
        self.saved = None

    def _unpack(self, name: str, item: Any) -> Any:
        if item.__class__ is Saved:
            return item.unpack(self)
        if item.__class__ is list:
            return [self._unpack(name, one) for one in item]
        return item


class Saved:
    """A tensor kept for backward: as it was, at the version it had."""

    __slots__ = ("tensor", "array", "storage", "version", "dtype", "device", "node", "output", "requires_grad")

    def __init__(self, tensor: Any, is_result: bool):
        self.array = tensor._array
        self.storage = tensor._storage or storage_of(tensor)
        self.version = self.storage.version
        self.dtype = tensor._dtype
        self.device = tensor._device
        self.output = tensor._output_number
        self.requires_grad = tensor._requires_grad
        self.tensor, self.node = (None, None) if is_result else (tensor, tensor._node)
        # (a result itself is not kept: tensor -> node -> tensor would be a cycle)

    def unpack(self, owner: Node) -> Any:
        """The tensor with the history it had; RuntimeError if it has been written to since."""
        if self.storage.version != self.version:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace operation: "
                f"[torch.{self.dtype.tensor_name} {list(self.array.shape)}], {self._origin(owner)}, is at version "
                f"{self.storage.version}; expected version {self.version} instead. It was saved for {owner.name()}.")
        tensor = self.tensor
        if tensor is not None and tensor._array is self.array and tensor._node is self.node and (
                tensor._requires_grad == self.requires_grad):
            return tensor
        result = wrap(self.array, self.dtype)
        result._storage = self.storage
        if self.device is not CPU:
            result._device = self.device
        result._requires_grad = self.requires_grad
        result._node = owner if tensor is None else self.node
        result._output_number = self.output
        if tensor is not None and self.node is None:
            result._accumulator = tensor._accumulator
        return result

    def _origin(self, owner: Node) -> str:
        node = owner if self.tensor is None else self.node
        return f"which is output {self.output} of {node.name()}" if node else "which is a leaf"


def record(declaration: Any, args: tuple, kwargs: dict) -> Any:
    """Run an operation unrecorded, then make its results know how they came about."""
    if kwargs.get("out") is not None and declaration.formulas:
        raise RuntimeError(f"{declaration.name}(): functions with out=... arguments don't support automatic differentiation, "
                           "but one of the arguments requires grad.")
    state.grad = False
    try:
        result = declaration.body(*args, **kwargs)
    finally:
        state.grad = True
    if not declaration.formulas or result is args[0]:
        return result
    results = result if isinstance(result, (tuple, list)) else (result,)
    node = build(declaration, args, kwargs)
    if node is None:
        return result
    node.outputs = len(results)
    for number, one in enumerate(results):
        if isinstance(one, TensorBase) and one._dtype.category >= 2:
            one._node, one._output_number, one._requires_grad = node, number, True
    save(node, args, kwargs, result)
    return result


def build(declaration: Any, args: tuple, kwargs: dict) -> OpNode | None:
    """A node with the edges of a call, or None if no argument wants a gradient."""
    edges, shapes, formulas = [], [], []
    joint = declaration.joint
    for name, formula in declaration.formulas.items():
        value = declaration.value(name, args, kwargs)
        if isinstance(value, TensorBase):
            edge = edge_of(value) if (value._requires_grad or value._base is not None) and value._dtype.category >= 2 else None
            if edge is None and joint is None:
                continue
            if joint is None:
                formulas.append((formula, len(edges), None))
            edges.append(edge)
            shapes.append((value._array.shape, value._dtype))
        elif value.__class__ in (tuple, list):
            own = [edge_of(one) if isinstance(one, TensorBase) and one._dtype.category >= 2 else None for one in value]
            if joint is None:
                formulas.append((formula, len(edges), len(own)))
            edges += own
            shapes += [(one._array.shape, one._dtype) if isinstance(one, TensorBase) else None for one in value]
        elif joint is not None:
            edges.append(None)
            shapes.append(None)
    for edge in edges:
        if edge is not None:
            return OpNode(declaration, formulas if joint is None else [(joint, 0, len(edges))], edges, shapes)
    return None


def save(node: OpNode, args: tuple, kwargs: dict, result: Any) -> None:
    """Keep what the node's formulas name."""
    saved = node.saved = {}
    for formula, _, _ in node.formulas:
        for name, kind, position, argument, default in formula.sources:
            if name in saved:
                continue
            if kind == RESULT:
                saved[name] = Saved(result if isinstance(result, TensorBase) else result[0], True)
            elif kind == RESULTS:
                saved[name] = [pack(one, True) for one in result]
            elif kind == NEEDS:
                saved[name] = tuple([edge is not None for edge in node.edges])
            else:
                value = args[position] if position < len(args) else kwargs.get(argument, default)
                if kind == ARGUMENT:
                    saved[name] = pack(value, False)
                elif kind == SIZE:
                    saved[name] = value._array.shape if isinstance(value, TensorBase) else sizes(value)
                else:
                    saved[name] = value._dtype if kind == DTYPE else views.geometry(value)


def sizes(value: Any) -> Any:
    """Shapes of a list of tensors; of a number, that of a 0-d tensor."""
    return [one._array.shape for one in value] if isinstance(value, (list, tuple)) else ()


def pack(value: Any, is_result: bool) -> Any:
    """A value as a node keeps it."""
    if isinstance(value, TensorBase):
        return Saved(value, is_result)
    if value.__class__ in (list, tuple) and value and any(isinstance(one, TensorBase) for one in value):
        return [pack(one, is_result) for one in value]
    return value


def record_inplace(declaration: Any, input: Any, args: tuple, kwargs: dict) -> Any:
    """Run an in-place operation and make it the history of its first argument."""
    views.check_writable(input)
    given = (input, *args)
    node = build(declaration, given, kwargs) if declaration.formulas else None
    if node is not None and any("input" in formula.wanted for formula, _, _ in node.formulas):
        state.grad = False
        try:                                    # the formula needs what the operation is about to overwrite
            original = input.clone()
        finally:
            state.grad = True
        original._requires_grad, original._node = input._requires_grad, input._node
        original._output_number = input._output_number
        given = (original, *args)
    state.grad = False
    try:
        declaration.body(input, *args, out=input, **kwargs)
    finally:
        state.grad = True
    storage_of(input).version += 1
    if node is not None:
        views.rebase(input, node, "input" in declaration.formulas, node.formulas[0][0] is declaration.formulas.get("input"))
        save(node, given, kwargs, input)
    elif declaration.formulas:                  # nothing that was read wants a gradient, but others may share the memory
        views.refresh(input)
    return input
