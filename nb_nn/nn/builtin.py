"""Layers' functions as the ``torch`` namespace has them: like those of `nn.functional`, but with reductions by number
(0 none, 1 mean, 2 sum), arguments in an order of their own, and a switch for cuDNN that changes nothing."""
from __future__ import annotations

from typing import Any

from ..core.tensor_base import TensorBase
from ..ops import dropout as dropouts
from ..ops import matrix_norms
from ..ops.moments import norm
from ..ops.padding import constant_pad
from . import functional as F
from .utils.weight_norm import norm_except_dim as norm_except_dim

Tensor = TensorBase
REDUCTIONS = ("none", "mean", "sum")


def by_number(reduction: Any) -> str:
    """The name of a reduction given by its number (or its name)."""
    if isinstance(reduction, str):
        return reduction
    if reduction not in (0, 1, 2):
        raise ValueError(f"{reduction} is not a valid value for reduction; expected 0 (none), 1 (mean) or 2 (sum)")
    return REDUCTIONS[reduction]


# ---- normalization -----------------------------------------------------------------------------------------------------

def batch_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
               training: bool, momentum: float, eps: float, cudnn_enabled: bool = False) -> Tensor:
    """`nn.functional.batch_norm` with weight and bias first.

    >>> torch.batch_norm(tensor([[1.0], [3.0]]), None, None, None, None, True, 0.1, 0.0, False)
    tensor([[-1.],
            [ 1.]])
    """
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
                  use_input_stats: bool, momentum: float, eps: float, cudnn_enabled: bool = False) -> Tensor:
    """`nn.functional.instance_norm` with weight and bias first.

    >>> torch.instance_norm(tensor([[[1.0, 3.0]]]), None, None, None, None, True, 0.1, 0.0, False)
    tensor([[[-1.,  1.]]])
    """
    return F.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def layer_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5,
               cudnn_enable: bool = True) -> Tensor:
    """`nn.functional.layer_norm`.

    >>> torch.layer_norm(tensor([[1.0, 3.0]]), (2,), eps=0.0)
    tensor([[-1.,  1.]])
    """
    return F.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5,
               cudnn_enabled: bool = True) -> Tensor:
    """`nn.functional.group_norm`.

    >>> torch.group_norm(tensor([[1.0, 3.0]]), 1, eps=0.0)
    tensor([[-1.,  1.]])
    """
    return F.group_norm(input, num_groups, weight, bias, eps)


# ---- dropout -----------------------------------------------------------------------------------------------------------

def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.dropout`.

    >>> torch.dropout(tensor([1.0, 2.0]), 0.5, False)
    tensor([1., 2.])
    """
    return F.dropout(input, p, train)


def dropout_(self: Tensor, p: float, train: bool) -> Tensor:
    """In-place form of :func:`dropout`.

    >>> torch.dropout_(torch.ones(2), 1.0, True)
    tensor([0., 0.])
    """
    return F.dropout(self, p, train, inplace=True)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` of whole channels of (N, C, \\*).

    >>> torch.feature_dropout(torch.ones(1, 2, 1), 0.5, False).sum()
    tensor(2.)
    """
    return F.dropout2d(input, p, train)


def feature_dropout_(self: Tensor, p: float, train: bool) -> Tensor:
    """In-place form of :func:`feature_dropout`.

    >>> torch.feature_dropout_(torch.ones(1, 2, 2), 1.0, True)
    tensor([[[0., 0.],
             [0., 0.]]])
    """
    return F.dropout2d(self, p, train, inplace=True)


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.alpha_dropout`.

    >>> torch.alpha_dropout(torch.ones(2), 0.0, True)
    tensor([1., 1.])
    """
    return F.alpha_dropout(input, p, train)


def alpha_dropout_(self: Tensor, p: float, train: bool) -> Tensor:
    """In-place form of :func:`alpha_dropout`.

    >>> torch.alpha_dropout_(torch.ones(2), 0.5, False)
    tensor([1., 1.])
    """
    return F.alpha_dropout(self, p, train, inplace=True)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.feature_alpha_dropout`.

    >>> torch.feature_alpha_dropout(torch.ones(1, 2, 2), 0.0, True).sum()
    tensor(4.)
    """
    return F.feature_alpha_dropout(input, p, train)


def feature_alpha_dropout_(self: Tensor, p: float, train: bool) -> Tensor:
    """In-place form of :func:`feature_alpha_dropout`.

    >>> torch.feature_alpha_dropout_(torch.ones(1, 2, 2), 0.5, False).sum()
    tensor(4.)
    """
    return F.feature_alpha_dropout(self, p, train, inplace=True)


def rrelu(input: Tensor, lower: float = 0.125, upper: float = 1 / 3, training: bool = False, generator: Any = None) -> Tensor:
    """`nn.functional.rrelu`, whose slopes a ``generator`` may draw.

    >>> torch.rrelu(tensor([-8.0, 2.0]), 0.125, 0.125)
    tensor([-1.,  2.])
    """
    return F.rrelu(input, lower, upper, training, False, generator)


# ---- losses ------------------------------------------------------------------------------------------------------------

def kl_div(self: Tensor, target: Tensor, reduction: Any = 1, *, log_target: bool = False) -> Tensor:
    """`nn.functional.kl_div`, reduced by number.

    >>> torch.kl_div(tensor([0.0]), tensor([1.0]), 2)
    tensor(0.)
    """
    return F.kl_div(self, target, reduction=by_number(reduction), log_target=log_target)


def binary_cross_entropy_with_logits(self: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None,
                                     reduction: Any = 1) -> Tensor:
    """`nn.functional.binary_cross_entropy_with_logits`, reduced by number.

    >>> torch.binary_cross_entropy_with_logits(tensor([0.0]), tensor([1.0]))
    tensor(0.6931)
    """
    return F.binary_cross_entropy_with_logits(self, target, weight, reduction=by_number(reduction), pos_weight=pos_weight)


def hinge_embedding_loss(self: Tensor, target: Tensor, margin: float = 1.0, reduction: Any = 1) -> Tensor:
    """`nn.functional.hinge_embedding_loss`, reduced by number.

    >>> torch.hinge_embedding_loss(tensor([0.25, 3.0]), tensor([-1.0, 1.0]), 1.0, 0)
    tensor([0.7500, 3.0000])
    """
    return F.hinge_embedding_loss(self, target, margin, reduction=by_number(reduction))


def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: Any = 1) -> Tensor:
    """`nn.functional.margin_ranking_loss`, reduced by number.

    >>> torch.margin_ranking_loss(tensor([1.0]), tensor([2.0]), tensor([1.0]))
    tensor(1.)
    """
    return F.margin_ranking_loss(input1, input2, target, margin, reduction=by_number(reduction))


def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: Any = 1) -> Tensor:
    """`nn.functional.cosine_embedding_loss`, reduced by number.

    >>> torch.cosine_embedding_loss(tensor([[1.0, 0.0]]), tensor([[0.0, 1.0]]), tensor([1.0]), 0.0, 2)
    tensor(1.)
    """
    return F.cosine_embedding_loss(input1, input2, target, margin, reduction=by_number(reduction))


def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6,
                        swap: bool = False, reduction: Any = 1) -> Tensor:
    """`nn.functional.triplet_margin_loss`, reduced by number.

    >>> torch.triplet_margin_loss(tensor([[0.0]]), tensor([[2.0]]), tensor([[2.0]]), eps=0.0)
    tensor(1.)
    """
    return F.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction=by_number(reduction))


def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: Any) -> Tensor:
    """`nn.functional.poisson_nll_loss`, reduced by number.

    >>> torch.poisson_nll_loss(tensor([0.0]), tensor([1.0]), True, False, 1e-8, 1)
    tensor(1.)
    """
    return F.poisson_nll_loss(input, target, log_input, full, eps=eps, reduction=by_number(reduction))


# ---- what else layers are made of --------------------------------------------------------------------------------------

def max_pool1d_with_indices(self: Tensor, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1,
                            ceil_mode: bool = False) -> tuple[Tensor, Tensor]:
    """`nn.functional.max_pool1d` and where its elements are.

    >>> torch.max_pool1d_with_indices(tensor([[1.0, 3.0, 2.0]]), 3)
    (tensor([[3.]]), tensor([[1]]))
    """
    whole = stride is None or not isinstance(stride, int) and len(stride) == 0
    return F.max_pool1d(self, kernel_size, None if whole else stride, padding, dilation, ceil_mode, True)


def constant_pad_nd(self: Tensor, pad: Any, value: float = 0) -> Tensor:
    """``pad`` elements of ``value`` beside each dimension, from the last one: (low, high, low, high, ...).

    >>> torch.constant_pad_nd(tensor([1, 2]), (1, 0), 9)
    tensor([9, 1, 2])
    """
    pad = tuple(pad)
    if len(pad) % 2 or len(pad) > 2 * self.dim():
        raise RuntimeError(f"constant_pad_nd: pad must have two numbers for each of at most {self.dim()} dimensions, got {len(pad)}")
    return constant_pad(self, pad, value)


def frobenius_norm(self: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Root of the sum of squares, of all elements or along one or two dimensions.

    >>> torch.frobenius_norm(tensor([[3.0, 4.0]]))
    tensor(5.)
    """
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) > 2:
        raise RuntimeError(f"Expected at most 2 dimensions, but got {len(dims)} dimensions instead: frobenius_norm({dims})")
    return norm(self, 2, dims or None, keepdim, out=out)


def nuclear_norm(self: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Sum of the singular values, of a matrix or along two dimensions.

    >>> torch.nuclear_norm(tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor(7.)
    """
    if isinstance(dim, bool):       # nuclear_norm(input, keepdim)
        dim, keepdim = None, dim
    if dim is None:
        if self.dim() != 2:
            raise RuntimeError(f"Expected a tensor with 2 dimensions, but got a tensor with {self.dim()} dimensions instead.")
        dim = (0, 1)
    return matrix_norms.matrix_norm(self, "nuc", tuple(dim), keepdim, out=out)


def native_batch_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
                      training: bool, momentum: float, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """`batch_norm`, and the means and the inverse deviations of the channels (empty if not ``training``).

    >>> torch.native_batch_norm(tensor([[1.0], [3.0]]), None, None, None, None, True, 0.1, 0.0)[1:]
    (tensor([2.]), tensor([1.]))
    """
    result = F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        return result, input.new_empty(0), input.new_empty(0)
    rows = input.detach().transpose(0, 1).flatten(1)
    return result, rows.mean(1), (rows.var(1, unbiased=False) + eps).rsqrt()


def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """`dropout`, and the mask of what was kept.

    >>> torch.native_dropout(tensor([1.0]), 0.0, True)
    (tensor([1.]), tensor([True]))
    """
    F.check_probability(p)
    return (input.clone(), input == input) if train is False else dropouts.dropout_mask(input, p)


def native_layer_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None, bias: Tensor | None,
                      eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """`layer_norm`, and the means and the inverse deviations, with sizes of 1 in the dimensions that are normalized.

    >>> torch.native_layer_norm(tensor([[1.0, 3.0]]), (2,), None, None, 0.0)[1:]
    (tensor([[2.]]), tensor([[1.]]))
    """
    result = F.layer_norm(input, normalized_shape, weight, bias, eps)
    dims = tuple(range(-len(normalized_shape), 0))
    values = input.detach()
    return result, values.mean(dims, keepdim=True), (values.var(dims, unbiased=False, keepdim=True) + eps).rsqrt()


def native_group_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int,
                      eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """`group_norm` of N samples with C channels of HxW elements, and the means and the inverse deviations (N, group).

    >>> torch.native_group_norm(tensor([[[1.0], [3.0]]]), None, None, 1, 2, 1, 1, 0.0)[1:]
    (tensor([[2.]]), tensor([[1.]]))
    """
    if input._array.ndim < 2 or tuple(input.shape[:2]) != (N, C) or input.numel() != N * C * HxW:
        raise RuntimeError(f"native_group_norm: input of size {list(input.shape)} has not N={N} samples of C={C} channels of "
                           f"HxW={HxW} elements")
    result = F.group_norm(input, group, weight, bias, eps)
    rows = input.detach().reshape(N, group, -1)
    return result, rows.mean(-1), (rows.var(-1, unbiased=False) + eps).rsqrt()
