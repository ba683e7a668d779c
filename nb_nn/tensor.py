"""The Tensor: one binding line a method, grouped as in ops/. Methods that are written out stand in its base classes."""
from __future__ import annotations

from typing import Any

from . import sharing
from . import storage as storages
from .core import dtype as dtypes
from .core import tensor_base
from .core.size import Size
from .core.sparse_array import is_sparse
from .core.tensor_base import TensorBase, alias_of
from .ops import (
    activation,
    arithmetic,
    callback,
    choosing,
    comparison,
    complex,
    conversion,
    copies,
    counting,
    creation,
    diagonals,
    division,
    exponential,
    extremes,
    from_data,
    histograms,
    indexing,
    linalg,
    logic,
    masking,
    moments,
    pairs,
    piecewise,
    random,
    rearranging,
    reduction,
    reshaping,
    samplers,
    scan,
    shape_inplace,
    singles,
    slicing,
    sorting,
    special,
    special_functions,
    spectral,
    statistics,
    subscript,
    trigonometry,
    vector,
    view_copies,
)
from .ops import as_strided as as_strided_ops
from .ops import matmul as matmul_ops
from .ops import multinomial as multinomials
from .ops import scatter as scatter_ops
from .ops import scatter_reduce as scatter_reduce_ops
from .ops import short_time as short_time_ops
from .ops import softmax as softmax_ops
from .ops import view as view_ops
from .ops.sparse import arithmetic as sparse_arithmetic  # noqa: F401  states what operations do with sparse tensors
from .ops.sparse import construction, parts, products
from .ops.sparse import shape as sparse_shape
from .tensor_autograd import Recorded
from .tensor_operators import Operators
from .tensor_properties import Properties


class Tensor(Operators, Recorded, Properties):
    """A multi-dimensional array of one type, on one device, that may remember how it was computed.

    >>> torch.Tensor([1, 2])
    tensor([1., 2.])
    >>> torch.Tensor(2, 3).shape
    torch.Size([2, 3])
    """

    __array_priority__ = 1000           # NumPy's operators leave tensors to theirs

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return legacy_new(cls, args, **kwargs)

    layout = property(lambda self: sparse_coo if is_sparse(self) else strided, doc="How elements are stored.")

    # creation
    new_tensor, new_empty, new_zeros = creation.new_tensor, creation.new_empty, creation.new_zeros
    new_ones, new_full, new = creation.new_ones, creation.new_full, creation.new
    fill_, zero_ = creation.fill_, creation.zero_

    # storage
    storage, untyped_storage, storage_type = sharing.storage, sharing.untyped_storage, sharing.storage_type
    set_, is_set_to = shape_inplace.set_, shape_inplace.is_set_to
    share_memory_, is_shared = sharing.share_memory_, sharing.is_shared
    pin_memory, is_pinned = sharing.pin_memory, sharing.is_pinned
    apply_, map_, map2_ = callback.apply_, callback.map_, callback.map2_

    # conversion
    to, type, type_as, cpu, cuda = conversion.to, conversion.type_, conversion.type_as, conversion.cpu, conversion.cuda
    bool, byte, char, short, int, long = (conversion.bool_, conversion.byte, conversion.char, conversion.short, conversion.int_,
                                          conversion.long)
    half, bfloat16, float, double = conversion.half, conversion.bfloat16, conversion.float_, conversion.double
    numpy, item, tolist = conversion.numpy, conversion.item, conversion.tolist

    # arithmetic
    add, add_, sub, sub_, mul, mul_ = (arithmetic.add, arithmetic.add_, arithmetic.sub, arithmetic.sub_, arithmetic.mul,
                                       arithmetic.mul_)
    div, div_, true_divide, true_divide_ = division.div, division.div_, division.true_divide, division.true_divide_
    multiply, multiply_, subtract, subtract_, divide, divide_ = mul, mul_, sub, sub_, div, div_
    floor_divide, floor_divide_ = division.floor_divide, division.floor_divide_
    remainder, remainder_, fmod, fmod_ = division.remainder, division.remainder_, division.fmod, division.fmod_
    neg, neg_, abs, abs_, sign, sign_ = (arithmetic.neg, arithmetic.neg_, arithmetic.abs, arithmetic.abs_, arithmetic.sign,
                                         arithmetic.sign_)
    negative, negative_, absolute, absolute_ = neg, neg_, abs, abs_
    square, square_, reciprocal, reciprocal_ = (arithmetic.square, arithmetic.square_, arithmetic.reciprocal,
                                                arithmetic.reciprocal_)
    floor, floor_, ceil, ceil_ = arithmetic.floor, arithmetic.floor_, arithmetic.ceil, arithmetic.ceil_
    trunc, trunc_, frac, frac_ = arithmetic.trunc, arithmetic.trunc_, arithmetic.frac, arithmetic.frac_
    lerp, lerp_ = arithmetic.lerp, arithmetic.lerp_
    addcmul, addcmul_, addcdiv, addcdiv_ = arithmetic.addcmul, arithmetic.addcmul_, arithmetic.addcdiv, arithmetic.addcdiv_

    # complex
    conj, conj_physical, conj_physical_, adjoint = complex.conj, complex.conj_physical, complex.conj_physical_, complex.adjoint
    resolve_conj, resolve_neg, is_conj, is_neg = complex.resolve_conj, complex.resolve_neg, complex.is_conj, complex.is_neg
    angle, sgn, sgn_, isreal, cfloat, cdouble = (complex.angle, complex.sgn, complex.sgn_, complex.isreal, complex.cfloat,
                                                 complex.cdouble)

    # spectral
    fft, ifft, rfft, irfft = spectral.fft, spectral.ifft, spectral.rfft, spectral.irfft
    stft, istft = short_time_ops.stft, short_time_ops.istft

    # comparison
    eq, eq_, ne, ne_ = comparison.eq, comparison.eq_, comparison.ne, comparison.ne_
    lt, lt_, le, le_, gt, gt_, ge, ge_ = (comparison.lt, comparison.lt_, comparison.le, comparison.le_, comparison.gt,
                                          comparison.gt_, comparison.ge, comparison.ge_)
    isnan, isinf, isfinite, isclose = comparison.isnan, comparison.isinf, comparison.isfinite, comparison.isclose
    allclose, equal = comparison.allclose, comparison.equal
    logical_not, logical_not_ = logic.logical_not, logic.logical_not_
    logical_and, logical_and_, logical_or, logical_or_ = (logic.logical_and, logic.logical_and_, logic.logical_or,
                                                          logic.logical_or_)
    logical_xor, logical_xor_ = logic.logical_xor, logic.logical_xor_
    bitwise_not, bitwise_not_, bitwise_and, bitwise_and_ = (logic.bitwise_not, logic.bitwise_not_,
                                                            logic.bitwise_and, logic.bitwise_and_)
    bitwise_or, bitwise_or_, bitwise_xor, bitwise_xor_ = (logic.bitwise_or, logic.bitwise_or_, logic.bitwise_xor,
                                                          logic.bitwise_xor_)
    bitwise_left_shift, bitwise_left_shift_ = logic.bitwise_left_shift, logic.bitwise_left_shift_
    bitwise_right_shift, bitwise_right_shift_ = logic.bitwise_right_shift, logic.bitwise_right_shift_
    greater, greater_, greater_equal, greater_equal_, less, less_, less_equal, less_equal_ = gt, gt_, ge, ge_, lt, lt_, le, le_
    not_equal, not_equal_ = ne, ne_
    maximum, minimum, where = choosing.maximum, choosing.minimum, choosing.where_method
    clamp, clamp_, clip, clip_ = choosing.clamp, choosing.clamp_, choosing.clamp, choosing.clamp_
    clamp_min, clamp_min_, clamp_max, clamp_max_ = (choosing.clamp_min, choosing.clamp_min_, choosing.clamp_max,
                                                    choosing.clamp_max_)

    # exponential
    exp, exp_, exp2, exp2_, expm1, expm1_ = (exponential.exp, exponential.exp_, exponential.exp2, exponential.exp2_,
                                             exponential.expm1, exponential.expm1_)
    log, log_, log2, log2_, log10, log10_ = (exponential.log, exponential.log_, exponential.log2, exponential.log2_,
                                             exponential.log10, exponential.log10_)
    log1p, log1p_, logaddexp = exponential.log1p, exponential.log1p_, exponential.logaddexp
    sqrt, sqrt_, rsqrt, rsqrt_ = exponential.sqrt, exponential.sqrt_, exponential.rsqrt, exponential.rsqrt_
    pow, pow_, float_power = exponential.pow, exponential.pow_, exponential.float_power
    __pow__, __ipow__ = exponential.pow, exponential.pow_

    # trigonometry
    sin, sin_, cos, cos_, tan, tan_ = (trigonometry.sin, trigonometry.sin_, trigonometry.cos, trigonometry.cos_, trigonometry.tan,
                                       trigonometry.tan_)
    asin, asin_, acos, acos_, atan, atan_ = (trigonometry.asin, trigonometry.asin_, trigonometry.acos, trigonometry.acos_,
                                             trigonometry.atan, trigonometry.atan_)
    sinh, sinh_, cosh, cosh_, atan2, atan2_ = (trigonometry.sinh, trigonometry.sinh_, trigonometry.cosh, trigonometry.cosh_,
                                               trigonometry.atan2, trigonometry.atan2_)
    erf, erf_, erfc, erfc_, erfinv, erfinv_ = (trigonometry.erf, trigonometry.erf_, trigonometry.erfc, trigonometry.erfc_,
                                               trigonometry.erfinv, trigonometry.erfinv_)

    # pairs
    copysign, copysign_, hypot, hypot_, heaviside, heaviside_ = (pairs.copysign, pairs.copysign_, pairs.hypot, pairs.hypot_,
                                                                 pairs.heaviside, pairs.heaviside_)
    fmax, fmin, gcd, gcd_, lcm, lcm_ = pairs.fmax, pairs.fmin, pairs.gcd, pairs.gcd_, pairs.lcm, pairs.lcm_
    nextafter, nextafter_, xlogy, xlogy_ = pairs.nextafter, pairs.nextafter_, pairs.xlogy, pairs.xlogy_
    logaddexp2, ldexp, ldexp_, float_power_ = pairs.logaddexp2, pairs.ldexp, pairs.ldexp_, pairs.float_power_

    # singles
    asinh, asinh_, acosh, acosh_, atanh, atanh_ = (singles.asinh, singles.asinh_, singles.acosh, singles.acosh_, singles.atanh,
                                                   singles.atanh_)
    arcsinh, arcsinh_, arccosh, arccosh_, arctanh, arctanh_ = asinh, asinh_, acosh, acosh_, atanh, atanh_
    arcsin, arcsin_, arccos, arccos_, arctan, arctan_, arctan2, arctan2_ = asin, asin_, acos, acos_, atan, atan_, atan2, atan2_
    nan_to_num, nan_to_num_, signbit, isposinf, isneginf = (singles.nan_to_num, singles.nan_to_num_, singles.signbit, singles.isposinf,
                                                            singles.isneginf)
    positive, frexp, fix, fix_ = singles.positive, singles.frexp, trunc, trunc_
    deg2rad, deg2rad_, rad2deg, rad2deg_ = singles.deg2rad, singles.deg2rad_, singles.rad2deg, singles.rad2deg_
    sinc, sinc_, logit, logit_ = singles.sinc, singles.sinc_, singles.logit, singles.logit_

    # special functions
    i0, i0_, igamma, igamma_, igammac, igammac_ = (special_functions.i0, special_functions.i0_, special_functions.gammainc,
                                                   special_functions.gammainc_, special_functions.gammaincc,
                                                   special_functions.gammaincc_)

    # special
    round, round_, lgamma, lgamma_, digamma, digamma_ = (special.round, special.round_, special.lgamma, special.lgamma_,
                                                         special.digamma, special.digamma_)
    polygamma, polygamma_ = special.polygamma_method, special.polygamma_
    mvlgamma, mvlgamma_ = special.mvlgamma, special.mvlgamma_

    # activation
    relu, relu_, sigmoid, sigmoid_ = piecewise.relu, piecewise.relu_, activation.sigmoid, activation.sigmoid_
    tanh, tanh_, prelu, hardshrink = activation.tanh, activation.tanh_, piecewise.prelu, piecewise.hardshrink

    softmax, log_softmax = softmax_ops.softmax, softmax_ops.log_softmax

    # random
    uniform_, normal_, exponential_, bernoulli_ = samplers.uniform_, samplers.normal_, samplers.exponential_, samplers.bernoulli_
    random_, cauchy_, log_normal_, geometric_ = samplers.random_, samplers.cauchy_, samplers.log_normal_, samplers.geometric_
    bernoulli, multinomial = random.bernoulli, multinomials.multinomial

    # matmul
    mm, bmm, mv, dot, vdot, ger, outer, matmul = (matmul_ops.mm, matmul_ops.bmm, matmul_ops.mv, matmul_ops.dot, matmul_ops.vdot,
                                                  matmul_ops.ger, matmul_ops.ger, matmul_ops.matmul)
    addmm, addmm_, addmv, addmv_, addr, addr_ = (matmul_ops.addmm, matmul_ops.addmm_, matmul_ops.addmv, matmul_ops.addmv_,
                                                 matmul_ops.addr, matmul_ops.addr_)
    addbmm, addbmm_, baddbmm, baddbmm_ = matmul_ops.addbmm, matmul_ops.addbmm_, matmul_ops.baddbmm, matmul_ops.baddbmm_

    # vector
    cross, trace, renorm, renorm_ = vector.cross, vector.trace, vector.renorm, vector.renorm_

    # view
    view, view_as, reshape, reshape_as = view_ops.view, view_ops.view_as, view_ops.reshape, view_ops.reshape_as
    flatten, unflatten, contiguous, as_strided = view_ops.flatten, view_ops.unflatten, view_ops.contiguous, as_strided_ops.as_strided
    transpose, t, permute, movedim = view_ops.transpose, view_ops.t, view_ops.permute, view_ops.movedim
    expand, expand_as, broadcast_to = view_ops.expand, view_ops.expand_as, view_ops.broadcast_to
    select, narrow, squeeze, unsqueeze = slicing.select, slicing.narrow, view_ops.squeeze, view_ops.unsqueeze
    diagonal, unfold, unbind = slicing.diagonal, slicing.unfold, slicing.unbind
    split, split_with_sizes, chunk = slicing.split, slicing.split_with_sizes, slicing.chunk
    detach, clone, copy_, as_subclass = copies.detach, copies.clone, copies.copy_, copies.as_subclass
    resize, resize_as = copies.resize, copies.resize_as
    resize_, resize_as_, resize_as_sparse_ = copies.resize_, sparse_shape.resize_as_, sparse_shape.resize_as_sparse_
    squeeze_, unsqueeze_, t_, transpose_ = (shape_inplace.squeeze_, shape_inplace.unsqueeze_, shape_inplace.t_,
                                            shape_inplace.transpose_)
    as_strided_ = shape_inplace.as_strided_
    T = property(lambda self: view_ops.permute_dims(self, tuple(range(self._array.ndim))[::-1]), doc="Dimensions in reverse order.")
    mT = property(lambda self: self.transpose(-2, -1), doc="The last two dimensions swapped.")

    # indexing
    __getitem__, __setitem__, __delitem__ = subscript.getitem, subscript.setitem, subscript.delitem
    index_put, index_put_ = subscript.index_put, subscript.index_put_
    index_select, take, gather, take_along_dim = indexing.index_select, indexing.take, scatter_ops.gather, scatter_ops.take_along_dim
    scatter, scatter_, scatter_add, scatter_add_ = (scatter_ops.scatter, scatter_ops.scatter_, scatter_ops.scatter_add,
                                                    scatter_ops.scatter_add_)
    index_add, index_add_, index_copy, index_copy_ = (indexing.index_add, indexing.index_add_, indexing.index_copy,
                                                      indexing.index_copy_)
    index_fill, index_fill_, put, put_ = indexing.index_fill, indexing.index_fill_, indexing.put, indexing.put_
    masked_fill, masked_fill_, masked_select = masking.masked_fill, masking.masked_fill_, masking.masked_select
    masked_scatter, masked_scatter_, nonzero = masking.masked_scatter, masking.masked_scatter_, masking.nonzero
    nonzero_static, as_strided_scatter = masking.nonzero_static, view_copies.as_strided_scatter

    scatter_reduce, scatter_reduce_ = scatter_reduce_ops.scatter_reduce, scatter_reduce_ops.scatter_reduce_
    index_reduce, index_reduce_ = scatter_reduce_ops.index_reduce, scatter_reduce_ops.index_reduce_

    # rearranging
    repeat, tile, repeat_interleave = rearranging.repeat, rearranging.tile, rearranging.repeat_interleave
    flip, fliplr, flipud, roll, rot90 = rearranging.flip, rearranging.fliplr, rearranging.flipud, rearranging.roll, rearranging.rot90

    # reshaping
    swapaxes, swapdims, swapaxes_, swapdims_ = view_ops.swapaxes, view_ops.transpose, reshaping.swapaxes_, reshaping.swapdims_
    moveaxis, ravel, narrow_copy, new_empty_strided = view_ops.movedim, reshaping.ravel, reshaping.narrow_copy, reshaping.new_empty_strided
    tensor_split, hsplit, vsplit, dsplit = reshaping.tensor_split, reshaping.hsplit, reshaping.vsplit, reshaping.dsplit
    kron, inner, argwhere, fill_diagonal_ = reshaping.kron, reshaping.inner, reshaping.argwhere, reshaping.fill_diagonal_
    select_scatter, slice_scatter, diagonal_scatter = (reshaping.select_scatter, reshaping.slice_scatter,
                                                       reshaping.diagonal_scatter)
    unsafe_chunk, unsafe_split, unsafe_split_with_sizes = slicing.chunk, slicing.split, slicing.split_with_sizes

    # statistics
    nanmean, nanmedian, quantile, nanquantile = statistics.nanmean, statistics.nanmedian, statistics.quantile, statistics.nanquantile
    aminmax, cov, corrcoef, histogram = statistics.aminmax, statistics.cov, statistics.corrcoef, histograms.histogram

    # diagonals
    tril, tril_, triu, triu_ = diagonals.tril, diagonals.tril_, diagonals.triu, diagonals.triu_
    diag, diag_embed, diagflat = diagonals.diag, diagonals.diag_embed, diagonals.diagflat

    # sorting
    sort, argsort, msort, topk, kthvalue = sorting.sort, sorting.argsort, sorting.msort, sorting.topk, sorting.kthvalue
    median, mode, unique, unique_consecutive = sorting.median, sorting.mode, counting.unique, counting.unique_consecutive
    bincount, histc = counting.bincount, counting.histc

    # linalg
    cholesky, cholesky_solve, cholesky_inverse = linalg.cholesky, linalg.cholesky_solve, linalg.cholesky_inverse
    inverse, pinverse, det, logdet, slogdet = linalg.inverse, linalg.pinverse, linalg.det, linalg.logdet, linalg.slogdet
    lu, lu_solve, solve, triangular_solve = linalg.lu, linalg.lu_solve, linalg.solve, linalg.triangular_solve
    qr, geqrf, orgqr, ormqr = linalg.qr, linalg.geqrf, linalg.orgqr, linalg.ormqr
    svd, symeig, eig, lstsq = linalg.svd, linalg.symeig, linalg.eig, linalg.lstsq
    matrix_power, matrix_exp = linalg.matrix_power, linalg.matrix_exp
    gesv, gels, trtrs, potrf, potri, potrs, pstrf = (linalg.gesv, linalg.gels, linalg.trtrs, linalg.potrf, linalg.potri, linalg.potrs,
                                                     linalg.pstrf)
    btrifact, btrifact_with_info, btrisolve = linalg.btrifact, linalg.btrifact_with_info, linalg.btrisolve

    # scan
    cumsum, cumsum_, cumprod, cumprod_ = scan.cumsum, scan.cumsum_, scan.cumprod, scan.cumprod_
    cummax, cummin, diff, logcumsumexp = scan.cummax, scan.cummin, scan.diff, scan.logcumsumexp

    # sparse
    to_dense, to_sparse, sparse_mask, to_scipy = (construction.to_dense, construction.to_sparse, construction.sparse_mask,
                                                  construction.to_scipy)
    coalesce, is_coalesced, _coalesced_ = parts.coalesce, construction.is_coalesced, construction.set_coalesced_
    indices, values, _indices, _values = (construction.indices, construction.values, construction.raw_indices,
                                          construction.raw_values)
    sparse_dim, dense_dim, _nnz = construction.sparse_dim, construction.dense_dim, construction.nnz
    sparse_resize_, sparse_resize_and_clear_ = construction.sparse_resize_, construction.sparse_resize_and_clear_
    narrow_copy, smm, sspaddmm = sparse_shape.narrow_copy, products.smm, products.sspaddmm
    hspmm, spmm, sspmm, spadd = products.hspmm, products.spmm, products.smm, products.spadd
    toDense, resizeAs_, to_sparse_coo = to_dense, resize_as_, to_sparse

    # reduction
    sum, mean, prod, nansum, sum_to_size = (reduction.sum, reduction.mean, reduction.prod, reduction.nansum,
                                            reduction.sum_to_size)
    all, any, count_nonzero = reduction.all, reduction.any, reduction.count_nonzero
    amax, amin, max, min, argmax, argmin = (extremes.amax, extremes.amin, extremes.max, extremes.min, extremes.argmax,
                                            extremes.argmin)
    var, std, logsumexp, norm, dist = moments.var, moments.std, moments.logsumexp, moments.norm, moments.dist


class layout:
    """How a tensor's elements are stored, or in which order.

    >>> torch.ones(2).layout, torch.ones(2).to_sparse().layout
    (torch.strided, torch.sparse_coo)
    """

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class memory_format(layout):
    """In which order a tensor's elements lie."""


strided, sparse_coo = layout("strided"), layout("sparse_coo")
contiguous_format, preserve_format, channels_last, channels_last_3d = map(
    memory_format, ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d"))


def legacy_new(cls: type, args: tuple, device: Any = None, dtype: Any = None) -> Tensor:
    """``Tensor(2, 3)`` is uninitialised of that size, ``Tensor([1, 2])`` holds these numbers, in the default type."""
    kind = dtype or dtypes.get_default_dtype()
    if len(args) == 1 and not isinstance(args[0], int):
        (data,) = args
        if isinstance(data, Size):
            made = creation.empty(data, dtype=kind, device=device)
        elif isinstance(data, TensorBase):
            if data._dtype is not kind:
                raise TypeError(f"expected {kind.tensor_name} (got {data._dtype.tensor_name})")
            made = alias_of(data)
        elif isinstance(data, storages.Storage):
            made = creation.empty(0, dtype=kind).set_(data)
        else:
            made = from_data.tensor(data, dtype=kind, device=device)
    else:
        made = creation.empty(*(args or (0,)), dtype=kind, device=device)
    made.__class__ = cls
    return made


tensor_base.tensor_class = Tensor
