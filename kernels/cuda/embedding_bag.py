"""Sums and maxima of bags of rows: a thread an element of a bag. Gradients of the weight are added up by atomic additions."""
from __future__ import annotations

from ..cpu.embedding_bag import share_of
from .block import a_thread_an_element, composed
from .launch import Kernel, cuda, kernel


@kernel
def bag_sums(weight, index, bounds, scale, mean, out):
    """weight (rows, width), index (m,), bounds (bags + 1,) -> out (bags, width)."""
    width = out.shape[1]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        bag, j = place // width, place % width
        share, total = share_of(bag, bounds, mean, out), out.dtype.type(0)
        for i in range(bounds[bag], bounds[bag + 1]):
            factor = share * scale[i] if scale.size > 0 else share
            total += factor * weight[index[i], j]
        out[bag, j] = total


def add_rows_of_bags(grad, index, bounds, scale, mean, out):
    """Add each bag's gradient to those of its rows."""
    width = out.shape[1]
    for place in range(cuda.grid(1), grad.size, cuda.gridsize(1)):
        bag, j = place // width, place % width
        share = share_of(bag, bounds, mean, out)
        for i in range(bounds[bag], bounds[bag + 1]):
            factor = share * scale[i] if scale.size > 0 else share
            cuda.atomic.add(out, (index[i], j), factor * grad[bag, j])


def add_maxima_of_bags(grad, places, bounds, out):
    """Add each bag's gradient to those of the rows of its maxima."""
    width = out.shape[1]
    for place in range(cuda.grid(1), grad.size, cuda.gridsize(1)):
        bag, j = place // width, place % width
        if bounds[bag + 1] > bounds[bag]:
            cuda.atomic.add(out, (places[bag, j], j), grad[bag, j])


add_sums = Kernel(add_rows_of_bags, "add_rows_of_bags", a_thread_an_element(0))
add_maxima = Kernel(add_maxima_of_bags, "add_maxima_of_bags", a_thread_an_element(0))


@composed
def bag_sums_backward(grad, index, bounds, scale, mean, out):
    """Gradient of the weight of `bag_sums`; grad (bags, width), out (rows, width)."""
    out.fill(0)
    add_sums(grad, index, bounds, scale, mean, out)


@composed
def bag_maxima_backward(grad, places, bounds, out):
    """Gradient of the weight of `bag_maxima`; grad and places (bags, width), out (rows, width)."""
    out.fill(0)
    add_maxima(grad, places, bounds, out)


@kernel(geometry=a_thread_an_element(3))
def bag_products(grad, weight, index, bounds, mean, out):
    """Gradient of the factors of `bag_sums`; grad (bags, width), weight (rows, width), out (m,)."""
    for bag in range(cuda.grid(1), grad.shape[0], cuda.gridsize(1)):
        share = share_of(bag, bounds, mean, out)
        for i in range(bounds[bag], bounds[bag + 1]):
            total = out.dtype.type(0)
            for j in range(grad.shape[1]):
                total += grad[bag, j] * weight[index[i], j]
            out[i] = share * total


@kernel
def bag_maxima(weight, index, bounds, places, out):
    """The largest of each column of a bag, 0 if it is empty, in out (bags, width), and the row where it is first met, in places."""
    width = out.shape[1]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        bag, j = place // width, place % width
        best, met = out.dtype.type(0), 0
        for i in range(bounds[bag], bounds[bag + 1]):
            value = weight[index[i], j]
            if i == bounds[bag] or value > best:
                best, met = value, index[i]
        out[bag, j], places[bag, j] = best, met
