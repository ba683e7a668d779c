"""Places in the graph: where a tensor's gradient arrives, and functions called when several have."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..core.storage import storage_of
from ..core.tensor_base import TensorBase
from . import engine, hooks
from .node import GradientEdge
from .views import edge_of


def get_gradient_edge(tensor: Any) -> GradientEdge:
    """Where the gradient of a tensor arrives; `autograd.grad` and ``backward(inputs=)`` take it in the tensor's place.

    It keeps the graph, and not the tensor.

    >>> x = tensor([2.0], requires_grad=True)
    >>> y = x * 3
    >>> edge = torch.autograd.graph.get_gradient_edge(y)
    >>> torch.autograd.grad((y * y).sum(), edge)
    (tensor([12.]),)
    """
    edge = edge_of(tensor)
    if edge is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    return GradientEdge(*edge)


def increment_version(tensor: Any) -> None:
    """Count a write to a tensor, or to several, that was made behind autograd's back: backward then refuses what was kept of it.

    >>> x = torch.ones(1)
    >>> torch.autograd.graph.increment_version(x)
    >>> x._version
    1
    """
    for one in (tensor,) if isinstance(tensor, TensorBase) else tensor:
        storage_of(one).version += 1


class MultiHandle(hooks.Handle):
    """Removes the hooks of several tensors."""

    def __init__(self, handles: Iterable[hooks.Handle]):
        self.handles = tuple(handles)

    def remove(self) -> None:
        """Take all of them away."""
        for handle in self.handles:
            handle.remove()


def register_multi_grad_hook(tensors: Sequence[Any], fn: Callable, *, mode: str = "all") -> MultiHandle:
    """Call ``fn(grads)`` in each backward once all gradients of ``tensors`` that it computes are there, with None for the others.

    With ``mode="any"``, call ``fn(grad)`` with the first of them. ``fn`` must not change gradients; the handle removes the hook.

    >>> a, b = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    >>> handle = torch.autograd.graph.register_multi_grad_hook((a, b), print)
    >>> (a * b * 2).sum().backward()
    [tensor([2.]), tensor([2.])]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    waited = [(place, one) for place, one in enumerate(tensors) if mode == "all" or one.requires_grad]
    nodes = [get_gradient_edge(one).node for _, one in waited]
    key = object()

    def hook(place: int) -> Callable:
        def arrived(grad: Any) -> None:
            run = engine.running.runs[-1]
            grads = run.collected.setdefault(key, [None] * len(tensors))
            grads[place] = grad
            count = sum(one is not None for one in grads)
            if mode == "all" and count == sum(map(run.reaches, nodes)):
                fn(grads)
            elif mode == "any" and count == 1:
                fn(grad)

        return arrived

    return MultiHandle(one.register_hook(hook(place)) for place, one in waited)
