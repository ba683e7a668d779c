"""Around a kernel: the arrays it takes, in the type it computes in, its call, and its result as a tensor or in ``out``."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from nb_nn.kernels import table
from nb_nn.kernels.compile import SERIAL_BELOW, Kernel

from . import cuda_memory, memory
from . import dtype as dtypes
from .device import CPU
from .dtype import dtype
from .geometry import overlaps_itself
from .loops import BITS, PLANS, SMALL, Plan, bits_of, like_inputs, loop, not_implemented  # noqa: F401  the door of operations to it
from .state import state
from .storage import storage_of
from .tensor_base import TensorBase, wrap

MANY = 1 << 18                  # elements, of which all threads make a cast
FLOAT32 = np.dtype(np.float32)
HALF_CASTS = {"float16": ("float16_to_float32", "float32_to_float16"), "bfloat16": ("bfloat16_to_float32", "float32_to_bfloat16")}


def empty(shape: tuple[int, ...], kind: dtype, device: Any = CPU) -> Any:
    """A new tensor whose elements are whatever the memory holds."""
    return wrap(memory.empty(shape, kind.numpy, device), kind)


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
        if target.size:
            warnings.warn(f"An output with one or more elements was resized since it had shape {list(target.shape)}, which does not match "
                          f"the required output shape {list(shape)}; resize it before with t.resize_(0)", UserWarning, stacklevel=4)
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


def deliver(name: str, array: Any, kind: dtype, out: Any, inputs: tuple = ()) -> Any:
    """A computed array as a new tensor, or copied into ``out`` (which is not resized if it is the first of ``inputs``)."""
    if kind.half and array.dtype != kind.numpy:
        array = to_half(array, kind)
    if out is None:
        return wrap(array, kind)
    check_device(name, array, out)
    check_out(name, out, array.shape, kind, inputs)
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


def computing_array(tensor: Any, kind: dtype) -> Any:
    """A tensor's elements in the type that ``kind`` computes in."""
    own = tensor._dtype
    if own is kind and not own.half:
        return tensor._array
    array = from_half(tensor._array, own) if own.half else tensor._array
    return cast_array(array, kind.compute)


def loop_array(tensor: Any, kind: dtype) -> tuple[Any, str]:
    """A tensor's elements as the loops for reductions that compute in ``kind`` take them, and the character of their dtype: the bits
    of half types, else what `computing_array` gives."""
    own = tensor._dtype
    if own.half and kind.compute == FLOAT32 and tensor._device is CPU:
        return bits_of(tensor._array), "e" if own is dtypes.float16 else "E"
    array = computing_array(tensor, kind)
    return array, array.dtype.char


def cast_array(array: Any, kind: np.dtype) -> Any:
    """An array in another native type."""
    if array.dtype == kind:
        return array
    if array.dtype.kind in "bui" and kind.kind != "b" and array.size < MANY and array.flags.c_contiguous and array.__class__ is np.ndarray:
        return array.astype(kind)               # nothing that NumPy would warn of
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
    out = like_inputs((array,), array.shape, FLOAT32)
    plan = half_plan(HALF_CASTS[kind.name][0], array)
    loop(plan, (array.view(BITS),), array.shape, (), out)
    return out


def to_half(array: Any, kind: dtype) -> Any:
    """Elements rounded to float16 or bfloat16."""
    array = cast_array(array, FLOAT32)
    out = like_inputs((array,), array.shape, BITS)
    loop(half_plan(HALF_CASTS[kind.name][1], array), (array,), array.shape, (), out)
    return out.view(kind.numpy)


def half_plan(name: str, array: Any) -> Plan:
    """The plan of a half cast on the device of an array."""
    device = "cpu" if isinstance(array, np.ndarray) else "cuda"
    plan = PLANS.get((name, device))
    if plan is None:
        plan = PLANS[name, device] = Plan(name, 1, device, dtypes.float32, dtypes.float32)
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
    copy_apart(array, target)


def copy_apart(array: np.ndarray, target: np.ndarray) -> None:
    """Write an array, broadcast, over another of its type; no element of the one is an element of the other."""
    kind = _bits_of(target.dtype)
    plan = PLANS.get(("copy", kind))
    if plan is None:
        of_bits = dtypes.from_numpy(kind)
        plan = PLANS["copy", kind] = Plan("copy", 1, "cpu", of_bits, of_bits)
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


def are_bits(kind: dtype, tensors: Any) -> bool:
    """Whether kernels over the bits of the half type ``kind`` can take all these tensors."""
    return kind.half and all(one._dtype is kind and one._device is CPU for one in tensors)


def contiguous_bits(tensor: Any) -> Any:
    """A half tensor's bits as a C-contiguous array, its own memory where it can be."""
    array = bits_of(tensor._array)
    if not array.flags.c_contiguous:
        made = wrap(memory.empty(array.shape, BITS), dtypes.uint16)
        copy_array(array, dtypes.uint16, made)
        array = made._array
    return array


def launch(name: str, *args: Any, device: Any = CPU, work: int | None = None) -> Any:
    """Call the structured kernel ``name`` of the device where the arrays are."""
    if device is not CPU or args[0].__class__ is not np.ndarray and not all_of_numpy(args):
        return table.find("cuda", name)(*args)
    kernel = KERNELS.get(name) or KERNELS.setdefault(name, table.find("cpu", name))
    if kernel.__class__ is Kernel and (args[-1].size if work is None else work) < SERIAL_BELOW:
        return kernel.serial(*args)         # what calling it would come to
    return kernel(*args) if work is None else kernel(*args, work=work)


KERNELS: dict[str, Any] = {}    # of the CPU, as they are found


def all_of_numpy(args: tuple) -> bool:
    """Whether no argument is an array on a CUDA device."""
    if args[0].__class__ is np.uint64 and args[-1].__class__ is np.ndarray:     # the key of random numbers, which are written last
        return True
    return not any(hasattr(type(arg), "__cuda_array_interface__") for arg in args)
