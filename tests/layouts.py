"""Ways in which elements may lie in memory, as (size, stride, offset)."""
import numpy as np
from oracle import numbers, tensor

LAYOUTS = {
    "contiguous": ((3, 4), (4, 1), 0),
    "offset": ((2, 3), (3, 1), 2),
    "transposed": ((4, 3), (1, 4), 0),
    "permuted": ((3, 2, 4), (4, 12, 1), 0),
    "rows apart": ((3, 4), (7, 1), 1),
    "stepped": ((3, 4), (10, 2), 1),
    "stepped transposed": ((4, 3), (2, 10), 0),
    "expanded rows": ((3, 4), (0, 1), 0),
    "expanded columns": ((3, 4), (1, 0), 0),
    "expanded": ((3, 4), (0, 0), 1),
    "windows": ((3, 4), (1, 1), 0),
    "no dimension": ((), (), 3),
    "one": ((1, 1), (5, 7), 0),
    "empty": ((0, 3), (3, 1), 0),
    "empty inside": ((2, 0, 3), (3, 3, 1), 0),
    "five dimensions": ((2, 2, 2, 2, 3), (200, 60, 20, 7, 2), 0),
    "five dimensions, mixed": ((2, 3, 2, 2, 2), (7, 2, 200, 20, 60), 1),
    "many rows": ((70, 5, 9), (51, 10, 1), 0),
}
OVERLAPPING = ("expanded rows", "expanded columns", "expanded", "windows")


def length(layout):
    """How many elements the memory of a layout needs."""
    size, stride, offset = LAYOUTS[layout]
    return offset + 1 + sum((n - 1) * step for n, step in zip(size, stride) if n)


def laid_out(layout, kind="float32", low=-2.0, high=2.0, seed=0):
    """A tensor of a layout and the same elements as an array."""
    size, stride, offset = LAYOUTS[layout]
    flat = numbers(kind, (length(layout),), low, high, seed)
    array = np.lib.stride_tricks.as_strided(flat[offset:], size, [step * flat.itemsize for step in stride])
    return tensor(flat, kind).as_strided(size, stride, offset), array.copy()
