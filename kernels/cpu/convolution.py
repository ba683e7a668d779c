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
from .convolution_loops import correlate, weight_gradient
from .tiles import lanes, vector_table
from .workspace import scratch

SHEET_BYTES = 1 << 19           # about what sheets may take of a core's L2 cache
PLACES = 256                    # of the output, about, that a block of the weight gradient's sums covers
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


@functools.lru_cache(256)
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


def run(x, weight, bias, rows, columns, products, product_step, channels, channel_step, groups, out):
    """One `correlate`: the outputs that the sheets ``rows`` and ``columns`` of x give."""
    sharers, dtype = workers(), x.dtype
    *tables, geometry, sheet_size, sums_size = correlation(
        rows, columns, products, product_step, channels, channel_step, weight.shape[3], len(x) * groups, sharers, dtype)
    sheets, sums = scratch("sheets", dtype, (sharers, sheet_size)), scratch("sums", dtype, (sharers, sums_size))
    correlate(x, weight.reshape(-1), bias, *tables, (groups, *geometry), sheets, sums, out,
              work=len(x) * groups * rows.count * columns.count * products * len(tables[1]) // 16)


def conv2d(input, weight, bias, stride, padding, dilation, groups, out):
    """Cross-correlation of input (N, C, H, W) with weight (C_out, C / groups, kh, kw), plus bias (C_out) or None."""
    (outputs, channels, *window), dtype = weight.shape, input.dtype
    if out.size == 0:
        return
    lanes(dtype)
    bias = np.zeros(outputs, dtype) if bias is None else bias
    rows, columns = map(forward_sheets, axes(input.shape[2:], window, out.shape[2:], stride, padding, dilation))
    area = window[0] * window[1]
    run(input, weight, bias, rows[0], columns[0], outputs // groups, channels * area, channels, area, groups, out)


def conv2d_backward_input(grad, weight, stride, padding, dilation, groups, out):
    """Gradient of the input, from grad (N, C_out, H_out, W_out)."""
    (outputs, channels, *window), dtype = weight.shape, grad.dtype
    if out.size == 0:
        return
    lanes(dtype)
    zeros = np.zeros(out.shape[1], dtype)
    rows, columns = map(backward_sheets, axes(out.shape[2:], window, grad.shape[2:], stride, padding, dilation))
    if sum(axis.count for axis in rows) < out.shape[2] or sum(axis.count for axis in columns) < out.shape[3]:
        out[...] = 0            # no tap meets some phases
    if grad.size == 0:
        return
    area = window[0] * window[1]
    for row in rows:
        for column in columns:
            run(grad, weight, zeros, row, column, channels, area, outputs // groups, channels * area, groups, out)


@functools.lru_cache(256)
def weight_sums(rows: Axis, columns: Axis, images: int, channels: int, outputs: int, groups: int, sharers: int,
                dtype: np.dtype) -> tuple:
    """Tables and geometry of `weight_gradient`, and the sizes of its scratch and sums."""
    length = lanes(dtype)
    padded, area = -(-outputs // length) * length, rows.window * columns.window
    taps = channels * area
    chunks = max(1, min(images, CHUNKS, CHUNK_BYTES // (groups * taps * padded * dtype.itemsize)))
    parts = min(channels, -(-sharers // (chunks * groups)))
    block_rows = min(rows.count, max(1, PLACES // columns.count))
    read_image = rows.padding == columns.padding == 0
    reach = (rows.window - 1) * rows.dilation, (columns.window - 1) * columns.dilation
    sheet_height = rows.size if read_image else (block_rows - 1) * rows.stride + reach[0] + 1
    sheet_width = columns.size if read_image else (columns.count - 1) * columns.stride + reach[1] + 1

    def places(rows, row_step, columns, column_step):
        return (np.arange(rows)[:, None] * (row_step * sheet_width) + np.arange(columns) * column_step).reshape(-1)

    a_row = places(rows.window, rows.dilation, columns.window, columns.dilation)
    a_row = (np.arange(channels)[:, None] * (sheet_height * sheet_width) + a_row).reshape(-1)
    a_column = places(block_rows, rows.stride, columns.count, columns.stride)
    b_row, b_column = np.arange(a_column.size) * padded, vector_table(padded // length, length)
    geometry = (groups, chunks, parts, area, block_rows, sheet_height, sheet_width, -rows.padding, -columns.padding,
                rows.stride, int(read_image))
    sheet_size = 0 if read_image else channels * sheet_height * sheet_width
    return (a_row, a_column, b_row, b_column, geometry, sheet_size, -(-a_column.size // length) * length * padded,
            (chunks, groups, taps, padded))


def conv2d_backward_weight(grad, input, stride, padding, dilation, groups, out, bias_out=None):
    """Gradient of the weight, from grad (N, C_out, H_out, W_out); that of the bias too where ``bias_out`` is given."""
    (outputs, channels, *window), dtype, sharers = out.shape, grad.dtype, workers()
    if grad.size == 0 or out.size == 0:
        out[...] = 0
        if bias_out is not None:
            conv2d_backward_bias(grad, bias_out)
        return
    lanes(dtype)
    rows, columns = axes(input.shape[2:], window, grad.shape[2:], stride, padding, dilation)
    *tables, geometry, sheet_size, turned_size, shape = weight_sums(
        rows, columns, len(grad), channels, outputs // groups, groups, sharers, dtype)
    sheets, turned = scratch("sheets", dtype, (sharers, sheet_size)), scratch("turned", dtype, (sharers, turned_size))
    sums, bias_sums = scratch("sums", dtype, shape), scratch("bias_sums", dtype, (shape[0], groups, shape[3]))
    weight_gradient(grad, input, np.zeros(shape[2], dtype), *tables, geometry, sheets, turned, sums, bias_sums,
                    work=grad.size * shape[2] // 16)
    total = sums.sum(0)[:, :, :outputs // groups]
    out[...] = total.swapaxes(1, 2).reshape(out.shape)
    if bias_out is not None:
        bias_out[...] = bias_sums.sum(0)[:, :outputs // groups].reshape(-1)


def conv2d_backward_bias(grad, out):
    """Gradient of the bias: sums of grad (N, C_out, H_out, W_out) over all but the channels."""
    np.sum(grad, axis=(0, 2, 3), out=out)


for function in (conv2d, conv2d_backward_input, conv2d_backward_weight, conv2d_backward_bias):
    table.enter("cpu", function.__name__, function)
