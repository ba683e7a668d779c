"""Modules made for a state that will be loaded."""
from __future__ import annotations

import inspect
from typing import Any

from .. import init
from ..modules.module import Module


def skip_init(module_cls: type, *args: Any, **kwargs: Any) -> Module:
    """A module of a class whose parameters are not filled with starting values, for a state that will be loaded.

    What the class fills by functions of ``nn.init``, as the modules here do, is left as the memory is; no random numbers are drawn.

    >>> torch.nn.utils.skip_init(torch.nn.Linear, 5, 1).weight.shape
    torch.Size([1, 5])
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError(f"Module must support a 'device' arg to skip initialization: {module_cls.__name__} has none")
    before = init.skipping.set(True)
    try:
        return module_cls(*args, **kwargs)
    finally:
        init.skipping.reset(before)
