"""Roots and powers without branches, so that loops over them vectorize."""
import math

from .exponential import ONE


def sqrt_float32(x):
    return math.sqrt(x)


def sqrt_float64(x):
    return math.sqrt(x)


def rsqrt_float32(x):
    return ONE / math.sqrt(x)


def rsqrt_float64(x):
    return 1.0 / math.sqrt(x)
