"""float16 and bfloat16 in kernels: all bit patterns through loads and stores, formulas beside NumPy, rows beside the float32 kernels."""
import functools

import ml_dtypes
import numpy as np
import pytest

from nb_nn.kernels import table
from nb_nn.kernels.compile import Kernel, inlined
from nb_nn.kernels.cpu import halves, loops, reduction
from nb_nn.kernels.formulas import half_casts
from nb_nn.kernels.formulas.half import on_bits

PATTERNS = np.arange(1 << 16, dtype=np.uint16)
TYPES = {"float16": np.dtype(np.float16), "bfloat16": np.dtype(ml_dtypes.bfloat16)}
TWINS = ["serial", "parallel"]
kinds, twins = pytest.mark.parametrize("kind", TYPES), pytest.mark.parametrize("twin", TWINS)


def wide(bits, kind):
    return bits.view(TYPES[kind]).astype(np.float32)


def rounded(x, kind):
    with np.errstate(all="ignore"):
        return x.astype(TYPES[kind]).view(np.uint16)


def same(bits, expected, kind):
    """Equal bits, any NaN for a NaN."""
    a, b = wide(bits, kind), wide(expected, kind)
    np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
    np.testing.assert_array_equal(np.where(np.isnan(b), 0, bits), np.where(np.isnan(b), 0, expected))


def between():
    """Floats at, beside and half way between neighbouring halves of either type, random bits, and special ones."""
    ends = np.concatenate([wide(PATTERNS, kind) for kind in TYPES])
    ends = ends[np.isfinite(ends)]
    with np.errstate(over="ignore"):
        middles = (ends.astype(np.float64) + np.nextafter(ends.astype(np.float16), np.float16(np.inf)).astype(np.float64)) / 2
        middles = middles.astype(np.float32)
    random = np.random.default_rng(0).integers(0, 1 << 32, 1 << 17, dtype=np.uint32).view(np.float32)
    special = np.array([np.nan, -np.nan, np.inf, -np.inf, 65519.99, 65520, 65504, 3.39e38, 3.4e38, 1e-45, 2.0**-25, 3 * 2.0**-25, -0.0],
                       np.float32)
    return np.concatenate([ends, middles, np.nextafter(middles, np.float32(np.inf)), np.nextafter(middles, np.float32(-np.inf)),
                           random, special])


@kinds
@twins
def test_each_bit_pattern_widens_to_its_number(kind, twin):
    out = np.empty(PATTERNS.size, np.float32)
    getattr(loops.flat(f"{kind}_to_float32", 1), twin)(PATTERNS, (), out)
    np.testing.assert_array_equal(out, wide(PATTERNS, kind))
    np.testing.assert_array_equal(np.signbit(out)[~np.isnan(out)], np.signbit(wide(PATTERNS, kind))[~np.isnan(out)])


@kinds
@twins
def test_floats_round_to_nearest_even(kind, twin):
    x = between()
    out = np.empty(x.size, np.uint16)
    getattr(loops.flat(f"float32_to_{kind}", 1), twin)(x, (), out)
    same(out, rounded(x, kind), kind)


@kinds
@twins
def test_each_bit_pattern_comes_back_from_a_load_and_a_store(kind, twin):
    out = np.empty_like(PATTERNS)
    getattr(loops.flat(on_bits("copy", (kind, kind)), 1), twin)(PATTERNS, (), out)
    same(out, PATTERNS, kind)


@twins
def test_casts_by_integers_are_those_of_the_processor(twin):
    for function, x, dtype, expected in ((half_casts.widen_by_integers, PATTERNS, np.float32, wide(PATTERNS, "float16")),
                                         (half_casts.round_by_integers, between(), np.uint16, rounded(between(), "float16"))):
        out = np.empty(x.size, dtype)
        getattr(Kernel(loops.flat1(marked(function), loops.cast_all), function.__name__), twin)(x, (), out)
        same(out, expected, "float16") if dtype is np.uint16 else np.testing.assert_array_equal(out, expected)


marked = functools.cache(inlined)


@kinds
@pytest.mark.parametrize("name,oracle", [("neg", np.negative), ("sqrt", np.sqrt), ("square", np.square)])
def test_formulas_of_each_bit_pattern_are_rounded_once(name, oracle, kind):
    out = np.empty_like(PATTERNS)
    loops.flat(on_bits(name, (kind, kind)), 1).serial(PATTERNS, (), out)
    with np.errstate(all="ignore"):
        same(out, rounded(oracle(wide(PATTERNS, kind)), kind), kind)


@kinds
@pytest.mark.parametrize("name", ["exp", "gelu"])
def test_formulas_give_what_the_float32_loop_gives_rounded(name, kind):
    made, out = np.empty(PATTERNS.size, np.float32), np.empty_like(PATTERNS)
    loops.flat(name, 1).serial(wide(PATTERNS, kind), (), made)
    loops.flat(on_bits(name, (kind, kind)), 1).serial(PATTERNS, (), out)
    same(out, rounded(made, kind), kind)


@kinds
@twins
@pytest.mark.parametrize("name,oracle", [("mul", np.multiply)])
def test_pairs_are_computed_in_float32_and_rounded_once(name, oracle, kind, twin):
    other = np.random.default_rng(1).permutation(PATTERNS)
    out = np.empty_like(PATTERNS)
    getattr(loops.flat(on_bits(name, (kind,) * 3), 2), twin)(PATTERNS, other, (), out)
    with np.errstate(all="ignore"):
        same(out, rounded(oracle(wide(PATTERNS, kind), wide(other, kind)), kind), kind)


@twins
def test_operands_of_several_types_and_numbers_go_to_the_formula_as_float32(twin):
    x, y = np.random.default_rng(2).standard_normal((2, 8, 5)).astype(np.float32)
    bits, out = rounded(x, "bfloat16"), np.empty((8, 5), np.float32)
    rows = loops.rows(on_bits("add", ("bfloat16", "", "")), 2)
    getattr(rows, twin)(bits.T[None, None], y.T[None, None], (), out.T[None, None])
    np.testing.assert_array_equal(out, wide(bits, "bfloat16") + y)
    scaled = np.empty(40, np.uint16)
    getattr(loops.flat(on_bits("mul", ("bfloat16", "bfloat16")), 1), twin)(bits.ravel(), (0.3,), scaled)
    same(scaled, rounded(wide(bits, "bfloat16").ravel() * np.float32(0.3), "bfloat16"), "bfloat16")


@kinds
@pytest.mark.parametrize("name,twin", [("sum", "parallel"), ("mean", "serial"), ("prod", "serial"), ("amax", "parallel"),
                                       ("norm2", "serial")])
def test_reductions_widen_what_they_read(name, kind, twin):
    x = np.random.default_rng(3).standard_normal((3, 7, 33)).astype(np.float32)
    bits, char = rounded(x, kind), {"float16": "e", "bfloat16": "E"}[kind]
    exact = wide(bits, kind).astype(np.float64)
    oracle = {"sum": np.sum, "mean": np.mean, "prod": np.prod, "amax": np.max,
              "norm2": lambda a, axis: np.sqrt(np.square(a).sum(axis))}[name]
    out = np.empty(21, np.float32)
    getattr(reduction.reduce_rows(name, char), twin)(bits.reshape(21, 33), (), out)
    np.testing.assert_allclose(out, oracle(exact.reshape(21, 33), axis=1), rtol=3e-7, atol=1e-7)
    out = np.empty((3, 33), np.float32)
    getattr(reduction.reduce_columns(name, char), twin)(bits, (), out)
    np.testing.assert_allclose(out, oracle(exact, axis=1), rtol=3e-7, atol=1e-7)


@pytest.mark.parametrize("kind,twin", [("float16", "serial"), ("bfloat16", "parallel")])
def test_extremes_see_nan_and_tie_signed_zeros(kind, twin):
    x = np.array([[1, 5, 5, -np.inf], [-0.0, 0.0, -0.0, 0.0], [1, np.nan, np.inf, np.nan], [-3, -1, -2, -1]], np.float32)
    bits, char = rounded(x, kind), {"float16": "e", "bfloat16": "E"}[kind]
    values, places = np.empty(4, np.uint16), np.empty(4, np.int64)
    getattr(reduction.extreme_rows("max", char), twin)(bits, values, places)
    assert places.tolist() == [1, 0, 1, 1]
    same(values, bits[range(4), places], kind)
    getattr(reduction.extreme_columns("min", char), twin)(np.ascontiguousarray(bits.T)[None], values[None], places[None])
    assert places.tolist() == [3, 0, 1, 0]


@pytest.mark.parametrize("kind,twin", [("float16", "parallel"), ("bfloat16", "serial")])
@pytest.mark.parametrize("name,inputs", [("softmax_rows", 1), ("log_softmax_rows_backward", 2)])
def test_kernels_of_rows_give_what_those_for_float32_give_rounded(name, inputs, kind, twin):
    arrays = [rounded(a, kind) for a in np.random.default_rng(4).standard_normal((inputs, 700, 37)).astype(np.float32)]
    made, out = np.empty((700, 37), np.float32), np.empty((700, 37), np.uint16)
    table.find("cpu", name).serial(*[wide(a, kind) for a in arrays], made)
    getattr(halves.rows(name, inputs, kind), twin)(*arrays, out)
    same(out, rounded(made, kind), kind)


@pytest.mark.parametrize("kind,twin", [("float16", "serial"), ("bfloat16", "parallel")])
def test_layer_norm_gives_what_that_for_float32_gives_rounded(kind, twin):
    random = np.random.default_rng(5)
    x, weight, bias = rounded(random.standard_normal((700, 37)).astype(np.float32), kind), *random.standard_normal((2, 37)).astype("f")
    made, stats, out, own = np.empty((700, 37), np.float32), np.empty((2, 700), "f"), np.empty((700, 37), np.uint16), np.empty((2, 700), "f")
    table.find("cpu", "layer_norm").serial(wide(x, kind), weight, bias, 1e-5, made, *stats)
    getattr(halves.layer_norm(kind), twin)(x, weight, bias, 1e-5, out, *own)
    same(out, rounded(made, kind), kind)
    np.testing.assert_array_equal(own, stats)
