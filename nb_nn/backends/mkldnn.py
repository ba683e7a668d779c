"""oneDNN is not used: convolutions are our own."""
from __future__ import annotations


def is_available() -> bool:
    """Whether oneDNN is used: never.

    >>> torch.backends.mkldnn.is_available()
    False
    """
    return False
