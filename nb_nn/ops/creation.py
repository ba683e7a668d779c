"""Making tensors."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import cuda_memory, launch, memory
from ..core import dtype as dtypes
from ..core.device import CPU, device
from ..core.dtype import dtype
from ..core.geometry import contiguous_strides, is_dense, sizes_of
from ..core.launch import NUMBERS
from ..core.op import derivative, inplace, op
from ..core.size import Size
from ..core.sparse_array import is_sparse
from ..core.storage import Storage, strided
from ..core.tensor_base import TensorBase, alias_of, wrap
from . import memory_format as formats

Tensor = TensorBase


def resolve(kind: dtype | None, where: Any, requires_grad: bool) -> tuple[dtype, Any]:
    """Checked type and device of a tensor to be made."""
    if kind is None:
        kind = dtypes.get_default_dtype()
    elif not isinstance(kind, dtype):
        raise TypeError(f"dtype must be a torch.dtype, not {type(kind).__name__}")
    if requires_grad and kind.category < 2:
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    return kind, place(where)


def check_options(layout: Any = None, pin_memory: bool = False) -> None:
    """Refuse what cannot be honoured: other layouts than strided, pinned memory without CUDA."""
    if layout is not None and layout.name != "strided":
        raise RuntimeError(f"layout {layout} is not made by this function; it makes strided tensors")
    if pin_memory:
        from .. import cuda

        cuda.check_available("pin_memory")


default_device: list[device] = [CPU]


def set_default_device(device: Any) -> None:
    """Let factories make tensors on this device where none is said; None means the CPU.

    >>> torch.set_default_device("cpu")
    >>> torch.get_default_device()
    device(type='cpu')
    """
    default_device[0] = CPU if device is None else place(device)


def get_default_device() -> device:
    """Where factories make tensors if no device is said."""
    return default_device[0]


def place(where: Any) -> device:
    """A device argument as a device that is there: CPU, or a CUDA device."""
    if where is None:
        return default_device[0]
    if where is CPU:
        return CPU
    where = device(where)
    if where.type == "cpu":
        return CPU
    from .. import cuda

    return cuda.checked(where)


def finish(tensor: Any, requires_grad: bool) -> Any:
    """Set ``requires_grad`` on a new tensor."""
    if requires_grad:
        resolve(tensor._dtype, None, True)
        tensor._requires_grad = True
    return tensor


def tensor(data: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False,
           pin_memory: bool = False) -> Tensor:
    """A new tensor with a copy of ``data``: a number, (nested) sequences of numbers, an array, or a tensor.

    Python floats take the default dtype, integers int64.

    >>> tensor([[1, 2], [3, 4.5]])
    tensor([[1.0000, 2.0000],
            [3.0000, 4.5000]])
    """
    check_options(pin_memory=pin_memory)
    if dtype is not None:
        resolve(dtype, device, requires_grad)
    made = _from_data(data, dtype, True)
    kind, where = resolve(made._dtype, device, requires_grad)
    return finish(made if where is CPU else made.to(where), requires_grad)


def _from_data(data: Any, kind: dtype | None, copy: bool) -> Any:
    """A CPU tensor of ``data``; shares an array's or tensor's memory where it can unless ``copy``."""
    if isinstance(data, TensorBase):
        made = alias_of(data)
        converted = made.to(kind) if kind is not None else made
        return converted.clone() if copy and converted is made else converted
    if hasattr(data, "__array__") and not isinstance(data, np.generic):
        array = np.asarray(data)
        own = dtypes.from_numpy(array.dtype)
        if copy or (kind is not None and kind is not own):
            return wrap(_stored(launch.convert(np.array(array, order="C"), own, kind or own)), kind or own)
        return from_numpy(array)
    if isinstance(data, np.generic):
        data = data.item() if not isinstance(data, np.number) or kind else np.asarray(data)
        if isinstance(data, np.ndarray):
            return wrap(data.copy(), dtypes.from_numpy(data.dtype))
    array, own = _array_of(data, kind)
    kind = kind or own
    if kind.category == 1 and own.category in (1, 2) and kind is not own and array.size:
        check_range(array, kind)
    return wrap(_stored(launch.convert(array, dtypes.from_numpy(array.dtype), kind)), kind)


def check_range(array: np.ndarray, kind: dtype) -> None:
    """Refuse numbers that an integer type does not hold; negative ones count from the end of an unsigned type."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow")
    limits = np.iinfo(kind.numpy)
    lowest = limits.min or -limits.max
    for value in (int(array.min()), int(array.max())):
        if not lowest <= value <= limits.max:
            raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow: {value}")


def _stored(array: np.ndarray) -> np.ndarray:
    return array if array.flags.writeable else array.copy()


def _array_of(data: Any, wanted: dtype | None = None) -> tuple[np.ndarray, dtype]:
    """Nested Python numbers as a wide array, and the type they mean (uint64 only where it is wanted)."""
    flat: list = []
    shape = _shape_of(data)
    _flatten(data, shape, 0, flat)
    own = None
    for found in set(map(type, flat)):
        kind = dtypes.from_numpy(found) if issubclass(found, np.generic) else dtypes.of_number(found())
        own = kind if own is None else dtypes.promote_types(own, kind)
    own = own or dtypes.get_default_dtype()
    if wanted is dtypes.uint64 and own.category == 1:
        own, flat = wanted, [launch.wrapped(one, wanted) if -1 << 63 <= one < 0 else one for one in flat]
    try:
        return np.array(flat, {2: np.float64, 3: np.complex128}.get(own.category, own.numpy)).reshape(shape), own
    except OverflowError:
        raise RuntimeError("Overflow when unpacking long") from None


def _shape_of(data: Any) -> tuple[int, ...]:
    shape = []
    while not isinstance(data, NUMBERS):
        if isinstance(data, TensorBase) or hasattr(data, "__array__"):
            return (*shape, *np.shape(data))
        if isinstance(data, str) or not hasattr(data, "__len__"):
            if isinstance(data, str):
                raise TypeError("new(): invalid data type 'str'")
            raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
        shape.append(len(data))
        if not len(data):
            break
        data = data[0]
    return tuple(shape)


def _flatten(data: Any, shape: tuple, depth: int, flat: list) -> None:
    if depth == len(shape):
        if isinstance(data, TensorBase):
            data = data.item()
        elif not isinstance(data, NUMBERS):
            if hasattr(data, "__len__"):
                raise TypeError(f"expected a number at dimension {depth}, got a sequence of length {len(data)}")
            raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
        flat.append(data)
        return
    if isinstance(data, TensorBase) or hasattr(data, "__array__") and not isinstance(data, np.generic):
        data = data.tolist()
    if not hasattr(data, "__len__") or len(data) != shape[depth]:
        got = len(data) if hasattr(data, "__len__") else 0
        raise ValueError(f"expected sequence of length {shape[depth]} at dim {depth} (got {got})")
    for one in data:
        _flatten(one, shape, depth + 1, flat)


def as_tensor(data: Any, dtype: dtype | None = None, device: Any = None) -> Tensor:
    """``data`` as a tensor, without a copy where its type and device already fit; a tensor keeps its history.

    >>> a = np.array([1.0, 2.0])
    >>> as_tensor(a)[0] = 5
    >>> a[0]
    np.float64(5.0)
    """
    if isinstance(data, TensorBase):
        return data.to(dtype=dtype or data.dtype, device=device if device is not None else data.device)
    made = _from_data(data, dtype, False)
    where = place(device)
    return made if where is CPU else made.to(where)


def asarray(obj: Any, *, dtype: dtype | None = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False) -> Tensor:
    """A tensor of a tensor, an array, a buffer, a number or nested sequences; ``copy`` says whether memory must (True) or may not
    (False) be new, and None that it is where needed.

    >>> torch.asarray([1, 2], dtype=torch.float32)
    tensor([1., 2.])
    """
    if isinstance(obj, TensorBase):
        made = as_tensor(obj, dtype, device)
        shares = made is obj
        made = made.detach() if shares and requires_grad != obj.requires_grad else made
    else:
        shares = isinstance(obj, np.ndarray) or hasattr(obj, "__dlpack__") or isinstance(obj, (bytearray, memoryview))
        given = np.asarray(obj) if isinstance(obj, (bytearray, memoryview)) else obj
        made = as_tensor(given, dtype, device)
        shares = shares and isinstance(given, np.ndarray) and np.shares_memory(made._array, given)
    if copy is False and not shares:
        raise ValueError("asarray: can't alias the object given, its elements have to be copied; leave copy=False out")
    made = made.clone() if copy and shares else made
    return finish(made, requires_grad)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the memory of an array; it cannot be resized.

    >>> from_numpy(np.arange(3))
    tensor([0, 1, 2])
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    kind = dtypes.from_numpy(ndarray.dtype)
    if any(stride < 0 for stride in ndarray.strides):
        raise ValueError("At least one stride in the given numpy array is negative, and tensors with negative strides are not "
                         "currently supported. (You can probably work around this by making a copy of your array with "
                         "array.copy().)")
    if any(stride % ndarray.itemsize for stride in ndarray.strides):
        raise ValueError("given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate "
                         "the memory.")
    if not ndarray.flags.writeable:
        import warnings

        warnings.warn("The given NumPy array is not writable, and PyTorch does not support non-writable tensors. A copy is made.",
                      stacklevel=2)
        ndarray = ndarray.copy()
    made = wrap(ndarray.view(np.ndarray), kind)
    made._storage = Storage(launch.flat_root(made._array), resizable=False)
    return made


def frombuffer(buffer: Any, *, dtype: dtype, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A 1-d tensor over the memory of an object that offers a buffer, such as a ``bytearray``."""
    kind, _ = resolve(dtype, None, requires_grad)
    array = np.frombuffer(buffer, kind.numpy, count, offset)
    made = wrap(array if array.flags.writeable else array.copy(), kind)
    return finish(made, requires_grad)


def empty(*size: Any, out: Any = None, dtype: dtype | None = None, layout: Any = None, device: Any = None,
          requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None) -> Tensor:
    """A tensor of uninitialised elements.

    >>> empty(2, 3).shape
    torch.Size([2, 3])
    """
    if layout is not None and layout.name == "sparse_coo" and out is None:
        return without_entries(size, dtype, device, requires_grad)
    check_options(layout, pin_memory=pin_memory)
    if memory_format is not None:
        if out is not None:
            raise RuntimeError("empty(): 'memory_format' argument is incompatible with 'out' tensor argument")
        shape = sizes_of(size)
        strides = formats.strides_of_format("empty", shape, formats.checked("empty", memory_format))
        return empty_strided(shape, strides, dtype=dtype, device=device, requires_grad=requires_grad)
    return filled(None, size, out, dtype, device, requires_grad)


def zeros(*size: Any, out: Any = None, dtype: dtype | None = None, layout: Any = None, device: Any = None,
          requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """A tensor of zeros.

    >>> zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    if layout is not None and layout.name == "sparse_coo" and out is None:
        return without_entries(size, dtype, device, requires_grad)
    check_options(layout, pin_memory=pin_memory)
    return filled(0, size, out, dtype, device, requires_grad)


def without_entries(size: tuple, dtype: dtype | None, device: Any, requires_grad: bool) -> Tensor:
    """A sparse tensor of zeros."""
    from .sparse.construction import sparse_coo_tensor

    shape = sizes_of(size)
    indices, values = empty(len(shape), 0, dtype=dtypes.int64), empty(0, dtype=dtype)
    return sparse_coo_tensor(indices, values, shape, device=device, requires_grad=requires_grad)


def ones(*size: Any, out: Any = None, dtype: dtype | None = None, layout: Any = None, device: Any = None,
         requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """A tensor of ones.

    >>> ones(3)
    tensor([1., 1., 1.])
    """
    check_options(layout, pin_memory=pin_memory)
    return filled(1, size, out, dtype, device, requires_grad)


def full(size: Any, fill_value: Any, *, out: Any = None, dtype: dtype | None = None, layout: Any = None, device: Any = None,
         requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """A tensor of ``fill_value``, in its type unless ``dtype`` is given.

    >>> full((2,), 3.5)
    tensor([3.5000, 3.5000])
    """
    check_options(layout, pin_memory=pin_memory)
    if isinstance(fill_value, TensorBase):
        fill_value = fill_value.item()
    if not isinstance(fill_value, NUMBERS):
        raise TypeError(f"full(): argument 'fill_value' must be Number, not {type(fill_value).__name__}")
    if dtype is None and out is None:
        dtype = dtypes.of_number(fill_value)
    return filled(fill_value, (size,), out, dtype, device, requires_grad)


def filling(value: Any, kind: dtype) -> Any:
    """A number as NumPy stores it in an array of a type; RuntimeError if it does not fit."""
    number = launch.number_as(value, kind)
    return number if kind.category < 3 and not kind.half else launch.full_scalar(number, kind, CPU)._array[()]


def filled(value: Any, size: tuple, out: Any, kind: dtype | None, where: Any, requires_grad: bool) -> Tensor:
    """A tensor of one value (None: uninitialised), new or in ``out``."""
    shape = sizes_of(size)
    if any(one < 0 for one in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    if out is not None:
        launch.check_no_history("empty" if value is None else "full", out)
        out.resize_(shape)
        return out if value is None else out.fill_(value)
    kind, where = resolve(kind, where, requires_grad)
    if where is not CPU:
        made = launch.empty(shape, kind, where)
        return finish(made if value is None else made.fill_(value), requires_grad)
    if value is None:
        array = memory.empty(shape, kind.numpy)
    elif isinstance(value, NUMBERS) and value == 0 and not math.copysign(1, value.real) < 0:
        array = memory.zeros(shape, kind.numpy)
    else:
        array = memory.empty(shape, kind.numpy)
        array.fill(filling(value, kind))
    return finish(wrap(array, kind), requires_grad)


def empty_like(input: Tensor, *, dtype: dtype | None = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
               memory_format: Any = None) -> Tensor:
    """Uninitialised elements in ``input``'s size, type, device and memory order.

    >>> empty_like(zeros(2, 1)).shape
    torch.Size([2, 1])
    """
    check_options(layout)
    return _like(None, input, dtype, device, requires_grad, None, memory_format)


def zeros_like(input: Tensor, *, dtype: dtype | None = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
               out: Any = None, memory_format: Any = None) -> Tensor:
    """Zeros in ``input``'s size and type.

    >>> zeros_like(tensor([1, 2]))
    tensor([0, 0])
    """
    check_options(layout)
    return _like(0, input, dtype, device, requires_grad, out, memory_format)


def ones_like(input: Tensor, *, dtype: dtype | None = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
              out: Any = None, memory_format: Any = None) -> Tensor:
    """Ones in ``input``'s size and type.

    >>> ones_like(tensor([1.5, 2]))
    tensor([1., 1.])
    """
    check_options(layout)
    return _like(1, input, dtype, device, requires_grad, out, memory_format)


def full_like(input: Tensor, fill_value: Any, *, out: Any = None, dtype: dtype | None = None, layout: Any = None,
              device: Any = None, requires_grad: bool = False, memory_format: Any = None) -> Tensor:
    """``fill_value`` in ``input``'s size and type.

    >>> full_like(tensor([1.5, 2]), 7)
    tensor([7., 7.])
    """
    check_options(layout)
    return _like(fill_value, input, dtype, device, requires_grad, out, memory_format)


def _like(value: Any, input: Tensor, kind: dtype | None, where: Any, requires_grad: bool, out: Any = None,
          memory_format: Any = None) -> Tensor:
    if not isinstance(input, TensorBase):
        raise TypeError(f"argument 'input' must be Tensor, not {type(input).__name__}")
    array = input._array
    kind, where = kind or input._dtype, where if where is not None else input._device
    if is_sparse(input):
        from .sparse.construction import like_sparse

        return like_sparse(value, input, kind, where, requires_grad, out)
    if memory_format is not None and (chosen := formats.checked("like", memory_format)) != "preserve_format":
        strides = formats.strides_of_format("like", array.shape, chosen)
        made = empty_strided(array.shape, strides, dtype=kind, device=where)
        return finish(made if value is None else made.fill_(value), requires_grad)
    if out is None and not array.flags.c_contiguous and is_dense(array.shape, [s // array.itemsize for s in array.strides]):
        made = empty_strided(array.shape, [s // array.itemsize for s in array.strides], dtype=kind, device=where)
        return finish(made if value is None else made.fill_(value), requires_grad)
    return filled(value, (array.shape,), out, kind, where, requires_grad)


def empty_permuted(size: Any, physical_layout: Any, *, dtype: dtype | None = None, layout: Any = None, device: Any = None,
                   requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """Uninitialised elements that lie in the order of dimensions ``physical_layout``, the first of which has the largest step.

    >>> empty_permuted((2, 3), (1, 0)).stride()
    (1, 2)
    """
    size, order = sizes_of((size,)), sizes_of((physical_layout,))
    if sorted(order) != list(range(len(size))):
        raise RuntimeError(f"empty_permuted: physical_layout {list(order)} is no order of the {len(size)} dimensions of size {list(size)}")
    step, strides = 1, [0] * len(size)
    for dim in reversed(order):
        strides[dim] = step
        step *= size[dim]
    return empty_strided(size, tuple(strides), dtype=dtype, layout=layout, device=device, requires_grad=requires_grad,
                         pin_memory=pin_memory)


def empty_strided(size: Any, stride: Any, *, dtype: dtype | None = None, layout: Any = None, device: Any = None,
                  requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """Uninitialised elements in the given size and strides.

    >>> empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    check_options(layout, pin_memory=pin_memory)
    size, stride = sizes_of((size,)), sizes_of((stride,))
    if len(size) != len(stride):
        raise RuntimeError(f"empty_strided: mismatch in length of strides and shape: {list(size)}, {list(stride)}")
    kind, where = resolve(dtype, device, requires_grad)
    length = 0 if 0 in size else 1 + sum((n - 1) * step for n, step in zip(size, stride))
    root = launch.empty((length,), kind, where)
    if stride == contiguous_strides(size):
        return finish(wrap(root._array.reshape(size), kind), requires_grad)
    made = wrap(strided(root._array, size, stride, 0), kind)
    made._storage = Storage(root._array)
    return finish(made, requires_grad)


def scalar_tensor(s: Any, *, dtype: dtype | None = None, layout: Any = None, device: Any = None,
                  requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of the default (or the given) type.

    >>> scalar_tensor(2)
    tensor(2.)
    """
    check_options(layout)
    return filled(s, ((),), None, dtype, device, requires_grad)


@op
def fill(input: Tensor, value: Any, *, out: Any = None) -> Tensor:
    """``input``'s size and type, every element ``value`` (a number or a 0-d tensor).

    >>> fill(zeros(2), 3)
    tensor([3., 3.])
    """
    if isinstance(value, TensorBase):
        if value.dim() != 0:
            raise RuntimeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.dim()} dimensions.")
        value = value.item()
    if not isinstance(value, NUMBERS):
        raise TypeError(f"fill_(): argument 'value' must be Number, not {type(value).__name__}")
    target = launch.empty(input._array.shape, input._dtype, input._device) if out is None else out
    if target._array.shape != input._array.shape:
        target.resize_(input._array.shape)
    stored = filling(value, input._dtype)
    if target._device is CPU:
        target._array.fill(stored)
    else:
        cuda_memory.fill(target._array, stored)
    return target


fill_ = inplace(fill)
derivative(fill, input=lambda grad: zeros_like(grad), value=lambda grad: grad.sum())


def zero_(input: Tensor) -> Tensor:
    """Set every element to zero."""
    return fill_(input, 0)


def new_tensor(self: Tensor, data: Any, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A copy of ``data``, in the type and on the device of ``self`` unless given.

    >>> tensor([1.0]).new_tensor([1, 2])
    tensor([1., 2.])
    """
    return tensor(data, dtype=dtype or self._dtype, device=device or self._device, requires_grad=requires_grad)


def new_empty(self: Tensor, *size: Any, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uninitialised elements in the type and on the device of ``self`` unless given."""
    return filled(None, size, None, dtype or self._dtype, device or self._device, requires_grad)


def new_zeros(self: Tensor, *size: Any, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the type and on the device of ``self`` unless given; sparse if that is."""
    if is_sparse(self):
        from .sparse.construction import empty_sparse

        return finish(empty_sparse(sizes_of(size), dtype or self._dtype, device or self._device), requires_grad)
    return filled(0, size, None, dtype or self._dtype, device or self._device, requires_grad)


def new_ones(self: Tensor, *size: Any, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the type and on the device of ``self`` unless given."""
    return filled(1, size, None, dtype or self._dtype, device or self._device, requires_grad)


def new_full(self: Tensor, size: Any, fill_value: Any, dtype: dtype | None = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """``fill_value`` in the type and on the device of ``self`` unless given."""
    return filled(fill_value, (size,), None, dtype or self._dtype, device or self._device, requires_grad)


def new(self: Tensor, *args: Any) -> Tensor:
    """A tensor of ``self``'s type: of the given sizes, uninitialised, or with the given elements. Deprecated."""
    if len(args) == 1 and not isinstance(args[0], (int, Size)):
        return new_tensor(self, args[0])
    return new_empty(self, *(args or (0,)))
