"""The examples in the docstrings of the kernels (pytest finds those of nb_nn itself) and of the documents."""
import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import nb_nn.kernels

OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
# modules that are imported only where Numba finds CUDA's compiler
MODULES = sorted(one.name for one in pkgutil.walk_packages(nb_nn.kernels.__path__, "nb_nn.kernels.", onerror=lambda name: None)
                 if not one.name.startswith("nb_nn.kernels.cuda."))


@pytest.mark.parametrize("name", MODULES)
def test_kernel_modules(name):
    from nb_nn.kernels.compile import FORMULAS

    module = importlib.import_module(name)
    known = dict(FORMULAS)
    failures = doctest.testmod(module, optionflags=OPTIONS).failed
    for made in FORMULAS.keys() - known.keys():         # what an example has declared
        del FORMULAS[made]
    assert not failures


@pytest.mark.parametrize("document", sorted(Path(__file__).parent.parent.glob("docs/*.md")) + [Path(__file__).parent.parent / "README.md"],
                         ids=lambda path: path.name)
def test_documents(document):
    assert not doctest.testfile(str(document), module_relative=False, optionflags=OPTIONS).failed
