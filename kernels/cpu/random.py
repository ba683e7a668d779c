"""Random numbers of the Philox stream of a seed, the same for any number of threads.

A call on n elements uses counters ``offset`` to ``offset + n - 1`` at most, so a generator moves on by n.
``seed`` and ``offset`` are any 64-bit integers.
"""
import numpy as np

from ..bits import cast
from ..compile import inlined, kernel, prange
from ..formulas import philox
from ..formulas.philox import LANES, single, two_rounds, two_words

TILE = 4 * LANES                # words of a tile
BLOCK = 16 * TILE               # elements a thread takes at once
CHUNKS = 64                     # parts of a permutation that are dealt out at once


@inlined
def width(out):
    """Elements of a tile of out's dtype."""
    return TILE if single(out) else TILE // 2


@inlined
def blocks(size):
    return (size + BLOCK - 1) // BLOCK


@inlined
def bounds(block, size):
    """First element of a block, and the one after its last."""
    first = np.int64(block) * BLOCK
    return first, min(first + BLOCK, size)


@inlined
def fill(seed, counter, stream, words):
    """Random words of a tile whose first counter is ``counter``."""
    key_0, key_1 = np.uint64(philox.low_word(seed)), np.uint64(philox.high_word(seed))
    low, high = philox.low_word(counter), philox.high_word(counter)
    for j in range(LANES):
        a = np.uint32(low + np.uint32(j))
        b = np.uint32(high + np.uint32(a < low))
        a, b, c, d = two_rounds(a, b, np.uint32(stream), np.uint32(0), key_0, key_1, 0)
        a, b, c, d = two_rounds(a, b, c, d, key_0, key_1, 2)
        a, b, c, d = two_rounds(a, b, c, d, key_0, key_1, 4)
        a, b, c, d = two_rounds(a, b, c, d, key_0, key_1, 6)
        a, b, c, d = two_rounds(a, b, c, d, key_0, key_1, 8)
        words[j], words[LANES + j], words[2 * LANES + j], words[3 * LANES + j] = a, b, c, d


@inlined
def fill_units(seed, offset, start, words, units):
    """Tile of [0, 1) whose first element is number ``start`` of the call."""
    if single(units):
        fill(seed, offset + start // 4, 0, words)
        for i in range(TILE):
            units[i] = philox.unit32(words[i])
    else:
        fill(seed, offset + start // 2, 0, words)
        for i in range(TILE // 2):
            units[i] = philox.unit64(words[i], words[TILE // 2 + i])


@inlined
def fill_exponentials(seed, offset, start, words, values):
    """Tile of the exponential distribution of rate 1; never 0."""
    if single(values):
        fill(seed, offset + start // 4, 0, words)
        for i in range(TILE):
            values[i] = -philox.log32(philox.open32(words[i]))
    else:
        fill(seed, offset + start // 2, 0, words)
        for i in range(TILE // 2):
            values[i] = -philox.log64(philox.open64(words[i], words[TILE // 2 + i]))


@inlined
def fill_normals(seed, offset, start, words, values):
    """Tile of the standard normal distribution."""
    if single(values):
        fill(seed, offset + start // 4, 0, words)
        for i in range(TILE // 2):
            values[i], values[TILE // 2 + i] = philox.normals32(words[i], words[TILE // 2 + i])
    else:
        fill(seed, offset + start // 2, 0, words)
        for i in range(LANES):
            values[i], values[LANES + i] = philox.normals64(words[i], words[LANES + i], words[2 * LANES + i],
                                                            words[3 * LANES + i])


@kernel
def uniform(seed, offset, low, high, out):
    """Numbers of [low, high), evenly distributed."""
    bottom, top = cast(low, out), cast(high, out)
    for block in prange(blocks(out.size)):
        words, units = np.empty(TILE, np.uint32), np.empty(TILE, out.dtype)
        first, last = bounds(block, out.size)
        for start in range(first, last, width(out)):
            fill_units(seed, offset, start, words, units)
            for i in range(min(width(out), last - start)):
                out[start + i] = philox.stretched(units[i], bottom, top)


@kernel
def exponential(seed, offset, rate, out):
    """Waiting times of events that come ``rate`` times in a unit of time."""
    mean = cast(1 / rate, out)
    for block in prange(blocks(out.size)):
        words, values = np.empty(TILE, np.uint32), np.empty(TILE, out.dtype)
        first, last = bounds(block, out.size)
        for start in range(first, last, width(out)):
            fill_exponentials(seed, offset, start, words, values)
            for i in range(min(width(out), last - start)):
                out[start + i] = values[i] * mean


@kernel
def normal(seed, offset, mean, std, out):
    """Numbers of a normal distribution."""
    center, scale = cast(mean, out), cast(std, out)
    for block in prange(blocks(out.size)):
        words, values = np.empty(TILE, np.uint32), np.empty(TILE, out.dtype)
        first, last = bounds(block, out.size)
        for start in range(first, last, width(out)):
            fill_normals(seed, offset, start, words, values)
            for i in range(min(width(out), last - start)):
                out[start + i] = center + values[i] * scale


@kernel
def bernoulli(seed, offset, p, out):
    """1 with probability p, else 0; out is of any dtype."""
    for block in prange(blocks(out.size)):
        words = np.empty(TILE, np.uint32)
        first, last = bounds(block, out.size)
        for start in range(first, last, TILE):
            fill(seed, offset + start // 4, 0, words)
            for i in range(min(TILE, last - start)):
                out[start + i] = philox.happens(words[i], p)


@kernel
def bernoulli_each(seed, offset, p, out):
    """1 with probability p[i], else 0; p is as large as out."""
    for block in prange(blocks(out.size)):
        words = np.empty(TILE, np.uint32)
        first, last = bounds(block, out.size)
        for start in range(first, last, TILE):
            fill(seed, offset + start // 4, 0, words)
            for i in range(min(TILE, last - start)):
                out[start + i] = philox.happens(words[i], p[start + i])


@kernel
def randint(seed, offset, low, high, out):
    """Integers of [low, high), evenly distributed; out is int64. For low = high, of all int64."""
    bottom, span = np.uint64(low), np.uint64(high) - np.uint64(low)
    for block in prange(blocks(out.size)):
        words = np.empty(TILE, np.uint32)
        first, last = bounds(block, out.size)
        for start in range(first, last, TILE // 2):
            fill(seed, offset + start // 2, 0, words)
            count = min(TILE // 2, last - start)
            drawn_again = 0
            for i in range(count):
                x = two_words(words[i], words[TILE // 2 + i])
                high_part, low_part = philox.wide_product(x, span)
                drawn_again += low_part < span
                out[start + i] = bottom + (high_part if span != 0 else x)
            if drawn_again:     # about span / 2^64 of all: apart, so that the loop above vectorises
                for i in range(count):
                    x = two_words(words[i], words[TILE // 2 + i])
                    out[start + i] = bottom + philox.below(span, x, seed, offset + start + i)


@inlined
def shuffle(seed, counter, words, part):
    """Put a part of a permutation in random order (Fisher and Yates)."""
    for i in range(part.size):
        lane = i % (TILE // 2)
        if lane == 0:
            fill(seed, counter + i, 1, words)
        x = two_words(words[lane], words[TILE // 2 + lane])
        other = np.int64(philox.below(np.uint64(i + 1), x, seed, counter + i))
        part[i], part[other] = part[other], part[i]


@inlined
def deal(seed, offset, first, length, write, ends, out):
    """Count a chunk's integers into buckets, or write them at their buckets' ends."""
    words = np.empty(TILE, np.uint32)
    if not write:
        for b in range(ends.size):
            ends[b] = 0
    for start in range(first, min(first + length, out.size), TILE):
        fill(seed, offset + start // 4, 0, words)
        for i in range(min(TILE, out.size - start)):
            b = np.int64(words[i]) & (ends.size - 1)
            if write:
                out[ends[b]] = start + i
            ends[b] += 1


@kernel
def permutation(seed, offset, out):
    """The integers below out.size in random order; out is int64.

    Each goes to a random bucket, and each bucket, small enough for a cache, is shuffled (Rao 1961, Sandelius 1962); every
    permutation is equally likely. Chunks of the integers are dealt out at once, in the same way by any thread.
    """
    buckets = 1
    while buckets < 1024 and buckets * 8192 < out.size:
        buckets *= 2
    length = (out.size // CHUNKS // TILE + 1) * TILE
    ends = np.empty((CHUNKS, buckets), np.int64)
    for chunk in prange(CHUNKS):
        deal(seed, offset, np.int64(chunk) * length, length, False, ends[chunk], out)
    total = 0
    for b in range(buckets):
        for chunk in range(CHUNKS):
            ends[chunk, b], total = total, total + ends[chunk, b]
    for chunk in prange(CHUNKS):
        deal(seed, offset, np.int64(chunk) * length, length, True, ends[chunk], out)
    for b in prange(buckets):
        first = ends[CHUNKS - 1, np.int64(b) - 1] if b > 0 else 0
        shuffle(seed, offset + first, np.empty(TILE, np.uint32), out[first:ends[CHUNKS - 1, b]])


@kernel
def multinomial(seed, offset, cumulative, out):
    """Categories drawn with replacement; cumulative (rows, categories) holds running sums of the weights in float64, out
    (rows, draws) is int64. A category without weight is never drawn."""
    draws = out.shape[1]
    flat = out.reshape(out.size)
    for block in prange(blocks(out.size)):
        words, units = np.empty(TILE, np.uint32), np.empty(TILE, np.float64)
        first, last = bounds(block, out.size)
        for start in range(first, last, TILE // 2):
            fill_units(seed, offset, start, words, units)
            for i in range(start, min(start + TILE // 2, last)):
                flat[i] = search(cumulative[i // draws], units[i - start])


@inlined
def search(cumulative, u):
    """First index whose running sum exceeds the part u of the whole."""
    wanted = u * cumulative[cumulative.size - 1]
    low, high = 0, cumulative.size - 1
    while low < high:
        middle = (low + high) // 2
        if cumulative[middle] > wanted:
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def race(seed, offset, weights, out):
    """Arrival times of runners as fast as their weights, infinite for weight 0: the first k to arrive are k categories
    drawn without replacement, in order. Both arrays are flat, of one size and dtype."""
    for block in prange(blocks(out.size)):
        words, values = np.empty(TILE, np.uint32), np.empty(TILE, out.dtype)
        first, last = bounds(block, out.size)
        for start in range(first, last, width(out)):
            fill_exponentials(seed, offset, start, words, values)
            for i in range(min(width(out), last - start)):
                out[start + i] = values[i] / weights[start + i]
