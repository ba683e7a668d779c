"""Reading a pickle without running anything that it brings along.

A pickle is a program: whoever writes one may let it call any function that Python can import. This reader is a machine
of its own that builds numbers, text, lists, tuples, sets and dictionaries, and calls only what a table names, so a
checkpoint from anywhere can be opened.
"""
from __future__ import annotations

import pickletools
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from pickle import UnpicklingError
from typing import Any, BinaryIO

LITERALS = frozenset((
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES",
    "BINBYTES8"))
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
EMPTY: dict[str, Callable] = {"EMPTY_TUPLE": tuple, "EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set}
SHORT_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
COLLECTIONS: dict[str, Callable] = {"TUPLE": tuple, "LIST": list, "FROZENSET": frozenset}
PUTS = frozenset(("PUT", "BINPUT", "LONG_BINPUT"))
GETS = frozenset(("GET", "BINGET", "LONG_BINGET"))
IGNORED = frozenset(("PROTO", "FRAME"))


def as_bytes(text: str, encoding: str) -> bytes:
    """How pickles before protocol 3 write bytes."""
    return text.encode("latin1" if encoding == "latin1" else "utf-8")


CONTAINERS: dict[str, Any] = {
    "collections OrderedDict": OrderedDict,
    "collections defaultdict": defaultdict,
    "collections Counter": Counter,
    "_codecs encode": as_bytes,
    **{f"{builtins} {kind.__name__}": kind for builtins in ("builtins", "__builtin__")
       for kind in (bool, int, float, str, list, tuple, dict, set, frozenset)},
}


def unpickle(file: bytes | BinaryIO, known: Mapping[str, Any], persistent: Callable[[Any], Any], trusted: frozenset = frozenset()) -> Any:
    """The object in a pickle that refers to nothing but ``CONTAINERS`` and ``known`` ("module name" -> value).

    Of ``trusted`` classes among the known, instances are made and given their state as pickle does.

    A file is read up to the end of the pickle. UnpicklingError names the first thing that is not known; a damaged pickle
    raises whatever its nonsense leads to (ValueError, IndexError, KeyError, TypeError, ...).
    """
    machine = Machine({**CONTAINERS, **known}, persistent, trusted)
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name == "STOP":
            return machine.stack.pop()
        machine.step(opcode.name, argument)
    raise ValueError("a pickle without an end")


class Machine:
    """The stack, the marks in it and the memory of a pickle being read."""

    def __init__(self, known: Mapping[str, Any], persistent: Callable[[Any], Any], trusted: frozenset = frozenset()):
        self.known, self.persistent, self.trusted = known, persistent, trusted
        self.stack: list = []
        self.outer: list[list] = []         # the stacks below each mark
        self.memory: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """Do what one instruction says."""
        stack = self.stack
        if name in LITERALS:
            stack.append(argument)
        elif name in PUTS:
            self.memory[argument] = stack[-1]
        elif name == "MEMOIZE":
            self.memory[len(self.memory)] = stack[-1]
        elif name in GETS:
            stack.append(self.memory[argument])
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in EMPTY:
            stack.append(EMPTY[name]())
        elif name == "MARK":
            self.outer.append(stack)
            self.stack = []
        elif name in SHORT_TUPLES:
            stack.append(tuple(self.take(SHORT_TUPLES[name])))
        elif name in COLLECTIONS:
            items = self.take_marked()
            self.stack.append(COLLECTIONS[name](items))
        elif name == "BINPERSID":
            stack.append(self.persistent(stack.pop()))
        elif name == "GLOBAL":
            stack.append(self.look_up(argument))
        elif name == "STACK_GLOBAL":
            stack.append(self.look_up(" ".join(self.take(2))))
        elif name in ("REDUCE", "NEWOBJ"):
            function, arguments = self.take(2)
            if name == "NEWOBJ" and isinstance(function, type) and function in self.trusted:
                stack.append(function.__new__(function, *arguments))
            else:
                stack.append(self.call(function, arguments))
        elif name == "POP_MARK":
            self.take_marked()
        elif name == "POP":
            stack.pop()
        elif name not in IGNORED:
            self.change(name)

    def change(self, name: str) -> None:
        """Instructions that add to the container below them on the stack."""
        if name in ("APPEND", "SETITEM"):
            items = self.take(1 if name == "APPEND" else 2)
        elif name in ("APPENDS", "SETITEMS", "ADDITEMS", "DICT"):
            items = self.take_marked()
        elif name == "BUILD":
            items = self.take(1)
        else:
            raise UnpicklingError(f"instruction {name} has no place in a checkpoint")
        if name == "DICT":
            self.stack.append(dict(zip(items[::2], items[1::2], strict=True)))
            return
        target = self.stack[-1]
        if name.startswith("APPEND") and type(target) is list:
            target.extend(items)
        elif name.startswith("SETITEM") and isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2], strict=True):
                target[key] = value
        elif name == "ADDITEMS" and type(target) is set:
            target.update(items)
        elif name == "BUILD" and type(target) is OrderedDict and type(items[0]) is dict:
            target.__dict__.update(items[0])        # such as the _metadata of a state_dict
        elif name == "BUILD" and type(target) in self.trusted:
            set_state(target, items[0])
        else:
            raise UnpicklingError(f"the file changes an object of type {type(target).__name__} in a way no checkpoint does "
                                  f"({name})")

    def take(self, count: int) -> list:
        """The topmost items, removed."""
        if len(self.stack) < count:
            raise ValueError("the pickle takes more than it put")
        items = self.stack[-count:]
        del self.stack[-count:]
        return items

    def take_marked(self) -> list:
        items, self.stack = self.stack, self.outer.pop()
        return items

    def look_up(self, name: str) -> Any:
        if name not in self.known:
            raise UnpicklingError(
                f"the file refers to {name.replace(' ', '.')}, which is neither a tensor nor a number, a text or a plain "
                "container; loading it could run code of whoever wrote the file. If you trust where it comes from, "
                "say load(..., weights_only=False)")
        return self.known[name]

    def call(self, function: Any, arguments: Any) -> Any:
        # only the table brings anything callable onto the stack
        if not callable(function) or type(arguments) is not tuple:
            raise UnpicklingError(f"the file calls an object of type {type(function).__name__}")
        return function(*arguments)


def set_state(target: Any, state: Any) -> None:
    """Give an object the state that pickle kept of it: by its own method, else its attributes."""
    if hasattr(target, "__setstate__"):
        target.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    target.__dict__.update(attributes or {})
    for name, value in (slots or {}).items():
        setattr(target, name, value)
