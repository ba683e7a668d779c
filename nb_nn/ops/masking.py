"""Reading and writing where a mask is true. Masks are bool, or uint8 as in old code."""
from __future__ import annotations

from typing import Any

import numpy as np

from nb_nn.kernels import table

from ..core import cuda_memory, launch, memory, scalars
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.elementwise import KEEP, elementwise, few
from ..core.geometry import broadcast_shapes, overlaps_itself
from ..core.op import derivative, inplace, no_derivative, op
from ..core.tensor_base import TensorBase, wrap, wrap_host
from . import slicing, view
from .choosing import as_mask
from .indexing import bits, broadcast, number_of, packed, rewritten, source_array

Tensor = TensorBase


@op
def masked_fill(input: Tensor, mask: Tensor, value: Any, *, out: Tensor | None = None) -> Tensor:
    """``input``, with ``value`` (a number or a 0-d tensor) where ``mask`` is true.

    Shape: the two broadcast.

    >>> masked_fill(tensor([1.0, 2.0, 3.0]), tensor([True, False, True]), 0)
    tensor([0., 2., 0.])
    """
    kind, array, truth = input._dtype, input._array, as_mask(mask, "masked_fill")._array
    filling = scalars.number_as(number_of("masked_fill_", value), kind)
    if out is input and not array.flags.c_contiguous and overlaps_itself(array.shape, array.strides):
        places = np.broadcast_to(truth, array.shape)
        pattern = bits(scalars.full_scalar(filling, kind, CPU)._array)
        return rewritten(input, out, lambda target: np.copyto(target, pattern, where=places), shared=True)
    if kind.half or input._device is not mask._device or array.shape != truth.shape or not (
            array.flags.c_contiguous and truth.flags.c_contiguous) or (
            out is not None and out is not input):
        if out is None:         # the result is in C order, as in PyTorch
            out = launch.empty(broadcast_shapes(array.shape, truth.shape), kind, input._device)
        return elementwise("masked_fill", (input, as_mask(mask, "masked_fill")), (filling,), out, KEEP)
    made = memory.beside(array, array.shape, array.dtype) if out is None else array
    table.loops_of(input._device.type).flat("masked_fill", 2)(array.ravel(), truth.ravel(), (filling,), made.ravel())
    return wrap(made, kind) if out is None else out


masked_fill_ = inplace(masked_fill)
derivative(masked_fill, input=lambda grad, mask: masked_fill(grad, mask, 0),
           value=lambda grad, mask: masked_fill(grad, ~as_mask(mask, "masked_fill"), 0).sum())


def true_offsets(mask: Any) -> Any:
    """How many elements of a flat mask are true before each of its blocks, and in all."""
    offsets = memory.beside(mask, (table.loops_of("cpu", "indexing").block_count(mask.size),), np.dtype(np.int64))
    launch.launch("true_offsets", mask, offsets, work=mask.size)
    return offsets


def flat_mask(mask: Tensor, size: tuple[int, ...], name: str) -> Any:
    """A mask, broadcast to ``size``, as one row of bytes."""
    return packed(broadcast(as_mask(mask, name)._array, size), dtypes.bool_).view(np.uint8).reshape(-1)


@op
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A vector of the elements where ``mask`` is true.

    Shape: the two broadcast.

    >>> masked_select(tensor([[1, 2], [3, 4]]), tensor([[True, False], [False, True]]))
    tensor([1, 4])
    """
    kind = input._dtype
    if out is None and mask._dtype is dtypes.bool_ and mask._array.shape == input._array.shape and few((input, mask)):
        return wrap_host(input._array[mask._array], kind)
    size = broadcast_shapes(input._array.shape, mask._array.shape)
    chosen = flat_mask(mask, size, "masked_select")
    offsets = true_offsets(chosen)
    made = memory.empty((offsets[-1].item(),), kind.numpy, input._device)
    if made.size:
        source = packed(broadcast(input._array, size), kind).reshape(-1)
        launch.launch("masked_select", bits(source), chosen, offsets, bits(made), work=source.size)
    return launch.deliver("masked_select", made, kind, out)


derivative(masked_select, input=lambda grad, input_size, mask:
           masked_scatter_(grad.new_zeros(broadcast_shapes(input_size, mask._array.shape)), mask, grad))


@op
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``input``, with the elements of ``source``, one after the other, where ``mask`` is true.

    Shape: ``mask`` broadcasts to ``input``; ``source`` has at least as many elements as the mask has true ones.

    >>> masked_scatter(tensor([0, 0, 0]), tensor([True, False, True]), tensor([7, 8, 9]))
    tensor([7, 0, 8])
    """
    if source._dtype is not input._dtype:
        raise RuntimeError("masked_scatter: expected self and source to have same dtypes but got "
                           f"{input._dtype.tensor_name[:-6]} and {source._dtype.tensor_name[:-6]}")
    size = broadcast_shapes(input._array.shape, mask._array.shape)
    if size != input._array.shape:
        if out is not None:
            raise RuntimeError(f"output with shape {list(input._array.shape)} doesn't match the broadcast shape {list(size)}")
        input = view.expand(input, size)
    chosen = flat_mask(mask, size, "masked_scatter")
    offsets = true_offsets(chosen)
    count = offsets[-1].item()
    if count > source._array.size:
        raise RuntimeError("masked_scatter: Number of elements of source < number of ones in mask, got "
                           f"{source._array.size} and {count}")
    values = source_array(source, out, False).reshape(-1)

    def run(target: Any) -> None:
        launch.launch("masked_scatter", chosen, values, offsets, target.reshape(-1), work=chosen.size)

    return rewritten(input, out, run)


masked_scatter_ = inplace(masked_scatter)


def taken_gradient(grad: Tensor, mask: Tensor, size: tuple[int, ...]) -> Tensor:
    """The gradient of a source, of which the first elements were taken."""
    taken = masked_select(grad, mask)
    whole = grad.new_zeros(size)
    slicing.narrow(view.view(whole, (-1,)), 0, 0, taken._array.size).copy_(taken)
    return whole


derivative(masked_scatter, input=lambda grad, mask: masked_fill(grad, mask, 0),
           source=lambda grad, mask, source_size: taken_gradient(grad, mask, source_size))


@op
def nonzero_places(input: Tensor) -> Tensor:
    """`nonzero` as one tensor."""
    array = input._array
    if few((input,)) and array.ndim and not input._dtype.half:
        return wrap(np.ascontiguousarray(np.transpose(array.nonzero())), dtypes.int64)
    truth = array if array.dtype == np.bool_ else (input != 0)._array
    flat = packed(truth, dtypes.bool_).view(np.uint8).reshape(-1)
    offsets = true_offsets(flat)
    found = memory.empty((offsets[-1].item(), array.ndim), np.dtype(np.int64), input._device)
    if found.size:
        sizes = cuda_memory.moved(np.array(array.shape, np.int64), input._device)
        launch.launch("nonzero", flat, sizes, offsets, found, work=flat.size)
    return wrap(found, dtypes.int64)


no_derivative(nonzero_places)


def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """The places of all elements that are not zero, a row each; or with ``as_tuple`` a vector of indices for each dimension.

    Shape: (z, n) for z such elements of a tensor with n dimensions.

    >>> nonzero(tensor([[0, 5], [6, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    if as_tuple:
        places = nonzero_places(input if input._array.ndim else view.unsqueeze(input, 0))
        return slicing.unbind(places, 1)
    places = nonzero_places(input)
    return launch.into_out("nonzero", places, out)


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1, out: Tensor | None = None) -> Tensor:
    """The first ``size`` rows of `nonzero`; rows of ``fill_value`` where there are fewer.

    >>> nonzero_static(tensor([0, 5, 6]), size=3)
    tensor([[ 1],
            [ 2],
            [-1]])
    """
    if size < 0:
        raise RuntimeError(f"nonzero_static: 'size' must be an non-negative integer, got {size}")
    found = nonzero_places(input)._array[:size]
    made = memory.beside(found, (size, found.shape[1]), found.dtype)
    made[...] = fill_value
    made[:len(found)] = found
    return launch.into_out("nonzero_static", wrap(made, dtypes.int64), out)
