"""Names that the documentation lists of a backend's insides: each is the public function."""
from __future__ import annotations

from typing import Any

from ...core.tensor_base import TensorBase
from .. import copies, creation, exponential, matmul, moments
from .shape import resize_as_

Tensor = TensorBase


def native_clone(self: Tensor) -> Tensor:
    """`clone`."""
    return copies.clone(self)


def native_norm(self: Tensor, p: Any = 2) -> Tensor:
    """`norm` of all elements."""
    return moments.norm(self, p)


def native_pow(self: Tensor, exponent: Any) -> Tensor:
    """`pow` by a number."""
    return exponential.pow(self, exponent)


def native_resize_as_(self: Tensor, the_template: Tensor) -> Tensor:
    """`Tensor.resize_as_`."""
    return resize_as_(self, the_template)


def native_zero_(self: Tensor) -> Tensor:
    """`Tensor.zero_`."""
    return creation.zero_(self)


def s_copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """`Tensor.copy_`."""
    return copies.copy_(self, src, non_blocking)


def s_native_addmm(self: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """`addmm`."""
    return matmul.addmm(self, mat1, mat2, beta=beta, alpha=alpha)


def s_native_addmm_(self: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """`Tensor.addmm_`."""
    return matmul.addmm_(self, mat1, mat2, beta=beta, alpha=alpha)
