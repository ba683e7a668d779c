"""Kernels of convolution of images against torch, interleaved: ``python benchmarks/convolution.py [--threads 2] [shape ...]``.

With one thread the processor time is taken, which other programs disturb less.
"""
import argparse
import functools
import statistics
import time

import numpy as np

from nb_nn.kernels import table, threads

SHAPES = [  # batch, channels, height and width, outputs, window, stride, padding, groups
    (16, 64, 32, 64, 3, 1, 1, 1), (16, 32, 32, 32, 3, 1, 1, 1), (16, 128, 16, 128, 3, 1, 1, 1), (16, 16, 32, 16, 3, 1, 1, 1),
    (16, 64, 32, 256, 1, 1, 0, 1), (8, 3, 112, 64, 7, 2, 3, 1), (16, 64, 56, 64, 3, 1, 1, 64), (64, 1, 28, 6, 5, 1, 0, 1),
    (64, 6, 12, 16, 5, 1, 0, 1), (64, 1, 8, 16, 3, 1, 1, 1), (64, 16, 8, 32, 3, 1, 1, 1),
]


def interleaved(clock, ours, theirs, seconds=0.6):
    """Median times of both in milliseconds, and the median of the ratios."""
    ours(), theirs()
    pairs, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds or len(pairs) < 5:
        a = clock()
        ours()
        b = clock()
        theirs()
        pairs.append((b - a, clock() - b))
    a, b = zip(*pairs)
    return 1e3 * statistics.median(a), 1e3 * statistics.median(b), statistics.median(x / y for x, y in pairs)


def main():
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("shapes", type=int, nargs="*", help="numbers of the shapes, all where none is given")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    threads.set_count(options.threads)
    compare = functools.partial(interleaved, time.perf_counter if options.threads > 1 else time.thread_time)
    names = "convolution", "convolution_backward_input", "convolution_backward_weight"
    forward, backward_input, backward_weight = [table.find("cpu", name) for name in names]
    ratios = []
    for n, c, h, o, k, s, p, g in [SHAPES[i] for i in options.shapes] or SHAPES:
        rng = np.random.default_rng(0)
        count = (h + 2 * p - k) // s + 1
        arrays = [rng.standard_normal(shape).astype("f4")
                  for shape in ((n, c, h, h), (o, c // g, k, k), (o,), (n, o, count, count))]
        x, w, b, grad = arrays
        y, dx, dw, db = results = [np.empty_like(array) for array in (grad, x, w, b)]
        tx, tw, tb, tg = map(torch.from_numpy, arrays)
        geometry = (1, s, s), (0, p, p), (1, 1, 1), g
        vx, vw, vgrad, vy, vdx, vdw = [array[:, :, None] for array in (x, w, grad, y, dx, dw)]

        ours = [functools.partial(forward, vx, vw, b, *geometry, vy),
                functools.partial(backward_input, vgrad, vw, None, *geometry, vdx),
                functools.partial(backward_weight, vgrad, vx, *geometry, vdw, db)]
        backward = functools.partial(torch.ops.aten.convolution_backward,
                                     tg, tx, tw, [o], [s, s], [p, p], [1, 1], False, [0, 0], g)
        theirs = [functools.partial(torch.conv2d, tx, tw, tb, s, p, 1, g), functools.partial(backward, [True, False, False]),
                  functools.partial(backward, [False, True, True])]
        for run in ours:
            run()
        wanted = theirs[0](), *backward([True, True, True])
        error = max(float(abs(a - b.numpy()).max() / b.abs().max()) for a, b in zip(results, wanted))
        rows = [compare(a, b) for a, b in zip(ours, theirs)]
        rows.append(compare(lambda both=ours[1:]: [run() for run in both], functools.partial(backward, [True, True, True])))
        flops = 2e-6 * grad.size * w[0].size
        ratios += [rows[0][2], rows[3][2]]
        print(f"{(n, c, h, o, k, s, p, g)!s:31} error {error:.0e} ",
              "  ".join(f"{name} {a:6.2f} ms {flops * m / a:4.0f} GF/s, {ratio:.2f}"
                        for name, m, (a, _, ratio) in zip(("forward", "input", "weight", "backward"), (1, 1, 1, 2), rows)))
    print("geometric mean", round(statistics.geometric_mean(ratios), 2), "worst", round(max(ratios), 2))


if __name__ == "__main__":
    main()
