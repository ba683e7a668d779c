"""Typed storages: the memory of tensors, seen as a flat run of elements of one type.

``tensor.storage()`` shows the tensor's memory; ``FloatStorage(3)`` is memory of its own. Whatever is written to a storage is
seen by all tensors over it.
"""
from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .core import dtype as dtypes
from .core import launch, memory, scalars
from .core.device import CPU
from .core.storage import Storage as Memory
from .core.tensor_base import wrap
from .storage_memory import SharedMap, move, shared_copy

OF_DTYPE: dict[dtypes.dtype, type] = {}       # filled by storage_types.py, as is the next
NAMED: dict[str, type] = {}


def cast_to(kind: Any) -> Callable:
    """A method that gives the elements in another type."""
    def cast(self: Storage) -> Storage:
        return self._cast(kind)

    cast.__doc__ = f"The elements as {kind.name}."
    return cast


class Storage:
    """A flat run of elements of one type on one device.

    ``Storage(size)`` is uninitialised, ``Storage([1, 2])`` holds these numbers. Of the class itself these make a storage of the
    default type; each type has a class of its own, such as `FloatStorage`.

    >>> storage = tensor([1.0, 2.0]).storage()
    >>> storage.fill_(3).tolist()
    [3.0, 3.0]
    """

    dtype: Any = None
    is_cuda = False
    is_sparse = False

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return object.__new__(OF_DTYPE[dtypes.get_default_dtype()] if cls is Storage else cls)

    def __init__(self, *args: Any):
        if len(args) > 1:
            raise TypeError(f"{type(self).__name__}() takes a size or a sequence of numbers, got {len(args)} arguments")
        given = args[0] if args else 0
        if isinstance(given, int):
            if given < 0:
                raise RuntimeError(f"{type(self).__name__}(): size must not be negative, got {given}")
            self.memory = Memory(memory.empty((given,), self.dtype.numpy))
        elif isinstance(given, Storage):
            self.memory = given.memory
        elif hasattr(given, "__len__") and not isinstance(given, (str, bytes)):
            self.memory = Memory(self._elements(given))
        else:
            raise TypeError(f"{type(self).__name__}(): expected a size or a sequence of numbers, got {type(given).__name__}")

    def _elements(self, values: Any) -> np.ndarray:
        from .ops.from_data import tensor

        array = tensor(values, dtype=self.dtype)._array
        if array.ndim != 1:
            raise TypeError(f"{type(self).__name__}(): expected a flat sequence of numbers, got {array.ndim} dimensions")
        return array

    @property
    def _array(self) -> np.ndarray:
        return self.memory.root.view(self.dtype.numpy)

    # what it is
    device = property(lambda self: CPU, doc="Where the elements are.")

    def size(self) -> int:
        """Number of elements.

        >>> torch.FloatStorage(3).size()
        3
        """
        return self.memory.root.nbytes // self.dtype.itemsize

    __len__ = size

    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.memory.root.nbytes

    def element_size(self) -> int:
        """Bytes an element.

        >>> torch.FloatStorage(3).element_size()
        4
        """
        return self.dtype.itemsize

    def data_ptr(self) -> int:
        """Address of the first element.

        >>> x = torch.ones(3)
        >>> x.storage().data_ptr() == x.data_ptr()
        True
        """
        return memory.pointer(self.memory.root) if self.size() else 0

    def resizable(self) -> bool:
        """Whether `resize_` may change the size: not of shared memory, nor of a NumPy array's."""
        return self.memory.resizable and not self.is_shared()

    def get_device(self) -> int:
        """Index of the CUDA device, -1 on the CPU."""
        return -1

    # elements
    def _item(self, index: int) -> Any:
        return wrap(self._array[index:index + 1], self.dtype).item()

    def _position(self, index: int) -> int:
        size = self.size()
        if not -size <= index < size:
            raise IndexError(f"index {index} out of range for storage of size {size}")
        return index % size

    def _part(self, index: slice) -> slice:
        start, stop, step = index.indices(self.size())
        if step != 1:
            raise RuntimeError(f"a storage's part is contiguous: a slice of one has step 1, got {step}")
        return slice(start, max(start, stop))

    def __getitem__(self, index: Any) -> Any:
        """An element, or with a slice a storage over part of the memory."""
        if isinstance(index, slice):
            return over(Memory(self._array[self._part(index)], resizable=False), self.dtype)
        return self._item(self._position(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        where = self._part(index) if isinstance(index, slice) else self._position(index)
        self._array[where] = scalars.full_scalar(value, self.dtype, CPU)._array

    def __iter__(self) -> Iterator:
        return iter(self.tolist())

    def tolist(self) -> list:
        """The elements as Python numbers.

        >>> torch.FloatStorage([1, 2]).tolist()
        [1.0, 2.0]
        """
        return wrap(self._array, self.dtype).tolist()

    def fill_(self, value: Any) -> Storage:
        """Set every element.

        >>> torch.FloatStorage(2).fill_(3).tolist()
        [3.0, 3.0]
        """
        self[:] = value
        return self

    def copy_(self, source: Storage, non_blocking: bool | None = None) -> Storage:
        """Take over the elements of a storage of the same size, and of any type.

        >>> torch.IntStorage(2).copy_(torch.FloatStorage([1.5, 2.5])).tolist()
        [1, 2]
        """
        if not isinstance(source, Storage):
            raise TypeError(f"copy_(): expected a storage, got {type(source).__name__}")
        if source.size() != self.size():
            raise RuntimeError(f"copy_(): size does not match: this storage has {self.size()} elements, the source {source.size()}")
        launch.copy_array(source._array, source.dtype, wrap(self._array, self.dtype))
        return self

    def resize_(self, size: int) -> Storage:
        """Change the number of elements; as many as fit are kept, further ones are uninitialised. Tensors stay where they are.

        >>> storage = torch.FloatStorage([1, 2, 3])
        >>> storage.resize_(2).tolist()
        [1.0, 2.0]
        """
        if size < 0:
            raise RuntimeError(f"resize_(): size must not be negative, got {size}")
        if not self.resizable():
            raise RuntimeError("Trying to resize storage that is not resizable: it is shared, or belongs to a NumPy array")
        root = self.memory.root
        count = size * self.dtype.itemsize // root.itemsize
        if count <= root.size:
            self.memory.root = root[:count]
        else:
            move(self.memory, memory.empty((count,), root.dtype))
        return self

    # copies
    def new(self, *args: Any) -> Storage:
        """A storage of the same type, made as by its constructor.

        >>> torch.FloatStorage([1]).new([2, 3]).tolist()
        [2.0, 3.0]
        """
        return type(self)(*args)

    def clone(self) -> Storage:
        """A copy in memory of its own.

        >>> storage = torch.FloatStorage([1, 2])
        >>> other = storage.clone().fill_(0)
        >>> storage.tolist()
        [1.0, 2.0]
        """
        return over(Memory(self._array.copy()), self.dtype)

    __copy__ = clone

    def __deepcopy__(self, memo: dict) -> Storage:
        copied = memo.get(id(self.memory))
        if copied is None:
            copied = memo[id(self.memory)] = Memory(self.memory.root.copy())
            memo.setdefault(id(memo), []).append(self.memory)
        return over(copied, self.dtype)

    def __reduce__(self) -> tuple:
        return _from_bytes, (type(self).__name__, self._array.tobytes())

    def type(self, dtype: Any = None, non_blocking: bool = False, **legacy: Any) -> Any:
        """The name of the type, such as ``torch.FloatStorage``; or, given a type or its name, a storage of that type: itself if
        it already is one, else a copy.

        >>> torch.FloatStorage([1]).type()
        'torch.FloatStorage'
        >>> torch.FloatStorage([1]).type("torch.IntStorage").tolist()
        [1]
        """
        if set(legacy) - {"async"}:
            raise TypeError(f"type() got an unexpected keyword argument {sorted(legacy)[0]!r}")
        if dtype is None:
            return f"torch.{type(self).__name__}"
        if isinstance(dtype, dtypes.dtype):
            return self._cast(dtype)
        name = dtype if isinstance(dtype, str) else f"torch.{getattr(dtype, '__name__', '')}"
        for kind in OF_DTYPE.values():
            if name == f"torch.{kind.__name__}":
                return self._cast(kind.dtype)
        raise ValueError(f"invalid type: {dtype!r}")

    def _cast(self, kind: Any) -> Storage:
        if kind is self.dtype:
            return self
        return over(Memory(launch.convert(self._array, self.dtype, kind)), kind)

    bool, byte, char, short, int = map(cast_to, (dtypes.bool_, dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32))
    long, half, bfloat16, float, double = map(cast_to, (dtypes.int64, dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64))

    def cpu(self) -> Storage:
        """This storage in the memory of the CPU, where it is.

        >>> storage = torch.FloatStorage(1)
        >>> storage.cpu() is storage
        True
        """
        return self

    def cuda(self, device: Any = None, non_blocking: bool = False, **legacy: Any) -> Any:
        """A copy in the memory of a CUDA device; RuntimeError where there is none.

        >>> torch.FloatStorage(1).cuda()                        # doctest: +SKIP
        """
        from . import cuda

        if set(legacy) - {"async"}:
            raise TypeError(f"cuda() got an unexpected keyword argument {sorted(legacy)[0]!r}")
        cuda.check_available("Storage.cuda")
        raise RuntimeError("storages on CUDA devices are not supported; move tensors there instead")

    # sharing
    def pin_memory(self) -> Storage:
        """A copy in memory that CUDA can read directly; RuntimeError without CUDA.

        >>> torch.FloatStorage(1).pin_memory()                  # doctest: +SKIP
        """
        from . import cuda

        cuda.check_available("pin_memory")
        raise RuntimeError("pinned storages are not supported")

    def is_pinned(self) -> bool:
        """Whether the memory is pinned for CUDA.

        >>> torch.FloatStorage(1).is_pinned()
        False
        """
        return False

    def is_shared(self) -> bool:
        """Whether other processes see what is written: after `share_memory_`, or of a shared file.

        >>> torch.FloatStorage(1).is_shared()
        False
        """
        owner = self.memory.root
        while isinstance(owner, (np.ndarray, memoryview)):
            owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
        return isinstance(owner, SharedMap)

    def share_memory_(self) -> Storage:
        """Move the elements to memory that forked processes share; tensors over them move along. Shared storages keep their size.

        >>> torch.FloatStorage([1, 2]).share_memory_().is_shared()
        True
        """
        if not self.is_shared():
            move(self.memory, shared_copy(self.memory.root), resizable=False)
        return self

    @classmethod
    def from_file(cls, filename: Any, shared: bool = False, size: int = 0) -> Storage:
        """A storage over the first ``size`` elements of a file (0: all).

        With ``shared`` what is written goes to the file, which is made or enlarged if it is too small. Otherwise it must hold that
        many elements, and changes are private.

        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     torch.FloatStorage.from_file(file.name, True, 3).size()
        3
        """
        needed = size * cls.dtype.itemsize
        if size < 0:
            raise RuntimeError(f"from_file: size must not be negative, got {size}")
        descriptor = os.open(filename, (os.O_RDWR | os.O_CREAT if shared else os.O_RDONLY) | getattr(os, "O_BINARY", 0), 0o666)
        try:
            there = os.fstat(descriptor).st_size
            if there < needed:
                if not shared:
                    raise RuntimeError(f"from_file: {os.fspath(filename)!r} has {there} bytes, {size} elements need {needed}")
                os.ftruncate(descriptor, needed)
            count = size or there // cls.dtype.itemsize
            if not count:
                return cls(0)
            kind = SharedMap if shared else mmap.mmap
            block = kind(descriptor, count * cls.dtype.itemsize, access=mmap.ACCESS_WRITE if shared else mmap.ACCESS_COPY)
        finally:
            os.close(descriptor)
        return over(Memory(np.frombuffer(block, cls.dtype.numpy), resizable=False), cls.dtype)

    @classmethod
    def from_buffer(cls, buffer: Any, byte_order: str | None = None, count: int = -1, offset: int = 0) -> Storage:
        """A copy of ``count`` elements (-1: all) from byte ``offset`` of an object that offers a buffer.

        ``byte_order`` is "native", "little" or "big"; elements of one byte do without.

        >>> torch.ShortStorage.from_buffer(bytes([1, 0, 2, 0]), "little").tolist()
        [1, 2]
        """
        orders = {"native": "=", "little": "<", "big": ">"}
        if byte_order is None and cls.dtype.itemsize == 1:
            byte_order = "native"
        if byte_order not in orders:
            raise ValueError(f"invalid byte_order {byte_order!r} (expected 'big', 'little', or 'native')")
        there = memoryview(buffer).nbytes
        if offset < 0 or offset > there:
            raise ValueError(f"offset must be non-negative and no greater than buffer length ({there}), but got {offset}")
        width = cls.dtype.itemsize
        if count < 0:
            count, rest = divmod(there - offset, width)
            if rest:
                raise ValueError(f"buffer size ({there - offset}) must be a multiple of element size ({width})")
        elif offset + count * width > there:
            raise ValueError(f"buffer has only {there - offset} bytes after offset {offset}, {count} elements need {count * width}")
        found = np.frombuffer(memoryview(buffer).cast("B"), cls.dtype.numpy.newbyteorder(orders[byte_order]), count, offset)
        return over(Memory(found.astype(cls.dtype.numpy)), cls.dtype)

    def __repr__(self) -> str:
        return "".join(f" {value}\n" for value in self.tolist()) + f"[torch.{type(self).__name__} of size {self.size()}]"


def over(held: Memory, kind: Any) -> Any:
    """The typed storage over memory."""
    made = object.__new__(OF_DTYPE[kind])
    made.memory = held
    return made


def _from_bytes(name: str, content: bytes) -> Storage:
    return NAMED[name].from_buffer(content, "native")
