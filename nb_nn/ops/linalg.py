"""Linear algebra under the names that ``nb_nn`` itself has; ``nb_nn.linalg`` has the others."""
# ruff: noqa: F401  re-exports only
from .decompositions import cholesky, lu, lu_unpack, qr
from .determinants import det, logdet, slogdet
from .linalg_legacy import (
    btrifact,
    btrifact_with_info,
    btrisolve,
    btriunpack,
    eig,
    gels,
    gesv,
    lstsq,
    potrf,
    potri,
    potrs,
    pstrf,
    solve,
    trtrs,
)
from .matrix_functions import chain_matmul, matrix_exp, matrix_power
from .reflectors import geqrf, orgqr, ormqr
from .solving import cholesky_inverse, cholesky_solve, inverse, triangular_solve
from .spectra import matrix_rank, pinverse, svd, symeig


def lu_solve(b, LU_data, LU_pivots, *, out=None):
    """X of A X = b from the factors and pivots of A that `lu` gives.

    >>> lu_solve(tensor([[2.0], [5.0]]), *lu(tensor([[2.0, 0.0], [1.0, 4.0]])))
    tensor([[1.],
            [1.]])
    """
    from .solving import lu_solve

    return lu_solve(LU_data, LU_pivots, b, out=out)
