"""Scratch memory that kernels use and leave, kept from call to call: fresh pages cost more than the work in them."""
from __future__ import annotations

import math
import threading

import numpy as np

ALIGNED = 64                    # bytes: a cache line
KEPT = 1 << 26                  # bytes; larger scratch is given back at once
_local = threading.local()


def scratch(name: str, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """An array with arbitrary contents, valid until this thread asks for the same name again."""
    size = math.prod(shape) * dtype.itemsize
    memory = getattr(_local, name, None)
    if memory is None or len(memory) < size:
        memory = np.empty(size + ALIGNED, np.uint8)
        memory = memory[-memory.ctypes.data % ALIGNED:]
        if size <= KEPT:
            setattr(_local, name, memory)
    return memory[:size].view(dtype).reshape(shape)
