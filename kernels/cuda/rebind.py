"""Plain Python functions, rebuilt for a device: the names they use are bound to what those mean there.

A kernel and the formulas it calls are written once, against the placeholder ``cuda``, against `kernels.bits` and against
each other. A `Target` says what these become: Numba's CUDA compiler has one, and so has the simulator of the tests.
"""
from __future__ import annotations

import dis
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PACKAGE = __package__.rpartition(".")[0]


class Placeholder:
    """What ``cuda`` is where no device has been chosen."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"cuda.{name} exists in kernels only, where a device runs them")


cuda: Any = Placeholder()


@dataclass
class Target:
    """``cuda`` of a device, ``mark`` that makes a function callable from its kernels, and replacements of functions."""
    cuda: Any
    mark: Callable
    replacements: dict[Callable, Callable]
    made: dict[Callable, Callable] = field(default_factory=dict)

    def rebound(self, function: Callable) -> Callable:
        """A copy of ``function`` whose global names and closed-over variables mean what they mean on this target."""
        known, given = {}, function.__globals__
        for name, attributes in used(function).items():
            if name in given:
                value = given[name]
                ours = isinstance(value, types.ModuleType) and value.__name__.startswith(PACKAGE)
                known[name] = self._module(value, attributes) if ours else self._meaning(value)
        cells = tuple([types.CellType(self._meaning(cell.cell_contents)) for cell in function.__closure__ or ()])
        copy = types.FunctionType(function.__code__, known, function.__name__, function.__defaults__, cells)
        copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
        return copy

    def _meaning(self, value: Any) -> Any:
        if value is cuda:
            return self.cuda
        if not isinstance(value, (types.FunctionType, types.ModuleType)):
            value = getattr(value, "__wrapped__", value)    # a formula with separate implementations for the CPU
        if not isinstance(value, types.FunctionType):
            return value
        if value not in self.made:
            self.made[value] = self.replacements.get(value) or self.mark(self.rebound(value))
        return self.made[value]

    def _module(self, module: types.ModuleType, attributes: set[str]) -> types.ModuleType:
        """What is used of a module of kernels."""
        copy = types.ModuleType(module.__name__)
        for name in attributes:
            setattr(copy, name, self._meaning(getattr(module, name)))
        return copy


def used(function: Callable) -> dict[str, set[str]]:
    """The global names a function loads, and the attributes it takes of each."""
    found: dict[str, set[str]] = {}
    steps = list(dis.get_instructions(function))
    for step, following in zip(steps, [*steps[1:], steps[-1]]):
        if step.opname == "LOAD_GLOBAL":
            attributes = found.setdefault(step.argval, set())
            if following.opname in ("LOAD_ATTR", "LOAD_METHOD"):
                attributes.add(following.argval)
    return found
