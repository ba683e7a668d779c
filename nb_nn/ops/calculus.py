"""Calculus on samples: integrals by trapezoids, slopes."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core.geometry import wrap_dim
from ..core.tensor_base import TensorBase
from . import creation, joining, scan, slicing, view

Tensor = TensorBase


def neighbours(values: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Views without the last and without the first element along ``dim``."""
    size = values._array.shape[dim]
    return slicing.narrow(values, dim, 0, max(size - 1, 0)), slicing.narrow(values, dim, min(1, size), max(size - 1, 0))


def areas(name: str, y: Tensor, x: Any, dx: Any, dim: int) -> Tensor:
    """The trapezoids between neighbouring samples."""
    for what, given in (("y", y), ("x", x)):
        if given is not None and given._dtype is dtypes.bool_:
            raise RuntimeError(f"{name}: received a bool input for `{what}`, but bool is not supported")
    dim = wrap_dim(dim, y._array.ndim)
    low, high = neighbours(y, dim)
    if x is not None:
        if x._array.ndim == 1 and y._array.ndim > 1:
            if x._array.shape[0] != y._array.shape[dim]:
                raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
            x = view.reshape(x, tuple([-1 if d == dim else 1 for d in range(y._array.ndim)]))
        elif x._array.ndim < y._array.ndim:
            x = view.reshape(x, (1,) * (y._array.ndim - x._array.ndim) + x._array.shape)
        before, after = neighbours(x, dim)
        dx = after - before
    return (low + high) * dx / 2


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = 1, dim: int = -1) -> Tensor:
    """The integral along ``dim`` of samples ``y`` at places ``x``, or ``dx`` apart, by the trapezoidal rule.

    >>> torch.trapezoid(tensor([1.0, 2.0, 3.0]))
    tensor(4.)
    """
    return areas("trapezoid", y, x, dx, dim).sum(dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = 1, dim: int = -1) -> Tensor:
    """The integrals from the first sample to each later one; see `trapezoid`.

    >>> torch.cumulative_trapezoid(tensor([1.0, 2.0, 3.0]))
    tensor([1.5000, 4.0000])
    """
    return scan.cumsum(areas("cumulative_trapezoid", y, x, dx, dim), dim)


def gradient(input: Tensor, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """Slopes of samples along each dimension (or those in ``dim``): central differences, one-sided at the edges.

    ``spacing`` is a distance, one a dimension, or vectors of places, which may be uneven.

    >>> torch.gradient(tensor([1.0, 2.0, 4.0]))
    (tensor([1.0000, 1.5000, 2.0000]),)
    """
    ndim = input._array.ndim
    if input._dtype in (dtypes.uint8, dtypes.bool_):
        raise RuntimeError(f"torch.gradient does not support {input._dtype.name} input.")
    dims = tuple(range(ndim)) if dim is None else (wrap_dim(dim, ndim),) if isinstance(dim, int) else tuple(wrap_dim(d, ndim) for d in dim)
    spacing = 1 if spacing is None else spacing
    given = [spacing] * len(dims) if not isinstance(spacing, (list, tuple, TensorBase)) else list(spacing)
    if len(given) != len(dims):
        raise RuntimeError(f"torch.gradient expected spacing to be unspecified, a scalar or a list of length {len(dims)}, but got "
                           f"{len(given)}")
    if edge_order not in (1, 2):
        raise RuntimeError(f"torch.gradient only supports edge_order=1 and edge_order=2, but got {edge_order}")
    for d in dims:
        if dims.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
        if input._array.shape[d] <= edge_order:
            raise RuntimeError(f"torch.gradient expected each dimension size to be at least edge_order+1, but dimension {d} has "
                               f"{input._array.shape[d]}")
    return tuple([slopes(input, d, one, edge_order) for d, one in zip(dims, given)])


def slopes(input: Tensor, dim: int, spacing: Any, edge_order: int) -> Tensor:
    """Slopes along one dimension (Fornberg's second-order formulas for uneven places)."""
    size = input._array.shape[dim]
    input = input if input._dtype.category >= 2 else input.to(dtypes.get_default_dtype())
    if isinstance(spacing, TensorBase) and spacing._array.ndim:
        shape = tuple([-1 if d == dim else 1 for d in range(input._array.ndim)])
        steps = view.reshape(spacing[1:] - spacing[:-1], shape)
        steps = steps if steps._dtype.category >= 2 else steps.to(input._dtype)
    else:
        steps = creation.full(tuple([size - 1 if d == dim else 1 for d in range(input._array.ndim)]), float(spacing), dtype=input._dtype)
    change = (slicing.narrow(input, dim, 1, size - 1) - slicing.narrow(input, dim, 0, size - 1)) / steps
    first, last = slicing.narrow(change, dim, 0, 1), slicing.narrow(change, dim, size - 2, 1)
    if size == 2:
        return joining.cat((first, last), dim)
    before, after = slicing.narrow(steps, dim, 0, size - 2), slicing.narrow(steps, dim, 1, size - 2)
    left, right = slicing.narrow(change, dim, 0, size - 2), slicing.narrow(change, dim, 1, size - 2)
    middle = (left * after + right * before) / (before + after)
    if edge_order == 2:
        bend = (right - left) / (before + after)
        first = first - slicing.narrow(bend, dim, 0, 1) * slicing.narrow(before, dim, 0, 1)
        last = last + slicing.narrow(bend, dim, size - 3, 1) * slicing.narrow(after, dim, size - 3, 1)
    return joining.cat((first, middle, last), dim)
