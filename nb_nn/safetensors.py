"""The safetensors format: named tensors in a file that is data alone, so that reading it can run nothing.

A file is the length of its header (8 bytes, little-endian), the header (JSON: name -> type, shape and place of each tensor, and perhaps
``__metadata__``, a dictionary of text), and the elements, little-endian and in C order. See
https://huggingface.co/docs/safetensors.
"""
from __future__ import annotations

import io
import json
import math
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import Any, BinaryIO

import numpy as np

from .core import dtype as dtypes
from .core import memory
from .core.archive import read_into, replacing
from .core.tensor_base import TensorBase, wrap

NAMES = {dtypes.float64: "F64", dtypes.float32: "F32", dtypes.float16: "F16", dtypes.bfloat16: "BF16", dtypes.int64: "I64",
         dtypes.int32: "I32", dtypes.int16: "I16", dtypes.int8: "I8", dtypes.uint8: "U8", dtypes.uint64: "U64", dtypes.uint32: "U32",
         dtypes.uint16: "U16", dtypes.bool_: "BOOL", dtypes.complex64: "C64"}
TYPES = {name: kind for kind, name in NAMES.items()}
LONGEST_HEADER = 100_000_000


def save_safetensors(tensors: Mapping[str, Any], filename: Any, metadata: Mapping[str, str] | None = None) -> None:
    """Write named tensors to a file, whole or not at all; tensors that share memory are written one by one.

    Args:
        tensors: such as a ``state_dict``; dense CPU tensors of any type but complex128.
        filename: a path, or a file opened for writing in binary mode.
        metadata: text to go with them.

    >>> import io
    >>> file = io.BytesIO()
    >>> torch.save_safetensors({"weight": tensor([1.0, 2.0])}, file)
    >>> torch.load_safetensors(file.getvalue())
    {'weight': tensor([1., 2.])}
    """
    if not isinstance(tensors, Mapping):
        raise TypeError(f"save_safetensors: expected a dictionary of tensors, got {type(tensors).__name__}")
    for name, tensor in tensors.items():
        if not isinstance(name, str) or name == "__metadata__":
            raise ValueError(f"save_safetensors: {name!r} cannot be the name of a tensor")
        if not isinstance(tensor, TensorBase):
            raise ValueError(f"save_safetensors: {name!r} is a {type(tensor).__name__}, not a tensor")
        if tensor._dtype not in NAMES:
            raise ValueError(f"save_safetensors: {name!r} is of {tensor._dtype}, which the format does not have")
    # the widest types first, so that all elements are aligned
    order = sorted(tensors, key=lambda name: (-tensors[name]._dtype.itemsize, NAMES[tensors[name]._dtype], name))
    header: dict[str, Any] = {"__metadata__": checked_metadata(metadata)} if metadata else {}
    place = 0
    for name in order:
        size = tensors[name].nbytes
        header[name] = {"dtype": NAMES[tensors[name]._dtype], "shape": list(tensors[name].shape), "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with nullcontext(filename) if hasattr(filename, "write") else replacing(filename) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            array = np.ascontiguousarray(tensors[name].detach().cpu()._array)
            file.write(memoryview(array if sys.byteorder == "little" else array.byteswap()).cast("B") if array.size else b"")


def checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata, all of it text."""
    if not all(isinstance(one, str) for pair in metadata.items() for one in pair):
        raise ValueError("save_safetensors: metadata must be a dictionary from text to text")
    return dict(metadata)


def load_safetensors(filename: Any, device: Any = "cpu", names: Iterable[str] | None = None) -> dict[str, Any]:
    """Read the tensors of a file, or those of some ``names``; RuntimeError says what is wrong with a damaged one.

    Args:
        filename: a path, a file opened for reading in binary mode, or the content as bytes.
        device: where the tensors go.
        names: which tensors to read; others are skipped.
    """
    with opened(filename) as (file, where):
        header, start = read_header(file, where)
        wanted = list(header) if names is None else list(names)
        missing = [name for name in wanted if name not in header]
        if missing:
            raise KeyError(f"load_safetensors: {where} has no tensor {missing[0]!r}")
        found = {}
        for name in wanted:
            entry = header[name]
            kind = TYPES[entry["dtype"]]
            array = memory.empty(tuple(entry["shape"]), kind.numpy)
            file.seek(start + entry["data_offsets"][0])
            try:
                read_into(file, array.reshape(-1), last=False)
            except EOFError as error:
                raise RuntimeError(f"load_safetensors: {where} is damaged or not written to its end ({error})") from error
            made = wrap(array if sys.byteorder == "little" else array.byteswap(), kind)
            found[name] = made.to(device)
        return found


def safetensors_metadata(filename: Any) -> dict[str, str]:
    """The text that goes with the tensors of a file."""
    with opened(filename) as (file, where):
        return parsed(file, where)[0].get("__metadata__") or {}


class opened:
    """A path, a file or bytes as a file to read, and how errors name it."""

    def __init__(self, filename: Any):
        self.given, self.own = filename, None

    def __enter__(self) -> tuple[BinaryIO, str]:
        if isinstance(self.given, (bytes, bytearray, memoryview)):
            return io.BytesIO(self.given), "the content"
        if hasattr(self.given, "read"):
            return self.given, "the file"
        self.own = open(self.given, "rb")
        return self.own, repr(os.fspath(self.given))

    def __exit__(self, *_: Any) -> None:
        if self.own is not None:
            self.own.close()


def parsed(file: BinaryIO, where: str) -> tuple[dict[str, Any], int, int]:
    """The header, where the elements begin, and where the file ends."""
    begin = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(begin)
    length = int.from_bytes(file.read(8), "little")
    if end - begin < 8:
        raise RuntimeError(f"load_safetensors: {where} is no safetensors file: it has {end - begin} bytes, the length of its "
                           "header alone takes 8")
    if length > min(LONGEST_HEADER, end - begin - 8):
        raise RuntimeError(f"load_safetensors: {where} is damaged or no safetensors file: its header should have {length} bytes, but "
                           f"{end - begin - 8} follow")

    def once(pairs: list) -> dict:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("a name comes twice")
        return dict(pairs)

    try:
        header = json.loads(file.read(length).decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise RuntimeError(f"load_safetensors: {where} is damaged or no safetensors file: its header is not JSON ({error})") from error
    if not isinstance(header, dict):
        raise RuntimeError(f"load_safetensors: {where} is damaged: its header is no JSON object")
    return header, begin + 8 + length, end


def read_header(file: BinaryIO, where: str) -> tuple[dict[str, dict], int]:
    """The entries of all tensors, checked, and where the elements begin."""
    header, start, end = parsed(file, where)
    metadata = header.pop("__metadata__", None) or {}
    if not isinstance(metadata, dict) or not all(isinstance(one, str) for one in metadata.values()):
        raise RuntimeError(f"load_safetensors: {where} is damaged: its metadata is not a dictionary of text")
    for name, entry in header.items():
        problem = wrong_with(entry)
        if problem:
            raise RuntimeError(f"load_safetensors: {where} is damaged: tensor {name!r} {problem}")
    place = 0
    for name in sorted(header, key=lambda one: header[one]["data_offsets"]):
        first, last = header[name]["data_offsets"]
        if first != place:
            raise RuntimeError(f"load_safetensors: {where} is damaged: the elements of {name!r} begin at {first}, those before them end at "
                               f"{place}")
        place = last
    if place != end - start:
        raise RuntimeError(f"load_safetensors: {where} is damaged or not written to its end: its tensors have {place} bytes, the file "
                           f"has {end - start} for them")
    return header, start


def wrong_with(entry: Any) -> str | None:
    """What is wrong with the header's entry of a tensor."""
    if not isinstance(entry, dict) or not entry.keys() >= {"dtype", "shape", "data_offsets"}:
        return "has no dtype, shape and data_offsets"
    if entry["dtype"] not in TYPES:
        return f"is of type {entry['dtype']!r}, which is not known here"
    shape, places = entry["shape"], entry["data_offsets"]
    if not all(isinstance(one, list) and all(type(number) is int and 0 <= number < 1 << 62 for number in one) for one in (shape, places)):
        return f"has shape {shape} and data_offsets {places}, expected lists of numbers from 0"
    if len(places) != 2 or places[1] < places[0] or places[1] - places[0] != math.prod(shape) * TYPES[entry["dtype"]].itemsize:
        return f"has data_offsets {places}, which do not fit {entry['dtype']} of shape {shape}"
    return None
