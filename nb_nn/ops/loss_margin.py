"""Losses that want one score above others by a margin."""
from __future__ import annotations

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.op import derivative, op, zero_slope
from ..core.tensor_base import TensorBase
from .activation import logsigmoid
from .indexing import index_select
from .loss import reduced, reduction_of
from .loss_of_elements import binary_cross_entropy_with_logits
from .scatter import gather, scatter

Tensor = TensorBase


def in_batch(name: str, input: Tensor, target: Tensor, same: bool) -> tuple[Tensor, Tensor]:
    """Scores (N, C) and their targets, (N, C) if ``same`` or (N)."""
    single = input.dim() < 2
    scores, wanted = (input.reshape(1, -1), target.reshape(1, -1) if same else target.reshape(-1)) if single else (input, target)
    if scores.dim() != 2 or wanted.shape != (scores.shape if same else scores.shape[:1]):
        raise RuntimeError(f"{name}: inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}")
    return scores, wanted


def check_real(name: str, input: Tensor) -> None:
    """Scores must have an order."""
    if input._dtype.category == 3:
        raise launch.not_implemented(name, input._dtype, "numbers that have an order")


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
    check_real("multi_margin_loss", input)
    if weight is not None and weight.dtype is not input.dtype:
        raise RuntimeError(f"multi_margin_loss: expected weight of type {input.dtype}, as input has, but got {weight.dtype}")
    if wanted.numel() and not 0 <= wanted.min().item() <= wanted.max().item() < scores.shape[1]:
        raise RuntimeError(f"multi_margin_loss: target is out of range: classes are 0 to {scores.shape[1] - 1}")
    loss = multi_margin(scores, wanted, p, margin)
    if weight is not None:
        loss = loss * index_select(weight, 0, wanted)
    return reduced(loss if input.dim() == 2 else loss.squeeze(0), reduction)


@op
def multi_margin(input: Tensor, target: Tensor, p: int, margin: float) -> Tensor:
    """`multi_margin_loss` of each row, with checked arguments."""
    x = launch.contiguous_array(input)
    made = memory.beside(x, (x.shape[0],), x.dtype)
    if x.size:
        launch.launch("multi_margin", x, launch.contiguous_array(target, dtypes.int64), p, margin, made, device=input._device, work=x.size)
    return launch.deliver("multi_margin", made, input._dtype, None)


@op
def multi_margin_backward(grad_output: Tensor, input: Tensor, target: Tensor, p: int, margin: float) -> Tensor:
    """Gradient of `multi_margin`."""
    x, kind = launch.contiguous_array(input), input._dtype
    made = memory.beside(x, x.shape, x.dtype)
    if x.size:
        launch.launch("multi_margin_backward", launch.contiguous_array(grad_output, kind), x, launch.contiguous_array(target, dtypes.int64),
                      p, margin, made, device=input._device, work=x.size)
    return launch.deliver("multi_margin", made, kind, None)


def multi_margin_curvature(grad: Tensor, grad_output: Tensor, input: Tensor, target: Tensor, p: int, margin: float) -> Tensor:
    """Second derivative of `multi_margin` along ``grad``."""
    if p == 1:
        return zero_slope(grad)
    place = target.unsqueeze(1)
    short = scatter((input - gather(input, 1, place) + margin > 0).to(grad._dtype), 1, place, 0.0)
    made = (grad - gather(grad, 1, place)) * short * (grad_output * (2 / input.shape[1])).unsqueeze(1)
    return scatter(made, 1, place, -made.sum(1, True))


derivative(multi_margin, input=lambda grad, input, target, p, margin: multi_margin_backward(grad, input, target, p, margin))
derivative(multi_margin_backward, grad_output=lambda grad, input, target, p, margin: (
    grad * multi_margin_backward(grad.new_ones(grad.shape[0]), input, target, p, margin)).sum(1), input=multi_margin_curvature)


def multilabel_margin_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
                           reduction: str = "mean") -> Tensor:
    """``max(0, 1 - score of a target + score of another class)`` for all such pairs, over the number of classes.

    Shape: input and target (N, C) or (C); targets are classes, ended by -1.

    >>> multilabel_margin_loss(tensor([[0.1, 0.2, 0.4, 0.8]]), tensor([[3, 0, -1, 1]]))
    tensor(0.8500)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    check_real("multilabel_margin_loss", input)
    if input._array.ndim and not input._array.shape[-1]:
        raise RuntimeError("multilabel_margin_loss: Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
                           f"{list(input._array.shape)}")
    scores, wanted = in_batch("multilabel_margin_loss", input, target, True)
    if wanted.numel() and not -1 <= wanted.min().item() <= wanted.max().item() < scores.shape[1]:
        raise RuntimeError(f"multilabel_margin_loss: target is out of range: classes are -1 to {scores.shape[1] - 1}")
    loss = multilabel_margin(scores, wanted)
    return reduced(loss if input.dim() == 2 else loss.squeeze(0), reduction)


@op
def multilabel_margin(input: Tensor, target: Tensor) -> Tensor:
    """`multilabel_margin_loss` of each row, with checked arguments."""
    x = launch.contiguous_array(input)
    made = memory.empty((x.shape[0],), x.dtype, input._device)
    launch.launch("multilabel_margin", x, launch.contiguous_array(target, dtypes.int64), made, device=input._device, work=8 * x.size)
    return launch.deliver("multilabel_margin", made, input._dtype, None)


@op
def multilabel_margin_backward(grad_output: Tensor, input: Tensor, target: Tensor) -> Tensor:
    """Gradient of `multilabel_margin`; it changes only where scores differ by the margin exactly."""
    x, kind = launch.contiguous_array(input), input._dtype
    made = memory.empty(x.shape, x.dtype, input._device)
    launch.launch("multilabel_margin_backward", launch.contiguous_array(grad_output, kind), x,
                  launch.contiguous_array(target, dtypes.int64), made, device=input._device, work=8 * x.size)
    return launch.deliver("multilabel_margin", made, kind, None)


derivative(multilabel_margin, input=lambda grad, input, target: multilabel_margin_backward(grad, input, target))
derivative(multilabel_margin_backward, grad_output=lambda grad, input, target: (
    grad * multilabel_margin_backward(grad.new_ones(grad.shape[0]), input, target)).sum(1), input=zero_slope)


def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
                                reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """Cross entropy of the sigmoids of scores with 0 or 1 for each class, the mean over classes.

    >>> multilabel_soft_margin_loss(tensor([[0.0, 0.0]]), tensor([[1.0, 0.0]]))
    tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if weight is None and reduction == "mean" and input._array.shape == target._array.shape and not target.requires_grad:
        target = target.to(dtypes.promote_operands((input, target)))
        return binary_cross_entropy_with_logits(input, target)          # the same sum, in one pass
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    return reduced((loss if weight is None else loss * weight).mean(-1), reduction)
