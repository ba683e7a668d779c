"""Every documented name of the tensor library stands in a test, and has an example in its docstring."""
import ast
import functools
import importlib.util
import inspect
import re
import sys
from pathlib import Path

import pytest
from api.signatures import find
from api.test_forms import INPLACE, OUT, ROWS

TESTS = Path(__file__).parents[1]
# names that tests put together, and the file that does
COMPOSED = {**{f"{name}_window": "ops/test_spectral.py" for name in ("bartlett", "blackman", "hamming", "hann")},
            **{f"rnn_{name}": "nn/test_rnn.py" for name in ("relu", "tanh", "relu_cell", "tanh_cell")},
            **dict.fromkeys((name.split(".")[-1] for name, row in ROWS.items() if row["kind"] == "operator"), "ops/test_pointwise.py")}
WITHOUT_EXAMPLE = {name for name in ROWS if name.startswith("torch.return_types.")} | {     # made by one function each
    f"torch.FloatStorage.{name}" for name in ("bool", "byte", "char", "double", "float", "half", "int", "long", "short")}


@functools.cache
def words():
    """The attributes and words in strings of all tests that run without PyTorch."""
    found = set(OUT) | set(INPLACE) | COMPOSED.keys()
    for path in TESTS.rglob("*.py"):
        if path.parent.name not in ("parity", "api"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute):
                    found.add(node.attr)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found |= set(re.findall(r"[A-Za-z_]\w*", node.value))
    spec = importlib.util.spec_from_file_location("rows", TESTS / "ops" / "rows.py")
    rows = sys.modules.get("rows") or importlib.util.module_from_spec(spec)
    if "rows" not in sys.modules:
        sys.modules["rows"] = rows
        spec.loader.exec_module(rows)
    return found | {case.name + "_" for case in rows.POINTWISE if case.inplace}


@pytest.mark.parametrize("name", ROWS)
def test_a_test_mentions_it(name):
    assert name.split("#")[0].split(".")[-1] in words()


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row["kind"] in ("function", "method", "class")
                                  and name not in WITHOUT_EXAMPLE])
def test_its_docstring_has_an_example(name):
    found = find(name)
    made_of = getattr(found, "inplace_of", None)
    assert ">>> " in (made_of.body.__doc__ if made_of else inspect.getdoc(found))
