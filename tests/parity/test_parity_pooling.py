"""Pooling, unpooling, grid sampling and interpolation beside torch's: values, places, gradients."""
import numpy as np
import pytest

import nb_nn

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")
SIZES = {1: (2, 3, 9), 2: (2, 3, 7, 8), 3: (2, 3, 6, 5, 7)}
RANDOM = np.random.default_rng(0)


def run(library, function, arrays):
    leaves = [library.tensor(array) for array in arrays]
    leaves[0].requires_grad_()
    made = function(library, *leaves)
    made = made if isinstance(made, tuple) else (made,)
    weights = library.tensor(np.cos(np.arange(made[0].numel())).reshape(tuple(made[0].shape)).astype(arrays[0].dtype))
    return [one.detach().numpy() for one in (*made, *library.autograd.grad(made[0], leaves[0], weights))]


def same(function, *arrays):
    for ours, theirs in zip(run(nb_nn, function, arrays), run(torch, function, arrays)):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("geometry", [(2, None, 0, 1, False), (3, 2, 1, 1, True), (2, 1, 1, 2, False), (3, 1, 1, 1, False)])
def test_max_pool(dims, geometry):
    x = RANDOM.standard_normal(SIZES[dims]).astype(np.float32)
    x.ravel()[::13] = np.nan
    same(lambda library, t: getattr(library.nn.functional, f"max_pool{dims}d")(t, *geometry, return_indices=True), x)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("geometry", [(2, None, 0, False, True, None), (3, 2, 1, True, False, None), (3, 2, 1, True, True, 5)])
def test_avg_pool(dims, geometry):
    same(lambda library, t: getattr(library.nn.functional, f"avg_pool{dims}d")(t, *geometry), RANDOM.standard_normal(SIZES[dims]))


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 3, 12])
def test_adaptive(dims, count):
    x = RANDOM.standard_normal(SIZES[dims])
    same(lambda library, t: getattr(library.nn.functional, f"adaptive_avg_pool{dims}d")(t, count), x)
    same(lambda library, t: getattr(library.nn.functional, f"adaptive_max_pool{dims}d")(t, count, return_indices=True), x)


@pytest.mark.parametrize("dims", [2, 3])
def test_fractional_and_unpool(dims):
    x, samples = RANDOM.standard_normal(SIZES[dims]), RANDOM.random((2, 3, dims))
    same(lambda library, t, s: getattr(library.nn.functional, f"fractional_max_pool{dims}d")(
        t, 2, 3, return_indices=True, _random_samples=s), x, samples)
    places = getattr(torch.nn.functional, f"max_pool{dims}d")(torch.tensor(x), 2, return_indices=True)[1].numpy()
    same(lambda library, t, i: getattr(library.nn.functional, f"max_unpool{dims}d")(t, i, 2, output_size=x.shape),
         RANDOM.standard_normal(places.shape), places)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_grid_sample(dims, mode, padding, align):
    if mode == "bicubic" and dims == 3:
        pytest.skip("images only")
    x, grid = RANDOM.standard_normal(SIZES[dims]), RANDOM.uniform(-1.5, 1.5, (2, 4, 5, *(3,) * (dims - 2), dims))
    grid.ravel()[:4] = -1, 1, 0, 1e20
    same(lambda library, t, g: library.nn.functional.grid_sample(t, g, mode, padding, align), x, grid)
    same(lambda library, g, t: library.nn.functional.grid_sample(t, g, mode, padding, align), grid, x)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("options", [{"size": 4}, {"size": (13, 3)}, {"scale_factor": 0.6}, {"size": 5, "align_corners": True}])
def test_antialias(mode, options):
    same(lambda library, t: library.nn.functional.interpolate(t, mode=mode, antialias=True, **options), RANDOM.standard_normal(SIZES[2]))
