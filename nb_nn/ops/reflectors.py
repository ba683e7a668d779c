"""Reflectors whose product is the Q of a QR decomposition, as LAPACK keeps it."""
from __future__ import annotations

from typing import Any

from ..core import launch
from ..core.op import any_requires_grad, derivative, no_derivative, op
from ..core.results import result_type
from ..core.state import state
from ..core.tensor_base import TensorBase
from . import copies, matrices
from .joining import cat
from .matrices import adjoint
from .sequences import eye

Tensor = TensorBase
Geqrf = result_type("geqrf", "a", "tau")


@op
def geqrf_op(input: Tensor) -> tuple[Tensor, Tensor]:
    """`geqrf` with checked arguments."""
    made_t, tau = launch.launch("householder", matrices.stack(input), device=input._device)
    return matrices.turned(input, matrices.packed(made_t)), matrices.tensor_of(input, tau)


geqrf_op.declaration.node_name = "GeqrfBackward0"
derivative(geqrf_op, input=matrices.refuse("geqrf"))


def geqrf(input: Tensor, *, out: Any = None) -> Geqrf:
    """`qr` as LAPACK leaves it: R, below its diagonal the reflectors whose product is Q, and their factors ``tau``.

    >>> geqrf(tensor([[3.0, 5.0], [4.0, 0.0]])).a
    tensor([[-5.0000, -3.0000],
            [ 0.5000, -4.0000]])
    """
    if input._array.ndim < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    matrices.check_implemented("geqrf_cpu", input)
    return launch.into_out("geqrf", Geqrf(*geqrf_op(input)), out)


@op
def orgqr_op(input: Tensor, input2: Tensor) -> Tensor:
    """`orgqr` with checked arguments."""
    made_t = matrices.room(input, *input._array.shape[:-3:-1])
    if made_t.size:
        tau = launch.contiguous_array(input2).reshape(len(made_t), input2._array.shape[-1])
        launch.launch("orthogonal", matrices.stack_t(input), tau, made_t, device=input._device)
    return matrices.turned(input, made_t)


no_derivative(orgqr_op)


def orgqr(input: Tensor, input2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The first columns of Q, from what `geqrf` gives: reflectors ``input`` (\\*, m, n) and their factors ``input2`` (\\*, k).

    >>> orgqr(*geqrf(tensor([[3.0, 5.0], [4.0, 0.0]])))
    tensor([[-0.6000, -0.8000],
            [-0.8000,  0.6000]])
    """
    name = "torch.linalg.householder_product"
    matrices.check_matrix(name, input, "input")
    (rows, columns), tau = input._array.shape[-2:], input2
    if rows < columns:
        raise RuntimeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if columns < tau._array.shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if input._array.shape[:-2] != tau._array.shape[:-1]:
        raise RuntimeError(f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got "
                           f"{list(tau._array.shape[:-1])}")
    if tau._dtype is not input._dtype:
        raise RuntimeError(f"{name}: tau dtype {matrices.kind_name(tau)} does not match input dtype {matrices.kind_name(input)}")
    matrices.check_implemented("householder_product_cpu", input)
    recorded = state.grad and any_requires_grad((input, tau))
    return launch.into_out("orgqr", reflections(input, tau) if recorded else orgqr_op(input, tau), out)


def reflections(input: Tensor, tau: Tensor) -> Tensor:
    """`orgqr` by operations that have derivatives, one reflector after the other."""
    rows, columns = input.shape[-2:]
    made = copies.copy_(input.clone(), eye(rows, columns, dtype=input.dtype, device=input.device))       # for no tau, too, has a history
    for k in range(tau.shape[-1] - 1, -1, -1):
        reflector = reflector_of(input, k)
        made = made - reflector @ (adjoint(reflector) @ made) * tau[..., k, None, None]
    return made


def reflector_of(input: Tensor, k: int) -> Tensor:
    """Column k below the diagonal, under a one and zeros, as a matrix of one column."""
    rows = input.shape[-2]
    above = eye(k + 1, 1, dtype=input.dtype, device=input.device).flip(0).expand(*input.shape[:-2], k + 1, 1)
    return cat((above, input.narrow(-1, k, 1).narrow(-2, k + 1, rows - k - 1)), -2)


@op
def ormqr_op(input: Tensor, input2: Tensor, input3: Tensor, left: bool, transpose: bool) -> Tensor:
    """`ormqr` with checked arguments."""
    made_t = matrices.stack_t(input3).copy()
    if made_t.size:
        tau = launch.contiguous_array(input2).reshape(len(made_t), input2._array.shape[-1])
        launch.launch("multiply_orthogonal", matrices.stack_t(input), tau, made_t, left, transpose, device=input._device)
    return matrices.turned(input3, made_t)


no_derivative(ormqr_op)


def ormqr(input: Tensor, input2: Tensor, input3: Tensor, left: bool = True, transpose: bool = False, *,
          out: Tensor | None = None) -> Tensor:
    """The product of Q, from what `geqrf` gives, or its transpose, and ``input3``, which stands on its left if not ``left``.

    >>> a = tensor([[3.0, 5.0], [4.0, 0.0]])
    >>> ormqr(*geqrf(a), a, transpose=True).triu()
    tensor([[-5., -3.],
            [ 0., -4.]])
    """
    matrices.check_matrix("torch.ormqr", input, "input")
    matrices.check_matrix("torch.ormqr", input3, "other")
    side, rows = -2 if left else -1, input._array.shape[-2]
    if input3._array.shape[side] < input2._array.shape[-1]:
        raise RuntimeError(f"torch.ormqr: other.shape[{side}] must be greater than or equal to tau.shape[-1]")
    if input3._array.shape[side] != rows:
        raise RuntimeError(f"torch.ormqr: other.shape[{side}] must be equal to input.shape[-2]")
    matrices.check_implemented("ormqr_cpu", input)
    for label, one in (("tau", input2), ("other", input3)):
        if one._dtype is not input._dtype:
            raise RuntimeError(f"torch.ormqr: Expected input and {label} to have the same dtype, but input has dtype "
                               f"{matrices.kind_name(input)} and {label} has dtype {matrices.kind_name(one)}")
    if state.grad and any_requires_grad((input, input2, input3)):
        result = multiplied(input, input2, input3, left, transpose)
    else:
        result = ormqr_op(input, input2, input3, left, transpose)
    return launch.into_out("ormqr", result, out)


def multiplied(input: Tensor, tau: Tensor, other: Tensor, left: bool, transpose: bool) -> Tensor:
    """`ormqr` by operations that have derivatives, one reflector after the other."""
    order = range(tau.shape[-1])
    for k in order if left == transpose else reversed(order):
        reflector, factor = reflector_of(input, k), tau[..., k, None, None]
        if transpose and tau.is_complex():
            factor = factor.conj()
        part = reflector @ (adjoint(reflector) @ other) if left else other @ reflector @ adjoint(reflector)
        other = other - part * factor
    return other
