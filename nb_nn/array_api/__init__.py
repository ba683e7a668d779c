"""A namespace that follows the array-API standard, 2024.12 (https://data-apis.org/array-api/2024.12).

Its functions take the standard's names and arguments, tensors and arrays, and answer with arrays: `Array` is a tensor whose
operators, indices and attributes are the standard's. docs/array_api.md says what the standard's own tests find.

>>> xp = tensor([1.0]).__array_namespace__()
>>> xp.sum(xp.asarray([1, 2, 3]))
Array(6, dtype=int64)
"""
# ruff: noqa: F401  re-exports, in the order of the standard
from math import e, inf, nan, pi

from ..core.dtype import bool_ as bool
from ..core.dtype import complex64, complex128, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64
from . import array_object, fft, linalg
from .array_object import Array
from .creation import (
    arange,
    asarray,
    empty,
    empty_like,
    eye,
    from_dlpack,
    full,
    full_like,
    linspace,
    meshgrid,
    ones,
    ones_like,
    tril,
    triu,
    zeros,
    zeros_like,
)
from .elementwise import (
    abs,
    acos,
    acosh,
    add,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    bitwise_and,
    bitwise_invert,
    bitwise_left_shift,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    ceil,
    clip,
    conj,
    copysign,
    cos,
    cosh,
    divide,
    equal,
    exp,
    expm1,
    floor,
    floor_divide,
    greater,
    greater_equal,
    hypot,
    imag,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    multiply,
    negative,
    nextafter,
    not_equal,
    positive,
    pow,
    real,
    reciprocal,
    remainder,
    round,
    sign,
    signbit,
    sin,
    sinh,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    trunc,
)
from .information import __array_namespace_info__, astype, can_cast, finfo, iinfo, isdtype, result_type
from .linalg import matmul, matrix_transpose, tensordot, vecdot
from .manipulation import (
    broadcast_arrays,
    broadcast_to,
    concat,
    expand_dims,
    flip,
    moveaxis,
    permute_dims,
    repeat,
    reshape,
    roll,
    squeeze,
    stack,
    tile,
    unstack,
)
from .searching import (
    argmax,
    argmin,
    argsort,
    count_nonzero,
    nonzero,
    searchsorted,
    sort,
    take,
    take_along_axis,
    unique_all,
    unique_counts,
    unique_inverse,
    unique_values,
    where,
)
from .statistics import all, any, cumulative_prod, cumulative_sum, diff, max, mean, min, prod, std, sum, var

for module in (globals(), vars(linalg), vars(fft)):
    array_object.answer_with_arrays(module)
del module

newaxis = None
__array_api_version__ = "2024.12"
