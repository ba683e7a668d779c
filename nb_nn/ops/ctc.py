"""Connectionist temporal classification: how improbable a labelling is, whatever its alignment."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import cuda_memory, launch, memory
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from .choosing import where
from .loss import REDUCTIONS, reduction_of

Tensor = TensorBase


def with_blanks(targets: Any, blank: int, kind: Any) -> tuple[Any, Any]:
    """Labels of targets (N, S) with blanks around and between them (N, 2 S + 1), and what a hop over one of them costs."""
    labels = np.full((targets.shape[0], 2 * targets.shape[1] + 1), blank)
    labels[:, 1::2] = targets
    hop = np.full((labels.shape[0], labels.shape[1] + 4), -np.inf, kind)
    hop[:, 4:-2][labels[:, 2:] != labels[:, :-2]] = 0
    return labels, hop


def padded(targets: Any, lengths: Any) -> Any:
    """Targets (N, S), or all behind each other, one a row; what is too much in a row is 0."""
    inside = np.arange(lengths.max(initial=0)) < lengths[:, None]
    if targets.ndim == 2:
        return np.where(inside, targets[:, :inside.shape[1]], 0)
    made = np.zeros(inside.shape, np.int64)
    made[inside] = targets
    return made


@op
def ctc_loss_op(log_probs: Tensor, labels: Tensor, hop: Tensor, input_lengths: Tensor, target_lengths: Tensor,
                zero_infinity: bool) -> tuple[Tensor, Tensor, Tensor]:
    """`ctc_loss` of each sequence, with prepared arguments; sums over alignments and unrounded losses are kept for backward."""
    scores = launch.contiguous_array(log_probs)
    steps, count, _ = scores.shape
    alpha = memory.beside(scores, (count, steps, labels._array.shape[1] + 2), scores.dtype)
    loss = memory.beside(scores, (count,), alpha.dtype)
    launch.launch("ctc_loss", scores, labels._array, hop._array, input_lengths._array, target_lengths._array, alpha, loss,
                  device=log_probs._device, work=8 * alpha.size)
    own = dtypes.from_numpy(loss.dtype)
    return launch.deliver("ctc_loss", loss, log_probs._dtype, None), wrap(alpha, own), wrap(loss, own)


@op
def ctc_loss_backward(grad_output: Tensor, log_probs: Tensor, labels: Tensor, hop: Tensor, input_lengths: Tensor, target_lengths: Tensor,
                      alpha: Tensor, loss: Tensor, zero_infinity: bool) -> Tensor:
    """Gradient of the scores whose ``log_softmax`` the log_probs of `ctc_loss_op` are; that of log_probs itself is another."""
    scores = launch.contiguous_array(log_probs)
    made = memory.beside(scores, scores.shape, scores.dtype)
    launch.launch("ctc_loss_backward", launch.contiguous_array(grad_output, log_probs._dtype), scores, labels._array, hop._array,
                  input_lengths._array, target_lengths._array, alpha._array, loss._array, zero_infinity, made, device=log_probs._device,
                  work=8 * alpha._array.size)
    return launch.deliver("ctc_loss_backward", made, log_probs._dtype, None)


def _no_second(grad: Tensor) -> list:
    raise RuntimeError("derivative for ctc_loss_backward is not implemented: ctc_loss can be differentiated once")


ctc_loss_op.declaration.node_name = "CtcLossBackward0"
derivative(ctc_loss_op, log_probs=lambda grad, log_probs, labels, hop, input_lengths, target_lengths, results, zero_infinity:
           ctc_loss_backward(grad, log_probs, labels, hop, input_lengths, target_lengths, results[1], results[2], zero_infinity))
derivative(ctc_loss_backward, _no_second, ("grad_output", "log_probs"))


def lengths_of(name: str, given: Any, count: int, least_wrong: int) -> tuple[int, ...]:
    """The lengths of ``count`` sequences, given as a tensor or one by one; each must be at least 0 and below ``least_wrong``."""
    if isinstance(given, TensorBase):
        if given._dtype.category != 1:
            raise RuntimeError(f"ctc_loss: {name} must be integral, got {given._dtype.tensor_name}")
        lengths = tuple(launch.contiguous_array(given).reshape(-1).tolist())
    elif isinstance(given, (tuple, list)) and all(isinstance(one, (int, np.integer)) for one in given):
        lengths = tuple(map(int, given))
    else:
        raise TypeError(f"ctc_loss(): {name} must be a tensor or a tuple of ints, got {type(given).__name__}")
    if len(lengths) != count:
        raise RuntimeError(f"ctc_loss: {name} must be of size batch_size, that is {count}, got {len(lengths)} lengths")
    for length in lengths:
        if length < 0:
            raise RuntimeError(f"Expected {name} to have value at least 0, but got value {length} (ctc_loss)")
        if length >= least_wrong:
            raise RuntimeError(f"Expected {name} to have value at most {least_wrong - 1}, but got value {length} (ctc_loss)")
    return lengths


def checked_targets(targets: Tensor, lengths: tuple[int, ...], classes: int) -> Any:
    """Targets, one a row: they must be (N, S) with room for the longest, or as long as all lengths together; and each a class."""
    if targets._dtype.category != 1:
        raise RuntimeError(f"ctc_loss: targets must be integral, got {targets._dtype.tensor_name}")
    shape, total = targets._array.shape, sum(lengths)
    if len(shape) not in (1, 2):
        raise RuntimeError(f"Expected 1 to 2 dimensions, but got {len(shape)}-dimensional tensor for argument #2 'targets' (ctc_loss)")
    if len(shape) == 1 and shape[0] != total:
        raise RuntimeError(f"Expected tensor to have size {total} at dimension 0, but got size {shape[0]} for argument #2 'targets': "
                           "ctc_loss expects the concatenated targets to be as long as target_lengths say")
    if len(shape) == 2 and shape[0] != len(lengths):
        raise RuntimeError(f"Expected tensor to have size {len(lengths)} at dimension 0, but got size {shape[0]} for argument #2 "
                           "'targets' (ctc_loss)")
    if len(shape) == 2 and shape[1] < max(lengths, default=0):
        raise RuntimeError(f"Expected tensor to have size at least {max(lengths)} at dimension 1, but got size {shape[1]} for argument "
                           "#2 'targets' (ctc_loss)")
    used = padded(cuda_memory.moved(launch.contiguous_array(targets, dtypes.int64), CPU), np.array(lengths, np.int64))
    if used.size and not 0 <= used.min() <= used.max() < classes:
        raise IndexError(f"ctc_loss: targets must be labels from 0 to {classes - 1}, got some from {used.min()} to {used.max()}")
    return used


def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: str | int = "mean",
             zero_infinity: bool = False) -> Tensor:
    """Minus the log-probability of each sequence of labels, summed over all ways to align it with the steps of its input.

    An alignment names a label or ``blank`` at each step; repeated labels are read as one unless a blank stands between them. A mean
    is taken of losses over their target's length (at least 1). Inputs too short for their targets have infinite loss; with
    ``zero_infinity`` it counts as zero, and so do its gradients. The gradient is that of scores whose `log_softmax`
    ``log_probs`` is: log-probabilities found in another way have a different one. It cannot be differentiated again.

    Shape: log_probs (T, N, C), or (T, C) for one sequence; targets (N, S) or all concatenated; lengths (N) as tensors or tuples.

    >>> ctc_loss(torch.zeros(2, 1, 2) - 0.6931, tensor([[1]]), (2,), (1,))      # of 4 equal alignments, 3 read "1"
    tensor(0.2876)
    """
    if isinstance(reduction, str):
        reduction = REDUCTIONS[reduction_of(reduction, None, None)]
    if log_probs._dtype.category != 2:
        raise launch.not_implemented("ctc_loss", log_probs._dtype, "floating-point scores")
    single = log_probs._array.ndim == 2
    batch = log_probs.unsqueeze(1) if single else log_probs
    if batch._array.ndim != 3:
        raise RuntimeError(f"Expected 3-dimensional tensor, but got {batch._array.ndim}-dimensional tensor for argument #1 'log_probs': "
                           "ctc_loss takes (steps, batch, classes) or (steps, classes)")
    if not batch._array.size:
        raise RuntimeError(f"ctc_loss: log_probs tensor must not be empty, got size {list(log_probs._array.shape)}")
    steps, count, classes = batch._array.shape
    if not 0 <= blank < classes:
        raise RuntimeError(f"ctc_loss: blank must be in label range, from 0 to {classes - 1}, got {blank}")
    inputs = lengths_of("input_lengths", input_lengths, count, steps + 1)
    lengths = lengths_of("target_lengths", target_lengths, count, 1 << 62)
    labels, hop = with_blanks(checked_targets(targets, lengths, classes), blank, batch._dtype.compute)
    tables = labels, hop, *[np.array(one, np.int64) for one in (inputs, lengths)]
    tables = [wrap(one, dtypes.from_numpy(one.dtype)) for one in cuda_memory.all_moved(tables, batch._device)]
    loss = ctc_loss_op(batch, *tables, bool(zero_infinity))[0]
    if zero_infinity:
        loss = where(loss == float("inf"), 0.0, loss)
    if reduction == 1:
        return (loss / loss.new_tensor([max(1, one) for one in lengths])).mean()
    return loss.sum() if reduction == 2 else loss.squeeze(0) if single else loss
