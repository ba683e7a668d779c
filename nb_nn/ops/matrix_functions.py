"""Powers, exponentials and products of matrices."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core import launch
from ..core.op import derivative, op
from ..core.scalars import whole_number
from ..core.tensor_base import TensorBase
from . import copies, matrices
from .joining import cat
from .matmul import matmul
from .matrices import adjoint
from .sequences import eye
from .solving import inverse

Tensor = TensorBase


def matrix_power(input: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """Square matrices times themselves, n of them; of a negative n the inverses, of 0 the identity.

    >>> matrix_power(tensor([[1, 1], [0, 1]]), 5)
    tensor([[1, 5],
            [0, 1]])
    """
    n = whole_number("matrix_power(): argument 'n' (position 2)", n)
    matrices.check_square("linalg.matrix_power", input)
    if n == 0:
        made = copies.clone(input).copy_(eye(input._array.shape[-1], dtype=input._dtype, device=input._device))
        return launch.into_out("matrix_power", made, out)
    square, made, n = (inverse(input) if n < 0 else input), None, abs(n)
    while n:
        if n % 2:
            made = square if made is None else matmul(made, square)
        n //= 2
        if n:
            square = matmul(square, square)
    made = made.clone() if made is input else made
    return launch.into_out("matrix_power", made, out)


def best_order(sizes: list[int]) -> list[list[int]]:
    """Where to divide the product of matrices i to j, of sizes (sizes[i], sizes[i + 1]), ..., so that it costs least."""
    count = len(sizes) - 1
    cost = [[0] * count for _ in range(count)]
    cut = [[0] * count for _ in range(count)]
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i][j], cut[i][j] = min((cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j))
    return cut


def chain(factors: list[Tensor]) -> Tensor:
    """The product of matrices, in the cheapest order."""
    for k, (one, following) in enumerate(zip(factors, factors[1:])):
        if one._array.shape[1] != following._array.shape[0]:
            raise RuntimeError(f"multi_dot(): tensors {k} and {k + 1} with shapes {list(one._array.shape)} and "
                               f"{list(following._array.shape)} cannot be multiplied")
    cut = best_order([factors[0]._array.shape[0], *[one._array.shape[1] for one in factors]])

    def product(i: int, j: int) -> Tensor:
        return factors[i] if i == j else matmul(product(i, cut[i][j]), product(cut[i][j] + 1, j))

    return product(0, len(factors) - 1)


def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of matrices, in the order that costs least; a single one is returned as it is.

    >>> chain_matmul(tensor([[1, 2]]), tensor([[3], [4]]), tensor([[5]]))
    tensor([[55]])
    """
    if len(matrices) == 1 and isinstance(matrices[0], (list, tuple)):
        matrices = tuple(matrices[0])
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    for one in matrices:
        if one._array.ndim != 2:
            raise RuntimeError(f"Tensor dimension is {one._array.ndim}, expected 2 instead.")
    return launch.into_out("chain_matmul", chain(list(matrices)), out)


def multi_dot(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """The product of matrices, in the order that costs least; the first may be a row and the last a column, of one dimension.

    >>> torch.linalg.multi_dot([tensor([1, 2]), tensor([[3], [4]]), tensor([5])])
    tensor(55)
    """
    factors = list(tensors)
    if len(factors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(factors)}")
    for k, one in enumerate(factors):
        if one._array.ndim != 2 and (one._array.ndim != 1 or 0 < k < len(factors) - 1):
            which = "the first tensor must be 1D or 2D" if k == 0 else (
                "the last tensor must be 1D or 2D" if k == len(factors) - 1 else f"tensor {k} must be 2D")
            raise RuntimeError(f"multi_dot(): {which} but got {one._array.ndim}D")
    row, column = factors[0]._array.ndim == 1, factors[-1]._array.ndim == 1
    if row:
        factors[0] = factors[0].unsqueeze(0)
    if column:
        factors[-1] = factors[-1].unsqueeze(1)
    result = chain(factors)
    if column:
        result = result.squeeze(-1)
    if row:
        result = result.squeeze(0)
    return launch.into_out("multi_dot", result, out)


@op
def matrix_exp(input: Tensor) -> Tensor:
    """The exponential of square matrices, 1 + A + A^2 / 2 + A^3 / 6 + ...

    >>> matrix_exp(tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    matrices.check_square("linalg.matrix_exp", input)
    if input._dtype.category < 2 or input._dtype.half:
        raise RuntimeError(f"Expected a floating point or complex tensor as input. Got {matrices.kind_name(input)}")
    array = matrices.stack(input)
    return matrices.tensor_of(input, launch.launch("matrix_exponential", array, device=input._device) if array.size else array.copy())


def matrix_exp_gradient(grad: Tensor, input: Tensor) -> Tensor:
    """The upper right block of exp([[A^H, grad], [0, A^H]])."""
    across, size = adjoint(input), input.shape[-1]
    whole = cat((cat((across, grad), -1), cat((grad.new_zeros(grad.shape), across), -1)), -2)
    return matrix_exp(whole).narrow(-2, 0, size).narrow(-1, size, size)


derivative(matrix_exp, input=matrix_exp_gradient)


def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Powers 0 to N - 1 of each element, in rows; N is the number of elements unless given.

    >>> torch.linalg.vander(tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [1, 2, 4],
            [1, 3, 9]])
    """
    if x._dtype is dtypes.bool_ or x._dtype.half:
        raise RuntimeError(f"linalg.vander supports floating point, complex, and integer tensors, but got {matrices.kind_name(x)}")
    x = x if x._array.ndim else x.unsqueeze(0)
    count = x._array.shape[-1] if N is None else N
    if count <= 1 and N is not None and count < 1:
        raise RuntimeError("N must be greater than 1.")
    kind = dtypes.int64 if x._dtype.category < 2 else x._dtype
    column = x.to(kind).unsqueeze(-1)
    rest = column.expand(*x.shape, count - 1).cumprod(-1) if count > 1 else column.narrow(-1, 0, 0)
    return cat((column.new_ones(column.shape), rest), -1)
