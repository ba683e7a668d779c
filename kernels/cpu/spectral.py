"""Fourier transforms, by the library SciPy brings (pocketfft), in the type of their argument.

``scale`` is "backward", "ortho" or "forward": what a transform and its inverse are multiplied by, as SciPy calls it.
"""
import numpy as np

from .. import table, threads
from ..compile import SERIAL_BELOW
from . import loops


def workers(x: np.ndarray) -> int:
    """How many threads pay for the transforms of an array."""
    return 1 if x.size < SERIAL_BELOW or threads.serial_only() else threads.count


def fft_complex(x, axes, inverse, scale):
    """Transforms of complex or real numbers along ``axes``, to complex ones."""
    from scipy import fft

    if len(axes) == 1:                          # SciPy's functions of one axis begin sooner
        made = (fft.ifft if inverse else fft.fft)(x, axis=axes[0], norm=scale, workers=workers(x))
    else:
        made = (fft.ifftn if inverse else fft.fftn)(x, axes=axes, norm=scale, workers=workers(x))
    if x.dtype.kind == "f":                     # the imaginary parts of real signals' spectra would show -0
        parts = made.view(made.real.dtype).reshape(-1) if made.flags.c_contiguous else None
        if parts is None or parts.size < SERIAL_BELOW:
            made += 0
        else:
            loops.flat("add", 1)(parts, (0.0,), parts)
    return made


def fft_real(x, axes, scale):
    """Transforms of real numbers, of which the last axis keeps what the rest follows from."""
    from scipy import fft

    if len(axes) == 1:
        return fft.rfft(x, axis=axes[0], norm=scale, workers=workers(x))
    return fft.rfftn(x, axes=axes, norm=scale, workers=workers(x))


def fft_back_to_real(x, axes, size, scale):
    """Inverse transforms to real numbers, ``size`` of them along the last of ``axes``."""
    from scipy import fft

    count = workers(x)
    if len(axes) > 1:
        x = fft.ifftn(x, axes=axes[:-1], norm=scale, workers=count)
    return fft.irfft(x, size, axes[-1], norm=scale, workers=count)


for _function in (fft_complex, fft_real, fft_back_to_real):
    table.enter("cpu", _function.__name__, _function)
