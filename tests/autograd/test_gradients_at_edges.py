"""First and second gradients where functions have a kink, a zero, a tie or an infinity, and of what shares memory."""
import math

import numpy as np
import pytest

import nb_nn as torch
from nb_nn.autograd import gradcheck, gradgradcheck
from nb_nn.nn import functional as F

INF, NAN = math.inf, math.nan


def double(value):
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def gradient(function, *values, weight=None):
    """Of the first value."""
    inputs = [double(value) for value in values]
    made = function(*inputs)
    found = torch.autograd.grad(made, inputs[0], torch.ones(made.shape).double() if weight is None else torch.tensor(weight).double())
    return found[0].tolist()


FIRST = {
    "atan2 at the origin": (torch.atan2, (0.0, 0.0), 0.0), "copysign to the other": (lambda y, x: torch.copysign(x, y), (1.0, 2.0), 0.0),
    "maximum with nan": (torch.maximum, ([1.0, NAN, 2.0], [NAN, 1.0, 2.0]), [1, 1, 0.5]),
    "minimum with nan": (torch.minimum, ([1.0, NAN, 3.0], [NAN, 1.0, 2.0]), [1, 1, 0]),
    "logaddexp of infinity": (torch.logaddexp, ([INF, 1.0, -INF], [1.0, INF, 1.0]), [1, 0, 0]),
    "logaddexp2 of infinity": (torch.logaddexp2, ([INF, 1.0, -INF], [1.0, INF, 1.0]), [1, 0, 0]),
    "nanmedian of ties": (torch.nanmedian, ([1.0, NAN, 1.0, 3.0, 0.0, 1.0],), [1 / 3, 0, 1 / 3, 0, 0, 1 / 3]),
    "binary cross entropy at 0 and 1": (lambda x: F.binary_cross_entropy(x, double([0.0, 1.0, 0.0]), reduction="sum"), ([0.0, 1.0, 1.0],), [0, 0, 1e12]),
    "its target": (lambda y: F.binary_cross_entropy(double([0.0, 0.5, 1.0]), y, reduction="sum"), ([0.0, 0.5, 1.0],), [INF, 0, -INF]),
    "nextafter": (torch.nextafter, ([1.0, 2.0], [1.0, 3.0]), [0, 1]), "0 to a power": (lambda x: 0.0 ** x, ([-1.0, 0.0, 2.0],), [-INF, 0, 0]),
    "mean of infinities": (lambda x: x.index_reduce(0, torch.tensor([0]), x.detach(), "mean"), ([INF],), [0.5]),
    "cosine embedding loss of target 0": (lambda x: F.cosine_embedding_loss(x, double([[1.0, 1.0]]), torch.tensor([0.0]), -1.0), ([[1.0, 0.0]],), [[0, 0]]),
    "sixth power of zero": (lambda x: x.norm(6), ([0.0, 0.0],), [0, 0]),
}


@pytest.mark.parametrize("name", FIRST)
def test_gradient(name):
    function, values, wanted = FIRST[name]
    np.testing.assert_allclose(gradient(function, *values), wanted, rtol=1e-12)


SECOND = {
    "elu at zero": (F.elu, 0.0, 0.0), "selu at zero": (F.selu, 0.0, 0.0), "celu at zero": (F.celu, 0.0, 0.0),
    "huber loss at delta": (lambda x: F.huber_loss(x, double(0.0)), 1.0, 0.0), "norm of order 0.5 at zero": (lambda x: x.norm(0.5), 0.0, 0.0),
    "norm of order 6 at zero": (lambda x: x.norm(6), 0.0, 0.0), "norm at zero": (lambda x: x.norm(), 0.0, 0.0),
    "binary cross entropy at zero": (lambda x: F.binary_cross_entropy(x, double(0.0)), 0.0, 0.0),
}


@pytest.mark.parametrize("name", SECOND)
def test_second_gradient(name):
    function, value, wanted = SECOND[name]
    x, weight = double(value), double(1.0)
    first = torch.autograd.grad(function(x), x, weight, create_graph=True)[0]
    assert torch.autograd.grad(first, (x, weight), torch.tensor(1.5).double(), allow_unused=True)[0].tolist() == wanted
    assert torch.autograd.grad(function(x), x, weight, create_graph=True)[0].isfinite().all()


@pytest.mark.parametrize("function", [torch.ceil, torch.floor, torch.trunc, torch.round, torch.sign, torch.sgn, torch.angle,
                                      lambda x: torch.floor_divide(x, 2), lambda x: torch.div(x, 2, rounding_mode="trunc")])
def test_steps_have_zero_gradients_whatever_arrives(function):
    x = double([0.3, -1.5])
    found = torch.autograd.grad(function(x), x, double([INF, NAN]), create_graph=True)[0]
    assert found.tolist() == [0, 0] and not found.requires_grad


def test_a_count_has_no_gradient():
    x = double([1.0, 0.0])
    assert torch.autograd.grad(x.norm(0) + x.detach().sum(), x, allow_unused=True) == (None,)


def test_second_gradients_of_running_sums_of_exponentials_at_ties():
    x = double([-1000.0, 0.5, 0.0, 0.0, -0.5, 1000.0])
    assert gradcheck(lambda x: torch.logcumsumexp(x, 0), (x,)) and gradgradcheck(lambda x: torch.logcumsumexp(x, 0), (x,))
    assert torch.logcumsumexp(torch.tensor([-INF, -INF, 1.0]), 0).tolist() == [-INF, -INF, 1]
    assert torch.logcumsumexp(torch.tensor([INF, INF, 1.0]), 0).tolist() == [INF, INF, INF]


VIEWS = {"diagonal": torch.diagonal, "diag": torch.diag, "trace": torch.trace, "unfold": lambda x: x.unfold(0, 2, 1),
         "diagonal above": lambda x: x.diagonal(1)}


@pytest.mark.parametrize("name", VIEWS)
def test_each_element_of_an_expanded_leaf_has_a_gradient_of_its_own(name):
    plain = double(np.arange(9.0).reshape(3, 3))
    expanded = torch.arange(3.0).double().expand(3, 3).requires_grad_()
    weight = torch.arange(float(VIEWS[name](plain).numel())).double().reshape(VIEWS[name](plain).shape) + 1
    grads = [torch.autograd.grad(VIEWS[name](x), x, weight)[0] for x in (plain, expanded)]
    assert grads[0].tolist() == grads[1].tolist()


def test_results_that_do_not_move_with_their_arguments_have_a_history():
    x = double([[2.0, 1.0], [0.0, 3.0]])
    for made in (torch.matrix_power(x, 0), torch.linalg.householder_product(x, torch.zeros(0).double())):
        assert made.requires_grad and made.tolist() == [[1, 0], [0, 1]]
        assert torch.autograd.grad(made.sum(), x)[0].tolist() == [[0, 0], [0, 0]]
    empty = torch.linalg.householder_product(torch.zeros(3, 0, requires_grad=True), torch.zeros(0, requires_grad=True))
    assert empty.requires_grad and empty.shape == (3, 0)


def test_gather_by_no_places_of_another_number_of_dimensions():
    x = double([1.0, 2.0])
    made = x.gather(0, torch.zeros(2, 0, dtype=torch.int64))
    assert torch.autograd.grad(made.sum(), x)[0].tolist() == [0, 0]


def test_nothing_is_normalized():
    x = double([])
    for training in (True, False):
        made = F.batch_norm(x, torch.zeros(0), torch.ones(0), training=training)
        assert made.shape == (0,) and torch.autograd.grad(made.sum(), x)[0].shape == (0,)


def test_complex_numbers():
    z = torch.tensor([1 + 2j, -0.5 + 0.1j], dtype=torch.complex128, requires_grad=True)
    a, y = z.detach().numpy(), np.array([1 + 1j, -1])
    np.testing.assert_allclose(F.rms_norm(z, (2,), eps=0.1).detach(), a / np.sqrt((a * a).mean() + 0.1), rtol=1e-12)
    np.testing.assert_allclose(F.rms_norm(z, (2,), torch.tensor(y)).detach(), y * a / np.sqrt((a * a).mean()), rtol=1e-12)
    np.testing.assert_allclose(F.soft_margin_loss(z, torch.tensor(y), reduction="none").detach(), np.log(1 + np.exp(-y * a)), rtol=1e-12)
    volume = torch.complex(torch.arange(8.0), torch.ones(8)).reshape(1, 2, 2, 2)
    assert F.adaptive_avg_pool3d(volume, 1).tolist() == [[[[3.5 + 1j]]]]
    with pytest.raises(NotImplementedError, match="adaptive_avg_pool3d"):
        F.adaptive_avg_pool3d(volume, (1, 1, 2))
    assert gradcheck(lambda z: F.rms_norm(z, (2,), eps=0.1), (z,))


def test_subnormal_numbers_stay():
    for kind, tiny in ((torch.float64, 5e-324), (torch.float32, 1.401298464324817e-45)):
        assert torch.expm1(torch.tensor([tiny, -3 * tiny, 0.0], dtype=kind)).tolist() == [tiny, -3 * tiny, 0]


def test_copies_of_views_of_any_strides():
    assert torch.view_copy(torch.arange(6).view(2, 3).t(), (6,)).tolist() == [0, 3, 1, 4, 2, 5]
