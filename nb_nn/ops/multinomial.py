"""Places drawn with given chances."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from nb_nn.kernels import table

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.device import CPU
from ..core.generator import Generator, default_generator, generator_of
from ..core.tensor_base import TensorBase, wrap

Tensor = TensorBase


def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None,
                out: Tensor | None = None) -> Tensor:
    """Places drawn from each row with probability proportional to its elements, in the order they are drawn.

    >>> torch.multinomial(tensor([0.0, 1.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    if input._dtype.category != 2:
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {input.dtype}")
    if input.dim() not in (1, 2):
        raise RuntimeError(f"prob_dist must be 1 or 2 dim, got {input.dim()}")
    categories = input._array.shape[-1]
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > categories:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if input._device is not CPU:
        draws = drawn_there(input, num_samples, replacement, generator or generator_of(input._device))
        return launch.deliver("multinomial", draws.reshape(*input.shape[:-1], num_samples), dtypes.int64, out)
    weights = np.ascontiguousarray(launch.computing_array(input, input._dtype).reshape(-1, categories), dtype=np.float64)
    lowest, largest = (float(weights.min()), float(weights.max())) if weights.size else (0.0, 0.0)
    positive = lowest > 0
    check_weights(lowest >= 0 and largest < math.inf, positive or (weights.sum(1) > 0).all(),
                  replacement or positive or not ((weights > 0).sum(1) < num_samples).any())
    draws = _draw(weights, num_samples, replacement, generator or default_generator)
    return launch.deliver("multinomial", draws.reshape(*input.shape[:-1], num_samples), dtypes.int64, out)


def check_weights(numbers: Any, any_chance: Any, enough: Any) -> None:
    """RuntimeError unless all weights are finite and not negative, each row has one above 0, and there are as many as are drawn."""
    if not numbers:
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if not any_chance:
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if not enough:
        raise RuntimeError("invalid multinomial distribution (with replacement=False, not enough non-negative category to sample)")


def drawn_there(input: Tensor, count: int, replacement: bool, generator: Generator) -> Any:
    """Drawn places, a row of weights a row, on the device of the weights."""
    weights = input.detach().double().reshape(-1, input._array.shape[-1]).contiguous()
    check_weights(bool(((weights >= 0) & (weights < math.inf)).all()), bool((weights.sum(1) > 0).all()),
                  replacement or not bool(((weights > 0).sum(1) < count).any()))
    if not replacement:
        arrivals = memory.beside(weights._array, weights._array.shape, weights._array.dtype)
        if arrivals.size:
            launch.launch("race", *generator.take(arrivals.size), weights._array.reshape(-1), arrivals.reshape(-1))
        return wrap(arrivals, dtypes.float64).topk(count, 1, False)[1]._array
    draws = memory.beside(weights._array, (weights._array.shape[0], count), np.dtype(np.int64))
    if draws.size:
        launch.launch("multinomial", *generator.take(draws.size), weights.cumsum(1)._array, draws)
    return draws


def _draw(weights: np.ndarray, count: int, replacement: bool, generator: Generator) -> np.ndarray:
    """Drawn places, a row of ``weights`` a row."""
    if replacement:
        draws = memory.empty((len(weights), count), np.dtype(np.int64))
        if draws.size:
            launch.launch("multinomial", *generator.take(draws.size), np.cumsum(weights, 1), draws)
        return draws
    arrivals = np.empty_like(weights)
    if arrivals.size:
        launch.launch("race", *generator.take(arrivals.size), weights.reshape(-1), arrivals.reshape(-1))
    if count * 8 > arrivals.shape[1]:
        return np.argsort(arrivals, 1, kind="stable")[:, :count].astype(np.int64)
    first, draws = np.empty((len(weights), count)), np.empty((len(weights), count), np.int64)
    table.loops_of("cpu", "sorting").topk_rows(arrivals.dtype.char, False)(arrivals, first, draws, work=arrivals.size)
    return draws
