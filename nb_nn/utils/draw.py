"""Graphs as pictures: what computed a tensor, or what a model is made of, in the DOT language of Graphviz."""
from __future__ import annotations

import itertools
import pathlib
import shutil
from typing import Any

from ..nn import Module
from ..tensor import Tensor
from .summary import tensors_in


def draw(what: Any, path: Any = None, names: Any = None) -> str:
    """The DOT text of a model (its modules), or of a result (the operations that made it, down to the leaves); also written to ``path``.

    A result is a tensor, or a nest of them. ``names`` (a model, or a dict of tensors) says what leaves are called. A path that ends
    in .dot or .gv gets the text, others (.png, .svg, .pdf, ...) a picture, for which Graphviz must be installed.

    >>> x = torch.ones(2, requires_grad=True)
    >>> print(draw((x * 3).sum(), names={"x": x}))
    digraph {
      node [shape=box, fontname="monospace", fontsize=10]
      n0 [label="result ()", style=filled, fillcolor=lightgreen]
      n1 [label="SumBackward0"]
      n2 [label="MulBackward0"]
      n3 [label="x (2)", style=filled, fillcolor=lightblue]
      n1 -> n0
      n2 -> n1
      n3 -> n2
    }
    """
    if isinstance(what, Module):
        graph = tree_of(what)
    elif tensors_in(what):
        graph = history_of(tensors_in(what), names)
    else:
        raise TypeError(f"draw: expected a module, or tensors, but got {type(what).__name__}")
    text = graph.text()
    if path is not None:
        save(text, pathlib.Path(path))
    return text


class Graph:
    """Boxes and arrows."""

    def __init__(self) -> None:
        self.boxes: list[str] = []
        self.arrows: list[str] = []
        self.count = itertools.count()

    def box(self, label: str, color: str = "") -> str:
        """Add a box, and return its name."""
        name = f"n{next(self.count)}"
        label = label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        self.boxes.append(f'  {name} [label="{label}"' + (f", style=filled, fillcolor={color}]" if color else "]"))
        return name

    def arrow(self, begin: str, end: str) -> None:
        self.arrows.append(f"  {begin} -> {end}")

    def text(self) -> str:
        return "\n".join(["digraph {", '  node [shape=box, fontname="monospace", fontsize=10]', *self.boxes, *self.arrows, "}"])


def size_text(tensor: Any) -> str:
    return "(" + ", ".join(map(str, tensor.shape)) + ")"


def history_of(results: list, names: Any) -> Graph:
    """What computed tensors, from the results to the leaves."""
    graph, known = Graph(), {}
    pairs = names.named_parameters() if isinstance(names, Module) else (names or {}).items()
    called = {id(tensor): name for name, tensor in pairs}

    for number, result in enumerate(results):
        title = "result" if len(results) == 1 else f"result {number}"
        target = graph.box(f"{title} {size_text(result)}", "lightgreen")
        waiting = [(result.grad_fn, target)] if result.grad_fn is not None else []
        if result.grad_fn is None and result.requires_grad:
            graph.arrow(graph.box(f"{called.get(id(result), 'leaf')} {size_text(result)}", "lightblue"), target)
        while waiting:
            node, end = waiting.pop()
            if id(node) in known:
                graph.arrow(known[id(node)], end)
                continue
            leaf = getattr(node, "variable", None)
            if isinstance(leaf, Tensor):
                box = graph.box(f"{called.get(id(leaf), 'leaf')} {size_text(leaf)}", "lightblue")
            else:
                box = graph.box(node.name())
            known[id(node)] = box
            graph.arrow(box, end)
            waiting += [(one, box) for one, _ in reversed(node.next_functions) if one is not None]
    return graph


def tree_of(model: Module) -> Graph:
    """The modules of a model; one that stands in two places is drawn once."""
    graph, known = Graph(), {}

    def visit(name: str, module: Module) -> str:
        if id(module) not in known:
            kind, extra = type(module).__name__, module.extra_repr().split("\n")[0]
            own = sum(one.numel() for one in module._parameters.values() if one is not None)
            lines = [f"{name}: {kind}" if name else kind, *([extra] if extra else []), *([f"{own:,} parameters"] if own else [])]
            known[id(module)] = box = graph.box("\n".join(lines), "lightblue" if own else "")
            for child, below in module._modules.items():
                if below is not None:
                    graph.arrow(box, visit(child, below))
        return known[id(module)]

    visit("", model)
    return graph


def save(text: str, path: pathlib.Path) -> None:
    """Write DOT text, or what Graphviz makes of it."""
    if path.suffix in (".dot", ".gv"):
        path.write_text(text + "\n", encoding="utf-8")
        return
    import subprocess

    program = shutil.which("dot")
    if program is None:
        raise RuntimeError(f"draw: {path.suffix or 'a picture'} needs Graphviz, whose program dot is not installed (https://graphviz.org); "
                           "a path that ends in .dot gets the text")
    made = subprocess.run([program, f"-T{path.suffix[1:]}", "-o", str(path)], input=text, text=True, capture_output=True)
    if made.returncode:
        raise RuntimeError(f"draw: dot could not write {path}: {made.stderr.strip()}")
