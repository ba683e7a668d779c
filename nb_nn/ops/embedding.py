"""Rows looked up by number, and numbers written as rows."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..core import cuda_memory, launch, memory
from ..core import dtype as dtypes
from ..core.device import CPU
from ..core.op import derivative, no_derivative, op
from ..core.state import state
from ..core.tensor_base import TensorBase, wrap
from . import indexing
from .sparse.construction import sparse_rows

Tensor = TensorBase


@op
def embedding_rows(weight: Tensor, input: Tensor, padding_idx: int, scale_grad_by_freq: bool, sparse: bool = False) -> Tensor:
    """`embedding` with checked arguments; ``padding_idx`` is -1 if no row is for padding. ``sparse`` is how its gradient will be."""
    kind, shape = weight._dtype, (*input._array.shape, weight._array.shape[1])
    places = launch.contiguous_array(input, dtypes.int64).reshape(-1)
    if indexing.first_wrong(places, 0, weight._array.shape[0]) is not None:
        raise IndexError(f"index out of range in self: embedding got index {indexing.first_wrong(places, 0, weight._array.shape[0])} for "
                         f"a weight of {weight._array.shape[0]} rows")
    return wrap(indexing.selected(weight._array, kind, 0, places, (places.size, shape[-1])).reshape(shape), kind)


def occurrences(places: Any, rows: int) -> Any:
    """How often each row is named."""
    return cuda_memory.moved(np.bincount(cuda_memory.moved(places, CPU), minlength=rows), cuda_memory.device_of(places))


@op
def embedding_backward(grad_output: Tensor, input: Tensor, rows: int, padding_idx: int, scale_grad_by_freq: bool) -> Tensor:
    """Gradient of the weight of `embedding_rows`: the sums of the gradients of each row's occurrences, or their means."""
    kind = grad_output._dtype
    width = grad_output._array.shape[-1]
    places = launch.contiguous_array(input, dtypes.int64).reshape(-1)
    counts = occurrences(places, rows) if scale_grad_by_freq else memory.nothing(np.dtype(np.int64), input._device)
    made = memory.empty((rows, width), kind.compute, grad_output._device)
    if made.size:
        launch.launch("embedding_backward", launch.contiguous_array(grad_output).reshape(places.size, width), places, counts, padding_idx,
                      made, device=grad_output._device, work=made.size + grad_output._array.size)
    return launch.deliver("embedding_backward", made, kind, None)


def sparse_embedding_backward(grad: Tensor, input: Tensor, size: tuple[int, ...], padding_idx: int, scale_grad_by_freq: bool) -> Tensor:
    """Gradient of the weight of `embedding_rows` as a sparse tensor: the gradients of all occurrences but of the padding."""
    if scale_grad_by_freq:
        raise RuntimeError("embedding_backward: scale_grad_by_freq is not supported with sparse gradients")
    places, values = input.reshape(-1), grad.reshape(-1, size[1])
    if padding_idx >= 0:
        kept = (places != padding_idx).nonzero().squeeze(1)
        places, values = places.index_select(0, kept), values.index_select(0, kept)
    return sparse_rows(places, values, size)


def _read_back(grad: Tensor, input: Tensor, padding_idx: int, scale_grad_by_freq: bool) -> Tensor:
    """What the gradients of rows contribute to those of their occurrences."""
    read = embedding_rows(grad, input, padding_idx, scale_grad_by_freq)
    if padding_idx >= 0:
        read = read.masked_fill((input == padding_idx).unsqueeze(-1), 0)
    if scale_grad_by_freq:
        counts = wrap(occurrences(launch.contiguous_array(input, dtypes.int64).reshape(-1), 0), dtypes.int64)
        read = read / counts[input.to(dtypes.int64)].unsqueeze(-1)
    return read


embedding_rows.declaration.node_name = "EmbeddingBackward0"
derivative(embedding_rows, weight=lambda grad, weight_size, input, padding_idx, scale_grad_by_freq, sparse:
           sparse_embedding_backward(grad, input, weight_size, padding_idx, scale_grad_by_freq) if sparse else
           embedding_backward(grad, input, weight_size[0], padding_idx, scale_grad_by_freq))
derivative(embedding_backward, grad_output=lambda grad, input, padding_idx, scale_grad_by_freq:
           _read_back(grad, input, padding_idx, scale_grad_by_freq))


@op
def shorten_rows(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Scale the rows that ``input`` names down, in place, to norms of at most ``max_norm``."""
    places = np.unique(launch.contiguous_array(input, dtypes.int64))
    if places.size and not 0 <= places[0] <= places[-1] < weight._array.shape[0]:
        raise IndexError(f"index out of range in self: embedding got indices from {places[0]} to {places[-1]} for a weight of "
                         f"{weight._array.shape[0]} rows")
    rows = weight.detach()[wrap(places, dtypes.int64)]
    norms = rows.norm(norm_type, 1, True)
    scaled = rows * (max_norm / (norms + 1e-7)).masked_fill(norms <= max_norm, 1.0)         # what was scaled stays as it is
    weight.detach()[wrap(places, dtypes.int64)] = scaled
    return weight


no_derivative(shorten_rows)


def check_integral(name: str, argument: str, given: Any) -> None:
    """Indices must be tensors of int64 or int32."""
    if not isinstance(given, TensorBase) or given._dtype not in (dtypes.int64, dtypes.int32):
        kind = given._dtype.tensor_name if isinstance(given, TensorBase) else type(given).__name__
        raise RuntimeError(f"Expected tensor for argument '{argument}' to have one of the following scalar types: Long, Int; but got "
                           f"{kind} instead (while checking arguments for {name})")


def embedding_renorm_(self: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Scale the rows that ``indices`` names down, in place, to ``norm_type``-norms of at most ``max_norm``.

    >>> torch.embedding_renorm_(tensor([[3.0, 4.0], [6.0, 8.0]]), tensor([0]), 1.0, 2.0)
    tensor([[0.6000, 0.8000],
            [6.0000, 8.0000]])
    """
    check_integral("embedding_renorm_", "indices", indices)
    if state.grad and self.requires_grad:
        if self.is_leaf:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        raise RuntimeError("the derivative for 'embedding_renorm_' is not implemented; call it in no_grad")
    return shorten_rows(self, indices, float(max_norm), float(norm_type))


def embedding_of_indices(weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False,
                         sparse: bool = False) -> Tensor:
    """The rows of ``weight`` that ``indices`` names: `functional.embedding` with its arguments in another order.

    The row ``padding_idx`` takes no gradient; a negative one names none.

    >>> torch.embedding(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1, 0]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    return embedding(indices, weight, padding_idx if 0 <= padding_idx < weight.shape[0] else None, scale_grad_by_freq=scale_grad_by_freq,
                     sparse=sparse)


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None, norm_type: float = 2.0,
              scale_grad_by_freq: bool = False, sparse: bool = False) -> Tensor:
    """The rows of ``weight`` that ``input`` names.

    The row ``padding_idx`` takes no gradient; with ``sparse`` the gradient is a sparse tensor that holds the rows named.
    Rows longer than ``max_norm`` are first shortened in place. With
    ``scale_grad_by_freq`` a row's gradient is divided by how often it was named.

    Shape: input (\\*) of integers, weight (rows, width), result (\\*, width).

    >>> torch.nn.functional.embedding(tensor([1, 0]), tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    check_integral("embedding", "indices", input)
    if weight._array.ndim != 2:
        raise RuntimeError(f"'weight' must be 2-D: embedding got weight of size {list(weight._array.shape)}")
    rows = weight._array.shape[0]
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise AssertionError(f"Padding_idx must be within num_embeddings: got {padding_idx} for {rows} rows")
    if max_norm is not None:
        shorten_rows(weight, input, float(max_norm), float(norm_type))
    return embedding_rows(weight, input, -1 if padding_idx is None else padding_idx % rows, bool(scale_grad_by_freq),
                          bool(sparse))


@op
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A 1 at the place of each class and 0 elsewhere, in a new last dimension; ``num_classes`` -1 takes the largest class plus 1.

    >>> one_hot(tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    if tensor._dtype is not dtypes.int64:
        raise RuntimeError(f"one_hot is only applicable to index tensor of type LongTensor, got {tensor._dtype.tensor_name}")
    places = launch.contiguous_array(tensor)
    if num_classes < -1 or num_classes == 0 and places.size:
        raise RuntimeError(f"num_classes should be positive, or -1 to find it, got {num_classes}")
    if places.size == 0 and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if places.size and places.min() < 0:
        raise RuntimeError(f"Class values must be non-negative, got {places.min()}")
    count = int(places.max()) + 1 if num_classes == -1 else num_classes
    if places.size and places.max() >= count:
        raise RuntimeError(f"Class values must be smaller than num_classes: got {places.max()} for num_classes={count}")
    made = memory.zeros((*places.shape, count), np.dtype(np.int64))
    np.put_along_axis(made, places[..., None], 1, -1)
    return wrap(made, dtypes.int64)


no_derivative(one_hot)
