"""Hooks: functions called with gradients, and the handles that remove them."""
from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any

_ids = itertools.count()


class Handle:
    """Removes a hook; also usable in a ``with`` statement."""

    def __init__(self, hooks: dict, hook: Callable | None = None):
        self.id = next(_ids)
        self.hooks = weakref.ref(hooks) if not isinstance(hooks, dict) or type(hooks) is not dict else (lambda: hooks)
        if hook is not None:
            hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        hooks = self.hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.remove()


RemovableHandle = Handle


def run(hooks: dict, grad: Any) -> Any:
    """The gradient after all hooks; a hook that returns a tensor replaces it."""
    for hook in list(hooks.values()):
        changed = hook(grad)
        if changed is not None:
            if changed._array.shape != grad._array.shape:
                raise RuntimeError(f"hook '{getattr(hook, '__name__', hook)}' has changed the size of value")
            grad = changed
    return grad
