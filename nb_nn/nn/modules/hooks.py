"""Functions called before and after a module's ``forward`` and ``backward``."""
from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ...autograd.function import Function
from ...autograd.hooks import Handle
from ...core.tensor_base import TensorBase

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def added(hooks: OrderedDict, hook: Callable, prepend: bool = False) -> Handle:
    """Add a hook, and say how to take it away."""
    handle = Handle(hooks, hook)
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


class Gate(Function):
    """Hands tensors through and calls a function with their gradients, which may replace them."""

    @staticmethod
    def forward(ctx: Any, function: Callable, *tensors: Any) -> tuple:
        ctx.set_materialize_grads(False)
        ctx.function = function
        return tensors

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple:
        return (None, *ctx.function(grads))


def through_gate(function: Callable, values: Any) -> tuple[Any, bool]:
    """``values`` (a tensor, or a tuple or list with tensors) behind a gate, and whether any of them requires grad."""
    sequence = isinstance(values, (tuple, list))
    items = list(values) if sequence else [values]
    places = [place for place, item in enumerate(items) if isinstance(item, TensorBase)]
    if not any(items[place].requires_grad for place in places):
        return values, False

    def spread(grads: tuple) -> tuple:
        """Gradients of the tensors alone, by way of one place an item."""
        whole = [None] * len(items)
        for place, grad in zip(places, grads):
            whole[place] = grad
        whole = function(tuple(whole))
        return tuple(whole[place] for place in places)

    for place, item in zip(places, Gate.apply(spread, *[items[place] for place in places])):
        items[place] = item
    return (type(values)(items) if type(values) in (tuple, list) else tuple(items)) if sequence else items[0], True


class BackwardCall:
    """One call of a module with backward hooks: its arguments and results pass gates that call them."""

    def __init__(self, module: Any):
        self.module = module
        self.hooks, self.pre_hooks = list(module._backward_hooks.values()), list(module._backward_pre_hooks.values())
        self.grad_outputs: Any = None
        self.inputs = 0
        self.has_input_gate = False

    def enter(self, args: tuple) -> tuple:
        """The arguments behind a gate."""
        self.inputs = len(args)
        args, self.has_input_gate = through_gate(self.at_inputs, args)
        return args

    def leave(self, result: Any) -> Any:
        """The results behind a gate."""
        return through_gate(self.at_outputs, result)[0]

    def at_outputs(self, grads: tuple) -> tuple:
        """Gradients have reached the results."""
        for hook in self.pre_hooks:
            changed = hook(self.module, grads)
            if changed is not None:
                grads = changed if isinstance(changed, tuple) else (changed,)
        self.grad_outputs = grads
        if not self.has_input_gate:
            self.at_inputs((None,) * self.inputs)
        return grads

    def at_inputs(self, grads: tuple) -> tuple:
        """Gradients have reached the arguments."""
        for hook in self.hooks:
            changed = hook(self.module, grads, self.grad_outputs)
            if changed is not None:
                if not self.has_input_gate:
                    raise RuntimeError("Backward hook for Modules where no input requires gradient should always return None or None "
                                       "for all gradients.")
                changed = changed if isinstance(changed, tuple) else (changed,)
                if len(changed) != len(grads):
                    raise RuntimeError(f"Backward hook returned an invalid number of grad_input, got {len(changed)}, but expected "
                                       f"{len(grads)}")
                grads = changed
        return grads


def call(module: Any, args: tuple, kwargs: dict) -> Any:
    """A module's ``forward`` with all its hooks."""
    for number, hook in list(module._forward_pre_hooks.items()):
        if number in module._hooks_with_kwargs:
            changed = hook(module, args, kwargs)
            if changed is not None:
                if not isinstance(changed, tuple) or len(changed) != 2:
                    raise RuntimeError(f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}.")
                args, kwargs = changed
        else:
            changed = hook(module, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
    backward = BackwardCall(module) if module._backward_hooks or module._backward_pre_hooks else None
    if backward is not None:
        args = backward.enter(args)
    left = list(module._forward_hooks.items())
    try:
        result = module.forward(*args, **kwargs)
        while left:
            changed = call_one(module, *left.pop(0), args, kwargs, result)
            result = result if changed is None else changed
    except BaseException:
        for number, hook in left:
            if number in module._always_called:
                call_after_error(module, number, hook, args, kwargs)
        raise
    return result if backward is None else backward.leave(result)


def call_one(module: Any, number: int, hook: Callable, args: tuple, kwargs: dict, result: Any) -> Any:
    """What a forward hook returns."""
    given = (args, kwargs) if number in module._hooks_with_kwargs else (args,)
    return hook(module, *given, result)


def call_after_error(module: Any, number: int, hook: Callable, args: tuple, kwargs: dict) -> None:
    """Call a forward hook that wants to be called in any case; an error of its own becomes a warning."""
    try:
        call_one(module, number, hook, args, kwargs, None)
    except Exception as error:  # noqa: BLE001  the first error is the one to report
        warnings.warn(f"module forward hook with ``always_call=True`` raised an exception that was silenced as another error was raised "
                      f"in forward: {error}", stacklevel=3)
