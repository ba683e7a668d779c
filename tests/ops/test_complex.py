"""Complex tensors: parts, functions, gradients. The oracle is NumPy, and differences for gradients."""
import numpy as np
import pytest
from oracle import tensor

import nb_nn as torch
from nb_nn.autograd.gradcheck import gradcheck, gradgradcheck

KINDS = ["complex64", "complex128"]
UNARY = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "sqrt": np.sqrt,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asin": np.arcsin,
    "acos": np.arccos, "atan": np.arctan, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "reciprocal": lambda z: 1 / z, "square": np.square, "neg": np.negative, "abs": np.abs,
    "angle": np.angle, "conj": np.conj, "sgn": lambda z: z / abs(z), "real": np.real, "imag": np.imag, "sum": np.sum, "mean": np.mean,
    "prod": np.prod, "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "rsqrt": lambda z: 1 / np.sqrt(z), "exp2": lambda z: 2 ** z,
    "norm": np.linalg.norm, "var": lambda z: z.var(ddof=1), "std": lambda z: z.std(ddof=1),
}
BINARY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "eq": np.equal, "ne": np.not_equal}


def values(shape, kind="complex128", seed=0):
    random = np.random.default_rng(seed)
    return (random.normal(size=shape) + 1j * random.normal(size=shape)).astype(kind)


def leaf(shape, seed=0):
    return tensor(values(shape, seed=seed), requires_grad=True)


def check(function, *inputs):
    assert gradcheck(function, inputs)
    assert gradgradcheck(function, inputs, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", UNARY)
def test_function_of_one(name, kind):
    z = values((3, 4), kind)
    found = getattr(torch, name)(tensor(z))
    expected = UNARY[name](z.astype("complex128"))
    np.testing.assert_allclose(found.numpy(), expected, 2e-5 if kind == "complex64" else 1e-13)
    assert found.dtype.is_complex == np.iscomplexobj(expected)
    assert found.dtype.itemsize == (z.dtype.itemsize if found.dtype.is_complex else z.dtype.itemsize // 2)


@pytest.mark.parametrize("name", BINARY)
def test_function_of_two(name):
    a, b = values((3, 4)), values((4,), seed=1)
    reals = abs(b.real)
    for x, y in ((a, b), (a, reals), (reals, a)):
        np.testing.assert_allclose(getattr(torch, name)(tensor(x), tensor(y)).numpy(), BINARY[name](x, y), 1e-12)
    for number in (2.5, 1 - 2j, 3):
        np.testing.assert_allclose(getattr(torch, name)(tensor(a), number).numpy(), BINARY[name](a, number), 1e-12)


def test_transposed_and_sliced_elements():
    z = values((6, 4))
    assert torch.equal(tensor(z).t().exp(), tensor(np.exp(z).T.copy())) or np.allclose(tensor(z).t().exp().numpy(), np.exp(z).T)
    np.testing.assert_allclose(tensor(z)[::2, 1:].sum(0).numpy(), z[::2, 1:].sum(0))
    np.testing.assert_allclose((tensor(z)[::2] * tensor(z)[1::2]).numpy(), z[::2] * z[1::2])


def test_huge_and_special_numbers():
    big = np.array([1e300 + 1e300j, 1e-300j, 3 - 4j])
    np.testing.assert_allclose(tensor(big).abs().numpy(), np.abs(big))
    np.testing.assert_allclose((tensor(big) / tensor(big)).numpy(), np.ones(3))
    np.testing.assert_allclose(tensor(big).log().numpy(), np.log(big))
    special = np.array([np.nan + 1j, complex(1, np.inf), complex(np.inf, np.nan), 0])
    for name in ("isnan", "isinf", "isfinite"):
        np.testing.assert_array_equal(getattr(torch, name)(tensor(special)).numpy(), getattr(np, name)(special))
    assert tensor(special).abs().tolist()[1:] == [np.inf, np.inf, 0]
    assert tensor(np.array([0j, -0.0])).sgn().tolist() == [0, 0]
    np.testing.assert_allclose(tensor(np.array([1e-12 + 1e-12j])).expm1().numpy(), [1e-12 + 1e-12j], 1e-11)
    np.testing.assert_allclose(tensor(np.array([1e-12 + 1e-12j])).log1p().numpy(), [1e-12 + 1e-12j], 1e-11)


SIGNED = [0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan]
EVERYWHERE = np.array([complex(x, y) for x in SIGNED for y in SIGNED])


def same_with_signs(found, expected):
    """Equal numbers, infinities, NaNs and zeros of one sign, part by part."""
    for own, other in ((found.real, expected.real), (found.imag, expected.imag)):
        np.testing.assert_allclose(own, other, 1e-6)
        zero = other == 0
        np.testing.assert_array_equal(np.signbit(own[zero]), np.signbit(other[zero]))


@pytest.mark.parametrize("kind", KINDS)
def test_quotients_of_zeros_and_infinities(kind):
    z = EVERYWHERE.astype(kind)
    a, b = (one.ravel() for one in np.broadcast_arrays(z[:, None], z))
    kept = ~((a == b) & np.isfinite(a) & (a.imag != 0))          # their imaginary part is 0 or a rounding
    with np.errstate(all="ignore"):
        same_with_signs((tensor(a) / tensor(b)).numpy()[kept], (a / b)[kept])
        same_with_signs(tensor(z).reciprocal().numpy(), np.ones((), kind) / z)


@pytest.mark.parametrize("name, others", [("asin", "arcsin"), ("atan", "arctan"), ("asinh", "arcsinh"), ("atanh", "arctanh"), ("sqrt", "sqrt")])
def test_functions_of_zeros_and_infinities(name, others):
    with np.errstate(all="ignore"):
        same_with_signs(getattr(tensor(EVERYWHERE), name)().numpy(), getattr(np, others)(EVERYWHERE))


def test_where_a_part_is_no_number_or_a_zero_of_either_sign():
    bare = tensor(np.array([complex(0, np.nan), complex(np.inf, 0), complex(-0.0, np.nan)]))
    same_with_signs(bare.tan().numpy(), np.array([complex(0, np.nan), complex(np.nan, 0), complex(-0.0, np.nan)]))
    zeros = np.array([complex(x, y) for x in (0.0, -0.0) for y in (0.0, -0.0)])
    same_with_signs(tensor(zeros).sgn().numpy(), np.zeros(4, "complex128"))
    same_with_signs(tensor(zeros).log1p().numpy(), zeros)
    same_with_signs(tensor(zeros).tan().numpy(), zeros)


def test_numbers_without_order_refuse_it():
    z = tensor(values(3))
    for name in ("lt", "le", "gt", "ge", "fmod", "floor_divide"):
        with pytest.raises(NotImplementedError, match="not implemented for 'ComplexDouble'"):
            getattr(torch, name)(z, z)
    for function in (torch.max, torch.amax, torch.sign, torch.floor, torch.erf):
        with pytest.raises(NotImplementedError):
            function(z)
    with pytest.raises(RuntimeError, match="does not support complex"):
        torch.argmax(z)
    with pytest.raises(RuntimeError, match="complex tensors"):
        torch.maximum(z, z)
    with pytest.raises(RuntimeError, match="In-place abs"):
        z.abs_()
    with pytest.raises(RuntimeError, match="without overflow"):
        float(torch.tensor(1 + 1j))
    assert float(torch.tensor(2 + 0j)) == 2


def test_parts_are_views():
    x = tensor(values((2, 3)))
    x.real.zero_()
    x.imag[0] = 2
    torch.view_as_real(x)[1, :, 0] = 5
    assert x[0].tolist() == [2j] * 3 and x[1].real.tolist() == [5] * 3
    assert x.real.stride() == (6, 2) and x[1:].imag.storage_offset() == 7
    x.real = torch.ones(2, 3).double()
    assert x.real.tolist() == [[1] * 3] * 2
    pairs = torch.zeros(3, 2)
    torch.view_as_complex(pairs)[1] = 1 + 2j
    assert pairs.tolist() == [[0, 0], [1, 2], [0, 0]]
    for wrong in (torch.zeros(3, 3), torch.zeros(2, 3).t(), torch.zeros(2, 2, dtype=torch.int64)):
        with pytest.raises(RuntimeError):
            torch.view_as_complex(wrong)
    with pytest.raises(RuntimeError):
        torch.imag(torch.zeros(2))


def test_making_complex_numbers():
    a, b = torch.tensor([1.0, 2.0]), torch.tensor([3.0, -4.0])
    assert torch.complex(a, b).tolist() == [1 + 3j, 2 - 4j]
    np.testing.assert_allclose(torch.polar(a, b).numpy(), a.numpy() * np.exp(1j * b.numpy()), 1e-6)
    with pytest.raises(RuntimeError):
        torch.complex(a, b.double())
    assert torch.tensor([[1, 2j]]).H.tolist() == [[1], [-2j]] and not torch.tensor([1j]).conj().is_conj()
    assert torch.isreal(torch.tensor([1, 1j])).tolist() == [True, False] and torch.angle(torch.tensor([-1.0, 2.0]))[1] == 0


def test_random_complex_numbers():
    torch.manual_seed(0)
    normal, uniform = torch.randn(20000, dtype=torch.complex64), torch.rand(20000, dtype=torch.complex128)
    assert abs(float(normal.var()) - 1) < 0.05 and abs(normal.mean().item()) < 0.03
    assert abs(float(normal.real.var()) - 0.5) < 0.03 and float(uniform.imag.min()) >= 0 and float(uniform.imag.max()) < 1


def test_close_and_equal():
    z = values(4)
    assert torch.allclose(tensor(z), tensor(z * (1 + 1e-9))) and not torch.allclose(tensor(z), tensor(z.conj()))
    assert torch.equal(tensor(z), tensor(z.copy()))


def test_products_and_sums_along_dims():
    z = values((3, 4, 2))
    for dim in range(3):
        for name in ("sum", "mean", "prod", "cumsum", "cumprod"):
            np.testing.assert_allclose(getattr(torch, name)(tensor(z), dim).numpy(), getattr(np, name)(z, axis=dim), 1e-12)
    for p in (0, 1, 2, 3, np.inf, -np.inf):
        np.testing.assert_allclose(torch.norm(tensor(z), p, 1).numpy(), np.linalg.norm(z, p, 1), 1e-12)
    a, b = values((2, 3)), values((3, 4), seed=2)
    np.testing.assert_allclose((tensor(a) @ tensor(b)).numpy(), a @ b, 1e-12)
    np.testing.assert_allclose(torch.vdot(tensor(a[0]), tensor(a[1])).numpy(), np.vdot(a[0], a[1]), 1e-12)
    np.testing.assert_allclose(torch.logcumsumexp(tensor(a), 1).exp().numpy(), np.exp(a).cumsum(1), 1e-12)


GRADIENTS = [
    "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "atan", "reciprocal",
    "square", "abs", "angle", "sgn", "conj", "sigmoid", "sum", "mean", "prod", "var", "std", "norm", "view_as_real", "real",
    "imag", "exp2", "log2", "acos",
]


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient_of_one(name):
    check(getattr(torch, name), leaf(3))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "dot", "vdot", "ger", "complex", "polar"])
def test_gradient_of_two(name):
    if name in ("complex", "polar"):
        check(getattr(torch, name), *(tensor(values(3, seed=s).real.copy() + 2, requires_grad=True) for s in (1, 2)))
        return
    check(getattr(torch, name), leaf(3), leaf(3, 1))
    if name in BINARY:
        positive = tensor(np.array([0.5, 1.5, 2]), requires_grad=True)
        check(getattr(torch, name), leaf((2, 1)), positive)
        check(getattr(torch, name), positive, leaf((2, 1)))


def test_gradient_of_products_of_matrices():
    check(torch.mm, leaf((2, 3)), leaf((3, 2), 1))
    check(torch.matmul, leaf((2, 2, 3)), leaf((3, 2), 1))
    check(torch.bmm, leaf((2, 1, 3)), leaf((2, 3, 1), 1))
    check(lambda d, a, b: torch.addmm(d, a, b, beta=2j, alpha=1 - 1j), leaf((2, 2)), leaf((2, 3), 1), leaf((3, 2), 2))
    check(lambda a, b: torch.einsum("ij,kj->ik", a, b), leaf((2, 3)), leaf((2, 3), 1))


def test_gradient_of_choices():
    mask = torch.tensor([True, False, True])
    check(lambda a, b: torch.where(mask, a, b), leaf(3), tensor(np.ones(3), requires_grad=True))
    check(lambda a: a.masked_fill(mask, 1j), leaf(3))
    check(lambda a: a[[0, 2, 0]].cumprod(0), leaf(3))
    check(lambda a, b: torch.cat((a, b)), leaf(2), tensor(np.ones(1), requires_grad=True))
    check(lambda a: torch.view_as_complex(a) ** 2, tensor(np.arange(1.0, 5).reshape(2, 2), requires_grad=True))


def test_gradient_through_writes_to_parts():
    def parts(a, b):
        y = a.clone()
        y.real.mul_(b)
        y.imag.add_(2 * b)
        torch.view_as_real(y)[0].mul_(3)
        return y * y

    def whole(a, b):
        y = a.clone()
        z = torch.view_as_complex(y)
        z.mul_(b)
        z[0] = b[1] * 1j
        return y * y

    def stale(a, b):
        y = a.clone()
        part = y[1:].real
        y.mul_(b)
        return part * part

    check(parts, leaf(3), tensor(np.array([1.0, 2, 3]), requires_grad=True))
    check(whole, tensor(np.arange(1.0, 7).reshape(3, 2), requires_grad=True), leaf(3))
    check(stale, leaf(3), leaf(3, 1))


def test_gradient_convention():
    z = torch.tensor([3 + 4j], requires_grad=True)
    (z.real ** 2 + 3 * z.imag).sum().backward()
    assert z.grad.tolist() == [6 + 3j]
    x = torch.tensor([2.0], requires_grad=True)
    (x * (1 + 2j)).abs().sum().backward()
    assert x.grad.dtype is torch.float32 and abs(x.grad.item() - 5 ** 0.5) < 1e-6
    with pytest.raises(RuntimeError, match="real scalar outputs"):
        z.sum().backward()


SQUARE = {
    "inv": torch.linalg.inv, "det": torch.linalg.det, "slogdet": lambda a: torch.linalg.slogdet(a)[1],
    "cholesky": lambda a: torch.linalg.cholesky(a @ a.mH + torch.eye(3, dtype=torch.complex128)),
    "qr": lambda a: torch.linalg.qr(a)[0] @ torch.linalg.qr(a)[1] ** 2, "svd": lambda a: torch.linalg.svd(a)[1],
    "singular vectors": lambda a: torch.linalg.svd(a)[0].abs(), "eigh": lambda a: torch.linalg.eigh(a + a.mH)[0],
    "eigh vectors": lambda a: torch.linalg.eigh(a + a.mH)[1].abs(), "eig": lambda a: torch.linalg.eig(a)[0],
    "eig vectors": lambda a: torch.linalg.eig(a)[1].abs(), "pinv": torch.linalg.pinv, "exp": torch.linalg.matrix_exp,
}


@pytest.mark.parametrize("name", SQUARE)
def test_gradient_of_complex_matrices(name):
    a = leaf((3, 3), 3)
    check(SQUARE[name], a)


def test_gradient_of_complex_solutions():
    check(torch.linalg.solve, leaf((3, 3)), leaf((3, 2), 1))
    check(lambda a, b: torch.linalg.solve_triangular(a, b, upper=True), leaf((3, 3)), leaf((3, 2), 1))
