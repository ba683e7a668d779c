"""Gradient descent."""
from __future__ import annotations

from typing import Any

from ..core.sparse_array import is_sparse
from ..ops.creation import empty_like
from ..ops.optimizer import sgd_step
from .optimizer import Optimizer, required


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted.

    ``v = momentum * v + (1 - dampening) * g``, where v starts as the first gradient, then ``p = p - lr * v``; with ``nesterov``,
    ``p = p - lr * (g + momentum * v)``. ``g`` is the gradient plus ``weight_decay * p``; ``maximize`` goes up instead of down.
    Sparse gradients change the rows they hold; with momentum ``v`` is sparse, too.

    >>> p = tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.SGD([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.8000], requires_grad=True)
    """

    def __init__(self, params: Any, lr: float = required, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
                 nesterov: bool = False, *, maximize: bool = False):
        if lr is not required and lr < 0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if momentum < 0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
                                  "nesterov": nesterov, "maximize": maximize})

    def update(self, group: dict[str, Any]) -> None:
        lr, momentum, dampening, decay = group["lr"], group["momentum"], group["dampening"], group["weight_decay"]
        nesterov, maximize = group["nesterov"], group["maximize"]
        for p in group["params"]:
            if p.grad is None:
                continue
            if is_sparse(p.grad):
                self.sparse_step(p, group)
                continue
            v, first = None, False
            if momentum:
                state = self.state[p]
                v = state.get("momentum_buffer")
                if v is None:
                    v, first = state.setdefault("momentum_buffer", empty_like(p)), True
            sgd_step(p, p.grad, v, lr, momentum, dampening, decay, nesterov, maximize, first)

    def sparse_step(self, p: Any, group: dict[str, Any]) -> None:
        """The step of one parameter whose gradient is sparse."""
        g, momentum = p.grad, group["momentum"]
        if group["weight_decay"]:
            raise RuntimeError("SGD: weight_decay is not supported with sparse gradients, since it changes every element")
        if group["maximize"]:
            g = -g
        if momentum:
            state = self.state[p]
            v = state.get("momentum_buffer")
            if v is None:
                v = state["momentum_buffer"] = g.clone()
            else:
                v.mul_(momentum).add_(g, alpha=1 - group["dampening"])
            g = g.add(v, alpha=momentum) if group["nesterov"] else v
        p.add_(g, alpha=-group["lr"])
