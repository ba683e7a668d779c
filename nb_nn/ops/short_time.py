"""The short-time Fourier transform and its inverse."""
from __future__ import annotations

from ..core.tensor_base import TensorBase
from . import spectral, view
from .complex import complex_parts, view_as_complex, view_as_real
from .creation import ones
from .fold import fold
from .padding import pad
from .slicing import narrow, unfold

Tensor = TensorBase


def checked_window(name: str, n_fft: int, hop_length: int | None, win_length: int | None, window: Tensor | None) -> tuple:
    """Hop, and the window padded on both sides to ``n_fft`` (None for all ones)."""
    hop, length = n_fft // 4 if hop_length is None else hop_length, n_fft if win_length is None else win_length
    if hop <= 0:
        raise RuntimeError(f"{name}: expected hop_length > 0, but got hop_length={hop}")
    if not 0 < length <= n_fft:
        raise RuntimeError(f"{name}: expected 0 < win_length <= n_fft, but got win_length={length} and n_fft={n_fft}")
    if window is not None and window._array.shape != (length,):
        raise RuntimeError(f"{name}: expected a 1D window tensor of size equal to win_length={length}, but got window with size "
                           f"{list(window._array.shape)}")
    if length == n_fft:
        return hop, window
    before = (n_fft - length) // 2
    return hop, pad(ones(length) if window is None else window, (before, n_fft - length - before))


def stft(input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Tensor | None = None,
         center: bool = True, pad_mode: str = "reflect", normalized: bool = False, onesided: bool | None = None,
         return_complex: bool | None = None) -> Tensor:
    """Fourier transforms of the windows of a signal that begin ``hop_length`` (n_fft // 4) apart.

    Shape: (L) or (B, L) gives (\\*, N, T, 2): N frequencies (n_fft // 2 + 1, or n_fft if not ``onesided``), T windows, pairs (real,
    imaginary); with ``return_complex``, complex numbers (\\*, N, T). Each window of n_fft elements is multiplied by ``window``, which has
    ``win_length`` (n_fft) elements and is padded by zeros on both sides. With ``center``, the signal is first padded by n_fft // 2 on
    both sides (``pad_mode`` as in `nn.functional.pad`), so that window t is centred at t * hop_length. ``normalized`` divides by
    sqrt(n_fft). Complex signals or windows give complex numbers and have no half to leave out.

    >>> stft(torch.ones(8), 4, window=torch.ones(4)).shape
    torch.Size([3, 9, 2])
    """
    if input._dtype.category < 2:
        raise RuntimeError(f"stft: expected a tensor of floating point or complex values, got {input._dtype}")
    input = spectral.checked("stft", input)
    is_complex = input.is_complex() or window is not None and window.is_complex()
    if onesided and is_complex:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    if input.dim() not in (1, 2):
        raise RuntimeError(f"stft: expected a 1D or 2D tensor, but got a tensor of size {list(input.shape)}")
    hop, window = checked_window("stft", n_fft, hop_length, win_length, window)
    signal = input if input.dim() == 2 else input.unsqueeze(0)
    if center:
        signal = centred(signal, n_fft // 2, pad_mode)
    if not 0 < n_fft <= signal.shape[1]:
        raise RuntimeError(f"stft: expected 0 < n_fft <= {signal.shape[1]}, but got n_fft={n_fft}")
    frames = unfold(signal, 1, n_fft, hop)
    if window is not None:
        frames = frames * window
    scale = "root" if normalized else "none"
    half = not is_complex and onesided is not False
    made = spectral.fft_r2c(frames, (2,), scale) if half else spectral.fft_c2c(frames, (2,), False, scale)
    made = view.transpose(made, 1, 2)
    made = made if input.dim() == 2 else made.squeeze(0)
    return made if (is_complex if return_complex is None else return_complex) else view_as_real(made)


def centred(signal: Tensor, size: int, mode: str) -> Tensor:
    """Signals (batch, length) padded by ``size`` on both sides."""
    if signal.is_complex() and mode != "constant":
        return complex_parts(centred(signal.real, size, mode), centred(signal.imag, size, mode))
    return pad(signal.unsqueeze(1), (size, size), mode).squeeze(1)


def istft(input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Tensor | None = None,
          center: bool = True, normalized: bool = False, onesided: bool | None = None, length: int | None = None,
          return_complex: bool = False) -> Tensor:
    """The signal whose `stft` with the same arguments is (closest to) ``input``, which is complex, or pairs (real, imaginary).

    Shape: (\\*, N, T) or (\\*, N, T, 2) gives (\\*, L), of ``length`` elements if given. The windows are added up and divided by the sum of
    the squares of ``window``, which must not be 0 anywhere.

    >>> signal = torch.arange(8.0)
    >>> istft(stft(signal, 4, return_complex=True), 4)
    tensor([0., 1., 2., 3., 4., 5., 6., 7.])
    """
    if not input.is_complex():
        if input.dim() not in (3, 4) or input.shape[-1] != 2:
            raise RuntimeError("istft requires a complex-valued input tensor matching the output from stft with return_complex=True, or "
                               f"pairs of real numbers in a last dimension of size 2; got {input.dtype} of size {list(input.shape)}")
        input = view_as_complex(view.contiguous(input))
    if input.dim() not in (2, 3) or not input.numel():
        raise RuntimeError(f"istft: expected a tensor with 2 or 3 dimensions that is not empty, but got size {list(input.shape)}")
    half = not return_complex and (input.shape[-2] != n_fft if onesided is None else onesided)
    wanted = n_fft // 2 + 1 if half else n_fft
    if input.shape[-2] != wanted:
        raise RuntimeError(f"istft: expected the frequency dimension (3rd to the last) of the input tensor to match n_fft / 2 + 1 when "
                           f"onesided=True, else n_fft: {wanted}, but got {input.shape[-2]}")
    hop, window = checked_window("istft", n_fft, hop_length, win_length, window)
    window = ones(n_fft, dtype=input.dtype.to_real()) if window is None else window
    if window.is_complex() and not return_complex:
        raise RuntimeError("istft: Complex windows are incompatible with return_complex=False")
    spectrum = view.transpose(input if input.dim() == 3 else input.unsqueeze(0), 1, 2)
    scale = "root" if normalized else "whole"
    if return_complex:
        frames = spectral.fft_c2c(spectrum, (2,), True, scale)
    else:                                       # of a whole spectrum the second half repeats the first
        frames = spectral.fft_c2r(narrow(spectrum, 2, 0, n_fft // 2 + 1), (2,), n_fft, scale)
    frames = frames * window
    count = frames.shape[1]
    total = overlapped(frames, hop)
    weight = overlapped((window * window).expand(1, count, n_fft), hop)
    start = n_fft // 2 if center else 0
    end = total.shape[1] - start if length is None else start + length
    kept = max(min(end, total.shape[1]) - start, 0)
    total, weight = narrow(total, 1, start, kept), narrow(weight, 1, start, kept)
    if kept and float(weight.abs().min()) <= 1e-11:
        raise RuntimeError(f"istft: window overlap add min: {float(weight.abs().min())}; the windows leave parts of the signal out")
    made = spectral.resized(total / weight, 1, end - start)
    return made if input.dim() == 3 else made.squeeze(0)


def overlapped(frames: Tensor, hop: int) -> Tensor:
    """Frames (batch, count, size), ``hop`` apart, added up where they overlap: (batch, length)."""
    if frames.is_complex():
        return complex_parts(overlapped(frames.real, hop), overlapped(frames.imag, hop))
    count, size = frames.shape[1:]
    total = size + hop * (count - 1)
    return fold(view.transpose(frames, 1, 2), (1, total), (1, size), stride=(1, hop)).reshape(frames.shape[0], total)
