"""Convolution of volumes (N, C, D, H, W), and its gradients: windows as columns, and a product by cuBLAS."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from .block import a_block_for_each, composed, row_sum
from .launch import THREADS, Kernel, cuda
from .matmul import matmul
from .reduction import empty_beside, reduce_columns

COLUMNS_BYTES = 1 << 28         # about what columns may take: samples are taken a few at a time


def windows_as_columns(x, window, stride, padding, dilation, count, out):
    """Elements of all windows of x (planes, D, H, W); out is (planes, elements of a window, windows)."""
    elements, windows = out.shape[1], out.shape[2]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        plane, element, at = place // (elements * windows), place // windows % elements, place % windows
        i, j, k = element // (window[1] * window[2]), element // window[2] % window[1], element % window[2]
        a, b, c = at // (count[1] * count[2]), at // count[2] % count[1], at % count[2]
        d = a * stride[0] - padding[0] + i * dilation[0]
        y = b * stride[1] - padding[1] + j * dilation[1]
        z = c * stride[2] - padding[2] + k * dilation[2]
        value = out.dtype.type(0)
        if 0 <= d < x.shape[1] and 0 <= y < x.shape[2] and 0 <= z < x.shape[3]:
            value = x[plane, d, y, z]
        out[plane, element, at] = value


def window_of(place, tap, stride, padding, dilation, count):
    """The window whose element ``tap`` lies at a place along one dimension, or -1."""
    start = place + padding - tap * dilation
    if start < 0 or start % stride != 0 or start // stride >= count:
        return -1
    return start // stride


def sums_of_columns(x, window, stride, padding, dilation, count, out):
    """The transpose of `windows_as_columns`: elements of all windows x added up in out (planes, D, H, W)."""
    depth, height, width = out.shape[1], out.shape[2], out.shape[3]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        plane, d = place // (depth * height * width), place // (height * width) % depth
        y, z, total = place // width % height, place % width, out.dtype.type(0)
        for i in range(window[0]):
            a = window_of(d, i, stride[0], padding[0], dilation[0], count[0])
            for j in range(window[1] if a >= 0 else 0):
                b = window_of(y, j, stride[1], padding[1], dilation[1], count[1])
                for k in range(window[2] if b >= 0 else 0):
                    c = window_of(z, k, stride[2], padding[2], dilation[2], count[2])
                    if c >= 0:
                        total += x[plane, (i * window[1] + j) * window[2] + k, (a * count[1] + b) * count[2] + c]
        out[plane, d, y, z] = total


def add_channels(bias, out):
    """Add bias (C,) to the channels of out (N, C, inner)."""
    channels, inner = out.shape[1], out.shape[2]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        c = place // inner % channels
        out[place // (channels * inner), c, place % inner] += bias[c]


def sum_channels(grad, out):
    """Sums of grad (N, C, inner) over all but the channels."""
    shared = cuda.shared.array(THREADS, np.float64)
    inner = grad.shape[2]
    for channel in range(cuda.blockIdx.x, out.size, cuda.gridDim.x):
        total = 0.0
        for k in range(cuda.threadIdx.x, grad.shape[0] * inner, cuda.blockDim.x):
            total += grad[k // inner, channel, k % inner]
        whole = row_sum(shared, total)
        if cuda.threadIdx.x == 0:
            out[channel] = whole


unfolded, folded = Kernel(windows_as_columns), Kernel(sums_of_columns)
add_bias, bias_sums = Kernel(add_channels), Kernel(sum_channels, "sum_channels", a_block_for_each(1))


def by_channel(array: Any) -> Any:
    """(N, C, \\*) as (N, C, inner)."""
    return array.reshape(*array.shape[:2], math.prod(array.shape[2:]))


def in_planes(array: Any) -> Any:
    """(N, C, D, H, W) as (N * C, D, H, W)."""
    return array.reshape(array.shape[0] * array.shape[1], *array.shape[2:])


def sizes_of(images: Any, window: tuple, results: Any, groups: int) -> tuple[int, int, int, int]:
    """Samples taken at once, windows of a sample, and how many inputs and outputs a group has."""
    elements, windows = math.prod(window[2:]), math.prod(results.shape[2:])
    bytes_of_sample = max(1, images.shape[1] * elements * windows * images.itemsize)
    return max(1, COLUMNS_BYTES // bytes_of_sample), windows, images.shape[1] // groups * elements, window[0] // groups


def columns_of(images: Any, window: tuple, geometry: tuple, count: tuple, groups: int) -> Any:
    """The windows of images, (N, groups, elements of a group's window, windows)."""
    made = empty_beside(images, (images.shape[0] * images.shape[1], math.prod(window), math.prod(count)), images.dtype)
    unfolded(in_planes(images), window, *geometry, count, made)
    return made.reshape(len(images), groups, images.shape[1] // groups * math.prod(window), math.prod(count))


@composed
def convolution(input, weight, bias, stride, padding, dilation, groups, out):
    """Cross-correlation of input (N, C, D, H, W) with weight (C_out, C / groups, kd, kh, kw), plus bias (C_out) or None."""
    if not out.size:
        return
    if not weight.size:
        out.fill(0)
    else:
        together, windows, depth, outputs = sizes_of(input, weight.shape, out, groups)
        for first in range(0, len(input), together):
            images, results = input[first:first + together], out[first:first + together]
            columns = columns_of(images, weight.shape[2:], (stride, padding, dilation), out.shape[2:], groups)
            matmul(weight.reshape(groups, outputs, depth), columns, results.reshape(len(images), groups, outputs, windows))
    if bias is not None:
        add_bias(bias, by_channel(out))


@composed
def convolution_backward_input(grad, weight, bias, stride, padding, dilation, groups, out):
    """Gradient of the input, from grad (N, C_out, D_out, H_out, W_out), plus bias (C) or None: a transposed convolution."""
    if not out.size:
        return
    if not grad.size or not weight.size:
        out.fill(0)
    else:
        together, windows, depth, outputs = sizes_of(out, weight.shape, grad, groups)
        turned, elements = weight.reshape(groups, outputs, depth).swapaxes(1, 2), math.prod(weight.shape[2:])
        for first in range(0, len(grad), together):
            given, images = grad[first:first + together], out[first:first + together]
            columns = empty_beside(grad, (len(given), groups, depth, windows), grad.dtype)
            matmul(turned, given.reshape(len(given), groups, outputs, windows), columns)
            planes = in_planes(images)
            folded(columns.reshape(len(planes), elements, windows), weight.shape[2:], stride, padding, dilation, grad.shape[2:], planes)
    if bias is not None:
        add_bias(bias, by_channel(out))


@composed
def convolution_backward_weight(grad, input, stride, padding, dilation, groups, out, bias_out=None):
    """Gradient of the weight, from grad (N, C_out, D_out, H_out, W_out); that of the bias too where ``bias_out`` is given."""
    if bias_out is not None:
        bias_sums(by_channel(grad), bias_out)
    if not grad.size or not out.size:
        out.fill(0)
        return
    together, windows, depth, outputs = sizes_of(input, out.shape, grad, groups)
    products = empty_beside(grad, (len(grad), groups, outputs, depth), grad.dtype)
    for first in range(0, len(grad), together):
        given, images = grad[first:first + together], input[first:first + together]
        columns = columns_of(images, out.shape[2:], (stride, padding, dilation), grad.shape[2:], groups)
        matmul(given.reshape(len(given), groups, outputs, windows), columns.swapaxes(2, 3), products[first:first + together])
    reduce_columns("sum", out.dtype.char)(products.reshape(1, len(grad), out.size), (), out.reshape(1, out.size))
