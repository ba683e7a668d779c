"""From tensors to loops: sizes and types of a result, its memory, and the call of the kernel.

An elementwise call goes one of two ways. Contiguous operands of one size and type run flat. Everything else is broadcast,
its dimensions are put in memory order and merged, and it runs by rows. The plan for a formula and a type (which kernels, which
types) is made once.
"""
from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from nb_nn.kernels import table
from nb_nn.kernels.compile import SERIAL_BELOW
from nb_nn.kernels.formulas.complex import complex_name

from . import cuda_memory, memory
from . import dtype as dtypes
from .device import CPU
from .dtype import dtype
from .geometry import broadcast_shapes, collapse, memory_order, overlaps_itself
from .state import state
from .storage import flat_root, storage_of, strided
from .tensor_base import TensorBase, wrap, wrap_host

new_array = np.empty

SAME, FLOAT, BOOL, MASKED, KEEP, REAL, COMPLEX = "same", "float", "bool", "masked", "keep", "real", "complex"
SMALL = 1 << 12                 # elements, of which a copy costs less than a plan for rows
MANY = 1 << 18                  # elements, of which all threads make a cast
FEW = memory.SMALLEST // 16     # elements of any type for which the allocator would ask NumPy anyway
HALF_CASTS = {"float16": ("float16_to_float32", "float32_to_float16"), "bfloat16": ("bfloat16_to_float32", "float32_to_bfloat16")}


class Plan:
    """How to run a formula on operands of one type."""

    __slots__ = ("flat", "rows", "compute", "result")

    def __init__(self, name: Any, inputs: int, device: str, compute: dtype, result: dtype):
        loops = table.loops_of(device)
        if compute.category == 3 and name.__class__ is str:
            name = complex_formula(name, compute)
        self.flat = loops.flat(name, inputs)
        self.rows = loops.rows(name, inputs)
        self.compute = compute
        self.result = result


def complex_formula(name: str, kind: dtype) -> str:
    """The name of a formula for complex elements; NotImplementedError if it has no meaning for them."""
    found = complex_name(name)
    if found is None:
        raise NotImplementedError(f'"{name}" not implemented for \'{kind.tensor_name[:-6]}\'')
    return found


_plans: dict[tuple, Plan] = {}


def empty(shape: tuple[int, ...], kind: dtype, device: Any = CPU) -> Any:
    """A new tensor whose elements are whatever the memory holds."""
    return wrap(memory.empty(shape, kind.numpy, device), kind)


def unary(name: str, x: Any, numbers: tuple = (), out: Any = None, result: str = SAME) -> Any:
    """Apply the formula ``name`` to each element; ``numbers`` are further arguments of it."""
    if out is None:
        plan = _plans.get((name, 1, x._dtype))
        array = x._array
        if plan is not None and x._device is CPU and array.flags.c_contiguous:
            kind = plan.result
            made = new_array(array.shape, kind.numpy) if array.size < FEW else memory.empty(array.shape, kind.numpy)
            (plan.flat.serial if array.size < SERIAL_BELOW else plan.flat)(array.ravel(), numbers, made.ravel())
            return wrap_host(made, kind)
    return elementwise(name, (x,), numbers, out, result)


def binary(name: str, x: Any, y: Any, out: Any = None, result: str = SAME) -> Any:
    """Apply the formula ``name`` to the elements of two tensors, or of a tensor and a number, with broadcasting."""
    if isinstance(x, TensorBase) and isinstance(y, TensorBase):
        a, b, kind = x._array, y._array, x._dtype
        if not b.ndim and a.ndim and kind is y._dtype and kind in PLAIN and a.flags.c_contiguous and x._device is y._device is CPU and (
                out is None or out is x):
            return _number_formula(name, x, kind, b.item(), out, result)
        if kind is y._dtype and a.shape == b.shape and x._device is y._device is CPU and (out is None or out is x):
            plan = _plans.get((name, 2, kind))
            if plan is not None:
                if not (a.flags.c_contiguous and b.flags.c_contiguous):
                    if out is not None or a.size >= SMALL or a.ndim > 1 and any(a.strides) and any(b.strides):
                        return elementwise(name, (x, y), (), out, result)
                    a, b = a.copy(), b.copy()       # a constant gradient, mostly
                if out is None:
                    made = new_array(a.shape, plan.result.numpy) if a.size < FEW else memory.empty(a.shape, plan.result.numpy)
                elif plan.result is kind and (y is x or y._storage is None or not np.may_share_memory(a, b)):
                    made = a
                else:
                    return elementwise(name, (x, y), (), out, result)
                (plan.flat.serial if a.size < SERIAL_BELOW else plan.flat)(a.ravel(), b.ravel(), (), made.ravel())
                return out if out is not None else wrap_host(made, plan.result)
        return elementwise(name, (x, y), (), out, result)
    return with_number(name, x, y, out, result)


def with_number(name: str, x: Any, y: Any, out: Any, result: str) -> Any:
    """``binary`` where one operand is a number (or a NumPy array); a number on the right is an argument of the formula, not an
    array."""
    if not isinstance(x, TensorBase):
        if not isinstance(x, NUMBERS):
            if isinstance(x, np.ndarray):
                return binary(name, as_tensor(x), y, out, result)
            raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(x).__name__}")
        return elementwise(name, (scalar_like(wrapped(x, y._dtype), y, result), y), (), out, result)
    if not isinstance(y, NUMBERS):
        if isinstance(y, np.ndarray):
            return binary(name, x, as_tensor(y), out, result)
        raise TypeError(f"{name}(): argument 'other' must be Tensor or a number, not {type(y).__name__}")
    kind = dtypes.promote_operands((x, y))
    if kind is x._dtype and not kind.half and (result is not FLOAT or kind.category >= 2) and -(1 << 63) <= y.real < 1 << 63:
        return _number_formula(name, x, kind, y, out, result)
    return elementwise(name, (x, scalar_like(y, x, result)), (), out, result)


def _number_formula(name: str, x: Any, kind: dtype, y: Any, out: Any, result: str) -> Any:
    number = complex(y) if kind.category == 3 else float(y) if kind.category == 2 else bool(y) if kind.category == 0 else int(y)
    key = (name, kind, "number" if x._device is CPU else "cuda")
    plan = _plans.get(key)
    if plan is None:
        plan = _plans[key] = Plan(name, 1, x._device.type, kind, dtypes.bool_ if result is BOOL else kind)
    array = x._array
    if x._device is CPU and array.flags.c_contiguous and (out is None or out is x and plan.result is kind):
        made = array if out is x else memory.empty(array.shape, plan.result.numpy)
        plan.flat(array.ravel(), (number,), made.ravel())
        return x if out is x else wrap_host(made, plan.result)
    return run(plan, name, (array,), array.shape, (number,), out, (x,))


PLAIN = (dtypes.float32, dtypes.float64)
NUMBERS = (int, float, complex, np.number, np.bool_)


def wrapped(value: Any, kind: dtype) -> Any:
    """An integer beside a tensor of integers as it is in their type: what does not fit wraps around, as in C."""
    if kind.category != 1 or not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        return value
    bits = 8 * kind.itemsize
    value = int(value) & ((1 << bits) - 1)
    return value - (1 << bits) if kind.numpy.kind == "i" and value >> (bits - 1) else value


def as_tensor(array: Any) -> Any:
    """An array as a tensor, copied."""
    return wrap(np.array(array, order="C"), dtypes.from_numpy(array.dtype))


def scalar_like(value: Any, like: Any, result: str = SAME) -> Any:
    """A number as a 0-d tensor of the type in which it is computed with beside ``like``."""
    kind = dtypes.promote_operands((like, value))
    if result is FLOAT and kind.category < 2:
        kind = dtypes.get_default_dtype()
    return full_scalar(value, kind, like._device)


def number_as(value: Any, kind: Any) -> Any:
    """A number as a Python number that fits a type; RuntimeError if it does not."""
    fits = True
    if kind.category == 0:
        return bool(value)
    if isinstance(value, (complex, np.complexfloating)) and kind.category < 3:
        fits, value = value.imag == 0, value.real
    if kind.category == 2:
        made = float(value)
        fits = fits and (not math.isfinite(made) or kind is dtypes.float64 or abs(made) <= LARGEST[kind])
    elif kind.category == 1:
        fits = fits and math.isfinite(value)
        made, limits = int(value) if fits else 0, np.iinfo(kind.numpy)
        if not kind.is_signed and -limits.max <= made < 0:
            made += limits.max + 1
        fits = fits and limits.min <= made <= limits.max
    else:
        made = complex(value)
    if not fits:
        raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow: {value}")
    return made


LARGEST = {dtypes.float16: 65504.0, dtypes.bfloat16: 3.3895313892515355e38, dtypes.float32: float(np.finfo(np.float32).max)}


def full_scalar(value: Any, kind: dtype, device: Any) -> Any:
    """A 0-d tensor."""
    if device is not CPU:
        return wrap(cuda_memory.moved(full_scalar(value, kind, CPU)._array, device), kind)
    tensor = empty((), kind)
    if kind is dtypes.bfloat16:
        tensor._array[...] = to_half(np.array(value, np.float32), kind)
    else:
        try:
            tensor._array[...] = value
        except OverflowError:
            if kind.category >= 2:
                raise
            raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow: {value}") from None
    return tensor


def elementwise(name: str, inputs: tuple, numbers: tuple = (), out: Any = None, result: str = SAME) -> Any:
    """Apply a formula to broadcast operands of any types and strides.

    ``result`` says what types do: SAME computes and answers in the promoted type, FLOAT raises integers to the default float
    type first, BOOL answers bool, MASKED leaves bool operands out of the promotion, KEEP takes each operand as it is and
    answers in the first one's type, REAL and COMPLEX answer in the real or complex type that goes with the promoted one.
    """
    if out is None and result is not MASKED and result is not KEEP:
        made = _flat(name, inputs, numbers)
        if made is not None:
            return made
    for operand in inputs:
        if not isinstance(operand, TensorBase):
            raise TypeError(f"{name}(): expected a Tensor, got {type(operand).__name__}")
    device = same_device(name, inputs)
    if device is not CPU:
        inputs = tuple([wrap(cuda_memory.moved(t._array, device), t._dtype) if t._device is CPU else t for t in inputs])
    kind = dtypes.promote_operands(inputs if result is not MASKED else [t for t in inputs if t._dtype is not dtypes.bool_] or inputs)
    if result is KEEP:
        kind = inputs[0]._dtype
    elif result is FLOAT and kind.category < 2:
        kind = dtypes.get_default_dtype()
    answer = dtypes.bool_ if result is BOOL else kind.to_real() if result is REAL else kind.to_complex() if result is COMPLEX else kind
    key = (name, len(inputs), kind) if device is CPU and result is not KEEP and result is not MASKED else (
        name, len(inputs), kind, answer, device.type)
    plan = _plans.get(key)
    if plan is None:
        plan = Plan(name, len(inputs), device.type, kind, answer)
        if device is not CPU or not kind.half:
            _plans[key] = plan
    keep_bool = result is MASKED
    arrays = tuple([computing_array(t, t._dtype if result is KEEP or keep_bool and t._dtype is dtypes.bool_ else kind) for t in inputs])
    shape = arrays[0].shape if len(arrays) == 1 else broadcast_shapes(*[array.shape for array in arrays])
    return run(plan, name, arrays, shape, numbers, out, inputs)


def _flat(name: str, inputs: tuple, numbers: tuple) -> Any:
    """The call where nothing is to be done but to run flat, perhaps on copies of few elements; None where something is."""
    first = inputs[0]
    if not isinstance(first, TensorBase):
        return None
    plan = _plans.get((name, len(inputs), first._dtype))
    if plan is None:
        return None
    shape, even = first._array.shape, True
    arrays = []
    for operand in inputs:
        if not isinstance(operand, TensorBase) or operand._dtype is not first._dtype or operand._device is not CPU:
            return None
        array = operand._array
        if not array.flags.c_contiguous:
            if array.size >= SMALL or array.ndim > 1 and any(array.strides):
                return None
            array = array.copy()
        even = even and array.shape == shape
        arrays.append(array)
    if not even:
        try:
            shape = np.broadcast(*arrays).shape
        except ValueError:
            return None
        if math.prod(shape) >= SMALL:
            return None
        arrays = [array if array.shape == shape else repeated(array, shape) for array in arrays]
    arrays = [array.ravel() for array in arrays]
    made = memory.empty(shape, plan.result.numpy)
    (plan.flat.serial if made.size < SERIAL_BELOW else plan.flat)(*arrays, numbers, made.ravel())
    return wrap_host(made, plan.result)


def few(tensors: tuple) -> bool:
    """Whether tensors lie in C order on the CPU, are of one size, which is small, or of size ()."""
    shape = tensors[0]._array.shape
    for one in tensors:
        array = one._array
        if array.shape != shape and array.shape or one._device is not CPU or not array.flags.c_contiguous or array.size >= SMALL:
            return False
    return True


def repeated(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A C-contiguous copy of an array, broadcast to ``shape``."""
    made = new_array(shape, array.dtype)
    made[...] = array
    return made


def same_device(name: str, tensors: Any) -> Any:
    """The device of all tensors (0-d CPU tensors may join any)."""
    device = tensors[0]._device
    for tensor in tensors:
        if tensor._device is not device and tensor._device != device:
            if tensor._array.ndim == 0 and tensor._device.type == "cpu":
                continue
            if device.type == "cpu" and tensors[0]._array.ndim == 0:
                device = tensor._device
                continue
            raise RuntimeError(f"{name}: expected all tensors to be on the same device, but found at least two devices, "
                               f"{device} and {tensor._device}!")
    return device


def run(plan: Plan, name: str, arrays: tuple, shape: tuple[int, ...], numbers: tuple, out: Any, inputs: tuple) -> Any:
    """Run a plan on arrays of its computing type, into ``out`` or a new tensor."""
    kind = plan.result
    if out is None:
        made = memory.beside(arrays[0], shape, kind.compute) if len(arrays) == 1 and arrays[0].flags.c_contiguous else like_inputs(
            arrays, shape, kind.compute)
        loop(plan, arrays, shape, numbers, made)
        return wrap(to_half(made, kind) if kind.half else made, kind)
    target = check_out(name, out, shape, kind, inputs)
    check_device(name, arrays[0], out)
    direct = out._dtype is kind and not kind.half and not any(
        array is not target and memory.may_share(array, target) for array in arrays)
    made = target if direct else memory.beside(target, shape, kind.compute)
    loop(plan, arrays, shape, numbers, made)
    if not direct:
        copy_array(to_half(made, kind) if kind.half else made, kind, out)
    return out


def check_out(name: str, out: Any, shape: tuple[int, ...], kind: dtype, inputs: tuple = ()) -> Any:
    """The array to write a result into: of ``out`` if it has the size, else ``out`` is resized (not if it is an input)."""
    if not isinstance(out, TensorBase):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if not dtypes.can_cast(kind, out._dtype):
        raise RuntimeError(f"result type {kind.tensor_name[:-6]} can't be cast to the desired output type "
                           f"{out._dtype.tensor_name[:-6]}")
    target = out._array
    if target.shape != shape:
        if inputs and out is inputs[0]:
            raise RuntimeError(f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(shape)}")
        out.resize_(shape)
        target = out._array
    elif not target.flags.c_contiguous and overlaps_itself(target.shape, target.strides):
        raise RuntimeError(f"unsupported operation: more than one element of the written-to tensor of {name} refers to a single "
                           "memory location. Please clone() the tensor before performing the operation.")
    return target


def check_device(name: str, array: Any, out: Any) -> None:
    """A result is written to a tensor on its own device."""
    if array.__class__ is not out._array.__class__ and cuda_memory.device_of(array) is not out._device:
        raise RuntimeError(f"{name}: expected all tensors to be on the same device, but found at least two devices, "
                           f"{cuda_memory.device_of(array)} and {out._device}!")


def deliver(name: str, array: Any, kind: dtype, out: Any) -> Any:
    """A computed array as a new tensor, or copied into ``out``."""
    if kind.half and array.dtype != kind.numpy:
        array = to_half(array, kind)
    if out is None:
        return wrap(array, kind)
    check_device(name, array, out)
    check_out(name, out, array.shape, kind)
    copy_array(array, kind, out)
    return out


def into_out(name: str, result: Any, out: Any) -> Any:
    """The result or results of a composed function, or ``out`` after they were written there.

    RuntimeError if a history would be lost, as in PyTorch.
    """
    if out is None:
        return result
    several = isinstance(result, tuple)
    results, outs = (result, out) if several else ((result,), (out,))
    if several and not isinstance(out, (tuple, list)):
        raise TypeError(f"{name}(): argument 'out' must be tuple of Tensors, not {type(out).__name__}")
    if len(results) != len(outs):
        raise TypeError(f"{name}(): argument 'out' must be a tuple of {len(results)} Tensors, got {len(outs)}")
    for one, target in zip(results, outs):
        check_no_history(name, target, one.requires_grad)
    for one, target in zip(results, outs):
        deliver(name, one._array, one._dtype, target)
        storage_of(target).version += 1
    return type(result)(*outs) if several and hasattr(result, "_fields") else tuple(outs) if several else out


def check_no_history(name: str, out: Any, of_result: bool = False) -> None:
    """RuntimeError where writing to ``out`` would lose its history or that of the result."""
    if state.grad and isinstance(out, TensorBase) and (of_result or out.requires_grad and out._dtype.category >= 2):
        raise RuntimeError(f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
                           "arguments requires grad.")


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


def computing_array(tensor: Any, kind: dtype) -> Any:
    """A tensor's elements in the type that ``kind`` computes in."""
    own = tensor._dtype
    if own is kind and not own.half:
        return tensor._array
    array = from_half(tensor._array, own) if own.half else tensor._array
    return cast_array(array, kind.compute)


def cast_array(array: Any, kind: np.dtype) -> Any:
    """An array in another native type."""
    if array.dtype == kind:
        return array
    with np.errstate(all="ignore"):
        if array.dtype.kind == "f" and kind.kind in "ui" and kind.itemsize < 8 and isinstance(array, np.ndarray) and (
                array.size < MANY or not array.flags.c_contiguous):
            array = cast_array(array, np.dtype(np.int64))       # out of range wraps, as in C by way of a wider integer
        elif array.dtype.kind == "c" and kind.kind not in "cb":
            array = array.real
        if not isinstance(array, np.ndarray):
            return cuda_memory.cast(array, kind)
        if array.flags.c_contiguous:
            return cast_flat(array, kind) if array.size >= MANY and array.dtype.kind != "c" else array.astype(kind)
        made = like_inputs((array,), array.shape, kind)
        np.copyto(made, array, casting="unsafe")
        return made


def cast_flat(array: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Many elements, in C order, in another type."""
    made = memory.empty(array.shape, kind)
    name = "to_bool" if kind.kind == "b" else "to_integer" if array.dtype.kind == "f" and kind.kind in "ui" else "copy"
    table.loops_of("cpu").flat(name, 1)(array.ravel(), (), made.ravel())
    return made


def from_half(array: Any, kind: dtype) -> Any:
    """float16 or bfloat16 elements as float32."""
    out = like_inputs((array,), array.shape, np.dtype(np.float32))
    plan = half_plan(HALF_CASTS[kind.name][0], array)
    loop(plan, (array.view(np.uint16),), array.shape, (), out)
    return out


def to_half(array: Any, kind: dtype) -> Any:
    """Elements rounded to float16 or bfloat16."""
    array = cast_array(array, np.dtype(np.float32))
    out = like_inputs((array,), array.shape, np.dtype(np.uint16))
    loop(half_plan(HALF_CASTS[kind.name][1], array), (array,), array.shape, (), out)
    return out.view(kind.numpy)


def half_plan(name: str, array: Any) -> Plan:
    """The plan of a half cast on the device of an array."""
    device = "cpu" if isinstance(array, np.ndarray) else "cuda"
    plan = _plans.get((name, device))
    if plan is None:
        plan = _plans[name, device] = Plan(name, 1, device, dtypes.float32, dtypes.float32)
    return plan


def convert(array: Any, own: dtype, kind: dtype) -> Any:
    """A new array with the elements of one of type ``own`` as ``kind`` (the same array if nothing changes)."""
    if own is kind:
        return array
    wide = from_half(array, own) if own.half else array
    return to_half(wide, kind) if kind.half else cast_array(wide, kind.numpy)


def copy_array(array: Any, own: dtype, out: Any) -> None:
    """Write an array of type ``own``, broadcast, over the elements of ``out``."""
    target = out._array
    if target.size == 0:
        return
    array = convert(array, own, out._dtype)
    if array.__class__ is not target.__class__ or not isinstance(target, np.ndarray):
        if cuda_memory.device_of(array) is not cuda_memory.device_of(target):
            raise TypeError("the result is on another device")
        if not isinstance(target, np.ndarray):
            cuda_memory.copy(array, target)
            return
    if target.size < SMALL:
        target[...] = array                     # NumPy reads overlapping memory before it writes
        return
    if np.may_share_memory(array, target) and array is not target:
        array = array.copy()
    kind = _bits_of(target.dtype)
    plan = _plans.get(("copy", kind))
    if plan is None:
        plan = _plans["copy", kind] = Plan("copy", 1, "cpu", out._dtype, out._dtype)
    loop(plan, (array.view(kind),), target.shape, (), target.view(kind))


def _bits_of(kind: np.dtype) -> np.dtype:
    """An unsigned type of the same width, so that copies need few kernels."""
    return kind if kind.kind == "c" else np.dtype(f"u{kind.itemsize}")


def contiguous_array(tensor: Any, kind: dtype | None = None) -> Any:
    """A tensor's elements as a C-contiguous array in the type ``kind`` (its own by default) computes in."""
    array = computing_array(tensor, kind or tensor._dtype)
    if array.flags.c_contiguous:
        return array
    if array.size < SMALL and isinstance(array, np.ndarray):
        return array.copy()
    out = wrap(memory.beside(array, array.shape, array.dtype), dtypes.from_numpy(array.dtype))
    copy_array(array, out._dtype, out)
    return out._array


def launch(name: str, *args: Any, device: Any = CPU, work: int | None = None) -> Any:
    """Call the structured kernel ``name`` of the device where the arrays are."""
    if device is not CPU or args[0].__class__ is not np.ndarray and not all_of_numpy(args):
        return table.find("cuda", name)(*args)
    kernel = table.find("cpu", name)
    return kernel(*args) if work is None else kernel(*args, work=work)


def all_of_numpy(args: tuple) -> bool:
    """Whether no argument is an array on a CUDA device."""
    if args[0].__class__ is np.uint64 and args[-1].__class__ is np.ndarray:     # the key of random numbers, which are written last
        return True
    return not any(hasattr(type(arg), "__cuda_array_interface__") for arg in args)
