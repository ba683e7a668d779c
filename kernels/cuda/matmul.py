"""Matrix products: cuBLAS, by CuPy."""
from __future__ import annotations

from .block import composed


@composed
def matmul(a, b, out):
    """Product of matrices: a is (..., M, K), b is (..., K, N) of any strides, out is (..., M, N) and contiguous."""
    import cupy

    cupy.matmul(a, b, out=out)
