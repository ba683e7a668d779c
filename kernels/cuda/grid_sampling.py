"""Images and volumes looked up at any places: a thread a point, whose taps are found by the CPU's formulas, one point at a time."""
import numpy as np

from ..cpu.grid_sampling import element, taps_of
from .block import composed
from .launch import BLOCKS, THREADS, Kernel, cuda, kernel


def without_depth(along, weights, slopes, curves):
    """A missing third axis has one tap of weight 1."""
    along[2, 0, 0], weights[2, 0, 0], slopes[2, 0, 0], curves[2, 0, 0] = 0, 1, 0, 0


def of_grid(position):
    """Geometry with a thread for each point of the grid (N, points, axes), the argument at ``position``."""
    def geometry(*args):
        shape = args[position].shape
        return (min(BLOCKS, -(-shape[0] * shape[1] // THREADS)), 1, 1), (THREADS, 1, 1)
    return geometry


@kernel(geometry=of_grid(1))
def grid_sample(x, grid, direction, depth, height, width, mode, padding, align, out):
    """Elements of x (N, C, depth * height * width) at the points of grid (N, points, axes), out is (N, C, points)."""
    buffers, along = cuda.local.array((5, 1), grid.dtype), cuda.local.array((3, 4, 1), np.int32)
    weights, slopes = cuda.local.array((3, 4, 1), grid.dtype), cuda.local.array((3, 4, 1), grid.dtype)
    curves, place = cuda.local.array((3, 4, 1), grid.dtype), cuda.local.array((16, 1), np.int32)
    weight, slope = cuda.local.array((16, 1), grid.dtype), cuda.local.array((3, 16, 1), grid.dtype)
    without_depth(along, weights, slopes, curves)
    points = grid.shape[1]
    for task in range(cuda.grid(1), grid.shape[0] * points, cuda.gridsize(1)):
        n, i = task // points, task % points
        taps = taps_of(grid[n, i:i + 1], direction[n, i:i + 1], depth, height, width, mode, padding, align, False,
                       (buffers, along, weights, slopes, curves, place, weight, slope))
        for c in range(x.shape[1]):
            row, total = x[n, c], out.dtype.type(0)
            for t in range(taps):
                total += weight[t, 0] * element(row, place[t, 0])
            out[n, c, i] = total


def add_to_volumes(grad, grid, direction, depth, height, width, mode, padding, align, out):
    buffers, along = cuda.local.array((5, 1), grid.dtype), cuda.local.array((3, 4, 1), np.int32)
    weights, slopes = cuda.local.array((3, 4, 1), grid.dtype), cuda.local.array((3, 4, 1), grid.dtype)
    curves, place = cuda.local.array((3, 4, 1), grid.dtype), cuda.local.array((16, 1), np.int32)
    weight, slope = cuda.local.array((16, 1), grid.dtype), cuda.local.array((3, 16, 1), grid.dtype)
    without_depth(along, weights, slopes, curves)
    points = grid.shape[1]
    for task in range(cuda.grid(1), grid.shape[0] * points, cuda.gridsize(1)):
        n, i = task // points, task % points
        taps = taps_of(grid[n, i:i + 1], direction[n, i:i + 1], depth, height, width, mode, padding, align, False,
                       (buffers, along, weights, slopes, curves, place, weight, slope))
        for c in range(out.shape[1]):
            for t in range(taps):
                if place[t, 0] >= 0:
                    cuda.atomic.add(out, (n, c, place[t, 0]), weight[t, 0] * grad[n, c, i])


to_volumes = Kernel(add_to_volumes, "add_to_volumes", of_grid(1))


@composed
def grid_sample_input_grad(grad, grid, direction, depth, height, width, mode, padding, align, out):
    """Each point's gradient (N, C, points), back where it came from; out is (N, C, depth * height * width)."""
    out.fill(0)
    to_volumes(grad, grid, direction, depth, height, width, mode, padding, align, out)


@kernel(geometry=of_grid(2))
def grid_sample_grid_grad(grad, x, grid, direction, depth, height, width, mode, padding, align, out):
    """How the sum of grad (N, C, points) times the elements at the points changes with these; out is as grid."""
    buffers, along = cuda.local.array((5, 1), grid.dtype), cuda.local.array((3, 4, 1), np.int32)
    weights, slopes = cuda.local.array((3, 4, 1), grid.dtype), cuda.local.array((3, 4, 1), grid.dtype)
    curves, place = cuda.local.array((3, 4, 1), grid.dtype), cuda.local.array((16, 1), np.int32)
    weight, slope = cuda.local.array((16, 1), grid.dtype), cuda.local.array((3, 16, 1), grid.dtype)
    without_depth(along, weights, slopes, curves)
    points = grid.shape[1]
    for task in range(cuda.grid(1), grid.shape[0] * points, cuda.gridsize(1)):
        n, i = task // points, task % points
        taps = taps_of(grid[n, i:i + 1], direction[n, i:i + 1], depth, height, width, mode, padding, align, True,
                       (buffers, along, weights, slopes, curves, place, weight, slope))
        for t in range(taps):                       # from here on the sum over channels of gradient times element
            total = out.dtype.type(0)
            for c in range(x.shape[1]):
                total += grad[n, c, i] * element(x[n, c], place[t, 0])
            weight[t, 0] = total
        for axis in range(grid.shape[2]):
            total = out.dtype.type(0)
            for t in range(taps):
                total += weight[t, 0] * slope[axis, t, 0]
            out[n, i, axis] = total
