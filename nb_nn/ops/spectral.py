"""Fourier transforms: the three that all others are made of, and the functions of 1.0, whose complex numbers are pairs.

A transform is multiplied by 1 (scale "none"), by 1 / sqrt(n) ("root") or by 1 / n ("whole"), n being the product of its sizes.
"""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core import launch
from ..core.geometry import wrap_dim
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from . import slicing, view
from .complex import view_as_complex, view_as_real
from .creation import empty, full
from .joining import cat

Tensor = TensorBase
FORWARD = {"none": "backward", "root": "ortho", "whole": "forward"}     # SciPy's names
INVERSE = {"none": "forward", "root": "ortho", "whole": "backward"}


def checked(name: str, input: Any) -> Tensor:
    """A tensor of a type that is transformed; integers become the default type."""
    if not isinstance(input, TensorBase):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")
    kind = input._dtype
    if kind.half:
        raise RuntimeError(f"Unsupported dtype {kind.tensor_name[:-6]}")
    return input.to(dtypes.get_default_dtype()) if kind.category < 2 else input


@op
def fft_c2c(input: Tensor, dims: tuple[int, ...], inverse: bool, scale: str) -> Tensor:
    """Transform of complex (or real) numbers along ``dims``, to complex ones."""
    kind = input._dtype.to_complex()
    if not dims or not input._array.size:
        return input.to(kind).clone()
    made = launch.launch("fft_complex", input._array, dims, inverse, (INVERSE if inverse else FORWARD)[scale], device=input._device)
    return wrap(made, kind)


@op
def fft_r2c(input: Tensor, dims: tuple[int, ...], scale: str) -> Tensor:
    """Transform of real numbers, of which the last of ``dims`` keeps the first half: size // 2 + 1."""
    kind = input._dtype.to_complex()
    if not input._array.size:
        shape = list(input._array.shape)
        shape[dims[-1]] = shape[dims[-1]] // 2 + 1
        return empty(shape, dtype=kind, device=input._device)
    return wrap(launch.launch("fft_real", input._array, dims, FORWARD[scale], device=input._device), kind)


@op
def fft_c2r(input: Tensor, dims: tuple[int, ...], size: int, scale: str) -> Tensor:
    """Inverse of `fft_r2c`: real numbers, ``size`` of them along the last of ``dims``."""
    kind = input._dtype.to_real()
    if not input._array.size:
        shape = list(input._array.shape)
        shape[dims[-1]] = size
        return empty(shape, dtype=kind, device=input._device)
    return wrap(launch.launch("fft_back_to_real", input._array, dims, size, INVERSE[scale], device=input._device), kind)


def weighted(input: Tensor, dim: int, size: int, weight: float) -> Tensor:
    """A half spectrum of ``size`` numbers with what has a mirror image multiplied by ``weight``."""
    count = input._array.shape[dim]
    if count < 2 or size < 2:
        return input
    weights = full((count,), weight, dtype=input._dtype.to_real(), device=input._device)
    weights._array[0] = 1
    if size % 2 == 0 and count == size // 2 + 1:
        weights._array[-1] = 1
    return input * weights.reshape([count if d == dim else 1 for d in range(input._array.ndim)])


fft_c2c.declaration.node_name, fft_r2c.declaration.node_name = "FftC2CBackward0", "FftR2CBackward0"
fft_c2r.declaration.node_name = "FftC2RBackward0"
derivative(fft_c2c, input=lambda grad, dims, inverse, scale: fft_c2c(grad, dims, not inverse, scale))
derivative(fft_r2c, input=lambda grad, input_size, dims, scale:
           fft_c2r(weighted(grad, dims[-1], input_size[dims[-1]], 0.5), dims, input_size[dims[-1]], scale))
derivative(fft_c2r, input=lambda grad, input_size, dims, size, scale:
           resized(weighted(fft_r2c(grad, dims, scale), dims[-1], size, 2.0), dims[-1], input_size[dims[-1]]))


def resized(input: Tensor, dim: int, size: int) -> Tensor:
    """``input`` with ``size`` elements along ``dim``: the first ones, or all and zeros."""
    own = input._array.shape[dim]
    if own == size:
        return input
    if own > size:
        return slicing.narrow(input, dim, 0, size)
    shape = list(input._array.shape)
    shape[dim] = size - own
    return cat((input, input.new_zeros(shape)), dim)


def signal_dims(name: str, input: Tensor, signal_ndim: int, pairs: bool) -> tuple[int, ...]:
    """The last dimensions that are transformed, of a tensor whose type and size are checked."""
    if not isinstance(input, TensorBase):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")
    if input._dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(f"{name}: Expected an input tensor of floating types (float32 or float64), but got {input.dtype}")
    if signal_ndim not in (1, 2, 3):
        raise RuntimeError(f"{name}: Expected signal_ndim to be 1, 2, or 3, but got signal_ndim={signal_ndim}")
    shape = input._array.shape
    if len(shape) < signal_ndim + pairs:
        extra = " (complex input adds an extra dimension)" if pairs else ""
        raise RuntimeError(f"{name}: Given signal_ndim={signal_ndim}, expects an input tensor of at least {signal_ndim + pairs}D{extra}, "
                           f"but got input of size {list(shape)}")
    if pairs and shape[-1] != 2:
        raise RuntimeError(f"{name}: Expected an input tensor with a last dimension of size 2 representing real + imaginary components, "
                           f"but got input of size {list(shape)}")
    dims = tuple(range(len(shape) - pairs - signal_ndim, len(shape) - pairs))
    if 0 in [shape[dim] for dim in dims]:
        raise RuntimeError(f"{name}: the signal dimensions must not be empty, but got input of size {list(shape)}")
    return dims


def as_complex(input: Tensor) -> Tensor:
    """Pairs as complex numbers; a view where they lie so."""
    return view_as_complex(view.contiguous(input))


def fft(input: Tensor, signal_ndim: int, normalized: bool = False) -> Tensor:
    """Discrete Fourier transform of pairs (real, imaginary) over the last 1 to 3 dimensions before the pairs.

    Shape: (\\*, n1, ..., 2), and so is the result. ``normalized`` divides by the root of the number of elements of a signal.

    >>> fft(tensor([[1.0, 0.0], [2.0, 0.0]]), 1)
    tensor([[ 3.,  0.],
            [-1.,  0.]])
    """
    dims = signal_dims("fft", input, signal_ndim, True)
    return view_as_real(fft_c2c(as_complex(input), dims, False, "root" if normalized else "none"))


def ifft(input: Tensor, signal_ndim: int, normalized: bool = False) -> Tensor:
    """Inverse of `fft` with the same ``normalized``: divided by the number of elements of a signal, or by its root.

    >>> ifft(tensor([[3.0, 0.0], [-1.0, 0.0]]), 1)
    tensor([[1., 0.],
            [2., 0.]])
    """
    dims = signal_dims("ifft", input, signal_ndim, True)
    return view_as_real(fft_c2c(as_complex(input), dims, True, "root" if normalized else "whole"))


def rfft(input: Tensor, signal_ndim: int, normalized: bool = False, onesided: bool = True) -> Tensor:
    """Discrete Fourier transform of real signals, the last 1 to 3 dimensions, to pairs (real, imaginary).

    Shape: (\\*, n1, ..., nd) gives (\\*, n1, ..., nd // 2 + 1, 2), or all nd if not ``onesided``: the others are conjugates of these.

    >>> rfft(tensor([1.0, 2.0, 4.0]), 1)
    tensor([[ 7.0000,  0.0000],
            [-2.0000,  1.7321]])
    """
    dims = signal_dims("rfft", input, signal_ndim, False)
    scale = "root" if normalized else "none"
    return view_as_real(fft_r2c(input, dims, scale) if onesided else fft_c2c(input, dims, False, scale))


def irfft(input: Tensor, signal_ndim: int, normalized: bool = False, onesided: bool = True, signal_sizes: Any = None) -> Tensor:
    """Inverse of `rfft` with the same ``normalized`` and ``onesided``, from pairs to real signals.

    ``signal_sizes`` are the sizes of the signal; without them a ``onesided`` last dimension of size n was 2 (n - 1) before.
    The pairs must be those of a real signal; what else they hold is ignored.

    >>> irfft(tensor([[7.0, 0.0], [-2.0, 1.7321]]), 1, signal_sizes=(3,))
    tensor([1.0000, 2.0000, 4.0000])
    """
    dims = signal_dims("irfft", input, signal_ndim, True)
    shape = input._array.shape
    sizes = [int(size) for size in signal_sizes or ()]
    if sizes and len(sizes) != signal_ndim:
        raise RuntimeError(f"irfft: Expected signal_sizes to be empty (default) or of signal_ndim={signal_ndim} numbers, but got {sizes}")
    last = shape[dims[-1]]
    size = sizes[-1] if sizes else 2 * (last - 1) if onesided else last
    if size < 1:
        raise RuntimeError(f"irfft: a last signal dimension of size {last} leaves a signal of {size} elements; give signal_sizes")
    wanted = [*sizes[:-1], size // 2 + 1 if onesided else size]
    if sizes and [shape[dim] for dim in dims] != wanted:
        raise RuntimeError(f"irfft: Expected input of signal_sizes={sizes} to have the sizes {wanted} in its signal dimensions, but got "
                           f"{[shape[dim] for dim in dims]}")
    halves = resized(as_complex(input), dims[-1], size // 2 + 1)
    return fft_c2r(halves, dims, size, "root" if normalized else "whole")


def wrap_unique(dims: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """Checked dims; RuntimeError if one comes twice."""
    found = tuple([wrap_dim(dim, ndim) for dim in dims])
    if len(set(found)) != len(found):
        raise RuntimeError("FFT dims must be unique")
    return found
