"""Scalar functions: the mathematics of elementwise ops, shared by all devices."""
from . import activation, arithmetic, comparison, complex, composite, half, loss, pairs, special, vector  # noqa: F401  importing a topic enters its formulas
