"""Attention of several heads."""
from __future__ import annotations

from typing import Any

from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .linear import Linear
from .module import Module


class NonDynamicallyQuantizableLinear(Linear):
    """A `Linear`, under the name by which PyTorch prints the last projection of `MultiheadAttention`."""


class MultiheadAttention(Module):
    """Attention in ``num_heads`` subspaces side by side: each query gets a weighted mean of the values, weighted by how well it
    fits the keys.

    Queries, keys and values are projected (by ``in_proj_weight``, or by ``q_proj_weight``, ``k_proj_weight`` and ``v_proj_weight`` where
    ``kdim`` or ``vdim`` differ from ``embed_dim``), cut into heads, attended to, and projected again by ``out_proj``. ``dropout`` drops
    weights in training. ``add_bias_kv`` adds a learnt key and value, ``add_zero_attn`` a key and value of zeros. (Vaswani et al. 2017)

    Forward: ``key_padding_mask`` (N, S) hides keys (True, or added if it is floating), ``attn_mask`` (L, S) or (N * num_heads, L, S) hides
    keys from queries; ``need_weights`` returns the weights too, a mean over the heads if ``average_attn_weights`` (faster without);
    ``is_causal`` says that ``attn_mask`` is a causal one.

    Shape: query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim) to (L, N, embed_dim) and weights (N, L, S), or with N in front if
    ``batch_first``, or all without N.

    >>> layer = torch.nn.MultiheadAttention(8, 2)
    >>> x = torch.zeros(5, 3, 8)
    >>> result, weights = layer(x, x, x)
    >>> result.shape, weights.shape
    (torch.Size([5, 3, 8]), torch.Size([3, 5, 5]))
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False,
                 add_zero_attn: bool = False, kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
                 device: Any = None, dtype: Any = None):
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} instead")
        if embed_dim % num_heads:
            raise AssertionError(f"embed_dim must be divisible by num_heads, got embed_dim={embed_dim} and num_heads={num_heads}")
        super().__init__()
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim, self.vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        self._qkv_same_embed_dim = self.kdim == embed_dim == self.vdim
        where = {"device": device, "dtype": dtype}
        sizes = {"q_proj_weight": embed_dim, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        for name, size in sizes.items():
            self.register_parameter(name, None if self._qkv_same_embed_dim else Parameter(empty(embed_dim, size, **where)))
        self.register_parameter("in_proj_weight", Parameter(empty(3 * embed_dim, embed_dim, **where)) if self._qkv_same_embed_dim else None)
        self.register_parameter("in_proj_bias", Parameter(empty(3 * embed_dim, **where)) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **where)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, Parameter(empty(1, 1, embed_dim, **where)) if add_bias_kv else None)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw new weights (Glorot and Bengio 2010); biases of projections start at 0."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None, need_weights: bool = True,
                attn_mask: Tensor | None = None, average_attn_weights: bool = True,
                is_causal: bool = False) -> tuple[Tensor, Tensor | None]:
        turned = self.batch_first and query.dim() == 3
        if turned:          # one argument still means one projection
            views = {id(one): one.transpose(0, 1) if one.dim() == 3 else one for one in (query, key, value)}
            query, key, value = [views[id(one)] for one in (query, key, value)]
        result, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k, self.bias_v,
            self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias, self.training, key_padding_mask, need_weights,
            attn_mask, not self._qkv_same_embed_dim, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight,
            average_attn_weights=average_attn_weights, is_causal=is_causal)
        return result.transpose(0, 1) if turned else result, weights

    def __setstate__(self, state: dict) -> None:
        state.setdefault("_qkv_same_embed_dim", True)       # 1.0 and 1.1 had nothing else
        state.setdefault("batch_first", False)
        super().__setstate__(state)
