"""Copies of what views show: each function gives the elements that the view of its name would, in memory of their own."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core import launch
from ..core.geometry import wrap_dim
from ..core.tensor_base import TensorBase
from . import as_strided, complex, copies, slicing, view
from . import reshaping as shapes

Tensor = TensorBase


def copied(name: str, made: Tensor, out: Tensor | None) -> Tensor:
    """A view as a contiguous copy, or copied into ``out``."""
    return launch.into_out(name, view.contiguous(copies.clone(made)), out)


def each_copied(name: str, made: tuple, out: Any) -> tuple[Tensor, ...] | None:
    """Views as copies; with ``out``, a list of tensors, they are written there and nothing is returned, as in PyTorch."""
    if out is None:
        return tuple([copied(name, one, None) for one in made])
    launch.into_out(name, tuple(made), out)
    return None


def alias_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy.

    >>> alias_copy(tensor([1, 2]))
    tensor([1, 2])
    """
    return copied("alias_copy", input, out)


def detach_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy without history.

    >>> detach_copy(tensor([1.0], requires_grad=True)).requires_grad
    False
    """
    return copied("detach_copy", copies.detach(input), out)


def as_strided_copy(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """A copy of `as_strided`.

    >>> as_strided_copy(tensor([1, 2, 3]), (2, 2), (1, 1))
    tensor([[1, 2],
            [2, 3]])
    """
    return copied("as_strided_copy", as_strided.as_strided(input, size, stride, storage_offset), out)


def diagonal_copy(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1, *, out: Tensor | None = None) -> Tensor:
    """A copy of `diagonal`.

    >>> diagonal_copy(tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    return copied("diagonal_copy", slicing.diagonal(input, offset, dim1, dim2), out)


def expand_copy(input: Tensor, size: Any, *, implicit: bool = False, out: Tensor | None = None) -> Tensor:
    """A copy of `expand`.

    >>> expand_copy(tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return copied("expand_copy", view.expand(input, size), out)


def permute_copy(input: Tensor, dims: Any, *, out: Tensor | None = None) -> Tensor:
    """A copy of `permute`.

    >>> permute_copy(tensor([[1, 2], [3, 4]]), (1, 0))
    tensor([[1, 3],
            [2, 4]])
    """
    return copied("permute_copy", view.permute(input, dims), out)


def transpose_copy(input: Tensor, dim0: int, dim1: int, *, out: Tensor | None = None) -> Tensor:
    """A copy of `transpose`.

    >>> transpose_copy(tensor([[1, 2], [3, 4]]), 0, 1).is_contiguous()
    True
    """
    return copied("transpose_copy", view.transpose(input, dim0, dim1), out)


def t_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of `t`.

    >>> t_copy(tensor([[1, 2]])).shape
    torch.Size([2, 1])
    """
    return copied("t_copy", view.t(input), out)


def select_copy(input: Tensor, dim: int, index: int, *, out: Tensor | None = None) -> Tensor:
    """A copy of `select`.

    >>> select_copy(tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    return copied("select_copy", slicing.select(input, dim, index), out)


def slice_copy(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1, *,
               out: Tensor | None = None) -> Tensor:
    """A copy of a slice of one dimension.

    >>> slice_copy(tensor([1, 2, 3, 4]), 0, 0, 4, 2)
    tensor([1, 3])
    """
    dim = wrap_dim(dim, input._array.ndim)
    return copied("slice_copy", input[(slice(None),) * dim + (slice(start, end, step),)], out)


def squeeze_copy(input: Tensor, dim: Any = None, *, out: Tensor | None = None) -> Tensor:
    """A copy of `squeeze`.

    >>> squeeze_copy(tensor([[1, 2]])).shape
    torch.Size([2])
    """
    return copied("squeeze_copy", view.squeeze(input) if dim is None else view.squeeze(input, dim), out)


def unsqueeze_copy(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """A copy of `unsqueeze`.

    >>> unsqueeze_copy(tensor([1, 2]), 1).shape
    torch.Size([2, 1])
    """
    return copied("unsqueeze_copy", view.unsqueeze(input, dim), out)


def view_copy(input: Tensor, size: Any, *, out: Tensor | None = None) -> Tensor:
    """A copy of ``input.view(size)``, where ``size`` may be a type, too.

    >>> view_copy(tensor([1, 2, 3, 4]), (2, 2))
    tensor([[1, 2],
            [3, 4]])
    """
    return copied("view_copy", input.view(size) if isinstance(size, dtypes.dtype) else input.reshape(size), out)


def unfold_copy(input: Tensor, dimension: int, size: int, step: int, *, out: Tensor | None = None) -> Tensor:
    """A copy of ``input.unfold(dimension, size, step)``.

    >>> unfold_copy(tensor([1, 2, 3]), 0, 2, 1)
    tensor([[1, 2],
            [2, 3]])
    """
    return copied("unfold_copy", input.unfold(dimension, size, step), out)


def view_as_real_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of `view_as_real`.

    >>> view_as_real_copy(tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    return copied("view_as_real_copy", complex.view_as_real(input), out)


def view_as_complex_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy of `view_as_complex`.

    >>> view_as_complex_copy(tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
    """
    return copied("view_as_complex_copy", complex.view_as_complex(input), out)


def unbind_copy(input: Tensor, dim: int = 0, *, out: Any = None) -> tuple[Tensor, ...] | None:
    """Copies of `unbind`; with ``out``, a list of tensors, they are written there and nothing is returned.

    >>> unbind_copy(tensor([1, 2]))
    (tensor(1), tensor(2))
    """
    return each_copied("unbind_copy", slicing.unbind(input, dim), out)


def split_copy(input: Tensor, split_size: int, dim: int = 0, *, out: Any = None) -> tuple[Tensor, ...] | None:
    """Copies of `split`; with ``out``, a list of tensors, they are written there and nothing is returned.

    >>> split_copy(tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    return each_copied("split_copy", slicing.split(input, split_size, dim), out)


def split_with_sizes_copy(input: Tensor, split_sizes: Any, dim: int = 0, *, out: Any = None) -> tuple[Tensor, ...] | None:
    """Copies of `split_with_sizes`; with ``out``, a list of tensors, they are written there and nothing is returned.

    >>> split_with_sizes_copy(tensor([1, 2, 3]), (1, 2))
    (tensor([1]), tensor([2, 3]))
    """
    return each_copied("split_with_sizes_copy", slicing.split_with_sizes(input, split_sizes, dim), out)


def as_strided_scatter(input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A copy of ``input`` in which ``src`` stands where `as_strided` of it would look.

    >>> as_strided_scatter(zeros(4), tensor([1.0, 2.0]), (2,), (2,))
    tensor([1., 0., 2., 0.])
    """
    offset, steps = input.storage_offset(), input.stride()
    spread = sum((length - 1) * step for length, step in zip(input.shape, steps)) if input._array.size else -1
    whole = as_strided.as_strided(input, (offset + spread + 1,), (1,), 0)       # a copy keeps the steps that ``stride`` is meant for
    made = as_strided.as_strided(copies.clone(whole), input.shape, steps, offset)
    target = as_strided.as_strided(made, size, stride, storage_offset)
    return shapes.written(made, target, src)
