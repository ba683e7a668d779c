"""Tensors filled with random numbers: the same for any number of threads. Streams differ from PyTorch's, distributions do not."""
from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from nb_nn.kernels import table
from nb_nn.kernels.compile import SERIAL_BELOW

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.device import CPU
from ..core.generator import Generator, default_generator, generator_of
from ..core.op import derivative, inplace, op, zero_slope
from ..core.tensor_base import TensorBase, wrap
from . import creation, extremes

Tensor = TensorBase
FEW: dict[tuple, Any] = {}      # loops for few numbers, compiled for the types of their arguments


def drawn(name: str, kernel: str, kind: Any, shape: tuple[int, ...], generator: Generator | None, *numbers: Any,
          out: Any = None, where: Any = CPU) -> Tensor:
    """A tensor (``out``, or a new one) filled by a kernel with numbers of a floating type."""
    if kind.category == 3 and name in ("uniform_", "normal_"):
        return drawn_parts(name, kernel, kind, shape, generator, *numbers, out=out)
    if kind.category != 2:
        raise launch.not_implemented(name, kind, "floating-point types")
    direct = out is not None and not kind.half and out._array.flags.c_contiguous and out._array.shape == shape
    array = out._array if direct else memory.empty(shape, kind.compute, where)
    if 0 < array.size < SERIAL_BELOW and where is CPU:
        loop, flat = FEW.get((kernel, kind)), array.reshape(-1)
        if loop is None:
            loop = FEW[kernel, kind] = table.find("cpu", kernel).compiled_for(np.uint64(0), np.uint64(0), *numbers, flat)
        loop(*(generator or default_generator).place(array.size), *numbers, flat)
    elif array.size:
        launch.launch(kernel, *(generator or generator_of(where)).take(array.size), *numbers, array.reshape(-1))
    return out if direct else launch.deliver(name, array, kind, out)


def drawn_parts(name: str, kernel: str, kind: Any, shape: tuple[int, ...], generator: Generator | None, first: float, second: float,
                out: Any = None) -> Tensor:
    """Complex numbers: uniform parts, or normal ones of which each has half the variance."""
    if name == "normal_":
        second /= math.sqrt(2)
    parts = drawn(name, kernel, kind.to_real(), (*shape, 2), generator, 0.0 if name == "normal_" else first, second)
    made = wrap(parts._array.view(kind.numpy)[..., 0], kind)
    return launch.deliver(name, made._array + kind.numpy.type(first) if name == "normal_" and first else made._array, kind, out)


@op
def uniform(input: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None,
            out: Tensor | None = None) -> Tensor:
    """Numbers evenly distributed over [``from``, ``to``), in ``input``'s size and type."""
    if from_ > to:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={from_} > to={to}")
    kind, shape = input._dtype, input._array.shape
    if not kind.half:
        return drawn("uniform_", "uniform", kind, shape, generator, float(from_), float(to), out=out, where=input._device)
    units = drawn("uniform_", "uniform", dtypes.float32, shape, generator, 0.0, 1.0)
    bits = units._array.view(np.uint32)
    np.bitwise_and(bits, KEPT_BITS[kind.name], out=bits)        # rounded to nearest, some would be 1
    return launch.deliver("uniform_", (units * (to - from_) + from_)._array, kind, out)


KEPT_BITS = {"float16": np.uint32(0xFFFFE000), "bfloat16": np.uint32(0xFFFF0000)}


@op
def normal_like(input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None,
                out: Tensor | None = None) -> Tensor:
    """Normally distributed numbers in ``input``'s size and type."""
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    return drawn("normal_", "normal", input._dtype, input._array.shape, generator, float(mean), float(std), out=out, where=input._device)


@op
def exponential(input: Tensor, lambd: float = 1.0, *, generator: Generator | None = None, out: Tensor | None = None) -> Tensor:
    """Waiting times of events that come ``lambd`` times in a unit of time, in ``input``'s size and type."""
    if not lambd > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
    return drawn("exponential_", "exponential", input._dtype, input._array.shape, generator, float(lambd), out=out, where=input._device)


@op
def bernoulli_like(input: Tensor, p: Any = 0.5, *, generator: Generator | None = None, out: Tensor | None = None) -> Tensor:
    """1 with probability ``p`` (a number, or a tensor that broadcasts), else 0, in ``input``'s size and type."""
    kind, shape = input._dtype, input._array.shape
    array = memory.empty(shape, kind.compute, input._device)
    stream = (generator or generator_of(input._device)).take(array.size)
    if isinstance(p, TensorBase):
        if p._dtype.category != 2:
            raise RuntimeError(f"bernoulli expects a floating type for probabilities, got {p.dtype}")
        _check_probabilities(p)
        chances = launch.contiguous_array(p if p._array.shape == shape else p.expand(shape))
        if array.size:
            launch.launch("bernoulli_each", *stream, chances.reshape(-1), array.reshape(-1))
    else:
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        if array.size:
            launch.launch("bernoulli", *stream, float(p), array.reshape(-1))
    return launch.deliver("bernoulli_", array, kind, out)


def _check_probabilities(p: Tensor) -> None:
    if p._array.size and not (extremes.amin(p).item() >= 0 and extremes.amax(p).item() <= 1):
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false: probabilities must lie in [0, 1]")


def check_bounds(kind: Any, low: int, high: int) -> None:
    """RuntimeError for integers that a type does not hold."""
    if kind.category == 2 and kind is not dtypes.float16:
        return
    least, largest = (0, 1) if kind.category == 0 else (-65504, 65504) if kind.category == 2 else (
        int(np.iinfo(kind.numpy).min), int(np.iinfo(kind.numpy).max))
    for what, bound in (("from", low), ("to - 1", high - 1)):
        if not least <= bound <= largest:
            raise RuntimeError(f"random_: {what} is out of bounds for {kind.name}: {bound} is not in [{least}, {largest}]")


@op
def random_integers(input: Tensor, low: int, high: int, *, generator: Generator | None = None, out: Tensor | None = None) -> Tensor:
    """Integers evenly distributed over [``low``, ``high``), in ``input``'s size and type."""
    if input._dtype.category == 3:
        raise RuntimeError("random_: integers are drawn for integral, floating-point and boolean types, not for complex ones")
    kind, shape = input._dtype, input._array.shape
    check_bounds(kind, low, high)
    values = memory.empty(shape, np.dtype(np.int64), input._device)
    if values.size:
        launch.launch("randint", *(generator or generator_of(input._device)).take(values.size), low, high, values.reshape(-1))
    return launch.deliver("random_", launch.convert(values, dtypes.int64, kind), kind, out)


uniform_fill, normal_fill, exponential_fill = inplace(uniform), inplace(normal_like), inplace(exponential)
bernoulli_fill, random_fill = inplace(bernoulli_like), inplace(random_integers)
for_all = {"input": zero_slope}
derivative(uniform, **for_all)
derivative(normal_like, **for_all)
derivative(exponential, **for_all)
derivative(bernoulli_like, **for_all)
derivative(random_integers, **for_all)


def uniform_(self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None, **legacy: float) -> Tensor:
    """Fill with numbers evenly distributed over [``from``, ``to``).

    >>> x = torch.empty(1000).uniform_(2, 3)
    >>> bool(((x >= 2) & (x < 3)).all())
    True
    """
    if set(legacy) - {"from"}:
        raise TypeError(f"uniform_() got an unexpected keyword argument {sorted(legacy)[0]!r}")
    return uniform_fill(self, legacy.get("from", from_), to, generator=generator)


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with normally distributed numbers.

    >>> torch.empty(2).normal_(5.0, 0.0)
    tensor([5., 5.])
    """
    return normal_fill(self, mean, std, generator=generator)


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponentially distributed numbers, of density ``lambd * exp(-lambd x)``.

    >>> bool((torch.empty(1000).exponential_() > 0).all())
    True
    """
    return exponential_fill(self, lambd, generator=generator)


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1 at probability ``p`` (a number, or a tensor that broadcasts) and 0 otherwise.

    >>> torch.zeros(3).bernoulli_(tensor([0.0, 1.0, 1.0]))
    tensor([0., 1., 1.])
    """
    return bernoulli_fill(self, p, generator=generator)


def random_(self: Tensor, *bounds: Any, generator: Generator | None = None, to: Any = None, **legacy: Any) -> Tensor:
    """Fill with integers of [``from``, ``to``); by default of all that the type holds exactly, from 0.

    >>> torch.zeros(3).random_(4, 5)
    tensor([4., 4., 4.])
    """
    low, high = legacy.pop("from", 0), to
    if legacy:
        raise TypeError(f"random_() got an unexpected keyword argument {sorted(legacy)[0]!r}")
    if len(bounds) == 1:
        high = bounds[0]
    elif len(bounds) == 2:
        low, high = bounds
    if high is None:
        high = largest_exact(self._dtype) + 1
    if not low < high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    return random_fill(self, operator.index(low), min(operator.index(high), (1 << 63) - 1), generator=generator)


def largest_exact(kind: Any) -> int:
    """The largest integer up to which a type holds all."""
    if kind.category == 2:
        return {"float16": 1 << 11, "bfloat16": 1 << 8, "float32": 1 << 24, "float64": 1 << 53}[kind.name]
    return 1 if kind is dtypes.bool_ else int(np.iinfo(kind.numpy).max)


def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers of a Cauchy distribution.

    >>> torch.empty(2).cauchy_().shape
    torch.Size([2])
    """
    if not sigma > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    if self._dtype.category != 2:
        raise RuntimeError("Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you specified "
                           f"{self._dtype.name}")
    units = uniform(self.detach(), generator=generator)
    return self.copy_(((units - 0.5) * math.pi).tan() * sigma + median)


def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers whose logarithms are normally distributed with ``mean`` and ``std``.

    >>> bool((torch.empty(1000).log_normal_() > 0).all())
    True
    """
    if not std > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
    return self.copy_(normal_like(self.detach(), mean, std, generator=generator).exp())


def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the number of trials up to the first success, each of which succeeds with probability ``p``.

    >>> torch.empty(3).geometric_(1.0 - 1e-12)
    tensor([1., 1., 1.])
    """
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    wide = creation.empty(self.shape, dtype=self._dtype if self._dtype.category == 2 else dtypes.float64)
    return self.copy_((exponential(wide, generator=generator) / -math.log1p(-p)).ceil().clamp(min=1))
