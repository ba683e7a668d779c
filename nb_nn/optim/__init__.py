"""Optimizers."""
# ruff: noqa: F401  re-exports only
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .sgd import SGD
from .sparse_adam import SparseAdam
