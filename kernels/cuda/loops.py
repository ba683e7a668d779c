"""Loops for any formula: map over one to four arrays. Each factory takes what its namesake in ``cpu/loops.py`` takes.

Flat loops want contiguous arrays of one size. Row loops take 4-d arrays of any strides: a thread decodes the index of a
row once, and neighbouring threads take neighbouring elements of it.
"""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .. import formulas  # noqa: F401  enters the formulas
from ..compile import FORMULAS
from .launch import BLOCKS, THREADS, Kernel, Shape, cuda


class Map(Kernel):
    """A loop whose ``numbers``, the last argument but one, go to the formula in the dtype of the first array."""

    def __call__(self, *args: Any, work: int | None = None) -> None:
        *inputs, numbers, out = args
        super().__call__(*inputs, tuple([args[0].dtype.type(number) for number in numbers]), out)


def flat1(formula):
    def loop(x, numbers, out):
        for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            out[i] = formula(x[i], *numbers)
    return loop


def flat2(formula):
    def loop(x, y, numbers, out):
        for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            out[i] = formula(x[i], y[i], *numbers)
    return loop


def flat3(formula):
    def loop(x, y, z, numbers, out):
        for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            out[i] = formula(x[i], y[i], z[i], *numbers)
    return loop


def flat4(formula):
    def loop(x, y, z, w, numbers, out):
        for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            out[i] = formula(x[i], y[i], z[i], w[i], *numbers)
    return loop


def block_of_rows(*args: Any) -> tuple[Shape, Shape]:
    """Blocks as wide as a row, up to a limit, and of as many rows as fill them."""
    shape = args[-1].shape
    width = min(THREADS, 1 << max(0, shape[3] - 1).bit_length())
    height = THREADS // width
    rows = shape[0] * shape[1] * shape[2] if shape[3] else 0
    return (min(BLOCKS, -(-rows // height)), 1, 1), (width, height, 1)


def first_row():
    return cuda.blockIdx.x * cuda.blockDim.y + cuda.threadIdx.y


def next_row():
    return cuda.gridDim.x * cuda.blockDim.y


def place(row, shape):
    """The outer indices of a row, counted in C order."""
    return row // (shape[1] * shape[2]), row // shape[2] % shape[1], row % shape[2]


def rows1(formula):
    def loop(x, numbers, out):
        shape = out.shape
        for row in range(first_row(), shape[0] * shape[1] * shape[2], next_row()):
            a, b, c = place(row, shape)
            for i in range(cuda.threadIdx.x, shape[3], cuda.blockDim.x):
                out[a, b, c, i] = formula(x[a, b, c, i], *numbers)
    return loop


def rows2(formula):
    def loop(x, y, numbers, out):
        shape = out.shape
        for row in range(first_row(), shape[0] * shape[1] * shape[2], next_row()):
            a, b, c = place(row, shape)
            for i in range(cuda.threadIdx.x, shape[3], cuda.blockDim.x):
                out[a, b, c, i] = formula(x[a, b, c, i], y[a, b, c, i], *numbers)
    return loop


def rows3(formula):
    def loop(x, y, z, numbers, out):
        shape = out.shape
        for row in range(first_row(), shape[0] * shape[1] * shape[2], next_row()):
            a, b, c = place(row, shape)
            for i in range(cuda.threadIdx.x, shape[3], cuda.blockDim.x):
                out[a, b, c, i] = formula(x[a, b, c, i], y[a, b, c, i], z[a, b, c, i], *numbers)
    return loop


def rows4(formula):
    def loop(x, y, z, w, numbers, out):
        shape = out.shape
        for row in range(first_row(), shape[0] * shape[1] * shape[2], next_row()):
            a, b, c = place(row, shape)
            for i in range(cuda.threadIdx.x, shape[3], cuda.blockDim.x):
                out[a, b, c, i] = formula(x[a, b, c, i], y[a, b, c, i], z[a, b, c, i], w[a, b, c, i], *numbers)
    return loop


FLAT, ROWS = (flat1, flat2, flat3, flat4), (rows1, rows2, rows3, rows4)


@functools.cache
def flat(formula: Callable | str, inputs: int) -> Kernel:
    """The flat loop of a formula (or of its name) over ``inputs`` arrays."""
    formula = FORMULAS[formula] if isinstance(formula, str) else formula
    return Map(FLAT[inputs - 1](formula), f"{formula.__name__}_flat{inputs}")


@functools.cache
def rows(formula: Callable | str, inputs: int) -> Kernel:
    """The row loop of a formula (or of its name) over ``inputs`` arrays."""
    formula = FORMULAS[formula] if isinstance(formula, str) else formula
    return Map(ROWS[inputs - 1](formula), f"{formula.__name__}_rows{inputs}", block_of_rows, layout="A")
