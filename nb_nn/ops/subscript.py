"""``tensor[index]`` and ``tensor[index] = value``, as NumPy reads an index.

Integers, slices, None and Ellipsis make views; tensors of integers and masks make copies, and are broadcast against one
another. Where such stand side by side, their dimensions come in their place, else in front.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import cuda_memory, launch, memory, scalars
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.geometry import overlaps_itself
from ..core.op import derivative, inplace, op
from ..core.scalars import NUMBERS
from ..core.state import recorders, state
from ..core.storage import storage_of
from ..core.tensor_base import TensorBase, view_of, wrap
from . import copies, creation, slicing, view
from .indexing import bits, broadcast, check_range, kernels, packed, rewritten, selected, source_array
from .masking import masked_fill_, masked_select
from .subscript_items import MASKS, by_dim, check_mask, masks, masks_all, picked, plain_index, sliced, walk

Tensor = TensorBase
SMALL = 1 << 14                 # elements that are filled at once, without a kernel
LISTED = 1 << 8                 # so few indices are looked at by NumPy
FEW = 16                        # one element of so many is picked without making the rest contiguous


def getitem(input: Tensor, index: Any) -> Tensor:
    """The elements that an index names."""
    if index.__class__ is int and input._array.ndim and -len(input._array) <= index < len(input._array):
        return slicing.select_index(input, 0, index if index >= 0 else index + len(input._array))
    if not recorders and not (state.grad and wants_grad(input)):
        found = plain_index(index)
        if found is not None:
            try:
                return view_of(input, input._array[found])
            except (IndexError, AttributeError):
                pass            # raised again, in our words, below; a sparse tensor is taken apart dim after dim
    if index.__class__ is int and input._array.ndim:
        return picked(input, 0, index, 0)
    if index.__class__ is slice and input._array.ndim:
        part = sliced(input, 0, index)
        return copies.alias(part) if part is input else part
    if isinstance(index, TensorBase) and index._dtype is dtypes.int64 and index._array.ndim and input._array.ndim:
        return index_get(input, (index,))
    if isinstance(index, TensorBase) and masks(index, input):
        return masked_select(input, index)
    part, picks = walk(input, index)
    if not picks:
        return copies.alias(part) if part is input else part
    if masks_all(part, picks):
        return masked_select(part, picks[0][1])
    return index_get(part, by_dim(picks))


class Picks:
    """Index tensors, applied to an array: which dimensions they run over and where each element lies.

    The array is seen as (outer, n, inner): ``n`` are the picked dimensions, which stand side by side or are moved to the front.
    """

    def __init__(self, name: str, array: Any, indices: tuple):
        self.dims = [d for d, index in enumerate(indices) if index is not None]
        first, count = self.dims[0], len(self.dims)
        try:
            self.broadcast = indices[first]._array.shape if count == 1 else np.broadcast_shapes(
                *[indices[d]._array.shape for d in self.dims])
        except ValueError:
            shapes = ", ".join(str(list(indices[d]._array.shape)) for d in self.dims)
            raise IndexError("shape mismatch: indexing tensors could not be broadcast together with shapes " + shapes) from None
        self.order: list | None = None
        if self.dims[-1] - first + 1 != count:
            self.order = self.dims + [d for d in range(array.ndim) if d not in self.dims]
            first = 0
        self.moved = self.move(array)
        shape = self.moved.shape
        self.before, self.sizes, self.after = shape[:first], shape[first:first + count], shape[first + count:]
        self.shape = (*self.before, *self.broadcast, *self.after)
        self.indices = []
        for d, size in zip(self.dims, self.sizes):
            places = indices[d]._array
            if places.__class__ is not array.__class__:         # an index on the CPU goes with any tensor
                places = cuda_memory.moved(places, cuda_memory.device_of(array))
            check_range(places if places.flags.c_contiguous else packed(places, dtypes.int64), size, d, IndexError, -size)
            self.indices.append(packed(broadcast(places, self.broadcast), dtypes.int64).reshape(-1))
        # few elements of an array that does not lie in order: let NumPy pick them, rather than bring all in order
        self.scattered = isinstance(array, np.ndarray) and not self.moved.flags.c_contiguous and math.prod(self.shape) * FEW < array.size

    def move(self, array: Any) -> Any:
        """An array with the picked dimensions side by side."""
        return array if self.order is None else array.transpose(self.order)

    def key(self) -> tuple:
        """The index that NumPy applies to the moved array."""
        return (slice(None),) * len(self.before) + tuple([places.reshape(self.broadcast) for places in self.indices])

    def places(self) -> Any:
        """Where the picked elements lie along ``n``."""
        if len(self.indices) == 1:
            return self.indices[0]
        found, stride = memory.zeros((math.prod(self.broadcast),), np.dtype(np.int64), cuda_memory.device_of(self.moved)), 1
        for places, size in zip(reversed(self.indices), reversed(self.sizes)):
            launch.launch("add_positions", places, size, stride, found)
            stride *= size
        return found

    def folded(self, array: Any) -> Any:
        """An array of the moved shape as (outer, n, inner)."""
        return array.reshape(math.prod(self.before), math.prod(self.sizes), math.prod(self.after))


@op
def index_get(input: Tensor, indices: tuple) -> Tensor:
    """The elements at the places that broadcast int64 tensors name, each for its dimension (None: all of the dimension)."""
    array, kind = input._array, input._dtype
    if len(indices) == 1:
        places = packed(indices[0]._array, dtypes.int64)
        check_range(places, array.shape[0], 0, IndexError, -array.shape[0])
        return wrap(selected(array, kind, 0, places.ravel(), (*places.shape, *array.shape[1:])), kind)
    if few(input, indices):
        try:
            return wrap(np.ascontiguousarray(array[key_of(indices)]), kind)
        except IndexError:
            pass                # raised again, in our words, below
    picks = Picks("index", array, indices)
    if picks.scattered:
        return wrap(np.ascontiguousarray(picks.moved[picks.key()]), kind)
    made = memory.empty(picks.shape, kind.numpy, input._device)
    if made.size:
        source, places = picks.folded(bits(packed(picks.moved, kind))), picks.places()
        launch.launch("index_select", source, places, bits(made).reshape(source.shape[0], places.size, source.shape[2]))
    return wrap(made, kind)


def few(input: Tensor, indices: tuple) -> bool:
    """Whether so few elements are indexed that NumPy picks them sooner."""
    if input._device is not CPU:
        return False
    most = max([0 if index is None else index._array.size for index in indices])
    whole = None not in indices and len(indices) == input._array.ndim           # one element an index
    return most <= LISTED and input._array.size <= SMALL or whole and most <= SMALL


def key_of(indices: tuple) -> tuple:
    """Index tensors as NumPy takes them."""
    return tuple([slice(None) if index is None else index._array for index in indices])


index_get.declaration.node_name = "IndexBackward0"
derivative(index_get, input=lambda grad, input_size, indices: put_indices_(grad.new_zeros(input_size), indices, grad, True))


@op
def put_indices(input: Tensor, indices: tuple, values: Tensor, accumulate: bool = False, *, out: Tensor | None = None) -> Tensor:
    """`index_put` with index tensors that are int64, or None for the dimensions in between."""
    array, kind = input._array, input._dtype
    if values._dtype is not kind:
        raise RuntimeError("Index put requires the source and destination dtypes match, got "
                           f"{kind.tensor_name[:-6]} for the destination and {values._dtype.tensor_name[:-6]} for the source.")
    picks = Picks("index_put_", array, indices)
    if values._array.size != 1 or accumulate:
        try:
            values = wrap(broadcast(values._array, picks.shape), kind)
        except ValueError:
            raise RuntimeError(f"shape mismatch: value tensor of shape {list(values._array.shape)} cannot be broadcast to indexing "
                               f"result of shape {list(picks.shape)}") from None
    if math.prod(picks.shape) == 0:
        return rewritten(input, out, lambda target: None)
    source = source_array(values, out, accumulate)
    if out is input and picks.scattered and not (accumulate and kind.half):
        if accumulate:
            np.add.at(picks.moved, picks.key(), source)
        else:
            bits(picks.moved)[picks.key()] = source
        return out
    return rewritten(input, out, lambda target: write(picks, target, source, accumulate), picks.move, accumulate, not accumulate)


def write(picks: Picks, target: Any, source: Any, accumulate: bool) -> None:
    """Write ``source`` into a C-contiguous array of the moved shape."""
    target, places = picks.folded(target), picks.places()
    outer, _, inner = target.shape
    if source.size == 1 and not accumulate:
        launch.launch("index_fill", places, cuda_memory.moved(source.reshape(-1)[:1], CPU)[0], target, work=places.size * outer * inner)
    else:
        write_to = kernels(cuda_memory.device_of(target)).index_write("add" if accumulate else "set")
        write_to(places, source.reshape(outer, places.size, inner), target, work=source.size)


put_indices_ = inplace(put_indices)
put_indices.declaration.node_name = "IndexPutBackward0"
derivative(put_indices, input=lambda grad, indices, accumulate: grad if accumulate else put_indices(grad, indices, grad.new_zeros(())),
           values=lambda grad, indices: index_get(grad, indices))


def setitem(input: Tensor, index: Any, value: Any) -> None:
    """Write a number or a tensor, broadcast, to the elements that an index names."""
    if not recorders and not (state.grad and (wants_grad(input) or isinstance(value, TensorBase) and wants_grad(value))):
        found = plain_index(index)
        if found is not None and wrote_few(input, found, value):
            return
    if not isinstance(value, (TensorBase, *NUMBERS)):
        module = type(value).__module__
        raise TypeError(f"can't assign a {'' if module == 'builtins' else module + '.'}{type(value).__name__} to a {input.type()}")
    if isinstance(index, TensorBase) and isinstance(value, NUMBERS) and masks(index, input):
        masked_fill_(input, index, value)
        return
    if isinstance(index, TensorBase) and index._dtype is dtypes.int64 and index._array.ndim and input._array.ndim:
        part, picks = input, [(0, index)]
    else:
        part, picks = walk(input, index)
    kind = part._dtype
    if not picks:
        if isinstance(value, TensorBase):
            copies.copy_(part, without_ones(value, part._array.ndim))
        else:
            creation.fill_(part, scalars.number_as(value, kind))
        return
    if not isinstance(value, TensorBase):
        value = scalars.full_scalar(scalars.number_as(value, kind), kind, part._device)
    if len(picks) == 1 and picks[0][1]._dtype in MASKS and value._array.size == 1 and value._dtype is kind:
        dim, mask = picks[0]
        trailing = part._array.ndim - dim - mask._array.ndim
        masked_fill_(part, view.reshape(mask, mask._array.shape + (1,) * trailing) if trailing else mask, view.reshape(value, ()))
    else:
        put_indices_(part, by_dim(picks), without_ones(value, 0))


def wants_grad(input: Tensor) -> bool:
    """Whether a tensor may have a history or want one."""
    return input._requires_grad or input._base is not None and input._base._requires_grad


def wrote_few(input: Tensor, index: Any, value: Any) -> bool:
    """Write to a small part of a tensor at once; False if that takes more care."""
    kind = input._dtype
    if isinstance(value, TensorBase):
        if value._dtype is not kind or value._device is not input._device or input._device.type != "cpu":
            return False
        value = value._array
    elif kind.half or value.__class__ not in (float, int, bool):
        return False
    try:
        part = input._array[index]
        if part.size > SMALL or not part.flags.c_contiguous and overlaps_itself(part.shape, part.strides):
            return False
        part[...] = value
    except (IndexError, OverflowError, ValueError):
        return False
    storage_of(input).version += 1
    return True


def without_ones(value: Tensor, ndim: int) -> Tensor:
    """A value without leading dimensions of size 1 that its place (of ``ndim`` dimensions, 0: any) has no use for."""
    shape = value._array.shape
    extra = 0
    while extra < len(shape) - ndim and shape[extra] == 1:
        extra += 1
    return view.reshape(value, shape[extra:]) if extra else value


def prepared(name: str, input: Tensor, indices: Any) -> tuple:
    """Checked indices of `index_put`, masks as the places where they are true."""
    if not isinstance(indices, (tuple, list)):
        raise TypeError(f"{name}(): argument 'indices' (position 1) must be tuple of Tensors, not {type(indices).__name__}")
    dim, picks = 0, []
    for place, index in enumerate(indices):
        if index is not None:
            if not isinstance(index, TensorBase):
                raise TypeError(f"{name}(): expected Tensor as element {place} in argument 'indices', but got {type(index).__name__}")
            if index._dtype not in (dtypes.int64, dtypes.int32, *MASKS):
                raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
            picks.append((dim, index if index._dtype is not dtypes.int32 else index.long()))
        dim += 1 if index is None or index._dtype not in MASKS else index._array.ndim
    if dim > input._array.ndim:
        raise IndexError(f"too many indices for tensor of dimension {input._array.ndim} (got {dim})")
    for dim, index in picks:
        if index._dtype in MASKS:
            check_mask(index, input, dim)
    return by_dim(picks)


def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """``input``, with ``values``, broadcast, at the places that a tuple of index tensors names, added to what is there if
    ``accumulate``.

    >>> index_put(tensor([0, 0, 0]), (tensor([0, 2, 0]),), tensor([1, 2, 3]), True)
    tensor([4, 0, 2])
    """
    return put_indices(input, prepared("index_put", input, indices), values, accumulate)


def index_put_(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """In-place form of :func:`index_put`.

    >>> torch.zeros(3).index_put_((tensor([0, 2]),), tensor(5.0))
    tensor([5., 0., 5.])
    """
    return put_indices_(input, prepared("index_put_", input, indices), values, accumulate)


def delitem(input: Tensor, index: Any) -> None:
    """Elements cannot be deleted."""
    raise TypeError("Tensor does not support deleting items")
