"""What `load` and ``save`` are told besides the file: whom to trust, where storages live, how bytes lie and are mapped."""
from __future__ import annotations

import mmap as mappings
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

safe_names: dict[str, Any] = {}
_packages: list[tuple[int, Callable, Callable]] = []


def add_safe_globals(safe_globals: list) -> None:
    """Let `load` with ``weights_only=True`` make these classes and call these functions, as it does tensors.

    An entry is a class or a function, or a pair of one and the full name that files give it.

    >>> import fractions
    >>> torch.serialization.add_safe_globals([fractions.Fraction])
    >>> torch.serialization.clear_safe_globals()
    """
    for entry in safe_globals:
        entry, name = entry if isinstance(entry, tuple) else (entry, None)
        if not callable(entry):
            raise TypeError(f"add_safe_globals: expected classes and functions, got {type(entry).__name__}")
        module, _, own = name.rpartition(".") if name else (entry.__module__, "", entry.__qualname__)
        safe_names[f"{module} {own}"] = entry


def get_safe_globals() -> list:
    """What `add_safe_globals` has added.

    >>> torch.serialization.get_safe_globals()
    []
    """
    return list(safe_names.values())


def clear_safe_globals() -> None:
    """Forget what `add_safe_globals` has added."""
    safe_names.clear()


@contextmanager
def safe_globals(safe_globals: list) -> Iterator[None]:
    """`add_safe_globals` for the body of a ``with`` statement."""
    before = dict(safe_names)
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        safe_names.clear()
        safe_names.update(before)


class LoadEndianness(Enum):
    """The byte order of a checkpoint that does not tell its own."""

    NATIVE = 1
    LITTLE = 2
    BIG = 3


_byte_order: list[LoadEndianness | None] = [None]
_mmap_options = [mappings.MAP_PRIVATE]


def get_default_load_endianness() -> LoadEndianness | None:
    """The byte order that is assumed of checkpoints that do not tell theirs; None is this machine's.

    >>> torch.serialization.get_default_load_endianness() is None
    True
    """
    return _byte_order[0]


def set_default_load_endianness(endianness: LoadEndianness | None) -> None:
    """Set what `get_default_load_endianness` tells.

    >>> torch.serialization.set_default_load_endianness(None)
    """
    if endianness is not None and not isinstance(endianness, LoadEndianness):
        raise TypeError(f"set_default_load_endianness: expected a LoadEndianness or None, got {type(endianness).__name__}")
    _byte_order[0] = endianness


def fallback_byte_order() -> str:
    """The byte order of checkpoints that do not tell theirs."""
    return {LoadEndianness.LITTLE: "little", LoadEndianness.BIG: "big"}.get(_byte_order[0], sys.byteorder)


def mapped_for_writing() -> bool:
    """Whether what is written to mapped tensors goes to the file."""
    return _mmap_options[0] == mappings.MAP_SHARED


def get_default_mmap_options() -> int:
    """How ``load(mmap=True)`` maps files: ``mmap.MAP_PRIVATE``, or ``MAP_SHARED``, which writes to them.

    >>> import mmap
    >>> torch.serialization.get_default_mmap_options() == mmap.MAP_PRIVATE
    True
    """
    return _mmap_options[0]


class set_default_mmap_options:
    """Set what `get_default_mmap_options` tells: at once as a statement, or for a ``with`` block."""

    def __init__(self, flags: int) -> None:
        if flags not in (mappings.MAP_PRIVATE, mappings.MAP_SHARED):
            raise ValueError(f"set_default_mmap_options: expected mmap.MAP_PRIVATE or mmap.MAP_SHARED, but got {flags}")
        self.before, _mmap_options[0] = _mmap_options[0], int(flags)

    def __enter__(self) -> None:
        """It is set already."""

    def __exit__(self, *error: Any) -> None:
        _mmap_options[0] = self.before


def register_package(priority: int, tagger: Callable, deserializer: Callable) -> None:
    """Let ``save`` and ``load`` know another place where storages live; lower priorities are asked first.

    ``tagger(storage)`` returns the name of the place, which the file keeps, or None for storages it does not know;
    ``deserializer(storage, location)`` returns the storage in that place, or None.

    >>> torch.serialization.register_package(30, lambda storage: None, lambda storage, location: None)
    """
    _packages.append((priority, tagger, deserializer))
    _packages.sort(key=lambda package: package[0])


def location_tag(storage: Any) -> str:
    """Where a storage lives, as files name it: "cpu", or what a registered package says.

    >>> torch.serialization.location_tag(torch.FloatStorage(1))
    'cpu'
    """
    for _, tagger, _ in _packages:
        location = tagger(storage)
        if location:
            return location
    return str(storage.device)


def restored(storage: Any, location: str) -> Any:
    """A storage in a place that a registered package knows, else None."""
    for _, _, deserializer in _packages:
        found = deserializer(storage, location)
        if found is not None:
            return found
    return None


def default_restore_location(storage: Any, location: str) -> Any:
    """The storage in the place ``location``, as ``load`` without ``map_location`` puts it."""
    found = restored(storage, location)
    if found is None and location != "cpu":
        raise RuntimeError(f"don't know how to restore data location of {type(storage).__name__} (tagged with {location})")
    return storage if found is None else found
