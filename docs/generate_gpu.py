"""Writes the list of what CUDA lacks into docs/gpu.md: kernels of the CPU without a twin. ``python docs/generate_gpu.py`` after adding a
kernel; a test compares, so that the gap is seen to grow."""
from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from nb_nn.kernels import table

PAGE = Path(__file__).parent / "gpu.md"
BEGIN, END = "<!-- made by docs/generate_gpu.py -->\n", "<!-- end -->\n"
FACTORIES = ("loops", "reduction", "scan", "indexing", "sorting")
# how the CPU goes about what CUDA leaves to a library or does in another way
MEANS = {
    "matrix products (cuBLAS)": {"few_rows_products", "few_rows_by_depth", "matrix_products", "small_products", "add_chunks"},
    "convolution (columns and cuBLAS)": {"correlate", "weight_gradient", "weight_gradient_by_planes"},
    "attention (a product, a softmax and a product)": {"attention_softmax", "attention_softmax_backward"},
    "flips (a copy of CuPy)": {"reverse_rows"},
    "reflectors (an operation each)": {"orthogonal", "multiply_orthogonal"},
    "random permutations (the CPU's, copied)": {"permutation"},
    "long rows in order (Thrust)": {"sort_long"},
    "recurrent layers (a product and a launch a step)": {"pack_panels", "recurrent_weights"},
}


def module(device: str, file: str) -> ModuleType | None:
    """A file of kernels, if the device has it."""
    try:
        return importlib.import_module(f"nb_nn.kernels.{device}.{file}")
    except ModuleNotFoundError:
        return None


def factories(device: str, file: str) -> set[str]:
    """Names of functions that make a loop for a formula."""
    known = module(device, file)
    return {name for name, made in vars(known).items() if hasattr(made, "cache_parameters") and made.__module__ == known.__name__
            } if known else set()


def lacking() -> dict[str, list[str]]:
    """Kernels, and makers of kernels, that CUDA lacks, by the CPU's files."""
    found: dict[str, set[str]] = {}
    means = set().union(*MEANS.values())
    for name in table.names("cpu") - table.names("cuda") - means:
        kernel = table.find("cpu", name)
        home = getattr(kernel, "function", kernel).__module__.rpartition(".")[2]
        found.setdefault(home, set()).add(name)
    for file in FACTORIES:
        more = factories("cpu", file) - factories("cuda", file) - means
        if more:
            found.setdefault(file, set()).update(more)
    return {file: sorted(names) for file, names in sorted(found.items())}


def section() -> str:
    """What stands between the marks."""
    rows = [f"| {file} | {', '.join(f'`{name}`' for name in names)} |" for file, names in lacking().items()]
    count = sum(len(names) for names in lacking().values())
    told = f"Of the CPU's kernels, and makers of kernels, {count} have no twin:"
    return "\n".join([told, "", "| file | without a twin |", "| --- | --- |", *rows, ""])


def page() -> str:
    """The page with the list as it is now."""
    text = PAGE.read_text()
    head, rest = text.split(BEGIN)
    return head + BEGIN + section() + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(page())
