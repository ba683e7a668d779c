"""Maximum over windows of planes."""
from .launch import cuda, kernel


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
