"""Every keyword of ``nn.functional`` beside torch's: results, gradients, or the same type of error.

A row is a call of a function and the sizes of its tensor arguments; the tables below make the rows, an option each.
"""
import warnings

import numpy as np
import pytest
from module_rows import flat

import nb_nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    theirs = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")
SIGNAL, IMAGE, VOLUME = (2, 4, 7), (2, 4, 6, 5), (2, 2, 4, 5, 3)
AB = ((3, 4), (3, 4))
ROWS: list = []


def add(name, *sizes, call=None, **options):
    """A row: ``call(library, functions, *tensors)``, by default the function ``name`` with options."""
    def usual(library, functions, *tensors):
        return getattr(functions, name)(*tensors, **{key: value(library) if callable(value) else value for key, value in options.items()})
    shown = ", ".join(f"{key}={value if not callable(value) else 'tensor'}" for key, value in options.items())
    ROWS.append((f"{name}({', '.join([*map(str, sizes), shown])})", sizes, call or usual))


def weights(*size):
    return lambda library: library.arange(1, int(np.prod(size)) + 1).double().reshape(size) / 7


def integers(*values):
    return lambda library: library.tensor(values[0] if len(values) == 1 else list(values))


for mode in ("bilinear", "nearest", "bicubic", "no mode"):
    for outside in ("zeros", "border", "reflection", "nowhere"):
        for corners in (None, True, False):
            add("grid_sample", (2, 2, 4, 5), (2, 3, 3, 2), mode=mode, padding_mode=outside, align_corners=corners)
            if mode != "bicubic":
                add("grid_sample", VOLUME, (2, 3, 2, 3, 3), mode=mode, padding_mode=outside, align_corners=corners)
for corners in (None, True, False):
    add("affine_grid", (2, 2, 3), size=[2, 1, 3, 4], align_corners=corners)
    add("affine_grid", (2, 3, 4), size=[2, 1, 2, 3, 4], align_corners=corners)
for mode, pads in (("constant", ((1, 2), (-1, 1), (1, 2, 0, 1), (1, 1, 1, 1, 1, 1))), ("reflect", ((1, 2), (1, 1, 2, 1), (9, 9))),
                   ("replicate", ((1, 2), (3, 1, 2, 1))), ("circular", ((1, 2), (1, 1, 2, 1))), ("no mode", ((1, 1),))):
    for pad in pads:
        for size in ((4, 7), SIGNAL, IMAGE, VOLUME):
            add("pad", size, pad=pad, mode=mode)
for size in (SIGNAL, IMAGE, VOLUME):
    add("pad", size, pad=(1, 1), value=2.5)
    for mode in ("nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact"):
        for options in ({"size": 3}, {"scale_factor": 1.6}, {"scale_factor": 1.6, "recompute_scale_factor": True}, {"size": (2, 2)}, {},
                        {"scale_factor": 0.6, "recompute_scale_factor": False}, {"size": 4, "align_corners": True}, {"size": 4, "antialias": True},
                        {"size": 4, "align_corners": False}, {"size": 3, "scale_factor": 2}):
            add("interpolate", size, mode=mode, **options)
for name in ("relu", "relu6", "elu", "selu", "celu", "leaky_relu", "hardtanh", "silu", "mish", "hardsigmoid", "hardswish", "logsigmoid", "softplus",
             "softsign", "tanhshrink", "hardshrink", "softshrink", "tanh", "sigmoid", "gelu"):
    for size in ((3, 4), (), (0, 3)):
        add(name, size)
    add(name, (3, 4), inplace=True, call=lambda library, functions, x, name=name: getattr(functions, name)(x * 1, inplace=True))
for name in ("relu_", "elu_", "selu_", "celu_", "leaky_relu_", "hardtanh_"):
    add(name, (3, 4), call=lambda library, functions, x, name=name: getattr(functions, name)(x * 1))
for name, options in (("elu", {"alpha": 0.5}), ("celu", {"alpha": 0.5}), ("softplus", {"beta": 2, "threshold": 0.5}), ("gelu", {"approximate": "tanh"}),
                      ("gelu", {"approximate": "?"}), ("hardtanh", {"min_val": -0.3, "max_val": 0.4}), ("leaky_relu", {"negative_slope": 0.3}),
                      ("hardshrink", {"lambd": 0.3}), ("softshrink", {"lambd": 0.3}), ("softshrink", {"lambd": -1}), ("threshold", {"threshold": 0.1, "value": 5}),
                      ("rrelu", {"lower": 0.2, "upper": 0.2, "training": True}), ("rrelu", {"lower": 0.1}), ("rrelu", {"lower": 1, "upper": 0})):
    add(name, (3, 4), **options)
for name in ("softmax", "log_softmax", "softmin"):
    for dim in (0, 1, -1, None, 3):
        add(name, (3, 4), dim=dim)
    add(name, (3, 4), dim=1, dtype=lambda library: library.float32)
for p in (1, 2.0, 3, float("inf")):
    add("pairwise_distance", *AB, p=p, eps=0.1, keepdim=True)
    add("pdist", (5, 4), p=p)
    for dim in (0, -1):
        add("normalize", (3, 4), p=p, dim=dim, eps=1e-3)
add("pdist", (5, 4), p=-1)
for sizes in (AB, ((3, 4), (1, 4)), ((4,), (4,)), ((2, 3, 4), (3, 4)), ((2, 3, 4), (2, 1, 4))):
    add("cosine_similarity", *sizes, dim=-1, eps=1e-3)
for options in ({}, {"attn_mask": lambda library: library.ones(3, 5).tril().bool()}, {"attn_mask": weights(3, 5)}, {"is_causal": True},
                {"scale": 0.3}, {"dropout_p": 0.0}):
    add("scaled_dot_product_attention", (2, 4, 3, 2), (2, 4, 5, 2), (2, 4, 5, 2), **options)
    add("scaled_dot_product_attention", (4, 3, 2), (4, 5, 2), (4, 5, 2), **options)
add("scaled_dot_product_attention", (2, 4, 3, 2), (2, 2, 5, 2), (2, 2, 5, 2), enable_gqa=True)
for dims, size in ((1, SIGNAL), (2, IMAGE), (3, (2, 4, 6, 5, 4))):
    for groups, options in ((1, {"padding": "same"}), (1, {"padding": "valid"}), (1, {"padding": "?"}),
                            (2, {"stride": 2, "padding": 1, "dilation": 2, "groups": 2})):
        add(f"conv{dims}d", size, (4, 4 // groups) + (3,) * dims, (4,), **options)
    for groups, options in ((1, {"output_padding": 3}), (1, {"dilation": 2}), (
            2, {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2, "dilation": 2})):
        add(f"conv_transpose{dims}d", size, (4, 2) + (3,) * dims, (2 * groups,), **options)
    for options in ({"kernel_size": 2, "stride": 1}, {"kernel_size": 3, "padding": 1, "ceil_mode": True, "stride": 2}, {"kernel_size": 2, "padding": 2},
                    {"kernel_size": 2, "dilation": 2, "stride": 1, "return_indices": True}):
        add(f"max_pool{dims}d", size, **options)
    for options in ({"kernel_size": 2, "stride": 1}, {"kernel_size": 3, "padding": 1, "ceil_mode": True, "count_include_pad": False, "stride": 2},
                    *([{"kernel_size": 2, "divisor_override": 3}] if dims > 1 else [])):
        add(f"avg_pool{dims}d", size, **options)
    add(f"lp_pool{dims}d", size, norm_type=2.0, kernel_size=2, stride=1, ceil_mode=True)
    add(f"adaptive_avg_pool{dims}d", size, output_size=2)
    add(f"adaptive_max_pool{dims}d", size, output_size=2, return_indices=True)
    add(f"max_pool{dims}d_with_indices", size, kernel_size=2)
    add(f"adaptive_max_pool{dims}d_with_indices", size, output_size=2)
    add(f"max_unpool{dims}d", size, call=lambda library, functions, x, dims=dims: getattr(functions, f"max_unpool{dims}d")(
        *getattr(functions, f"max_pool{dims}d")(x, 2, return_indices=True), kernel_size=2, stride=2, padding=0, output_size=x.shape))
for reduction in ("none", "mean", "sum"):
    for target, given, lengths in (([[1, 2], [3, 1]], [6, 5], [2, 1]), ([1, 2, 3], (6, 5), (2, 1))):
        add("ctc_loss", (6, 2, 4), call=lambda library, functions, x, target=target, given=given, lengths=lengths, reduction=reduction: functions.ctc_loss(
            x.log_softmax(2), library.tensor(target), library.tensor(given) if isinstance(given, list) else given,
            library.tensor(lengths) if isinstance(lengths, list) else lengths, 0, reduction, True))
for options in ({"padding_idx": 1}, {"max_norm": 0.5}, {"max_norm": 0.5, "norm_type": 1.0}, {"padding_idx": -1}, {"padding_idx": 9}, {"sparse": True}):
    add("embedding", (4, 3), call=lambda library, functions, x, options=options: functions.embedding(
        library.tensor([1, 2, 0]), x.detach().clone() if "max_norm" in options else x, **options))
for options in ({}, {"mode": "sum"}, {"mode": "max"}, {"padding_idx": 1}, {"mode": "?"}, {"include_last_offset": True}):
    add("embedding_bag", (4, 3), call=lambda library, functions, x, options=options: functions.embedding_bag(
        library.tensor([1, 2, 1, 0]), x, library.tensor([0, 2, 4] if "include_last_offset" in options else [0, 2]), **options))
for name, options in (("smooth_l1_loss", {"beta": 0.0}), ("smooth_l1_loss", {"beta": 0.5}), ("smooth_l1_loss", {"beta": -1}), ("huber_loss", {"delta": 0.5}),
                      ("huber_loss", {"delta": 0.0}), ("huber_loss", {"weight": weights(3, 4)}), ("mse_loss", {"weight": weights(3, 4)}),
                      ("l1_loss", {"weight": weights(3, 4), "reduction": "sum"}), ("mse_loss", {"reduction": "?"}), ("mse_loss", {"weight": weights(4)}),
                      ("mse_loss", {"size_average": False}), ("l1_loss", {"reduce": False})):
    add(name, *AB, **options)
for name in ("dropout", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "dropout1d"):
    for p in (-0.1, 1.1):
        add(name, (2, 3, 4, 4), p=p)
    add(name, (2, 3, 4), p=0.4, training=False)
for name, rest in (("nll_loss", (integers(0, 3, 1),)), ("multi_margin_loss", (integers(0, 3, 1),)), ("multilabel_margin_loss", (integers(
        [3, 0, -1, 1], [-1, 0, 2, 3], [2, 1, 0, 3]),)), ("multilabel_soft_margin_loss", (weights(3, 4),)), ("soft_margin_loss", (weights(3, 4),)),
        ("binary_cross_entropy", (weights(3, 4),)), ("kl_div", (weights(3, 4),)), ("poisson_nll_loss", (weights(3, 4),)), ("smooth_l1_loss", (weights(3, 4),)),
        ("hinge_embedding_loss", (weights(3, 4),)), ("mse_loss", (weights(3, 4),)), ("triplet_margin_loss", (weights(3, 4), weights(3, 4))),
        ("margin_ranking_loss", (weights(3, 4), weights(3, 4))), ("cosine_embedding_loss", (weights(3, 4), integers(1, -1, 1)))):
    for options in ({"size_average": False}, {"reduce": False}, {"reduction": "none"}, {"reduction": "sum"}):
        add(f"{name}", (3, 4), call=lambda library, functions, x, name=name, rest=rest, options=options: getattr(functions, name)(
            x.sigmoid() if name == "binary_cross_entropy" else x, *[one(library).clamp(max=0.9) if "entropy" in name else one(library) for one in rest], **options))
for options in ({"margin": 0.5, "p": 3.0, "eps": 0.1, "swap": True}, {"margin": 0.1}):
    add("triplet_margin_loss", *AB, (3, 4), **options)
add("triplet_margin_with_distance_loss", *AB, (3, 4), margin=0.5, swap=True, reduction="none")
add("layer_norm", (3, 4), normalized_shape=(4,), weight=weights(4), bias=weights(4), eps=0.1)
add("group_norm", (3, 4, 2), num_groups=2, weight=weights(4), bias=weights(4), eps=0.1)
add("channel_shuffle", IMAGE, groups=2)
add("pixel_unshuffle", (2, 3, 4, 6), downscale_factor=2)
add("upsample_nearest", IMAGE, scale_factor=2)
add("threshold_", (3, 4), call=lambda library, functions, x: functions.threshold_(x * 1, 0.1, 5))
add("conv_tbc", (5, 2, 3), (3, 3, 4), (4,), pad=1)
add("bilinear", (5, 3), (5, 2), (4, 3, 2), (4,))
add("linear", (5, 3), (3,))
add("linear", (2, 5, 3), (4, 3), (4,))
add("upsample", IMAGE, scale_factor=2, mode="bilinear", align_corners=True)
add("upsample_nearest", IMAGE, size=(3, 9))
add("upsample_bilinear", IMAGE, scale_factor=2)
add("local_response_norm", IMAGE, size=3, alpha=0.3, beta=0.5, k=2.0)
add("rms_norm", (3, 4), normalized_shape=(4,), weight=weights(4), eps=0.1)
add("rms_norm", (3, 4), normalized_shape=[4])
add("fold", (2, 12, 20), output_size=(5, 6), kernel_size=(2, 3), dilation=(1, 2), padding=(1, 2), stride=(2, 1))
add("unfold", IMAGE, kernel_size=(2, 3), dilation=(1, 2), padding=(1, 2), stride=(2, 1))
for values, classes in (([1, 2], 4), ([[1], [2]], -1), ([1, 5], 4), ([-1, 5], 4)):
    add("one_hot", call=lambda library, functions, values=values, classes=classes: functions.one_hot(library.tensor(values), classes))


def outcome(library, sizes, call):
    """Results and gradients, or the error."""
    random = np.random.default_rng(3)
    inputs = [library.from_numpy(np.array(random.standard_normal(size))).requires_grad_() for size in sizes]
    library.manual_seed(0)
    try:
        results = [one for one in flat(call(library, library.nn.functional, *inputs)) if isinstance(one, library.Tensor)]
        terms = [(one * library.arange(one.numel()).reshape(one.shape) / 7).sum() for one in results if one.requires_grad]
        if terms:
            sum(terms[1:], terms[0]).backward()
    except Exception as error:  # noqa: BLE001  whether there is one is compared
        return error
    every = [*results, *(one.grad for one in inputs)]
    return [None if one is None else (one.to_dense() if one.is_sparse else one).detach().numpy() for one in every]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_option(row):
    name, sizes, call = row
    mine, their = outcome(nb_nn, sizes, call), outcome(theirs, sizes, call)
    if isinstance(their, Exception) or isinstance(mine, Exception):
        assert type(mine).__name__ == type(their).__name__, f"{mine!r} where PyTorch says {their!r}"
        return
    assert len(mine) == len(their)
    rough = 1e-6 if "hardsigmoid" in name or "dtype" in name else 1e-9        # single-precision constants there
    for one, other in zip(mine, their):
        assert (one is None) == (other is None)
        if other is not None:
            assert one.dtype == other.dtype
            np.testing.assert_allclose(one, other, rough, rough)
