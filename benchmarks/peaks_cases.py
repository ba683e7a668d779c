"""What `peaks.py` runs for the rows of pools, sampling, norms, activations, losses and further functions: small, or eight times as much."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

TIMES = 8


def real(*size: int) -> Callable:
    """Numbers that want a gradient; the first dimension is multiplied in the large run."""
    return lambda library, times: library.randn(size[0] * times, *size[1:]).requires_grad_()


def share(*size: int) -> Callable:
    """As `real`, between 0 and 1."""
    return lambda library, times: library.rand(size[0] * times, *size[1:]).requires_grad_()


def given(*size: int) -> Callable:
    """Numbers between 0 and 1 that want no gradient."""
    return lambda library, times: library.rand(size[0] * times, *size[1:])


def weights(*size: int) -> Callable:
    """Parameters, as large in both runs."""
    return lambda library, times: library.ones(*size).requires_grad_()


def classes(count: int, *size: int) -> Callable:
    """Integers below a number."""
    return lambda library, times: library.randint(0, count, (size[0] * times, *size[1:]))


def row(call: Callable, *makers: Callable) -> Callable:
    """Forward of ``call(functional, *tensors)`` and backward, with a gradient of its result that is given."""
    def run(library: Any, large: bool) -> None:
        tensors = [make(library, TIMES if large else 1) for make in makers]
        result = call(library.nn.functional, *tensors)
        result.backward(library.randn(result.shape) if result.dim() else None)
    return run


SIGNAL, PLANE, VOLUME = real(16, 64, 1024), real(16, 32, 56, 56), real(4, 16, 16, 32, 32)
POOLS = {name: row(call, maker) for name, call, maker in (
    ("max_pool1d 2", lambda f, x: f.max_pool1d(x, 2), SIGNAL), ("max_pool2d 3 by 2", lambda f, x: f.max_pool2d(x, 3, 2, 1), PLANE),
    ("max_pool3d 2", lambda f, x: f.max_pool3d(x, 2), VOLUME), ("max_pool3d 3 by 2", lambda f, x: f.max_pool3d(x, 3, 2, 1), VOLUME),
    ("avg_pool1d 2", lambda f, x: f.avg_pool1d(x, 2), SIGNAL), ("avg_pool2d 3 by 2", lambda f, x: f.avg_pool2d(x, 3, 2, 1), PLANE),
    ("avg_pool3d 2", lambda f, x: f.avg_pool3d(x, 2), VOLUME), ("lp_pool2d 2", lambda f, x: f.lp_pool2d(x, 2, 2), PLANE),
    ("max_unpool2d 2", lambda f, x: f.max_unpool2d(*f.max_pool2d(x, 2, return_indices=True), 2), PLANE),
    ("fractional_max_pool2d", lambda f, x: f.fractional_max_pool2d(x, 2, output_ratio=(0.6, 0.6)), PLANE),
    ("adaptive_avg_pool2d 1", lambda f, x: f.adaptive_avg_pool2d(x, 1), PLANE),
    ("adaptive_avg_pool2d 5", lambda f, x: f.adaptive_avg_pool2d(x, 5), PLANE),
    ("adaptive_max_pool2d 5", lambda f, x: f.adaptive_max_pool2d(x, 5), PLANE),
    ("adaptive_avg_pool3d 5", lambda f, x: f.adaptive_avg_pool3d(x, 5), VOLUME),
    ("adaptive_max_pool3d 5", lambda f, x: f.adaptive_max_pool3d(x, 5), VOLUME))}

SAMPLING = {
    "nearest x2": row(lambda f, x: f.interpolate(x, scale_factor=2), PLANE),
    "bilinear x2": row(lambda f, x: f.interpolate(x, scale_factor=2, mode="bilinear"), PLANE),
    "bicubic x2": row(lambda f, x: f.interpolate(x, scale_factor=2, mode="bicubic"), PLANE),
    "trilinear x2": row(lambda f, x: f.interpolate(x, scale_factor=2, mode="trilinear"), VOLUME),
    "linear x2": row(lambda f, x: f.interpolate(x, scale_factor=2, mode="linear"), SIGNAL),
    "area to 28": row(lambda f, x: f.interpolate(x, 28, mode="area"), PLANE),
    "bilinear antialiased to 24": row(lambda f, x: f.interpolate(x, 24, mode="bilinear", antialias=True), PLANE),
    **{f"grid_sample {mode}": row(lambda f, x, g, mode=mode: f.grid_sample(x, g, mode, align_corners=False), real(16, 32, 32, 32),
                                  share(16, 32, 32, 2)) for mode in ("bilinear", "nearest", "bicubic")},
    "grid_sample of volumes": row(lambda f, x, g: f.grid_sample(x, g, align_corners=False), real(8, 16, 16, 16, 16),
                                  share(8, 16, 16, 16, 3)),
    "affine_grid": row(lambda f, t: f.affine_grid(t, (len(t), 1, 64, 64), align_corners=False), real(64, 2, 3))}

IMAGES, CHANNELS, FEATURES = real(16, 64, 32, 32), (weights(64), weights(64)), (weights(512), weights(512))
NORMS = {name: row(call, *makers) for name, call, *makers in (
    ("BatchNorm1d of columns", lambda f, x, w, b: f.batch_norm(x, None, None, w, b, True), real(2048, 512), *FEATURES),
    ("BatchNorm1d", lambda f, x, w, b: f.batch_norm(x, None, None, w, b, True), SIGNAL, *CHANNELS),
    ("BatchNorm2d", lambda f, x, w, b: f.batch_norm(x, None, None, w, b, True), IMAGES, *CHANNELS),
    ("BatchNorm3d", lambda f, x, w, b: f.batch_norm(x, None, None, w, b, True), real(2, 64, 16, 16, 16), *CHANNELS),
    ("BatchNorm2d evaluated", lambda f, x, w, b: f.batch_norm(x, w.detach(), b.detach(), w, b), IMAGES, *CHANNELS),
    ("InstanceNorm2d", lambda f, x, w, b: f.instance_norm(x, None, None, w, b), IMAGES, *CHANNELS),
    ("GroupNorm 8", lambda f, x, w, b: f.group_norm(x, 8, w, b), IMAGES, *CHANNELS),
    ("LayerNorm 512", lambda f, x, w, b: f.layer_norm(x, (512,), w, b), real(2048, 512), *FEATURES),
    ("RMSNorm 512", lambda f, x, w: f.rms_norm(x, (512,), w), real(2048, 512), weights(512)),
    ("LocalResponseNorm 5", lambda f, x: f.local_response_norm(x, 5), IMAGES))}

ACTIVATIONS = {name: row(call, IMAGES) for name, call in (
    *[(name, lambda f, x, name=name: getattr(f, name)(x)) for name in (
        "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "hardswish", "hardsigmoid", "hardtanh", "softplus",
        "logsigmoid", "tanhshrink", "softshrink", "hardshrink", "softsign")],
    ("gelu tanh", lambda f, x: f.gelu(x, approximate="tanh")), ("sigmoid", lambda f, x: x.sigmoid()), ("tanh", lambda f, x: x.tanh()),
    ("glu", lambda f, x: f.glu(x, 1)), ("softmax 1", lambda f, x: f.softmax(x, 1)), ("softmax -1", lambda f, x: f.softmax(x, -1)),
    ("log_softmax 1", lambda f, x: f.log_softmax(x, 1)), ("log_softmax -1", lambda f, x: f.log_softmax(x, -1)),
    ("threshold", lambda f, x: f.threshold(x, 0.1, 20.0)), ("rrelu", lambda f, x: f.rrelu(x, training=True)),
    ("dropout", lambda f, x: f.dropout(x, 0.3)), ("dropout2d", lambda f, x: f.dropout2d(x, 0.3)),
    ("alpha_dropout", lambda f, x: f.alpha_dropout(x, 0.3, True)))}
ACTIVATIONS["prelu"] = row(lambda f, x, w: f.prelu(x, w), IMAGES, weights(64))

X, Y, TARGET, SCORES, CLASSES = real(1024, 1024), real(1024, 1024), given(1024, 1024), real(1024, 1000), classes(1000, 1024)
VECTORS = real(4096, 256)
LOSSES = {name: row(call, *makers) for name, call, *makers in (
    ("mse", lambda f, x, y: f.mse_loss(x, y), X, Y), ("mse to a fixed target", lambda f, x, y: f.mse_loss(x, y), X, TARGET),
    ("mse none", lambda f, x, y: f.mse_loss(x, y, reduction="none"), X, TARGET), ("l1", lambda f, x, y: f.l1_loss(x, y), X, Y),
    ("smooth_l1", lambda f, x, y: f.smooth_l1_loss(x, y), X, TARGET), ("huber", lambda f, x, y: f.huber_loss(x, y, delta=0.5), X, TARGET),
    ("kl_div", lambda f, x, y: f.kl_div(x, y, reduction="batchmean"), X, TARGET),
    ("bce", lambda f, x, y: f.binary_cross_entropy(x, y), share(1024, 1024), TARGET),
    ("bce_with_logits", lambda f, x, y: f.binary_cross_entropy_with_logits(x, y), X, TARGET),
    ("poisson_nll", lambda f, x, y: f.poisson_nll_loss(x, y), X, TARGET),
    ("gaussian_nll", lambda f, x, y, v: f.gaussian_nll_loss(x, y, v), X, TARGET, share(1024, 1024)),
    ("hinge_embedding", lambda f, x, y: f.hinge_embedding_loss(x, y), X, TARGET),
    ("soft_margin", lambda f, x, y: f.soft_margin_loss(x, y), X, TARGET),
    ("margin_ranking", lambda f, x, y, z: f.margin_ranking_loss(x, y, z, 0.1), X, Y, TARGET),
    ("nll", lambda f, x, c: f.nll_loss(x, c), SCORES, CLASSES), ("cross_entropy", lambda f, x, c: f.cross_entropy(x, c), SCORES, CLASSES),
    ("cross_entropy weights", lambda f, x, c, w: f.cross_entropy(x, c, w.detach()), SCORES, CLASSES, weights(1000)),
    ("cross_entropy smoothing", lambda f, x, c: f.cross_entropy(x, c, label_smoothing=0.1), SCORES, CLASSES),
    ("cross_entropy probabilities", lambda f, x, y: f.cross_entropy(x, y), SCORES, given(1024, 1000)),
    ("cross_entropy of images", lambda f, x, c: f.cross_entropy(x, c), real(4, 21, 128, 128), classes(21, 4, 128, 128)),
    ("multi_margin", lambda f, x, c: f.multi_margin_loss(x, c), SCORES, CLASSES),
    ("multilabel_margin", lambda f, x, c: f.multilabel_margin_loss(x, c - 1), real(1024, 100), classes(100, 1024, 100)),
    ("multilabel_soft_margin", lambda f, x, y: f.multilabel_soft_margin_loss(x, y), SCORES, given(1024, 1000)),
    ("cosine_embedding", lambda f, x, y, z: f.cosine_embedding_loss(x, y, z), VECTORS, VECTORS, given(4096)),
    ("triplet_margin", lambda f, x, y, z: f.triplet_margin_loss(x, y, z), VECTORS, VECTORS, VECTORS))}

FURTHER = {name: row(call, *makers) for name, call, *makers in (
    ("embedding of 64x128x256", lambda f, w, c: f.embedding(c, w), weights(10000, 256), classes(10000, 16, 128)),
    ("embedding of a large table", lambda f, w, c: f.embedding(c[:4000], w), real(10000, 256), classes(10000, 4000)),
    ("pixel_shuffle 2", lambda f, x: f.pixel_shuffle(x, 2), IMAGES), ("pixel_unshuffle 2", lambda f, x: f.pixel_unshuffle(x, 2), IMAGES),
    *[(f"pad {mode}", lambda f, x, mode=mode: f.pad(x, (1, 1, 1, 1), mode), IMAGES)
      for mode in ("constant", "reflect", "replicate", "circular")],
    ("unfold 3", lambda f, x: f.unfold(x, 3), real(4, 16, 32, 32)), ("fold 3", lambda f, x: f.fold(x, 32, 3), real(4, 144, 900)),
    ("cosine_similarity", lambda f, x, y: f.cosine_similarity(x, y), VECTORS, VECTORS),
    ("pairwise_distance", lambda f, x, y: f.pairwise_distance(x, y), VECTORS, VECTORS),
    ("normalize", lambda f, x: f.normalize(x), IMAGES))}



def lenet(library: Any) -> tuple:
    """LeNet on 512 digits."""
    nn = library.nn
    model = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                          nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    return model, np.random.default_rng(0).random((512, 1, 28, 28), np.float32)


MODELS = {"LeNet 512x1x28x28": lenet}
GROUPS = {"pools": POOLS, "sampling": SAMPLING, "norms": NORMS, "activations": ACTIVATIONS, "losses": LOSSES, "further": FURTHER}
