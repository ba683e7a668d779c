"""Layers, losses, and the functions they are made of."""
# ruff: noqa: F401, I001  re-exports only, in the order of the topics
from . import functional, init
from .parameter import Parameter
from .modules import (
    Module,
    ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential,
    Bilinear, Identity, Linear,
    CELU, ELU, GELU, GLU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, LogSigmoid, LogSoftmax, Mish, PReLU, ReLU, ReLU6, RReLU,
    SELU, Sigmoid, SiLU, Softmax, Softmax2d, Softmin, Softplus, Softshrink, Softsign, Tanh, Tanhshrink, Threshold,
    AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout,
    Flatten, Unflatten,
)
