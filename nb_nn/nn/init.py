"""Starting values for parameters. Every function fills its tensor in place, unrecorded, and returns it."""
from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np

from ..autograd.grad_mode import no_grad
from ..ops import from_data, sequences
from ..ops import random as random_ops
from ..tensor import Tensor

skipping: ContextVar[bool] = ContextVar("skipping", default=False)        # set by `nn.utils.skip_init`: leave all values as they are
GAINS = {"sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights should grow to make up for what a nonlinearity takes from the variance.

    1 for linear, convolutions and sigmoid, 5/3 for tanh, sqrt(2) for relu, sqrt(2 / (1 + slope ** 2)) for leaky_relu, whose slope
    is ``param`` (0.01), 3/4 for selu.

    >>> calculate_gain("leaky_relu", 0.2)
    1.3867504905630728
    """
    if nonlinearity == "linear" or nonlinearity.startswith("conv"):
        return 1.0
    if nonlinearity == "leaky_relu":
        if isinstance(param, bool) or not isinstance(param, (int, float, type(None))):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return GAINS[nonlinearity]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Evenly distributed over [a, b).

    >>> bool((uniform_(torch.empty(3), 1, 2) >= 1).all())
    True
    """
    if skipping.get():
        return tensor
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Normally distributed."""
    if skipping.get():
        return tensor
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None) -> Tensor:
    """Normally distributed, with values outside [a, b] drawn again."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn("mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.",
                      stacklevel=2)

    def below(x: float) -> float:
        return (1 + math.erf((x - mean) / (std * math.sqrt(2)))) / 2

    with no_grad():     # through the inverse of the distribution function
        tensor.uniform_(2 * below(a) - 1, 2 * below(b) - 1, generator=generator)
        return tensor.copy_(tensor.erfinv().mul_(std * math.sqrt(2)).add_(mean).clamp_(a, b))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Everywhere ``val``.

    >>> constant_(torch.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    if skipping.get():
        return tensor
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Everywhere 1."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Everywhere 0."""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix.

    >>> eye_(torch.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        return tensor.copy_(sequences.eye(*tensor.shape, dtype=tensor.dtype, device=tensor.device))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Convolution weights (3 to 5 dimensions) that hand as many channels through as possible, in each of ``groups``."""
    if tensor.dim() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    channels = tensor.shape[0] // groups
    center = tuple(length // 2 for length in tensor.shape[2:])
    values = np.zeros(tuple(tensor.shape), np.float32)
    for group in range(groups):
        for channel in range(min(channels, tensor.shape[1])):
            values[(group * channels + channel, channel, *center)] = 1
    with no_grad():
        return tensor.copy_(from_data.from_numpy(values))


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs an output element of a layer has, and how many outputs an input element."""
    if tensor.dim() < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return _calculate_fan_in_and_fan_out(tensor)[mode == "fan_out"]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform, with variance ``gain ** 2 * 2 / (fan_in + fan_out)`` (Glorot and Bengio 2010).

    >>> xavier_uniform_(torch.empty(3, 5), gain=calculate_gain("relu")).shape
    torch.Size([3, 5])
    """
    bound = gain * math.sqrt(6 / sum(_calculate_fan_in_and_fan_out(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal, with variance ``gain ** 2 * 2 / (fan_in + fan_out)`` (Glorot and Bengio 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(_calculate_fan_in_and_fan_out(tensor))), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    return calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))


def _is_empty(tensor: Tensor) -> bool:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return 0 in tensor.shape


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None) -> Tensor:
    """Uniform, with variance ``gain ** 2 / fan`` (He et al. 2015).

    ``a`` is the slope of a leaky_relu below zero; ``mode`` "fan_in" keeps the variance forward, "fan_out" backward.
    """
    if _is_empty(tensor):
        return tensor
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None) -> Tensor:
    """Normal, with variance ``gain ** 2 / fan`` (He et al. 2015); arguments as for `kaiming_uniform_`."""
    if _is_empty(tensor):
        return tensor
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """``gain`` times a random matrix whose rows, or columns if there are fewer, are orthonormal (Saxe et al. 2013).

    Dimensions after the first count as one.
    """
    if tensor.dim() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    drawn = random_ops.randn(rows, tensor.numel() // rows, generator=generator).double().numpy()
    wide = drawn.shape[1] > rows
    q, r = np.linalg.qr(drawn.T if wide else drawn)
    q = q * np.where(np.diag(r) < 0, -1, 1)         # makes q uniform (Mezzadri 2007)
    with no_grad():
        return tensor.copy_(from_data.from_numpy(np.ascontiguousarray(q.T if wide else q) * gain).reshape(tensor.shape))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Normal, with a fraction ``sparsity`` of each column of a matrix made zero (Martens 2010)."""
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    order = random_ops.rand(rows, columns, generator=generator).numpy().argsort(0)
    dropped = np.zeros((rows, columns), np.bool_)
    np.put_along_axis(dropped, order[:math.ceil(sparsity * rows)], True, 0)
    with no_grad():
        return normal_(tensor, 0, std, generator).masked_fill_(from_data.from_numpy(dropped).to(tensor.device), 0)


def deprecated(function: Callable) -> Callable:
    """The old name, without underscore, of a function."""
    new = function.__name__
    old = new[:-1]

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.", FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    call.__name__, call.__doc__ = old, f"The old name of :func:`{new}`."
    return call


uniform, normal, constant, eye, dirac = map(deprecated, (uniform_, normal_, constant_, eye_, dirac_))
xavier_uniform, xavier_normal = deprecated(xavier_uniform_), deprecated(xavier_normal_)
kaiming_uniform, kaiming_normal = deprecated(kaiming_uniform_), deprecated(kaiming_normal_)
orthogonal, sparse = deprecated(orthogonal_), deprecated(sparse_)
