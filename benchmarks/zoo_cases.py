"""Rows for the small modules, forward and backward: pools and sampling, norms, activations, losses, and further ones."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from compare import Row, compare

import nb_nn

LIMITS = {"zoo": (0.8, 1.7), "norms": (0.8, 1.7), "activations": (0.8, 1.7), "losses": (0.8, 1.7), "further": (0.8, 1.7)}


def row(name: str, function: Callable, *arrays: np.ndarray) -> Row:
    """Forward and backward of a function of (library, tensors); gradients of all floating arguments are compared."""
    runs = []
    for library in (nb_nn, torch):
        leaves = [library.tensor(array).requires_grad_(array.dtype == np.float32) for array in arrays]
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        runs.append(lambda library=library, leaves=leaves, wanted=wanted: library.autograd.grad(
            function(library, *leaves).pow(2).sum(), wanted))
    return compare("zoo", name, *runs, agree=5e-3)


def zoo() -> Iterator[Row]:
    """Pooling of all kinds, interpolation, sampling."""
    random = np.random.default_rng(0)

    def image(*size: int) -> np.ndarray:
        return random.standard_normal(size, np.float32)

    signal, plane, volume = image(16, 64, 1024), image(16, 32, 56, 56), image(4, 16, 16, 32, 32)
    for name, call, array in (
            ("max_pool1d 2", lambda f, x: f.max_pool1d(x, 2), signal), ("max_pool2d 3 by 2", lambda f, x: f.max_pool2d(x, 3, 2, 1), plane),
            ("max_pool3d 2", lambda f, x: f.max_pool3d(x, 2), volume), ("max_pool3d 3 by 2", lambda f, x: f.max_pool3d(x, 3, 2, 1), volume),
            ("avg_pool1d 2", lambda f, x: f.avg_pool1d(x, 2), signal), ("avg_pool2d 3 by 2", lambda f, x: f.avg_pool2d(x, 3, 2, 1), plane),
            ("avg_pool3d 2", lambda f, x: f.avg_pool3d(x, 2), volume), ("lp_pool2d 2", lambda f, x: f.lp_pool2d(x, 2, 2), plane),
            ("adaptive_avg_pool2d 1", lambda f, x: f.adaptive_avg_pool2d(x, 1), plane),
            ("adaptive_avg_pool2d 5", lambda f, x: f.adaptive_avg_pool2d(x, 5), plane),
            ("adaptive_max_pool2d 5", lambda f, x: f.adaptive_max_pool2d(x, 5), plane),
            ("adaptive_avg_pool3d 5", lambda f, x: f.adaptive_avg_pool3d(x, 5), volume),
            ("adaptive_max_pool3d 5", lambda f, x: f.adaptive_max_pool3d(x, 5), volume),
            ("nearest x2", lambda f, x: f.interpolate(x, scale_factor=2), plane),
            ("bilinear x2", lambda f, x: f.interpolate(x, scale_factor=2, mode="bilinear"), plane),
            ("bicubic x2", lambda f, x: f.interpolate(x, scale_factor=2, mode="bicubic"), plane),
            ("trilinear x2", lambda f, x: f.interpolate(x, scale_factor=2, mode="trilinear"), volume),
            ("bilinear antialiased to 24", lambda f, x: f.interpolate(x, 24, mode="bilinear", antialias=True), plane)):
        yield row(name, lambda library, x, call=call: call(library.nn.functional, x), array)
    for mode in ("bilinear", "nearest", "bicubic"):
        yield row(f"grid_sample {mode} 8x32x32x32", lambda library, x, g, mode=mode: library.nn.functional.grid_sample(
            x, g, mode, align_corners=False), image(8, 32, 32, 32), random.uniform(-1, 1, (8, 32, 32, 2)).astype(np.float32))
    yield row("grid_sample volume 4x8x16", lambda library, x, g: library.nn.functional.grid_sample(x, g, align_corners=False),
              image(4, 8, 16, 16, 16), random.uniform(-1, 1, (4, 16, 16, 16, 3)).astype(np.float32))


def pair(group: str, name: str, function: Callable, *arrays: np.ndarray, agree: float | None = 5e-3) -> Row:
    """Forward and backward of a function of (library, tensors), with a given gradient of its result; float32 arguments want theirs."""
    runs = []
    for library in (nb_nn, torch):
        leaves = [library.tensor(array).requires_grad_(array.dtype == np.float32) for array in arrays]
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        made = function(library, *leaves)
        arriving = library.tensor(np.random.default_rng(9).standard_normal(tuple(made.shape)).astype(np.float32))
        runs.append(lambda library=library, leaves=leaves, wanted=wanted, arriving=arriving: library.autograd.grad(
            function(library, *leaves), wanted, arriving))
    return compare(group, name, *runs, agree=agree)


def norms() -> Iterator[Row]:
    """Normalization of (64, 64, 32, 32) and its like."""
    random = np.random.default_rng(0)
    plane, signal = random.standard_normal((64, 64, 32, 32), np.float32), random.standard_normal((64, 64, 1024), np.float32)
    volume, rows = random.standard_normal((8, 64, 16, 32, 16), np.float32), random.standard_normal((64, 128, 512), np.float32)
    columns, weight, bias = random.standard_normal((4096, 512), np.float32), np.ones(64, np.float32), np.zeros(64, np.float32)
    wide, low = np.ones(512, np.float32), np.zeros(512, np.float32)
    for name, call, *arrays in (
            ("BatchNorm1d 4096x512", lambda f, x, w, b: f.batch_norm(x, None, None, w, b, True), columns, wide, low),
            ("BatchNorm1d 64x64x1024", lambda f, x, w, b: f.batch_norm(x, None, None, w, b, True), signal, weight, bias),
            ("BatchNorm2d 64x64x32x32", lambda f, x, w, b: f.batch_norm(x, None, None, w, b, True), plane, weight, bias),
            ("BatchNorm3d 8x64x16x32x16", lambda f, x, w, b: f.batch_norm(x, None, None, w, b, True), volume, weight, bias),
            ("InstanceNorm2d", lambda f, x, w, b: f.instance_norm(x, None, None, w, b), plane, weight, bias),
            ("GroupNorm 8", lambda f, x, w, b: f.group_norm(x, 8, w, b), plane, weight, bias),
            ("LayerNorm 512", lambda f, x, w, b: f.layer_norm(x, (512,), w, b), rows, wide, low),
            ("RMSNorm 512", lambda f, x, w: f.rms_norm(x, (512,), w), rows, wide),
            ("LocalResponseNorm 5", lambda f, x: f.local_response_norm(x, 5), plane)):
        yield pair("norms", name, lambda library, *x, call=call: call(library.nn.functional, *x), *arrays)


def activations() -> Iterator[Row]:
    """Activations of (64, 64, 32, 32)."""
    x = np.random.default_rng(0).standard_normal((64, 64, 32, 32), np.float32) * 2
    for name, call in (
            ("relu", lambda f, x: f.relu(x)), ("leaky_relu", lambda f, x: f.leaky_relu(x)), ("elu", lambda f, x: f.elu(x)),
            ("selu", lambda f, x: f.selu(x)), ("celu", lambda f, x: f.celu(x)), ("gelu", lambda f, x: f.gelu(x)),
            ("gelu tanh", lambda f, x: f.gelu(x, approximate="tanh")), ("silu", lambda f, x: f.silu(x)), ("mish", lambda f, x: f.mish(x)),
            ("hardswish", lambda f, x: f.hardswish(x)), ("hardsigmoid", lambda f, x: f.hardsigmoid(x)),
            ("hardtanh", lambda f, x: f.hardtanh(x)), ("softplus", lambda f, x: f.softplus(x)),
            ("logsigmoid", lambda f, x: f.logsigmoid(x)),
            ("sigmoid", lambda f, x: x.sigmoid()), ("tanh", lambda f, x: x.tanh()), ("glu", lambda f, x: f.glu(x, 1)),
            ("softmax 1", lambda f, x: f.softmax(x, 1)), ("softmax -1", lambda f, x: f.softmax(x, -1)),
            ("log_softmax 1", lambda f, x: f.log_softmax(x, 1)), ("log_softmax -1", lambda f, x: f.log_softmax(x, -1)),
            ("tanhshrink", lambda f, x: f.tanhshrink(x)), ("softshrink", lambda f, x: f.softshrink(x)),
            ("hardshrink", lambda f, x: f.hardshrink(x)), ("softsign", lambda f, x: f.softsign(x)),
            ("threshold", lambda f, x: f.threshold(x, 0.1, 20.0))):
        yield pair("activations", name, lambda library, x, call=call: call(library.nn.functional, x), x)
    yield pair("activations", "prelu", lambda library, x, w: library.nn.functional.prelu(x, w), x, np.full(64, 0.25, np.float32))
    yield pair("activations", "prelu of one", lambda library, x, w: library.nn.functional.prelu(x, w), x, np.full(1, 0.25, np.float32))
    yield pair("activations", "rrelu", lambda library, x: library.nn.functional.rrelu(x, training=True), x, agree=None)


def losses() -> Iterator[Row]:
    """Losses of a million elements, and of 128 samples of 1000 classes."""
    random = np.random.default_rng(0)
    x, y = (random.standard_normal((1024, 1024), np.float32) for _ in range(2))
    share, other = random.random((1024, 1024), np.float32), random.random((1024, 1024))
    sign = np.sign(random.standard_normal((1024, 1024)))
    truth = other > 0.5
    scores, classes = random.standard_normal((128, 1000), np.float32), random.integers(0, 1000, 128)
    weights, labels = random.random(1000), random.integers(0, 1000, (128, 1000))
    labels[:, 20:] = -1
    few, chosen = random.standard_normal((128, 100), np.float32), random.integers(-1, 100, (128, 100))
    logs, probable = scores - np.log(np.exp(scores).sum(1, keepdims=True)), np.exp(y[:128, :1000])
    probable = probable / probable.sum(1, keepdims=True)
    images, segments = random.standard_normal((8, 21, 128, 128), np.float32), random.integers(0, 21, (8, 128, 128))
    vectors = [random.standard_normal((1024, 256), np.float32) for _ in range(3)]
    pairs = np.sign(random.standard_normal(1024))

    def fixed(t, array):
        return t.tensor(array.astype(np.float32))
    cached: dict[tuple, object] = {}

    def of(t, name, array):
        if (t, name) not in cached:
            cached[t, name] = fixed(t, array)
        return cached[t, name]
    for name, call, *arrays in (
            ("mse", lambda f, t, x, y: f.mse_loss(x, y), x, y), ("mse to a fixed target", lambda f, t, x: f.mse_loss(x, of(t, "y", y)), x),
            ("l1", lambda f, t, x, y: f.l1_loss(x, y), x, y), ("smooth_l1", lambda f, t, x: f.smooth_l1_loss(x, of(t, "y", y)), x),
            ("huber", lambda f, t, x: f.huber_loss(x, of(t, "y", y), delta=0.5), x),
            ("mse none", lambda f, t, x: f.mse_loss(x, of(t, "y", y), reduction="none"), x),
            ("kl_div", lambda f, t, x: f.kl_div(x, of(t, "p", probable), reduction="batchmean"), logs),
            ("kl_div 1024x1024", lambda f, t, x: f.kl_div(x, of(t, "o", other), reduction="batchmean"), x),
            ("bce", lambda f, t, x: f.binary_cross_entropy(x, of(t, "o", other)), share),
            ("bce_with_logits", lambda f, t, x: f.binary_cross_entropy_with_logits(x, of(t, "truth", truth)), x),
            ("bce_with_logits pos_weight", lambda f, t, x: f.binary_cross_entropy_with_logits(
                x, of(t, "truth", truth), pos_weight=of(t, "other1", other[0])), x),
            ("poisson_nll", lambda f, t, x: f.poisson_nll_loss(x, of(t, "o", other)), x),
            ("gaussian_nll", lambda f, t, x, v: f.gaussian_nll_loss(x, of(t, "y", y), v), x, share + 0.1),
            ("hinge_embedding", lambda f, t, x: f.hinge_embedding_loss(x, of(t, "sign", sign)), x),
            ("soft_margin", lambda f, t, x: f.soft_margin_loss(x, of(t, "sign", sign)), x),
            ("margin_ranking", lambda f, t, x, y: f.margin_ranking_loss(x, y, of(t, "sign", sign), 0.1), x, y),
            ("nll 128x1000", lambda f, t, x, c: f.nll_loss(x, c), scores, classes),
            ("cross_entropy 128x1000", lambda f, t, x, c: f.cross_entropy(x, c), scores, classes),
            ("cross_entropy weights", lambda f, t, x, c: f.cross_entropy(x, c, of(t, "w", weights)), scores, classes),
            ("cross_entropy smoothing", lambda f, t, x, c: f.cross_entropy(x, c, label_smoothing=0.1), scores, classes),
            ("cross_entropy probabilities", lambda f, t, x: f.cross_entropy(x, of(t, "p", probable)), scores),
            ("cross_entropy of images", lambda f, t, x, c: f.cross_entropy(x, c), images, segments),
            ("multi_margin", lambda f, t, x, c: f.multi_margin_loss(x, c), scores, classes),
            ("multilabel_margin", lambda f, t, x, c: f.multilabel_margin_loss(x, c), few, chosen),
            ("multilabel_margin 128x1000", lambda f, t, x, c: f.multilabel_margin_loss(x, c), scores, labels),
            ("multilabel_soft_margin", lambda f, t, x: f.multilabel_soft_margin_loss(x, of(t, "labels", labels >= 0)), scores),
            ("cosine_embedding", lambda f, t, x, y: f.cosine_embedding_loss(x, y, of(t, "pairs", pairs)), *vectors[:2]),
            ("triplet_margin", lambda f, t, x, y, z: f.triplet_margin_loss(x, y, z), *vectors)):
        yield pair("losses", name, lambda library, *x, call=call: call(library.nn.functional, library, *x), *arrays)


def further() -> Iterator[Row]:
    """Embedding, dropout, padding, shuffling, distances."""
    random = np.random.default_rng(0)
    plane, table = random.standard_normal((64, 64, 32, 32), np.float32), random.standard_normal((10000, 256), np.float32)
    words, vectors = random.integers(0, 10000, (64, 128)), [random.standard_normal((4096, 256), np.float32) for _ in range(2)]
    left, right = random.standard_normal((512, 64), np.float32), random.standard_normal((768, 64), np.float32)
    volume = random.standard_normal((4, 16, 16, 32, 32), np.float32)
    for name, call, *arrays in (
            ("embedding 64x128 of 10000x256", lambda f, w, c: f.embedding(c, w), table, words),
            ("pixel_shuffle 2", lambda f, x: f.pixel_shuffle(x, 2), plane),
            ("pixel_unshuffle 2", lambda f, x: f.pixel_unshuffle(x, 2), plane),
            *[(f"pad {mode}", lambda f, x, mode=mode: f.pad(x, (1, 1, 1, 1), mode), plane)
              for mode in ("constant", "reflect", "replicate", "circular")],
            ("pad replicate of volumes", lambda f, x: f.pad(x, (1,) * 6, "replicate"), volume),
            ("cosine_similarity", lambda f, x, y: f.cosine_similarity(x, y), *vectors),
            ("pairwise_distance", lambda f, x, y: f.pairwise_distance(x, y), *vectors),
            ("normalize", lambda f, x: f.normalize(x), plane),
            ("bilinear 512x64x64 to 32", lambda f, x, y, w: f.bilinear(x, y, w), left, right[:512],
             random.standard_normal((32, 64, 64), np.float32))):
        yield pair("further", name, lambda library, *x, call=call: call(library.nn.functional, *x), *arrays)
    for p in (1.0, 2.0, 3.0):
        yield pair("further", f"cdist {p:g} 512x768x64", lambda library, x, y, p=p: library.cdist(x, y, p), left, right)
    yield pair("further", "pdist 512x64", lambda library, x: library.nn.functional.pdist(x), left)
    for name in ("dropout", "dropout2d", "alpha_dropout"):
        yield pair("further", name, lambda library, x, name=name: getattr(library.nn.functional, name)(x, 0.3, True), plane, agree=None)


GROUPS = (zoo, norms, activations, losses, further)
