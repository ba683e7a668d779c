"""Sums of losses of elements and their gradients, one pass each, for any loss among the formulas.

Sums go over blocks, in float64, and the blocks' are added in their order: the bits do not depend on the number of threads.
"""
from __future__ import annotations

import functools

import numpy as np

from .. import formulas  # noqa: F401  enters the formulas
from ..bits import cast_all
from ..compile import FORMULAS, REASSOCIATE, Kernel, inlined, prange

BLOCK = 1 << 13                 # elements a thread takes at once


@functools.cache
def total(name: str) -> Kernel:
    """x, y (n,), numbers, divisor -> out (1,): the sum of the losses ``name`` over ``divisor``."""
    formula = FORMULAS[name]

    @inlined(fastmath=REASSOCIATE)
    def block_total(a, b, values):
        found = 0.0
        for i in range(a.size):
            found += formula(a[i], b[i], *values)
        return found

    def loop(x, y, numbers, divisor, out):
        values = cast_all(numbers, x)
        blocks = (x.size + BLOCK - 1) // BLOCK
        partial = np.empty(blocks)
        for block in prange(blocks):
            start = np.int64(block) * BLOCK
            partial[block] = block_total(x[start:start + BLOCK], y[start:start + BLOCK], values)
        found = 0.0
        for block in range(blocks):
            found += partial[block]
        out[0] = found / divisor
    return Kernel(loop, f"{name}_total")


@functools.cache
def gradient(name: str) -> Kernel:
    """grad (1,), x, y (n,), numbers, divisor -> out (n,): the gradient of `total` for x."""
    formula = FORMULAS[name + "_backward"]

    def loop(grad, x, y, numbers, divisor, out):
        values = cast_all(numbers, x)
        given = x.dtype.type(grad[0] / divisor)
        for block in prange((x.size + BLOCK - 1) // BLOCK):
            start = np.int64(block) * BLOCK
            a, b, result = x[start:start + BLOCK], y[start:start + BLOCK], out[start:start + BLOCK]
            for i in range(result.size):
                result[i] = formula(given, a[i], b[i], *values)
    return Kernel(loop, f"{name}_gradient")
