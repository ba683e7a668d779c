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


@inlined
def put_larger(old, new):
    return new if new > old or new != new else old


@inlined
def put_smaller(old, new):
    return new if new < old or new != new else old


WRITES = {"set": put, "add": put_sum, "multiply": put_product, "larger": put_larger, "smaller": put_smaller}
