"""Cases of the kernels of layers and losses."""
from __future__ import annotations

import math

import numpy as np
from cases import Case, by_the_cpu, numbers

from nb_nn.kernels import table


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


def alignments() -> list[Case]:
    """Of four sequences: one has all steps, one fewer, one none, and one is too short for its target."""
    scores = numbers(5, 4, 3)
    scores -= np.log(np.exp(scores).sum(2, keepdims=True))
    labels, hop = np.zeros((4, 5), int), np.full((4, 9), -np.inf, "f")
    labels[:, 1::2] = [[1, 2], [1, 1], [2, 0], [1, 1]]
    hop[0, 5] = 0
    lengths, targets = np.array([5, 4, 0, 2]), np.array([2, 2, 1, 2])
    alpha, loss = np.full((4, 5, 7), -np.inf, "f"), np.empty(4, "f")
    first = by_the_cpu("ctc_loss", scores, labels, hop, lengths, targets, alpha.copy(), loss, tolerance=1e-4)
    table.find("cpu", "ctc_loss").serial(scores, labels, hop, lengths, targets, alpha, loss)
    return [first, *[by_the_cpu("ctc_loss_backward", numbers(4), scores, labels, hop, lengths, targets, alpha, loss, zero,
                                np.empty((5, 4, 3), "f"), tolerance=1e-4) for zero in (False, True)]]


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
