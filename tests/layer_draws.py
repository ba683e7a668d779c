"""Random constructor options and inputs for the layers of ``nn``: what a fuzz test makes and calls in two libraries.

``LAYERS[name](draw)`` are the positional arguments, the options, the inputs and the options of the call; inputs are `Numbers`, `Labels`
or `Given`, and tensors among the options `Given`. Some are wrong on purpose: then both libraries must refuse.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


class Draw:
    """Random choices."""

    def __init__(self, seed: int):
        self.random = np.random.default_rng(seed)

    def pick(self, *options: Any) -> Any:
        return options[self.random.integers(len(options))]

    def chance(self, share: float = 0.5) -> bool:
        return bool(self.random.random() < share)

    def whole(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def each(self, dims: int, low: int, high: int) -> Any:
        """One number, or one a dimension."""
        return self.whole(low, high) if self.chance() else tuple(self.whole(low, high) for _ in range(dims))

    def sizes(self, dims: int, low: int = 1, high: int = 6) -> tuple:
        return tuple(self.whole(low, high) for _ in range(dims))

    def some(self, **options: Any) -> dict:
        """Each option with a chance of one half; a list is what to pick from."""
        return {name: self.pick(*values) if isinstance(values, list) else values for name, values in options.items() if self.chance()}

    def weights(self, *size: int) -> Given:
        return Given(self.random.uniform(0.2, 1, size))


@dataclass
class Numbers:
    """Floating numbers, normally distributed or between ``low`` and ``high``."""

    size: tuple
    low: float | None = None
    high: float = 1.0
    grad: bool = True
    normalized: int | None = None       # the dimension along which they are logarithms of probabilities

    def array(self, random: Any) -> np.ndarray:
        x = random.standard_normal(self.size) if self.low is None else random.uniform(self.low, self.high, self.size)
        return np.asarray(x if self.normalized is None else x - np.log(np.exp(x).sum(self.normalized, keepdims=True)))


@dataclass
class Labels:
    """Integers below ``classes``."""

    size: tuple
    classes: int
    low: int = 0
    grad = False

    def array(self, random: Any) -> np.ndarray:
        return np.asarray(random.integers(self.low, self.classes, self.size))


@dataclass
class Given:
    """An array."""

    value: Any
    grad = False

    def array(self, random: Any) -> np.ndarray:
        return np.asarray(self.value)


FLAG = [True, False]
BATCHES = ((2,), (2,), (1,), (), (0,), (3,))
ELEMENTS = ((3, 4), (3, 4), (4,), (), (0, 4), (2, 3, 4))


def convolution(dims: int, transposed: bool = False) -> Any:
    def make(draw: Draw) -> tuple:
        groups = draw.pick(1, 1, 2)
        inputs, outputs = groups * draw.whole(1, 3), groups * draw.whole(1, 3) + draw.chance(0.05)
        options = {"groups": groups, "stride": draw.each(dims, 1, 3), "padding": draw.each(dims, 0, 2), "dilation": draw.each(dims, 1, 2),
                   **draw.some(bias=FLAG)}
        if transposed:
            options |= draw.some(output_padding=[0, 1])
        else:
            options |= draw.some(padding_mode=["zeros", "reflect", "replicate", "circular"])
            options |= {"padding": draw.pick("same", "valid")} if draw.chance(0.3) else {}
        channels = inputs + draw.chance(0.05)
        batch = draw.pick(*(BATCHES[:4] if transposed else BATCHES))        # torch does not check an empty one
        return (inputs, outputs, draw.each(dims, 1, 3)), options, [Numbers((*batch, channels, *draw.sizes(dims)))], {}
    return make


def pooling(kind: str, dims: int) -> Any:
    def make(draw: Draw) -> tuple:
        options = draw.some(stride=[draw.each(dims, 1, 3)], padding=[draw.each(dims, 0, 1)], ceil_mode=FLAG)
        if kind == "Max":
            options |= draw.some(dilation=[draw.each(dims, 1, 2)], return_indices=FLAG)
        else:
            options |= draw.some(count_include_pad=FLAG, **({"divisor_override": 3} if dims > 1 else {}))
        low = 3 if (kind, dims) == ("Avg", 3) else 1            # there torch compares the window with the unpadded input
        return (draw.each(dims, 1, 3),), options, [Numbers((*draw.pick(*BATCHES), 2, *draw.sizes(dims, low)))], {}
    return make


def power_pooling(dims: int) -> Any:
    return lambda draw: ((draw.pick(1.0, 2.0, 3.0), draw.whole(1, 3)), draw.some(stride=[1, 2, 3], ceil_mode=FLAG),
                         [Numbers((*draw.pick(*BATCHES), 2, *draw.sizes(dims, 3)), 0.1)], {})


def adaptive_pooling(kind: str, dims: int) -> Any:
    return lambda draw: ((draw.each(dims, 1, 4),), draw.some(return_indices=FLAG) if kind == "Max" else {},
                         [Numbers((*draw.pick(*BATCHES), 2, *draw.sizes(dims)))], {})


def padding(kind: str, dims: int) -> Any:
    def make(draw: Draw) -> tuple:
        low = -1 if kind in ("Constant", "Zero") and draw.chance(0.3) else 0
        pads = draw.whole(low, 3) if draw.chance() else tuple(draw.whole(low, 3) for _ in range(2 * dims))
        return (pads, *([draw.pick(1.5, -2)] if kind == "Constant" else [])), {}, [Numbers((*draw.pick(*BATCHES), 2, *draw.sizes(dims)))], {}
    return make


def elementwise(**options: Any) -> Any:
    return lambda draw: ((), draw.some(**options), [Numbers(draw.pick(*ELEMENTS, (2, 3, 4, 5)))], {})


def along(draw: Draw) -> tuple:
    return (), draw.some(dim=[-3, -2, -1, 0, 1, 2, 3]), [Numbers(draw.pick(*ELEMENTS, (2, 3, 4, 5)))], {}


def batch_norm(kind: str, dims: int) -> Any:
    def make(draw: Draw) -> tuple:
        channels = draw.whole(1, 4)
        options = draw.some(eps=[0.1], momentum=[0.3, None, 1.0, 0.0], affine=FLAG, track_running_stats=FLAG, bias=FLAG)
        places = () if (kind, dims) == ("Batch", 1) and draw.chance(0.4) else draw.sizes(dims, 1, 4)
        batch = draw.pick((2,), (3,), (1,), *([(0,)] if kind == "Batch" else [()]))
        wrong = draw.chance(0.05) and batch != (0,)             # torch does not check an empty one
        return (channels,), options, [Numbers((*batch, channels + wrong, *places))], {}
    return make


def recurrent(kind: str) -> Any:
    def make(draw: Draw) -> tuple:
        size, hidden, layers, both = draw.whole(1, 4), draw.whole(1, 4), draw.whole(1, 2), draw.chance()
        options = {"num_layers": layers, "bidirectional": both, "batch_first": draw.chance(), **draw.some(bias=FLAG)}
        if kind == "RNN":
            options |= draw.some(nonlinearity=["tanh", "relu"])
        narrow = draw.whole(1, hidden) if kind == "LSTM" and draw.chance(0.3) else 0
        options |= {"proj_size": narrow} if narrow else {}
        steps, batch = draw.whole(1, 4), () if draw.chance(0.25) else (draw.whole(1, 3),)
        inputs: list = [Numbers((*batch, steps, size) if options["batch_first"] else (steps, *batch, size))]
        if draw.chance():
            start = (layers * (1 + both), *(one + draw.chance(0.05) for one in batch))
            state = Numbers((*start, narrow or hidden))
            inputs.append((state, Numbers((*start, hidden))) if kind == "LSTM" else state)
        return (size, hidden), options, inputs, {}
    return make


def cell(kind: str) -> Any:
    def make(draw: Draw) -> tuple:
        size, hidden, batch = draw.whole(1, 4), draw.whole(1, 4), draw.pick((2,), (), (0,), (1,))
        state = Numbers((*batch, hidden))
        inputs = [Numbers((*batch, size + draw.chance(0.05))), *([(state, state) if kind == "LSTMCell" else state] if draw.chance() else [])]
        return (size, hidden), draw.some(bias=FLAG, **({"nonlinearity": ["tanh", "relu"]} if kind == "RNNCell" else {})), inputs, {}
    return make


def attention(draw: Draw) -> tuple:
    heads = draw.pick(1, 2)
    width, queries, keys, batch = heads * draw.whole(1, 3), draw.whole(1, 4), draw.whole(1, 4), () if draw.chance(0.2) else (draw.whole(1, 3),)
    options = draw.some(bias=FLAG, add_bias_kv=True, add_zero_attn=True, batch_first=True)
    of_keys, of_values = (draw.whole(1, 4), draw.whole(1, 4)) if draw.chance(0.3) else (width, width)
    options |= {"kdim": of_keys, "vdim": of_values} if (of_keys, of_values) != (width, width) else {}
    call = draw.some(need_weights=FLAG, average_attn_weights=FLAG)
    if draw.chance(0.4):
        mask = draw.random.random((queries, keys)) < 0.3
        mask[:, 0] = False
        call["attn_mask"] = Given(mask if draw.chance() else np.where(mask, -np.inf, 0.0))
    if draw.chance(0.4):
        mask = draw.random.random((*batch, keys)) < 0.3
        mask[..., 0] = False
        call["key_padding_mask"] = Given(mask)

    def numbers(length: int, features: int) -> Numbers:
        return Numbers((*batch, length, features) if options.get("batch_first") else (length, *batch, features))
    return (width, heads), options, [numbers(queries, width), numbers(keys, of_keys), numbers(keys, of_values)], call


def transformer_layer(inputs: int) -> Any:
    def make(draw: Draw) -> tuple:
        heads = draw.pick(1, 2)
        width, batch = heads * draw.whole(1, 3), draw.whole(1, 3)
        options = {"dropout": 0.0, **draw.some(activation=["relu", "gelu"], batch_first=True, norm_first=True, bias=FLAG, layer_norm_eps=0.1)}
        lengths = [draw.whole(1, 4) for _ in range(inputs)]
        mask = Given(np.triu(np.full((lengths[0], lengths[0]), -np.inf), 1))
        sizes = [(batch, one, width) if options.get("batch_first") else (one, batch, width) for one in lengths]
        return (width, heads, 5), options, [Numbers(size) for size in sizes], draw.some(**{("src_mask", "tgt_mask")[inputs - 1]: mask})
    return make


def last_dims_norm(name: str) -> Any:
    def make(draw: Draw) -> tuple:
        size = draw.pick((3, 4), (2, 3, 4), (0, 4), (4,), (2, 3, 4, 5))
        shape = [*size[-draw.whole(1, len(size)):]]
        shape[0] += draw.chance(0.05)
        return (shape,), draw.some(eps=[0.1], elementwise_affine=FLAG, **({"bias": FLAG} if name == "LayerNorm" else {})), [Numbers(size)], {}
    return make


def group_norm(draw: Draw) -> tuple:
    groups = draw.whole(1, 3)
    channels = groups * draw.whole(1, 2) + draw.chance(0.05)
    return (groups, channels), draw.some(eps=[0.1], affine=FLAG, bias=FLAG), [
        Numbers((draw.pick(1, 2, 0), channels, *draw.pick((), (3,), (2, 3))))], {}


def neighbours_norm(draw: Draw) -> tuple:
    return (draw.whole(1, 4),), draw.some(alpha=0.3, beta=0.5, k=2.0), [Numbers((draw.pick(2, 0), 4, *draw.sizes(draw.whole(1, 3), 1, 4)))], {}


def linear(draw: Draw) -> tuple:
    inputs = draw.whole(1, 4)
    return (inputs, draw.whole(1, 4)), draw.some(bias=FLAG), [Numbers((*draw.pick((2,), (), (0,), (2, 3)), inputs + draw.chance(0.05)))], {}


def bilinear(draw: Draw) -> tuple:
    first, second, batch = draw.whole(1, 4), draw.whole(1, 4), draw.pick((2,), (), (0,), (2, 3))
    return (first, second, draw.whole(1, 4)), draw.some(bias=FLAG), [Numbers((*batch, first)), Numbers((*batch, second + draw.chance(0.05)))], {}


def embedding(draw: Draw) -> tuple:
    options = draw.some(padding_idx=[0, 2, -1], max_norm=[0.5, 1.0], norm_type=[1.0, 2.0], sparse=FLAG)
    return (6, 3), options, [Labels(draw.pick((3, 2), (), (0,), (4,)), 6 + draw.chance(0.05))], {}


def embedding_bag(draw: Draw) -> tuple:
    mode, call = draw.pick("sum", "mean", "max"), {}
    options = {"mode": mode, **draw.some(padding_idx=[0, 2, -1], max_norm=[0.5, 1.0]), **(draw.some(sparse=FLAG) if mode != "max" else {})}
    size: tuple = (draw.whole(1, 3), draw.whole(1, 4))
    inputs: list = [Labels(size, 6)]
    if draw.chance():
        size = (draw.whole(0, 6),)
        options["include_last_offset"] = draw.chance()
        offsets = sorted([0, draw.whole(0, size[0]), draw.whole(0, size[0])]) + [size[0]] * options["include_last_offset"]
        inputs = [Labels(size, 6), Given(offsets)]
    if mode == "sum" and draw.chance():
        call["per_sample_weights"] = Numbers(size)
    return (6, 3), options, inputs, call


def windows(draw: Draw) -> dict:
    return draw.some(stride=[draw.each(2, 1, 2)], padding=[draw.each(2, 0, 2)], dilation=[draw.each(2, 1, 2)])


def unfold(draw: Draw) -> tuple:
    return (draw.each(2, 1, 3),), windows(draw), [Numbers((*draw.pick((2,), (), (1,), (0,)), 2, *draw.sizes(2)))], {}


def fold(draw: Draw) -> tuple:
    out, kernel, options = (draw.whole(2, 6), draw.whole(2, 6)), draw.each(2, 1, 3), windows(draw)

    def both(value: Any) -> tuple:
        return value if isinstance(value, tuple) else (value, value)
    geometry = zip(out, both(kernel), both(options.get("stride", 1)), both(options.get("padding", 0)), both(options.get("dilation", 1)))
    count = int(np.prod([(size + 2 * pad - apart * (window - 1) - 1) // step + 1 for size, window, step, pad, apart in geometry]))
    return (out, kernel), options, [Numbers((*draw.pick((2,), (), (1,)), 2 * int(np.prod(both(kernel))), max(count + draw.chance(0.05), 0)))], {}


def unpooling(dims: int) -> Any:
    def make(draw: Draw) -> tuple:
        window, size = draw.whole(2, 3), draw.sizes(dims, 1, 3)
        count, places = int(np.prod(size)), int(np.prod(size)) * window ** dims
        indices = np.stack([draw.random.permutation(places)[:count].reshape(size) for _ in range(2)])
        batch = draw.pick((), (1,))
        return (window,), draw.some(stride=window), [Numbers((*batch, 2, *size)), Given(indices.reshape(*batch, 2, *size))], {}
    return make


def resampling(draw: Draw) -> tuple:
    dims = draw.whole(1, 3)
    by_dims = {1: "linear", 2: "bilinear", 3: "trilinear"}[dims]
    options: dict = {"mode": draw.pick("nearest", "nearest-exact", "area", by_dims, by_dims, "bicubic", "linear")}
    if draw.chance():
        options["size"] = draw.each(dims, 1, 8)
    else:
        options["scale_factor"] = draw.pick(2, 1.5, 0.5, 0.7, 3.0) if draw.chance() else tuple(draw.pick(2.0, 1.5, 0.6) for _ in range(dims))
        options |= draw.some(recompute_scale_factor=FLAG)
    if "linear" in options["mode"] or options["mode"] == "bicubic":
        options |= draw.some(align_corners=FLAG)
    return (), options, [Numbers((draw.pick(1, 2), 2, *draw.sizes(dims, 1, 5)))], {}


def shuffle(kind: str) -> Any:
    def make(draw: Draw) -> tuple:
        factor = draw.whole(1, 3)
        size = {"PixelShuffle": (2 * factor * factor + draw.chance(0.05), 2, 3), "PixelUnshuffle": (2, 2 * factor, 3 * factor)}[kind]
        return (factor,), {}, [Numbers((*draw.pick((2,), (), (1,)), *size))], {}
    return make


def dropout(dims: int) -> Any:
    return lambda draw: ((), {"p": draw.pick(0.0, 1.0)}, [Numbers((*draw.pick((2,), (), (1,)), 3, *draw.sizes(dims, 1, 3)))], {})


LAYERS = {
    **{f"{name}{dims}d": make for dims in (1, 2, 3) for name, make in (
        ("Conv", convolution(dims)), ("ConvTranspose", convolution(dims, True)), ("MaxPool", pooling("Max", dims)), ("AvgPool", pooling("Avg", dims)),
        ("LPPool", power_pooling(dims)), ("AdaptiveAvgPool", adaptive_pooling("Avg", dims)), ("AdaptiveMaxPool", adaptive_pooling("Max", dims)),
        ("BatchNorm", batch_norm("Batch", dims)), ("InstanceNorm", batch_norm("Instance", dims)), ("MaxUnpool", unpooling(dims)),
        ("Dropout", dropout(dims)), *((f"{kind}Pad", padding(kind, dims)) for kind in ("Reflection", "Replication", "Circular", "Zero", "Constant")))},
    "RNN": recurrent("RNN"), "LSTM": recurrent("LSTM"), "GRU": recurrent("GRU"),
    "RNNCell": cell("RNNCell"), "LSTMCell": cell("LSTMCell"), "GRUCell": cell("GRUCell"),
    "ELU": elementwise(alpha=[0.5, 2], inplace=FLAG), "CELU": elementwise(alpha=[0.5, 2], inplace=FLAG), "Hardshrink": elementwise(lambd=[0.2, 1]),
    "Hardtanh": elementwise(min_val=[-0.4, -2], max_val=[0.3, 2], inplace=FLAG), "LeakyReLU": elementwise(negative_slope=[0.2, 0.01], inplace=FLAG),
    "Softplus": elementwise(beta=[2, 0.5], threshold=[0.5, 20]), "Softshrink": elementwise(lambd=[0.2, 0, -1]), "GELU": elementwise(approximate=["tanh", "none"]),
    **{name: elementwise() for name in ("LogSigmoid", "Sigmoid", "Softsign", "Tanh", "Tanhshrink", "Identity")},
    **{name: elementwise(inplace=FLAG) for name in ("ReLU", "ReLU6", "SELU", "SiLU", "Mish")},
    "Softmin": along, "Softmax": along, "LogSoftmax": along, "GLU": along,
    "PReLU": lambda draw: ((), {"num_parameters": draw.pick(1, 3), **draw.some(init=0.1)}, [Numbers(draw.pick((2, 3), (2, 3, 4), (0, 3), (2, 4)))], {}),
    "LayerNorm": last_dims_norm("LayerNorm"), "RMSNorm": last_dims_norm("RMSNorm"), "GroupNorm": group_norm, "LocalResponseNorm": neighbours_norm,
    "Linear": linear, "Bilinear": bilinear, "Embedding": embedding, "EmbeddingBag": embedding_bag, "MultiheadAttention": attention,
    "TransformerEncoderLayer": transformer_layer(1), "TransformerDecoderLayer": transformer_layer(2), "Fold": fold, "Unfold": unfold,
    "Upsample": resampling, "PixelShuffle": shuffle("PixelShuffle"), "PixelUnshuffle": shuffle("PixelUnshuffle"),
    "ChannelShuffle": lambda draw: ((draw.whole(1, 4),), {}, [Numbers((draw.pick(1, 2), 6, *draw.pick((2,), (2, 3), ())))], {}),
    "Flatten": lambda draw: ((), draw.some(start_dim=[-2, 0, 1, 2], end_dim=[-1, 0, 1, 3]), [Numbers(draw.pick((2, 3, 4), (2,), (), (0, 3)))], {}),
    "Unflatten": lambda draw: ((draw.whole(-2, 2), draw.pick((2, 3), (2, -1), (-1,), (4, 2))), {}, [Numbers(draw.pick((2, 6), (6, 2), (6,)))], {}),
}
