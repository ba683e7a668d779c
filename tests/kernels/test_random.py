"""Random kernels: the published words of Philox, the same stream for any thread count, and the right distributions."""
import numpy as np
import pytest
from scipy import stats

from nb_nn.kernels import table, threads
from nb_nn.kernels.formulas import philox

SEED = 20190501
SIZES = [0, 1, 2, 255, 256, 257, 1023, 1024, 1025, 40_000]
KNOWN = [   # counter, key, words: the Random123 distribution's known answers for philox4x32-10
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]
KERNELS = [("uniform", (-1.0, 3.0)), ("normal", (2.0, 3.0)), ("exponential", (2.0,))]


def words(text):
    return tuple(int(word, 16) for word in text.split())


def sample(name, numbers, size, dtype=np.float32, seed=SEED, offset=0, twin="serial"):
    out = np.empty(size, dtype)
    getattr(table.find("cpu", name), twin)(seed, offset, *numbers, out)
    return out


@pytest.mark.parametrize("counter, key, expected", KNOWN)
def test_philox_gives_the_known_answers(counter, key, expected):
    assert philox.philox(*map(np.uint32, words(counter)), *map(np.uint32, words(key))) == words(expected)


@pytest.mark.parametrize("offset", [0, 1000, 2**32 - 100, -3])
def test_compiled_words_are_the_formulas(offset):
    out = sample("uniform", (0.0, 1.0), 1024, offset=offset)
    for element in (0, 99, 100, 255, 256, 700, 1023):
        drawn = philox.draw(np.int64(SEED), np.int64(offset + element % 256), 0)
        assert out[element] == philox.unit32(np.uint32(drawn[element // 256]))


@pytest.mark.parametrize("name, numbers", KERNELS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parallel_twin_gives_the_same_bits(name, numbers, dtype):
    for size in SIZES:
        one, other = (sample(name, numbers, size, dtype, twin=twin) for twin in ("serial", "parallel"))
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("name, numbers", KERNELS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_short_draw_begins_a_long_one(name, numbers, dtype):
    long = sample(name, numbers, 40_000, dtype)
    for size in SIZES:
        assert sample(name, numbers, size, dtype).tobytes() == long[:size].tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distributions_are_the_named_ones(dtype):
    for name, numbers, exact in [("uniform", (-1.0, 3.0), stats.uniform(-1, 4)), ("normal", (2.0, 3.0), stats.norm(2, 3)),
                                 ("exponential", (2.0,), stats.expon(scale=0.5))]:
        drawn = sample(name, numbers, 400_001, dtype).astype(float)
        assert stats.kstest(drawn, exact.cdf).pvalue > 1e-3
        assert abs(drawn.mean() - exact.mean()) < 5 * exact.std() / np.sqrt(drawn.size)
        assert abs(drawn.var() / exact.var() - 1) < 0.02
        for lag in (1, 4, 256, 512, 1024):      # neighbours in a tile share a counter or a tile
            assert abs(np.corrcoef(drawn[lag:], drawn[:-lag])[0, 1]) < 0.01


def test_normal_has_the_higher_moments_and_tails():
    drawn = sample("normal", (0.0, 1.0), 4_000_000)
    assert abs(stats.skew(drawn)) < 0.006
    assert abs(stats.kurtosis(drawn)) < 0.012
    assert 4.8 < abs(drawn).max() < 6.7
    assert (abs(drawn) > 4).sum() == pytest.approx(drawn.size * 2 * stats.norm.sf(4), rel=0.25)


@pytest.mark.parametrize("dtype, bits", [(np.float32, 24), (np.float64, 53)])
def test_uniform_has_all_its_bits_and_no_one(dtype, bits):
    drawn = sample("uniform", (0.0, 1.0), 200_000, dtype)
    scaled = np.ldexp(drawn, bits)
    assert (scaled == np.floor(scaled)).all()
    assert (scaled % 2 == 1).mean() == pytest.approx(0.5, abs=0.01)
    assert drawn.min() >= 0 and drawn.max() < 1


def test_uniform_stays_below_high_where_rounding_would_reach_it():
    drawn = sample("uniform", (1.0, 1.0 + 2**-22), 10_000)
    assert set(drawn) == {np.float32(1), np.float32(1 + 2**-23)}
    assert (sample("uniform", (5.0, 5.0), 100) == 5).all()


def test_normal_without_spread_is_its_mean():
    assert (sample("normal", (3.0, 0.0), 1000) == 3).all()


def test_exponential_is_never_zero():
    assert sample("exponential", (1.0,), 4_000_000).min() > 0


@pytest.mark.parametrize("special", [0, 2**32 - 1, 2**31, 2**29 - 1, 2**29, 3 << 29])
def test_extreme_words_give_finite_normals(special):
    a = np.uint32(special)
    with np.errstate(over="ignore"):            # numpy warns where scalar uint32 wrap
        c, s = philox.turn32(a)
        c8, s8 = philox.turn64(a, np.uint32(0))
        assert np.isfinite(philox.normals32(a, a)).all() and np.isfinite(philox.normals64(a, a, a, a)).all()
    angle = 2 * np.pi * special / 2**32
    assert (c, s) == pytest.approx((np.cos(angle), np.sin(angle)), abs=1e-7)
    assert (c8, s8) == pytest.approx((np.cos(angle), np.sin(angle)), abs=1e-15)


def test_seeds_and_offsets_move_the_stream():
    first = sample("uniform", (0.0, 1.0), 5000)
    assert (sample("uniform", (0.0, 1.0), 5000, seed=SEED + 1) == first).mean() < 0.01
    assert (sample("uniform", (0.0, 1.0), 5000, seed=SEED + 2**40) == first).mean() < 0.01
    assert (sample("uniform", (0.0, 1.0), 5000, offset=5000) == first).mean() < 0.01
    assert (sample("uniform", (0.0, 1.0), 156, offset=100) == first[100:256]).all()


@pytest.mark.parametrize("dtype", [np.float32, bool, np.int64])
def test_bernoulli_counts(dtype):
    for p in (0.0, 0.3, 1.0):
        drawn = sample("bernoulli", (p,), 200_000, dtype)
        assert drawn.dtype == dtype and set(np.unique(drawn)) <= {0, 1}
        assert abs(drawn.mean() - p) < 5 * np.sqrt(p * (1 - p) / drawn.size) + 1e-12
        assert (sample("bernoulli", (p,), 200_000, dtype, twin="parallel") == drawn).all()


def test_bernoulli_of_an_array_agrees_with_that_of_a_number():
    p = np.full(5000, 0.3)
    assert (sample("bernoulli_each", (p,), 5000) == sample("bernoulli", (0.3,), 5000)).all()
    p[::2], p[1::2] = 0, 1
    assert (sample("bernoulli_each", (p,), 5000, twin="parallel") == p).all()
    assert np.unique(sample("bernoulli_each", (p.astype(np.float32),), 5000)).tolist() == [0, 1]


@pytest.mark.parametrize("low, high", [(0, 1), (-7, 3), (0, 10**6), (-2**62, 2**62), (-2**63, 2**63 - 1), (5, 5)])
def test_randint_is_even_over_its_range(low, high):
    drawn = sample("randint", (low, high), 100_003, np.int64)
    assert (sample("randint", (low, high), 100_003, np.int64, twin="parallel") == drawn).all()
    if low == high:
        low, high = -2**63, 2**63
    assert low <= drawn.min() and drawn.max() < high
    parts = min(high - low, 50)
    counts = np.bincount([(int(x) - low) * parts // (high - low) for x in drawn], minlength=parts)
    assert parts == 1 or stats.chisquare(counts).pvalue > 1e-3


def test_randint_draws_again_where_one_draw_would_bias():
    # of 2^64 draws, 3 * 2^62 is a range that rejects a quarter: every value of x * span >> 64 alone would be uneven
    drawn = sample("randint", (-2**63, 2**62), 100_000, np.int64)
    counts = np.bincount((drawn % 4).astype(int), minlength=4)
    assert stats.chisquare(counts).pvalue > 1e-3
    assert stats.kstest(drawn.astype(float), stats.uniform(-2.0**63, 3 * 2.0**62).cdf).pvalue > 1e-3


def test_below_agrees_with_python_integers():
    generator = np.random.default_rng(3)
    for x, y in generator.integers(0, 2**64, (200, 2), np.uint64):
        with np.errstate(over="ignore"):
            high, low = philox.wide_product(x, y)
        assert (int(high) << 64) + int(low) == int(x) * int(y)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 511, 513, 8192, 8193, 70_001])
def test_permutation_has_each_integer_once(size):
    drawn = sample("permutation", (), size, np.int64)
    assert (np.sort(drawn) == np.arange(size)).all()
    assert (sample("permutation", (), size, np.int64, twin="parallel") == drawn).all()


def test_permutations_are_equally_likely():
    seen = {}
    for offset in range(0, 60_000, 4):
        drawn = tuple(sample("permutation", (), 4, np.int64, offset=offset))
        seen[drawn] = seen.get(drawn, 0) + 1
    assert len(seen) == 24 and stats.chisquare(list(seen.values())).pvalue > 1e-3


def test_a_large_permutation_has_no_trend():
    size = 200_000
    drawn = sample("permutation", (), size, np.int64)
    assert abs(stats.spearmanr(np.arange(size), drawn)[0]) < 0.01
    assert stats.kstest(drawn[:5000] / size, "uniform").pvalue > 1e-3
    assert (drawn == np.arange(size)).sum() < 10


def test_multinomial_draws_by_weight():
    weights = np.array([[1, 0, 3, 0, 4, 0], [0, 0, 0, 0, 0, 2.0]])
    cumulative = weights.cumsum(1)
    drawn = np.empty((2, 50_000), np.int64)
    again = drawn.copy()
    table.find("cpu", "multinomial").serial(SEED, 0, cumulative, drawn)
    table.find("cpu", "multinomial").parallel(SEED, 0, cumulative, again)
    assert (drawn == again).all()
    counts = np.bincount(drawn[0], minlength=6)
    assert counts[[1, 3, 5]].tolist() == [0, 0, 0] and (drawn[1] == 5).all()
    assert stats.chisquare(counts[[0, 2, 4]], np.array([1, 3, 4]) * 50_000 / 8).pvalue > 1e-3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_race_is_won_by_weight(dtype):
    weights = np.tile(np.array([1, 3, 0, 4], dtype), 20_000)
    arrivals, again = np.empty_like(weights), np.empty_like(weights)
    table.find("cpu", "race").serial(SEED, 0, weights, arrivals)
    table.find("cpu", "race").parallel(SEED, 0, weights, again)
    assert (arrivals == again).all() and np.isinf(arrivals[2::4]).all()
    order = arrivals.reshape(-1, 4).argsort(1)
    counts = np.bincount(order[:, 0], minlength=4)
    assert counts[2] == 0 and stats.chisquare(counts[[0, 1, 3]], np.array([1, 3, 4]) * 20_000 / 8).pvalue > 1e-3
    second = np.bincount(order[order[:, 0] == 3, 1], minlength=4)       # once the 4 is gone, 1 to 3
    assert second[1] / second[:2].sum() == pytest.approx(0.75, abs=0.02)


def test_thread_count_does_not_change_the_stream(monkeypatch):
    drawn = []
    for count in (1, 2):
        monkeypatch.setattr(threads, "count", count)
        out = np.empty(100_000, np.float32)
        table.find("cpu", "normal")(SEED, 0, 0.0, 1.0, out)
        drawn.append(out.tobytes())
    assert drawn[0] == drawn[1]
