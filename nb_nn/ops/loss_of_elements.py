"""Losses of elements and their targets, each one pass forward and one backward."""
from __future__ import annotations

import math
from collections.abc import Callable

from nb_nn.kernels import table

from ..autograd.grad_mode import no_grad
from ..core import dtype as dtypes
from ..core import elementwise, launch, memory
from ..core.device import CPU
from ..core.geometry import broadcast_shapes
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase
from .activation import logsigmoid, softplus
from .loss import REDUCTIONS, paired, reduced, reduction_of

Tensor = TensorBase
NONE, MEAN, SUM = 0, 1, 2
BEND: dict[str, Callable] = {}          # second derivative of each loss for its element, in operations
BEND_OF_TARGET: dict[str, Callable] = {}        # that for element and target; a loss of their difference has the negative


def in_one_pass(input: Tensor, target: Tensor) -> bool:
    """Whether a sum of losses has a kernel of its own."""
    return input._device is CPU and target._device is CPU and input._array.shape == target._array.shape


def loss_op(name: str, node_name: str, bend: Callable, of_difference: bool = False) -> Callable:
    """The operation (input, target, numbers, reduction) for a loss among the formulas.

    Its target has a derivative only if the loss is one ``of_difference`` between the two; ``bend`` is its second derivative.
    """
    def body(input: Tensor, target: Tensor, numbers: tuple, reduction: int) -> Tensor:
        if reduction == NONE or not in_one_pass(input, target):
            losses = elementwise.elementwise(name, (input, target), numbers)
            return losses if reduction == NONE else losses.mean() if reduction == MEAN else losses.sum()
        x, y = launch.contiguous_array(input).reshape(-1), launch.contiguous_array(target).reshape(-1)
        made = memory.empty((), x.dtype)
        table.loops_of("cpu", "loss_of_elements").total(name)(
            x, y, numbers, float(x.size if reduction == MEAN else 1), made.reshape(-1), work=x.size)
        return launch.deliver(name, made, input._dtype, None)

    body.__name__ = body.__qualname__ = name + "_op"
    body.__doc__ = f"`{name}` with checked arguments of one type."
    made = op(body)
    made.declaration.node_name = node_name
    BEND[name] = bend
    if of_difference:
        derivative(made, lambda grad, input, target, numbers, reduction, needs:
                   both_ways(loss_backward(grad, input, target, name, numbers, reduction), needs), ("input", "target"))
    else:
        derivative(made, input=lambda grad, input, target, numbers, reduction:
                   loss_backward(grad, input, target, name, numbers, reduction))
    return made


def both_ways(gradient: Tensor, needs: tuple) -> list:
    """Gradients of the two sides of a difference."""
    return [gradient if needs[0] else None, -gradient if needs[1] else None]


def count_of(input: Tensor, target: Tensor) -> int:
    """How many losses there are."""
    return math.prod(broadcast_shapes(input._array.shape, target._array.shape))


@op
def loss_backward(grad_output: Tensor, input: Tensor, target: Tensor, name: str, numbers: tuple, reduction: int) -> Tensor:
    """Gradient of the loss ``name`` for its input."""
    if reduction == NONE or not in_one_pass(input, target):
        grad = grad_output / count_of(input, target) if reduction == MEAN else grad_output
        return elementwise.elementwise(name + "_backward", (grad, input, target), numbers)
    x, y = launch.contiguous_array(input), launch.contiguous_array(target)
    made = memory.empty(x.shape, x.dtype)
    table.loops_of("cpu", "loss_of_elements").gradient(name)(
        launch.contiguous_array(grad_output).reshape(-1), x.reshape(-1), y.reshape(-1), numbers,
        float(x.size if reduction == MEAN else 1), made.reshape(-1))
    return launch.deliver(name, made, input._dtype, None)


def _second(grad: Tensor, grad_output: Tensor, input: Tensor, target: Tensor, name: str, numbers: tuple, reduction: int,
            needs: tuple) -> list:
    grad = grad / count_of(input, target) if reduction == MEAN else grad
    slope = loss_backward(grad.new_ones(()), input, target, name, numbers, SUM)
    both = grad * grad_output
    bent = both * BEND[name](input, target, *numbers)
    if not needs[2]:
        return [grad * slope, bent, None]
    return [grad * slope, bent, both * BEND_OF_TARGET[name](input, target) if name in BEND_OF_TARGET else -bent]


derivative(loss_backward, _second, ("grad_output", "input", "target"))


def of_one_type(name: str, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Input and target in the floating type they promote to."""
    if input._dtype is target._dtype and input._dtype.category == 2:
        return input, target
    kind = dtypes.promote_operands((input, target))
    if kind.category != 2:
        raise launch.not_implemented(name, kind, "floating-point elements")
    return input.to(kind), target.to(kind)


def of_type(loss: Tensor, like: Tensor) -> Tensor:
    """A loss in the type of the argument that decides it, if that is floating."""
    return loss if loss._dtype is like._dtype or like._dtype.category < 2 else loss.to(like._dtype)


def check_target(name: str, target: Tensor) -> None:
    if not isinstance(target, TensorBase):
        raise TypeError(f"{name}(): argument 'target' must be Tensor, not {type(target).__name__}")


def sloped(x: Tensor) -> Tensor:
    """The slope of the sigmoid."""
    s = x.sigmoid()
    return s * (1 - s)


mse_loss_op = loss_op("mse_loss", "MseLossBackward0", lambda x, y: 2, True)
l1_loss_op = loss_op("l1_loss", "L1LossBackward0", lambda x, y: 0, True)
smooth_l1_loss_op = loss_op("smooth_l1_loss", "SmoothL1LossBackward0", lambda x, y, beta: ((x - y).abs() < beta) / beta, True)
huber_loss_op = loss_op("huber_loss", "HuberLossBackward0", lambda x, y, delta: (x - y).abs() < delta, True)
kl_div_op = loss_op("kl_div", "KlDivBackward0", lambda x, y: 0)
kl_div_of_logarithms_op = loss_op("kl_div_of_logarithms", "KlDivBackward0", lambda x, y: 0)
binary_cross_entropy_op = loss_op("binary_cross_entropy", "BinaryCrossEntropyBackward0", lambda x, y: (
    (x * x - 2 * y * x + y) / ((x + 1e-12) * (1 - x + 1e-12)).square()))
BEND_OF_TARGET["binary_cross_entropy"] = lambda x, y: -1 / ((1 - x) * x).clamp(min=1e-12)
derivative(binary_cross_entropy_op, target=lambda grad, input, target, reduction:
           (grad / count_of(input, target) if reduction == MEAN else grad) * ((-input).log1p() - input.log()))
binary_cross_entropy_with_logits_op = loss_op(
    "binary_cross_entropy_with_logits", "BinaryCrossEntropyWithLogitsBackward0", lambda x, y: sloped(x))
poisson_nll_loss_op = loss_op("poisson_nll_loss", "PoissonNllLossBackward0", lambda x, y: x.exp())
poisson_nll_loss_of_rates_op = loss_op("poisson_nll_loss_of_rates", "PoissonNllLossBackward0", lambda x, y, eps: y / (x + eps).square())
hinge_embedding_loss_op = loss_op("hinge_embedding_loss", "HingeEmbeddingLossBackward0", lambda x, y, margin: 0)
soft_margin_loss_op = loss_op("soft_margin_loss", "SoftMarginLossBackward0", lambda x, y: y * y * sloped(y * x))
margin_ranking_loss_op = loss_op("margin_ranking_loss", "MarginRankingLossBackward0", lambda x, y, margin: 0)


def weighted(losses: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """Losses times weights of the same size; their mean is over the sum of the weights."""
    if weight._array.shape != losses._array.shape:
        raise ValueError(f"Weights and input must have the same size: got {list(weight.shape)} and {list(losses.shape)}")
    losses = losses * weight
    return losses if reduction == "none" else losses.sum() if reduction == "sum" else losses.sum() / weight.sum()


def mse_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
             reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """``(input - target) ** 2``, times ``weight``.

    >>> mse_loss(tensor([1.0, 2.0]), tensor([1.0, 4.0]))
    tensor(2.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    paired("mse_loss", input, target)
    if weight is not None:
        return weighted((input - target).square(), weight, reduction)
    return mse_loss_op(*of_one_type("mse_loss", input, target), (), REDUCTIONS[reduction])


def l1_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
            reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """``abs(input - target)``, times ``weight``.

    >>> l1_loss(tensor([1.0, 2.0]), tensor([1.0, 4.0]))
    tensor(1.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    paired("l1_loss", input, target)
    if weight is not None:
        return weighted((input - target).abs(), weight, reduction)
    if dtypes.promote_operands((input, target)).category != 2:
        return reduced((input - target).abs(), reduction)
    return l1_loss_op(*of_one_type("l1_loss", input, target), (), REDUCTIONS[reduction])


def smooth_l1_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
                   reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """``d ** 2 / (2 beta)`` where ``d = abs(input - target)`` is below ``beta``, else ``d - beta / 2`` (Huber 1964).

    >>> smooth_l1_loss(tensor([1.0, 2.0]), tensor([1.5, 4.0]), reduction="none")
    tensor([0.1250, 1.5000])
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    paired("smooth_l1_loss", input, target)
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    input, target = of_one_type("smooth_l1_loss", input, target)
    return smooth_l1_loss_op(input, target, (float(beta),), REDUCTIONS[reduction])


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None) -> Tensor:
    """``d ** 2 / 2`` where ``d = abs(input - target)`` is at most ``delta``, else ``delta * (d - delta / 2)`` (Huber 1964).

    ``weight`` multiplies the losses of elements.

    >>> huber_loss(tensor([1.0, 2.0]), tensor([1.5, 4.0]), reduction="none")
    tensor([0.1250, 1.5000])
    """
    reduction = reduction_of(reduction, None, None)
    if delta <= 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta, got {delta}")
    paired("huber_loss", input, target)
    pair, numbers = of_one_type("huber_loss", input, target), (float(delta),)
    if weight is None:
        return of_type(huber_loss_op(*pair, numbers, REDUCTIONS[reduction]), input)
    if weight._array.shape != input._array.shape:
        raise ValueError(f"huber_loss: weight must have the size of input, {list(input._array.shape)}, got {list(weight._array.shape)}")
    return reduced(huber_loss_op(*pair, numbers, NONE) * weight, reduction)


def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
                         reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """``-(target * log(input) + (1 - target) * log(1 - input))``, the logarithms at least -100; ``input`` are probabilities.

    >>> binary_cross_entropy(tensor([0.5]), tensor([1.0]))
    tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if input._array.shape != target._array.shape:
        raise ValueError(f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
                         "Please ensure they have the same size.")
    if input._dtype is not target._dtype:
        raise RuntimeError(f"binary_cross_entropy: Found target of dtype {target.dtype} but expected {input.dtype}, which input has")
    if input._dtype.category != 2:
        raise launch.not_implemented("binary_cross_entropy", input._dtype, "floating-point elements")
    wanted = REDUCTIONS[reduction] if weight is None else NONE
    loss = binary_cross_entropy_op(*of_one_type("binary_cross_entropy", input, target), (), wanted)
    check_probabilities(input, loss.detach().sum())
    return loss if weight is None else reduced(loss * weight, reduction)


def check_probabilities(input: Tensor, total: Tensor) -> None:
    """RuntimeError unless all elements are in [0, 1]; a logarithm of what is outside has made ``total`` NaN."""
    if math.isnan(total.item()) and not bool(((input >= 0) & (input <= 1)).all()):
        raise RuntimeError("binary_cross_entropy: all elements of input should be between 0 and 1; use "
                           "binary_cross_entropy_with_logits for scores")


def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
                                     reduce: bool | None = None, reduction: str = "mean", pos_weight: Tensor | None = None) -> Tensor:
    """`binary_cross_entropy` of ``sigmoid(input)``, without overflow; ``pos_weight`` multiplies the loss of ones.

    >>> binary_cross_entropy_with_logits(tensor([0.0]), tensor([1.0]))
    tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if input._array.shape != target._array.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    if pos_weight is None and not target.requires_grad and target._dtype.category < 3:
        wanted = REDUCTIONS[reduction] if weight is None else NONE
        pair = of_one_type("binary_cross_entropy_with_logits", input, target)
        loss = of_type(binary_cross_entropy_with_logits_op(*pair, (), wanted), target)
        return loss if weight is None else reduced(loss * weight, reduction)
    if pos_weight is None:
        loss = (1 - target) * input - logsigmoid(input)
    else:
        loss = (1 - target) * input - (1 + (pos_weight - 1) * target) * logsigmoid(input)
    loss = of_type(loss, target)
    return reduced(loss if weight is None else loss * weight, reduction)


def kl_div(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
           log_target: bool = False) -> Tensor:
    """``target * (log(target) - input)``: the Kullback-Leibler divergence of log-probabilities from probabilities.

    "mean" is over all elements; "batchmean" divides the sum by the first size, which is the divergence's definition.

    >>> kl_div(tensor([[-0.6931, -0.6931]]), tensor([[1.0, 0.0]]), reduction="batchmean")
    tensor(0.6931)
    """
    batchmean = reduction == "batchmean"
    reduction = reduction_of("sum" if batchmean else reduction, size_average, reduce)
    if not target.requires_grad:
        loss = (kl_div_of_logarithms_op if log_target else kl_div_op)(*of_one_type("kl_div", input, target), (), REDUCTIONS[reduction])
    elif log_target:
        loss = reduced(target.exp() * (target - input), reduction)
    else:                                       # x log x goes to 0 with x
        safe = target.masked_fill(target == 0, 1)
        loss = reduced(safe * safe.log() - target * input, reduction)
    return loss / input.shape[0] if batchmean else loss


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, size_average: bool | None = None,
                         reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """``input`` where target is 1, ``max(0, margin - input)`` where it is -1.

    >>> hinge_embedding_loss(tensor([0.5, 0.25]), tensor([1, -1]), reduction="none")
    tensor([0.5000, 0.7500])
    """
    reduction = reduction_of(reduction, size_average, reduce)
    check_target("hinge_embedding_loss", target)
    pair = of_one_type("hinge_embedding_loss", input, target.detach())
    return of_type(hinge_embedding_loss_op(*pair, (float(margin),), REDUCTIONS[reduction]), input)


def soft_margin_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
                     reduction: str = "mean") -> Tensor:
    """``log(1 + exp(-target * input))`` for targets 1 and -1.

    >>> soft_margin_loss(tensor([0.0]), tensor([1.0]))
    tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    check_target("soft_margin_loss", target)
    if dtypes.promote_operands((input, target)).category == 3:
        return reduced((-target * input).exp().log1p(), reduction)
    if target.requires_grad:
        return of_type(reduced(softplus(-target * input, 1.0, 1e4), reduction), input)
    return of_type(soft_margin_loss_op(*of_one_type("soft_margin_loss", input, target), (), REDUCTIONS[reduction]), input)


def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, size_average: bool | None = None,
                        reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """``max(0, margin - target * (input1 - input2))``: target 1 wants the first larger, -1 the second.

    >>> margin_ranking_loss(tensor([1.0]), tensor([3.0]), tensor([1.0]))
    tensor(2.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    check_target("margin_ranking_loss", target)
    apart = input1 - input2
    if target.requires_grad or dtypes.promote_operands((apart, target)).category < 2:
        return reduced((-target * apart + float(margin)).clamp(min=0), reduction)
    pair = of_one_type("margin_ranking_loss", apart, target)
    return margin_ranking_loss_op(*pair, (float(margin),), REDUCTIONS[reduction])


def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, size_average: bool | None = None,
                     eps: float = 1e-8, reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """Minus the log-likelihood of counts, but for a constant; ``full`` adds Stirling's approximation of it.

    >>> torch.nn.functional.poisson_nll_loss(tensor([0.0]), tensor([2.0]))
    tensor(1.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if not (full or target.requires_grad) and dtypes.promote_operands((input, target)).category == 2:
        pair, wanted = of_one_type("poisson_nll_loss", input, target), REDUCTIONS[reduction]
        return poisson_nll_loss_op(*pair, (), wanted) if log_input else poisson_nll_loss_of_rates_op(*pair, (float(eps),), wanted)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        loss = loss + (target * target.log() - target + 0.5 * (2 * math.pi * target).log()).masked_fill(target <= 1, 0)
    return reduced(loss, reduction)


def gaussian_nll_loss(input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6,
                      reduction: str = "mean") -> Tensor:
    """Minus the log-likelihood of ``target`` under normal distributions of means ``input`` and variances ``var`` (at least ``eps``,
    through which no gradient passes), but for a constant, which ``full`` adds.

    Shape: input and target alike; var too, or without its last dimension, or with size 1 in one of them, or a number.

    >>> gaussian_nll_loss(tensor([1.0]), tensor([3.0]), tensor([1.0]))
    tensor(2.)
    """
    if not isinstance(var, TensorBase):
        if not isinstance(var, (int, float)):
            raise TypeError(f"gaussian_nll_loss(): argument 'var' must be a Tensor or a number, not {type(var).__name__}")
        var = var * input.new_ones(input.shape)
    if var.shape != input.shape:
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif input.dim() != var.dim() or [other for size, other in zip(input.shape, var.shape) if size != other] != [1]:
            raise ValueError(f"var is of incorrect size: {list(var.shape)} for an input of size {list(input.shape)}")
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not valid; expected 'none', 'mean' or 'sum'")
    if var._array.size and bool((var < 0).any()):
        raise ValueError("var has negative entry/entries")
    spread = var.clone()
    with no_grad():
        spread.clamp_(min=eps)
    loss = 0.5 * (spread.log() + (input - target).square() / spread)
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)

