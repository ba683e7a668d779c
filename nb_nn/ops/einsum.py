"""Contraction of labelled tensors: diagonals, sums and batched matrix products."""
from __future__ import annotations

import functools
import math
import string
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core.tensor_base import TensorBase
from . import copies, matmul

Tensor = TensorBase


def contract(equation: str, operands: list[Tensor]) -> Tensor:
    """`einsum` of a list of operands."""
    inputs, output, sizes = parse(equation, tuple([one._array.shape for one in operands]))
    terms = [one_operand(labels, tensor) for labels, tensor in zip(inputs, operands)]
    while len(terms) > 1:
        i, j = best_pair(terms, output, sizes)
        second, first = terms.pop(j), terms.pop(i)
        rest = set(output).union(*(labels for labels, _ in terms))
        terms.append(pair(first, second, rest))
    labels, tensor = terms[0]
    labels, tensor = summed(labels, tensor, set(output))
    return tensor.permute([labels.index(label) for label in output]) if output != labels else tensor


@functools.lru_cache(512)
def parse(equation: str, shapes: tuple) -> tuple[list[str], str, dict[str, int]]:
    """One string of labels an operand, that of the result, and the size of each label; ``...`` becomes spare letters."""
    equation = equation.replace(" ", "")
    left, arrow, right = equation.partition("->")
    inputs = left.split(",")
    if not shapes:
        raise ValueError("einsum(): must provide at least one operand")
    if len(inputs) != len(shapes):
        raise RuntimeError(f"einsum(): {'more' if len(shapes) > len(inputs) else 'fewer'} operands were provided than specified in "
                           f"the equation: {len(shapes)} for {len(inputs)}")
    spare = [letter for letter in string.ascii_letters if letter not in equation]
    spread = [len(shape) - len(term.replace("...", "")) for term, shape in zip(inputs, shapes) if "..." in term]
    dots = "".join(spare[:max(spread, default=0)])
    full = []
    for place, (term, shape) in enumerate(zip(inputs, shapes)):
        if "..." in term:
            own = len(shape) - len(term.replace("...", ""))
            term = term.replace("...", dots[len(dots) - own:] if own > 0 else "")
        if not all(letter in string.ascii_letters for letter in term):
            raise RuntimeError(f"einsum(): invalid subscript given at operand {place}: {term!r}; subscripts must be in [a-zA-Z]")
        if len(term) != len(shape):
            raise RuntimeError(f"einsum(): the number of subscripts in the equation ({len(term)}) does not match the number of "
                               f"dimensions ({len(shape)}) for operand {place} and no ellipsis was given")
        full.append(term)
    if arrow:
        output = right.replace("...", dots)
    else:
        joined = "".join(full)
        output = dots + "".join(letter for letter in sorted(set(joined)) if joined.count(letter) == 1 and letter not in dots)
    for letter in output:
        if output.count(letter) > 1:
            raise RuntimeError(f"einsum(): output subscript {letter} appears more than once in the output")
        if letter not in "".join(full):
            raise RuntimeError(f"einsum(): output subscript {letter} does not appear in the equation for any input operand")
    return full, output, label_sizes(full, shapes)


def label_sizes(inputs: list[str], shapes: tuple) -> dict[str, int]:
    """Size of each label; 1 gives way to another size."""
    sizes: dict[str, int] = {}
    for place, (term, shape) in enumerate(zip(inputs, shapes)):
        for letter, size in zip(term, shape):
            known = sizes.setdefault(letter, size)
            if known == 1:
                sizes[letter] = size
            elif size not in (1, known):
                raise RuntimeError(f"einsum(): subscript {letter} has size {size} for operand {place} which does not broadcast with "
                                   f"previously seen size {known}")
    return sizes


def one_operand(labels: str, tensor: Tensor) -> tuple[str, Tensor]:
    """Diagonals in place of repeated labels."""
    if len(set(labels)) == len(labels):
        return labels, tensor
    for letter in dict.fromkeys(labels):
        while labels.count(letter) > 1:
            first, second = labels.index(letter), labels.rindex(letter)
            if tensor._array.shape[first] != tensor._array.shape[second]:
                raise RuntimeError(f"einsum(): subscript {letter} is repeated, but its sizes don't match: {tensor._array.shape[first]} and "
                                   f"{tensor._array.shape[second]}")
            tensor = tensor.diagonal(0, first, second)
            labels = "".join(one for place, one in enumerate(labels) if place not in (first, second)) + letter
    return labels, tensor


def summed(labels: str, tensor: Tensor, kept: set[str]) -> tuple[str, Tensor]:
    """Sum over labels that nobody needs."""
    gone = [place for place, letter in enumerate(labels) if letter not in kept]
    if not gone:
        return labels, tensor
    return "".join(letter for letter in labels if letter in kept), tensor.sum(gone)


def best_pair(terms: list, output: str, sizes: dict[str, int]) -> tuple[int, int]:
    """The pair whose product costs least, then whose result is smallest."""
    if len(terms) == 2:
        return 0, 1

    def cost(i: int, j: int) -> tuple[int, int]:
        both = set(terms[i][0]) | set(terms[j][0])
        rest = set(output).union(*(labels for place, (labels, _) in enumerate(terms) if place not in (i, j)))
        return math.prod(sizes[letter] for letter in both), math.prod(sizes[letter] for letter in both & rest)

    return min(((i, j) for j in range(len(terms)) for i in range(j)), key=lambda places: cost(*places))


def pair(first: tuple[str, Tensor], second: tuple[str, Tensor], rest: set[str]) -> tuple[str, Tensor]:
    """The product of two terms as one (batched) matrix product, summed over labels that ``rest`` does not name."""
    (a, x), (b, y) = summed(*first, rest | set(second[0])), summed(*second, rest | set(first[0]))
    wide, orders, sizes, labels, size = pair_plan(a, x._array.shape, b, y._array.shape, frozenset(rest))
    if wide is not None:
        x, y = x.expand(wide[0]), y.expand(wide[1])
    if x._dtype is not y._dtype and set(a) & set(b) <= rest:
        kind = dtypes.promote_operands((x, y))          # a product of elements, not of matrices, promotes
        x, y = x.to(kind), y.to(kind)
    left, right = x.permute(orders[0]).reshape(sizes[0]), y.permute(orders[1]).reshape(sizes[1])
    return labels, (matmul.mm if len(sizes[0]) == 2 else matmul.bmm)(left, right).reshape(size)


@functools.lru_cache(512)
def pair_plan(a: str, x_shape: tuple, b: str, y_shape: tuple, rest: frozenset) -> tuple:
    """How to multiply two terms: to which sizes they are expanded (None: not at all), the orders of their dimensions and their sizes
    as (stacks of) matrices, and the labels and the size of the product."""
    x_size, y_size, wide = dict(zip(a, x_shape)), dict(zip(b, y_shape)), None
    common = [letter for letter in a if letter in b]
    if any(x_size[letter] != y_size[letter] for letter in common):      # a size of 1 broadcasts
        wide = ([size if size != 1 else y_size.get(letter, 1) for letter, size in x_size.items()],
                [size if size != 1 else x_size.get(letter, 1) for letter, size in y_size.items()])
        x_size, y_size = dict(zip(a, wide[0])), dict(zip(b, wide[1]))
    batch, contracted = [letter for letter in common if letter in rest], [letter for letter in common if letter not in rest]
    rows, columns = [letter for letter in a if letter not in b], [letter for letter in b if letter not in a]
    orders = ([a.index(letter) for letter in batch + rows + contracted], [b.index(letter) for letter in batch + contracted + columns])
    count = [math.prod(x_size[letter] for letter in group) for group in (batch, rows, contracted)]
    width = math.prod(y_size[letter] for letter in columns)
    sizes = (tuple(count), (count[0], count[2], width)) if batch else ((count[1], count[2]), (count[2], width))
    size = tuple([x_size[letter] for letter in batch + rows] + [y_size[letter] for letter in columns])
    return wide, orders, sizes, "".join(batch + rows + columns), size


def tensordot(a: Tensor, b: Tensor, dims: Any = 2, *, out: Tensor | None = None) -> Tensor:
    """Products summed over the last ``dims`` dimensions of ``a`` and the first of ``b``, or over two lists of dimensions.

    >>> tensordot(tensor([[1, 2], [3, 4]]), tensor([[1, 0], [0, 1]]), 1)
    tensor([[1, 2],
            [3, 4]])
    """
    if isinstance(dims, TensorBase):
        dims = dims.tolist()
    if isinstance(dims, (int, np.integer)):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.dim(), b.dim()):
            raise RuntimeError(f"tensordot expects dims <= {min(a.dim(), b.dim())}, but got dims={dims}")
        dims = list(range(a.dim() - dims, a.dim())), list(range(dims))
    left, right = ([dims_] if isinstance(dims_, int) else list(dims_) for dims_ in dims)
    if len(left) != len(right):
        raise RuntimeError(f"both dimension lists should have same length, got {left} and {right}")
    result = contract(equation_of(a._array.shape, b._array.shape, tuple(left), tuple(right)), [a, b])
    return result if out is None else copies.copy_result("tensordot", result, out)


@functools.lru_cache(512)
def equation_of(a: tuple, b: tuple, left: tuple, right: tuple) -> str:
    """The equation that sums over the dimensions ``left`` of a tensor of size ``a`` and ``right`` of one of size ``b``."""
    first, second = list(string.ascii_letters[:len(a)]), list(string.ascii_letters[len(a):len(a) + len(b)])
    for i, j in zip(left, right):
        if a[i] != b[j] and 1 not in (a[i], b[j]):
            raise RuntimeError(f"contracted dimensions need to match, but first has size {a[i]} in dim {i} and second has size {b[j]} "
                               f"in dim {j}")
        second[j] = first[i]
    shared = {first[i] for i in left}
    return f"{''.join(first)},{''.join(second)}->{''.join([one for one in first + second if one not in shared])}"
