"""Modules and parameters in lists and dictionaries."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from ...tensor import Tensor
from ..parameter import Parameter
from .container_base import Keyed, Numbered, position
from .module import Module


class Sequential(Numbered):
    """Modules one after the other, each applied to the result of the one before.

    They are given as arguments, or with names in an OrderedDict.

    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    >>> net
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *args: Any):
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], OrderedDict) else enumerate(args)
        for name, module in named:
            self.add_module(str(name) if isinstance(name, int) else name, module)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return super().__getitem__(index)

    def __add__(self, other: Iterable[Module]) -> Sequential:
        return type(self)(*self, *other)

    def __mul__(self, times: int) -> Sequential:
        """The same modules ``times`` times one after the other, in a new chain."""
        return Sequential(*[module for _ in range(self._checked(times)) for module in self])

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Sequential:
        return self.extend([module for _ in range(self._checked(times) - 1) for module in self])

    def _checked(self, times: Any) -> int:
        if not isinstance(times, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(times)}")
        if times <= 0:
            raise ValueError(f"Non-positive multiplication factor {times} for {type(self)}")
        return times

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input


class ModuleList(Numbered):
    """A list of modules, which are registered; it has no ``forward`` of its own.

    >>> len(torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()]))
    2
    """

    def __init__(self, modules: Iterable[Module] | None = None):
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self._modules.values())[index])
        return super().__getitem__(index)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return type(self)(chain(self, other))

    def __repr__(self) -> str:
        """Equal neighbours are written once: ``(0-2): 3 x ReLU()``."""
        runs: list[list] = []
        for place, module in enumerate(self):
            text = repr(module).replace("\n", "\n  ")
            if runs and runs[-1][2] == text:
                runs[-1][1] = place
            else:
                runs.append([place, place, text])
        lines = [f"({first}): {text}" if first == last else f"({first}-{last}): {last - first + 1} x {text}"
                 for first, last, text in runs]
        return f"{self._get_name()}(" + ("\n  " + "\n  ".join(lines) + "\n" if lines else "") + ")"


class ModuleDict(Keyed):
    """A dictionary of modules, which are registered.

    >>> list(torch.nn.ModuleDict({"act": torch.nn.ReLU()}))
    ['act']
    """

    def __init__(self, modules: Any = None):
        super().__init__(modules)


def summary(parameter: Tensor) -> str:
    """A parameter in one line."""
    size = "x".join(str(length) for length in parameter.shape)
    device = f" (GPU {parameter.get_device()})" if parameter.is_cuda else ""
    return f"{type(parameter).__name__} containing: [{parameter.type()} of size {size}{device}]"


class ParameterList(Module):
    """A list of parameters, which are registered.

    >>> len(torch.nn.ParameterList([torch.nn.Parameter(torch.ones(2))]))
    1
    """

    def __init__(self, parameters: Iterable[Parameter] | None = None):
        super().__init__()
        if parameters is not None:
            self.extend(parameters)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self._parameters.values())[index])
        return self._parameters[str(position(index, len(self)))]

    def __setitem__(self, index: Any, parameter: Parameter) -> None:
        self.register_parameter(str(position(index, len(self))), parameter)

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._parameters.values())

    def append(self, parameter: Parameter) -> ParameterList:
        """Add a parameter at the end."""
        self.register_parameter(str(len(self)), parameter)
        return self

    def extend(self, parameters: Iterable[Parameter]) -> ParameterList:
        """Add parameters at the end."""
        if not isinstance(parameters, Iterable):
            raise TypeError(f"ParameterList.extend should be called with an iterable, but got {type(parameters).__name__}")
        for parameter in list(parameters):
            self.append(parameter)
        return self

    __iadd__ = extend

    def extra_repr(self) -> str:
        return "\n".join(f"  ({name}): {summary(parameter)}" for name, parameter in self._parameters.items() if parameter is not None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(f"{type(self).__name__} should not be called.")


class ParameterDict(Keyed):
    """A dictionary of parameters, which are registered.

    >>> list(torch.nn.ParameterDict({"left": torch.nn.Parameter(torch.ones(2))}))
    ['left']
    """

    def __init__(self, parameters: Any = None):
        super().__init__(parameters)

    @property
    def _held(self) -> dict[str, Any]:
        return self._parameters

    def __setitem__(self, key: str, parameter: Parameter) -> None:
        self.register_parameter(key, parameter)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._held))

    def copy(self) -> ParameterDict:
        """Another dictionary of the same parameters."""
        return ParameterDict(self)

    def get(self, key: str, default: Any = None) -> Any:
        """The parameter ``key``, or else ``default``."""
        return self._held.get(key, default)

    def setdefault(self, key: str, default: Parameter | None = None) -> Any:
        """The parameter ``key``, which becomes ``default`` if it is not there."""
        if key not in self:
            self[key] = default
        return self[key]

    def popitem(self) -> tuple[str, Any]:
        """Take the last one out and return it with its key."""
        return self._held.popitem()

    def fromkeys(self, keys: Iterable[str], default: Parameter | None = None) -> ParameterDict:
        """A dictionary with ``default`` at each of ``keys``."""
        return ParameterDict((key, default) for key in keys)

    def __or__(self, other: ParameterDict) -> ParameterDict:
        merged = self.copy()
        merged.update(other)
        return merged

    def __ior__(self, other: ParameterDict) -> ParameterDict:
        self.update(other)
        return self

    extra_repr = ParameterList.extra_repr
    __call__ = ParameterList.__call__
