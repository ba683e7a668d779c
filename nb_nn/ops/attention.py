"""Scaled dot-product attention, in blocks that stay in the cache: the weights of a whole sequence are never all in memory."""
from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core import launch, loops, memory
from ..core.device import CPU
from ..core.geometry import broadcast_shapes
from ..core.op import derivative, op
from ..core.tensor_base import TensorBase
from .choosing import where
from .creation import full_like, zeros_like
from .dropout import dropout_mask
from .matmul import matmul
from .sequences import arange
from .softmax import softmax, softmax_backward

Tensor = TensorBase
BLOCK = 1 << 20                 # weights made at once: 4 MiB of float32; fewer make threads wait for each other too often


def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
                                 is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False) -> Tensor:
    """For each query the mean of the values, weighted by the softmax of its products with the keys:
    ``softmax(query @ key.T * scale + attn_mask) @ value``.

    ``attn_mask`` broadcasts to (\\*, L, S); a bool mask says which keys a query may see, a float one is added to the products. With
    ``is_causal`` query i sees keys 0 to i. A query that sees nothing gets zeros. ``scale`` is 1 / sqrt(E) by default. ``dropout_p`` drops
    weights (give 0 in evaluation). With ``enable_gqa`` several neighbouring heads of queries (dimension -3) share one of keys and values.

    Shape: query (\\*, L, E), key (\\*, S, E), value (\\*, S, Ev), result (\\*, L, Ev); leading dimensions broadcast. RuntimeError where
    sizes or types do not fit. (Vaswani et al. 2017; in blocks as Dao et al. 2022, but each row of weights whole)

    >>> x = tensor([[[1.0, 0.0], [0.0, 1.0]]])
    >>> scaled_dot_product_attention(x, x, x, is_causal=True)
    tensor([[[1.0000, 0.0000],
             [0.3302, 0.6698]]])
    """
    check(query, key, value, attn_mask, dropout_p, is_causal)
    if enable_gqa:
        key, value = shared_by_heads("key", key, query), shared_by_heads("value", value, query)
    check_sizes(query, key, value, attn_mask)
    bias = attn_mask
    if bias is not None and bias._dtype.category == 0:
        bias = added(bias, query)
    elif bias is not None and bias._dtype is not query._dtype:
        bias = bias.to(query._dtype)
    size = query._array.shape[-1]
    factor = (1 / math.sqrt(size) if size else 0.0) if scale is None else float(scale)
    if dropout_p == 0 and query._device is CPU:
        return attend(query, key, value, bias, bool(is_causal), factor)
    weigh = attention_weights if query._device is CPU else weights_in_ops
    weights = weigh(matmul(query, key.transpose(-2, -1)), bias, bool(is_causal), factor)
    if dropout_p == 0:
        return matmul(weights, value)
    return matmul(dropout_mask(weights, dropout_p)[0], value)


def check(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float, is_causal: bool) -> None:
    """RuntimeError for arguments that can not be meant."""
    kinds, dims = [one._dtype for one in (query, key, value)], [one._array.ndim for one in (query, key, value)]
    if min(dims) < 2:
        raise RuntimeError("scaled_dot_product_attention: expected query, key and value to be at least 2 dimensional, but got "
                           f"query.dim: {dims[0]}, key.dim: {dims[1]} and value.dim: {dims[2]}")
    if kinds[0] is not kinds[1] or kinds[0] is not kinds[2] or kinds[0].category != 2:
        raise RuntimeError("scaled_dot_product_attention: expected query, key and value to have the same floating-point dtype, but got "
                           f"query.dtype: {kinds[0].name}, key.dtype: {kinds[1].name} and value.dtype: {kinds[2].name}")
    if mask is not None:
        if is_causal:
            raise RuntimeError("scaled_dot_product_attention: explicit attn_mask should not be set when is_causal=True")
        if mask._dtype.category != 0 and mask._dtype is not kinds[0] and mask._dtype.name != "float32":
            raise RuntimeError("scaled_dot_product_attention: expected attn_mask dtype to be bool or float or to match query dtype, "
                               f"but got attn_mask.dtype: {mask._dtype.name} and query.dtype: {kinds[0].name}")
    if not 0.0 <= dropout_p <= 1.0:
        raise RuntimeError(f"scaled_dot_product_attention: dropout probability has to be between 0 and 1, but got {dropout_p}")


def check_sizes(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> None:
    """RuntimeError for sizes that do not fit."""
    q, k, v = query._array.shape, key._array.shape, value._array.shape
    if q[-1] != k[-1] or k[-2] != v[-2]:
        raise RuntimeError(f"scaled_dot_product_attention: query {list(q)}, key {list(k)} and value {list(v)} do not fit: query and key "
                           "must agree in the last dimension, key and value in the last but one")
    shape = [q[:-2], k[:-2], v[:-2]]
    try:
        shape = (*broadcast_shapes(*shape), q[-2], k[-2])
        fits = mask is None or broadcast_shapes(mask._array.shape, shape)[-2:] == shape[-2:]
    except RuntimeError:
        fits = False
    if not fits:
        given = "" if mask is None else f" and attn_mask {list(mask._array.shape)}, which must broadcast to (*, {q[-2]}, {k[-2]}),"
        raise RuntimeError(f"scaled_dot_product_attention: leading dimensions of query {list(q)}, key {list(k)}, value {list(v)}{given} "
                           "do not broadcast")


def shared_by_heads(name: str, heads: Tensor, query: Tensor) -> Tensor:
    """Keys or values with each head repeated for the heads of queries that share it."""
    wanted = query._array.shape[-3] if query._array.ndim > 2 else 0
    given = heads._array.shape[-3] if heads._array.ndim > 2 else 0
    if not wanted or not given or wanted % given:
        raise RuntimeError(f"scaled_dot_product_attention: with enable_gqa the heads of {name} {list(heads._array.shape)} must divide "
                           f"those of query {list(query._array.shape)} (dimension -3)")
    if wanted == given:
        return heads
    *batch, _, length, size = heads._array.shape
    return heads.unsqueeze(-3).expand(*batch, given, wanted // given, length, size).reshape(*batch, wanted, length, size)


def added(mask: Tensor, like: Tensor) -> Tensor:
    """0 where a bool mask lets through, else -inf."""
    nothing = zeros_like(mask, dtype=like.dtype)
    return where(mask, nothing, full_like(nothing, -math.inf))


# ---- in blocks ---------------------------------------------------------------------------------------------------------

class Bias:
    """What is added to the products: matrices with adjacent rows, and which of them each plane takes."""

    def __init__(self, bias: Tensor | None, batch: tuple[int, ...], keys: int, kind: np.dtype):
        self.matrices, self.which = np.empty((0, 0, 0), kind), None
        if bias is not None and keys and bias._array.size:
            array = launch.contiguous_array(bias)
            if array.ndim < 2:
                array = array.reshape(1, -1)
            if array.shape[-1] != keys:
                array = np.array(np.broadcast_to(array, (*array.shape[:-1], keys)), order="C")
            self.matrices = array.reshape(-1, *array.shape[-2:])
            if not self.matrices.flags.writeable:
                self.matrices = self.matrices.copy()
            self.which = np.broadcast_to(np.arange(len(self.matrices)).reshape(array.shape[:-2]), batch)

    def softmax(self, block: tuple, first: int, causal: bool, scale: float, out: Any) -> None:
        """Replace the products (planes, queries, keys) of a block by weights."""
        which = np.zeros(1, np.int64) if self.which is None else np.array(self.which[block], order="C").reshape(-1)
        launch.launch("attention_softmax", self.matrices, which, scale, first, causal, out, work=8 * out.size)


def blocks(batch: tuple[int, ...], queries: int, keys: int) -> Iterator[tuple]:
    """Parts of (\\*batch, queries) with at most `BLOCK` weights: slices of the batch dimensions, and the first and last query."""
    sizes = (*batch, queries)
    steps, each = [], keys
    for size in reversed(sizes):
        steps.append(max(1, min(size, BLOCK // max(1, each))))
        each = each * size if steps[-1] >= size else BLOCK + 1
    for starts in itertools.product(*[range(0, size, step) for size, step in zip(sizes, reversed(steps))]):
        *parts, rows = [slice(start, min(start + step, size)) for start, step, size in zip(starts, reversed(steps), sizes)]
        yield tuple(parts), rows.start, rows.stop


def expanded(array: Any, batch: tuple[int, ...]) -> Any:
    """An array whose leading dimensions are ``batch``, without a copy."""
    if array.shape[:-2] == batch:
        return array
    strides = loops.broadcast_strides(array, (*batch, *array.shape[-2:]))
    return np.lib.stride_tricks.as_strided(array, (*batch, *array.shape[-2:]), strides)


def multiply(a: Any, b: Any, room: Any) -> Any:
    """Products of two stacks of matrices, in the memory ``room`` (1-d)."""
    shape = (*a.shape[:-1], b.shape[-1])
    out = room[:math.prod(shape)].reshape(shape)
    if a.shape[-1]:
        launch.launch("matmul", a, b, out)
    else:
        out.fill(0)
    return out


class Parts:
    """The operands of a call as arrays, and the memory it works in."""

    def __init__(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, causal: bool, scale: float):
        kind = query._dtype
        arrays = [launch.computing_array(one, kind) for one in (query, key, value)]
        shapes = [array.shape[:-2] for array in arrays] + ([bias._array.shape[:-2]] if bias is not None else [])
        self.batch = broadcast_shapes(*shapes)
        self.query, self.key, self.value = [expanded(array, self.batch) for array in arrays]
        self.queries, self.keys = self.query.shape[-2], self.key.shape[-2]
        self.bias = Bias(bias, self.batch, self.keys, kind.compute)
        self.causal, self.scale = causal, scale
        part, begin, end = next(blocks(self.batch, self.queries, self.keys), ((), 0, 0))
        self.room = math.prod([one.stop - one.start for one in part]) * (end - begin) * self.keys
        self.at_once = end - begin == self.queries and (not causal or self.queries >= self.keys)    # a block has all of a plane

    def __iter__(self) -> Iterator[tuple]:
        """Each block: its place in the batch, its queries, and how many keys these see."""
        for part, begin, end in blocks(self.batch, self.queries, self.keys):
            yield part, begin, end, min(end, self.keys) if self.causal else self.keys

    def weights(self, part: tuple, begin: int, end: int, seen: int, room: Any) -> Any:
        """Weights of a block, (\\*part, queries, keys seen)."""
        keys = self.key[part][..., :seen, :]
        made = multiply(self.query[part][..., begin:end, :], keys.swapaxes(-1, -2), room)
        self.bias.softmax(part, begin, self.causal, self.scale, made.reshape(-1, end - begin, seen))
        return made

    def contribute(self, a: Any, b: Any, target: Any) -> None:
        """Write products into the first rows of a gradient, or add them where blocks share it."""
        if self.at_once:
            multiply(a, b, target.reshape(-1))
        else:
            target[..., :a.shape[-2], :] += multiply(a, b, memory.empty((a.size // a.shape[-1] * b.shape[-1],), target.dtype))


@op
def attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, causal: bool, scale: float) -> Tensor:
    """`scaled_dot_product_attention` with checked arguments and a mask that is added."""
    parts, kind = Parts(query, key, value, bias, causal, scale), query._dtype
    made = memory.empty((*parts.batch, parts.queries, parts.value.shape[-1]), kind.compute)
    if made.size and parts.keys:
        room = memory.empty((parts.room,), made.dtype)
        for part, begin, end, seen in parts:
            weights = parts.weights(part, begin, end, seen, room)
            multiply(weights, parts.value[part][..., :seen, :], made[part][..., begin:end, :].reshape(-1))
    elif made.size:
        made.fill(0)
    return launch.deliver("scaled_dot_product_attention", made, kind, None)


@op
def attend_backward(grad_output: Tensor, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, causal: bool, scale: float,
                    needs: tuple) -> tuple:
    """Gradients of `attend`'s tensors (None where ``needs`` has False); the weights are made anew, block by block."""
    parts, kind = Parts(query, key, value, bias, causal, scale), query._dtype
    given = launch.computing_array(grad_output, kind)
    shapes = [parts.query.shape, parts.key.shape, parts.value.shape, (*parts.batch, parts.queries, parts.keys)]
    new = memory.empty if parts.at_once and math.prod(shapes[-1]) else memory.zeros
    made = [new(shape, given.dtype) if need else None for shape, need in zip(shapes, needs)]
    if math.prod(shapes[-1]):
        room, room2 = memory.empty((parts.room,), given.dtype), memory.empty((parts.room,), given.dtype)
        for part, begin, end, seen in parts:
            weights = parts.weights(part, begin, end, seen, room)
            block_backward(parts, part, begin, end, seen, weights, given[part][..., begin:end, :], made, room2)
    return tuple([None if array is None else launch.deliver("attention", array, kind, None) for array in made])


def block_backward(parts: Parts, part: tuple, begin: int, end: int, seen: int, weights: Any, grad: Any, made: list, room: Any) -> None:
    """Add what one block of queries contributes to the gradients of query, key, value and bias."""
    of_query, of_key, of_value, of_bias = made
    if of_value is not None:
        parts.contribute(weights.swapaxes(-1, -2), grad, of_value[part])
    if of_query is None and of_key is None and of_bias is None:
        return
    products = multiply(grad, parts.value[part][..., :seen, :].swapaxes(-1, -2), room)
    flat = products.reshape(-1, seen)
    launch.launch("attention_softmax_backward", weights.reshape(-1, seen), 1.0 if of_bias is not None else parts.scale, flat)
    if of_bias is not None:
        of_bias[part][..., begin:end, :seen] = products
        products *= parts.scale
    if of_query is not None:
        multiply(products, parts.key[part][..., :seen, :], of_query[part][..., begin:end, :].reshape(-1))
    if of_key is not None:
        parts.contribute(products.swapaxes(-1, -2), parts.query[part][..., begin:end, :], of_key[part])


@op
def attention_weights(input: Tensor, bias: Tensor | None, causal: bool, scale: float) -> Tensor:
    """Softmax of ``input * scale + bias`` (\\*, L, S) along the last dimension; zeros for queries that see nothing."""
    shape, kind = input._array.shape, input._dtype
    if bias is not None:
        shape = broadcast_shapes(shape, bias._array.shape)
    made = memory.empty(shape, kind.compute)
    if made.size:
        np.copyto(made, launch.computing_array(input, kind))
        Bias(bias, shape[:-2], shape[-1], made.dtype).softmax((), 0, causal, scale, made.reshape(-1, *shape[-2:]))
    return launch.deliver("attention_weights", made, kind, None)


def weights_in_ops(input: Tensor, bias: Tensor | None, causal: bool, scale: float) -> Tensor:
    """`attention_weights` written in operations, for devices without a kernel of it."""
    scores = input * scale if bias is None else input * scale + bias
    if causal:
        query, key = (arange(scores.shape[dim], device=scores.device) for dim in (-2, -1))
        scores = scores.masked_fill(key > query.unsqueeze(1), -math.inf)
    unseen = (scores == -math.inf).all(-1, keepdim=True)
    return softmax(scores.masked_fill(unseen, 0.0), -1).masked_fill(unseen, 0.0)


def _attend_second(grads, grad_output, query, key, value, bias, causal, scale):
    """Gradients of `attend_backward`, by operations: with weights P = softmax(S), it computes dV = P.T g, dS = P (g V.T - mean),
    dQ = scale dS K and dK = scale dS.T Q."""
    weights = attention_weights(matmul(query, key.transpose(-2, -1)), bias, causal, scale)
    products = matmul(grad_output, value.transpose(-2, -1))
    scores = softmax_backward(products, weights, weights.dim() - 1)
    to_query, to_key, to_value, to_bias = grads
    to_scores, to_weights = zeros_like(weights), zeros_like(weights)
    if to_query is not None:
        to_scores = to_scores + matmul(to_query, key.transpose(-2, -1)) * scale
    if to_key is not None:
        to_scores = to_scores + matmul(query, to_key.transpose(-2, -1)) * scale
    if to_bias is not None:
        to_scores = to_scores + to_bias
    to_grad = None
    if to_value is not None:
        to_weights, to_grad = matmul(grad_output, to_value.transpose(-2, -1)), matmul(weights, to_value)
    mean = (products * weights).sum(-1, True)
    to_weights = to_weights + to_scores * (products - mean) - products * (to_scores * weights).sum(-1, True)
    to_products = softmax_backward(to_scores, weights, weights.dim() - 1)
    of_scores = softmax_backward(to_weights, weights, weights.dim() - 1)
    of_grad = matmul(to_products, value) if to_grad is None else to_grad + matmul(to_products, value)
    of_query, of_key = matmul(of_scores, key) * scale, matmul(of_scores.transpose(-2, -1), query) * scale
    if to_key is not None:
        of_query = of_query + matmul(scores, to_key) * scale
    if to_query is not None:
        of_key = of_key + matmul(scores.transpose(-2, -1), to_query) * scale
    of_value = matmul(to_products.transpose(-2, -1), grad_output)
    return of_grad, of_query, of_key, of_value, None if bias is None else of_scores


attend.declaration.node_name = "ScaledDotProductAttentionBackward0"
derivative(attend, joint=lambda grad, query, key, value, bias, causal, scale, needs:
           attend_backward(grad, query, key, value, bias, causal, scale, needs), of=("query", "key", "value", "bias"))
derivative(attend_backward, joint=_attend_second, of=("grad_output", "query", "key", "value", "bias"))
derivative(attention_weights, input=lambda grad, result, scale: softmax_backward(grad, result, result.dim() - 1) * scale,
           bias=lambda grad, result: softmax_backward(grad, result, result.dim() - 1))
