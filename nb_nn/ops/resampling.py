"""Images in other sizes: interpolation, one dimension after the other, and channels made pixels."""
from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..core import cuda_memory, launch, memory
from ..core import dtype as dtypes
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from . import adaptive_pooling
from .indexing import index_select

Tensor = TensorBase
BETWEEN = 1 << 20       # bytes of memory between two dimensions of a block of planes
CUBIC = -0.75           # the parameter of the cubic kernel (Keys 1981)
LINEAR = {"linear": 1, "bilinear": 2, "trilinear": 3}
MODES = "nearest | linear | bilinear | bicubic | trilinear | area | nearest-exact"


# ---- sums of elements along dimensions ---------------------------------------------------------------------------------

@op
def resample(input: Tensor, dims: tuple[int, ...], places: list[Tensor], weights: list[Tensor]) -> Tensor:
    """Along each of ``dims``, which are adjacent, sums of elements at ``places`` (count, taps), times ``weights``."""
    array, first = launch.contiguous_array(input), dims[0]
    counts = *[one._array.shape[0] for one in places], *array.shape[first + len(dims):]
    planes = array.reshape(math.prod(array.shape[:first]), *array.shape[first:])
    made = memory.beside(array, (planes.shape[0], *counts), array.dtype)
    if made.size:
        numbers = [(at._array, launch.cast_array(by._array, array.dtype)) for at, by in zip(places, weights)]
        for some in blocks(planes.shape, counts, len(dims), array.itemsize):
            part = planes[some]
            for number in range(len(dims)):
                part = resampled(part, number + 1, *numbers[number], made[some] if number == len(dims) - 1 else None, input._device)
    return launch.deliver("resample", made.reshape(*array.shape[:first], *counts), input._dtype, None)


@op
def resample_backward(grad_output: Tensor, dims: tuple[int, ...], places: list[Tensor], weights: list[Tensor],
                      size: tuple[int, ...]) -> Tensor:
    """The transpose of `resample`: elements go back to the places they came from in a tensor of ``size``."""
    array, first = launch.contiguous_array(grad_output), dims[0]
    planes = array.reshape(math.prod(array.shape[:first]), *array.shape[first:])
    made = memory.beside(array, (planes.shape[0], *size[first:]), array.dtype)
    if made.size:
        numbers = [(at._array, launch.cast_array(by._array, array.dtype)) for at, by in zip(places, weights)]
        for some in blocks(made.shape, planes.shape[1:], len(dims), array.itemsize):
            part = planes[some]
            for number in reversed(range(len(dims))):
                part = returned(part, number + 1, *numbers[number], size[first + number], None if number else made[some],
                                grad_output._device)
    return launch.deliver("resample_backward", made.reshape(size), grad_output._dtype, None)


derivative(resample, input=lambda grad, dims, places, weights, input_size: resample_backward(grad, dims, places, weights, input_size))
derivative(resample_backward, grad_output=lambda grad, dims, places, weights: resample(grad, dims, places, weights))


def blocks(size: tuple[int, ...], counts: tuple[int, ...], dims: int, itemsize: int) -> list[slice]:
    """Planes to resample at a time, so that what is between two dimensions takes little memory."""
    between = max([math.prod(counts[:number]) * math.prod(size[1 + number:]) for number in range(1, dims)], default=0) * itemsize
    step = max(4, BETWEEN // max(between, 1)) if between else max(size[0], 1)
    return [slice(start, start + step) for start in range(0, size[0], step)]


def as_rows(array: Any, dim: int) -> Any:
    """An array with what is in front of ``dim`` and what is behind it as one dimension each."""
    return array.reshape(math.prod(array.shape[:dim]), array.shape[dim], math.prod(array.shape[dim + 1:]))


def resampled(array: Any, dim: int, places: Any, weights: Any, out: Any, device: Any) -> Any:
    """One dimension of an array resampled."""
    if out is None:
        out = memory.beside(array, (*array.shape[:dim], len(places), *array.shape[dim + 1:]), array.dtype)
    x, made = as_rows(array, dim), as_rows(out, dim)
    if x.shape[2] == 1:
        launch.launch("resample_last", x[:, :, 0], places, weights, made[:, :, 0], device=device)
    else:
        launch.launch("resample", x, places, weights, made, device=device)
    return out


def returned(grad: Any, dim: int, places: Any, weights: Any, size: int, out: Any, device: Any) -> Any:
    """One dimension of an array brought back to its former ``size``."""
    if out is None:
        out = memory.beside(grad, (*grad.shape[:dim], size, *grad.shape[dim + 1:]), grad.dtype)
    launch.launch("resample_backward", as_rows(grad, dim), places, weights, as_rows(out, dim), device=device)
    return out


def step_of(size: int, count: int, factor: float | None, align_corners: bool, kind: np.dtype) -> Any:
    """How far apart new elements are among the old ones."""
    if align_corners:
        return kind.type(size - 1) / kind.type(count - 1) if count > 1 else kind.type(0)
    return kind.type(1 / factor) if factor else kind.type(size) / kind.type(count)


def nearest_places(size: int, count: int, factor: float | None, exact: bool) -> np.ndarray:
    """The old element each new one is; ``exact`` looks from its middle."""
    single = np.dtype(np.float32)
    middle = single.type(0.5 if exact else 0)
    return np.minimum(((np.arange(count, dtype=single) + middle) * step_of(size, count, factor, False, single)).astype(np.int64), size - 1)


def linear_taps(size: int, count: int, factor: float | None, align_corners: bool, kind: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Places and weights (count, 2) of the two old elements around each new one."""
    step, half = step_of(size, count, factor, align_corners, kind), kind.type(0.5)
    at = np.arange(count, dtype=kind)
    at = at * step if align_corners else np.maximum((at + half) * step - half, kind.type(0))
    first = np.minimum(at.astype(np.int64), size - 1)
    part = np.clip(at - first.astype(kind), 0, 1)
    return np.stack([first, np.minimum(first + 1, size - 1)], 1), np.stack([1 - part, part], 1)


def cubic_taps(size: int, count: int, factor: float | None, align_corners: bool, kind: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Places and weights (count, 4) of the four old elements around each new one; the ends are repeated."""
    step, half = step_of(size, count, factor, align_corners, kind), kind.type(0.5)
    at = np.arange(count, dtype=kind)
    at = at * step if align_corners else (at + half) * step - half
    first = np.floor(at).astype(np.int64)
    part = at - first.astype(kind)

    def near(x: np.ndarray) -> np.ndarray:
        return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1

    def far(x: np.ndarray) -> np.ndarray:
        return ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC

    weights = np.stack([far(part + 1), near(part), near(1 - part), far(2 - part)], 1)
    return np.clip(first[:, None] + np.arange(-1, 3), 0, size - 1), weights.astype(kind)


def antialiased_taps(size: int, count: int, factor: float | None, align_corners: bool, cubic: bool,
                     kind: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Places and weights (count, taps) of all old elements under a kernel that is as wide as new elements are apart.

    So a smaller image loses what it cannot show instead of showing it as a pattern. The cubic kernel has the parameter -1/2, as that of
    image libraries; the kernel is cut off at the edges, and its weights sum to one.
    """
    step = float(step_of(size, count, factor, align_corners, np.dtype(np.float64)))
    wide = max(step, 1.0)
    reach = (2 if cubic else 1) * wide
    middle = step * (np.arange(count) + 0.5)
    first = np.maximum((middle - reach + 0.5).astype(np.int64), 0)
    end = np.minimum((middle + reach + 0.5).astype(np.int64), size)
    places = first[:, None] + np.arange(max(1, int((end - first).max(initial=1))))
    away = np.abs((places + 0.5 - middle[:, None]) / wide)
    if cubic:
        a = -0.5
        weights = np.where(away < 1, ((a + 2) * away - (a + 3)) * away * away + 1,
                           np.where(away < 2, ((a * away - 5 * a) * away + 8 * a) * away - 4 * a, 0))
    else:
        weights = np.maximum(1 - away, 0)
    weights = np.where(places < end[:, None], weights, 0)
    return np.minimum(places, end[:, None] - 1), (weights / weights.sum(1, keepdims=True)).astype(kind)


# ---- images ------------------------------------------------------------------------------------------------------------

def new_sizes(input: Tensor, size: Any, scale_factor: Any) -> tuple[list[int], list[float | None]]:
    """The sizes asked for, and the factors where they are to be used as given."""
    dims = input.dim() - 2
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    given = size if scale_factor is None else scale_factor
    numbers = list(given) if isinstance(given, (tuple, list)) else [given] * dims
    if len(numbers) != dims:
        raise ValueError(f"Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of "
                         f"{list(input.shape[2:])} and {'size' if scale_factor is None else 'scale_factor'} {given}")
    if scale_factor is None:
        sizes, factors = [int(one) for one in numbers], [None] * dims
    else:
        sizes, factors = [math.floor(old * float(one)) for old, one in zip(input.shape[2:], numbers)], [float(one) for one in numbers]
    return sizes, factors


def interpolate(input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
                recompute_scale_factor: bool | None = None, antialias: bool = False) -> Tensor:
    """``input`` (N, C, \\*) in another ``size``, or ``scale_factor`` times its size.

    Modes: "nearest", "nearest-exact", "area" (means), "linear" for signals, "bilinear" and "bicubic" for images, "trilinear" for
    volumes. ``align_corners`` puts the first and last elements at the same places; otherwise the edges are. With
    ``recompute_scale_factor`` the factor is that of the sizes. ``antialias`` (bilinear and bicubic) takes all old elements
    under each new one, where the image becomes smaller.

    >>> interpolate(tensor([[[1.0, 3.0]]]), scale_factor=2, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    dims = input.dim() - 2
    if align_corners is not None and mode in ("nearest", "nearest-exact", "area"):
        raise ValueError("align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear")
    if antialias and (mode not in ("bilinear", "bicubic") or dims != 2):
        raise ValueError("Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input")
    if dims not in (1, 2, 3):
        raise NotImplementedError(f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.dim()}D) for the modes: {MODES} "
                                  f"(got {mode})")
    sizes, factors = new_sizes(input, size, scale_factor)
    if recompute_scale_factor:
        if scale_factor is None:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        factors = [None] * dims
    needed = LINEAR.get(mode, 2 if mode == "bicubic" else dims)
    if needed != dims:
        raise NotImplementedError(f"Got {input.dim()}D input, but {mode} mode needs {needed + 2}D input")
    if min([*sizes, *input.shape[2:]]) < 1:
        raise RuntimeError(f"Input and output sizes should be greater than 0, but got input (sizes: {list(input.shape[2:])}) "
                           f"output (sizes: {sizes})")
    if mode == "area":
        return area(input, sizes)
    if mode not in ("nearest", "nearest-exact", "bicubic", *LINEAR):
        raise NotImplementedError(f"Input Error: {mode} is none of the modes: {MODES}")
    if input._dtype is dtypes.uint8 and dims == 2 and not mode.startswith("nearest"):       # pictures, rounded after each dimension
        for dim in (3, 2):
            made = along(input.float(), (dim,), sizes, factors, mode, bool(align_corners), antialias)
            input = (made + 0.5).floor().clamp(0, 255).to(dtypes.uint8)
        return input
    return along(input, tuple(range(2, input.dim())), sizes, factors, mode, bool(align_corners), antialias)


def along(input: Tensor, dims: tuple[int, ...], sizes: list[int], factors: list[float | None], mode: str, align_corners: bool,
          antialias: bool) -> Tensor:
    """Some dimensions in other sizes."""
    nearest = mode.startswith("nearest")
    if nearest and (input._dtype.category != 2 or input._device is not launch.CPU):
        for dim in dims:
            places = nearest_places(input._array.shape[dim], sizes[dim - 2], factors[dim - 2], mode == "nearest-exact")
            input = index_select(input, dim, wrap(cuda_memory.moved(places, input._device), dtypes.int64))
        return input
    kind = np.dtype(input._dtype.compute)
    if kind.kind != "f":
        raise NotImplementedError(f"interpolate: {mode} is not implemented for {input.dtype}; it takes floating-point elements")
    taps = []
    for dim in dims:
        given = input._array.shape[dim], sizes[dim - 2], factors[dim - 2]
        if nearest:
            places = nearest_places(*given, mode == "nearest-exact")[:, None]
            taps.append((places, np.ones(places.shape, kind)))
        elif antialias:
            taps.append(antialiased_taps(*given, align_corners, mode == "bicubic", kind))
        else:
            taps.append((cubic_taps if mode == "bicubic" else linear_taps)(*given, align_corners, kind))
    taps = [[cuda_memory.moved(one, input._device) for one in pair] for pair in taps]
    return resample(input, dims, [wrap(places, dtypes.int64) for places, _ in taps],
                    [wrap(weights, dtypes.from_numpy(kind)) for _, weights in taps])


def area(input: Tensor, sizes: list[int]) -> Tensor:
    """Means of windows that cover the input evenly."""
    pool = {1: adaptive_pooling.adaptive_avg_pool1d, 2: adaptive_pooling.adaptive_avg_pool2d,
            3: adaptive_pooling.adaptive_avg_pool3d}[len(sizes)]
    return pool(input, sizes)


def upsample(input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None) -> Tensor:
    """The former name of `interpolate`."""
    warnings.warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` by the nearest element, under an older name."""
    warnings.warn("`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor)


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Bilinear `interpolate` with aligned corners, under an older name."""
    warnings.warn("`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor, "bilinear", True)


def upsample_trilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Trilinear `interpolate` with aligned corners, under an older name."""
    warnings.warn("`nn.functional.upsample_trilinear` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor, "trilinear", True)


# ---- channels and pixels -----------------------------------------------------------------------------------------------

def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Each block of ``upscale_factor ** 2`` channels as a square of pixels (Shi et al. 2016).

    Shape: (\\*, C * r * r, H, W) to (\\*, C, H * r, W * r).

    >>> pixel_shuffle(tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), 2)
    tensor([[[1., 2.],
             [3., 4.]]])
    """
    r = upscale_factor
    if input.dim() < 3:
        raise RuntimeError(f"pixel_shuffle expects input to have at least 3 dimensions, but got input with {input.dim()} dimension(s)")
    if r < 1:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *batch, channels, high, wide = input.shape
    if channels % (r * r):
        raise RuntimeError(f"pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
                           f"input.size(-3)={channels} is not divisible by {r * r}")
    planes = math.prod(batch) * (channels // (r * r))
    if input._dtype.category == 2:
        made = shuffled(input.reshape(planes, r, r, high, wide))
    else:
        made = input.reshape(planes, r, r, high, wide).permute(0, 3, 1, 4, 2)
    return made.reshape(*batch, channels // (r * r), high * r, wide * r)


@op
def shuffled(input: Tensor) -> Tensor:
    """(planes, r, r, H, W) as (planes, H r, W r)."""
    planes, r, _, high, wide = input._array.shape
    x = launch.contiguous_array(input)
    made = memory.beside(x, (planes, high * r, wide * r), x.dtype)
    launch.launch("shuffle_pixels", x, made)
    return launch.deliver("pixel_shuffle", made, input._dtype, None)


@op
def unshuffled(input: Tensor, r: int) -> Tensor:
    """(planes, H r, W r) as (planes, r, r, H, W)."""
    planes, high, wide = input._array.shape
    x = launch.contiguous_array(input)
    made = memory.beside(x, (planes, r, r, high // r, wide // r), x.dtype)
    launch.launch("unshuffle_pixels", x, made)
    return launch.deliver("pixel_unshuffle", made, input._dtype, None)


shuffled.declaration.node_name, unshuffled.declaration.node_name = "PixelShuffleBackward0", "PixelUnshuffleBackward0"
derivative(shuffled, input=lambda grad, input_size: unshuffled(grad, input_size[1]))
derivative(unshuffled, input=lambda grad: shuffled(grad))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """The other way round: squares of pixels as channels.

    >>> pixel_unshuffle(tensor([[[1.0, 2.0], [3.0, 4.0]]]), 2).flatten()
    tensor([1., 2., 3., 4.])
    """
    r = downscale_factor
    if input.dim() < 3:
        raise RuntimeError(f"pixel_unshuffle expects input to have at least 3 dimensions, but got input with {input.dim()} dimension(s)")
    *batch, channels, high, wide = input.shape
    if r < 1 or high % r or wide % r:
        raise RuntimeError(f"pixel_unshuffle expects height and width to be divisible by downscale_factor, but input.size(-2)={high}, "
                           f"input.size(-1)={wide} and downscale_factor={r}")
    if input._dtype.category == 2:
        made = unshuffled(input.reshape(math.prod(batch) * channels, high, wide), r)
    else:
        made = input.reshape(*batch, channels, high // r, r, wide // r, r).movedim((-3, -1), (-4, -3))
    return made.reshape(*batch, channels * r * r, high // r, wide // r)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels of (N, C, \\*) dealt out: the first of each of ``groups``, then the second of each, ... (Zhang et al. 2018)

    >>> channel_shuffle(tensor([[1.0, 2.0, 3.0, 4.0]]).unsqueeze(-1), 2).flatten()
    tensor([1., 3., 2., 4.])
    """
    if input.dim() <= 2:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}")
    channels = input.shape[1]
    if groups < 1:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if channels % groups:
        raise RuntimeError(f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups.")
    return input.reshape(input.shape[0], groups, channels // groups, *input.shape[2:]).transpose(1, 2).reshape(input.shape)
