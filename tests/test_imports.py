"""Who may import whom: kernels <- core <- autograd <- ops <- tensor <- everything else."""
import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nb_nn
import nb_nn.kernels

PACKAGE, KERNELS = Path(nb_nn.__file__).parent, Path(nb_nn.kernels.__file__).parent
LAYERS = ("kernels", "core", "autograd", "ops", "tensor")
WITH_TENSOR = (      # parts of the Tensor in files of their own
    "copying", "interop", "printing", "sharing", "storage", "storage_memory", "storage_types", "tensor_autograd", "tensor_operators",
    "tensor_properties")
ABOVE = len(LAYERS)
# (importer, imported): the only imports against the arrow, and all but the first inside functions
ALLOWED = {
    ("core.op", "autograd"),            # the choke point records into the graph
    ("ops.options", "cuda"), ("storage", "cuda"),      # once one asks for CUDA
    ("autograd.function", "ops"), ("autograd.views", "ops"), ("autograd.functional", "ops"),       # backward formulas of views are operations
    ("ops.shape_inplace", "storage"), ("interop", "array_api"),
}


def files():
    """Every module of the package as (dotted name without nb_nn, path)."""
    found = [(path.relative_to(PACKAGE), path) for path in PACKAGE.rglob("*.py")]
    if KERNELS.parent != PACKAGE:
        found += [(Path("kernels") / path.relative_to(KERNELS), path) for path in KERNELS.rglob("*.py")]
    for relative, path in sorted(found):
        parts = list(relative.with_suffix("").parts)
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


MODULES = dict(files())


def layer(module):
    top = module.split(".")[0]
    return LAYERS.index("tensor") if top in WITH_TENSOR else LAYERS.index(top) if top in LAYERS else ABOVE


def imports(module, path):
    """(what is imported as a dotted name, whether inside a function) for each import of a file; names within nb_nn begin with a dot."""
    is_package = path.name == "__init__.py"
    package = module.split(".") if is_package else module.split(".")[:-1]
    package = [part for part in package if part]

    def walk(node, late):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ImportFrom):
                if child.level:
                    base = ["", *package[:len(package) - child.level + 1], *(child.module or "").split(".")]
                else:
                    base = ["" if part == "nb_nn" and place == 0 else part for place, part in enumerate(child.module.split("."))]
                base = ".".join(part for place, part in enumerate(base) if part or place == 0)
                for name in child.names:
                    full = f"{base}.{name.name}" if base else f".{name.name}"
                    yield (full if full[1:] in MODULES or base in ("", ".") else base), late
            elif isinstance(child, ast.Import):
                for name in child.names:
                    yield (name.name.replace("nb_nn", "", 1) if name.name.split(".")[0] == "nb_nn" else name.name) or ".", late
            yield from walk(child, late or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)))

    yield from walk(ast.parse(path.read_text()), False)


EDGES = [(module, imported, late) for module, path in MODULES.items() for imported, late in imports(module, path)]


def test_there_is_something_to_look_at():
    assert {"kernels.compile", "core.op", "ops.view", "tensor", ""} <= set(MODULES)
    assert ("ops.view", ".core.launch", False) in EDGES and ("core.launch", ".kernels.compile", False) in EDGES


def test_imports_point_downwards():
    for module, imported, late in EDGES:
        if imported.startswith(".") and module not in ("", "conftest") and layer(module) < ABOVE:
            target = imported[1:]
            if layer(target) > layer(module):
                known = any(module == one and target.split(".")[0] == other for one, other in ALLOWED)
                assert known, f"{module} imports {imported}"
                assert late or module == "core.op", f"{module} imports {imported} at its top"


def test_exceptions_that_nothing_needs_are_not_listed():
    used = {(module, imported[1:].split(".")[0]) for module, imported, _ in EDGES if imported.startswith(".")}
    assert used >= ALLOWED


def test_kernels_import_nothing_of_the_rest():
    for module, imported, _ in EDGES:
        if module.split(".")[0] == "kernels":
            assert not imported.startswith(".") or imported.startswith(".kernels"), f"{module} imports {imported}"


@pytest.mark.parametrize("foreign", ["torch", "jax", "tensorflow"])
def test_no_other_framework_is_imported_anywhere(foreign):
    assert foreign not in {imported.split(".")[0] for _, imported, _ in EDGES}


def test_optional_packages_are_imported_where_they_are_used():
    needed = set(sys.stdlib_module_names) | {"numpy"}
    for module, imported, late in EDGES:
        if not imported.startswith(".") and not late and module.split(".")[0] not in ("kernels", "conftest"):
            assert imported.split(".")[0] in needed, f"{module} imports {imported} at its top"


def test_importing_the_package_loads_neither_numba_nor_scipy():
    code = "import sys, nb_nn; print(*sorted({name.split('.')[0] for name in sys.modules} & {'numba', 'scipy', 'llvmlite', 'torch', 'cupy'}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""
