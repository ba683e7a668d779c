"""What computes, and what programs ask of PyTorch's backends; settings of backends that are not there are kept and change nothing.

>>> torch.backends.cudnn.is_available(), torch.backends.mps.is_available()
(False, False)
"""
from __future__ import annotations

from . import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
