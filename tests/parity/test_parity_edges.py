"""What random comparison with torch found: edges of sizes, types, layouts and errors, each beside torch's answer."""
import warnings

import numpy as np
import pytest

import nb_nn

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")


def shown(result):
    """A result as plain Python: values, types and steps."""
    if isinstance(result, (tuple, list)):
        return [type(result).__name__ if not hasattr(result, "values") and type(result).__name__ in ("tuple", "list") else "named",
                *(shown(one) for one in result)]
    if hasattr(result, "tolist"):
        if "sparse" in str(result.layout):
            return "sparse", list(result.shape), str(result.dtype), result._nnz()
        # NaN is equal to itself here, and -0 to 0; rounding is not compared
        return np.asarray(result.detach().numpy() + 0).round(9).astype(str).tolist(), str(result.dtype), list(result.stride())
    return result


def answer(library, call):
    try:
        return shown(call(library))
    except Exception as error:  # noqa: BLE001  whether there is one, and its type, are compared
        return type(error)


F = lambda t: t.nn.functional
CALLS = {
    # evenly spaced integers
    "linspace of fractional ends": lambda t: t.linspace(0.5, 5.5, 4, dtype=t.int64), "linspace down": lambda t: t.linspace(10, -3.9, 7, dtype=t.int64),
    "linspace cut towards zero": lambda t: t.linspace(-1.7, 5.2, 6, dtype=t.int32), "linspace of one": lambda t: t.linspace(0.5, 0.9, 1, dtype=t.int64),
    "linspace of none": lambda t: t.linspace(0, 3, 0, dtype=t.int64), "linspace beyond the type": lambda t: t.linspace(-3.9, 3.9, 5, dtype=t.uint8),
    "logspace": lambda t: t.logspace(0.5, 2.5, 4, dtype=t.int64), "logspace to another base": lambda t: t.logspace(0, 3, 4, 2.5, dtype=t.int64),
    "linspace out": lambda t: t.linspace(0.5, 5.5, 4, out=t.zeros(4, dtype=t.int64)),
    "arange of complex type": lambda t: t.arange(0, 3, dtype=t.complex64), "arange to a complex number": lambda t: t.arange(3j),
    "arange of bool": lambda t: t.arange(2, dtype=t.bool), "arange without step": lambda t: t.arange(0, 3, 0),
    # fractional factors of integers
    "index_add": lambda t: t.zeros(3).long().index_add(0, t.tensor([0, 1]), t.tensor([3, 4]), alpha=1.5),
    "addr": lambda t: t.ones(2, 2).long().addr(t.ones(2).long(), t.ones(2).long(), alpha=1.5),
    # nothing
    "unique of no slices": lambda t: t.unique(t.zeros(0, 3), dim=0), "unique of empty slices": lambda t: t.unique(t.zeros(3, 0), dim=0),
    "unique of no slices, all results": lambda t: t.unique(t.zeros(0, 3), dim=0, return_inverse=True, return_counts=True),
    "unique of no slices inside": lambda t: t.unique(t.zeros(2, 0, 3), dim=1),
    "nonzero_static": lambda t: t.nonzero_static(t.tensor([0, 1, 2]), size=4), "nonzero_static of a number": lambda t: t.nonzero_static(t.tensor(3), size=2),
    # elements that share places
    "tril_": lambda t: t.ones(3).expand(3, 3).tril_(), "triu_": lambda t: t.ones(3).expand(3, 3).triu_(1),
    "index_fill_": lambda t: t.ones(1, 3).expand(3, 3).index_fill_(0, t.tensor([0]), 2.0),
    "masked_fill_": lambda t: t.ones(1).expand(3).masked_fill_(t.tensor([True, False, False]), 2),
    "index_put_": lambda t: t.ones(1).expand(3).index_put_((t.tensor([0]),), t.zeros(1)), "index_add_": lambda t: t.ones(1).expand(3).index_add_(
        0, t.tensor([0]), t.ones(1)), "scatter_": lambda t: t.ones(1).expand(3).scatter_(0, t.tensor([0]), 2.0),
    "index_copy_": lambda t: t.ones(1).expand(3).index_copy_(0, t.tensor([0]), t.ones(1)),
    # sparse
    "zeros sparse": lambda t: t.zeros(2, 3, layout=t.sparse_coo), "empty sparse": lambda t: t.empty(2, layout=t.sparse_coo, dtype=t.int64),
    "ones sparse": lambda t: t.ones(2, layout=t.sparse_coo),
    # arguments
    "take_along_dim of a list": lambda t: t.take_along_dim(t.ones(3), [1, 2], 0), "take_along_dim from the end": lambda t: t.take_along_dim(
        t.arange(6).view(2, 3), t.tensor([[-1], [0]]), 1), "flip dims": lambda t: t.flip(t.arange(4).view(2, 2), dims=[0, 1]),
    "flip of unknown": lambda t: t.flip(t.ones(2), dimension=0), "fliplr of a vector": lambda t: t.fliplr(t.ones(2)), "flipud of a number": lambda t: t.flipud(
        t.tensor(1.0)), "gradient": lambda t: t.gradient(t.arange(4.0), dim=None, spacing=None), "gradient dims twice": lambda t: t.gradient(
        t.ones(3, 3), dim=[1, 1]), "to with a memory format": lambda t: t.ones(2).double(memory_format=t.contiguous_format),
    "isclose": lambda t: t.isclose(t.ones(1), t.ones(1), rtol=-0.4), "pow of numbers": lambda t: t.pow(2, 3), "max of numbers": lambda t: t.max(2, 3),
    "complex of numbers": lambda t: t.complex(1, 2), "narrow": lambda t: t.narrow(t.ones(3), 0, t.tensor([1, 1]), 1),
    "narrow by bool": lambda t: t.narrow(t.ones(3), 0, t.tensor(True), 1), "unravel_index": lambda t: t.unravel_index(t.ones(2), (2, 2)),
    "tril_indices": lambda t: t.tril_indices(2, 2, dtype=t.float32), "normal": lambda t: t.normal(0.0, 0.0, (2,), layout=t.strided),
    "deg2rad": lambda t: t.deg2rad(t.ones(1, dtype=t.complex64)), "isposinf": lambda t: t.isposinf(t.ones(1, dtype=t.complex64)),
    "signbit": lambda t: t.signbit(t.ones(1, dtype=t.complex64)), "cummax": lambda t: t.cummax(t.ones(1, dtype=t.complex64), 0),
    "cdist": lambda t: t.cdist(t.ones(2, 2, dtype=t.complex64), t.ones(2, 2, dtype=t.complex64)),
    # results
    "ravel": lambda t: t.arange(6)[::2].ravel(), "flatten": lambda t: t.arange(6)[::2].flatten(), "nanmedian": lambda t: t.nanmedian(t.tensor(1.0), 0, True),
    "cumsum of a complex number": lambda t: t.cumsum(t.tensor(1 + 2j), 0), "cov": lambda t: t.cov(t.tensor([[1 + 2j, 2 - 1j, 0.5j], [1, 1j, 2]])),
    "corrcoef": lambda t: t.corrcoef(t.tensor([[1 + 2j, 2 - 1j, 0.5j], [1, 1j, 2]], dtype=t.complex128)),
    "circular padding that cuts": lambda t: F(t).pad(t.arange(12.0).view(1, 3, 4), (-1, 1), "circular"),
    "circular padding that cuts both": lambda t: F(t).pad(t.arange(16.0).view(1, 1, 4, 4), (-1, 1, -2, 1), "circular"),
    # types, errors and sizes, found over all types
    "histogram of falling edges": lambda t: t.histogram(t.tensor([1.0, 2.0]), t.tensor([3.0, 1.0])),
    "histogram of nothing": lambda t: t.histogram(t.zeros(0), 2), "histogramdd": lambda t: [
        one.tolist() for one in t.histogramdd(t.tensor([[0.0, 1.0], [1.0, 0.0], [0.5, 0.2]]).double(), [2, 4]).bin_edges],
    "histogramdd counts": lambda t: t.histogramdd(t.tensor([[0.0, 1.0], [1.0, 0.0], [0.5, 0.2]]).double(), [2, 3],
                                                    weight=t.tensor([1.0, 2, 3]).double(), density=True)[0],
    "histogramdd of falling edges": lambda t: t.histogramdd(t.ones(3, 2), [t.tensor([2.0, 0.0]), t.tensor([0.0, 2.0])])[0],
    "histogramdd of too many bins": lambda t: t.histogramdd(t.ones(3, 2), [2, 2, 2]), "histogramdd of integers": lambda t: t.histogramdd(
        t.ones(3, 2).long(), 2), "histogramdd of halves": lambda t: t.histogramdd(t.ones(3, 2).bfloat16(), 2),
    "l1_loss of integers": lambda t: F(t).l1_loss(t.tensor([1, 2]), t.tensor([3, 3]), reduction="sum"), "mean l1_loss of integers": lambda t: F(t).l1_loss(
        t.tensor([1, 2]), t.tensor([3, 3])), "margin_ranking_loss of integers": lambda t: F(t).margin_ranking_loss(
        t.tensor([1, 2]), t.tensor([3, 3]), t.tensor([1, 1])), "margin_ranking_loss of bytes": lambda t: F(t).margin_ranking_loss(
        t.tensor([5], dtype=t.uint8), t.tensor([1], dtype=t.uint8), t.tensor([6], dtype=t.uint8)),
    "smooth_l1_loss of integers": lambda t: F(t).smooth_l1_loss(t.tensor([1, 2]), t.tensor([3, 3]), beta=0, reduction="sum"),
    "pairwise_distance of integers": lambda t: F(t).pairwise_distance(t.tensor([[3, 0]]), t.tensor([[0, 0]]), eps=0.0),
    "pairwise_distance": lambda t: F(t).pairwise_distance(t.tensor([[3j, 0]]), t.tensor([[0j, 4]]), eps=0.0),
    "cosine_embedding_loss of integers": lambda t: F(t).cosine_embedding_loss(t.ones(2, 4).long(), t.ones(2, 4).long(), t.tensor([1, 1])),
    "bilinear of integers": lambda t: F(t).bilinear(t.ones(1, 2).int(), t.ones(1, 2).int(), t.ones(1, 2, 2).int()),
    "addbmm of integers": lambda t: t.addbmm(t.ones(2, 2).int(), t.ones(3, 2, 2).int(), t.ones(3, 2, 2).int()),
    "pixel_shuffle of no rows": lambda t: F(t).pixel_shuffle(t.zeros(1, 1, 0, 1), 1), "pixel_unshuffle of no rows": lambda t: F(t).pixel_unshuffle(
        t.zeros(1, 1, 0, 1), 1), "pixel_shuffle of no channels": lambda t: F(t).pixel_shuffle(t.zeros(1, 0, 1, 1).int(), 2),
    "pixel_unshuffle of integers": lambda t: F(t).pixel_unshuffle(t.arange(16).view(1, 1, 4, 4), 2),
    "pixel_shuffle of integers": lambda t: F(t).pixel_shuffle(t.arange(16).view(1, 8, 1, 2), 2),
    "dropout of integers": lambda t: F(t).dropout(t.ones(3).long()), "all dropped of integers": lambda t: F(t).dropout(t.ones(3).long(), 1.0),
    "triplet_margin_loss": lambda t: F(t).triplet_margin_loss(t.ones(2, 2), t.ones(2, 2), t.ones(2, 2), margin=-1),
    "adaptive_avg_pool2d of a list": lambda t: F(t).adaptive_avg_pool2d(t.ones(2, 2), [2, 2]), "adaptive_max_pool3d of a list": lambda t: F(
        t).adaptive_max_pool3d(t.ones(2, 2), (2, 2, 2)), "adaptive_avg_pool2d of a matrix": lambda t: F(t).adaptive_avg_pool2d(t.ones(2, 2), 2),
    "gather by no bytes": lambda t: t.gather(t.ones(2), 0, t.zeros(0).byte()), "scatter by no bytes": lambda t: t.zeros(2).scatter(
        0, t.zeros(0).byte(), 1.0), "gather by bytes": lambda t: t.gather(t.ones(2), 0, t.zeros(1).byte()),
    "cauchy_": lambda t: t.zeros(2, dtype=t.complex64).cauchy_(), "randint": lambda t: t.randint(3, (2,), dtype=t.complex64),
    "range": lambda t: t.range(0, 2, dtype=t.complex64), "vector_norm of halves": lambda t: t.linalg.vector_norm(t.ones(4).half()),
    "matrix_norm of halves": lambda t: t.linalg.matrix_norm(t.ones(3, 3).half(), 1), "nuclear norm of halves": lambda t: t.linalg.matrix_norm(
        t.ones(3, 3).half(), "nuc"), "nextafter of halves": lambda t: t.nextafter(
        t.tensor([1.0, 1, 0, 0, -1, 2, float("nan"), 1, 65504]).half(), t.tensor([0.0, 2, 1, -1, 0, 2, 1, float("nan"), float("inf")]).half()).view(t.int16),
    "nextafter of bfloat16": lambda t: t.nextafter(t.tensor([1.0, -1]).bfloat16(), t.tensor([3.0, -3]).bfloat16()).view(t.int16),
    "polynomials of cut degrees": lambda t: t.special.chebyshev_polynomial_t(t.tensor(2.0), t.tensor([-0.5, -1.0, 1.7, float("nan")])),
    "hardtanh of bytes": lambda t: F(t).hardtanh(t.ones(2).byte()), "gradient of bytes": lambda t: t.gradient(t.ones(4).byte()),
    "stft of integers": lambda t: t.stft(t.ones(20).long(), 4, return_complex=True), "unravel_index of int32": lambda t: t.unravel_index(
        t.tensor([5, 0], dtype=t.int32), (2, 3))[0].dtype is t.int64, "sum_to_size of a number": lambda t: t.tensor(3, dtype=t.int32).sum_to_size(()),
    "vander of a number": lambda t: t.linalg.vander(t.tensor(2.0), N=3), "masked_fill of columns": lambda t: t.ones(2, 2).t().masked_fill(
        t.tensor([True, False]), 3), "lu": lambda t: t.lu(t.eye(2), get_infos=True).info, "silu": lambda t: F(t).silu(t.tensor([1 + 2j, -0.5j], dtype=t.complex128)),
    "softsign": lambda t: F(t).softsign(t.tensor([3 + 4j])), "tanhshrink": lambda t: F(t).tanhshrink(t.tensor([0.5 + 0.25j])).abs() > 0,
    "logsumexp": lambda t: t.logsumexp(t.tensor([[1000 + 1j, 1000 + 1j]], dtype=t.complex128), 1), "as_strided_scatter": lambda t: t.as_strided_scatter(
        t.arange(18.0).view(3, 6)[:, ::2], -t.ones(2, 2), (2, 2), (2, 1), 0), "scatter_reduce": lambda t: t.zeros(2, dtype=t.complex64).scatter_reduce(
        0, t.tensor([0]), t.ones(1, dtype=t.complex64), "amax"), "multilabel_margin_loss": lambda t: F(t).multilabel_margin_loss(
        t.ones(2, dtype=t.complex64), t.tensor([0, -1])), "hypot of integers": lambda t: t.hypot(t.ones(2).long(), t.ones(2).long()),
    "gcd of floats": lambda t: t.gcd(t.ones(2), t.ones(2)), "sort": lambda t: t.ones(2, dtype=t.complex64).sort(), "gelu of integers": lambda t: F(t).gelu(
        t.ones(2).long()), "digamma": lambda t: t.digamma(t.ones(2, dtype=t.complex64)), "round of bool": lambda t: t.round(t.tensor([True])),
    "lstsq": lambda t: [one.dtype is t.float32 for one in t.linalg.lstsq(t.ones(2, 3, dtype=t.complex64), t.ones(2, 1, dtype=t.complex64))[1::2]],
    "alpha_dropout of integers": lambda t: F(t).alpha_dropout(t.ones(3).long(), training=True),
    "all dropped by feature_alpha_dropout": lambda t: F(t).feature_alpha_dropout(t.ones(1, 3).long(), 1.0, True),
    "cdouble": lambda t: t.ones(2).cdouble(memory_format=t.contiguous_format), "cross of bool": lambda t: t.cross(
        t.ones(3).bool(), t.ones(3).bool(), dim=0), "mse_loss of integers": lambda t: F(t).mse_loss(t.ones(2).long(), t.ones(2).long()),
    # operands of several types, and types that are refused
    **{f"addr of {name}": lambda t, kinds=kinds, beta=beta: t.addr(t.ones(2, 3).to(getattr(t, kinds[0])), t.ones(2).to(getattr(t, kinds[1])), t.ones(3).to(
        getattr(t, kinds[2])), beta=beta) for name, kinds, beta in (
        ("bool", ("bool",) * 3, 3), ("bool without", ("bool",) * 3, 0), ("mixed", ("float32", "complex64", "float64"), 2), ("integers", ("int32", "int64", "float32"), 2))},
    "addr_ of mixed": lambda t: t.ones(2, 3).addr_(t.ones(2, dtype=t.complex64), t.ones(3, dtype=t.complex64)),
    "addmm with a complex factor": lambda t: t.addmm(t.ones(2, 2), t.ones(2, 2), t.ones(2, 2), beta=1j), "add with a complex factor": lambda t: t.add(
        t.ones(2), t.ones(2), alpha=1j), "addcmul with a complex factor": lambda t: t.addcmul(t.ones(2), t.ones(2), t.ones(2), value=1j),
    "index_add with a complex factor": lambda t: t.ones(2).index_add(0, t.tensor([0]), t.ones(1), alpha=1j), "lerp by a complex number": lambda t: t.lerp(
        t.ones(2), t.ones(2), 1j), "lerp by doubles": lambda t: t.lerp(t.ones(2), t.ones(2), t.ones(2).double()), "elu": lambda t: F(t).elu(t.ones(2), 1j),
    "leaky_relu in place": lambda t: F(t).leaky_relu_(t.ones(2), 1j), "softshrink": lambda t: F(t).softshrink(t.ones(2), 1j),
    "outer product by einsum": lambda t: t.einsum("i,j->ij", t.ones(2), t.ones(3, dtype=t.complex64)), "product by einsum": lambda t: t.einsum(
        "ij,jk->ik", t.ones(2, 2), t.ones(2, 2, dtype=t.complex64)), "einsum of integers and floats": lambda t: t.einsum("i,i->i", t.ones(2).long(), t.ones(2)),
    "einsum of bytes": lambda t: t.einsum("ik,j->ij", t.ones(2, 3).byte(), t.ones(2).byte()),
    "vecdot of mixed": lambda t: t.linalg.vecdot(t.ones(2), t.ones(2).double()), "vecdot of integers": lambda t: t.linalg.vecdot(t.ones(2).long(), t.ones(2).long()),
    "meshgrid of mixed": lambda t: t.meshgrid(t.ones(2), t.ones(2).long()), "bilinear of mixed": lambda t: F(t).bilinear(t.ones(2), t.ones(2), t.ones(1, 2, 2).double()),
    **{f"{name} of bool": lambda t, call=call: call(t, t.tensor([True, False, True])) for name, call in (
        ("topk", lambda t, x: t.topk(x, 2)), ("gradient", lambda t, x: t.gradient(x)), ("relu6", lambda t, x: F(t).relu6(x)), ("hardtanh", lambda t, x: F(t).hardtanh(x, 0, 1)),
        ("mvlgamma", lambda t, x: t.mvlgamma(x, 1)), ("tanhshrink", lambda t, x: F(t).tanhshrink(x)), ("trapezoid", lambda t, x: t.trapezoid(x)),
        ("cumulative_trapezoid", lambda t, x: t.cumulative_trapezoid(x)), ("vander", lambda t, x: t.linalg.vander(x)))},
    "vander of halves": lambda t: t.linalg.vander(t.ones(2).half()), "hardtanh of bytes with bounds that are cut": lambda t: F(t).hardtanh(t.tensor([0, 3]).byte(), -0.5, 0.5),
    "mvlgamma of integers": lambda t: t.mvlgamma(t.tensor([4, 5]), 2),
    **{f"{name} of {kind} by {number}": lambda t, name=name, kind=kind, number=number: getattr(t, name)(t.tensor([7, 100]).to(getattr(t, kind)), number)
       for name in ("fmod", "remainder", "floor_divide") for kind in ("int32", "uint8") for number in (2 ** 40, 2 ** 33 + 5, -300, 256)},
    **{f"where of {kind} and {number}": lambda t, kind=kind, number=number: t.where(t.tensor([True, False]), t.ones(2).to(getattr(t, kind)), number)
       for kind in ("uint8", "int8", "int32", "bool") for number in (-1, 300, -200, 2 ** 40, 2.5, 1j)},
    **{f"random_ of {kind} from {low} to {high}": lambda t, kind=kind, low=low, high=high: t.zeros(3, dtype=getattr(t, kind)).random_(low, high).shape
       for kind in ("bool", "uint8", "int16", "float16", "float32") for low, high in ((0, 2), (-1, 1), (0, 256), (0, 257), (0, 40000), (0, 1 << 17))},
    "searchsorted by a number that wraps": lambda t: t.searchsorted(t.tensor([1, 2]).int(), 2 ** 40), "searchsorted out": lambda t: t.searchsorted(
        t.arange(3), t.arange(3), out=t.zeros(3).int()), "searchsorted by a sorter of int32": lambda t: t.searchsorted(t.arange(3), 1, sorter=t.arange(3).int()),
    "bucketize": lambda t: t.bucketize(t.ones(2, dtype=t.complex64), t.ones(1, dtype=t.complex64)),
    **{f"arange {start} {end} {step} of {kind}": lambda t, kind=kind, bounds=(start, end, step): t.arange(*bounds, dtype=getattr(t, kind))
       for kind in ("int64", "int32", "uint8", "float32") for start, end, step in ((0.5, 8.7, 2.5), (0.0, 8.000001, 4.0), (0.9, 3.1, 1), (0.9, 3.1, 0.5), (1.5, 4, 1.9))},
    "diff of no order": lambda t: t.diff(t.ones(3), n=0, prepend=t.ones(2)), "gradient at complex places": lambda t: t.gradient(
        t.tensor([1.0, 2, 4]), spacing=(t.tensor([1.0, 2, 4 + 1j]),)), "matrix_power": lambda t: t.linalg.matrix_power(t.eye(2).requires_grad_(), 0).requires_grad,
    "householder_product": lambda t: t.linalg.householder_product(t.eye(2).requires_grad_(), t.zeros(0)).requires_grad, "gather of nothing": lambda t: t.autograd.grad(
        t.gather(t.ones(2), 0, t.zeros(2, 0).long()).sum() + (x := t.ones(2, requires_grad=True)).gather(0, t.zeros(2, 0).long()).sum(), x),
    "istft by a complex window": lambda t: t.istft(t.ones(3, 4, dtype=t.complex64), 4, window=t.ones(4, dtype=t.complex64)),
    "complex istft by a complex window": lambda t: t.view_as_real(t.istft(t.arange(16.0).view(4, 4).to(t.complex128), 4, window=t.tensor(
        [1, 1 + 1j, 2, 1 - 2j], dtype=t.complex128), return_complex=True)),
    "logcumsumexp": lambda t: t.view_as_real(t.logcumsumexp(t.tensor([1 + 3j, 0.9 + 3j, 1.2 - 3j, 0.5 + 9j, 1.1 + 2.9j, 1 - 8j], dtype=t.complex128), 0)),
    "cholesky": lambda t: t.autograd.grad(t.linalg.cholesky(a := t.tensor([[4, 1 - 1j], [1 + 1j, 5]], dtype=t.complex128, requires_grad=True)).abs().sum(), a)[0].abs().contiguous(),
    **{f"{name} of {first} and {second}": lambda t, name=name, first=first, second=second: getattr(F(t), name)(
        t.tensor([0.25, 0.75]).to(getattr(t, first)), t.tensor([1.0, 0.5]).to(getattr(t, second))).dtype in (t.float64, t.complex64, t.complex128)
       for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits", "huber_loss", "soft_margin_loss", "multilabel_soft_margin_loss", "mse_loss", "l1_loss", "smooth_l1_loss")
       for first, second in (("float32", "float64"), ("float64", "float32"), ("complex64", "complex64"), ("float32", "float32"))},
    "hinge_embedding_loss": lambda t: F(t).hinge_embedding_loss(t.ones(2), t.ones(2).double()),
    **{f"rms_norm of {first} by {second}": lambda t, first=first, second=second: F(t).rms_norm(
        t.ones(2).to(getattr(t, first)), (2,), None if second is None else t.ones(2).to(getattr(t, second)), 1.0).abs()
       for first, second in (("float32", "float64"), ("complex64", "complex64"), ("complex128", None), ("complex64", "float32"), ("int32", "int32"), ("float32", "complex64"))},
    "adaptive_avg_pool1d": lambda t: F(t).adaptive_avg_pool1d(t.ones(1, 4, dtype=t.complex64), 1).dtype is t.complex64, "adaptive_avg_pool2d": lambda t: F(
        t).adaptive_avg_pool2d(t.ones(1, 4, 4, dtype=t.complex64), 2), "multi_margin_loss": lambda t: F(t).multi_margin_loss(t.ones(2, 2, dtype=t.complex64), t.zeros(2).long()),
    "multi_margin_loss by doubles": lambda t: F(t).multi_margin_loss(t.ones(2, 2), t.zeros(2).long(), weight=t.ones(2).double()),
    "instance_norm": lambda t: F(t).instance_norm(t.ones(2, 2, 3, dtype=t.complex64), t.zeros(2), t.ones(2)), "histogramdd by doubles": lambda t: t.histogramdd(
        t.ones(3, 2), [2, 2], weight=t.ones(3).double()), "vector_norm in a real type": lambda t: t.linalg.vector_norm(t.ones(2, dtype=t.complex64), dtype=t.float64),
    "cat of channels last": lambda t: t.cat([t.arange(16.0).view(2, 2, 2, 2).contiguous(memory_format=t.channels_last)] * 2, 1),
    "cat of large channels last": lambda t: t.cat([t.ones(2, 3, 80, 80).contiguous(memory_format=t.channels_last)] * 2, 0).stride(),
    "sparse gradients by frequency": lambda t: F(t).embedding(t.tensor([0, 0]), t.ones(2, 2, requires_grad=True), sparse=True, scale_grad_by_freq=True).shape,
    "sparse gradients by frequency, backward": lambda t: F(t).embedding(
        t.tensor([0, 0]), t.ones(2, 2, requires_grad=True), sparse=True, scale_grad_by_freq=True).sum().backward(),
    "float_power": lambda t: t.float_power(t.tensor([2.0]), 2, out=t.zeros(1)), "empty_permuted": lambda t: t.empty_permuted((2, 3, 4), (2, 0, 1)).stride(),
}


@pytest.mark.parametrize("name", CALLS)
def test_as_torch(name):
    expected, found = answer(torch, CALLS[name]), answer(nb_nn, CALLS[name])
    if isinstance(expected, type):
        assert isinstance(found, type), found
        assert issubclass(found, expected) or issubclass(expected, found), (found, expected)
    else:
        assert found == expected


def test_casts_from_complex_warn_once():
    nb_nn.ops.copies._told[0] = False
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(2):
            nb_nn.tensor([1 + 2j]).to(nb_nn.float32)
        x = nb_nn.ones(2, requires_grad=True)
        (x.to(nb_nn.complex64) * 1j).abs().sum().backward()
        nb_nn.tensor([1 + 2j]).bool()
    assert [str(one.message) for one in told] == ["Casting complex values to real discards the imaginary part"]
    assert x.grad.dtype is nb_nn.float32
