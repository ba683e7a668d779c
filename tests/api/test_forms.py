"""Every documented ``out=`` and every documented name that ends in ``_`` gives what the plain form gives.

The names are read from the inventory, so that one without arguments in the tables below fails.
"""
import re

import numpy as np
import pytest
from api.signatures import inventory

import nb_nn as torch

AREAS = {"creation", "indexing_joining", "random", "serialization", "parallelism", "pointwise", "reduction", "comparison", "spectral",
         "other_math", "linalg", "tensor_methods", "tensor_attributes", "typeinfo", "storage", "sparse", "dlpack"}
ROWS = {name: row for name, row in inventory().items()
        if row["area"] in AREAS or (row["area"], row["tier"]) == ("builtin_functions", "builtin")}
OUT = sorted({name.split(".")[-1] for name, row in ROWS.items() if re.search(r"\bout\b", row["signature"])})
INPLACE = sorted({name.split(".")[-1] for name in ROWS if re.search(r"[a-z0-9]_$", name) and "Storage" not in name})

A = torch.tensor([[0.25, 0.75, 0.5], [0.125, 0.375, 0.625]])
B = torch.tensor([[0.5, 0.25, 0.75], [0.625, 0.5, 0.375]])
S = torch.tensor([[4.0, 1.0], [1.0, 3.0]])              # positive
T = torch.stack((S, S + 1))
V, MASK, ZERO_ONE = A[0], A > 0.3, torch.tensor([1, 0])
ROOT = torch.cholesky(S)
ARGUMENTS = {
    **dict.fromkeys(("add", "sub", "mul", "div", "atan2", "eq", "ne", "lt", "le", "gt", "ge", "fmod", "remainder", "pow"), (A, B)),
    "addbmm": (S, T, T), "addmm": (S, S, S + 1), "addmv": (S[0], S, S[1]), "addr": (S, S[0], S[1]), "baddbmm": (T, T, T + 1),
    "addcdiv": (A, A, B), "addcmul": (A, A, B), "lerp": (A, B, 0.25), "clamp": (A, 0.3, 0.6), "clamp_min": (A, 0.3), "clamp_max": (A, 0.6),
    "all": (MASK, 1), "any": (MASK, 1), "mean": (A, 1), "std": (A, 1), "var": (A, 1), "logsumexp": (A, 1), "norm": (A, 2, 1),
    "max": (A, 1), "min": (A, 1), "sort": (A, 1), "argsort": (A, 1), "topk": (A, 2, 1), "kthvalue": (A, 2, 1), "cumsum": (A, 1),
    "histc": (A, 4, 0, 1), "renorm": (A, 2, 0, 0.5), "cross": (A, B, 1), "diag": (V,), "polygamma": (A, 1), "mvlgamma": (A + 2, 2),
    "bmm": (T, T), "mm": (S, S), "matmul": (T, S), "mv": (S, S[0]), "ger": (V, V), "tril": (A,), "triu": (A,),
    "cat": ([A, B],), "stack": ([A, B],), "squeeze": (A[None],), "unsqueeze": (A, 0), "transpose": (A, 0, 1), "t": (A,),
    "gather": (A, 1, torch.tensor([[0, 2], [1, 0]])), "index_select": (A, 1, ZERO_ONE), "masked_select": (A, MASK), "nonzero": (A - 0.25,),
    "index_add": (A, 1, ZERO_ONE, B[:, :2]), "index_copy": (A, 1, ZERO_ONE, B[:, :2]), "index_fill": (A, 1, ZERO_ONE, 9.0),
    "index_put": (A, (ZERO_ONE, ZERO_ONE), V[:2]), "masked_fill": (A, MASK, 9.0), "masked_scatter": (A, MASK, B),
    "put": (A, ZERO_ONE, V[:2]), "scatter": (A, 1, torch.tensor([[0, 2], [1, 0]]), B), "scatter_add": (A, 1, torch.tensor([[0, 2], [1, 0]]), B),
    "cholesky": (S,), "cholesky_solve": (S, ROOT), "inverse": (S,), "potrf": (S,), "potri": (ROOT.t(),), "potrs": (S, ROOT.t()),
    "pstrf": (S,), "qr": (A,), "geqrf": (A,), "svd": (A,), "symeig": (S, True), "eig": (S, True), "solve": (S, S + 1), "gesv": (S, S + 1),
    "gels": (A, A), "sspaddmm": (torch.eye(2).to_sparse(), torch.eye(2).to_sparse(), S),
    "arange": (1, 7, 2), "range": (1, 2, 0.5), "linspace": (0, 1, 5), "logspace": (0, 1, 3), "eye": (2, 3), "empty": (2, 3), "full": ((2, 3), 7.0),
    "full_like": (A, 7.0), "ones": (2, 3), "zeros": (2, 3), "rand": (2, 3), "randn": (2, 3), "randint": (1, 9, (2, 3)), "randperm": (5,),
    "bernoulli": (A,), "multinomial": (V, 2), "normal": (A, B),
    "threshold": (A, 0.3, 0.0), "copy": (A, B), "fill": (A, 7.0), "as_strided": (A.clone(), (2, 2), (1, 2)),
    "alpha_dropout": (A, 0.5, True), "dropout": (A, 0.5, True), "feature_dropout": (A[None], 0.5, True),
    "feature_alpha_dropout": (A[None], 0.5, True), "rrelu": (A - 0.5, 0.1, 0.3, True), "detach": (A,),
}
UNARY = {"abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "digamma", "erf", "erfc", "erfinv", "exp", "expm1", "floor", "frac", "lgamma", "log",
         "log10", "log1p", "log2", "neg", "reciprocal", "relu", "round", "rsqrt", "selu", "celu", "sigmoid", "sign", "sin", "sinh", "sqrt", "tan",
         "tanh", "trunc"}
# names that end in _ and have no plain form, and what the tensor holds then
ALONE = {
    "apply_": (lambda x: x.apply_(lambda one: one + 1), lambda a: a + 1), "map_": (lambda x: x.map_(B, max), lambda a: np.maximum(a, B.numpy())),
    "zero_": (lambda x: x.zero_(), lambda a: a * 0), "fill_": (lambda x: x.fill_(7), lambda a: a * 0 + 7),
    "copy_": (lambda x: x.copy_(B[0]), lambda a: np.broadcast_to(B[0].numpy(), a.shape)),
    "resize_": (lambda x: x.resize_(2, 2), lambda a: a.ravel()[:4].reshape(2, 2)), "resizeAs_": (lambda x: x.resizeAs_(S), lambda a: a.ravel()[:4].reshape(2, 2)),
    "resize_as_": (lambda x: x.resize_as_(S), lambda a: a.ravel()[:4].reshape(2, 2)), "set_": (lambda x: x.set_(B), lambda a: B.numpy()),
    "requires_grad_": (lambda x: x.requires_grad_(), lambda a: a), "detach_": (lambda x: x.detach_(), lambda a: a),
    "uniform_": (lambda x: x.uniform_(3, 3), lambda a: a * 0 + 3), "normal_": (lambda x: x.normal_(3, 0), lambda a: a * 0 + 3),
    "random_": (lambda x: x.random_(3, 4), lambda a: a * 0 + 3), "bernoulli_": (lambda x: x.bernoulli_(1), lambda a: a * 0 + 1),
    "geometric_": (lambda x: x.geometric_(1 - 1e-15), lambda a: a * 0 + 1), "log_normal_": (lambda x: x.log_normal_(0, 1e-30), lambda a: a * 0 + 1),
    "cauchy_": (lambda x: x.cauchy_(3, 1e-30).clamp_(3, 3), lambda a: a * 0 + 3),
    "exponential_": (lambda x: x.exponential_(1e30).round_(), lambda a: a * 0),
}


def arguments(name):
    return (A,) if name in UNARY else ARGUMENTS[name]


def plain(name, given):
    """The plain form, of a function or of a method."""
    torch.manual_seed(0)
    function = getattr(torch.Tensor if name == "polygamma" else torch, name, None) or getattr(torch.Tensor, name)
    return function(*given)


def several(made):
    return made if isinstance(made, tuple) else (made,)


def same(one, other):
    if one.is_sparse:
        one, other = one.to_dense(), other.to_dense()
    return one.dtype is other.dtype and one.shape == other.shape and np.array_equal(one.numpy(), other.numpy(), equal_nan=True)


def run(name, given, out):
    torch.manual_seed(0)
    return getattr(torch, name, None)(*given, out=out)


@pytest.mark.filterwarnings("ignore:.*range is deprecated", "ignore:.*deprecated", "ignore:.*was resized", "ignore:.*out tensor of shape")
@pytest.mark.parametrize("name", OUT)
def test_out_gives_what_the_plain_form_gives(name):
    given = arguments(name)
    expected = several(plain(name, given))
    if name == "empty":
        expected = (torch.zeros(2, 3),)
    for shape in (None, (0,), (1, 7)):                  # as large as the result, and other sizes, which are changed
        out = tuple(torch.empty(one.shape if shape is None else shape, dtype=one.dtype).fill_(0) if not one.is_sparse else one.clone()
                    for one in expected)
        made = run(name, given, out if len(out) > 1 else out[0])
        for one, target, wanted in zip(several(made), out, expected):
            assert one is target and (name == "empty" and one.shape == (2, 3) or same(one, wanted))


@pytest.mark.filterwarnings("ignore:.*deprecated")
@pytest.mark.parametrize("name", sorted(set(OUT) - {"empty", "sspaddmm"}))
def test_out_of_another_type(name):
    """A wider type takes the numbers; a type they cannot be cast to is refused and left as it was."""
    given = arguments(name)
    expected = several(plain(name, given))
    if name not in ("arange", "linspace", "logspace", "range", "full", "ones", "zeros", "eye", "rand", "randn", "randint", "randperm"):
        out = tuple(torch.zeros(one.shape, dtype=torch.float64 if one.dtype is torch.float32 else torch.int32 if one.dtype is torch.int64 else
                                one.dtype) for one in expected)
        try:
            run(name, given, out if len(out) > 1 else out[0])
        except RuntimeError as error:           # where an index must be int64, or a draw has the type of its argument
            assert re.search("type|dtype", str(error))
        else:
            for one, wanted in zip(out, expected):
                np.testing.assert_allclose(one.numpy(), wanted.numpy(), 1e-6)
    if expected[0].is_floating_point() and name not in ("bernoulli", "eye", "full", "ones", "zeros", "linspace", "logspace", "range", "full_like"):
        out = tuple(torch.full(one.shape, 3, dtype=torch.int64) for one in expected)
        with pytest.raises((RuntimeError, TypeError), match="type"):
            run(name, given, out if len(out) > 1 else out[0])
        assert all((one == 3).all() for one in out)


@pytest.mark.filterwarnings("ignore:.*deprecated")
@pytest.mark.parametrize("name", sorted(set(INPLACE) - ALONE.keys()))
def test_in_place_gives_what_the_plain_form_gives(name):
    base = name[:-1]
    given = arguments(base)
    expected = plain(base, given)
    for function in (getattr(torch.Tensor, name, None), getattr(torch, name, None)):
        if function is not None:
            own = given[0].clone()
            version = own._version
            torch.manual_seed(0)
            made = function(own, *given[1:])
            assert made is own and own.dtype is given[0].dtype
            np.testing.assert_array_equal(own.numpy(), expected.to(own.dtype).numpy())
            assert own._version > version or base in ("transpose", "t", "squeeze", "unsqueeze", "as_strided")


@pytest.mark.filterwarnings("ignore:.*deprecated")
@pytest.mark.parametrize("name", sorted(ALONE))
def test_in_place_without_a_plain_form(name):
    call, wanted = ALONE[name]
    own = A.clone()
    assert call(own) is own
    np.testing.assert_allclose(own.detach().numpy(), wanted(A.numpy()), atol=1e-6)


def test_every_documented_form_is_here():
    assert len(OUT) > 115 and len(INPLACE) > 100
    missing = {name for name in OUT if name not in UNARY and name not in ARGUMENTS}
    missing |= {name for name in INPLACE if name not in ALONE and name[:-1] not in UNARY and name[:-1] not in ARGUMENTS}
    assert not missing and ALONE.keys() <= set(INPLACE)


BINARY = ["add", "sub", "mul", "div", "fmod", "remainder", "pow", "eq", "ne", "lt", "le", "gt", "ge"]


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.int64, torch.uint8])
@pytest.mark.parametrize("name", BINARY)
def test_numbers_stand_for_tensors_without_dimensions(name, kind):
    """A number, a 0-d tensor and a tensor full of it give the same; integers beside 2.5 become floats, as everywhere today."""
    x = torch.tensor([[1, 2, 3], [4, 5, 6]], dtype=kind)
    function = getattr(torch, name)
    for number in (2, 2.5):
        full = torch.full_like(x, number) if number == 2 or kind.is_floating_point else torch.full(x.shape, number)
        expected = function(x, full)
        for made in (function(x, number), getattr(x, name)(number), function(x, torch.tensor(number))):
            assert made.dtype is expected.dtype
            np.testing.assert_allclose(made.numpy(), expected.numpy(), 1e-6)
    own = x.clone()
    if not (name == "div" and kind in (torch.int64, torch.uint8)):
        assert getattr(own, name + "_")(2) is own and own.dtype is kind
        np.testing.assert_allclose(own.numpy(), function(x, 2).to(kind).numpy(), 1e-6)


@pytest.mark.parametrize("kind", [torch.float32, torch.int64])
def test_numbers_before_tensors(kind):
    x = torch.tensor([1, 2, 4], dtype=kind)
    full = torch.full_like(x, 8)
    for made, expected in ((8 + x, full + x), (8 - x, full - x), (8 * x, full * x), (8 / x, full / x), (8 // x, full // x), (8 % x, full % x),
                           (8 ** x, full ** x), (torch.pow(8, x), full ** x), (torch.rsub(x, 8), full - x),
                           (torch.mul(8, x), full * x), (torch.add(8, x), full + x)):
        assert same(made, expected)
