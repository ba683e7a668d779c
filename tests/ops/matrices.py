"""Matrices for the tests of linear algebra, and how results are compared."""
import numpy as np
from oracle import numbers


def random(shape, seed=0, kind="float64"):
    return numbers(kind, shape, seed=seed)


def positive(shape, kind="float64"):
    a = random(shape)
    return (a @ a.swapaxes(-1, -2) + np.eye(shape[-1])).astype(kind)


def same(made, expected, tolerance=1e-9):
    assert tuple(made.shape) == np.shape(expected)
    np.testing.assert_allclose(made.numpy(), expected, tolerance, tolerance * (abs(np.asarray(expected)).max() if np.size(expected) else 1))


def in_columns(made):
    return made.transpose(-1, -2).is_contiguous()
