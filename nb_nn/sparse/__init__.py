"""Sparse tensors in COO format: functions on them, the legacy constructors, and the way from SciPy."""
# ruff: noqa: F401  re-exports only
from ..ops.sparse.construction import from_scipy
from ..ops.sparse.products import addmm, mm, sum
from ..ops.sparse.softmax import log_softmax, softmax
from .invariants import check_sparse_tensor_invariants
from .types import (
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
)
