"""Intel's MKL."""


def is_available() -> bool:
    """Whether the linear algebra of NumPy or SciPy is MKL's. (Fourier transforms are SciPy's own and need no MKL.)

    >>> torch.backends.mkl.is_available() in (True, False)
    True
    """
    from scipy.linalg import blas  # noqa: F401  loads SciPy's library
    from threadpoolctl import threadpool_info

    return any(library["internal_api"] == "mkl" for library in threadpool_info())
