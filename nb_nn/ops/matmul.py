"""Matrix products, over the BLAS of the device."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch, memory
from ..core.device import CPU
from ..core.geometry import broadcast_shapes
from ..core.legacy_order import factors_first
from ..core.op import derivative, holomorphic, inplace, op
from ..core.tensor_base import TensorBase, wrap_host
from .complex import conj

Tensor = TensorBase
PLAIN = (dtypes.float32, dtypes.float64)
FEW = 1 << 13                   # multiplications that OpenBLAS makes on one thread
new_array = np.empty


def few_product(a: Tensor, b: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    """The product of a matrix or a vector with another where few elements are multiplied, which NumPy begins sooner; else None."""
    left, right, kind = a._array, b._array, a._dtype
    if kind is not b._dtype or kind not in PLAIN or a._device is not CPU or b._device is not CPU:
        return None
    if not 0 < left.size * (right.shape[1] if right.ndim == 2 else 1) <= FEW:
        return None
    made = new_array(shape, kind.numpy)
    if shape:
        left.dot(right, made)
    else:
        made[()] = left.dot(right)
    return wrap_host(made, kind)


def product(name: str, a: Tensor, b: Tensor, shape: tuple[int, ...], out: Any = None) -> Tensor:
    """The product of two (stacks of) matrices, or of a matrix and a vector, in the size given."""
    kind = a._dtype
    if kind is not b._dtype:
        raise RuntimeError(f"{name}: expected m1 and m2 to have the same dtype, but got: {a._dtype.name} != {b._dtype.name}")
    made = memory.empty(shape, kind.compute, launch.same_device(name, (a, b)))
    left, right = launch.computing_array(a, kind), launch.computing_array(b, kind)
    if left.shape[-1] == 0:
        made.fill(0)
    elif made.size and right.ndim == 1:
        launch.launch("matmul", left, right[:, None], made[:, None], device=a._device)
    elif made.size:
        launch.launch("matmul", left, right, made, device=a._device)
    return launch.deliver(name, made, kind, out)


@op
def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Product of two matrices: (n, m) by (m, p) is (n, p).

    >>> mm(tensor([[1, 2]]), tensor([[3], [4]]))
    tensor([[11]])
    """
    if input._array.ndim != 2 or mat2._array.ndim != 2:
        raise RuntimeError(f"mm: self must be a matrix and mat2 must be a matrix, got {input._array.ndim}-D and {mat2._array.ndim}-D")
    (n, m), (k, p) = input._array.shape, mat2._array.shape
    if m != k:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({n}x{m} and {k}x{p})")
    made = few_product(input, mat2, (n, p)) if out is None else None
    return product("mm", input, mat2, (n, p), out) if made is None else made


derivative(mm, input=lambda grad, mat2: mm(grad, mat2.t()), mat2=lambda grad, input: mm(input.t(), grad))


@op
def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Products of two stacks of as many matrices: (b, n, m) by (b, m, p) is (b, n, p).

    >>> bmm(tensor([[[1, 2]]]), tensor([[[3], [4]]]))
    tensor([[[11]]])
    """
    if input._array.ndim != 3 or mat2._array.ndim != 3:
        raise RuntimeError(f"batch1 and batch2 must be 3D tensors, got {input._array.ndim}D and {mat2._array.ndim}D")
    (b, n, m), (c, k, p) = input._array.shape, mat2._array.shape
    if b != c or m != k:
        raise RuntimeError(f"Expected size for first two dimensions of batch2 tensor to be: [{b}, {m}] but got: [{c}, {k}].")
    return product("bmm", input, mat2, (b, n, p), out)


derivative(bmm, input=lambda grad, mat2: bmm(grad, mat2.transpose(1, 2)),
           mat2=lambda grad, input: bmm(input.transpose(1, 2), grad))


@op
def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Product of a matrix (n, m) and a vector (m).

    >>> mv(tensor([[1, 2]]), tensor([3, 4]))
    tensor([11])
    """
    if input._array.ndim != 2 or vec._array.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {input._array.ndim}, {vec._array.ndim}")
    (n, m), (k,) = input._array.shape, vec._array.shape
    if m != k:
        raise RuntimeError(f"size mismatch, got input ({n}), mat ({n}x{m}), vec ({k})")
    made = few_product(input, vec, (n,)) if out is None else None
    return product("mv", input, vec, (n,), out) if made is None else made


derivative(mv, input=lambda grad, vec: ger(grad, vec), vec=lambda grad, input: mv(input.t(), grad))


@op
def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Sum of the products of two vectors' elements.

    >>> dot(tensor([1, 2]), tensor([3, 4]))
    tensor(11)
    """
    if input._array.ndim != 1 or tensor._array.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {input._array.ndim}D and {tensor._array.ndim}D tensors")
    if input._dtype is not tensor._dtype:
        raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {input._dtype.name} and {tensor._dtype.name}")
    if input._array.size != tensor._array.size:
        raise RuntimeError(f"inconsistent tensor size, expected tensor [{input._array.size}] and src [{tensor._array.size}] to have "
                           "the same number of elements, but got different numbers")
    made = few_product(input, tensor, ()) if out is None else None
    if made is not None:
        return made
    total = product("dot", input.unsqueeze(0), tensor.unsqueeze(1), (1, 1))
    return launch.deliver("dot", total._array.reshape(()), input._dtype, out)


derivative(dot, input=lambda grad, tensor: grad * tensor, tensor=lambda grad, input: grad * input)


def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`dot` with the elements of the first vector conjugated.

    >>> vdot(tensor([1j]), tensor([1j]))
    tensor(1.+0.j)
    """
    return dot(conj(input), other, out=out)


def ger(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Outer product of two vectors: (n) and (m) give (n, m).

    >>> ger(tensor([1, 2]), tensor([3, 4]))
    tensor([[3, 4],
            [6, 8]])
    """
    if input._array.ndim != 1 or vec2._array.ndim != 1:
        raise RuntimeError(f"outer: Expected 1-D arguments, but got {input._array.ndim}-D and {vec2._array.ndim}-D")
    from .arithmetic import mul

    return mul(input.unsqueeze(1), vec2, out=out)


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Product of vectors, matrices, or stacks of matrices, whose leading dimensions broadcast.

    A vector on the left is a row, on the right a column; the dimension it adds goes away.

    >>> matmul(tensor([[1, 2], [3, 4]]), tensor([1, 1]))
    tensor([3, 7])
    """
    if not isinstance(other, TensorBase):
        raise TypeError(f"matmul(): argument 'other' must be Tensor, not {type(other).__name__}")
    a, b = input._array.ndim, other._array.ndim
    if a == 0 or b == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {a}D and {b}D")
    if a == 1 and b == 1:
        return dot(input, other, out=out)
    if a == 2 and b == 1:
        return mv(input, other, out=out)
    if a == 2 and b == 2:
        return mm(input, other, out=out)
    if a == 1:
        result = matmul(input.unsqueeze(0), other).squeeze(-2)
    elif b == 1:
        result = matmul(input, other.unsqueeze(1)).squeeze(-1)
    elif b == 2 and a > 2 and input.is_contiguous():       # one large product in place of many small ones
        size = input._array.shape
        if size[-1] != other._array.shape[0]:
            _mismatch(input, other)
        flat = mm(_as_matrix(input), other)
        result = flat.view(*size[:-1], other._array.shape[1])
    else:
        result = matmul_batched(input, other)
    return launch.into_out("matmul", result, out)


@op
def matmul_batched(input: Tensor, other: Tensor) -> Tensor:
    """`matmul` of stacks of matrices whose leading dimensions broadcast."""
    left, right = input._array.shape, other._array.shape
    if left[-1] != right[-2]:
        _mismatch(input, other)
    return product("matmul", input, other, (*broadcast_shapes(left[:-2], right[:-2]), left[-2], right[-1]))


def _mismatch(input: Tensor, other: Tensor) -> None:
    left, right = input._array.shape, other._array.shape
    raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({math.prod(left[:-1])}x{left[-1]} and "
                       f"{right[-2]}x{math.prod(right[:-2] + right[-1:])})")


matmul_batched.declaration.node_name = "UnsafeViewBackward0"
derivative(matmul_batched, input=lambda grad, other: matmul_batched(grad, other.transpose(-2, -1)),
           other=lambda grad, input: matmul_batched(input.transpose(-2, -1), grad))


@op
def linear_op(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """``input @ weight.T + bias`` with the bias added in the same pass."""
    rows, features = math.prod(input._array.shape[:-1]), input._array.shape[-1]
    kind = input._dtype
    if weight._dtype is not kind or bias is not None and bias._dtype is not kind:
        raise RuntimeError(f"mat1 and mat2 must have the same dtype, but got {kind.tensor_name[:-6]} and "
                           f"{(weight if weight._dtype is not kind else bias)._dtype.tensor_name[:-6]}")
    array = launch.contiguous_array(input).reshape(rows, features)
    matrix = launch.computing_array(weight, kind)
    made = memory.empty((rows, matrix.shape[0]), kind.compute, launch.same_device("linear", (input, weight)))
    row = None if bias is None else launch.contiguous_array(bias)
    if features == 0:
        made[...] = 0 if row is None else row
    elif made.size:
        launch.launch("linear", array, matrix.T, row, made, device=input._device)
    return launch.deliver("linear", made.reshape(*input._array.shape[:-1], matrix.shape[0]), kind, None)


linear_op.declaration.node_name = "AddmmBackward0"
derivative(linear_op,
           input=lambda grad, weight: mm(grad, weight) if grad._array.ndim == 2 else matmul(grad, weight),
           weight=lambda grad, input: mm(_as_matrix(grad).t(), _as_matrix(input)),
           bias=lambda grad: _as_matrix(grad).sum(0))


def _as_matrix(input: Tensor) -> Tensor:
    """All dimensions but the last as one."""
    size = input._array.shape
    return input if len(size) == 2 else input.reshape(math.prod(size[:-1]), size[-1])


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias``.

    Shape: input (\\*, in), weight (out, in), bias (out), result (\\*, out).

    >>> linear(tensor([[1.0, 2.0]]), tensor([[3.0, 4.0]]), tensor([0.5]))
    tensor([[11.5000]])
    """
    if weight._array.ndim == 1:
        result = matmul(input, weight)
        return result if bias is None else result + bias
    if weight._array.ndim != 2 or input._array.ndim == 0 or input._array.shape[-1] != weight._array.shape[1]:
        shape = input._array.shape
        raise RuntimeError(f"linear: mat1 and mat2 shapes cannot be multiplied ({math.prod(shape[:-1])}x{shape[-1] if shape else 0} and "
                           f"{'x'.join(map(str, weight._array.shape[::-1]))}): input ends in {list(shape[-1:])}, weight has size "
                           f"{list(weight._array.shape)}")
    if bias is not None and bias._array.shape != (weight._array.shape[0],):
        if bias._array.ndim > 1 or bias._array.size not in (1, weight._array.shape[0]):
            raise RuntimeError(f"linear: bias of size {list(bias._array.shape)} does not fit weight of size {list(weight._array.shape)}")
        return linear_op(input, weight, None) + bias
    return linear_op(input, weight, bias)


def _scaled_sum(name: str, input: Tensor, result: Tensor, beta: Any, alpha: Any, out: Any) -> Tensor:
    """``beta * input + alpha * result``, where beta 0 ignores NaN in ``input``."""
    kind = result._dtype
    if input._dtype is not kind:
        raise RuntimeError(f"{name}: self and the product must have the same dtype, but got {input._dtype.name} and {kind.name}")
    if kind.category < 2 and not all(isinstance(one, (int, np.integer)) for one in (beta, alpha)):
        raise RuntimeError(f"{name}: for integral input tensors, arguments beta and alpha must not be floating point numbers.")
    if kind.category < 3 and (isinstance(beta, complex) or isinstance(alpha, complex)):
        raise RuntimeError(f"{name}: for input tensors that are not complex, arguments beta and alpha must not be complex numbers.")
    shape = result._array.shape
    if broadcast_shapes(shape, input._array.shape) != shape:
        raise RuntimeError(f"{name}: The expanded size of the tensor ({shape[-1]}) must match the existing size "
                           f"({list(input._array.shape)}). Target sizes: {list(shape)}.")
    if out is input and input._array.shape != shape:
        raise RuntimeError(f"{name}_: output with shape {list(input._array.shape)} doesn't match the broadcast shape {list(shape)}")
    if alpha != 1:
        result = result * alpha
    if beta == 0:
        total = result
    elif beta == 1:
        total = input + result
    else:
        total = input * beta + result
    return launch.into_out(name, total, out)


@op
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """``beta * input + alpha * (mat1 @ mat2)``; ``input`` broadcasts to the product.

    >>> addmm(tensor([10]), tensor([[1, 2]]), tensor([[3], [4]]))
    tensor([[21]])
    """
    return _scaled_sum("addmm", input, mm(mat1, mat2), beta, alpha, out)


addmm_ = inplace(addmm)
derivative(addmm, input=lambda grad, beta: grad * beta, mat1=lambda grad, mat2, alpha: mm(grad, mat2.t()) * alpha,
           mat2=lambda grad, mat1, alpha: mm(mat1.t(), grad) * alpha)


@op
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """``beta * input + alpha * (mat @ vec)``.

    >>> addmv(tensor([10]), tensor([[1, 2]]), tensor([3, 4]))
    tensor([21])
    """
    return _scaled_sum("addmv", input, mv(mat, vec), beta, alpha, out)


addmv_ = inplace(addmv)
derivative(addmv, input=lambda grad, beta: grad * beta, mat=lambda grad, vec, alpha: ger(grad, vec) * alpha,
           vec=lambda grad, mat, alpha: mv(mat.t(), grad) * alpha)


@op
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``.

    >>> addr(tensor([1]), tensor([1, 2]), tensor([3, 4]))
    tensor([[4, 5],
            [7, 9]])
    """
    kind = dtypes.promote_operands((input, vec1, vec2))
    product, given = ger(vec1.to(kind), vec2.to(kind)), input.to(kind) if out is not input else input
    if out is input and kind is not input._dtype:
        launch.check_out("addr_", out, product._array.shape, kind)
    if kind is dtypes.bool_:
        beta, alpha = bool(beta), bool(alpha)
    return _scaled_sum("addr", given, product, beta, alpha, out)


addr_ = inplace(addr)
derivative(addr, input=lambda grad, beta: grad * beta, vec1=lambda grad, vec2, alpha: mv(grad, vec2.to(grad.dtype)) * alpha,
           vec2=lambda grad, vec1, alpha: mv(grad.t(), vec1.to(grad.dtype)) * alpha)


@op
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """``beta * input + alpha * bmm(batch1, batch2)``.

    >>> baddbmm(tensor([10]), tensor([[[1, 2]]]), tensor([[[3], [4]]]))
    tensor([[[21]]])
    """
    return _scaled_sum("baddbmm", input, bmm(batch1, batch2), beta, alpha, out)


baddbmm_ = inplace(baddbmm)
derivative(baddbmm, input=lambda grad, beta: grad * beta,
           batch1=lambda grad, batch2, alpha: bmm(grad, batch2.transpose(1, 2)) * alpha,
           batch2=lambda grad, batch1, alpha: bmm(batch1.transpose(1, 2), grad) * alpha)


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """``beta * input + alpha *`` the sum of the products of a stack.

    >>> addbmm(tensor([10]), tensor([[[1, 2]]]), tensor([[[3], [4]]]))
    tensor([[21]])
    """
    total = _scaled_sum("addbmm", input, bmm(batch1, batch2).sum(0, dtype=batch1.dtype), beta, alpha, None)
    return launch.into_out("addbmm", total, out)


def addbmm_(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """In-place form of :func:`addbmm`.

    >>> torch.ones(1, 1).addbmm_(torch.full((2, 1, 1), 2.0), torch.full((2, 1, 1), 3.0))
    tensor([[13.]])
    """
    return input.copy_(addbmm(input, batch1, batch2, beta=beta, alpha=alpha))


holomorphic(mm, bmm, mv, dot, matmul_batched, linear_op, addmm, addmv, addr, baddbmm)

addmm, addmm_, addmv, addmv_, addr, addr_, addbmm, addbmm_, baddbmm, baddbmm_ = map(factors_first, (
    addmm, addmm_, addmv, addmv_, addr, addr_, addbmm, addbmm_, baddbmm, baddbmm_))


def einsum(equation: str, *operands: Any) -> Tensor:
    """Sum of products by Einstein's convention: letters name dimensions, those missing behind ``->`` are summed.

    Without ``->`` the result has the letters that occur once, in alphabetical order, behind those of ``...``. A letter repeated
    in one operand takes the diagonal. Three operands or more are contracted pair by pair in the order found cheapest.

    >>> einsum("ij,jk->ik", tensor([[1, 2]]), tensor([[3], [4]]))
    tensor([[11]])
    """
    from .einsum import contract

    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    return contract(equation, list(operands))


