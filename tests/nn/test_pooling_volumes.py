"""Pooling in three dimensions, to given sizes, at random places, and back."""
import itertools

import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.kernels.cpu import windows as kernels
from nb_nn.nn import functional as F

SIZES = {1: (3, 9), 2: (3, 7, 8), 3: (2, 5, 4, 7)}
ADAPTIVE = {("avg", 1): F.adaptive_avg_pool1d, ("avg", 2): F.adaptive_avg_pool2d, ("avg", 3): F.adaptive_avg_pool3d,
            ("max", 1): F.adaptive_max_pool1d, ("max", 2): F.adaptive_max_pool2d, ("max", 3): F.adaptive_max_pool3d}
UNPOOL = {1: (F.max_pool1d, F.max_unpool1d), 2: (F.max_pool2d, F.max_unpool2d), 3: (F.max_pool3d, F.max_unpool3d)}
GEOMETRIES = [((2, 2, 2), (2, 2, 2), (0, 0, 0), (1, 1, 1), False), ((3, 2, 3), (2, 1, 2), (1, 1, 1), (1, 1, 1), True),
              ((2, 2, 3), (1, 2, 2), (1, 0, 1), (2, 1, 2), True)]


def axis_windows(length, window, stride, pad, dilation, ceil):
    """Places inside of each window, and its size with padding."""
    made, start = [], -pad
    while start + dilation * (window - 1) + 1 <= length + pad or ceil and start < length and start < length + pad and (
            start + dilation * (window - 1) + 1 < length + pad + stride):
        made.append(([k for k in range(start, start + dilation * window, dilation) if 0 <= k < length],
                     min(start + window, length + pad) - start))
        start += stride
    return made


def expected(x, geometry):
    """Of each window: its output place, elements, places in the plane, and size with padding."""
    *sizes, ceil = geometry
    axes = [axis_windows(length, *one, ceil) for length, one in zip(x.shape[1:], zip(*sizes))]
    shape = tuple(map(len, axes))
    for plane, place in itertools.product(range(len(x)), np.ndindex(*shape)):
        parts = [axis[i] for axis, i in zip(axes, place)]
        spots = list(itertools.product(*[inside for inside, _ in parts]))
        yield (plane, *place), [x[plane][spot] for spot in spots], [np.ravel_multi_index(spot, x.shape[1:]) for spot in spots], np.prod(
            [padded for _, padded in parts])


def filled(found, kind):
    found = list(found)
    made = np.zeros(np.max([place for place, _ in found], 0) + 1, kind)
    for place, value in found:
        made[place] = value
    return made


@pytest.mark.parametrize("kind", ["float32", "int64"])
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_max_pool3d_takes_the_largest_and_says_where(geometry, kind):
    x = numbers(kind, SIZES[3])
    window, stride, padding, dilation, ceil = geometry
    made, places = F.max_pool3d(tensor(x), window, stride, padding, dilation, ceil, return_indices=True)
    check(made, filled(((place, max(inside)) for place, inside, _, _ in expected(x, geometry)), kind))
    check(places, filled(((place, spots[int(np.argmax(inside))]) for place, inside, spots, _ in expected(x, geometry)), np.int64))
    check(nn.MaxPool3d(window, stride, padding, dilation, ceil_mode=ceil)(tensor(x)[None])[0], made.numpy())


@pytest.mark.parametrize("counted, divisor", [(True, None), (False, None), (True, 5)])
@pytest.mark.parametrize("geometry", GEOMETRIES[:2], ids=str)
def test_avg_pool3d_takes_the_mean(geometry, counted, divisor):
    x = numbers("float32", SIZES[3])
    window, stride, padding, _, ceil = geometry
    means = ((place, sum(inside) / (divisor or (padded if counted else len(inside)))) for place, inside, _, padded in expected(x, geometry))
    check(nn.AvgPool3d(window, stride, padding, ceil, counted, divisor)(tensor(x)), filled(means, np.float32), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_adaptive_pools_cover_the_input_evenly(dims, count):
    x = numbers("float32", SIZES[dims])
    axes = [[(i * n // count, -(-(i + 1) * n // count)) for i in range(count)] for n in x.shape[1:]]
    mean, largest = (np.zeros((len(x), *(count,) * dims), np.float32) for _ in range(2))
    for place in np.ndindex(*(count,) * dims):
        part = x[(slice(None), *[slice(*axis[i]) for axis, i in zip(axes, place)])].reshape(len(x), -1)
        mean[(slice(None), *place)], largest[(slice(None), *place)] = part.mean(1, dtype=np.float64), part.max(1)
    check(ADAPTIVE["avg", dims](tensor(x), count), mean, rtol=1e-5)
    made, places = ADAPTIVE["max", dims](tensor(x), count, True)
    check(made, largest)
    check(tensor(x).flatten(1).gather(1, places.flatten(1)), largest.reshape(len(x), -1))


def test_adaptive_mean_keeps_nan_where_it_is():
    made = F.adaptive_avg_pool1d(tensor([[np.nan, 1.0, 2.0, 3.0, 4.0]]), 2)
    assert made.isnan().tolist() == [[True, False]]


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_unpooling_is_the_way_back(dims):
    pool, unpool = UNPOOL[dims]
    x = tensor(numbers("float32", SIZES[dims]))
    values, places = pool(x, 2, return_indices=True)
    made = unpool(values, places, 2, output_size=x.shape[1:])
    again = torch.zeros_like(x).flatten(1).scatter(1, places.flatten(1), values.flatten(1)).reshape(x.shape)
    assert torch.equal(made, again)
    assert torch.equal(unpool(values, places.clamp(max=1), 2, padding=0)[0].flatten()[2:].sum(), tensor(0.0))


def test_fractional_windows_follow_their_samples():
    x, samples = numbers("float64", (2, 3, 9, 11)), np.random.default_rng(0).random((2, 3, 2))
    made, places = F.fractional_max_pool2d(tensor(x), (2, 3), (4, 5), return_indices=True, _random_samples=tensor(samples))
    for n, c, i, j in np.ndindex(2, 3, 4, 5):
        (alpha, beta), (u, v) = ((9 - 2) / 3, (11 - 3) / 4), samples[n, c, ::-1]
        top = 7 if i == 3 else int((i + u) * alpha) - int(u * alpha)
        left = 8 if j == 4 else int((j + v) * beta) - int(v * beta)
        assert made[n, c, i, j].item() == x[n, c, top:top + 2, left:left + 3].max()
    check(tensor(x).flatten(2).gather(2, places.flatten(2)), made.flatten(2).numpy())


def test_fractional_pooling_repeats_under_a_seed():
    x = torch.randn(2, 3, 9, 9, 9)
    for pool in (nn.FractionalMaxPool3d(2, output_ratio=0.5), nn.FractionalMaxPool3d(2, 4)):
        torch.manual_seed(5)
        first = pool(x)
        torch.manual_seed(5)
        assert torch.equal(first, pool(x))
        assert first.shape == (2, 3, 4, 4, 4)
    assert not torch.equal(pool(x), pool(x))


DISTINCT = np.random.default_rng(0).permutation(2 * 2 * 4 * 5 * 3).reshape(2, 2, 4, 5, 3) * 0.1
SAMPLES = torch.rand(2, 2, 3, dtype=torch.float64)


@pytest.mark.parametrize("pool", [
    lambda x: F.max_pool3d(x, 2, 2, 1), lambda x: F.avg_pool3d(x, 2, (2, 1, 1), 1, True, False), lambda x: F.avg_pool3d(x, 2, 1),
    lambda x: F.adaptive_avg_pool3d(x, (3, 2, 2)), lambda x: F.adaptive_max_pool3d(x, (3, 2, 2)),
    lambda x: F.adaptive_avg_pool2d(x[..., 0], 3), lambda x: F.adaptive_avg_pool1d(x[0, ..., 0], 3),
    lambda x: F.lp_pool3d(x + 1, 3, 2), lambda x: F.lp_pool1d(x[0, 0] + 1, 2.5, 2), lambda x: F.lp_pool2d(x[..., 0], float("inf"), 2),
    lambda x: F.fractional_max_pool3d(x, (2, 2, 1), (3, 2, 3), _random_samples=SAMPLES),
    lambda x: F.fractional_max_pool2d(x[..., 0], 2, 3, _random_samples=SAMPLES[..., :2]),
    lambda x: F.max_unpool3d(x, tensor(np.arange(60).reshape(4, 5, 3)).expand(2, 2, 4, 5, 3), 2),
])
def test_first_and_second_derivatives(pool):
    x = tensor(DISTINCT, requires_grad=True)
    assert gradcheck(pool, (x,))
    assert gradgradcheck(pool, (x,))


def test_lp_pool_of_zeros_has_gradient_zero():
    x = torch.zeros(1, 2, 4, requires_grad=True)
    F.lp_pool1d(x, 2, 2).sum().backward()
    assert x.grad.abs().sum() == 0


def test_empty_batches_and_single_samples():
    for pool in (nn.MaxPool3d(2), nn.AvgPool3d(2), nn.AdaptiveAvgPool3d((2, None, 1)), nn.AdaptiveMaxPool3d(3),
                 nn.FractionalMaxPool3d(2, 2)):
        x = torch.zeros(0, 3, 4, 4, 4, requires_grad=True)
        pool(x).sum().backward()
        assert x.grad.shape == x.shape
        x = torch.randn(3, 4, 4, 4)
        torch.manual_seed(1)
        made = pool(x)
        torch.manual_seed(1)
        assert torch.equal(made, pool(x[None])[0])


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_halves(kind):
    x = tensor(numbers(kind, (1, 4, 4, 4)), kind, requires_grad=True)
    for pool in (nn.MaxPool3d(2), nn.AvgPool3d(2), nn.AdaptiveMaxPool3d(3), nn.AdaptiveAvgPool3d(3)):
        made = pool(x)
        assert made.dtype is x.dtype
        check(made, pool(x.detach().float()).numpy(), kind)
        made.float().sum().backward()


@pytest.mark.parametrize("twin", ["serial", "parallel"])
def test_both_twins(twin):
    x = np.random.default_rng(0).standard_normal((3, 4, 5, 6)).astype(np.float32)
    along = [np.array([[[0, n // 2]], [[n // 2, n]]]) for n in x.shape[1:]]
    counts = [one[1, 0] - one[0, 0] for one in along]
    out, places = np.empty((3, 2, 2, 2), np.float32), np.empty((3, 2, 2, 2), np.int64)
    back, put = np.empty_like(x), np.empty((3, 120), np.float32)
    getattr(kernels.max_of_windows, twin)(x, *along, 1, 1, 1, out, places)
    np.testing.assert_array_equal(out, np.take_along_axis(x.reshape(3, -1), places.reshape(3, -1), 1).reshape(out.shape))
    assert out[0, 0, 0, 0] == x[0, :2, :2, :3].max()
    getattr(kernels.put_at_places, twin)(out.reshape(3, 8), places.reshape(3, 8), put)
    assert (np.count_nonzero(put, 1) == 8).all()
    getattr(kernels.mean_of_windows, twin)(x, *along, *counts, 0, out)
    np.testing.assert_allclose(out[2, 1, 1, 0], x[2, 2:, 2:, :3].mean(), rtol=1e-5)
    getattr(kernels.mean_of_windows_backward, twin)(out, *along, *counts, 0, back)
    np.testing.assert_allclose(back[1, 3, 4, 5], out[1, 1, 1, 1] / 18, rtol=1e-6)


ONES = torch.ones(1, 1, 2, 2)


@pytest.mark.parametrize("call, error, message", [
    (lambda: F.max_pool3d(torch.zeros(4, 4, 4), 2), RuntimeError, r"max_pool3d.*\[4, 4, 4\]"),
    (lambda: F.avg_pool3d(torch.zeros(1, 1, 4, 4, 4), 2, padding=2), RuntimeError, "half of kernel size"),
    (lambda: F.max_pool3d(torch.zeros(1, 1, 4, 4, 4), 5), RuntimeError, "too small"),
    (lambda: F.max_pool3d(torch.zeros(1, 0, 4, 4, 4), 2), RuntimeError, r"\[1, 0, 4, 4, 4\]"),
    (lambda: F.max_pool2d(torch.zeros(1, 1, 1), 2, 1, 1, 3), RuntimeError, "too small|holds no element"),
    (lambda: F.avg_pool3d(torch.zeros(1, 1, 4, 4, 4, dtype=torch.int32), 2), NotImplementedError, "'Int'"),
    (lambda: F.adaptive_max_pool3d(torch.zeros(1, 1, 4, 4, 4), (2, 3)), RuntimeError, "3 sizes"),
    (lambda: F.adaptive_avg_pool3d(torch.zeros(4, 4, 4), (2, 3, None)), ValueError, r"\[4, 4, 4\]"),
    (lambda: F.max_unpool2d(ONES, ONES, 2), RuntimeError, "int64 but got: Float"),
    (lambda: F.max_unpool2d(ONES, ONES.long()[..., :1], 2), RuntimeError, r"same as that of the input"),
    (lambda: F.max_unpool2d(ONES, 99 * ONES.long(), 2), RuntimeError, "invalid max index: 99 .*4x4"),
    (lambda: F.max_unpool2d(ONES, -ONES.long(), 2), RuntimeError, "invalid max index: -1"),
    (lambda: F.max_unpool2d(ONES, ONES.long(), 2, output_size=(9, 4)), ValueError, r"invalid output_size \"\(9, 4\)\" \(dim 0"),
    (lambda: F.max_unpool2d(ONES, ONES.long(), 2, output_size=(1, 9, 4)), ValueError, "2 or 4 elements.*'3'"),
    (lambda: F.fractional_max_pool2d(torch.zeros(1, 1, 6, 6), 2), ValueError, "output_size or an output_ratio"),
    (lambda: F.fractional_max_pool2d(torch.zeros(1, 1, 6, 6), 2, 6), RuntimeError, "too large"),
    (lambda: F.fractional_max_pool2d(torch.zeros(1, 1, 6, 6), 2, 3, _random_samples=torch.zeros(1, 1, 3)), RuntimeError, r"\[1, 1, 2\]"),
    (lambda: nn.FractionalMaxPool2d(2, 3, 0.3), ValueError, "only one"),
    (lambda: nn.FractionalMaxPool2d(2, output_ratio=1.5), ValueError, "between 0 and 1"),
])
def test_errors_say_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_layers_say_what_they_are():
    assert repr(nn.MaxUnpool2d(2)) == "MaxUnpool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))"
    assert repr(nn.LPPool2d(2, 3)) == "LPPool2d(norm_type=2, kernel_size=3, stride=None, ceil_mode=False)"
    assert repr(nn.FractionalMaxPool2d(2, 3)) == "FractionalMaxPool2d()"
    assert repr(nn.AdaptiveAvgPool3d(2)) == "AdaptiveAvgPool3d(output_size=2)"
