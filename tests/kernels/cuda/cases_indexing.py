"""Cases of kernels that read and write by index or mask, count and draw."""
from __future__ import annotations

import importlib

import numpy as np
from cases import Case, by_the_cpu, numbers

from nb_nn.kernels import table


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


def masks() -> list[Case]:
    size = (9, 1000)                                    # more than a block of `true_offsets`
    mask = (np.arange(9000) * 7919 % 11 < 3).view(np.uint8)
    mask[8190:8200] = 1
    offsets = np.concatenate([[0], np.cumsum([np.count_nonzero(mask[:8192]), np.count_nonzero(mask[8192:])])])
    few, total = mask.reshape(size)[:, :40].copy(), int(offsets[-1])
    some = np.array([0, np.count_nonzero(few)])
    return [by_the_cpu("true_offsets", mask, np.empty(3, int)),
            by_the_cpu("masked_select", np.arange(9000, dtype=np.uint32), mask, offsets, np.empty(total, np.uint32)),
            by_the_cpu("masked_scatter", few.reshape(-1), np.arange(360, dtype=np.uint32), some, np.zeros(360, np.uint32)),
            by_the_cpu("nonzero", few.reshape(-1), np.array([3, 3, 40]), some, np.empty((int(some[1]), 3), int))]


def places() -> list[Case]:
    x, pixels = np.arange(40, dtype=np.uint32).reshape(2, 4, 5), numbers(2, 2, 2, 3, 4)
    volume, d, h, w = numbers(2, 1, 3, 4), np.array([0]), np.array([1, 0, 1, 2]), np.array([2, 0, 1, 2, 3, 2, 1])
    return [*[by_the_cpu("triangle", x, diagonal, lower, np.empty_like(x)) for diagonal, lower in ((1, 1), (-1, 0), (9, 0))],
            by_the_cpu("shuffle_pixels", pixels, np.empty((2, 6, 8), "f")),
            by_the_cpu("unshuffle_pixels", numbers(2, 6, 8), np.empty((2, 2, 2, 3, 4), "f")),
            by_the_cpu("take_places", volume, d, h, w, 1, 5, np.empty((2, 1, 4, 7), "f")),
            by_the_cpu("add_at_places", numbers(2, 1, 4, 7), d, h, w, 1, 5, np.empty((2, 1, 3, 4), "f"))]


def counts() -> list[Case]:
    ordered, values = np.array([[1, 3, 3, 8], [0, 0, 2, np.nan]], "f"), np.array([[3, 9, -1], [0, np.nan, 2]], "f")
    index, x = np.array([2, 0, 2, 5, 2]), np.array([0, 1, 2.5, -3, 9, 10, np.nan], "f")
    return [*[by_the_cpu("searchsorted", ordered, values, right, np.empty((2, 3), int)) for right in (False, True)],
            by_the_cpu("bincount", index, np.empty(7, int)), by_the_cpu("bincount_weighted", index, numbers(5), np.empty(7, "f")),
            by_the_cpu("histc", x, 0.0, 10.0, np.zeros(4, "f"))]


def sorts() -> list[Case]:
    """With ties, both zeros and NaN, in either order; and what stands on sorted rows."""
    x, cases = np.array([[3, -0.0, np.nan, 0, 3, -5, np.inf, 0, np.nan, -np.inf], [1, 1, 1, 1, 2, 2, 0, 0, 0, 0]]), []
    loops = [importlib.import_module(f"nb_nn.kernels.{device}.sorting") for device in ("cuda", "cpu")]

    def case(name, factory, given, *rest):
        made = [each.__dict__[factory](given.dtype.char, *rest[0]) for each in loops]
        cases.append(by_the_cpu(name, given, *rest[1:], results=2, kernel=made[0], twin=made[1]))

    for kind in ("f", "d", "q", "B"):
        given = np.nan_to_num(x, posinf=7, neginf=0).clip(0).astype(kind) if kind in "qB" else x.astype(kind)
        for descending in (False, True) if kind != "B" else (True,):
            case("sort of rows", "sort_rows", given, (descending,), np.empty_like(given), np.empty(x.shape, int))
    case("topk", "topk_rows", x, (True,), np.empty((2, 3)), np.empty((2, 3), int))
    for k, nan_wins in ((4, False), (4, True)):
        case("kth", "kth_rows", x, (), k, nan_wins, np.empty(2), np.empty(2, int))
    ordered = np.array([[0, 0, 1, 1, 1, 4, 4, 4]], "f")
    order = np.array([[3, 1, 0, 2, 7, 6, 5, 4]])
    return [*cases, by_the_cpu("mode_of_sorted", ordered, order, np.empty(1, "f"), np.empty(1, int), results=2),
            by_the_cpu("count_distinct", ordered[0], np.empty(1, int)),
            by_the_cpu("unique_of_sorted", ordered[0], order[0], np.empty(3, "f"), np.empty(8, int), np.empty(3, int), results=3)]


def random() -> list[Case]:
    """Without expectations: these are the stream of the CPU, which a test of its own compares."""
    weights = np.abs(numbers(3, 4, dtype=np.float64))
    weights[1, 2] = 0
    given = [("uniform", (-1.0, 2.5), "f"), ("uniform", (-1.0, 2.5), "d"), ("normal", (1.0, 2.0), "f"), ("normal", (1.0, 2.0), "d"),
             ("exponential", (2.0,), "f"), ("exponential", (2.0,), "d"), ("bernoulli", (0.3,), "f"), ("bernoulli", (0.3,), "?"),
             ("randint", (-5, 1000), "q"), ("randint", (-3 << 61, 3 << 61), "q"), ("randint", (0, 0), "q")]
    sizes = [(name, (*numbers, np.empty(size, dtype))) for name, numbers, dtype in given for size in (10, 1300)]
    rows = [("bernoulli_each", (np.linspace(0, 1, 1300), np.empty(1300, "f"))), ("race", (weights.ravel(), np.empty(12))),
            ("race", (weights.ravel().astype("f"), np.empty(12, "f"))),
            ("multinomial", (weights.cumsum(1), np.empty((3, 300), int)))]
    return [Case(f"{name} {args[-1].dtype.char}", table.find("cuda", name), (-7, 2**32 - 5, *args), ()) for name, args in (*sizes, *rows)]
