"""Reading checkpoints that torch wrote before 1.6: a row of pickles, then the storages one after the other."""
from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from .archive import read_into
from .storage import Storage

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001


def read(file: BinaryIO, unpickle: Callable[[BinaryIO, Callable], Any], place: Callable[..., Any], where: str) -> Any:
    """The object in a file: magic number, version, system, object, storage keys; then each storage's length and content.

    ``place(array, dtype, location)`` makes a storage. The object comes first, so its storages begin empty and fill later.
    """
    def nothing(reference: Any) -> Any:
        raise ValueError(f"a reference to {reference!r} in the head")

    if file.read(1) != b"\x80":
        raise RuntimeError(f"load: {where} is no checkpoint: it begins neither as a zip file nor as a pickle")
    file.seek(-1, 1)
    if unpickle(file, nothing) != MAGIC:
        raise RuntimeError(f"load: {where} is a pickle but no checkpoint; pickle.load reads it, if you trust it")
    version = unpickle(file, nothing)
    if version != VERSION:
        raise RuntimeError(f"load: {where} has version {version}, expected {VERSION}")
    system = unpickle(file, nothing)
    roots: dict[str, np.ndarray] = {}
    storages: dict[tuple, Any] = {}

    def storage(reference: tuple) -> Any:
        if reference[0] == "module":            # a class and its source, which was kept for comparison
            return reference[1]
        _, kind, key, location, count, view = reference
        if key not in roots:
            check_room(file, count * kind.dtype.itemsize)
            roots[key] = np.zeros(count, kind.dtype.numpy)
            storages[key,] = place(roots[key], kind.dtype, location)
        if view is None:
            return storages[key,]
        part, offset, length = view
        if (key, part) not in storages:
            whole = storages[key,]
            root = whole.part(offset, (length,), (1,))
            storages[key, part] = whole._replace(storage=Storage(root))
        return storages[key, part]

    found = unpickle(file, storage)
    foreign = system["little_endian"] != (sys.byteorder == "little")
    for key in unpickle(file, nothing):
        count = int.from_bytes(file.read(8), "little" if system["little_endian"] else "big")
        if count != len(roots[key]):
            raise ValueError(f"a storage of {count} elements, expected {len(roots[key])}")
        read_into(file, roots[key], last=False)
        if foreign:
            roots[key].byteswap(inplace=True)
    return found


def check_room(file: BinaryIO, size: int) -> None:
    """EOFError unless the file has this many bytes left: a wrong length must not take all memory."""
    here = file.tell()
    left = file.seek(0, 2) - here
    file.seek(here)
    if not 0 <= size <= left:
        raise EOFError(f"a storage of {size} bytes, but {left} bytes are left")
