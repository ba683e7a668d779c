"""Windows of images as columns, and their sums back in place."""
from .launch import cuda, kernel


@kernel
def unfold_windows(x, window, stride, pad, dilation, count, out):
    """Elements of all windows of x (planes, H, W); out is (planes, window[0], window[1], count[0], count[1]).

    The other arguments are pairs, of rows and of columns; ``count`` says how many windows there are.
    """
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        column, rest = place % count[1], place // count[1]
        row, rest = rest % count[0], rest // count[0]
        j, rest = rest % window[1], rest // window[1]
        i, plane = rest % window[0], rest // window[0]
        y, z = row * stride[0] - pad[0] + i * dilation[0], column * stride[1] - pad[1] + j * dilation[1]
        value = out.dtype.type(0)
        if 0 <= y < x.shape[1] and 0 <= z < x.shape[2]:
            value = x[plane, y, z]
        out[plane, i, j, row, column] = value


@kernel
def fold_windows(x, window, stride, pad, dilation, count, out):
    """The transpose of `unfold_windows`: elements of all windows x added up in out (planes, H, W)."""
    height, width = out.shape[1], out.shape[2]
    for place in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        plane, y, z = place // (height * width), place // width % height, place % width
        total = out.dtype.type(0)
        for i in range(window[0]):
            top = y + pad[0] - i * dilation[0]
            if top >= 0 and top % stride[0] == 0 and top // stride[0] < count[0]:
                for j in range(window[1]):
                    left = z + pad[1] - j * dilation[1]
                    if left >= 0 and left % stride[1] == 0 and left // stride[1] < count[1]:
                        total += x[plane, i, j, top // stride[0], left // stride[1]]
        out[plane, y, z] = total
