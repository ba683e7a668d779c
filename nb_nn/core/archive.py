"""The zip file a checkpoint is kept in, and how it comes to disk whole or not at all.

The layout is torch's since 1.6: one folder with ``data.pkl`` (the object, pickled, with its storages left out), ``data/0``,
``data/1``, ... (the storages as they lie in memory), ``byteorder`` and ``version``. Nothing is compressed, and each record
starts at a multiple of 64 bytes, so that a file can be mapped into memory.
"""
from __future__ import annotations

import contextlib
import mmap
import os
import secrets
import struct
import sys
import zipfile
import zlib
from typing import Any, BinaryIO

import numpy as np

ALIGNMENT = 64
CHUNK = 1 << 24
LARGE = (1 << 31) - 1              # from here on zipfile writes sizes into an extra field of its own
EXTRA_FIELD = 0x4246               # "FB": torch's padding
START = (1980, 1, 1, 0, 0, 0)      # no clock: the same object gives the same bytes


# ---- writing -----------------------------------------------------------------------------------------------------------

def write_archive(file: BinaryIO, pickled: bytes, storages: list[np.ndarray]) -> None:
    """Write a checkpoint: the pickled object and the storages it refers to by their numbers."""
    identity = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        write_record(archive, "data.pkl", pickled)
        write_record(archive, ".format_version", b"1")
        write_record(archive, ".storage_alignment", str(ALIGNMENT).encode())
        write_record(archive, "byteorder", sys.byteorder.encode())
        for number, storage in enumerate(storages):
            content = memoryview(np.ascontiguousarray(storage)).cast("B") if storage.size else b""
            write_record(archive, f"data/{number}", content)
            identity = zlib.crc32(content, identity)
        write_record(archive, "version", b"3\n")
        write_record(archive, ".data/serialization_id", f"{zlib.crc32(pickled):020}{identity:020}".encode())


def write_record(archive: zipfile.ZipFile, name: str, content: Any) -> None:
    """Add ``archive/<name>``, padded by an extra field so that its content is aligned."""
    record = zipfile.ZipInfo(f"archive/{name}", START)
    record.file_size = len(content)
    # zipfile puts 20 bytes of its own before ours where 1.05 times the size needs more than 31 bits
    header = 30 + len(record.filename) + 4 + (20 if record.file_size * 1.05 > LARGE else 0)
    padding = -(archive.start_dir + header) % ALIGNMENT
    record.extra = struct.pack("<HH", EXTRA_FIELD, padding) + b"Z" * padding
    with archive.open(record, "w") as out:
        for start in range(0, len(content), CHUNK):
            out.write(content[start:start + CHUNK])


@contextlib.contextmanager
def replacing(path: Any):
    """A file to write that takes the place of ``path`` when all is written, and of which nothing remains otherwise.

    The content is on disk before the name changes, so a full disk or a lost power supply leaves the old file.
    """
    path = os.path.realpath(os.fspath(path))
    if os.path.exists(path) and not os.path.isfile(path):       # a pipe or a device has no old content to keep
        with open(path, "wb") as file:
            yield file
        return
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            os.chmod(temporary, os.stat(path).st_mode)
        os.replace(temporary, path)
    except OSError as error:
        remove(temporary)
        raise type(error)(error.errno, f"{error.strerror}; nothing was saved, what was there before is unchanged",
                          path) from error
    except BaseException:
        remove(temporary)
        raise
    sync_folder(folder)


def remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


def sync_folder(folder: str) -> None:
    """Put the new name itself on disk; not all systems can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# ---- reading -----------------------------------------------------------------------------------------------------------

class Archive:
    """A checkpoint opened for reading; whatever is wrong with the file becomes a RuntimeError."""

    def __init__(self, file: BinaryIO, where: str, byte_order: str = sys.byteorder):
        self.where, self.file = where, file
        self.mapping: mmap.mmap | None = None
        with self.failures():
            self.zip = zipfile.ZipFile(file)
        found = [name for name in self.zip.namelist() if name.endswith("/data.pkl")]
        if not found:
            raise RuntimeError(f"load: {where} is a zip file but no checkpoint: it contains no data.pkl")
        self.folder = min(found, key=len).removesuffix("data.pkl")
        order = self.read("byteorder").decode() if self.has("byteorder") else byte_order
        if order not in ("little", "big"):
            raise RuntimeError(f"load: {where} gives its byte order as {order!r}, expected 'little' or 'big'")
        self.foreign = order != sys.byteorder

    @contextlib.contextmanager
    def failures(self):
        try:
            yield
        except (zipfile.BadZipFile, EOFError, struct.error, zlib.error, NotImplementedError, ValueError) as error:
            raise RuntimeError(f"load: {self.where} is damaged or not written to its end ({error})") from error

    def has(self, name: str) -> bool:
        return self.folder + name in self.zip.NameToInfo

    def read(self, name: str) -> bytes:
        if not self.has(name):
            raise RuntimeError(f"load: {self.where} is damaged: its record {name} is missing")
        with self.failures():
            return self.zip.read(self.folder + name)

    def map_storage(self, key: str, kind: np.dtype, count: int, shared: bool) -> np.ndarray:
        """`read_storage` without reading: memory that shows the file, and if it is ``shared`` writes to it.

        What cannot be shown, as it is compressed or has another byte order, is read.
        """
        record = self.checked_record(key, kind, count)
        if record.compress_type != zipfile.ZIP_STORED or self.foreign or not count:
            return self.read_storage(key, kind, count)
        if self.mapping is None:
            self.mapping = mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_WRITE if shared else mmap.ACCESS_COPY)
        name, extra = struct.unpack_from("<HH", self.mapping, record.header_offset + 26)      # the local header's are its own
        start = record.header_offset + 30 + name + extra
        if start % kind.itemsize:
            return self.read_storage(key, kind, count)
        with self.failures():
            return np.frombuffer(self.mapping, kind, count, start)

    def read_storage(self, key: str, kind: np.dtype, count: int) -> np.ndarray:
        """``count`` elements of record ``data/<key>``, in this machine's byte order."""
        array = np.empty(count, kind)
        with self.failures(), self.zip.open(self.checked_record(key, kind, count)) as record:
            read_into(record, array)
        return array.byteswap(inplace=True) if self.foreign else array

    def checked_record(self, key: str, kind: np.dtype, count: int) -> zipfile.ZipInfo:
        """The record ``data/<key>``, which has room for ``count`` elements."""
        name = f"data/{key}"
        size = self.zip.NameToInfo[self.folder + name].file_size if self.has(name) else -1
        if size != count * kind.itemsize:
            raise RuntimeError(f"load: {self.where} is damaged: its record {name} "
                               + (f"has {size} bytes, expected {count * kind.itemsize}" if size >= 0 else "is missing"))
        return self.zip.NameToInfo[self.folder + name]


def read_into(file: BinaryIO, array: np.ndarray, last: bool = True) -> None:
    """Fill an array from a file, a piece at a time; unless it is ``last``, more may follow."""
    room = memoryview(array.view(np.uint8) if array.size else b"")
    for start in range(0, len(room), CHUNK):
        piece = file.read(len(room[start:start + CHUNK]))
        room[start:start + len(piece)] = piece
        if len(piece) < len(room[start:start + CHUNK]):
            raise EOFError(f"{len(room) - start - len(piece)} bytes are missing")
    if last and file.read(1):           # at the end of a record, zipfile compares checksums
        raise EOFError("more bytes than expected")
