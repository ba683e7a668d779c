"""Memory shared with other libraries: DLPack both ways, and what NumPy makes of tensors in its functions."""
from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from .core import dtype as dtypes
from .core.device import CPU
from .core.storage import _Holder
from .ops.from_data import from_numpy

CPU_TYPE = 1                            # kDLCPU
UNSIGNED, BFLOAT = 1, 4                 # DLDataTypeCode
CODE_OFFSET = 20                        # of DLTensor.dtype.code: behind data (8), device (8) and ndim (4)
NAME = b"dltensor"

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
    """A DLPack capsule over the tensor's memory, for ``from_dlpack`` of any library; a capsule is consumed once."""
    if input.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if input._device is not CPU:
        raise BufferError(f"a tensor on {input._device} cannot be exported by DLPack")
    if dl_device is not None and tuple(dl_device) != dlpack_device(input):
        raise BufferError(f"a CPU tensor cannot be exported to the DLPack device {tuple(dl_device)}")
    if copy:
        input = input.clone()
    capsule = input._array.__dlpack__()
    if input._dtype is dtypes.bfloat16:         # stored as unsigned words, which NumPy has called them
        _code_of(capsule).value = BFLOAT
    return capsule


def dlpack_device(input: Any) -> tuple[int, int]:
    """Type and index of the tensor's device as DLPack numbers them."""
    return CPU_TYPE, 0


def _code_of(capsule: Any) -> Any:
    """Where a capsule says what kind of numbers it holds."""
    return ctypes.c_uint8.from_address(_pointer(capsule, NAME) + CODE_OFFSET)


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


def from_dlpack(dlpack: Any) -> Any:
    """A tensor over the memory of another library's array: any object with ``__dlpack__``, or a capsule, which is consumed.

    >>> a = np.zeros(2)
    >>> from_dlpack(a).fill_(1)
    tensor([1., 1.], dtype=torch.float64)
    >>> a
    array([1., 1.])
    """
    capsule = dlpack
    if hasattr(dlpack, "__dlpack__"):
        where = tuple(dlpack.__dlpack_device__())
        if int(where[0]) != CPU_TYPE:
            raise RuntimeError(f"from_dlpack: memory of the DLPack device {where} cannot be viewed by a CPU tensor")
        capsule = dlpack.__dlpack__()
    if not _is_valid(capsule, NAME):
        raise RuntimeError("from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might "
                           "have already constructed a tensor from it once.")
    code = _code_of(capsule)
    is_bfloat = code.value == BFLOAT
    if is_bfloat:
        code.value = UNSIGNED                   # the capsule is ours from here on
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
