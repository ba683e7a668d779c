"""A formula, applied to each element: the sizes and types of the result, and the shortest way to its loop."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import cuda_memory, memory
from . import dtype as dtypes
from .device import CPU
from .dtype import dtype
from .geometry import broadcast_shapes
from .launch import check_device, check_out, computing_array, copy_array, same_device, to_half
from .loops import PLANS, SMALL, Plan, few_shape, like_inputs, loop, new_array, repeated, run_few, storage_name
from .scalars import NUMBERS, as_tensor, full_scalar, rounded, wrapped
from .tensor_base import TensorBase, wrap, wrap_host

SAME, FLOAT, BOOL, MASKED, KEEP, REAL, COMPLEX = "same", "float", "bool", "masked", "keep", "real", "complex"
FEW = memory.SMALLEST // 16     # elements of any type for which the allocator would ask NumPy anyway


def unary(name: str, x: Any, numbers: tuple = (), out: Any = None, result: str = SAME) -> Any:
    """Apply the formula ``name`` to each element; ``numbers`` are further arguments of it."""
    if out is None or out is x:
        plan = PLANS.get((name, 1, x._dtype))
        array = x._array
        if plan is not None and x._device is CPU and array.flags.c_contiguous and (out is None or plan.result is x._dtype):
            kind = plan.result
            loop = plan.flat if array.size >= FEW else plan.flat.serial if numbers else plan.few
            made = array if out is x else new_array(array.shape, kind.numpy) if array.size < FEW else memory.empty(array.shape, kind.numpy)
            if array.ndim == 1:         # to flatten what is flat takes its time, too
                loop(array, numbers, made)
            else:
                loop(array.ravel(), numbers, made.ravel())
            return wrap_host(made, kind) if out is None else out
    return elementwise(name, (x,), numbers, out, result)


def binary(name: str, x: Any, y: Any, out: Any = None, result: str = SAME, numbers: tuple = ()) -> Any:
    """Apply the formula ``name`` to the elements of two tensors, or of a tensor and a number, with broadcasting.

    ``numbers`` are further arguments of the formula, beside two tensors.
    """
    if isinstance(x, TensorBase) and isinstance(y, TensorBase):
        kind = x._dtype
        plan = PLANS.get((name, 2, kind))
        if plan is not None and kind is y._dtype and x._device is y._device is CPU and (out is None or out is x):
            a, b = x._array, y._array
            if not (a.flags.c_contiguous and b.flags.c_contiguous):
                made = run_few(plan, plan.flat.serial if numbers else plan.few, (a, b), numbers) if out is None else None
                return elementwise(name, (x, y), numbers, out, result) if made is None else wrap_host(made, plan.result)
            if a.shape != b.shape:
                if not b.ndim and kind in PLAIN and not numbers:
                    return _number_formula(name, x, kind, b.item(), out, result)
                shape = few_shape(a.shape, b.shape) if out is None else None
                if shape is None:
                    return elementwise(name, (x, y), numbers, out, result)
                a, b = a if a.shape == shape else repeated(a, shape), b if b.shape == shape else repeated(b, shape)
            if out is not None:
                if plan.result is not kind or y is not x and y._storage is not None and np.may_share_memory(a, b):
                    return elementwise(name, (x, y), numbers, out, result)
                made = a
            elif a.size < FEW:
                made = new_array(a.shape, plan.result.numpy)
            else:
                made = memory.empty(a.shape, plan.result.numpy)
            loop = plan.flat if a.size >= FEW else plan.flat.serial if numbers else plan.few
            if a.ndim == 1:
                loop(a, b, numbers, made)
            else:
                loop(a.ravel(), b.ravel(), numbers, made.ravel())
            return out if out is not None else wrap_host(made, plan.result)
        return elementwise(name, (x, y), numbers, out, result)
    return with_number(name, x, y, out, result)


def with_number(name: str, x: Any, y: Any, out: Any, result: str) -> Any:
    """``binary`` where one operand is a number (or a NumPy array); a number on the right is an argument of the formula, not an
    array."""
    if not isinstance(x, TensorBase):
        if not isinstance(x, NUMBERS):
            if isinstance(x, np.ndarray):
                return binary(name, as_tensor(x), y, out, result)
            raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(x).__name__}")
        if isinstance(y, NUMBERS) and name in ("add", "sub", "mul", "div"):
            x, y = (full_scalar(one, dtypes.promote_operands((one,)), CPU) for one in (x, y))
            return elementwise(name, (x, y), (), out, result)
        exact = name in EXACT and y._dtype.half and not isinstance(x, (complex, np.complexfloating))
        return elementwise(name, (full_scalar(x, dtypes.float32, y._device) if exact else scalar_like(wrapped(x, y._dtype), y, result), y),
                           (), out, result)
    if not isinstance(y, NUMBERS):
        if isinstance(y, np.ndarray):
            return binary(name, x, as_tensor(y), out, result)
        raise TypeError(f"{name}(): argument 'other' must be Tensor or a number, not {type(y).__name__}")
    kind = dtypes.promote_operands((x, y))
    if result is FLOAT and kind.category < 2:
        kind = dtypes.get_default_dtype()
    as_it_is = kind is x._dtype and (not kind.half or x._device is CPU)
    if (as_it_is or out is None and x._device is CPU and not kind.half) and -(1 << 63) <= y.real < 1 << 63:
        return _number_formula(name, x if as_it_is else wrap(computing_array(x, kind), kind), kind, y, out, result)
    return elementwise(name, (x, scalar_like(y, x, result)), (), out, result)


def scalar_like(value: Any, like: Any, result: str = SAME) -> Any:
    """A number as a 0-d tensor of the type in which it is computed with beside ``like``."""
    kind = dtypes.promote_operands((like, value))
    if result is FLOAT and kind.category < 2:
        kind = dtypes.get_default_dtype()
    return full_scalar(value, kind, like._device)


EXACT = frozenset({"mul", "div"})       # formulas that take a number beside a half type unrounded, as in torch


def _number_formula(name: str, x: Any, kind: dtype, y: Any, out: Any, result: str) -> Any:
    if kind.half:
        return _number_on_halves(name, x, kind, float(y) if name in EXACT else rounded(float(y), kind), out, result)
    number = complex(y) if kind.category == 3 else float(y) if kind.category == 2 else bool(y) if kind.category == 0 else int(y)
    key = (name, kind, "number" if x._device is CPU else "cuda")
    plan = PLANS.get(key)
    if plan is None:
        plan = PLANS[key] = Plan(name, 1, x._device.type, kind, dtypes.bool_ if result is BOOL else kind)
    array = x._array
    if x._device is CPU and array.flags.c_contiguous and (out is None or out is x and plan.result is kind):
        made = array if out is x else memory.empty(array.shape, plan.result.numpy)
        loop = plan.few if array.size < FEW else plan.flat
        if array.ndim == 1:
            loop(array, (number,), made)
        else:
            loop(array.ravel(), (number,), made.ravel())
        return x if out is x else wrap_host(made, plan.result)
    return run(plan, name, (array,), array.shape, (number,), out, (x,))


def _number_on_halves(name: str, x: Any, kind: dtype, number: float, out: Any, result: str) -> Any:
    """`_number_formula` of elements of a half type."""
    answer = dtypes.bool_ if result is BOOL else kind
    key = (name, kind, "number")
    plan = PLANS.get(key)
    if plan is None:
        plan = PLANS[key] = Plan(name, 1, "cpu", kind, answer, (kind.name, storage_name(answer)))
    return run(plan, name, (x._array,), x._array.shape, (number,), out, (x,))


PLAIN = (dtypes.float32, dtypes.float64)


def elementwise(name: str, inputs: tuple, numbers: tuple = (), out: Any = None, result: str = SAME) -> Any:
    """Apply a formula to broadcast operands of any types and strides.

    ``result`` says what types do: SAME computes and answers in the promoted type, FLOAT raises integers to the default float
    type first, BOOL answers bool, MASKED leaves bool operands out of the promotion, KEEP takes each operand as it is and
    answers in the first one's type, REAL and COMPLEX answer in the real or complex type that goes with the promoted one.
    """
    if result is not MASKED and result is not KEEP:
        made = _at_once(name, inputs, numbers, out)
        if made is not None:
            return made
    half = False
    for operand in inputs:
        if not isinstance(operand, TensorBase):
            raise TypeError(f"{name}(): expected a Tensor, got {type(operand).__name__}")
        half = half or operand._dtype.half
    device = same_device(name, inputs)
    if device is not CPU:
        inputs = tuple([wrap(cuda_memory.moved(t._array, device), t._dtype) if t._device is CPU else t for t in inputs])
    kind = dtypes.promote_operands(inputs if result is not MASKED else [t for t in inputs if t._dtype is not dtypes.bool_] or inputs)
    if result is KEEP:
        kind = inputs[0]._dtype
    elif result is FLOAT and kind.category < 2:
        kind = dtypes.get_default_dtype()
    answer = dtypes.bool_ if result is BOOL else kind.to_real() if result is REAL else kind.to_complex() if result is COMPLEX else kind
    if half and device is CPU and (result is KEEP or kind.compute == dtypes.float32.numpy):
        plan, arrays = _on_halves(name, inputs, kind, answer, result)
    else:
        key = (name, len(inputs), kind) if device is CPU and result is not KEEP and result is not MASKED else (
            name, len(inputs), kind, answer, device.type)
        plan = PLANS.get(key)
        if plan is None:
            plan = PLANS[key] = Plan(name, len(inputs), device.type, kind, answer)
        arrays = tuple([computing_array(t, computed_in(t._dtype, kind, result)) for t in inputs])
    shape = arrays[0].shape if len(arrays) == 1 else broadcast_shapes(*[array.shape for array in arrays])
    return run(plan, name, arrays, shape, numbers, out, inputs)


def computed_in(own: dtype, kind: dtype, result: str) -> dtype:
    """The type in which an operand of type ``own`` reaches a formula that computes in ``kind``."""
    return own if result is KEEP or result is MASKED and own is dtypes.bool_ else kind


def _on_halves(name: str, inputs: tuple, kind: dtype, answer: dtype, result: str) -> tuple[Plan, tuple]:
    """The plan and the arrays where some operand is of a half type: those go to the loop as they are, which widens them."""
    stored = (*[storage_name(t._dtype) for t in inputs], storage_name(answer))
    key = (name, stored, kind, answer)
    plan = PLANS.get(key)
    if plan is None:
        plan = PLANS[key] = Plan(name, len(inputs), "cpu", kind, answer, stored)
    return plan, tuple([t._array if t._dtype.half else computing_array(t, computed_in(t._dtype, kind, result)) for t in inputs])


def _at_once(name: str, inputs: tuple, numbers: tuple, out: Any) -> Any:
    """The result for operands of one type, whose plan is known, where they lie alike or are few; None where more is to be done."""
    kind = getattr(inputs[0], "_dtype", None)
    plan = PLANS.get((name, len(inputs), kind))
    if plan is None:
        return None
    arrays, shape, alike = [], inputs[0]._array.shape, True
    for operand in inputs:
        if not isinstance(operand, TensorBase) or operand._dtype is not kind or operand._device is not CPU:
            return None
        array = operand._array
        if array.shape != shape or not array.flags.c_contiguous:
            alike = False
        arrays.append(array)
    small = arrays[0].size < FEW
    loop = plan.flat if not small else plan.flat.serial if numbers else plan.few
    if alike and (out is None or writable(out, plan.result, shape, inputs)):
        made = out._array if out is not None else new_array(shape, plan.result.numpy) if small else memory.empty(shape, plan.result.numpy)
        loop(*[array.ravel() for array in arrays], numbers, made.ravel())
        return wrap_host(made, plan.result) if out is None else out
    made = run_few(plan, loop, arrays, numbers) if out is None and small else None
    return None if made is None else wrap_host(made, plan.result)


def writable(out: Any, kind: dtype, shape: tuple[int, ...], inputs: tuple) -> bool:
    """Whether a flat loop may write its result to ``out`` as it is: of this type and size, in C order, not to be read elsewhere."""
    if not isinstance(out, TensorBase) or out._dtype is not kind or out._device is not CPU:
        return False
    array = out._array
    return array.shape == shape and array.flags.c_contiguous and not any(
        one is not out and one._storage is not None and np.may_share_memory(one._array, array) for one in inputs)


def in_order(tensors: tuple) -> bool:
    """Whether tensors lie in C order on the CPU."""
    return all(one._device is CPU and one._array.flags.c_contiguous for one in tensors)


def few(tensors: tuple) -> bool:
    """Whether tensors lie in C order on the CPU, are of one size, which is small, or of size ()."""
    shape = tensors[0]._array.shape
    for one in tensors:
        array = one._array
        if array.shape != shape and array.shape or one._device is not CPU or not array.flags.c_contiguous or array.size >= SMALL:
            return False
    return True


def run(plan: Plan, name: str, arrays: tuple, shape: tuple[int, ...], numbers: tuple, out: Any, inputs: tuple) -> Any:
    """Run a plan on arrays of its computing type, into ``out`` or a new tensor."""
    kind = plan.result
    if out is None:
        made = run_few(plan, plan.flat.serial, arrays, numbers) if arrays[0].__class__ is np.ndarray and not plan.stored else None
        if made is None:
            made = memory.beside(arrays[0], shape, plan.written) if len(arrays) == 1 and arrays[0].flags.c_contiguous else like_inputs(
                arrays, shape, plan.written)
            loop(plan, arrays, shape, numbers, made)
        return wrap(made if plan.written == kind.numpy else to_half(made, kind), kind)
    target = check_out(name, out, shape, kind, inputs)
    check_device(name, arrays[0], out)
    direct = out._dtype is kind and plan.written == kind.numpy and not any(
        array is not target and memory.may_share(array, target) for array in arrays)
    made = target if direct else memory.beside(target, shape, plan.written)
    loop(plan, arrays, shape, numbers, made)
    if not direct:
        copy_array(made if plan.written == kind.numpy else to_half(made, kind), kind, out)
    return out
