"""The libraries that compute, and what can be set about them."""
from . import cuda, mkl

__all__ = ["cuda", "mkl"]
