"""Maximum and mean over windows of planes."""
from .block import a_thread_an_element, composed
from .launch import Kernel, cuda, kernel


@kernel
def max_pool2d(x, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, out, indices):
    """Largest element of each window and its place h * W + w; x is (planes, H, W), out and indices (planes, Ho, Wo).

    Among equal elements the first is taken, and a NaN before any number.
    """
    height, width = x.shape[1], x.shape[2]
    windows, across = out.shape[1] * out.shape[2], out.shape[2]
    for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        plane, window = i // windows, i % windows
        top, left = window // across * stride_h - pad_h, window % across * stride_w - pad_w
        largest, place = x.dtype.type(0), -1
        for a in range(top, top + kernel_h * dilation_h, dilation_h):
            for b in range(left, left + kernel_w * dilation_w, dilation_w):
                if 0 <= a < height and 0 <= b < width:
                    value = x[plane, a, b]
                    if place < 0 or value > largest or value != value:
                        largest, place = value, a * width + b
        out[plane, window // across, window % across] = largest
        indices[plane, window // across, window % across] = place


def add_to_places(grad, indices, out):
    windows = grad.shape[1]
    for i in range(cuda.grid(1), grad.size, cuda.gridsize(1)):
        plane, window = i // windows, i % windows
        cuda.atomic.add(out, (plane, indices[plane, window]), grad[plane, window])


to_places = Kernel(add_to_places, "add_to_places", a_thread_an_element(0))


@composed
def max_pool2d_backward(grad, indices, out):
    """Each window's gradient, added to the place it took its maximum from.

    grad and indices are (planes, windows), out is (planes, H * W).
    """
    out.fill(0)
    to_places(grad, indices, out)


def window_size(start, kernel, size, pad, count_include_pad):
    """Elements of a window that begins at ``start``: of the padded plane, or of the plane."""
    end = min(start + kernel, size + pad)
    return end - start if count_include_pad else min(end, size) - max(start, 0)


@kernel
def avg_pool2d(x, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, count_include_pad, divisor, out):
    """Mean of each window; x is (planes, H, W), out is (planes, Ho, Wo).

    A sum is divided by ``divisor``, or if that is 0 by the window's size, of which padding counts if ``count_include_pad``.
    """
    height, width, down, across = x.shape[1], x.shape[2], out.shape[1], out.shape[2]
    for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        plane, row, column = i // (down * across), i // across % down, i % across
        top, left, total = row * stride_h - pad_h, column * stride_w - pad_w, out.dtype.type(0)
        for a in range(max(top, 0), min(top + kernel_h, height)):
            for b in range(max(left, 0), min(left + kernel_w, width)):
                total += x[plane, a, b]
        size = window_size(top, kernel_h, height, pad_h, count_include_pad) * window_size(left, kernel_w, width, pad_w,
                                                                                         count_include_pad)
        out[plane, row, column] = total / out.dtype.type(divisor if divisor > 0 else max(1, size))


@kernel
def avg_pool2d_backward(grad, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, count_include_pad, divisor, out):
    """Each window's gradient, shared by its elements; grad is (planes, Ho, Wo), out is (planes, H, W)."""
    height, width, down, across = out.shape[1], out.shape[2], grad.shape[1], grad.shape[2]
    for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        plane, y, z = i // (height * width), i // width % height, i % width
        total = out.dtype.type(0)
        for row in range(max(0, (y + pad_h - kernel_h) // stride_h + 1), min(down, (y + pad_h) // stride_h + 1)):
            tall = window_size(row * stride_h - pad_h, kernel_h, height, pad_h, count_include_pad)
            for column in range(max(0, (z + pad_w - kernel_w) // stride_w + 1), min(across, (z + pad_w) // stride_w + 1)):
                wide = window_size(column * stride_w - pad_w, kernel_w, width, pad_w, count_include_pad)
                total += grad[plane, row, column] / out.dtype.type(divisor if divisor > 0 else max(1, tall * wide))
        out[plane, y, z] = total
