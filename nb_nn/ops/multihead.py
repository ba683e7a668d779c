"""Attention of several heads: what layers of transformers are made of."""
from __future__ import annotations

import math
import warnings
from typing import Any

from ..core import launch, memory
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase, wrap
from .attention import added, scaled_dot_product_attention
from .creation import zeros
from .dropout import dropout_mask
from .joining import cat
from .matmul import linear, matmul
from .padding import pad
from .softmax import softmax_dim

Tensor = TensorBase


def multi_head_attention_forward(
        query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None,
        in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float,
        out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: bool = True, key_padding_mask: Tensor | None = None,
        need_weights: bool = True, attn_mask: Tensor | None = None, use_separate_proj_weight: bool = False,
        q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None, v_proj_weight: Tensor | None = None,
        static_k: Tensor | None = None, static_v: Tensor | None = None, average_attn_weights: bool = True,
        is_causal: bool = False) -> tuple[Tensor, Tensor | None]:
    """What `torch.nn.MultiheadAttention` computes, its parameters given as arguments; see there.

    Shape: query (L, N, E), key (S, N, E or kdim), value (S, N, E or vdim), or all without N; results (L, N, E) and, with
    ``need_weights``, weights (N, L, S), or (N, num_heads, L, S) without ``average_attn_weights``. ``static_k`` and ``static_v``
    (N * num_heads, S, E / num_heads) replace the projected keys and values. AssertionError or RuntimeError where sizes do not fit.

    >>> x, eye = tensor([[1.0, 0.0], [0.0, 1.0]]), torch.eye(2)
    >>> result, weights = torch.nn.functional.multi_head_attention_forward(
    ...     x, x, x, 2, 1, torch.cat([eye, eye, eye]), None, None, None, False, 0.0, eye, None)
    >>> weights
    tensor([[0.6698, 0.3302],
            [0.3302, 0.6698]])
    """
    batched = check_dims(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, size = query.shape
    if is_causal and attn_mask is None:
        raise RuntimeError("multi_head_attention_forward: is_causal needs attn_mask too (Transformer.generate_square_subsequent_mask makes "
                           "it)")
    is_causal = is_causal and key_padding_mask is None and not need_weights
    attn_mask = None if is_causal else attn_mask
    check_mask_types(key_padding_mask, attn_mask)
    check_sizes(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    if attn_mask is not None:
        attn_mask = checked_mask(attn_mask, (length, len(key)), batch * num_heads)
    if use_separate_proj_weight:
        weights = q_proj_weight, k_proj_weight, v_proj_weight
        if None in [None if weight is None else 0 for weight in weights]:
            raise AssertionError("multi_head_attention_forward: use_separate_proj_weight is True, but q_proj_weight, k_proj_weight or "
                                 "v_proj_weight is None")
        biases = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
        q, k, v = [to_heads(linear(*one), 1, num_heads)[0] for one in zip((query, key, value), weights, biases)]
    else:
        if in_proj_weight is None:
            raise AssertionError("multi_head_attention_forward: use_separate_proj_weight is False, but in_proj_weight is None")
        q, k, v = projected(query, key, value, in_proj_weight, in_proj_bias, num_heads)

    extra, heads = 0, (batch, num_heads, 1, size // num_heads)
    if bias_k is not None and bias_v is not None:
        if static_k is not None or static_v is not None:
            raise AssertionError("multi_head_attention_forward: a bias can not be added to static_k and static_v")
        k, v = [cat([one, bias.reshape(1, *heads[1:]).expand(*heads)], 2) for one, bias in ((k, bias_k), (v, bias_v))]
        extra += 1
    elif bias_k is not None or bias_v is not None:
        raise AssertionError("multi_head_attention_forward: bias_k and bias_v must both be given, or neither")
    k = k if static_k is None else checked_static("static_k", static_k, heads)
    v = v if static_v is None else checked_static("static_v", static_v, heads)
    if add_zero_attn:
        nothing = k.new_zeros(heads)
        k, v = cat([k, nothing], 2), cat([v, nothing], 2)
        extra += 1
    mask = merged(attn_mask, key_padding_mask, q, k.shape[2], extra)
    dropout_p = dropout_p if training else 0.0
    if need_weights:
        made, shares = weighted(q, k, v, mask, dropout_p)
    else:
        made, shares = scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal), None
    made = linear(from_heads([made]), out_proj_weight, out_proj_bias)
    if shares is not None and average_attn_weights:
        shares = shares.mean(1)
    if not batched:
        made, shares = made.squeeze(1), None if shares is None else shares.squeeze(0)
    return made, shares


def weighted(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, dropout_p: float) -> tuple[Tensor, Tensor]:
    """Attention with its weights. (A query that sees nothing gets NaN, as in PyTorch, where it gets zeros without the weights.)"""
    products = matmul(q * (1 / math.sqrt(q.shape[-1])), k.transpose(-2, -1))
    shares = softmax_dim(products if mask is None else products + mask, 3)
    if dropout_p > 0:
        shares = dropout_mask(shares, dropout_p)[0]
    return matmul(shares, v), shares


def projected(query: Tensor, key: Tensor, value: Tensor, weight: Tensor, bias: Tensor | None, num_heads: int) -> tuple:
    """Projections by weights (3 E, E) that lie upon each other, in as few products as there are different arguments."""
    size = query.shape[-1]
    if key is value and query is key:
        return to_heads(linear(query, weight, bias), 3, num_heads)
    weights, biases = weight.split(size), (None,) * 3 if bias is None else bias.split(size)
    first = to_heads(linear(query, weights[0], biases[0]), 1, num_heads)
    if key is value:
        return first + to_heads(linear(key, weight[size:], None if bias is None else bias[size:]), 2, num_heads)
    return first + tuple([to_heads(linear(*one), 1, num_heads)[0] for one in zip((key, value), weights[1:], biases[1:])])


@op
def to_heads(input: Tensor, count: int, num_heads: int) -> tuple:
    """(L, N, count * heads * size) as ``count`` tensors (N, heads, L, size), which read the same memory; nobody may write to it."""
    length, batch, _ = input._array.shape
    parts = input._array.reshape(length, batch, count, num_heads, -1).transpose(2, 1, 3, 0, 4)
    return tuple([wrap(part, input._dtype) for part in parts])


@op
def from_heads(parts: list) -> Tensor:
    """The opposite of `to_heads`, in new memory."""
    batch, num_heads, length, size = parts[0]._array.shape
    kind = parts[0]._dtype
    made = memory.empty((length, batch, len(parts), num_heads, size), kind.numpy)
    for number, part in enumerate(parts):
        launch.copy_array(part._array.transpose(2, 0, 1, 3), kind, wrap(made[:, :, number], kind))
    return wrap(made.reshape(length, batch, -1), kind)


def _to_heads_grad(grads: Any, input_size: Any, count: int, num_heads: int) -> Tensor:
    length, batch, size = input_size
    kind = next(grad for grad in grads if grad is not None)._dtype
    return from_heads([zeros(batch, num_heads, length, size // (count * num_heads), dtype=kind) if grad is None else grad
                       for grad in grads])


derivative(to_heads, input=_to_heads_grad)
derivative(from_heads, parts=lambda grad, parts_size: to_heads(grad, len(parts_size), parts_size[0][1]))


# ---- checks ------------------------------------------------------------------------------------------------------------

def check_dims(query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None, num_heads: int) -> bool:
    """Whether there is a batch; AssertionError if the numbers of dimensions do not fit each other."""
    dims = query.dim()
    if dims not in (2, 3):
        raise AssertionError(f"query should be unbatched 2D or batched 3D tensor, but received a {dims}-D query tensor of size "
                             f"{list(query.shape)}")
    for name, one, fits in (("key", key, (dims,)), ("value", value, (dims,)), ("key_padding_mask", padding, (dims - 1,)),
                            ("attn_mask", mask, (2, 3))):
        if one is not None and one.dim() not in fits:
            raise AssertionError(f"for a {dims}-D query {list(query.shape)} expected {name} to be {' or '.join(f'{n}-D' for n in fits)}, "
                                 f"but found a {one.dim()}-D tensor of size {list(one.shape)}")
    if dims == 2 and mask is not None and mask.dim() == 3 and mask.shape != (num_heads, len(query), len(key)):
        raise AssertionError(f"expected attn_mask shape to be {(num_heads, len(query), len(key))}, but got {tuple(mask.shape)}")
    return dims == 3


def check_mask_types(padding: Tensor | None, mask: Tensor | None) -> None:
    """AssertionError for masks that are neither bool nor floating."""
    for name, one in (("key_padding_mask", padding), ("attn_mask", mask)):
        if one is not None and one.dtype.category not in (0, 2):
            raise AssertionError(f"only bool and floating types of {name} are supported, but got {one.dtype}")
    if padding is not None and mask is not None and padding.dtype is not mask.dtype:
        warnings.warn("Support for mismatched key_padding_mask and attn_mask is deprecated. Use same type for both instead.", stacklevel=4)


def check_sizes(query: Tensor, key: Tensor, value: Tensor, embed_dim: int, num_heads: int, separate: bool) -> None:
    """AssertionError for arguments that do not fit the layer or each other."""
    size = query.shape[-1]
    if size != embed_dim:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim}, but got {size} in query {list(query.shape)}")
    if size % num_heads:
        raise AssertionError(f"embed_dim {size} not divisible by num_heads {num_heads}")
    if separate and key.shape[:2] != value.shape[:2]:
        raise AssertionError(f"key's sequence and batch dims {list(key.shape[:2])} do not match value's {list(value.shape[:2])}")
    if not separate and key.shape != value.shape:
        raise AssertionError(f"key shape {list(key.shape)} does not match value shape {list(value.shape)}")


def checked_mask(mask: Tensor, sizes: tuple[int, int], planes: int) -> Tensor:
    """An attention mask that fits (L, S), or (N * heads, L, S); RuntimeError otherwise."""
    wanted = sizes if mask.dim() == 2 else (planes, *sizes)
    if mask.shape != wanted:
        raise RuntimeError(f"The shape of the {mask.dim()}D attn_mask is {tuple(mask.shape)}, but should be {wanted}.")
    return mask


def checked_static(name: str, given: Tensor, heads: tuple) -> Tensor:
    """Keys or values that replace projected ones, as (N, heads, S, E / heads)."""
    batch, num_heads, _, size = heads
    if given.shape[0] != batch * num_heads or given.shape[2] != size:
        raise AssertionError(f"expecting {name} of size ({batch * num_heads}, S, {size}), but got {tuple(given.shape)}")
    return given.reshape(batch, num_heads, -1, size)


def merged(mask: Tensor | None, padding: Tensor | None, like: Tensor, keys: int, extra: int) -> Tensor | None:
    """Both masks as one that is added to the products (N, heads, L, S); the last ``extra`` keys are visible to all."""
    if mask is None and padding is None:
        return None
    batch, num_heads = like.shape[:2]
    if mask is not None:
        mask = widened(mask, like, extra)
        mask = mask if mask.dim() == 2 else mask.reshape(batch, num_heads, *mask.shape[1:])
    if padding is not None:
        if padding.shape != (batch, keys - extra):
            raise AssertionError(f"expected key_padding_mask of size {(batch, keys - extra)}, but got {tuple(padding.shape)}")
        padding = widened(padding, like, extra).reshape(batch, 1, 1, keys)
    return mask if padding is None else padding if mask is None else mask + padding


def widened(mask: Tensor, like: Tensor, extra: int) -> Tensor:
    """A mask that is added, with ``extra`` zeros behind each row. (In a bool mask of these layers True hides a key.)"""
    mask = added(~mask, like) if mask.dtype.category == 0 else mask
    return pad(mask, (0, extra)) if extra else mask
