"""Gradients kept small.

``foreach``, which lets PyTorch choose between two ways to the same numbers, is taken everywhere and changes nothing.
"""
from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from typing import Any

from ...autograd.grad_mode import no_grad
from ...ops.from_data import tensor
from ...ops.moments import norms
from ...tensor import Tensor


def gradients_of(parameters: Any) -> list[Tensor]:
    """The gradients of one or more parameters, of those that have one."""
    return [one.grad for one in ([parameters] if isinstance(parameters, Tensor) else parameters) if one.grad is not None]


def get_total_norm(tensors: Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False,
                   foreach: bool | None = None) -> Tensor:
    """The norm of all elements of some tensors together.

    >>> get_total_norm([tensor([3.0]), tensor([[4.0]])])
    tensor(5.)
    """
    tensors, norm_type = list(tensors), float(norm_type)
    if not tensors:
        return tensor(0.0)
    with no_grad():
        total = norms(tuple(tensors), norm_type).norm(norm_type)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be clipped. "
                           "To disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`")
    return total


def clip_grad_norm_(parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
                    foreach: bool | None = None) -> Tensor:
    """Scale the gradients of all parameters together so that their ``norm_type``-norm is at most ``max_norm``; returns what it was.

    >>> w = torch.nn.Parameter(torch.zeros(2))
    >>> w.grad = tensor([3.0, 4.0])
    >>> clip_grad_norm_(w, 1)
    tensor(5.)
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    total = get_total_norm(gradients_of(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Tensor, foreach: bool | None = None) -> None:
    """Scale the gradients of all parameters as `clip_grad_norm_` does whose total norm is known to be ``total_norm``.

    >>> w = torch.nn.Parameter(torch.zeros(2))
    >>> w.grad = tensor([3.0, 4.0])
    >>> clip_grads_with_norm_(w, 1, tensor(5.0))
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    scale = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)       # no question whether it is needed: nothing waits for the number
    with no_grad():
        for grad in gradients_of(parameters):
            grad.mul_(scale if grad.dtype is scale.dtype else scale.to(grad.dtype))


def clip_grad_norm(parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
                   foreach: bool | None = None) -> Tensor:
    """The former name of `clip_grad_norm_`."""
    warnings.warn("torch.nn.utils.clip_grad_norm is now deprecated in favor of torch.nn.utils.clip_grad_norm_.", FutureWarning,
                  stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite)


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Keep every element of the gradients between ``-clip_value`` and ``clip_value``."""
    with no_grad():
        for grad in gradients_of(parameters):
            grad.clamp_(-float(clip_value), float(clip_value))
