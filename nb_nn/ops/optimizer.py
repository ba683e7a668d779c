"""Steps of optimizers: each one pass over a parameter and what is remembered of its gradients, all written in place."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import cuda_memory, launch, memory
from ..core import dtype as dtypes
from ..core.op import no_derivative, op
from ..core.sparse_array import is_sparse
from ..core.storage import storage_of
from ..core.tensor_base import TensorBase
from .sparse.parts import coalesced_parts, keys_of

Tensor = TensorBase


def flat(tensor: Tensor) -> Any:
    """A tensor's elements in one dimension, in the type they are computed in: its memory itself if it lies so."""
    array = tensor._array
    return array.ravel() if array.flags.c_contiguous and not tensor._dtype.half else launch.contiguous_array(tensor).ravel()


def written(tensor: Tensor, array: Any) -> None:
    """Note that the elements that `flat` gave have changed; bring them back if they are a copy."""
    own = tensor._array
    if not own.flags.c_contiguous or tensor._dtype.half:
        launch.copy_array(array.reshape(own.shape), dtypes.from_numpy(array.dtype), tensor)
    storage_of(tensor).version += 1


def check_alike(name: str, input: Tensor, *others: Tensor) -> None:
    """The kernels trust that a parameter, its gradient and its state have one size, type and device."""
    shape, kind, device = input._array.shape, input._dtype, input._device
    for other in others:
        if other._array.shape != shape or other._dtype is not kind or other._device is not device and other._device != device:
            raise RuntimeError(f"{name}: the parameter has size {list(shape)}, type {kind} and device {device}; its gradient or state "
                               f"has {list(other._array.shape)}, {other._dtype} and {other._device}")
    if kind.category != 2:
        raise RuntimeError(f"{name}: parameters must be of a floating type, not {kind}")


def rows_of(name: str, grad: Tensor, size: tuple[int, ...]) -> tuple[Any, Any]:
    """Values (n, width) of a sparse gradient, and their distinct rows in a parameter of ``size``."""
    if grad._array.shape != size:
        raise RuntimeError(f"{name}: the parameter has size {list(size)}, its gradient {list(grad._array.shape)}")
    indices, values = coalesced_parts(grad)
    array = launch.contiguous_array(values)
    places = cuda_memory.moved(keys_of(indices, size), values._device)
    return array.reshape(len(array), math.prod(array.shape[1:])), places


@op
def sgd_step(input: Tensor, grad: Tensor, velocity: Tensor | None, lr: float, momentum: float = 0.0, dampening: float = 0.0,
             weight_decay: float = 0.0, nesterov: bool = False, maximize: bool = False, first: bool = False) -> Tensor:
    """One step of gradient descent in place: ``v = momentum v + (1 - dampening) g; input -= lr v``.

    ``velocity`` is None without momentum; at the ``first`` step it is only written.

    >>> sgd_step(tensor([1.0, 2.0]), tensor([1.0, -1.0]), None, lr=0.5)
    tensor([0.5000, 2.5000])
    """
    if velocity is None:
        check_alike("sgd", input, grad)
        target, kept, momentum = flat(input), memory.nothing(input._dtype.compute, input._device), 0
    else:
        check_alike("sgd", input, grad, velocity)
        target, kept = flat(input), flat(velocity)
    launch.launch("sgd", flat(grad), float(lr), float(momentum), float(dampening), float(weight_decay), bool(nesterov), bool(maximize),
                  bool(first), kept, target, device=input._device)
    if velocity is not None:
        written(velocity, kept)
    written(input, target)
    return input


@op
def adam_step(input: Tensor, grad: Tensor, exp_avg: Tensor, exp_avg_sq: Tensor, max_exp_avg_sq: Tensor | None, step: Tensor, lr: float,
              beta1: float, beta2: float, eps: float, weight_decay: float = 0.0, decoupled: bool = False,
              maximize: bool = False) -> Tensor:
    """One step of Adam in place; ``step``, a tensor of one element that counts them, goes up by 1.

    With ``max_exp_avg_sq`` it is AMSGrad, with ``decoupled`` weight decay AdamW.

    >>> state = [torch.zeros(2) for _ in "mv"]
    >>> adam_step(tensor([1.0, 2.0]), tensor([1.0, -1.0]), *state, None, torch.zeros(()), 0.5, 0.9, 0.999, 1e-8)
    tensor([0.5000, 2.5000])
    """
    amsgrad = max_exp_avg_sq is not None
    check_alike("adam", input, grad, exp_avg, exp_avg_sq, *((max_exp_avg_sq,) if amsgrad else ()))
    count = float(step._array) + 1
    target, mean, square = flat(input), flat(exp_avg), flat(exp_avg_sq)
    largest = flat(max_exp_avg_sq) if amsgrad else memory.nothing(input._dtype.compute, input._device)
    launch.launch("adam", flat(grad), float(lr), float(beta1), float(beta2), float(eps), float(weight_decay), bool(decoupled), amsgrad,
                  bool(maximize), count, mean, square, largest, target, device=input._device)
    written(exp_avg, mean)
    written(exp_avg_sq, square)
    if amsgrad:
        written(max_exp_avg_sq, largest)
    written(input, target)
    step._array[...] = count
    storage_of(step).version += 1
    return input


@op
def sparse_adam_step(input: Tensor, grad: Tensor, exp_avg: Tensor, exp_avg_sq: Tensor, step: Tensor, lr: float, beta1: float, beta2: float,
                     eps: float, maximize: bool = False) -> Tensor:
    """One step of Adam in place on the rows that a sparse gradient stores; ``step``, a tensor of one element, goes up by 1.

    >>> grad = torch.sparse_coo_tensor([[1]], [1.0], (2,))
    >>> sparse_adam_step(tensor([1.0, 2.0]), grad, torch.zeros(2), torch.zeros(2), torch.zeros(()), 0.5, 0.9, 0.999, 1e-8)
    tensor([1.0000, 1.5000])
    """
    check_alike("sparse_adam", input, exp_avg, exp_avg_sq)
    values, places = rows_of("sparse_adam", grad, input._array.shape)
    count = float(step._array) + 1
    target, mean, square = flat(input), flat(exp_avg), flat(exp_avg_sq)
    if values.size:
        rows = [array.reshape(-1, values.shape[1]) for array in (mean, square, target)]
        launch.launch("sparse_adam", values, places, float(lr), float(beta1), float(beta2), float(eps), bool(maximize), count, *rows,
                      device=input._device, work=values.size)
    for tensor, array in ((exp_avg, mean), (exp_avg_sq, square), (input, target)):
        written(tensor, array)
    step._array[...] = count
    storage_of(step).version += 1
    return input


@op
def adagrad_step(input: Tensor, grad: Tensor, total: Tensor, step: Tensor, lr: float, lr_decay: float = 0.0, weight_decay: float = 0.0,
                 eps: float = 1e-10, maximize: bool = False) -> Tensor:
    """One step of Adagrad in place; of a sparse gradient on the rows that it stores. ``step``, a tensor of one element, goes up by 1.

    >>> adagrad_step(tensor([1.0, 2.0]), tensor([1.0, -1.0]), torch.zeros(2), torch.zeros(()), 0.5)
    tensor([0.5000, 2.5000])
    """
    check_alike("adagrad", input, total)
    if is_sparse(grad):
        values, places = rows_of("adagrad", grad, input._array.shape)
    else:
        check_alike("adagrad", input, grad)
        values = flat(grad).reshape(-1, 1 if input._array.ndim == 0 else input._array.shape[-1])
        places = cuda_memory.moved(np.arange(len(values)), input._device)
    count = float(step._array) + 1
    target, squares = flat(input), flat(total)
    if values.size:
        rows = [array.reshape(-1, values.shape[1]) for array in (squares, target)]
        launch.launch("adagrad", values, places, float(lr), float(lr_decay), float(weight_decay), float(eps), bool(maximize), count, *rows,
                      device=input._device, work=values.size)
    written(total, squares)
    written(input, target)
    step._array[...] = count
    storage_of(step).version += 1
    return input


no_derivative(sgd_step, adam_step, sparse_adam_step, adagrad_step)
