"""The documented names with their signatures, and whether what is here may be called as they say."""
from __future__ import annotations

import csv
import inspect
import re
from pathlib import Path
from typing import Any

import nb_nn

HERE = Path(__file__).parent
# documented name of a parameter -> names it has had since
RENAMED = {
    "A": {"input", "A"}, "B": {"input"}, "a": {"input"}, "args": {"input"}, "b": {"input", "b"}, "batch1": {"input", "batch1"}, "batch2": {"mat2"},
    "column": {"col"}, "diagonal": {"offset"}, "dim": {"dimension"}, "dimension": {"dim"}, "divisor": {"other"}, "indices": {"index"},
    "input1": {"input"}, "input2": {"other"}, "int": {"num"}, "k": {"diagonal"}, "kwargs": {"kernel_size", "output_size"}, "mat": {"input", "input3"},
    "mat1": {"input", "mat1"}, "min": {"min_val"}, "modules": {"given"}, "obj": {"object", "type"}, "other": {"src"}, "parameters": {"given"},
    "self": {"input"}, "seq": {"tensors"}, "size": {"sizes", "shape", "the_template"}, "sizes": {"size", "sections"},
    "source": {"src"}, "split_size": {"split_size_or_sections"}, "start": {"input"}, "storage": {"source"}, "tau": {"input2"},
    "tensor": {"input", "source", "other", "the_template", "data"}, "tensor1": {"input"}, "tensor2": {"tensor", "other"}, "u": {"input", "input2"},
    "val": {"value"}, "value": {"other", "alpha", "fill_value", "values"}, "vec1": {"input"}, "x": {"input", "condition", "other"}, "y": {"other"},
}


# modules, made: their parameters are attributes of an instance, not of the class
MADE = {
    "Conv1d": (1, 1, 1), "Conv2d": (1, 1, 1), "Conv3d": (1, 1, 1), "ConvTranspose1d": (1, 1, 1), "ConvTranspose2d": (1, 1, 1),
    "ConvTranspose3d": (1, 1, 1), "PReLU": (), "RNN": (1, 1), "LSTM": (1, 1), "GRU": (1, 1), "RNNCell": (1, 1), "LSTMCell": (1, 1),
    "GRUCell": (1, 1), "Linear": (1, 1), "Bilinear": (1, 1, 1), "Embedding": (1, 1), "EmbeddingBag": (1, 1),
    "DataParallel": (nb_nn.nn.Identity(),),
}


def inventory() -> dict[str, dict]:
    """A row a documented name."""
    with open(HERE / "inventory.tsv") as file:
        return {row["name"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def find(name: str) -> Any:
    """The object of a documented name, or AttributeError; ``[k]`` in it stands for the number of a layer."""
    found: Any = nb_nn
    for part in name.split("#")[0].replace("[k]", "0").split(".")[1:]:
        if isinstance(found, type) and not hasattr(found, part) and found.__name__ in MADE:
            found = found(*MADE[found.__name__])
        found = getattr(found, part)
    return found


def listed() -> dict[str, str]:
    """The names that have been built, and what of the documented signature is known to be otherwise."""
    lines = (HERE / "done.txt").read_text().splitlines()
    return {name.strip(): reason.strip() for name, _, reason in (line.partition("#!") for line in lines if line and line[0] != "#")}


def documented(signature: str) -> list[tuple[str, str | None]] | None:
    """(parameter, default) of a documented signature; None if it has none or several."""
    if " / " in signature:
        return None
    found = re.match(r"[\w.]*\((.*)\)", signature.split("->")[0].strip())
    if found is None:
        return None
    parameters = []
    for part in re.split(r",\s*(?![^()\[\]]*[)\]])", found.group(1)):
        part = re.sub(r"\s*:\s*[^=]+", "", part.strip())
        name, _, default = (piece.strip() for piece in part.partition("="))
        if name and name != "*":
            parameters.append((name, default or None))
    return parameters


def differences(name: str, row: dict) -> list[str]:
    """What of a documented call would not work here."""
    parameters = documented(row["signature"])
    function = find(name)
    if parameters is None or not callable(function) or row["kind"] not in ("function", "method", "class"):
        return []
    try:
        own = dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []
    if row["kind"] == "method" and not name.startswith("torch.nn."):        # of a tensor, which is the input
        parameters = [one for one in parameters if one[0] != "input"]
    if row["kind"] == "method" and own and inspect.isfunction(function):
        own.pop(next(iter(own)))
    kinds = {one.kind for one in own.values()}
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return []
    found, variadic = [], inspect.Parameter.VAR_POSITIONAL in kinds
    for parameter, default in parameters:
        parameter = parameter.lstrip("*")
        match = next((one for one in (parameter, *sorted(RENAMED.get(parameter, ()))) if one in own), None)
        if match is None:
            if not variadic:
                found.append(f"no parameter {parameter}")
        elif default is not None and own[match].default is inspect.Parameter.empty and own[match].kind not in (
                inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            found.append(f"{match} has no default")
    required = [one for one, what in own.items() if what.default is inspect.Parameter.empty and what.kind in (
        inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)]
    known = {one.lstrip("*") for one, _ in parameters}
    known |= {other for one in known for other in RENAMED.get(one, ())}
    found += [f"{one} is required" for one in required if one not in known]
    return found


def main() -> None:
    """Write down what is there now. Names only ever join the list; one that has gone must be taken out by hand."""
    rows, before = inventory(), listed() if (HERE / "done.txt").exists() else {}
    lines = ["# Documented names that are here; `#!` says what of a documented call would not work. `python tests/api/signatures.py` adds to it."]
    for name, row in rows.items():
        try:
            find(name)
        except AttributeError:
            if name not in before:
                continue
            lines.append(name)
        else:
            differs = differences(name, row)
            lines.append(f"{name}  #! {', '.join(differs)}" if differs else name)
    (HERE / "done.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
