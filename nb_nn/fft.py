"""Fourier transforms of complex and real tensors under today's names; called itself, the ``fft`` of 1.0 (see `ops.spectral.fft`).

``n`` or ``s`` are the sizes that dimensions are cut or padded with zeros to; ``norm`` is "backward" (inverses are divided by the
number of elements), "forward" (the others are), or "ortho" (both are divided by its root). Integers become the default type.

>>> import nb_nn as torch
>>> torch.fft.fft(torch.tensor([1.0, 2.0]))
tensor([ 3.+0.j, -1.+0.j])
>>> torch.fft(torch.tensor([[1.0, 0.0], [2.0, 0.0]]), 1)
tensor([[ 3.,  0.],
        [-1.,  0.]])
"""
from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np

from .core import launch
from .core.geometry import wrap_dim
from .core.tensor_base import TensorBase
from .ops import options, rearranging, sequences, spectral
from .ops.complex import conj
from .ops.spectral import checked, fft_c2c, fft_c2r, fft_r2c, resized, wrap_unique

Tensor = TensorBase
__all__ = ["fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft",
           "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn"]
FORWARD = {None: "none", "backward": "none", "ortho": "root", "forward": "whole"}
INVERSE = {None: "whole", "backward": "whole", "ortho": "root", "forward": "none"}


def scale_of(norm: str | None, inverse: bool = False) -> str:
    """What a transform is multiplied by, in `ops.spectral`'s words."""
    if norm not in FORWARD:
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    return (INVERSE if inverse else FORWARD)[norm]


def check_count(count: int) -> int:
    """A signal has an element at least."""
    if count < 1:
        raise RuntimeError(f"Invalid number of data points ({count}) specified")
    return count


def one_dim(input: Tensor, n: int | None, dim: int) -> tuple[int, int]:
    """A checked dim, and the size of it that is asked for."""
    if not input._array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = wrap_dim(dim, input._array.ndim)
    return dim, check_count(input._array.shape[dim] if n is None else n)


def several_dims(input: Tensor, s: Any, dim: Any) -> tuple[tuple[int, ...], list[int | None]]:
    """Checked dims, and the sizes of them that are asked for (None: as they are)."""
    ndim = input._array.ndim
    s = None if s is None else [s] if isinstance(s, int) else list(s)
    dims = None if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if dims is None:
        if s is not None and len(s) > ndim:
            raise RuntimeError(f"Got shape with {len(s)} values but input tensor only has {ndim} dimensions.")
        dims = tuple(range(0 if s is None else ndim - len(s), ndim))
    elif s is not None and len(s) != len(dims):
        raise RuntimeError("When given, dim and shape arguments must have the same length")
    return wrap_unique(dims, ndim), [None] * len(dims) if s is None else [None if size == -1 else size for size in s]


def fitted(input: Tensor, dims: tuple[int, ...], sizes: list[int | None]) -> Tensor:
    """``input`` cut or padded to sizes."""
    for dim, size in zip(dims, sizes):
        input = resized(input, dim, check_count(input._array.shape[dim] if size is None else size))
    return input


def check_real(name: str, input: Any) -> Tensor:
    """A checked tensor that must not be complex."""
    if isinstance(input, TensorBase) and input._dtype.category == 3:
        raise RuntimeError(f"{name} expects a real input tensor, but got {input._dtype.tensor_name[:-6]}")
    return checked(name, input)


def complex_of(name: str, input: Any) -> Tensor:
    """A checked tensor as complex numbers."""
    input = checked(name, input)
    return input.to(input._dtype.to_complex())


def delivered(name: str, result: Tensor, out: Tensor | None) -> Tensor:
    return launch.into_out(name, result, out)


def fft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """Discrete Fourier transform along ``dim``.

    >>> torch.fft.fft(tensor([1.0, 2.0, 4.0, 1.0]))
    tensor([ 8.+0.j, -3.-1.j,  2.+0.j, -3.+1.j])
    """
    input = checked("fft", input)
    dim, n = one_dim(input, n, dim)
    return delivered("fft", fft_c2c(resized(input, dim, n), (dim,), False, scale_of(norm)), out)


def ifft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """Inverse of `fft`.

    >>> torch.fft.ifft(tensor([3.0, -1.0]))
    tensor([1.+0.j, 2.+0.j])
    """
    input = checked("ifft", input)
    dim, n = one_dim(input, n, dim)
    return delivered("ifft", fft_c2c(resized(input, dim, n), (dim,), True, scale_of(norm, True)), out)


def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """`fft` of real numbers, of which it keeps the first n // 2 + 1: the others are conjugates of these.

    >>> torch.fft.rfft(tensor([1.0, 2.0, 4.0, 1.0]))
    tensor([ 8.+0.j, -3.-1.j,  2.+0.j])
    """
    input = check_real("rfft", input)
    dim, n = one_dim(input, n, dim)
    return delivered("rfft", fft_r2c(resized(input, dim, n), (dim,), scale_of(norm)), out)


def irfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """Inverse of `rfft`: ``n`` real numbers, by default 2 (size - 1).

    >>> torch.fft.irfft(tensor([8 + 0j, -3 - 1j, 2 + 0j]))
    tensor([1., 2., 4., 1.])
    """
    input = complex_of("irfft", input)
    dim, n = one_dim(input, 2 * (input._array.shape[wrap_dim(dim, input._array.ndim)] - 1) if n is None and input._array.ndim else n, dim)
    return delivered("irfft", fft_c2r(resized(input, dim, n // 2 + 1), (dim,), n, scale_of(norm, True)), out)


def hfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """`fft` of numbers of which the second half is the conjugate of the first (given) half: ``n`` real numbers.

    >>> torch.fft.hfft(tensor([2 + 0j, -0.75 + 0.25j, 0.5 + 0j]))
    tensor([1., 2., 4., 1.])
    """
    input = conj(complex_of("hfft", input))
    dim, n = one_dim(input, 2 * (input._array.shape[wrap_dim(dim, input._array.ndim)] - 1) if n is None and input._array.ndim else n, dim)
    return delivered("hfft", fft_c2r(resized(input, dim, n // 2 + 1), (dim,), n, scale_of(norm)), out)


def ihfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """Inverse of `hfft`: the first half of `ifft` of real numbers.

    >>> torch.fft.ihfft(tensor([1.0, 2.0, 4.0, 1.0]))
    tensor([ 2.0000-0.0000j, -0.7500+0.2500j,  0.5000-0.0000j])
    """
    input = check_real("ihfft", input)
    dim, n = one_dim(input, n, dim)
    return delivered("ihfft", conj(fft_r2c(resized(input, dim, n), (dim,), scale_of(norm, True))), out)


def fftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """Discrete Fourier transform over several dims, all by default, or the last ``len(s)``.

    >>> torch.fft.fftn(torch.ones(2, 2))
    tensor([[4.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])
    """
    input = checked("fftn", input)
    dims, sizes = several_dims(input, s, dim)
    return delivered("fftn", fft_c2c(fitted(input, dims, sizes), dims, False, scale_of(norm)), out)


def ifftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """Inverse of `fftn`."""
    input = checked("ifftn", input)
    dims, sizes = several_dims(input, s, dim)
    return delivered("ifftn", fft_c2c(fitted(input, dims, sizes), dims, True, scale_of(norm, True)), out)


def rfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """`fftn` of real numbers, of whose last dim it keeps the first size // 2 + 1.

    >>> torch.fft.rfftn(torch.ones(2, 4)).shape
    torch.Size([2, 3])
    """
    input = check_real("rfftn", input)
    return delivered("rfftn", half_spectrum("rfftn", input, s, dim, scale_of(norm)), out)


def half_spectrum(name: str, input: Tensor, s: Any, dim: Any, scale: str) -> Tensor:
    """Transform of real numbers over several dims."""
    dims, sizes = several_dims(input, s, dim)
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    return fft_r2c(fitted(input, dims, sizes), dims, scale)


def irfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """Inverse of `rfftn`; the last dim gets 2 (size - 1) elements unless ``s`` is given."""
    return delivered("irfftn", real_signal("irfftn", complex_of("irfftn", input), s, dim, scale_of(norm, True)), out)


def real_signal(name: str, input: Tensor, s: Any, dim: Any, scale: str) -> Tensor:
    """Inverse transform over several dims to real numbers."""
    dims, sizes = several_dims(input, s, dim)
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    size = check_count(2 * (input._array.shape[dims[-1]] - 1) if sizes[-1] is None else sizes[-1])
    return fft_c2r(fitted(input, dims, [*sizes[:-1], size // 2 + 1]), dims, size, scale)


def hfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """`hfft` over the last of several dims, `fft` over the others."""
    return delivered("hfftn", real_signal("hfftn", conj(complex_of("hfftn", input)), s, dim, scale_of(norm)), out)


def ihfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """Inverse of `hfftn`."""
    return delivered("ihfftn", conj(half_spectrum("ihfftn", check_real("ihfftn", input), s, dim, scale_of(norm, True))), out)


def fft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """`fftn` over two dims."""
    return fftn(input, s, dim, norm, out=out)


def ifft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """`ifftn` over two dims."""
    return ifftn(input, s, dim, norm, out=out)


def rfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """`rfftn` over two dims."""
    return rfftn(input, s, dim, norm, out=out)


def irfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """`irfftn` over two dims."""
    return irfftn(input, s, dim, norm, out=out)


def hfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """`hfftn` over two dims."""
    return hfftn(input, s, dim, norm, out=out)


def ihfft2(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
    """`ihfftn` over two dims."""
    return ihfftn(input, s, dim, norm, out=out)


def fftfreq(n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None, device: Any = None,
            requires_grad: bool = False) -> Tensor:
    """The frequencies of `fft`: 0, 1, ..., -2, -1 over ``n * d``.

    >>> torch.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    options.check_options(layout)
    return sequences.delivered(np.fft.fftfreq(n, d), out, dtype, device, requires_grad)


def rfftfreq(n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """The frequencies of `rfft`: 0, 1, ..., n // 2 over ``n * d``.

    >>> torch.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])
    """
    options.check_options(layout)
    return sequences.delivered(np.fft.rfftfreq(n, d), out, dtype, device, requires_grad)


def shifted(input: Tensor, dim: Any, sign: int) -> Tensor:
    """Half of each dim moved to the other side."""
    ndim = input._array.ndim
    dims = tuple(range(ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    sizes = [input._array.shape[wrap_dim(one, ndim)] for one in dims]
    return rearranging.roll(input, [size // 2 if sign > 0 else (size + 1) // 2 for size in sizes], list(dims)) if dims else input.clone()


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The zero frequency moved to the middle of all dims, or of ``dim``.

    >>> torch.fft.fftshift(tensor([0, 1, 2, -2, -1]))
    tensor([-2, -1,  0,  1,  2])
    """
    return shifted(input, dim, 1)


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Inverse of `fftshift`.

    >>> torch.fft.ifftshift(tensor([-2, -1, 0, 1, 2]))
    tensor([ 0,  1,  2, -2, -1])
    """
    return shifted(input, dim, -1)


class CallableModule(types.ModuleType):
    """A module that is also the function that once had its name."""

    def __call__(self, input: Tensor, signal_ndim: int, normalized: bool = False) -> Tensor:
        return spectral.fft(input, signal_ndim, normalized)


sys.modules[__name__].__class__ = CallableModule
