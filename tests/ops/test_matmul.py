"""Products of vectors, matrices and stacks of them, against NumPy's."""
import itertools
import math

import numpy as np
import pytest
from layouts import laid_out
from oracle import check, numbers, tensor, values

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

SHAPES = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3,)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4)), ((3,), (5, 3, 4)),
          ((2, 3), (5, 3, 4)), ((6, 1, 2, 3), (5, 3, 4)), ((6, 5, 2, 3), (3, 4)), ((1, 2, 3), (5, 3, 1)), ((2, 1, 3, 2), (1, 4, 2, 3))]
EMPTY = [((0,), (0,)), ((2, 0), (0, 3)), ((0, 3), (3, 2)), ((2, 3), (3, 0)), ((2, 0), (0,)), ((0, 2, 3), (0, 3, 4)), ((5, 2, 0), (0, 4)), ((3, 2, 0), (3, 0, 4)),
         ((0, 2, 3), (3, 4))]


@pytest.mark.parametrize("kind", ["float32", "float64", "int64", "float16", "bfloat16", "int8", "complex64"])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_matmul(shapes, kind):
    a, b = (numbers(kind, shape, -3, 3, seed=place) for place, shape in enumerate(shapes))
    wide = kind in ("float16", "bfloat16")
    expected = np.matmul(a.astype("float32"), b.astype("float32")) if wide else np.matmul(a, b)
    check(torch.matmul(tensor(a, kind), tensor(b, kind)), expected, kind, rtol=None if not wide else 2e-2)
    check(tensor(a, kind) @ tensor(b, kind), expected, kind, rtol=None if not wide else 2e-2)


@pytest.mark.parametrize("shapes", EMPTY, ids=str)
def test_without_elements(shapes):
    a, b = (np.ones(shape, "float32") for shape in shapes)
    check(torch.matmul(tensor(a), tensor(b)), np.matmul(a, b))


MATRICES = ("contiguous", "transposed", "rows apart", "stepped", "stepped transposed", "expanded rows", "expanded columns", "expanded", "windows")


@pytest.mark.parametrize("first, second", list(itertools.product(MATRICES, MATRICES)))
def test_any_layout(first, second):
    (x, a), (y, b) = laid_out(first), laid_out(second, seed=1)
    x, a = (x.t(), a.T) if a.shape == (4, 3) else (x, a)
    y, b = (y.t(), b.T) if b.shape == (3, 4) else (y, b)
    check(x @ y, a @ b, rtol=1e-5)


def test_stacks_of_any_layout():
    a, b = numbers("float64", (4, 3, 5)), numbers("float64", (5, 4, 6), seed=1)
    x, y = tensor(a), tensor(b)
    for order in itertools.permutations(range(3)):
        left, wide = x.permute(order), a.transpose(order)
        right = numbers("float64", (wide.shape[0], wide.shape[2], 2))
        check(left @ tensor(right), wide @ right)
        check(left @ tensor(right)[:1], wide @ right[:1])
    check(x[::2, :, ::2] @ y[:3:2, :3, ::3], a[::2, :, ::2] @ b[:3:2, :3, ::3])


def test_the_particular_products():
    a, b, v, w = numbers("float64", (2, 3)), numbers("float64", (3, 4)), numbers("float64", (3,)), numbers("float64", (4,))
    x, y, s, t = map(tensor, (a, b, v, w))
    check(torch.mm(x, y), a @ b)
    check(x.mv(s), a @ v)
    check(torch.dot(s, s), np.array(v @ v))
    check(torch.ger(s, t), np.outer(v, w))
    check(torch.outer(t, s), np.outer(w, v))
    stack, other = numbers("float64", (5, 2, 3)), numbers("float64", (5, 3, 4))
    check(torch.bmm(tensor(stack), tensor(other)), stack @ other)


@pytest.mark.parametrize("beta, alpha", [(1, 1), (0.5, 2), (0, 1), (1, 0), (-1, 0.3)])
def test_scaled_sums(beta, alpha):
    a, b, v, w = numbers("float64", (2, 3)), numbers("float64", (3, 4)), numbers("float64", (3,)), numbers("float64", (2,))
    stack, other = numbers("float64", (5, 2, 3)), numbers("float64", (5, 3, 4))
    cases = [
        ("addmm", (2, 4), (a, b), a @ b), ("addmm", (4,), (a, b), a @ b), ("addmm", (2, 1), (a, b), a @ b), ("addmm", (), (a, b), a @ b),
        ("addmv", (2,), (a, v), a @ v), ("addr", (2, 3), (w, v), np.outer(w, v)), ("baddbmm", (5, 2, 4), (stack, other), stack @ other),
        ("baddbmm", (2, 4), (stack, other), stack @ other), ("addbmm", (2, 4), (stack, other), (stack @ other).sum(0)),
    ]
    for name, size, operands, product in cases:
        c = numbers("float64", size, seed=7)
        expected = np.broadcast_to(beta * c + alpha * product, product.shape)
        args = [tensor(one) for one in operands]
        check(getattr(torch, name)(tensor(c), *args, beta=beta, alpha=alpha), expected, rtol=1e-12)
        out = torch.empty(0, dtype=torch.float64)
        getattr(torch, name)(tensor(c), *args, beta=beta, alpha=alpha, out=out)
        check(out, expected, rtol=1e-12)
        if size == product.shape:
            x = tensor(c)
            assert getattr(x, name + "_")(*args, beta=beta, alpha=alpha) is x
            check(x, expected, rtol=1e-12)


def test_beta_zero_ignores_what_was_there():
    x = torch.full((2, 2), math.nan)
    check(torch.addmm(x, torch.eye(2), torch.eye(2), beta=0), np.eye(2, dtype="float32"))


def test_large_products_and_threads():
    a, b = numbers("float32", (150, 200)), numbers("float32", (200, 130), seed=1)
    expected = (a.astype("float64") @ b).astype("float32")
    check(tensor(a) @ tensor(b), expected, rtol=1e-5, atol=1e-4)
    stack = numbers("float32", (40, 20, 30)), numbers("float32", (40, 30, 25), seed=1)
    check(tensor(stack[0]) @ tensor(stack[1]), stack[0] @ stack[1], rtol=1e-5, atol=1e-4)
    whole = a.astype("int64"), b.astype("int64")
    check(tensor(whole[0]) @ tensor(whole[1]), whole[0] @ whole[1])


def test_out():
    a, b = numbers("float32", (2, 3)), numbers("float32", (3, 4))
    for name, operands in [("mm", (a, b)), ("matmul", (a, b)), ("mv", (a, b[:, 0])), ("dot", (a[0], b[:, 0])), ("bmm", (a[None], b[None]))]:
        out = torch.empty(0)
        expected = getattr(torch, name)(*[tensor(one.copy()) for one in operands])
        assert getattr(torch, name)(*[tensor(one.copy()) for one in operands], out=out) is out
        check(out, values(expected))


@pytest.mark.parametrize("text, function", [
    (r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 4x5\)", lambda o: torch.mm(o(2, 3), o(4, 5))),
    (r"shapes cannot be multiplied \(10x3 and 4x5\)", lambda o: o(5, 2, 3) @ o(4, 5)),
    ("size mismatch", lambda o: torch.mv(o(2, 3), o(4))), ("same number of elements", lambda o: torch.dot(o(2), o(3))),
    ("must be a matrix", lambda o: torch.mm(o(2), o(2, 2))), ("3D tensors", lambda o: torch.bmm(o(2, 2), o(2, 2, 2))),
    (r"Expected size for first two dimensions of batch2 tensor to be: \[2, 3\] but got: \[1, 3\]", lambda o: torch.bmm(o(2, 2, 3), o(1, 3, 4))),
    ("1D tensors expected", lambda o: torch.dot(o(2, 2), o(2))), ("at least 1D", lambda o: torch.matmul(o(2), torch.tensor(1.0))),
    ("must match the size", lambda o: o(2, 3, 4) @ o(3, 4, 5)), ("same dtype", lambda o: o(2, 2) @ o(2, 2).double()),
    ("same dtype", lambda o: torch.dot(o(2), o(2).long())), ("same dtype", lambda o: torch.addmm(o(2).double(), o(2, 2), o(2, 2))),
    ("expanded size|broadcast|must match", lambda o: torch.addmm(o(3), o(2, 2), o(2, 2))),
    ("must not be floating", lambda o: torch.addmm(o(2).long(), o(2, 2).long(), o(2, 2).long(), alpha=0.5)),
    ("1-D arguments", lambda o: torch.ger(o(2, 2), o(2))),
])
def test_operands_that_do_not_fit_are_refused(text, function):
    with pytest.raises(RuntimeError, match=text):
        function(torch.ones)


def test_what_is_not_a_tensor_is_refused():
    for function in (lambda: torch.ones(2) @ 3, lambda: torch.matmul(torch.ones(2), [1, 2]), lambda: torch.mm(torch.ones(2, 2), 3)):
        with pytest.raises(TypeError):
            function()


# ---- gradients


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_gradients_of_matmul(shapes):
    inputs = [tensor(numbers("float64", shape, seed=place), requires_grad=True) for place, shape in enumerate(shapes)]
    assert gradcheck(torch.matmul, inputs, fast_mode=True) and gradgradcheck(torch.matmul, inputs, fast_mode=True)


@pytest.mark.parametrize("name, shapes", [("addmm", ((4,), (2, 3), (3, 4))), ("addmv", ((2,), (2, 3), (3,))), ("addr", ((2, 3), (2,), (3,))),
                                          ("baddbmm", ((2, 4), (5, 2, 3), (5, 3, 4))), ("addbmm", ((2, 4), (5, 2, 3), (5, 3, 4)))])
def test_gradients_of_scaled_sums(name, shapes):
    inputs = [tensor(numbers("float64", shape, seed=place), requires_grad=True) for place, shape in enumerate(shapes)]

    def function(*args):
        return getattr(torch, name)(*args, beta=0.5, alpha=2)

    assert gradcheck(function, inputs, fast_mode=True) and gradgradcheck(function, inputs, fast_mode=True)
    if inputs[0].shape == function(*inputs).shape:
        assert gradcheck(lambda x, *others: getattr(x * 1, name + "_")(*others, beta=0.5, alpha=2), inputs, fast_mode=True)


# ---- einsum

EQUATIONS = [
    "i->", "i->i", "ij->ji", "ij->", "ij->i", "ij->j", "ii->", "ii->i", "iij->ij", "iji->j", "ij,jk", "ij,jk->ik", "ij,kj->ik", "ij,jk->ki", "i,i", "i,i->",
    "i,j->ij", "i,j", "bij,bjk->bik", "bij,bkj->bik", "ij,ij->ij", "ij,ij->", "ij,ij->j", "ijk,jl->ilk", "ijk,ilk->jl", "ijkl,kl->ij", "ab,cd->acbd",
    "...ij,...jk->...ik", "...i,...i->...", "i...->...", "...", "...i->i...", "ij...,j->i...", "b...i,bi->b...", "ij,jk,kl->il", "a,b,c->abc",
    "ij,j,jk->ik", "bi,bj,bk->bijk", "ii,ii->i", "ij,ji->", "Ab,bC->AC", "ij , jk -> ik", "ijk->kij", "i,ij,j->", "abc,abd,acd->bcd", "ij,ij->ji",
]
SIZES = dict(zip("abcdijklAC", (2, 3, 4, 2, 3, 3, 4, 2, 3, 2)))


def operands_of(equation, kind="float64"):
    terms = equation.replace(" ", "").split("->")[0].split(",")
    return [numbers(kind, (*((2, 3) if "..." in term and term.startswith("...") else (3,) * ("..." in term)),) if term == "..." else shape_of(term),
                    seed=place) for place, term in enumerate(terms)]


def shape_of(term):
    size = []
    for part in term.replace("...", ".").strip():
        size += [2, 3] if part == "." else [SIZES[part]]
    return tuple(size)


@pytest.mark.parametrize("equation", EQUATIONS)
def test_einsum(equation):
    arrays = operands_of(equation)
    check(torch.einsum(equation, *map(tensor, arrays)), np.einsum(equation.replace(" ", ""), *arrays), "float64", rtol=1e-12)
    check(torch.einsum(equation, [tensor(one) for one in arrays]), np.einsum(equation.replace(" ", ""), *arrays), "float64", rtol=1e-12)


@pytest.mark.parametrize("equation", ["ij,jk->ik", "ii->i", "bij,bkj->bik", "ij,j,jk->ik", "...i,...i->...", "i,j->ij", "ij->"])
def test_gradients_of_einsum(equation):
    inputs = [tensor(one, requires_grad=True) for one in operands_of(equation)]
    assert gradcheck(lambda *args: torch.einsum(equation, *args), inputs, fast_mode=True)
    assert gradgradcheck(lambda *args: torch.einsum(equation, *args), inputs, fast_mode=True)


def test_einsum_of_integers_and_sizes_of_one():
    a, b = numbers("int64", (2, 3), 0, 9), numbers("int64", (3, 4), 0, 9)
    check(torch.einsum("ij,jk->ik", tensor(a), tensor(b)), a @ b)
    c, d = numbers("float32", (2, 1)), numbers("float32", (3, 4))
    check(torch.einsum("ij,jk->ik", tensor(c), tensor(d)), np.einsum("ij,jk->ik", np.broadcast_to(c, (2, 3)), d))
    check(torch.einsum("ij,jk->ik", torch.ones(2, 0), torch.ones(0, 3)), np.zeros((2, 3), "float32"))


@pytest.mark.parametrize("equation, shapes", [("ij,jk->ik", ((2, 2),)), ("ij->ij", ((2,),)), ("ij,jk->ik", ((2, 3), (4, 5))), ("ij->ik", ((2, 2),)),
                                              ("ij->ii", ((2, 2),)), ("i1->i", ((2, 2),)), ("i,i,i", ((2,), (2,)))])
def test_equations_that_do_not_fit_are_refused(equation, shapes):
    with pytest.raises(RuntimeError, match="einsum"):
        torch.einsum(equation, *[torch.ones(shape) for shape in shapes])


@pytest.mark.parametrize("dims", [0, 1, 2, ([1, 0], [0, 2]), ([0], [1]), ([-1], [0])], ids=str)
def test_tensordot(dims):
    a, b = numbers("float64", (3, 4, 3)), numbers("float64", (4, 3, 3))
    if dims in (1, 2):
        b = numbers("float64", (3, 4)) if dims == 1 else numbers("float64", (4, 3, 2))
    axes = {str(([1, 0], [0, 2])): ([1, 0], [0, 2]), str(([0], [1])): ([0], [1]), str(([-1], [0])): ([1], [0])}.get(str(dims), dims)
    given = ([1], [0]) if dims == ([-1], [0]) else dims
    check(torch.tensordot(tensor(a), tensor(b), given), np.tensordot(a, b, axes), rtol=1e-12)


def test_tensordot_refuses_sizes_that_differ():
    with pytest.raises(RuntimeError, match="match"):
        torch.tensordot(torch.ones(2, 3), torch.ones(4, 2), 1)
    with pytest.raises(RuntimeError, match="dims"):
        torch.tensordot(torch.ones(2), torch.ones(2), 2)
