"""Places in sorted rows, and counts, against NumPy."""
import numpy as np
import pytest

from nb_nn.kernels.cpu import counting

TWINS = ["serial", "parallel"]


@pytest.mark.parametrize("twin", TWINS)
def test_searchsorted(twin):
    ordered = np.sort(np.random.default_rng(0).integers(0, 20, (3, 15)), axis=1).astype("f")
    values = np.random.default_rng(1).integers(-2, 22, (3, 3000)).astype("f")
    values[:, 5] = np.nan
    for right, side in ((False, "left"), (True, "right")):
        out = np.empty(values.shape, "l")
        getattr(counting.searchsorted, twin)(ordered, values, right, out)
        np.testing.assert_array_equal(out, [np.searchsorted(o, v, side) for o, v in zip(ordered, values)])
        getattr(counting.searchsorted, twin)(ordered[:1], values, right, out)
        np.testing.assert_array_equal(out, np.searchsorted(ordered[0], values, side))
        getattr(counting.searchsorted, twin)(ordered[:1, :0], values, right, out)
        assert (out == 0).all()


@pytest.mark.parametrize("twin", TWINS)
def test_counts(twin):
    for size in (0, 5, 100_000):
        x = np.random.default_rng(size).integers(0, 9, size)
        weights = np.random.default_rng(1).random(size)
        out, sums = np.empty(11, "l"), np.empty(11)
        getattr(counting.bincount, twin)(x, out)
        np.testing.assert_array_equal(out, np.bincount(x, minlength=11))
        getattr(counting.bincount_weighted, twin)(x, weights, sums)
        np.testing.assert_allclose(sums, np.bincount(x, weights, minlength=11))
        floats = np.append(weights * 3 - 1, [np.nan, -1, 1, np.inf, 0.5])
        bins = np.empty(7)
        getattr(counting.histc, twin)(floats, -1.0, 1.0, bins)
        np.testing.assert_array_equal(bins, np.histogram(floats[np.isfinite(floats)], 7, (-1, 1))[0])
