"""Cases of loops for formulas: maps, reductions, running sums."""
from __future__ import annotations

import importlib

import numpy as np
from cases import Case, by_the_cpu, numbers

from nb_nn.kernels.compile import formula
from nb_nn.kernels.cuda import loops, reduction


@formula
def tested_line(x, slope, shift):
    return x * slope + shift


@formula
def tested_sum(x, y, z, w):
    return x + y * z - w


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


def extremes() -> list[Case]:
    cases, loops = [], [importlib.import_module(f"nb_nn.kernels.{device}.reduction") for device in ("cuda", "cpu")]
    ties = np.random.default_rng(0).integers(-3, 3, (4, 50)).astype(np.float32)
    ties[2, 7] = np.nan
    for name in ("max", "min"):
        for x in (ties, ties[:, :5].copy(), np.nan_to_num(ties).astype(np.int64)):
            ours, twin = (each.extreme_rows(name, x.dtype.char) for each in loops)
            cases.append(by_the_cpu(f"{name} of rows", x, np.empty(4, x.dtype), np.empty(4, int), results=2, kernel=ours, twin=twin))
            ours, twin = (each.extreme_columns(name, x.dtype.char) for each in loops)
            made = np.empty((1, x.shape[1]), x.dtype), np.empty((1, x.shape[1]), int)
            cases.append(by_the_cpu(f"{name} of columns", x[None], *made, results=2, kernel=ours, twin=twin))
    return cases


def scans() -> list[Case]:
    cases, loops = [], [importlib.import_module(f"nb_nn.kernels.{device}.scan") for device in ("cuda", "cpu")]
    x = numbers(2, 5, 3)
    x[1, 2, 0] = np.nan
    for kind, name, made in [(kind, name, np.empty((2, 5, 3), kind)) for kind in ("f", "q") for name in ("cumsum", "cumprod")]:
        given = np.nan_to_num(x * 3).astype(kind)
        ours, twin = (each.scan_columns(name, kind) for each in loops)
        cases.append(by_the_cpu(f"{name} of columns", given, made, kernel=ours, twin=twin))
        ours, twin = (each.scan_rows(name, kind) for each in loops)
        cases.append(by_the_cpu(f"{name} of rows", given[0], made[0].copy(), kernel=ours, twin=twin))
    for name in ("cummax", "cummin"):
        ours, twin = (each.extreme_scan_columns(name, "f") for each in loops)
        cases.append(by_the_cpu(f"{name} of columns", x, np.empty_like(x), np.empty(x.shape, int), results=2, kernel=ours, twin=twin))
        ours, twin = (each.extreme_scan_rows(name, "f") for each in loops)
        cases.append(by_the_cpu(f"{name} of rows", x[1].T.copy(), np.empty((3, 5), "f"), np.empty((3, 5), int), results=2, kernel=ours,
                                twin=twin))
    return cases
