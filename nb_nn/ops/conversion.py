"""Types, devices, and the way to and from Python and NumPy."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import cuda_memory, launch
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.op import derivative, op
from ..core.sparse_array import is_sparse
from ..core.storage import storage_of
from ..core.tensor_base import TensorBase, wrap
from . import copies, options
from . import memory_format as formats

Tensor = TensorBase


def to(input: Tensor, *args: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False, copy: bool = False,
       memory_format: Any = None) -> Tensor:
    """``input`` in another type, on another device, like another tensor, or in a memory format; itself if nothing changes and not
    ``copy``.

    >>> tensor([1, 2]).to(torch.float64)
    tensor([1., 2.], dtype=torch.float64)
    """
    for place, arg in enumerate(args):
        if isinstance(arg, dtypes.dtype):
            dtype = arg
        elif isinstance(arg, TensorBase):
            dtype, device = arg._dtype, arg._device
        elif isinstance(arg, bool):
            if place and isinstance(args[place - 1], bool):
                copy = arg
            else:
                non_blocking = arg
        elif arg is not None:
            device = arg
    if memory_format is not None:
        changed = to(input, dtype=dtype, device=device, non_blocking=non_blocking)
        return in_format(changed, memory_format, copy and changed is input)
    where = input._device if device is None else options.place(device)
    if where is not input._device and where != input._device:
        if is_sparse(input):
            from .sparse.construction import moved as moved_sparse

            return moved_sparse(input, dtype or input._dtype, where, non_blocking)
        return moved(input, dtype or input._dtype, where, input._device, non_blocking)
    if dtype is None or dtype is input._dtype:
        return copies.clone(input) if copy else input
    if not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"to(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}")
    if input._dtype.category == 3:
        copies.warn_of_imaginary_parts(input._dtype, dtype)
    return copies.cast(input, dtype)


def in_format(input: Tensor, memory_format: Any, copy: bool) -> Tensor:
    """``input`` if its strides are those of a format and not ``copy``, else a copy with such strides."""
    chosen = formats.checked("to", memory_format)
    if chosen == "preserve_format":
        return copies.clone(input) if copy else input
    strides = formats.strides_of_format("to", input._array.shape, chosen)
    if not copy and formats.has_strides(input._array, strides):
        return input
    return copies.clone(input, memory_format=memory_format)


@op
def moved(input: Tensor, dtype: Any, where: Any, origin: Any, non_blocking: bool) -> Tensor:
    """A copy of the elements on another device (``origin`` is their own) and in a type. It is waited for in any case."""
    if dtype.itemsize > input._dtype.itemsize:          # the narrower type travels
        return wrap(launch.convert(cuda_memory.moved(input._array, where), input._dtype, dtype), dtype)
    return wrap(cuda_memory.moved(launch.convert(input._array, input._dtype, dtype), where), dtype)


moved.declaration.node_name = "ToCopyBackward0"
derivative(moved, input=lambda grad, input_dtype, where, origin:
           moved(grad, input_dtype, origin, where, False))


def type_(input: Tensor, dtype: Any = None, non_blocking: bool = False, **legacy: Any) -> Any:
    """The name of the tensor's type, such as ``torch.FloatTensor``; or, given a type, the tensor cast to it, and moved where tensors of a
    legacy type are.

    >>> tensor([1]).type()
    'torch.LongTensor'
    """
    if set(legacy) - {"async"}:
        raise TypeError(f"type() got an unexpected keyword argument {sorted(legacy)[0]!r}")
    if dtype is None:
        return f"torch.{'cuda.' if input.is_cuda else ''}{'sparse.' if is_sparse(input) else ''}{input._dtype.tensor_name}"
    if not isinstance(dtype, dtypes.dtype) and "sparse" in (dtype if isinstance(dtype, str) else dtype.__module__) and not is_sparse(input):
        raise RuntimeError(f"type(): a strided tensor cannot be cast to {dtype}; to_sparse() gives a sparse one")
    if isinstance(dtype, dtypes.dtype):
        return to(input, dtype)
    return to(input, dtype=as_dtype(dtype), device=input._device if input._device.type == device_type(dtype) else device_type(dtype))


def device_type(kind: Any) -> str:
    """Where tensors of a legacy type are."""
    name = kind if isinstance(kind, str) else kind.__module__
    return "cuda" if "cuda" in name else "cpu"


def as_dtype(kind: Any) -> Any:
    """A dtype given as itself, as a tensor type, or by a tensor type's name."""
    if isinstance(kind, dtypes.dtype):
        return kind
    name = kind if isinstance(kind, str) else f"torch.{kind.__name__}" if isinstance(kind, type) else ""
    for known in dtypes.ALL:
        if name.replace("torch.cuda.", "torch.", 1).replace("torch.sparse.", "torch.", 1) == f"torch.{known.tensor_name}":
            return known
    raise ValueError(f"invalid type: {kind!r}")


def type_as(input: Tensor, other: Tensor) -> Tensor:
    """``input`` in the type of ``other``.

    >>> tensor([1.5]).type_as(tensor([1]))
    tensor([1])
    """
    return to(input, other._dtype)


def bool_(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` as bool."""
    return to(input, dtypes.bool_, memory_format=memory_format)


def byte(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` as uint8.

    >>> tensor([1.5, 200.0]).byte()
    tensor([  1, 200], dtype=torch.uint8)
    """
    return to(input, dtypes.uint8, memory_format=memory_format)


def char(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` as int8.

    >>> tensor([1.5, -2.0]).char()
    tensor([ 1, -2], dtype=torch.int8)
    """
    return to(input, dtypes.int8, memory_format=memory_format)


def short(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` as int16.

    >>> tensor([300.7]).short()
    tensor([300], dtype=torch.int16)
    """
    return to(input, dtypes.int16, memory_format=memory_format)


def int_(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` as int32.

    >>> tensor([1.5, -1.5]).int()
    tensor([ 1, -1], dtype=torch.int32)
    """
    return to(input, dtypes.int32, memory_format=memory_format)


def long(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` as int64.

    >>> tensor([1.5, -1.5]).long()
    tensor([ 1, -1])
    """
    return to(input, dtypes.int64, memory_format=memory_format)


def half(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` as float16.

    >>> tensor([1, 2]).half()
    tensor([1., 2.], dtype=torch.float16)
    """
    return to(input, dtypes.float16, memory_format=memory_format)


def bfloat16(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` as bfloat16."""
    return to(input, dtypes.bfloat16, memory_format=memory_format)


def float_(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` as float32.

    >>> tensor([1, 2]).float()
    tensor([1., 2.])
    """
    return to(input, dtypes.float32, memory_format=memory_format)


def double(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` as float64.

    >>> tensor([1, 2]).double()
    tensor([1., 2.], dtype=torch.float64)
    """
    return to(input, dtypes.float64, memory_format=memory_format)


def cpu(input: Tensor, memory_format: Any = None) -> Tensor:
    """``input`` in the memory of the CPU.

    >>> x = torch.ones(2)
    >>> x.cpu() is x
    True
    """
    return to(input, device=CPU, memory_format=memory_format)


def cuda(input: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
    """``input`` in the memory of a CUDA device; RuntimeError where there is none.

    >>> torch.ones(2).cuda()                             # doctest: +SKIP
    tensor([1., 1.], device='cuda:0')
    """
    return to(input, device="cuda" if device is None else device, non_blocking=non_blocking, memory_format=memory_format)


def numpy(input: Tensor, *, force: bool = False) -> np.ndarray:
    """An array that shares the tensor's memory. With ``force``, also from a recorded or CUDA tensor, of which it may be a copy.

    >>> tensor([1, 2]).numpy()
    array([1, 2])
    """
    if force:
        input = copies.detach(input).cpu()
    if input._device.type != "cpu":
        raise TypeError(f"can't convert {input._device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host "
                        "memory first.")
    if input.requires_grad:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    if is_sparse(input):
        raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")
    if input._dtype is dtypes.bfloat16:
        raise TypeError("Got unsupported ScalarType BFloat16")
    storage_of(input).resizable = False
    return input._array.view()


def only(input: Tensor) -> Any:
    """`item` for Python's ``int``, ``float`` and ``complex``, which raise ValueError."""
    if input._array.size != 1:
        raise ValueError(f"only one element tensors can be converted to Python scalars, and this one has {input._array.size}")
    return item(input)


def item(input: Tensor) -> Any:
    """The only element as a Python number.

    >>> tensor([2.5]).item()
    2.5
    """
    if input._array.size != 1:
        raise RuntimeError(f"a Tensor with {input._array.size} elements cannot be converted to Scalar")
    array = input._array
    return (launch.from_half(array, input._dtype) if input._dtype is dtypes.bfloat16 else array).item()


def tolist(input: Tensor) -> Any:
    """Nested lists of Python numbers, or a number.

    >>> tensor([[1, 2], [3, 4]]).tolist()
    [[1, 2], [3, 4]]
    """
    array = input.cpu()._array
    return (launch.from_half(array, input._dtype) if input._dtype is dtypes.bfloat16 else array).tolist()


def array(input: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    """What ``numpy.asarray`` makes of a tensor: its memory if possible."""
    if input._dtype is dtypes.bfloat16 and not input.requires_grad:
        made = launch.from_half(input._array, input._dtype)
    else:
        made = numpy(input)
    if dtype is not None and np.dtype(dtype) != made.dtype:
        if copy is False:
            raise ValueError("a copy is needed to change the type")
        return made.astype(dtype)
    return made.copy() if copy else made
