"""Tensors of random numbers, by the samplers of `samplers`."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.device import CPU
from ..core.generator import Generator, default_generator
from ..core.geometry import broadcast_shapes, sizes_of
from ..core.op import derivative, op, zero_slope
from ..core.scalars import whole_number
from ..core.state import recorders
from ..core.tensor_base import TensorBase
from . import creation, options, samplers

Tensor = TensorBase
PLAIN = (dtypes.float32, dtypes.float64)


def rand(*size: Any, generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
         device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """Numbers evenly distributed over [0, 1).

    >>> bool((torch.rand(3) < 1).all())
    True
    """
    options.check_options(layout, pin_memory=pin_memory)
    return _fresh("uniform", samplers.uniform_fill, size, out, dtype, device, requires_grad, generator, 0.0, 1.0)


def _fresh(kernel: str, fill: Any, size: tuple, out: Any, kind: Any, where: Any, requires_grad: bool, generator: Any,
           *numbers: float) -> Tensor:
    """A new tensor, or ``out``, that ``fill`` has filled: at once, where nobody records it."""
    if out is None and not recorders and (kind is None or kind in PLAIN):
        kind, where = options.resolve(kind, where, requires_grad)
        if kind in PLAIN and where is CPU:
            shape = sizes_of(size)
            if min(shape, default=0) >= 0:
                return options.finish(samplers.drawn(fill.__name__, kernel, kind, shape, generator, *numbers), requires_grad)
    return options.finish(fill(_target(size, out, kind, where), generator=generator), requires_grad)


def _target(size: tuple, out: Any, kind: Any, where: Any) -> Tensor:
    return creation.filled(None, size, out, kind, where, False)


def randn(*size: Any, generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
          device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """Normally distributed numbers of mean 0 and variance 1.

    >>> torch.randn(2, 3).shape
    torch.Size([2, 3])
    """
    options.check_options(layout, pin_memory=pin_memory)
    return _fresh("normal", samplers.normal_fill, size, out, dtype, device, requires_grad, generator, 0.0, 1.0)


def bounds(name: str, low: Any, high: Any) -> tuple[int, int]:
    """Checked bounds of random integers."""
    low, high = whole_number(f"{name}(): argument 'low'", low), whole_number(f"{name}(): argument 'high'", high)
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    return low, high


def randint(low: int = 0, high: Any = None, size: Any = None, *, generator: Generator | None = None, out: Tensor | None = None,
            dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
            pin_memory: bool = False) -> Tensor:
    """Integers evenly distributed over [``low``, ``high``), or [0, ``low``) if ``high`` is left out.

    >>> bool((torch.randint(3, (4,)) < 3).all())
    True
    """
    options.check_options(layout, pin_memory=pin_memory)
    if size is None:
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if size is None:
        raise TypeError("randint() missing the argument 'size', a tuple of ints")
    low, high = bounds("randint", low, high)
    target = _target((sizes_of((size,)),), out, dtype or dtypes.int64, device)
    return options.finish(samplers.random_fill(target, low, high, generator=generator), requires_grad)


def randperm(n: int, *, generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
             device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """The integers below ``n`` in random order.

    >>> sorted(torch.randperm(4).tolist())
    [0, 1, 2, 3]
    """
    options.check_options(layout, pin_memory=pin_memory)
    n = whole_number("randperm(): argument 'n'", n)
    if n < 0:
        raise RuntimeError(f"n must be non-negative, got {n}")
    values = memory.empty((n,), np.dtype(np.int64))
    if n:
        launch.launch("permutation", *(generator or default_generator).take(n), values)
    kind = dtype or (out._dtype if out is not None else dtypes.int64)
    made = launch.deliver("randperm", launch.convert(values, dtypes.int64, kind), kind, out)
    return options.finish(made if device is None else made.to(options.place(device)), requires_grad)


def rand_like(input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
              memory_format: Any = None) -> Tensor:
    """`rand` in ``input``'s size and type.

    >>> rand_like(torch.ones(2, 3)).shape
    torch.Size([2, 3])
    """
    options.check_options(layout)
    made = creation.empty_like(input, dtype=dtype, device=device, memory_format=memory_format)
    return options.finish(samplers.uniform_(made), requires_grad)


def randn_like(input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
               memory_format: Any = None) -> Tensor:
    """`randn` in ``input``'s size and type.

    >>> randn_like(torch.ones(2, 3), dtype=torch.float64).dtype
    torch.float64
    """
    options.check_options(layout)
    made = creation.empty_like(input, dtype=dtype, device=device, memory_format=memory_format)
    return options.finish(samplers.normal_(made), requires_grad)


def randint_like(input: Tensor, low: int = 0, high: int | None = None, *, dtype: Any = None, layout: Any = None, device: Any = None,
                 requires_grad: bool = False, memory_format: Any = None) -> Tensor:
    """`randint` in ``input``'s size and type.

    >>> randint_like(torch.ones(2), 7, 8)
    tensor([7., 7.])
    """
    options.check_options(layout)
    low, high = bounds("randint_like", *((0, low) if high is None else (low, high)))
    made = creation.empty_like(input, dtype=dtype, device=device, memory_format=memory_format)
    return options.finish(samplers.random_fill(made, low, high), requires_grad)


def bernoulli(input: Tensor, p: Any = None, *, generator: Generator | None = None, out: Tensor | None = None) -> Tensor:
    """1 with the probability that each element of ``input`` states (or with probability ``p``), else 0.

    >>> torch.bernoulli(tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    if p is None and input._dtype.category != 2:
        raise RuntimeError(f"bernoulli expects a floating type for probabilities, got {input.dtype}")
    result = samplers.bernoulli_like(input, input if p is None else p, generator=generator)
    return launch.into_out("bernoulli", result, out)


def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, out: Tensor | None = None,
           dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """Normally distributed numbers: one for each element of the tensors ``mean`` and ``std``, or of a given ``size``.

    If both are tensors they need equally many elements, and the size is that of ``mean``.

    >>> torch.normal(tensor([1.0, 2.0]), 0.0)
    tensor([1., 2.])
    """
    options.check_options(layout, pin_memory=pin_memory)
    means, stds = isinstance(mean, TensorBase), isinstance(std, TensorBase)
    if size is not None or not (means or stds):
        if size is None:
            raise TypeError("normal() needs the argument 'size' when 'mean' and 'std' are both numbers")
        target = _target((sizes_of((size,)),), out, dtype, device)
        return options.finish(samplers.normal_(target, mean, std, generator=generator), requires_grad)
    if stds and std._array.size and bool((std < 0).any()):
        raise RuntimeError("normal expects all elements of std >= 0.0")
    if not stds and std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    like = mean if means else std
    if means and stds and mean.shape != std.shape:
        if mean.numel() != std.numel():
            like = creation.empty(broadcast_shapes(mean._array.shape, std._array.shape), dtype=mean._dtype)
        else:
            std = std.reshape(mean.shape)
    return launch.into_out("normal", normal_around(like.detach(), mean, std, generator), out)


@op
def normal_around(like: Tensor, mean: Any, std: Any, generator: Generator | None) -> Tensor:
    """`normal` of the size and type of ``like``."""
    return samplers.normal_like(like, generator=generator) * std + mean


normal_around.declaration.node_name = "NormalBackward0"
derivative(normal_around, mean=zero_slope, std=zero_slope)
