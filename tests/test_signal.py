"""Windows, against SciPy."""
import numpy as np
import pytest
from scipy.signal import windows

import nb_nn as torch

OPTIONS = {
    "bartlett": [{}], "blackman": [{}], "cosine": [{}], "hamming": [{}], "hann": [{}], "nuttall": [{}],
    "exponential": [{}, {"tau": 3.0}], "gaussian": [{"std": 1.0}, {"std": 0.3}], "kaiser": [{"beta": 12.0}, {"beta": 0.0}],
    "general_cosine": [{"a": [0.4, 0.3, 0.2]}], "general_hamming": [{"alpha": 0.7}]}


@pytest.mark.parametrize("sym", [True, False])
@pytest.mark.parametrize("M", [0, 1, 2, 7, 8])
@pytest.mark.parametrize("name", OPTIONS)
def test_as_scipy(name, M, sym):
    for options in OPTIONS[name]:
        expected = getattr(windows, name)(M, sym=sym, **options)
        found = getattr(torch.signal.windows, name)(M, sym=sym, dtype=torch.float64, **options)
        np.testing.assert_allclose(found.numpy(), expected, 1e-9, 1e-12)
        assert getattr(torch.signal.windows, name)(M, **options).dtype is torch.float32


def test_particular_options():
    made = torch.signal.windows
    assert torch.allclose(made.exponential(3, center=0, sym=False), torch.exp(-torch.arange(3.0)))
    assert made.kaiser(5, beta=1000.0).isfinite().all() and made.hann(3, requires_grad=True).requires_grad
    assert all(hasattr(made, name) for name in made.__all__) and set(made.__all__) == set(OPTIONS)


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda w: w.cosine(-1), ValueError, "non-negative window length, got M=-1"),
    (lambda w: w.cosine(2.5), TypeError, "integer"),
    (lambda w: w.hann(3, dtype=torch.float16), ValueError, "float32 or float64 dtypes, got: torch.float16"),
    (lambda w: w.hann(3, dtype=torch.int64), ValueError, "float32 or float64"),
    (lambda w: w.hann(3, layout=torch.sparse_coo), ValueError, "strided tensors only"),
    (lambda w: w.exponential(3, tau=0), ValueError, "Tau must be positive"),
    (lambda w: w.exponential(3, center=1), ValueError, "Center must be None"),
    (lambda w: w.gaussian(3, std=-1), ValueError, "Standard deviation must be positive"),
    (lambda w: w.kaiser(3, beta=-1), ValueError, "beta must be non-negative"),
    (lambda w: w.general_cosine(3, a=[]), ValueError, "cannot be empty"),
    (lambda w: w.general_cosine(3, a=2), TypeError, "list/tuple"),
])
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call(torch.signal.windows)
