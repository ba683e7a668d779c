"""Convolution as one matrix product for each tap of the weight, in NumPy: for integers, which wrap, and complex numbers."""
from __future__ import annotations

import itertools

import numpy as np


def taps(x, counts, window, stride, dilation):
    """For each tap: its index, and a view of padded x (N, C, D, H, W) with the numbers that it meets."""
    for tap in itertools.product(*map(range, window)):
        starts = [place * step for place, step in zip(tap, dilation)]
        yield tap, x[(..., *[slice(start, start + (count - 1) * step + 1, step) for start, count, step in zip(starts, counts, stride)])]


def in_groups(x, groups, axis):
    """x with its channels in two dimensions: of the group, in the group."""
    return x.reshape(*x.shape[:axis], groups, -1, *x.shape[axis + 1:])


def padded_with(x, padding):
    return np.pad(x, ((0, 0), (0, 0), *[(one, one) for one in padding]))


def convolution(input, weight, bias, stride, padding, dilation, groups, out):
    out[...] = 0 if bias is None else bias[:, None, None, None]
    weight, result = in_groups(weight, groups, 0), in_groups(out, groups, 1)
    for tap, seen in taps(padded_with(input, padding), out.shape[2:], weight.shape[3:], stride, dilation):
        result += np.einsum("ngcdhw,goc->ngodhw", in_groups(seen, groups, 1), weight[(..., *tap)])


def convolution_backward_input(grad, weight, bias, stride, padding, dilation, groups, out):
    weight, grad = in_groups(weight, groups, 0), in_groups(grad, groups, 1)
    made = padded_with(np.zeros_like(out), padding)
    for tap, met in taps(made, grad.shape[3:], weight.shape[3:], stride, dilation):
        met += np.einsum("ngodhw,goc->ngcdhw", grad, weight[(..., *tap)]).reshape(met.shape)
    inside = made[(..., *[slice(one, one + size) for one, size in zip(padding, out.shape[2:])])]
    out[...] = inside if bias is None else inside + bias[:, None, None, None]


def convolution_backward_weight(grad, input, stride, padding, dilation, groups, out):
    out[...] = 0
    if out.size and grad.size:
        result, gradients = in_groups(out, groups, 0), in_groups(grad, groups, 1)
        for tap, seen in taps(padded_with(input, padding), grad.shape[2:], out.shape[2:], stride, dilation):
            result[(..., *tap)] = np.einsum("ngcdhw,ngodhw->goc", in_groups(seen, groups, 1), gradients)
