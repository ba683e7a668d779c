"""Loops of convolution: images are written as sheets, and tiles of sums of products are taken over these.

A *sheet* is an image zero-padded, and with stride s sorted by phase: sheet (p, q) has the rows p, s + p, 2 s + p, ... and the
columns q, s + q, ... Each tap (channel, i, j) of the weight then meets the whole output at one distance in memory, whatever
stride and dilation are, and a table of these distances is all that `tiles.multiply` needs. Images are (planes, rows, columns);
the numbers in `geometry` are those of `convolution_plans.Correlation` and `convolution_plans.WeightGradient`.
"""
from __future__ import annotations

import numpy as np

from ..compile import REASSOCIATE, inlined, kernel, prange
from .tiles import copy, dot, gather, multiply, scatter, turn, turn_square, vector_length

TAPS = 64                       # of the weight, whose sums are added up together


@inlined
def write_line(x, start, step, sheet, place, left, right, count):
    """Write zeros, from place ``left`` on every ``step``-th number from ``x[start]`` on, and from place ``right`` on zeros."""
    for j in range(left):
        sheet[place + j] = 0
    if step == 1:
        copy(x, start, sheet, place + left, right - left)
    else:
        gather(x, start, step, sheet, place + left, right - left)
    for j in range(right, count):
        sheet[place + j] = 0


@inlined
def write_plane(x, begin, shape, row, column, row_step, column_step, sheet, place, rows, columns):
    """Copy rows ``row``, ``row + row_step``, ... of the plane of ``shape`` at ``x[begin]``; zeros lie outside of it."""
    height, width = shape
    if width == 1 and columns == 1 and column == 0:             # a signal
        height, width, row, column, row_step, column_step, rows, columns = 1, height, 0, row, 1, row_step, 1, rows
    left = min(columns, max(0, (column_step - 1 - column) // column_step))
    right = max(left, min(columns, (width - 1 - column) // column_step + 1))
    for r in range(rows):
        y, target = row + r * row_step, place + r * columns
        if y < 0 or y >= height:
            sheet[target:target + columns] = 0
        else:
            write_line(x, begin + y * width + column + left * column_step, column_step, sheet, target, left, right, columns)


@inlined
def write_sheets(x, image, channel_begin, channel_end, images, image_step, plane, row, planes, rows, phases, g, sheet):
    """The sheets of some channels of some images, of ``planes`` planes from ``plane`` on and ``rows`` rows from ``row`` on."""
    depth, height, width = x.shape[2], x.shape[3], x.shape[4]
    values, shape, area = x.reshape(x.size), (height, width), g.sheet_rows * g.sheet_columns
    for channel in range(channel_begin, channel_end):
        for phase in range(phases.shape[0]):
            o, p, q = phases[phase]
            for n in range(images):
                begin = image + n * image_step + channel * depth * height * width
                place = ((channel * phases.shape[0] + phase) * g.block_images + n) * g.sheet_planes * area
                for z in range(planes):
                    y = plane + o + z * g.plane_step
                    if y < 0 or y >= depth:
                        sheet[place + z * area:place + z * area + rows * g.sheet_columns] = 0
                    else:
                        write_plane(values, begin + y * height * width, shape, row + p, g.left + q, g.row_step, g.column_step,
                                    sheet, place + z * area, rows, g.sheet_columns)


@inlined
def store_plane(sums, source, line, rows, columns, out, place, row_step, column_step):
    """Copy rows that lie ``line`` apart to where those of the output lie."""
    if columns == 1 and line == 1:                              # a signal
        rows, columns, column_step = 1, rows, row_step
    for r in range(rows):
        if column_step == 1:
            copy(sums, source + r * line, out, place + r * row_step, columns)
        else:
            scatter(sums, source + r * line, out, place + r * row_step, column_step, columns)


@inlined
def correlate_block(task, x, weight, bias, a_row, a_column, b_row, b_column, phases, g, sheet, sums, out):
    """One task of `correlate`: some images, planes or rows of the output of one group, and some of its channels."""
    row_blocks, plane_blocks = (g.rows + g.block_rows - 1) // g.block_rows, (g.planes + g.block_planes - 1) // g.block_planes
    part, task = task % g.parts, task // g.parts
    row, task = task % row_blocks * g.block_rows, task // row_blocks
    plane, task = task % plane_blocks * g.block_planes, task // plane_blocks
    group, image = task % g.groups, task // g.groups * g.block_images
    rows, planes, images = min(g.block_rows, g.rows - row), min(g.block_planes, g.planes - plane), min(g.block_images, x.shape[0] - image)
    channels, products, length = x.shape[1] // g.groups, a_row.size, vector_length(x)
    begin, end = part * products // g.parts, (part + 1) * products // g.parts
    volume = x.shape[2] * x.shape[3] * x.shape[4]
    b, b_start = x.reshape(x.size), (image * x.shape[1] + group * channels) * volume
    if g.read_image:
        b_start += (plane * g.sheet_rows + row) * g.sheet_columns
    else:
        write_sheets(x, b_start, 0, channels, images, x.shape[1] * volume, g.front + plane * g.plane_step, g.top + row * g.row_step,
                     g.sheet_planes - g.block_planes + planes, g.sheet_rows - g.block_rows + rows, phases, g, sheet)
        b, b_start = sheet, 0
    run = (rows - 1) * g.line + g.columns
    plane_size = run if g.flat else (run + length - 1) // length * length
    columns, flat, channel_size = images * planes * plane_size, out.reshape(out.size), out.shape[2] * out.shape[3] * out.shape[4]
    if g.write_out:
        c, c_step, columns = flat, channel_size, planes * rows * g.columns
        c_start = (image * out.shape[1] + group * products) * channel_size + (plane * g.rows + row) * g.columns
    else:
        c, c_start, c_step = sums, 0, (columns + length - 1) // length * length
    multiply(weight, group * (weight.size // g.groups), a_row, a_column, begin, end, b, b_start, b_row, b_column,
             (columns + length - 1) // length, a_column.size, bias[group * products:(group + 1) * products], False,
             c, c_start, c_step, columns if g.write_out else c_step)
    if not g.write_out:
        for n in range(images):
            for i in range(begin, end):
                for z in range(planes):
                    y = ((image + n) * out.shape[1] + group * products + i) * out.shape[2] + g.out_front + (plane + z) * g.out_plane_step
                    y = y * out.shape[3] + g.out_top + row * g.out_row_step
                    store_plane(sums, i * c_step + (n * planes + z) * plane_size, g.line, rows, g.columns,
                                flat, y * out.shape[4] + g.out_left, g.out_row_step * out.shape[4], g.out_column_step)


@kernel
def correlate(x, weight, bias, a_row, a_column, b_row, b_column, phases, geometry, sheets, sums, out):
    """Sums over the taps of ``weight`` times x, plus bias; the tables and the geometry say which tap lies where.

    sheets and sums have a row for each worker; tasks are divided among workers, each result is made by one of them.
    """
    workers, g = sheets.shape[0], geometry
    tasks = (x.shape[0] + g.block_images - 1) // g.block_images * g.groups * g.parts
    tasks *= (g.rows + g.block_rows - 1) // g.block_rows * ((g.planes + g.block_planes - 1) // g.block_planes)
    for worker in prange(workers):
        w = np.int64(worker)
        for task in range(w * tasks // workers, (w + 1) * tasks // workers):
            correlate_block(task, x, weight, bias, a_row, a_column, b_row, b_column, phases, geometry, sheets[w], sums[w], out)


@inlined
def weight_gradient_part(task, grad, x, zeros, a_row, a_column, b_row, b_column, phases, g, sheet, turned, sums, bias_sums):
    """One task of `weight_gradient`: some images, one group, some of its channels."""
    part, group, chunk = task % g.parts, task // g.parts % g.groups, task // (g.parts * g.groups)
    outputs, channels, padded = grad.shape[1] // g.groups, x.shape[1] // g.groups, sums.shape[3]
    size, volume = g.planes * g.rows * g.columns, x.shape[2] * x.shape[3] * x.shape[4]
    begin, end = part * channels // g.parts, (part + 1) * channels // g.parts
    taps = a_row.size // channels
    totals = bias_sums[chunk, group]
    if part == 0:               # the one that adds to them
        totals[:] = 0
    first, last, again = chunk * x.shape[0] // g.chunks, (chunk + 1) * x.shape[0] // g.chunks, False
    for n in range(first, last, g.block_images):
        images = min(g.block_images, last - n)
        for plane in range(0, g.planes, g.block_planes):
            planes = min(g.block_planes, g.planes - plane)
            for row in range(0, g.rows, g.block_rows):
                rows = min(g.block_rows, g.rows - row)
                a, a_start = x.reshape(x.size), (n * x.shape[1] + group * channels) * volume
                if g.read_image:
                    a_start += (plane * g.stride_planes * g.sheet_rows + row * g.stride_rows) * g.sheet_columns
                else:
                    write_sheets(x, a_start, begin, end, images, x.shape[1] * volume, g.front + plane * g.stride_planes,
                                 g.top + row * g.stride_rows, g.sheet_planes - (g.block_planes - planes) * g.stride_planes,
                                 g.sheet_rows - (g.block_rows - rows) * g.stride_rows, phases, g, sheet)
                    a, a_start = sheet, 0
                count = planes * rows * g.columns
                for m in range(images):
                    turn(grad.reshape(grad.size), ((n + m) * grad.shape[1] + group * outputs) * size + (plane * g.rows + row) * g.columns,
                         size, outputs, count, turned[m * count * padded:], padded)
                multiply(a, a_start, a_row, a_column, begin * taps, end * taps, turned, 0, b_row, b_column,
                         padded // vector_length(x), images * count, zeros, again, sums.reshape(sums.size),
                         (chunk * g.groups + group) * sums.shape[2] * padded, padded, padded)
                again = True
                if part == 0:
                    for p in range(images * count):
                        line = turned[p * padded:(p + 1) * padded]
                        for channel in range(padded):
                            totals[channel] += line[channel]


@kernel
def weight_gradient(grad, x, zeros, a_row, a_column, b_row, b_column, phases, geometry, sheets, turned, sums, bias_sums):
    """Sums over some images each of the products of x at every tap and grad; and sums of grad.

    sums is (chunks of images, groups, taps, outputs), bias_sums (chunks, groups, outputs). The chunks do not depend on
    the number of workers, for which sheets and turned have a row each.
    """
    workers, tasks = sheets.shape[0], geometry.groups * geometry.chunks * geometry.parts
    for worker in prange(workers):
        w = np.int64(worker)
        for task in range(w * tasks // workers, (w + 1) * tasks // workers):
            weight_gradient_part(task, grad, x, zeros, a_row, a_column, b_row, b_column, phases, geometry,
                                 sheets[w], turned[w], sums, bias_sums)


@kernel
def add_chunks(sums, out):
    """Sums (chunks, groups, taps, outputs or more) over chunks, as (groups, outputs, taps)."""
    chunks, groups, taps, padded = sums.shape
    outputs, length, flat = out.shape[1], vector_length(out), out.reshape(out.size)
    pieces = (taps + TAPS - 1) // TAPS
    for task in prange(groups * pieces):
        group, first = np.int64(task) // pieces, np.int64(task) % pieces * TAPS
        last = min(first + TAPS, taps)
        total = sums[0, group]
        for chunk in range(1, chunks):
            more = sums[chunk, group]
            for tap in range(first, last):
                for output in range(padded):
                    total[tap, output] += more[tap, output]
        for tap in range(first, last, length):
            for output in range(0, outputs, length):
                if tap + length <= taps and output + length <= padded and output + length <= outputs:
                    turn_square(total.reshape(total.size), tap * padded + output, padded, length, length,
                                flat, (group * outputs + output) * taps + tap, taps)
                else:
                    for i in range(output, min(output + length, outputs)):
                        for j in range(tap, min(tap + length, last)):
                            out[group, i, j] = total[j, i]


@inlined(fastmath=REASSOCIATE)
def total_of(x):
    total = x[0]
    for i in range(1, x.size):
        total += x[i]
    return total


@inlined
def plane_products(task, grad, x, chunks, distances, phases, g, sheet, line, sums, bias_sums):
    """One task of `weight_gradient_by_planes`: some images of one group."""
    line[:] = 0
    group, chunk, area = task % g.groups, task // g.groups, g.sheet_rows * g.sheet_columns
    outputs, channels, volume = grad.shape[1] // g.groups, x.shape[1] // g.groups, x.shape[2] * x.shape[3] * x.shape[4]
    values, gradients = x.reshape(x.size), grad.reshape(grad.size)
    sums[chunk, group] = 0
    bias_sums[chunk, group] = 0
    for n in range(chunk * x.shape[0] // chunks, (chunk + 1) * x.shape[0] // chunks):
        for plane in range(0, g.planes, g.block_planes):
            planes = min(g.block_planes, g.planes - plane)
            for row in range(0, g.rows, g.block_rows):
                rows = min(g.block_rows, g.rows - row)
                source, start = values, (n * x.shape[1] + group * channels) * volume
                if g.read_image:
                    start += (plane * g.sheet_rows + row) * g.sheet_columns
                else:
                    write_sheets(x, start, 0, channels, 1, 0, g.front + plane * g.plane_step, g.top + row * g.row_step,
                                 g.sheet_planes - g.block_planes + planes, g.sheet_rows - g.block_rows + rows, phases, g, sheet)
                    source, start = sheet, 0
                along = line[:(planes - 1) * area + (rows - 1) * g.sheet_columns + g.columns]
                for output in range(outputs):
                    for z in range(planes):
                        place = ((n * grad.shape[1] + group * outputs + output) * g.planes + plane + z) * g.rows + row
                        if g.sheet_columns == g.columns:
                            copy(gradients, place * g.columns, line, z * area, rows * g.columns)
                        else:
                            for r in range(rows):
                                copy(gradients, (place + r) * g.columns, line, z * area + r * g.sheet_columns, g.columns)
                    bias_sums[chunk, group, output] += total_of(along)
                    for tap in range(distances.size):
                        begin = start + distances[tap]
                        sums[chunk, group, tap, output] += dot(source[begin:begin + along.size], along)


@kernel
def weight_gradient_by_planes(grad, x, chunks, distances, phases, geometry, sheets, lines, sums, bias_sums):
    """What `weight_gradient` gives, for few outputs a group: each tap's image times each plane of grad.

    A plane of grad is written with rows as long as a sheet's, zeros between, so that such a product is one long sum.
    """
    workers, tasks = sheets.shape[0], geometry.groups * chunks
    for worker in prange(workers):
        w = np.int64(worker)
        for task in range(w * tasks // workers, (w + 1) * tasks // workers):
            plane_products(task, grad, x, chunks, distances, phases, geometry, sheets[w], lines[w], sums, bias_sums)
