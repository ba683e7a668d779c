"""The modules of ``nn``, a row each way to make one: arguments, inputs, and for some what a wrong input must be told.

The first row of a module is the one the torch-free tests take; further rows give each documented option another value. All rows are
compared with torch.
"""
from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


class Made:
    """An input that is not normally distributed numbers with a gradient: how to make it."""

    def __init__(self, make: Callable, grad: bool = False):
        self.make, self.grad = make, grad


def labels(*shape: int, classes: int = 4) -> Made:
    return Made(lambda random: random.integers(0, classes, shape))


def signs(*shape: int) -> Made:
    return Made(lambda random: random.choice([-1.0, 1.0], shape))


def shares(*shape: int, grad: bool = False) -> Made:
    """Numbers in (0, 1), such as probabilities."""
    return Made(lambda random: random.uniform(0.1, 0.9, shape), grad)


def exactly(values: Any) -> Made:
    return Made(lambda random: np.array(values))


def distribution(*shape: int, dim: int = 1) -> Made:
    """Log-probabilities along a dimension."""
    def make(random: Any) -> Any:
        x = np.exp(random.standard_normal(shape))
        return np.log(x / x.sum(dim, keepdims=True))

    return Made(make, True)


@dataclass(frozen=True)
class Row:
    """``nn.<name>(*args, **options)`` called with ``inputs``: shapes of numbers with a gradient, things made, or plain values."""

    name: str
    args: tuple = ()
    options: dict = field(default_factory=dict)
    inputs: tuple = ()
    random: bool = False            # the result depends on chance in training
    call: dict = field(default_factory=dict)

    def __repr__(self) -> str:
        options = [f"{key}={getattr(value, '__name__', repr(value))}" for key, value in self.options.items()]
        return f"{self.name}({', '.join([*map(repr, self.args), *options])})"[:90]

    def module(self, library: Any) -> Any:
        """The module, of a library."""
        return getattr(library.nn, self.name)(*translated(library, self.args), **translated(library, self.options))

    def arrays(self, seed: int = 0) -> list:
        """(array or plain value, whether it wants a gradient) of each input."""
        random, made = np.random.default_rng(seed), []
        for one in self.inputs:
            if isinstance(one, Made):
                made.append((one.make(random), one.grad))
            elif isinstance(one, tuple) and all(isinstance(size, int) for size in one):
                made.append((random.standard_normal(one), True))
            else:
                made.append((one, False))
        return made

    def tensors(self, library: Any, seed: int = 0) -> list:
        """The inputs as tensors of a library."""
        return [library.from_numpy(np.array(value)).requires_grad_(grad) if isinstance(value, np.ndarray) else translated(library, value)
                for value, grad in self.arrays(seed)]


class Lazy:
    """An argument that a library must make: ``Lazy(lambda t: t.ones(3))``."""

    def __init__(self, make: Callable, said: str):
        self.make, self.said = make, said

    def __repr__(self) -> str:
        return self.said


def ones(*shape: int, value: float = 1.0) -> Lazy:
    return Lazy(lambda t: t.full(shape, value, dtype=t.float64), f"tensor{list(shape)}")


def ramp(size: int) -> Lazy:
    return Lazy(lambda t: t.arange(1, size + 1).double() / size, f"ramp({size})")


def translated(library: Any, value: Any) -> Any:
    """``value`` with what a library must make made."""
    if isinstance(value, Lazy):
        return value.make(library)
    if isinstance(value, dict):
        return {key: translated(library, one) for key, one in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(translated(library, one) for one in value)
    return copy.copy(value)


def rows(name: str, *inputs: Any, of: Any = ((),), more: Any = (), **how: Any) -> list[Row]:
    """Rows of one module: of each tuple of arguments, and of each dictionary of options after the first tuple."""
    first = of[0]
    return [Row(name, args, {}, inputs, **how) for args in of] + [Row(name, first, options, inputs, **how) for options in more]


def manhattan(x: Any, y: Any) -> Any:
    """A distance of vectors."""
    return (x - y).abs().sum(-1)


S, X, V = (2, 4, 7), (2, 4, 6, 5), (1, 4, 4, 5, 3)        # signals, images, volumes
BY_DIMS = ((1, S), (2, X), (3, V))
LONG = dict(zip((1, 2, 3), ((2, 4, 9), (1, 4, 9, 8), (1, 4, 5, 6, 5))))
REDUCTIONS = ({"reduction": "none"}, {"reduction": "sum"})
LEGACY = ({"size_average": False}, {"reduce": False}, {"size_average": True, "reduce": True})
AB, ABC = ((3, 4), (3, 4)), ((3, 4), (3, 4), (3, 4))

CONVOLUTIONS = [row for dims, size in BY_DIMS for row in (
    *rows(f"Conv{dims}d", size, of=((4, 6, 3), (4, 2, (2, 3, 2)[:dims], (2, 1, 2)[:dims], (1, 2, 1)[:dims], (1, 2, 1)[:dims])), more=[
        {"stride": 2}, {"padding": 1}, {"padding": "same"}, {"padding": "valid"}, {"dilation": (1, 2, 1)[:dims]}, {"groups": 2}, {"bias": False},
        *({"padding": 1, "padding_mode": mode} for mode in ("reflect", "replicate", "circular")), {"padding": "same", "padding_mode": "circular"}]),
    *rows(f"Conv{dims}d", size[1:], of=((4, 2, 2),)), *rows(f"Conv{dims}d", size, of=((4, 4, 3),), more=[{"groups": 4, "padding": 1}]),
    *rows(f"ConvTranspose{dims}d", size, of=((4, 3, 2), (4, 2, (2, 3, 2)[:dims], (2, 1, 2)[:dims], (1, 2, 0)[:dims])), more=[
        {"stride": 2}, {"padding": 1}, {"stride": 2, "output_padding": 1}, {"bias": False}, {"dilation": 2}]),
    *rows(f"ConvTranspose{dims}d", size, of=((4, 6, 3),), more=[{"groups": 2}]), *rows(f"ConvTranspose{dims}d", size[1:], of=((4, 2, 2),)),
    Row(f"ConvTranspose{dims}d", (4, 2, 3), {"stride": 2}, (size,), call={"output_size": [2 * one + 2 for one in size[2:]]}),
)]
FOLDS = [
    *rows("Unfold", X, of=((2,), ((2, 3), (1, 2), (1, 0), (2, 1))), more=[{"dilation": 2}, {"padding": 1}, {"stride": 2}]),
    *rows("Fold", (2, 8, 12), of=(((4, 5), 2),)), Row("Fold", ((5, 6), (2, 3), (2, 1), (1, 2), (1, 2)), {}, ((2, 12, 20),)),
    Row("Fold", ((4, 5), 2), {}, ((8, 12),)),
]
POOLS = [row for dims, size in BY_DIMS for row in (
    *rows(f"MaxPool{dims}d", LONG[dims], of=((2,), (3, 2, 1, 1, True)), more=[
        {"stride": 1}, {"padding": 1}, {"dilation": 2}, {"return_indices": True}, {"ceil_mode": True}]),
    *rows(f"AvgPool{dims}d", LONG[dims], of=((2,), (3, 2, 1)), more=[
        {"stride": 1}, {"padding": 1}, {"padding": 1, "ceil_mode": True}, {"padding": 1, "count_include_pad": False},
        *([{"divisor_override": 3}] if dims > 1 else [])]),
    *rows(f"LPPool{dims}d", shares(*LONG[dims], grad=True), of=((2, 2), (3, 3, 2)), more=[{"stride": 1}, {"ceil_mode": True}]),
    *rows(f"AdaptiveAvgPool{dims}d", size, of=((2,), (3,)) if dims == 1 else ((2,), ((3, None, 1)[:dims],))),
    *rows(f"AdaptiveMaxPool{dims}d", size, of=((2,), (3,)) if dims == 1 else ((2,), ((3, None, 1)[:dims],)), more=[{"return_indices": True}]),
    *(Row(f"{kind}Pool{dims}d", (2,), {}, (LONG[dims][1:],)) for kind in ("Max", "Avg", "AdaptiveAvg", "AdaptiveMax")),
    Row(f"MaxUnpool{dims}d", (2,), {}, ((1, 1, *(2,) * dims), exactly(np.arange(2 ** dims).reshape(1, 1, *(2,) * dims)))),
    Row(f"MaxUnpool{dims}d", (3, 2, 1), {}, ((1, 1, *(2,) * dims), exactly(np.arange(2 ** dims).reshape(1, 1, *(2,) * dims)))),
    Row(f"MaxUnpool{dims}d", (2, 2), {}, ((1, 1, *(2,) * dims), exactly(np.arange(2 ** dims).reshape(1, 1, *(2,) * dims)),
                                         [1, 1, *(5,) * dims])),
)] + [row for dims, size in BY_DIMS[1:] for row in rows(
    f"FractionalMaxPool{dims}d", size, of=((2,),), more=[
        {"output_size": (2, 3, 1)[:dims], "_random_samples": ones(size[0], 4, dims, value=0.3)},
        {"output_ratio": 0.6, "_random_samples": ones(size[0], 4, dims, value=0.7), "return_indices": True}])[1:]]
PADS = [row for dims, size in BY_DIMS for row in (
    *(row for kind in ("Reflection", "Replication", "Circular", "Zero") for row in rows(
        f"{kind}Pad{dims}d", size, of=((1,), ((1, 2, 0, 1, 2, 1)[:2 * dims],)))),
    *rows(f"ConstantPad{dims}d", size, of=((1, 2.5), ((1, -1, 2, 0, 1, 1)[:2 * dims], -1.0))))]

E = (3, 4)
IN_PLACE = ({"inplace": True},)
ACTIVATIONS = [
    *rows("ELU", E, more=[{"alpha": 0.5}, *IN_PLACE]), *rows("Hardshrink", E, more=[{"lambd": 0.2}]),
    *rows("Hardtanh", E, more=[{"min_val": -0.4}, {"max_val": 0.3}, *IN_PLACE]), *rows("LeakyReLU", E, more=[{"negative_slope": 0.2}, *IN_PLACE]),
    *rows("LogSigmoid", E), *rows("PReLU", E, more=[{"num_parameters": 4}, {"init": 0.1}]), *rows("ReLU", E, more=IN_PLACE),
    *rows("ReLU6", E, more=IN_PLACE), *rows("RReLU", E, random=True, more=[{"lower": 0.2, "upper": 0.2}, {"upper": 0.5}, *IN_PLACE]),
    *rows("SELU", E, more=IN_PLACE), *rows("CELU", E, more=[{"alpha": 0.5}, *IN_PLACE]), *rows("Sigmoid", E),
    *rows("Softplus", E, more=[{"beta": 2}, {"threshold": 0.5}]), *rows("Softshrink", E, more=[{"lambd": 0.2}]), *rows("Softsign", E),
    *rows("Tanh", E), *rows("Tanhshrink", E), *rows("Threshold", E, of=((0.1, 20.0),), more=IN_PLACE), *rows("Softmin", E, of=((1,), (0,))),
    *rows("Softmax", E, of=((1,), (0,))), *rows("Softmax2d", X), *rows("LogSoftmax", E, of=((1,), (0,))),
    *rows("GELU", E, more=[{"approximate": "tanh"}]), *rows("GLU", E, more=[{"dim": 1}]), *rows("SiLU", E, more=IN_PLACE),
    *rows("Mish", E, more=IN_PLACE), *rows("Hardsigmoid", E, more=IN_PLACE), *rows("Hardswish", E, more=IN_PLACE),
    *rows("AdaptiveLogSoftmaxWithLoss", (5, 16), labels(5, classes=12), of=((16, 12, [3, 6]),), more=[{"div_value": 2.0}, {"head_bias": True}]),
    Row("AdaptiveLogSoftmaxWithLoss", (16, 12, [3, 6]), {}, ((16,), labels(classes=12))),
]
NORMS = [row for dims, size in BY_DIMS for row in (
    *rows(f"BatchNorm{dims}d", size, of=((4,),), more=[
        {"eps": 0.1}, {"momentum": 0.3}, {"momentum": None}, {"affine": False}, {"track_running_stats": False}, {"bias": False}]),
    *rows(f"InstanceNorm{dims}d", size, of=((4,),), more=[
        {"eps": 0.1}, {"momentum": 0.3, "track_running_stats": True}, {"affine": True}, {"track_running_stats": True},
        {"affine": True, "bias": False}]),
)] + [
    Row("BatchNorm1d", (4,), {}, ((5, 4),)), *rows("SyncBatchNorm", X, of=((4,),), more=[
        {"eps": 0.1, "momentum": 0.2}, {"affine": False}, {"track_running_stats": False}, {"bias": False}]),
    *rows("GroupNorm", X, of=((2, 4), (4, 4)), more=[{"eps": 0.1}, {"affine": False}, {"bias": False}]),
    *rows("LayerNorm", (3, 2, 4), of=((4,), ([2, 4],)), more=[{"eps": 0.1}, {"elementwise_affine": False}, {"bias": False}]),
    *rows("RMSNorm", (3, 2, 4), of=((4,), ([2, 4],)), more=[{"eps": 0.1}, {"elementwise_affine": False}]),
    *rows("LocalResponseNorm", X, of=((2,),), more=[{"alpha": 0.3}, {"alpha": 0.3, "beta": 0.5}, {"k": 2.0}]),
    *rows("CrossMapLRN2d", X, of=((3,),), more=[{"alpha": 0.3, "beta": 0.5, "k": 2}]),
    Row("InstanceNorm1d", (4,), {}, (S[1:],)), Row("InstanceNorm2d", (4,), {"affine": True}, (X[1:],)),
]
RECURRENT = [row for kind in ("RNN", "LSTM", "GRU") for row in rows(kind, (3, 2, 4), of=((4, 3), (4, 3, 2)), more=[
    {"bias": False}, {"batch_first": True}, {"bidirectional": True}, {"num_layers": 2, "bidirectional": True},
    *([{"nonlinearity": "relu"}] if kind == "RNN" else [{"proj_size": 2, "num_layers": 2}] if kind == "LSTM" else [])])
] + [Row(kind, (4, 3, 2), {"dropout": 0.5}, ((3, 2, 4),), random=True) for kind in ("RNN", "LSTM", "GRU")] + [
    Row("RNN", (4, 3), {}, ((3, 2, 4), (1, 2, 3))), Row("GRU", (4, 3), {}, ((3, 4), (1, 3))),
] + [row for kind in ("RNNCell", "LSTMCell", "GRUCell") for row in rows(kind, (2, 4), of=((4, 3),), more=[
    {"bias": False}, *([{"nonlinearity": "relu"}] if kind == "RNNCell" else [])])] + [Row("GRUCell", (4, 3), {}, ((2, 4), (2, 3)))]
LINEAR = [
    *rows("Linear", (3, 4), of=((4, 2),), more=[{"bias": False}]), *rows("Bilinear", (3, 4), (3, 2), of=((4, 2, 3),), more=[{"bias": False}]),
    *rows("Identity", E), *rows("Flatten", X, of=((), (2,), (1, 2))), *rows("Unflatten", (2, 6), of=((1, (2, 3)),)),
    *(row for name, size in (("Dropout", E), ("Dropout1d", S), ("Dropout2d", X), ("Dropout3d", V), ("AlphaDropout", E), ("FeatureAlphaDropout", X))
      for row in rows(name, size, random=True, more=[{"p": 0.2}, {"p": 0.0}, *([] if "Alpha" in name else [{"p": 1.0}]), *IN_PLACE])),
    *rows("Embedding", labels(3, 2, classes=6), of=((6, 3),), more=[
        {"padding_idx": 2}, {"padding_idx": -1}, {"max_norm": 0.7}, {"max_norm": 0.7, "norm_type": 1.0}, {"scale_grad_by_freq": True}, {"sparse": True}, {"_freeze": True}]),
    *rows("EmbeddingBag", labels(3, 2, classes=6), of=((6, 3),), more=[
        {"mode": "sum"}, {"mode": "max"}, {"max_norm": 0.7}, {"max_norm": 0.7, "norm_type": 1.0}, {"scale_grad_by_freq": True}, {"sparse": True},
        {"padding_idx": 1}]),
    Row("EmbeddingBag", (6, 3), {}, (labels(6, classes=6), exactly([0, 2, 2]))),
    Row("EmbeddingBag", (6, 3), {"include_last_offset": True, "mode": "sum"}, (labels(6, classes=6), exactly([0, 2, 6]))),
    Row("EmbeddingBag", (6, 3), {"mode": "sum"}, (labels(3, 2, classes=6),), call={"per_sample_weights": ones(3, 2, value=0.5)}),
]
LOSSES = [
    *rows("L1Loss", *AB, more=[*REDUCTIONS, *LEGACY]), *rows("MSELoss", *AB, more=[*REDUCTIONS, *LEGACY]),
    *rows("SmoothL1Loss", *AB, more=[*REDUCTIONS, *LEGACY, {"beta": 0.5}]),
    *rows("CrossEntropyLoss", (3, 4), labels(3), more=[
        *REDUCTIONS, *LEGACY, {"weight": ramp(4)}, {"ignore_index": 1}, {"label_smoothing": 0.2}, {"weight": ramp(4), "label_smoothing": 0.2}]),
    Row("CrossEntropyLoss", (), {"weight": ramp(4)}, ((2, 4, 3), labels(2, 3))), Row("CrossEntropyLoss", (), {}, ((3, 4), shares(3, 4))),
    *rows("NLLLoss", distribution(3, 4), labels(3), more=[*REDUCTIONS, *LEGACY, {"weight": ramp(4)}, {"ignore_index": 1}]),
    Row("NLLLoss", (), {"weight": ramp(4)}, ((2, 4, 3, 2), labels(2, 3, 2))), *rows("NLLLoss2d", (2, 4, 3, 2), labels(2, 3, 2), more=[*REDUCTIONS, {"weight": ramp(4)}, {"ignore_index": 1}]),
    *rows("PoissonNLLLoss", (3, 4), shares(3, 4), more=[*REDUCTIONS, *LEGACY, {"log_input": True, "full": True}, {"eps": 0.1}]),
    Row("PoissonNLLLoss", (), {"log_input": False, "eps": 0.1}, (shares(3, 4, grad=True), labels(3, 4))),
    Row("PoissonNLLLoss", (), {"full": True}, ((3, 4), labels(3, 4))),
    *rows("KLDivLoss", distribution(3, 4), shares(3, 4), more=[*REDUCTIONS, *LEGACY, {"reduction": "batchmean"}, {"log_target": True}]),
    *rows("BCELoss", shares(3, 4, grad=True), shares(3, 4), more=[*REDUCTIONS, *LEGACY, {"weight": ramp(4)}]),
    *rows("BCEWithLogitsLoss", (3, 4), shares(3, 4), more=[*REDUCTIONS, *LEGACY, {"weight": ramp(4)}, {"pos_weight": ramp(4)}]),
    *rows("MarginRankingLoss", (5,), (5,), signs(5), more=[*REDUCTIONS, *LEGACY, {"margin": 0.5}]),
    *rows("HingeEmbeddingLoss", (5,), signs(5), more=[*REDUCTIONS, *LEGACY, {"margin": 0.5}]),
    *rows("MultiLabelMarginLoss", (3, 4), exactly([[3, 0, -1, 1], [-1, 0, 2, 3], [2, 1, 0, 3]]), more=[*REDUCTIONS, *LEGACY]),
    *rows("SoftMarginLoss", (3, 4), signs(3, 4), more=[*REDUCTIONS, *LEGACY]),
    *rows("MultiLabelSoftMarginLoss", (3, 4), labels(3, 4, classes=2), more=[*REDUCTIONS, *LEGACY, {"weight": ramp(4)}]),
    *rows("CosineEmbeddingLoss", (3, 4), (3, 4), signs(3), more=[*REDUCTIONS, *LEGACY, {"margin": 0.3}]),
    *rows("MultiMarginLoss", (3, 4), labels(3), more=[*REDUCTIONS, *LEGACY, {"p": 2}, {"margin": 0.5}, {"weight": ramp(4)}]),
    *rows("TripletMarginLoss", *ABC, more=[*REDUCTIONS, *LEGACY, {"margin": 0.5}, {"p": 1}, {"eps": 0.1}, {"swap": True}]),
    *rows("CTCLoss", distribution(6, 2, 4, dim=2), exactly([[1, 2], [3, 3]]), exactly([6, 5]), exactly([2, 2]), more=[
        *REDUCTIONS, {"zero_infinity": True}]),
    Row("CTCLoss", (), {"blank": 3}, (distribution(6, 2, 4, dim=2), exactly([1, 2, 0]), exactly([6, 5]), exactly([2, 1]))),
    *rows("HuberLoss", *AB, more=[*REDUCTIONS, {"delta": 0.5}]),
    *rows("GaussianNLLLoss", (3, 4), (3, 4), shares(3, 4, grad=True), more=[*REDUCTIONS, {"full": True}, {"eps": 0.5}]),
    *rows("TripletMarginWithDistanceLoss", *ABC, more=[*REDUCTIONS, {"margin": 0.5}, {"swap": True}, {"distance_function": manhattan}]),
    *rows("CosineSimilarity", (3, 4), (3, 4), more=[{"dim": 0}, {"eps": 2.0}]),
    *rows("PairwiseDistance", (3, 4), (3, 4), more=[{"p": 1.0}, {"eps": 0.1}, {"keepdim": True}]),
]
VISION = [
    *rows("PixelShuffle", (1, 8, 2, 3), of=((2,),)), *rows("PixelUnshuffle", (1, 2, 4, 6), of=((2,),)), *rows("ChannelShuffle", X, of=((2,),)),
    *rows("Upsample", X, of=((), ), more=[
        {"scale_factor": 2}, {"size": (3, 9)}, {"scale_factor": (1.5, 2.0), "recompute_scale_factor": True},
        *({"scale_factor": 2, "mode": mode, **more} for mode in ("bilinear", "bicubic") for more in ({}, {"align_corners": True}))])[1:],
    Row("Upsample", (), {"scale_factor": 2, "mode": "linear", "align_corners": True}, (S,)),
    Row("Upsample", (), {"size": (5, 4, 7), "mode": "trilinear"}, (V,)),
    *rows("UpsamplingNearest2d", X, more=[{"scale_factor": 2}, {"size": 4}])[1:],
    *rows("UpsamplingBilinear2d", X, more=[{"scale_factor": 2}, {"size": 4}])[1:],
]
STEADY = {"dropout": 0.0}
ATTENTION = [
    *rows("MultiheadAttention", (3, 2, 4), (3, 2, 4), (3, 2, 4), of=((4, 2),), more=[
        {"bias": False}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"batch_first": True}]),
    Row("MultiheadAttention", (4, 2), {"kdim": 3, "vdim": 5}, ((3, 2, 4), (3, 2, 3), (3, 2, 5))),
    Row("MultiheadAttention", (4, 2), {"dropout": 0.5}, ((3, 2, 4), (3, 2, 4), (3, 2, 4)), random=True),
    *(Row("TransformerEncoderLayer", (4, 2, 6), {**STEADY, **options}, ((3, 2, 4),)) for options in (
        {}, {"activation": "gelu"}, {"layer_norm_eps": 0.1}, {"batch_first": True}, {"norm_first": True}, {"bias": False})),
    *(Row("TransformerDecoderLayer", (4, 2, 6), {**STEADY, **options}, ((2, 3, 4) if "batch_first" in options else (3, 2, 4), (2, 2, 4))) for options in (
        {}, {"activation": "gelu"}, {"layer_norm_eps": 0.1}, {"batch_first": True}, {"norm_first": True}, {"bias": False})),
    *(Row("TransformerEncoder", (Lazy(lambda t: t.nn.TransformerEncoderLayer(4, 2, 6, 0.0), "layer"), 2), options, ((3, 2, 4),))
      for options in ({}, {"enable_nested_tensor": False, "mask_check": False})),
    Row("TransformerEncoder", (Lazy(lambda t: t.nn.TransformerEncoderLayer(4, 2, 6, 0.0), "layer"), 1),
        {"norm": Lazy(lambda t: t.nn.LayerNorm(4), "norm")}, ((3, 2, 4),)),
    Row("TransformerDecoder", (Lazy(lambda t: t.nn.TransformerDecoderLayer(4, 2, 6, 0.0), "layer"), 2), {}, ((3, 2, 4), (2, 2, 4))),
    Row("TransformerDecoder", (Lazy(lambda t: t.nn.TransformerDecoderLayer(4, 2, 6, 0.0), "layer"), 1),
        {"norm": Lazy(lambda t: t.nn.LayerNorm(4), "norm")}, ((3, 2, 4), (2, 2, 4))),
    *(Row("Transformer", (4, 2, 1, 1, 6, 0.0), options, ((2, 3, 4), (2, 3, 4))) for options in (
        {}, {"batch_first": True, "norm_first": True}, {"activation": "gelu"}, {"layer_norm_eps": 0.1}, {"bias": False})),
]
MODULES = [
    Lazy(lambda t: [t.nn.Linear(4, 3), t.nn.ReLU()], "modules"), Lazy(lambda t: [t.nn.Parameter(t.ones(2)), t.nn.Parameter(t.ones(3))], "parameters"),
    Lazy(lambda t: {"left": t.nn.Linear(4, 3), "right": t.nn.ReLU()}, "modules"), Lazy(lambda t: {"left": t.nn.Parameter(t.ones(2))}, "parameters"),
]
CONTAINERS = [
    Row("Sequential", (Lazy(lambda t: t.nn.Linear(4, 3), "linear"), Lazy(lambda t: t.nn.ReLU(), "relu")), {}, ((2, 4),)),
    *(Row(name, (held,)) for name, held in zip(("ModuleList", "ParameterList", "ModuleDict", "ParameterDict"), MODULES)),
]
FAMILIES = {"convolution": CONVOLUTIONS + FOLDS, "pooling": POOLS, "padding": PADS, "activation": ACTIVATIONS, "norm": NORMS,
            "recurrent": RECURRENT, "linear": LINEAR, "loss": LOSSES, "vision": VISION, "attention": ATTENTION, "container": CONTAINERS}
ROWS = [row for family in FAMILIES.values() for row in family]
FIRST = list({row.name: row for row in reversed(ROWS)}.values())[::-1]
NOT_IN_ROWS = {"Module", "Parameter", "Buffer", "UninitializedParameter", "UninitializedBuffer", "RNNBase", "RNNCellBase", "DataParallel", *(
    f"Lazy{kind}{dims}d" for kind in ("Conv", "ConvTranspose", "BatchNorm", "InstanceNorm") for dims in (1, 2, 3)), "LazyLinear"}
# bases, and what is tested where it belongs


def flat(value: Any) -> list:
    """The tensors in a result, in order."""
    if isinstance(value, (tuple, list)):
        return [tensor for one in value for tensor in flat(one)]
    return [] if value is None else [value]
