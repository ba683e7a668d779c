"""Memory shared with other libraries by DLPack capsules."""
from ..interop import from_dlpack, to_dlpack

__all__ = ["from_dlpack", "to_dlpack"]
