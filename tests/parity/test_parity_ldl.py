"""LDL factors beside torch's: the numbers, pivots, strides and solutions."""
import numpy as np
import pytest
from oracle import numbers

import nb_nn

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("kind", ["float64", "complex128"])
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (2, 9, 9), (2, 3, 5, 5), (0, 3, 3), (40, 40)])
def test_as_torch(shape, kind, hermitian):
    a = numbers("float64", shape, seed=1) + (1j * numbers("float64", shape, seed=2) if kind == "complex128" else 0)
    a = a + (a.conj() if hermitian else a).swapaxes(-1, -2)
    b = numbers("float64", (*shape[:-1], 2), seed=3).astype(kind)
    ours = nb_nn.linalg.ldl_factor(nb_nn.tensor(a), hermitian=hermitian)
    theirs = torch.linalg.ldl_factor(torch.tensor(a), hermitian=hermitian)
    solved = (library.linalg.ldl_solve(*made, library.tensor(b), hermitian=hermitian) for library, made in ((nb_nn, ours), (torch, theirs)))
    for one, other in zip((*ours, next(solved)), (*theirs, next(solved))):
        assert str(one.dtype) == str(other.dtype) and (one.stride() == other.stride() or one.numel() == 0)
        np.testing.assert_allclose(one.numpy(), other.numpy(), 1e-7, 1e-9)
