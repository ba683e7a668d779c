"""Losses that want one score above others by a margin."""
from __future__ import annotations

from ..core.tensor_base import TensorBase
from .activation import logsigmoid
from .indexing import index_select
from .loss import reduced, reduction_of
from .scatter import gather, scatter, scatter_add

Tensor = TensorBase


def in_batch(name: str, input: Tensor, target: Tensor, same: bool) -> tuple[Tensor, Tensor]:
    """Scores (N, C) and their targets, (N, C) if ``same`` or (N)."""
    single = input.dim() < 2
    scores, wanted = (input.reshape(1, -1), target.reshape(1, -1) if same else target.reshape(-1)) if single else (input, target)
    if scores.dim() != 2 or wanted.shape != (scores.shape if same else scores.shape[:1]):
        raise RuntimeError(f"{name}: inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}")
    return scores, wanted


def multi_margin_loss(input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
                      size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """``max(0, margin - score of the target + score) ** p`` for all classes but the target, over their number.

    Shape: input (N, C) or (C), target (N) or one class; ``weight`` (C) multiplies by the target's class.

    >>> multi_margin_loss(tensor([[0.1, 0.2, 0.4, 0.8]]), tensor([3]))
    tensor(0.3250)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional")
    scores, wanted = in_batch("multi_margin_loss", input, target, False)
    place = wanted.unsqueeze(1)
    lack = scatter((scores - gather(scores, 1, place) + margin).clamp(min=0), 1, place, 0.0)
    loss = (lack if p == 1 else lack * lack).sum(1) / scores.shape[1]
    if weight is not None:
        loss = loss * index_select(weight, 0, wanted)
    return reduced(loss if input.dim() == 2 else loss.squeeze(0), reduction)


def multilabel_margin_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
                           reduction: str = "mean") -> Tensor:
    """``max(0, 1 - score of a target + score of another class)`` for all such pairs, over the number of classes.

    Shape: input and target (N, C) or (C); targets are classes, ended by -1.

    >>> multilabel_margin_loss(tensor([[0.1, 0.2, 0.4, 0.8]]), tensor([[3, 0, -1, 1]]))
    tensor(0.8500)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    scores, wanted = in_batch("multilabel_margin_loss", input, target, True)
    if wanted.numel() and not -1 <= wanted.min().item() <= wanted.max().item() < scores.shape[1]:
        raise RuntimeError(f"multilabel_margin_loss: target is out of range: classes are -1 to {scores.shape[1] - 1}")
    given = (wanted >= 0).long().cumprod(1)
    places = wanted.clamp(min=0)
    others = scatter_add(given * 0, 1, places, given) == 0
    lack = (scores.unsqueeze(1) - gather(scores, 1, places).unsqueeze(2) + 1).clamp(min=0)
    counted = (given.unsqueeze(2) > 0) & others.unsqueeze(1)
    loss = lack.masked_fill(~counted, 0).sum((1, 2)) / scores.shape[1]
    return reduced(loss if input.dim() == 2 else loss.squeeze(0), reduction)


def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
                                reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """Cross entropy of the sigmoids of scores with 0 or 1 for each class, the mean over classes.

    >>> multilabel_soft_margin_loss(tensor([[0.0, 0.0]]), tensor([[1.0, 0.0]]))
    tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    return reduced((loss if weight is None else loss * weight).mean(-1), reduction)
