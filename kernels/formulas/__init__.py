"""Scalar functions: the mathematics of elementwise ops, shared by all devices."""
from . import half  # noqa: F401  importing a topic enters its formulas
