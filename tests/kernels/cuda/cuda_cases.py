"""One call of each kernel of CUDA, as a row: the kernel, its arguments, and how many of them, the last, it writes."""
from __future__ import annotations

import importlib
import math
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
    atomic: bool = False        # additions in any order: the last bits differ from run to run


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


def by_the_cpu(name: str, *args: Any, results: int = 1, kernel: Any = None, twin: Any = None, tolerance: float = 1e-5) -> Case:
    """A case whose last arguments are expected to be what the CPU's kernel, which has tests of its own, makes of them."""
    expected = [arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args]
    kernel, twin = kernel or table.find("cuda", name), twin or table.find("cpu", name)
    getattr(twin, "serial", twin)(*expected)
    atomic = name in ("embedding_backward", "max_pool2d_backward", "bag_sums_backward", "bag_maxima_backward") or name.endswith(" add")
    return Case(name, kernel, args, tuple(expected[-results:]), tolerance, atomic)


def softmaxes() -> list[Case]:
    cases = []
    for shape, kind in (((5, 3), "rows"), ((3, 300), "rows"), ((2, 5, 7), "columns")):
        for name in ("softmax", "log_softmax"):
            x, grad = numbers(*shape), numbers(*shape, dtype=np.float32) + 1
            cases += [by_the_cpu(f"{name}_{kind}", x, np.empty(shape, "f")),
                      by_the_cpu(f"{name}_{kind}_backward", grad, x, np.empty(shape, "f"))]
        if kind == "rows":
            cases.append(by_the_cpu("logsumexp_rows", x, np.empty(shape[0], "f")))
    return cases


def losses() -> list[Case]:
    target, none, weight = np.array([2, 0, -100, 1]), np.empty(0, "f"), numbers(3) ** 2 + 1
    rows, planes = numbers(4, 3), numbers(2, 3, 2)
    square, cases = target.reshape(2, 2), []
    for weights, mode in ((none, 1), (weight, 0), (weight, 2)):
        out, total = np.empty(4 if mode == 0 else 1, "f"), np.full(1, 2, "f")
        cases += [
            by_the_cpu("nll_loss", planes, square, weights, -100, mode, out, total, results=2),
            by_the_cpu("nll_loss_backward", numbers(4)[:out.size], square, weights, total, -100, mode, np.empty((2, 3, 2), "f")),
            by_the_cpu("cross_entropy", rows, target, weights, -100, mode, out, total, np.empty((4, 2), "f"), results=3),
            by_the_cpu("cross_entropy_backward", numbers(4)[:out.size], rows, target, weights, total, np.abs(numbers(4, 2)), -100, mode,
                       np.empty((4, 3), "f"))]
    many = np.arange(600) % 3
    many[[517, 530]] = 3, -1
    return [*cases, by_the_cpu("first_bad_target", many, 3, -100, np.empty(1, int)),
            by_the_cpu("first_bad_target", many[:500], 3, -100, np.empty(1, int)),
            by_the_cpu("first_out_of_range", many, -1, 3, np.empty(1, int))]


def steps() -> list[Case]:
    grad, param, a, b, c = numbers(300), numbers(300) + 1, numbers(300) + 2, numbers(300) ** 2, numbers(300) ** 2 + 0.1
    return [by_the_cpu("sgd", grad, 0.1, 0.0, 0.0, 0.01, False, True, False, np.empty(0, "f"), param.copy()),
            by_the_cpu("sgd", grad, 0.1, 0.9, 0.1, 0.0, True, False, False, a.copy(), param.copy(), results=2),
            by_the_cpu("sgd", grad, 0.1, 0.9, 0.1, 0.0, False, False, True, a.copy(), param.copy(), results=2),
            by_the_cpu("adam", grad, 0.1, 0.9, 0.99, 1e-8, 0.1, False, True, False, 3.0, a.copy(), b.copy(), c.copy(), param.copy(), results=4),
            by_the_cpu("adam", grad, 0.1, 0.9, 0.99, 1e-8, 0.1, True, False, True, 3.0, a, b, np.empty(0, "f"), param, results=4)]


def indexings() -> list[Case]:
    index, x, bits = np.array([2, 0, 2]), numbers(2, 3, 4), np.arange(24, dtype=np.uint32).reshape(2, 3, 4)
    each = np.arange(24).reshape(2, 3, 4) * 7 % 3
    cases = [by_the_cpu("index_select", bits, np.array([2, 0, -1, 1]), np.empty((2, 4, 4), np.uint32)),
             by_the_cpu("gather", bits, each, np.empty((2, 3, 4), np.uint32)),
             by_the_cpu("add_positions", np.array([1, -1, 2]), 3, 4, np.arange(3)),
             by_the_cpu("index_fill", np.array([2, -3]), np.uint32(7), bits.copy()),
             by_the_cpu("embedding_backward", numbers(3, 4), index, np.array([1, 0, 2]), 0, np.empty((3, 4), "f")),
             by_the_cpu("embedding_backward", numbers(3, 4), index, np.empty(0, int), -1, np.empty((3, 4), "f"))]
    loops = [importlib.import_module(f"nb_nn.kernels.{device}.indexing") for device in ("cuda", "cpu")]
    for write, source in (("add", x), ("multiply", x), ("add", bits.astype(np.int16)), ("set", bits)):
        ours, twin = (each_.scatter(write) for each_ in loops)
        chosen = each if write != "set" else np.broadcast_to(np.array([1, 2, 0])[:, None], (2, 3, 4)).copy()
        cases.append(by_the_cpu(f"scatter {write}", chosen, source, source.copy(), kernel=ours, twin=twin))
        ours, twin = (each_.index_write(write) for each_ in loops)
        cases.append(by_the_cpu(f"index {write}", index if write != "set" else np.array([1, -1, 0]), source, source.copy(), kernel=ours,
                                twin=twin))
    ours, twin = (each_.scatter_value("add") for each_ in loops)
    return [*cases, by_the_cpu("scatter_value add", each, np.float32(2), x.copy(), kernel=ours, twin=twin)]


def norms() -> list[Case]:
    x, grad, none, cases = numbers(3, 2, 5), numbers(3, 2, 5) + 1, np.empty(0, "f"), []
    mean, invstd, weight, bias = numbers(2), numbers(2) ** 2 + 1, numbers(2) + 2, numbers(2) - 1
    for kind, shape in (("batch_norm_", (3, 2, 5)), ("batch_norm_columns_", (15, 2))):
        a, b = x.reshape(shape), grad.reshape(shape)
        cases += [by_the_cpu(kind + "stats", a, np.empty(2, "f"), np.empty(2, "f"), results=2),
                  by_the_cpu(kind + "apply", a, mean, invstd, weight, bias, np.empty(shape, "f")),
                  by_the_cpu(kind + "apply", a, mean, invstd, none, none, np.empty(shape, "f")),
                  by_the_cpu(kind + "backward", b, a, mean, invstd, weight, True, np.empty(shape, "f"), np.empty(2, "f"), np.empty(2, "f"),
                             results=3),
                  by_the_cpu(kind + "backward", b, a, mean, invstd, none, False, np.empty(shape, "f"), np.empty(2, "f"), np.empty(2, "f"),
                             results=3)]
    for n in (6, 90):
        a, b, own = numbers(3, n), numbers(3, n) + 1, numbers(n)
        made = [np.empty((3, n), "f"), np.empty(3, "f"), np.empty(3, "f")]
        cases += [by_the_cpu("layer_norm", a, own, own + 1, 1e-5, *made, results=3), by_the_cpu("layer_norm", a, none, none, 1e-5, *made, results=3),
                  by_the_cpu("layer_norm_backward", b, a, a[:, 0].copy(), b[:, 1] ** 2 + 1, own, made[0], np.empty(n, "f"), np.empty(n, "f"), results=3),
                  by_the_cpu("layer_norm_backward", b, a, a[:, 0].copy(), b[:, 1] ** 2 + 1, none, made[0], none, none, results=3)]
    return cases


def windows() -> list[Case]:
    x, window, stride, pad, dilation, count = numbers(2, 5, 6), (2, 3), (2, 1), (1, 1), (1, 2), (3, 4)
    columns = numbers(2, 2, 3, 3, 4)
    pooled, places = np.empty((2, 3, 3), "f"), np.array([[0, 3, 3], [8, 1, 8]])
    cases = [by_the_cpu("unfold_windows", x, window, stride, pad, dilation, count, np.empty((2, 2, 3, 3, 4), "f")),
             by_the_cpu("fold_windows", columns, window, stride, pad, dilation, count, np.empty((2, 5, 6), "f")),
             by_the_cpu("max_pool2d_backward", numbers(2, 3), places, np.empty((2, 9), "f")),
             by_the_cpu("add_row", numbers(4), numbers(3, 4))]
    for include, divisor in ((True, 0), (False, 0), (True, 5)):
        cases += [by_the_cpu("avg_pool2d", x, 3, 2, 2, 2, 1, 0, include, divisor, pooled),
                  by_the_cpu("avg_pool2d_backward", numbers(2, 3, 3), 3, 2, 2, 2, 1, 0, include, divisor, np.empty((2, 5, 6), "f"))]
    return cases


def window_columns() -> list[Case]:
    """The two halves of a convolution that are not cuBLAS's: (their products are in `test_tensors.py`)."""
    from nb_nn.kernels.cuda import convolution

    x, count, window = numbers(2, 3, 4, 5), (2, 2, 4), (2, 3, 2)
    stride, padding, dilation = (2, 1, 1), (1, 0, 1), (1, 1, 3)
    columns, image = np.zeros((2, 12, 16), "f"), np.zeros((2, 3, 4, 5), "f")
    for plane, i, j, k, a, b, c in np.ndindex(2, *window, *count):
        at = [p * s - pad + t * d for p, s, pad, t, d in zip((a, b, c), stride, padding, (i, j, k), dilation)]
        if all(0 <= p < size for p, size in zip(at, x.shape[1:])):
            columns[plane, (i * 3 + j) * 2 + k, (a * 2 + b) * 4 + c] = x[plane, at[0], at[1], at[2]]
            image[plane, at[0], at[1], at[2]] += x.mean() + plane
    sums = np.broadcast_to(np.float32(x.mean()) + np.arange(2, dtype="f")[:, None, None], (2, 12, 16)).copy()
    geometry, grad, bias = (window, stride, padding, dilation, count), numbers(3, 2, 4), numbers(2)
    return [Case("columns", convolution.unfolded, (x, *geometry, np.empty((2, 12, 16), "f")), (columns,)),
            Case("sums of columns", convolution.folded, (sums, *geometry, np.empty((2, 3, 4, 5), "f")), (image,), 1e-5),
            Case("bias", convolution.add_bias, (bias, grad.copy()), (grad + bias[:, None],), 1e-6),
            Case("gradient of a bias", convolution.bias_sums, (grad, np.empty(2, "f")), (grad.sum((0, 2)),), 1e-5)]


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


def recurrent() -> list[Case]:
    """A step of three sequences at time 1 of 3, of which one is over; in both directions."""
    batch, size, rows, bounds, cases = 3, 5, 6, np.array([0, 3, 5, 6]), []
    none = np.empty(0, "f"), *(np.empty(0, int),) * 3
    h, c, given = numbers(batch, size), numbers(batch, size) + 1, numbers(rows, size)
    after, cells, bias, shift = numbers(rows, size) / 2, numbers(rows, size) * 2, numbers(4 * size), numbers(size)

    def sums(count, gates):
        return numbers(count, gates * size)

    for reverse in (False, True):
        turn = bounds, 1, 2, reverse, 1
        gates = np.abs(sums(rows, 4)) / 4
        cases += [
            by_the_cpu("lstm_steps", sums(2, 4), sums(3, 4), none, bias, *turn, gates.copy(), cells.copy(), after.copy(), h.copy(), c.copy(),
                       results=5),
            by_the_cpu("lstm_steps_backward", given, gates, c, cells, none, *turn, h.copy(), c.copy(), sums(2, 4), results=3),
            by_the_cpu("gru_steps", sums(2, 3), sums(3, 3), none, bias[:3 * size].copy(), shift, *turn, gates.copy(), after.copy(), h.copy(),
                       results=3),
            by_the_cpu("gru_steps_backward", given[:0], gates, c, after, none, *turn, h.copy(), sums(2, 3), sums(2, 3), results=3)]
        for relu in (False, True):
            cases += [by_the_cpu("rnn_steps", sums(2, 1), sums(3, 1), none, shift, relu, *turn, after.copy(), h.copy(), results=2),
                      by_the_cpu("rnn_steps_backward", given, after, none, relu, *turn, h.copy(), sums(2, 1), results=2)]
    return cases


def rows_and_neighbours() -> list[Case]:
    """Distances of rows, norms of neighbours, margins of several targets, variances."""
    x, y, made, none, cases = numbers(2, 3, 4), numbers(2, 5, 4), np.empty((2, 3, 5), "f"), np.empty(0, "f"), []
    x[0, 1] = y[0, 2]
    for p in (0.0, 1.0, 2.0, 3.5, math.inf):
        lengths = (np.abs(x[:, :, None] - y[:, None]) ** p).sum(3) if p == 0 else np.linalg.norm(x[:, :, None] - y[:, None], p, 3)
        pairs = numbers(4, 3)
        cases += [by_the_cpu("distances", x, y, p, made), by_the_cpu("distances_of_pairs", pairs, p, np.empty(6, "f")),
                  by_the_cpu("distances_backward", numbers(2, 3, 5), lengths.astype("f"), x, y, p, np.empty((2, 3, 4), "f")),
                  by_the_cpu("distances_of_pairs_backward", numbers(6), np.abs(numbers(6)) + 1, pairs, p, np.empty((4, 3), "f"))]
    z, bases = numbers(2, 5, 3), np.abs(numbers(2, 5, 3)) + 1
    for size in (2, 3):
        cases += [by_the_cpu("local_response_norm", z, size, 0.1, 0.75, 1.0, np.empty((2, 5, 3), "f"), np.empty((2, 5, 3), "f"), results=2),
                  by_the_cpu("local_response_norm_backward", numbers(2, 5, 3), z, bases, size, 0.1, 0.75, np.empty((2, 5, 3), "f"))]
    for n, weight in ((6, numbers(6)), (90, none)):
        a, b, scales = numbers(3, n), numbers(3, n) + 1, np.abs(numbers(3)) + 1
        cases += [by_the_cpu("rms_norm", a, weight, 1e-5, np.empty((3, n), "f"), np.empty(3, "f"), results=2),
                  by_the_cpu("rms_norm_backward", b, a, scales, weight, np.empty((3, n), "f"), np.empty(weight.size, "f"), results=2)]
    scores, wanted = numbers(3, 4), np.array([[2, 0, -1, 1], [-1, 0, 0, 0], [3, 3, 1, 0]])
    cases += [by_the_cpu("multilabel_margin", scores, wanted, np.empty(3, "f")),
              by_the_cpu("multilabel_margin_backward", numbers(3), scores, wanted, np.empty((3, 4), "f"))]
    for p in (1, 2):
        cases += [by_the_cpu("multi_margin", scores, wanted[:, 0] % 4, p, 0.5, np.empty(3, "f")),
                  by_the_cpu("multi_margin_backward", numbers(3), scores, wanted[:, 0] % 4, p, 0.5, np.empty((3, 4), "f"))]
    channels, stats = numbers(2, 6, 5), (numbers(4), np.abs(numbers(4)) + 1)
    for own in (numbers(6), none):
        cases += [by_the_cpu("group_norm", channels, 2, own, own, 1e-5, np.empty((2, 6, 5), "f"), np.empty(4, "f"), np.empty(4, "f"), results=3),
                  by_the_cpu("group_norm_backward", numbers(2, 6, 5) + 1, channels, *stats, own, 2, np.empty((2, 6, 5), "f"), np.empty(6, "f"),
                             np.empty(6, "f"), results=3)]
    for deviation in (False, True):
        cases += [by_the_cpu("var_mean_rows", numbers(3, 70), 1.0, deviation, np.empty(3, "f"), np.empty(3, "f"), results=2),
                  by_the_cpu("var_mean_columns", numbers(2, 7, 3), 0.0, deviation, np.empty((2, 3), "f"), np.empty((2, 3), "f"), results=2)]
    return cases


def bags() -> list[Case]:
    weight, index, bounds, scale = numbers(5, 3), np.array([2, 0, 4, 2, 2, 1]), np.array([0, 3, 3, 6]), numbers(6)
    grad, cases = numbers(3, 3), []
    for factors, mean in ((scale, False), (np.empty(0, "f"), True)):
        cases += [by_the_cpu("bag_sums", weight, index, bounds, factors, mean, np.empty((3, 3), "f")),
                  by_the_cpu("bag_sums_backward", grad, index, bounds, factors, mean, np.empty((5, 3), "f")),
                  by_the_cpu("bag_products", grad, weight, index, bounds, mean, np.empty(6, "f"))]
    places = np.array([[2, 0, 4], [0, 0, 0], [2, 1, 2]])
    return [*cases, by_the_cpu("bag_maxima", weight, index, bounds, np.empty((3, 3), int), np.empty((3, 3), "f"), results=2),
            by_the_cpu("bag_maxima_backward", grad, places, bounds, np.empty((5, 3), "f"))]


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


def random() -> list[Case]:
    """Without expectations: these are the stream of the CPU, which a test of its own compares."""
    return [Case(f"{name} {dtype}", table.find("cuda", name), (-7, 2**32 - 5, *numbers, np.empty(size, dtype)), ())
            for name, numbers, dtype in [("uniform", (-1.0, 2.5), "f"), ("uniform", (-1.0, 2.5), "d"),
                                         ("normal", (1.0, 2.0), "f"), ("normal", (1.0, 2.0), "d"),
                                         ("exponential", (2.0,), "f"), ("exponential", (2.0,), "d"),
                                         ("bernoulli", (0.3,), "f"), ("bernoulli", (0.3,), "?")]
            for size in (10, 1300)]


CASES = [*maps(), *reductions(), *extremes(), *pooling(), *windows(), *window_columns(), *softmaxes(), *losses(), *steps(), *indexings(), *norms(), *recurrent(),
         *rows_and_neighbours(), *bags(), *scans(), *random()]
