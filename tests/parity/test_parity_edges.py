"""What random comparison with torch found: edges of sizes, types, layouts and errors, each beside torch's answer."""
import warnings

import numpy as np
import pytest

import nb_nn

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")


def shown(result):
    """A result as plain Python: values, types and steps."""
    if isinstance(result, (tuple, list)):
        return [type(result).__name__ if not hasattr(result, "values") and type(result).__name__ in ("tuple", "list") else "named",
                *(shown(one) for one in result)]
    if hasattr(result, "tolist"):
        if "sparse" in str(result.layout):
            return "sparse", list(result.shape), str(result.dtype), result._nnz()
        # NaN is equal to itself here, and -0 to 0; rounding is not compared
        return np.asarray(result.detach().numpy() + 0).round(9).astype(str).tolist(), str(result.dtype), list(result.stride())
    return result


def answer(library, call):
    try:
        return shown(call(library))
    except Exception as error:  # noqa: BLE001  whether there is one, and its type, are compared
        return type(error)


F = lambda t: t.nn.functional
CALLS = {
    # evenly spaced integers
    "linspace of fractional ends": lambda t: t.linspace(0.5, 5.5, 4, dtype=t.int64), "linspace down": lambda t: t.linspace(10, -3.9, 7, dtype=t.int64),
    "linspace cut towards zero": lambda t: t.linspace(-1.7, 5.2, 6, dtype=t.int32), "linspace of one": lambda t: t.linspace(0.5, 0.9, 1, dtype=t.int64),
    "linspace of none": lambda t: t.linspace(0, 3, 0, dtype=t.int64), "linspace beyond the type": lambda t: t.linspace(-3.9, 3.9, 5, dtype=t.uint8),
    "logspace": lambda t: t.logspace(0.5, 2.5, 4, dtype=t.int64), "logspace to another base": lambda t: t.logspace(0, 3, 4, 2.5, dtype=t.int64),
    "linspace out": lambda t: t.linspace(0.5, 5.5, 4, out=t.zeros(4, dtype=t.int64)),
    "arange of complex type": lambda t: t.arange(0, 3, dtype=t.complex64), "arange to a complex number": lambda t: t.arange(3j),
    "arange of bool": lambda t: t.arange(2, dtype=t.bool), "arange without step": lambda t: t.arange(0, 3, 0),
    # fractional factors of integers
    "index_add": lambda t: t.zeros(3).long().index_add(0, t.tensor([0, 1]), t.tensor([3, 4]), alpha=1.5),
    "addr": lambda t: t.ones(2, 2).long().addr(t.ones(2).long(), t.ones(2).long(), alpha=1.5),
    # nothing
    "unique of no slices": lambda t: t.unique(t.zeros(0, 3), dim=0), "unique of empty slices": lambda t: t.unique(t.zeros(3, 0), dim=0),
    "unique of no slices, all results": lambda t: t.unique(t.zeros(0, 3), dim=0, return_inverse=True, return_counts=True),
    "unique of no slices inside": lambda t: t.unique(t.zeros(2, 0, 3), dim=1),
    "nonzero_static": lambda t: t.nonzero_static(t.tensor([0, 1, 2]), size=4), "nonzero_static of a number": lambda t: t.nonzero_static(t.tensor(3), size=2),
    # elements that share places
    "tril_": lambda t: t.ones(3).expand(3, 3).tril_(), "triu_": lambda t: t.ones(3).expand(3, 3).triu_(1),
    "index_fill_": lambda t: t.ones(1, 3).expand(3, 3).index_fill_(0, t.tensor([0]), 2.0),
    "masked_fill_": lambda t: t.ones(1).expand(3).masked_fill_(t.tensor([True, False, False]), 2),
    "index_put_": lambda t: t.ones(1).expand(3).index_put_((t.tensor([0]),), t.zeros(1)), "index_add_": lambda t: t.ones(1).expand(3).index_add_(
        0, t.tensor([0]), t.ones(1)), "scatter_": lambda t: t.ones(1).expand(3).scatter_(0, t.tensor([0]), 2.0),
    "index_copy_": lambda t: t.ones(1).expand(3).index_copy_(0, t.tensor([0]), t.ones(1)),
    # sparse
    "zeros sparse": lambda t: t.zeros(2, 3, layout=t.sparse_coo), "empty sparse": lambda t: t.empty(2, layout=t.sparse_coo, dtype=t.int64),
    "ones sparse": lambda t: t.ones(2, layout=t.sparse_coo),
    # arguments
    "take_along_dim of a list": lambda t: t.take_along_dim(t.ones(3), [1, 2], 0), "take_along_dim from the end": lambda t: t.take_along_dim(
        t.arange(6).view(2, 3), t.tensor([[-1], [0]]), 1), "flip dims": lambda t: t.flip(t.arange(4).view(2, 2), dims=[0, 1]),
    "flip of unknown": lambda t: t.flip(t.ones(2), dimension=0), "fliplr of a vector": lambda t: t.fliplr(t.ones(2)), "flipud of a number": lambda t: t.flipud(
        t.tensor(1.0)), "gradient": lambda t: t.gradient(t.arange(4.0), dim=None, spacing=None), "gradient dims twice": lambda t: t.gradient(
        t.ones(3, 3), dim=[1, 1]), "to with a memory format": lambda t: t.ones(2).double(memory_format=t.contiguous_format),
    "isclose": lambda t: t.isclose(t.ones(1), t.ones(1), rtol=-0.4), "pow of numbers": lambda t: t.pow(2, 3), "max of numbers": lambda t: t.max(2, 3),
    "complex of numbers": lambda t: t.complex(1, 2), "narrow": lambda t: t.narrow(t.ones(3), 0, t.tensor([1, 1]), 1),
    "narrow by bool": lambda t: t.narrow(t.ones(3), 0, t.tensor(True), 1), "unravel_index": lambda t: t.unravel_index(t.ones(2), (2, 2)),
    "tril_indices": lambda t: t.tril_indices(2, 2, dtype=t.float32), "normal": lambda t: t.normal(0.0, 0.0, (2,), layout=t.strided),
    "deg2rad": lambda t: t.deg2rad(t.ones(1, dtype=t.complex64)), "isposinf": lambda t: t.isposinf(t.ones(1, dtype=t.complex64)),
    "signbit": lambda t: t.signbit(t.ones(1, dtype=t.complex64)), "cummax": lambda t: t.cummax(t.ones(1, dtype=t.complex64), 0),
    "cdist": lambda t: t.cdist(t.ones(2, 2, dtype=t.complex64), t.ones(2, 2, dtype=t.complex64)),
    # results
    "ravel": lambda t: t.arange(6)[::2].ravel(), "flatten": lambda t: t.arange(6)[::2].flatten(), "nanmedian": lambda t: t.nanmedian(t.tensor(1.0), 0, True),
    "cumsum of a complex number": lambda t: t.cumsum(t.tensor(1 + 2j), 0), "cov": lambda t: t.cov(t.tensor([[1 + 2j, 2 - 1j, 0.5j], [1, 1j, 2]])),
    "corrcoef": lambda t: t.corrcoef(t.tensor([[1 + 2j, 2 - 1j, 0.5j], [1, 1j, 2]], dtype=t.complex128)),
    "circular padding that cuts": lambda t: F(t).pad(t.arange(12.0).view(1, 3, 4), (-1, 1), "circular"),
    "circular padding that cuts both": lambda t: F(t).pad(t.arange(16.0).view(1, 1, 4, 4), (-1, 1, -2, 1), "circular"),
    "float_power": lambda t: t.float_power(t.tensor([2.0]), 2, out=t.zeros(1)), "empty_permuted": lambda t: t.empty_permuted((2, 3, 4), (2, 0, 1)).stride(),
}


@pytest.mark.parametrize("name", CALLS)
def test_as_torch(name):
    expected, found = answer(torch, CALLS[name]), answer(nb_nn, CALLS[name])
    if isinstance(expected, type):
        assert isinstance(found, type), found
        assert issubclass(found, expected) or issubclass(expected, found), (found, expected)
    else:
        assert found == expected


def test_casts_from_complex_warn_once():
    nb_nn.ops.copies._told[0] = False
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(2):
            nb_nn.tensor([1 + 2j]).to(nb_nn.float32)
        x = nb_nn.ones(2, requires_grad=True)
        (x.to(nb_nn.complex64) * 1j).abs().sum().backward()
        nb_nn.tensor([1 + 2j]).bool()
    assert [str(one.message) for one in told] == ["Casting complex values to real discards the imaginary part"]
    assert x.grad.dtype is nb_nn.float32
