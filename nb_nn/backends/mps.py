"""Apple's Metal is not used: there are CPU and CUDA devices."""
from __future__ import annotations


def is_available() -> bool:
    """Whether Apple's Metal is used: never.

    >>> torch.backends.mps.is_available()
    False
    """
    return False


def is_built() -> bool:
    """Whether there is code for Metal: there is none."""
    return False
