"""Convolution of volumes (N, C, D, H, W), and its gradients; images have one plane, signals one plane with rows of one number.

Plans of the work are in `convolution_plans`, loops in `convolution_loops`. Integers and complex numbers are summed tap by
tap in `convolution_by_taps`.
"""
from __future__ import annotations

import numpy as np

from .. import table, threads
from . import convolution_by_taps as by_taps
from .convolution_loops import add_chunks, correlate
from .convolution_plans import backward_plans, forward_plans, weight_plan, weight_plan_by_planes
from .matmul import matmul
from .workspace import scratch

FEW = 4                         # outputs of a group for which the weight's gradient is made plane by plane


def writable(x):
    """x, or a copy of what may not be written: compiled code would take it for another type of array."""
    return x if x.flags.writeable else x.copy()


def workers() -> int:
    """How many threads share a convolution."""
    return 1 if threads.serial_only() else threads.count


def one_window(image, weight, padding, groups):
    """Whether the window is the image, so that convolution is a product of matrices."""
    return groups == 1 and image.shape[2:] == weight.shape[2:] and not any(padding)


def as_rows(x):
    return x.reshape(len(x), -1)


def run(x, weight, bias, plans, groups, out):
    """One `correlate` for each of ``plans``."""
    bias = np.zeros(out.shape[1], x.dtype) if bias is None else writable(bias)
    for *tables, geometry, sheet_size, sums_size in plans:
        sheets, sums = scratch("sheets", x.dtype, (workers(), sheet_size)), scratch("sums", x.dtype, (workers(), sums_size))
        places = geometry.planes * geometry.rows * geometry.columns
        work = len(x) * groups * places * len(tables[0]) * len(tables[1])
        correlate(x, weight.reshape(-1), bias, *tables, geometry, sheets, sums, out, work=work // 16)


def convolution(input, weight, bias, stride, padding, dilation, groups, out):
    """Cross-correlation of input (N, C, D, H, W) with weight (C_out, C / groups, kd, kh, kw), plus bias (C_out) or None."""
    if out.size == 0:
        return
    if weight.size == 0:
        out[...] = 0 if bias is None else bias[:, None, None, None]
    elif one_window(input, weight, padding, groups):
        matmul(as_rows(input), as_rows(weight).T, as_rows(out))
        if bias is not None:
            out += bias[:, None, None, None]
    elif input.dtype.kind != "f":
        by_taps.convolution(input, weight, bias, stride, padding, dilation, groups, out)
    else:
        plans, image, made = forward_plans(input.shape, weight.shape, out.shape, stride, padding, dilation, groups, workers(), input.dtype)
        run(writable(input).reshape(image), writable(weight), bias, plans, groups, out.reshape(made))


def convolution_backward_input(grad, weight, bias, stride, padding, dilation, groups, out):
    """Gradient of the input, from grad (N, C_out, D_out, H_out, W_out), plus bias (C) or None: a transposed convolution."""
    if out.size == 0:
        return
    start = 0 if bias is None else bias[:, None, None, None]
    if grad.size == 0 or weight.size == 0:
        out[...] = start
    elif one_window(out, weight, padding, groups):
        matmul(as_rows(grad), as_rows(weight), as_rows(out))
        if bias is not None:
            out += start
    elif grad.dtype.kind != "f":
        by_taps.convolution_backward_input(grad, weight, bias, stride, padding, dilation, groups, out)
    else:
        plans, image, made, complete = backward_plans(
            out.shape, weight.shape, grad.shape, stride, padding, dilation, groups, workers(), grad.dtype)
        if not complete:
            out[...] = start    # no tap meets some phases
        run(writable(grad).reshape(image), writable(weight), bias, plans, groups, out.reshape(made))


def convolution_backward_weight(grad, input, stride, padding, dilation, groups, out, bias_out=None):
    """Gradient of the weight, from grad (N, C_out, D_out, H_out, W_out); that of the bias too where ``bias_out`` is given."""
    if grad.size == 0 or out.size == 0 or grad.dtype.kind != "f":
        by_taps.convolution_backward_weight(grad, input, stride, padding, dilation, groups, out)
        if bias_out is not None:
            np.sum(grad, axis=(0, 2, 3, 4), out=bias_out)
        return
    if one_window(input, out, padding, groups):
        matmul(as_rows(grad).T, as_rows(input), as_rows(out))
        if bias_out is not None:
            np.sum(as_rows(grad), axis=0, out=bias_out)
        return
    outputs, dtype = len(out) // groups, grad.dtype
    plan = weight_plan if outputs > FEW else weight_plan_by_planes
    kernel, tables, image, result, shapes = plan(
        input.shape, out.shape, grad.shape, stride, padding, dilation, groups, workers(), dtype)
    sheets, turned, sums = [scratch(name, dtype, shape) for name, shape in zip(("sheets", "turned", "sums"), shapes)]
    bias_sums = scratch("bias_sums", dtype, (*shapes[2][:2], shapes[2][3]))
    kernel(writable(grad).reshape(result), writable(input).reshape(image), *tables, sheets, turned, sums, bias_sums,
           work=grad.size * shapes[2][2] // 16)
    add_chunks(sums, out.reshape(groups, outputs, -1), work=sums.size)
    if bias_out is not None:
        bias_out[...] = bias_sums.sum(0)[:, :outputs].reshape(-1)


for function in (convolution, convolution_backward_input, convolution_backward_weight):
    table.enter("cpu", function.__name__, function)
