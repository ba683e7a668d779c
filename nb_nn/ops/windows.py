"""Windows for signals. A periodic one is the symmetric one with one more element, without the last."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.dtype import dtype
from ..core.tensor_base import TensorBase
from .options import check_options, resolve
from .sequences import delivered

Tensor = TensorBase


def windowed(name: str, window_length: int, periodic: bool, weights: Callable, kind: dtype | None, layout: Any, device: Any,
             requires_grad: bool) -> Tensor:
    """A window of checked length and type; ``weights`` takes places from 0 to 1."""
    check_options(layout)
    kind, _ = resolve(kind, device, requires_grad)
    if kind.category != 2:
        raise RuntimeError(f"{name} expects floating point dtypes, got: {kind}")
    if window_length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={window_length}")
    if window_length < 2:
        values = np.ones(window_length)
    else:
        values = weights(np.arange(window_length) / (window_length if periodic else window_length - 1))
    return delivered(values, None, kind, device, requires_grad)


def bartlett_window(window_length: int, periodic: bool = True, *, dtype: dtype | None = None, layout: Any = None, device: Any = None,
                    requires_grad: bool = False) -> Tensor:
    """A triangle, 0 at its ends.

    >>> bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return windowed("bartlett_window", window_length, periodic, lambda x: 1 - abs(2 * x - 1), dtype, layout, device, requires_grad)


def blackman_window(window_length: int, periodic: bool = True, *, dtype: dtype | None = None, layout: Any = None, device: Any = None,
                    requires_grad: bool = False) -> Tensor:
    """0.42 - 0.5 cos(2 pi x) + 0.08 cos(4 pi x), for x from 0 to 1.

    >>> blackman_window(4)[1:]
    tensor([0.3400, 1.0000, 0.3400])
    """
    return windowed("blackman_window", window_length, periodic, lambda x: 0.42 - 0.5 * np.cos(2 * np.pi * x) + 0.08 * np.cos(4 * np.pi * x),
                    dtype, layout, device, requires_grad)


def hamming_window(window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: dtype | None = None,
                   layout: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """``alpha - beta * cos(2 pi x)``, for x from 0 to 1.

    >>> hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return windowed("hamming_window", window_length, periodic, lambda x: alpha - beta * np.cos(2 * np.pi * x), dtype, layout, device,
                    requires_grad)


def hann_window(window_length: int, periodic: bool = True, *, dtype: dtype | None = None, layout: Any = None, device: Any = None,
                requires_grad: bool = False) -> Tensor:
    """(1 - cos(2 pi x)) / 2, for x from 0 to 1.

    >>> hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return windowed("hann_window", window_length, periodic, lambda x: 0.5 - 0.5 * np.cos(2 * np.pi * x), dtype, layout, device,
                    requires_grad)


def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: dtype | None = None, layout: Any = None,
                  device: Any = None, requires_grad: bool = False) -> Tensor:
    """I0(beta sqrt(1 - (2 x - 1)^2)) / I0(beta), for x from 0 to 1, with the modified Bessel function I0.

    >>> kaiser_window(4)
    tensor([5.2773e-05, 2.1567e-01, 1.0000e+00, 2.1567e-01])
    """
    def weights(x: np.ndarray) -> np.ndarray:
        from scipy.special import i0

        return i0(beta * np.sqrt(np.maximum(1 - (2 * x - 1) ** 2, 0))) / i0(beta)

    return windowed("kaiser_window", window_length, periodic, weights, dtype, layout, device, requires_grad)
