"""Elements put before and behind those of a tensor."""
from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..core import cuda_memory, launch, memory, scalars
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from .indexing import index_select
from .joining import cat

Tensor = TensorBase


@op
def constant_pad(input: Tensor, pad: tuple[int, ...], value: float) -> Tensor:
    """``input`` with elements ``value`` before and behind each dimension, the last dimension's numbers first; negative numbers
    cut elements off."""
    given, kind = input._array.shape, input._dtype
    before = (0,) * (len(given) - len(pad) // 2) + pad[-2::-2]
    behind = (0,) * (len(given) - len(pad) // 2) + pad[::-2]
    shape = tuple([size + low + high for size, low, high in zip(given, before, behind)])
    if min(shape, default=0) < 0:
        d = next(d for d, size in enumerate(shape) if size < 0)
        raise RuntimeError(f"The input size {given[d]}, plus negative padding {before[d]} and {behind[d]} resulted in a negative output "
                           f"size, which is invalid. Check dimension {d} of your input.")
    made = memory.empty(shape, kind.numpy)
    if max(pad, default=0) > 0:
        made.fill(scalars.full_scalar(value, kind, CPU)._array[()])
    inner = made[tuple([slice(max(low, 0), size - max(high, 0)) for size, low, high in zip(shape, before, behind)])]
    kept = input._array[tuple([slice(max(-low, 0), size - max(-high, 0)) for size, low, high in zip(given, before, behind)])]
    launch.copy_array(kept, kind, wrap(inner, kind))
    return wrap(made, kind)


constant_pad.declaration.node_name = "ConstantPadNdBackward0"
derivative(constant_pad, input=lambda grad, pad: constant_pad(grad, tuple([-number for number in pad]), 0.0))


def mirrored(size: int, low: int, high: int) -> np.ndarray:
    """Places of a row continued by reflection at its ends, which are not repeated."""
    return np.concatenate([np.arange(low, 0, -1), np.arange(size), np.arange(size - 2, size - 2 - high, -1)])


def repeated(size: int, low: int, high: int) -> np.ndarray:
    """Places of a row whose ends are repeated."""
    return np.arange(-low, size + high).clip(0, size - 1)


def around(size: int, low: int, high: int) -> np.ndarray:
    """Places of a row continued by its other end, after negative numbers have cut elements off."""
    start, end = max(-low, 0), size - max(-high, 0)
    return start + np.arange(min(-low, 0), end - start + max(high, 0)) % max(end - start, 1)


def wrapped(input: Tensor, dim: int, low: int, high: int) -> Tensor:
    """A tensor continued along ``dim`` by its other end."""
    size = input._array.shape[dim]
    kept = input.narrow(dim, max(-low, 0), size - max(-low, 0) - max(-high, 0))
    parts = [kept.narrow(dim, kept._array.shape[dim] - low, low)] if low > 0 else []
    parts.append(kept)
    if high > 0:
        parts.append(kept.narrow(dim, 0, high))
    return cat(parts, dim)


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """``input`` with elements put before and behind the last dimensions: ``pad`` is (before, behind) of the last one, then of
    the one before it, and so on.

    Modes: "constant" takes ``value`` (0 by default) and any number of dimensions, where negative numbers cut elements off.
    "reflect" mirrors at the ends, "replicate" repeats the ends, "circular" goes on from the other end; these three pad the
    dimensions behind (N, C) or (C), all of them.

    >>> pad(tensor([[1.0, 2.0, 3.0]]), (1, 1), "reflect")
    tensor([[2., 1., 2., 3., 2.]])
    """
    numbers, ndim = tuple([operator.index(one) for one in pad]), input._array.ndim
    if len(numbers) % 2:
        raise RuntimeError(f"Padding length must be divisible by 2, got {len(numbers)}")
    dims = len(numbers) // 2
    if dims > ndim:
        raise RuntimeError(f"Padding length should be less than or equal to two times the input dimension but got padding length "
                           f"{len(numbers)} and input of dimension {ndim}")
    if mode == "constant":
        return constant_pad(input, numbers, 0.0 if value is None else value)
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}; expected constant, reflect, replicate or circular")
    if ndim - dims not in (1, 2) or dims > 3:
        raise NotImplementedError(f"Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now: {mode} of "
                                  f"{dims} dimension(s) takes input of {dims + 1} or {dims + 2} dimensions, got {ndim}")
    together = input._dtype.category == 2 and any(numbers)
    for number in range(dims):
        low, high, dim = numbers[2 * number], numbers[2 * number + 1], ndim - 1 - number
        if low or high:
            check_own_elements(input, dim, low, high, mode)
            if not together:
                input = padded_along(input, dim, low, high, mode)
    return own_elements(input, numbers, mode) if together else input


@op
def own_elements(input: Tensor, pad: tuple[int, ...], mode: str) -> Tensor:
    """`pad` by reflected, replicated or circular elements, with checked arguments."""
    x = launch.contiguous_array(input)
    shape, axes, first, end = places_of(x.shape, pad, mode)
    made = memory.beside(x, (*x.shape[:x.ndim - len(pad) // 2], *shape[3 - len(pad) // 2:]), x.dtype)
    if made.size:
        volumes = x.reshape(-1, *(1,) * (3 - len(pad) // 2), *x.shape[x.ndim - len(pad) // 2:])
        launch.launch("take_places", volumes, *[cuda_memory.moved(axis, input._device) for axis in axes], first, end,
                      made.reshape(volumes.shape[0], *shape))
    return launch.deliver("pad", made, input._dtype, None)


@op
def own_elements_backward(grad_output: Tensor, size: tuple[int, ...], pad: tuple[int, ...], mode: str) -> Tensor:
    """Gradient of `own_elements`."""
    grad = launch.contiguous_array(grad_output)
    shape, axes, first, end = places_of(tuple(size), pad, mode)
    made = memory.beside(grad, tuple(size), grad.dtype)
    if made.size:
        out = made.reshape(-1, *(1,) * (3 - len(pad) // 2), *made.shape[len(size) - len(pad) // 2:])
        launch.launch("add_at_places", grad.reshape(out.shape[0], *shape), *[cuda_memory.moved(axis, grad_output._device) for axis in axes],
                      first, end, out)
    return launch.deliver("pad", made, grad_output._dtype, None)


derivative(own_elements, input=lambda grad, input_size, pad, mode: own_elements_backward(grad, input_size, pad, mode))
derivative(own_elements_backward, grad_output=lambda grad, pad, mode: own_elements(grad, pad, mode))


def places_of(size: tuple[int, ...], pad: tuple[int, ...], mode: str) -> tuple:
    """Sizes of the padded volume, the places its elements are from along its three axes, and where those along the last are adjacent."""
    axes = []
    for axis in (2, 1, 0):
        low, high, length = (pad[2 * axis], pad[2 * axis + 1], size[-1 - axis]) if 2 * axis < len(pad) else (0, 0, 1)
        axes.append(own_places(length, low, high, mode))
    low, high, length = pad[0], pad[1], size[-1]
    first, end = max(low, 0), max(low, 0) + length + min(low, 0) + min(high, 0)
    return tuple([axis.size for axis in axes]), axes, *((first, end) if first < end else (0, 0))


def own_places(size: int, low: int, high: int, mode: str) -> np.ndarray:
    """The places of a padded row's elements in the row."""
    if mode == "circular":
        return around(size, low, high).astype(np.int64, copy=False)
    places = (mirrored if mode == "reflect" else repeated)(size, max(low, 0), max(high, 0))
    return np.ascontiguousarray(places[max(-low, 0):places.size - max(-high, 0)], np.int64)


def check_own_elements(input: Tensor, dim: int, low: int, high: int, mode: str) -> None:
    """RuntimeError if a dimension has not enough elements to be padded by."""
    size = input._array.shape[dim]
    largest = {"reflect": size - 1, "replicate": max(low, high), "circular": size}[mode]
    if max(low, high) > largest or size == 0 or size + low + high < 1:
        if mode == "circular":
            raise RuntimeError(f"Padding value causes wrapping around more than once: circular padding ({low}, {high}) of dimension {dim} "
                               f"of input {list(input._array.shape)}")
        raise RuntimeError(f"Padding size should be less than the corresponding input dimension, but got: padding ({low}, {high}) at "
                           f"dimension {dim} of input {list(input._array.shape)}")


def padded_along(input: Tensor, dim: int, low: int, high: int, mode: str) -> Tensor:
    """One dimension padded by its own elements."""
    if mode == "circular":
        return wrapped(input, dim, low, high)
    places = own_places(input._array.shape[dim], low, high, mode)
    return index_select(input, dim, wrap(cuda_memory.moved(places, input._device), dtypes.int64))
