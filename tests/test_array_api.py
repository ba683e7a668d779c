"""`nb_nn.array_api` beside the standard's strict implementation on NumPy, where that is installed; and what is particular."""
import inspect

import numpy as np
import pytest

import nb_nn
from nb_nn import array_api as xp

KINDS = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
UNARY = ["abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "bitwise_invert", "ceil", "cos", "cosh", "exp", "expm1", "floor", "isfinite", "isinf", "isnan", "log", "log1p", "log2", "log10", "logical_not", "negative", "positive", "reciprocal", "round", "sign", "signbit", "sin", "sinh", "square", "sqrt", "tan", "tanh", "trunc"]
BINARY = ["add", "atan2", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "copysign", "divide", "equal", "floor_divide", "greater", "greater_equal", "hypot", "less", "less_equal", "logaddexp", "logical_and", "logical_or", "logical_xor", "maximum", "minimum", "multiply", "nextafter", "not_equal", "pow", "remainder", "subtract"]


def numbers(kind, shape=(3, 4), seed=0, low=-3, high=4):
    random = np.random.default_rng(seed)
    if kind == "bool":
        return random.random(shape) < 0.5
    if kind.startswith("float"):
        return random.uniform(low, high, shape).astype(kind)
    return random.integers(max(low, 0) if kind[0] == "u" else low, high, shape).astype(kind)


def same(own, other):
    if isinstance(other, (tuple, list)):
        assert len(own) == len(other)
        for one, two in zip(own, other):
            same(one, two)
        return
    other = np.asarray(other)
    assert isinstance(own, nb_nn.Tensor)
    assert str(own.dtype) == f"torch.{other.dtype.name}" and tuple(own.shape) == other.shape
    if other.dtype.kind in "fc":
        np.testing.assert_allclose(own.numpy(), other, rtol=3e-6 if other.dtype.itemsize == 4 else 1e-12, atol=1e-6 if other.dtype == "float32" else 1e-12)
    else:
        np.testing.assert_array_equal(own.numpy(), other)


@pytest.fixture
def strict():
    module = pytest.importorskip("array_api_strict")
    nb_nn.set_default_dtype(nb_nn.float64)      # as the strict implementation has it
    with module.ArrayAPIStrictFlags(api_version="2024.12"):
        yield module
    nb_nn.set_default_dtype(nb_nn.float32)


def both(strict, function, *arrays):
    """Call with the same arrays here and there; what the strict one refuses is skipped."""
    with np.errstate(all="ignore"):
        try:
            other = function(strict, *[strict.asarray(array) for array in arrays])
        except (TypeError, ValueError):
            pytest.skip("not of these types")
    same(function(xp, *[xp.asarray(array) for array in arrays]), other)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ("bool", "int64", "float64"))
@pytest.mark.parametrize("name", UNARY)
def test_unary_functions(strict, name, kind):
    low = 1 if name in ("acosh", "log", "log2", "log10", "sqrt", "reciprocal") else -3
    array = numbers(kind, low=low)
    if name in ("acos", "asin", "atanh"):
        array = (array / 5).astype(kind) if kind[0] == "f" else array
    both(strict, lambda p, x: getattr(p, name)(x), array)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kinds", [("bool", "bool"), ("int64", "int64"), ("float64", "float64"), ("uint8", "int64"), ("float32", "float64")])
@pytest.mark.parametrize("name", BINARY)
def test_binary_functions(strict, name, kinds):
    low = 0 if name in ("bitwise_left_shift", "bitwise_right_shift") else 1
    both(strict, lambda p, x, y: getattr(p, name)(x, y), numbers(kinds[0], low=low), numbers(kinds[1], (4,), 1, low, 5))


CALLS = {
    "asarray": lambda p, x: p.asarray(x, copy=True),
    "zeros": lambda p, x: (p.zeros((2, 3)), p.ones(3, dtype=p.int32), p.full((2,), 7), p.full_like(x, 1), p.zeros_like(x, dtype=p.int64)),
    "eye": lambda p, x: (p.eye(3), p.eye(2, 4, k=1), p.eye(3, 2, k=-1, dtype=p.int8), p.eye(2, k=5)),
    "arange": lambda p, x: (p.arange(5), p.arange(1, 8, 3), p.arange(5, 1), p.arange(5, 0, -2), p.arange(0, 1, 0.25)),
    "linspace": lambda p, x: (p.linspace(0, 1, 5, dtype=p.float64), p.linspace(0, 1, 4, endpoint=False, dtype=p.float64)),
    "meshgrid": lambda p, x: (*p.meshgrid(x[0, :], x[:, 0]), *p.meshgrid(x[0, :], x[:, 0], indexing="ij")),
    "tril": lambda p, x: (p.tril(x), p.triu(x, k=1)),
    "broadcast": lambda p, x: (p.broadcast_to(x, (2, 3, 4)), *p.broadcast_arrays(x, x[:1, :])),
    "concat": lambda p, x: (p.concat([x, x], axis=1), p.concat([x, x[0, :]], axis=None), p.stack([x, x], axis=-1), *p.unstack(x, axis=1)),
    "shapes": lambda p, x: (p.expand_dims(x, axis=-1), p.squeeze(x[:1, :], 0), p.reshape(x, (2, -1)), p.permute_dims(x, (1, 0)),
                            p.moveaxis(x, 0, 1), p.matrix_transpose(x)),
    "rolls": lambda p, x: (p.roll(x, 2), p.roll(x, 1, axis=1), p.roll(x, (1, 2), axis=(0, 1)), p.flip(x), p.flip(x, axis=0)),
    "repeat": lambda p, x: (p.repeat(x, 2), p.repeat(x, 2, axis=1), p.tile(x, (2, 1)), p.tile(x, (2, 1, 2))),
    "sums": lambda p, x: (p.sum(x), p.sum(x, axis=1), p.sum(x, axis=(0, 1), keepdims=True), p.sum(x, axis=()), p.prod(x, axis=0), p.prod(x)),
    "means": lambda p, x: (p.mean(x), p.mean(x, axis=0), p.var(x), p.var(x, axis=1, correction=1.0), p.std(x, axis=(0,), keepdims=True)),
    "extremes": lambda p, x: (p.max(x), p.min(x, axis=1), p.max(x, axis=(0, 1), keepdims=True)),
    "places": lambda p, x: (p.argmax(x), p.argmin(x, axis=1), p.argmax(x, keepdims=True), p.argmax(x, axis=0, keepdims=True)),
    "all": lambda p, x: (p.all(x), p.any(x, axis=1), p.all(x, axis=(0, 1), keepdims=True), p.any(x, axis=()), p.count_nonzero(x, axis=0)),
    "scans": lambda p, x: (p.cumulative_sum(x, axis=1), p.cumulative_sum(x, axis=0, include_initial=True), p.cumulative_prod(x, axis=1), p.diff(x)),
    "sort": lambda p, x: (p.sort(x), p.sort(x, axis=0, descending=True), p.argsort(x), p.argsort(x, axis=0)),
    "unique": lambda p, x: (p.unique_values(x), *p.unique_all(x), *p.unique_counts(x), *p.unique_inverse(x)),
    "search": lambda p, x: (*p.nonzero(x), p.searchsorted(p.sort(x[0, :]), x[1, :]), p.searchsorted(p.sort(x[0, :]), x[1, :], side="right")),
    "where": lambda p, x: (p.where(x > 1, x, x * 2), p.where(x > 1, x, 0), p.take(x, p.asarray([0, 2]), axis=1),
                           p.take_along_axis(x, p.asarray([[0], [1], [2]]), axis=1)),
    "clip": lambda p, x: (p.clip(x, 0, 2), p.clip(x, min=1), p.clip(x), p.clip(x, max=x[0, :])),
    "products": lambda p, x: (p.matmul(x, x.T), p.tensordot(x, x, axes=((0, 1), (0, 1))), p.vecdot(x, x), p.vecdot(x, x, axis=0),
                              p.linalg.outer(x[0, :], x[1, :]), p.linalg.trace(x), p.linalg.diagonal(x, offset=1)),
    "operators": lambda p, x: (x + 1, 2 - x, x * x, x // 2 if p.isdtype(x.dtype, "numeric") else x, x ** 2, x % 2, x < 1, x == x, abs(x), -x, +x),
    "cross": lambda p, x: p.linalg.cross(x[:, :3], x[:, 1:]),
    "norms": lambda p, x: (p.linalg.vector_norm(x), p.linalg.vector_norm(x, axis=1, ord=1), p.linalg.matrix_norm(x), p.linalg.matrix_rank(x)),
    "systems": lambda p, x: (p.linalg.det(x[:, :3]), p.linalg.inv(x[:, :3] + 9 * p.eye(3, dtype=x.dtype)), p.linalg.pinv(x),
                             p.linalg.solve(x[:, :3] + 9 * p.eye(3, dtype=x.dtype), x), p.linalg.svdvals(x), p.linalg.matrix_power(x[:, :3], 3),
                             *p.linalg.slogdet(x[:, :3]), p.linalg.eigvalsh(x @ x.T), p.linalg.cholesky(x @ x.T + p.eye(3, dtype=x.dtype)),
                             p.linalg.solve(x[:, :3] + 9 * p.eye(3, dtype=x.dtype), x[:, 0])),
    "complex": lambda p, x: (z := p.astype(x, p.complex128) * (1 + 2j), p.abs(z), p.real(z), p.imag(z), p.conj(z), p.sign(z), p.vecdot(z, z),
                             p.sqrt(z), p.exp(z), p.log(z), p.sum(z), p.matmul(z, p.matrix_transpose(z)), z == z, p.isfinite(z)),
    "fft": lambda p, x: (p.fft.fft(p.astype(x, p.complex128)), p.fft.rfft(x), p.fft.rfftn(x, axes=(0, 1)), p.fft.irfft(p.fft.rfft(x)),
                         p.fft.fftshift(x, axes=(1,)), p.fft.fftfreq(5, d=0.5), p.fft.rfftfreq(4), p.fft.ihfft(x),
                         p.fft.fftn(p.astype(x, p.complex128), norm="ortho"), p.fft.hfft(p.astype(x, p.complex128), n=5)),
    "astype": lambda p, x: (p.astype(x, p.float64), p.astype(x, p.bool)),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ("bool", "uint8", "uint32", "int64", "float64"))
@pytest.mark.parametrize("name", CALLS)
def test_calls(strict, name, kind):
    both(strict, CALLS[name], numbers(kind))


def test_signatures(strict):
    for module, own in ((strict, xp), (strict.linalg, xp.linalg), (strict.fft, xp.fft)):
        for name in set(module.__all__) - {"broadcast_shapes", "isin", "expand_dims", "from_dlpack", "astype"}:
            function = getattr(module, name)
            if inspect.isfunction(function) and "strict" not in name:
                expected = [(one.kind, one.name if one.kind is not one.POSITIONAL_ONLY else "", one.default)
                            for one in inspect.signature(function).parameters.values()]
                assert [(one.kind, one.name if one.kind is not one.POSITIONAL_ONLY else "", one.default)
                        for one in inspect.signature(getattr(own, name)).parameters.values()] == expected, name


def test_what_is_missing_is_known(strict):
    missing = {name for name in strict.__all__ if not hasattr(xp, name)}
    assert missing <= {"broadcast_shapes", "isin", "Device", "set_array_api_strict_flags",
                       "get_array_api_strict_flags", "reset_array_api_strict_flags", "ArrayAPIStrictFlags", "__version__"}


def test_promotion(strict):
    for first in KINDS:
        for second in KINDS:
            try:
                expected = strict.result_type(getattr(strict, first), getattr(strict, second))
            except TypeError:
                continue
            assert str(xp.result_type(getattr(xp, first), getattr(xp, second))) == f"torch.{str(expected).split('.')[-1]}"
            assert xp.can_cast(getattr(xp, first), getattr(xp, second)) == strict.can_cast(getattr(strict, first), getattr(strict, second))


def test_the_namespace_of_a_tensor():
    x = nb_nn.ones(2)
    assert x.__array_namespace__() is xp and x.__array_namespace__(api_version="2024.12") is xp and x.to_device("cpu") is x
    with pytest.raises(ValueError, match="2024.12"):
        x.__array_namespace__(api_version="2030.12")
    with pytest.raises(ValueError, match="stream"):
        x.to_device("cpu", stream=1)


def test_information():
    info = xp.__array_namespace_info__()
    assert info.capabilities()["boolean indexing"] and info.default_device() in info.devices()
    assert info.default_dtypes()["integral"] is xp.int64 and set(info.dtypes(kind="real floating")) == {"float32", "float64"}
    assert set(info.dtypes(kind=("bool", "unsigned integer"))) == {"bool", "uint8", "uint16", "uint32", "uint64"}
    assert xp.isdtype(xp.int8, "integral") and xp.isdtype(xp.int8, (xp.int16, "numeric")) and not xp.isdtype(xp.bool, "numeric")
    assert xp.finfo(xp.complex64).dtype is xp.float32 and xp.iinfo(xp.asarray([1])).max == 2 ** 63 - 1
    assert xp.result_type(xp.float32, 1j) is xp.complex64 and xp.result_type(xp.asarray([1]), 2) is xp.int64
    with pytest.raises(ValueError, match="kind"):
        xp.isdtype(xp.int8, "numbers")
    with pytest.raises(TypeError, match="float"):
        xp.add(xp.asarray([1]), 1.5)


def test_special_values():
    x = xp.asarray([xp.nan, -0.0, 1.5])
    assert xp.isnan(xp.sign(x)[0]) and xp.sign(x)[2] == 1
    assert xp.unique_values(xp.asarray([xp.nan, xp.nan])).shape == (2,)
    with pytest.raises(ValueError, match="squeeze"):
        xp.squeeze(xp.ones((2, 1)), 0)
    with pytest.raises(ValueError, match="axis"):
        xp.cumulative_sum(xp.ones((2, 2)))


@pytest.mark.parametrize("first, second, expected", [("float64", "float32", "float64"), ("int64", "int8", "int64"), ("int32", "uint32", "int64")])
def test_arrays_without_dimensions_promote_like_others(first, second, expected):
    zero, one = xp.asarray(3, dtype=getattr(xp, first)), xp.asarray([1, 2], dtype=getattr(xp, second))
    for made in (xp.add(zero, one), xp.add(one, zero), xp.where(xp.asarray([True, False]), zero, one), xp.maximum(zero, one)):
        assert made.dtype is getattr(xp, expected)
    assert xp.stack([zero, one[0]]).dtype is getattr(xp, expected)
    assert bool(xp.less(xp.asarray(-(2 ** 40)), xp.asarray([5], dtype=xp.int32))[0])       # compared in int64


def test_products_of_vectors_check_their_axis():
    a, b = xp.asarray([1.0, 2.0, 3.0]), xp.ones((2, 3))
    assert xp.linalg.cross(a, b).shape == (2, 3) and xp.linalg.cross(b, a, axis=-1).tolist()[0] == [1.0, -2.0, 1.0]
    with pytest.raises(ValueError, match="cross: axis -1 must have 3 elements"):
        xp.linalg.cross(xp.ones(2), xp.ones(2))
    with pytest.raises(ValueError, match="vecdot: axis -1 has 1 elements in the first array and 3 in the second"):
        xp.vecdot(xp.ones(1), b)


def test_sums_and_products_keep_the_type_asked_for():
    x = xp.asarray([[200, 3], [2, 1]], dtype=xp.uint16)
    assert xp.sum(x).dtype is xp.uint64 and xp.cumulative_sum(x, axis=0).dtype is xp.uint64 and xp.linalg.trace(x).dtype is xp.uint64
    made = xp.prod(x, dtype=xp.int32)
    assert made.dtype is xp.int32 and int(made) == 1200
    assert int(xp.sum(xp.asarray([2 ** 63, 5], dtype=xp.uint64))) == 2 ** 63 + 5


def test_complex_numbers_round_by_parts():
    made = xp.round(xp.asarray([2.5 - 1.5j, 0.4 + 3.6j]))
    assert made.tolist() == [2 - 2j, 4j]


def test_shifts_of_numbers_by_arrays():
    x = xp.asarray([1, 70], dtype=xp.int64)
    assert (1 << x).tolist() == [2, 0] and (-9 >> x).tolist() == [-5, -1]
    assert xp.bitwise_left_shift(x, xp.asarray(64)).tolist() == [0, 0] and xp.bitwise_right_shift(-x, xp.asarray(200)).tolist() == [-1, -1]


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("name, z, expected", [
    ("exp", complex(-INF, INF), complex(0, 0)), ("exp", complex(INF, NAN), complex(INF, NAN)), ("exp", complex(NAN, 0), complex(NAN, 0)),
    ("expm1", complex(INF, 0), complex(INF, 0)), ("expm1", complex(-INF, NAN), complex(-1, 0)), ("expm1", complex(INF, INF), complex(INF, NAN)),
    ("sinh", complex(0, INF), complex(0, NAN)), ("sinh", complex(INF, 0), complex(INF, 0)), ("sinh", complex(NAN, 0), complex(NAN, 0)),
    ("cosh", complex(0, INF), complex(NAN, 0)), ("cosh", complex(INF, 0), complex(INF, 0)), ("cosh", complex(INF, NAN), complex(INF, NAN)),
    ("cosh", complex(NAN, 0), complex(NAN, 0)), ("tanh", complex(0, INF), complex(0, NAN)), ("tanh", complex(INF, 3), complex(1, 0)),
    ("tanh", complex(INF, INF), complex(1, 0)), ("tanh", complex(NAN, 0), complex(NAN, 0)), ("acos", complex(0, NAN), complex(np.pi / 2, NAN)),
    ("acosh", complex(0, NAN), complex(NAN, np.pi / 2)), ("asinh", complex(NAN, 0), complex(NAN, 0)), ("atanh", complex(0, NAN), complex(0, NAN)),
    ("atanh", complex(NAN, 2), complex(NAN, NAN)), ("sin", complex(0, INF), complex(0, INF)), ("cos", complex(0, INF), complex(INF, 0)),
])
def test_limits_of_complex_functions(name, z, expected):
    for kind in (xp.complex64, xp.complex128):
        made = complex(getattr(xp, name)(xp.asarray(z, dtype=kind)))
        np.testing.assert_allclose((abs(made.real), abs(made.imag)), (abs(expected.real), abs(expected.imag)), rtol=1e-6)


def test_a_remainder_of_zero_has_the_sign_of_the_divisor():
    made = xp.remainder(xp.asarray([-0.0, 0.0, 6.0, -6.0]), xp.asarray([5.0, -5.0, -3.0, 3.0]))
    assert xp.signbit(made).tolist() == [False, True, True, False] and not xp.any(made)


@pytest.mark.parametrize("keepdims", (False, True))
def test_no_axes_leave_each_element_for_itself(strict, keepdims):
    array = numbers("float64")
    both(strict, lambda p, x: (p.count_nonzero(x, axis=(), keepdims=keepdims), p.max(x, axis=(), keepdims=keepdims),
                               p.all(x, axis=(), keepdims=keepdims), p.mean(x, axis=(), keepdims=keepdims)), array)
    both(strict, lambda p, x: [p.linalg.vector_norm(x, axis=(), keepdims=keepdims, ord=ord) for ord in (0, 1, 2, 3, float("inf"), -2)], array)
    assert xp.roll(xp.asarray(array), (), axis=()).tolist() == array.tolist() == xp.roll(xp.asarray(array), 1, axis=()).tolist()


@pytest.mark.parametrize("name", ["all", "any", "sum", "prod", "max", "min", "mean", "var", "std", "count_nonzero", "flip"])
def test_an_axis_counts_once(name):
    for axis in ((0, 0), (0, -2)):
        with pytest.raises(ValueError, match="once"):
            getattr(xp, name)(xp.ones((2, 3)), axis=axis)


@pytest.mark.parametrize("call", [lambda x: xp.cumulative_sum(x, axis=()), lambda x: xp.concat([x, x], axis=()),
                                  lambda x: xp.take(x, xp.asarray([0]), axis=())])
def test_one_axis_is_a_number(call):
    with pytest.raises(TypeError):
        call(xp.ones((2, 3)))


def test_uint64_casts_to_no_signed_type():
    assert not xp.can_cast(xp.uint64, xp.int64) and xp.can_cast(xp.uint64, xp.uint64) and not xp.can_cast(xp.uint64, xp.uint32)
    assert not xp.can_cast(xp.asarray(1, dtype=xp.int8), xp.uint64) and not xp.can_cast(xp.uint64, xp.float64)


def test_pseudo_inverses_with_a_tolerance_for_each_matrix(strict):
    array = np.random.default_rng(0).normal(size=(2, 3, 4, 3))
    both(strict, lambda p, x, limit: (p.linalg.pinv(x, rtol=limit), p.linalg.pinv(x[0, ...], rtol=limit[1, ...])), array,
         np.array([[0.9, 0.1, 0.5], [0.2, 0.3, 0.99]]))
    assert xp.linalg.pinv(xp.ones((0, 2, 3, 4)), rtol=xp.ones((0, 2))).shape == (0, 2, 4, 3)


def test_expm1_of_zeros():
    for x in (0.0, -0.0):
        assert np.signbit(xp.expm1(xp.asarray(x)).item()) == np.signbit(x)
        for y in (0.0, -0.0):
            made = complex(xp.expm1(xp.asarray(complex(x, y))))
            assert made == 0 and not np.signbit(made.real) and np.signbit(made.imag) == np.signbit(y)


def test_clip_by_numbers_beyond_the_type():
    for kind in (xp.uint8, xp.uint16, xp.uint64, xp.int8, xp.int64):
        x = xp.asarray([1, 100], dtype=kind)
        assert xp.clip(x, -200, 2 ** 70).tolist() == [1, 100] and xp.clip(x, 50, None).dtype is kind
        assert xp.clip(x, min=xp.asarray(3, dtype=xp.int8), max=60).tolist() == [3, 60]
        with pytest.raises(TypeError):
            xp.clip(x, 0.5, 2)
    large = xp.asarray([2 ** 64 - 1, 3], dtype=xp.uint64)
    assert xp.clip(large, 4, 2 ** 63 + 5).tolist() == [2 ** 63 + 5, 4]
    assert xp.clip(xp.asarray([1.0, 7.0]), 2, 5).tolist() == [2, 5]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("correction", (0.0, 1.0, 0.5))
def test_spreads(strict, correction):
    for array in (numbers("float64"), numbers("float32"), np.zeros((0, 3)), np.array(2.5)):
        for axis in (None, -1, (0, 1), (0,), ()):
            if array.ndim == 2 or axis in (None, ()):
                both(strict, lambda p, x, axis=axis: (p.var(x, axis=axis, correction=correction),
                                           p.std(x, axis=axis, correction=correction, keepdims=True)), array)


@pytest.mark.parametrize("first, second", [((2, 1, 3, 3), (4, 3, 2)), ((3, 3), (5, 3, 2)), ((1, 3, 3), (3,)), ((2, 3, 3), (3, 3)), ((4, 3, 3), (4, 3, 2)),
                                           ((2, 1, 1, 3, 3), (4, 3, 1))])
def test_solve_broadcasts_stacks(first, second):
    random = np.random.default_rng(0)
    a, b = random.normal(size=first) + 4 * np.eye(3), random.normal(size=second)
    made = xp.linalg.solve(xp.asarray(a), xp.asarray(b))
    expected = np.linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else np.linalg.solve(a, b)
    assert tuple(made.shape) == expected.shape
    np.testing.assert_allclose(np.asarray(made), expected, rtol=1e-10)
