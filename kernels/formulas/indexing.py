"""What indexed writes do with the element they find: the old value and the new one give the result."""
from __future__ import annotations

from ..compile import inlined


@inlined
def put(old, new):
    return new


@inlined
def put_sum(old, new):
    return old + new


@inlined
def put_product(old, new):
    return old * new


WRITES = {"set": put, "add": put_sum, "multiply": put_product}
