"""OpenMP, one of the layers on which kernels may run in parallel."""
from __future__ import annotations


def is_available() -> bool:
    """Whether kernels may run on OpenMP threads.

    >>> isinstance(torch.backends.openmp.is_available(), bool)
    True
    """
    try:
        from numba.np.ufunc import omppool  # noqa: F401
    except ImportError:
        return False
    return True
