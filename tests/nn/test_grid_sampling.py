"""grid_sample and affine_grid beside slow loops."""
import itertools
import math

import numpy as np
import pytest
from oracle import check, tensor

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.kernels.cpu import grid_sampling as kernels
from nb_nn.nn import functional as F

pytestmark = pytest.mark.filterwarnings("error")
RANDOM = np.random.default_rng(0)
IMAGE, VOLUME = RANDOM.standard_normal((2, 2, 4, 5)), RANDOM.standard_normal((2, 2, 3, 4, 5))
POINTS, SPACE = RANDOM.uniform(-1.6, 1.6, (2, 3, 4, 2)), RANDOM.uniform(-1.6, 1.6, (2, 2, 3, 2, 3))


def folded(at, size, padding, align):
    """A coordinate brought into the image."""
    low, high = (0, size - 1) if align else (-0.5, size - 0.5)
    if padding == "reflection":
        while high > low and not low <= at <= high:
            at = 2 * low - at if at < low else 2 * high - at
        at = at if high > low else 0
    return at if padding == "zeros" else min(max(at, 0), size - 1)


def taps(coordinate, size, mode, padding, align):
    """Places and weights along an axis."""
    at = (coordinate + 1) / 2 * (size - 1) if align else ((coordinate + 1) * size - 1) / 2
    if mode == "bicubic":
        def keys(x):
            a, x = -0.75, abs(x)
            return (a + 2) * x**3 - (a + 3) * x**2 + 1 if x <= 1 else a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0
        return [(folded(k, size, padding, align), keys(at - k)) for k in range(math.floor(at) - 1, math.floor(at) + 3)]
    at = folded(at, size, padding, align)
    if mode == "nearest":
        return [(round(at), 1.0)]
    return [(math.floor(at), 1 - at + math.floor(at)), (math.floor(at) + 1, at - math.floor(at))]


def slow(x, grid, mode, padding, align):
    made = np.zeros(x.shape[:2] + grid.shape[1:-1])
    for n, *place in np.ndindex(*grid.shape[:-1]):
        axes = [taps(one, size, mode, padding, align) for one, size in zip(grid[(n, *place)][::-1], x.shape[2:])]
        for combination in itertools.product(*axes):
            at = tuple(int(spot) for spot, _ in combination)
            if all(0 <= spot < size for spot, size in zip(at, x.shape[2:])):
                made[(n, slice(None), *place)] += x[(n, slice(None), *at)] * np.prod([weight for _, weight in combination])
    return made


HOW = [(mode, padding, align) for mode in ("bilinear", "nearest", "bicubic") for padding in ("zeros", "border", "reflection")
       for align in (False, True)]


@pytest.mark.parametrize("mode, padding, align", HOW)
def test_images_and_volumes(mode, padding, align):
    check(F.grid_sample(tensor(IMAGE), tensor(POINTS), mode, padding, align), slow(IMAGE, POINTS, mode, padding, align), rtol=1e-9,
          atol=1e-12)
    if mode != "bicubic":
        check(F.grid_sample(tensor(VOLUME), tensor(SPACE), mode, padding, align), slow(VOLUME, SPACE, mode, padding, align), rtol=1e-9,
              atol=1e-12)


@pytest.mark.parametrize("mode, padding, align", HOW[:6] + HOW[12:])
def test_first_and_second_derivatives(mode, padding, align):
    arguments = [tensor(IMAGE[:1, :, :3, :3], requires_grad=True), tensor(POINTS[:1, :2, :2], requires_grad=True)]
    assert gradcheck(lambda x, grid: F.grid_sample(x, grid, mode, padding, align), arguments)
    assert gradgradcheck(lambda x, grid: F.grid_sample(x, grid, mode, padding, align), arguments)


def test_derivatives_of_volumes_and_of_nearest():
    volume = [tensor(VOLUME[:1, :1, :2, :3, :2], requires_grad=True), tensor(SPACE[:1, :1, :2], requires_grad=True)]
    assert gradcheck(lambda x, grid: F.grid_sample(x, grid, align_corners=False), volume)
    assert gradgradcheck(lambda x, grid: F.grid_sample(x, grid, align_corners=False), volume)
    image = tensor(IMAGE, requires_grad=True)
    assert gradcheck(lambda x: F.grid_sample(x, tensor(POINTS), "nearest", "border", True), (image,))


def test_third_derivatives_are_refused():
    x, grid = tensor(IMAGE), tensor(POINTS, requires_grad=True)
    first, = torch.autograd.grad(F.grid_sample(x, grid, align_corners=True).sum(), grid, create_graph=True)
    second, = torch.autograd.grad(first.pow(2).sum(), grid, create_graph=True)
    with pytest.raises(RuntimeError, match="third derivatives"):
        second.pow(2).sum().backward()


def test_what_is_outside_does_not_spread_and_nan_counts_as_minus_one():
    x = torch.full((1, 1, 2, 2), float("inf"))
    assert F.grid_sample(x, torch.full((1, 1, 1, 2), 9.0), align_corners=True).item() == 0
    image = tensor(IMAGE)
    made = F.grid_sample(image, torch.full((2, 1, 1, 2), float("nan"), dtype=torch.float64), padding_mode="border", align_corners=True)
    assert torch.equal(made[..., 0, 0], image[..., 0, 0])


def test_empty_and_half_and_other_layouts():
    assert F.grid_sample(torch.zeros(0, 2, 3, 3), torch.zeros(0, 4, 5, 2), align_corners=True).shape == (0, 2, 4, 5)
    assert F.grid_sample(torch.zeros(1, 0, 3, 3), torch.zeros(1, 4, 5, 2), align_corners=True).shape == (1, 0, 4, 5)
    x, grid = tensor(IMAGE).half(), tensor(POINTS).half()
    assert F.grid_sample(x, grid, align_corners=True).dtype is torch.float16
    turned, points = tensor(IMAGE).transpose(2, 3), tensor(POINTS).flip(-1)
    check(F.grid_sample(turned, points, align_corners=True), F.grid_sample(tensor(IMAGE), tensor(POINTS), align_corners=True).numpy(),
          rtol=1e-12)


@pytest.mark.parametrize("twin", ["serial", "parallel"])
def test_both_twins(twin):
    x, grid = np.ones((3, 2, 12), np.float32), RANDOM.uniform(-0.5, 0.5, (3, 600, 2)).astype(np.float32)
    nowhere, how, out = np.empty((3, 0, 3), np.float32), (1, 3, 4, 0, 0, True), np.empty((3, 2, 600), np.float32)
    back, points = np.empty_like(x), np.empty_like(grid)
    getattr(kernels.grid_sample, twin)(x, grid, nowhere, *how, out)
    np.testing.assert_allclose(out, 1, rtol=1e-6)
    getattr(kernels.grid_sample_input_grad, twin)(out, grid, nowhere, *how, back)
    np.testing.assert_allclose(back.sum(2), 600, rtol=1e-5)
    getattr(kernels.grid_sample_grid_grad, twin)(out, x, grid, nowhere, *how, points)
    np.testing.assert_allclose(points, 0, atol=1e-5)


@pytest.mark.parametrize("align", [False, True])
def test_affine_grid_of_the_identity_is_the_image_itself(align):
    for x, theta in ((IMAGE, np.eye(2, 3)), (VOLUME, np.eye(3, 4))):
        grid = F.affine_grid(tensor(theta).expand(2, *theta.shape), x.shape, align)
        check(F.grid_sample(tensor(x), grid, align_corners=align), x, rtol=1e-9, atol=1e-12)


def test_affine_grid_maps_points():
    theta = RANDOM.standard_normal((2, 2, 3))
    made = F.affine_grid(tensor(theta), (2, 1, 3, 4), align_corners=False)
    y, x = np.meshgrid(np.arange(3) / 1.5 - 2 / 3, np.arange(4) / 2 - 0.75, indexing="ij")
    check(made, np.einsum("nij,hwj->nhwi", theta, np.stack([x, y, np.ones_like(x)], -1)), rtol=1e-12, atol=1e-12)
    assert gradcheck(lambda t: F.affine_grid(t, (2, 1, 2, 2), False), (tensor(theta, requires_grad=True),))


def test_missing_alignment_warns():
    with pytest.warns(UserWarning, match="align_corners"):
        F.grid_sample(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 1, 2))
    with pytest.warns(UserWarning, match="align_corners"):
        F.affine_grid(torch.zeros(1, 2, 3), (1, 1, 2, 2))


def test_numbered_modes():
    x, grid = tensor(IMAGE), tensor(POINTS)
    assert torch.equal(torch.grid_sampler(x, grid, 1, 2, True), F.grid_sample(x, grid, "nearest", "reflection", True))
    assert torch.equal(torch.grid_sampler_2d(x, grid, 2, 0), F.grid_sample(x, grid, "bicubic", "zeros", False))
    assert torch.grid_sampler_3d(tensor(VOLUME), tensor(SPACE), 0, 0).shape == (2, 2, 2, 3, 2)


ZEROS, GRID = torch.zeros(1, 1, 4, 4), torch.zeros(1, 2, 2, 2)


@pytest.mark.parametrize("call, error, message", [
    (lambda: F.grid_sample(ZEROS.expand(2, 1, 4, 4), GRID, align_corners=True), RuntimeError, r"same batch size.*\[2, 1, 4, 4\]"),
    (lambda: F.grid_sample(ZEROS, torch.zeros(1, 2, 2, 3), align_corners=True), RuntimeError, "size 2 in last dimension"),
    (lambda: F.grid_sample(ZEROS, GRID.double(), align_corners=True), RuntimeError, "expected scalar type Float.*found Double"),
    (lambda: F.grid_sample(ZEROS, GRID, "cubic", align_corners=True), ValueError, "'cubic'"),
    (lambda: F.grid_sample(ZEROS, GRID, padding_mode="wrap", align_corners=True), ValueError, "'wrap'"),
    (lambda: F.grid_sample(torch.zeros(1, 1, 2, 2, 2), torch.zeros(1, 2, 2, 2, 3), "bicubic", align_corners=True), RuntimeError, "4D"),
    (lambda: F.grid_sample(torch.zeros(1, 1, 0, 4), GRID, align_corners=True), RuntimeError, "dimension 2 being empty"),
    (lambda: torch.grid_sampler(ZEROS, GRID, 0, 5), RuntimeError, "0, 1 or 2"),
    (lambda: F.affine_grid(torch.zeros(2, 3, 3), (2, 1, 4, 4), True), ValueError, "Nx2x3"),
    (lambda: F.affine_grid(torch.zeros(2, 2, 3), (1, 1, 4, 4), True), RuntimeError, "as many maps"),
    (lambda: F.affine_grid(torch.zeros(2, 2, 3), (2, 1, 0, 4), True), ValueError, "positive output size"),
    (lambda: F.affine_grid(torch.zeros(2, 2, 3).long(), (2, 1, 4, 4), True), ValueError, "floating point"),
    (lambda: F.affine_grid(torch.zeros(2, 2, 3), (2, 4, 4), True), NotImplementedError, "4D and 5D"),
])
def test_errors_say_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()
