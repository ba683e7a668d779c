"""Matrix products with a sparse matrix, and sums."""
from __future__ import annotations

from typing import Any

import numpy as np

from ...core import cuda_memory, launch, memory
from ...core import dtype as dtypes
from ...core.geometry import wrap_dims
from ...core.op import derivative, op, sparse_form
from ...core.sparse_array import is_sparse
from ...core.tensor_base import TensorBase, wrap
from .. import creation, joining, matmul, moments, reduction, view
from .arithmetic import stated
from .parts import check_sparse, coalesced_parts, parts, sparse_of
from .shape import longs

Tensor = TensorBase


@op
def rows_times(values: Tensor, indices: Tensor, mat2: Tensor, rows: int) -> Tensor:
    """The product of the matrix with these values at these places, of ``rows`` rows, and a strided matrix."""
    kind, places = values._dtype, launch.contiguous_array(indices)
    made = memory.empty((rows, mat2._array.shape[1]), kind.compute, mat2._device)
    if made.size:
        entries = launch.contiguous_array(values)
        offsets, order = by_row(places[0], rows)
        columns, entries = taken(places[1], order), taken(entries, order)
        launch.launch("sparse_times_dense", offsets, columns, entries, launch.contiguous_array(mat2), made,
                      work=made.size + entries.size * made.shape[1])
    return launch.deliver("mm", made, kind, None)


def by_row(rows: np.ndarray, count: int) -> tuple[np.ndarray, Any]:
    """Where each row begins among places ordered by row, and that order (None if they are)."""
    if isinstance(rows, np.ndarray) and bool((rows[1:] >= rows[:-1]).all()):
        return np.searchsorted(rows, np.arange(count + 1)), None
    offsets = memory.zeros((count + 1,), rows.dtype, cuda_memory.device_of(rows))
    order = memory.beside(rows, (rows.size,), rows.dtype)
    launch.launch("group_rows", rows, offsets, order)
    return offsets, order


def taken(array: Any, order: Any) -> Any:
    """The elements of a vector in an order, if there is one."""
    if order is None or isinstance(array, np.ndarray):
        return array if order is None else array[order]
    return wrap(array, dtypes.from_numpy(array.dtype)).index_select(0, wrap(order, dtypes.int64))._array


@op
def products_at(a: Tensor, b: Tensor, indices: Tensor) -> Tensor:
    """For each place the inner product of that row of ``a`` and that row of ``b``: entries of ``a @ b.T``."""
    places, kind = launch.contiguous_array(indices), a._dtype
    made = memory.zeros((places.shape[1],), kind.compute, a._device)
    if a._array.shape[1] and made.size:
        launch.launch("sampled_products", launch.contiguous_array(a), launch.contiguous_array(b), places[0], places[1], made,
                      work=made.size * a._array.shape[1])
    return launch.deliver("mm", made, kind, None)


rows_times.declaration.node_name = "SparseAddmmBackward0"
derivative(rows_times, values=lambda grad, mat2, indices: products_at(grad, mat2, indices),
           mat2=lambda grad, values, indices, mat2_size: rows_times(values, indices.flip(0), grad, mat2_size[0]))
derivative(products_at, a=lambda grad, b, indices, a_size: rows_times(grad, indices, b, a_size[0]),
           b=lambda grad, a, indices, b_size: rows_times(grad, indices.flip(0), a, b_size[0]))


def check_matrices(name: str, mat1: Tensor, mat2: Tensor) -> None:
    """A sparse matrix and one that it can be multiplied to."""
    check_sparse(name, mat1)
    if not isinstance(mat2, TensorBase):
        raise TypeError(f"{name}(): argument 'mat2' must be Tensor, not {type(mat2).__name__}")
    if mat1.sparse_dim() != 2 or mat1._array.ndim != 2:
        raise RuntimeError(f"{name}: Expected 2D sparse matrix with sparse_dim 2, but got a tensor with {mat1.sparse_dim()} sparse and "
                           f"{mat1.dense_dim()} dense dimensions")
    if mat2._array.ndim != 2:
        raise RuntimeError(f"{name}: mat2 must be a matrix, got {mat2._array.ndim}-D tensor")
    (n, m), (k, p) = mat1._array.shape, mat2._array.shape
    if m != k:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({n}x{m} and {k}x{p})")
    if mat1._dtype is not mat2._dtype:
        raise RuntimeError(f"{name}: expected both matrices to have the same dtype, but got {mat1._dtype.name} and {mat2._dtype.name}")


def mm(mat1: Tensor, mat2: Tensor) -> Tensor:
    """The product of a sparse matrix (n, m) and a strided one (m, p) is strided; that of two sparse matrices is sparse.

    ``mat1`` has two sparse dimensions. Its gradient is a coalesced sparse tensor with its places.

    >>> a = tensor([[1.0, 0.0], [0.0, 2.0]]).to_sparse()
    >>> torch.sparse.mm(a, tensor([[3.0, 4.0], [5.0, 6.0]]))
    tensor([[ 3.,  4.],
            [10., 12.]])
    """
    if is_sparse(mat2) and not is_sparse(mat1):         # (b.T a.T).T
        return mm(mat2.t(), view.t(mat1)).t()
    check_matrices("sparse.mm", mat1, mat2)
    if is_sparse(mat2):
        return sparse_times_sparse(mat1, mat2)
    indices, values = coalesced_parts(mat1)
    return rows_times(values, indices, mat2, mat1._array.shape[0])


def sparse_times_sparse(mat1: Tensor, mat2: Tensor) -> Tensor:
    """Each entry (i, k) of the first meets the entries (k, j) of the second; products that fall together are added."""
    (a, first), (b, second) = coalesced_parts(mat1), coalesced_parts(mat2)
    size = (mat1._array.shape[0], mat2._array.shape[1])
    offsets, _ = by_row(b._array[0], mat2._array.shape[0])
    middle = a._array[1]
    counts = offsets[middle + 1] - offsets[middle]
    left = np.repeat(np.arange(middle.size), counts)
    right = np.repeat(offsets[middle] - np.cumsum(counts) + counts, counts) + np.arange(left.size)
    products = first.index_select(0, longs(left)) * second.index_select(0, longs(right))
    return sparse_of(products, longs(np.stack([a._array[0][left], b._array[1][right]])), size).coalesce()


def addmm(mat: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * mat + alpha * (mat1 @ mat2)`` with a sparse ``mat1``, whose gradient is a coalesced sparse tensor with its places.

    >>> a = tensor([[1.0, 0.0], [0.0, 2.0]]).to_sparse()
    >>> torch.sparse.addmm(torch.ones(2, 1), a, tensor([[3.0], [5.0]]))
    tensor([[ 4.],
            [11.]])
    """
    check_matrices("sparse.addmm", mat1, mat2)
    if is_sparse(mat) != is_sparse(mat2):
        raise RuntimeError("sparse.addmm: mat and mat2 must both be strided, or both be sparse")
    product = mm(mat1, mat2)
    return mat * beta + (product if alpha == 1 else product * alpha)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a sparse matrix and a strided vector."""
    check_sparse("mv", input)
    if input._array.ndim != 2 or vec._array.ndim != 1:
        raise RuntimeError(f"mv: expected a sparse matrix and a vector, got {input._array.ndim}-D and {vec._array.ndim}-D tensors")
    return mm(input, vec.unsqueeze(1)).squeeze(1)


def smm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of a sparse and a strided matrix as a sparse matrix, which stores the rows in which the first has entries.

    >>> torch.smm(tensor([[0.0, 2.0]]).to_sparse(), torch.ones(2, 1))
    tensor(indices=tensor([[0],
                           [0]]),
           values=tensor([2.]),
           size=(1, 1), nnz=1, layout=torch.sparse_coo)
    """
    hybrid = hspmm(input, mat2)
    rows, values = hybrid._array.indices._array[0], parts(hybrid)[1]
    width = mat2._array.shape[1]
    places = np.stack([np.repeat(rows, width), np.tile(np.arange(width), rows.size)])
    return sparse_of(values.reshape(-1), longs(places), tuple(hybrid._array.shape), True)


def hspmm(mat1: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of a sparse and a strided matrix as a hybrid tensor: the rows in which the first has entries.

    >>> torch.hspmm(tensor([[0.0, 0.0], [0.0, 2.0]]).to_sparse(), torch.ones(2, 2))
    tensor(indices=tensor([[1]]),
           values=tensor([[2., 2.]]),
           size=(2, 2), nnz=1, layout=torch.sparse_coo)
    """
    check_matrices("hspmm", mat1, mat2)
    if is_sparse(mat2):
        raise RuntimeError("hspmm: Expected mat2 to be a strided tensor, but got a sparse one")
    indices, values = coalesced_parts(mat1)
    rows, numbers = np.unique(indices._array[0], return_inverse=True)
    made = rows_times(values, longs(np.stack([numbers.reshape(-1), indices._array[1]])), mat2, rows.size)
    made = sparse_of(made, longs(rows.reshape(1, -1)), (mat1._array.shape[0], mat2._array.shape[1]), True)
    return made if out is None else out.copy_(made)


def sspaddmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Any = None) -> Tensor:
    """``beta * input + alpha * (mat1 @ mat2)`` of two sparse matrices and a strided one, as a sparse matrix that may be uncoalesced.

    >>> s = torch.eye(2).to_sparse()
    >>> torch.sspaddmm(s, s, torch.ones(2, 2)).to_dense()
    tensor([[2., 1.],
            [1., 2.]])
    """
    check_sparse("sspaddmm", input)
    product = smm(mat1, mat2)
    if input._array.shape != product._array.shape:
        raise RuntimeError(f"sspaddmm: expected input of size {list(product._array.shape)}, got {list(input._array.shape)}")
    product = product if alpha == 1 else product * alpha
    a, first, _ = parts(input if beta == 1 else input * beta)
    b, second, _ = parts(product)
    made = sparse_of(joining.cat([first, second]), joining.cat([a, b], 1), input._array.shape)
    return made if out is None else out.copy_(made)


def spmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of a sparse and a strided matrix, strided: an old name of `torch.sparse.mm`.

    >>> torch.spmm(torch.eye(2).to_sparse(), tensor([[1.0], [2.0]]))
    tensor([[1.],
            [2.]])
    """
    check_sparse("spmm", input)
    return launch.into_out("spmm", mm(input, mat2), out)


def saddmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """An old name of `torch.sparse.addmm`."""
    return launch.into_out("saddmm", addmm(input, mat1, mat2, beta=beta, alpha=alpha), out)


def spadd(input: Tensor, other: Tensor) -> Tensor:
    """The sum of a sparse and a strided tensor in either order, strided.

    >>> torch.ones(2, 2).spadd(torch.eye(2).to_sparse())
    tensor([[2., 1.],
            [1., 2.]])
    """
    return other + input if is_sparse(input) and not is_sparse(other) else input + other


def sum(input: Tensor, dim: Any = None, dtype: Any = None) -> Tensor:
    """The sum of a sparse tensor over all dimensions, or over ``dim`` (one or several), which go away.

    The result is strided if no sparse dimension is left. Gradients reach the places that are stored.

    >>> s = torch.sparse_coo_tensor([[0, 1, 1], [2, 0, 2]], [3.0, 4.0, 5.0])
    >>> torch.sparse.sum(s, 0).to_dense()
    tensor([4., 0., 8.])
    """
    check_sparse("sparse.sum", input)
    return sum_dims(input, dim, False, dtype=dtype or input._dtype)


def sum_dims(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None) -> Tensor:
    """`sum`, or with the sums in dimensions of size 1."""
    if out is not None:
        raise RuntimeError("sum: out= is not supported for sparse tensors")
    size, count = input._array.shape, input.sparse_dim()
    dims = reduction.all_if_empty(wrap_dims(dim, len(size)), len(size))
    indices, values, coalesced = parts(input)
    if dtype is None:
        dtype = reduction.summing_type(values, None, None)
    values = values.to(dtype)
    over = [d - count + 1 for d in dims if d >= count]
    if over:
        values = values.sum(over, dtype=dtype)
    left = [d for d in range(count) if d not in dims]
    rest = tuple([length for d, length in enumerate(size) if d not in dims])
    if not left:
        made = values.sum(0, dtype=dtype)
    elif len(left) == count:
        made = sparse_of(values, indices, rest, coalesced)
    else:
        made = sparse_of(values, joining.cat([indices.narrow(0, d, 1) for d in left]), rest).coalesce()
    if keepdim:
        for d in sorted(dims):
            made = made.unsqueeze(d)
    return made


def norm_dims(input: Tensor, p: float, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    """The norm over all dimensions."""
    if len(dims) != input._array.ndim:
        raise RuntimeError("norm_sparse currently only supports full reductions, so 'dim' must either be empty or contain all dimensions "
                           "of the input")
    if keepdim:
        raise RuntimeError("norm_sparse: keepdim=True is not supported for sparse tensors")
    values = coalesced_parts(input)[1]
    if not values._array.size or p < 0 and values._array.size < input._array.size:     # zeros are not stored
        return creation.zeros((), dtype=input.dtype)
    return values.norm(p)


def _addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    if not is_sparse(mat1):
        raise RuntimeError("addmm: is not implemented for a strided mat1 and sparse tensors; sparse mat1 and strided mat2 are")
    return addmm(input, mat1, mat2, beta=beta, alpha=alpha)


stated(matmul.mm, mm)
stated(matmul.mv, mv)
stated(matmul.addmm, _addmm)
sparse_form(reduction.sum, sum_dims)
sparse_form(moments.norm_dims, norm_dims)
