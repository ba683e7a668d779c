"""Windows: weights that fade a piece of a signal in and out.

``M`` is how many weights there are. A window that is not ``sym`` is periodic: the symmetric one with one more weight, without the last,
as wanted for Fourier transforms. Formulas speak of x from 0, at the first weight of the symmetric window, to 1, at the last.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core.dtype import dtype
from ..core.tensor_base import TensorBase
from ..ops.options import resolve
from ..ops.sequences import delivered

Tensor = TensorBase
__all__ = ["bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann", "kaiser",
           "nuttall"]


def window(name: str, M: int, sym: bool, weights: Callable, options: tuple, single: bool = True) -> Tensor:
    """A window whose ``weights`` are computed in float64 from x; with ``single``, a window of one weight is 1."""
    kind, layout, device, requires_grad = options
    kind, _ = resolve(kind, device, requires_grad)
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if layout is not None and layout.name != "strided":
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
    if kind not in (dtypes.float32, dtypes.float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {kind}")
    if not isinstance(M, int):
        raise TypeError(f"{name}: M must be an integer, not {type(M).__name__}")
    if M < 2 and single:
        values = np.ones(M)
    else:
        values = weights(np.arange(M) / max(M - 1 if sym else M, 1))
    return delivered(values, None, kind, device, requires_grad)


def bartlett(M: int, *, sym: bool = True, dtype: dtype | None = None, layout: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """A triangle, 0 at its ends: 1 - \\|2 x - 1\\|.

    >>> torch.signal.windows.bartlett(5)
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    return window("bartlett", M, sym, lambda x: 1 - abs(2 * x - 1), (dtype, layout, device, requires_grad))


def cosine(M: int, *, sym: bool = True, dtype: dtype | None = None, layout: Any = None, device: Any = None,
           requires_grad: bool = False) -> Tensor:
    """Half a wave, sampled in the middle of M equal steps (M + 1, if not ``sym``): sin(pi (k + 1/2) / M).

    >>> torch.signal.windows.cosine(3)
    tensor([0.5000, 1.0000, 0.5000])
    """
    count = M if sym else M + 1
    return window("cosine", M, sym, lambda x: np.sin(np.pi * (np.arange(M) + 0.5) / count), (dtype, layout, device, requires_grad))


def exponential(M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, dtype: dtype | None = None, layout: Any = None,
                device: Any = None, requires_grad: bool = False) -> Tensor:
    """exp(-\\|k - center\\| / tau) for k from 0 to M - 1; ``center`` is the middle, and may be another place if not ``sym``.

    >>> torch.signal.windows.exponential(3)
    tensor([0.3679, 1.0000, 0.3679])
    """
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    middle = ((M if not sym and M > 1 else M - 1) / 2) if center is None else center
    return window("exponential", M, sym, lambda x: np.exp(-abs(np.arange(M) - middle) / tau), (dtype, layout, device, requires_grad), False)


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, dtype: dtype | None = None, layout: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """exp(-((k - middle) / std)^2 / 2) for k from 0 to M - 1.

    >>> torch.signal.windows.gaussian(3)
    tensor([0.6065, 1.0000, 0.6065])
    """
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    middle = (M if not sym and M > 1 else M - 1) / 2
    return window("gaussian", M, sym, lambda x: np.exp(-((np.arange(M) - middle) / std) ** 2 / 2), (dtype, layout, device, requires_grad),
                  False)


def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, dtype: dtype | None = None, layout: Any = None, device: Any = None,
           requires_grad: bool = False) -> Tensor:
    """I0(beta sqrt(1 - (2 x - 1)^2)) / I0(beta), with the modified Bessel function I0.

    >>> torch.signal.windows.kaiser(3, beta=2.0)
    tensor([0.4387, 1.0000, 0.4387])
    """
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")

    def weights(x: np.ndarray) -> np.ndarray:
        from scipy.special import i0e

        inner = beta * np.sqrt(np.maximum(1 - (2 * x - 1) ** 2, 0))
        return i0e(inner) * np.exp(inner - beta) / i0e(beta)        # scaled, so that a large beta does not overflow

    return window("kaiser", M, sym, weights, (dtype, layout, device, requires_grad))


def cosines(name: str, M: int, a: Iterable, sym: bool, options: tuple) -> Tensor:
    """a[0] - a[1] cos(2 pi x) + a[2] cos(4 pi x) - ..."""
    return window(name, M, sym, lambda x: sum((-1) ** i * one * np.cos(2 * np.pi * i * x) for i, one in enumerate(a)), options)


def general_cosine(M: int, *, a: Iterable, sym: bool = True, dtype: dtype | None = None, layout: Any = None, device: Any = None,
                   requires_grad: bool = False) -> Tensor:
    """a[0] - a[1] cos(2 pi x) + a[2] cos(4 pi x) - ...

    >>> torch.signal.windows.general_cosine(3, a=[0.5, 0.25, 0.25])
    tensor([0.5000, 1.0000, 0.5000])
    """
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    weights = [float(one) for one in a]
    if not weights:
        raise ValueError("Coefficients cannot be empty")
    return cosines("general_cosine", M, weights, sym, (dtype, layout, device, requires_grad))


def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, dtype: dtype | None = None, layout: Any = None, device: Any = None,
                    requires_grad: bool = False) -> Tensor:
    """alpha - (1 - alpha) cos(2 pi x).

    >>> torch.signal.windows.general_hamming(3, alpha=0.75)
    tensor([0.5000, 1.0000, 0.5000])
    """
    return cosines("general_hamming", M, (alpha, 1 - alpha), sym, (dtype, layout, device, requires_grad))


def hamming(M: int, *, sym: bool = True, dtype: dtype | None = None, layout: Any = None, device: Any = None,
            requires_grad: bool = False) -> Tensor:
    """0.54 - 0.46 cos(2 pi x).

    >>> torch.signal.windows.hamming(3)
    tensor([0.0800, 1.0000, 0.0800])
    """
    return cosines("hamming", M, (0.54, 0.46), sym, (dtype, layout, device, requires_grad))


def hann(M: int, *, sym: bool = True, dtype: dtype | None = None, layout: Any = None, device: Any = None,
         requires_grad: bool = False) -> Tensor:
    """(1 - cos(2 pi x)) / 2.

    >>> torch.signal.windows.hann(4, sym=False)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return cosines("hann", M, (0.5, 0.5), sym, (dtype, layout, device, requires_grad))


def blackman(M: int, *, sym: bool = True, dtype: dtype | None = None, layout: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """0.42 - 0.5 cos(2 pi x) + 0.08 cos(4 pi x).

    >>> torch.signal.windows.blackman(5)[1:4]
    tensor([0.3400, 1.0000, 0.3400])
    """
    return cosines("blackman", M, (0.42, 0.5, 0.08), sym, (dtype, layout, device, requires_grad))


def nuttall(M: int, *, sym: bool = True, dtype: dtype | None = None, layout: Any = None, device: Any = None,
            requires_grad: bool = False) -> Tensor:
    """Four cosines with small side lobes: 0.3635819 - 0.4891775 cos(2 pi x) + 0.1365995 cos(4 pi x) - 0.0106411 cos(6 pi x).

    A. H. Nuttall, "Some windows with very good sidelobe behavior", IEEE Transactions on Acoustics, Speech, and Signal Processing
    29, 1981.

    >>> torch.signal.windows.nuttall(3)
    tensor([3.6280e-04, 1.0000e+00, 3.6280e-04])
    """
    return cosines("nuttall", M, (0.3635819, 0.4891775, 0.1365995, 0.0106411), sym, (dtype, layout, device, requires_grad))
