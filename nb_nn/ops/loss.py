"""Losses: how far predictions are from what was wanted."""
from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from .softmax import log_softmax_dim, softmax_dim

Tensor = TensorBase
LISTED = 32                     # so few targets are looked at in Python
REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}


def reduction_of(reduction: str, size_average: bool | None, reduce: bool | None) -> str:
    """The reduction asked for, also in the two flags that said it before torch 0.4.1."""
    if size_average is None and reduce is None:
        if reduction not in REDUCTIONS:
            raise ValueError(f"{reduction} is not a valid value for reduction; expected 'none', 'mean' or 'sum'")
        return reduction
    chosen = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(f"size_average and reduce args will be deprecated, please use reduction='{chosen}' instead.", stacklevel=3)
    return chosen


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The losses of elements, or their mean or sum."""
    if reduction == "none":
        return loss
    return loss.mean() if reduction == "mean" else loss.sum()


def paired(name: str, input: Tensor, target: Tensor) -> None:
    """Warn where input and target differ in size and will be broadcast."""
    if not isinstance(target, TensorBase):
        raise TypeError(f"{name}(): argument 'target' must be Tensor, not {type(target).__name__}")
    if input._array.shape != target._array.shape:
        warnings.warn(f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will likely "
                      "lead to incorrect results due to broadcasting. Please ensure they have the same size.", stacklevel=3)


def weights_of(weight: Tensor | None, classes: int, input: Tensor, name: str) -> Any:
    """The weights of classes as an array, of size 0 for None."""
    kind = input._dtype
    if weight is None:
        return memory.nothing(kind.compute, input._device)
    if weight._array.shape != (classes,):
        raise RuntimeError(f"{name}: weight tensor should be defined either for all {classes} classes or no classes but got weight tensor "
                           f"of shape: {list(weight._array.shape)}")
    if weight._dtype is not kind:
        raise RuntimeError(f"{name}: expected weight of type {kind.tensor_name[:-6]} as input has, but got "
                           f"{weight._dtype.tensor_name[:-6]}")
    return launch.contiguous_array(weight)


def classes_of(target: Tensor, classes: int, ignore_index: int, name: str) -> Any:
    """Targets as an int64 array, each a class or to be ignored."""
    if target._dtype not in (dtypes.int64, dtypes.uint8):
        raise RuntimeError(f"{name}: expected target of type Long (class indices) but got {target._dtype.tensor_name[:-6]}")
    array = launch.contiguous_array(target, dtypes.int64)
    if array.size <= LISTED and isinstance(array, np.ndarray) and all(
            0 <= one < classes or one == ignore_index for one in array.ravel().tolist()):
        return array
    first = memory.empty((1,), np.dtype(np.int64), target._device)
    launch.launch("first_bad_target", array.reshape(-1), classes, ignore_index, first, work=array.size)
    if array.size and (place := first[0].item()) >= 0:
        raise IndexError(f"Target {array.reshape(-1)[place]} is out of bounds: {name} expects class indices from 0 to "
                         f"{classes - 1}" + (f", or ignore_index {ignore_index}" if ignore_index < 0 else ""))
    return array


def losses_like(targets: Any, reduction: int, kind: np.dtype) -> Any:
    """Memory for losses: one a target, or one in all."""
    return memory.beside(targets, targets.shape if reduction == 0 else (), kind)


@op
def nll_loss_op(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: int) -> tuple[Tensor, Tensor]:
    """The sum of the targets' weights, which backward keeps; and `nll_loss` with checked arguments: input (N, C, \\*) or (C)."""
    kind, shape = input._dtype, input._array.shape
    lone = len(shape) == 1
    classes = shape[0] if lone else shape[1]
    targets, weights = classes_of(target, classes, ignore_index, "nll_loss"), weights_of(weight, classes, input, "nll_loss")
    array = launch.contiguous_array(input).reshape(1 if lone else shape[0], classes, math.prod(shape[2:]))
    loss, total = losses_like(targets, reduction, array.dtype), memory.beside(array, (), array.dtype)
    launch.launch("nll_loss", array, targets.reshape(array.shape[0], array.shape[2]), weights, ignore_index, reduction,
                  loss.reshape(-1), total.reshape(-1), device=input._device, work=targets.size)
    return wrap(total, dtypes.from_numpy(total.dtype)), launch.deliver("nll_loss", loss, kind, None)


@op
def nll_loss_backward(grad_output: Tensor, size: tuple[int, ...], target: Tensor, weight: Tensor | None, total: Tensor,
                      ignore_index: int, reduction: int) -> Tensor:
    """Gradient of the input of `nll_loss_op`."""
    kind = grad_output._dtype
    made = memory.empty(size, kind.compute, grad_output._device)
    lone = len(size) == 1
    out = made.reshape(1 if lone else size[0], size[0] if lone else size[1], math.prod(size[2:]))
    launch.launch("nll_loss_backward", launch.contiguous_array(grad_output).reshape(-1),
                  launch.contiguous_array(target, dtypes.int64).reshape(out.shape[0], out.shape[2]),
                  memory.nothing(kind.compute, grad_output._device) if weight is None else launch.contiguous_array(weight, kind),
                  total._array.reshape(-1), ignore_index, reduction, out, device=grad_output._device)
    return launch.deliver("nll_loss_backward", made, kind, None)


def shares(target: Tensor, weight: Tensor | None, total: Tensor, ignore_index: int, reduction: int) -> Tensor:
    """What each target's loss is multiplied by: its weight, over the sum of all weights if the mean is taken; 0 if ignored."""
    kept = target != ignore_index
    share = kept.to(total._dtype) if weight is None else weight[target.clamp(0, weight.numel() - 1).to(dtypes.int64)] * kept
    return share / total.detach() if reduction == 1 else share


def at_targets(values: Tensor, target: Tensor) -> Tensor:
    """The elements of (N, C, \\*) or (C) that belong to the targets' classes (any of them where a target is out of range)."""
    dim = 0 if values.dim() == 1 else 1
    places = target.to(dtypes.int64).clamp(0, values.shape[dim] - 1).unsqueeze(dim)
    return values.gather(dim, places).squeeze(dim)


nll_loss_op.declaration.node_name = "NllLossBackward0"
derivative(nll_loss_op, input=lambda grads, input_size, target, weight, result, ignore_index, reduction:
           nll_loss_backward(grads[1], input_size, target, weight, result, ignore_index, reduction))
derivative(nll_loss_backward, grad_output=lambda grad, target, weight, total, ignore_index, reduction:
           -at_targets(grad, target) * shares(target, weight, total, ignore_index, reduction))


def check_classes(name: str, input: Tensor, target: Tensor) -> None:
    """input must be (N, C, \\*) with target (N, \\*), or (C) with target ()."""
    given, wanted = input._array.shape, target._array.shape
    if input._dtype.category != 2:
        raise launch.not_implemented(name, input._dtype, "floating-point scores")
    if not given:
        raise ValueError(f"{name}: Expected 1 or more dimensions (got 0)")
    if len(given) > 1 and wanted[:1] != given[:1]:
        raise ValueError(f"{name}: Expected input batch_size ({given[0]}) to match target batch_size ({wanted[0] if wanted else ()}).")
    fitting = given[:1] + given[2:] if len(given) > 1 else ()
    if wanted != fitting:
        raise RuntimeError(f"{name}: Expected target size {list(fitting)}, got {list(wanted)} for input of size {list(given)}")


def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None, ignore_index: int = -100,
             reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """Minus the log-probability that ``input`` gives to the class ``target``, times the class's ``weight``.

    A mean divides by the sum of the weights; targets equal to ``ignore_index`` count nothing.

    Shape: input (N, C) or (N, C, \\*), target (N) or (N, \\*) of class indices.

    >>> nll_loss(tensor([[-0.5, -1.0]]), tensor([1]))
    tensor(1.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    check_classes("nll_loss", input, target)
    return nll_loss_op(input, target, weight, ignore_index, REDUCTIONS[reduction])[1]


@op
def cross_entropy_op(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int,
                     reduction: int) -> tuple[Tensor, Tensor]:
    """What backward keeps, and `cross_entropy` of scores (N, C) and classes (N).

    Kept are two numbers that normalize each row, and behind them the sum of the targets' weights (2 N + 1).
    """
    kind = input._dtype
    array = launch.contiguous_array(input)
    targets = classes_of(target, array.shape[1], ignore_index, "cross_entropy")
    weights = weights_of(weight, array.shape[1], input, "cross_entropy")
    loss, kept = losses_like(targets, reduction, array.dtype), memory.beside(array, (2 * array.shape[0] + 1,), array.dtype)
    launch.launch("cross_entropy", array, targets, weights, ignore_index, reduction, loss.reshape(-1), kept[-1:],
                  kept[:-1].reshape(-1, 2), device=input._device, work=array.size)
    return wrap(kept, dtypes.from_numpy(kept.dtype)), launch.deliver("cross_entropy", loss, kind, None)


@op
def cross_entropy_backward(grad_output: Tensor, input: Tensor, target: Tensor, weight: Tensor | None, kept: Tensor,
                           ignore_index: int, reduction: int) -> Tensor:
    """Gradient of the input of `cross_entropy_op`."""
    kind = input._dtype
    array = launch.contiguous_array(input)
    made = memory.beside(array, array.shape, array.dtype)
    launch.launch("cross_entropy_backward", launch.contiguous_array(grad_output, kind).reshape(-1), array,
                  launch.contiguous_array(target, dtypes.int64),
                  memory.nothing(array.dtype, input._device) if weight is None else launch.contiguous_array(weight, kind), kept._array[-1:],
                  kept._array[:-1].reshape(-1, 2), ignore_index, reduction, made, device=input._device)
    return launch.deliver("cross_entropy_backward", made, kind, None)


def _cross_entropy_second(grad: Tensor, grad_output: Tensor, input: Tensor, target: Tensor, weight: Tensor | None, kept: Tensor,
                          ignore_index: int, reduction: int) -> list:
    """The first gradient is share * grad_output * (probabilities - one_hot(target))."""
    share, probable = shares(target, weight, kept[-1], ignore_index, reduction), softmax_dim(input, 1)
    expected = (grad * probable).sum(1)
    return [share * (expected - at_targets(grad, target)),
            (share * grad_output).unsqueeze(1) * probable * (grad - expected.unsqueeze(1))]


cross_entropy_op.declaration.node_name = "NllLossBackward0"
derivative(cross_entropy_op, input=lambda grads, input, target, weight, result, ignore_index, reduction:
           cross_entropy_backward(grads[1], input, target, weight, result, ignore_index, reduction))
derivative(cross_entropy_backward, _cross_entropy_second, ("grad_output", "input"))


def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
                  ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean",
                  label_smoothing: float = 0.0) -> Tensor:
    """`nll_loss` of the `log_softmax` of scores; or with targets of input's size, the cross entropy of these probabilities.

    ``label_smoothing`` spreads that part of each target's probability evenly over all classes.

    Shape: input (N, C) or (N, C, \\*), target (N) or (N, \\*) of class indices, or of input's size.

    >>> cross_entropy(tensor([[0.0, 0.0]]), tensor([1]))
    tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if target._dtype.category == 2 and target._array.shape == input._array.shape:
        return entropy_of_probabilities(input, target, weight, reduction, label_smoothing)
    check_classes("cross_entropy", input, target)
    if input._array.ndim == 2 and label_smoothing == 0:
        return cross_entropy_op(input, target, weight, ignore_index, REDUCTIONS[reduction])[1]
    scores = log_softmax_dim(input, 0 if input._array.ndim == 1 else 1)
    total, loss = nll_loss_op(scores, target, weight, ignore_index, REDUCTIONS[reduction])
    if label_smoothing == 0:
        return loss
    classes = 0 if input._array.ndim == 1 else 1
    weighted = scores if weight is None else scores * weight.reshape((-1,) + (1,) * (scores.dim() - classes - 1))
    spread = (-weighted.sum(classes)).masked_fill(target == ignore_index, 0)
    spread = spread.sum() / total.detach() if reduction == "mean" else reduced(spread, reduction)
    return loss * (1 - label_smoothing) + spread * (label_smoothing / input.shape[classes])


def entropy_of_probabilities(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float) -> Tensor:
    """Cross entropy of scores and probabilities of classes."""
    dim = 0 if input.dim() == 1 else 1
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / input.shape[dim]
    scores = log_softmax_dim(input, dim)
    if weight is not None:
        scores = scores * weight.reshape((-1,) + (1,) * (scores.dim() - dim - 1))
    loss = -(scores * target).sum(dim)
    return reduced(loss, reduction)
