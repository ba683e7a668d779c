"""``save`` and ``load``: checkpoints in torch's format, which either library reads.

An object is pickled with its storages left out; they follow as plain memory (core/archive.py). Tensors that share memory
share it again after loading. Reading runs no code from the file unless asked to (core/unpickle.py).
"""
from __future__ import annotations

import io
import os
import pickle
import pickletools
import struct
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from . import rebuild
from . import storage as storages
from .core import dtype as dtypes
from .core import legacy
from .core.archive import Archive, replacing, write_archive
from .core.device import device
from .core.dtype import dtype
from .core.size import Size
from .core.sparse_array import is_sparse
from .core.storage import Storage, storage_of, storage_offset
from .core.tensor_base import TensorBase
from .core.unpickle import CONTAINERS, unpickle
from .rebuild import STORAGE_TYPES, TORCH_NAMES, StorageType, TypedStorage
from .serialization_options import (
    LoadEndianness,
    add_safe_globals,
    clear_safe_globals,
    default_restore_location,
    fallback_byte_order,
    get_default_load_endianness,
    get_default_mmap_options,
    get_safe_globals,
    location_tag,
    mapped_for_writing,
    register_package,
    restored,
    safe_globals,
    safe_names,
    set_default_load_endianness,
    set_default_mmap_options,
)
from .tensor import Tensor

__all__ = ["add_safe_globals", "clear_safe_globals", "default_restore_location", "get_default_load_endianness",
           "get_default_mmap_options", "get_safe_globals", "get_unsafe_globals_in_checkpoint", "load", "LoadEndianness",
           "location_tag", "register_package", "safe_globals", "save", "set_default_load_endianness",
           "set_default_mmap_options"]

DAMAGE = (EOFError, IndexError, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, struct.error,
          zlib.error)
MapLocation = Callable[[Storage, str], Any] | device | str | Mapping[str, str] | None


# ---- save --------------------------------------------------------------------------------------------------------------

def save(obj: Any, f: Any, pickle_module: Any = pickle, pickle_protocol: int = 2) -> None:
    """Write an object to a file: a tensor, a ``state_dict``, or anything else that can be pickled.

    A path is written completely or not at all: if the disk is full, what was there stays and OSError is raised. torch reads
    the file too.

    Args:
        obj: what to save. Tensors that share memory will share it again when loaded.
        f: a path, or a file opened for writing in binary mode.
        pickle_module: the module whose ``Pickler`` is used.
        pickle_protocol: 2 or 3; with a higher one the file is written in 3, the last that names things as torch does.

    >>> import io, nb_nn
    >>> buffer = io.BytesIO()
    >>> save({"weight": nb_nn.ones(2), "epoch": 3}, buffer)
    >>> load(buffer)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    if not isinstance(f, (str, os.PathLike)) and (not hasattr(f, "write") or isinstance(f, io.TextIOBase)):
        raise TypeError(f"save: expected a path or a file opened in mode 'wb', got {type(f).__name__}")
    pickled, storages = pickle_apart(obj, pickle_module, pickle_protocol)
    with nullcontext(f) if hasattr(f, "write") else replacing(f) as file:
        write_archive(file, pickled, storages)


class Reference(NamedTuple):
    """Stands for a tensor's storage while its owner is pickled."""
    storage: Storage
    dtype: dtype
    device: device


def pickle_apart(obj: Any, pickle_module: Any, protocol: int) -> tuple[bytes, list[np.ndarray]]:
    """An object's pickle, as torch would have written it, and the storages that it refers to by number."""
    numbers: dict[int, int] = {}
    kept: list[Storage] = []

    class Pickler(pickle_module.Pickler):
        def persistent_id(self, part: Any) -> Any:
            if isinstance(part, storages.Storage):
                part = Reference(part.memory, part.dtype or dtypes.uint8, part.device)
            if type(part) is not Reference:
                return None
            number = numbers.setdefault(id(part.storage), len(kept))
            if number == len(kept):
                kept.append(part.storage)
            where = location_tag(storages.over(part.storage, part.dtype)) if part.device.type == "cpu" else str(part.device)
            kind = STORAGE_TYPES.get(part.dtype, rebuild.UntypedStorage)
            return "storage", kind, str(number), where, part.storage.root.nbytes // kind.dtype.itemsize

        def reducer_override(self, part: Any) -> Any:
            if isinstance(part, TensorBase):
                return reduce_tensor(part)
            if isinstance(part, dtype):
                return "bool_" if part is dtypes.bool_ else part.name
            if type(part) is device:
                return device, (part.type,) if part.index is None else (part.type, part.index)
            outer = getattr(super(), "reducer_override", None)
            return outer(part) if outer else NotImplemented

    buffer = io.BytesIO()
    Pickler(buffer, protocol=min(protocol, 3)).dump(obj)
    roots = [storage.root for storage in kept]
    return with_torch_names(buffer.getvalue()), [root if isinstance(root, np.ndarray) else root.get() for root in roots]


def reduce_tensor(tensor: Any) -> tuple:
    """How a tensor is made again: a function of ``rebuild`` and its arguments."""
    from .nn.parameter import Parameter, is_lazy
    if is_lazy(tensor):
        made = rebuild._uninitialized_parameter if isinstance(tensor, Parameter) else rebuild._uninitialized_buffer
        return made, (tensor.requires_grad,)
    attributes = {name: value for name, value in tensor.__dict__.items() if not name.startswith("_")}
    if isinstance(tensor, Parameter):
        arguments = (tensor.detach(), tensor.requires_grad, OrderedDict())
        return (rebuild._rebuild_parameter_with_state, (*arguments, attributes)) if attributes else (rebuild._rebuild_parameter, arguments)
    if is_sparse(tensor):
        array = tensor._array
        return rebuild._rebuild_sparse_tensor, (rebuild.SPARSE_COO, (array.indices, array.values, Size(array.shape), array.coalesced))
    reference = Reference(storage_of(tensor), tensor.dtype, tensor.device)
    arguments = (reference, storage_offset(tensor), tuple(tensor.shape), tuple(tensor.stride()), tensor.requires_grad, OrderedDict())
    function = rebuild._rebuild_tensor_v2
    if tensor.dtype not in STORAGE_TYPES:
        function, arguments = rebuild._rebuild_tensor_v3, (*arguments, tensor.dtype)
    if attributes:
        return rebuild._rebuild_from_type_v2, (function, Tensor, arguments, attributes)
    return function, arguments


OWN_NAMES = {
    **{f"{rebuild.__name__} {function.__name__}": f"torch._utils {function.__name__}" for function in rebuild.FUNCTIONS},
    **{f"{rebuild.__name__} {kind.name}": f"torch {kind.name}" for kind in STORAGE_TYPES.values()},
    **{f"{dtypes.__name__} {kind.name}": f"torch {kind.name}" for kind in dtypes.ALL},
    f"{dtypes.__name__} bool_": "torch bool",
    f"{rebuild.__name__} _uninitialized_parameter": "torch.nn.parameter UninitializedParameter",
    f"{rebuild.__name__} _uninitialized_buffer": "torch.nn.parameter UninitializedBuffer",
    f"{rebuild.__name__} _rebuild_from_type_v2": "torch._tensor _rebuild_from_type_v2",
    f"{rebuild.__name__} UntypedStorage": "torch.storage UntypedStorage",
    f"{Tensor.__module__} Tensor": "torch Tensor",
    f"{Size.__module__} Size": "torch Size",
    f"{rebuild.__name__} _get_layout": "torch.serialization _get_layout",
    f"{device.__module__} device": "torch device",
}


def with_torch_names(pickled: bytes) -> bytes:
    """A pickle with our names of functions and types replaced by torch's.

    Up to protocol 3 a name is two lines of text in a stream without lengths or positions, so it may change its size.
    """
    pieces, done = [], 0
    for opcode, argument, position in pickletools.genops(pickled):
        if opcode.name == "GLOBAL" and argument in OWN_NAMES:
            pieces += pickled[done:position], f"c{OWN_NAMES[argument]}\n".replace(" ", "\n").encode()
            done = position + len(f"c{argument}\n")
    return b"".join([*pieces, pickled[done:]])


# ---- load --------------------------------------------------------------------------------------------------------------

def load(f: Any, map_location: MapLocation = None, pickle_module: Any = None, *, weights_only: bool | None = None,
         mmap: bool | None = None, **pickle_load_args: Any) -> Any:
    """Read an object that ``save``, here or in torch, has written.

    Only tensors, numbers, text and plain containers are read, which is safe with a file from anywhere: anything else raises
    pickle.UnpicklingError, a damaged file RuntimeError. ``weights_only=False`` also reads whole modules and objects of your
    own classes, and **runs whatever code the file names**: use it for files that you trust.

    Args:
        f: a path, or a file opened for reading in binary mode.
        map_location: where storages go: a device; a dictionary from saved to wanted devices; or a function of
            (storage, saved device) that returns a storage, or None for the saved device.
        pickle_module: the module whose ``Unpickler`` is used; giving one implies ``weights_only=False``.
        weights_only: see above; True unless ``pickle_module`` is given.
        mmap: let tensors show the file, which must be given by its path, in place of reading it; what is written to them is not
            written to the file (see `set_default_mmap_options`).
        pickle_load_args: for the ``Unpickler``, such as ``encoding="latin1"``.

    >>> import io
    >>> buffer = io.BytesIO()
    >>> torch.save({"weight": torch.ones(2)}, buffer)
    >>> load(buffer)
    {'weight': tensor([1., 1.])}
    """
    if mmap and not isinstance(f, (str, os.PathLike)):
        raise ValueError("load: f must be a file path in order to use the mmap argument")

    safe = pickle_module is None if weights_only is None else weights_only
    if safe and pickle_module is not None:
        raise RuntimeError("load: weights_only=True reads with its own unpickler; do not pass pickle_module with it")
    if not isinstance(f, (str, os.PathLike)) and (not hasattr(f, "read") or isinstance(f, io.TextIOBase)):
        raise TypeError(f"load: expected a path or a file opened in mode 'rb', got {type(f).__name__}")
    shared = bool(mmap) and mapped_for_writing()
    with nullcontext(f) if hasattr(f, "read") else open(f, "r+b" if shared else "rb") as file:
        where = repr(os.fspath(f)) if file is not f else "the file"
        reader = Reader(where, map_location, None if safe else pickle_module or pickle, pickle_load_args)
        if mmap:
            reader.mapped, reader.shared = True, shared
        try:
            return with_storages(reader.read(rewound(file)))
        except DAMAGE as error:
            if not safe and not isinstance(error, EOFError):
                raise           # may come from the user's own classes
            raise RuntimeError(f"load: {where} is damaged, not written to its end, or no checkpoint ({error})") from error


def get_unsafe_globals_in_checkpoint(f: Any) -> list[str]:
    """The classes and functions that a checkpoint names and that `load` with ``weights_only=True`` would refuse.

    >>> import fractions, io
    >>> buffer = io.BytesIO()
    >>> torch.save(fractions.Fraction(1, 2), buffer)
    >>> torch.serialization.get_unsafe_globals_in_checkpoint(buffer)
    ['fractions.Fraction']
    """
    with nullcontext(f) if hasattr(f, "read") else open(f, "rb") as file:
        file = rewound(file)
        if file.read(4) != b"PK\x03\x04":
            raise ValueError("get_unsafe_globals_in_checkpoint: expected a checkpoint in the zip format that save writes")
        file.seek(-4, io.SEEK_CUR)
        pickled = Archive(file, "the checkpoint").read("data.pkl")
    known = {**CONTAINERS, **TORCH_NAMES, **safe_names}
    return sorted({name.replace(" ", ".") for name in names_in(pickled) if name not in known})


def names_in(pickled: bytes) -> Iterator[str]:
    """The "module name" of each class and function that a pickle names."""
    texts: list[str] = []
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name in ("GLOBAL", "INST"):
            yield argument
        elif opcode.name == "STACK_GLOBAL":
            yield " ".join(texts[-2:])
        elif isinstance(argument, str):
            texts.append(argument)


def with_storages(loaded: Any) -> Any:
    """What was read, with storages that stand in it by themselves as users know them."""
    if isinstance(loaded, TypedStorage):
        return storages.over(loaded.storage, loaded.dtype)
    if type(loaded) is list:
        loaded[:] = [with_storages(one) for one in loaded]
    elif type(loaded) is tuple:
        return tuple([with_storages(one) for one in loaded])
    elif type(loaded) in (dict, OrderedDict):
        for name, value in loaded.items():
            if isinstance(value, (TypedStorage, list, tuple, dict)):
                loaded[name] = with_storages(value)
    return loaded


def rewound(file: BinaryIO) -> BinaryIO:
    """The file itself if one can go back in it, else its content; a buffer just written is read from its start."""
    if not (hasattr(file, "seekable") and file.seekable()):
        return io.BytesIO(file.read())
    if isinstance(file, io.BytesIO) and file.tell() == len(file.getbuffer()):
        file.seek(0)
    return file


class Reader:
    """How one file is read: its name for messages, where storages go, and by which unpickler (None: the safe one)."""

    def __init__(self, where: str, map_location: MapLocation, pickle_module: Any, arguments: dict):
        self.where, self.map_location, self.pickle_module, self.arguments = where, map_location, pickle_module, arguments
        self.storages: dict[str, TypedStorage] = {}
        self.mapped = self.shared = False       # whether storages show the file, and write to it

    def read(self, file: BinaryIO) -> Any:
        start = file.tell()
        opening = file.read(4)
        file.seek(start)
        if opening == b"PK\x03\x04":
            return self.read_archive(file)
        if self.mapped:
            raise RuntimeError(f"load: mmap can only be used with files in the zip format; {self.where} is older: load it without mmap and "
                               "save it again")
        return legacy.read(file, self.unpickle, self.place, self.where)

    def read_archive(self, file: BinaryIO) -> Any:
        archive = Archive(file, self.where, fallback_byte_order())

        def storage(reference: tuple) -> TypedStorage:
            tag, kind, key, location, count = reference
            if tag != "storage" or not isinstance(kind, StorageType):
                raise ValueError(f"a reference to a {tag!r}")
            if key not in self.storages:
                content = (archive.map_storage(key, kind.dtype.numpy, count, self.shared) if self.mapped
                           else archive.read_storage(key, kind.dtype.numpy, count))
                self.storages[key] = self.place(content, kind.dtype, location)
            return self.storages[key]

        return self.unpickle(io.BytesIO(archive.read("data.pkl")), storage)

    def unpickle(self, file: BinaryIO, persistent: Callable[[tuple], Any]) -> Any:
        if self.pickle_module is None:
            trusted = frozenset(one for one in safe_names.values() if isinstance(one, type))
            return unpickle(file, {**TORCH_NAMES, **safe_names}, persistent, trusted)

        class Unpickler(self.pickle_module.Unpickler):
            def find_class(self, module: str, name: str) -> Any:
                known = TORCH_NAMES.get(f"{module} {name}")
                if known is not None:
                    return known
                if module == "torch" or module.startswith("torch."):
                    module = "nb_nn" + module.removeprefix("torch")
                return super().find_class(module, name)

            def persistent_load(self, reference: tuple) -> Any:
                return persistent(reference)

        return Unpickler(file, **self.arguments).load()

    def place(self, root: np.ndarray, kind: dtype, location: str) -> TypedStorage:
        """A storage over memory that was read, on the device where it is wanted."""
        storage, wanted = Storage(root), self.map_location
        if callable(wanted):
            found = wanted(storages.over(storage, kind), location)
            if found is not None:
                return TypedStorage(getattr(found, "memory", found), kind, device("cpu"))
            wanted = None
        if isinstance(wanted, Mapping):
            wanted = wanted.get(location, location)
        found = restored(storages.over(storage, kind), location if wanted is None else str(wanted))
        if found is not None:
            return TypedStorage(found.memory, kind, found.device)
        target = device(location if wanted is None else wanted)
        if target.type != "cpu":
            raise RuntimeError("Attempting to deserialize object on a CUDA device: "
                               f"a storage was saved on {location} and would go to {target}, which is not available "
                               "here; to load it on the CPU, say load(..., map_location='cpu')")
        return TypedStorage(storage, kind, target)
