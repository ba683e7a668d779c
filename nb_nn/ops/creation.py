"""New tensors: of equal elements, or of whatever the memory holds."""
from __future__ import annotations

import math
from typing import Any

from ..core import cuda_memory, launch, memory, scalars
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.dtype import dtype
from ..core.geometry import contiguous_strides, is_dense, sizes_of
from ..core.op import derivative, inplace, op, zero_slope
from ..core.scalars import NUMBERS
from ..core.size import Size
from ..core.sparse_array import is_sparse
from ..core.storage import Storage, strided
from ..core.tensor_base import TensorBase, wrap
from . import memory_format as formats
from .from_data import tensor
from .options import check_options, finish, resolve

Tensor = TensorBase


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
    number = scalars.number_as(value, kind)
    return number if kind.category < 3 and not kind.half else scalars.full_scalar(number, kind, CPU)._array[()]


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
derivative(fill, input=zero_slope, value=lambda grad: grad.sum())


def zero_(input: Tensor) -> Tensor:
    """Set every element to zero.

    >>> tensor([1, 2]).zero_()
    tensor([0, 0])
    """
    return fill_(input, 0)


def new_tensor(self: Tensor, data: Any, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A copy of ``data``, in the type and on the device of ``self`` unless given.

    >>> tensor([1.0]).new_tensor([1, 2])
    tensor([1., 2.])
    """
    return tensor(data, dtype=dtype or self._dtype, device=device or self._device, requires_grad=requires_grad)


def new_empty(self: Tensor, *size: Any, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uninitialised elements in the type and on the device of ``self`` unless given.

    >>> tensor([1, 2]).new_empty(3).shape, tensor([1, 2]).new_empty(3).dtype
    (torch.Size([3]), torch.int64)
    """
    return filled(None, size, None, dtype or self._dtype, device or self._device, requires_grad)


def new_zeros(self: Tensor, *size: Any, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the type and on the device of ``self`` unless given; sparse if that is.

    >>> tensor([1, 2]).new_zeros(2, 2)
    tensor([[0, 0],
            [0, 0]])
    """
    if is_sparse(self):
        from .sparse.construction import empty_sparse

        return finish(empty_sparse(sizes_of(size), dtype or self._dtype, device or self._device), requires_grad)
    return filled(0, size, None, dtype or self._dtype, device or self._device, requires_grad)


def new_ones(self: Tensor, *size: Any, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the type and on the device of ``self`` unless given.

    >>> tensor([1.5]).new_ones(2, dtype=torch.int32)
    tensor([1, 1], dtype=torch.int32)
    """
    return filled(1, size, None, dtype or self._dtype, device or self._device, requires_grad)


def new_full(self: Tensor, size: Any, fill_value: Any, dtype: dtype | None = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """``fill_value`` in the type and on the device of ``self`` unless given.

    >>> tensor([1.5]).new_full((2,), 3)
    tensor([3., 3.])
    """
    return filled(fill_value, (size,), None, dtype or self._dtype, device or self._device, requires_grad)


def new(self: Tensor, *args: Any) -> Tensor:
    """A tensor of ``self``'s type: of the given sizes, uninitialised, or with the given elements. Deprecated."""
    if len(args) == 1 and not isinstance(args[0], (int, Size)):
        return new_tensor(self, args[0])
    return new_empty(self, *(args or (0,)))
