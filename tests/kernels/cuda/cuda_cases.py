"""One call of each kernel of CUDA, as a row: the kernel, its arguments, and how many of them, the last, it writes."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nb_nn.kernels import table
from nb_nn.kernels.compile import formula
from nb_nn.kernels.cuda import loops, reduction


class Case(NamedTuple):
    name: str
    kernel: Callable
    args: tuple
    expected: tuple             # what the last arguments hold afterwards
    tolerance: float = 0


@formula
def tested_line(x, slope, shift):
    return x * slope + shift


@formula
def tested_sum(x, y, z, w):
    return x + y * z - w


def numbers(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def maps() -> list[Case]:
    x, y, z, w = numbers(4, 70), numbers(4, 70) + 1, numbers(4, 70) - 1, numbers(4, 70) * 2
    flat, result = [array.ravel() for array in (x, y, z, w)], x + y * z - w
    wide = np.ascontiguousarray(x.T)                    # whose transpose has the shape of x and other strides
    rows = [array[None, None] for array in (wide.T, y[:1].repeat(4, 0), z, w)]
    rows[1] = np.broadcast_to(y[:1], (4, 70))[None, None]
    line = x * np.float32(0.1) + np.float32(2)
    return [
        Case("flat1", loops.flat(tested_line, 1), (flat[0], (0.1, 2), np.empty(280, "f")), (line.ravel(),), 1e-6),
        Case("flat2", loops.flat(tested_line, 2), (flat[0], flat[1], (2,), np.empty(280, "f")), (flat[0] * flat[1] + 2,), 1e-6),
        Case("flat3", loops.flat(tested_line, 3), (*flat[:3], (), np.empty(280, "f")), (flat[0] * flat[1] + flat[2],), 1e-6),
        Case("flat4", loops.flat("tested_sum", 4), (*flat, (), np.empty(280, "f")), (result.ravel(),), 1e-6),
        Case("flat4 double", loops.flat("tested_sum", 4), (*[a.astype("d") for a in flat], (), np.empty(280)),
             (result.ravel(),), 1e-6),
        Case("flat of nothing", loops.flat(tested_line, 1), (flat[0][:0], (0.1, 2), np.empty(0, "f")), (flat[0][:0],)),
        Case("rows1", loops.rows("tested_line", 1), (rows[0], (0.1, 2), np.empty((1, 1, 4, 70), "f")), (line[None, None],), 1e-6),
        Case("rows2", loops.rows(tested_line, 2), (*rows[:2], (1,), np.empty((1, 1, 4, 70), "f")), (x * y[:1] + 1,), 1e-6),
        Case("rows3", loops.rows(tested_line, 3), (*rows[:3], (), np.empty((1, 1, 4, 70), "f")), (x * y[:1] + z,), 1e-6),
        Case("rows4", loops.rows(tested_sum, 4), (*rows, (), np.empty((1, 1, 4, 70), "f")), (x + y[:1] * z - w,), 1e-6),
        Case("rows of all dimensions", loops.rows(tested_line, 1),
             (numbers(2, 3, 2, 3).transpose(3, 1, 2, 0), (1, 0), np.empty((3, 3, 2, 2), "f")),
             (numbers(2, 3, 2, 3).transpose(3, 1, 2, 0),)),
    ]


def reductions() -> list[Case]:
    few, many, long = numbers(37, 5), numbers(3, 130), numbers(1, 9000)
    block = numbers(2, 17, 40)
    tall = numbers(1, 8300, 3)
    close = np.ones((1, 9000))
    close[0, 4321] = 1 + 3e-16                          # one step above 1: lost if keys were combined as float64
    block_with_nan = block.astype("d")
    block_with_nan[1, 5, 7] = np.nan
    return [
        Case("sum of short rows", reduction.reduce_rows("sum", "f"), (few, (), np.empty(37, "f")), (few.sum(1),), 1e-5),
        Case("mean of rows", reduction.reduce_rows("mean", "f"), (many, (), np.empty(3, "f")), (many.mean(1),), 1e-5),
        Case("sum of a row in chunks", reduction.reduce_rows("sum", "f"), (long, (), np.empty(1, "f")), (long.sum(1),), 1e-4),
        Case("norm of rows", reduction.reduce_rows("norm", "d"), (many.astype("d"), (3.0,), np.empty(3)),
             ((abs(many.astype("d")) ** 3).sum(1) ** (1 / 3),), 1e-6),
        Case("amax of rows", reduction.reduce_rows("amax", "f"), (many, (), np.empty(3, "f")), (many.max(1),)),
        Case("amax of close doubles", reduction.reduce_rows("amax", "d"), (close, (), np.empty(1)), (1 + 3e-16,)),
        Case("amin with nan", reduction.reduce_columns("amin", "d"), (block_with_nan, (), np.empty((2, 40))),
             (block_with_nan.min(1),)),
        Case("nonzeros of columns", reduction.reduce_columns("count_nonzero", "f"), (block.round(), (),
             np.empty((2, 40), int)), ((block.round() != 0).sum(1),)),
        Case("all of rows", reduction.reduce_rows("all", "?"), (few > -2.5, (), np.empty(37, bool)), ((few > -2.5).all(1),)),
        Case("sum of empty rows", reduction.reduce_rows("sum", "l"), (np.empty((3, 0), int), (), np.empty(3, int)), (0,)),
        Case("sum of columns", reduction.reduce_columns("sum", "f"), (block, (), np.empty((2, 40), "f")), (block.sum(1),), 1e-5),
        Case("amin of columns", reduction.reduce_columns("amin", "f"), (block, (), np.empty((2, 40), "f")), (block.min(1),)),
        Case("prod of columns", reduction.reduce_columns("prod", "l"), (np.arange(1, 13).reshape(1, 4, 3), (),
             np.empty((1, 3), int)), (np.arange(1, 13).reshape(1, 4, 3).prod(1),)),
        Case("sum of columns in chunks", reduction.reduce_columns("sum", "f"), (tall, (), np.empty((1, 3), "f")),
             (tall.sum(1),), 1e-4),
    ]


def pool(x: np.ndarray, kernel: int, stride: int, pad: int, dilation: int) -> tuple[np.ndarray, np.ndarray]:
    """Maxima of windows and their places, by a slow loop."""
    planes, height, width = x.shape
    size = [(length + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1 for length in (height, width)]
    out, places = np.empty((planes, *size), x.dtype), np.empty((planes, *size), np.int64)
    for p, i, j in np.ndindex(out.shape):
        seen = [(x[p, a, b], -(a * width + b)) for a in range(i * stride - pad, i * stride - pad + kernel * dilation, dilation)
                for b in range(j * stride - pad, j * stride - pad + kernel * dilation, dilation)
                if 0 <= a < height and 0 <= b < width]
        out[p, i, j], place = max(seen)
        places[p, i, j] = -place
    return out, places


def pooling() -> list[Case]:
    x = np.random.default_rng(0).integers(-4, 4, (3, 7, 9)).astype(np.float32)      # small integers: with ties
    cases = []
    for kernel, stride, pad, dilation in [(2, 2, 0, 1), (3, 2, 1, 1), (3, 1, 1, 2)]:
        expected = pool(x, kernel, stride, pad, dilation)
        args = (x, kernel, kernel, stride, stride, pad, pad, dilation, dilation)
        results = (np.empty_like(expected[0]), np.empty_like(expected[1]))
        cases.append(Case(f"max_pool2d {kernel} by {stride}", table.find("cuda", "max_pool2d"), args + results, expected))
    return cases


def random() -> list[Case]:
    """Without expectations: these are the stream of the CPU, which a test of its own compares."""
    return [Case(f"{name} {dtype}", table.find("cuda", name), (-7, 2**32 - 5, *numbers, np.empty(size, dtype)), ())
            for name, numbers, dtype in [("uniform", (-1.0, 2.5), "f"), ("uniform", (-1.0, 2.5), "d"),
                                         ("normal", (1.0, 2.0), "f"), ("normal", (1.0, 2.0), "d"),
                                         ("exponential", (2.0,), "f"), ("exponential", (2.0,), "d"),
                                         ("bernoulli", (0.3,), "f"), ("bernoulli", (0.3,), "?")]
            for size in (10, 1300)]


CASES = [*maps(), *reductions(), *pooling(), *random()]
