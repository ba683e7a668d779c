"""The nodes of the graph."""
from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

from ..core.state import state

count = itertools.count()
FREED = ("Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). "
         "Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if "
         "you need to backward through the graph a second time or if you need to access saved tensors after calling backward.")


class Node:
    """One step of the graph. ``edges`` lead to the nodes that computed its arguments: (node, which result), or None
    for an argument that wants no gradient; ``shapes`` are (shape, dtype) of these arguments, to which gradients are fitted, and, of
    leaves, themselves."""

    node_name = "Node"
    outputs = 1
    hooks: dict | None = None                   # result number -> functions of its gradient
    keepers: dict | None = None                 # result number -> function that keeps its gradient, after all hooks
    post_hooks: dict | None = None
    traceback: str | None = None                # in anomaly mode: where it was recorded, and in whose backward
    parent: Node | None = None

    def __init__(self, edges: list, shapes: list, outputs: int = 1):
        self.edges = edges
        self.shapes = shapes
        self.outputs = outputs
        self.sequence = next(count)
        if state.anomaly:
            from .anomaly_mode import remember

            remember(self)

    def backward(self, grads: list) -> list:
        """Gradients of the arguments, one an edge, from those of the results (None where there is none)."""
        raise AssertionError(f"{type(self).__name__} has no backward")

    def release(self) -> None:
        """Forget what was saved for backward."""

    def name(self) -> str:
        """Name of the operation's derivative, such as ``MulBackward0``."""
        return self.node_name

    @property
    def next_functions(self) -> tuple:
        """The nodes that computed the arguments, and which of their results these were."""
        return tuple((None, 0) if edge is None else edge for edge in self.edges)

    def register_hook(self, hook: Callable) -> Any:
        """Call ``hook(grad_inputs, grad_outputs)`` after this node's backward."""
        from .hooks import Handle

        if self.post_hooks is None:
            self.post_hooks = {}
        return Handle(self.post_hooks, hook)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class AccumulateGrad(Node):
    """The end of the graph at a leaf: adds the gradient that arrives to the leaf's ``grad``.

    The leaf keeps it, so that each graph finds it, and it keeps the leaf by a weak reference alone; nodes with an edge to it keep both.
    """

    node_name = "AccumulateGrad"
    edges, shapes = (), ()
    sequence = 1 << 62                          # leaves are served as soon as their gradient is complete

    def __init__(self, variable: Any):
        self.reference = weakref.ref(variable)

    @property
    def variable(self) -> Any:
        """The leaf."""
        return self.reference()


class GradientEdge(NamedTuple):
    """Where a gradient arrives: the node that computed a tensor, and which of its results that is; of a leaf, what adds to its ``grad``."""

    node: Node
    output_nr: int
