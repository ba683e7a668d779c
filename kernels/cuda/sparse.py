"""Loops over coordinates: a thread an element. What several coordinates add to one place is added by atomic additions."""
import math

from .block import a_thread_an_element, composed
from .launch import Kernel, cuda, kernel


@kernel
def sum_segments(values, places, starts, out):
    """values (n, width), places (n,), starts (m + 1,) -> out (m, width): row i sums the rows places[starts[i]:starts[i + 1]]."""
    width = out.shape[1]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        i, j = place // width, place % width
        total = values[places[starts[i]], j]
        for k in range(starts[i] + 1, starts[i + 1]):
            total += values[places[k], j]
        out[i, j] = total


def find_starts(rows, order, offsets):
    """How many of the ordered rows come before each."""
    for row in range(cuda.grid(1), offsets.size, cuda.gridsize(1)):
        low, high = 0, rows.size
        while low < high:
            middle = (low + high) // 2
            if rows[order[middle]] < row:
                low = middle + 1
            else:
                high = middle
        offsets[row] = low


starts_of_rows = Kernel(find_starts)


@composed
def group_rows(rows, offsets, order):
    """rows (n,), offsets (m + 1,) of zeros -> where each row begins among coordinates ordered by row, and that order, stable."""
    import cupy

    order[...] = cupy.argsort(rows)
    starts_of_rows(rows, order, offsets)


@kernel
def sparse_times_dense(offsets, columns, values, dense, out):
    """offsets (n + 1,), columns and values (nnz,) by row, dense (m, p) -> out (n, p)."""
    width = out.shape[1]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        row, j, total = place // width, place % width, out.dtype.type(0)
        for k in range(offsets[row], offsets[row + 1]):
            total += values[k] * dense[columns[k], j]
        out[row, j] = total


@kernel
def sampled_products(a, b, rows, columns, out):
    """a (n, p), b (m, p), p > 0, rows and columns (nnz,) -> out (nnz,): the inner products of the rows named."""
    for k in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        total = out.dtype.type(0)
        for j in range(a.shape[1]):
            total += a[rows[k], j] * b[columns[k], j]
        out[k] = total


def add_scaled_rows(values, places, factor, out):
    width = out.shape[1]
    for place in range(cuda.grid(1), values.size, cuda.gridsize(1)):
        cuda.atomic.add(out, (places[place // width], place % width), factor * values[place // width, place % width])


scaled_rows = Kernel(add_scaled_rows, "add_scaled_rows", a_thread_an_element(0))


@composed
def add_rows(values, places, factor, parts, out):
    """values (n, width), places (n,), out (rows, width): out[places[i]] += factor * values[i]."""
    scaled_rows(values, places, out.dtype.type(factor), out)


def adam_rows(values, places, size, kept1, kept2, eps, maximize, exp_avg, exp_avg_sq, param):
    width = values.shape[1]
    for place in range(cuda.grid(1), values.size, cuda.gridsize(1)):
        i, j = places[place // width], place % width
        slope = -values[place // width, j] if maximize else values[place // width, j]
        mean = exp_avg[i, j] + (slope - exp_avg[i, j]) * kept1
        square = exp_avg_sq[i, j] + (slope * slope - exp_avg_sq[i, j]) * kept2
        exp_avg[i, j], exp_avg_sq[i, j] = mean, square
        param[i, j] -= size * (mean / (param.dtype.type(math.sqrt(square)) + eps))


adam_step = Kernel(adam_rows, "adam_rows", a_thread_an_element(0))


@composed
def sparse_adam(values, places, lr, beta1, beta2, eps, maximize, step, exp_avg, exp_avg_sq, param):
    """One step of Adam, number ``step`` (from 1), on the rows of a gradient (n, width) whose ``places`` are distinct."""
    kind = param.dtype.type
    size = kind(lr * math.sqrt(1 - beta2 ** step) / (1 - beta1 ** step))
    adam_step(values, places, size, kind(1 - beta1), kind(1 - beta2), kind(eps), maximize, exp_avg, exp_avg_sq, param)


def adagrad_rows(values, places, size, decay, eps, maximize, total, param):
    width = values.shape[1]
    for place in range(cuda.grid(1), values.size, cuda.gridsize(1)):
        i, j = places[place // width], place % width
        slope = -values[place // width, j] if maximize else values[place // width, j]
        if decay != 0:
            slope = slope + decay * param[i, j]
        square = total[i, j] + slope * slope
        total[i, j] = square
        param[i, j] -= size * (slope / (param.dtype.type(math.sqrt(square)) + eps))


adagrad_step = Kernel(adagrad_rows, "adagrad_rows", a_thread_an_element(0))


@composed
def adagrad(values, places, lr, lr_decay, weight_decay, eps, maximize, step, total, param):
    """One step of Adagrad, number ``step`` (from 1), on the rows of a gradient (n, width) whose ``places`` are distinct."""
    kind = param.dtype.type
    adagrad_step(values, places, kind(lr / (1 + (step - 1) * lr_decay)), kind(weight_decay), kind(eps), maximize, total, param)
