"""Fourier transforms: cuFFT, by CuPy, in the type of their argument. ``scale`` is that of ``cpu/spectral.py``, as NumPy calls it, too."""
from .block import composed


@composed
def fft_complex(x, axes, inverse, scale):
    """Transforms of complex or real numbers along ``axes``, to complex ones."""
    import cupy

    return (cupy.fft.ifftn if inverse else cupy.fft.fftn)(x, axes=axes, norm=scale)


@composed
def fft_real(x, axes, scale):
    """Transforms of real numbers, of which the last axis keeps what the rest follows from."""
    import cupy

    return cupy.fft.rfftn(x, axes=axes, norm=scale)


@composed
def fft_back_to_real(x, axes, size, scale):
    """Inverse transforms to real numbers, ``size`` of them along the last of ``axes``."""
    import cupy

    if len(axes) > 1:
        x = cupy.fft.ifftn(x, axes=axes[:-1], norm=scale)
    return cupy.fft.irfft(x, size, axes[-1], scale)
