"""Names that doctests may use: everything of nb_nn, as ``torch.relu`` or ``relu``, and NumPy as ``np``."""
import numpy as np
import pytest

import nb_nn


@pytest.fixture(autouse=True)
def _names(doctest_namespace):
    public = {name: value for name, value in vars(nb_nn).items() if not name.startswith("_")}
    doctest_namespace.update({"torch": nb_nn, "np": np, "tensor": nb_nn.tensor, "zeros": nb_nn.zeros, "ones": nb_nn.ones})
    for name in ("float", "int", "bool", "sum", "abs", "max", "min", "all", "any", "range", "pow"):
        public.pop(name, None)
    for name, value in public.items():
        doctest_namespace.setdefault(name, value)
