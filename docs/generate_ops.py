"""Writes docs/ops.md: every function of the public namespaces and every method of a tensor, with its signature and the first sentence of
its docstring. ``python docs/generate_ops.py`` after adding one; a test compares."""
from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import nb_nn

PAGE = Path(__file__).parent / "ops.md"
HEAD = """# Operations

Made by `python docs/generate_ops.py` from the docstrings; `help(nb_nn.NAME)` shows the whole of one with its examples.
A method's first argument is the tensor itself.
"""
MODULES = ("linalg", "special", "nn.functional")


def sentence(thing: Any) -> str:
    """The first paragraph of a docstring, on one line."""
    text = inspect.getdoc(thing) or ""
    return re.sub(r"\s+", " ", text.split("\n\n")[0]).replace("|", "\\|").strip()


def signature(name: str, function: Any) -> str:
    """How a function is called, without types."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return name
    plain = inspect.Signature([one.replace(annotation=inspect.Parameter.empty) for one in parameters])
    return f"{name}{plain}"


def functions(namespace: Any) -> list[tuple[str, Any]]:
    """The public functions of a module or class."""
    found = [(name, getattr(namespace, name)) for name in dir(namespace) if not name.startswith("_")]
    return [(name, value) for name, value in found if inspect.isfunction(value) and value.__module__.startswith("nb_nn")]


def table(title: str, namespace: Any) -> str:
    """A section of the page."""
    rows = [f"| `{signature(name, value)}` | {sentence(value)} |" for name, value in functions(namespace)]
    return "\n".join([f"\n## {title}\n", "| call | what it does |", "| --- | --- |", *rows, ""])


def page() -> str:
    """The whole page."""
    parts = [table("Functions: `nb_nn`", nb_nn), table("Methods: `nb_nn.Tensor`", nb_nn.Tensor)]
    for name in MODULES:
        namespace = nb_nn
        for part in name.split("."):
            namespace = getattr(namespace, part)
        parts.append(table(f"`nb_nn.{name}`", namespace))
    return HEAD + "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
