"""Images and volumes looked up at the points of a grid, and the grids of affine maps."""
from __future__ import annotations

import math
import warnings
from typing import Any

from ..core import launch, memory
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase
from .joining import stack
from .sequences import linspace

Tensor = TensorBase
MODES = {"bilinear": 0, "nearest": 1, "bicubic": 2}
PADDINGS = {"zeros": 0, "border": 1, "reflection": 2}


def geometry(grid: Tensor, direction: Tensor | None, kind: Any, size: tuple[int, ...], *how: int) -> list[Any]:
    """What the kernels take between the elements and the result: points, directions, sizes of the volume, and modes."""
    points = launch.contiguous_array(grid, kind)
    points = points.reshape(len(points), math.prod(points.shape[1:-1]), points.shape[-1])
    vectors = memory.beside(points, (len(points), 0, 3), points.dtype)
    if direction is not None:
        vectors = launch.contiguous_array(direction, kind).reshape(points.shape)
    return [points, vectors, *(1,) * (3 - len(size)), *size, *how]


def flat(array: Any) -> Any:
    """(N, C, \\*) as (N, C, inner)."""
    return array.reshape(*array.shape[:2], math.prod(array.shape[2:]))


@op
def grid_sample_at(input: Tensor, grid: Tensor, direction: Tensor | None, mode: int, padding: int, align: bool) -> Tensor:
    """Elements of ``input`` at the points of ``grid``; or, with a ``direction`` at each point, the derivative in that direction."""
    kind, given, points = input._dtype, input._array.shape, grid._array.shape
    made = memory.empty(given[:2] + points[1:-1], kind.compute, input._device)
    if made.size:
        launch.launch("grid_sample", flat(launch.contiguous_array(input)),
                      *geometry(grid, direction, kind, given[2:], mode, padding, align), flat(made), device=input._device,
                      work=8 * made.size)
    return launch.deliver("grid_sample", made, kind, None)


@op
def grid_sample_input_grad(grad_output: Tensor, grid: Tensor, direction: Tensor | None, size: tuple[int, ...], mode: int, padding: int,
                           align: bool) -> Tensor:
    """Gradient of the input, of ``size``, of `grid_sample_at`."""
    kind = grad_output._dtype
    made = memory.empty(tuple(size), kind.compute, grad_output._device)
    if made.size:
        launch.launch("grid_sample_input_grad", flat(launch.contiguous_array(grad_output)),
                      *geometry(grid, direction, kind, tuple(size[2:]), mode, padding, align), flat(made), device=grad_output._device,
                      work=8 * grad_output._array.size)
    return launch.deliver("grid_sample_input_grad", made, kind, None)


@op
def grid_sample_grid_grad(grad_output: Tensor, input: Tensor, grid: Tensor, direction: Tensor | None, mode: int, padding: int,
                          align: bool) -> Tensor:
    """Gradient of the grid of `grid_sample_at`."""
    kind, given, points = input._dtype, input._array.shape, grid._array.shape
    made = memory.empty(points, kind.compute, input._device)
    if given[1] and made.size:
        between = geometry(grid, direction, kind, given[2:], mode, padding, align)
        launch.launch("grid_sample_grid_grad", flat(launch.contiguous_array(grad_output, kind)), flat(launch.contiguous_array(input)),
                      *between, made.reshape(between[0].shape), device=input._device, work=8 * grad_output._array.size)
    else:
        made.fill(0)
    return launch.deliver("grid_sample_grid_grad", made, kind, None)


def once(direction: Tensor | None) -> None:
    """Directions are what second derivatives need; there is no kernel for more."""
    if direction is not None:
        raise RuntimeError("grid_sample: third derivatives by the grid are not available")


def _grid_grad_second(grad: Tensor, grad_output: Tensor, input: Tensor, grid: Tensor, direction: Tensor | None, mode: int, padding: int,
                      align: bool, needs: tuple) -> list:
    once(direction)
    how = mode, padding, align
    return [grid_sample_at(input, grid, grad, *how) if needs[0] else None,
            grid_sample_input_grad(grad_output, grid, grad, tuple(input.shape), *how) if needs[1] else None,
            grid_sample_grid_grad(grad_output, input, grid, grad, *how) if needs[2] else None]


grid_sample_at.declaration.node_name = "GridSampler2DBackward0"
derivative(grid_sample_at,
           input=lambda grad, grid, direction, input_size, mode, padding, align:
           grid_sample_input_grad(grad, grid, direction, tuple(input_size), mode, padding, align),
           grid=lambda grad, input, grid, direction, mode, padding, align:
           grid_sample_grid_grad(grad, input, grid, direction, mode, padding, align),
           direction=lambda grad, input, grid, mode, padding, align:
           grid_sample_grid_grad(grad, input, grid, None, mode, padding, align))
derivative(grid_sample_input_grad,
           grad_output=lambda grad, grid, direction, mode, padding, align: grid_sample_at(grad, grid, direction, mode, padding, align),
           grid=lambda grad, grad_output, grid, direction, mode, padding, align:
           grid_sample_grid_grad(grad_output, grad, grid, direction, mode, padding, align),
           direction=lambda grad, grad_output, grid, mode, padding, align:
           grid_sample_grid_grad(grad_output, grad, grid, None, mode, padding, align))
derivative(grid_sample_grid_grad, _grid_grad_second, ("grad_output", "input", "grid"))


def check_grid(input: Tensor, grid: Tensor, mode: int) -> None:
    """RuntimeError where a grid does not fit an input."""
    given, points = list(input.shape), list(grid.shape)
    if input._dtype is not grid._dtype:
        raise RuntimeError(f"grid_sampler(): expected scalar type {input._dtype.tensor_name[:-6]} as input has for grid, but found "
                           f"{grid._dtype.tensor_name[:-6]}")
    if len(given) not in (4, 5) or len(points) != len(given):
        raise RuntimeError(f"grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes "
                           f"{given} and grid with sizes {points}")
    if given[0] != points[0]:
        raise RuntimeError(f"grid_sampler(): expected grid and input to have same batch size, but got input with sizes {given} and grid "
                           f"with sizes {points}")
    if points[-1] != len(given) - 2:
        raise RuntimeError(f"grid_sampler(): expected grid to have size {len(given) - 2} in last dimension, but got grid with sizes "
                           f"{points}")
    if 0 in given[2:]:
        raise RuntimeError(f"grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {given} with "
                           f"dimension {given.index(0, 2)} being empty")
    if len(given) == 5 and mode == 2:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if input._dtype.category != 2:
        raise launch.not_implemented("grid_sampler", input._dtype, "floating-point elements")


def grid_sampler(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool = False) -> Tensor:
    """`grid_sample` with numbers for modes: 0 bilinear, 1 nearest, 2 bicubic; and for paddings: 0 zeros, 1 border, 2 reflection.

    >>> grid_sampler(tensor([[[[1.0, 3.0]]]]), tensor([[[[0.0, 0.0]]]]), 0, 0)
    tensor([[[[2.]]]])
    """
    if interpolation_mode not in MODES.values() or padding_mode not in PADDINGS.values():
        raise RuntimeError("grid_sampler(): expected interpolation_mode and padding_mode to be 0, 1 or 2, but got "
                           f"{interpolation_mode} and {padding_mode}")
    check_grid(input, grid, interpolation_mode)
    return grid_sample_at(input, grid, None, interpolation_mode, padding_mode, bool(align_corners))


def grid_sampler_2d(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool = False) -> Tensor:
    """`grid_sampler` of images."""
    if input.dim() != 4:
        raise RuntimeError(f"grid_sampler_2d(): expected 4D input, but got input with sizes {list(input.shape)}")
    return grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners)


def grid_sampler_3d(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool = False) -> Tensor:
    """`grid_sampler` of volumes."""
    if input.dim() != 5:
        raise RuntimeError(f"grid_sampler_3d(): expected 5D input, but got input with sizes {list(input.shape)}")
    return grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners)


def alignment(name: str, align_corners: bool | None) -> bool:
    """``align_corners`` as given; a missing one is False, with a warning that it once was True."""
    if align_corners is None:
        warnings.warn(f"Default {name} behavior is align_corners=False, as in PyTorch since 1.3.0; specify align_corners=True for the "
                      "behavior of 1.0 to 1.2.", stacklevel=3)
    return bool(align_corners)


def grid_sample(input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros",
                align_corners: bool | None = None) -> Tensor:
    """``input`` looked up at the points of ``grid``: coordinates (x, y) or (x, y, z) from -1 to 1 across the image or volume.

    Modes: "bilinear" (trilinear for volumes), "nearest", and for images "bicubic". Points outside find "zeros", the nearest "border"
    element, or the image mirrored there ("reflection"). With ``align_corners`` -1 and 1 are the middles of the first and last
    elements, as always in torch 1.0 to 1.2; otherwise, today's default, they are the outer edges of these. NaN counts as -1.

    Shape: input (N, C, H, W) and grid (N, Ho, Wo, 2), or input (N, C, D, H, W) and grid (N, Do, Ho, Wo, 3); result (N, C, Ho, Wo) or
    (N, C, Do, Ho, Wo).

    >>> grid_sample(tensor([[[[1.0, 3.0]]]]), tensor([[[[0.0, 0.0], [0.5, 0.0]]]]), align_corners=True)
    tensor([[[[2.0000, 2.5000]]]])
    """
    if mode not in MODES:
        raise ValueError(f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'")
    if padding_mode not in PADDINGS:
        raise ValueError("nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
                         f"'{padding_mode}'")
    return grid_sampler(input, grid, MODES[mode], PADDINGS[padding_mode], alignment("grid_sample", align_corners))


def middles(count: int, align_corners: bool, like: Tensor) -> Tensor:
    """Coordinates of ``count`` elements: their middles, or with aligned corners from -1 to 1."""
    if count == 1:
        return like.detach().new_zeros(1)
    made = linspace(-1, 1, count, dtype=like.dtype, device=like.device)
    return made if align_corners else made * ((count - 1) / count)


def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The points, for `grid_sample`, that affine maps ``theta`` take the elements of an image or volume of ``size`` to.

    Shape: theta (N, 2, 3) and size (N, C, H, W), result (N, H, W, 2); theta (N, 3, 4) and size (N, C, D, H, W), result
    (N, D, H, W, 3). ``align_corners`` is that of `grid_sample`.

    >>> affine_grid(tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), (1, 1, 1, 2), align_corners=True)
    tensor([[[[-1.,  0.],
              [ 1.,  0.]]]])
    """
    size = tuple(map(int, size))
    if theta._dtype.category != 2:
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError("affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
                                  f"{size}.")
    dims = len(size) - 2
    if theta.dim() != 3 or tuple(theta.shape[1:]) != (dims, dims + 1):
        raise ValueError(f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size {size}. Got {theta.shape}.")
    if min(size) < 1:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return affine_grid_generator(theta, size, alignment("affine_grid", align_corners))


def affine_grid_generator(theta: Tensor, size: Any, align_corners: bool = False) -> Tensor:
    """`affine_grid` without its checks.

    >>> affine_grid_generator(torch.zeros(1, 2, 3), (1, 1, 4, 5)).shape
    torch.Size([1, 4, 5, 2])
    """
    if theta.shape[0] != size[0]:
        raise RuntimeError(f"affine_grid: expected as many maps as images, but got theta of size {list(theta.shape)} and size "
                           f"{tuple(size)}")
    wide = tuple(size[2:])
    axes = [middles(count, align_corners, theta).reshape(count, *(1,) * (len(wide) - d - 1)).expand(wide) for d, count in enumerate(wide)]
    points = stack([*reversed(axes), theta.detach().new_ones(1).expand(wide)], -1).reshape(-1, len(wide) + 1)
    return (points @ theta.transpose(1, 2)).reshape(size[0], *wide, len(wide))
