"""Maximum and mean over windows of planes.

A row of the output is built by one pass a window element: pass (a, b) shows to every window of the row its element
(a, b). So that a pass reads adjacent numbers whatever the stride, the rows of the plane are first sorted by phase:
columns 0, s, 2 s, ..., then 1, s + 1, ..., padding included, where s is the stride.
"""
from __future__ import annotations

import numpy as np

from ..compile import inlined, kernel, prange

ROWS = 16                       # rows of the output made together


@inlined
def elements_inside(start, window, dilation, length):
    """First and one past the last element of a window beginning at ``start`` whose place is in [0, length)."""
    first = (dilation - 1 - start) // dilation if start < 0 else 0
    end = min(window, (length - 1 - start) // dilation + 1)
    return first, max(first, end)


@inlined
def rows_read(begin, end, window, stride, pad, dilation, height):
    """First and one past the last row of the plane that windows ``begin`` to ``end`` touch."""
    low = min(height, max(0, begin * stride - pad))
    return low, max(low, min(height, (end - 1) * stride - pad + (window - 1) * dilation + 1))


@inlined
def by_phase(plane, low, high, window, stride, pad, dilation, count, fill):
    """Rows ``low`` to ``high`` of a plane as (rows, stride, places): column c + pad = place * stride + phase.

    Element b of window j is then at phase b * dilation % stride, place b * dilation // stride + j.
    """
    sorted_ = np.empty((high - low, stride, count + (window - 1) * dilation // stride), plane.dtype)
    for i in range(high - low):
        row = plane[low + i]
        for phase in range(stride):
            places = sorted_[i, phase]
            first = min(places.size, max(0, (pad - phase + stride - 1) // stride))
            end = min(places.size, max(first, (row.size - 1 + pad - phase) // stride + 1))
            for j in range(first):
                places[j] = fill
            start = np.uint64(first * stride + phase - pad)     # unsigned indices need no check for negative ones
            for j in range(np.uint64(end - first)):
                places[np.uint64(first) + j] = row[start + j * np.uint64(stride)]
            for j in range(end, places.size):
                places[j] = fill
    return sorted_


@inlined
def keep_larger(places, first, place, step, largest, index):
    """Let every window see one more element: window j that at ``first + j`` of ``places``, ``place + j * step`` in the plane."""
    for j in range(np.uint64(largest.size)):
        value = places[np.uint64(first) + j]
        larger = (value > largest[j]) | (value != value)
        largest[j] = value if larger else largest[j]
        index[j] = place + np.int32(j) * step if larger else index[j]


@inlined
def largest_of_four(upper, lower, place, width, largest, index):
    """A row of windows of 2 x 2 that do not overlap; ``place`` is that of the first element of ``upper`` in the plane."""
    for j in range(largest.size):
        value, at = upper[2 * j], 0
        other = upper[2 * j + 1]
        larger = other > value or other != other
        value, at = other if larger else value, 1 if larger else at
        other = lower[2 * j]
        larger = other > value or other != other
        value, at = other if larger else value, width if larger else at
        other = lower[2 * j + 1]
        larger = other > value or other != other
        largest[j] = other if larger else value
        index[j] = place + 2 * j + (width + 1 if larger else at)


@kernel
def max_pool2d(x, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, out, indices):
    """Largest element of each window and its place h * W + w; x is (planes, H, W), out and indices (planes, Ho, Wo).

    Among equal elements the first is taken, and a NaN before any number.
    """
    height, width, count = x.shape[1], x.shape[2], out.shape[2]
    chunks = (out.shape[1] + ROWS - 1) // ROWS
    halves = (kernel_h == 2 and kernel_w == 2 and stride_h == 2 and stride_w == 2 and pad_h == 0 and pad_w == 0
              and dilation_h == 1 and dilation_w == 1 and 2 * out.shape[1] <= height and 2 * count <= width)
    for task in prange(out.shape[0] * chunks):
        plane, begin = np.int64(task) // chunks, np.int64(task) % chunks * ROWS
        end = min(begin + ROWS, out.shape[1])
        if halves:
            for i in range(begin, end):
                largest_of_four(x[plane, 2 * i], x[plane, 2 * i + 1], 2 * i * width, width, out[plane, i], indices[plane, i])
            continue
        low, high = rows_read(begin, end, kernel_h, stride_h, pad_h, dilation_h, height)
        phases = by_phase(x[plane], low, high, kernel_w, stride_w, pad_w, dilation_w, count, x.dtype.type(-np.inf))
        start, index = np.empty(count, np.int32), np.empty(count, np.int32)     # half the width of int64, twice the speed
        for j in range(count):
            left = j * stride_w - pad_w
            start[j] = left + elements_inside(left, kernel_w, dilation_w, width)[0] * dilation_w
        for i in range(begin, end):
            largest, top = out[plane, i], i * stride_h - pad_h
            first_a, end_a = elements_inside(top, kernel_h, dilation_h, height)
            for j in range(count):
                largest[j] = -np.inf
                index[j] = (top + first_a * dilation_h) * width + start[j]
            for a in range(first_a, end_a):
                row = top + a * dilation_h
                for b in range(kernel_w):
                    first, phase = b * dilation_w // stride_w, b * dilation_w % stride_w
                    keep_larger(phases[row - low, phase], first, np.int32(row * width + b * dilation_w - pad_w),
                                np.int32(stride_w), largest, index)
            for j in range(count):
                indices[plane, i, j] = index[j]


@kernel
def max_pool2d_backward(grad, indices, out):
    """Each window's gradient, added to the place it took its maximum from.

    grad and indices are (planes, windows), out is (planes, H * W).
    """
    for p in prange(out.shape[0]):
        plane = np.int64(p)
        given, index, wanted = grad[plane], indices[plane], out[plane]
        wanted[:] = 0
        for i in range(given.size):
            wanted[np.uint64(index[i])] += given[i]


@inlined
def divisors(i, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, height, width, count_include_pad, divisor, out):
    """Fill ``out`` with what the sums of the windows of row ``i`` are divided by; windows end at the padded plane's edge."""
    top = i * stride_h - pad_h
    bottom = min(top + kernel_h, height + pad_h)
    tall = bottom - top if count_include_pad else min(bottom, height) - max(top, 0)
    for j in range(out.size):
        left = j * stride_w - pad_w
        right = min(left + kernel_w, width + pad_w)
        wide = right - left if count_include_pad else min(right, width) - max(left, 0)
        out[j] = divisor if divisor > 0 else max(1, tall * wide)


@kernel
def avg_pool2d(x, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, count_include_pad, divisor, out):
    """Mean of each window; x is (planes, H, W), out is (planes, Ho, Wo).

    A sum is divided by ``divisor``, or if that is 0 by the window's size, of which padding counts if ``count_include_pad``.
    """
    height, width, count = x.shape[1], x.shape[2], out.shape[2]
    chunks = (out.shape[1] + ROWS - 1) // ROWS
    for task in prange(out.shape[0] * chunks):
        plane, begin = np.int64(task) // chunks, np.int64(task) % chunks * ROWS
        end = min(begin + ROWS, out.shape[1])
        low, high = rows_read(begin, end, kernel_h, stride_h, pad_h, 1, height)
        phases = by_phase(x[plane], low, high, kernel_w, stride_w, pad_w, 1, count, x.dtype.type(0))
        divided = np.empty(count, x.dtype)
        for i in range(begin, end):
            total, top = out[plane, i], i * stride_h - pad_h
            total[:] = 0
            first_a, end_a = elements_inside(top, kernel_h, 1, height)
            for a in range(first_a, end_a):
                for b in range(kernel_w):
                    places, first = phases[top + a - low, b % stride_w], np.uint64(b // stride_w)
                    for j in range(np.uint64(count)):
                        total[j] += places[first + j]
            divisors(i, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, height, width, count_include_pad, divisor, divided)
            for j in range(count):
                total[j] /= divided[j]


@kernel
def avg_pool2d_backward(grad, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, count_include_pad, divisor, out):
    """Each window's gradient, shared by its elements; grad is (planes, Ho, Wo), out is (planes, H, W)."""
    height, width, count = out.shape[1], out.shape[2], grad.shape[2]
    for p in prange(out.shape[0]):
        plane = np.int64(p)
        # the layout of by_phase, long enough for each column of the plane
        length = max(count + (kernel_w - 1) // stride_w, (width + pad_w + stride_w - 1) // stride_w)
        phases = np.zeros((height, stride_w, length), out.dtype)
        share = np.empty(count, out.dtype)
        for i in range(grad.shape[1]):
            divisors(i, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, height, width, count_include_pad, divisor, share)
            for j in range(count):
                share[j] = grad[plane, i, j] / share[j]
            top = i * stride_h - pad_h
            first_a, end_a = elements_inside(top, kernel_h, 1, height)
            for a in range(first_a, end_a):
                for b in range(kernel_w):
                    places, first = phases[top + a, b % stride_w], np.uint64(b // stride_w)
                    for j in range(np.uint64(count)):
                        places[first + j] += share[j]
        for i in range(height):
            for phase in range(stride_w):
                for j in range((pad_w - phase + stride_w - 1) // stride_w, (width - 1 + pad_w - phase) // stride_w + 1):
                    out[plane, i, j * stride_w + phase - pad_w] = phases[i, phase, j]
