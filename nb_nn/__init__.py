"""nb_nn: the torch API in pure Python, on NumPy and Numba.

>>> import nb_nn as torch
>>> torch.tensor([1.0, 2.0]).sum()
tensor(3.)
"""
# ruff: noqa: F401, I001  this is the public face: re-exports only, in the order of the topics
import sys
from math import e, inf, nan, pi

from .core import arguments
from .core.cuda_memory import OutOfMemoryError
from .core.device import device
from .core.dtype import (
    bfloat16, bool_ as bool, can_cast, cdouble, cfloat, complex64, complex128, double, dtype, float16, float32, float64,
    float_ as float, get_default_dtype, half, int8, int16, int32, int64, int_ as int, long, promote_types, set_default_dtype, short,
    uint8, uint16, uint32, uint64,
)
from .core.generator import Generator, default_generator
from .core.size import Size
from .tensor import Tensor, channels_last, channels_last_3d, contiguous_format, layout, memory_format, preserve_format, sparse_coo, strided
from .types import (
    BFloat16Tensor, BoolTensor, ByteTensor, CharTensor, DoubleTensor, FloatTensor, HalfTensor, IntTensor, LongTensor, ShortTensor,
    finfo, get_num_threads, iinfo, is_complex, is_floating_point, is_storage, is_tensor, numel, result_type, set_default_tensor_type,
    set_num_threads, set_flush_denormal,
)
from .storage import Storage
from .storage import Storage as TypedStorage
from .storage_types import (
    BFloat16Storage, BoolStorage, ByteStorage, CharStorage, ComplexDoubleStorage, ComplexFloatStorage, DoubleStorage,
    FloatStorage, HalfStorage, IntStorage, LongStorage, ShortStorage, UntypedStorage,
)
from .sharing import from_file
from .interop import from_dlpack, to_dlpack
from .autograd.grad_mode import (
    enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled,
)
from .printing import get_printoptions, set_printoptions
from .random import get_rng_state, initial_seed, manual_seed, seed, set_rng_state

from .ops.sequences import arange, eye, linspace, logspace, range
from .ops.creation import (
    empty, empty_permuted, fill, empty_like, empty_strided, full, full_like, ones, ones_like, scalar_tensor, zeros, zeros_like,
)
from .ops.from_data import as_tensor, asarray, frombuffer, from_numpy, tensor
from .ops.options import get_default_device, set_default_device
from .ops.multinomial import multinomial
from .ops.random import (
    bernoulli, normal, rand, rand_like, randint, randint_like, randn, randn_like, randperm,
)
from .ops.random_counts import binomial, poisson
from .ops.arithmetic import (
    abs, abs_, add, addcdiv, addcmul, ceil, ceil_, floor, floor_, frac, frac_, lerp, mul, neg, neg_, reciprocal, reciprocal_,
    rsub, sign, square, square_, sub, trunc, trunc_,
)
from .ops.division import div, floor_divide, fmod, remainder, true_divide
from .ops.indexing import index_add, index_copy, index_fill, index_select, put, take
from .ops.scatter import gather, scatter, scatter_add, take_along_dim
from .ops.scatter_reduce import index_reduce, scatter_reduce
from .ops.segments import segment_reduce
from .ops.masking import masked_fill, masked_scatter, masked_select, nonzero, nonzero_static
from .ops.subscript import index_put, index_put_
from .ops.joining import atleast_1d, atleast_2d, atleast_3d, cat, dstack, hstack, stack, vstack
from .ops.rearranging import (
    broadcast_tensors, cartesian_prod, combinations, flip, fliplr, flipud, meshgrid, repeat_interleave, roll, rot90, tile,
)
from .ops.scan import cummax, cummin, cumprod, cumsum, diff, logcumsumexp
from .ops.diagonals import diag, diag_embed, diagflat, tril, tril_indices, triu, triu_indices
from .ops.sorting import argsort, kthvalue, median, mode, msort, sort, topk
from .ops.counting import bincount, bucketize, histc, searchsorted, unique, unique_consecutive
from .ops.comparison import allclose, eq, equal, ge, gt, isclose, isfinite, isinf, isnan, le, lt, ne
from .ops.choosing import clamp, clamp_, clamp_max, clamp_max_, clamp_min, clamp_min_, maximum, minimum, where
from .ops.logic import bitwise_and, bitwise_left_shift, bitwise_not, bitwise_or, bitwise_right_shift, bitwise_xor
from .ops.logic import logical_and, logical_not, logical_or, logical_xor
from .ops.complex import (
    adjoint, angle, complex, conj, conj_physical, conj_physical_, imag, is_conj, is_neg, isreal, polar, real, resolve_conj, resolve_neg,
    sgn, view_as_complex, view_as_real,
)
from .ops.exponential import (
    exp, exp2, exp_, expm1, expm1_, float_power, log, log10, log10_, log1p, log1p_, log2, log2_, log_, logaddexp, pow, rsqrt, rsqrt_,
    sqrt, sqrt_,
)
from .ops.trigonometry import (
    acos, acos_, asin, asin_, atan, atan2, atan_, cos, cos_, cosh, cosh_, erf, erf_, erfc, erfc_, erfinv, sin, sin_, sinh, sinh_, tan,
    tan_,
)
from .ops.short_time import istft, stft
from .ops.spectral import ifft, irfft, rfft
from .ops.windows import bartlett_window, blackman_window, hamming_window, hann_window, kaiser_window
from .ops.pairs import (
    copysign, fmax, fmin, gcd, gcd_, heaviside, hypot, lcm, lcm_, ldexp, ldexp_, logaddexp2, nextafter, xlogy, xlogy_,
)
from .ops.singles import (
    acosh, acosh_, asinh, asinh_, atanh, atanh_, deg2rad, deg2rad_, frexp, isneginf, isposinf, logit, logit_, nan_to_num,
    nan_to_num_, positive, rad2deg, rad2deg_, signbit, sinc, sinc_,
)
from .ops.reshaping import (
    argwhere, block_diag, broadcast_shapes, column_stack, diagonal_scatter, dsplit, hsplit, inner, isin, kron, narrow_copy, ravel,
    select_scatter, slice_scatter, tensor_split, unravel_index, vander, vsplit,
)
from .ops.calculus import cumulative_trapezoid, gradient, trapezoid
from .ops.histograms import histogram, histogramdd
from .ops.statistics import aminmax, corrcoef, cov, nanmean, nanmedian, nanquantile, quantile
from .ops.special_functions import i0, i0_
from .ops.special_functions import gammainc as igamma
from .ops.special_functions import gammaincc as igammac
from .ops.special import digamma, digamma_, lgamma, lgamma_, mvlgamma, polygamma, round, round_
from .ops.vector import cross, renorm, trace
from .ops.activation import sigmoid, sigmoid_, tanh, tanh_
from .ops.piecewise import relu, relu_, prelu, selu, selu_, celu, celu_, threshold, threshold_
from .ops.reduction import all, any, count_nonzero, mean, nansum, prod, sum
from .ops.extremes import amax, amin, argmax, argmin, max, min
from .ops.moments import dist, logsumexp, norm, std, std_mean, var, var_mean
from .ops.view import broadcast_to, flatten, movedim, permute, reshape, squeeze, swapaxes, t, transpose, unflatten, unsqueeze
from .ops.as_strided import as_strided
from .ops.slicing import chunk, diagonal, narrow, select, split, split_with_sizes, unbind
from .ops.copies import clone, detach
from .ops.matmul import addbmm, addmm, addmv, addr, baddbmm, bmm, dot, einsum, ger, matmul, mm, mv, vdot
from .ops.einsum import tensordot
from .ops.linalg import (
    btrifact, btrifact_with_info, btrisolve, btriunpack, chain_matmul, cholesky, cholesky_inverse, cholesky_solve, det, eig, gels,
    geqrf, gesv, inverse, logdet, lstsq, lu, lu_solve, lu_unpack, matrix_exp, matrix_power, matrix_rank, orgqr, ormqr, pinverse, potrf,
    potri, potrs, pstrf, qr, slogdet, solve, svd, symeig, triangular_solve, trtrs,
)
from .ops.lobpcg import lobpcg
from .ops.low_rank import pca_lowrank, svd_lowrank
from .ops.view_copies import (
    alias_copy, as_strided_copy, as_strided_scatter, detach_copy, diagonal_copy, expand_copy, permute_copy, select_copy, slice_copy,
    split_copy, split_with_sizes_copy, squeeze_copy, t_copy, transpose_copy, unbind_copy, unfold_copy, unsqueeze_copy,
    view_as_complex_copy, view_as_real_copy, view_copy,
)
from .ops.recurrent_layers import gru, gru_cell, lstm, lstm_cell, rnn_relu, rnn_relu_cell, rnn_tanh, rnn_tanh_cell
from .ops.softmax import log_softmax, softmax
from .ops.sparse.construction import indices_copy, sparse_coo_tensor, values_copy
from .ops.sparse.internal import (
    native_clone, native_norm, native_pow, native_resize_as_, native_zero_, s_copy_, s_native_addmm, s_native_addmm_,
)
from .ops.sparse.products import hspmm, saddmm, smm, spmm, sspaddmm
from . import _C, autograd, backends, cuda, fft, linalg, nn, optim, return_types, signal, sparse, special, testing, utils
from .autograd.anomaly_mode import is_anomaly_check_nan_enabled, is_anomaly_enabled
from .autograd.anomaly_mode import set_detect_anomaly as set_anomaly_enabled
from .nn.functional import rms_norm
from .nn.functional import (
    adaptive_avg_pool1d, avg_pool1d, bilinear, channel_shuffle, cosine_similarity, hardshrink, max_pool1d, max_pool2d, max_pool3d,
    pairwise_distance, pdist, pixel_shuffle, pixel_unshuffle, rrelu_,
)
from .nn.builtin import (
    alpha_dropout, alpha_dropout_, batch_norm, binary_cross_entropy_with_logits, constant_pad_nd,
    cosine_embedding_loss, dropout, dropout_, feature_alpha_dropout, feature_alpha_dropout_, feature_dropout,
    feature_dropout_, frobenius_norm, group_norm, hinge_embedding_loss, instance_norm, kl_div, layer_norm, margin_ranking_loss,
    max_pool1d_with_indices, native_batch_norm, native_dropout, native_group_norm, native_layer_norm, norm_except_dim,
    nuclear_norm, poisson_nll_loss, rrelu,
    triplet_margin_loss,
)
from .ops.ctc import ctc_loss
from .ops.convolution import (
    conv1d, conv2d, conv3d, conv_tbc, conv_transpose1d, conv_transpose2d, conv_transpose3d, convolution,
)
from .ops.pooling_with_indices import adaptive_max_pool1d_with_indices as adaptive_max_pool1d
from .ops.distance import cdist
from .ops.embedding import embedding_of_indices as embedding, embedding_renorm_
from .ops.embedding_bag import embedding_bag_with_places as embedding_bag
from .ops.grid_sampling import affine_grid_generator, grid_sampler, grid_sampler_2d, grid_sampler_3d
from . import serialization
from .serialization import load, save
from .safetensors import load_safetensors, safetensors_metadata, save_safetensors
from .settings import (
    are_deterministic_algorithms_enabled, get_deterministic_debug_mode, get_float32_matmul_precision, get_num_interop_threads,
    is_deterministic_algorithms_warn_only_enabled, is_distributed, is_vulkan_available, is_warn_always_enabled,
    set_deterministic_debug_mode, set_float32_matmul_precision, set_num_interop_threads, set_warn_always, typename,
    get_device_module, use_deterministic_algorithms,
)
from . import accelerator, cpu, torch_version
from .torch_version import __version__

# methods that are functions as well
detach_, fill_, zero_, resize_as_, as_strided_ = Tensor.detach_, Tensor.fill_, Tensor.zero_, Tensor.resize_as_, Tensor.as_strided_
is_inference = Tensor.is_inference
is_nonzero, is_same_size, is_signed, get_device = Tensor.is_nonzero, Tensor.is_same_size, Tensor.is_signed, Tensor.get_device
pin_memory, addmv_, resize_as_sparse_ = Tensor.pin_memory, Tensor.addmv_, Tensor.resize_as_sparse_

arcsinh, arcsinh_, arccosh, arccosh_, arctanh, arctanh_ = asinh, asinh_, acosh, acosh_, atanh, atanh_
arcsin, arcsin_, arccos, arccos_, arctan, arctan_, arctan2 = asin, asin_, acos, acos_, atan, atan_, atan2
greater, greater_equal, less, less_equal, not_equal, fix, fix_, exp2_ = gt, ge, lt, le, ne, trunc, trunc_, Tensor.exp2_
negative_, clip_, dsmm, hsmm = Tensor.neg_, Tensor.clamp_, spmm, hspmm

swapdims, moveaxis, row_stack, trapz, concat, concatenate = transpose, movedim, vstack, trapezoid, cat, cat
unsafe_chunk, unsafe_split, unsafe_split_with_sizes, native_channel_shuffle = chunk, split, split_with_sizes, channel_shuffle
newaxis = None
has_lapack = has_openmp = has_spectral = True
has_mkl = has_mkldnn = has_cuda = has_cudnn = has_mps = False

absolute, clip, divide, multiply, negative, outer, subtract = abs, clamp, div, mul, neg, ger, sub

arguments.accept(sys.modules[__name__], Tensor, linalg, fft, special)
