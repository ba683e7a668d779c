"""The tensor library: special functions, sorting, counting, rearranging, random numbers, batches of small matrices, small calls."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from compare import Row, compare

import nb_nn

SIDE = 2048


def arrays(*given: np.ndarray) -> tuple[list, list]:
    """Arrays as tensors of both libraries, each with its own memory."""
    return [nb_nn.tensor(array) for array in given], [torch.tensor(array) for array in given]


def rows(group: str, cases: dict, ours: list, theirs: list, **options: object) -> Iterator[Row]:
    """A row a case, called with the library and the tensors."""
    for name, call in cases.items():
        yield compare(group, name, lambda: call(nb_nn, *ours), lambda: call(torch, *theirs), **options)


def functions() -> Iterator[Row]:
    """Elementwise functions of 4 M float32."""
    random = np.random.default_rng(0)
    x, y = (random.standard_normal((SIDE, SIDE), np.float32) for _ in range(2))
    ours, theirs = arrays(x, y, np.abs(x) + 0.1, np.clip(x, -0.99, 0.99))
    single = {name: (lambda lib, x, y, positive, unit, name=name: getattr(x, name)()) for name in (
        "sin", "cos", "tan", "erf", "erfc", "expm1", "exp2", "sinh", "cosh", "atan", "neg", "abs", "floor", "round", "frac",
        "sign", "reciprocal")}
    of_positive = {name: (lambda lib, x, y, positive, unit, name=name: getattr(positive, name)()) for name in (
        "sqrt", "rsqrt", "log", "log2", "log10", "lgamma", "digamma")}
    of_unit = {name: (lambda lib, x, y, positive, unit, name=name: getattr(unit, name)()) for name in ("asin", "acos", "erfinv")}
    double = {"pow": lambda lib, x, y, positive, unit: positive.pow(y), "pow 2": lambda lib, x, y, positive, unit: x.pow(2),
              "atan2": lambda lib, x, y, positive, unit: lib.atan2(x, y), "fmod": lambda lib, x, y, positive, unit: lib.fmod(x, positive),
              "remainder": lambda lib, x, y, positive, unit: lib.remainder(x, positive), "x / y": lambda lib, x, y, positive, unit: x / y,
              "maximum": lambda lib, x, y, positive, unit: lib.max(x, y), "where": lambda lib, x, y, positive, unit: lib.where(x > 0, x, y),
              "lerp": lambda lib, x, y, positive, unit: lib.lerp(x, y, 0.3), "clamp": lambda lib, x, y, positive, unit: x.clamp(-1, 1),
              "x > y": lambda lib, x, y, positive, unit: x > y, "addcmul": lambda lib, x, y, positive, unit: lib.addcmul(x,
              y, positive, value=0.5),
              "to float64": lambda lib, x, y, positive, unit: x.to(lib.float64), "to float16": lambda lib, x, y, positive,
              unit: x.to(lib.float16)}
    yield from rows("functions", {**single, **of_positive, **of_unit, **double}, ours, theirs)


def data() -> Iterator[Row]:
    """Sorting, counting, scattering and rearranging."""
    random = np.random.default_rng(0)
    x = random.standard_normal((SIDE, SIDE), np.float32)
    flat, few = random.standard_normal(1 << 20, np.float32), random.integers(0, 1000, 1 << 20)
    index = random.integers(0, SIDE, (SIDE, SIDE))
    ours, theirs = arrays(x, flat, few, index, index[0])
    yield from rows("data", {
        "sort rows": lambda lib, x, flat, few, index, places: x.sort(1)[0],
        "sort columns": lambda lib, x, flat, few, index, places: x.sort(0)[0],
        "sort 1 M": lambda lib, x, flat, few, index, places: flat.sort()[0],
        "argsort 1 M integers": lambda lib, x, flat, few, index, places: few.sort(stable=True)[1],
        "topk 10": lambda lib, x, flat, few, index, places: x.topk(10, 1)[0],
        "kthvalue": lambda lib, x, flat, few, index, places: x.kthvalue(100, 1)[0],
        "median": lambda lib, x, flat, few, index, places: x.median(1)[0],
        "unique integers": lambda lib, x, flat, few, index, places: few.unique(),
        "unique with inverse": lambda lib, x, flat, few, index, places: few.unique(return_inverse=True),
        "unique floats": lambda lib, x, flat, few, index, places: flat.unique(),
        "cumsum rows": lambda lib, x, flat, few, index, places: x.cumsum(1),
        "cumsum columns": lambda lib, x, flat, few, index, places: x.cumsum(0),
        "cumsum 1 M": lambda lib, x, flat, few, index, places: flat.cumsum(0),
        "cumprod rows": lambda lib, x, flat, few, index, places: x.cumprod(1),
        "index_add": lambda lib, x, flat, few, index, places: x.index_add(0, places, x),
        "index_add columns": lambda lib, x, flat, few, index, places: x.index_add(1, places, x),
        "scatter_add rows": lambda lib, x, flat, few, index, places: x.scatter_add(0, index, x),
        "scatter_add columns": lambda lib, x, flat, few, index, places: x.scatter_add(1, index, x),
        "scatter": lambda lib, x, flat, few, index, places: x.scatter(1, index, 1.5),
        "gather rows": lambda lib, x, flat, few, index, places: x.gather(0, index),
        "nonzero": lambda lib, x, flat, few, index, places: (x > 1).nonzero(),
        "masked_select": lambda lib, x, flat, few, index, places: x[x > 0],
        "x[index]": lambda lib, x, flat, few, index, places: x[places, index[1]],
        "roll": lambda lib, x, flat, few, index, places: x.roll(100, 1),
        "flip": lambda lib, x, flat, few, index, places: x.flip(1),
        "tril": lambda lib, x, flat, few, index, places: x.tril(),
        "bincount": lambda lib, x, flat, few, index, places: few.bincount(),
        "histc": lambda lib, x, flat, few, index, places: flat.histc(100, -3, 3),
        "norm": lambda lib, x, flat, few, index, places: x.norm(),
        "prod rows": lambda lib, x, flat, few, index, places: x.prod(1),
        "logsumexp": lambda lib, x, flat, few, index, places: x.logsumexp(1),
        "argmax columns": lambda lib, x, flat, few, index, places: x.argmax(0),
        "any rows": lambda lib, x, flat, few, index, places: (x > 4).any(1),
    }, ours, theirs, budget=0.05, rounds=9)


def samplers() -> Iterator[Row]:
    """4 M random numbers; the values differ, so they are not compared."""
    yield from rows("samplers", {
        "rand": lambda lib: lib.rand(SIDE, SIDE), "randn": lambda lib: lib.randn(SIDE, SIDE),
        "randint": lambda lib: lib.randint(0, 10, (SIDE, SIDE)),
        "bernoulli_": lambda lib: lib.empty(SIDE, SIDE).bernoulli_(0.3), "exponential_": lambda lib: lib.empty(SIDE, SIDE).exponential_(),
        "randperm 1 M": lambda lib: lib.randperm(1 << 20), "dropout": lambda lib: lib.nn.functional.dropout(lib.ones(SIDE, SIDE), 0.3),
    }, [], [], agree=None, budget=0.05, rounds=9)


def small_matrices() -> Iterator[Row]:
    """1,000 matrices of 4x4 to 16x16."""
    random = np.random.default_rng(0)
    for n in (4, 8, 16):
        square = random.standard_normal((1000, n, n)).astype(np.float32) + 4 * np.eye(n, dtype=np.float32)
        definite = square @ square.transpose(0, 2, 1) + n * np.eye(n, dtype=np.float32)
        ours, theirs = arrays(square, definite, random.standard_normal((1000, n, 3)).astype(np.float32))
        yield from rows("small matrices", {
            f"det {n}": lambda lib, a, s, b: a.det(), f"inverse {n}": lambda lib, a, s, b: s.inverse(),
            f"cholesky {n}": lambda lib, a, s, b: s.cholesky(), f"solve {n}": lambda lib, a, s, b: lib.linalg.solve(s, b)}, ours, theirs)


def small_calls() -> Iterator[Row]:
    """Calls on few elements."""
    ours, theirs = arrays(np.arange(10, dtype=np.float32), np.arange(12, dtype=np.float32).reshape(3, 4), np.array([1, 0, 2]),
                          np.array([[0, 1], [1, 0], [2, 2]]))
    yield from rows("small calls", {
        "cat": lambda lib, x, m, i, j: lib.cat((x, x)), "stack": lambda lib, x, m, i, j: lib.stack((x, x)),
        "x[1:5]": lambda lib, x, m, i, j: x[1:5], "m[:, 1]": lambda lib, x, m, i, j: m[:, 1], "m[i]": lambda lib, x, m, i, j: m[i],
        "x[x > 3]": lambda lib, x, m, i, j: x[x > 3], "index_select": lambda lib, x, m, i, j: m.index_select(0, i),
        "gather": lambda lib, x, m, i, j: m.gather(1, j), "scatter": lambda lib, x, m, i, j: m.scatter(1, j, 2.0),
        "scatter_add": lambda lib, x, m, i, j: m.scatter_add(1, j, m), "where": lambda lib, x, m, i, j: lib.where(x > 3, x, x),
        "max(dim)": lambda lib, x, m, i, j: tuple(m.max(1)), "mean": lambda lib, x, m, i, j: m.mean(0),
        "matmul": lambda lib, x, m, i, j: m @ m.t(),
        "sort": lambda lib, x, m, i, j: x.sort()[0], "cumsum": lambda lib, x, m, i, j: x.cumsum(0), "argmax": lambda lib, x,
        m, i, j: x.argmax(),
        "softmax": lambda lib, x, m, i, j: m.softmax(1), "clone": lambda lib, x, m, i, j: x.clone(), "x * 2": lambda lib, x, m, i, j: x * 2,
        "x.to(float64)": lambda lib, x, m, i, j: x.to(lib.float64), "reshape": lambda lib, x, m, i, j: m.reshape(-1),
        "t": lambda lib, x, m, i, j: m.t(),
        "contiguous": lambda lib, x, m, i, j: m.t().contiguous(), "zeros": lambda lib, x, m, i, j: lib.zeros(3, 4),
        "arange": lambda lib, x, m, i, j: lib.arange(10), "clamp": lambda lib, x, m, i, j: x.clamp(1, 5),
        "item": lambda lib, x, m, i, j: m[0, 1].item(),
    }, ours, theirs)


GROUPS = (functions, data, samplers, small_matrices, small_calls)
LIMITS = {"functions": (1.0, 2.0), "data": (1.0, 2.0), "samplers": (0.7, 1.5), "small matrices": (0.5, 1.0), "small calls": (3.0, 9.0)}
