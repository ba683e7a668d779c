"""Backward: walks the graph from results to leaves, each node once, without recursion."""
from __future__ import annotations

import heapq
import sys
import threading
from typing import Any

import numpy as np

from ..core.device import CPU
from ..core.sparse_array import SparseArray
from ..core.state import state
from ..core.tensor_base import TensorBase, wrap
from . import anomaly_mode, hooks
from .node import AccumulateGrad, GradientEdge, Node
from .views import edge_of


def _references(value: Any) -> int:
    return sys.getrefcount(value)


def _references_of_local(value: Any) -> int:
    held, value = value, None
    return sys.getrefcount(held)


HELD = _references_of_local([object()].pop())   # references to a gradient nobody else holds when `_add` counts them
UNSHARED = _references([object()].pop())        # references to a gradient nobody else holds when `accumulate` counts them


def backward(tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
             grad_variables: Any = None, inputs: Any = None) -> None:
    """Add to the ``grad`` of every leaf the gradient of ``tensors`` with respect to it.

    ``grad_tensors`` are the gradients of the tensors themselves; a tensor of one element may do without. The graph is freed
    unless ``retain_graph`` (default: ``create_graph``); with ``create_graph`` the gradients have a history too. With
    ``inputs``, only these get gradients.

    >>> x = tensor([3.0], requires_grad=True)
    >>> backward([x * x])
    >>> x.grad
    tensor([6.])
    """
    if grad_tensors is None:
        grad_tensors = grad_variables
    tensors = several(tensors)
    roots, grads = _roots(tensors, grad_tensors)
    targets = None
    if inputs is not None:
        inputs = several(inputs)
        if not inputs:
            raise RuntimeError("'inputs' argument to backward() cannot be empty.")
        targets = {place_of(one): one for one in inputs}
    found = run(roots, grads, create_graph if retain_graph is None else retain_graph, create_graph, targets)
    for edge, variable in (targets or {}).items():
        if found.get(edge) is not None:
            if variable.__class__ is GradientEdge:
                if type(variable.node) is not AccumulateGrad:
                    raise RuntimeError("backward: an edge given as input must be that of a leaf, whose grad can be added to")
                variable = variable.node.variable
            accumulate(variable, found[edge], create_graph)


def grad(outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
         only_inputs: bool = True, allow_unused: bool | None = None, materialize_grads: bool = False) -> tuple:
    """The gradients of ``outputs`` with respect to ``inputs``, which are left as they are.

    An input the outputs do not depend on raises RuntimeError, or gives None with ``allow_unused``. With ``only_inputs=False``
    the other leaves accumulate their gradients as in `backward`.

    >>> x = tensor([3.0], requires_grad=True)
    >>> grad(x * x, x)
    (tensor([6.]),)
    """
    outputs, inputs = several(outputs), several(inputs)
    roots, grads = _roots(outputs, grad_outputs)
    edges = []
    for one in inputs:
        edge = place_of(one)
        if edge is None:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        edges.append(edge)
    found = run(roots, grads, create_graph if retain_graph is None else retain_graph, create_graph,
                dict(zip(edges, inputs)), only_inputs)
    answers = [found.get(edge) for edge in edges]
    if materialize_grads:
        if any(answer is None and one.__class__ is GradientEdge for one, answer in zip(inputs, answers)):
            raise RuntimeError("grad: materialize_grads needs the size of an input that was not used; an edge does not know it")
        return tuple(one.new_zeros(one.shape) if answer is None else answer for one, answer in zip(inputs, answers))
    if not allow_unused and any(answer is None for answer in answers):
        raise RuntimeError("One of the differentiated Tensors appears to not have been used in the graph. "
                           "Set allow_unused=True if this is the desired behavior.")
    return tuple(answers)


def several(given: Any) -> tuple:
    """One or several tensors or edges as a tuple."""
    return (given,) if isinstance(given, (TensorBase, GradientEdge)) else tuple(given)


def place_of(one: Any) -> tuple | None:
    """The edge of a tensor, or an edge itself."""
    return tuple(one) if one.__class__ is GradientEdge else edge_of(one)


def _roots(tensors: tuple, grad_tensors: Any) -> tuple[list, list]:
    """Edges to start from and the gradients to start with."""
    if grad_tensors is None or isinstance(grad_tensors, TensorBase):
        grad_tensors = (grad_tensors,) * len(tensors) if grad_tensors is None else (grad_tensors,)
    if len(grad_tensors) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(grad_tensors)} gradients")
    edges, grads = [], []
    for number, (tensor, given) in enumerate(zip(tensors, grad_tensors)):
        edge = place_of(tensor)
        if edge is None:
            raise RuntimeError(f"element {number} of tensors does not require grad and does not have a grad_fn")
        if tensor.__class__ is GradientEdge:
            if not isinstance(given, TensorBase):
                raise RuntimeError(f"element {number} of outputs is an edge, which does not know its tensor's size: give its gradient, too")
            edges.append(edge)
            grads.append(given)
            continue
        if given is None:
            if tensor._array.size != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            if tensor._dtype.category == 3:
                raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {tensor._dtype}")
            kind, shape = tensor._dtype, tensor._array.shape
            plain = tensor._device is CPU and not kind.half
            given = wrap(np.ones(shape, kind.numpy), kind) if plain else tensor.detach().new_ones(shape)
        elif not isinstance(given, TensorBase):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(given).__name__}")
        elif given._array.shape != tensor._array.shape:
            raise RuntimeError(f"Mismatch in shape: grad_output[{number}] has a shape of {given.shape} and output[{number}] has a "
                               f"shape of {tensor.shape}.")
        edges.append(edge)
        grads.append(given)
    return edges, grads


def _count_dependencies(roots: list) -> dict[Node, int]:
    """For each node that can be reached, how many edges lead to it."""
    dependencies = dict.fromkeys([node for node, _ in roots], 0)
    waiting = list(dependencies)
    while waiting:
        for edge in waiting.pop().edges:
            if edge is not None:
                node = edge[0]
                count = dependencies.get(node)
                if count is None:
                    dependencies[node] = 1
                    waiting.append(node)
                else:
                    dependencies[node] = count + 1
    return dependencies


def _needed(roots: list, targets: Any) -> set[Node]:
    """The nodes whose gradients lead to a target: not the targets' own, unless they lead to another."""
    goals = {edge[0] for edge in targets if edge is not None}
    users: dict[Node, list[Node]] = {}
    waiting, seen = [node for node, _ in roots], set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            for edge in node.edges:
                if edge is not None:
                    users.setdefault(edge[0], []).append(node)
                    waiting.append(edge[0])
    needed: set[Node] = set()
    waiting = [user for goal in goals for user in users.get(goal, ())]
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting += users.get(node, ())
    return needed


class Run:
    """A backward under way: for hooks that wait for several gradients."""

    def __init__(self, reached: dict, needed: set | None, goals: dict):
        self.reached, self.needed, self.goals = reached, needed, goals
        self.collected: dict = {}

    def reaches(self, node: Node) -> bool:
        """Whether a gradient will come to a node."""
        return node in self.reached and (self.needed is None or node in self.needed or node in self.goals)


class _Running(threading.local):
    """The backwards under way in this thread, the innermost last."""

    def __init__(self) -> None:
        self.runs: list[Run] = []


running = _Running()


def run(roots: list, grads: list, keep_graph: bool, create_graph: bool, targets: Any = None, only: bool = True) -> dict:
    """Send ``grads`` from the ``roots`` down the graph.

    With ``targets`` (edges), the gradients that arrive there are returned, and with ``only`` nothing else is computed.
    """
    dependencies = _count_dependencies(roots)
    needed = _needed(roots, targets) if targets is not None and only else None
    goals: dict[Node, list] = {}
    for edge in targets or ():
        goals.setdefault(edge[0], []).append(edge)
    waiting_grads: dict[Node, list] = {}
    found: dict = {}
    was_recording, state.grad = state.grad, create_graph
    running.runs.append(Run(dependencies, needed, goals))
    try:
        for (node, number), value in zip(roots, grads):
            _add(waiting_grads, node, number, value)
        del grads, value
        ready = [(-node.sequence, id(node), node) for node in {node: None for node, _ in roots} if dependencies[node] == 0]
        heapq.heapify(ready)
        while ready:
            node = heapq.heappop(ready)[2]
            received = waiting_grads.pop(node, None)
            edges = node.edges
            results = None
            wanted = needed is None or node in needed
            if received is not None and (wanted or node in goals):
                if node.hooks or node.keepers:
                    _run_hooks(node, received)
                if goals and node in goals:
                    for edge in goals[node]:
                        found[edge] = received[edge[1]]
                if edges and wanted:
                    results = _results(node, received)
                elif type(node) is AccumulateGrad:
                    _arrive(node, received, found if node in goals else None, create_graph)
            for place, edge in enumerate(edges):
                if edge is not None:
                    follower, number = edge
                    if results is not None and results[place] is not None:
                        shape, dtype, _ = node.shapes[place]
                        value, results[place] = results[place], None
                        if value._array.shape != shape:
                            value = value.sum_to_size(shape)
                        if value._dtype is not dtype:
                            value = (value.real if value._dtype.category == 3 != dtype.category else value).to(dtype)
                        _add(waiting_grads, follower, number, value)
                        value = None
                    left = dependencies[follower] - 1
                    dependencies[follower] = left
                    if left == 0:
                        heapq.heappush(ready, (-follower.sequence, id(follower), follower))
            if results is not None and not keep_graph:
                node.release()
    finally:
        state.grad = was_recording
        running.runs.pop()
    return found


def _run_hooks(node: Node, received: list) -> None:
    for number, functions in (node.hooks or {}).items():
        if received[number] is not None:
            received[number] = hooks.run(functions, received[number])
    for number, keep in (node.keepers or {}).items():
        if received[number] is not None:
            keep(received[number])


def _arrive(node: AccumulateGrad, received: list, found: dict | None, create_graph: bool) -> None:
    """A gradient is complete at a leaf: add it there, or hand it to who asked for it."""
    variable = node.variable
    if variable._hooks:
        received[0] = hooks.run(variable._hooks, received[0])
    if found is not None:
        found[node, 0] = received[0]
    elif variable._node is not None:
        raise RuntimeError("leaf variable has been moved into the graph interior: it was detached and written to since it was used")
    elif variable.requires_grad:                # it may have been told not to since
        accumulate(variable, received.pop(), create_graph)
        for hook in list((variable._after_hooks or {}).values()):
            hook(variable)


def _results(node: Node, received: list) -> list:
    """What backward of one node gives; the gradients it was given are let go."""
    results = node.backward(received) if not state.anomaly else anomaly_mode.checked(node, received)
    if node.post_hooks:
        for hook in list(node.post_hooks.values()):
            changed = hook(tuple(results), tuple(received))
            results = results if changed is None else list(changed)
    received.clear()
    return results


def _add(waiting_grads: dict, node: Node, number: int, value: Any) -> None:
    slots = waiting_grads.get(node)
    if slots is None:
        slots = waiting_grads[node] = [None] * node.outputs
    elif slots[number] is not None:
        held, slots[number] = slots[number], None
        if sys.getrefcount(held) <= HELD and not state.grad and addable(held, value):
            value = held.add_(value)            # nobody else sees it
        else:
            value = value + held if held._array.__class__ is SparseArray else held + value      # strided + sparse alone is defined
    slots[number] = value


def addable(held: Any, value: Any) -> bool:
    """Whether ``value`` can be added to the memory of ``held``, which no other tensor shows."""
    return (held._array.__class__ is value._array.__class__ is np.ndarray and held._base is None and held._dtype is value._dtype
            and held._array.flags.c_contiguous and held._array.flags.writeable and owns_alone(held._array)
            and (sys.getrefcount(held._array) if held._storage is None else sys.getrefcount(held._storage)) <= 2)


def owns_alone(array: np.ndarray) -> bool:
    """Whether an array is no view of another that somebody else holds."""
    base = array.base
    return base.__class__ is not np.ndarray or sys.getrefcount(base) <= 3       # the array, the name here, the argument


def accumulate(variable: Any, value: Any, create_graph: bool) -> None:
    """Add a gradient to a leaf's ``grad``; one that nobody else holds becomes it without a copy."""
    held = variable._grad
    if held is not None:
        if create_graph or held._array.__class__ is SparseArray:
            variable._grad = held + value if value._array.__class__ is SparseArray else value + held
        else:
            held.add_(value)
    elif value._array.__class__ is SparseArray:
        variable._grad = value.clone()      # its values may be a view of other gradients
    elif create_graph:
        variable._grad = value.clone() if value._base is not None else value
    elif sys.getrefcount(value) <= UNSHARED and value._base is None and value._array.flags.c_contiguous and (
            value._storage is None or sys.getrefcount(value._storage) <= 2):
        value._requires_grad, value._node = False, None
        variable._grad = value
    elif value._base is not None and sys.getrefcount(value) <= UNSHARED and whole_of_unshared(value):
        variable._grad = wrap(value._array, value._dtype)
    else:
        variable._grad = value.detach().clone()


def whole_of_unshared(view: Any) -> bool:
    """Whether a view shows all elements, in order, of a tensor that only it still holds."""
    base = view._base
    return (view._array.nbytes == base._array.nbytes and view._array.flags.c_contiguous and base.__class__ is view.__class__
            and sys.getrefcount(base) <= 3              # the view, the name here, the argument
            and sys.getrefcount(view._storage) <= 3)    # the view, its base, the argument
