"""Rows for complex numbers and Fourier transforms; `run` takes them in."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from compare import Row, compare

import nb_nn


def spectral() -> Iterator[Row]:
    """Complex arithmetic on 1 M complex64 numbers; transforms of float32 signals."""
    random = np.random.default_rng(0)
    z, w = ((random.standard_normal((1024, 1024)) + 1j * random.standard_normal((1024, 1024))).astype(np.complex64) for _ in range(2))
    signals, images = random.standard_normal((256, 4096)).astype(np.float32), random.standard_normal((16, 256, 256)).astype(np.float32)
    sound, small = random.standard_normal((4, 65536)).astype(np.float32), random.standard_normal(64).astype(np.float32)
    calls = {
        "complex mul": lambda m, z, w, signals, images, sound, small: z * w,
        "complex div": lambda m, z, w, signals, images, sound, small: z / w,
        "complex abs": lambda m, z, w, signals, images, sound, small: z.abs(),
        "complex exp": lambda m, z, w, signals, images, sound, small: z.exp(),
        "complex sum": lambda m, z, w, signals, images, sound, small: z.sum(),
        "complex matmul": lambda m, z, w, signals, images, sound, small: z[:512, :512] @ w[:512, :512],
        "fft of 1024 x 1024": lambda m, z, w, signals, images, sound, small: m.fft.fft(z),
        "rfft of 256 x 4096": lambda m, z, w, signals, images, sound, small: m.fft.rfft(signals),
        "rfft2 of 16 x 256 x 256": lambda m, z, w, signals, images, sound, small: m.fft.rfft2(images),
        "stft of 4 x 65536": lambda m, z, w, signals, images, sound, small:
            m.stft(sound, 1024, 256, window=m.hann_window(1024), return_complex=True),
        "rfft of 64": lambda m, z, w, signals, images, sound, small: m.fft.rfft(small),
    }
    arrays = z, w, signals, images, sound, small
    ours, theirs = [nb_nn.tensor(one) for one in arrays], [torch.tensor(one) for one in arrays]
    for name, call in calls.items():
        yield compare("spectral", name, lambda: call(nb_nn, *ours), lambda: call(torch, *theirs))


GROUPS = (spectral,)
LIMITS = {"spectral": (2.0, 4.0)}
