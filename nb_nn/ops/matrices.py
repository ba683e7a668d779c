"""What all linear algebra shares: checks of matrices, stacks of them as kernels take them, and reports of failure."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import cuda_memory, launch, memory
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.geometry import broadcast_shapes
from ..core.tensor_base import TensorBase, wrap
from . import view
from .reduction import packed

Tensor = TensorBase


class LinAlgError(RuntimeError):
    """A matrix for which there is no answer: singular, not positive, or too hard to take apart."""


def kind_name(input: Tensor) -> str:
    """A type as messages call it."""
    return input._dtype.tensor_name[:-6]


def check_matrix(name: str, input: Any, label: str = "A") -> None:
    """RuntimeError unless the tensor has two dimensions or more."""
    if not isinstance(input, TensorBase):
        raise TypeError(f"{name}(): argument '{label}' must be Tensor, not {type(input).__name__}")
    if input._array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {label} must have at least 2 dimensions.")


def check_square(name: str, input: Any, label: str = "A") -> None:
    """RuntimeError unless the tensor has square matrices."""
    check_matrix(name, input, label)
    rows, columns = input._array.shape[-2:]
    if rows != columns:
        raise RuntimeError(f"{name}: {label} must be batches of square matrices, but they are {rows} by {columns} matrices")


def check_floating(name: str, input: Tensor, kernel: str = "") -> None:
    """RuntimeError unless the type is one that LAPACK computes in; NotImplementedError in ``kernel``'s name for halves."""
    if input._dtype.category < 2:
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {kind_name(input)}")
    if input._dtype.half and not kernel:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {kind_name(input)}")
    check_implemented(kernel, input)


def check_implemented(kernel: str, input: Tensor) -> None:
    """NotImplementedError unless the type is one that LAPACK computes in."""
    if input._dtype.category < 2 or input._dtype.half:
        raise launch.not_implemented(kernel, input._dtype)


def check_same_kind(name: str, one: Tensor, other: Tensor, labels: tuple[str, str] = ("A", "B")) -> None:
    """RuntimeError unless two tensors have the same type."""
    if one._dtype is not other._dtype:
        raise RuntimeError(f"{name}: Expected {labels[0]} and {labels[1]} to have the same dtype, but found {labels[0]} of type "
                           f"{kind_name(one)} and {labels[1]} of type {kind_name(other)} instead")


def stack(input: Tensor) -> np.ndarray:
    """The matrices of a tensor as a contiguous array (count, rows, columns)."""
    return batch_array(launch.contiguous_array(input))


def stack_t(input: Tensor) -> np.ndarray:
    """Their transposes, (count, columns, rows)."""
    return batch_array(packed(launch.computing_array(input, input._dtype).swapaxes(-1, -2)))


def batch_array(array: np.ndarray) -> np.ndarray:
    return array.reshape(math.prod(array.shape[:-2]), *array.shape[-2:])


def room(input: Tensor, *sizes: int) -> np.ndarray:
    """An array (count, \\*sizes) for results of the matrices of a tensor."""
    return memory.empty((math.prod(input._array.shape[:-2]), *sizes), input._array.dtype, input._device)


def tensor_of(input: Tensor, array: np.ndarray) -> Tensor:
    """Results (count, ...) as a tensor with ``input``'s batch dimensions."""
    return wrap(array.reshape((*input._array.shape[:-2], *array.shape[1:])), dtypes.from_numpy(array.dtype))


def turned(input: Tensor, array_t: np.ndarray) -> Tensor:
    """The same of transposes: matrices in column order, as LAPACK leaves them."""
    array = array_t.reshape((*input._array.shape[:-2], *array_t.shape[1:])).swapaxes(-1, -2)
    return wrap(array, dtypes.from_numpy(array.dtype))


def in_columns(input: Tensor, array: np.ndarray) -> Tensor:
    """Results (count, rows, columns) as a tensor of matrices in column order."""
    return turned(input, packed(array.swapaxes(-1, -2)))


def codes(input: Tensor) -> np.ndarray:
    """An array for a number a matrix that says what went wrong, 0 for nothing."""
    return memory.zeros((math.prod(input._array.shape[:-2]),), np.dtype(np.int32), input._device)


def pivots_of(input: Tensor) -> Any:
    """An array for the pivots of each matrix."""
    return memory.empty((math.prod(input._array.shape[:-2]), min(input._array.shape[-2:])), np.dtype(np.int32), input._device)


def failure(info: Tensor | np.ndarray) -> tuple[int, str]:
    """The first number that is not 0, and which matrix of a batch it is about in words; 0 if there is none."""
    array = cuda_memory.moved(info._array, CPU) if isinstance(info, TensorBase) else info
    if not array.any():
        return 0, ""
    flat = array.ravel()
    place = int(np.flatnonzero(flat)[0])
    return int(flat[place]), f"(Batch element {place}): " if array.ndim else ""


def adjoint(input: Tensor) -> Tensor:
    """Matrices transposed, and conjugated if they are complex."""
    turned = view.transpose(input, -1, -2)
    return turned.conj() if input._dtype.category == 3 else turned


def broadcast_batches(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Two tensors of matrices with the same batch dimensions."""
    first, second = one._array.shape[:-2], other._array.shape[:-2]
    if first == second:
        return one, other
    both = broadcast_shapes(first, second)
    return view.expand(one, (*both, *one._array.shape[-2:])), view.expand(other, (*both, *other._array.shape[-2:]))


def refuse(name: str) -> Any:
    """A derivative that raises: there is none."""
    def gradient(grads: list) -> None:
        raise RuntimeError(f"the derivative for '{name}' is not implemented")

    return gradient
