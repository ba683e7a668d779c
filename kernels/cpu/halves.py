"""Kernels of rows over half types: a few rows at a time are widened into the cache, go through the kernel for float32, and are
rounded back."""
from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from .. import table
from ..compile import Kernel, inlined, prange
from ..formulas.half import LOAD, STORE

TOGETHER = 1 << 13              # elements of the rows that a thread takes at once


@functools.cache
def body(name: str) -> Callable:
    """The loop of a kernel, to be called for some of its rows by one thread."""
    return inlined(table.find("cpu", name).function)


@functools.cache
def casts(kind: str) -> tuple[Callable, Callable]:
    """Fill an array of float32 from one of the bits of a half type, and the other way."""
    load, store = LOAD[kind], STORE[kind]

    @inlined
    def widen(bits, wide):
        for i in range(wide.size):
            wide[i] = load(bits[i])

    @inlined
    def narrow(wide, bits):
        for i in range(wide.size):
            bits[i] = store(wide[i])
    return widen, narrow


@inlined
def rows_of(block, rows, n):
    """The first and one past the last of the rows in a block."""
    together = max(1, TOGETHER // max(1, n))
    first = np.int64(block) * together
    return first, min(first + together, rows)


@inlined
def blocks_of(rows, n):
    """How many blocks the rows make."""
    together = max(1, TOGETHER // max(1, n))
    return (rows + together - 1) // together


def rows1(run, widen, narrow):
    def loop(x, out):
        rows, n = x.shape
        x_, out_ = x.reshape(-1), out.reshape(-1)
        for block in prange(blocks_of(rows, n)):
            first, last = rows_of(block, rows, n)
            a, result = np.empty((last - first) * n, np.float32), np.empty((last - first) * n, np.float32)
            widen(x_[first * n:last * n], a)
            run(a.reshape(-1, n), result.reshape(-1, n))
            narrow(result, out_[first * n:last * n])
    return loop


def rows2(run, widen, narrow):
    def loop(x, y, out):
        rows, n = x.shape
        x_, y_, out_ = x.reshape(-1), y.reshape(-1), out.reshape(-1)
        for block in prange(blocks_of(rows, n)):
            first, last = rows_of(block, rows, n)
            size = (last - first) * n
            a, b, result = np.empty(size, np.float32), np.empty(size, np.float32), np.empty(size, np.float32)
            widen(x_[first * n:last * n], a)
            widen(y_[first * n:last * n], b)
            run(a.reshape(-1, n), b.reshape(-1, n), result.reshape(-1, n))
            narrow(result, out_[first * n:last * n])
    return loop


@functools.cache
def rows(name: str, inputs: int, kind: str) -> Kernel:
    """The kernel ``name`` of one or two inputs (rows, n) and an output of the same shape, over the bits of a half type."""
    return Kernel((rows1, rows2)[inputs - 1](body(name), *casts(kind)), f"{name}_{kind}")


@functools.cache
def layer_norm(kind: str) -> Kernel:
    """`layer_norm` whose x and out are the bits of a half type; the others are float32."""
    run, (widen, narrow) = body("layer_norm"), casts(kind)

    def loop(x, weight, bias, eps, out, mean, rstd):
        rows, n = x.shape
        x_, out_ = x.reshape(-1), out.reshape(-1)
        for block in prange(blocks_of(rows, n)):
            first, last = rows_of(block, rows, n)
            a, result = np.empty((last - first) * n, np.float32), np.empty((last - first) * n, np.float32)
            widen(x_[first * n:last * n], a)
            run(a.reshape(-1, n), weight, bias, eps, result.reshape(-1, n), mean[first:last], rstd[first:last])
            narrow(result, out_[first * n:last * n])
    return Kernel(loop, f"layer_norm_{kind}")
