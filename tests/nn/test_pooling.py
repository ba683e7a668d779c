import numpy as np
import pytest
from oracle import check, numbers, tensor

import nb_nn as torch
from nb_nn import nn
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck
from nb_nn.nn import functional as F


def windows(x, window, stride, padding, dilation, ceil):
    """For each place of the result: its index, and the elements of the window inside the image with their places."""
    counts = []
    for d in range(2):
        span = x.shape[1 + d] + 2 * padding[d] - dilation[d] * (window[d] - 1) - 1
        count = (-(-span // stride[d]) if ceil else span // stride[d]) + 1
        if ceil and (count - 1) * stride[d] >= x.shape[1 + d] + padding[d]:
            count -= 1
        counts.append(count)
    for c, i, j in np.ndindex(x.shape[0], *counts):
        rows = [i * stride[0] - padding[0] + a * dilation[0] for a in range(window[0])]
        columns = [j * stride[1] - padding[1] + b * dilation[1] for b in range(window[1])]
        inside = [(y, z) for y in rows for z in columns if 0 <= y < x.shape[1] and 0 <= z < x.shape[2]]
        padded = sum(y < x.shape[1] + padding[0] and z < x.shape[2] + padding[1] for y in rows for z in columns)
        yield (c, i, j), [x[c, y, z] for y, z in inside], [y * x.shape[2] + z for y, z in inside], padded


def filled(pairs, kind):
    pairs = list(pairs)
    out = np.zeros(np.max([place for place, _ in pairs], 0) + 1, kind)
    for place, value in pairs:
        out[place] = value
    return out


GEOMETRIES = [((2, 2), (2, 2), (0, 0), (1, 1), False), ((3, 2), (2, 1), (1, 1), (1, 1), True), ((2, 3), (2, 2), (1, 1), (2, 1), False),
              ((3, 3), (2, 3), (0, 1), (1, 1), True)]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_max_pool2d_takes_the_largest_and_says_where(geometry):
    window, stride, padding, dilation, ceil = geometry
    x = numbers("float32", (3, 7, 8))
    found = list(windows(x, *geometry))
    values = filled(((place, max(inside)) for place, inside, _, _ in found), np.float32)
    places = filled(((place, spots[int(np.argmax(inside))]) for place, inside, spots, _ in found), np.int64)
    made, indices = F.max_pool2d(tensor(x), window, stride, padding, dilation, ceil, return_indices=True)
    check(made, values)
    check(indices, places)
    check(nn.MaxPool2d(window, stride, padding, dilation, ceil_mode=ceil)(tensor(x)[None]), values[None])


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("geometry", [one for one in GEOMETRIES if one[3] == (1, 1)], ids=str)
def test_avg_pool2d_takes_the_mean(geometry, counted):
    window, stride, padding, _, ceil = geometry
    x = numbers("float32", (3, 7, 8))
    expected = filled(((place, sum(inside) / (padded if counted else len(inside)))
                       for place, inside, _, padded in windows(x, *geometry)), np.float32)
    check(F.avg_pool2d(tensor(x), window, stride, padding, ceil, counted), expected, rtol=1e-5)
    check(nn.AvgPool2d(window, stride, padding, ceil, counted, divisor_override=5)(tensor(x)),
          filled(((place, sum(inside) / 5) for place, inside, _, _ in windows(x, *geometry)), np.float32), rtol=1e-5)


@pytest.mark.parametrize("pool", [
    lambda x: F.max_pool2d(x, (3, 2), (2, 1), 1, 1, True), lambda x: F.max_pool2d(x, 2), lambda x: F.max_pool2d(x, 2, 1, dilation=2),
    lambda x: F.avg_pool2d(x, (3, 2), (2, 1), 1, True, False), lambda x: F.avg_pool2d(x, 2, divisor_override=-3),
    lambda x: F.adaptive_avg_pool2d(x, (3, 2)), lambda x: F.adaptive_avg_pool2d(x, 1), lambda x: F.adaptive_max_pool2d(x, (3, 2)),
    lambda x: F.lp_pool2d(x.abs() + 1, 3, 2),
    lambda x: F.max_pool1d(x[0], 3, 2), lambda x: F.avg_pool1d(x[0], 3, 2, 1), lambda x: F.adaptive_avg_pool1d(x[0], 2),
    lambda x: F.adaptive_max_pool1d(x[0], 2),
])
def test_first_and_second_derivatives(pool):
    x = tensor(np.random.default_rng(0).permutation(2 * 2 * 4 * 5).reshape(2, 2, 4, 5) * 0.1, requires_grad=True)
    assert gradcheck(pool, (x,))
    assert gradgradcheck(pool, (x,))


def test_pool1d_is_pool2d_of_height_one():
    x = tensor(numbers("float32", (2, 3, 9)))
    made, places = F.max_pool1d(x, 3, 2, 1, return_indices=True)
    expected, where = F.max_pool2d(x.unsqueeze(2), (1, 3), (1, 2), (0, 1), return_indices=True)
    assert torch.equal(made, expected.squeeze(2))
    assert torch.equal(places, where.squeeze(2))
    assert torch.equal(F.avg_pool1d(x, 3, 2, 1), F.avg_pool2d(x.unsqueeze(2), (1, 3), (1, 2), (0, 1)).squeeze(2))
    assert torch.equal(nn.MaxPool1d(3)(x[0]), nn.MaxPool1d(3)(x)[0])
    assert torch.equal(nn.AvgPool1d(3)(x[0]), nn.AvgPool1d(3)(x)[0])


def test_nan_wins_and_the_first_of_equals():
    x = tensor(np.array([[[1.0, np.nan], [2.0, 3.0]], [[4.0, 4.0], [4.0, 4.0]]], np.float32))
    made, places = F.max_pool2d(x, 2, return_indices=True)
    check(made, np.array([[[np.nan]], [[4.0]]], np.float32))
    assert places.flatten().tolist() == [1, 0]


@pytest.mark.parametrize("size", [1, (3, 5), (7, 8), (None, 4), (14, 3)])
def test_adaptive_pools_cover_the_input_evenly(size):
    x = numbers("float32", (2, 7, 8))
    wanted = [given if one is None else one for one, given in zip(size if isinstance(size, tuple) else (size, size), (7, 8))]
    mean, largest = np.zeros((2, *wanted), np.float32), np.zeros((2, *wanted), np.float32)
    for c, i, j in np.ndindex(mean.shape):
        part = x[c, i * 7 // wanted[0]:-(-(i + 1) * 7 // wanted[0]), j * 8 // wanted[1]:-(-(j + 1) * 8 // wanted[1])]
        mean[c, i, j], largest[c, i, j] = part.mean(dtype=np.float64), part.max()
    check(nn.AdaptiveAvgPool2d(size)(tensor(x)), mean, rtol=1e-5)
    made, places = nn.AdaptiveMaxPool2d(size, return_indices=True)(tensor(x))
    check(made, largest)
    check(tensor(x).flatten(1).gather(1, places.flatten(1)), largest.reshape(2, -1))


def test_other_layouts_and_halves():
    x = numbers("float32", (2, 6, 4, 3))
    turned = tensor(x).permute(0, 3, 1, 2)
    assert torch.equal(F.max_pool2d(turned, 2), F.max_pool2d(turned.contiguous(), 2))
    assert torch.equal(F.avg_pool2d(turned, 2), F.avg_pool2d(turned.contiguous(), 2))
    for kind in ("float16", "bfloat16"):
        half = tensor(numbers(kind, (1, 4, 4)), kind, requires_grad=True)
        for pool in (F.max_pool2d, F.avg_pool2d):
            made = pool(half, 2)
            assert made.dtype is half.dtype
            check(made, pool(half.detach().float(), 2).numpy(), kind)
            made.float().sum().backward()


def test_result_may_be_written_to():
    x = torch.randn(1, 2, 4, 4, requires_grad=True)
    made = F.max_pool2d(x, 2)
    made.mul_(2)
    made.sum().backward()
    assert x.grad.sum() == 16


def test_empty_batch():
    for pool in (lambda x: F.max_pool2d(x, 2), lambda x: F.avg_pool2d(x, 2), lambda x: F.adaptive_avg_pool2d(x, 2),
                 lambda x: F.adaptive_max_pool2d(x, 2), lambda x: F.adaptive_max_pool2d(x, 3)):
        x = torch.zeros(0, 3, 4, 4, requires_grad=True)
        made = pool(x)
        assert made.shape[:2] == (0, 3)
        made.sum().backward()
        assert x.grad.shape == x.shape


@pytest.mark.parametrize("call, error, message", [
    (lambda: F.max_pool2d(torch.zeros(1, 3, 2, 2), 3), RuntimeError, r"\[1, 3, 2, 2\].*\[1, 3, 0, 0\].*too small"),
    (lambda: F.max_pool2d(torch.zeros(1, 3, 6, 6), 2, padding=2), RuntimeError, "half of kernel size"),
    (lambda: F.avg_pool2d(torch.zeros(1, 3, 6, 6), 2, padding=2), RuntimeError, "half of kernel size"),
    (lambda: F.max_pool2d(torch.zeros(6, 6), 2), RuntimeError, r"\[6, 6\]"),
    (lambda: F.max_pool2d(torch.zeros(1, 0, 6, 6), 2), RuntimeError, r"\[1, 0, 6, 6\]"),
    (lambda: F.max_pool2d(torch.zeros(1, 3, 6, 6), 2, stride=0), RuntimeError, "stride should be greater than zero"),
    (lambda: F.max_pool2d(torch.zeros(1, 6, 6, dtype=torch.bool), 2), RuntimeError, "not implemented for 'Bool'"),
    (lambda: F.avg_pool2d(torch.zeros(1, 3, 6, 6), 2, divisor_override=0), RuntimeError, "divisor must be not zero"),
    (lambda: F.adaptive_avg_pool2d(torch.zeros(1, 3, 6, 6), (1, 2, 3)), RuntimeError, "2 sizes"),
    (lambda: F.adaptive_avg_pool2d(torch.zeros(6, 6), 1), RuntimeError, r"\[6, 6\]"),
])
def test_errors_say_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_layers_say_what_they_are():
    assert repr(nn.MaxPool2d(2)) == "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"
    assert repr(nn.AvgPool2d((2, 3), 1)) == "AvgPool2d(kernel_size=(2, 3), stride=1, padding=0)"
    assert repr(nn.AdaptiveAvgPool2d((1, None))) == "AdaptiveAvgPool2d(output_size=(1, None))"
