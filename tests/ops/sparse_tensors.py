"""Random sparse tensors, and how they are compared."""
import numpy as np
import pytest

import nb_nn as torch

random = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _same_numbers_in_any_order():
    random.bit_generator.state = np.random.default_rng(0).bit_generator.state


def sparse(*size, nnz=5, dense=(), coalesced=True, dtype=None, requires_grad=False):
    """A random sparse tensor, with repeated places unless coalesced."""
    places = np.stack([random.integers(0, length, nnz) for length in size])
    if not coalesced:
        places[:, -1] = places[:, 0]
    made = torch.sparse_coo_tensor(places, random.random((nnz, *dense)) + 0.5, (*size, *dense), dtype=dtype)
    made = made.coalesce() if coalesced else made
    return made.requires_grad_(requires_grad)


def dense(*size):
    return torch.tensor(random.standard_normal(size), requires_grad=True)


def array(tensor):
    """All elements, summed by a loop where a tensor is sparse."""
    tensor = tensor.detach()
    if not tensor.is_sparse:
        return tensor.numpy()
    made = np.zeros(tuple(tensor.shape), tensor._values().numpy().dtype)
    for k in range(tensor._nnz()):
        made[tuple(tensor._indices().numpy()[:, k])] += tensor._values().numpy()[k]
    return made


def close(found, wanted):
    np.testing.assert_allclose(array(found), wanted, rtol=1e-6)


BOTH = pytest.mark.parametrize("coalesced", [True, False])
