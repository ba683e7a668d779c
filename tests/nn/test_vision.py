import math

import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.kernels import table
from nb_nn.nn import functional as F

SIZES = {1: (2, 3, 7), 2: (2, 3, 5, 7), 3: (2, 2, 3, 4, 5)}
MODES = [("linear", 1), ("bilinear", 2), ("trilinear", 3), ("bicubic", 2)]


def keys(distance):
    """The cubic kernel with a = -3/4."""
    a, x = -0.75, abs(distance)
    return (a + 2) * x**3 - (a + 3) * x**2 + 1 if x <= 1 else a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0


def slow_matrix(size, count, mode, align_corners, factor=None):
    """New elements (count) as sums of old ones (size)."""
    matrix = np.zeros((count, size))
    for i in range(count):
        scale = 1 / factor if factor else size / count
        at = (i * (size - 1) / (count - 1) if count > 1 else 0.0) if align_corners else (i + 0.5) * scale - 0.5
        if mode == "bicubic":
            for place in range(math.floor(at) - 1, math.floor(at) + 3):
                matrix[i, min(max(place, 0), size - 1)] += keys(at - place)
        else:
            at = min(max(at, 0), size - 1)
            for place in {math.floor(at), math.ceil(at)}:
                matrix[i, place] += 1 - abs(at - place)
    return matrix


def slow_interpolate(x, sizes, mode, align_corners, factor=None):
    for dim, count in enumerate(sizes, 2):
        matrix = slow_matrix(x.shape[dim], count, mode, align_corners, factor)
        x = np.moveaxis(np.tensordot(matrix, x, (1, dim)), 0, dim)
    return x


@pytest.mark.parametrize("mode, dims", MODES)
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("sizes", [(9, 4, 8), (1, 10, 3), (2, 2, 2)])
def test_interpolating_modes(mode, dims, align_corners, sizes):
    x, sizes = numbers("float64", SIZES[dims]), sizes[:dims]
    made = F.interpolate(tensor(x), sizes, mode=mode, align_corners=align_corners)
    check(made, slow_interpolate(x, sizes, mode, align_corners), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("factor", [2, 2.5, 0.5, 1.3])
def test_factors(factor):
    x = numbers("float64", SIZES[2])
    sizes = [math.floor(size * factor) for size in x.shape[2:]]
    check(nn.Upsample(scale_factor=factor, mode="bilinear")(tensor(x)), slow_interpolate(x, sizes, "bilinear", False, factor), rtol=1e-11,
          atol=1e-12)
    check(F.interpolate(tensor(x), scale_factor=factor, mode="bilinear", recompute_scale_factor=True),
          slow_interpolate(x, sizes, "bilinear", False), rtol=1e-11, atol=1e-12)
    rows, columns = ([min(int(i / factor), size - 1) for i in range(count)] for count, size in zip(sizes, x.shape[2:]))
    check(F.interpolate(tensor(x), scale_factor=factor), x[:, :, rows][:, :, :, columns])


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_nearest(dims, kind):
    x = numbers(kind, SIZES[dims], 0, 9)
    expected = x
    for dim in range(2, dims + 2):
        expected = np.repeat(expected, 2, dim)
    check(F.interpolate(tensor(x), scale_factor=2), expected)
    check(nn.Upsample(x.shape[2:])(tensor(x)), x)


def test_area_takes_means():
    x = numbers("float64", (2, 3, 4, 6))
    check(F.interpolate(tensor(x), (2, 2), mode="area"), x.reshape(2, 3, 2, 2, 2, 3).mean((3, 5)), rtol=1e-12)


@pytest.mark.parametrize("mode, dims", [*MODES, ("nearest", 2), ("area", 2)])
def test_gradients(mode, dims):
    x = tensor(numbers("float64", (1, 2, 3, 4, 3)[:dims + 2]), requires_grad=True)
    run = lambda x: F.interpolate(x, (5, 2, 4)[:dims], mode=mode)
    assert gradcheck(run, (x,))
    assert gradgradcheck(run, (x,))


def test_parallel_twins_make_the_same():
    x, places = numbers("float32", (3, 5, 4)), np.array([[0, 1], [4, 4], [2, 0]])
    weights, found = numbers("float32", (3, 2)), []
    for twin in ("serial", "parallel"):
        made, back = np.empty((3, 3, 4), np.float32), np.empty_like(x)
        getattr(table.find("cpu", "resample"), twin)(x, places, weights, made)
        getattr(table.find("cpu", "resample_backward"), twin)(made, places, weights, back)
        found.append((made, back))
    for one, other in zip(*found):
        np.testing.assert_array_equal(one, other)


def test_older_names_and_how_they_print():
    x = torch.arange(4.0).reshape(1, 1, 2, 2)
    assert nn.UpsamplingBilinear2d(3)(x)[0, 0].tolist() == [[0, 0.5, 1], [1, 1.5, 2], [2, 2.5, 3]]
    assert nn.UpsamplingNearest2d(scale_factor=2)(x).shape == (1, 1, 4, 4)
    with pytest.warns(UserWarning, match="deprecated"):
        assert torch.equal(F.upsample_bilinear(x, 3), nn.UpsamplingBilinear2d(3)(x))
    with pytest.warns(UserWarning, match="deprecated"):
        assert torch.equal(F.upsample(x, 3), F.upsample_nearest(x, 3))
    assert repr(nn.Upsample(size=(2, 3), mode="bilinear")) == "Upsample(size=(2, 3), mode='bilinear')"
    assert repr(nn.UpsamplingNearest2d(scale_factor=2)) == "UpsamplingNearest2d(scale_factor=2.0, mode='nearest')"


def test_errors():
    x = torch.zeros(1, 1, 2, 2)
    for options, message in [({}, "either size or scale_factor"), ({"size": 2, "scale_factor": 2}, "only one of size or scale_factor"),
                             ({"size": 2, "align_corners": True}, "align_corners option can only be set"), ({"size": (2, 2, 2)}, "spatial")]:
        with pytest.raises(ValueError, match=message):
            F.interpolate(x, **options)
    with pytest.raises(NotImplementedError, match="Got 4D input, but linear mode needs 3D input"):
        F.interpolate(x, 2, mode="linear")
    with pytest.raises(NotImplementedError, match="Only 3D, 4D and 5D"):
        F.interpolate(x[0, 0], 2)
    with pytest.raises(RuntimeError, match="greater than 0"):
        F.interpolate(x, scale_factor=0.1)


def test_pixels_and_channels():
    x = numbers("float32", (2, 12, 3, 4))
    expected = x.reshape(2, 3, 2, 2, 3, 4).transpose(0, 1, 4, 2, 5, 3).reshape(2, 3, 6, 8)
    check(nn.PixelShuffle(2)(tensor(x)), expected)
    check(nn.PixelShuffle(2)(tensor(x[0])), expected[0])
    check(nn.PixelUnshuffle(2)(tensor(expected)), x)
    assert repr(nn.PixelShuffle(2)) == "PixelShuffle(upscale_factor=2)"
    with pytest.raises(RuntimeError, match="divisible by the square"):
        F.pixel_shuffle(tensor(x), 5)
    with pytest.raises(RuntimeError, match="at least 3 dimensions"):
        F.pixel_shuffle(torch.zeros(2, 2), 2)
    small = tensor(numbers("float64", (1, 4, 2, 1)), requires_grad=True)
    assert gradcheck(lambda x: F.pixel_shuffle(x, 2), (small,))


@pytest.mark.parametrize("mode, keys_of, reach", [("bilinear", lambda x: max(0, 1 - abs(x)), 1), ("bicubic", None, 2)])
def test_antialias_weighs_all_elements_under_the_kernel(mode, keys_of, reach):
    def catmull(x):
        x = abs(x)
        return 1.5 * x**3 - 2.5 * x**2 + 1 if x < 1 else -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0

    x = numbers("float64", (1, 2, 9, 12))
    expected = x
    for dim, count in ((2, 4), (3, 5)):
        step, matrix = x.shape[dim] / count, np.zeros((count, x.shape[dim]))
        for i, k in np.ndindex(*matrix.shape):
            matrix[i, k] = (keys_of or catmull)((k + 0.5 - (i + 0.5) * step) / step)
        expected = np.moveaxis(np.tensordot(matrix / matrix.sum(1, keepdims=True), expected, (1, dim)), 0, dim)
    check(F.interpolate(tensor(x), (4, 5), mode=mode, antialias=True), expected, rtol=1e-9, atol=1e-12)


def test_area_of_volumes_and_shuffled_channels():
    x = numbers("float64", (1, 4, 4, 6, 2))
    check(F.interpolate(tensor(x), (2, 3, 2), mode="area"), x.reshape(1, 4, 2, 2, 3, 2, 2).mean((3, 5)), rtol=1e-12)
    check(nn.ChannelShuffle(2)(tensor(x)), x[:, [0, 2, 1, 3]])


def test_pictures_of_bytes_are_rounded():
    x = tensor(np.array([[[[0, 255]]]], np.uint8))
    assert F.interpolate(x, (1, 4), mode="bilinear").flatten().tolist() == [0, 64, 191, 255]
