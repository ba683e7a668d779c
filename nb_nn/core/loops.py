"""Which loop runs over arrays, and in which order of their dimensions.

Contiguous operands of one size and type run flat. Everything else is broadcast, its dimensions are put in memory order and merged,
and it runs by rows. The plan for a formula and a type (which kernels, which types) is made once.
"""
from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from nb_nn.kernels import table
from nb_nn.kernels.formulas.complex import complex_name
from nb_nn.kernels.formulas.half import on_bits

from . import memory
from .dtype import dtype
from .geometry import collapse, memory_order
from .storage import flat_root, strided

new_array = np.empty
SMALL = 1 << 12                 # elements, of which a copy costs less than a plan for rows


class Plan:
    """How to run a formula on operands of one type.

    ``stored``, where there is one, names the half type of each operand and of the result ("" for what is none), whose bits the loops
    take and give; without it half types come as float32, and ``written`` is what results are written as.
    """

    __slots__ = ("flat", "rows", "compute", "result", "stored", "written")

    def __init__(self, name: Any, inputs: int, device: str, compute: dtype, result: dtype, stored: tuple[str, ...] = ()):
        loops = table.loops_of(device)
        if compute.category == 3 and name.__class__ is str:
            name = complex_formula(name, compute)
        if stored:
            name = on_bits(name, stored)
        self.flat = loops.flat(name, inputs)
        self.rows = loops.rows(name, inputs)
        self.compute = compute
        self.result = result
        self.stored = stored
        self.written = result.numpy if stored else result.compute


def not_implemented(name: str, kind: dtype, takes: str = "") -> NotImplementedError:
    """What an operation raises that has no meaning for elements of a type; ``takes`` says which it has one for."""
    return NotImplementedError(f'"{name}" not implemented for \'{kind.tensor_name[:-6]}\'' + (f"; it takes {takes}" if takes else ""))


def complex_formula(name: str, kind: dtype) -> str:
    """The name of a formula for complex elements; NotImplementedError if it has no meaning for them."""
    found = complex_name(name)
    if found is None:
        raise not_implemented(name, kind)
    return found


PLANS: dict[tuple, Plan] = {}
BITS = np.dtype(np.uint16)      # what kernels take half types as


def storage_name(kind: dtype) -> str:
    """What `Plan.stored` calls a type."""
    return kind.name if kind.half else ""


def bits_of(array: np.ndarray) -> np.ndarray:
    """An array that a kernel can take: float16 as its bits (bfloat16 is kept as such anyway)."""
    return array.view(BITS) if array.dtype.char == "e" else array


def repeated(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A C-contiguous copy of an array, broadcast to ``shape``."""
    made = new_array(shape, array.dtype)
    made[...] = array
    return made


def like_inputs(arrays: tuple, shape: tuple[int, ...], kind: np.dtype) -> Any:
    """Memory for a result, in the memory order of the operands."""
    if len(shape) < 2 or all(array.flags.c_contiguous for array in arrays):
        return memory.beside(arrays[0], shape, kind)
    strides = [broadcast_strides(array, shape) for array in arrays]
    order = memory_order(shape, strides)
    if order == sorted(order):
        return memory.beside(arrays[0], shape, kind)
    inverse = sorted(range(len(order)), key=order.__getitem__)
    return memory.beside(arrays[0], tuple([shape[d] for d in order]), kind).transpose(inverse)


def broadcast_strides(array: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides in bytes that read ``array`` as if it had ``shape``."""
    missing = len(shape) - array.ndim
    return (0,) * missing + tuple([0 if size == 1 != new else stride for size, new, stride in zip(
        array.shape, shape[missing:], array.strides)])


def loop(plan: Plan, arrays: tuple, shape: tuple[int, ...], numbers: tuple, out: Any) -> None:
    """Call the flat or the row kernel of a plan on arrays that broadcast to ``shape``."""
    if out.size == 0:
        return
    if plan.stored:
        arrays, out = tuple(map(bits_of, arrays)), bits_of(out)
    if out.flags.c_contiguous and all(array.flags.c_contiguous and array.shape == shape for array in arrays):
        plan.flat(*[array.ravel() for array in arrays], numbers, out.ravel())
        return
    if out.size < SMALL and isinstance(out, np.ndarray):
        small_loop(plan, arrays, shape, numbers, out)
        return
    strides = [broadcast_strides(array, shape) for array in (*arrays, out)]
    order = memory_order(shape, [strides[-1], *strides[:-1]])
    sizes, kept = collapse([shape[d] for d in order], [[own[d] for d in order] for own in strides])
    if len(sizes) > 4:                          # rare: dimensions that cannot be merged; the smallest are gone through here
        places = range(len(sizes) - 1)
        front = sorted(sorted(places, key=sizes.__getitem__)[:len(sizes) - 4])
        order = front + [place for place in range(len(sizes)) if place not in front]
        sizes, kept = [sizes[place] for place in order], [[own[place] for place in order] for own in kept]
    roots = [flat_root(array) for array in (*arrays, out)]
    if len(sizes) == 1 and all(own == [root.itemsize] for own, root in zip(kept, roots)):
        plan.flat(*[root[:sizes[0]] for root in roots[:-1]], numbers, roots[-1][:sizes[0]])
        return
    *views, target = row_views(sizes, kept, roots)
    if len(sizes) <= 4:
        plan.rows(*views, numbers, target)
        return
    for index in itertools.product(*map(range, sizes[:-4])):
        plan.rows(*[view[index] for view in views], numbers, target[index])


def small_loop(plan: Plan, arrays: tuple, shape: tuple[int, ...], numbers: tuple, out: Any) -> None:
    """`loop` for few elements: copying them to where the flat kernel wants them costs less than planning rows."""
    packed = []
    for array in arrays:
        if array.shape != shape or not array.flags.c_contiguous:
            array = repeated(array, shape)
        packed.append(array.ravel())
    if out.flags.c_contiguous:
        plan.flat(*packed, numbers, out.ravel())
    else:
        made = np.empty(shape, out.dtype)
        plan.flat(*packed, numbers, made.ravel())
        out[...] = made


def row_views(sizes: list[int], strides: list[list[int]], roots: list) -> list:
    """The arrays with merged dimensions, of which there are at least four."""
    missing = 4 - len(sizes)
    shape = (1,) * missing + tuple(sizes)
    return [strided(root, shape, (0,) * missing + tuple([step // root.itemsize for step in own]), 0) for own, root in zip(strides, roots)]
