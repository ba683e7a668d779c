"""Fourier transforms against NumPy and SciPy, and their gradients against differences."""
import numpy as np
import pytest
import scipy.signal
from oracle import tensor

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck


def real(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def complex_(shape, seed=0):
    return real(shape, seed) + 1j * real(shape, seed + 1)


def leaf(array):
    return tensor(array, requires_grad=True)


def check(function, *inputs):
    assert gradcheck(function, inputs)
    assert gradgradcheck(function, inputs, atol=1e-4)


def pairs(array):
    return np.stack([array.real, array.imag], -1)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("normalized", [False, True])
def test_transforms_of_pairs(dims, normalized):
    z, x, axes, norm = complex_((2, 3, 4, 5)), real((2, 3, 4, 5)), tuple(range(-dims, 0)), "ortho" if normalized else None
    np.testing.assert_allclose(torch.fft(tensor(pairs(z)), dims, normalized).numpy(), pairs(np.fft.fftn(z, axes=axes, norm=norm)), 1e-9, 1e-12)
    np.testing.assert_allclose(torch.ifft(tensor(pairs(z)), dims, normalized).numpy(), pairs(np.fft.ifftn(z, axes=axes, norm=norm)), 1e-9, 1e-12)
    half, whole = np.fft.rfftn(x, axes=axes, norm=norm), np.fft.fftn(x, axes=axes, norm=norm)
    np.testing.assert_allclose(torch.rfft(tensor(x), dims, normalized).numpy(), pairs(half), 1e-9, 1e-12)
    np.testing.assert_allclose(tensor(x).rfft(dims, normalized, False).numpy(), pairs(whole), 1e-9, 1e-12)
    back = torch.irfft(tensor(pairs(half)), dims, normalized, signal_sizes=x.shape[-dims:])
    np.testing.assert_allclose(back.numpy(), x, 1e-9, 1e-12)
    np.testing.assert_allclose(torch.irfft(tensor(pairs(whole)), dims, normalized, onesided=False).numpy(), x, 1e-9, 1e-12)


def test_float32_stays_float32():
    assert torch.rfft(torch.ones(8), 1).dtype is torch.float32 and torch.fft.rfft(torch.ones(8)).dtype is torch.complex64
    assert torch.fft.fft(torch.arange(4)).dtype is torch.complex64 and torch.fft.irfft(torch.ones(3).double()).dtype is torch.float64


def test_wrong_pairs():
    for wrong in (lambda: torch.fft(torch.ones(3), 1), lambda: torch.fft(torch.ones(3, 3), 1), lambda: torch.fft(torch.ones(3, 2), 4),
                  lambda: torch.rfft(torch.ones(3, dtype=torch.int64), 1), lambda: torch.irfft(torch.ones(3, 2), 1, signal_sizes=(7,)),
                  lambda: torch.irfft(torch.ones(1, 2), 1), lambda: torch.rfft(torch.ones(0), 1)):
        with pytest.raises(RuntimeError):
            wrong()


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_one_dimension(name, norm):
    z = real((3, 4)) if name in ("rfft", "ihfft") else complex_((3, 4))
    for n, dim in ((None, -1), (3, 1), (7, 0)):
        if name == "ihfft" and n:
            continue
        found = getattr(torch.fft, name)(tensor(z), n, dim, norm)
        np.testing.assert_allclose(found.numpy(), getattr(np.fft, name)(z, n, dim, norm), 1e-9, 1e-12)
        check(lambda a, n=n, dim=dim: getattr(torch.fft, name)(a, n, dim, norm), leaf(z[:2, :2].copy() if n is None else z[:1, :2].copy()))


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2"])
def test_several_dimensions(name):
    z = real((2, 3, 4)) if name.startswith("rfft") else complex_((2, 3, 4))
    for s, dim in ((None, (0, 1)), ((3, 5), (1, 2)), ((2, 4), (-1, 0))):
        found = getattr(torch.fft, name)(tensor(z), s, dim)
        np.testing.assert_allclose(found.numpy(), getattr(np.fft, name)(z, s, dim), 1e-9, 1e-12)
    check(lambda a: getattr(torch.fft, name)(a, dim=(0, 1)), leaf(z[:2, :2, 0].copy()))


def test_frequencies_and_shifts():
    for n in (1, 4, 5):
        np.testing.assert_allclose(torch.fft.fftfreq(n, 0.5).numpy(), np.fft.fftfreq(n, 0.5), 1e-6)
        np.testing.assert_allclose(torch.fft.rfftfreq(n, 0.5).numpy(), np.fft.rfftfreq(n, 0.5), 1e-6)
    x = real((4, 5))
    for dim in (None, 0, (0, 1)):
        np.testing.assert_array_equal(torch.fft.fftshift(tensor(x), dim).numpy(), np.fft.fftshift(x, dim))
        np.testing.assert_array_equal(torch.fft.ifftshift(tensor(x), dim).numpy(), np.fft.ifftshift(x, dim))


def test_wrong_arguments():
    for wrong in (lambda: torch.fft.fft(torch.ones(3), 0), lambda: torch.fft.fft(torch.ones(3), norm="x"),
                  lambda: torch.fft.rfft(torch.ones(3) * 1j), lambda: torch.fft.fftn(torch.ones(3, 3), dim=(0, 0)),
                  lambda: torch.fft.fftn(torch.ones(3), s=(2, 2)), lambda: torch.fft.irfft(torch.ones(1)),
                  lambda: torch.fft.fft(torch.ones(3).half())):
        with pytest.raises(RuntimeError):
            wrong()
    with pytest.raises(IndexError):
        torch.fft.fft(torch.tensor(1.0))


def test_module_is_callable():
    import nb_nn.fft

    assert nb_nn.fft is torch.fft and callable(nb_nn.fft)


def test_short_time_transform():
    x = real((2, 40))
    window = torch.hann_window(8, dtype=torch.float64)
    found = torch.stft(tensor(x), 8, 4, window=window, center=False)
    frames = np.stack([x[:, i:i + 8] for i in range(0, 33, 4)], -1) * window.numpy()[:, None]
    assert found.shape == (2, 5, 9, 2)
    np.testing.assert_allclose(found.numpy(), pairs(np.fft.rfft(frames, axis=1)), 1e-9, 1e-12)
    padded = np.pad(x, ((0, 0), (4, 4)), "reflect")
    np.testing.assert_array_equal(torch.stft(tensor(x), 8).numpy(), torch.stft(tensor(padded), 8, center=False).numpy())
    whole = torch.stft(tensor(x), 8, onesided=False, return_complex=True, normalized=True)
    np.testing.assert_allclose(whole.numpy()[:, :5], torch.stft(tensor(x), 8, return_complex=True).numpy() / 8 ** 0.5, 1e-9, 1e-12)
    assert torch.stft(tensor(complex_(20)), 8).shape == (8, 11)
    for options in ({"hop_length": 0}, {"win_length": 9}, {"window": torch.ones(7)}):
        with pytest.raises(RuntimeError):
            torch.stft(tensor(x), 8, **options)
    with pytest.raises(RuntimeError):
        torch.stft(torch.ones(4), 8)


def test_short_time_transform_back():
    x = real((2, 40))
    for options in ({"window": torch.hann_window(8, dtype=torch.float64)}, {"hop_length": 3, "win_length": 6}, {"normalized": True}):
        made = torch.stft(tensor(x), 8, **options)
        length = torch.istft(made, 8, **options).shape[-1]
        np.testing.assert_allclose(torch.istft(made, 8, **options).numpy(), x[:, :length], 1e-9, 1e-12)
        np.testing.assert_allclose(torch.istft(made, 8, length=30, **options).numpy(), x[:, :30], 1e-9, 1e-12)
    with pytest.raises(RuntimeError, match="overlap"):
        torch.istft(torch.stft(tensor(x), 8, center=False), 8, window=torch.hann_window(8).double(), center=False)


def test_gradients_of_short_time_transforms():
    x, window = leaf(real(9)), leaf(abs(real(4)) + 1)
    check(lambda a, w: torch.stft(a, 4, window=w), x, window)
    check(lambda a, w: torch.stft(a, 4, window=w, onesided=False, return_complex=True), x, window)
    check(lambda a, w: torch.istft(a, 4, window=w), leaf(complex_((3, 3))), window)


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft"])
def test_gradients_of_pairs(name):
    check(lambda a: getattr(torch, name)(a, 1), leaf(real((2, 3, 2))))
    check(lambda a: getattr(torch, name)(a, 2, True), leaf(real((2, 3, 2))))


def test_gradient_of_irfft():
    check(lambda a: torch.irfft(a, 1, signal_sizes=(5,)), leaf(real((2, 3, 2))))
    check(lambda a: torch.irfft(a, 2, False, False), leaf(real((2, 3, 2))))


@pytest.mark.parametrize("name", ["bartlett", "blackman", "hamming", "hann", "kaiser"])
def test_windows(name):
    make = getattr(torch, name + "_window")
    for periodic in (True, False):
        for length in (2, 3, 8, 9):
            given = ("kaiser", 12.0) if name == "kaiser" else name
            np.testing.assert_allclose(make(length, periodic, dtype=torch.float64).numpy(),
                                       scipy.signal.get_window(given, length, periodic), 1e-9, 1e-12)
    assert make(0).shape == (0,) and make(1).tolist() == [1] and make(4).dtype is torch.float32
    for wrong in (lambda: make(-1), lambda: make(3, dtype=torch.int64), lambda: make(3, dtype=torch.complex64)):
        with pytest.raises(RuntimeError):
            wrong()


def test_backends():
    cache = torch.backends.cuda.cufft_plan_cache
    before = cache.max_size
    cache.max_size = 10
    assert cache.max_size == 10 and cache.size == 0 and cache.clear() is None
    cache.max_size = before
    with pytest.raises(RuntimeError):
        cache[99]
    assert torch.backends.mkl.is_available() in (True, False)
