"""Symmetric and hermitian matrices that need not be positive, taken apart into L D L^T.

L has ones on its diagonal, D blocks of one or two rows; rows and columns are exchanged for accuracy (J. R. Bunch and L. Kaufman,
Mathematics of Computation 31, 1977). One matrix holds both, and pivots say which rows were exchanged, as LAPACK has it.
"""
from __future__ import annotations

import math

import numpy as np

from ..core import dtype as dtypes
from ..core import launch
from ..core.op import derivative, op
from ..core.results import result_type
from ..core.state import state
from ..core.tensor_base import TensorBase, wrap
from . import matrices
from .choosing import where
from .diagonals import tril
from .sequences import eye
from .solving import check_right_side, rows_taken, solve_triangular_op

Tensor = TensorBase
LDLFactor = result_type("linalg_ldl_factor", "LD", "pivots")
LDLFactorEx = result_type("linalg_ldl_factor_ex", "LD", "pivots", "info")


@op
def ldl_factor_op(input: Tensor, hermitian: bool) -> tuple[Tensor, Tensor, Tensor]:
    """`ldl_factor_ex` with checked arguments."""
    rows = input._array.shape[-1]
    info, made_t = matrices.codes(input), matrices.room(input, rows, rows)
    pivots = np.empty((len(info), rows), np.int32)
    if made_t.size:
        launch.launch("ldl", matrices.stack(input), hermitian, pivots, info, made_t, device=input._device)
    return matrices.turned(input, made_t), matrices.tensor_of(input, pivots), matrices.tensor_of(input, info)


ldl_factor_op.declaration.node_name = "LinalgLdlFactorExBackward0"
derivative(ldl_factor_op, input=matrices.refuse("linalg_ldl_factor_ex"))


def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False,
                  out: tuple[Tensor, Tensor, Tensor] | None = None) -> LDLFactorEx:
    """`ldl_factor`, and for each matrix 0 or which row of D is zero, counted from 1; RuntimeError then only with ``check_errors``.

    >>> torch.linalg.ldl_factor_ex(torch.zeros(2, 2)).info
    tensor(1, dtype=torch.int32)
    """
    return launch.into_out("ldl_factor_ex", factored("linalg.ldl_factor_ex", A, hermitian, check_errors), out)


def ldl_factor(A: Tensor, *, hermitian: bool = False, out: tuple[Tensor, Tensor] | None = None) -> LDLFactor:
    """L and D of P A P^T = L D L^T, or of L D L^H if ``hermitian``, in one matrix, and the pivots for `ldl_solve`.

    D has blocks of one row, and where two entries of ``pivots`` are negative, of two; above its diagonal are zeros. Only the lower
    triangle of A is read. LinAlgError if D is singular.

    Shape: A and LD (\\*, n, n), pivots (\\*, n).

    >>> LD, pivots = torch.linalg.ldl_factor(tensor([[0.0, 2.0], [2.0, 0.0]]))
    >>> LD, pivots
    (tensor([[0., 0.],
            [2., 0.]]), tensor([-2, -2], dtype=torch.int32))
    >>> torch.linalg.ldl_solve(LD, pivots, tensor([[2.0], [4.0]]))
    tensor([[2.],
            [1.]])
    """
    return launch.into_out("ldl_factor", LDLFactor(*factored("linalg.ldl_factor", A, hermitian, True)[:2]), out)


def factored(name: str, A: Tensor, hermitian: bool, check_errors: bool) -> LDLFactorEx:
    """LD, pivots and info; LinAlgError if wanted where D is singular."""
    matrices.check_square(name, A)
    matrices.check_floating(name, A, "ldl_factor_kernel_cpu")
    made = LDLFactorEx(*ldl_factor_op(A, hermitian))
    row, which = matrices.failure(made.info) if check_errors else (0, "")
    if row:
        raise matrices.LinAlgError(f"{name}: {which}The factorization could not be completed because row {row} of D is zero: the matrix "
                                   "is singular.")
    return made


def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False, out: Tensor | None = None) -> Tensor:
    """X of A X = B from what `ldl_factor` made of A; ``hermitian`` is as there. Differentiable in LD and B.

    Shape: LD (\\*, n, n), pivots (\\*, n), B and X (\\*, n, k). Batch dimensions broadcast.

    >>> A = tensor([[1.0, 2.0], [2.0, 1.0]])
    >>> torch.linalg.ldl_solve(*torch.linalg.ldl_factor(A), tensor([[3.0], [3.0]]))
    tensor([[1.],
            [1.]])
    """
    name = "torch.linalg.ldl_solve"
    matrices.check_square(name, LD)
    matrices.check_floating(name, LD, "ldl_solve_kernel_cpu")
    check_right_side(name, B, LD)
    if pivots._dtype.category != 1:
        raise RuntimeError(f"{name}: Expected pivots to be integers. Got {matrices.kind_name(pivots)}")
    if pivots._array.shape != LD._array.shape[:-1]:
        raise RuntimeError(f"{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
                           f"{list(pivots._array.shape)} instead")
    if not (state.grad and LD.requires_grad):
        LD, B = matrices.broadcast_batches(LD, B)
        return launch.into_out("ldl_solve", ldl_solve_op(LD, pivots.expand(LD.shape[:-1]), B, hermitian and LD.is_complex()), out)
    return launch.into_out("ldl_solve", solve_steps(LD, pivots, B, hermitian and LD.is_complex()), out)


@op
def ldl_solve_op(LD: Tensor, pivots: Tensor, B: Tensor, hermitian: bool) -> Tensor:
    """`ldl_solve` with checked arguments."""
    made_t, rows = matrices.room(LD, *B._array.shape[:-3:-1]), LD._array.shape[-1]
    if made_t.size:
        np.copyto(made_t, matrices.stack_t(B))
        given = launch.contiguous_array(pivots).astype(np.int64).reshape(len(made_t), rows)
        launch.launch("ldl_solve", matrices.stack_t(LD), given, hermitian, made_t, device=LD._device, work=made_t.size * rows)
    return matrices.turned(LD, made_t)


def solution_gradient(grad: Tensor, LD: Tensor, pivots: Tensor, hermitian: bool) -> Tensor:
    """Of B: the solution for the gradient, of conjugate A if that is symmetric and complex."""
    if hermitian or not LD.is_complex():
        return ldl_solve_op(LD, pivots, grad, hermitian)
    return ldl_solve_op(LD, pivots, grad.conj(), False).conj()


ldl_solve_op.declaration.node_name = "LinalgLdlSolveBackward0"
derivative(ldl_solve_op, B=solution_gradient)


def solve_steps(LD: Tensor, pivots: Tensor, B: Tensor, turned: bool) -> Tensor:
    """`ldl_solve` by operations that have derivatives for the factors, too."""
    batch = matrices.broadcast_batches(LD, B)[0].shape[:-2]
    order, rows, partner = (wrap(made.reshape(*batch, *made.shape[1:]), dtypes.int64)
                            for made in exchanged(pivots.expand(*batch, LD.shape[-1])._array))
    LD, B = matrices.broadcast_batches(LD, B)
    own = wrap(np.arange(LD.shape[-1]), dtypes.int64)
    below = tril(LD, -1).masked_fill((partner.unsqueeze(-2) == own.unsqueeze(-1)), 0)
    lower = below.gather(-2, rows) + eye(LD.shape[-1], dtype=LD.dtype, device=LD.device)
    upper = matrices.adjoint(lower) if turned else lower.transpose(-1, -2)
    half = solve_triangular_op(lower, rows_taken(B, order._array), False, True)
    half = solve_blocks(LD, partner, half, turned)
    made = solve_triangular_op(upper, half, True, True).transpose(-1, -2)
    back = made.gather(-1, order.argsort(-1).unsqueeze(-2).expand(made.shape))
    return back.transpose(-1, -2)


def exchanged(pivots: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What pivots mean, for each matrix: the order of the rows of A, in which order each column of L has its rows, and for
    each row of D the other row of its block, or itself."""
    n = pivots.shape[-1]
    given = pivots.reshape(math.prod(pivots.shape[:-1]), n)
    order = np.tile(np.arange(n), (len(given), 1))
    rows, partner = np.tile(np.arange(n)[:, None], (len(given), 1, n)), order.copy()
    for matrix, pivot in enumerate(given.tolist()):
        k = 0
        while k < n:
            first, size = (k, 1) if pivot[k] > 0 else (k + 1, 2)
            swap, into = [first, abs(pivot[k]) - 1], [abs(pivot[k]) - 1, first]
            order[matrix, swap] = order[matrix, into]
            rows[matrix, swap, :k] = rows[matrix, into, :k]
            if size == 2:
                partner[matrix, k], partner[matrix, k + 1] = k + 1, k
            k += size
    return order, rows, partner


def solve_blocks(LD: Tensor, partner: Tensor, B: Tensor, hermitian: bool) -> Tensor:
    """X of D X = B. Rows of a pair are divided by what is beside the diagonal first, which is what keeps them from overflow."""
    n = LD.shape[-1]
    diagonal = LD.diagonal(0, -2, -1)
    if hermitian:
        diagonal = diagonal.real.to(LD.dtype)
    paired = partner != wrap(np.arange(n), dtypes.int64)
    beside = (LD + (matrices.adjoint(LD) if hermitian else LD.transpose(-1, -2))).gather(-1, partner.unsqueeze(-1)).squeeze(-1)
    beside = where(paired, beside, 1)                           # of row k of D the element in column partner[k]
    across = beside.conj() if hermitian else beside
    other = (diagonal.gather(-1, partner) / across).unsqueeze(-1)
    scaled, partners = B / beside.unsqueeze(-1), rows_taken(B, partner._array) / across.unsqueeze(-1)
    two = paired.unsqueeze(-1)
    above = where(two, other * scaled - partners, B)
    return above / where(two, (diagonal / beside).unsqueeze(-1) * other - 1, diagonal.unsqueeze(-1))
