"""Stable sort, selection, and what stands on sorted rows.

Arrays are C-contiguous, x is (outer, n). A number is sorted as an unsigned integer, its *word*, in the wanted order, by
radix: byte after byte from the lowest, equal bytes kept in their order. NaN is the largest number; -0 equals +0.
"""
from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..compile import Kernel, inlined, kernel, prange
from ..formulas import order

INSERTION = 40                  # fewer words are sorted by insertion
PART = 1 << 6                   # elements that a selection looks at without a branch for each
CHUNK = 1 << 16                 # elements of a long row that a thread sorts at once
LONG = 1 << 17                  # from here on all threads sort one row together


def words(dtype: str, descending: bool) -> tuple[Any, Any, Any]:
    """The unsigned type of words, the word of a number and the number of a word, for a dtype given by its character."""
    by = order.ascending(dtype)
    key, number = by.key, by.number
    word, signed, bits = (np.uint64, np.int64, 64) if dtype in "dlqLQ" else (np.uint32, np.int32, 32)
    flip = word((1 << bits - 1) - 1 if descending else 1 << bits - 1)       # descending: also every bit of the key

    @inlined
    def word_of(x):
        return word(word(key(order.canonical(x))) ^ flip)

    @inlined
    def number_of(w):
        return number(signed(word(w ^ flip)))
    return word, word_of, number_of


@inlined
def insertion_sort(words, places):
    for i in range(1, words.size):
        word, place = words[i], places[i]
        j = i
        while j > 0 and words[j - 1] > word:
            words[j], places[j] = words[j - 1], places[j - 1]
            j -= 1
        words[j], places[j] = word, place


@inlined
def byte_of(word, byte):
    return np.int64((np.uint64(word) >> np.uint64(8 * byte)) & np.uint64(255))


@inlined
def varying_bits(words):
    """The bits in which the words are not all equal: bytes without any need no pass."""
    bits, first = np.uint64(0), words[0]
    for i in range(words.size):
        bits |= np.uint64(words[i] ^ first)
    return bits


@inlined
def count_bytes(words, byte, counts):
    counts[:] = 0
    for i in range(words.size):
        counts[byte_of(words[i], byte)] += 1


@inlined
def distribute(words, places, byte, starts, words_to, places_to):
    """Move each word to the next free position for its byte."""
    for i in range(words.size):
        b = byte_of(words[i], byte)
        words_to[starts[b]], places_to[starts[b]] = words[i], places[i]
        starts[b] += 1


@inlined
def radix_sort(words, places, words_too, places_too, counts):
    """Sort words with their places, back and forth to the second pair of arrays; counts is (256,)."""
    bits = varying_bits(words)
    for byte in range(words.itemsize):
        if byte_of(bits, byte):
            count_bytes(words, byte, counts)
            total = 0
            for b in range(256):
                total, counts[b] = total + counts[b], total
            distribute(words, places, byte, counts, words_too, places_too)
            words, words_too, places, places_too = words_too, words, places_too, places
    return words, places


@inlined
def sorted_words(words, places, words_too, places_too, counts):
    """Words and places in order, in the one pair of arrays or the other."""
    if words.size < INSERTION:
        insertion_sort(words, places)
        return words, places
    return radix_sort(words, places, words_too, places_too, counts)


@functools.cache
def sort_rows(dtype: str, descending: bool) -> Kernel:
    """x (outer, n) -> values, places (outer, n): each row in order, equal elements in their old one; where each was."""
    word, word_of, number_of = words(dtype, descending)

    @inlined
    def sort_row(row, keys, found, counts, values, places):
        for i in range(row.size):
            keys[0, i], found[0, i] = word_of(row[i]), i
        ordered, came_from = sorted_words(keys[0], found[0], keys[1], found[1], counts)
        for i in range(row.size):
            value = number_of(ordered[i])
            values[i] = value if value != 0 else row[came_from[i]]      # keeps the sign of zero
            places[i] = came_from[i]

    def loop(x, values, places):
        outer, n = x.shape
        few = max(1, 1024 // max(1, n))
        for group in prange((outer + few - 1) // few):
            keys, found, counts = np.empty((2, n), word), np.empty((2, n), np.int32), np.empty(256, np.int64)
            for row in range(np.int64(group) * few, min(outer, (np.int64(group) + 1) * few)):
                sort_row(x[row], keys, found, counts, values[row], places[row])
    return Kernel(loop, f"sort_rows_{'descending' if descending else 'ascending'}")


@functools.cache
def sort_long(dtype: str, descending: bool) -> Kernel:
    """x (n,) -> values, places (n,): as `sort_rows` of one row, by all threads together."""
    word, word_of, number_of = words(dtype, descending)

    @inlined
    def enter(part, first, words, places):
        """Write words and places of a part that begins at ``first``; the bits in which its words differ from the part's last."""
        bits, last = np.uint64(0), word_of(part[part.size - 1])
        for i in range(part.size):
            words[i], places[i] = word_of(part[i]), first + i
            bits |= np.uint64(words[i] ^ last)
        return bits

    @inlined
    def leave(words, came_from, x, values, places):
        for i in range(words.size):
            value = number_of(words[i])
            values[i] = value if value != 0 else x[came_from[i]]
            places[i] = came_from[i]

    def loop(x, values, places):
        n = x.size
        chunks = (n + CHUNK - 1) // CHUNK
        keys, found = np.empty((2, n), word), np.empty((2, n), np.int32)
        bits, counts = np.empty(chunks, np.uint64), np.empty((chunks, 256), np.int64)
        for chunk in prange(chunks):
            left, right = chunk_bounds(chunk, n)
            bits[chunk] = enter(x[left:right], left, keys[0, left:right], found[0, left:right])
        varying, now = np.uint64(0), 0
        for chunk in range(chunks):
            varying |= bits[chunk] | np.uint64(keys[0, 0] ^ keys[0, chunk_bounds(chunk, n)[1] - 1])
        for byte in range(keys.itemsize):
            if byte_of(varying, byte):
                for chunk in prange(chunks):
                    left, right = chunk_bounds(chunk, n)
                    count_bytes(keys[now, left:right], byte, counts[chunk])
                total = 0
                for b in range(256):
                    for chunk in range(chunks):
                        total, counts[chunk, b] = total + counts[chunk, b], total
                for chunk in prange(chunks):
                    left, right = chunk_bounds(chunk, n)
                    distribute(keys[now, left:right], found[now, left:right], byte, counts[chunk], keys[1 - now], found[1 - now])
                now = 1 - now
        for chunk in prange(chunks):
            left, right = chunk_bounds(chunk, n)
            leave(keys[now, left:right], found[now, left:right], x, values[left:right], places[left:right])
    return Kernel(loop, f"sort_long_{'descending' if descending else 'ascending'}")


@inlined
def chunk_bounds(chunk, n):
    left = np.int64(chunk) * CHUNK
    return left, min(left + CHUNK, n)


def sort(x: np.ndarray, descending: bool, values: np.ndarray, places: np.ndarray) -> None:
    """x (outer, n) -> values, places (outer, n), n < 2**31, sorted along n by the kernel that suits the shape."""
    if x.shape[1] < LONG or x.shape[0] > 3:
        sort_rows(x.dtype.char, descending)(x, values, places)
    else:
        for row in range(x.shape[0]):
            sort_long(x.dtype.char, descending)(x[row], values[row], places[row])


@functools.cache
def topk_rows(dtype: str, largest: bool) -> Kernel:
    """x (outer, n) -> values, places (outer, k): the k largest or smallest, best first, equal ones in their order."""
    word, word_of, _ = words(dtype, largest)
    worst = word((1 << 8 * np.dtype(word).itemsize) - 1)

    @inlined
    def any_below(part, limit):
        count = np.int32(0)
        for i in range(part.size):
            count = np.int32(count + np.int32(word_of(part[i]) < limit))
        return count > 0

    @inlined
    def select(row, k, keys, found, counts):
        """Leave the places of the k best words, in order, at the start of found."""
        held, limit, room = 0, worst, keys.shape[1]
        for left in range(0, row.size, PART):
            part = row[left:min(left + PART, row.size)]
            if held < k or any_below(part, limit):
                for i in range(part.size):
                    here = word_of(part[i])
                    if here < limit or held < k:
                        if held == room:        # make room: keep the best k, and from now on only better ones
                            best, at = sorted_words(keys[0], found[0], keys[1], found[1], counts)
                            for j in range(k):
                                keys[0, j], found[0, j] = best[j], at[j]
                            held, limit = k, keys[0, k - 1]
                        if here < limit or held < k:
                            keys[0, held], found[0, held] = here, left + i
                            held += 1
        best, at = sorted_words(keys[0, :held], found[0, :held], keys[1, :held], found[1, :held], counts)
        for j in range(k):
            found[0, j] = at[j]

    def loop(x, values, places):
        (outer, n), k = x.shape, values.shape[1]
        room, few = min(n, k + max(k, 24)), max(1, 1024 // max(1, n))
        groups = (outer + few - 1) // few if k > 0 else 0
        for group in prange(groups):
            keys, found, counts = np.empty((2, room), word), np.empty((2, room), np.int32), np.empty(256, np.int64)
            for row in range(np.int64(group) * few, min(outer, (np.int64(group) + 1) * few)):
                select(x[row], k, keys, found, counts)
                for i in range(k):
                    places[row, i] = found[0, i]
                    values[row, i] = x[row, found[0, i]]
    return Kernel(loop, f"topk_rows_{'largest' if largest else 'smallest'}")


@functools.cache
def kth_rows(dtype: str) -> Kernel:
    """x (outer, n), k, nan_wins -> values, places (outer,): the k-th smallest (from 1) and where it comes first; if
    ``nan_wins``, NaN where the row has one."""
    word, word_of, _ = words(dtype, False)
    bits = 8 * np.dtype(word).itemsize

    @inlined
    def kth_word(row, k, left, counts):
        """Byte after byte from the highest: count the bytes, find the one that holds the k-th, keep its words."""
        for i in range(row.size):
            left[i] = word_of(row[i])
        held = row.size
        if held < INSERTION:
            insertion_sort(left, left)
            return left[k - 1]
        for byte in range(left.itemsize - 1, -1, -1):
            count_bytes(left[:held], byte, counts)
            wanted = 0
            while k > counts[wanted]:
                k -= counts[wanted]
                wanted += 1
            kept = 0
            for i in range(held if counts[wanted] < held else 0):
                left[kept] = left[i]
                kept += byte_of(left[i], byte) == wanted
            held = counts[wanted]
        return left[0]

    @inlined
    def first_place(row, wanted):
        for i in range(row.size):
            if word_of(row[i]) == wanted:
                return i
        return 0

    @inlined
    def has_nan(row):
        count = np.int32(0)
        for i in range(row.size):
            count = np.int32(count + np.int32(row[i] != row[i]))
        return count > 0

    def loop(x, k, nan_wins, values, places):
        outer, n = x.shape
        for row in prange(outer):
            left, counts = np.empty(n, word), np.empty(256, np.int64)
            rank = np.int64(n) if nan_wins and has_nan(x[row]) else np.int64(k)
            places[row] = first_place(x[row], kth_word(x[row], rank, left, counts))
            values[row] = x[row, places[row]]
    return Kernel(loop, f"kth_rows_{bits}")


@kernel
def mode_of_sorted(ordered, came_from, values, places):
    """Rows of `sort_rows` (outer, n) -> values, places (outer,): the most frequent element, the smallest of several, and
    its last place."""
    for row in prange(ordered.shape[0]):
        most, run, best = 0, 0, 0
        for i in range(ordered.shape[1]):
            run = run + 1 if i > 0 and ordered[row, i] == ordered[row, i - 1] else 1
            if run > most:
                most, best = run, i
        values[row], places[row] = ordered[row, best], came_from[row, best]


@kernel
def count_distinct(ordered, total):
    """A sorted row (n,) -> total (1,): how many different elements it has; each NaN counts."""
    count = min(1, ordered.size)
    for i in range(1, ordered.size):
        count += ordered[i] != ordered[i - 1]
    total[0] = count


@kernel
def unique_of_sorted(ordered, came_from, values, inverse, counts):
    """A sorted row (n,) -> values, counts (total,): its different elements and how often each comes; inverse (n,): which of
    them each element of the unsorted row is."""
    last = -1
    for i in range(ordered.size):
        if i == 0 or ordered[i] != ordered[i - 1]:
            last += 1
            values[last], counts[last] = ordered[i], 0
        counts[last] += 1
        inverse[came_from[i]] = last
