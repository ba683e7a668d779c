"""Copies of a module on several devices, which learn as one."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..modules.module import Module
from .scatter_gather import device_of


def replicate(network: Module, devices: Sequence[Any], detach: bool = False) -> list[Module]:
    """A copy of a module for each device. Gradients of the copies' parameters add up in those of the original, unless ``detach``.

    On the device of the original, parameters and buffers are not copied.

    >>> layer = torch.nn.Linear(1, 1)
    >>> [copy.weight is layer.weight for copy in torch.nn.parallel.replicate(layer, ["cpu", "cpu"])]
    [True, True]
    """
    return [_copy(network, device_of(one), detach, {}) for one in devices]


def _copy(module: Module, where: Any, detach: bool, made: dict[int, Any]) -> Any:
    """One module and those below it; what is shared in the original is shared in the copy."""
    if id(module) in made:
        return made[id(module)]

    def moved(value: Any) -> Any:
        if value is None:
            return None
        if id(value) not in made:
            made[id(value)] = (value.detach() if detach else value).to(where)
        return made[id(value)]

    copy = made[id(module)] = object.__new__(type(module))
    held = copy.__dict__
    held.update(module.__dict__)
    held["_parameters"] = type(module._parameters)((name, moved(value)) for name, value in module._parameters.items())
    held["_buffers"] = type(module._buffers)((name, moved(value)) for name, value in module._buffers.items())
    held["_modules"] = type(module._modules)(
        (name, None if child is None else _copy(child, where, detach, made)) for name, child in module._modules.items())
    held["_is_replica"] = True
    return copy
