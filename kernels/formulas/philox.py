"""Counter-based random numbers: Philox 4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as
1, 2, 3" (2011), and the numbers that are made of its words.

The words of a counter depend on nothing but the seed and the counter, so any thread of any device can draw any part of a
stream, and the stream is always the same. Words become numbers in tiles of LANES counters: words a of all its counters,
then words b, c and d. A float64 takes two words, so a tile has 4 LANES float32 or 2 LANES float64.

Functions are free of branches where loops over them should vectorise.
"""
import math

import numpy as np

from ..bits import bits_to_float32, bits_to_float64, cast, float32_to_bits, float64_to_bits
from ..compile import inlined

MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
WORD, HALF_WORD = np.uint64(32), np.uint64(0xFFFFFFFF)
LANES = 256                     # counters of a tile


@inlined
def single(out):
    """Whether out is of float32, which cannot tell 1 + 2^-30 from 1. (A compiler folds this to a constant.)"""
    return cast(1, out) + cast(2.0**-30, out) == cast(1, out)


@inlined
def stretched(unit, low, high):
    """A number of [0, 1) moved to [low, high). What rounding carries to high belongs to low, which has half a step else."""
    value = low + unit * (high - low)
    return value if value < high else low


@inlined
def low_word(n):
    return np.uint32(n)


@inlined
def high_word(n):
    return np.uint32(np.uint64(n) >> WORD)


@inlined
def two_words(high, low):
    """The uint64 of two uint32."""
    return (np.uint64(high) << WORD) | np.uint64(low)


@inlined
def two_rounds(a, b, c, d, key_0, key_1, done):
    """Two of Philox's ten rounds, after ``done`` others: each two wide products, crossed and keyed.

    (LLVM inlines a function of this size; a function of ten rounds it would call, and the caller's loop not vectorise.)
    """
    before, after = np.uint64(done), np.uint64(done + 1)
    left, right = np.uint64(a) * MULTIPLIER_0, np.uint64(c) * MULTIPLIER_1
    a, b = high_word(right) ^ b ^ low_word(key_0 + WEYL_0 * before), low_word(right)
    c, d = high_word(left) ^ d ^ low_word(key_1 + WEYL_1 * before), low_word(left)
    left, right = np.uint64(low_word(a)) * MULTIPLIER_0, np.uint64(low_word(c)) * MULTIPLIER_1
    return (np.uint32(high_word(right) ^ b ^ low_word(key_0 + WEYL_0 * after)), low_word(right),
            np.uint32(high_word(left) ^ d ^ low_word(key_1 + WEYL_1 * after)), low_word(left))


@inlined
def philox(a, b, c, d, key_0, key_1):
    """Four random uint32 from a counter of four uint32 and a key of two."""
    k, m = np.uint64(key_0), np.uint64(key_1)
    a, b, c, d = two_rounds(a, b, c, d, k, m, 0)
    a, b, c, d = two_rounds(a, b, c, d, k, m, 2)
    a, b, c, d = two_rounds(a, b, c, d, k, m, 4)
    a, b, c, d = two_rounds(a, b, c, d, k, m, 6)
    return two_rounds(a, b, c, d, k, m, 8)


@inlined
def draw(seed, counter, stream):
    """Four random uint32 for a 64-bit seed and counter; each ``stream`` draws anew from the same counters."""
    return philox(low_word(counter), high_word(counter), np.uint32(stream), np.uint32(0), low_word(seed), high_word(seed))


@inlined
def unit32(a):
    """A float32 in [0, 1) of 24 random bits."""
    return np.float32(np.int32(a >> np.uint32(8))) * np.float32(2**-24)


@inlined
def unit64(a, b):
    """A float64 in [0, 1) of 53 random bits."""
    return np.float64(np.int64(two_words(a, b) >> np.uint64(11))) * 2.0**-53


@inlined
def open32(a):
    """A float32 in (0, 1), fine-grained near 0: for logarithms."""
    u = np.float32(a) * np.float32(2**-32) + np.float32(2**-33)
    return min(u, np.float32(1 - 2**-24))


@inlined
def open64(a, b):
    """A float64 in (0, 1)."""
    return min(unit64(a, b) + 2.0**-54, 1 - 2.0**-53)


@inlined
def log32(u):
    """Logarithm of a normal positive float32, as 2 atanh((m - 1) / (m + 1)) of its mantissa in [sqrt(1/2), sqrt(2))."""
    bits = float32_to_bits(u)
    exponent = np.int32((bits - np.int32(0x3F3504F3)) >> np.int32(23))
    m = bits_to_float32(np.int32(bits - np.int32(exponent << np.int32(23))))
    s = (m - np.float32(1)) / (m + np.float32(1))
    z = s * s
    p = (np.float32(0.29590317) * z + np.float32(0.39988551)) * z + np.float32(0.66666686)
    return np.float32(exponent) * np.float32(0.6931471805599453) + (s + s + s * z * p)


@inlined
def log64(u):
    """Logarithm of a normal positive float64."""
    bits = float64_to_bits(u)
    exponent = (bits - np.int64(0x3FE6A09E667F3BCD)) >> np.int64(52)
    m = bits_to_float64(bits - (exponent << np.int64(52)))
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = ((((((0.146300313641228605 * z + 0.153306173067433049) * z + 0.181829225135159416) * z + 0.222222106742385152) * z
           + 0.285714286288109956) * z + 0.399999999998932218) * z + 0.666666666666666991)
    return np.float64(exponent) * 0.6931471805599453 + (s + s + s * z * p)


@inlined
def turn32(a):
    """Cosine and sine of the angle that is a / 2^32 of a turn: a polynomial on the nearest quarter, exactly reduced."""
    quarter = np.uint32(a + np.uint32(1 << 29)) >> np.uint32(30)
    x = np.float32(np.int32(np.uint32(a - (quarter << np.uint32(30))))) * np.float32(math.pi * 2.0**-31)
    z = x * x
    sine = ((np.float32(-1.9587639e-4) * z + np.float32(8.3327471e-3)) * z - np.float32(0.16666665)) * z * x + x
    cosine = (((np.float32(2.4547690e-5) * z - np.float32(1.3888302e-3)) * z + np.float32(0.041666665)) * (z * z)
              - np.float32(0.5) * z + np.float32(1))
    odd = (quarter & np.uint32(1)) != 0
    c, s = (sine if odd else cosine), (cosine if odd else sine)
    return (-c if quarter == 1 or quarter == 2 else c), (-s if quarter >= 2 else s)


@inlined
def turn64(a, b):
    """Cosine and sine of the angle that is (a 2^32 + b) / 2^64 of a turn."""
    word = two_words(a, b)
    quarter = (word + np.uint64(1 << 61)) >> np.uint64(62)
    x = np.float64(np.int64(word - (quarter << np.uint64(62)))) * (math.pi * 2.0**-63)
    z = x * x
    sine = (((((1.59179889793974333e-10 * z - 2.50511298964501863e-8) * z + 2.75573160931984052e-6) * z
              - 1.98412698367405321e-4) * z + 8.33333333333093655e-3) * z - 0.166666666666666646) * z * x + x
    cosine = ((((((-1.13825446453492504e-11 * z + 2.08761450494131791e-9) * z - 2.755731726587808e-7) * z
                 + 2.48015872987544012e-5) * z - 1.38888888888873898e-3) * z + 0.0416666666666666654) * (z * z)
              - 0.5 * z + 1.0)
    odd = (quarter & np.uint64(1)) != 0
    c, s = (sine if odd else cosine), (cosine if odd else sine)
    return (-c if quarter == 1 or quarter == 2 else c), (-s if quarter >= 2 else s)


@inlined
def normals32(a, b):
    """Two independent standard normal float32, of one random radius and one random angle (Box and Muller)."""
    radius = math.sqrt(np.float32(-2) * log32(open32(a)))
    c, s = turn32(b)
    return radius * c, radius * s


@inlined
def normals64(a, b, c, d):
    """Two independent standard normal float64."""
    radius = math.sqrt(-2.0 * log64(open64(a, b)))
    x, y = turn64(c, d)
    return radius * x, radius * y


@inlined
def happens(a, p):
    """Whether an event of probability p happens, to 32 bits; always for p = 1, never for p = 0."""
    return np.float64(a) * 2.0**-32 < np.float64(p)


@inlined
def wide_product(x, y):
    """High and low uint64 of the product of two uint64."""
    a, b, c, d = x >> WORD, x & HALF_WORD, y >> WORD, y & HALF_WORD
    low, left, right = b * d, a * d, b * c
    middle = (low >> WORD) + (left & HALF_WORD) + (right & HALF_WORD)
    return a * c + (left >> WORD) + (right >> WORD) + (middle >> WORD), x * y


@inlined
def below(span, x, seed, counter):
    """An unbiased uint64 below ``span``, of 64 random bits x; the rare ones that would bias are drawn anew (Lemire,
    "Fast Random Integer Generation in an Interval", 2019)."""
    high, low = wide_product(x, span)
    if low < span:
        stream = 2              # 0 and 1 are the kernels' own
        while low < (np.uint64(0) - span) % span:
            a, b, _, _ = draw(seed, counter, stream)
            high, low = wide_product(two_words(a, b), span)
            stream += 1
    return high
