"""The graph of what was computed: nodes, what they saved, and how a call becomes one."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.device import CPU
from ..core.state import state
from ..core.storage import storage_of
from ..core.tensor_base import TensorBase, wrap
from . import views
from .node import Node
from .views import edge_of


class Formula:
    """A gradient formula and the names of what it needs."""

    __slots__ = ("function", "wanted")

    def __init__(self, declaration: Any, function: Callable):
        code = function.__code__
        self.function = function
        self.wanted = code.co_varnames[:code.co_argcount]
        for name in self.wanted:
            plain = name.removesuffix("_size").removesuffix("_dtype").removesuffix("_geometry")
            if name not in ("grad", "grads", "result", "results", "needs") and plain not in declaration.parameters:
                raise TypeError(f"derivative of {declaration.name} asks for {name}, which is no argument of it")


class OpNode(Node):
    """A recorded operation with a derivative: what its formulas named is saved."""

    __slots__ = ("declaration", "formulas", "saved", "spans", "results")

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
    save(node, declaration, args, kwargs, result)
    return result


def build(declaration: Any, args: tuple, kwargs: dict) -> OpNode | None:
    """A node with the edges of a call, or None if no argument wants a gradient."""
    edges, shapes, formulas, wanted = [], [], [], False
    for name, formula in declaration.formulas.items():
        value = declaration.value(name, args, kwargs)
        sequence = value.__class__ in (tuple, list)
        targets = value if sequence else (value,)
        own = [edge_of(t) if isinstance(t, TensorBase) and t._dtype.category >= 2 else None for t in targets]
        if any(own) or formula is declaration.joint:
            if formula is not declaration.joint:
                formulas.append((formula, len(edges), len(own) if sequence else None))
            wanted = wanted or any(own)
            edges += own
            shapes += [(t._array.shape, t._dtype) if edge is not None else None for t, edge in zip(targets, own)]
    if not wanted:
        return None
    node = OpNode(edges, shapes)
    node.declaration = declaration
    node.formulas = formulas or [(declaration.joint, 0, len(edges))]
    return node


def save(node: OpNode, declaration: Any, args: tuple, kwargs: dict, result: Any) -> None:
    """Keep what the node's formulas name."""
    saved = node.saved = {}
    for formula, _, _ in node.formulas:
        for name in formula.wanted:
            if name in saved or name == "grad" or name == "grads":
                continue
            if name == "result":
                saved[name] = pack(result, True)
            elif name == "results":
                saved[name] = [pack(one, True) for one in result]
            elif name == "needs":
                saved[name] = tuple([edge is not None for edge in node.edges])
            elif name in declaration.parameters:
                saved[name] = pack(declaration.value(name, args, kwargs), False)
            elif name.endswith("_size"):
                saved[name] = sizes(declaration.value(name[:-5], args, kwargs))
            elif name.endswith("_geometry"):
                saved[name] = views.geometry(declaration.value(name[:-9], args, kwargs))
            else:
                saved[name] = declaration.value(name[:-6], args, kwargs)._dtype


def sizes(value: Any) -> Any:
    """Shape of a tensor, or shapes of a list of them."""
    return value._array.shape if isinstance(value, TensorBase) else [one._array.shape for one in value]


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
        save(node, declaration, given, kwargs, input)
    elif declaration.formulas:                  # nothing that was read wants a gradient, but others may share the memory
        views.refresh(input)
    return input
