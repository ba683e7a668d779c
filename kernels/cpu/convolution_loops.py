"""Loops of convolution: images are written as sheets, and tiles of sums of products are taken over these.

A *sheet* is an image zero-padded, and with stride s sorted by phase: sheet (p, q) has the rows p, s + p, 2 s + p, ... and the
columns q, s + q, ... Each tap (channel, i, j) of the weight then meets the whole output at one distance in memory, whatever
stride and dilation are, and a table of these distances is all that `tiles.multiply` needs.
"""
from __future__ import annotations

import numpy as np

from ..compile import REASSOCIATE, inlined, kernel, prange
from .tiles import copy, dot, multiply, turn, vector_length


@inlined
def write_sheet(x, image, shape, row, column, row_step, column_step, rows, columns, sheet, start):
    """Copy rows ``row``, ``row + row_step``, ... of the image of ``shape`` that begins at ``x[image]``.

    The sheet has zeros already to the left and to the right of the image.
    """
    height, width = shape
    left = min(columns, max(0, (column_step - 1 - column) // column_step))
    count = max(left, min(columns, (width - 1 - column) // column_step + 1)) - left
    for r in range(rows):
        y, place = row + r * row_step, start + r * columns + left
        if y < 0 or y >= height:
            sheet[place:place + count] = 0
        elif column_step == 1:
            copy(x, image + y * width + column + left, sheet, place, count)
        else:
            source = x[image + y * width + column + left * column_step:]
            strip = sheet[place:place + count]
            for j in range(count):
                strip[j] = source[j * column_step]


@inlined
def correlate_rows(task, clear, x, weight, bias, a_row, a_column, b_row, b_column, phases, geometry, sheet, sums, out):
    """One task of `correlate`: some rows of the output of one image and group; the sheet is to be cleared at first."""
    if clear:
        sheet[:] = 0
    (groups, height, width, block_rows, sheet_height, sheet_width, top, left, row_step, column_step,
     out_top, out_left, out_row_step, out_column_step, sums_width, read_image, write_out) = geometry
    blocks = (height + block_rows - 1) // block_rows
    first, group, n = task % blocks * block_rows, task // blocks % groups, task // (blocks * groups)
    rows = min(block_rows, height - first)
    channels, products = x.shape[1] // groups, a_row.size
    area = x.shape[2] * x.shape[3]
    image = (n * x.shape[1] + group * channels) * area
    if read_image:
        b, b_start = x.reshape(x.size), image + first * sheet_width
    else:
        b, b_start = sheet, 0
        for channel in range(channels):
            for phase in range(phases.shape[0]):
                p, q = phases[phase]
                write_sheet(x.reshape(x.size), image + channel * area, x.shape[2:], first * row_step + p + top, q + left,
                            row_step, column_step, sheet_height - block_rows + rows, sheet_width,
                            sheet, (channel * phases.shape[0] + phase) * sheet_height * sheet_width)
    length, flat = vector_length(x), out.reshape(out.size)
    if write_out:
        c, c_start = flat, ((n * out.shape[1] + group * products) * height + first) * width
        c_step, columns = height * width, rows * width
    else:
        c, c_start, columns = sums, 0, (rows - 1) * sums_width + width
        c_step = (columns + length - 1) // length * length
    multiply(weight, group * (weight.size // groups), a_row, a_column, 0, products, b, b_start, b_row, b_column,
             (columns + length - 1) // length, a_column.size, bias[group * products:(group + 1) * products], False,
             c, c_start, c_step, columns if write_out else c_step)
    if not write_out:
        for i in range(products):
            for r in range(rows):
                source, y = i * c_step + r * sums_width, out_top + (first + r) * out_row_step
                place = ((n * out.shape[1] + group * products + i) * out.shape[2] + y) * out.shape[3] + out_left
                if out_column_step == 1:
                    copy(sums, source, flat, place, width)
                else:
                    spread, strip = flat[place:], sums[source:source + width]
                    for j in range(width):
                        spread[j * out_column_step] = strip[j]


@kernel
def correlate(x, weight, bias, a_row, a_column, b_row, b_column, phases, geometry, sheets, sums, out):
    """Sums over the taps of ``weight`` times x, plus bias; the tables and the geometry say which tap lies where.

    sheets and sums have a row for each worker; tasks are divided among workers, each result is made by one of them.
    """
    workers = sheets.shape[0]
    tasks = x.shape[0] * geometry[0] * ((geometry[1] + geometry[3] - 1) // geometry[3])
    for worker in prange(workers):
        w = np.int64(worker)
        first = w * tasks // workers
        for task in range(first, (w + 1) * tasks // workers):
            correlate_rows(task, task == first, x, weight, bias, a_row, a_column, b_row, b_column, phases, geometry,
                           sheets[w], sums[w], out)


@inlined
def weight_gradient_part(task, clear, grad, x, zeros, a_row, a_column, b_row, b_column, geometry, sheet, turned, sums, bias_sums):
    """One task of `weight_gradient`: some images, one group, some of its channels."""
    if clear:
        sheet[:] = 0
    (groups, chunks, parts, area, block_rows, sheet_height, sheet_width, top, left, row_step, read_image) = geometry
    part, group, chunk = task % parts, task // parts % groups, task // (parts * groups)
    outputs, channels, padded = grad.shape[1] // groups, x.shape[1] // groups, sums.shape[3]
    height, width = grad.shape[2], grad.shape[3]
    begin, end = part * channels // parts, (part + 1) * channels // parts
    totals = bias_sums[chunk, group]
    if part == 0:               # the one that adds to them
        totals[:] = 0
    images, image_area = x.shape[0], x.shape[2] * x.shape[3]
    for n in range(chunk * images // chunks, (chunk + 1) * images // chunks):
        for first in range(0, height, block_rows):
            rows = min(block_rows, height - first)
            image = (n * x.shape[1] + group * channels) * image_area
            if read_image:
                a, a_start = x.reshape(x.size), image + first * row_step * sheet_width
            else:
                a, a_start = sheet, 0
                for channel in range(begin, end):
                    write_sheet(x.reshape(x.size), image + channel * image_area, x.shape[2:], first * row_step + top, left,
                                1, 1, sheet_height - (block_rows - rows) * row_step, sheet_width,
                                sheet, channel * sheet_height * sheet_width)
            turn(grad.reshape(grad.size), ((n * grad.shape[1] + group * outputs) * height + first) * width, height * width,
                 outputs, rows * width, turned, padded)
            again = n > chunk * images // chunks or first > 0
            multiply(a, a_start, a_row, a_column, begin * area, end * area, turned, 0, b_row, b_column,
                     padded // vector_length(x), rows * width, zeros, again, sums.reshape(sums.size),
                     (chunk * groups + group) * sums.shape[2] * padded, padded, padded)
            if part == 0:
                for p in range(rows * width):
                    line = turned[p * padded:(p + 1) * padded]
                    for channel in range(padded):
                        totals[channel] += line[channel]


@kernel
def weight_gradient(grad, x, zeros, a_row, a_column, b_row, b_column, geometry, sheets, turned, sums, bias_sums):
    """Sums over some images each of the products of x at every tap and grad; and sums of grad.

    sums is (chunks of images, groups, taps, outputs), bias_sums (chunks, groups, outputs). The chunks do not depend on
    the number of workers, for which sheets and turned have a row each.
    """
    workers, tasks = sheets.shape[0], geometry[0] * geometry[1] * geometry[2]
    for worker in prange(workers):
        w = np.int64(worker)
        first = w * tasks // workers
        for task in range(first, (w + 1) * tasks // workers):
            weight_gradient_part(task, task == first, grad, x, zeros, a_row, a_column, b_row, b_column, geometry,
                                 sheets[w], turned[w], sums, bias_sums)


@inlined(fastmath=REASSOCIATE)
def total_of(x):
    total = x[0]
    for i in range(1, x.size):
        total += x[i]
    return total


@inlined
def plane_products(task, clear, grad, x, distances, phases, geometry, sheet, line, sums, bias_sums):
    """One task of `weight_gradient_by_planes`: some images of one group."""
    if clear:
        sheet[:] = 0
        line[:] = 0
    (groups, chunks, block_rows, sheet_height, sheet_width, top, left, row_step, column_step, read_image) = geometry
    group, chunk, images = task % groups, task // groups, x.shape[0]
    outputs, channels, height, width = grad.shape[1] // groups, x.shape[1] // groups, grad.shape[2], grad.shape[3]
    area, values, gradients = x.shape[2] * x.shape[3], x.reshape(x.size), grad.reshape(grad.size)
    sums[chunk, group] = 0
    bias_sums[chunk, group] = 0
    for n in range(chunk * images // chunks, (chunk + 1) * images // chunks):
        image = (n * x.shape[1] + group * channels) * area
        for first in range(0, height, block_rows):
            rows = min(block_rows, height - first)
            if read_image:
                source, start = values, image + first * sheet_width
            else:
                source, start = sheet, 0
                for channel in range(channels):
                    for phase in range(phases.shape[0]):
                        p, q = phases[phase]
                        write_sheet(values, image + channel * area, x.shape[2:], first * row_step + p + top, q + left,
                                    row_step, column_step, sheet_height - block_rows + rows, sheet_width,
                                    sheet, (channel * phases.shape[0] + phase) * sheet_height * sheet_width)
            along = line[:(rows - 1) * sheet_width + width]
            for output in range(outputs):
                plane = ((n * grad.shape[1] + group * outputs + output) * height + first) * width
                for r in range(rows):
                    copy(gradients, plane + r * width, line, r * sheet_width, width)
                bias_sums[chunk, group, output] += total_of(along)
                for tap in range(distances.size):
                    begin = start + distances[tap]
                    sums[chunk, group, tap, output] += dot(source[begin:begin + along.size], along)


@kernel
def weight_gradient_by_planes(grad, x, distances, phases, geometry, sheets, lines, sums, bias_sums):
    """What `weight_gradient` gives, for few outputs a group: each tap's image times each plane of grad.

    A plane of grad is written with rows as long as a sheet's, zeros between, so that such a product is one long sum.
    """
    workers, tasks = sheets.shape[0], geometry[0] * geometry[1]
    for worker in prange(workers):
        w = np.int64(worker)
        first = w * tasks // workers
        for task in range(first, (w + 1) * tasks // workers):
            plane_products(task, task == first, grad, x, distances, phases, geometry, sheets[w], lines[w], sums, bias_sums)
