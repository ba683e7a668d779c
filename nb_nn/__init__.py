"""nb_nn: the torch API in pure Python, on NumPy and Numba.

>>> import nb_nn as torch
>>> torch.tensor([1.0, 2.0]).sum()
tensor(3.)
"""
from .core.device import device
from .core.dtype import (
    bfloat16, bool_ as bool, can_cast, cdouble, cfloat, complex64, complex128, double, dtype, float16, float32, float64,
    float_ as float, get_default_dtype, half, int8, int16, int32, int64, int_ as int, long, promote_types, set_default_dtype, short,
    uint8,
)
from .core.size import Size
from .tensor import Tensor, layout, sparse_coo, strided
from .autograd.grad_mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from .ops.arithmetic import *
from .version import __version__
