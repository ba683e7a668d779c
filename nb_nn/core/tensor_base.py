"""What every layer below the Tensor class knows of a tensor: its array and its place in the graph.

Most attributes rest on the class until they differ from the default, which keeps making a tensor cheap. Those that each
operation asks for are set at once: Python finds them on a tensor in a fifth of the time that it takes to find them on its class.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .cuda_memory import device_of
from .device import CPU
from .state import state
from .storage import Storage, storage_of

tensor_class: Any = None        # set by one line at the end of tensor.py
new, ndarray = object.__new__, np.ndarray


class TensorBase:
    """The state of a tensor."""

    _array: np.ndarray          # strided; on CUDA a cupy.ndarray
    _dtype: Any
    _device = CPU
    _storage: Storage | None = None     # made when a view, a version or the storage itself is first asked for
    _requires_grad = False
    _grad: Any = None
    _node: Any = None           # the Node that computed this tensor (grad_fn), and which of its results it is
    _output_number = 0
    _leaf_edge: Any = None      # of a leaf: its AccumulateGrad and 0, once a graph has asked for them
    _base: Any = None           # of a view: the tensor that is not one, and the version at which _node was right
    _view_version = 0
    _made_unrecorded = False    # a view made in no_grad: its history is not known, and writes that need one are refused
    _hooks: Any = None
    _after_hooks: Any = None    # of a leaf: called when its grad has been added to
    _retains_grad = False
    _detached = False           # made by detach(): its size, strides and storage may not change


def wrap_host(array: np.ndarray, dtype: Any) -> Any:
    """`wrap` of an array known to be NumPy's, for the shortest paths."""
    tensor = new(tensor_class)
    tensor._array = array
    tensor._dtype = dtype
    tensor._device = CPU
    tensor._requires_grad = False
    tensor._base = tensor._node = tensor._storage = None
    return tensor


def wrap(array: np.ndarray, dtype: Any) -> Any:
    """A new tensor over an array, NumPy's or CuPy's, that nobody else views."""
    tensor = new(tensor_class)
    tensor._array = array
    tensor._dtype = dtype
    tensor._device = CPU if array.__class__ is ndarray else device_of(array)
    tensor._requires_grad = False
    tensor._base = tensor._node = tensor._storage = None
    return tensor


def view_of(input: Any, array: np.ndarray) -> Any:
    """A tensor that shares ``input``'s memory and takes part in its history."""
    tensor = new(tensor_class)
    tensor._array = array
    tensor._dtype = input._dtype
    tensor._device = input._device
    tensor._requires_grad, tensor._node = False, None
    tensor._storage = storage = input._storage or storage_of(input)
    tensor._base = input if input._base is None else input._base
    tensor._view_version = storage.version
    if not state.grad or input._made_unrecorded:
        tensor._made_unrecorded = True
    return tensor


def alias_of(input: Any) -> Any:
    """A tensor that shares ``input``'s memory but not its history."""
    tensor = new(tensor_class)
    tensor._array = input._array
    tensor._dtype = input._dtype
    tensor._device = input._device
    tensor._requires_grad = False
    tensor._base = tensor._node = None
    tensor._storage = input._storage or storage_of(input)
    return tensor
