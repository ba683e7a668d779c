"""Sizes and strides as plain integers: broadcasting, views, windows. Nothing here knows a tensor."""
from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all ``shapes`` broadcast to; sizes are compared from the last dimension, and a 1 gives way.

    >>> torch.core.geometry.broadcast_shapes((2, 1, 3), (4, 1))
    (2, 4, 3)
    """
    length = max(map(len, shapes), default=0)
    result = [1] * length
    for shape in shapes:
        for place, size in enumerate(shape, length - len(shape)):
            if size != 1:
                if result[place] not in (1, size):
                    raise RuntimeError(f"The size of tensor a ({result[place]}) must match the size of tensor b ({size}) at "
                                       f"non-singleton dimension {place}")
                result[place] = size
    return tuple(result)


def contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides in C order, in elements."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def wrap_dim(dim: Any, ndim: int) -> int:
    """``dim`` counted from the front; a 0-d tensor has dimensions -1 and 0.

    >>> wrap_dim(-1, 3)
    2
    """
    if dim.__class__ is int and -ndim <= dim < ndim:
        return dim if dim >= 0 else dim + ndim
    try:
        dim = operator.index(dim)
    except TypeError:
        raise TypeError(f"dim must be an int, not {type(dim).__name__}") from None
    size = max(ndim, 1)
    if not -size <= dim < size:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-size}, {size - 1}], but got {dim})")
    return dim + size if dim < 0 else dim


def wrap_dims(dims: Any, ndim: int) -> tuple[int, ...]:
    """One dim, several, or None for all, counted from the front, each once."""
    if dims.__class__ is int and -ndim <= dims < ndim:
        return (dims if dims >= 0 else dims + ndim,)
    if dims is None:
        return tuple(range(ndim))
    if not isinstance(dims, (tuple, list)):
        return (wrap_dim(dims, ndim),)
    wrapped = tuple(wrap_dim(dim, ndim) for dim in dims)
    if len(set(wrapped)) != len(wrapped):
        raise RuntimeError(f"dim {next(d for d in wrapped if wrapped.count(d) > 1)} appears multiple times in the list of dims")
    return wrapped


def infer_size(size: Sequence[int], numel: int) -> tuple[int, ...]:
    """``size`` with a single -1 replaced by what fits ``numel`` elements."""
    size = list(size)
    for place, one in enumerate(size):
        if one < -1:
            raise RuntimeError(f"invalid shape dimension {one}")
        if one == -1 and size.index(-1) != place:
            raise RuntimeError("only one dimension can be inferred")
    if -1 in size:
        known = math.prod(one for one in size if one != -1)
        if known == 0 and numel == 0:
            raise RuntimeError(f"cannot reshape tensor of 0 elements into shape {size} because the unspecified dimension size -1 "
                               "can be any value and is ambiguous")
        if known == 0 or numel % known:
            raise RuntimeError(f"shape '{size}' is invalid for input of size {numel}")
        size[size.index(-1)] = numel // known
    elif math.prod(size) != numel:
        raise RuntimeError(f"shape '{size}' is invalid for input of size {numel}")
    return tuple(size)


def view_strides(shape: Sequence[int], strides: Sequence[int], size: Sequence[int]) -> tuple[int, ...] | None:
    """Strides of a view as ``size``, or None where elements lie so that it takes a copy.

    Each new dimension must lie inside a run of old ones that are adjacent in memory.

    >>> view_strides((2, 6), (6, 1), (2, 2, 3))
    (6, 3, 1)
    >>> view_strides((2, 3), (1, 2), (6,)) is None
    True
    """
    if math.prod(shape) == 0:
        return tuple(strides) if tuple(shape) == tuple(size) else contiguous_strides(size)
    result: list[int] = []
    place = len(size) - 1
    run, step = 1, None                     # elements in the current run of old dimensions, and its smallest stride
    for d in range(len(shape) - 1, -1, -1):
        if step is None:
            step = strides[d]
        run *= shape[d]
        ends = d == 0 or (shape[d - 1] != 1 and strides[d - 1] != run * step)
        if ends:
            filled = 1
            while place >= 0 and (filled < run or size[place] == 1):
                result.append(filled * step)
                filled *= size[place]
                place -= 1
            if filled != run:
                return None
            run, step = 1, None
    while place >= 0:
        result.append(result[-1] if result else 1)
        place -= 1
    return tuple(reversed(result))


def is_dense(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether every element has its own place and there are no gaps between."""
    step = 1
    for stride, size in sorted((stride, size) for size, stride in zip(shape, strides) if size != 1):
        if stride != step or size == 0:
            return size == 0
        step *= size
    return True


def overlaps_itself(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether two elements may share a place (exact for all views that come from slicing, transposing and expanding)."""
    if math.prod(shape) <= 1:
        return False
    reach = 0
    for stride, size in sorted((abs(stride), size) for size, stride in zip(shape, strides) if size != 1):
        if stride <= reach:
            return True
        reach += stride * (size - 1)
    return False


def memory_order(shape: Sequence[int], all_strides: Sequence[Sequence[int]]) -> list[int]:
    """The dimensions from largest to smallest stride, by the first operand that tells two apart.

    A stride of 0 tells nothing: such a dimension stays where it is, and others are compared past it.

    >>> memory_order((3, 2, 4), [(1, 0, 3)])
    [2, 1, 0]
    """
    order = list(range(len(shape) - 1, -1, -1))         # the innermost first
    for start in range(1, len(order)):
        place = start
        for before in range(start - 1, -1, -1):
            told = _compare(order[before], order[place], shape, all_strides)
            if told < 0:
                break
            if told > 0:
                order[before], order[place] = order[place], order[before]
                place = before
    return order[::-1]


def _compare(first: int, second: int, shape: Sequence[int], all_strides: Sequence[Sequence[int]]) -> int:
    """1 if the first dimension has the larger stride (or the same, and the larger size), -1 if the smaller, 0 if that is unknown."""
    for strides in all_strides:
        a, b = strides[first], strides[second]
        if a == 0 or b == 0:
            continue
        if a != b:
            return 1 if a > b else -1
        if shape[first] > shape[second]:
            return 1
    return 0


def collapse(shape: Sequence[int], all_strides: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """Merge neighbouring dimensions that every operand steps through evenly, and drop those of size 1."""
    sizes: list[int] = []
    kept: list[list[int]] = [[] for _ in all_strides]
    for d, size in enumerate(shape):
        if size == 1:
            continue
        if sizes and all(own and own[-1] == strides[d] * size for own, strides in zip(kept, all_strides)):
            sizes[-1] *= size
            for own, strides in zip(kept, all_strides):
                own[-1] = strides[d]
        else:
            sizes.append(size)
            for own, strides in zip(kept, all_strides):
                own.append(strides[d])
    return sizes, kept


def window_count(length: int, window: int, stride: int, pad: int, dilation: int, ceil: bool = False) -> int:
    """How many windows fit: 1 + (length + 2 pad - dilation (window - 1) - 1) // stride.

    With ``ceil`` the division rounds up, but a window must begin inside the input or its left padding.

    >>> window_count(8, 3, 2, 1, 1)
    4
    """
    span = length + 2 * pad - dilation * (window - 1) - 1
    count = (span + (stride - 1 if ceil else 0)) // stride + 1
    if ceil and (count - 1) * stride >= length + pad:
        count -= 1
    return count


def sizes_of(args: tuple) -> tuple[int, ...]:
    """Sizes given one by one, or as one sequence."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    for one in args:
        if one.__class__ is not int:
            break
    else:
        return args
    try:
        return tuple(map(operator.index, args))
    except TypeError:
        wrong = next(one for one in args if not hasattr(type(one), "__index__"))
        raise TypeError(f"sizes must be ints, got {type(wrong).__name__}") from None
