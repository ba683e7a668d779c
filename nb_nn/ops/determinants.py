"""Determinants and their logarithms."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import cuda_memory, launch
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.op import derivative, op
from ..core.results import result_type
from ..core.tensor_base import TensorBase, wrap
from . import matrices
from .choosing import where
from .joining import cat
from .matrices import adjoint
from .sequences import eye
from .solving import inverse, inverse_ex
from .spectra import svd_op

Tensor = TensorBase
SlogDet = result_type("slogdet", "sign", "logabsdet")


def diagonals_of(input: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """For each matrix numbers whose product is its determinant, (count, n), and the determinant, (count,)."""
    diagonals, made = matrices.room(input, input._array.shape[-1]), matrices.room(input)
    if not diagonals.size:
        made.fill(1)
    else:
        launch.launch("determinants", matrices.stack(input), diagonals, made, device=input._device)
    return diagonals, made


@op
def det_op(input: Tensor) -> Tensor:
    """`det` with a checked argument."""
    return matrices.tensor_of(input, diagonals_of(input)[1])


def det_gradient(grad: Tensor, result: Tensor, input: Tensor) -> Tensor:
    """det(A)^* A^-H grad; of singular matrices the matrix of cofactors times grad."""
    singular = cuda_memory.moved(result._array, CPU) == 0
    if not singular.any():
        scale = grad * (result.conj() if result.is_complex() else result)
        return scale.unsqueeze(-1).unsqueeze(-1) * adjoint(inverse(input))
    flat, grads = input.reshape(-1, *input.shape[-2:]), grad.reshape(-1, 1, 1)
    places = [np.flatnonzero(chosen) for chosen in (~singular.ravel(), singular.ravel())]
    regular, rest = [wrap(cuda_memory.moved(place, input._device), dtypes.int64) for place in places]
    parts = [cofactors_singular(flat.index_select(0, rest)) * grads.index_select(0, rest)]
    if len(places[0]):
        parts.append(det_gradient(grad.reshape(-1).index_select(0, regular), result.reshape(-1).index_select(0, regular),
                                  flat.index_select(0, regular)))
    order = np.argsort(np.concatenate((places[1], places[0])))
    return cat(parts, 0).index_select(0, wrap(cuda_memory.moved(order, input._device), dtypes.int64)).reshape(input.shape)


def cofactors_singular(input: Tensor) -> Tensor:
    """det(U) det(V) U diag(products of all other singular values) V^H."""
    u, s, vh = svd_op(input, False)
    sign = det_op(u) * det_op(vh)
    sign = sign.conj() if sign.is_complex() else sign.detach()
    diagonal = eye(s.shape[-1], dtype=dtypes.bool_, device=s.device)
    others = s.unsqueeze(-2).expand(*s.shape, s.shape[-1]).masked_fill(diagonal, 1).prod(-1)
    return u * (sign.unsqueeze(-1) * others).unsqueeze(-2) @ vh


det_op.declaration.node_name = "LinalgDetBackward0"
derivative(det_op, input=det_gradient)


def det(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Determinants of square matrices. The second derivative is unstable at singular matrices.

    Shape: (\\*, n, n); the result is (\\*).

    >>> det(tensor([[2.0, 1.0], [4.0, 8.0]]))
    tensor(12.)
    """
    matrices.check_square("linalg.det", input)
    matrices.check_floating("linalg.det", input, "lu_cpu")
    return launch.into_out("det", det_op(input), out)


@op
def slogdet_op(input: Tensor) -> tuple[Tensor, Tensor]:
    """`slogdet` with a checked argument."""
    diagonals = matrices.tensor_of(input, diagonals_of(input)[0])
    sizes = diagonals.abs()
    if diagonals.is_complex():
        values = cuda_memory.moved(diagonals._array, CPU)
        lengths = abs(values)
        sizes = wrap(cuda_memory.moved(lengths, input._device), sizes._dtype)
        phases = np.asarray(np.divide(values, lengths, out=np.zeros_like(values), where=lengths != 0).prod(-1))
        return wrap(cuda_memory.moved(phases, input._device), diagonals._dtype), sizes.log().sum(-1)
    return diagonals.sign().prod(-1), sizes.log().sum(-1)


def slogdet_gradient(grads: list, results: list, input: Tensor) -> Tensor | None:
    """A^-H times the gradient of the logarithm; of complex matrices the sign turns, too."""
    grad_sign, grad = grads
    sign = results[0]
    if sign.is_complex() and grad_sign is not None:
        turn = (sign.conj() * grad_sign).imag * 1j
        grad = turn if grad is None else grad + turn
    if grad is None:
        return None
    return grad.unsqueeze(-1).unsqueeze(-1) * adjoint(inverse_ex(input)[0])


slogdet_op.declaration.node_name = "LinalgSlogdetBackward0"
derivative(slogdet_op, input=slogdet_gradient)


def slogdet(input: Tensor, *, out: Any = None) -> SlogDet:
    """Sign of the determinant and logarithm of its size: (0, -inf) if the matrix is singular.

    >>> slogdet(tensor([[1.0, 0.0], [0.0, -1.0]])).sign
    tensor(-1.)
    """
    matrices.check_square("linalg.slogdet", input)
    matrices.check_floating("linalg.slogdet", input)
    return launch.into_out("slogdet", SlogDet(*slogdet_op(input)), out)


def logdet(input: Tensor) -> Tensor:
    """Logarithm of the determinant: -inf if that is zero, NaN if it is negative.

    >>> logdet(tensor([[2.0, 0.0], [0.0, 0.5]]))
    tensor(0.)
    """
    matrices.check_square("logdet", input)
    matrices.check_floating("logdet", input)
    sign, size = slogdet_op(input)
    if sign.is_complex():
        return size + sign.log()
    return where(sign == -1, math.nan, size)
