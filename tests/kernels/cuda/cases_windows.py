"""Cases of kernels of windows: pooling, folding, convolution."""
from __future__ import annotations

import numpy as np
from cases import Case, by_the_cpu, numbers

from nb_nn.kernels import table


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


def boxes() -> list[Case]:
    """Boxes of a volume by ranges along its axes, with ties and a NaN."""
    x = np.random.default_rng(1).integers(-2, 3, (2, 3, 4, 5)).astype("f")
    x[1, 2, 3, 4] = x[1, 2, 2, 3] = np.nan
    d, h, w = np.array([[[0, 1]], [[2, 3]]]), np.array([[[0, 1, 3]], [[2, 3, 4]]]), np.array([[[0, 2], [1, 3]], [[3, 5], [3, 5]]])
    counts = [one[1, 0] - one[0, 0] for one in (d, h, w[:, :1])]
    made, places = np.empty((2, 2, 3, 2), "f"), np.empty((2, 2, 3, 2), int)
    means, grad = np.nan_to_num(x), numbers(2, 2, 3, 2)
    return [by_the_cpu("max_of_windows", x, d, h, w, 1, 1, 2, made, places, results=2),
            *[by_the_cpu("mean_of_windows", means, d, h, w[:, :1].copy(), *counts, divisor, made) for divisor in (0, 3)],
            by_the_cpu("mean_of_windows_backward", grad, d, h, w[:, :1].copy(), *counts, 0, np.empty((2, 3, 4, 5), "f")),
            by_the_cpu("put_at_places", numbers(2, 3), np.array([[4, 0, 2], [1, 3, 0]]), np.empty((2, 6), "f"))]


def resamplings() -> list[Case]:
    x, places, weights = numbers(2, 4, 3), np.array([[0, 1], [1, 2], [3, 3]]), numbers(3, 2)
    cases = [by_the_cpu("resample", x, places, weights, np.empty((2, 3, 3), "f")),
             by_the_cpu("resample_last", x[0].T.copy(), places, weights, np.empty((3, 3), "f")),
             by_the_cpu("resample_backward", numbers(2, 3, 3), places, weights, np.empty((2, 4, 3), "f"))]
    grid, none = numbers(2, 7, 2) / 2, np.empty((2, 0, 3), "f")
    grid[0, 1, 0] = np.nan
    volumes, flat, ways = numbers(2, 7, 3) / 2, numbers(2, 3, 12), numbers(2, 7, 2)
    for points, direction, sizes, *how in ((grid, none, (1, 3, 4), 0, 0, False), (grid, ways, (1, 3, 4), 2, 2, True), (grid, none, (1, 3, 4), 1, 1, False),
                                           (volumes, none, (2, 2, 3), 0, 2, False)):
        given = points, direction, *sizes, *how
        cases += [by_the_cpu("grid_sample", flat, *given, np.empty((2, 3, 7), "f"), tolerance=1e-4),
                  by_the_cpu("grid_sample_input_grad", numbers(2, 3, 7), *given, np.empty((2, 3, 12), "f"), tolerance=1e-4),
                  by_the_cpu("grid_sample_grid_grad", numbers(2, 3, 7), flat, *given, np.empty(points.shape, "f"), tolerance=1e-4)]
    return cases
