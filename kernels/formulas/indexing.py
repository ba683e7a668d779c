"""What indexed writes do with the element they find: the old value and the new one give the result."""
from __future__ import annotations

from ..compile import formula, inlined


@formula
def masked_fill(x, mask, value):
    """``value`` where ``mask`` is true, else x."""
    return value if mask else x


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
