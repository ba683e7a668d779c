"""Names that came late, beside torch's: segments, sparse softmax, windows, LOBPCG."""
import numpy as np
import pytest
from oracle import numbers

import nb_nn

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")
DATA = numbers("float64", (4, 6), seed=1)
SEGMENTS = [{"lengths": [2, 0, 2]}, {"offsets": [0, 1, 1, 4]}, {"lengths": [[2, 0, 4], [1, 1, 4], [6, 0, 0], [3, 3, 0]], "axis": 1},
            {"offsets": [[0, 2, 6]] * 4, "axis": 1}, {"lengths": [1, 1], "unsafe": True}]


@pytest.mark.parametrize("segments", SEGMENTS, ids=str)
@pytest.mark.parametrize("initial", [None, 0.5, 5.0])
@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min", "prod"])
def test_segments(reduce, initial, segments):
    found = []
    for library in (nb_nn, torch):
        options = {name: library.tensor(value) if name in ("lengths", "offsets") else value for name, value in segments.items()}
        x = library.tensor(DATA, requires_grad=True)
        y = library.segment_reduce(x, reduce, initial=initial, **options)
        (y.nan_to_num(0, 0, 0) ** 2).sum().backward()
        found += [y.detach().numpy(), x.grad.nan_to_num(0).numpy()]
    np.testing.assert_allclose(found[0], found[2], 1e-12)
    np.testing.assert_allclose(found[1], found[3], 1e-12)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(("shape", "dense"), [((3, 4), 0), ((3, 4, 2), 1), ((4,), 0), ((2, 3, 2), 0)])
def test_sparse_softmax(name, shape, dense):
    draw = np.random.default_rng(1)
    dims = len(shape) - dense
    places, values = np.stack([draw.integers(0, size, 7) for size in shape[:dims]]), draw.normal(size=(7, *shape[dims:]))
    for dim in range(-len(shape), len(shape)):      # values alone: torch's gradient along sparse dimensions is wrong
        ours, theirs = (getattr(library.sparse, name)(library.sparse_coo_tensor(library.tensor(places), library.tensor(values), shape), dim)
                        for library in (nb_nn, torch))
        assert ours.is_coalesced() == theirs.is_coalesced() and ours.indices().tolist() == theirs.indices().tolist()
        np.testing.assert_allclose(ours.values().numpy(), theirs.values().numpy(), 1e-10, 1e-14)


@pytest.mark.parametrize("name", nb_nn.signal.windows.__all__)
def test_windows(name):
    options = {"a": [0.4, 0.3, 0.2]} if name == "general_cosine" else {}
    for M in (0, 1, 2, 5, 8):
        for sym in (True, False):
            for kind in ("float32", "float64"):
                ours, theirs = (getattr(library.signal.windows, name)(M, sym=sym, dtype=getattr(library, kind), **options).numpy()
                                for library in (nb_nn, torch))
                assert ours.dtype == theirs.dtype
                np.testing.assert_allclose(ours, theirs, 1e-10 if kind == "float64" else 2e-5, 1e-12 if kind == "float64" else 1e-6)


@pytest.mark.parametrize("largest", [True, False])
def test_lobpcg(largest):
    a = DATA @ DATA.T + np.diag(np.arange(4.0))
    a = np.block([[a, np.zeros((4, 8))], [np.zeros((8, 4)), np.diag(np.arange(10.0, 18))]])
    found = []
    for library in (nb_nn, torch):
        x = library.tensor(a, requires_grad=True)
        values, vectors = library.lobpcg(x, 2, largest=largest, niter=400, tol=1e-12)
        (values * values + (vectors * vectors * library.tensor(np.arange(12.0))[:, None]).sum(0)).sum().backward()
        found += [values.detach().numpy(), vectors.detach().abs().numpy(), x.grad.numpy()]
    for one, other in zip(found[:3], found[3:]):
        np.testing.assert_allclose(one, other, 1e-4, 1e-4)
    assert nb_nn.lobpcg(nb_nn.tensor(a), 2)[1].shape == torch.lobpcg(torch.tensor(a), 2)[1].shape
