"""The functions that layers are made of."""
# ruff: noqa: F401, I001  many are only re-exported
from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from ..core.dtype import get_default_dtype as _get_default_dtype
from ..core.generator import Generator
from ..core.geometry import wrap_dim
from ..core.launch import into_out as _into_out
from ..core.tensor_base import TensorBase
from ..ops import activation as _activation
from ..ops import piecewise as _piecewise
from ..ops import dropout as _dropouts
from ..ops import samplers as _samplers
from ..ops.activation import gelu, logsigmoid, softplus, softsign, tanhshrink
from ..ops.piecewise import celu, celu_, elu, elu_, prelu, selu, selu_
from ..ops.piecewise import hardtanh_, leaky_relu_, relu_, threshold_
from ..ops.attention import scaled_dot_product_attention
from ..ops.adaptive_pooling import (
    adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d, adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d,
    fractional_max_pool2d, fractional_max_pool3d,
)
from ..ops.choosing import minimum as _minimum
from ..ops.ctc import ctc_loss
from ..ops.convolution import conv1d, conv2d, conv3d, conv_tbc, conv_transpose1d, conv_transpose2d, conv_transpose3d
from ..ops.distance import difference_plus as _difference_plus, pdist
from ..ops.embedding import embedding, one_hot
from ..ops.embedding_bag import embedding_bag
from ..ops.fold import fold, unfold
from ..ops.grid_sampling import affine_grid, grid_sample
from ..ops.loss import cross_entropy, nll_loss, reduced as _reduced, reduction_of as _reduction_of
from ..ops.loss_of_elements import (
    binary_cross_entropy, binary_cross_entropy_with_logits, gaussian_nll_loss, hinge_embedding_loss, huber_loss, kl_div, l1_loss,
    margin_ranking_loss, mse_loss, poisson_nll_loss, smooth_l1_loss, soft_margin_loss,
)
from ..ops.loss_margin import multi_margin_loss, multilabel_margin_loss, multilabel_soft_margin_loss
from ..ops.matmul import linear
from ..ops.multihead import multi_head_attention_forward
from ..ops.layer_normalization import group_norm, instance_norm, layer_norm
from ..ops.normalization import batch_norm
from ..ops.norms_of_neighbours import local_response_norm, rms_norm
from ..ops.padding import pad
from ..ops.pooling import (
    avg_pool1d, avg_pool2d, avg_pool3d, lp_pool1d, lp_pool2d, lp_pool3d, max_pool1d, max_pool2d, max_pool3d,
)
from ..ops.pooling_with_indices import (
    adaptive_max_pool1d_with_indices, adaptive_max_pool2d_with_indices, adaptive_max_pool3d_with_indices,
    fractional_max_pool2d_with_indices, fractional_max_pool3d_with_indices, max_pool1d_with_indices, max_pool2d_with_indices,
    max_pool3d_with_indices,
)
from ..ops.rearranging import broadcast_tensors
from ..ops.resampling import (
    channel_shuffle, interpolate, pixel_shuffle, pixel_unshuffle, upsample, upsample_bilinear, upsample_nearest, upsample_trilinear,
)
from ..ops.unpooling import max_unpool1d, max_unpool2d, max_unpool3d
from ..ops.softmax import log_softmax_dim, softmax_dim

Tensor = TensorBase


# ---- activations -------------------------------------------------------------------------------------------------------

def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """The larger of each element and zero.

    >>> relu(tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return relu_(input) if inplace else _piecewise.relu(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Each element kept between 0 and 6.

    >>> relu6(tensor([-1.0, 2.0, 7.0]))
    tensor([0., 2., 6.])
    """
    return (hardtanh_ if inplace else _piecewise.hardtanh)(input, 0.0, 6.0)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Each element above ``threshold``; ``value`` in place of the others."""
    return (threshold_ if inplace else _piecewise.threshold)(input, threshold, value)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Each element kept between ``min_val`` and ``max_val``."""
    return (hardtanh_ if inplace else _piecewise.hardtanh)(input, min_val, max_val)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Each element, with negative ones multiplied by ``negative_slope``."""
    return (leaky_relu_ if inplace else _piecewise.leaky_relu)(input, negative_slope)


def rrelu(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False,
          generator: Generator | None = None) -> Tensor:
    """`leaky_relu` whose slopes are drawn between ``lower`` and ``upper`` in training, and are their middle otherwise.

    >>> rrelu(tensor([-8.0, 2.0]), 0.125, 0.125)
    tensor([-1.,  2.])
    """
    if lower > upper:
        raise RuntimeError(f"rrelu: lower bound should be less than or equal to the upper bound, but got {lower} and {upper}")
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    _activation.check_floating("rrelu", input)
    slopes = _samplers.uniform(input.detach(), lower, upper, generator=generator).masked_fill_(input.detach() > 0, 1)
    return input.mul_(slopes) if inplace else input * slopes


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False,
           generator: Generator | None = None) -> Tensor:
    """In-place form of :func:`rrelu`.

    >>> torch.rrelu_(tensor([-8.0, 2.0]), 0.25, 0.25)
    tensor([-2.,  2.])
    """
    return rrelu(input, lower, upper, training, True, generator)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * sigmoid(x)``."""
    return (_activation.silu_ if inplace else _activation.silu)(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * tanh(softplus(x))``."""
    return (_activation.mish_ if inplace else _activation.mish)(input)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``x / 6 + 1 / 2`` kept between 0 and 1."""
    return (_piecewise.hardsigmoid_ if inplace else _piecewise.hardsigmoid)(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * hardsigmoid(x)``."""
    return (_piecewise.hardswish_ if inplace else _piecewise.hardswish)(input)


hardshrink, softshrink = _piecewise.hardshrink, _piecewise.softshrink


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along ``dim``, times the sigmoid of the second.

    >>> glu(tensor([2.0, 0.0]))
    tensor([1.])
    """
    if input.dim() == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    if input.shape[dim] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {input.shape[dim]}")
    _activation.check_floating("glu", input)
    return _activation.glu_dim(input, wrap_dim(dim, input.dim()))


def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent."""
    return _activation.tanh(input)


def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-x))``."""
    return _activation.sigmoid(input)


def chosen_dim(name: str, input: Tensor, dim: int | None, stacklevel: int) -> int:
    """The dim counted from the front; one not given is chosen as torch 1.0 did, with a warning."""
    ndim = input._array.ndim
    if dim is not None:
        return wrap_dim(dim, ndim)
    warnings.warn(f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
                  stacklevel=stacklevel)
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """exp(x) over its sum along ``dim``: positive numbers that sum to 1. ``dtype`` casts the input first.

    >>> softmax(tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    return softmax_dim(input if dtype is None else input.to(dtype), chosen_dim("softmax", input, dim, _stacklevel))


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Logarithm of `softmax`, computed without its underflow. ``dtype`` casts the input first.

    >>> log_softmax(tensor([0.0, -1000.0]), 0)
    tensor([    0., -1000.])
    """
    return log_softmax_dim(input if dtype is None else input.to(dtype), chosen_dim("log_softmax", input, dim, _stacklevel))


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """`softmax` of ``-input``.

    >>> softmin(tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    return softmax_dim(-(input if dtype is None else input.to(dtype)), chosen_dim("softmin", input, dim, _stacklevel))


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A sample of the relaxed one-hot distribution of ``logits``; if ``hard``, one-hot with the gradient of the soft one.

    >>> gumbel_softmax(tensor([[0.0, 1.0, 2.0]]), hard=True).sum()
    tensor(1.)
    """
    gumbels = -_samplers.exponential(logits.detach()).log()
    soft = softmax((logits + gumbels) / tau, dim)
    if not hard:
        return soft
    chosen = soft.detach().new_zeros(soft.shape).scatter(dim, soft.detach().argmax(dim, True), 1.0)
    return chosen - soft.detach() + soft


# ---- linear ------------------------------------------------------------------------------------------------------------

def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input1 @ weight[k] @ input2 + bias[k]`` for each feature k.

    >>> bilinear(tensor([[2.0]]), tensor([[3.0]]), tensor([[[4.0]]]))
    tensor([[24.]])
    """
    if input1.shape[:-1] != input2.shape[:-1] or (input1.shape[-1], input2.shape[-1]) != tuple(weight.shape[1:]):
        raise RuntimeError(f"bilinear(): inputs of sizes {list(input1.shape)} and {list(input2.shape)} do not fit weight of size "
                           f"{list(weight.shape)}: leading sizes must be equal, the last ones {list(weight.shape[1:])}")
    if not input1.dtype is input2.dtype is weight.dtype or bias is not None and bias.dtype is not weight.dtype:
        raise RuntimeError(f"bilinear(): all tensors must have the same dtype, got input1: {input1.dtype}, input2: {input2.dtype}, weight: "
                           f"{weight.dtype}" + ("" if bias is None else f", bias: {bias.dtype}"))
    outputs, first, second = weight.shape
    half = linear(input1.reshape(-1, first), weight.transpose(1, 2).reshape(-1, first)).reshape(-1, outputs, second)
    result = (half * input2.reshape(-1, 1, second)).sum(-1, dtype=half.dtype).reshape(*input1.shape[:-1], outputs)
    return result if bias is None else result + bias


# ---- dropout -----------------------------------------------------------------------------------------------------------

def check_probability(p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zeros each element with probability ``p`` and multiplies the others by 1 / (1 - p).

    >>> torch.nn.functional.dropout(tensor([1.0, 2.0]), training=False)
    tensor([1., 2.])
    """
    check_probability(p)
    if not training or p == 0.0:
        return input
    if inplace:
        return input.mul_(kept(input, input._array.shape, p))
    return _dropouts.dropout_mask(input, p)[0]


def kept(input: Tensor, shape: tuple[int, ...], p: float) -> Tensor:
    """1 / (1 - p) with probability 1 - p, else 0."""
    return _dropouts.dropout_mask(input.new_ones(shape), p)[0]


def of_channels(input: Tensor, p: float, training: bool, inplace: bool, dims: int) -> Tensor:
    """`dropout` of whole channels, in front of the last ``dims`` dimensions."""
    check_probability(p)
    if not training or p == 0.0:
        return input
    shape = input._array.shape
    mask = kept(input, shape[:len(shape) - dims] + (1,) * dims, p)
    return input.mul_(mask) if inplace else input * mask


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, L) or (C, L)."""
    check_probability(p)
    if input.dim() not in (2, 3):
        raise RuntimeError(f"dropout1d: Expected 2D or 3D input, but received a {input.dim()}D input")
    return of_channels(input, p, training, inplace, 1)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, \\*).

    >>> dropout2d(torch.ones(1, 2, 1, 1), training=False).shape
    torch.Size([1, 2, 1, 1])
    """
    if input.dim() < 2:
        raise RuntimeError(f"Feature dropout requires at least 2 dimensions in the input, got {input.dim()}")
    return of_channels(input, p, training, inplace, input.dim() - 2)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, D, H, W)."""
    return dropout2d(input, p, training, inplace)


def without(input: Tensor, p: float, inplace: bool, shape: tuple[int, ...]) -> Tensor:
    """Alpha dropout (Klambauer et al. 2017): what is dropped becomes SELU's lowest value, and the result is scaled and moved so
    that mean 0 and variance 1 stay."""
    if input._dtype.category < 2:
        if p == 1:
            return input.zero_() if inplace else input * 0
        raise RuntimeError(f"result type Float can't be cast to the desired output type {input._dtype.tensor_name[:-6]}")
    lowest = -_piecewise.SELU_ALPHA * _piecewise.SELU_SCALE
    scale = 1 / math.sqrt((1 - p) * (1 + p * lowest * lowest)) if p < 1 else 0.0
    factor = _samplers.bernoulli_like(input.detach().new_empty(shape), 1 - p).mul_(scale)
    result = (input - lowest).mul_(factor).add_((1 - p) * lowest * scale)
    return input.copy_(result) if inplace else result


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout for networks with `selu`: keeps mean 0 and variance 1.

    >>> torch.nn.functional.alpha_dropout(tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    check_probability(p)
    return without(input, p, inplace, input._array.shape) if training and p else input


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels of (N, C, \\*).

    >>> torch.nn.functional.feature_alpha_dropout(torch.ones(1, 2, 2), 0.5, training=False).sum()
    tensor(4.)
    """
    check_probability(p)
    shape = input._array.shape
    return without(input, p, inplace, shape[:2] + (1,) * (len(shape) - 2)) if training and p else input


# ---- distances ---------------------------------------------------------------------------------------------------------

def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """Each vector along ``dim`` over its p-norm (but at least over ``eps``).

    >>> normalize(tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    result = input / input.norm(p, dim, True).clamp(min=eps)
    return _into_out("normalize", result, out)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Cosine of the angle between vectors along ``dim``.

    >>> cosine_similarity(tensor([[1.0, 0.0]]), tensor([[1.0, 1.0]]))
    tensor([0.7071])
    """
    x1, x2 = broadcast_tensors(x1, x2)
    return (x1 * x2).sum(dim) / (x1.norm(2, dim).clamp(min=eps) * x2.norm(2, dim).clamp(min=eps))


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of ``x1 - x2 + eps`` along the last dimension.

    >>> pairwise_distance(tensor([[3.0, 4.0]]), tensor([[0.0, 0.0]]))
    tensor([5.0000])
    """
    apart = _difference_plus(x1, x2, eps) if x1._dtype.category == x2._dtype.category == 2 else x1 - x2 + float(eps)
    return apart.norm(p, -1, keepdim)


def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, size_average: bool | None = None,
                          reduce: bool | None = None, reduction: str = "mean") -> Tensor:
    """``1 - cos`` where target is 1, ``max(0, cos - margin)`` where it is -1.

    >>> cosine_embedding_loss(tensor([[1.0, 0.0]]), tensor([[1.0, 0.0]]), tensor([-1]))
    tensor(1.)
    """
    reduction = _reduction_of(reduction, size_average, reduce)
    if input1._dtype.category < 2 and input2._dtype.category < 2:
        input1, input2 = (one.to(_get_default_dtype()) for one in (input1, input2))
    cosine = cosine_similarity(input1, input2, input1.dim() - 1)
    return _reduced((1 - cosine).masked_fill(target != 1, 0) + (cosine - margin).clamp(min=0).masked_fill(target != -1, 0), reduction)


def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
                        swap: bool = False, size_average: bool | None = None, reduce: bool | None = None,
                        reduction: str = "mean") -> Tensor:
    """``max(0, |anchor - positive| - |anchor - negative| + margin)``; ``swap`` takes the nearer of anchor and positive.

    >>> triplet_margin_loss(tensor([[0.0]]), tensor([[2.0]]), tensor([[0.5]]))
    tensor(2.5000)
    """
    reduction = _reduction_of(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = _minimum(far, pairwise_distance(positive, negative, p, eps))
    return _reduced((near - far + margin).clamp(min=0), reduction)


def triplet_margin_with_distance_loss(anchor: Tensor, positive: Tensor, negative: Tensor, *,
                                      distance_function: Callable[[Tensor, Tensor], Tensor] | None = None, margin: float = 1.0,
                                      swap: bool = False, reduction: str = "mean") -> Tensor:
    """`triplet_margin_loss` with any distance of two tensors, by default `pairwise_distance`.

    >>> triplet_margin_with_distance_loss(tensor([[0.0]]), tensor([[2.0]]), tensor([[0.5]]),
    ...                                   distance_function=lambda x, y: (x - y).abs().sum(-1))
    tensor(2.5000)
    """
    reduction = _reduction_of(reduction, None, None)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    distance = pairwise_distance if distance_function is None else distance_function
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError("The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor "
                           f"{anchor.dim()}D, positive {positive.dim()}D, and negative {negative.dim()}D inputs")
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = _minimum(far, distance(positive, negative))
    return _reduced((near - far + margin).clamp(min=0), reduction)
