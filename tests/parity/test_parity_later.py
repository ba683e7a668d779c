"""Later functions beside torch's: values, types, strides of nothing but sizes, errors, gradients."""
import numpy as np
import pytest

import nb_nn

torch = pytest.importorskip("torch")

RANDOM = np.random.default_rng(5)
A, B, V = RANDOM.normal(size=(3, 4)), RANDOM.normal(size=(2, 3)), RANDOM.normal(size=6)
N = np.where(RANDOM.random((3, 5)) < 0.3, np.nan, RANDOM.normal(size=(3, 5)))
WHOLE = RANDOM.integers(0, 5, (3, 4))
Q = np.array([0.0, 0.21, 0.5, 1.0])

# what to compute, of which arrays
CASES = [
    *[(lambda t, a, q, how=how, keep=keep, dim=dim: t.quantile(a, q, dim, keep, interpolation=how), A, Q)
      for how in ("linear", "lower", "higher", "midpoint", "nearest") for keep in (True, False) for dim in (None, 0, -1)],
    *[(lambda t, a, q, how=how, dim=dim: t.nanquantile(a, q, dim, interpolation=how), N, Q)
      for how in ("linear", "lower", "higher", "midpoint", "nearest") for dim in (None, 1)],
    (lambda t, a: t.quantile(a, 0.3), N), (lambda t, a: t.quantile(a, 0.3, 1), N),
    (lambda t, a: t.nanmean(a), N), (lambda t, a: t.nanmean(a, 1), N), (lambda t, a: t.nanmean(a, (0, 1), True), N),
    (lambda t, a: t.nanmedian(a), N), (lambda t, a: t.nanmedian(a, 1).values, N), (lambda t, a: t.nanmedian(a, 0, True).values, N),
    (lambda t, a: t.aminmax(a, dim=1).max, A), (lambda t, a: t.aminmax(a).min, A),
    (lambda t, a: t.cov(a), A), (lambda t, a: t.cov(a, correction=0), A), (lambda t, a: t.cov(a[0]), A), (lambda t, a: t.cov(a[:1]), A),
    (lambda t, a: t.cov(a, fweights=t.tensor([1, 2, 0, 3])), A), (lambda t, a: t.cov(a, aweights=t.tensor([0.5, 1, 2, 0.1]).double()), A),
    (lambda t, a: t.cov(a, fweights=t.tensor([1, 2, 0, 3]), aweights=t.tensor([0.5, 1, 2, 0.1]).double()), A),
    (lambda t, a: t.corrcoef(a), A), (lambda t, a: t.corrcoef(a[0]), A), (lambda t, a: t.cov(a), WHOLE),
    (lambda t, a: t.trapezoid(a), A), (lambda t, a: t.trapezoid(a, dx=0.5, dim=0), A), (lambda t, a: t.trapezoid(a, a * a), A),
    (lambda t, a, x: t.trapezoid(a, x[:4]), A, V), (lambda t, a: t.cumulative_trapezoid(a, dim=0), A),
    (lambda t, a: t.gradient(a)[0], A), (lambda t, a: t.gradient(a)[1], A), (lambda t, a: t.gradient(a, spacing=2.0, dim=1)[0], A),
    (lambda t, a: t.gradient(a, edge_order=2, dim=1)[0], A),
    (lambda t, a: t.gradient(a, spacing=(t.tensor([0.0, 1, 4, 5]).double(),), dim=1)[0], A),
    (lambda t, a: t.gradient(a, spacing=(t.tensor([0.0, 1, 4, 5]).double(),), dim=1, edge_order=2)[0], A),
    (lambda t, a: t.histogram(a.detach(), 4).hist, A), (lambda t, a: t.histogram(a.detach(), 4, range=(-1.0, 1.0), density=True).hist, A),
    (lambda t, a: t.histogram(a.detach(), 4).bin_edges, A), (lambda t, a: t.histogramdd(a.detach()[:, :2], 3)[0], A),
    *[(lambda t, a, n=n, dim=dim, i=i: t.tensor_split(a, n, dim)[i], A) for n in (2, 3, (1, 2), (-1,), (1, 9)) for dim in (0, 1) for i in (0, -1)],
    (lambda t, a: t.hsplit(a, 2)[1], A), (lambda t, a: t.vsplit(a, (1,))[1], A), (lambda t, a: t.dsplit(a[None], 2)[1], A),
    (lambda t, a, b: t.block_diag(a, b, a[0]), A, B), (lambda t, a, b: t.kron(a, b), A, B), (lambda t, a, v: t.kron(v, a), A, V),
    (lambda t, a: t.column_stack((a, a[:, 0])), A), (lambda t, v: t.vander(v.detach(), 4), V), (lambda t, v: t.vander(v.detach(), increasing=True), V),
    (lambda t, i: t.vander(i[0]), WHOLE), (lambda t, i: t.unravel_index(i, (2, 3))[0], WHOLE), (lambda t, i: t.unravel_index(i, (2, 3))[1], WHOLE),
    (lambda t, a: t.inner(a, a[:2]), A), (lambda t, v: t.vdot(v, v), V), (lambda t, a, v: t.inner(a, v[:4]), A, V),
    (lambda t, a, v: t.select_scatter(a, v[:4], 0, 1), A, V), (lambda t, a, b: t.slice_scatter(a, b.t()[:, :2], 1, 0, 4, 2), A, B),
    (lambda t, a, v: t.diagonal_scatter(a, v[:3], 1), A, V), (lambda t, i: t.isin(i, t.tensor([1, 3])), WHOLE),
    (lambda t, i: t.isin(i, 2, invert=True), WHOLE), (lambda t, i: t.argwhere(i), WHOLE), (lambda t, a: a.ravel(), A),
    (lambda t, a: a.swapaxes(0, 1), A), (lambda t, a: t.narrow_copy(a, 1, 1, 2), A),
    (lambda t, a: t.zeros(7, 3).fill_diagonal_(2, True) + a.sum() * 0, A), (lambda t, a: a.clone().fill_diagonal_(3.0), A),
    (lambda t, a: t.nan_to_num(a, 9.0), N), (lambda t, a: t.sinc(a), A), (lambda t, a: t.logit(a.abs() / 4), A),
    (lambda t, a: t.logit(a.abs() / 4, 0.2), A), (lambda t, a: t.hypot(a, a * 2), A), (lambda t, a, v: t.copysign(a, v[:4]), A, V),
    (lambda t, a: t.xlogy(a, 2.0), A), (lambda t, a: t.xlogy(a, a.abs()), A), (lambda t, a, v: t.fmax(a, v[:4]), A, V),
    (lambda t, a: t.frexp(a).mantissa, A), (lambda t, a: t.asinh(a), A), (lambda t, a: t.acosh(a.abs() + 1), A),
    (lambda t, a: t.atanh(a / 4), A), (lambda t, a: t.logaddexp2(a, a * 2), A), (lambda t, i: t.lcm(i, i + 2), WHOLE), (lambda t, i: t.sinc(i), WHOLE),
    *[(lambda t, a, b, how=how, own=own: t.scatter_reduce(a, 1, t.tensor([[0, 0, 2], [1, 1, 1]]), b, how, include_self=own), A, B)
      for how in ("sum", "prod", "mean", "amax", "amin") for own in (True, False)],
    *[(lambda t, a, b, how=how: t.scatter_reduce(a, 1, t.tensor([[0, 0], [1, 1]]), b, how), WHOLE.astype(float), np.array([[0, 2.0], [4, 4]]))
      for how in ("sum", "prod", "mean", "amax", "amin")],
    *[(lambda t, a, b, how=how, own=own: t.index_reduce(a, 1, t.tensor([0, 3, 0]), t.cat((b, b[:1])), how, include_self=own), A, B)
      for how in ("prod", "mean", "amax", "amin") for own in (True, False)],
    *[(lambda t, i, how=how: t.scatter_reduce(i, 0, i % 3, i * 2, how), WHOLE) for how in ("sum", "prod", "mean", "amax", "amin")],
    (lambda t, i: t.copysign(i, -1.0), WHOLE), (lambda t, i: t.xlogy(i, i), WHOLE), (lambda t, i: t.ldexp(i, i), WHOLE), (lambda t, i: t.deg2rad(i), WHOLE),
]


def computed(library, case):
    """The result and the gradients of its sum of squares."""
    function, *arrays = case
    given = [library.tensor(array) for array in arrays]
    leaves = [one.requires_grad_() for one in given if one.dtype.is_floating_point]
    result = function(library, *given)
    if result.requires_grad:
        ((result * result)[result.isfinite()]).sum().backward()
    return result.detach().numpy(), [None if one.grad is None else one.grad.numpy() for one in leaves]


@pytest.mark.filterwarnings("ignore::UserWarning")     # of torch: functions in beta
@pytest.mark.parametrize("number", range(len(CASES)))
def test_as_torch(number):
    (own, grads), (other, expected) = computed(nb_nn, CASES[number]), computed(torch, CASES[number])
    assert own.dtype == other.dtype and own.shape == other.shape
    np.testing.assert_allclose(own, other, rtol=1e-6 if own.dtype == np.float32 else 1e-11, atol=1e-12)
    for one, two in zip(grads, expected):

        if one is not None and two is not None:
            np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)


ERRORS = [
    lambda t: t.quantile(t.ones(2), 1.5), lambda t: t.quantile(t.ones(2).long(), 0.5), lambda t: t.quantile(t.ones(0), 0.5),
    lambda t: t.quantile(t.ones(2), 0.5, interpolation="up"), lambda t: t.cov(t.ones(1, 1, 1)), lambda t: t.hsplit(t.ones(3), 2),
    lambda t: t.vsplit(t.ones(3), 3), lambda t: t.tensor_split(t.ones(3), 0), lambda t: t.vander(t.ones(2, 2)), lambda t: t.gcd(t.ones(2), t.ones(2)),
    lambda t: t.heaviside(t.ones(2), t.ones(2).double()), lambda t: t.block_diag(t.ones(1, 1, 1)), lambda t: t.inner(t.ones(2), t.ones(3)),
    lambda t: t.gradient(t.ones(1)), lambda t: t.aminmax(t.ones(0)), lambda t: t.frexp(t.ones(2).long()), lambda t: t.positive(t.ones(2).bool()),
    lambda t: t.nanmean(t.ones(2).long()), lambda t: t.hypot(t.ones(2).long(), t.ones(2).long()), lambda t: t.histogram(t.ones(2), 0),
    lambda t: t.select_scatter(t.ones(2, 2), t.ones(3), 0, 0), lambda t: t.isin(1, 1), lambda t: t.ones(2).fill_diagonal_(1)]


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_errors_are_of_the_same_type(number):
    with pytest.raises(Exception) as expected:
        ERRORS[number](torch)
    with pytest.raises(Exception) as found:
        ERRORS[number](nb_nn)
    assert issubclass(type(expected.value), type(found.value)), (found.value, expected.value)    # NotImplementedError is a RuntimeError
