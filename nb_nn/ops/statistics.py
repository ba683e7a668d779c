"""Statistics: means and medians without NaN, quantiles, covariance."""
from __future__ import annotations

from typing import Any

from ..core import dtype as dtypes
from ..core import launch
from ..core.geometry import wrap_dim
from ..core.results import result_type
from ..core.tensor_base import TensorBase
from . import (
    choosing,
    comparison,
    complex,
    creation,
    extremes,
    from_data,
    reduction,
    scatter,
    slicing,
    sorting,
    view,
)
from .masking import masked_select

Tensor = TensorBase
INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")
NanmedianResult, AminmaxResult = result_type("nanmedian", "values", "indices"), result_type("aminmax", "min", "max")


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
