"""Eigenvalues and singular values, and what rests on them."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import cuda_memory, launch
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.op import derivative, no_derivative, op
from ..core.results import result_type
from ..core.tensor_base import TensorBase
from . import matrices
from .diagonals import diag_embed
from .matrices import adjoint
from .sequences import eye

Tensor = TensorBase
SVD = result_type("svd", "U", "S", "V")
Symeig = result_type("symeig", "eigenvalues", "eigenvectors")


def converged(name: str, input: Tensor, compute: Callable, what: str) -> Any:
    """What ``compute()`` gives; LinAlgError with torch's words where the algorithm gave up."""
    try:
        return compute()
    except np.linalg.LinAlgError:
        pass
    finite = np.isfinite(cuda_memory.moved(matrices.stack(input), CPU)).all((-1, -2))
    where = f"(Batch element {np.argmin(finite)}): " if input._array.ndim > 2 else ""
    reason = f"is ill-conditioned or has too many repeated {what}" if finite.all() else "contained non-finite values"
    raise matrices.LinAlgError(f"{name}: {where}The algorithm failed to converge because the input matrix {reason}.")


@op
def svd_op(input: Tensor, full: bool) -> tuple[Tensor, Tensor, Tensor]:
    """U, singular values and V^H."""
    u, s, vh = converged("linalg.svd", input, lambda: launch.launch("svd", matrices.stack(input), full, device=input._device),
                         "singular values")
    return matrices.in_columns(input, u), matrices.tensor_of(input, s), matrices.in_columns(input, vh)


def differences(values: Tensor) -> Tensor:
    """``values[j] - values[i]`` at (i, j), and ones on the diagonal."""
    return values.unsqueeze(-2) - values.unsqueeze(-1) + eye(values.shape[-1], dtype=values.dtype, device=values.device)


def svd_gradient(grads: list, results: list, full: bool) -> Tensor | None:
    """Gradient of the columns that have a singular value; those that only complete a basis have none.

    U ((skew(U^H dU) / E) S + S (skew(V^H dV) / E) + dS) V^H and, of what is outside U and V, (1 - U U^H) dU S^-1 V^H and
    U S^-1 dV^H (1 - V V^H), where E are the differences of the squares of S.
    """
    (grad_u, grad_s, grad_vh), (u, s, vh) = grads, results
    rows, columns, count = u.shape[-2], vh.shape[-1], s.shape[-1]
    if full:
        u, vh = u.narrow(-1, 0, count), vh.narrow(-2, 0, count)
        grad_u = None if grad_u is None else grad_u.narrow(-1, 0, count)
        grad_vh = None if grad_vh is None else grad_vh.narrow(-2, 0, count)
    inner = None if grad_s is None else diag_embed(grad_s.to(u.dtype))
    if grad_u is None and grad_vh is None:
        return None if inner is None else u @ inner @ vh
    gaps, across, down = differences(s * s), s.unsqueeze(-2), s.unsqueeze(-1)
    parts = [] if inner is None else [inner]
    if grad_u is not None:
        product = adjoint(u) @ grad_u
        skew = product - adjoint(product)
        parts.append(skew / gaps * across)
        if u.is_complex():                      # a phase of U that V has, too
            parts.append(diag_embed(skew.diagonal(0, -2, -1) / (2 * s)))
    if grad_vh is not None:
        product = vh @ adjoint(grad_vh)
        parts.append(down * ((product - adjoint(product)) / gaps))
    total = sum(parts[1:], parts[0])
    made = u @ total @ vh
    if grad_u is not None and rows > count:
        scaled = grad_u / across
        made = made + (scaled - u @ (adjoint(u) @ scaled)) @ vh
    if grad_vh is not None and columns > count:
        scaled = grad_vh / down
        made = made + u @ (scaled - (scaled @ adjoint(vh)) @ vh)
    return made


svd_op.declaration.node_name = "LinalgSvdBackward0"
derivative(svd_op, input=svd_gradient)


@op
def singular_values_only(input: Tensor) -> Tensor:
    """Singular values, from which there is no way back."""
    return matrices.tensor_of(input, converged("linalg.svd", input, lambda: launch.launch(
        "singular_values", matrices.stack(input), device=input._device), "singular values"))


def refuse_svd(grad: Tensor) -> None:
    raise RuntimeError("svd_backward: Setting compute_uv to false in torch.svd doesn't compute singular matrices, and hence we cannot "
                       "compute backward. Please use torch.svd(compute_uv=True)")


derivative(singular_values_only, input=refuse_svd)


def svd(input: Tensor, some: bool = True, compute_uv: bool = True, *, out: Any = None) -> SVD:
    """U, singular values S in descending order, and V, such that each matrix is U diag(S) V^T.

    Shape: (\\*, m, n); U is (\\*, m, k), S (\\*, k) and V (\\*, n, k), where k is min(m, n). Not ``some``, but all m and n columns of
    U and V if so asked: those that have no singular value have no gradient. Without ``compute_uv``, U and V are zero and S
    has no gradient. U is in column order. The gradients of U and V exist only where the singular values are distinct.

    >>> svd(tensor([[0.0, 3.0], [4.0, 0.0]])).S
    tensor([4., 3.])
    """
    if input._array.ndim < 2:
        raise RuntimeError(f"linalg.svd: input should have at least 2 dimensions, but has {input._array.ndim} dimensions instead")
    matrices.check_floating("linalg.svd", input, "linalg_svd_cpu")
    if compute_uv:
        u, s, vh = svd_op(input, not some)
        return launch.into_out("svd", SVD(u, s, adjoint(vh)), out)
    *batch, rows, columns = input.shape
    made = SVD(input.new_zeros((*batch, rows, rows)), singular_values_only(input), input.new_zeros((*batch, columns, columns)))
    return launch.into_out("svd", made, out)


@op
def eigh_op(input: Tensor, upper: bool) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of symmetric matrices."""
    values, vectors = converged("linalg.eigh", input, lambda: launch.launch("eigh", matrices.stack(input), upper, device=input._device),
                                "eigenvalues")
    return matrices.tensor_of(input, values), matrices.in_columns(input, vectors)


def eigh_gradient(grads: list, results: list) -> Tensor | None:
    """V (skew(V^H dV) / E + dL) V^H, where E are the differences of the eigenvalues L."""
    (grad_values, grad_vectors), (values, vectors) = grads, results
    if grad_vectors is None:
        return None if grad_values is None else vectors * grad_values.unsqueeze(-2) @ adjoint(vectors)
    product = adjoint(vectors) @ grad_vectors
    inner = (product - adjoint(product)) / (2 * differences(values))
    if grad_values is not None:
        inner = inner + diag_embed(grad_values.to(inner.dtype))
    return vectors @ inner @ adjoint(vectors)


eigh_op.declaration.node_name = "LinalgEighBackward0"
derivative(eigh_op, input=eigh_gradient)


@op
def symmetric_eigenvalues_only(input: Tensor, upper: bool) -> Tensor:
    """Eigenvalues of symmetric matrices, from which there is no way back."""
    return eigh_op(input, upper)[0]


def refuse_symeig(grad: Tensor) -> None:
    raise RuntimeError("symeig_backward: Setting eigenvectors to false in torch.symeig doesn't compute eigenvectors and hence we cannot "
                       "compute backward. Please use torch.symeig(eigenvectors=True)")


derivative(symmetric_eigenvalues_only, input=refuse_symeig)


def symeig(input: Tensor, eigenvectors: bool = False, upper: bool = True, *, out: Any = None) -> Symeig:
    """Eigenvalues in ascending order and, if asked for, eigenvectors in columns, of symmetric matrices.

    Only the ``upper`` (or the lower) triangle is read. Without ``eigenvectors``, these are zero and there is no gradient. The
    gradient of eigenvectors exists only where eigenvalues are distinct.

    >>> symeig(tensor([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    tensor([1., 3.])
    """
    matrices.check_square("symeig", input)
    matrices.check_implemented("symeig_cpu", input)
    if eigenvectors:
        return launch.into_out("symeig", Symeig(*eigh_op(input, upper)), out)
    return launch.into_out("symeig", Symeig(symmetric_eigenvalues_only(input, upper), input.new_zeros(input.shape)), out)


@op
def eig_op(input: Tensor) -> tuple[Tensor, Tensor]:
    """Complex eigenvalues and eigenvectors of any square matrices."""
    array = matrices.stack(input)
    if not np.isfinite(cuda_memory.moved(array, CPU)).all():
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")
    values, vectors = converged("linalg.eig", input, lambda: launch.launch("eig", array, device=input._device), "eigenvalues")
    return matrices.tensor_of(input, values), matrices.in_columns(input, vectors)


def eig_gradient(grads: list, results: list, input: Tensor) -> Tensor | None:
    """V^-H ((V^H dV - V^H V diag(re(V^H dV))) / E^* + dL) V^H, where E are the differences of the eigenvalues L."""
    from .solving import solve

    (grad_values, grad_vectors), (values, vectors) = grads, results
    if grad_values is None and grad_vectors is None:
        return None
    inner = None if grad_values is None else diag_embed(grad_values)
    if grad_vectors is not None:
        product = adjoint(vectors) @ grad_vectors
        scaled = product - adjoint(vectors) @ (vectors * product.diagonal(0, -2, -1).real.unsqueeze(-2))
        part = scaled / differences(values).conj()
        part = part - diag_embed(part.diagonal(0, -2, -1))
        inner = part if inner is None else inner + part
    made = solve(adjoint(vectors), inner @ adjoint(vectors))
    return made if input.is_complex() else made.real


eig_op.declaration.node_name = "LinalgEigBackward0"
derivative(eig_op, input=eig_gradient)


@op
def pinverse_op(input: Tensor, absolute: Any, relative: Any, hermitian: bool) -> Tensor:
    """The pseudo-inverse without the singular values up to ``absolute``, and up to ``relative`` of the largest.

    The two are numbers, or tensors with one for each matrix.
    """
    array = matrices.stack(input)
    if 0 in array.shape[1:]:
        return input.new_zeros(input.shape).transpose(-1, -2).contiguous()
    if hermitian:
        values, u = converged("linalg.eigh", input, lambda: launch.launch("eigh", array, False, device=input._device), "eigenvalues")
        vh = u.conj().swapaxes(-1, -2)
    else:
        u, values, vh = converged("linalg.svd", input, lambda: launch.launch("svd", array, False, device=input._device), "singular values")
    u, values, vh = (cuda_memory.moved(one, CPU) for one in (u, values, vh))
    sizes = abs(values)
    absolute, relative = (one.cpu().numpy().reshape(-1, 1) if isinstance(one, TensorBase) else one for one in (absolute, relative))
    kept = sizes > np.maximum(absolute, relative * sizes.max(-1, keepdims=True))
    inverted = np.where(kept, 1 / np.where(kept, values, 1), 0)
    made = np.matmul(vh.conj().swapaxes(-1, -2), inverted[..., None] * u.conj().swapaxes(-1, -2))
    return matrices.tensor_of(input, cuda_memory.moved(made, input._device))


def pinverse_gradient(grad: Tensor, result: Tensor, input: Tensor) -> Tensor:
    """Of the pseudo-inverse P of A: -P^H dP P^H + (1 - A P) dP^H P P^H + P^H P dP^H (1 - P A), for a constant rank."""
    back, turned = adjoint(result), adjoint(grad)
    first, second = turned @ (result @ back), (back @ result) @ turned
    return -(back @ grad @ back) + first - input @ (result @ first) + second - (second @ result) @ input


pinverse_op.declaration.node_name = "LinalgPinvBackward0"
derivative(pinverse_op, input=pinverse_gradient)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudo-inverse (Moore-Penrose), without singular values up to ``rcond`` times the largest.

    Shape: (\\*, m, n); the result is (\\*, n, m).

    >>> pinverse(tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    check_pinverse(input)
    return pinverse_op(input, 0.0, float(rcond), False)


def check_pinverse(input: Tensor) -> None:
    if not isinstance(input, TensorBase) or input._array.ndim < 2 or input._dtype.category < 2 or input._dtype.half:
        given = f"{matrices.kind_name(input)}{{{list(input._array.shape)}}}" if isinstance(input, TensorBase) else type(input).__name__
        raise RuntimeError(f"linalg.pinv({given}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble types")


@op
def magnitudes(input: Tensor, symmetric: bool) -> Tensor:
    """Singular values, or for symmetric matrices the sizes of the eigenvalues."""
    if symmetric:
        return eigh_op(input, False)[0].abs()
    return singular_values_only(input)


no_derivative(magnitudes)


def rank(input: Tensor, symmetric: bool, absolute: Any, relative: Any) -> Tensor:
    """How many singular values are larger than ``absolute`` and than ``relative`` times the largest."""
    sizes = magnitudes(input, symmetric)
    if not sizes.shape[-1]:
        return sizes.new_zeros(sizes.shape[:-1], dtype=dtypes.int64)
    limit = sizes.amax(-1) * relative
    limit = limit.maximum(absolute if isinstance(absolute, TensorBase) else limit.new_full((), absolute))
    return (sizes > limit.unsqueeze(-1)).sum(-1)


def smallest_part(input: Tensor) -> float:
    """Part of the largest singular value up to which rounding may make one: max(m, n) times the precision."""
    return max(input._array.shape[-2:]) * float(np.finfo(input._array.dtype).eps)


def matrix_rank(input: Tensor, tol: Any = None, symmetric: bool = False, *, out: Tensor | None = None) -> Tensor:
    """How many singular values (of ``symmetric`` matrices: eigenvalues by size) are larger than ``tol``.

    ``tol`` is the largest of them times max(m, n) times the precision of the type, unless given.

    >>> matrix_rank(tensor([[1.0, 2.0], [2.0, 4.0]]))
    tensor(1)
    """
    matrices.check_matrix("matrix_rank", input, "input")
    matrices.check_floating("matrix_rank", input, "linalg_svd_cpu")
    relative = smallest_part(input) if tol is None else 0.0
    return launch.into_out("matrix_rank", rank(input, symmetric, 0.0 if tol is None else tol, relative), out)


