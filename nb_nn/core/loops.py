"""Which loop runs over arrays, and in which order of their dimensions.

Contiguous operands of one size and type run flat. Everything else is broadcast, its dimensions are put in memory order and merged,
and it runs by rows. The plan for a formula and a type (which kernels, which types) is made once.
"""
from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nb_nn.kernels import table
from nb_nn.kernels.formulas.complex import complex_name
from nb_nn.kernels.formulas.half import on_bits

from . import memory
from .dtype import dtype
from .geometry import broadcast_shapes, collapse, memory_order
from .storage import flat_root, strided

new_array = np.empty
SMALL = 1 << 12                 # elements, of which a copy costs less than a plan for rows


class Plan:
    """How to run a formula on operands of one type.

    ``stored``, where there is one, names the half type of each operand and of the result ("" for what is none), whose bits the loops
    take and give; without it half types come as float32, and ``written`` is what results are written as. ``few`` is the flat loop for one
    thread, compiled for this type and for no numbers, or for one of the type of the operands.
    """

    __slots__ = ("flat", "rows", "few", "compute", "result", "stored", "written")

    def __init__(self, name: Any, inputs: int, device: str, compute: dtype, result: dtype, stored: tuple[str, ...] = ()):
        loops = table.loops_of(device)
        if compute.category == 3 and name.__class__ is str:
            name = complex_formula(name, compute)
        if stored:
            name = on_bits(name, stored)
        self.flat = loops.flat(name, inputs)
        self.rows = loops.rows(name, inputs)
        self.few = self.compile_few
        self.compute = compute
        self.result = result
        self.stored = stored
        self.written = result.numpy if stored else result.compute

    def compile_few(self, *args: Any) -> None:
        """The first call of ``few``."""
        self.few = self.flat.compiled_for(*args)
        self.few(*args)


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
    _, order, inverse = layout(*[(array.shape, array.strides) for array in arrays])
    if order is None:
        return memory.beside(arrays[0], shape, kind)
    return memory.beside(arrays[0], tuple([shape[d] for d in order]), kind).transpose(inverse)


def broadcast_strides(array: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides in bytes that read ``array`` as if it had ``shape``."""
    return spread_strides(array.shape, array.strides, shape)


def spread_strides(own: tuple[int, ...], strides: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides that read elements of the sizes ``own`` as if they had ``shape``."""
    missing = len(shape) - len(own)
    return (0,) * missing + tuple([0 if size == 1 != new else stride for size, new, stride in zip(own, shape[missing:], strides)])


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
    packed = [array.ravel() if array.shape == shape else repeated(array, shape).ravel() for array in arrays]
    if out.flags.c_contiguous:
        plan.flat(*packed, numbers, out.ravel())
    else:
        made = np.empty(shape, out.dtype)
        plan.flat(*packed, numbers, made.ravel())
        out[...] = made


def run_few(plan: Plan, run: Callable, arrays: Sequence, numbers: tuple) -> Any:
    """The new array that a plan's flat loop, as ``run``, makes of few elements of any sizes and strides; None if they are many.

    What does not lie as the result does is copied.
    """
    shape, order = arrays[0].shape, None
    even = contiguous = True
    for array in arrays:
        if array.shape != shape:
            even = False
        if not array.flags.c_contiguous:
            contiguous = False
    if not (even and contiguous):
        shape, order, inverse = layout(*[(array.shape, array.strides) for array in arrays])
    if math.prod(shape) >= SMALL:
        return None
    if order is None or contiguous:
        made = result = new_array(shape, plan.result.compute)
        flat = [array.ravel() if array.shape == shape else repeated(array, shape).ravel() for array in arrays]
    else:
        made = new_array([shape[d] for d in order], plan.result.compute)
        result, flat = made.transpose(inverse), []
        for array in arrays:
            if array.shape == shape and (ordered := array.transpose(order)).flags.c_contiguous:
                flat.append(ordered.ravel())
            else:
                copied = new_array(made.shape, array.dtype)
                copied.transpose(inverse)[...] = array
                flat.append(copied.ravel())
    run(*flat, numbers, made.ravel())
    return result


@functools.lru_cache(4096)
def few_shape(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape of few elements that sizes broadcast to; None if they are many."""
    shape = broadcast_shapes(*shapes)
    return shape if math.prod(shape) < SMALL else None


@functools.lru_cache(4096)
def layout(*geometries: tuple) -> tuple:
    """The shape that sizes (with strides beside them) broadcast to, and the memory order of a result like them and its inverse, or
    None twice for C order."""
    shape = broadcast_shapes(*[shape for shape, _ in geometries])
    if len(shape) < 2:
        return shape, None, None
    order = memory_order(shape, [spread_strides(*geometry, shape) for geometry in geometries])
    if order == sorted(order):
        return shape, None, None
    return shape, order, sorted(range(len(order)), key=order.__getitem__)


def row_views(sizes: list[int], strides: list[list[int]], roots: list) -> list:
    """The arrays with merged dimensions, of which there are at least four."""
    missing = 4 - len(sizes)
    shape = (1,) * missing + tuple(sizes)
    return [strided(root, shape, (0,) * missing + tuple([step // root.itemsize for step in own]), 0) for own, root in zip(strides, roots)]
