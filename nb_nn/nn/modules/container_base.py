"""What containers have in common: children with an order, and children with keys."""
from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from .module import Module
from .registry import type_name


def position(index: Any, length: int) -> int:
    """A possibly negative index as one from the start."""
    index = operator.index(index)
    if not -length <= index < length:
        raise IndexError(f"index {index} is out of range")
    return index % length


def pairs_of(name: str, given: Any) -> Iterator[tuple]:
    """The (key, value) pairs of a mapping, or of an iterable of pairs; a plain dictionary is taken in its order."""
    if isinstance(given, (Mapping, Keyed)):
        yield from given.items()
        return
    if not isinstance(given, Iterable):
        raise TypeError(f"{name} should be called with an iterable of key/value pairs, but got {type(given).__name__}")
    for place, pair in enumerate(given):
        if not isinstance(pair, Iterable):
            raise TypeError(f"{name} element #{place} should be Iterable; is {type(pair).__name__}")
        pair = tuple(pair)
        if len(pair) != 2:
            raise ValueError(f"{name} element #{place} has length {len(pair)}; 2 is required")
        yield pair


class Numbered(Module):
    """What `Sequential` and `ModuleList` share: children with an order."""

    def _name(self, index: Any) -> str:
        return next(islice(self._modules, position(index, len(self)), None))

    def __getitem__(self, index: Any) -> Any:
        return self._modules[self._name(index)]

    def __setitem__(self, index: Any, module: Module) -> None:
        setattr(self, self._name(index), module)

    def __delitem__(self, index: Any) -> None:
        for name in list(self._modules)[index] if isinstance(index, slice) else [self._name(index)]:
            del self._modules[name]
        if all(name.isdecimal() for name in self._modules):     # names given by the user stay
            modules = list(self._modules.values())
            self._modules.clear()
            self.extend(modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add modules at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"{type(self).__name__}.extend should be called with an iterable, but got {type(modules).__name__}")
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Put a module before the one at ``index``."""
        if not isinstance(module, Module):
            raise TypeError(f"{type_name(module)} is not a Module subclass")
        modules = list(self._modules.values())
        modules.insert(operator.index(index), module)
        self._modules.clear()
        return self.extend(modules)

    def pop(self, index: Any = -1) -> Module:
        """Take a module out and return it."""
        module = self[index]
        del self[index]
        return module

    __iadd__ = extend


class Keyed(Module):
    """What `ModuleDict` and `ParameterDict` share: they read as the dictionary ``_held``."""

    def __init__(self, given: Any = None):
        super().__init__()
        if given is not None:
            self.update(given)

    @property
    def _held(self) -> dict[str, Any]:
        return self._modules

    def __getitem__(self, key: str) -> Any:
        return self._held[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.add_module(key, value)

    def __delitem__(self, key: str) -> None:
        del self._held[key]

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __contains__(self, key: str) -> bool:
        return key in self._held

    def clear(self) -> None:
        """Take everything out."""
        self._held.clear()

    def pop(self, key: str) -> Any:
        """Take one out and return it."""
        return self._held.pop(key)

    def keys(self) -> Iterable[str]:
        """The keys."""
        return self._held.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """The (key, value) pairs."""
        return self._held.items()

    def values(self) -> Iterable[Any]:
        """The values."""
        return self._held.values()

    def update(self, given: Any) -> None:
        """Add, or replace, by a mapping or (key, value) pairs."""
        for key, value in pairs_of(f"{type(self).__name__}.update", given):
            self[key] = value
