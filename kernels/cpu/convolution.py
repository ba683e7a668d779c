"""Convolution of images (N, C, H, W), and its gradients.

Here is the geometry: which rows of an image a task needs, and at what distances the taps of the weight lie in them. The
loops are in `convolution_loops`. The gradient of the input is itself a convolution of the gradient of the output, one for
each phase that coordinates have modulo the stride.
"""
from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from .. import table, threads
from .convolution_loops import correlate, weight_gradient, weight_gradient_by_planes
from .tiles import lanes, vector_table
from .workspace import scratch

SHEET_BYTES = 1 << 19           # about what sheets may take of a core's L2 cache
PLACES = 256                    # of the output, about, that a block of the weight gradient's sums covers
FEW = 4                         # outputs of a group for which the weight's gradient is made plane by plane
CHUNKS = 8                      # sums of the weight's gradient taken over images apart, and added up in the end
CHUNK_BYTES = 1 << 25           # what these sums may take


class Axis(NamedTuple):
    """A convolution along one axis: sizes of input, window and output, and where windows lie."""

    size: int
    window: int
    count: int
    stride: int
    padding: int
    dilation: int


class Sheets(NamedTuple):
    """One axis of an image laid out in sheets, to make ``count`` outputs from it."""

    size: int                   # of the image
    start: int                  # coordinate of place 0 of phase 0
    step: int
    phases: tuple[int, ...]     # those that taps meet
    taps: tuple[tuple[int, int, int], ...]    # of the window: tap, index of its phase, its distance
    reach: int                  # how many places more than outputs
    count: int
    out_first: int              # where output 0 goes, and the step to the next
    out_step: int
    out_size: int


def forward_sheets(axis: Axis) -> list[Sheets]:
    """The sheets that give the output."""
    phases = sorted({tap * axis.dilation % axis.stride for tap in range(axis.window)})
    taps = [(tap, phases.index(tap * axis.dilation % axis.stride), tap * axis.dilation // axis.stride)
            for tap in range(axis.window)]
    return [Sheets(axis.size, -axis.padding, axis.stride, tuple(phases), tuple(taps), taps[-1][2], axis.count, 0, 1, axis.count)]


def backward_sheets(axis: Axis) -> list[Sheets]:
    """The sheets of the output's gradient that give the input's, for each phase of the input.

    Padded coordinate q * stride + phase gets tap t from output q - t * dilation // stride.
    """
    made = []
    for phase in range(axis.stride):
        distances = [(tap, tap * axis.dilation // axis.stride) for tap in range(axis.window)
                     if tap * axis.dilation % axis.stride == phase]
        first = max(0, -((phase - axis.padding) // axis.stride))
        last = (axis.size - 1 + axis.padding - phase) // axis.stride
        if distances and last >= first:
            near, far = distances[0][1], distances[-1][1]
            taps = tuple((tap, 0, far - distance) for tap, distance in distances)
            made.append(Sheets(axis.count, first - far, 1, (0,), taps, far - near, last + 1 - first,
                               first * axis.stride + phase - axis.padding, axis.stride, axis.size))
    return made


def axes(image: tuple[int, ...], window: tuple[int, ...], count: tuple[int, ...], stride: tuple[int, ...],
         padding: tuple[int, ...], dilation: tuple[int, ...]) -> list[Axis]:
    return [Axis(*numbers) for numbers in zip(image, window, count, stride, padding, dilation)]


def writable(x):
    """x, or a copy of what may not be written: compiled code would take it for another type of array."""
    return x if x.flags.writeable else x.copy()


def workers() -> int:
    """How many threads share a convolution."""
    return 1 if threads.serial_only() else threads.count


def correlation(rows: Sheets, columns: Sheets, products: int, product_step: int, channels: int, channel_step: int, width: int,
                tasks: int, sharers: int, dtype: np.dtype) -> tuple:
    """Tables and geometry of `correlate`, and the sizes of its scratch.

    Weight (product, channel, i, j) stands at product * product_step + channel * channel_step + i * width + j; there
    are ``tasks`` images and groups.
    """
    length = lanes(dtype)
    aligned = columns.count % length == 0
    inside = all(axis.step == 1 and axis.start == 0 and axis.count + axis.reach <= axis.size for axis in (rows, columns))
    read_image = inside and (aligned or columns.size == columns.count and columns.size * rows.count % length == 0)
    sheet_width = columns.size if read_image else columns.count + columns.reach
    phases = [(p, q) for p in rows.phases for q in columns.phases]

    bytes_of_row = channels * len(phases) * sheet_width * dtype.itemsize
    most = rows.count if read_image else max(1, SHEET_BYTES // bytes_of_row - rows.reach)
    blocks = max(-(-rows.count // most), min(-(-4 * sharers // tasks), rows.count * columns.count // 256), 1)
    block_rows = -(-rows.count // min(blocks, rows.count))
    if read_image and not aligned:
        block_rows = rows.count
    sheet_height = rows.size if read_image else block_rows + rows.reach

    taps = [(i * width + j, ((p * len(columns.phases) + q) * sheet_height + y) * sheet_width + x)
            for i, p, y in rows.taps for j, q, x in columns.taps]
    in_weight, in_sheet = np.array(taps, np.int64).reshape(-1, 2).T
    step = len(phases) * sheet_height * sheet_width
    a_row = np.arange(products) * product_step
    a_column = (np.arange(channels)[:, None] * channel_step + in_weight).reshape(-1)
    b_row = (np.arange(channels)[:, None] * step + in_sheet).reshape(-1)
    vectors = -(-block_rows * (columns.count if aligned else sheet_width) // length)
    b_column = vector_table(vectors, length)
    if aligned:
        b_column = b_column // columns.count * sheet_width + b_column % columns.count
    exact = aligned or sheet_width == columns.count
    whole = all((axis.out_first, axis.out_step, axis.count) == (0, 1, axis.out_size) for axis in (rows, columns))
    sums_width = columns.count if aligned else sheet_width
    geometry = (rows.count, columns.count, block_rows, sheet_height, sheet_width, rows.start, columns.start,
                rows.step, columns.step, rows.out_first, columns.out_first, rows.out_step, columns.out_step,
                sums_width, read_image, exact and whole)
    sheet_size = 0 if read_image else channels * step + 2 * length
    sums_size = 0 if exact and whole else products * (block_rows * sums_width + length)
    return a_row, a_column, b_row, b_column, np.array(phases, np.int64), tuple(map(int, geometry)), sheet_size, sums_size


def run(x, weight, bias, plans, groups, out):
    """One `correlate` for each of ``plans``."""
    for *tables, geometry, sheet_size, sums_size in plans:
        sheets, sums = scratch("sheets", x.dtype, (workers(), sheet_size)), scratch("sums", x.dtype, (workers(), sums_size))
        work = len(x) * groups * geometry[0] * geometry[1] * len(tables[0]) * len(tables[1])
        correlate(x, weight.reshape(-1), bias, *tables, (groups, *geometry), sheets, sums, out, work=work // 16)


@functools.lru_cache(256)
def forward_plans(image, weight, out, stride, padding, dilation, groups, sharers, dtype):
    (batch, _, *size), (outputs, channels, *window), area = image, weight, weight[2] * weight[3]
    rows, columns = map(forward_sheets, axes(size, window, out[2:], stride, padding, dilation))
    return [correlation(row, column, outputs // groups, channels * area, channels, area, window[1], batch * groups, sharers, dtype)
            for row in rows for column in columns]


@functools.lru_cache(256)
def backward_plans(image, weight, grad, stride, padding, dilation, groups, sharers, dtype):
    """Plans for each phase of the image; and whether these make all of it."""
    (batch, _, *size), (outputs, channels, *window), area = image, weight, weight[2] * weight[3]
    rows, columns = map(backward_sheets, axes(size, window, grad[2:], stride, padding, dilation))
    plans = [correlation(row, column, channels, area, outputs // groups, channels * area, window[1], batch * groups, sharers, dtype)
             for row in rows for column in columns]
    made = sum(axis.count for axis in rows) * sum(axis.count for axis in columns)
    return plans, made == size[0] * size[1]


def conv2d(input, weight, bias, stride, padding, dilation, groups, out):
    """Cross-correlation of input (N, C, H, W) with weight (C_out, C / groups, kh, kw), plus bias (C_out) or None."""
    if out.size == 0:
        return
    bias = np.zeros(len(weight), input.dtype) if bias is None else writable(bias)
    plans = forward_plans(input.shape, weight.shape, out.shape, stride, padding, dilation, groups, workers(), input.dtype)
    run(writable(input), writable(weight), bias, plans, groups, out)


def conv2d_backward_input(grad, weight, stride, padding, dilation, groups, out):
    """Gradient of the input, from grad (N, C_out, H_out, W_out)."""
    if out.size == 0 or grad.size == 0:
        out[...] = 0
        return
    plans, complete = backward_plans(out.shape, weight.shape, grad.shape, stride, padding, dilation, groups, workers(), grad.dtype)
    if not complete:
        out[...] = 0            # no tap meets some phases
    run(writable(grad), writable(weight), np.zeros(out.shape[1], grad.dtype), plans, groups, out)


@functools.lru_cache(256)
def weight_plan(image, weight, grad, stride, padding, dilation, groups, sharers, dtype):
    """Tables and geometry of `weight_gradient`, and the shapes of its scratch and sums."""
    (outputs, channels, *window), length = weight, lanes(dtype)
    rows, columns = axes(image[2:], window, grad[2:], stride, padding, dilation)
    padded, area = -(-outputs // groups // length) * length, rows.window * columns.window
    taps = channels * area
    chunks = max(1, min(image[0], CHUNKS, CHUNK_BYTES // (groups * taps * padded * dtype.itemsize)))
    parts = min(channels, -(-sharers // (chunks * groups)))
    block_rows = min(rows.count, max(1, PLACES // columns.count))
    read_image = rows.padding == columns.padding == 0
    sheet_height = rows.size if read_image else (block_rows - 1) * rows.stride + (rows.window - 1) * rows.dilation + 1
    sheet_width = columns.size if read_image else (columns.count - 1) * columns.stride + (columns.window - 1) * columns.dilation + 1

    def places(rows, row_step, columns, column_step):
        return (np.arange(rows)[:, None] * (row_step * sheet_width) + np.arange(columns) * column_step).reshape(-1)

    a_row = places(rows.window, rows.dilation, columns.window, columns.dilation)
    a_row = (np.arange(channels)[:, None] * (sheet_height * sheet_width) + a_row).reshape(-1)
    a_column = places(block_rows, rows.stride, columns.count, columns.stride)
    b_row, b_column = np.arange(a_column.size) * padded, vector_table(padded // length, length)
    geometry = (groups, chunks, parts, area, block_rows, sheet_height, sheet_width, -rows.padding, -columns.padding,
                rows.stride, int(read_image))
    tables = np.zeros(taps, dtype), a_row, a_column, b_row, b_column, geometry
    sheet_size = 0 if read_image else channels * sheet_height * sheet_width
    turned_size = -(-a_column.size // length) * length * padded
    return weight_gradient, tables, (sharers, sheet_size), (sharers, turned_size), (chunks, groups, taps, padded)


@functools.lru_cache(256)
def weight_plan_by_planes(image, weight, grad, stride, padding, dilation, groups, sharers, dtype):
    """The same for `weight_gradient_by_planes`."""
    outputs, channels, *window = weight
    (rows,), (columns,) = map(forward_sheets, axes(image[2:], window, grad[2:], stride, padding, dilation))
    *_, distances, _, phases, geometry, sheet_size, _ = correlation(
        rows, columns, outputs // groups, 1, channels, 1, window[1], 1 << 30, 1, dtype)
    block_rows, sheet_height, sheet_width, *steps = geometry[2:9]
    chunks = min(image[0], CHUNKS)
    geometry = groups, chunks, block_rows, sheet_height, sheet_width, *steps, geometry[-2]
    tables = distances, phases, geometry
    shape = (chunks, groups, len(distances), outputs // groups)
    return weight_gradient_by_planes, tables, (sharers, sheet_size), (sharers, block_rows * sheet_width), shape


def conv2d_backward_weight(grad, input, stride, padding, dilation, groups, out, bias_out=None):
    """Gradient of the weight, from grad (N, C_out, H_out, W_out); that of the bias too where ``bias_out`` is given."""
    if grad.size == 0 or out.size == 0:
        out[...] = 0
        if bias_out is not None:
            conv2d_backward_bias(grad, bias_out)
        return
    outputs, dtype = len(out) // groups, grad.dtype
    plan = weight_plan if outputs > FEW else weight_plan_by_planes
    kernel, tables, *shapes = plan(input.shape, out.shape, grad.shape, stride, padding, dilation, groups, workers(), dtype)
    sheets, turned, sums = [scratch(name, dtype, shape) for name, shape in zip(("sheets", "turned", "sums"), shapes)]
    bias_sums = scratch("bias_sums", dtype, (*shapes[2][:2], shapes[2][3]))
    kernel(writable(grad), writable(input), *tables, sheets, turned, sums, bias_sums, work=grad.size * shapes[2][2] // 16)
    out[...] = sums.sum(0)[:, :, :outputs].swapaxes(1, 2).reshape(out.shape)
    if bias_out is not None:
        bias_out[...] = bias_sums.sum(0)[:, :outputs].reshape(-1)


def conv2d_backward_bias(grad, out):
    """Gradient of the bias: sums of grad (N, C_out, H_out, W_out) over all but the channels."""
    np.sum(grad, axis=(0, 2, 3), out=out)


for function in (conv2d, conv2d_backward_input, conv2d_backward_weight, conv2d_backward_bias):
    table.enter("cpu", function.__name__, function)
