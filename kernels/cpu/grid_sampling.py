"""Images and volumes looked up at any places.

A place is a coordinate for each axis, from -1 to 1 across the image. Along an axis an element is a sum of one (nearest), two
(linear) or four (cubic) taps, each a place in the image, a weight, and the weight's first and second derivative by the coordinate.
The taps of all axes are multiplied out for a block of points, and then every channel is gone through with them. An image is a
volume of depth 1.

``direction``, if not empty, is a vector at each point: then the derivative of the image in that direction is looked up.
"""
from __future__ import annotations

import numpy as np

from .. import bits
from ..compile import inlined, kernel, prange

BLOCK = 256                     # points whose taps are kept together
PIECE = 8 * BLOCK               # points of a task
NEAREST, CUBIC = 1, 2           # modes; 0 is linear
REFLECTION = 2      # a padding; 0 is zeros, 1 the border
GROUPS = 16                     # tasks, at least, that the channels of few images are split into


@inlined
def keep_inside(at, rate, size, padding, align):
    """Bring coordinates into the image as ``padding`` says, and multiply ``rate`` by the derivative of that."""
    kind = at.dtype.type
    zero, one, last = kind(0), kind(1), kind(size - 1)
    if padding == REFLECTION:
        low = zero if align else kind(-0.5)
        span, half = last - low - low, kind(0.5)
        for j in range(at.size):
            away = abs(at[j] - low)
            flips = bits.floor(away / span)
            away -= flips * span
            odd = flips * half != bits.floor(flips * half)
            sign = -one if odd != (at[j] < low) else one
            at[j] = (span - away if odd else away) + low if span > zero else zero
            rate[j] *= sign
    if padding != 0:
        for j in range(at.size):
            rate[j] = rate[j] if (at[j] > zero) & (at[j] < last) else zero
            at[j] = min(max(at[j], zero), last)


@inlined
def as_places(at, last, places):
    """Whole coordinates as integers, -1 for those outside of the image."""
    zero = last - last
    for j in range(at.size):
        places[j] = np.int32(at[j]) if (at[j] >= zero) & (at[j] <= last) else np.int32(-1)


@inlined
def cubic_taps(part, rate, k, weights, slopes, curves):
    """Weights of tap ``k`` of four, by the cubic kernel of Keys (1981) with a = -3/4, for points ``part`` behind the second one."""
    kind = part.dtype.type
    far = k == 0 or k == 3
    # weight, slope and curve are polynomials of the distance
    a, b, c, d = (kind(-0.75), kind(3.75), kind(-6), kind(3)) if far else (kind(1.25), kind(-2.25), kind(0), kind(1))
    for j in range(part.size):
        away = part[j] + kind(1 - k) if k < 2 else kind(k - 1) - part[j]
        sign = rate[j] if k < 2 else -rate[j]
        weights[j] = ((a * away + b) * away + c) * away + d
        slopes[j] = ((kind(3) * a * away + kind(2) * b) * away + c) * sign
        curves[j] = (kind(6) * a * away + kind(2) * b) * rate[j] * rate[j]


@inlined
def taps_along(grid, axis, size, mode, padding, align, buffers, places, weights, slopes, curves):
    """Places (taps, points) along an axis, -1 for one outside, and weights with their derivatives, for the points of ``grid``."""
    count = grid.shape[0]
    at, rate, part, base = buffers[0, :count], buffers[1, :count], buffers[2, :count], buffers[3, :count]
    kind = at.dtype.type
    one, half, last = kind(1), kind(0.5), kind(size - 1)
    scale, shift = (last * half, kind(0)) if align else (kind(size) * half, half)
    for j in range(count):
        given = grid[j, axis]
        given = given if given - given == kind(0) else -one         # NaN and infinity count as -1
        at[j] = (given + one) * scale - shift
        rate[j] = scale
    if mode != CUBIC:
        keep_inside(at, rate, size, padding, align)
    for j in range(count):
        base[j] = bits.rint(at[j]) if mode == NEAREST else bits.floor(at[j])
        part[j] = at[j] - base[j]
    for k in range(4 if mode == CUBIC else 2 - mode):
        if mode == CUBIC:
            cubic_taps(part, rate, k, weights[k], slopes[k], curves[k])
        else:
            sign = kind(0) if mode == NEAREST else kind(2 * k - 1)
            for j in range(count):
                weights[k, j], slopes[k, j], curves[k, j] = kind(1 - k) + sign * part[j], sign * rate[j], 0
        for j in range(count):
            at[j] = base[j] + kind(k - 1 if mode == CUBIC else k)
        if mode == CUBIC:
            keep_inside(at, buffers[4, :count], size, padding, align)
        for j in range(count):
            at[j] = bits.rint(at[j])
        as_places(at, last, places[k])


@inlined
def simple_products(wx, wy, wz, vx, vy, vz, with_slopes, weight, slope_x, slope_y, slope_z):
    """Products of weights, and if wanted their derivatives."""
    for j in range(weight.size):
        weight[j] = wx[j] * wy[j] * wz[j]
    if with_slopes:
        for j in range(weight.size):
            slope_x[j] = vx[j] * wy[j] * wz[j]
            slope_y[j] = wx[j] * vy[j] * wz[j]
            slope_z[j] = wx[j] * wy[j] * vz[j]


@inlined
def directed_products(direction, wx, wy, wz, vx, vy, vz, cx, cy, cz, weight, slope_x, slope_y, slope_z):
    """The derivative of products of weights in a direction at each point, and its derivatives."""
    deep = direction.shape[1] == 3
    for j in range(weight.size):
        dx, dy = direction[j, 0], direction[j, 1]
        dz = direction[j, 2] if deep else dx - dx
        weight[j] = dx * vx[j] * wy[j] * wz[j] + dy * wx[j] * vy[j] * wz[j] + dz * wx[j] * wy[j] * vz[j]
        slope_x[j] = dx * cx[j] * wy[j] * wz[j] + dy * vx[j] * vy[j] * wz[j] + dz * vx[j] * wy[j] * vz[j]
        slope_y[j] = dx * vx[j] * vy[j] * wz[j] + dy * wx[j] * cy[j] * wz[j] + dz * wx[j] * vy[j] * vz[j]
        slope_z[j] = dx * vx[j] * wy[j] * vz[j] + dy * wx[j] * vy[j] * vz[j] + dz * wx[j] * wy[j] * cz[j]


@inlined
def taps_of(grid, direction, depth, height, width, mode, padding, align, with_slopes, memory):
    """Fill in places in the flat volume, weights and slopes (3, taps, points) for a block of points; how many taps there are."""
    buffers, along, weights, slopes, curves, place, weight, slope = memory
    axes, count, many = grid.shape[1], grid.shape[0], 4 if mode == CUBIC else 2 - mode
    for axis in range(axes):
        size = width if axis == 0 else height if axis == 1 else depth
        taps_along(grid, axis, size, mode, padding, align, buffers, along[axis], weights[axis], slopes[axis], curves[axis])
    flat, high, wide = many if axes == 3 else 1, np.int32(height), np.int32(width)
    for t in range(many * many * flat):
        x, y, z = t % many, t // many % many, t // (many * many)
        px, py, pz, made = along[0, x], along[1, y], along[2, z], place[t]
        for j in range(count):
            made[j] = np.int32((pz[j] * high + py[j]) * wide + px[j]) if (px[j] | py[j] | pz[j]) >= np.int32(0) else np.int32(-1)
        if direction.shape[0] == 0:
            simple_products(weights[0, x], weights[1, y], weights[2, z], slopes[0, x], slopes[1, y], slopes[2, z], with_slopes,
                            weight[t, :count], slope[0, t], slope[1, t], slope[2, t])
        else:
            directed_products(direction, weights[0, x], weights[1, y], weights[2, z], slopes[0, x], slopes[1, y], slopes[2, z],
                              curves[0, x], curves[1, y], curves[2, z], weight[t, :count], slope[0, t], slope[1, t], slope[2, t])
    return many * many * flat


@inlined
def room(kind):
    """Memory for the taps of a block, along the axes and multiplied out; a missing third axis has one tap of weight 1."""
    buffers, along, weights = np.empty((5, BLOCK), kind), np.empty((3, 4, BLOCK), np.int32), np.empty((3, 4, BLOCK), kind)
    slopes, curves = np.empty((3, 4, BLOCK), kind), np.empty((3, 4, BLOCK), kind)
    for j in range(BLOCK):
        along[2, 0, j], weights[2, 0, j], slopes[2, 0, j], curves[2, 0, j] = 0, 1, 0, 0
    place, weight, slope = np.empty((16, BLOCK), np.int32), np.empty((16, BLOCK), kind), np.empty((3, 16, BLOCK), kind)
    return buffers, along, weights, slopes, curves, place, weight, slope


@inlined
def element(row, at):
    """The element at a place, zero at -1."""
    found = row[np.uint32(max(at, np.int32(0)))]
    return found if at >= np.int32(0) else row.dtype.type(0)


@inlined
def four_taps(row, place, weight, made):
    """Add four weighted elements to each of ``made``."""
    p0, p1, p2, p3, w0, w1, w2, w3 = place[0], place[1], place[2], place[3], weight[0], weight[1], weight[2], weight[3]
    for j in range(made.size):
        made[j] += (w0[j] * element(row, p0[j]) + w1[j] * element(row, p1[j])
                    + w2[j] * element(row, p2[j]) + w3[j] * element(row, p3[j]))


@inlined
def look_up(row, place, weight, taps, made):
    """Sums of weighted elements of a row."""
    if taps % 4 != 0:
        one, factor = place[0], weight[0]
        for j in range(made.size):
            made[j] = factor[j] * element(row, one[j])
        return
    for j in range(made.size):
        made[j] = 0
    for t in range(0, taps, 4):
        four_taps(row, place[t:t + 4], weight[t:t + 4], made)


@inlined
def four_back(volume, place, weight, given):
    """Add weighted gradients to where four taps came from."""
    p0, p1, p2, p3, w0, w1, w2, w3 = place[0], place[1], place[2], place[3], weight[0], weight[1], weight[2], weight[3]
    for j in range(given.size):
        if p0[j] >= np.int32(0):
            volume[np.uint32(p0[j])] += w0[j] * given[j]
        if p1[j] >= np.int32(0):
            volume[np.uint32(p1[j])] += w1[j] * given[j]
        if p2[j] >= np.int32(0):
            volume[np.uint32(p2[j])] += w2[j] * given[j]
        if p3[j] >= np.int32(0):
            volume[np.uint32(p3[j])] += w3[j] * given[j]


@inlined
def add_products(row, one, given, total):
    """Add gradient times element."""
    for j in range(given.size):
        total[j] += given[j] * element(row, one[j])


@kernel
def grid_sample(x, grid, direction, depth, height, width, mode, padding, align, out):
    """Elements of x (N, C, depth * height * width) at the points of grid (N, points, axes), out is (N, C, points)."""
    pieces = (grid.shape[1] + PIECE - 1) // PIECE
    for task in prange(grid.shape[0] * pieces):
        n, piece = np.int64(task) // pieces, np.int64(task) % pieces * PIECE
        memory = room(out.dtype)
        place, weight = memory[5], memory[6]
        for start in range(piece, min(piece + PIECE, grid.shape[1]), BLOCK):
            end = min(start + BLOCK, grid.shape[1])
            taps = taps_of(grid[n, start:end], direction[n, start:end], depth, height, width, mode, padding, align,
                           False, memory)
            for c in range(x.shape[1]):
                look_up(x[n, c], place, weight, taps, out[n, c, start:end])


@kernel
def grid_sample_input_grad(grad, grid, direction, depth, height, width, mode, padding, align, out):
    """Each point's gradient (N, C, points), back where it came from; out is (N, C, depth * height * width)."""
    channels = out.shape[1]
    groups = max(1, min(channels, (GROUPS + out.shape[0] - 1) // max(1, out.shape[0])))
    for task in prange(out.shape[0] * groups):
        n, group = np.int64(task) // groups, np.int64(task) % groups
        memory = room(out.dtype)
        place, weight = memory[5], memory[6]
        for c in range(group * channels // groups, (group + 1) * channels // groups):
            out[n, c, :] = 0
        for start in range(0, grid.shape[1], BLOCK):
            end = min(start + BLOCK, grid.shape[1])
            taps = taps_of(grid[n, start:end], direction[n, start:end], depth, height, width, mode, padding, align,
                       False, memory)
            for c in range(group * channels // groups, (group + 1) * channels // groups):
                volume, given = out[n, c], grad[n, c, start:end]
                if taps % 4 == 0:
                    for t in range(0, taps, 4):
                        four_back(volume, place[t:t + 4], weight[t:t + 4], given)
                    continue
                for j in range(given.size):
                    if place[0, j] >= np.int32(0):
                        volume[np.uint32(place[0, j])] += weight[0, j] * given[j]


@kernel
def grid_sample_grid_grad(grad, x, grid, direction, depth, height, width, mode, padding, align, out):
    """How the sum of grad (N, C, points) times the elements at the points changes with these; out is as grid."""
    pieces = (grid.shape[1] + PIECE - 1) // PIECE
    for task in prange(grid.shape[0] * pieces):
        n, piece = np.int64(task) // pieces, np.int64(task) % pieces * PIECE
        memory = room(out.dtype)
        place, weight, slope = memory[5], memory[6], memory[7]
        for start in range(piece, min(piece + PIECE, grid.shape[1]), BLOCK):
            end = min(start + BLOCK, grid.shape[1])
            taps = taps_of(grid[n, start:end], direction[n, start:end], depth, height, width, mode, padding, align,
                           True, memory)
            weight[:] = 0                           # from here on the sum over channels of gradient times element
            for c in range(x.shape[1]):
                row, given = x[n, c], grad[n, c, start:end]
                for t in range(taps):
                    add_products(row, place[t], given, weight[t])
            for j in range(end - start):
                for axis in range(grid.shape[2]):
                    total = weight[0, j] * slope[axis, 0, j]
                    for t in range(1, taps):
                        total += weight[t, j] * slope[axis, t, j]
                    out[n, start + j, axis] = total
