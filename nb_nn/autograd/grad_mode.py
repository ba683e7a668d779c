"""Whether operations are recorded for backward, a thread at a time."""
from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..core.state import state


class _Mode:
    """A context manager that also decorates functions and generators."""

    def __init__(self) -> None:
        self.before: list[bool] = []

    def _mode(self) -> bool:
        raise AssertionError

    def __enter__(self) -> None:
        self.before.append(state.grad)
        state.grad = self._mode()

    def __exit__(self, *exception: Any) -> None:
        state.grad = self.before.pop()

    def __call__(self, function: Callable) -> Callable:
        if inspect.isgeneratorfunction(function):
            return self._generator(function)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with type(self).__new__(type(self))._like(self):
                return function(*args, **kwargs)

        return call

    def _like(self, other: _Mode) -> _Mode:
        self.__dict__.update(other.__dict__, before=[])
        return self

    def _generator(self, function: Callable) -> Callable:
        """The mode holds while the generator runs, not while its user does."""

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            generator, sent = function(*args, **kwargs), None
            while True:
                with type(self).__new__(type(self))._like(self):
                    try:
                        value = generator.send(sent)
                    except StopIteration as end:
                        return end.value
                sent = yield value

        return call


class no_grad(_Mode):
    """Do not record: results never require a gradient.

    >>> x = tensor([1.0], requires_grad=True)
    >>> with no_grad():
    ...     (x * 2).requires_grad
    False
    """

    def __new__(cls, function: Callable | None = None) -> Any:
        self = super().__new__(cls)
        if function is not None:
            _Mode.__init__(self)
            return self(function)
        return self

    def __init__(self, function: Callable | None = None) -> None:
        super().__init__()

    def _mode(self) -> bool:
        return False


class enable_grad(no_grad):
    """Record, also inside `no_grad`."""

    def _mode(self) -> bool:
        return True


class set_grad_enabled(_Mode):
    """Record or not, as ``mode`` says: at once as a statement, or for a block or function.

    >>> with set_grad_enabled(False):
    ...     is_grad_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = bool(mode)
        self.first = state.grad         # a statement acts when made; a with-block restores what was before
        state.grad = self.mode

    def __enter__(self) -> None:
        self.before.append(self.__dict__.pop("first", state.grad))
        state.grad = self.mode

    def __call__(self, function: Callable) -> Callable:
        state.grad = self.__dict__.pop("first", state.grad)
        return super().__call__(function)

    def _mode(self) -> bool:
        return self.mode


class inference_mode(_Mode):
    """With ``mode`` True the same as `no_grad`; False changes nothing."""

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.mode = mode
        self.outer: list = []

    def __enter__(self) -> None:
        super().__enter__()
        self.outer.append(state.inference)
        state.inference = bool(self.mode)

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        state.inference = self.outer.pop()

    def _mode(self) -> bool:
        return state.grad and not self.mode


class set_multithreading_enabled(_Mode):
    """Whether backward may use threads for its nodes. Here it never does (kernels have threads of their own), so nothing changes.

    >>> with torch.autograd.set_multithreading_enabled(False):
    ...     torch.ones(1, requires_grad=True).exp().backward()
    """

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = bool(mode)

    def _mode(self) -> bool:
        return state.grad


def is_grad_enabled() -> bool:
    """Whether operations are recorded in this thread."""
    return state.grad


def is_inference_mode_enabled() -> bool:
    """Whether this thread is in `inference_mode`.

    >>> with inference_mode():
    ...     torch.is_inference_mode_enabled()
    True
    """
    return state.inference
