"""Adam and AdamW."""
from __future__ import annotations

from typing import Any

from ..core.dtype import float32
from ..core.sparse_array import is_sparse
from ..ops.creation import zeros, zeros_like
from ..ops.optimizer import adam_step
from .optimizer import Optimizer


class Adam(Optimizer):
    """Steps of about ``lr`` in each element (Kingma and Ba 2014; ``amsgrad`` as in Reddi et al. 2018).

    ``m = beta1 * m + (1 - beta1) * g``, ``v = beta2 * v + (1 - beta2) * g * g``, both corrected for having started at 0, then
    ``p = p - lr * m / (sqrt(v) + eps)``. ``g`` is the gradient plus ``weight_decay * p``; with ``decoupled_weight_decay`` p is shrunk by
    ``lr * weight_decay * p`` instead (AdamW).

    >>> p = tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.9000], requires_grad=True)
    """

    def __init__(self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, amsgrad: bool = False, *, maximize: bool = False, decoupled_weight_decay: bool = False):
        if not lr >= 0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not eps >= 0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        for index, beta in enumerate(betas):
            if not 0 <= beta < 1:
                raise ValueError(f"Invalid beta parameter at index {index}: {beta}")
        if not weight_decay >= 0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
                                  "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay})

    def update(self, group: dict[str, Any]) -> None:
        lr, eps, decay, amsgrad = group["lr"], group["eps"], group["weight_decay"], group["amsgrad"]
        (beta1, beta2), decoupled, maximize = group["betas"], group["decoupled_weight_decay"], group["maximize"]
        for p in group["params"]:
            if p.grad is None:
                continue
            if is_sparse(p.grad):
                raise RuntimeError("Adam does not support sparse gradients, please consider SparseAdam instead")
            state = self.state[p]
            if not state:
                state["step"] = zeros((), dtype=float32)
                state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
            if amsgrad and "max_exp_avg_sq" not in state:
                state["max_exp_avg_sq"] = zeros_like(p)
            adam_step(p, p.grad, state["exp_avg"], state["exp_avg_sq"], state["max_exp_avg_sq"] if amsgrad else None, state["step"],
                      lr, beta1, beta2, eps, decay, decoupled, maximize)


class AdamW(Adam):
    """`Adam` with weight decay decoupled from the gradient (Loshchilov and Hutter 2017).

    >>> p = tensor([1.0], requires_grad=True)
    >>> torch.optim.AdamW([p], lr=0.1).param_groups[0]["weight_decay"]
    0.01
    """

    def __init__(self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0.01, amsgrad: bool = False, *, maximize: bool = False):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)
