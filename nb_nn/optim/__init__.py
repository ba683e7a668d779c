"""Optimizers."""
# ruff: noqa: F401  re-exports only
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .sgd import SGD
