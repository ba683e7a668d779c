"""Matrix products: cuBLAS, by CuPy."""
from __future__ import annotations

from .. import table
from .block import composed


@composed
def matmul(a, b, out):
    """Product of matrices: a is (..., M, K), b is (..., K, N) of any strides, out is (..., M, N) and contiguous."""
    import cupy

    cupy.matmul(a, b, out=out)


@composed
def linear(a, b, bias, out):
    """`matmul`, to each row of which ``bias``, contiguous, is added, if there is one."""
    import cupy

    cupy.matmul(a, b, out=out)
    if bias is not None:
        table.find("cuda", "add_row")(bias, out)
