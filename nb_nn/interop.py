"""Memory shared with other libraries: DLPack both ways, and what NumPy makes of tensors in its functions."""
from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from .core import dtype as dtypes
from .core.device import CPU
from .core.sparse_array import is_sparse
from .core.storage import _Holder
from .ops.from_data import from_numpy
from .ops.options import place

CPU_TYPE, CUDA_TYPE = 1, 2              # kDLCPU, kDLCUDA
UNSIGNED, BFLOAT = 1, 4                 # DLDataTypeCode
PLAIN, VERSIONED = b"dltensor", b"dltensor_versioned"
# where DLTensor.dtype.code is: behind data (8), device (8) and ndim (4); in a versioned capsule these follow version, context, deleter and
# flags (8 each)
CODE_OFFSETS = {PLAIN: 20, VERSIONED: 52}
FLAGS_OFFSET, IS_COPIED = 24, 1 << 1
VERSION = (1, 0) if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else None       # what NumPy knows to write and read; None: before 1

_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
_is_valid = ctypes.pythonapi.PyCapsule_IsValid
_is_valid.restype, _is_valid.argtypes = ctypes.c_int, (ctypes.py_object, ctypes.c_char_p)


def array_namespace(tensor: Any, *, api_version: str | None = None) -> Any:
    """The namespace of the array-API standard whose arrays tensors are: `nb_nn.array_api`."""
    if api_version not in (None, "2021.12", "2022.12", "2023.12", "2024.12"):
        raise ValueError(f"version {api_version!r} of the array API is not known here; nb_nn.array_api follows 2024.12")
    from . import array_api

    return array_api


def to_device(tensor: Any, device: Any, /, *, stream: Any = None) -> Any:
    """A tensor on another device, as the array-API standard says `Tensor.to`."""
    if stream is not None:
        raise ValueError("to_device: streams cannot be chosen, leave stream out")
    return tensor.to(device)


def dlpack(input: Any, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None) -> Any:
    """A DLPack capsule over the tensor's memory, or over a copy, for ``from_dlpack`` of any library; a capsule is consumed once.

    A consumer that knows ``max_version`` 1.0 and later gets a versioned capsule, which tells whether it holds a copy.
    """
    if input.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if is_sparse(input):
        raise BufferError("Can't export tensors with layout other than torch.strided")
    if input._device is not CPU:
        raise BufferError(f"a tensor on {input._device} cannot be exported by DLPack")
    if stream is not None and stream.__class__ is not int:
        raise TypeError("stream must be ``int`` or ``none``")
    if stream not in (None, -1):
        raise AssertionError("stream should be None on cpu.")
    if dl_device is not None and tuple(dl_device) != dlpack_device(input):
        raise BufferError(f"a CPU tensor cannot be exported to the DLPack device {tuple(dl_device)}")
    if VERSION is not None and max_version is not None and max_version[0] >= 1:
        capsule = input._array.__dlpack__(max_version=VERSION, copy=copy)
    else:
        capsule = (input._array.copy() if copy else input._array).__dlpack__()
    if input._dtype is dtypes.bfloat16:         # stored as unsigned words, which NumPy has called them
        _code_of(capsule).value = BFLOAT
    return capsule


def dlpack_device(input: Any) -> tuple[int, int]:
    """Type and index of the tensor's device as DLPack numbers them."""
    return (CPU_TYPE, 0) if input._device is CPU else (CUDA_TYPE, input._device.index or 0)


def _code_of(capsule: Any) -> Any:
    """Where a capsule says what kind of numbers it holds; None for what is no capsule, or one that was consumed."""
    for name, offset in CODE_OFFSETS.items():
        if _is_valid(capsule, name):
            return ctypes.c_uint8.from_address(_pointer(capsule, name) + offset)
    return None


class _Exporter:
    """Presents a capsule to NumPy."""

    def __init__(self, capsule: Any):
        self.capsule = capsule

    def __dlpack__(self, **options: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return CPU_TYPE, 0


def to_dlpack(tensor: Any) -> Any:
    """A DLPack capsule over a tensor's memory.

    >>> from_dlpack(to_dlpack(tensor([1, 2])))
    tensor([1, 2])
    """
    return dlpack(tensor)


def capsule_of(producer: Any, device: Any, copy: bool | None) -> Any:
    """The capsule that an object gives, asked in the newest way that it understands."""
    where = tuple(producer.__dlpack_device__())
    options: dict[str, Any] = {} if VERSION is None else {"max_version": VERSION}
    if int(where[0]) != CPU_TYPE:
        if device is None or copy is False:
            raise RuntimeError(f"from_dlpack: memory of the DLPack device {where} cannot be viewed by a CPU tensor; device='cpu' copies it")
        options["dl_device"] = (CPU_TYPE, 0)
    if copy is not None:
        options["copy"] = copy
    try:
        return producer.__dlpack__(**options)
    except TypeError:
        if "dl_device" in options:
            raise
        return producer.__dlpack__()            # from before versions; a copy is made of what it gives


def from_dlpack(dlpack: Any, *, device: Any = None, copy: bool | None = None) -> Any:
    """A tensor over the memory of another library's array: any object with ``__dlpack__``, or a capsule, which is consumed.

    ``copy`` says whether memory must (True) or may not (False) be new; ``device`` where the tensor is to be.

    >>> a = np.zeros(2)
    >>> from_dlpack(a).fill_(1)
    tensor([1., 1.], dtype=torch.float64)
    >>> a
    array([1., 1.])
    """
    where = None if device is None else place(device)
    if where not in (None, CPU) and copy is False:
        raise ValueError(f"from_dlpack: memory of the CPU cannot be used on {where} without a copy, which copy=False forbids")
    capsule = capsule_of(dlpack, device, copy) if hasattr(dlpack, "__dlpack__") else dlpack
    code = _code_of(capsule)
    if code is None:
        raise RuntimeError("from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might "
                           "have already constructed a tensor from it once.")
    is_copy = _is_valid(capsule, VERSIONED) and ctypes.c_uint64.from_address(_pointer(capsule, VERSIONED) + FLAGS_OFFSET).value & IS_COPIED
    made = consumed(capsule, code)
    if where not in (None, CPU):
        return made.to(where)
    return made.clone() if copy and not is_copy else made


def consumed(capsule: Any, code: Any) -> Any:
    """The tensor over the memory of a capsule, which belongs to it from here on."""
    is_bfloat = code.value == BFLOAT
    if is_bfloat:
        code.value = UNSIGNED
    found = np.from_dlpack(_Exporter(capsule))
    if not found.flags.writeable:               # NumPy cannot know whether the owner minds; a tensor is written to
        interface = {**found.__array_interface__, "data": (found.__array_interface__["data"][0], False)}
        found = np.asarray(_Holder(interface, found))
    if not is_bfloat:
        return from_numpy(found)
    made = from_numpy(found.view(np.int16))
    return made.view(dtypes.bfloat16)


def array_wrap(input: Any, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
    """The result of a NumPy function of a tensor, as a tensor.

    >>> np.sin(zeros(2))
    tensor([0., 0.])
    """
    return from_numpy(np.asarray(array))
