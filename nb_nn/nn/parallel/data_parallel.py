"""A module that works on several devices of one process."""
from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from ... import cuda
from ..modules.module import Module
from .parallel_apply import parallel_apply
from .replicate import replicate
from .scatter_gather import device_of, gather, scatter_kwargs


def run(module: Module, inputs: tuple, kwargs: dict | None, devices: list, output_device: Any, dim: int) -> Any:
    """Cut the arguments, call a copy of the module on each device, and join the results."""
    for name, value in itertools.chain(module.named_parameters(), module.named_buffers()):
        if value.device != devices[0]:
            raise RuntimeError(f"module must have its parameters and buffers on device {devices[0]} (device_ids[0]) but found {name} on "
                               f"device: {value.device}")
    parts, named = scatter_kwargs(inputs, kwargs, devices, dim)
    if not parts:
        parts, named = ((),), ({},)
    if len(parts) == 1:
        return gather([module(*parts[0], **named[0])], output_device, dim) if output_device != devices[0] else module(*parts[0], **named[0])
    used = devices[:len(parts)]
    return gather(parallel_apply(replicate(module, used), parts, named, used), output_device, dim)


def checked(device_ids: Sequence[Any] | None) -> list:
    """The devices meant; without CUDA that are the ones on the CPU."""
    if device_ids is None:
        return [device_of(f"cuda:{index}") for index in range(cuda.device_count())]
    devices = [device_of(one) for one in device_ids]
    if not cuda.is_available():
        return [one for one in devices if one.type == "cpu"]
    return [one if one.type == "cpu" else cuda.checked(one) for one in devices]


def data_parallel(module: Module, inputs: Any, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0,
                  module_kwargs: dict | None = None) -> Any:
    """``module(*inputs, **module_kwargs)``, each device doing a part of the batch; see `DataParallel`.

    RuntimeError if ``device_ids`` names no device that is there.

    >>> torch.nn.parallel.data_parallel(torch.nn.ReLU(), tensor([-1.0, 2.0]), ["cpu", "cpu"])
    tensor([0., 2.])
    """
    devices = checked(device_ids)
    if not devices:
        reason = f": {cuda.why_unavailable()}" if not cuda.is_available() else ""
        raise RuntimeError(f"data_parallel: none of the devices {'' if device_ids is None else list(device_ids)} can be used{reason}")
    inputs = inputs if isinstance(inputs, tuple) else (inputs,) if inputs is not None else ()
    return run(module, inputs, module_kwargs, devices, device_of(devices[0] if output_device is None else output_device), dim)


class DataParallel(Module):
    """Cuts each batch along ``dim``, lets a copy of ``module`` work on each part on a device of its own, and joins the results on
    ``output_device`` (by default the first). In backward the gradients of all parts add up in ``module``.

    ``device_ids`` are by default all CUDA devices. The parameters must be on the first. Where CUDA can not be used (and no CPU devices
    are named, such as ``["cpu", "cpu"]``) the module itself is called, with the whole batch.

    >>> model = torch.nn.DataParallel(torch.nn.Linear(3, 2))
    >>> list(model.state_dict()), model(torch.zeros(4, 3)).shape
    (['module.weight', 'module.bias'], torch.Size([4, 2]))
    """

    module: Module

    def __init__(self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0):
        super().__init__()
        self.dim = dim
        self.module = module
        self._devices = checked(device_ids)
        self.device_ids = [one.index if one.type == "cuda" else one for one in self._devices]
        self.output_device = None
        if self._devices:
            where = device_of(self._devices[0] if output_device is None else output_device)
            self._output, self.output_device = where, where.index if where.type == "cuda" else where

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        if not self._devices:
            return self.module(*inputs, **kwargs)
        return run(self.module, inputs, kwargs, self._devices, self._output, self.dim)
