"""Adagrad."""
from __future__ import annotations

from typing import Any

from ..core.dtype import float32
from ..core.sparse_array import is_sparse
from ..ops.creation import full_like, zeros
from ..ops.optimizer import adagrad_step
from .optimizer import Optimizer


class Adagrad(Optimizer):
    """Steps that shrink with the sum of squares of an element's gradients so far (Duchi, Hazan and Singer 2011).

    ``s = s + g * g``, then ``p = p - lr / (1 + t * lr_decay) * g / (sqrt(s) + eps)``, where ``t`` counts the steps before this one and
    s starts as ``initial_accumulator_value``. ``g`` is the gradient plus ``weight_decay * p``; ``maximize`` goes up instead of down. Of a
    sparse gradient only the rows that it holds are changed.

    >>> p = tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adagrad([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.9000], requires_grad=True)
    """

    def __init__(self, params: Any, lr: float = 1e-2, lr_decay: float = 0, weight_decay: float = 0, initial_accumulator_value: float = 0,
                 eps: float = 1e-10, *, maximize: bool = False):
        if not lr >= 0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not lr_decay >= 0:
            raise ValueError(f"Invalid lr_decay value: {lr_decay}")
        if not weight_decay >= 0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if not initial_accumulator_value >= 0:
            raise ValueError(f"Invalid initial_accumulator_value value: {initial_accumulator_value}")
        if not eps >= 0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        super().__init__(params, {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
                                  "initial_accumulator_value": initial_accumulator_value, "maximize": maximize})
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p] = {"step": zeros((), dtype=float32), "sum": full_like(p, initial_accumulator_value).detach()}

    def share_memory(self) -> None:
        """Move the sums into memory that other processes can share."""
        for state in self.state.values():
            state["sum"].share_memory_()

    def update(self, group: dict[str, Any]) -> None:
        for p in group["params"]:
            if p.grad is None:
                continue
            if is_sparse(p.grad) and group["weight_decay"]:
                raise RuntimeError("weight_decay option is not compatible with sparse gradients")
            state = self.state[p]
            if "sum" not in state:          # of a group that was added later
                state.update(step=zeros((), dtype=float32), sum=full_like(p, group["initial_accumulator_value"]).detach())
            adagrad_step(p, p.grad, state["sum"], state["step"], group["lr"], group["lr_decay"], group["weight_decay"], group["eps"],
                         group["maximize"])
