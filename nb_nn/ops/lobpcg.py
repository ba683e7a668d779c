"""A few of the largest or smallest eigenvalues of large symmetric matrices."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch
from ..core.op import derivative, op
from ..core.sparse_array import is_sparse
from ..core.tensor_base import TensorBase, wrap
from . import matrices
from .joining import cat
from .sequences import eye
from .solving import solve
from .sparse.construction import to_scipy

Tensor = TensorBase
METHODS = (None, "basic", "ortho")


def lobpcg(A: Tensor, k: int | None = None, B: Tensor | None = None, X: Tensor | None = None, n: int | None = None,
           iK: Tensor | None = None, niter: int | None = None, tol: float | None = None, largest: bool | None = None,
           method: str | None = None, tracker: None = None, ortho_iparams: dict | None = None, ortho_fparams: dict | None = None,
           ortho_bparams: dict | None = None) -> tuple[Tensor, Tensor]:
    """The ``k`` largest (or smallest) eigenvalues of symmetric A and their vectors: A x = e x, or A x = e B x for positive B.

    ``X`` are vectors to begin with, random ones by default; ``iK`` is a preconditioner, close to the inverse of A; ``niter``
    bounds the number of iterations (1000), ``tol`` the norms of A x - e x. By SciPy's ``lobpcg`` (A. Knyazev, SIAM Journal on
    Scientific Computing 23, 2001), for either ``method``. A may be sparse. Differentiable in dense A, of different eigenvalues, without B.

    Shape: A (\\*, m, m) with m at least 3 k; eigenvalues (\\*, k), eigenvectors (\\*, m, k).

    >>> values, vectors = torch.lobpcg(torch.diag(torch.arange(1.0, 10.0)), 2)
    >>> values.round()
    tensor([9., 8.])
    """
    check_matrices(A, B, X, iK)
    if method not in METHODS:
        raise ValueError(f"lobpcg: method must be 'basic' or 'ortho', got {method!r}")
    if tracker is not None or any(one is not None for one in (ortho_iparams, ortho_fparams, ortho_bparams)):
        raise ValueError("lobpcg: tracker and the parameters of orthogonalization are not supported")
    rows, k = A.shape[-1], (1 if X is None else X.shape[-1]) if k is None else k
    count = (k if n is None else n) if X is None else X.shape[-1]
    if k < 1 or rows < 3 * k:
        raise ValueError(f"lobpcg: LOBPCG algorithm is not applicable when the number of A rows (={rows}) is smaller than 3 x the "
                         f"number of requested eigenpairs (={k}), of which there must be one")
    if count < k or rows < count:
        raise ValueError(f"lobpcg: expected at least k ({k}) and at most {rows} vectors to begin with, got {count}")
    if A.requires_grad and (B is not None or is_sparse(A)):
        raise RuntimeError("lobpcg: has no derivative for sparse A, nor with B")
    start = np.random.default_rng(0).standard_normal((*A.shape[:-2], rows, count)) if X is None else X.detach()._array
    options = tol, 1000 if niter is None else niter, largest is not False
    return lobpcg_op((A + A.mT) / 2 if A.requires_grad else A, k, B, start, iK, *options)


def check_matrices(A: Tensor, B: Tensor | None, X: Tensor | None, iK: Tensor | None) -> None:
    """Errors unless all are of A's type and fit its size."""
    matrices.check_square("lobpcg", A)
    if A._dtype not in (dtypes.float32, dtypes.float64):
        raise launch.not_implemented("lobpcg", A._dtype)
    for name, one, columns in (("B", B, A.shape[-1]), ("X", X, None), ("iK", iK, A.shape[-1])):
        if one is not None:
            expected = (*A.shape[:-1], columns or one.shape[-1])
            if tuple(one.shape) != expected:
                raise ValueError(f"lobpcg: {name} shape mismatch: got {list(one.shape)}, expected {list(expected)}")
            if one._dtype is not A._dtype:
                raise RuntimeError(f"lobpcg: expected {name} to have the type of A, {A._dtype}, but got {one._dtype}")


@op
def lobpcg_op(A: Tensor, k: int, B: Tensor | None, start: np.ndarray, iK: Tensor | None, tol: float | None, niter: int,
              largest: bool) -> tuple[Tensor, Tensor]:
    """`lobpcg` with checked arguments."""
    shape, kind = tuple(A.shape), A._dtype.numpy
    values, vectors = np.empty((*shape[:-2], k), kind), np.empty((*shape[:-1], k), kind)
    for place in np.ndindex(shape[:-2]):
        options = [None if one is None else operator(one, place) for one in (B, iK)]
        values[place], vectors[place] = eigenpairs(operator(A, place), start[place], *options, tol, niter, largest, k)
    return wrap(values, A._dtype), wrap(vectors, A._dtype)


def operator(matrix: Tensor, place: tuple) -> Any:
    """One of the matrices as SciPy takes it, in float64."""
    return to_scipy(matrix).astype(np.float64).tocsr() if is_sparse(matrix) else matrix._array[place].astype(np.float64)


def eigenpairs(a: Any, start: np.ndarray, b: Any, preconditioner: Any, tol: float | None, niter: int, largest: bool,
               k: int) -> tuple[np.ndarray, np.ndarray]:
    """The first k eigenvalues, in order, and their vectors."""
    from scipy.sparse.linalg import lobpcg

    with warnings.catch_warnings():             # that it stopped before ``tol``, or that a small matrix is taken apart whole
        warnings.simplefilter("ignore")
        values, vectors = lobpcg(a, start.astype(np.float64), b, preconditioner, tol=tol, maxiter=niter, largest=largest)
    order = np.argsort(-values if largest else values, kind="stable")[:k]
    return values[order], vectors[:, order]


def eigenpair_gradient(grads: list, results: list, A: Tensor) -> Tensor | None:
    """The sum of dE_i x_i x_i^T + y_i x_i^T, where (e_i - A) y_i is what dX_i has beside x_i, and y_i is orthogonal to x_i.

    y_i comes with a number that is zero from a system bordered by x_i, which is regular if e_i is no double eigenvalue.
    """
    grad_values, grad_vectors = grads
    values, vectors = results[0], results[1]
    total = None if grad_values is None else (vectors * grad_values.unsqueeze(-2)) @ vectors.mT
    if grad_vectors is not None:
        rows = A.shape[-1]
        across = vectors.mT.unsqueeze(-1)                                       # (*, k, m, 1)
        shifted = values[..., None, None] * eye(rows, dtype=A.dtype, device=A.device) - A.unsqueeze(-3)
        zero = across.new_zeros((*across.shape[:-2], 1, 1))
        bordered = cat((cat((shifted, across), -1), cat((across.mT, zero), -1)), -2)
        given = grad_vectors.mT.unsqueeze(-1)
        beside = given - across * (across * given).sum(-2, keepdim=True)
        found = solve(bordered, cat((beside, zero), -2)).narrow(-2, 0, rows)
        more = (found @ across.mT).sum(-3)
        total = more if total is None else total + more
    return total


lobpcg_op.declaration.node_name = "LOBPCGAutogradFunctionBackward"
derivative(lobpcg_op, A=eigenpair_gradient)
