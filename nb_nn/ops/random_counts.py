"""Random counts: how often something happens. Drawn by NumPy's samplers from the same seeds and places as all random numbers."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import launch
from ..core.generator import Generator, default_generator
from ..core.op import derivative, op, zero_slope
from ..core.tensor_base import TensorBase

Tensor = TensorBase
LARGEST_RATE = 1e18         # NumPy counts in int64
STREAM = 1 << 64            # keys above the seeds: streams that no kernel draws from


def sampler(generator: Any, count: int) -> np.random.Generator:
    """A NumPy generator for the next ``count`` numbers of a stream."""
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(f"argument 'generator' must be Generator, not {type(generator).__name__}")
    seed, place = (generator or default_generator).take(count)
    return np.random.Generator(np.random.Philox(key=int(seed) + STREAM, counter=int(place) << 128))


@op
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Counts of the Poisson distribution whose rates are the elements, in ``input``'s size and type.

    >>> poisson(tensor([0.0, 0.0]))
    tensor([0., 0.])
    """
    kind = input._dtype
    if kind.category != 2:
        raise RuntimeError(f"poisson: rates must be floating, got {kind}")
    rates = launch.contiguous_array(input).astype(np.float64)
    if not (rates >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    draw = sampler(generator, rates.size)
    counts = draw.poisson(np.minimum(rates, LARGEST_RATE)).astype(np.float64)
    large = rates > LARGEST_RATE
    if large.any():
        counts[large] = rates[large] + np.sqrt(rates[large]) * draw.standard_normal(int(large.sum()))
    return launch.deliver("poisson", counts.astype(kind.compute), kind, None)


derivative(poisson, input=zero_slope)


@op
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of ``count`` attempts succeed if each does with probability ``prob``; both are broadcast.

    >>> torch.binomial(tensor([3.0, 4.0]), tensor([0.0, 1.0]))
    tensor([0., 4.])
    """
    kind = prob._dtype
    if kind.category != 2 or count._dtype is not kind:
        raise RuntimeError(f"binomial: count and prob must be of one floating type, got {count._dtype} and {kind}")
    attempts, chances = np.broadcast_arrays(launch.contiguous_array(count), launch.contiguous_array(prob))
    if not (attempts >= 0).all() or not ((chances >= 0) & (chances <= 1)).all():
        raise RuntimeError("binomial: expected counts of 0 or more and probabilities between 0 and 1")
    made = sampler(generator, attempts.size).binomial(attempts.astype(np.int64), chances.astype(np.float64))
    return launch.deliver("binomial", np.asarray(made, kind.compute), kind, None)


derivative(binomial, prob=zero_slope)
