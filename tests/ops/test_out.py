"""``out=``: taken wherever torch takes it, resized, cast, counted as a write, and refused where a history would be lost."""
import numpy as np
import pytest

import nb_nn as torch

A = torch.tensor([[1.0, 5.0, 2.0], [4.0, 0.5, 3.0]])
SQUARE = torch.tensor([[4.0, 1.0], [1.0, 3.0]])

CALLS = {       # what is computed, into how many tensors
    "argmax": lambda out: torch.argmax(A, 1, out=out), "argmin": lambda out: torch.argmin(A, 0, True, out=out),
    "softmax": lambda out: torch.softmax(A, 1, out=out), "log_softmax": lambda out: torch.log_softmax(A, 0, out=out),
    "tensordot": lambda out: torch.tensordot(A, A.t(), 1, out=out), "float_power": lambda out: torch.float_power(A, 2, out=out),
    "isin": lambda out: torch.isin(A, A[0], out=out), "narrow_copy": lambda out: torch.narrow_copy(A, 1, 0, 2, out=out),
    "slice_scatter": lambda out: torch.slice_scatter(A, A[:1], 0, 1, 2, out=out), "slogdet": lambda out: torch.slogdet(SQUARE, out=out),
    "lstsq": lambda out: torch.linalg.lstsq(SQUARE, SQUARE, out=out), "gelu": lambda out: torch.nn.functional.gelu(A, out=out),
    "avg_pool2d": lambda out: torch.nn.functional.avg_pool2d(A[None], 2, out=out), "spmm": lambda out: torch.spmm(SQUARE.to_sparse(), SQUARE, out=out),
    "avg_pool3d": lambda out: torch.nn.functional.avg_pool3d(A[None, None], (1, 2, 2), out=out),
    "saddmm": lambda out: torch.saddmm(SQUARE, SQUARE.to_sparse(), SQUARE, out=out), "diag": lambda out: torch.diag(SQUARE, out=out),
    "nonzero_static": lambda out: torch.nonzero_static(A, size=7, out=out), "t_copy": lambda out: torch.t_copy(A, out=out),
    "view_copy": lambda out: torch.view_copy(A, (3, 2), out=out), "sort": lambda out: torch.sort(A, 1, out=out),
    "kron": lambda out: torch.kron(A, A, out=out), "msort": lambda out: torch.msort(A, out=out),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("layout", ["same", "empty", "strided"])
def test_result_is_written_and_returned(name, layout):
    expected = CALLS[name](None)
    several = isinstance(expected, tuple)

    def target(one):
        if layout == "strided":
            return torch.zeros(*one.shape, 2, dtype=one.dtype)[..., 0]
        return torch.zeros(one.shape if layout == "same" else 0, dtype=one.dtype)

    out = tuple(target(one) for one in expected) if several else target(expected)
    before = [one._version for one in (out if several else (out,))]
    found = CALLS[name](out)
    for one, wanted, given, version in zip(*((found, expected, out) if several else ([found], [expected], [out])), before):
        assert one is given and given.shape == wanted.shape and given._version > version
        np.testing.assert_array_equal(given.numpy(), wanted.numpy())


@pytest.mark.parametrize("name", ["sort", "std", "norm", "msort", "kthvalue", "diff", "kron", "logcumsumexp", "fft", "cat", "max"])
def test_a_history_that_would_be_lost_is_refused(name):
    x, out, places = torch.rand(4).requires_grad_(), torch.zeros(0), torch.zeros(0, dtype=torch.int64)
    call = {"sort": lambda: torch.sort(x, out=(out, places)), "kthvalue": lambda: torch.kthvalue(x, 1, out=(out, places)),
            "max": lambda: torch.max(x, 0, out=(out, places)), "cat": lambda: torch.cat([x], out=out), "kron": lambda: torch.kron(x, x, out=out),
            "fft": lambda: torch.fft.fft(x, out=out.to(torch.complex64)), "logcumsumexp": lambda: torch.logcumsumexp(x, 0, out=out)
            }.get(name) or (lambda: getattr(torch, name)(x, out=out))
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        call()
    with torch.no_grad():
        call()


@pytest.mark.parametrize("call", [
    lambda x, out: torch.exp(x, out=out), lambda x, out: torch.add(x, x, out=out), lambda x, out: torch.sum(x, 0, out=out), lambda x, out: torch.mm(x, x, out=out),
    lambda x, out: torch.cat((x, x), out=out), lambda x, out: torch.max(x, 0, out=(out, out.new_zeros(0, dtype=torch.int64))), lambda x, out: torch.renorm(x, 2, 0, 1, out=out),
    lambda x, out: torch.nn.functional.normalize(x, out=out), lambda x, out: torch.linalg.inv(x + torch.eye(3), out=out),
])
def test_an_out_of_another_size_is_resized_with_a_warning(call):
    x = torch.arange(9.0).view(3, 3)
    expected = call(x, torch.zeros(0))
    out = torch.zeros(2)
    with pytest.warns(UserWarning, match=r"was resized since it had shape \[2\]"):
        call(x, out)
    assert torch.equal(out, expected[0] if isinstance(expected, tuple) else expected)


def test_composed_results_take_their_history_along():
    x, out = torch.rand(3).requires_grad_(), torch.zeros(3)
    torch.softmax(x, 0, out=out)
    (grad,) = torch.autograd.grad(out[0], x)
    (expected,) = torch.autograd.grad(torch.softmax(x, 0)[0], x)
    assert torch.equal(grad, expected)


@pytest.mark.parametrize("write", [lambda out: torch.add(torch.ones(3), 1, out=out), lambda out: torch.arange(3, out=out),
                                   lambda out: torch.zeros(3, out=out), lambda out: torch.sort(torch.rand(3), out=(out, torch.zeros(3).long()))])
def test_backward_notices_a_write_by_out(write):
    x, factor = torch.ones(3).requires_grad_(), torch.full((3,), 2.0)
    product = x * factor
    write(factor)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.sum().backward()


def test_inplace_forms_count_one_write():
    x = torch.ones(3, 3)
    for number, write in enumerate((lambda: x.add_(1), lambda: x.sub_(x), lambda: x.addmm_(x, x), lambda: x.cumsum_(0), lambda: x.tril_()), 1):
        write()
        assert x._version == number


def test_several_results_need_as_many_tensors():
    with pytest.raises(TypeError, match="tuple of"):
        torch.sort(A, out=torch.zeros(1))
    with pytest.raises(TypeError, match="2 Tensors"):
        torch.sort(A, out=(torch.zeros(1),))
