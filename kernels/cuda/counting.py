"""Places in sorted rows, and counts of whole numbers and of intervals: a thread an element, and atomic additions."""
import numpy as np

from ..cpu.counting import bin_of, place_in
from .block import a_thread_an_element, composed
from .launch import Kernel, cuda, kernel


@kernel
def searchsorted(ordered, values, right, out):
    """ordered (outer or 1, n) rows in order, values (outer, m) -> out (outer, m): where each value would be put in."""
    m = values.shape[1]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        row = place // m
        among = ordered[row if ordered.shape[0] > 1 else 0]
        out[row, place % m] = place_in(among, values[row, place % m], right)


def add_ones(x, out):
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        cuda.atomic.add(out, x[i], out.dtype.type(1))


def add_weights(x, weights, out):
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        cuda.atomic.add(out, x[i], weights[i])


def add_to_bins(x, lower, upper, out):
    scale = out.size / (upper - lower)
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        value = np.float64(x[i])
        if lower <= value and value <= upper:
            cuda.atomic.add(out, bin_of(value, lower, scale, out.size), out.dtype.type(1))


ones, weighted = Kernel(add_ones, "add_ones", a_thread_an_element(0)), Kernel(add_weights, "add_weights", a_thread_an_element(0))
to_bins = Kernel(add_to_bins, "add_to_bins", a_thread_an_element(0))


@composed
def bincount(x, out):
    """x (size,) of integers in [0, bins) -> out (bins,): how often each comes."""
    out.fill(0)
    ones(x, out)


@composed
def bincount_weighted(x, weights, out):
    """x (size,) of integers in [0, bins), weights (size,) -> out (bins,): the sum of the weights of each."""
    out.fill(0)
    weighted(x, weights, out)


@composed
def histc(x, lower, upper, out):
    """x (size,) -> out (bins,): how many elements lie in each of equal parts of [lower, upper]; others are left out."""
    out.fill(0)
    to_bins(x, lower, upper, out)
