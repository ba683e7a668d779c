"""What the documentation of torch 1.1 names under ``torch._C``."""
from .core.generator import Generator

__all__ = ["Generator"]
