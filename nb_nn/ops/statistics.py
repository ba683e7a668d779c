"""Statistics, and calculus on samples: quantiles, covariance, integrals by trapezoids, slopes."""
from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core import launch
from ..core.geometry import wrap_dim
from ..core.op import no_derivative, op
from ..core.results import result_type
from ..core.tensor_base import TensorBase, wrap
from . import (
    choosing,
    comparison,
    complex,
    creation,
    extremes,
    from_data,
    joining,
    reduction,
    scan,
    scatter,
    sequences,
    slicing,
    sorting,
    view,
)
from .masking import masked_select

Tensor = TensorBase
INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")
NanmedianResult, AminmaxResult = result_type("nanmedian", "values", "indices"), result_type("aminmax", "min", "max")
HistogramResult, HistogramddResult = result_type("histogram", "hist", "bin_edges"), result_type("histogramdd", "hist", "bin_edges")


def delivered(name: str, made: Tensor, out: Any) -> Tensor:
    """A result, or it copied into ``out``."""
    return launch.into_out(name, made, out)


def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
    """The mean of the elements that are not NaN.

    >>> torch.nanmean(tensor([1.0, float("nan"), 3.0]))
    tensor(2.)
    """
    if input._dtype.category < 2:
        raise RuntimeError(f"nanmean(): expected input to have floating point or complex dtype but got {input._dtype}")
    dims = () if dim is None else dim
    total = reduction.nansum(input, dims, keepdim) if dim is not None else reduction.nansum(input)
    count = (~comparison.isnan(input.detach())).sum(dims, keepdim) if dim is not None else (~comparison.isnan(input.detach())).sum()
    made = total / count
    return delivered("nanmean", made if dtype is None else made.to(dtype), out)


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The median of the elements that are not NaN; along ``dim``, also where it is.

    >>> torch.nanmedian(tensor([1.0, float("nan"), 3.0]))
    tensor(1.)
    """
    if dim is None:
        numbers = ~comparison.isnan(input)
        return launch.into_out("nanmedian", sorting.median(masked_select(input, numbers) if bool(numbers.any()) else input), out)
    rows = input if input._array.ndim else view.reshape(input, (-1,))
    dim = wrap_dim(dim, rows._array.ndim)
    if not rows._array.shape[dim]:
        raise IndexError(f"median(): Expected reduction dim {dim} to have non-zero size.")
    ordered, places = sorting.sort(rows.detach(), dim)
    count = (~comparison.isnan(ordered)).sum(dim, True) if input._dtype.category == 2 else creation.full_like(
        places.narrow(dim, 0, 1), rows._array.shape[dim])
    middle = (count - 1).clamp(min=0) // 2
    index = scatter.gather(places, dim, middle)
    values = scatter.gather(rows, dim, index)
    if not keepdim or not input._array.ndim:
        values, index = (view.squeeze(one, dim) if input._array.ndim else view.reshape(one, ()) for one in (values, index))
    found = NanmedianResult(values, index)
    return launch.into_out("nanmedian", found, out)


def _quantile(name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, out: Any, skip_nan: bool) -> Tensor:
    if input._dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if not input._array.size:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if interpolation not in INTERPOLATIONS:
        raise RuntimeError(f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}")
    if not isinstance(q, TensorBase):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q}")
        q = from_data.tensor(float(q), dtype=input._dtype)
    elif q._dtype is not input._dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    elif q._array.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    elif not bool(((q >= 0) & (q <= 1)).all()):
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    ndim = input._array.ndim
    if dim is None:
        rows = view.reshape(input, (-1,))
        kept = (1,) * ndim if keepdim else ()
    else:
        dim = wrap_dim(dim, ndim)
        rows = view.movedim(input, dim, -1) if ndim else view.reshape(input, (1,))
        own = list(input._array.shape)
        kept = tuple(own[:dim] + ([1] if keepdim else []) + own[dim + 1:]) if ndim else ()
    made = quantiles_of_rows(rows, view.reshape(q, (-1,)), interpolation, skip_nan)
    made = view.movedim(made, -1, 0)
    return delivered(name, view.reshape(made, (*q._array.shape, *kept)), out)


def quantiles_of_rows(rows: Tensor, q: Tensor, interpolation: str, skip_nan: bool) -> Tensor:
    """Quantiles of the last dimension, which becomes that of ``q``."""
    ordered = sorting.sort(rows, -1)[0]
    length = rows._array.shape[-1]
    nan = comparison.isnan(ordered.detach())
    count = (~nan).sum(-1, True) if skip_nan else creation.full_like(ordered.detach().narrow(-1, 0, 1), length, dtype=dtypes.int64)
    rank = q * (count - 1).clamp(min=0).to(rows._dtype)
    if not skip_nan:
        rank = choosing.where(nan.any(-1, True), rank.new_full((), length - 1), rank)
    if interpolation == "nearest":
        return scatter.gather(ordered, -1, rank.round().long())
    below, above = rank.floor(), rank.ceil()
    low = scatter.gather(ordered, -1, (above if interpolation == "higher" else below).long())
    if interpolation in ("lower", "higher"):
        return low
    high = scatter.gather(ordered, -1, above.long())
    weight = 0.5 * (above - below) if interpolation == "midpoint" else rank - below
    # an infinity beside a weight of 0 counts nothing
    step = (high - low).masked_fill(weight == 0, 0)
    return low + step * weight


def quantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
             out: Tensor | None = None) -> Tensor:
    """The number below which the part ``q`` of the elements lies, of all elements or along ``dim``; NaN if one is.

    ``q`` is a number or a vector, whose dimension comes first. Between two elements, ``interpolation`` says what to take: "linear",
    "lower", "higher", "midpoint" or "nearest".

    >>> torch.quantile(tensor([0.0, 1.0, 2.0, 3.0]), tensor([0.5, 1.0]))
    tensor([1.5000, 3.0000])
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, out, False)


def nanquantile(input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
                out: Tensor | None = None) -> Tensor:
    """`quantile` of the elements that are not NaN.

    >>> torch.nanquantile(tensor([0.0, float("nan"), 2.0]), 0.5)
    tensor(1.)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, out, True)


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False, out: Any = None) -> Any:
    """The smallest and the largest element, of all or along ``dim``.

    >>> torch.aminmax(tensor([3, 1, 2]))
    torch.return_types.aminmax(
    min=tensor(1),
    max=tensor(3))
    """
    if dim is None and not input._array.size:
        raise RuntimeError("aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.")
    dims = () if dim is None else (dim,)
    found = AminmaxResult(extremes.amin(input, dims, keepdim), extremes.amax(input, dims, keepdim))
    return launch.into_out("aminmax", found, out)


def cov(input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Tensor:
    """Covariances of variables, whose observations stand in rows; counts and weights of observations may be given.

    >>> torch.cov(tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input._array.ndim > 2:
        raise RuntimeError(f"cov(): expected input to have two or fewer dimensions but got an input with {input._array.ndim} dimensions")
    if input._dtype is dtypes.bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows = view.reshape(input, (1, -1)) if input._array.ndim < 2 else input
    rows = rows if rows._dtype.category >= 2 else rows.to(dtypes.get_default_dtype())
    count = rows._array.shape[1]
    for name, given, category in (("fweights", fweights, 1), ("aweights", aweights, 2)):
        if given is not None:
            if given._array.ndim > 1 or given._array.size != count:
                raise RuntimeError(f"cov(): expected {name} to have the same numel as there are observations in the input but got "
                                   f"{given._array.size} != {count}")
            if given._dtype.category != category:
                raise RuntimeError(f"cov(): expected {name} to have {'integral' if category == 1 else 'floating point'} dtype but got "
                                   f"{name} with {given._dtype} dtype")
            if bool((given < 0).any()):
                raise RuntimeError(f"cov(): {name} cannot be negative")
    weight = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    total = count if weight is None else weight.sum()
    mean = rows.mean(1, True) if weight is None else (rows * weight).sum(1, True) / total
    if weight is None or aweights is None or correction == 0:
        norm = total - correction
    else:
        norm = total - correction * (weight * aweights).sum() / total
    centred = rows - mean
    norm = norm.clamp(min=0) if isinstance(norm, TensorBase) else max(norm, 0)
    right = (centred if weight is None else centred * weight).t()
    made = (centred @ (right.conj() if right.is_complex() else right)) / norm
    return view.squeeze(made) if input._array.ndim < 2 or rows._array.shape[0] == 1 else made


def corrcoef(input: Tensor) -> Tensor:
    """Correlations of variables, whose observations stand in rows.

    >>> torch.corrcoef(tensor([[0.0, 1.0, 2.0], [4.0, 2.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input._array.ndim > 2:
        raise RuntimeError(f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input._array.ndim} "
                           "dimensions")
    made = cov(input)
    if not made._array.ndim:
        return made / made
    diagonal = slicing.diagonal(made)
    deviation = (diagonal.real if made.is_complex() else diagonal).sqrt()
    found = made / view.unsqueeze(deviation, 1) / deviation
    if made.is_complex():
        return complex.complex(choosing.clamp(found.real, -1, 1), choosing.clamp(found.imag, -1, 1))
    return choosing.clamp(found, -1, 1)


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
