"""Complex numbers and Fourier transforms: values, first and second gradients as in torch."""
import numpy as np
import pytest

import nb_nn

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")


def real(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape)


def complex_(*shape):
    random = np.random.default_rng(len(shape))
    return random.normal(size=shape) + 1j * random.normal(size=shape)


def everything(library, function, arrays):
    """A result, the gradients of its inputs for a fixed direction, and the gradients of a function of these."""
    inputs = [library.from_numpy(array.copy()).requires_grad_() for array in arrays]
    result = function(library, *inputs)
    random = np.random.default_rng(9)
    direction = random.normal(size=tuple(result.shape)) + (1j * random.normal(size=tuple(result.shape)) if result.is_complex() else 0)
    weight = library.from_numpy(np.asarray(direction)).requires_grad_()
    first = library.autograd.grad(result, inputs, weight, create_graph=True)
    parts = [1.3 * one.real.sum() + 0.7 * one.imag.sum() if one.is_complex() else one.sum() for one in first if one.requires_grad]
    second = library.autograd.grad(sum(parts), [*inputs, weight], allow_unused=True) if parts else []
    return [None if one is None else one.detach().resolve_conj().resolve_neg().numpy() for one in (result, *first, *second)]


def check(function, *arrays):
    for theirs, ours in zip(everything(torch, function, arrays), everything(nb_nn, function, arrays), strict=True):
        if theirs is None or ours is None:
            assert (theirs is None or not theirs.any()) and (ours is None or not ours.any())
            continue
        assert theirs.dtype == ours.dtype and theirs.shape == ours.shape
        np.testing.assert_allclose(ours, theirs, 1e-6, 1e-8)


UNARY = [
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh",
    "cosh", "tanh", "sigmoid", "reciprocal", "square", "neg", "abs", "angle", "sgn", "conj", "real", "imag", "sum", "mean",
    "prod", "var", "std", "norm", "view_as_real", "clone", "t", "trace",
]


@pytest.mark.parametrize("name", UNARY)
def test_function_of_one(name):
    check(lambda library, a: getattr(library, name)(a), complex_(3, 3))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow"])
def test_function_of_two(name):
    for a, b in ((complex_(3, 2), complex_(3, 2)), (complex_(3, 2), abs(real(2))), (abs(real(3, 2)), complex_(2))):
        check(lambda library, a, b: getattr(library, name)(a, b), a, b)
    check(lambda library, a: getattr(library, name)(a, 2 - 1j), abs(real(3)))


PRODUCTS = {
    "mm": (lambda m, a, b: m.mm(a, b), complex_(2, 3), complex_(3, 2)),
    "matmul": (lambda m, a, b: a @ b, complex_(2, 2, 3), complex_(3, 2)),
    "vdot": (lambda m, a, b: m.vdot(a, b), complex_(3), complex_(3)),
    "addmm": (lambda m, d, a, b: m.addmm(d, a, b, beta=2j, alpha=1 - 1j), complex_(2, 2), complex_(2, 3), complex_(3, 2)),
    "einsum": (lambda m, a, b: m.einsum("ij,kj->ik", a, b), complex_(2, 3), complex_(4, 3)),
    "addcdiv": (lambda m, d, a, b: m.addcdiv(d, a, b, value=2j), complex_(3), complex_(3) + 1, complex_(3) - 2),
    "norm 3": (lambda m, a: m.norm(a, 3), complex_(4)),
    "cumprod": (lambda m, a: a.cumprod(0), complex_(4)),
    "logcumsumexp": (lambda m, a: a.logcumsumexp(0), complex_(4)),
    "complex": (lambda m, a, b: m.complex(a, b), real(3), real(3)),
    "solve": (lambda m, a, b: m.linalg.solve(a, b), complex_(3, 3), complex_(3, 2)),
    "det": (lambda m, a: m.linalg.det(a), complex_(2, 3, 3)),
    "inv": (lambda m, a: m.linalg.inv(a), complex_(3, 3)),
    "svd": (lambda m, a: m.linalg.svd(a, full_matrices=False)[0].abs(), complex_(4, 3)),
    "eigh": (lambda m, a: m.linalg.eigh(a + a.mH)[1].abs(), complex_(3, 3)),
    "eig": (lambda m, a: m.linalg.eig(a)[0].abs(), complex_(3, 3)),
    "qr": (lambda m, a: m.linalg.qr(a)[0], complex_(4, 3)),
    "cholesky": (lambda m, a: m.linalg.cholesky(a @ a.mH + m.eye(3, dtype=m.complex128)), complex_(3, 3)),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_and_matrices(name):
    check(*PRODUCTS[name])


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
@pytest.mark.parametrize("name", ["fft", "ifft", "hfft", "irfft", "fftn", "ifftn", "irfftn", "hfftn", "rfft", "ihfft", "rfftn", "ihfftn"])
def test_transforms(name, norm):
    array = real(4, 5) if name in ("rfft", "ihfft", "rfftn", "ihfftn") else complex_(4, 5)
    check(lambda m, a: getattr(m.fft, name)(a, norm=norm), array)
    check(lambda m, a: getattr(m.fft, name)(a, (3, 7) if name.endswith("n") else 7, norm=norm), array)


@pytest.mark.parametrize("options", [{}, {"hop_length": 3}, {"center": False}, {"normalized": True}, {"onesided": False},
                                     {"pad_mode": "replicate"}])
def test_short_time_transforms(options):
    check(lambda m, a, w: m.stft(a, 8, window=w, return_complex=True, **options), real(2, 20), abs(real(8)) + 0.5)
    if "pad_mode" not in options and "center" not in options:
        options = {"hop_length": 2, **options}
        check(lambda m, a, w: m.istft(a, 8, window=w, **options), complex_(2, 8 if "onesided" in options else 5, 9), abs(real(8)) + 0.5)


@pytest.mark.parametrize("name", ["bartlett", "blackman", "hamming", "hann", "kaiser"])
def test_windows(name):
    for length in (0, 1, 2, 5, 8):
        for periodic in (True, False):
            ours, theirs = (getattr(library, name + "_window")(length, periodic, dtype=library.float64) for library in (nb_nn, torch))
            np.testing.assert_allclose(ours.numpy(), theirs.numpy(), 1e-7, 1e-12)


@pytest.mark.parametrize("name", ["reciprocal", "sqrt", "asin", "atan", "asinh", "acosh", "atanh", "sgn", "log", "square"])
@pytest.mark.parametrize("kind", ["complex64", "complex128"])
def test_zeros_and_infinities(name, kind):
    parts = [0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan]
    z = np.array([complex(x, y) for x in parts for y in parts], kind)
    ours, theirs = (getattr(library.from_numpy(z), name)().numpy() for library in (nb_nn, torch))
    for own, other in ((ours.real, theirs.real), (ours.imag, theirs.imag)):
        np.testing.assert_allclose(own, other, 1e-5)
        np.testing.assert_array_equal(np.signbit(own[other == 0]), np.signbit(other[other == 0]))
