"""Elements counted in intervals."""
from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch
from ..core.op import no_derivative, op
from ..core.results import result_type
from ..core.tensor_base import TensorBase, wrap
from . import sequences

Tensor = TensorBase
HistogramResult, HistogramddResult = result_type("histogram", "hist", "bin_edges"), result_type("histogramdd", "hist", "bin_edges")


@op
def histogram_counts(input: Tensor, edges: Tensor, weight: Tensor | None) -> Tensor:
    """How many elements, or how much weight of them, lie between edges."""
    kind, bounds = input._dtype, launch.contiguous_array(edges)
    weights = None if weight is None else launch.contiguous_array(weight).reshape(-1)
    places, inside = bins_of(launch.contiguous_array(input).reshape(-1), bounds)
    made = np.bincount(places[inside], None if weights is None else weights[inside], bounds.size - 1)
    return wrap(made.astype(kind.numpy), kind)


def bins_of(values: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which bin each value lies in, and whether it lies between the first and the last edge: none does where these fall."""
    places = np.minimum(np.searchsorted(edges, values, "right") - 1, edges.size - 2)
    return places, (edges[0] <= values) & (values <= edges[-1])


def edges_between(name: str, low: float, high: float, bins: int, kind: dtypes.dtype) -> Tensor:
    """The edges of bins of equal width."""
    if bins < 1:
        raise RuntimeError(f"{name}(): bins must be > 0, but got {bins}")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"{name}: dimension's range [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError(f"{name}(): min should not exceed max, but got min {low} max {high}")
    low, high = (low, high) if low < high else (low - 0.5, high + 0.5)
    return sequences.linspace(low, high, bins + 1, dtype=kind)


def checked_edges(name: str, edges: Tensor, kind: dtypes.dtype) -> Tensor:
    """Edges as they were given."""
    if edges._dtype is not kind:
        raise RuntimeError(f"{name}: input tensor and bins tensors should have the same dtype, but got {kind} and {edges._dtype}")
    if edges._array.ndim != 1 or edges._array.size < 2:
        raise RuntimeError(f"{name}: bins tensor should have one dimension and 2 elements or more, but got size {list(edges.shape)}")
    return edges


def check_histogram(name: str, kind: dtypes.dtype) -> None:
    """Histograms are of float32 and float64."""
    if kind not in (dtypes.float32, dtypes.float64):
        raise launch.not_implemented(name, kind, "float32 and float64")


no_derivative(histogram_counts)


def histogram(input: Tensor, bins: Any, *, range: tuple[float, float] | None = None, weight: Tensor | None = None, density: bool = False,
              out: Any = None) -> Any:
    """How many elements lie in each bin, and the edges of the bins; the last bin contains its upper edge.

    ``bins`` is the number of bins of equal width between the bounds ``range`` (by default the extremes), or all edges. Elements may have
    weights, and ``density`` makes the integral 1.

    >>> torch.histogram(tensor([1.0, 2.0, 2.5]), 2, range=(0.0, 3.0)).hist
    tensor([1., 2.])
    """
    if input._dtype.half and isinstance(bins, TensorBase):
        checked_edges("torch.histogram", bins, input._dtype)
        counts = histogram(input.float(), bins.float(), weight=None if weight is None else weight.float(), density=density).hist
        return launch.into_out("histogram", HistogramResult(counts.to(input._dtype), bins), out)
    check_histogram("histogram_cpu", input._dtype)
    if isinstance(bins, TensorBase):
        edges = checked_edges("torch.histogram", bins, input._dtype)
    else:
        low, high = range if range is not None else (input.min().item(), input.max().item()) if input._array.size else (0.0, 1.0)
        edges = edges_between("torch.histogram", low, high, bins, input._dtype)
    counts = histogram_counts(input.detach(), edges, None if weight is None else weight.detach())
    if density:
        counts = counts / counts.sum() / (edges[1:] - edges[:-1])
    found = HistogramResult(counts, edges)
    return launch.into_out("histogram", found, out)


def histogramdd(input: Tensor, bins: Any, *, range: Any = None, weight: Tensor | None = None, density: bool = False) -> tuple:
    """`histogram` of points (N, D) in D dimensions: the counts and, a dimension each, the edges.

    >>> torch.histogramdd(tensor([[0.0, 1.0], [1.0, 0.0]]), 2)[0]
    tensor([[0., 1.],
            [1., 0.]])
    """
    if input._array.ndim < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    kind, dims = input._dtype, input._array.shape[-1]
    check_histogram("histogramdd", kind)
    wanted = [bins] * dims if isinstance(bins, int) else list(bins)
    if len(wanted) != dims:
        raise RuntimeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    if range is not None and len(range) != 2 * dims:
        raise RuntimeError(f"torch.histogramdd: for a {dims}-dimensional histogram range should have {2 * dims} elements, but got "
                           f"{len(range)}")
    if weight is not None and weight._dtype is not kind:
        raise RuntimeError("torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same dtype, "
                           f"but got input({kind.name}), and weight({weight._dtype.name})")
    columns = launch.contiguous_array(input.detach()).reshape(-1, dims).T
    edges = []
    for d, (one, column) in enumerate(zip(wanted, columns)):
        low, high = range[2 * d:2 * d + 2] if range is not None else (column.min(), column.max()) if column.size else (0.0, 1.0)
        edges.append(checked_edges("torch.histogramdd", one, kind) if isinstance(one, TensorBase) else edges_between(
            "torch.histogramdd", float(low), float(high), one, kind))
    bounds = [launch.contiguous_array(one) for one in edges]
    places, inside = zip(*[bins_of(*pair) for pair in zip(columns, bounds)])
    kept, shape = np.logical_and.reduce(inside), tuple([one.size - 1 for one in bounds])
    flat = np.ravel_multi_index([one[kept] for one in places], shape)
    weights = None if weight is None else launch.contiguous_array(weight.detach()).reshape(-1)[kept]
    counts = np.bincount(flat, weights, math.prod(shape)).reshape(shape).astype(kind.numpy)
    if density:
        counts = counts / counts.sum()
        for d, one in enumerate(bounds):
            counts = counts / np.diff(one).reshape([-1 if axis == d else 1 for axis in builtins.range(dims)])
    return HistogramddResult(wrap(counts, kind), tuple(edges))
