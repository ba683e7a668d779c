"""Formulas made of the vector functions."""
import math

from ..compile import formula
from .vector import exp, log1p


@formula
def logaddexp(x, y):
    """log(exp(x) + exp(y)), from the larger one down; two equal infinities have no difference."""
    larger, smaller = (x, y) if x > y else (y, x)
    if abs(larger) == math.inf and larger == smaller:
        return larger
    return larger + log1p(exp(smaller - larger))
