"""A call for each differentiable operation of the registry: (names of operations it records, function, inputs).

Inputs are arrays; those of floats and complex numbers require a gradient. Backward operations stand with the call whose
second derivative records them.
"""
from __future__ import annotations

import numpy as np

import nb_nn as torch
from nb_nn import linalg, special
from nb_nn.array_api import division
from nb_nn.nn import functional as F
from nb_nn.ops import attention, copies, distance, multihead, recurrent, reduction
from nb_nn.ops.as_strided import as_strided_again

draw = np.random.default_rng(2)


def at(low, high, *shape):
    """Numbers between bounds."""
    return draw.uniform(low, high, shape)


def apart(*shape):
    """Numbers of both signs that differ from each other and from zero, and lie between whole ones."""
    count = int(np.prod(shape))
    return (draw.permutation(count) - count // 2 + at(0.2, 0.4, count)).reshape(shape)


def longs(*values):
    return torch.tensor(values)


def positive(n):
    """A symmetric matrix with positive eigenvalues."""
    a = at(-1, 1, n, n)
    return a @ a.T + n * np.eye(n)


def complexes(*shape):
    return at(-1, 1, *shape) + 1j * at(-1, 1, *shape)


A, B, V, W = at(-1, 1, 3, 4), at(-1, 1, 4, 2), at(-1, 1, 4), at(-1, 1, 3)
SQUARE, POSITIVE, DISTINCT = at(-1, 1, 3, 3) + 2 * np.eye(3), positive(3), apart(3, 4)
MASK = torch.tensor([[True, False, True, True], [False, False, True, False], [True, True, False, True]])
UNIT, SIGNS = at(0.2, 0.8, 3, 4), torch.tensor([[1.0, -1, 1, 1], [-1, 1, -1, 1], [1, 1, -1, -1]]).double()
INDEX = longs([0, 2, 1, 0], [1, 1, 0, 2])


def seeded(function):
    """The function with the same random numbers at each call."""
    def call(*args):
        torch.manual_seed(3)
        return function(*args)

    return call


def each(names, low, high, module=torch):
    """Functions of one tensor, elementwise, and where their elements are drawn."""
    return [(name, getattr(module, name), (at(low, high, 3, 2),)) for name in names.split()]


def written(names, *others):
    """In-place forms, which alone have a derivative: zero."""
    return [(name, lambda x, name=name: getattr(x * 1, name + "_")(*others), (DISTINCT,)) for name in names.split()]


ELEMENTWISE = [
    *each("abs reciprocal log log10 log2 log1p sqrt rsqrt lgamma digamma frac square sign ceil floor round trunc", 0.6, 0.9),
    *each("exp exp2 expm1 sin cos tan sinh cosh tanh atan asinh erf erfc sinc neg sigmoid asin acos atanh angle", -0.9, -0.1),
    *each("acosh", 1.5, 3), *each("erfinv", -0.8, 0.8), *each("logit", 0.2, 0.8), *each("sgn relu", 0.1, 2), *each("i0", 0.3, 2),
    *each("bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1",
          0.5, 3, special),
    *each("i0e i1 i1e entr erfcx ndtr log_ndtr", 0.3, 2, special), *each("ndtri", 0.2, 0.8, special),
    ("polygamma_order", lambda x: torch.polygamma(1, x), (at(0.5, 2, 3),)),
    ("nan_to_num", torch.nan_to_num, (A,)),
    ("frexp_parts", lambda x: torch.frexp(x)[0], (at(1.1, 1.9, 3),)),
    ("add", lambda x, y: torch.add(x, y, alpha=2), (A, V)),
    ("sub", torch.sub, (A, V)), ("mul", torch.mul, (A, V)), ("true_divide", torch.div, (A, V + 3)),
    ("floor_quotient", division.floor_quotient, (at(5.2, 5.8, 3), at(2.0, 2.2, 3))),
    ("signed_remainder", division.signed_remainder, (at(5.2, 5.8, 3), at(2.0, 2.2, 3))),
    ("floor_divide", torch.floor_divide, (at(5.2, 5.8, 3), at(2.0, 2.2, 3))),
    ("trunc_divide", lambda x, y: torch.div(x, y, rounding_mode="trunc"), (at(5.2, 5.8, 3), at(2.0, 2.2, 3))),
    ("remainder", torch.remainder, (at(5.2, 5.8, 3), at(2.0, 2.2, 3))), ("fmod", torch.fmod, (at(5.2, 5.8, 3), at(2.0, 2.2, 3))),
    ("pow", torch.pow, (at(0.5, 2, 3), at(0.5, 2, 3))), ("lerp", torch.lerp, (A, V, UNIT)),
    ("addcmul", lambda x, y, z: torch.addcmul(x, y, z, value=2), (A, V, UNIT)),
    ("addcdiv", lambda x, y, z: torch.addcdiv(x, y, z, value=2), (A, V, UNIT)),
    ("atan2", torch.atan2, (A + 2, V)), ("hypot", torch.hypot, (A + 2, V)), ("copysign", torch.copysign, (DISTINCT, apart(4))),
    ("maximum", torch.maximum, (DISTINCT, V)), ("minimum", torch.minimum, (DISTINCT, V)),
    ("fmax", torch.fmax, (DISTINCT, V)), ("fmin", torch.fmin, (DISTINCT, V)),
    ("logaddexp", torch.logaddexp, (A, V)), ("logaddexp2", torch.logaddexp2, (A, V)),
    ("xlogy", torch.xlogy, (A, UNIT)), ("xlog1py", special.xlog1py, (A, UNIT)), ("zeta", lambda x: special.zeta(2.0, x), (at(1, 2, 3),)),
    ("gammainc", lambda x: special.gammainc(torch.tensor(1.5).double(), x), (at(0.5, 2, 3),)),
    ("gammaincc", lambda x: special.gammaincc(torch.tensor(1.5).double(), x), (at(0.5, 2, 3),)),
    ("clamp", lambda x, low, high: torch.clamp(x, low, high), (DISTINCT, at(-2, -1.5, 4), at(1.5, 2, 4))),
    ("where_select", lambda x, y: torch.where(MASK, x, y), (A, V)),
    ("masked_fill", lambda x, y: x.masked_fill(MASK, y[0]), (A, V)),
    ("conjugate real_part", lambda x: torch.real(x.conj() * x * 1j), (complexes(3),)), ("imaginary_part", torch.imag, (complexes(3),)),
    ("complex_parts", torch.complex, (V, V + 1)), ("polar_form", torch.polar, (UNIT, A)),
    ("view_as_real", torch.view_as_real, (complexes(3),)), ("view_as_complex", torch.view_as_complex, (B,)),
    *written("eq ne lt le gt ge logical_and logical_or logical_xor", 0.0), *written("logical_not"),
    ("nextafter", lambda x: torch.nextafter(x, x.detach() + 1), (V,)),
    *[(name, seeded(lambda x, name=name: getattr(x * 1, name + "_")()), (A,)) for name in ("uniform", "exponential")],
    ("normal_like", seeded(lambda x: (x * 1).normal_()), (A,)), ("random_integers", seeded(lambda x: (x * 1).random_(5)), (A,)),
    ("bernoulli_like", seeded(lambda x: (x * 1).bernoulli_()), (A,)),
    ("poisson", seeded(torch.poisson), (UNIT,)), ("binomial", seeded(lambda p: torch.binomial(torch.full((3, 4), 9.0).double(), p)), (UNIT,)),
    ("dropout_mask masked_scale", seeded(lambda x: F.dropout(x, 0.4)), (A,)),
]

ACTIVATIONS = [
    ("elu_scaled elu_backward", F.elu, (DISTINCT,)), ("gelu_op gelu_backward", F.gelu, (A,)), ("mish mish_backward", F.mish, (A,)),
    ("silu silu_backward", F.silu, (A,)), ("softplus softplus_backward", F.softplus, (A,)), ("tanh_backward", torch.tanh, (A,)),
    ("sigmoid_backward", torch.sigmoid, (A,)), ("hardswish hardswish_backward", F.hardswish, (DISTINCT / 2,)),
    ("hardsigmoid hardsigmoid_backward", F.hardsigmoid, (DISTINCT / 2,)), ("hardtanh hardtanh_backward", F.hardtanh, (DISTINCT / 2,)),
    ("hardshrink shrink_backward", F.hardshrink, (DISTINCT,)), ("softshrink", F.softshrink, (DISTINCT,)),
    ("leaky_relu leaky_relu_backward", F.leaky_relu, (DISTINCT,)), ("threshold_backward", torch.relu, (DISTINCT,)),
    ("threshold", lambda x: F.threshold(x, 0.6, 2.0), (DISTINCT,)), ("logsigmoid logsigmoid_backward", F.logsigmoid, (A,)),
    ("softsign_of_reals softsign_backward", F.softsign, (DISTINCT,)), ("tanhshrink_of_reals tanhshrink_backward", F.tanhshrink, (A,)),
    ("glu_dim glu_backward", F.glu, (A,)), ("softmax_dim softmax_backward", lambda x: F.softmax(x, 1), (A,)),
    ("log_softmax_dim log_softmax_backward", lambda x: F.log_softmax(x, 1), (A,)),
    ("prelu prelu_backward prelu_weight_backward", F.prelu, (DISTINCT, at(0.1, 0.5, 4))),
]

REDUCTIONS = [
    ("sum", lambda x: x.sum(1), (A,)), ("mean", lambda x: x.mean(1), (A,)), ("nansum", torch.nansum, (A,)),
    ("prod_dim", lambda x: x.prod(1), (A,)), ("amax", torch.amax, (DISTINCT,)), ("amin", torch.amin, (DISTINCT,)),
    ("max_dim", lambda x: x.max(1)[0], (DISTINCT,)), ("min_dim", lambda x: x.min(1)[0], (DISTINCT,)),
    ("median_all", torch.median, (DISTINCT,)), ("median_dim", lambda x: x.median(1)[0], (DISTINCT,)),
    ("mode_dim", lambda x: x.mode(1)[0], (DISTINCT,)), ("kthvalue_dim", lambda x: x.kthvalue(2)[0], (DISTINCT,)),
    ("topk_dim", lambda x: x.topk(2)[0], (DISTINCT,)), ("sort_dim", lambda x: x.sort()[0], (DISTINCT,)),
    ("norm_dims", lambda x: x.norm(3, 1), (DISTINCT,)), ("norm_dims", lambda x: x.norm(2), (A,)),
    ("logsumexp_dims", lambda x: x.logsumexp(1), (A,)), ("var_mean_dims", lambda x: torch.var_mean(x, 1), (A,)),
    ("cumsum", lambda x: x.cumsum(1), (A,)), ("cumprod", lambda x: x.cumprod(1), (A,)),
    ("cummax_dim", lambda x: x.cummax(1)[0], (DISTINCT,)), ("cummin_dim", lambda x: x.cummin(1)[0], (DISTINCT,)),
    ("repeated", lambda x: reduction.repeated(x.sum(), (2, 3)), (V,)),
]

SHAPES = [
    ("repeat_times", lambda x: x.repeat(2, 3), (A,)),
    ("segments_reduced", lambda x: torch.segment_reduce(x, "max", lengths=longs(1, 2), axis=0), (DISTINCT,)),
    ("expand_size", lambda x: x.expand(3, 4), (V,)), ("view_size", lambda x: x.view(2, 2), (V,)),
    ("transpose_dims", lambda x: x.transpose(0, 1), (A,)), ("permute_dims", lambda x: x.permute(1, 0), (A,)),
    ("squeeze_dims", lambda x: x.squeeze(1), (at(-1, 1, 3, 1),)), ("unsqueeze_dim", lambda x: x.unsqueeze(0), (V,)),
    ("contiguous", lambda x: x.t().contiguous(), (A,)), ("clone", torch.clone, (A,)), ("alias", copies.alias, (A,)),
    ("cast", lambda x: x.to(torch.complex128), (A,)), ("copy", lambda x, y: (x * 1).copy_(y), (A, V)),
    ("fill", lambda x, y: (x * 1).fill_(y[0]), (A, V)), ("view_dtype", lambda x: x.view(torch.complex128), (A,)),
    ("select_index select_backward", lambda x: x.select(1, 2), (A,)), ("slice_dim slice_backward", lambda x: x[:, 1:3], (A,)),
    ("diagonal_view as_strided_backward", torch.diagonal, (A,)),
    ("as_strided_again", lambda g: as_strided_again(g, ((3, 4), (4, 1), 0), (3,), (5,), 0), (A,)), ("unfold_view", lambda x: x.unfold(1, 2, 1), (A,)),
    ("as_strided", lambda x: x.as_strided((2, 2), (1, 2), 1), (A,)), ("diag_embed", torch.diag_embed, (V,)),
    ("tril", torch.tril, (A,)), ("triu", torch.triu, (A,)), ("cat_dim", lambda x, y: torch.cat((x, y)), (V, W)),
    ("stack_dim", lambda x, y: torch.stack((x, y)), (V, V + 1)), ("flip_dims", lambda x: x.flip(0), (A,)),
    ("roll_dims", lambda x: x.roll(1, 1), (A,)), ("constant_pad", lambda x: F.pad(x, (1, 2)), (A,)),
    ("own_elements own_elements_backward", lambda x: F.pad(x[None], (1, 2), mode="reflect"), (A,)),
    ("shuffled", lambda x: F.pixel_shuffle(x, 2), (at(-1, 1, 1, 4, 1, 2),)),
    ("unshuffled", lambda x: F.pixel_unshuffle(x, 2), (at(-1, 1, 1, 1, 2, 2),)),
    ("unfold_windows fold_windows", lambda x: F.unfold(x, 2), (at(-1, 1, 1, 2, 3, 3),)),
    ("fold_windows", lambda x: F.fold(x, (3, 3), 2), (at(-1, 1, 1, 4, 4),)),
]

INDEXING = [
    ("gather", lambda x: x.gather(0, INDEX), (A,)), ("index_select", lambda x: x.index_select(1, longs(0, 2, 0)), (A,)),
    ("take", lambda x: x.take(longs(1, 5, 1)), (A,)), ("index_get", lambda x: x[longs(0, 2, 0), longs(1, 1, 3)], (A,)),
    ("masked_select", lambda x: x.masked_select(MASK), (A,)), ("masked_scatter", lambda x, y: x.masked_scatter(MASK, y), (A, DISTINCT)),
    ("index_add", lambda x, y: x.index_add(0, longs(0, 2), y, alpha=2), (A, A[:2])),
    ("index_copy", lambda x, y: x.index_copy(0, longs(0, 2), y), (A, A[:2])),
    ("index_fill", lambda x, y: x.index_fill(0, longs(0, 2), y[0]), (A, V)),
    ("put", lambda x, y: torch.put(x, longs(1, 5, 7, 2), y), (A, V)),
    ("put_indices", lambda x, y: x.index_put((longs(0, 2),), y), (A, A[:2])),
    ("scatter_set", lambda x, y: x.scatter(0, longs([0, 2, 1, 0]), y), (A, A[:1])),
    ("scatter_add", lambda x, y: x.scatter_add(0, INDEX, y), (A, A[:2])),
    ("scatter_multiply", lambda x: x.scatter(0, INDEX, torch.tensor(A[:2] + 2), reduce="multiply"), (A,)),
    ("scatter_add_number", lambda x: x.scatter(0, INDEX, 0.5, reduce="add"), (A,)),
    ("scatter_reduced", lambda x, y: x.scatter_reduce(0, INDEX, y, "mean"), (A, A[:2])),
    ("embedding_rows embedding_backward", lambda w: F.embedding(longs(0, 2, 0), w), (A,)),
    ("bag_sums bag_sums_backward bag_products", lambda w, s: F.embedding_bag(longs([0, 2], [1, 1]), w, mode="sum", per_sample_weights=s),
     (A, at(0.5, 1, 2, 2))),
    ("bag_maxima bag_maxima_backward", lambda w: F.embedding_bag(longs([0, 2], [1, 1]), w, mode="max"), (DISTINCT,)),
]

PRODUCTS = [
    ("mm", torch.mm, (A, B)), ("mv", torch.mv, (A, V)), ("dot", torch.dot, (V, V + 1)), ("bmm", torch.bmm, (A[None], B[None])),
    ("matmul_batched", torch.matmul, (at(-1, 1, 2, 1, 2, 3), at(-1, 1, 2, 3, 2))),
    ("addmm", lambda c, a, b: torch.addmm(c, a, b, beta=0.5, alpha=2), (at(-1, 1, 2), A, B)),
    ("addmv", lambda c, a, b: torch.addmv(c, a, b, beta=0.5, alpha=2), (W, A, V)),
    ("addr", lambda c, a, b: torch.addr(c, a, b, beta=0.5, alpha=2), (A, W, V)),
    ("baddbmm", lambda c, a, b: torch.baddbmm(c, a, b, beta=0.5, alpha=2), (at(-1, 1, 2), A[None], B[None])),
    ("linear_op", F.linear, (A, B.T.copy(), at(-1, 1, 2))), ("cross_along", lambda x, y: torch.cross(x, y, dim=0), (at(-1, 1, 3, 2), at(-1, 1, 3, 2))),
    ("distances", lambda x, y: torch.cdist(x, y, 3), (A, DISTINCT)), ("distances_of_pairs", lambda x: F.pdist(x, 3), (A,)),
    ("distances_by_product", lambda x, y: torch.cdist(x, y, compute_mode="use_mm_for_euclid_dist"), (A, DISTINCT)),
    ("difference_plus", lambda x, y: distance.difference_plus(x, y, 0.1), (A, V)),
]

MATRICES = [
    ("trace", torch.trace, (SQUARE,)), ("ldl_solve_op", lambda b: linalg.ldl_solve(*linalg.ldl_factor(torch.tensor(POSITIVE)), b), (at(-1, 1, 3, 2),)),
    ("lobpcg_op", lambda x: torch.lobpcg(x, 1)[0], (positive(9),)),
    ("inverse_ex", torch.inverse, (SQUARE,)), ("solve_ex", linalg.solve, (SQUARE, at(-1, 1, 3, 2))),
    ("solve_triangular_op", lambda a, b: torch.triangular_solve(b, a)[0], (SQUARE, at(-1, 1, 3, 2))),
    ("cholesky_ex", lambda a: linalg.cholesky(a @ a.t() + 3 * torch.eye(3).double()), (SQUARE,)),
    ("lu_factor_ex", lambda a, b: linalg.lu_solve(*linalg.lu_factor(a), b), (SQUARE, at(-1, 1, 3, 2))),
    ("lu_solve_op", lambda b: linalg.lu_solve(*linalg.lu_factor(torch.tensor(SQUARE)), b), (at(-1, 1, 3, 2),)),
    ("det_op", torch.det, (SQUARE,)), ("slogdet_op", lambda a: torch.slogdet(a)[1], (SQUARE,)), ("matrix_exp", torch.matrix_exp, (SQUARE,)),
    ("pinverse_op", torch.pinverse, (A,)), ("qr_op", linalg.qr, (A.T.copy(),)), ("svd_op", lambda a: (linalg.svd(a)[1], linalg.svd(a)[0].abs()), (SQUARE,)),
    ("eigh_op", lambda a: linalg.eigh(a + a.t())[0], (SQUARE,)), ("eig_op", lambda a: linalg.eig(a)[0], (SQUARE,)),
]

FOURIER = [
    ("fft_c2c", torch.fft.fft, (complexes(4),)), ("fft_r2c", torch.fft.rfft, (V,)), ("fft_c2r", torch.fft.irfft, (complexes(3),)),
]

ATTEND = (at(-1, 1, 1, 2, 3), at(-1, 1, 1, 2, 3), at(-1, 1, 1, 2, 3))
IMAGE = at(-1, 1, 1, 2, 4, 4)
LAYERS = [
    ("convolve convolve_transposed convolve_weight_grad", lambda x, w, b: F.conv1d(x, w, b, 1, 1), (at(-1, 1, 1, 2, 4), at(-1, 1, 2, 2, 3), V[:2])),
    ("convolve_transposed", lambda x, w, b: F.conv_transpose1d(x, w, b, 2), (at(-1, 1, 1, 2, 2), at(-1, 1, 2, 1, 2), V[:1])),
    ("avg_pool avg_pool_backward", lambda x: F.avg_pool2d(x, 2, 1), (IMAGE,)),
    ("max_pool max_pool_backward", lambda x: F.max_pool2d(x, 2, 1), (apart(1, 1, 3, 3),)),
    ("adaptive_avg adaptive_avg_backward", lambda x: F.adaptive_avg_pool2d(x, 3), (IMAGE,)),
    ("adaptive_max", lambda x: F.adaptive_max_pool2d(x, 3), (apart(1, 1, 4, 4),)),
    ("fractional_max", seeded(lambda x: F.fractional_max_pool2d(x, 2, 2)), (apart(1, 1, 4, 4),)),
    ("max_unpool", lambda x: F.max_unpool1d(x, longs([[0, 2]]), 2), (at(-1, 1, 1, 1, 2),)),
    ("resample resample_backward", lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), (at(-1, 1, 1, 1, 2, 2),)),
    ("grid_sample_at grid_sample_input_grad grid_sample_grid_grad", lambda x, g: F.grid_sample(x, g, align_corners=False),
     (at(-1, 1, 1, 1, 3, 3), at(-0.3, 0.3, 1, 2, 2, 2))),
    ("batch_norm_apply batch_norm_backward", lambda x, w, b: F.batch_norm(x, None, None, w, b, True), (A, V, V + 1)),
    ("layer_norm_dims layer_norm_backward", lambda x, w, b: F.layer_norm(x, (4,), w, b), (A, V, V + 1)),
    ("group_norm_op group_norm_backward", lambda x, w, b: F.group_norm(x, 2, w, b), (A, V, V + 1)),
    ("rms_norm_dims", lambda x, w: F.rms_norm(x, (4,), w), (A, V)), ("local_response_norm_op", lambda x: F.local_response_norm(x, 2), (at(-1, 1, 1, 3, 2),)),
    ("attend attend_backward", F.scaled_dot_product_attention, ATTEND),
    ("attention_weights", lambda x, bias: attention.attention_weights(x, bias, False, 0.5), (A, V)),
    ("to_heads from_heads", lambda x: multihead.from_heads(list(multihead.to_heads(x, 2, 2))), (at(-1, 1, 3, 1, 8),)),
    ("lstm_layer", lambda x, w, u, h, c: recurrent.lstm_layer(x, w, u, None, None, h, c, (2, 1), False)[:3],
     (at(-1, 1, 3, 2), at(-1, 1, 8, 2), at(-1, 1, 8, 2), at(-1, 1, 2, 2), at(-1, 1, 2, 2))),
    ("gru_layer", lambda x, w, u, h: recurrent.gru_layer(x, w, u, None, None, h, (2, 1), False)[:2],
     (at(-1, 1, 3, 2), at(-1, 1, 6, 2), at(-1, 1, 6, 2), at(-1, 1, 2, 2))),
    ("rnn_layer", lambda x, w, u, h: recurrent.rnn_layer(x, w, u, None, None, h, "tanh", (2, 1), False)[:2],
     (at(-1, 1, 3, 2), at(-1, 1, 2, 2), at(-1, 1, 2, 2), at(-1, 1, 2, 2))),
]

PLACES = longs([0, 1, 1], [2, 0, 0])            # of a matrix (2, 3), the last one twice
ENTRIES = torch.sparse_coo_tensor(longs([0, 1], [2, 2]), torch.ones(2).double(), (2, 3))


def matrix(values):
    return torch.sparse_coo_tensor(PLACES, values, (2, 3))


SPARSE = [
    ("sparse_of coalesce_op values_of", lambda v: matrix(v).coalesce().values() ** 2, (W,)),
    ("strided_of", lambda v: matrix(v).to_dense() ** 2, (W,)), ("lookup_sparse", lambda v: matrix(v).sparse_mask(ENTRIES).to_dense() ** 2, (W,)),
    ("lookup_strided", lambda x: x.sparse_mask(ENTRIES).to_dense() ** 2, (A[:2, :3].copy(),)),
    ("add_sparse", lambda x, v: torch.add(x, matrix(v), alpha=2) ** 2, (A[:2, :3].copy(), W)),
    ("rows_times products_at", lambda v, x: torch.sparse.mm(matrix(v), x), (W, at(-1, 1, 3, 2))),
]

LOSSES = [
    ("mse_loss_op loss_backward", F.mse_loss, (A, A + 1)), ("l1_loss_op", F.l1_loss, (DISTINCT, A)), ("smooth_l1_loss_op", F.smooth_l1_loss, (A, DISTINCT)),
    ("huber_loss_op", F.huber_loss, (A, DISTINCT)), ("kl_div_op", lambda x: F.kl_div(x, torch.tensor(UNIT), reduction="sum"), (A,)),
    ("kl_div_of_logarithms_op", lambda x: F.kl_div(x, torch.tensor(UNIT), reduction="sum", log_target=True), (A,)),
    ("binary_cross_entropy_op", F.binary_cross_entropy, (UNIT, UNIT[::-1].copy())),
    ("binary_cross_entropy_with_logits_op", lambda x: F.binary_cross_entropy_with_logits(x, torch.tensor(UNIT)), (A,)),
    ("poisson_nll_loss_op", lambda x: F.poisson_nll_loss(x, torch.tensor(UNIT)), (A,)),
    ("poisson_nll_loss_of_rates_op", lambda x: F.poisson_nll_loss(x, torch.tensor(UNIT), False), (UNIT,)),
    ("hinge_embedding_loss_op", lambda x: F.hinge_embedding_loss(x, SIGNS), (DISTINCT,)),
    ("soft_margin_loss_op", lambda x: F.soft_margin_loss(x, SIGNS), (A,)),
    ("margin_ranking_loss_op", lambda x, y: F.margin_ranking_loss(x, y, SIGNS), (DISTINCT, A)),
    ("nll_loss_op nll_loss_backward", lambda x: F.nll_loss(x, longs(0, 3, 1)), (A,)),
    ("cross_entropy_op cross_entropy_backward", lambda x: F.cross_entropy(x, longs(0, 3, 1)), (A,)),
    ("multi_margin multi_margin_backward", lambda x: F.multi_margin_loss(x, longs(0, 3, 1), p=2), (A,)),
    ("multilabel_margin multilabel_margin_backward", lambda x: F.multilabel_margin_loss(x, longs([0, 3, -1, 0], [1, -1, 0, 0], [2, 1, 0, -1])), (A,)),
    ("ctc_loss_op", lambda x: F.ctc_loss(F.log_softmax(x, 2), longs([1, 2]), (4,), (2,)), (at(-1, 1, 4, 1, 3),)),
]

ROWS = [*ELEMENTWISE, *ACTIVATIONS, *REDUCTIONS, *SHAPES, *INDEXING, *PRODUCTS, *MATRICES, *FOURIER, *LAYERS, *SPARSE, *LOSSES]
