"""Random numbers of the Philox stream of a seed: those of ``cpu/random.py``. A thread takes a counter and its four words."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..bits import cast
from ..cpu.random import search
from ..formulas import philox
from ..formulas.philox import LANES, draw, single, stretched, two_words
from .block import composed
from .launch import THREADS, Kernel, cuda, kernel


def counters(size, words):
    """How many counters give ``size`` numbers of so many words each."""
    whole, rest = size // (LANES * 4 // words), size % (LANES * 4 // words)
    return whole * LANES + min(LANES, rest)


def one_thread_a_counter(*args: Any) -> tuple[tuple, tuple]:
    return (-(-counters(args[-1].size, 2 if args[-1].itemsize == 8 else 1) // THREADS), 1, 1), (THREADS, 1, 1)


def store4(out, counter, a, b, c, d):
    """Put the four numbers of a counter in their places in its tile."""
    first = counter // LANES * (4 * LANES) + counter % LANES
    if first < out.size:
        out[first] = a
    if first + LANES < out.size:
        out[first + LANES] = b
    if first + 2 * LANES < out.size:
        out[first + 2 * LANES] = c
    if first + 3 * LANES < out.size:
        out[first + 3 * LANES] = d


def store2(out, counter, a, b):
    """Put the two float64 of a counter in their places in its tile."""
    first = counter // LANES * (2 * LANES) + counter % LANES
    if first < out.size:
        out[first] = a
    if first + LANES < out.size:
        out[first + LANES] = b


@kernel(geometry=one_thread_a_counter)
def uniform(seed, offset, low, high, out):
    """Numbers of [low, high), evenly distributed."""
    bottom, top = cast(low, out), cast(high, out)
    for counter in range(cuda.grid(1), counters(out.size, 1 if single(out) else 2), cuda.gridsize(1)):
        a, b, c, d = draw(seed, offset + counter, 0)
        if single(out):
            store4(out, counter, stretched(philox.unit32(a), bottom, top), stretched(philox.unit32(b), bottom, top),
                   stretched(philox.unit32(c), bottom, top), stretched(philox.unit32(d), bottom, top))
        else:
            store2(out, counter, stretched(philox.unit64(a, c), bottom, top), stretched(philox.unit64(b, d), bottom, top))


@kernel(geometry=one_thread_a_counter)
def exponential(seed, offset, rate, out):
    """Waiting times of events that come ``rate`` times in a unit of time."""
    mean = cast(1 / rate, out)
    for counter in range(cuda.grid(1), counters(out.size, 1 if single(out) else 2), cuda.gridsize(1)):
        a, b, c, d = draw(seed, offset + counter, 0)
        if single(out):
            store4(out, counter, -philox.log32(philox.open32(a)) * mean, -philox.log32(philox.open32(b)) * mean,
                   -philox.log32(philox.open32(c)) * mean, -philox.log32(philox.open32(d)) * mean)
        else:
            store2(out, counter, -philox.log64(philox.open64(a, c)) * mean, -philox.log64(philox.open64(b, d)) * mean)


@kernel(geometry=one_thread_a_counter)
def normal(seed, offset, mean, std, out):
    """Numbers of a normal distribution."""
    center, scale = cast(mean, out), cast(std, out)
    for counter in range(cuda.grid(1), counters(out.size, 1 if single(out) else 2), cuda.gridsize(1)):
        a, b, c, d = draw(seed, offset + counter, 0)
        if single(out):
            x, z = philox.normals32(a, c)
            y, w = philox.normals32(b, d)
            store4(out, counter, center + x * scale, center + y * scale, center + z * scale, center + w * scale)
        else:
            u, v = philox.normals64(a, b, c, d)
            store2(out, counter, center + u * scale, center + v * scale)


@kernel(geometry=one_thread_a_counter)
def bernoulli(seed, offset, p, out):
    """1 with probability p, else 0; out is of any dtype."""
    for counter in range(cuda.grid(1), counters(out.size, 1), cuda.gridsize(1)):
        a, b, c, d = draw(seed, offset + counter, 0)
        store4(out, counter, philox.happens(a, p), philox.happens(b, p), philox.happens(c, p), philox.happens(d, p))


def chance(p, place):
    return p[place] if place < p.size else p[0]


@kernel(geometry=one_thread_a_counter)
def bernoulli_each(seed, offset, p, out):
    """1 with probability p[i], else 0; p is as large as out."""
    for counter in range(cuda.grid(1), counters(out.size, 1), cuda.gridsize(1)):
        a, b, c, d = draw(seed, offset + counter, 0)
        first = counter // LANES * (4 * LANES) + counter % LANES
        store4(out, counter, philox.happens(a, chance(p, first)), philox.happens(b, chance(p, first + LANES)),
               philox.happens(c, chance(p, first + 2 * LANES)), philox.happens(d, chance(p, first + 3 * LANES)))


def evenly(bottom, span, words, seed, counter):
    """An integer of ``span`` from ``bottom`` on; of all, if the span is 0."""
    return np.int64(bottom + (philox.below(span, words, seed, counter) if span != 0 else words))


def integers(seed, offset, bottom, span, out):
    for counter in range(cuda.grid(1), counters(out.size, 2), cuda.gridsize(1)):
        a, b, c, d = draw(seed, offset + counter, 0)
        first = offset + counter // LANES * (2 * LANES) + counter % LANES
        store2(out, counter, evenly(bottom, span, two_words(a, c), seed, first),
               evenly(bottom, span, two_words(b, d), seed, first + LANES))


whole_numbers = Kernel(integers, "integers", one_thread_a_counter)


@composed
def randint(seed, offset, low, high, out):
    """Integers of [low, high), evenly distributed; out is int64. For low = high, of all int64."""
    bits = (1 << 64) - 1
    whole_numbers(seed, offset, np.uint64(low & bits), np.uint64(high - low & bits), out)


@kernel(geometry=one_thread_a_counter)
def multinomial(seed, offset, cumulative, out):
    """Categories drawn with replacement; cumulative (rows, categories) holds running sums of the weights in float64, out
    (rows, draws) is int64. A category without weight is never drawn."""
    draws = out.shape[1]
    for counter in range(cuda.grid(1), counters(out.size, 2), cuda.gridsize(1)):
        a, b, c, d = draw(seed, offset + counter, 0)
        first = counter // LANES * (2 * LANES) + counter % LANES
        if first < out.size:
            out[first // draws, first % draws] = search(cumulative[first // draws], philox.unit64(a, c))
        second = first + LANES
        if second < out.size:
            out[second // draws, second % draws] = search(cumulative[second // draws], philox.unit64(b, d))


@kernel(geometry=one_thread_a_counter)
def race(seed, offset, weights, out):
    """Arrival times of runners as fast as their weights, infinite for weight 0: the first k to arrive are k categories
    drawn without replacement, in order. Both arrays are flat, of one size and dtype."""
    for counter in range(cuda.grid(1), counters(out.size, 1 if single(out) else 2), cuda.gridsize(1)):
        a, b, c, d = draw(seed, offset + counter, 0)
        if single(out):
            count = 4
            store4(out, counter, -philox.log32(philox.open32(a)), -philox.log32(philox.open32(b)), -philox.log32(philox.open32(c)),
                   -philox.log32(philox.open32(d)))
        else:
            count = 2
            store2(out, counter, -philox.log64(philox.open64(a, c)), -philox.log64(philox.open64(b, d)))
        first = counter // LANES * (count * LANES) + counter % LANES
        for place in range(first, min(out.size, first + count * LANES), LANES):
            out[place] = out[place] / weights[place]
