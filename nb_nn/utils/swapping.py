"""Two tensors that change places."""
from __future__ import annotations

import sys
import weakref

from ..tensor import Tensor


def swap_tensors(t1: Tensor, t2: Tensor) -> None:
    """Let each tensor become the other: its elements, type, gradient, attributes and class, so that all who hold one see the other.

    RuntimeError if a graph or a weak reference leads to one of them, which would then lead to the other.

    >>> a, b = torch.zeros(2), torch.ones(3)
    >>> torch.utils.swap_tensors(a, b)
    >>> a
    tensor([1., 1., 1.])
    """
    for name, one in (("t1", t1), ("t2", t2)):
        if not isinstance(one, Tensor):
            raise TypeError(f"swap_tensors: expected tensors, got {type(one).__name__}")
        edge = one._leaf_edge
        if edge is not None and (sys.getrefcount(edge) > 3 or sys.getrefcount(edge[0]) > 2):     # the tensor and the names here alone
            raise RuntimeError(f"Cannot swap {name} because a graph leads to it: swap before what is computed with it, or drop the results")
        one._leaf_edge = edge = None
        if weakref.getweakrefs(one):
            raise RuntimeError(f"Cannot swap {name} because it has weakref associated with it")
    t1.__class__, t2.__class__ = t2.__class__, t1.__class__
    t1.__dict__, t2.__dict__ = t2.__dict__, t1.__dict__
