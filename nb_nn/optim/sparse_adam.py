"""Adam for sparse gradients."""
from __future__ import annotations

from typing import Any

from ..core.dtype import float32
from ..core.sparse_array import is_sparse
from ..ops.creation import zeros, zeros_like
from ..ops.optimizer import sparse_adam_step
from .optimizer import Optimizer


class SparseAdam(Optimizer):
    """`Adam` that changes, of a parameter and of its averages, only the rows that the sparse gradient holds.

    >>> p = torch.ones(3, requires_grad=True)
    >>> optimizer = torch.optim.SparseAdam([p], lr=0.1)
    >>> p.grad = torch.sparse_coo_tensor([[1]], [2.0], (3,))
    >>> optimizer.step()
    >>> p
    tensor([1.0000, 0.9000, 1.0000], requires_grad=True)
    """

    def __init__(self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, *,
                 maximize: bool = False):
        if not lr > 0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not eps > 0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        for index, beta in enumerate(betas):
            if not 0 <= beta < 1:
                raise ValueError(f"Invalid beta parameter at index {index}: {beta}")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        wrong = [[g, k] for g, group in enumerate(self.param_groups) for k, p in enumerate(group["params"]) if is_sparse(p)]
        if wrong:
            raise ValueError(f"Sparse params at indices {wrong}: SparseAdam requires dense parameter tensors")

    def update(self, group: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        for p in group["params"]:
            if p.grad is None:
                continue
            if not is_sparse(p.grad):
                raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
            state = self.state[p]
            if not state:
                state["step"] = zeros((), dtype=float32)
                state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
            sparse_adam_step(p, p.grad, state["exp_avg"], state["exp_avg_sq"], state["step"], group["lr"], beta1, beta2, group["eps"],
                             group["maximize"])
