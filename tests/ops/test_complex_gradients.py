"""First and second derivatives of complex numbers, against differences: a row an operation of each family.

The first derivatives that `gradcheck` compares are those of the conjugate (conjugate Wirtinger), as in torch.
"""
import numpy as np
import pytest
from oracle import tensor

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

F, linalg, fft = torch.nn.functional, torch.linalg, torch.fft
MASK, PLACES = torch.tensor([[True, False, True], [False, True, True]]), torch.tensor([1, 0, 1])
SIGNS = torch.tensor([[1.0, -1, 1], [-1, 1, 1]])
INDEX = torch.tensor([[1, 0, 1], [0, 0, 1]])


def complexes(*shape, seed=0):
    random = np.random.default_rng(seed)
    return tensor(random.normal(size=shape) + 1j * random.normal(size=shape), requires_grad=True)


def reals(*shape, seed=0):
    return tensor(np.random.default_rng(seed).uniform(0.5, 2, shape), requires_grad=True)


def check(function, *inputs):
    assert gradcheck(function, inputs)
    assert gradgradcheck(function, inputs, atol=1e-4)


ONE = {         # of a matrix of 2 x 3
    # elements
    "silu": F.silu, "softsign": F.softsign, "tanhshrink": F.tanhshrink, "logsigmoid of parts": lambda z: F.logsigmoid(z.real) + z.imag,
    "acosh": lambda z: torch.acosh(z + 3), "asinh": torch.asinh, "atanh": torch.atanh, "log10": torch.log10, "positive": torch.positive,
    "sinc": torch.sinc, "pow number": lambda z: z ** 2.5, "number pow": lambda z: (1 - 2j) ** z, "float pow": lambda z: torch.float_power(z, 2),
    "square root of square": lambda z: (z * z).sqrt(), "rsub": lambda z: torch.rsub(z, 2j, alpha=3), "ldexp": lambda z: torch.ldexp(z, torch.tensor(2)),
    "nan_to_num": torch.nan_to_num, "xlogy of angles": lambda z: torch.xlogy(z.abs(), z.abs()), "lerp": lambda z: torch.lerp(z, z.conj(), 0.3 + 1j),
    "addcmul": lambda z: torch.addcmul(z, z, z.conj(), value=1 - 1j), "addcdiv": lambda z: torch.addcdiv(z, z.conj(), z * z, value=2j),
    "conj_physical": torch.conj_physical, "abs of product": lambda z: (z * z.conj()).abs(), "dtype": lambda z: z.to(torch.complex128) * 1j,
    # sums
    "sum of dims": lambda z: z.sum((0, 1)), "mean of dim": lambda z: z.mean(1, True), "prod of dim": lambda z: z.prod(1),
    "prod with zero": lambda z: (z * torch.tensor([1, 0, 1])).prod(1), "var of dim": lambda z: z.var(1), "std": lambda z: z.std(1, True),
    "var_mean": lambda z: torch.var_mean(z, 0), "logsumexp": lambda z: torch.logsumexp(z, 1), "trace": torch.trace,
    "norm 1": lambda z: torch.norm(z, 1), "norm 3": lambda z: torch.norm(z, 3, 1), "norm inf": lambda z: torch.norm(z, float("inf"), 1),
    "norm 0.5": lambda z: linalg.vector_norm(z, 0.5), "renorm": lambda z: torch.renorm(z, 2, 0, 0.5), "normalize": F.normalize,
    "renorm inf": lambda z: torch.renorm(z, float("inf"), 0, 0.5), "cov": torch.cov, "corrcoef": torch.corrcoef,
    # scans
    "cumsum": lambda z: z.cumsum(0), "cumprod": lambda z: z.cumprod(1), "logcumsumexp": lambda z: z.logcumsumexp(1), "diff": lambda z: z.diff(),
    "trapezoid": lambda z: torch.trapezoid(z, dim=0), "cumulative_trapezoid": torch.cumulative_trapezoid,
    "gradient": lambda z: torch.gradient(z, dim=1, spacing=(torch.tensor([1.0, 2, 4]).double(),)),
    # places
    "t": lambda z: z.t() * 1j, "mH": lambda z: z.mH, "expand": lambda z: z.expand(2, 2, 3), "flip": lambda z: z.flip(0), "roll": lambda z: z.roll(1, 1),
    "rot90": lambda z: torch.rot90(z), "diagonal": lambda z: z.diagonal(1), "diag_embed": torch.diag_embed, "triu": torch.triu, "tril": torch.tril,
    "unfold": lambda z: z.unfold(1, 2, 1), "as_strided": lambda z: z.as_strided((2, 2), (1, 1)), "select": lambda z: z[1, ::2],
    "repeat": lambda z: z.repeat(2, 1), "repeat_interleave": lambda z: z.repeat_interleave(2, 0), "tile": lambda z: z.tile(2), "stack": lambda z: torch.stack((z, z.conj())),
    "view_as_real": torch.view_as_real, "index": lambda z: z[:, PLACES], "masked": lambda z: z[MASK], "gather": lambda z: z.gather(0, INDEX), "take": lambda z: z.take(INDEX),
    "index_select": lambda z: z.index_select(1, PLACES), "index_fill": lambda z: z.index_fill(1, PLACES, 2j), "masked_fill": lambda z: z.masked_fill(MASK, 1j),
    "constant pad": lambda z: F.pad(z, (1, 1), value=1j), "reflect pad": lambda z: F.pad(z, (1, 1), "reflect"), "circular pad": lambda z: F.pad(z, (1, 1), "circular"),
    "channel_shuffle": lambda z: F.channel_shuffle(z.view(1, 6, 1, 1), 2), "pixel_shuffle": lambda z: F.pixel_shuffle(z[:, :2].reshape(1, 4, 1, 1), 2),
    # layers
    "adaptive_avg_pool1d": lambda z: F.adaptive_avg_pool1d(z, 1), "rms_norm": lambda z: F.rms_norm(z, (3,), eps=0.5),
    "l1_loss": lambda z: F.l1_loss(z, z.conj() + 1), "mse of parts": lambda z: F.mse_loss(z.real, z.imag), "soft_margin_loss": lambda z: F.soft_margin_loss(z, SIGNS),
    "interpolate": lambda z: F.interpolate(z.view(1, 2, 3), scale_factor=2),
    # spectra
    **{name: getattr(fft, name) for name in ("fft", "ifft", "hfft", "irfft", "fft2", "ifft2", "irfft2", "hfft2", "fftn", "ifftn", "irfftn", "hfftn", "fftshift", "ifftshift")},
    "fft ortho": lambda z: fft.fft(z, 5, 0, "ortho"), "irfft odd": lambda z: fft.irfft(z, 5, 1, "forward"), "hfft odd": lambda z: fft.hfft(z, 5), "ifft short": lambda z: fft.ifft(z, 2),
}


@pytest.mark.parametrize("name", ONE)
def test_of_one(name):
    check(ONE[name], complexes(2, 3, seed=2))


REAL = {        # of real numbers, whose gradient is real
    "rfft": fft.rfft, "ihfft": fft.ihfft, "rfft2": fft.rfft2, "ihfft2": fft.ihfft2, "rfftn": fft.rfftn, "ihfftn": fft.ihfftn, "fft": fft.fft, "ifftn": fft.ifftn,
    "complex": lambda x: torch.complex(x, x * x), "polar": lambda x: torch.polar(x, 2 * x), "view_as_complex": lambda x: torch.view_as_complex(torch.stack((x, x.exp()), -1)),
    "number": lambda x: x * (1 - 2j), "add": lambda x: x + 1j, "pow": lambda x: x ** 1j, "exponent": lambda x: (1 + 1j) ** x, "to": lambda x: x.to(torch.complex128) * 1j,
    "masked_fill": lambda x: x.to(torch.complex128).masked_fill(MASK, 1j), "eigvals": lambda x: linalg.eigvals(x[:, :2]), "abs": lambda x: (x * 1j).abs(),
    "angle": lambda x: (x + 1j).angle(), "where": lambda x: torch.where(MASK, x, 1j),
}


@pytest.mark.parametrize("name", REAL)
def test_of_real_numbers(name):
    x = reals(2, 3)
    check(REAL[name], x)
    made = REAL[name](x)
    (grad,) = torch.autograd.grad(made, x, torch.ones_like(made) * (1 + 2j) if made.is_complex() else torch.ones_like(made))
    assert grad.dtype is torch.float64


TWO = {         # with a complex or a real operand on either side: what it takes, and the sizes of the two
    "add": (lambda a, b: torch.add(a, b, alpha=2), (2, 3), (3,)), "sub": (torch.sub, (2, 1), (1, 3)), "mul": (torch.mul, (2, 3), (3,)),
    "div": (torch.div, (2, 3), (2, 1)), "pow": (torch.pow, (3,), (3,)), "where": (lambda a, b: torch.where(MASK, a, b), (2, 3), (3,)),
    "addcmul": (lambda a, b: torch.addcmul(a, b, a), (2, 3), (3,)), "addcdiv": (lambda a, b: torch.addcdiv(a, a, b), (2, 3), (3,)),
    "cat": (lambda a, b: torch.cat((a, b)), (2, 3), (1, 3)), "addr": (lambda a, b: torch.addr(a, b[0], b[1, :2], beta=2), (3, 2), (2, 3)),
    "ger": (lambda a, b: torch.addr(b, a, a), (2,), (2, 2)), "outer": (torch.outer, (2,), (3,)), "kron": (torch.kron, (2,), (2,)), "einsum": (
        lambda a, b: torch.einsum("i,j->ji", a, b), (2,), (3,)), "xlog1py of sizes": (lambda a, b: torch.special.xlog1py(a.abs(), b.abs()), (3,), (3,)),
    "dist": (torch.dist, (3,), (3,)), "masked_fill": (lambda a, b: (a * 1j).masked_fill(MASK[0], b[0]), (3,), (2,)),
    "setitem": (lambda a, b: written(a * 1j, b), (3,), (2,)), "sub in place": (lambda a, b: (a * 1j).sub_(b), (2, 3), (3,)),
    "cross": (lambda a, b: a.mul(b).cumsum(0), (3,), (3,)), "rms_norm": (lambda a, b: F.rms_norm(a * 1j, (3,), b, 0.5), (2, 3), (3,)),
    "l1_loss": (F.l1_loss, (3,), (3,)), "masked_scatter": (lambda a, b: (a * 1j).masked_scatter(torch.tensor([True, False, True]), b * 1j), (3,), (2,)),
}


def written(into, value):
    into[1:] = value
    return into * into


@pytest.mark.parametrize("first, second", [(complexes, complexes), (complexes, reals), (reals, complexes)])
@pytest.mark.parametrize("name", TWO)
def test_of_two(name, first, second):
    function, one, other = TWO[name]
    check(function, first(*one), second(*other, seed=1))


SAME = {        # of two complex operands
    "dot": (torch.dot, (3,), (3,)), "vdot": (torch.vdot, (3,), (3,)), "inner": (torch.inner, (2, 3), (3,)), "mv": (torch.mv, (2, 3), (3,)), "mm": (torch.mm, (2, 3), (3, 2)),
    "bmm": (torch.bmm, (2, 2, 3), (2, 3, 1)), "baddbmm": (lambda a, b: torch.baddbmm(a, b, b, beta=1j, alpha=2), (2, 2, 2), (2, 2, 2)), "addbmm": (lambda a, b: torch.addbmm(
        a, b, b, alpha=1j), (2, 2), (2, 2, 2)), "addmv": (lambda a, b: torch.addmv(a, b, a, alpha=2j), (3,), (3, 3)), "tensordot": (lambda a, b: torch.tensordot(a, b, 1), (2, 3), (3, 2)),
    "linear": (lambda a, b: F.linear(a, b, b[:, 0]), (2, 3), (4, 3)), "bilinear": (lambda a, b: F.bilinear(a, a, b), (2, 2), (1, 2, 2)), "cross": (linalg.cross, (2, 3), (2, 3)),
    "vecdot": (linalg.vecdot, (2, 3), (2, 3)), "conv1d": (lambda a, b: F.conv1d(a, b, padding=1, stride=2), (1, 2, 4), (2, 2, 2)), "conv2d": (F.conv2d, (1, 1, 3, 3), (2, 1, 2, 2)),
    "conv_transpose1d": (lambda a, b: F.conv_transpose1d(a, b, stride=2), (1, 2, 2), (2, 1, 2)), "embedding": (lambda a, b: F.embedding(PLACES, a) * b, (2, 3), (3, 3)),
    "index_add": (lambda a, b: a.index_add(1, PLACES[:2], b, alpha=1j), (2, 3), (2, 2)), "index_copy": (lambda a, b: a.index_copy(1, PLACES[:2], b), (2, 3), (2, 2)),
    "scatter": (lambda a, b: a.scatter(0, torch.tensor([[1, 0, 1]]), b), (2, 3), (1, 3)), "scatter_add": (lambda a, b: a.scatter_add(0, INDEX, b), (2, 3), (2, 3)),
    "scatter_reduce": (lambda a, b: a.scatter_reduce(0, INDEX, b, "prod"), (2, 3), (2, 3)),
    "index_reduce": (lambda a, b: a.index_reduce(0, PLACES, b, "mean"), (2, 3), (3, 3)), "put": (lambda a, b: a.put(PLACES, b, accumulate=True), (2, 2), (3,)),
    "scatter_reduce of others": (lambda a, b: a.scatter_reduce(0, INDEX, b, "prod", include_self=False), (2, 3), (2, 3)),
    "scatter multiply": (lambda a, b: a.scatter(0, INDEX, 2j, reduce="multiply") * b, (2, 3), (2, 3)), "index_put": (lambda a, b: a.index_put((PLACES,), b, accumulate=True), (2, 3), (3, 3)),
    "cosine_similarity": (F.cosine_similarity, (2, 3), (2, 3)), "dist": (lambda a, b: torch.dist(a, b, 3), (2, 3), (2, 3)), "logaddexp": (torch.logaddexp, (3,), (3,)),
    "select_scatter": (lambda a, b: torch.select_scatter(a, b, 0, 1), (2, 3), (3,)), "diagonal_scatter": (torch.diagonal_scatter, (2, 3), (2,)),
    # systems of equations
    "solve": (linalg.solve, (3, 3), (3, 2)), "solve from the right": (lambda a, b: linalg.solve(a, b, left=False), (3, 3), (2, 3)), "solve a vector": (linalg.solve, (2, 2), (2,)),
    "upper": (lambda a, b: linalg.solve_triangular(a, b, upper=True), (3, 3), (3, 2)), "lower unit from the right": (
        lambda a, b: linalg.solve_triangular(a, b, upper=False, left=False, unitriangular=True), (3, 3), (2, 3)), "triangular_solve": (
        lambda a, b: torch.triangular_solve(b, a)[0], (3, 3), (3, 1)), "transposed": (lambda a, b: torch.triangular_solve(b, a, True, True)[0], (3, 3), (3, 1)),
    "cholesky_solve": (lambda a, b: torch.cholesky_solve(b, a), (3, 3), (3, 1)), "upper cholesky_solve": (lambda a, b: torch.cholesky_solve(b, a, True), (3, 3), (3, 1)),
    "lu_solve": (lambda a, b: linalg.lu_solve(*linalg.lu_factor(a), b), (3, 3), (3, 2)), "adjoint lu_solve": (
        lambda a, b: linalg.lu_solve(*linalg.lu_factor(a), b, adjoint=True), (3, 3), (3, 2)), "lstsq": (lambda a, b: linalg.lstsq(a, b)[0], (4, 2), (4, 1)),
    "tensorsolve": (linalg.tensorsolve, (2, 2, 4), (2, 2)), "multi_dot": (lambda a, b: linalg.multi_dot((a, b, a)), (2, 3), (3, 2)),
    "householder_product": (linalg.householder_product, (3, 2), (2,)), "ormqr": (lambda a, b: torch.ormqr(a, b[0, :2] + 1, b), (3, 2), (3, 2)),
}


@pytest.mark.parametrize("name", SAME)
def test_of_two_complex(name):
    function, one, other = SAME[name]
    check(function, complexes(*one), complexes(*other, seed=1))


MATRIX = {      # of a square matrix; what is free (angles of vectors) is taken out
    "det": torch.det, "slogdet": lambda a: linalg.slogdet(a), "logdet": lambda a: torch.logdet(a @ a.mH), "inverse": torch.inverse, "matrix_power": lambda a: linalg.matrix_power(a, 3),
    "negative power": lambda a: linalg.matrix_power(a, -2), "power 0": lambda a: linalg.matrix_power(a, 0) * a, "matrix_exp": linalg.matrix_exp, "pinv": linalg.pinv,
    "hermitian pinv": lambda a: linalg.pinv(a + a.mH, hermitian=True), "cholesky": lambda a: linalg.cholesky(positive(a)), "upper cholesky": lambda a: linalg.cholesky(
        positive(a), upper=True), "cholesky_inverse": lambda a: torch.cholesky_inverse(linalg.cholesky(positive(a))), "lu": lambda a: linalg.lu(a)[1:], "lu unpivoted": lambda a: torch.lu_unpack(
        *torch.lu(a))[1:], "qr": lambda a: made_real(*linalg.qr(a)), "eigh": lambda a: linalg.eigh(a + a.mH)[0], "eigvalsh": lambda a: linalg.eigvalsh(a + a.mH),
    "projections": lambda a: projections(linalg.eigh(a + a.mH)[1]), "eigvals": linalg.eigvals, "eig": lambda a: linalg.eig(a)[1].abs(), "svd": lambda a: projections(
        linalg.svd(a)[0]), "product of svd": lambda a: (lambda u, s, v: (u * s ** 2) @ v)(*linalg.svd(a)), "svdvals": linalg.svdvals, "nuclear": lambda a: linalg.matrix_norm(a, "nuc"),
    "spectral": lambda a: linalg.matrix_norm(a, 2), "smallest": lambda a: linalg.matrix_norm(a, -2), "columns": lambda a: linalg.matrix_norm(a, 1), "fro": linalg.matrix_norm,
    "cond": linalg.cond, "cond fro": lambda a: linalg.cond(a, "fro"), "tensorinv": lambda a: linalg.tensorinv(a.reshape(3, 3), 1), "vander": lambda a: linalg.vander(a[0]),
}


def positive(a):
    return a @ a.mH + 2 * torch.eye(a.size(-1))


def projections(vectors):
    """Onto each column: the same whatever its angle."""
    return vectors.mT.unsqueeze(-1) * vectors.mT.unsqueeze(-2).conj()


def made_real(q, r):
    """The factors with a positive diagonal in r."""
    turn = r.diagonal().sgn()
    return q * turn, r / turn.unsqueeze(-1)


@pytest.mark.parametrize("name", MATRIX)
def test_of_matrices(name):
    check(MATRIX[name], complexes(3, 3, seed=3))


@pytest.mark.parametrize("name", ["inverse", "det", "pinv", "svdvals", "eigvals", "matrix_exp", "cholesky"])
def test_of_batches_of_matrices(name):
    check(MATRIX[name], complexes(2, 2, 2, seed=3))


def test_of_tall_and_wide_matrices():
    for shape in ((4, 2), (2, 4)):
        a = complexes(*shape)
        check(linalg.pinv, a)
        check(linalg.svdvals, a)
        check(lambda a: projections(linalg.svd(a, full_matrices=False)[0]), a)
        check(lambda a: (lambda u, s, v: (u * s ** 2) @ v)(*linalg.svd(a, full_matrices=False)), a)
    check(lambda a: made_real(*linalg.qr(a)), complexes(4, 2))


def test_of_short_time_transforms():
    signal, spectrum, window, real_window = complexes(12), complexes(5, 4, seed=1), complexes(4, seed=2), reals(4, seed=3)
    for one in (window, real_window):
        check(lambda z, w: torch.stft(z, 4, window=w, return_complex=True), signal, one)
        check(lambda z, w: torch.istft(z, 4, window=w, return_complex=True, onesided=False), complexes(4, 4, seed=4), one)
    check(lambda x, w: torch.stft(x, 4, window=w, return_complex=True), reals(12), real_window)
    check(lambda z: torch.istft(z, 8, normalized=True), spectrum)


def test_the_gradient_of_matrix_times_vector_is_conjugated():
    a, x = complexes(2, 3), complexes(3, seed=1)
    grad = np.array([1 - 2j, 3j])
    of_a, of_x = torch.autograd.grad(a @ x, (a, x), tensor(grad))
    np.testing.assert_allclose(of_a.numpy(), np.outer(grad, x.detach().numpy().conj()))
    np.testing.assert_allclose(of_x.numpy(), a.detach().numpy().conj().T @ grad)


@pytest.mark.parametrize("function", [torch.mul, torch.div, torch.add, torch.sub, torch.pow, lambda a, b: torch.addcmul(a, b, b), lambda a, b: torch.addr(b, a[0], a[0])])
def test_a_real_operand_has_a_real_gradient(function):
    for first, second in ((reals(3, 3), complexes(3, 3)), (complexes(3, 3), reals(3, 3))):
        made = function(first, second)
        for leaf, grad in zip((first, second), torch.autograd.grad(made, (first, second), torch.ones_like(made) * (1 + 1j))):
            assert grad.dtype is leaf.dtype
