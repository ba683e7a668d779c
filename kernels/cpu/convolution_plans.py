"""The geometry of convolution: which rows of an image a task needs, and at what distances the taps of the weight lie in them.

The gradient of the input is itself a convolution of the gradient of the output, one for each phase that coordinates have
modulo the stride. Plans are made once for a shape; the loops are in `convolution_loops`.
"""
from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .convolution_loops import weight_gradient, weight_gradient_by_planes
from .tiles import lanes, vector_table

SHEET_BYTES = 1 << 19           # about what sheets may take of a core's L2 cache
PLACES = 256                    # of the output, about, that a block of sums covers at least
CHUNKS = 8                      # sums of the weight's gradient taken over images apart, and added up in the end
CHUNK_BYTES = 1 << 22           # what these sums may take
COPY = 32                       # products in the time of writing one number of a sheet


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

    def apart(self) -> Sheets:
        """The same with a sheet for each tap, which has no more places than there are outputs."""
        phases = tuple([self.phases[phase] + distance * self.step for _, phase, distance in self.taps])
        taps = tuple([(tap, place, 0) for place, (tap, _, _) in enumerate(self.taps)])
        return self._replace(phases=phases, taps=taps, reach=0)

    @property
    def whole(self) -> bool:
        """Whether the outputs are all there are, side by side."""
        return (self.out_first, self.out_step, self.count) == (0, 1, self.out_size)


class Correlation(NamedTuple):
    """The numbers of `correlate`: what a task makes, how its sheets lie, and where the output is written."""

    groups: int
    parts: int                  # into which the channels of the output are divided
    block_images: int           # of a task, and so on; more than one image or plane only if the task has all rows
    block_planes: int
    block_rows: int
    planes: int                 # of the output
    rows: int
    columns: int
    sheet_planes: int
    sheet_rows: int
    sheet_columns: int
    front: int                  # coordinates of the sheet's first place
    top: int
    left: int
    plane_step: int
    row_step: int
    column_step: int
    out_front: int
    out_top: int
    out_left: int
    out_plane_step: int
    out_row_step: int
    out_column_step: int
    line: int                   # from one row of sums to the next
    flat: int                   # whether planes and images of sums follow each other without a gap
    read_image: int             # whether the image itself serves as the sheet
    write_out: int              # whether sums are written where the output is


class WeightGradient(NamedTuple):
    """The numbers of `weight_gradient`."""

    groups: int
    chunks: int
    parts: int
    block_images: int
    block_planes: int
    block_rows: int
    planes: int
    rows: int
    columns: int
    sheet_planes: int
    sheet_rows: int
    sheet_columns: int
    front: int
    top: int
    left: int
    plane_step: int             # sheets have all coordinates
    row_step: int
    column_step: int
    stride_planes: int
    stride_rows: int
    read_image: int


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


def axes(image: tuple, window: tuple, count: tuple, stride: tuple, padding: tuple, dilation: tuple) -> list[Axis]:
    """Planes, rows and columns. Axes that windows of one element leave alone become one, of which columns have length 1."""
    made = [Axis(*numbers) for numbers in zip(image, window, count, stride, padding, dilation)]
    if all((axis.window, axis.stride, axis.padding) == (1, 1, 0) for axis in made):
        size = math.prod(image)
        return [Axis(1, 1, 1, 1, 0, 1), Axis(size, 1, size, 1, 0, 1), Axis(1, 1, 1, 1, 0, 1)]
    return made


def as_volume(shape: tuple, kept: list[Axis], result: bool) -> tuple[int, ...]:
    """An array's shape with the dimensions of ``axes``."""
    return (*shape[:2], *[axis.count if result else axis.size for axis in kept])


def sums_layout(kept: tuple[Sheets, Sheets, Sheets], length: int) -> tuple[bool, bool, bool, int]:
    """Whether vectors end with rows, whether the image serves as sheet, whether sums have no gaps; numbers of an image's sums."""
    planes, rows, columns = kept
    inside = all(axis.step == 1 and axis.start == 0 and axis.count + axis.reach <= axis.size and axis.phases == (0,) for axis in kept)
    aligned = columns.count % length == 0
    read_image = inside and (aligned or planes.size == 1 and columns.size == columns.count and columns.size * rows.count % length == 0
                             and rows.size == rows.count)
    flat = not read_image and not any(axis.reach for axis in kept)
    line = columns.count if aligned else columns.count + columns.reach
    numbers = (rows.count - 1) * line + columns.count
    return aligned, read_image, flat, planes.count * (numbers if flat else -(-numbers // length) * length)


def cheapest(planes: Sheets, rows: Sheets, columns: Sheets, products: int, length: int) -> tuple[Sheets, Sheets, Sheets]:
    """Sheets with places that are no outputs' between rows, or with a copy for each tap instead, whichever takes less time."""
    def cost(kept: tuple) -> int:
        _, read_image, _, numbers = sums_layout(kept, length)
        written = 0 if read_image else math.prod(len(axis.phases) * (axis.count + axis.reach) for axis in kept)
        return numbers * products * math.prod(len(axis.taps) for axis in kept) + COPY * written
    return min(((planes, *pair) for pair in ((rows, columns), (rows, columns.apart()), (rows.apart(), columns.apart()))), key=cost)


def blocks(kept: tuple[Sheets, Sheets, Sheets], bytes_of_row: int, weight_bytes: int, batch: int, groups: int, products: int, sharers: int,
           length: int) -> tuple[int, int, int, int]:
    """Into how many parts a task divides the products, and how many images, planes and rows it takes."""
    planes, rows, columns = kept
    aligned, read_image, _, numbers = sums_layout(kept, length)
    large = weight_bytes > SHEET_BYTES      # then it is read as few times as can be
    most = [axis.count if read_image else max(1, SHEET_BYTES // size - axis.reach) for axis, size in (
        (rows, bytes_of_row * (1 + planes.reach)), (planes, bytes_of_row * (rows.count + rows.reach)))]
    pieces = max(1, min(-(-4 * sharers // (batch * groups)), numbers // PLACES))
    block_images = block_planes = 1
    if read_image and products == 1:
        block_rows, block_planes = rows.count, planes.count     # its tiles read what lies behind a block
    elif most[0] < rows.count or pieces > planes.count:
        count = max(-(-rows.count // most[0]), -(-pieces // planes.count))
        block_rows = -(-rows.count // min(count, rows.count))
        if read_image and not aligned:
            unit = length // math.gcd(length, columns.count)
            block_rows = min(rows.count, -(-block_rows // unit) * unit)
    else:
        block_rows, block_planes = rows.count, -(-planes.count // max(pieces, -(-planes.count // most[1])))
        if block_planes == planes.count:
            image_bytes = bytes_of_row * (rows.count + rows.reach) * (planes.count + planes.reach)
            room = batch if read_image else max(SHEET_BYTES, 4 * SHEET_BYTES * large) // image_bytes
            block_images = max(1, min(room, -(-PLACES // numbers), batch, batch if large else batch * groups // sharers))
            block_images = -(-batch // -(-batch // block_images))
    tasks = -(-batch // block_images) * groups * -(-planes.count // block_planes) * -(-rows.count // block_rows)
    parts = 1 if tasks % sharers == 0 or tasks >= 4 * sharers else max(1, min(sharers, products // 8))
    return parts, block_images, block_planes, block_rows


def correlation(kept: tuple[Sheets, Sheets, Sheets], products: int, product_step: int, channels: int, channel_step: int,
                window: tuple, batch: int, groups: int, sharers: int, dtype: np.dtype) -> tuple:
    """Tables and geometry of `correlate`, and the sizes of its scratch.

    Weight (product, channel, k, i, j) stands at product * product_step + channel * channel_step + (k * height + i) * width + j.
    """
    length = lanes(dtype)
    planes, rows, columns = kept
    aligned, read_image, flat, _ = sums_layout(kept, length)
    sheet_columns = columns.size if read_image else columns.count + columns.reach
    phases = list(itertools.product(*[axis.phases for axis in kept]))
    taps_count = math.prod(len(axis.taps) for axis in kept)
    parts, *block = blocks(kept, channels * len(phases) * sheet_columns * dtype.itemsize, channels * taps_count * products * dtype.itemsize,
                           batch, groups, products, sharers, length)
    block_images, block_planes, block_rows = block
    sheet_planes, sheet_rows = (planes.size, rows.size) if read_image else (block_planes + planes.reach, block_rows + rows.reach)
    volume, image_step = sheet_planes * sheet_rows * sheet_columns, groups * channels
    channel_images, image_step = (1, groups * channels * volume) if read_image else (block_images, volume)

    taps = [((k * window[1] + i) * window[2] + j,
             ((o * len(rows.phases) + p) * len(columns.phases) + q) * channel_images * volume + (z * sheet_rows + y) * sheet_columns + x)
            for k, o, z in planes.taps for i, p, y in rows.taps for j, q, x in columns.taps]
    in_weight, in_sheet = np.array(taps, np.int64).reshape(-1, 2).T
    a_column = (np.arange(channels)[:, None] * channel_step + in_weight).reshape(-1)
    b_row = (np.arange(channels)[:, None] * (len(phases) * channel_images * volume) + in_sheet).reshape(-1)

    line = columns.count if aligned else sheet_columns
    numbers = (block_rows - 1) * line + columns.count
    of_plane = -(-numbers // length)
    vectors = -(-block_images * block_planes * numbers // length) if flat else block_images * block_planes * of_plane
    b_column = vector_table(vectors, length)
    if not flat:
        plane, within = np.divmod(b_column // length, of_plane)
        image, plane = np.divmod(plane, block_planes)
        within *= length
        if aligned:
            within = within // columns.count * sheet_columns + within % columns.count
        b_column = image * image_step + plane * (sheet_rows * sheet_columns) + within
    exact = line == columns.count and (block_planes == 1 or flat or numbers % length == 0)
    write_out = exact and block_images == 1 and all(axis.whole for axis in kept)
    geometry = Correlation(
        groups, parts, *block, planes.count, rows.count, columns.count, sheet_planes, sheet_rows, sheet_columns,
        *[axis.start for axis in kept], *[axis.step for axis in kept], *[axis.out_first for axis in kept],
        *[axis.out_step for axis in kept], line, int(flat), int(read_image), int(write_out))
    sheet_size = 0 if read_image else channels * len(phases) * block_images * volume + 2 * length
    sums_size = 0 if write_out else products * vectors * length
    return (np.arange(products) * product_step, a_column, b_row, b_column, np.array(phases, np.int64), geometry, sheet_size, sums_size)


def plans(sheets: Callable, kept: list[Axis], products: int, product_step: int, channels: int, channel_step: int, window: tuple,
          batch: int, groups: int, sharers: int, dtype: np.dtype) -> list[tuple]:
    """A `correlation` for each phase."""
    return [correlation(cheapest(*phase, products, lanes(dtype)), products, product_step, channels, channel_step, window, batch,
                        groups, sharers, dtype)
            for phase in itertools.product(*map(sheets, kept))]


@functools.lru_cache(256)
def forward_plans(image, weight, out, stride, padding, dilation, groups, sharers, dtype):
    """The plans of a convolution, and the shapes of image and output they are for."""
    (outputs, channels, *window), area = weight, math.prod(weight[2:])
    kept = axes(image[2:], window, out[2:], stride, padding, dilation)
    made = plans(forward_sheets, kept, outputs // groups, channels * area, channels, area, window, image[0], groups, sharers, dtype)
    return made, as_volume(image, kept, False), as_volume(out, kept, True)


@functools.lru_cache(256)
def backward_plans(image, weight, grad, stride, padding, dilation, groups, sharers, dtype):
    """Plans for each phase of the image, and the shapes; and whether these make all of it."""
    (outputs, channels, *window), area = weight, math.prod(weight[2:])
    kept = axes(image[2:], window, grad[2:], stride, padding, dilation)
    made = plans(backward_sheets, kept, channels, area, outputs // groups, channels * area, window, image[0], groups, sharers, dtype)
    covered = math.prod(sum(axis.count for axis in backward_sheets(axis)) for axis in kept)
    return made, as_volume(grad, kept, True), as_volume(image, kept, False), covered == math.prod(image[2:])


@functools.lru_cache(256)
def weight_plan(image, weight, grad, stride, padding, dilation, groups, sharers, dtype):
    """Kernel, tables and geometry of `weight_gradient`, the shapes of image and gradient, and those of its scratch and sums."""
    (outputs, channels, *window), length = weight, lanes(dtype)
    planes, rows, columns = kept = axes(image[2:], window, grad[2:], stride, padding, dilation)
    padded, taps = -(-outputs // groups // length) * length, channels * math.prod(window)
    size = planes.count * rows.count * columns.count
    chunks = max(1, min(image[0], CHUNKS, CHUNK_BYTES // (groups * taps * padded * dtype.itemsize), image[0] * size // PLACES))
    parts = min(channels, -(-sharers // (chunks * groups)))
    block_rows = min(rows.count, max(1, PLACES // columns.count))
    block_planes = min(planes.count, max(1, PLACES // (rows.count * columns.count))) if block_rows == rows.count else 1
    block_images = min(-(-image[0] // chunks), -(-PLACES // size)) if block_planes == planes.count else 1
    block = block_planes, block_rows, columns.count
    read_image = not any(axis.padding for axis in kept)
    sheet = [axis.size if read_image else (count - 1) * axis.stride + (axis.window - 1) * axis.dilation + 1
             for axis, count in zip(kept, block)]
    volume = math.prod(sheet)
    channel_step, image_step = (volume, groups * channels * volume) if read_image else (block_images * volume, volume)

    def places(counts, steps):
        z, y, x = [np.arange(count) * step for count, step in zip(counts, steps)]
        return (((z[:, None] * sheet[1]) + y)[:, :, None] * sheet[2] + x).reshape(-1)

    a_row = np.arange(channels)[:, None] * channel_step + places([axis.window for axis in kept], [axis.dilation for axis in kept])
    a_column = np.arange(block_images)[:, None] * image_step + places(block, [axis.stride for axis in kept])
    a_row, a_column = a_row.reshape(-1), a_column.reshape(-1)
    b_row, b_column = np.arange(a_column.size) * padded, vector_table(padded // length, length)
    geometry = WeightGradient(groups, chunks, parts, block_images, block_planes, block_rows, planes.count, rows.count, columns.count,
                              *sheet, *[-axis.padding for axis in kept], 1, 1, 1, planes.stride, rows.stride, int(read_image))
    tables = np.zeros(taps, dtype), a_row, a_column, b_row, b_column, np.zeros((1, 3), np.int64), geometry
    sheet_size = 0 if read_image else channels * block_images * volume
    turned_size = (a_column.size + length) * padded
    shapes = (sharers, sheet_size), (sharers, turned_size), (chunks, groups, taps, padded)
    return weight_gradient, tables, as_volume(image, kept, False), as_volume(grad, kept, True), shapes


@functools.lru_cache(256)
def weight_plan_by_planes(image, weight, grad, stride, padding, dilation, groups, sharers, dtype):
    """The same for `weight_gradient_by_planes`."""
    outputs, channels, *window = weight
    kept = axes(image[2:], window, grad[2:], stride, padding, dilation)
    sheets = tuple(forward_sheets(axis)[0] for axis in kept)
    *_, distances, _, phases, geometry, sheet_size, _ = correlation(
        sheets, outputs // groups, 1, channels, 1, window, 1, groups, 1, dtype)
    chunks = min(image[0], CHUNKS)
    line = geometry.block_planes * geometry.sheet_rows * geometry.sheet_columns
    shapes = (sharers, sheet_size), (sharers, line), (chunks, groups, len(distances), outputs // groups)
    tables = chunks, distances, phases, geometry
    return weight_gradient_by_planes, tables, as_volume(image, kept, False), as_volume(grad, kept, True), shapes
