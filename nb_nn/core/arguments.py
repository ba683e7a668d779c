"""Arguments that PyTorch takes beside the documented ones: NumPy's names, and tensors of one number in place of numbers.

``axis`` stands for ``dim`` and ``keepdims`` for ``keepdim``, a 0-d tensor that requires no grad for its number, and ``size=(2, 3)`` for
``2, 3``. Operations look for them when a call has failed (`core.op`), and at no other time; what only prepares the arguments of
operations stands behind a function that does the same for names. So other calls cost nothing, or next to nothing, more.
"""
from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Container
from types import FunctionType
from typing import Any

from .tensor_base import TensorBase

NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other",
         "split_size": "split_size_or_sections"}
LISTS = {"size": ("size",), "sizes": ("size", "sizes", "repeats"), "shape": ("shape",), "dims": ("dims",)}  # as one argument, by name
VARIABLE = 4                    # flag of code that takes any number of arguments: inspect.CO_VARARGS, without its import


def translated(parameters: Container[str], kwargs: dict) -> dict | None:
    """Keyword arguments with torch's names for those of NumPy's that a function does not have; None if there are none."""
    found = {name: NAMES.get(name, name) if name not in parameters else name for name in kwargs}
    if all(name == own for name, own in found.items()) or not all(own in parameters for own in found.values()):
        return None
    return {found[name]: value for name, value in kwargs.items()} if len(set(found.values())) == len(found) else None


def mended(parameters: tuple[str, ...], kinds: dict, args: tuple, kwargs: dict) -> tuple[tuple, dict] | None:
    """The arguments of a call with names translated and numbers for tensors of one; None if there is nothing to change.

    ``kinds`` are the annotations of the parameters: where a tensor is expected, tensors stay.
    """
    named = translated(parameters, kwargs) or kwargs
    numbers = [as_number(value, kinds.get(name)) for name, value in zip(parameters, args)]
    named_numbers = {name: as_number(value, kinds.get(name)) for name, value in named.items()}
    same = named is kwargs and all(new is old for new, old in zip((*numbers, *named_numbers.values()), (*args, *named.values())))
    return None if same else ((*numbers, *args[len(numbers):]), named_numbers)


def as_number(value: Any, kind: str | None) -> Any:
    """The number that a 0-d tensor is where no tensor is expected; anything else as it is."""
    if isinstance(value, TensorBase) and not value.dim() and not value.requires_grad and not str(kind).startswith("Tensor"):
        return value.item()
    return value


def parameters_of(function: Callable) -> tuple[str, ...]:
    """Names of a plain function's parameters."""
    code = function.__code__
    return code.co_varnames[:code.co_argcount + code.co_kwonlyargcount]


def list_of(function: Callable) -> str | None:
    """Name of the parameter that takes any number of arguments."""
    code = function.__code__
    return code.co_varnames[code.co_argcount + code.co_kwonlyargcount] if code.co_flags & VARIABLE else None


@functools.cache
def taking(function: Callable) -> Callable:
    """A function that takes NumPy's names, too, and a list of sizes or dimensions by its name."""
    parameters, names = parameters_of(function), LISTS.get(list_of(function), ())
    positional = parameters[:function.__code__.co_argcount]

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError:
            listed = [name for name in names if name in kwargs]
            given = {name: value for name, value in kwargs.items() if name not in listed}
            renamed = translated(parameters, given) or (given if listed else None)
            if renamed is None:
                raise
        before = [renamed.pop(name) for name in positional[len(args):] if name in renamed] if listed else []
        return function(*args, *before, *[kwargs[name] for name in listed], **renamed)
    return call


def accept(*owners: Any) -> None:
    """Let the public functions of modules and classes take what `taking` says, if they have a ``dim``, ``keepdim`` or a list."""
    for owner in owners:
        for name, value in list(vars(owner).items()):
            if name[0] != "_" and type(value) is FunctionType and not is_operation(value) and not hasattr(value, "__wrapped__") and (
                    not {"dim", "keepdim"}.isdisjoint(parameters_of(value)) or list_of(value) in LISTS):
                setattr(owner, name, taking(value))
                home = sys.modules[value.__module__]
                if getattr(home, value.__name__, None) is value:        # where pickle finds it
                    setattr(home, value.__name__, taking(value))


def is_operation(function: Callable) -> bool:
    """Whether a function is an operation or its in-place form, which translate for themselves."""
    return hasattr(function, "declaration") or hasattr(function, "inplace_of")
