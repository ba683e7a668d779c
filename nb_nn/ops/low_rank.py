"""Decompositions of low rank by random projection (Halko, Martinsson and Tropp 2009, algorithms 4.4 and 5.1)."""
from __future__ import annotations

from ..core.tensor_base import TensorBase
from . import linalg, matmul, random
from .matrices import adjoint

Tensor = TensorBase


def approximate_basis(A: Tensor, q: int, niter: int) -> Tensor:
    """An orthonormal basis, of ``q`` columns, that nearly spans the columns of A."""
    found = linalg.qr(matmul.matmul(A, random.randn(A.shape[-1], q, dtype=A.dtype, device=A.device)))[0]
    for _ in range(niter):
        found = linalg.qr(matmul.matmul(adjoint(A), found))[0]
        found = linalg.qr(matmul.matmul(A, found))[0]
    return found


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """U, S and V of A - M, nearly ``U diag(S) V^H``, where only the ``q`` largest singular values are looked for.

    ``niter`` rounds of subspace iteration make it more exact.

    Shape: A (\\*, m, n), U (\\*, m, q), S (\\*, q), V (\\*, n, q).

    >>> torch.svd_lowrank(tensor([[3.0, 0.0], [0.0, 4.0]]), q=2)[1].round()
    tensor([4., 3.])
    """
    q, niter = 6 if q is None else q, 2 if niter is None else niter
    if q > min(A.shape[-2:]):
        raise ValueError(f"svd_lowrank: q(={q}) must be at most the smaller size of A {list(A.shape[-2:])}")
    difference = A if M is None else A - M
    if A.shape[-2] < A.shape[-1]:           # the wide matrix is the adjoint of a tall one
        basis = approximate_basis(adjoint(difference), q, niter)
        U, S, V = linalg.svd(matmul.matmul(difference, basis))
        return U, S, matmul.matmul(basis, V)
    basis = approximate_basis(difference, q, niter)
    U, S, V = linalg.svd(matmul.matmul(adjoint(basis), difference))
    return matmul.matmul(basis, U), S, V


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """`svd_lowrank` of a matrix of observations (rows) whose columns were first centred: V holds the principal directions.

    ``q`` is 6, or the smaller size of A if that is less.

    >>> torch.pca_lowrank(tensor([[1.0, 1.0], [3.0, 3.0]]), 1)[1].round()
    tensor([2.])
    """
    smaller = min(A.shape[-2:])
    q = min(6, smaller) if q is None else q
    if not 0 <= q <= smaller:
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={smaller}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(-2, True) if center else A, q, niter)
